/*
 * Contract of containers in pods: how they enter and start, what they cannot have of their own; and
 * of what a pod is on an engine that has none. Pods themselves are in pods.c.
 */
#include "contract.h"

static gantry_pods *pods_of(struct contract *f)
{
    return gantry_engine_pods(f->engine);
}

static const char *make_pod(struct contract *f, const gantry_pod_options *opts)
{
    const char *name = contract_name(f, "pod");

    OK(gantry_pods_create(pods_of(f), name, opts, NULL, &f->err));
    return name;
}

static const char *add(struct contract *f, const char *pod, const char *word,
                       const char *const *command)
{
    const char *name = contract_name(f, word);
    gantry_container_options opts = {
        .size = sizeof opts, .name = name, .command = command, .pod = pod
    };

    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    return name;
}

static void remove_pod(struct contract *f, const char *pod)
{
    gantry_pod_remove_options opts = { .size = sizeof opts, .force = GANTRY_ON };

    OK(gantry_pods_remove(pods_of(f), pod, &opts, &f->err));
}

static gantry_pod *inspect(struct contract *f, const char *pod)
{
    gantry_pod *info = NULL;

    OK(gantry_pods_inspect(pods_of(f), pod, NULL, &info, &f->err));
    return info;
}

static int state_of(struct contract *f, const char *pod)
{
    gantry_pod *info = inspect(f, pod);
    int state = info->state;

    gantry_pod_free(info);
    return state;
}

static void prints(struct contract *f, const char *container, const char *script, const char *want)
{
    gantry_exec_result *result = NULL;

    OK(gantry_containers_exec(f->containers, container, SHELL(script), NULL, &result, &f->err));
    SAME(result->stdout_data, want);
    gantry_exec_result_free(result);
}

/* ---- entering -------------------------------------------------------------------------------- */

static void members_start_with_their_pod(struct contract *f)
{
    gantry_pod_stop_options now = { .size = sizeof now, .grace_ms = GANTRY_GRACE_NONE };
    const char *pod = make_pod(f, NULL);
    const char *member = add(f, pod, "member", SHELL(IDLE));
    gantry_container_list_options opts = { .size = sizeof opts, .pod = pod, .all = GANTRY_ON };
    gantry_container_list *list = NULL;
    gantry_pod *info = NULL;

    OK(gantry_containers_start(f->containers, member, NULL, &f->err));
    info = inspect(f, pod);
    CHECK(info->state == GANTRY_POD_RUNNING);
    OK(gantry_containers_list(f->containers, &opts, &list, &f->err));
    CHECK(list->count == 2);
    SAME(list->items[0]->pod, info->id);
    SAME(list->items[1]->pod, info->id);
    gantry_container_list_free(list);
    opts.pod = info->id;
    opts.limit = 1;
    OK(gantry_containers_list(f->containers, &opts, &list, &f->err));
    CHECK(list->count == 1);
    gantry_container_list_free(list);
    gantry_pod_free(info);
    OK(gantry_pods_stop(pods_of(f), pod, &now, &f->err));
    OK(gantry_containers_restart(f->containers, member, NULL, &f->err));
    CHECK(state_of(f, pod) == GANTRY_POD_RUNNING);
    remove_pod(f, pod);
}

/* Run, ensure and deploy. */
static void pods_are_entered_in_every_way(struct contract *f)
{
    gantry_pod_options named = { .size = sizeof named, .hostname = "inner" };
    const char *pod = make_pod(f, &named);
    gantry_container_options once = { .size = sizeof once,
                                      .name = contract_name(f, "once"),
                                      .command = COMMAND("hostname"),
                                      .pod = pod };
    gantry_run_options run = { .size = sizeof run, .container = &once };
    gantry_run_result *result = NULL;
    gantry_container_options first = {
        .size = sizeof first, .name = contract_name(f, "first"), .command = SHELL(IDLE), .pod = pod
    };
    gantry_container_options second = first;
    const gantry_dependency after = { .size = sizeof after, .name = first.name };
    const gantry_deployment_item items[] = {
        { .size = sizeof items[0],
          .image = f->base,
          .container = &second,
          .dependencies = (const gantry_dependency *const[]){ &after, NULL } },
        { .size = sizeof items[0], .image = f->base, .container = &first },
    };
    const gantry_deployment_item *const list[] = { &items[0], &items[1], NULL };
    gantry_container_ensured *ensured = NULL;

    second.name = contract_name(f, "second");
    OK(contract_run(f, f->base, &run, &result, &f->err));
    SAME(result->stdout_data, "inner\n");
    gantry_run_result_free(result);
    OK(gantry_containers_deploy(f->containers, list, NULL, NULL, &f->err));
    prints(f, first.name, "hostname; echo hello > /dev/shm/note", "inner\n");
    prints(f, second.name, "cat /dev/shm/note", "hello\n");
    OK(gantry_containers_ensure(f->containers, f->base, &first, NULL, &ensured, &f->err));
    CHECK(!ensured->created && ensured->differences[0] == NULL);
    gantry_container_ensured_free(ensured);
    remove_pod(f, pod);
}

