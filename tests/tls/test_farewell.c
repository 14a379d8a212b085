/*
 * Bytes that are on their way over TLS when one side has had enough: what was written to a hijacked
 * stream arrives though the stream is closed, and what an engine said of an upload is read though it
 * takes no more of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http.h"
#include "route.h"
#include "tls_server.h"
#include "upgrade.h"

#define UPGRADED                                                                                   \
    "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"                 \
    "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n"

/* ---- a client -------------------------------------------------------------------------------- */

struct client {
    struct gantry_host host;
    gantry_route *route;
    struct gnt_http *http;
};

static void client_open(struct client *c, int port)
{
    static const struct gnt_environment env = { 0 };
    gantry_tls tls = { .size = sizeof tls, .ca_file = tls_file("ca") };
    gantry_engine_options opts = { .size = sizeof opts, .tls = &tls };
    struct gnt_place place = { .source = "test" };
    gantry_error err = { 0 };
    char address[64];

    memset(c, 0, sizeof *c);
    snprintf(address, sizeof address, "tcp://127.0.0.1:%d", port);
    opts.address = place.address = address;
    assert_int_equal(gnt_mem_init(&c->host.mem, NULL, NULL), 0);
    gnt_limits_defaults(&c->host.limits);
    c->host.connect_timeout_ms = 20000;
    c->host.request_timeout_ms = 20000;
    c->host.pid = getpid();
    if (gnt_route_open(&c->host, &env, &opts, &place, NULL, &c->route, &err) < 0 ||
        gnt_http_new(&c->host, &c->route->address, c->route, &c->http, &err) < 0)
        fail_msg("%s", err.message);
}

static void client_close(struct client *c)
{
    gnt_http_free(c->http);
    gnt_route_close(c->route);
}

/* ---- a hijacked stream ----------------------------------------------------------------------- */

/* Opened, and filled with bytes of value 1 until no room is left; how many counted as sent. */
static size_t fill(struct client *c, struct gnt_duplex **out)
{
    static const struct gnt_http_request request = { .method = "POST", .target = "/x" };
    static char bytes[8000];
    gantry_error err = { 0 };
    size_t written = 0;
    size_t moved;
    int status;
    int rc;

    client_open(c, tls_serve("127.0.0.1:0", "server", (const char *[]){ "-naccept", "1", NULL }));
    assert_int_equal(write(tls_input(), UPGRADED, sizeof UPGRADED - 1), sizeof UPGRADED - 1);
    if (gnt_upgrade_open(c->http, &request, out, &status, &err) < 0)
        fail_msg("%s", err.message);
    assert_int_equal(status, 101);
    memset(bytes, 1, sizeof bytes);
    do {
        rc = gnt_duplex_write(*out, bytes, sizeof bytes, 1, &moved, &err);
        written += moved;
    } while (rc == 0);
    assert_int_equal(rc, GANTRY_E_AGAIN);
    return written;
}

/* How many of them come out of the server, until its end. */
static void *count(void *arg)
{
    static char text[64 * 1024];
    size_t *total = arg;
    ssize_t n;

    while ((n = read(tls_output(), text, sizeof text)) > 0) {
        for (ssize_t i = 0; i < n; i++)
            *total += text[i] == 1;
    }
    return NULL;
}

static void what_was_written_arrives(void **state)
{
    struct gnt_duplex *d = NULL;
    struct client c;
    size_t written = fill(&c, &d);
    size_t came = 0;
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, count, &came), 0);
    gnt_duplex_close(d);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(came, written);
    client_close(&c);
    tls_end(NULL);
}

static void who_reads_nothing_is_not_waited_for(void **state)
{
    struct gnt_duplex *d = NULL;
    struct client c;
    int64_t begun;

    (void)state;
    (void)fill(&c, &d);
    begun = gantry_clock_ns();
    gnt_duplex_close(d);
    assert_true(gantry_clock_ns() - begun < INT64_C(10000000000));
    client_close(&c);
    tls_end(NULL);
}

/* ---- main ------------------------------------------------------------------------------------ */

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(what_was_written_arrives, tls_end),
        cmocka_unit_test_teardown(who_reads_nothing_is_not_waited_for, tls_end),
    };

    if (system("openssl version >/dev/null 2>&1") != 0) {
        printf("SKIPPED: there is no openssl program\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, tls_make_certificates, tls_remove_certificates);
}
