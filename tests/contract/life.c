/*
 * Contract of the further life of containers: pause, rename, update, prune, what lists are asked for,
 * processes and changes, checkpoints and mounts. Ensure is in ensure.c.
 */
#include "contract.h"

#include <sys/stat.h>

static int on_old_cgroups(struct contract *f)
{
    gantry_info *info = NULL;
    int old;

    OK(gantry_engine_info(f->engine, NULL, &info, &f->err));
    old = strcmp(info->cgroup_version, "1") == 0;
    gantry_info_free(info);
    return old;
}

static gantry_container *inspect(struct contract *f, const char *id)
{
    gantry_container *info = NULL;

    OK(gantry_containers_inspect(f->containers, id, NULL, &info, &f->err));
    return info;
}

/* Created, not started, with a label of this process. */
static const char *labelled(struct contract *f, const char *word, const char *role)
{
    gantry_pair labels[] = { { "life.test", f->prefix }, { "life.role", role } };
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = contract_name(f, word),
                                      .command = COMMAND("true"),
                                      .labels = labels,
                                      .label_count = 2 };

    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    return opts.name;
}

/* ---- pause ----------------------------------------------------------------------------------- */

static void pause_freezes_and_unpause_goes_on(struct contract *f)
{
    const char *name = contract_create(f, IDLE);

    FAILS(gantry_containers_pause(f->containers, name, NULL, &f->err), GANTRY_E_STATE);
    FAILS(gantry_containers_unpause(f->containers, name, NULL, &f->err), GANTRY_E_STATE);
    OK(gantry_containers_start(f->containers, name, NULL, &f->err));
    OK(gantry_containers_unpause(f->containers, name, NULL, &f->err));
    if (contract_differs(f, DIFF_PAUSE_NEEDS_CGROUPS_2) && on_old_cgroups(f)) {
        FAILS(gantry_containers_pause(f->containers, name, NULL, &f->err), GANTRY_E_UNSUPPORTED);
        return;
    }
    OK(gantry_containers_pause(f->containers, name, NULL, &f->err));
    CHECK(contract_state(f, name) == GANTRY_CONTAINER_PAUSED);
    OK(gantry_containers_pause(f->containers, name, NULL, &f->err));
    CHECK(contract_state(f, name) == GANTRY_CONTAINER_PAUSED);
    OK(gantry_containers_unpause(f->containers, name, NULL, &f->err));
    CHECK(contract_state(f, name) == GANTRY_CONTAINER_RUNNING);
    OK(gantry_containers_unpause(f->containers, name, NULL, &f->err));
}

static void pause_of_nothing_is_not_found(struct contract *f)
{
    const char *name = contract_name(f, "none");

    FAILS(gantry_containers_pause(f->containers, name, NULL, &f->err), GANTRY_E_NOT_FOUND);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_CONTAINER);
    SAME(f->err.resource, name);
    FAILS(gantry_containers_unpause(f->containers, name, NULL, &f->err), GANTRY_E_NOT_FOUND);
}

/* ---- rename, exists -------------------------------------------------------------------------- */

static int exists(struct contract *f, const char *name)
{
    int found = -1;

    OK(gantry_containers_exists(f->containers, name, NULL, &found, &f->err));
    return found;
}

static void rename_gives_another_name(struct contract *f)
{
    const char *name = labelled(f, "old", "a");
    const char *other = labelled(f, "other", "b");
    const char *fresh = contract_name(f, "fresh");
    gantry_container *info = inspect(f, name);

    OK(gantry_containers_rename(f->containers, name, fresh, NULL, &f->err));
    CHECK(!exists(f, name));
    CHECK(exists(f, fresh));
    CHECK(exists(f, info->id));
    gantry_container_free(info);
    FAILS(gantry_containers_rename(f->containers, fresh, other, NULL, &f->err), GANTRY_E_EXISTS);
    FAILS(gantry_containers_rename(f->containers, name, fresh, NULL, &f->err), GANTRY_E_NOT_FOUND);
    FAILS(gantry_containers_rename(f->containers, fresh, "a/b", NULL, &f->err), GANTRY_E_INVALID);
    FAILS(gantry_containers_rename(f->containers, fresh, NULL, NULL, &f->err), GANTRY_E_INVALID);
    OK(gantry_containers_rename(f->containers, fresh, fresh, NULL, &f->err));
    FAILS(gantry_containers_exists(f->containers, fresh, NULL, NULL, &f->err), GANTRY_E_INVALID);
}

/* ---- update ---------------------------------------------------------------------------------- */

