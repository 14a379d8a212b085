/*
 * The factory: the first place of the order where an engine answers that can be opened; the report
 * of what happened is part of the engine and of the error.
 */
#include "open_impl.h"

#include <string.h>
#include <unistd.h>

#include "error.h"
#include "service.h"

enum {
    DEFAULT_CONNECT_MS = 10000,
    DEFAULT_REQUEST_MS = 120000,
    DEFAULT_PROBE_MS = 3000,
    DEFAULT_IDLE = 4,
    DEFAULT_CONNECTIONS = 1024
};

/* ---- options --------------------------------------------------------------------------------- */

static int check_switch(int value, const char *name, gantry_error *err)
{
    if (value == 0 || value == GANTRY_ON || value == GANTRY_OFF)
        return 0;
    return gnt_fail(err, GANTRY_E_INVALID, "%s: is neither GANTRY_ON nor GANTRY_OFF", name);
}

static int check_limit(int64_t ms, const char *name, gantry_error *err)
{
    if (ms >= 0 || ms == GANTRY_NO_TIMEOUT)
        return 0;
    return gnt_fail(err, GANTRY_E_INVALID, "%s: must not be negative, but for GANTRY_NO_TIMEOUT",
                    name);
}

static int check_search(const gantry_engine_options *opts, gantry_error *err)
{
    int rc = check_switch(opts->rootless, "rootless", err);

    if (rc == 0)
        rc = check_switch(opts->remote, "remote", err);
    if (rc == 0)
        rc = check_switch(opts->on_demand, "on_demand", err);
    if (rc == 0)
        rc = check_limit(opts->connect_timeout_ms, "connect_timeout_ms", err);
    if (rc == 0)
        rc = check_limit(opts->request_timeout_ms, "request_timeout_ms", err);
    if (rc == 0 && opts->probe_timeout_ms < 0)
        rc = gnt_fail(err, GANTRY_E_INVALID, "probe_timeout_ms: must not be negative");
    if (rc == 0 && opts->max_connections < 0)
        rc = gnt_fail(err, GANTRY_E_INVALID, "max_connections: must not be negative");
    if (rc == 0 && opts->dialer != NULL && opts->address == NULL)
        rc = gnt_fail(err, GANTRY_E_INVALID, "dialer: needs an address, which names the engine");
    return rc;
}

/* Of the backends that are meant, by GANTRY_RUNTIME_. */
static const char *const names[] = { NULL, "docker", "podman" };

/* Podman, and nobody else, is started on demand. */
static int may_be_podman(const struct gnt_opening *o)
{
    return o->backend == NULL || strcmp(o->backend, names[GANTRY_RUNTIME_PODMAN]) == 0;
}

/* Where nothing would ever be started, ON is a mistake. */
static int check_on_demand(const struct gnt_opening *o, gantry_error *err)
{
    const gantry_engine_options *opts = &o->options;

    if (opts->on_demand != GANTRY_ON)
        return 0;
    if (opts->address != NULL || opts->docker_context != NULL || opts->podman_connection != NULL)
        return gnt_fail(err, GANTRY_E_INVALID,
                        "on_demand: nothing is started in place of an address, context or "
                        "connection");
    if (!may_be_podman(o))
        return gnt_fail(err, GANTRY_E_INVALID, "on_demand: Podman is started, not %s", o->backend);
    return 0;
}

int gnt_opening_import(struct gnt_opening *o, int runtime, const gantry_engine_options *opts,
                       gantry_error *err)
{
    int rc = gnt_import_options(&o->options, sizeof o->options, opts, "gantry_engine_options", err);

    if (rc == 0)
        rc = gnt_import(&o->limits, sizeof o->limits, o->options.limits, "gantry_limits", err);
    if (rc == 0)
        rc = check_search(&o->options, err);
    if (rc < 0)
        return rc;
    if (runtime < GANTRY_RUNTIME_AUTO || runtime > GANTRY_RUNTIME_PODMAN)
        return gnt_fail(err, GANTRY_E_INVALID, "runtime: %d is none of GANTRY_RUNTIME_", runtime);
    o->backend = o->options.backend != NULL ? o->options.backend : names[runtime];
    if (o->options.backend != NULL && runtime != GANTRY_RUNTIME_AUTO)
        return gnt_fail(err, GANTRY_E_INVALID, "backend: needs GANTRY_RUNTIME_AUTO");
    if (o->backend != NULL && !gnt_backend_is_known(o->backend))
        return gnt_fail(err, GANTRY_E_UNSUPPORTED, "this library has no backend named \"%s\"",
                        o->backend);
    return check_on_demand(o, err);
}

