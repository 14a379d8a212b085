/* See build_bases.c. */
#ifndef GNT_BUILD_BASES_H
#define GNT_BUILD_BASES_H

#include <gantry/backend.h>

#include "mem.h"

/*
 * The images that the Dockerfile of a context takes from outside, NULL-terminated, never NULL. A
 * guess of what the engine will need, for credentials: none where the Dockerfile cannot be read
 * ahead (the engine fetches it, it comes from a callback or a tar). 0 or NOMEM.
 */
int gnt_build_bases(struct gnt_arena *arena, const gantry_build_options *opts,
                    const gantry_build_context *context, const char *const **out,
                    gantry_error *err);

/* The text of that Dockerfile, in the arena or the caller's; NULL where it cannot be read ahead.
 * 0 or NOMEM. */
int gnt_build_dockerfile(struct gnt_arena *arena, const gantry_build_context *context,
                         const char **text, size_t *size, gantry_error *err);

#endif
