/*
 * Contract of what a container is to be, the options that Podman alone has, and what its inspection
 * gives back of all of them.
 */
#include "contract.h"

#include <sys/stat.h>
#include <unistd.h>

/* ---- helpers --------------------------------------------------------------------------------- */

struct facts {
    gantry_container_options container;
    gantry_run_options opts;
};

static void prepare(struct contract *f, struct facts *facts, const char *script)
{
    static const char *command[] = { "sh", "-c", NULL, NULL };

    command[2] = script;
    memset(facts, 0, sizeof *facts);
    facts->container.size = sizeof facts->container;
    facts->container.name = contract_name(f, "spec");
    facts->opts.size = sizeof facts->opts;
    facts->opts.container = &facts->container;
    facts->opts.command = command;
    facts->opts.remove = GANTRY_ON;
}

static void run_prints(struct contract *f, struct facts *facts, const char *want)
{
    gantry_run_result *run = NULL;

    OK(contract_run(f, f->base, &facts->opts, &run, &f->err));
    SAME(run->stderr_data, "");
    SAME(run->stdout_data, want);
    CHECK(run->exit_code == 0);
    gantry_run_result_free(run);
}

/* Does not run, for this reason, and leaves nothing behind. */
static void run_fails(struct contract *f, struct facts *facts, int code, const char *says)
{
    gantry_error failure;

    FAILS(gantry_containers_run(f->containers, f->base, &facts->opts, NULL, &f->err), code);
    CONTAINS(f->err.message, says);
    failure = f->err;
    CHECK(!contract_exists(f, facts->container.name));
    f->err = failure;
}

/* A request that the library has no function for; its answer is dropped. */
static void ask(struct contract *f, const char *method, const char *const *path,
                const gantry_pair *query, size_t query_count, const char *type, const char *body)
{
    gantry_memory memory = { .size = sizeof memory,
                             .data = body,
                             .length = body != NULL ? strlen(body) : 0 };
    gantry_source source = { .size = sizeof source };
    gantry_request request = { .size = sizeof request,
                               .method = method,
                               .path = path,
                               .query = query,
                               .query_count = query_count,
                               .content_type = type };
    gantry_response *response = NULL;
    gantry_output *output = NULL;

    if (body != NULL) {
        gantry_source_memory(&source, &memory);
        request.body = &source;
    }
    OK(gantry_engine_request(f->engine, &request, &response, &f->err));
    OK(gantry_stream_capture(response->body, 0, &output, &f->err));
    gantry_output_free(output);
    gantry_response_free(response);
}

/* ---- secrets, pods --------------------------------------------------------------------------- */

static void secrets_are_files_and_variables(struct contract *f)
{
    const char *name = contract_name(f, "secret");
    const gantry_pair query[] = { { "name", name } };
    const gantry_secret_mount file = { .size = sizeof file, .secret = name };
    const gantry_secret_mount placed = {
        .size = sizeof placed, .secret = name, .target = "placed", .uid = 7, .gid = 8, .mode = 0440
    };
    const gantry_secret_mount variable = { .size = sizeof variable,
                                           .secret = name,
                                           .environment = "PASSPHRASE" };
    const gantry_secret_mount *const once[] = { &placed, &variable, NULL };
    gantry_secret_mount missing = { .size = sizeof missing,
                                    .secret = contract_name(f, "nosecret") };
    const gantry_secret_mount *secrets[] = { &file, NULL, NULL };
    char script[256];
    struct facts facts;

    ask(f, "POST", COMMAND("secrets", "create"), query, 1, "application/octet-stream", "hush");
    prepare(f, &facts,
            "cat /run/secrets/placed; stat -c ' %a %u %g' /run/secrets/placed; "
            "echo $PASSPHRASE");
    facts.container.secrets = once;
    run_prints(f, &facts, "hush 440 7 8\nhush\n");
    snprintf(script, sizeof script, "stat -c '%%a %%u %%g' /run/secrets/%s", name);
    facts.opts.command = COMMAND("sh", "-c", script);
    facts.container.secrets = secrets;
    run_prints(f, &facts, "444 0 0\n");
    secrets[1] = &placed; /* there is one file of each secret only */
    run_fails(f, &facts, GANTRY_E_UNSUPPORTED, name);
    secrets[1] = &missing;
    run_fails(f, &facts, GANTRY_E_NOT_FOUND, missing.secret);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_SECRET);
    SAME(f->err.resource, missing.secret);
    ask(f, "DELETE", COMMAND("secrets", name), NULL, 0, NULL, NULL);
}

