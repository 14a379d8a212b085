/*
 * Docker: networks that are there, and who is in them.
 */
#include "docker_network.h"

#include <string.h>

#include "error.h"
#include "network_check.h"

/* ---- what the daemon tells ------------------------------------------------------------------- */

static const struct gnt_in subnet_rows[] = {
    GNT_IN_STR(gantry_subnet_info, subnet, "Subnet"),
    GNT_IN_STR(gantry_subnet_info, gateway, "Gateway"),
    GNT_IN_STR(gantry_subnet_info, range, "IPRange"),
    GNT_IN_END,
};

static int in_subnets(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                      void *field)
{
    (void)row;
    return gnt_in_items(c, v, GANTRY_KIND_SUBNET_INFO, subnet_rows, field);
}

/* Those that run; other endpoints than containers' are among them, under words that are no ids. */
static const struct gnt_in member_rows[] = {
    GNT_IN_STR(gantry_network_member, container, "."),
    GNT_IN_STR(gantry_network_member, name, "Name"),
    GNT_IN_HOOK(gantry_network_member, address, "IPv4Address", gnt_in_bare_address),
    GNT_IN_HOOK(gantry_network_member, address6, "IPv6Address", gnt_in_bare_address),
    GNT_IN_STR(gantry_network_member, mac, "MacAddress"),
    GNT_IN_END,
};

static int in_members(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                      void *field)
{
    (void)row;
    return gnt_in_items(c, v, GANTRY_KIND_NETWORK_MEMBER, member_rows, field);
}

/* The word that both engines know, beside the daemon's own. */
static int in_options(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                      void *field)
{
    const char *mtu = gnt_json_text(gnt_json_member(v, GNT_DOCKER_MTU));
    const gantry_pair *pairs = NULL;
    gantry_pair *longer;
    size_t count;
    int rc = gnt_in_map(c, v, row, field);

    if (rc < 0 || mtu == NULL || gnt_json_member(v, "mtu") != NULL)
        return rc;
    memcpy(&pairs, field, sizeof pairs);
    memcpy(&count, (char *)field + sizeof pairs, sizeof count);
    longer = gnt_arena_alloc(c->arena, (count + 2) * sizeof *longer);
    if (longer == NULL)
        return gnt_nomem(c->err);
    memcpy(longer, pairs, count * sizeof *longer);
    longer[count].key = "mtu";
    longer[count].value = gnt_arena_strdup(c->arena, mtu);
    if (longer[count++].value == NULL)
        return gnt_nomem(c->err);
    memcpy(field, &longer, sizeof longer);
    memcpy((char *)field + sizeof longer, &count, sizeof count);
    return 0;
}

static int is_own(const char *name)
{
    return name != NULL &&
           (strcmp(name, "bridge") == 0 || strcmp(name, "host") == 0 || strcmp(name, "none") == 0);
}

static int in_predefined(struct gnt_in_context *c, const struct gnt_json *v,
                         const struct gnt_in *row, void *field)
{
    int own = is_own(gnt_json_text(v));

    (void)c;
    (void)row;
    memcpy(field, &own, sizeof own);
    return 0;
}

/* The daemon answers for names in every network but its own ones. */
static int in_dns(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                  void *field)
{
    int dns = !is_own(gnt_json_text(v));

    (void)c;
    (void)row;
    memcpy(field, &dns, sizeof dns);
    return 0;
}

#define N gantry_network
const struct gnt_in gnt_docker_network_rows[] = {
    GNT_IN_ID_REQ(N, id, "Id"),
    GNT_IN_STR_REQ(N, name, "Name"),
    GNT_IN_STR(N, driver, "Driver"),
    GNT_IN_TIME(N, created_ns, "Created"),
    GNT_IN_HOOK(N, subnets, "IPAM/Config", in_subnets),
    GNT_IN_MAP(N, labels, "Labels"),
    GNT_IN_HOOK(N, options, "Options", in_options),
    GNT_IN_FLAG(N, internal, "Internal"),
    GNT_IN_FLAG(N, ipv6, "EnableIPv6"),
    GNT_IN_STR(N, parent, "Options/" GNT_DOCKER_BRIDGE),
    GNT_IN_STR(N, parent, "Options/parent"),
    GNT_IN_HOOK(N, members, "Containers", in_members),
    GNT_IN_HOOK(N, dns, "Name", in_dns),
    GNT_IN_HOOK(N, predefined, "Name", in_predefined),
    GNT_IN_END,
};
#undef N

int gnt_docker_network_look(struct docker *d, const char *id, const gantry_call *call, void **out,
                            gantry_error *err)
{
    static const struct gnt_lookup what = { .path = "/networks/%s",
                                            .resource_kind = GANTRY_RESOURCE_NETWORK,
                                            .result_kind = GANTRY_KIND_NETWORK,
                                            .rows = gnt_docker_network_rows,
                                            .json_offset = offsetof(gantry_network, json) };

    return gnt_rest_lookup(&d->rest, &what, call, id, out, err);
}

