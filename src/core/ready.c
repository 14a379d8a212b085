/*
 * Waiting until a container is ready: the public function, the loop, and what is said when it ends
 * without success.
 */
#include "ready.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "container.h"
#include "names.h"
#include "stream.h"

enum {
    WAIT_MS = 60000, /* defaults of the options */
    INTERVAL_MS = 100,
    TRY_MS = 5000,
    /* Engines note the time of a start a little after the process began to write. */
    START_SLACK_MS = 1000,
    TAIL_LINES = 20 /* of the log of a container that has ended */
};

#define NS_PER_MS INT64_C(1000000)

/* ---- options --------------------------------------------------------------------------------- */

static const char *kind_name(int kind)
{
    static const char *const names[] = {
        [GANTRY_READY_RUNNING] = "running",
        [GANTRY_READY_HEALTHY] = "healthy",
        [GANTRY_READY_LOG] = "log",
        [GANTRY_READY_PORT] = "port",
        [GANTRY_READY_HTTP] = "http",
        [GANTRY_READY_COMMAND] = "command",
        [GANTRY_READY_COMPLETED] = "completed",
    };

    return names[kind];
}

/* Members of another kind have no effect: they are refused. */
static const char *foreign_member(const gantry_condition *c)
{
    int log = c->kind == GANTRY_READY_LOG;
    int http = c->kind == GANTRY_READY_HTTP;

    if (!log && (c->text != NULL || c->count != 0 || c->regex != 0 || c->channel != 0))
        return c->text != NULL ? "text"
               : c->count != 0 ? "count"
               : c->regex != 0 ? "regex"
                               : "channel";
    if (!http && (c->path != NULL || c->status != 0 || c->tls != 0))
        return c->path != NULL ? "path" : c->status != 0 ? "status" : "tls";
    if (!http && c->kind != GANTRY_READY_PORT && c->port != 0)
        return "port";
    if (c->kind != GANTRY_READY_COMMAND && c->command != NULL)
        return "command";
    return NULL;
}

static int check_path(const char *path, gantry_error *err)
{
    if (path == NULL)
        return 0;
    if (path[0] != '/')
        return gnt_fail(err, GANTRY_E_INVALID, "path: must begin with '/'");
    for (const char *p = path; *p != '\0'; p++) {
        if ((unsigned char)*p <= ' ' || *p == 0x7F || *p == '#')
            return gnt_fail(err, GANTRY_E_INVALID,
                            "path: must be encoded: no spaces, control characters or '#'");
    }
    return 0;
}

static int check_condition(const gantry_condition *c, gantry_error *err)
{
    const char *foreign;

    if (c->kind < GANTRY_READY_RUNNING || c->kind > GANTRY_READY_COMPLETED)
        return gnt_fail(err, GANTRY_E_INVALID, "kind: %d is none of GANTRY_READY_", c->kind);
    foreign = foreign_member(c);
    if (foreign != NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "%s: means nothing to the condition \"%s\"", foreign,
                        kind_name(c->kind));
    if (c->kind == GANTRY_READY_LOG && (c->text == NULL || c->text[0] == '\0'))
        return gnt_fail(err, GANTRY_E_INVALID, "text: must not be empty");
    if (c->count < 0)
        return gnt_fail(err, GANTRY_E_INVALID, "count: must not be negative");
    if (c->channel != 0 && c->channel != GANTRY_STDOUT && c->channel != GANTRY_STDERR)
        return gnt_fail(err, GANTRY_E_INVALID, "channel: %d is none", c->channel);
    if ((c->kind == GANTRY_READY_PORT || c->kind == GANTRY_READY_HTTP) &&
        (c->port < 1 || c->port > 65535))
        return gnt_fail(err, GANTRY_E_INVALID, "port: %d is not 1 to 65535", c->port);
    if (c->status != 0 && (c->status < 100 || c->status > 599))
        return gnt_fail(err, GANTRY_E_INVALID, "status: %d is none of HTTP's", c->status);
    if (c->kind == GANTRY_READY_COMMAND &&
        (c->command == NULL || c->command[0] == NULL || c->command[0][0] == '\0'))
        return gnt_fail(err, GANTRY_E_INVALID, "command: needs a program");
    return check_path(c->path, err);
}

