/*
 * Podman's pods against a scripted service: answers of libpod 4.3 and 5.x, failures of some
 * containers, and what is asked how for what.
 */
#include "podman/podman_pod.h"

#include "http_helpers.h"

#define POD "3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f"
#define INFRA "1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a"
#define WEB "2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b"
#define CACHE "4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c"

/* As 4.3 and 5.x inspect, state by state. */
#define INSPECTED(state, infra, web, cache, more)                                                  \
    "{\"Id\":\"" POD "\",\"Name\":\"shop\",\"Created\":\"2026-11-28T10:16:13.116847849Z\","        \
    "\"State\":\"" state "\",\"Hostname\":\"\",\"Labels\":{\"a\":\"b\"},\"CreateCgroup\":true,"    \
    "\"CgroupParent\":\"/libpod_parent\",\"CreateInfra\":true,\"InfraContainerID\":\"" INFRA       \
    "\",\"InfraConfig\":{\"PortBindings\":{\"80/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"8080\"}]}," \
    "\"HostNetwork\":false,\"Networks\":[\"podman\"]},\"SharedNamespaces\":[\"uts\",\"ipc\","      \
    "\"net\"],\"NumContainers\":3," more "\"Containers\":[{\"Id\":\"" INFRA                        \
    "\",\"Name\":\"3f3f-infra\",\"State\":\"" infra "\"},{\"Id\":\"" WEB                           \
    "\",\"Name\":\"web\",\"State\":\"" web "\"},{\"Id\":\"" CACHE                                  \
    "\",\"Name\":\"cache\",\"State\":\"" cache "\"}]}"
#define RUNNING INSPECTED("Running", "running", "running", "running", "\"ExitPolicy\":\"stop\",")
#define DEGRADED INSPECTED("Degraded", "running", "exited", "running", "")
#define STILL INSPECTED("Exited", "exited", "exited", "exited", "")
#define DONE "{\"Errs\":null,\"Id\":\"" POD "\"}"
#define REMOVED "{\"Err\":null,\"Id\":\"" POD "\",\"RemovedCtrs\":{\"" WEB "\":null}}"
#define NONE "{\"cause\":\"no such pod\",\"message\":\"no pod with name or ID shop found\"}"
#define MISSING_PROGRAM                                                                            \
    "{\"Errs\":[\"starting container " CACHE ": crun: executable file `x` not found in $PATH: "    \
    "OCI runtime attempted to invoke a command that was not found\",\"starting container " WEB     \
    ": a dependency of container " WEB                                                             \
    " failed to start: container state improper\"],\"Id\":\"" POD "\"}"
#define FACTS(id, grace)                                                                           \
    "{\"Id\":\"" id "\",\"State\":{\"Status\":\"running\"},\"Config\":{\"StopTimeout\":" grace "}" \
    "}"

struct answer {
    char text[4096];
    struct fake_step script[3];
};

static struct answer answers[8];
static const struct fake_step *scripts[8];
static struct podman p;
static struct client c;

static void say(size_t at, const char *status, const char *body)
{
    struct answer *a = &answers[at];
    const struct fake_step script[3] = { FAKE_REQUEST, FAKE_BYTES(a->text, 0), FAKE_END };
    int size = snprintf(a->text, sizeof a->text,
                        "HTTP/1.1 %s\r\nContent-Type: application/json\r\nConnection: close\r\n"
                        "Content-Length: %zu\r\n\r\n%s",
                        status, strlen(body), body);

    assert_true(size > 0 && (size_t)size < sizeof a->text);
    memcpy(a->script, script, sizeof script);
    a->script[1].size = (size_t)size;
    scripts[at] = a->script;
}

static void begin(size_t count, int major, int minor)
{
    memset(&p, 0, sizeof p);
    client_start(&c, scripts, count);
    p.rest = (struct gnt_rest){ .host = &c.host,
                                .http = c.http,
                                .dialect = &gnt_podman_dialect,
                                .prefix = "/v4.3.1/libpod",
                                .version = { major, minor, 0 } };
}

static void has(const char *part)
{
    char *text = fake_text(c.fake, NULL);

    assert_non_null(text);
    if (strstr(text, part) == NULL)
        fail_msg("there is no %s in %s", part, text);
    free(text);
}

