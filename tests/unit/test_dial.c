/*
 * Connections from a dialer that does as the test says. That they are as good as others is shown by
 * the tests of HTTP, which run over a dialer as well.
 */
#define _GNU_SOURCE /* unshare */

#include "http_helpers.h"

#include "upgrade.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>

#define OK_JSON "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"

#define SCRIPT(name, ...)                                                                          \
    static const struct fake_step name##_steps[] = { __VA_ARGS__ };                                \
    static const struct fake_step *const name[] = { name##_steps }

struct plan {
    int (*make)(const char *address, const gantry_call *call, int *out_fd, gantry_error *err);
    gantry_cancel *cancel;
    atomic_int calls;
    int64_t left_ms; /* of the deadline it was given */
};

static int plan_dial(void *arg, const char *address, const gantry_call *call, int *out_fd,
                     gantry_error *err)
{
    struct plan *plan = arg;
    int rc;

    plan->calls++;
    plan->cancel = call->cancel;
    plan->left_ms = (call->deadline_ns - gantry_clock_ns()) / 1000000;
    rc = plan->make(address, call, out_fd, err);
    return rc;
}

static void dial_client(struct client *c, struct plan *plan, const struct fake_step *const *script)
{
    client_play(c, script);
    c->route.dialer = (gantry_dialer){ sizeof(gantry_dialer), plan_dial, plan };
}

static int well(const char *address, const gantry_call *call, int *out_fd, gantry_error *err)
{
    return dial_address(NULL, address, call, out_fd, err);
}

static void it_is_asked_for_each_connection(void **state)
{
    SCRIPT(script, FAKE_REQUEST, FAKE_SEND(OK_JSON), FAKE_AGAIN, FAKE_END);
    struct gnt_http_request get = get_request("/info");
    struct gnt_http_request post = post_request("/create", "{}");
    struct plan plan = { .make = well };
    struct client c;
    gantry_error err;

    (void)state;
    dial_client(&c, &plan, script);
    assert_int_equal(ask(&c, &get, NULL, 0, &err), 200);
    assert_int_equal(ask(&c, &get, NULL, 0, &err), 200);
    assert_int_equal(plan.calls, 1);
    assert_in_range(plan.left_ms, 1, 5000); /* of connecting, though the call has 20 s */
    assert_int_equal(ask(&c, &post, NULL, 0, &err), 200);
    assert_int_equal(plan.calls, 2);
    assert_int_equal(fake_connections(c.fake), 2);
    client_stop(&c);
}

static void the_descriptor_is_the_librarys(void **state)
{
    SCRIPT(script, FAKE_REQUEST, FAKE_SEND("HTTP/1.1 101 UPGRADED\r\n\r\n"), FAKE_STALL, FAKE_END);
    struct gnt_http_request post = post_request("/exec/x/start", "{}");
    struct plan plan = { .make = well };
    struct gnt_duplex *d = NULL;
    struct client c;
    gantry_error err;
    size_t before;
    int status;
    int fd;

    (void)state;
    dial_client(&c, &plan, script);
    before = open_descriptors();
    assert_int_equal(gnt_upgrade_open(c.http, &post, &d, &status, &err), 0);
    fd = gnt_duplex_fd(d, NULL);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    gnt_duplex_close(d);
    fake_await_closed(c.fake);
    assert_int_equal(open_descriptors(), before);
    client_stop(&c);
}

static int fails(const char *address, const gantry_call *call, int *out_fd, gantry_error *err)
{
    (void)call;
    (void)out_fd;
    return gantry_error_set(err, GANTRY_E_UNAUTHORIZED, "the tunnel to %s wants a ticket", address);
}

static int fails_without_a_word(const char *address, const gantry_call *call, int *out_fd,
                                gantry_error *err)
{
    (void)address;
    (void)call;
    (void)out_fd;
    (void)err;
    return GANTRY_E_UNAVAILABLE;
}

static int returns_a_number(const char *address, const gantry_call *call, int *out_fd,
                            gantry_error *err)
{
    (void)address;
    (void)call;
    (void)out_fd;
    (void)err;
    return 7;
}

static int gives_nothing(const char *address, const gantry_call *call, int *out_fd,
                         gantry_error *err)
{
    (void)address;
    (void)call;
    (void)out_fd;
    (void)err;
    return 0;
}

static int gives_a_file(const char *address, const gantry_call *call, int *out_fd,
                        gantry_error *err)
{
    (void)address;
    (void)call;
    (void)err;
    *out_fd = open("/dev/null", O_RDWR);
    return 0;
}

static int gives_datagrams(const char *address, const gantry_call *call, int *out_fd,
                           gantry_error *err)
{
    (void)address;
    (void)call;
    (void)err;
    *out_fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    return 0;
}

static int gives_no_connection(const char *address, const gantry_call *call, int *out_fd,
                               gantry_error *err)
{
    (void)address;
    (void)call;
    (void)err;
    *out_fd = socket(AF_UNIX, SOCK_STREAM, 0);
    return 0;
}

static void what_goes_wrong(void **state)
{
    static const struct {
        int (*make)(const char *address, const gantry_call *call, int *out_fd, gantry_error *err);
        int code;
        const char *words;
        int retry;
    } rows[] = {
        { fails, GANTRY_E_UNAUTHORIZED, " wants a ticket", GANTRY_RETRY_YES },
        { fails_without_a_word, GANTRY_E_UNAVAILABLE, "no connection and no reason",
          GANTRY_RETRY_YES },
        { returns_a_number, GANTRY_E_CALLBACK, "the dialer returned 7", GANTRY_RETRY_NO },
        { gives_nothing, GANTRY_E_CALLBACK, "without a descriptor", GANTRY_RETRY_NO },
        { gives_a_file, GANTRY_E_CALLBACK, "is no socket", GANTRY_RETRY_NO },
        { gives_datagrams, GANTRY_E_CALLBACK, "no stream socket", GANTRY_RETRY_NO },
        { gives_no_connection, GANTRY_E_CALLBACK, "not connected", GANTRY_RETRY_NO },
    };
    SCRIPT(script, FAKE_REQUEST, FAKE_SEND(OK_JSON), FAKE_END);
    struct gnt_http_request requests[2] = { get_request("/info"), post_request("/create", "{}") };
    struct plan plan = { 0 };
    struct gnt_duplex *d = NULL;
    struct client c;
    gantry_error err;
    size_t before;
    int status;

    (void)state;
    dial_client(&c, &plan, script);
    before = open_descriptors();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        plan.make = rows[i].make;
        for (size_t k = 0; k < 3; k++) {
            int rc = k < 2 ? ask(&c, &requests[k], NULL, 0, &err)
                           : gnt_upgrade_open(c.http, &requests[1], &d, &status, &err);

            assert_int_equal(rc, rows[i].code);
            assert_int_equal(err.code, rows[i].code);
            assert_non_null(strstr(err.message, rows[i].words));
            assert_int_equal(err.outcome, GANTRY_OUTCOME_NOT_SENT);
            assert_int_equal(err.retry, rows[i].retry);
        }
    }
    assert_int_equal(open_descriptors(), before);
    assert_int_equal(fake_connections(c.fake), 0);
    /* And after all that it may go well. */
    plan.make = well;
    assert_int_equal(ask(&c, &requests[0], NULL, 0, &err), 200);
    client_stop(&c);
}