/* The limit of memory as the kernel has it, seen from inside. */
static int64_t memory_limit_inside(struct contract *f, const char *name)
{
    gantry_exec_result *result = NULL;
    int64_t limit;

    OK(gantry_containers_exec(f->containers, name,
                              SHELL("cat /sys/fs/cgroup/memory/memory.limit_in_bytes "
                                    "2>/dev/null || cat /sys/fs/cgroup/memory.max"),
                              NULL, &result, &f->err));
    limit = strtoll(result->stdout_data, NULL, 10);
    gantry_exec_result_free(result);
    return limit;
}

static void update_changes_limits(struct contract *f)
{
    const int64_t mib = 1024 * 1024;
    gantry_resources limits = { .size = sizeof limits, .memory_bytes = 64 * mib, .pids = 50 };
    gantry_container_update_options opts = { .size = sizeof opts, .resources = &limits };
    const char *name = contract_start(f, IDLE);
    gantry_container *info = NULL;

    if (contract_differs(f, DIFF_LIMITS_NEED_CGROUPS_2) && on_old_cgroups(f)) {
        FAILS(gantry_containers_update(f->containers, name, &opts, &f->err), GANTRY_E_UNSUPPORTED);
        CONTAINS(f->err.message, "resources");
        return;
    }
    OK(gantry_containers_update(f->containers, name, &opts, &f->err));
    CHECK(memory_limit_inside(f, name) == 64 * mib);
    /* More than the limit of memory and swap that came with the first. */
    limits = (gantry_resources){ .size = sizeof limits,
                                 .memory_bytes = 256 * mib,
                                 .nano_cpus = 500000000 };
    OK(gantry_containers_update(f->containers, name, &opts, &f->err));
    CHECK(memory_limit_inside(f, name) == 256 * mib);
    info = inspect(f, name);
    if (contract_differs(f, DIFF_UPDATE_IS_NOT_TOLD)) {
        CHECK(info->memory_bytes == 0);
    } else {
        CHECK(info->memory_bytes == 256 * mib);
        CHECK(info->memory_swap_bytes == 512 * mib);
        CHECK(info->nano_cpus == 500000000);
        CHECK(info->pids_limit == 50); /* zero left it alone */
    }
    gantry_container_free(info);
}

static void update_of_what_does_not_run(struct contract *f)
{
    gantry_resources limits = { .size = sizeof limits, .memory_bytes = 64 * 1024 * 1024 };
    gantry_container_update_options opts = { .size = sizeof opts, .resources = &limits };
    const char *name = labelled(f, "stopped", "a");

    if (contract_differs(f, DIFF_LIMITS_NEED_CGROUPS_2) && on_old_cgroups(f))
        FAILS(gantry_containers_update(f->containers, name, &opts, &f->err), GANTRY_E_UNSUPPORTED);
    else if (contract_differs(f, DIFF_UPDATE_NEEDS_RUNNING))
        FAILS(gantry_containers_update(f->containers, name, &opts, &f->err), GANTRY_E_STATE);
    else
        OK(gantry_containers_update(f->containers, name, &opts, &f->err));
}

static void update_changes_restart(struct contract *f)
{
    gantry_container_update_options opts = { .size = sizeof opts,
                                             .restart = GANTRY_RESTART_ON_FAILURE,
                                             .restart_retries = 3 };
    const char *name = labelled(f, "restarts", "a");
    gantry_container *info = NULL;

    if (contract_differs(f, DIFF_RESTART_IS_NOT_UPDATED)) {
        FAILS(gantry_containers_update(f->containers, name, &opts, &f->err), GANTRY_E_UNSUPPORTED);
        CONTAINS(f->err.message, "restart");
        return;
    }
    OK(gantry_containers_update(f->containers, name, &opts, &f->err));
    info = inspect(f, name);
    CHECK(info->restart == GANTRY_RESTART_ON_FAILURE);
    CHECK(info->restart_retries == 3);
    gantry_container_free(info);
}

/* Docker keeps shares of CPUs in the form in which they were given first. */
static void update_of_cpus_in_another_form(struct contract *f)
{
    gantry_resources share = { .size = sizeof share, .nano_cpus = 500000000 };
    gantry_resources quota = { .size = sizeof quota, .cpu_quota_us = 25000 };
    gantry_container_update_options opts = { .size = sizeof opts, .resources = &share };
    const char *name;

    if (contract_differs(f, DIFF_LIMITS_NEED_CGROUPS_2) && on_old_cgroups(f))
        return;
    name = contract_start(f, IDLE);
    OK(gantry_containers_update(f->containers, name, &opts, &f->err));
    opts.resources = &quota;
    if (contract_differs(f, DIFF_CPUS_IN_ONE_FORM))
        FAILS(gantry_containers_update(f->containers, name, &opts, &f->err), GANTRY_E_CONFLICT);
    else
        OK(gantry_containers_update(f->containers, name, &opts, &f->err));
}

