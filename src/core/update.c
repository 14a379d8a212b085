/*
 * Update, the public function: checks arguments, imports options, dispatches.
 */
#include <gantry/container.h>

#include <string.h>

#include "container.h"
#include "engine.h"
#include "error.h"
#include "names.h"

/* Whether a limit is set at all. */
static int has_limits(const gantry_resources *r)
{
    static const char nothing[sizeof *r];
    size_t head = offsetof(gantry_resources, memory_bytes);

    return r != NULL && memcmp((const char *)r + head, nothing, sizeof *r - head) != 0;
}

static int check(const gantry_container_update_options *o, gantry_error *err)
{
    if (o->restart < GANTRY_RESTART_DEFAULT || o->restart > GANTRY_RESTART_UNLESS_STOPPED)
        return gnt_fail(err, GANTRY_E_INVALID, "restart: %d is none of GANTRY_RESTART_",
                        o->restart);
    if (o->restart_retries < 0)
        return gnt_fail(err, GANTRY_E_INVALID, "restart_retries: must not be negative");
    if (o->restart_retries > 0 && o->restart != GANTRY_RESTART_ON_FAILURE)
        return gnt_fail(err, GANTRY_E_INVALID, "restart_retries: needs restart ON_FAILURE");
    if (!has_limits(o->resources) && o->restart == GANTRY_RESTART_DEFAULT)
        return gnt_fail(err, GANTRY_E_INVALID, "resources, restart: nothing is to change");
    return 0;
}

int gantry_containers_update(gantry_containers *containers, const char *id,
                             const gantry_container_update_options *opts, gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_container_update_options o;
    gantry_call shared;
    struct gnt_arena arena = { 0 };
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_UPDATE, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_container_update_options, o, opts, err);
    if (rc == 0) {
        gnt_arena_init(&arena, &e->host.mem);
        rc = gnt_resources_import(&arena, o.resources, &o.resources, err);
    }
    if (rc == 0)
        rc = check(&o, err);
    if (rc == 0) {
        if (!has_limits(o.resources))
            o.resources = NULL;
        o.call = gnt_call_share(&shared, o.call);
        rc = e->backend->containers.update(e->state, id, &o, err);
    }
    gnt_arena_free(&arena);
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_UPDATE, GANTRY_RESOURCE_CONTAINER, id, err);
}
