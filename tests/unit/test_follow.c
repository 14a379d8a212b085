/*
 * Followed logs against a scripted engine: a connection that breaks after any byte costs no line and
 * gives none twice; what is an end and what is not; when the reader gives up.
 */
#include "http_helpers.h"

#include "engine.h"
#include "follow.h"
#include "podman/podman.h"

#include <poll.h>

#define ID "f9ffceda556374d66d2c00967602e299ec26f1040e4de4fc8de41b94245d88fa"
#define CLOSE "Connection: close\r\n"
#define INSPECTED(size, state)                                                                     \
    "HTTP/1.1 200 OK\r\n" CLOSE "Transfer-Encoding: chunked\r\n\r\n" size "\r\n{\"Id\":\"" ID      \
    "\",\"State\":{\"Status\":\"" state "\"}}  \r\n0\r\n\r\n"
#define MISSING                                                                                    \
    "HTTP/1.1 404 Not Found\r\n" CLOSE "Content-Length: 58\r\n\r\n"                                \
    "{\"cause\":\"no such container\",\"message\":\"x\",\"response\":1}  "
#define STREAM "HTTP/1.1 200 OK\r\n" CLOSE "Transfer-Encoding: chunked\r\n\r\n"
#define END "0\r\n\r\n"

#define T(n) "2026-11-28T05:00:0" #n "Z "

/* ---- the engine ------------------------------------------------------------------------------ */

struct rig {
    struct client client;
    struct podman podman;
    struct gnt_backend backend;
    gantry_engine engine;
};

static void rig_start(struct rig *r, const struct fake_step *const *scripts, size_t count)
{
    memset(r, 0, sizeof *r);
    client_start(&r->client, scripts, count);
    r->engine.host = r->client.host;
    r->podman.rest = (struct gnt_rest){ .host = &r->client.host,
                                        .http = r->client.http,
                                        .dialect = &gnt_podman_dialect,
                                        .prefix = "/v4.3.1/libpod",
                                        .version = { 4, 3, 1 } };
    r->backend.containers = gnt_podman_container_ops;
    r->engine.backend = &r->backend;
    r->engine.state = &r->podman;
    r->engine.containers.engine = &r->engine;
}

/* Frames of a log, as bytes. */
struct log {
    unsigned char data[1024];
    size_t size;
};

static void add(struct log *l, int channel, const char *text)
{
    size_t size = strlen(text);
    const unsigned char header[8] = {
        (unsigned char)channel, 0, 0, 0, 0, 0, 0, (unsigned char)size
    };

    memcpy(l->data + l->size, header, 8);
    memcpy(l->data + l->size + 8, text, size);
    l->size += 8 + size;
}

static struct log sample_log(void)
{
    struct log l = { .size = 0 };

    add(&l, 1, T(1) "one\n");
    add(&l, 2, T(1) "err\n");
    add(&l, 1, T(1) "par");
    add(&l, 1, T(2) "tial\n");
    add(&l, 1, T(2) "same\n");
    add(&l, 1, T(2) "same\n");
    add(&l, 2, T(2) "last");
    return l;
}

#define ALL_LINES "1 one\n2 err\n1 partial\n1 same\n1 same\n2 last\n"

/* ---- reading --------------------------------------------------------------------------------- */

static int open_reader(struct rig *r, const gantry_follow_options *opts, gantry_log_reader **out,
                       gantry_error *err)
{
    return gantry_containers_follow_open(&r->engine.containers, "c", opts, out, err);
}

static int read_lines(gantry_log_reader *reader, char *out, gantry_error *err)
{
    const gantry_log_line *line = NULL;
    size_t size = 0;
    int rc;

    out[0] = '\0';
    while ((rc = gantry_log_reader_next(reader, &line, err)) == 0 && line != NULL)
        size += (size_t)sprintf(out + size, "%d %s\n", line->channel, line->text);
    return rc;
}

static const struct fake_step runs[] = { FAKE_REQUEST, FAKE_SEND(INSPECTED("68", "running")),
                                         FAKE_END };
static const struct fake_step has_ended[] = { FAKE_REQUEST, FAKE_SEND(INSPECTED("67", "exited")),
                                              FAKE_END };
static const struct fake_step missing[] = { FAKE_REQUEST, FAKE_SEND(MISSING), FAKE_END };
static const struct fake_step away[] = { FAKE_END };

static const gantry_follow_options follow = { .size = sizeof follow, .follow = GANTRY_ON };

