/*
 * Podman's removal of containers against a scripted service: one that ends by itself while it is
 * removed by force.
 */
#include "podman/podman.h"

#include "http_helpers.h"
#include "json_answer.h"

/* As libpod 4.3 words it. */
#define ENDED                                                                                      \
    "{\"cause\":\"container state improper\",\"message\":\"cannot remove container 3a as it "      \
    "could "                                                                                       \
    "not be stopped: stopped\"}"
#define RUNS                                                                                       \
    "{\"cause\":\"container state improper\",\"message\":\"cannot remove container 3a as it is "   \
    "running\"}"

#define UNPACKS                                                                                    \
    "{\"cause\":\"directory not empty\",\"message\":\"removing container 3a root filesystem: 1 "   \
    "error occurred: * unlinkat /vfs/dir/fd6e/tmp: directory not empty\"}"
#define NO_SUCH "{\"cause\":\"no such container\",\"message\":\"no such container\"}"

static struct answer gone;
static struct answer ended;
static struct answer runs;
static struct answer unpacks;
static struct answer no_such;

static int remove_it(int force, const struct fake_step *const *scripts, size_t count,
                     size_t *out_requests, gantry_error *err)
{
    gantry_container_remove_options opts = { .size = sizeof opts, .force = force };
    struct podman p;
    struct client c;
    int rc;

    memset(&p, 0, sizeof p);
    client_start(&c, scripts, count);
    p.rest = (struct gnt_rest){ .host = &c.host,
                                .http = c.http,
                                .dialect = &gnt_podman_dialect,
                                .prefix = "/v4.3.1/libpod",
                                .version = { 4, 3, 1 } };
    rc = gnt_podman_container_remove(&p, "3a", &opts, err);
    *out_requests = fake_requests(c.fake);
    client_stop(&c);
    return rc;
}

static int prepare(void **state)
{
    (void)state;
    word(&gone, "200 OK", "[]");
    word(&ended, "500 Internal Server Error", ENDED);
    word(&runs, "500 Internal Server Error", RUNS);
    word(&unpacks, "500 Internal Server Error", UNPACKS);
    word(&no_such, "404 Not Found", NO_SUCH);
    return 0;
}

static void test_an_end_meanwhile_is_no_failure(void **state)
{
    const struct fake_step *const scripts[] = { ended.script, ended.script, gone.script };
    gantry_error err = { 0 };
    size_t requests;

    (void)state;
    assert_int_equal(remove_it(GANTRY_ON, scripts, 3, &requests, &err), 0);
    assert_int_equal(requests, 3);
    assert_int_equal(err.code, 0); /* untouched by what was tried before */
}

/* The container went with the first request; whether its storage did with the second, or what was
 * in the way removed it, is the same to the caller. */
static void test_what_a_broken_copy_unpacks_is_waited_for(void **state)
{
    const struct fake_step *const removed[] = { unpacks.script, unpacks.script, gone.script };
    const struct fake_step *const missing[] = { unpacks.script, no_such.script };
    const struct fake_step *const never[] = { no_such.script };
    gantry_error err = { 0 };
    size_t requests;

    (void)state;
    assert_int_equal(remove_it(GANTRY_ON, removed, 3, &requests, &err), 0);
    assert_int_equal(requests, 3);
    assert_int_equal(remove_it(GANTRY_ON, missing, 2, &requests, &err), 0);
    assert_int_equal(requests, 2);
    assert_int_equal(err.code, 0);
    assert_int_equal(remove_it(GANTRY_ON, never, 1, &requests, &err), GANTRY_E_NOT_FOUND);
}

static void test_it_is_not_tried_for_ever(void **state)
{
    const struct fake_step *const scripts[] = { ended.script, ended.script, ended.script,
                                                ended.script, ended.script, ended.script };
    gantry_error err = { 0 };
    size_t requests;

    (void)state;
    assert_int_equal(remove_it(GANTRY_ON, scripts, 6, &requests, &err), GANTRY_E_STATE);
    assert_int_equal(requests, 6);
    assert_int_equal(err.code, GANTRY_E_STATE);
    assert_non_null(strstr(err.message, "could not be stopped"));
}

static void test_a_refusal_stays_one(void **state)
{
    const struct fake_step *const running[] = { runs.script };
    const struct fake_step *const ending[] = { ended.script };
    gantry_error err = { 0 };
    size_t requests;

    (void)state;
    assert_int_equal(remove_it(GANTRY_ON, running, 1, &requests, &err), GANTRY_E_STATE);
    assert_int_equal(requests, 1);
    assert_int_equal(remove_it(GANTRY_OFF, ending, 1, &requests, &err), GANTRY_E_STATE);
    assert_int_equal(requests, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_an_end_meanwhile_is_no_failure, prepare),
        cmocka_unit_test_setup(test_what_a_broken_copy_unpacks_is_waited_for, prepare),
        cmocka_unit_test_setup(test_it_is_not_tried_for_ever, prepare),
        cmocka_unit_test_setup(test_a_refusal_stays_one, prepare),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
