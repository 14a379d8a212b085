/*
 * Contract of containers: create, life, list, inspect. What needs their output is in run.c,
 * streams.c and exec.c.
 */
#include "contract.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

/* ---- create ---------------------------------------------------------------------------------- */

static void create_gives_an_id(struct contract *f)
{
    const char *name = contract_name(f, "created");
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = name,
                                      .command = COMMAND("sh", "-c", "exit 0") };
    gantry_created *created = NULL;
    gantry_container *info = NULL;

    OK(gantry_containers_create(f->containers, f->base, &opts, &created, &f->err));
    CHECK(contract_is_id(created->id));
    OK(gantry_containers_inspect(f->containers, created->id, NULL, &info, &f->err));
    SAME(info->id, created->id);
    SAME(info->name, name);
    CHECK(contract_is_id(info->image_id));
    CONTAINS(info->image, f->base);
    CHECK(info->state == GANTRY_CONTAINER_CREATED);
    CHECK(info->state_text[0] != '\0');
    CHECK(info->has_exit_code == 0);
    CHECK(info->started_ns == 0);
    CHECK(info->finished_ns == 0);
    CHECK(info->pid == 0);
    CHECK(info->created_ns > (int64_t)1600000000 * 1000000000);
    CHECK(info->json[0] == '{');
    gantry_container_free(info);
    gantry_created_free(created);
}

static void engine_makes_up_a_name(struct contract *f)
{
    gantry_created *created = NULL;
    gantry_container *info = NULL;

    OK(gantry_containers_create(f->containers, f->base, NULL, &created, &f->err));
    OK(gantry_containers_inspect(f->containers, created->id, NULL, &info, &f->err));
    CHECK(info->name[0] != '\0' && strchr(info->name, '/') == NULL);
    SAME(info->command[0], "sh"); /* the image's */
    gantry_container_free(info);
    OK(gantry_containers_remove(f->containers, created->id, NULL, &f->err));
    gantry_created_free(created);
}

static void options_show_in_inspect(struct contract *f)
{
    gantry_pair labels[] = { { "role", "contract" }, { "odd", "a=b \"c\" \\ \xc3\xa4" } };
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = contract_name(f, "options"),
                                      .command = COMMAND("-c", "echo \"$A\""),
                                      .entrypoint = COMMAND("/bin/sh", "-x"),
                                      .environment = COMMAND("A=1 2", "EMPTY=", "Q=\"\\"),
                                      .labels = labels,
                                      .label_count = 2,
                                      .working_directory = "/tmp",
                                      .user = "65534:65534",
                                      .hostname = "contract-host",
                                      .stop_timeout_ms = 3000,
                                      .tty = GANTRY_ON,
                                      .open_stdin = GANTRY_ON };
    gantry_container *info = NULL;

    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    OK(gantry_containers_inspect(f->containers, opts.name, NULL, &info, &f->err));
    SAME(info->command[0], "-c");
    SAME(info->command[1], "echo \"$A\"");
    CHECK(info->command[2] == NULL);
    SAME(info->entrypoint[0], "/bin/sh");
    SAME(info->entrypoint[1], "-x");
    CHECK(info->entrypoint[2] == NULL);
    CHECK(contract_in_list(info->environment, "A=1 2"));
    CHECK(contract_in_list(info->environment, "EMPTY="));
    CHECK(contract_in_list(info->environment, "Q=\"\\"));
    SAME(contract_pair(info->labels, info->label_count, "role"), "contract");
    SAME(contract_pair(info->labels, info->label_count, "odd"), "a=b \"c\" \\ \xc3\xa4");
    SAME(info->working_directory, "/tmp");
    SAME(info->user, "65534:65534");
    SAME(info->hostname, "contract-host");
    CHECK(info->tty == 1);
    CHECK(info->open_stdin == 1);
    CHECK(info->auto_remove == 0);
    gantry_container_free(info);
}

static const gantry_mount_info *mount_at(const gantry_container *info, const char *target)
{
    for (size_t i = 0; info->mounts[i] != NULL; i++) {
        if (strcmp(info->mounts[i]->target, target) == 0)
            return info->mounts[i];
    }
    return NULL;
}

