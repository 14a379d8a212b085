/*
 * Logs of a pod: a reader of lines for each member, merged. Without follow by time, which needs a
 * line of each at hand; with follow as lines come, from one member after the other, so that a loud
 * one does not keep the others from being heard.
 */
#include "pod.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "engine.h"
#include "error.h"
#include "names.h"

enum {
    SLICE_MS = 50 /* where there is no descriptor to wait for */
};

struct source {
    const char *id;
    const char *name;
    gantry_log_reader *reader;   /* NULL: it has ended */
    const gantry_log_line *line; /* at hand, or NULL */
};

struct gantry_pod_log_reader {
    gantry_engine *e;
    struct gnt_arena arena; /* of id and sources */
    const char *id;
    gantry_call call;
    struct gnt_clock clock;
    struct source *sources;
    struct pollfd *fds; /* one for each source, and the cancel token's */
    size_t count;
    size_t turn; /* follow: whose line is looked for first */
    gantry_pod_log_line record;
    int follow;
    int nonblocking;
    int rc; /* sticky */
    gantry_error failure;
};

/* ---- reading --------------------------------------------------------------------------------- */

/* A line of one source, if there is one now. 0 (then it is at hand, or the source has ended),
 * AGAIN, or a failure. */
static int look(struct source *s, gantry_error *err)
{
    int rc = gantry_log_reader_next(s->reader, &s->line, err);

    if (rc == 0 && s->line == NULL) {
        gantry_log_reader_close(s->reader);
        s->reader = NULL;
    }
    return rc;
}

static int give(struct gantry_pod_log_reader *r, struct source *s, const gantry_pod_log_line **out)
{
    r->record = (gantry_pod_log_line){
        .size = sizeof r->record, .container = s->id, .name = s->name, .line = s->line
    };
    s->line = NULL;
    *out = &r->record;
    return 0;
}

/* The next one by time; of the same time the first member's. */
static int next_by_time(struct gantry_pod_log_reader *r, const gantry_pod_log_line **out,
                        gantry_error *err)
{
    struct source *first = NULL;
    int waiting = 0;

    for (size_t i = 0; i < r->count; i++) {
        struct source *s = &r->sources[i];

        if (s->line == NULL && s->reader != NULL) {
            int rc = look(s, err);

            if (rc < 0 && rc != GANTRY_E_AGAIN)
                return rc;
            waiting = waiting || rc == GANTRY_E_AGAIN;
        }
        if (s->line != NULL && (first == NULL || s->line->time_ns < first->line->time_ns))
            first = s;
    }
    if (waiting)
        return gnt_fail(err, GANTRY_E_AGAIN, "no line of each member yet");
    return first != NULL ? give(r, first, out) : 0;
}

/* The next one of anybody. */
static int next_of_any(struct gantry_pod_log_reader *r, const gantry_pod_log_line **out,
                       gantry_error *err)
{
    int waiting = 0;

    for (size_t i = 0; i < r->count; i++) {
        struct source *s = &r->sources[(r->turn + i) % r->count];
        int rc = s->reader != NULL ? look(s, err) : 0;

        if (rc < 0 && rc != GANTRY_E_AGAIN)
            return rc;
        waiting = waiting || rc == GANTRY_E_AGAIN;
        if (s->line != NULL) {
            r->turn = (r->turn + i + 1) % r->count;
            return give(r, s, out);
        }
    }
    return waiting ? gnt_fail(err, GANTRY_E_AGAIN, "no line yet") : 0;
}

/* ---- waiting --------------------------------------------------------------------------------- */

/* Whether next would ask this source. */
static int is_awaited(const struct source *s)
{
    return s->reader != NULL && s->line == NULL;
}

static int sooner(int a, int b)
{
    if (a < 0 || b < 0)
        return a < 0 ? b : a;
    return a < b ? a : b;
}

