/*
 * Exec sessions: two requests to begin one, three to look after it. How an engine takes the size of
 * the terminal and the keys that leave is its dialect.
 */
#include "rest_ops.h"

#include <string.h>

enum {
    SIZE_TRIES = 40,  /* a session that has just begun may not be ready for a size ... */
    SIZE_STEP_MS = 50 /* ... so long */
};

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
    GNT_OUT_CODE(O, detach_keys),
    GNT_OUT_CODE(O, in),
    GNT_OUT_CODE(O, detach),
    GNT_OUT_CODE(O, columns),
    GNT_OUT_CODE(O, rows),
    GNT_OUT_END,
};
#undef O

/* One session on its way. */
struct opening {
    struct gnt_rest *rest;
    const struct gnt_exec_dialect *dialect;
    const gantry_call *call; /* of all requests together */
    const char *container;
    const gantry_exec_options *opts;
    char id[GANTRY_EXEC_ID_SIZE];
};

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

static int has_size(const gantry_exec_options *opts)
{
    return opts->columns > 0 && opts->rows > 0;
}

/* [rows, columns] */
static void put_console_size(struct gnt_req *r, struct gnt_json *body,
                             const gantry_exec_options *opts)
{
    struct gnt_json *size = gnt_json_new(&r->arena, GNT_JSON_ARRAY);

    if (size == NULL || gnt_json_add(size, gnt_json_number(&r->arena, opts->rows)) < 0 ||
        gnt_json_add(size, gnt_json_number(&r->arena, opts->columns)) < 0)
        gnt_req_fail(r, GANTRY_E_NOMEM, "out of memory");
    put(r, body, "ConsoleSize", size);
}

static void put_size(struct gnt_req *r, struct gnt_json *body, const struct opening *o,
                     int at_start)
{
    if (!has_size(o->opts))
        return;
    if (o->dialect->size == GNT_EXEC_SIZE_CONSOLE) {
        put_console_size(r, body, o->opts);
    } else if (o->dialect->size == GNT_EXEC_SIZE_START && at_start) {
        put(r, body, "h", gnt_json_number(&r->arena, o->opts->rows));
        put(r, body, "w", gnt_json_number(&r->arena, o->opts->columns));
    }
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

static void put_keys(struct gnt_req *r, struct gnt_json *body, const struct opening *o)
{
    const char *keys = o->opts->detach_keys;
    int mere_bytes = o->opts->tty != GANTRY_ON && o->dialect->watches_bytes;

    if (keys == NULL && mere_bytes)
        keys = "";
    if (keys == NULL)
        return;
    if (keys[0] == '\0')
        keys = o->dialect->no_keys;
    else if (!o->dialect->watches)
        gnt_req_fail(r, GANTRY_E_UNSUPPORTED,
                     "detach_keys: this engine does not watch for them in an exec; "
                     "gantry_containers_exec_stdio() does");
    else if (o->opts->tty != GANTRY_ON)
        gnt_req_fail(r, GANTRY_E_UNSUPPORTED, "detach_keys: only with tty");
    if (keys != NULL && (mere_bytes || o->opts->tty == GANTRY_ON))
        put(r, body, "DetachKeys", gnt_json_string(&r->arena, keys));
}

static int create_exec(struct opening *o, const char *const *command, gantry_error *err)
{
    const gantry_exec_options *opts = o->opts;
    int input = opts->input != NULL || opts->in == GANTRY_ON;
    int output = opts->detach != GANTRY_ON;
    struct gnt_req r;
    struct gnt_json *body;

    gnt_req_init(&r, o->rest, "POST", o->call, "/containers/%s/exec", o->container);
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, o->container);
    body = gnt_req_encode(&r, opts, gnt_rest_exec_options);
    put(&r, body, "Cmd", r.rc == 0 ? strings(&r.arena, command) : NULL);
    put(&r, body, "AttachStdin", gnt_json_boolean(&r.arena, input));
    put(&r, body, "AttachStdout", gnt_json_boolean(&r.arena, output));
    put(&r, body, "AttachStderr", gnt_json_boolean(&r.arena, output));
    put_keys(&r, body, o);
    put_size(&r, body, o, 0);
    gnt_req_json(&r, body);
    return gnt_req_each(&r, GNT_JSON_DOCUMENT, take_exec_id, o->id, NULL, err);
}

static int start_exec(const struct opening *o, gantry_stream **out, gantry_error *err)
{
    int tty = o->opts->tty == GANTRY_ON;
    int detach = o->opts->detach == GANTRY_ON;
    struct gnt_req r;
    struct gnt_json *body;

    gnt_req_init(&r, o->rest, "POST", o->call, "/exec/%s/start", o->id);
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, o->container);
    if (!detach)
        r.flags |= GNT_REQ_OPEN_ENDED;
    body = gnt_req_object(&r);
    put(&r, body, "Detach", gnt_json_boolean(&r.arena, detach));
    put(&r, body, "Tty", gnt_json_boolean(&r.arena, tty));
    put_size(&r, body, o, 1);
    gnt_req_json(&r, body);
    if (!detach)
        return gnt_rest_attach_open(&r, tty ? GNT_RAW : GNT_FRAMED, out, err);
    *out = NULL;
    return gnt_req_run(&r, NULL, err);
}

