/*
 * Head and body of an HTTP answer: status, fields, payload and verdict are the same however the bytes
 * arrive; no head is taken without its blank line, no body as whole that was cut.
 */
#include "fuzz.h"

#include "error.h"
#include "head.h"

enum {
    LIMIT = 2000,
    FIELDS = 4000
};

struct result {
    struct gnt_head head;
    struct gnt_buf fields;
    struct gnt_buf payload;
    size_t head_size;
    int rc;      /* of the head */
    int body_rc; /* of feeding and ending the body */
};

static enum gnt_body_kind body_kind(const struct gnt_head *head)
{
    if (head->chunked)
        return GNT_BODY_CHUNKED;
    return head->length >= 0 ? GNT_BODY_LENGTH : GNT_BODY_UNTIL_CLOSE;
}

static int run_body(const uint8_t *data, size_t size, int split, uint8_t seed, struct result *r)
{
    struct gnt_body body;
    const char *payload;
    size_t payload_size;
    size_t piece;
    size_t round;
    size_t used;
    int rc;

    gnt_body_init(&body, body_kind(&r->head), r->head.length);
    for (round = 0; size > 0; round++) {
        piece = split ? fuzz_piece(seed, round, size) : size;
        rc = gnt_body_feed(&body, (const char *)data, piece, LIMIT, &used, &payload, &payload_size,
                           NULL);
        if (rc < 0)
            return rc;
        CHECK(used > 0 && used <= piece && payload_size <= used);
        if (payload_size > 0) {
            CHECK(payload >= (const char *)data &&
                  payload + payload_size <= (const char *)data + used);
            CHECK(gnt_buf_add(&r->payload, payload, payload_size) == 0);
        }
        data += used;
        size -= used;
    }
    rc = gnt_body_end(&body, NULL);
    CHECK(rc == 0 ? body.done : rc == GANTRY_E_TRUNCATED);
    if (rc == 0 && body.kind == GNT_BODY_LENGTH)
        CHECK(r->payload.size == (size_t)r->head.length);
    return rc;
}

static void run(const uint8_t *data, size_t size, int split, uint8_t seed, struct result *r)
{
    struct gnt_mem mem;
    size_t piece;
    size_t round;
    size_t used;

    memset(r, 0, sizeof *r);
    CHECK(gnt_mem_init(&mem, NULL, NULL) == 0);
    gnt_buf_init(&r->fields, &mem, FIELDS);
    gnt_buf_init(&r->payload, &mem, size);
    gnt_head_init(&r->head);
    r->head.fields = &r->fields;
    for (round = 0; !r->head.done && r->head_size < size; round++) {
        piece = size - r->head_size;
        if (split)
            piece = fuzz_piece(seed, round, piece);
        r->rc =
            gnt_head_feed(&r->head, (const char *)data + r->head_size, piece, LIMIT, &used, NULL);
        if (r->rc < 0)
            return;
        CHECK(used <= piece && (used == piece || r->head.done));
        r->head_size += used;
    }
    if (!r->head.done)
        return;
    CHECK(r->head_size >= 4 && memcmp(data + r->head_size - 4, "\r\n\r\n", 4) == 0);
    CHECK(r->head.status == 101 || (r->head.status >= 200 && r->head.status <= 599));
    CHECK(!r->head.chunked || r->head.length < 0);
    r->body_rc = run_body(data + r->head_size, size - r->head_size, split, seed, r);
}

static void same_text(const struct gnt_buf *a, const struct gnt_buf *b)
{
    CHECK(a->size == b->size);
    CHECK(a->size == 0 || memcmp(a->data, b->data, a->size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct result whole;
    static struct result pieces;

    if (size < 1)
        return 0;
    run(data + 1, size - 1, 0, data[0], &whole);
    run(data + 1, size - 1, 1, data[0], &pieces);
    /* Which of two faults is met first may depend on the pieces, whether there is one may not. */
    CHECK((whole.rc < 0) == (pieces.rc < 0));
    CHECK(whole.head.done == pieces.head.done);
    if (whole.head.done) {
        CHECK(whole.head.status == pieces.head.status);
        CHECK(whole.head_size == pieces.head_size);
        CHECK(whole.head.length == pieces.head.length);
        CHECK((whole.body_rc < 0) == (pieces.body_rc < 0));
        same_text(&whole.fields, &pieces.fields);
        if (whole.body_rc == 0)
            same_text(&whole.payload, &pieces.payload);
    }
    gnt_buf_free(&whole.fields);
    gnt_buf_free(&whole.payload);
    gnt_buf_free(&pieces.fields);
    gnt_buf_free(&pieces.payload);
    return 0;
}
