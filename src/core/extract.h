/*
 * Unpacking a tar of a sender who is not trusted into a directory of this machine (extract.c), and
 * the places in it (extract_place.c). Nothing outside the directory is touched, whatever the names,
 * links and types of the entries are.
 */
#ifndef GNT_EXTRACT_H
#define GNT_EXTRACT_H

#include <sys/stat.h>

#include "tar_entries.h"

struct gnt_extract_options {
    int64_t max_bytes;   /* of content; 0 = no limit */
    int64_t max_entries; /* and directories that names imply; 0 = no limit */
    int owner;           /* 1: the entries' owners, and their set-id bits */
    int skip_special;    /* 1: devices and pipes are left out; 0: DENIED */
    int keep;            /* 1: what exists is EXISTS; 0: it is replaced */
    const char *only;    /* all entries are this or below it, others are DENIED; NULL: no matter */
};

/*
 * The stream's entries below `root` (a descriptor of a directory; `path` is its name for messages).
 * Files and links are replaced by unlinking what is there; a directory never takes the place of
 * something else, nor the other way round (CONFLICT). Directories that exist stay as they are,
 * those made here get mode and time when all is done. DENIED: absolute names, "..", a link where a
 * directory should be on the way, a hard link to what was not made here, a special file. IO, LIMIT,
 * and what reading returns. `clock` is asked between pieces.
 */
int gnt_extract(const struct gnt_mem *mem, gantry_stream *tar, int root, const char *path,
                const struct gnt_extract_options *options, const struct gnt_clock *clock,
                gantry_error *err);

/* ---- places (extract_place.c) ---------------------------------------------------------------- */

/* Where the entries go, with the directory that was used last. */
struct gnt_places {
    struct gnt_mem mem;
    int root;
    const char *path; /* of root, for messages */
    int fd;           /* of `parent`; root itself is never closed */
    struct gnt_buf parent;
    struct gnt_buf clean; /* the name of the current entry, "a/b" */
    /* Called for each directory that is made, with its name. */
    int (*made)(void *arg, const char *name, gantry_error *err);
    void *arg;
};

void gnt_places_init(struct gnt_places *p, const struct gnt_mem *mem, int root, const char *path);
void gnt_places_free(struct gnt_places *p);
/* Fail with "<what> <path>/<name>", of kind file. os_error 0: without its text. */
int gnt_places_fail(const struct gnt_places *p, int code, int os_error, const char *what,
                    const char *name, gantry_error *err);
/* A name of the archive, without "." and empty parts, into p->clean; "" for the top. DENIED for
 * what is absolute or has "..". */
int gnt_places_clean(struct gnt_places *p, const char *name, gantry_error *err);
/* The directory in which `clean` lies and its last part; missing directories are made with mode
 * 0700 if `make`, else NOT_FOUND. The descriptor stays the places'. No link is followed: DENIED. */
int gnt_places_open(struct gnt_places *p, const char *clean, int make, int *out_fd,
                    const char **out_leaf, gantry_error *err);

#endif
