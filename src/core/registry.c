/*
 * The list of backends: the library's only global state. Tables are copied once into full-size
 * ones, so that a slot is either there or NULL and nobody checks sizes afterwards.
 */
#include "engine.h"

#include <pthread.h>
#include <string.h>

#include "error.h"

#ifdef GANTRY_WITH_DOCKER
extern const gantry_backend gnt_docker_backend;
#endif
#ifdef GANTRY_WITH_PODMAN
extern const gantry_backend gnt_podman_backend;
#endif

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t registry_once = PTHREAD_ONCE_INIT;
static struct gnt_backend *registry;

/* ---- slots and features ---------------------------------------------------------------------- */

struct slot {
    int feature;
    size_t offset; /* of a function pointer in struct gnt_backend */
};

#define SLOT(feature, table, type, op)                                                             \
    {                                                                                              \
        GANTRY_FEATURE_##feature, offsetof(struct gnt_backend, table) + offsetof(type, op)         \
    }

/* What must be there for a feature; several rows of one feature must all be filled. */
static const struct slot slots[] = {
    SLOT(ENGINE_PING, engine, gantry_engine_ops, ping),
    SLOT(ENGINE_VERSION, engine, gantry_engine_ops, version),
    SLOT(ENGINE_INFO, engine, gantry_engine_ops, info),
    SLOT(ENGINE_REQUEST, engine, gantry_engine_ops, request),
    SLOT(IMAGES_BUILD, images, gantry_image_ops, build),
    SLOT(IMAGES_IMPORT, images, gantry_image_ops, import),
    SLOT(IMAGES_LIST, images, gantry_image_ops, list),
    SLOT(IMAGES_INSPECT, images, gantry_image_ops, inspect),
    SLOT(IMAGES_EXISTS, images, gantry_image_ops, inspect),
    SLOT(IMAGES_TAG, images, gantry_image_ops, tag),
    SLOT(IMAGES_REMOVE, images, gantry_image_ops, remove),
    SLOT(CONTAINERS_CREATE, containers, gantry_container_ops, create),
    SLOT(CONTAINERS_START, containers, gantry_container_ops, start),
    SLOT(CONTAINERS_STOP, containers, gantry_container_ops, stop),
    SLOT(CONTAINERS_RESTART, containers, gantry_container_ops, restart),
    SLOT(CONTAINERS_KILL, containers, gantry_container_ops, kill),
    SLOT(CONTAINERS_REMOVE, containers, gantry_container_ops, remove),
    SLOT(CONTAINERS_LIST, containers, gantry_container_ops, list),
    SLOT(CONTAINERS_INSPECT, containers, gantry_container_ops, inspect),
    SLOT(CONTAINERS_LOGS, containers, gantry_container_ops, logs),
    SLOT(CONTAINERS_ATTACH, containers, gantry_container_ops, attach),
    SLOT(CONTAINERS_WAIT, containers, gantry_container_ops, wait),
    SLOT(CONTAINERS_EXEC, containers, gantry_container_ops, exec),
    SLOT(CONTAINERS_EXEC, containers, gantry_container_ops, exec_result),
    SLOT(CONTAINERS_RUN, containers, gantry_container_ops, create),
    SLOT(CONTAINERS_RUN, containers, gantry_container_ops, start),
    SLOT(CONTAINERS_RUN, containers, gantry_container_ops, wait),
    SLOT(CONTAINERS_RUN, containers, gantry_container_ops, attach),
    SLOT(CONTAINERS_RUN, containers, gantry_container_ops, kill),
    SLOT(CONTAINERS_RUN, containers, gantry_container_ops, remove),
    SLOT(CONTAINERS_RUN, containers, gantry_container_ops, inspect),
    SLOT(VOLUMES_CREATE, volumes, gantry_volume_ops, create),
    SLOT(VOLUMES_INSPECT, volumes, gantry_volume_ops, inspect),
    SLOT(VOLUMES_LIST, volumes, gantry_volume_ops, list),
    SLOT(VOLUMES_REMOVE, volumes, gantry_volume_ops, remove),
    SLOT(NETWORKS_CREATE, networks, gantry_network_ops, create),
    SLOT(NETWORKS_INSPECT, networks, gantry_network_ops, inspect),
    SLOT(NETWORKS_LIST, networks, gantry_network_ops, list),
    SLOT(NETWORKS_REMOVE, networks, gantry_network_ops, remove),
    SLOT(NETWORKS_CONNECT, networks, gantry_network_ops, connect),
    SLOT(NETWORKS_DISCONNECT, networks, gantry_network_ops, disconnect),
    SLOT(IMAGES_PULL, images, gantry_image_ops, pull),
    SLOT(IMAGES_PULL, images, gantry_image_ops, inspect),
    SLOT(IMAGES_PUSH, images, gantry_image_ops, push),
    SLOT(IMAGES_SAVE, images, gantry_image_ops, save),
    SLOT(IMAGES_LOAD, images, gantry_image_ops, load),
    SLOT(IMAGES_UNTAG, images, gantry_image_ops, untag),
    SLOT(IMAGES_HISTORY, images, gantry_image_ops, history),
    SLOT(IMAGES_PRUNE, images, gantry_image_ops, prune),
    SLOT(IMAGES_DISK_USAGE, images, gantry_image_ops, disk_usage),
    SLOT(IMAGES_BUILD_SECRETS, images, gantry_image_ops, build),
    SLOT(IMAGES_BUILD_BUILDKIT, images, gantry_image_ops, build),
    SLOT(IMAGES_BUILD_PLATFORMS, images, gantry_image_ops, build),
    SLOT(CONTAINERS_COMMIT, containers, gantry_container_ops, commit),
    SLOT(CONTAINERS_EXPORT, containers, gantry_container_ops, export_open),
    SLOT(CONTAINERS_EXISTS, containers, gantry_container_ops, inspect),
    SLOT(CONTAINERS_PAUSE, containers, gantry_container_ops, pause),
    SLOT(CONTAINERS_UNPAUSE, containers, gantry_container_ops, unpause),
    SLOT(CONTAINERS_RENAME, containers, gantry_container_ops, rename),
    SLOT(CONTAINERS_UPDATE, containers, gantry_container_ops, update),
    SLOT(CONTAINERS_INIT, containers, gantry_container_ops, init),
    SLOT(CONTAINERS_PRUNE, containers, gantry_container_ops, list),
    SLOT(CONTAINERS_PRUNE, containers, gantry_container_ops, remove),
    SLOT(CONTAINERS_TOP, containers, gantry_container_ops, top),
    SLOT(CONTAINERS_CHANGES, containers, gantry_container_ops, changes),
    SLOT(CONTAINERS_CHECKPOINT, containers, gantry_container_ops, checkpoint),
    SLOT(CONTAINERS_RESTORE, containers, gantry_container_ops, restore),
    SLOT(CONTAINERS_MOUNT, containers, gantry_container_ops, mount),
    SLOT(CONTAINERS_UNMOUNT, containers, gantry_container_ops, unmount),
    SLOT(CONTAINERS_CHECK_HEALTH, containers, gantry_container_ops, check_health),
    SLOT(CONTAINERS_RESIZE, containers, gantry_container_ops, resize),
    SLOT(CONTAINERS_EXEC_INSPECT, containers, gantry_container_ops, exec_inspect),
    SLOT(CONTAINERS_STATS, containers, gantry_container_ops, stats),
    SLOT(CONTAINERS_STATS, containers, gantry_container_ops, stats_open),
    SLOT(CONTAINERS_COPY_IN, containers, gantry_container_ops, archive_put),
    SLOT(CONTAINERS_COPY_IN, containers, gantry_container_ops, archive_stat),
    SLOT(CONTAINERS_COPY_OUT, containers, gantry_container_ops, archive_get),
    SLOT(CONTAINERS_COPY_OUT, containers, gantry_container_ops, archive_stat),
    SLOT(CONTAINERS_COPY_OUT_OWNERS, containers, gantry_container_ops, archive_get),
    SLOT(CONTAINERS_STAT, containers, gantry_container_ops, archive_stat),
    SLOT(CONTAINERS_READ_FILE, containers, gantry_container_ops, archive_get),
    SLOT(CONTAINERS_READ_FILE, containers, gantry_container_ops, archive_stat),
    SLOT(CONTAINERS_WRITE_FILE, containers, gantry_container_ops, archive_put),
    SLOT(CONTAINERS_WRITE_FILE, containers, gantry_container_ops, archive_stat),
    SLOT(CONTAINERS_ADD_USER, containers, gantry_container_ops, archive_put),
    SLOT(CONTAINERS_ADD_USER, containers, gantry_container_ops, archive_get),
    SLOT(CONTAINERS_ADD_USER, containers, gantry_container_ops, archive_stat),
    SLOT(CONTAINERS_WAIT_READY, containers, gantry_container_ops, inspect),
    SLOT(CONTAINERS_ENSURE, containers, gantry_container_ops, create),
    SLOT(CONTAINERS_ENSURE, containers, gantry_container_ops, inspect),
    SLOT(CONTAINERS_ENSURE, containers, gantry_container_ops, start),
    SLOT(CONTAINERS_ENSURE, containers, gantry_container_ops, stop),
    SLOT(CONTAINERS_ENSURE, containers, gantry_container_ops, remove),
    SLOT(CONTAINERS_DEPLOY, containers, gantry_container_ops, create),
    SLOT(CONTAINERS_DEPLOY, containers, gantry_container_ops, inspect),
    SLOT(CONTAINERS_DEPLOY, containers, gantry_container_ops, start),
    SLOT(CONTAINERS_DEPLOY, containers, gantry_container_ops, stop),
    SLOT(CONTAINERS_DEPLOY, containers, gantry_container_ops, remove),
    SLOT(REGISTRIES_LOGIN, registries, gantry_registry_ops, login),
    SLOT(REGISTRIES_SEARCH, registries, gantry_registry_ops, search),
    SLOT(REGISTRIES_INSPECT, registries, gantry_registry_ops, login),
    SLOT(MANIFESTS_CREATE, manifests, gantry_manifest_ops, create),
    SLOT(MANIFESTS_INSPECT, manifests, gantry_manifest_ops, inspect),
    SLOT(MANIFESTS_EXISTS, manifests, gantry_manifest_ops, exists),
    SLOT(MANIFESTS_ADD, manifests, gantry_manifest_ops, add),
    SLOT(MANIFESTS_ANNOTATE, manifests, gantry_manifest_ops, annotate),
    SLOT(MANIFESTS_REMOVE_IMAGE, manifests, gantry_manifest_ops, remove_image),
    SLOT(MANIFESTS_PUSH, manifests, gantry_manifest_ops, push),
    SLOT(MANIFESTS_REMOVE, manifests, gantry_manifest_ops, remove),
    SLOT(VOLUMES_PRUNE, volumes, gantry_volume_ops, list),
    SLOT(VOLUMES_PRUNE, volumes, gantry_volume_ops, remove),
    SLOT(VOLUMES_EXPORT, volumes, gantry_volume_ops, inspect),
    SLOT(VOLUMES_EXPORT, containers, gantry_container_ops, create),
    SLOT(VOLUMES_EXPORT, containers, gantry_container_ops, start),
    SLOT(VOLUMES_EXPORT, containers, gantry_container_ops, attach),
    SLOT(VOLUMES_EXPORT, containers, gantry_container_ops, wait),
    SLOT(VOLUMES_EXPORT, containers, gantry_container_ops, remove),
    SLOT(VOLUMES_EXPORT, images, gantry_image_ops, import),
    SLOT(VOLUMES_IMPORT, volumes, gantry_volume_ops, inspect),
    SLOT(VOLUMES_IMPORT, containers, gantry_container_ops, create),
    SLOT(VOLUMES_IMPORT, containers, gantry_container_ops, start),
    SLOT(VOLUMES_IMPORT, containers, gantry_container_ops, attach),
    SLOT(VOLUMES_IMPORT, containers, gantry_container_ops, wait),
    SLOT(VOLUMES_IMPORT, containers, gantry_container_ops, remove),
    SLOT(VOLUMES_IMPORT, images, gantry_image_ops, import),
    SLOT(NETWORKS_PRUNE, networks, gantry_network_ops, list),
    SLOT(NETWORKS_PRUNE, networks, gantry_network_ops, remove),
    SLOT(PODS_CREATE, pods, gantry_pod_ops, create),
    SLOT(PODS_START, pods, gantry_pod_ops, start),
    SLOT(PODS_STOP, pods, gantry_pod_ops, stop),
    SLOT(PODS_RESTART, pods, gantry_pod_ops, restart),
    SLOT(PODS_KILL, pods, gantry_pod_ops, kill),
    SLOT(PODS_PAUSE, pods, gantry_pod_ops, pause),
    SLOT(PODS_UNPAUSE, pods, gantry_pod_ops, unpause),
    SLOT(PODS_REMOVE, pods, gantry_pod_ops, remove),
    SLOT(PODS_PRUNE, pods, gantry_pod_ops, list),
    SLOT(PODS_PRUNE, pods, gantry_pod_ops, remove),
    SLOT(PODS_INSPECT, pods, gantry_pod_ops, inspect),
    SLOT(PODS_EXISTS, pods, gantry_pod_ops, inspect),
    SLOT(PODS_LIST, pods, gantry_pod_ops, list),
    SLOT(PODS_TOP, pods, gantry_pod_ops, inspect),
    SLOT(PODS_TOP, containers, gantry_container_ops, top),
    SLOT(PODS_STATS, pods, gantry_pod_ops, inspect),
    SLOT(PODS_STATS, containers, gantry_container_ops, stats_open),
    SLOT(PODS_LOGS, pods, gantry_pod_ops, inspect),
    SLOT(PODS_LOGS, containers, gantry_container_ops, logs),
    SLOT(SECRETS_CREATE, secrets, gantry_secret_ops, create),
    SLOT(SECRETS_INSPECT, secrets, gantry_secret_ops, inspect),
    SLOT(SECRETS_EXISTS, secrets, gantry_secret_ops, inspect),
    SLOT(SECRETS_LIST, secrets, gantry_secret_ops, list),
    SLOT(SECRETS_REMOVE, secrets, gantry_secret_ops, remove),
    SLOT(SYSTEM_DISK_USAGE, system, gantry_system_ops, disk_usage),
    SLOT(SYSTEM_PRUNE, containers, gantry_container_ops, list),
    SLOT(SYSTEM_PRUNE, containers, gantry_container_ops, remove),
    SLOT(SYSTEM_EVENTS, system, gantry_system_ops, events_open),
    SLOT(SYSTEM_CHECK, engine, gantry_engine_ops, ping),
    SLOT(SYSTEM_PRUNE_BUILD_CACHE, system, gantry_system_ops, prune_build_cache),
    SLOT(KUBE_PLAY, kube, gantry_kube_ops, play),
    SLOT(KUBE_DOWN, kube, gantry_kube_ops, down),
    SLOT(KUBE_GENERATE, kube, gantry_kube_ops, generate),
    SLOT(KUBE_SYSTEMD, kube, gantry_kube_ops, systemd),
    SLOT(KUBE_QUADLETS, kube, gantry_kube_ops, quadlets),
    SLOT(KUBE_QUADLET_TEXT, kube, gantry_kube_ops, quadlet_text),
    SLOT(KUBE_QUADLET_INSTALL, kube, gantry_kube_ops, quadlet_install),
    SLOT(KUBE_QUADLET_REMOVE, kube, gantry_kube_ops, quadlet_remove),
};

