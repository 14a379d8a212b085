/*
 * Options to JSON: walks a table of rows (fields.h) and lets the encoder of each option that is set
 * put it into the body. Also takes in the caller's struct (gnt_import) and checks that a table
 * leaves no option out. Must not know any option or engine.
 */
#include "fields.h"

#include <string.h>

#include "error.h"

/* For messages: what follows the last '.' of the row's name. */
static const char *option_name(const struct gnt_out *row)
{
    const char *dot = strrchr(row->name, '.');

    return dot ? dot + 1 : row->name;
}

static int invalid(struct gnt_out_context *c, const struct gnt_out *row, const char *why)
{
    return gnt_fail(c->err, GANTRY_E_INVALID, "option \"%s\" %s", option_name(row), why);
}

static int is_zero(const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0) {
            return 0;
        }
    }
    return 1;
}

int gnt_encode(struct gnt_arena *arena, const void *options, const struct gnt_out *rows,
               struct gnt_json *body, gantry_error *err)
{
    struct gnt_out_context c = { arena, body, options, err };
    int rc = 0;

    for (; rc == 0 && rows->encode; rows++) {
        const unsigned char *field = (const unsigned char *)options + rows->offset;
        if (!is_zero(field, rows->width)) {
            rc = rows->encode(&c, rows, field);
        }
    }
    return rc;
}

size_t gnt_fields_uncovered(const struct gnt_out *rows, size_t struct_size)
{
    for (size_t at = sizeof(size_t) + sizeof(void *); at < struct_size; at++) {
        const struct gnt_out *row = rows;
        while (row->encode && (at < row->offset || at - row->offset >= row->width)) {
            row++;
        }
        if (!row->encode) {
            return at;
        }
    }
    return 0;
}

/* ---- encoders -------------------------------------------------------------------------------- */

static int put(struct gnt_out_context *c, const struct gnt_out *row, struct gnt_json *value)
{
    return gnt_json_put(c->arena, c->body, row->path, value) == 0 ? 0 : gnt_nomem(c->err);
}

static int is_utf8(const char *text)
{
    size_t size = strlen(text);

    return gnt_utf8_span(text, size) == size;
}

int gnt_out_str(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const char *text = *(const char *const *)field;

    if (!is_utf8(text)) {
        return invalid(c, row, "is not UTF-8");
    }
    return put(c, row, gnt_json_string(c->arena, text));
}

enum {
    TEXT_MAX = 256 * 1024 /* more is no parameter of a query */
};

int gnt_out_put_text(struct gnt_out_context *c, const struct gnt_out *row,
                     const struct gnt_json *value)
{
    struct gnt_buf text;
    int rc = value ? 0 : GANTRY_E_NOMEM;

    gnt_buf_init(&text, &c->arena->mem, TEXT_MAX);
    if (rc == 0) {
        rc = gnt_json_write(value, &text);
    }
    if (rc == 0) {
        rc = put(c, row, gnt_json_string(c->arena, gnt_buf_text(&text)));
    } else {
        rc = rc == GANTRY_E_LIMIT ? invalid(c, row, "is too long") : gnt_nomem(c->err);
    }
    gnt_buf_wipe_free(&text);
    return rc;
}

static int make_array(struct gnt_out_context *c, const struct gnt_out *row, const void *field,
                      struct gnt_json **out)
{
    struct gnt_json *array = gnt_json_new(c->arena, GNT_JSON_ARRAY);

    for (const char *const *text = *(const char *const *const *)field; *text; text++) {
        if (!is_utf8(*text)) {
            return invalid(c, row, "has an item that is not UTF-8");
        }
        if (gnt_json_add(array, gnt_json_string(c->arena, *text)) != 0) {
            return gnt_nomem(c->err);
        }
    }
    *out = array;
    return 0;
}

int gnt_out_strs(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    struct gnt_json *array = NULL;
    int rc = make_array(c, row, field, &array);

    return rc < 0 ? rc : put(c, row, array);
}

int gnt_out_strs_text(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    struct gnt_json *array = NULL;
    int rc = make_array(c, row, field, &array);

    return rc < 0 ? rc : gnt_out_put_text(c, row, array);
}