/* These requests, in this order, and no other. */
static void finish(const char *const *requests)
{
    char *text = fake_text(c.fake, NULL);
    const char *at = text;
    size_t count = 0;

    for (; requests[count] != NULL; count++) {
        at = at != NULL ? strstr(at, requests[count]) : NULL;
        if (at == NULL)
            fail_msg("no %s where it was expected in %s", requests[count], text);
    }
    free(text);
    assert_int_equal(fake_requests(c.fake), count);
    client_stop(&c);
}

#define ASKED(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define PATH "/v4.3.1/libpod/pods/"

/* ---- looking --------------------------------------------------------------------------------- */

static void test_an_inspection_is_read(void **state)
{
    const gantry_pod_inspect_options opts = { .size = sizeof opts };
    gantry_error err = { 0 };
    gantry_pod *pod = NULL;

    (void)state;
    say(0, "200 OK", RUNNING);
    begin(1, 4, 3);
    assert_int_equal(gnt_podman_pod_ops.inspect(&p, "shop", &opts, &pod, &err), 0);
    assert_string_equal(pod->id, POD);
    assert_string_equal(pod->hostname, "shop");
    assert_int_equal(pod->state, GANTRY_POD_RUNNING);
    assert_string_equal(pod->state_text, "Running");
    assert_int_equal(pod->exit_policy, GANTRY_POD_EXIT_STOP);
    assert_string_equal(pod->share[0], "net");
    assert_string_equal(pod->share[1], "ipc");
    assert_string_equal(pod->share[2], "uts");
    assert_null(pod->share[3]);
    assert_string_equal(pod->networks[0], "podman");
    assert_int_equal(pod->ports[0]->host_port, 8080);
    assert_int_equal(pod->member_count, 3);
    assert_int_equal(pod->members[0]->infra, 1);
    assert_int_equal(pod->members[1]->infra, 0);
    assert_string_equal(pod->members[1]->name, "web");
    assert_int_equal(pod->members[1]->state, GANTRY_CONTAINER_RUNNING);
    gantry_pod_free(pod);
    finish(ASKED("GET " PATH "shop/json "));
}

static void test_a_list_is_narrowed_by_the_answer(void **state)
{
    const int states[] = { GANTRY_POD_RUNNING, 0 };
    const gantry_pod_list_options opts = { .size = sizeof opts, .states = states };
    gantry_error err = { 0 };
    gantry_pod_list *list = NULL;

    (void)state;
    say(0, "200 OK",
        "[{\"Id\":\"" POD "\",\"Name\":\"shop\",\"Status\":\"Running\",\"InfraId\":\"" INFRA
        "\",\"Created\":\"2026-11-28T10:16:13.1Z\",\"Networks\":null,\"Labels\":null,"
        "\"Containers\":[{\"Id\":\"" INFRA "\",\"Names\":\"3f3f-infra\",\"Status\":\"running\"},"
        "{\"Id\":\"" WEB "\",\"Names\":\"web\",\"Status\":\"exited\",\"RestartCount\":0}]},"
        "{\"Id\":\"" WEB "\",\"Name\":\"other\",\"Status\":\"Exited\",\"InfraId\":\"\","
        "\"Containers\":null}]");
    begin(1, 5, 2);
    assert_int_equal(gnt_podman_pod_ops.list(&p, &opts, &list, &err), 0);
    assert_int_equal(list->count, 1);
    assert_int_equal(list->items[0]->member_count, 2);
    assert_int_equal(list->items[0]->members[0]->infra, 1);
    assert_string_equal(list->items[0]->members[1]->name, "web");
    assert_int_equal(list->items[0]->members[1]->state, GANTRY_CONTAINER_EXITED);
    gantry_pod_list_free(list);
    finish(ASKED("GET " PATH "json "));
}

/* ---- acting ---------------------------------------------------------------------------------- */

static void test_what_is_so_already_is_success(void **state)
{
    const gantry_pod_call_options opts = { .size = sizeof opts };
    gantry_error err = { 0 };

    (void)state;
    say(0, "304 Not Modified", "");
    begin(1, 4, 3);
    assert_int_equal(gnt_podman_pod_start(&p, "shop", &opts, &err), 0);
    finish(ASKED("POST " PATH "shop/start "));
}

