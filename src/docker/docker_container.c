/*
 * Docker: life of containers, from start to remove. Create is in docker_create.c, what Docker tells
 * of containers is in docker_inspect.c, streams in docker_stream.c.
 */
#include "docker_pod.h"

#include <string.h>

/* ---- life ------------------------------------------------------------------------------------ */

static int container_act(struct docker *d, const gantry_call *call, const char *id,
                         const char *template_text, gantry_error *err)
{
    int rc =
        gnt_rest_act(&d->rest, "POST", call, GANTRY_RESOURCE_CONTAINER, id, template_text, err);

    /* What is not there may be one whose namespaces it was to share: the message says. */
    return gnt_docker_blame(
        rc, rc == GANTRY_E_NOT_FOUND ? GANTRY_RESOURCE_NONE : GANTRY_RESOURCE_CONTAINER, err);
}

static int container_start(void *state, const char *id, const gantry_container_start_options *opts,
                           gantry_error *err)
{
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    int rc = gnt_docker_pod_wake(state, call, id, err);

    return rc < 0 ? rc : container_act(state, call, id, "/containers/%s/start", err);
}

#define S gantry_container_stop_options
const struct gnt_out gnt_docker_stop_options[] = {
    GNT_OUT_CODE(S, grace_ms),
    GNT_OUT_END,
};
#undef S

/* Whether the library's own time limit holds for a call, so that it must know the grace period. */
static int has_default_limit(const gantry_call *call)
{
    return call == NULL || (call->timeout_ms == 0 && call->deadline_ns == 0);
}

/* Stop and restart: the time limit is extended by the grace period, the container's own too. */
static int stop_like(struct docker *d, const char *id, const gantry_container_stop_options *opts,
                     const char *template_text, gantry_error *err)
{
    struct gnt_container_facts facts = { .stop_timeout_s = 0 };
    struct gnt_req r;
    int64_t seconds = opts->grace_ms > 0 ? gnt_seconds_up(opts->grace_ms) : 0;
    int rc = 0;

    if (opts->grace_ms == 0 && has_default_limit(opts->call))
        rc = gnt_rest_container_facts(&d->rest, opts->call, id, &facts, err);
    if (rc < 0)
        return rc;
    if (seconds > INT32_MAX)
        seconds = INT32_MAX; /* more overflows in the daemon, which then kills at once */
    gnt_req_init(&r, &d->rest, "POST", opts->call, template_text, id);
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
    if (opts->grace_ms == GANTRY_NO_TIMEOUT)
        seconds = -1;
    if (opts->grace_ms != 0)
        gnt_req_query_i64(&r, "t", seconds);
    else
        seconds = facts.stop_timeout_s;
    if (seconds < 0) /* created with "wait for ever" */
        r.flags |= GNT_REQ_OPEN_ENDED;
    else
        r.extra_ms = seconds < INT64_MAX / 2000 ? seconds * 1000 : INT64_MAX / 2;
    return gnt_docker_blame(gnt_req_run(&r, NULL, err), GANTRY_RESOURCE_CONTAINER, err);
}

static int container_stop(void *state, const char *id, const gantry_container_stop_options *opts,
                          gantry_error *err)
{
    struct docker *d = state;
    struct gnt_container_facts facts;
    int rc = stop_like(d, id, opts, "/containers/%s/stop", err);

    if (rc == 0 && gnt_docker_lists_late(d))
        (void)gnt_rest_container_facts(&d->rest, opts->call, id, &facts, NULL);
    return rc;
}

static int container_restart(void *state, const char *id, const gantry_container_stop_options *opts,
                             gantry_error *err)
{
    gantry_container_stop_options o = *opts;
    gantry_call shared;
    int rc;

    o.call = gnt_call_share(&shared, opts->call);
    rc = gnt_docker_pod_wake(state, o.call, id, err);
    return rc < 0 ? rc : stop_like(state, id, &o, "/containers/%s/restart", err);
}

