/*
 * Ports and networks of a new container.
 */
#include "podman_spec.h"

#include <stdlib.h>
#include <string.h>

/* ---- ports ----------------------------------------------------------------------------------- */

#define P gantry_port
const struct gnt_out gnt_podman_port_options[] = { GNT_OUT_CODE(P, protocol),
                                                   GNT_OUT_CODE(P, host_address),
                                                   GNT_OUT_CODE(P, container_port),
                                                   GNT_OUT_CODE(P, host_port),
                                                   GNT_OUT_CODE(P, count),
                                                   GNT_OUT_REFUSE(P, reserved),
                                                   GNT_OUT_END };
#undef P

static void add_ports(struct gnt_req *r, struct gnt_json *body, const gantry_port *const *ports)
{
    for (; ports != NULL && *ports != NULL && r->rc == 0; ports++) {
        const gantry_port *port = *ports;
        struct gnt_json *item = gnt_podman_append(r, body, "portmappings");

        gnt_req_encode(r, port, gnt_podman_port_options);
        gnt_podman_put_number(r, item, "container_port", port->container_port);
        if (port->host_port != 0)
            gnt_podman_put_number(r, item, "host_port", port->host_port);
        if (port->count > 1)
            gnt_podman_put_number(r, item, "range", port->count);
        gnt_podman_put_text(r, item, "protocol", port->protocol != NULL ? port->protocol : "tcp");
        if (port->host_address != NULL)
            gnt_podman_put_text(r, item, "host_ip", port->host_address);
    }
}

/* {"80": "tcp,udp"} of "80/tcp", "80/udp". */
int gnt_podman_out_exposed(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    struct gnt_json *object = gnt_json_new(c->arena, GNT_JSON_OBJECT);

    for (const char *const *port = *(const char *const *const *)field; *port != NULL; port++) {
        const char *slash = strchr(*port, '/');
        const char *protocol = slash != NULL ? slash + 1 : "tcp";
        size_t size = slash != NULL ? (size_t)(slash - *port) : strlen(*port);
        const char *number = gnt_arena_strndup(c->arena, *port, size);
        const char *before = number != NULL ? gnt_json_text(gnt_json_member(object, number)) : NULL;

        if (before != NULL)
            protocol = gnt_arena_printf(c->arena, "%s,%s", before, protocol);
        if (number == NULL || protocol == NULL ||
            gnt_json_set(c->arena, object, number, gnt_json_string(c->arena, protocol)) < 0)
            return gnt_nomem(c->err);
    }
    return gnt_json_put(c->arena, c->body, row->path, object) < 0 ? gnt_nomem(c->err) : 0;
}

/* ---- networks -------------------------------------------------------------------------------- */

static int out_address(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    struct gnt_json *list = (struct gnt_json *)gnt_json_get(c->body, row->path);
    int rc = 0;

    if (list == NULL) {
        list = gnt_json_new(c->arena, GNT_JSON_ARRAY);
        rc = gnt_json_put(c->arena, c->body, row->path, list);
    }
    if (rc == 0)
        rc = gnt_json_add(list, gnt_json_string(c->arena, *(const char *const *)field));
    return rc < 0 ? gnt_nomem(c->err) : 0;
}

#define A gantry_attachment
const struct gnt_out gnt_podman_attachment_options[] = {
    GNT_OUT_CODE(A, network),
    GNT_OUT_STRS(A, aliases, "aliases"),
    GNT_OUT_HOOK(A, address, "static_ips", out_address),
    GNT_OUT_HOOK(A, address6, "static_ips", out_address),
    GNT_OUT_STR(A, mac, "static_mac"),
    GNT_OUT_END
};
#undef A

static void add_networks(struct gnt_req *r, struct gnt_json *body,
                         const gantry_attachment *const *list)
{
    struct gnt_json *networks = gnt_req_object(r);

    for (; *list != NULL && r->rc == 0; list++) {
        if (gnt_json_member(networks, (*list)->network) != NULL)
            gnt_req_fail(r, GANTRY_E_INVALID, "networks: %s is there twice", (*list)->network);
        gnt_podman_set(r, networks, (*list)->network,
                       gnt_req_encode(r, *list, gnt_podman_attachment_options));
    }
    gnt_podman_put_text(r, body, "netns/nsmode", "bridge");
    gnt_podman_put(r, body, "Networks", networks);
}

/* A mode's word, or a network's name. */
static int is_mode(const char *network)
{
    static const char *const modes[] = { "bridge",      "host",  "none", "private",
                                         "slirp4netns", "pasta", NULL };
    size_t i = 0;

    while (modes[i] != NULL && strcmp(modes[i], network) != 0)
        i++;
    return modes[i] != NULL || strncmp(network, "container:", 10) == 0;
}

/* "name:host-gateway": before 4.7 libpod writes the word into the file as if it were an address. */
static void check_hosts(struct gnt_req *r, const char *const *hosts)
{
    for (; hosts != NULL && *hosts != NULL; hosts++) {
        const char *colon = strchr(*hosts, ':');

        if (colon != NULL && strcmp(colon + 1, "host-gateway") == 0)
            gnt_podman_need(r, "extra_hosts: host-gateway", 4, 7);
    }
}

void gnt_podman_spec_network(struct gnt_req *r, struct gnt_json *body,
                             const gantry_container_options *opts)
{
    const gantry_attachment alone[] = { { .size = sizeof alone[0], .network = opts->network } };
    const gantry_attachment *const list[] = { alone, NULL };

    add_ports(r, body, opts->ports);
    if (opts->networks != NULL && *opts->networks != NULL)
        add_networks(r, body, opts->networks);
    else if (opts->network != NULL && is_mode(opts->network))
        gnt_podman_put_namespace(r, body, "netns", opts->network);
    else if (opts->network != NULL)
        add_networks(r, body, list);
    check_hosts(r, opts->extra_hosts);
}
