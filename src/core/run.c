/*
 * Create, start, collect, wait: composed of a backend's slots in the one order that is free of
 * races. The wait is armed and the attach is open before the start, so that a container that ends
 * at once loses neither its exit code nor a byte of output.
 */
#include "container.h"

#include <string.h>

#include "engine.h"
#include "error.h"
#include "names.h"
#include "stream.h"

enum {
    GONE_STEP_MS = 5,      /* first pause while the engine removes the container; doubles ... */
    GONE_STEP_MAX_MS = 80, /* ... up to this */
    GONE_MS = 30000,       /* an engine that takes longer has lost it */
    CLEANUP_MS = 30000,    /* for taking back what a failed run made, whatever the call's limits */
    HURRY_MS = 100         /* the same, when the caller's time is over */
};

struct run {
    gantry_engine *e;
    const gantry_container_ops *ops;
    gantry_run_options options;
    gantry_container_options container;
    gantry_call call; /* whole run: relative limits made absolute */
    gantry_run_result *result;
    gantry_stream *stream;
    gantry_wait *wait;
    struct gnt_capture capture;
    int started;
};

static int import_run(struct run *r, struct gnt_arena *arena, const gantry_run_options *opts,
                      gantry_error *err)
{
    int rc = gnt_import_options(&r->options, sizeof r->options, opts, "gantry_run_options", err);

    if (rc == 0)
        rc = gnt_container_options_import(arena, r->options.container, &r->container, err);
    if (rc < 0)
        return rc;
    if (r->options.command != NULL && r->container.command != NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "command: set in container too");
    if (r->options.command != NULL)
        r->container.command = r->options.command;
    if (r->options.input == NULL && r->options.input_size > 0)
        return gnt_fail(err, GANTRY_E_INVALID, "input: must not be NULL");
    if (r->options.detach == GANTRY_ON && (r->options.input != NULL || r->options.sink != NULL))
        return gnt_fail(err, GANTRY_E_INVALID, "detach: leaves nobody to use input or sink");
    if (r->options.remove == GANTRY_ON)
        r->container.auto_remove = GANTRY_ON;
    if (r->options.input != NULL)
        r->container.open_stdin = GANTRY_ON;
    return 0;
}

/* One deadline for all steps: a relative limit counts from the beginning of the run. */
static void fix_call(struct run *r)
{
    gantry_call shared;

    gnt_call_import(&r->call, gnt_call_share(&shared, r->options.call));
    r->container.call = &r->call;
}

static int create(struct run *r, const char *image, gantry_error *err)
{
    gantry_container_remove_options o = { .size = sizeof o, .call = &r->call };
    gantry_created *created = NULL;
    const char *id;
    int rc = gnt_container_pull(r->e, image, &r->container, &r->call, err);

    if (rc == 0)
        rc = r->ops->create(r->e->state, image, &r->container, &created, err);
    if (rc < 0)
        return rc;
    id = gantry_result_strdup(r->result, created->id);
    r->result->warnings = gantry_result_strings(r->result, created->warnings);
    if (id == NULL || r->result->warnings == NULL) {
        r->ops->remove(r->e->state, created->id, &o, NULL);
        rc = gnt_nomem(err);
    } else {
        r->result->id = id;
    }
    gantry_created_free(created);
    return rc;
}

static int open_wait_and_attach(struct run *r, gantry_error *err)
{
    gantry_wait_options wait = { .size = sizeof wait,
                                 .call = &r->call,
                                 .condition = GANTRY_WAIT_NEXT_EXIT };
    gantry_attach_options attach = { .size = sizeof attach,
                                     .call = &r->call,
                                     .in = r->options.input != NULL ? GANTRY_ON : GANTRY_OFF };
    int rc = r->ops->wait(r->e->state, r->result->id, &wait, &r->wait, err);

    if (rc == 0)
        rc = r->ops->attach(r->e->state, r->result->id, &attach, &r->stream, err);
    return rc;
}

static int start(struct run *r, gantry_error *err)
{
    gantry_container_start_options o = { .size = sizeof o, .call = &r->call };
    int rc = r->ops->start(r->e->state, r->result->id, &o, err);

    r->started = rc == 0;
    return rc;
}

static int collect(struct run *r, gantry_error *err)
{
    gantry_sink_fn sink = r->options.sink != NULL ? r->options.sink : gnt_capture_sink;
    void *arg = r->options.sink != NULL ? r->options.sink_arg : (void *)&r->capture;
    int rc = gnt_stream_pump(r->stream, r->options.input, r->options.input_size, sink, arg, err);

    if (r->options.sink == NULL)
        rc = gnt_capture_result(&r->capture, rc, err);
    return rc;
}

