/*
 * Manifest lists over libpod: create, inspect, exists, push, remove. A list is an image of a kind
 * of its own, so that what is missing and what is no list are told apart here. What is in a list is
 * changed in podman_manifest_edit.c.
 */
#include "podman.h"

#include <string.h>

#include "auth.h"

/* Cleaning up after a failure, whatever the call's own limits say. */
#define CLEANUP_MS 10000

/* ---- tables ---------------------------------------------------------------------------------- */

#define I gantry_manifest_item
static const struct gnt_in item_rows[] = {
    GNT_IN_STR(I, digest, "digest"),
    GNT_IN_STR(I, media_type, "mediaType"),
    GNT_IN_STR(I, os, "platform/os"),
    GNT_IN_STR(I, architecture, "platform/architecture"),
    GNT_IN_STR(I, variant, "platform/variant"),
    GNT_IN_STR(I, os_version, "platform/os.version"),
    GNT_IN_STRS(I, features, "platform/features"),
    GNT_IN_MAP(I, annotations, "annotations"),
    GNT_IN_I64(I, manifest_bytes, "size"),
    GNT_IN_END,
};
#undef I

static int in_items(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                    void *field)
{
    const struct gnt_json *first;
    int rc = gnt_objects(v, row->path, &first, c->err);

    return rc < 0 ? rc : gnt_in_counted(c, v, GANTRY_KIND_MANIFEST_ITEM, item_rows, field);
}

const struct gnt_in gnt_podman_manifest_rows[] = {
    GNT_IN_STR(gantry_manifest, media_type, "mediaType"),
    GNT_IN_HOOK(gantry_manifest, items, "manifests", in_items),
    GNT_IN_END,
};

static const struct gnt_in id_rows[] = {
    GNT_IN_ID_REQ(gantry_manifest_id, id, "Id"),
    GNT_IN_END,
};

static const struct gnt_in digest_rows[] = {
    GNT_IN_STR_REQ(gantry_manifest_id, digest, "Id"),
    GNT_IN_END,
};

#define O gantry_manifest_create_options
const struct gnt_out gnt_podman_manifest_create_options[] = {
    GNT_OUT_CODE(O, images), GNT_OUT_CODE(O, auth), GNT_OUT_CODE(O, all),
    GNT_OUT_ON(O, tls_verify, "tlsVerify"), GNT_OUT_END
};
#undef O

#define O gantry_manifest_inspect_options
const struct gnt_out gnt_podman_manifest_inspect_options[] = {
    GNT_OUT_CODE(O, auth), GNT_OUT_ON(O, tls_verify, "tlsVerify"), GNT_OUT_REFUSE(O, reserved),
    GNT_OUT_END
};
#undef O

#define O gantry_manifest_remove_options
const struct gnt_out gnt_podman_manifest_remove_options[] = { GNT_OUT_CODE(O, missing_ok),
                                                              GNT_OUT_REFUSE(O, reserved),
                                                              GNT_OUT_END };
#undef O

#define O gantry_manifest_push_options
const struct gnt_out gnt_podman_manifest_push_options[] = {
    GNT_OUT_CODE(O, auth), GNT_OUT_CODE(O, all), GNT_OUT_ON(O, tls_verify, "tlsVerify"), GNT_OUT_END
};
#undef O

/* ---- failures -------------------------------------------------------------------------------- */

int gnt_podman_refuse(gantry_error *err, int code, int kind, const char *resource,
                      const char *reason)
{
    gnt_fail(err, code, "%s: %s", resource, reason);
    gnt_error_resource(err, kind, resource);
    return code;
}

/* libpod calls a missing list an image that is not known, with status 404; other things that are
 * missing have other statuses. */
int gnt_podman_manifest_settle(int rc, const char *list, gantry_error *failure, gantry_error *err)
{
    if (rc == GANTRY_E_NOT_FOUND && failure->http_status == 404)
        gnt_error_resource(failure, GANTRY_RESOURCE_MANIFEST, list);
    if (rc < 0 && err != NULL)
        *err = *failure;
    return rc;
}

/* ---- exists ---------------------------------------------------------------------------------- */

int gnt_podman_list_exists(struct podman *p, const gantry_call *call, const char *name,
                           int *out_exists, gantry_error *err)
{
    gantry_error failure = { 0 };
    int rc = gnt_rest_act(&p->rest, "GET", call, GANTRY_RESOURCE_MANIFEST, gnt_podman_bare(name),
                          "/manifests/%s/exists", &failure);

    if (rc < 0 && rc != GANTRY_E_NOT_FOUND)
        return gnt_podman_manifest_settle(rc, name, &failure, err);
    *out_exists = rc == 0;
    return 0;
}

static int exists(void *state, const char *name, const gantry_manifest_exists_options *opts,
                  int *out_exists, gantry_error *err)
{
    return gnt_podman_list_exists(state, opts->call, name, out_exists, err);
}

