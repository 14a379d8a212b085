/*
 * Contract of what is made of several requests about volumes: removal with force, usage, prune,
 * ensure of a list of mounts; and of the driver's options.
 */
#include "contract.h"

#include <time.h>

static int has_volume(struct contract *f, const char *name)
{
    gantry_volume *volume = NULL;
    int rc = gantry_volumes_inspect(f->volumes, name, NULL, &volume, &f->err);

    gantry_volume_free(volume);
    CHECK(rc == 0 || rc == GANTRY_E_NOT_FOUND);
    return rc == 0;
}

static const char *user_of(struct contract *f, const char *volume)
{
    gantry_mount mount = {
        .size = sizeof mount, .type = GANTRY_MOUNT_VOLUME, .source = volume, .target = "/data"
    };
    const gantry_mount *const mounts[] = { &mount, NULL };
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = contract_name(f, "user"),
                                      .command = SHELL(IDLE),
                                      .mounts = mounts };

    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    return opts.name;
}

/* ---- force ----------------------------------------------------------------------------------- */

static void force_takes_the_users_along(struct contract *f)
{
    gantry_volume_remove_options force = { .size = sizeof force, .force = GANTRY_ON };
    const char *name = contract_name(f, "data");
    char beginning[128], longer[140];
    const char *idle, *running, *other;

    snprintf(beginning, sizeof beginning, "%.*s", (int)strlen(name) - 1, name);
    snprintf(longer, sizeof longer, "%sx", name);
    OK(gantry_volumes_create(f->volumes, name, NULL, NULL, &f->err));
    OK(gantry_volumes_create(f->volumes, longer, NULL, NULL, &f->err));
    idle = user_of(f, name);
    running = user_of(f, name);
    other = user_of(f, longer);
    if (contract_has_processes(f))
        OK(gantry_containers_start(f->containers, running, NULL, &f->err));
    FAILS(gantry_volumes_remove(f->volumes, name, NULL, &f->err), GANTRY_E_IN_USE);
    FAILS(gantry_volumes_remove(f->volumes, beginning, &force, &f->err), GANTRY_E_NOT_FOUND);
    SAME(f->err.resource, beginning);
    CHECK(contract_exists(f, idle) && contract_exists(f, running) && contract_exists(f, other));
    OK(gantry_volumes_remove(f->volumes, name, &force, &f->err));
    CHECK(!contract_exists(f, idle) && !contract_exists(f, running));
    CHECK(contract_exists(f, other));
    CHECK(!has_volume(f, name) && has_volume(f, longer));
    FAILS(gantry_volumes_remove(f->volumes, name, &force, &f->err), GANTRY_E_NOT_FOUND);
    force.missing_ok = GANTRY_ON;
    OK(gantry_volumes_remove(f->volumes, name, &force, &f->err));
    OK(gantry_volumes_remove(f->volumes, longer, &force, &f->err)); /* once it is the only one */
    CHECK(!contract_exists(f, other));
}

/* ---- list, usage ----------------------------------------------------------------------------- */

static size_t listed(struct contract *f, const gantry_volume_list_options *opts)
{
    gantry_volume_list *list = NULL;
    size_t count;

    OK(gantry_volumes_list(f->volumes, opts, &list, &f->err));
    count = list->count;
    for (size_t i = 0; i < count; i++)
        CHECK(list->items[i]->used_bytes == -1 && list->items[i]->references == -1);
    gantry_volume_list_free(list);
    return count;
}

static void list_knows_drivers_and_use(struct contract *f)
{
    const char *used = contract_name(f, "used");
    const char *idle = contract_name(f, "idle");
    const char *names[3] = { used, idle, NULL };
    gantry_volume_list_options opts = { .size = sizeof opts, .names = names };

    OK(gantry_volumes_create(f->volumes, used, NULL, NULL, &f->err));
    OK(gantry_volumes_create(f->volumes, idle, NULL, NULL, &f->err));
    (void)user_of(f, used);
    CHECK(listed(f, &opts) == 2);
    opts.drivers = COMMAND("nothing", "local");
    CHECK(listed(f, &opts) == 2);
    opts.drivers = COMMAND("nothing");
    CHECK(listed(f, &opts) == 0);
    opts.drivers = NULL;
    opts.unused = GANTRY_ON;
    CHECK(listed(f, &opts) == 1);
    names[1] = NULL;
    CHECK(listed(f, &opts) == 0);
    opts.unused = GANTRY_OFF;
    CHECK(listed(f, &opts) == 1);
    names[0] = idle;
    CHECK(listed(f, &opts) == 0);
    if ((f->on & ON_ENGINES) != 0) { /* together with the engine's own words */
        gantry_pair own = { "driver", "local" };

        names[0] = used;
        opts.filters = &own;
        opts.filter_count = 1;
        CHECK(listed(f, &opts) == 1);
        own.value = "nothing";
        CHECK(listed(f, &opts) == 0);
        opts.filter_count = 0;
    }
    opts.unused = 7;
    FAILS(gantry_volumes_list(f->volumes, &opts, &(gantry_volume_list *){ NULL }, &f->err),
          GANTRY_E_INVALID);
    CONTAINS(f->err.message, "unused");
}

