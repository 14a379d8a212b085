/*
 * Untag, history and disk use of images over libpod. Prune is in podman_prune.c.
 */
#include "podman.h"

#include "rest_upkeep.h"

#include <string.h>

/* ---- untag ----------------------------------------------------------------------------------- */

struct tags {
    struct gnt_arena *arena;
    const char *wanted; /* as callers know it, with its tag */
    const char *name;   /* as libpod keeps it, or NULL */
    const char *id;
};

/* libpod takes a short name to be under localhost/, but finds images by it elsewhere too. */
static int take_tags(void *arg, struct gnt_json *v, gantry_error *err)
{
    struct tags *tags = arg;
    const struct gnt_json *list = gnt_json_get(v, "RepoTags");
    const char *id = gnt_json_text(gnt_json_get(v, "Id"));
    const char *found = NULL;

    if (id == NULL)
        return gnt_fail(err, GANTRY_E_PROTOCOL, "Id: an image id was expected");
    list = list != NULL && list->type == GNT_JSON_ARRAY ? list->first : NULL;
    for (; list != NULL; list = list->next) {
        const char *tag = gnt_json_text(list);

        if (tag == NULL)
            continue;
        if (strcmp(gnt_podman_familiar(tag), gnt_podman_familiar(tags->wanted)) == 0 &&
            (found == NULL || strncmp(tag, "localhost/", 10) == 0))
            found = tag;
    }
    tags->id = gnt_arena_strdup(tags->arena, id);
    if (found != NULL)
        tags->name = gnt_arena_strdup(tags->arena, found);
    return tags->id == NULL || (found != NULL && tags->name == NULL) ? gnt_nomem(err) : 0;
}

static int find_tag(struct podman *p, const gantry_call *call, const char *reference,
                    struct tags *tags, gantry_error *err)
{
    struct gnt_reference parts;
    struct gnt_req r;
    int rc = gnt_reference_parse(tags->arena, "reference", reference, &parts, err);

    if (rc < 0)
        return rc;
    tags->wanted =
        parts.tag[0] != '\0' ? reference : gnt_arena_printf(tags->arena, "%s:latest", reference);
    if (tags->wanted == NULL)
        return gnt_nomem(err);
    gnt_req_init(&r, &p->rest, "GET", call, "/images/%r/json", reference);
    gnt_req_about(&r, GANTRY_RESOURCE_IMAGE, reference);
    rc = gnt_req_each(&r, GNT_JSON_DOCUMENT, take_tags, tags, NULL, err);
    if (rc < 0 || tags->name != NULL)
        return rc;
    if (strncmp(tags->id, reference, strlen(reference)) == 0)
        rc = gnt_fail(err, GANTRY_E_INVALID, "reference: must be the name to take away, not an id");
    else
        rc = gnt_fail(err, GANTRY_E_NOT_FOUND, "no image has the name %s", tags->wanted);
    gnt_error_resource(err, GANTRY_RESOURCE_IMAGE, reference);
    gnt_error_outcome(err, GANTRY_OUTCOME_REFUSED, GANTRY_RETRY_NO);
    return rc;
}

int gnt_podman_untag(void *state, const char *reference, const gantry_image_untag_options *opts,
                     gantry_error *err)
{
    struct podman *p = state;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    struct gnt_arena arena;
    struct tags tags = { .arena = &arena };
    struct gnt_req r;
    int rc;

    gnt_arena_init(&arena, &p->rest.host->mem);
    rc = find_tag(p, call, reference, &tags, err);
    if (rc == 0) {
        gnt_req_init(&r, &p->rest, "POST", call, "/images/%r/untag", tags.id);
        gnt_req_about(&r, GANTRY_RESOURCE_IMAGE, reference);
        gnt_podman_query_name(&r, "reference", tags.name);
        rc = gnt_req_run(&r, NULL, err);
    }
    gnt_arena_free(&arena);
    return rc;
}

/* ---- history --------------------------------------------------------------------------------- */

#define L gantry_image_layer
const struct gnt_in gnt_podman_layer_rows[] = { GNT_IN_HOOK(L, id, "Id", gnt_in_layer_id),
                                                GNT_IN_STR(L, created_by, "CreatedBy"),
                                                GNT_IN_STR(L, comment, "Comment"),
                                                GNT_IN_HOOK(L, references, "Tags",
                                                            gnt_podman_in_names),
                                                GNT_IN_TIME(L, created_ns, "Created"),
                                                GNT_IN_I64(L, size_bytes, "Size"),
                                                GNT_IN_END };
#undef L

