/*
 * Contract of pods: containers that share namespaces and live together, whichever way the engine
 * has them.
 */
#include "contract.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* ---- making ---------------------------------------------------------------------------------- */

static const char *new_pod(struct contract *f, const gantry_pod_options *opts)
{
    const char *name = contract_name(f, "pod");

    OK(gantry_pods_create(f->pods, name, opts, NULL, &f->err));
    return name;
}

static const char *member(struct contract *f, const char *pod, const char *word,
                          const char *const *command)
{
    gantry_container_options opts = {
        .size = sizeof opts, .name = contract_name(f, word), .command = command, .pod = pod
    };

    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    return opts.name;
}

static gantry_pod *inspect(struct contract *f, const char *pod)
{
    gantry_pod *info = NULL;

    OK(gantry_pods_inspect(f->pods, pod, NULL, &info, &f->err));
    return info;
}

static int state_of(struct contract *f, const char *pod)
{
    gantry_pod *info = inspect(f, pod);
    int state = info->state;

    gantry_pod_free(info);
    return state;
}

struct wanted {
    const char *pod;
    int state;
};

static int has_state(struct contract *f, const void *arg)
{
    const struct wanted *wanted = arg;

    return state_of(f, wanted->pod) == wanted->state;
}

static void until_state(struct contract *f, const char *pod, int state)
{
    const struct wanted wanted = { pod, state };

    contract_until(f, has_state, &wanted);
}

static const gantry_pod_member *find(const gantry_pod *pod, const char *name)
{
    for (size_t i = 0; pod->members[i] != NULL; i++) {
        if (strcmp(pod->members[i]->name, name) == 0)
            return pod->members[i];
    }
    fail_msg("the pod has no member %s", name);
    return NULL;
}

static int pod_exists(struct contract *f, const char *pod)
{
    int exists = -1;

    OK(gantry_pods_exists(f->pods, pod, NULL, &exists, &f->err));
    CHECK(exists == 0 || exists == 1);
    return exists;
}

/* Run a script as a member. */
static gantry_run_result *run_in(struct contract *f, const char *pod, const char *script)
{
    gantry_container_options container = { .size = sizeof container,
                                           .name = contract_name(f, "run"),
                                           .pod = pod };
    gantry_run_options opts = {
        .size = sizeof opts, .container = &container, .command = SHELL(script), .remove = GANTRY_ON
    };
    gantry_run_result *run = NULL;

    OK(contract_run(f, f->base, &opts, &run, &f->err));
    return run;
}

/* ---- create, look, remove -------------------------------------------------------------------- */

static void pod_comes_and_goes(struct contract *f)
{
    const char *name = contract_name(f, "pod");
    gantry_pair label = { "purpose", "contract" };
    gantry_pod_options opts = { .size = sizeof opts, .labels = &label, .label_count = 1 };
    gantry_pod_created *created = NULL;
    gantry_pod *pod;
    char id[65];

    CHECK(!pod_exists(f, name));
    OK(gantry_pods_create(f->pods, name, &opts, &created, &f->err));
    CHECK(contract_is_id(created->id));
    SAME(created->name, name);
    snprintf(id, sizeof id, "%s", created->id);
    gantry_pod_created_free(created);
    created = NULL;
    FAILS(gantry_pods_create(f->pods, name, NULL, &created, &f->err), GANTRY_E_EXISTS);
    CHECK(created == NULL);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_POD);
    SAME(f->err.resource, name);
    pod = inspect(f, name);
    SAME(pod->id, id);
    SAME(pod->name, name);
    SAME(pod->hostname, name);
    SAME(contract_pair(pod->labels, pod->label_count, "purpose"), "contract");
    CHECK(pod->state == GANTRY_POD_CREATED && pod->state_text[0] != '\0');
    CHECK(contract_is_id(pod->infra_id));
    CHECK(pod->member_count == 1 && pod->members[0]->infra == 1 && pod->members[1] == NULL);
    SAME(pod->members[0]->id, pod->infra_id);
    CHECK(pod->members[0]->state == GANTRY_CONTAINER_CREATED);
    CHECK(contract_in_list(pod->share, "net") && contract_in_list(pod->share, "ipc"));
    CHECK(!contract_in_list(pod->share, "pid"));
    CHECK(pod->ports[0] == NULL);
    CHECK(pod->exit_policy != GANTRY_POD_EXIT_STOP);
    CHECK(pod->created_ns > (int64_t)1600000000 * 1000000000);
    CHECK(pod->json[0] == '{');
    gantry_pod_free(pod);
    CHECK(pod_exists(f, name) && pod_exists(f, id));
    OK(gantry_pods_remove(f->pods, id, NULL, &f->err));
    CHECK(!pod_exists(f, name));
}

static void name_is_made_up(struct contract *f)
{
    gantry_pair label = { "made.by", f->prefix };
    gantry_pod_options opts = { .size = sizeof opts, .labels = &label, .label_count = 1 };
    gantry_pod_created *created = NULL;
    gantry_pod *pod;

    OK(gantry_pods_create(f->pods, NULL, &opts, &created, &f->err));
    CHECK(created->name[0] != '\0');
    pod = inspect(f, created->name);
    SAME(pod->id, created->id);
    gantry_pod_free(pod);
    OK(gantry_pods_remove(f->pods, created->name, NULL, &f->err));
    gantry_pod_created_free(created);
}

