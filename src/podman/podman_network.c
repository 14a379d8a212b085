/*
 * Networks over libpod.
 */
#include "podman.h"

#include <string.h>

#include "network_check.h"

/* ---- what the service tells ------------------------------------------------------------------ */

/* A range is two addresses here. */
static int in_range(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                    void *field)
{
    const char *text = gnt_json_text(gnt_json_member(v, "subnet"));
    const char *first = gnt_json_text(gnt_json_get(v, "lease_range/start_ip"));
    const char *last = gnt_json_text(gnt_json_get(v, "lease_range/end_ip"));
    struct gnt_subnet subnet;
    char own_first[GNT_ADDRESS_SIZE];
    char own_last[GNT_ADDRESS_SIZE];
    const char *range;

    (void)row;
    if (text == NULL || gnt_subnet_parse("", text, &subnet, NULL) < 0 ||
        (first == NULL && last == NULL))
        return 0;
    gnt_subnet_lease(&subnet, &subnet, own_first, own_last);
    range = gnt_subnet_range(c->arena, &subnet, first != NULL ? first : own_first,
                             last != NULL ? last : own_last);
    if (range == NULL)
        return gnt_nomem(c->err);
    memcpy(field, &range, sizeof range);
    return 0;
}

static const struct gnt_in subnet_rows[] = { GNT_IN_STR(gantry_subnet_info, subnet, "subnet"),
                                             GNT_IN_STR(gantry_subnet_info, gateway, "gateway"),
                                             GNT_IN_HOOK(gantry_subnet_info, range, "", in_range),
                                             GNT_IN_END };

static int in_subnets(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                      void *field)
{
    (void)row;
    return gnt_in_items(c, v, GANTRY_KIND_SUBNET_INFO, subnet_rows, field);
}

/* {"eth0": {"subnets": [{"ipnet": "10.89.0.2/24"}], "mac_address"}}: the only interface there. */
static int in_interfaces(struct gnt_in_context *c, const struct gnt_json *v,
                         const struct gnt_in *row, void *field)
{
    gantry_network_member *m =
        (gantry_network_member *)((char *)field - offsetof(gantry_network_member, address));
    static const struct gnt_in mac[] = { GNT_IN_STR(gantry_network_member, mac, "mac_address"),
                                         GNT_IN_END };
    const struct gnt_json *eth = v->type == GNT_JSON_OBJECT ? v->first : NULL;
    const struct gnt_json *subnets = gnt_json_member(eth, "subnets");
    int rc = 0;

    if (eth == NULL || eth->type != GNT_JSON_OBJECT)
        return 0;
    rc = gnt_decode(c->arena, eth, NULL, mac, m, c->err);
    for (subnets = subnets != NULL && subnets->type == GNT_JSON_ARRAY ? subnets->first : NULL;
         rc == 0 && subnets != NULL; subnets = subnets->next) {
        const struct gnt_json *net = gnt_json_member(subnets, "ipnet");
        const char *text = gnt_json_text(net);

        if (text != NULL)
            rc = gnt_in_bare_address(c, net, row,
                                     strchr(text, ':') != NULL ? (void *)&m->address6
                                                               : (void *)&m->address);
    }
    return rc;
}

/* From 5.0 on. */
static const struct gnt_in member_rows[] = {
    GNT_IN_STR(gantry_network_member, container, "."),
    GNT_IN_STR(gantry_network_member, name, "name"),
    GNT_IN_HOOK(gantry_network_member, address, "interfaces", in_interfaces), GNT_IN_END
};

static int in_members(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                      void *field)
{
    (void)row;
    return gnt_in_items(c, v, GANTRY_KIND_NETWORK_MEMBER, member_rows, field);
}

/* The one that is always there, unless containers.conf names another. */
static int in_predefined(struct gnt_in_context *c, const struct gnt_json *v,
                         const struct gnt_in *row, void *field)
{
    const char *name = gnt_json_text(v);
    int own = name != NULL && strcmp(name, "podman") == 0;

    (void)c;
    (void)row;
    memcpy(field, &own, sizeof own);
    return 0;
}

