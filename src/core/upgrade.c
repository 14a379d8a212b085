/*
 * Hijacked connections. Makes the request's head itself, has the answer read by answer.h, and from
 * then on only moves bytes. Does not know framing, nor what is attached to.
 */
#include "upgrade.h"

#include "answer.h"
#include "link.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BUFFER_SIZE = 32 * 1024,
    REQUEST_MAX = 4 * 1024 * 1024,
    LINGER_MS = 1000 /* longest wait for an engine that does not read, at the end */
};

struct gnt_duplex {
    struct gnt_http *http;
    struct gnt_link *link;
    struct gnt_clock clock;
    struct gnt_answer answer;
    int fd;
    int ended;       /* the peer sends no more */
    int shut;        /* we send no more */
    int shut_due;    /* and the engine is told so once all of it has left */
    int nonblocking; /* how the last write was made */
    int want_out;    /* the last write found no room */
    char *buffer;    /* bytes that came and nobody took: from begin to end */
    size_t begin;
    size_t end;
};

/* curl calls none of these for a connection without a transfer. */
static int no_bytes(void *arg, const char *data, size_t size)
{
    (void)arg;
    (void)data;
    (void)size;
    return GNT_LINK_STOP;
}

static int no_upload(void *arg, char *buffer, size_t capacity, size_t *out_size)
{
    (void)arg;
    (void)buffer;
    (void)capacity;
    (void)out_size;
    return GNT_LINK_STOP;
}

static const struct gnt_link_hooks hooks = { no_bytes, no_bytes, no_upload, no_bytes };

/* ---- waiting --------------------------------------------------------------------------------- */

/* Sleep until the socket has one of the events or a limit passes. 1, 0 for nothing yet, or a
 * code. */
static int sleep_on(const struct gnt_duplex *d, const struct gnt_clock *clock, short events,
                    short *out_events, gantry_error *err)
{
    struct pollfd fds[2] = { { d->fd, events, 0 }, { gantry_cancel_fd(clock->cancel), POLLIN, 0 } };
    int rc = gnt_clock_check(clock, err);

    if (rc < 0)
        return rc;
    rc = poll(fds, 2, gnt_clock_wait_ms(clock, -1));
    if (rc < 0 && errno != EINTR)
        return gnt_fail_errno(err, GANTRY_E_IO, errno, "waiting failed");
    if (rc <= 0 || fds[0].revents == 0)
        return 0;
    *out_events = fds[0].revents;
    return 1;
}

static int broke(const struct gnt_duplex *d, int code, gantry_error *err)
{
    int refused = gnt_link_refused(d->link, err);

    return refused != 0
               ? refused
               : gnt_fail_errno(err, GANTRY_E_TRUNCATED, code, "the engine's connection broke");
}

/* ---- opening --------------------------------------------------------------------------------- */

static int connect_link(struct gnt_duplex *d, const struct gnt_clock *clock, gantry_error *err)
{
    int rc = gnt_link_connect(d->link, err);

    while (rc == 0 && !gnt_link_done(d->link)) {
        rc = gnt_clock_check(clock, err);
        if (rc == 0)
            (void)gnt_link_step(d->link, clock, 1);
    }
    if (rc == 0)
        rc = gnt_link_failure(d->link, err);
    if (rc < 0)
        return rc;
    d->fd = gnt_link_socket(d->link);
    if (d->fd < 0)
        return gnt_fail(err, GANTRY_E_UNAVAILABLE, "the connection was lost at once");
    return 0;
}

static int names_agent(const char *const *lines)
{
    while (lines != NULL && *lines != NULL) {
        if (strncasecmp(*lines++, "User-Agent:", 11) == 0)
            return 1;
    }
    return 0;
}

static int make_request(const struct gnt_duplex *d, const struct gnt_http_request *request,
                        struct gnt_buf *text, gantry_error *err)
{
    const char *const *always = gnt_http_headers(d->http);
    size_t i;

