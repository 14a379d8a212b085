/*
 * Docker's pods against a scripted daemon: what labels make of containers, the order of acts, what a
 * failure of one member leaves, and the options of members.
 */
#include "docker/docker_pod.h"
#include "http_helpers.h"
#include "pod.h"

#define INFRA "1111111111111111111111111111111111111111111111111111111111111111"
#define ONE "2222222222222222222222222222222222222222222222222222222222222222"
#define TWO "3333333333333333333333333333333333333333333333333333333333333333"
#define LOST "4444444444444444444444444444444444444444444444444444444444444444"

/* As Docker lists them, the newest first. */
#define IS_INFRA(state)                                                                            \
    "{\"Id\":\"" INFRA "\",\"Names\":[\"/web-infra\"],\"State\":\"" state                          \
    "\",\"Created\":1700000000,"                                                                   \
    "\"Labels\":{\"io.libgantry.pod\":\"web\",\"io.libgantry.pod.infra\":\"1\","                   \
    "\"io.libgantry.pod.share\":\"net,ipc,uts\",\"io.libgantry.pod.cgroup\":\"/below\","           \
    "\"tier\":\"front\",\"io.libgantry.podium\":\"1\"},"                                           \
    "\"NetworkSettings\":{\"Networks\":{\"bridge\":{}}}}"
#define IS_MEMBER(id, name, state)                                                                 \
    "{\"Id\":\"" id "\",\"Names\":[\"/" name "\"],\"State\":\"" state "\",\"Created\":1700000001," \
    "\"Labels\":{\"io.libgantry.pod\":\"web\",\"io.libgantry.pod.id\":\"" INFRA "\"}}"
#define IS_LOST                                                                                    \
    "{\"Id\":\"" LOST "\",\"Names\":[\"/lost\"],\"State\":\"exited\",\"Created\":1600000000,"      \
    "\"Labels\":{\"io.libgantry.pod\":\"old\",\"io.libgantry.pod.id\":\"" TWO "\"}}"
#define IS_FOREIGN                                                                                 \
    "{\"Id\":\"" LOST "\",\"Names\":[\"/by-hand\"],\"State\":\"exited\",\"Created\":1600000000,"   \
    "\"Labels\":{\"io.libgantry.pod\":\"none\"}}"

#define LIST(infra, one, two)                                                                      \
    "[" IS_MEMBER(TWO, "two", two) "," IS_MEMBER(ONE, "one", one) "," IS_INFRA(infra) "]"

/* One request per connection. */
struct answer {
    const char *status;
    const char *body;
    char text[4096];
    struct fake_step script[3];
};

static struct answer running = { .status = "200 OK",
                                 .body = LIST("running", "running", "running") };
static struct answer ended = { .status = "200 OK", .body = LIST("running", "exited", "exited") };
static struct answer still = { .status = "200 OK", .body = LIST("exited", "exited", "exited") };
static struct answer fresh = { .status = "200 OK", .body = LIST("created", "created", "created") };
static struct answer none = { .status = "200 OK", .body = "[]" };
static struct answer done = { .status = "204 No Content", .body = "" };
static struct answer broken = { .status = "500 Internal Server Error",
                                .body = "{\"message\":\"driver failed\"}" };
static struct answer runs = { .status = "409 Conflict",
                              .body = "{\"message\":\"You cannot remove a running container\"}" };
static struct answer no_such = { .status = "404 Not Found",
                                 .body = "{\"message\":\"No such container: x\"}" };
static struct answer taken = {
    .status = "409 Conflict",
    .body = "{\"message\":\"Conflict. The container name \\\"/web-infra\\\" is already in use by "
            "container \\\"f\\\". You have to remove (or rename) that container\"}"
};
static struct answer made = { .status = "201 Created",
                              .body = "{\"Id\":\"" INFRA "\",\"Warnings\":null}" };

struct play {
    struct client client;
    struct docker d;
    struct answer answers[12];
    const struct fake_step *scripts[12];
    char *sent;
    size_t requests;
    gantry_error err;
};

static const struct gnt_dialect dialect = { .name = "docker", .errors = gnt_docker_errors };

