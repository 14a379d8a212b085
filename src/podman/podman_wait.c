/*
 * Waiting for a container over libpod: its events tell how it ended and when it is gone.
 *
 * Why not POST /libpod/containers/{id}/wait: it sends nothing before the end, so nobody can know
 * when the engine watches; of a created container 4.3 says 0 at once; of one that removes itself it
 * says 404, or nothing. The event stream begins with its head, carries the exit code and the
 * removal on one connection, and an event says what happened, not what is left to look at: right 24
 * of 24 times for containers that ended within milliseconds, with and without auto-remove, rootful
 * and rootless.
 */
#include "podman.h"

#include <stdlib.h>
#include <string.h>

const struct gnt_out gnt_podman_wait_options[] = {
    GNT_OUT_CODE(gantry_wait_options, condition), GNT_OUT_REFUSE(gantry_wait_options, reserved),
    GNT_OUT_CODE(gantry_wait_options, engine_condition), GNT_OUT_END
};

struct watch {
    struct gantry_host *host;
    struct gnt_exchange *x; /* NULL: the result was known at once */
    struct gnt_json_parser *parser;
    gantry_exit_status status;
    int until_removed;
    int done;
    char id[65];
    char *name; /* as the caller knows it, for errors */
};

/* ---- events ---------------------------------------------------------------------------------- */

static void take_exit_code(struct watch *w, const struct gnt_json *event)
{
    const struct gnt_json *attributes = gnt_json_get(event, "Actor/Attributes");
    const struct gnt_json *value = gnt_json_get(attributes, "containerExitCode");
    const char *text = gnt_json_text(value);
    int64_t code = -1;
    char *end = NULL;

    if (text != NULL) {
        code = strtol(text, &end, 10);
        if (end == text || *end != '\0')
            return;
    } else if (gnt_json_int(value, &code) < 0) {
        return;
    }
    w->status.has_exit_code = code >= 0;
    w->status.exit_code = code >= 0 ? code : 0;
}

static int take_event(void *arg, struct gnt_json *v, gantry_error *err)
{
    struct watch *w = arg;
    const char *action = gnt_json_text(gnt_json_get(v, "Action"));
    const char *id = gnt_json_text(gnt_json_get(v, "Actor/ID"));

    if (action == NULL || id == NULL)
        return gnt_fail(err, GANTRY_E_PROTOCOL, "an event of the engine has no Action or Actor/ID");
    if (w->done || strcmp(id, w->id) != 0)
        return 0;
    if (strcmp(action, "died") == 0) {
        take_exit_code(w, v);
        w->done = !w->until_removed;
    } else if (strcmp(action, "remove") == 0) {
        w->done = 1;
    }
    return 0;
}

static int read_events(struct watch *w, int nonblocking, gantry_error *err)
{
    char piece[4096];
    size_t got = 0;
    int rc = 0;

    while (rc == 0 && !w->done) {
        rc = gnt_exchange_read(w->x, piece, sizeof piece, nonblocking, &got, err);
        if (rc == 0 && got == 0)
            rc = gnt_fail(err, GANTRY_E_PROTOCOL,
                          "the engine's events ended before the container did");
        if (rc == 0)
            rc = gnt_json_parser_feed(w->parser, piece, got, err);
    }
    return rc;
}

/* ---- behaviour of the gantry_wait ------------------------------------------------------------ */

static int watch_result(void *state, int nonblocking, gantry_exit_status *out, gantry_error *err)
{
    struct watch *w = state;
    int rc = w->done ? 0 : read_events(w, nonblocking, err);

    if (rc == 0)
        *out = w->status;
    else if (rc != GANTRY_E_AGAIN && err != NULL && err->resource_kind == GANTRY_RESOURCE_NONE)
        gnt_error_resource(err, GANTRY_RESOURCE_CONTAINER, w->name);
    return rc;
}

static int watch_fd(const void *state, int *out_events)
{
    const struct watch *w = state;

    return w->done ? -1 : gnt_exchange_fd(w->x, out_events);
}

static int watch_timeout_ms(const void *state)
{
    const struct watch *w = state;

    return gnt_exchange_timeout_ms(w->x);
}

static void watch_close(void *state)
{
    struct watch *w = state;
    struct gantry_host *host = w->host;

    gnt_exchange_close(w->x);
    gnt_json_parser_free(w->parser);
    gnt_free(&host->mem, w->name);
    gnt_free(&host->mem, w);
}

static const gantry_wait_ops watch_ops = { .size = sizeof(gantry_wait_ops),
                                           .result = watch_result,
                                           .fd = watch_fd,
                                           .close = watch_close,
                                           .timeout_ms = watch_timeout_ms };

/* ---- opening --------------------------------------------------------------------------------- */

