/*
 * Archives that an engine sends: a stream that ends well only behind a tar's end mark. HTTP alone
 * does not tell: an engine that fails while it writes may end its answer in order, with a complaint
 * as its last bytes. Reads no entry.
 */
#include "rest_upkeep.h"

#include <string.h>

enum {
    END_MARK = 1024 /* two blocks of zeroes */
};

struct tar_stream {
    const struct gnt_rest *rest;
    gantry_stream *bytes;
    size_t tail_size;
    char *resource;
    int resource_kind;
    char tail[END_MARK]; /* the last bytes that came */
};

static void keep_tail(struct tar_stream *s, const char *data, size_t size)
{
    size_t keep;

    if (size >= END_MARK) {
        memcpy(s->tail, data + size - END_MARK, END_MARK);
        s->tail_size = END_MARK;
        return;
    }
    keep = s->tail_size < END_MARK - size ? s->tail_size : END_MARK - size;
    memmove(s->tail, s->tail + s->tail_size - keep, keep);
    memcpy(s->tail + keep, data, size);
    s->tail_size = keep + size;
}

static int is_marked(const struct tar_stream *s)
{
    if (s->tail_size < END_MARK)
        return 0;
    for (size_t i = 0; i < END_MARK; i++) {
        if (s->tail[i] != '\0')
            return 0;
    }
    return 1;
}

/* The last place where a complaint may begin. */
static const char *find_complaint(const struct tar_stream *s)
{
    static const char begin[] = "{\"errorDetail\"";
    const size_t size = sizeof begin - 1;

    for (size_t at = s->tail_size; at >= size; at--) {
        if (memcmp(s->tail + at - size, begin, size) == 0)
            return s->tail + at - size;
    }
    return NULL;
}

static int unmarked(const struct tar_stream *s, gantry_error *err)
{
    const char *complaint = find_complaint(s);
    const char *message = NULL;
    struct gnt_json *doc = NULL;
    struct gnt_arena arena;
    int rc;

    gnt_arena_init(&arena, &s->rest->host->mem);
    if (complaint != NULL &&
        gnt_json_parse(&arena, complaint, (size_t)(s->tail + s->tail_size - complaint), &doc,
                       NULL) == 0)
        message = gnt_json_text(gnt_json_get(doc, "errorDetail/message"));
    if (message != NULL) {
        rc = gnt_rest_error(s->rest, 0, message, NULL, s->resource_kind, s->resource, err);
    } else {
        rc = gnt_fail(err, GANTRY_E_TRUNCATED, "the archive ends without its end mark");
        gnt_error_resource(err, s->resource_kind, s->resource);
        gnt_error_outcome(err, GANTRY_OUTCOME_UNKNOWN, GANTRY_RETRY_YES);
    }
    gnt_arena_free(&arena);
    return rc;
}

static int tar_read(void *state, void *buffer, size_t capacity, int nonblocking, size_t *out_size,
                    int *out_channel, gantry_error *err)
{
    struct tar_stream *s = state;
    int rc;

    gantry_stream_set_nonblocking(s->bytes, nonblocking);
    rc = gantry_stream_read(s->bytes, buffer, capacity, out_size, out_channel, err);
    if (rc < 0) {
        if (err != NULL && err->resource_kind == GANTRY_RESOURCE_NONE)
            gnt_error_resource(err, s->resource_kind, s->resource);
        return rc;
    }
    if (*out_size == 0)
        return is_marked(s) ? 0 : unmarked(s, err);
    keep_tail(s, buffer, *out_size);
    return 0;
}

static int tar_fd(const void *state, int *out_events)
{
    const struct tar_stream *s = state;

    return gantry_stream_fd(s->bytes, out_events);
}

static int tar_timeout_ms(const void *state)
{
    const struct tar_stream *s = state;

    return gantry_stream_timeout_ms(s->bytes);
}

static void tar_close(void *state)
{
    struct tar_stream *s = state;
    const struct gnt_mem *mem = &s->rest->host->mem;

    gantry_stream_close(s->bytes);
    gnt_free(mem, s->resource);
    gnt_free(mem, s);
}

static const gantry_stream_ops tar_ops = { .size = sizeof tar_ops,
                                           .read = tar_read,
                                           .fd = tar_fd,
                                           .close = tar_close,
                                           .timeout_ms = tar_timeout_ms };

int gnt_rest_tar_wrap(struct gnt_rest *rest, int resource_kind, const char *resource,
                      struct gnt_exchange *x, gantry_stream **out, gantry_error *err)
{
    struct gantry_host *host = rest->host;
    struct tar_stream *s = gnt_alloc(&host->mem, sizeof *s);
    int rc;

    if (s == NULL)
        return gnt_nomem(err);
    s->rest = rest;
    s->resource_kind = resource_kind;
    s->resource = gnt_strdup(&host->mem, resource != NULL ? resource : "");
    rc = s->resource == NULL ? gnt_nomem(err) : gantry_stream_new(host, &tar_ops, s, out, err);
    if (rc == 0) {
        rc = gnt_stream_of_exchange(host, x, GNT_RAW, &s->bytes, err);
        if (rc == 0)
            return 0;
        gantry_stream_close(*out); /* frees s; the exchange stays */
        *out = NULL;
        return rc;
    }
    gnt_free(&host->mem, s->resource);
    gnt_free(&host->mem, s);
    return rc;
}

int gnt_rest_tar_open(struct gnt_req *r, gantry_stream **out, gantry_error *err)
{
    struct gnt_exchange *x = NULL;
    gantry_stream *stream = NULL;
    int rc = gnt_req_send(r, &x, err);

    if (rc == 0)
        rc = gnt_rest_tar_wrap(r->rest, r->resource_kind, r->resource, x, &stream, err);
    if (rc < 0)
        gnt_exchange_close(x);
    else
        *out = stream;
    gnt_req_free(r);
    return rc;
}
