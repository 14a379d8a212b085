/*
 * Prune of images over libpod. 4.3 heeds one value of one filter alone; what it forgets makes it
 * remove more: so several conditions are decided here, on a list, and the engine is asked to prune
 * each image by its id, which keeps what is in use or has a name.
 */
#include "podman.h"

#include "rest_upkeep.h"

#include <string.h>

#define P gantry_image_prune_options
const struct gnt_out gnt_podman_prune_options[] = {
    GNT_OUT_CODE(P, labels),      GNT_OUT_CODE(P, not_labels),
    GNT_OUT_CODE(P, filters),     GNT_OUT_CODE(P, filter_count),
    GNT_OUT_CODE(P, until_ns),    GNT_OUT_CODE(P, all),
    GNT_OUT_CODE(P, build_cache), GNT_OUT_END
};
#undef P

struct pruning {
    struct podman *p;
    const gantry_image_prune_options *options;
    const gantry_call *call;
    const gantry_image_list *before; /* what there was, for the names that go */
    gantry_image_pruned *pruned;
    int failed; /* the first failure of an image was kept in `failure` */
    gantry_error failure;
};

/* ---- reports --------------------------------------------------------------------------------- */

static const gantry_image *find(const gantry_image_list *list, const char *id)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i]->id, id) == 0)
            return list->items[i];
    }
    return NULL;
}

static int add(gantry_image_pruned *pruned, const char *const **field, const char *text,
               gantry_error *err)
{
    const char *const *list = gnt_strings_add(gnt_result_arena(pruned), *field, text);

    if (list == NULL)
        return gnt_nomem(err);
    *field = list;
    return 0;
}

/* What went wrong with one image: a text, or an object that Go made of an error. */
static void keep_failure(struct pruning *pr, const struct gnt_json *problem, const char *id)
{
    const char *text = gnt_json_text(problem);

    if (pr->failed)
        return;
    pr->failed = 1;
    gnt_rest_error(&pr->p->rest, 0, text != NULL ? text : "it could not be removed", NULL,
                   GANTRY_RESOURCE_IMAGE, id, &pr->failure);
    pr->failure.code = GANTRY_E_ENGINE;
}

static int take_report(void *arg, struct gnt_json *v, gantry_error *err)
{
    struct pruning *pr = arg;
    const char *id = gnt_json_text(gnt_json_get(v, "Id"));
    const struct gnt_json *problem = gnt_json_get(v, "Err");
    const gantry_image *image;
    int64_t size = 0;
    int rc;

    if (problem != NULL && problem->type != GNT_JSON_NULL) {
        keep_failure(pr, problem, id != NULL ? id : "");
        return 0;
    }
    if (id == NULL)
        return gnt_fail(err, GANTRY_E_PROTOCOL, "what was pruned: an image id was expected");
    id += strncmp(id, "sha256:", 7) == 0 ? 7 : 0;
    if (gnt_json_int(gnt_json_get(v, "Size"), &size) == 0)
        pr->pruned->freed_bytes += size;
    rc = add(pr->pruned, &pr->pruned->deleted, id, err);
    image = find(pr->before, id);
    for (size_t i = 0; rc == 0 && image != NULL && image->references[i] != NULL; i++)
        rc = add(pr->pruned, &pr->pruned->untagged, image->references[i], err);
    return rc;
}

/* ---- requests -------------------------------------------------------------------------------- */

static int send(struct pruning *pr, const char *key, const char *value, gantry_error *err)
{
    struct gnt_req r;
    struct gnt_json *filters;

    gnt_req_init(&r, &pr->p->rest, "POST", pr->call, "/images/prune");
    /* It looks at all images before it removes some. Where it does so more than once, what went
     * before a later look failed is missing in the report. */
    r.flags |= GNT_REQ_OPEN_ENDED | GNT_REQ_REPEATABLE;
    gnt_req_query_true(&r, "all", pr->options->all == GANTRY_ON);
    if (gnt_rest_at_least(&pr->p->rest, 5, 3, 0))
        gnt_req_query_true(&r, "buildcache", pr->options->build_cache == GANTRY_ON);
    filters = gnt_req_object(&r);
    if (key != NULL)
        gnt_req_filter(&r, filters, key, value);
    gnt_req_filters(&r, filters);
    return gnt_req_each(&r, GNT_JSON_ELEMENTS, take_report, pr, NULL, err);
}

static size_t count(const char *const *list)
{
    size_t n = 0;

    while (list != NULL && list[n] != NULL)
        n++;
    return n;
}

/* At most one condition: the engine decides. */
static int prune_at_once(struct pruning *pr, gantry_error *err)
{
    const gantry_image_prune_options *o = pr->options;
    char until[48];

    gnt_filter_time(until, o->until_ns);
    if (count(o->labels) > 0)
        return send(pr, "label", o->labels[0], err);
    if (count(o->not_labels) > 0)
        return send(pr, "label!", o->not_labels[0], err);
    if (o->until_ns > 0)
        return send(pr, "until", until, err);
    if (o->filter_count > 0)
        return send(pr, o->filters[0].key, o->filters[0].value, err);
    return send(pr, NULL, NULL, err);
}