static int wait_for_end(struct run *r, gantry_error *err)
{
    gantry_exit_status status = { 0 };
    int rc = gantry_wait_result(r->wait, &status, err);

    if (rc < 0)
        return rc;
    r->result->exit_code = status.exit_code;
    r->result->has_exit_code = status.has_exit_code;
    r->result->signal = status.signal;
    return 0;
}

/* Failures of a question that say nothing of the container, but that the call is over. */
static int call_is_over(int rc)
{
    return rc == GANTRY_E_CANCELLED || rc == GANTRY_E_TIMEOUT || rc == GANTRY_E_NOMEM;
}

/* Whether memory ran out: asked while the container is still there; -1 if it is too late. */
static int ask_oom(struct run *r, gantry_error *err)
{
    gantry_container_inspect_options o = { .size = sizeof o, .call = &r->call };
    gantry_container *info = NULL;
    gantry_error failure = { 0 };
    int rc = r->ops->inspect(r->e->state, r->result->id, &o, &info, &failure);

    r->result->oom_killed = rc == 0 ? info->oom_killed : -1;
    gantry_container_free(info);
    /* A container on its way out may be answered with errors of many kinds: it is then not
     * known. */
    if (call_is_over(rc)) {
        if (err != NULL)
            *err = failure;
        return rc;
    }
    return 0;
}

/* The engine removes an auto-remove container after its end; only then is the name free. */
static int wait_until_gone(struct run *r, const gantry_call *call, gantry_error *err)
{
    gantry_container_inspect_options o = { .size = sizeof o, .call = call };
    struct gnt_clock clock;
    int step = GONE_STEP_MS;
    int rc = 0;

    gnt_clock_start(&clock, call, GONE_MS);
    while (rc == 0) {
        gantry_container *info = NULL;
        gantry_error failure = { 0 };
        int gone = r->ops->inspect(r->e->state, r->result->id, &o, &info, &failure);

        gantry_container_free(info);
        if (gone == GANTRY_E_NOT_FOUND)
            return 0;
        if (call_is_over(gone)) {
            if (err != NULL)
                *err = failure;
            return gone;
        }
        rc = gnt_clock_pause(&clock, step, err);
        step = step * 2 < GONE_STEP_MAX_MS ? step * 2 : GONE_STEP_MAX_MS;
    }
    return rc;
}

static int take_output(struct run *r, gantry_error *err)
{
    gantry_output output;
    int rc = gnt_capture_give(&r->capture, r->result, &output, err);

    if (rc < 0)
        return rc;
    r->result->stdout_data = output.stdout_data;
    r->result->stdout_size = output.stdout_size;
    r->result->stderr_data = output.stderr_data;
    r->result->stderr_size = output.stderr_size;
    return 0;
}

static int run_steps(struct run *r, const char *image, gantry_error *err)
{
    int detach = r->options.detach == GANTRY_ON;
    int rc = create(r, image, err);

    if (rc == 0 && !detach)
        rc = open_wait_and_attach(r, err);
    if (rc == 0)
        rc = start(r, err);
    if (rc < 0 || detach)
        return rc;
    rc = collect(r, err);
    if (rc == 0)
        rc = wait_for_end(r, err);
    if (rc == 0)
        rc = ask_oom(r, err);
    if (rc == 0 && r->container.auto_remove == GANTRY_ON)
        rc = wait_until_gone(r, &r->call, err);
    if (rc == 0)
        rc = take_output(r, err);
    return rc;
}

/* Of a run that failed before its start: an error is not to be about a container that is gone. */
static void tell_unstarted(const struct run *r, int removed, gantry_error *err)
{
    if (!removed) {
        gnt_error_resource(err, GANTRY_RESOURCE_CONTAINER, r->result->id);
        gnt_error_suffix(err, "container %s could not be removed", r->result->id);
        gnt_error_outcome(err, GANTRY_OUTCOME_PARTIAL, GANTRY_RETRY_ASK);
    } else if (err != NULL && strcmp(err->resource, r->result->id) == 0) {
        gnt_error_resource(err, GANTRY_RESOURCE_CONTAINER, r->container.name);
    }
    if (err != NULL && err->outcome == GANTRY_OUTCOME_UNKNOWN) /* though the step only asked */
        err->retry = GANTRY_RETRY_ASK;
}

