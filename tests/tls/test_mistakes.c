/*
 * What a program is told when TLS to its engine does not come about: which of the classic mistakes
 * it is. The server is `openssl s_server`, or one that says what Go's servers do; certificates are
 * made by tests/engines/certificates, once.
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

/* That of s_server at 127.0.0.1, which answers with a page. */
static int serve(const char *name, const char *const *more)
{
    const char *args[20] = { "-www" };
    size_t count = 1;
    int port;

    while (more != NULL && *more != NULL && count < 19)
        args[count++] = *more++;
    port = tls_serve("127.0.0.1:0", name, args);
    assert_int_not_equal(port, 0);
    return port;
}

/* ---- opening --------------------------------------------------------------------------------- */

static int open_address(const char *address, const gantry_tls *tls, gantry_error *err)
{
    static const char *const nothing[] = { NULL };
    gantry_engine_options opts = { .size = sizeof opts,
                                   .address = address,
                                   .environment = nothing,
                                   .tls = tls,
                                   .connect_timeout_ms = 20000 };
    gantry_engine *engine = NULL;
    int rc = gantry_engine_open(GANTRY_RUNTIME_AUTO, &opts, &engine, err);

    gantry_engine_close(engine);
    return rc;
}

static void expect(int port, const gantry_tls *tls, int code, const char *words)
{
    gantry_error err = { 0 };
    char address[64];
    int rc;

    snprintf(address, sizeof address, "tcp://127.0.0.1:%d", port);
    rc = open_address(address, tls, &err);
    if (rc != code || strstr(err.message, words) == NULL)
        fail_msg("%s, expected %s with \"%s\": %s", gantry_error_name(rc), gantry_error_name(code),
                 words, err.message);
    if (code != GANTRY_E_TLS)
        return;
    assert_true(gantry_error_is(&err, GANTRY_E_UNAVAILABLE));
    assert_int_equal(err.outcome, GANTRY_OUTCOME_NOT_SENT);
    assert_int_equal(err.retry, GANTRY_RETRY_NO);
}

/* TLS comes about: what s_server then answers has no end that can be seen. */
static void expect_talk(int port, const gantry_tls *tls)
{
    expect(port, tls, GANTRY_E_PROTOCOL, "it has no length");
}

static gantry_tls trusting(const char *authority)
{
    gantry_tls tls = { .size = sizeof tls, .ca_file = tls_file(authority) };

    return tls;
}

/* ---- the engine's certificate ---------------------------------------------------------------- */

static void a_good_certificate_will_do(void **state)
{
    int port = serve("server", NULL);
    gantry_tls tls = trusting("ca");

    (void)state;
    expect_talk(port, &tls);
    tls_end(NULL);
}

static void faults_of_certificates_are_told_apart(void **state)
{
    static const struct {
        const char *server;
        const char *authority;
        const char *words;
    } rows[] = {
        { "expired", "ca", "has expired" },
        { "early", "ca", "is not valid yet" },
        { "other-name", "ca", "not for the name '127.0.0.1'" },
        { "server", "other-ca", "an authority that is not trusted: it is not among those" },
        { "server", NULL, "an authority that is not trusted: ca_file can name it" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int port = serve(rows[i].server, NULL);
        gantry_tls tls = { .size = sizeof tls };

        if (rows[i].authority != NULL)
            tls.ca_file = tls_file(rows[i].authority);
        expect(port, &tls, GANTRY_E_TLS, rows[i].words);
        tls.skip_verify = GANTRY_ON;
        expect_talk(port, &tls);
        tls_end(NULL);
    }
}

static void the_name_can_be_another(void **state)
{
    int port = serve(
        "server", (const char *[]){ "-servername", "engine.test", "-cert2", tls_file("server"),
                                    "-key2", tls_file("server-key"), "-servername_fatal", NULL });
    gantry_tls tls = trusting("ca");

    (void)state;
    tls.server_name = "engine.test"; /* in the certificate, and the only one that is served */
    expect_talk(port, &tls);
    tls.server_name = "wrong.test";
    expect(port, &tls, GANTRY_E_TLS, "'wrong.test'");
    tls_end(NULL);
}

/* ---- the client's ---------------------------------------------------------------------------- */

static void clients_are_refused_in_words(void **state)
{
    static const char *const versions[] = { "-tls1_2", "-tls1_3" };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        int port =
            serve("server", (const char *[]){ versions[i], "-Verify", "1", "-verify_return_error",
                                              "-CAfile", tls_file("ca"), NULL });
        gantry_tls tls = trusting("ca");

        expect(port, &tls, GANTRY_E_TLS, "a certificate of the client, and cert_file");
        tls.cert_file = tls_file("stranger");
        tls.key_file = tls_file("stranger-key");
        expect(port, &tls, GANTRY_E_TLS, "does not accept the client's certificate");
        tls.cert_file = tls_file("cert");
        tls.key_file = tls_file("key");
        expect_talk(port, &tls);
        tls_end(NULL);
    }
}

static void keys_must_fit(void **state)
{
    int port = serve("server", NULL);
    gantry_tls tls = trusting("ca");

    (void)state;
    tls.cert_file = tls_file("cert");
    tls.key_file = tls_file("stranger-key");
    expect(port, &tls, GANTRY_E_TLS, "private key");
    tls.key_file = tls_file("encrypted-key");
    expect(port, &tls, GANTRY_E_INVALID, "key_password is not set");
    tls.key_password = "wrong";
    expect(port, &tls, GANTRY_E_TLS, "private key");
    tls.key_password = "opensesame";
    expect_talk(port, &tls);
    tls_end(NULL);
}

