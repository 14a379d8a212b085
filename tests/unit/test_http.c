/*
 * Requests and answers over libcurl: what is on the wire, what counts as whole, limits, uploads.
 */
#include "http_helpers.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define OK_JSON "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
#define CHUNKED_HEAD "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

/* Declares the script `name` and a list that holds it alone. */
#define SCRIPT(name, ...)                                                                          \
    static const struct fake_step name##_steps[] = { __VA_ARGS__ };                                \
    static const struct fake_step *const name[] = { name##_steps }

static int64_t ms_since(int64_t start_ns)
{
    return (gantry_clock_ns() - start_ns) / 1000000;
}

/* ---- connections ----------------------------------------------------------------------------- */

static void get_keeps_its_connection(void **state)
{
    SCRIPT(script, FAKE_REQUEST, FAKE_SEND(OK_JSON), FAKE_AGAIN);
    struct gnt_http_request request = get_request("/v1.41/info?x=1");
    struct client c;
    gantry_error err;
    char text[16];
    int i;

    (void)state;
    client_play(&c, script);
    for (i = 0; i < 5; i++) {
        assert_int_equal(ask(&c, &request, text, sizeof text, &err), 200);
        assert_string_equal(text, "{}");
    }
    assert_int_equal(fake_requests(c.fake), 5);
    assert_int_equal(fake_connections(c.fake), 1);
    client_stop(&c);
}

static void post_has_a_fresh_connection_and_is_sent_once(void **state)
{
    /* The second connection reads its request and leaves without a word. */
    static const struct fake_step answers[] = { FAKE_REQUEST, FAKE_SEND(OK_JSON), FAKE_AGAIN };
    static const struct fake_step leaves[] = { FAKE_REQUEST, FAKE_END };
    static const struct fake_step *const scripts[] = { answers, answers, leaves, answers };
    struct gnt_http_request get = get_request("/info");
    struct gnt_http_request post = post_request("/create", "{\"a\":1}");
    struct client c;
    gantry_error err;
    char *text;

    (void)state;
    client_start(&c, scripts, 4);
    assert_int_equal(ask(&c, &get, NULL, 0, &err), 200);
    assert_int_equal(ask(&c, &post, NULL, 0, &err), 200);
    assert_int_equal(fake_connections(c.fake), 2);
    assert_int_equal(ask(&c, &get, NULL, 0, &err), 200); /* the pooled one is still there */
    assert_int_equal(fake_connections(c.fake), 2);
    assert_int_equal(ask(&c, &post, NULL, 0, &err), GANTRY_E_TRUNCATED);
    assert_int_equal(err.outcome, GANTRY_OUTCOME_UNKNOWN);
    assert_int_equal(err.retry, GANTRY_RETRY_ASK);
    assert_int_equal(ask(&c, &get, NULL, 0, &err), 200); /* a failed handle is not used again */
    assert_int_equal(fake_connections(c.fake), 4);
    assert_int_equal(fake_requests(c.fake), 5);
    text = fake_text(c.fake, NULL);
    assert_int_equal(count_text(text, "POST /create HTTP/1.1\r\n"), 2);
    assert_int_equal(count_text(text, "{\"a\":1}"), 2);
    free(text);
    client_stop(&c);
}

static void get_survives_an_idle_connection_that_died(void **state)
{
    SCRIPT(script, FAKE_REQUEST, FAKE_SEND(OK_JSON), FAKE_END);
    struct gnt_http_request request = get_request("/info");
    struct client c;
    gantry_error err;
    int i;

    (void)state;
    client_play(&c, script);
    for (i = 0; i < 3; i++) {
        assert_int_equal(ask(&c, &request, NULL, 0, &err), 200);
        fake_await_closed(c.fake);
    }
    assert_int_equal(fake_connections(c.fake), 3);
    assert_int_equal(fake_requests(c.fake), 3);
    client_stop(&c);
}

static void what_is_on_the_wire(void **state)
{
    static const char *const headers[] = { "X-One: 1", NULL };
    SCRIPT(script, FAKE_REQUEST, FAKE_SEND(OK_JSON), FAKE_END);
    struct gnt_http_request request = post_request("/v1.41/x/%2e%2e/y?q=a%2Fb", "{}");
    struct client c;
    gantry_error err;
    char *text;

    (void)state;
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("all_proxy", "http://127.0.0.1:1", 1);
    client_play(&c, script);
    request.headers = headers;
    assert_int_equal(ask(&c, &request, NULL, 0, &err), 200);
    text = fake_text(c.fake, NULL);
    assert_string_equal(text, "POST /v1.41/x/%2e%2e/y?q=a%2Fb HTTP/1.1\r\nHost: d\r\n"
                              "User-Agent: libgantry/" GANTRY_VERSION_STRING "\r\nAccept: */*\r\n"
                              "Content-Type: application/json\r\nX-One: 1\r\n"
                              "Content-Length: 2\r\n\r\n{}");
    free(text);
    client_stop(&c);
    unsetenv("http_proxy");
    unsetenv("all_proxy");
}

static void methods_without_a_body(void **state)
{
    static const char *const methods[] = { "POST", "PUT", "DELETE" };
    SCRIPT(script, FAKE_REQUEST, FAKE_SEND("HTTP/1.1 204 No Content\r\n\r\n"), FAKE_END);
    struct gnt_http_request request = post_request("/x", NULL);
    struct client c;
    gantry_error err;
    size_t i;
    char *text;

    (void)state;
    client_play(&c, script);
    for (i = 0; i < 3; i++) {
        request.method = methods[i];
        assert_int_equal(ask(&c, &request, NULL, 0, &err), 204);
    }
    text = fake_text(c.fake, NULL);
    assert_null(strstr(text, "Content-Type"));
    assert_null(strstr(text, "Expect"));
    assert_int_equal(count_text(text, "Content-Length: 0\r\n"), 2); /* POST and PUT */
    assert_int_equal(count_text(text, "DELETE /x HTTP/1.1\r\n"), 1);
    free(text);
    client_stop(&c);
}

static void head_has_no_body(void **state)
{
    SCRIPT(script, FAKE_REQUEST,
           FAKE_SEND("HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 55\r\n\r\n"),
           FAKE_AGAIN);
    struct gnt_http_request request = get_request("/_ping");
    struct gnt_exchange *x;
    struct client c;
    gantry_error err;
    char byte;
    size_t got = 1;
    int i;

    (void)state;
    client_play(&c, script);
    request.method = "HEAD";
    for (i = 0; i < 2; i++) {
        assert_int_equal(gnt_http_begin(c.http, &request, &x, &err), 0);
        assert_int_equal(gnt_exchange_head(x, 0, &err), 0);
        assert_string_equal(gnt_exchange_header(x, "api-version"), "1.41");
        assert_null(gnt_exchange_header(x, "api"));
        assert_int_equal(gnt_exchange_read(x, &byte, 1, 0, &got, &err), 0);
        assert_int_equal(got, 0);
        gnt_exchange_close(x);
    }
    assert_int_equal(fake_connections(c.fake), 1);
    client_stop(&c);
}

static void begin_sends_at_once(void **state)
{
    SCRIPT(script, FAKE_REQUEST, FAKE_WAIT, FAKE_SEND(OK_JSON), FAKE_END);
    struct gnt_http_request request = post_request("/wait", NULL);
    struct gnt_exchange *x;
    struct client c;
    gantry_error err;

    (void)state;
    client_play(&c, script);
    assert_int_equal(gnt_http_begin(c.http, &request, &x, &err), 0);
    fake_await_requests(c.fake, 1); /* nobody drives the exchange */
    assert_int_equal(gnt_exchange_head(x, 1, &err), GANTRY_E_AGAIN);
    fake_release(c.fake);
    assert_int_equal(gnt_exchange_head(x, 0, &err), 0);
    gnt_exchange_close(x);
    client_stop(&c);
}

static void a_forked_child_is_refused(void **state)
{
    SCRIPT(script, FAKE_REQUEST, FAKE_SEND(OK_JSON), FAKE_AGAIN);
    struct gnt_http_request request = get_request("/info");
    struct gnt_exchange *x = NULL;
    struct client c;
    gantry_error err;
    int status;
    pid_t child;

    (void)state;
    client_play(&c, script);
    assert_int_equal(ask(&c, &request, NULL, 0, &err), 200);
    child = fork();
    if (child == 0)
        _exit(gnt_http_begin(c.http, &request, &x, &err) == GANTRY_E_INVALID ? 0 : 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(ask(&c, &request, NULL, 0, &err), 200);
    assert_int_equal(fake_connections(c.fake), 1);
    client_stop(&c);
}

static void connections_that_cannot_be_made(void **state)
{
    struct gnt_http_request request = post_request("/x", "{}");
    struct client c;
    gantry_error err;

    (void)state;
    client_of(&c, "unix:///nowhere/at/all.sock");
    assert_int_equal(ask(&c, &request, NULL, 0, &err), GANTRY_E_UNAVAILABLE);
    assert_string_equal(err.message, "cannot connect to unix:///nowhere/at/all.sock: "
                                     "No such file or directory");
    assert_int_equal(err.os_error, ENOENT);
    assert_int_equal(err.outcome, GANTRY_OUTCOME_NOT_SENT);
    assert_int_equal(err.retry, GANTRY_RETRY_YES);
    client_stop(&c);
    client_of(&c, "tcp://127.0.0.1:1");
    assert_int_equal(ask(&c, &request, NULL, 0, &err), GANTRY_E_UNAVAILABLE);
    assert_int_equal(err.os_error, ECONNREFUSED);
    assert_int_equal(err.outcome, GANTRY_OUTCOME_NOT_SENT);
    client_stop(&c);
}

static void over_tcp_too(void **state)
{
    SCRIPT(script, FAKE_REQUEST, FAKE_SEND(OK_JSON), FAKE_AGAIN);
    struct gnt_http_request request = get_request("/info");
    struct client c;
    struct fake_server *fake = fake_start_tcp(script, 1);
    gantry_error err;
    char host[64];
    char *text;

    (void)state;
    assert_non_null(fake);
    client_of(&c, fake_address(fake));
    c.fake = fake;
    assert_int_equal(ask(&c, &request, NULL, 0, &err), 200);
    assert_int_equal(ask(&c, &request, NULL, 0, &err), 200);
    assert_int_equal(fake_connections(fake), 1);
    text = fake_text(fake, NULL);
    snprintf(host, sizeof host, "\r\nHost: 127.0.0.1:%d\r\n", fake_port(fake));
    assert_int_equal(count_text(text, host), 2);
    free(text);
    client_stop(&c);
}

struct worker {
    struct client *client;
    int failures;
};

static void *ask_often(void *arg)
{
    struct worker *w = arg;
    struct gnt_http_request get = get_request("/info");
    struct gnt_http_request post = post_request("/x", "{}");
    gantry_error err;
    int i;

    for (i = 0; i < 100; i++)
        w->failures += ask(w->client, i % 10 == 9 ? &post : &get, NULL, 0, &err) != 200;
    return NULL;
}

static void many_threads_share_the_pool(void **state)
{
    SCRIPT(script, FAKE_REQUEST, FAKE_SEND(OK_JSON), FAKE_AGAIN);
    struct worker workers[8] = { { 0 } };
    pthread_t threads[8];
    struct client c;
    size_t i;

    (void)state;
    client_play(&c, script);
    for (i = 0; i < 8; i++) {
        workers[i].client = &c;
        assert_int_equal(pthread_create(&threads[i], NULL, ask_often, &workers[i]), 0);
    }
    for (i = 0; i < 8; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(workers[i].failures, 0);
    }
    assert_int_equal(fake_requests(c.fake), 800);
    client_stop(&c);
}

static void requests_that_must_not_be_sent(void **state)
{
    static const char *const split[] = { "X: a\r\nY: b", NULL };
    struct gnt_http_request request;
    struct gnt_exchange *x = NULL;
    struct client c;
    gantry_error err;

    (void)state;
    client_of(&c, "unix:///nowhere/at/all.sock");
    request = get_request("/a b");
    assert_int_equal(gnt_http_begin(c.http, &request, &x, &err), GANTRY_E_INVALID);
    request = get_request("/a\r\nX: y");
    assert_int_equal(gnt_http_begin(c.http, &request, &x, &err), GANTRY_E_INVALID);
    request = get_request("http://elsewhere/");
    assert_int_equal(gnt_http_begin(c.http, &request, &x, &err), GANTRY_E_INVALID);
    request = get_request("/");
    request.headers = split;
    assert_int_equal(gnt_http_begin(c.http, &request, &x, &err), GANTRY_E_INVALID);
    request = post_request("/", "{}");
    request.content_type = NULL;
    assert_int_equal(gnt_http_begin(c.http, &request, &x, &err), GANTRY_E_INVALID);
    request = post_request("/", "{}");
    request.method = "PO ST";
    assert_int_equal(gnt_http_begin(c.http, &request, &x, &err), GANTRY_E_INVALID);
    assert_null(x);
    client_stop(&c);
}

/* ---- answers --------------------------------------------------------------------------------- */

/* One answer, cut after `size` bytes by an orderly close; how the exchange ends. */
static int ask_cut(const char *answer, size_t size, size_t piece, gantry_error *err)
{
    struct fake_step steps[] = { FAKE_REQUEST, FAKE_BYTES(answer, size), FAKE_END };
    const struct fake_step *const script[] = { steps };
    struct gnt_http_request request = get_request("/x");
    struct gnt_exchange *x = NULL;
    struct client c;
    char text[512] = "";
    int rc;

    client_play(&c, script);
    assert_int_equal(gnt_http_begin(c.http, &request, &x, err), 0);
    rc = read_all(x, text, sizeof text, piece, err);
    gnt_exchange_close(x);
    client_stop(&c);
    return rc;
}

static void cut_everywhere(const char *answer)
{
    gantry_error err;
    size_t size = strlen(answer);
    size_t i;
    int rc;

    for (i = 0; i < size; i++) {
        memset(&err, 0, sizeof err);
        rc = ask_cut(answer, i, 7, &err);
        if (rc != GANTRY_E_TRUNCATED)
            fail_msg("cut after %zu of %zu bytes: %d %s", i, size, rc, err.message);
        assert_int_equal(err.outcome, GANTRY_OUTCOME_UNKNOWN);
        assert_int_equal(err.retry, GANTRY_RETRY_YES);
    }
    assert_int_equal(ask_cut(answer, size, 7, &err), 0);
}

static void a_cut_answer_is_never_a_success(void **state)
{
    (void)state;
    cut_everywhere("HTTP/1.1 200 OK\r\nContent-Length: 12\r\nX: y\r\n\r\nhello, world");
    cut_everywhere(CHUNKED_HEAD "5\r\nhello\r\n7;ext=1\r\n, world\r\n0\r\n\r\n");
    cut_everywhere(CHUNKED_HEAD "5\r\nhello\r\n0\r\nX-Trailer: y\r\n\r\n");
    cut_everywhere("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");
}

static void answers_in_single_bytes(void **state)
{
    SCRIPT(script, FAKE_REQUEST,
           FAKE_SPLIT(CHUNKED_HEAD "5\r\nhello\r\n7\r\n, world\r\n0\r\nT: u\r\n\r\n"), FAKE_AGAIN);
    struct gnt_http_request request = get_request("/x");
    struct client c;
    gantry_error err;
    char text[64];

    (void)state;
    client_play(&c, script);
    assert_int_equal(ask(&c, &request, text, sizeof text, &err), 200);
    assert_string_equal(text, "hello, world");
    assert_int_equal(ask(&c, &request, text, sizeof text, &err), 200);
    assert_int_equal(fake_connections(c.fake), 1);
    client_stop(&c);
}

static int ask_for(const char *answer, gantry_error *err)
{
    struct fake_step steps[] = { FAKE_REQUEST, FAKE_BYTES(answer, strlen(answer)), FAKE_STALL,
                                 FAKE_END };
    const struct fake_step *const script[] = { steps };
    struct gnt_http_request request = get_request("/x");
    struct client c;
    int rc;

    memset(err, 0, sizeof *err);
    request.default_ms = 2000;
    client_play(&c, script);
    rc = ask(&c, &request, NULL, 0, err);
    client_stop(&c);
    return rc;
}

static void answers_that_make_no_sense(void **state)
{
    static const char *const answers[] = {
        "hello\r\n\r\n",
        "HTTP/2 200\r\n\r\n",
        "HTTP/1.1 999 No\r\n\r\n",
        "HTTP/1.1 103 Early\r\n\r\n",
        "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n",
        "HTTP/1.1 301 Moved\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 307 Moved\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 2\n\n{}",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Encoding: gzip\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nX a\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nX: a\001\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\n\r\nno length",
        CHUNKED_HEAD "zz\r\n{}\r\n0\r\n\r\n",
        CHUNKED_HEAD "2\r\n{}0\r\n\r\n",
        CHUNKED_HEAD "\r\n0\r\n\r\n",
        CHUNKED_HEAD "ffffffffffffffffff\r\n{}\r\n0\r\n\r\n",
    };
    gantry_error err;
    size_t i;
    int rc;

    (void)state;
    for (i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        rc = ask_for(answers[i], &err);
        if (rc != GANTRY_E_PROTOCOL || err.retry != GANTRY_RETRY_NO)
            fail_msg("answer %zu: %d, retry %d, %s", i, rc, err.retry, err.message);
    }
    assert_int_equal(ask_for("HTTP/1.1 304 Not Modified\r\n\r\n", &err), 304);
    assert_int_equal(
        ask_for("HTTP/1.1 404\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}", &err), 404);
    assert_int_equal(
        ask_for("HTTP/1.0 500 x\r\nContent-Encoding: identity\r\nContent-Length:0\r\n\r\n", &err),
        500);
}

static void until_close(void **state)
{
    SCRIPT(script, FAKE_REQUEST, FAKE_SEND("HTTP/1.1 200 OK\r\n\r\nsome"), FAKE_SEND(" more"),
           FAKE_END);
    SCRIPT(refusal, FAKE_REQUEST, FAKE_SEND("HTTP/1.1 404 Not Found\r\n\r\nno such thing"),
           FAKE_END);
    struct gnt_http_request request = get_request("/x");
    struct client c;
    gantry_error err;
    char text[64];

    (void)state;
    client_play(&c, script);
    assert_int_equal(ask(&c, &request, text, sizeof text, &err), GANTRY_E_PROTOCOL);
    request.flags = GNT_HTTP_UNTIL_CLOSE;
    assert_int_equal(ask(&c, &request, text, sizeof text, &err), 200);
    assert_string_equal(text, "some more");
    client_stop(&c);
    client_play(&c, refusal);
    request.flags = 0;
    assert_int_equal(ask(&c, &request, text, sizeof text, &err), 404);
    assert_string_equal(text, "no such thing");
    client_stop(&c);
}

static void resets(void **state)
{
    SCRIPT(midway, FAKE_REQUEST, FAKE_SEND("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsome"),
           FAKE_RESET, FAKE_END);
    SCRIPT(after, FAKE_HEAD, FAKE_SEND(OK_JSON), FAKE_RESET, FAKE_END);
    struct gnt_http_request request = get_request("/x");
    struct client c;
    struct fake_server *fake = fake_start_tcp(midway, 1);
    gantry_error err;

    (void)state;
    client_of(&c, fake_address(fake));
    c.fake = fake;
    assert_int_equal(ask(&c, &request, NULL, 0, &err), GANTRY_E_TRUNCATED);
    assert_int_equal(err.retry, GANTRY_RETRY_YES);
    client_stop(&c);
    client_play(&c, after);
    request = post_request("/x", "{\"unread\":1}"); /* so that unix sockets reset too */
    assert_int_equal(ask(&c, &request, NULL, 0, &err), 200);
    client_stop(&c);
}

static void endless_answers(void **state)
{
    SCRIPT(headers, FAKE_REQUEST, FAKE_SEND("HTTP/1.1 200 OK\r\n"),
           FAKE_FOREVER("X: yyyyyyyyyyyyy\r\n"), FAKE_END);
    SCRIPT(header, FAKE_REQUEST, FAKE_SEND("HTTP/1.1 200 OK\r\nX: "), FAKE_FOREVER("yyyyyyyy"),
           FAKE_END);
    SCRIPT(status, FAKE_REQUEST, FAKE_SEND("HTTP/1.1 200 O"), FAKE_FOREVER("OOOOOOOOO"), FAKE_END);
    SCRIPT(interim, FAKE_REQUEST, FAKE_FOREVER("HTTP/1.1 100 Continue\r\n\r\n"), FAKE_END);
    SCRIPT(trailers, FAKE_REQUEST, FAKE_SEND(CHUNKED_HEAD "0\r\n"),
           FAKE_FOREVER("X: yyyyyyyyyyyyy\r\n"), FAKE_END);
    SCRIPT(trailer, FAKE_REQUEST, FAKE_SEND(CHUNKED_HEAD "0\r\nX: "), FAKE_FOREVER("yyyyyyyy"),
           FAKE_END);
    SCRIPT(extension, FAKE_REQUEST, FAKE_SEND(CHUNKED_HEAD "1;"), FAKE_FOREVER("yyyyyyyy"),
           FAKE_END);
    const struct fake_step *const *const scripts[] = { headers,  header,  status,   interim,
                                                       trailers, trailer, extension };
    struct gnt_http_request request = get_request("/x");
    struct client c;
    gantry_error err;
    int64_t start = gantry_clock_ns();
    size_t i;
    int rc;

    (void)state;
    for (i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        client_play(&c, scripts[i]);
        memset(&err, 0, sizeof err);
        rc = ask(&c, &request, NULL, 0, &err);
        if (rc != GANTRY_E_LIMIT)
            fail_msg("script %zu: %d %s", i, rc, err.message);
        client_stop(&c);
    }
    assert_true(ms_since(start) < 5000);
}

static void the_window_is_bounded(void **state)
{
    SCRIPT(script, FAKE_REQUEST, FAKE_SEND("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"),
           FAKE_FOREVER("0123456789abcdef"), FAKE_END);
    struct gnt_http_request request = get_request("/x");
    struct gnt_exchange *x;
    struct client c;
    gantry_error err;
    char piece[5000];
    size_t total = 0;
    size_t waiting;
    size_t got;
    size_t i;
    size_t most = 0;

    (void)state;
    client_play(&c, script);
    assert_int_equal(gnt_http_begin(c.http, &request, &x, &err), 0);
    assert_int_equal(gnt_exchange_head(x, 0, &err), 0);
    while (total < 20 * 1000 * 1000) {
        assert_int_equal(gnt_exchange_read(x, piece, 1 + total % sizeof piece, 0, &got, &err), 0);
        assert_true(got > 0);
        for (i = 0; i < got; i++)
            assert_int_equal(piece[i], "0123456789abcdef"[(total + i) % 16]);
        total += got;
        (void)gnt_exchange_peek(x, &waiting);
        most = waiting > most ? waiting : most;
    }
    assert_true(most <= 256 * 1024);
    gnt_exchange_close(x); /* tears the connection: the server's thread ends */
    fake_await_closed(c.fake);
    client_stop(&c);
}

/* ---- time and cancel ------------------------------------------------------------------------- */

static void stalls_end_within_the_deadline(void **state)
{
    SCRIPT(silent, FAKE_REQUEST, FAKE_STALL, FAKE_END);
    SCRIPT(in_head, FAKE_REQUEST, FAKE_SEND("HTTP/1.1 200 OK\r\nX: "), FAKE_STALL, FAKE_END);
    SCRIPT(in_body, FAKE_REQUEST, FAKE_SEND("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsome"),
           FAKE_STALL, FAKE_END);
    SCRIPT(in_chunk, FAKE_REQUEST, FAKE_SEND(CHUNKED_HEAD "9\r\nsome"), FAKE_STALL, FAKE_END);
    const struct fake_step *const *const scripts[] = { silent, in_head, in_body, in_chunk };
    gantry_call limits[3] = { { .size = sizeof limits[0], .timeout_ms = 60 },
                              { .size = sizeof limits[0], .idle_timeout_ms = 60 },
                              { .size = sizeof limits[0] } };
    struct gnt_http_request request = get_request("/x");
    struct client c;
    gantry_error err;
    int64_t start;
    size_t i;
    size_t j;

    (void)state;
    for (i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        client_play(&c, scripts[i]);
        for (j = 0; j < 3; j++) {
            start = gantry_clock_ns();
            limits[2].deadline_ns = start + 60 * 1000000;
            request.call = &limits[j];
            assert_int_equal(ask(&c, &request, NULL, 0, &err), GANTRY_E_TIMEOUT);
            assert_int_equal(err.outcome, GANTRY_OUTCOME_UNKNOWN);
            assert_in_range(ms_since(start), 59, 60 + 1000);
        }
        client_stop(&c);
    }
}

static void *trigger_later(void *arg)
{
    struct timespec pause = { 0, 30 * 1000000 };

    /* Not to order anything: so that the call is most likely inside its wait. */
    nanosleep(&pause, NULL);
    gantry_cancel_trigger(arg);
    return NULL;
}

static void cancel_from_another_thread(void **state)
{
    SCRIPT(script, FAKE_REQUEST, FAKE_SEND("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsome"),
           FAKE_STALL, FAKE_END);
    struct gnt_http_request request = get_request("/x");
    gantry_call call = { .size = sizeof call };
    struct gnt_exchange *x;
    struct client c;
    gantry_error err;
    pthread_t thread;
    char text[16] = "";
    int64_t start;
    size_t got;

    (void)state;
    client_play(&c, script);
    assert_int_equal(gantry_cancel_new(&call.cancel, &err), 0);
    request.call = &call;
    assert_int_equal(gnt_http_begin(c.http, &request, &x, &err), 0);
    start = gantry_clock_ns();
    assert_int_equal(pthread_create(&thread, NULL, trigger_later, call.cancel), 0);
    assert_int_equal(read_all(x, text, sizeof text, 16, &err), GANTRY_E_CANCELLED);
    assert_true(ms_since(start) < 30 + 500);
    assert_string_equal(text, "some");
    pthread_join(thread, NULL);
    assert_int_equal(gnt_exchange_read(x, text, 1, 0, &got, &err), GANTRY_E_CANCELLED); /* sticky */
    gnt_exchange_close(x);
    /* A triggered token stops what begins too. */
    assert_int_equal(ask(&c, &request, NULL, 0, &err), GANTRY_E_CANCELLED);
    gantry_cancel_free(call.cancel);
    client_stop(&c);
}

static void nonblocking(void **state)
{
    SCRIPT(script, FAKE_REQUEST, FAKE_WAIT,
           FAKE_SEND("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab"), FAKE_WAIT, FAKE_SEND("cd"),
           FAKE_AGAIN);
    struct gnt_http_request request = get_request("/x");
    struct gnt_exchange *x;
    struct pollfd fd;
    struct client c;
    gantry_error err;
    char text[8];
    size_t got;
    int events;

    (void)state;
    client_play(&c, script);
    assert_int_equal(gnt_http_begin(c.http, &request, &x, &err), 0);
    assert_int_equal(gnt_exchange_head(x, 1, &err), GANTRY_E_AGAIN);
    fd = (struct pollfd){ gnt_exchange_fd(x, &events), POLLIN, 0 };
    assert_true(fd.fd >= 0);
    assert_int_equal(events, GANTRY_POLL_IN);
    assert_int_equal(poll(&fd, 1, 0), 0);
    fake_release(c.fake);
    assert_int_equal(poll(&fd, 1, 5000), 1);
    while (gnt_exchange_head(x, 1, &err) == GANTRY_E_AGAIN)
        assert_int_equal(poll(&fd, 1, 5000), 1);
    assert_int_equal(gnt_exchange_status(x), 200);
    assert_int_equal(gnt_exchange_read(x, text, sizeof text, 1, &got, &err), 0);
    assert_int_equal(got, 2);
    assert_int_equal(gnt_exchange_read(x, text, sizeof text, 1, &got, &err), GANTRY_E_AGAIN);
    fake_release(c.fake);
    assert_int_equal(poll(&fd, 1, 5000), 1);
    assert_int_equal(gnt_exchange_read(x, text, sizeof text, 1, &got, &err), 0);
    assert_int_equal(got, 2);
    assert_int_equal(gnt_exchange_read(x, text, sizeof text, 1, &got, &err), 0);
    assert_int_equal(got, 0);
    gnt_exchange_close(x);
    client_stop(&c);
}

/* ---- uploads --------------------------------------------------------------------------------- */

struct made_up {
    uint64_t left;
    uint64_t given;
    uint64_t fail_after; /* 0: never */
    size_t piece;
};

static int made_up_read(void *arg, void *buffer, size_t capacity, size_t *out_size,
                        gantry_error *err)
{
    struct made_up *m = arg;
    size_t size = capacity < m->piece ? capacity : m->piece;

    if (m->fail_after > 0 && m->given >= m->fail_after)
        return gantry_error_set(err, GANTRY_E_IO, "the disk is gone");
    if (size > m->left)
        size = (size_t)m->left;
    memset(buffer, 'u', size);
    m->left -= size;
    m->given += size;
    *out_size = size;
    return 0;
}

static struct gnt_http_request upload_request(const gantry_source *source)
{
    struct gnt_http_request r = { .method = "POST",
                                  .target = "/build",
                                  .has_body = 1,
                                  .content_type = "application/x-tar",
                                  .default_ms = 20000 };

    r.source = source;
    return r;
}

static void uploads_arrive(void **state)
{
    SCRIPT(script, FAKE_REQUEST, FAKE_SEND(OK_JSON), FAKE_END);
    struct made_up bytes = { 3000000, 0, 0, 70000 };
    gantry_source source = { sizeof source, made_up_read, &bytes, -1 };
    struct gnt_http_request request = upload_request(&source);
    struct client c;
    gantry_error err;
    char *text;

    (void)state;
    client_play(&c, script);
    assert_int_equal(ask(&c, &request, NULL, 0, &err), 200);
    assert_int_equal(bytes.given, 3000000);
    assert_true(fake_received(c.fake) > 3000000);
    bytes = (struct made_up){ 3000000, 0, 0, 70000 };
    source.length = 3000000;
    request.method = "PUT";
    assert_int_equal(ask(&c, &request, NULL, 0, &err), 200);
    bytes = (struct made_up){ 0, 0, 0, 1 };
    source.length = 0;
    assert_int_equal(ask(&c, &request, NULL, 0, &err), 200);
    text = fake_text(c.fake, NULL);
    assert_int_equal(count_text(text, "POST /build HTTP/1.1\r\n"), 1);
    assert_int_equal(count_text(text, "Transfer-Encoding: chunked\r\n"), 1);
    assert_int_equal(count_text(text, "Content-Type: application/x-tar\r\n"), 1);
    assert_null(strstr(text, "Expect"));
    free(text);
    assert_int_equal(fake_requests(c.fake), 3);
    client_stop(&c);
}

static void a_source_that_fails_never_ends_the_upload(void **state)
{
    SCRIPT(script, FAKE_REQUEST, FAKE_SEND(OK_JSON), FAKE_END);
    struct made_up bytes = { 3000000, 0, 1000000, 70000 };
    gantry_source source = { sizeof source, made_up_read, &bytes, -1 };
    struct gnt_http_request request = upload_request(&source);
    struct client c;
    gantry_error err;

    (void)state;
    client_play(&c, script);
    assert_int_equal(ask(&c, &request, NULL, 0, &err), GANTRY_E_IO);
    assert_string_equal(err.message, "the disk is gone");
    fake_await_closed(c.fake);
    assert_int_equal(fake_requests(c.fake), 0); /* no last chunk came */
    client_stop(&c);
}

static void a_source_must_keep_to_its_length(void **state)
{
    SCRIPT(script, FAKE_REQUEST, FAKE_SEND(OK_JSON), FAKE_END);
    struct made_up bytes = { 100000, 0, 0, 70000 };
    gantry_source source = { sizeof source, made_up_read, &bytes, 100001 };
    struct gnt_http_request request = upload_request(&source);
    struct client c;
    gantry_error err;

    (void)state;
    client_play(&c, script);
    assert_int_equal(ask(&c, &request, NULL, 0, &err), GANTRY_E_CHANGED);
    bytes = (struct made_up){ 100000, 0, 0, 70000 };
    source.length = 99999;
    assert_int_equal(ask(&c, &request, NULL, 0, &err), GANTRY_E_CHANGED);
    bytes = (struct made_up){ 100000, 0, 0, 50000 };
    source.length = 50000;
    assert_int_equal(ask(&c, &request, NULL, 0, &err), GANTRY_E_CHANGED);
    fake_await_closed(c.fake);
    assert_int_equal(fake_requests(c.fake), 0);
    client_stop(&c);
}

#define REFUSAL "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n"

static void check_refusals(const struct fake_step *const *script, int tcp)
{
    struct fake_server *fake = tcp ? fake_start_tcp(script, 1) : fake_start(script, 1);
    struct made_up bytes;
    gantry_source source = { sizeof source, made_up_read, &bytes, -1 };
    struct gnt_http_request request = upload_request(&source);
    struct client c;
    gantry_error err;
    char text[64];
    int i;
    int rc;

    client_of(&c, fake_address(fake));
    c.fake = fake;
    for (i = 0; i < 40; i++) {
        bytes = (struct made_up){ 64 * 1024 * 1024, 0, 0, (size_t)1 << (10 + i % 10) };
        source.length = i % 2 ? -1 : 64 * 1024 * 1024;
        memset(&err, 0, sizeof err);
        rc = ask(&c, &request, text, sizeof text, &err);
        if (rc != 400)
            fail_msg("round %d, tcp %d: %d %s", i, tcp, rc, err.message);
        assert_string_equal(text, "{\"message\":\"bad tar\"}");
        assert_true(bytes.left > 0);
    }
    client_stop(&c);
}

static void an_early_answer_wins(void **state)
{
    SCRIPT(waits, FAKE_HEAD, FAKE_READ(65536),
           FAKE_SEND(REFUSAL "Content-Length: 21\r\n\r\n{\"message\":\"bad tar\"}"), FAKE_STALL,
           FAKE_END);
    SCRIPT(length, FAKE_HEAD, FAKE_READ(65536),
           FAKE_SEND(REFUSAL "Content-Length: 21\r\n\r\n{\"message\":\"bad tar\"}"), FAKE_END);
    SCRIPT(says_close, FAKE_HEAD, FAKE_READ(65536),
           FAKE_SEND(REFUSAL
                     "Connection: close\r\nContent-Length: 21\r\n\r\n{\"message\":\"bad tar\"}"),
           FAKE_END);
    SCRIPT(
        chunked, FAKE_HEAD, FAKE_READ(65536),
        FAKE_SEND(REFUSAL
                  "Transfer-Encoding: chunked\r\n\r\n15\r\n{\"message\":\"bad tar\"}\r\n0\r\n\r\n"),
        FAKE_END);
    SCRIPT(bare, FAKE_HEAD, FAKE_READ(65536), FAKE_SEND(REFUSAL "\r\n{\"message\":\"bad tar\"}"),
           FAKE_END);
    SCRIPT(half, FAKE_HEAD, FAKE_READ(65536), FAKE_SEND(REFUSAL "\r\n{\"message\":\"bad tar\"}"),
           FAKE_SHUT, FAKE_STALL, FAKE_END);
    SCRIPT(at_once, FAKE_HEAD,
           FAKE_SEND(REFUSAL "Content-Length: 21\r\n\r\n{\"message\":\"bad tar\"}"), FAKE_END);

    (void)state;
    check_refusals(waits, 0);
    check_refusals(waits, 1);
    check_refusals(length, 0);
    check_refusals(says_close, 0);
    check_refusals(chunked, 0);
    check_refusals(bare, 0);
    check_refusals(half, 0);
    check_refusals(half, 1);
    check_refusals(at_once, 0);
}

static void an_engine_that_leaves_an_upload(void **state)
{
    SCRIPT(silent, FAKE_HEAD, FAKE_READ(65536), FAKE_SHUT, FAKE_STALL, FAKE_END);
    SCRIPT(in_head, FAKE_HEAD, FAKE_READ(65536), FAKE_SEND("HTTP/1.1 400 Ba"), FAKE_SHUT,
           FAKE_STALL, FAKE_END);
    SCRIPT(in_body, FAKE_HEAD, FAKE_READ(65536),
           FAKE_SEND(REFUSAL "Content-Length: 99\r\n\r\nsome"), FAKE_SHUT, FAKE_STALL, FAKE_END);
    SCRIPT(closes, FAKE_HEAD, FAKE_READ(65536), FAKE_END);
    const struct fake_step *const *const scripts[] = { silent, in_head, in_body, closes };
    struct made_up bytes;
    gantry_source source = { sizeof source, made_up_read, &bytes, -1 };
    struct gnt_http_request request = upload_request(&source);
    struct client c;
    gantry_error err;
    size_t i;
    int rc;

    (void)state;
    for (i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        bytes = (struct made_up){ 64 * 1024 * 1024, 0, 0, 70000 };
        client_play(&c, scripts[i]);
        rc = ask(&c, &request, NULL, 0, &err);
        if (rc != GANTRY_E_TRUNCATED || err.retry != GANTRY_RETRY_ASK)
            fail_msg("script %zu: %d, retry %d, %s", i, rc, err.retry, err.message);
        client_stop(&c);
    }
}

static void an_engine_that_stops_reading(void **state)
{
    SCRIPT(script, FAKE_HEAD, FAKE_READ(65536), FAKE_STALL, FAKE_END);
    struct made_up bytes = { 64 * 1024 * 1024, 0, 0, 70000 };
    gantry_source source = { sizeof source, made_up_read, &bytes, -1 };
    struct gnt_http_request request = upload_request(&source);
    gantry_call call = { .size = sizeof call, .idle_timeout_ms = 100 };
    struct client c;
    gantry_error err;

    (void)state;
    client_play(&c, script);
    request.call = &call;
    assert_int_equal(ask(&c, &request, NULL, 0, &err), GANTRY_E_TIMEOUT);
    assert_int_equal(err.retry, GANTRY_RETRY_ASK);
    client_stop(&c);
}

static void answers_while_uploading(void **state)
{
    /* 100 Continue unasked, and a 200 whose body begins before the upload ends. */
    SCRIPT(interim, FAKE_HEAD, FAKE_READ(65536), FAKE_SEND("HTTP/1.1 100 Continue\r\n\r\n"),
           FAKE_READ(900000), FAKE_SEND(OK_JSON), FAKE_DRAIN, FAKE_END);
    SCRIPT(both, FAKE_HEAD, FAKE_READ(65536), FAKE_SEND(CHUNKED_HEAD "1\r\n{\r\n"),
           FAKE_READ(900000), FAKE_SEND("1\r\n}\r\n0\r\n\r\n"), FAKE_DRAIN, FAKE_END);
    struct made_up bytes;
    gantry_source source = { sizeof source, made_up_read, &bytes, 65536 + 900000 };
    struct gnt_http_request request = upload_request(&source);
    struct client c;
    gantry_error err;
    char text[16];

    (void)state;
    bytes = (struct made_up){ 965536, 0, 0, 70000 };
    client_play(&c, interim);
    assert_int_equal(ask(&c, &request, text, sizeof text, &err), 200);
    assert_int_equal(bytes.left, 0);
    client_stop(&c);
    bytes = (struct made_up){ 965536, 0, 0, 70000 };
    client_play(&c, both);
    assert_int_equal(ask(&c, &request, text, sizeof text, &err), 200);
    assert_string_equal(text, "{}");
    assert_int_equal(bytes.left, 0);
    client_stop(&c);
}

/* ---- the process ----------------------------------------------------------------------------- */

static void no_descriptor_stays_open(void **state)
{
    SCRIPT(script, FAKE_REQUEST, FAKE_SEND(OK_JSON), FAKE_AGAIN);
    struct gnt_http_request get = get_request("/x");
    struct gnt_http_request post = post_request("/x", "{}");
    size_t before = open_descriptors();
    struct client c;
    gantry_error err;

    (void)state;
    client_play(&c, script);
    assert_int_equal(ask(&c, &get, NULL, 0, &err), 200);
    assert_int_equal(ask(&c, &post, NULL, 0, &err), 200);
    client_stop(&c);
    assert_int_equal(open_descriptors(), before);
}

static void exhausted_memory(void **state)
{
    static const struct fake_step upload[] = { FAKE_REQUEST, FAKE_SEND(OK_JSON), FAKE_END };
    static const struct fake_step *const script[] = { upload };
    struct made_up bytes;
    gantry_source source = { sizeof source, made_up_read, &bytes, -1 };
    struct gnt_http_request requests[3] = { get_request("/x?y=z"), post_request("/x", "{}"),
                                            upload_request(&source) };
    struct client c;
    gantry_error err;
    size_t i;
    long k;
    int rc;

    (void)state;
    for (i = 0; i < 3; i++) {
        rc = 0;
        for (k = 0; rc != 200; k++) {
            bytes = (struct made_up){ 100000, 0, 0, 70000 };
            client_play(&c, script);
            fail_after = k;
            rc = ask(&c, &requests[i], NULL, 0, &err);
            fail_after = -1;
            if (rc != GANTRY_E_NOMEM && rc != 200)
                fail_msg("allocation %ld: %d %s", k, rc, err.message);
            client_stop(&c); /* checks that nothing stays */
        }
        assert_in_range(k, 5, 100);
    }
}

static void exhausted_descriptors(void **state)
{
    SCRIPT(script, FAKE_REQUEST, FAKE_SEND(OK_JSON), FAKE_END);
    struct gnt_http_request request = get_request("/x");
    struct rlimit before;
    struct rlimit none;
    struct client c;
    gantry_error err;

    (void)state;
    client_play(&c, script);
    assert_int_equal(ask(&c, &request, NULL, 0, &err), 200);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){ 0, before.rlim_max };
    fake_await_closed(c.fake);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_int_equal(ask(&c, &request, NULL, 0, &err), GANTRY_E_IO);
    assert_int_equal(err.os_error, EMFILE);
    assert_int_equal(err.outcome, GANTRY_OUTCOME_NOT_SENT);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(ask(&c, &request, NULL, 0, &err), 200);
    client_stop(&c);
}

static void keep_line(void *arg, int level, const char *component, const char *line)
{
    char *lines = arg;

    snprintf(lines + strlen(lines), 512 - strlen(lines), "%d %s %s\n", level, component, line);
}

static void one_log_line_without_the_query(void **state)
{
    SCRIPT(script, FAKE_REQUEST, FAKE_SEND(OK_JSON), FAKE_END);
    gantry_call call = { .size = sizeof call, .tag = "nightly" };
    struct gnt_http_request request = post_request("/build?buildargs=secret", "{\"b\":\"secret\"}");
    struct client c;
    gantry_error err;
    char lines[512] = "";

    (void)state;
    client_play(&c, script);
    c.host.logger.log = keep_line;
    c.host.logger.arg = lines;
    c.host.logger.level = GANTRY_LOG_DEBUG;
    request.call = &call;
    assert_int_equal(ask(&c, &request, NULL, 0, &err), 200);
    assert_int_equal(strncmp(lines, "4 http nightly: POST /build 200 ", 32), 0);
    assert_int_equal(count_text(lines, "\n"), 1);
    assert_null(strstr(lines, "secret"));
    client_stop(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(get_keeps_its_connection),
        cmocka_unit_test(post_has_a_fresh_connection_and_is_sent_once),
        cmocka_unit_test(get_survives_an_idle_connection_that_died),
        cmocka_unit_test(what_is_on_the_wire),
        cmocka_unit_test(methods_without_a_body),
        cmocka_unit_test(head_has_no_body),
        cmocka_unit_test(begin_sends_at_once),
        cmocka_unit_test(a_forked_child_is_refused),
        cmocka_unit_test(connections_that_cannot_be_made),
        cmocka_unit_test(over_tcp_too),
        cmocka_unit_test(many_threads_share_the_pool),
        cmocka_unit_test(requests_that_must_not_be_sent),
        cmocka_unit_test(a_cut_answer_is_never_a_success),
        cmocka_unit_test(answers_in_single_bytes),
        cmocka_unit_test(answers_that_make_no_sense),
        cmocka_unit_test(until_close),
        cmocka_unit_test(resets),
        cmocka_unit_test(endless_answers),
        cmocka_unit_test(the_window_is_bounded),
        cmocka_unit_test(stalls_end_within_the_deadline),
        cmocka_unit_test(cancel_from_another_thread),
        cmocka_unit_test(nonblocking),
        cmocka_unit_test(uploads_arrive),
        cmocka_unit_test(a_source_that_fails_never_ends_the_upload),
        cmocka_unit_test(a_source_must_keep_to_its_length),
        cmocka_unit_test(an_early_answer_wins),
        cmocka_unit_test(an_engine_that_leaves_an_upload),
        cmocka_unit_test(an_engine_that_stops_reading),
        cmocka_unit_test(answers_while_uploading),
        cmocka_unit_test(no_descriptor_stays_open),
        cmocka_unit_test(exhausted_memory),
        cmocka_unit_test(exhausted_descriptors),
        cmocka_unit_test(one_log_line_without_the_query),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
