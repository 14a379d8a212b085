/*
 * One connection's worth of events: documents are cut out of the answer by their braces, so that
 * each is kept in the engine's own words, whatever is between them, and one is decoded at a time.
 */
#include "rest_events.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

enum {
    PIECE = 4096,
    GRACE_S = 1 /* how long after end_ns its last events may come */
};

struct source {
    struct gnt_rest *rest;
    const struct gnt_event_dialect *dialect;
    struct gnt_exchange *x;
    int headed; /* the head was seen */
    int64_t engine_ns;
    int64_t end_ns;  /* as it was asked for */
    int64_t over_ns; /* by our own clock; 0 = never */
    gantry_event *event;
    struct gnt_buf text; /* the document that is being read */
    int depth;
    int in_string;
    int escaped;
    size_t input_size;
    size_t input_used;
    char input[PIECE];
};

/* ---- one event ------------------------------------------------------------------------------- */

static const struct gnt_in event_rows[] = {
    GNT_IN_STR_REQ(gantry_event, type_text, "Type"),
    GNT_IN_STR(gantry_event, action_text, "status"),
    GNT_IN_STR(gantry_event, action_text, "Action"),
    GNT_IN_ID(gantry_event, id, "id"),
    GNT_IN_ID(gantry_event, id, "Actor/ID"),
    GNT_IN_STR(gantry_event, name, "Actor/Attributes/name"),
    GNT_IN_MAP(gantry_event, attributes, "Actor/Attributes"),
    GNT_IN_TIME(gantry_event, time_ns, "time"),
    GNT_IN_I64(gantry_event, time_ns, "timeNano"),
    GNT_IN_END,
};

const char *gnt_event_attribute(const gantry_event *e, const char *key)
{
    for (size_t i = 0; i < e->attribute_count; i++) {
        if (strcmp(e->attributes[i].key, key) == 0)
            return e->attributes[i].value;
    }
    return "";
}

static int find_word(const struct gnt_word *words, const char *text, size_t size)
{
    for (; words->word != NULL; words++) {
        if (strlen(words->word) == size && memcmp(words->word, text, size) == 0)
            return words->value;
    }
    return 0;
}

static int decode(const struct gnt_event_dialect *dialect, const struct gnt_json *document,
                  gantry_event *e, gantry_error *err)
{
    const char *colon;
    int rc = gnt_decode(gnt_result_arena(e), document, NULL, event_rows, e, err);

    if (rc < 0)
        return rc;
    colon = strstr(e->action_text, ": ");
    e->type = find_word(dialect->types, e->type_text, strlen(e->type_text));
    e->action =
        find_word(dialect->actions, e->action_text,
                  colon != NULL ? (size_t)(colon - e->action_text) : strlen(e->action_text));
    rc = dialect->settle(e, document);
    return rc < 0 ? gnt_nomem(err) : 0;
}

int gnt_event_read(struct gnt_rest *rest, const struct gnt_event_dialect *dialect, const char *text,
                   size_t size, gantry_event **out, gantry_error *err)
{
    gantry_event *e = gnt_result_new(&rest->host->mem, GANTRY_KIND_EVENT, err);
    struct gnt_json *document = NULL;
    struct gnt_arena arena;
    const char *message;
    int rc;

    if (e == NULL)
        return GANTRY_E_NOMEM;
    gnt_arena_init(&arena, &rest->host->mem);
    rc = gnt_json_parse(&arena, text, size, &document, err);
    message = rc == 0 ? gnt_json_text(gnt_json_get(document, "message")) : NULL;
    if (message != NULL && gnt_json_get(document, "Type") == NULL)
        rc = gnt_rest_error(rest, 0, message, gnt_json_text(gnt_json_get(document, "cause")),
                            GANTRY_RESOURCE_ENGINE, "", err);
    if (rc == 0)
        rc = decode(dialect, document, e, err);
    if (rc == 0) {
        e->json = gnt_arena_strndup(gnt_result_arena(e), text, size);
        rc = e->json == NULL ? gnt_nomem(err) : 0;
    }
    gnt_arena_free(&arena);
    if (rc == 0)
        *out = e;
    else
        gnt_result_free(e);
    return rc;
}

void gnt_event_filter_words(struct gnt_req *r, struct gnt_json *filters, const char *key,
                            const struct gnt_word *words, const int *wanted)
{
    for (; wanted != NULL && *wanted != 0; wanted++) {
        for (const struct gnt_word *w = words; w->word != NULL; w++) {
            if (w->value == *wanted)
                gnt_req_filter(r, filters, key, w->word);
        }
    }
}

int gnt_event_about_one(const gantry_events_options *opts)
{
    const char *const *const lists[] = { opts->containers, opts->images, opts->volumes,
                                         opts->networks, opts->pods };
    int given = 0;

    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        given += lists[i] != NULL && lists[i][0] != NULL;
    return given <= 1;
}