static void mounts_show_in_inspect(struct contract *f)
{
    const char *volume = contract_name(f, "volume");
    gantry_mount mounts[] = {
        { .size = sizeof(gantry_mount),
          .type = GANTRY_MOUNT_VOLUME,
          .source = volume,
          .target = "/data",
          .read_only = GANTRY_ON },
        { .size = sizeof(gantry_mount),
          .type = GANTRY_MOUNT_BIND,
          .source = "/etc",
          .target = "/host",
          .read_only = GANTRY_ON },
        { .size = sizeof(gantry_mount), .type = GANTRY_MOUNT_VOLUME, .target = "/anonymous" },
    };
    const gantry_mount *const list[] = { &mounts[0], &mounts[1], &mounts[2], NULL };
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = contract_name(f, "mounts"),
                                      .mounts = list };
    gantry_container_remove_options all = { .size = sizeof all, .volumes = GANTRY_ON };
    gantry_container *info = NULL;
    gantry_volume *found = NULL;
    char anonymous[130];

    OK(gantry_volumes_create(f->volumes, volume, NULL, NULL, &f->err));
    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    OK(gantry_containers_inspect(f->containers, opts.name, NULL, &info, &f->err));
    CHECK(mount_at(info, "/data") != NULL);
    CHECK(mount_at(info, "/data")->type == GANTRY_MOUNT_VOLUME);
    SAME(mount_at(info, "/data")->volume, volume);
    CHECK(mount_at(info, "/data")->read_only == 1);
    CHECK(mount_at(info, "/host") != NULL);
    CHECK(mount_at(info, "/host")->type == GANTRY_MOUNT_BIND);
    SAME(mount_at(info, "/host")->source, "/etc");
    CHECK(mount_at(info, "/host")->read_only == 1);
    CHECK(mount_at(info, "/anonymous") != NULL);
    CHECK(mount_at(info, "/anonymous")->read_only == 0);
    snprintf(anonymous, sizeof anonymous, "%s", mount_at(info, "/anonymous")->volume);
    gantry_container_free(info);
    OK(gantry_volumes_inspect(f->volumes, anonymous, NULL, &found, &f->err));
    gantry_volume_free(found);
    found = NULL;
    OK(gantry_containers_remove(f->containers, opts.name, &all, &f->err));
    FAILS(gantry_volumes_inspect(f->volumes, anonymous, NULL, &found, &f->err), GANTRY_E_NOT_FOUND);
    OK(gantry_volumes_inspect(f->volumes, volume, NULL, &found, &f->err));
    gantry_volume_free(found);
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

static void limits_show_in_inspect(struct contract *f)
{
    gantry_resources limits = {
        .size = sizeof limits, .memory_bytes = 64 * 1024 * 1024, .nano_cpus = 500000000, .pids = 50
    };
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = contract_name(f, "limits"),
                                      .command = COMMAND("true"),
                                      .resources = &limits };
    gantry_container *info = NULL;

    if (contract_differs(f, DIFF_LIMITS_NEED_CGROUPS_2) && on_old_cgroups(f)) {
        FAILS(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err),
              GANTRY_E_UNSUPPORTED);
        CONTAINS(f->err.message, "resources");
        CHECK(!contract_exists(f, opts.name));
        return;
    }
    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    OK(gantry_containers_inspect(f->containers, opts.name, NULL, &info, &f->err));
    CHECK(info->memory_bytes == limits.memory_bytes);
    CHECK(info->nano_cpus == limits.nano_cpus);
    CHECK(info->pids_limit == limits.pids);
    gantry_container_free(info);
}

static void missing_image_is_not_found(struct contract *f)
{
    const char *image = contract_name(f, "no-image");
    gantry_container_options opts = { .size = sizeof opts, .name = contract_name(f, "never") };
    gantry_created *created = NULL;

    FAILS(gantry_containers_create(f->containers, image, &opts, &created, &f->err),
          GANTRY_E_NOT_FOUND);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_IMAGE);
    SAME(f->err.resource, image);
    SAME(f->err.operation, "containers.create");
    CHECK(f->err.outcome == GANTRY_OUTCOME_REFUSED);
    CHECK(created == NULL);
    CHECK(!contract_exists(f, opts.name));
}

static void taken_name_exists(struct contract *f)
{
    const char *name = contract_create(f, "true");
    gantry_container_options opts = { .size = sizeof opts, .name = name };

    FAILS(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err), GANTRY_E_EXISTS);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_CONTAINER);
    SAME(f->err.resource, name);
    CHECK(gantry_error_is(&f->err, GANTRY_E_CONFLICT));
}

