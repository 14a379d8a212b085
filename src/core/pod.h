/*
 * Shared by the files of the public pod functions, and by backends that act on a pod's members one
 * by one.
 */
#ifndef GNT_POD_H
#define GNT_POD_H

#include <gantry/pod.h>

#include "mem.h"

gantry_engine *gnt_engine_of_pods(const gantry_pods *pods); /* NULL for NULL */

/* Import options with all they point to (full-size copies in the arena) and check what can be
 * checked without an engine (pod_options.c). INVALID names the field. */
int gnt_pod_options_import(struct gnt_arena *arena, const gantry_pod_options *given,
                           gantry_pod_options *o, gantry_error *err);

/* Whether members share a namespace by these options: NULL is net, ipc and uts. */
int gnt_pod_shares(const gantry_pod_options *o, const char *name);

/* Whether a pod shares a namespace, as an inspection says. */
int gnt_pod_has_share(const gantry_pod *pod, const char *name);

/* ---- members that could not follow (pod_failures.c) ------------------------------------------ */

/* Of one act on a pod; begins as zeroes. */
struct gnt_pod_failures {
    int rc; /* of the first that failed; 0: none did */
    int reserved;
    size_t used; /* of output */
    gantry_error first;
    char output[sizeof(((gantry_error *)0)->output)];
};

/* One more. name: the member's, as people know it; failure: why, with its message. */
void gnt_pod_failed(struct gnt_pod_failures *f, const char *name, int rc,
                    const gantry_error *failure);
/* The act is over: 0, or the code of the first with outcome PARTIAL, about that member, and a line
 * for each in `output`. */
int gnt_pod_settle(const struct gnt_pod_failures *f, gantry_error *err);

#endif
