/*
 * What is in a manifest list, over libpod: adding, annotating and taking out images, all by one
 * route. An image gets in with its transport, which says where it comes from.
 */
#include "podman.h"

#include <string.h>

#include "auth.h"

/* ---- tables ---------------------------------------------------------------------------------- */

/* tls_verify goes into the query. */
#define O gantry_manifest_add_options
const struct gnt_out gnt_podman_manifest_add_options[] = {
    GNT_OUT_CODE(O, auth),
    GNT_OUT_STR(O, os, "os"),
    GNT_OUT_STR(O, architecture, "arch"),
    GNT_OUT_STR(O, variant, "variant"),
    GNT_OUT_STR(O, os_version, "os_version"),
    GNT_OUT_STRS(O, features, "features"),
    GNT_OUT_CODE(O, annotations),
    GNT_OUT_CODE(O, annotation_count),
    GNT_OUT_ON(O, all, "all"),
    GNT_OUT_CODE(O, tls_verify),
    GNT_OUT_END,
};
#undef O

#define O gantry_manifest_annotate_options
const struct gnt_out gnt_podman_manifest_annotate_options[] = {
    GNT_OUT_STR(O, os, "os"),
    GNT_OUT_STR(O, architecture, "arch"),
    GNT_OUT_STR(O, variant, "variant"),
    GNT_OUT_STR(O, os_version, "os_version"),
    GNT_OUT_STRS(O, features, "features"),
    GNT_OUT_CODE(O, annotations),
    GNT_OUT_CODE(O, annotation_count),
    GNT_OUT_END,
};
#undef O

/* ---- changes --------------------------------------------------------------------------------- */

struct modifying {
    struct podman *p;
    int kind; /* what a failure is about, if not the list */
    const char *resource;
};

/* libpod says with which images it failed, with 400 or with 200. */
static int take_report(void *arg, struct gnt_json *v, gantry_error *err)
{
    const struct modifying *m = arg;
    const struct gnt_json *errors = gnt_json_get(v, "errors");

    if (errors == NULL || errors->type != GNT_JSON_ARRAY || errors->first == NULL)
        return 0;
    return gnt_rest_error(&m->p->rest, 400, gnt_json_text(errors->first), NULL, m->kind,
                          m->resource, err);
}

static void put_annotations(struct gnt_req *r, struct gnt_json *body, const gantry_pair *pairs,
                            size_t count)
{
    struct gnt_json *list;

    if (r->rc != 0 || body == NULL || count == 0)
        return;
    list = gnt_json_new(&r->arena, GNT_JSON_ARRAY);
    for (size_t i = 0; list != NULL && i < count; i++) {
        const char *text = gnt_arena_printf(&r->arena, "%s=%s", pairs[i].key,
                                            pairs[i].value != NULL ? pairs[i].value : "");

        if (text == NULL || gnt_json_add(list, gnt_json_string(&r->arena, text)) < 0)
            list = NULL;
    }
    gnt_podman_put(r, body, "annotation", list);
}

void gnt_podman_manifest_body(struct gnt_req *r, struct gnt_json *body, const char *operation,
                              const char *image, const gantry_pair *annotations, size_t count)
{
    const char *images[2] = { image, NULL };

    gnt_podman_put(r, body, "operation", r->rc == 0 ? gnt_json_string(&r->arena, operation) : NULL);
    gnt_podman_put(r, body, "images", r->rc == 0 ? gnt_podman_strings(&r->arena, images) : NULL);
    put_annotations(r, body, annotations, count);
    gnt_req_json(r, body);
}

static int modify(struct gnt_req *r, struct podman *p, const char *list, int kind,
                  const char *resource, gantry_error *err)
{
    struct modifying m = { p, kind, resource };
    gantry_error failure = { 0 };
    int rc;

    gnt_req_about(r, kind, resource);
    rc = gnt_req_each(r, GNT_JSON_DOCUMENT, take_report, &m, NULL, &failure);
    return gnt_podman_manifest_settle(rc, list, &failure, err);
}

/* ---- features -------------------------------------------------------------------------------- */

/*
 * A list with annotations is stored in OCI's format, one with features in Docker's: what has no
 * place in it is dropped without a word.
 */
static int check_formats(const char *const *features, size_t annotation_count, gantry_error *err)
{
    if (features == NULL || features[0] == NULL || annotation_count == 0)
        return 0;
    return gnt_fail(err, GANTRY_E_UNSUPPORTED,
                    "features: a manifest list that has annotations cannot keep them");
}

