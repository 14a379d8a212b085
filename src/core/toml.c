/* See toml.h. */
#include "toml.h"

#include <string.h>

#include "error.h"
#include "url.h"

enum {
    PARTS_MOST = 16,   /* of a key with dots */
    DEPTH_MOST = 16,   /* of arrays and tables in a line */
    VALUES_MOST = 4096 /* in the whole document */
};

struct toml {
    struct gnt_arena *arena;
    const char *p;
    const char *end;
    size_t line;
    size_t values;
    struct gnt_json *root;
    gantry_error *err;
};

struct key {
    const char *parts[PARTS_MOST];
    size_t count;
};

static int parse_value(struct toml *t, int depth, struct gnt_json **out);

static int fail(const struct toml *t, const char *what)
{
    return gnt_fail(t->err, GANTRY_E_INVALID, "line %zu: %s", t->line, what);
}

/* ---- characters ------------------------------------------------------------------------------ */

static int peek(const struct toml *t)
{
    return t->p < t->end ? (unsigned char)*t->p : -1;
}

static int looks_at(const struct toml *t, const char *text)
{
    size_t size = strlen(text);

    return (size_t)(t->end - t->p) >= size && memcmp(t->p, text, size) == 0;
}

static void skip_spaces(struct toml *t)
{
    while (peek(t) == ' ' || peek(t) == '\t')
        t->p++;
}

static void skip_comment(struct toml *t)
{
    if (peek(t) == '#') {
        while (t->p < t->end && *t->p != '\n')
            t->p++;
    }
}

/* Spaces, comments and ends of lines. */
static void skip_blank(struct toml *t)
{
    for (;;) {
        skip_spaces(t);
        skip_comment(t);
        if (peek(t) == '\n')
            t->line++;
        else if (peek(t) != '\r')
            return;
        t->p++;
    }
}

static int end_line(struct toml *t)
{
    skip_spaces(t);
    skip_comment(t);
    if (peek(t) == '\r')
        t->p++;
    if (peek(t) != '\n' && peek(t) != -1)
        return fail(t, "something follows the value");
    return 0;
}

/* ---- strings --------------------------------------------------------------------------------- */

