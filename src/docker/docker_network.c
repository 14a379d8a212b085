/*
 * Docker: networks. Daemons before 25 make two networks of one name unless they are told to look.
 */
#include "docker.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

static const struct gnt_in subnet_rows[] = {
    GNT_IN_STR(gantry_subnet_info, subnet, "Subnet"),
    GNT_IN_STR(gantry_subnet_info, gateway, "Gateway"),
    GNT_IN_END,
};

static int in_subnets(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                      void *field)
{
    (void)row;
    return gnt_in_items(c, v, GANTRY_KIND_SUBNET_INFO, subnet_rows, field);
}

#define N gantry_network
const struct gnt_in gnt_docker_network_rows[] = {
    GNT_IN_ID_REQ(N, id, "Id"),
    GNT_IN_STR_REQ(N, name, "Name"),
    GNT_IN_STR(N, driver, "Driver"),
    GNT_IN_TIME(N, created_ns, "Created"),
    GNT_IN_HOOK(N, subnets, "IPAM/Config", in_subnets),
    GNT_IN_MAP(N, labels, "Labels"),
    GNT_IN_MAP(N, options, "Options"),
    GNT_IN_FLAG(N, internal, "Internal"),
    GNT_IN_FLAG(N, ipv6, "EnableIPv6"),
    GNT_IN_END,
};
#undef N

static int look_up(struct docker *d, const char *id, const gantry_call *call, void **out,
                   gantry_error *err)
{
    static const struct gnt_lookup what = { .path = "/networks/%s",
                                            .resource_kind = GANTRY_RESOURCE_NETWORK,
                                            .result_kind = GANTRY_KIND_NETWORK,
                                            .rows = gnt_docker_network_rows,
                                            .json_offset = offsetof(gantry_network, json) };

    return gnt_rest_lookup(&d->rest, &what, call, id, out, err);
}

/* ---- create ---------------------------------------------------------------------------------- */

static int put(struct gnt_out_context *c, struct gnt_json *object, const char *path,
               struct gnt_json *value)
{
    return gnt_json_put(c->arena, object, path, value) < 0 ? gnt_nomem(c->err) : 0;
}

/*
 * The first address of an IPv4 subnet, which Docker gives a bridge that is made without one but
 * does not tell of; "" for what has none.
 */
static void first_address(const char *subnet, char out[INET_ADDRSTRLEN])
{
    const char *slash = strchr(subnet, '/');
    size_t size = slash != NULL ? (size_t)(slash - subnet) : INET_ADDRSTRLEN;
    long bits = slash != NULL ? strtol(slash + 1, NULL, 10) : 0;
    struct in_addr address;

    out[0] = '\0';
    if (size >= INET_ADDRSTRLEN || bits < 1 || bits > 30)
        return;
    memcpy(out, subnet, size);
    out[size] = '\0';
    if (inet_pton(AF_INET, out, &address) != 1) {
        out[0] = '\0';
        return;
    }
    address.s_addr = htonl((ntohl(address.s_addr) & (UINT32_MAX << (32 - bits))) + 1);
    inet_ntop(AF_INET, &address, out, INET_ADDRSTRLEN);
}

/* Subnet and gateway are one entry of a list. */
static int out_subnet(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const gantry_network_options *o = c->options;
    struct gnt_json *list = gnt_json_new(c->arena, GNT_JSON_ARRAY);
    struct gnt_json *entry = gnt_json_new(c->arena, GNT_JSON_OBJECT);
    int bridge = o->driver == NULL || strcmp(o->driver, "bridge") == 0;
    char first[INET_ADDRSTRLEN] = "";
    int rc;

    (void)field;
    if (list == NULL || entry == NULL)
        return gnt_nomem(c->err);
    rc = put(c, entry, "Subnet", gnt_json_string(c->arena, o->subnet));
    if (o->gateway == NULL && bridge)
        first_address(o->subnet, first);
    if (rc == 0 && (o->gateway != NULL || first[0] != '\0'))
        rc = put(c, entry, "Gateway",
                 gnt_json_string(c->arena, o->gateway != NULL ? o->gateway : first));
    if (rc == 0 && gnt_json_add(list, entry) < 0)
        rc = gnt_nomem(c->err);
    return rc < 0 ? rc : put(c, c->body, row->path, list);
}

static int out_gateway(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const gantry_network_options *o = c->options;

    (void)row;
    (void)field;
    if (o->subnet == NULL)
        return gnt_fail(c->err, GANTRY_E_INVALID, "gateway: needs subnet");
    return 0; /* sent with the subnet */
}

#define O gantry_network_options
const struct gnt_out gnt_docker_network_options[] = {
    GNT_OUT_STR(O, driver, "Driver"),
    GNT_OUT_HOOK(O, subnet, "IPAM/Config", out_subnet),
    GNT_OUT_HOOK(O, gateway, "", out_gateway),
    GNT_OUT_MAP(O, options, "Options"),
    GNT_OUT_MAP(O, labels, "Labels"),
    GNT_OUT_CODE(O, extra_json),
    GNT_OUT_ON(O, internal, "Internal"),
    GNT_OUT_ON(O, ipv6, "EnableIPv6"),
    GNT_OUT_REFUSE(O, subnets),
    GNT_OUT_REFUSE(O, parent),
    GNT_OUT_REFUSE(O, dns_servers),
    GNT_OUT_REFUSE(O, ipam_driver),
    GNT_OUT_REFUSE(O, dns),
    GNT_OUT_REFUSE(O, reserved),
    GNT_OUT_END,
};
#undef O

