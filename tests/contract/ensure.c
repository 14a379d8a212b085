/*
 * Contract of ensure: a container as it is wanted is made once, accepted when it is equal, told apart in
 * words when it is not, and replaced without a moment in which a failure would lose it.
 */
#include "contract.h"

#include <unistd.h>

/* What the tests ask for, to be changed by them. */
struct wanted {
    gantry_container_options options;
    gantry_pair labels[2];
    gantry_mount mount;
    const gantry_mount *mounts[2];
    gantry_health health;
};

static const char *const idle[] = { "sh", "-c", IDLE, NULL };
static const char *const test[] = { "CMD", "true", NULL };
static const char *const servers[] = { "192.0.2.1", NULL };
static const char *const hosts[] = { "other:192.0.2.2", NULL };

static void want(struct contract *f, struct wanted *w)
{
    const char *volume = contract_name(f, "data");

    memset(w, 0, sizeof *w);
    w->labels[0] = (gantry_pair){ "role", "web" };
    w->mount = (gantry_mount){
        .size = sizeof w->mount, .type = GANTRY_MOUNT_VOLUME, .source = volume, .target = "/data"
    };
    w->mounts[0] = &w->mount;
    w->health = (gantry_health){ .size = sizeof w->health, .test = test, .interval_ms = 3600000 };
    w->options = (gantry_container_options){ .size = sizeof w->options,
                                             .name = contract_name(f, "wanted"),
                                             .command = idle,
                                             .labels = w->labels,
                                             .label_count = 1,
                                             .working_directory = "/tmp",
                                             .user = "0:0",
                                             .hostname = "wanted",
                                             .mounts = w->mounts,
                                             .stop_timeout_ms = 4500,
                                             .init = GANTRY_ON,
                                             .dns_servers = servers,
                                             .extra_hosts = hosts,
                                             .shm_size_bytes = 1024 * 1024,
                                             .health = &w->health };
}

/* Ensure that must succeed; the id is kept for the test. */
static void ensure(struct contract *f, const struct wanted *w, int different, int created,
                   int replaced, char id[65])
{
    gantry_container_ensure_options opts = { .size = sizeof opts,
                                             .different = different,
                                             .start = GANTRY_ON };
    gantry_container_ensured *ensured = NULL;

    OK(gantry_containers_ensure(f->containers, f->base, &w->options, &opts, &ensured, &f->err));
    CHECK((ensured->differences[0] != NULL) == replaced);
    CHECK(ensured->created == created);
    CHECK(ensured->replaced == replaced);
    CHECK(contract_is_id(ensured->id));
    snprintf(id, 65, "%s", ensured->id);
    gantry_container_ensured_free(ensured);
    CHECK(contract_state(f, id) == GANTRY_CONTAINER_RUNNING);
}

static void refuses(struct contract *f, const struct wanted *w, const char *why)
{
    FAILS(gantry_containers_ensure(f->containers, f->base, &w->options, NULL, NULL, &f->err),
          GANTRY_E_EXISTS);
    CONTAINS(f->err.message, why);
    SAME(f->err.resource, w->options.name);
}

static void ensure_creates_once(struct contract *f)
{
    struct wanted w;
    char first[65];
    char second[65];
    gantry_container *info = NULL;

    want(f, &w);
    w.options.environment = COMMAND("A=1", "B=2");
    ensure(f, &w, GANTRY_DIFFERENT_REFUSE, 1, 0, first);
    ensure(f, &w, GANTRY_DIFFERENT_REFUSE, 0, 0, second);
    SAME(second, first);
    OK(gantry_containers_stop(f->containers, first, NULL, &f->err));
    /* The order says nothing. */
    w.options.environment = COMMAND("B=2", "A=1");
    ensure(f, &w, GANTRY_DIFFERENT_REPLACE, 0, 0, second);
    SAME(second, first);
    OK(gantry_containers_inspect(f->containers, first, NULL, &info, &f->err));
    CHECK(strlen(contract_pair(info->labels, info->label_count, "io.libgantry.spec")) == 64);
    SAME(contract_pair(info->labels, info->label_count, "role"), "web");
    gantry_container_free(info);
}