static void check_usage(struct contract *f, const char *name, int64_t bytes, int64_t references)
{
    gantry_volume_inspect_options look = { .size = sizeof look, .usage = GANTRY_ON };
    const char *names[2] = { name, NULL };
    gantry_volume_list_options opts = { .size = sizeof opts, .names = names, .usage = GANTRY_ON };
    gantry_volume_list *list = NULL;
    gantry_volume *volume = NULL;

    OK(gantry_volumes_inspect(f->volumes, name, &look, &volume, &f->err));
    CHECK(volume->used_bytes >= bytes && volume->used_bytes < bytes + 512 * 1024);
    CHECK(volume->references == references);
    OK(gantry_volumes_list(f->volumes, &opts, &list, &f->err));
    CHECK(list->count == 1);
    CHECK(list->items[0]->used_bytes == volume->used_bytes);
    CHECK(list->items[0]->references == references);
    gantry_volume_list_free(list);
    gantry_volume_free(volume);
    volume = NULL;
    OK(gantry_volumes_inspect(f->volumes, name, NULL, &volume, &f->err));
    CHECK(volume->used_bytes == -1 && volume->references == -1);
    gantry_volume_free(volume);
}

static void usage_is_told_when_asked_for(struct contract *f)
{
    const char *name = contract_name(f, "filled");
    gantry_mount mount = {
        .size = sizeof mount, .type = GANTRY_MOUNT_VOLUME, .source = name, .target = "/data"
    };
    const gantry_mount *const mounts[] = { &mount, NULL };
    gantry_container_options container = { .size = sizeof container, .mounts = mounts };
    gantry_run_options run = { .size = sizeof run,
                               .container = &container,
                               .command = SHELL("head -c 1048576 /dev/zero > /data/file"),
                               .remove = GANTRY_ON };
    int64_t bytes = 0;

    OK(gantry_volumes_create(f->volumes, name, NULL, NULL, &f->err));
    if (contract_has_processes(f)) {
        gantry_run_result *result = NULL;

        container.name = contract_name(f, "writer");
        OK(contract_run(f, f->base, &run, &result, &f->err));
        CHECK(result->exit_code == 0);
        gantry_run_result_free(result);
        bytes = 1048576;
    }
    check_usage(f, name, bytes, 0);
    (void)user_of(f, name);
    check_usage(f, name, bytes, 1);
}

/* ---- prune ----------------------------------------------------------------------------------- */

static void create_labelled(struct contract *f, const char *name, const char *first,
                            const char *second)
{
    gantry_pair labels[2] = { { first, f->prefix }, { second, "yes" } };
    gantry_volume_options opts = { .size = sizeof opts,
                                   .labels = labels,
                                   .label_count = second != NULL ? 2 : 1 };

    OK(gantry_volumes_create(f->volumes, name, &opts, NULL, &f->err));
}

