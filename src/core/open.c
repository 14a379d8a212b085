/*
 * The factory: candidates are tried in order, each proven by a backend's probe; the report of what
 * happened is part of the engine and of the error.
 */
#include "engine.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "detect.h"
#include "error.h"
#include "route.h"
#include "service.h"

enum {
    DEFAULT_CONNECT_MS = 10000,
    DEFAULT_REQUEST_MS = 120000,
    DEFAULT_IDLE = 4,
    DEFAULT_CONNECTIONS = 1024
};

/* ---- opening --------------------------------------------------------------------------------- */

/* Everything that opening and detecting share. */
struct opening {
    gantry_engine_options options;
    gantry_limits limits;
    struct gnt_environment env;
    const char *backend; /* name asked for, or NULL */
    struct gantry_host *host;
    gantry_candidate_list *list;
    gantry_candidate **items;
    gantry_call call;       /* the caller's, its relative limit counted from the beginning */
    gantry_call probe_call; /* of one place */
};

static int import_options(struct opening *o, int runtime, const gantry_engine_options *opts,
                          gantry_error *err)
{
    static const char *const names[] = { NULL, "docker", "podman" };
    int rc = gnt_import_options(&o->options, sizeof o->options, opts, "gantry_engine_options", err);

    if (rc == 0)
        rc = gnt_import(&o->limits, sizeof o->limits, o->options.limits, "gantry_limits", err);
    if (rc < 0)
        return rc;
    if (runtime < GANTRY_RUNTIME_AUTO || runtime > GANTRY_RUNTIME_PODMAN)
        return gnt_fail(err, GANTRY_E_INVALID, "runtime: %d is none of GANTRY_RUNTIME_", runtime);
    o->backend = o->options.backend != NULL ? o->options.backend : names[runtime];
    if (o->options.backend != NULL && runtime != GANTRY_RUNTIME_AUTO)
        return gnt_fail(err, GANTRY_E_INVALID, "backend: needs GANTRY_RUNTIME_AUTO");
    if (o->backend != NULL && gnt_backend_by_name(o->backend) == NULL)
        return gnt_fail(err, GANTRY_E_UNSUPPORTED, "this library has no backend named \"%s\"",
                        o->backend);
    gnt_environment_read(&o->env, o->options.environment);
    return 0;
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

static int init_host(struct gantry_host *host, const struct opening *o, gantry_error *err)
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
    host->connect_timeout_ms =
        opts->connect_timeout_ms > 0 ? opts->connect_timeout_ms : DEFAULT_CONNECT_MS;
    host->request_timeout_ms =
        opts->request_timeout_ms > 0 ? opts->request_timeout_ms : DEFAULT_REQUEST_MS;
    host->max_idle = opts->max_idle == 0 ? DEFAULT_IDLE : opts->max_idle < 0 ? 0 : opts->max_idle;
    host->max_connections = opts->max_connections > 0 ? opts->max_connections : DEFAULT_CONNECTIONS;
    host->pid = getpid();
    return 0;
}

static int new_list(struct opening *o, size_t capacity, gantry_error *err)
{
    o->list = gnt_result_new(&o->host->mem, GNT_KIND_CANDIDATE_LIST, err);
    if (o->list == NULL)
        return GANTRY_E_NOMEM;
    o->items = gantry_result_alloc(o->list, (capacity + 1) * sizeof *o->items);
    if (o->items == NULL)
        return gnt_nomem(err);
    o->list->items = (const gantry_candidate *const *)o->items;
    return 0;
}

static gantry_candidate *new_candidate(struct opening *o, const struct gnt_place *place,
                                       gantry_error *err)
{
    gantry_candidate *c = gnt_result_item(o->list, GNT_KIND_CANDIDATE);

    if (c == NULL) {
        gnt_nomem(err);
        return NULL;
    }
    c->rootless = -1;
    c->source = gantry_result_strdup(o->list, place->source);
    c->address = gantry_result_strdup(o->list, place->address);
    if (c->source == NULL || c->address == NULL) {
        gnt_nomem(err);
        return NULL;
    }
    o->items[o->list->count++] = c;
    return c;
}

