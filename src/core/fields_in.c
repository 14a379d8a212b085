/*
 * JSON to result structs: walks a table of rows (fields.h) and lets each row's decoder fill its
 * member. Every text is copied into the arena of the result, because the tree may not last. Must
 * not know any result or engine.
 */
#include "fields.h"

#include <limits.h>
#include <string.h>

#include "error.h"

/* A value of the wrong type. */
static int mismatch(struct gnt_in_context *c, const struct gnt_in *row, const char *wanted)
{
    if (!(row->flags & GNT_REQUIRED)) {
        return 0;
    }
    return gnt_fail(c->err, GANTRY_E_PROTOCOL, "\"%s\" in the answer is not %s", row->path, wanted);
}

static int decode_row(struct gnt_in_context *c, const struct gnt_in *row, char *out)
{
    struct gnt_json name = { .type = GNT_JSON_STRING };
    const struct gnt_json *v = c->root;

    if (strcmp(row->path, ".") == 0) {
        name.text = c->key;
        name.size = c->key ? strlen(c->key) : 0;
        v = c->key ? &name : NULL;
    } else if (row->path[0] != '\0') {
        v = gnt_json_get(c->root, row->path);
    }
    if (v && v->type != GNT_JSON_NULL) {
        return row->decode(c, v, row, out + row->offset);
    }
    if (row->flags & GNT_REQUIRED) {
        return gnt_fail(c->err, GANTRY_E_PROTOCOL, "the answer has no \"%s\"", row->path);
    }
    return 0;
}

int gnt_decode(struct gnt_arena *arena, const struct gnt_json *object, const char *key,
               const struct gnt_in *rows, void *out, gantry_error *err)
{
    struct gnt_in_context c = { arena, object, key, err };
    int rc = 0;

    if (!object || object->type != GNT_JSON_OBJECT) {
        return gnt_fail(err, GANTRY_E_PROTOCOL, "a JSON object was expected in the answer");
    }
    for (; rc == 0 && rows->decode; rows++) {
        rc = decode_row(&c, rows, out);
    }
    return rc;
}

int gnt_in_table(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                 void *field)
{
    return gnt_decode(c->arena, v, c->key, row->aux, field, c->err);
}

/* ---- texts ----------------------------------------------------------------------------------- */

static int copy_text(struct gnt_in_context *c, const char *text, void *field)
{
    char *copy = gnt_arena_strdup(c->arena, text);

    if (!copy) {
        return gnt_nomem(c->err);
    }
    *(const char **)field = copy;
    return 0;
}

int gnt_in_str(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
               void *field)
{
    const char *text = gnt_json_text(v);

    return text ? copy_text(c, text, field) : mismatch(c, row, "a string");
}

int gnt_in_id(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
              void *field)
{
    const char *text = gnt_json_text(v);

    if (text && strncmp(text, "sha256:", 7) == 0) {
        text += 7;
    }
    /* An empty one would end up in paths of requests. */
    if (!text || text[0] == '\0') {
        return mismatch(c, row, "an id");
    }
    return copy_text(c, text, field);
}

int gnt_in_name(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                void *field)
{
    const char *text = gnt_json_text(v);

    if (!text) {
        return mismatch(c, row, "a string");
    }
    return copy_text(c, text[0] == '/' ? text + 1 : text, field);
}

/* A list for at most `count` texts and its end. */
static const char **new_list(struct gnt_in_context *c, size_t count)
{
    return gnt_arena_alloc(c->arena, (count + 1) * sizeof(const char *));
}

int gnt_in_strs(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                void *field)
{
    int one = v->type == GNT_JSON_STRING;
    size_t count = 0;

    if (!one && v->type != GNT_JSON_ARRAY) {
        return mismatch(c, row, "an array");
    }
    const char **list = new_list(c, one ? 1 : v->size);
    if (!list) {
        return gnt_nomem(c->err);
    }
    for (const struct gnt_json *item = one ? v : v->first; item; item = one ? NULL : item->next) {
        const char *text = gnt_json_text(item);
        if (text && copy_text(c, text, &list[count++]) != 0) {
            return GANTRY_E_NOMEM;
        }
    }
    *(const char *const **)field = list;
    return 0;
}

