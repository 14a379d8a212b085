/*
 * The calls on engines, volumes and networks, and the table of all. Knows the public
 * headers only.
 */
#include "calls.h"

#include <string.h>

/* ---- digests --------------------------------------------------------------------------------- */

void faults_mix_bytes(struct faults *f, const void *data, size_t size)
{
    const unsigned char *p = data;

    for (size_t i = 0; i < size; i++)
        f->digest = (f->digest ^ p[i]) * UINT64_C(1099511628211);
    f->digest = (f->digest ^ 0xff) * UINT64_C(1099511628211);
}

void faults_mix(struct faults *f, const char *text)
{
    faults_mix_bytes(f, text != NULL ? text : "\1", text != NULL ? strlen(text) : 1);
}

void faults_mix_int(struct faults *f, int64_t number)
{
    faults_mix_bytes(f, &number, sizeof number);
}

void faults_mix_strings(struct faults *f, const char *const *list)
{
    for (; *list != NULL; list++)
        faults_mix(f, *list);
}

/* ---- engine ---------------------------------------------------------------------------------- */

/* Nobody's own: no file of the machine is looked into. */
static int give_credentials(void *arg, const char *registry, const gantry_call *call,
                            gantry_auth_slot *slot, gantry_error *err)
{
    const gantry_auth auth = { .size = sizeof auth, .username = "faults", .password = "no secret" };

    (void)arg;
    (void)registry;
    (void)call;
    return gantry_auth_give(slot, &auth, err);
}

int faults_open(struct faults *f)
{
    static const gantry_credential_provider credentials = { .size = sizeof credentials,
                                                            .get = give_credentials };
    gantry_engine_options o = { .size = sizeof o,
                                .call = &f->call,
                                .address = f->address,
                                .allocator = f->allocator,
                                .limits = f->limits,
                                .credentials = &credentials,
                                .on_demand = GANTRY_OFF };

    return gantry_engine_open(f->runtime, &o, &f->engine, &f->err);
}

void faults_close(struct faults *f)
{
    gantry_engine_close(f->engine);
    f->engine = NULL;
}

static int engine_open(struct faults *f)
{
    gantry_engine *kept = f->engine;
    int rc = faults_open(f);

    if (rc == 0) {
        faults_mix(f, gantry_engine_backend(f->engine));
        faults_mix(f, gantry_engine_candidates(f->engine)->items[0]->detail);
        gantry_engine_close(f->engine);
    }
    f->engine = kept;
    return rc;
}

static int engine_ping(struct faults *f)
{
    gantry_query_options o = { .size = sizeof o, .call = &f->call };

    return gantry_engine_ping(f->engine, &o, &f->err);
}

static int engine_version(struct faults *f)
{
    gantry_query_options o = { .size = sizeof o, .call = &f->call };
    gantry_version_info *info = NULL;
    int rc = gantry_engine_version(f->engine, &o, &info, &f->err);

    if (rc < 0)
        return rc;
    faults_mix(f, info->version);
    faults_mix(f, info->api_version);
    faults_mix(f, info->arch);
    faults_mix(f, info->json);
    gantry_version_info_free(info);
    return 0;
}

static int engine_info(struct faults *f)
{
    gantry_query_options o = { .size = sizeof o, .call = &f->call };
    gantry_info *info = NULL;
    int rc = gantry_engine_info(f->engine, &o, &info, &f->err);

    if (rc < 0)
        return rc;
    faults_mix(f, info->storage_driver);
    faults_mix_int(f, info->cpus);
    faults_mix(f, info->json);
    gantry_info_free(info);
    return 0;
}

static int engine_request(struct faults *f)
{
    static const char *const path[] = { "version", NULL };
    gantry_request o = { .size = sizeof o, .call = &f->call, .path = path };
    gantry_response *response = NULL;
    char piece[1000];
    size_t got = 1;
    int64_t total = 0;
    int rc = gantry_engine_request(f->engine, &o, &response, &f->err);

    if (rc < 0)
        return rc;
    while (rc == 0 && got > 0) {
        rc = gantry_stream_read(response->body, piece, sizeof piece, &got, NULL, &f->err);
        total += (int64_t)got;
    }
    faults_mix_int(f, total);
    gantry_response_free(response);
    return rc;
}

