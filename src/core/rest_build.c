/*
 * Progress of a build: sends the context, reads the stream of JSON objects lazily, turns them into
 * records, and asks at the end whether the image is there. How an engine words things is in its
 * gnt_build_dialect. Log text never decides about success, and the image id is confirmed.
 */
#include "rest_ops.h"

#include "pack.h"

#include <stdlib.h>
#include <string.h>

enum {
    TAIL_MAX = 2400,     /* what gantry_error.output takes of a failing step */
    PIECE = 4096,        /* read at once: bounds the records that wait in the queue */
    ID_SIZE = 64
};

enum phase {
    SENDING,     /* the head of the build's answer is awaited */
    READING,     /* its body */
    CONFIRMING,  /* the inspect's head */
    DRAINING,    /* the inspect's body */
    FINISHED     /* RESULT was delivered */
};

struct queued {
    gantry_progress_record record;
    struct queued *next;
};

struct build {
    struct gnt_rest *rest;
    const struct gnt_build_dialect *dialect;
    const gantry_call *call;
    struct gnt_exchange *x;
    struct gnt_json_parser *parser;
    gantry_source source;
    struct gnt_tar *context;
    struct gnt_arena arena;       /* of the queue; reset when it is empty */
    struct queued *first;
    struct queued *last;
    enum phase phase;
    int step;
    int step_total;
    int step_logged;
    int whole;                    /* the stream ended in order */
    int failed;                   /* failure holds what the stream said */
    size_t tail_size;
    char image_id[ID_SIZE + 1];
    char pending_id[ID_SIZE + 1]; /* a line that is the id if nothing follows */
    char step_text[256];
    char tail[TAIL_MAX];          /* last log text of the current step */
    char *resource;
    gantry_error failure;
};

/* ---- records --------------------------------------------------------------------------------- */

static const char *write_record(struct build *b, const struct gnt_json *v)
{
    struct gnt_buf text;
    const char *copy = NULL;

    gnt_buf_init(&text, &b->rest->host->mem, b->rest->host->limits.record_bytes * 2);
    if (gnt_json_write(v, &text) == 0)
        copy = gnt_arena_strndup(&b->arena, gnt_buf_text(&text), text.size);
    gnt_buf_free(&text);
    return copy;
}

/* A new record at the end of the queue, with text and the engine's own words; NULL without memory. */
static gantry_progress_record *push(struct build *b, int kind, const char *text, size_t size,
                                    const struct gnt_json *v)
{
    struct queued *q = gnt_arena_alloc(&b->arena, sizeof *q);

    if (q == NULL)
        return NULL;
    q->record.kind = kind;
    q->record.step = b->step;
    q->record.step_total = b->step_total;
    q->record.current = -1;
    q->record.total = -1;
    q->record.text = gnt_arena_strndup(&b->arena, text, size);
    q->record.text_size = size;
    q->record.json = v != NULL ? write_record(b, v) : NULL;
    if (q->record.text == NULL || (v != NULL && q->record.json == NULL))
        return NULL;
    if (b->last == NULL)
        b->first = q;
    else
        b->last->next = q;
    b->last = q;
    return &q->record;
}

/* Keeps the last bytes of what the current step printed, for the error. */
static void keep_tail(struct build *b, const char *text, size_t size)
{
    size_t drop;

    if (size >= TAIL_MAX) {
        text += size - TAIL_MAX;
        size = TAIL_MAX;
    }
    if (b->tail_size + size > TAIL_MAX) {
        drop = b->tail_size + size - TAIL_MAX;
        memmove(b->tail, b->tail + drop, b->tail_size - drop);
        b->tail_size -= drop;
    }
    memcpy(b->tail + b->tail_size, text, size);
    b->tail_size += size;
}

static void begin_step(struct build *b, const struct gnt_build_line *line)
{
    b->step = line->step;
    b->step_total = line->total;
    b->step_logged = 0;
    b->tail_size = 0;
    gnt_text_copy(b->step_text, sizeof b->step_text, line->text, line->size, 0, 0);
}