static void container_is_in_its_pod(struct contract *f)
{
    const char *pod = contract_name(f, "pod");
    const gantry_pair force[] = { { "force", "true" } };
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = contract_name(f, "inside"),
                                      .pod = pod };
    gantry_container_list_options all = { .size = sizeof all, .all = GANTRY_ON };
    gantry_container_list *list = NULL;
    gantry_container *info = NULL;
    char body[200];

    /* Without an infra container, whose image would have to be built. */
    snprintf(body, sizeof body, "{\"name\":\"%s\",\"no_infra\":true}", pod);
    ask(f, "POST", COMMAND("pods", "create"), NULL, 0, "application/json", body);
    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    OK(gantry_containers_inspect(f->containers, opts.name, NULL, &info, &f->err));
    CHECK(contract_is_id(info->pod));
    all.names = COMMAND(opts.name);
    OK(gantry_containers_list(f->containers, &all, &list, &f->err));
    CHECK(list->count == 1);
    SAME(list->items[0]->pod, info->pod);
    gantry_container_list_free(list);
    gantry_container_free(info);
    ask(f, "DELETE", COMMAND("pods", pod), force, 1, NULL, NULL);
    FAILS(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err),
          GANTRY_E_NOT_FOUND);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_POD);
    SAME(f->err.resource, pod);
}

/* ---- ids, security --------------------------------------------------------------------------- */

static void ids_are_mapped(struct contract *f)
{
    gantry_security security = { .size = sizeof security };
    struct facts facts;

    prepare(f, &facts,
            "head -n 2 /proc/self/uid_map | tr -s ' '; head -n 1 /proc/self/gid_map | "
            "tr -s ' '");
    facts.container.security = &security;
    if (f->on == ON_PODMAN) {
        security.uid_maps = COMMAND("0:300000:1000");
        security.gid_maps = COMMAND("0:500000:2000");
        run_prints(f, &facts, " 0 300000 1000\n 0 500000 2000\n");
        security.uid_maps = security.gid_maps = NULL;
        security.user_namespace = "keep-id";
        if (contract_differs(f, DIFF_KEEP_ID_NEEDS_ROOTLESS))
            run_fails(f, &facts, GANTRY_E_UNSUPPORTED, "rootless");
        else
            run_prints(f, &facts, " 0 0 4294967295\n 0 0 4294967295\n");
    } else {
        security.uid_maps = COMMAND("0:1:1000");
        security.gid_maps = COMMAND("0:5:2000");
        facts.opts.command = COMMAND("sh", "-c", "tr -s ' ' </proc/self/uid_map; id -u");
        run_prints(f, &facts, " 0 1 1000\n0\n");
        security.uid_maps = security.gid_maps = NULL;
        security.user_namespace = "keep-id:uid=123,gid=124";
        facts.opts.command = COMMAND("sh", "-c", "id -u; id -g");
        run_prints(f, &facts, "123\n124\n");
    }
    security.user_namespace = "private";
    run_fails(f, &facts, GANTRY_E_INVALID, "uid_maps");
}

static void seccomp_profile_of_the_host(struct contract *f)
{
    static const char profile[] =
        "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"mkdir\",\"mkdirat\"],"
        "\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":38}]}";
    char path[] = "/tmp/contract-seccomp-XXXXXX";
    const gantry_security security = { .size = sizeof security, .seccomp_path = path };
    int fd = mkstemp(path);
    struct facts facts;

    CHECK(fd >= 0 && fchmod(fd, 0644) == 0);
    CHECK(write(fd, profile, sizeof profile - 1) == (ssize_t)sizeof profile - 1);
    CHECK(close(fd) == 0);
    prepare(f, &facts, "mkdir /new 2>&1 | sed 's/.*: //'");
    facts.container.security = &security;
    run_prints(f, &facts, "Function not implemented\n");
    unlink(path);
}