static int slot_filled(const struct gnt_backend *backend, size_t offset)
{
    void (*op)(void);

    memcpy(&op, (const char *)backend + offset, sizeof op);
    return op != NULL;
}

int gnt_backend_has(const struct gnt_backend *backend, int feature)
{
    int found = 0;

    for (size_t i = 0; i < sizeof slots / sizeof slots[0]; i++) {
        if (slots[i].feature != feature)
            continue;
        if (!slot_filled(backend, slots[i].offset))
            return 0;
        found = 1;
    }
    return found;
}

/* ---- checks and copies ----------------------------------------------------------------------- */

static int check_name_text(const char *name, gantry_error *err)
{
    if (name == NULL || *name < 'a' || *name > 'z' ||
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(name))
        return gnt_fail(err, GANTRY_E_INVALID, "backend.name: must match [a-z][a-z0-9-]*");
    return 0;
}

/* A manager that is there must at least list and inspect. */
static int check_tables(const struct gnt_backend *b, gantry_error *err)
{
    static const struct {
        const char *text;
        size_t table; /* of the pointer in gantry_backend */
        size_t list;
        size_t inspect;
    } managers[] = {
        { "images", offsetof(gantry_backend, images),
          offsetof(struct gnt_backend, images) + offsetof(gantry_image_ops, list),
          offsetof(struct gnt_backend, images) + offsetof(gantry_image_ops, inspect) },
        { "containers", offsetof(gantry_backend, containers),
          offsetof(struct gnt_backend, containers) + offsetof(gantry_container_ops, list),
          offsetof(struct gnt_backend, containers) + offsetof(gantry_container_ops, inspect) },
        { "volumes", offsetof(gantry_backend, volumes),
          offsetof(struct gnt_backend, volumes) + offsetof(gantry_volume_ops, list),
          offsetof(struct gnt_backend, volumes) + offsetof(gantry_volume_ops, inspect) },
        { "networks", offsetof(gantry_backend, networks),
          offsetof(struct gnt_backend, networks) + offsetof(gantry_network_ops, list),
          offsetof(struct gnt_backend, networks) + offsetof(gantry_network_ops, inspect) },
        { "pods", offsetof(gantry_backend, pods),
          offsetof(struct gnt_backend, pods) + offsetof(gantry_pod_ops, list),
          offsetof(struct gnt_backend, pods) + offsetof(gantry_pod_ops, inspect) },
        { "secrets", offsetof(gantry_backend, secrets),
          offsetof(struct gnt_backend, secrets) + offsetof(gantry_secret_ops, list),
          offsetof(struct gnt_backend, secrets) + offsetof(gantry_secret_ops, inspect) },
    };

    if (b->engine.ping == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "backend.engine.ping: is required");
    for (size_t i = 0; i < sizeof managers / sizeof managers[0]; i++) {
        const void *table;

        memcpy(&table, (const char *)&b->facts + managers[i].table, sizeof table);
        if (table == NULL)
            continue;
        if (!slot_filled(b, managers[i].list) || !slot_filled(b, managers[i].inspect))
            return gnt_fail(err, GANTRY_E_INVALID, "backend.%s: list and inspect are required",
                            managers[i].text);
    }
    if ((b->containers.exec == NULL) != (b->containers.exec_result == NULL))
        return gnt_fail(err, GANTRY_E_INVALID,
                        "backend.containers: exec and exec_result go together");
    return 0;
}

