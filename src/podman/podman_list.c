/*
 * Lists of containers over libpod, whose own filters take names as expressions, leave paused ones
 * out and drop conditions beside a limit: what is asked is compared with the answer.
 */
#include "podman.h"

#include "rest_life.h"

#include <stdlib.h>
#include <string.h>

#define L gantry_container_list_options
const struct gnt_out gnt_podman_container_list_options[] = {
    GNT_OUT_CODE(L, names),   GNT_OUT_CODE(L, labels),      GNT_OUT_CODE(L, image),
    GNT_OUT_CODE(L, network), GNT_OUT_CODE(L, filters),     GNT_OUT_CODE(L, filter_count),
    GNT_OUT_CODE(L, limit),   GNT_OUT_CODE(L, all),         GNT_OUT_CODE(L, state),
    GNT_OUT_CODE(L, ids),     GNT_OUT_CODE(L, volume),      GNT_OUT_CODE(L, before),
    GNT_OUT_CODE(L, since),   GNT_OUT_CODE(L, pod),         GNT_OUT_CODE(L, exit_codes),
    GNT_OUT_CODE(L, health),  GNT_OUT_ON(L, sizes, "size"), GNT_OUT_END
};
#undef L

struct listing {
    struct podman_wanted wanted;
    struct gnt_list_plan plan;
};

static int accept_container(const void *item, const void *arg)
{
    const gantry_container *container = item;
    const struct listing *listing = arg;
    int health = listing->plan.options->health;

    if (health != GANTRY_HEALTH_NONE && container->health != health)
        return 0;
    return gnt_list_accept(item, &listing->plan) && gnt_podman_accept(item, &listing->wanted);
}

static int has_filter(const gantry_container_list_options *opts, const char *key)
{
    for (size_t i = 0; i < opts->filter_count; i++) {
        if (strcmp(opts->filters[i].key, key) == 0)
            return 1;
    }
    return 0;
}

/* Without `all` libpod leaves paused ones out, which run as far as callers are concerned. States
 * are compared with the answer only: no version takes all words, none has one for "stopping". */
static int only_running(const gantry_container_list_options *opts)
{
    return opts->all != GANTRY_ON && opts->state == GANTRY_CONTAINER_UNKNOWN &&
           (opts->exit_codes == NULL || opts->exit_codes[0] == NULL) && !has_filter(opts, "status");
}

/* libpod's `ancestor` compares whole names and ids as they are stored: give it the id. */
static int filter_image(struct podman *p, struct gnt_req *r, struct gnt_json *filters,
                        const gantry_container_list_options *opts, const gantry_call *call,
                        gantry_error *err)
{
    char id[65];
    gantry_error e = { 0 };
    int rc;

    if (opts->image == NULL)
        return 0;
    rc = gnt_podman_image_id(p, call, opts->image, id, &e);
    if (rc < 0 && rc != GANTRY_E_NOT_FOUND) {
        if (err != NULL)
            *err = e;
        return rc;
    }
    gnt_req_filter(r, filters, "ancestor", rc == 0 ? id : gnt_podman_bare(opts->image));
    return 0;
}

static int newer(const void *a, const void *b)
{
    const gantry_container *const *x = a;
    const gantry_container *const *y = b;

    return ((*x)->created_ns < (*y)->created_ns) - ((*x)->created_ns > (*y)->created_ns);
}

/* As on other engines, a list tells ports of what runs. */
static void newest_first(gantry_container_list *list)
{
    static const gantry_port_info *const none[] = { NULL };
    const gantry_container **items = (const gantry_container **)list->items;

    for (size_t i = 0; i < list->count; i++) {
        int state = items[i]->state;

        if (state != GANTRY_CONTAINER_RUNNING && state != GANTRY_CONTAINER_PAUSED)
            ((gantry_container *)items[i])->ports = none;
    }
    if (list->count > 1)
        qsort(items, list->count, sizeof *items, newer);
}

static int list_containers(struct podman *p, const struct listing *listing, const gantry_call *call,
                           void **out, gantry_error *err)
{
    const gantry_container_list_options *opts = listing->plan.options;
    struct gnt_req r;
    struct gnt_json *filters;
    int rc;

    gnt_req_init(&r, &p->rest, "GET", call, "/containers/json");
    gnt_req_query_true(&r, "all", 1);
    gnt_req_query_object(&r, gnt_req_encode(&r, opts, gnt_podman_container_list_options));
    filters = gnt_req_object(&r);
    gnt_podman_filter_wanted(&r, filters, &listing->wanted);
    if (opts->network != NULL)
        gnt_req_filter(&r, filters, "network", opts->network);
    if (opts->volume != NULL && opts->volume[0] != '/')
        gnt_req_filter(&r, filters, "volume", opts->volume);
    if (opts->pod != NULL)
        gnt_req_filter(&r, filters, "pod", opts->pod);
    gnt_req_filter_list(&r, filters, "exited", opts->exit_codes);
    gnt_req_filter_pairs(&r, filters, opts->filters, opts->filter_count);
    rc = filter_image(p, &r, filters, opts, call, err);
    if (rc < 0) {
        gnt_req_free(&r);
        return rc;
    }
    gnt_req_filters(&r, filters);
    return gnt_req_list(&r, GANTRY_KIND_CONTAINER_LIST, GANTRY_KIND_CONTAINER,
                        gnt_podman_container_item_rows, accept_container, listing, out, err);
}

int gnt_podman_container_list(void *state, const gantry_container_list_options *opts,
                              gantry_container_list **out, gantry_error *err)
{
    struct podman *p = state;
    struct listing listing = { .wanted = { .names = { .names = opts->names,
                                                      .offset = offsetof(gantry_container, name) },
                                           .labels = opts->labels,
                                           .labels_offset = offsetof(gantry_container, labels) } };
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    gantry_error e = { 0 };
    void *list = NULL;
    int tries = 0;
    int rc = gnt_list_plan(&p->rest, opts, call, &listing.plan, err);

    if (rc < 0)
        return rc;
    listing.plan.running = only_running(opts);
    do {
        memset(&e, 0, sizeof e);
        rc = list_containers(p, &listing, call, &list, &e);
    } while (gnt_podman_list_again(rc, &tries));
    if (rc < 0) {
        if (err != NULL)
            *err = e;
        return rc;
    }
    newest_first(list);
    rc = gnt_list_settle(&p->rest, &listing.plan, call, list, err);
    if (rc == 0)
        *out = list;
    else
        gnt_result_free(list);
    return rc;
}