static void image_environment_is_kept(struct contract *f)
{
    const char *image = contract_name(f, "env");
    gantry_image_import_options import = { .size = sizeof import,
                                           .changes = COMMAND("ENV KEPT=image", "ENV LAID=image",
                                                              "CMD [\"sh\"]") };
    gantry_source tar = contract_base_tar(f);
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = contract_name(f, "env"),
                                      .environment = COMMAND("LAID=over") };
    gantry_container *info = NULL;

    OK(gantry_images_import(f->images, image, &tar, &import, NULL, &f->err));
    contract_base_tar_close(&tar);
    OK(gantry_containers_create(f->containers, image, &opts, NULL, &f->err));
    OK(gantry_containers_inspect(f->containers, opts.name, NULL, &info, &f->err));
    CHECK(contract_in_list(info->environment, "KEPT=image"));
    CHECK(contract_in_list(info->environment, "LAID=over"));
    CHECK(!contract_in_list(info->environment, "LAID=image"));
    gantry_container_free(info);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void start_and_stop_are_idempotent(struct contract *f)
{
    const char *name = contract_create(f, IDLE);
    gantry_container *info = NULL;

    OK(gantry_containers_stop(f->containers, name, NULL, &f->err)); /* never started */
    CHECK(contract_state(f, name) == GANTRY_CONTAINER_CREATED);
    OK(gantry_containers_start(f->containers, name, NULL, &f->err));
    OK(gantry_containers_start(f->containers, name, NULL, &f->err));
    OK(gantry_containers_inspect(f->containers, name, NULL, &info, &f->err));
    CHECK(info->state == GANTRY_CONTAINER_RUNNING);
    SAME(info->state_text, "running");
    CHECK(info->has_exit_code == 0);
    CHECK(info->started_ns >= info->created_ns);
    CHECK(!contract_has_processes(f) || info->pid > 0);
    gantry_container_free(info);
    OK(gantry_containers_stop(f->containers, name, NULL, &f->err));
    OK(gantry_containers_stop(f->containers, name, NULL, &f->err));
    OK(gantry_containers_inspect(f->containers, name, NULL, &info, &f->err));
    CHECK(info->state == GANTRY_CONTAINER_EXITED);
    CHECK(info->has_exit_code == 1);
    CHECK(info->finished_ns >= info->started_ns);
    CHECK(info->pid == 0);
    gantry_container_free(info);
    OK(gantry_containers_start(f->containers, name, NULL, &f->err));
    CHECK(contract_state(f, name) == GANTRY_CONTAINER_RUNNING);
}

static void stop_asks_then_kills(struct contract *f)
{
    gantry_container_stop_options short_grace = { .size = sizeof short_grace, .grace_ms = 1000 };
    gantry_container_stop_options at_once = { .size = sizeof at_once,
                                              .grace_ms = GANTRY_GRACE_NONE };
    const char *polite = contract_start(f, "trap 'exit 5' TERM; echo; while :; do sleep 1; done");
    const char *stubborn = contract_start(f, "trap '' TERM; while :; do sleep 1; done");
    const char *killed = contract_start(f, IDLE);
    int64_t start;

    /* the trap is set once something was printed */
    for (;;) {
        gantry_output *output = NULL;
        size_t size;

        OK(gantry_containers_logs(f->containers, polite, NULL, &output, &f->err));
        size = output->stdout_size;
        gantry_output_free(output);
        if (size > 0)
            break;
    }
    OK(gantry_containers_stop(f->containers, polite, NULL, &f->err));
    CHECK(contract_wait_exit(f, polite) == 5);
    start = gantry_clock_ns();
    OK(gantry_containers_stop(f->containers, stubborn, &short_grace, &f->err));
    CHECK(gantry_clock_ns() - start >= (int64_t)900 * 1000000);
    CHECK(contract_wait_exit(f, stubborn) == 137);
    OK(gantry_containers_stop(f->containers, killed, &at_once, &f->err));
    CHECK(contract_wait_exit(f, killed) == 137);
}

static int is_exited(struct contract *f, const void *name)
{
    return contract_state(f, name) == GANTRY_CONTAINER_EXITED;
}

