/*
 * Checks of what callers pass as names; and image references.
 */
#ifndef GNT_NAMES_H
#define GNT_NAMES_H

#include "mem.h"

/* All return 0 or INVALID naming the argument: "container: must not be empty". */

/* Name or id: [A-Za-z0-9][A-Za-z0-9_.-]*, at most 255 bytes. */
int gnt_check_name(const char *argument, const char *value, gantry_error *err);
/* "NAME=value": a name without '=' and NUL, not empty. NULL list is fine. */
int gnt_check_environment(const char *argument, const char *const *list, gantry_error *err);
/* Not NULL, not empty, no control characters. */
int gnt_check_text(const char *argument, const char *value, gantry_error *err);
/* A list of pairs with texts as keys; values may be anything. */
int gnt_check_pairs(const char *argument, const gantry_pair *pairs, size_t count,
                    gantry_error *err);

/* An image reference taken apart; texts live in the arena; "" where a part is absent. */
struct gnt_reference {
    const char *domain; /* "example.org:5000", "localhost", or "" */
    const char *path;   /* "library/app", "app" */
    const char *tag;
    const char *digest; /* "sha256:..." */
    int is_id;          /* 64 hex digits, or "sha256:" and hex: path holds the hex */
};

/* The reference grammar: [domain/]path[:tag][@digest] or an id. INVALID says what is wrong. */
int gnt_reference_parse(struct gnt_arena *arena, const char *argument, const char *text,
                        struct gnt_reference *out, gantry_error *err);
/* As parse, checking only. */
int gnt_reference_check(const char *argument, const char *text, gantry_error *err);

#endif
