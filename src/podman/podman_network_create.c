/*
 * Making networks over libpod.
 */
#include "podman.h"
#include "podman_spec.h"

#include <string.h>

#include "network_check.h"

/* Without: the engine's default. */
static int out_ipam_driver(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const gantry_network_options *o = c->options;

    (void)field;
    if (strcmp(o->ipam_driver, "default") == 0)
        return 0;
    return gnt_json_put(c->arena, c->body, row->path, gnt_json_string(c->arena, o->ipam_driver)) < 0
               ? gnt_nomem(c->err)
               : 0;
}

#define O gantry_network_options
const struct gnt_out gnt_podman_network_options[] = {
    GNT_OUT_STR(O, driver, "driver"),
    GNT_OUT_CODE(O, subnet),
    GNT_OUT_CODE(O, gateway),
    GNT_OUT_MAP(O, options, "options"),
    GNT_OUT_MAP(O, labels, "labels"),
    GNT_OUT_CODE(O, extra_json),
    GNT_OUT_ON(O, internal, "internal"),
    GNT_OUT_ON(O, ipv6, "ipv6_enabled"),
    GNT_OUT_CODE(O, subnets),
    GNT_OUT_STR(O, parent, "network_interface"),
    GNT_OUT_STRS(O, dns_servers, "network_dns_servers"),
    GNT_OUT_HOOK(O, ipam_driver, "ipam_options/driver", out_ipam_driver),
    GNT_OUT_CODE(O, dns),
    GNT_OUT_REFUSE(O, reserved),
    GNT_OUT_END
};
#undef O

static void add_range(struct gnt_req *r, struct gnt_json *item, const gantry_subnet *s)
{
    struct gnt_subnet subnet;
    struct gnt_subnet range;
    char first[GNT_ADDRESS_SIZE];
    char last[GNT_ADDRESS_SIZE];

    if (s->range == NULL || r->rc != 0)
        return;
    r->rc = gnt_subnet_parse("subnet", s->subnet, &subnet, &r->failure);
    if (r->rc == 0)
        r->rc = gnt_subnet_parse("range", s->range, &range, &r->failure);
    if (r->rc < 0)
        return;
    gnt_subnet_lease(&subnet, &range, first, last);
    gnt_podman_put_text(r, item, "lease_range/start_ip", first);
    gnt_podman_put_text(r, item, "lease_range/end_ip", last);
}

static void add_subnets(struct gnt_req *r, struct gnt_json *body, const gantry_network_options *o)
{
    struct gnt_subnets place;
    const gantry_subnet *const *s = gnt_network_subnets(o, &place);

    if (o->gateway != NULL && o->subnet == NULL)
        gnt_req_fail(r, GANTRY_E_INVALID, "gateway: needs subnet");
    for (; s != NULL && *s != NULL && r->rc == 0; s++) {
        struct gnt_json *item = gnt_podman_append(r, body, "subnets");

        gnt_podman_put_text(r, item, "subnet", (*s)->subnet);
        if ((*s)->gateway != NULL)
            gnt_podman_put_text(r, item, "gateway", (*s)->gateway);
        add_range(r, item, *s);
    }
}

/* Unless told, containers would not find each other by name. Only bridges with addresses can have
 * it; for others the service drops it. */
static void add_dns(struct gnt_req *r, struct gnt_json *body, const gantry_network_options *o)
{
    int bridge = o->driver == NULL || strcmp(o->driver, "bridge") == 0;
    int can = bridge && (o->ipam_driver == NULL || strcmp(o->ipam_driver, "none") != 0);
    int servers = o->dns_servers != NULL && o->dns_servers[0] != NULL;

    if (servers)
        gnt_podman_need(r, "dns_servers", 4, 4);
    if (!can && (o->dns == GANTRY_ON || servers))
        gnt_req_fail(r, GANTRY_E_UNSUPPORTED,
                     "option \"%s\" is not supported by this engine: only a bridge that gives "
                     "addresses has it",
                     servers ? "dns_servers" : "dns");
    if (r->rc == 0 && bridge)
        gnt_podman_put(r, body, "dns_enabled",
                       gnt_json_boolean(&r->arena, can && o->dns != GANTRY_OFF));
}

int gnt_podman_network_create(void *state, const char *name, const gantry_network_options *opts,
                              gantry_network **out, gantry_error *err)
{
    struct podman *p = state;
    struct gnt_req r;
    struct gnt_json *body;
    void *result = NULL;
    int rc;

    gnt_req_init(&r, &p->rest, "POST", opts->call, "/networks/create");
    gnt_req_about(&r, GANTRY_RESOURCE_NETWORK, name);
    body = gnt_req_encode(&r, opts, gnt_podman_network_options);
    gnt_podman_put_text(&r, body, "name", name);
    add_subnets(&r, body, opts);
    add_dns(&r, body, opts);
    gnt_req_extra_json(&r, body, opts->extra_json);
    gnt_req_json(&r, body);
    rc = gnt_req_result(&r, GANTRY_KIND_NETWORK, gnt_podman_network_rows,
                        offsetof(gantry_network, json), &result, err);
    if (rc == 0)
        *out = result;
    return rc;
}
