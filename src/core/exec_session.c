/*
 * Exec sessions: a command inside a container, its stream and its end. The stream is the backend's;
 * that the command has ended is asked of the engine, never taken from the stream.
 */
#include "exec_session.h"

#include "container.h"
#include "engine.h"
#include "names.h"
#include "stream.h"
#include "terminal.h"

#include <string.h>

enum {
    LOOK_MS = 20,      /* first pause between two questions about a detached command; doubles ... */
    LOOK_MAX_MS = 1000 /* ... up to this */
};

struct gantry_exec {
    gantry_engine *engine;
    gantry_call call; /* of the whole session: a relative limit began when it was opened */
    gantry_stream *stream;
    int tty;
    int seen; /* the engine has told of it while it ran */
    char id[GANTRY_EXEC_ID_SIZE];
};

/* ---- options --------------------------------------------------------------------------------- */

static int check_size(const gantry_exec_options *o, gantry_error *err)
{
    if (o->columns == 0 && o->rows == 0)
        return 0;
    if (o->tty != GANTRY_ON)
        return gnt_fail(err, GANTRY_E_INVALID, "columns, rows: only with tty");
    return gnt_check_terminal_size(o->columns, o->rows, err);
}

int gnt_check_terminal_size(int columns, int rows, gantry_error *err)
{
    if (columns < 1 || columns > 65535 || rows < 1 || rows > 65535)
        return gnt_fail(err, GANTRY_E_INVALID, "columns, rows: both must be 1 to 65535");
    return 0;
}

int gnt_check_exec(const char *id, const char *const *command, const gantry_exec_options *o,
                   gantry_error *err)
{
    struct gnt_detach keys;
    int rc = gnt_check_name("id", id, err);

    if (rc == 0 && (command == NULL || command[0] == NULL || command[0][0] == '\0'))
        rc = gnt_fail(err, GANTRY_E_INVALID, "command: needs a program");
    if (rc == 0)
        rc = gnt_check_environment("environment", o->environment, err);
    if (rc == 0)
        rc = check_size(o, err);
    if (rc == 0 && o->detach_keys != NULL)
        rc = gnt_detach_parse(&keys, o->detach_keys, "detach_keys", err);
    return rc;
}

/* What only gantry_containers_exec() can use. */
static int check_open(const gantry_exec_options *o, gantry_error *err)
{
    if (o->input != NULL || o->input_size != 0)
        return gnt_fail(err, GANTRY_E_INVALID, "input: write it to the session's stream");
    if (o->capture_limit != 0 || o->sink != NULL)
        return gnt_fail(err, GANTRY_E_INVALID,
                        "capture_limit, sink: read the session's stream instead");
    if (o->detach == GANTRY_ON && o->in == GANTRY_ON)
        return gnt_fail(err, GANTRY_E_INVALID, "detach: leaves no stream to write input to");
    return 0;
}

/* ---- open ------------------------------------------------------------------------------------ */

int gnt_exec_session_open(gantry_engine *e, const char *id, const char *const *command,
                          const gantry_exec_options *o, gantry_exec **out, gantry_error *err)
{
    gantry_exec *exec = gnt_alloc(&e->host.mem, sizeof *exec);
    gantry_exec_options own = *o;
    gantry_call shared;
    int rc;

    if (exec == NULL)
        return gnt_nomem(err);
    exec->engine = e;
    exec->tty = o->tty == GANTRY_ON;
    gnt_call_import(&exec->call, gnt_call_share(&shared, o->call));
    own.call = &exec->call;
    rc = e->backend->containers.exec(e->state, id, command, &own, &exec->stream, exec->id, err);
    if (rc < 0) {
        gnt_free(&e->host.mem, exec);
        return rc;
    }
    *out = exec;
    return 0;
}

int gantry_containers_exec_open(gantry_containers *containers, const char *id,
                                const char *const *command, const gantry_exec_options *opts,
                                gantry_exec **out, gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_exec_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_EXEC, err);

    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_exec_options, o, opts, err);
    if (rc == 0)
        rc = gnt_check_exec(id, command, &o, err);
    if (rc == 0)
        rc = check_open(&o, err);
    if (rc == 0)
        rc = gnt_exec_session_open(e, id, command, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_EXEC, GANTRY_RESOURCE_CONTAINER, id, err);
}

gantry_stream *gantry_exec_stream(gantry_exec *exec)
{
    return exec != NULL ? exec->stream : NULL;
}

const char *gantry_exec_id(const gantry_exec *exec)
{
    return exec != NULL ? exec->id : NULL;
}

void gantry_exec_close(gantry_exec *exec)
{
    struct gnt_mem mem;

    if (exec == NULL)
        return;
    mem = exec->engine->host.mem;
    gantry_stream_close(exec->stream);
    gnt_free(&mem, exec);
}

/* ---- size ------------------------------------------------------------------------------------ */

