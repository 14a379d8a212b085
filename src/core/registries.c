/* Registries, the public functions: check arguments, import options, dispatch, keep. */
#include <gantry/reference.h>
#include <gantry/registry.h>

#include "auth.h"
#include "credentials.h"
#include "engine.h"
#include "error.h"
#include "names.h"
#include "remote.h"

#include <string.h>

static gantry_engine *engine_of(const gantry_registries *registries)
{
    return registries != NULL ? registries->engine : NULL;
}

static int check_switch(const char *name, int value, gantry_error *err)
{
    if (value == 0 || value == GANTRY_ON || value == GANTRY_OFF)
        return 0;
    return gnt_fail(err, GANTRY_E_INVALID, "%s: is neither GANTRY_ON nor GANTRY_OFF", name);
}

/* ---- login ----------------------------------------------------------------------------------- */

/* Before anything is asked: a login that could not be kept is not tried. */
static int check_store(const gantry_engine *e, int store, gantry_error *err)
{
    const struct gnt_credential_source *source = &e->host.credentials;
    int rc = check_switch("store", store, err);

    if (rc < 0 || store != GANTRY_ON || source->provider.store != NULL ||
        (source->provider.get == NULL && source->own != NULL))
        return rc;
    return gnt_fail(err, GANTRY_E_UNSUPPORTED,
                    "store: the engine has no credentials to keep it in");
}

static int keep(gantry_engine *e, const char *registry, const gantry_auth *auth,
                const gantry_login_result *result, const gantry_call *call, gantry_error *err)
{
    const struct gnt_credential_source *source = &e->host.credentials;
    gantry_auth kept = *auth;
    gantry_call whole;
    int rc;

    if (result->identity_token[0] != '\0') {
        kept.identity_token = result->identity_token;
        kept.password = NULL;
    }
    if (source->provider.get == NULL)
        return gantry_credentials_store(source->own, registry, &kept, call, err);
    gnt_call_import(&whole, call);
    rc = source->provider.store(source->provider.arg, registry, &kept, &whole, err);
    return rc > 0 ? gnt_fail(err, GANTRY_E_CALLBACK, "the provider of credentials returned %d", rc)
                  : rc;
}

/* `as_domain` is the registry with a '/', so that it is not taken for a repository. */
static int find_auth(gantry_engine *e, const char *as_domain, const gantry_auth *auth,
                     const gantry_call *call, struct gantry_auth_slot *slot, gantry_error *err)
{
    int rc = gnt_auth_find(&e->host, as_domain, auth, call, slot, err);

    if (rc == 0 && !slot->given)
        rc = gnt_fail(err, GANTRY_E_UNAUTHORIZED, "there are no credentials for %.*s",
                      (int)strlen(as_domain) - 1, as_domain);
    if (rc == 0 && slot->auth.registry_token != NULL)
        rc = gnt_fail(err, GANTRY_E_INVALID, "auth.registry_token: no login is made with one");
    return rc;
}

static int login(gantry_engine *e, const char *name, const gantry_auth *auth,
                 const gantry_login_options *o, gantry_login_result **out, gantry_error *err)
{
    struct gantry_auth_slot slot;
    struct gnt_arena arena;
    const char *registry;
    const char *as_domain;
    int rc;

    gnt_auth_init(&slot, &e->host.mem);
    gnt_arena_init(&arena, &e->host.mem);
    registry = gnt_auth_domain(&arena, name);
    as_domain = registry != NULL ? gnt_arena_printf(&arena, "%s/", registry) : NULL;
    rc = as_domain == NULL ? gnt_nomem(err) : find_auth(e, as_domain, auth, o->call, &slot, err);
    if (rc == 0)
        rc = e->backend->registries.login(e->state, registry, &slot.auth, o, out, err);
    if (rc == 0 && o->store == GANTRY_ON) {
        rc = keep(e, registry, &slot.auth, *out, o->call, err);
        if (rc < 0)
            gnt_error_prefix(err, "logged in, but not kept");
    }
    gnt_auth_clear(&slot);
    gnt_arena_free(&arena);
    return rc;
}

int gantry_registries_login(gantry_registries *registries, const char *registry,
                            const gantry_auth *auth, const gantry_login_options *opts,
                            gantry_login_result **out, gantry_error *err)
{
    gantry_engine *e = engine_of(registries);
    gantry_login_options o;
    gantry_login_result *result = NULL;
    int rc = gnt_enter(e, GANTRY_FEATURE_REGISTRIES_LOGIN, err);

    if (rc == 0)
        rc = gnt_check_registry("registry", registry, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_login_options, o, opts, err);
    if (rc == 0 && o.reserved != 0)
        rc = gnt_fail(err, GANTRY_E_INVALID, "reserved: must be 0");
    if (rc == 0)
        rc = check_store(e, o.store, err);
    if (rc == 0)
        rc = login(e, registry, auth, &o, &result, err);
    if (rc == 0 && out != NULL)
        *out = result;
    else
        gantry_login_result_free(result);
    return gnt_leave(rc, GANTRY_FEATURE_REGISTRIES_LOGIN, GANTRY_RESOURCE_REGISTRY, registry, err);
}

