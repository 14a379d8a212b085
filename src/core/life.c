/*
 * The further life of containers, the public functions: pause, rename, prepare, resize, check, mount.
 * Check arguments, import options, dispatch.
 */
#include <gantry/container.h>

#include "container.h"
#include "engine.h"
#include "error.h"
#include "names.h"

int gantry_containers_pause(gantry_containers *containers, const char *id,
                            const gantry_container_pause_options *opts, gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_container_pause_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_PAUSE, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_container_pause_options, o, opts, err);
    if (rc == 0)
        rc = e->backend->containers.pause(e->state, id, &o, err);
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_PAUSE, GANTRY_RESOURCE_CONTAINER, id, err);
}

int gantry_containers_unpause(gantry_containers *containers, const char *id,
                              const gantry_container_pause_options *opts, gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_container_pause_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_UNPAUSE, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_container_pause_options, o, opts, err);
    if (rc == 0)
        rc = e->backend->containers.unpause(e->state, id, &o, err);
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_UNPAUSE, GANTRY_RESOURCE_CONTAINER, id, err);
}

int gantry_containers_rename(gantry_containers *containers, const char *id, const char *new_name,
                             const gantry_container_rename_options *opts, gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_container_rename_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_RENAME, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = gnt_check_name("new_name", new_name, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_container_rename_options, o, opts, err);
    if (rc == 0)
        rc = e->backend->containers.rename(e->state, id, new_name, &o, err);
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_RENAME, GANTRY_RESOURCE_CONTAINER, id, err);
}

int gantry_containers_init(gantry_containers *containers, const char *id,
                           const gantry_container_init_options *opts, gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_container_init_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_INIT, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_container_init_options, o, opts, err);
    if (rc == 0)
        rc = e->backend->containers.init(e->state, id, &o, err);
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_INIT, GANTRY_RESOURCE_CONTAINER, id, err);
}

/* Where the backend has no question of its own, inspect answers it. */
static int ask_exists(gantry_engine *e, const char *id, const gantry_container_exists_options *o,
                      int *out_exists, gantry_error *err)
{
    const gantry_container_ops *ops = &e->backend->containers;
    gantry_container_inspect_options inspect = { .size = sizeof inspect, .call = o->call };
    gantry_container *container = NULL;
    gantry_error failure = { 0 };
    int rc;

    if (ops->exists != NULL)
        return ops->exists(e->state, id, o, out_exists, err);
    rc = ops->inspect(e->state, id, &inspect, &container, &failure);
    gantry_container_free(container);
    if (rc < 0 && rc != GANTRY_E_NOT_FOUND) {
        if (err != NULL)
            *err = failure;
        return rc;
    }
    *out_exists = rc == 0;
    return 0;
}

int gantry_containers_exists(gantry_containers *containers, const char *id,
                             const gantry_container_exists_options *opts, int *out_exists,
                             gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_container_exists_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_EXISTS, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0 && out_exists == NULL)
        rc = gnt_fail(err, GANTRY_E_INVALID, "out_exists: must not be NULL");
    if (rc == 0)
        rc = GNT_IMPORT(gantry_container_exists_options, o, opts, err);
    if (rc == 0)
        rc = ask_exists(e, id, &o, out_exists, err);
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_EXISTS, GANTRY_RESOURCE_CONTAINER, id, err);
}

int gantry_containers_resize(gantry_containers *containers, const char *id, int columns, int rows,
                             const gantry_resize_options *opts, gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_resize_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_RESIZE, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0 && (columns < 1 || columns > UINT16_MAX || rows < 1 || rows > UINT16_MAX))
        rc = gnt_fail(err, GANTRY_E_INVALID, "columns, rows: %d x %d is not 1 to 65535", columns,
                      rows);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_resize_options, o, opts, err);
    if (rc == 0)
        rc = e->backend->containers.resize(e->state, id, columns, rows, &o, err);
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_RESIZE, GANTRY_RESOURCE_CONTAINER, id, err);
}

int gantry_containers_check_health(gantry_containers *containers, const char *id,
                                   const gantry_health_check_options *opts,
                                   gantry_health_result **out, gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_health_check_options o;
    gantry_health_result *result = NULL;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_CHECK_HEALTH, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_health_check_options, o, opts, err);
    if (rc == 0)
        rc = e->backend->containers.check_health(e->state, id, &o, &result, err);
    if (rc == 0 && out != NULL)
        *out = result;
    else
        gantry_health_result_free(result);
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_CHECK_HEALTH, GANTRY_RESOURCE_CONTAINER, id,
                     err);
}

void gantry_health_result_free(gantry_health_result *result)
{
    gnt_result_free(result);
}