    if (request->source != NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "source: not with an upgrade");
    (void)gnt_buf_addf(text, "%s %s%s HTTP/1.1\r\n", request->method, gnt_http_base_path(d->http),
                       request->target);
    (void)gnt_buf_adds(text, "Host: ");
    gnt_http_authority(d->http, text);
    (void)gnt_buf_adds(text, "\r\n");
    if (!names_agent(always))
        (void)gnt_buf_adds(text, "User-Agent: libgantry/" GANTRY_VERSION_STRING "\r\n");
    for (i = 0; request->headers != NULL && request->headers[i] != NULL; i++)
        (void)gnt_buf_addf(text, "%s\r\n", request->headers[i]);
    for (i = 0; always != NULL && always[i] != NULL; i++)
        (void)gnt_buf_addf(text, "%s\r\n", always[i]);
    if (request->has_body)
        (void)gnt_buf_addf(text, "Content-Type: %s\r\n", request->content_type);
    (void)gnt_buf_addf(text, "Content-Length: %zu\r\n", request->has_body ? request->body_size : 0);
    (void)gnt_buf_adds(text, "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
    if (request->has_body)
        (void)gnt_buf_add(text, request->body, request->body_size);
    if (text->rc == GANTRY_E_LIMIT)
        return gnt_fail(err, GANTRY_E_LIMIT, "the request is longer than %d bytes", REQUEST_MAX);
    return text->rc == 0 ? 0 : gnt_nomem(err);
}

static int send_request(struct gnt_duplex *d, const struct gnt_clock *clock,
                        const struct gnt_buf *text, int *out_sent, gantry_error *err)
{
    size_t sent = 0;
    short events;
    long moved;
    int rc = 0;

    while (rc >= 0 && sent < text->size) {
        moved = gnt_link_send(d->link, text->data + sent, text->size - sent);
        if (moved == -EAGAIN) {
            rc = sleep_on(d, clock, POLLOUT, &events, err);
        } else if (moved < 0) {
            /* It may have answered before it closed. */
            return 0;
        } else {
            sent += (size_t)moved;
            *out_sent = 1;
        }
    }
    return rc < 0 ? rc : 0;
}

/* The connection's own half-close. TLS has one too (close_notify), which libcurl cannot send; Go's
 * TLS, which engines have, takes this for the end of what we send just as well. */
static int shut_down(struct gnt_duplex *d, gantry_error *err)
{
    d->shut_due = 0;
    /* One that is gone already reads no more anyway. */
    if (shutdown(d->fd, SHUT_WR) < 0 && errno != ENOTCONN && errno != EPIPE)
        return gnt_fail_errno(err, GANTRY_E_IO, errno, "the input cannot be closed");
    return 0;
}

/* Send on what was taken and found no room yet. That it cannot be sent is for reading to find. */
static int send_on(struct gnt_duplex *d, gantry_error *err)
{
    if (!gnt_link_pending(d->link) && !d->shut_due)
        return 0;
    if (gnt_link_flush(d->link) == -EAGAIN)
        return 0;
    gnt_clock_moved(&d->clock);
    return d->shut_due ? shut_down(d, err) : 0;
}

/* Bytes into the empty buffer: 1, 0 for nothing yet (nonblocking), or a code; the end sets
 * ended. */
static int fill(struct gnt_duplex *d, const struct gnt_clock *clock, int nonblocking,
                gantry_error *err)
{
    short events;
    long got;
    int rc;

    for (;;) {
        rc = send_on(d, err);
        if (rc < 0)
            return rc;
        got = gnt_link_receive(d->link, d->buffer, BUFFER_SIZE);
        if (got >= 0) {
            gnt_clock_moved(&d->clock);
            d->begin = 0;
            d->end = (size_t)got;
            d->ended = got == 0;
            return 1;
        }
        if (got != -EAGAIN)
            return broke(d, (int)-got, err);
        rc = nonblocking ? gnt_clock_check(clock, err)
                         : sleep_on(d, clock, gnt_link_pending(d->link) ? POLLIN | POLLOUT : POLLIN,
                                    &events, err);
        if (rc < 0 || nonblocking)
            return rc;
    }
}

int gnt_duplex_wait(struct gnt_duplex *d, int events, gantry_error *err)
{
    short wanted = 0;
    short got;
    int rc = 0;

    /* With TLS bytes may be here already though the socket has none. */
    if (events & GANTRY_POLL_IN && d->answer.raw && gnt_http_is_tls(d->http) &&
        d->end == d->begin && !d->ended)
        rc = fill(d, &d->clock, 1, err);
    if (rc != 0)
        return rc < 0 ? rc : 0;
    if (events & GANTRY_POLL_IN && (d->end > d->begin || d->ended))
        return 0;
    if (events & GANTRY_POLL_IN)
        wanted |= POLLIN;
    if (events & GANTRY_POLL_OUT || gnt_link_pending(d->link))
        wanted |= POLLOUT;
    do {
        rc = sleep_on(d, &d->clock, wanted, &got, err);
    } while (rc == 0);
    return rc < 0 ? rc : 0;
}

/* Feed what came to the answer; what follows the head of an upgraded connection stays. */
static int digest(struct gnt_duplex *d, gantry_error *err)
{
    size_t used = 0;
    int rc = gnt_answer_feed(&d->answer, d->buffer + d->begin, d->end - d->begin, &used, err);

    d->begin += used;
    return rc;
}

static int read_head(struct gnt_duplex *d, const struct gnt_clock *clock, gantry_error *err)
{
    int rc = 0;

    while (rc >= 0 && !d->answer.ready) {
        rc = fill(d, clock, 0, err);
        if (rc > 0)
            rc = d->ended ? gnt_answer_end(&d->answer, err) : digest(d, err);
    }
    return rc;
}

static int talk(struct gnt_duplex *d, const struct gnt_http_request *request,
                struct gnt_clock *clock, gantry_error *err)
{
    struct gnt_buf text;
    int sent = 0;
    int rc;