static void shared_memory_has_a_size(struct contract *f)
{
    gantry_pod_options opts = { .size = sizeof opts, .shm_size_bytes = 8 * 1024 * 1024 };
    const char *name = contract_name(f, "pod");
    const char *member;

    OK(gantry_pods_create(pods_of(f), name, &opts, NULL, &f->err));
    member = add(f, name, "member", SHELL(IDLE));
    OK(gantry_containers_start(f->containers, member, NULL, &f->err));
    prints(f, member, "df -k /dev/shm | tail -n 1 | awk '{ print $2 }'", "8192\n");
    remove_pod(f, name);
}

/* One that goes with its end is there again after the pod's restart, and goes with its stop. */
static void pods_restart_what_goes_with_its_end(struct contract *f)
{
    const char *pod = make_pod(f, NULL);
    gantry_container_options passing = { .size = sizeof passing,
                                         .name = contract_name(f, "passing"),
                                         .command = SHELL(IDLE),
                                         .auto_remove = GANTRY_ON,
                                         .pod = pod };
    const char *lasting = add(f, pod, "lasting", SHELL(IDLE));

    OK(gantry_containers_create(f->containers, f->base, &passing, NULL, &f->err));
    OK(gantry_pods_start(pods_of(f), pod, NULL, &f->err));
    OK(gantry_pods_restart(pods_of(f), pod, NULL, &f->err));
    CHECK(state_of(f, pod) == GANTRY_POD_RUNNING);
    /* They are in the new namespace of the infra container, both of them. */
    prints(f, lasting, "echo new > /dev/shm/note", "");
    prints(f, passing.name, "cat /dev/shm/note; ip route | grep -c default", "new\n1\n");
    OK(gantry_pods_stop(pods_of(f), pod, NULL, &f->err));
    CHECK(!contract_exists(f, passing.name) && contract_exists(f, lasting));
    remove_pod(f, pod);
}

/* ---- what is the pod's ----------------------------------------------------------------------- */

static void members_have_no_network_of_their_own(struct contract *f)
{
    const char *pod = make_pod(f, NULL);
    const char *name = contract_name(f, "wrong");
    const struct {
        const char *what;
        gantry_container_options opts;
    } rows[] = {
        { "publish_all", { .publish_all = GANTRY_ON } },
        { "network", { .network = "bridge" } },
        { "hostname", { .hostname = "own" } },
        { "extra", { .extra_hosts = COMMAND("other:192.0.2.7") } },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gantry_container_options opts = rows[i].opts;

        opts.size = sizeof opts;
        opts.name = name;
        opts.pod = pod;
        FAILS(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err),
              GANTRY_E_INVALID);
        CONTAINS(f->err.message, rows[i].what);
        CHECK(!contract_exists(f, name));
    }
    remove_pod(f, pod);
}

static void members_have_host_names(struct contract *f)
{
    gantry_pod_options net = { .size = sizeof net, .share = COMMAND("net") };
    const char *pod = make_pod(f, &net);
    gantry_container_options own = { .size = sizeof own,
                                     .name = contract_name(f, "own"),
                                     .command = SHELL(IDLE),
                                     .hostname = "own",
                                     .pod = pod };
    gantry_container_options exposed = { .size = sizeof exposed,
                                         .name = contract_name(f, "exposed"),
                                         .exposed_ports = COMMAND("80/tcp"),
                                         .pod = pod };
    const char *plain = add(f, pod, "plain", SHELL(IDLE));
    char want[160];

    OK(gantry_containers_start(f->containers, plain, NULL, &f->err));
    if (contract_differs(f, DIFF_HOST_NAMES_COME_WITH_THE_NETWORK)) {
        snprintf(want, sizeof want, "%s\n", pod);
        prints(f, plain, "hostname", want);
        FAILS(gantry_containers_create(f->containers, f->base, &own, NULL, &f->err),
              GANTRY_E_UNSUPPORTED);
        CONTAINS(f->err.message, "hostname");
        FAILS(gantry_containers_create(f->containers, f->base, &exposed, NULL, &f->err),
              GANTRY_E_UNSUPPORTED);
        CONTAINS(f->err.message, "exposed_ports");
        remove_pod(f, pod);
        return;
    }
    OK(gantry_containers_create(f->containers, f->base, &own, NULL, &f->err));
    OK(gantry_containers_create(f->containers, f->base, &exposed, NULL, &f->err));
    OK(gantry_containers_start(f->containers, own.name, NULL, &f->err));
    prints(f, own.name, "hostname", "own\n");
    remove_pod(f, pod);
}

