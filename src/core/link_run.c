/*
 * Links at work: polling, raw bytes, and what libcurl's failures mean.
 */
#include "link_impl.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>

enum {
    CONNECT_SLICE_MS = 200 /* longest sleep while curl has timers of its own */
};

int gnt_link_on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *unused)
{
    struct gnt_link *link = arg;
    size_t i = 0;

    (void)easy;
    (void)unused;
    while (i < link->watch_count && link->watches[i].fd != fd)
        i++;
    if (what == CURL_POLL_REMOVE) {
        if (i < link->watch_count)
            link->watches[i] = link->watches[--link->watch_count];
        return 0;
    }
    if (i == GNT_LINK_WATCHES)
        return -1;
    if (i == link->watch_count)
        link->watch_count++;
    link->watches[i].fd = fd;
    link->watches[i].events =
        (short)((what & CURL_POLL_IN ? POLLIN : 0) | (what & CURL_POLL_OUT ? POLLOUT : 0));
    return 0;
}

int gnt_link_on_timer(CURLM *multi, long ms, void *arg)
{
    struct gnt_link *link = arg;

    (void)multi;
    link->timer_ns = ms < 0 ? -1 : gantry_clock_ns() + (int64_t)ms * 1000000;
    return 0;
}

/* ---- running --------------------------------------------------------------------------------- */

static void collect(struct gnt_link *link)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(link->multi, &left)) != NULL) {
        if (message->msg == CURLMSG_DONE) {
            link->done = 1;
            link->result = message->data.result;
        }
    }
}

/* curl itself failed, not the transfer: it will not report anything more. */
static void check_multi(struct gnt_link *link, CURLMcode code)
{
    if (code == CURLM_OK || link->done)
        return;
    link->done = 1;
    link->result = CURLE_OUT_OF_MEMORY;
}

static int act(struct gnt_link *link, const struct pollfd *fds, size_t count)
{
    CURLMcode code = CURLM_OK;
    int running;
    int done = 0;
    size_t i;

    for (i = 0; i < count; i++) {
        int bits = 0;

        if (fds[i].revents == 0)
            continue;
        /* After a hang-up only reading makes sense: the engine may have said why. */
        if (fds[i].events & POLLIN && fds[i].revents & (POLLIN | POLLHUP | POLLERR))
            bits |= CURL_CSELECT_IN;
        if (fds[i].revents & POLLOUT && !(bits != 0 && fds[i].revents & (POLLHUP | POLLERR)))
            bits |= CURL_CSELECT_OUT;
        if (bits == 0)
            bits = CURL_CSELECT_IN | CURL_CSELECT_OUT;
        code = curl_multi_socket_action(link->multi, fds[i].fd, bits, &running);
        done = 1;
    }
    if (link->timer_ns >= 0 && link->timer_ns <= gantry_clock_ns()) {
        link->timer_ns = -1;
        code = curl_multi_socket_action(link->multi, CURL_SOCKET_TIMEOUT, 0, &running);
        done = 1;
    }
    if (done)
        collect(link);
    check_multi(link, code);
    return done;
}

/* How long to sleep at most. */
static int patience(const struct gnt_link *link, const struct gnt_clock *clock)
{
    int ms = gnt_clock_wait_ms(clock, gnt_link_sent(link) ? -1 : CONNECT_SLICE_MS);
    int64_t left;

    if (link->timer_ns < 0)
        return ms;
    left = (link->timer_ns - gantry_clock_ns() + 999999) / 1000000;
    if (left < 0)
        left = 0;
    return ms < 0 || left < ms ? (int)left : ms;
}

