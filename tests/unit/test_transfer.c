/*
 * The conversation of a transfer with a scripted engine: what is success, and what looks like one
 * but is not. Answers cut at every byte, names that lead elsewhere, memory that runs out.
 */
#include "http_helpers.h"

#include <gantry/transfer.h>

#include "podman/podman.h"

#define ID "f9ffceda556374d66d2c00967602e299ec26f1040e4de4fc8de41b94245d88fa"
#define OTHER "a9ffceda556374d66d2c00967602e299ec26f1040e4de4fc8de41b94245d88fa"
#define BLOB "d10bfc09fa3dd1160a23a389db46b37f10d8981eeb66078cea39a35bab37aae4"

#define CLOSE "Connection: close\r\nContent-Type: application/json\r\n"
#define MISSING                                                                                    \
    "HTTP/1.1 404 Not Found\r\n" CLOSE "Content-Length: 44\r\n\r\n"                                \
    "{\"cause\":\"image not known\",\"message\":\"x: y\"}"
#define FOUND(id)                                                                                  \
    "HTTP/1.1 200 OK\r\n" CLOSE "Transfer-Encoding: chunked\r\n\r\n"                               \
    "6d\r\n{\"Id\":\"" id "\",\"Os\":\"linux\",\"Architecture\":\"amd64\"}\r\n0\r\n\r\n"
#define STREAM "HTTP/1.1 200 OK\r\n" CLOSE "Transfer-Encoding: chunked\r\n\r\n"
#define LINES                                                                                      \
    "93\r\n{\"stream\":\"Getting image source signatures\\n\"}\n"                                  \
    "{\"stream\":\"Copying blob sha256:" BLOB "\\n\"}\n\r\n"
#define LAST "56\r\n{\"images\":[],\"id\":\"" ID "\"}\n\r\n"
#define END "0\r\n\r\n"

/* ---- the call -------------------------------------------------------------------------------- */

static const gantry_auth auth = { .size = sizeof auth, .username = "u", .password = "p" };

struct outcome {
    int rc;
    int results;
    int warnings;
    int done;  /* DONE of a layer */
    int state; /* of the last RESULT */
    gantry_error err;
};

static struct outcome run(struct client *c, int policy)
{
    struct podman p = { .rest = { .host = &c->host,
                                  .http = c->http,
                                  .dialect = &gnt_podman_dialect,
                                  .prefix = "/v4.3.1/libpod",
                                  .version = { 4, 3, 1 } } };
    gantry_pull_options opts = { .size = sizeof opts, .auth = &auth, .policy = policy };
    const gantry_progress_record *record = NULL;
    struct outcome o = { 0 };
    gantry_progress *progress = NULL;

    o.rc = gnt_podman_pull(&p, "r.test/app:1", &opts, &progress, &o.err);
    while (o.rc == 0) {
        o.rc = gantry_progress_next(progress, &record, &o.err);
        if (o.rc < 0 || record == NULL)
            break;
        o.results += record->kind == GANTRY_PROGRESS_RESULT;
        o.warnings += record->kind == GANTRY_PROGRESS_WARNING;
        o.done += record->id != NULL && record->kind == GANTRY_PROGRESS_STATUS &&
                  record->state == GANTRY_TRANSFER_DONE;
        if (record->kind == GANTRY_PROGRESS_RESULT) {
            assert_string_equal(record->id, ID);
            o.state = record->state;
        }
    }
    gantry_progress_close(progress);
    return o;
}

/* Three connections: before, the pull, after. */
static struct outcome play(const struct fake_step *before, const struct fake_step *pull,
                           const struct fake_step *after, int policy)
{
    const struct fake_step *const scripts[] = { before, pull, after };
    struct outcome o;
    struct client c;

    client_start(&c, scripts, 3);
    o = run(&c, policy);
    client_stop(&c);
    return o;
}

static const struct fake_step missing[] = { FAKE_REQUEST, FAKE_SEND(MISSING), FAKE_END };
static const struct fake_step found[] = { FAKE_REQUEST, FAKE_SEND(FOUND(ID)), FAKE_END };
static const struct fake_step elsewhere[] = { FAKE_REQUEST, FAKE_SEND(FOUND(OTHER)), FAKE_END };
static const struct fake_step whole[] = { FAKE_REQUEST, FAKE_SEND(STREAM LINES LAST END),
                                          FAKE_END };

/* ---- tests ----------------------------------------------------------------------------------- */

static void test_success(void **state)
{
    struct outcome o = play(missing, whole, found, GANTRY_PULL_ALWAYS);

    (void)state;
    assert_int_equal(o.rc, 0);
    assert_int_equal(o.results, 1);
    assert_int_equal(o.done, 1);
    assert_int_equal(o.state, GANTRY_TRANSFER_DONE);
    o = play(found, whole, found, GANTRY_PULL_ALWAYS);
    assert_int_equal(o.rc, 0);
    assert_int_equal(o.state, GANTRY_TRANSFER_EXISTS);
}