/* ---- without pods of the engine's own -------------------------------------------------------- */

/* Labels say all; who takes the infra container away leaves a pod that can be removed. */
static void labels_make_the_pod(struct contract *f)
{
    const gantry_pair own = { "io.libgantry.pod", "x" };
    const gantry_container_options labelled = { .size = sizeof labelled,
                                                .name = contract_name(f, "labelled"),
                                                .labels = &own,
                                                .label_count = 1 };
    gantry_container_remove_options force = { .size = sizeof force, .force = GANTRY_ON };
    gantry_container_options late = { .size = sizeof late, .name = contract_name(f, "late") };
    const char *pod = make_pod(f, NULL);
    const char *member = add(f, pod, "member", SHELL(IDLE));
    gantry_container *c = NULL;
    gantry_pod *info = inspect(f, pod);
    char id[65];

    snprintf(id, sizeof id, "%s", info->id);
    SAME(info->infra_id, id);
    CHECK(info->label_count == 0);
    SAME(info->share[0], "net");
    gantry_pod_free(info);
    OK(gantry_containers_inspect(f->containers, id, NULL, &c, &f->err));
    SAME(contract_pair(c->labels, c->label_count, "io.libgantry.pod"), pod);
    SAME(contract_pair(c->labels, c->label_count, "io.libgantry.pod.infra"), "1");
    SAME(contract_pair(c->labels, c->label_count, "io.libgantry.pod.share"), "net,ipc,uts");
    CONTAINS(c->image, "localhost/libgantry-box:");
    gantry_container_free(c);
    OK(gantry_containers_inspect(f->containers, member, NULL, &c, &f->err));
    SAME(contract_pair(c->labels, c->label_count, "io.libgantry.pod.id"), id);
    gantry_container_free(c);
    FAILS(gantry_containers_create(f->containers, f->base, &labelled, NULL, &f->err),
          GANTRY_E_INVALID);
    CONTAINS(f->err.message, "io.libgantry.pod");
    OK(gantry_containers_remove(f->containers, id, &force, &f->err));
    info = inspect(f, pod);
    CHECK(info->state == GANTRY_POD_ERROR && info->member_count == 1);
    SAME(info->id, id);
    SAME(info->infra_id, "");
    gantry_pod_free(info);
    FAILS(gantry_pods_create(pods_of(f), pod, NULL, NULL, &f->err), GANTRY_E_EXISTS);
    late.pod = pod;
    FAILS(gantry_containers_create(f->containers, f->base, &late, NULL, &f->err), GANTRY_E_STATE);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_POD);
    OK(gantry_pods_remove(pods_of(f), pod, NULL, &f->err));
    CHECK(!contract_exists(f, member));
}

/* The infra container's name may be somebody's. */
static void infra_names_are_not_taken_over(struct contract *f)
{
    const char *name = contract_name(f, "pod");
    char infra[160];
    gantry_container_options opts = { .size = sizeof opts, .name = infra };
    gantry_pod *info = NULL;

    snprintf(infra, sizeof infra, "%s-infra", name);
    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    FAILS(gantry_pods_create(pods_of(f), name, NULL, NULL, &f->err), GANTRY_E_EXISTS);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_CONTAINER);
    SAME(f->err.resource, infra);
    FAILS(gantry_pods_inspect(pods_of(f), name, NULL, &info, &f->err), GANTRY_E_NOT_FOUND);
    CHECK(contract_exists(f, infra));
}

#define POD_TEST(function) TEST_WITH(function, .on = ON_ENGINES, NEEDS(GANTRY_FEATURE_PODS_CREATE))
#define DOCKER_TEST(function) TEST_WITH(function, .on = ON_DOCKER)

const struct contract_test pods_shared_tests[] = {
    POD_TEST(members_start_with_their_pod),
    POD_TEST(pods_are_entered_in_every_way),
    POD_TEST(shared_memory_has_a_size),
    POD_TEST(members_have_no_network_of_their_own),
    POD_TEST(members_have_host_names),
    DOCKER_TEST(pods_restart_what_goes_with_its_end),
    DOCKER_TEST(labels_make_the_pod),
    DOCKER_TEST(infra_names_are_not_taken_over),
    { 0 },
};