/* Engines take these and change nothing. */
static void update_refuses_what_it_cannot_change(struct contract *f)
{
    const gantry_block_limit rate = { .size = sizeof rate,
                                      .path = "/dev/null",
                                      .read_bytes_per_second = 1 << 20 };
    const gantry_block_limit *const rates[] = { &rate, NULL };
    gantry_resources limits = { .size = sizeof limits, .block_limits = rates };
    gantry_container_update_options opts = { .size = sizeof opts, .resources = &limits };
    const char *name = contract_start(f, IDLE);

    FAILS(gantry_containers_update(f->containers, name, &opts, &f->err), GANTRY_E_UNSUPPORTED);
    CONTAINS(f->err.message, "block_limits");
    limits.block_limits = NULL;
    limits.memory_swappiness = 10;
    FAILS(gantry_containers_update(f->containers, name, &opts, &f->err), GANTRY_E_UNSUPPORTED);
    CONTAINS(f->err.message, "memory_swappiness");
    limits.memory_swappiness = 0;
    limits.memory_bytes = 64 << 20;
    limits.oom_kill = GANTRY_OFF;
    FAILS(gantry_containers_update(f->containers, name, &opts, &f->err), GANTRY_E_UNSUPPORTED);
    CONTAINS(f->err.message, "oom_kill");
}

static void update_wants_something_to_do(struct contract *f)
{
    gantry_resources none = { .size = sizeof none };
    gantry_container_update_options opts = { .size = sizeof opts, .resources = &none };
    const char *name = labelled(f, "same", "a");

    FAILS(gantry_containers_update(f->containers, name, NULL, &f->err), GANTRY_E_INVALID);
    FAILS(gantry_containers_update(f->containers, name, &opts, &f->err), GANTRY_E_INVALID);
    opts.restart = 9;
    FAILS(gantry_containers_update(f->containers, name, &opts, &f->err), GANTRY_E_INVALID);
    opts.restart = GANTRY_RESTART_ALWAYS;
    opts.restart_retries = 1;
    FAILS(gantry_containers_update(f->containers, name, &opts, &f->err), GANTRY_E_INVALID);
}

/* ---- init ------------------------------------------------------------------------------------ */

static void init_prepares_a_container(struct contract *f)
{
    const char *name = contract_create(f, IDLE);
    gantry_container *info;

    OK(gantry_containers_init(f->containers, name, NULL, &f->err));
    info = inspect(f, name);
    CHECK(info->state == GANTRY_CONTAINER_CREATED);
    SAME(info->state_text, "initialized");
    gantry_container_free(info);
    OK(gantry_containers_init(f->containers, name, NULL, &f->err));
    OK(gantry_containers_start(f->containers, name, NULL, &f->err));
    OK(gantry_containers_init(f->containers, name, NULL, &f->err));
    CHECK(contract_state(f, name) == GANTRY_CONTAINER_RUNNING);
    FAILS(gantry_containers_init(f->containers, contract_name(f, "none"), NULL, &f->err),
          GANTRY_E_NOT_FOUND);
}

/* ---- prune ----------------------------------------------------------------------------------- */

static const char *own_label(struct contract *f)
{
    static char label[80];

    snprintf(label, sizeof label, "life.test=%s", f->prefix);
    return label;
}

static void prune_takes_what_is_meant(struct contract *f)
{
    const char *a = labelled(f, "a", "keep");
    const char *b = labelled(f, "b", "both");
    const char *c = labelled(f, "c", "go");
    const char *running = contract_start(f, IDLE);
    gantry_container *info = inspect(f, c);
    gantry_container_prune_options opts = { .size = sizeof opts,
                                            .labels = COMMAND(own_label(f)),
                                            .labels_not =
                                                COMMAND("life.role=keep", "life.role=both") };
    gantry_containers_pruned *pruned = NULL;

    OK(gantry_containers_prune(f->containers, &opts, &pruned, &f->err));
    SAME(pruned->ids[0], info->id);
    CHECK(pruned->ids[1] == NULL);
    gantry_containers_pruned_free(pruned);
    gantry_container_free(info);
    CHECK(exists(f, a) && exists(f, b) && !exists(f, c) && exists(f, running));

    info = inspect(f, b);
    opts.labels_not = NULL;
    opts.until_ns = info->created_ns; /* a alone is older */
    gantry_container_free(info);
    OK(gantry_containers_prune(f->containers, &opts, NULL, &f->err));
    CHECK(!exists(f, a) && exists(f, b));
    opts.until_ns = 1;
    OK(gantry_containers_prune(f->containers, &opts, &pruned, &f->err));
    CHECK(pruned->ids[0] == NULL && pruned->reclaimed_bytes == 0);
    gantry_containers_pruned_free(pruned);
    opts.until_ns = -1;
    FAILS(gantry_containers_prune(f->containers, &opts, NULL, &f->err), GANTRY_E_INVALID);
}

