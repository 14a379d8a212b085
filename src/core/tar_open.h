/*
 * Opening of a libarchive reader over a callback, step by step: archive_read_open() goes on without
 * memory for its data, and dies.
 */
#ifndef GNT_TAR_OPEN_H
#define GNT_TAR_OPEN_H

#include <sys/types.h>

struct archive;

/* ARCHIVE_OK or why not. read: as archive_read_open() takes it. */
int gnt_tar_read_open(struct archive *a, void *arg,
                      ssize_t (*read)(struct archive *a, void *arg, const void **out));

#endif
