/*
 * Progress of a pull or push: looks what is there before, sends a request for each name, reads its
 * stream of JSON objects lazily, and asks at the end whether a pulled image is there.
 */
#include "rest_ops.h"

#include "transfer_look.h"
#include "transfer_records.h"

#include <string.h>

enum {
    PIECE = 4096 /* read at once: bounds the records that wait in the queue */
};

enum phase {
    LOOKING,    /* what is there before: the head of the answer is awaited */
    LOOKED,     /* its body */
    SENDING,    /* the head of the transfer's answer is awaited */
    READING,    /* its body */
    CONFIRMING, /* the head of the inspect afterwards */
    CONFIRMED,  /* its body */
    FINISHED    /* the last RESULT was delivered */
};

struct transfer {
    struct gnt_transfer_records records;
    struct gnt_transfer_plan plan;
    struct gnt_transfer_look before;
    struct gnt_transfer_look after;
    struct gnt_rest *rest;
    struct gnt_arena arena; /* copies of the plan's texts */
    gantry_call shared;
    struct gnt_exchange *x;
    struct gnt_json_parser *parser;
    struct gnt_transfer_tag *tag; /* all tags in one request: the one that is confirmed */
    const char *const *name;      /* the one that is under way */
    size_t moved;
    enum phase phase;
};

/* ---- results --------------------------------------------------------------------------------- */

static int push_result(struct transfer *t, const char *id, const char *text, int state,
                       gantry_error *err)
{
    gantry_progress_record *record =
        gnt_transfer_push(&t->records, GANTRY_PROGRESS_RESULT, text, strlen(text), NULL);

    if (record == NULL)
        return gnt_nomem(err);
    if (id != NULL && (record->id = gnt_arena_strdup(&t->records.arena, id)) == NULL)
        return gnt_nomem(err);
    record->state = state;
    return 0;
}

/* ---- failures -------------------------------------------------------------------------------- */

static int blame(const struct transfer *t, int rc, gantry_error *err)
{
    if (rc < 0 && err != NULL && err->resource_kind == GANTRY_RESOURCE_NONE)
        gnt_error_resource(err, GANTRY_RESOURCE_IMAGE, t->plan.reference);
    return rc;
}

/* What is left of a transfer that failed. */
static void tell_rest(const struct transfer *t, gantry_error *e)
{
    if (e->code == GANTRY_E_REGISTRY)
        gnt_error_outcome(e, GANTRY_OUTCOME_REFUSED, GANTRY_RETRY_YES);
    if (t->plan.stays != NULL)
        gnt_error_suffix(e, "the image keeps the name %s", t->plan.stays);
    if (t->moved > 0)
        gnt_error_suffix(e, "before that %zu image%s", t->moved,
                         t->moved == 1 ? " was moved" : "s were moved");
    if (t->plan.stays != NULL || t->moved > 0)
        gnt_error_outcome(e, GANTRY_OUTCOME_PARTIAL,
                          e->retry == GANTRY_RETRY_NO ? GANTRY_RETRY_NO : GANTRY_RETRY_ASK);
}

/* The transfer's own failure. One that is only about the registry does not matter where an image
 * is there that would do. */
static int failed(struct transfer *t, gantry_error *e, gantry_error *err)
{
    gantry_progress_record *record;

    if (e->code == GANTRY_E_REGISTRY && t->plan.policy == GANTRY_PULL_NEWER && t->before.found) {
        record = gnt_transfer_push(&t->records, GANTRY_PROGRESS_WARNING, e->message,
                                   strlen(e->message), NULL);
        if (record == NULL)
            return gnt_nomem(err);
        t->phase = FINISHED;
        return push_result(t, t->before.id, t->before.digest, GANTRY_TRANSFER_EXISTS, err);
    }
    tell_rest(t, e);
    blame(t, e->code, e);
    if (err != NULL)
        *err = *e;
    return e->code;
}

/* ---- requests -------------------------------------------------------------------------------- */

