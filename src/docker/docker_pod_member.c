/*
 * Docker: containers that enter a pod, and their start, which needs the infra container's.
 */
#include "docker_pod.h"

#include "pod.h"

#include <string.h>

/* ---- options --------------------------------------------------------------------------------- */

/* What a member cannot have of its own. Docker would refuse most of it in words about two
 * containers. Namespaces that it asks for itself count more than the pod's. */
static int check(const gantry_container_options *o, const gantry_pod *pod, gantry_error *err)
{
    int net = gnt_pod_has_share(pod, "net");
    const struct {
        const char *name;
        int set;
        int code;
    } rows[] = {
        { "ports", net && o->ports != NULL, GANTRY_E_INVALID },
        { "publish_all", net && o->publish_all == GANTRY_ON, GANTRY_E_INVALID },
        { "extra_hosts", net && o->extra_hosts != NULL, GANTRY_E_INVALID },
        { "dns_servers", net && o->dns_servers != NULL, GANTRY_E_INVALID },
        { "dns_search", net && o->dns_search != NULL, GANTRY_E_INVALID },
        { "dns_options", net && o->dns_options != NULL, GANTRY_E_INVALID },
        { "shm_size_bytes",
          o->shm_size_bytes != 0 && o->ipc_namespace == NULL && gnt_pod_has_share(pod, "ipc"),
          GANTRY_E_INVALID },
        { "hostname", net && o->hostname != NULL,
          gnt_pod_has_share(pod, "uts") ? GANTRY_E_INVALID : GANTRY_E_UNSUPPORTED },
        { "exposed_ports", net && o->exposed_ports != NULL, GANTRY_E_UNSUPPORTED },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].set && rows[i].code == GANTRY_E_INVALID)
            return gnt_fail(err, GANTRY_E_INVALID,
                            "%s: is the pod's, whose namespace the container shares", rows[i].name);
        if (rows[i].set)
            return gnt_fail(err, GANTRY_E_UNSUPPORTED,
                            "option \"%s\" is not supported by this engine in a pod that shares "
                            "\"net\"",
                            rows[i].name);
    }
    return 0;
}

static int fill(struct gnt_arena *arena, const gantry_pod *pod, gantry_container_options *o,
                gantry_error *err)
{
    gantry_pair *labels = gnt_arena_alloc(arena, (o->label_count + 2) * sizeof *labels);
    const char *id = gnt_arena_strdup(arena, pod->id);
    const char *name = gnt_arena_strdup(arena, pod->name);
    const char *infra = gnt_arena_printf(arena, "container:%s", pod->id);
    const char *cgroup = gnt_arena_strdup(arena, pod->cgroup_parent);

    if (labels == NULL || id == NULL || name == NULL || infra == NULL || cgroup == NULL)
        return gnt_nomem(err);
    if (o->label_count > 0)
        memcpy(labels, o->labels, o->label_count * sizeof *labels);
    labels[o->label_count++] = (gantry_pair){ GNT_POD_LABEL, name };
    labels[o->label_count++] = (gantry_pair){ GNT_POD_ID_LABEL, id };
    o->labels = labels;
    if (gnt_pod_has_share(pod, "net"))
        o->network = infra;
    if (gnt_pod_has_share(pod, "ipc") && o->ipc_namespace == NULL)
        o->ipc_namespace = infra;
    if (gnt_pod_has_share(pod, "pid") && o->pid_namespace == NULL)
        o->pid_namespace = infra;
    if (o->cgroup_parent == NULL && cgroup[0] != '\0')
        o->cgroup_parent = cgroup;
    return 0;
}

static int gone(const char *pod, gantry_error *err)
{
    gnt_fail(err, GANTRY_E_STATE, "the pod's infra container is gone");
    gnt_error_resource(err, GANTRY_RESOURCE_POD, pod);
    gnt_error_outcome(err, GANTRY_OUTCOME_REFUSED, GANTRY_RETRY_NO);
    return GANTRY_E_STATE;
}

int gnt_docker_pod_join(struct docker *d, struct gnt_arena *arena, gantry_container_options *o,
                        gantry_error *err)
{
    gantry_pod_list *list = NULL;
    const gantry_pod *pod = NULL;
    int rc = gnt_docker_pod_find(d, o->call, o->pod, &list, &pod, err);

    if (rc == 0 && pod->infra_id[0] == '\0')
        rc = gone(o->pod, err);
    if (rc == 0)
        rc = check(o, pod, err);
    if (rc == 0)
        rc = fill(arena, pod, o, err);
    gnt_result_free(list);
    return rc;
}

/* ---- start ----------------------------------------------------------------------------------- */

static const struct gnt_in pod_rows[] = {
    GNT_IN_HOOK(gantry_container, pod, "", gnt_docker_in_pod),
    GNT_IN_ID_REQ(gantry_container, id, "Id"),
    GNT_IN_END,
};

int gnt_docker_pod_wake(struct docker *d, const gantry_call *call, const char *id,
                        gantry_error *err)
{
    static const struct gnt_lookup what = { .path = "/containers/%s/json",
                                            .resource_kind = GANTRY_RESOURCE_CONTAINER,
                                            .result_kind = GANTRY_KIND_CONTAINER,
                                            .rows = pod_rows,
                                            .json_offset = SIZE_MAX };
    const gantry_container *c;
    void *result = NULL;
    int rc = gnt_rest_lookup(&d->rest, &what, call, id, &result, err);

    if (rc < 0)
        return rc;
    c = result;
    if (c->pod[0] != '\0' && strcmp(c->pod, c->id) != 0) {
        rc = gnt_rest_act(&d->rest, "POST", call, GANTRY_RESOURCE_CONTAINER, c->pod,
                          "/containers/%s/start", err);
        if (rc < 0)
            gnt_error_prefix(err, "the pod's infra container");
    }
    gnt_result_free(result);
    return rc;
}
