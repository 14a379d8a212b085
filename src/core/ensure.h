/*
 * Ensure of volumes, for what ensures several.
 */
#ifndef GNT_ENSURE_H
#define GNT_ENSURE_H

#include <gantry/volume.h>

#include "engine.h"

/* Create it, or look at the one that is there. */
int gnt_volume_ensure(gantry_engine *e, const char *name, const gantry_volume_options *o,
                      gantry_volume **out, int *out_created, gantry_error *err);
/* What is not as asked, as lines in the arena. */
int gnt_volume_differences(struct gnt_arena *arena, const gantry_volume *v,
                           const gantry_volume_options *o, const char *const **out,
                           gantry_error *err);

#endif
