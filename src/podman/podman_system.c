/*
 * Podman as a whole: disk use. Knows the document of /system/df. What builds leave is images here,
 * so there is no cache to prune.
 */
#include "podman.h"

#include "rest_usage.h"

#define U gantry_usage_item
static const struct gnt_in container_rows[] = {
    GNT_IN_ID_REQ(U, id, "ContainerID"),
    GNT_IN_STR(U, name, "Names"),
    GNT_IN_I64(U, bytes, "RWSize"),
    GNT_IN_ENUM(U, active, "Status", gnt_usage_states),
    GNT_IN_END,
};

static const struct gnt_in volume_rows[] = {
    GNT_IN_STR_REQ(U, id, "VolumeName"),
    GNT_IN_STR(U, name, "VolumeName"),
    GNT_IN_I64(U, bytes, "Size"),
    GNT_IN_I64(U, references, "Links"),
    GNT_IN_END,
};
#undef U

static const struct gnt_usage_dialect usage_dialect = {
    .take_images = gnt_podman_take_usage,
    .containers = { "Containers", NULL, container_rows },
    .volumes = { "Volumes", NULL, volume_rows },
};

const struct gnt_in gnt_podman_df_rows[] = {
    { "", gnt_in_usage, 0, &usage_dialect, 0, 0 },
    GNT_IN_END,
};

static int ask_usage(struct podman *p, const gantry_call *call, void **out, gantry_error *err)
{
    struct gnt_req r;

    gnt_req_init(&r, &p->rest, "GET", call, "/system/df");
    return gnt_req_result(&r, GANTRY_KIND_DISK_USAGE, gnt_podman_df_rows,
                          offsetof(gantry_disk_usage, json), out, err);
}

static int podman_disk_usage(void *state, const gantry_disk_usage_options *opts,
                             gantry_disk_usage **out, gantry_error *err)
{
    void *usage = NULL;
    int rc = gnt_podman_df(state, opts->call, ask_usage, &usage, err);

    if (rc == 0)
        *out = usage;
    return rc;
}

const gantry_system_ops gnt_podman_system_ops = {
    .size = sizeof(gantry_system_ops),
    .disk_usage = podman_disk_usage,
    .events_open = gnt_podman_events_open,
};