static int add_line(struct build *b, const char *text, size_t size, const struct gnt_json *v,
                    gantry_error *err)
{
    static const int kinds[] = { [GNT_BUILD_LOG] = GANTRY_PROGRESS_LOG,
                                 [GNT_BUILD_STEP] = GANTRY_PROGRESS_STEP,
                                 [GNT_BUILD_CACHED] = GANTRY_PROGRESS_STATUS,
                                 [GNT_BUILD_STATUS] = GANTRY_PROGRESS_STATUS,
                                 [GNT_BUILD_WARNING] = GANTRY_PROGRESS_WARNING };
    struct gnt_build_line line = { .kind = GNT_BUILD_LOG,
                                   .step = b->step,
                                   .total = b->step_total,
                                   .quiet = !b->step_logged,
                                   .built = b->image_id[0] != '\0',
                                   .channel = GANTRY_STDOUT,
                                   .text = text,
                                   .size = size };
    gantry_progress_record *record;

    b->dialect->classify(&line);
    if (line.kind == GNT_BUILD_NOTHING || line.size == 0)
        return 0;
    if (line.kind == GNT_BUILD_STEP)
        begin_step(b, &line);
    if (line.kind == GNT_BUILD_LOG) {
        b->step_logged = 1;
        keep_tail(b, line.text, line.size);
    }
    record = push(b, kinds[line.kind], line.text, line.size, v);
    if (record == NULL)
        return gnt_nomem(err);
    record->cached = line.kind == GNT_BUILD_CACHED;
    if (line.kind == GNT_BUILD_LOG)
        record->channel = line.channel;
    return 0;
}

/* ---- the engine's objects -------------------------------------------------------------------- */

/* Copies an image id without its "sha256:"; 0 if the text is none. */
static int take_id(char out[ID_SIZE + 1], const char *text, size_t size)
{
    if (size > 7 && strncmp(text, "sha256:", 7) == 0) {
        text += 7;
        size -= 7;
    }
    if (size != ID_SIZE || strspn(text, "0123456789abcdef") < ID_SIZE)
        return 0;
    memcpy(out, text, ID_SIZE);
    out[ID_SIZE] = '\0';
    return 1;
}

/* For engines that name the image in the last line: a line that could be it waits for what follows. */
static int flush_pending(struct build *b, gantry_error *err)
{
    char text[ID_SIZE + 2];

    if (b->pending_id[0] == '\0')
        return 0;
    memcpy(text, b->pending_id, ID_SIZE);
    memcpy(text + ID_SIZE, "\n", 2);
    b->pending_id[0] = '\0';
    return add_line(b, text, ID_SIZE + 1, NULL, err);
}

static int on_stream(struct build *b, const struct gnt_json *text, const struct gnt_json *v,
                     gantry_error *err)
{
    size_t size = text->size;

    if (b->dialect->id_path == NULL && size == ID_SIZE + 1 && text->text[ID_SIZE] == '\n' &&
        take_id(b->pending_id, text->text, ID_SIZE))
        return 0;
    return add_line(b, text->text, size, v, err);
}

static int on_status(struct build *b, const struct gnt_json *status, const struct gnt_json *v,
                     gantry_error *err)
{
    gantry_progress_record *record = push(b, GANTRY_PROGRESS_STATUS, status->text, status->size, v);
    const char *id = gnt_json_text(gnt_json_get(v, "id"));

    if (record == NULL)
        return gnt_nomem(err);
    gnt_json_int(gnt_json_get(v, "progressDetail/current"), &record->current);
    gnt_json_int(gnt_json_get(v, "progressDetail/total"), &record->total);
    if (id != NULL && (record->id = gnt_arena_strdup(&b->arena, id)) == NULL)
        return gnt_nomem(err);
    return 0;
}

/* The exit code that a failure's message names, if any. */
static int exit_code_of(const struct build *b, const char *message, int64_t *out)
{
    for (const char *const *text = b->dialect->exit_texts; *text != NULL; text++) {
        const char *at = strstr(message, *text);
        char *end;

        if (at == NULL)
            continue;
        at += strlen(*text);
        *out = strtol(at, &end, 10);
        if (end != at)
            return 1;
    }
    return 0;
}

static void on_error(struct build *b, const char *message, const struct gnt_json *code)
{
    gantry_error *e = &b->failure;
    int64_t exit_code = 0;
    size_t size = strlen(message);

    while (size > 0 && (message[size - 1] == '\n' || message[size - 1] == '\r'))
        size--;
    gnt_fail(e, GANTRY_E_BUILD, "%.*s", (int)(size < 1000 ? size : 1000), message);
    gnt_error_resource(e, GANTRY_RESOURCE_IMAGE, b->resource);
    gnt_error_outcome(e, GANTRY_OUTCOME_REFUSED, GANTRY_RETRY_NO);
    e->step = b->step;
    e->step_total = b->step_total;
    gnt_text_copy(e->step_text, sizeof e->step_text, b->step_text, strlen(b->step_text), 0, 0);
    gnt_text_copy(e->output, sizeof e->output, b->tail, b->tail_size, 1, 1);
    if (gnt_json_int(code, &exit_code) == 0 || exit_code_of(b, message, &exit_code)) {
        e->exit_code = (int)exit_code;
        e->has_exit_code = 1;
    }
    b->failed = 1;
}

