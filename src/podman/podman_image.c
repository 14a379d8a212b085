/*
 * Images over libpod: import, list, inspect, exists, tag, remove. Building is in podman_build.c,
 * names in podman_names.c.
 */
#include "podman.h"

#include <string.h>

/* ---- tables ---------------------------------------------------------------------------------- */

#define I gantry_image
#define IMAGE_ITEM_ROWS                                                                            \
    GNT_IN_ID_REQ(I, id, "Id"), GNT_IN_STR(I, digest, "Digest"),                                   \
        GNT_IN_HOOK(I, references, "RepoTags", gnt_podman_in_names),                               \
        GNT_IN_HOOK(I, digests, "RepoDigests", gnt_podman_in_names),                               \
        GNT_IN_TIME(I, created_ns, "Created"), GNT_IN_I64(I, size_bytes, "Size"),                  \
        GNT_IN_MAP(I, labels, "Labels")

const struct gnt_in gnt_podman_image_item_rows[] = { IMAGE_ITEM_ROWS, GNT_IN_END };

const struct gnt_in gnt_podman_image_rows[] = {
    IMAGE_ITEM_ROWS,
    GNT_IN_STR(I, os, "Os"),
    GNT_IN_STR(I, architecture, "Architecture"),
    GNT_IN_STR(I, variant, "Variant"),
    GNT_IN_STR(I, author, "Author"),
    GNT_IN_STR(I, comment, "Comment"),
    GNT_IN_STR(I, user, "User"),
    GNT_IN_STR(I, working_directory, "Config/WorkingDir"),
    GNT_IN_STRS(I, command, "Config/Cmd"),
    GNT_IN_STRS(I, entrypoint, "Config/Entrypoint"),
    GNT_IN_STRS(I, environment, "Config/Env"),
    GNT_IN_KEYS(I, exposed_ports, "Config/ExposedPorts"),
    GNT_IN_KEYS(I, volumes, "Config/Volumes"),
    GNT_IN_ID(I, parent_id, "Parent"),
    GNT_IN_STRS(I, layers, "RootFS/Layers"),
    GNT_IN_STR(I, stop_signal, "Config/StopSignal"),
    GNT_IN_STRS(I, healthcheck, "HealthCheck/Test"),
    GNT_IN_STRS(I, healthcheck, "Healthcheck/Test"),
    GNT_IN_END
};
#undef I

#define O gantry_image_import_options
const struct gnt_out gnt_podman_import_options[] = { GNT_OUT_STR(O, message, "message"),
                                                     GNT_OUT_CODE(O, platform),
                                                     GNT_OUT_STRS(O, changes, "changes"),
                                                     GNT_OUT_END };
#undef O

#define O gantry_image_list_options
const struct gnt_out gnt_podman_image_list_options[] = { GNT_OUT_CODE(O, references),
                                                         GNT_OUT_CODE(O, labels),
                                                         GNT_OUT_CODE(O, filters),
                                                         GNT_OUT_CODE(O, filter_count),
                                                         GNT_OUT_CODE(O, dangling),
                                                         GNT_OUT_ON(O, all, "all"),
                                                         GNT_OUT_END };
#undef O

#define O gantry_image_remove_options
const struct gnt_out gnt_podman_image_remove_options[] = {
    GNT_OUT_CODE(O, force), GNT_OUT_CODE(O, missing_ok), GNT_OUT_REFUSE(O, keep_parents),
    GNT_OUT_REFUSE(O, reserved), GNT_OUT_END
};
#undef O

/* ---- import ---------------------------------------------------------------------------------- */

static const struct gnt_in import_rows[] = {
    GNT_IN_ID_REQ(gantry_image_import_result, image_id, "Id"), GNT_IN_END
};

static int podman_import(void *state, const char *reference, const gantry_source *tar,
                         const gantry_image_import_options *opts, gantry_image_import_result **out,
                         gantry_error *err)
{
    struct podman *p = state;
    struct podman_platform platform = { 0 };
    struct gnt_req r;
    void *result = NULL;
    int rc = 0;

    if (opts->platform != NULL)
        rc = gnt_podman_platform(opts->platform, &platform, err);
    if (rc < 0)
        return rc;
    gnt_req_init(&r, &p->rest, "POST", opts->call, "/images/import");
    gnt_req_about(&r, GANTRY_RESOURCE_IMAGE, reference);
    r.flags |= GNT_REQ_OPEN_ENDED;
    gnt_req_query(&r, "reference", reference);
    gnt_req_query_object(&r, gnt_req_encode(&r, opts, gnt_podman_import_options));
    gnt_req_query(&r, "OS", platform.os[0] != '\0' ? platform.os : NULL);
    gnt_req_query(&r, "Architecture", platform.arch[0] != '\0' ? platform.arch : NULL);
    gnt_req_query(&r, "Variant", platform.variant[0] != '\0' ? platform.variant : NULL);
    r.source = tar;
    r.content_type = "application/x-tar";
    rc = gnt_req_result(&r, GANTRY_KIND_IMAGE_IMPORT_RESULT, import_rows, SIZE_MAX, &result, err);
    if (rc == 0)
        *out = result;
    return rc;
}

