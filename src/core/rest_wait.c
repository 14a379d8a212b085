/*
 * The wait for a container over an open request: the head of the answer says that the engine
 * watches, its body how the container ended. How far that is to be believed, and what of it an
 * engine has, is the backend's plan.
 */
#include "rest_ops.h"

#include <stdlib.h>
#include <string.h>

enum {
    ANSWER_MAX = 64 * 1024,
    PLAIN_MAX = 4096
};

struct waiting {
    struct gnt_rest *rest;
    struct gnt_wait_plan plan;
    struct gnt_exchange *x;
    struct gnt_buf answer;
    gantry_exit_status status;
    int have_head;
    int have_status;
    int resource_kind;
    char *resource;
};

static int about(const struct waiting *w, int rc, gantry_error *err)
{
    if (rc < 0 && err != NULL && err->resource_kind == GANTRY_RESOURCE_NONE)
        gnt_error_resource(err, w->resource_kind, w->resource);
    return rc;
}

/* Whatever the method is called: a wait changes nothing and may be made again. */
static int only_asks(int rc, gantry_error *err)
{
    if (rc < 0 && err != NULL && err->retry == GANTRY_RETRY_ASK)
        err->retry = GANTRY_RETRY_YES;
    return rc;
}

static void take_code(struct waiting *w, int64_t code)
{
    w->status.has_exit_code = code >= 0 && !(code == 0 && w->plan.zero_unknown);
    w->status.exit_code = w->status.has_exit_code ? code : 0;
    w->have_status = 1;
}

static int parse_plain(struct waiting *w, gantry_error *err)
{
    const char *text = gnt_buf_text(&w->answer);
    char *end = NULL;
    long code = strtol(text, &end, 10);

    if (end == text || end[strspn(end, " \r\n")] != '\0')
        return gnt_fail(err, GANTRY_E_PROTOCOL, "the answer to the wait is no number");
    if (w->plan.no_end != 0 && code != -1)
        return gnt_fail(err, w->plan.no_end,
                        "the engine gave the wait up: it does not know such a state, or the "
                        "container cannot reach it any more");
    take_code(w, code);
    return 0;
}

static int parse_object(struct waiting *w, gantry_error *err)
{
    struct gnt_arena arena;
    struct gnt_json *doc = NULL;
    const char *message;
    int64_t code = -1;
    int rc;

    gnt_arena_init(&arena, &w->rest->host->mem);
    rc = gnt_json_parse(&arena, gnt_buf_text(&w->answer), w->answer.size, &doc, err);
    if (rc == 0) {
        message = gnt_json_text(gnt_json_get(doc, "Error/Message"));
        if (w->plan.error_counts && message != NULL && *message != '\0')
            rc = gnt_rest_error(w->rest, 0, message, NULL, w->resource_kind, w->resource, err);
        else if (gnt_json_int(gnt_json_get(doc, "StatusCode"), &code) < 0)
            rc = gnt_fail(err, GANTRY_E_PROTOCOL, "the answer to the wait has no StatusCode");
        else
            take_code(w, code);
    }
    gnt_arena_free(&arena);
    return rc;
}

static int read_answer(struct waiting *w, int nonblocking, gantry_error *err)
{
    char piece[512];
    size_t got = 0;
    int rc = 0;

    if (!w->have_head)
        rc = gnt_rest_head(w->rest, w->x, nonblocking, w->resource_kind, w->resource, err);
    if (rc < 0)
        return rc;
    w->have_head = 1;
    while ((rc = gnt_exchange_read(w->x, piece, sizeof piece, nonblocking, &got, err)) == 0 &&
           got > 0) {
        rc = gnt_buf_add(&w->answer, piece, got);
        if (rc == GANTRY_E_LIMIT)
            return gnt_fail(err, rc, "the answer to the wait is too long");
        if (rc < 0)
            return gnt_nomem(err);
    }
    return rc;
}

static int wait_result(void *state, int nonblocking, gantry_exit_status *out, gantry_error *err)
{
    struct waiting *w = state;
    struct gnt_container_facts facts;
    int rc = 0;

    if (!w->have_status) {
        rc = read_answer(w, nonblocking, err);
        if (rc == 0)
            rc = w->plan.plain ? parse_plain(w, err) : parse_object(w, err);
        if (rc < 0)
            return about(w, only_asks(rc, err), err);
        if (w->plan.settle) /* one that is gone by now is in no list either */
            (void)gnt_rest_container_facts(w->rest, NULL, w->resource, &facts, NULL);
    }
    *out = w->status;
    return 0;
}

static int wait_fd(const void *state, int *out_events)
{
    const struct waiting *w = state;

    return w->have_status ? -1 : gnt_exchange_fd(w->x, out_events);
}

static int wait_timeout_ms(const void *state)
{
    const struct waiting *w = state;

    return gnt_exchange_timeout_ms(w->x);
}

static void wait_close(void *state)
{
    struct waiting *w = state;
    struct gnt_mem mem = w->rest->host->mem;

    gnt_exchange_close(w->x);
    gnt_buf_free(&w->answer);
    gnt_free(&mem, w->resource);
    gnt_free(&mem, w);
}

static const gantry_wait_ops wait_ops = {
    .size = sizeof wait_ops,
    .result = wait_result,
    .fd = wait_fd,
    .close = wait_close,
    .timeout_ms = wait_timeout_ms,
};

int gnt_rest_wait_open(struct gnt_req *r, const struct gnt_wait_plan *plan, gantry_wait **out,
                       gantry_error *err)
{
    struct gnt_rest *rest = r->rest;
    struct waiting *w = gnt_alloc(&rest->host->mem, sizeof *w);
    int rc = 0;

    if (w == NULL) {
        gnt_req_free(r);
        return gnt_nomem(err);
    }
    w->rest = rest;
    w->plan = *plan;
    w->resource_kind = r->resource_kind;
    w->resource = gnt_strdup(&rest->host->mem, r->resource != NULL ? r->resource : "");
    gnt_buf_init(&w->answer, &rest->host->mem, plan->plain ? PLAIN_MAX : ANSWER_MAX);
    w->have_head = !plan->late_head;
    if (w->resource == NULL) {
        gnt_req_free(r);
        rc = gnt_nomem(err);
    } else if (plan->late_head) {
        rc = only_asks(gnt_req_begin(r, &w->x, err), err);
    } else {
        rc = only_asks(gnt_req_open(r, &w->x, err), err);
    }
    if (rc == 0)
        rc = gantry_wait_new(rest->host, &wait_ops, w, out, err);
    if (rc < 0)
        wait_close(w);
    return rc;
}
