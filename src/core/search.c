/* See search.h. */
#include "search.h"

#include "error.h"

#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

enum {
    THREADS_MOST = 16
};

/* ---- one place ------------------------------------------------------------------------------- */

void gnt_search_endpoint(const gantry_route *route, const gantry_probe *found, gantry_endpoint *out)
{
    const struct gnt_address *a = &route->address;

    *out = (gantry_endpoint){ .size = sizeof *out,
                              .address = a->text,
                              .scheme = a->scheme,
                              .path = a->path,
                              .host = a->host,
                              .port = a->port,
                              .api_version = route->api_version,
                              .route = route,
                              .found = found };
}

/* Registered backends are not asked about a socket where nobody listens: what they would make of
 * it, and how long that takes, is up to them. The built-in ones find out by their question. */
static int knock(const struct gnt_search *s, const struct gnt_search_job *job,
                 const struct gnt_backend *b, int *knocked, gantry_error *err)
{
    if (b->built_in || *knocked || job->route->dialer.dial != NULL)
        return 0;
    *knocked = 1;
    return gnt_search_knock(&s->host->mem, job->route->address.text, err);
}

/* Nobody is known there, whatever the one that was asked last has written. */
static void find_nothing(struct gnt_search_job *job)
{
    job->found = (gantry_probe){ .size = sizeof job->found, .rootless = -1 };
}

/* Whatever a backend of others has written. */
static void end_texts(gantry_probe *found)
{
    found->version[sizeof found->version - 1] = '\0';
    found->detail[sizeof found->detail - 1] = '\0';
    found->api_version[sizeof found->api_version - 1] = '\0';
}

/* Something answers that is not the engine asked for: another of the library's own may know it. */
static int name_other(const struct gnt_search *s, const gantry_endpoint *endpoint,
                      const gantry_call *call, gantry_error *err)
{
    gantry_probe other = { .size = sizeof other, .rootless = -1 };

    for (const struct gnt_backend *b = gnt_backend_next(NULL); b != NULL; b = gnt_backend_next(b)) {
        if (!b->built_in || strcmp(s->backend, b->facts.name) == 0 ||
            !gnt_backend_has_scheme(b, endpoint->scheme) ||
            b->facts.probe(s->host, endpoint, call, &other, NULL) != GANTRY_PROBE_MINE)
            continue;
        gnt_backend_release(b);
        return gnt_fail(err, GANTRY_E_UNAVAILABLE, "it is %s, not %s", other.detail, s->backend);
    }
    return gnt_fail(err, GANTRY_E_UNAVAILABLE, "something answers, but it is not %s", s->backend);
}

/* Ask the backends in turn who is there. */
static int probe(const struct gnt_search *s, struct gnt_search_job *job, const gantry_call *call,
                 gantry_error *err)
{
    gantry_endpoint endpoint;
    int asked = 0;
    int knocked = 0;

    gnt_search_endpoint(job->route, NULL, &endpoint);
    for (const struct gnt_backend *b = gnt_backend_next(NULL); b != NULL; b = gnt_backend_next(b)) {
        int rc = 0;

        if (!gnt_backend_has_scheme(b, endpoint.scheme) ||
            (s->backend != NULL && strcmp(s->backend, b->facts.name) != 0))
            continue;
        asked = 1;
        find_nothing(job);
        rc = knock(s, job, b, &knocked, err);
        if (rc == 0)
            rc = b->facts.probe(s->host, &endpoint, call, &job->found, err);
        if (rc == GANTRY_PROBE_MINE) {
            job->backend = b;
            end_texts(&job->found);
            if (job->found.detail[0] == '\0')
                gnt_text_copy(job->found.detail, sizeof job->found.detail, b->facts.name,
                              strlen(b->facts.name), 0, 0);
            return 0;
        }
        if (rc < 0) {
            gnt_backend_release(b);
            return rc;
        }
    }
    find_nothing(job);
    if (!asked && s->backend != NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "%s takes no %s:// addresses", s->backend,
                        endpoint.scheme);
    if (!asked)
        return gnt_fail(err, GANTRY_E_INVALID, "no backend takes %s:// addresses", endpoint.scheme);
    if (s->backend != NULL)
        return name_other(s, &endpoint, call, err);
    return gnt_fail(err, GANTRY_E_UNAVAILABLE, "something answers, but it is not a known engine");
}

static void drop_state(const struct gnt_search *s, struct gnt_search_job *job)
{
    if (job->state == NULL)
        return;
    job->backend->facts.close(job->state);
    gnt_free(&s->host->mem, job->state);
    job->state = NULL;
}

