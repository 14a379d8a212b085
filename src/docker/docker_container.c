/*
 * Docker: life of containers, and how it lists and describes them. Streams are in docker_stream.c,
 * the body of create in docker_spec.c.
 */
#include "docker.h"

#include <string.h>

/* ---- what Docker tells of a container -------------------------------------------------------------- */

/* Names: ["/web", "/other/web"]; a name without a second '/' is the container's own. */
static int in_own_name(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                       void *field)
{
    const char *own = NULL;

    (void)row;
    for (const struct gnt_json *item = v->first; item != NULL && own == NULL; item = item->next) {
        const char *text = gnt_json_text(item);

        if (text != NULL && strchr(text + (*text == '/'), '/') == NULL)
            own = text + (*text == '/');
    }
    if (own == NULL)
        return 0;
    own = gnt_arena_strdup(c->arena, own);
    if (own == NULL)
        return gnt_nomem(c->err);
    memcpy(field, &own, sizeof own);
    return 0;
}

static const struct gnt_in port_rows[] = {
    GNT_IN_STR(gantry_port_info, protocol, "Type"),
    GNT_IN_STR(gantry_port_info, host_address, "IP"),
    GNT_IN_INT(gantry_port_info, container_port, "PrivatePort"),
    GNT_IN_INT(gantry_port_info, host_port, "PublicPort"),
    GNT_IN_END
};

static int in_port_list(struct gnt_in_context *c, const struct gnt_json *v,
                        const struct gnt_in *row, void *field)
{
    (void)row;
    return gnt_in_items(c, v, GANTRY_KIND_PORT_INFO, port_rows, field);
}

/* An exit code counts only once it has ended; Docker says 0 before. */
static int in_ended(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                    void *field)
{
    const char *status = gnt_json_text(gnt_json_get(v, "Status"));
    int ended = status != NULL && (strcmp(status, "exited") == 0 || strcmp(status, "dead") == 0);

    (void)c;
    (void)row;
    memcpy(field, &ended, sizeof ended);
    return 0;
}

/* -1 and 0 both mean no limit. */
static int in_limit(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                    void *field)
{
    int64_t limit = 0;

    (void)c;
    (void)row;
    if (gnt_json_int(v, &limit) == 0 && limit > 0)
        memcpy(field, &limit, sizeof limit);
    return 0;
}

#define C gantry_container
const struct gnt_in gnt_docker_container_list_rows[] = {
    GNT_IN_ID_REQ(C, id, "Id"),
    GNT_IN_HOOK(C, name, "Names", in_own_name),
    GNT_IN_STR(C, image, "Image"),
    GNT_IN_ID(C, image_id, "ImageID"),
    GNT_IN_STR_REQ(C, state_text, "State"),
    GNT_IN_ENUM(C, state, "State", gnt_container_states),
    GNT_IN_STRS(C, command, "Command"),
    GNT_IN_TIME(C, created_ns, "Created"),
    GNT_IN_MAP(C, labels, "Labels"),
    GNT_IN_HOOK(C, ports, "Ports", in_port_list),
    GNT_IN_KEYS(C, networks, "NetworkSettings/Networks"),
    GNT_IN_END
};

const struct gnt_in gnt_docker_container_rows[] = {
    GNT_IN_ID_REQ(C, id, "Id"),
    GNT_IN_NAME(C, name, "Name"),
    GNT_IN_STR(C, image, "Config/Image"),
    GNT_IN_ID(C, image_id, "Image"),
    GNT_IN_STR_REQ(C, state_text, "State/Status"),
    GNT_IN_ENUM(C, state, "State/Status", gnt_container_states),
    GNT_IN_STRS(C, command, "Config/Cmd"),
    GNT_IN_TIME(C, created_ns, "Created"),
    GNT_IN_I64(C, exit_code, "State/ExitCode"),
    GNT_IN_HOOK(C, has_exit_code, "State", in_ended),
    GNT_IN_MAP(C, labels, "Config/Labels"),
    /* What was asked for, then what is: Docker lists no ports of one that does not run. */
    GNT_IN_HOOK(C, ports, "HostConfig/PortBindings", gnt_in_port_map),
    GNT_IN_HOOK(C, ports, "NetworkSettings/Ports", gnt_in_port_map),
    GNT_IN_KEYS(C, networks, "NetworkSettings/Networks"),
    GNT_IN_TIME(C, started_ns, "State/StartedAt"),
    GNT_IN_TIME(C, finished_ns, "State/FinishedAt"),
    GNT_IN_I64(C, pid, "State/Pid"),
    GNT_IN_HOOK(C, memory_bytes, "HostConfig/Memory", in_limit),
    GNT_IN_HOOK(C, nano_cpus, "HostConfig/NanoCpus", in_limit),
    GNT_IN_HOOK(C, pids_limit, "HostConfig/PidsLimit", in_limit),
    GNT_IN_FLAG(C, oom_killed, "State/OOMKilled"),
    GNT_IN_FLAG(C, tty, "Config/Tty"),
    GNT_IN_FLAG(C, open_stdin, "Config/OpenStdin"),
    GNT_IN_FLAG(C, auto_remove, "HostConfig/AutoRemove"),
    GNT_IN_STR(C, error_text, "State/Error"),
    GNT_IN_STRS(C, entrypoint, "Config/Entrypoint"),
    GNT_IN_STRS(C, environment, "Config/Env"),
    GNT_IN_STR(C, working_directory, "Config/WorkingDir"),
    GNT_IN_STR(C, user, "Config/User"),
    GNT_IN_STR(C, hostname, "Config/Hostname"),
    GNT_IN_HOOK(C, mounts, "Mounts", gnt_in_mounts),
    GNT_IN_HOOK(C, attachments, "NetworkSettings/Networks", gnt_in_attachments),
    GNT_IN_END
};
#undef C

