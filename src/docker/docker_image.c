/*
 * Docker: images but their build. Knows that untagged images are called "<none>" by older daemons
 * and that ids carry "sha256:".
 */
#include "docker.h"

#include "names.h"

#include <string.h>

/* ---- what Docker tells of an image --------------------------------------------------------- */

static int is_none(const char *text)
{
    return text == NULL || strncmp(text, "<none>", 6) == 0;
}

/* RepoTags, RepoDigests: without the "<none>" entries of older daemons. */
int gnt_docker_in_references(struct gnt_in_context *c, const struct gnt_json *v,
                             const struct gnt_in *row, void *field)
{
    const char *const *list;

    (void)row;
    if (v->type != GNT_JSON_ARRAY)
        return 0;
    memcpy(&list, field, sizeof list);
    for (const struct gnt_json *item = v->first; item != NULL; item = item->next) {
        const char *text = gnt_json_text(item);

        if (is_none(text))
            continue;
        list = gnt_strings_add(c->arena, list, text);
        if (list == NULL)
            return gnt_nomem(c->err);
    }
    memcpy(field, &list, sizeof list);
    return 0;
}

/* The manifest's digest, out of the first "name@sha256:...". */
static int in_digest(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                     void *field)
{
    const char *text = gnt_json_text(v->first);
    const char *at = text != NULL ? strchr(text, '@') : NULL;
    const char *copy;

    (void)row;
    if (at == NULL || is_none(at + 1))
        return 0;
    copy = gnt_arena_strdup(c->arena, at + 1);
    if (copy == NULL)
        return gnt_nomem(c->err);
    memcpy(field, &copy, sizeof copy);
    return 0;
}

#define I gantry_image
const struct gnt_in gnt_docker_image_list_rows[] = {
    GNT_IN_ID_REQ(I, id, "Id"),
    GNT_IN_HOOK(I, digest, "RepoDigests", in_digest),
    GNT_IN_HOOK(I, references, "RepoTags", gnt_docker_in_references),
    GNT_IN_HOOK(I, digests, "RepoDigests", gnt_docker_in_references),
    GNT_IN_TIME(I, created_ns, "Created"),
    GNT_IN_I64(I, size_bytes, "Size"),
    GNT_IN_MAP(I, labels, "Labels"),
    GNT_IN_END,
};

const struct gnt_in gnt_docker_image_rows[] = {
    GNT_IN_ID_REQ(I, id, "Id"),
    GNT_IN_HOOK(I, digest, "RepoDigests", in_digest),
    GNT_IN_HOOK(I, references, "RepoTags", gnt_docker_in_references),
    GNT_IN_HOOK(I, digests, "RepoDigests", gnt_docker_in_references),
    GNT_IN_TIME(I, created_ns, "Created"),
    GNT_IN_I64(I, size_bytes, "Size"),
    GNT_IN_MAP(I, labels, "Config/Labels"),
    GNT_IN_STR(I, os, "Os"),
    GNT_IN_STR(I, architecture, "Architecture"),
    GNT_IN_STR(I, variant, "Variant"),
    GNT_IN_STR(I, author, "Author"),
    GNT_IN_STR(I, comment, "Comment"),
    GNT_IN_STR(I, user, "Config/User"),
    GNT_IN_STR(I, working_directory, "Config/WorkingDir"),
    GNT_IN_STRS(I, command, "Config/Cmd"),
    GNT_IN_STRS(I, entrypoint, "Config/Entrypoint"),
    GNT_IN_STRS(I, environment, "Config/Env"),
    GNT_IN_KEYS(I, exposed_ports, "Config/ExposedPorts"),
    GNT_IN_KEYS(I, volumes, "Config/Volumes"),
    GNT_IN_END,
};
#undef I

static const struct gnt_lookup image_lookup = { .path = "/images/%r/json",
                                                .resource_kind = GANTRY_RESOURCE_IMAGE,
                                                .result_kind = GANTRY_KIND_IMAGE,
                                                .rows = gnt_docker_image_rows,
                                                .json_offset = offsetof(gantry_image, json) };

static int image_inspect(void *state, const char *reference,
                         const gantry_image_inspect_options *opts, gantry_image **out,
                         gantry_error *err)
{
    struct docker *d = state;
    void *result = NULL;
    int rc = gnt_rest_lookup(&d->rest, &image_lookup, opts->call, reference, &result, err);

    if (rc == 0)
        *out = result;
    return rc;
}

/* ---- list ------------------------------------------------------------------------------------ */

#define L gantry_image_list_options
const struct gnt_out gnt_docker_image_list_options[] = {
    GNT_OUT_CODE(L, references),
    GNT_OUT_CODE(L, labels),
    GNT_OUT_CODE(L, filters),
    GNT_OUT_CODE(L, filter_count),
    GNT_OUT_CODE(L, dangling),
    GNT_OUT_ON(L, all, "all"),
    GNT_OUT_END,
};
#undef L

