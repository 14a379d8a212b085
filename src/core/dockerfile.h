/*
 * A look into a Dockerfile before it is built: which images it needs, what only some builders can
 * do. It is no parser: the engine judges whether the file is right. Knows no engine.
 */
#ifndef GNT_DOCKERFILE_H
#define GNT_DOCKERFILE_H

#include <gantry/base.h>

#include "mem.h"

/* An image that the build takes from outside. */
struct gnt_dockerfile_image {
    const char *reference;
    const char *platform; /* of its FROM; NULL: as the whole build */
};

/* Where something stands. */
struct gnt_dockerfile_mark {
    const char *what; /* "RUN --mount=type=secret"; NULL: nowhere */
    int line;
};

struct gnt_dockerfile {
    const struct gnt_dockerfile_image *images; /* each once, in order; of the stages that the target
                                                  needs */
    size_t image_count;
    const char *syntax;                  /* image of a "# syntax=" line, or NULL */
    struct gnt_dockerfile_mark extended; /* the first thing that is not in the Dockerfile language
                                            of Docker's classic builder */
    struct gnt_dockerfile_mark session; /* the first that needs secrets or an agent of the caller */
};

struct gnt_dockerfile_options {
    const char *target;   /* stage, NULL = the last */
    const char *platform; /* of the build, or NULL */
    const gantry_pair *args;
    size_t arg_count;
};

enum {
    GNT_DOCKERFILE_MAX = 1024 * 1024 /* longest text that is looked into */
};

/* Everything in *out lives in the arena. A name with a variable that nobody sets is left out. 0 or
 * NOMEM. */
int gnt_dockerfile_scan(struct gnt_arena *arena, const char *text, size_t size,
                        const struct gnt_dockerfile_options *opts, struct gnt_dockerfile *out,
                        gantry_error *err);

/* ---- lines (dockerfile_lines.c) -------------------------------------------------------------- */

/* One instruction: its lines joined, comments and here-documents taken out. */
struct gnt_dockerfile_line {
    char *text;
    int number;  /* where it begins, from 1 */
    int heredoc; /* it has a here-document */
};

struct gnt_dockerfile_reader {
    struct gnt_arena *arena;
    const char *at;
    const char *end;
    const char *syntax; /* of the directives at the top */
    int number;         /* of the line at `at` */
    char escape;
};

/* Reads the directives. 0 or -1 (memory). */
int gnt_dockerfile_begin(struct gnt_dockerfile_reader *r, struct gnt_arena *arena, const char *text,
                         size_t size);
/* 1: an instruction; 0: the end; -1: memory. */
int gnt_dockerfile_next(struct gnt_dockerfile_reader *r, struct gnt_dockerfile_line *out);

/* Next word of a line (quotes keep blanks together and stay), cut off in place; NULL at its end. */
char *gnt_dockerfile_word(char **line);

#endif