/* Others work on this engine: only what carries a label of this test may go. */
static size_t prune(struct contract *f, gantry_volume_prune_options *opts, const char *want)
{
    gantry_volumes_pruned *pruned = NULL;
    char label[80];
    const char *labels[2] = { label, NULL };
    size_t count = 0;

    snprintf(label, sizeof label, "prune-of=%s", f->prefix);
    opts->size = sizeof *opts;
    opts->labels = labels;
    OK(gantry_volumes_prune(f->volumes, opts, &pruned, &f->err));
    CHECK(pruned->reclaimed_bytes >= 0);
    if (want != NULL)
        CHECK(contract_in_list(pruned->names, want));
    while (pruned->names[count] != NULL)
        count++;
    gantry_volumes_pruned_free(pruned);
    return count;
}

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void prune_takes_what_is_meant(struct contract *f)
{
    const char *plain = contract_name(f, "plain");
    const char *kept = contract_name(f, "kept");
    const char *used = contract_name(f, "used");
    const char *foreign = contract_name(f, "foreign");
    int64_t before = now_ns() - (int64_t)3600 * 1000000000;

    create_labelled(f, plain, "prune-of", NULL);
    create_labelled(f, kept, "prune-of", "keep");
    create_labelled(f, used, "prune-of", NULL);
    create_labelled(f, foreign, "prune-not-of", NULL);
    (void)user_of(f, used);
    CHECK(prune(f, &(gantry_volume_prune_options){ .all = GANTRY_OFF }, NULL) == 0);
    CHECK(prune(f, &(gantry_volume_prune_options){ .all = GANTRY_ON, .dry_run = GANTRY_ON },
                plain) == 2);
    CHECK(prune(f, &(gantry_volume_prune_options){ .all = GANTRY_ON, .until_ns = before }, NULL) ==
          0);
    CHECK(has_volume(f, plain) && has_volume(f, kept));
    CHECK(prune(f,
                &(gantry_volume_prune_options){ .all = GANTRY_ON,
                                                .labels_not = COMMAND("other", "keep=yes") },
                plain) == 1);
    CHECK(!has_volume(f, plain) && has_volume(f, kept));
    CHECK(
        prune(f,
              &(gantry_volume_prune_options){ .all = GANTRY_ON, .until_ns = now_ns() + 5000000000 },
              kept) == 1);
    CHECK(!has_volume(f, kept) && has_volume(f, used) && has_volume(f, foreign));
}

/* A container's volume without a name; the container goes, the volume stays. */
static void leave_anonymous(struct contract *f, int labelled, char *out, size_t size)
{
    gantry_pair label = { "prune-of", f->prefix };
    gantry_mount mount = { .size = sizeof mount,
                           .type = GANTRY_MOUNT_VOLUME,
                           .target = "/data",
                           .labels = labelled ? &label : NULL,
                           .label_count = labelled ? 1 : 0 };
    const gantry_mount *const mounts[] = { &mount, NULL };
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = contract_name(f, "user"),
                                      .mounts = mounts };
    gantry_container_remove_options remove = { .size = sizeof remove, .volumes = GANTRY_OFF };
    gantry_container *container = NULL;

    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    OK(gantry_containers_inspect(f->containers, opts.name, NULL, &container, &f->err));
    CHECK(container->mounts[0] != NULL && container->mounts[1] == NULL);
    snprintf(out, size, "%s", container->mounts[0]->volume);
    gantry_container_free(container);
    OK(gantry_containers_remove(f->containers, opts.name, &remove, &f->err));
}

static void anonymous_ones_are_told_apart(struct contract *f)
{
    gantry_volume_prune_options dry = { .size = sizeof dry, .dry_run = GANTRY_ON };
    int labelled = contract_has_processes(f) && !contract_differs(f, DIFF_VOLUMES_ARE_MADE_PLAIN);
    const char *named = contract_name(f, "named");
    gantry_volumes_pruned *pruned = NULL;
    gantry_volume *volume = NULL;
    char anonymous[128];

    create_labelled(f, named, "prune-of", NULL);
    leave_anonymous(f, labelled, anonymous, sizeof anonymous);
    OK(gantry_volumes_inspect(f->volumes, anonymous, NULL, &volume, &f->err));
    CHECK(volume->anonymous == 1);
    gantry_volume_free(volume);
    OK(gantry_volumes_inspect(f->volumes, named, NULL, &volume, &f->err));
    CHECK(volume->anonymous == 0);
    gantry_volume_free(volume);
    OK(gantry_volumes_prune(f->volumes, &dry, &pruned, &f->err));
    CHECK(contract_in_list(pruned->names, anonymous));
    CHECK(!contract_in_list(pruned->names, named));
    gantry_volumes_pruned_free(pruned);
    CHECK(has_volume(f, anonymous));
    if (labelled)
        CHECK(prune(f, &(gantry_volume_prune_options){ 0 }, anonymous) == 1);
    else
        OK(gantry_volumes_remove(f->volumes, anonymous, NULL, &f->err));
    CHECK(!has_volume(f, anonymous) && has_volume(f, named));
    OK(gantry_volumes_create(f->volumes, NULL, NULL, &volume, &f->err));
    snprintf(anonymous, sizeof anonymous, "%s", volume->name);
    CHECK(volume->anonymous == contract_differs(f, DIFF_NAMELESS_VOLUMES_ARE_ANONYMOUS));
    gantry_volume_free(volume);
    OK(gantry_volumes_remove(f->volumes, anonymous, NULL, &f->err));
}

/* ---- drivers --------------------------------------------------------------------------------- */

