/*
 * Files into and out of containers from the inside: what the public functions of <gantry/copy.h>
 * are composed of. Each works on one container within the limits of one call.
 */
#ifndef GNT_COPYING_H
#define GNT_COPYING_H

#include <gantry/copy.h>

#include "container.h"
#include "engine.h"
#include "error.h"
#include "names.h"
#include "tar_entries.h"

/* One operation on one container. */
struct gnt_copy {
    gantry_engine *engine;
    const char *id;
    const gantry_call *call; /* shared by all its requests */
    gantry_call shared;
    struct gnt_arena arena;
};

/* The time limit begins now. */
void gnt_copy_begin(struct gnt_copy *c, gantry_engine *engine, const char *id,
                    const gantry_call *call);
void gnt_copy_end(struct gnt_copy *c);

/* ---- paths (copy_look.c) --------------------------------------------------------------------- */

/* A path of a container. */
struct gnt_inside {
    const char *path; /* absolute, without ".", ".." and empty parts, and '/' at the end; "/" */
    const char *name; /* its last part; "" for the root */
    int content;      /* it ended with "/.", or is the root: what is in it, not itself */
    int directory;    /* it ended with '/' */
};
/* INVALID unless it is absolute. */
int gnt_inside_parse(struct gnt_arena *arena, const char *argument, const char *text,
                     struct gnt_inside *out, gantry_error *err);
/* The path above; "/" for what is directly below it. NULL without memory. */
const char *gnt_inside_parent(struct gnt_arena *arena, const char *path);
/* `path` if it is absolute, else below `directory`; clean. NULL without memory. */
const char *gnt_inside_join(struct gnt_arena *arena, const char *directory, const char *path);
/* The last part of a clean path. */
const char *gnt_inside_name(const char *path);

/* A failure about a file of the container. Returns code. */
int gnt_inside_fail(gantry_error *err, int code, const char *path, const char *what);
/* 1 if it says that a file, not the container, is missing. */
int gnt_is_no_file(int rc, const gantry_error *err);

/* 1 if archives that come out have the files' owners. */
int gnt_copy_tells_owners(const struct gnt_copy *c);

int gnt_copy_stat(struct gnt_copy *c, const char *path, gantry_file_info **out, gantry_error *err);

/* Where a path leads. */
struct gnt_followed {
    const char *path;       /* in the arena */
    gantry_file_info *info; /* NULL: there is nothing */
};
/* Links are followed inside the container, at most GNT_HOPS_MAX of them: CONFLICT. That there is
 * nothing at the end is a success. Free info. */
int gnt_copy_follow(struct gnt_copy *c, const char *path, struct gnt_followed *out,
                    gantry_error *err);
#define GNT_HOPS_MAX 40

/* ---- in (copy_in.c) -------------------------------------------------------------------------- */

/* As gantry_containers_copy_in(). opts is imported. */
int gnt_copy_put(struct gnt_copy *c, const char *directory, gantry_archive *archive,
                 const gantry_copy_in_options *opts, gantry_error *err);
/* An empty archive over the engine's allocator. */
int gnt_copy_archive(struct gnt_copy *c, gantry_archive **out, gantry_error *err);
/* Make a directory with those above; what exists is fine. */
int gnt_copy_mkdir(struct gnt_copy *c, const char *path, gantry_error *err);
/* One file. A link is followed; the directory must exist. mtime_ns 0: now. */
struct gnt_new_content {
    const void *data;
    size_t size;
    int mode;
    int64_t uid;
    int64_t gid;
    int64_t mtime_ns;
    int secret;     /* copies are wiped */
    int exact_mode; /* a mode of 0 is one: nobody may; else it means 0644 */
};
int gnt_copy_write(struct gnt_copy *c, const char *path, const struct gnt_new_content *content,
                   int make_directory, gantry_error *err);
int64_t gnt_now_ns(void); /* since the epoch */

/* ---- owner (copy_owner.c) -------------------------------------------------------------------- */

/* Numbers of the container's own user. */
int gnt_copy_own_user(struct gnt_copy *c, int64_t *out_uid, int64_t *out_gid, gantry_error *err);

/* ---- out (copy_out.c, copy_file.c) ----------------------------------------------------------- */

/* As gantry_containers_copy_out_open(). */
int gnt_copy_get(struct gnt_copy *c, const struct gnt_inside *path, int follow, const char *name,
                 gantry_stream **out, gantry_error *err);

/* Receives the content in pieces. */
typedef int (*gnt_piece_fn)(void *arg, const void *data, size_t size, gantry_error *err);
/* A regular file, links followed; INVALID for other kinds, LIMIT for more than `limit` bytes (0 =
 * any number). out (or NULL): its header, without texts. */
int gnt_copy_read(struct gnt_copy *c, const char *path, int64_t limit, gnt_piece_fn fn, void *arg,
                  struct gnt_tar_entry *out, gantry_error *err);
/* The same into a buffer, whose ceiling is the limit. */
int gnt_copy_read_text(struct gnt_copy *c, const char *path, struct gnt_buf *text,
                       struct gnt_tar_entry *out, gantry_error *err);

#endif
