/*
 * Events: the reader around a backend's sources. A connection that breaks is made anew: first what
 * there is by now is read to its end, which shows whether the engine still knows what was given
 * last; then what comes is followed. The overlap is taken out by what was seen (events_seen.h).
 */
#include "events_reader.h"

#include <string.h>
#include <time.h>

#include "error.h"
#include "events_filter.h"

enum {
    PAUSE_MS = 100,      /* after the second failure in a row; doubles ... */
    PAUSE_MAX_MS = 5000, /* ... up to this */
    CATCH_UP_MS = 30000  /* for what there is by now */
};

static const int64_t second = 1000000000;

/* ---- sources --------------------------------------------------------------------------------- */

int gantry_event_source_new(gantry_host *host, const gantry_event_ops *ops, void *state,
                            gantry_event_source **out, gantry_error *err)
{
    gantry_event_source *s;

    if (ops == NULL || ops->size < sizeof ops->size || out == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "ops, out: must not be NULL, nor size be missing");
    s = gnt_alloc(&host->mem, sizeof *s);
    if (s == NULL)
        return gnt_nomem(err);
    s->mem = host->mem;
    s->state = state;
    /* Tables of an older backend are shorter; what they lack is zero. */
    memcpy(&s->ops, ops, ops->size < sizeof s->ops ? ops->size : sizeof s->ops);
    if (s->ops.next == NULL || s->ops.close == NULL) {
        gnt_free(&host->mem, s);
        return gnt_fail(err, GANTRY_E_INVALID, "ops: next or close is missing");
    }
    *out = s;
    return 0;
}

static void close_source(gantry_event_source *s)
{
    struct gnt_mem mem;

    if (s == NULL)
        return;
    mem = s->mem;
    s->ops.close(s->state);
    gnt_free(&mem, s);
}

/* The engine's clock when the source began, or our own. */
int64_t gnt_events_source_ns(const gantry_event_source *s)
{
    int64_t ns = s->ops.engine_ns != NULL ? s->ops.engine_ns(s->state) : 0;
    struct timespec now;

    if (ns > 0)
        return ns;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * second + now.tv_nsec;
}

/* ---- connections ----------------------------------------------------------------------------- */

/* What there is by now (follow OFF), or what comes (ON). */
int gnt_events_connect(struct gantry_event_reader *r, int64_t since_ns, int follow,
                       gantry_error *err)
{
    gantry_call call = r->call;
    gantry_events_options o = r->o;
    int64_t limit = gantry_clock_ns() + INT64_C(1000000) * CATCH_UP_MS;

    o.since_ns = since_ns;
    o.follow = follow;
    o.call = &call;
    /* An engine that takes connections and does not answer is away, too. */
    if (follow == GANTRY_OFF && r->o.follow != GANTRY_OFF &&
        (call.deadline_ns == 0 || call.deadline_ns > limit))
        call.deadline_ns = limit;
    gnt_events_seen_connect(&r->seen);
    r->up_ns = gantry_clock_ns();
    return r->e->backend->system.events_open(r->e->state, &o, &r->source, err);
}

void gnt_events_disconnect(struct gantry_event_reader *r)
{
    close_source(r->source);
    r->source = NULL;
    r->waiting = NULL;
}

int gnt_events_go_live(struct gantry_event_reader *r, gantry_error *err)
{
    int rc;

    gnt_events_disconnect(r);
    r->phase = GNT_EVENTS_LIVE;
    if (r->cut_ns <= r->seen.forgotten_ns)
        r->cut_ns = r->seen.forgotten_ns + 1;
    rc = gnt_events_connect(r, r->cut_ns, r->o.follow, err);
    if (rc == 0)
        r->failing_ns = 0;
    return rc;
}

/* Not the caller's limit or its token: the connection, or the engine behind a proxy. */
static int may_resume(const struct gantry_event_reader *r, int rc, const gantry_error *failure)
{
    if (r->o.follow == GANTRY_OFF || r->o.resume == GANTRY_OFF)
        return 0;
    if (rc == GANTRY_E_TRUNCATED || rc == GANTRY_E_UNAVAILABLE || rc == GANTRY_E_IO)
        return 1;
    if (failure->http_status >= 502 && failure->http_status <= 504)
        return 1;
    return rc == GANTRY_E_TIMEOUT && r->phase != GNT_EVENTS_LIVE &&
           gnt_clock_check(&r->clock, NULL) == 0;
}

/* The connection is gone, or there is none: why is in r->broken. At once the first time, then with
 * growing pauses. */
