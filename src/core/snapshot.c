/*
 * A container's state and files as a whole, the public functions: checkpoint, restore, mount. Check
 * arguments, import options, dispatch. Commit and export are in commit.c.
 */
#include <gantry/snapshot.h>

#include "container.h"
#include "engine.h"
#include "error.h"
#include "names.h"

static int import_checkpoint(gantry_checkpoint_options *o, const gantry_checkpoint_options *given,
                             gantry_error *err)
{
    int rc = GNT_IMPORT(gantry_checkpoint_options, *o, given, err);

    return rc == 0 && o->name != NULL ? gnt_check_name("name", o->name, err) : rc;
}

int gantry_containers_checkpoint(gantry_containers *containers, const char *id,
                                 const gantry_checkpoint_options *opts, gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_checkpoint_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_CHECKPOINT, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = import_checkpoint(&o, opts, err);
    if (rc == 0 && (o.ignore_static_ip != 0 || o.ignore_static_mac != 0))
        rc = gnt_fail(err, GANTRY_E_INVALID, "%s: is an option of restore",
                      o.ignore_static_ip != 0 ? "ignore_static_ip" : "ignore_static_mac");
    if (rc == 0)
        rc = e->backend->containers.checkpoint(e->state, id, &o, err);
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_CHECKPOINT, GANTRY_RESOURCE_CONTAINER, id, err);
}

int gantry_containers_restore(gantry_containers *containers, const char *id,
                              const gantry_checkpoint_options *opts, gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_checkpoint_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_RESTORE, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = import_checkpoint(&o, opts, err);
    if (rc == 0 && (o.leave_running != 0 || o.file_locks != 0))
        rc = gnt_fail(err, GANTRY_E_INVALID, "%s: is an option of checkpoint",
                      o.leave_running != 0 ? "leave_running" : "file_locks");
    if (rc == 0)
        rc = e->backend->containers.restore(e->state, id, &o, err);
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_RESTORE, GANTRY_RESOURCE_CONTAINER, id, err);
}

int gantry_containers_mount(gantry_containers *containers, const char *id,
                            const gantry_container_mount_options *opts, gantry_mount_point **out,
                            gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_container_mount_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_MOUNT, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_container_mount_options, o, opts, err);
    if (rc == 0)
        rc = e->backend->containers.mount(e->state, id, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_MOUNT, GANTRY_RESOURCE_CONTAINER, id, err);
}

void gantry_mount_point_free(gantry_mount_point *point)
{
    gnt_result_free(point);
}

int gantry_containers_unmount(gantry_containers *containers, const char *id,
                              const gantry_container_mount_options *opts, gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_container_mount_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_UNMOUNT, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_container_mount_options, o, opts, err);
    if (rc == 0)
        rc = e->backend->containers.unmount(e->state, id, &o, err);
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_UNMOUNT, GANTRY_RESOURCE_CONTAINER, id, err);
}