int gnt_out_i64(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    return put(c, row, gnt_json_number(c->arena, *(const int64_t *)field));
}

static int out_switch(struct gnt_out_context *c, const struct gnt_out *row, const void *field,
                      int true_at)
{
    int value = *(const int *)field;

    if (value != GANTRY_ON && value != GANTRY_OFF) {
        return invalid(c, row, "is neither GANTRY_ON nor GANTRY_OFF");
    }
    return put(c, row, gnt_json_boolean(c->arena, value == true_at));
}

int gnt_out_on(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    return out_switch(c, row, field, GANTRY_ON);
}

int gnt_out_off(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    return out_switch(c, row, field, GANTRY_OFF);
}

int gnt_out_seconds(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    int64_t ms = *(const int64_t *)field;
    int64_t seconds = ms / 1000 + (ms % 1000 > 0);

    if (ms < 0) {
        return invalid(c, row, "is negative");
    }
    /* More overflows in engines. */
    return put(c, row, gnt_json_number(c->arena, seconds < INT32_MAX ? seconds : INT32_MAX));
}

int gnt_out_map(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const gantry_pair *pairs = *(const gantry_pair *const *)field;
    struct gnt_json *object = gnt_json_new(c->arena, GNT_JSON_OBJECT);
    size_t count;

    memcpy(&count, (const char *)field + sizeof(pairs), sizeof(count));
    if (!pairs && count > 0) {
        return invalid(c, row, "is NULL but has a count");
    }
    for (size_t i = 0; i < count; i++) {
        if (!pairs[i].key) {
            return invalid(c, row, "has a NULL key");
        }
        if (!is_utf8(pairs[i].key) || (pairs[i].value && !is_utf8(pairs[i].value))) {
            return invalid(c, row, "has a pair that is not UTF-8");
        }
        struct gnt_json *value = pairs[i].value ? gnt_json_string(c->arena, pairs[i].value)
                                                : gnt_json_new(c->arena, GNT_JSON_NULL);
        if (gnt_json_set(c->arena, object, pairs[i].key, value) != 0) {
            return gnt_nomem(c->err);
        }
    }
    return put(c, row, object);
}

int gnt_out_env_map(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    struct gnt_json *object = gnt_json_new(c->arena, GNT_JSON_OBJECT);

    for (const char *const *item = *(const char *const *const *)field; *item; item++) {
        const char *equals = strchr(*item, '=');
        if (!equals || equals == *item) {
            return invalid(c, row, "has an item that is not NAME=value");
        }
        if (!is_utf8(*item)) {
            return invalid(c, row, "has an item that is not UTF-8");
        }
        char *name = gnt_arena_strndup(c->arena, *item, (size_t)(equals - *item));
        if (!name ||
            gnt_json_set(c->arena, object, name, gnt_json_string(c->arena, equals + 1)) != 0) {
            return gnt_nomem(c->err);
        }
    }
    return put(c, row, object);
}

int gnt_out_refuse(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    (void)field;
    return gnt_fail(c->err, GANTRY_E_UNSUPPORTED, "option \"%s\" is not supported by this engine",
                    option_name(row));
}

int gnt_out_code(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    (void)c;
    (void)row;
    (void)field;
    return 0;
}

/* ---- options import -------------------------------------------------------------------------- */

enum {
    IMPORT_MAX = 65536 /* a larger size is rubbish; reading so far would crash */
};

int gnt_import(void *dst, size_t known, const void *src, const char *type, gantry_error *err)
{
    size_t size;

    memset(dst, 0, known);
    if (src) {
        memcpy(&size, src, sizeof(size));
        if (size == 0) {
            return gnt_fail(err, GANTRY_E_INVALID, "%s: size is not set", type);
        }
        if (size < sizeof(size) || size > IMPORT_MAX) {
            return gnt_fail(err, GANTRY_E_INVALID, "%s: size is wrong: %zu", type, size);
        }
        if (size > known && !is_zero((const unsigned char *)src + known, size - known)) {
            return gnt_fail(err, GANTRY_E_UNSUPPORTED,
                            "%s: this version of the library does not know an option that is set",
                            type);
        }
        memcpy(dst, src, size < known ? size : known);
    }
    memcpy(dst, &known, sizeof(known));
    return 0;
}
