/*
 * The receiving half of HTTP: bytes of an answer in, status, fields and a bounded window of body
 * out, and the verdict whether it was whole. Knows no connection.
 */
#ifndef GNT_ANSWER_H
#define GNT_ANSWER_H

#include "head.h"

/* Above this many bytes in the window the connection is to be held. */
#define GNT_WINDOW ((size_t)64 * 1024)

struct gnt_answer {
    size_t limit;    /* bytes of headers and trailers */
    int no_body;     /* answer to HEAD */
    int until_close; /* the connection's end may be the answer's */
    int upgrade;     /* 101 was asked for, and 200 without a length is its old form */
    int ready;       /* the head is whole and was checked */
    int raw;         /* the connection was upgraded: what follows is no HTTP */
    struct gnt_head head;
    struct gnt_body body;
    struct gnt_buf fields;
    struct gnt_buf window; /* body bytes that nobody took yet */
    size_t taken;          /* how many of them someone did take */
    char *out;             /* where the reader that waits wants them, or NULL */
    size_t out_capacity;
    size_t out_size;
};

void gnt_answer_init(struct gnt_answer *a, const struct gnt_mem *mem, size_t limit);
void gnt_answer_free(struct gnt_answer *a);

/* Bytes as they come, head and body; *used is less than size only for what follows the head of an
 * upgraded connection. PROTOCOL, LIMIT, NOMEM. */
int gnt_answer_feed(struct gnt_answer *a, const char *data, size_t size, size_t *used,
                    gantry_error *err);
/* The connection ended in order: 0 if the answer was whole, else TRUNCATED. */
int gnt_answer_end(struct gnt_answer *a, gantry_error *err);
/* Whole: all of it was seen, though bytes may wait in the window. */
int gnt_answer_whole(const struct gnt_answer *a);

/* A head that is "400" and not one field more. */
int gnt_answer_is_bare_refusal(const struct gnt_answer *a);

const char *gnt_answer_field(const struct gnt_answer *a, const char *name);

/* Bytes that wait, and taking them. */
const char *gnt_answer_peek(const struct gnt_answer *a, size_t *out_size);
void gnt_answer_skip(struct gnt_answer *a, size_t size);
size_t gnt_answer_take(struct gnt_answer *a, void *buffer, size_t capacity);

#endif