#define N gantry_network
const struct gnt_in gnt_podman_network_rows[] = { GNT_IN_ID_REQ(N, id, "id"),
                                                  GNT_IN_STR_REQ(N, name, "name"),
                                                  GNT_IN_STR(N, driver, "driver"),
                                                  GNT_IN_TIME(N, created_ns, "created"),
                                                  GNT_IN_HOOK(N, subnets, "subnets", in_subnets),
                                                  GNT_IN_MAP(N, labels, "labels"),
                                                  GNT_IN_MAP(N, options, "options"),
                                                  GNT_IN_FLAG(N, internal, "internal"),
                                                  GNT_IN_FLAG(N, ipv6, "ipv6_enabled"),
                                                  GNT_IN_STR(N, parent, "network_interface"),
                                                  GNT_IN_STRS(N, dns_servers,
                                                              "network_dns_servers"),
                                                  GNT_IN_HOOK(N, members, "containers", in_members),
                                                  GNT_IN_FLAG(N, dns, "dns_enabled"),
                                                  GNT_IN_HOOK(N, predefined, "name", in_predefined),
                                                  GNT_IN_END };
#undef N

#define O gantry_network_list_options
const struct gnt_out gnt_podman_network_list_options[] = { GNT_OUT_CODE(O, names),
                                                           GNT_OUT_CODE(O, labels),
                                                           GNT_OUT_CODE(O, filters),
                                                           GNT_OUT_CODE(O, filter_count),
                                                           GNT_OUT_CODE(O, drivers),
                                                           GNT_OUT_CODE(O, ids),
                                                           GNT_OUT_END };
#undef O

#define O gantry_network_remove_options
const struct gnt_out gnt_podman_network_remove_options[] = {
    GNT_OUT_CODE(O, missing_ok), GNT_OUT_CODE(O, force), GNT_OUT_CODE(O, remove_containers),
    GNT_OUT_REFUSE(O, reserved), GNT_OUT_END
};
#undef O

/* static_ips is a list */
static int out_address(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    struct gnt_json *list = (struct gnt_json *)gnt_json_get(c->body, row->path);
    const char *text;
    int rc = 0;

    memcpy(&text, field, sizeof text);
    if (list == NULL) {
        list = gnt_json_new(c->arena, GNT_JSON_ARRAY);
        rc = gnt_json_put(c->arena, c->body, row->path, list);
    }
    if (rc == 0)
        rc = gnt_json_add(list, gnt_json_string(c->arena, text));
    return rc < 0 ? gnt_nomem(c->err) : 0;
}

#define C gantry_network_connect_options
const struct gnt_out gnt_podman_connect_options[] = {
    GNT_OUT_STRS(C, aliases, "aliases"),
    GNT_OUT_HOOK(C, address, "static_ips", out_address),
    GNT_OUT_HOOK(C, address6, "static_ips", out_address),
    GNT_OUT_STR(C, mac, "static_mac"),
    GNT_OUT_CODE(C, attached_ok),
    GNT_OUT_REFUSE(C, reserved),
    GNT_OUT_END
};
#undef C

#define O gantry_network_disconnect_options
const struct gnt_out gnt_podman_disconnect_options[] = { GNT_OUT_ON(O, force, "Force"),
                                                         GNT_OUT_REFUSE(O, reserved), GNT_OUT_END };
#undef O

/* ---- inspect, list, remove ------------------------------------------------------------------- */

static int podman_network_inspect(void *state, const char *id,
                                  const gantry_network_inspect_options *opts, gantry_network **out,
                                  gantry_error *err)
{
    static const struct gnt_lookup lookup = { .path = "/networks/%s/json",
                                              .resource_kind = GANTRY_RESOURCE_NETWORK,
                                              .result_kind = GANTRY_KIND_NETWORK,
                                              .rows = gnt_podman_network_rows,
                                              .json_offset = offsetof(gantry_network, json) };
    struct podman *p = state;
    void *result = NULL;
    int rc = gnt_rest_lookup(&p->rest, &lookup, opts->call, id, &result, err);

    if (rc == 0)
        *out = result;
    return rc;
}

static int podman_network_list(void *state, const gantry_network_list_options *opts,
                               gantry_network_list **out, gantry_error *err)
{
    struct podman *p = state;
    struct podman_wanted wanted = { .names = { .names = opts->names,
                                               .offset = offsetof(gantry_network, name) },
                                    .labels = opts->labels };
    struct gnt_req r;
    struct gnt_json *filters;
    void *list = NULL;
    int rc;

    gnt_req_init(&r, &p->rest, "GET", opts->call, "/networks/json");
    filters = gnt_req_object(&r);
    gnt_podman_filter_wanted(&r, filters, &wanted);
    gnt_req_filter_pairs(&r, filters, opts->filters, opts->filter_count);
    gnt_req_filters(&r, filters);
    rc = gnt_req_list(&r, GANTRY_KIND_NETWORK_LIST, GANTRY_KIND_NETWORK, gnt_podman_network_rows,
                      gnt_network_wanted, opts, &list, err);
    if (rc == 0)
        *out = list;
    return rc;
}

