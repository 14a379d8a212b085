/*
 * Contract of the engine as a whole: its facts, what it takes, prune of everything, the health
 * report. Other tests make and remove things meanwhile: only what is the test's own counts.
 */
#include "contract.h"

enum {
    WRITTEN = 200000
};

#define FILL(path) "dd if=/dev/zero of=" path " bs=1000 count=200 2>/dev/null"

/* ---- facts ----------------------------------------------------------------------------------- */

static void facts_are_plausible(struct contract *f)
{
    gantry_info *info = NULL;
    int docker = (f->on & ON_DOCKER) != 0;

    OK(gantry_engine_info(f->engine, NULL, &info, &f->err));
    CHECK(info->operating_system[0] != '\0');
    CHECK(contract_in_list(info->runtimes, info->default_runtime));
    CHECK(contract_in_list(info->security, "seccomp"));
    CHECK(contract_in_list(info->security, "rootless") == (f->on == ON_ROOTLESS));
    CHECK(contract_in_list(info->network_drivers, "bridge"));
    CHECK(contract_in_list(info->volume_drivers, "local"));
    CHECK(contract_in_list(info->log_drivers, info->log_driver));
    /* What one of them tells alone. */
    CHECK((info->id[0] != '\0') == docker);
    CHECK((info->memory_free_bytes > 0) == !docker);
    CHECK((info->network_backend[0] != '\0') == !docker);
    CHECK(!docker || contract_in_list(info->registries, "docker.io"));
    gantry_info_free(info);
}

/* ---- disk use -------------------------------------------------------------------------------- */

static gantry_disk_usage *usage_of(struct contract *f)
{
    gantry_disk_usage *usage = NULL;

    OK(gantry_system_disk_usage(gantry_engine_system(f->engine), NULL, &usage, &f->err));
    CHECK(usage->json[0] == '{');
    return usage;
}

static const gantry_usage_item *find(const gantry_usage_item *const *list, const char *text)
{
    for (; *list != NULL; list++) {
        if (strcmp((*list)->id, text) == 0 || strcmp((*list)->name, text) == 0)
            return *list;
    }
    return NULL;
}

static size_t count(const gantry_usage_item *const *list)
{
    size_t n = 0;

    while (list[n] != NULL)
        n++;
    return n;
}

/* One that has written into a volume and into its own layer. */
static void writer(struct contract *f, const char *name, const char *volume)
{
    gantry_mount mount = {
        .size = sizeof mount, .type = GANTRY_MOUNT_VOLUME, .source = volume, .target = "/data"
    };
    const gantry_mount *mounts[] = { &mount, NULL };
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = name,
                                      .command = SHELL(FILL("/data/full") "; " FILL("/own")),
                                      .mounts = mounts };

    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    OK(gantry_containers_start(f->containers, name, NULL, &f->err));
    CHECK(contract_wait_exit(f, name) == 0);
}

/* Docker from 26 on is late to count it among those that have ended. */
static int has_ended(struct contract *f, const void *name)
{
    gantry_disk_usage *u = usage_of(f);
    const gantry_usage_item *item = find(u->container_items, name);
    int ended = item != NULL && !item->active;

    gantry_disk_usage_free(u);
    return ended;
}

