/*
 * Pods over libpod: looking at them.
 */
#include "podman_pod.h"

#include "rest_life.h"

#include <stdlib.h>
#include <string.h>

/* ---- tables ---------------------------------------------------------------------------------- */

static const struct gnt_word pod_states[] = {
    { "Created", GANTRY_POD_CREATED },   { "Running", GANTRY_POD_RUNNING },
    { "Degraded", GANTRY_POD_DEGRADED }, { "Paused", GANTRY_POD_PAUSED },
    { "Stopped", GANTRY_POD_STOPPED },   { "Exited", GANTRY_POD_EXITED },
    { "Error", GANTRY_POD_ERROR },       { "Dead", GANTRY_POD_ERROR },
    { NULL, GANTRY_POD_UNKNOWN }
};

static const struct gnt_word exit_policies[] = { { "continue", GANTRY_POD_EXIT_CONTINUE },
                                                 { "stop", GANTRY_POD_EXIT_STOP },
                                                 { NULL, GANTRY_POD_EXIT_DEFAULT } };

#define M gantry_pod_member
static const struct gnt_in member_rows[] = { GNT_IN_ID_REQ(M, id, "Id"),
                                             GNT_IN_STR(M, name, "Name"),
                                             GNT_IN_STR(M, name, "Names"),
                                             GNT_IN_STR(M, state_text, "State"),
                                             GNT_IN_STR(M, state_text, "Status"),
                                             GNT_IN_ENUM(M, state, "State", gnt_container_states),
                                             GNT_IN_ENUM(M, state, "Status", gnt_container_states),
                                             GNT_IN_END };
#undef M

static int in_members(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                      void *field)
{
    (void)row;
    return gnt_in_items(c, v, GANTRY_KIND_POD_MEMBER, member_rows, field);
}

/* Inspections give them in any order. */
static int in_share(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                    void *field)
{
    static const char *const order[] = { "net", "ipc", "uts", "pid", "cgroup", "user", "mount" };
    const char **list =
        gnt_arena_alloc(c->arena, (sizeof order / sizeof order[0] + 1) * sizeof *list);
    size_t count = 0;

    (void)row;
    if (list == NULL)
        return gnt_nomem(c->err);
    if (v->type != GNT_JSON_ARRAY)
        return 0;
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        const struct gnt_json *item = v->first;

        while (item != NULL &&
               (gnt_json_text(item) == NULL || strcmp(gnt_json_text(item), order[i]) != 0))
            item = item->next;
        if (item != NULL)
            list[count++] = order[i];
    }
    memcpy(field, &list, sizeof list);
    return 0;
}

#define P gantry_pod
const struct gnt_in gnt_podman_pod_rows[] = {
    GNT_IN_ID_REQ(P, id, "Id"),
    GNT_IN_STR_REQ(P, name, "Name"),
    GNT_IN_STR_REQ(P, state_text, "State"),
    GNT_IN_ENUM(P, state, "State", pod_states),
    GNT_IN_STR(P, infra_id, "InfraContainerID"),
    GNT_IN_STR(P, hostname, "Hostname"),
    GNT_IN_STR(P, cgroup_parent, "CgroupParent"),
    GNT_IN_TIME(P, created_ns, "Created"),
    GNT_IN_MAP(P, labels, "Labels"),
    GNT_IN_STRS(P, networks, "InfraConfig/Networks"),
    GNT_IN_HOOK(P, share, "SharedNamespaces", in_share),
    GNT_IN_HOOK(P, ports, "InfraConfig/PortBindings", gnt_in_port_map),
    GNT_IN_HOOK(P, members, "Containers", in_members),
    GNT_IN_ENUM(P, exit_policy, "ExitPolicy", exit_policies),
    GNT_IN_END,
};

const struct gnt_in gnt_podman_pod_item_rows[] = {
    GNT_IN_ID_REQ(P, id, "Id"),
    GNT_IN_STR_REQ(P, name, "Name"),
    GNT_IN_STR_REQ(P, state_text, "Status"),
    GNT_IN_ENUM(P, state, "Status", pod_states),
    GNT_IN_STR(P, infra_id, "InfraId"),
    GNT_IN_TIME(P, created_ns, "Created"),
    GNT_IN_MAP(P, labels, "Labels"),
    GNT_IN_STRS(P, networks, "Networks"),
    GNT_IN_HOOK(P, members, "Containers", in_members),
    GNT_IN_END,
};
#undef P

#define O gantry_pod_list_options
const struct gnt_out gnt_podman_pod_list_options[] = {
    GNT_OUT_CODE(O, names),   GNT_OUT_CODE(O, labels),       GNT_OUT_CODE(O, states),
    GNT_OUT_CODE(O, filters), GNT_OUT_CODE(O, filter_count), GNT_OUT_END
};
#undef O

/* What rows cannot say: which member is the infra container, and how many there are. */
static void settle(gantry_pod *pod)
{
    pod->member_count = 0;
    for (size_t i = 0; pod->members[i] != NULL; i++) {
        gantry_pod_member *m = (gantry_pod_member *)pod->members[i]; /* ours: decoded just now */

        m->infra = pod->infra_id[0] != '\0' && strcmp(m->id, pod->infra_id) == 0;
        pod->member_count++;
    }
}

