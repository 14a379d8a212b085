/*
 * What everything takes on an engine's disk, from one document: what differs is where its lists
 * are and how their objects spell things.
 */
#ifndef GNT_REST_USAGE_H
#define GNT_REST_USAGE_H

#include "rest_ops.h"

/* Where a list of the document is, and the rows for a gantry_usage_item of it. */
struct gnt_usage_list {
    const char *path;  /* NULL: the engine has no such things */
    const char *newer; /* where later versions have it, or NULL */
    const struct gnt_in *rows;
};

struct gnt_usage_dialect {
    /* Fills a gantry_image_disk_usage. */
    gnt_json_fn take_images;
    struct gnt_usage_list containers;
    struct gnt_usage_list volumes;
    struct gnt_usage_list build_cache;
};

/* Hook for the whole document (path "") into a gantry_disk_usage; aux: struct gnt_usage_dialect. */
int gnt_in_usage(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                 void *field);

/* States of containers that count as active: those that have to be stopped before they can go. */
extern const struct gnt_word gnt_usage_states[];

#endif
