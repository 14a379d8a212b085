/*
 * What is built on reading a stream to its end: callbacks, descriptors, memory. Knows streams only
 * by their public functions.
 */
#include "stream.h"

#include "host.h"
#include "model.h"
#include "sigpipe.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum {
    PIECE = 64 * 1024
};

/* ---- each ------------------------------------------------------------------------------------ */

/* Read once and hand it on. *got is 0 at the end. */
static int pass_piece(gantry_stream *s, char *piece, gantry_sink_fn sink, void *arg, size_t *got,
                      gantry_error *err)
{
    int channel;
    int rc = gantry_stream_read(s, piece, PIECE, got, &channel, err);

    if (rc == 0 && *got > 0 && sink(arg, channel, piece, *got) != 0)
        return gnt_fail(err, GANTRY_E_CALLBACK, "stopped by the callback");
    return rc;
}

/* In non-blocking mode too this reads to the end. */
static int pass_all(gantry_stream *s, gantry_sink_fn sink, void *arg, gantry_error *err)
{
    gantry_host *host = gnt_stream_host(s);
    char *piece = gnt_alloc(&host->mem, PIECE);
    gantry_error failure = { 0 }; /* AGAIN passes through it on the way to a success */
    size_t got = 1;
    int rc = 0;

    if (piece == NULL)
        return gnt_nomem(err);
    while (rc == 0 && got > 0) {
        rc = pass_piece(s, piece, sink, arg, &got, &failure);
        if (rc == GANTRY_E_AGAIN) {
            got = 1;
            rc = gnt_stream_wait(s, GANTRY_POLL_IN, &failure);
        }
    }
    gnt_free(&host->mem, piece);
    if (rc < 0 && err != NULL)
        *err = failure;
    return rc;
}

int gantry_stream_each(gantry_stream *s, gantry_sink_fn sink, void *arg, gantry_error *err)
{
    int rc;

    if (s == NULL || sink == NULL)
        rc = gnt_fail(err, GANTRY_E_INVALID, "stream, sink: must not be NULL");
    else
        rc = pass_all(s, sink, arg, err);
    if (rc < 0)
        gnt_error_operation(err, "stream.each");
    return rc;
}

/* ---- descriptors ----------------------------------------------------------------------------- */

struct copy {
    int fds[3]; /* by channel */
    int os_error;
};

/* SIGPIPE is held back, and taken if it is ours. */
ssize_t gnt_write_quietly(int fd, const char *data, size_t size)
{
    struct gnt_sigpipe signal;
    ssize_t written;
    int saved;

    gnt_sigpipe_hold(&signal);
    written = write(fd, data, size);
    saved = errno;
    gnt_sigpipe_release(&signal);
    errno = saved;
    return written;
}

static int copy_sink(void *arg, int channel, const void *data, size_t size)
{
    struct copy *copy = arg;
    const char *at = data;
    struct pollfd ready = { copy->fds[channel], POLLOUT, 0 };
    ssize_t written;

    while (ready.fd >= 0 && size > 0) {
        written = gnt_write_quietly(ready.fd, at, size);
        if (written >= 0) {
            at += written;
            size -= (size_t)written;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            (void)poll(&ready, 1, -1);
        } else if (errno != EINTR) {
            copy->os_error = errno;
            return -1;
        }
    }
    return 0;
}

int gnt_fd_write(int fd, const void *data, size_t size, gantry_error *err)
{
    struct copy copy = { { fd, fd, fd }, 0 };

    if (copy_sink(&copy, GANTRY_STDOUT, data, size) == 0)
        return 0;
    return gnt_fail_errno(err, GANTRY_E_IO, copy.os_error, "cannot write the output");
}

int gantry_stream_copy_fd(gantry_stream *s, int out_fd, int err_fd, gantry_error *err)
{
    struct copy copy = { { out_fd, out_fd, err_fd }, 0 };
    int rc;

    if (s == NULL)
        rc = gnt_fail(err, GANTRY_E_INVALID, "stream: must not be NULL");
    else
        rc = pass_all(s, copy_sink, &copy, err);
    if (copy.os_error != 0)
        rc = gnt_fail_errno(err, GANTRY_E_IO, copy.os_error, "cannot write the output");
    if (rc < 0)
        gnt_error_operation(err, "stream.copy_fd");
    return rc;
}

/* ---- memory ---------------------------------------------------------------------------------- */

void gnt_capture_init(struct gnt_capture *c, const struct gnt_mem *mem, size_t limit)
{
    gnt_buf_init(&c->out, mem, limit);
    gnt_buf_init(&c->err, mem, limit);
}

int gnt_capture_sink(void *capture, int channel, const void *data, size_t size)
{
    struct gnt_capture *c = capture;

    return gnt_buf_add(channel == GANTRY_STDERR ? &c->err : &c->out, data, size);
}

void gnt_capture_free(struct gnt_capture *c)
{
    gnt_buf_free(&c->out);
    gnt_buf_free(&c->err);
}

static void free_capture(void *arg)
{
    gnt_capture_free(arg);
}

int gnt_capture_give(struct gnt_capture *c, void *result, gantry_output *out, gantry_error *err)
{
    struct gnt_mem mem = c->out.mem;
    struct gnt_capture *kept = gnt_arena_alloc(gnt_result_arena(result), sizeof *kept);

    if (kept == NULL)
        return gnt_nomem(err);
    *kept = *c;
    gnt_capture_init(c, &mem, 0);
    gnt_result_on_free(result, free_capture, kept);
    out->stdout_data = gnt_buf_text(&kept->out);
    out->stdout_size = kept->out.size;
    out->stderr_data = gnt_buf_text(&kept->err);
    out->stderr_size = kept->err.size;
    return 0;
}

int gnt_capture_result(const struct gnt_capture *c, int rc, gantry_error *err)
{
    const struct gnt_buf *full = c->out.rc != 0 ? &c->out : &c->err;

    if (rc != GANTRY_E_CALLBACK || full->rc == 0)
        return rc;
    if (full->rc == GANTRY_E_LIMIT)
        return gnt_fail(err, GANTRY_E_LIMIT, "more than %zu bytes on %s", full->max,
                        full == &c->out ? "stdout" : "stderr");
    return gnt_nomem(err);
}

static int capture(gantry_stream *s, size_t limit, gantry_output **out, gantry_error *err)
{
    gantry_host *host = gnt_stream_host(s);
    gantry_output *output = gnt_result_new(&host->mem, GNT_KIND_OUTPUT, err);
    struct gnt_capture c;
    int rc;

    if (output == NULL)
        return GANTRY_E_NOMEM;
    gnt_capture_init(&c, &host->mem, limit > 0 ? limit : host->limits.capture_bytes);
    rc = gnt_capture_result(&c, pass_all(s, gnt_capture_sink, &c, err), err);
    if (rc == 0)
        rc = gnt_capture_give(&c, output, output, err);
    gnt_capture_free(&c);
    if (rc < 0)
        gnt_result_free(output);
    else
        *out = output;
    return rc;
}

int gantry_stream_capture(gantry_stream *s, size_t limit, gantry_output **out, gantry_error *err)
{
    int rc;

    if (s == NULL || out == NULL)
        rc = gnt_fail(err, GANTRY_E_INVALID, "stream, out: must not be NULL");
    else
        rc = capture(s, limit, out, err);
    if (rc < 0)
        gnt_error_operation(err, "stream.capture");
    return rc;
}