static void prune_leaves_what_runs(struct contract *f)
{
    gantry_pair label = { "life.test", f->prefix };
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = contract_name(f, "writes"),
                                      .command = SHELL("head -c 100000 /dev/zero >/zeroes; " IDLE),
                                      .labels = &label,
                                      .label_count = 1 };
    gantry_container_prune_options prune = { .size = sizeof prune,
                                             .labels = COMMAND(own_label(f)) };
    gantry_containers_pruned *pruned = NULL;

    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    OK(gantry_containers_start(f->containers, opts.name, NULL, &f->err));
    OK(gantry_containers_prune(f->containers, &prune, &pruned, &f->err));
    CHECK(pruned->ids[0] == NULL);
    gantry_containers_pruned_free(pruned);
    OK(gantry_containers_stop(f->containers, opts.name, NULL, &f->err));
    OK(gantry_containers_prune(f->containers, &prune, &pruned, &f->err));
    CHECK(pruned->ids[0] != NULL && pruned->ids[1] == NULL);
    CHECK(pruned->reclaimed_bytes >= 100000);
    gantry_containers_pruned_free(pruned);
    CHECK(!exists(f, opts.name));
}

/* ---- processes, changes ---------------------------------------------------------------------- */

static size_t column(const gantry_container_top *top, const char *title)
{
    for (size_t i = 0; top->titles[i] != NULL; i++) {
        if (strcmp(top->titles[i], title) == 0)
            return i;
    }
    fail_msg("no column %s", title);
    return 0;
}

/* A second one is about to become "sleep". */
static int has_shell(struct contract *f, const void *name)
{
    return contract_runs_program(f, name, "sh");
}

static void top_tells_processes(struct contract *f)
{
    const char *name = contract_start(f, "sleep 1000 & wait");
    int docker = (f->on & ON_DOCKER) != 0;
    gantry_container_top_options opts = { .size = sizeof opts };
    gantry_container_top *top = NULL;

    OK(gantry_containers_top(f->containers, name, NULL, &top, &f->err));
    CHECK(top->count >= 1);
    CHECK(top->processes[top->count] == NULL);
    CHECK(strtol(top->processes[0][column(top, "PID")], NULL, 10) > 0);
    gantry_container_top_free(top);
    opts.columns = docker ? COMMAND("-o", "pid,comm") : COMMAND("pid", "comm");
    OK(gantry_containers_top(f->containers, name, &opts, &top, &f->err));
    SAME(top->titles[0], "PID");
    SAME(top->titles[1], "COMMAND");
    CHECK(top->titles[2] == NULL);
    gantry_container_top_free(top);
    contract_until(f, has_shell, name); /* at first it may still be the runtime's own process */
    opts.columns = COMMAND("--no-such-column");
    FAILS(gantry_containers_top(f->containers, name, &opts, &top, &f->err), GANTRY_E_INVALID);
    FAILS(gantry_containers_top(f->containers, labelled(f, "still", "a"), NULL, &top, &f->err),
          GANTRY_E_STATE);
    FAILS(gantry_containers_top(f->containers, contract_name(f, "none"), NULL, &top, &f->err),
          GANTRY_E_NOT_FOUND);
}

static int change_of(const gantry_container_changes *changes, const char *path)
{
    for (size_t i = 0; i < changes->count; i++) {
        if (strcmp(changes->items[i]->path, path) == 0)
            return changes->items[i]->kind;
    }
    return -1;
}

