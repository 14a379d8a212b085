/*
 * What opening an engine costs: requests and connections, counted by a scripted server; what the
 * probe found out is not asked again.
 */
#define _XOPEN_SOURCE 700
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "credentials.h"
#include "engine.h"
#include "fake_server.h"

#define INFO "{\"ID\":\"a\",\"OSType\":\"linux\",\"SecurityOptions\":[\"name=rootless\"]}"
#define DOCKER(api, length, body)                                                                  \
    "HTTP/1.1 200 OK\r\nApi-Version: " api "\r\nServer: Docker/20.10.24 (linux)\r\n"               \
    "OSType: linux\r\nContent-Type: application/json\r\nContent-Length: " length "\r\n\r\n" body
#define PODMAN_INFO                                                                                \
    "{\"host\":{\"security\":{\"rootless\":true}},\"version\":{\"Version\":\"4.3.1\"}}"
#define PODMAN(length, body)                                                                       \
    "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nLibpod-API-Version: 4.3.1\r\n"                        \
    "Server: Libpod/4.3.1 (linux)\r\nContent-Type: application/json\r\n"                           \
    "Content-Length: " length "\r\n\r\n" body
#define MISSING "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno"
#define AUTO GANTRY_RUNTIME_AUTO

_Static_assert(sizeof INFO == 64, "Content-Length below");
_Static_assert(sizeof PODMAN_INFO == 70, "Content-Length below");

/* The same to everything: a ping looks at the head, other questions at the body. */
static const struct fake_step docker_steps[] = { FAKE_REQUEST,
                                                 FAKE_SEND(DOCKER("1.41", "63", INFO)),
                                                 FAKE_AGAIN };
static const struct fake_step newer_steps[] = { FAKE_REQUEST, FAKE_SEND(DOCKER("1.55", "63", INFO)),
                                                FAKE_AGAIN };
static const struct fake_step podman_steps[] = { FAKE_REQUEST, FAKE_SEND(PODMAN("69", PODMAN_INFO)),
                                                 FAKE_AGAIN };
static const struct fake_step once_steps[] = { FAKE_REQUEST, FAKE_SEND(PODMAN("69", PODMAN_INFO)),
                                               FAKE_END };
static const struct fake_step late_steps[] = { FAKE_REQUEST, FAKE_SEND(MISSING),
                                               FAKE_REQUEST, FAKE_SEND(PODMAN("69", PODMAN_INFO)),
                                               FAKE_REQUEST, FAKE_SEND(PODMAN("69", PODMAN_INFO)),
                                               FAKE_END };
static const struct fake_step stalls_steps[] = { FAKE_REQUEST,
                                                 FAKE_SEND(DOCKER("1.41", "63", INFO)),
                                                 FAKE_REQUEST, FAKE_STALL, FAKE_END };
static const struct fake_step *const stalls[] = { stalls_steps };
static const struct fake_step *const once[] = { once_steps };
static const struct fake_step *const late[] = { late_steps };
static const struct fake_step *const docker[] = { docker_steps };
static const struct fake_step *const newer[] = { newer_steps };
static const struct fake_step *const podman[] = { podman_steps };

static const char *const nothing[] = { NULL };

/* Opened at the server's address, asked one thing more, and closed: the requests until it was open. */
static size_t open_costs(struct fake_server *fake, int runtime, gantry_engine_options *opts,
                         const char *backend)
{
    gantry_engine *engine = NULL;
    gantry_error err = { 0 };
    size_t requests;

    assert_non_null(fake);
    opts->size = sizeof *opts;
    opts->address = fake_address(fake);
    opts->environment = nothing;
    if (gantry_engine_open(runtime, opts, &engine, &err) < 0)
        fail_msg("%s", err.message);
    assert_string_equal(gantry_engine_backend(engine), backend);
    requests = fake_requests(fake);
    if (gantry_engine_ping(engine, NULL, &err) < 0)
        fail_msg("%s", err.message);
    gantry_engine_close(engine);
    return requests;
}

/* A ping tells who it is and what is spoken. A second question is for a version that only the
 * engine knows whether it speaks, and for what a ping does not say. All over one connection. */