/* ---- inspect --------------------------------------------------------------------------------- */

static int inspect_list(struct gnt_req *r, const char *name, gantry_manifest **out,
                        gantry_error *err)
{
    gantry_error failure = { 0 };
    void *result = NULL;
    int rc;

    gnt_req_about(r, GANTRY_RESOURCE_MANIFEST, name);
    rc = gnt_req_result(r, GANTRY_KIND_MANIFEST, gnt_podman_manifest_rows,
                        offsetof(gantry_manifest, json), &result, &failure);
    if (rc == 0)
        *out = result;
    return gnt_podman_manifest_settle(rc, name, &failure, err);
}

int gnt_podman_list_inspect(struct podman *p, const gantry_call *call, const char *name,
                            gantry_manifest **out, gantry_error *err)
{
    struct gnt_req r;

    gnt_req_init(&r, &p->rest, "GET", call, "/manifests/%s/json", gnt_podman_bare(name));
    return inspect_list(&r, name, out, err);
}

/* What older engines would pass over. */
static void check_remote(struct gnt_req *r, const struct podman *p,
                         const gantry_manifest_inspect_options *opts)
{
    if (opts->auth != NULL && !gnt_rest_at_least(&p->rest, 4, 6, 0))
        gnt_req_fail(r, GANTRY_E_UNSUPPORTED,
                     "auth: Podman %s looks into registries with its own credentials only",
                     p->engine_version);
    if (opts->tls_verify != GANTRY_DEFAULT && !gnt_rest_at_least(&p->rest, 4, 7, 0))
        gnt_req_fail(r, GANTRY_E_UNSUPPORTED,
                     "tls_verify: Podman %s looks into registries as it is configured",
                     p->engine_version);
}

static int inspect_remote(struct podman *p, const gantry_call *call, const char *name,
                          const gantry_manifest_inspect_options *opts, gantry_manifest **out,
                          gantry_error *err)
{
    const gantry_auth *given[2] = { NULL, NULL };
    const char *const domains[2] = { name, NULL };
    gantry_auth auth;
    struct gnt_req r;

    gnt_req_init(&r, &p->rest, "GET", call, "/manifests/%s/json", name);
    check_remote(&r, p, opts);
    gnt_req_query_object(&r, gnt_req_encode(&r, opts, gnt_podman_manifest_inspect_options));
    /* It takes credentials as a map only. */
    if (opts->auth != NULL) {
        auth = *opts->auth;
        auth.registry = gnt_auth_registry(&r.arena, name);
        given[0] = &auth;
    }
    gnt_req_registry_config(&r, given, domains);
    return inspect_list(&r, name, out, err);
}

/* Whether a name leads to a registry; without a domain, or in localhost/, it is a local one. */
static int is_remote(struct gnt_arena *arena, const char *name, int *out_remote, gantry_error *err)
{
    struct gnt_reference parts;
    int rc = gnt_reference_parse(arena, "name", name, &parts, err);

    if (rc == 0)
        *out_remote = parts.domain[0] != '\0' && strcmp(parts.domain, "localhost") != 0;
    return rc;
}

static int inspect(void *state, const char *name, const gantry_manifest_inspect_options *opts,
                   gantry_manifest **out, gantry_error *err)
{
    struct podman *p = state;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    struct gnt_arena arena;
    int local = 0;
    int remote = 0;
    int rc;

    gnt_arena_init(&arena, &p->rest.host->mem);
    rc = is_remote(&arena, name, &remote, err);
    gnt_arena_free(&arena);
    if (rc == 0)
        rc = gnt_podman_list_exists(p, call, name, &local, err);
    if (rc < 0)
        return rc;
    if (local)
        return gnt_podman_list_inspect(p, call, name, out, err);
    if (remote)
        return inspect_remote(p, call, name, opts, out, err);
    return gnt_podman_refuse(
        err, GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_MANIFEST, name,
        "there is no local manifest list of this name, and it names no registry");
}

/* ---- create ---------------------------------------------------------------------------------- */

static int add_all(struct podman *p, const gantry_call *call, const char *id,
                   const gantry_manifest_create_options *opts, gantry_error *err)
{
    gantry_manifest_add_options add = {
        .size = sizeof add, .auth = opts->auth, .all = opts->all, .tls_verify = opts->tls_verify
    };
    int rc = 0;

    for (size_t i = 0; rc == 0 && opts->images != NULL && opts->images[i] != NULL; i++)
        rc = gnt_podman_list_add(p, call, id, opts->images[i], &add, err);
    return rc;
}

