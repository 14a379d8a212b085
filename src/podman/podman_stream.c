/*
 * Logs, attach and exec over libpod. Framing is known beforehand: logs always have it, attach and
 * exec unless there is a terminal.
 */
#include "podman.h"

#include <string.h>

#define L gantry_logs_options
const struct gnt_out gnt_podman_logs_options[] = {
    GNT_OUT_CODE(L, since_ns),   GNT_OUT_CODE(L, until_ns),
    GNT_OUT_CODE(L, tail),       GNT_OUT_CODE(L, follow),
    GNT_OUT_CODE(L, timestamps), GNT_OUT_CODE(L, out),
    GNT_OUT_CODE(L, err),        GNT_OUT_END
};
#undef L

#define A gantry_attach_options
const struct gnt_out gnt_podman_attach_options[] = {
    GNT_OUT_CODE(A, in),     GNT_OUT_CODE(A, out),         GNT_OUT_CODE(A, err),
    GNT_OUT_CODE(A, replay), GNT_OUT_CODE(A, detach_keys), GNT_OUT_END
};
#undef A

int gnt_podman_logs(void *state, const char *id, const gantry_logs_options *opts,
                    gantry_stream **out, gantry_error *err)
{
    struct podman *p = state;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    int follow = opts->follow == GANTRY_ON;
    struct gnt_container_facts facts;
    struct gnt_req r;
    /* Who has a whole id has seen the container. */
    int rc =
        follow && strlen(id) != 64 ? gnt_rest_container_facts(&p->rest, call, id, &facts, err) : 0;

    if (rc < 0)
        return rc;
    gnt_req_init(&r, &p->rest, "GET", call, "/containers/%s/logs", id);
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
    r.flags |= GNT_REQ_OPEN_ENDED;
    gnt_rest_logs_query(&r, opts);
    /* The head of a log that is followed comes with its first line, which may be never. */
    return follow ? gnt_rest_logs_begin(&r, GNT_FRAMED, out, err)
                  : gnt_rest_logs_open(&r, GNT_FRAMED, out, err);
}

static int wrong_state(const char *id, gantry_error *err, const char *message)
{
    gnt_fail(err, GANTRY_E_STATE, "%s", message);
    gnt_error_resource(err, GANTRY_RESOURCE_CONTAINER, id);
    return GANTRY_E_STATE;
}

/* libpod watches for keys in what is no terminal's too, where they are mere bytes. */
static const char *attach_keys(const char *keys, int tty)
{
    return keys == NULL && !tty ? "" : keys;
}

/*
 * A monitor that had no turn between the attach and the end of its container, as on a machine that
 * is very busy, has never taken the connection; libpod then puts its failure into the output.
 */
static int is_lost(const char *data, size_t size)
{
    static const char error[] = "Error: "; /* newer versions */
    static const char begin[] = "read unixpacket ";
    const char *at;
    char text[256];

    gnt_text_copy(text, sizeof text, data, size, 0, 0);
    at = strncmp(text, error, sizeof error - 1) == 0 ? text + sizeof error - 1 : text;
    return strncmp(at, begin, sizeof begin - 1) == 0 && strstr(at, "/attach: read: ") != NULL;
}

int gnt_podman_attach(void *state, const char *id, const gantry_attach_options *opts,
                      gantry_stream **out, gantry_error *err)
{
    struct podman *p = state;
    struct gnt_container_facts facts;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    struct gnt_req r;
    int rc = gnt_rest_container_facts(&p->rest, call, id, &facts, err);

    if (rc < 0)
        return rc;
    /* libpod would initialise it anew, and its exit code would be gone. */
    if (facts.state == GANTRY_CONTAINER_EXITED)
        return wrong_state(id, err, "the container has ended; its output is in its log");
    if (opts->in == GANTRY_ON && !facts.open_stdin)
        return wrong_state(id, err, "the container was created without open_stdin");
    gnt_req_init(&r, &p->rest, "POST", call, "/containers/%s/attach", facts.id);
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
    r.flags |= GNT_REQ_OPEN_ENDED;
    gnt_rest_attach_query(&r, opts, attach_keys(opts->detach_keys, facts.tty));
    rc = gnt_rest_attach_open(&r, facts.tty ? GNT_RAW : GNT_FRAMED, out, err);
    if (rc == 0)
        gnt_stream_on_first(*out, is_lost);
    return rc;
}

/* Newer ones watch for their usual keys where an exec names none, and each read that is just one of
 * them counts. These are in no text, and a begun sequence is passed on with what comes next. */
static const char no_exec_keys[] = "ctrl-^,ctrl-@,ctrl-^,ctrl-_,ctrl-^,ctrl-@";

int gnt_podman_exec(void *state, const char *id, const char *const *command,
                    const gantry_exec_options *opts, gantry_stream **out,
                    char out_exec_id[GANTRY_EXEC_ID_SIZE], gantry_error *err)
{
    static const struct gnt_exec_dialect dialect = { .size = GNT_EXEC_SIZE_START,
                                                     .no_keys = no_exec_keys,
                                                     .watches_bytes = 1 };
    struct podman *p = state;

    return gnt_rest_exec_open(&p->rest, &dialect, id, command, opts, out, out_exec_id, err);
}

int gnt_podman_exec_resize(void *state, const char *exec_id, int columns, int rows,
                           const gantry_call *call, gantry_error *err)
{
    struct podman *p = state;

    return gnt_rest_exec_resize(&p->rest, exec_id, columns, rows, call, err);
}

/* ExitCode is 0 until it has ended; CanRemove says that it has. */
static const struct gnt_in exec_rows[] = {
    GNT_EXEC_INFO_ROWS, GNT_IN_FLAG(gantry_exec_info, has_exit_code, "CanRemove"), GNT_IN_END
};

int gnt_podman_exec_inspect(void *state, const char *exec_id,
                            const gantry_exec_inspect_options *opts, gantry_exec_info **out,
                            gantry_error *err)
{
    struct podman *p = state;

    return gnt_rest_exec_inspect(&p->rest, exec_rows, exec_id, opts->call, out, err);
}

int gnt_podman_exec_result(void *state, const char *exec_id, const gantry_call *call,
                           int *out_running, int64_t *out_code, int *out_not_started,
                           gantry_error *err)
{
    struct podman *p = state;
    struct gnt_exec_state now;
    int rc = gnt_rest_exec_state(&p->rest, exec_id, call, &now, err);

    if (rc < 0)
        return rc;
    *out_running = now.running;
    *out_code = now.code;
    /* Nothing but the code tells, and a program may give these too. */
    *out_not_started = now.code < 0 || (now.code >= 125 && now.code <= 127) ? -1 : 0;
    return 0;
}