static void ensure_tells_what_differs(struct contract *f)
{
    gantry_container_ensure_options accept = { .size = sizeof accept,
                                               .different = GANTRY_DIFFERENT_ACCEPT };
    gantry_container_ensured *ensured = NULL;
    struct wanted w;
    char first[65];

    want(f, &w);
    w.options.environment = COMMAND("PASSWORD=secret-one", "B=2");
    ensure(f, &w, GANTRY_DIFFERENT_REFUSE, 1, 0, first);
    w.options.environment = COMMAND("PASSWORD=secret-two", "B=2", "C=3");
    refuses(f, &w, "environment: PASSWORD has another value");
    CONTAINS(f->err.message, "environment: C is not set");
    CHECK(strstr(f->err.message, "secret") == NULL);
    w.labels[0].value = "db";
    w.options.tty = GANTRY_ON;
    OK(gantry_containers_ensure(f->containers, f->base, &w.options, &accept, &ensured, &f->err));
    CHECK(contract_in_list(ensured->differences, "labels: role is web, not db"));
    CHECK(contract_in_list(ensured->differences, "tty: is off, not on"));
    CHECK(ensured->created == 0);
    SAME(ensured->id, first);
    gantry_container_ensured_free(ensured);
    w.options.command = COMMAND("true");
    refuses(f, &w, "command: is another");
}

/* The score is not in what is told, but part of the digest. */
static void ensure_sees_what_engines_do_not_tell(struct contract *f)
{
    struct wanted w;

    want(f, &w);
    w.options.oom_score_adjustment = 100;
    OK(gantry_containers_ensure(f->containers, f->base, &w.options, NULL, NULL, &f->err));
    OK(gantry_containers_ensure(f->containers, f->base, &w.options, NULL, NULL, &f->err));
    w.options.oom_score_adjustment = 101;
    refuses(f, &w, "options: are not those it was made with");
}

static void ensure_takes_one_that_it_did_not_make(struct contract *f)
{
    struct wanted w;
    char id[65];

    want(f, &w);
    w.options.environment = COMMAND("A=1");
    OK(gantry_containers_create(f->containers, f->base, &w.options, NULL, &f->err));
    ensure(f, &w, GANTRY_DIFFERENT_REFUSE, 0, 0, id);
    w.options.hostname = "other";
    refuses(f, &w, "hostname: is wanted, not other");
}

static void ensure_replaces(struct contract *f)
{
    gantry_exec_result *result = NULL;
    struct wanted w;
    char first[65];
    char second[65];

    want(f, &w);
    ensure(f, &w, GANTRY_DIFFERENT_REFUSE, 1, 0, first);
    OK(gantry_containers_exec(f->containers, first, SHELL("echo kept >/data/file"), NULL, NULL,
                              &f->err));
    w.options.environment = COMMAND("A=1");
    ensure(f, &w, GANTRY_DIFFERENT_REPLACE, 1, 1, second);
    CHECK(strcmp(first, second) != 0);
    CHECK(!contract_exists(f, first));
    OK(gantry_containers_exec(f->containers, w.options.name, SHELL("cat /data/file; echo $A"), NULL,
                              &result, &f->err));
    SAME(result->stdout_data, "kept\n1\n");
    gantry_exec_result_free(result);
}

/* Neither a container that cannot be made nor one that cannot be started costs the old one. */
static void failed_replace_leaves_the_old_one(struct contract *f)
{
    gantry_container_ensure_options opts = { .size = sizeof opts,
                                             .different = GANTRY_DIFFERENT_REPLACE,
                                             .start = GANTRY_ON };
    gantry_container_list_options all = { .size = sizeof all, .all = GANTRY_ON };
    gantry_container_list *list = NULL;
    gantry_container *info = NULL;
    struct wanted w;
    char first[65];
    size_t ours = 0;

    want(f, &w);
    ensure(f, &w, GANTRY_DIFFERENT_REFUSE, 1, 0, first);
    w.options.network = "container:no-such-container-here";
    CHECK(gantry_containers_ensure(f->containers, f->base, &w.options, &opts, NULL, &f->err) < 0);
    CHECK(contract_state(f, first) == GANTRY_CONTAINER_RUNNING);
    w.options.network = NULL;
    w.options.init = GANTRY_DEFAULT;
    w.options.command = COMMAND("/no/such/program");
    FAILS(gantry_containers_ensure(f->containers, f->base, &w.options, &opts, NULL, &f->err),
          GANTRY_E_COMMAND);
    CHECK(f->err.outcome != GANTRY_OUTCOME_PARTIAL);
    OK(gantry_containers_inspect(f->containers, w.options.name, NULL, &info, &f->err));
    SAME(info->id, first);
    CHECK(info->state == GANTRY_CONTAINER_RUNNING);
    gantry_container_free(info);
    OK(gantry_containers_list(f->containers, &all, &list, &f->err));
    for (size_t i = 0; i < list->count; i++)
        ours += strncmp(list->items[i]->name, f->prefix, strlen(f->prefix)) == 0;
    CHECK(ours == 1);
    gantry_container_list_free(list);
}

