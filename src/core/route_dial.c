/* Connections that are not made by the address: a dialer's, ssh's. */
#include "route.h"

#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

/* A dialer's descriptor is checked as far as it can be: what is no connection is its mistake. */
static int check_socket(int fd, gantry_error *err)
{
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer;
    int type = 0;
    socklen_t type_size = sizeof type;

    if (fd < 0)
        return gnt_fail(err, GANTRY_E_CALLBACK, "the dialer succeeded without a descriptor");
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_size) < 0)
        return gnt_fail_errno(err, GANTRY_E_CALLBACK, errno,
                              "the dialer's descriptor is no socket");
    if (type != SOCK_STREAM)
        return gnt_fail(err, GANTRY_E_CALLBACK, "the dialer's descriptor is no stream socket");
    if (getpeername(fd, (struct sockaddr *)&peer, &size) < 0)
        return gnt_fail_errno(err, GANTRY_E_CALLBACK, errno, "the dialer's socket");
    return 0;
}

static int tame(int fd, gantry_error *err)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
        fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
        return gnt_fail_errno(err, GANTRY_E_IO, errno, "the dialer's socket cannot be set up");
    return 0;
}

int gnt_route_dial(const gantry_route *route, const gantry_call *call, int *out_fd,
                   gantry_error *err)
{
    gantry_error reason = { 0 }; /* a dialer may forget it */
    int fd = -1;
    int rc;

    gnt_fail(&reason, GANTRY_E_UNAVAILABLE, "the dialer gave no connection and no reason");
    rc = route->dialer.dial(route->dialer.arg, route->given, call, &fd, &reason);
    if (rc > 0)
        rc = gnt_fail(&reason, GANTRY_E_CALLBACK, "the dialer returned %d", rc);
    else if (rc == 0) {
        rc = check_socket(fd, &reason);
        if (rc == 0)
            rc = tame(fd, &reason);
        if (rc < 0 && fd > STDERR_FILENO)
            close(fd);
    }
    if (rc == 0)
        *out_fd = fd;
    else if (err != NULL)
        *err = reason;
    return rc;
}

/* ---- for backends ---------------------------------------------------------------------------- */

int gantry_route_dial(const gantry_route *route, const gantry_call *call, int *out_fd,
                      gantry_error *err)
{
    struct gnt_clock clock;
    struct gnt_clock own;
    gantry_call limited;

    if (route == NULL || out_fd == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "%s: must not be NULL",
                        route == NULL ? "route" : "out_fd");
    if (route->host->pid != getpid())
        return gnt_fail(err, GANTRY_E_INVALID, "the engine was opened by another process");
    if (route->dialer.dial == NULL)
        return gnt_fail(err, GANTRY_E_UNSUPPORTED,
                        "%s: neither a dialer nor ssh leads there: connect to the address",
                        route->address.text);
    gnt_clock_start(&clock, call, 0);
    gnt_clock_start(&own, NULL, route->host->connect_timeout_ms);
    if (clock.deadline_ns == 0 || (own.deadline_ns != 0 && own.deadline_ns < clock.deadline_ns))
        clock.deadline_ns = own.deadline_ns;
    limited = (gantry_call){ .size = sizeof limited,
                             .cancel = (gantry_cancel *)clock.cancel,
                             .timeout_ms = GANTRY_NO_TIMEOUT,
                             .deadline_ns = clock.deadline_ns };
    return gnt_route_dial(route, &limited, out_fd, err);
}