    gnt_buf_init(&text, &gnt_http_host(d->http)->mem, REQUEST_MAX);
    text.wipe = gnt_http_headers(d->http) != NULL;
    rc = make_request(d, request, &text, err);
    if (rc == 0)
        rc = connect_link(d, clock, err);
    if (rc == 0)
        rc = send_request(d, clock, &text, &sent, err);
    if (rc == 0)
        rc = read_head(d, clock, err);
    if (rc == 0 && gnt_answer_is_bare_refusal(&d->answer) && !gnt_http_is_tls(d->http))
        rc = gnt_link_wants_tls(d->http, err);
    gnt_buf_free(&text);
    if (rc < 0) {
        gnt_link_outcome(d->link, rc, 1, err);
        if (sent && rc != GANTRY_E_TLS) /* which curl does not know of */
            gnt_error_outcome(err, GANTRY_OUTCOME_UNKNOWN,
                              rc == GANTRY_E_PROTOCOL || rc == GANTRY_E_LIMIT ? GANTRY_RETRY_NO
                                                                              : GANTRY_RETRY_ASK);
    }
    return rc;
}

static void log_open(const struct gnt_duplex *d, const struct gnt_http_request *request,
                     int64_t begun_ns, int rc)
{
    int64_t ms = (gantry_clock_ns() - begun_ns) / 1000000;

    gnt_log(gnt_http_host(d->http), GANTRY_LOG_DEBUG, "http", "%s %s%.*s %d%s%s %" PRId64 " ms",
            request->method, gnt_http_base_path(d->http), (int)strcspn(request->target, "?"),
            request->target, d->answer.ready ? d->answer.head.status : 0, rc < 0 ? " " : "",
            rc < 0 ? gantry_error_name(rc) : "", ms);
}

int gnt_upgrade_open(struct gnt_http *http, const struct gnt_http_request *request,
                     struct gnt_duplex **out, int *out_status, gantry_error *err)
{
    const struct gantry_host *host = gnt_http_host(http);
    struct gnt_clock clock;
    struct gnt_duplex *d;
    int64_t begun_ns = gantry_clock_ns();
    int rc = gnt_http_check(request, err);

