/*
 * The framing of an HTTP/1.1 body: by length, in chunks, or until the connection ends. What it
 * answers above all is whether the end was really seen. Holds no payload.
 */
#include "head.h"

#include "error.h"
#include "url.h"

#include <string.h>

enum {
    LINE_BYTES = 4000 /* of a chunk's size line or a trailer: less than libcurl's own ceiling */
};

enum state {
    SIZE,      /* digits of a chunk's size */
    EXTENSION, /* what follows them on the line */
    SIZE_LF,   /* CR seen */
    DATA,
    DATA_CR, /* after a chunk's payload */
    DATA_LF,
    TRAILER,    /* at the beginning of a line after the last chunk */
    TRAILER_IN, /* inside such a line */
    TRAILER_LF,
    END_LF /* CR of the blank line seen */
};

void gnt_body_init(struct gnt_body *body, enum gnt_body_kind kind, int64_t length)
{
    memset(body, 0, sizeof *body);
    body->kind = kind;
    body->state = kind == GNT_BODY_CHUNKED ? SIZE : DATA;
    body->left = kind == GNT_BODY_LENGTH ? (uint64_t)length : 0;
    body->done = kind == GNT_BODY_NONE || (kind == GNT_BODY_LENGTH && length == 0);
}

static int bad_chunk(gantry_error *err)
{
    return gnt_fail(err, GANTRY_E_PROTOCOL, "malformed answer: a chunk makes no sense");
}

static int expect(struct gnt_body *body, char c, char want, int next, gantry_error *err)
{
    if (c != want)
        return bad_chunk(err);
    body->state = next;
    return 0;
}

/* One byte of the line that gives a chunk's size. */
static int size_byte(struct gnt_body *body, char c, gantry_error *err)
{
    int digit = body->state == SIZE ? gnt_hex_digit(c) : -1;

    body->line_size++;
    if (body->line_size > LINE_BYTES)
        return gnt_fail(err, GANTRY_E_LIMIT, "a chunk's size line is longer than %d bytes",
                        LINE_BYTES);
    if (digit >= 0) {
        if (body->left > (uint64_t)(INT64_MAX >> 4))
            return bad_chunk(err);
        body->left = body->left << 4 | (uint64_t)digit;
        return 0;
    }
    if (body->state == SIZE && (body->line_size == 1 || (c != ';' && c != '\r' && c != ' ')))
        return bad_chunk(err);
    if (c == '\n')
        return bad_chunk(err);
    body->state = c == '\r' ? SIZE_LF : EXTENSION;
    return 0;
}

/* One byte after the last chunk. */
static int trailer_byte(struct gnt_body *body, char c, size_t limit, gantry_error *err)
{
    body->trailers++;
    body->line_size = body->state == TRAILER ? 0 : body->line_size + 1;
    if (body->trailers > limit || body->lines > GNT_HEAD_LINES || body->line_size > LINE_BYTES)
        return gnt_fail(err, GANTRY_E_LIMIT, "the answer's trailers are too long");
    switch (body->state) {
    case TRAILER:
        body->state = c == '\r' ? END_LF : TRAILER_IN;
        return c == '\n' ? bad_chunk(err) : 0;
    case TRAILER_IN:
        body->state = c == '\r' ? TRAILER_LF : TRAILER_IN;
        return c == '\n' ? bad_chunk(err) : 0;
    case TRAILER_LF:
        body->lines++;
        return expect(body, c, '\n', TRAILER, err);
    default:
        body->done = c == '\n';
        return body->done ? 0 : bad_chunk(err);
    }
}

/* One byte of a chunked body that is not payload. */
static int framing_byte(struct gnt_body *body, char c, size_t limit, gantry_error *err)
{
    switch (body->state) {
    case SIZE:
    case EXTENSION:
        return size_byte(body, c, err);
    case SIZE_LF:
        body->line_size = 0;
        return expect(body, c, '\n', body->left > 0 ? DATA : TRAILER, err);
    case DATA_CR:
        return expect(body, c, '\r', DATA_LF, err);
    case DATA_LF:
        return expect(body, c, '\n', SIZE, err);
    default:
        return trailer_byte(body, c, limit, err);
    }
}

/* Account for the payload that is there. */
static size_t payload(struct gnt_body *body, size_t size)
{
    if (body->kind == GNT_BODY_UNTIL_CLOSE)
        return size;
    if (size > body->left)
        size = (size_t)body->left;
    body->left -= size;
    if (body->left == 0) {
        body->state = DATA_CR;
        body->done = body->kind == GNT_BODY_LENGTH;
    }
    return size;
}

int gnt_body_feed(struct gnt_body *body, const char *data, size_t size, size_t limit, size_t *used,
                  const char **out_payload, size_t *out_size, gantry_error *err)
{
    int rc;

    *used = 0;
    *out_size = 0;
    *out_payload = data;
    while (*used < size && !body->done) {
        if (body->state == DATA) {
            *out_payload = data + *used;
            *out_size = payload(body, size - *used);
            *used += *out_size;
            return 0;
        }
        rc = framing_byte(body, data[*used], limit, err);
        if (rc < 0)
            return rc;
        (*used)++;
    }
    if (body->done)
        *used = size;
    return 0;
}

int gnt_body_end(struct gnt_body *body, gantry_error *err)
{
    if (body->kind == GNT_BODY_UNTIL_CLOSE)
        body->done = 1;
    if (body->done)
        return 0;
    return gnt_fail(err, GANTRY_E_TRUNCATED, "the connection ended before the answer was whole");
}