static void missing_pod_is_not_found(struct contract *f)
{
    const char *name = contract_name(f, "missing");
    gantry_pod_remove_options missing_ok = { .size = sizeof missing_ok, .missing_ok = GANTRY_ON };
    gantry_container_options in = { .size = sizeof in,
                                    .name = contract_name(f, "orphan"),
                                    .pod = name };
    gantry_pod *pod = NULL;
    gantry_pod_stats *stats = NULL;
    gantry_container_top *top = NULL;
    gantry_pod_log_reader *logs = NULL;

#define MISSING(call)                                                                              \
    do {                                                                                           \
        FAILS(call, GANTRY_E_NOT_FOUND);                                                           \
        CHECK(f->err.resource_kind == GANTRY_RESOURCE_POD);                                        \
        SAME(f->err.resource, name);                                                               \
    } while (0)
    MISSING(gantry_pods_inspect(f->pods, name, NULL, &pod, &f->err));
    MISSING(gantry_pods_start(f->pods, name, NULL, &f->err));
    MISSING(gantry_pods_stop(f->pods, name, NULL, &f->err));
    MISSING(gantry_pods_restart(f->pods, name, NULL, &f->err));
    MISSING(gantry_pods_kill(f->pods, name, NULL, &f->err));
    MISSING(gantry_pods_pause(f->pods, name, NULL, &f->err));
    MISSING(gantry_pods_unpause(f->pods, name, NULL, &f->err));
    MISSING(gantry_pods_remove(f->pods, name, NULL, &f->err));
    MISSING(gantry_pods_top(f->pods, name, NULL, &top, &f->err));
    MISSING(gantry_pods_stats(f->pods, name, NULL, &stats, &f->err));
    MISSING(gantry_pods_logs_open(f->pods, name, NULL, &logs, &f->err));
    MISSING(gantry_containers_create(f->containers, f->base, &in, NULL, &f->err));
#undef MISSING
    CHECK(pod == NULL && top == NULL && stats == NULL && logs == NULL);
    OK(gantry_pods_remove(f->pods, name, &missing_ok, &f->err));
}

static void wrong_options_are_invalid(struct contract *f)
{
    const char *name = contract_name(f, "wrong");
    gantry_port port = { .size = sizeof port, .container_port = 80 };
    const gantry_port *const ports[] = { &port, NULL };
    gantry_container_options in = {
        .size = sizeof in, .name = contract_name(f, "in"), .pod = name, .ports = ports
    };
    const struct {
        const char *what;
        gantry_pod_options opts;
    } rows[] = {
        { "share", { .size = sizeof(gantry_pod_options), .share = COMMAND("nothing") } },
        { "ports",
          { .size = sizeof(gantry_pod_options), .share = COMMAND("ipc"), .ports = ports } },
        { "ports", { .size = sizeof(gantry_pod_options), .network = "none", .ports = ports } },
        { "hostname",
          { .size = sizeof(gantry_pod_options), .share = COMMAND("net"), .hostname = "h" } },
        { "dns_servers", { .size = sizeof(gantry_pod_options), .dns_servers = COMMAND("x") } },
        { "extra_hosts", { .size = sizeof(gantry_pod_options), .extra_hosts = COMMAND("x") } },
        { "network", { .size = sizeof(gantry_pod_options), .network = "container:x" } },
        { "infra", { .size = sizeof(gantry_pod_options), .infra = 7 } },
        { "infra_name", { .size = sizeof(gantry_pod_options), .infra_name = "no name" } },
        { "shm_size_bytes", { .size = sizeof(gantry_pod_options), .shm_size_bytes = -1 } },
        { "exit_policy", { .size = sizeof(gantry_pod_options), .exit_policy = 9 } },
    };
    gantry_pod_prune_options prune = { .size = sizeof prune, .until_ns = -1 };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        FAILS(gantry_pods_create(f->pods, name, &rows[i].opts, NULL, &f->err), GANTRY_E_INVALID);
        CONTAINS(f->err.message, rows[i].what);
        CHECK(!pod_exists(f, name));
    }
    FAILS(gantry_pods_create(f->pods, "no name", NULL, NULL, &f->err), GANTRY_E_INVALID);
    FAILS(gantry_pods_prune(f->pods, &prune, NULL, &f->err), GANTRY_E_INVALID);
    /* What is the pod's for all. */
    OK(gantry_pods_create(f->pods, name, NULL, NULL, &f->err));
    FAILS(gantry_containers_create(f->containers, f->base, &in, NULL, &f->err), GANTRY_E_INVALID);
    CONTAINS(f->err.message, "ports");
    in.ports = NULL;
    in.dns_servers = COMMAND("192.0.2.1");
    FAILS(gantry_containers_create(f->containers, f->base, &in, NULL, &f->err), GANTRY_E_INVALID);
    CONTAINS(f->err.message, "dns_servers");
    in.dns_servers = NULL;
    in.hostname = "own";
    FAILS(gantry_containers_create(f->containers, f->base, &in, NULL, &f->err), GANTRY_E_INVALID);
    CHECK(!contract_exists(f, in.name));
}

static void infra_is_as_asked(struct contract *f)
{
    gantry_pod_options opts = { .size = sizeof opts,
                                .infra_image = f->base,
                                .infra_name = contract_name(f, "infra"),
                                .infra_command = COMMAND("sleep", "7654321") };
    gantry_pod_options taken = { .size = sizeof taken, .infra_name = opts.infra_name };
    gantry_pod_options missing = { .size = sizeof missing,
                                   .infra_image = contract_name(f, "noimage") };
    const char *pod = new_pod(f, &opts);
    const char *name = contract_name(f, "other");
    gantry_container_top *top = NULL;
    int seen = 0;

    OK(gantry_pods_start(f->pods, pod, NULL, &f->err));
    OK(gantry_pods_top(f->pods, pod, NULL, &top, &f->err));
    for (size_t i = 0; i < top->count; i++) {
        for (size_t k = 1; top->processes[i][k] != NULL; k++)
            seen += strcmp(top->processes[i][0], opts.infra_name) == 0 &&
                    strstr(top->processes[i][k], "7654321") != NULL;
    }
    CHECK(seen == 1);
    gantry_container_top_free(top);
    FAILS(gantry_pods_create(f->pods, name, &taken, NULL, &f->err), GANTRY_E_EXISTS);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_CONTAINER);
    SAME(f->err.resource, opts.infra_name);
    CHECK(!pod_exists(f, name));
    FAILS(gantry_pods_create(f->pods, name, &missing, NULL, &f->err), GANTRY_E_NOT_FOUND);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_IMAGE);
    SAME(f->err.resource, missing.infra_image);
    CHECK(!pod_exists(f, name));
}

