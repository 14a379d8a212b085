/*
 * What a transfer wants to know of an image that is there, and names as registries understand them.
 */
#ifndef GNT_TRANSFER_LOOK_H
#define GNT_TRANSFER_LOOK_H

#include "rest_ops.h"

/* Of an inspect. Zeroed: not found. */
struct gnt_transfer_look {
    const char *repository; /* whose digest is asked for, or NULL */
    int found;
    char id[65];
    char digest[160]; /* of the repository's manifest; "" if there is none, or several */
    char os[32];
    char architecture[32];
    char variant[32];
};

/* A gnt_json_fn with the look as argument. */
int gnt_transfer_look_object(void *look, struct gnt_json *v, gantry_error *err);

/* Whether it is for that platform, as "linux/arm64"; NULL: any will do. */
int gnt_transfer_look_fits(const struct gnt_transfer_look *look, const char *platform);

#endif
