/*
 * Files of containers over REST. Paths, queries and headers are alike on every engine; what differs
 * is data.
 */
#ifndef GNT_REST_COPY_H
#define GNT_REST_COPY_H

#include "rest_ops.h"

/* "/containers/%s/archive", ?path= */
struct gnt_copy_dialect {
    /* 1: asked for a symbolic link, the engine sends what the link leads to, or nothing if that is
     * not there. The link itself is then made here of what the engine says of it. */
    int sends_targets;
};

/* gantry_container_ops.archive_put, archive_get and archive_stat. */
int gnt_rest_archive_put(struct gnt_rest *rest, const char *id, const char *directory,
                         const gantry_source *tar, const gantry_copy_in_options *opts,
                         gantry_error *err);
int gnt_rest_archive_get(struct gnt_rest *rest, const struct gnt_copy_dialect *dialect,
                         const char *id, const char *path, const gantry_copy_out_options *opts,
                         gantry_stream **out, gantry_error *err);
int gnt_rest_archive_stat(struct gnt_rest *rest, const char *id, const char *path,
                          const gantry_stat_options *opts, gantry_file_info **out,
                          gantry_error *err);

/* Decides on every option of gantry_copy_in_options. */
extern const struct gnt_out gnt_rest_copy_in_options[];

/* What an engine says of a path, as the header has it: base64 of {"name","size","mode","mtime",
 * "linkTarget"}, whose mode has Go's bits. PROTOCOL. */
int gnt_path_stat_decode(const struct gnt_mem *mem, const char *header, gantry_file_info **out,
                         gantry_error *err);

/* A tar with one symbolic link, made here (rest_copy_link.c). */
int gnt_link_archive(struct gantry_host *host, const char *name, const gantry_file_info *link,
                     gantry_stream **out, gantry_error *err);

#endif
