/*
 * The caller's own descriptors on a container: attached to its main process, or to a command
 * inside. Composed of a backend's slots; the bytes are moved by stdio_pump.c.
 */
#include <gantry/attach.h>

#include "container.h"
#include "engine.h"
#include "exec_session.h"
#include "names.h"
#include "stdio_pump.h"

/* ---- attach ---------------------------------------------------------------------------------- */

/* One attachment of descriptors. */
struct console {
    gantry_engine *e;
    const gantry_container_ops *ops;
    gantry_call call; /* of all steps: a relative limit is made absolute */
    gantry_stdio stdio;
    gantry_attach_stdio_options options;
    const char *id;
    int state; /* of the container before: GANTRY_CONTAINER_... */
    int tty;
    gantry_wait *wait;
    gantry_stream *stream;
};

static int look(struct console *c, gantry_error *err)
{
    gantry_container_inspect_options o = { .size = sizeof o, .call = &c->call };
    gantry_container *info = NULL;
    int rc = c->ops->inspect(c->e->state, c->id, &o, &info, err);

    if (rc < 0)
        return rc;
    c->state = info->state;
    c->tty = info->tty;
    gantry_container_free(info);
    return 0;
}

/* Some engines attach only to what is prepared for its next start. */
static int prepare(const struct console *c, gantry_error *err)
{
    gantry_container_init_options o = { .size = sizeof o, .call = &c->call };

    if (c->state != GANTRY_CONTAINER_EXITED)
        return 0;
    if (c->options.start != GANTRY_ON)
        return gnt_fail(err, GANTRY_E_STATE, "the container has ended; its output is in its log");
    return c->ops->init != NULL ? c->ops->init(c->e->state, c->id, &o, err) : 0;
}

/* The wait first: an end that comes as soon as it runs must not be missed. All channels are
 * attached whether they go anywhere or not, since some engines end a connection only with its
 * output. */
static int connect_streams(struct console *c, gantry_error *err)
{
    int runs = c->state == GANTRY_CONTAINER_RUNNING || c->state == GANTRY_CONTAINER_PAUSED;
    gantry_wait_options wait = { .size = sizeof wait,
                                 .call = &c->call,
                                 .condition =
                                     runs ? GANTRY_WAIT_NOT_RUNNING : GANTRY_WAIT_NEXT_EXIT };
    gantry_attach_options attach = { .size = sizeof attach,
                                     .call = &c->call,
                                     .in = c->stdio.in >= 0 ? GANTRY_ON : GANTRY_OFF,
                                     .replay = c->options.replay,
                                     .detach_keys = "" };
    int rc = c->ops->wait(c->e->state, c->id, &wait, &c->wait, err);

    if (rc == 0)
        rc = c->ops->attach(c->e->state, c->id, &attach, &c->stream, err);
    return rc;
}

static int start(const struct console *c, gantry_error *err)
{
    gantry_container_start_options o = { .size = sizeof o, .call = &c->call };

    return c->options.start == GANTRY_ON ? c->ops->start(c->e->state, c->id, &o, err) : 0;
}

static int pump(const struct console *c, int *out_end, gantry_error *err)
{
    struct gnt_stdio_container sized = { c->e, c->id };
    struct gnt_stdio_plan plan = { .host = &c->e->host,
                                   .stdio = &c->stdio,
                                   .call = &c->call,
                                   .stream = c->stream,
                                   .detach_keys = "ctrl-p,ctrl-q",
                                   .tty = c->tty,
                                   .resize = gnt_stdio_resize_container,
                                   .resize_arg = &sized };

    return gnt_stdio_pump(&plan, out_end, err);
}

/* The stream is at its end; a process that closed its output may go on for a while. */
static int wait_for_end(const struct console *c, gantry_exit_status *status, gantry_error *err)
{
    gantry_error failure = { 0 };
    int rc = gantry_wait_result(c->wait, status, &failure);

    if (rc == GANTRY_E_NOT_FOUND) { /* removed meanwhile, and nobody knows its code */
        *status = (gantry_exit_status){ 0 };
        return 0;
    }
    if (rc < 0 && err != NULL)
        *err = failure;
    return rc;
}

static int attach_stdio(struct console *c, int *out_end, gantry_exit_status *status,
                        gantry_error *err)
{
    int rc = look(c, err);

    if (rc == 0)
        rc = prepare(c, err);
    if (rc == 0)
        rc = connect_streams(c, err);
    if (rc == 0)
        rc = start(c, err);
    if (rc == 0)
        rc = pump(c, out_end, err);
    gantry_stream_close(c->stream);
    if (rc == 0 && *out_end == GANTRY_END_PROCESS)
        rc = wait_for_end(c, status, err);
    gantry_wait_close(c->wait);
    return rc;
}

/* What it is composed of must be there. */
static int enter_attach(const gantry_engine *e, const gantry_attach_stdio_options *o,
                        gantry_error *err)
{
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_WAIT, err);

    if (rc == 0 && o->start == GANTRY_ON)
        rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_START, err);
    return rc;
}