static int lose(struct gantry_event_reader *r, int rc, const gantry_error *failure,
                gantry_error *err)
{
    int64_t now = gantry_clock_ns();
    int64_t pause = 0;

    if (!may_resume(r, rc, failure)) {
        *err = *failure;
        return rc;
    }
    /* One that held for a while had nothing to give, and is no failure in a row. */
    if (r->phase == GNT_EVENTS_LIVE && now - r->up_ns >= INT64_C(1000000) * PAUSE_MAX_MS)
        r->tries = 0;
    r->broken = *failure;
    r->broken.code = rc;
    gnt_events_disconnect(r);
    r->phase = GNT_EVENTS_AWAY;
    if (r->failing_ns == 0)
        r->failing_ns = now;
    if (r->o.away_ms != GANTRY_NO_TIMEOUT &&
        now - r->failing_ns >= r->o.away_ms * INT64_C(1000000)) {
        *err = r->broken;
        return rc;
    }
    if (r->tries > 0)
        pause = PAUSE_MS * (INT64_C(1) << (r->tries < 8 ? r->tries - 1 : 7));
    r->tries += r->tries < 8;
    r->retry_ns = now + (pause < PAUSE_MAX_MS ? pause : PAUSE_MAX_MS) * 1000000;
    return 0;
}

/* From where on to ask again: a little before the last event, but nothing that was forgotten. */
static int64_t place(const struct gantry_event_reader *r)
{
    int64_t ns = r->seen.newest_ns - GNT_EVENTS_BACK_S * second;

    if (ns < r->floor_ns)
        ns = r->floor_ns;
    if (ns <= r->seen.forgotten_ns)
        ns = r->seen.forgotten_ns + 1;
    return ns;
}

static int try_again(struct gantry_event_reader *r, gantry_error *err)
{
    gantry_error failure = { 0 };
    int rc;

    r->phase = GNT_EVENTS_CATCHING_UP;
    r->judged = 0;
    r->cut_ns = place(r);
    rc = gnt_events_connect(r, r->cut_ns, GANTRY_OFF, &failure);
    if (rc < 0)
        return lose(r, rc, &failure, err);
    r->reconnects++;
    return 0;
}

/* ---- waiting --------------------------------------------------------------------------------- */

static int retry_ms(const struct gantry_event_reader *r)
{
    int64_t left = r->retry_ns - gantry_clock_ns();

    if (left <= 0)
        return 0;
    left = (left + 999999) / 1000000;
    return left < INT32_MAX ? (int)left : INT32_MAX;
}

int gantry_event_reader_timeout_ms(const gantry_event_reader *reader)
{
    int ms;
    int own = -1;

    if (reader == NULL)
        return -1;
    if (reader->ended || reader->rc != 0 || reader->waiting != NULL)
        return 0;
    ms = gnt_clock_poll_ms(&reader->clock);
    if (reader->source == NULL)
        own = retry_ms(reader);
    else if (reader->source->ops.timeout_ms != NULL)
        own = reader->source->ops.timeout_ms(reader->source->state);
    if (ms < 0 || own < 0)
        return ms < 0 ? own : ms;
    return own < ms ? own : ms;
}

int gantry_event_reader_fd(const gantry_event_reader *reader, int *out_events)
{
    int events = 0;
    int fd = -1;

    if (reader != NULL && reader->source != NULL && reader->source->ops.fd != NULL)
        fd = reader->source->ops.fd(reader->source->state, &events);
    if (out_events != NULL)
        *out_events = events;
    return fd;
}

