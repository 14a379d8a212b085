/*
 * Removing a network with members in it, composed of inspect, disconnect or a container's remove,
 * and the network's own remove. Never by an engine's own force, which may take containers along.
 */
#include <gantry/container.h>

#include <string.h>

#include "error.h"
#include "network_impl.h"

enum {
    TRIES = 3 /* somebody may come in meanwhile */
};

/* One that is gone already, or is not in it any more, is what was wanted. */
static int take_out(gantry_engine *e, const gantry_network *n, const gantry_network_member *m,
                    const gantry_network_remove_options *o, gantry_error *err)
{
    gantry_network_disconnect_options leave = { .size = sizeof leave,
                                                .call = o->call,
                                                .force = m->running ? GANTRY_DEFAULT : GANTRY_ON };
    gantry_container_remove_options gone = { .size = sizeof gone,
                                             .call = o->call,
                                             .force = GANTRY_ON };
    gantry_error failure = { 0 };
    int rc = o->remove_containers == GANTRY_ON
                 ? e->backend->containers.remove(e->state, m->container, &gone, &failure)
                 : e->backend->networks.disconnect(e->state, n->id, m->container, &leave, &failure);

    if (rc == GANTRY_E_NOT_FOUND || (rc == GANTRY_E_STATE && o->remove_containers != GANTRY_ON))
        return 0;
    if (rc < 0 && err != NULL)
        *err = failure;
    return rc;
}

static int check_predefined(const gantry_network *n, gantry_error *err)
{
    if (!n->predefined)
        return 0;
    gnt_fail(err, GANTRY_E_FORBIDDEN, "network %s is the engine's own and cannot be removed",
             n->name);
    gnt_error_outcome(err, GANTRY_OUTCOME_REFUSED, GANTRY_RETRY_NO);
    return GANTRY_E_FORBIDDEN;
}

/* *out_changed counts the members that were taken out. */
static int empty(gantry_engine *e, const char *id, const gantry_network_remove_options *o,
                 int *out_changed, gantry_error *err)
{
    const gantry_network_inspect_options look = { .size = sizeof look, .call = o->call };
    gantry_network *n = NULL;
    int rc = e->backend->networks.inspect(e->state, id, &look, &n, err);

    if (rc < 0)
        return rc;
    rc = check_predefined(n, err);
    if (rc == 0 && e->backend->containers.list != NULL)
        rc = gnt_network_members(e, n, o->call, err);
    for (const gantry_network_member *const *m = n->members; rc == 0 && *m != NULL; m++) {
        rc = take_out(e, n, *m, o, err);
        *out_changed += rc == 0;
    }
    gantry_network_free(n);
    return rc;
}

/* One that is in use is often the engine's own: that would not change. */
static int tell_predefined(gantry_engine *e, const char *id, const gantry_call *call,
                           gantry_error *err)
{
    const gantry_network_inspect_options look = { .size = sizeof look,
                                                  .call = call,
                                                  .members = GANTRY_OFF };
    gantry_network *n = NULL;
    int rc = GANTRY_E_IN_USE;

    if (gnt_network_inspect(e, id, &look, &n, NULL) == 0 && n->predefined)
        rc = check_predefined(n, err);
    gantry_network_free(n);
    return rc;
}

int gnt_network_remove(gantry_engine *e, const char *id, const gantry_network_remove_options *o,
                       gantry_error *err)
{
    int empties = o->force == GANTRY_ON || o->remove_containers == GANTRY_ON;
    gantry_network_remove_options plain = *o;
    gantry_error failure = { 0 };
    gantry_call shared;
    int changed = 0;
    int rc = 0;

    if (o->remove_containers == GANTRY_ON && e->backend->containers.remove == NULL)
        return gantry_unsupported_option(err, "remove_containers");
    if (o->force == GANTRY_ON && e->backend->networks.disconnect == NULL)
        return gantry_unsupported_option(err, "force");
    plain.call = gnt_call_share(&shared, o->call);
    for (int i = 0; i < TRIES; i++) {
        failure = (gantry_error){ 0 };
        if (empties)
            rc = empty(e, id, &plain, &changed, &failure);
        if (rc == 0)
            rc = e->backend->networks.remove(e->state, id, &plain, &failure);
        if (rc != GANTRY_E_IN_USE || !empties)
            break;
    }
    if (rc == GANTRY_E_IN_USE && !empties)
        rc = tell_predefined(e, id, plain.call, &failure);
    if (rc < 0 && changed > 0) {
        gnt_error_suffix(&failure, "containers in it were %s",
                         o->remove_containers == GANTRY_ON ? "removed" : "disconnected");
        gnt_error_outcome(&failure, GANTRY_OUTCOME_PARTIAL, GANTRY_RETRY_ASK);
    }
    if (rc < 0 && err != NULL)
        *err = failure;
    return rc;
}
