/*
 * Ensure: create a volume or network, or accept the one that is there and say what differs from
 * what was asked. Composed of a backend's create and inspect.
 */
#include "ensure.h"

#include <gantry/network.h>
#include <gantry/volume.h>

#include <string.h>

#include "engine.h"
#include "error.h"
#include "names.h"
#include "network_check.h"

/* Collects lines like "driver: is local, asked nfs" in a result. */
struct differences {
    struct gnt_arena *arena;
    const char *const *list;
    int failed;
};

static void differs(struct differences *d, const char *what, const char *is, const char *asked)
{
    const char *line = gnt_arena_printf(d->arena, "%s: is %s, asked %s", what,
                                        *is != '\0' ? is : "not set", asked);
    const char *const *list = line == NULL ? NULL : gnt_strings_add(d->arena, d->list, line);

    if (list == NULL)
        d->failed = 1;
    else
        d->list = list;
}

static void compare_text(struct differences *d, const char *what, const char *is, const char *asked)
{
    if (asked != NULL && strcmp(is, asked) != 0)
        differs(d, what, is, asked);
}

static void compare_switch(struct differences *d, const char *what, int is, int asked)
{
    if (asked != GANTRY_DEFAULT && is != (asked == GANTRY_ON))
        differs(d, what, is ? "on" : "off", asked == GANTRY_ON ? "on" : "off");
}

/* What was asked must be there; what is there besides (an engine's own labels) is no difference. */
static void compare_pairs(struct differences *d, const char *what, const gantry_pair *is,
                          size_t is_count, const gantry_pair *asked, size_t asked_count)
{
    for (size_t i = 0; i < asked_count; i++) {
        const char *value = "";
        const char *wanted = asked[i].value != NULL ? asked[i].value : "";
        const char *name = gnt_arena_printf(d->arena, "%s %s", what, asked[i].key);
        int found = 0;

        for (size_t k = 0; k < is_count; k++) {
            if (strcmp(is[k].key, asked[i].key) == 0) {
                value = is[k].value;
                found = 1;
            }
        }
        if (name == NULL)
            d->failed = 1;
        else if (!found || strcmp(value, wanted) != 0)
            differs(d, name, value, wanted);
    }
}

/* A result inside another one lives as long as it. */
static void free_result(void *result)
{
    gnt_result_free(result);
}

/* ---- volumes --------------------------------------------------------------------------------- */

int gnt_volume_differences(struct gnt_arena *arena, const gantry_volume *v,
                           const gantry_volume_options *o, const char *const **out,
                           gantry_error *err)
{
    struct differences d = { arena, gnt_no_strings, 0 };

    compare_text(&d, "driver", v->driver, o->driver);
    compare_pairs(&d, "option", v->options, v->option_count, o->options, o->option_count);
    compare_pairs(&d, "label", v->labels, v->label_count, o->labels, o->label_count);
    if (d.failed)
        return gnt_nomem(err);
    *out = d.list;
    return 0;
}

int gnt_volume_ensure(gantry_engine *e, const char *name, const gantry_volume_options *o,
                      gantry_volume **out, int *out_created, gantry_error *err)
{
    const gantry_volume_ops *ops = &e->backend->volumes;
    gantry_volume_inspect_options inspect = { .size = sizeof inspect, .call = o->call };
    gantry_error failure = { 0 };
    int rc = ops->create(e->state, name, o, out, &failure);

    *out_created = rc == 0;
    if (rc == GANTRY_E_EXISTS)
        rc = ops->inspect(e->state, name, &inspect, out, &failure);
    if (rc < 0 && err != NULL)
        *err = failure;
    return rc;
}

static int ensure_volume(gantry_engine *e, const char *name, const gantry_volume_options *o,
                         gantry_volume_ensured *ensured, gantry_error *err)
{
    gantry_volume *volume = NULL;
    int rc = gnt_volume_ensure(e, name, o, &volume, &ensured->created, err);

    if (rc < 0)
        return rc;
    ensured->volume = volume;
    gnt_result_on_free(ensured, free_result, volume);
    if (ensured->created)
        return 0;
    return gnt_volume_differences(gnt_result_arena(ensured), volume, o, &ensured->differences, err);
}

int gantry_volumes_ensure(gantry_volumes *volumes, const char *name,
                          const gantry_volume_options *opts, gantry_volume_ensured **out,
                          gantry_error *err)
{
    gantry_engine *e = volumes != NULL ? volumes->engine : NULL;
    gantry_volume_ensured *ensured = NULL;
    gantry_volume_options o;
    gantry_call shared;
    int rc = gnt_enter(e, GANTRY_FEATURE_VOLUMES_CREATE, err);

    if (rc == 0)
        rc = gnt_check_name("name", name, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_volume_options, o, opts, err);
    if (rc == 0) {
        o.call = gnt_call_share(&shared, o.call); /* of all requests together */
        ensured = gnt_result_new(&e->host.mem, GNT_KIND_VOLUME_ENSURED, err);
        rc = ensured == NULL ? GANTRY_E_NOMEM : ensure_volume(e, name, &o, ensured, err);
    }
    if (rc == 0 && out != NULL)
        *out = ensured;
    else
        gantry_volume_ensured_free(ensured);
    return gnt_leave(rc, GANTRY_FEATURE_VOLUMES_CREATE, GANTRY_RESOURCE_VOLUME, name, err);
}

