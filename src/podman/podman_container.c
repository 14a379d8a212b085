/*
 * Containers over libpod: inspect, and the table of what they can; what answers mean is in
 * podman_inspect.c. Lists are in podman_list.c, creating in podman_create.c, life in podman_life.c
 * and podman_update.c, streams in podman_stream.c, waiting in podman_wait.c.
 */
#include "podman.h"

#include "rest_life.h"

#include <string.h>

#define I gantry_container_inspect_options
const struct gnt_out gnt_podman_container_inspect_options[] = { GNT_OUT_ON(I, sizes, "size"),
                                                                GNT_OUT_REFUSE(I, reserved),
                                                                GNT_OUT_END };
#undef I

/* ---- inspect --------------------------------------------------------------------------------- */

int gnt_podman_container_inspect(void *state, const char *id,
                                 const gantry_container_inspect_options *opts,
                                 gantry_container **out, gantry_error *err)
{
    struct podman *p = state;
    struct gnt_req r;
    gantry_container *c;
    void *result = NULL;
    int rc;

    gnt_req_init(&r, &p->rest, "GET", opts->call, "/containers/%s/json", id);
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
    gnt_req_query_object(&r, gnt_req_encode(&r, opts, gnt_podman_container_inspect_options));
    rc = gnt_req_result(&r, GANTRY_KIND_CONTAINER, gnt_podman_container_rows,
                        offsetof(gantry_container, json), &result, err);
    if (rc < 0)
        return rc;
    c = result;
    gnt_settle_ports(c);
    gnt_settle_sizes(c, opts->sizes == GANTRY_ON);
    gnt_podman_settle_health(c);
    /* The kernel's SIGKILL and that of others look alike, and Podman often misses the first. */
    if (c->has_exit_code && c->exit_code == 128 + 9 && !c->oom_killed)
        c->oom_killed = -1;
    *out = c;
    return 0;
}

const gantry_container_ops gnt_podman_container_ops = { .size = sizeof(gantry_container_ops),
                                                        .create = gnt_podman_create,
                                                        .start = gnt_podman_start,
                                                        .stop = gnt_podman_stop,
                                                        .restart = gnt_podman_restart,
                                                        .kill = gnt_podman_kill,
                                                        .remove = gnt_podman_container_remove,
                                                        .list = gnt_podman_container_list,
                                                        .inspect = gnt_podman_container_inspect,
                                                        .logs = gnt_podman_logs,
                                                        .attach = gnt_podman_attach,
                                                        .wait = gnt_podman_wait,
                                                        .exec = gnt_podman_exec,
                                                        .exec_result = gnt_podman_exec_result,
                                                        .exec_resize = gnt_podman_exec_resize,
                                                        .exec_inspect = gnt_podman_exec_inspect,
                                                        .commit = gnt_podman_commit,
                                                        .export_open = gnt_podman_export,
                                                        .exists = gnt_podman_container_exists,
                                                        .pause = gnt_podman_pause,
                                                        .unpause = gnt_podman_unpause,
                                                        .rename = gnt_podman_container_rename,
                                                        .update = gnt_podman_update,
                                                        .init = gnt_podman_init,
                                                        .top = gnt_podman_top,
                                                        .changes = gnt_podman_changes,
                                                        .checkpoint = gnt_podman_checkpoint,
                                                        .restore = gnt_podman_restore,
                                                        .mount = gnt_podman_mount,
                                                        .unmount = gnt_podman_unmount,
                                                        .check_health = gnt_podman_check_health,
                                                        .resize = gnt_podman_resize,
                                                        .stats = gnt_podman_stats,
                                                        .stats_open = gnt_podman_stats_open,
                                                        .archive_put = gnt_podman_archive_put,
                                                        .archive_get = gnt_podman_archive_get,
                                                        .archive_stat = gnt_podman_archive_stat };
