/*
 * Samples of containers: one, or in rounds. A round asks for each container by a request of its
 * own, a few at a time, and hands out the answers in order; so there is one descriptor at any time
 * that is worth waiting for, and what comes meanwhile on the others stays in the kernel. The share
 * of the CPU counts from the round before.
 */
#include "rest_stats.h"

#include <string.h>

#include "quiet.h"

enum {
    WIDTH = 16 /* requests at a time */
};

struct member {
    char id[72];
    gantry_container *who; /* its id and name, for engines whose answers have none; or NULL */
    struct gnt_cpu_times before;
    int known;  /* `before` is filled */
    int listed; /* all: it was in the last list */
    int gone;
};

struct flight {
    struct gnt_exchange *x;
    struct gnt_buf text;
};

enum phase {
    RESTING, /* until the next round */
    LISTING, /* all: which are there */
    TAKING
};

struct rounds {
    struct gnt_rest *rest;
    const struct gnt_stats_dialect *dialect;
    gantry_call call;
    struct gnt_clock clock;
    int64_t interval_ns;
    int all;
    enum phase phase;
    int64_t begun_ns;
    int64_t next_ns;
    struct member *members;
    size_t count;
    size_t capacity;
    size_t asked; /* of this round: members asked */
    size_t taken; /* and taken */
    struct flight flights[WIDTH];
    struct gnt_quiet quiet;
    gantry_stats *sample; /* that was handed out */
};

/* ---- one answer ------------------------------------------------------------------------------ */

/* The engine's own record, as text. */
static int keep_text(gantry_stats *s, const char *text, size_t size, gantry_error *err)
{
    s->json = gnt_arena_strndup(gnt_result_arena(s), text, size);
    return s->json == NULL ? gnt_nomem(err) : 0;
}

void gnt_stats_sum_networks(gantry_stats *s)
{
    s->received_bytes = 0;
    s->sent_bytes = 0;
    for (size_t i = 0; s->networks[i] != NULL; i++) {
        s->received_bytes += s->networks[i]->received_bytes;
        s->sent_bytes += s->networks[i]->sent_bytes;
    }
}

int gnt_stats_read(const struct gnt_mem *mem, const struct gnt_stats_dialect *dialect,
                   const char *text, size_t size, const struct gnt_cpu_times *before,
                   struct gnt_cpu_times *now, gantry_stats **out, gantry_error *err)
{
    gantry_stats *s = gnt_result_new(mem, GANTRY_KIND_STATS, err);
    struct gnt_json *doc = NULL;
    struct gnt_arena arena;
    int rc;

    if (s == NULL)
        return GANTRY_E_NOMEM;
    gnt_arena_init(&arena, mem);
    s->cpu_percent = -1;
    s->memory_percent = -1;
    rc = gnt_json_parse(&arena, text, size, &doc, err);
    if (rc == 0)
        rc = dialect->decode(s, doc, now, err);
    if (rc == 0)
        rc = keep_text(s, text, size, err);
    gnt_arena_free(&arena);
    if (rc < 0) {
        gnt_result_free(s);
        return rc;
    }
    if (before != NULL && s->time_ns != 0)
        s->cpu_percent = gnt_cpu_percent(before, now);
    if (s->time_ns != 0)
        s->memory_percent = gnt_share_percent(s->memory_bytes, s->memory_limit_bytes);
    *out = s;
    return 0;
}

/* ---- one sample ------------------------------------------------------------------------------ */

static int runs(const struct gnt_container_facts *facts)
{
    return facts->state == GANTRY_CONTAINER_RUNNING || facts->state == GANTRY_CONTAINER_PAUSED ||
           facts->state == GANTRY_CONTAINER_RESTARTING;
}