static int rest(struct gantry_event_reader *r, gantry_error *err)
{
    int ms = retry_ms(r);

    if (ms == 0)
        return try_again(r, err);
    if (r->nonblocking)
        return gnt_fail(err, GANTRY_E_AGAIN, "the engine is asked anew in a moment");
    return gnt_clock_pause(&r->clock, ms, err);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* The reader's own event: it is connected again. */
static const gantry_event *judge(struct gantry_event_reader *r, int type)
{
    gantry_event *e = &r->record;

    memset(e, 0, sizeof *e);
    gnt_model_defaults(GANTRY_KIND_EVENT, e);
    e->type = type;
    e->type_text = gantry_event_type_name(type);
    e->time_ns = gnt_events_source_ns(r->source);
    e->gap_from_ns = r->seen.newest_ns > 0 ? r->seen.newest_ns : r->floor_ns;
    r->judged = 1;
    return e;
}

/* Whether an event is to be given: one that is wanted, new, and in the time that was asked for. */
static int is_due(const struct gantry_event_reader *r, const gantry_event *e)
{
    return e->time_ns >= r->cut_ns && (r->o.until_ns == 0 || e->time_ns < r->o.until_ns) &&
           gnt_events_wanted(&r->o, e);
}

/* An event came. *out is what to give, if anything. */
static int take(struct gantry_event_reader *r, const gantry_event *e, const gantry_event **out,
                gantry_error *err)
{
    int64_t newest_ns = r->seen.newest_ns;
    int known = e->time_ns < r->cut_ns ? 1 : gnt_events_seen_note(&r->seen, e);

    if (known < 0)
        return gnt_nomem(err);
    if (!known)
        r->tries = 0;
    if (r->phase == GNT_EVENTS_CATCHING_UP && !r->judged) {
        *out = judge(r, known ? GANTRY_EVENT_RESUMED : GANTRY_EVENT_GAP);
        r->record.gap_from_ns = newest_ns > 0 ? newest_ns : r->floor_ns;
        if (!known && is_due(r, e))
            r->waiting = e;
        return 0;
    }
    if (!known && is_due(r, e))
        *out = e;
    return 0;
}

/* Whether the engine's own clock, which is known to a second, says that what was asked for is
 * over. */
static int is_over(const struct gantry_event_reader *r)
{
    int64_t passed = gantry_clock_ns() - r->up_ns;

    if (r->o.follow == GANTRY_OFF)
        return 1;
    return r->o.until_ns != 0 && gnt_events_source_ns(r->source) + passed >= r->o.until_ns - second;
}

/* The source ended well. */
static int end_of_source(struct gantry_event_reader *r, const gantry_event **out, gantry_error *err)
{
    gantry_error failure = { 0 };
    int rc;

    if (r->phase == GNT_EVENTS_LIVE) {
        if (is_over(r)) {
            r->ended = 1;
            return 0;
        }
        rc = gnt_fail(&failure, GANTRY_E_TRUNCATED, "the engine ended the events");
        return lose(r, rc, &failure, err);
    }
    if (!r->judged) {
        *out = judge(r, GANTRY_EVENT_GAP);
        return 0;
    }
    rc = gnt_events_go_live(r, &failure);
    return rc < 0 ? lose(r, rc, &failure, err) : 0;
}

/* One step towards the next event. */
static int step(struct gantry_event_reader *r, const gantry_event **out, gantry_error *err)
{
    gantry_error failure = { 0 };
    const gantry_event *e = NULL;
    int rc;

    if (r->waiting != NULL) {
        *out = r->waiting;
        r->waiting = NULL;
        return 0;
    }
    if (r->phase == GNT_EVENTS_AWAY)
        return rest(r, err);
    rc = r->source->ops.next(r->source->state, r->nonblocking, &e, &failure);
    if (rc == 0)
        return e != NULL ? take(r, e, out, err) : end_of_source(r, out, err);
    if (rc != GANTRY_E_AGAIN)
        return lose(r, rc, &failure, err);
    *err = failure;
    return rc;
}

static int next_event(struct gantry_event_reader *r, const gantry_event **out, gantry_error *err)
{
    int rc = gnt_clock_check(&r->clock, err);

    while (rc == 0 && !r->ended && *out == NULL)
        rc = step(r, out, err);
    return rc;
}

int gantry_event_reader_next(gantry_event_reader *reader, const gantry_event **out,
                             gantry_error *err)
{
    int rc;

    if (reader == NULL || out == NULL) {
        rc = gnt_fail(err, GANTRY_E_INVALID, "reader, out: must not be NULL");
        gnt_error_operation(err, "event_reader.next");
        return rc;
    }
    *out = NULL;
    if (reader->ended)
        return 0;
    rc = reader->rc != 0 ? reader->rc : next_event(reader, out, &reader->failure);
    if (rc < 0) {
        *out = NULL;
        reader->failure.code = rc;
        if (rc != GANTRY_E_AGAIN)
            reader->rc = rc;
        if (err != NULL)
            *err = reader->failure;
        gnt_error_operation(err, "event_reader.next");
    }
    return rc;
}

void gantry_event_reader_set_nonblocking(gantry_event_reader *reader, int on)
{
    if (reader != NULL)
        reader->nonblocking = on != 0;
}

int64_t gantry_event_reader_reconnects(const gantry_event_reader *reader)
{
    return reader != NULL ? reader->reconnects : 0;
}

void gantry_event_reader_close(gantry_event_reader *reader)
{
    struct gnt_mem mem;

    if (reader == NULL)
        return;
    mem = reader->e->host.mem;
    gnt_events_disconnect(reader);
    gnt_events_seen_free(&reader->seen);
    gnt_arena_free(&reader->arena);
    gnt_free(&mem, reader);
}