/* ---- networks -------------------------------------------------------------------------------- */

static const gantry_subnet_info *find_subnet(const gantry_network *n, const char *subnet)
{
    const gantry_subnet_info *const *s = n->subnets;

    while (*s != NULL && !gnt_subnet_same((*s)->subnet, subnet))
        s++;
    return *s;
}

static void compare_address(struct differences *d, const char *what, const char *is,
                            const char *asked)
{
    if (asked != NULL && !gnt_subnet_same(is, asked))
        differs(d, what, is, asked);
}

/* What was asked must be there, in any order; the short form must be the first. */
static void compare_subnets(struct differences *d, const gantry_network *n,
                            const gantry_network_options *o)
{
    const gantry_subnet_info *first = n->subnets[0];
    struct gnt_subnets place;
    const gantry_subnet *const *asked = gnt_network_subnets(o, &place);

    for (; asked != NULL && *asked != NULL; asked++) {
        const gantry_subnet_info *is = find_subnet(n, (*asked)->subnet);

        if (is == NULL) {
            differs(d, "subnet", first != NULL ? first->subnet : "", (*asked)->subnet);
            is = o->subnets == NULL ? first : NULL;
        }
        if (is != NULL) {
            compare_address(d, "gateway", is->gateway, (*asked)->gateway);
            compare_address(d, "range", is->range, (*asked)->range);
        }
    }
}

static void compare_servers(struct differences *d, const gantry_network *n,
                            const char *const *asked)
{
    for (; asked != NULL && *asked != NULL; asked++) {
        const char *const *is = n->dns_servers;

        while (*is != NULL && strcmp(*is, *asked) != 0)
            is++;
        if (*is == NULL)
            differs(d, "dns_servers", "", *asked);
    }
}

static int compare_network(gantry_network_ensured *ensured, const gantry_network_options *o,
                           gantry_error *err)
{
    const gantry_network *n = ensured->network;
    struct differences d = { gnt_result_arena(ensured), ensured->differences, 0 };

    compare_text(&d, "driver", n->driver, o->driver);
    compare_subnets(&d, n, o);
    compare_switch(&d, "internal", n->internal, o->internal);
    compare_switch(&d, "ipv6", n->ipv6, o->ipv6);
    compare_switch(&d, "dns", n->dns, o->dns);
    compare_text(&d, "parent", n->parent, o->parent);
    compare_servers(&d, n, o->dns_servers);
    compare_pairs(&d, "option", n->options, n->option_count, o->options, o->option_count);
    compare_pairs(&d, "label", n->labels, n->label_count, o->labels, o->label_count);
    ensured->differences = d.list;
    return d.failed ? gnt_nomem(err) : 0;
}

static int ensure_network(gantry_engine *e, const char *name, const gantry_network_options *o,
                          gantry_network_ensured *ensured, gantry_error *err)
{
    const gantry_network_ops *ops = &e->backend->networks;
    gantry_network_inspect_options inspect = { .size = sizeof inspect,
                                               .call = o->call,
                                               .members = GANTRY_OFF };
    gantry_network *network = NULL;
    gantry_error failure = { 0 };
    int rc = ops->create(e->state, name, o, &network, &failure);

    ensured->created = rc == 0;
    if (rc == GANTRY_E_EXISTS)
        rc = ops->inspect(e->state, name, &inspect, &network, &failure);
    if (rc < 0) {
        if (err != NULL)
            *err = failure;
        return rc;
    }
    ensured->network = network;
    gnt_result_on_free(ensured, free_result, network);
    return ensured->created ? 0 : compare_network(ensured, o, err);
}

int gantry_networks_ensure(gantry_networks *networks, const char *name,
                           const gantry_network_options *opts, gantry_network_ensured **out,
                           gantry_error *err)
{
    gantry_engine *e = networks != NULL ? networks->engine : NULL;
    gantry_network_ensured *ensured = NULL;
    gantry_network_options o;
    gantry_call shared;
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
    if (rc == 0) {
        o.call = gnt_call_share(&shared, o.call);
        ensured = gnt_result_new(&e->host.mem, GNT_KIND_NETWORK_ENSURED, err);
        rc = ensured == NULL ? GANTRY_E_NOMEM : ensure_network(e, name, &o, ensured, err);
    }
    if (rc == 0 && out != NULL)
        *out = ensured;
    else
        gantry_network_ensured_free(ensured);
    gnt_arena_free(&arena);
    return gnt_leave(rc, GANTRY_FEATURE_NETWORKS_CREATE, GANTRY_RESOURCE_NETWORK, name, err);
}
