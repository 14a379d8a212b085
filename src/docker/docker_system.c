/*
 * Docker as a whole: disk use, build cache. Knows the document of /system/df.
 */
#include "docker.h"

#include "rest_usage.h"

#include <string.h>

/* ---- disk use -------------------------------------------------------------------------------- */

void gnt_docker_df_request(struct gnt_req *r, struct docker *d, const gantry_call *call,
                           const char *type)
{
    gnt_req_init(r, &d->rest, "GET", call, "/system/df");
    if (gnt_rest_at_least(&d->rest, 1, 42, 0))
        gnt_req_query(r, "type", type);
    if (gnt_rest_at_least(&d->rest, 1, 52, 0))
        gnt_req_query_true(r, "verbose", 1); /* lists, not only sums */
}

/* A layer of a container in which nothing was written has no size in the answer. */
static int in_own_size(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                       void *field)
{
    int64_t size = 0;

    (void)c;
    (void)row;
    (void)gnt_json_int(gnt_json_get(v, "SizeRw"), &size);
    memcpy(field, &size, sizeof size);
    return 0;
}

/* What a shared record takes, others have too. */
static int in_shared_size(struct gnt_in_context *c, const struct gnt_json *v,
                          const struct gnt_in *row, void *field)
{
    int64_t size = 0;

    (void)c;
    (void)row;
    if (gnt_json_true(gnt_json_get(v, "Shared")))
        (void)gnt_json_int(gnt_json_get(v, "Size"), &size);
    memcpy(field, &size, sizeof size);
    return 0;
}

#define U gantry_usage_item
static const struct gnt_in container_rows[] = {
    GNT_IN_ID_REQ(U, id, "Id"),
    GNT_IN_HOOK(U, name, "Names", gnt_docker_in_own_name),
    GNT_IN_HOOK(U, bytes, "", in_own_size),
    GNT_IN_ENUM(U, active, "State", gnt_usage_states),
    GNT_IN_END,
};

static const struct gnt_in volume_rows[] = {
    GNT_IN_STR_REQ(U, id, "Name"),
    GNT_IN_STR(U, name, "Name"),
    GNT_IN_I64(U, bytes, "UsageData/Size"),
    GNT_IN_I64(U, references, "UsageData/RefCount"),
    GNT_IN_END,
};

static const struct gnt_in cache_rows[] = {
    GNT_IN_ID_REQ(U, id, "ID"),      GNT_IN_STR(U, name, "Description"),
    GNT_IN_I64(U, bytes, "Size"),    GNT_IN_HOOK(U, shared_bytes, "", in_shared_size),
    GNT_IN_FLAG(U, active, "InUse"), GNT_IN_END,
};
#undef U

static const struct gnt_usage_dialect usage_dialect = {
    .take_images = gnt_docker_take_usage,
    .containers = { "Containers", "ContainerUsage/Items", container_rows },
    .volumes = { "Volumes", "VolumeUsage/Items", volume_rows },
    .build_cache = { "BuildCache", "BuildCacheUsage/Items", cache_rows },
};

const struct gnt_in gnt_docker_df_rows[] = {
    { "", gnt_in_usage, 0, &usage_dialect, 0, 0 },
    GNT_IN_END,
};

static int ask_usage(struct docker *d, const gantry_call *call, void *out, gantry_error *err)
{
    struct gnt_req r;

    gnt_docker_df_request(&r, d, call, NULL);
    return gnt_req_result(&r, GANTRY_KIND_DISK_USAGE, gnt_docker_df_rows,
                          offsetof(gantry_disk_usage, json), out, err);
}

static int docker_disk_usage(void *state, const gantry_disk_usage_options *opts,
                             gantry_disk_usage **out, gantry_error *err)
{
    struct docker *d = state;
    gantry_call shared;
    void *usage = NULL;
    int rc = gnt_docker_usage_turn(d, gnt_call_share(&shared, opts->call), ask_usage, &usage, err);

    if (rc == 0)
        *out = usage;
    return rc;
}

/* ---- build cache ----------------------------------------------------------------------------- */

static int docker_prune_build_cache(void *state, int64_t until_ns, const gantry_call *call,
                                    gantry_system_pruned *pruned, gantry_error *err)
{
    struct docker *d = state;
    gantry_image_pruned *cache = gantry_result_new(d->rest.host, GANTRY_KIND_IMAGE_PRUNED, err);
    int rc =
        cache == NULL ? GANTRY_E_NOMEM : gnt_docker_prune_cache(d, until_ns, 1, call, cache, err);

    for (const char *const *id = rc == 0 ? cache->caches : gnt_no_strings; *id != NULL; id++) {
        const char *const *list =
            gnt_strings_add(gnt_result_arena(pruned), pruned->build_cache, *id);

        if (list == NULL) {
            rc = gnt_nomem(err);
            break;
        }
        pruned->build_cache = list;
    }
    if (rc == 0)
        pruned->reclaimed_bytes += cache->freed_bytes;
    gantry_result_free(cache);
    return rc;
}

const gantry_system_ops gnt_docker_system_ops = {
    .size = sizeof gnt_docker_system_ops,
    .disk_usage = docker_disk_usage,
    .events_open = gnt_docker_events_open,
    .prune_build_cache = docker_prune_build_cache,
};
