/*
 * The calls on pods, secrets, networks' members and the engine as a whole. The pod "faults-pod" has
 * nothing but its infra container.
 */
#include "calls.h"

#define POD "faults-pod"
#define SECRET "faults-secret"

static gantry_pods *pods(const struct faults *f)
{
    return gantry_engine_pods(f->engine);
}

/* ---- the engine as a whole ------------------------------------------------------------------- */

int faults_system_disk_usage(struct faults *f)
{
    gantry_disk_usage_options o = { .size = sizeof o, .call = &f->call };
    gantry_disk_usage *usage = NULL;
    int rc = gantry_system_disk_usage(gantry_engine_system(f->engine), &o, &usage, &f->err);

    if (rc < 0)
        return rc;
    faults_mix_int(f, usage->images->count);
    faults_mix_int(f, usage->images->bytes);
    faults_mix_int(f, usage->containers->count);
    for (size_t i = 0; usage->volume_items[i] != NULL; i++) {
        faults_mix(f, usage->volume_items[i]->id);
        faults_mix_int(f, usage->volume_items[i]->bytes);
    }
    gantry_disk_usage_free(usage);
    return 0;
}

int faults_networks_members(struct faults *f)
{
    gantry_network_inspect_options o = { .size = sizeof o, .call = &f->call };
    gantry_network *network = NULL;
    int rc = gantry_networks_inspect(gantry_engine_networks(f->engine), "faults-pod-net", &o,
                                     &network, &f->err);

    if (rc < 0)
        return rc;
    faults_mix(f, network->id);
    for (size_t i = 0; network->members[i] != NULL; i++) {
        faults_mix(f, network->members[i]->container);
        faults_mix(f, network->members[i]->address);
    }
    gantry_network_free(network);
    return 0;
}

int faults_networks_make(struct faults *f)
{
    gantry_network_options o = { .size = sizeof o, .call = &f->call };

    return gantry_networks_create(gantry_engine_networks(f->engine), "faults-pod-net", &o, NULL,
                                  &f->err);
}

int faults_networks_remove_forced(struct faults *f)
{
    gantry_network_remove_options o = { .size = sizeof o, .call = &f->call, .force = GANTRY_ON };

    return gantry_networks_remove(gantry_engine_networks(f->engine), "faults-pod-net", &o, &f->err);
}

/* ---- pods ------------------------------------------------------------------------------------ */

int faults_pods_create(struct faults *f)
{
    static const gantry_pair label = { "faults", "yes" };
    gantry_pod_options o = { .size = sizeof o,
                             .call = &f->call,
                             .labels = &label,
                             .label_count = 1,
                             .network = "faults-pod-net",
                             .infra_image = "faults-base" };
    static const char *const command[] = { "sleep", "1000", NULL };
    gantry_pod_created *created = NULL;
    int rc;

    o.infra_command = command;
    rc = gantry_pods_create(pods(f), POD, &o, &created, &f->err);
    if (rc == 0)
        faults_mix(f, created->id);
    gantry_pod_created_free(created);
    return rc;
}

int faults_pods_start(struct faults *f)
{
    gantry_pod_call_options o = { .size = sizeof o, .call = &f->call };

    return gantry_pods_start(pods(f), POD, &o, &f->err);
}

static void mix_pod(struct faults *f, const gantry_pod *pod)
{
    faults_mix(f, pod->id);
    faults_mix(f, pod->name);
    faults_mix_int(f, pod->state);
    faults_mix_strings(f, pod->networks);
    for (size_t i = 0; i < pod->member_count; i++) {
        faults_mix(f, pod->members[i]->id);
        faults_mix_int(f, pod->members[i]->state);
    }
}

int faults_pods_inspect(struct faults *f)
{
    gantry_pod_inspect_options o = { .size = sizeof o, .call = &f->call };
    gantry_pod *pod = NULL;
    int rc = gantry_pods_inspect(pods(f), POD, &o, &pod, &f->err);

    if (rc == 0)
        mix_pod(f, pod);
    gantry_pod_free(pod);
    return rc;
}

int faults_pods_list(struct faults *f)
{
    static const char *const names[] = { POD, NULL };
    gantry_pod_list_options o = { .size = sizeof o, .call = &f->call, .names = names };
    gantry_pod_list *list = NULL;
    int rc = gantry_pods_list(pods(f), &o, &list, &f->err);

    for (size_t i = 0; rc == 0 && i < list->count; i++)
        mix_pod(f, list->items[i]);
    gantry_pod_list_free(list);
    return rc;
}

int faults_pods_stop(struct faults *f)
{
    gantry_pod_stop_options o = { .size = sizeof o,
                                  .call = &f->call,
                                  .grace_ms = GANTRY_GRACE_NONE };

    return gantry_pods_stop(pods(f), POD, &o, &f->err);
}

int faults_pods_remove(struct faults *f)
{
    gantry_pod_remove_options o = { .size = sizeof o, .call = &f->call };

    return gantry_pods_remove(pods(f), POD, &o, &f->err);
}

/* ---- secrets --------------------------------------------------------------------------------- */

int faults_secrets_create(struct faults *f)
{
    gantry_secret_options o = { .size = sizeof o, .call = &f->call };
    gantry_secret_created *created = NULL;
    int rc = gantry_secrets_create(gantry_engine_secrets(f->engine), SECRET, "hush", 4, &o,
                                   &created, &f->err);

    if (rc == 0)
        faults_mix(f, created->id);
    gantry_secret_created_free(created);
    return rc;
}

int faults_secrets_inspect(struct faults *f)
{
    gantry_secret_inspect_options o = { .size = sizeof o, .call = &f->call };
    gantry_secret *secret = NULL;
    int rc = gantry_secrets_inspect(gantry_engine_secrets(f->engine), SECRET, &o, &secret, &f->err);

    if (rc == 0) {
        faults_mix(f, secret->id);
        faults_mix(f, secret->name);
    }
    gantry_secret_free(secret);
    return rc;
}

int faults_secrets_list(struct faults *f)
{
    gantry_secret_list_options o = { .size = sizeof o, .call = &f->call };
    gantry_secret_list *list = NULL;
    int rc = gantry_secrets_list(gantry_engine_secrets(f->engine), &o, &list, &f->err);

    for (size_t i = 0; rc == 0 && i < list->count; i++)
        faults_mix(f, list->items[i]->id);
    gantry_secret_list_free(list);
    return rc;
}

int faults_secrets_remove(struct faults *f)
{
    gantry_secret_remove_options o = { .size = sizeof o, .call = &f->call };

    return gantry_secrets_remove(gantry_engine_secrets(f->engine), SECRET, &o, &f->err);
}
