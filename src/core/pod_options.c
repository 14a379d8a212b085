/*
 * What a pod is to be, taken in and checked. What pods and containers have in common goes through
 * the containers' own checks.
 */
#include "pod.h"

#include <string.h>

#include "container.h"
#include "engine.h"
#include "error.h"
#include "names.h"
#include "spec_check.h"

int gnt_pod_shares(const gantry_pod_options *o, const char *name)
{
    static const char *const usual[] = { "net", "ipc", "uts", NULL };
    const char *const *list = o->share != NULL ? o->share : usual;

    if (o->infra == GANTRY_OFF)
        return 0;
    while (*list != NULL && strcmp(*list, name) != 0)
        list++;
    return *list != NULL;
}

static int check_share(const gantry_pod_options *o, gantry_error *err)
{
    static const char *const known[] = { "net", "ipc", "uts", "pid", "cgroup", NULL };

    for (size_t i = 0; o->share != NULL && o->share[i] != NULL; i++) {
        const char *const *word = known;

        while (*word != NULL && strcmp(*word, o->share[i]) != 0)
            word++;
        if (*word == NULL)
            return gnt_fail(err, GANTRY_E_INVALID, "share: no such namespace: %.40s", o->share[i]);
    }
    return 0;
}

/* What has no effect unless members share a namespace, which nothing but the infra container
 * holds. */
static int check_shared(const gantry_pod_options *o, gantry_error *err)
{
    const struct {
        const char *name;
        int set;
        const char *needs;
    } rows[] = {
        { "ports", o->ports != NULL, "net" },
        { "network", o->network != NULL, "net" },
        { "networks", o->networks != NULL, "net" },
        { "dns_servers", o->dns_servers != NULL, "net" },
        { "dns_search", o->dns_search != NULL, "net" },
        { "dns_options", o->dns_options != NULL, "net" },
        { "extra_hosts", o->extra_hosts != NULL, "net" },
        { "hostname", o->hostname != NULL, "uts" },
        { "shm_size_bytes", o->shm_size_bytes != 0, "ipc" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].set && !gnt_pod_shares(o, rows[i].needs))
            return gnt_fail(err, GANTRY_E_INVALID, "%s: needs \"%s\" to be shared", rows[i].name,
                            rows[i].needs);
    }
    return 0;
}

static int check_infra(const gantry_pod_options *o, gantry_error *err)
{
    const struct {
        const char *name;
        int set;
    } rows[] = {
        { "infra_image", o->infra_image != NULL },
        { "infra_name", o->infra_name != NULL },
        { "infra_command", o->infra_command != NULL },
        { "share", o->share != NULL && o->share[0] != NULL },
        { "sysctls", o->sysctl_count > 0 },
        { "mounts", o->mounts != NULL },
        { "resources", o->resources != NULL },
        { "user_namespace", o->user_namespace != NULL },
    };
    int rc = gnt_check_switch("infra", o->infra, err);

    if (rc == 0 && o->infra_image != NULL)
        rc = gnt_reference_check("infra_image", o->infra_image, err);
    if (rc == 0 && o->infra_name != NULL)
        rc = gnt_check_name("infra_name", o->infra_name, err);
    if (rc == 0)
        rc = gnt_check_texts("infra_command", o->infra_command, err);
    for (size_t i = 0; rc == 0 && o->infra == GANTRY_OFF && i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].set)
            rc = gnt_fail(err, GANTRY_E_INVALID, "%s: needs an infra container", rows[i].name);
    }
    return rc;
}

/* Members of the same names and meanings. */
static int import_common(struct gnt_arena *arena, gantry_pod_options *o, gantry_error *err)
{
    const gantry_security security = { .size = sizeof security,
                                       .user_namespace = o->user_namespace };
    const gantry_container_options given = { .size = sizeof given,
                                             .labels = o->labels,
                                             .label_count = o->label_count,
                                             .hostname = o->hostname,
                                             .ports = o->ports,
                                             .network = o->network,
                                             .networks = o->networks,
                                             .dns_servers = o->dns_servers,
                                             .dns_search = o->dns_search,
                                             .dns_options = o->dns_options,
                                             .extra_hosts = o->extra_hosts,
                                             .resources = o->resources,
                                             .cgroup_parent = o->cgroup_parent,
                                             .mounts = o->mounts,
                                             .sysctls = o->sysctls,
                                             .sysctl_count = o->sysctl_count,
                                             .security =
                                                 o->user_namespace != NULL ? &security : NULL,
                                             .shm_size_bytes = o->shm_size_bytes };
    gantry_container_options c;
    int rc = gnt_container_options_import(arena, &given, &c, err);

    if (rc < 0)
        return rc;
    o->ports = c.ports;
    o->networks = c.networks;
    o->resources = c.resources;
    o->mounts = c.mounts;
    return 0;
}

int gnt_pod_options_import(struct gnt_arena *arena, const gantry_pod_options *given,
                           gantry_pod_options *o, gantry_error *err)
{
    int rc = GNT_IMPORT(gantry_pod_options, *o, given, err);

    if (rc == 0)
        rc = import_common(arena, o, err);
    if (rc == 0 && o->network != NULL && strncmp(o->network, "container:", 10) == 0)
        rc = gnt_fail(err, GANTRY_E_INVALID, "network: a pod has none of a container");
    if (rc == 0)
        rc = check_share(o, err);
    if (rc == 0)
        rc = check_shared(o, err);
    if (rc == 0)
        rc = check_infra(o, err);
    if (rc == 0)
        rc = gnt_check_word("exit_policy", o->exit_policy, GANTRY_POD_EXIT_STOP, "GANTRY_POD_EXIT_",
                            err);
    return rc;
}
