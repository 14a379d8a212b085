/*
 * Docker: untag, history, prune and disk use of images. Docker deletes an image with its last name
 * and asks several "label!" filters to hold together.
 */
#include "docker.h"

#include "rest_upkeep.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* ---- untag ----------------------------------------------------------------------------------- */

static int check_names(const struct gnt_docker_names *names, const char *reference,
                       gantry_error *err)
{
    int rc = 0;

    if (!names->has) {
        int by_id = strncmp(names->id + 7, reference, strlen(reference)) == 0;

        rc = by_id ? GANTRY_E_INVALID : GANTRY_E_NOT_FOUND;
        if (by_id)
            gnt_fail(err, rc, "reference: must be the name to take away, not an id");
        else
            gnt_fail(err, rc, "no image has the name %s", names->wanted);
    } else if (names->count == 1) {
        rc = gnt_fail(err, GANTRY_E_CONFLICT,
                      "%s is the image's last name, without which Docker would delete it",
                      names->wanted);
    }
    if (rc < 0) {
        gnt_error_resource(err, GANTRY_RESOURCE_IMAGE, reference);
        gnt_error_outcome(err, GANTRY_OUTCOME_REFUSED, GANTRY_RETRY_NO);
    }
    return rc;
}

/* Between the look and the removal another name may go: without force Docker then still keeps an
 * image that a container uses, but deletes any other. There is no way to ask it for less. */
int gnt_docker_untag(void *state, const char *reference, const gantry_image_untag_options *opts,
                     gantry_error *err)
{
    struct docker *d = state;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    struct gnt_docker_names names;
    struct gnt_arena arena;
    struct gnt_req r;
    int rc;

    gnt_arena_init(&arena, &d->rest.host->mem);
    rc = gnt_docker_names(d, call, &arena, reference, &names, err);
    if (rc == 0)
        rc = check_names(&names, reference, err);
    if (rc == 0) {
        gnt_req_init(&r, &d->rest, "DELETE", call, "/images/%r", names.wanted);
        gnt_req_about(&r, GANTRY_RESOURCE_IMAGE, reference);
        gnt_req_query_true(&r, "noprune", 1);
        rc = gnt_req_run(&r, NULL, err);
    }
    gnt_arena_free(&arena);
    return rc;
}

/* ---- history --------------------------------------------------------------------------------- */

#define L gantry_image_layer
const struct gnt_in gnt_docker_layer_rows[] = {
    GNT_IN_HOOK(L, id, "Id", gnt_in_layer_id),
    GNT_IN_STR(L, created_by, "CreatedBy"),
    GNT_IN_STR(L, comment, "Comment"),
    GNT_IN_HOOK(L, references, "Tags", gnt_docker_in_references),
    GNT_IN_TIME(L, created_ns, "Created"),
    GNT_IN_I64(L, size_bytes, "Size"),
    GNT_IN_END,
};
#undef L

int gnt_docker_history(void *state, const char *reference, const gantry_image_history_options *opts,
                       gantry_image_history **out, gantry_error *err)
{
    struct docker *d = state;

    return gnt_rest_history(&d->rest, reference, reference, gnt_docker_layer_rows, opts->call, out,
                            err);
}

/* ---- prune ----------------------------------------------------------------------------------- */

#define P gantry_image_prune_options
const struct gnt_out gnt_docker_prune_options[] = {
    GNT_OUT_CODE(P, labels),      GNT_OUT_CODE(P, not_labels),
    GNT_OUT_CODE(P, filters),     GNT_OUT_CODE(P, filter_count),
    GNT_OUT_CODE(P, until_ns),    GNT_OUT_CODE(P, all),
    GNT_OUT_CODE(P, build_cache), GNT_OUT_END,
};
#undef P

static int add_text(gantry_image_pruned *pruned, const char *const **field,
                    const struct gnt_json *text, gantry_error *err)
{
    const char *name = gnt_json_text(text);
    const char *const *list;

    if (text == NULL)
        return 0;
    if (name == NULL)
        return gnt_fail(err, GANTRY_E_PROTOCOL, "what was pruned: a name was expected");
    name += strncmp(name, "sha256:", 7) == 0 ? 7 : 0;
    list = gnt_strings_add(gnt_result_arena(pruned), *field, name);
    if (list == NULL)
        return gnt_nomem(err);
    *field = list;
    return 0;
}