/* By the other ways in which a program makes containers. */
static void ensured_and_deployed_ones_are_members(struct contract *f)
{
    const char *pod = new_pod(f, NULL);
    gantry_container_options c = {
        .size = sizeof c, .name = contract_name(f, "ensured"), .command = SHELL(IDLE), .pod = pod
    };
    gantry_container_options d = {
        .size = sizeof d, .name = contract_name(f, "deployed"), .command = SHELL(IDLE), .pod = pod
    };
    gantry_deployment_item item = { .size = sizeof item, .image = f->base, .container = &d };
    const gantry_deployment_item *const items[] = { &item, NULL };
    gantry_container_ensure_options start = { .size = sizeof start, .start = GANTRY_ON };
    gantry_container_ensured *ensured = NULL;
    gantry_deployment *deployment = NULL;
    gantry_pod *look;

    OK(gantry_containers_ensure(f->containers, f->base, &c, &start, &ensured, &f->err));
    gantry_container_ensured_free(ensured);
    OK(gantry_containers_deploy(f->containers, items, NULL, &deployment, &f->err));
    gantry_deployment_free(deployment);
    look = inspect(f, pod);
    CHECK(look->state == GANTRY_POD_RUNNING && look->member_count == 3);
    CHECK(find(look, c.name)->state == GANTRY_CONTAINER_RUNNING);
    CHECK(find(look, d.name)->state == GANTRY_CONTAINER_RUNNING);
    gantry_pod_free(look);
}

static void lists_are_narrowed(struct contract *f)
{
    gantry_pair labels[] = { { "pods.test", f->prefix }, { "pods.role", "one" } };
    gantry_pod_options both = { .size = sizeof both, .labels = labels, .label_count = 2 };
    gantry_pod_options one = { .size = sizeof one, .labels = labels, .label_count = 1 };
    const char *first = new_pod(f, &both);
    const char *second = new_pod(f, &one);
    const int running[] = { GANTRY_POD_RUNNING, GANTRY_POD_DEGRADED, 0 };
    char mine[80];
    const struct {
        gantry_pod_list_options opts;
        size_t count;
        const char *name;
    } rows[] = {
        { { .size = sizeof(gantry_pod_list_options), .labels = COMMAND(mine) }, 2, NULL },
        { { .size = sizeof(gantry_pod_list_options), .labels = COMMAND(mine, "pods.role=one") },
          1,
          first },
        { { .size = sizeof(gantry_pod_list_options), .labels = COMMAND(mine, "pods.role=two") },
          0,
          NULL },
        { { .size = sizeof(gantry_pod_list_options), .names = COMMAND(second) }, 1, second },
        { { .size = sizeof(gantry_pod_list_options), .names = COMMAND(first, second) }, 2, NULL },
        { { .size = sizeof(gantry_pod_list_options), .names = COMMAND(f->prefix) }, 0, NULL },
        { { .size = sizeof(gantry_pod_list_options), .labels = COMMAND(mine), .states = running },
          1,
          second },
    };

    snprintf(mine, sizeof mine, "pods.test=%s", f->prefix);
    OK(gantry_pods_start(f->pods, second, NULL, &f->err));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gantry_pod_list *list = NULL;

        OK(gantry_pods_list(f->pods, &rows[i].opts, &list, &f->err));
        CHECK(list->count == rows[i].count && list->items[list->count] == NULL);
        if (rows[i].name != NULL) {
            SAME(list->items[0]->name, rows[i].name);
            CHECK(contract_is_id(list->items[0]->id) && contract_is_id(list->items[0]->infra_id));
            CHECK(list->items[0]->member_count == 1 && list->items[0]->members[0]->infra == 1);
            CHECK(list->items[0]->created_ns > (int64_t)1600000000 * 1000000000);
            SAME(contract_pair(list->items[0]->labels, list->items[0]->label_count, "pods.test"),
                 f->prefix);
        }
        gantry_pod_list_free(list);
    }
}

/* ---- what members share ---------------------------------------------------------------------- */

static void options_reach_the_members(struct contract *f)
{
    gantry_pod_options opts = { .size = sizeof opts,
                                .hostname = "pod-host",
                                .dns_servers = COMMAND("192.0.2.53"),
                                .dns_search = COMMAND("pods.test"),
                                .dns_options = COMMAND("ndots:3"),
                                .extra_hosts = COMMAND("friend:192.0.2.7"),
                                .infra_name = contract_name(f, "infra") };
    const char *name = new_pod(f, &opts);
    gantry_pod *pod = inspect(f, name);
    gantry_run_result *run;

    SAME(pod->hostname, "pod-host");
    SAME(find(pod, opts.infra_name)->id, pod->infra_id);
    CHECK(pod->networks[0] != NULL || (f->on & ON_ROOTLESS) != 0);
    gantry_pod_free(pod);
    /* A run starts its pod. */
    run = run_in(f, name, "hostname; cat /etc/resolv.conf /etc/hosts");
    CHECK(strncmp(run->stdout_data, "pod-host\n", 9) == 0);
    CONTAINS(run->stdout_data, "nameserver 192.0.2.53");
    CONTAINS(run->stdout_data, "search pods.test");
    CONTAINS(run->stdout_data, "ndots:3");
    CONTAINS(run->stdout_data, "192.0.2.7");
    CONTAINS(run->stdout_data, "friend");
    gantry_run_result_free(run);
}

static void members_share_loopback_and_memory(struct contract *f)
{
    const char *pod = new_pod(f, NULL);
    const char *server =
        member(f, pod, "server", SHELL("echo shared >/dev/shm/note; exec nc -ll -p 7000 -e cat"));
    gantry_container *info = NULL;
    gantry_run_result *run;
    gantry_pod *look;

    OK(gantry_pods_start(f->pods, pod, NULL, &f->err));
    look = inspect(f, pod);
    CHECK(look->state == GANTRY_POD_RUNNING && look->member_count == 2);
    CHECK(!find(look, server)->infra);
    CHECK(find(look, server)->state == GANTRY_CONTAINER_RUNNING);
    OK(gantry_containers_inspect(f->containers, server, NULL, &info, &f->err));
    SAME(info->pod, look->id);
    gantry_container_free(info);
    gantry_pod_free(look);
    /* asks until it is heard: the server may not listen yet */
    run = run_in(f, pod,
                 "i=0; until a=$(echo hello | nc -w 2 127.0.0.1 7000) && [ -n \"$a\" ]; do "
                 "i=$((i + 1)); [ $i -lt 200 ] || exit 1; usleep 100000; done; echo $a; "
                 "cat /dev/shm/note");
    SAME(run->stdout_data, "hello\nshared\n");
    gantry_run_result_free(run);
}

