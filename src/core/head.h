/*
 * Pure parsers of an HTTP/1.1 answer: its head and the framing of its body. No descriptor, no curl;
 * bytes in, facts out, in pieces of any size. Strict: what two readers could read differently is
 * PROTOCOL.
 */
#ifndef GNT_HEAD_H
#define GNT_HEAD_H

#include "mem.h"

#define GNT_HEAD_LINES 1000 /* most lines of one answer's heads and trailers */

/* Parser of an answer's head, fuzzed: feeds bytes, tells when the blank line was seen. */
struct gnt_head {
    int status;
    int done;
    int64_t length;         /* Content-Length, -1 if none */
    int chunked;
    size_t line_count;      /* of all heads so far, "100 Continue" included */
    size_t total;           /* bytes so far */
    struct gnt_buf *fields; /* or NULL: receives "name\0value\0" of each field of the final head */
    size_t line_size;
    char line[8192];
};

void gnt_head_init(struct gnt_head *head);

/*
 * Consumes up to and including the blank line of the final head (heads with status 100 are
 * skipped);
 * *used says how much. PROTOCOL: not HTTP/1.x, a status outside 100..599 or 1xx other than 100 and
 * 101, a line that does not end with CR LF, control bytes, folding, a length that is no number or
 * not the same as before, a coding other than chunked, a content encoding. LIMIT: more than `limit`
 * bytes or GNT_HEAD_LINES lines. NOMEM for fields.
 */
int gnt_head_feed(struct gnt_head *head, const char *data, size_t size, size_t limit, size_t *used,
                  gantry_error *err);

/* How the end of a body is known. */
enum gnt_body_kind {
    GNT_BODY_NONE,
    GNT_BODY_LENGTH,
    GNT_BODY_CHUNKED,
    GNT_BODY_UNTIL_CLOSE
};

struct gnt_body {
    enum gnt_body_kind kind;
    int state;
    int done;         /* all of it was seen */
    uint64_t left;    /* payload bytes of the body or chunk still to come: only a counter */
    size_t line_size; /* of the size line or trailer being read */
    size_t trailers;  /* bytes of trailers so far */
    size_t lines;     /* trailers so far */
};

void gnt_body_init(struct gnt_body *body, enum gnt_body_kind kind, int64_t length);

/*
 * Take bytes: *used of them are consumed; of those the last *out_size, at *out_payload, are
 * payload. Call again with the rest until all is consumed; what follows the end is swallowed.
 * PROTOCOL for chunks that make no sense, LIMIT for trailers of more than `limit` bytes.
 */
int gnt_body_feed(struct gnt_body *body, const char *data, size_t size, size_t limit, size_t *used,
                  const char **out_payload, size_t *out_size, gantry_error *err);

/* The connection ended in order: 0 if the body was whole (it is done then), else TRUNCATED. */
int gnt_body_end(struct gnt_body *body, gantry_error *err);

#endif
