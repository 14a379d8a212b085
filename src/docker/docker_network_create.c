/*
 * Docker: making networks. Daemons before 25 make two networks of one name unless they are told to
 * look; all of them leave options out that their drivers do not know.
 */
#include "docker_network.h"

#include <string.h>

#include "error.h"
#include "network_check.h"

enum driver {
    BRIDGE,
    MACVLAN,
    IPVLAN,
    OTHER /* a plugin, which knows its options itself */
};

static enum driver driver_of(const gantry_network_options *o)
{
    if (o->driver == NULL || strcmp(o->driver, "bridge") == 0)
        return BRIDGE;
    if (strcmp(o->driver, "macvlan") == 0)
        return MACVLAN;
    return strcmp(o->driver, "ipvlan") == 0 ? IPVLAN : OTHER;
}

static int put(struct gnt_out_context *c, struct gnt_json *object, const char *path,
               struct gnt_json *value)
{
    return gnt_json_put(c->arena, object, path, value) < 0 ? gnt_nomem(c->err) : 0;
}

/* ---- subnets --------------------------------------------------------------------------------- */

/* The daemon has the first address for the gateway, unless told, but does not tell of it. */
static int put_gateway(struct gnt_out_context *c, struct gnt_json *entry, const gantry_subnet *s)
{
    const gantry_network_options *o = c->options;
    struct gnt_subnet subnet;
    char first[GNT_ADDRESS_SIZE] = "";

    if (s->gateway == NULL && (driver_of(o) == BRIDGE || driver_of(o) == MACVLAN) &&
        gnt_subnet_parse("", s->subnet, &subnet, NULL) == 0)
        gnt_subnet_gateway(&subnet, first);
    if (s->gateway == NULL && first[0] == '\0')
        return 0;
    return put(c, entry, "Gateway",
               gnt_json_string(c->arena, s->gateway != NULL ? s->gateway : first));
}

static int add_subnet(struct gnt_out_context *c, struct gnt_json *list, const gantry_subnet *s)
{
    struct gnt_json *entry = gnt_json_new(c->arena, GNT_JSON_OBJECT);
    int rc = entry == NULL ? gnt_nomem(c->err)
                           : put(c, entry, "Subnet", gnt_json_string(c->arena, s->subnet));

    if (rc == 0 && s->range != NULL)
        rc = put(c, entry, "IPRange", gnt_json_string(c->arena, s->range));
    if (rc == 0)
        rc = put_gateway(c, entry, s);
    if (rc == 0 && gnt_json_add(list, entry) < 0)
        rc = gnt_nomem(c->err);
    return rc;
}

/* A subnet of IPv6 is left out unless the network is said to have it. */
static int out_subnets(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const gantry_network_options *o = c->options;
    struct gnt_json *list = gnt_json_new(c->arena, GNT_JSON_ARRAY);
    struct gnt_subnets place;
    const gantry_subnet *const *s = gnt_network_subnets(o, &place);
    int rc = 0;

    (void)field;
    if (driver_of(o) == BRIDGE &&
        (gnt_network_family_count(o, 4) > 1 || gnt_network_family_count(o, 6) > 1))
        return gnt_fail(c->err, GANTRY_E_UNSUPPORTED,
                        "option \"subnets\" is not supported by this engine: a bridge has one of "
                        "IPv4 and one of IPv6");
    if (list == NULL)
        return gnt_nomem(c->err);
    for (; rc == 0 && s != NULL && *s != NULL; s++)
        rc = add_subnet(c, list, *s);
    if (rc == 0)
        rc = put(c, c->body, row->path, list);
    if (rc == 0 && gnt_network_has_family(o, 6))
        rc = put(c, c->body, "EnableIPv6", gnt_json_boolean(c->arena, 1));
    return rc;
}

/* Sent with the subnet. */
static int out_gateway(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const gantry_network_options *o = c->options;

    (void)row;
    (void)field;
    return o->subnet != NULL ? 0 : gnt_fail(c->err, GANTRY_E_INVALID, "gateway: needs subnet");
}

/* ---- the driver's options -------------------------------------------------------------------- */