/* ---- several conditions ---------------------------------------------------------------------- */

static int has_label(const gantry_image *image, const char *label)
{
    size_t size = strcspn(label, "=");

    for (size_t i = 0; i < image->label_count; i++) {
        const gantry_pair *have = &image->labels[i];

        if (strncmp(have->key, label, size) == 0 && have->key[size] == '\0' &&
            (label[size] == '\0' || strcmp(have->value, label + size + 1) == 0))
            return 1;
    }
    return 0;
}

static int is_meant(const gantry_image *image, const gantry_image_prune_options *o)
{
    if (o->all != GANTRY_ON && image->references[0] != NULL)
        return 0;
    for (size_t i = 0; i < count(o->labels); i++) {
        if (!has_label(image, o->labels[i]))
            return 0;
    }
    for (size_t i = 0; i < count(o->not_labels); i++) {
        if (has_label(image, o->not_labels[i]))
            return 0;
    }
    return 1;
}

/* Lists know the second in which an image was made, and only that. Gone is not made before. */
static int is_before(const struct pruning *pr, const gantry_image *listed, int *out,
                     gantry_error *err)
{
    const gantry_image_inspect_options o = { .size = sizeof o, .call = pr->call };
    const int64_t second = 1000000000;
    int64_t until = pr->options->until_ns;
    gantry_image *image = NULL;
    gantry_error e = { 0 };
    int rc;

    *out = until == 0 || listed->created_ns / second < until / second;
    if (*out || listed->created_ns / second > until / second)
        return 0;
    rc = gnt_podman_image_inspect(pr->p, listed->id, &o, &image, &e);
    if (rc == 0)
        *out = image->created_ns < until;
    else if (rc != GANTRY_E_NOT_FOUND && err != NULL)
        *err = e;
    gnt_result_free(image);
    return rc == GANTRY_E_NOT_FOUND ? 0 : rc;
}

static int prune_one(struct pruning *pr, const gantry_image *image, gantry_error *err)
{
    int before = 0;
    int rc;

    for (const char *const *id = pr->pruned->deleted; *id != NULL; id++) {
        if (strcmp(*id, image->id) == 0)
            return 0;
    }
    if (!is_meant(image, pr->options))
        return 0;
    rc = is_before(pr, image, &before, err);
    return rc == 0 && before ? send(pr, "id", image->id, err) : rc;
}

/* An image on which others are built can go only behind them: again while some went. */
static int prune_each(struct pruning *pr, const gantry_image_list *list, gantry_error *err)
{
    size_t before;
    int rc = 0;

    do {
        before = count(pr->pruned->deleted);
        for (size_t i = 0; rc == 0 && i < list->count; i++)
            rc = prune_one(pr, list->items[i], err);
    } while (rc == 0 && !pr->failed && count(pr->pruned->deleted) > before);
    return rc;
}

static int prune(struct pruning *pr, gantry_error *err)
{
    const gantry_image_prune_options *o = pr->options;
    size_t conditions =
        count(o->labels) + count(o->not_labels) + o->filter_count + (o->until_ns > 0);
    gantry_image_list_options some = { .size = sizeof some, .all = GANTRY_ON };
    gantry_image_list *all = NULL;
    gantry_image_list *list = NULL;
    int rc;

    if (o->filter_count > 1)
        return gnt_fail(err, GANTRY_E_UNSUPPORTED, "filters: Podman heeds one, not several");
    some.call = pr->call;
    rc = gnt_podman_image_list(pr->p, &some, &all, err);
    some.filters = o->filters;
    some.filter_count = o->filter_count;
    if (rc == 0 && conditions > 1 && o->filter_count > 0)
        rc = gnt_podman_image_list(pr->p, &some, &list, err);
    pr->before = all;
    if (rc == 0)
        rc = conditions > 1 ? prune_each(pr, list != NULL ? list : all, err)
                            : prune_at_once(pr, err);
    if (rc == 0 && pr->failed) {
        rc = GANTRY_E_ENGINE;
        if (err != NULL)
            *err = pr->failure;
    }
    gnt_result_free(all);
    gnt_result_free(list);
    return gnt_prune_failed(pr->pruned, rc, err);
}

int gnt_podman_prune(void *state, const gantry_image_prune_options *opts, gantry_image_pruned **out,
                     gantry_error *err)
{
    struct pruning pr = { .p = state, .options = opts };
    gantry_call shared;
    int rc;

    pr.call = gnt_call_share(&shared, opts->call);
    pr.pruned = gnt_result_new(&pr.p->rest.host->mem, GANTRY_KIND_IMAGE_PRUNED, err);
    if (pr.pruned == NULL)
        return GANTRY_E_NOMEM;
    rc = prune(&pr, err);
    if (rc < 0)
        gnt_result_free(pr.pruned);
    else
        *out = pr.pruned;
    return rc;
}