static void members_share_what_was_asked(struct contract *f)
{
    gantry_pod_options opts = { .size = sizeof opts, .share = COMMAND("net", "pid") };
    gantry_pod_options none = { .size = sizeof none, .share = (const char *const[]){ NULL } };
    const char *pod = new_pod(f, &opts);
    const char *apart = new_pod(f, &none);
    const char *sleeper = member(f, pod, "sleeper", COMMAND("sleep", "1234567"));
    gantry_run_result *run;
    gantry_pod *look = inspect(f, pod);

    CHECK(contract_in_list(look->share, "net") && contract_in_list(look->share, "pid"));
    CHECK(!contract_in_list(look->share, "ipc"));
    gantry_pod_free(look);
    OK(gantry_containers_start(f->containers, sleeper, NULL, &f->err));
    run = run_in(f, pod, "ps | grep -c 'sleep 123456[7]'");
    SAME(run->stdout_data, "1\n");
    gantry_run_result_free(run);
    look = inspect(f, apart);
    CHECK(look->share[0] == NULL);
    gantry_pod_free(look);
    sleeper = member(f, apart, "apart", SHELL("echo x >/dev/shm/note; exec sleep 1234567"));
    OK(gantry_containers_start(f->containers, sleeper, NULL, &f->err));
    run = run_in(f, apart, "ps | grep -c 'sleep 123456[7]'; ls /dev/shm");
    SAME(run->stdout_data, "0\n");
    gantry_run_result_free(run);
}

/* ---- networks, ports ------------------------------------------------------------------------- */

static int answers(struct contract *f, const void *arg)
{
    const int port = *(const int *)arg;
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    struct timeval limit = { .tv_sec = 2 };
    char got[64] = "";
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    ssize_t n = -1;

    (void)f;
    assert_true(fd >= 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0 && write(fd, "knock\n", 6) == 6)
        n = read(fd, got, sizeof got - 1);
    close(fd);
    return n > 0 && strncmp(got, "knock", 5) == 0;
}

static int starts(struct contract *f, const void *pod)
{
    return gantry_pods_start(f->pods, pod, NULL, &f->err) == 0;
}

static void restart_with_ports(struct contract *f, const char *pod)
{
    gantry_pod_stop_options now = { .size = sizeof now, .grace_ms = GANTRY_GRACE_NONE };
    int rc = gantry_pods_restart(f->pods, pod, &now, &f->err);

    if (rc != GANTRY_E_IN_USE || !contract_differs(f, DIFF_PORTS_ARE_FREED_LATE))
        OK(rc);
    else
        contract_until(f, starts, pod);
}

static void ports_are_published_for_all(struct contract *f)
{
    int host_port = contract_port(2);
    gantry_port port = { .size = sizeof port,
                         .container_port = 7000,
                         .host_port = host_port,
                         .host_address = "127.0.0.1" };
    const gantry_port *const ports[] = { &port, NULL };
    gantry_pod_options opts = { .size = sizeof opts, .ports = ports };
    const char *pod = new_pod(f, &opts);
    gantry_pod *look;

    member(f, pod, "server", SHELL("exec nc -ll -p 7000 -e cat"));
    OK(gantry_pods_start(f->pods, pod, NULL, &f->err));
    look = inspect(f, pod);
    CHECK(look->ports[0] != NULL && look->ports[1] == NULL);
    CHECK(look->ports[0]->container_port == 7000 && look->ports[0]->host_port == host_port);
    SAME(look->ports[0]->protocol, "tcp");
    SAME(look->ports[0]->host_address, "127.0.0.1");
    gantry_pod_free(look);
    contract_until(f, answers, &host_port);
    restart_with_ports(f, pod);
    CHECK(state_of(f, pod) == GANTRY_POD_RUNNING);
    contract_until(f, answers, &host_port);
}

static void pod_is_in_its_networks(struct contract *f)
{
    const char *network = contract_name(f, "net");
    gantry_attachment place = { .size = sizeof place,
                                .network = network,
                                .aliases = COMMAND("podalias") };
    const gantry_attachment *const networks[] = { &place, NULL };
    gantry_pod_options opts = { .size = sizeof opts, .networks = networks };
    gantry_pod_options unknown = { .size = sizeof unknown, .network = contract_name(f, "none") };
    gantry_container_options client = { .size = sizeof client,
                                        .name = contract_name(f, "client"),
                                        .network = network };
    gantry_run_options run_opts = {
        .size = sizeof run_opts,
        .container = &client,
        .command = SHELL(
            "end=$(($(date +%s) + 20)); while [ $(date +%s) -lt $end ]; do "
            "a=$(nslookup podalias | sed -n 's/^Address: *\\([0-9.]*\\)$/\\1/p' | tail -n 1); "
            "[ -n \"$a\" ] && echo hello | nc -w 2 $a 7000 && exit 0; usleep 100000; done; exit 1"),
        .remove = GANTRY_ON
    };
    gantry_run_result *run = NULL;
    const char *pod;
    gantry_pod *look;

    OK(gantry_networks_create(f->networks, network, NULL, NULL, &f->err));
    pod = new_pod(f, &opts);
    look = inspect(f, pod);
    CHECK(look->networks[0] != NULL && look->networks[1] == NULL);
    SAME(look->networks[0], network);
    gantry_pod_free(look);
    member(f, pod, "server", SHELL("exec nc -ll -p 7000 -e cat"));
    OK(gantry_pods_start(f->pods, pod, NULL, &f->err));
    OK(contract_run(f, f->base, &run_opts, &run, &f->err));
    SAME(run->stdout_data, "hello\n");
    gantry_run_result_free(run);
    if (!contract_differs(f, DIFF_UNKNOWN_NETWORK_AT_START)) {
        const char *name = contract_name(f, "nowhere");

        FAILS(gantry_pods_create(f->pods, name, &unknown, NULL, &f->err), GANTRY_E_NOT_FOUND);
        CHECK(f->err.resource_kind == GANTRY_RESOURCE_NETWORK);
        SAME(f->err.resource, unknown.network);
        CHECK(!pod_exists(f, name));
    }
}