static void read_only_root_has_no_hidden_places(struct contract *f)
{
    const gantry_security security = { .size = sizeof security, .read_only_root = GANTRY_ON };
    struct facts facts;

    prepare(f, &facts,
            "for d in / /tmp /run /var/tmp; do mkdir -p $d/new 2>/dev/null && echo $d; "
            "done; echo done");
    facts.container.security = &security;
    run_prints(f, &facts, "done\n");
}

static void gpus_are_cdi_devices(struct contract *f)
{
    struct facts facts;

    prepare(f, &facts, "true");
    facts.container.gpus = "device=contract-none";
    run_fails(f, &facts, GANTRY_E_INVALID, "nvidia.com/gpu=contract-none");
}

/* ---- mounts ---------------------------------------------------------------------------------- */

static void files_of_an_image_are_mounted(struct contract *f)
{
    gantry_mount image = {
        .size = sizeof image, .type = GANTRY_MOUNT_IMAGE, .source = f->base, .target = "/image"
    };
    const gantry_mount *const mounts[] = { &image, NULL };
    gantry_container *info = NULL;
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = contract_name(f, "image"),
                                      .mounts = mounts };
    struct facts facts;

    prepare(f, &facts, "[ -x /image/bin/busybox ] && mkdir /image/new 2>/dev/null || echo kept");
    facts.container.mounts = mounts;
    run_prints(f, &facts, "kept\n");
    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    OK(gantry_containers_inspect(f->containers, opts.name, NULL, &info, &f->err));
    CHECK(info->mounts[0] != NULL && info->mounts[0]->type == GANTRY_MOUNT_IMAGE);
    CHECK(info->mounts[0]->read_only == 1);
    SAME(info->mounts[0]->target, "/image");
    gantry_container_free(info);
    image.read_only = GANTRY_OFF;
    prepare(f, &facts, "mkdir /image/new && echo written");
    facts.container.mounts = mounts;
    run_prints(f, &facts, "written\n");
    image.subpath = "bin";
    prepare(f, &facts, "[ -x /image/busybox ] && echo below");
    facts.container.mounts = mounts;
    if (contract_differs(f, DIFF_IMAGE_SUBPATH_NEEDS_PODMAN_51))
        run_fails(f, &facts, GANTRY_E_UNSUPPORTED, "subpath");
    else
        run_prints(f, &facts, "below\n");
}

static void content_is_given_to_the_user(struct contract *f)
{
    char directory[] = "/tmp/contract-chown-XXXXXX";
    const gantry_mount bind = { .size = sizeof bind,
                                .type = GANTRY_MOUNT_BIND,
                                .source = directory,
                                .target = "/mine",
                                .recursive = GANTRY_OFF,
                                .propagation = "rslave",
                                .chown = GANTRY_ON };
    const gantry_mount volume = { .size = sizeof volume,
                                  .type = GANTRY_MOUNT_VOLUME,
                                  .source = contract_name(f, "mine"),
                                  .target = "/volume",
                                  .chown = GANTRY_ON };
    /* A directory of the host's root cannot be given away by another user. */
    const gantry_mount *const mounts[] = { &volume, f->on == ON_PODMAN ? &bind : NULL, NULL };
    gantry_container *info = NULL;
    struct facts facts;

    assert_non_null(mkdtemp(directory));
    prepare(f, &facts,
            f->on == ON_PODMAN ? "stat -c '%u %g' /volume /mine" : "stat -c '%u %g' /volume");
    facts.container.mounts = mounts;
    facts.container.user = "123:124";
    run_prints(f, &facts, f->on == ON_PODMAN ? "123 124\n123 124\n" : "123 124\n");
    facts.container.command = facts.opts.command;
    OK(gantry_containers_create(f->containers, f->base, &facts.container, NULL, &f->err));
    OK(gantry_containers_inspect(f->containers, facts.container.name, NULL, &info, &f->err));
    if (f->on == ON_PODMAN)
        CONTAINS(info->json, "\"Propagation\":\"rslave\"");
    CONTAINS(info->json, "\"U\"");
    gantry_container_free(info);
    CHECK(rmdir(directory) == 0);
}

/* ---- logs ---------------------------------------------------------------------------------- */