/* One that waits as it should: until its limit, or for the token. */
static int waits(const char *address, const gantry_call *call, int *out_fd, gantry_error *err)
{
    struct gnt_clock clock;
    int rc;

    (void)address;
    (void)out_fd;
    gnt_clock_start(&clock, call, 0);
    do {
        rc = gnt_clock_pause(&clock, 1000, err);
    } while (rc == 0);
    return rc;
}

static void *cancel_soon(void *arg)
{
    struct plan *plan = arg;
    struct gnt_clock clock;
    gantry_error err;

    gnt_clock_start(&clock, NULL, 0);
    while (plan->calls == 0)
        (void)gnt_clock_pause(&clock, 1, &err);
    gantry_cancel_trigger(plan->cancel);
    return NULL;
}

static void it_gets_the_calls_limits(void **state)
{
    SCRIPT(script, FAKE_REQUEST, FAKE_SEND(OK_JSON), FAKE_END);
    struct gnt_http_request get = get_request("/info");
    gantry_call call = { .size = sizeof call, .timeout_ms = 50 };
    struct plan plan = { .make = waits };
    gantry_cancel *token;
    pthread_t thread;
    struct client c;
    gantry_error err;

    (void)state;
    dial_client(&c, &plan, script);
    get.call = &call;
    assert_int_equal(ask(&c, &get, NULL, 0, &err), GANTRY_E_TIMEOUT);
    assert_int_equal(err.outcome, GANTRY_OUTCOME_NOT_SENT);
    assert_in_range(plan.left_ms, 0, 50);
    assert_int_equal(gantry_cancel_new(&token, &err), 0);
    call = (gantry_call){ .size = sizeof call, .cancel = token };
    plan.calls = 0;
    plan.cancel = token;
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, &plan), 0);
    assert_int_equal(ask(&c, &get, NULL, 0, &err), GANTRY_E_CANCELLED);
    assert_int_equal(err.outcome, GANTRY_OUTCOME_NOT_SENT);
    pthread_join(thread, NULL);
    assert_ptr_equal(plan.cancel, token);
    gantry_cancel_free(token);
    client_stop(&c);
}

