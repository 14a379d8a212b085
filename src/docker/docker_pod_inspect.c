/*
 * Docker: pods as they are listed and inspected, made of what docker_pod.c finds and of the infra
 * container's own inspection.
 */
#include "docker_pod.h"

#include <string.h>

/* ---- list ------------------------------------------------------------------------------------ */

const struct gnt_out gnt_docker_pod_list_options[] = {
    GNT_OUT_CODE(gantry_pod_list_options, names),
    GNT_OUT_CODE(gantry_pod_list_options, labels),
    GNT_OUT_CODE(gantry_pod_list_options, states),
    GNT_OUT_REFUSE(gantry_pod_list_options, filters),
    GNT_OUT_REFUSE(gantry_pod_list_options, filter_count),
    GNT_OUT_END,
};

/* "key" or "key=value" */
static int has_label(const gantry_pod *pod, const char *label)
{
    size_t size = strcspn(label, "=");

    for (size_t i = 0; i < pod->label_count; i++) {
        const gantry_pair *have = &pod->labels[i];

        if (strncmp(have->key, label, size) == 0 && have->key[size] == '\0' &&
            (label[size] == '\0' || strcmp(have->value, label + size + 1) == 0))
            return 1;
    }
    return 0;
}

static int is_wanted(const gantry_pod *pod, const gantry_pod_list_options *o)
{
    static const struct gnt_name_filter any = { NULL, offsetof(gantry_pod, name) };
    struct gnt_name_filter names = any;
    const int *state = o->states;

    names.names = o->names;
    if (!gnt_accept_name(pod, &names))
        return 0;
    for (const char *const *label = o->labels; label != NULL && *label != NULL; label++) {
        if (!has_label(pod, *label))
            return 0;
    }
    if (state == NULL || *state == 0)
        return 1;
    while (*state != 0 && *state != pod->state)
        state++;
    return *state != 0;
}

int gnt_docker_pod_list(void *state, const gantry_pod_list_options *opts, gantry_pod_list **out,
                        gantry_error *err)
{
    struct docker *d = state;
    gantry_pod_list *list = NULL;
    gantry_pod **items;
    size_t kept = 0;
    int rc = gnt_rest_check_options(&d->rest, opts, gnt_docker_pod_list_options, err);

    if (rc == 0)
        rc = gnt_docker_pods_look(d, opts->call, NULL, &list, err);
    if (rc < 0)
        return rc;
    items = (gantry_pod **)list->items; /* ours: it was just made */
    for (size_t i = 0; i < list->count; i++) {
        gantry_pod *pod = items[i];

        pod->share = gnt_no_strings;
        pod->cgroup_parent = "";
        if (is_wanted(pod, opts))
            items[kept++] = pod;
    }
    if (list->count > 0)
        items[kept] = NULL;
    list->count = kept;
    *out = list;
    return 0;
}

/* ---- inspect --------------------------------------------------------------------------------- */

#define P gantry_pod
const struct gnt_in gnt_docker_pod_rows[] = {
    GNT_IN_ID_REQ(P, id, "Id"),
    GNT_IN_STR(P, hostname, "Config/Hostname"),
    GNT_IN_TIME(P, created_ns, "Created"),
    GNT_IN_KEYS(P, networks, "NetworkSettings/Networks"),
    /* What was asked for, then what is: Docker lists no ports of one that does not run. */
    GNT_IN_HOOK(P, ports, "HostConfig/PortBindings", gnt_in_port_map),
    GNT_IN_HOOK(P, ports, "NetworkSettings/Ports", gnt_in_port_map),
    GNT_IN_END,
};
#undef P

/* As of containers: nothing is told of ports that nobody listens on. */
static void settle_ports(gantry_pod *pod)
{
    for (size_t i = 0; i < pod->member_count; i++) {
        const gantry_pod_member *m = pod->members[i];

        if (m->infra &&
            (m->state == GANTRY_CONTAINER_RUNNING || m->state == GANTRY_CONTAINER_PAUSED))
            return;
    }
    for (const gantry_port_info *const *port = pod->ports; *port != NULL; port++)
        ((gantry_port_info *)*port)->host_port = 0; /* ours: it was made by decoding */
}

/* What the infra container does not tell itself, lent by the list. */
static void lend(gantry_pod *pod, const gantry_pod *found)
{
    pod->name = found->name;
    pod->state_text = found->state_text;
    pod->infra_id = found->infra_id;
    pod->cgroup_parent = found->cgroup_parent;
    pod->labels = found->labels;
    pod->label_count = found->label_count;
    pod->share = found->share;
    pod->members = found->members;
    pod->member_count = found->member_count;
    pod->state = found->state;
    pod->exit_policy = GANTRY_POD_EXIT_CONTINUE;
}

/* A pod whose infra container has vanished is what the members tell. */
static int inspect(struct docker *d, const gantry_call *call, const gantry_pod *found, void **out,
                   gantry_error *err)
{
    static const struct gnt_lookup what = { .path = "/containers/%s/json",
                                            .resource_kind = GANTRY_RESOURCE_POD,
                                            .result_kind = GANTRY_KIND_POD,
                                            .rows = gnt_docker_pod_rows,
                                            .json_offset = offsetof(gantry_pod, json) };
    gantry_pod *pod;

    if (found->infra_id[0] != '\0')
        return gnt_rest_lookup(&d->rest, &what, call, found->id, out, err);
    pod = gnt_result_new(&d->rest.host->mem, GANTRY_KIND_POD, err);
    if (pod == NULL)
        return GANTRY_E_NOMEM;
    pod->id = found->id;
    pod->created_ns = found->created_ns;
    pod->json = "{}";
    *out = pod;
    return 0;
}

int gnt_docker_pod_inspect(void *state, const char *id, const gantry_pod_inspect_options *opts,
                           gantry_pod **out, gantry_error *err)
{
    struct docker *d = state;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    gantry_pod_list *list = NULL;
    const gantry_pod *found = NULL;
    void *pod = NULL;
    int rc = gnt_docker_pod_find(d, call, id, &list, &found, err);

    if (rc == 0)
        rc = inspect(d, call, found, &pod, err);
    if (rc < 0) {
        gnt_result_free(list);
        return rc;
    }
    lend(pod, found);
    settle_ports(pod);
    gnt_result_on_free(pod, gnt_result_free, list);
    *out = pod;
    return 0;
}

int gnt_docker_pod_exists(void *state, const char *id, const gantry_pod_call_options *opts,
                          int *out_exists, gantry_error *err)
{
    gantry_pod_list *list = NULL;
    const gantry_pod *pod = NULL;
    gantry_error failure = { 0 };
    int rc = gnt_docker_pod_find(state, opts->call, id, &list, &pod, &failure);

    gnt_result_free(list);
    if (rc < 0 && rc != GANTRY_E_NOT_FOUND) {
        if (err != NULL)
            *err = failure;
        return rc;
    }
    *out_exists = rc == 0;
    return 0;
}