static int erase(gantry_engine *e, const char *registry, const gantry_call *call, gantry_error *err)
{
    const struct gnt_credential_source *source = &e->host.credentials;
    gantry_call whole;
    int rc;

    if (source->provider.get == NULL && source->own != NULL)
        return gantry_credentials_erase(source->own, registry, call, err);
    if (source->provider.erase == NULL)
        return gnt_fail(err, GANTRY_E_UNSUPPORTED, "the engine has no credentials to be forgotten");
    gnt_call_import(&whole, call);
    rc = source->provider.erase(source->provider.arg, registry, &whole, err);
    return rc > 0 ? gnt_fail(err, GANTRY_E_CALLBACK, "the provider of credentials returned %d", rc)
                  : rc;
}

int gantry_registries_logout(gantry_registries *registries, const char *registry,
                             const gantry_logout_options *opts, gantry_error *err)
{
    gantry_engine *e = engine_of(registries);
    gantry_logout_options o;
    struct gnt_arena arena;
    const char *domain;
    int rc = gnt_enter(e, GANTRY_FEATURE_REGISTRIES_LOGIN, err);

    if (rc == 0)
        rc = gnt_check_registry("registry", registry, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_logout_options, o, opts, err);
    if (rc == 0) {
        gnt_arena_init(&arena, &e->host.mem);
        domain = gnt_auth_domain(&arena, registry);
        rc = domain != NULL ? erase(e, domain, o.call, err) : gnt_nomem(err);
        gnt_arena_free(&arena);
    }
    return gnt_leave(rc, GANTRY_FEATURE_REGISTRIES_LOGIN, GANTRY_RESOURCE_REGISTRY, registry, err);
}

/* ---- search ---------------------------------------------------------------------------------- */

static int check_search(const char *term, const gantry_search_options *o, gantry_error *err)
{
    int rc = gnt_check_text("term", term, err);

    if (rc == 0 && (o->limit < 0 || o->min_stars < 0))
        rc = gnt_fail(err, GANTRY_E_INVALID, "limit, min_stars: must not be negative");
    if (rc == 0)
        rc = check_switch("official", o->official, err);
    if (rc == 0)
        rc = check_switch("automated", o->automated, err);
    return rc == 0 ? check_switch("tls_verify", o->tls_verify, err) : rc;
}

int gantry_registries_search(gantry_registries *registries, const char *term,
                             const gantry_search_options *opts, gantry_search_result **out,
                             gantry_error *err)
{
    gantry_engine *e = engine_of(registries);
    gantry_search_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_REGISTRIES_SEARCH, err);

    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_search_options, o, opts, err);
    if (rc == 0)
        rc = check_search(term, &o, err);
    if (rc == 0)
        rc = e->backend->registries.search(e->state, term, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_REGISTRIES_SEARCH, GANTRY_RESOURCE_REGISTRY, NULL, err);
}

/* ---- an image in a registry ------------------------------------------------------------------ */

static int inspect(gantry_engine *e, const char *reference, const gantry_remote_options *o,
                   gantry_remote_image **out, gantry_error *err)
{
    gantry_reference_options options = { .size = sizeof options,
                                         .allocator = &e->host.mem.a,
                                         .no_id = GANTRY_ON };
    gantry_reference *r = NULL;
    int rc = gantry_reference_parse(reference, &options, &r, err);

    if (rc == 0 && e->backend->registries.inspect != NULL)
        rc = e->backend->registries.inspect(e->state, r->canonical, o, out, err);
    else if (rc == 0)
        rc = gnt_remote_inspect(&e->host, r, o, out, err);
    gantry_reference_free(r);
    return rc;
}

static int import_remote(gantry_remote_options *o, const gantry_remote_options *opts,
                         gantry_error *err)
{
    int rc = gnt_import_options(o, sizeof *o, opts, "gantry_remote_options", err);

    if (rc == 0)
        rc = check_switch("tls_verify", o->tls_verify, err);
    if (rc == 0 && o->reserved != 0)
        rc = gnt_fail(err, GANTRY_E_INVALID, "reserved: must be 0");
    return rc;
}

int gantry_registries_inspect(gantry_registries *registries, const char *reference,
                              const gantry_remote_options *opts, gantry_remote_image **out,
                              gantry_error *err)
{
    gantry_engine *e = engine_of(registries);
    gantry_remote_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_REGISTRIES_INSPECT, err);

    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = import_remote(&o, opts, err);
    if (rc == 0)
        rc = inspect(e, reference, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_REGISTRIES_INSPECT, GANTRY_RESOURCE_IMAGE, reference, err);
}

int gantry_registries_exists(gantry_registries *registries, const char *reference,
                             const gantry_remote_options *opts, int *out_exists, gantry_error *err)
{
    gantry_engine *e = engine_of(registries);
    gantry_remote_image *image = NULL;
    gantry_error failure = { 0 };
    gantry_remote_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_REGISTRIES_INSPECT, &failure);

    if (rc == 0)
        rc = gnt_check_out(out_exists, &failure);
    if (rc == 0)
        rc = import_remote(&o, opts, &failure);
    if (rc == 0)
        rc = inspect(e, reference, &o, &image, &failure);
    if (rc == 0 || (rc == GANTRY_E_NOT_FOUND && failure.resource_kind == GANTRY_RESOURCE_IMAGE)) {
        *out_exists = rc == 0;
        gantry_remote_image_free(image);
        return 0;
    }
    gnt_leave(rc, GANTRY_FEATURE_REGISTRIES_INSPECT, GANTRY_RESOURCE_IMAGE, reference, &failure);
    if (err != NULL)
        *err = failure;
    return rc;
}