static void log_options_have_an_effect(struct contract *f)
{
    gantry_pair option = { "max-size", "64k" };
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = contract_name(f, "log"),
                                      .log_driver = "json-file",
                                      .log_options = &option,
                                      .log_option_count = 1 };
    gantry_container *info = NULL;

    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    OK(gantry_containers_inspect(f->containers, opts.name, NULL, &info, &f->err));
    SAME(info->log_driver, "k8s-file");
    CHECK(info->log_path[0] == '/');
    CONTAINS(info->json, "65.54kB");
    gantry_container_free(info);
    option.key = "max-file";
    opts.name = contract_name(f, "log");
    FAILS(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err),
          GANTRY_E_UNSUPPORTED);
    CONTAINS(f->err.message, "max-file");
}

/* ---- what comes back ------------------------------------------------------------------------- */

static void all_comes_back(struct contract *f)
{
    const gantry_pair annotation = { "org.example.note", "mine" };
    const gantry_health health = { .size = sizeof health,
                                   .test = COMMAND("CMD-SHELL", "test -e /up"),
                                   .retries = 2,
                                   .on_unhealthy = GANTRY_UNHEALTHY_KILL };
    const gantry_security security = { .size = sizeof security,
                                       .capabilities_add = COMMAND("NET_ADMIN"),
                                       .capabilities_drop = COMMAND("CHOWN"),
                                       .read_only_root = GANTRY_ON };
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = contract_name(f, "back"),
                                      .entrypoint = COMMAND("/bin/sh", "-e"),
                                      .command = COMMAND("-c", "true"),
                                      .init = GANTRY_ON,
                                      .annotations = &annotation,
                                      .annotation_count = 1,
                                      .stop_signal = "usr2",
                                      .stop_timeout_ms = 7000,
                                      .restart = GANTRY_RESTART_ON_FAILURE,
                                      .restart_retries = 3,
                                      .health = &health,
                                      .security = &security,
                                      .network = "none",
                                      .pid_namespace = "host",
                                      .dns_servers = COMMAND("192.0.2.53"),
                                      .extra_hosts = COMMAND("db.test:192.0.2.7"),
                                      .shm_size_bytes = 1 << 20 };
    gantry_container *info = NULL;

    opts.init = GANTRY_DEFAULT; /* needs a process namespace of its own */
    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    OK(gantry_containers_inspect(f->containers, opts.name, NULL, &info, &f->err));
    CHECK(info->annotation_count == 1);
    SAME(contract_pair(info->annotations, info->annotation_count, "org.example.note"), "mine");
    SAME(info->stop_signal, "SIGUSR2");
    CHECK(info->stop_timeout_ms == 7000);
    CHECK(info->restart == GANTRY_RESTART_ON_FAILURE && info->restart_retries == 3);
    SAME(info->health_test[0], "CMD-SHELL");
    SAME(info->health_test[1], "test -e /up");
    CHECK(info->health == GANTRY_HEALTH_NONE || info->health == GANTRY_HEALTH_STARTING);
    CONTAINS(info->json, "30000000000"); /* the interval that every engine has */
    SAME(info->capabilities_add[0], "CAP_NET_ADMIN");
    CHECK(info->capabilities_add[1] == NULL);
    SAME(info->capabilities_drop[0], "CAP_CHOWN");
    CHECK(info->capabilities_drop[1] == NULL);
    CHECK(info->read_only_root == 1 && info->privileged == 0 && info->init == 0);
    SAME(info->network_mode, "none");
    SAME(info->pid_namespace, "host");
    SAME(info->ipc_namespace, "");
    SAME(info->dns_servers[0], "192.0.2.53");
    SAME(info->extra_hosts[0], "db.test:192.0.2.7");
    CHECK(info->shm_size_bytes == 1 << 20);
    SAME(info->runtime, "runc");
    CHECK(info->size_rw_bytes == -1);
    gantry_container_free(info);
}