static void test_an_answer_that_says_nothing_is_none(void **state)
{
    const gantry_pod_call_options opts = { .size = sizeof opts };
    gantry_error err = { 0 };

    (void)state;
    say(0, "200 OK", "{}");
    begin(1, 4, 3);
    assert_int_equal(gnt_podman_pod_start(&p, "shop", &opts, &err), GANTRY_E_PROTOCOL);
    finish(ASKED("POST " PATH "shop/start "));
}

static void test_members_that_fail_are_told_in_their_order(void **state)
{
    const gantry_pod_call_options opts = { .size = sizeof opts };

    (void)state;
    for (int newer = 0; newer <= 1; newer++) {
        gantry_error err = { 0 };

        say(0, newer ? "409 Conflict" : "200 OK", MISSING_PROGRAM);
        say(1, "200 OK", DEGRADED);
        begin(2, newer ? 5 : 4, 3);
        assert_int_equal(gnt_podman_pod_start(&p, "shop", &opts, &err), GANTRY_E_STATE);
        assert_int_equal(err.outcome, GANTRY_OUTCOME_PARTIAL);
        assert_int_equal(err.resource_kind, GANTRY_RESOURCE_CONTAINER);
        assert_string_equal(err.resource, "web");
        assert_int_equal(strncmp(err.output, "web: a dependency of", 20), 0);
        assert_non_null(strstr(err.output, "\ncache: crun: executable file"));
        finish(ASKED("POST " PATH "shop/start ", "GET " PATH "shop/json "));
    }
}

static void test_nobody_to_kill_is_a_state(void **state)
{
    const gantry_pod_kill_options opts = { .size = sizeof opts, .signal = "TERM" };
    gantry_error err = { 0 };

    (void)state;
    say(0, "409 Conflict",
        "{\"cause\":\"cannot kill a pod with no running containers: 3f\",\"message\":\"cannot kill "
        "a pod with no running containers: 3f\",\"response\":409}");
    begin(1, 4, 3);
    assert_int_equal(gnt_podman_pod_kill(&p, "shop", &opts, &err), GANTRY_E_STATE);
    assert_int_equal(err.resource_kind, GANTRY_RESOURCE_POD);
    assert_string_equal(err.resource, "shop");
    finish(ASKED("POST " PATH "shop/kill?signal=TERM "));
}

static void test_stop_asks_for_what_libpod_does_not_do(void **state)
{
    gantry_pod_stop_options opts = { .size = sizeof opts, .grace_ms = 1500 };
    gantry_error err = { 0 };

    (void)state;
    /* all at a time */
    say(0, "200 OK", RUNNING);
    say(1, "200 OK", DONE);
    begin(2, 4, 3);
    assert_int_equal(gnt_podman_pod_stop(&p, "shop", &opts, &err), 0);
    finish(ASKED("GET " PATH "shop/json ", "POST " PATH POD "/stop?t=2 "));
    /* one of which not all runs: libpod would leave it alone; the infra container last */
    say(0, "200 OK", DEGRADED);
    say(1, "200 OK", FACTS(CACHE, "10"));
    say(2, "204 No Content", "");
    say(3, "200 OK", FACTS(INFRA, "10"));
    say(4, "204 No Content", "");
    begin(5, 4, 3);
    assert_int_equal(gnt_podman_pod_stop(&p, "shop", &opts, &err), 0);
    finish(ASKED("GET " PATH "shop/json ", "GET /v4.3.1/libpod/containers/" CACHE "/json",
                 "POST /v4.3.1/libpod/containers/" CACHE "/stop?timeout=2 ",
                 "GET /v4.3.1/libpod/containers/" INFRA "/json",
                 "POST /v4.3.1/libpod/containers/" INFRA "/stop?timeout=2 "));
}

/* ---- removing -------------------------------------------------------------------------------- */