/* For engines that take a size only of a session that runs. One that has ended needs none. */
static int size_exec(const struct opening *o, gantry_error *err)
{
    struct gnt_exec_state now;
    struct gnt_clock clock;
    gantry_error failure = { 0 };
    int rc = -1;
    int tries;

    gnt_clock_start(&clock, o->call, 0);
    for (tries = 0; tries < SIZE_TRIES; tries++) {
        memset(&failure, 0, sizeof failure);
        rc = gnt_rest_exec_resize(o->rest, o->id, o->opts->columns, o->opts->rows, o->call,
                                  &failure);
        if (rc == 0 || rc == GANTRY_E_CANCELLED || rc == GANTRY_E_TIMEOUT || rc == GANTRY_E_NOMEM)
            break;
        if (gnt_rest_exec_state(o->rest, o->id, o->call, &now, NULL) == 0 && !now.running)
            return 0;
        rc = gnt_clock_pause(&clock, SIZE_STEP_MS, &failure);
        if (rc < 0)
            break;
        rc = failure.code;
    }
    if (rc < 0 && err != NULL) {
        *err = failure;
        gnt_error_prefix(err, "the command runs, but its terminal cannot be given its size");
    }
    return rc;
}

int gnt_rest_exec_open(struct gnt_rest *rest, const struct gnt_exec_dialect *dialect,
                       const char *id, const char *const *command, const gantry_exec_options *opts,
                       gantry_stream **out, char out_exec_id[GANTRY_EXEC_ID_SIZE],
                       gantry_error *err)
{
    gantry_call shared;
    struct opening o = { .rest = rest,
                         .dialect = dialect,
                         .call = gnt_call_share(&shared, opts->call),
                         .container = id,
                         .opts = opts };
    gantry_stream *stream = NULL;
    int rc = create_exec(&o, command, err);

    if (rc == 0)
        rc = start_exec(&o, &stream, err);
    if (rc < 0)
        return rc;
    if (dialect->size == GNT_EXEC_SIZE_LATER && has_size(opts)) {
        rc = size_exec(&o, err);
        if (rc < 0) {
            gnt_error_outcome(err, GANTRY_OUTCOME_PARTIAL, GANTRY_RETRY_ASK);
            gantry_stream_close(stream);
            return rc;
        }
    }
    memcpy(out_exec_id, o.id, sizeof o.id);
    *out = stream;
    return 0;
}

/* ---- looking after it ------------------------------------------------------------------------ */

int gnt_rest_exec_resize(struct gnt_rest *rest, const char *exec_id, int columns, int rows,
                         const gantry_call *call, gantry_error *err)
{
    struct gnt_req r;

    gnt_req_init(&r, rest, "POST", call, "/exec/%s/resize", exec_id);
    gnt_req_about(&r, GANTRY_RESOURCE_EXEC, exec_id);
    gnt_req_query_i64(&r, "h", rows);
    gnt_req_query_i64(&r, "w", columns);
    return gnt_req_run(&r, NULL, err);
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

/* ---- inspect --------------------------------------------------------------------------------- */

/* {"entrypoint": "sh", "arguments": ["-c", "true"]} */
int gnt_in_exec_command(struct gnt_in_context *c, const struct gnt_json *v,
                        const struct gnt_in *row, void *field)
{
    const char *const **out = field;
    const char *program = gnt_json_text(gnt_json_get(v, "entrypoint"));
    const struct gnt_json *arguments = gnt_json_get(v, "arguments");
    const struct gnt_json *item;
    const char *const *list;

    (void)row;
    if (program == NULL)
        return 0;
    list = gnt_strings_add(c->arena, NULL, program);
    item = arguments != NULL && arguments->type == GNT_JSON_ARRAY ? arguments->first : NULL;
    for (; list != NULL && item != NULL; item = item->next) {
        if (gnt_json_text(item) != NULL)
            list = gnt_strings_add(c->arena, list, gnt_json_text(item));
    }
    if (list == NULL)
        return gnt_nomem(c->err);
    *out = list;
    return 0;
}

int gnt_in_exec_running(struct gnt_in_context *c, const struct gnt_json *v,
                        const struct gnt_in *row, void *field)
{
    if (v->type != GNT_JSON_BOOL)
        return gnt_fail(c->err, GANTRY_E_PROTOCOL, "the state of an exec has no Running");
    return gnt_in_flag(c, v, row, field);
}

int gnt_rest_exec_inspect(struct gnt_rest *rest, const struct gnt_in *rows, const char *exec_id,
                          const gantry_call *call, gantry_exec_info **out, gantry_error *err)
{
    const struct gnt_lookup lookup = { .path = "/exec/%s/json",
                                       .resource_kind = GANTRY_RESOURCE_EXEC,
                                       .result_kind = GANTRY_KIND_EXEC_INFO,
                                       .rows = rows,
                                       .json_offset = offsetof(gantry_exec_info, json) };
    void *result = NULL;
    gantry_exec_info *info;
    int rc = gnt_rest_lookup(rest, &lookup, call, exec_id, &result, err);

    if (rc < 0)
        return rc;
    info = result;
    if (info->running)
        info->has_exit_code = 0;
    else
        info->pid = 0;
    if (!info->has_exit_code)
        info->exit_code = 0;
    *out = info;
    return 0;
}
