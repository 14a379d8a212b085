/*
 * Engines with TLS that are found: the real Docker by DOCKER_HOST and its certificates, and Podman
 * (of releases that speak TLS themselves) by its connections. Everything is in a home of the test's
 * own; the engines are only asked.
 */
#define _XOPEN_SOURCE 700
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <gantry/gantry.h>

#include "detect_home.h"

static const char *docker;
static const char *podman;
static const char *certificates;

/* The certificate at a path in the home. */
static void put(const struct fixture *f, const char *name, const char *path_there)
{
    char from[300];
    char path[300];

    snprintf(from, sizeof from, "%s/%s", certificates, name);
    home_path(f->home, path_there, path);
    assert_int_equal(symlink(from, path), 0);
}

static void put_three(const struct fixture *f, const char *folder)
{
    static const char *const names[] = { "ca.pem", "cert.pem", "key.pem" };
    char path[100];

    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        put(f, names[i], path);
    }
}

/* Open, and ask it something. */
static void opens(struct fixture *f, const char *backend, const char *source, const char *address)
{
    const gantry_candidate *chosen;
    gantry_container_list *containers = NULL;

    if (gantry_engine_open(GANTRY_RUNTIME_AUTO, &f->opts, &f->engine, &f->err) < 0)
        fail_msg("%s", f->err.message);
    chosen = chosen_by(f);
    assert_string_equal(chosen->source, source);
    assert_string_equal(gantry_engine_backend(f->engine), backend);
    assert_string_equal(gantry_engine_address(f->engine), address);
    if (gantry_containers_list(gantry_engine_containers(f->engine), NULL, &containers, &f->err) < 0)
        fail_msg("%s", f->err.message);
    gantry_container_list_free(containers);
}

static void refuses(struct fixture *f, const char *words)
{
    int rc = gantry_engine_open(GANTRY_RUNTIME_AUTO, &f->opts, &f->engine, &f->err);

    if (rc >= 0 || strstr(f->err.message, words) == NULL)
        fail_msg("%d, expected \"%s\": %s", rc, words, f->err.message);
    assert_int_equal(f->err.outcome, GANTRY_OUTCOME_NOT_SENT);
}

/* ---- Docker ---------------------------------------------------------------------------------- */

static void need(const char *address)
{
    if (address == NULL)
        skip();
}

static void test_docker_host_with_certificates(void **state)
{
    struct fixture *f = *state;

    need(docker);
    put_three(f, "certs");
    set(f, "DOCKER_HOST", docker);
    set(f, "DOCKER_TLS_VERIFY", "1");
    set(f, "DOCKER_CERT_PATH", "~/certs");
    opens(f, "docker", "DOCKER_HOST", docker);
}

/* An empty variable is none, but the folder that is named is taken all the same. */
static void test_an_empty_variable_is_none(void **state)
{
    struct fixture *f = *state;

    need(docker);
    put_three(f, "certs");
    set(f, "DOCKER_HOST", docker);
    set(f, "DOCKER_TLS_VERIFY", "");
    refuses(f, "speaks TLS, and plain HTTP was sent");
    set(f, "DOCKER_CERT_PATH", "~/certs");
    opens(f, "docker", "DOCKER_HOST", docker);
}

static void test_certificates_of_the_configuration(void **state)
{
    struct fixture *f = *state;

    need(docker);
    put_three(f, ".docker");
    set(f, "DOCKER_HOST", docker);
    set(f, "DOCKER_TLS_VERIFY", "yes");
    opens(f, "docker", "DOCKER_HOST", docker);
}

static void test_what_is_missing_is_named(void **state)
{
    struct fixture *f = *state;

    need(docker);
    set(f, "DOCKER_HOST", docker);
    set(f, "DOCKER_TLS_VERIFY", "1");
    refuses(f, "an authority that is not trusted"); /* nothing anywhere: the system's */
    set(f, "DOCKER_CERT_PATH", "~/certs");
    refuses(f, "has none of ca.pem, cert.pem and key.pem");
    put(f, "ca.pem", "certs/ca.pem");
    refuses(f, "wants a certificate of the client");
    put(f, "cert.pem", "certs/cert.pem");
    refuses(f, "key_file");
    put(f, "key.pem", "certs/key.pem");
    opens(f, "docker", "DOCKER_HOST", docker);
}

/* ---- Podman ---------------------------------------------------------------------------------- */

/* As `podman system connection add --tls-ca ... --tls-cert ... --tls-key ...` of 5.8 writes it. */
static void test_podman_connection(void **state)
{
    struct fixture *f = *state;
    char text[900];

    need(podman);
    snprintf(text, sizeof text,
             "{\"Connection\":{\"Default\":\"t\",\"Connections\":{\"t\":{\"URI\":\"%s\","
             "\"TLSCert\":\"%s/cert.pem\",\"TLSKey\":\"%s/key.pem\",\"TLSCA\":\"%s/ca.pem\"}}},"
             "\"Farm\":{}}",
             podman, certificates, certificates, certificates);
    home_write(f->home, ".config/containers/podman-connections.json", text);
    set(f, "CONTAINER_CONNECTION", "t");
    opens(f, "podman", "CONTAINER_CONNECTION t", podman);
}

static void test_podman_destination(void **state)
{
    struct fixture *f = *state;
    char text[900];

    need(podman);
    snprintf(text, sizeof text,
             "[engine.service_destinations.t]\nuri = \"%s\"\ntls_ca = \"%s/ca.pem\"\n"
             "tls_cert = \"%s/cert.pem\"\ntls_key = \"%s/key.pem\"\n",
             podman, certificates, certificates, certificates);
    home_write(f->home, "tls.conf", text);
    set(f, "CONTAINERS_CONF_OVERRIDE", "~/tls.conf");
    f->opts.podman_connection = "t";
    opens(f, "podman", "options: Podman connection t", podman);
}

static void test_podman_host(void **state)
{
    struct fixture *f = *state;
    char path[300];

    need(podman);
    set(f, "CONTAINER_HOST", podman);
    refuses(f, "speaks TLS, and plain HTTP was sent");
    snprintf(path, sizeof path, "%s/ca.pem", certificates);
    set(f, "CONTAINER_TLS_CA", path);
    refuses(f, "a certificate of the client");
    snprintf(path, sizeof path, "%s/cert.pem", certificates);
    set(f, "CONTAINER_TLS_CERT", path);
    snprintf(path, sizeof path, "%s/key.pem", certificates);
    set(f, "CONTAINER_TLS_KEY", path);
    opens(f, "podman", "CONTAINER_HOST", podman);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_docker_host_with_certificates),
        TEST(test_an_empty_variable_is_none),
        TEST(test_certificates_of_the_configuration),
        TEST(test_what_is_missing_is_named),
        TEST(test_podman_connection),
        TEST(test_podman_destination),
        TEST(test_podman_host),
    };

    docker = getenv("GANTRY_TEST_DOCKER_TLS");
    podman = getenv("GANTRY_TEST_PODMAN_TLS");
    certificates = getenv("GANTRY_TEST_CERTIFICATES");
    if (certificates == NULL || (docker == NULL && podman == NULL)) {
        printf("SKIPPED: needs an engine with TLS (tests/engines/run)\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
