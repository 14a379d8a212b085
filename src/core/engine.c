/*
 * The engine: dispatch of public functions to slots, its managers, questions about it.
 */
#include "engine.h"

#include <string.h>
#include <unistd.h>

#include "error.h"

/* ---- dispatch -------------------------------------------------------------------------------- */

int gantry_engine_supports(const gantry_engine *engine, int feature)
{
    if (engine == NULL || !gnt_backend_has(engine->backend, feature))
        return 0;
    if (engine->backend->facts.supports == NULL)
        return 1;
    return engine->backend->facts.supports(engine->state, feature);
}

static int cannot(const gantry_engine *engine, int feature, gantry_error *err)
{
    const gantry_backend *facts = &engine->backend->facts;
    const char *reason = facts->reason != NULL ? facts->reason(engine->state, feature) : NULL;

    return gnt_fail(err, GANTRY_E_UNSUPPORTED, "%s cannot do %s%s%s", facts->name,
                    gantry_feature_name(feature), reason != NULL ? ": " : "",
                    reason != NULL ? reason : "");
}

int gnt_enter(const gantry_engine *engine, int feature, gantry_error *err)
{
    if (engine == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "engine or manager: must not be NULL");
    if (engine->host.pid != getpid())
        return gnt_fail(err, GANTRY_E_INVALID,
                        "engine: belongs to the parent process; open one in the child");
    if (!gantry_engine_supports(engine, feature))
        return cannot(engine, feature, err);
    return 0;
}

int gnt_import_options(void *dst, size_t known, const void *src, const char *type,
                       gantry_error *err)
{
    struct head {
        size_t size;
        const gantry_call *call;
    } head;
    gantry_call call;
    int rc = gnt_import(dst, known, src, type, err);

    if (rc < 0)
        return rc;
    memcpy(&head, dst, sizeof head);
    rc = gnt_import(&call, sizeof call, head.call, "gantry_call", err);
    /* Slots read the caller's own: it must be whole, as long as no version is older than this. */
    if (rc == 0 && head.call != NULL && head.call->size < sizeof call)
        rc = gnt_fail(err, GANTRY_E_INVALID, "gantry_call.size is %zu, less than version 0.1's %zu",
                      head.call->size, sizeof call);
    if (rc == 0 &&
        (call.timeout_ms < GANTRY_NO_TIMEOUT || call.deadline_ns < 0 || call.idle_timeout_ms < 0))
        rc = gnt_fail(err, GANTRY_E_INVALID, "call: times must not be negative");
    return rc;
}

int gnt_leave(int rc, int feature, int resource_kind, const char *resource, gantry_error *err)
{
    if (rc < 0 && err != NULL) {
        err->operation[0] = '\0'; /* a public function that this one is made of may have set it */
        gnt_error_operation(err, gantry_feature_name(feature));
        if (err->resource_kind == GANTRY_RESOURCE_NONE && resource != NULL)
            gnt_error_resource(err, resource_kind, resource);
    }
    return rc;
}

int gnt_missing_ok(int rc, int missing_ok, int resource_kind, const gantry_error *err)
{
    if (rc == GANTRY_E_NOT_FOUND && missing_ok == GANTRY_ON && err->resource_kind == resource_kind)
        return 0;
    return rc;
}

/* ---- views and facts ------------------------------------------------------------------------- */

gantry_images *gantry_engine_images(gantry_engine *engine)
{
    return engine != NULL ? &engine->images : NULL;
}

gantry_containers *gantry_engine_containers(gantry_engine *engine)
{
    return engine != NULL ? &engine->containers : NULL;
}

gantry_volumes *gantry_engine_volumes(gantry_engine *engine)
{
    return engine != NULL ? &engine->volumes : NULL;
}

gantry_networks *gantry_engine_networks(gantry_engine *engine)
{
    return engine != NULL ? &engine->networks : NULL;
}

gantry_registries *gantry_engine_registries(gantry_engine *engine)
{
    return engine != NULL ? &engine->registries : NULL;
}

gantry_manifests *gantry_engine_manifests(gantry_engine *engine)
{
    return engine != NULL ? &engine->manifests : NULL;
}

gantry_pods *gantry_engine_pods(gantry_engine *engine)
{
    return engine != NULL ? &engine->pods : NULL;
}

gantry_secrets *gantry_engine_secrets(gantry_engine *engine)
{
    return engine != NULL ? &engine->secrets : NULL;
}

gantry_system *gantry_engine_system(gantry_engine *engine)
{
    return engine != NULL ? &engine->system : NULL;
}

gantry_kube *gantry_engine_kube(gantry_engine *engine)
{
    return engine != NULL ? &engine->kube : NULL;
}

const gantry_candidate_list *gantry_engine_candidates(const gantry_engine *engine)
{
    return engine != NULL ? engine->candidates : NULL;
}

const char *gantry_engine_address(const gantry_engine *engine)
{
    return engine != NULL ? engine->address : "";
}

const char *gantry_engine_backend(const gantry_engine *engine)
{
    return engine != NULL ? engine->backend->facts.name : "";
}

/* ---- questions ------------------------------------------------------------------------------- */

int gantry_engine_ping(gantry_engine *engine, const gantry_query_options *opts, gantry_error *err)
{
    gantry_query_options o;
    int rc = gnt_enter(engine, GANTRY_FEATURE_ENGINE_PING, err);

    if (rc == 0)
        rc = GNT_IMPORT(gantry_query_options, o, opts, err);
    if (rc == 0)
        rc = engine->backend->engine.ping(engine->state, &o, err);
    return gnt_leave(rc, GANTRY_FEATURE_ENGINE_PING, 0, NULL, err);
}

int gantry_engine_version(gantry_engine *engine, const gantry_query_options *opts,
                          gantry_version_info **out, gantry_error *err)
{
    gantry_query_options o;
    int rc = gnt_enter(engine, GANTRY_FEATURE_ENGINE_VERSION, err);

    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_query_options, o, opts, err);
    if (rc == 0)
        rc = engine->backend->engine.version(engine->state, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_ENGINE_VERSION, 0, NULL, err);
}

int gantry_engine_info(gantry_engine *engine, const gantry_query_options *opts, gantry_info **out,
                       gantry_error *err)
{
    gantry_query_options o;
    int rc = gnt_enter(engine, GANTRY_FEATURE_ENGINE_INFO, err);

    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_query_options, o, opts, err);
    if (rc == 0)
        rc = engine->backend->engine.info(engine->state, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_ENGINE_INFO, 0, NULL, err);
}

static int check_request(const gantry_request *r, gantry_error *err)
{
    static const char *const methods[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" };
    int known = r->method == NULL;

    for (size_t i = 0; !known && i < sizeof methods / sizeof methods[0]; i++)
        known = strcmp(methods[i], r->method) == 0;
    if (!known)
        return gnt_fail(err, GANTRY_E_INVALID, "method: \"%s\" is none of HTTP's", r->method);
    if (r->path == NULL || r->path[0] == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "path: needs at least one segment");
    if (r->query_count > 0 && r->query == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "query: must not be NULL");
    return 0;
}

int gantry_engine_request(gantry_engine *engine, const gantry_request *request,
                          gantry_response **out, gantry_error *err)
{
    gantry_request r;
    int rc = gnt_enter(engine, GANTRY_FEATURE_ENGINE_REQUEST, err);

    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_request, r, request, err);
    if (rc == 0)
        rc = check_request(&r, err);
    if (rc == 0)
        rc = engine->backend->engine.request(engine->state, &r, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_ENGINE_REQUEST, 0, NULL, err);
}