static int create_with(struct contract *f, const char *name, const char *type, const char *device,
                       const char *more)
{
    gantry_pair options[3] = { { "type", type }, { "device", device }, { "o", more } };
    gantry_volume_options opts = { .size = sizeof opts, .options = options, .option_count = 3 };

    return gantry_volumes_create(f->volumes, name, &opts, NULL, &f->err);
}

static void tmpfs_is_mounted(struct contract *f)
{
    const char *name = contract_name(f, "memory");
    const char *sized = contract_name(f, "sized");
    gantry_volume *volume = NULL;

    OK(create_with(f, name, "tmpfs", "tmpfs", "nr_blocks=16,mode=0700"));
    OK(gantry_volumes_inspect(f->volumes, name, NULL, &volume, &f->err));
    CHECK(volume->option_count == 3);
    SAME(contract_pair(volume->options, 3, "type"), "tmpfs");
    SAME(contract_pair(volume->options, 3, "device"), "tmpfs");
    SAME(contract_pair(volume->options, 3, "o"), "nr_blocks=16,mode=0700");
    gantry_volume_free(volume);
    if (contract_differs(f, DIFF_TMPFS_SIZE_IS_A_QUOTA)) {
        FAILS(create_with(f, sized, "tmpfs", "tmpfs", "size=64k"), GANTRY_E_UNSUPPORTED);
        CHECK(!has_volume(f, sized));
    } else {
        OK(create_with(f, sized, "tmpfs", "tmpfs", "size=64k"));
        name = sized;
    }
    if (contract_has_processes(f)) {
        gantry_mount mount = {
            .size = sizeof mount, .type = GANTRY_MOUNT_VOLUME, .source = name, .target = "/data"
        };
        const gantry_mount *const mounts[] = { &mount, NULL };
        gantry_container_options container = { .size = sizeof container,
                                               .name = contract_name(f, "user"),
                                               .mounts = mounts };
        gantry_run_options run = { .size = sizeof run,
                                   .container = &container,
                                   .command = SHELL(
                                       "grep -c '^tmpfs /data tmpfs .*size=64k' /proc/mounts"),
                                   .remove = GANTRY_ON };
        gantry_run_result *result = NULL;

        OK(contract_run(f, f->base, &run, &result, &f->err));
        SAME(result->stdout_data, "1\n");
        gantry_run_result_free(result);
    }
}

/* Nobody serves it: what is told is that, when a container wants it. */
static void share_that_cannot_be_mounted_is_told(struct contract *f)
{
    const char *name = contract_name(f, "share");
    const char *user;
    gantry_volume *volume = NULL;

    OK(create_with(f, name, "nfs", ":/nothing", "addr=127.0.0.1,soft,timeo=5,retrans=0,retry=0"));
    OK(gantry_volumes_inspect(f->volumes, name, NULL, &volume, &f->err));
    SAME(contract_pair(volume->options, volume->option_count, "type"), "nfs");
    SAME(contract_pair(volume->options, volume->option_count, "device"), ":/nothing");
    gantry_volume_free(volume);
    user = user_of(f, name);
    FAILS(gantry_containers_start(f->containers, user, NULL, &f->err), GANTRY_E_INVALID);
    CONTAINS(f->err.message, name);
    CHECK(contract_state(f, user) != GANTRY_CONTAINER_RUNNING);
}

static void unknown_options_and_drivers_are_refused(struct contract *f)
{
    const char *name = contract_name(f, "odd");
    gantry_pair option = { "colour", "red" };
    gantry_volume_options opts = { .size = sizeof opts, .options = &option, .option_count = 1 };

    FAILS(gantry_volumes_create(f->volumes, name, &opts, NULL, &f->err), GANTRY_E_INVALID);
    CONTAINS(f->err.message, "colour");
    opts = (gantry_volume_options){ .size = sizeof opts, .driver = "gantry-has-none" };
    FAILS(gantry_volumes_create(f->volumes, name, &opts, NULL, &f->err), GANTRY_E_INVALID);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_VOLUME);
    SAME(f->err.resource, name);
    CONTAINS(f->err.message, "gantry-has-none");
    CHECK(!has_volume(f, name));
}

/* ---- ensure of mounts ------------------------------------------------------------------------ */

static void check_item(const gantry_volume_mount_ensured *item, int type, const char *source,
                       const char *target, int created)
{
    CHECK(item->type == type);
    SAME(item->source, source);
    SAME(item->target, target);
    CHECK(item->created == created);
}