static int on_object(void *arg, struct gnt_json *v, gantry_error *err)
{
    struct build *b = arg;
    const struct gnt_json *text = gnt_json_get(v, "stream");
    const struct gnt_json *status = gnt_json_get(v, "status");
    const char *message = gnt_json_text(gnt_json_get(v, "errorDetail/message"));
    const char *id;
    int rc;

    if (b->failed)
        return 0;
    if (v->type != GNT_JSON_OBJECT)
        return gnt_fail(err, GANTRY_E_PROTOCOL, "the build's progress holds something else than "
                                                "JSON objects");
    rc = flush_pending(b, err);
    if (rc < 0)
        return rc;
    if (message == NULL)
        message = gnt_json_text(gnt_json_get(v, "error"));
    if (message != NULL) {
        on_error(b, message, gnt_json_get(v, "errorDetail/code"));
        return 0;
    }
    if (b->dialect->id_path != NULL) {
        id = gnt_json_text(gnt_json_get(v, b->dialect->id_path));
        if (id != NULL && !take_id(b->image_id, id, strlen(id)))
            return gnt_fail(err, GANTRY_E_PROTOCOL, "the build named an image id that is none: %s",
                            id);
    }
    if (text != NULL && text->type == GNT_JSON_STRING)
        return on_stream(b, text, v, err);
    if (status != NULL && status->type == GNT_JSON_STRING)
        return on_status(b, status, v, err);
    return 0;
}

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
    for (const char *const *text = b->dialect->refusals; *text != NULL; text++) {
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
    if (b->dialect->id_path == NULL)
        memcpy(b->image_id, b->pending_id, sizeof b->image_id);
    if (!b->failed && b->image_id[0] == '\0') {
        gnt_fail(err, GANTRY_E_PROTOCOL, "the build ended without an error and without an image id");
        gnt_error_outcome(err, GANTRY_OUTCOME_UNKNOWN, GANTRY_RETRY_ASK);
        return GANTRY_E_PROTOCOL;
    }
    return 0;
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
    gnt_req_init(&r, b->rest, "GET", &call, b->dialect->inspect_path, b->image_id);
    gnt_req_about(&r, GANTRY_RESOURCE_IMAGE, b->image_id);
    rc = gnt_req_begin(&r, &x, err);
    if (rc < 0)
        return rc;
    gnt_exchange_close(b->x);
    b->x = x;
    b->phase = CONFIRMING;
    return 0;
}

static int step_confirming(struct build *b, int nonblocking, gantry_error *err)
{
    int rc = gnt_rest_head(b->rest, b->x, nonblocking, GANTRY_RESOURCE_IMAGE, b->image_id, err);

    if (rc < 0 && rc != GANTRY_E_AGAIN) {
        gnt_error_prefix(err, "the build ended well, but its image could not be confirmed: ");
        gnt_error_outcome(err, GANTRY_OUTCOME_UNKNOWN, GANTRY_RETRY_ASK);
    }
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
        return rc;
    record = push(b, GANTRY_PROGRESS_RESULT, "", 0, NULL);
    if (record == NULL)
        return gnt_nomem(err);
    record->id = b->image_id;
    b->phase = FINISHED;
    return 0;
}

static int advance(struct build *b, int nonblocking, gantry_error *err)
{
    switch (b->phase) {
    case SENDING:
        return step_sending(b, nonblocking, err);
    case READING:
        if (b->failed) {
            if (err != NULL)
                *err = b->failure;
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

    if (b->first == NULL) {
        b->last = NULL;
        gnt_arena_reset(&b->arena);
    }
    while (b->first == NULL) {
        if (b->phase == FINISHED) {
            *out_more = 0;
            return 0;
        }
        rc = advance(b, nonblocking, err);
        if (rc < 0)
            return rc;
    }
    *record = b->first->record;
    b->first = b->first->next;
    *out_more = 1;
    return 0;
}

static int build_fd(const void *state, int *out_events)
{
    const struct build *b = state;

    return gnt_exchange_fd(b->x, out_events);
}

static void build_close(void *state)
{
    struct build *b = state;
    struct gnt_mem mem = b->rest->host->mem;

    gnt_exchange_close(b->x);
    gnt_tar_close(b->context);
    gnt_json_parser_free(b->parser);
    gnt_arena_free(&b->arena);
    gnt_free(&mem, b->resource);
    gnt_free(&mem, b);
}

static const gantry_progress_ops build_ops = {
    .size = sizeof build_ops, .next = build_next, .fd = build_fd, .close = build_close
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
    rc = gnt_json_parser_new(&b->rest->host->mem, GNT_JSON_SEQUENCE, &json, on_object, b,
                             &b->parser, err);
    if (rc == 0)
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
    b->dialect = dialect;
    b->call = r->call;
    gnt_arena_init(&b->arena, &host->mem);
    rc = prepare(b, r, context, err);
    if (rc == 0) {
        r->source = &b->source;
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