/* A name that looks like the beginning of another one's id is a name. */
static void ensure_goes_by_the_name(struct contract *f)
{
    gantry_container_remove_options force = { .size = sizeof force, .force = GANTRY_ON };
    gantry_container_ensured *ensured = NULL;
    const char *other = contract_create(f, "true");
    gantry_container *info = NULL;
    struct wanted w;
    char beginning[13];

    OK(gantry_containers_inspect(f->containers, other, NULL, &info, &f->err));
    memcpy(beginning, info->id, 12);
    beginning[12] = '\0';
    want(f, &w);
    w.options.name = beginning;
    OK(gantry_containers_ensure(f->containers, f->base, &w.options, NULL, &ensured, &f->err));
    CHECK(ensured->created == 1);
    CHECK(strcmp(ensured->id, info->id) != 0);
    OK(gantry_containers_remove(f->containers, ensured->id, &force, &f->err));
    gantry_container_ensured_free(ensured);
    gantry_container_free(info);
    CHECK(contract_exists(f, other));
}

/* The name leads to another image now. */
static void ensure_sees_a_newer_image(struct contract *f)
{
    const char *image = contract_name(f, "image");
    gantry_image_import_options change = { .size = sizeof change,
                                           .changes = COMMAND("CMD [\"sh\", \"-x\"]") };
    gantry_source tar;
    struct wanted w;

    OK(gantry_images_tag(f->images, f->base, image, NULL, &f->err));
    want(f, &w);
    OK(gantry_containers_ensure(f->containers, image, &w.options, NULL, NULL, &f->err));
    OK(gantry_containers_ensure(f->containers, image, &w.options, NULL, NULL, &f->err));
    tar = contract_base_tar(f);
    OK(gantry_images_import(f->images, image, &tar, &change, NULL, &f->err));
    contract_base_tar_close(&tar);
    FAILS(gantry_containers_ensure(f->containers, image, &w.options, NULL, NULL, &f->err),
          GANTRY_E_EXISTS);
    CONTAINS(f->err.message, "image: is ");
}

/* The name leads nowhere now: it may be what the container was made from, or another. */
static void ensure_sees_a_missing_image(struct contract *f)
{
    const char *image = contract_name(f, "image");
    gantry_container_ensure_options replace = { .size = sizeof replace,
                                                .different = GANTRY_DIFFERENT_REPLACE };
    gantry_container_ensured *ensured = NULL;
    struct wanted w;

    OK(gantry_images_tag(f->images, f->base, image, NULL, &f->err));
    want(f, &w);
    OK(gantry_containers_ensure(f->containers, image, &w.options, NULL, &ensured, &f->err));
    OK(gantry_images_untag(f->images, image, NULL, &f->err));
    OK(gantry_containers_ensure(f->containers, image, &w.options, NULL, NULL, &f->err));
    FAILS(gantry_containers_ensure(f->containers, contract_name(f, "none"), &w.options, NULL, NULL,
                                   &f->err),
          GANTRY_E_EXISTS);
    CONTAINS(f->err.message, "image: is ");
    FAILS(gantry_containers_ensure(f->containers, contract_name(f, "none"), &w.options, &replace,
                                   NULL, &f->err),
          GANTRY_E_NOT_FOUND);
    CHECK(contract_exists(f, ensured->id));
    gantry_container_ensured_free(ensured);
}

