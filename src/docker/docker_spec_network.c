/*
 * Docker: ports of a new container and its places in networks.
 */
#include "docker_spec.h"

#include <stdio.h>
#include <string.h>

/* ---- ports ----------------------------------------------------------------------------------- */

static int out_host_port(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    char text[16];
    int port;

    memcpy(&port, field, sizeof port);
    snprintf(text, sizeof text, "%d", port);
    return gnt_docker_put(c, row->path, gnt_json_string(c->arena, text));
}

/* One binding; protocol and container port are the key that it is kept under. A range is as many
 * bindings. */
#define P gantry_port
const struct gnt_out gnt_docker_port_options[] = {
    GNT_OUT_CODE(P, protocol),
    GNT_OUT_STR(P, host_address, "HostIp"),
    GNT_OUT_CODE(P, container_port),
    GNT_OUT_HOOK(P, host_port, "HostPort", out_host_port),
    GNT_OUT_CODE(P, count),
    GNT_OUT_REFUSE(P, reserved),
    GNT_OUT_END,
};
#undef P

static int expose(struct gnt_out_context *c, const char *key)
{
    struct gnt_json *exposed = gnt_docker_at(c, "ExposedPorts", GNT_JSON_OBJECT);

    if (exposed == NULL || key == NULL ||
        gnt_json_set(c->arena, exposed, key, gnt_json_new(c->arena, GNT_JSON_OBJECT)) < 0)
        return gnt_nomem(c->err);
    return 0;
}

/* The list of bindings of one port, made when it is first named; NULL without memory. */
static struct gnt_json *bindings_of(struct gnt_arena *a, struct gnt_json *map, const char *key)
{
    struct gnt_json *list = (struct gnt_json *)gnt_json_member(map, key);

    if (list != NULL)
        return list;
    list = gnt_json_new(a, GNT_JSON_ARRAY);
    return gnt_json_set(a, map, key, list) < 0 ? NULL : list;
}

static int add_port(struct gnt_out_context *c, const gantry_port *port, const char *path)
{
    struct gnt_json *map = gnt_docker_at(c, path, GNT_JSON_OBJECT);
    struct gnt_json *binding = gnt_json_new(c->arena, GNT_JSON_OBJECT);
    const char *key = gnt_arena_printf(c->arena, "%d/%s", port->container_port,
                                       port->protocol != NULL ? port->protocol : "tcp");
    struct gnt_json *list;
    int rc;

    if (key == NULL || binding == NULL || map == NULL)
        return gnt_nomem(c->err);
    rc = gnt_encode(c->arena, port, gnt_docker_port_options, binding, c->err);
    if (rc < 0)
        return rc;
    list = bindings_of(c->arena, map, key);
    if (list == NULL || gnt_json_add(list, binding) < 0)
        return gnt_nomem(c->err);
    return expose(c, key);
}

int gnt_docker_out_ports(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const gantry_port *const *list;
    int rc = 0;

    memcpy(&list, field, sizeof list);
    for (; rc == 0 && *list != NULL; list++) {
        gantry_port port = **list;
        int left = port.count > 0 ? port.count : 1;

        for (; rc == 0 && left > 0; left--) {
            rc = add_port(c, &port, row->path);
            port.container_port++;
            port.host_port += port.host_port != 0;
        }
    }
    return rc;
}

int gnt_docker_out_exposed(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const char *const *list;
    int rc = 0;

    (void)row;
    memcpy(&list, field, sizeof list);
    for (; rc == 0 && *list != NULL; list++)
        rc = expose(
            c, gnt_arena_printf(c->arena, "%s%s", *list, strchr(*list, '/') != NULL ? "" : "/tcp"));
    return rc;
}

/* ---- networks -------------------------------------------------------------------------------- */

#define A gantry_attachment
const struct gnt_out gnt_docker_attachment_options[] = {
    GNT_OUT_CODE(A, network),
    GNT_OUT_STRS(A, aliases, "Aliases"),
    GNT_OUT_STR(A, address, "IPAMConfig/IPv4Address"),
    GNT_OUT_STR(A, address6, "IPAMConfig/IPv6Address"),
    GNT_OUT_STR(A, mac, "MacAddress"),
    GNT_OUT_END,
};
#undef A

static int takes_several(const struct gnt_rest *rest)
{
    return gnt_rest_at_least(rest, 1, 44, 0);
}