/* Ask the backends in turn who is there. 0 with *out set, or the reason why nobody is. */
static int probe(struct opening *o, const gantry_endpoint *endpoint, gantry_probe *found,
                 const struct gnt_backend **out, gantry_error *err)
{
    int asked = 0;

    for (const struct gnt_backend *b = gnt_backend_first(); b != NULL; b = gnt_backend_next(b)) {
        int rc;

        if (!gnt_backend_has_scheme(b, endpoint->scheme) ||
            (o->backend != NULL && strcmp(o->backend, b->facts.name) != 0))
            continue;
        asked = 1;
        *found = (gantry_probe){ .size = sizeof *found, .rootless = -1 };
        rc = b->facts.probe(o->host, endpoint, &o->probe_call, found, err);
        if (rc < 0)
            return rc;
        if (rc == GANTRY_PROBE_MINE) {
            *out = b;
            return 0;
        }
    }
    if (!asked)
        return gnt_fail(err, GANTRY_E_INVALID, "no backend takes %s:// addresses",
                        endpoint->scheme);
    return gnt_fail(err, GANTRY_E_UNAVAILABLE, "something answers, but it is not %s",
                    o->backend != NULL ? o->backend : "a known engine");
}

static void fill_endpoint(gantry_endpoint *endpoint, const gantry_route *route)
{
    const struct gnt_address *a = &route->address;

    *endpoint = (gantry_endpoint){ .size = sizeof *endpoint,
                                   .address = a->text,
                                   .scheme = a->scheme,
                                   .path = a->path,
                                   .host = a->host,
                                   .port = a->port,
                                   .api_version = route->api_version,
                                   .route = route };
}

/* The reason without the address, which stands beside it in every report. */
static const char *why(const gantry_error *reason)
{
    const char *text = strrchr(reason->message, ':');

    if (gantry_error_is(reason, GANTRY_E_UNAVAILABLE) && reason->os_error != 0 && text != NULL &&
        text[1] == ' ')
        return text + 2;
    return reason->message;
}

/* Try one place: its candidate says what happened. *out_route is to be closed in any case. */
static int try_place(struct opening *o, gantry_candidate *c, const struct gnt_place *place,
                     gantry_route **out_route, const struct gnt_backend **out, gantry_error *err)
{
    gantry_endpoint endpoint;
    gantry_error reason = { 0 };
    gantry_probe found = { 0 };
    int rc =
        gnt_route_open(o->host, &o->env, &o->options, place, &o->probe_call, out_route, &reason);

    if (rc == 0) {
        c->remote = gnt_route_is_remote(*out_route);
        fill_endpoint(&endpoint, *out_route);
        rc = probe(o, &endpoint, &found, out, &reason);
    }
    c->code = rc;
    c->backend = rc == 0 ? (*out)->facts.name : NULL;
    c->detail = gantry_result_strdup(o->list, rc == 0 ? found.detail : why(&reason));
    if (rc == 0) {
        c->version = gantry_result_strdup(o->list, found.version);
        c->rootless = found.rootless;
    }
    if (c->detail == NULL || c->version == NULL)
        return gnt_nomem(err);
    if (rc < 0 && err != NULL)
        *err = reason;
    return rc;
}

static int make_engine(gantry_engine *e, gantry_route *route, const struct gnt_backend *backend,
                       const gantry_call *call, gantry_error *err)
{
    size_t size = backend->facts.state_size;
    gantry_endpoint endpoint;
    int rc;

    fill_endpoint(&endpoint, route);
    e->state = gnt_alloc(&e->host.mem, size > 0 ? size : 1);
    if (e->state == NULL)
        return gnt_nomem(err);
    e->backend = backend;
    rc = backend->facts.open(e->state, &e->host, &endpoint, call, err);
    if (rc < 0) {
        backend->facts.close(e->state);
        gnt_free(&e->host.mem, e->state);
        e->state = NULL;
        e->backend = NULL;
        return rc;
    }
    e->route = route;
    e->address = route->address.text;
    return 0;
}

/* Without a provider of the program's own: what the engine's command line would find. */
static int open_credentials(struct gantry_host *host, const struct opening *o, int order,
                            gantry_error *err)
{
    gantry_credentials_options options = {
        .size = sizeof options, .allocator = &host->mem.a, .environment = o->env.all, .order = order
    };

    if (host->credentials.provider.get != NULL || o->options.no_credentials == GANTRY_ON)
        return 0;
    return gantry_credentials_open(&options, &host->credentials.own, err);
}