int gnt_link_step(struct gnt_link *link, const struct gnt_clock *clock, int wait)
{
    struct pollfd fds[GNT_LINK_WATCHES + 1];
    struct gnt_sigpipe signal;
    size_t count = link->watch_count;
    size_t i;
    int ready;
    int acted;

    link->clock = clock;
    for (i = 0; i < count; i++)
        fds[i] = (struct pollfd){ link->watches[i].fd, link->watches[i].events, 0 };
    /* A negative descriptor is ignored by poll. */
    fds[count] = (struct pollfd){ gantry_cancel_fd(clock->cancel), POLLIN, 0 };
    ready = 0;
    if (link->timer_ns < 0 || link->timer_ns > gantry_clock_ns())
        ready = poll(fds, (nfds_t)count + 1, wait ? patience(link, clock) : 0);
    gnt_link_hold(link->http, &signal);
    acted = act(link, fds, ready > 0 ? count : 0);
    gnt_link_release(link->http, &signal);
    link->clock = NULL;
    return acted;
}

int gnt_link_done(const struct gnt_link *link)
{
    return link->done;
}

int gnt_link_listens(const struct gnt_link *link)
{
    size_t i = 0;

    while (i < link->watch_count && !(link->watches[i].events & POLLIN))
        i++;
    return i < link->watch_count;
}

int gnt_link_unread(const struct gnt_link *link)
{
    return link->unread;
}

int gnt_link_sent(const struct gnt_link *link)
{
    long size = 0;

    return link->ready && curl_easy_getinfo(link->easy, CURLINFO_REQUEST_SIZE, &size) == CURLE_OK &&
           size > link->before;
}

void gnt_link_resume(struct gnt_link *link)
{
    struct gnt_sigpipe signal;

    gnt_link_hold(link->http, &signal);
    if (link->begun && !link->done)
        curl_easy_pause(link->easy, CURLPAUSE_CONT);
    gnt_link_release(link->http, &signal);
    collect(link);
}

int gnt_link_fd(const struct gnt_link *link, int *out_events)
{
    short events = link->watch_count == 1 ? link->watches[0].events : 0;

    if (out_events != NULL)
        *out_events =
            (events & POLLIN ? GANTRY_POLL_IN : 0) | (events & POLLOUT ? GANTRY_POLL_OUT : 0);
    return link->watch_count == 1 ? link->watches[0].fd : -1;
}