/* Copy a table of the size its author knew; NULL leaves zeroes. */
static int copy_table(void *dst, size_t known, const void *src, const char *name, gantry_error *err)
{
    size_t given = 0;

    if (src == NULL)
        return 0;
    memcpy(&given, src, sizeof given);
    if (given < sizeof given)
        return gnt_fail(err, GANTRY_E_INVALID, "%s.size is not set", name);
    memcpy(dst, src, given < known ? given : known);
    return 0;
}

#define TABLE(member)                                                                              \
    {                                                                                              \
        "backend." #member, offsetof(gantry_backend, member),                                      \
            offsetof(struct gnt_backend, member), sizeof(((struct gnt_backend *)0)->member)        \
    }

static int fill(struct gnt_backend *b, const gantry_backend *src, gantry_error *err)
{
    static const struct {
        const char *text;
        size_t pointer; /* in gantry_backend */
        size_t copy;    /* in struct gnt_backend */
        size_t size;
    } tables[] = {
        TABLE(engine),   TABLE(images),     TABLE(containers), TABLE(volumes),
        TABLE(networks), TABLE(registries), TABLE(manifests),  TABLE(pods),
        TABLE(secrets),  TABLE(system),     TABLE(kube),
    };
    int rc = copy_table(&b->facts, sizeof b->facts, src, "backend", err);

    if (rc == 0)
        rc = check_name_text(b->facts.name, err);
    if (rc == 0 && (b->facts.schemes == NULL || b->facts.schemes[0] == NULL))
        rc = gnt_fail(err, GANTRY_E_INVALID, "backend.schemes: at least one is required");
    if (rc == 0 && (b->facts.probe == NULL || b->facts.open == NULL || b->facts.close == NULL))
        rc = gnt_fail(err, GANTRY_E_INVALID, "backend: probe, open and close are required");
    for (size_t i = 0; rc == 0 && i < sizeof tables / sizeof tables[0]; i++) {
        const void *given;

        memcpy(&given, (const char *)&b->facts + tables[i].pointer, sizeof given);
        rc = copy_table((char *)b + tables[i].copy, tables[i].size, given, tables[i].text, err);
    }
    return rc == 0 ? check_tables(b, err) : rc;
}