static int image_list(void *state, const gantry_image_list_options *opts, gantry_image_list **out,
                      gantry_error *err)
{
    struct docker *d = state;
    struct gnt_req r;
    struct gnt_json *filters;
    void *result = NULL;
    int rc;

    gnt_req_init(&r, &d->rest, "GET", opts->call, "/images/json");
    gnt_req_query_object(&r, gnt_req_encode(&r, opts, gnt_docker_image_list_options));
    filters = gnt_req_object(&r);
    gnt_req_filter_list(&r, filters, "reference", opts->references);
    gnt_req_filter_list(&r, filters, "label", opts->labels);
    if (opts->dangling != GANTRY_DEFAULT)
        gnt_req_filter(&r, filters, "dangling", opts->dangling == GANTRY_ON ? "true" : "false");
    gnt_req_filter_pairs(&r, filters, opts->filters, opts->filter_count);
    gnt_req_filters(&r, filters);
    rc = gnt_req_list(&r, GANTRY_KIND_IMAGE_LIST, GANTRY_KIND_IMAGE, gnt_docker_image_list_rows,
                      NULL, NULL, &result, err);
    if (rc == 0)
        *out = result;
    return rc;
}

/* ---- tag, import ----------------------------------------------------------------------------- */

void gnt_docker_query_name(struct gnt_req *r, const char *argument, const char *reference)
{
    struct gnt_reference ref;
    const char *repo;
    int rc;

    if (r->rc != 0)
        return;
    rc = gnt_reference_parse(&r->arena, argument, reference, &ref, &r->failure);
    if (rc < 0) {
        r->rc = rc;
        return;
    }
    if (ref.is_id || ref.digest[0] != '\0') {
        gnt_req_fail(r, GANTRY_E_INVALID, "%s: a new name must not be an id or have a digest",
                     argument);
        return;
    }
    repo = ref.domain[0] == '\0' ? ref.path
                                 : gnt_arena_printf(&r->arena, "%s/%s", ref.domain, ref.path);
    if (repo == NULL)
        gnt_req_fail(r, GANTRY_E_NOMEM, "out of memory");
    gnt_req_query(r, "repo", repo);
    gnt_req_query(r, "tag", ref.tag[0] != '\0' ? ref.tag : "latest");
}

static int image_tag(void *state, const char *reference, const char *new_reference,
                     const gantry_image_tag_options *opts, gantry_error *err)
{
    struct docker *d = state;
    struct gnt_req r;

    gnt_req_init(&r, &d->rest, "POST", opts->call, "/images/%r/tag", reference);
    gnt_req_about(&r, GANTRY_RESOURCE_IMAGE, reference);
    gnt_docker_query_name(&r, "new_reference", new_reference);
    return gnt_req_run(&r, NULL, err);
}

#define O gantry_image_import_options
const struct gnt_out gnt_docker_import_options[] = {
    GNT_OUT_STR(O, message, "message"),
    GNT_OUT_STR(O, platform, "platform"),
    GNT_OUT_STRS(O, changes, "changes"),
    GNT_OUT_END,
};
#undef O

struct import {
    const struct gnt_rest *rest;
    const char *reference;
    char id[65];
};

/* {"status":"sha256:..."} names the image; anything may come before, an error instead. */
static int take_import(void *arg, struct gnt_json *v, gantry_error *err)
{
    struct import *import = arg;
    const char *status = gnt_json_text(gnt_json_get(v, "status"));
    const char *message = gnt_json_text(gnt_json_get(v, "errorDetail/message"));

    if (message == NULL)
        message = gnt_json_text(gnt_json_get(v, "error"));
    if (message != NULL)
        return gnt_rest_error(import->rest, 0, message, NULL, GANTRY_RESOURCE_IMAGE,
                              import->reference, err);
    if (status != NULL && strncmp(status, "sha256:", 7) == 0 && strlen(status + 7) == 64)
        memcpy(import->id, status + 7, 65);
    return 0;
}

static int send_import(struct docker *d, const gantry_call *call, const gantry_source *tar,
                       const gantry_image_import_options *opts, struct import *import,
                       gantry_error *err)
{
    struct gnt_req r;

    gnt_req_init(&r, &d->rest, "POST", call, "/images/create");
    gnt_req_about(&r, GANTRY_RESOURCE_IMAGE, import->reference);
    r.flags |= GNT_REQ_OPEN_ENDED;
    gnt_req_query(&r, "fromSrc", "-");
    if (import->reference[0] != '\0')
        gnt_docker_query_name(&r, "reference", import->reference);
    gnt_req_query_object(&r, gnt_req_encode(&r, opts, gnt_docker_import_options));
    r.source = tar;
    r.content_type = "application/x-tar";
    return gnt_req_each(&r, GNT_JSON_SEQUENCE, take_import, import, NULL, err);
}

