/*
 * Reading host files and directories, descriptor-relative. Knows neither tar nor libarchive.
 */
#ifndef GNT_WALK_H
#define GNT_WALK_H

#include <sys/stat.h>

#include "host.h"
#include "ignore.h"

/* ---- single files ---------------------------------------------------------------------------- */

/* Fail with "<what> <path>: <errno text>" (os_error 0: without), resource and os_error set. */
int gnt_file_fail(gantry_error *err, int code, int os_error, const char *what, const char *path);

/* `path` is for messages, `leaf` is opened relative to `dir_fd`. */
int gnt_file_stat(int dir_fd, const char *leaf, const char *path, struct stat *out,
                  gantry_error *err);
/* Open what `seen` said is a regular file; CHANGED if it is something else by now. */
int gnt_file_open(int dir_fd, const char *leaf, const char *path, const struct stat *seen,
                  int *out_fd, gantry_error *err);
/* Target of a symbolic link. */
int gnt_file_link(int dir_fd, const char *leaf, const char *path, char *buffer, size_t size,
                  gantry_error *err);

/* ---- walk ------------------------------------------------------------------------------------ */

/*
 * A depth-first walk, each directory sorted bytewise. Symbolic links are never followed, except
 * that the top may be one. Sockets, pipes and devices are left out with a warning to `log` (or
 * NULL).
 *
 * Memory is the names of the directories from the top to the current one. At most GNT_WALK_FDS
 * directories are open; those further up are opened again on the way back and must be the same.
 * Paths in the archive are at most GNT_PATH_MAX bytes, which bounds the depth too: LIMIT.
 */
struct gnt_walk;

#define GNT_WALK_FDS 32

/* What is to be done with what the walk stands at. */
enum gnt_walk_action {
    GNT_WALK_KEEP,
    GNT_WALK_DROP, /* a rule says so */
    GNT_WALK_SKIP  /* no archive can hold it */
};

/*
 * The walk stands at the top, whose name is `prefix`. What `ignore` (or NULL) leaves out is passed
 * over; with `all` it is given out too, but not what is below it. An ignored directory is kept if
 * something below it is, which is found out by looking ahead.
 */
int gnt_walk_open(const struct gnt_mem *mem, struct gantry_host *log, const char *path,
                  const char *prefix, const gantry_ignore *ignore, int all, struct gnt_walk **out,
                  gantry_error *err);
/* Move on; into the current directory, if it is one and was not pruned. */
int gnt_walk_next(struct gnt_walk *walk, int *out_more, gantry_error *err);
void gnt_walk_prune(struct gnt_walk *walk);
void gnt_walk_close(struct gnt_walk *walk); /* NULL is fine */

/* Where it stands; valid until the next move. */
const char *gnt_walk_name(const struct gnt_walk *walk, size_t *out_size); /* in the archive */
const char *gnt_walk_path(const struct gnt_walk *walk);                   /* on the host */
const struct stat *gnt_walk_stat(const struct gnt_walk *walk);
enum gnt_walk_action gnt_walk_action(const struct gnt_walk *walk);
const struct gnt_rule *gnt_walk_rule(const struct gnt_walk *walk); /* that decided, or NULL */
int gnt_walk_open_file(struct gnt_walk *walk, int *out_fd, gantry_error *err);
int gnt_walk_read_link(struct gnt_walk *walk, char *buffer, size_t size, gantry_error *err);

#endif