static int take_over(struct transfer *t, struct gnt_req *r, enum phase phase, gantry_error *err)
{
    gnt_exchange_close(t->x);
    t->x = NULL;
    t->phase = phase;
    return gnt_req_begin(r, &t->x, err);
}

static int new_parser(struct transfer *t, enum gnt_json_mode mode, gnt_json_fn fn, void *arg,
                      gantry_error *err)
{
    const gantry_limits *limits = &t->rest->host->limits;
    struct gnt_json_limits json = { .depth = limits->json_depth,
                                    .record_bytes = limits->record_bytes };

    if (mode == GNT_JSON_DOCUMENT)
        json.record_bytes = limits->body_bytes;
    gnt_json_parser_free(t->parser);
    t->parser = NULL;
    return gnt_json_parser_new(&t->rest->host->mem, mode, &json, fn, arg, &t->parser, err);
}

static int begin_look(struct transfer *t, const char *name, struct gnt_transfer_look *look,
                      enum phase phase, gantry_error *err)
{
    struct gnt_req r;
    int rc;

    memset(look, 0, sizeof *look);
    look->repository = t->plan.repository;
    rc = new_parser(t, GNT_JSON_DOCUMENT, gnt_transfer_look_object, look, err);
    if (rc < 0)
        return rc;
    gnt_req_init(&r, t->rest, "GET", t->plan.call, t->plan.dialect->inspect_path, name);
    gnt_req_about(&r, GANTRY_RESOURCE_IMAGE, t->plan.reference);
    return take_over(t, &r, phase, err);
}

static int begin_transfer(struct transfer *t, gantry_error *err)
{
    struct gnt_req r;
    int rc;

    gnt_transfer_records_next(&t->records);
    rc = new_parser(t, GNT_JSON_SEQUENCE, gnt_transfer_object, &t->records, err);
    if (rc < 0)
        return rc;
    t->plan.request(&r, t->rest, t->plan.call, *t->name, t->plan.options);
    r.flags |= GNT_REQ_OPEN_ENDED;
    gnt_req_about(&r, GANTRY_RESOURCE_IMAGE, t->plan.reference);
    return take_over(t, &r, SENDING, err);
}

/* A pull looks always, if only to tell whether anything changed. */
static int begin_name(struct transfer *t, gantry_error *err)
{
    const char *look = t->plan.look;

    if (look == NULL && !t->plan.push && !t->plan.tags_in_stream)
        look = *t->name;
    if (look == NULL)
        return begin_transfer(t, err);
    return begin_look(t, look, &t->before, LOOKING, err);
}

static int next_name(struct transfer *t, gantry_error *err)
{
    t->moved++;
    t->name++;
    if (*t->name != NULL)
        return begin_name(t, err);
    t->phase = FINISHED;
    return t->plan.all_tags ? push_result(t, NULL, "", GANTRY_TRANSFER_NONE, err) : 0;
}

/* ---- before ---------------------------------------------------------------------------------- */

static int not_there(struct transfer *t, gantry_error *err)
{
    gnt_fail(err, GANTRY_E_NOT_FOUND, "%s: no such image here%s", t->plan.reference,
             t->plan.push ? "" : ", and it is not to be pulled");
    gnt_error_resource(err, GANTRY_RESOURCE_IMAGE, t->plan.reference);
    gnt_error_outcome(err, GANTRY_OUTCOME_REFUSED, GANTRY_RETRY_NO);
    return GANTRY_E_NOT_FOUND;
}

static int decide(struct transfer *t, gantry_error *err)
{
    int policy = t->plan.policy;
    int will_do = t->before.found && gnt_transfer_look_fits(&t->before, t->plan.platform);

    if (t->plan.push)
        return t->before.found ? begin_transfer(t, err) : not_there(t, err);
    if (will_do && (policy == GANTRY_PULL_MISSING || policy == GANTRY_PULL_NEVER)) {
        t->phase = FINISHED;
        return push_result(t, t->before.id, t->before.digest, GANTRY_TRANSFER_EXISTS, err);
    }
    return policy == GANTRY_PULL_NEVER ? not_there(t, err) : begin_transfer(t, err);
}

