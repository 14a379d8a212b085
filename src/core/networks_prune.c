/*
 * Prune of networks, composed of a backend's lists and remove, as gantry_containers_prune() is: one
 * list of containers says what is in use; what came into use meanwhile is told by the remove, which
 * takes no member along, and stays.
 */
#include <gantry/inspect.h>

#include <string.h>

#include "error.h"
#include "labels.h"
#include "network_impl.h"
#include "partly.h"
#include "spec_check.h"

struct pruning {
    gantry_engine *e;
    const gantry_network_prune_options *options;
    const gantry_call *call;
    const gantry_container_list *containers;
    gantry_networks_pruned *pruned;
    struct gnt_removals removals;
};

static int is_used(const struct pruning *pr, const gantry_network *n)
{
    for (size_t i = 0; i < pr->containers->count; i++) {
        const char *const *name = pr->containers->items[i]->networks;

        for (; *name != NULL; name++) {
            if (strcmp(*name, n->name) == 0 || strcmp(*name, n->id) == 0)
                return 1;
        }
    }
    return 0;
}

static int is_meant(const struct pruning *pr, const gantry_network *n)
{
    const gantry_network_prune_options *o = pr->options;

    if (n->predefined || (o->until_ns != 0 && n->created_ns >= o->until_ns))
        return 0;
    return gnt_labels_match(n->labels, n->label_count, o->labels, o->labels_not) && !is_used(pr, n);
}

static int remove_one(struct pruning *pr, const gantry_network *n, gantry_error *err)
{
    const gantry_network_remove_options o = { .size = sizeof o, .call = pr->call };
    gantry_error failure = { 0 };
    const char *const *list;
    int rc = pr->options->dry_run == GANTRY_ON
                 ? 0
                 : pr->e->backend->networks.remove(pr->e->state, n->id, &o, &failure);

    rc = gnt_removals_next(&pr->removals, rc, rc == GANTRY_E_NOT_FOUND || rc == GANTRY_E_IN_USE,
                           &failure, err);
    if (rc <= 0)
        return rc;
    list = gnt_strings_add(gnt_result_arena(pr->pruned), pr->pruned->names, n->name);
    if (list == NULL)
        return gnt_nomem(err);
    pr->pruned->names = list;
    return 0;
}

static int prune_each(struct pruning *pr, const gantry_network_list *list, gantry_error *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < list->count; i++) {
        if (is_meant(pr, list->items[i]))
            rc = remove_one(pr, list->items[i], err);
    }
    return gnt_removals_end(&pr->removals, rc, err);
}

static int prune(struct pruning *pr, gantry_error *err)
{
    const gantry_network_list_options o = { .size = sizeof o,
                                            .call = pr->call,
                                            .labels = pr->options->labels };
    const gantry_container_list_options all = { .size = sizeof all,
                                                .call = pr->call,
                                                .all = GANTRY_ON };
    gantry_container_list *containers = NULL;
    gantry_network_list *list = NULL;
    int rc = pr->e->backend->networks.list(pr->e->state, &o, &list, err);

    if (rc == 0)
        rc = pr->e->backend->containers.list(pr->e->state, &all, &containers, err);
    if (rc == 0) {
        pr->containers = containers;
        rc = prune_each(pr, list, err);
        if (pr->options->dry_run != GANTRY_ON)
            gnt_tell_done("removed", pr->pruned->names, rc, err);
    }
    gantry_container_list_free(containers);
    gantry_network_list_free(list);
    return rc;
}

static int check(const gantry_network_prune_options *o, gantry_error *err)
{
    int rc = gnt_check_prune(o->labels, o->labels_not, o->until_ns, err);

    if (rc == 0)
        rc = gnt_check_switch("dry_run", o->dry_run, err);
    if (rc == 0 && o->reserved != 0)
        rc = gantry_unsupported_option(err, "reserved");
    return rc;
}

int gantry_networks_prune(gantry_networks *networks, const gantry_network_prune_options *opts,
                          gantry_networks_pruned **out, gantry_error *err)
{
    struct pruning pr = { .e = networks != NULL ? networks->engine : NULL };
    gantry_network_prune_options o;
    gantry_call shared;
    int rc = gnt_enter(pr.e, GANTRY_FEATURE_NETWORKS_PRUNE, err);

    if (rc == 0)
        rc = GNT_IMPORT(gantry_network_prune_options, o, opts, err);
    if (rc == 0)
        rc = check(&o, err);
    if (rc == 0) {
        pr.options = &o;
        pr.call = gnt_call_share(&shared, o.call);
        pr.pruned = gnt_result_new(&pr.e->host.mem, GNT_KIND_NETWORKS_PRUNED, err);
        rc = pr.pruned == NULL ? GANTRY_E_NOMEM : prune(&pr, err);
    }
    if (rc == 0 && out != NULL)
        *out = pr.pruned;
    else
        gantry_networks_pruned_free(pr.pruned);
    return gnt_leave(rc, GANTRY_FEATURE_NETWORKS_PRUNE, GANTRY_RESOURCE_NETWORK, NULL, err);
}