/* ---- list, inspect, remove ------------------------------------------------------------------- */

static int network_inspect(void *state, const char *id, const gantry_network_inspect_options *opts,
                           gantry_network **out, gantry_error *err)
{
    void *result = NULL;
    int rc = gnt_docker_network_look(state, id, opts->call, &result, err);

    if (rc == 0)
        *out = result;
    return rc;
}

#define L gantry_network_list_options
const struct gnt_out gnt_docker_network_list_options[] = {
    GNT_OUT_CODE(L, names),
    GNT_OUT_CODE(L, labels),
    GNT_OUT_CODE(L, filters),
    GNT_OUT_CODE(L, filter_count),
    GNT_OUT_CODE(L, drivers),
    GNT_OUT_CODE(L, ids),
    GNT_OUT_END,
};
#undef L

static int network_list(void *state, const gantry_network_list_options *opts,
                        gantry_network_list **out, gantry_error *err)
{
    struct docker *d = state;
    struct gnt_req r;
    struct gnt_json *filters;
    void *result = NULL;
    int rc;

    gnt_req_init(&r, &d->rest, "GET", opts->call, "/networks");
    filters = gnt_req_object(&r);
    /* Parts of names and ids match: see gnt_network_wanted. */
    gnt_req_filter_list(&r, filters, "name", opts->names);
    gnt_req_filter_list(&r, filters, "id", opts->ids);
    gnt_req_filter_list(&r, filters, "driver", opts->drivers);
    gnt_req_filter_list(&r, filters, "label", opts->labels);
    gnt_req_filter_pairs(&r, filters, opts->filters, opts->filter_count);
    gnt_req_filters(&r, filters);
    rc = gnt_req_list(&r, GANTRY_KIND_NETWORK_LIST, GANTRY_KIND_NETWORK, gnt_docker_network_rows,
                      gnt_network_wanted, opts, &result, err);
    if (rc == 0)
        *out = result;
    return rc;
}

#define R gantry_network_remove_options
const struct gnt_out gnt_docker_network_remove_options[] = {
    GNT_OUT_CODE(R, missing_ok),
    GNT_OUT_CODE(R, force),
    GNT_OUT_CODE(R, remove_containers),
    GNT_OUT_REFUSE(R, reserved),
    GNT_OUT_END,
};
#undef R

static const struct gnt_in user_rows[] = {
    GNT_IN_ID_REQ(gantry_container, id, "Id"),
    GNT_IN_STRS(gantry_container, networks, "Names"), /* lent: all names are of interest */
    GNT_IN_END,
};

/*
 * A container that does not run is no hindrance to the daemon: it takes the network away, and the
 * container cannot be started any more.
 */
static int check_unused(struct docker *d, const gantry_network *n, const gantry_call *call,
                        gantry_error *err)
{
    struct gnt_req r;
    struct gnt_json *filters;
    const gantry_container_list *list;
    void *result = NULL;
    int rc;

    gnt_req_init(&r, &d->rest, "GET", call, "/containers/json");
    gnt_req_query_true(&r, "all", 1);
    filters = gnt_req_object(&r);
    gnt_req_filter(&r, filters, "network", n->name);
    gnt_req_filter(&r, filters, "network", n->id);
    gnt_req_filters(&r, filters);
    rc = gnt_req_list(&r, GANTRY_KIND_CONTAINER_LIST, GANTRY_KIND_CONTAINER, user_rows, NULL, NULL,
                      &result, err);
    if (rc < 0)
        return rc;
    list = result;
    if (list->count > 0) {
        const char *name = list->items[0]->networks[0];

        rc = gnt_fail(err, GANTRY_E_IN_USE, "network %s is in use by container %s", n->name,
                      name != NULL ? name + (name[0] == '/') : list->items[0]->id);
        gnt_error_resource(err, GANTRY_RESOURCE_NETWORK, n->name);
        gnt_error_outcome(err, GANTRY_OUTCOME_REFUSED, GANTRY_RETRY_NO);
    }
    gnt_result_free(result);
    return rc;
}

static int network_remove(void *state, const char *id, const gantry_network_remove_options *opts,
                          gantry_error *err)
{
    struct docker *d = state;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    const gantry_network *n;
    void *result = NULL;
    int rc = gnt_docker_network_look(d, id, call, &result, err);

    if (rc < 0)
        return rc;
    n = result;
    if (!n->predefined)
        rc = check_unused(d, n, call, err);
    if (rc == 0)
        rc = gnt_rest_act(&d->rest, "DELETE", call, GANTRY_RESOURCE_NETWORK, n->id, "/networks/%s",
                          err);
    if (rc < 0)
        gnt_error_resource(err, GANTRY_RESOURCE_NETWORK, id);
    gnt_result_free(result);
    return rc;
}