static void add_freed(gantry_image_pruned *pruned, const struct gnt_json *v)
{
    int64_t freed = 0;

    if (gnt_json_int(gnt_json_get(v, "SpaceReclaimed"), &freed) == 0)
        pruned->freed_bytes += freed;
}

static int need_object(const struct gnt_json *v, gantry_error *err)
{
    if (v->type == GNT_JSON_OBJECT)
        return 0;
    return gnt_fail(err, GANTRY_E_PROTOCOL, "what was pruned: an object was expected");
}

static int take_images(void *arg, struct gnt_json *v, gantry_error *err)
{
    gantry_image_pruned *pruned = arg;
    const struct gnt_json *item = NULL;
    int rc = need_object(v, err);

    if (rc == 0)
        rc = gnt_objects(gnt_json_get(v, "ImagesDeleted"), "ImagesDeleted", &item, err);
    for (; rc == 0 && item != NULL; item = item->next) {
        rc = add_text(pruned, &pruned->untagged, gnt_json_get(item, "Untagged"), err);
        if (rc == 0)
            rc = add_text(pruned, &pruned->deleted, gnt_json_get(item, "Deleted"), err);
    }
    add_freed(pruned, v);
    return rc;
}

static int take_caches(void *arg, struct gnt_json *v, gantry_error *err)
{
    gantry_image_pruned *pruned = arg;
    const struct gnt_json *list = gnt_json_get(v, "CachesDeleted");
    const struct gnt_json *item = list != NULL && list->type == GNT_JSON_ARRAY ? list->first : NULL;
    int rc = need_object(v, err);

    for (; rc == 0 && item != NULL; item = item->next)
        rc = add_text(pruned, &pruned->caches, item, err);
    add_freed(pruned, v);
    return rc;
}

static int prune_images(struct docker *d, const gantry_image_prune_options *opts,
                        const gantry_call *call, gantry_image_pruned *pruned, gantry_error *err)
{
    char until[48];
    struct gnt_req r;
    struct gnt_json *filters;

    gnt_req_init(&r, &d->rest, "POST", call, "/images/prune");
    r.flags |= GNT_REQ_OPEN_ENDED;
    filters = gnt_req_object(&r);
    gnt_req_filter_list(&r, filters, "label", opts->labels);
    gnt_req_filter_list(&r, filters, "label!", opts->not_labels);
    if (opts->all == GANTRY_ON)
        gnt_req_filter(&r, filters, "dangling", "false");
    gnt_filter_time(until, opts->until_ns);
    if (opts->until_ns > 0)
        gnt_req_filter(&r, filters, "until", until);
    gnt_req_filter_pairs(&r, filters, opts->filters, opts->filter_count);
    gnt_req_filters(&r, filters);
    return gnt_req_each(&r, GNT_JSON_DOCUMENT, take_images, pruned, NULL, err);
}

/* The cache wants to be told an age instead of a time. */
int gnt_docker_prune_cache(struct docker *d, int64_t until_ns, int all, const gantry_call *call,
                           gantry_image_pruned *pruned, gantry_error *err)
{
    char age[32];
    struct timespec now;
    int64_t seconds;
    struct gnt_req r;
    struct gnt_json *filters;

    gnt_req_init(&r, &d->rest, "POST", call, "/build/prune");
    r.flags |= GNT_REQ_OPEN_ENDED;
    gnt_req_query_true(&r, "all", all);
    filters = gnt_req_object(&r);
    if (until_ns > 0) {
        (void)clock_gettime(CLOCK_REALTIME, &now);
        seconds = (int64_t)now.tv_sec - until_ns / 1000000000;
        snprintf(age, sizeof age, "%" PRId64 "s", seconds > 0 ? seconds : 0);
        gnt_req_filter(&r, filters, "until", age);
    }
    gnt_req_filters(&r, filters);
    return gnt_req_each(&r, GNT_JSON_DOCUMENT, take_caches, pruned, NULL, err);
}

int gnt_docker_prune(void *state, const gantry_image_prune_options *opts, gantry_image_pruned **out,
                     gantry_error *err)
{
    struct docker *d = state;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    gantry_image_pruned *pruned;
    int rc;

    /* Docker keeps only what has all of several: more would go than was meant. */
    if (opts->not_labels != NULL && opts->not_labels[0] != NULL && opts->not_labels[1] != NULL)
        return gnt_fail(err, GANTRY_E_UNSUPPORTED, "not_labels: Docker can take one, not several");
    pruned = gantry_result_new(d->rest.host, GANTRY_KIND_IMAGE_PRUNED, err);
    if (pruned == NULL)
        return GANTRY_E_NOMEM;
    rc = prune_images(d, opts, call, pruned, err);
    if (rc == 0 && opts->build_cache == GANTRY_ON)
        rc = gnt_prune_failed(
            pruned,
            gnt_docker_prune_cache(d, opts->until_ns, opts->all == GANTRY_ON, call, pruned, err),
            err);
    if (rc < 0)
        gantry_result_free(pruned);
    else
        *out = pruned;
    return rc;
}