    if (rc < 0)
        return rc;
    d = gnt_alloc(&host->mem, sizeof *d);
    if (d == NULL)
        return gnt_nomem(err);
    d->http = http;
    d->fd = -1;
    gnt_answer_init(&d->answer, &host->mem, host->limits.header_bytes);
    d->answer.upgrade = 1;
    gnt_clock_start(&clock, request->call, request->default_ms);
    gnt_clock_start(&d->clock, request->call, 0);
    d->buffer = gnt_alloc(&host->mem, BUFFER_SIZE);
    rc = d->buffer == NULL ? gnt_nomem(err) : gnt_link_open(http, &hooks, d, &d->link, err);
    if (rc == 0) {
        rc = talk(d, request, &clock, err);
        log_open(d, request, begun_ns, rc);
    }
    if (rc < 0) {
        gnt_duplex_close(d);
        return rc;
    }
    gnt_clock_moved(&d->clock);
    *out_status = d->answer.head.status;
    *out = d;
    return 0;
}

/*
 * What counts as sent and found no room yet (TLS) leaves before the connection ends, as it would
 * from the system's buffer; no longer than the stream's own limits allow. What comes meanwhile is
 * thrown away: the engine may not read before it is rid of it.
 */
static void linger(struct gnt_duplex *d)
{
    int64_t end = gantry_clock_ns() + LINGER_MS * INT64_C(1000000);
    struct gnt_clock clock = d->clock;
    short events;
    long got;
    int rc = 0;

    if (clock.deadline_ns == 0 || end < clock.deadline_ns)
        clock.deadline_ns = end;
    while (rc >= 0 && gnt_link_flush(d->link) == -EAGAIN) {
        rc = sleep_on(d, &clock, d->ended ? POLLOUT : POLLIN | POLLOUT, &events, NULL);
        if (rc <= 0 || d->ended || !(events & ~POLLOUT))
            continue;
        got = gnt_link_receive(d->link, d->buffer, BUFFER_SIZE);
        d->ended = got == 0;
        if (got < 0 && got != -EAGAIN)
            return;
    }
}

void gnt_duplex_close(struct gnt_duplex *d)
{
    struct gnt_mem mem;

    if (d == NULL)
        return;
    mem = gnt_http_host(d->http)->mem;
    /* In a forked child the connection is the parent's. */
    if (d->link != NULL && d->answer.raw && gnt_link_pending(d->link) &&
        gnt_http_host(d->http)->pid == getpid())
        linger(d);
    if (d->link != NULL)
        gnt_link_close(d->link, 0);
    gnt_answer_free(&d->answer);
    gnt_free(&mem, d->buffer);
    gnt_free(&mem, d);
}

/* ---- reading --------------------------------------------------------------------------------- */

const char *gnt_duplex_peek(const struct gnt_duplex *d, size_t *out_size)
{
    if (!d->answer.raw)
        return gnt_answer_peek(&d->answer, out_size);
    *out_size = d->end - d->begin;
    return d->buffer + d->begin;
}

void gnt_duplex_skip(struct gnt_duplex *d, size_t size)
{
    if (d->answer.raw)
        d->begin += size;
    else
        gnt_answer_skip(&d->answer, size);
}

static int again(gantry_error *err)
{
    return gnt_fail(err, GANTRY_E_AGAIN, "nothing to do yet");
}

/* Make bytes wait inside, or find the end. */
static int refill(struct gnt_duplex *d, int nonblocking, gantry_error *err)
{
    size_t waiting;
    int rc = 0;

    for (;;) {
        (void)gnt_duplex_peek(d, &waiting);
        if (waiting > 0 || d->ended || (!d->answer.raw && gnt_answer_whole(&d->answer)))
            return 0;
        rc = gnt_clock_check(&d->clock, err);
        if (rc == 0)
            rc = fill(d, &d->clock, nonblocking, err);
        if (rc <= 0)
            return rc < 0 ? rc : again(err);
        if (!d->answer.raw && !d->ended)
            rc = digest(d, err);
        if (rc < 0)
            return rc;
    }
}

int gnt_duplex_read(struct gnt_duplex *d, void *buffer, size_t capacity, int nonblocking,
                    size_t *out_size, gantry_error *err)
{
    const char *data;
    size_t waiting;
    int rc;

    *out_size = 0;
    rc = refill(d, nonblocking, err);
    if (rc < 0)
        return rc;
    data = gnt_duplex_peek(d, &waiting);
    if (waiting == 0)
        return d->answer.raw ? 0 : gnt_answer_end(&d->answer, err);
    if (waiting > capacity)
        waiting = capacity;
    memcpy(buffer, data, waiting);
    gnt_duplex_skip(d, waiting);
    *out_size = waiting;
    return 0;
}

/* ---- writing --------------------------------------------------------------------------------- */

static int check_writable(const struct gnt_duplex *d, gantry_error *err)
{
    if (!d->answer.raw)
        return gnt_fail(err, GANTRY_E_UNSUPPORTED,
                        "the engine did not open the connection's input");
    if (d->shut)
        return gnt_fail(err, GANTRY_E_STATE, "the input was closed before");
    return 0;
}

int gnt_duplex_write(struct gnt_duplex *d, const void *data, size_t size, int nonblocking,
                     size_t *out_written, gantry_error *err)
{
    short events = 0;
    long moved;
    int rc = check_writable(d, err);

    *out_written = 0;
    d->nonblocking = nonblocking;
    if (rc == 0)
        rc = gnt_clock_check(&d->clock, err);
    while (rc >= 0) {
        moved = gnt_link_send(d->link, data, size);
        if (moved >= 0) {
            gnt_clock_moved(&d->clock);
            d->want_out = 0;
            *out_written = (size_t)moved;
            return 0;
        }
        if (moved != -EAGAIN)
            return broke(d, (int)-moved, err);
        d->want_out = 1;
        if (nonblocking || d->end > d->begin)
            return again(err);
        rc = sleep_on(d, &d->clock, d->ended ? POLLOUT : POLLIN | POLLOUT, &events, err);
        /* What comes with TLS need not be for the reader. */
        if (rc > 0 && !(events & ~POLLIN) && gnt_http_is_tls(d->http))
            rc = fill(d, &d->clock, 1, err);
        else if (rc > 0 && !(events & ~POLLIN))
            return again(err);
    }
    return rc;
}

int gnt_duplex_close_write(struct gnt_duplex *d, gantry_error *err)
{
    int rc = check_writable(d, err);

    if (rc < 0)
        return rc;
    d->shut = 1;
    d->shut_due = 1;
    d->want_out = 0;
    for (;;) {
        short events;

        rc = send_on(d, err);
        /* While input waits the rest has to: the engine may not read before its output is read. It
         * leaves with what is read next. */
        if (rc < 0 || !d->shut_due || d->nonblocking || d->end > d->begin)
            return rc;
        rc = sleep_on(d, &d->clock, d->ended ? POLLOUT : POLLIN | POLLOUT, &events, err);
        if (rc < 0)
            return rc;
        if (rc > 0 && !(events & ~POLLIN))
            return 0;
    }
}

int gnt_duplex_fd(const struct gnt_duplex *d, int *out_events)
{
    if (out_events != NULL)
        *out_events = (d->ended ? 0 : GANTRY_POLL_IN) |
                      (d->want_out || gnt_link_pending(d->link) ? GANTRY_POLL_OUT : 0);
    return d->fd;
}

int gnt_duplex_timeout_ms(const struct gnt_duplex *d)
{
    return gnt_clock_poll_ms(&d->clock);
}