/* What was changed after the create counts, where the engine tells it. */
static void ensure_sees_an_update(struct contract *f)
{
    gantry_container_update_options update = { .size = sizeof update,
                                               .restart = GANTRY_RESTART_ALWAYS };
    struct wanted w;

    want(f, &w);
    w.options.restart = GANTRY_RESTART_NO;
    OK(gantry_containers_ensure(f->containers, f->base, &w.options, NULL, NULL, &f->err));
    OK(gantry_containers_ensure(f->containers, f->base, &w.options, NULL, NULL, &f->err));
    if (contract_differs(f, DIFF_RESTART_IS_NOT_UPDATED))
        return;
    OK(gantry_containers_update(f->containers, w.options.name, &update, &f->err));
    refuses(f, &w, "restart: is always, not no");
}

static void ensure_wants_to_know_what(struct contract *f)
{
    gantry_container_ensure_options wrong = { .size = sizeof wrong, .different = 7 };
    struct wanted w;

    want(f, &w);
    FAILS(gantry_containers_ensure(f->containers, f->base, NULL, NULL, NULL, &f->err),
          GANTRY_E_INVALID);
    FAILS(gantry_containers_ensure(f->containers, f->base, &w.options, &wrong, NULL, &f->err),
          GANTRY_E_INVALID);
    w.labels[0].key = "io.libgantry.spec";
    FAILS(gantry_containers_ensure(f->containers, f->base, &w.options, NULL, NULL, &f->err),
          GANTRY_E_INVALID);
    w.labels[0].key = "role";
    w.options.name = NULL;
    FAILS(gantry_containers_ensure(f->containers, f->base, &w.options, NULL, NULL, &f->err),
          GANTRY_E_INVALID);
    w.options.name = contract_name(f, "imageless");
    FAILS(gantry_containers_ensure(f->containers, contract_name(f, "no-image"), &w.options, NULL,
                                   NULL, &f->err),
          GANTRY_E_NOT_FOUND);
    CHECK(!contract_exists(f, w.options.name));
}

/* ---- all options --------------------------------------------------------------------------------- */

/* Everything that both engines take, in the words in which they would tell it otherwise. */
struct everything {
    gantry_container_options options;
    gantry_resources resources;
    gantry_security security;
    gantry_health health;
    gantry_mount mounts[5];
    const gantry_mount *mount_list[6];
    gantry_port ports[2];
    const gantry_port *port_list[3];
    gantry_attachment attachment;
    const gantry_attachment *networks[2];
    gantry_ulimit limits[2];
    const gantry_ulimit *ulimits[3];
    gantry_device device;
    const gantry_device *devices[2];
    gantry_pair labels[2];
    gantry_pair annotations[1];
    gantry_pair sysctls[1];
    gantry_pair log_options[1];
};

static const char *const aliases[] = { "alpha", NULL };
static const char *const added[] = { "net_admin", NULL };
static const char *const dropped[] = { "CAP_CHOWN", NULL };
static const char *const shell_test[] = { "CMD-SHELL", "exit 0", NULL };
static const char *const entrypoint[] = { "sh", "-c", NULL };
static const char *const arguments[] = { IDLE, "two words", "", NULL };
static const char *const environment[] = { "A=1", "EMPTY=", "A=2=2", NULL };
static const char *const groups[] = { "2000", NULL };
static const char *const exposed[] = { "7000", "7000/udp", NULL };
static const char *const search[] = { "example.org", NULL };
static const char *const resolver_options[] = { "ndots:3", NULL };
static const char *const both_hosts[] = { "other:192.0.2.2", "six:2001:db8::1", NULL };

static void want_mounts(struct contract *f, struct everything *all)
{
    static const int types[] = { GANTRY_MOUNT_VOLUME, GANTRY_MOUNT_VOLUME, GANTRY_MOUNT_BIND,
                                 GANTRY_MOUNT_TMPFS, GANTRY_MOUNT_TMPFS };
    static const char *const targets[] = { "/data/", "/own", "/host", "/fast", "/plain" };

    for (size_t i = 0; i < 5; i++) {
        all->mounts[i] =
            (gantry_mount){ .size = sizeof all->mounts[i], .type = types[i], .target = targets[i] };
        all->mount_list[i] = &all->mounts[i];
    }
    all->mounts[0].source = contract_name(f, "data");
    all->mounts[0].copy = GANTRY_OFF;
    all->mounts[2].source = "/usr/";
    all->mounts[2].read_only = GANTRY_ON;
    all->mounts[2].propagation = "rprivate";
    all->mounts[3].tmpfs_size_bytes = 1 << 20;
    all->mounts[3].tmpfs_mode = 01770;
    all->mounts[4].options = "noexec,nosuid";
}