/* Take a place if an engine is there that can be opened. */
static int take_place(struct opening *o, gantry_engine *e, const struct gnt_place *place,
                      gantry_error *err)
{
    const struct gnt_backend *backend = NULL;
    gantry_route *route = NULL;
    gantry_candidate *c = new_candidate(o, place, err);
    int rc;

    if (c == NULL)
        return GANTRY_E_NOMEM;
    rc = try_place(o, c, place, &route, &backend, err);
    if (rc == 0)
        rc = make_engine(e, route, backend, &o->call, err);
    if (rc < 0)
        gnt_route_close(route);
    if (rc < 0 && backend == NULL)
        return rc;
    if (rc == 0)
        rc = open_credentials(&e->host, o, backend->facts.credentials, err);
    c->chosen = rc == 0;
    if (rc < 0) {
        c->code = rc;
        if (err != NULL && (c->detail = gantry_result_strdup(o->list, err->message)) == NULL)
            return gnt_nomem(err);
    }
    return rc;
}

/* Failures that end the search: they are not about one place. */
static int ends_search(int rc)
{
    return rc == GANTRY_E_NOMEM || rc == GANTRY_E_CANCELLED;
}

static int take_on_demand(struct opening *o, gantry_engine *e, gantry_error *err)
{
    struct gnt_place place = { .source = "Podman on demand", .address = "podman system service" };
    gantry_candidate *c;
    gantry_error reason = { 0 };
    const char *address = NULL;
    char words[400];
    int rc = gnt_service_start(&e->host, &o->env, o->options.podman_program, &e->service, &address,
                               &reason);

    if (rc < 0) {
        c = new_candidate(o, &place, err);
        if (c == NULL || (c->detail = gantry_result_strdup(o->list, reason.message)) == NULL)
            return gnt_nomem(err);
        c->code = rc == GANTRY_E_NOT_FOUND ? GANTRY_E_UNAVAILABLE : rc;
        return c->code;
    }
    place.address = address;
    rc = take_place(o, e, &place, err);
    if (rc < 0) {
        gnt_service_words(e->service, words, sizeof words);
        c = o->items[o->list->count - 1];
        if (words[0] != '\0')
            c->detail = gnt_arena_printf(gnt_result_arena(o->list), "%s; it said: %s",
                                         c->detail != NULL ? c->detail : "", words);
        if (c->detail == NULL)
            rc = gnt_nomem(err);
        gnt_service_stop(e->service);
        e->service = NULL;
    }
    return rc;
}

/* Nothing answers: one line for people, one line per candidate in `output`. */
static int report(const struct opening *o, gantry_error *err)
{
    char line[1024] = "";
    char lines[2432] = "";
    size_t line_size = 0;
    size_t lines_size = 0;

    for (size_t i = 0; i < o->list->count; i++) {
        const gantry_candidate *c = o->items[i];
        int n = snprintf(line + line_size, sizeof line - line_size, "%s%s (%s): %s",
                         i > 0 ? "; " : "", c->source, c->address, c->detail);

        line_size += n > 0 ? (size_t)n : 0;
        line_size = line_size < sizeof line ? line_size : sizeof line - 1;
        n = snprintf(lines + lines_size, sizeof lines - lines_size, "%s (%s): %s\n", c->source,
                     c->address, c->detail);
        lines_size += n > 0 ? (size_t)n : 0;
        lines_size = lines_size < sizeof lines ? lines_size : sizeof lines - 1;
    }
    gnt_fail(err, GANTRY_E_UNAVAILABLE, "no container engine answers: %s", line);
    if (err != NULL) {
        gnt_text_copy(err->output, sizeof err->output, lines, lines_size, 1, 0);
        err->retry = GANTRY_RETRY_YES;
    }
    gnt_error_resource(err, GANTRY_RESOURCE_ENGINE, o->backend != NULL ? o->backend : "");
    return GANTRY_E_UNAVAILABLE;
}