/* No numbers: it does not run, or it is not there, which not every engine says by itself. */
static int explain(struct gnt_rest *rest, const gantry_call *call, const char *id, gantry_stats *s,
                   gantry_error *err)
{
    struct gnt_container_facts facts;
    int rc = gnt_rest_container_facts(rest, call, id, &facts, err);

    if (rc < 0)
        return rc;
    if (facts.state == GANTRY_CONTAINER_RUNNING) {
        rc = gnt_fail(err, GANTRY_E_ENGINE, "the engine has no numbers of it, though it runs");
        gnt_error_resource(err, GANTRY_RESOURCE_CONTAINER, id);
        return rc;
    }
    if (s->id[0] == '\0')
        s->id = gnt_arena_strdup(gnt_result_arena(s), facts.id);
    return s->id == NULL ? gnt_nomem(err) : 0;
}

int gnt_rest_stats(struct gnt_rest *rest, const struct gnt_stats_dialect *dialect, const char *id,
                   const gantry_call *call, gantry_stats **out, gantry_error *err)
{
    struct gnt_cpu_times now = { 0 };
    gantry_call shared;
    gantry_stats *s = NULL;
    struct gnt_buf text;
    struct gnt_req r;
    int rc;

    call = gnt_call_share(&shared, call);
    gnt_buf_init(&text, &rest->host->mem, rest->host->limits.body_bytes);
    dialect->request(&r, rest, call, id, 1);
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
    rc = gnt_req_text(&r, &text, NULL, err);
    if (rc == 0)
        rc = gnt_stats_read(&rest->host->mem, dialect, gnt_buf_text(&text), text.size, NULL, &now,
                            &s, err);
    if (rc == 0 && s->time_ns == 0)
        rc = explain(rest, call, id, s, err);
    if (rc == 0)
        *out = s;
    else
        gnt_result_free(s);
    gnt_buf_free(&text);
    return rc;
}

/* ---- members --------------------------------------------------------------------------------- */

static struct member *add_member(struct rounds *s, const char *id, gantry_error *err)
{
    const struct gnt_mem *mem = &s->rest->host->mem;
    size_t capacity = s->capacity > 0 ? s->capacity * 2 : 8;
    struct member *m;

    if (s->count == s->capacity) {
        m = gnt_realloc(mem, s->members, capacity * sizeof *m);
        if (m == NULL) {
            gnt_nomem(err);
            return NULL;
        }
        s->members = m;
        s->capacity = capacity;
    }
    m = &s->members[s->count++];
    memset(m, 0, sizeof *m);
    memcpy(m->id, id, strlen(id) + 1);
    return m;
}

static int take_listed(void *arg, const char *id, gantry_error *err)
{
    struct rounds *s = arg;
    struct member *m = NULL;

    if (strlen(id) >= sizeof m->id)
        return gnt_fail(err, GANTRY_E_PROTOCOL, "the list has an id that is none");
    for (size_t i = 0; i < s->count && m == NULL; i++) {
        if (strcmp(s->members[i].id, id) == 0)
            m = &s->members[i];
    }
    if (m == NULL)
        m = add_member(s, id, err);
    if (m == NULL)
        return GANTRY_E_NOMEM;
    m->listed = 1;
    return 0;
}

/* Forget those that are gone. */
static void clear_gone(struct rounds *s)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->count; i++) {
        if (!s->members[i].gone)
            s->members[kept++] = s->members[i];
        else
            gnt_result_free(s->members[i].who);
    }
    s->count = kept;
}

static int take_list(struct rounds *s, const struct gnt_buf *text, gantry_error *err)
{
    struct gnt_json *doc = NULL;
    struct gnt_arena arena;
    const char *id;
    int rc;

    gnt_arena_init(&arena, &s->rest->host->mem);
    rc = gnt_json_parse(&arena, gnt_buf_text(text), text->size, &doc, err);
    for (size_t i = 0; i < s->count; i++)
        s->members[i].listed = 0;
    if (rc == 0 && doc->type != GNT_JSON_ARRAY && doc->type != GNT_JSON_NULL)
        rc = gnt_fail(err, GANTRY_E_PROTOCOL, "the list of containers is none");
    for (const struct gnt_json *v = rc == 0 ? doc->first : NULL; rc == 0 && v != NULL;
         v = v->next) {
        id = gnt_json_text(gnt_json_get(v, "Id"));
        rc = id != NULL ? take_listed(s, id, err)
                        : gnt_fail(err, GANTRY_E_PROTOCOL, "a container in the list has no Id");
    }
    gnt_arena_free(&arena);
    for (size_t i = 0; i < s->count; i++)
        s->members[i].gone = !s->members[i].listed;
    clear_gone(s);
    return rc;
}

