/*
 * Paths, queries and addresses. The only place that makes a path from what callers pass; must not
 * know any endpoint.
 */
#include "url.h"

#include "error.h"

#include <string.h>
#include <strings.h>

/* ---- encoding -------------------------------------------------------------------------------- */

static int is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int is_plain(char c)
{
    return is_letter(c) || is_digit(c) || c == '-' || c == '_' || c == '.' || c == '~';
}

int gnt_hex_digit(int c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int gnt_url_byte(const char *text, size_t size)
{
    int high = size > 2 && text[0] == '%' ? gnt_hex_digit(text[1]) : -1;
    int low = high >= 0 ? gnt_hex_digit(text[2]) : -1;

    return low >= 0 ? high * 16 + low : -1;
}

int gnt_url_encode(struct gnt_buf *out, const char *text, size_t size)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t i = 0;

    while (i < size) {
        size_t run = 0;
        char hex[3];

        while (i + run < size && is_plain(text[i + run]))
            run++;
        if (run > 0)
            (void)gnt_buf_add(out, text + i, run);
        i += run;
        if (i == size)
            break;
        hex[0] = '%';
        hex[1] = digits[(unsigned char)text[i] >> 4];
        hex[2] = digits[(unsigned char)text[i] & 15];
        (void)gnt_buf_add(out, hex, sizeof hex);
        i++;
    }
    return out->rc;
}

/* ---- paths ----------------------------------------------------------------------------------- */

/* Length of a dot at text, however often it is percent-encoded ("%2e", "%252E"); 0 if it is
 * none. */
static size_t dot_length(const char *text, size_t size)
{
    size_t at = 1;

    if (size > 0 && text[0] == '.')
        return 1;
    if (size == 0 || text[0] != '%')
        return 0;
    while (size - at >= 2 && text[at] == '2' && text[at + 1] == '5')
        at += 2;
    if (size - at >= 2 && text[at] == '2' && (text[at + 1] == 'e' || text[at + 1] == 'E'))
        return at + 2;
    return 0;
}

/* "", ".", "..", and what becomes one of them by decoding. */
static int leaves_place(const char *text, size_t size)
{
    int dots;

    for (dots = 0; dots < 3 && size > 0; dots++) {
        size_t length = dot_length(text, size);

        if (length == 0)
            return 0;
        text += length;
        size -= length;
    }
    return dots < 3;
}

/* One value, its parts between slashes checked and encoded. */
static int add_value(struct gnt_buf *out, const char *value, const char *slash, gantry_error *err)
{
    const char *part = value;

    if (value == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "a name in a path must not be NULL");
    for (;;) {
        size_t size = strcspn(part, "/");

        if (leaves_place(part, size))
            return gnt_fail(err, GANTRY_E_INVALID,
                            "'%s' cannot be part of a path: nothing between slashes may be empty, "
                            "'.' or '..'",
                            value);
        (void)gnt_url_encode(out, part, size);
        if (part[size] == '\0')
            return 0;
        (void)gnt_buf_adds(out, slash);
        part += size + 1;
    }
}

static int add_template(struct gnt_buf *out, gantry_error *err, const char *template_text,
                        va_list *args)
{
    const char *p = template_text;
    int rc = 0;

    while (rc == 0 && *p != '\0') {
        size_t literal = strcspn(p, "%");

        (void)gnt_buf_add(out, p, literal);
        p += literal;
        if (*p == '\0')
            break;
        if (p[1] == 's')
            rc = add_value(out, va_arg(*args, const char *), "%2F", err);
        else if (p[1] == 'r')
            rc = add_value(out, va_arg(*args, const char *), "/", err);
        else
            rc = gnt_fail(err, GANTRY_E_INVALID, "not a path template: %s", template_text);
        p += 2;
    }
    return rc;
}

int gnt_url_vpath(struct gnt_buf *out, gantry_error *err, const char *template_text, va_list args)
{
    size_t start = out->size;
    va_list copy; /* a parameter of array type could not be passed on by address */
    int rc;

    va_copy(copy, args);
    rc = add_template(out, err, template_text, &copy);
    va_end(copy);
    if (rc < 0 && out->data != NULL) {
        out->size = start;
        out->data[start] = '\0';
    }
    if (rc < 0)
        return rc;
    if (out->rc == GANTRY_E_LIMIT)
        return gnt_fail(err, out->rc, "the path is longer than %zu bytes", out->max);
    return out->rc < 0 ? gnt_nomem(err) : 0;
}

int gnt_url_path(struct gnt_buf *out, gantry_error *err, const char *template_text, ...)
{
    va_list args;
    int rc;

    va_start(args, template_text);
    rc = gnt_url_vpath(out, err, template_text, args);
    va_end(args);
    return rc;
}

static int is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* What may stand in a path as it is, besides '/'. No encoded slash, backslash or control character:
 * who decodes them would see another path. */
static int is_path_text(const char *p)
{
    if (*p == '%')
        return is_hex(p[1]) && is_hex(p[2]) && strchr("01", p[1]) == NULL &&
               strncasecmp(p, "%2f", 3) != 0 && strncasecmp(p, "%5c", 3) != 0 &&
               strncasecmp(p, "%7f", 3) != 0;
    return is_plain(*p) || strchr("!$&'()*+,;=:@", *p) != NULL;
}

int gnt_url_base_path(struct gnt_arena *arena, const char *what, const char *text, const char **out,
                      gantry_error *err)
{
    size_t size = strlen(text);
    const char *part;
    char *copy;

    while (size > 0 && text[size - 1] == '/')
        size--;
    copy = gnt_arena_strndup(arena, text, size);
    if (copy == NULL)
        return gnt_nomem(err);
    for (part = copy; *part == '/'; part += strcspn(part, "/")) {
        part++;
        if (leaves_place(part, strcspn(part, "/")))
            return gnt_fail(err, GANTRY_E_INVALID,
                            "%s: nothing between slashes may be empty, '.' or '..': %s", what,
                            text);
        for (const char *p = part; *p != '\0' && *p != '/'; p++) {
            if (!is_path_text(p))
                return gnt_fail(err, GANTRY_E_INVALID, "%s: not an encoded path: %s", what, text);
        }
    }
    if (*part != '\0' || (size == 0 && text[0] != '/' && text[0] != '\0'))
        return gnt_fail(err, GANTRY_E_INVALID, "%s: must begin with '/': %s", what, text);
    *out = copy;
    return 0;
}

int gnt_url_query(struct gnt_buf *out, const char *name, const char *value)
{
    if (value == NULL)
        return out->rc;
    (void)gnt_buf_adds(out, strchr(gnt_buf_text(out), '?') == NULL ? "?" : "&");
    (void)gnt_url_encode(out, name, strlen(name));
    (void)gnt_buf_adds(out, "=");
    return gnt_url_encode(out, value, strlen(value));
}