/* ---- list ------------------------------------------------------------------------------------ */

struct image_listing {
    struct podman_wanted wanted; /* labels only: images have no one name */
    const gantry_image_list_options *options;
};

/*
 * Which images stay is decided here, on the answer: libpod 4.3 wants all of several references to
 * match, and names are compared as callers know them.
 */
static int accept_image(const void *item, const void *arg)
{
    const gantry_image *image = item;
    const struct image_listing *listing = arg;
    const gantry_image_list_options *o = listing->options;

    if (!gnt_podman_accept(item, &listing->wanted))
        return 0;
    if (o->dangling == GANTRY_ON && image->references[0] != NULL)
        return 0;
    if (o->dangling == GANTRY_OFF && image->references[0] == NULL)
        return 0;
    if (o->references == NULL || o->references[0] == NULL)
        return 1;
    for (const char *const *want = o->references; *want != NULL; want++) {
        for (const char *const *name = image->references; *name != NULL; name++) {
            if (gnt_podman_matches(*want, *name))
                return 1;
        }
        for (const char *const *name = image->digests; *name != NULL; name++) {
            if (gnt_podman_matches(*want, *name))
                return 1;
        }
    }
    return 0;
}

static int list_images(struct podman *p, const gantry_image_list_options *opts,
                       const gantry_call *call, void **out, gantry_error *err)
{
    struct image_listing listing = { .wanted = { .labels = opts->labels,
                                                 .labels_offset = offsetof(gantry_image, labels) },
                                     .options = opts };
    struct gnt_req r;
    struct gnt_json *filters;

    gnt_req_init(&r, &p->rest, "GET", call, "/images/json");
    gnt_req_query_object(&r, gnt_req_encode(&r, opts, gnt_podman_image_list_options));
    filters = gnt_req_object(&r);
    gnt_podman_filter_wanted(&r, filters, &listing.wanted);
    if (opts->dangling != GANTRY_DEFAULT)
        gnt_req_filter(&r, filters, "dangling", opts->dangling == GANTRY_ON ? "true" : "false");
    gnt_req_filter_pairs(&r, filters, opts->filters, opts->filter_count);
    gnt_req_filters(&r, filters);
    return gnt_req_list(&r, GANTRY_KIND_IMAGE_LIST, GANTRY_KIND_IMAGE, gnt_podman_image_item_rows,
                        accept_image, &listing, out, err);
}

int gnt_podman_image_list(void *state, const gantry_image_list_options *opts,
                          gantry_image_list **out, gantry_error *err)
{
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    gantry_error e;
    void *list = NULL;
    int tries = 0;
    int rc;

    do {
        memset(&e, 0, sizeof e);
        rc = list_images(state, opts, call, &list, &e);
    } while (gnt_podman_list_again(rc, &tries));
    if (rc == 0)
        *out = list;
    else if (err != NULL)
        *err = e;
    return rc;
}

/* ---- inspect, exists, tag -------------------------------------------------------------------- */

int gnt_podman_image_inspect(void *state, const char *reference,
                             const gantry_image_inspect_options *opts, gantry_image **out,
                             gantry_error *err)
{
    static const struct gnt_lookup lookup = { .path = "/images/%r/json",
                                              .resource_kind = GANTRY_RESOURCE_IMAGE,
                                              .result_kind = GANTRY_KIND_IMAGE,
                                              .rows = gnt_podman_image_rows,
                                              .json_offset = offsetof(gantry_image, json) };
    struct podman *p = state;
    void *result = NULL;
    int rc =
        gnt_rest_lookup(&p->rest, &lookup, opts->call, gnt_podman_bare(reference), &result, err);

    if (rc == 0)
        *out = result;
    return rc;
}

static int podman_image_exists(void *state, const char *reference,
                               const gantry_image_exists_options *opts, int *out_exists,
                               gantry_error *err)
{
    struct podman *p = state;
    gantry_error e = { 0 };
    int rc = gnt_rest_act(&p->rest, "GET", opts->call, GANTRY_RESOURCE_IMAGE,
                          gnt_podman_bare(reference), "/images/%r/exists", &e);

    if (rc < 0 && rc != GANTRY_E_NOT_FOUND) {
        if (err != NULL)
            *err = e;
        return rc;
    }
    *out_exists = rc == 0;
    return 0;
}

