/*
 * Builds trees for the parser, and quotes what is wrong in a text. See json_build.h.
 */
#include "json_build.h"

#include <string.h>

int gnt_json_build_key(struct gnt_json_build *b, const char *text, size_t size)
{
    size_t nuls = 0;

    if (size == 0 || !memchr(text, '\0', size)) {
        b->key = gnt_arena_strndup(b->arena, text, size);
        return b->key ? 0 : GANTRY_E_NOMEM;
    }
    for (size_t i = 0; i < size; i++) {
        nuls += text[i] == '\0';
    }
    char *key = gnt_arena_alloc(b->arena, size + 2 * nuls + 1);
    if (!key) {
        return GANTRY_E_NOMEM;
    }
    b->key = key;
    for (size_t i = 0; i < size; i++) {
        if (text[i] != '\0') {
            *key++ = text[i];
        } else {
            memcpy(key, "\xef\xbf\xbd", 3); /* so that "Id\0x" is not taken for "Id" */
            key += 3;
        }
    }
    return 0;
}

struct gnt_json *gnt_json_build_value(struct gnt_json_build *b, enum gnt_json_type type,
                                      const char *text, size_t size)
{
    /* The text lies behind the node: one allocation for both. */
    struct gnt_json *v = gnt_arena_alloc(b->arena, sizeof(*v) + (text ? size + 1 : 0));

    if (!v) {
        return NULL;
    }
    v->type = type;
    v->size = size;
    v->text = "";
    if (text && size > 0) {
        v->text = memcpy(v + 1, text, size);
    }
    v->key = b->key;
    b->key = NULL;
    if (b->depth > b->base) {
        gnt_json_add(b->open[b->depth - 1], v);
    }
    return v;
}

static int inside_character(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

void gnt_json_excerpt(char out[4 * GNT_JSON_EXCERPT + 1], const char *data, size_t size, size_t at)
{
    static const char hex[] = "0123456789abcdef";
    size_t from = at > GNT_JSON_EXCERPT / 4 ? at - GNT_JSON_EXCERPT / 4 : 0;
    size_t to = size - from > GNT_JSON_EXCERPT ? from + GNT_JSON_EXCERPT : size;

    while (from > 0 && from < to && inside_character(data[from])) {
        from++;
    }
    while (to < size && to > from && inside_character(data[to])) {
        to--;
    }
    for (; from < to; from++) {
        unsigned char c = (unsigned char)data[from];
        if (c >= 0x20 && c != 0x7f) {
            *out++ = (char)c;
        } else {
            memcpy(out, "\\x", 2);
            out[2] = hex[c >> 4];
            out[3] = hex[c & 15];
            out += 4;
        }
    }
    *out = '\0';
}
