/*
 * Options of opening that allow or forbid something: time limits that are none, and Podman on
 * demand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <gantry/backend.h>
#include <gantry/gantry.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fake_server.h"

#define ANSWER                                                                                     \
    "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nServer: Docker/20.10.24 (linux)\r\n"                  \
    "OSType: linux\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"

static const struct fake_step steps[] = { FAKE_REQUEST, FAKE_SEND(ANSWER), FAKE_AGAIN };
static const struct fake_step *const script[] = { steps };
static const char *const nothing[] = { NULL };

/* ---- time limits ----------------------------------------------------------------------------- */

/* What connections were given. */
struct dials {
    const char *path;
    int count;
    int limited; /* of those, with a deadline */
};

static int dial(void *arg, const char *address, const gantry_call *call, int *out_fd,
                gantry_error *err)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    struct dials *d = arg;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)address;
    d->count++;
    d->limited += call->deadline_ns != 0;
    snprintf(name.sun_path, sizeof name.sun_path, "%s", d->path);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&name, sizeof name) < 0) {
        (void)close(fd);
        return gantry_error_set(err, GANTRY_E_UNAVAILABLE, "cannot connect");
    }
    *out_fd = fd;
    return 0;
}

/* Opens an engine and stops a container, which has the time of a request and of its grace. */
static void count_dials(struct fake_server *fake, int64_t connect_ms, int64_t request_ms,
                        struct dials *d)
{
    gantry_dialer dialer = { sizeof dialer, dial, d };
    gantry_engine_options opts = { .size = sizeof opts,
                                   .address = fake_address(fake),
                                   .dialer = &dialer,
                                   .environment = nothing,
                                   .connect_timeout_ms = connect_ms,
                                   .request_timeout_ms = request_ms };
    gantry_container_stop_options stop = { .size = sizeof stop, .grace_ms = 3000 };
    gantry_engine *engine = NULL;
    gantry_error err = { 0 };

    *d = (struct dials){ .path = fake_path(fake) };
    if (gantry_engine_open(GANTRY_RUNTIME_DOCKER, &opts, &engine, &err) < 0)
        fail_msg("%s", err.message);
    if (gantry_containers_stop(gantry_engine_containers(engine), "web", &stop, &err) < 0)
        fail_msg("%s", err.message);
    gantry_engine_close(engine);
    assert_in_range(d->count, 2, 10); /* what changes something has a connection of its own */
}

static void test_no_limit_is_none(void **state)
{
    struct fake_server *fake = fake_start(script, 1);
    struct dials d;

    (void)state;
    assert_non_null(fake);
    count_dials(fake, GANTRY_NO_TIMEOUT, GANTRY_NO_TIMEOUT, &d);
    assert_int_equal(d.limited, 0);
    count_dials(fake, GANTRY_NO_TIMEOUT, 0, &d);
    assert_int_equal(d.limited, d.count);
    count_dials(fake, 0, GANTRY_NO_TIMEOUT, &d);
    assert_int_equal(d.limited, d.count);
    fake_stop(fake);
}

/* The call fails for an option, which is the first word of the message. */
static void refused(int runtime, const gantry_engine_options *opts, const char *option)
{
    gantry_candidate_list *list = NULL;
    gantry_engine *engine = NULL;
    gantry_error err = { 0 };

    assert_int_equal(gantry_engine_open(runtime, opts, &engine, &err), GANTRY_E_INVALID);
    if (strncmp(err.message, option, strlen(option)) != 0 || err.message[strlen(option)] != ':')
        fail_msg("%s: %s", option, err.message);
    assert_int_equal(gantry_detect(runtime, opts, &list, &err), GANTRY_E_INVALID);
    assert_null(engine);
    assert_null(list);
}

static void test_limits_that_are_none(void **state)
{
    gantry_engine_options opts = { .size = sizeof opts,
                                   .address = "/nowhere",
                                   .connect_timeout_ms = -2 };

    (void)state;
    refused(GANTRY_RUNTIME_AUTO, &opts, "connect_timeout_ms");
    opts.connect_timeout_ms = 0;
    opts.request_timeout_ms = INT64_MIN;
    refused(GANTRY_RUNTIME_AUTO, &opts, "request_timeout_ms");
}

