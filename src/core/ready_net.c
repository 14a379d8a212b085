/*
 * Trying conditions of readiness from outside: a port that takes connections, and one that answers
 * HTTP.
 */
#include "ready.h"

#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "route.h"
#include "url.h"

enum {
    /* A forwarder takes every connection, then tries its own to the container, and drops the first
     * if that fails: a few milliseconds later, more on a busy machine. */
    FORWARDED_MS = 300,
    DIRECT_MS = 100, /* nobody in between */
    SLICE_MS = 1000,
    HOST_MOST = 256,
    ANSWER_MOST = 64 * 1024 /* of an answer that nobody reads; its status is what counts */
};

/* ---- where ----------------------------------------------------------------------------------- */

/* What the engine publishes on all addresses of its host is reached where the engine is. NULL and a
 * reason if its address does not tell where that is. */
static const char *engine_host(struct gnt_ready *r, struct gnt_ready_condition *c)
{
    const struct gnt_address *a = &r->e->route->address;
    int here = gnt_route_is_here(r->e->route);

    if (!here && (a->host[0] == '\0' || gnt_address_is_loopback(a))) {
        gnt_ready_because(c, "nothing tells which the engine's host is: connections to it are "
                             "dialed, or go through a proxy");
        return NULL;
    }
    return a->host[0] != '\0' ? a->host : "127.0.0.1";
}

static int is_loopback(const char *ip)
{
    const struct gnt_address address = { .scheme = "", .host = ip };

    return gnt_address_is_loopback(&address);
}

/* Whether an address says nothing here: where the engine is on another host, its loopback addresses
 * and those of its networks may be other programs' on this one. */
static int is_elsewhere(const struct gnt_ready *r, const gantry_port_info *p)
{
    return !gnt_route_is_here(r->e->route) && (p == NULL || is_loopback(p->host_address));
}

/* A published address is better the more certainly it is reached from here. */
static int rank(const struct gnt_ready *r, const gantry_port_info *p)
{
    if (is_elsewhere(r, p))
        return 0;
    return strchr(p->host_address, ':') == NULL ? 2 : 1;
}

static const gantry_port_info *published(const struct gnt_ready *r, int port)
{
    const gantry_port_info *best = NULL;

    for (size_t i = 0; r->now->ports[i] != NULL; i++) {
        const gantry_port_info *p = r->now->ports[i];

        if (p->container_port == port && p->host_port != 0 && strcmp(p->protocol, "tcp") == 0 &&
            (best == NULL || rank(r, p) > rank(r, best)))
            best = p;
    }
    return best;
}

static const char *own_address(const gantry_container *info)
{
    for (size_t i = 0; info->attachments[i] != NULL; i++) {
        if (info->attachments[i]->address[0] != '\0')
            return info->attachments[i]->address;
    }
    for (size_t i = 0; info->attachments[i] != NULL; i++) {
        if (info->attachments[i]->address6[0] != '\0')
            return info->attachments[i]->address6;
    }
    return NULL;
}

/* Where the container's port is reached from here; NULL and a reason if nowhere. */
static const char *find(struct gnt_ready *r, struct gnt_ready_condition *c, int *out_port)
{
    const gantry_port_info *p = published(r, c->c.port);
    const char *host = p != NULL ? p->host_address : own_address(r->now);

    *out_port = p != NULL ? p->host_port : c->c.port;
    if (p != NULL && (host[0] == '\0' || strcmp(host, "0.0.0.0") == 0))
        return engine_host(r, c);
    if (p != NULL && strcmp(host, "::") == 0) {
        host = engine_host(r, c);
        return host != NULL && strcmp(host, "127.0.0.1") == 0 ? "::1" : host;
    }
    if (host == NULL && strcmp(r->now->network_mode, "host") == 0)
        return engine_host(r, c);
    if (host == NULL) {
        gnt_ready_because(c, "it is not published, and the container has no address of its own");
    } else if (is_elsewhere(r, p)) {
        gnt_ready_because(c, "%s of the engine's host, which is not this machine",
                          p != NULL ? "it is published on a loopback address"
                                    : "it is not published, and the container's address is one");
        host = NULL;
    }
    return host;
}

/* ---- port ------------------------------------------------------------------------------------ */

/* 1 when one of the events is there, 0 when the call's deadline passed, or a failure. */
static int wait_for(int fd, short events, const gantry_call *call, gantry_error *err)
{
    struct pollfd fds[2] = { { fd, events, 0 }, { gantry_cancel_fd(call->cancel), POLLIN, 0 } };
    struct gnt_clock clock;
    int n = 0;
    int rc;

    gnt_clock_start(&clock, call, 0);
    for (;;) {
        rc = gnt_clock_check(&clock, err);
        if (rc == GANTRY_E_TIMEOUT)
            return 0;
        if (rc < 0)
            return rc;
        n = poll(fds, 2, gnt_clock_wait_ms(&clock, SLICE_MS));
        if (n < 0 && errno != EINTR)
            return gnt_fail_errno(err, GANTRY_E_IO, errno, "waiting failed");
        if (n > 0 && fds[0].revents != 0)
            return 1;
    }
}

static int socket_error(int fd)
{
    int os_error = 0;
    socklen_t size = sizeof os_error;

    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &os_error, &size) < 0 ? errno : os_error;
}

