/*
 * Tables of fields: JSON to result structs and option structs to JSON, one interpreter each.
 *
 * A row's C type is checked at compile time: declaring an int64_t member with GNT_IN_STR stops the
 * build. The rows of an options table must cover every byte of the struct after size and call
 * (gnt_fields_uncovered, used by a unit test): adding an option without deciding for each backend
 * fails the tests.
 */
#ifndef GNT_FIELDS_H
#define GNT_FIELDS_H

#include "json.h"

/* 0, or a compile error if the member m of T has not the type want. */
#define GNT_TYPED(T, m, want)                                                                      \
    (0 * sizeof(struct {                                                                           \
         int x;                                                                                    \
         _Static_assert(_Generic(((T *)0)->m, want : 1, default : 0), #T "." #m " is not " #want); \
     }))

/* ---- inward: JSON -> struct ------------------------------------------------------------------ */

struct gnt_in;

struct gnt_in_context {
    struct gnt_arena *arena;     /* of the result */
    const struct gnt_json *root; /* the object being decoded */
    const char *key;             /* key of the object being decoded when it is a map's value, or
                                   NULL */
    gantry_error *err;
};

typedef int (*gnt_in_fn)(struct gnt_in_context *c, const struct gnt_json *v,
                         const struct gnt_in *row, void *field);

struct gnt_in {
    const char *path; /* '/'-separated; "" is the object itself, "." its key in the map */
    gnt_in_fn decode; /* called if the value is present and not null */
    size_t offset;
    const void *aux;
    int flags;
    int reserved;
};

enum {
    GNT_REQUIRED = 1 /* missing, null or of the wrong type: PROTOCOL with the path */
};

/* A present value of the wrong type: PROTOCOL if REQUIRED, else it counts as absent. So do an
 * integer or time out of range, a word that is not in the list, and items of the wrong type in a
 * list. Texts end at a NUL byte in them. */
int gnt_in_str(struct gnt_in_context *, const struct gnt_json *, const struct gnt_in *, void *);
/* without "sha256:" */
int gnt_in_id(struct gnt_in_context *, const struct gnt_json *, const struct gnt_in *, void *);
/* without leading '/' */
int gnt_in_name(struct gnt_in_context *, const struct gnt_json *, const struct gnt_in *, void *);
/* array; a string gives one item */
int gnt_in_strs(struct gnt_in_context *, const struct gnt_json *, const struct gnt_in *, void *);
/* keys of an object */
int gnt_in_keys(struct gnt_in_context *, const struct gnt_json *, const struct gnt_in *, void *);
int gnt_in_i64(struct gnt_in_context *, const struct gnt_json *, const struct gnt_in *, void *);
int gnt_in_int(struct gnt_in_context *, const struct gnt_json *, const struct gnt_in *, void *);
/* 1 for true, else 0 */
int gnt_in_flag(struct gnt_in_context *, const struct gnt_json *, const struct gnt_in *, void *);
/* RFC 3339 text, or Unix seconds; "never" = 0 */
int gnt_in_time(struct gnt_in_context *, const struct gnt_json *, const struct gnt_in *, void *);
/* aux: gnt_word[] */
int gnt_in_enum(struct gnt_in_context *, const struct gnt_json *, const struct gnt_in *, void *);
/* gantry_pair *, count in the size_t that follows it; document order; numbers and booleans as text,
 * null as "", others left out */
int gnt_in_map(struct gnt_in_context *, const struct gnt_json *, const struct gnt_in *, void *);

/* the rows of another table, on the same object and struct */
int gnt_in_table(struct gnt_in_context *, const struct gnt_json *, const struct gnt_in *, void *);

struct gnt_word {
    const char *word; /* NULL ends */
    int value;
};

#define GNT_IN_(T, m, want, p, fn, a, f)                                                           \
    {                                                                                              \
        p, fn, offsetof(T, m) + GNT_TYPED(T, m, want), a, f, 0                                     \
    }
#define GNT_IN_STR(T, m, p) GNT_IN_(T, m, const char *, p, gnt_in_str, NULL, 0)
#define GNT_IN_STR_REQ(T, m, p) GNT_IN_(T, m, const char *, p, gnt_in_str, NULL, GNT_REQUIRED)
#define GNT_IN_ID(T, m, p) GNT_IN_(T, m, const char *, p, gnt_in_id, NULL, 0)
#define GNT_IN_ID_REQ(T, m, p) GNT_IN_(T, m, const char *, p, gnt_in_id, NULL, GNT_REQUIRED)
#define GNT_IN_NAME(T, m, p) GNT_IN_(T, m, const char *, p, gnt_in_name, NULL, 0)
#define GNT_IN_STRS(T, m, p) GNT_IN_(T, m, const char *const *, p, gnt_in_strs, NULL, 0)
#define GNT_IN_KEYS(T, m, p) GNT_IN_(T, m, const char *const *, p, gnt_in_keys, NULL, 0)
#define GNT_IN_I64(T, m, p) GNT_IN_(T, m, int64_t, p, gnt_in_i64, NULL, 0)
#define GNT_IN_INT(T, m, p) GNT_IN_(T, m, int, p, gnt_in_int, NULL, 0)
#define GNT_IN_FLAG(T, m, p) GNT_IN_(T, m, int, p, gnt_in_flag, NULL, 0)
#define GNT_IN_TIME(T, m, p) GNT_IN_(T, m, int64_t, p, gnt_in_time, NULL, 0)
#define GNT_IN_ENUM(T, m, p, words) GNT_IN_(T, m, int, p, gnt_in_enum, words, 0)
#define GNT_IN_MAP(T, m, p) GNT_IN_(T, m, const gantry_pair *, p, gnt_in_map, NULL, 0)
/* Anything odd: fn gets the address of the member. */
#define GNT_IN_HOOK(T, m, p, fn)                                                                   \
    {                                                                                              \
        p, fn, offsetof(T, m), NULL, 0, 0                                                          \
    }
/* Rows that several tables share. */
#define GNT_IN_TABLE(rows)                                                                         \
    {                                                                                              \
        "", gnt_in_table, 0, rows, 0, 0                                                            \
    }
#define GNT_IN_END                                                                                 \
    {                                                                                              \
        NULL, NULL, 0, NULL, 0, 0                                                                  \
    }

/* Decode an object. Other JSON types: PROTOCOL. Each row that finds a value overwrites the member:
 * of several rows for one member the last that finds one counts. A member without any stays as it
 * is. */
int gnt_decode(struct gnt_arena *arena, const struct gnt_json *object, const char *key,
               const struct gnt_in *rows, void *out, gantry_error *err);

/* Helpers for hooks. */
int gnt_parse_time(const char *rfc3339, int64_t *out_ns); /* 0 or -1; year 1 = 0 */
/* "Sat, 28 Nov 2026 10:19:51 GMT", as in headers of answers. 0 or -1 */
int gnt_parse_http_date(const char *text, int64_t *out_ns);
/* The list with a text more; the old one is not to be used again. list: NULL, empty, or made by
 * this function. NULL = no memory */
const char *const *gnt_strings_add(struct gnt_arena *a, const char *const *list, const char *text);

/* ---- outward: options -> JSON ---------------------------------------------------------------- */

struct gnt_out;

struct gnt_out_context {
    struct gnt_arena *arena;
    struct gnt_json *body; /* the object being made */
    const void *options;   /* the whole struct */
    gantry_error *err;
};

/* Called only for a field that is not zero. 0 or a negative code. Texts that are not UTF-8, and
 * switches that are neither ON nor OFF, are INVALID. */
typedef int (*gnt_out_fn)(struct gnt_out_context *c, const struct gnt_out *row, const void *field);

struct gnt_out {
    const char *path; /* where in the body; for messages too: the option's name is after the last
                         '.' */
    const char *name; /* of the option */
    gnt_out_fn encode;
    size_t offset;
    size_t width;
    const void *aux;
};

int gnt_out_str(struct gnt_out_context *, const struct gnt_out *, const void *);
int gnt_out_strs(struct gnt_out_context *, const struct gnt_out *, const void *); /* array */
int gnt_out_i64(struct gnt_out_context *, const struct gnt_out *, const void *);
/* switch: true / false */
int gnt_out_on(struct gnt_out_context *, const struct gnt_out *, const void *);
/* switch, inverted */
int gnt_out_off(struct gnt_out_context *, const struct gnt_out *, const void *);
/* int64 ms, rounded up; negative: INVALID */
int gnt_out_seconds(struct gnt_out_context *, const struct gnt_out *, const void *);
/* gantry_pair *, count follows: object; NULL value = null */
int gnt_out_map(struct gnt_out_context *, const struct gnt_out *, const void *);
/* "A=1" list: object; without '=': INVALID */
int gnt_out_env_map(struct gnt_out_context *, const struct gnt_out *, const void *);
/* UNSUPPORTED */
int gnt_out_refuse(struct gnt_out_context *, const struct gnt_out *, const void *);
/* for queries: a list of texts as the text of a JSON array */
int gnt_out_strs_text(struct gnt_out_context *, const struct gnt_out *, const void *);
/* nothing: code elsewhere deals with it */
int gnt_out_code(struct gnt_out_context *, const struct gnt_out *, const void *);

#define GNT_OUT_(T, m, want, p, fn, w)                                                             \
    {                                                                                              \
        p, #m, fn, offsetof(T, m) + GNT_TYPED(T, m, want), w, NULL                                 \
    }
#define GNT_OUT_W(T, m) sizeof(((T *)0)->m)
#define GNT_OUT_STR(T, m, p) GNT_OUT_(T, m, const char *, p, gnt_out_str, GNT_OUT_W(T, m))
#define GNT_OUT_STRS(T, m, p) GNT_OUT_(T, m, const char *const *, p, gnt_out_strs, GNT_OUT_W(T, m))
#define GNT_OUT_STRS_TEXT(T, m, p)                                                                 \
    GNT_OUT_(T, m, const char *const *, p, gnt_out_strs_text, GNT_OUT_W(T, m))
#define GNT_OUT_I64(T, m, p) GNT_OUT_(T, m, int64_t, p, gnt_out_i64, GNT_OUT_W(T, m))
#define GNT_OUT_ON(T, m, p) GNT_OUT_(T, m, int, p, gnt_out_on, GNT_OUT_W(T, m))
#define GNT_OUT_OFF(T, m, p) GNT_OUT_(T, m, int, p, gnt_out_off, GNT_OUT_W(T, m))
#define GNT_OUT_SECONDS(T, m, p) GNT_OUT_(T, m, int64_t, p, gnt_out_seconds, GNT_OUT_W(T, m))
/* Covers the count too, which must follow the pointer. */
#define GNT_OUT_MAP(T, m, p)                                                                       \
    GNT_OUT_(T, m, const gantry_pair *, p, gnt_out_map, GNT_OUT_W(T, m) + sizeof(size_t))
#define GNT_OUT_ENV_MAP(T, m, p)                                                                   \
    GNT_OUT_(T, m, const char *const *, p, gnt_out_env_map, GNT_OUT_W(T, m))
#define GNT_OUT_HOOK(T, m, p, fn)                                                                  \
    {                                                                                              \
        p, #m, fn, offsetof(T, m), GNT_OUT_W(T, m), NULL                                           \
    }
#define GNT_OUT_REFUSE(T, m)                                                                       \
    {                                                                                              \
        "", #m, gnt_out_refuse, offsetof(T, m), GNT_OUT_W(T, m), NULL                              \
    }
#define GNT_OUT_CODE(T, m)                                                                         \
    {                                                                                              \
        "", #m, gnt_out_code, offsetof(T, m), GNT_OUT_W(T, m), NULL                                \
    }
#define GNT_OUT_END                                                                                \
    {                                                                                              \
        NULL, NULL, NULL, 0, 0, NULL                                                               \
    }

/* For hooks: put a value as JSON text where the row says, for parameters of a query that hold JSON.
 * A NULL value is a lack of memory. */
int gnt_out_put_text(struct gnt_out_context *c, const struct gnt_out *row,
                     const struct gnt_json *value);

/* Encode options (full-size, imported) into body; rows whose bytes are all zero are skipped. */
int gnt_encode(struct gnt_arena *arena, const void *options, const struct gnt_out *rows,
               struct gnt_json *body, gantry_error *err);

/* Offset of the first byte after the head (2 pointers' size) that no row covers, or 0. */
size_t gnt_fields_uncovered(const struct gnt_out *rows, size_t struct_size);

/* ---- options import -------------------------------------------------------------------------- */

/* Copy a caller's struct into a full-size zeroed one: shorter is fine, a longer one if its unknown
 * tail is zero (else UNSUPPORTED). NULL gives zeroes. size unset: INVALID naming the type. The
 * copy's own size is `known` in any case. */
int gnt_import(void *dst, size_t known, const void *src, const char *type, gantry_error *err);

#endif