static void disk_use_is_told(struct contract *f)
{
    const char *name = contract_name(f, "writer");
    const char *volume = contract_name(f, "full");
    const char *idle = contract_name(f, "idle");
    const char *runs = contract_start(f, IDLE);
    gantry_container_remove_options gone = { .size = sizeof gone, .volumes = GANTRY_OFF };
    const gantry_usage_item *item;
    gantry_disk_usage *u;
    char base[80];

    OK(gantry_volumes_create(f->volumes, idle, NULL, NULL, &f->err));
    writer(f, name, volume);
    contract_until(f, has_ended, name);
    u = usage_of(f);
    snprintf(base, sizeof base, "%s:latest", f->base);
    item = find(u->image_items, base);
    CHECK(item != NULL && item->active && item->references >= 2 && item->bytes > 0);
    item = find(u->container_items, name);
    CHECK(item != NULL && !item->active && item->bytes >= WRITTEN);
    item = find(u->container_items, runs);
    CHECK(item != NULL && item->active);
    item = find(u->volume_items, volume);
    CHECK(item != NULL && item->active && item->references == 1 && item->bytes >= WRITTEN);
    item = find(u->volume_items, idle);
    CHECK(item != NULL && !item->active && item->references == 0);
    CHECK(u->images->count == (int64_t)count(u->image_items));
    CHECK(u->containers->count == (int64_t)count(u->container_items));
    CHECK(u->volumes->count == (int64_t)count(u->volume_items));
    CHECK(u->images->active >= 1 && u->images->active <= u->images->count);
    CHECK(u->images->bytes > 0 && u->images->reclaimable_bytes <= u->images->bytes);
    CHECK(u->containers->active >= 1 && u->containers->active < u->containers->count);
    CHECK(u->containers->reclaimable_bytes >= WRITTEN);
    CHECK(u->volumes->active >= 1 && u->volumes->bytes >= WRITTEN);
    CHECK((f->on & ON_OTHER) != 0 || (u->build_cache->count >= 0) == ((f->on & ON_DOCKER) != 0));
    gantry_disk_usage_free(u);
    OK(gantry_containers_remove(f->containers, name, &gone, &f->err));
    u = usage_of(f);
    CHECK(find(u->container_items, name) == NULL);
    item = find(u->volume_items, volume);
    CHECK(item != NULL && !item->active && item->references == 0);
    CHECK(u->volumes->reclaimable_bytes >= WRITTEN);
    gantry_disk_usage_free(u);
}

/* ---- prune ----------------------------------------------------------------------------------- */

struct rubbish {
    char label[96];
    gantry_pair pair;
    const char *container;
    const char *volume;
    const char *network;
    const char *image;
    const char *pod;
    char container_id[65];
    char pod_id[65];
};

static void make_image(struct contract *f, struct rubbish *r)
{
    char change[128];
    gantry_image_import_options opts = { .size = sizeof opts, .changes = COMMAND(change) };
    gantry_image_import_result *result = NULL;
    gantry_source tar = contract_base_tar(f);

    snprintf(change, sizeof change, "LABEL %s", r->label);
    OK(gantry_images_import(f->images, r->image, &tar, &opts, &result, &f->err));
    contract_track_image(f, result->image_id);
    contract_base_tar_close(&tar);
    gantry_image_import_result_free(result);
}

static void make_rubbish(struct contract *f, struct rubbish *r)
{
    const struct contract_subnet own = contract_subnet(0);
    char subnet[32];
    gantry_container_options c = { .size = sizeof c, .labels = &r->pair, .label_count = 1 };
    gantry_volume_options v = { .size = sizeof v, .labels = &r->pair, .label_count = 1 };
    gantry_network_options n = { .size = sizeof n, .labels = &r->pair, .label_count = 1 };
    gantry_subnet range = { .size = sizeof range, .subnet = subnet };
    const gantry_subnet *subnets[] = { &range, NULL };
    gantry_created *created = NULL;

    snprintf(r->label, sizeof r->label, "gantry.rubbish=%s", contract_name(f, "label"));
    r->pair = (gantry_pair){ "gantry.rubbish", r->label + strlen("gantry.rubbish=") };
    r->container = c.name = contract_name(f, "c");
    r->volume = contract_name(f, "v");
    r->network = contract_name(f, "n");
    r->image = contract_name(f, "i");
    snprintf(subnet, sizeof subnet, "%s.0/24", own.prefix);
    if (contract_has_processes(f))
        n.subnets = subnets;
    OK(gantry_containers_create(f->containers, f->base, &c, &created, &f->err));
    snprintf(r->container_id, sizeof r->container_id, "%s", created->id);
    gantry_created_free(created);
    OK(gantry_volumes_create(f->volumes, r->volume, &v, NULL, &f->err));
    OK(gantry_networks_create(f->networks, r->network, &n, NULL, &f->err));
    make_image(f, r);
}