/* The program's own provider; without one the files are looked up once the backend is known. */
static int import_credentials(struct gantry_host *host, const gantry_engine_options *opts,
                              gantry_error *err)
{
    gantry_credential_provider *provider = &host->credentials.provider;
    int rc = gnt_import(provider, sizeof *provider, opts->credentials, "gantry_credential_provider",
                        err);

    if (rc == 0 && opts->no_credentials != 0 && opts->no_credentials != GANTRY_ON &&
        opts->no_credentials != GANTRY_OFF)
        rc = gnt_fail(err, GANTRY_E_INVALID, "no_credentials: is neither GANTRY_ON nor GANTRY_OFF");
    if (rc == 0 && opts->credentials != NULL && provider->get == NULL)
        rc = gnt_fail(err, GANTRY_E_INVALID, "credentials: get must be set");
    if (rc == 0 && opts->credentials != NULL && opts->no_credentials == GANTRY_ON)
        rc = gnt_fail(err, GANTRY_E_INVALID, "credentials and no_credentials exclude each other");
    return rc;
}

/* A time limit of the host: 0 is none there. */
static int64_t host_limit(int64_t given, int64_t usual)
{
    if (given == GANTRY_NO_TIMEOUT)
        return 0;
    return given != 0 ? given : usual;
}

int gnt_opening_host(struct gantry_host *host, const struct gnt_opening *o, gantry_error *err)
{
    const gantry_engine_options *opts = &o->options;
    int rc = gnt_mem_init(&host->mem, opts->allocator, err);

    if (rc < 0)
        return rc;
    rc = gnt_import(&host->logger, sizeof host->logger, opts->logger, "gantry_logger", err);
    if (rc < 0)
        return rc;
    rc = import_credentials(host, opts, err);
    if (rc < 0)
        return rc;
    host->limits = o->limits;
    gnt_limits_defaults(&host->limits);
    host->connect_timeout_ms = host_limit(opts->connect_timeout_ms, DEFAULT_CONNECT_MS);
    host->request_timeout_ms = host_limit(opts->request_timeout_ms, DEFAULT_REQUEST_MS);
    host->max_idle = opts->max_idle == 0 ? DEFAULT_IDLE : opts->max_idle < 0 ? 0 : opts->max_idle;
    host->max_connections = opts->max_connections > 0 ? opts->max_connections : DEFAULT_CONNECTIONS;
    host->pid = getpid();
    return 0;
}

/* What would be wrong with every place is the program's mistake, not that of places. */
static int check_ways(const struct gnt_opening *o, gantry_error *err)
{
    static const struct gnt_place nowhere = { .source = "", .address = "" };
    gantry_route route = { .host = o->host, .base_path = "" };
    int rc;

    gnt_arena_init(&route.arena, &o->host->mem);
    route.arena.wipe = 1;
    rc = gnt_route_fill_http(&route, &o->options, &nowhere, err);
    gnt_arena_free(&route.arena);
    return rc;
}

int gnt_opening_begin(struct gnt_opening *o, int runtime, gantry_error *err)
{
    const gantry_engine_options *opts = &o->options;
    struct gnt_arena *arena;
    gantry_call shared;
    int rc;

    gnt_arena_init(&o->texts, &o->host->mem);
    o->texts.wipe = 1;
    gnt_call_import(&o->call, gnt_call_share(&shared, opts->call));
    if (gnt_environment_copy(&o->texts, &o->env, opts->environment) < 0)
        return gnt_nomem(err);
    o->list = gnt_result_new(&o->host->mem, GNT_KIND_CANDIDATE_LIST, err);
    if (o->list == NULL)
        return GANTRY_E_NOMEM;
    arena = gnt_result_arena(o->list);
    arena->wipe = 1; /* places have headers */
    rc = check_ways(o, err);
    if (rc == 0)
        rc = gnt_places_find(arena, runtime, opts, &o->env, &o->places, err);
    if (rc < 0)
        return rc;
    o->search.host = o->host;
    o->search.env = &o->env;
    o->search.options = opts;
    o->search.backend = o->backend;
    o->search.call = o->call;
    if (!o->places.exclusive)
        o->search.limit_ms = opts->probe_timeout_ms > 0 ? opts->probe_timeout_ms : DEFAULT_PROBE_MS;
    else if (opts->call == NULL || opts->call->timeout_ms == 0)
        o->search.limit_ms = o->host->connect_timeout_ms;
    return gnt_search_begin(&o->search, &o->places, err);
}

