/*
 * Pull streams as callers see them: arguments, modes and sticky ends around a table of functions.
 * Knows nothing of where the bytes come from.
 */
#include "stream.h"

#include "host.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

enum {
    WAIT_SLICE_MS = 50 /* see gnt_stream_wait */
};

struct gantry_stream {
    gantry_host *host;
    gantry_stream_ops ops;
    void *state;
    int (*wait)(void *state, int events, gantry_error *err);
    int (*is_loss)(const char *data, size_t size); /* until the first bytes came; or NULL */
    const int *(*split)(void *state);
    int nonblocking;
    int ended;
    int write_closed;
    int rc; /* of reading; sticky */
    gantry_error failure;
};

/* Tables of an older backend are shorter; what they lack is zero. */
static void import_ops(void *dst, size_t known, const void *src, size_t size)
{
    memset(dst, 0, known);
    memcpy(dst, src, size < known ? size : known);
}

int gantry_stream_new(gantry_host *host, const gantry_stream_ops *ops, void *state,
                      gantry_stream **out, gantry_error *err)
{
    gantry_stream *s;

    if (ops == NULL || ops->size < sizeof ops->size || out == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "ops, out: must not be NULL, nor size be missing");
    s = gnt_alloc(&host->mem, sizeof *s);
    if (s == NULL)
        return gnt_nomem(err);
    s->host = host;
    s->state = state;
    import_ops(&s->ops, sizeof s->ops, ops, ops->size);
    if (s->ops.read == NULL || s->ops.close == NULL ||
        (s->ops.write == NULL) != (s->ops.close_write == NULL)) {
        gnt_free(&host->mem, s);
        return gnt_fail(err, GANTRY_E_INVALID,
                        "ops: read, close, or one of write and close_write is missing");
    }
    *out = s;
    return 0;
}

static int fail_as(gantry_error *err, int rc, const char *operation)
{
    if (rc < 0)
        gnt_error_operation(err, operation);
    return rc;
}

static int keep_failure(gantry_stream *s, int rc, gantry_error *err)
{
    s->failure.code = rc;
    s->rc = rc;
    if (err != NULL)
        *err = s->failure;
    return fail_as(err, rc, "stream.read");
}

static int check_first(gantry_stream *s, const char *data, size_t size, gantry_error *err)
{
    int is_loss = s->is_loss != NULL && size > 0 && s->is_loss(data, size);

    if (size > 0)
        s->is_loss = NULL;
    if (!is_loss)
        return 0;
    gnt_fail(err, GANTRY_E_TRUNCATED, "the engine lost the output: %.*s",
             (int)(size < 300 ? size : 300), data);
    gnt_error_outcome(err, GANTRY_OUTCOME_UNKNOWN, GANTRY_RETRY_ASK);
    return GANTRY_E_TRUNCATED;
}

int gantry_stream_read(gantry_stream *s, void *buffer, size_t capacity, size_t *out_size,
                       int *out_channel, gantry_error *err)
{
    int channel = GANTRY_STDOUT;
    int rc;

    if (s == NULL || buffer == NULL || capacity == 0 || out_size == NULL)
        return fail_as(
            err,
            gnt_fail(err, GANTRY_E_INVALID, "stream, buffer, capacity, out_size: must be given"),
            "stream.read");
    *out_size = 0;
    if (out_channel != NULL)
        *out_channel = GANTRY_STDOUT;
    if (s->rc != 0)
        return keep_failure(s, s->rc, err);
    if (s->ended)
        return 0;
    rc = s->ops.read(s->state, buffer, capacity, s->nonblocking, out_size, &channel, &s->failure);
    if (rc == GANTRY_E_AGAIN) {
        if (err != NULL)
            *err = s->failure;
        return fail_as(err, rc, "stream.read");
    }
    if (rc == 0)
        rc = check_first(s, buffer, *out_size, &s->failure);
    if (rc < 0) {
        *out_size = 0;
        return keep_failure(s, rc, err);
    }
    s->ended = *out_size == 0;
    if (out_channel != NULL)
        *out_channel = channel == GANTRY_STDERR ? GANTRY_STDERR : GANTRY_STDOUT;
    return 0;
}

