/*
 * The head of an HTTP/1.1 answer, line by line. Knows what the library accepts of HTTP, nothing of
 * connections, engines or bodies.
 */
#include "head.h"

#include "error.h"

#include <string.h>
#include <strings.h>

void gnt_head_init(struct gnt_head *head)
{
    memset(head, 0, offsetof(struct gnt_head, line));
    head->length = -1;
}

static int malformed(gantry_error *err, const char *what)
{
    return gnt_fail(err, GANTRY_E_PROTOCOL, "malformed answer: %s", what);
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "HTTP/1.1 200 OK", the reason being optional. */
static int parse_status(struct gnt_head *head, const char *line, size_t size, gantry_error *err)
{
    if (size < 12 || memcmp(line, "HTTP/1.", 7) != 0 || !is_digit(line[7]) || line[8] != ' ' ||
        !is_digit(line[9]) || !is_digit(line[10]) || !is_digit(line[11]) ||
        (size > 12 && line[12] != ' '))
        return malformed(err, "it does not begin with an HTTP/1.1 status line");
    head->status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
    if (head->status < 100 || head->status > 599 || (head->status > 101 && head->status < 200))
        return gnt_fail(err, GANTRY_E_PROTOCOL, "the answer has the impossible status %d",
                        head->status);
    return 0;
}

static int parse_length(struct gnt_head *head, const char *value, size_t size, gantry_error *err)
{
    int64_t length = 0;
    size_t i;

    for (i = 0; i < size; i++) {
        if (!is_digit(value[i]) || length > (INT64_MAX - 9) / 10)
            return malformed(err, "its Content-Length is no length");
        length = length * 10 + (value[i] - '0');
    }
    if (size == 0)
        return malformed(err, "its Content-Length is empty");
    if (head->length >= 0 && head->length != length)
        return malformed(err, "it has two different lengths");
    head->length = length;
    return 0;
}

static int same(const char *text, size_t size, const char *word)
{
    return size == strlen(word) && strncasecmp(text, word, size) == 0;
}

static int interpret(struct gnt_head *head, const char *name, size_t name_size, const char *value,
                     size_t size, gantry_error *err)
{
    if (same(name, name_size, "Content-Length"))
        return parse_length(head, value, size, err);
    if (same(name, name_size, "Content-Encoding") && !same(value, size, "identity"))
        return gnt_fail(err, GANTRY_E_PROTOCOL,
                        "the answer has a content encoding (%.*s), which "
                        "was not asked for",
                        size < 32 ? (int)size : 32, value);
    if (same(name, name_size, "Transfer-Encoding")) {
        if (head->chunked || !same(value, size, "chunked"))
            return malformed(err, "its Transfer-Encoding is not chunked");
        head->chunked = 1;
    }
    return 0;
}

static int keep(struct gnt_head *head, const char *name, size_t name_size, const char *value,
                size_t size, gantry_error *err)
{
    if (head->fields == NULL)
        return 0;
    (void)gnt_buf_add(head->fields, name, name_size);
    (void)gnt_buf_add(head->fields, "", 1);
    (void)gnt_buf_add(head->fields, value, size);
    if (gnt_buf_add(head->fields, "", 1) == GANTRY_E_LIMIT)
        return gnt_fail(err, GANTRY_E_LIMIT, "the answer's headers are too long");
    return head->fields->rc == 0 ? 0 : gnt_nomem(err);
}

static int parse_field(struct gnt_head *head, const char *line, size_t size, gantry_error *err)
{
    const char *colon = memchr(line, ':', size);
    const char *value;
    size_t name_size;
    int rc;

    if (line[0] == ' ' || line[0] == '\t')
        return malformed(err, "a header is folded");
    name_size = colon != NULL ? (size_t)(colon - line) : 0;
    if (name_size == 0 || memchr(line, ' ', name_size) != NULL ||
        memchr(line, '\t', name_size) != NULL)
        return malformed(err, "a line is no header");
    value = colon + 1;
    size -= name_size + 1;
    while (size > 0 && (value[0] == ' ' || value[0] == '\t')) {
        value++;
        size--;
    }
    while (size > 0 && (value[size - 1] == ' ' || value[size - 1] == '\t'))
        size--;
    rc = interpret(head, line, name_size, value, size, err);
    return rc < 0 ? rc : keep(head, line, name_size, value, size, err);
}

static int end_head(struct gnt_head *head, gantry_error *err)
{
    if (head->status == 0)
        return malformed(err, "it begins with an empty line");
    if (head->chunked && head->length >= 0)
        return malformed(err, "it has both a length and chunks");
    if (head->status == 100) {
        /* Only an interlude: the real answer follows. */
        head->status = 0;
        head->length = -1;
        head->chunked = 0;
        if (head->fields != NULL)
            gnt_buf_clear(head->fields);
        return 0;
    }
    head->done = 1;
    return 0;
}

/* A whole line, with its LF. */
static int parse_line(struct gnt_head *head, const char *line, size_t size, gantry_error *err)
{
    size_t i;

    head->line_count++;
    if (head->line_count > GNT_HEAD_LINES)
        return gnt_fail(err, GANTRY_E_LIMIT, "the answer has more than %d header lines",
                        GNT_HEAD_LINES);
    if (size < 2 || line[size - 2] != '\r')
        return malformed(err, "a header line does not end with CR LF");
    size -= 2;
    for (i = 0; i < size; i++) {
        if (((unsigned char)line[i] < 0x20 && line[i] != '\t') || line[i] == 0x7f)
            return malformed(err, "control characters in its head");
    }
    if (size == 0)
        return end_head(head, err);
    if (head->status == 0)
        return parse_status(head, line, size, err);
    return parse_field(head, line, size, err);
}

int gnt_head_feed(struct gnt_head *head, const char *data, size_t size, size_t limit, size_t *used,
                  gantry_error *err)
{
    const char *lf;
    size_t piece;
    int rc;

    *used = 0;
    while (!head->done && *used < size) {
        lf = memchr(data + *used, '\n', size - *used);
        piece = lf != NULL ? (size_t)(lf - data) + 1 - *used : size - *used;
        if (piece > limit - head->total)
            return gnt_fail(err, GANTRY_E_LIMIT, "the answer's headers are longer than %zu bytes",
                            limit);
        if (piece > sizeof head->line - head->line_size)
            return gnt_fail(err, GANTRY_E_LIMIT, "a header line is longer than %zu bytes",
                            sizeof head->line);
        memcpy(head->line + head->line_size, data + *used, piece);
        head->line_size += piece;
        head->total += piece;
        *used += piece;
        if (lf == NULL)
            return 0;
        rc = parse_line(head, head->line, head->line_size, err);
        if (rc < 0)
            return rc;
        head->line_size = 0;
    }
    return 0;
}
