/*
 * Files with "NAME=value" lines.
 */
#ifndef GNT_ENVIRONMENT_FILE_H
#define GNT_ENVIRONMENT_FILE_H

#include "mem.h"

/* Larger files are LIMIT. */
#define GNT_ENVIRONMENT_FILE_BYTES ((size_t)1024 * 1024)

/*
 * The variables of the files in their order, then those of `environment`, NULL-terminated, all in
 * the arena; where a name comes again, the last one counts and stands in the first one's place. IO
 * naming the file, INVALID naming file and line; no message quotes a value.
 */
int gnt_environment_merge(struct gnt_arena *arena, const char *const *files,
                          const char *const *environment, const char *const **out,
                          gantry_error *err);

#endif
