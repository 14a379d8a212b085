/*
 * Running a command inside a container to its end: open, feed input, drain output, then ask for the
 * exit code. The end of the stream is no proof of anything; the code comes from the engine.
 */
#include "container.h"

#include <string.h>

#include "engine.h"
#include "error.h"
#include "exec_session.h"
#include "stream.h"

enum {
    SETTLE_MS = 2000, /* after the end of the output the engine may still say "running" so long */
    SETTLE_STEP_MS = 10
};

static int take_output(struct gnt_capture *capture, gantry_exec_result *result, gantry_error *err)
{
    gantry_output output;
    int rc = gnt_capture_give(capture, result, &output, err);

    if (rc < 0)
        return rc;
    result->stdout_data = output.stdout_data;
    result->stdout_size = output.stdout_size;
    result->stderr_data = output.stderr_data;
    result->stderr_size = output.stderr_size;
    return 0;
}

int gnt_exec_ask_code(gantry_engine *e, const char *exec_id, const gantry_call *call,
                      int64_t *out_code, int *out_not_started, gantry_error *err)
{
    struct gnt_clock clock;
    int running = 1;
    int rc;

    gnt_clock_start(&clock, call, 0);
    for (int waited = 0; waited <= SETTLE_MS; waited += SETTLE_STEP_MS) {
        rc = e->backend->containers.exec_result(e->state, exec_id, call, &running, out_code,
                                                out_not_started, err);
        if (rc < 0 || !running)
            return rc;
        rc = gnt_clock_pause(&clock, SETTLE_STEP_MS, err);
        if (rc < 0)
            return rc;
    }
    return gnt_fail(err, GANTRY_E_TRUNCATED,
                    "the output ended while the command still runs: the connection was lost");
}

static int exec(gantry_engine *e, const char *id, const char *const *command,
                const gantry_exec_options *o, gantry_exec_result **out, gantry_error *err)
{
    size_t limit = o->capture_limit != 0 ? o->capture_limit : e->host.limits.capture_bytes;
    char exec_id[GANTRY_EXEC_ID_SIZE] = "";
    gantry_exec_result *result = gnt_result_new(&e->host.mem, GNT_KIND_EXEC_RESULT, err);
    struct gnt_capture capture;
    gantry_stream *stream = NULL;
    int begun;
    int rc;

    if (result == NULL)
        return GANTRY_E_NOMEM;
    gnt_capture_init(&capture, &e->host.mem, limit);
    rc = e->backend->containers.exec(e->state, id, command, o, &stream, exec_id, err);
    begun = rc == 0;
    if (rc == 0 && o->sink != NULL)
        rc = gnt_stream_pump(stream, o->input, o->input_size, o->sink, o->sink_arg, err);
    else if (rc == 0)
        rc = gnt_capture_result(
            &capture,
            gnt_stream_pump(stream, o->input, o->input_size, gnt_capture_sink, &capture, err), err);
    gantry_stream_close(stream);
    if (rc == 0)
        rc = gnt_exec_ask_code(e, exec_id, o->call, &result->exit_code, &result->not_started, err);
    if (rc == 0)
        rc = take_output(&capture, result, err);
    gnt_capture_free(&capture);
    if (rc < 0 && begun) /* it may still run; what became of it is not known */
        gnt_error_outcome(err, GANTRY_OUTCOME_UNKNOWN, GANTRY_RETRY_ASK);
    if (rc < 0 || out == NULL)
        gnt_result_free(result);
    else
        *out = result;
    return rc;
}

int gantry_containers_exec(gantry_containers *containers, const char *id,
                           const char *const *command, const gantry_exec_options *opts,
                           gantry_exec_result **out, gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_exec_options o;
    gantry_call shared;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_EXEC, err);

    if (rc == 0)
        rc = GNT_IMPORT(gantry_exec_options, o, opts, err);
    if (rc == 0)
        rc = gnt_check_exec(id, command, &o, err);
    if (rc == 0 && (o.in != 0 || o.detach != 0))
        rc = gnt_fail(err, GANTRY_E_INVALID, "in, detach: only for gantry_containers_exec_open()");
    if (rc == 0 && o.input == NULL && o.input_size > 0)
        rc = gnt_fail(err, GANTRY_E_INVALID, "input: must not be NULL");
    if (rc == 0) {
        o.call = gnt_call_share(&shared, o.call); /* of all requests together */
        rc = exec(e, id, command, &o, out, err);
    }
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_EXEC, GANTRY_RESOURCE_CONTAINER, id, err);
}
