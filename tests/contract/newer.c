/*
 * Contract of what Docker has in newer releases alone. On an older one each is UNSUPPORTED and the
 * error says which option it is about: rows of versions.def say from when on it works.
 */
#include "contract.h"

/* Whether this engine has it; if not, that it says so. */
static int has(struct contract *f, enum contract_difference id,
               const gantry_container_options *opts, const char *option)
{
    if (!contract_differs(f, id))
        return 1;
    FAILS(gantry_containers_create(f->containers, f->base, opts, NULL, &f->err),
          GANTRY_E_UNSUPPORTED);
    CONTAINS(f->err.message, option);
    CHECK(!contract_exists(f, opts->name));
    return 0;
}

/* Runs a container with one mount and compares what it prints. */
static void mount_prints(struct contract *f, const gantry_mount *mount, const char *script,
                         const char *want)
{
    const gantry_mount *const mounts[] = { mount, NULL };
    const gantry_container_options container = { .size = sizeof container,
                                                 .name = contract_name(f, "mount"),
                                                 .command = SHELL(script),
                                                 .mounts = mounts };
    gantry_run_options opts = { .size = sizeof opts, .container = &container };
    gantry_run_result *result = NULL;

    OK(contract_run(f, f->base, &opts, &result, &f->err));
    SAME(result->stdout_data, want);
    CHECK(result->exit_code == 0);
    gantry_run_result_free(result);
}

/* With the ordinary interval it would be an hour. */
static void health_checks_begin_quickly(struct contract *f)
{
    const gantry_health health = { .size = sizeof health,
                                   .test = COMMAND("CMD", "true"),
                                   .interval_ms = 3600000,
                                   .start_period_ms = 3600000,
                                   .start_interval_ms = 100 };
    const gantry_container_options opts = { .size = sizeof opts,
                                            .name = contract_name(f, "health"),
                                            .command = SHELL(IDLE),
                                            .health = &health };
    const gantry_call call = { .size = sizeof call, .timeout_ms = 30000 };
    const gantry_wait_options wait = { .size = sizeof wait,
                                       .call = &call,
                                       .condition = GANTRY_WAIT_HEALTHY };

    if (!has(f, DIFF_START_INTERVAL_NEEDS_API_144, &opts, "start_interval_ms"))
        return;
    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    OK(gantry_containers_start(f->containers, opts.name, NULL, &f->err));
    OK(gantry_containers_wait(f->containers, opts.name, &wait, NULL, &f->err));
}

static void part_of_a_volume_is_mounted(struct contract *f)
{
    gantry_mount mount = { .size = sizeof mount,
                           .type = GANTRY_MOUNT_VOLUME,
                           .source = contract_name(f, "volume"),
                           .target = "/data",
                           .subpath = "below" };
    const gantry_mount *const mounts[] = { &mount, NULL };
    const gantry_container_options opts = { .size = sizeof opts,
                                            .name = contract_name(f, "part"),
                                            .mounts = mounts };

    if (!has(f, DIFF_SUBPATH_NEEDS_API_145, &opts, "subpath"))
        return;
    mount.subpath = NULL;
    mount_prints(f, &mount, "mkdir /data/below && echo deep >/data/below/file", "");
    mount.subpath = "below";
    mount_prints(f, &mount, "cd /data && ls && cat file", "file\ndeep\n");
}

static void image_is_mounted(struct contract *f)
{
    gantry_mount mount = {
        .size = sizeof mount, .type = GANTRY_MOUNT_IMAGE, .source = f->base, .target = "/image"
    };
    const gantry_mount *const mounts[] = { &mount, NULL };
    const gantry_container_options opts = { .size = sizeof opts,
                                            .name = contract_name(f, "image"),
                                            .mounts = mounts };
    gantry_container *info = NULL;

    if (!has(f, DIFF_IMAGE_MOUNTS_NEED_API_148, &opts, "GANTRY_MOUNT_IMAGE"))
        return;
    mount_prints(f, &mount,
                 "[ -x /image/bin/busybox ] && ! mkdir /image/new 2>/dev/null && echo kept",
                 "kept\n");
    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    OK(gantry_containers_inspect(f->containers, opts.name, NULL, &info, &f->err));
    CHECK(info->mounts[0] != NULL && info->mounts[0]->type == GANTRY_MOUNT_IMAGE);
    SAME(info->mounts[0]->target, "/image");
    gantry_container_free(info);
    mount.subpath = "bin";
    mount_prints(f, &mount, "[ -x /image/busybox ] && echo below", "below\n");
}

const struct contract_test newer_tests[] = {
    TEST_WITH(health_checks_begin_quickly, PROCESSES, .on = ON_DOCKER),
    TEST_WITH(part_of_a_volume_is_mounted, PROCESSES, .on = ON_DOCKER),
    TEST_WITH(image_is_mounted, PROCESSES, .on = ON_DOCKER),
    { 0 },
};
