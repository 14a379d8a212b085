/* Ignore rules of build contexts, and engines that have ideas of their own about them. */
#ifndef GNT_BUILD_IGNORE_H
#define GNT_BUILD_IGNORE_H

#include <gantry/backend.h>

#include "pack.h"

/* Where a name's content would come from. Tars are not looked into. */
struct gnt_located {
    enum {
        GNT_LOCATED_NONE,
        GNT_LOCATED_TEXT,
        GNT_LOCATED_PATH, /* a host file, which need not be readable or a file */
        GNT_LOCATED_OTHER /* something whose content cannot be read ahead */
    } kind;
    int in_directory; /* it is context_directory's */
    const char *path;
    const void *text;
    size_t size;
};

int gnt_archive_find(struct gnt_arena *arena, const gantry_archive *archive, const char *name,
                     struct gnt_located *out, gantry_error *err);
/* The same in opts->context and then opts->context_directory, which is not NULL. */
int gnt_context_find(struct gnt_arena *arena, const gantry_build_options *opts, const char *name,
                     struct gnt_located *out, gantry_error *err);

struct gnt_context_rules {
    gantry_ignore *ignore; /* to be freed */
    const char *file;      /* name of the ignore file in the context, or NULL */
};

/* The rules of opts->context_directory. dockerfiles: possible names of the Dockerfile, NULL-
 * terminated. IO, INVALID for a malformed rule, LIMIT, NOMEM. */
int gnt_context_rules(struct gnt_arena *arena, const gantry_build_options *opts,
                      const char *const *dockerfiles, struct gnt_context_rules *out,
                      gantry_error *err);

/* ---- for backends ---------------------------------------------------------------------------- */

/* A rule that matches this name only. Returns the buffer's rc. */
int gnt_ignore_quote(struct gnt_buf *out, const char *name);

/*
 * Make the context's archive what Docker's classic builder must get. That builder reads the
 * .dockerignore that it is sent, and hides the Dockerfile and the .dockerignore if that names them;
 * nothing else. So the archive gets a .dockerignore by which it hides what context->hidden names,
 * and other hidden names are taken out of it. Before it is sent.
 */
int gnt_context_for_classic(const gantry_build_context *context, gantry_error *err);

#endif