/* The one that an older daemon takes at create: a MAC address can only be given there. */
static size_t main_network(const gantry_attachment *const *networks)
{
    for (size_t i = 0; networks[i] != NULL; i++) {
        if (networks[i]->mac != NULL)
            return i;
    }
    return 0;
}

static int check_macs(const gantry_attachment *const *networks, gantry_error *err)
{
    size_t main = main_network(networks);

    for (size_t i = main + 1; networks[i] != NULL; i++) {
        if (networks[i]->mac != NULL && networks[main]->mac != NULL)
            return gnt_fail(err, GANTRY_E_UNSUPPORTED,
                            "option \"networks\": mac in more than one network is not supported by "
                            "this engine before API 1.44");
    }
    return 0;
}

static void put_endpoint(struct gnt_req *r, struct gnt_json *endpoints, const gantry_attachment *a)
{
    struct gnt_json *endpoint = gnt_req_encode(r, a, gnt_docker_attachment_options);

    if (endpoint != NULL && gnt_json_set(&r->arena, endpoints, a->network, endpoint) < 0)
        gnt_req_fail(r, GANTRY_E_NOMEM, "out of memory");
}

void gnt_docker_put_networks(struct gnt_req *r, struct gnt_json *body,
                             const gantry_container_options *opts)
{
    const gantry_attachment *const *networks = opts->networks;
    struct gnt_json *endpoints = gnt_req_object(r);
    const gantry_attachment *first;

    if (r->rc != 0 || networks == NULL)
        return;
    first = networks[takes_several(r->rest) ? 0 : main_network(networks)];
    if (!takes_several(r->rest) && check_macs(networks, &r->failure) < 0) {
        r->rc = r->failure.code;
        return;
    }
    for (size_t i = 0; takes_several(r->rest) && networks[i] != NULL; i++)
        put_endpoint(r, endpoints, networks[i]);
    if (!takes_several(r->rest)) {
        put_endpoint(r, endpoints, first);
        if (first->mac != NULL &&
            gnt_json_set(&r->arena, body, "MacAddress", gnt_json_string(&r->arena, first->mac)) < 0)
            gnt_req_fail(r, GANTRY_E_NOMEM, "out of memory");
    }
    if (gnt_json_put(&r->arena, body, "HostConfig/NetworkMode",
                     gnt_json_string(&r->arena, first->network)) < 0 ||
        gnt_json_put(&r->arena, body, "NetworkingConfig/EndpointsConfig", endpoints) < 0)
        gnt_req_fail(r, GANTRY_E_NOMEM, "out of memory");
}

/* Before its start the daemon takes any network, there or not. */
static int connect_one(struct docker *d, const gantry_call *call, const char *id,
                       const gantry_attachment *a, gantry_error *err)
{
    struct gnt_lookup lookup = { .path = "/networks/%s",
                                 .resource_kind = GANTRY_RESOURCE_NETWORK,
                                 .result_kind = GANTRY_KIND_NETWORK,
                                 .rows = gnt_docker_network_rows,
                                 .json_offset = SIZE_MAX };
    struct gnt_req r;
    struct gnt_json *body;
    void *network = NULL;
    int rc = gnt_rest_lookup(&d->rest, &lookup, call, a->network, &network, err);

    gnt_result_free(network);
    if (rc < 0)
        return rc;
    gnt_req_init(&r, &d->rest, "POST", call, "/networks/%s/connect", a->network);
    gnt_req_about(&r, GANTRY_RESOURCE_NETWORK, a->network);
    body = gnt_req_object(&r);
    if (body != NULL &&
        (gnt_json_set(&r.arena, body, "Container", gnt_json_string(&r.arena, id)) < 0 ||
         gnt_json_set(&r.arena, body, "EndpointConfig",
                      gnt_req_encode(&r, a, gnt_docker_attachment_options)) < 0))
        gnt_req_fail(&r, GANTRY_E_NOMEM, "out of memory");
    gnt_req_json(&r, body);
    return gnt_req_run(&r, NULL, err);
}

int gnt_docker_connect_others(struct docker *d, const gantry_call *call, const char *id,
                              const gantry_container_options *opts, gantry_error *err)
{
    size_t done;
    int rc = 0;

    if (opts->networks == NULL || takes_several(&d->rest))
        return 0;
    done = main_network(opts->networks);
    for (size_t i = 0; rc == 0 && opts->networks[i] != NULL; i++) {
        if (i != done)
            rc = connect_one(d, call, id, opts->networks[i], err);
    }
    return rc;
}