/* What the call leaves is nothing, or said. */
static void take_back(struct podman *p, const char *id, gantry_error *err)
{
    gantry_call call = { .size = sizeof call, .timeout_ms = CLEANUP_MS };
    int rc = gnt_rest_act(&p->rest, "DELETE", &call, GANTRY_RESOURCE_MANIFEST, id, "/manifests/%s",
                          NULL);

    if (rc == 0 || rc == GANTRY_E_NOT_FOUND)
        return;
    gnt_error_suffix(err, "the list that was begun could not be removed");
    gnt_error_outcome(err, GANTRY_OUTCOME_PARTIAL, GANTRY_RETRY_ASK);
}

static int create(void *state, const char *name, const gantry_manifest_create_options *opts,
                  gantry_manifest_id **out, gantry_error *err)
{
    struct podman *p = state;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    gantry_manifest_id *id;
    struct gnt_req r;
    void *result = NULL;
    int rc;

    /* libpod's own `images` knows neither credentials nor tlsVerify, and leaves half a list. */
    gnt_req_init(&r, &p->rest, "POST", call, "/manifests/%s", name);
    gnt_req_about(&r, GANTRY_RESOURCE_MANIFEST, name);
    (void)gnt_req_encode(&r, opts, gnt_podman_manifest_create_options);
    rc = gnt_req_result(&r, GANTRY_KIND_MANIFEST_ID, id_rows, SIZE_MAX, &result, err);
    if (rc < 0)
        return rc;
    id = result;
    rc = add_all(p, call, id->id, opts, err);
    if (rc < 0) {
        take_back(p, id->id, err);
        gantry_manifest_id_free(id);
        return rc;
    }
    *out = id;
    return 0;
}

/* ---- push, remove ---------------------------------------------------------------------------- */

int gnt_podman_need_list(struct podman *p, const gantry_call *call, const char *name,
                         gantry_error *err)
{
    int there = 0;
    int rc = gnt_podman_list_exists(p, call, name, &there, err);

    if (rc == 0 && !there)
        rc = gnt_podman_refuse(err, GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_MANIFEST, name,
                               "there is no local manifest list of this name");
    return rc;
}

/* The list is looked for first: the answer of push does not tell what was not found. */
static int push(void *state, const char *name, const char *destination,
                const gantry_manifest_push_options *opts, gantry_manifest_id **out,
                gantry_error *err)
{
    struct podman *p = state;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    struct gnt_req r;
    void *result = NULL;
    int rc = gnt_podman_check_switch("all", opts->all, err);

    if (rc == 0)
        rc = gnt_podman_need_list(p, call, name, err);
    if (rc < 0)
        return rc;
    gnt_req_init(&r, &p->rest, "POST", call, "/manifests/%s/registry/%s", gnt_podman_bare(name),
                 destination);
    gnt_req_about(&r, GANTRY_RESOURCE_MANIFEST, name);
    r.flags |= GNT_REQ_OPEN_ENDED;
    gnt_req_query(&r, "all", opts->all == GANTRY_OFF ? "false" : "true");
    gnt_req_query_object(&r, gnt_req_encode(&r, opts, gnt_podman_manifest_push_options));
    gnt_req_registry_auth(&r, destination, opts->auth, 0);
    rc = gnt_req_result(&r, GANTRY_KIND_MANIFEST_ID, digest_rows, SIZE_MAX, &result, err);
    if (rc == 0)
        *out = result;
    return rc;
}

struct removing {
    struct podman *p;
    const char *name;
};

static int take_removal(void *arg, struct gnt_json *v, gantry_error *err)
{
    const struct removing *removing = arg;
    const struct gnt_json *errors = gnt_json_get(v, "Errors");
    const char *text = errors != NULL ? gnt_json_text(errors->first) : NULL;

    if (text == NULL)
        return 0;
    return gnt_rest_error(&removing->p->rest, 0, text, NULL, GANTRY_RESOURCE_MANIFEST,
                          removing->name, err);
}

static int remove_list(void *state, const char *name, const gantry_manifest_remove_options *opts,
                       gantry_error *err)
{
    struct podman *p = state;
    struct removing removing = { p, name };
    gantry_error failure = { 0 };
    struct gnt_req r;
    int rc;

    gnt_req_init(&r, &p->rest, "DELETE", opts->call, "/manifests/%s", gnt_podman_bare(name));
    gnt_req_about(&r, GANTRY_RESOURCE_MANIFEST, name);
    (void)gnt_req_encode(&r, opts, gnt_podman_manifest_remove_options);
    rc = gnt_req_each(&r, GNT_JSON_DOCUMENT, take_removal, &removing, NULL, &failure);
    return gnt_podman_manifest_settle(rc, name, &failure, err);
}

const gantry_manifest_ops gnt_podman_manifest_ops = {
    .size = sizeof gnt_podman_manifest_ops,
    .create = create,
    .inspect = inspect,
    .exists = exists,
    .add = gnt_podman_manifest_add,
    .annotate = gnt_podman_manifest_annotate,
    .remove_image = gnt_podman_manifest_remove_image,
    .push = push,
    .remove = remove_list,
};
