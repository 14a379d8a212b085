/*
 * Followed logs, line by line: over the logs slot of any backend. A connection that breaks is made
 * anew from the time of the last line on; log_lines.c knows what of it is new. Whether a log ended
 * because its container did, the container's state tells.
 */
#include "follow.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "container.h"
#include "engine.h"
#include "error.h"
#include "log_lines.h"
#include "names.h"
#include "quiet.h"
#include "stream.h"

enum {
    INPUT = 4096,
    LINE_LIMIT = 64 * 1024,
    PAUSE_MS = 100,      /* after the second failure in a row; doubles ... */
    PAUSE_MAX_MS = 5000, /* ... up to this */
    PATIENCE_MS = 60000, /* how long an engine may stay away */
    ASK_MS = 10000,      /* limit of the question whether the container runs */
    UNTIL_MS = 1000,     /* how long after `until` its last lines may come */
    SLICE_MS = 50        /* where there is no descriptor to wait for */
};

struct gantry_log_reader {
    gantry_engine *e;
    struct gnt_arena arena; /* of id */
    const char *id;
    gantry_follow_options o;
    gantry_call call;
    struct gnt_clock clock;
    int64_t opened_ns; /* by the wall clock */

    gantry_stream *stream; /* NULL: the connection is broken */
    const int *begins;     /* see gnt_stream_split */
    struct gnt_log_lines lines;
    size_t input_size;
    size_t input_used;
    int input_begins;
    int channel;

    int64_t reconnects;
    int64_t patience_ms;
    int64_t failing_ns; /* since when there was nothing new; 0: there was */
    int64_t retry_ns;   /* when to ask anew */
    int64_t up_ns;      /* since when there is a connection */
    int tries;          /* in a row */
    struct gnt_quiet quiet;

    int nonblocking;
    int closing;  /* the container has ended: the log is read once more, without follow */
    int finished; /* the stream is at its end */
    int ended;
    int rc; /* sticky */
    gantry_error failure;
    gantry_error broken; /* why there is no connection */
    char input[INPUT];
};

static int64_t wall_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- the connection -------------------------------------------------------------------------- */

/* From where on: what the caller said, or where the last connection came to. */
static void place(const struct gantry_log_reader *r, gantry_logs_options *o)
{
    int64_t since = gnt_log_lines_since(&r->lines);

    o->since_ns = r->o.since_ns;
    o->tail = r->o.tail;
    if (since >= 0) {
        o->since_ns = since > r->o.since_ns ? since : r->o.since_ns;
        o->tail = 0;
    } else if (r->o.tail < 0 && r->lines.resumed) {
        o->since_ns = r->opened_ns > r->o.since_ns ? r->opened_ns : r->o.since_ns;
        o->tail = 0;
    }
}

static int open_stream(struct gantry_log_reader *r, gantry_error *err)
{
    gantry_logs_options o = { .size = sizeof o,
                              .call = &r->call,
                              .until_ns = r->o.until_ns,
                              .follow = r->closing ? GANTRY_OFF : r->o.follow,
                              .timestamps = GANTRY_ON,
                              .out = r->o.out,
                              .err = r->o.err };
    int rc;

    place(r, &o);
    rc = r->e->backend->containers.logs(r->e->state, r->id, &o, &r->stream, err);
    if (rc < 0)
        return rc;
    gantry_stream_set_nonblocking(r->stream, 1);
    r->begins = gnt_stream_split(r->stream);
    r->lines.framed = r->begins != NULL;
    r->input_size = 0;
    r->input_used = 0;
    r->up_ns = gantry_clock_ns();
    return 0;
}

static int may_resume(const struct gantry_log_reader *r, int rc)
{
    return r->o.follow == GANTRY_ON && r->o.resume != GANTRY_OFF &&
           (rc == GANTRY_E_TRUNCATED || rc == GANTRY_E_UNAVAILABLE || rc == GANTRY_E_IO);
}

/* The connection is gone, or there is none: why is in r->broken. At once the first time, then with
 * growing pauses. */
static int lose_stream(struct gantry_log_reader *r, gantry_error *err)
{
    int64_t now = gantry_clock_ns();
    int64_t pause = 0;

    /* One that held for a while had nothing to give, and is no failure in a row. */
    if (r->stream != NULL && now - r->up_ns >= INT64_C(1000000) * PAUSE_MAX_MS) {
        r->failing_ns = 0;
        r->tries = 0;
    }
    gantry_stream_close(r->stream);
    r->stream = NULL;
    if (r->failing_ns == 0)
        r->failing_ns = now;
    if (now - r->failing_ns >= r->patience_ms * 1000000) {
        *err = r->broken;
        return err->code;
    }
    if (r->tries > 0)
        pause = PAUSE_MS * (INT64_C(1) << (r->tries < 8 ? r->tries - 1 : 7));
    r->tries++;
    r->retry_ns = now + (pause < PAUSE_MAX_MS ? pause : PAUSE_MAX_MS) * 1000000;
    return gnt_quiet_open(&r->quiet, err);
}