static int take_now(void *arg, struct gnt_json *v, gantry_error *err)
{
    static const struct gnt_in rows[] = {
        GNT_IN_ID_REQ(gantry_container, id, "Id"),
        GNT_IN_ENUM(gantry_container, state, "State/Status", gnt_container_states),
        GNT_IN_I64(gantry_container, exit_code, "State/ExitCode"), GNT_IN_END
    };
    struct watch *w = arg;
    gantry_container now = { .id = "" };
    struct gnt_arena arena;
    int rc;

    gnt_arena_init(&arena, &w->host->mem);
    rc = gnt_decode(&arena, v, NULL, rows, &now, err);
    if (rc == 0 && strlen(now.id) != sizeof w->id - 1)
        rc = gnt_fail(err, GANTRY_E_PROTOCOL, "Id: a container's id was expected");
    if (rc == 0) {
        memcpy(w->id, now.id, sizeof w->id);
        w->status.has_exit_code = now.state == GANTRY_CONTAINER_EXITED;
        w->status.exit_code = w->status.has_exit_code ? now.exit_code : 0;
        w->done = now.state != GANTRY_CONTAINER_RUNNING && now.state != GANTRY_CONTAINER_PAUSED &&
                  now.state != GANTRY_CONTAINER_RESTARTING;
    }
    gnt_arena_free(&arena);
    return rc;
}

/* Fills id and status, and sets done if the container does not run now. */
static int look(struct watch *w, struct podman *p, const gantry_call *call, const char *id,
                gantry_error *err)
{
    struct gnt_req r;

    gnt_req_init(&r, &p->rest, "GET", call, "/containers/%s/json", id);
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
    return gnt_req_each(&r, GNT_JSON_DOCUMENT, take_now, w, NULL, err);
}

static int subscribe(struct watch *w, struct podman *p, const gantry_call *call, const char *id,
                     gantry_error *err)
{
    static const char *const events[] = { "died", "remove", NULL };
    const gantry_limits *limits = &w->host->limits;
    struct gnt_json_limits json = { .depth = limits->json_depth,
                                    .record_bytes = limits->record_bytes };
    struct gnt_req r;
    struct gnt_json *filters;
    int rc = gnt_json_parser_new(&w->host->mem, GNT_JSON_SEQUENCE, &json, take_event, w, &w->parser,
                                 err);

    if (rc < 0)
        return rc;
    gnt_req_init(&r, &p->rest, "GET", call, "/events");
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
    r.flags |= GNT_REQ_OPEN_ENDED;
    gnt_req_query_true(&r, "stream", 1);
    filters = gnt_req_object(&r);
    gnt_req_filter(&r, filters, "container", w->id);
    gnt_req_filter_list(&r, filters, "event", events);
    gnt_req_filters(&r, filters);
    return gnt_req_open(&r, &w->x, err);
}

static int is_whole_id(const char *id)
{
    return strlen(id) == 64 && strspn(id, "0123456789abcdef") == 64;
}

/*
 * Watch first, look then: what happens after the look is among the events. A name or a beginning of
 * an id is resolved before, since events are filtered by id.
 */
static int begin(struct watch *w, struct podman *p, const char *id, const gantry_wait_options *opts,
                 gantry_error *err)
{
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    gantry_error e = { 0 };
    int known = 0;
    int rc = 0;

    if (is_whole_id(id)) {
        memcpy(w->id, id, sizeof w->id);
    } else {
        rc = look(w, p, call, id, err);
        known = rc == 0;
    }
    if (rc == 0)
        rc = subscribe(w, p, call, id, err);
    if (rc < 0)
        return rc;
    rc = look(w, p, call, w->id, &e);
    if (rc == GANTRY_E_NOT_FOUND && known && opts->condition == GANTRY_WAIT_REMOVED) {
        w->done = 1;
        return 0;
    }
    if (rc < 0) {
        if (err != NULL)
            *err = e;
        return rc;
    }
    if (opts->condition == GANTRY_WAIT_NOT_RUNNING)
        return 0;
    w->done = 0;
    w->until_removed = opts->condition == GANTRY_WAIT_REMOVED;
    if (!w->until_removed)
        w->status = (gantry_exit_status){ 0 };
    return 0;
}

int gnt_podman_wait(void *state, const char *id, const gantry_wait_options *opts, gantry_wait **out,
                    gantry_error *err)
{
    struct podman *p = state;
    struct watch *w;
    int rc;

    if (opts->engine_condition != NULL)
        return gnt_podman_wait_word(p, id, opts, out, err);
    w = gnt_alloc(&p->rest.host->mem, sizeof *w);
    if (w == NULL)
        return gnt_nomem(err);
    w->host = p->rest.host;
    w->name = gnt_strdup(&w->host->mem, id);
    rc = w->name == NULL ? gnt_nomem(err) : begin(w, p, id, opts, err);
    if (rc == 0)
        rc = gantry_wait_new(w->host, &watch_ops, w, out, err);
    if (rc < 0) {
        watch_close(w);
        if (err != NULL && err->resource_kind == GANTRY_RESOURCE_CONTAINER)
            gnt_error_resource(err, GANTRY_RESOURCE_CONTAINER, id);
    }
    return rc;
}
