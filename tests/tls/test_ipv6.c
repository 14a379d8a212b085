/*
 * Engines at addresses of IPv6: what is connected to, what the request calls the engine, and what a
 * certificate has to say. An address is no name: none is sent with TLS.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <gantry/gantry.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tls_server.h"

/* ---- a server that hears one beginning ------------------------------------------------------- */

struct listener {
    int fd;
    int port;
    size_t heard;
    unsigned char text[16 * 1024 + 1];
    pthread_t thread;
};

static int listen_at(int *out_port)
{
    struct sockaddr_in6 at = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    socklen_t size = sizeof at;
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    if (bind(fd, (const struct sockaddr *)&at, sizeof at) < 0 || listen(fd, 5) < 0 ||
        getsockname(fd, (struct sockaddr *)&at, &size) < 0) {
        close(fd);
        return -1;
    }
    *out_port = ntohs(at.sin6_port);
    return fd;
}

/* A head of HTTP, or the first record of TLS. */
static int is_whole(const struct listener *l)
{
    if (l->heard > 0 && l->text[0] == 0x16)
        return l->heard >= 5 && l->heard >= 5U + l->text[3] * 256U + l->text[4];
    return strstr((const char *)l->text, "\r\n\r\n") != NULL;
}

static void *hear(void *arg)
{
    struct listener *l = arg;
    int fd = accept(l->fd, NULL, NULL);
    ssize_t n = 1;

    while (fd >= 0 && n > 0 && !is_whole(l)) {
        n = recv(fd, l->text + l->heard, sizeof l->text - 1 - l->heard, 0);
        l->heard += n > 0 ? (size_t)n : 0;
    }
    close(l->fd); /* whoever comes again is refused */
    close(fd);
    return NULL;
}

static void start_hearing(struct listener *l)
{
    memset(l, 0, sizeof *l);
    l->fd = listen_at(&l->port);
    assert_true(l->fd >= 0);
    assert_int_equal(pthread_create(&l->thread, NULL, hear, l), 0);
}

/* ---- opening --------------------------------------------------------------------------------- */

static int open_at(const char *scheme, int port, const gantry_tls *tls, gantry_error *err)
{
    static const char *const nothing[] = { NULL };
    gantry_engine_options opts = {
        .size = sizeof opts, .environment = nothing, .tls = tls, .connect_timeout_ms = 20000
    };
    gantry_engine *engine = NULL;
    char address[64];
    int rc;

    snprintf(address, sizeof address, "%s://[::1]:%d", scheme, port);
    opts.address = address;
    rc = gantry_engine_open(GANTRY_RUNTIME_AUTO, &opts, &engine, err);
    gantry_engine_close(engine);
    return rc;
}

/* Nobody answers it; what it heard is kept. */
static void heard_from(struct listener *l, const char *scheme, const gantry_tls *tls)
{
    gantry_error err = { 0 };

    start_hearing(l);
    assert_true(open_at(scheme, l->port, tls, &err) < 0);
    assert_int_equal(pthread_join(l->thread, NULL), 0);
    assert_true(is_whole(l));
}

static void expect(const char *scheme, int port, const gantry_tls *tls, int code, const char *words)
{
    gantry_error err = { 0 };
    int rc = open_at(scheme, port, tls, &err);

    if (rc != code || strstr(err.message, words) == NULL)
        fail_msg("%s, expected %s with \"%s\": %s", gantry_error_name(rc), gantry_error_name(code),
                 words, err.message);
}

/* ---- the request ----------------------------------------------------------------------------- */

static void the_host_is_in_brackets(void **state)
{
    static const char *const schemes[] = { "tcp", "http" };
    struct listener l;
    char host[64];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        heard_from(&l, schemes[i], NULL);
        snprintf(host, sizeof host, "\r\nHost: [::1]:%d\r\n", l.port);
        assert_non_null(strstr((const char *)l.text, host));
    }
}

