/* See server.h. The process, its events, and what tests need to know of their own. */
#include "serve.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* Not in sys/mman.h of POSIX 2008, but in every system this runs on. */
#ifndef MAP_ANONYMOUS
#define MAP_ANONYMOUS 0x20
#endif

enum {
    EVENTS = 64
};

struct server {
    pid_t pid;
    int control; /* closing it ends the server */
    char directory[64];
    char address[128];
};

struct host {
    int epoll;
    int listener;
    int control;
    server_fn fn;
    void *arg;
};

void *server_shared(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    return memory;
}

int server_lowest_fd(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    if (fd >= 0)
        close(fd);
    return fd;
}

int server_sanitized(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return 1;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    return 1;
#endif
#endif
    return 0;
}

/* ---- the process ----------------------------------------------------------------------------- */

static int welcome(struct host *h)
{
    struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET };
    int fd = accept(h->listener, NULL, NULL);

    if (fd < 0)
        return 0;
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    event.data.ptr = connection_new(fd, h->fn, h->arg);
    if (epoll_ctl(h->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        _exit(3);
    return 1;
}

static void serve_all(struct host *h)
{
    struct epoll_event events[EVENTS];

    for (;;) {
        int count = epoll_wait(h->epoll, events, EVENTS, -1);

        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr == &h->control)
                return;
            if (events[i].data.ptr != &h->listener)
                connection_serve(events[i].data.ptr, events[i].events);
        }
        while (welcome(h)) {
        }
    }
}

static void watch(struct host *h, int fd, void *mark)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = mark };

    if (epoll_ctl(h->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        _exit(3);
}

static int listen_at(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 128) < 0)
        return -1;
    return fd;
}

struct server *server_start(server_fn fn, void *arg)
{
    struct host h = { .fn = fn, .arg = arg };
    struct server *s = calloc(1, sizeof *s);
    int control[2];

    if (s == NULL)
        return NULL;
    snprintf(s->directory, sizeof s->directory, "/tmp/gantry-faults-XXXXXX");
    if (mkdtemp(s->directory) == NULL || pipe(control) < 0) {
        perror("server");
        free(s);
        return NULL;
    }
    snprintf(s->address, sizeof s->address, "unix://%s/s", s->directory);
    h.listener = listen_at(s->address + 7);
    h.control = control[0];
    s->control = control[1];
    (void)fcntl(s->control, F_SETFD, FD_CLOEXEC);
    fflush(NULL);
    s->pid = h.listener < 0 ? -1 : fork();
    if (s->pid == 0) {
        close(control[1]);
        (void)signal(SIGINT, SIG_IGN); /* ends with the test, which may have things to say */
        h.epoll = epoll_create1(EPOLL_CLOEXEC);
        watch(&h, h.listener, &h.listener);
        watch(&h, h.control, &h.control);
        serve_all(&h);
        _exit(0);
    }
    close(h.control);
    if (h.listener >= 0)
        close(h.listener);
    if (s->pid < 0) {
        perror("server");
        server_stop(s);
        return NULL;
    }
    return s;
}

void server_stop(struct server *s)
{
    if (s == NULL)
        return;
    close(s->control);
    if (s->pid > 0)
        (void)waitpid(s->pid, NULL, 0);
    (void)unlink(s->address + 7);
    (void)rmdir(s->directory);
    free(s);
}

const char *server_address(const struct server *s)
{
    return s->address;
}
