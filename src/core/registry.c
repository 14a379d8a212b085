/*
 * The list of backends: the library's only global state. Who uses an entry outside of the lock
 * holds a reference to it; an entry that was replaced stays for those who have one, and goes with
 * the last.
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
static struct gnt_backend *registry; /* newest first */
static struct gnt_backend *replaced; /* still in use */
static size_t registered;            /* so far: gives the order */

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

int gnt_backend_slot(const struct gnt_backend *backend, size_t offset)
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
        if (!gnt_backend_slot(backend, slots[i].offset))
            return 0;
        found = 1;
    }
    return found;
}

/* ---- the list -------------------------------------------------------------------------------- */

static void add_built_in(struct gnt_backend *b)
{
    b->built_in = 1;
    b->order = ++registered;
    b->next = registry;
    registry = b;
}

static void built_in(void)
{
#ifdef GANTRY_WITH_PODMAN
    static struct gnt_backend podman;

    gnt_backend_fill(&podman, &gnt_podman_backend, NULL);
    add_built_in(&podman);
#endif
#ifdef GANTRY_WITH_DOCKER
    static struct gnt_backend docker;

    gnt_backend_fill(&docker, &gnt_docker_backend, NULL);
    add_built_in(&docker);
#endif
}

/* All below that lock use these two. */
static void lock_registry(void)
{
    pthread_once(&registry_once, built_in);
    pthread_mutex_lock(&registry_lock);
}

static void unlock_registry(void)
{
    pthread_mutex_unlock(&registry_lock);
}

/* Where the entry of that name hangs; what it points to is NULL if there is none. */
static struct gnt_backend **place_of(const char *name)
{
    struct gnt_backend **place = &registry;

    while (*place != NULL && strcmp((*place)->facts.name, name) != 0)
        place = &(*place)->next;
    return place;
}

static void free_entry(struct gnt_backend *b)
{
    struct gnt_mem mem;

    if (b == NULL || b->built_in)
        return;
    gnt_mem_init(&mem, NULL, NULL);
    gnt_free(&mem, b);
}

/* ---- references ------------------------------------------------------------------------------ */

/* A replaced entry that nobody uses any more leaves its list. */
static struct gnt_backend *drop(const struct gnt_backend *backend)
{
    struct gnt_backend *b = (struct gnt_backend *)backend; /* entries are the list's own */
    struct gnt_backend **place = &replaced;

    if (b == NULL || b->references == 0 || --b->references > 0)
        return NULL;
    while (*place != NULL && *place != b)
        place = &(*place)->next;
    if (*place == NULL)
        return NULL;
    *place = b->next;
    return b;
}

const struct gnt_backend *gnt_backend_next(const struct gnt_backend *backend)
{
    struct gnt_backend *next;
    struct gnt_backend *gone;

    lock_registry();
    next = registry;
    /* By number, not by link: the entry may have been replaced meanwhile. */
    while (backend != NULL && next != NULL && next->order >= backend->order)
        next = next->next;
    if (next != NULL)
        next->references++;
    gone = drop(backend);
    unlock_registry();
    free_entry(gone);
    return next;
}

void gnt_backend_release(const struct gnt_backend *backend)
{
    struct gnt_backend *gone;

    if (backend == NULL)
        return;
    lock_registry();
    gone = drop(backend);
    unlock_registry();
    free_entry(gone);
}

void gnt_backend_opened(const struct gnt_backend *backend)
{
    lock_registry();
    ((struct gnt_backend *)backend)->engines++;
    unlock_registry();
}

void gnt_backend_closed(const struct gnt_backend *backend)
{
    struct gnt_backend *gone = NULL;

    lock_registry();
    if (backend->engines > 0) {
        ((struct gnt_backend *)backend)->engines--;
        gone = drop(backend);
    }
    unlock_registry();
    free_entry(gone);
}

/* Uses of entries of that name that were replaced. */
static void count_replaced(const char *name, size_t *references, size_t *engines)
{
    *references = *engines = 0;
    for (const struct gnt_backend *b = replaced; b != NULL; b = b->next) {
        if (strcmp(b->facts.name, name) != 0)
            continue;
        *references += b->references;
        *engines += b->engines;
    }
}