static void test_what_runs_is_not_removed(void **state)
{
    gantry_pod_remove_options opts = { .size = sizeof opts };
    gantry_error err = { 0 };

    (void)state;
    say(0, "200 OK", DEGRADED);
    begin(1, 4, 3);
    assert_int_equal(gnt_podman_pod_remove(&p, "shop", &opts, &err), GANTRY_E_STATE);
    assert_int_equal(err.outcome, GANTRY_OUTCOME_NOT_SENT);
    finish(ASKED("GET " PATH "shop/json "));
    say(0, "200 OK", STILL);
    say(1, "200 OK", REMOVED);
    begin(2, 5, 2);
    assert_int_equal(gnt_podman_pod_remove(&p, "shop", &opts, &err), 0);
    finish(ASKED("GET " PATH "shop/json ", "DELETE " PATH POD " "));
    opts.force = GANTRY_ON;
    say(0, "200 OK", RUNNING);
    begin(2, 4, 3);
    assert_int_equal(gnt_podman_pod_remove(&p, "shop", &opts, &err), 0);
    finish(ASKED("GET " PATH "shop/json ", "DELETE " PATH POD "?force=true&timeout=0 "));
}

static void test_a_removal_that_stuck_tells_what_is_left(void **state)
{
    gantry_pod_remove_options opts = { .size = sizeof opts };
    gantry_error err = { 0 };

    (void)state;
    say(0, "200 OK", STILL);
    say(1, "500 Internal Server Error",
        "{\"cause\":\"device or resource busy\",\"message\":\"removing container: device or "
        "resource busy\",\"response\":500}");
    say(2, "200 OK",
        "{\"Id\":\"" POD "\",\"Name\":\"shop\",\"State\":\"Exited\",\"Containers\":[{\"Id\":\"" WEB
        "\",\"Name\":\"web\",\"State\":\"exited\"}]}");
    begin(3, 4, 3);
    assert_int_equal(gnt_podman_pod_remove(&p, "shop", &opts, &err), GANTRY_E_ENGINE);
    assert_int_equal(err.outcome, GANTRY_OUTCOME_PARTIAL);
    finish(ASKED("GET ", "DELETE ", "GET "));
    say(2, "404 Not Found", NONE);
    begin(3, 4, 3);
    assert_int_equal(gnt_podman_pod_remove(&p, "shop", &opts, &err), 0);
    finish(ASKED("GET ", "DELETE ", "GET "));
}

/* ---- creating -------------------------------------------------------------------------------- */

static void test_options_are_worded(void **state)
{
    const gantry_port port = { .size = sizeof port, .container_port = 80, .host_port = 8080 };
    const gantry_port *const ports[] = { &port, NULL };
    const gantry_attachment place = { .size = sizeof place, .network = "back" };
    const gantry_attachment *const networks[] = { &place, NULL };
    static const char *const share[] = { "net", "pid", NULL };
    const gantry_pod_options opts = { .size = sizeof opts,
                                      .hostname = "inner",
                                      .ports = ports,
                                      .networks = networks,
                                      .share = share,
                                      .exit_policy = GANTRY_POD_EXIT_STOP };
    static const char *const nothing[] = { NULL };
    const gantry_pod_options none = { .size = sizeof none, .share = nothing };
    const gantry_pod_options bare = { .size = sizeof bare, .infra = GANTRY_OFF };
    gantry_error err = { 0 };
    gantry_pod_created *created = NULL;

    (void)state;
    say(0, "201 Created", "{\"Id\":\"" POD "\"}");
    begin(1, 4, 3);
    assert_int_equal(gnt_podman_pod_create(&p, "shop", &opts, &created, &err), 0);
    assert_string_equal(created->id, POD);
    assert_string_equal(created->name, "shop");
    gantry_pod_created_free(created);
    has("\"hostname\":\"inner\"");
    has("\"shared_namespaces\":[\"net\",\"pid\"]");
    has("\"exit_policy\":\"stop\"");
    has("\"Networks\":{\"back\":{}}");
    has("\"portmappings\":[{\"container_port\":80");
    finish(ASKED("POST " PATH "create "));
    begin(1, 4, 3);
    assert_int_equal(gnt_podman_pod_create(&p, "shop", &none, &created, &err), 0);
    gantry_pod_created_free(created);
    has("\"shared_namespaces\":[\"none\"]");
    finish(ASKED("POST " PATH "create "));
    begin(1, 4, 3);
    assert_int_equal(gnt_podman_pod_create(&p, "shop", &bare, &created, &err), 0);
    gantry_pod_created_free(created);
    has("\"no_infra\":true");
    finish(ASKED("POST " PATH "create "));
}