static int set_option(struct gnt_out_context *c, const char *key, const char *value)
{
    struct gnt_json *options = (struct gnt_json *)gnt_json_member(c->body, "Options");
    const char *before;

    if (options == NULL) {
        options = gnt_json_new(c->arena, GNT_JSON_OBJECT);
        if (options == NULL || gnt_json_set(c->arena, c->body, "Options", options) < 0)
            return gnt_nomem(c->err);
    }
    before = gnt_json_text(gnt_json_member(options, key));
    if (before != NULL && strcmp(before, value) != 0)
        return gnt_fail(c->err, GANTRY_E_INVALID, "options: %s is given twice", key);
    return gnt_json_set(c->arena, options, key, gnt_json_string(c->arena, value)) < 0
               ? gnt_nomem(c->err)
               : 0;
}

/* Whether a driver of the daemon's own would not just leave it out. */
static int is_known(enum driver driver, const char *key)
{
    if (driver == BRIDGE)
        return strncmp(key, "com.docker.network.", 19) == 0;
    if (driver == MACVLAN)
        return strcmp(key, "macvlan_mode") == 0 || strcmp(key, "parent") == 0;
    if (driver == IPVLAN)
        return strcmp(key, "ipvlan_mode") == 0 || strcmp(key, "ipvlan_flag") == 0 ||
               strcmp(key, "parent") == 0;
    return 1;
}

static int out_options(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const gantry_network_options *o = c->options;
    int rc = 0;

    (void)row;
    (void)field;
    for (size_t i = 0; rc == 0 && i < o->option_count; i++) {
        const char *key = o->options[i].key;

        if (strcmp(key, "mtu") == 0 && driver_of(o) != OTHER)
            key = GNT_DOCKER_MTU;
        if (!is_known(driver_of(o), key))
            rc = gnt_fail(c->err, GANTRY_E_UNSUPPORTED,
                          "option \"options\": %s is not known to driver %s of this engine",
                          o->options[i].key, o->driver != NULL ? o->driver : "bridge");
        else
            rc = set_option(c, key, o->options[i].value != NULL ? o->options[i].value : "");
    }
    return rc;
}

static int out_parent(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const gantry_network_options *o = c->options;

    (void)row;
    (void)field;
    return set_option(c, driver_of(o) == BRIDGE ? GNT_DOCKER_BRIDGE : "parent", o->parent);
}

/* ---- the rest -------------------------------------------------------------------------------- */

static int out_ipam_driver(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const gantry_network_options *o = c->options;
    const char *name = strcmp(o->ipam_driver, "none") == 0 ? "null" : o->ipam_driver;

    (void)field;
    return put(c, c->body, row->path, gnt_json_string(c->arena, name));
}

static int out_dns(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const gantry_network_options *o = c->options;

    return o->dns == GANTRY_OFF ? gnt_out_refuse(c, row, field) : 0;
}

static int out_dns_servers(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const gantry_network_options *o = c->options;

    return o->dns_servers[0] != NULL ? gnt_out_refuse(c, row, field) : 0;
}

#define O gantry_network_options
const struct gnt_out gnt_docker_network_options[] = {
    GNT_OUT_STR(O, driver, "Driver"),
    GNT_OUT_HOOK(O, subnet, "IPAM/Config", out_subnets),
    GNT_OUT_HOOK(O, gateway, "", out_gateway),
    GNT_OUT_HOOK(O, options, "Options", out_options),
    GNT_OUT_CODE(O, option_count),
    GNT_OUT_MAP(O, labels, "Labels"),
    GNT_OUT_CODE(O, extra_json),
    GNT_OUT_ON(O, internal, "Internal"),
    GNT_OUT_ON(O, ipv6, "EnableIPv6"),
    GNT_OUT_HOOK(O, subnets, "IPAM/Config", out_subnets),
    GNT_OUT_HOOK(O, parent, "Options", out_parent),
    GNT_OUT_HOOK(O, dns_servers, "", out_dns_servers),
    GNT_OUT_HOOK(O, ipam_driver, "IPAM/Driver", out_ipam_driver),
    GNT_OUT_HOOK(O, dns, "", out_dns),
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

int gnt_docker_network_create(void *state, const char *name, const gantry_network_options *opts,
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
    rc = gnt_docker_network_look(d, id, call, &result, err);
    if (rc < 0) {
        gnt_error_prefix(err, "the network was created, but cannot be inspected: ");
        gnt_error_outcome(err, GANTRY_OUTCOME_PARTIAL, GANTRY_RETRY_ASK);
        return rc;
    }
    *out = result;
    return 0;
}