#define K gantry_container_kill_options
const struct gnt_out gnt_docker_kill_options[] = {
    GNT_OUT_STR(K, signal, "signal"),
    GNT_OUT_END,
};
#undef K

static int container_kill(void *state, const char *id, const gantry_container_kill_options *opts,
                          gantry_error *err)
{
    struct docker *d = state;
    struct gnt_req r;

    gnt_req_init(&r, &d->rest, "POST", opts->call, "/containers/%s/kill", id);
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
    gnt_req_query_object(&r, gnt_req_encode(&r, opts, gnt_docker_kill_options));
    return gnt_req_run(&r, NULL, err);
}

/* ---- remove ---------------------------------------------------------------------------------- */

#define D gantry_container_remove_options
const struct gnt_out gnt_docker_container_remove_options[] = {
    GNT_OUT_ON(D, force, "force"),
    GNT_OUT_ON(D, volumes, "v"),
    GNT_OUT_CODE(D, missing_ok),
    GNT_OUT_REFUSE(D, reserved),
    GNT_OUT_END,
};
#undef D

/* Somebody else (auto-remove) is at it: the name is free when that is done. */
static int await_removal(struct docker *d, const char *id, const gantry_call *call,
                         gantry_error *err)
{
    gantry_wait_options opts = { .size = sizeof opts,
                                 .call = call,
                                 .condition = GANTRY_WAIT_REMOVED };
    gantry_exit_status status;
    gantry_wait *wait = NULL;
    int rc = gnt_docker_wait(d, id, &opts, &wait, err);

    if (rc == 0)
        rc = gantry_wait_result(wait, &status, err);
    gantry_wait_close(wait);
    return rc == GANTRY_E_NOT_FOUND ? 0 : rc;
}

int gnt_docker_container_remove(void *state, const char *id,
                                const gantry_container_remove_options *opts, gantry_error *err)
{
    struct docker *d = state;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    struct gnt_req r;
    gantry_error e = { 0 };
    int rc;

    gnt_req_init(&r, &d->rest, "DELETE", call, "/containers/%s", id);
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
    gnt_req_query_object(&r, gnt_req_encode(&r, opts, gnt_docker_container_remove_options));
    rc = gnt_req_run(&r, NULL, &e);
    if (rc == GANTRY_E_STATE && strstr(e.message, "is already in progress") != NULL)
        return await_removal(d, id, call, err);
    if (rc < 0 && err != NULL)
        *err = e;
    return rc;
}

const gantry_container_ops gnt_docker_container_ops = {
    .size = sizeof gnt_docker_container_ops,
    .create = gnt_docker_container_create,
    .start = container_start,
    .stop = container_stop,
    .restart = container_restart,
    .kill = container_kill,
    .remove = gnt_docker_container_remove,
    .list = gnt_docker_container_list,
    .inspect = gnt_docker_container_inspect,
    .logs = gnt_docker_logs,
    .attach = gnt_docker_attach,
    .wait = gnt_docker_wait,
    .exec = gnt_docker_exec,
    .exec_result = gnt_docker_exec_result,
    .exec_resize = gnt_docker_exec_resize,
    .exec_inspect = gnt_docker_exec_inspect,
    .commit = gnt_docker_commit,
    .export_open = gnt_docker_export,
    .pause = gnt_docker_pause,
    .unpause = gnt_docker_unpause,
    .rename = gnt_docker_rename,
    .update = gnt_docker_update,
    .top = gnt_docker_top,
    .changes = gnt_docker_changes,
    .checkpoint = gnt_docker_checkpoint,
    .restore = gnt_docker_restore,
    .resize = gnt_docker_resize,
    .stats = gnt_docker_stats,
    .stats_open = gnt_docker_stats_open,
    .archive_put = gnt_docker_archive_put,
    .archive_get = gnt_docker_archive_get,
    .archive_stat = gnt_docker_archive_stat,
};
