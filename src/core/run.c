/*
 * Create, start, collect, wait: composed of a backend's slots in the one order that is free of
 * races. The wait is armed and the attach is open before the start, so that a container that ends
 * at once loses neither its exit code nor a byte of output.
 */
#include "run.h"

#include <unistd.h>

#include "container.h"
#include "error.h"
#include "names.h"

/* ---- options --------------------------------------------------------------------------------- */

static int import_source(struct run *r, gantry_error *err)
{
    int rc = gnt_import(&r->source, sizeof r->source, r->options.source, "gantry_source", err);

    if (rc == 0 && r->source.read == NULL)
        rc = gnt_fail(err, GANTRY_E_INVALID, "source: read must not be NULL");
    r->options.source = &r->source;
    return rc;
}

static int import_stdio(struct run *r, gantry_error *err)
{
    int rc = gnt_stdio_import(r->options.stdio, &r->stdio, err);

    r->options.stdio = &r->stdio;
    return rc;
}

/* Options that leave each other nothing to do. */
static int check_together(const gantry_run_options *o, gantry_error *err)
{
    if (o->input == NULL && o->input_size > 0)
        return gnt_fail(err, GANTRY_E_INVALID, "input: must not be NULL");
    if (o->input != NULL && o->source != NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "input, source: set one of them");
    if (o->stdio != NULL &&
        (o->input != NULL || o->source != NULL || o->sink != NULL || o->capture_limit != 0))
        return gnt_fail(err, GANTRY_E_INVALID,
                        "stdio: leaves nothing to input, source, sink and capture_limit");
    if (o->stop_after_ms < 0)
        return gnt_fail(err, GANTRY_E_INVALID, "stop_after_ms: must not be negative");
    if (o->detach != GANTRY_ON)
        return 0;
    if (o->input != NULL || o->source != NULL || o->sink != NULL || o->stdio != NULL)
        return gnt_fail(err, GANTRY_E_INVALID,
                        "detach: leaves nobody to use input, source, sink or stdio");
    if (o->stop_after_ms > 0)
        return gnt_fail(err, GANTRY_E_INVALID, "detach: leaves nobody to stop it after a time");
    return 0;
}

static int has_input(const struct run *r)
{
    return r->options.input != NULL || r->options.source != NULL ||
           (r->options.stdio != NULL && r->stdio.in >= 0);
}

/* Descriptors without one to read from: a process that has an input sees its end at once. */
static int has_empty_input(const struct run *r)
{
    return r->options.stdio != NULL && r->stdio.in < 0 && r->container.open_stdin == GANTRY_ON;
}

static int import_run(struct run *r, struct gnt_arena *arena, const gantry_run_options *opts,
                      gantry_error *err)
{
    int rc = gnt_import_options(&r->options, sizeof r->options, opts, "gantry_run_options", err);

    if (rc == 0)
        rc = gnt_container_options_import(arena, r->options.container, &r->container, err);
    if (rc == 0 && r->options.source != NULL)
        rc = import_source(r, err);
    if (rc == 0 && r->options.stdio != NULL)
        rc = import_stdio(r, err);
    if (rc == 0)
        rc = check_together(&r->options, err);
    if (rc < 0)
        return rc;
    if (r->options.command != NULL && r->container.command != NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "command: set in container too");
    if (r->options.command != NULL)
        r->container.command = r->options.command;
    if (r->options.remove == GANTRY_ON)
        r->container.auto_remove = GANTRY_ON;
    if (has_input(r))
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

/* ---- steps ----------------------------------------------------------------------------------- */

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

/*
 * Where containers are prepared before their start, what guards one is then up and waiting when the
 * attach comes, and not overtaken by the end of a process that hardly lived.
 */
static int prepare(struct run *r, gantry_error *err)
{
    gantry_container_init_options o = { .size = sizeof o, .call = &r->call };

    return r->ops->init != NULL ? r->ops->init(r->e->state, r->result->id, &o, err) : 0;
}

static int open_wait_and_attach(struct run *r, gantry_error *err)
{
    gantry_wait_options wait = { .size = sizeof wait,
                                 .call = &r->call,
                                 .condition = GANTRY_WAIT_NEXT_EXIT };
    gantry_attach_options attach = { .size = sizeof attach,
                                     .call = &r->call,
                                     .in = has_input(r) || has_empty_input(r) ? GANTRY_ON
                                                                              : GANTRY_OFF,
                                     .detach_keys = "" }; /* input is bytes; keys are seen here */
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

/* Between the process and the caller's descriptors; keys may end it before the process does. */
static int connect_stdio(struct run *r, gantry_error *err)
{
    struct gnt_stdio_container sized = { r->e, r->result->id };
    struct gnt_stdio_plan plan = { .host = &r->e->host,
                                   .stdio = &r->stdio,
                                   .call = &r->call,
                                   .stream = r->stream,
                                   .detach_keys = "ctrl-p,ctrl-q",
                                   .tty = r->container.tty == GANTRY_ON,
                                   .resize = gnt_stdio_resize_container,
                                   .resize_arg = &sized,
                                   .alarm = &r->alarm };
    int end = GANTRY_END_PROCESS;
    int rc = has_empty_input(r) ? gantry_stream_close_write(r->stream, err) : 0;

    if (rc == 0)
        rc = gnt_stdio_pump(&plan, &end, err);
    r->result->detached = rc == 0 && end == GANTRY_END_DETACHED;
    return rc;
}

/* What goes in and out until the output ends. */
static int move_bytes(struct run *r, gantry_error *err)
{
    const gantry_run_options *o = &r->options;
    struct gnt_pump pump = { .stream = r->stream,
                             .call = &r->call,
                             .alarm = &r->alarm,
                             .input = o->input,
                             .input_size = o->input_size,
                             .source = o->source,
                             .sink = o->sink,
                             .sink_arg = o->sink_arg };

    if (o->stdio != NULL)
        return connect_stdio(r, err);
    if (o->sink != NULL)
        return gnt_pump(&pump, err);
    pump.sink = gnt_capture_sink;
    pump.sink_arg = &r->capture;
    return gnt_capture_result(&r->capture, gnt_pump(&pump, err), err);
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
        rc = prepare(r, err);
    if (rc == 0 && !detach)
        rc = open_wait_and_attach(r, err);
    if (rc == 0)
        rc = start(r, err);
    if (rc < 0 || detach)
        return rc;
    gnt_run_set_alarm(r);
    rc = move_bytes(r, err);
    if (rc == 0 && !r->result->detached)
        rc = gnt_run_see_end(r, err);
    if (rc == 0)
        rc = take_output(r, err);
    return rc;
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
    if (rc < 0)
        gnt_run_take_back(r, rc, err);
    gantry_stream_close(r->stream);
    gantry_wait_close(r->wait);
    gnt_capture_free(&r->capture);
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
