/*
 * Calls on volumes that are made of several requests.
 */
#include "calls.h"

#include <string.h>

#define FIRST "faults-vol2"
#define SECOND "faults-vol3"
#define USED "faults-vol4"

static const gantry_pair label = { "faults", "volumes" };
static const char *const labels[] = { "faults=volumes", NULL };

static gantry_volumes *volumes(struct faults *f)
{
    return gantry_engine_volumes(f->engine);
}

static gantry_mount mount_of(const char *source, const char *target)
{
    gantry_mount m = {
        .size = sizeof m, .type = GANTRY_MOUNT_VOLUME, .source = source, .target = target
    };

    return m;
}

int faults_volumes_ensure_mounts(struct faults *f)
{
    const gantry_mount first = mount_of(FIRST, "/a");
    const gantry_mount second = mount_of(SECOND, "/b");
    const gantry_mount again = mount_of(FIRST, "/c");
    const gantry_mount *const mounts[] = { &first, &second, &again, NULL };
    const gantry_volume_options all = { .size = sizeof all, .labels = &label, .label_count = 1 };
    const gantry_volume_mounts_options o = { .size = sizeof o, .call = &f->call, .volume = &all };
    gantry_volume_mounts_ensured *ensured = NULL;
    int rc = gantry_volumes_ensure_mounts(volumes(f), mounts, &o, &ensured, &f->err);

    for (size_t i = 0; rc == 0 && i < ensured->count; i++) {
        faults_mix(f, ensured->items[i]->source);
        faults_mix_int(f, ensured->items[i]->created);
        faults_mix_strings(f, ensured->items[i]->differences);
    }
    gantry_volume_mounts_ensured_free(ensured);
    return rc;
}

static void mix_usage(struct faults *f, const gantry_volume *volume)
{
    faults_mix(f, volume->name);
    faults_mix_int(f, volume->used_bytes);
    faults_mix_int(f, volume->references);
}

int faults_volumes_usage(struct faults *f)
{
    const gantry_volume_inspect_options o = { .size = sizeof o,
                                              .call = &f->call,
                                              .usage = GANTRY_ON };
    gantry_volume *volume = NULL;
    int rc = gantry_volumes_inspect(volumes(f), FIRST, &o, &volume, &f->err);

    if (rc == 0)
        mix_usage(f, volume);
    gantry_volume_free(volume);
    return rc;
}

int faults_volumes_unused(struct faults *f)
{
    const gantry_volume_list_options o = {
        .size = sizeof o, .call = &f->call, .labels = labels, .unused = GANTRY_ON
    };
    gantry_volume_list *list = NULL;
    int rc = gantry_volumes_list(volumes(f), &o, &list, &f->err);

    for (size_t i = 0; rc == 0 && i < list->count; i++)
        mix_usage(f, list->items[i]);
    gantry_volume_list_free(list);
    return rc;
}

int faults_volumes_prune(struct faults *f)
{
    const gantry_volume_prune_options o = {
        .size = sizeof o, .call = &f->call, .labels = labels, .all = GANTRY_ON
    };
    gantry_volumes_pruned *pruned = NULL;
    int rc = gantry_volumes_prune(volumes(f), &o, &pruned, &f->err);

    if (rc == 0) {
        faults_mix_strings(f, pruned->names);
        faults_mix_int(f, pruned->reclaimed_bytes);
    }
    gantry_volumes_pruned_free(pruned);
    return rc;
}

int faults_containers_create_user(struct faults *f)
{
    const gantry_mount mount = mount_of(USED, "/data");
    const gantry_mount *const mounts[] = { &mount, NULL };
    const gantry_container_options o = { .size = sizeof o,
                                         .call = &f->call,
                                         .name = "faults-user",
                                         .mounts = mounts,
                                         .network = "none" };
    gantry_created *created = NULL;
    int rc = gantry_containers_create(gantry_engine_containers(f->engine), "faults-base", &o,
                                      &created, &f->err);

    if (rc == 0)
        faults_mix(f, created->id);
    gantry_created_free(created);
    return rc;
}

int faults_volumes_remove_forced(struct faults *f)
{
    const gantry_volume_remove_options o = { .size = sizeof o,
                                             .call = &f->call,
                                             .force = GANTRY_ON };

    return gantry_volumes_remove(volumes(f), USED, &o, &f->err);
}