/* Whether it runs without root: the answer of the engine, which is opened for it. */
static int ask_info(const struct gnt_search *s, struct gnt_search_job *job, const gantry_call *call,
                    gantry_error *err)
{
    const struct gnt_backend *b = job->backend;
    gantry_query_options query = { .size = sizeof query, .call = call };
    size_t size = b->facts.state_size;
    gantry_info *info = NULL;
    gantry_endpoint endpoint;
    gantry_error failure = { 0 };
    int told = 0;
    int rc;

    job->state = gnt_alloc(&s->host->mem, size > 0 ? size : 1);
    if (job->state == NULL)
        return gnt_nomem(err);
    gnt_search_endpoint(job->route, &job->found, &endpoint);
    rc = b->facts.open(job->state, s->host, &endpoint, call, err);
    if (rc == 0 && b->engine.info != NULL)
        told = b->engine.info(job->state, &query, &info, &failure);
    if (info != NULL)
        job->found.rootless = info->rootless != 0;
    gantry_info_free(info);
    /* That it does not tell is the report's -1, unless somebody has to know. */
    if (rc == 0 && told < 0 && (s->options->rootless != 0 || told == GANTRY_E_NOMEM)) {
        if (err != NULL)
            *err = failure;
        return told;
    }
    return rc;
}

static int check_wanted(const struct gnt_search *s, const struct gnt_search_job *job,
                        gantry_error *err)
{
    int wanted = s->options->rootless;

    if (wanted == 0 || job->found.rootless == (wanted == GANTRY_ON))
        return 0;
    if (job->found.rootless < 0)
        return gnt_fail(err, GANTRY_E_UNAVAILABLE,
                        "%s is not taken: it does not say whether it runs without root",
                        job->found.detail);
    return gnt_fail(err, GANTRY_E_UNAVAILABLE,
                    "%s is not taken: it runs %s root, and rootless is %s", job->found.detail,
                    job->found.rootless ? "without" : "with", wanted == GANTRY_ON ? "ON" : "OFF");
}

void gnt_search_late(const struct gnt_search *s, gantry_error *reason)
{
    if (s->limit_ms > 0 && gantry_call_check(&s->call, 0, NULL) == 0)
        gnt_fail(reason, GANTRY_E_TIMEOUT, "no answer within %" PRId64 " ms", s->limit_ms);
    gnt_error_outcome(reason, GANTRY_OUTCOME_NOT_SENT, GANTRY_RETRY_YES); /* only questions were */
}

void gnt_search_ask(struct gnt_search *s, struct gnt_search_job *job)
{
    gantry_call call = s->call;
    gantry_call shared;
    const gantry_call *limited;
    int64_t begun_ns = gantry_clock_ns();
    int rc;

    if (s->stop != NULL)
        call.cancel = s->stop;
    if (s->limit_ms > 0)
        call.timeout_ms = s->limit_ms;
    limited = gnt_call_share(&shared, &call);
    rc = gnt_route_open(s->host, s->env, s->options, &job->place, limited, &job->route,
                        &job->reason);
    if (rc == 0)
        rc = probe(s, job, limited, &job->reason);
    if (rc == 0 && (s->ask_rootless || s->options->rootless != 0))
        rc = ask_info(s, job, limited, &job->reason);
    if (rc == 0)
        rc = check_wanted(s, job, &job->reason);
    if (rc == GANTRY_E_TIMEOUT)
        gnt_search_late(s, &job->reason);
    job->reason.code = rc;
    job->left_ms = s->limit_ms - (gantry_clock_ns() - begun_ns) / 1000000;
    if (rc < 0 || s->ask_rootless) /* nobody will open it */
        drop_state(s, job);
    if (rc < 0) {
        if (s->options->dialer == NULL)
            gnt_search_explain(&s->host->mem, job->place.address, &job->reason);
        gnt_route_close(job->route);
        job->route = NULL;
    }
}

/* ---- threads --------------------------------------------------------------------------------- */

/* With the lock held. */
static struct gnt_search_job *next_job(struct gnt_search *s)
{
    for (size_t i = 0; !s->stopping && i < s->count; i++) {
        if (!s->jobs[i].begun && !s->jobs[i].done) {
            s->jobs[i].begun = 1;
            return &s->jobs[i];
        }
    }
    return NULL;
}