static int step_looking(struct transfer *t, int nonblocking, gantry_error *err)
{
    gantry_error e = { 0 };
    int rc =
        gnt_rest_head(t->rest, t->x, nonblocking, GANTRY_RESOURCE_IMAGE, t->plan.reference, &e);

    if (rc == GANTRY_E_NOT_FOUND)
        return decide(t, err);
    if (rc < 0) {
        if (err != NULL)
            *err = e;
        return blame(t, rc, err);
    }
    t->phase = LOOKED;
    return 0;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* A piece of the answer into the parser; *out_more is 0 at its end. */
static int read_piece(struct transfer *t, int nonblocking, int *out_more, gantry_error *err)
{
    char piece[PIECE];
    size_t got = 0;
    int rc = gnt_exchange_read(t->x, piece, sizeof piece, nonblocking, &got, err);

    *out_more = 1;
    if (rc == 0 && got > 0)
        return gnt_json_parser_feed(t->parser, piece, got, err);
    if (rc == 0)
        rc = gnt_json_parser_finish(t->parser, err);
    *out_more = rc < 0;
    return rc;
}

static int step_looked(struct transfer *t, int nonblocking, gantry_error *err)
{
    int more;
    int rc = read_piece(t, nonblocking, &more, err);

    if (rc < 0 || more)
        return blame(t, rc, err);
    return decide(t, err);
}

/* Podman 4.8 and later name the innermost cause of a failed pull alone, and with a status, when it
 * comes before any progress: it is judged as what is said in the stream. */
static void judge(const struct transfer *t, gantry_error *e)
{
    gantry_error told = { 0 };

    if (e->code != GANTRY_E_ENGINE)
        return;
    gnt_rest_error(t->rest, 200, e->message, NULL, GANTRY_RESOURCE_IMAGE, t->plan.reference, &told);
    if (told.code == GANTRY_E_ENGINE)
        return;
    told.http_status = e->http_status;
    *e = told;
    gnt_error_prefix(e, "the registry of the image: ");
}

static int step_sending(struct transfer *t, int nonblocking, gantry_error *err)
{
    gantry_error e = { 0 };
    int rc =
        gnt_rest_head(t->rest, t->x, nonblocking, GANTRY_RESOURCE_IMAGE, t->plan.reference, &e);

    if (rc == 0) {
        t->phase = READING;
        return 0;
    }
    if (rc == GANTRY_E_AGAIN) {
        if (err != NULL)
            *err = e;
        return rc;
    }
    judge(t, &e);
    return failed(t, &e, err);
}

static const char *confirmed_name(struct transfer *t)
{
    if (t->tag == NULL)
        return *t->name;
    return gnt_arena_printf(&t->records.kept, "%s:%s", t->plan.repository, t->tag->tag);
}

static int begin_confirm(struct transfer *t, gantry_error *err)
{
    const char *name = confirmed_name(t);

    if (name == NULL)
        return gnt_nomem(err);
    return begin_look(t, name, &t->after, CONFIRMING, err);
}

/* What the stream can be trusted for after its end. */
static int finish_stream(struct transfer *t, gantry_error *err)
{
    struct gnt_transfer_records *r = &t->records;
    int rc;

    if (!r->ended || (t->plan.tags_in_stream && r->tags == NULL)) {
        gnt_fail(err, GANTRY_E_PROTOCOL, "the %s ended without an error and without a result",
                 t->plan.push ? "push" : "pull");
        gnt_error_outcome(err, GANTRY_OUTCOME_UNKNOWN, GANTRY_RETRY_ASK);
        return GANTRY_E_PROTOCOL;
    }
    rc = gnt_transfer_finish(r, err);
    if (rc < 0)
        return rc;
    if (!t->plan.push) {
        t->tag = t->plan.tags_in_stream ? r->tags : NULL;
        return begin_confirm(t, err);
    }
    if (!t->plan.all_tags)
        rc = push_result(t, r->digest[0] != '\0' ? r->digest : NULL, "", GANTRY_TRANSFER_DONE, err);
    return rc < 0 ? rc : next_name(t, err);
}

static int step_reading(struct transfer *t, int nonblocking, gantry_error *err)
{
    int more;
    int rc;

    if (t->records.failed)
        return failed(t, &t->records.failure, err);
    rc = read_piece(t, nonblocking, &more, err);
    if (rc == GANTRY_E_PROTOCOL || rc == GANTRY_E_LIMIT)
        gnt_error_outcome(err, GANTRY_OUTCOME_UNKNOWN, GANTRY_RETRY_ASK);
    /* What it said before it broke is the reason. */
    if (t->records.failed)
        return failed(t, &t->records.failure, err);
    if (rc == 0 && !more)
        rc = finish_stream(t, err);
    return blame(t, rc, err);
}

/* ---- afterwards ------------------------------------------------------------------------------ */

static int unconfirmed(struct transfer *t, int rc, gantry_error *err)
{
    if (rc < 0 && rc != GANTRY_E_AGAIN) {
        gnt_error_prefix(err, "the pull ended well, but its image could not be confirmed: ");
        gnt_error_outcome(err, GANTRY_OUTCOME_UNKNOWN, GANTRY_RETRY_ASK);
    }
    return blame(t, rc, err);
}

static int step_confirming(struct transfer *t, int nonblocking, gantry_error *err)
{
    int rc = unconfirmed(
        t, gnt_rest_head(t->rest, t->x, nonblocking, GANTRY_RESOURCE_IMAGE, t->plan.reference, err),
        err);

    if (rc == 0)
        t->phase = CONFIRMED;
    return rc;
}

static int is_as_before(const struct transfer *t)
{
    if (t->tag != NULL)
        return !t->records.newer;
    return t->before.found && strcmp(t->before.id, t->after.id) == 0;
}

static int step_confirmed(struct transfer *t, int nonblocking, gantry_error *err)
{
    struct gnt_transfer_records *r = &t->records;
    const char *digest = strchr(*t->name, '@');
    int more;
    int rc = unconfirmed(t, read_piece(t, nonblocking, &more, err), err);

    if (rc < 0 || more)
        return rc;
    if (strncmp(t->after.id, r->image_id, strlen(r->image_id)) != 0) {
        rc = gnt_fail(err, GANTRY_E_PROTOCOL, "the engine pulled %s, but has %s under the name",
                      r->image_id, t->after.id);
        return unconfirmed(t, rc, err);
    }
    digest = digest != NULL ? digest + 1 : r->digest[0] != '\0' ? r->digest : t->after.digest;
    if (t->tag != NULL)
        digest = t->after.digest; /* the stream told of several */
    rc = push_result(t, t->after.id, digest,
                     is_as_before(t) ? GANTRY_TRANSFER_EXISTS : GANTRY_TRANSFER_DONE, err);
    if (rc < 0)
        return rc;
    if (t->tag != NULL && t->tag->next != NULL) {
        t->tag = t->tag->next;
        return begin_confirm(t, err);
    }
    t->tag = NULL;
    return next_name(t, err);
}

/* ---- behaviour of the gantry_progress -------------------------------------------------------- */

static int advance(struct transfer *t, int nonblocking, gantry_error *err)
{
    switch (t->phase) {
    case LOOKING:
        return step_looking(t, nonblocking, err);
    case LOOKED:
        return step_looked(t, nonblocking, err);
    case SENDING:
        return step_sending(t, nonblocking, err);
    case READING:
        return step_reading(t, nonblocking, err);
    case CONFIRMING:
        return step_confirming(t, nonblocking, err);
    case CONFIRMED:
        return step_confirmed(t, nonblocking, err);
    case FINISHED:
        break;
    }
    return 0;
}

static int transfer_next(void *state, int nonblocking, gantry_progress_record *record,
                         int *out_more, gantry_error *err)
{
    struct transfer *t = state;
    int rc;

    if (t->records.first == NULL) {
        t->records.last = NULL;
        gnt_arena_reset(&t->records.arena);
    }
    while (t->records.first == NULL) {
        if (t->phase == FINISHED) {
            *out_more = 0;
            return 0;
        }
        rc = advance(t, nonblocking, err);
        if (rc < 0)
            return rc;
    }
    *record = t->records.first->record;
    t->records.first = t->records.first->next;
    *out_more = 1;
    return 0;
}

static int transfer_fd(const void *state, int *out_events)
{
    const struct transfer *t = state;

    return t->x != NULL ? gnt_exchange_fd(t->x, out_events) : -1;
}

static int transfer_timeout_ms(const void *state)
{
    const struct transfer *t = state;

    return t->x != NULL ? gnt_exchange_timeout_ms(t->x) : -1;
}

static void transfer_close(void *state)
{
    struct transfer *t = state;
    struct gnt_mem mem = t->rest->host->mem;

    gnt_exchange_close(t->x);
    gnt_json_parser_free(t->parser);
    gnt_transfer_records_free(&t->records);
    gnt_arena_free(&t->arena);
    gnt_free(&mem, t);
}

static const gantry_progress_ops transfer_ops = {
    .size = sizeof transfer_ops,
    .next = transfer_next,
    .fd = transfer_fd,
    .close = transfer_close,
    .timeout_ms = transfer_timeout_ms,
};

/* ---- opening --------------------------------------------------------------------------------- */

static const char *copy(struct transfer *t, const char *text, int *failure)
{
    const char *copied = text != NULL ? gnt_arena_strdup(&t->arena, text) : NULL;

    *failure |= text != NULL && copied == NULL;
    return copied;
}

static int copy_plan(struct transfer *t, const struct gnt_transfer_plan *plan, gantry_error *err)
{
    const char **names;
    size_t count = 0;
    int failure = 0;

    while (plan->names[count] != NULL)
        count++;
    names = gnt_arena_alloc(&t->arena, (count + 1) * sizeof *names);
    if (names == NULL)
        return gnt_nomem(err);
    for (size_t i = 0; i < count; i++)
        names[i] = copy(t, plan->names[i], &failure);
    t->plan = *plan;
    if (plan->call != NULL) {
        const gantry_call *call = gnt_call_share(&t->shared, plan->call);

        if (call != &t->shared)
            t->shared = *call;
        t->plan.call = &t->shared;
    }
    t->plan.names = names;
    t->plan.reference = copy(t, plan->reference, &failure);
    t->plan.look = copy(t, plan->look, &failure);
    t->plan.repository = copy(t, plan->repository, &failure);
    t->plan.platform = copy(t, plan->platform, &failure);
    t->plan.stays = copy(t, plan->stays, &failure);
    t->name = names;
    return failure ? gnt_nomem(err) : 0;
}

int gnt_rest_transfer_open(struct gnt_rest *rest, const struct gnt_transfer_plan *plan,
                           gantry_progress **out, gantry_error *err)
{
    struct gantry_host *host = rest->host;
    struct transfer *t = gnt_alloc(&host->mem, sizeof *t);
    gantry_progress *p = NULL;
    int rc;

    if (t == NULL)
        return gnt_nomem(err);
    t->rest = rest;
    gnt_arena_init(&t->arena, &host->mem);
    gnt_transfer_records_init(&t->records, rest, plan->dialect, plan->reference);
    rc = copy_plan(t, plan, err);
    t->records.resource = t->plan.reference;
    if (rc == 0)
        rc = begin_name(t, err);
    if (rc == 0)
        rc = gantry_progress_new(host, &transfer_ops, t, &p, err);
    if (rc < 0)
        transfer_close(t);
    else
        *out = p;
    return rc;
}
