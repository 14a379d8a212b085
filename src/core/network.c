/* Networks, the public functions: check arguments, import options, dispatch. */
#include <gantry/network.h>

#include <string.h>

#include "error.h"
#include "names.h"
#include "network_check.h"
#include "network_impl.h"
#include "spec_check.h"

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
    struct gnt_arena arena;
    int rc = gnt_enter(e, GANTRY_FEATURE_NETWORKS_CREATE, err);

    if (rc < 0)
        return gnt_leave(rc, GANTRY_FEATURE_NETWORKS_CREATE, GANTRY_RESOURCE_NETWORK, name, err);
    gnt_arena_init(&arena, &e->host.mem);
    rc = gnt_check_name("name", name, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_network_options, o, opts, err);
    if (rc == 0)
        rc = gnt_network_options_import(&arena, &o, err);
    if (rc == 0)
        rc = e->backend->networks.create(e->state, name, &o, &network, err);
    if (rc == 0 && out != NULL)
        *out = network;
    else
        gantry_network_free(network);
    gnt_arena_free(&arena);
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
        rc = gnt_check_switch("members", o.members, err);
    if (rc == 0 && o.reserved != 0)
        rc = gantry_unsupported_option(err, "reserved");
    if (rc == 0)
        rc = gnt_network_inspect(e, id, &o, out, err);
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
        rc = gnt_missing_ok(gnt_network_remove(e, id, &o, &failure), o.missing_ok,
                            GANTRY_RESOURCE_NETWORK, &failure);
    gnt_leave(rc, GANTRY_FEATURE_NETWORKS_REMOVE, GANTRY_RESOURCE_NETWORK, id, &failure);
    if (rc < 0 && err != NULL)
        *err = failure;
    return rc;
}

/* Fixed addresses are of one of the network's subnets: engines look at that late, or never while
 * the container does not run. */
static int check_addresses(gantry_engine *e, const char *id,
                           const gantry_network_connect_options *o, gantry_error *err)
{
    const gantry_network_inspect_options look = { .size = sizeof look,
                                                  .call = o->call,
                                                  .members = GANTRY_OFF };
    gantry_network *n = NULL;
    int rc;

    if (o->address == NULL && o->address6 == NULL)
        return 0;
    rc = gnt_network_inspect(e, id, &look, &n, err);
    if (rc == 0)
        rc = gnt_network_address_check("address", n, o->address, err);
    if (rc == 0)
        rc = gnt_network_address_check("address6", n, o->address6, err);
    gantry_network_free(n);
    return rc;
}

/* Whether a refusal only says what attached_ok allows. */
static int is_attached(gantry_engine *e, const char *id, const char *container,
                       const gantry_network_connect_options *o)
{
    const gantry_network_inspect_options look = { .size = sizeof look,
                                                  .call = o->call,
                                                  .members = GANTRY_OFF };
    const gantry_container_inspect_options it = { .size = sizeof it, .call = o->call };
    gantry_network *n = NULL;
    gantry_container *c = NULL;
    int found = 0;

    if (e->backend->networks.inspect(e->state, id, &look, &n, NULL) == 0 &&
        e->backend->containers.inspect(e->state, container, &it, &c, NULL) == 0) {
        for (const char *const *name = c->networks; *name != NULL; name++)
            found |= strcmp(*name, n->name) == 0 || strcmp(*name, n->id) == 0;
    }
    gantry_container_free(c);
    gantry_network_free(n);
    return found;
}

static int connect_it(gantry_engine *e, const char *id, const char *container,
                      gantry_network_connect_options *o, gantry_error *err)
{
    gantry_error failure = { 0 };
    gantry_call shared;
    int rc;

    o->call = gnt_call_share(&shared, o->call);
    rc = check_addresses(e, id, o, &failure);
    if (rc == 0)
        rc = e->backend->networks.connect(e->state, id, container, o, &failure);
    if (rc == GANTRY_E_STATE && o->attached_ok == GANTRY_ON && is_attached(e, id, container, o))
        return 0;
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
        rc = gnt_network_connect_check(&o, err);
    if (rc == 0)
        rc = connect_it(e, id, container, &o, err);
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
