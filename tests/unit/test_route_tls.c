/*
 * What TLS is done with: which of the options and files are taken, and what is wrong with others.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "route.h"

#define PEM(kind, text) "-----BEGIN " kind "-----\n" text "\n-----END " kind "-----\n"
#define CA PEM("CERTIFICATE", "Y2E=")
#define CERT PEM("CERTIFICATE", "Y2VydA==")
#define KEY PEM("EC PRIVATE KEY", "a2V5")
#define LOCKED PEM("ENCRYPTED PRIVATE KEY", "a2V5")

static struct gantry_host host;
static char folder[] = "/tmp/gantry-route.XXXXXX";

static const char *write_file(const char *name, const char *text)
{
    static char paths[4][96];
    static unsigned next;
    char *path = paths[next++ % 4];
    FILE *f;

    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    f = fopen(path, "we");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
    assert_int_equal(fclose(f), 0);
    return path;
}

static int open_route(const char *address, const gantry_tls *own, const gantry_tls *of_place,
                      gantry_route **out, gantry_error *err)
{
    static const struct gnt_environment env = { 0 };
    gantry_engine_options opts = { .size = sizeof opts, .address = address, .tls = own };
    struct gnt_place place = { .source = "test", .address = address, .tls = of_place };

    return gnt_route_open(&host, &env, &opts, &place, NULL, out, err);
}

static void refused(const char *address, const gantry_tls *tls, int code, const char *words)
{
    gantry_route *r = NULL;
    gantry_error err = { 0 };
    int rc = open_route(address, tls, NULL, &r, &err);

    if (rc != code || strstr(err.message, words) == NULL)
        fail_msg("%d, expected %d with \"%s\": %s", rc, code, words, err.message);
    assert_null(r);
}

static gantry_route *opened(const char *address, const gantry_tls *tls, const gantry_tls *place)
{
    gantry_route *r = NULL;
    gantry_error err = { 0 };

    if (open_route(address, tls, place, &r, &err) < 0)
        fail_msg("%s: %s", address, err.message);
    return r;
}

static void schemes_decide_whether_there_is_tls(void **state)
{
    gantry_tls tls = { .size = sizeof tls };
    gantry_route *r = opened("https://127.0.0.1/a", NULL, NULL);

    (void)state;
    assert_non_null(r->tls);
    assert_string_equal(r->base_path, "/a");
    gnt_route_close(r);
    r = opened("tcp://127.0.0.1", NULL, NULL);
    assert_null(r->tls);
    assert_int_equal(r->address.port, 2375);
    gnt_route_close(r);
    r = opened("tcp://192.0.2.1", &tls, NULL); /* encrypted: no need to allow it */
    assert_non_null(r->tls);
    assert_int_equal(r->tls->skip_verify, GANTRY_OFF);
    assert_int_equal(r->address.port, 2376);
    gnt_route_close(r);
    refused("tcp://192.0.2.1", NULL, GANTRY_E_INVALID, "neither encrypted");
    refused("http://192.0.2.1", NULL, GANTRY_E_INVALID, "neither encrypted");
    refused("http://127.0.0.1", &tls, GANTRY_E_INVALID, "tls: is for tcp:// and https://");
    refused("unix:///run/x.sock", &tls, GANTRY_E_INVALID, "tls: is for tcp:// and https://");
}

static void options_come_before_the_place(void **state)
{
    gantry_tls own = { .size = sizeof own, .server_name = "own.test" };
    gantry_tls place = { .size = sizeof place, .server_name = "place.test" };
    gantry_route *r = opened("tcp://127.0.0.1", &own, &place);

    (void)state;
    assert_string_equal(r->tls->server_name, "own.test");
    gnt_route_close(r);
    r = opened("tcp://127.0.0.1", NULL, &place);
    assert_string_equal(r->tls->server_name, "place.test");
    assert_ptr_not_equal(r->tls->server_name, place.server_name);
    gnt_route_close(r);
}

static void files_are_read_and_keys_kept_apart(void **state)
{
    gantry_tls tls = { .size = sizeof tls };
    gantry_route *r;

    (void)state;
    tls.ca_file = write_file("ca", "some words\n" CA "\n" CERT "more");
    tls.cert_file = write_file("both", KEY CERT);
    r = opened("https://127.0.0.1", &tls, NULL);
    assert_string_equal(r->tls->ca_pem, CA CERT);
    assert_string_equal(r->tls->cert_pem, CERT);
    assert_string_equal(r->tls->key_pem, KEY);
    assert_null(r->tls->cert_file);
    gnt_route_close(r);
    tls = (gantry_tls){ .size = sizeof tls, .cert_pem = CERT, .key_pem = LOCKED };
    tls.key_password = "secret";
    r = opened("https://127.0.0.1", &tls, NULL);
    assert_string_equal(r->tls->key_pem, LOCKED);
    assert_string_equal(r->tls->key_password, "secret");
    gnt_route_close(r);
}

static void what_is_wrong_is_named(void **state)
{
    static const struct {
        gantry_tls tls;
        int code;
        const char *words;
    } rows[] = {
        { { .ca_file = "/nowhere/ca.pem" }, GANTRY_E_IO, "tls: ca_file: /nowhere/ca.pem: No such" },
        { { .cert_file = "/" }, GANTRY_E_IO, "tls: cert_file: /: Is a directory" },
        { { .ca_file = "/dev/zero" }, GANTRY_E_LIMIT, "tls: ca_file: /dev/zero has more than" },
        { { .ca_file = "/dev/null" }, GANTRY_E_INVALID, "tls: ca_file: /dev/null: holds no" },
        { { .ca_pem = KEY }, GANTRY_E_INVALID, "tls: ca_pem: holds no \"-----BEGIN CERTIFICATE" },
        { { .ca_pem = "-----BEGIN CERTIFICATE-----\nx" }, GANTRY_E_INVALID, "tls: ca_pem: holds" },
        { { .ca_pem = CA, .ca_file = "/x" }, GANTRY_E_INVALID, "ca_file and ca_pem exclude" },
        { { .cert_pem = CERT, .key_pem = KEY, .key_file = "/x" },
          GANTRY_E_INVALID,
          "key_file and key_pem exclude" },
        { { .cert_pem = CERT }, GANTRY_E_INVALID, "key_file and key_pem are not set" },
        { { .key_pem = KEY }, GANTRY_E_INVALID, "key_pem: needs the certificate" },
        { { .cert_pem = CERT, .key_pem = CERT }, GANTRY_E_INVALID, "key_pem: holds no" },
        { { .cert_pem = CERT, .key_pem = LOCKED }, GANTRY_E_INVALID, "key_password is not set" },
        { { .key_password = "x" }, GANTRY_E_INVALID, "key_password: there is no key" },
        { { .skip_verify = 7 }, GANTRY_E_INVALID, "skip_verify: is neither" },
        { { .server_name = "a b" }, GANTRY_E_INVALID, "server_name: 'a b'" },
        { { .server_name = "" }, GANTRY_E_INVALID, "server_name: ''" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gantry_tls tls = rows[i].tls;

        tls.size = sizeof tls;
        refused("https://127.0.0.1", &tls, rows[i].code, rows[i].words);
    }
}

static int set_up(void **state)
{
    (void)state;
    return gnt_mem_init(&host.mem, NULL, NULL) == 0 && mkdtemp(folder) != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    static const char *const names[] = { "ca", "both" };
    char path[96];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(schemes_decide_whether_there_is_tls),
        cmocka_unit_test(options_come_before_the_place),
        cmocka_unit_test(files_are_read_and_keys_kept_apart),
        cmocka_unit_test(what_is_wrong_is_named),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
