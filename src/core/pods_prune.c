/*
 * Prune of pods, composed of a backend's list and remove: what is asked is decided here, and each
 * pod is removed as one of which nothing runs, or stays.
 */
#include "pod.h"

#include <string.h>

#include "engine.h"
#include "error.h"
#include "names.h"
#include "partly.h"
#include "spec_check.h"

struct pruning {
    gantry_engine *e;
    const gantry_pod_prune_options *options;
    const gantry_call *call;
    gantry_pods_pruned *pruned;
    struct gnt_removals removals;
};

static int has_label(const gantry_pod *pod, const char *label)
{
    size_t size = strcspn(label, "=");

    for (size_t i = 0; i < pod->label_count; i++) {
        const gantry_pair *have = &pod->labels[i];

        if (strncmp(have->key, label, size) == 0 && have->key[size] == '\0' &&
            (label[size] == '\0' || strcmp(have->value, label + size + 1) == 0))
            return 1;
    }
    return 0;
}

static int runs(const gantry_pod *pod)
{
    for (const gantry_pod_member *const *m = pod->members; *m != NULL; m++) {
        if ((*m)->state != GANTRY_CONTAINER_CREATED && (*m)->state != GANTRY_CONTAINER_EXITED &&
            (*m)->state != GANTRY_CONTAINER_DEAD)
            return 1;
    }
    return 0;
}

static int is_meant(const gantry_pod *pod, const gantry_pod_prune_options *o)
{
    if (runs(pod))
        return 0;
    for (const char *const *label = o->labels_not; label != NULL && *label != NULL; label++) {
        if (has_label(pod, *label))
            return 0;
    }
    return 1;
}

/* Lists may know the second in which a pod was made, and only that. What is gone is not before. */
static int is_before(const struct pruning *pr, const gantry_pod *listed, int *out,
                     gantry_error *err)
{
    const gantry_pod_inspect_options o = { .size = sizeof o, .call = pr->call };
    const int64_t second = 1000000000;
    int64_t until = pr->options->until_ns;
    gantry_pod *pod = NULL;
    gantry_error failure = { 0 };
    int rc;

    *out = until == 0 || listed->created_ns < until;
    if (until == 0 || listed->created_ns % second != 0 ||
        listed->created_ns / second != until / second)
        return 0;
    rc = pr->e->backend->pods.inspect(pr->e->state, listed->id, &o, &pod, &failure);
    *out = rc == 0 && pod->created_ns < until;
    gantry_pod_free(pod);
    if (rc < 0 && rc != GANTRY_E_NOT_FOUND && err != NULL)
        *err = failure;
    return rc == GANTRY_E_NOT_FOUND ? 0 : rc;
}

static int keep_id(struct pruning *pr, const char *id, gantry_error *err)
{
    const char *const *list = gnt_strings_add(gnt_result_arena(pr->pruned), pr->pruned->ids, id);

    if (list == NULL)
        return gnt_nomem(err);
    pr->pruned->ids = list;
    return 0;
}

/* Gone meanwhile, or running now: not to be pruned. */
static int remove_one(struct pruning *pr, const gantry_pod *pod, gantry_error *err)
{
    gantry_pod_remove_options o = { .size = sizeof o, .call = pr->call };
    gantry_error failure = { 0 };
    int rc = 0;

    if (pr->options->dry_run != GANTRY_ON)
        rc = pr->e->backend->pods.remove(pr->e->state, pod->id, &o, &failure);
    rc = gnt_removals_next(&pr->removals, rc, rc == GANTRY_E_NOT_FOUND || rc == GANTRY_E_STATE,
                           &failure, err);
    return rc > 0 ? keep_id(pr, pod->id, err) : rc;
}

static int prune_each(struct pruning *pr, const gantry_pod_list *list, gantry_error *err)
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
    gantry_pod_list_options o = { .size = sizeof o,
                                  .call = pr->call,
                                  .labels = pr->options->labels };
    gantry_pod_list *list = NULL;
    int rc = pr->e->backend->pods.list(pr->e->state, &o, &list, err);

    if (rc == 0)
        rc = prune_each(pr, list, err);
    if (rc < 0 && pr->options->dry_run != GANTRY_ON)
        gnt_tell_done("removed", pr->pruned->ids, rc, err);
    gantry_pod_list_free(list);
    return rc;
}

static int check(const gantry_pod_prune_options *o, gantry_error *err)
{
    int rc = gnt_check_prune(o->labels, o->labels_not, o->until_ns, err);

    return rc < 0 ? rc : gnt_check_switch("dry_run", o->dry_run, err);
}

int gantry_pods_prune(gantry_pods *pods, const gantry_pod_prune_options *opts,
                      gantry_pods_pruned **out, gantry_error *err)
{
    struct pruning pr = { .e = gnt_engine_of_pods(pods) };
    gantry_pod_prune_options o;
    gantry_call shared;
    int rc = gnt_enter(pr.e, GANTRY_FEATURE_PODS_PRUNE, err);

    if (rc == 0)
        rc = GNT_IMPORT(gantry_pod_prune_options, o, opts, err);
    if (rc == 0)
        rc = check(&o, err);
    if (rc == 0) {
        pr.options = &o;
        pr.call = gnt_call_share(&shared, o.call);
        pr.pruned = gnt_result_new(&pr.e->host.mem, GNT_KIND_PODS_PRUNED, err);
        rc = pr.pruned == NULL ? GANTRY_E_NOMEM : prune(&pr, err);
    }
    if (rc == 0 && out != NULL)
        *out = pr.pruned;
    else
        gantry_pods_pruned_free(pr.pruned);
    return gnt_leave(rc, GANTRY_FEATURE_PODS_PRUNE, GANTRY_RESOURCE_POD, NULL, err);
}
