/*
 * What can be said of a network's options without an engine: subnets, ranges and gateways fit each
 * other, words are words.
 */
#include "network_check.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "fields.h"
#include "labels.h"
#include "names.h"
#include "spec_check.h"

enum {
    MTU_LEAST = 68,
    MTU_MOST = 65535,
    INTERFACE_MOST = 15 /* bytes of an interface's name in Linux */
};

/* ---- subnets --------------------------------------------------------------------------------- */

const gantry_subnet *const *gnt_network_subnets(const gantry_network_options *o,
                                                struct gnt_subnets *place)
{
    if (o->subnets != NULL && o->subnets[0] != NULL)
        return o->subnets;
    if (o->subnet == NULL)
        return NULL;
    place->one =
        (gantry_subnet){ .size = sizeof place->one, .subnet = o->subnet, .gateway = o->gateway };
    place->list[0] = &place->one;
    place->list[1] = NULL;
    return place->list;
}

int gnt_network_family_count(const gantry_network_options *o, int family)
{
    struct gnt_subnets place;
    const gantry_subnet *const *list = gnt_network_subnets(o, &place);
    int count = 0;

    for (; list != NULL && *list != NULL; list++)
        count += (strchr((*list)->subnet, ':') != NULL) == (family == 6);
    return count;
}

int gnt_network_has_family(const gantry_network_options *o, int family)
{
    return gnt_network_family_count(o, family) > 0;
}

/* Names of the arguments, for the short form and the list. */
struct words {
    const char *subnet;
    const char *gateway;
    const char *range;
};

static int check_subnet(const struct words *w, const gantry_subnet *s, struct gnt_subnet *out,
                        gantry_error *err)
{
    struct gnt_subnet range;
    int rc;

    if (s->subnet == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "%s: must not be NULL", w->subnet);
    rc = gnt_subnet_parse(w->subnet, s->subnet, out, err);
    if (rc == 0 && s->gateway != NULL)
        rc = gnt_check_address(w->gateway, s->gateway, 0, err);
    if (rc == 0 && s->gateway != NULL && !gnt_subnet_has(out, s->gateway))
        rc = gnt_fail(err, GANTRY_E_INVALID, "%s: %s is not in %s", w->gateway, s->gateway,
                      s->subnet);
    if (rc == 0 && s->range != NULL)
        rc = gnt_subnet_parse(w->range, s->range, &range, err);
    if (rc == 0 && s->range != NULL && !gnt_subnet_holds(out, &range))
        rc = gnt_fail(err, GANTRY_E_INVALID, "%s: %s is not in %s", w->range, s->range, s->subnet);
    return rc;
}

static int check_overlaps(const gantry_subnet *const *list, size_t index,
                          const struct gnt_subnet *subnet, gantry_error *err)
{
    for (size_t i = 0; i < index; i++) {
        struct gnt_subnet other;

        if (gnt_subnet_parse("subnets", list[i]->subnet, &other, NULL) == 0 &&
            gnt_subnet_overlaps(&other, subnet))
            return gnt_fail(err, GANTRY_E_INVALID, "subnets: %s and %s overlap", list[i]->subnet,
                            list[index]->subnet);
    }
    return 0;
}

static int check_subnets(const gantry_network_options *o, gantry_error *err)
{
    static const struct words alone = { "subnet", "gateway", "range" };
    static const struct words several = { "subnets: subnet", "subnets: gateway", "subnets: range" };
    struct gnt_subnets place;
    const gantry_subnet *const *list;
    struct gnt_subnet subnet;
    int rc = 0;

    if (o->subnets != NULL && (o->subnet != NULL || o->gateway != NULL))
        return gnt_fail(err, GANTRY_E_INVALID, "%s: not together with subnets",
                        o->subnet != NULL ? "subnet" : "gateway");
    if (o->gateway != NULL && o->subnet == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "gateway: needs subnet");
    list = gnt_network_subnets(o, &place);
    for (size_t i = 0; rc == 0 && list != NULL && list[i] != NULL; i++) {
        rc = check_subnet(o->subnets != NULL ? &several : &alone, list[i], &subnet, err);
        if (rc == 0)
            rc = check_overlaps(list, i, &subnet, err);
    }
    if (rc == 0 && o->ipv6 == GANTRY_OFF && gnt_network_has_family(o, 6))
        rc = gnt_fail(err, GANTRY_E_INVALID, "ipv6: is off, but a subnet has it");
    return rc;
}

static int import_subnets(struct gnt_arena *arena, gantry_network_options *o, gantry_error *err)
{
    const gantry_subnet **list;
    size_t count = 0;

    if (o->subnets == NULL)
        return 0;
    while (o->subnets[count] != NULL)
        count++;
    if (count == 0) {
        o->subnets = NULL;
        return 0;
    }
    list = gnt_arena_alloc(arena, (count + 1) * sizeof *list);
    if (list == NULL)
        return gnt_nomem(err);
    for (size_t i = 0; i < count; i++) {
        gantry_subnet *item = gnt_arena_alloc(arena, sizeof *item);
        int rc = item == NULL ? gnt_nomem(err)
                              : gnt_import(item, sizeof *item, o->subnets[i], "gantry_subnet", err);

        if (rc < 0)
            return rc;
        list[i] = item;
    }
    o->subnets = list;
    return 0;
}

/* ---- words ----------------------------------------------------------------------------------- */