static int take_id(void *arg, struct gnt_json *v, gantry_error *err)
{
    char *id = arg;
    const char *text = gnt_json_text(gnt_json_get(v, "Id"));

    if (text == NULL || text[0] == '\0' || strlen(text) > 64)
        return gnt_fail(err, GANTRY_E_PROTOCOL,
                        "the answer to creating a network has no usable Id");
    memcpy(id, text, strlen(text) + 1);
    return 0;
}

static int send_create(struct docker *d, const char *name, const gantry_call *call,
                       const gantry_network_options *opts, char id[65], gantry_error *err)
{
    struct gnt_req r;
    struct gnt_json *body;

    gnt_req_init(&r, &d->rest, "POST", call, "/networks/create");
    gnt_req_about(&r, GANTRY_RESOURCE_NETWORK, name);
    body = gnt_req_encode(&r, opts, gnt_docker_network_options);
    if (body != NULL &&
        (gnt_json_set(&r.arena, body, "Name", gnt_json_string(&r.arena, name)) < 0 ||
         gnt_json_set(&r.arena, body, "CheckDuplicate", gnt_json_boolean(&r.arena, 1)) < 0))
        gnt_req_fail(&r, GANTRY_E_NOMEM, "out of memory");
    gnt_req_extra_json(&r, body, opts->extra_json);
    gnt_req_json(&r, body);
    return gnt_req_each(&r, GNT_JSON_DOCUMENT, take_id, id, NULL, err);
}

static int network_create(void *state, const char *name, const gantry_network_options *opts,
                          gantry_network **out, gantry_error *err)
{
    struct docker *d = state;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    void *result = NULL;
    char id[65];
    int rc = send_create(d, name, call, opts, id, err);

    if (rc < 0)
        return rc;
    rc = look_up(d, id, call, &result, err);
    if (rc < 0) {
        gnt_error_prefix(err, "the network was created, but cannot be inspected: ");
        gnt_error_outcome(err, GANTRY_OUTCOME_PARTIAL, GANTRY_RETRY_ASK);
        return rc;
    }
    *out = result;
    return 0;
}

/* ---- list, inspect, remove ------------------------------------------------------------------- */

static int network_inspect(void *state, const char *id, const gantry_network_inspect_options *opts,
                           gantry_network **out, gantry_error *err)
{
    void *result = NULL;
    int rc = look_up(state, id, opts->call, &result, err);

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
    GNT_OUT_REFUSE(L, drivers),
    GNT_OUT_REFUSE(L, ids),
    GNT_OUT_END,
};
#undef L

static int network_list(void *state, const gantry_network_list_options *opts,
                        gantry_network_list **out, gantry_error *err)
{
    struct docker *d = state;
    struct gnt_name_filter names = { .names = opts->names,
                                     .offset = offsetof(gantry_network, name) };
    struct gnt_req r;
    struct gnt_json *filters;
    void *result = NULL;
    int rc;

    gnt_req_init(&r, &d->rest, "GET", opts->call, "/networks");
    filters = gnt_req_object(&r);
    gnt_req_filter_list(&r, filters, "name", opts->names); /* parts of names match: see names */
    gnt_req_filter_list(&r, filters, "label", opts->labels);
    gnt_req_filter_pairs(&r, filters, opts->filters, opts->filter_count);
    gnt_req_filters(&r, filters);
    rc = gnt_req_list(&r, GANTRY_KIND_NETWORK_LIST, GANTRY_KIND_NETWORK, gnt_docker_network_rows,
                      gnt_accept_name, &names, &result, err);
    if (rc == 0)
        *out = result;
    return rc;
}

#define R gantry_network_remove_options
const struct gnt_out gnt_docker_network_remove_options[] = {
    GNT_OUT_CODE(R, missing_ok),
    GNT_OUT_REFUSE(R, force),
    GNT_OUT_REFUSE(R, remove_containers),
    GNT_OUT_REFUSE(R, reserved),
    GNT_OUT_END,
};
#undef R

static int network_remove(void *state, const char *id, const gantry_network_remove_options *opts,
                          gantry_error *err)
{
    struct docker *d = state;

    return gnt_rest_act(&d->rest, "DELETE", opts->call, GANTRY_RESOURCE_NETWORK, id, "/networks/%s",
                        err);
}

/* ---- connect, disconnect --------------------------------------------------------------------- */

#define C gantry_network_connect_options
const struct gnt_out gnt_docker_connect_options[] = {
    GNT_OUT_STRS(C, aliases, "EndpointConfig/Aliases"),
    GNT_OUT_STR(C, address, "EndpointConfig/IPAMConfig/IPv4Address"),
    GNT_OUT_REFUSE(C, address6),
    GNT_OUT_REFUSE(C, mac),
    GNT_OUT_REFUSE(C, attached_ok),
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
    int rc = look_up(d, id, call, &network, err);

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
    int rc = check_connect(state, call, id, container, err);

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
    .create = network_create,
    .inspect = network_inspect,
    .list = network_list,
    .remove = network_remove,
    .connect = network_connect,
    .disconnect = network_disconnect,
};