/* ---- tests ----------------------------------------------------------------------------------- */

static void test_breaks(void **state)
{
    struct log log = sample_log();
    char head[256];
    char chunk[32];
    char lines[1024];
    gantry_error err = { 0 };

    (void)state;
    snprintf(chunk, sizeof chunk, "%zx\r\n", log.size);
    snprintf(head, sizeof head, "%s%s", STREAM, chunk);
    for (size_t cut = 0; cut <= log.size; cut += 3) {
        const struct fake_step broken[] = { FAKE_REQUEST, FAKE_BYTES(head, strlen(head)),
                                            FAKE_BYTES(log.data, cut), FAKE_END };
        const struct fake_step whole[] = { FAKE_REQUEST, FAKE_BYTES(head, strlen(head)),
                                           FAKE_BYTES(log.data, log.size), FAKE_SEND("\r\n" END),
                                           FAKE_END };
        const struct fake_step *const scripts[] = { runs, broken, runs,      broken,
                                                    runs, whole,  has_ended, whole };
        gantry_log_reader *reader = NULL;
        static struct rig r;
        char *sent;

        rig_start(&r, scripts, 8);
        assert_int_equal(open_reader(&r, &follow, &reader, &err), 0);
        assert_int_equal(read_lines(reader, lines, &err), 0);
        assert_int_equal(strlen(lines), strlen(ALL_LINES));
        assert_int_equal(count_text(lines, "1 same\n"), 2);
        assert_int_equal(gantry_log_reader_reconnects(reader), 2);
        gantry_log_reader_close(reader);
        sent = fake_text(r.client.fake, NULL);
        assert_int_equal(count_text(sent, "/containers/" ID "/logs?"), 4);
        assert_int_equal(count_text(sent, "follow=true"), 3);
        free(sent);
        client_stop(&r.client);
    }
}

/* A log that ends while its container runs is asked for anew; of one that is gone there is no more. */
static void test_ends(void **state)
{
    static const struct fake_step empty[] = { FAKE_REQUEST, FAKE_SEND(STREAM END), FAKE_END };
    static const struct fake_step *const goes_on[] = { runs, empty, runs, runs, empty, missing };
    static const struct fake_step *const once[] = { empty };
    static const struct fake_step *const none[] = { missing };
    gantry_follow_options plain = { .size = sizeof plain };
    gantry_log_reader *reader = NULL;
    gantry_error err = { 0 };
    static struct rig r;
    char lines[64];

    (void)state;
    rig_start(&r, goes_on, 6);
    assert_int_equal(open_reader(&r, &follow, &reader, &err), 0);
    assert_int_equal(read_lines(reader, lines, &err), 0);
    assert_int_equal(gantry_log_reader_reconnects(reader), 1);
    gantry_log_reader_close(reader);
    client_stop(&r.client);

    rig_start(&r, once, 1);
    assert_int_equal(open_reader(&r, &plain, &reader, &err), 0);
    assert_int_equal(read_lines(reader, lines, &err), 0);
    assert_int_equal(fake_requests(r.client.fake), 1);
    gantry_log_reader_close(reader);
    client_stop(&r.client);

    rig_start(&r, none, 1);
    reader = NULL;
    assert_int_equal(open_reader(&r, &follow, &reader, &err), GANTRY_E_NOT_FOUND);
    assert_null(reader);
    client_stop(&r.client);
}

/* A followed log whose end has passed is read all the same, however late its first byte comes. */
static void test_a_time_that_has_passed(void **state)
{
    struct log log = sample_log();
    char head[256];
    struct fake_step late[] = { FAKE_REQUEST,
                                FAKE_SEND(STREAM),
                                FAKE_WAIT,
                                FAKE_BYTES(head, 0),
                                FAKE_BYTES(log.data, log.size),
                                FAKE_SEND("\r\n" END),
                                FAKE_END };
    const struct fake_step *const scripts[] = { runs, late };
    const gantry_follow_options until = { .size = sizeof until,
                                          .follow = GANTRY_ON,
                                          .until_ns = INT64_C(1000000000) };
    const gantry_log_line *line = NULL;
    gantry_log_reader *reader = NULL;
    gantry_error err = { 0 };
    static struct rig r;
    char lines[256];

    (void)state;
    late[3].size = (size_t)snprintf(head, sizeof head, "%zx\r\n", log.size);
    rig_start(&r, scripts, 2);
    assert_int_equal(open_reader(&r, &until, &reader, &err), 0);
    gantry_log_reader_set_nonblocking(reader, 1);
    assert_int_equal(gantry_log_reader_next(reader, &line, &err), GANTRY_E_AGAIN);
    fake_release(r.client.fake);
    gantry_log_reader_set_nonblocking(reader, 0);
    assert_int_equal(read_lines(reader, lines, &err), 0);
    assert_string_equal(lines, ALL_LINES);
    gantry_log_reader_close(reader);
    client_stop(&r.client);
}

