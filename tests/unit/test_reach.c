/*
 * Between here and an engine: base paths, headers, proxies, the bound of connections, connections
 * that an engine has closed. The proxies are scripted; what they are asked is on the wire.
 */
#include "http_helpers.h"

#include "upgrade.h"

#include <pthread.h>

#define OK_JSON "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
#define TUNNEL "HTTP/1.1 200 Connection established\r\nX-Proxy: yes\r\n\r\n"
#define UPGRADED "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"

#define SCRIPT(name, ...)                                                                          \
    static const struct fake_step name##_steps[] = { __VA_ARGS__ };                                \
    static const struct fake_step *const name[] = { name##_steps }

static int upgrade(struct client *c, struct gnt_duplex **out, gantry_error *err)
{
    struct gnt_http_request request = post_request("/exec/x/start", "{}");
    int status = 0;
    int rc = gnt_upgrade_open(c->http, &request, out, &status, err);

    return rc < 0 ? rc : status;
}

static char lines[1024];

static void keep_line(void *arg, int level, const char *component, const char *message)
{
    size_t size = strlen(lines);

    (void)arg;
    (void)level;
    (void)component;
    snprintf(lines + size, sizeof lines - size, "%s\n", message);
}

/* ---- what stands in front -------------------------------------------------------------------- */

static void a_base_path_and_headers(void **state)
{
    static const char *const headers[] = { "Authorization: Bearer secret", "User-Agent: mine",
                                           NULL };
    SCRIPT(script, FAKE_REQUEST, FAKE_SEND(OK_JSON), FAKE_END);
    SCRIPT(hijack, FAKE_REQUEST, FAKE_SEND(UPGRADED "raw"), FAKE_END);
    const struct fake_step *const scripts[] = { script[0], script[0], hijack[0] };
    struct gnt_http_request get = get_request("/v1.41/info?x=1");
    struct gnt_http_request post = post_request("/v1.41/build", "{}");
    struct gnt_duplex *d = NULL;
    struct client c;
    gantry_error err;
    char *text;

    (void)state;
    client_start(&c, scripts, 3);
    c.host.logger = (gantry_logger){ .size = sizeof c.host.logger,
                                     .log = keep_line,
                                     .level = GANTRY_LOG_DEBUG };
    lines[0] = '\0';
    c.route.base_path = "/engines/one";
    c.route.headers = headers;
    assert_int_equal(ask(&c, &get, NULL, 0, &err), 200);
    assert_int_equal(ask(&c, &post, NULL, 0, &err), 200);
    assert_int_equal(upgrade(&c, &d, &err), 101);
    gnt_duplex_close(d);
    text = fake_text(c.fake, NULL);
    assert_int_equal(count_text(text, "GET /engines/one/v1.41/info?x=1 HTTP/1.1\r\n"), 1);
    assert_int_equal(count_text(text, "POST /engines/one/v1.41/build HTTP/1.1\r\n"), 1);
    assert_int_equal(count_text(text, "POST /engines/one/exec/x/start HTTP/1.1\r\n"), 1);
    assert_int_equal(count_text(text, "Authorization: Bearer secret\r\n"), 3);
    assert_int_equal(count_text(text, "User-Agent: mine\r\n"), 3);
    assert_int_equal(count_text(text, "User-Agent:"), 3);
    free(text);
    assert_int_equal(count_text(lines, "GET /engines/one/v1.41/info 200"), 1);
    assert_int_equal(count_text(lines, "POST /engines/one/exec/x/start 101"), 1);
    assert_null(strstr(lines, "secret"));
    client_stop(&c);
}

/* ---- proxies --------------------------------------------------------------------------------- */

/* The scripted server is the proxy; the engine is somewhere that nobody can look up here. */
static void through(struct client *c, const struct fake_step *const *scripts, size_t count)
{
    static char proxy[64];
    struct fake_server *fake = fake_start_tcp(scripts, count);

    assert_non_null(fake);
    client_of(c, "tcp://engine.invalid:2375");
    c->fake = fake;
    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", fake_port(fake));
    c->route.proxy = proxy;
    c->route.dialer.dial = NULL;
}

static void a_tunnel_for_each_connection(void **state)
{
    SCRIPT(keep, FAKE_HEAD, FAKE_SEND(TUNNEL), FAKE_REQUEST, FAKE_SEND(OK_JSON), FAKE_REQUEST,
           FAKE_SEND(OK_JSON), FAKE_STALL, FAKE_END);
    SCRIPT(once, FAKE_HEAD, FAKE_SEND(TUNNEL), FAKE_REQUEST, FAKE_SEND(OK_JSON), FAKE_END);
    SCRIPT(hijack, FAKE_HEAD, FAKE_SEND(TUNNEL), FAKE_REQUEST, FAKE_SEND(UPGRADED "raw"), FAKE_END);
    const struct fake_step *const scripts[] = { keep[0], once[0], hijack[0] };
    struct gnt_http_request get = get_request("/info");
    struct gnt_http_request post = post_request("/create", "{}");
    struct gnt_duplex *d = NULL;
    struct client c;
    gantry_error err;
    char bytes[8] = "";
    size_t got;
    char *text;

    (void)state;
    setenv("no_proxy", "*", 1); /* libcurl would look at it by itself */
    through(&c, scripts, 3);
    c.route.proxy_user = "me";
    c.route.proxy_password = "secret:x";
    assert_int_equal(ask(&c, &get, NULL, 0, &err), 200);
    assert_int_equal(ask(&c, &get, NULL, 0, &err), 200);
    assert_int_equal(ask(&c, &post, NULL, 0, &err), 200);
    assert_int_equal(upgrade(&c, &d, &err), 101);
    assert_int_equal(gnt_duplex_read(d, bytes, sizeof bytes, 0, &got, &err), 0);
    assert_memory_equal(bytes, "raw", 3);
    gnt_duplex_close(d);
    assert_int_equal(fake_connections(c.fake), 3);
    text = fake_text(c.fake, NULL);
    assert_int_equal(count_text(text, "CONNECT engine.invalid:2375 HTTP/1.1\r\n"), 3);
    /* "me:secret:x" */
    assert_int_equal(count_text(text, "Proxy-Authorization: Basic bWU6c2VjcmV0Ong=\r\n"), 3);
    assert_int_equal(count_text(text, "Proxy-Authorization"), 3); /* the engine learns nothing */
    assert_int_equal(count_text(text, "GET /info HTTP/1.1\r\nHost: engine.invalid:2375\r\n"), 2);
    assert_int_equal(count_text(text, "POST /exec/x/start HTTP/1.1\r\nHost: engine.invalid"), 1);
    free(text);
    unsetenv("no_proxy");
    client_stop(&c);
}

static void what_a_proxy_says(void **state)
{
    static const struct {
        const char *answer;
        const char *words;
        int retry;
    } rows[] = {
        { "HTTP/1.1 407 Auth\r\nProxy-Authenticate: Basic\r\nContent-Length: 2\r\n\r\nno",
          "wants credentials (407)", GANTRY_RETRY_NO },
        { "HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno",
          "refuses connections to tcp://engine.invalid:2375 (403)", GANTRY_RETRY_NO },
        { "HTTP/1.1 502 No\r\nContent-Length: 2\r\n\r\nno",
          "cannot connect to tcp://engine.invalid:2375 (502)", GANTRY_RETRY_YES },
        { "HTTP/1.1 200 OK\r\n", "does not connect to", GANTRY_RETRY_YES },
        { "", "does not connect to", GANTRY_RETRY_YES },
        { "SSH-2.0-x\r\n", "does not connect to", GANTRY_RETRY_YES },
    };
    struct gnt_http_request post = post_request("/create", "{}");
    struct gnt_duplex *d = NULL;
    gantry_error err;
    struct client c;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fake_step steps[] = { FAKE_HEAD, FAKE_BYTES(rows[i].answer, strlen(rows[i].answer)),
                                     FAKE_END };
        const struct fake_step *const script[] = { steps };

        through(&c, script, 1);
        for (int k = 0; k < 2; k++) {
            int rc = k == 0 ? ask(&c, &post, NULL, 0, &err) : upgrade(&c, &d, &err);

            if (rc != GANTRY_E_UNAVAILABLE || strstr(err.message, rows[i].words) == NULL ||
                strstr(err.message, c.route.proxy) == NULL)
                fail_msg("%s: %d %s", rows[i].answer, rc, err.message);
            assert_int_equal(err.outcome, GANTRY_OUTCOME_NOT_SENT);
            assert_int_equal(err.retry, rows[i].retry);
        }
        client_stop(&c);
    }
}