static const struct gnt_in created_rows[] = {
    GNT_IN_ID_REQ(gantry_created, id, "Id"),
    GNT_IN_STRS(gantry_created, warnings, "Warnings"),
    GNT_IN_END
};

/* ---- create ---------------------------------------------------------------------------------- */

static int container_create(void *state, const char *image, const gantry_container_options *opts,
                            gantry_created **out, gantry_error *err)
{
    struct docker *d = state;
    struct gnt_req r;
    void *result = NULL;
    int rc;

    gnt_req_init(&r, &d->rest, "POST", opts->call, "/containers/create");
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, opts->name != NULL ? opts->name : "");
    gnt_req_query(&r, "name", opts->name);
    gnt_req_query(&r, "platform", opts->platform);
    gnt_req_json(&r, gnt_docker_container_body(&r, image, opts));
    rc = gnt_req_result(&r, GANTRY_KIND_CREATED, created_rows, SIZE_MAX, &result, err);
    if (rc == 0)
        *out = result;
    else if (err != NULL && err->resource_kind == GANTRY_RESOURCE_IMAGE)
        gnt_error_resource(err, GANTRY_RESOURCE_IMAGE, image);
    return gnt_docker_blame(rc, err != NULL && err->resource_kind == GANTRY_RESOURCE_IMAGE
                                    ? GANTRY_RESOURCE_IMAGE
                                    : GANTRY_RESOURCE_CONTAINER, err);
}

/* ---- life ------------------------------------------------------------------------------------ */

static int container_act(struct docker *d, const gantry_call *call, const char *id,
                         const char *template_text, gantry_error *err)
{
    int rc = gnt_rest_act(&d->rest, "POST", call, GANTRY_RESOURCE_CONTAINER, id, template_text,
                          err);

    return gnt_docker_blame(rc, GANTRY_RESOURCE_CONTAINER, err);
}

static int container_start(void *state, const char *id, const gantry_start_options *opts,
                           gantry_error *err)
{
    return container_act(state, opts->call, id, "/containers/%s/start", err);
}

#define S gantry_stop_options
const struct gnt_out gnt_docker_stop_options[] = { GNT_OUT_CODE(S, grace_ms), GNT_OUT_END };
#undef S

/* Whether the library's own time limit holds for a call, so that it must know the grace period. */
static int has_default_limit(const gantry_call *call)
{
    return call == NULL || (call->timeout_ms == 0 && call->deadline_ns == 0);
}