/* ---- life ------------------------------------------------------------------------------------ */

/* Then its trap is set: before, the first process of a container ignores the signal for good. */
static int sleeps(struct contract *f, const void *name)
{
    return contract_runs_program(f, name, "sleep");
}

static void states_through_a_life(struct contract *f)
{
    gantry_pod_stop_options now = { .size = sizeof now, .grace_ms = GANTRY_GRACE_NONE };
    gantry_pod_kill_options term = { .size = sizeof term, .signal = "TERM" };
    const char *pod = new_pod(f, NULL);
    const char *one = member(f, pod, "one", SHELL(IDLE));
    const char *two = member(f, pod, "two", SHELL(IDLE));
    gantry_container_stop_options soon = { .size = sizeof soon, .grace_ms = GANTRY_GRACE_NONE };

    CHECK(state_of(f, pod) == GANTRY_POD_CREATED);
    FAILS(gantry_pods_kill(f->pods, pod, NULL, &f->err), GANTRY_E_STATE);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_POD);
    OK(gantry_pods_stop(f->pods, pod, NULL, &f->err));
    OK(gantry_pods_start(f->pods, pod, NULL, &f->err));
    CHECK(state_of(f, pod) == GANTRY_POD_RUNNING);
    OK(gantry_pods_start(f->pods, pod, NULL, &f->err));
    /* A pod of which some have ended is stopped and started, too. */
    OK(gantry_containers_stop(f->containers, one, &soon, &f->err));
    CHECK(state_of(f, pod) == GANTRY_POD_DEGRADED);
    OK(gantry_pods_start(f->pods, pod, NULL, &f->err));
    CHECK(state_of(f, pod) == GANTRY_POD_RUNNING);
    OK(gantry_containers_stop(f->containers, two, &soon, &f->err));
    OK(gantry_pods_stop(f->pods, pod, &now, &f->err));
    CHECK(state_of(f, pod) == GANTRY_POD_EXITED);
    OK(gantry_pods_stop(f->pods, pod, &now, &f->err));
    OK(gantry_pods_start(f->pods, pod, NULL, &f->err));
    CHECK(contract_state(f, one) == GANTRY_CONTAINER_RUNNING);
    CHECK(contract_state(f, two) == GANTRY_CONTAINER_RUNNING);
    OK(gantry_pods_restart(f->pods, pod, NULL, &f->err));
    CHECK(state_of(f, pod) == GANTRY_POD_RUNNING);
    contract_until(f, sleeps, one);
    contract_until(f, sleeps, two);
    OK(gantry_pods_kill(f->pods, pod, &term, &f->err));
    CHECK(contract_wait_exit(f, one) == 0 && contract_wait_exit(f, two) == 0);
    OK(gantry_pods_stop(f->pods, pod, &now, &f->err));
    CHECK(state_of(f, pod) == GANTRY_POD_EXITED);
    OK(gantry_pods_start(f->pods, pod, NULL, &f->err));
    OK(gantry_pods_kill(f->pods, pod, NULL, &f->err));
    until_state(f, pod, GANTRY_POD_EXITED);
    OK(gantry_pods_remove(f->pods, pod, NULL, &f->err));
    CHECK(!contract_exists(f, one) && !contract_exists(f, two));
}

static int on_old_cgroups(struct contract *f)
{
    gantry_info *info = NULL;
    int old;

    OK(gantry_engine_info(f->engine, NULL, &info, &f->err));
    old = strcmp(info->cgroup_version, "1") == 0;
    gantry_info_free(info);
    return old;
}

static void pause_freezes_all(struct contract *f)
{
    gantry_pod_stop_options now = { .size = sizeof now, .grace_ms = GANTRY_GRACE_NONE };
    const char *pod = new_pod(f, NULL);
    const char *one = member(f, pod, "one", SHELL(IDLE));

    FAILS(gantry_pods_pause(f->pods, pod, NULL, &f->err), GANTRY_E_STATE);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_POD);
    FAILS(gantry_pods_unpause(f->pods, pod, NULL, &f->err), GANTRY_E_STATE);
    OK(gantry_pods_start(f->pods, pod, NULL, &f->err));
    if (contract_differs(f, DIFF_PAUSE_NEEDS_CGROUPS_2) && on_old_cgroups(f)) {
        FAILS(gantry_pods_pause(f->pods, pod, NULL, &f->err), GANTRY_E_UNSUPPORTED);
        return;
    }
    OK(gantry_pods_pause(f->pods, pod, NULL, &f->err));
    CHECK(state_of(f, pod) == GANTRY_POD_PAUSED);
    CHECK(contract_state(f, one) == GANTRY_CONTAINER_PAUSED);
    OK(gantry_pods_pause(f->pods, pod, NULL, &f->err));
    OK(gantry_pods_unpause(f->pods, pod, NULL, &f->err));
    CHECK(state_of(f, pod) == GANTRY_POD_RUNNING);
    OK(gantry_pods_unpause(f->pods, pod, NULL, &f->err));
    OK(gantry_pods_pause(f->pods, pod, NULL, &f->err));
    OK(gantry_pods_stop(f->pods, pod, &now, &f->err));
    CHECK(state_of(f, pod) == GANTRY_POD_EXITED);
}