static void test_end_without_a_result(void **state)
{
    static const struct fake_step no_last[] = { FAKE_REQUEST, FAKE_SEND(STREAM LINES END),
                                                FAKE_END };
    static const struct fake_step empty[] = { FAKE_REQUEST, FAKE_SEND(STREAM END), FAKE_END };
    struct outcome o = play(missing, no_last, found, GANTRY_PULL_ALWAYS);

    (void)state;
    assert_int_equal(o.rc, GANTRY_E_PROTOCOL);
    assert_int_equal(o.results, 0);
    assert_int_equal(o.err.outcome, GANTRY_OUTCOME_UNKNOWN);
    assert_int_equal(play(missing, empty, found, GANTRY_PULL_ALWAYS).rc, GANTRY_E_PROTOCOL);
}

/* No part of the answer is taken for the whole. */
static void test_cut_everywhere(void **state)
{
    static const char answer[] = STREAM LINES LAST END;

    (void)state;
    for (size_t size = 0; size + 1 < sizeof answer; size++) {
        const struct fake_step cut[] = { FAKE_REQUEST, FAKE_BYTES(answer, size), FAKE_END };
        struct outcome o = play(missing, cut, found, GANTRY_PULL_ALWAYS);

        if (o.rc >= 0 || o.results != 0)
            fail_msg("cut after %zu bytes: %d", size, o.rc);
        assert_int_equal(o.err.outcome, GANTRY_OUTCOME_UNKNOWN);
    }
}

static void test_not_confirmed(void **state)
{
    struct outcome o = play(missing, whole, missing, GANTRY_PULL_ALWAYS);

    (void)state;
    assert_int_equal(o.rc, GANTRY_E_NOT_FOUND);
    assert_int_equal(o.results, 0);
    assert_non_null(strstr(o.err.message, "could not be confirmed"));
    o = play(missing, whole, elsewhere, GANTRY_PULL_ALWAYS);
    assert_int_equal(o.rc, GANTRY_E_PROTOCOL);
    assert_int_equal(o.results, 0);
}

#define REFUSED                                                                                    \
    "4b\r\n{\"error\":\"pinging container registry r.test: dial tcp: connection refused\"}\r\n"

/* What the stream said before it broke is the reason; where an image is there, NEWER has it. */
static void test_failures(void **state)
{
    static const struct fake_step broken[] = { FAKE_REQUEST, FAKE_SEND(STREAM LINES REFUSED),
                                               FAKE_END };
    struct outcome o = play(missing, broken, found, GANTRY_PULL_NEWER);

    (void)state;
    assert_int_equal(o.rc, GANTRY_E_REGISTRY);
    assert_int_equal(o.err.outcome, GANTRY_OUTCOME_REFUSED);
    assert_int_equal(o.err.retry, GANTRY_RETRY_YES);
    assert_string_equal(o.err.resource, "r.test/app:1");
    o = play(found, broken, found, GANTRY_PULL_NEWER);
    assert_int_equal(o.rc, 0);
    assert_int_equal(o.warnings, 1);
    assert_int_equal(o.state, GANTRY_TRANSFER_EXISTS);
    o = play(found, broken, found, GANTRY_PULL_ALWAYS);
    assert_int_equal(o.rc, GANTRY_E_REGISTRY);
}

/* A look that fails is no look that found nothing. */
static void test_look_that_fails(void **state)
{
    static const struct fake_step nothing[] = { FAKE_REQUEST, FAKE_END };
    struct outcome o = play(nothing, whole, found, GANTRY_PULL_MISSING);

    (void)state;
    assert_true(o.rc < 0 && o.rc != GANTRY_E_NOT_FOUND);
    o = play(missing, whole, found, GANTRY_PULL_NEVER);
    assert_int_equal(o.rc, GANTRY_E_NOT_FOUND);
    assert_int_equal(o.err.outcome, GANTRY_OUTCOME_REFUSED);
}

static void test_without_memory(void **state)
{
    const struct fake_step *const scripts[] = { missing, whole, found };
    struct outcome o;
    long i = 0;

    (void)state;
    do {
        struct client c;

        client_start(&c, scripts, 3);
        fail_after = i++;
        o = run(&c, GANTRY_PULL_ALWAYS);
        fail_after = -1;
        client_stop(&c);
        assert_true(o.rc == 0 || o.rc == GANTRY_E_NOMEM);
        assert_int_equal(o.results, o.rc == 0);
    } while (o.rc != 0);
    assert_true(i > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_success),        cmocka_unit_test(test_end_without_a_result),
        cmocka_unit_test(test_cut_everywhere), cmocka_unit_test(test_not_confirmed),
        cmocka_unit_test(test_failures),       cmocka_unit_test(test_look_that_fails),
        cmocka_unit_test(test_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