/* ---- volumes --------------------------------------------------------------------------------- */

static const gantry_pair label = { "faults", "yes" };

static void mix_volume(struct faults *f, const gantry_volume *volume)
{
    faults_mix(f, volume->name);
    faults_mix(f, volume->mountpoint);
    faults_mix_int(f, (int64_t)volume->label_count);
}

static int volumes_create(struct faults *f)
{
    gantry_volume_options o = {
        .size = sizeof o, .call = &f->call, .labels = &label, .label_count = 1
    };
    gantry_volume *volume = NULL;
    int rc =
        gantry_volumes_create(gantry_engine_volumes(f->engine), "faults-vol", &o, &volume, &f->err);

    if (rc == 0)
        mix_volume(f, volume);
    gantry_volume_free(volume);
    return rc;
}

static int volumes_inspect(struct faults *f)
{
    gantry_volume_inspect_options o = { .size = sizeof o, .call = &f->call };
    gantry_volume *volume = NULL;
    int rc = gantry_volumes_inspect(gantry_engine_volumes(f->engine), "faults-vol", &o, &volume,
                                    &f->err);

    if (rc == 0)
        mix_volume(f, volume);
    gantry_volume_free(volume);
    return rc;
}

static int volumes_list(struct faults *f)
{
    static const char *const names[] = { "faults-vol", NULL };
    gantry_volume_list_options o = { .size = sizeof o, .call = &f->call, .names = names };
    gantry_volume_list *list = NULL;
    int rc = gantry_volumes_list(gantry_engine_volumes(f->engine), &o, &list, &f->err);

    for (size_t i = 0; rc == 0 && i < list->count; i++)
        mix_volume(f, list->items[i]);
    gantry_volume_list_free(list);
    return rc;
}

static int volumes_ensure(struct faults *f)
{
    gantry_volume_options o = { .size = sizeof o, .call = &f->call };
    gantry_volume_ensured *ensured = NULL;
    int rc = gantry_volumes_ensure(gantry_engine_volumes(f->engine), "faults-vol", &o, &ensured,
                                   &f->err);

    if (rc == 0) {
        mix_volume(f, ensured->volume);
        faults_mix_int(f, ensured->created);
    }
    gantry_volume_ensured_free(ensured);
    return rc;
}

static int remove_volume(struct faults *f, const char *name, int missing_ok)
{
    gantry_volume_remove_options o = { .size = sizeof o,
                                       .call = &f->call,
                                       .missing_ok = missing_ok };

    return gantry_volumes_remove(gantry_engine_volumes(f->engine), name, &o, &f->err);
}

static int volumes_remove(struct faults *f)
{
    return remove_volume(f, "faults-vol", GANTRY_OFF);
}

static int volumes_remove_missing(struct faults *f)
{
    return remove_volume(f, "faults-missing", GANTRY_ON);
}

/* ---- networks -------------------------------------------------------------------------------- */

static void mix_network(struct faults *f, const gantry_network *network)
{
    faults_mix(f, network->id);
    faults_mix(f, network->name);
    faults_mix_int(f, (int64_t)network->label_count);
}

static int networks_create(struct faults *f)
{
    gantry_network_options o = {
        .size = sizeof o, .call = &f->call, .labels = &label, .label_count = 1
    };
    gantry_network *network = NULL;
    int rc = gantry_networks_create(gantry_engine_networks(f->engine), "faults-net", &o, &network,
                                    &f->err);

    if (rc == 0)
        mix_network(f, network);
    gantry_network_free(network);
    return rc;
}

static int networks_inspect(struct faults *f)
{
    gantry_network_inspect_options o = { .size = sizeof o,
                                         .call = &f->call,
                                         .members = GANTRY_OFF };
    gantry_network *network = NULL;
    int rc = gantry_networks_inspect(gantry_engine_networks(f->engine), "faults-net", &o, &network,
                                     &f->err);

    if (rc == 0)
        mix_network(f, network);
    gantry_network_free(network);
    return rc;
}