/* One end of a socketpair whose other end is the answer already. */
static int answers_at_once(const char *address, const gantry_call *call, int *out_fd,
                           gantry_error *err)
{
    int ends[2];

    (void)address;
    (void)call;
    (void)err;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(write(ends[1], OK_JSON, sizeof OK_JSON - 1), sizeof OK_JSON - 1);
    assert_int_equal(shutdown(ends[1], SHUT_WR), 0);
    *out_fd = ends[0];
    return 0;
}

static void a_socketpair_will_do(void **state)
{
    SCRIPT(script, FAKE_END);
    struct gnt_http_request get = get_request("/info");
    struct plan plan = { .make = answers_at_once };
    struct client c;
    gantry_error err;

    (void)state;
    dial_client(&c, &plan, script);
    assert_int_equal(ask(&c, &get, NULL, 0, &err), 200);
    assert_int_equal(fake_connections(c.fake), 0);
    client_stop(&c);
}

/* Last: this thread stays without a network. */
static void it_needs_no_network(void **state)
{
    SCRIPT(script, FAKE_REQUEST, FAKE_SEND(OK_JSON), FAKE_AGAIN, FAKE_END);
    struct gnt_http_request get = get_request("/info");
    struct gnt_http_request post = post_request("/create", "{}");
    struct plan plan = { .make = well };
    struct client c;
    gantry_error err;

    (void)state;
    if (unshare(CLONE_NEWNET) < 0)
        skip();
    dial_client(&c, &plan, script);
    assert_int_equal(ask(&c, &get, NULL, 0, &err), 200);
    assert_int_equal(ask(&c, &get, NULL, 0, &err), 200);
    assert_int_equal(ask(&c, &post, NULL, 0, &err), 200);
    client_stop(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_asked_for_each_connection),
        cmocka_unit_test(the_descriptor_is_the_librarys),
        cmocka_unit_test(what_goes_wrong),
        cmocka_unit_test(it_gets_the_calls_limits),
        cmocka_unit_test(a_socketpair_will_do),
        cmocka_unit_test(it_needs_no_network),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
