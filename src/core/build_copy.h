/* See build_copy.c and build_check.c. */
#ifndef GNT_BUILD_COPY_H
#define GNT_BUILD_COPY_H

#include <gantry/build.h>

#include "mem.h"

/* from is imported (full size). What makes the context is left out of the copy; structs that it
 * points to are full-size copies. NOMEM, or INVALID for a struct without a size. */
int gnt_build_options_copy(struct gnt_arena *arena, gantry_build_options *out,
                           const gantry_build_options *from, gantry_error *err);

/* Read secrets that are files, so that all of them have their bytes in `data` and no `path`. The
 * arena should be one that wipes. IO with the path, LIMIT for more than GNT_BUILD_SECRET_MAX. */
enum {
    GNT_BUILD_SECRET_MAX = 1024 * 1024
};
int gnt_build_secrets_read(struct gnt_arena *arena, const gantry_build_options *copy,
                           gantry_error *err);

/* What can be said about options without an engine. `from` is imported, `copy` made of it. INVALID
 * with the option's name. */
int gnt_build_check(const char *reference, const gantry_build_options *from,
                    const gantry_build_options *copy, gantry_error *err);

#endif