static void kill_needs_a_running_one(struct contract *f)
{
    gantry_container_kill_options term = { .size = sizeof term, .signal = "SIGKILL" };
    gantry_container *info = NULL;
    const char *name = contract_create(f, IDLE);

    FAILS(gantry_containers_kill(f->containers, name, NULL, &f->err), GANTRY_E_STATE);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_CONTAINER);
    OK(gantry_containers_start(f->containers, name, NULL, &f->err));
    OK(gantry_containers_kill(f->containers, name, NULL, &f->err));
    contract_until(f, is_exited, name);
    FAILS(gantry_containers_kill(f->containers, name, NULL, &f->err), GANTRY_E_STATE);
    OK(gantry_containers_start(f->containers, name, NULL, &f->err));
    OK(gantry_containers_kill(f->containers, name, &term, &f->err));
    contract_until(f, is_exited, name);
    OK(gantry_containers_start(f->containers, name, NULL, &f->err));
    term.signal = "9";
    OK(gantry_containers_kill(f->containers, name, &term, &f->err));
    contract_until(f, is_exited, name);
    OK(gantry_containers_inspect(f->containers, name, NULL, &info, &f->err));
    CHECK(info->has_exit_code && info->exit_code == 137);
    gantry_container_free(info);
}

static void restart_starts_anew(struct contract *f)
{
    gantry_container_stop_options at_once = { .size = sizeof at_once, .grace_ms = 1000 };
    const char *name = contract_start(f, IDLE);
    gantry_container *before = NULL, *after = NULL;

    OK(gantry_containers_inspect(f->containers, name, NULL, &before, &f->err));
    OK(gantry_containers_restart(f->containers, name, &at_once, &f->err));
    OK(gantry_containers_inspect(f->containers, name, NULL, &after, &f->err));
    CHECK(after->state == GANTRY_CONTAINER_RUNNING);
    CHECK(after->started_ns > before->started_ns);
    CHECK(!contract_has_processes(f) || after->pid != before->pid);
    gantry_container_free(before);
    gantry_container_free(after);
    OK(gantry_containers_stop(f->containers, name, &at_once, &f->err));
    OK(gantry_containers_restart(f->containers, name, &at_once, &f->err));
    CHECK(contract_state(f, name) == GANTRY_CONTAINER_RUNNING);
}

static void remove_minds_running_ones(struct contract *f)
{
    gantry_container_remove_options force = { .size = sizeof force, .force = GANTRY_ON };
    const char *name = contract_start(f, IDLE);
    gantry_container_options again = { .size = sizeof again, .name = name };

    FAILS(gantry_containers_remove(f->containers, name, NULL, &f->err), GANTRY_E_STATE);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_CONTAINER);
    CHECK(contract_state(f, name) == GANTRY_CONTAINER_RUNNING);
    OK(gantry_containers_remove(f->containers, name, &force, &f->err));
    CHECK(!contract_exists(f, name));
    OK(gantry_containers_create(f->containers, f->base, &again, NULL, &f->err)); /* name is free */
}

static void missing_container_is_not_found(struct contract *f)
{
    gantry_container_remove_options missing_ok = { .size = sizeof missing_ok,
                                                   .missing_ok = GANTRY_ON };
    const char *name = contract_name(f, "missing");
    gantry_container *info = NULL;

    FAILS(gantry_containers_inspect(f->containers, name, NULL, &info, &f->err), GANTRY_E_NOT_FOUND);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_CONTAINER);
    SAME(f->err.resource, name);
    SAME(f->err.operation, "containers.inspect");
    CHECK(f->err.retry == GANTRY_RETRY_NO);
    FAILS(gantry_containers_start(f->containers, name, NULL, &f->err), GANTRY_E_NOT_FOUND);
    FAILS(gantry_containers_stop(f->containers, name, NULL, &f->err), GANTRY_E_NOT_FOUND);
    FAILS(gantry_containers_restart(f->containers, name, NULL, &f->err), GANTRY_E_NOT_FOUND);
    FAILS(gantry_containers_kill(f->containers, name, NULL, &f->err), GANTRY_E_NOT_FOUND);
    FAILS(gantry_containers_remove(f->containers, name, NULL, &f->err), GANTRY_E_NOT_FOUND);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_CONTAINER);
    OK(gantry_containers_remove(f->containers, name, &missing_ok, &f->err));
}

static int is_gone(struct contract *f, const void *name)
{
    return !contract_exists(f, name);
}