static void changes_tell_what_was_changed(struct contract *f)
{
    const char *name = contract_create(f, "echo a >/new; mkdir /d; echo b >/d/in; rm /bin/busybox; "
                                          "exit 0");
    gantry_container_changes *changes = NULL;

    OK(gantry_containers_start(f->containers, name, NULL, &f->err));
    contract_wait_exit(f, name);
    OK(gantry_containers_changes(f->containers, name, NULL, &changes, &f->err));
    CHECK(change_of(changes, "/new") == GANTRY_CHANGE_ADDED);
    CHECK(change_of(changes, "/d") == GANTRY_CHANGE_ADDED);
    CHECK(change_of(changes, "/d/in") == GANTRY_CHANGE_ADDED);
    CHECK(change_of(changes, "/bin") == GANTRY_CHANGE_MODIFIED);
    CHECK(change_of(changes, "/bin/busybox") == GANTRY_CHANGE_DELETED);
    CHECK(change_of(changes, "/nothing") == -1);
    CHECK(changes->items[changes->count] == NULL);
    for (size_t i = 1; i < changes->count; i++)
        CHECK(strcmp(changes->items[i - 1]->path, changes->items[i]->path) < 0);
    gantry_container_changes_free(changes);
    FAILS(
        gantry_containers_changes(f->containers, contract_name(f, "none"), NULL, &changes, &f->err),
        GANTRY_E_NOT_FOUND);
}

/* ---- terminal, health, ports ----------------------------------------------------------------- */

static void resize_sets_the_terminal(struct contract *f)
{
    gantry_container_options opts = {
        .size = sizeof opts,
        .name = contract_name(f, "tty"),
        .command = SHELL("until [ \"$(stty size)\" = '33 77' ]; do sleep 0.05; done; exit 5"),
        .tty = GANTRY_ON
    };

    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    FAILS(gantry_containers_resize(f->containers, opts.name, 77, 33, NULL, &f->err),
          GANTRY_E_STATE);
    FAILS(gantry_containers_resize(f->containers, opts.name, 0, 33, NULL, &f->err),
          GANTRY_E_INVALID);
    OK(gantry_containers_start(f->containers, opts.name, NULL, &f->err));
    OK(gantry_containers_resize(f->containers, opts.name, 77, 33, NULL, &f->err));
    CHECK(contract_wait_exit(f, opts.name) == 5);
    FAILS(gantry_containers_resize(f->containers, opts.name, 77, 33, NULL, &f->err),
          GANTRY_E_STATE);
    FAILS(gantry_containers_resize(f->containers, contract_name(f, "none"), 77, 33, NULL, &f->err),
          GANTRY_E_NOT_FOUND);
}

/* Healthy once there is a file /ok. */
static const char *with_health(struct contract *f, const char *script)
{
    gantry_health health = { .size = sizeof health,
                             .test = COMMAND("CMD-SHELL", "echo probed; test -e /ok"),
                             .interval_ms = 200,
                             .timeout_ms = 5000,
                             .retries = 1 };
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = contract_name(f, "health"),
                                      .command = SHELL(script),
                                      .health = &health };

    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    return opts.name;
}

static void health_is_checked_now(struct contract *f)
{
    const char *name = with_health(f, "touch /ok; " IDLE);
    const char *plain = contract_start(f, IDLE);
    gantry_health_result *result = NULL;

    FAILS(gantry_containers_check_health(f->containers, name, NULL, &result, &f->err),
          GANTRY_E_STATE);
    OK(gantry_containers_start(f->containers, name, NULL, &f->err));
    OK(gantry_containers_check_health(f->containers, name, NULL, &result, &f->err));
    CHECK(result->log[0] != NULL);
    CONTAINS(result->log[0]->output, "probed");
    CHECK(result->log[0]->finished_ns >= result->log[0]->started_ns);
    CHECK(result->log[0]->started_ns > 0);
    gantry_health_result_free(result);
    OK(gantry_containers_check_health(f->containers, name, NULL, NULL, &f->err));
    FAILS(gantry_containers_check_health(f->containers, plain, NULL, &result, &f->err),
          GANTRY_E_INVALID);
    FAILS(gantry_containers_check_health(f->containers, contract_name(f, "none"), NULL, &result,
                                         &f->err),
          GANTRY_E_NOT_FOUND);
}

static int is_healthy(struct contract *f, const void *name)
{
    gantry_container *info;
    int healthy;

    if (gantry_engine_supports(f->engine, GANTRY_FEATURE_CONTAINERS_CHECK_HEALTH))
        OK(gantry_containers_check_health(f->containers, name, NULL, NULL, &f->err));
    info = inspect(f, name);
    healthy = info->health == GANTRY_HEALTH_HEALTHY;
    gantry_container_free(info);
    return healthy;
}