static int import_condition(struct gnt_ready *r, struct gnt_ready_condition *to,
                            const gantry_condition *from, gantry_error *err)
{
    int rc = gnt_import(&to->c, sizeof to->c, from, "gantry_condition", err);

    if (rc == 0)
        rc = check_condition(&to->c, err);
    if (rc == 0 && to->c.kind == GANTRY_READY_COMMAND)
        rc = gnt_enter(r->e, GANTRY_FEATURE_CONTAINERS_EXEC, err);
    if (rc == 0 && to->c.kind == GANTRY_READY_LOG)
        rc = gnt_enter(r->e, GANTRY_FEATURE_CONTAINERS_LOGS, err);
    if (rc == 0 && to->c.kind == GANTRY_READY_LOG)
        rc = gnt_ready_log_new(r, to, err);
    gnt_ready_because(to, "was not looked at");
    to->tried = 0;
    return rc;
}

static int import_conditions(struct gnt_ready *r, const gantry_condition *const *given,
                             gantry_error *err)
{
    size_t count = 0;

    while (given != NULL && given[count] != NULL)
        count++;
    if (count == 0)
        return gnt_fail(err, GANTRY_E_INVALID, "conditions: at least one is needed");
    if (count >= SIZE_MAX / sizeof *r->conditions)
        return gnt_nomem(err);
    r->conditions = gnt_arena_alloc(&r->arena, count * sizeof *r->conditions);
    if (r->conditions == NULL)
        return gnt_nomem(err);
    for (size_t i = 0; i < count; i++) {
        int rc;

        r->count = i + 1;
        rc = import_condition(r, &r->conditions[i], given[i], err);
        if (rc < 0) {
            gnt_error_prefix(err, "conditions[%zu]", i);
            return rc;
        }
    }
    return 0;
}

/* One absolute deadline. That no byte moves for a while is what waiting is. */
static void fix_times(struct gnt_ready *r)
{
    gnt_call_import(&r->call, r->o.call);
    r->call.idle_timeout_ms = 0;
    r->begun_ns = gantry_clock_ns();
    gnt_clock_start(&r->clock, &r->call, WAIT_MS);
    r->call.deadline_ns = r->clock.deadline_ns;
    r->call.timeout_ms = GANTRY_NO_TIMEOUT;
    if (r->o.interval_ms == 0)
        r->o.interval_ms = INTERVAL_MS;
    if (r->o.try_ms == 0)
        r->o.try_ms = TRY_MS;
}

/* ---- for the tries --------------------------------------------------------------------------- */

void gnt_ready_because(struct gnt_ready_condition *c, const char *fmt, ...)
{
    char text[sizeof c->reason];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    gnt_text_copy(c->reason, sizeof c->reason, text, strlen(text), 0, 0);
    c->tried = 1;
}

const gantry_call *gnt_ready_try_call(const struct gnt_ready *r, gantry_call *copy)
{
    int64_t now = gantry_clock_ns();
    int64_t end =
        r->o.try_ms < (INT64_MAX - now) / NS_PER_MS ? now + r->o.try_ms * NS_PER_MS : INT64_MAX;

    *copy = r->call;
    if (copy->deadline_ns == 0 || end < copy->deadline_ns)
        copy->deadline_ns = end;
    return copy;
}

int gnt_ready_failed(const struct gnt_ready *r, struct gnt_ready_condition *c, int rc,
                     const gantry_error *failure, gantry_error *err)
{
    int over = rc == GANTRY_E_CANCELLED || rc == GANTRY_E_NOMEM || rc == GANTRY_E_INVALID ||
               rc == GANTRY_E_UNSUPPORTED ||
               (rc == GANTRY_E_TIMEOUT && gnt_clock_check(&r->clock, NULL) < 0);

    /* What the last whole try found tells more than that the time was over in the next. */
    if (rc != GANTRY_E_TIMEOUT)
        gnt_ready_because(c, "%s", failure->message);
    else if (!over)
        gnt_ready_because(c, "no answer within %" PRId64 " ms", r->o.try_ms);
    else if (!c->tried)
        gnt_ready_because(c, "no answer until then");
    if (over && err != NULL)
        *err = *failure;
    return over ? rc : 0;
}

/* ---- one turn -------------------------------------------------------------------------------- */

static int has_ended(const gantry_container *info)
{
    return info->state == GANTRY_CONTAINER_EXITED || info->state == GANTRY_CONTAINER_DEAD ||
           info->state == GANTRY_CONTAINER_REMOVING;
}

