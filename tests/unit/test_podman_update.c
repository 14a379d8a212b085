/*
 * Podman's update of a container against a scripted service: the versions that forget the limits
 * that an update does not name are sent them again.
 */
#include "podman/podman.h"

#include "http_helpers.h"

#define INSPECTION                                                                                 \
    "{\"Id\":\"3a\",\"State\":{\"Status\":\"running\"},\"HostConfig\":{\"Memory\":67108864,"       \
    "\"MemorySwap\":134217728,\"PidsLimit\":"                                                      \
    "50,"                                                                                          \
    "\"CpuQuota\":20000,\"CpuPeriod\":100000,\"CpusetCpus\":\"0-1\"}}"

struct answer {
    char text[512];
    struct fake_step script[3];
};

static void word(struct answer *a, const char *body)
{
    const struct fake_step script[3] = { FAKE_REQUEST, FAKE_BYTES(a->text, 0), FAKE_END };

    snprintf(a->text, sizeof a->text,
             "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
             strlen(body), body);
    memcpy(a->script, script, sizeof script);
    a->script[1].size = strlen(a->text);
}

static void podman_at(struct podman *p, struct client *c, int minor)
{
    p->rest = (struct gnt_rest){ .host = &c->host,
                                 .http = c->http,
                                 .dialect = &gnt_podman_dialect,
                                 .prefix = "/v5.x/libpod",
                                 .version = { 5, minor, 0 } };
}

/* Returns what was sent, to be freed. */
static char *update_it(int minor, const gantry_container_update_options *opts,
                       const struct fake_step *const *scripts, size_t count)
{
    gantry_error err = { 0 };
    struct podman p;
    struct client c;
    size_t size = 0;
    char *sent;

    memset(&p, 0, sizeof p);
    client_start(&c, scripts, count);
    podman_at(&p, &c, minor);
    if (gnt_podman_update(&p, "3a", opts, &err) < 0)
        fail_msg("%s", err.message);
    assert_int_equal(fake_requests(c.fake), count);
    sent = fake_text(c.fake, &size);
    client_stop(&c);
    return sent;
}

static void test_forgotten_limits_are_sent_again(void **state)
{
    const gantry_container_update_options opts = { .size = sizeof opts,
                                                   .restart = GANTRY_RESTART_ALWAYS };
    struct answer inspection;
    struct answer done;
    const struct fake_step *const scripts[] = { inspection.script, done.script };
    char *sent;

    (void)state;
    word(&inspection, INSPECTION);
    word(&done, "\"3a\"");
    sent = update_it(2, &opts, scripts, 2);
    assert_non_null(strstr(sent, "67108864"));
    assert_non_null(strstr(sent, "134217728"));
    assert_non_null(strstr(sent, "20000"));
    assert_non_null(strstr(sent, "0-1"));
    assert_non_null(strstr(sent, "restartPolicy=always"));
    free(sent);
}

static void test_named_limits_are_the_new_ones(void **state)
{
    const gantry_resources limits = { .size = sizeof limits, .pids = 77, .nano_cpus = 500000000 };
    const gantry_container_update_options opts = { .size = sizeof opts, .resources = &limits };
    struct answer inspection;
    struct answer done;
    const struct fake_step *const scripts[] = { inspection.script, inspection.script, done.script };
    char *sent;

    (void)state;
    word(&inspection, INSPECTION);
    word(&done, "\"3a\"");
    sent = update_it(1, &opts, scripts, 3);
    assert_non_null(strstr(sent, ":77"));
    assert_null(strstr(sent, ":20000"));
    assert_non_null(strstr(sent, "67108864"));
    free(sent);
}

static void test_later_versions_are_sent_what_is_named(void **state)
{
    const gantry_container_update_options opts = { .size = sizeof opts,
                                                   .restart = GANTRY_RESTART_ALWAYS };
    struct answer done;
    const struct fake_step *const scripts[] = { done.script };
    char *sent;

    (void)state;
    word(&done, "\"3a\"");
    sent = update_it(4, &opts, scripts, 1);
    assert_null(strstr(sent, "67108864"));
    free(sent);
}

/* Where there are no limits without root, those of what does not run would be noted in vain. */
static void test_limits_without_effect_are_refused(void **state)
{
    const gantry_resources limits = { .size = sizeof limits, .pids = 77 };
    const gantry_container_update_options opts = { .size = sizeof opts, .resources = &limits };
    struct answer inspection;
    struct answer info;
    const struct fake_step *const scripts[] = { inspection.script, info.script };
    gantry_error err = { 0 };
    struct podman p;
    struct client c;

    (void)state;
    word(&inspection, "{\"Id\":\"3a\",\"State\":{\"Status\":\"exited\"}}");
    word(&info, "{\"version\":{\"Version\":\"5.4.2\"},\"host\":{\"cgroupVersion\":\"v1\","
                "\"security\":{\"rootless\":true}}}");
    memset(&p, 0, sizeof p);
    client_start(&c, scripts, 2);
    podman_at(&p, &c, 4);
    assert_int_equal(gnt_podman_update(&p, "3a", &opts, &err), GANTRY_E_UNSUPPORTED);
    assert_non_null(strstr(err.message, "cgroups v1"));
    assert_int_equal(fake_requests(c.fake), 2);
    client_stop(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forgotten_limits_are_sent_again),
        cmocka_unit_test(test_named_limits_are_the_new_ones),
        cmocka_unit_test(test_later_versions_are_sent_what_is_named),
        cmocka_unit_test(test_limits_without_effect_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