/* All are dealt with by the backend or by the library. */
const struct gnt_out gnt_rest_event_options[] = {
    GNT_OUT_CODE(gantry_events_options, since_ns),
    GNT_OUT_CODE(gantry_events_options, until_ns),
    GNT_OUT_CODE(gantry_events_options, types),
    GNT_OUT_CODE(gantry_events_options, actions),
    GNT_OUT_CODE(gantry_events_options, containers),
    GNT_OUT_CODE(gantry_events_options, images),
    GNT_OUT_CODE(gantry_events_options, volumes),
    GNT_OUT_CODE(gantry_events_options, networks),
    GNT_OUT_CODE(gantry_events_options, pods),
    GNT_OUT_CODE(gantry_events_options, labels),
    GNT_OUT_CODE(gantry_events_options, filters),
    GNT_OUT_CODE(gantry_events_options, filter_count),
    GNT_OUT_CODE(gantry_events_options, follow),
    GNT_OUT_CODE(gantry_events_options, resume),
    GNT_OUT_CODE(gantry_events_options, away_ms),
    GNT_OUT_END,
};

/* ---- the engine's clock ---------------------------------------------------------------------- */

int64_t gnt_http_date_ns(const char *text)
{
    int64_t ns = 0;

    if (text != NULL)
        (void)gnt_parse_http_date(text, &ns);
    return ns;
}

int gnt_rest_engine_time(struct gnt_rest *rest, const gantry_call *call, const char *path,
                         int64_t *out_ns, gantry_error *err)
{
    struct gnt_exchange *x = NULL;
    struct gnt_req r;
    char rest_of_it[256];
    size_t got = 0;
    int rc;

    gnt_req_init(&r, rest, "GET", call, path);
    gnt_req_about(&r, GANTRY_RESOURCE_ENGINE, "");
    rc = gnt_req_open(&r, &x, err);
    if (rc < 0)
        return rc;
    *out_ns = gnt_http_date_ns(gnt_exchange_header(x, "Date"));
    do {
        rc = gnt_exchange_read(x, rest_of_it, sizeof rest_of_it, 0, &got, err);
    } while (rc == 0 && got > 0);
    gnt_exchange_close(x);
    return rc;
}

/* ---- cutting --------------------------------------------------------------------------------- */

/* Where the document's part in these bytes ends; *out_whole says whether the document does. */
static size_t document_end(struct source *s, const char *data, size_t size, int *out_whole)
{
    *out_whole = 0;
    for (size_t i = 0; i < size; i++) {
        char c = data[i];

        if (s->escaped) {
            s->escaped = 0;
        } else if (s->in_string) {
            s->escaped = c == '\\';
            s->in_string = c != '"';
        } else if (c == '"') {
            s->in_string = 1;
        } else if (c == '{' || c == '[') {
            s->depth++;
        } else if ((c == '}' || c == ']') && --s->depth == 0) {
            *out_whole = 1;
            return i + 1;
        }
    }
    return size;
}

/* White space, and the byte with which the records of a JSON text sequence begin. */
static int is_between(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\x1e';
}

/* 1: s->text is a whole document. */
static int cut(struct source *s, gantry_error *err)
{
    const char *data = s->input + s->input_used;
    size_t left = s->input_size - s->input_used;
    size_t used = 0;
    int whole = 0;
    int rc;

    if (s->depth == 0) {
        gnt_buf_clear(&s->text);
        while (used < left && is_between(data[used]))
            used++;
        if (used < left && data[used] != '{')
            return gnt_fail(err, GANTRY_E_PROTOCOL, "what comes where an event should be is none");
    }
    s->input_used += used;
    data += used;
    used = document_end(s, data, left - used, &whole);
    s->input_used += used;
    rc = gnt_buf_add(&s->text, data, used);
    if (rc == GANTRY_E_LIMIT)
        return gnt_fail(err, rc, "an event is longer than %zu bytes", s->text.max);
    if (rc < 0)
        return gnt_nomem(err);
    return whole;
}

/* ---- behaviour of the gantry_event_source ---------------------------------------------------- */

static int take_head(struct source *s, int nonblocking, gantry_error *err)
{
    int rc = gnt_rest_head(s->rest, s->x, nonblocking, GANTRY_RESOURCE_ENGINE, "", err);
    int64_t left;

    if (rc < 0)
        return rc;
    s->headed = 1;
    s->engine_ns = gnt_http_date_ns(gnt_exchange_header(s->x, "Date"));
    if (s->end_ns == 0)
        return 0;
    left = s->engine_ns > 0 && s->end_ns > s->engine_ns ? s->end_ns - s->engine_ns : 0;
    left = left < INT64_MAX / 4 ? left : INT64_MAX / 4;
    s->over_ns = gantry_clock_ns() + left + GRACE_S * INT64_C(1000000000);
    return 0;
}

static int over_ms(const struct source *s)
{
    int64_t left;

    if (s->over_ns == 0)
        return -1;
    left = s->over_ns - gantry_clock_ns();
    if (left <= 0)
        return 0;
    left = (left + 999999) / 1000000;
    return left < INT32_MAX ? (int)left : INT32_MAX;
}