static void credentials_that_a_proxy_does_not_take(void **state)
{
    SCRIPT(script, FAKE_HEAD,
           FAKE_SEND("HTTP/1.1 407 Auth\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"),
           FAKE_END);
    struct gnt_http_request get = get_request("/info");
    gantry_error err;
    struct client c;

    (void)state;
    through(&c, script, 1);
    c.route.proxy_user = "me";
    c.route.proxy_password = "secret";
    assert_int_equal(ask(&c, &get, NULL, 0, &err), GANTRY_E_UNAVAILABLE);
    assert_non_null(strstr(err.message, "does not take its credentials (407)"));
    assert_null(strstr(err.message, "secret"));
    assert_int_equal(fake_connections(c.fake), 1);
    client_stop(&c);
}

/* Names are for the proxy to look up. */
static void a_socks_proxy(void **state)
{
    static const char refusal[] = { 5, 2, 0, 1, 0, 0, 0, 0, 0, 0 };
    SCRIPT(well, FAKE_READ(3), FAKE_BYTES("\5\0", 2), FAKE_READ(21),
           FAKE_BYTES("\5\0\0\1\0\0\0\0\0\0", 10), FAKE_REQUEST, FAKE_SEND(OK_JSON), FAKE_END);
    SCRIPT(badly, FAKE_READ(3), FAKE_BYTES("\5\0", 2), FAKE_READ(21),
           FAKE_BYTES(refusal, sizeof refusal), FAKE_END);
    const struct fake_step *const scripts[] = { well[0], badly[0] };
    struct gnt_http_request post = post_request("/create", "{}");
    gantry_error err;
    struct client c;
    char proxy[64];
    char *text;
    size_t size = 0;

    (void)state;
    through(&c, scripts, 2);
    snprintf(proxy, sizeof proxy, "socks5h://127.0.0.1:%d", fake_port(c.fake));
    c.route.proxy = proxy;
    assert_int_equal(ask(&c, &post, NULL, 0, &err), 200);
    text = fake_text(c.fake, &size);
    for (size_t i = 0; i < size; i++)
        text[i] = text[i] == '\0' ? '.' : text[i];
    assert_int_equal(count_text(text, "engine.invalid"), 2); /* there, and in "Host:" */
    free(text);
    assert_int_equal(ask(&c, &post, NULL, 0, &err), GANTRY_E_UNAVAILABLE);
    assert_non_null(strstr(err.message, proxy));
    assert_int_equal(err.outcome, GANTRY_OUTCOME_NOT_SENT);
    client_stop(&c);
}