void gnt_opening_end(struct gnt_opening *o)
{
    gnt_search_free(&o->search);
    gnt_arena_free(&o->texts);
}

/* ---- taking a place -------------------------------------------------------------------------- */

static void drop_engine(gantry_engine *e)
{
    e->backend->facts.close(e->state);
    gnt_free(&e->host.mem, e->state);
    e->state = NULL;
    e->backend = NULL;
    e->route = NULL;
    e->address = NULL;
}

/* Open what the probe recognised, unless it had to be opened to be asked more. */
static int open_state(gantry_engine *e, struct gnt_search_job *job, const gantry_call *call,
                      gantry_error *err)
{
    size_t size = job->backend->facts.state_size;
    gantry_endpoint endpoint;

    e->backend = job->backend;
    e->state = job->state;
    job->state = NULL;
    if (e->state != NULL)
        return 0;
    e->state = gnt_alloc(&e->host.mem, size > 0 ? size : 1);
    if (e->state == NULL) {
        e->backend = NULL;
        return gnt_nomem(err);
    }
    gnt_search_endpoint(job->route, &job->found, &endpoint);
    return e->backend->facts.open(e->state, &e->host, &endpoint, call, err);
}

static int make_engine(gantry_engine *e, struct gnt_search_job *job, const gantry_call *call,
                       gantry_error *err)
{
    int rc = open_state(e, job, call, err);

    if (rc < 0) {
        if (e->state != NULL)
            drop_engine(e);
        return rc;
    }
    e->route = job->route;
    e->address = job->route->address.text;
    return 0;
}

/* Without a provider of the program's own: what the engine's command line would find. */
static int open_credentials(struct gantry_host *host, const struct gnt_opening *o, int order,
                            gantry_error *err)
{
    gantry_credentials_options options = {
        .size = sizeof options, .allocator = &host->mem.a, .environment = o->env.all, .order = order
    };

    if (host->credentials.provider.get != NULL || o->options.no_credentials == GANTRY_ON)
        return 0;
    return gantry_credentials_open(&options, &host->credentials.own, err);
}

/* Of a place where an engine answers; why not is then the job's reason. */
static int take(struct gnt_opening *o, gantry_engine *e, struct gnt_search_job *job)
{
    gantry_call call = o->call;
    gantry_call shared;
    int rc;

    if (o->search.limit_ms > 0) /* asking and opening share it */
        call.timeout_ms = job->left_ms > 0 ? job->left_ms : 1;
    rc = make_engine(e, job, gnt_call_share(&shared, &call), &job->reason);
    if (rc == GANTRY_E_TIMEOUT)
        gnt_search_late(&o->search, &job->reason);
    if (rc == 0) {
        rc = open_credentials(&e->host, o, job->backend->facts.credentials, &job->reason);
        if (rc < 0)
            drop_engine(e);
    }
    job->reason.code = rc;
    if (rc == 0) {
        gnt_backend_opened(job->backend);
        gnt_route_settle(job->route);
        job->taken = 1;
        job->route = NULL; /* the engine's from now on, as is the reference */
    }
    return rc;
}

/* What the service said belongs to the reason why nobody answers there. */
static void add_words(const gantry_engine *e, struct gnt_search_job *job)
{
    char words[400];

    gnt_service_words(e->service, words, sizeof words);
    if (words[0] != '\0')
        gnt_error_suffix(&job->reason, "it said: %s", words);
}

static int take_on_demand(struct gnt_opening *o, gantry_engine *e)
{
    struct gnt_search_job *job = &o->search.jobs[o->search.count];
    const char *address = NULL;
    int rc;

    job->place =
        (struct gnt_place){ .source = "Podman on demand", .address = "podman system service" };
    job->found.rootless = -1;
    rc = gnt_service_start(&e->host, &o->env, o->options.podman_program, &e->service, &address,
                           &job->reason);
    if (rc < 0) {
        job->reason.code = rc == GANTRY_E_NOT_FOUND ? GANTRY_E_UNAVAILABLE : rc;
        return job->reason.code;
    }
    job->place.address = address;
    o->search.limit_ms = e->host.connect_timeout_ms;
    gnt_search_ask(&o->search, job);
    rc = job->reason.code;
    if (rc == 0)
        rc = take(o, e, job);
    if (rc < 0)
        add_words(e, job);
    return rc;
}

/* ---- the search ------------------------------------------------------------------------------ */

/* The first in order that can be opened: *out_chosen, or the number of places. Negative: the search
 * is over without one, for a reason that is not about one place. */
