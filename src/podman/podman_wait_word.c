/*
 * Waiting for a state by libpod's own word. Its endpoint answers nothing before that, so the
 * request is sent when the wait begins, and even the head of the answer is part of the result.
 */
#include "podman.h"

#include <stdlib.h>
#include <string.h>

enum {
    ANSWER_MAX = 4096
};

struct waiting {
    struct gnt_rest *rest;
    struct gnt_exchange *x;
    struct gnt_buf answer;
    gantry_exit_status status;
    int is_end; /* the word is about one */
    int have_head;
    int have_status;
    char *name;
};

static int is_end(const char *word)
{
    static const char *const ends[] = { "stopped", "exited", "removing" };

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (strcmp(word, ends[i]) == 0)
            return 1;
    }
    return 0;
}

/* A plain number, -1 where there is none to tell. */
static int parse(struct waiting *w, gantry_error *err)
{
    const char *text = gnt_buf_text(&w->answer);
    char *end = NULL;
    long code = strtol(text, &end, 10);

    if (end == text || end[strspn(end, " \r\n")] != '\0')
        return gnt_fail(err, GANTRY_E_PROTOCOL, "the answer to the wait is no number");
    w->status.has_exit_code = w->is_end && code >= 0;
    w->status.exit_code = w->status.has_exit_code ? code : 0;
    w->have_status = 1;
    return 0;
}

static int read_answer(struct waiting *w, int nonblocking, gantry_error *err)
{
    char piece[512];
    size_t got = 0;
    int rc = 0;

    if (!w->have_head)
        rc = gnt_rest_head(w->rest, w->x, nonblocking, GANTRY_RESOURCE_CONTAINER, w->name, err);
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
    return rc == 0 ? parse(w, err) : rc;
}

/* Whatever the method is called: a wait changes nothing and may be made again. */
static int word_result(void *state, int nonblocking, gantry_exit_status *out, gantry_error *err)
{
    struct waiting *w = state;
    int rc = w->have_status ? 0 : read_answer(w, nonblocking, err);

    if (rc == 0) {
        *out = w->status;
    } else if (rc != GANTRY_E_AGAIN && err != NULL) {
        if (err->resource_kind == GANTRY_RESOURCE_NONE)
            gnt_error_resource(err, GANTRY_RESOURCE_CONTAINER, w->name);
        if (err->retry == GANTRY_RETRY_ASK)
            err->retry = GANTRY_RETRY_YES;
    }
    return rc;
}

static int word_fd(const void *state, int *out_events)
{
    const struct waiting *w = state;

    return w->have_status ? -1 : gnt_exchange_fd(w->x, out_events);
}

static int word_timeout_ms(const void *state)
{
    const struct waiting *w = state;

    return gnt_exchange_timeout_ms(w->x);
}

static void word_close(void *state)
{
    struct waiting *w = state;
    struct gnt_mem mem = w->rest->host->mem;

    gnt_exchange_close(w->x);
    gnt_buf_free(&w->answer);
    gnt_free(&mem, w->name);
    gnt_free(&mem, w);
}

static const gantry_wait_ops word_ops = { .size = sizeof(gantry_wait_ops),
                                          .result = word_result,
                                          .fd = word_fd,
                                          .close = word_close,
                                          .timeout_ms = word_timeout_ms };

static int begin(struct waiting *w, const char *id, const gantry_wait_options *opts,
                 gantry_error *err)
{
    struct gnt_req r;

    gnt_req_init(&r, w->rest, "POST", opts->call, "/containers/%s/wait", id);
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
    r.flags |= GNT_REQ_OPEN_ENDED;
    gnt_req_query(&r, "condition", opts->engine_condition);
    return gnt_req_begin(&r, &w->x, err);
}

int gnt_podman_wait_word(struct podman *p, const char *id, const gantry_wait_options *opts,
                         gantry_wait **out, gantry_error *err)
{
    struct waiting *w = gnt_alloc(&p->rest.host->mem, sizeof *w);
    int rc;

    if (w == NULL)
        return gnt_nomem(err);
    w->rest = &p->rest;
    w->is_end = is_end(opts->engine_condition);
    gnt_buf_init(&w->answer, &p->rest.host->mem, ANSWER_MAX);
    w->name = gnt_strdup(&p->rest.host->mem, id);
    rc = w->name == NULL ? gnt_nomem(err) : begin(w, id, opts, err);
    if (rc == 0)
        rc = gantry_wait_new(p->rest.host, &word_ops, w, out, err);
    if (rc < 0)
        word_close(w);
    return rc;
}