/* Connected: whether it stays so. 1, or 0 and a reason. */
static int stays(struct gnt_ready_condition *c, int fd, int grace_ms, const gantry_call *call,
                 gantry_error *err)
{
    gantry_call grace = *call;
    int64_t end = gantry_clock_ns() + grace_ms * INT64_C(1000000);
    char byte;
    ssize_t n;
    int rc;

    if (grace.deadline_ns == 0 || end < grace.deadline_ns)
        grace.deadline_ns = end;
    rc = wait_for(fd, POLLIN, &grace, err);
    if (rc == 0 && grace.deadline_ns < end)
        return gnt_fail(err, GANTRY_E_TIMEOUT, "the try's time was over before it was certain");
    if (rc <= 0)
        return rc < 0 ? rc : 1; /* whoever is there waits for us to speak */
    n = recv(fd, &byte, 1, MSG_PEEK);
    if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
        return 1;
    gnt_ready_because(c, "connections are taken and dropped at once: nobody listens behind");
    return 0;
}

/* 1 connected, 0 not, with a reason; or a failure. */
static int try_address(struct gnt_ready_condition *c, const struct addrinfo *a, int grace_ms,
                       const gantry_call *call, gantry_error *err)
{
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    char text[128];
    int os_error;
    int rc = 1;

    if (fd < 0)
        return gnt_fail_errno(err, GANTRY_E_IO, errno, "no socket to be had");
    os_error = connect(fd, a->ai_addr, a->ai_addrlen) < 0 ? errno : 0;
    if (os_error == EINPROGRESS || os_error == EINTR) {
        rc = wait_for(fd, POLLOUT, call, err);
        os_error = rc == 1 ? socket_error(fd) : rc == 0 ? ETIMEDOUT : 0;
    }
    if (rc >= 0 && os_error != 0) {
        gnt_ready_because(c, "%s", gnt_errno_text(os_error, text, sizeof text));
        rc = 0;
    }
    if (rc == 1)
        rc = stays(c, fd, grace_ms, call, err);
    (void)close(fd);
    return rc;
}

int gnt_ready_port(struct gnt_ready *r, struct gnt_ready_condition *c, gantry_error *err)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
    int grace_ms = published(r, c->c.port) != NULL ? FORWARDED_MS : DIRECT_MS;
    struct addrinfo *list = NULL;
    gantry_error failure = { 0 };
    char service[16];
    gantry_call call;
    const char *host;
    int port = 0;
    int rc = 0;

    host = find(r, c, &port);
    if (host == NULL)
        return 0;
    (void)snprintf(service, sizeof service, "%d", port);
    rc = getaddrinfo(host, service, &hints, &list);
    if (rc != 0) {
        gnt_ready_because(c, "%s: %s", host, gai_strerror(rc));
        return 0;
    }
    gnt_ready_try_call(r, &call);
    for (const struct addrinfo *a = list; rc == 0 && a != NULL; a = a->ai_next)
        rc = try_address(c, a, grace_ms, &call, &failure);
    freeaddrinfo(list);
    if (rc < 0)
        return gnt_ready_failed(r, c, rc, &failure, err);
    c->holds = rc == 1;
    return 0;
}

/* ---- http ------------------------------------------------------------------------------------ */

static void judge(struct gnt_ready_condition *c, int status)
{
    c->holds = c->c.status != 0 ? status == c->c.status : status >= 200 && status <= 399;
    gnt_ready_because(c, "status %d", status);
}

int gnt_ready_http(struct gnt_ready *r, struct gnt_ready_condition *c, gantry_error *err)
{
    struct gnt_fetch_request q = { .method = "GET",
                                   .max_bytes = ANSWER_MOST,
                                   .insecure = 1,
                                   .plain = c->c.tls != GANTRY_ON,
                                   .stay = 1 };
    const char *path = c->c.path != NULL ? c->c.path : "/";
    gantry_error failure = { 0 };
    struct gnt_clock clock;
    gantry_call call;
    struct gnt_buf url;
    const char *host;
    int port = 0;
    int rc;

    host = find(r, c, &port);
    if (host == NULL)
        return 0;
    rc = r->fetch == NULL ? gnt_fetch_open(&r->e->host, &r->fetch, err) : 0;
    if (rc < 0)
        return rc;
    gnt_buf_init(&url, &r->e->host.mem, HOST_MOST + strlen(path) + 64);
    gnt_buf_addf(&url, strchr(host, ':') != NULL ? "http%s://[%s]:%d%s" : "http%s://%s:%d%s",
                 c->c.tls == GANTRY_ON ? "s" : "", host, port, path);
    if (url.rc < 0) {
        gnt_buf_free(&url);
        return gnt_nomem(err);
    }
    q.url = gnt_buf_text(&url);
    gnt_clock_start(&clock, gnt_ready_try_call(r, &call), 0);
    rc = gnt_fetch_run(r->fetch, &q, &clock, &failure);
    gnt_buf_free(&url);
    /* An answer that is long, or has no end, is one. */
    if (rc == 0 ||
        ((rc == GANTRY_E_LIMIT || rc == GANTRY_E_TIMEOUT) && gnt_fetch_status(r->fetch) != 0)) {
        judge(c, gnt_fetch_status(r->fetch));
        return 0;
    }
    return gnt_ready_failed(r, c, rc, &failure, err);
}