static void play(struct play *p, struct answer *const *answers, size_t count)
{
    memset(p, 0, sizeof *p);
    for (size_t i = 0; i < count; i++) {
        struct answer *a = &p->answers[i];
        const struct fake_step script[3] = { FAKE_REQUEST, FAKE_BYTES(a->text, 0), FAKE_END };

        *a = *answers[i];
        if (strncmp(a->status, "204", 3) == 0)
            snprintf(a->text, sizeof a->text, "HTTP/1.1 %s\r\n\r\n", a->status);
        else
            snprintf(a->text, sizeof a->text,
                     "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: "
                     "%zu\r\n\r\n%s",
                     a->status, strlen(a->body), a->body);
        memcpy(a->script, script, sizeof script);
        a->script[1].size = strlen(a->text);
        p->scripts[i] = a->script;
    }
    client_start(&p->client, p->scripts, count);
    p->d.rest = (struct gnt_rest){ .host = &p->client.host,
                                   .http = p->client.http,
                                   .dialect = &dialect,
                                   .prefix = "/v1.x",
                                   .version = { 1, 41, 0 } };
}
#define PLAY(p, ...)                                                                               \
    play((p), (struct answer *const[]){ __VA_ARGS__ },                                             \
         sizeof((struct answer *const[]){ __VA_ARGS__ }) / sizeof(struct answer *))

static void finish(struct play *p)
{
    p->requests = fake_requests(p->client.fake);
    p->sent = fake_text(p->client.fake, NULL);
    client_stop(&p->client);
}

/* The parts come in this order. */
static void in_order(const char *text, const char *const *parts)
{
    const char *at = text;

    for (; *parts != NULL; parts++) {
        at = strstr(at, *parts);
        if (at == NULL)
            fail_msg("no %s (in its place) in\n%s", *parts, text);
        at += strlen(*parts);
    }
}
#define IN_ORDER(text, ...) in_order((text), (const char *const[]){ __VA_ARGS__, NULL })

/* ---- looking --------------------------------------------------------------------------------- */

static int state_of_list(const char *body)
{
    const gantry_pod_list_options opts = { .size = sizeof opts };
    struct answer listed = { .status = "200 OK", .body = body };
    gantry_pod_list *list = NULL;
    struct play p;
    int pod_state;

    PLAY(&p, &listed);
    assert_int_equal(gnt_docker_pod_list(&p.d, &opts, &list, &p.err), 0);
    assert_int_equal(list->count, 1);
    pod_state = list->items[0]->state;
    gnt_result_free(list);
    finish(&p);
    free(p.sent);
    return pod_state;
}

static void test_states(void **state)
{
    (void)state;
    assert_int_equal(state_of_list(LIST("created", "created", "created")), GANTRY_POD_CREATED);
    assert_int_equal(state_of_list(LIST("running", "running", "running")), GANTRY_POD_RUNNING);
    assert_int_equal(state_of_list(LIST("running", "exited", "running")), GANTRY_POD_DEGRADED);
    assert_int_equal(state_of_list(LIST("running", "restarting", "running")), GANTRY_POD_DEGRADED);
    assert_int_equal(state_of_list(LIST("paused", "paused", "paused")), GANTRY_POD_PAUSED);
    assert_int_equal(state_of_list(LIST("exited", "exited", "exited")), GANTRY_POD_EXITED);
    assert_int_equal(state_of_list(LIST("created", "exited", "created")), GANTRY_POD_STOPPED);
    assert_int_equal(state_of_list(LIST("dead", "dead", "dead")), GANTRY_POD_ERROR);
    assert_int_equal(state_of_list("[" IS_LOST "]"), GANTRY_POD_ERROR);
    assert_int_equal(state_of_list("[" IS_INFRA("running") "]"), GANTRY_POD_RUNNING);
}

