/*
 * Ignore rules from the inside. A line becomes a pattern (ignore_line.c), a pattern a program
 * (ignore_glob.c), and the rules together a verdict (ignore.c). Knows no files and no archives.
 *
 * The measure is what the engines' own clients do. They turn a pattern into a regular expression,
 * and some of what that does is surprising: "**x" is what ends with x, "[^a]" matches '/', "\d" is
 * a digit. It is the same here, or refused. One slip is not repeated: '|', '{' and '}' are
 * themselves.
 */
#ifndef GNT_IGNORE_H
#define GNT_IGNORE_H

#include <gantry/archive.h>

#include "mem.h"

/* Longest pattern, and most steps of a program; together they bound the stack of a match. */
#define GNT_PATTERN_MAX 4095
#define GNT_GLOB_MAX 4096

/* ---- programs (ignore_glob.c) ---------------------------------------------------------------- */

struct gnt_glob_op {
    enum {
        GNT_GLOB_RUNE,  /* this character */
        GNT_GLOB_SET,   /* one of a set */
        GNT_GLOB_RUN,   /* any number out of a set */
        GNT_GLOB_MAYBE, /* this one and the next two, or nothing: "(.*" "/)?" */
        GNT_GLOB_START, /* only at the start of the path */
        GNT_GLOB_END,   /* only at its end */
        GNT_GLOB_EDGE,  /* between a word and something else */
        GNT_GLOB_INSIDE /* anywhere else */
    } kind;
    uint32_t arg; /* the character, or index of the set */
};

struct gnt_glob_range {
    uint32_t first;
    uint32_t last;
};

struct gnt_glob_set {
    uint32_t first; /* range */
    uint32_t count;
    int negated;
};

/* A pattern that is more than a text. Immutable; matching allocates nothing and takes time in
 * proportion to the path times the pattern at worst. */
struct gnt_glob {
    const struct gnt_glob_op *ops;
    size_t op_count;
    const struct gnt_glob_set *sets;
    const struct gnt_glob_range *ranges;
};

/*
 * From the regular expression, without '^' and '$', that the reference makes of a pattern. What
 * cannot come out of that, or out of what was in the pattern, is refused: INVALID with a message
 * that says why and no more.
 */
int gnt_glob_compile(struct gnt_arena *arena, const char *expression, size_t size,
                     struct gnt_glob *out, gantry_error *err);
/* Whether it matches the path or, with `parents`, a directory above it. */
int gnt_glob_match(const struct gnt_glob *glob, const char *path, size_t size, int parents);
/* Whether it might match anything below the directory. */
int gnt_glob_reaches(const struct gnt_glob *glob, const char *directory, size_t size);

/* One character and how many bytes it has; 0xFFFD and 1 for what is no UTF-8. size > 0. */
size_t gnt_rune(const char *text, size_t size, uint32_t *out);
/* 1 if the path cut at `at` is one of the directories above it (or the whole path). */
int gnt_path_ends(const char *path, size_t size, size_t at);

/* ---- lines and patterns (ignore_line.c) ------------------------------------------------------ */

struct gnt_rule {
    const char *text; /* as it was written, trimmed */
    const char *file; /* or NULL */
    int line;         /* or 0 */
    int again;        /* "!": what matches is sent after all */
    enum gnt_rule_kind {
        GNT_RULE_SAME,   /* the path is `pattern` */
        GNT_RULE_PREFIX, /* begins with it */
        GNT_RULE_SUFFIX, /* ends with it, or is it without its leading '/' */
        GNT_RULE_GLOB
    } kind;
    const char *pattern;
    size_t size;
    struct gnt_glob glob;
};

/* White space at both ends away, as the reference sees white space. */
void gnt_trim(const char **text, size_t *size);
/* The shortest name of the same path, as "a/b" for "./a//x/../b/", in place; the new size. */
size_t gnt_path_clean(char *path, size_t size);
/*
 * One line without comments. *out_skip: 1 for a blank one. INVALID: a message that says why and no
 * more.
 */
int gnt_rule_compile(struct gnt_arena *arena, const char *line, size_t size, struct gnt_rule *out,
                     int *out_skip, gantry_error *err);

/* ---- the list (ignore.c) --------------------------------------------------------------------- */

/* As the public functions, for callers with an operation of their own. */
int gnt_ignore_add(gantry_ignore *ignore, const char *pattern, gantry_error *err);
int gnt_ignore_add_text(gantry_ignore *ignore, const char *name, const char *text, size_t size,
                        gantry_error *err);

/* ---- verdicts (ignore.c) --------------------------------------------------------------------- */

/* Whether a clean relative path is ignored, and by which rule: the last that changed the verdict,
 * NULL if none did. */
int gnt_ignore_check(const gantry_ignore *ignore, const char *path, size_t size,
                     const struct gnt_rule **out_rule);
/* Whether something below this ignored directory might be sent after all. */
int gnt_ignore_may_return(const gantry_ignore *ignore, const char *directory, size_t size);

#endif