int gnt_podman_history(void *state, const char *reference, const gantry_image_history_options *opts,
                       gantry_image_history **out, gantry_error *err)
{
    struct podman *p = state;

    return gnt_rest_history(&p->rest, reference, gnt_podman_bare(reference), gnt_podman_layer_rows,
                            opts->call, out, err);
}

/* ---- disk use -------------------------------------------------------------------------------- */

#define U gantry_image_usage
static const struct gnt_in usage_rows[] = { GNT_IN_ID_REQ(U, id, "ImageID"),
                                            GNT_IN_TIME(U, created_ns, "Created"),
                                            GNT_IN_I64(U, size_bytes, "Size"),
                                            GNT_IN_I64(U, shared_bytes, "SharedSize"),
                                            GNT_IN_I64(U, unique_bytes, "UniqueSize"),
                                            GNT_IN_I64(U, containers, "Containers"),
                                            GNT_IN_END };
#undef U

static const struct gnt_in total_rows[] = {
    GNT_IN_I64(gantry_image_disk_usage, total_bytes, "ImagesSize"), GNT_IN_END
};

static int add_name(struct gnt_arena *arena, gantry_image_usage *u, const struct gnt_json *v,
                    gantry_error *err)
{
    const char *repository = gnt_json_text(gnt_json_get(v, "Repository"));
    const char *tag = gnt_json_text(gnt_json_get(v, "Tag"));
    const char *name;
    const char *const *list;

    if (repository == NULL || tag == NULL || repository[0] == '<' || tag[0] == '<')
        return 0;
    name = gnt_arena_printf(arena, "%s:%s", repository, tag);
    list = name != NULL ? gnt_strings_add(arena, u->references, gnt_podman_familiar(name)) : NULL;
    if (list == NULL)
        return gnt_nomem(err);
    u->references = list;
    return 0;
}

/* An image has a row for each of its names, which follow each other. */
int gnt_podman_take_usage(void *arg, struct gnt_json *v, gantry_error *err)
{
    gantry_image_disk_usage *usage = arg;
    struct gnt_arena *arena = gnt_result_arena(usage);
    const struct gnt_json *images = gnt_json_get(v, "Images");
    const struct gnt_json *row = NULL;
    const gantry_image_usage **items;
    gantry_image_usage *last = NULL;
    int rc = gnt_decode(arena, v, NULL, total_rows, usage, err);

    if (rc == 0)
        rc = gnt_objects(images, "Images", &row, err);
    if (rc < 0 || row == NULL)
        return rc;
    items = gnt_arena_alloc(arena, (images->size + 1) * sizeof *items);
    if (items == NULL)
        return gnt_nomem(err);
    usage->items = items;
    for (; rc == 0 && row != NULL; row = row->next) {
        gantry_image_usage *u = gnt_result_item(usage, GANTRY_KIND_IMAGE_USAGE);

        rc = u == NULL ? gnt_nomem(err) : gnt_decode(arena, row, NULL, usage_rows, u, err);
        if (rc == 0 && (last == NULL || strcmp(last->id, u->id) != 0))
            items[usage->count++] = last = u;
        if (rc == 0)
            rc = add_name(arena, last, row, err);
    }
    return rc;
}

int gnt_podman_df(struct podman *p, const gantry_call *call, gnt_podman_df_fn ask, void **out,
                  gantry_error *err)
{
    gantry_call shared;
    gantry_error e;
    int tries = 0;
    int rc;

    call = gnt_call_share(&shared, call);
    do {
        memset(&e, 0, sizeof e);
        rc = ask(p, call, out, &e);
    } while (gnt_podman_list_again(rc, &tries));
    if (rc < 0 && err != NULL)
        *err = e;
    return rc;
}

static int ask_usage(struct podman *p, const gantry_call *call, void **out, gantry_error *err)
{
    void *usage = gnt_result_new(&p->rest.host->mem, GANTRY_KIND_IMAGE_DISK_USAGE, err);
    struct gnt_req r;
    int rc;

    if (usage == NULL)
        return GANTRY_E_NOMEM;
    gnt_req_init(&r, &p->rest, "GET", call, "/system/df");
    rc = gnt_req_each(&r, GNT_JSON_DOCUMENT, gnt_podman_take_usage, usage, NULL, err);
    if (rc < 0)
        gnt_result_free(usage);
    else
        *out = usage;
    return rc;
}

int gnt_podman_disk_usage(void *state, const gantry_image_disk_usage_options *opts,
                          gantry_image_disk_usage **out, gantry_error *err)
{
    void *usage = NULL;
    int rc = gnt_podman_df(state, opts->call, ask_usage, &usage, err);

    if (rc == 0)
        *out = usage;
    return rc;
}