static void test_list_is_made_of_labels(void **state)
{
    struct answer all = { .status = "200 OK",
                          .body = "[" IS_MEMBER(TWO, "two", "exited") "," IS_MEMBER(
                              ONE, "one", "running") "," IS_INFRA("running") "," IS_LOST
                                                                             "," IS_FOREIGN "]" };
    const gantry_pod_list_options opts = { .size = sizeof opts };
    gantry_pod_list *list = NULL;
    const gantry_pod *web;
    struct play p;

    (void)state;
    PLAY(&p, &all);
    assert_int_equal(gnt_docker_pod_list(&p.d, &opts, &list, &p.err), 0);
    assert_int_equal(list->count, 2);
    assert_null(list->items[2]);
    web = list->items[0];
    assert_string_equal(web->id, INFRA);
    assert_string_equal(web->infra_id, INFRA);
    assert_string_equal(web->name, "web");
    assert_string_equal(web->state_text, "Degraded");
    assert_int_equal(web->label_count, 2); /* "io.libgantry.podium" is somebody's own */
    assert_string_equal(web->labels[0].key, "tier");
    assert_string_equal(web->networks[0], "bridge");
    assert_null(web->share[0]);
    assert_string_equal(web->cgroup_parent, "");
    assert_int_equal(web->member_count, 3);
    assert_int_equal(web->members[0]->infra, 1);
    assert_string_equal(web->members[1]->name, "one"); /* as they were made */
    assert_string_equal(web->members[2]->name, "two");
    assert_int_equal(web->members[2]->state, GANTRY_CONTAINER_EXITED);
    assert_string_equal(list->items[1]->name, "old");
    assert_string_equal(list->items[1]->id, TWO);
    assert_string_equal(list->items[1]->infra_id, "");
    gnt_result_free(list);
    finish(&p);
    IN_ORDER(p.sent, "GET /v1.x/containers/json?", "all=true");
    free(p.sent);
}

static size_t count_pods(gantry_pod_list_options opts)
{
    gantry_pod_list *list = NULL;
    struct play p;
    size_t count;

    opts.size = sizeof opts;
    PLAY(&p, &running);
    assert_int_equal(gnt_docker_pod_list(&p.d, &opts, &list, &p.err), 0);
    count = list->count;
    gnt_result_free(list);
    finish(&p);
    free(p.sent);
    return count;
}

static void test_list_filters(void **state)
{
#define TEXTS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define STATES(...) ((const int[]){ __VA_ARGS__, 0 })
    const gantry_pair pair = { "k", "v" };
    gantry_pod_list_options filters = { .size = sizeof filters,
                                        .filters = &pair,
                                        .filter_count = 1 };
    gantry_pod_list *list = NULL;
    struct play p;

    (void)state;
    assert_int_equal(count_pods((gantry_pod_list_options){ .names = TEXTS("other", "web") }), 1);
    assert_int_equal(count_pods((gantry_pod_list_options){ .names = TEXTS("we") }), 0);
    assert_int_equal(count_pods((gantry_pod_list_options){ .labels = TEXTS("tier") }), 1);
    assert_int_equal(count_pods((gantry_pod_list_options){ .labels = TEXTS("tier=front", "tier") }),
                     1);
    assert_int_equal(count_pods((gantry_pod_list_options){ .labels = TEXTS("tier=fron") }), 0);
    assert_int_equal(
        count_pods((gantry_pod_list_options){ .labels = TEXTS("io.libgantry.pod=web") }), 0);
    assert_int_equal(count_pods((gantry_pod_list_options){
                         .states = STATES(GANTRY_POD_EXITED, GANTRY_POD_RUNNING) }),
                     1);
    assert_int_equal(count_pods((gantry_pod_list_options){ .states = STATES(GANTRY_POD_EXITED) }),
                     0);
    PLAY(&p, &running);
    assert_int_equal(gnt_docker_pod_list(&p.d, &filters, &list, &p.err), GANTRY_E_UNSUPPORTED);
    assert_non_null(strstr(p.err.message, "filters"));
    finish(&p);
    assert_int_equal(p.requests, 0);
    free(p.sent);
}

static int exists(const char *id, int *out)
{
    const gantry_pod_call_options opts = { .size = sizeof opts };
    struct answer all = { .status = "200 OK",
                          .body = "[" IS_MEMBER(ONE, "one", "running") "," IS_INFRA(
                              "running") "," IS_LOST "]" };
    struct play p;
    int rc;

    PLAY(&p, &all);
    rc = gnt_docker_pod_exists(&p.d, id, &opts, out, &p.err);
    finish(&p);
    free(p.sent);
    return rc;
}