static void what_runs_is_removed_by_force_alone(struct contract *f)
{
    gantry_pod_remove_options force = { .size = sizeof force, .force = GANTRY_ON };
    gantry_mount mount = { .size = sizeof mount, .type = GANTRY_MOUNT_VOLUME, .target = "/data" };
    const gantry_mount *const mounts[] = { &mount, NULL };
    const char *pod = new_pod(f, NULL);
    const char *still = member(f, pod, "still", COMMAND("true"));
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = contract_name(f, "busy"),
                                      .command = SHELL("trap '' TERM; while :; do sleep 1; done"),
                                      .mounts = mounts,
                                      .pod = pod };
    gantry_container *info = NULL;
    gantry_volume *volume = NULL;
    char anonymous[128];
    int64_t begun;

    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    OK(gantry_containers_start(f->containers, opts.name, NULL, &f->err));
    OK(gantry_containers_inspect(f->containers, opts.name, NULL, &info, &f->err));
    CHECK(info->mounts[0] != NULL && info->mounts[0]->volume[0] != '\0');
    snprintf(anonymous, sizeof anonymous, "%s", info->mounts[0]->volume);
    gantry_container_free(info);
    FAILS(gantry_pods_remove(f->pods, pod, NULL, &f->err), GANTRY_E_STATE);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_POD);
    CHECK(contract_exists(f, still) && contract_state(f, opts.name) == GANTRY_CONTAINER_RUNNING);
    begun = gantry_clock_ns();
    OK(gantry_pods_remove(f->pods, pod, &force, &f->err));
    CHECK(gantry_clock_ns() - begun < (int64_t)9 * 1000000000);
    CHECK(!pod_exists(f, pod) && !contract_exists(f, still) && !contract_exists(f, opts.name));
    FAILS(gantry_volumes_inspect(f->volumes, anonymous, NULL, &volume, &f->err),
          GANTRY_E_NOT_FOUND);
    /* The infra container runs, too. */
    pod = new_pod(f, NULL);
    OK(gantry_pods_start(f->pods, pod, NULL, &f->err));
    FAILS(gantry_pods_remove(f->pods, pod, NULL, &f->err), GANTRY_E_STATE);
    CHECK(pod_exists(f, pod));
}

static void member_that_cannot_start_is_told(struct contract *f)
{
    const char *pod = new_pod(f, NULL);
    const char *good = member(f, pod, "good", SHELL(IDLE));
    const char *bad = member(f, pod, "bad", COMMAND("/no/such/program"));
    char line[160];

    FAILS(gantry_pods_start(f->pods, pod, NULL, &f->err), GANTRY_E_COMMAND);
    CHECK(f->err.outcome == GANTRY_OUTCOME_PARTIAL);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_CONTAINER);
    SAME(f->err.resource, bad);
    CONTAINS(f->err.message, bad);
    snprintf(line, sizeof line, "%s: ", bad);
    CONTAINS(f->err.output, line);
    CHECK(strstr(f->err.output, good) == NULL);
    CHECK(contract_state(f, good) == GANTRY_CONTAINER_RUNNING);
    CHECK(state_of(f, pod) == GANTRY_POD_DEGRADED);
}

static void prune_takes_what_does_not_run(struct contract *f)
{
    gantry_pair labels[] = { { "prune.test", f->prefix }, { "prune.keep", "yes" } };
    gantry_pod_options plain = { .size = sizeof plain, .labels = labels, .label_count = 1 };
    gantry_pod_options kept = { .size = sizeof kept, .labels = labels, .label_count = 2 };
    const char *running = new_pod(f, &plain);
    const char *spared = new_pod(f, &kept);
    const char *idle = new_pod(f, &plain);
    const char *old = member(f, idle, "old", COMMAND("true"));
    char mine[80];
    gantry_pod_prune_options opts = { .size = sizeof opts,
                                      .labels = COMMAND(mine),
                                      .labels_not = COMMAND("prune.keep"),
                                      .dry_run = GANTRY_ON };
    gantry_pods_pruned *pruned = NULL;
    gantry_pod *look = inspect(f, idle);

    snprintf(mine, sizeof mine, "prune.test=%s", f->prefix);
    OK(gantry_pods_start(f->pods, running, NULL, &f->err));
    for (int round = 0; round < 3; round++) {
        opts.dry_run = round == 1 ? GANTRY_ON : GANTRY_DEFAULT;
        opts.until_ns = round == 0 ? 1 : 0;
        OK(gantry_pods_prune(f->pods, &opts, &pruned, &f->err));
        if (round == 0) {
            CHECK(pruned->ids[0] == NULL);
        } else {
            CHECK(pruned->ids[0] != NULL && pruned->ids[1] == NULL);
            SAME(pruned->ids[0], look->id);
        }
        CHECK(pod_exists(f, idle) == (round < 2));
        gantry_pods_pruned_free(pruned);
    }
    gantry_pod_free(look);
    CHECK(pod_exists(f, running) && pod_exists(f, spared) && !contract_exists(f, old));
}

/* ---- processes, stats, logs ------------------------------------------------------------------ */

static void processes_are_in_one_table(struct contract *f)
{
    const char *pod = new_pod(f, NULL);
    const char *one = member(f, pod, "one", COMMAND("sleep", "1111"));
    const char *two = member(f, pod, "two", COMMAND("sleep", "2222"));
    gantry_container_top *top = NULL;
    size_t columns = 0;
    int seen = 0;

    FAILS(gantry_pods_top(f->pods, pod, NULL, &top, &f->err), GANTRY_E_STATE);
    CHECK(top == NULL);
    OK(gantry_pods_start(f->pods, pod, NULL, &f->err));
    OK(gantry_pods_top(f->pods, pod, NULL, &top, &f->err));
    while (top->titles[columns] != NULL)
        columns++;
    CHECK(columns >= 2);
    for (size_t i = 0; i < top->count; i++) {
        const char *const *row = top->processes[i];
        size_t count = 0;

        while (row[count] != NULL)
            count++;
        CHECK(count == columns);
        if (strcmp(row[0], one) == 0)
            seen += strstr(row[columns - 1], "1111") != NULL ? 1 : 100;
        if (strcmp(row[0], two) == 0)
            seen += strstr(row[columns - 1], "2222") != NULL ? 10 : 100;
    }
    CHECK(seen == 11 && top->processes[top->count] == NULL);
    gantry_container_top_free(top);
}

