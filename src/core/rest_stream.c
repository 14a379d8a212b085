/*
 * Logs and attach: requests whose answer is the container's own bytes. The framing is given
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

/* Who asks for a head that comes late. */
struct late_head {
    struct gnt_rest *rest;
    int resource_kind;
    char resource[256];
};

static int ask_head(void *arg, struct gnt_exchange *x, int nonblocking, gantry_error *err)
{
    struct late_head *late = arg;

    return gnt_rest_head(late->rest, x, nonblocking, late->resource_kind, late->resource, err);
}

int gnt_rest_logs_begin(struct gnt_req *r, enum gnt_framing framing, gantry_stream **out,
                        gantry_error *err)
{
    struct gantry_host *host = r->rest->host;
    struct late_head *late = gnt_alloc(&host->mem, sizeof *late);
    struct gnt_exchange *x = NULL;
    int rc;

    if (late == NULL) {
        gnt_req_free(r);
        return gnt_nomem(err);
    }
    late->rest = r->rest;
    late->resource_kind = r->resource_kind;
    gnt_text_copy(late->resource, sizeof late->resource, r->resource, strlen(r->resource), 0, 0);
    rc = gnt_req_begin(r, &x, err);
    if (rc == 0)
        rc = gnt_stream_of_begun(host, x, framing, ask_head, late, out, err);
    if (rc < 0) {
        gnt_exchange_close(x);
        gnt_free(&host->mem, late);
    }
    return rc;
}

/* ---- attach ---------------------------------------------------------------------------------- */

void gnt_rest_attach_query(struct gnt_req *r, const gantry_attach_options *opts,
                           const char *detach_keys)
{
    if (opts->in != GANTRY_ON && opts->out == GANTRY_OFF && opts->err == GANTRY_OFF)
        gnt_req_fail(r, GANTRY_E_INVALID, "in, out, err: one of them must be on");
    gnt_req_query_true(r, "stream", 1);
    gnt_req_query_true(r, "stdin", opts->in == GANTRY_ON);
    gnt_req_query_true(r, "stdout", opts->out != GANTRY_OFF);
    gnt_req_query_true(r, "stderr", opts->err != GANTRY_OFF);
    gnt_req_query_true(r, "logs", opts->replay == GANTRY_ON);
    gnt_req_query(r, "detachKeys", detach_keys);
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