static int search(struct opening *o, gantry_engine *e, const struct gnt_places *places,
                  int may_start, gantry_error *err)
{
    int rc = GANTRY_E_UNAVAILABLE;

    for (size_t i = 0; i < places->count; i++) {
        if ((rc = gantry_call_check(&o->call, 0, err)) == 0)
            rc = take_place(o, e, &places->items[i], err);
        if (rc == 0 || ends_search(rc) || gantry_call_check(&o->call, 0, NULL) < 0)
            return rc;
    }
    if (may_start) {
        rc = take_on_demand(o, e, err);
        if (rc == 0 || ends_search(rc))
            return rc;
    }
    /* One place that the caller named, and a reason of its own: that is the error. */
    if (places->exclusive && places->count == 1 && rc != GANTRY_E_UNAVAILABLE)
        return rc;
    return report(o, err);
}

static int prepare(struct opening *o, int runtime, struct gnt_places *places, gantry_error *err)
{
    gantry_call shared;
    int rc = new_list(o, GNT_PLACES_MAX + 1, err);

    if (rc == 0)
        rc = gnt_places_find(gnt_result_arena(o->list), runtime, o->options.address, &o->env,
                             places, err);
    gnt_call_import(&o->call, gnt_call_share(&shared, o->options.call));
    o->probe_call = o->call;
    if (o->options.call == NULL || o->options.call->timeout_ms == 0)
        o->probe_call.timeout_ms = o->host->connect_timeout_ms;
    return rc;
}

static int open_engine(gantry_engine *e, struct opening *o, int runtime, gantry_error *err)
{
    struct gnt_places places;
    int may_start;
    int rc;

    o->host = &e->host;
    rc = prepare(o, runtime, &places, err);
    e->candidates = o->list;
    if (rc < 0)
        return rc;
    may_start = !places.exclusive && runtime != GANTRY_RUNTIME_DOCKER &&
                o->options.backend == NULL && o->options.on_demand != GANTRY_OFF;
    return search(o, e, &places, may_start, err);
}

int gantry_engine_open(int runtime, const gantry_engine_options *opts, gantry_engine **out,
                       gantry_error *err)
{
    struct opening o = { 0 };
    struct gantry_host host = { 0 };
    gantry_error failure = { 0 }; /* of places that did not answer, too */
    gantry_engine *e = NULL;
    int rc = import_options(&o, runtime, opts, &failure);

    if (rc == 0 && out == NULL)
        rc = gnt_fail(&failure, GANTRY_E_INVALID, "out: must not be NULL");
    if (rc == 0)
        rc = init_host(&host, &o, &failure);
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
    gnt_route_close(engine->route);
    if (engine->host.pid == getpid())
        gnt_service_stop(engine->service);
    else
        gnt_service_forget(engine->service);
    gantry_credentials_free(engine->host.credentials.own);
    gnt_result_free(engine->candidates);
    gnt_free(&mem, engine);
}

int gantry_detect(int runtime, const gantry_engine_options *opts, gantry_candidate_list **out,
                  gantry_error *err)
{
    struct opening o = { 0 };
    struct gantry_host host = { 0 };
    struct gnt_places places;
    gantry_error failure = { 0 };
    int rc = import_options(&o, runtime, opts, &failure);

    if (rc == 0 && out == NULL)
        rc = gnt_fail(&failure, GANTRY_E_INVALID, "out: must not be NULL");
    if (rc == 0)
        rc = init_host(&host, &o, &failure);
    o.host = &host;
    if (rc == 0)
        rc = prepare(&o, runtime, &places, &failure);
    for (size_t i = 0; rc == 0 && i < places.count; i++) {
        const struct gnt_backend *backend = NULL;
        gantry_route *route = NULL;
        gantry_candidate *c = new_candidate(&o, &places.items[i], &failure);

        rc = c == NULL ? GANTRY_E_NOMEM
                       : try_place(&o, c, &places.items[i], &route, &backend, &failure);
        gnt_route_close(route);
        if (!ends_search(rc))
            rc = gantry_call_check(&o.call, 0, &failure);
    }
    if (rc < 0) {
        gnt_result_free(o.list);
        gnt_error_operation(&failure, "engine.detect");
        if (err != NULL)
            *err = failure;
        return rc;
    }
    *out = o.list;
    return 0;
}
