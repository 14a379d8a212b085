/*
 * JSON trees: reading, making, changing. Every function takes what the parser or a caller made and
 * never looks further than the nodes; text and grammar are json.c's business.
 */
#include "json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- reading --------------------------------------------------------------------------------- */

static struct gnt_json *find(const struct gnt_json *v, const char *key, size_t size)
{
    struct gnt_json *found = NULL;

    if (!v || v->type != GNT_JSON_OBJECT) {
        return NULL;
    }
    for (struct gnt_json *m = v->first; m; m = m->next) {
        if (m->key[0] == key[0] && strncmp(m->key, key, size) == 0 && m->key[size] == '\0') {
            found = m;
        }
    }
    return found;
}

const struct gnt_json *gnt_json_member(const struct gnt_json *v, const char *key)
{
    return find(v, key, strlen(key));
}

const struct gnt_json *gnt_json_get(const struct gnt_json *v, const char *path)
{
    for (;;) {
        size_t size = strcspn(path, "/");
        v = find(v, path, size);
        if (!v || path[size] == '\0') {
            return v;
        }
        path += size + 1;
    }
}

const char *gnt_json_text(const struct gnt_json *v)
{
    return v && v->type == GNT_JSON_STRING ? v->text : NULL;
}

int gnt_json_int(const struct gnt_json *v, int64_t *out)
{
    if (!v || v->type != GNT_JSON_NUMBER) {
        return -1;
    }
    const char *p = v->text;
    int negative = *p == '-';
    int64_t value = 0; /* kept negative, which reaches one further */
    for (p += negative; *p >= '0' && *p <= '9'; p++) {
        int digit = *p - '0';
        if (value < (INT64_MIN + digit) / 10) {
            return -1;
        }
        value = value * 10 - digit;
    }
    if (*p != '\0' || (!negative && value == INT64_MIN)) {
        return -1;
    }
    *out = negative ? value : -value;
    return 0;
}

int gnt_json_true(const struct gnt_json *v)
{
    return v && v->type == GNT_JSON_BOOL && v->size != 0;
}

/* ---- making ---------------------------------------------------------------------------------- */

struct gnt_json *gnt_json_new(struct gnt_arena *a, enum gnt_json_type type)
{
    struct gnt_json *v = gnt_arena_alloc(a, sizeof(*v));

    if (v) {
        v->type = type;
        v->text = "";
    }
    return v;
}

struct gnt_json *gnt_json_string(struct gnt_arena *a, const char *text)
{
    struct gnt_json *v = gnt_json_new(a, GNT_JSON_STRING);

    if (!v) {
        return NULL;
    }
    v->size = strlen(text);
    v->text = gnt_arena_strndup(a, text, v->size);
    return v->text ? v : NULL;
}

struct gnt_json *gnt_json_number(struct gnt_arena *a, int64_t number)
{
    char digits[32];
    struct gnt_json *v;

    snprintf(digits, sizeof(digits), "%" PRId64, number);
    v = gnt_json_string(a, digits);
    if (v) {
        v->type = GNT_JSON_NUMBER;
    }
    return v;
}

struct gnt_json *gnt_json_boolean(struct gnt_arena *a, int value)
{
    struct gnt_json *v = gnt_json_new(a, GNT_JSON_BOOL);

    if (v) {
        v->size = value ? 1 : 0;
    }
    return v;
}

/* ---- changing -------------------------------------------------------------------------------- */

static void append(struct gnt_json *container, struct gnt_json *value)
{
    value->next = NULL;
    if (container->last) {
        container->last->next = value;
    } else {
        container->first = value;
    }
    container->last = value;
    container->size++;
}

/* Take all members of this name out, except `keep`. */
static void drop(struct gnt_json *object, const char *key, const struct gnt_json *keep)
{
    struct gnt_json **link = &object->first;
    struct gnt_json *last = NULL;

    while (*link) {
        if (*link != keep && strcmp((*link)->key, key) == 0) {
            *link = (*link)->next;
            object->size--;
        } else {
            last = *link;
            link = &last->next;
        }
    }
    object->last = last;
}

/* Put a value with a key into an object, in the place of the one of that key if there is one. */
static void place(struct gnt_json *object, struct gnt_json *value)
{
    struct gnt_json *old = find(object, value->key, strlen(value->key));

    if (!old) {
        append(object, value);
        return;
    }
    drop(object, value->key, old);
    for (struct gnt_json **link = &object->first; *link; link = &(*link)->next) {
        if (*link == old) {
            value->next = old->next;
            *link = value;
            break;
        }
    }
    if (object->last == old) {
        object->last = value;
    }
}