static void a_proxy_that_is_not_there(void **state)
{
    SCRIPT(script, FAKE_END);
    struct gnt_http_request get = get_request("/info");
    gantry_call call = { .size = sizeof call, .timeout_ms = 20000 };
    gantry_error err;
    struct client c;

    (void)state;
    get.call = &call;
    through(&c, script, 1);
    c.route.proxy = "http://127.0.0.1:1";
    assert_int_equal(ask(&c, &get, NULL, 0, &err), GANTRY_E_UNAVAILABLE);
    assert_string_equal(err.message,
                        "cannot connect to the proxy http://127.0.0.1:1: Connection refused");
    assert_int_equal(err.outcome, GANTRY_OUTCOME_NOT_SENT);
    client_stop(&c);
}

/* A limit that passes while the proxy keeps silent: not a byte of the request has left. */
static void a_proxy_that_keeps_silent(void **state)
{
    SCRIPT(script, FAKE_HEAD, FAKE_STALL, FAKE_END);
    struct gnt_http_request post = post_request("/create", "{}");
    gantry_call call = { .size = sizeof call, .timeout_ms = 200 };
    struct gnt_duplex *d = NULL;
    gantry_error err;
    struct client c;
    int status;

    (void)state;
    post.call = &call;
    through(&c, script, 1);
    assert_int_equal(ask(&c, &post, NULL, 0, &err), GANTRY_E_TIMEOUT);
    assert_int_equal(err.outcome, GANTRY_OUTCOME_NOT_SENT);
    assert_int_equal(err.retry, GANTRY_RETRY_YES);
    assert_int_equal(gnt_upgrade_open(c.http, &post, &d, &status, &err), GANTRY_E_TIMEOUT);
    assert_int_equal(err.outcome, GANTRY_OUTCOME_NOT_SENT);
    client_stop(&c);
}