int gnt_exec_session_resize(void *session, int columns, int rows, const gantry_call *call,
                            gantry_error *err)
{
    gantry_exec *exec = session;
    const gantry_container_ops *ops = &exec->engine->backend->containers;

    if (ops->exec_resize == NULL)
        return gnt_fail(err, GANTRY_E_UNSUPPORTED, "%s cannot set the size of an exec's terminal",
                        exec->engine->backend->facts.name);
    return ops->exec_resize(exec->engine->state, exec->id, columns, rows, call, err);
}

int gantry_exec_resize(gantry_exec *exec, int columns, int rows, gantry_error *err)
{
    int rc = exec == NULL ? gnt_fail(err, GANTRY_E_INVALID, "exec: must not be NULL")
                          : gnt_enter(exec->engine, GANTRY_FEATURE_CONTAINERS_EXEC, err);

    if (rc == 0)
        rc = gnt_check_terminal_size(columns, rows, err);
    if (rc == 0 && !exec->tty)
        rc = gnt_fail(err, GANTRY_E_STATE, "the command has no terminal");
    if (rc == 0)
        rc = gnt_exec_session_resize(exec, columns, rows, &exec->call, err);
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_EXEC, GANTRY_RESOURCE_EXEC,
                     exec != NULL ? exec->id : NULL, err);
}

/* ---- wait ------------------------------------------------------------------------------------ */

static int drop(void *arg, int channel, const void *data, size_t size)
{
    (void)arg;
    (void)channel;
    (void)data;
    (void)size;
    return 0;
}

/* Of a command without a stream: ask until it has ended, or until the engine has forgotten it,
 * which it does only then. */
static int ask_detached(gantry_exec *exec, gantry_exit_status *status, int *not_started,
                        gantry_error *err)
{
    gantry_engine *e = exec->engine;
    gantry_error failure = { 0 };
    struct gnt_clock clock;
    int pause = LOOK_MS;
    int running = 1;
    int rc = 0;

    gnt_clock_start(&clock, &exec->call, 0);
    while (rc == 0) {
        rc = e->backend->containers.exec_result(e->state, exec->id, &exec->call, &running,
                                                &status->exit_code, not_started, &failure);
        if (rc == GANTRY_E_NOT_FOUND && exec->seen) {
            *status = (gantry_exit_status){ 0 };
            *not_started = 0; /* it was seen running */
            return 0;
        }
        if (rc == 0 && !running) {
            status->has_exit_code = 1;
            return 0;
        }
        if (rc == 0) {
            exec->seen = 1;
            rc = gnt_clock_pause(&clock, pause, &failure);
            pause = pause * 2 < LOOK_MAX_MS ? pause * 2 : LOOK_MAX_MS;
        }
    }
    if (err != NULL)
        *err = failure;
    return rc;
}

int gnt_exec_session_wait(gantry_exec *exec, gantry_exit_status *status, int *not_started,
                          gantry_error *err)
{
    int rc;

    *status = (gantry_exit_status){ 0 };
    *not_started = -1;
    if (exec->stream == NULL) {
        rc = ask_detached(exec, status, not_started, err);
    } else {
        rc = gantry_stream_each(exec->stream, drop, NULL, err);
        if (rc == 0)
            rc = gnt_exec_ask_code(exec->engine, exec->id, &exec->call, &status->exit_code,
                                   not_started, err);
        if (rc == 0)
            status->has_exit_code = 1;
    }
    if (rc == 0)
        status->signal = gnt_exit_signal(status);
    return rc;
}

int gantry_exec_wait(gantry_exec *exec, gantry_exit_status *out_status, int *out_not_started,
                     gantry_error *err)
{
    gantry_exit_status status;
    int not_started;
    int rc = exec == NULL ? gnt_fail(err, GANTRY_E_INVALID, "exec: must not be NULL")
                          : gnt_enter(exec->engine, GANTRY_FEATURE_CONTAINERS_EXEC, err);

    if (rc == 0)
        rc = gnt_exec_session_wait(exec, &status, &not_started, err);
    if (rc == 0 && out_status != NULL)
        *out_status = status;
    if (rc == 0 && out_not_started != NULL)
        *out_not_started = not_started;
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_EXEC, GANTRY_RESOURCE_EXEC,
                     exec != NULL ? exec->id : NULL, err);
}

/* ---- inspect --------------------------------------------------------------------------------- */

int gantry_containers_exec_inspect(gantry_containers *containers, const char *exec_id,
                                   const gantry_exec_inspect_options *opts, gantry_exec_info **out,
                                   gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_exec_inspect_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_EXEC_INSPECT, err);

    if (rc == 0)
        rc = gnt_check_name("exec_id", exec_id, err);
    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_exec_inspect_options, o, opts, err);
    if (rc == 0)
        rc = e->backend->containers.exec_inspect(e->state, exec_id, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_EXEC_INSPECT, GANTRY_RESOURCE_EXEC, exec_id,
                     err);
}

void gantry_exec_info_free(gantry_exec_info *info)
{
    gnt_result_free(info);
}
