/*
 * The receiving half of HTTP: what of an answer is accepted, where its body goes. Knows the parsers
 * of head.h, no connection and no engine.
 */
#include "answer.h"

#include "error.h"

#include <string.h>
#include <strings.h>

/* Above GNT_WINDOW: a connection that is held may still deliver what was under way. */
#define WINDOW_MAX ((size_t)256 * 1024)

void gnt_answer_init(struct gnt_answer *a, const struct gnt_mem *mem, size_t limit)
{
    memset(a, 0, offsetof(struct gnt_answer, head));
    gnt_head_init(&a->head);
    gnt_body_init(&a->body, GNT_BODY_UNTIL_CLOSE, 0);
    gnt_buf_init(&a->fields, mem, limit);
    gnt_buf_init(&a->window, mem, WINDOW_MAX);
    a->head.fields = &a->fields;
    a->limit = limit;
    a->taken = 0;
    a->out = NULL;
    a->out_capacity = 0;
    a->out_size = 0;
}

void gnt_answer_free(struct gnt_answer *a)
{
    gnt_buf_free(&a->fields);
    gnt_buf_free(&a->window);
}

/* The head is whole: is it one that this request may get, and how long is the body? */
static int check_head(struct gnt_answer *a, gantry_error *err)
{
    int status = a->head.status;
    int bare = !a->head.chunked && a->head.length < 0;
    enum gnt_body_kind kind = GNT_BODY_LENGTH;

    if (status == 101 && !a->upgrade)
        return gnt_fail(err, GANTRY_E_PROTOCOL, "the engine switched protocols unasked");
    if (status >= 300 && status < 400 && status != 304)
        return gnt_fail(err, GANTRY_E_PROTOCOL,
                        "the engine answered with a redirect (%d), which is "
                        "never followed",
                        status);
    if (a->upgrade && (status == 101 || (status == 200 && bare)))
        a->raw = 1;
    else if (a->no_body || status == 204 || status == 304)
        kind = GNT_BODY_NONE;
    else if (a->head.chunked)
        kind = GNT_BODY_CHUNKED;
    else if (bare)
        kind = GNT_BODY_UNTIL_CLOSE;
    /* Errors may be without a length: what they say can be shown, even if it is not all. */
    if (!a->raw && kind == GNT_BODY_UNTIL_CLOSE && !a->until_close && status < 400)
        return gnt_fail(err, GANTRY_E_PROTOCOL, "malformed answer: it has no length");
    gnt_body_init(&a->body, a->raw ? GNT_BODY_UNTIL_CLOSE : kind, a->head.length);
    a->ready = 1;
    return 0;
}

static int put(struct gnt_answer *a, const char *data, size_t size, gantry_error *err)
{
    size_t direct = a->out_capacity - a->out_size;

    if (a->out == NULL || a->window.size > a->taken)
        direct = 0;
    if (direct > size)
        direct = size;
    if (direct > 0) {
        memcpy(a->out + a->out_size, data, direct);
        a->out_size += direct;
    }
    if (direct == size)
        return 0;
    if (gnt_buf_add(&a->window, data + direct, size - direct) == GANTRY_E_LIMIT)
        return gnt_fail(err, GANTRY_E_LIMIT, "more than %zu bytes came unasked", WINDOW_MAX);
    return a->window.rc == 0 ? 0 : gnt_nomem(err);
}

static int feed_body(struct gnt_answer *a, const char *data, size_t size, gantry_error *err)
{
    size_t limit = a->limit - a->head.total;
    const char *payload;
    size_t payload_size;
    size_t used;
    int rc = 0;

    while (rc == 0 && size > 0) {
        rc = gnt_body_feed(&a->body, data, size, limit, &used, &payload, &payload_size, err);
        if (rc == 0 && payload_size > 0)
            rc = put(a, payload, payload_size, err);
        data += used;
        size -= used;
    }
    return rc;
}

int gnt_answer_feed(struct gnt_answer *a, const char *data, size_t size, size_t *used,
                    gantry_error *err)
{
    int rc;

    *used = 0;
    if (!a->ready) {
        rc = gnt_head_feed(&a->head, data, size, a->limit, used, err);
        if (rc == 0 && a->head.done)
            rc = check_head(a, err);
        if (rc < 0 || !a->ready)
            return rc;
    }
    if (a->raw)
        return 0;
    rc = feed_body(a, data + *used, size - *used, err);
    *used = size;
    return rc;
}

int gnt_answer_end(struct gnt_answer *a, gantry_error *err)
{
    if (!a->ready)
        return gnt_fail(err, GANTRY_E_TRUNCATED,
                        a->head.total > 0 ? "the connection ended inside the head of the answer"
                                          : "the connection ended without an answer");
    return gnt_body_end(&a->body, err);
}

int gnt_answer_whole(const struct gnt_answer *a)
{
    return a->ready && a->body.done;
}

int gnt_answer_is_bare_refusal(const struct gnt_answer *a)
{
    return a->ready && a->head.status == 400 && a->fields.size == 0;
}

const char *gnt_answer_field(const struct gnt_answer *a, const char *name)
{
    const char *at = gnt_buf_text(&a->fields);
    const char *end = at + a->fields.size;
    const char *value;

    while (at < end) {
        value = at + strlen(at) + 1;
        if (strcasecmp(at, name) == 0)
            return value;
        at = value + strlen(value) + 1;
    }
    return NULL;
}

const char *gnt_answer_peek(const struct gnt_answer *a, size_t *out_size)
{
    *out_size = a->window.size - a->taken;
    return *out_size > 0 ? a->window.data + a->taken : "";
}

void gnt_answer_skip(struct gnt_answer *a, size_t size)
{
    a->taken += size;
    if (a->taken >= a->window.size) {
        gnt_buf_clear(&a->window);
        a->taken = 0;
    }
}

size_t gnt_answer_take(struct gnt_answer *a, void *buffer, size_t capacity)
{
    size_t waiting;
    const char *data = gnt_answer_peek(a, &waiting);

    if (capacity > waiting)
        capacity = waiting;
    if (capacity > 0)
        memcpy(buffer, data, capacity);
    gnt_answer_skip(a, capacity);
    return capacity;
}