/* ---- on demand ------------------------------------------------------------------------------- */

/* Takes Podman's place, and is nowhere: so it does not matter what runs on this machine. */
static int nowhere_probe(gantry_host *host, const gantry_endpoint *endpoint,
                         const gantry_call *call, gantry_probe *out, gantry_error *err)
{
    (void)host, (void)endpoint, (void)call, (void)out;
    return gantry_error_set(err, GANTRY_E_UNAVAILABLE, "not here");
}

static int nowhere_open(void *state, gantry_host *host, const gantry_endpoint *endpoint,
                        const gantry_call *call, gantry_error *err)
{
    (void)state, (void)host, (void)endpoint, (void)call;
    return gantry_error_set(err, GANTRY_E_UNAVAILABLE, "not here");
}

static void nowhere_close(void *state)
{
    (void)state;
}

static int nowhere_ping(void *state, const gantry_query_options *opts, gantry_error *err)
{
    (void)state, (void)opts, (void)err;
    return 0;
}

static int replace(void **state)
{
    static const char *const schemes[] = { "unix", NULL };
    static const gantry_engine_ops ops = { .size = sizeof ops, .ping = nowhere_ping };
    static const gantry_backend nowhere = { .size = sizeof nowhere,
                                            .name = "podman",
                                            .schemes = schemes,
                                            .probe = nowhere_probe,
                                            .open = nowhere_open,
                                            .close = nowhere_close,
                                            .engine = &ops };

    (void)state;
    return gantry_backend_replace(&nowhere, NULL);
}

static void test_where_podman_is_started(void **state)
{
    static const struct {
        int runtime;
        const char *backend;
        int on_demand;
        int tried;
    } rows[] = {
        { GANTRY_RUNTIME_PODMAN, NULL, 0, 1 },
        { GANTRY_RUNTIME_PODMAN, NULL, GANTRY_ON, 1 },
        { GANTRY_RUNTIME_AUTO, "podman", 0, 1 },
        { GANTRY_RUNTIME_AUTO, "podman", GANTRY_ON, 1 },
        { GANTRY_RUNTIME_AUTO, "podman", GANTRY_OFF, 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gantry_engine_options opts = { .size = sizeof opts,
                                       .environment = nothing,
                                       .backend = rows[i].backend,
                                       .podman_program = "/nowhere/podman",
                                       .on_demand = rows[i].on_demand };
        gantry_engine *engine = NULL;
        gantry_error err = { 0 };

        assert_int_equal(gantry_engine_open(rows[i].runtime, &opts, &engine, &err),
                         GANTRY_E_UNAVAILABLE);
        if ((strstr(err.output, "Podman on demand") != NULL) != rows[i].tried)
            fail_msg("row %zu: %s", i, err.output);
    }
}

static void test_where_nothing_would_be_started(void **state)
{
    gantry_engine_options opts = { .size = sizeof opts,
                                   .environment = nothing,
                                   .on_demand = GANTRY_ON };

    (void)state;
    refused(GANTRY_RUNTIME_DOCKER, &opts, "on_demand");
    opts.backend = "docker";
    refused(GANTRY_RUNTIME_AUTO, &opts, "on_demand");
    opts.backend = NULL;
    opts.address = "/nowhere";
    refused(GANTRY_RUNTIME_PODMAN, &opts, "on_demand");
    opts.address = NULL;
    opts.docker_context = "one";
    refused(GANTRY_RUNTIME_AUTO, &opts, "on_demand");
    opts.docker_context = NULL;
    opts.podman_connection = "one";
    refused(GANTRY_RUNTIME_AUTO, &opts, "on_demand");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_limit_is_none),
        cmocka_unit_test(test_limits_that_are_none),
        cmocka_unit_test_setup(test_where_podman_is_started, replace),
        cmocka_unit_test(test_where_nothing_would_be_started),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