static int podman_image_tag(void *state, const char *reference, const char *new_reference,
                            const gantry_image_tag_options *opts, gantry_error *err)
{
    struct podman *p = state;
    struct gnt_req r;

    gnt_req_init(&r, &p->rest, "POST", opts->call, "/images/%r/tag", gnt_podman_bare(reference));
    gnt_req_about(&r, GANTRY_RESOURCE_IMAGE, reference);
    gnt_podman_query_name(&r, "new_reference", new_reference);
    return gnt_req_run(&r, NULL, err);
}

/* ---- remove ---------------------------------------------------------------------------------- */

static int add_texts(gantry_image_removal *removal, const struct gnt_json *texts, int names,
                     gantry_error *err)
{
    struct gnt_arena *arena = gnt_result_arena(removal);
    const char *const **field = names ? &removal->untagged : &removal->deleted;
    const struct gnt_json *item =
        texts != NULL && texts->type == GNT_JSON_ARRAY ? texts->first : NULL;

    for (; item != NULL; item = item->next) {
        const char *text = gnt_json_text(item);
        const char *const *list;

        if (text == NULL)
            continue;
        list = gnt_strings_add(arena, *field, gnt_podman_familiar(text));
        if (list == NULL)
            return gnt_nomem(err);
        *field = list;
    }
    return 0;
}

struct removing {
    struct podman *p;
    const char *reference;
    gantry_image_removal *removal;
};

static int take_removal(void *arg, struct gnt_json *v, gantry_error *err)
{
    const struct removing *removing = arg;
    const struct gnt_json *errors = gnt_json_get(v, "Errors");
    const char *text = errors != NULL ? gnt_json_text(errors->first) : NULL;
    int rc;

    if (text != NULL)
        return gnt_rest_error(&removing->p->rest, 0, text, NULL, GANTRY_RESOURCE_IMAGE,
                              removing->reference, err);
    rc = add_texts(removing->removal, gnt_json_get(v, "Untagged"), 1, err);
    return rc < 0 ? rc : add_texts(removing->removal, gnt_json_get(v, "Deleted"), 0, err);
}

/* Never with libpod's own force: that deletes the containers that use the image. */
static int remove_name(struct removing *removing, const gantry_call *call, const char *name,
                       gantry_error *err)
{
    struct gnt_req r;

    gnt_req_init(&r, &removing->p->rest, "DELETE", call, "/images/%r", gnt_podman_removable(name));
    gnt_req_about(&r, GANTRY_RESOURCE_IMAGE, removing->reference);
    r.flags |= GNT_REQ_REPEATABLE; /* an image that goes at the same time makes it a 404 */
    return gnt_req_each(&r, GNT_JSON_DOCUMENT, take_removal, removing, NULL, err);
}

static int count_user(void *arg, struct gnt_json *v, gantry_error *err)
{
    (void)v;
    (void)err;
    ++*(size_t *)arg;
    return 0;
}

static int refuse_used(struct podman *p, const gantry_call *call, const char *reference,
                       const char *id, gantry_error *err)
{
    size_t users = 0;
    struct gnt_req r;
    struct gnt_json *filters;
    int rc;

    gnt_req_init(&r, &p->rest, "GET", call, "/containers/json");
    gnt_req_query_true(&r, "all", 1);
    filters = gnt_req_object(&r);
    gnt_req_filter(&r, filters, "ancestor", id);
    gnt_req_filters(&r, filters);
    rc = gnt_req_each(&r, GNT_JSON_ELEMENTS, count_user, &users, NULL, err);
    if (rc < 0 || users == 0)
        return rc;
    gnt_fail(err, GANTRY_E_IN_USE, "image is in use by %zu container%s", users,
             users > 1 ? "s" : "");
    gnt_error_resource(err, GANTRY_RESOURCE_IMAGE, reference);
    gnt_error_outcome(err, GANTRY_OUTCOME_REFUSED, GANTRY_RETRY_NO);
    return GANTRY_E_IN_USE;
}

struct names {
    struct gnt_arena *arena;
    const char *id;
    const char *const *tags; /* whole, as "localhost/app:latest" */
};

