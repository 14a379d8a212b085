/*
 * Files of others, read whole into memory: bounded by the buffer, copies on the way are wiped.
 */
#ifndef GNT_READ_FILE_H
#define GNT_READ_FILE_H

#include "error.h"
#include "mem.h"

/* All that is left of an open file, appended. IO, LIMIT (more than out->max), NOMEM; messages begin
 * with `path`. */
int gnt_read_all(int fd, const char *path, struct gnt_buf *out, gantry_error *err);
/*
 * A file that may not be there, without ever waiting for one that is a pipe: 1, 0 if there is none,
 * or as gnt_read_all; INVALID for what is no regular file. With `devices` a character device will
 * do: /dev/null stands for "none".
 */
int gnt_read_file(const char *path, int devices, struct gnt_buf *out, gantry_error *err);

#endif