/* ---- inspect --------------------------------------------------------------------------------- */

int gnt_podman_pod_look(struct podman *p, const gantry_call *call, const char *id, gantry_pod **out,
                        gantry_error *err)
{
    static const struct gnt_lookup lookup = { .path = "/pods/%s/json",
                                              .resource_kind = GANTRY_RESOURCE_POD,
                                              .result_kind = GANTRY_KIND_POD,
                                              .rows = gnt_podman_pod_rows,
                                              .json_offset = offsetof(gantry_pod, json) };
    void *result = NULL;
    gantry_pod *pod;
    int rc = gnt_rest_lookup(&p->rest, &lookup, call, id, &result, err);

    if (rc < 0)
        return rc;
    pod = result;
    settle(pod);
    if (pod->hostname[0] == '\0' && gnt_pod_has_share(pod, "uts"))
        pod->hostname = pod->name;
    *out = pod;
    return 0;
}

static int podman_pod_inspect(void *state, const char *id, const gantry_pod_inspect_options *opts,
                              gantry_pod **out, gantry_error *err)
{
    return gnt_podman_pod_look(state, opts->call, id, out, err);
}

static int podman_pod_exists(void *state, const char *id, const gantry_pod_call_options *opts,
                             int *out_exists, gantry_error *err)
{
    struct podman *p = state;
    gantry_error failure = { 0 };
    int rc = gnt_rest_act(&p->rest, "GET", opts->call, GANTRY_RESOURCE_POD, id, "/pods/%s/exists",
                          &failure);

    if (rc < 0 && rc != GANTRY_E_NOT_FOUND) {
        if (err != NULL)
            *err = failure;
        return rc;
    }
    *out_exists = rc == 0;
    return 0;
}

/* ---- list ------------------------------------------------------------------------------------ */

struct listing {
    struct podman_wanted wanted;
    const int *states;
};

static int accept_pod(const void *item, const void *arg)
{
    const gantry_pod *pod = item;
    const struct listing *listing = arg;
    const int *state = listing->states;

    while (state != NULL && *state != 0 && *state != pod->state)
        state++;
    if (state != NULL && *state == 0 && state != listing->states)
        return 0;
    return gnt_podman_accept(item, &listing->wanted);
}

static int newer(const void *a, const void *b)
{
    const gantry_pod *const *x = a;
    const gantry_pod *const *y = b;

    return ((*x)->created_ns < (*y)->created_ns) - ((*x)->created_ns > (*y)->created_ns);
}

static int list_pods(struct podman *p, const gantry_pod_list_options *opts,
                     const struct listing *listing, const gantry_call *call, void **out,
                     gantry_error *err)
{
    struct gnt_req r;
    struct gnt_json *filters;

    gnt_req_init(&r, &p->rest, "GET", call, "/pods/json");
    gnt_req_encode(&r, opts, gnt_podman_pod_list_options);
    filters = gnt_req_object(&r);
    gnt_podman_filter_wanted(&r, filters, &listing->wanted);
    gnt_req_filter_pairs(&r, filters, opts->filters, opts->filter_count);
    gnt_req_filters(&r, filters);
    return gnt_req_list(&r, GANTRY_KIND_POD_LIST, GANTRY_KIND_POD, gnt_podman_pod_item_rows,
                        accept_pod, listing, out, err);
}

static int podman_pod_list(void *state, const gantry_pod_list_options *opts, gantry_pod_list **out,
                           gantry_error *err)
{
    struct podman *p = state;
    struct listing listing = { .wanted = { .names = { .names = opts->names,
                                                      .offset = offsetof(gantry_pod, name) },
                                           .labels = opts->labels,
                                           .labels_offset = offsetof(gantry_pod, labels) },
                               .states = opts->states };
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    gantry_error e = { 0 };
    gantry_pod_list *list;
    void *result = NULL;
    int tries = 0;
    int rc;

    do {
        memset(&e, 0, sizeof e);
        rc = list_pods(p, opts, &listing, call, &result, &e);
    } while (gnt_podman_list_again(rc, &tries));
    if (rc < 0) {
        if (err != NULL)
            *err = e;
        return rc;
    }
    list = result;
    for (size_t i = 0; i < list->count; i++)
        settle((gantry_pod *)list->items[i]); /* ours: decoded just now */
    if (list->count > 1)
        qsort((void *)list->items, list->count, sizeof *list->items, newer);
    *out = list;
    return 0;
}

const gantry_pod_ops gnt_podman_pod_ops = { .size = sizeof(gantry_pod_ops),
                                            .create = gnt_podman_pod_create,
                                            .start = gnt_podman_pod_start,
                                            .stop = gnt_podman_pod_stop,
                                            .restart = gnt_podman_pod_restart,
                                            .kill = gnt_podman_pod_kill,
                                            .pause = gnt_podman_pod_pause,
                                            .unpause = gnt_podman_pod_unpause,
                                            .remove = gnt_podman_pod_remove,
                                            .inspect = podman_pod_inspect,
                                            .exists = podman_pod_exists,
                                            .list = podman_pod_list };
