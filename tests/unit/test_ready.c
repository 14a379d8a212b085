/*
 * Readiness of ports: what of a container is tried from here, by where the engine is. The program
 * that listens here is not the container's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <gantry/gantry.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fake_server.h"

#define HEAD                                                                                       \
    "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nServer: Docker/20.10.24 (linux)\r\nOSType: linux\r\n"
#define CONTAINER                                                                                  \
    "{\"Id\":\"%064d\",\"Name\":\"/"                                                               \
    "web\",\"Image\":\"sha256:1\",\"State\":{\"Status\":\"running\","                              \
    "\"Running\":true,\"StartedAt\":\"2024-01-01T00:00:00Z\"},"                                    \
    "\"HostConfig\":{\"NetworkMode\":\"%s\"},\"Config\":{},"                                       \
    "\"NetworkSettings\":{\"Ports\":{%s},\"Networks\":{\"n\":{\"IPAddress\":\"%s\"}}}}"

#define LOOPBACK "loopback address of the engine's host, which is not this machine"
#define OWN "the container's address is one of the engine's host, which is not this machine"
#define UNKNOWN "nothing tells which the engine's host is"

enum {
    UNIX,
    TCP
};

/* Somebody takes connections to a port of this machine, and waits. */
static const struct fake_step listens_steps[] = { FAKE_STALL, FAKE_END };
static const struct fake_step *const listens[] = { listens_steps };
static const char *const nothing[] = { NULL };

static const struct row {
    const char *what;
    int engine;          /* over which kind of socket */
    const char *address; /* what names it, for a dialer; NULL: its own */
    const char *mode;
    const char *ports;  /* %d is the port that somebody listens on; that of the container is 80 */
    const char *own;    /* the container's address, where that port is its own */
    const char *reason; /* NULL: it is ready */
} rows[] = {
    { "here", UNIX, NULL, "bridge", "127.0.0.1", "", NULL },
    { "here, by tcp", TCP, NULL, "bridge", "127.0.0.1", "", NULL },
    { "here, all addresses", UNIX, NULL, "bridge", "0.0.0.0", "", NULL },
    { "here, its own", UNIX, NULL, "bridge", NULL, "127.0.0.1", NULL },
    { "here, the host's", UNIX, NULL, "host", NULL, "", NULL },
    { "there", UNIX, "tcp://far.example:2375", "bridge", "127.0.0.1", "", LOOPBACK },
    { "there, ::1", UNIX, "http://far.example", "bridge", "::1", "", LOOPBACK },
    { "there, its own", UNIX, "ssh://far.example", "bridge", NULL, "127.0.0.1", OWN },
    /* The engine's host by the name it was given: on Linux 0.0.0.0 is connected to as loopback. */
    { "there, all addresses", UNIX, "tcp://0.0.0.0:2375", "bridge", "0.0.0.0", "", NULL },
    { "there, the host's", UNIX, "tcp://0.0.0.0:2375", "host", NULL, "", NULL },
    { "unknown", UNIX, "tcp://localhost:2375", "bridge", "127.0.0.1", "", LOOPBACK },
    { "unknown, all addresses", UNIX, "unix:///far", "bridge", "0.0.0.0", "", UNKNOWN },
    { "unknown, all of IPv6", UNIX, "tcp://[::1]:1", "bridge", "::", "", UNKNOWN },
    { "unknown, the host's", UNIX, "unix:///far", "host", NULL, "", UNKNOWN },
};

static int dial(void *arg, const char *address, const gantry_call *call, int *out_fd,
                gantry_error *err)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)address, (void)call;
    snprintf(name.sun_path, sizeof name.sun_path, "%s", (const char *)arg);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&name, sizeof name) < 0) {
        (void)close(fd);
        return gantry_error_set(err, GANTRY_E_UNAVAILABLE, "cannot connect");
    }
    *out_fd = fd;
    return 0;
}

static size_t write_answer(char *out, size_t size, const struct row *row, int port)
{
    char ports[256] = "";
    char body[1024];

    /* Of another host, what is certainly not there comes first, and is not better for that. */
    if (row->ports != NULL)
        snprintf(ports, sizeof ports,
                 "\"80/tcp\":[{\"HostIp\":\"127.0.0.1\",\"HostPort\":\"%d\"},"
                 "{\"HostIp\":\"%s\",\"HostPort\":\"%d\"}]",
                 row->address != NULL && row->reason == NULL ? 1 : port, row->ports, port);
    snprintf(body, sizeof body, CONTAINER, 1, row->mode, ports, row->own);
    return (size_t)snprintf(out, size,
                            HEAD "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                            strlen(body), body);
}

static int wait_ready(const struct row *row, gantry_engine *engine, int port, gantry_error *err)
{
    const gantry_condition condition = { .size = sizeof condition,
                                         .kind = GANTRY_READY_PORT,
                                         .port = row->ports != NULL ? 80 : port };
    const gantry_condition *const conditions[] = { &condition, NULL };
    int rc = GANTRY_E_TIMEOUT;

    /* Long enough for one try, on whatever machine. */
    for (int64_t ms = 100; rc == GANTRY_E_TIMEOUT && ms < 30000; ms *= 4) {
        gantry_call call = { .size = sizeof call, .timeout_ms = ms };
        gantry_ready_options wait = { .size = sizeof wait, .call = &call, .interval_ms = 10 };

        rc = gantry_containers_wait_ready(gantry_engine_containers(engine), "web", conditions,
                                          &wait, err);
        if (row->reason != NULL && strstr(err->message, row->reason) != NULL)
            break;
    }
    return rc;
}

static void play(const struct row *row, int port)
{
    char container[2048];
    size_t size = write_answer(container, sizeof container, row, port);
    const struct fake_step steps[] = { FAKE_REQUEST, FAKE_BYTES(container, size), FAKE_AGAIN };
    const struct fake_step *const script[] = { steps };
    struct fake_server *fake =
        row->engine == TCP ? fake_start_tcp(script, 1) : fake_start(script, 1);
    gantry_dialer dialer = { .size = sizeof dialer, .dial = dial };
    gantry_engine_options opts = { .size = sizeof opts,
                                   .environment = nothing,
                                   .address = row->address };
    gantry_engine *engine = NULL;
    gantry_error err = { 0 };
    int rc;

    assert_non_null(fake);
    dialer.arg = (void *)(uintptr_t)fake_path(fake);
    if (row->address != NULL)
        opts.dialer = &dialer;
    else
        opts.address = fake_address(fake);
    if (gantry_engine_open(GANTRY_RUNTIME_DOCKER, &opts, &engine, &err) < 0)
        fail_msg("%s: %s", row->what, err.message);
    rc = wait_ready(row, engine, port, &err);
    if (row->reason == NULL ? rc != 0
                            : rc != GANTRY_E_TIMEOUT || strstr(err.message, row->reason) == NULL)
        fail_msg("%s: %d: %s", row->what, rc, err.message);
    gantry_engine_close(engine);
    fake_stop(fake);
}

static void test_what_is_tried(void **state)
{
    struct fake_server *somebody = fake_start_tcp(listens, 1);

    (void)state;
    assert_non_null(somebody);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        play(&rows[i], fake_port(somebody));
    fake_stop(somebody);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_tried),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
