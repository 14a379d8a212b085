/*
 * Looking into containers, the public functions: processes, changes, a published port.
 */
#include <gantry/inspect.h>

#include <string.h>

#include "container.h"
#include "engine.h"
#include "error.h"
#include "names.h"
#include "spec_check.h"

/* ---- processes ------------------------------------------------------------------------------- */

int gantry_containers_top(gantry_containers *containers, const char *id,
                          const gantry_container_top_options *opts, gantry_container_top **out,
                          gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_container_top_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_TOP, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_container_top_options, o, opts, err);
    if (rc == 0)
        rc = gnt_check_texts("columns", o.columns, err);
    if (rc == 0)
        rc = e->backend->containers.top(e->state, id, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_TOP, GANTRY_RESOURCE_CONTAINER, id, err);
}

void gantry_container_top_free(gantry_container_top *top)
{
    gnt_result_free(top);
}

/* ---- changes --------------------------------------------------------------------------------- */

int gantry_containers_changes(gantry_containers *containers, const char *id,
                              const gantry_container_changes_options *opts,
                              gantry_container_changes **out, gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_container_changes_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_CHANGES, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_container_changes_options, o, opts, err);
    if (rc == 0)
        rc = e->backend->containers.changes(e->state, id, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_CHANGES, GANTRY_RESOURCE_CONTAINER, id, err);
}

void gantry_container_changes_free(gantry_container_changes *changes)
{
    gnt_result_free(changes);
}

/* ---- ports ----------------------------------------------------------------------------------- */

const gantry_port_info *gantry_container_port(const gantry_container *container, int container_port,
                                              const char *protocol)
{
    const char *want = protocol != NULL ? protocol : "tcp";

    if (container == NULL)
        return NULL;
    for (const gantry_port_info *const *port = container->ports; *port != NULL; port++) {
        if ((*port)->container_port == container_port && (*port)->host_port != 0 &&
            strcmp((*port)->protocol, want) == 0)
            return *port;
    }
    return NULL;
}
