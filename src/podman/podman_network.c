/*
 * Networks over libpod.
 */
#include "podman.h"

#include <string.h>

/* ---- tables ---------------------------------------------------------------------------------- */

static const struct gnt_in subnet_rows[] = { GNT_IN_STR(gantry_subnet_info, subnet, "subnet"),
                                             GNT_IN_STR(gantry_subnet_info, gateway, "gateway"),
                                             GNT_IN_END };

static int in_subnets(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                      void *field)
{
    (void)row;
    return gnt_in_items(c, v, GANTRY_KIND_SUBNET_INFO, subnet_rows, field);
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
                                                  GNT_IN_END };
#undef N

#define O gantry_network_options
const struct gnt_out gnt_podman_network_options[] = { GNT_OUT_STR(O, driver, "driver"),
                                                      GNT_OUT_CODE(O, subnet),
                                                      GNT_OUT_CODE(O, gateway),
                                                      GNT_OUT_MAP(O, options, "options"),
                                                      GNT_OUT_MAP(O, labels, "labels"),
                                                      GNT_OUT_CODE(O, extra_json),
                                                      GNT_OUT_ON(O, internal, "internal"),
                                                      GNT_OUT_ON(O, ipv6, "ipv6_enabled"),
                                                      GNT_OUT_REFUSE(O, subnets),
                                                      GNT_OUT_REFUSE(O, parent),
                                                      GNT_OUT_REFUSE(O, dns_servers),
                                                      GNT_OUT_REFUSE(O, ipam_driver),
                                                      GNT_OUT_REFUSE(O, dns),
                                                      GNT_OUT_REFUSE(O, reserved),

                                                      GNT_OUT_END };
#undef O

#define O gantry_network_list_options
const struct gnt_out gnt_podman_network_list_options[] = { GNT_OUT_CODE(O, names),
                                                           GNT_OUT_CODE(O, labels),
                                                           GNT_OUT_CODE(O, filters),
                                                           GNT_OUT_CODE(O, filter_count),
                                                           GNT_OUT_REFUSE(O, drivers),
                                                           GNT_OUT_REFUSE(O, ids),
                                                           GNT_OUT_END };
#undef O

#define O gantry_network_remove_options
const struct gnt_out gnt_podman_network_remove_options[] = {
    GNT_OUT_CODE(O, missing_ok), GNT_OUT_REFUSE(O, force), GNT_OUT_REFUSE(O, remove_containers),

    GNT_OUT_REFUSE(O, reserved), GNT_OUT_END
};
#undef O

/* static_ips is a list */
static int out_address(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const char *list[2] = { NULL, NULL };
    struct gnt_json *array;

    memcpy(&list[0], field, sizeof list[0]);
    array = gnt_podman_strings(c->arena, list);
    if (gnt_json_put(c->arena, c->body, row->path, array) < 0)
        return gnt_nomem(c->err);
    return 0;
}

const struct gnt_out gnt_podman_connect_options[] = {
    GNT_OUT_STRS(gantry_network_connect_options, aliases, "aliases"),
    GNT_OUT_HOOK(gantry_network_connect_options, address, "static_ips", out_address),
    GNT_OUT_REFUSE(gantry_network_connect_options, address6),
    GNT_OUT_REFUSE(gantry_network_connect_options, mac),
    GNT_OUT_REFUSE(gantry_network_connect_options, attached_ok),
    GNT_OUT_REFUSE(gantry_network_connect_options, reserved),
    GNT_OUT_END
};

#define O gantry_network_disconnect_options
const struct gnt_out gnt_podman_disconnect_options[] = { GNT_OUT_ON(O, force, "Force"),
                                                         GNT_OUT_REFUSE(O, reserved), GNT_OUT_END };
#undef O

/* ---- create, inspect, list, remove ----------------------------------------------------------- */

static void put_text(struct gnt_req *r, struct gnt_json *object, const char *key, const char *text)
{
    if (r->rc == 0 && text != NULL)
        gnt_podman_put(r, object, key, gnt_json_string(&r->arena, text));
}

static void add_subnet(struct gnt_req *r, struct gnt_json *body, const gantry_network_options *opts)
{
    struct gnt_json *array;
    struct gnt_json *item;

    if (opts->gateway != NULL && opts->subnet == NULL)
        gnt_req_fail(r, GANTRY_E_INVALID, "gateway: needs subnet");
    if (opts->subnet == NULL || r->rc != 0)
        return;
    array = gnt_json_new(&r->arena, GNT_JSON_ARRAY);
    item = gnt_req_object(r);
    put_text(r, item, "subnet", opts->subnet);
    put_text(r, item, "gateway", opts->gateway);
    if (r->rc == 0 && (array == NULL || gnt_json_add(array, item) < 0))
        gnt_req_fail(r, GANTRY_E_NOMEM, "out of memory");
    gnt_podman_put(r, body, "subnets", array);
}

static int podman_network_create(void *state, const char *name, const gantry_network_options *opts,
                                 gantry_network **out, gantry_error *err)
{
    struct podman *p = state;
    int bridge = opts->driver == NULL || strcmp(opts->driver, "bridge") == 0;
    struct gnt_req r;
    struct gnt_json *body;
    void *result = NULL;
    int rc;

    gnt_req_init(&r, &p->rest, "POST", opts->call, "/networks/create");
    gnt_req_about(&r, GANTRY_RESOURCE_NETWORK, name);
    body = gnt_req_encode(&r, opts, gnt_podman_network_options);
    put_text(&r, body, "name", name);
    add_subnet(&r, body, opts);
    /* Unless told, containers would not find each other by name. */
    if (bridge && r.rc == 0)
        gnt_podman_put(&r, body, "dns_enabled", gnt_json_boolean(&r.arena, 1));
    gnt_req_extra_json(&r, body, opts->extra_json);
    gnt_req_json(&r, body);
    rc = gnt_req_result(&r, GANTRY_KIND_NETWORK, gnt_podman_network_rows,
                        offsetof(gantry_network, json), &result, err);
    if (rc == 0)
        *out = result;
    return rc;
}

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
                                    .labels = opts->labels,
                                    .labels_offset = offsetof(gantry_network, labels) };
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
                      gnt_podman_accept, &wanted, &list, err);
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
    put_text(&r, body, "container", container);
    gnt_req_json(&r, body);
    rc = gnt_req_run(&r, NULL, &e);
    /* The container's network mode is looked at before the network. */
    if (rc == GANTRY_E_UNSUPPORTED &&
        gnt_rest_act(&p->rest, "GET", call, GANTRY_RESOURCE_NETWORK, id, "/networks/%s/exists",
                     err) == GANTRY_E_NOT_FOUND)
        return GANTRY_E_NOT_FOUND;
    if (rc < 0 && err != NULL)
        *err = e;
    return blame(rc, container, err);
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
    put_text(&r, body, "Container", container);
    gnt_req_json(&r, body);
    return blame(gnt_req_run(&r, NULL, err), container, err);
}

const gantry_network_ops gnt_podman_network_ops = { .size = sizeof(gantry_network_ops),
                                                    .create = podman_network_create,
                                                    .inspect = podman_network_inspect,
                                                    .list = podman_network_list,
                                                    .remove = podman_network_remove,
                                                    .connect = podman_network_connect,
                                                    .disconnect = podman_network_disconnect };
