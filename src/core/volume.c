/* Volumes, the public functions: check arguments, import options, dispatch. */
#include <gantry/volume.h>

#include "engine.h"
#include "error.h"
#include "names.h"
#include "spec_check.h"

static gantry_engine *engine_of(const gantry_volumes *volumes)
{
    return volumes != NULL ? volumes->engine : NULL;
}

int gantry_volumes_create(gantry_volumes *volumes, const char *name,
                          const gantry_volume_options *opts, gantry_volume **out, gantry_error *err)
{
    gantry_engine *e = engine_of(volumes);
    gantry_volume_options o;
    gantry_volume *volume = NULL;
    int rc = gnt_enter(e, GANTRY_FEATURE_VOLUMES_CREATE, err);

    if (rc == 0 && name != NULL)
        rc = gnt_check_name("name", name, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_volume_options, o, opts, err);
    if (rc == 0)
        rc = e->backend->volumes.create(e->state, name, &o, &volume, err);
    if (rc == 0 && out != NULL)
        *out = volume;
    else
        gantry_volume_free(volume);
    return gnt_leave(rc, GANTRY_FEATURE_VOLUMES_CREATE, GANTRY_RESOURCE_VOLUME, name, err);
}

int gantry_volumes_inspect(gantry_volumes *volumes, const char *name,
                           const gantry_volume_inspect_options *opts, gantry_volume **out,
                           gantry_error *err)
{
    gantry_engine *e = engine_of(volumes);
    gantry_volume_inspect_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_VOLUMES_INSPECT, err);

    if (rc == 0)
        rc = gnt_check_name("name", name, err);
    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_volume_inspect_options, o, opts, err);
    if (rc == 0)
        rc = gnt_check_switch("usage", o.usage, err);
    if (rc == 0)
        rc = e->backend->volumes.inspect(e->state, name, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_VOLUMES_INSPECT, GANTRY_RESOURCE_VOLUME, name, err);
}

static int check_conditions(const gantry_volume_list_options *o, gantry_error *err)
{
    int rc = gnt_check_texts("names", o->names, err);

    if (rc == 0)
        rc = gnt_check_texts("labels", o->labels, err);
    if (rc == 0)
        rc = gnt_check_texts("drivers", o->drivers, err);
    if (rc == 0)
        rc = gnt_check_switch("unused", o->unused, err);
    return rc < 0 ? rc : gnt_check_switch("usage", o->usage, err);
}

int gantry_volumes_list(gantry_volumes *volumes, const gantry_volume_list_options *opts,
                        gantry_volume_list **out, gantry_error *err)
{
    gantry_engine *e = engine_of(volumes);
    gantry_volume_list_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_VOLUMES_LIST, err);

    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_volume_list_options, o, opts, err);
    if (rc == 0)
        rc = check_conditions(&o, err);
    if (rc == 0)
        rc = e->backend->volumes.list(e->state, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_VOLUMES_LIST, GANTRY_RESOURCE_VOLUME, NULL, err);
}