static int same_list(const char *const *a, const char *const *b)
{
    for (; *a != NULL && *b != NULL; a++, b++) {
        if (strcmp(*a, *b) != 0)
            return 0;
    }
    return *a == NULL && *b == NULL;
}

static int has_any_features(const gantry_manifest *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i]->features[0] != NULL)
            return 1;
    }
    return 0;
}

/* Of the item with this digest; NULL: of any. */
static int has_features(const gantry_manifest *list, const char *digest,
                        const char *const *features)
{
    for (size_t i = 0; i < list->count; i++) {
        const gantry_manifest_item *item = list->items[i];

        if ((digest == NULL || strcmp(item->digest, digest) == 0) &&
            same_list(item->features, features))
            return 1;
    }
    return 0;
}

/* Before a change: features that are there, and annotations that would drop them. */
static int check_kept(struct podman *p, const gantry_call *call, const char *name, size_t count,
                      gantry_error *err)
{
    gantry_manifest *list = NULL;
    int rc;

    if (count == 0)
        return 0;
    rc = gnt_podman_need_list(p, call, name, err);
    if (rc == 0)
        rc = gnt_podman_list_inspect(p, call, name, &list, err);
    if (rc == 0 && has_any_features(list))
        rc =
            gnt_podman_refuse(err, GANTRY_E_UNSUPPORTED, GANTRY_RESOURCE_MANIFEST, name,
                              "annotations: the list has features of an image and would lose them");
    gantry_manifest_free(list);
    return rc;
}

/* After it: whether they are there. */
static int check_features(struct podman *p, const gantry_call *call, const char *name,
                          const char *digest, const char *const *features, gantry_error *err)
{
    gantry_manifest *list = NULL;
    int rc = 0;

    if (features == NULL || features[0] == NULL)
        return 0;
    rc = gnt_podman_list_inspect(p, call, name, &list, err);
    if (rc == 0 && !has_features(list, digest, features)) {
        rc = gnt_podman_refuse(
            err, GANTRY_E_UNSUPPORTED, GANTRY_RESOURCE_MANIFEST, name,
            "features: the list has annotations and cannot keep them; everything else was "
            "done");
        gnt_error_outcome(err, GANTRY_OUTCOME_PARTIAL, GANTRY_RETRY_NO);
    }
    gantry_manifest_free(list);
    return rc;
}

/* ---- add ------------------------------------------------------------------------------------- */

/* "docker://" and the whole reference; libpod takes no tag beside a digest. NULL: no memory. */
const char *gnt_podman_remote_image(struct gnt_arena *arena, const struct gnt_reference *parts)
{
    const char *domain = parts->domain[0] != '\0' ? parts->domain : "docker.io";
    int official = strcmp(domain, "docker.io") == 0 && strchr(parts->path, '/') == NULL;

    return gnt_arena_printf(arena, "docker://%s/%s%s%s%s", domain, official ? "library/" : "",
                            parts->path, parts->digest[0] != '\0' ? "@" : ":",
                            parts->digest[0] != '\0' ? parts->digest
                            : parts->tag[0] != '\0'  ? parts->tag
                                                     : "latest");
}

struct adding {
    struct podman *p;
    const gantry_call *call;
    const char *list;
    const char *image;
    const gantry_manifest_add_options *options;
    struct gnt_arena arena;
    const char *source; /* with its transport */
    int remote;
};

static int find_remote(struct adding *a, gantry_error *err)
{
    struct gnt_reference parts;
    int rc = gnt_reference_parse(&a->arena, "image", a->image, &parts, err);

    if (rc < 0)
        return rc;
    if (parts.is_id || strcmp(parts.domain, "localhost") == 0)
        return gnt_podman_refuse(err, GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_IMAGE, a->image,
                                 "there is no such local image");
    a->remote = 1;
    a->source = gnt_podman_remote_image(&a->arena, &parts);
    return a->source == NULL ? gnt_nomem(err) : 0;
}

/* Local images by id: names would be looked for under docker.io. */
static int find_source(struct adding *a, gantry_error *err)
{
    gantry_error failure = { 0 };
    char id[65];
    int is_list = 0;
    int rc = gnt_podman_list_exists(a->p, a->call, a->image, &is_list, err);

    if (rc < 0)
        return rc;
    if (is_list && a->options->all == GANTRY_ON)
        return gnt_podman_refuse(
            err, GANTRY_E_UNSUPPORTED, GANTRY_RESOURCE_IMAGE, a->image,
            "all: Podman adds all images only of a list in a registry, and this is a "
            "local one");
    rc = gnt_podman_image_id(a->p, a->call, a->image, id, &failure);
    if (rc == GANTRY_E_NOT_FOUND && !is_list)
        return find_remote(a, err);
    if (rc < 0) {
        if (err != NULL)
            *err = failure;
        return rc;
    }
    a->source = gnt_arena_printf(&a->arena, "containers-storage:@%s", id);
    return a->source == NULL ? gnt_nomem(err) : 0;
}