int gnt_link_socket(const struct gnt_link *link)
{
    curl_socket_t fd = CURL_SOCKET_BAD;

    if (curl_easy_getinfo(link->easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK)
        return -1;
    return fd == CURL_SOCKET_BAD ? -1 : fd;
}

int gnt_link_readable(const struct gnt_link *link)
{
    struct pollfd fd = { link->opened, POLLIN, 0 };

    return fd.fd >= 0 && poll(&fd, 1, 0) == 1;
}

/* ---- raw bytes ------------------------------------------------------------------------------- */

static long outcome(CURLcode code, size_t moved)
{
    if (code == CURLE_OK)
        return (long)moved;
    if (code == CURLE_AGAIN)
        return -EAGAIN;
    return errno == EPIPE ? -EPIPE : -ECONNRESET;
}

long gnt_link_send_raw(struct gnt_link *link, const void *data, size_t size)
{
    struct gnt_sigpipe signal;
    size_t sent = 0;
    CURLcode code;
    long rc;

    gnt_link_hold(link->http, &signal);
    errno = 0;
    code = curl_easy_send(link->easy, data, size, &sent);
    rc = outcome(code, sent);
    gnt_link_release(link->http, &signal);
    return rc;
}

long gnt_link_send(struct gnt_link *link, const void *data, size_t size)
{
    return link->record != NULL ? gnt_link_send_record(link, data, size)
                                : gnt_link_send_raw(link, data, size);
}

long gnt_link_receive(struct gnt_link *link, void *buffer, size_t capacity)
{
    struct gnt_sigpipe signal;
    size_t got = 0;
    CURLcode code;
    long rc;

    gnt_link_hold(link->http, &signal);
    errno = 0;
    code = curl_easy_recv(link->easy, buffer, capacity, &got);
    rc = outcome(code, got);
    gnt_link_release(link->http, &signal);
    return rc;
}

/* ---- failures -------------------------------------------------------------------------------- */

static int fail_connect(const struct gnt_link *link, gantry_error *err)
{
    const char *address = link->http->address.text;
    long os_error = 0;
    int code;

    if (link->refused != 0 && link->refusal == NULL)
        return gnt_nomem(err);
    if (link->refused != 0) {
        if (err != NULL)
            *err = *link->refusal;
        return link->refused;
    }
    code = gnt_link_proxy_failure(link, err);
    if (code == 0)
        code = gnt_link_tls_failure(link, 0, err);
    if (code != 0)
        return code;
    if (link->socket_errno != 0)
        return gnt_fail_errno(err, GANTRY_E_IO, link->socket_errno, "no socket to be had");
    curl_easy_getinfo(link->easy, CURLINFO_OS_ERRNO, &os_error);
    if (link->result == CURLE_OPERATION_TIMEDOUT)
        return gnt_fail(err, GANTRY_E_TIMEOUT, "cannot connect to %s within %" PRId64 " ms",
                        address, link->http->host->connect_timeout_ms);
    if (os_error != 0)
        return gnt_fail_errno(err, GANTRY_E_UNAVAILABLE, (int)os_error, "cannot connect to %s",
                              address);
    return gnt_fail(err, GANTRY_E_UNAVAILABLE, "cannot connect to %s: %s", address,
                    link->text[0] != '\0' ? link->text : curl_easy_strerror(link->result));
}

static int fail_sent(const struct gnt_link *link, gantry_error *err)
{
    long os_error = 0;
    int code = gnt_link_tls_failure(link, 1, err);

    if (code != 0)
        return code;
    switch (link->result) {
    case CURLE_OUT_OF_MEMORY:
        return gnt_nomem(err);
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
        curl_easy_getinfo(link->easy, CURLINFO_OS_ERRNO, &os_error);
        if (os_error == 0)
            return gnt_fail(err, GANTRY_E_TRUNCATED,
                            "the engine closed the connection before the answer was whole");
        return gnt_fail_errno(err, GANTRY_E_TRUNCATED, (int)os_error,
                              "the connection broke before the answer was whole");
    case CURLE_OPERATION_TIMEDOUT:
        return gnt_fail(err, GANTRY_E_TIMEOUT, "the engine did not answer in time");
    default:
        return gnt_fail(err, GANTRY_E_PROTOCOL, "malformed answer: %s",
                        link->text[0] != '\0' ? link->text : curl_easy_strerror(link->result));
    }
}

int gnt_link_failure(const struct gnt_link *link, gantry_error *err)
{
    int code;

    if (!link->done || link->result == CURLE_OK)
        return 0;
    if (link->result == CURLE_COULDNT_CONNECT || link->result == CURLE_COULDNT_RESOLVE_HOST ||
        !gnt_link_sent(link))
        code = link->result == CURLE_OUT_OF_MEMORY ? gnt_nomem(err) : fail_connect(link, err);
    else
        code = fail_sent(link, err);
    return code;
}

/* A dialer that failed so will fail again. */
static int is_final(int code)
{
    return code == GANTRY_E_CALLBACK || code == GANTRY_E_INVALID || code == GANTRY_E_UNSUPPORTED;
}

void gnt_link_outcome(const struct gnt_link *link, int code, int mutating, gantry_error *err)
{
    int sent = gnt_link_sent(link);
    int retry = sent && mutating ? GANTRY_RETRY_ASK : GANTRY_RETRY_YES;
    int refused = link->refused != 0 && code == link->refused;

    if (err == NULL)
        return;
    if (code == GANTRY_E_TLS) { /* without TLS the engine read nothing */
        gnt_error_outcome(err, GANTRY_OUTCOME_NOT_SENT, GANTRY_RETRY_NO);
        return;
    }
    if (code == GANTRY_E_PROTOCOL || code == GANTRY_E_LIMIT || err->os_error == EACCES ||
        err->os_error == EPERM || (refused && is_final(code)) || gnt_link_proxy_refuses(link))
        retry = GANTRY_RETRY_NO;
    gnt_error_outcome(err, sent ? GANTRY_OUTCOME_UNKNOWN : GANTRY_OUTCOME_NOT_SENT, retry);
}