static int take_names(void *arg, struct gnt_json *v, gantry_error *err)
{
    struct names *names = arg;
    const char *id = gnt_json_text(gnt_json_get(v, "Id"));
    const struct gnt_json *tags = gnt_json_get(v, "RepoTags");

    if (id == NULL)
        return gnt_fail(err, GANTRY_E_PROTOCOL, "Id: an image id was expected");
    names->id = gnt_arena_strdup(names->arena, id + (strncmp(id, "sha256:", 7) == 0 ? 7 : 0));
    if (names->id == NULL)
        return gnt_nomem(err);
    tags = tags != NULL && tags->type == GNT_JSON_ARRAY ? tags->first : NULL;
    for (; tags != NULL; tags = tags->next) {
        const char *tag = gnt_json_text(tags);

        if (tag != NULL && (names->tags = gnt_strings_add(names->arena, names->tags, tag)) == NULL)
            return gnt_nomem(err);
    }
    return 0;
}

/*
 * What force is for: an image with several names, given by its id. Its names are taken away one by
 * one; the last takes the image along. The engine refuses that by itself while a container uses it.
 */
static int remove_all_names(struct removing *removing, const gantry_call *call, const char *id,
                            const struct names *names, gantry_error *err)
{
    int rc = refuse_used(removing->p, call, removing->reference, id, err);

    if (rc < 0)
        return rc;
    if (names->tags[0] == NULL)
        return remove_name(removing, call, id, err);
    for (const char *const *tag = names->tags; *tag != NULL; tag++) {
        rc = remove_name(removing, call, *tag, err);
        if (rc < 0 && tag != names->tags)
            gnt_error_outcome(err, GANTRY_OUTCOME_PARTIAL, GANTRY_RETRY_ASK);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* Whether a reference is one of the names, which comes before the beginning of an id. */
static int is_tag(const struct names *names, const char *reference)
{
    size_t size = strlen(reference);

    for (const char *const *tag = names->tags; *tag != NULL; tag++) {
        const char *name = gnt_podman_familiar(*tag);

        if (strncmp(name, reference, size) == 0 &&
            (name[size] == '\0' || strcmp(name + size, ":latest") == 0))
            return 1;
    }
    return 0;
}

static int remove_forced(struct removing *removing, const gantry_call *call, gantry_error *err)
{
    struct gnt_arena arena;
    struct names names = { .arena = &arena, .tags = gnt_no_strings };
    struct gnt_req r;
    const char *hex = gnt_podman_bare(removing->reference);
    int rc;

    gnt_arena_init(&arena, &removing->p->rest.host->mem);
    gnt_req_init(&r, &removing->p->rest, "GET", call, "/images/%r/json", hex);
    gnt_req_about(&r, GANTRY_RESOURCE_IMAGE, removing->reference);
    rc = gnt_req_each(&r, GNT_JSON_DOCUMENT, take_names, &names, NULL, err);
    if (rc == 0 && !is_tag(&names, removing->reference) && strncmp(names.id, hex, strlen(hex)) == 0)
        rc = remove_all_names(removing, call, names.id, &names, err);
    else if (rc == 0)
        rc = remove_name(removing, call, removing->reference, err);
    gnt_arena_free(&arena);
    return rc;
}

static int podman_image_remove(void *state, const char *reference,
                               const gantry_image_remove_options *opts, gantry_image_removal **out,
                               gantry_error *err)
{
    struct podman *p = state;
    struct removing removing = { .p = p, .reference = reference };
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    struct gnt_arena arena;
    struct gnt_json *unused;
    int rc;

    gnt_arena_init(&arena, &p->rest.host->mem);
    unused = gnt_json_new(&arena, GNT_JSON_OBJECT);
    rc = unused == NULL ? gnt_nomem(err)
                        : gnt_encode(&arena, opts, gnt_podman_image_remove_options, unused, err);
    gnt_arena_free(&arena);
    if (rc < 0)
        return rc;
    removing.removal = gnt_result_new(&p->rest.host->mem, GANTRY_KIND_IMAGE_REMOVAL, err);
    if (removing.removal == NULL)
        return GANTRY_E_NOMEM;
    if (opts->force == GANTRY_ON)
        rc = remove_forced(&removing, call, err);
    else
        rc = remove_name(&removing, call, reference, err);
    if (rc < 0)
        gnt_result_free(removing.removal);
    else
        *out = removing.removal;
    return rc;
}

const gantry_image_ops gnt_podman_image_ops = { .size = sizeof(gantry_image_ops),
                                                .build = gnt_podman_build,
                                                .import = podman_import,
                                                .list = gnt_podman_image_list,
                                                .inspect = gnt_podman_image_inspect,
                                                .exists = podman_image_exists,
                                                .tag = podman_image_tag,
                                                .remove = podman_image_remove,
                                                .pull = gnt_podman_pull,
                                                .push = gnt_podman_push,
                                                .save = gnt_podman_save,
                                                .load = gnt_podman_load,
                                                .untag = gnt_podman_untag,
                                                .history = gnt_podman_history,
                                                .prune = gnt_podman_prune,
                                                .disk_usage = gnt_podman_disk_usage };