/* Whether the engine may start it again by itself. */
static int comes_back(const gantry_container *info)
{
    if (info->state != GANTRY_CONTAINER_EXITED)
        return 0;
    if (info->restart == GANTRY_RESTART_ALWAYS || info->restart == GANTRY_RESTART_UNLESS_STOPPED)
        return 1;
    return info->restart == GANTRY_RESTART_ON_FAILURE && info->has_exit_code &&
           info->exit_code != 0 &&
           (info->restart_retries == 0 || info->restart_count < info->restart_retries);
}

/*
 * From when on lines belong to the last start: engines note that time late, and times of lines of
 * the start before may be late too, so the middle of the pause between both. Once it has ended
 * again the earlier end is not told any more (and its own may be noted as before its start).
 */
static int64_t first_line_ns(const gantry_container *info)
{
    int64_t start = info->started_ns;

    if (info->finished_ns <= 0)
        return 0;
    if (!has_ended(info) && info->finished_ns < start)
        return info->finished_ns + (start - info->finished_ns) / 2;
    if (info->finished_ns < start)
        start = info->finished_ns;
    return start > START_SLACK_MS * NS_PER_MS ? start - START_SLACK_MS * NS_PER_MS : 0;
}

/* What held before belongs to a life that is over. */
static void begin_anew(struct gnt_ready *r)
{
    r->started_ns = r->now->started_ns;
    r->log_since_ns = first_line_ns(r->now);
    r->probed_ns = 0;
    r->probed = GANTRY_HEALTH_STARTING;
    r->probe[0] = '\0';
    for (size_t i = 0; i < r->count; i++) {
        r->conditions[i].holds = 0;
        gnt_ready_log_reset(r->conditions[i].log);
    }
}

static int turn(struct gnt_ready *r, gantry_error *err)
{
    gantry_container_inspect_options o = { .size = sizeof o, .call = &r->call };
    gantry_container *info = NULL;
    int rc = r->ops->inspect(r->e->state, r->id, &o, &info, err);

    if (rc < 0)
        return rc;
    r->now = info;
    r->ended = has_ended(info) && !comes_back(info);
    if (info->started_ns != r->started_ns)
        begin_anew(r);
    for (size_t i = 0; rc == 0 && i < r->count; i++)
        rc = gnt_ready_try(r, &r->conditions[i], err);
    return rc;
}

/* ---- ends ------------------------------------------------------------------------------------ */

static int is_ready(const struct gnt_ready *r)
{
    size_t held = 0;

    for (size_t i = 0; i < r->count; i++)
        held += r->conditions[i].holds != 0;
    return r->o.any == GANTRY_ON ? held > 0 : held == r->count;
}

static int is_hopeless(const struct gnt_ready *r)
{
    size_t lost = 0;

    for (size_t i = 0; i < r->count; i++)
        lost += r->conditions[i].impossible != 0;
    return r->o.any == GANTRY_ON ? lost == r->count : lost > 0;
}

static const char *label(const gantry_condition *c, char *buffer, size_t size)
{
    const char *name = kind_name(c->kind);

    if (c->kind == GANTRY_READY_LOG)
        (void)snprintf(buffer, size, "%s \"%.40s\"", name, c->text);
    else if (c->kind == GANTRY_READY_PORT)
        (void)snprintf(buffer, size, "%s %d", name, c->port);
    else if (c->kind == GANTRY_READY_HTTP)
        (void)snprintf(buffer, size, "%s %d%.40s", name, c->port, c->path != NULL ? c->path : "/");
    else if (c->kind == GANTRY_READY_COMMAND)
        (void)snprintf(buffer, size, "%s \"%.40s\"", name, c->command[0]);
    else
        (void)snprintf(buffer, size, "%s", name);
    return buffer;
}

/* "running: it is paused; port 80: Connection refused" */
static void tell_reasons(const struct gnt_ready *r, struct gnt_buf *text)
{
    char name[80];

    for (size_t i = 0; i < r->count; i++) {
        const struct gnt_ready_condition *c = &r->conditions[i];

        if (!c->holds)
            gnt_buf_addf(text, "%s%s: %s", text->size > 0 ? "; " : "",
                         label(&c->c, name, sizeof name), c->reason);
    }
}

static int not_in_time(const struct gnt_ready *r, gantry_error *err)
{
    int64_t ms = (gantry_clock_ns() - r->begun_ns) / NS_PER_MS;
    struct gnt_buf text;

    gnt_buf_init(&text, &r->e->host.mem, 16 * sizeof r->conditions[0].reason);
    tell_reasons(r, &text);
    gnt_fail(err, GANTRY_E_TIMEOUT, "not ready after %" PRId64 " ms: %s", ms, gnt_buf_text(&text));
    gnt_error_outcome(err, GANTRY_OUTCOME_NOT_SENT, GANTRY_RETRY_YES);
    gnt_buf_free(&text);
    return GANTRY_E_TIMEOUT;
}