static int networks_list(struct faults *f)
{
    static const char *const names[] = { "faults-net", NULL };
    gantry_network_list_options o = { .size = sizeof o, .call = &f->call, .names = names };
    gantry_network_list *list = NULL;
    int rc = gantry_networks_list(gantry_engine_networks(f->engine), &o, &list, &f->err);

    for (size_t i = 0; rc == 0 && i < list->count; i++)
        mix_network(f, list->items[i]);
    gantry_network_list_free(list);
    return rc;
}

static int networks_ensure(struct faults *f)
{
    gantry_network_options o = { .size = sizeof o, .call = &f->call };
    gantry_network_ensured *ensured = NULL;
    int rc = gantry_networks_ensure(gantry_engine_networks(f->engine), "faults-net", &o, &ensured,
                                    &f->err);

    if (rc == 0) {
        mix_network(f, ensured->network);
        faults_mix_int(f, ensured->created);
    }
    gantry_network_ensured_free(ensured);
    return rc;
}

static int networks_connect(struct faults *f)
{
    gantry_network_connect_options o = { .size = sizeof o, .call = &f->call };

    return gantry_networks_connect(gantry_engine_networks(f->engine), "faults-net", "faults-c2", &o,
                                   &f->err);
}

static int networks_disconnect(struct faults *f)
{
    gantry_network_disconnect_options o = { .size = sizeof o, .call = &f->call };

    return gantry_networks_disconnect(gantry_engine_networks(f->engine), "faults-net", "faults-c2",
                                      &o, &f->err);
}

static int remove_network(struct faults *f, const char *id, int missing_ok)
{
    gantry_network_remove_options o = { .size = sizeof o,
                                        .call = &f->call,
                                        .missing_ok = missing_ok };

    return gantry_networks_remove(gantry_engine_networks(f->engine), id, &o, &f->err);
}

static int networks_remove(struct faults *f)
{
    return remove_network(f, "faults-net", GANTRY_OFF);
}

static int networks_remove_missing(struct faults *f)
{
    return remove_network(f, "faults-missing", GANTRY_ON);
}

/* ---- the table ------------------------------------------------------------------------------- */