/* ---- requests -------------------------------------------------------------------------------- */

static int begin_flight(struct flight *f, struct gnt_req *r, gantry_error *err)
{
    gnt_buf_clear(&f->text);
    return gnt_req_begin(r, &f->x, err);
}

/* Read an answer whole. 0, AGAIN, or a failure. */
static int land(struct rounds *s, struct flight *f, const char *id, int nonblocking,
                gantry_error *err)
{
    char piece[4096];
    size_t got = 0;
    int rc = gnt_rest_head(s->rest, f->x, nonblocking, GANTRY_RESOURCE_CONTAINER, id, err);

    while (rc == 0 &&
           (rc = gnt_exchange_read(f->x, piece, sizeof piece, nonblocking, &got, err)) == 0 &&
           got > 0) {
        if (gnt_buf_add(&f->text, piece, got) < 0)
            rc = gnt_fail(err, f->text.rc, "the answer is too large");
    }
    if (rc != GANTRY_E_AGAIN) {
        gnt_exchange_close(f->x);
        f->x = NULL;
    }
    return rc;
}

static int begin_round(struct rounds *s, gantry_error *err)
{
    struct gnt_req r;

    s->begun_ns = gantry_clock_ns();
    s->asked = 0;
    s->taken = 0;
    s->phase = s->all ? LISTING : TAKING;
    if (!s->all)
        return 0;
    gnt_req_init(&r, s->rest, "GET", &s->call, s->dialect->list_path);
    return begin_flight(&s->flights[0], &r, err);
}

static int take_listing(struct rounds *s, int nonblocking, gantry_error *err)
{
    int rc = land(s, &s->flights[0], NULL, nonblocking, err);

    if (rc == 0)
        rc = take_list(s, &s->flights[0].text, err);
    if (rc == 0)
        s->phase = TAKING;
    return rc;
}

/* Ask for as many as may be asked at a time. */
static int ask_more(struct rounds *s, gantry_error *err)
{
    struct gnt_req r;
    int rc = 0;

    while (rc == 0 && s->asked < s->count && s->asked - s->taken < WIDTH) {
        const char *id = s->members[s->asked].id;

        s->dialect->request(&r, s->rest, &s->call, id, 0);
        gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
        rc = begin_flight(&s->flights[s->asked % WIDTH], &r, err);
        s->asked += rc == 0;
    }
    return rc;
}

/* No numbers of a member. Of those that were named one that is between two runs stays. */
static int miss(struct rounds *s, struct member *m, int rc, gantry_error *err)
{
    struct gnt_container_facts facts = { 0 };

    m->known = 0;
    if (rc == 0 && !s->all) {
        rc = gnt_rest_container_facts(s->rest, &s->call, m->id, &facts, err);
        m->gone = rc == 0 && !runs(&facts);
    }
    if (rc == GANTRY_E_NOT_FOUND) {
        m->gone = 1;
        rc = 0;
    }
    return rc;
}

static const struct gnt_in who_rows[] = {
    GNT_IN_ID_REQ(gantry_container, id, "Id"),
    GNT_IN_NAME(gantry_container, name, "Name"),
    GNT_IN_END,
};