/* The container's state, or GANTRY_CONTAINER_UNKNOWN with a failure. */
static int ask_state(struct gantry_log_reader *r, int *out_state, gantry_error *err)
{
    gantry_call call = r->call;
    gantry_container_inspect_options o = { .size = sizeof o, .call = &call };
    int64_t limit = gantry_clock_ns() + INT64_C(1000000) * ASK_MS;
    gantry_container *c = NULL;
    int rc;

    if (call.deadline_ns == 0 || call.deadline_ns > limit)
        call.deadline_ns = limit;
    rc = r->e->backend->containers.inspect(r->e->state, r->id, &o, &c, err);
    if (rc == 0)
        *out_state = c->state;
    gantry_container_free(c);
    return rc;
}

/* An engine that does not answer is one that is away, but the caller's own limits are its end. */
static int away(const struct gantry_log_reader *r, int rc)
{
    return may_resume(r, rc) || (rc == GANTRY_E_TIMEOUT && gnt_clock_check(&r->clock, NULL) == 0 &&
                                 may_resume(r, GANTRY_E_IO));
}

static int try_again(struct gantry_log_reader *r, gantry_error *err)
{
    gantry_error failure = { 0 };
    int state = 0;
    int rc = ask_state(r, &state, &failure);

    /* Its log is gone, and who knows what was in it. */
    if (rc == GANTRY_E_NOT_FOUND) {
        *err = r->broken;
        return err->code;
    }
    gnt_log_lines_resume(&r->lines);
    if (rc == 0)
        rc = open_stream(r, &failure);
    if (rc == 0) {
        r->reconnects++;
        gnt_quiet_close(&r->quiet);
        return 0;
    }
    failure.code = rc;
    if (away(r, rc)) {
        r->broken = failure;
        return lose_stream(r, err);
    }
    *err = failure;
    return rc;
}

/* ---- waiting --------------------------------------------------------------------------------- */

static int left_ms(int64_t ns)
{
    int64_t ms = ns <= 0 ? 0 : (ns + 999999) / 1000000;

    return ms < INT32_MAX ? (int)ms : INT32_MAX;
}

static int sooner(int a, int b)
{
    if (a < 0 || b < 0)
        return a < 0 ? b : a;
    return a < b ? a : b;
}

/* How long a followed log with an end can still have lines; -1: it has no end, or no connection to
 * have them from. What a connection has to give comes a moment after it was made, too. */
static int until_left_ms(const struct gantry_log_reader *r)
{
    int by_time;
    int by_connection;

    if (r->o.until_ns == 0 || r->o.follow != GANTRY_ON || r->stream == NULL)
        return -1;
    by_time = left_ms(r->o.until_ns - wall_ns() + INT64_C(1000000) * UNTIL_MS);
    by_connection = left_ms(r->up_ns - gantry_clock_ns() + INT64_C(1000000) * UNTIL_MS);
    return by_time > by_connection ? by_time : by_connection;
}

int gantry_log_reader_timeout_ms(const gantry_log_reader *reader)
{
    int ms;

    if (reader == NULL)
        return -1;
    if (reader->ended || reader->rc != 0)
        return 0;
    ms = sooner(gnt_clock_poll_ms(&reader->clock), until_left_ms(reader));
    if (reader->stream == NULL)
        return sooner(ms, left_ms(reader->retry_ns - gantry_clock_ns()));
    return sooner(ms, gantry_stream_timeout_ms(reader->stream));
}

int gantry_log_reader_fd(const gantry_log_reader *reader, int *out_events)
{
    if (reader != NULL && reader->stream != NULL)
        return gantry_stream_fd(reader->stream, out_events);
    if (out_events != NULL)
        *out_events = GANTRY_POLL_IN;
    return reader != NULL ? reader->quiet.fds[0] : -1;
}

static int wait_some(struct gantry_log_reader *r, gantry_error *err)
{
    struct pollfd fds[2] = { { -1, 0, 0 }, { gantry_cancel_fd(r->clock.cancel), POLLIN, 0 } };
    int ms = gantry_log_reader_timeout_ms(r);
    int events = 0;

    fds[0].fd = gantry_log_reader_fd(r, &events);
    fds[0].events = (short)events;
    if (fds[0].fd < 0)
        ms = sooner(ms, SLICE_MS);
    /* A negative descriptor is ignored by poll. */
    if (poll(fds, 2, ms) < 0 && errno != EINTR)
        return gnt_fail_errno(err, GANTRY_E_IO, errno, "waiting failed");
    return gnt_clock_check(&r->clock, err);
}

