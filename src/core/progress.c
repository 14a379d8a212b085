/*
 * Iterators of progress and waits for an end, as callers see them: modes and sticky ends around a
 * table of functions. Knows no engine.
 */
#include "stream.h"

#include "host.h"

#include <string.h>

struct gantry_progress {
    gantry_host *host;
    gantry_progress_ops ops;
    void *state;
    void (*on_close)(void *arg);
    void *on_close_arg;
    int builder;
    gantry_progress_record record;
    int nonblocking;
    int ended;
    int rc; /* sticky */
    gantry_error failure;
};

struct gantry_wait {
    gantry_host *host;
    gantry_wait_ops ops;
    void *state;
    gantry_exit_status status;
    int nonblocking;
    int ended;
    int rc; /* sticky */
    gantry_error failure;
};

/* Tables of an older backend are shorter; what they lack is zero. */
static void import_ops(void *dst, size_t known, const void *src, size_t size)
{
    memset(dst, 0, known);
    memcpy(dst, src, size < known ? size : known);
}

static int fail_as(gantry_error *err, int rc, const char *operation)
{
    if (rc < 0)
        gnt_error_operation(err, operation);
    return rc;
}

/* Hand out a failure; all but AGAIN stay. */
static int give_failure(int rc, int *sticky, gantry_error *failure, const char *operation,
                        gantry_error *err)
{
    failure->code = rc;
    if (rc != GANTRY_E_AGAIN)
        *sticky = rc;
    if (err != NULL)
        *err = *failure;
    return fail_as(err, rc, operation);
}

/* ---- progress -------------------------------------------------------------------------------- */

int gantry_progress_new(gantry_host *host, const gantry_progress_ops *ops, void *state,
                        gantry_progress **out, gantry_error *err)
{
    gantry_progress *p;

    if (ops == NULL || ops->size < sizeof ops->size || out == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "ops, out: must not be NULL, nor size be missing");
    p = gnt_alloc(&host->mem, sizeof *p);
    if (p == NULL)
        return gnt_nomem(err);
    p->host = host;
    p->state = state;
    import_ops(&p->ops, sizeof p->ops, ops, ops->size);
    if (p->ops.next == NULL || p->ops.close == NULL) {
        gnt_free(&host->mem, p);
        return gnt_fail(err, GANTRY_E_INVALID, "ops: next or close is missing");
    }
    *out = p;
    return 0;
}

int gantry_progress_next(gantry_progress *p, const gantry_progress_record **out, gantry_error *err)
{
    int more = 0;
    int rc;

    if (p == NULL || out == NULL)
        return fail_as(err, gnt_fail(err, GANTRY_E_INVALID, "progress, out: must not be NULL"),
                       "progress.next");
    *out = NULL;
    if (p->rc != 0)
        return give_failure(p->rc, &p->rc, &p->failure, "progress.next", err);
    if (p->ended)
        return 0;
    memset(&p->record, 0, sizeof p->record);
    p->record.size = sizeof p->record;
    p->record.current = -1;
    p->record.total = -1;
    p->record.duration_ms = -1;
    p->record.text = "";
    rc = p->ops.next(p->state, p->nonblocking, &p->record, &more, &p->failure);
    if (rc < 0)
        return give_failure(rc, &p->rc, &p->failure, "progress.next", err);
    p->ended = !more;
    *out = more ? &p->record : NULL;
    return 0;
}

void gantry_progress_set_nonblocking(gantry_progress *p, int on)
{
    if (p != NULL)
        p->nonblocking = on != 0;
}

int gantry_progress_fd(const gantry_progress *p, int *out_events)
{
    int events = 0;
    int fd = -1;

    if (p != NULL && p->ops.fd != NULL)
        fd = p->ops.fd(p->state, &events);
    if (out_events != NULL)
        *out_events = events;
    return fd;
}

int gantry_progress_timeout_ms(const gantry_progress *p)
{
    if (p == NULL || p->ops.timeout_ms == NULL)
        return -1;
    return p->ops.timeout_ms(p->state);
}

void gnt_progress_on_close(gantry_progress *p, void (*fn)(void *), void *arg)
{
    p->on_close = fn;
    p->on_close_arg = arg;
}

void gnt_progress_set_builder(gantry_progress *p, int builder)
{
    p->builder = builder;
}

int gnt_progress_builder(const gantry_progress *p)
{
    return p->builder;
}

void gantry_progress_close(gantry_progress *p)
{
    gantry_host *host;

    if (p == NULL)
        return;
    host = p->host;
    p->ops.close(p->state);
    if (p->on_close != NULL)
        p->on_close(p->on_close_arg);
    gnt_free(&host->mem, p);
}

/* ---- wait ------------------------------------------------------------------------------------ */

int gantry_wait_new(gantry_host *host, const gantry_wait_ops *ops, void *state, gantry_wait **out,
                    gantry_error *err)
{
    gantry_wait *w;

    if (ops == NULL || ops->size < sizeof ops->size || out == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "ops, out: must not be NULL, nor size be missing");
    w = gnt_alloc(&host->mem, sizeof *w);
    if (w == NULL)
        return gnt_nomem(err);
    w->host = host;
    w->state = state;
    import_ops(&w->ops, sizeof w->ops, ops, ops->size);
    if (w->ops.result == NULL || w->ops.close == NULL) {
        gnt_free(&host->mem, w);
        return gnt_fail(err, GANTRY_E_INVALID, "ops: result or close is missing");
    }
    *out = w;
    return 0;
}

/* 128 + n is how engines tell signal n; Linux has signals 1 to 64. */
int gnt_exit_signal(const gantry_exit_status *status)
{
    if (!status->has_exit_code || status->exit_code <= 128 || status->exit_code > 128 + 64)
        return 0;
    return (int)(status->exit_code - 128);
}

int gantry_wait_result(gantry_wait *w, gantry_exit_status *out, gantry_error *err)
{
    int rc;

    if (w == NULL)
        return fail_as(err, gnt_fail(err, GANTRY_E_INVALID, "wait: must not be NULL"),
                       "wait.result");
    if (w->rc != 0)
        return give_failure(w->rc, &w->rc, &w->failure, "wait.result", err);
    if (!w->ended) {
        memset(&w->status, 0, sizeof w->status);
        rc = w->ops.result(w->state, w->nonblocking, &w->status, &w->failure);
        if (rc < 0)
            return give_failure(rc, &w->rc, &w->failure, "wait.result", err);
        w->status.has_exit_code = w->status.has_exit_code != 0;
        w->status.signal = gnt_exit_signal(&w->status);
        w->ended = 1;
    }
    if (out != NULL)
        *out = w->status;
    return 0;
}

void gantry_wait_set_nonblocking(gantry_wait *w, int on)
{
    if (w != NULL)
        w->nonblocking = on != 0;
}

int gantry_wait_fd(const gantry_wait *w, int *out_events)
{
    int events = 0;
    int fd = -1;

    if (w != NULL && w->ops.fd != NULL)
        fd = w->ops.fd(w->state, &events);
    if (out_events != NULL)
        *out_events = events;
    return fd;
}

int gantry_wait_timeout_ms(const gantry_wait *w)
{
    if (w == NULL || w->ops.timeout_ms == NULL)
        return -1;
    return w->ops.timeout_ms(w->state);
}

void gantry_wait_close(gantry_wait *w)
{
    gantry_host *host;

    if (w == NULL)
        return;
    host = w->host;
    w->ops.close(w->state);
    gnt_free(&host->mem, w);
}
