/*
 * Ends of connections that ssh carries on.
 */
#include "tunnel_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    QUEUE_STEP_MS = 5
};

static int connect_once(const struct sockaddr_un *name)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -1;
    if (connect(fd, (const struct sockaddr *)name, sizeof *name) < 0) {
        int saved = errno;

        close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

int gnt_tunnel_connect(const char *directory, const struct gnt_clock *clock)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    struct gnt_clock waiting = *clock;
    int fd;

    snprintf(name.sun_path, sizeof name.sun_path, "%s/" GNT_TUNNEL_SOCKET, directory);
    do {
        fd = connect_once(&name);
        /* More wait than ssh's queue holds. */
    } while (fd < 0 && (errno == EAGAIN || errno == EINTR) &&
             gnt_clock_pause(&waiting, QUEUE_STEP_MS, NULL) == 0);
    return fd;
}

/* 1 once it has one of the events, 0 when it never will, or a code. */
static int wait_for(int fd, short events, const struct gnt_clock *clock, gantry_error *err)
{
    for (;;) {
        struct pollfd fds[2] = { { fd, events, 0 },
                                 { gantry_cancel_fd(clock->cancel), POLLIN, 0 } };
        int rc = gnt_clock_check(clock, err);

        if (rc < 0)
            return rc;
        if (poll(fds, 2, gnt_clock_wait_ms(clock, -1)) < 0 && errno != EINTR)
            return gnt_fail_errno(err, GANTRY_E_IO, errno, "waiting failed");
        if (fds[0].revents != 0)
            return 1;
    }
}

int gnt_tunnel_answers(int fd, const struct gnt_clock *clock, gantry_error *err)
{
    /* What it answers does not matter: that it does. */
    static const char question[] = "HEAD /_ping HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n";
    char byte;
    ssize_t got;
    int rc;

    if (send(fd, question, sizeof question - 1, MSG_NOSIGNAL) != (ssize_t)sizeof question - 1)
        return 0;
    do {
        rc = wait_for(fd, POLLIN, clock, err);
        if (rc < 0)
            return rc;
        got = recv(fd, &byte, 1, MSG_DONTWAIT);
    } while (got < 0 && (errno == EAGAIN || errno == EINTR));
    return got == 1;
}
