/*
 * Docker: logs, attach, wait and exec. The framing of a container's bytes follows from its
 * terminal, which is asked first; the machinery is core's.
 */
#include "docker.h"

#include <string.h>

#define L gantry_logs_options
const struct gnt_out gnt_docker_logs_options[] = {
    GNT_OUT_CODE(L, since_ns),   GNT_OUT_CODE(L, until_ns),
    GNT_OUT_CODE(L, tail),       GNT_OUT_CODE(L, follow),
    GNT_OUT_CODE(L, timestamps), GNT_OUT_CODE(L, out),
    GNT_OUT_CODE(L, err),        GNT_OUT_END,
};
#undef L

#define A gantry_attach_options
const struct gnt_out gnt_docker_attach_options[] = {
    GNT_OUT_CODE(A, in),     GNT_OUT_CODE(A, out),         GNT_OUT_CODE(A, err),
    GNT_OUT_CODE(A, replay), GNT_OUT_CODE(A, detach_keys), GNT_OUT_END,
};
#undef A

#define W gantry_wait_options
const struct gnt_out gnt_docker_wait_options[] = {
    GNT_OUT_CODE(W, condition),
    GNT_OUT_REFUSE(W, reserved),
    GNT_OUT_CODE(W, engine_condition),
    GNT_OUT_END,
};
#undef W

int gnt_docker_logs(void *state, const char *id, const gantry_logs_options *opts,
                    gantry_stream **out, gantry_error *err)
{
    struct docker *d = state;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    struct gnt_container_facts facts;
    struct gnt_req r;
    int rc = gnt_rest_container_facts(&d->rest, call, id, &facts, err);

    if (rc < 0)
        return rc;
    gnt_req_init(&r, &d->rest, "GET", call, "/containers/%s/logs", facts.id);
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
    r.flags |= GNT_REQ_OPEN_ENDED;
    gnt_rest_logs_query(&r, opts);
    return gnt_rest_logs_open(&r, facts.tty ? GNT_RAW : GNT_FRAMED, out, err);
}

/*
 * Docker cannot be told to watch for no keys; it watches for what no keyboard gives instead. In the
 * JSON of an exec only ASCII is possible: a begun sequence is passed on with the next key.
 */
static const char no_attach_keys[] = "\xff,\xfe,\xff,\xfd,\xff,\xfe";
static const char no_exec_keys[] = "ctrl-^,ctrl-@,ctrl-^,ctrl-_,ctrl-^,ctrl-@";

static const char *attach_keys(struct gnt_req *r, const char *keys, int tty)
{
    if (keys == NULL || (keys[0] == '\0' && !tty))
        return NULL;
    if (!tty)
        gnt_req_fail(r, GANTRY_E_UNSUPPORTED,
                     "detach_keys: Docker watches for them only in a container with tty");
    return keys[0] == '\0' ? no_attach_keys : keys;
}

int gnt_docker_attach(void *state, const char *id, const gantry_attach_options *opts,
                      gantry_stream **out, gantry_error *err)
{
    struct docker *d = state;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    struct gnt_container_facts facts;
    struct gnt_req r;
    int rc = gnt_rest_container_facts(&d->rest, call, id, &facts, err);

    if (rc < 0)
        return rc;
    if (opts->in == GANTRY_ON && !facts.open_stdin) {
        gnt_fail(err, GANTRY_E_STATE, "the container was created without open_stdin");
        gnt_error_resource(err, GANTRY_RESOURCE_CONTAINER, id);
        return GANTRY_E_STATE;
    }
    gnt_req_init(&r, &d->rest, "POST", call, "/containers/%s/attach", facts.id);
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
    r.flags |= GNT_REQ_OPEN_ENDED;
    gnt_rest_attach_query(&r, opts, attach_keys(&r, opts->detach_keys, facts.tty));
    return gnt_rest_attach_open(&r, facts.tty ? GNT_RAW : GNT_FRAMED, out, err);
}

/* ---- wait ------------------------------------------------------------------------------------ */

static const char *const conditions[] = { [GANTRY_WAIT_NOT_RUNNING] = "not-running",
                                          [GANTRY_WAIT_NEXT_EXIT] = "next-exit",
                                          [GANTRY_WAIT_REMOVED] = "removed" };