static void auto_remove_removes(struct contract *f)
{
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = contract_name(f, "auto"),
                                      .command = SHELL(IDLE),
                                      .auto_remove = GANTRY_ON };
    gantry_container *info = NULL;

    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    OK(gantry_containers_inspect(f->containers, opts.name, NULL, &info, &f->err));
    CHECK(info->auto_remove == 1);
    gantry_container_free(info);
    OK(gantry_containers_start(f->containers, opts.name, NULL, &f->err));
    OK(gantry_containers_stop(f->containers, opts.name, NULL, &f->err));
    contract_until(f, is_gone, opts.name);
}

static void beginning_of_an_id_is_enough(struct contract *f)
{
    gantry_container_options opts = { .size = sizeof opts, .name = contract_name(f, "short") };
    gantry_created *created = NULL;
    gantry_container *info = NULL;
    char beginning[13];

    OK(gantry_containers_create(f->containers, f->base, &opts, &created, &f->err));
    snprintf(beginning, sizeof beginning, "%.12s", created->id);
    OK(gantry_containers_inspect(f->containers, beginning, NULL, &info, &f->err));
    SAME(info->id, created->id);
    gantry_container_free(info);
    gantry_created_free(created);
}

/* ---- list ------------------------------------------------------------------------------------ */

/* How many are listed; checks that those named are among them. */
static size_t listed(struct contract *f, const gantry_container_list_options *opts,
                     const char *first, const char *second)
{
    gantry_container_list *list = NULL;
    int seen_first = 0, seen_second = 0;
    size_t count;

    OK(gantry_containers_list(f->containers, opts, &list, &f->err));
    CHECK(list->items[list->count] == NULL);
    for (size_t i = 0; i < list->count; i++) {
        const gantry_container *item = list->items[i];

        CHECK(contract_is_id(item->id));
        CHECK(contract_is_id(item->image_id));
        CHECK(strchr(item->name, '/') == NULL);
        CHECK(item->state != GANTRY_CONTAINER_UNKNOWN);
        CHECK(item->created_ns > 0);
        CHECK(item->json == NULL);
        seen_first += first != NULL && strcmp(item->name, first) == 0;
        seen_second += second != NULL && strcmp(item->name, second) == 0;
    }
    count = list->count;
    gantry_container_list_free(list);
    CHECK(seen_first == (first != NULL));
    CHECK(seen_second == (second != NULL));
    return count;
}

static void list_filters(struct contract *f)
{
    const char *name = contract_name(f, "listed");
    char longer[140];
    gantry_pair label = { "contract-of", longer };
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = longer,
                                      .command = SHELL(IDLE),
                                      .labels = &label,
                                      .label_count = 1 };
    gantry_container_list_options all = { .size = sizeof all, .all = GANTRY_ON };
    gantry_container_list_options running = { .size = sizeof running };
    gantry_container_list_options some = all;

    snprintf(longer, sizeof longer, "%s-more", name);
    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    opts.name = name;
    opts.label_count = 0;
    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    OK(gantry_containers_start(f->containers, name, NULL, &f->err));
    CHECK(listed(f, &all, name, longer) >= 2);
    CHECK(listed(f, &running, name, NULL) >= 1);
    some.names = COMMAND(name);
    CHECK(listed(f, &some, name, NULL) == 1); /* whole names, not parts */
    some.names = COMMAND(name, longer);
    CHECK(listed(f, &some, name, longer) == 2);
    some.state = GANTRY_CONTAINER_CREATED;
    CHECK(listed(f, &some, longer, NULL) == 1);
    some.state = GANTRY_CONTAINER_RUNNING;
    CHECK(listed(f, &some, name, NULL) == 1);
    some.state = 0;
    some.all = 0;
    CHECK(listed(f, &some, name, NULL) == 1);
    some = all;
    some.labels = COMMAND("contract-of");
    CHECK(listed(f, &some, longer, NULL) >= 1);
    char pair[200];
    snprintf(pair, sizeof pair, "contract-of=%s", longer);
    some.labels = COMMAND("contract-of", pair);
    CHECK(listed(f, &some, longer, NULL) == 1);
    some.labels = COMMAND("contract-of=other");
    CHECK(listed(f, &some, NULL, NULL) == 0);
    some = all;
    some.image = f->base;
    CHECK(listed(f, &some, name, longer) == 2);
    some.limit = 1;
    CHECK(listed(f, &some, NULL, NULL) == 1);
}

