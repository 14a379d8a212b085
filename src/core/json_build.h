/*
 * Puts values in the order of their text into a tree. Knows neither limits nor the parser.
 */
#ifndef GNT_JSON_BUILD_H
#define GNT_JSON_BUILD_H

#include "json.h"

struct gnt_json_build {
    struct gnt_arena *arena;
    struct gnt_json *open[GNT_JSON_DEPTH_MAX]; /* containers being filled, outermost first */
    size_t depth;
    size_t base; /* levels that belong to no tree: their values stand alone */
    char *key;   /* of the next value in an object */
};

/* Name of the next value. 0 or NOMEM. */
int gnt_json_build_key(struct gnt_json_build *b, const char *text, size_t size);
/* A value, in the innermost open container. text is copied, and NULL except for strings and
 * numbers. NULL: no memory. */
struct gnt_json *gnt_json_build_value(struct gnt_json_build *b, enum gnt_json_type type,
                                      const char *text, size_t size);

enum {
    GNT_JSON_EXCERPT = 64
};

/* At most GNT_JSON_EXCERPT bytes around a position in faulty text, control characters escaped. */
void gnt_json_excerpt(char out[4 * GNT_JSON_EXCERPT + 1], const char *data, size_t size, size_t at);

#endif