/* ---- connect, disconnect --------------------------------------------------------------------- */

#define C gantry_network_connect_options
const struct gnt_out gnt_docker_connect_options[] = {
    GNT_OUT_STRS(C, aliases, "EndpointConfig/Aliases"),
    GNT_OUT_STR(C, address, "EndpointConfig/IPAMConfig/IPv4Address"),
    GNT_OUT_STR(C, address6, "EndpointConfig/IPAMConfig/IPv6Address"),
    GNT_OUT_STR(C, mac, "EndpointConfig/MacAddress"),
    GNT_OUT_CODE(C, attached_ok),
    GNT_OUT_REFUSE(C, reserved),
    GNT_OUT_END,
};
#undef C

#define D gantry_network_disconnect_options
const struct gnt_out gnt_docker_disconnect_options[] = {
    GNT_OUT_ON(D, force, "Force"),
    GNT_OUT_REFUSE(D, reserved),
    GNT_OUT_END,
};
#undef D

/* POST to a network with a body that names a container. */
static int change_member(struct docker *d, const gantry_call *call, const char *template_text,
                         const char *id, const char *container, const void *opts,
                         const struct gnt_out *rows, gantry_error *err)
{
    struct gnt_req r;
    struct gnt_json *body;
    int rc;

    gnt_req_init(&r, &d->rest, "POST", call, template_text, id);
    gnt_req_about(&r, GANTRY_RESOURCE_NETWORK, id);
    body = gnt_req_encode(&r, opts, rows);
    if (body != NULL &&
        gnt_json_set(&r.arena, body, "Container", gnt_json_string(&r.arena, container)) < 0)
        gnt_req_fail(&r, GANTRY_E_NOMEM, "out of memory");
    gnt_req_json(&r, body);
    rc = gnt_req_run(&r, NULL, err);
    if (rc < 0 && err != NULL && err->resource_kind == GANTRY_RESOURCE_CONTAINER)
        gnt_error_resource(err, GANTRY_RESOURCE_CONTAINER, container);
    return rc;
}

static int is_attached(const gantry_container *c, const char *network)
{
    for (const char *const *name = c->networks; *name != NULL; name++) {
        if (strcmp(*name, network) == 0)
            return 1;
    }
    return 0;
}

/* Of a container that does not run the daemon takes any network, there or not, again and again. */
static int check_connect(struct docker *d, const gantry_call *call, const char *id,
                         const char *container, gantry_error *err)
{
    const gantry_container_inspect_options opts = { .size = sizeof opts, .call = call };
    gantry_container *c = NULL;
    void *network = NULL;
    int rc = gnt_docker_network_look(d, id, call, &network, err);

    if (rc == 0)
        rc = gnt_docker_container_inspect(d, container, &opts, &c, err);
    if (rc == 0 && is_attached(c, ((const gantry_network *)network)->name)) {
        rc = gnt_fail(err, GANTRY_E_STATE, "container %s is attached to network %s already",
                      container, id);
        gnt_error_resource(err, GANTRY_RESOURCE_CONTAINER, container);
        gnt_error_outcome(err, GANTRY_OUTCOME_REFUSED, GANTRY_RETRY_NO);
    }
    gnt_result_free(c);
    gnt_result_free(network);
    return rc;
}

static int network_connect(void *state, const char *id, const char *container,
                           const gantry_network_connect_options *opts, gantry_error *err)
{
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    struct docker *d = state;
    int rc = 0;

    /* In every version that is spoken here it is taken, and has no effect. */
    if (opts->mac != NULL)
        return gnt_fail(err, GANTRY_E_UNSUPPORTED,
                        "option \"mac\" is not supported by this engine: give it when the "
                        "container is created");
    rc = check_connect(d, call, id, container, err);
    if (rc < 0)
        return rc;
    return change_member(state, call, "/networks/%s/connect", id, container, opts,
                         gnt_docker_connect_options, err);
}

static int network_disconnect(void *state, const char *id, const char *container,
                              const gantry_network_disconnect_options *opts, gantry_error *err)
{
    return change_member(state, opts->call, "/networks/%s/disconnect", id, container, opts,
                         gnt_docker_disconnect_options, err);
}

const gantry_network_ops gnt_docker_network_ops = {
    .size = sizeof gnt_docker_network_ops,
    .create = gnt_docker_network_create,
    .inspect = network_inspect,
    .list = network_list,
    .remove = network_remove,
    .connect = network_connect,
    .disconnect = network_disconnect,
};
