/*
 * Prune of volumes, composed of a backend's list and remove: what is asked is decided here, as it
 * is meant. Engines' own prunes differ between versions in whether named volumes go.
 */
#include <gantry/volume.h>

#include <string.h>

#include "engine.h"
#include "error.h"
#include "labels.h"
#include "names.h"
#include "partly.h"
#include "spec_check.h"

struct pruning {
    gantry_engine *e;
    const gantry_volume_prune_options *options;
    const gantry_call *call;
    gantry_volumes_pruned *pruned;
    int unknown; /* the engine did not tell the size of one that went */
    struct gnt_removals removals;
};

/* An engine may know the second in which a volume was made, and only that: then the whole second
 * must have passed before. */
static int is_before(const gantry_volume *v, int64_t until_ns)
{
    const int64_t second = 1000000000;
    int64_t created = v->created_ns;

    if (until_ns == 0)
        return 1;
    if (created % second == 0)
        created += second - 1;
    return v->created_ns != 0 && created < until_ns;
}

static int is_meant(const gantry_volume *v, const gantry_volume_prune_options *o)
{
    return (o->all == GANTRY_ON || v->anonymous) && is_before(v, o->until_ns) &&
           gnt_labels_match(v->labels, v->label_count, o->labels, o->labels_not);
}

/* Whether a failure only says that the volume is used now, or gone. */
static int is_none_now(int rc)
{
    return rc == GANTRY_E_NOT_FOUND || rc == GANTRY_E_IN_USE;
}

static int keep(struct pruning *pr, const gantry_volume *v, gantry_error *err)
{
    const char *const *list =
        gnt_strings_add(gnt_result_arena(pr->pruned), pr->pruned->names, v->name);

    if (list == NULL)
        return gnt_nomem(err);
    pr->pruned->names = list;
    if (v->used_bytes >= 0)
        pr->pruned->reclaimed_bytes += v->used_bytes;
    else
        pr->unknown = 1;
    return 0;
}

static int prune_one(struct pruning *pr, const gantry_volume *v, gantry_error *err)
{
    const gantry_volume_remove_options o = { .size = sizeof o, .call = pr->call };
    gantry_error failure = { 0 };
    int rc = 0;

    if (pr->options->dry_run != GANTRY_ON)
        rc = pr->e->backend->volumes.remove(pr->e->state, v->name, &o, &failure);
    rc = gnt_removals_next(&pr->removals, rc, is_none_now(rc), &failure, err);
    return rc > 0 ? keep(pr, v, err) : rc;
}

/* What nobody uses. */
static int list_unused(const struct pruning *pr, int usage, gantry_volume_list **out,
                       gantry_error *err)
{
    const gantry_volume_list_options o = { .size = sizeof o,
                                           .call = pr->call,
                                           .labels = pr->options->labels,
                                           .unused = GANTRY_ON,
                                           .usage = usage };

    return pr->e->backend->volumes.list(pr->e->state, &o, out, err);
}

static int any_is_meant(const struct pruning *pr, const gantry_volume_list *list)
{
    size_t i = 0;

    while (i < list->count && !is_meant(list->items[i], pr->options))
        i++;
    return i < list->count;
}

/* Sizes are asked for only when something goes: they are slow. */
static int prune(struct pruning *pr, gantry_error *err)
{
    gantry_volume_list *list = NULL;
    int rc = list_unused(pr, GANTRY_DEFAULT, &list, err);
    int any = rc == 0 && any_is_meant(pr, list);

    gantry_volume_list_free(list);
    list = NULL;
    if (any)
        rc = list_unused(pr, GANTRY_ON, &list, err);
    for (size_t i = 0; rc == 0 && list != NULL && i < list->count; i++) {
        if (is_meant(list->items[i], pr->options))
            rc = prune_one(pr, list->items[i], err);
    }
    rc = gnt_removals_end(&pr->removals, rc, err);
    if (pr->unknown)
        pr->pruned->reclaimed_bytes = -1;
    gantry_volume_list_free(list);
    return pr->options->dry_run == GANTRY_ON ? rc
                                             : gnt_tell_done("removed", pr->pruned->names, rc, err);
}

static int check(const gantry_volume_prune_options *o, gantry_error *err)
{
    int rc = gnt_check_prune(o->labels, o->labels_not, o->until_ns, err);

    if (rc == 0)
        rc = gnt_check_switch("all", o->all, err);
    if (rc == 0)
        rc = gnt_check_switch("dry_run", o->dry_run, err);
    return rc;
}

int gantry_volumes_prune(gantry_volumes *volumes, const gantry_volume_prune_options *opts,
                         gantry_volumes_pruned **out, gantry_error *err)
{
    struct pruning pr = { .e = volumes != NULL ? volumes->engine : NULL };
    gantry_volume_prune_options o;
    gantry_call shared;
    int rc = gnt_enter(pr.e, GANTRY_FEATURE_VOLUMES_PRUNE, err);

    if (rc == 0)
        rc = GNT_IMPORT(gantry_volume_prune_options, o, opts, err);
    if (rc == 0)
        rc = check(&o, err);
    if (rc == 0) {
        pr.options = &o;
        pr.call = gnt_call_share(&shared, o.call);
        pr.pruned = gnt_result_new(&pr.e->host.mem, GNT_KIND_VOLUMES_PRUNED, err);
        rc = pr.pruned == NULL ? GANTRY_E_NOMEM : prune(&pr, err);
    }
    if (rc == 0 && out != NULL)
        *out = pr.pruned;
    else
        gantry_volumes_pruned_free(pr.pruned);
    return gnt_leave(rc, GANTRY_FEATURE_VOLUMES_PRUNE, GANTRY_RESOURCE_VOLUME, NULL, err);
}
