/*
 * Progress of a build: sends the context, reads the stream of JSON objects lazily, hands its
 * records out, and asks at the end whether the image is there: log text never decides.
 */
#include "rest_ops.h"

#include "build_records.h"

#include <string.h>

enum {
    PIECE = 4096 /* read at once: bounds the records that wait in the queue */
};

enum phase {
    SENDING,    /* the head of the build's answer is awaited */
    READING,    /* its body */
    CONFIRMING, /* the inspect's head */
    DRAINING,   /* the inspect's body */
    FINISHED    /* RESULT was delivered */
};

struct build {
    struct gnt_build_records records;
    struct gnt_rest *rest;
    const gantry_call *call;
    struct gnt_exchange *x;
    struct gnt_json_parser *parser;
    gantry_source source;
    struct gnt_tar *context;
    enum phase phase;
    int whole; /* the stream ended in order */
    char *resource;
};

/* ---- phases ---------------------------------------------------------------------------------- */

static int blame(const struct build *b, int rc, gantry_error *err)
{
    if (rc < 0 && err != NULL && err->resource_kind == GANTRY_RESOURCE_NONE)
        gnt_error_resource(err, GANTRY_RESOURCE_IMAGE, b->resource);
    return rc;
}

/* A build that the engine refused because of the Dockerfile is a failed build like any other. */
static int refused(const struct build *b, int rc, gantry_error *e)
{
    if (e->http_status < 400)
        return rc;
    for (const char *const *text = b->records.dialect->refusals; *text != NULL; text++) {
        if (strstr(e->message, *text) != NULL) {
            e->code = GANTRY_E_BUILD;
            gnt_error_resource(e, GANTRY_RESOURCE_IMAGE, b->resource);
            return GANTRY_E_BUILD;
        }
    }
    return rc;
}

static int step_sending(struct build *b, int nonblocking, gantry_error *err)
{
    gantry_error e = { 0 };
    int rc = gnt_rest_head(b->rest, b->x, nonblocking, GANTRY_RESOURCE_IMAGE, b->resource, &e);

    if (rc == 0) {
        b->phase = READING;
        return 0;
    }
    if (rc != GANTRY_E_AGAIN)
        rc = refused(b, rc, &e);
    if (err != NULL)
        *err = e;
    return blame(b, rc, err);
}

/* What the answer can be trusted for after its end: an image id, or nothing. */
static int finish_stream(struct build *b, gantry_error *err)
{
    int rc = gnt_json_parser_finish(b->parser, err);

    if (rc < 0)
        return rc;
    b->whole = 1;
    if (b->records.dialect->id_path == NULL)
        memcpy(b->records.image_id, b->records.pending_id, sizeof b->records.image_id);
    if (!b->records.failed && b->records.image_id[0] == '\0') {
        gnt_fail(err, GANTRY_E_PROTOCOL,
                 "the build ended without an error and without an image id");
        gnt_error_outcome(err, GANTRY_OUTCOME_UNKNOWN, GANTRY_RETRY_ASK);
        return GANTRY_E_PROTOCOL;
    }
    return b->records.failed ? 0 : gnt_build_end_step(&b->records, err);
}

static int step_reading(struct build *b, int nonblocking, gantry_error *err)
{
    char piece[PIECE];
    size_t got = 0;
    int rc = gnt_exchange_read(b->x, piece, sizeof piece, nonblocking, &got, err);

    if (rc < 0)
        return blame(b, rc, err);
    if (got == 0)
        return blame(b, finish_stream(b, err), err);
    rc = gnt_json_parser_feed(b->parser, piece, got, err);
    if (rc < 0)
        gnt_error_outcome(err, GANTRY_OUTCOME_UNKNOWN, GANTRY_RETRY_ASK);
    return blame(b, rc, err);
}

/* Ask for the image under the build's own deadline. */
static int begin_confirm(struct build *b, gantry_error *err)
{
    const struct gnt_clock *clock = gnt_exchange_clock(b->x);
    gantry_call call = { .size = sizeof call };
    struct gnt_exchange *x = NULL;
    struct gnt_req r;
    int rc;

    if (b->call != NULL)
        call = *b->call;
    call.deadline_ns = clock->deadline_ns;
    call.timeout_ms = clock->deadline_ns != 0 ? GANTRY_NO_TIMEOUT : 0;
    gnt_req_init(&r, b->rest, "GET", &call, b->records.dialect->inspect_path, b->records.image_id);
    gnt_req_about(&r, GANTRY_RESOURCE_IMAGE, b->records.image_id);
    rc = gnt_req_begin(&r, &x, err);
    if (rc < 0)
        return rc;
    gnt_exchange_close(b->x);
    b->x = x;
    b->phase = CONFIRMING;
    return 0;
}

static int unconfirmed(int rc, gantry_error *err)
{
    if (rc < 0 && rc != GANTRY_E_AGAIN) {
        gnt_error_prefix(err, "the build ended well, but its image could not be confirmed: ");
        gnt_error_outcome(err, GANTRY_OUTCOME_UNKNOWN, GANTRY_RETRY_ASK);
    }
    return rc;
}