static void mounts_get_their_volumes(struct contract *f)
{
    const char *first = contract_name(f, "first");
    const char *second = contract_name(f, "second");
    char forms[3][200];
    const char *texts[] = { forms[0], forms[1], "/srv/host:/h:ro,z", "/anonymous", forms[2], NULL };
    gantry_pair label = { "colour", "red" };
    gantry_volume_options volume = { .size = sizeof volume, .labels = &label, .label_count = 1 };
    gantry_volume_mounts_options opts = { .size = sizeof opts, .volume = &volume };
    gantry_volume_mounts_ensured *ensured = NULL;
    gantry_mount_list *mounts = NULL;

    snprintf(forms[0], sizeof forms[0], "%s:/data", first);
    snprintf(forms[1], sizeof forms[1], "%s:/more:ro,Z", second);
    snprintf(forms[2], sizeof forms[2], "%s:/again:ro", first);
    OK(gantry_mounts_parse(texts, &mounts, &f->err));
    for (int time = 0; time < 2; time++) {
        OK(gantry_volumes_ensure_mounts(f->volumes, mounts->items, &opts, &ensured, &f->err));
        CHECK(ensured->count == 5 && ensured->items[5] == NULL);
        check_item(ensured->items[0], GANTRY_MOUNT_VOLUME, first, "/data", time == 0);
        check_item(ensured->items[1], GANTRY_MOUNT_VOLUME, second, "/more", time == 0);
        check_item(ensured->items[2], GANTRY_MOUNT_BIND, "/srv/host", "/h", 0);
        check_item(ensured->items[3], GANTRY_MOUNT_VOLUME, "", "/anonymous", 0);
        check_item(ensured->items[4], GANTRY_MOUNT_VOLUME, first, "/again", 0);
        for (size_t i = 0; i < ensured->count; i++)
            CHECK(ensured->items[i]->differences[0] == NULL);
        gantry_volume_mounts_ensured_free(ensured);
    }
    label.value = "blue";
    OK(gantry_volumes_ensure_mounts(f->volumes, mounts->items, &opts, &ensured, &f->err));
    CONTAINS(ensured->items[1]->differences[0], "colour");
    CHECK(ensured->items[2]->differences[0] == NULL);
    gantry_volume_mounts_ensured_free(ensured);
    gantry_mount_list_free(mounts);
}

static void mounts_are_checked_before(struct contract *f)
{
    const char *name = contract_name(f, "early");
    gantry_mount good = {
        .size = sizeof good, .type = GANTRY_MOUNT_VOLUME, .source = name, .target = "/data"
    };
    gantry_mount bad = { .size = sizeof bad, .type = GANTRY_MOUNT_TMPFS, .target = "relative" };
    gantry_pair option = { "colour", "red" };
    const gantry_mount *const mounts[] = { &good, &bad, NULL };

    FAILS(gantry_volumes_ensure_mounts(f->volumes, mounts, NULL, NULL, &f->err), GANTRY_E_INVALID);
    CHECK(!has_volume(f, name));
    bad = (gantry_mount){ .size = sizeof bad,
                          .type = GANTRY_MOUNT_VOLUME,
                          .source = contract_name(f, "odd"),
                          .target = "/odd" };
    if (contract_has_processes(f)) {
        bad.driver_options = &option;
        bad.driver_option_count = 1;
    } else {
        bad.driver = "other";
    }
    CHECK(gantry_volumes_ensure_mounts(f->volumes, mounts, NULL, NULL, &f->err) < 0);
    CHECK(f->err.outcome == GANTRY_OUTCOME_PARTIAL);
    CONTAINS(f->err.output, name);
    CONTAINS(f->err.message, "/odd");
    CHECK(has_volume(f, name) && !has_volume(f, bad.source));
    OK(gantry_volumes_ensure_mounts(f->volumes, &mounts[2], NULL, NULL, &f->err)); /* none */
    FAILS(gantry_volumes_ensure_mounts(f->volumes, NULL, NULL, NULL, &f->err), GANTRY_E_INVALID);
}

const struct contract_test volumes_more_tests[] = {
    TEST(force_takes_the_users_along),
    TEST(list_knows_drivers_and_use),
    TEST(usage_is_told_when_asked_for),
    TEST(prune_takes_what_is_meant),
    TEST(anonymous_ones_are_told_apart),
    TEST(tmpfs_is_mounted),
    TEST_WITH(share_that_cannot_be_mounted_is_told, PROCESSES),
    TEST_WITH(unknown_options_and_drivers_are_refused, .on = ON_ENGINES),
    TEST(mounts_get_their_volumes),
    TEST(mounts_are_checked_before),
    { 0 },
};