static void test_pods_are_found_by_name_and_id(void **state)
{
    static const struct {
        const char *id;
        int exists;
    } rows[] = {
        { "web", 1 }, { "old", 1 },       { INFRA, 1 }, { "1111", 1 }, { "33", 1 },
        { "we", 0 },  { "web-infra", 0 }, { "one", 0 }, { ONE, 0 },    { "none", 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int found = -1;

        assert_int_equal(exists(rows[i].id, &found), 0);
        if (found != rows[i].exists)
            fail_msg("%s: %d", rows[i].id, found);
    }
}

static void test_inspect(void **state)
{
    struct answer infra = {
        .status = "200 OK",
        .body = "{\"Id\":\"" INFRA "\",\"Created\":\"2023-11-14T22:13:20.5Z\","
                "\"Config\":{\"Hostname\":\"web\"},\"HostConfig\":{\"PortBindings\":{\"80/tcp\":[{"
                "\"HostIp\":\"\",\"HostPort\":\"8080\"}]}},\"NetworkSettings\":{\"Ports\":{},"
                "\"Networks\":{\"front\":{},\"back\":{}}}}"
    };
    const gantry_pod_inspect_options opts = { .size = sizeof opts };
    gantry_pod *pod = NULL;
    struct play p;

    (void)state;
    PLAY(&p, &fresh, &infra);
    assert_int_equal(gnt_docker_pod_inspect(&p.d, "web", &opts, &pod, &p.err), 0);
    assert_string_equal(pod->hostname, "web");
    assert_string_equal(pod->cgroup_parent, "/below");
    assert_int_equal(pod->created_ns % 1000000000, 500000000);
    assert_string_equal(pod->networks[1], "back");
    assert_string_equal(pod->share[2], "uts");
    assert_null(pod->share[3]);
    assert_int_equal(pod->ports[0]->container_port, 80);
    assert_int_equal(pod->ports[0]->host_port, 0); /* nobody listens */
    assert_int_equal(pod->member_count, 3);
    assert_int_equal(pod->exit_policy, GANTRY_POD_EXIT_CONTINUE);
    assert_string_equal(pod->json, infra.body);
    gnt_result_free(pod);
    finish(&p);
    free(p.sent);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void test_start_begins_with_the_infra(void **state)
{
    const gantry_pod_call_options opts = { .size = sizeof opts };
    struct answer look_infra = { .status = "200 OK", .body = IS_INFRA("created") };
    struct answer look_one = { .status = "200 OK", .body = IS_MEMBER(ONE, "one", "created") };
    struct answer look_two = { .status = "200 OK", .body = IS_MEMBER(TWO, "two", "created") };
    struct play p;

    (void)state;
    PLAY(&p, &fresh, &look_infra, &done, &look_one, &done, &done, &look_two, &done, &broken);
    assert_int_equal(gnt_docker_pod_ops.start(&p.d, "web", &opts, &p.err), GANTRY_E_ENGINE);
    finish(&p);
    IN_ORDER(p.sent, "POST /v1.x/containers/" INFRA "/start", "POST /v1.x/containers/" ONE "/start",
             "POST /v1.x/containers/" TWO "/start");
    assert_string_equal(p.err.message, "two: driver failed");
    assert_string_equal(p.err.output, "two: driver failed\n");
    assert_int_equal(p.err.outcome, GANTRY_OUTCOME_PARTIAL);
    free(p.sent);
}

static void test_stop_ends_with_the_infra(void **state)
{
    const gantry_pod_stop_options opts = { .size = sizeof opts, .grace_ms = 1500 };
    struct play p;

    (void)state;
    PLAY(&p, &running, &done, &no_such, &done);
    assert_int_equal(gnt_docker_pod_ops.stop(&p.d, "web", &opts, &p.err), 0);
    finish(&p);
    IN_ORDER(p.sent, "POST /v1.x/containers/" TWO "/stop?t=2",
             "POST /v1.x/containers/" ONE "/stop?t=2", "POST /v1.x/containers/" INFRA "/stop?t=2");
    assert_int_equal(p.requests, 4);
    assert_int_equal(p.err.code, 0);
    free(p.sent);
}

static void test_what_does_not_run_is_left_alone(void **state)
{
    const gantry_pod_kill_options opts = { .size = sizeof opts, .signal = "SIGHUP" };
    struct play p;

    (void)state;
    PLAY(&p, &ended, &done);
    assert_int_equal(gnt_docker_pod_ops.kill(&p.d, "web", &opts, &p.err), 0);
    finish(&p);
    IN_ORDER(p.sent, "POST /v1.x/containers/" INFRA "/kill?signal=SIGHUP");
    assert_int_equal(p.requests, 2);
    free(p.sent);
    /* Of nothing that runs there is nothing to kill. */
    PLAY(&p, &still);
    assert_int_equal(gnt_docker_pod_ops.kill(&p.d, "web", &opts, &p.err), GANTRY_E_STATE);
    assert_int_equal(p.err.resource_kind, GANTRY_RESOURCE_POD);
    finish(&p);
    assert_int_equal(p.requests, 1);
    free(p.sent);
}

static void test_remove_spares_what_runs(void **state)
{
    gantry_pod_remove_options opts = { .size = sizeof opts };
    struct play p;

    (void)state;
    PLAY(&p, &running);
    assert_int_equal(gnt_docker_pod_ops.remove(&p.d, "web", &opts, &p.err), GANTRY_E_STATE);
    assert_string_equal(p.err.message, "container web-infra of the pod is running");
    assert_int_equal(p.err.resource_kind, GANTRY_RESOURCE_POD);
    finish(&p);
    assert_int_equal(p.requests, 1);
    free(p.sent);
    /* The infra container goes last. */
    PLAY(&p, &still, &done, &no_such, &done);
    assert_int_equal(gnt_docker_pod_ops.remove(&p.d, "web", &opts, &p.err), 0);
    finish(&p);
    IN_ORDER(p.sent, "DELETE /v1.x/containers/" TWO "?v=true ",
             "DELETE /v1.x/containers/" ONE "?v=true ",
             "DELETE /v1.x/containers/" INFRA "?v=true ");
    free(p.sent);
    /* A member that was started meanwhile stays, and with it the pod. */
    PLAY(&p, &still, &done, &runs);
    assert_int_equal(gnt_docker_pod_ops.remove(&p.d, "web", &opts, &p.err), GANTRY_E_STATE);
    assert_int_equal(p.err.outcome, GANTRY_OUTCOME_PARTIAL);
    finish(&p);
    assert_int_equal(p.requests, 3);
    free(p.sent);
    /* By force all goes. */
    opts.force = GANTRY_ON;
    PLAY(&p, &running, &done, &done, &done);
    assert_int_equal(gnt_docker_pod_ops.remove(&p.d, "web", &opts, &p.err), 0);
    finish(&p);
    IN_ORDER(p.sent, TWO "?force=true&v=true ", ONE "?force=true&v=true ");
    free(p.sent);
}

static void test_no_pod(void **state)
{
    const gantry_pod_call_options opts = { .size = sizeof opts };
    struct play p;

    (void)state;
    PLAY(&p, &none);
    assert_int_equal(gnt_docker_pod_ops.pause(&p.d, "web", &opts, &p.err), GANTRY_E_NOT_FOUND);
    assert_int_equal(p.err.resource_kind, GANTRY_RESOURCE_POD);
    assert_string_equal(p.err.resource, "web");
    finish(&p);
    free(p.sent);
}

/* ---- create ---------------------------------------------------------------------------------- */

static void test_create(void **state)
{
    const gantry_pair labels[] = { { "tier", "front" } };
    const gantry_port port = { .size = sizeof port, .container_port = 80, .host_port = 8080 };
    const gantry_port *const ports[] = { &port, NULL };
    gantry_pod_options opts = { .size = sizeof opts,
                                .labels = labels,
                                .label_count = 1,
                                .ports = ports,
                                .network = "front",
                                .cgroup_parent = "/below",
                                .shm_size_bytes = 1 << 20,
                                .infra_image = "pause:1" };
    gantry_pod_created *created = NULL;
    struct play p;

    (void)state;
    PLAY(&p, &none, &made);
    assert_int_equal(gnt_docker_pod_create(&p.d, "web", &opts, &created, &p.err), 0);
    assert_string_equal(created->id, INFRA);
    assert_string_equal(created->name, "web");
    gnt_result_free(created);
    finish(&p);
    IN_ORDER(p.sent, "GET /v1.x/containers/json?", "io.libgantry.pod%3Dweb",
             "POST /v1.x/containers/create?name=web-infra ");
    for (const char *const *part =
             TEXTS("\"tier\":\"front\"", "\"io.libgantry.pod\":\"web\"",
                   "\"io.libgantry.pod.infra\":\"1\"", "\"io.libgantry.pod.share\":\"net,ipc,uts\"",
                   "\"io.libgantry.pod.cgroup\":\"/below\"", "\"Hostname\":\"web\"",
                   "\"IpcMode\":\"shareable\"", "\"NetworkMode\":\"front\"",
                   "\"CgroupParent\":\"/below\"", "\"ShmSize\":1048576", "\"Image\":\"pause:1\"",
                   "\"HostPort\":\"8080\"");
         *part != NULL; part++) {
        if (strstr(p.sent, *part) == NULL)
            fail_msg("no %s in %s", *part, p.sent);
    }
    assert_null(strstr(p.sent, "\"Cmd\"")); /* the image's own */
    free(p.sent);
}

static void test_names_are_one_pods(void **state)
{
    gantry_pod_options opts = { .size = sizeof opts, .infra_image = "pause:1" };
    gantry_pod_created *created = NULL;
    struct play p;

    (void)state;
    PLAY(&p, &running);
    assert_int_equal(gnt_docker_pod_create(&p.d, "web", &opts, &created, &p.err), GANTRY_E_EXISTS);
    assert_int_equal(p.err.resource_kind, GANTRY_RESOURCE_POD);
    finish(&p);
    assert_int_equal(p.requests, 1);
    free(p.sent);
    /* Somebody made it in between. */
    PLAY(&p, &none, &taken, &running);
    assert_int_equal(gnt_docker_pod_create(&p.d, "web", &opts, &created, &p.err), GANTRY_E_EXISTS);
    assert_int_equal(p.err.resource_kind, GANTRY_RESOURCE_POD);
    finish(&p);
    free(p.sent);
    /* A container that belongs to no pod has the name. */
    PLAY(&p, &none, &taken, &none);
    assert_int_equal(gnt_docker_pod_create(&p.d, "web", &opts, &created, &p.err), GANTRY_E_EXISTS);
    assert_int_equal(p.err.resource_kind, GANTRY_RESOURCE_CONTAINER);
    assert_string_equal(p.err.resource, "web-infra");
    assert_non_null(strstr(p.err.message, "the name \"web-infra\" of the pod's infra container"));
    finish(&p);
    free(p.sent);
    /* With another name for the infra container the daemon does not see it. */
    opts.infra_name = "mine";
    PLAY(&p, &none, &made, &(struct answer){ .status = "200 OK", .body = "[" IS_LOST "]" }, &done);
    assert_int_equal(gnt_docker_pod_create(&p.d, "old", &opts, &created, &p.err), GANTRY_E_EXISTS);
    finish(&p);
    IN_ORDER(p.sent, "create?name=mine ", "DELETE /v1.x/containers/" INFRA "?force=true&v=true ");
    assert_null(created);
    free(p.sent);
}

static void test_names_are_made_up(void **state)
{
    gantry_pod_options opts = { .size = sizeof opts, .infra_image = "pause:1" };
    gantry_pod_created *one = NULL;
    gantry_pod_created *two = NULL;
    struct play p;

    (void)state;
    PLAY(&p, &none, &made, &none, &made);
    assert_int_equal(gnt_docker_pod_create(&p.d, NULL, &opts, &one, &p.err), 0);
    assert_int_equal(gnt_docker_pod_create(&p.d, NULL, &opts, &two, &p.err), 0);
    assert_int_equal(strncmp(one->name, "pod-", 4), 0);
    assert_int_equal(strlen(one->name), 16);
    assert_string_not_equal(one->name, two->name);
    gnt_result_free(one);
    gnt_result_free(two);
    finish(&p);
    free(p.sent);
}

static void refuses(gantry_pod_options opts, int code, const char *word)
{
    gantry_pod_created *created = NULL;
    struct play p;

    opts.size = sizeof opts;
    PLAY(&p, &none);
    if (gnt_docker_pod_create(&p.d, "web", &opts, &created, &p.err) != code ||
        strstr(p.err.message, word) == NULL)
        fail_msg("%s: %s", word, p.err.message);
    finish(&p);
    assert_int_equal(p.requests, 0);
    free(p.sent);
}

static void test_options_refused(void **state)
{
    const gantry_resources limits = { .size = sizeof limits, .pids = 9 };
    const gantry_mount mount = { .size = sizeof mount };
    const gantry_mount *const mounts[] = { &mount, NULL };
    const gantry_pair own = { "io.libgantry.pod.x", "1" };
    const int unsupported = GANTRY_E_UNSUPPORTED;

    (void)state;
    refuses((gantry_pod_options){ .resources = &limits }, unsupported, "resources");
    refuses((gantry_pod_options){ .mounts = mounts }, unsupported, "mounts");
    refuses((gantry_pod_options){ .user_namespace = "auto" }, unsupported, "user_namespace");
    refuses((gantry_pod_options){ .infra = GANTRY_OFF }, unsupported, "infra");
    refuses((gantry_pod_options){ .exit_policy = GANTRY_POD_EXIT_STOP }, unsupported,
            "exit_policy");
    refuses((gantry_pod_options){ .share = TEXTS("net", "cgroup") }, unsupported, "\"cgroup\"");
    refuses((gantry_pod_options){ .share = TEXTS("uts", "ipc") }, unsupported,
            "\"uts\" without \"net\"");
    refuses((gantry_pod_options){ .labels = &own, .label_count = 1 }, GANTRY_E_INVALID,
            "io.libgantry.pod.x");
}

/* ---- members --------------------------------------------------------------------------------- */

static void join(struct play *p, const char *infra, gantry_container_options opts, int code)
{
    struct answer look = { .status = "200 OK", .body = infra };
    struct answer member = { .status = "201 Created",
                             .body = "{\"Id\":\"" ONE "\",\"Warnings\":null}" };
    gantry_created *created = NULL;
    int rc;

    opts.size = sizeof opts;
    opts.pod = "web";
    PLAY(p, &look, &member);
    rc = gnt_docker_container_create(&p->d, "app", &opts, &created, &p->err);
    if (rc != code)
        fail_msg("%d: %s", rc, p->err.message);
    gnt_result_free(created);
    finish(p);
}

static void test_members_are_in_the_infras_namespaces(void **state)
{
    const gantry_pair label = { "a", "b" };
    struct play p;

    (void)state;
    join(&p, LIST("created", "created", "created"),
         (gantry_container_options){ .labels = &label, .label_count = 1 }, 0);
    IN_ORDER(p.sent, "POST /v1.x/containers/create");
    for (const char *const *part = TEXTS(
             "\"a\":\"b\"", "\"io.libgantry.pod\":\"web\"", "\"io.libgantry.pod.id\":\"" INFRA "\"",
             "\"NetworkMode\":\"container:" INFRA "\"", "\"IpcMode\":\"container:" INFRA "\"",
             "\"CgroupParent\":\"/below\"");
         *part != NULL; part++) {
        if (strstr(p.sent, *part) == NULL)
            fail_msg("no %s in %s", *part, p.sent);
    }
    assert_null(strstr(p.sent, "PidMode"));
    assert_null(strstr(p.sent, "UTSMode"));
    free(p.sent);
    /* What it asks for itself counts more. */
    join(&p, LIST("created", "created", "created"),
         (gantry_container_options){ .ipc_namespace = "private", .cgroup_parent = "/own" }, 0);
    assert_non_null(strstr(p.sent, "\"IpcMode\":\"private\""));
    assert_non_null(strstr(p.sent, "\"CgroupParent\":\"/own\""));
    free(p.sent);
}

static void test_members_without_a_pod(void **state)
{
    const gantry_pair own = { "io.libgantry.pod.id", INFRA };
    const gantry_container_options labelled = { .size = sizeof labelled,
                                                .labels = &own,
                                                .label_count = 1 };
    gantry_created *created = NULL;
    struct play p;

    (void)state;
    join(&p, "[]", (gantry_container_options){ .name = "m" }, GANTRY_E_NOT_FOUND);
    assert_int_equal(p.err.resource_kind, GANTRY_RESOURCE_POD);
    assert_string_equal(p.err.resource, "web");
    assert_int_equal(p.requests, 1);
    free(p.sent);
    join(&p, "[" IS_MEMBER(ONE, "one", "exited") "]", (gantry_container_options){ .name = "m" },
         GANTRY_E_STATE);
    assert_non_null(strstr(p.err.message, "infra container is gone"));
    free(p.sent);
    PLAY(&p, &made);
    assert_int_equal(gnt_docker_container_create(&p.d, "app", &labelled, &created, &p.err),
                     GANTRY_E_INVALID);
    finish(&p);
    assert_int_equal(p.requests, 0);
    free(p.sent);
}

static void test_members_options_refused(void **state)
{
    const gantry_port port = { .size = sizeof port, .container_port = 80 };
    const gantry_port *const ports[] = { &port, NULL };
    const struct {
        const char *name;
        gantry_container_options o;
        int code;
    } rows[] = {
        { "ports", { .ports = ports }, GANTRY_E_INVALID },
        { "publish_all", { .publish_all = GANTRY_ON }, GANTRY_E_INVALID },
        { "extra_hosts", { .extra_hosts = TEXTS("a:192.0.2.1") }, GANTRY_E_INVALID },
        { "dns_servers", { .dns_servers = TEXTS("192.0.2.1") }, GANTRY_E_INVALID },
        { "dns_search", { .dns_search = TEXTS("a") }, GANTRY_E_INVALID },
        { "dns_options", { .dns_options = TEXTS("a") }, GANTRY_E_INVALID },
        { "hostname", { .hostname = "a" }, GANTRY_E_INVALID },
        { "shm_size_bytes", { .shm_size_bytes = 1 }, GANTRY_E_INVALID },
        { "exposed_ports", { .exposed_ports = TEXTS("80") }, GANTRY_E_UNSUPPORTED },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct play p;

        join(&p, LIST("running", "running", "running"), rows[i].o, rows[i].code);
        if (strstr(p.err.message, rows[i].name) == NULL || p.requests != 1)
            fail_msg("%s: %s", rows[i].name, p.err.message);
        free(p.sent);
    }
}

/* ---- memory ---------------------------------------------------------------------------------- */

/* The fake is not counted; whatever allocation fails, nothing is lost. */
static void test_memory_that_runs_out(void **state)
{
    const gantry_pod_inspect_options opts = { .size = sizeof opts };
    struct answer infra = { .status = "200 OK", .body = "{\"Id\":\"" INFRA "\"}" };
    gantry_pod *pod = NULL;
    int rc = GANTRY_E_NOMEM;

    (void)state;
    for (long n = 0; rc != 0 && n < 2000; n++) {
        struct play p;

        PLAY(&p, &fresh, &infra);
        fail_after = n;
        rc = gnt_docker_pod_inspect(&p.d, "web", &opts, &pod, &p.err);
        fail_after = -1;
        if (rc != 0)
            assert_int_equal(rc, GANTRY_E_NOMEM);
        else
            gnt_result_free(pod);
        finish(&p);
        free(p.sent);
    }
    assert_int_equal(rc, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_list_is_made_of_labels),
        cmocka_unit_test(test_list_filters),
        cmocka_unit_test(test_pods_are_found_by_name_and_id),
        cmocka_unit_test(test_inspect),
        cmocka_unit_test(test_start_begins_with_the_infra),
        cmocka_unit_test(test_stop_ends_with_the_infra),
        cmocka_unit_test(test_what_does_not_run_is_left_alone),
        cmocka_unit_test(test_remove_spares_what_runs),
        cmocka_unit_test(test_no_pod),
        cmocka_unit_test(test_create),
        cmocka_unit_test(test_names_are_one_pods),
        cmocka_unit_test(test_names_are_made_up),
        cmocka_unit_test(test_options_refused),
        cmocka_unit_test(test_members_are_in_the_infras_namespaces),
        cmocka_unit_test(test_members_without_a_pod),
        cmocka_unit_test(test_members_options_refused),
        cmocka_unit_test(test_memory_that_runs_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