/* ---- reading --------------------------------------------------------------------------------- */

static int still_runs(int state)
{
    return state == GANTRY_CONTAINER_RUNNING || state == GANTRY_CONTAINER_PAUSED ||
           state == GANTRY_CONTAINER_RESTARTING;
}

/* The container has ended, and so has what the engine gave while it ran. Engines miss the last
 * lines then (Docker below 23.0): what is stored is read behind it. */
static int begin_closing(struct gantry_log_reader *r, gantry_error *err)
{
    int rc;

    r->closing = 1;
    gantry_stream_close(r->stream);
    r->stream = NULL;
    gnt_log_lines_resume(&r->lines);
    rc = open_stream(r, err);
    if (rc == GANTRY_E_NOT_FOUND) {
        r->finished = 1;
        return 0;
    }
    if (rc < 0 && away(r, rc)) {
        r->broken = *err;
        r->broken.code = rc;
        return lose_stream(r, err);
    }
    return rc;
}

/* The stream ended well: is this the end? */
static int end_of_stream(struct gantry_log_reader *r, gantry_error *err)
{
    int state = GANTRY_CONTAINER_EXITED;
    int rc;

    if (r->closing || r->o.follow != GANTRY_ON || until_left_ms(r) == 0 ||
        (r->o.until_ns != 0 && r->o.until_ns <= wall_ns())) {
        r->finished = 1;
        return 0;
    }
    rc = ask_state(r, &state, err);
    if (rc == GANTRY_E_NOT_FOUND) {
        r->finished = 1;
        return 0;
    }
    if (rc == 0 && !still_runs(state))
        return begin_closing(r, err);
    if (rc == 0)
        rc = gnt_fail(err, GANTRY_E_TRUNCATED, "the log ended though its container runs");
    if (!away(r, rc))
        return rc;
    r->broken = *err;
    r->broken.code = rc;
    return lose_stream(r, err);
}

/* Bytes from the stream. 0, AGAIN, or a failure. */
static int fill(struct gantry_log_reader *r, gantry_error *err)
{
    int rc =
        gantry_stream_read(r->stream, r->input, sizeof r->input, &r->input_size, &r->channel, err);

    r->input_used = 0;
    r->input_begins = rc == 0 && r->begins != NULL && *r->begins;
    if (rc == GANTRY_E_AGAIN) {
        r->input_size = 0;
        if (until_left_ms(r) != 0)
            return rc;
        r->finished = 1;
        return 0;
    }
    if (rc < 0 && may_resume(r, rc)) {
        r->broken = *err;
        r->broken.code = rc;
        r->input_size = 0;
        return lose_stream(r, err);
    }
    if (rc == 0 && r->input_size == 0)
        return end_of_stream(r, err);
    return rc;
}

/* A line out of what is here. 1: it is in the record. */
static int take(struct gantry_log_reader *r, gantry_error *err)
{
    size_t used = 0;
    int rc = gnt_log_lines_feed(&r->lines, r->channel, r->input_begins, r->input + r->input_used,
                                r->input_size - r->input_used, &used, err);

    r->input_used += used;
    r->input_begins = r->input_begins && used == 0;
    if (rc == 1) {
        r->failing_ns = 0;
        r->tries = 0;
    }
    return rc;
}

/* One step towards the next line. 1: it is in the record, 0: go on, or a failure. */
static int step(struct gantry_log_reader *r, gantry_error *err)
{
    if (r->input_used < r->input_size)
        return take(r, err);
    if (r->finished) {
        int rc = gnt_log_lines_flush(&r->lines, err);

        r->ended = rc == 0;
        return rc;
    }
    if (r->stream != NULL)
        return fill(r, err);
    if (gantry_clock_ns() < r->retry_ns)
        return gnt_fail(err, GANTRY_E_AGAIN, "the engine is asked anew in a moment");
    return try_again(r, err);
}

static int next_line(struct gantry_log_reader *r, gantry_error *err)
{
    int rc = gnt_clock_check(&r->clock, err);

    while (rc == 0 && !r->ended) {
        rc = step(r, err);
        if (rc == GANTRY_E_AGAIN && !r->nonblocking)
            rc = wait_some(r, err);
    }
    return rc;
}

int gantry_log_reader_next(gantry_log_reader *reader, const gantry_log_line **out,
                           gantry_error *err)
{
    int rc;

    if (reader == NULL || out == NULL) {
        rc = gnt_fail(err, GANTRY_E_INVALID, "reader, out: must not be NULL");
        gnt_error_operation(err, "log_reader.next");
        return rc;
    }
    *out = NULL;
    if (reader->ended)
        return 0;
    rc = reader->rc != 0 ? reader->rc : next_line(reader, &reader->failure);
    if (rc < 0) {
        reader->failure.code = rc;
        if (rc != GANTRY_E_AGAIN)
            reader->rc = rc;
        if (err != NULL)
            *err = reader->failure;
        return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_LOGS, GANTRY_RESOURCE_CONTAINER, reader->id,
                         err);
    }
    *out = rc == 1 ? &reader->lines.record : NULL;
    return 0;
}

