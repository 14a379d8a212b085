/*
 * A new container of a pod: what it cannot have of its own where its namespaces are the pod's.
 * libpod refuses some of it, and forgets the rest.
 */
#include "podman_pod.h"

int gnt_podman_check_member(struct podman *p, const gantry_container_options *o,
                            const gantry_call *call, gantry_error *err)
{
    const struct {
        const char *name;
        int set;
        const char *share;
    } rows[] = {
        { "ports", o->ports != NULL, "net" },
        { "publish_all", o->publish_all == GANTRY_ON, "net" },
        { "dns_servers", o->dns_servers != NULL, "net" },
        { "dns_search", o->dns_search != NULL, "net" },
        { "dns_options", o->dns_options != NULL, "net" },
        { "extra_hosts", o->extra_hosts != NULL, "net" },
        { "shm_size_bytes", o->shm_size_bytes != 0 && o->ipc_namespace == NULL, "ipc" },
    };
    gantry_pod *pod = NULL;
    int rc = 0;

    for (size_t i = 0; rc == 0 && o->pod != NULL && i < sizeof rows / sizeof rows[0]; i++) {
        if (!rows[i].set)
            continue;
        if (pod == NULL)
            rc = gnt_podman_pod_look(p, call, o->pod, &pod, err);
        if (rc == 0 && gnt_pod_has_share(pod, rows[i].share))
            rc = gnt_fail(err, GANTRY_E_INVALID, "%s: not together with pod, which has it for all",
                          rows[i].name);
    }
    gantry_pod_free(pod);
    return rc;
}