int gnt_json_add(struct gnt_json *array, struct gnt_json *value)
{
    if (!array || !value) {
        return GANTRY_E_NOMEM;
    }
    append(array, value);
    return 0;
}

static int set(struct gnt_arena *a, struct gnt_json *object, const char *key, size_t size,
               struct gnt_json *value)
{
    if (!object || !value) {
        return GANTRY_E_NOMEM;
    }
    char *copy = gnt_arena_strndup(a, key, size);
    if (!copy) {
        return GANTRY_E_NOMEM;
    }
    value->key = copy;
    place(object, value);
    return 0;
}

int gnt_json_set(struct gnt_arena *a, struct gnt_json *object, const char *key,
                 struct gnt_json *value)
{
    return set(a, object, key, strlen(key), value);
}

int gnt_json_put(struct gnt_arena *a, struct gnt_json *object, const char *path,
                 struct gnt_json *value)
{
    size_t size;

    if (!object || !value) {
        return GANTRY_E_NOMEM;
    }
    for (size = strcspn(path, "/"); path[size] != '\0'; size = strcspn(path, "/")) {
        struct gnt_json *inner = find(object, path, size);
        if (!inner || inner->type != GNT_JSON_OBJECT) {
            inner = gnt_json_new(a, GNT_JSON_OBJECT);
            if (set(a, object, path, size, inner) != 0) {
                return GANTRY_E_NOMEM;
            }
        }
        object = inner;
        path += size + 1;
    }
    return set(a, object, path, size, value);
}

/* ---- merging (RFC 7396) ---------------------------------------------------------------------- */

/* Make target a copy of value that stays where it is. */
static void overwrite(struct gnt_json *target, const struct gnt_json *value)
{
    struct gnt_json copy = *value;

    copy.key = target->key;
    copy.next = target->next;
    *target = copy;
}

static int merge(struct gnt_arena *a, struct gnt_json *target, struct gnt_json *patch, int depth);

static int merge_member(struct gnt_arena *a, struct gnt_json *target, struct gnt_json *member,
                        int depth)
{
    if (member->type == GNT_JSON_NULL) {
        drop(target, member->key, NULL);
        return 0;
    }
    if (member->type != GNT_JSON_OBJECT) {
        place(target, member);
        return 0;
    }
    /* Into an object in any case: that takes out the nulls of a new one. */
    struct gnt_json *inner = find(target, member->key, strlen(member->key));
    if (!inner || inner->type != GNT_JSON_OBJECT) {
        inner = gnt_json_new(a, GNT_JSON_OBJECT);
        if (!inner) {
            return GANTRY_E_NOMEM;
        }
        inner->key = member->key;
        place(target, inner);
    }
    return merge(a, inner, member, depth + 1);
}

static int merge(struct gnt_arena *a, struct gnt_json *target, struct gnt_json *patch, int depth)
{
    int rc = 0;

    if (depth > GNT_JSON_DEPTH_MAX) {
        return GANTRY_E_LIMIT;
    }
    for (struct gnt_json *m = patch->first, *next; m && rc == 0; m = next) {
        next = m->next;
        rc = merge_member(a, target, m, depth);
    }
    return rc;
}

int gnt_json_merge(struct gnt_arena *a, struct gnt_json *target, struct gnt_json *patch)
{
    if (!target || !patch) {
        return GANTRY_E_NOMEM;
    }
    if (patch->type != GNT_JSON_OBJECT) {
        overwrite(target, patch);
        return 0;
    }
    if (target->type != GNT_JSON_OBJECT) {
        struct gnt_json empty = { .type = GNT_JSON_OBJECT, .text = "" };
        overwrite(target, &empty);
    }
    return merge(a, target, patch, 1);
}

/* ---- text ------------------------------------------------------------------------------------ */

/* Bytes of the character at p, 0 if it is none. */
static size_t character(const unsigned char *p, size_t left)
{
    unsigned char low = 0x80, high = 0xbf; /* range of the second byte */
    size_t size = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

    if (p[0] > 0xf4 || size > left) {
        return 0;
    }
    if (p[0] == 0xe0) {
        low = 0xa0;
    } else if (p[0] == 0xed) {
        high = 0x9f;
    } else if (p[0] == 0xf0) {
        low = 0x90;
    } else if (p[0] == 0xf4) {
        high = 0x8f;
    }
    if (size > 1 && (p[1] < low || p[1] > high)) {
        return 0;
    }
    for (size_t i = 2; i < size; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return size;
}

size_t gnt_utf8_span(const char *text, size_t size)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t at = 0;

    while (at < size) {
        size_t step = character(p + at, size - at);
        if (step == 0) {
            break;
        }
        at += step;
    }
    return at;
}