static int image_import(void *state, const char *reference, const gantry_source *tar,
                        const gantry_image_import_options *opts, gantry_image_import_result **out,
                        gantry_error *err)
{
    struct docker *d = state;
    struct import import = { .rest = &d->rest, .reference = reference != NULL ? reference : "" };
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    gantry_image_import_result *result;
    void *image = NULL;
    int rc = send_import(d, call, tar, opts, &import, err);

    if (rc == 0 && import.id[0] == '\0') {
        rc = gnt_fail(err, GANTRY_E_PROTOCOL, "the import ended without an image id");
        gnt_error_outcome(err, GANTRY_OUTCOME_UNKNOWN, GANTRY_RETRY_ASK);
    }
    if (rc < 0)
        return rc;
    rc = gnt_rest_lookup(&d->rest, &image_lookup, call, import.id, &image, err);
    gantry_result_free(image);
    if (rc < 0) {
        gnt_error_prefix(err, "the import ended well, but its image could not be confirmed: ");
        gnt_error_outcome(err, GANTRY_OUTCOME_UNKNOWN, GANTRY_RETRY_ASK);
        return rc;
    }
    result = gantry_result_new(d->rest.host, GANTRY_KIND_IMAGE_IMPORT_RESULT, err);
    if (result == NULL)
        return GANTRY_E_NOMEM;
    result->image_id = gantry_result_strdup(result, import.id);
    if (result->image_id == NULL) {
        gantry_result_free(result);
        return gnt_nomem(err);
    }
    *out = result;
    return 0;
}

/* ---- remove ---------------------------------------------------------------------------------- */

#define D gantry_image_remove_options
const struct gnt_out gnt_docker_image_remove_options[] = {
    GNT_OUT_ON(D, force, "force"),
    GNT_OUT_CODE(D, missing_ok),
    GNT_OUT_ON(D, keep_parents, "noprune"),
    GNT_OUT_REFUSE(D, reserved),
    GNT_OUT_END,
};
#undef D

static int add_string(gantry_image_removal *removal, const char *const **list, const char *text,
                      gantry_error *err)
{
    *list = gnt_strings_add(gnt_result_arena(removal), *list, text);
    return *list == NULL ? gnt_nomem(err) : 0;
}

static int take_removed(void *arg, struct gnt_json *v, gantry_error *err)
{
    gantry_image_removal *removal = arg;
    const char *untagged = gnt_json_text(gnt_json_get(v, "Untagged"));
    const char *deleted = gnt_json_text(gnt_json_get(v, "Deleted"));
    int rc = 0;

    if (untagged != NULL)
        rc = add_string(removal, &removal->untagged, untagged, err);
    if (rc == 0 && deleted != NULL)
        rc = add_string(removal, &removal->deleted,
                        deleted + (strncmp(deleted, "sha256:", 7) == 0 ? 7 : 0), err);
    return rc;
}

static int image_remove(void *state, const char *reference, const gantry_image_remove_options *opts,
                        gantry_image_removal **out, gantry_error *err)
{
    struct docker *d = state;
    gantry_image_removal *removal;
    struct gnt_req r;
    int rc;

    removal = gantry_result_new(d->rest.host, GANTRY_KIND_IMAGE_REMOVAL, err);
    if (removal == NULL)
        return GANTRY_E_NOMEM;
    gnt_req_init(&r, &d->rest, "DELETE", opts->call, "/images/%r", reference);
    gnt_req_about(&r, GANTRY_RESOURCE_IMAGE, reference);
    gnt_req_query_object(&r, gnt_req_encode(&r, opts, gnt_docker_image_remove_options));
    rc = gnt_req_each(&r, GNT_JSON_ELEMENTS, take_removed, removal, NULL, err);
    if (rc < 0)
        gantry_result_free(removal);
    else
        *out = removal;
    return rc;
}

const gantry_image_ops gnt_docker_image_ops = {
    .size = sizeof gnt_docker_image_ops,
    .build = gnt_docker_build,
    .import = image_import,
    .list = image_list,
    .inspect = image_inspect,
    .exists = NULL, /* Docker has no shorter question */
    .tag = image_tag,
    .remove = image_remove,
    .pull = gnt_docker_pull,
    .push = gnt_docker_push,
    .save = gnt_docker_save,
    .load = gnt_docker_load,
    .untag = gnt_docker_untag,
    .history = gnt_docker_history,
    .prune = gnt_docker_prune,
    .disk_usage = gnt_docker_disk_usage,
};