/* What became of its container: killed is what the kill said, zeroed if it went well. */
static const char *fate(const gantry_error *killed)
{
    if (killed->code == 0)
        return "was killed";
    if (killed->code == GANTRY_E_NOT_FOUND || gantry_error_is(killed, GANTRY_E_CONFLICT))
        return "has ended";
    if (killed->code == GANTRY_E_TIMEOUT && killed->outcome != GANTRY_OUTCOME_NOT_SENT)
        return "is being killed"; /* nobody waited for the answer */
    return "may still run";
}

/* Of one that failed later. */
static void tell_left(const struct run *r, const gantry_error *killed, int gone, gantry_error *err)
{
    const char *id = r->result->id;

    gnt_error_resource(err, GANTRY_RESOURCE_CONTAINER, id);
    gnt_error_outcome(err, GANTRY_OUTCOME_PARTIAL, GANTRY_RETRY_ASK);
    if (gone)
        gnt_error_suffix(err, "the container was killed and removed");
    else if (r->container.auto_remove == GANTRY_ON)
        gnt_error_suffix(err, "container %s %s and is being removed", id, fate(killed));
    else
        gnt_error_suffix(err, "container %s %s and is still there", id, fate(killed));
}

/*
 * A failed run: kill what runs, which also makes the engine remove it if that was asked; remove
 * what
 * never ran; say in the error what is left. Best effort; the run's own error is what the caller
 * gets. A caller whose time is over is
 * not kept waiting: the request is sent, and the engine acts on it without somebody to answer to.
 */
static void take_back(struct run *r, int rc, gantry_error *err)
{
    int hurry = rc == GANTRY_E_CANCELLED || rc == GANTRY_E_TIMEOUT;
    gantry_call call = { .size = sizeof call, .timeout_ms = hurry ? HURRY_MS : CLEANUP_MS };
    gantry_container_kill_options kill = { .size = sizeof kill, .call = &call };
    gantry_container_remove_options remove = {
        .size = sizeof remove, .call = &call, .force = GANTRY_ON, .volumes = GANTRY_ON
    };
    gantry_error killed = { 0 };
    int gone = 0;

    if (r->result->id[0] == '\0')
        return;
    if (!r->started) {
        rc = r->ops->remove(r->e->state, r->result->id, &remove, NULL);
        tell_unstarted(r, rc == 0 || rc == GANTRY_E_NOT_FOUND, err);
        return;
    }
    r->ops->kill(r->e->state, r->result->id, &kill, &killed);
    if (r->container.auto_remove == GANTRY_ON && !hurry)
        gone = wait_until_gone(r, &call, NULL) == 0;
    tell_left(r, &killed, gone, err);
}

static int run(struct run *r, const char *image, gantry_run_result **out, gantry_error *err)
{
    size_t limit = r->options.capture_limit;
    int rc;

    r->ops = &r->e->backend->containers;
    r->result = gnt_result_new(&r->e->host.mem, GNT_KIND_RUN_RESULT, err);
    if (r->result == NULL)
        return GANTRY_E_NOMEM;
    r->result->oom_killed = -1;
    fix_call(r);
    gnt_capture_init(&r->capture, &r->e->host.mem,
                     limit != 0 ? limit : r->e->host.limits.capture_bytes);
    rc = run_steps(r, image, err);
    gantry_stream_close(r->stream);
    gantry_wait_close(r->wait);
    gnt_capture_free(&r->capture);
    if (rc < 0)
        take_back(r, rc, err);
    if (rc < 0 || out == NULL)
        gnt_result_free(r->result);
    else
        *out = r->result;
    return rc;
}

int gantry_containers_run(gantry_containers *containers, const char *image,
                          const gantry_run_options *opts, gantry_run_result **out,
                          gantry_error *err)
{
    struct run r = { .e = gnt_engine_of_containers(containers) };
    struct gnt_arena arena = { 0 };
    int rc = gnt_enter(r.e, GANTRY_FEATURE_CONTAINERS_RUN, err);

    if (rc == 0)
        rc = gnt_reference_check("image", image, err);
    if (rc == 0) {
        gnt_arena_init(&arena, &r.e->host.mem);
        rc = import_run(&r, &arena, opts, err);
    }
    if (rc == 0)
        rc = run(&r, image, out, err);
    gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_RUN, GANTRY_RESOURCE_CONTAINER, r.container.name, err);
    gnt_arena_free(&arena);
    return rc;
}