void gantry_log_reader_set_nonblocking(gantry_log_reader *reader, int on)
{
    if (reader != NULL)
        reader->nonblocking = on != 0;
}

int64_t gantry_log_reader_reconnects(const gantry_log_reader *reader)
{
    return reader != NULL ? reader->reconnects : 0;
}

void gnt_log_reader_set_patience(gantry_log_reader *reader, int64_t ms)
{
    reader->patience_ms = ms;
}

void gantry_log_reader_close(gantry_log_reader *reader)
{
    struct gnt_mem mem;

    if (reader == NULL)
        return;
    mem = reader->e->host.mem;
    gantry_stream_close(reader->stream);
    gnt_quiet_close(&reader->quiet);
    gnt_log_lines_free(&reader->lines);
    gnt_arena_free(&reader->arena);
    gnt_free(&mem, reader);
}

/* ---- opening --------------------------------------------------------------------------------- */

static int check(const gantry_follow_options *o, gantry_error *err)
{
    if (o->tail < -1 || o->since_ns < 0 || o->until_ns < 0)
        return gnt_fail(err, GANTRY_E_INVALID, "%s: must not be negative",
                        o->tail < -1      ? "tail"
                        : o->since_ns < 0 ? "since_ns"
                                          : "until_ns");
    if (o->out == GANTRY_OFF && o->err == GANTRY_OFF)
        return gnt_fail(err, GANTRY_E_INVALID, "out, err: one of them is needed");
    if (o->line_limit > SIZE_MAX / 2)
        return gnt_fail(err, GANTRY_E_INVALID, "line_limit: is too large");
    if (o->resume < GANTRY_OFF || o->resume > GANTRY_ON)
        return gnt_fail(err, GANTRY_E_INVALID, "resume: %d is neither ON nor OFF", o->resume);
    return 0;
}

/* One deadline for all connections. */
static void keep_call(struct gantry_log_reader *r, const gantry_call *call)
{
    gantry_call shared;

    gnt_call_import(&r->call, gnt_call_share(&shared, call));
    gnt_clock_start(&r->clock, &r->call, 0);
    r->clock.idle_ns = 0; /* that is for each connection */
    r->o.call = &r->call;
}

/* Whatever becomes of its name, it stays this container that is asked for anew. */
static int pin_container(struct gantry_log_reader *r, gantry_error *err)
{
    gantry_container_inspect_options o = { .size = sizeof o, .call = &r->call };
    gantry_container *c = NULL;
    int rc = r->e->backend->containers.inspect(r->e->state, r->id, &o, &c, err);

    if (rc == 0) {
        r->id = gnt_arena_strdup(&r->arena, c->id);
        rc = r->id == NULL ? gnt_nomem(err) : 0;
    }
    gantry_container_free(c);
    return rc;
}

static int new_reader(gantry_engine *e, const char *id, const gantry_follow_options *o,
                      gantry_log_reader **out, gantry_error *err)
{
    struct gantry_log_reader *r = gnt_alloc(&e->host.mem, sizeof *r);
    int rc = 0;

    if (r == NULL)
        return gnt_nomem(err);
    r->e = e;
    r->o = *o;
    r->opened_ns = wall_ns();
    r->patience_ms = PATIENCE_MS;
    gnt_quiet_init(&r->quiet);
    gnt_arena_init(&r->arena, &e->host.mem);
    gnt_log_lines_init(&r->lines, &e->host.mem, o->line_limit > 0 ? o->line_limit : LINE_LIMIT);
    r->lines.tailed = o->tail != 0;
    r->id = gnt_arena_strdup(&r->arena, id);
    keep_call(r, o->call);
    if (r->id == NULL)
        rc = gnt_nomem(err);
    if (rc == 0 && o->follow == GANTRY_ON)
        rc = pin_container(r, err);
    if (rc == 0)
        rc = open_stream(r, err);
    if (rc < 0) {
        gantry_log_reader_close(r);
        return rc;
    }
    *out = r;
    return 0;
}

int gantry_containers_follow_open(gantry_containers *containers, const char *id,
                                  const gantry_follow_options *opts, gantry_log_reader **out,
                                  gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_follow_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_LOGS, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_follow_options, o, opts, err);
    if (rc == 0)
        rc = check(&o, err);
    if (rc == 0)
        rc = new_reader(e, id, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_LOGS, GANTRY_RESOURCE_CONTAINER, id, err);
}