static void use_is_summed(struct contract *f)
{
    const char *pod = new_pod(f, NULL);
    const char *busy = member(f, pod, "busy", SHELL("while :; do :; done"));
    const char *idle = member(f, pod, "idle", SHELL(IDLE));
    gantry_pod_stats *stats = NULL;
    int64_t memory = 0;
    int names = 0;
    int rc;

    OK(gantry_pods_stats(f->pods, pod, NULL, &stats, &f->err));
    CHECK(stats->count == 0 && stats->items[0] == NULL);
    CHECK(stats->cpu_percent == -1 && stats->memory_bytes == -1 && stats->received_bytes == -1);
    gantry_pod_stats_free(stats);
    stats = NULL;
    OK(gantry_pods_start(f->pods, pod, NULL, &f->err));
    rc = gantry_pods_stats(f->pods, pod, NULL, &stats, &f->err);
    if (rc == GANTRY_E_UNSUPPORTED && (f->on & ON_ROOTLESS) != 0)
        return;
    OK(rc);
    CHECK(stats->count == 3 && stats->items[3] == NULL);
    for (size_t i = 0; i < stats->count; i++) {
        const gantry_stats *item = stats->items[i];

        CHECK(contract_is_id(item->id) && item->cpu_percent >= 0 && item->memory_bytes >= 0);
        memory += item->memory_bytes;
        names += strcmp(item->name, busy) == 0 ? 1 : strcmp(item->name, idle) == 0 ? 10 : 100;
    }
    CHECK(names == 111);
    CHECK(stats->memory_bytes == memory && stats->cpu_percent > 0.1 && stats->cpu_ns > 0);
    CHECK(stats->processes >= 3 && stats->received_bytes >= 0 && stats->sent_bytes >= 0);
    gantry_pod_stats_free(stats);
}

struct heard {
    int count;     /* of lines */
    int wrong;     /* lines out of their member's order, or of nobody */
    int next[2];   /* number of the next line of each member */
    int backwards; /* times that did not rise */
    int64_t last_ns;
};

/* Lines are "one 0", "one 1" ... */
static void hear(struct heard *heard, const gantry_pod_log_line *line, const char *const names[2])
{
    int which = strcmp(line->name, names[1]) == 0;
    char want[32];

    snprintf(want, sizeof want, "%s %d", which ? "two" : "one", heard->next[which]++);
    heard->wrong += strcmp(line->name, names[which]) != 0 || strcmp(line->line->text, want) != 0 ||
                    !contract_is_id(line->container);
    heard->backwards += line->line->time_ns < heard->last_ns;
    heard->last_ns = line->line->time_ns;
    heard->count++;
}

static int some_ready(gantry_pod_log_reader *reader)
{
    struct pollfd fds[8];
    int numbers[8];
    int events[8];
    size_t count = gantry_pod_log_reader_fds(reader, numbers, events, 8);

    CHECK(count <= 8);
    for (size_t i = 0; i < count; i++)
        fds[i] = (struct pollfd){ numbers[i], (short)events[i], 0 };
    return poll(fds, (nfds_t)count, count > 0 ? gantry_pod_log_reader_timeout_ms(reader) : 1) >= 0;
}

static void read_logs(struct contract *f, const char *pod, const gantry_follow_options *opts,
                      int nonblocking, const char *const names[2], struct heard *heard)
{
    gantry_pod_log_reader *reader = NULL;
    const gantry_pod_log_line *line = NULL;
    int rc;

    memset(heard, 0, sizeof *heard);
    OK(gantry_pods_logs_open(f->pods, pod, opts, &reader, &f->err));
    gantry_pod_log_reader_set_nonblocking(reader, nonblocking);
    for (;;) {
        rc = gantry_pod_log_reader_next(reader, &line, &f->err);
        if (nonblocking && rc == GANTRY_E_AGAIN) {
            CHECK(some_ready(reader));
            continue;
        }
        OK(rc);
        if (line == NULL)
            break;
        hear(heard, line, names);
    }
    OK(gantry_pod_log_reader_next(reader, &line, &f->err));
    CHECK(line == NULL);
    gantry_pod_log_reader_close(reader);
}

static void logs_are_merged(struct contract *f)
{
    gantry_follow_options follow = { .size = sizeof follow, .follow = GANTRY_ON };
    gantry_follow_options tail = { .size = sizeof tail, .tail = 1 };
    const char *pod = new_pod(f, NULL);
    const char *names[2];
    struct heard heard;

    names[0] =
        member(f, pod, "one",
               SHELL("for i in 0 1 2 3; do echo one $i; usleep 400000; done; usleep 100000"));
    names[1] = member(f, pod, "two",
                      SHELL("for i in 0 1 2; do echo two $i; usleep 400000; done; usleep 100000"));
    OK(gantry_pods_start(f->pods, pod, NULL, &f->err));
    read_logs(f, pod, &follow, 1, names, &heard);
    if (!contract_differs(f, DIFF_FOLLOWED_LINES_MAY_GET_LOST))
        CHECK(heard.count == 7 && heard.wrong == 0);
    for (int nonblocking = 0; nonblocking <= 1; nonblocking++) {
        read_logs(f, pod, NULL, nonblocking, names, &heard);
        CHECK(heard.count == 7 && heard.wrong == 0 && heard.backwards == 0);
        CHECK(heard.next[0] == 4 && heard.next[1] == 3);
    }
    read_logs(f, pod, &follow, 0, names, &heard); /* all have ended */
    CHECK(heard.count == 7 && heard.wrong == 0);
    read_logs(f, pod, &tail, 0, names, &heard);
    CHECK(heard.count == 2);
}

static void follow_has_a_limit(struct contract *f)
{
    gantry_call call = { .size = sizeof call, .timeout_ms = 2000 };
    gantry_follow_options follow = { .size = sizeof follow, .call = &call, .follow = GANTRY_ON };
    const char *pod = new_pod(f, NULL);
    gantry_pod_log_reader *reader = NULL;
    const gantry_pod_log_line *line = NULL;
    int64_t begun;

    member(f, pod, "quiet", SHELL(IDLE));
    member(f, pod, "silent", SHELL(IDLE));
    OK(gantry_pods_start(f->pods, pod, NULL, &f->err));
    OK(gantry_pods_logs_open(f->pods, pod, &follow, &reader, &f->err));
    begun = gantry_clock_ns();
    FAILS(gantry_pod_log_reader_next(reader, &line, &f->err), GANTRY_E_TIMEOUT);
    CHECK(gantry_clock_ns() - begun < (int64_t)10 * 1000000000);
    CHECK(line == NULL && f->err.resource_kind == GANTRY_RESOURCE_POD);
    FAILS(gantry_pod_log_reader_next(reader, &line, &f->err), GANTRY_E_TIMEOUT);
    gantry_pod_log_reader_close(reader);
}