static void lists_by_health(struct contract *f)
{
    const char *name = with_health(f, "touch /ok; " IDLE);
    gantry_container_list_options opts = { .size = sizeof opts,
                                           .names = COMMAND(name),
                                           .health = GANTRY_HEALTH_HEALTHY };
    gantry_container_list *list = NULL;
    gantry_container *info;

    OK(gantry_containers_start(f->containers, name, NULL, &f->err));
    contract_until(f, is_healthy, name);
    info = inspect(f, name);
    SAME(info->health_text, "healthy");
    CHECK(info->health_failures == 0);
    SAME(info->health_test[0], "CMD-SHELL");
    CHECK(info->health_log[0] != NULL);
    gantry_container_free(info);
    OK(gantry_containers_list(f->containers, &opts, &list, &f->err));
    CHECK(list->count == 1);
    CHECK(list->items[0]->health == GANTRY_HEALTH_HEALTHY);
    gantry_container_list_free(list);
    opts.health = GANTRY_HEALTH_UNHEALTHY;
    OK(gantry_containers_list(f->containers, &opts, &list, &f->err));
    CHECK(list->count == 0);
    gantry_container_list_free(list);
}

static void port_looks_up_what_is_published(struct contract *f)
{
    gantry_port port = { .size = sizeof port, .container_port = 80, .host_address = "127.0.0.1" };
    const gantry_port *const ports[] = { &port, NULL };
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = contract_name(f, "port"),
                                      .command = SHELL(IDLE),
                                      .ports = ports };
    gantry_container *info = NULL;

    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    info = inspect(f, opts.name);
    CHECK(gantry_container_port(info, 80, NULL) == NULL);
    gantry_container_free(info);
    OK(gantry_containers_start(f->containers, opts.name, NULL, &f->err));
    info = inspect(f, opts.name);
    CHECK(gantry_container_port(info, 80, NULL) != NULL);
    CHECK(gantry_container_port(info, 80, NULL)->host_port > 0);
    CHECK(gantry_container_port(info, 80, "udp") == NULL);
    CHECK(gantry_container_port(info, 81, NULL) == NULL);
    CHECK(gantry_container_port(NULL, 80, NULL) == NULL);
    gantry_container_free(info);
}

/* ---- lists ----------------------------------------------------------------------------------- */

/* The names of a list, joined, in the order of the list, without what is before the last '-'. */
static const char *listed(struct contract *f, const gantry_container_list_options *opts)
{
    static char text[256];
    gantry_container_list *list = NULL;

    text[0] = '\0';
    OK(gantry_containers_list(f->containers, opts, &list, &f->err));
    for (size_t i = 0; i < list->count; i++) {
        const char *name = list->items[i]->name;

        if (strncmp(name, f->prefix, strlen(f->prefix)) != 0)
            continue;
        name += strlen(f->prefix) + 1;
        snprintf(text + strlen(text), sizeof text - strlen(text), "%.*s ", (int)strcspn(name, "-"),
                 name);
    }
    gantry_container_list_free(list);
    return text;
}

static void lists_by_id_and_time(struct contract *f)
{
    const char *a = labelled(f, "a", "x");
    const char *b = labelled(f, "b", "x");
    const char *c = labelled(f, "c", "x");
    gantry_container *info = inspect(f, b);
    char beginning[25];
    gantry_container_list_options opts = { .size = sizeof opts, .all = GANTRY_ON };

    memcpy(beginning, info->id, 24);
    beginning[24] = '\0';
    opts.ids = COMMAND(info->id);
    SAME(listed(f, &opts), "b ");
    opts.ids = COMMAND(beginning, "ffffffffffffffffffffffffffffffff");
    SAME(listed(f, &opts), "b ");
    opts.all = GANTRY_DEFAULT; /* it does not run */
    SAME(listed(f, &opts), "");
    gantry_container_free(info);
    opts = (gantry_container_list_options){ .size = sizeof opts, .all = GANTRY_ON, .before = b };
    SAME(listed(f, &opts), "a ");
    opts.before = NULL;
    opts.since = a;
    SAME(listed(f, &opts), "c b ");
    opts.limit = 1;
    SAME(listed(f, &opts), "c ");
    opts.before = c;
    SAME(listed(f, &opts), "b ");
    opts.names = COMMAND(c);
    SAME(listed(f, &opts), "");
    opts.since = contract_name(f, "none");
    FAILS(gantry_containers_list(f->containers, &opts, &(gantry_container_list *){ NULL }, &f->err),
          GANTRY_E_NOT_FOUND);
    SAME(f->err.resource, opts.since);
}