/* ---- disk use -------------------------------------------------------------------------------- */

#define U gantry_image_usage
const struct gnt_in gnt_docker_usage_rows[] = {
    GNT_IN_ID_REQ(U, id, "Id"),
    GNT_IN_HOOK(U, references, "RepoTags", gnt_docker_in_references),
    GNT_IN_TIME(U, created_ns, "Created"),
    GNT_IN_I64(U, size_bytes, "Size"),
    GNT_IN_I64(U, shared_bytes, "SharedSize"),
    GNT_IN_I64(U, containers, "Containers"),
    GNT_IN_END,
};

static const struct gnt_in total_rows[] = {
    GNT_IN_I64(gantry_image_disk_usage, total_bytes, "ImageUsage/TotalSize"), /* from 1.52 on */
    GNT_IN_I64(gantry_image_disk_usage, total_bytes, "LayersSize"),
    GNT_IN_END,
};
#undef U

int gnt_docker_take_usage(void *arg, struct gnt_json *v, gantry_error *err)
{
    gantry_image_disk_usage *usage = arg;
    struct gnt_in_context c = { .arena = gnt_result_arena(usage), .root = v, .err = err };
    const struct gnt_json *images = gnt_json_get(v, "Images");
    const struct gnt_json *first = NULL;
    int rc = gnt_decode(c.arena, v, NULL, total_rows, usage, err);

    if (images == NULL)
        images = gnt_json_get(v, "ImageUsage/Items");
    if (rc == 0)
        rc = gnt_objects(images, "Images", &first, err);
    if (rc == 0 && first != NULL)
        rc =
            gnt_in_items(&c, images, GANTRY_KIND_IMAGE_USAGE, gnt_docker_usage_rows, &usage->items);
    for (; rc == 0 && usage->items[usage->count] != NULL; usage->count++) {
        gantry_image_usage *u = (gantry_image_usage *)usage->items[usage->count]; /* ours */

        if (u->shared_bytes >= 0 && u->shared_bytes <= u->size_bytes)
            u->unique_bytes = u->size_bytes - u->shared_bytes;
    }
    return rc;
}

static int ask_usage(struct docker *d, const gantry_call *call, void *usage, gantry_error *err)
{
    struct gnt_req r;

    gnt_docker_df_request(&r, d, call, "image");
    return gnt_req_each(&r, GNT_JSON_DOCUMENT, gnt_docker_take_usage, usage, NULL, err);
}

int gnt_docker_usage_turn(struct docker *d, const gantry_call *call,
                          int (*ask)(struct docker *d, const gantry_call *call, void *arg,
                                     gantry_error *err),
                          void *arg, gantry_error *err)
{
    enum {
        PAUSE_MS = 50,
        PAUSE_MOST_MS = 1000
    };
    gantry_error e = { 0 };
    struct gnt_clock clock;
    int pause = PAUSE_MS;
    int rc;

    gnt_clock_start(&clock, call, d->rest.host->request_timeout_ms);
    while ((rc = ask(d, call, arg, &e)) == GANTRY_E_STATE) {
        rc = gnt_clock_pause(&clock, pause, &e);
        if (rc < 0)
            break;
        pause = pause * 2 < PAUSE_MOST_MS ? pause * 2 : PAUSE_MOST_MS;
    }
    if (rc < 0 && err != NULL)
        *err = e;
    return rc;
}

int gnt_docker_disk_usage(void *state, const gantry_image_disk_usage_options *opts,
                          gantry_image_disk_usage **out, gantry_error *err)
{
    struct docker *d = state;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    gantry_image_disk_usage *usage;
    int rc;

    usage = gantry_result_new(d->rest.host, GANTRY_KIND_IMAGE_DISK_USAGE, err);
    if (usage == NULL)
        return GANTRY_E_NOMEM;
    rc = gnt_docker_usage_turn(d, call, ask_usage, usage, err);
    if (rc < 0)
        gantry_result_free(usage);
    else
        *out = usage;
    return rc;
}