/* Never with libpod's force: it deletes the containers that are attached. */
static int podman_network_remove(void *state, const char *id,
                                 const gantry_network_remove_options *opts, gantry_error *err)
{
    struct podman *p = state;
    struct gnt_req r;

    gnt_req_init(&r, &p->rest, "DELETE", opts->call, "/networks/%s", id);
    gnt_req_about(&r, GANTRY_RESOURCE_NETWORK, id);
    return gnt_podman_run_reports(&r, "Err", err);
}

/* ---- connect, disconnect --------------------------------------------------------------------- */

/* Which of the two the engine's words are about. */
static int blame(int rc, const char *container, gantry_error *err)
{
    if (err != NULL && (rc == GANTRY_E_STATE || (rc == GANTRY_E_NOT_FOUND &&
                                                 err->resource_kind == GANTRY_RESOURCE_CONTAINER)))
        gnt_error_resource(err, GANTRY_RESOURCE_CONTAINER, container);
    return rc;
}

static int podman_network_disconnect(void *state, const char *id, const char *container,
                                     const gantry_network_disconnect_options *opts,
                                     gantry_error *err)
{
    struct podman *p = state;
    struct gnt_req r;
    struct gnt_json *body;

    gnt_req_init(&r, &p->rest, "POST", opts->call, "/networks/%s/disconnect", id);
    gnt_req_about(&r, GANTRY_RESOURCE_NETWORK, id);
    body = gnt_req_encode(&r, opts, gnt_podman_disconnect_options);
    if (r.rc == 0)
        gnt_podman_put(&r, body, "Container", gnt_json_string(&r.arena, container));
    gnt_req_json(&r, body);
    return blame(gnt_req_run(&r, NULL, err), container, err);
}

/* A connect that fails on a container that runs stays noted in Podman 5.4, which then fails to
 * remove the container. Where nothing stayed, this fails and changes nothing. */
static void forget_connect(struct podman *p, const gantry_call *call, const char *id,
                           const char *container)
{
    const gantry_network_disconnect_options opts = { .size = sizeof opts, .call = call };

    (void)podman_network_disconnect(p, id, container, &opts, NULL);
}

static int podman_network_connect(void *state, const char *id, const char *container,
                                  const gantry_network_connect_options *opts, gantry_error *err)
{
    struct podman *p = state;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    struct gnt_req r;
    struct gnt_json *body;
    gantry_error e = { 0 };
    int rc;

    gnt_req_init(&r, &p->rest, "POST", call, "/networks/%s/connect", id);
    gnt_req_about(&r, GANTRY_RESOURCE_NETWORK, id);
    body = gnt_req_encode(&r, opts, gnt_podman_connect_options);
    if (r.rc == 0)
        gnt_podman_put(&r, body, "container", gnt_json_string(&r.arena, container));
    gnt_req_json(&r, body);
    rc = gnt_req_run(&r, NULL, &e);
    /* The container's network mode is looked at before the network. */
    if (rc == GANTRY_E_UNSUPPORTED &&
        gnt_rest_act(&p->rest, "GET", call, GANTRY_RESOURCE_NETWORK, id, "/networks/%s/exists",
                     err) == GANTRY_E_NOT_FOUND)
        return GANTRY_E_NOT_FOUND;
    if (rc < 0 && e.http_status >= 500 && rc != GANTRY_E_STATE && rc != GANTRY_E_NOT_FOUND)
        forget_connect(p, call, id, container);
    if (rc < 0 && err != NULL)
        *err = e;
    return blame(rc, container, err);
}

const gantry_network_ops gnt_podman_network_ops = { .size = sizeof(gantry_network_ops),
                                                    .create = gnt_podman_network_create,
                                                    .inspect = podman_network_inspect,
                                                    .list = podman_network_list,
                                                    .remove = podman_network_remove,
                                                    .connect = podman_network_connect,
                                                    .disconnect = podman_network_disconnect };