static void lists_by_volume(struct contract *f)
{
    const char *volume = contract_name(f, "volume");
    gantry_mount mount = {
        .size = sizeof mount, .type = GANTRY_MOUNT_VOLUME, .source = volume, .target = "/data"
    };
    gantry_mount bind = {
        .size = sizeof bind, .type = GANTRY_MOUNT_BIND, .source = "/etc", .target = "/host"
    };
    const gantry_mount *const one[] = { &mount, NULL };
    const gantry_mount *const other[] = { &bind, NULL };
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = contract_name(f, "v"),
                                      .mounts = one };
    gantry_container_list_options by = { .size = sizeof by, .all = GANTRY_ON, .volume = volume };

    OK(gantry_volumes_create(f->volumes, volume, NULL, NULL, &f->err));
    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    opts.name = contract_name(f, "h");
    opts.mounts = other;
    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    SAME(listed(f, &by), "v ");
    by.volume = "/data";
    SAME(listed(f, &by), "v ");
    by.volume = "/host";
    SAME(listed(f, &by), "h ");
    by.volume = "/etc";
    SAME(listed(f, &by), "");
    by.volume = "no-such-volume";
    SAME(listed(f, &by), "");
}

static void lists_by_exit_code(struct contract *f)
{
    const char *three = contract_start(f, "exit 3");
    const char *zero = contract_start(f, "exit 0");
    const char *never = contract_create(f, "exit 0");
    gantry_container_list_options by = { .size = sizeof by, .exit_codes = COMMAND("3") };
    gantry_container_list *list = NULL;

    contract_wait_exit(f, three);
    contract_wait_exit(f, zero);
    by.names = COMMAND(three, zero, never);
    OK(gantry_containers_list(f->containers, &by, &list, &f->err));
    CHECK(list->count == 1);
    SAME(list->items[0]->name, three);
    gantry_container_list_free(list);
    by.exit_codes = COMMAND("0", "3");
    OK(gantry_containers_list(f->containers, &by, &list, &f->err));
    CHECK(list->count == 2);
    gantry_container_list_free(list);
    by.exit_codes = COMMAND("256");
    FAILS(gantry_containers_list(f->containers, &by, &list, &f->err), GANTRY_E_INVALID);
    by.exit_codes = COMMAND("one");
    FAILS(gantry_containers_list(f->containers, &by, &list, &f->err), GANTRY_E_INVALID);
}

static void sizes_are_told_when_asked_for(struct contract *f)
{
    const char *name = contract_create(f, "head -c 100000 /dev/zero >/zeroes; exit 0");
    gantry_container_list_options by = { .size = sizeof by,
                                         .names = COMMAND(name),
                                         .all = GANTRY_ON };
    gantry_container_inspect_options inspect_opts = { .size = sizeof inspect_opts };
    gantry_container_list *list = NULL;
    gantry_container *info = NULL;

    OK(gantry_containers_start(f->containers, name, NULL, &f->err));
    contract_wait_exit(f, name);
    OK(gantry_containers_list(f->containers, &by, &list, &f->err));
    CHECK(list->items[0]->size_rw_bytes == -1 && list->items[0]->size_root_bytes == -1);
    gantry_container_list_free(list);
    by.sizes = GANTRY_ON;
    OK(gantry_containers_list(f->containers, &by, &list, &f->err));
    CHECK(list->items[0]->size_rw_bytes >= 100000);
    CHECK(list->items[0]->size_root_bytes > list->items[0]->size_rw_bytes);
    gantry_container_list_free(list);
    OK(gantry_containers_inspect(f->containers, name, &inspect_opts, &info, &f->err));
    CHECK(info->size_rw_bytes == -1 && info->size_root_bytes == -1);
    gantry_container_free(info);
    inspect_opts.sizes = GANTRY_ON;
    OK(gantry_containers_inspect(f->containers, name, &inspect_opts, &info, &f->err));
    CHECK(info->size_rw_bytes >= 100000);
    CHECK(info->size_root_bytes > info->size_rw_bytes);
    gantry_container_free(info);
}

static void lists_by_pod(struct contract *f)
{
    const char *name = labelled(f, "podless", "a");
    gantry_container_list_options by = {
        .size = sizeof by, .all = GANTRY_ON, .names = COMMAND(name), .pod = contract_name(f, "pod")
    };
    gantry_container_list *list = NULL;

    OK(gantry_containers_list(f->containers, &by, &list, &f->err));
    CHECK(list->count == 0);
    gantry_container_list_free(list);
}

/* ---- checkpoints, mounts --------------------------------------------------------------------- */