static void want_network(struct contract *f, struct everything *all)
{
    static char subnet[32];
    static char address[32];
    gantry_network_options opts = { .size = sizeof opts, .subnet = subnet };

    snprintf(subnet, sizeof subnet, "%s.0/24", contract_subnet(2).prefix);
    snprintf(address, sizeof address, "%s.9", contract_subnet(2).prefix);
    all->attachment = (gantry_attachment){ .size = sizeof all->attachment,
                                           .network = contract_name(f, "net"),
                                           .aliases = aliases,
                                           .address = address,
                                           .mac = "02:42:0A:5e:07:09" };
    all->networks[0] = &all->attachment;
    OK(gantry_networks_create(f->networks, all->attachment.network, &opts, NULL, &f->err));
    all->ports[0] = (gantry_port){ .size = sizeof all->ports[0], .container_port = 80 };
    all->ports[1] = (gantry_port){ .size = sizeof all->ports[1],
                                   .container_port = 90,
                                   .host_port = contract_port(5),
                                   .count = 2,
                                   .protocol = "udp",
                                   .host_address = "127.0.0.1" };
    all->port_list[0] = &all->ports[0];
    all->port_list[1] = &all->ports[1];
}

static void want_limits(struct contract *f, struct everything *all)
{
    all->resources = (gantry_resources){ .size = sizeof all->resources,
                                         .memory_bytes = 64 << 20,
                                         .memory_reservation_bytes = 32 << 20,
                                         .memory_swap_bytes = GANTRY_UNLIMITED,
                                         .nano_cpus = 123456789,
                                         .pids = GANTRY_UNLIMITED,
                                         .cpu_shares = 512,
                                         .cpuset_cpus = "0",
                                         .cpuset_mems = "0" };
    if (!contract_differs(f, DIFF_LIMITS_NEED_CGROUPS_2) ||
        access("/sys/fs/cgroup/memory", F_OK) != 0)
        all->options.resources = &all->resources;
    /* Podman raises what is not given of these two, which a machine may forbid. */
    all->limits[0] = (gantry_ulimit){
        .size = sizeof all->limits[0], .name = "nofile", .soft = 300, .hard = 400
    };
    all->limits[1] = (gantry_ulimit){
        .size = sizeof all->limits[1], .name = "nproc", .soft = 4000, .hard = 4000
    };
    all->ulimits[0] = &all->limits[0];
    all->ulimits[1] = &all->limits[1];
    all->device = (gantry_device){ .size = sizeof all->device, .path = "/dev/zero" };
    all->devices[0] = &all->device;
    all->security = (gantry_security){ .size = sizeof all->security,
                                       .capabilities_add = added,
                                       .capabilities_drop = dropped,
                                       .seccomp = "unconfined",
                                       .read_only_root = GANTRY_ON,
                                       .no_new_privileges = GANTRY_ON };
    all->health = (gantry_health){ .size = sizeof all->health,
                                   .test = shell_test,
                                   .interval_ms = 3600000,
                                   .timeout_ms = 1500,
                                   .start_period_ms = 2000,
                                   .retries = 2 };
}