static void *worker(void *arg)
{
    struct gnt_search *s = arg;
    struct gnt_search_job *job;

    pthread_mutex_lock(&s->lock);
    while ((job = next_job(s)) != NULL) {
        pthread_mutex_unlock(&s->lock);
        gnt_search_ask(s, job);
        pthread_mutex_lock(&s->lock);
        job->done = 1;
        gantry_cancel_trigger(s->news);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* Signals are for the program's own threads. Fewer threads, or none, are no failure: what nobody
 * has asked is asked by the one who waits. */
static void start_workers(struct gnt_search *s, size_t open)
{
    size_t most = open < THREADS_MOST ? open : THREADS_MOST;
    sigset_t all;
    sigset_t before;

    s->threads = gnt_alloc(&s->host->mem, most * sizeof *s->threads);
    if (s->threads == NULL || gantry_cancel_new(&s->stop, NULL) < 0 ||
        gantry_cancel_new(&s->news, NULL) < 0) {
        gantry_cancel_free(s->stop);
        s->stop = NULL;
        return;
    }
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (s->thread_count < most &&
           pthread_create(&s->threads[s->thread_count], NULL, worker, s) == 0)
        s->thread_count++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (s->thread_count == 0) {
        gantry_cancel_free(s->stop);
        s->stop = NULL;
    }
}

/* ---- all places ------------------------------------------------------------------------------ */

/* What can be told without asking. A choice is asked in any case: how it fails is the error of the
 * call. */
static void look(const struct gnt_search *s, struct gnt_search_job *job, int exclusive)
{
    const struct gnt_place *place = &job->place;
    int rc = 0;

    job->found.rootless = -1;
    job->remote = gnt_place_is_remote(place->address);
    if (place->code != 0)
        rc = gnt_fail(&job->reason, place->code, "%s", place->trouble);
    else if (job->remote && s->options->remote == GANTRY_OFF)
        rc = gnt_fail(&job->reason, GANTRY_E_UNAVAILABLE,
                      "not asked: it is reached over a network, and remote is OFF");
    else if (!exclusive)
        rc = gnt_search_look(&s->host->mem, place->address, &job->missing, &job->reason);
    if (place->code != 0 && !exclusive)
        gnt_log(s->host, GANTRY_LOG_WARNING, "engine", "%s is left out: %s", place->source,
                place->trouble);
    job->settled = rc < 0;
    job->done = rc < 0;
}

int gnt_search_begin(struct gnt_search *s, const struct gnt_places *places, gantry_error *err)
{
    size_t open = 0;

    if (pthread_mutex_init(&s->lock, NULL) != 0)
        return gnt_nomem(err);
    s->jobs = gnt_alloc(&s->host->mem, (places->count + 1) * sizeof *s->jobs);
    if (s->jobs == NULL) {
        pthread_mutex_destroy(&s->lock);
        return gnt_nomem(err);
    }
    s->count = places->count;
    for (size_t i = 0; i < s->count; i++) {
        s->jobs[i].place = places->items[i];
        if (s->backend != NULL)
            s->jobs[i].place.engine = s->backend;
        look(s, &s->jobs[i], places->exclusive);
        open += !s->jobs[i].done;
    }
    if (open > 1)
        start_workers(s, open);
    return 0;
}

static int ask_here(struct gnt_search *s, struct gnt_search_job *job, gantry_error *err)
{
    int rc = job->done ? 0 : gantry_call_check(&s->call, 0, err);

    if (rc < 0 || job->done)
        return rc;
    gnt_search_ask(s, job);
    job->done = 1;
    return 0;
}

int gnt_search_await(struct gnt_search *s, size_t i, gantry_error *err)
{
    struct pollfd fds[2] = { { -1, POLLIN, 0 }, { -1, POLLIN, 0 } };
    struct gnt_search_job *job = &s->jobs[i];

    if (s->thread_count == 0)
        return ask_here(s, job, err);
    fds[0].fd = gantry_cancel_fd(s->news);
    fds[1].fd = gantry_cancel_fd(s->call.cancel);
    for (;;) {
        int done;

        pthread_mutex_lock(&s->lock);
        done = job->done;
        pthread_mutex_unlock(&s->lock);
        if (done)
            return 0;
        if (gantry_cancel_triggered(s->call.cancel))
            return gantry_call_check(&s->call, 0, err);
        (void)poll(fds, 2, -1); /* each job ends by its own limit at the latest */
        gantry_cancel_reset(s->news);
    }
}

void gnt_search_stop(struct gnt_search *s)
{
    if (s->thread_count == 0)
        return;
    pthread_mutex_lock(&s->lock);
    s->stopping = 1;
    pthread_mutex_unlock(&s->lock);
    gantry_cancel_trigger(s->stop);
    for (size_t i = 0; i < s->thread_count; i++)
        pthread_join(s->threads[i], NULL);
    s->thread_count = 0;
    gantry_cancel_free(s->stop);
    s->stop = NULL;
}

void gnt_search_free(struct gnt_search *s)
{
    if (s->jobs == NULL)
        return;
    gnt_search_stop(s);
    for (size_t i = 0; i <= s->count; i++) {
        drop_state(s, &s->jobs[i]);
        gnt_route_close(s->jobs[i].route);
        if (!s->jobs[i].taken)
            gnt_backend_release(s->jobs[i].backend);
    }
    gantry_cancel_free(s->news);
    pthread_mutex_destroy(&s->lock);
    gnt_free(&s->host->mem, s->threads);
    gnt_free(&s->host->mem, s->jobs);
    s->jobs = NULL;
}
