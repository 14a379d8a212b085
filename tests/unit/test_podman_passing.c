/*
 * Podman's reads against a scripted service that is just writing what is read: they are sent again
 * for a while. Nothing else is.
 */
#include "podman/podman.h"

#include "http_helpers.h"
#include "json_answer.h"

/* As libpod 4.3 words it. */
#define CRASH                                                                                      \
    "{\"cause\":\"runtime error: invalid memory address or nil pointer dereference\","             \
    "\"message\":\"runtime error: invalid memory address or nil pointer dereference\"}"
#define HALF                                                                                       \
    "{\"cause\":\"file does not exist\",\"message\":\"retrieving parent of image \\\"d8\\\": "     \
    "reading manifest for image instance \\\"sha256:37\\\": locating item named "                  \
    "\\\"manifest-sha256:37\\\" for image with ID \\\"96\\\": file does not exist\"}"
#define NEIGHBOUR                                                                                  \
    "{\"cause\":\"image not known\",\"message\":\"retrieving parent of image \\\"d8\\\": reading " \
    "image \\\"96\\\": locating image with ID \\\"96\\\": image not known\"}"
#define MISSING                                                                                    \
    "{\"cause\":\"image not known\",\"message\":\"failed to find image app: app: image not "       \
    "known\"}"
#define DISK "{\"cause\":\"input/output error\",\"message\":\"reading layers: input/output error\"}"
#define IMAGE "{\"Id\":\"96f57084f5b45728f3083eec28185018c0508e33f61f06de985461ff396b5049\"}"

static struct answer crash;
static struct answer half;
static struct answer neighbour;
static struct answer missing;
static struct answer gone;
static struct answer none;
static struct answer disk;
static struct answer image;

static int prepare(void **state)
{
    (void)state;
    word(&crash, "500 Internal Server Error", CRASH);
    word(&half, "500 Internal Server Error", HALF);
    word(&neighbour, "500 Internal Server Error", NEIGHBOUR);
    word(&missing, "404 Not Found", MISSING);
    word(&gone, "404 Not Found", NEIGHBOUR);
    word(&none, "200 OK", "[]");
    word(&disk, "500 Internal Server Error", DISK);
    word(&image, "200 OK", IMAGE);
    return 0;
}

static void serve(struct podman *p, struct client *c, const struct fake_step *const *scripts,
                  size_t count)
{
    memset(p, 0, sizeof *p);
    client_start(c, scripts, count);
    p->rest = (struct gnt_rest){ .host = &c->host,
                                 .http = c->http,
                                 .dialect = &gnt_podman_dialect,
                                 .prefix = "/v4.3.1/libpod",
                                 .version = { 4, 3, 1 } };
}

static int inspect(const struct fake_step *const *scripts, size_t count, const gantry_call *call,
                   size_t *out_requests, gantry_error *err)
{
    gantry_image_inspect_options opts = { .size = sizeof opts, .call = call };
    gantry_image *found = NULL;
    struct podman p;
    struct client c;
    int rc;

    serve(&p, &c, scripts, count);
    rc = gnt_podman_image_inspect(&p, "app", &opts, &found, err);
    if (rc == 0)
        assert_non_null(strstr(found->id, "96f57084f5b45728"));
    gantry_image_free(found);
    *out_requests = fake_requests(c.fake);
    client_stop(&c);
    return rc;
}

static void test_what_is_being_written_is_read_again(void **state)
{
    const struct fake_step *const scripts[] = { crash.script, half.script, half.script,
                                                neighbour.script, image.script };
    gantry_error err = { 0 };
    size_t requests;

    (void)state;
    assert_int_equal(inspect(scripts, 5, NULL, &requests, &err), 0);
    assert_int_equal(requests, 5);
    assert_int_equal(err.code, 0);
}

/* The engine's words stay what is told; the attempts share the call's time. */
static void test_the_calls_time_ends_it(void **state)
{
    enum {
        MANY = 64
    };
    const struct fake_step *scripts[MANY];
    const gantry_call call = { .size = sizeof call, .timeout_ms = 100 };
    gantry_error err = { 0 };
    size_t requests;
    int rc;

    (void)state;
    for (int i = 0; i < MANY; i++)
        scripts[i] = half.script;
    rc = inspect(scripts, MANY, &call, &requests, &err);
    assert_in_range(requests, 1, 8); /* 4 + 8 + 16 + 32 + 64 ms */
    if (rc != GANTRY_E_TIMEOUT) {    /* that is a machine too busy to answer in time */
        assert_int_equal(rc, GANTRY_E_ENGINE);
        assert_non_null(strstr(err.message, "locating item named"));
        assert_int_equal(err.http_status, 500);
    }
}

static void test_patience_ends(void **state)
{
    enum {
        MANY = 64
    };
    const struct fake_step *scripts[MANY];
    gantry_error err = { 0 };
    size_t requests;

    (void)state;
    for (int i = 0; i < MANY; i++)
        scripts[i] = crash.script;
    assert_int_equal(inspect(scripts, MANY, NULL, &requests, &err), GANTRY_E_ENGINE);
    assert_in_range(requests, 8, 20);
    assert_non_null(strstr(err.message, "nil pointer"));
    assert_int_equal(err.retry, GANTRY_RETRY_YES);
}

static void test_other_failures_are_told_at_once(void **state)
{
    const struct fake_step *const scripts[] = { disk.script };
    const struct fake_step *const never[] = { missing.script };
    gantry_error err = { 0 };
    size_t requests;

    (void)state;
    assert_int_equal(inspect(never, 1, NULL, &requests, &err), GANTRY_E_NOT_FOUND);
    assert_int_equal(requests, 1);
    assert_int_equal(inspect(scripts, 1, NULL, &requests, &err), GANTRY_E_ENGINE);
    assert_int_equal(requests, 1);
}

static void test_what_changes_something_is_sent_once(void **state)
{
    const struct fake_step *const scripts[] = { half.script };
    gantry_error err = { 0 };
    struct podman p;
    struct client c;

    (void)state;
    serve(&p, &c, scripts, 1);
    assert_int_equal(
        gnt_rest_act(&p.rest, "POST", NULL, GANTRY_RESOURCE_IMAGE, "app", "/images/%r/untag", &err),
        GANTRY_E_ENGINE);
    assert_int_equal(fake_requests(c.fake), 1);
    client_stop(&c);
}

/* A prune looks at all images first. */
static void test_a_prune_is_sent_again(void **state)
{
    const struct fake_step *const scripts[] = { none.script, neighbour.script, gone.script,
                                                none.script };
    const gantry_image_prune_options opts = { .size = sizeof opts };
    gantry_image_pruned *pruned = NULL;
    gantry_error err = { 0 };
    struct podman p;
    struct client c;

    (void)state;
    serve(&p, &c, scripts, 4);
    assert_int_equal(gnt_podman_prune(&p, &opts, &pruned, &err), 0);
    assert_int_equal(fake_requests(c.fake), 4);
    gantry_image_pruned_free(pruned);
    client_stop(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_what_is_being_written_is_read_again, prepare),
        cmocka_unit_test_setup(test_the_calls_time_ends_it, prepare),
        cmocka_unit_test_setup(test_patience_ends, prepare),
        cmocka_unit_test_setup(test_other_failures_are_told_at_once, prepare),
        cmocka_unit_test_setup(test_what_changes_something_is_sent_once, prepare),
        cmocka_unit_test_setup(test_a_prune_is_sent_again, prepare),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