/* The tunnel is there and the engine behind it silent: then it may have left. */
static void an_engine_behind_a_proxy_that_keeps_silent(void **state)
{
    SCRIPT(script, FAKE_HEAD, FAKE_SEND(TUNNEL), FAKE_REQUEST, FAKE_STALL, FAKE_END);
    struct gnt_http_request post = post_request("/create", "{}");
    gantry_call call = { .size = sizeof call, .timeout_ms = 300 };
    gantry_error err;
    struct client c;

    (void)state;
    post.call = &call;
    through(&c, script, 1);
    assert_int_equal(ask(&c, &post, NULL, 0, &err), GANTRY_E_TIMEOUT);
    assert_int_equal(err.outcome, GANTRY_OUTCOME_UNKNOWN);
    assert_int_equal(err.retry, GANTRY_RETRY_ASK);
    client_stop(&c);
}

/* ---- how many -------------------------------------------------------------------------------- */

static void connections_are_bounded(void **state)
{
    SCRIPT(stream, FAKE_REQUEST, FAKE_SEND("HTTP/1.1 200 OK\r\n\r\n"), FAKE_STALL, FAKE_END);
    SCRIPT(plain, FAKE_REQUEST, FAKE_SEND(OK_JSON), FAKE_AGAIN, FAKE_END);
    SCRIPT(hijack, FAKE_REQUEST, FAKE_SEND(UPGRADED), FAKE_STALL, FAKE_END);
    const struct fake_step *const scripts[] = { stream[0], hijack[0], plain[0] };
    struct gnt_http_request get = get_request("/events");
    struct gnt_http_request post = post_request("/create", "{}");
    struct gnt_exchange *x = NULL;
    struct gnt_duplex *d = NULL;
    struct gnt_duplex *other = NULL;
    gantry_error err;
    struct client c;

    (void)state;
    client_start(&c, scripts, 3);
    c.host.max_connections = 2;
    get.flags = GNT_HTTP_UNTIL_CLOSE;
    assert_int_equal(gnt_http_begin(c.http, &get, &x, &err), 0);
    assert_int_equal(gnt_exchange_head(x, 0, &err), 0);
    assert_int_equal(upgrade(&c, &d, &err), 101);
    for (int k = 0; k < 3; k++) {
        int rc = k == 0   ? ask(&c, &get, NULL, 0, &err)
                 : k == 1 ? ask(&c, &post, NULL, 0, &err)
                          : upgrade(&c, &other, &err);

        assert_int_equal(rc, GANTRY_E_LIMIT);
        assert_non_null(strstr(err.message, "max_connections: all 2 connections"));
        assert_int_equal(err.outcome, GANTRY_OUTCOME_NOT_SENT);
        assert_int_equal(err.retry, GANTRY_RETRY_YES);
    }
    assert_int_equal(fake_connections(c.fake), 2);
    gnt_duplex_close(d);
    get.flags = 0;
    /* One after the other is enough for the one that is left; the idle one is not counted. */
    for (int k = 0; k < 5; k++) {
        assert_int_equal(ask(&c, &get, NULL, 0, &err), 200);
        assert_int_equal(ask(&c, &post, NULL, 0, &err), 200);
    }
    gnt_exchange_close(x);
    client_stop(&c);
}