int gnt_in_keys(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                void *field)
{
    size_t count = 0;

    if (v->type != GNT_JSON_OBJECT) {
        return mismatch(c, row, "an object");
    }
    const char **list = new_list(c, v->size);
    if (!list) {
        return gnt_nomem(c->err);
    }
    for (const struct gnt_json *m = v->first; m; m = m->next) {
        if (copy_text(c, m->key, &list[count++]) != 0) {
            return GANTRY_E_NOMEM;
        }
    }
    *(const char *const **)field = list;
    return 0;
}

/* Text of a scalar as a map's value; NULL for objects and arrays. */
static const char *scalar_text(const struct gnt_json *v)
{
    switch (v->type) {
    case GNT_JSON_STRING:
    case GNT_JSON_NUMBER:
        return v->text;
    case GNT_JSON_BOOL:
        return v->size ? "true" : "false";
    case GNT_JSON_NULL:
        return "";
    default:
        return NULL;
    }
}

int gnt_in_map(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
               void *field)
{
    size_t count = 0;

    if (v->type != GNT_JSON_OBJECT) {
        return mismatch(c, row, "an object");
    }
    gantry_pair *pairs = gnt_arena_alloc(c->arena, (v->size + 1) * sizeof(*pairs));
    if (!pairs) {
        return gnt_nomem(c->err);
    }
    for (const struct gnt_json *m = v->first; m; m = m->next) {
        const char *text = scalar_text(m);
        if (!text) {
            continue;
        }
        if (copy_text(c, m->key, &pairs[count].key) != 0 ||
            copy_text(c, text, &pairs[count].value) != 0) {
            return GANTRY_E_NOMEM;
        }
        count++;
    }
    *(const gantry_pair **)field = pairs;
    memcpy((char *)field + sizeof(const gantry_pair *), &count, sizeof(count));
    return 0;
}

/* In front of a list that grows: so that many texts cost neither their square in time nor in
 * memory. */
struct growing {
    size_t count;
    size_t room; /* for texts, and one more for the end */
};

const char *const *gnt_strings_add(struct gnt_arena *a, const char *const *list, const char *text)
{
    const char **items = (const char **)list; /* ours, or empty */
    struct growing *head = list && *list ? (struct growing *)(void *)items - 1 : NULL;
    char *copy = gnt_arena_strdup(a, text);

    if (!copy) {
        return NULL;
    }
    if (!head || head->count == head->room) {
        size_t count = head ? head->count : 0;
        size_t room = count > 0 ? count * 2 : 3;
        struct growing *longer = gnt_arena_alloc(a, sizeof(*longer) + (room + 1) * sizeof(*items));

        if (!longer) {
            return NULL;
        }
        longer->count = count;
        longer->room = room;
        if (count > 0) {
            memcpy(longer + 1, items, count * sizeof(*items));
        }
        head = longer;
        items = (const char **)(void *)(longer + 1);
    }
    items[head->count++] = copy;
    items[head->count] = NULL;
    return items;
}

/* ---- numbers, flags, words ------------------------------------------------------------------- */

int gnt_in_i64(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
               void *field)
{
    int64_t value;

    if (gnt_json_int(v, &value) != 0) {
        return mismatch(c, row, "an integer");
    }
    *(int64_t *)field = value;
    return 0;
}

int gnt_in_int(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
               void *field)
{
    int64_t value;

    if (gnt_json_int(v, &value) != 0 || value < INT_MIN || value > INT_MAX) {
        return mismatch(c, row, "an integer of 32 bits");
    }
    *(int *)field = (int)value;
    return 0;
}

int gnt_in_flag(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                void *field)
{
    if (v->type != GNT_JSON_BOOL) {
        return mismatch(c, row, "true or false");
    }
    *(int *)field = gnt_json_true(v);
    return 0;
}

int gnt_in_enum(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                void *field)
{
    const char *text = gnt_json_text(v);

    for (const struct gnt_word *w = row->aux; text && w->word; w++) {
        if (strcmp(w->word, text) == 0) {
            *(int *)field = w->value;
            return 0;
        }
    }
    return mismatch(c, row, "a known word");
}