static void test_versions_bound_options(void **state)
{
    const gantry_pod_options policy = { .size = sizeof policy,
                                        .exit_policy = GANTRY_POD_EXIT_STOP };
    const gantry_pod_options memory = { .size = sizeof memory, .shm_size_bytes = 1000000 };
    gantry_error err = { 0 };
    gantry_pod_created *created = NULL;

    (void)state;
    say(0, "201 Created", "{\"Id\":\"" POD "\"}");
    begin(1, 4, 1);
    assert_int_equal(gnt_podman_pod_create(&p, "shop", &policy, &created, &err),
                     GANTRY_E_UNSUPPORTED);
    assert_non_null(strstr(err.message, "exit_policy"));
    assert_non_null(strstr(err.message, "4.2"));
    assert_int_equal(gnt_podman_pod_create(&p, "shop", &memory, &created, &err),
                     GANTRY_E_UNSUPPORTED);
    assert_non_null(strstr(err.message, "shm_size_bytes"));
    assert_null(created);
    finish((const char *const[]){ NULL });
}

/* libpod 4.3 leaves the pod when its infra container cannot be made. */
static void test_a_wreck_is_cleared_away(void **state)
{
    const gantry_pod_options opts = { .size = sizeof opts, .network = "gone" };
    gantry_error err = { 0 };
    gantry_pod_created *created = NULL;

    (void)state;
    say(0, "500 Internal Server Error",
        "{\"cause\":\"network not found\",\"message\":\"failed to make pod: unable to find network "
        "with name or ID gone: network not found\",\"response\":500}");
    say(1, "200 OK",
        "{\"Id\":\"" POD "\",\"Name\":\"shop\",\"State\":\"Created\",\"CreateInfra\":false,"
        "\"SharedNamespaces\":[\"ipc\",\"net\",\"uts\"],\"NumContainers\":0}");
    say(2, "200 OK", "{\"Err\":null,\"Id\":\"" POD "\"}");
    begin(3, 4, 3);
    assert_int_equal(gnt_podman_pod_create(&p, "shop", &opts, &created, &err), GANTRY_E_NOT_FOUND);
    assert_int_equal(err.resource_kind, GANTRY_RESOURCE_NETWORK);
    assert_string_equal(err.resource, "gone");
    finish(ASKED("POST " PATH "create ", "GET " PATH "shop/json ", "DELETE " PATH POD " "));
    /* somebody else's of that name stays */
    say(0, "409 Conflict",
        "{\"cause\":\"pod already exists\",\"message\":\"failed to make pod: adding pod to state: "
        "name \\\"shop\\\" is in use: pod already exists\",\"response\":409}");
    begin(1, 4, 3);
    assert_int_equal(gnt_podman_pod_create(&p, "shop", &opts, &created, &err), GANTRY_E_EXISTS);
    assert_int_equal(err.resource_kind, GANTRY_RESOURCE_POD);
    finish(ASKED("POST " PATH "create "));
    say(0, "500 Internal Server Error",
        "{\"cause\":\"invalid config\",\"message\":\"invalid configuration\",\"response\":500}");
    say(1, "200 OK", STILL);
    begin(2, 4, 3);
    assert_int_equal(gnt_podman_pod_create(&p, "shop", &opts, &created, &err), GANTRY_E_INVALID);
    finish(ASKED("POST " PATH "create ", "GET " PATH "shop/json "));
    assert_null(created);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_inspection_is_read),
        cmocka_unit_test(test_a_list_is_narrowed_by_the_answer),
        cmocka_unit_test(test_what_is_so_already_is_success),
        cmocka_unit_test(test_an_answer_that_says_nothing_is_none),
        cmocka_unit_test(test_members_that_fail_are_told_in_their_order),
        cmocka_unit_test(test_nobody_to_kill_is_a_state),
        cmocka_unit_test(test_stop_asks_for_what_libpod_does_not_do),
        cmocka_unit_test(test_what_runs_is_not_removed),
        cmocka_unit_test(test_a_removal_that_stuck_tells_what_is_left),
        cmocka_unit_test(test_options_are_worded),
        cmocka_unit_test(test_versions_bound_options),
        cmocka_unit_test(test_a_wreck_is_cleared_away),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