static void make_pod(struct contract *f, struct rubbish *r)
{
    gantry_pod_options opts = { .size = sizeof opts, .labels = &r->pair, .label_count = 1 };
    gantry_pod_created *created = NULL;

    if (!gantry_engine_supports(f->engine, GANTRY_FEATURE_PODS_CREATE))
        return;
    r->pod = contract_name(f, "pod");
    OK(gantry_pods_create(gantry_engine_pods(f->engine), r->pod, &opts, &created, &f->err));
    snprintf(r->pod_id, sizeof r->pod_id, "%s", created->id);
    gantry_pod_created_free(created);
}

static void only(const char *const *list, const char *text)
{
    CHECK(list[0] != NULL);
    SAME(list[0], text);
    CHECK(list[1] == NULL);
}

static void prune_takes_all_kinds(struct contract *f)
{
    struct rubbish r = { .pod = NULL };
    gantry_system_prune_options opts = { .size = sizeof opts,
                                         .labels = COMMAND(r.label),
                                         .all_images = GANTRY_ON,
                                         .all_volumes = GANTRY_ON };
    gantry_system *system = gantry_engine_system(f->engine);
    gantry_system_pruned *gone = NULL;

    make_rubbish(f, &r);
    make_pod(f, &r);
    opts.until_ns = 1000000000; /* nothing is that old */
    OK(gantry_system_prune(system, &opts, &gone, &f->err));
    CHECK(gone->containers[0] == NULL && gone->networks[0] == NULL && gone->images[0] == NULL &&
          gone->volumes[0] == NULL && gone->pods[0] == NULL);
    gantry_system_pruned_free(gone);
    opts.until_ns = 0;
    opts.labels_not = COMMAND("gantry.rubbish");
    OK(gantry_system_prune(system, &opts, &gone, &f->err));
    CHECK(gone->containers[0] == NULL && gone->images[0] == NULL && gone->volumes[0] == NULL);
    gantry_system_pruned_free(gone);
    opts.labels_not = NULL;
    OK(gantry_system_prune(system, &opts, &gone, &f->err));
    only(gone->containers, r.container_id);
    only(gone->networks, r.network);
    only(gone->volumes, r.volume);
    CHECK(gone->images[0] != NULL && contract_is_id(gone->images[0]));
    if (r.pod != NULL)
        only(gone->pods, r.pod_id);
    CHECK(gone->build_cache[0] == NULL);
    CHECK(gone->reclaimed_bytes >= 0);
    gantry_system_pruned_free(gone);
    CHECK(!contract_exists(f, r.container));
    CHECK(!contract_image_exists(f, r.image));
    CHECK(contract_image_exists(f, f->base));
}

static void prune_leaves_what_is_not_named(struct contract *f)
{
    struct rubbish r = { .pod = NULL };
    gantry_system_prune_options opts = { .size = sizeof opts, .labels = COMMAND(r.label) };
    gantry_system *system = gantry_engine_system(f->engine);
    gantry_system_pruned *gone = NULL;

    make_rubbish(f, &r);
    opts.containers = GANTRY_OFF;
    opts.networks = GANTRY_OFF;
    OK(gantry_system_prune(system, &opts, &gone, &f->err));
    /* It has a name, and a named volume goes only when it is asked for. */
    CHECK(gone->images[0] == NULL && gone->volumes[0] == NULL && gone->containers[0] == NULL);
    gantry_system_pruned_free(gone);
    CHECK(contract_exists(f, r.container));
    CHECK(contract_image_exists(f, r.image));
}

static void prune_of_build_cache(struct contract *f)
{
    gantry_system_prune_options opts = { .size = sizeof opts,
                                         .pods = GANTRY_OFF,
                                         .containers = GANTRY_OFF,
                                         .networks = GANTRY_OFF,
                                         .images = GANTRY_OFF,
                                         .until_ns = 1000000000,
                                         .build_cache = GANTRY_ON };
    gantry_system *system = gantry_engine_system(f->engine);
    gantry_system_pruned *gone = NULL;

    if (!gantry_engine_supports(f->engine, GANTRY_FEATURE_SYSTEM_PRUNE_BUILD_CACHE)) {
        FAILS(gantry_system_prune(system, &opts, &gone, &f->err), GANTRY_E_UNSUPPORTED);
        CONTAINS(f->err.message, "build_cache");
        return;
    }
    OK(gantry_system_prune(system, &opts, &gone, &f->err));
    CHECK(gone->build_cache[0] == NULL); /* nothing is that old */
    gantry_system_pruned_free(gone);
}