static void list_by_network(struct contract *f)
{
    const char *network = contract_name(f, "net");
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = contract_name(f, "member"),
                                      .network = network };
    gantry_container_list_options some = { .size = sizeof some,
                                           .all = GANTRY_ON,
                                           .network = network };

    OK(gantry_networks_create(f->networks, network, NULL, NULL, &f->err));
    contract_create(f, "true");
    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    CHECK(listed(f, &some, opts.name, NULL) == 1);
}

static void list_shows_what_inspect_shows(struct contract *f)
{
    gantry_pair label = { "role", "listed" };
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = contract_name(f, "both"),
                                      .command = SHELL(IDLE),
                                      .labels = &label,
                                      .label_count = 1 };
    gantry_container_list_options some = { .size = sizeof some,
                                           .all = GANTRY_ON,
                                           .names = COMMAND(opts.name) };
    gantry_container_list *list = NULL;
    gantry_container *info = NULL;

    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    OK(gantry_containers_start(f->containers, opts.name, NULL, &f->err));
    OK(gantry_containers_list(f->containers, &some, &list, &f->err));
    OK(gantry_containers_inspect(f->containers, opts.name, NULL, &info, &f->err));
    CHECK(list->count == 1);
    SAME(list->items[0]->id, info->id);
    SAME(list->items[0]->image_id, info->image_id);
    CHECK(list->items[0]->state == info->state);
    /* lists tell whole seconds on some engines */
    CHECK(list->items[0]->created_ns / 1000000000 == info->created_ns / 1000000000);
    SAME(contract_pair(list->items[0]->labels, list->items[0]->label_count, "role"), "listed");
    CHECK(list->items[0]->command[0] != NULL);
    gantry_container_free(info);
    gantry_container_list_free(list);
}

/* ---- what processes see ---------------------------------------------------------------------- */

static void run_with_mount(struct contract *f, const gantry_mount *mount, const char *script,
                           const char *want)
{
    const gantry_mount *const mounts[] = { mount, NULL };
    gantry_container_options container = { .size = sizeof container,
                                           .name = contract_name(f, "mounted"),
                                           .mounts = mounts };
    gantry_run_options opts = {
        .size = sizeof opts, .container = &container, .command = SHELL(script), .remove = GANTRY_ON
    };
    gantry_run_result *run = NULL;

    OK(contract_run(f, f->base, &opts, &run, &f->err));
    SAME(run->stdout_data, want);
    gantry_run_result_free(run);
}

static void tmpfs_is_mounted(struct contract *f)
{
    gantry_mount mount = { .size = sizeof mount,
                           .type = GANTRY_MOUNT_TMPFS,
                           .target = "/scratch",
                           .tmpfs_size_bytes = 1024 * 1024 };

    run_with_mount(f, &mount,
                   "awk '$2 == \"/scratch\" { print $3 }' /proc/mounts; "
                   "dd if=/dev/zero of=/scratch/big bs=1k count=2000 2>/dev/null; echo $?",
                   "tmpfs\n1\n");
}

static void bind_mount_is_read_only(struct contract *f)
{
    char directory[] = "/tmp/contract-bind-XXXXXX";
    char path[64];
    gantry_mount mount = {
        .size = sizeof mount, .type = GANTRY_MOUNT_BIND, .target = "/host", .read_only = GANTRY_ON
    };
    FILE *file;

    assert_non_null(mkdtemp(directory));
    assert_int_equal(chmod(directory, 0755), 0);
    snprintf(path, sizeof path, "%s/file", directory);
    file = fopen(path, "we");
    assert_non_null(file);
    fputs("from the host\n", file);
    assert_int_equal(fclose(file), 0);
    mount.source = directory;
    run_with_mount(f, &mount, "cat /host/file; touch /host/new 2>/dev/null || echo read-only",
                   "from the host\nread-only\n");
    unlink(path);
    rmdir(directory);
}

static void memory_limit_is_seen_by_processes(struct contract *f)
{
    gantry_resources limits = { .size = sizeof limits, .memory_bytes = 64 * 1024 * 1024 };
    gantry_container_options container = { .size = sizeof container,
                                           .name = contract_name(f, "limited"),
                                           .resources = &limits };
    gantry_run_options opts = {
        .size = sizeof opts,
        .container = &container,
        .command = SHELL("cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || "
                         "cat /sys/fs/cgroup/memory.max"),
        .remove = GANTRY_ON
    };
    gantry_run_result *run = NULL;

    OK(contract_run(f, f->base, &opts, &run, &f->err));
    SAME(run->stdout_data, "67108864\n");
    gantry_run_result_free(run);
}