/* Newer Dockers do not say whose a quick sample is. */
static int complete(struct rounds *s, struct member *m, gantry_stats *sample, gantry_error *err)
{
    static const struct gnt_lookup what = { .path = "/containers/%s/json",
                                            .resource_kind = GANTRY_RESOURCE_CONTAINER,
                                            .result_kind = GANTRY_KIND_CONTAINER,
                                            .rows = who_rows,
                                            .json_offset = SIZE_MAX };
    struct gnt_arena *arena = gnt_result_arena(sample);
    void *who = NULL;
    int rc = 0;

    if (sample->id[0] != '\0' && sample->name[0] != '\0')
        return 0;
    if (m->who == NULL)
        rc = gnt_rest_lookup(s->rest, &what, &s->call, m->id, &who, err);
    if (rc < 0)
        return rc;
    if (who != NULL)
        m->who = who;
    sample->id = gnt_arena_strdup(arena, m->who->id);
    sample->name = gnt_arena_strdup(arena, m->who->name);
    return sample->id == NULL || sample->name == NULL ? gnt_nomem(err) : 0;
}

/* The next answer. 1: a sample, 0: none of this one. */
static int take_answer(struct rounds *s, int nonblocking, gantry_error *err)
{
    struct member *m = &s->members[s->taken];
    struct flight *f = &s->flights[s->taken % WIDTH];
    struct gnt_cpu_times now = { 0 };
    gantry_stats *sample = NULL;
    int rc = land(s, f, m->id, nonblocking, err);

    if (rc < 0 && rc != GANTRY_E_NOT_FOUND)
        return rc;
    s->taken++;
    if (rc == 0)
        rc = gnt_stats_read(&s->rest->host->mem, s->dialect, gnt_buf_text(&f->text), f->text.size,
                            m->known ? &m->before : NULL, &now, &sample, err);
    if (rc == 0 && sample->time_ns != 0)
        rc = complete(s, m, sample, err);
    if (rc == 0 && sample->time_ns != 0) {
        m->before = now;
        m->known = 1;
        gnt_result_free(s->sample);
        s->sample = sample;
        return 1;
    }
    gnt_result_free(sample);
    return miss(s, m, rc, err);
}

/* 1: there will be another round. */
static int end_round(struct rounds *s)
{
    int64_t now = gantry_clock_ns();

    clear_gone(s);
    if (!s->all && s->count == 0)
        return 0;
    s->phase = RESTING;
    s->next_ns = s->begun_ns + s->interval_ns > now ? s->begun_ns + s->interval_ns : now;
    return 1;
}

/* ---- the reader ------------------------------------------------------------------------------ */

static int rest_ms(const struct rounds *s)
{
    int64_t left = s->next_ns - gantry_clock_ns();

    if (left <= 0)
        return 0;
    left = (left + 999999) / 1000000;
    return left < INT32_MAX ? (int)left : INT32_MAX;
}

static int rest(struct rounds *s, int nonblocking, gantry_error *err)
{
    int ms = rest_ms(s);
    int rc;

    if (ms > 0 && nonblocking)
        return gnt_fail(err, GANTRY_E_AGAIN, "the next samples are due later");
    rc = ms > 0 ? gnt_clock_pause(&s->clock, ms, err) : 0;
    return rc < 0 ? rc : begin_round(s, err);
}

static int rounds_next(void *state, int nonblocking, const gantry_stats **out, gantry_error *err)
{
    struct rounds *s = state;
    int rc = gnt_clock_check(&s->clock, err);

    while (rc == 0) {
        if (s->phase == RESTING) {
            rc = rest(s, nonblocking, err);
        } else if (s->phase == LISTING) {
            rc = take_listing(s, nonblocking, err);
        } else {
            rc = ask_more(s, err);
            if (rc == 0 && s->taken == s->count && !end_round(s))
                return 0;
            if (rc == 0 && s->phase == TAKING)
                rc = take_answer(s, nonblocking, err);
        }
    }
    if (rc < 0)
        return rc;
    *out = s->sample;
    return 0;
}