size_t gantry_pod_log_reader_fds(const gantry_pod_log_reader *reader, int *out_fds, int *out_events,
                                 size_t capacity)
{
    size_t count = 0;

    if (reader == NULL || reader->rc != 0)
        return 0;
    for (size_t i = 0; i < reader->count; i++) {
        int events = 0;
        int fd = is_awaited(&reader->sources[i])
                     ? gantry_log_reader_fd(reader->sources[i].reader, &events)
                     : -1;

        if (fd < 0)
            continue;
        if (count < capacity && out_fds != NULL)
            out_fds[count] = fd;
        if (count < capacity && out_events != NULL)
            out_events[count] = events;
        count++;
    }
    return count;
}

int gantry_pod_log_reader_timeout_ms(const gantry_pod_log_reader *reader)
{
    int awaited = 0;
    int ms;

    if (reader == NULL)
        return -1;
    if (reader->rc != 0)
        return 0;
    ms = gnt_clock_poll_ms(&reader->clock);
    for (size_t i = 0; i < reader->count; i++) {
        const struct source *s = &reader->sources[i];
        int events = 0;

        if (!is_awaited(s))
            continue;
        awaited = 1;
        ms = sooner(ms, gantry_log_reader_timeout_ms(s->reader));
        if (gantry_log_reader_fd(s->reader, &events) < 0)
            ms = sooner(ms, SLICE_MS);
    }
    return awaited ? ms : 0;
}

static int wait_some(struct gantry_pod_log_reader *r, gantry_error *err)
{
    int ms = gantry_pod_log_reader_timeout_ms(r);

    for (size_t i = 0; i < r->count; i++) {
        int events = 0;

        r->fds[i] = (struct pollfd){ -1, 0, 0 };
        if (is_awaited(&r->sources[i]))
            r->fds[i].fd = gantry_log_reader_fd(r->sources[i].reader, &events);
        r->fds[i].events = (short)events;
    }
    r->fds[r->count] = (struct pollfd){ gantry_cancel_fd(r->clock.cancel), POLLIN, 0 };
    /* A negative descriptor is ignored by poll. */
    if (poll(r->fds, (nfds_t)r->count + 1, ms) < 0 && errno != EINTR)
        return gnt_fail_errno(err, GANTRY_E_IO, errno, "waiting failed");
    return 0;
}

static int next_line(struct gantry_pod_log_reader *r, const gantry_pod_log_line **out,
                     gantry_error *err)
{
    int rc;

    for (;;) {
        rc = gnt_clock_check(&r->clock, err);
        if (rc == 0)
            rc = r->follow ? next_of_any(r, out, err) : next_by_time(r, out, err);
        if (rc != GANTRY_E_AGAIN || r->nonblocking)
            return rc;
        rc = wait_some(r, err);
        if (rc < 0)
            return rc;
    }
}

int gantry_pod_log_reader_next(gantry_pod_log_reader *reader, const gantry_pod_log_line **out,
                               gantry_error *err)
{
    int rc;

    if (reader == NULL || out == NULL) {
        rc = gnt_fail(err, GANTRY_E_INVALID, "reader, out: must not be NULL");
        gnt_error_operation(err, "pod_log_reader.next");
        return rc;
    }
    *out = NULL;
    rc = reader->rc != 0 ? reader->rc : next_line(reader, out, &reader->failure);
    if (rc == 0)
        return 0;
    reader->failure.code = rc;
    reader->failure.operation[0] = '\0'; /* of the member's own reader */
    if (rc != GANTRY_E_AGAIN)
        reader->rc = rc;
    if (err != NULL)
        *err = reader->failure;
    return gnt_leave(rc, GANTRY_FEATURE_PODS_LOGS, GANTRY_RESOURCE_POD, reader->id, err);
}

void gantry_pod_log_reader_set_nonblocking(gantry_pod_log_reader *reader, int on)
{
    if (reader != NULL)
        reader->nonblocking = on != 0;
}

/* ---- opening, closing ------------------------------------------------------------------------ */