static size_t put_utf8(char *out, unsigned long c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | (c >> 6));
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | (c >> 12));
        out[1] = (char)(0x80 | ((c >> 6) & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | (c >> 18));
    out[1] = (char)(0x80 | ((c >> 12) & 0x3F));
    out[2] = (char)(0x80 | ((c >> 6) & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

/* Behind "\u" or "\U". */
static int parse_code(struct toml *t, int digits, char *out, size_t *size)
{
    unsigned long c = 0;

    for (int i = 0; i < digits; i++, t->p++) {
        int digit = gnt_hex_digit(peek(t));

        if (digit < 0)
            return fail(t, "a \\u needs 4 hexadecimal digits, a \\U 8");
        c = c * 16 + (unsigned long)digit;
    }
    if (c == 0 || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        return fail(t, "a \\u names no character");
    *size += put_utf8(out + *size, c);
    return 0;
}

/* At what follows a backslash. */
static int parse_escape(struct toml *t, int lines, char *out, size_t *size)
{
    static const char from[] = "btnfr\"\\";
    static const char to[] = "\b\t\n\f\r\"\\";
    int c = peek(t);
    const char *known = c > 0 ? strchr(from, c) : NULL;

    if (known != NULL) {
        out[(*size)++] = to[known - from];
        t->p++;
        return 0;
    }
    if (c == 'u' || c == 'U') {
        t->p++;
        return parse_code(t, c == 'u' ? 4 : 8, out, size);
    }
    if (lines && (c == ' ' || c == '\t' || c == '\r' || c == '\n')) {
        skip_spaces(t);
        if (peek(t) != '\r' && peek(t) != '\n')
            return fail(t, "a backslash stands for nothing");
        while (peek(t) == ' ' || peek(t) == '\t' || peek(t) == '\r' || peek(t) == '\n') {
            t->line += peek(t) == '\n';
            t->p++;
        }
        return 0;
    }
    return fail(t, "a backslash stands for nothing");
}

/* Where the mark of a string's end is, three quotes may be preceded by two that belong to it. */
static int at_end(struct toml *t, const char *mark, char *out, size_t *size)
{
    if (!looks_at(t, mark))
        return 0;
    for (int i = 0; mark[1] != '\0' && i < 2 && t->end - t->p > 3 && t->p[3] == mark[0]; i++) {
        out[(*size)++] = mark[0];
        t->p++;
    }
    t->p += strlen(mark);
    return 1;
}

/* Bytes to the end of a string, which is not looked for in vain twice. */
static size_t string_span(const struct toml *t, const char *mark)
{
    size_t left = (size_t)(t->end - t->p);
    size_t size = strlen(mark);
    size_t i = 0;

    while (i < left && (left - i < size || memcmp(t->p + i, mark, size) != 0))
        i += mark[0] == '"' && t->p[i] == '\\' ? 2 : 1;
    return i < left ? i : left;
}

/* At the first quote. What is decoded is never longer than what is read. */
static int parse_string(struct toml *t, int may_have_lines, const char **out)
{
    static const char *const marks[] = { "\"\"\"", "'''", "\"", "'" };
    const char *mark = marks[3];
    size_t size = 0;
    char *text;
    int lines;
    int rc = 0;

    for (size_t i = 0; i < 3; i++) {
        if (looks_at(t, marks[i])) {
            mark = marks[i];
            break;
        }
    }
    lines = mark[1] != '\0';
    if (lines && !may_have_lines)
        return fail(t, "a key cannot have several lines");
    t->p += strlen(mark);
    if (lines && looks_at(t, "\r\n"))
        t->p++;
    if (lines && peek(t) == '\n') {
        t->line++;
        t->p++;
    }
    text = gnt_arena_alloc(t->arena, string_span(t, mark) + 3); /* two quotes, and the NUL */
    if (text == NULL)
        return gnt_nomem(t->err);
    while (rc == 0 && !at_end(t, mark, text, &size)) {
        int c = peek(t);

        if (c == -1 || (c == '\n' && !lines))
            return fail(t, "a string does not end");
        if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F)
            return fail(t, "a string has a control character");
        t->line += c == '\n';
        t->p++;
        if (c == '\\' && mark[0] == '"')
            rc = parse_escape(t, lines, text, &size);
        else
            text[size++] = (char)c;
    }
    text[size] = '\0';
    *out = text;
    return rc;
}

/* ---- keys ------------------------------------------------------------------------------------ */

static int is_bare(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

static int parse_part(struct toml *t, const char **out)
{
    const char *start = t->p;

    if (peek(t) == '"' || peek(t) == '\'')
        return parse_string(t, 0, out);
    while (is_bare(peek(t)))
        t->p++;
    if (t->p == start)
        return fail(t, "a name is missing");
    *out = gnt_arena_strndup(t->arena, start, (size_t)(t->p - start));
    return *out != NULL ? 0 : gnt_nomem(t->err);
}

static int parse_key(struct toml *t, struct key *key)
{
    key->count = 0;
    for (;;) {
        int rc;

        skip_spaces(t);
        if (key->count == PARTS_MOST)
            return fail(t, "a name has too many parts");
        rc = parse_part(t, &key->parts[key->count]);
        if (rc < 0)
            return rc;
        key->count++;
        skip_spaces(t);
        if (peek(t) != '.')
            return 0;
        t->p++;
    }
}

/* ---- values ---------------------------------------------------------------------------------- */

static int new_value(struct toml *t, enum gnt_json_type type, struct gnt_json **out)
{
    if (++t->values > VALUES_MOST)
        return gnt_fail(t->err, GANTRY_E_LIMIT, "line %zu: there are more than %d values", t->line,
                        VALUES_MOST);
    *out = gnt_json_new(t->arena, type);
    return *out != NULL ? 0 : gnt_nomem(t->err);
}

/* The table of that name in a table, made if need be; the last one of an array of them. */
static int enter(struct toml *t, struct gnt_json **table, const char *name)
{
    const struct gnt_json *known = gnt_json_member(*table, name);
    struct gnt_json *made;
    int rc;

    if (known == NULL) {
        rc = new_value(t, GNT_JSON_OBJECT, &made);
        if (rc == 0 && gnt_json_set(t->arena, *table, name, made) < 0)
            rc = gnt_nomem(t->err);
        if (rc == 0)
            *table = made;
        return rc;
    }
    for (made = (*table)->first; made != known; made = made->next)
        continue;
    if (made->type == GNT_JSON_ARRAY && made->last != NULL)
        made = made->last;
    if (made->type != GNT_JSON_OBJECT)
        return fail(t, "a value is used as a table");
    *table = made;
    return 0;
}

/* "key = value" into a table. */
static int parse_pair(struct toml *t, struct gnt_json *table, int depth)
{
    struct gnt_json *value = NULL;
    struct key key;
    int rc = parse_key(t, &key);

    for (size_t i = 0; rc == 0 && i + 1 < key.count; i++)
        rc = enter(t, &table, key.parts[i]);
    if (rc < 0)
        return rc;
    if (peek(t) != '=')
        return fail(t, "there is no = behind a name");
    t->p++;
    skip_spaces(t);
    if (gnt_json_member(table, key.parts[key.count - 1]) != NULL)
        return fail(t, "a name is given twice");
    rc = parse_value(t, depth, &value);
    if (rc == 0 && gnt_json_set(t->arena, table, key.parts[key.count - 1], value) < 0)
        rc = gnt_nomem(t->err);
    return rc;
}

static int parse_inline_table(struct toml *t, int depth, struct gnt_json **out)
{
    int rc = new_value(t, GNT_JSON_OBJECT, out);

    t->p++;
    skip_spaces(t);
    while (rc == 0 && peek(t) != '}') {
        rc = parse_pair(t, *out, depth);
        skip_spaces(t);
        if (rc == 0 && peek(t) == ',') {
            t->p++;
            skip_spaces(t);
        } else if (rc == 0 && peek(t) != '}') {
            return fail(t, "a table in a line does not end with }");
        }
    }
    t->p += rc == 0;
    return rc;
}

/* Read over: nobody needs one. */
static int parse_array(struct toml *t, int depth, struct gnt_json **out)
{
    int rc = 0;

    t->p++;
    skip_blank(t);
    while (rc == 0 && peek(t) != ']') {
        struct gnt_json *unused;

        rc = parse_value(t, depth, &unused);
        skip_blank(t);
        if (rc == 0 && peek(t) == ',') {
            t->p++;
            skip_blank(t);
        } else if (rc == 0 && peek(t) != ']') {
            return fail(t, "an array does not end with ]");
        }
    }
    t->p += rc == 0;
    return rc == 0 ? new_value(t, GNT_JSON_NULL, out) : rc;
}

/* A number or a date. */
static int parse_word(struct toml *t, struct gnt_json **out)
{
    const char *start = t->p;

    while (is_bare(peek(t)) || peek(t) == '+' || peek(t) == '.' || peek(t) == ':')
        t->p++;
    if (t->p == start)
        return fail(t, "a value is missing");
    if (t->p - start == 4 && memcmp(start, "true", 4) == 0) {
        int rc = new_value(t, GNT_JSON_BOOL, out);

        if (rc == 0)
            (*out)->size = 1;
        return rc;
    }
    if (t->p - start == 5 && memcmp(start, "false", 5) == 0)
        return new_value(t, GNT_JSON_BOOL, out);
    if (strchr("0123456789+-in", *start) == NULL)
        return fail(t, "a value is no string, number, date or boolean");
    /* "1979-05-27 07:32:00" */
    if (t->p - start == 10 && start[4] == '-' && t->end - t->p > 2 && t->p[0] == ' ' &&
        t->p[1] >= '0' && t->p[1] <= '9') {
        t->p++;
        while (is_bare(peek(t)) || peek(t) == '+' || peek(t) == '.' || peek(t) == ':')
            t->p++;
    }
    return new_value(t, GNT_JSON_NULL, out);
}

static int parse_value(struct toml *t, int depth, struct gnt_json **out)
{
    const char *text;
    int rc;

    if (depth == DEPTH_MOST)
        return fail(t, "arrays and tables are nested too deep");
    if (peek(t) == '[')
        return parse_array(t, depth + 1, out);
    if (peek(t) == '{')
        return parse_inline_table(t, depth + 1, out);
    if (peek(t) != '"' && peek(t) != '\'')
        return parse_word(t, out);
    rc = parse_string(t, 1, &text);
    if (rc == 0)
        rc = new_value(t, GNT_JSON_STRING, out);
    if (rc == 0) {
        (*out)->text = text;
        (*out)->size = strlen(text);
    }
    return rc;
}

/* ---- tables ---------------------------------------------------------------------------------- */

/* "[[name]]": one more of them. */
static int add_table(struct toml *t, struct gnt_json **table, const char *name)
{
    const struct gnt_json *known = gnt_json_member(*table, name);
    struct gnt_json *list = NULL;
    struct gnt_json *made = NULL;
    int rc = 0;

    if (known != NULL && known->type != GNT_JSON_ARRAY)
        return fail(t, "a value is used as an array of tables");
    if (known == NULL) {
        rc = new_value(t, GNT_JSON_ARRAY, &list);
        if (rc == 0 && gnt_json_set(t->arena, *table, name, list) < 0)
            rc = gnt_nomem(t->err);
    } else {
        for (list = (*table)->first; list != known; list = list->next)
            continue;
    }
    if (rc == 0)
        rc = new_value(t, GNT_JSON_OBJECT, &made);
    if (rc == 0 && gnt_json_add(list, made) < 0)
        rc = gnt_nomem(t->err);
    if (rc == 0)
        *table = made;
    return rc;
}

/* "[a.b]" or "[[a.b]]", at the bracket. */
static int parse_header(struct toml *t, struct gnt_json **out)
{
    struct gnt_json *table = t->root;
    int many = looks_at(t, "[[");
    struct key key;
    int rc;

    t->p += many ? 2 : 1;
    rc = parse_key(t, &key);
    if (rc == 0 && !looks_at(t, many ? "]]" : "]"))
        rc = fail(t, "the name of a table does not end with ]");
    for (size_t i = 0; rc == 0 && i + 1 < key.count; i++)
        rc = enter(t, &table, key.parts[i]);
    if (rc < 0)
        return rc;
    t->p += many ? 2 : 1;
    rc = many ? add_table(t, &table, key.parts[key.count - 1])
              : enter(t, &table, key.parts[key.count - 1]);
    *out = table;
    return rc;
}

int gnt_toml_parse(struct gnt_arena *a, const char *text, size_t size, struct gnt_json **out,
                   gantry_error *err)
{
    struct toml t = { .arena = a, .p = text, .end = text + size, .line = 1, .err = err };
    struct gnt_json *table;
    int rc;

    if (gnt_utf8_span(text, size) != size)
        return gnt_fail(err, GANTRY_E_INVALID, "is not UTF-8");
    if (looks_at(&t, "\xEF\xBB\xBF"))
        t.p += 3;
    rc = new_value(&t, GNT_JSON_OBJECT, &t.root);
    table = t.root;
    while (rc == 0) {
        skip_blank(&t);
        if (peek(&t) == -1)
            break;
        rc = peek(&t) == '[' ? parse_header(&t, &table) : parse_pair(&t, table, 0);
        if (rc == 0)
            rc = end_line(&t);
    }
    if (rc == 0)
        *out = t.root;
    return rc;
}
