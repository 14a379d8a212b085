/* Shared by the files of the public container functions. */
#ifndef GNT_CONTAINER_H
#define GNT_CONTAINER_H

#include <gantry/gantry.h>

#include "mem.h"

gantry_engine *gnt_engine_of_containers(const gantry_containers *containers); /* NULL for NULL */

/* Import options with all they point to (full-size copies in the arena, environment files read and
 * put before the environment) and check what can be checked without an engine (spec.c). INVALID
 * names the field; IO an environment file. */
int gnt_container_options_import(struct gnt_arena *arena, const gantry_container_options *given,
                                 gantry_container_options *o, gantry_error *err);

/* Mounts alone, likewise (spec.c). An empty list becomes NULL. */
int gnt_mounts_import(struct gnt_arena *arena, const gantry_mount *const *given,
                      const gantry_mount *const **out, gantry_error *err);

/* Limits likewise, with their block devices; NULL gives NULL (spec.c). Messages begin with
 * "resources: ". */
int gnt_resources_import(struct gnt_arena *arena, const gantry_resources *given,
                         const gantry_resources **out, gantry_error *err);

/* What `pull` of imported options asks for, before a create; `call` instead of the options' own.
 * Nothing to do for 0 and NEVER (spec_pull.c). */
int gnt_container_pull(gantry_engine *e, const char *image, const gantry_container_options *o,
                       const gantry_call *call, gantry_error *err);

/* Conditions of a list (list_options.c). INVALID names the option. */
int gnt_list_options_check(const gantry_container_list_options *o, gantry_error *err);

#endif