void gnt_backend_engines(const struct gnt_backend *backend, size_t *out_open, size_t *out_replaced)
{
    size_t references;

    lock_registry();
    *out_open = backend->engines;
    count_replaced(backend->facts.name, &references, out_replaced);
    unlock_registry();
}

int gnt_backend_is_known(const char *name)
{
    int known;

    lock_registry();
    known = *place_of(name) != NULL;
    unlock_registry();
    return known;
}

int gnt_backend_has_scheme(const struct gnt_backend *backend, const char *scheme)
{
    for (const char *const *s = backend->facts.schemes; *s != NULL; s++) {
        if (strcmp(*s, scheme) == 0)
            return 1;
    }
    return 0;
}

/* ---- changes --------------------------------------------------------------------------------- */

static int new_entry(const gantry_backend *backend, struct gnt_backend **out, gantry_error *err)
{
    struct gnt_mem mem;
    int rc;

    if (backend == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "backend: must not be NULL");
    gnt_mem_init(&mem, NULL, NULL);
    *out = gnt_alloc(&mem, sizeof **out);
    if (*out == NULL)
        return gnt_nomem(err);
    rc = gnt_backend_fill(*out, backend, err);
    if (rc < 0)
        free_entry(*out);
    return rc;
}

int gantry_backend_register(const gantry_backend *backend, gantry_error *err)
{
    struct gnt_backend *b;
    int rc = new_entry(backend, &b, err);

    if (rc < 0)
        return rc;
    lock_registry();
    if (*place_of(b->facts.name) == NULL) {
        b->order = ++registered;
        b->next = registry;
        registry = b;
        b = NULL;
    }
    unlock_registry();
    if (b != NULL)
        rc = gnt_fail(err, GANTRY_E_EXISTS, "there is a backend named \"%s\" already",
                      b->facts.name);
    free_entry(b);
    return rc;
}

static int not_there(const char *name, gantry_error *err)
{
    return gnt_fail(err, GANTRY_E_NOT_FOUND, "there is no backend named \"%s\"", name);
}

int gantry_backend_replace(const gantry_backend *backend, gantry_error *err)
{
    struct gnt_backend **place;
    struct gnt_backend *old;
    struct gnt_backend *b;
    int rc = new_entry(backend, &b, err);

    if (rc < 0)
        return rc;
    lock_registry();
    place = place_of(b->facts.name);
    old = *place;
    if (old != NULL) {
        b->order = old->order;
        b->next = old->next;
        *place = b;
        if (old->references > 0) {
            old->next = replaced;
            replaced = old;
            old = NULL;
        }
        b = NULL;
    }
    unlock_registry();
    if (b != NULL)
        rc = not_there(b->facts.name, err);
    free_entry(b != NULL ? b : old);
    return rc;
}

static int in_use(const char *name, size_t engines, size_t before, gantry_error *err)
{
    if (before > 0)
        gnt_fail(err, GANTRY_E_IN_USE,
                 "backend \"%s\": %zu engine(s) are open with it, %zu with what it replaced", name,
                 engines, before);
    else if (engines > 0)
        gnt_fail(err, GANTRY_E_IN_USE, "backend \"%s\": %zu engine(s) are open with it", name,
                 engines);
    else
        gnt_fail(err, GANTRY_E_IN_USE, "backend \"%s\" is being asked who is there", name);
    gnt_error_outcome(err, GANTRY_OUTCOME_NOT_SENT, GANTRY_RETRY_YES);
    return GANTRY_E_IN_USE;
}

int gantry_backend_unregister(const char *name, gantry_error *err)
{
    struct gnt_backend **place;
    struct gnt_backend *b;
    size_t references;
    size_t before;
    size_t engines = 0;
    int used = 0;

    if (name == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "name: must not be NULL");
    lock_registry();
    place = place_of(name);
    b = *place;
    if (b != NULL) {
        count_replaced(name, &references, &before);
        engines = b->engines;
        used = references + b->references > 0;
        if (!used)
            *place = b->next;
    }
    unlock_registry();
    if (b == NULL)
        return not_there(name, err);
    if (used)
        return in_use(name, engines, before, err);
    free_entry(b);
    return 0;
}
