/* What the programs here share: how they fail, and ports of this machine. A failure ends the program
 * after its own clean_up(). */
#ifndef REACH_MEANS_H
#define REACH_MEANS_H

#include <gantry/gantry.h>

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void clean_up(void); /* each program's own */

static inline void die(int line, const char *what, const char *why)
{
    fprintf(stderr, "line %d: %s: %s\n", line, what, why);
    clean_up();
    exit(1);
}

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            die(__LINE__, #condition, "does not hold");                                            \
    } while (0)
#define OK(call)                                                                                   \
    do {                                                                                           \
        gantry_error ok_err = { 0 };                                                               \
        gantry_error *err = &ok_err;                                                               \
        if ((call) < 0)                                                                            \
            die(__LINE__, #call, err->message);                                                    \
    } while (0)

static inline int free_port(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(fd >= 0 && bind(fd, (const struct sockaddr *)&at, sizeof at) == 0 &&
          getsockname(fd, (struct sockaddr *)&at, &size) == 0);
    close(fd);
    return ntohs(at.sin_port);
}

static inline int listens(int port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((in_port_t)port) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int rc;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    rc = connect(fd, (const struct sockaddr *)&at, sizeof at);
    close(fd);
    return rc == 0;
}

#endif
