/*
 * Containers over libpod: list and inspect; what their answers mean is in podman_inspect.c. The
 * other slots are in podman_create.c, podman_life.c, podman_stream.c and podman_wait.c.
 */
#include "podman.h"

#include <stdlib.h>
#include <string.h>

/* ---- list options ---------------------------------------------------------------------------- */

#define L gantry_container_list_options
const struct gnt_out gnt_podman_container_list_options[] = {
    GNT_OUT_CODE(L, names),
    GNT_OUT_CODE(L, labels),
    GNT_OUT_CODE(L, image),
    GNT_OUT_CODE(L, network),
    GNT_OUT_CODE(L, filters),
    GNT_OUT_CODE(L, filter_count),
    GNT_OUT_CODE(L, limit),
    GNT_OUT_CODE(L, all),
    GNT_OUT_CODE(L, state),
    GNT_OUT_REFUSE(gantry_container_list_options, ids),
    GNT_OUT_REFUSE(gantry_container_list_options, volume),
    GNT_OUT_REFUSE(gantry_container_list_options, before),
    GNT_OUT_REFUSE(gantry_container_list_options, since),
    GNT_OUT_REFUSE(gantry_container_list_options, pod),
    GNT_OUT_REFUSE(gantry_container_list_options, exit_codes),
    GNT_OUT_REFUSE(gantry_container_list_options, health),
    GNT_OUT_REFUSE(gantry_container_list_options, sizes),
    GNT_OUT_END
};
#undef L

/* ---- list ------------------------------------------------------------------------------------ */

struct listing {
    struct podman_wanted wanted;
    int state;
    int running; /* only what runs, as other engines see it: paused ones and restarts too */
};

static int accept_container(const void *item, const void *arg)
{
    const gantry_container *container = item;
    const struct listing *listing = arg;

    if (listing->state != GANTRY_CONTAINER_UNKNOWN && container->state != listing->state)
        return 0;
    if (listing->running && container->state != GANTRY_CONTAINER_RUNNING &&
        container->state != GANTRY_CONTAINER_PAUSED &&
        container->state != GANTRY_CONTAINER_RESTARTING)
        return 0;
    return gnt_podman_accept(item, &listing->wanted);
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
           !has_filter(opts, "status");
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

/* The limit is applied here: libpod's own drops the conditions that are checked on the answer. As
 * on
 * other engines, a list tells ports of what runs. */
static void newest_first(gantry_container_list *list, int64_t limit)
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
    if (limit > 0 && list->count > (size_t)limit) {
        list->count = (size_t)limit;
        items[limit] = NULL;
    }
}

static int list_containers(struct podman *p, const gantry_container_list_options *opts,
                           const gantry_call *call, void **out, gantry_error *err)
{
    struct listing listing = { .wanted = { .names = { .names = opts->names,
                                                      .offset = offsetof(gantry_container, name) },
                                           .labels = opts->labels,
                                           .labels_offset = offsetof(gantry_container, labels) },
                               .state = opts->state,
                               .running = only_running(opts) };
    struct gnt_req r;
    struct gnt_json *filters;
    int rc;

    gnt_req_init(&r, &p->rest, "GET", call, "/containers/json");
    gnt_req_query_true(&r, "all", 1);
    filters = gnt_req_object(&r);
    gnt_podman_filter_wanted(&r, filters, &listing.wanted);
    if (opts->network != NULL)
        gnt_req_filter(&r, filters, "network", opts->network);
    gnt_req_filter_pairs(&r, filters, opts->filters, opts->filter_count);
    rc = filter_image(p, &r, filters, opts, call, err);
    if (rc < 0) {
        gnt_req_free(&r);
        return rc;
    }
    gnt_req_filters(&r, filters);
    return gnt_req_list(&r, GANTRY_KIND_CONTAINER_LIST, GANTRY_KIND_CONTAINER,
                        gnt_podman_container_item_rows, accept_container, &listing, out, err);
}

static int podman_container_list(void *state, const gantry_container_list_options *opts,
                                 gantry_container_list **out, gantry_error *err)
{
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    gantry_error e;
    void *list = NULL;
    int tries = 0;
    int rc;

    do {
        memset(&e, 0, sizeof e);
        rc = list_containers(state, opts, call, &list, &e);
    } while (gnt_podman_list_again(rc, &e, &tries));
    if (rc < 0) {
        if (err != NULL)
            *err = e;
        return rc;
    }
    newest_first(list, opts->limit);
    *out = list;
    return 0;
}

/* ---- inspect --------------------------------------------------------------------------------- */

static int podman_container_inspect(void *state, const char *id,
                                    const gantry_container_inspect_options *opts,
                                    gantry_container **out, gantry_error *err)
{
    static const struct gnt_lookup lookup = { .path = "/containers/%s/json",
                                              .resource_kind = GANTRY_RESOURCE_CONTAINER,
                                              .result_kind = GANTRY_KIND_CONTAINER,
                                              .rows = gnt_podman_container_rows,
                                              .json_offset = offsetof(gantry_container, json) };
    struct podman *p = state;
    void *result = NULL;
    int rc = gnt_rest_lookup(&p->rest, &lookup, opts->call, id, &result, err);

    if (rc == 0) {
        *out = result;
        gnt_settle_ports(*out);
        gnt_podman_settle_health(*out);
        /* The kernel's SIGKILL and that of others look alike, and Podman often misses the first. */
        if ((*out)->has_exit_code && (*out)->exit_code == 128 + 9 && !(*out)->oom_killed)
            (*out)->oom_killed = -1;
    }
    return rc;
}

const gantry_container_ops gnt_podman_container_ops = { .size = sizeof(gantry_container_ops),
                                                        .create = gnt_podman_create,
                                                        .start = gnt_podman_start,
                                                        .stop = gnt_podman_stop,
                                                        .restart = gnt_podman_restart,
                                                        .kill = gnt_podman_kill,
                                                        .remove = gnt_podman_container_remove,
                                                        .list = podman_container_list,
                                                        .inspect = podman_container_inspect,
                                                        .logs = gnt_podman_logs,
                                                        .attach = gnt_podman_attach,
                                                        .wait = gnt_podman_wait,
                                                        .exec = gnt_podman_exec,
                                                        .exec_result = gnt_podman_exec_result,
                                                        .commit = gnt_podman_commit,
                                                        .export_open = gnt_podman_export };
