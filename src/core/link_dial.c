/*
 * Connections that a dialer makes. libcurl wants to connect its socket by itself, so it is given a
 * datagram socket to connect, which takes no time and sends nothing; when libcurl has done so, and
 * before it says a word, the dialed connection takes that descriptor's place.
 */
#define _GNU_SOURCE /* dup3: no descriptor is without close-on-exec for a moment */

#include "link_impl.h"

#include "route.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

const gantry_dialer *gnt_link_dialer(const struct gnt_http *http)
{
    const struct gantry_route *route = http->route;

    return route != NULL && route->dialer.dial != NULL ? &route->dialer : NULL;
}

/* ---- dialing --------------------------------------------------------------------------------- */

/* What is left of the time: the dialer's is that of one connection. */
static void limit_call(const struct gnt_link *link, gantry_call *call)
{
    const struct gnt_clock *clock = link->clock;
    const struct gantry_host *host = link->http->host;
    int64_t ms = host->connect_timeout_ms > 0 ? host->connect_timeout_ms : -1;
    int64_t now = gantry_clock_ns();

    if (clock != NULL)
        ms = gnt_clock_wait_ms(clock, ms < 1000 * 1000 * 1000 ? (int)ms : -1);
    *call = (gantry_call){ .size = sizeof *call,
                           .cancel = clock != NULL ? (gantry_cancel *)clock->cancel : NULL,
                           .timeout_ms = GANTRY_NO_TIMEOUT,
                           .deadline_ns = ms >= 0 ? now + ms * 1000000 : 0 };
}

/* Why no connection is to be had, kept for gnt_link_failure. */
static void refuse(struct gnt_link *link, int code, const gantry_error *err)
{
    if (link->refusal == NULL)
        link->refusal = gnt_alloc(&link->http->host->mem, sizeof *link->refusal);
    link->refused = code;
    if (link->refusal != NULL) {
        *link->refusal = *err;
        link->refusal->code = code;
    }
}

static int dial(struct gnt_link *link, gantry_error *err)
{
    gantry_call call;

    limit_call(link, &call);
    return gnt_route_dial(link->http->route, &call, &link->dialed, err);
}

/* ---- what curl gets meanwhile ---------------------------------------------------------------- */

/* Connected over loopback, to where nobody has to be: nothing is ever sent. -1: there is none. */
static int stand_in_loopback(struct curl_sockaddr *address)
{
    struct sockaddr_in name = { .sin_family = AF_INET };
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    name.sin_port = htons(9);
    if (fd < 0)
        return -1;
    if (connect(fd, (const struct sockaddr *)&name, sizeof name) < 0) {
        close(fd);
        return -1;
    }
    address->family = AF_INET;
    address->addrlen = sizeof name;
    memcpy(&address->addr, &name, sizeof name);
    return fd;
}

/* Connected to itself, by a name that the kernel makes up. libcurl takes an address without letters
 * for one that it does not know yet, and keeps no such connection. */
static int stand_in_self(struct curl_sockaddr *address)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    socklen_t size = sizeof name;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    if (bind(fd, (const struct sockaddr *)&name, sizeof name.sun_family) < 0 ||
        getsockname(fd, (struct sockaddr *)&name, &size) < 0 || size > sizeof address->addr) {
        close(fd);
        return -1;
    }
    address->family = AF_UNIX;
    address->addrlen = size;
    memcpy(&address->addr, &name, size);
    return fd;
}

/* A datagram socket, and in *address where curl is to connect it to. */
static int stand_in(struct curl_sockaddr *address, gantry_error *err)
{
    int fd = stand_in_loopback(address);

    if (fd < 0)
        fd = stand_in_self(address);
    if (fd < 0)
        return gnt_fail_errno(err, GANTRY_E_IO, errno, "no socket to be had");
    address->socktype = SOCK_DGRAM;
    address->protocol = 0;
    return fd;
}

curl_socket_t gnt_link_dial(struct gnt_link *link, struct curl_sockaddr *address)
{
    gantry_error err = { 0 };
    int rc;

    gnt_link_hang_up(link);
    rc = dial(link, &err);
    if (rc == 0)
        rc = stand_in(address, &err);
    if (rc < 0) {
        refuse(link, rc, &err);
        gnt_link_hang_up(link);
        return CURL_SOCKET_BAD;
    }
    return rc;
}

int gnt_link_take_dialed(struct gnt_link *link)
{
    gantry_error err = { 0 };
    int rc;

    if (link->dialed < 0)
        return 0;
    rc = dup3(link->dialed, link->opened, O_CLOEXEC);
    if (rc < 0)
        refuse(link,
               gnt_fail_errno(&err, GANTRY_E_IO, errno, "the dialer's socket cannot be taken over"),
               &err);
    gnt_link_hang_up(link);
    return rc < 0 ? -1 : 0;
}

void gnt_link_hang_up(struct gnt_link *link)
{
    if (link->dialed >= 0)
        close(link->dialed);
    link->dialed = -1;
}