static void test_costs(void **state)
{
    static const struct {
        const char *what;
        const struct fake_step *const *script;
        int runtime;
        int tcp;
        gantry_engine_options opts;
        const char *backend;
        size_t requests;
    } rows[] = {
        { "docker", docker, AUTO, 0, { 0 }, "docker", 1 },
        { "docker by name", docker, GANTRY_RUNTIME_DOCKER, 0, { 0 }, "docker", 1 },
        { "docker, prefix", docker, AUTO, 1, { .base_path = "/a" }, "docker", 1 },
        { "docker, version", docker, AUTO, 0, { .api_version = "1.41" }, "docker", 2 },
        { "docker, newer", newer, AUTO, 0, { 0 }, "docker", 2 },
        { "docker, rootless", docker, AUTO, 0, { .rootless = GANTRY_ON }, "docker", 2 },
        { "podman", podman, AUTO, 0, { 0 }, "podman", 1 },
        { "podman by name", podman, GANTRY_RUNTIME_PODMAN, 0, { 0 }, "podman", 1 },
        { "podman, prefix", podman, AUTO, 1, { .base_path = "/a" }, "podman", 1 },
        { "podman, version", podman, AUTO, 0, { .api_version = "4.0.0" }, "podman", 1 },
        { "podman, rootless", podman, AUTO, 0, { .rootless = GANTRY_ON }, "podman", 2 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gantry_engine_options opts = rows[i].opts;
        struct fake_server *fake =
            rows[i].tcp ? fake_start_tcp(rows[i].script, 1) : fake_start(rows[i].script, 1);
        size_t requests = open_costs(fake, rows[i].runtime, &opts, rows[i].backend);

        if (requests != rows[i].requests || fake_connections(fake) != 1)
            fail_msg("%s: %zu requests, %zu connections", rows[i].what, requests,
                     fake_connections(fake));
        fake_stop(fake);
    }
}

/* Where none is kept, none is left to anybody. */
static void test_no_idle_connections(void **state)
{
    gantry_engine_options opts = { .max_idle = -1 };
    struct fake_server *fake = fake_start(docker, 1);

    (void)state;
    assert_int_equal(open_costs(fake, AUTO, &opts, "docker"), 1);
    assert_int_equal(fake_connections(fake), 2);
    fake_await_closed(fake);
    fake_stop(fake);
}

/* An engine that hangs up after each answer is asked on a new connection. */
static void test_a_connection_that_is_gone(void **state)
{
    gantry_engine_options opts = { 0 };
    struct fake_server *fake = fake_start(once, 1);

    (void)state;
    assert_int_equal(open_costs(fake, AUTO, &opts, "podman"), 1);
    assert_int_equal(fake_connections(fake), 2);
    fake_stop(fake);
}

/* What answers to Docker's ping and not to libpod's own is asked both. */
static void test_a_header_that_is_lost(void **state)
{
    gantry_engine_options opts = { 0 };
    struct fake_server *fake = fake_start(late, 1);
    char *text;

    (void)state;
    assert_int_equal(open_costs(fake, AUTO, &opts, "podman"), 2);
    assert_int_equal(fake_connections(fake), 1);
    text = fake_text(fake, NULL);
    assert_int_equal(strncmp(text, "GET /_ping HTTP/1.1\r\n", 21), 0);
    assert_non_null(strstr(text, "GET /libpod/_ping HTTP/1.1\r\n"));
    free(text);
    fake_stop(fake);
}

/* Answers the first question, and the second never. */
static void test_a_second_question_has_the_same_limit(void **state)
{
    gantry_engine_options opts = { .size = sizeof opts,
                                   .api_version = "1.41",
                                   .connect_timeout_ms = 300,
                                   .environment = nothing };
    struct fake_server *fake = fake_start(stalls, 1);
    gantry_engine *engine = NULL;
    gantry_error err = { 0 };

    (void)state;
    assert_non_null(fake);
    opts.address = fake_address(fake);
    assert_int_equal(gantry_engine_open(AUTO, &opts, &engine, &err), GANTRY_E_TIMEOUT);
    assert_non_null(strstr(err.message, "/sock: no answer within 300 ms"));
    assert_int_equal(err.retry, GANTRY_RETRY_YES);
    assert_int_equal(err.resource_kind, GANTRY_RESOURCE_ENGINE);
    assert_int_equal(fake_requests(fake), 2);
    fake_stop(fake);
}

static void test_detect_asks_twice(void **state)
{
    gantry_engine_options opts = { .size = sizeof opts, .environment = nothing };
    struct fake_server *fake = fake_start(podman, 1);
    gantry_candidate_list *list = NULL;
    gantry_error err = { 0 };

    (void)state;
    assert_non_null(fake);
    opts.address = fake_address(fake);
    if (gantry_detect(AUTO, &opts, &list, &err) < 0)
        fail_msg("%s", err.message);
    assert_string_equal(list->items[0]->version, "4.3.1");
    assert_int_equal(list->items[0]->rootless, 1);
    assert_int_equal(fake_requests(fake), 2);
    assert_int_equal(fake_connections(fake), 1);
    fake_await_closed(fake);
    gantry_candidate_list_free(list);
    fake_stop(fake);
}

/* ---- backends of others ----------------------------------------------------------------------- */

static int fills; /* whether the probe says what open would ask */
static int opened;
static gantry_probe recalled; /* by the last open */
static int changes;           /* the environment, in the probe */
static int64_t spends_ms;     /* the probe */
static int64_t left_ns;       /* for the last open */

static int third_probe(gantry_host *host, const gantry_endpoint *endpoint, const gantry_call *call,
                       gantry_probe *out, gantry_error *err)
{
    int64_t start = gantry_clock_ns();

    (void)host, (void)err;
    assert_null(endpoint->found);
    while (spends_ms > 0 && gantry_clock_ns() - start < spends_ms * 1000000)
        assert_int_equal(gantry_call_check(call, start, NULL), 0);
    if (changes)
        setenv("DOCKER_CONFIG", "/after", 1);
    if (fills) {
        snprintf(out->version, sizeof out->version, "7.0");
        snprintf(out->api_version, sizeof out->api_version, "7");
        memcpy(out->note, "mine", 5);
    }
    return GANTRY_PROBE_MINE;
}

static int third_open(void *state, gantry_host *host, const gantry_endpoint *endpoint,
                      const gantry_call *call, gantry_error *err)
{
    (void)state, (void)host, (void)err;
    opened++;
    recalled = *endpoint->found;
    left_ns = call->deadline_ns - gantry_clock_ns();
    return 0;
}

static void third_close(void *state)
{
    (void)state;
    opened--;
}

static int third_ping(void *state, const gantry_query_options *opts, gantry_error *err)
{
    (void)state, (void)opts, (void)err;
    return 0;
}

static int third_info(void *state, const gantry_query_options *opts, gantry_info **out,
                      gantry_error *err)
{
    (void)state, (void)opts, (void)out;
    return gantry_error_set(err, GANTRY_E_ENGINE, "it does not say");
}

static const char *const third_schemes[] = { "unix", "third", NULL };
static const gantry_engine_ops third_ops = { .size = sizeof third_ops,
                                             .ping = third_ping,
                                             .info = third_info };
static const gantry_backend third = { .size = sizeof third,
                                      .name = "podman",
                                      .schemes = third_schemes,
                                      .probe = third_probe,
                                      .open = third_open,
                                      .close = third_close,
                                      .engine = &third_ops };

static void test_what_was_found_comes_back(void **state)
{
    gantry_engine_options opts = { .size = sizeof opts,
                                   .address = "third://x",
                                   .environment = nothing };
    gantry_engine *engine = NULL;
    gantry_error err = { 0 };

    (void)state;
    for (fills = 0; fills < 2; fills++) {
        if (gantry_engine_open(AUTO, &opts, &engine, &err) < 0)
            fail_msg("%s", err.message);
        assert_true(recalled.size >= sizeof recalled);
        assert_string_equal(recalled.version, fills ? "7.0" : "");
        assert_string_equal(recalled.api_version, fills ? "7" : "");
        assert_string_equal(recalled.note, fills ? "mine" : "");
        assert_string_equal(recalled.detail, "podman");
        assert_int_equal(recalled.rootless, -1);
        assert_int_equal(opened, 1);
        gantry_engine_close(engine);
        assert_int_equal(opened, 0);
    }
}

/* Docker's question before left a connection that nobody wants. */
static void test_what_is_left_over_is_closed(void **state)
{
    gantry_engine_options opts = { .size = sizeof opts, .environment = nothing };
    struct fake_server *fake = fake_start(podman, 1);
    gantry_engine *engine = NULL;
    gantry_error err = { 0 };

    (void)state;
    assert_non_null(fake);
    opts.address = fake_address(fake);
    if (gantry_engine_open(AUTO, &opts, &engine, &err) < 0)
        fail_msg("%s", err.message);
    fake_await_closed(fake);
    /* Docker asks first; then one connection shows that somebody listens. */
    assert_int_equal(fake_requests(fake), 1);
    gantry_engine_close(engine);
    fake_stop(fake);
}

/* One that was opened to be asked more is the one that is taken, or is closed. */
static void test_one_that_was_opened_for_a_question(void **state)
{
    gantry_engine_options opts = { .size = sizeof opts,
                                   .address = "third://x",
                                   .environment = nothing };
    gantry_candidate_list *list = NULL;
    gantry_engine *engine = NULL;
    gantry_error err = { 0 };

    (void)state;
    assert_int_equal(gantry_detect(AUTO, &opts, &list, &err), 0);
    assert_int_equal(list->items[0]->rootless, -1);
    assert_int_equal(opened, 0);
    gantry_candidate_list_free(list);
    opts.rootless = GANTRY_OFF;
    assert_int_equal(gantry_engine_open(AUTO, &opts, &engine, &err), GANTRY_E_ENGINE);
    assert_int_equal(opened, 0);
}

/* Asking and opening share the place's time. */
static void test_one_limit_for_both(void **state)
{
    gantry_engine_options opts = { .size = sizeof opts,
                                   .address = "third://x",
                                   .connect_timeout_ms = 60000,
                                   .environment = nothing };
    gantry_engine *engine = NULL;
    gantry_error err = { 0 };

    (void)state;
    spends_ms = 50;
    assert_int_equal(gantry_engine_open(AUTO, &opts, &engine, &err), 0);
    spends_ms = 0;
    gantry_engine_close(engine);
    assert_in_range(left_ns, 1, 59950 * (int64_t)1000000);
}

/* What others do to the environment meanwhile is for the next opening. */
static void test_the_environment_is_read_once(void **state)
{
    gantry_engine_options opts = { .size = sizeof opts, .address = "third://x" };
    gantry_engine *engine = NULL;
    gantry_error err = { 0 };
    size_t before = 0;

    (void)state;
    setenv("DOCKER_CONFIG", "/before", 1);
    changes = 1;
    assert_int_equal(gantry_engine_open(AUTO, &opts, &engine, &err), 0);
    changes = 0;
    for (size_t i = 0; i < engine->host.credentials.own->file_count; i++)
        before += strcmp(engine->host.credentials.own->files[i].path, "/before/config.json") == 0;
    assert_int_equal(before, 1);
    gantry_engine_close(engine);
}

static int replace(void **state)
{
    (void)state;
    return gantry_backend_replace(&third, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_costs),
        cmocka_unit_test(test_no_idle_connections),
        cmocka_unit_test(test_a_connection_that_is_gone),
        cmocka_unit_test(test_a_header_that_is_lost),
        cmocka_unit_test(test_a_second_question_has_the_same_limit),
        cmocka_unit_test(test_detect_asks_twice),
        cmocka_unit_test_setup(test_what_was_found_comes_back, replace),
        cmocka_unit_test(test_what_is_left_over_is_closed),
        cmocka_unit_test(test_one_that_was_opened_for_a_question),
        cmocka_unit_test(test_one_limit_for_both),
        cmocka_unit_test(test_the_environment_is_read_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
