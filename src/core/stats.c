/* What containers use: the public functions, and the iterator around a backend's table. */
#include <gantry/stats.h>

#include <string.h>

#include "container.h"
#include "engine.h"
#include "error.h"
#include "names.h"

struct gantry_stats_reader {
    gantry_host *host;
    gantry_stats_ops ops;
    void *state;
    int nonblocking;
    int ended;
    int rc; /* sticky */
    gantry_error failure;
};

static int import_stats(gantry_stats_options *o, const gantry_stats_options *opts,
                        gantry_error *err)
{
    int rc = gnt_import_options(o, sizeof *o, opts, "gantry_stats_options", err);

    if (rc == 0 && o->interval_ms < 0)
        rc = gnt_fail(err, GANTRY_E_INVALID, "interval_ms: must not be negative");
    return rc;
}

int gantry_containers_stats(gantry_containers *containers, const char *id,
                            const gantry_stats_options *opts, gantry_stats **out, gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_stats_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_STATS, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = import_stats(&o, opts, err);
    if (rc == 0 && o.interval_ms != 0)
        rc = gnt_fail(err, GANTRY_E_INVALID, "interval_ms: one sample has none");
    if (rc == 0)
        rc = e->backend->containers.stats(e->state, id, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_STATS, GANTRY_RESOURCE_CONTAINER, id, err);
}

int gantry_containers_stats_open(gantry_containers *containers, const char *const *ids,
                                 const gantry_stats_options *opts, gantry_stats_reader **out,
                                 gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_stats_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_STATS, err);

    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0 && ids != NULL && ids[0] == NULL)
        rc = gnt_fail(err, GANTRY_E_INVALID, "ids: must name a container, or be NULL");
    for (size_t i = 0; rc == 0 && ids != NULL && ids[i] != NULL; i++)
        rc = gnt_check_name("ids", ids[i], err);
    if (rc == 0)
        rc = import_stats(&o, opts, err);
    if (rc == 0)
        rc = e->backend->containers.stats_open(e->state, ids, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_STATS, GANTRY_RESOURCE_CONTAINER, NULL, err);
}

void gantry_stats_free(gantry_stats *stats)
{
    gnt_result_free(stats);
}

/* ---- the iterator ---------------------------------------------------------------------------- */

int gantry_stats_reader_new(gantry_host *host, const gantry_stats_ops *ops, void *state,
                            gantry_stats_reader **out, gantry_error *err)
{
    gantry_stats_reader *r;

    if (ops == NULL || ops->size < sizeof ops->size || out == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "ops, out: must not be NULL, nor size be missing");
    r = gnt_alloc(&host->mem, sizeof *r);
    if (r == NULL)
        return gnt_nomem(err);
    r->host = host;
    r->state = state;
    /* Tables of an older backend are shorter; what they lack is zero. */
    memcpy(&r->ops, ops, ops->size < sizeof r->ops ? ops->size : sizeof r->ops);
    if (r->ops.next == NULL || r->ops.close == NULL) {
        gnt_free(&host->mem, r);
        return gnt_fail(err, GANTRY_E_INVALID, "ops: next or close is missing");
    }
    *out = r;
    return 0;
}

int gantry_stats_reader_next(gantry_stats_reader *reader, const gantry_stats **out,
                             gantry_error *err)
{
    int rc;

    if (reader == NULL || out == NULL) {
        rc = gnt_fail(err, GANTRY_E_INVALID, "reader, out: must not be NULL");
        gnt_error_operation(err, "stats_reader.next");
        return rc;
    }
    *out = NULL;
    if (reader->ended)
        return 0;
    rc = reader->rc != 0
             ? reader->rc
             : reader->ops.next(reader->state, reader->nonblocking, out, &reader->failure);
    if (rc < 0) {
        *out = NULL;
        reader->failure.code = rc;
        if (rc != GANTRY_E_AGAIN)
            reader->rc = rc;
        if (err != NULL)
            *err = reader->failure;
        gnt_error_operation(err, "stats_reader.next");
        return rc;
    }
    reader->ended = *out == NULL;
    return 0;
}

void gantry_stats_reader_set_nonblocking(gantry_stats_reader *reader, int on)
{
    if (reader != NULL)
        reader->nonblocking = on != 0;
}

int gantry_stats_reader_fd(const gantry_stats_reader *reader, int *out_events)
{
    int events = 0;
    int fd = -1;

    if (reader != NULL && reader->ops.fd != NULL)
        fd = reader->ops.fd(reader->state, &events);
    if (out_events != NULL)
        *out_events = events;
    return fd;
}

int gantry_stats_reader_timeout_ms(const gantry_stats_reader *reader)
{
    if (reader == NULL || reader->ops.timeout_ms == NULL)
        return -1;
    return reader->ops.timeout_ms(reader->state);
}

void gantry_stats_reader_close(gantry_stats_reader *reader)
{
    gantry_host *host;

    if (reader == NULL)
        return;
    host = reader->host;
    reader->ops.close(reader->state);
    gnt_free(&host->mem, reader);
}