static void want_everything(struct contract *f, struct everything *all)
{
    gantry_container_options *o = &all->options;

    memset(all, 0, sizeof *all);
    want_mounts(f, all);
    want_network(f, all);
    want_limits(f, all);
    all->labels[0] = (gantry_pair){ "role", "web" };
    all->labels[1] = (gantry_pair){ "empty", NULL };
    all->annotations[0] = (gantry_pair){ "org.example.note", "kept" };
    all->sysctls[0] = (gantry_pair){ "net.core.somaxconn", "321" };
    all->log_options[0] = (gantry_pair){ "max-size", "64k" };
    o->size = sizeof *o;
    o->name = contract_name(f, "everything");
    o->entrypoint = entrypoint;
    o->command = arguments;
    o->environment = environment;
    o->labels = all->labels;
    o->label_count = 2;
    o->working_directory = "/work";
    o->user = "0:0";
    o->hostname = "everything";
    o->mounts = all->mount_list;
    o->ports = all->port_list;
    o->networks = all->networks;
    o->stop_timeout_ms = 1500;
    o->open_stdin = GANTRY_ON;
    o->tty = GANTRY_OFF;
    o->init = GANTRY_ON;
    o->groups = groups;
    o->stop_signal = "TERM";
    o->exposed_ports = exposed;
    o->dns_servers = servers;
    o->dns_search = search;
    o->dns_options = resolver_options;
    o->extra_hosts = both_hosts;
    o->ulimits = all->ulimits;
    o->sysctls = all->sysctls;
    o->sysctl_count = 1;
    o->devices = all->devices;
    o->security = &all->security;
    o->health = &all->health;
    o->log_driver = "json-file";
    o->log_options = all->log_options;
    o->log_option_count = 1;
    o->ipc_namespace = "private";
    o->cgroup_namespace = "private";
    o->shm_size_bytes = 32 << 20;
    o->restart = GANTRY_RESTART_ON_FAILURE;
    o->restart_retries = 3;
    o->oom_score_adjustment = 123;
    if (!contract_differs(f, DIFF_ANNOTATIONS_NEED_API_143)) {
        o->annotations = all->annotations;
        o->annotation_count = 1;
    }
}

/* What was asked is there, so that asking again finds no difference. */
static void is_equal(struct contract *f, const struct everything *all, int start)
{
    gantry_container_ensure_options opts = { .size = sizeof opts,
                                             .different = GANTRY_DIFFERENT_ACCEPT,
                                             .start = start };
    gantry_container_ensured *ensured = NULL;

    OK(gantry_containers_ensure(f->containers, f->base, &all->options, &opts, &ensured, &f->err));
    for (size_t i = 0; ensured->differences[i] != NULL; i++)
        printf("difference: %s\n", ensured->differences[i]);
    CHECK(ensured->differences[0] == NULL);
    CHECK(ensured->created == 0);
    gantry_container_ensured_free(ensured);
}

/* Of one that ensure made, and of one that is compared with what the engine tells alone. */
static void ensure_finds_all_options_again(struct contract *f)
{
    gantry_container_remove_options force = { .size = sizeof force,
                                              .force = GANTRY_ON,
                                              .volumes = GANTRY_ON };
    gantry_container *info = NULL;
    struct everything all;

    want_everything(f, &all);
    OK(gantry_containers_create(f->containers, f->base, &all.options, NULL, &f->err));
    is_equal(f, &all, GANTRY_OFF);
    is_equal(f, &all, GANTRY_ON);
    is_equal(f, &all, GANTRY_ON);
    OK(gantry_containers_inspect(f->containers, all.options.name, NULL, &info, &f->err));
    SAME(info->stop_signal, "SIGTERM");
    CHECK(info->stop_timeout_ms == 2000);
    CHECK(contract_in_list(info->capabilities_add, "CAP_NET_ADMIN"));
    gantry_container_free(info);
    OK(gantry_containers_remove(f->containers, all.options.name, &force, &f->err));
    OK(gantry_containers_ensure(f->containers, f->base, &all.options, NULL, NULL, &f->err));
    is_equal(f, &all, GANTRY_OFF);
}

const struct contract_test ensure_tests[] = {
    TEST_WITH(ensure_creates_once, .on = ON_ENGINES),
    TEST_WITH(ensure_tells_what_differs, .on = ON_ENGINES),
    TEST_WITH(ensure_sees_what_engines_do_not_tell, .on = ON_ENGINES),
    TEST_WITH(ensure_takes_one_that_it_did_not_make, .on = ON_ENGINES),
    TEST_WITH(ensure_replaces, .on = ON_ENGINES),
    TEST_WITH(failed_replace_leaves_the_old_one, .on = ON_ENGINES),
    TEST_WITH(ensure_goes_by_the_name, .on = ON_ENGINES),
    TEST_WITH(ensure_sees_a_newer_image, .on = ON_ENGINES),
    TEST_WITH(ensure_sees_a_missing_image, .on = ON_ENGINES),
    TEST_WITH(ensure_sees_an_update, .on = ON_ENGINES),
    TEST_WITH(ensure_wants_to_know_what, .on = ON_ENGINES),
    TEST_WITH(ensure_finds_all_options_again, .on = ON_ENGINES),
    { 0 },
};
