/*
 * The entries of a plain tar that a stream brings, as they are: names and types are the sender's
 * and may be anything. What is done with them is for the caller to decide.
 */
#ifndef GNT_TAR_ENTRIES_H
#define GNT_TAR_ENTRIES_H

#include <gantry/stream.h>

#include "host.h"

struct gnt_tar_entries;

struct gnt_tar_entry {
    enum {
        GNT_ENTRY_IS_FILE,
        GNT_ENTRY_IS_DIRECTORY,
        GNT_ENTRY_IS_SYMLINK,
        GNT_ENTRY_IS_HARDLINK,
        GNT_ENTRY_IS_OTHER /* device, pipe, socket */
    } type;
    const char *name; /* valid until the next call */
    const char *link; /* target of either kind of link */
    int mode;         /* with set-id and sticky bits */
    int64_t uid;
    int64_t gid;
    int64_t size;
    int64_t mtime_sec;
    int64_t mtime_nsec;
};

/* The stream is borrowed. */
int gnt_tar_entries_open(const struct gnt_mem *mem, gantry_stream *stream,
                         struct gnt_tar_entries **out, gantry_error *err);
/* The next entry; what is left of the one before is skipped. *out_more 0 only when the stream
 * itself has come to its end. PROTOCOL for what is no tar. */
int gnt_tar_entries_next(struct gnt_tar_entries *entries, struct gnt_tar_entry *out, int *out_more,
                         gantry_error *err);
/* Content of the current entry, holes as zeroes; 0 bytes at its end. */
int gnt_tar_entries_data(struct gnt_tar_entries *entries, void *buffer, size_t capacity,
                         size_t *out_size, gantry_error *err);
void gnt_tar_entries_close(struct gnt_tar_entries *entries); /* NULL is fine */

#endif
