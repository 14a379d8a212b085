/* See build_copy.c. */
#ifndef GNT_BUILD_COPY_H
#define GNT_BUILD_COPY_H

#include <gantry/build.h>

#include "mem.h"

/* from is imported (full size); its context has been made already. NOMEM. */
int gnt_build_options_copy(struct gnt_arena *arena, gantry_build_options *out,
                           const gantry_build_options *from, gantry_error *err);

#endif
