/*
 * Hijacked connections: handshake, bytes both ways, ends and limits.
 */
#include "http_helpers.h"

#include "upgrade.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>

#define UPGRADED                                                                                   \
    "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"                 \
    "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n"

#define SCRIPT(name, ...)                                                                          \
    static const struct fake_step name##_steps[] = { __VA_ARGS__ };                                \
    static const struct fake_step *const name[] = { name##_steps }

static int open_duplex(struct client *c, struct gnt_duplex **out, int *status,
                       const gantry_call *call, gantry_error *err)
{
    struct gnt_http_request request = post_request("/exec/x/start", "{\"Tty\":false}");

    request.call = call;
    request.default_ms = 10000;
    return gnt_upgrade_open(c->http, &request, out, status, err);
}

static int duplex_text(struct gnt_duplex *d, char *text, size_t capacity, gantry_error *err)
{
    size_t size = strlen(text);
    size_t got;
    int rc;

    for (;;) {
        assert_true(size + 1 < capacity);
        rc = gnt_duplex_read(d, text + size, capacity - size - 1, 0, &got, err);
        if (rc < 0 || got == 0)
            return rc;
        size += got;
        text[size] = '\0';
    }
}

static void the_handshake(void **state)
{
    SCRIPT(script, FAKE_REQUEST, FAKE_SEND(UPGRADED "first"), FAKE_READ(5), FAKE_SEND(" second"),
           FAKE_DRAIN, FAKE_SEND(" last"), FAKE_END);
    struct gnt_duplex *d = NULL;
    struct client c;
    gantry_error err;
    char text[64] = "";
    size_t moved;
    int status = 0;
    char *sent;

    (void)state;
    client_play(&c, script);
    assert_int_equal(open_duplex(&c, &d, &status, NULL, &err), 0);
    assert_int_equal(status, 101);
    assert_int_equal(gnt_duplex_read(d, text, 5, 0, &moved, &err), 0);
    assert_string_equal(text, "first"); /* it came with the head */
    assert_int_equal(gnt_duplex_write(d, "input", 5, 0, &moved, &err), 0);
    assert_int_equal(moved, 5);
    assert_int_equal(gnt_duplex_close_write(d, &err), 0);
    assert_int_equal(gnt_duplex_write(d, "more", 4, 0, &moved, &err), GANTRY_E_STATE);
    assert_int_equal(duplex_text(d, text, sizeof text, &err), 0);
    assert_string_equal(text, "first second last");
    gnt_duplex_close(d);
    sent = fake_text(c.fake, NULL);
    assert_string_equal(sent, "POST /exec/x/start HTTP/1.1\r\nHost: d\r\n"
                              "User-Agent: libgantry/" GANTRY_VERSION_STRING "\r\n"
                              "Content-Type: application/json\r\nContent-Length: 13\r\n"
                              "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n{\"Tty\":false}input");
    free(sent);
    client_stop(&c);
}

static void heads_in_single_bytes(void **state)
{
    SCRIPT(script, FAKE_REQUEST, FAKE_SPLIT(UPGRADED "raw"), FAKE_END);
    struct gnt_duplex *d = NULL;
    struct client c;
    gantry_error err;
    char text[64] = "";
    int status;

    (void)state;
    client_play(&c, script);
    assert_int_equal(open_duplex(&c, &d, &status, NULL, &err), 0);
    assert_int_equal(duplex_text(d, text, sizeof text, &err), 0);
    assert_string_equal(text, "raw");
    gnt_duplex_close(d);
    client_stop(&c);
}

static void error_bodies(void **state)
{
    SCRIPT(length, FAKE_REQUEST,
           FAKE_SEND("HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nno xyignored"), FAKE_STALL,
           FAKE_END);
    SCRIPT(chunked, FAKE_REQUEST,
           FAKE_SEND("HTTP/1.1 409 Conflict\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nno "
                     "\r\n2\r\nxy\r\n0\r\n\r\n"),
           FAKE_STALL, FAKE_END);
    SCRIPT(bare, FAKE_REQUEST, FAKE_SEND("HTTP/1.1 500 x\r\n\r\nno xy"), FAKE_END);
    SCRIPT(old, FAKE_REQUEST, FAKE_SEND("HTTP/1.1 200 OK\r\n\r\nno xy"), FAKE_END);
    const struct fake_step *const *const scripts[] = { length, chunked, bare, old };
    static const int statuses[] = { 404, 409, 500, 200 };
    struct gnt_duplex *d = NULL;
    struct client c;
    gantry_error err;
    size_t moved;
    size_t i;
    int status;

    (void)state;
    for (i = 0; i < 4; i++) {
        char text[64] = "";

        client_play(&c, scripts[i]);
        assert_int_equal(open_duplex(&c, &d, &status, NULL, &err), 0);
        assert_int_equal(status, statuses[i]);
        assert_int_equal(duplex_text(d, text, sizeof text, &err), 0);
        assert_string_equal(text, "no xy");
        if (status != 200)
            assert_int_equal(gnt_duplex_write(d, "x", 1, 0, &moved, &err), GANTRY_E_UNSUPPORTED);
        gnt_duplex_close(d);
        client_stop(&c);
    }
}

static void heads_cut_everywhere(void **state)
{
    static const char answer[] = UPGRADED;
    struct gnt_duplex *d = NULL;
    struct client c;
    gantry_error err;
    size_t i;
    int status;

    (void)state;
    for (i = 0; i + 1 < sizeof answer; i++) {
        struct fake_step steps[] = { FAKE_REQUEST, FAKE_BYTES(answer, i), FAKE_END };
        const struct fake_step *const script[] = { steps };

        client_play(&c, script);
        assert_int_equal(open_duplex(&c, &d, &status, NULL, &err), GANTRY_E_TRUNCATED);
        assert_int_equal(err.outcome, GANTRY_OUTCOME_UNKNOWN);
        assert_int_equal(err.retry, GANTRY_RETRY_ASK);
        client_stop(&c);
    }
    assert_null(d);
}

static void heads_that_make_no_sense(void **state)
{
    static const char *const answers[] = { "HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n",
                                           "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 101 x\n\n",
                                           "HTTP/1.1 201 Created\r\n\r\n" };
    struct gnt_duplex *d = NULL;
    struct client c;
    gantry_error err;
    size_t i;
    int status;

    (void)state;
    for (i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct fake_step steps[] = { FAKE_REQUEST, FAKE_BYTES(answers[i], strlen(answers[i])),
                                     FAKE_STALL, FAKE_END };
        const struct fake_step *const script[] = { steps };

        client_play(&c, script);
        assert_int_equal(open_duplex(&c, &d, &status, NULL, &err), GANTRY_E_PROTOCOL);
        client_stop(&c);
    }
    client_of(&c, "unix:///nowhere/at/all.sock");
    assert_int_equal(open_duplex(&c, &d, &status, NULL, &err), GANTRY_E_UNAVAILABLE);
    assert_int_equal(err.os_error, ENOENT);
    assert_int_equal(err.outcome, GANTRY_OUTCOME_NOT_SENT);
    client_stop(&c);
}

static void limits_of_time(void **state)
{
    SCRIPT(silent, FAKE_REQUEST, FAKE_STALL, FAKE_END);
    SCRIPT(opened, FAKE_REQUEST, FAKE_SEND(UPGRADED), FAKE_STALL, FAKE_END);
    gantry_call call = { .size = sizeof call, .timeout_ms = 60 };
    struct gnt_duplex *d = NULL;
    struct client c;
    gantry_error err;
    char text[8] = "";
    int64_t start = gantry_clock_ns();
    int status;

    (void)state;
    client_play(&c, silent);
    assert_int_equal(open_duplex(&c, &d, &status, &call, &err), GANTRY_E_TIMEOUT);
    assert_int_equal(err.outcome, GANTRY_OUTCOME_UNKNOWN);
    assert_in_range((gantry_clock_ns() - start) / 1000000, 59, 310);
    client_stop(&c);
    client_play(&c, opened);
    start = gantry_clock_ns();
    assert_int_equal(open_duplex(&c, &d, &status, &call, &err), 0);
    assert_int_equal(duplex_text(d, text, sizeof text, &err), GANTRY_E_TIMEOUT);
    assert_in_range((gantry_clock_ns() - start) / 1000000, 59, 310);
    gnt_duplex_close(d);
    client_stop(&c);
}

static void *trigger(void *arg)
{
    gantry_cancel_trigger(arg);
    return NULL;
}

static void cancel(void **state)
{
    SCRIPT(script, FAKE_REQUEST, FAKE_SEND(UPGRADED), FAKE_STALL, FAKE_END);
    gantry_call call = { .size = sizeof call };
    struct gnt_duplex *d = NULL;
    struct client c;
    gantry_error err;
    pthread_t thread;
    char text[8] = "";
    int64_t start;
    int status;

    (void)state;
    client_play(&c, script);
    assert_int_equal(gantry_cancel_new(&call.cancel, &err), 0);
    assert_int_equal(open_duplex(&c, &d, &status, &call, &err), 0);
    start = gantry_clock_ns();
    assert_int_equal(pthread_create(&thread, NULL, trigger, call.cancel), 0);
    assert_int_equal(duplex_text(d, text, sizeof text, &err), GANTRY_E_CANCELLED);
    assert_true((gantry_clock_ns() - start) / 1000000 < 500);
    pthread_join(thread, NULL);
    gnt_duplex_close(d);
    gantry_cancel_free(call.cancel);
    client_stop(&c);
}

static void writing_yields_to_input(void **state)
{
    /* The peer sends and does not read: a writer must learn that there is something to read. */
    SCRIPT(script, FAKE_REQUEST, FAKE_SEND(UPGRADED), FAKE_WAIT, FAKE_SEND("output"), FAKE_WAIT,
           FAKE_DRAIN, FAKE_END);
    static const char block[65536];
    struct gnt_duplex *d = NULL;
    struct client c;
    gantry_error err;
    char text[64] = "";
    size_t written = 0;
    size_t moved;
    int events;
    int status;
    int rc;

    (void)state;
    client_play(&c, script);
    assert_int_equal(open_duplex(&c, &d, &status, NULL, &err), 0);
    while ((rc = gnt_duplex_write(d, block, sizeof block, 1, &moved, &err)) == 0)
        written += moved;
    assert_int_equal(rc, GANTRY_E_AGAIN);
    assert_true(gnt_duplex_fd(d, &events) >= 0);
    assert_int_equal(events, GANTRY_POLL_IN | GANTRY_POLL_OUT);
    fake_release(c.fake);
    assert_int_equal(gnt_duplex_write(d, block, sizeof block, 0, &moved, &err), GANTRY_E_AGAIN);
    assert_int_equal(gnt_duplex_read(d, text, sizeof text, 0, &moved, &err), 0);
    assert_string_equal(text, "output");
    fake_release(c.fake);
    assert_int_equal(gnt_duplex_write(d, block, sizeof block, 0, &moved, &err), 0);
    written += moved;
    assert_int_equal(gnt_duplex_close_write(d, &err), 0);
    assert_int_equal(gnt_duplex_read(d, text, sizeof text, 0, &moved, &err), 0);
    assert_int_equal(moved, 0);
    gnt_duplex_close(d);
    assert_true(fake_received(c.fake) > written);
    client_stop(&c);
}

static void a_peer_that_left(void **state)
{
    SCRIPT(script, FAKE_REQUEST, FAKE_SEND(UPGRADED "bye"), FAKE_END);
    size_t before = open_descriptors();
    struct gnt_duplex *d = NULL;
    struct client c;
    gantry_error err;
    char text[8] = "";
    size_t moved;
    int status;

    (void)state;
    client_play(&c, script);
    assert_int_equal(open_duplex(&c, &d, &status, NULL, &err), 0);
    fake_await_closed(c.fake);
    assert_int_equal(gnt_duplex_write(d, "x", 1, 0, &moved, &err),
                     GANTRY_E_TRUNCATED); /* no SIGPIPE */
    assert_int_equal(err.os_error, EPIPE);
    assert_int_equal(duplex_text(d, text, sizeof text, &err), 0);
    assert_string_equal(text, "bye");
    gnt_duplex_close(d);
    client_stop(&c);
    assert_int_equal(open_descriptors(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_handshake),
        cmocka_unit_test(heads_in_single_bytes),
        cmocka_unit_test(error_bodies),
        cmocka_unit_test(heads_cut_everywhere),
        cmocka_unit_test(heads_that_make_no_sense),
        cmocka_unit_test(limits_of_time),
        cmocka_unit_test(cancel),
        cmocka_unit_test(writing_yields_to_input),
        cmocka_unit_test(a_peer_that_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