static void test_gives_up(void **state)
{
    static const struct fake_step broken[] = { FAKE_REQUEST, FAKE_SEND(STREAM), FAKE_END };
    static const struct fake_step *const stays_away[] = { runs, broken, away };
    static const struct fake_step *const removed[] = { runs, broken, missing };
    gantry_follow_options once = { .size = sizeof once, .follow = GANTRY_ON, .resume = GANTRY_OFF };
    gantry_log_reader *reader = NULL;
    const gantry_log_line *line = NULL;
    gantry_error err = { 0 };
    int64_t begun = gantry_clock_ns();
    static struct rig r;
    char lines[64];
    int waits = 0;
    int rc;

    (void)state;
    rig_start(&r, stays_away, 3);
    assert_int_equal(open_reader(&r, &follow, &reader, &err), 0);
    gnt_log_reader_set_patience(reader, 400);
    gantry_log_reader_set_nonblocking(reader, 1);
    while ((rc = gantry_log_reader_next(reader, &line, &err)) == GANTRY_E_AGAIN) {
        struct pollfd fd = { gantry_log_reader_fd(reader, NULL), POLLIN, 0 };

        /* Between two attempts there is a descriptor too, and a time. */
        waits += fd.fd >= 0 && gantry_log_reader_timeout_ms(reader) > 0;
        poll(&fd, 1, fd.fd >= 0 ? gantry_log_reader_timeout_ms(reader) : 0);
    }
    assert_true(rc == GANTRY_E_TRUNCATED || rc == GANTRY_E_UNAVAILABLE);
    assert_true(waits > 0);
    assert_true(gantry_clock_ns() - begun >= INT64_C(400000000));
    assert_int_equal(gantry_log_reader_next(reader, &line, &err), rc);
    gantry_log_reader_close(reader);
    client_stop(&r.client);

    rig_start(&r, removed, 3);
    assert_int_equal(open_reader(&r, &follow, &reader, &err), 0);
    assert_int_equal(read_lines(reader, lines, &err), GANTRY_E_TRUNCATED);
    gantry_log_reader_close(reader);
    client_stop(&r.client);

    rig_start(&r, stays_away, 3);
    assert_int_equal(open_reader(&r, &once, &reader, &err), 0);
    assert_int_equal(read_lines(reader, lines, &err), GANTRY_E_TRUNCATED);
    assert_int_equal(fake_requests(r.client.fake), 2);
    gantry_log_reader_close(reader);
    client_stop(&r.client);
}

/* Whichever allocation fails, it is NOMEM, and nothing stays. */
static void test_memory(void **state)
{
    struct log log = sample_log();
    char head[256];
    char lines[1024];
    long n = 0;
    int rc;

    (void)state;
    snprintf(head, sizeof head, "%s%zx\r\n", STREAM, log.size);
    do {
        const struct fake_step whole[] = { FAKE_REQUEST, FAKE_BYTES(head, strlen(head)),
                                           FAKE_BYTES(log.data, log.size), FAKE_SEND("\r\n" END),
                                           FAKE_END };
        const struct fake_step *const scripts[] = { runs, whole, has_ended, whole };
        gantry_log_reader *reader = NULL;
        gantry_error err = { 0 };
        static struct rig r;

        rig_start(&r, scripts, 4);
        fail_after = n++;
        rc = open_reader(&r, &follow, &reader, &err);
        if (rc == 0)
            rc = read_lines(reader, lines, &err);
        fail_after = -1;
        assert_true(rc == 0 || rc == GANTRY_E_NOMEM);
        gantry_log_reader_close(reader);
        client_stop(&r.client);
    } while (rc != 0);
    assert_string_equal(lines, ALL_LINES);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_breaks), cmocka_unit_test(test_ends),
                                        cmocka_unit_test(test_a_time_that_has_passed),
                                        cmocka_unit_test(test_gives_up),
                                        cmocka_unit_test(test_memory) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