/* 20.10 takes any word and then waits for ever, so that only known ones are sent. */
static int find_condition(const gantry_wait_options *opts, int *out, gantry_error *err)
{
    *out = opts->condition;
    if (opts->engine_condition == NULL) {
        if (*out >= GANTRY_WAIT_NOT_RUNNING && *out <= GANTRY_WAIT_REMOVED)
            return 0;
        return gnt_fail(err, GANTRY_E_INVALID, "condition: %d is none of GANTRY_WAIT_", *out);
    }
    for (*out = GANTRY_WAIT_NOT_RUNNING; *out <= GANTRY_WAIT_REMOVED; ++*out) {
        if (strcmp(opts->engine_condition, conditions[*out]) == 0)
            return 0;
    }
    return gnt_fail(err, GANTRY_E_UNSUPPORTED,
                    "engine_condition: Docker knows not-running, next-exit and removed");
}

int gnt_docker_lists_late(struct docker *d)
{
    return gnt_rest_at_least(&d->rest, 1, 42, 0) && !gnt_rest_at_least(&d->rest, 1, 51, 0);
}

/* Docker sends the head at once. Of a container that never ran it says 0 at once: no exit code. */
int gnt_docker_wait(void *state, const char *id, const gantry_wait_options *opts, gantry_wait **out,
                    gantry_error *err)
{
    struct docker *d = state;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    struct gnt_wait_plan plan = { 0 };
    struct gnt_container_facts facts;
    struct gnt_req r;
    int condition;
    int rc = find_condition(opts, &condition, err);

    if (rc < 0)
        return rc;
    plan.error_counts = condition == GANTRY_WAIT_REMOVED;
    plan.settle = condition != GANTRY_WAIT_REMOVED && gnt_docker_lists_late(d);
    if (condition != GANTRY_WAIT_NEXT_EXIT) {
        rc = gnt_rest_container_facts(&d->rest, call, id, &facts, err);
        if (rc < 0)
            return rc;
        plan.zero_unknown = facts.never_started;
    }
    gnt_req_init(&r, &d->rest, "POST", call, "/containers/%s/wait", id);
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
    r.flags |= GNT_REQ_OPEN_ENDED;
    gnt_req_query(&r, "condition", conditions[condition]);
    return gnt_rest_wait_open(&r, &plan, out, err);
}

/* ---- exec ------------------------------------------------------------------------------------ */

int gnt_docker_exec(void *state, const char *id, const char *const *command,
                    const gantry_exec_options *opts, gantry_stream **out,
                    char out_exec_id[GANTRY_EXEC_ID_SIZE], gantry_error *err)
{
    struct docker *d = state;
    struct gnt_exec_dialect dialect = { .size = gnt_rest_at_least(&d->rest, 1, 42, 0)
                                                    ? GNT_EXEC_SIZE_CONSOLE
                                                    : GNT_EXEC_SIZE_LATER,
                                        .watches = 1,
                                        .no_keys = no_exec_keys };

    return gnt_rest_exec_open(&d->rest, &dialect, id, command, opts, out, out_exec_id, err);
}

int gnt_docker_exec_resize(void *state, const char *exec_id, int columns, int rows,
                           const gantry_call *call, gantry_error *err)
{
    struct docker *d = state;

    return gnt_rest_exec_resize(&d->rest, exec_id, columns, rows, call, err);
}

/* null until it has ended */
static int in_code(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                   void *field)
{
    int *has_code = field;
    int64_t code;

    (void)c;
    (void)row;
    *has_code = gnt_json_int(v, &code) == 0;
    return 0;
}

static const struct gnt_in exec_rows[] = {
    GNT_EXEC_INFO_ROWS,
    GNT_IN_HOOK(gantry_exec_info, has_exit_code, "ExitCode", in_code),
    GNT_IN_END,
};

int gnt_docker_exec_inspect(void *state, const char *exec_id,
                            const gantry_exec_inspect_options *opts, gantry_exec_info **out,
                            gantry_error *err)
{
    struct docker *d = state;

    return gnt_rest_exec_inspect(&d->rest, exec_rows, exec_id, opts->call, out, err);
}

int gnt_docker_exec_result(void *state, const char *exec_id, const gantry_call *call,
                           int *out_running, int64_t *out_code, int *out_not_started,
                           gantry_error *err)
{
    struct docker *d = state;
    struct gnt_exec_state now;
    int rc = gnt_rest_exec_state(&d->rest, exec_id, call, &now, err);

    if (rc < 0)
        return rc;
    *out_running = now.running;
    *out_code = now.code;
    /* Docker keeps the process id of what ran. */
    if (now.pid > 0)
        *out_not_started = 0;
    else
        *out_not_started = now.pid == 0 && (now.code == 126 || now.code == 127) ? 1 : -1;
    return 0;
}