static int rounds_fd(const void *state, int *out_events)
{
    const struct rounds *s = state;
    const struct flight *f = &s->flights[s->phase == TAKING ? s->taken % WIDTH : 0];

    if (s->phase != RESTING && f->x != NULL)
        return gnt_exchange_fd(f->x, out_events);
    *out_events = GANTRY_POLL_IN;
    return s->phase == RESTING ? s->quiet.fds[0] : -1;
}

static int rounds_timeout_ms(const void *state)
{
    const struct rounds *s = state;
    const struct flight *f = &s->flights[s->phase == TAKING ? s->taken % WIDTH : 0];
    int ms = gnt_clock_poll_ms(&s->clock);
    int own = 0;

    if (s->phase == RESTING)
        own = rest_ms(s);
    else if (f->x != NULL)
        own = gnt_exchange_timeout_ms(f->x);
    if (ms < 0 || own < 0)
        return ms < 0 ? own : ms;
    return own < ms ? own : ms;
}

static void rounds_close(void *state)
{
    struct rounds *s = state;
    struct gnt_mem mem = s->rest->host->mem;

    for (int i = 0; i < WIDTH; i++) {
        gnt_exchange_close(s->flights[i].x);
        gnt_buf_free(&s->flights[i].text);
    }
    gnt_quiet_close(&s->quiet);
    gnt_result_free(s->sample);
    for (size_t i = 0; i < s->count; i++)
        gnt_result_free(s->members[i].who);
    gnt_free(&mem, s->members);
    gnt_free(&mem, s);
}

static const gantry_stats_ops rounds_ops = { .size = sizeof rounds_ops,
                                             .next = rounds_next,
                                             .fd = rounds_fd,
                                             .close = rounds_close,
                                             .timeout_ms = rounds_timeout_ms };

/* Those that were named, by their whole ids, once each. One that does not run is none of them. */
static int name_members(struct rounds *s, const char *const *ids, gantry_error *err)
{
    struct gnt_container_facts facts;
    int rc = 0;

    for (; rc == 0 && *ids != NULL; ids++) {
        rc = gnt_rest_container_facts(s->rest, &s->call, *ids, &facts, err);
        if (rc == 0 && runs(&facts))
            rc = take_listed(s, facts.id, err);
    }
    return rc;
}

int gnt_rest_stats_open(struct gnt_rest *rest_client, const struct gnt_stats_dialect *dialect,
                        const char *const *ids, const gantry_stats_options *opts,
                        gantry_stats_reader **out, gantry_error *err)
{
    struct gantry_host *host = rest_client->host;
    struct rounds *s = gnt_alloc(&host->mem, sizeof *s);
    gantry_call shared;
    int64_t seconds;
    int rc;

    if (s == NULL)
        return gnt_nomem(err);
    s->rest = rest_client;
    s->dialect = dialect;
    s->all = ids == NULL;
    seconds = opts->interval_ms > 0 ? gnt_seconds_up(opts->interval_ms) : 1;
    s->interval_ns = (seconds < INT32_MAX ? seconds : INT32_MAX) * INT64_C(1000000000);
    gnt_call_import(&s->call, gnt_call_share(&shared, opts->call));
    gnt_clock_start(&s->clock, &s->call, 0);
    s->clock.idle_ns = 0; /* that is for each request */
    for (int i = 0; i < WIDTH; i++)
        gnt_buf_init(&s->flights[i].text, &host->mem, host->limits.body_bytes);
    gnt_quiet_init(&s->quiet);
    rc = gnt_quiet_open(&s->quiet, err);
    if (rc == 0 && ids != NULL)
        rc = name_members(s, ids, err);
    /* The first request goes out now: what cannot be had is said here. */
    if (rc == 0)
        rc = begin_round(s, err);
    if (rc == 0)
        rc = ask_more(s, err);
    if (rc == 0)
        rc = gantry_stats_reader_new(host, &rounds_ops, s, out, err);
    if (rc < 0)
        rounds_close(s);
    return rc;
}
