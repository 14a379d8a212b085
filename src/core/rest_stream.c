/*
 * Logs, attach and exec: requests whose answer is the container's own bytes. The framing is given
 * by the backend from facts; content types are never asked.
 */
#include "rest_ops.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- logs ------------------------------------------------------------------------------------ */

static void query_time(struct gnt_req *r, const char *name, int64_t ns)
{
    char text[48];

    if (ns == 0)
        return;
    if (ns < 0) {
        gnt_req_fail(r, GANTRY_E_INVALID, "%s_ns: must not be negative", name);
        return;
    }
    snprintf(text, sizeof text, "%" PRId64 ".%09" PRId64, ns / 1000000000, ns % 1000000000);
    gnt_req_query(r, name, text);
}

void gnt_rest_logs_query(struct gnt_req *r, const gantry_logs_options *opts)
{
    if (opts->out == GANTRY_OFF && opts->err == GANTRY_OFF)
        gnt_req_fail(r, GANTRY_E_INVALID, "out, err: one of them must be on");
    if (opts->tail < -1)
        gnt_req_fail(r, GANTRY_E_INVALID, "tail: must be -1 or more");
    gnt_req_query_true(r, "stdout", opts->out != GANTRY_OFF);
    gnt_req_query_true(r, "stderr", opts->err != GANTRY_OFF);
    gnt_req_query_true(r, "follow", opts->follow == GANTRY_ON);
    gnt_req_query_true(r, "timestamps", opts->timestamps == GANTRY_ON);
    query_time(r, "since", opts->since_ns);
    query_time(r, "until", opts->until_ns);
    if (opts->tail != 0)
        gnt_req_query_i64(r, "tail", opts->tail > 0 ? opts->tail : 0);
}

int gnt_rest_logs_open(struct gnt_req *r, enum gnt_framing framing, gantry_stream **out,
                       gantry_error *err)
{
    struct gantry_host *host = r->rest->host;
    struct gnt_exchange *x = NULL;
    int rc = gnt_req_open(r, &x, err);

    if (rc < 0)
        return rc;
    rc = gnt_stream_of_exchange(host, x, framing, out, err);
    if (rc < 0)
        gnt_exchange_close(x);
    return rc;
}

/* ---- attach ---------------------------------------------------------------------------------- */

void gnt_rest_attach_query(struct gnt_req *r, const gantry_attach_options *opts)
{
    if (opts->in != GANTRY_ON && opts->out == GANTRY_OFF && opts->err == GANTRY_OFF)
        gnt_req_fail(r, GANTRY_E_INVALID, "in, out, err: one of them must be on");
    gnt_req_query_true(r, "stream", 1);
    gnt_req_query_true(r, "stdin", opts->in == GANTRY_ON);
    gnt_req_query_true(r, "stdout", opts->out != GANTRY_OFF);
    gnt_req_query_true(r, "stderr", opts->err != GANTRY_OFF);
    gnt_req_query_true(r, "logs", opts->replay == GANTRY_ON);
}

int gnt_rest_attach_open(struct gnt_req *r, enum gnt_framing framing, gantry_stream **out,
                         gantry_error *err)
{
    struct gantry_host *host = r->rest->host;
    struct gnt_duplex *d = NULL;
    int rc = gnt_req_upgrade(r, &d, err);

    if (rc < 0)
        return rc;
    rc = gnt_stream_of_duplex(host, d, framing, out, err);
    if (rc < 0)
        gnt_duplex_close(d);
    return rc;
}

/* ---- exec ------------------------------------------------------------------------------------ */

#define O gantry_exec_options
const struct gnt_out gnt_rest_exec_options[] = {
    GNT_OUT_STRS(O, environment, "Env"),
    GNT_OUT_STR(O, user, "User"),
    GNT_OUT_STR(O, working_directory, "WorkingDir"),
    GNT_OUT_CODE(O, input),
    GNT_OUT_CODE(O, input_size),
    GNT_OUT_CODE(O, capture_limit),
    GNT_OUT_CODE(O, sink),
    GNT_OUT_CODE(O, sink_arg),
    GNT_OUT_ON(O, tty, "Tty"),
    GNT_OUT_ON(O, privileged, "Privileged"),
    GNT_OUT_REFUSE(gantry_exec_options, detach_keys),
    GNT_OUT_REFUSE(gantry_exec_options, in),
    GNT_OUT_REFUSE(gantry_exec_options, detach),
    GNT_OUT_REFUSE(gantry_exec_options, columns),
    GNT_OUT_REFUSE(gantry_exec_options, rows),
    GNT_OUT_END,
};
#undef O

