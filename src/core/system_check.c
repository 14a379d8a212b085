/*
 * A health report of the engine: the questions. A question that fails is a finding; only an engine
 * that does not answer at all, or a caller who does not want to know any more, ends it.
 */
#include "system_report.h"

#include <time.h>

#include "error.h"

enum {
    PINGS = 3
};

/* What the report shows but does not hold itself. */
struct answers {
    gantry_version_info *version;
    gantry_info *info;
};

static void free_answers(void *arg)
{
    struct answers *a = arg;

    gantry_version_info_free(a->version);
    gantry_info_free(a->info);
}

/* ---- findings -------------------------------------------------------------------------------- */

void gnt_check_add(struct gnt_check *c, int severity, const char *subject, const char *text)
{
    struct gnt_found *found = gnt_arena_alloc(gnt_result_arena(c->report), sizeof *found);

    if (found == NULL || text == NULL) {
        c->rc = GANTRY_E_NOMEM;
        return;
    }
    gnt_model_defaults(GNT_KIND_FINDING, &found->finding);
    found->finding.severity = severity;
    found->finding.subject = subject;
    found->finding.text = text;
    *c->end = found;
    c->end = &found->next;
    c->report->finding_count++;
}

/* Worst first, in the order in which they came. */
static int sort_findings(struct gnt_check *c, gantry_error *err)
{
    size_t count = c->report->finding_count;
    const gantry_finding **list =
        gnt_arena_alloc(gnt_result_arena(c->report), (count + 1) * sizeof *list);
    size_t used = 0;

    if (list == NULL || c->rc < 0)
        return gnt_nomem(err);
    for (int severity = GANTRY_FINDING_ERROR; severity >= GANTRY_FINDING_NOTE; severity--) {
        for (const struct gnt_found *at = c->first; at != NULL; at = at->next) {
            if (at->finding.severity == severity)
                list[used++] = &at->finding;
        }
    }
    c->report->findings = list;
    c->report->well = count == 0 || list[0]->severity != GANTRY_FINDING_ERROR;
    return 0;
}

/* What a question that failed means for the report: 0, or the code that ends it. What the engine
 * cannot be asked is among the features that it does not have. */
static int note_failure(struct gnt_check *c, int rc, const char *subject, const char *what,
                        const gantry_error *failure, gantry_error *err)
{
    if (rc == GANTRY_E_CANCELLED || rc == GANTRY_E_NOMEM) {
        if (err != NULL)
            *err = *failure;
        return rc;
    }
    if (rc != GANTRY_E_UNSUPPORTED)
        gnt_check_say(c, GANTRY_FINDING_ERROR, subject, "%s: %s", what, failure->message);
    return 0;
}

/* ---- questions ------------------------------------------------------------------------------- */

/* The first that gets no answer at all ends the report. */
static int ask_pings(struct gnt_check *c, gantry_error *err)
{
    const gantry_query_options o = { .size = sizeof o, .call = c->call };
    gantry_error failure = { 0 };
    int rc = 0;

    for (int i = 0; rc == 0 && i < PINGS; i++) {
        int64_t begin = gantry_clock_ns();
        int64_t took;

        rc = c->engine->backend->engine.ping(c->engine->state, &o, &failure);
        took = gantry_clock_ns() - begin;
        if (rc == 0 && (i == 0 || took < c->report->ping_ns))
            c->report->ping_ns = took;
        if (i == 0 && rc < 0 && failure.http_status == 0) {
            if (err != NULL)
                *err = failure;
            return rc;
        }
    }
    return rc < 0 ? note_failure(c, rc, "engine", "a ping failed", &failure, err) : 0;
}

/* Without an answer: an empty one. */
static int ask_version(struct gnt_check *c, struct answers *a, gantry_error *err)
{
    const gantry_query_options o = { .size = sizeof o, .call = c->call };
    gantry_error failure = { 0 };
    int rc = 0;

    if (gantry_engine_supports(c->engine, GANTRY_FEATURE_ENGINE_VERSION))
        rc = c->engine->backend->engine.version(c->engine->state, &o, &a->version, &failure);
    if (rc < 0)
        rc = note_failure(c, rc, "engine", "it does not tell its version", &failure, err);
    if (rc == 0 && a->version == NULL)
        a->version = gnt_result_new(&c->engine->host.mem, GANTRY_KIND_VERSION_INFO, err);
    if (rc == 0 && a->version == NULL)
        rc = GANTRY_E_NOMEM;
    c->report->version = a->version;
    return rc;
}