static int check_write(const gantry_stream *s, gantry_error *err)
{
    if (s == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "stream: must not be NULL");
    if (s->ops.write == NULL)
        return gnt_fail(err, GANTRY_E_UNSUPPORTED, "this stream can only be read");
    if (s->write_closed)
        return gnt_fail(err, GANTRY_E_STATE, "the stream's input was closed before");
    return 0;
}

static int write_all(gantry_stream *s, const char *data, size_t size, size_t *written,
                     gantry_error *err)
{
    gantry_error failure = { 0 }; /* AGAIN passes through it on the way to a success */
    size_t piece;
    int rc = 0;

    while (rc == 0 && *written < size) {
        piece = 0;
        rc = s->ops.write(s->state, data + *written, size - *written, s->nonblocking, &piece,
                          &failure);
        *written += piece;
        if (s->nonblocking)
            break;
        /* Input waits, but who writes in blocking mode wants to write first. */
        if (rc == GANTRY_E_AGAIN)
            rc = gnt_stream_wait(s, GANTRY_POLL_OUT, &failure);
    }
    if (rc < 0 && err != NULL)
        *err = failure;
    return rc;
}

int gantry_stream_write(gantry_stream *s, const void *data, size_t size, size_t *out_written,
                        gantry_error *err)
{
    size_t written = 0;
    int rc = check_write(s, err);

    if (rc == 0 && data == NULL && size > 0)
        rc = gnt_fail(err, GANTRY_E_INVALID, "data: must not be NULL");
    if (rc == 0)
        rc = write_all(s, data, size, &written, err);
    if (out_written != NULL)
        *out_written = written;
    return fail_as(err, rc, "stream.write");
}

int gantry_stream_close_write(gantry_stream *s, gantry_error *err)
{
    int rc = check_write(s, err);

    if (rc == 0)
        rc = s->ops.close_write(s->state, err);
    if (rc == 0)
        s->write_closed = 1;
    return fail_as(err, rc, "stream.close_write");
}

void gantry_stream_set_nonblocking(gantry_stream *s, int on)
{
    if (s != NULL)
        s->nonblocking = on != 0;
}

int gantry_stream_fd(const gantry_stream *s, int *out_events)
{
    int events = 0;
    int fd = -1;

    if (s != NULL && s->ops.fd != NULL)
        fd = s->ops.fd(s->state, &events);
    if (out_events != NULL)
        *out_events = events;
    return fd;
}

int gantry_stream_timeout_ms(const gantry_stream *s)
{
    if (s == NULL || s->ops.timeout_ms == NULL)
        return -1;
    return s->ops.timeout_ms(s->state);
}

void gantry_stream_close(gantry_stream *s)
{
    gantry_host *host;

    if (s == NULL)
        return;
    host = s->host;
    s->ops.close(s->state);
    gnt_free(&host->mem, s);
}

void gnt_stream_on_wait(gantry_stream *s, int (*wait)(void *state, int events, gantry_error *err))
{
    s->wait = wait;
}

void gnt_stream_on_first(gantry_stream *s, int (*is_loss)(const char *data, size_t size))
{
    s->is_loss = is_loss;
}

void gnt_stream_on_split(gantry_stream *s, const int *(*split)(void *state))
{
    s->split = split;
}

const int *gnt_stream_split(gantry_stream *s)
{
    return s->split != NULL ? s->split(s->state) : NULL;
}

int gnt_stream_wait(gantry_stream *s, int events, gantry_error *err)
{
    struct pollfd fd = { -1, 0, 0 };

    if (s->wait != NULL)
        return s->wait(s->state, events, err);
    fd.fd = gantry_stream_fd(s, NULL);
    fd.events =
        (short)((events & GANTRY_POLL_IN ? POLLIN : 0) | (events & GANTRY_POLL_OUT ? POLLOUT : 0));
    if (poll(&fd, 1, WAIT_SLICE_MS) < 0 && errno != EINTR)
        return gnt_fail_errno(err, GANTRY_E_IO, errno, "waiting failed");
    return 0;
}

gantry_host *gnt_stream_host(const gantry_stream *s)
{
    return s->host;
}