/* Whatever way a call ends, its place is free again. */
static void places_are_given_back(void **state)
{
    SCRIPT(cut, FAKE_REQUEST, FAKE_SEND("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"), FAKE_END);
    SCRIPT(silent, FAKE_REQUEST, FAKE_STALL, FAKE_END);
    SCRIPT(plain, FAKE_REQUEST, FAKE_SEND(OK_JSON), FAKE_AGAIN, FAKE_END);
    SCRIPT(refuse, FAKE_REQUEST, FAKE_SEND("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"),
           FAKE_END);
    const struct fake_step *const scripts[] = { cut[0], silent[0], refuse[0], silent[0], plain[0] };
    struct gnt_http_request get = get_request("/info");
    struct gnt_http_request wrong = get_request("no path");
    gantry_call call = { .size = sizeof call, .timeout_ms = 100 };
    struct gnt_http_request limited = get_request("/info");
    struct gnt_http_request post = post_request("/exec/x/start", "{}");
    struct gnt_duplex *d = NULL;
    gantry_error err;
    struct client c;
    int status = 0;

    (void)state;
    limited.call = post.call = &call;
    client_start(&c, scripts, 5);
    c.host.max_connections = 1;
    assert_int_equal(ask(&c, &get, NULL, 0, &err), GANTRY_E_TRUNCATED);
    assert_int_equal(ask(&c, &limited, NULL, 0, &err), GANTRY_E_TIMEOUT);
    assert_int_equal(ask(&c, &wrong, NULL, 0, &err), GANTRY_E_INVALID);
    assert_int_equal(gnt_upgrade_open(c.http, &post, &d, &status, &err), 0);
    assert_int_equal(status, 404);
    gnt_duplex_close(d);
    assert_int_equal(gnt_upgrade_open(c.http, &post, &d, &status, &err), GANTRY_E_TIMEOUT);
    for (long k = 0; k < 40; k++) {
        int rc;

        fail_after = k;
        rc = ask(&c, &get, NULL, 0, &err);
        fail_after = -1;
        if (rc != GANTRY_E_NOMEM && rc != 200)
            fail_msg("allocation %ld: %d %s", k, rc, err.message);
    }
    assert_int_equal(ask(&c, &get, NULL, 0, &err), 200);
    client_stop(&c);
}

/* ---- stale and dead -------------------------------------------------------------------------- */

/* The engine closes its idle connection: noticed before anything is sent on it. */
static void closed_while_idle(void **state)
{
    SCRIPT(script, FAKE_REQUEST, FAKE_SEND(OK_JSON), FAKE_WAIT, FAKE_END);
    struct gnt_http_request get = get_request("/info");
    struct gnt_http_request post = post_request("/create", "{}");
    gantry_error err;
    struct client c;

    (void)state;
    client_play(&c, script);
    for (size_t i = 1; i <= 3; i++) {
        assert_int_equal(ask(&c, i % 2 == 1 ? &get : &post, NULL, 0, &err), 200);
        fake_release(c.fake);
        fake_await_closed(c.fake);
        assert_int_equal(fake_connections(c.fake), i);
        assert_int_equal(fake_requests(c.fake), i); /* each request was sent once */
    }
    client_stop(&c);
}

/* It sends no more but still reads: what is written there would be taken and never answered. */
static void half_closed_while_idle(void **state)
{
    SCRIPT(half, FAKE_REQUEST, FAKE_SEND(OK_JSON), FAKE_SHUT, FAKE_REQUEST, FAKE_END);
    SCRIPT(plain, FAKE_REQUEST, FAKE_SEND(OK_JSON), FAKE_AGAIN, FAKE_END);
    const struct fake_step *const scripts[] = { half[0], plain[0] };
    struct gnt_http_request get = get_request("/info");
    gantry_error err;
    struct client c;

    (void)state;
    client_start(&c, scripts, 2);
    assert_int_equal(ask(&c, &get, NULL, 0, &err), 200);
    /* The end may come a moment after the answer; a request that is sent before is repeated. */
    assert_int_equal(ask(&c, &get, NULL, 0, &err), 200);
    assert_int_equal(fake_connections(c.fake), 2);
    client_stop(&c);
}

