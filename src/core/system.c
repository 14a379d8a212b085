/*
 * The engine as a whole, the public functions: check arguments, import options, dispatch. Prune and
 * the health report are composed, in files of their own.
 */
#include <gantry/system.h>

#include "engine.h"
#include "error.h"

int gantry_system_disk_usage(gantry_system *system, const gantry_disk_usage_options *opts,
                             gantry_disk_usage **out, gantry_error *err)
{
    gantry_engine *e = system != NULL ? system->engine : NULL;
    gantry_disk_usage_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_SYSTEM_DISK_USAGE, err);

    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_disk_usage_options, o, opts, err);
    if (rc == 0)
        rc = e->backend->system.disk_usage(e->state, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_SYSTEM_DISK_USAGE, GANTRY_RESOURCE_ENGINE, NULL, err);
}