/* ---- the list -------------------------------------------------------------------------------- */

static void built_in(void)
{
#ifdef GANTRY_WITH_PODMAN
    static struct gnt_backend podman;

    fill(&podman, &gnt_podman_backend, NULL);
    podman.next = registry;
    registry = &podman;
#endif
#ifdef GANTRY_WITH_DOCKER
    static struct gnt_backend docker;

    fill(&docker, &gnt_docker_backend, NULL);
    docker.next = registry;
    registry = &docker;
#endif
}

const struct gnt_backend *gnt_backend_first(void)
{
    const struct gnt_backend *first;

    pthread_once(&registry_once, built_in);
    pthread_mutex_lock(&registry_lock);
    first = registry;
    pthread_mutex_unlock(&registry_lock);
    return first;
}

const struct gnt_backend *gnt_backend_next(const struct gnt_backend *backend)
{
    return backend->next; /* set before the entry became visible, never changed */
}

const struct gnt_backend *gnt_backend_by_name(const char *name)
{
    const struct gnt_backend *b = gnt_backend_first();

    while (b != NULL && strcmp(b->facts.name, name) != 0)
        b = gnt_backend_next(b);
    return b;
}

int gnt_backend_has_scheme(const struct gnt_backend *backend, const char *scheme)
{
    for (const char *const *s = backend->facts.schemes; *s != NULL; s++) {
        if (strcmp(*s, scheme) == 0)
            return 1;
    }
    return 0;
}

int gantry_backend_register(const gantry_backend *backend, gantry_error *err)
{
    struct gnt_mem mem;
    struct gnt_backend *b;
    int rc;

    if (backend == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "backend: must not be NULL");
    pthread_once(&registry_once, built_in);
    gnt_mem_init(&mem, NULL, NULL);
    b = gnt_alloc(&mem, sizeof *b);
    if (b == NULL)
        return gnt_nomem(err);
    rc = fill(b, backend, err);
    pthread_mutex_lock(&registry_lock);
    for (struct gnt_backend *other = registry; rc == 0 && other != NULL; other = other->next) {
        if (strcmp(other->facts.name, b->facts.name) == 0)
            rc = gnt_fail(err, GANTRY_E_EXISTS, "there is a backend named \"%s\" already",
                          b->facts.name);
    }
    if (rc == 0) {
        b->next = registry;
        registry = b;
    }
    pthread_mutex_unlock(&registry_lock);
    if (rc < 0)
        gnt_free(&mem, b);
    return rc;
}