static int source_fd(const void *state, int *out_events)
{
    const struct source *s = state;

    return gnt_exchange_fd(s->x, out_events);
}

static int sooner(int a, int b)
{
    if (a < 0 || b < 0)
        return a < 0 ? b : a;
    return a < b ? a : b;
}

static int source_timeout_ms(const void *state)
{
    const struct source *s = state;

    if (s->input_used < s->input_size)
        return 0;
    return sooner(gnt_exchange_timeout_ms(s->x), over_ms(s));
}

/* Until there is something to read, ms are over, or the call's limit or token says so. */
static int wait_some(const struct source *s, int ms)
{
    const struct gnt_clock *clock = gnt_exchange_clock(s->x);
    struct pollfd fds[2] = { { -1, 0, 0 }, { gantry_cancel_fd(clock->cancel), POLLIN, 0 } };
    int events = 0;

    fds[0].fd = gnt_exchange_fd(s->x, &events);
    fds[0].events = (short)events;
    ms = sooner(ms, gnt_exchange_timeout_ms(s->x));
    return poll(fds, 2, ms);
}

/* More bytes. 0 with input_size 0 at the end. */
static int fill(struct source *s, int nonblocking, gantry_error *err)
{
    int rc;

    s->input_used = 0;
    for (;;) {
        s->input_size = 0;
        if (over_ms(s) == 0)
            return 0;
        rc = gnt_exchange_read(s->x, s->input, sizeof s->input, nonblocking || s->over_ns != 0,
                               &s->input_size, err);
        if (rc != GANTRY_E_AGAIN || nonblocking)
            return rc;
        (void)wait_some(s, over_ms(s));
    }
}

static int source_next(void *state, int nonblocking, const gantry_event **out, gantry_error *err)
{
    struct source *s = state;
    int rc = s->headed ? 0 : take_head(s, nonblocking, err);
    int whole = 0;

    while (rc == 0 && !whole) {
        if (s->input_used == s->input_size) {
            rc = fill(s, nonblocking, err);
            if (rc < 0)
                return rc;
            if (s->input_size == 0 && s->depth > 0 && over_ms(s) != 0)
                return gnt_fail(err, GANTRY_E_PROTOCOL, "the events end within one");
            if (s->input_size == 0)
                return 0;
        }
        whole = cut(s, err);
        rc = whole < 0 ? whole : 0;
    }
    if (rc < 0)
        return rc;
    gnt_result_free(s->event);
    s->event = NULL;
    rc = gnt_event_read(s->rest, s->dialect, gnt_buf_text(&s->text), s->text.size, &s->event, err);
    if (rc == 0)
        *out = s->event;
    return rc;
}

static int64_t source_engine_ns(const void *state)
{
    const struct source *s = state;

    return s->engine_ns;
}

static void source_close(void *state)
{
    struct source *s = state;
    struct gnt_mem mem = s->rest->host->mem;

    gnt_exchange_close(s->x);
    gnt_result_free(s->event);
    gnt_buf_free(&s->text);
    gnt_free(&mem, s);
}

static const gantry_event_ops source_ops = { .size = sizeof source_ops,
                                             .next = source_next,
                                             .fd = source_fd,
                                             .close = source_close,
                                             .timeout_ms = source_timeout_ms,
                                             .engine_ns = source_engine_ns };

/* The head, or what is known without it after a while. */
static int await_head(struct source *s, gantry_error *err)
{
    int64_t end = gantry_clock_ns() + INT64_C(1000000) * s->dialect->head_ms;
    int64_t left;
    int rc;

    if (s->dialect->head_ms == 0)
        return take_head(s, 0, err);
    for (;;) {
        rc = take_head(s, 1, err);
        if (rc != GANTRY_E_AGAIN)
            return rc;
        left = end - gantry_clock_ns();
        if (left <= 0)
            return 0;
        (void)wait_some(s, (int)(left / 1000000) + 1);
    }
}

int gnt_rest_events_open(struct gnt_req *r, const struct gnt_event_dialect *dialect, int64_t end_ns,
                         gantry_event_source **out, gantry_error *err)
{
    struct gnt_rest *rest = r->rest;
    struct source *s = gnt_alloc(&rest->host->mem, sizeof *s);
    gantry_error failure = { 0 };
    int rc;

    if (s == NULL) {
        gnt_req_free(r);
        return gnt_nomem(err);
    }
    s->rest = rest;
    s->dialect = dialect;
    s->end_ns = end_ns;
    gnt_buf_init(&s->text, &rest->host->mem, rest->host->limits.record_bytes);
    rc = gnt_req_begin(r, &s->x, &failure);
    if (rc == 0)
        rc = await_head(s, &failure);
    if (rc == 0)
        rc = gantry_event_source_new(rest->host, &source_ops, s, out, &failure);
    if (rc < 0) {
        source_close(s);
        if (err != NULL)
            *err = failure;
    }
    return rc;
}