/* ---- health ---------------------------------------------------------------------------------- */

static gantry_system_report *report_of(struct contract *f)
{
    gantry_system_report *report = NULL;

    OK(gantry_system_check(gantry_engine_system(f->engine), NULL, &report, &f->err));
    return report;
}

static void check_says_well(struct contract *f)
{
    gantry_system_report *r = report_of(f);

    CHECK(r->well == 1);
    CHECK(r->ping_ns > 0 || !contract_has_processes(f));
    CHECK(r->clock_offset_ns == 0); /* the same machine */
    CHECK(r->version->version[0] != '\0');
    SAME(r->version->version, r->info->version);
    CHECK(r->findings[r->finding_count] == NULL);
    for (size_t i = 0; i < r->finding_count; i++)
        CHECK(r->findings[i]->severity != GANTRY_FINDING_ERROR && r->findings[i]->text[0] != '\0');
    gantry_system_report_free(r);
}

static int is_unhealthy(struct contract *f, const void *name)
{
    gantry_container *c = NULL;
    int yes;

    if (gantry_engine_supports(f->engine, GANTRY_FEATURE_CONTAINERS_CHECK_HEALTH))
        OK(gantry_containers_check_health(f->containers, name, NULL, NULL, &f->err));
    OK(gantry_containers_inspect(f->containers, name, NULL, &c, &f->err));
    yes = c->health == GANTRY_HEALTH_UNHEALTHY;
    gantry_container_free(c);
    return yes;
}

static void check_sees_unhealthy_containers(struct contract *f)
{
    gantry_health health = { .size = sizeof health,
                             .test = COMMAND("CMD", "false"),
                             .interval_ms = 100,
                             .timeout_ms = 5000,
                             .retries = 1 };
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = contract_name(f, "ill"),
                                      .command = SHELL(IDLE),
                                      .health = &health };
    gantry_system_report *r;
    int found = 0;

    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    OK(gantry_containers_start(f->containers, opts.name, NULL, &f->err));
    contract_until(f, is_unhealthy, opts.name);
    r = report_of(f);
    CHECK(r->unhealthy >= 1);
    for (size_t i = 0; i < r->finding_count; i++)
        found = found || (strcmp(r->findings[i]->subject, "containers") == 0 &&
                          r->findings[i]->severity == GANTRY_FINDING_WARNING);
    CHECK(found);
    gantry_system_report_free(r);
}

static void check_can_be_stopped(struct contract *f)
{
    gantry_cancel *token = NULL;
    gantry_call call = { .size = sizeof call };
    gantry_system_check_options opts = { .size = sizeof opts, .call = &call };
    gantry_system_report *r = NULL;

    OK(gantry_cancel_new(&token, &f->err));
    gantry_cancel_trigger(token);
    call.cancel = token;
    FAILS(gantry_system_check(gantry_engine_system(f->engine), &opts, &r, &f->err),
          GANTRY_E_CANCELLED);
    CHECK(r == NULL);
    gantry_cancel_free(token);
}

const struct contract_test system_tests[] = {
    TEST_WITH(facts_are_plausible, .on = ON_KNOWN),
    TEST_WITH(disk_use_is_told, NEEDS(GANTRY_FEATURE_SYSTEM_DISK_USAGE)),
    TEST_WITH(prune_takes_all_kinds,
              NEEDS(GANTRY_FEATURE_VOLUMES_PRUNE, GANTRY_FEATURE_IMAGES_PRUNE)),
    TEST_WITH(prune_leaves_what_is_not_named, NEEDS(GANTRY_FEATURE_VOLUMES_PRUNE)),
    TEST_WITH(prune_of_build_cache, .on = ON_ENGINES),
    TEST(check_says_well),
    TEST_WITH(check_sees_unhealthy_containers, PROCESSES),
    TEST(check_can_be_stopped),
    { 0 },
};