static int check_attach(const gantry_attach_stdio_options *o, gantry_error *err)
{
    if (o->start < GANTRY_OFF || o->start > GANTRY_ON || o->replay < GANTRY_OFF ||
        o->replay > GANTRY_ON)
        return gnt_fail(err, GANTRY_E_INVALID, "start, replay: must be GANTRY_ON or GANTRY_OFF");
    return 0;
}

int gantry_containers_attach_stdio(gantry_containers *containers, const char *id,
                                   const gantry_stdio *stdio,
                                   const gantry_attach_stdio_options *opts, int *out_end,
                                   gantry_exit_status *out_status, gantry_error *err)
{
    struct console c = { .e = gnt_engine_of_containers(containers), .id = id };
    gantry_exit_status status = { 0 };
    gantry_call shared;
    int end = GANTRY_END_PROCESS;
    int rc = gnt_enter(c.e, GANTRY_FEATURE_CONTAINERS_ATTACH, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = gnt_stdio_import(stdio, &c.stdio, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_attach_stdio_options, c.options, opts, err);
    if (rc == 0)
        rc = check_attach(&c.options, err);
    if (rc == 0)
        rc = enter_attach(c.e, &c.options, err);
    if (rc == 0) {
        c.ops = &c.e->backend->containers;
        gnt_call_import(&c.call, gnt_call_share(&shared, c.options.call));
        rc = attach_stdio(&c, &end, &status, err);
    }
    if (rc == 0 && out_end != NULL)
        *out_end = end;
    if (rc == 0 && out_status != NULL)
        *out_status = status;
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_ATTACH, GANTRY_RESOURCE_CONTAINER, id, err);
}

/* ---- exec ------------------------------------------------------------------------------------ */

static int check_exec_stdio(const gantry_exec_options *o, gantry_error *err)
{
    if (o->in != 0 || o->detach != 0 || o->input != NULL || o->input_size != 0 ||
        o->capture_limit != 0 || o->sink != NULL)
        return gnt_fail(err, GANTRY_E_INVALID,
                        "in, detach, input, capture_limit, sink: must be zero, the descriptors "
                        "take their place");
    return 0;
}

static int exec_stdio(gantry_engine *e, const char *id, const char *const *command,
                      const gantry_stdio *stdio, gantry_exec_options *o, int *out_end,
                      gantry_exit_status *status, gantry_error *err)
{
    struct gnt_stdio_plan plan = { .host = &e->host,
                                   .stdio = stdio,
                                   .call = o->call,
                                   .detach_keys = o->detach_keys != NULL ? o->detach_keys : "",
                                   .tty = o->tty == GANTRY_ON,
                                   .resize = gnt_exec_session_resize };
    gantry_exec *exec = NULL;
    int not_started;
    int rc;

    o->in = stdio->in >= 0 ? GANTRY_ON : GANTRY_OFF;
    o->detach_keys = ""; /* they are watched for here */
    if (plan.tty && o->columns == 0 && o->rows == 0)
        (void)gnt_stdio_size(stdio, &o->columns, &o->rows);
    rc = gnt_exec_session_open(e, id, command, o, &exec, err);
    if (rc < 0)
        return rc;
    plan.stream = gantry_exec_stream(exec);
    plan.resize_arg = exec;
    rc = gnt_stdio_pump(&plan, out_end, err);
    if (rc == 0 && *out_end == GANTRY_END_PROCESS)
        rc = gnt_exec_session_wait(exec, status, &not_started, err);
    gantry_exec_close(exec);
    if (rc < 0) /* it may still run; what became of it is not known */
        gnt_error_outcome(err, GANTRY_OUTCOME_UNKNOWN, GANTRY_RETRY_ASK);
    return rc;
}

int gantry_containers_exec_stdio(gantry_containers *containers, const char *id,
                                 const char *const *command, const gantry_stdio *stdio,
                                 const gantry_exec_options *opts, int *out_end,
                                 gantry_exit_status *out_status, gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_exit_status status = { 0 };
    gantry_exec_options o;
    gantry_stdio own;
    gantry_call shared;
    int end = GANTRY_END_PROCESS;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_EXEC, err);

    if (rc == 0)
        rc = gnt_stdio_import(stdio, &own, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_exec_options, o, opts, err);
    if (rc == 0)
        rc = gnt_check_exec(id, command, &o, err);
    if (rc == 0)
        rc = check_exec_stdio(&o, err);
    if (rc == 0) {
        o.call = gnt_call_share(&shared, o.call);
        rc = exec_stdio(e, id, command, &own, &o, &end, &status, err);
    }
    if (rc == 0 && out_end != NULL)
        *out_end = end;
    if (rc == 0 && out_status != NULL)
        *out_status = status;
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_EXEC, GANTRY_RESOURCE_CONTAINER, id, err);
}