static int send_image(struct adding *a, gantry_error *err)
{
    const gantry_manifest_add_options *o = a->options;
    struct gnt_req r;
    struct gnt_json *body;

    gnt_req_init(&r, &a->p->rest, "PUT", a->call, "/manifests/%s", gnt_podman_bare(a->list));
    body = gnt_req_encode(&r, o, gnt_podman_manifest_add_options);
    gnt_podman_manifest_body(&r, body, "update", a->source, o->annotations, o->annotation_count);
    if (o->tls_verify != GANTRY_DEFAULT)
        gnt_req_query(&r, "tlsVerify", o->tls_verify == GANTRY_ON ? "true" : "false");
    if (a->remote)
        gnt_req_registry_auth(&r, a->image, o->auth, 0);
    return modify(&r, a->p, a->list, GANTRY_RESOURCE_IMAGE, a->image, err);
}

int gnt_podman_check_switch(const char *option, int value, gantry_error *err)
{
    if (value == GANTRY_DEFAULT || value == GANTRY_ON || value == GANTRY_OFF)
        return 0;
    return gnt_fail(err, GANTRY_E_INVALID, "%s: is neither GANTRY_ON nor GANTRY_OFF", option);
}

int gnt_podman_list_add(struct podman *p, const gantry_call *call, const char *list,
                        const char *image, const gantry_manifest_add_options *opts,
                        gantry_error *err)
{
    struct adding a = { .p = p, .call = call, .list = list, .image = image, .options = opts };
    int rc = gnt_podman_check_switch("tls_verify", opts->tls_verify, err);

    gnt_arena_init(&a.arena, &p->rest.host->mem);
    if (rc == 0)
        rc = find_source(&a, err);
    if (rc == 0)
        rc = send_image(&a, err);
    gnt_arena_free(&a.arena);
    return rc;
}

int gnt_podman_manifest_add(void *state, const char *name, const char *image,
                            const gantry_manifest_add_options *opts, gantry_error *err)
{
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    int rc = check_formats(opts->features, opts->annotation_count, err);

    if (rc == 0)
        rc = check_kept(state, call, name, opts->annotation_count, err);
    if (rc == 0)
        rc = gnt_podman_list_add(state, call, name, image, opts, err);
    if (rc == 0)
        rc = check_features(state, call, name, NULL, opts->features, err);
    return rc;
}

/* ---- annotate, remove an image --------------------------------------------------------------- */

int gnt_podman_manifest_annotate(void *state, const char *name, const char *digest,
                                 const gantry_manifest_annotate_options *opts, gantry_error *err)
{
    struct podman *p = state;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    struct gnt_req r;
    struct gnt_json *body;
    int rc = check_formats(opts->features, opts->annotation_count, err);

    if (rc == 0)
        rc = check_kept(p, call, name, opts->annotation_count, err);
    if (rc < 0)
        return rc;
    gnt_req_init(&r, &p->rest, "PUT", call, "/manifests/%s", gnt_podman_bare(name));
    body = gnt_req_encode(&r, opts, gnt_podman_manifest_annotate_options);
    gnt_podman_manifest_body(&r, body, "annotate", digest, opts->annotations,
                             opts->annotation_count);
    rc = modify(&r, p, name, GANTRY_RESOURCE_MANIFEST, digest, err);
    if (rc == 0)
        rc = check_features(p, call, name, digest, opts->features, err);
    return rc;
}

int gnt_podman_manifest_remove_image(void *state, const char *name, const char *digest,
                                     const gantry_manifest_remove_options *opts, gantry_error *err)
{
    struct podman *p = state;
    struct gnt_req r;
    struct gnt_json *body;

    gnt_req_init(&r, &p->rest, "PUT", opts->call, "/manifests/%s", gnt_podman_bare(name));
    body = gnt_req_encode(&r, opts, gnt_podman_manifest_remove_options);
    gnt_podman_manifest_body(&r, body, "remove", digest, NULL, 0);
    return modify(&r, p, name, GANTRY_RESOURCE_MANIFEST, digest, err);
}