static struct gnt_json *strings(struct gnt_arena *a, const char *const *list)
{
    struct gnt_json *array = gnt_json_new(a, GNT_JSON_ARRAY);

    for (; array != NULL && *list != NULL; list++) {
        if (gnt_json_add(array, gnt_json_string(a, *list)) < 0)
            return NULL;
    }
    return array;
}

/* Fills the sticky request with a new member of its body. */
static void put(struct gnt_req *r, struct gnt_json *body, const char *path, struct gnt_json *value)
{
    if (r->rc == 0 && gnt_json_put(&r->arena, body, path, value) < 0)
        gnt_req_fail(r, GANTRY_E_NOMEM, "out of memory");
}

static int take_exec_id(void *arg, struct gnt_json *v, gantry_error *err)
{
    char *id = arg;
    const char *text = gnt_json_text(gnt_json_get(v, "Id"));
    size_t size = text != NULL ? strlen(text) : 0;

    if (size == 0 || size >= GANTRY_EXEC_ID_SIZE)
        return gnt_fail(err, GANTRY_E_PROTOCOL, "the answer to creating an exec has no usable Id");
    memcpy(id, text, size + 1);
    return 0;
}

static int create_exec(struct gnt_rest *rest, const gantry_call *call, const char *id,
                       const char *const *command, const gantry_exec_options *opts,
                       char out_exec_id[GANTRY_EXEC_ID_SIZE], gantry_error *err)
{
    struct gnt_req r;
    struct gnt_json *body;

    gnt_req_init(&r, rest, "POST", call, "/containers/%s/exec", id);
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
    body = gnt_req_encode(&r, opts, gnt_rest_exec_options);
    put(&r, body, "Cmd", r.rc == 0 ? strings(&r.arena, command) : NULL);
    put(&r, body, "AttachStdin", gnt_json_boolean(&r.arena, opts->input != NULL));
    put(&r, body, "AttachStdout", gnt_json_boolean(&r.arena, 1));
    put(&r, body, "AttachStderr", gnt_json_boolean(&r.arena, 1));
    gnt_req_json(&r, body);
    return gnt_req_each(&r, GNT_JSON_DOCUMENT, take_exec_id, out_exec_id, NULL, err);
}

int gnt_rest_exec_open(struct gnt_rest *rest, const char *id, const char *const *command,
                       const gantry_exec_options *opts, gantry_stream **out,
                       char out_exec_id[GANTRY_EXEC_ID_SIZE], gantry_error *err)
{
    int tty = opts->tty == GANTRY_ON;
    char exec_id[GANTRY_EXEC_ID_SIZE];
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    struct gnt_req r;
    struct gnt_json *body;
    int rc = create_exec(rest, call, id, command, opts, exec_id, err);

    if (rc < 0)
        return rc;
    gnt_req_init(&r, rest, "POST", call, "/exec/%s/start", exec_id);
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
    r.flags |= GNT_REQ_OPEN_ENDED;
    body = gnt_req_object(&r);
    put(&r, body, "Detach", gnt_json_boolean(&r.arena, 0));
    put(&r, body, "Tty", gnt_json_boolean(&r.arena, tty));
    gnt_req_json(&r, body);
    rc = gnt_rest_attach_open(&r, tty ? GNT_RAW : GNT_FRAMED, out, err);
    if (rc == 0)
        memcpy(out_exec_id, exec_id, sizeof exec_id);
    return rc;
}

static int take_exec_state(void *arg, struct gnt_json *v, gantry_error *err)
{
    struct gnt_exec_state *state = arg;
    const struct gnt_json *running = gnt_json_get(v, "Running");

    if (running == NULL || running->type != GNT_JSON_BOOL)
        return gnt_fail(err, GANTRY_E_PROTOCOL, "the state of an exec has no Running");
    state->running = gnt_json_true(running);
    if (!state->running && gnt_json_int(gnt_json_get(v, "ExitCode"), &state->code) < 0)
        return gnt_fail(err, GANTRY_E_PROTOCOL, "an exec ended without an ExitCode");
    gnt_json_int(gnt_json_get(v, "Pid"), &state->pid);
    return 0;
}

int gnt_rest_exec_state(struct gnt_rest *rest, const char *exec_id, const gantry_call *call,
                        struct gnt_exec_state *out, gantry_error *err)
{
    struct gnt_req r;

    *out = (struct gnt_exec_state){ .pid = -1 };
    gnt_req_init(&r, rest, "GET", call, "/exec/%s/json", exec_id);
    gnt_req_about(&r, GANTRY_RESOURCE_EXEC, exec_id);
    return gnt_req_each(&r, GNT_JSON_DOCUMENT, take_exec_state, out, NULL, err);
}
