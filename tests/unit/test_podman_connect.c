/*
 * Podman's connect of a container to a network against a scripted service: what a failed one left
 * noted is taken back, what was connected before stays.
 */
#include "podman/podman.h"

#include "http_helpers.h"
#include "json_answer.h"

#define TAKEN                                                                                      \
    "{\"cause\":\"IPAM error: requested ip address 10.99.3.50 is already allocated to container "  \
    "ID "                                                                                          \
    "67\",\"message\":\"IPAM error: requested ip address 10.99.3.50 is already allocated to "      \
    "container ID 67\"}"
#define CONNECTED                                                                                  \
    "{\"cause\":\"network is already connected\",\"message\":\"container 13 is already connected " \
    "to network narrow: network is already connected\"}"
#define NO_DEVICE                                                                                  \
    "{\"cause\":\"netavark: failed to delete container veth eth1: Netlink error: No such device "  \
    "(os error 19)\"}"

static int connect_it(const struct fake_step *const *scripts, size_t count, size_t *out_requests,
                      gantry_error *err)
{
    gantry_network_connect_options opts = { .size = sizeof opts, .address = "10.99.3.50" };
    struct podman p;
    struct client c;
    int rc;

    memset(&p, 0, sizeof p);
    client_start(&c, scripts, count);
    p.rest = (struct gnt_rest){ .host = &c.host,
                                .http = c.http,
                                .dialect = &gnt_podman_dialect,
                                .prefix = "/v5.4.2/libpod",
                                .version = { 5, 4, 2 } };
    rc = gnt_podman_network_ops.connect(&p, "narrow", "13", &opts, err);
    *out_requests = fake_requests(c.fake);
    client_stop(&c);
    return rc;
}

static void test_a_failure_is_taken_back(void **state)
{
    struct answer taken;
    struct answer gone;
    const struct fake_step *const scripts[] = { taken.script, gone.script };
    gantry_error err = { 0 };
    size_t requests = 0;

    (void)state;
    word(&taken, "500 Internal Server Error", TAKEN);
    word(&gone, "500 Internal Server Error", NO_DEVICE);
    assert_int_equal(connect_it(scripts, 2, &requests, &err), GANTRY_E_IN_USE);
    assert_int_equal(requests, 2);
    assert_non_null(strstr(err.message, "already allocated"));
}

static void test_what_was_connected_stays(void **state)
{
    struct answer connected;
    const struct fake_step *const scripts[] = { connected.script };
    gantry_error err = { 0 };
    size_t requests = 0;

    (void)state;
    word(&connected, "500 Internal Server Error", CONNECTED);
    assert_int_equal(connect_it(scripts, 1, &requests, &err), GANTRY_E_STATE);
    assert_int_equal(requests, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_failure_is_taken_back),
        cmocka_unit_test(test_what_was_connected_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