/* What the server on a local port answers; "" when nobody listens yet. */
static void ask_port(int port, char *answer, size_t size)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    struct timeval limit = { .tv_sec = 3 };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    size_t done = 0;
    ssize_t n = 0;

    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
        send(fd, "GET /page HTTP/1.0\r\n\r\n", 22, MSG_NOSIGNAL) == 22) {
        while (done < size - 1 && (n = read(fd, answer + done, size - 1 - done)) > 0)
            done += (size_t)n;
    }
    answer[done] = '\0';
    close(fd);
}

static int page_is_served(struct contract *f, const void *port)
{
    char answer[4096];

    (void)f;
    ask_port(*(const int *)port, answer, sizeof answer);
    return strstr(answer, "published page") != NULL;
}

static void published_port_answers(struct contract *f)
{
    gantry_port port = { .size = sizeof port, .container_port = 80, .host_address = "127.0.0.1" };
    const gantry_port *const ports[] = { &port, NULL };
    gantry_container_options opts = {
        .size = sizeof opts,
        .name = contract_name(f, "web"),
        .command = SHELL("mkdir -p /www; echo published page > /www/page; exec httpd -f -p 80 -h "
                         "/www"),
        .ports = ports
    };
    gantry_container_list_options some = { .size = sizeof some, .names = COMMAND(opts.name) };
    gantry_container_list *list = NULL;
    gantry_container *info = NULL;
    int host_port;

    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    OK(gantry_containers_start(f->containers, opts.name, NULL, &f->err));
    OK(gantry_containers_inspect(f->containers, opts.name, NULL, &info, &f->err));
    CHECK(info->ports[0] != NULL && info->ports[1] == NULL);
    CHECK(info->ports[0]->container_port == 80);
    SAME(info->ports[0]->protocol, "tcp");
    SAME(info->ports[0]->host_address, "127.0.0.1");
    host_port = info->ports[0]->host_port;
    CHECK(host_port > 0);
    gantry_container_free(info);
    OK(gantry_containers_list(f->containers, &some, &list, &f->err));
    CHECK(list->count == 1);
    CHECK(list->items[0]->ports[0] != NULL);
    CHECK(list->items[0]->ports[0]->host_port == host_port);
    gantry_container_list_free(list);
    if (contract_has_processes(f))
        contract_until(f, page_is_served, &host_port);
}

static void ports_are_of_what_runs(struct contract *f)
{
    gantry_port port = { .size = sizeof port, .container_port = 80, .host_address = "127.0.0.1" };
    const gantry_port *const ports[] = { &port, NULL };
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = contract_name(f, "port"),
                                      .command = SHELL(IDLE),
                                      .ports = ports };
    gantry_container *info = NULL;
    int seen[3];

    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    for (int i = 0; i < 3; i++) {
        if (i == 1)
            OK(gantry_containers_start(f->containers, opts.name, NULL, &f->err));
        if (i == 2)
            OK(gantry_containers_kill(f->containers, opts.name, NULL, &f->err));
        if (i == 2)
            contract_wait_exit(f, opts.name);
        OK(gantry_containers_inspect(f->containers, opts.name, NULL, &info, &f->err));
        seen[i] = info->ports[0] != NULL ? info->ports[0]->host_port : 0;
        gantry_container_free(info);
    }
    CHECK(seen[0] == 0 && seen[1] > 0 && seen[2] == 0);
}

static void image_is_told_with_its_tag(struct contract *f)
{
    const char *name = contract_create(f, IDLE);
    gantry_container_list_options some = { .size = sizeof some,
                                           .names = COMMAND(name),
                                           .all = GANTRY_ON };
    gantry_container_list *list = NULL;
    gantry_container *info = NULL;
    char want[160];

    snprintf(want, sizeof want, "%s:latest", f->base);
    OK(gantry_containers_inspect(f->containers, name, NULL, &info, &f->err));
    SAME(info->image, want);
    gantry_container_free(info);
    OK(gantry_containers_list(f->containers, &some, &list, &f->err));
    SAME(list->items[0]->image, want);
    gantry_container_list_free(list);
}

