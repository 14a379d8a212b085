/* Shared by the files of the public container functions. */
#ifndef GNT_CONTAINER_H
#define GNT_CONTAINER_H

#include <gantry/gantry.h>

#include "mem.h"

gantry_engine *gnt_engine_of_containers(const gantry_containers *containers); /* NULL for NULL */

/* Import options with all they point to (full-size copies in the arena) and check what can be
 * checked without an engine. INVALID names the field. */
int gnt_container_options_import(struct gnt_arena *arena, const gantry_container_options *given,
                                 gantry_container_options *o, gantry_error *err);

#endif
