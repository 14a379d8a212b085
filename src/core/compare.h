/*
 * What ensure compares: a digest of all options, and what an engine tells of a container.
 */
#ifndef GNT_COMPARE_H
#define GNT_COMPARE_H

#include <gantry/gantry.h>

#include "fields.h"
#include "sha256.h"

#define GNT_SPEC_LABEL "io.libgantry.spec"

/*
 * The digest of what a container is to be (spec_digest.c): options that are not set do not count, nor
 * do its name, `call` and `pull`, nor the order of what has none (environment, labels). The options
 * are imported ones.
 */
int gnt_spec_digest(const struct gnt_mem *mem, const gantry_container_options *o,
                    char out[GNT_SHA256_HEX], gantry_error *err);
/* Its table and those of what is inside, for a test that all is covered. */
extern const struct gnt_out gnt_spec_options[];
extern const struct gnt_out gnt_spec_mount[];
extern const struct gnt_out gnt_spec_port[];
extern const struct gnt_out gnt_spec_attachment[];
extern const struct gnt_out gnt_spec_block_limit[];
extern const struct gnt_out gnt_spec_resources[];
extern const struct gnt_out gnt_spec_ulimit[];
extern const struct gnt_out gnt_spec_device[];
extern const struct gnt_out gnt_spec_security[];
extern const struct gnt_out gnt_spec_secret[];
extern const struct gnt_out gnt_spec_health[];

/* Lines in a result's arena, as "tty: is off, not on". */
struct gnt_differences {
    struct gnt_arena *arena;
    const char *const *list; /* begins as gnt_no_strings */
    int failed;              /* no memory for one */
};
void gnt_differs(struct gnt_differences *d, const char *fmt, ...) GANTRY_PRINTF(2, 3);

/*
 * How an inspected container differs from what is asked, where the engine tells (compare.c). With
 * `changeable` only what can be changed after a create is looked at. Values of environment variables
 * are not told: they may be secrets.
 */
void gnt_compare_container(struct gnt_differences *d, const gantry_container *is,
                           const gantry_container_options *asked, int changeable);

#endif