/* ---- what not every engine has --------------------------------------------------------------- */

static void further_options(struct contract *f)
{
    gantry_resources limits = { .size = sizeof limits, .memory_bytes = 64 * 1024 * 1024 };
    gantry_mount mount = { .size = sizeof mount,
                           .type = GANTRY_MOUNT_VOLUME,
                           .source = contract_name(f, "data"),
                           .target = "/data" };
    const gantry_mount *const mounts[] = { &mount, NULL };
    const char *name = contract_name(f, "rich");
    const struct {
        const char *what;
        gantry_pod_options opts;
        int cgroups; /* asks for limits of all */
    } rows[] = {
        { "resources", { .size = sizeof(gantry_pod_options), .resources = &limits }, 1 },
        { "mounts", { .size = sizeof(gantry_pod_options), .mounts = mounts }, 0 },
        { "user_namespace", { .size = sizeof(gantry_pod_options), .user_namespace = "host" }, 0 },
        { "infra", { .size = sizeof(gantry_pod_options), .infra = GANTRY_OFF }, 0 },
        { "exit_policy",
          { .size = sizeof(gantry_pod_options), .exit_policy = GANTRY_POD_EXIT_STOP },
          0 },
        { "share", { .size = sizeof(gantry_pod_options), .share = COMMAND("net", "cgroup") }, 0 },
    };
    gantry_pod_remove_options force = { .size = sizeof force, .force = GANTRY_ON };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (contract_differs(f, DIFF_PODS_ARE_MADE_OF_CONTAINERS) ||
            (rows[i].cgroups && contract_differs(f, DIFF_LIMITS_NEED_CGROUPS_2) &&
             on_old_cgroups(f))) {
            FAILS(gantry_pods_create(f->pods, name, &rows[i].opts, NULL, &f->err),
                  GANTRY_E_UNSUPPORTED);
            CONTAINS(f->err.message, rows[i].what);
            CHECK(!pod_exists(f, name));
            continue;
        }
        OK(gantry_pods_create(f->pods, name, &rows[i].opts, NULL, &f->err));
        if (strcmp(rows[i].what, "mounts") == 0) {
            gantry_run_result *run = run_in(f, name, "grep -c ' /data ' /proc/mounts");

            SAME(run->stdout_data, "1\n");
            gantry_run_result_free(run);
        }
        if (rows[i].cgroups) {
            gantry_run_result *run =
                run_in(f, name, "a=x; while :; do a=$a$a; done 2>/dev/null; echo lived");

            CHECK(run->exit_code != 0 || strstr(run->stdout_data, "lived") == NULL);
            gantry_run_result_free(run);
        }
        OK(gantry_pods_remove(f->pods, name, &force, &f->err));
    }
}

static void pod_without_infra(struct contract *f)
{
    gantry_pod_options opts = { .size = sizeof opts, .infra = GANTRY_OFF };
    const char *pod;
    const char *one;
    gantry_pod *look;

    if (contract_differs(f, DIFF_PODS_ARE_MADE_OF_CONTAINERS))
        return;
    pod = new_pod(f, &opts);
    one = member(f, pod, "one", SHELL(IDLE));
    look = inspect(f, pod);
    CHECK(look->infra_id[0] == '\0' && look->share[0] == NULL && look->member_count == 1);
    CHECK(find(look, one)->infra == 0);
    gantry_pod_free(look);
    OK(gantry_pods_start(f->pods, pod, NULL, &f->err));
    CHECK(state_of(f, pod) == GANTRY_POD_RUNNING);
}

/* When its last member ends. */
static void exit_policy_stops_the_pod(struct contract *f)
{
    gantry_pod_options opts = { .size = sizeof opts, .exit_policy = GANTRY_POD_EXIT_STOP };
    const char *pod;
    gantry_pod *look;

    if (contract_differs(f, DIFF_PODS_ARE_MADE_OF_CONTAINERS))
        return;
    pod = new_pod(f, &opts);
    member(f, pod, "short", COMMAND("sleep", "1"));
    look = inspect(f, pod);
    CHECK(look->exit_policy == GANTRY_POD_EXIT_STOP);
    gantry_pod_free(look);
    OK(gantry_pods_start(f->pods, pod, NULL, &f->err));
    until_state(f, pod, GANTRY_POD_EXITED);
}

#define POD_TEST(function) TEST_WITH(function, .on = ON_ENGINES, NEEDS(GANTRY_FEATURE_PODS_CREATE))

const struct contract_test pods_tests[] = {
    POD_TEST(pod_comes_and_goes),
    POD_TEST(name_is_made_up),
    POD_TEST(missing_pod_is_not_found),
    POD_TEST(wrong_options_are_invalid),
    POD_TEST(infra_is_as_asked),
    POD_TEST(ensured_and_deployed_ones_are_members),
    POD_TEST(lists_are_narrowed),
    POD_TEST(options_reach_the_members),
    POD_TEST(members_share_loopback_and_memory),
    POD_TEST(members_share_what_was_asked),
    POD_TEST(ports_are_published_for_all),
    POD_TEST(pod_is_in_its_networks),
    POD_TEST(states_through_a_life),
    POD_TEST(pause_freezes_all),
    POD_TEST(what_runs_is_removed_by_force_alone),
    POD_TEST(member_that_cannot_start_is_told),
    POD_TEST(prune_takes_what_does_not_run),
    POD_TEST(processes_are_in_one_table),
    POD_TEST(use_is_summed),
    POD_TEST(logs_are_merged),
    POD_TEST(follow_has_a_limit),
    POD_TEST(further_options),
    POD_TEST(pod_without_infra),
    POD_TEST(exit_policy_stops_the_pod),
    { 0 },
};
