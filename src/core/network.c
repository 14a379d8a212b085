/* Networks, the public functions: check arguments, import options, dispatch. */
#include <gantry/network.h>

#include "engine.h"
#include "error.h"
#include "names.h"

static gantry_engine *engine_of(const gantry_networks *networks)
{
    return networks != NULL ? networks->engine : NULL;
}

int gantry_networks_create(gantry_networks *networks, const char *name,
                           const gantry_network_options *opts, gantry_network **out,
                           gantry_error *err)
{
    gantry_engine *e = engine_of(networks);
    gantry_network_options o;
    gantry_network *network = NULL;
    int rc = gnt_enter(e, GANTRY_FEATURE_NETWORKS_CREATE, err);

    if (rc == 0)
        rc = gnt_check_name("name", name, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_network_options, o, opts, err);
    if (rc == 0 && o.gateway != NULL && o.subnet == NULL)
        rc = gnt_fail(err, GANTRY_E_INVALID, "gateway: needs subnet");
    if (rc == 0)
        rc = e->backend->networks.create(e->state, name, &o, &network, err);
    if (rc == 0 && out != NULL)
        *out = network;
    else
        gantry_network_free(network);
    return gnt_leave(rc, GANTRY_FEATURE_NETWORKS_CREATE, GANTRY_RESOURCE_NETWORK, name, err);
}

int gantry_networks_inspect(gantry_networks *networks, const char *id,
                            const gantry_network_inspect_options *opts, gantry_network **out,
                            gantry_error *err)
{
    gantry_engine *e = engine_of(networks);
    gantry_network_inspect_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_NETWORKS_INSPECT, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_network_inspect_options, o, opts, err);
    if (rc == 0)
        rc = e->backend->networks.inspect(e->state, id, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_NETWORKS_INSPECT, GANTRY_RESOURCE_NETWORK, id, err);
}

int gantry_networks_list(gantry_networks *networks, const gantry_network_list_options *opts,
                         gantry_network_list **out, gantry_error *err)
{
    gantry_engine *e = engine_of(networks);
    gantry_network_list_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_NETWORKS_LIST, err);

    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_network_list_options, o, opts, err);
    if (rc == 0)
        rc = e->backend->networks.list(e->state, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_NETWORKS_LIST, GANTRY_RESOURCE_NETWORK, NULL, err);
}

int gantry_networks_remove(gantry_networks *networks, const char *id,
                           const gantry_network_remove_options *opts, gantry_error *err)
{
    gantry_engine *e = engine_of(networks);
    gantry_network_remove_options o;
    gantry_error failure = { 0 };
    int rc = gnt_enter(e, GANTRY_FEATURE_NETWORKS_REMOVE, &failure);

    if (rc == 0)
        rc = gnt_check_name("id", id, &failure);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_network_remove_options, o, opts, &failure);
    if (rc == 0)
        rc = gnt_missing_ok(e->backend->networks.remove(e->state, id, &o, &failure), o.missing_ok,
                            GANTRY_RESOURCE_NETWORK, &failure);
    gnt_leave(rc, GANTRY_FEATURE_NETWORKS_REMOVE, GANTRY_RESOURCE_NETWORK, id, &failure);
    if (rc < 0 && err != NULL)
        *err = failure;
    return rc;
}

int gantry_networks_connect(gantry_networks *networks, const char *id, const char *container,
                            const gantry_network_connect_options *opts, gantry_error *err)
{
    gantry_engine *e = engine_of(networks);
    gantry_network_connect_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_NETWORKS_CONNECT, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = gnt_check_name("container", container, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_network_connect_options, o, opts, err);
    if (rc == 0)
        rc = e->backend->networks.connect(e->state, id, container, &o, err);
    return gnt_leave(rc, GANTRY_FEATURE_NETWORKS_CONNECT, GANTRY_RESOURCE_NETWORK, id, err);
}

int gantry_networks_disconnect(gantry_networks *networks, const char *id, const char *container,
                               const gantry_network_disconnect_options *opts, gantry_error *err)
{
    gantry_engine *e = engine_of(networks);
    gantry_network_disconnect_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_NETWORKS_DISCONNECT, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = gnt_check_name("container", container, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_network_disconnect_options, o, opts, err);
    if (rc == 0)
        rc = e->backend->networks.disconnect(e->state, id, container, &o, err);
    return gnt_leave(rc, GANTRY_FEATURE_NETWORKS_DISCONNECT, GANTRY_RESOURCE_NETWORK, id, err);
}
