/*
 * Docker: the further life of containers: pause, rename, update, processes, changes, checkpoints.
 */
#include "docker.h"

#include "rest_life.h"

#include <string.h>

/* ---- pause, rename, resize ------------------------------------------------------------------- */

int gnt_docker_pause(void *state, const char *id, const gantry_container_pause_options *opts,
                     gantry_error *err)
{
    struct docker *d = state;
    gantry_call shared;

    return gnt_rest_pause(&d->rest, gnt_call_share(&shared, opts->call), id, 1, err);
}

int gnt_docker_unpause(void *state, const char *id, const gantry_container_pause_options *opts,
                       gantry_error *err)
{
    struct docker *d = state;
    gantry_call shared;

    return gnt_rest_pause(&d->rest, gnt_call_share(&shared, opts->call), id, 0, err);
}

/* The name that it has already is none to complain about, as other engines see it. */
int gnt_docker_rename(void *state, const char *id, const char *new_name,
                      const gantry_container_rename_options *opts, gantry_error *err)
{
    struct docker *d = state;
    gantry_error failure = { 0 };
    int rc = gnt_rest_rename(&d->rest, opts->call, id, new_name, &failure);

    if (rc == GANTRY_E_INVALID && strstr(failure.message, "same name as its current name") != NULL)
        return 0;
    if (rc < 0 && err != NULL)
        *err = failure;
    return rc;
}

int gnt_docker_resize(void *state, const char *id, int columns, int rows,
                      const gantry_resize_options *opts, gantry_error *err)
{
    struct docker *d = state;

    return gnt_rest_resize(&d->rest, opts->call, id, columns, rows, err);
}

/* ---- processes, changes ---------------------------------------------------------------------- */

const struct gnt_out gnt_docker_top_options[] = {
    GNT_OUT_CODE(gantry_container_top_options, columns),
    GNT_OUT_END,
};

int gnt_docker_top(void *state, const char *id, const gantry_container_top_options *opts,
                   gantry_container_top **out, gantry_error *err)
{
    struct docker *d = state;
    struct gnt_arena arena;
    const char *args = NULL;
    int rc = 0;

    gnt_arena_init(&arena, &d->rest.host->mem);
    if (opts->columns != NULL && opts->columns[0] != NULL) {
        args = gnt_join(&arena, opts->columns, " ");
        rc = args == NULL ? gnt_nomem(err) : 0;
    }
    if (rc == 0)
        rc = gnt_rest_top(&d->rest, opts->call, id, args, out, err);
    gnt_arena_free(&arena);
    return rc;
}

int gnt_docker_changes(void *state, const char *id, const gantry_container_changes_options *opts,
                       gantry_container_changes **out, gantry_error *err)
{
    struct docker *d = state;

    return gnt_rest_changes(&d->rest, opts->call, id, NULL, out, err);
}

/* ---- update ---------------------------------------------------------------------------------- */

#define U gantry_container_update_options
const struct gnt_out gnt_docker_update_options[] = {
    GNT_OUT_CODE(U, resources),
    GNT_OUT_I64(U, restart_retries, "RestartPolicy/MaximumRetryCount"),
    GNT_OUT_HOOK(U, restart, "RestartPolicy/Name", gnt_out_restart),
    GNT_OUT_REFUSE(U, reserved),
    GNT_OUT_END,
};
#undef U

static void put_limits(struct gnt_req *r, struct gnt_json *body, const gantry_resources *limits)
{
    struct gnt_json *more = gnt_req_encode(r, limits, gnt_docker_resource_options);

    if (r->rc == 0 && gnt_json_merge(&r->arena, body, more) < 0)
        gnt_req_fail(r, GANTRY_E_NOMEM, "out of memory");
}

static const struct gnt_in updated_rows[] = {
    GNT_IN_STRS(gantry_created, warnings, "Warnings"),
    GNT_IN_END,
};

