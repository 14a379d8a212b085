/*
 * Prune of containers, composed of a backend's list and remove: what is asked is decided here, as
 * it is meant, and each container is removed as one that does not run, or stays. Engines' own
 * prunes differ in what several conditions mean, and do not all tell what they could not remove.
 */
#include <gantry/container.h>
#include <gantry/inspect.h>

#include "container.h"
#include "engine.h"
#include "error.h"
#include "labels.h"
#include "names.h"
#include "partly.h"
#include "spec_check.h"

struct pruning {
    gantry_engine *e;
    const gantry_container_prune_options *options;
    const gantry_call *call;
    gantry_containers_pruned *pruned;
    struct gnt_removals removals;
};

/* One in a pod goes with its pod. */
static int is_meant(const gantry_container *c, const gantry_container_prune_options *o)
{
    if (c->state != GANTRY_CONTAINER_CREATED && c->state != GANTRY_CONTAINER_EXITED &&
        c->state != GANTRY_CONTAINER_DEAD)
        return 0;
    if (c->pod[0] != '\0')
        return 0;
    return gnt_labels_match(c->labels, c->label_count, NULL, o->labels_not);
}

/* Lists may know the second in which a container was made, and only that. What is gone is not
 * before. */
static int is_before(const struct pruning *pr, const gantry_container *listed, int *out,
                     gantry_error *err)
{
    const gantry_container_inspect_options o = { .size = sizeof o, .call = pr->call };
    const int64_t second = 1000000000;
    int64_t until = pr->options->until_ns;
    gantry_container *c = NULL;
    gantry_error failure = { 0 };
    int rc;

    *out = until == 0 || listed->created_ns < until;
    if (until == 0 || listed->created_ns % second != 0 ||
        listed->created_ns / second != until / second)
        return 0;
    rc = pr->e->backend->containers.inspect(pr->e->state, listed->id, &o, &c, &failure);
    *out = rc == 0 && c->created_ns < until;
    gantry_container_free(c);
    if (rc < 0 && rc != GANTRY_E_NOT_FOUND && err != NULL)
        *err = failure;
    return rc == GANTRY_E_NOT_FOUND ? 0 : rc;
}

/* Whether a failure only says that the container runs now, or is gone. */
static int is_none_now(const struct pruning *pr, const char *id, int rc)
{
    const gantry_container_inspect_options o = { .size = sizeof o, .call = pr->call };
    gantry_container *c = NULL;
    int none;

    if (rc == GANTRY_E_NOT_FOUND)
        return 1;
    if (rc != GANTRY_E_STATE)
        return 0;
    rc = pr->e->backend->containers.inspect(pr->e->state, id, &o, &c, NULL);
    none = rc == GANTRY_E_NOT_FOUND || (rc == 0 && !is_meant(c, pr->options));
    gantry_container_free(c);
    return none;
}

static int remove_one(struct pruning *pr, const gantry_container *c, gantry_error *err)
{
    gantry_container_remove_options o = { .size = sizeof o, .call = pr->call };
    gantry_error failure = { 0 };
    const char *const *list;
    int rc = pr->e->backend->containers.remove(pr->e->state, c->id, &o, &failure);

    rc = gnt_removals_next(&pr->removals, rc,
                           pr->removals.failed == 0 && is_none_now(pr, c->id, rc), &failure, err);
    if (rc <= 0)
        return rc;
    list = gnt_strings_add(gnt_result_arena(pr->pruned), pr->pruned->ids, c->id);
    if (list == NULL)
        return gnt_nomem(err);
    pr->pruned->ids = list;
    if (c->size_rw_bytes > 0)
        pr->pruned->reclaimed_bytes += c->size_rw_bytes;
    return 0;
}

static int prune_each(struct pruning *pr, const gantry_container_list *list, gantry_error *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < list->count; i++) {
        int before = 0;

        if (is_meant(list->items[i], pr->options))
            rc = is_before(pr, list->items[i], &before, err);
        if (rc == 0 && before)
            rc = remove_one(pr, list->items[i], err);
    }
    return gnt_removals_end(&pr->removals, rc, err);
}

static int prune(struct pruning *pr, gantry_error *err)
{
    gantry_container_list_options o = { .size = sizeof o,
                                        .call = pr->call,
                                        .labels = pr->options->labels,
                                        .all = GANTRY_ON,
                                        .sizes = GANTRY_ON };
    gantry_container_list *list = NULL;
    int rc = pr->e->backend->containers.list(pr->e->state, &o, &list, err);

    if (rc == 0)
        rc = gnt_tell_done("removed", pr->pruned->ids, prune_each(pr, list, err), err);
    gantry_container_list_free(list);
    return rc;
}

int gantry_containers_prune(gantry_containers *containers,
                            const gantry_container_prune_options *opts,
                            gantry_containers_pruned **out, gantry_error *err)
{
    struct pruning pr = { .e = gnt_engine_of_containers(containers) };
    gantry_container_prune_options o;
    gantry_call shared;
    int rc = gnt_enter(pr.e, GANTRY_FEATURE_CONTAINERS_PRUNE, err);

    if (rc == 0)
        rc = GNT_IMPORT(gantry_container_prune_options, o, opts, err);
    if (rc == 0)
        rc = gnt_check_prune(o.labels, o.labels_not, o.until_ns, err);
    if (rc == 0) {
        pr.options = &o;
        pr.call = gnt_call_share(&shared, o.call);
        pr.pruned = gnt_result_new(&pr.e->host.mem, GANTRY_KIND_CONTAINERS_PRUNED, err);
        rc = pr.pruned == NULL ? GANTRY_E_NOMEM : prune(&pr, err);
    }
    if (rc == 0 && out != NULL)
        *out = pr.pruned;
    else
        gantry_containers_pruned_free(pr.pruned);
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_PRUNE, GANTRY_RESOURCE_CONTAINER, NULL, err);
}

void gantry_containers_pruned_free(gantry_containers_pruned *pruned)
{
    gnt_result_free(pruned);
}