static int check_driver(const gantry_network_options *o, gantry_error *err)
{
    const char *driver = o->driver;

    if (driver == NULL)
        return 0;
    if (strcmp(driver, "host") == 0 || strcmp(driver, "none") == 0 || strcmp(driver, "null") == 0)
        return gnt_fail(err, GANTRY_E_INVALID,
                        "driver: nobody makes \"%s\", every engine has it: name it as `network` of "
                        "a container",
                        driver);
    return gnt_check_text("driver", driver, err);
}

static int check_parent(const char *parent, gantry_error *err)
{
    int rc = parent != NULL ? gnt_check_text("parent", parent, err) : 0;

    if (rc == 0 && parent != NULL &&
        (strlen(parent) > INTERFACE_MOST || strpbrk(parent, "/ :") != NULL))
        rc = gnt_fail(err, GANTRY_E_INVALID, "parent: is no interface's name: %.60s", parent);
    return rc;
}

static int check_ipam(const gantry_network_options *o, gantry_error *err)
{
    const char *ipam = o->ipam_driver;
    int rc;

    if (ipam == NULL)
        return 0;
    rc = gnt_check_text("ipam_driver", ipam, err);
    if (rc == 0 && (strcmp(ipam, "none") == 0 || strcmp(ipam, "dhcp") == 0) &&
        (o->subnet != NULL || o->subnets != NULL))
        rc = gnt_fail(err, GANTRY_E_INVALID, "ipam_driver: \"%s\" gives no addresses of a subnet",
                      ipam);
    return rc;
}

static int check_options(const gantry_network_options *o, gantry_error *err)
{
    int rc = gnt_check_pairs("options", o->options, o->option_count, err);

    for (size_t i = 0; rc == 0 && i < o->option_count; i++) {
        const char *text = o->options[i].value != NULL ? o->options[i].value : "";
        size_t digits = strspn(text, "0123456789");
        long mtu = digits > 0 && digits < 6 && text[digits] == '\0' ? strtol(text, NULL, 10) : 0;

        if (strcmp(o->options[i].key, "mtu") == 0 && (mtu < MTU_LEAST || mtu > MTU_MOST))
            rc = gnt_fail(err, GANTRY_E_INVALID, "options: mtu is not %d to %d: %.40s", MTU_LEAST,
                          MTU_MOST, text);
    }
    return rc;
}

static int check_dns(const gantry_network_options *o, gantry_error *err)
{
    int rc = gnt_check_switch("dns", o->dns, err);

    if (rc == 0 && o->dns == GANTRY_OFF && o->dns_servers != NULL && o->dns_servers[0] != NULL)
        rc = gnt_fail(err, GANTRY_E_INVALID, "dns_servers: nobody is asked with dns off");
    for (size_t i = 0; rc == 0 && o->dns_servers != NULL && o->dns_servers[i] != NULL; i++)
        rc = gnt_check_address("dns_servers", o->dns_servers[i], 0, err);
    return rc;
}

int gnt_network_options_import(struct gnt_arena *arena, gantry_network_options *o,
                               gantry_error *err)
{
    int rc = import_subnets(arena, o, err);

    if (rc == 0)
        rc = check_driver(o, err);
    if (rc == 0)
        rc = gnt_check_switch("internal", o->internal, err);
    if (rc == 0)
        rc = gnt_check_switch("ipv6", o->ipv6, err);
    if (rc == 0)
        rc = check_subnets(o, err);
    if (rc == 0)
        rc = check_ipam(o, err);
    if (rc == 0)
        rc = check_parent(o->parent, err);
    if (rc == 0)
        rc = check_options(o, err);
    if (rc == 0)
        rc = gnt_check_pairs("labels", o->labels, o->label_count, err);
    return rc == 0 ? check_dns(o, err) : rc;
}

/* ---- members --------------------------------------------------------------------------------- */

int gnt_network_connect_check(const gantry_network_connect_options *o, gantry_error *err)
{
    int rc = gnt_check_texts("aliases", o->aliases, err);

    if (rc == 0 && o->address != NULL)
        rc = gnt_check_address("address", o->address, 4, err);
    if (rc == 0 && o->address6 != NULL)
        rc = gnt_check_address("address6", o->address6, 6, err);
    if (rc == 0 && o->mac != NULL)
        rc = gnt_check_mac("mac", o->mac, err);
    return rc == 0 ? gnt_check_switch("attached_ok", o->attached_ok, err) : rc;
}

int gnt_network_address_check(const char *argument, const gantry_network *network,
                              const char *address, gantry_error *err)
{
    const gantry_subnet_info *const *list = network->subnets;

    if (address == NULL || *list == NULL)
        return 0;
    for (; *list != NULL; list++) {
        struct gnt_subnet subnet;

        if (gnt_subnet_parse("", (*list)->subnet, &subnet, NULL) < 0 ||
            gnt_subnet_has(&subnet, address))
            return 0;
    }
    return gnt_fail(err, GANTRY_E_INVALID, "%s: %s is in no subnet of network %s", argument,
                    address, network->name);
}

/* ---- lists ----------------------------------------------------------------------------------- */

static int is_one_of(const char *const *list, const char *text)
{
    if (list == NULL || *list == NULL)
        return 1;
    while (*list != NULL && strcmp(*list, text) != 0)
        list++;
    return *list != NULL;
}

int gnt_network_wanted(const void *network, const void *list_options)
{
    const gantry_network *n = network;
    const gantry_network_list_options *o = list_options;

    return is_one_of(o->names, n->name) && is_one_of(o->ids, n->id) &&
           is_one_of(o->drivers, n->driver) &&
           gnt_labels_match(n->labels, n->label_count, o->labels, NULL);
}