const struct faults_call faults_calls[] = {
    { "open", engine_open, 0, CALL_NO_ENGINE },
    { "ping", engine_ping, 0, 0 },
    { "version", engine_version, 0, 0 },
    { "info", engine_info, 0, 0 },
    { "request", engine_request, 0, 0 },
    { "volume-create", volumes_create, 0, 0 },
    { "volume-inspect", volumes_inspect, 0, 0 },
    { "volume-list", volumes_list, 0, 0 },
    { "volume-ensure", volumes_ensure, 0, 0 },
    { "network-create", networks_create, 0, 0 },
    { "network-inspect", networks_inspect, 0, 0 },
    { "network-list", networks_list, 0, 0 },
    { "network-ensure", networks_ensure, 0, 0 },
    { "image-import", faults_images_import, 0, 0 },
    { "image-list", faults_images_list, 0, 0 },
    { "image-inspect", faults_images_inspect, 0, 0 },
    { "image-exists", faults_images_exists, 0, 0 },
    { "image-exists-not", faults_images_exists_not, 0, 0 },
    { "image-tag", faults_images_tag, 0, 0 },
    { "image-build", faults_images_build, 0, CALL_ARCHIVE },
    { "image-build-failing", faults_images_build_failing, GANTRY_E_BUILD, CALL_ARCHIVE },
    { "create", faults_containers_create, 0, 0 },
    { "attach", faults_containers_attach, 0, CALL_RAW },
    { "wait", faults_containers_wait, 0, 0 },
    { "logs", faults_containers_logs, 0, 0 },
    { "follow", faults_containers_follow, 0, 0 },
    { "run", faults_containers_run, 0, CALL_RAW | CALL_LOOKS },
    { "run-detached", faults_containers_run_detached, 0, 0 },
    { "exec", faults_containers_exec, 0, 0 },
    { "exec-input", faults_containers_exec_input, 0, 0 },
    { "list", faults_containers_list, 0, 0 },
    { "inspect", faults_containers_inspect, 0, 0 },
    { "network-connect", networks_connect, 0, 0 },
    { "network-disconnect", networks_disconnect, 0, 0 },
    { "kill", faults_containers_kill, 0, 0 },
    { "wait-next", faults_containers_wait_next, 0, 0 },
    { "start", faults_containers_start, 0, 0 },
    { "restart", faults_containers_restart, 0, 0 },
    { "stop", faults_containers_stop, 0, 0 },
    { "remove", faults_containers_remove, 0, 0 },
    { "remove-second", faults_containers_remove_second, 0, 0 },
    { "remove-missing", faults_containers_remove_missing, 0, 0 },
    { "image-remove", faults_images_remove, 0, 0 },
    { "image-remove-other", faults_images_remove_other, 0, 0 },
    { "image-remove-base", faults_images_remove_base, 0, 0 },
    { "image-remove-missing", faults_images_remove_missing, 0, 0 },
    { "network-remove", networks_remove, 0, 0 },
    { "network-remove-missing", networks_remove_missing, 0, 0 },
    { "volume-remove", volumes_remove, 0, 0 },
    { "volume-remove-missing", volumes_remove_missing, 0, 0 },
    { "image-build-small", faults_images_build_small, 0, CALL_ARCHIVE },
    { "image-history", faults_images_history, 0, CALL_SAMPLE },
    { "image-save", faults_images_save, 0, CALL_SAMPLE },
    { "image-load", faults_images_load, 0, CALL_SAMPLE },
    { "image-tag-second", faults_images_tag_second, 0, 0 },
    { "image-untag", faults_images_untag, 0, CALL_SAMPLE },
    { "image-push", faults_images_push, 0, CALL_SAMPLE },
    { "image-push-elsewhere", faults_images_push_elsewhere, 0, CALL_SAMPLE },
    { "image-remove-small", faults_images_remove_small, 0, 0 },
    { "image-remove-pushed", faults_images_remove_pushed, 0, 0 },
    { "image-pull", faults_images_pull, 0, CALL_SAMPLE },
    { "image-pull-missing", faults_images_pull_missing, 0, CALL_SAMPLE },
    { "image-pull-failing", faults_images_pull_failing, GANTRY_E_NOT_FOUND, CALL_SAMPLE },
    { "create-small", faults_containers_create_small, 0, 0 },
    { "commit", faults_containers_commit, 0, CALL_SAMPLE },
    { "export", faults_containers_export, 0, CALL_SAMPLE },
    { "remove-small", faults_containers_remove_small, 0, 0 },
    { "image-disk-usage", faults_images_disk_usage, 0, 0 },
    { "image-prune", faults_images_prune, 0, 0 },
    { "manifest-create", faults_manifests_create, 0, CALL_PODMAN },
    { "manifest-create-with", faults_manifests_create_with, 0,
      CALL_PODMAN | CALL_UNDOES | CALL_SAMPLE },
    { "manifest-exists", faults_manifests_exists, 0, CALL_PODMAN },
    { "manifest-add", faults_manifests_add, 0, CALL_PODMAN | CALL_SAMPLE },
    { "manifest-annotate", faults_manifests_annotate, 0, CALL_PODMAN | CALL_SAMPLE },
    { "manifest-push", faults_manifests_push, 0, CALL_PODMAN | CALL_SAMPLE },
    { "manifest-inspect", faults_manifests_inspect, 0, CALL_SAMPLE },
    { "manifest-remove-image", faults_manifests_remove_image, 0, CALL_PODMAN | CALL_SAMPLE },
    { "manifest-remove", faults_manifests_remove, 0, CALL_PODMAN },
    { "manifest-remove-second", faults_manifests_remove_second, 0, CALL_PODMAN },
    { "image-remove-pulled", faults_images_remove_small, 0, 0 },
    { "registry-login", faults_registries_login, 0, 0 },
    { "registry-search", faults_registries_search, 0, 0 },
    { "registry-inspect", faults_registries_inspect, 0, CALL_DOCKER },
    { "registry-exists-not", faults_registries_exists_not, 0, CALL_DOCKER },
    { "image-import-again", faults_images_import, 0, CALL_SAMPLE },
    { "life-run", faults_life_run, 0, CALL_SAMPLE },
    { "life-exists", faults_life_exists, 0, CALL_SAMPLE },
    { "life-exists-not", faults_life_exists_not, 0, 0 },
    { "life-top", faults_life_top, 0, CALL_SAMPLE },
    { "life-changes", faults_life_changes, 0, 0 },
    { "life-stats", faults_life_stats, 0, 0 },
    { "life-pause", faults_life_pause, 0, 0 },
    { "life-unpause", faults_life_unpause, 0, 0 },
    { "life-update", faults_life_update, 0, 0 },
    { "life-rename", faults_life_rename, 0, 0 },
    { "life-write-file", faults_life_write_file, 0, CALL_SAMPLE | CALL_ARCHIVE },
    { "life-read-file", faults_life_read_file, 0, CALL_SAMPLE | CALL_ARCHIVE },
    { "life-stat", faults_life_stat, 0, 0 },
    { "life-copy-in", faults_life_copy_in, 0, CALL_SAMPLE | CALL_ARCHIVE },
    { "life-copy-out", faults_life_copy_out, 0, CALL_SAMPLE | CALL_ARCHIVE },
    { "life-ensure", faults_life_ensure, 0, CALL_SAMPLE },
    { "life-ensure-again", faults_life_ensure, 0, CALL_SAMPLE },
    { "life-remove-fourth", faults_life_remove_fourth, 0, 0 },
    { "life-remove-fifth", faults_life_remove_fifth, 0, 0 },
    { "volume-ensure-mounts", faults_volumes_ensure_mounts, 0, CALL_SAMPLE },
    { "volume-usage", faults_volumes_usage, 0, CALL_SAMPLE },
    { "volume-unused", faults_volumes_unused, 0, CALL_SAMPLE },
    { "volume-prune", faults_volumes_prune, 0, CALL_SAMPLE },
    { "create-user", faults_containers_create_user, 0, CALL_SAMPLE },
    { "volume-remove-forced", faults_volumes_remove_forced, 0, CALL_SAMPLE },
    { "image-remove-again", faults_images_remove_base, 0, CALL_SAMPLE },
    { "system-disk-usage", faults_system_disk_usage, 0, CALL_SAMPLE },
    { "image-import-third", faults_images_import, 0, CALL_SAMPLE },
    { "network-make", faults_networks_make, 0, CALL_SAMPLE },
    { "pod-create", faults_pods_create, 0, 0 },
    { "pod-start", faults_pods_start, 0, CALL_SAMPLE },
    { "pod-inspect", faults_pods_inspect, 0, CALL_SAMPLE },
    { "pod-list", faults_pods_list, 0, 0 },
    { "network-members", faults_networks_members, 0, CALL_SAMPLE },
    { "pod-stop", faults_pods_stop, 0, CALL_SAMPLE },
    { "network-remove-forced", faults_networks_remove_forced, 0, CALL_SAMPLE },
    { "pod-remove", faults_pods_remove, 0, CALL_SAMPLE },
    { "image-remove-third", faults_images_remove_base, 0, CALL_SAMPLE },
    { "secret-create", faults_secrets_create, 0, CALL_PODMAN },
    { "secret-inspect", faults_secrets_inspect, 0, CALL_PODMAN },
    { "secret-list", faults_secrets_list, 0, CALL_PODMAN },
    { "secret-remove", faults_secrets_remove, 0, CALL_PODMAN }
};

const size_t faults_call_count = sizeof faults_calls / sizeof faults_calls[0];

int faults_asks(int runtime, const struct faults_call *call)
{
    return !(call->flags & CALL_DOCKER) || runtime == GANTRY_RUNTIME_DOCKER;
}

int faults_has(int runtime, const struct faults_call *call)
{
    return !(call->flags & CALL_PODMAN) || runtime == GANTRY_RUNTIME_PODMAN;
}

int faults_expected(int runtime, const struct faults_call *call)
{
    return faults_has(runtime, call) ? call->expected : GANTRY_E_UNSUPPORTED;
}

int faults_run(struct faults *f, const struct faults_call *call)
{
    f->digest = 0;
    f->oom_known = 1;
    memset(&f->err, 0, sizeof f->err);
    return call->run(f);
}
