/*
 * Docker's create against a scripted daemon: a container that is not what was asked for is taken
 * back, what a daemon would ignore is found out before, memory that runs out loses nothing.
 */
#include "container.h"
#include "docker/docker.h"
#include "http_helpers.h"

#define ID "09b43a5311acbbe1274f732f45aac3c68741d16c9cb1d4f275f195ef4af31a03"

#define DISCARDED                                                                                  \
    "Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight "          \
    "discarded."

static const struct gnt_dialect dialect = { .name = "docker", .errors = gnt_docker_errors };

/* One request per connection. */
struct answer {
    const char *status;
    const char *body;
    char text[512];
    struct fake_step script[3];
};

static struct answer made = { .status = "201 Created",
                              .body = "{\"Id\":\"" ID "\",\"Warnings\":null}" };
static struct answer warned = { .status = "201 Created",
                                .body = "{\"Id\":\"" ID "\",\"Warnings\":[\"" DISCARDED "\"]}" };
static struct answer done = { .status = "200 OK", .body = "" };
static struct answer broken = { .status = "500 Internal Server Error",
                                .body = "{\"message\":\"driver failed\"}" };
static struct answer missing = { .status = "404 Not Found",
                                 .body = "{\"message\":\"network back not found\"}" };
static struct answer nobody = { .status = "404 Not Found",
                                .body = "{\"message\":\"No such container: nobody\"}" };
static struct answer plain_host = {
    .status = "200 OK", .body = "{\"SecurityOptions\":[\"name=seccomp,profile=default\"]}"
};
static struct answer armed_host = {
    .status = "200 OK", .body = "{\"SecurityOptions\":[\"name=apparmor\",\"name=selinux\"]}"
};
static struct answer found = { .status = "200 OK",
                               .body =
                                   "{\"Name\":\"back\",\"Id\":\"" ID "\",\"Driver\":\"bridge\"}" };

static const struct fake_step *play(struct answer *a)
{
    const struct fake_step script[3] = { FAKE_REQUEST, FAKE_BYTES(a->text, 0), FAKE_END };

    snprintf(a->text, sizeof a->text,
             "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
             a->status, strlen(a->body), a->body);
    memcpy(a->script, script, sizeof script);
    a->script[1].size = strlen(a->text);
    return a->script;
}

struct outcome {
    int rc;
    gantry_error err;
    char *sent; /* all that was sent */
    size_t requests;
    int has_result;
    char warning[128];
};

static void create(struct outcome *o, int minor, struct answer *const *answers, size_t count,
                   const gantry_container_options *given)
{
    gantry_container_options opts;
    gantry_created *out = NULL;
    const struct fake_step *scripts[4];
    struct gnt_arena arena;
    struct docker d = { .windows = 0 };
    struct client c;

    memset(o, 0, sizeof *o);
    for (size_t i = 0; i < count; i++)
        scripts[i] = play(answers[i]);
    client_start(&c, scripts, count);
    d.rest = (struct gnt_rest){ .host = &c.host,
                                .http = c.http,
                                .dialect = &dialect,
                                .prefix = "/v1.x",
                                .version = { 1, minor, 0 } };
    gnt_arena_init(&arena, &c.host.mem);
    if (gnt_container_options_import(&arena, given, &opts, &o->err) != 0)
        fail_msg("%s", o->err.message);
    o->rc = gnt_docker_container_create(&d, "app:1", &opts, &out, &o->err);
    o->has_result = out != NULL;
    if (out != NULL && out->warnings[0] != NULL)
        snprintf(o->warning, sizeof o->warning, "%s", out->warnings[0]);
    gantry_created_free(out);
    gnt_arena_free(&arena);
    o->requests = fake_requests(c.fake);
    o->sent = fake_text(c.fake, NULL);
    client_stop(&c);
}

static const gantry_resources weight = { .size = sizeof weight, .block_weight = 300 };
static const gantry_container_options weighted = { .size = sizeof weighted, .resources = &weight };

static void test_what_was_left_out_is_taken_back(void **state)
{
    struct answer *const scripts[] = { &warned, &done };
    struct outcome o;

    (void)state;
    create(&o, 41, scripts, 2, &weighted);
    assert_int_equal(o.rc, GANTRY_E_UNSUPPORTED);
    assert_int_equal(o.has_result, 0);
    assert_non_null(strstr(o.err.message, "block_weight"));
    assert_non_null(strstr(o.err.message, "Weight discarded"));
    assert_int_equal(o.err.outcome, GANTRY_OUTCOME_REFUSED);
    assert_int_equal(o.requests, 2);
    assert_non_null(strstr(o.sent, "DELETE /v1.x/containers/" ID "?force=true&v=true "));
    free(o.sent);
}