/* ---- plain and not --------------------------------------------------------------------------- */

struct talker {
    const char *says;
    int fd;
    int port;
    pthread_t thread;
};

/* Answers whatever comes, connection after connection, until its listening socket is shut. */
static void *talk(void *arg)
{
    struct talker *t = arg;
    int fd;

    while ((fd = accept(t->fd, NULL, NULL)) >= 0) {
        char unused[4096];

        if (recv(fd, unused, sizeof unused, 0) > 0)
            (void)send(fd, t->says, strlen(t->says), MSG_NOSIGNAL);
        shutdown(fd, SHUT_WR);
        while (recv(fd, unused, sizeof unused, 0) > 0)
            continue;
        close(fd);
    }
    return NULL;
}

static void start_talk(struct talker *t, const char *says)
{
    struct sockaddr_in name = { .sin_family = AF_INET };
    socklen_t size = sizeof name;

    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    t->says = says;
    t->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(t->fd, (struct sockaddr *)&name, sizeof name), 0);
    assert_int_equal(listen(t->fd, 5), 0);
    assert_int_equal(getsockname(t->fd, (struct sockaddr *)&name, &size), 0);
    t->port = ntohs(name.sin_port);
    assert_int_equal(pthread_create(&t->thread, NULL, talk, t), 0);
}

static void end_talk(struct talker *t)
{
    shutdown(t->fd, SHUT_RDWR);
    pthread_join(t->thread, NULL);
    close(t->fd);
}

static void tls_to_a_plain_port(void **state)
{
    gantry_tls tls = trusting("ca");
    struct talker t;

    (void)state;
    start_talk(&t, "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
                   "Connection: close\r\n\r\n400 Bad Request");
    expect(t.port, &tls, GANTRY_E_TLS, "does not speak TLS");
    end_talk(&t);
}

static void plain_to_a_port_of_tls(void **state)
{
    struct talker t;

    (void)state;
    start_talk(&t, "HTTP/1.0 400 Bad Request\r\n\r\n"
                   "Client sent an HTTP request to an HTTPS server.\n");
    expect(t.port, NULL, GANTRY_E_TLS, "speaks TLS, and plain HTTP was sent");
    end_talk(&t);
}

static void nobody_there_is_no_matter_of_tls(void **state)
{
    gantry_tls tls = trusting("ca");
    struct talker t;

    (void)state;
    start_talk(&t, "");
    end_talk(&t);
    expect(t.port, &tls, GANTRY_E_UNAVAILABLE, "refused");
}

/* ---- over a dialer --------------------------------------------------------------------------- */

static int dial(void *arg, const char *address, const gantry_call *call, int *out_fd,
                gantry_error *err)
{
    struct sockaddr_in name = { .sin_family = AF_INET };

    (void)address, (void)call;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    name.sin_port = htons((uint16_t) * (int *)arg);
    *out_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(*out_fd, (struct sockaddr *)&name, sizeof name) == 0)
        return 0;
    close(*out_fd);
    return gantry_error_set(err, GANTRY_E_UNAVAILABLE, "cannot connect");
}

static void tls_goes_over_dialed_connections(void **state)
{
    int port = serve("server", NULL);
    gantry_dialer dialer = { .size = sizeof dialer, .dial = dial, .arg = &port };
    gantry_tls tls = trusting("ca");
    gantry_engine_options opts = {
        .size = sizeof opts, .address = "tcp://engine.test", .dialer = &dialer, .tls = &tls
    };
    gantry_engine *engine = NULL;
    gantry_error err = { 0 };

    (void)state;
    if (gantry_engine_open(GANTRY_RUNTIME_AUTO, &opts, &engine, &err) != GANTRY_E_PROTOCOL ||
        strstr(err.message, "it has no length") == NULL)
        fail_msg("%s", err.message);
    opts.address = "tcp://wrong.test";
    assert_int_equal(gantry_engine_open(GANTRY_RUNTIME_AUTO, &opts, &engine, &err), GANTRY_E_TLS);
    assert_non_null(strstr(err.message, "not for the name 'wrong.test'"));
    tls_end(NULL);
}

/* ---- main ------------------------------------------------------------------------------------ */

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_good_certificate_will_do, tls_end),
        cmocka_unit_test_teardown(faults_of_certificates_are_told_apart, tls_end),
        cmocka_unit_test_teardown(the_name_can_be_another, tls_end),
        cmocka_unit_test_teardown(clients_are_refused_in_words, tls_end),
        cmocka_unit_test_teardown(keys_must_fit, tls_end),
        cmocka_unit_test_teardown(tls_to_a_plain_port, tls_end),
        cmocka_unit_test_teardown(plain_to_a_port_of_tls, tls_end),
        cmocka_unit_test_teardown(tls_goes_over_dialed_connections, tls_end),
        cmocka_unit_test_teardown(nobody_there_is_no_matter_of_tls, tls_end),
    };

    if (system("openssl version >/dev/null 2>&1") != 0) {
        printf("SKIPPED: there is no openssl program\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, tls_make_certificates, tls_remove_certificates);
}