static void program_that_is_not_there(struct contract *f)
{
    static const char *const programs[] = { "/no/such/program", "nosuchprogram", "/etc/passwd" };

    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        gantry_container_options opts = { .size = sizeof opts,
                                          .name = contract_name(f, "nocommand"),
                                          .command = COMMAND(programs[i]) };

        OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
        FAILS(gantry_containers_start(f->containers, opts.name, NULL, &f->err), GANTRY_E_COMMAND);
        CHECK(gantry_error_is(&f->err, GANTRY_E_ENGINE));
        CHECK(f->err.resource_kind == GANTRY_RESOURCE_CONTAINER);
        SAME(f->err.resource, opts.name);
        CONTAINS(f->err.message, programs[i]);
        CHECK(f->err.outcome == GANTRY_OUTCOME_REFUSED);
    }
}

static void bind_source_must_be_there(struct contract *f)
{
    gantry_mount mount = { .size = sizeof mount,
                           .type = GANTRY_MOUNT_BIND,
                           .source = "/nonexistent/contract-source",
                           .target = "/m" };
    const gantry_mount *const mounts[] = { &mount, NULL };
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = contract_name(f, "nosource"),
                                      .mounts = mounts };

    FAILS(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err), GANTRY_E_INVALID);
    CONTAINS(f->err.message, "/nonexistent/contract-source");
    CHECK(f->err.outcome == GANTRY_OUTCOME_REFUSED);
    CHECK(!contract_exists(f, opts.name));
}

/* After SIGKILL only some engines can say whether it was the kernel's. */
static void lack_of_memory_is_not_made_up(struct contract *f)
{
    const char *name = contract_start(f, IDLE);
    gantry_container *info = NULL;

    OK(gantry_containers_kill(f->containers, name, NULL, &f->err));
    CHECK(contract_wait_exit(f, name) == 137);
    OK(gantry_containers_inspect(f->containers, name, NULL, &info, &f->err));
    CHECK(info->oom_killed == (contract_differs(f, DIFF_OOM_IS_NOT_KNOWN) ? -1 : 0));
    gantry_container_free(info);
}

static void extra_json_is_merged(struct contract *f)
{
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = contract_name(f, "extra"),
                                      .extra_json =
                                          f->on == ON_DOCKER
                                              ? "{\"HostConfig\":{\"ReadonlyRootfs\":true}}"
                                              : "{\"read_only_filesystem\":true}" };
    gantry_run_options run_opts = { .size = sizeof run_opts,
                                    .container = &opts,
                                    .command = SHELL("touch /new 2>/dev/null || echo read-only"),
                                    .remove = GANTRY_ON };
    gantry_run_result *run = NULL;

    OK(contract_run(f, f->base, &run_opts, &run, &f->err));
    SAME(run->stdout_data, "read-only\n");
    gantry_run_result_free(run);
    opts.extra_json = "[1]";
    FAILS(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err), GANTRY_E_INVALID);
    opts.extra_json = "{\"a\":";
    FAILS(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err), GANTRY_E_INVALID);
}

const struct contract_test containers_tests[] = {
    TEST(create_gives_an_id),
    TEST(engine_makes_up_a_name),
    TEST(options_show_in_inspect),
    TEST(mounts_show_in_inspect),
    TEST(limits_show_in_inspect),
    TEST(missing_image_is_not_found),
    TEST(taken_name_exists),
    TEST(image_environment_is_kept),
    TEST(start_and_stop_are_idempotent),
    TEST_WITH(stop_asks_then_kills, PROCESSES),
    TEST(kill_needs_a_running_one),
    TEST(restart_starts_anew),
    TEST(remove_minds_running_ones),
    TEST(missing_container_is_not_found),
    TEST(auto_remove_removes),
    TEST(beginning_of_an_id_is_enough),
    TEST(list_filters),
    TEST(list_by_network),
    TEST(list_shows_what_inspect_shows),
    TEST_WITH(tmpfs_is_mounted, PROCESSES),
    TEST_WITH(bind_mount_is_read_only, PROCESSES),
    TEST_WITH(memory_limit_is_seen_by_processes, PROCESSES, .on = ON_DOCKER | ON_PODMAN),
    TEST(published_port_answers),
    TEST_WITH(extra_json_is_merged, PROCESSES, .on = ON_KNOWN),
    TEST_WITH(ports_are_of_what_runs, PROCESSES),
    TEST_WITH(image_is_told_with_its_tag, .on = ON_ENGINES),
    TEST_WITH(program_that_is_not_there, PROCESSES),
    TEST_WITH(bind_source_must_be_there, PROCESSES),
    TEST_WITH(lack_of_memory_is_not_made_up, PROCESSES),
    { 0 },
};