/* No engine here has CRIU: the answer is honest, and nothing happened. */
static void checkpoint_needs_criu(struct contract *f)
{
    gantry_checkpoint_options named = { .size = sizeof named, .name = "one" };
    gantry_checkpoint_options kept = { .size = sizeof kept, .keep = GANTRY_ON };
    gantry_checkpoint_options wrong = { .size = sizeof wrong, .file_locks = GANTRY_ON };
    const char *name = contract_start(f, IDLE);

    FAILS(gantry_containers_checkpoint(f->containers, name, NULL, &f->err), GANTRY_E_UNSUPPORTED);
    CHECK(contract_state(f, name) == GANTRY_CONTAINER_RUNNING);
    FAILS(gantry_containers_checkpoint(f->containers, name,
                                       (f->on & ON_DOCKER) != 0 ? &kept : &named, &f->err),
          GANTRY_E_UNSUPPORTED);
    CONTAINS(f->err.message, (f->on & ON_DOCKER) != 0 ? "keep" : "name");
    FAILS(gantry_containers_restore(f->containers, name, &wrong, &f->err), GANTRY_E_INVALID);
    OK(gantry_containers_stop(f->containers, name, NULL, &f->err));
    FAILS(gantry_containers_restore(f->containers, name, NULL, &f->err), GANTRY_E_UNSUPPORTED);
}

static void mount_shows_files_on_the_host(struct contract *f)
{
    const char *name = labelled(f, "mounted", "a");
    const char *root = getenv("GANTRY_TEST_HOST_ROOT");
    gantry_mount_point *point = NULL;
    char path[4096];
    struct stat st;

    OK(gantry_containers_mount(f->containers, name, NULL, &point, &f->err));
    CHECK(point->path[0] == '/');
    /* An engine with a root of its own: where that is seen from here. */
    snprintf(path, sizeof path, "%s%s/bin/busybox", root != NULL ? root : "", point->path);
    gantry_mount_point_free(point);
    CHECK(stat(path, &st) == 0 || contract_differs(f, DIFF_MOUNTS_OF_ITS_OWN));
    OK(gantry_containers_unmount(f->containers, name, NULL, &f->err));
    FAILS(gantry_containers_mount(f->containers, contract_name(f, "none"), NULL, &point, &f->err),
          GANTRY_E_NOT_FOUND);
    FAILS(gantry_containers_unmount(f->containers, contract_name(f, "none"), NULL, &f->err),
          GANTRY_E_NOT_FOUND);
}

const struct contract_test life_tests[] = {
    TEST_WITH(pause_freezes_and_unpause_goes_on, .on = ON_ENGINES),
    TEST_WITH(pause_of_nothing_is_not_found, .on = ON_ENGINES),
    TEST_WITH(rename_gives_another_name, .on = ON_ENGINES),
    TEST_WITH(update_changes_limits, .on = ON_ENGINES),
    TEST_WITH(update_of_what_does_not_run, .on = ON_ENGINES),
    TEST_WITH(update_changes_restart, .on = ON_ENGINES),
    TEST_WITH(update_refuses_what_it_cannot_change, .on = ON_ENGINES),
    TEST_WITH(update_of_cpus_in_another_form, .on = ON_ENGINES),
    TEST_WITH(update_wants_something_to_do, .on = ON_ENGINES),
    TEST_WITH(init_prepares_a_container, NEEDS(GANTRY_FEATURE_CONTAINERS_INIT)),
    TEST_WITH(prune_takes_what_is_meant, .on = ON_ENGINES),
    TEST_WITH(prune_leaves_what_runs, .on = ON_ENGINES),
    TEST_WITH(top_tells_processes, .on = ON_KNOWN),
    TEST_WITH(changes_tell_what_was_changed, .on = ON_ENGINES),
    TEST_WITH(resize_sets_the_terminal, .on = ON_ENGINES),
    TEST_WITH(health_is_checked_now, NEEDS(GANTRY_FEATURE_CONTAINERS_CHECK_HEALTH)),
    TEST_WITH(lists_by_health, .on = ON_ENGINES),
    TEST_WITH(port_looks_up_what_is_published, .on = ON_ENGINES),
    TEST_WITH(lists_by_id_and_time, .on = ON_ENGINES),
    TEST_WITH(lists_by_volume, .on = ON_ENGINES),
    TEST_WITH(lists_by_exit_code, .on = ON_ENGINES),
    TEST_WITH(sizes_are_told_when_asked_for, .on = ON_ENGINES),
    TEST_WITH(lists_by_pod, .on = ON_ENGINES),
    TEST_WITH(checkpoint_needs_criu, .on = ON_KNOWN),
    TEST_WITH(mount_shows_files_on_the_host, NEEDS(GANTRY_FEATURE_CONTAINERS_MOUNT)),
    { 0 },
};