static void nobody_there_is_said_as_ever(void **state)
{
    gantry_error err = { 0 };
    int port;
    int fd = listen_at(&port);

    (void)state;
    close(fd);
    assert_int_equal(open_at("tcp", port, NULL, &err), GANTRY_E_UNAVAILABLE);
    assert_non_null(strstr(err.message, "(tcp://[::1]:"));
    assert_non_null(strstr(err.message, "refused"));
}

/* ---- TLS ------------------------------------------------------------------------------------- */

static size_t two_bytes(const unsigned char *p)
{
    return p[0] * 256U + p[1];
}

/* Whether the beginning of a TLS connection names a server: its extension is number 0. */
static int names_server(const struct listener *l)
{
    const unsigned char *p = l->text + 5 + 4 + 2 + 32; /* record, message, version, random */
    const unsigned char *end = l->text + l->heard;

    assert_true(l->heard > 100 && l->text[0] == 0x16 && l->text[5] == 1);
    p += 1 + p[0];         /* session */
    p += 2 + two_bytes(p); /* ciphers */
    p += 1 + p[0];         /* compressions */
    assert_true(p + 2 + two_bytes(p) <= end);
    end = p + 2 + two_bytes(p);
    for (p += 2; p + 4 <= end; p += 4 + two_bytes(p + 2)) {
        if (two_bytes(p) == 0)
            return 1;
    }
    return 0;
}

static void an_address_is_not_sent_as_a_name(void **state)
{
    gantry_tls tls = { .size = sizeof tls, .ca_file = tls_file("ca") };
    struct listener l;

    (void)state;
    heard_from(&l, "https", &tls);
    assert_false(names_server(&l));
    tls.server_name = "::1";
    heard_from(&l, "tcp", &tls);
    assert_false(names_server(&l));
    tls.server_name = "engine.test";
    heard_from(&l, "tcp", &tls);
    assert_true(names_server(&l));
}

static void the_certificate_is_for_the_address(void **state)
{
    static const struct {
        const char *server;
        const char *name;  /* that is asked for */
        const char *words; /* NULL: all is well */
    } rows[] = {
        { "server", NULL, NULL },
        { "server", "::1", NULL },
        { "server", "engine.test", NULL },
        { "here-v4", NULL, "not for the name '::1'" },
        { "here-v4", "127.0.0.1", NULL },
        { "other-name", NULL, "not for the name '::1'" },
        { "server", "wrong.test", "not for the name 'wrong.test'" },
    };
    static const char *const schemes[] = { "tcp", "https" };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int port = tls_serve("[::1]:0", rows[i].server, (const char *[]){ "-www", NULL });
        gantry_tls tls = { .size = sizeof tls, .ca_file = tls_file("ca") };

        assert_int_not_equal(port, 0);
        tls.server_name = rows[i].name;
        for (size_t k = 0; k < 2; k++) {
            /* What s_server answers has no end that can be seen. */
            if (rows[i].words == NULL)
                expect(schemes[k], port, &tls, GANTRY_E_PROTOCOL, "it has no length");
            else
                expect(schemes[k], port, &tls, GANTRY_E_TLS, rows[i].words);
        }
        tls_end(NULL);
    }
}

/* ---- main ------------------------------------------------------------------------------------ */

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_host_is_in_brackets),
        cmocka_unit_test(nobody_there_is_said_as_ever),
        cmocka_unit_test(an_address_is_not_sent_as_a_name),
        cmocka_unit_test_teardown(the_certificate_is_for_the_address, tls_end),
    };
    int port;
    int fd = listen_at(&port);

    if (fd < 0 || system("openssl version >/dev/null 2>&1") != 0) {
        printf("SKIPPED: %s\n", fd < 0 ? "THIS MACHINE HAS NO IPv6: engines there are not tested"
                                       : "there is no openssl program");
        return 77;
    }
    close(fd);
    return cmocka_run_group_tests(tests, tls_make_certificates, tls_remove_certificates);
}
