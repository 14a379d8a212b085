/* A client with a counting allocator against a scripted engine, for tests of what speaks HTTP. */
#ifndef HTTP_HELPERS_H
#define HTTP_HELPERS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <stdatomic.h>
#include <unistd.h>

#include "fake_server.h"
#include "http.h"
#include "route.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

struct client {
    struct gantry_host host;
    struct gantry_route route;
    struct gnt_http *http;
    struct fake_server *fake;
};

static atomic_long live_blocks;
static atomic_long fail_after = -1; /* this many allocations more succeed; -1: all do */

static inline int may_allocate(void)
{
    return fail_after < 0 || fail_after-- > 0;
}

static void *count_allocate(void *arg, size_t size)
{
    void *ptr = may_allocate() ? malloc(size) : NULL;

    (void)arg;
    live_blocks += ptr != NULL;
    return ptr;
}

static void *count_reallocate(void *arg, void *ptr, size_t size)
{
    void *moved = may_allocate() ? realloc(ptr, size) : NULL;

    (void)arg;
    live_blocks += ptr == NULL && moved != NULL;
    return moved;
}

static void count_release(void *arg, void *ptr)
{
    (void)arg;
    live_blocks -= ptr != NULL;
    free(ptr);
}

static inline size_t open_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    size_t count = 0;

    assert_non_null(dir);
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

/* Connect to "unix:///path" or "tcp://127.0.0.1:port": what an embedder's tunnel would do. */
static inline int dial_address(void *arg, const char *address, const gantry_call *call, int *out_fd,
                               gantry_error *err)
{
    struct sockaddr_un local = { .sun_family = AF_UNIX };
    struct sockaddr_in remote = { .sin_family = AF_INET };
    int is_unix = strncmp(address, "unix://", 7) == 0;
    int fd = socket(is_unix ? AF_UNIX : AF_INET, SOCK_STREAM, 0);
    int rc;

    (void)arg;
    (void)call;
    if (fd < 0)
        return gnt_fail_errno(err, GANTRY_E_IO, errno, "no socket to be had");
    if (is_unix) {
        snprintf(local.sun_path, sizeof local.sun_path, "%s", address + 7);
        rc = connect(fd, (const struct sockaddr *)&local, sizeof local);
    } else {
        remote.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        remote.sin_port = htons((uint16_t)strtoul(strrchr(address, ':') + 1, NULL, 10));
        rc = connect(fd, (const struct sockaddr *)&remote, sizeof remote);
    }
    if (rc < 0) {
        gnt_fail_errno(err, GANTRY_E_UNAVAILABLE, errno, "cannot connect to %s", address);
        close(fd);
        return GANTRY_E_UNAVAILABLE;
    }
    *out_fd = fd;
    return 0;
}

static inline void client_of(struct client *c, const char *address_text)
{
    static const gantry_allocator counting = { count_allocate, count_reallocate, count_release,
                                               NULL };
    struct gnt_arena arena;
    struct gnt_address address;
    gantry_error err;

    memset(c, 0, sizeof *c);
    live_blocks = 0; /* whatever a test that failed left */
    assert_int_equal(gnt_mem_init(&c->host.mem, &counting, NULL), 0);
    gnt_limits_defaults(&c->host.limits);
    c->host.connect_timeout_ms = 5000;
    c->host.request_timeout_ms = 20000;
    c->host.max_idle = 4;
    c->host.pid = getpid();
    gnt_arena_init(&arena, &c->host.mem);
    assert_int_equal(gnt_address_parse(&arena, address_text, &address, &err), 0);
    c->route.host = &c->host;
    c->route.base_path = "";
    c->route.given = address_text;
#ifdef GANTRY_TEST_DIALS
    c->route.dialer = (gantry_dialer){ sizeof(gantry_dialer), dial_address, NULL };
#endif
    assert_int_equal(gnt_http_new(&c->host, &address, &c->route, &c->http, &err), 0);
    gnt_arena_free(&arena);
}

static inline void client_start(struct client *c, const struct fake_step *const *scripts,
                                size_t count)
{
    struct fake_server *fake = fake_start(scripts, count);

    assert_non_null(fake);
    client_of(c, fake_address(fake));
    c->fake = fake;
}

/* One script for every connection. */
static inline void client_play(struct client *c, const struct fake_step *const *script)
{
    client_start(c, script, 1);
}

static inline void client_stop(struct client *c)
{
    gnt_http_free(c->http);
    fake_stop(c->fake);
    assert_int_equal(live_blocks, 0);
}

/* Read to the end or a failure; what came is appended to `text`. */
static inline int read_all(struct gnt_exchange *x, char *text, size_t capacity, size_t piece,
                           gantry_error *err)
{
    size_t size = strlen(text);
    size_t got;
    int rc;

    for (;;) {
        assert_true(size + 1 < capacity);
        rc = gnt_exchange_read(x, text + size,
                               piece < capacity - 1 - size ? piece : capacity - 1 - size, 0, &got,
                               err);
        if (rc < 0 || got == 0)
            return rc;
        size += got;
        text[size] = '\0';
    }
}

static inline struct gnt_http_request get_request(const char *target)
{
    struct gnt_http_request r = { .method = "GET", .target = target, .default_ms = 20000 };

    return r;
}

static inline struct gnt_http_request post_request(const char *target, const char *json)
{
    struct gnt_http_request r = { .method = "POST", .target = target, .default_ms = 20000 };

    if (json != NULL) {
        r.has_body = 1;
        r.body = json;
        r.body_size = strlen(json);
        r.content_type = "application/json";
    }
    return r;
}

/* The whole of a request: status or code. text may be NULL. */
static inline int ask(struct client *c, const struct gnt_http_request *request, char *text,
                      size_t capacity, gantry_error *err)
{
    struct gnt_exchange *x = NULL;
    char sink[4096];
    int status;
    int rc = gnt_http_begin(c->http, request, &x, err);

    if (text == NULL) {
        text = sink;
        capacity = sizeof sink;
    }
    text[0] = '\0';
    if (rc == 0)
        rc = gnt_exchange_head(x, 0, err);
    if (rc == 0)
        rc = read_all(x, text, capacity, capacity, err);
    status = x != NULL ? gnt_exchange_status(x) : 0;
    gnt_exchange_close(x);
    return rc < 0 ? rc : status;
}

static inline size_t count_text(const char *text, const char *what)
{
    size_t count = 0;

    while ((text = strstr(text, what)) != NULL) {
        count++;
        text++;
    }
    return count;
}

#endif
