/*
 * Manifest lists over libpod, against a scripted engine: failures that a real one has seldom or
 * hides in answers of success, and what is sent then.
 */
#include "podman/podman.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_server.h"

#define ID "4f191cb66020a70e0d60dc4f2db5e2e17bbb807940316b22b1588ff57961352b"
#define DIGEST "sha256:" ID

/* What is played on one connection: a request, an answer with its length. */
struct answer {
    char text[1024];
    struct fake_step steps[3];
};

static const struct fake_step *play(struct answer *a, const char *status, const char *body)
{
    int size = snprintf(a->text, sizeof a->text,
                        "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
                        "Connection: close\r\n\r\n%s",
                        status, strlen(body), body);

    assert_in_range(size, 1, (int)sizeof a->text - 1);
    a->steps[0].op = FAKE_OP_REQUEST;
    a->steps[1] = (struct fake_step){ FAKE_OP_SEND, a->text, (size_t)size };
    a->steps[2].op = FAKE_OP_END;
    return a->steps;
}

#define SCRIPT(name, status, body)                                                                 \
    struct answer name##_answer = { 0 };                                                           \
    const struct fake_step *name = play(&name##_answer, status, body)

struct scene {
    struct gantry_host host;
    struct podman podman;
    struct fake_server *fake;
};

static void begin(struct scene *s, const struct fake_step *const *scripts, size_t count)
{
    gantry_endpoint endpoint = { .size = sizeof endpoint, .scheme = "unix", .host = "" };

    memset(s, 0, sizeof *s);
    assert_int_equal(gnt_mem_init(&s->host.mem, NULL, NULL), 0);
    gnt_limits_defaults(&s->host.limits);
    s->host.connect_timeout_ms = 5000;
    s->host.request_timeout_ms = 20000;
    s->host.pid = getpid();
    s->fake = fake_start(scripts, count);
    assert_non_null(s->fake);
    endpoint.address = fake_address(s->fake);
    endpoint.path = fake_path(s->fake);
    assert_int_equal(gnt_rest_init(&s->podman.rest, &s->host, &endpoint, &gnt_podman_dialect, NULL),
                     0);
    strcpy(s->podman.rest.prefix, "/v4.3.1/libpod");
    strcpy(s->podman.engine_version, "4.3.1");
    s->podman.rest.version[0] = 4;
    s->podman.rest.version[1] = 3;
    s->podman.rest.version[2] = 1;
}

/* Ends the scene: that many requests were sent, with these texts in this order. */
static void check_sent(struct scene *s, size_t requests, const char *const *texts)
{
    size_t size = 0;
    char *text;
    const char *at;

    gnt_rest_close(&s->podman.rest);
    assert_int_equal(fake_requests(s->fake), requests);
    text = fake_text(s->fake, &size);
    at = text;
    for (; *texts != NULL; texts++) {
        at = strstr(at, *texts);
        if (at == NULL)
            fail_msg("not sent in its place: %s; but: %s", *texts, text);
        at += strlen(*texts);
    }
    free(text);
    fake_stop(s->fake);
}

static void test_errors_inside_success(void **state)
{
    SCRIPT(report, "200 OK",
           "{\"Id\":\"\",\"errors\":[\"no instance matching digest \\\"x\\\" found\"]}");
    const struct fake_step *const scripts[] = { report };
    const gantry_manifest_remove_options opts = { .size = sizeof opts };
    gantry_error err = { 0 };
    struct scene s;

    (void)state;
    begin(&s, scripts, 1);
    assert_int_equal(gnt_podman_manifest_ops.remove_image(&s.podman, "app", DIGEST, &opts, &err),
                     GANTRY_E_NOT_FOUND);
    assert_int_equal(err.resource_kind, GANTRY_RESOURCE_MANIFEST);
    assert_string_equal(err.resource, DIGEST);
    check_sent(&s, 1, (const char *const[]){ "PUT /v4.3.1/libpod/manifests/app ", NULL });
}

static void test_errors_inside_a_removal(void **state)
{
    SCRIPT(report, "200 OK", "{\"Deleted\":null,\"Errors\":[\"image is in use by a container\"]}");
    const struct fake_step *const scripts[] = { report };
    const gantry_manifest_remove_options opts = { .size = sizeof opts };
    gantry_error err = { 0 };
    struct scene s;

    (void)state;
    begin(&s, scripts, 1);
    assert_int_equal(gnt_podman_manifest_ops.remove(&s.podman, "team/app:1", &opts, &err),
                     GANTRY_E_IN_USE);
    check_sent(&s, 1,
               (const char *const[]){ "DELETE /v4.3.1/libpod/manifests/team%2Fapp%3A1 ", NULL });
}

/* The whole list of errors of a long answer counts, not its first bytes. */
static void test_long_reports(void **state)
{
    SCRIPT(
        report, "400 Bad Request",
        "{\"Id\":\"\",\"errors\":[\"setting up to read manifest and configuration from a name that "
        "goes on and on and on and on and on and on and on and on and on and on and on and on and "
        "on and on and on and on and on and on and on and on and on and on and on and on and on "
        "and on: pinging container registry r: connection refused\"]}");
    const struct fake_step *const scripts[] = { report };
    const gantry_manifest_remove_options opts = { .size = sizeof opts };
    gantry_error err = { 0 };
    struct scene s;

    (void)state;
    begin(&s, scripts, 1);
    assert_int_equal(gnt_podman_manifest_ops.remove_image(&s.podman, "app", DIGEST, &opts, &err),
                     GANTRY_E_REGISTRY);
    assert_non_null(strstr(err.message, "connection refused"));
    check_sent(&s, 1, (const char *const[]){ "PUT ", NULL });
}

/* Create with one image, local, whose addition fails; then the removal of the list. */
static int create_fails(struct scene *s, const struct fake_step *removal, gantry_error *err)
{
    SCRIPT(made, "201 Created", "{\"Id\":\"" ID "\"}");
    SCRIPT(no_list, "404 Not Found",
           "{\"cause\":\"manifest not found\",\"message\":\"\",\"response\":404}");
    SCRIPT(image, "200 OK", "{\"Id\":\"" ID "\"}");
    SCRIPT(refused, "400 Bad Request", "{\"errors\":[\"it does not resolve to an image ID\"]}");
    const struct fake_step *const scripts[] = { made, no_list, image, refused, removal };
    const char *const images[] = { "part", NULL };
    const gantry_manifest_create_options opts = { .size = sizeof opts, .images = images };
    gantry_manifest_id *id = NULL;
    int rc;

    begin(s, scripts, 5);
    rc = gnt_podman_manifest_ops.create(&s->podman, "app", &opts, &id, err);
    assert_null(id);
    assert_int_equal(err->resource_kind, GANTRY_RESOURCE_IMAGE);
    assert_string_equal(err->resource, "part");
    check_sent(s, 5,
               (const char *const[]){ "POST /v4.3.1/libpod/manifests/app ",
                                      "GET /v4.3.1/libpod/manifests/part/exists ",
                                      "GET /v4.3.1/libpod/images/part/json ",
                                      "PUT /v4.3.1/libpod/manifests/" ID " ",
                                      "\"images\":[\"containers-storage:@" ID "\"]",
                                      "DELETE /v4.3.1/libpod/manifests/" ID " ", NULL });
    return rc;
}

static void test_half_lists_go_again(void **state)
{
    SCRIPT(removed, "200 OK", "{\"Deleted\":[\"" ID "\"],\"Errors\":null}");
    gantry_error err = { 0 };
    struct scene s;

    (void)state;
    assert_int_equal(create_fails(&s, removed, &err), GANTRY_E_NOT_FOUND);
    assert_int_equal(err.outcome, GANTRY_OUTCOME_REFUSED);
}

static void test_half_lists_that_stay_are_said(void **state)
{
    SCRIPT(broken, "500 Internal Server Error", "{\"message\":\"the store is locked\"}");
    gantry_error err = { 0 };
    struct scene s;

    (void)state;
    assert_int_equal(create_fails(&s, broken, &err), GANTRY_E_NOT_FOUND);
    assert_int_equal(err.outcome, GANTRY_OUTCOME_PARTIAL);
    assert_non_null(strstr(err.message, "could not be removed"));
}

/* A name without a registry is never looked for in one. */
static void test_short_names_stay_local(void **state)
{
    SCRIPT(no_list, "404 Not Found",
           "{\"cause\":\"manifest not found\",\"message\":\"\",\"response\":404}");
    const struct fake_step *const scripts[] = { no_list };
    const gantry_manifest_inspect_options opts = { .size = sizeof opts };
    gantry_manifest *list = NULL;
    gantry_error err = { 0 };
    struct scene s;

    (void)state;
    begin(&s, scripts, 1);
    assert_int_equal(
        gnt_podman_manifest_ops.inspect(&s.podman, "localhost/app", &opts, &list, &err),
        GANTRY_E_NOT_FOUND);
    assert_int_equal(err.resource_kind, GANTRY_RESOURCE_MANIFEST);
    check_sent(
        &s, 1,
        (const char *const[]){ "GET /v4.3.1/libpod/manifests/localhost%2Fapp/exists ", NULL });
}

/* From 4.6 and 4.7 on these have an effect, so that they are sent. */
static void test_remote_inspection(void **state)
{
    SCRIPT(no_list, "404 Not Found",
           "{\"cause\":\"manifest not found\",\"message\":\"\",\"response\":404}");
    SCRIPT(list_answer, "200 OK", "{\"mediaType\":\"application/vnd.oci.image.index.v1+json\"}");
    const struct fake_step *const scripts[] = { no_list, list_answer };
    const gantry_auth auth = { .size = sizeof auth, .username = "u", .password = "p" };
    const gantry_manifest_inspect_options opts = { .size = sizeof opts,
                                                   .auth = &auth,
                                                   .tls_verify = GANTRY_OFF };
    gantry_manifest *list = NULL;
    gantry_error err = { 0 };
    struct scene s;

    (void)state;
    begin(&s, scripts, 2);
    s.podman.rest.version[1] = 7;
    assert_int_equal(gnt_podman_manifest_ops.inspect(&s.podman, "r.test/app", &opts, &list, &err),
                     0);
    assert_int_equal(list->count, 0);
    gantry_manifest_free(list);
    check_sent(&s, 2,
               (const char *const[]){ "GET /v4.3.1/libpod/manifests/r.test%2Fapp/exists ",
                                      "GET /v4.3.1/libpod/manifests/r.test%2Fapp/json?tlsVerify="
                                      "false ",
                                      NULL });
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors_inside_success),
        cmocka_unit_test(test_errors_inside_a_removal),
        cmocka_unit_test(test_long_reports),
        cmocka_unit_test(test_half_lists_go_again),
        cmocka_unit_test(test_half_lists_that_stay_are_said),
        cmocka_unit_test(test_short_names_stay_local),
        cmocka_unit_test(test_remote_inspection),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