static int ask_info(struct gnt_check *c, struct answers *a, gantry_error *err)
{
    const gantry_query_options o = { .size = sizeof o, .call = c->call };
    gantry_error failure = { 0 };
    int rc = 0;

    if (gantry_engine_supports(c->engine, GANTRY_FEATURE_ENGINE_INFO))
        rc = c->engine->backend->engine.info(c->engine->state, &o, &a->info, &failure);
    if (rc < 0)
        rc = note_failure(c, rc, "engine", "it does not tell its state", &failure, err);
    if (rc == 0 && a->info == NULL)
        a->info = gnt_result_new(&c->engine->host.mem, GANTRY_KIND_INFO, err);
    if (rc == 0 && a->info == NULL)
        rc = GANTRY_E_NOMEM;
    c->report->info = a->info;
    return rc;
}

/* An answer says in whole seconds when it was made: within what this machine's clock said before
 * and after, no difference is seen. */
static int ask_clock(struct gnt_check *c, gantry_error *err)
{
    static const char *const path[] = { "_ping", NULL };
    const gantry_request request = { .size = sizeof request, .call = c->call, .path = path };
    gantry_response *response = NULL;
    gantry_error failure = { 0 };
    struct timespec before;
    struct timespec after;
    int64_t theirs;
    int rc;

    if (!gantry_engine_supports(c->engine, GANTRY_FEATURE_ENGINE_REQUEST))
        return 0;
    (void)clock_gettime(CLOCK_REALTIME, &before);
    rc = c->engine->backend->engine.request(c->engine->state, &request, &response, &failure);
    (void)clock_gettime(CLOCK_REALTIME, &after);
    if (rc < 0)
        return note_failure(c, rc, "clock", "the engine's clock could not be read", &failure, err);
    theirs = response->date_ns / 1000000000;
    if (response->date_ns != 0 && theirs < (int64_t)before.tv_sec)
        c->report->clock_offset_ns = (theirs - (int64_t)before.tv_sec) * 1000000000;
    else if (response->date_ns != 0 && theirs > (int64_t)after.tv_sec)
        c->report->clock_offset_ns = (theirs - (int64_t)after.tv_sec) * 1000000000;
    gantry_response_free(response);
    return 0;
}

static int count_containers(struct gnt_check *c, gantry_container_list_options *o, int64_t *out,
                            gantry_error *err)
{
    gantry_container_list *list = NULL;
    gantry_error failure = { 0 };
    int rc;

    o->size = sizeof *o;
    o->call = c->call;
    rc = c->engine->backend->containers.list(c->engine->state, o, &list, &failure);
    if (rc < 0)
        return note_failure(c, rc, "containers", "they could not be listed", &failure, err);
    *out = (int64_t)list->count;
    gantry_container_list_free(list);
    return 0;
}

static int ask_containers(struct gnt_check *c, gantry_error *err)
{
    gantry_container_list_options unhealthy = { .health = GANTRY_HEALTH_UNHEALTHY };
    gantry_container_list_options restarting = { .state = GANTRY_CONTAINER_RESTARTING };
    int rc = 0;

    if (!gantry_engine_supports(c->engine, GANTRY_FEATURE_CONTAINERS_LIST))
        return 0;
    rc = count_containers(c, &unhealthy, &c->report->unhealthy, err);
    if (rc == 0)
        rc = count_containers(c, &restarting, &c->report->restarting, err);
    return rc;
}

static int check(struct gnt_check *c, struct answers *a, gantry_error *err)
{
    int rc = ask_pings(c, err);

    if (rc == 0)
        rc = ask_version(c, a, err);
    if (rc == 0)
        rc = ask_info(c, a, err);
    if (rc == 0)
        rc = ask_clock(c, err);
    if (rc == 0)
        rc = ask_containers(c, err);
    if (rc == 0) {
        gnt_check_judge(c);
        rc = sort_findings(c, err);
    }
    return rc;
}

int gantry_system_check(gantry_system *system, const gantry_system_check_options *opts,
                        gantry_system_report **out, gantry_error *err)
{
    struct gnt_check c = { .engine = system != NULL ? system->engine : NULL };
    gantry_system_check_options o;
    struct answers *a = NULL;
    gantry_call shared;
    int rc = gnt_enter(c.engine, GANTRY_FEATURE_SYSTEM_CHECK, err);

    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_system_check_options, o, opts, err);
    if (rc == 0) {
        c.end = &c.first;
        c.call = gnt_call_share(&shared, o.call);
        c.report = gnt_result_new(&c.engine->host.mem, GNT_KIND_SYSTEM_REPORT, err);
        a = c.report != NULL ? gnt_arena_alloc(gnt_result_arena(c.report), sizeof *a) : NULL;
        rc = a == NULL ? gnt_nomem(err) : 0;
    }
    if (rc == 0) {
        gnt_result_on_free(c.report, free_answers, a);
        rc = check(&c, a, err);
    }
    if (rc == 0)
        *out = c.report;
    else
        gantry_system_report_free(c.report);
    return gnt_leave(rc, GANTRY_FEATURE_SYSTEM_CHECK, GANTRY_RESOURCE_ENGINE, NULL, err);
}