/* It takes the request from the idle connection and closes: a GET goes again, on a fresh one. */
static void closed_while_a_request_is_sent(void **state)
{
    SCRIPT(rude, FAKE_REQUEST, FAKE_SEND(OK_JSON), FAKE_REQUEST, FAKE_END);
    SCRIPT(plain, FAKE_REQUEST, FAKE_SEND(OK_JSON), FAKE_AGAIN, FAKE_END);
    const struct fake_step *const scripts[] = { rude[0], plain[0] };
    struct gnt_http_request get = get_request("/info");
    gantry_error err;
    struct client c;

    (void)state;
    client_start(&c, scripts, 2);
    assert_int_equal(ask(&c, &get, NULL, 0, &err), 200);
    assert_int_equal(ask(&c, &get, NULL, 0, &err), 200);
    assert_int_equal(fake_connections(c.fake), 2);
    assert_int_equal(fake_requests(c.fake), 3);
    client_stop(&c);
}

/* What changes something is never sent on a connection that was idle, and never twice. */
static void posts_never_take_an_idle_connection(void **state)
{
    SCRIPT(rude, FAKE_REQUEST, FAKE_SEND(OK_JSON), FAKE_REQUEST, FAKE_END);
    SCRIPT(once, FAKE_REQUEST, FAKE_END);
    SCRIPT(plain, FAKE_REQUEST, FAKE_SEND(OK_JSON), FAKE_AGAIN, FAKE_END);
    const struct fake_step *const scripts[] = { rude[0], once[0], plain[0] };
    struct gnt_http_request get = get_request("/info");
    struct gnt_http_request post = post_request("/create", "{}");
    gantry_error err;
    struct client c;
    char *text;

    (void)state;
    client_start(&c, scripts, 3);
    assert_int_equal(ask(&c, &get, NULL, 0, &err), 200);
    assert_int_equal(ask(&c, &post, NULL, 0, &err), GANTRY_E_TRUNCATED);
    assert_int_equal(err.outcome, GANTRY_OUTCOME_UNKNOWN);
    assert_int_equal(err.retry, GANTRY_RETRY_ASK);
    assert_int_equal(fake_connections(c.fake), 2);
    text = fake_text(c.fake, NULL);
    assert_int_equal(count_text(text, "POST /create"), 1);
    free(text);
    client_stop(&c);
}

/* The socket's file is another one now, with another engine behind it. */
static void the_socket_file_is_replaced(void **state)
{
    SCRIPT(script, FAKE_REQUEST, FAKE_SEND(OK_JSON), FAKE_AGAIN, FAKE_END);
    struct gnt_http_request get = get_request("/info");
    struct gnt_http_request post = post_request("/create", "{}");
    struct fake_server *next;
    struct client c;
    gantry_error err;
    char path[128];

    (void)state;
    client_play(&c, script);
    assert_int_equal(ask(&c, &get, NULL, 0, &err), 200);
    snprintf(path, sizeof path, "%s", fake_path(c.fake));
    next = fake_start(script, 1);
    assert_non_null(next);
    /* As a restarted engine does: the old one's end, and a new socket by the same name. */
    assert_int_equal(rename(fake_path(next), path), 0);
    assert_int_equal(ask(&c, &post, NULL, 0, &err), 200);
    assert_int_equal(fake_requests(next), 1);
    assert_int_equal(ask(&c, &get, NULL, 0, &err), 200); /* the old one still answers */
    assert_int_equal(fake_requests(next), 1);
    fake_stop(c.fake); /* takes the file away */
    c.fake = next;
    assert_int_equal(ask(&c, &get, NULL, 0, &err), GANTRY_E_UNAVAILABLE);
    assert_int_equal(err.outcome, GANTRY_OUTCOME_NOT_SENT);
    client_stop(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_base_path_and_headers),
        cmocka_unit_test(a_tunnel_for_each_connection),
        cmocka_unit_test(what_a_proxy_says),
        cmocka_unit_test(credentials_that_a_proxy_does_not_take),
        cmocka_unit_test(a_socks_proxy),
        cmocka_unit_test(a_proxy_that_is_not_there),
        cmocka_unit_test(a_proxy_that_keeps_silent),
        cmocka_unit_test(an_engine_behind_a_proxy_that_keeps_silent),
        cmocka_unit_test(connections_are_bounded),
        cmocka_unit_test(places_are_given_back),
        cmocka_unit_test(closed_while_idle),
        cmocka_unit_test(half_closed_while_idle),
        cmocka_unit_test(closed_while_a_request_is_sent),
        cmocka_unit_test(posts_never_take_an_idle_connection),
        cmocka_unit_test(the_socket_file_is_replaced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