/* What a health check leaves open is that of the image, then what every engine has. */
static void health_is_completed_by_the_image(struct contract *f)
{
    const char *image = contract_name(f, "healthy");
    char dockerfile[200];
    gantry_build_options build = { .size = sizeof build, .dockerfile = dockerfile };
    const gantry_health health = { .size = sizeof health, .interval_ms = 3500 };
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = contract_name(f, "inherits"),
                                      .health = &health };
    gantry_container *info = NULL;

    snprintf(dockerfile, sizeof dockerfile,
             "FROM %s\nHEALTHCHECK --interval=7s --retries=5 CMD test -e /up\n", f->base);
    OK(contract_build(f, image, &build, NULL));
    OK(gantry_containers_create(f->containers, image, &opts, NULL, &f->err));
    OK(gantry_containers_inspect(f->containers, opts.name, NULL, &info, &f->err));
    SAME(info->health_test[0], "CMD-SHELL");
    SAME(info->health_test[1], "test -e /up");
    CONTAINS(info->json, "\"Interval\":3500000000,\"Timeout\":30000000000,\"Retries\":5");
    gantry_container_free(info);
    opts.name = contract_name(f, "nothing");
    FAILS(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err), GANTRY_E_INVALID);
    CONTAINS(f->err.message, "health");
    CHECK(!contract_exists(f, opts.name));
}

static void init_is_not_of_the_entrypoint(struct contract *f)
{
    const gantry_health none = { .size = sizeof none, .test = COMMAND("NONE") };
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = contract_name(f, "init"),
                                      .entrypoint = COMMAND("/bin/sh", "-e"),
                                      .command = COMMAND("-c", "true"),
                                      .health = &none,
                                      .init = GANTRY_ON };
    gantry_container *info = NULL;

    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    OK(gantry_containers_inspect(f->containers, opts.name, NULL, &info, &f->err));
    CHECK(info->init == 1);
    SAME(info->entrypoint[0], "/bin/sh");
    SAME(info->entrypoint[1], "-e");
    CHECK(info->entrypoint[2] == NULL);
    SAME(info->command[0], "-c");
    CHECK(info->health_test[0] == NULL && info->health == GANTRY_HEALTH_NONE);
    SAME(info->health_text, "");
    CHECK(info->restart == GANTRY_RESTART_NO);
    gantry_container_free(info);
}

static void limits_come_back(struct contract *f)
{
    const gantry_resources limits = { .size = sizeof limits,
                                      .memory_bytes = 64 << 20,
                                      .memory_swap_bytes = GANTRY_UNLIMITED,
                                      .memory_reservation_bytes = 32 << 20,
                                      .nano_cpus = 5000000,
                                      .cpu_shares = 512,
                                      .cpuset_cpus = "0",
                                      .pids = GANTRY_UNLIMITED };
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = contract_name(f, "limits"),
                                      .resources = &limits };
    gantry_container *info = NULL;

    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    OK(gantry_containers_inspect(f->containers, opts.name, NULL, &info, &f->err));
    CHECK(info->memory_bytes == 64 << 20 && info->memory_reservation_bytes == 32 << 20);
    CHECK(info->memory_swap_bytes == -1);
    CHECK(info->nano_cpus == 5000000); /* a longer period than usual */
    CHECK(info->cpu_quota_us == 5000 && info->cpu_period_us == 1000000);
    CHECK(info->cpu_shares == 512 && info->pids_limit == 0);
    SAME(info->cpuset_cpus, "0");
    gantry_container_free(info);
    OK(gantry_containers_start(f->containers, opts.name, NULL, &f->err));
}

/* ---- the table ------------------------------------------------------------------------------- */

#define TEST_ON(function, where)                                                                   \
    {                                                                                              \
        .name = #function, .run = function, .needs = { GANTRY_FEATURE_CONTAINERS_RUN },            \
        .on = where                                                                                \
    }
const struct contract_test spec_podman_tests[] = {
    TEST_ON(secrets_are_files_and_variables, ON_PODMANS),
    TEST_ON(container_is_in_its_pod, ON_PODMANS),
    TEST_ON(ids_are_mapped, ON_PODMANS),
    TEST_ON(seccomp_profile_of_the_host, ON_PODMANS),
    TEST_ON(read_only_root_has_no_hidden_places, ON_PODMANS),
    TEST_ON(gpus_are_cdi_devices, ON_PODMANS),
    TEST_ON(files_of_an_image_are_mounted, ON_PODMANS),
    TEST_ON(content_is_given_to_the_user, ON_PODMANS),
    TEST_ON(log_options_have_an_effect, ON_PODMANS),
    TEST_ON(all_comes_back, ON_PODMANS),
    TEST_ON(health_is_completed_by_the_image, ON_PODMANS),
    TEST_ON(init_is_not_of_the_entrypoint, ON_PODMANS),
    TEST_ON(limits_come_back, ON_PODMAN),
    { 0 },
};
