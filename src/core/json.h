/*
 * JSON values as a tree in an arena, an incremental parser that makes them, a writer.
 * json.c is the only file that knows the JSON library.
 */
#ifndef GNT_JSON_H
#define GNT_JSON_H

#include "mem.h"

enum gnt_json_type {
    GNT_JSON_NULL,
    GNT_JSON_BOOL,   /* size is 0 or 1 */
    GNT_JSON_NUMBER, /* text as on the wire */
    GNT_JSON_STRING, /* text, size without NUL; may hold NUL bytes */
    GNT_JSON_ARRAY,  /* first, size = number of children */
    GNT_JSON_OBJECT
};

struct gnt_json {
    enum gnt_json_type type;
    size_t size;
    const char *key;  /* name inside an object, else NULL; a NUL in it is parsed as U+FFFD */
    const char *text; /* of a string or number, NUL-terminated */
    struct gnt_json *first;
    struct gnt_json *last;
    struct gnt_json *next;
};

/* ---- reading trees; NULL and wrong types are answered with NULL, 0 or the fallback ----------- */

/* Path of object keys separated by '/', as "State/Status"; a key of a map that may hold '/' is
 * reached with gnt_json_member. Key match is exact. The last of duplicate keys wins. */
const struct gnt_json *gnt_json_get(const struct gnt_json *v, const char *path);
const struct gnt_json *gnt_json_member(const struct gnt_json *v, const char *key);
const char *gnt_json_text(const struct gnt_json *v); /* of a string, else NULL */
int gnt_json_int(const struct gnt_json *v, int64_t *out); /* 0; -1 if no integer in range */
int gnt_json_true(const struct gnt_json *v);              /* 1 only for true */

/* ---- making trees; NULL on exhausted memory -------------------------------------------------- */

struct gnt_json *gnt_json_new(struct gnt_arena *a, enum gnt_json_type type);
struct gnt_json *gnt_json_string(struct gnt_arena *a, const char *text);
struct gnt_json *gnt_json_number(struct gnt_arena *a, int64_t number);
struct gnt_json *gnt_json_boolean(struct gnt_arena *a, int value);
/* 0 / NOMEM if value NULL */
int gnt_json_add(struct gnt_json *array, struct gnt_json *value);
int gnt_json_set(struct gnt_arena *a, struct gnt_json *object, const char *key,
                 struct gnt_json *value); /* replaces; key is copied */
/* As gnt_json_set with a '/'-separated path; makes the objects on the way, in place of values of
 * other types too. */
int gnt_json_put(struct gnt_arena *a, struct gnt_json *object, const char *path,
                 struct gnt_json *value);
/* RFC 7396 merge of patch into target; patch nodes are reused. A patch that is no object takes the
 * place of the target's value. LIMIT beyond GNT_JSON_DEPTH_MAX. */
int gnt_json_merge(struct gnt_arena *a, struct gnt_json *target, struct gnt_json *patch);

/* Compact text, appended. 0, the buffer's rc, NOMEM, INVALID if a text is not UTF-8, LIMIT beyond
 * GNT_JSON_DEPTH_MAX. */
int gnt_json_write(const struct gnt_json *v, struct gnt_buf *out);

/* Number of bytes at the start of text that are whole UTF-8 characters (no surrogates, no longer
 * forms than needed): size if all is well. */
size_t gnt_utf8_span(const char *text, size_t size);

/* ---- parsing --------------------------------------------------------------------------------- */

enum gnt_json_mode {
    GNT_JSON_DOCUMENT, /* one value; what follows it is ignored (Podman sends two error objects) */
    GNT_JSON_SEQUENCE, /* values back to back, with or without white space between */
    GNT_JSON_ELEMENTS  /* one array (or null = empty), whose elements are delivered */
};

enum {
    GNT_JSON_DEPTH_MAX = 120 /* no parser goes deeper, whatever its limits say; fits a generator */
};

struct gnt_json_limits {
    size_t depth;        /* deepest nesting; 0 = 64 */
    size_t record_bytes; /* wire bytes since the last delivered value; 0 = no limit */
};

/* Called for each value; the tree is valid during the call only (its arena is reset after it), but
 * in DOCUMENT mode until the parser is freed. Return 0 or a negative code that feed returns. The
 * parser must not be fed or freed from it. */
typedef int (*gnt_json_fn)(void *arg, struct gnt_json *value, gantry_error *err);

struct gnt_json_parser;

int gnt_json_parser_new(const struct gnt_mem *mem, enum gnt_json_mode mode,
                        const struct gnt_json_limits *limits, gnt_json_fn fn, void *arg,
                        struct gnt_json_parser **out, gantry_error *err);
/* PROTOCOL with position and a quoted excerpt, LIMIT, NOMEM, or the callback's code. Sticky. */
int gnt_json_parser_feed(struct gnt_json_parser *p, const void *data, size_t size,
                         gantry_error *err);
/* At the end of input: PROTOCOL if a value is unfinished, or in DOCUMENT/ELEMENTS mode missing. */
int gnt_json_parser_finish(struct gnt_json_parser *p, gantry_error *err);
struct gnt_arena *gnt_json_parser_arena(struct gnt_json_parser *p);
void gnt_json_parser_free(struct gnt_json_parser *p);

/* The first value of a text into an arena (depth 64); as in DOCUMENT mode, what follows is
 * ignored. */
int gnt_json_parse(struct gnt_arena *a, const char *text, size_t size, struct gnt_json **out,
                   gantry_error *err);

#endif