static int step_confirming(struct build *b, int nonblocking, gantry_error *err)
{
    int rc = unconfirmed(
        gnt_rest_head(b->rest, b->x, nonblocking, GANTRY_RESOURCE_IMAGE, b->records.image_id, err),
        err);

    if (rc == 0)
        b->phase = DRAINING;
    return rc;
}

static int step_draining(struct build *b, int nonblocking, gantry_error *err)
{
    char piece[PIECE];
    size_t got = 0;
    gantry_progress_record *record;
    int rc = gnt_exchange_read(b->x, piece, sizeof piece, nonblocking, &got, err);

    if (rc < 0 || got > 0)
        return unconfirmed(rc, err);
    record = gnt_build_push(&b->records, GANTRY_PROGRESS_RESULT, "", 0, NULL);
    if (record == NULL)
        return gnt_nomem(err);
    record->id = b->records.image_id;
    b->phase = FINISHED;
    return 0;
}

static int advance(struct build *b, int nonblocking, gantry_error *err)
{
    switch (b->phase) {
    case SENDING:
        return step_sending(b, nonblocking, err);
    case READING:
        if (b->records.failed) {
            if (err != NULL)
                *err = b->records.failure;
            return GANTRY_E_BUILD;
        }
        return b->whole ? begin_confirm(b, err) : step_reading(b, nonblocking, err);
    case CONFIRMING:
        return step_confirming(b, nonblocking, err);
    case DRAINING:
        return step_draining(b, nonblocking, err);
    case FINISHED:
        break;
    }
    return 0;
}

/* ---- behaviour of the gantry_progress -------------------------------------------------------- */

static int build_next(void *state, int nonblocking, gantry_progress_record *record, int *out_more,
                      gantry_error *err)
{
    struct build *b = state;
    int rc;

    if (b->records.first == NULL) {
        b->records.last = NULL;
        gnt_arena_reset(&b->records.arena);
    }
    while (b->records.first == NULL) {
        if (b->phase == FINISHED) {
            *out_more = 0;
            return 0;
        }
        rc = advance(b, nonblocking, err);
        if (rc < 0)
            return rc;
    }
    *record = b->records.first->record;
    b->records.first = b->records.first->next;
    *out_more = 1;
    return 0;
}

static int build_fd(const void *state, int *out_events)
{
    const struct build *b = state;

    return gnt_exchange_fd(b->x, out_events);
}

static int build_timeout_ms(const void *state)
{
    const struct build *b = state;

    return gnt_exchange_timeout_ms(b->x);
}

static void build_close(void *state)
{
    struct build *b = state;
    struct gnt_mem mem = b->rest->host->mem;

    gnt_exchange_close(b->x);
    gnt_tar_close(b->context);
    gnt_json_parser_free(b->parser);
    if (b->records.decoder_state != NULL)
        b->records.dialect->decoder->close(b->records.decoder_state);
    gnt_build_records_free(&b->records);
    gnt_free(&mem, b->resource);
    gnt_free(&mem, b);
}

static const gantry_progress_ops build_ops = {
    .size = sizeof build_ops,
    .next = build_next,
    .fd = build_fd,
    .close = build_close,
    .timeout_ms = build_timeout_ms,
};

static int prepare(struct build *b, struct gnt_req *r, gantry_archive *context, gantry_error *err)
{
    const gantry_limits *limits = &b->rest->host->limits;
    struct gnt_json_limits json = { .depth = limits->json_depth,
                                    .record_bytes = limits->record_bytes };
    int rc;

    b->resource = gnt_strdup(&b->rest->host->mem, r->resource != NULL ? r->resource : "");
    if (b->resource == NULL)
        return gnt_nomem(err);
    b->records.resource = b->resource;
    if (b->records.dialect->decoder != NULL) {
        b->records.decoder_state = b->records.dialect->decoder->open(b->rest->host);
        if (b->records.decoder_state == NULL)
            return gnt_nomem(err);
    }
    rc = gnt_json_parser_new(&b->rest->host->mem, GNT_JSON_SEQUENCE, &json, gnt_build_object,
                             &b->records, &b->parser, err);
    if (rc == 0 && context != NULL)
        rc = gnt_archive_source(context, b->rest->host, b->call, &b->context, &b->source, err);
    return rc;
}

int gnt_rest_build_open(struct gnt_req *r, gantry_archive *context,
                        const struct gnt_build_dialect *dialect, gantry_progress **out,
                        gantry_error *err)
{
    struct gantry_host *host = r->rest->host;
    struct build *b = gnt_alloc(&host->mem, sizeof *b);
    int rc;

    if (b == NULL) {
        gnt_req_free(r);
        return gnt_nomem(err);
    }
    b->rest = r->rest;
    b->records.dialect = dialect;
    b->records.host = host;
    b->call = r->call;
    gnt_arena_init(&b->records.arena, &host->mem);
    rc = prepare(b, r, context, err);
    if (rc == 0) {
        r->source = context != NULL ? &b->source : NULL;
        r->has_body = 1; /* without a context an empty one, which engines want to see */
        rc = gnt_req_begin(r, &b->x, err);
    } else {
        gnt_req_free(r);
    }
    if (rc == 0)
        rc = gantry_progress_new(host, &build_ops, b, out, err);
    if (rc < 0)
        build_close(b);
    return rc;
}