void gantry_pod_log_reader_close(gantry_pod_log_reader *reader)
{
    struct gnt_mem mem;

    if (reader == NULL)
        return;
    mem = reader->e->host.mem;
    for (size_t i = 0; i < reader->count; i++)
        gantry_log_reader_close(reader->sources[i].reader);
    gnt_arena_free(&reader->arena);
    gnt_free(&mem, reader);
}

/* One that has gone meanwhile has no log. */
static int open_source(struct gantry_pod_log_reader *r, const gantry_pod_member *member,
                       const gantry_follow_options *o, gantry_error *err)
{
    struct source *s = &r->sources[r->count];
    gantry_error failure = { 0 };
    int rc;

    s->id = gnt_arena_strdup(&r->arena, member->id);
    s->name = gnt_arena_strdup(&r->arena, member->name);
    if (s->id == NULL || s->name == NULL)
        return gnt_nomem(err);
    rc = gantry_containers_follow_open(&r->e->containers, s->id, o, &s->reader, &failure);
    if (rc == GANTRY_E_NOT_FOUND)
        return 0;
    if (rc < 0) {
        failure.operation[0] = '\0';
        if (err != NULL)
            *err = failure;
        return rc;
    }
    gantry_log_reader_set_nonblocking(s->reader, 1);
    r->count++;
    return 0;
}

static int open_sources(struct gantry_pod_log_reader *r, const gantry_pod *pod,
                        gantry_follow_options *o, gantry_error *err)
{
    int rc = 0;

    r->sources = gnt_arena_alloc(&r->arena, (pod->member_count + 1) * sizeof *r->sources);
    r->fds = gnt_arena_alloc(&r->arena, (pod->member_count + 1) * sizeof *r->fds);
    if (r->sources == NULL || r->fds == NULL)
        return gnt_nomem(err);
    o->call = &r->call;
    for (size_t i = 0; rc == 0 && i < pod->member_count; i++) {
        if (!pod->members[i]->infra)
            rc = open_source(r, pod->members[i], o, err);
    }
    return rc;
}

static int open_reader(struct gantry_pod_log_reader *r, const char *id, gantry_follow_options *o,
                       gantry_error *err)
{
    gantry_pod_inspect_options inspect = { .size = sizeof inspect, .call = &r->call };
    gantry_pod *pod = NULL;
    gantry_call shared;
    int rc;

    /* One deadline for all. */
    gnt_call_import(&r->call, gnt_call_share(&shared, o->call));
    gnt_clock_start(&r->clock, &r->call, 0);
    r->clock.idle_ns = 0; /* that is for each connection */
    r->follow = o->follow == GANTRY_ON;
    r->id = gnt_arena_strdup(&r->arena, id);
    if (r->id == NULL)
        return gnt_nomem(err);
    rc = r->e->backend->pods.inspect(r->e->state, id, &inspect, &pod, err);
    if (rc == 0)
        rc = open_sources(r, pod, o, err);
    gantry_pod_free(pod);
    return rc;
}

int gantry_pods_logs_open(gantry_pods *pods, const char *id, const gantry_follow_options *opts,
                          gantry_pod_log_reader **out, gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_pods(pods);
    gantry_follow_options o;
    gantry_pod_log_reader *r = NULL;
    int rc = gnt_enter(e, GANTRY_FEATURE_PODS_LOGS, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_follow_options, o, opts, err);
    if (rc == 0) {
        r = gnt_alloc(&e->host.mem, sizeof *r);
        rc = r == NULL ? gnt_nomem(err) : 0;
    }
    if (rc == 0) {
        r->e = e;
        gnt_arena_init(&r->arena, &e->host.mem);
        rc = open_reader(r, id, &o, err);
    }
    if (rc == 0)
        *out = r;
    else
        gantry_pod_log_reader_close(r);
    return gnt_leave(rc, GANTRY_FEATURE_PODS_LOGS, GANTRY_RESOURCE_POD, id, err);
}