/* What the daemon says of limits that its kernel does not have: it leaves out those. */
static int check_warnings(struct docker *d, const gantry_created *updated,
                          const gantry_container_update_options *opts, gantry_error *err)
{
    int rc;

    for (const char *const *text = updated->warnings; *text != NULL; text++)
        gantry_host_log(d->rest.host, GANTRY_LOG_WARNING, "docker", "update: %s", *text);
    rc = gnt_docker_check_warnings(updated->warnings, opts->resources, NULL, err);
    if (rc < 0)
        gnt_error_outcome(err, GANTRY_OUTCOME_PARTIAL, GANTRY_RETRY_NO);
    return rc;
}

int gnt_docker_update(void *state, const char *id, const gantry_container_update_options *opts,
                      gantry_error *err)
{
    struct docker *d = state;
    gantry_resources limits;
    struct gnt_json *body;
    struct gnt_req r;
    void *result = NULL;
    int rc = 0;

    if (opts->resources != NULL) {
        limits = *opts->resources;
        rc = gnt_rest_update_check(&limits, err);
    }
    if (rc == 0 && opts->resources != NULL)
        rc = gnt_rest_update_swap(&d->rest, opts->call, id, &limits, err);
    if (rc < 0)
        return rc;
    gnt_req_init(&r, &d->rest, "POST", opts->call, "/containers/%s/update", id);
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
    body = gnt_req_encode(&r, opts, gnt_docker_update_options);
    if (opts->resources != NULL)
        put_limits(&r, body, &limits);
    gnt_req_json(&r, body);
    rc = gnt_req_result(&r, GANTRY_KIND_CREATED, updated_rows, SIZE_MAX, &result, err);
    if (rc == 0)
        rc = check_warnings(d, result, opts, err);
    gnt_result_free(result);
    return rc;
}

/* ---- checkpoints ----------------------------------------------------------------------------- */

#define C gantry_checkpoint_options
const struct gnt_out gnt_docker_checkpoint_options[] = {
    GNT_OUT_CODE(C, name),
    GNT_OUT_CODE(C, leave_running),
    GNT_OUT_REFUSE(C, keep),
    GNT_OUT_REFUSE(C, tcp_established),
    GNT_OUT_REFUSE(C, file_locks),
    GNT_OUT_REFUSE(C, ignore_static_ip),
    GNT_OUT_REFUSE(C, ignore_static_mac),
    GNT_OUT_END,
};
#undef C

static const char *name_of(const gantry_checkpoint_options *opts)
{
    return opts->name != NULL ? opts->name : "gantry";
}

int gnt_docker_checkpoint(void *state, const char *id, const gantry_checkpoint_options *opts,
                          gantry_error *err)
{
    struct docker *d = state;
    struct gnt_json *body;
    struct gnt_req r;

    gnt_req_init(&r, &d->rest, "POST", opts->call, "/containers/%s/checkpoints", id);
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
    r.flags |= GNT_REQ_OPEN_ENDED;
    body = gnt_req_encode(&r, opts, gnt_docker_checkpoint_options);
    if (r.rc == 0 &&
        (gnt_json_set(&r.arena, body, "CheckpointID", gnt_json_string(&r.arena, name_of(opts))) <
             0 ||
         gnt_json_set(&r.arena, body, "Exit",
                      gnt_json_boolean(&r.arena, opts->leave_running != GANTRY_ON)) < 0))
        gnt_req_fail(&r, GANTRY_E_NOMEM, "out of memory");
    gnt_req_json(&r, body);
    return gnt_req_run(&r, NULL, err);
}

int gnt_docker_restore(void *state, const char *id, const gantry_checkpoint_options *opts,
                       gantry_error *err)
{
    struct docker *d = state;
    struct gnt_req r;

    gnt_req_init(&r, &d->rest, "POST", opts->call, "/containers/%s/start", id);
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
    r.flags |= GNT_REQ_OPEN_ENDED;
    gnt_req_encode(&r, opts, gnt_docker_checkpoint_options);
    gnt_req_query(&r, "checkpoint", name_of(opts));
    return gnt_req_run(&r, NULL, err);
}
