/*
 * A backend for libgantry, written against the installed headers alone: read it as the tutorial for
 * authors of backends, beginning at the end of this file, where the tables are. What happens on a
 * call such as gantry_volumes_create(): the library checks the arguments, brings the options into
 * the layout of this very library version, finds the slot in the table, and calls it with the
 * state.
 *
 * The parts: this file opens and closes engines and answers for the engine itself; memory_volume.c
 * is the simplest manager and worth reading first; memory_network.c, memory_container.c and
 * memory_image.c are alike; memory_build.c, memory_dockerfile.c and memory_context.c build images.
 */
#include "memory_backend.h"

#include <gantry/backend.h>

#include <stdio.h>
#include <string.h>

#include "memory_store.h"

/* ---- who is there ------------------------------------------------------------------------- */

/*
 * A backend of real engines connects here and asks who answers. NOT_MINE lets the library try the
 * next backend of this scheme; a negative code says "mine, but broken" and ends the search.
 */
static int probe(gantry_host *host, const gantry_endpoint *endpoint, const gantry_call *call,
                 gantry_probe *out, gantry_error *err)
{
    (void)host, (void)endpoint, (void)call, (void)err;
    snprintf(out->detail, sizeof out->detail, "in-memory engine %s", gantry_version());
    snprintf(out->version, sizeof out->version, "%s", gantry_version());
    out->rootless = 1;
    return GANTRY_PROBE_MINE;
}

/* `state` is zeroed memory of state_size bytes. After a failure here the library calls close. */
static int open_engine(void *state, gantry_host *host, const gantry_endpoint *endpoint,
                       const gantry_call *call, gantry_error *err)
{
    struct memory_engine *engine = state;
    int rc;

    (void)endpoint, (void)call;
    engine->host = host;
    rc = pthread_mutex_init(&engine->lock, NULL);
    if (rc != 0) {
        gantry_error_set(err, GANTRY_E_NOMEM, "cannot make a lock: %s", strerror(rc));
        return GANTRY_E_NOMEM;
    }
    engine->lock_ready = 1;
    return 0;
}

/* Nothing uses the engine any more: no lock is needed. */
static void close_engine(void *state)
{
    struct memory_engine *engine = state;

    while (engine->containers != NULL) {
        struct memory_container *container = (struct memory_container *)engine->containers;

        memory_list_free(&container->attachments);
        memory_list_remove(&engine->containers, container);
    }
    memory_list_free(&engine->networks);
    memory_list_free(&engine->volumes);
    memory_list_free(&engine->tags);
    memory_list_free(&engine->images);
    if (engine->lock_ready)
        pthread_mutex_destroy(&engine->lock);
}

/* ---- the engine itself -------------------------------------------------------------------- */

static int ping(void *state, const gantry_query_options *opts, gantry_error *err)
{
    int rc = memory_enter(state, "engine.ping", opts->call, err);

    if (rc == 0)
        memory_leave(state);
    return rc;
}

/*
 * How every result is made: gantry_result_new() gives a struct whose strings are "" and whose lists
 * are empty, of the size the running library knows; fill in what you have, with memory of the
 * result, and hand it over as the output. Write the output only on success.
 */
static int version(void *state, const gantry_query_options *opts, gantry_version_info **out,
                   gantry_error *err)
{
    struct memory_engine *engine = state;
    struct memory_fill fill = { 0 };
    gantry_version_info *info;
    int rc = memory_enter(engine, "engine.version", opts->call, err);

    if (rc < 0)
        return rc;
    memory_leave(engine);
    info = fill.result = gantry_result_new(engine->host, GANTRY_KIND_VERSION_INFO, err);
    if (info == NULL)
        return GANTRY_E_NOMEM;
    info->backend = memory_fill_text(&fill, "memory");
    info->version = memory_fill_text(&fill, gantry_version());
    info->api_version = memory_fill_text(&fill, "1");
    info->min_api_version = memory_fill_text(&fill, "1");
    info->used_api_version = memory_fill_text(&fill, "1");
    info->os = memory_fill_text(&fill, "linux");
    info->json = memory_fill_text(&fill, "{}");
    if (memory_fill_done(&fill, err) == NULL)
        return GANTRY_E_NOMEM;
    *out = info;
    return 0;
}

static int64_t list_size(const struct memory_object *list)
{
    int64_t count = 0;

    for (; list != NULL; list = list->next)
        count++;
    return count;
}

static void count_containers(const struct memory_engine *engine, gantry_info *info)
{
    info->containers = list_size(engine->containers);
    info->images = list_size(engine->images);
    info->containers_running = 0;
    for (const struct memory_object *o = engine->containers; o != NULL; o = o->next) {
        if (((const struct memory_container *)o)->state == GANTRY_CONTAINER_RUNNING)
            info->containers_running++;
    }
    info->containers_paused = 0;
    info->containers_stopped = info->containers - info->containers_running;
}

static int info(void *state, const gantry_query_options *opts, gantry_info **out, gantry_error *err)
{
    struct memory_engine *engine = state;
    struct memory_fill fill = { 0 };
    gantry_info *result = gantry_result_new(engine->host, GANTRY_KIND_INFO, err);
    int rc;

    if (result == NULL)
        return GANTRY_E_NOMEM;
    fill.result = result;
    rc = memory_enter(engine, "engine.info", opts->call, err);
    if (rc < 0) {
        gantry_result_free(result);
        return rc;
    }
    count_containers(engine, result);
    memory_leave(engine);
    result->backend = memory_fill_text(&fill, "memory");
    result->version = memory_fill_text(&fill, gantry_version());
    result->os = memory_fill_text(&fill, "linux");
    result->storage_driver = memory_fill_text(&fill, "memory");
    result->json = memory_fill_text(&fill, "{}");
    result->cpus = -1; /* not known: there is no host */
    result->memory_bytes = -1;
    if (memory_fill_done(&fill, err) == NULL)
        return GANTRY_E_NOMEM;
    *out = result;
    return 0;
}

/* ---- the tables --------------------------------------------------------------------------- */

/* A slot that is missing, such as `request` here, makes the operation UNSUPPORTED; nothing else has
 * to be said about it, and gantry_engine_supports() answers 0. */
static const gantry_engine_ops engine_ops = {
    .size = sizeof engine_ops,
    .ping = ping,
    .version = version,
    .info = info,
};

/* Features that are options of an operation have no slot of their own. */
static int supports(const void *state, int feature)
{
    (void)state;
    return feature != GANTRY_FEATURE_IMAGES_BUILD_SECRETS &&
           feature != GANTRY_FEATURE_IMAGES_BUILD_BUILDKIT &&
           feature != GANTRY_FEATURE_IMAGES_BUILD_PLATFORMS;
}

static const char *const schemes[] = { "memory", NULL };

static const gantry_backend backend = {
    .size = sizeof backend,
    .name = "memory",
    .schemes = schemes,
    .state_size = sizeof(struct memory_engine),
    .probe = probe,
    .open = open_engine,
    .close = close_engine,
    .supports = supports,
    .engine = &engine_ops,
    .images = &memory_image_ops,
    .containers = &memory_container_ops,
    .volumes = &memory_volume_ops,
    .networks = &memory_network_ops,
};

int memory_backend_register(gantry_error *err)
{
    gantry_error local;
    int rc = gantry_backend_register(&backend, &local);

    if (rc == GANTRY_E_EXISTS)
        return 0;
    if (rc < 0 && err != NULL)
        *err = local;
    return rc;
}