/* Stop and restart: the time limit is extended by the grace period, the container's own too. */
static int stop_like(struct docker *d, const char *id, const gantry_stop_options *opts,
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
    gnt_req_init(&r, &d->rest, "POST", opts->call, template_text, id);
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
    if (opts->grace_ms < -1)
        gnt_req_fail(&r, GANTRY_E_INVALID, "grace_ms: must be -1 or more");
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

static int container_stop(void *state, const char *id, const gantry_stop_options *opts,
                          gantry_error *err)
{
    return stop_like(state, id, opts, "/containers/%s/stop", err);
}

static int container_restart(void *state, const char *id, const gantry_stop_options *opts,
                             gantry_error *err)
{
    return stop_like(state, id, opts, "/containers/%s/restart", err);
}

#define K gantry_kill_options
const struct gnt_out gnt_docker_kill_options[] = { GNT_OUT_STR(K, signal, "signal"), GNT_OUT_END };
#undef K

static int container_kill(void *state, const char *id, const gantry_kill_options *opts,
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
    GNT_OUT_END
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

static int container_remove(void *state, const char *id, const gantry_container_remove_options *opts,
                            gantry_error *err)
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

/* ---- list, inspect --------------------------------------------------------------------------- */

#define L gantry_container_list_options
const struct gnt_out gnt_docker_container_list_options[] = {
    GNT_OUT_CODE(L, names),
    GNT_OUT_CODE(L, labels),
    GNT_OUT_CODE(L, image),
    GNT_OUT_CODE(L, network),
    GNT_OUT_CODE(L, filters),
    GNT_OUT_CODE(L, filter_count),
    GNT_OUT_I64(L, limit, "limit"),
    GNT_OUT_ON(L, all, "all"),
    GNT_OUT_CODE(L, state),
    GNT_OUT_END
};
#undef L

/* Docker matches names as a regular expression on "/name". */
static void filter_names(struct gnt_req *r, struct gnt_json *filters, const char *const *names)
{
    for (; names != NULL && *names != NULL; names++) {
        char *pattern = gnt_arena_printf(&r->arena, "^/%s$", *names);

        if (pattern == NULL)
            gnt_req_fail(r, GANTRY_E_NOMEM, "out of memory");
        gnt_req_filter(r, filters, "name", pattern);
    }
}

static void filter_state(struct gnt_req *r, struct gnt_json *filters,
                         const gantry_container_list_options *opts)
{
    static const char *const running[] = { "running", "paused", "restarting", NULL };
    const struct gnt_word *word = gnt_container_states;

    if (opts->state != GANTRY_STATE_UNKNOWN) {
        while (word->word != NULL && word->value != opts->state)
            word++;
        if (word->word == NULL)
            gnt_req_fail(r, GANTRY_E_INVALID, "state: %d is none of GANTRY_STATE_", opts->state);
        gnt_req_filter(r, filters, "status", word->word);
    } else if (opts->limit > 0 && opts->all != GANTRY_ON) {
        /* Docker takes a limit to mean all states. */
        gnt_req_filter_list(r, filters, "status", running);
    }
}

static int container_list(void *state, const gantry_container_list_options *opts,
                          gantry_container_list **out, gantry_error *err)
{
    struct docker *d = state;
    struct gnt_name_filter names = { .names = opts->names,
                                     .offset = offsetof(gantry_container, name) };
    struct gnt_req r;
    struct gnt_json *filters;
    void *result = NULL;
    int rc;

    gnt_req_init(&r, &d->rest, "GET", opts->call, "/containers/json");
    gnt_req_query_object(&r, gnt_req_encode(&r, opts, gnt_docker_container_list_options));
    filters = gnt_req_object(&r);
    filter_names(&r, filters, opts->names);
    filter_state(&r, filters, opts);
    gnt_req_filter_list(&r, filters, "label", opts->labels);
    gnt_req_filter(&r, filters, "ancestor", opts->image);
    gnt_req_filter(&r, filters, "network", opts->network);
    gnt_req_filter_pairs(&r, filters, opts->filters, opts->filter_count);
    gnt_req_filters(&r, filters);
    rc = gnt_req_list(&r, GANTRY_KIND_CONTAINER_LIST, GANTRY_KIND_CONTAINER,
                      gnt_docker_container_list_rows, gnt_accept_name, &names, &result, err);
    if (rc == 0)
        *out = result;
    return rc;
}

static int container_inspect(void *state, const char *id,
                             const gantry_container_inspect_options *opts, gantry_container **out,
                             gantry_error *err)
{
    static const struct gnt_lookup what = { .path = "/containers/%s/json",
                                            .resource_kind = GANTRY_RESOURCE_CONTAINER,
                                            .result_kind = GANTRY_KIND_CONTAINER,
                                            .rows = gnt_docker_container_rows,
                                            .json_offset = offsetof(gantry_container, json) };
    struct docker *d = state;
    void *result = NULL;
    int rc = gnt_rest_lookup(&d->rest, &what, opts->call, id, &result, err);

    if (rc == 0) {
        *out = result;
        if (!(*out)->has_exit_code)
            (*out)->exit_code = 0;
    }
    return rc;
}

const gantry_container_ops gnt_docker_container_ops = { .size = sizeof gnt_docker_container_ops,
                                                        .create = container_create,
                                                        .start = container_start,
                                                        .stop = container_stop,
                                                        .restart = container_restart,
                                                        .kill = container_kill,
                                                        .remove = container_remove,
                                                        .list = container_list,
                                                        .inspect = container_inspect,
                                                        .logs = gnt_docker_logs,
                                                        .attach = gnt_docker_attach,
                                                        .wait = gnt_docker_wait,
                                                        .exec = gnt_docker_exec,
                                                        .exec_result = gnt_docker_exec_result };