/* The end of the log, as far as it can be had: it tells more than anything else. */
static void add_log(const struct gnt_ready *r, gantry_error *err)
{
    gantry_call call;
    gantry_logs_options o = { .size = sizeof o,
                              .call = gnt_ready_try_call(r, &call),
                              .since_ns = r->log_since_ns,
                              .tail = TAIL_LINES };
    gantry_stream *stream = NULL;
    gantry_output *output = NULL;

    if (r->ops->logs == NULL || r->ops->logs(r->e->state, r->id, &o, &stream, NULL) < 0)
        return;
    if (gantry_stream_capture(stream, 0, &output, NULL) == 0) {
        const char *data = output->stderr_size > 0 ? output->stderr_data : output->stdout_data;
        size_t size = output->stderr_size > 0 ? output->stderr_size : output->stdout_size;

        gnt_text_copy(err->output, sizeof err->output, data, size, 1, 1);
        gantry_output_free(output);
    }
    gantry_stream_close(stream);
}

static int has_ended_early(const struct gnt_ready *r, gantry_error *err)
{
    struct gnt_buf text;
    char code[64] = "";

    if (r->now->has_exit_code)
        (void)snprintf(code, sizeof code, " with exit code %" PRId64, r->now->exit_code);
    gnt_buf_init(&text, &r->e->host.mem, 16 * sizeof r->conditions[0].reason);
    tell_reasons(r, &text);
    gnt_fail(err, GANTRY_E_STATE, "the container has ended%s before it was ready: %s", code,
             gnt_buf_text(&text));
    gnt_buf_free(&text);
    if (err == NULL)
        return GANTRY_E_STATE;
    if (r->now->has_exit_code) {
        err->exit_code = (int)r->now->exit_code;
        err->has_exit_code = 1;
    }
    add_log(r, err);
    return GANTRY_E_STATE;
}

/* ---- the loop -------------------------------------------------------------------------------- */

static int loop(struct gnt_ready *r, gantry_error *err)
{
    gantry_error failure = { 0 };
    int rc = gnt_clock_check(&r->clock, &failure);

    while (rc == 0) {
        int done = 0;

        rc = turn(r, &failure);
        if (rc == 0 && is_ready(r))
            done = 1;
        else if (rc == 0 && is_hopeless(r))
            rc = has_ended_early(r, &failure);
        gantry_container_free((gantry_container *)r->now);
        r->now = NULL;
        if (done)
            return 0;
        if (rc == 0)
            rc = gnt_clock_pause(&r->clock, (int)r->o.interval_ms, &failure);
    }
    if (rc == GANTRY_E_TIMEOUT && gnt_clock_check(&r->clock, NULL) == GANTRY_E_TIMEOUT)
        rc = not_in_time(r, &failure);
    if (err != NULL)
        *err = failure;
    return rc;
}

int gnt_ready_wait(gantry_engine *e, const char *id, const gantry_condition *const *conditions,
                   const gantry_ready_options *o, gantry_error *err)
{
    struct gnt_ready r = { .e = e, .ops = &e->backend->containers, .id = id, .o = *o };
    int rc;

    gnt_arena_init(&r.arena, &e->host.mem);
    rc = import_conditions(&r, conditions, err);
    if (rc == 0) {
        fix_times(&r);
        rc = loop(&r, err);
    }
    for (size_t i = 0; i < r.count; i++)
        gnt_ready_log_free(r.conditions[i].log);
    gnt_fetch_close(r.fetch);
    gnt_arena_free(&r.arena);
    return rc;
}

int gantry_containers_wait_ready(gantry_containers *containers, const char *id,
                                 const gantry_condition *const *conditions,
                                 const gantry_ready_options *opts, gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_ready_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_WAIT_READY, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_ready_options, o, opts, err);
    if (rc == 0 && (o.interval_ms < 0 || o.interval_ms > INT32_MAX || o.try_ms < 0))
        rc = gnt_fail(err, GANTRY_E_INVALID, "interval_ms, try_ms: must not be negative or huge");
    if (rc == 0)
        rc = gnt_ready_wait(e, id, conditions, &o, err);
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_WAIT_READY, GANTRY_RESOURCE_CONTAINER, id, err);
}