static int take_first(struct gnt_opening *o, gantry_engine *e, size_t *out_chosen,
                      gantry_error *err)
{
    struct gnt_search *s = &o->search;
    size_t i;

    for (i = 0; i < s->count; i++) {
        struct gnt_search_job *job = &s->jobs[i];
        int rc = gnt_search_await(s, i, err);

        if (rc < 0)
            return rc;
        if (job->reason.code == 0 && take(o, e, job) == 0)
            break;
        if (gnt_opening_ends(job->reason.code)) {
            *err = job->reason;
            return job->reason.code;
        }
        rc = gantry_call_check(&o->call, 0, err); /* its time may be over in between */
        if (rc < 0 && job->reason.code == rc)
            *err = job->reason; /* which may say more about it */
        if (rc < 0)
            return rc;
    }
    *out_chosen = i;
    return 0;
}

static int search(struct gnt_opening *o, gantry_engine *e, int may_start, gantry_error *err)
{
    struct gnt_search *s = &o->search;
    size_t count = s->count;
    size_t chosen = count;
    int rc = take_first(o, e, &chosen, err);

    gnt_search_stop(s);
    if (rc == 0 && chosen == count && may_start) {
        count++;
        rc = take_on_demand(o, e);
        if (gnt_opening_ends(rc)) {
            *err = s->jobs[chosen].reason;
        } else {
            chosen += rc < 0;
            rc = rc < 0 ? gantry_call_check(&o->call, 0, err) : 0;
        }
    }
    if (rc == 0)
        rc = gnt_candidates_fill(o, count, chosen, err);
    if (rc < 0 || chosen < count)
        return rc;
    if (o->places.exclusive && count == 1 && s->jobs[0].reason.code != GANTRY_E_UNAVAILABLE)
        return gnt_candidates_choice(o, err);
    return gnt_candidates_report(o, err);
}

static int open_engine(gantry_engine *e, struct gnt_opening *o, int runtime, gantry_error *err)
{
    int may_start;
    int rc;

    o->host = &e->host;
    rc = gnt_opening_begin(o, runtime, err);
    e->candidates = o->list;
    if (rc == 0) {
        may_start = !o->places.exclusive && may_be_podman(o) && o->options.on_demand != GANTRY_OFF;
        rc = search(o, e, may_start, err);
    }
    gnt_opening_end(o);
    return rc;
}

int gantry_engine_open(int runtime, const gantry_engine_options *opts, gantry_engine **out,
                       gantry_error *err)
{
    struct gnt_opening o = { 0 };
    struct gantry_host host = { 0 };
    gantry_error failure = { 0 }; /* of places that did not answer, too */
    gantry_engine *e = NULL;
    int rc = gnt_opening_import(&o, runtime, opts, &failure);

    if (rc == 0 && out == NULL)
        rc = gnt_fail(&failure, GANTRY_E_INVALID, "out: must not be NULL");
    if (rc == 0)
        rc = gnt_opening_host(&host, &o, &failure);
    if (rc == 0 && (e = gnt_alloc(&host.mem, sizeof *e)) == NULL)
        rc = gnt_nomem(&failure);
    if (rc == 0) {
        e->host = host;
        e->images.engine = e->containers.engine = e->volumes.engine = e->networks.engine = e;
        e->registries.engine = e->manifests.engine = e;
        e->pods.engine = e->secrets.engine = e->system.engine = e->kube.engine = e;
        rc = open_engine(e, &o, runtime, &failure);
    }
    if (rc < 0) {
        gantry_engine_close(e);
        gnt_error_operation(&failure, "engine.open");
        if (err != NULL)
            *err = failure;
        return rc;
    }
    gnt_log(&e->host, GANTRY_LOG_INFO, "engine", "%s at %s", e->backend->facts.name, e->address);
    *out = e;
    return 0;
}

void gantry_engine_close(gantry_engine *engine)
{
    struct gnt_mem mem;

    if (engine == NULL)
        return;
    mem = engine->host.mem;
    if (engine->backend != NULL && engine->state != NULL)
        engine->backend->facts.close(engine->state);
    gnt_free(&mem, engine->state);
    if (engine->backend != NULL && engine->host.pid == getpid()) /* a child does without the lock */
        gnt_backend_closed(engine->backend);
    gnt_route_close(engine->route);
    if (engine->host.pid == getpid())
        gnt_service_stop(engine->service);
    else
        gnt_service_forget(engine->service);
    gantry_credentials_free(engine->host.credentials.own);
    gnt_result_free(engine->candidates);
    gnt_free(&mem, engine);
}