static void test_what_cannot_be_taken_back_is_told(void **state)
{
    struct answer *const scripts[] = { &warned, &broken };
    struct outcome o;

    (void)state;
    create(&o, 41, scripts, 2, &weighted);
    assert_int_equal(o.rc, GANTRY_E_UNSUPPORTED);
    assert_non_null(strstr(o.err.message, "container " ID " could not be removed"));
    assert_int_equal(o.err.outcome, GANTRY_OUTCOME_PARTIAL);
    free(o.sent);
}

/* A warning about what nobody asked for is no reason. */
static void test_warnings_come_back(void **state)
{
    const gantry_container_options bare = { .size = sizeof bare };
    struct answer *const scripts[] = { &warned };
    struct outcome o;

    (void)state;
    create(&o, 41, scripts, 1, &bare);
    assert_int_equal(o.rc, 0);
    assert_string_equal(o.warning, DISCARDED);
    assert_int_equal(o.requests, 1);
    free(o.sent);
}

static void test_security_of_the_host(void **state)
{
    const char *const labels[] = { "type:t", NULL };
    const char *const no_labels[] = { "disable", NULL };
    const struct {
        gantry_security security;
        const char *option; /* that a plain host has not; NULL: it has all */
    } rows[] = {
        { { .size = sizeof rows[0].security, .apparmor = "profile" }, "apparmor" },
        { { .size = sizeof rows[0].security, .selinux = labels }, "selinux" },
        { { .size = sizeof rows[0].security, .selinux = no_labels, .apparmor = "unconfined" },
          NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const gantry_container_options opts = { .size = sizeof opts,
                                                .security = &rows[i].security };
        struct answer *const plain[] = { &plain_host, &made };
        struct answer *const armed[] = { &armed_host, &made };
        struct answer *const only[] = { &made };
        struct outcome o;

        if (rows[i].option == NULL) {
            create(&o, 41, only, 1, &opts); /* nobody is asked */
            assert_int_equal(o.rc, 0);
            free(o.sent);
            continue;
        }
        create(&o, 41, plain, 2, &opts);
        assert_int_equal(o.rc, GANTRY_E_UNSUPPORTED);
        assert_non_null(strstr(o.err.message, rows[i].option));
        assert_int_equal(o.requests, 1);
        free(o.sent);
        create(&o, 41, armed, 2, &opts);
        assert_int_equal(o.rc, 0);
        assert_non_null(strstr(o.sent, "SecurityOpt"));
        free(o.sent);
    }
}

static void test_networks_of_older_daemons(void **state)
{
    const gantry_attachment front = { .size = sizeof front, .network = "front" };
    const gantry_attachment back = { .size = sizeof back,
                                     .network = "back",
                                     .address = "10.0.0.7" };
    const gantry_attachment *const networks[] = { &front, &back, NULL };
    const gantry_container_options opts = { .size = sizeof opts, .networks = networks };
    struct answer *const good[] = { &made, &found, &done };
    struct answer *const gone[] = { &made, &missing, &done };
    struct answer *const refused[] = { &made, &found, &broken, &done };
    struct outcome o;

    (void)state;
    create(&o, 41, good, 3, &opts);
    assert_int_equal(o.rc, 0);
    assert_int_equal(o.requests, 3);
    assert_non_null(strstr(o.sent, "POST /v1.x/networks/back/connect "));
    assert_non_null(strstr(o.sent, "{\"Container\":\"" ID "\",\"EndpointConfig\":{\"IPAMConfig\":{"
                                   "\"IPv4Address\":\"10.0.0.7\"}}}"));
    free(o.sent);
    create(&o, 41, gone, 3, &opts);
    assert_int_equal(o.rc, GANTRY_E_NOT_FOUND);
    assert_int_equal(o.err.resource_kind, GANTRY_RESOURCE_NETWORK);
    assert_string_equal(o.err.resource, "back");
    assert_int_equal(o.err.outcome, GANTRY_OUTCOME_REFUSED);
    assert_non_null(strstr(o.sent, "DELETE /v1.x/containers/" ID));
    free(o.sent);
    create(&o, 41, refused, 4, &opts);
    assert_int_equal(o.rc, GANTRY_E_ENGINE);
    assert_int_equal(o.requests, 4);
    assert_non_null(strstr(o.sent, "DELETE /v1.x/containers/" ID));
    free(o.sent);
    create(&o, 44, good, 3, &opts);
    assert_int_equal(o.rc, 0);
    assert_int_equal(o.requests, 1);
    free(o.sent);
}

/* A container that is not there is the one whose network was to be shared. */
static void test_another_container_is_missing(void **state)
{
    const gantry_container_options opts = { .size = sizeof opts,
                                            .name = "web",
                                            .network = "container:nobody" };
    struct answer *const scripts[] = { &nobody };
    struct outcome o;

    (void)state;
    create(&o, 41, scripts, 1, &opts);
    assert_int_equal(o.rc, GANTRY_E_NOT_FOUND);
    assert_int_equal(o.err.resource_kind, GANTRY_RESOURCE_CONTAINER);
    assert_string_equal(o.err.resource, "nobody");
    free(o.sent);
}

/* Each allocation fails once, while everything is taken in and made into a request. */
static void test_memory_runs_out(void **state)
{
    const struct fake_step *const scripts[] = { play(&made) };
    const char *const texts[] = { "a", NULL };
    const char *const check[] = { "CMD", "true", NULL };
    const gantry_pair pair = { "a", "b" };
    const gantry_mount bind = { .size = sizeof bind,
                                .type = GANTRY_MOUNT_BIND,
                                .source = "/a",
                                .target = "/b",
                                .relabel = GANTRY_RELABEL_SHARED };
    const gantry_mount tmpfs = {
        .size = sizeof tmpfs, .type = GANTRY_MOUNT_TMPFS, .target = "/t", .options = "noexec"
    };
    const gantry_mount *const mounts[] = { &bind, &tmpfs, NULL };
    const gantry_port port = { .size = sizeof port, .container_port = 80, .count = 2 };
    const gantry_port *const ports[] = { &port, NULL };
    const gantry_attachment net = { .size = sizeof net, .network = "n", .aliases = texts };
    const gantry_attachment *const networks[] = { &net, NULL };
    const gantry_ulimit limit = { .size = sizeof limit, .name = "core" };
    const gantry_ulimit *const ulimits[] = { &limit, NULL };
    const gantry_device fuse = { .size = sizeof fuse, .path = "/dev/fuse" };
    const gantry_device *const devices[] = { &fuse, NULL };
    const gantry_security security = { .size = sizeof security, .seccomp = "{}" };
    const gantry_health health = { .size = sizeof health, .test = check, .interval_ms = 1 };
    const gantry_container_options given = { .size = sizeof given,
                                             .mounts = mounts,
                                             .ports = ports,
                                             .networks = networks,
                                             .ulimits = ulimits,
                                             .devices = devices,
                                             .gpus = "device=a",
                                             .security = &security,
                                             .health = &health,
                                             .resources = &weight,
                                             .sysctls = &pair,
                                             .sysctl_count = 1,
                                             .restart = GANTRY_RESTART_ALWAYS };
    int rc = GANTRY_E_NOMEM;

    (void)state;
    for (long n = 0; rc != 0; n++) {
        gantry_container_options opts;
        gantry_created *out = NULL;
        gantry_error err = { 0 };
        struct gnt_arena arena;
        struct docker d = { .windows = 0 };
        struct client c;

        assert_true(n < 2000);
        client_start(&c, scripts, 1);
        d.rest = (struct gnt_rest){ .host = &c.host,
                                    .http = c.http,
                                    .dialect = &dialect,
                                    .prefix = "/v1.44",
                                    .version = { 1, 44, 0 } };
        gnt_arena_init(&arena, &c.host.mem);
        fail_after = n;
        rc = gnt_container_options_import(&arena, &given, &opts, &err);
        if (rc == 0)
            rc = gnt_docker_container_create(&d, "app:1", &opts, &out, &err);
        fail_after = -1;
        if (rc != 0 && rc != GANTRY_E_NOMEM)
            fail_msg("allocation %ld: %s", n, err.message);
        assert_true((rc == 0) == (out != NULL));
        gantry_created_free(out);
        gnt_arena_free(&arena);
        client_stop(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_left_out_is_taken_back),
        cmocka_unit_test(test_what_cannot_be_taken_back_is_told),
        cmocka_unit_test(test_warnings_come_back),
        cmocka_unit_test(test_security_of_the_host),
        cmocka_unit_test(test_networks_of_older_daemons),
        cmocka_unit_test(test_another_container_is_missing),
        cmocka_unit_test(test_memory_runs_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
