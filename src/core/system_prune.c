/*
 * Prune of everything, composed of the managers' prunes in the order in which one frees the other.
 * A kind that fails does not keep the others from being pruned; in the end all is told.
 */
#include <gantry/image.h>
#include <gantry/inspect.h>
#include <gantry/network.h>
#include <gantry/pod.h>
#include <gantry/system.h>
#include <gantry/volume.h>

#include <string.h>

#include "engine.h"
#include "error.h"
#include "spec_check.h"

struct pruning {
    gantry_engine *engine;
    const gantry_system_prune_options *options;
    const gantry_call *call;
    gantry_system_pruned *pruned;
    struct gnt_buf told; /* lines of `output`: kinds that failed, and what they removed before */
    int partial;         /* a kind that failed had removed something */
    int failed;          /* code of the first kind that failed, kept in `failure` */
    gantry_error failure;
};

static int keep(struct pruning *pr, const char *const **field, const char *const *names,
                gantry_error *err)
{
    for (; *names != NULL; names++) {
        const char *const *list = gnt_strings_add(gnt_result_arena(pr->pruned), *field, *names);

        if (list == NULL)
            return gnt_nomem(err);
        *field = list;
    }
    return 0;
}

/* ---- kinds ----------------------------------------------------------------------------------- */

static int prune_pods(struct pruning *pr, gantry_error *err)
{
    const gantry_pod_prune_options o = { .size = sizeof o,
                                         .call = pr->call,
                                         .labels = pr->options->labels,
                                         .labels_not = pr->options->labels_not,
                                         .until_ns = pr->options->until_ns };
    gantry_pods_pruned *gone = NULL;
    int rc = gantry_pods_prune(&pr->engine->pods, &o, &gone, err);

    if (rc == 0)
        rc = keep(pr, &pr->pruned->pods, gone->ids, err);
    gantry_pods_pruned_free(gone);
    return rc;
}

static int prune_containers(struct pruning *pr, gantry_error *err)
{
    const gantry_container_prune_options o = { .size = sizeof o,
                                               .call = pr->call,
                                               .labels = pr->options->labels,
                                               .labels_not = pr->options->labels_not,
                                               .until_ns = pr->options->until_ns };
    gantry_containers_pruned *gone = NULL;
    int rc = gantry_containers_prune(&pr->engine->containers, &o, &gone, err);

    if (rc == 0)
        rc = keep(pr, &pr->pruned->containers, gone->ids, err);
    if (rc == 0)
        pr->pruned->reclaimed_bytes += gone->reclaimed_bytes;
    gantry_containers_pruned_free(gone);
    return rc;
}

static int prune_networks(struct pruning *pr, gantry_error *err)
{
    const gantry_network_prune_options o = { .size = sizeof o,
                                             .call = pr->call,
                                             .labels = pr->options->labels,
                                             .labels_not = pr->options->labels_not,
                                             .until_ns = pr->options->until_ns };
    gantry_networks_pruned *gone = NULL;
    int rc = gantry_networks_prune(&pr->engine->networks, &o, &gone, err);

    if (rc == 0)
        rc = keep(pr, &pr->pruned->networks, gone->names, err);
    gantry_networks_pruned_free(gone);
    return rc;
}

static int prune_volumes(struct pruning *pr, gantry_error *err)
{
    const gantry_volume_prune_options o = { .size = sizeof o,
                                            .call = pr->call,
                                            .labels = pr->options->labels,
                                            .labels_not = pr->options->labels_not,
                                            .until_ns = pr->options->until_ns,
                                            .all = pr->options->all_volumes };
    gantry_volumes_pruned *gone = NULL;
    int rc = gantry_volumes_prune(&pr->engine->volumes, &o, &gone, err);

    if (rc == 0)
        rc = keep(pr, &pr->pruned->volumes, gone->names, err);
    if (rc == 0 && gone->reclaimed_bytes > 0)
        pr->pruned->reclaimed_bytes += gone->reclaimed_bytes;
    gantry_volumes_pruned_free(gone);
    return rc;
}

static int prune_images(struct pruning *pr, gantry_error *err)
{
    const gantry_image_prune_options o = { .size = sizeof o,
                                           .call = pr->call,
                                           .labels = pr->options->labels,
                                           .not_labels = pr->options->labels_not,
                                           .until_ns = pr->options->until_ns,
                                           .all = pr->options->all_images };
    gantry_image_pruned *gone = NULL;
    int rc = gantry_images_prune(&pr->engine->images, &o, &gone, err);

    if (rc == 0)
        rc = keep(pr, &pr->pruned->images, gone->deleted, err);
    if (rc == 0)
        pr->pruned->reclaimed_bytes += gone->freed_bytes;
    gantry_image_pruned_free(gone);
    return rc;
}

static int prune_build_cache(struct pruning *pr, gantry_error *err)
{
    return pr->engine->backend->system.prune_build_cache(pr->engine->state, pr->options->until_ns,
                                                         pr->call, pr->pruned, err);
}

static const struct kind {
    const char *name; /* of the switch, too */
    int feature;
    size_t wanted; /* offset of the switch */
    size_t list;   /* of what went */
    int by_default;
    int (*prune)(struct pruning *pr, gantry_error *err);
} kinds[] = {
#define KIND(name, FEATURE, by_default)                                                            \
    {                                                                                              \
#name, GANTRY_FEATURE_##FEATURE, offsetof(gantry_system_prune_options, name),              \
            offsetof(gantry_system_pruned, name), by_default, prune_##name                         \
    }
    KIND(pods, PODS_PRUNE, 1),         KIND(containers, CONTAINERS_PRUNE, 1),
    KIND(networks, NETWORKS_PRUNE, 1), KIND(volumes, VOLUMES_PRUNE, 0),
    KIND(images, IMAGES_PRUNE, 1),     KIND(build_cache, SYSTEM_PRUNE_BUILD_CACHE, 0),
#undef KIND
};

enum {
    KINDS = sizeof kinds / sizeof kinds[0]
};

/* ---- checks ---------------------------------------------------------------------------------- */

static int switch_of(const struct kind *kind, const gantry_system_prune_options *o)
{
    int value;

    memcpy(&value, (const char *)o + kind->wanted, sizeof value);
    return value;
}

static int is_wanted(const gantry_engine *e, const struct kind *kind,
                     const gantry_system_prune_options *o)
{
    int value = switch_of(kind, o);

    if (value != GANTRY_DEFAULT)
        return value == GANTRY_ON;
    return kind->by_default && gantry_engine_supports(e, kind->feature);
}

static int check_kinds(const gantry_engine *e, const gantry_system_prune_options *o,
                       gantry_error *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < KINDS; i++) {
        rc = gnt_check_switch(kinds[i].name, switch_of(&kinds[i], o), err);
        if (rc == 0 && switch_of(&kinds[i], o) == GANTRY_ON &&
            !gantry_engine_supports(e, kinds[i].feature))
            rc = gantry_unsupported_option(err, kinds[i].name);
    }
    return rc;
}

/* `all_volumes` is more of `volumes`; build cache without the conditions would be more than was
 * meant. */
static int check(const gantry_engine *e, gantry_system_prune_options *o, gantry_error *err)
{
    int narrowed = (o->labels != NULL && o->labels[0] != NULL) ||
                   (o->labels_not != NULL && o->labels_not[0] != NULL);
    int rc = gnt_check_texts("labels", o->labels, err);

    if (rc == 0)
        rc = gnt_check_texts("labels_not", o->labels_not, err);
    if (rc == 0)
        rc = gnt_check_switch("all_images", o->all_images, err);
    if (rc == 0)
        rc = gnt_check_switch("all_volumes", o->all_volumes, err);
    if (rc == 0 && o->until_ns < 0)
        rc = gnt_fail(err, GANTRY_E_INVALID, "until_ns: must not be negative");
    if (rc == 0 && o->all_images == GANTRY_ON && o->images == GANTRY_OFF)
        rc = gnt_fail(err, GANTRY_E_INVALID, "all_images: images is off");
    if (rc == 0 && o->all_volumes == GANTRY_ON && o->volumes == GANTRY_OFF)
        rc = gnt_fail(err, GANTRY_E_INVALID, "all_volumes: volumes is off");
    if (rc == 0 && o->build_cache == GANTRY_ON && narrowed)
        rc = gnt_fail(err, GANTRY_E_INVALID, "build_cache: has no labels; prune it by itself");
    if (rc == 0 && o->all_volumes == GANTRY_ON)
        o->volumes = GANTRY_ON;
    return rc == 0 ? check_kinds(e, o, err) : rc;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void note_failure(struct pruning *pr, const struct kind *kind, int rc,
                         const gantry_error *failure)
{
    gnt_buf_addf(&pr->told, "%s: %s\n%s", kind->name, failure->message, failure->output);
    if (failure->output[0] != '\0' && pr->told.size > 0 && pr->told.data[pr->told.size - 1] != '\n')
        gnt_buf_adds(&pr->told, "\n");
    pr->partial = pr->partial || failure->outcome == GANTRY_OUTCOME_PARTIAL;
    if (pr->failed != 0)
        return;
    pr->failed = rc;
    pr->failure = *failure;
    gnt_error_prefix(&pr->failure, "%s", kind->name);
}

/* After these there is no sense in asking for more. */
static int ends_all(int rc)
{
    return rc == GANTRY_E_CANCELLED || rc == GANTRY_E_UNAVAILABLE || rc == GANTRY_E_NOMEM;
}

static void tell_removed(struct pruning *pr)
{
    for (size_t i = 0; i < KINDS; i++) {
        const char *const *name;

        memcpy(&name, (const char *)pr->pruned + kinds[i].list, sizeof name);
        pr->partial = pr->partial || *name != NULL;
        for (; *name != NULL && pr->told.rc == 0; name++)
            gnt_buf_addf(&pr->told, "removed %s %s\n", kinds[i].name, *name);
    }
}

static int prune(struct pruning *pr, gantry_error *err)
{
    for (size_t i = 0; i < KINDS && !ends_all(pr->failed); i++) {
        gantry_error failure = { 0 };
        int rc = 0;

        if (is_wanted(pr->engine, &kinds[i], pr->options))
            rc = kinds[i].prune(pr, &failure);
        if (rc < 0)
            note_failure(pr, &kinds[i], rc, &failure);
    }
    if (pr->failed == 0)
        return 0;
    tell_removed(pr);
    if (err != NULL) {
        *err = pr->failure;
        gnt_text_copy(err->output, sizeof err->output, gnt_buf_text(&pr->told), pr->told.size, 1,
                      0);
        if (pr->partial)
            gnt_error_outcome(err, GANTRY_OUTCOME_PARTIAL, GANTRY_RETRY_ASK);
    }
    return pr->failed;
}

int gantry_system_prune(gantry_system *system, const gantry_system_prune_options *opts,
                        gantry_system_pruned **out, gantry_error *err)
{
    struct pruning pr = { .engine = system != NULL ? system->engine : NULL };
    gantry_system_prune_options o;
    gantry_call shared;
    int rc = gnt_enter(pr.engine, GANTRY_FEATURE_SYSTEM_PRUNE, err);

    if (rc == 0)
        rc = GNT_IMPORT(gantry_system_prune_options, o, opts, err);
    if (rc == 0)
        rc = check(pr.engine, &o, err);
    if (rc == 0) {
        pr.options = &o;
        pr.call = gnt_call_share(&shared, o.call);
        gnt_buf_init(&pr.told, &pr.engine->host.mem, 64 * 1024);
        pr.pruned = gnt_result_new(&pr.engine->host.mem, GNT_KIND_SYSTEM_PRUNED, err);
        rc = pr.pruned == NULL ? GANTRY_E_NOMEM : prune(&pr, err);
        gnt_buf_free(&pr.told);
    }
    if (rc == 0 && out != NULL)
        *out = pr.pruned;
    else
        gantry_system_pruned_free(pr.pruned);
    return gnt_leave(rc, GANTRY_FEATURE_SYSTEM_PRUNE, GANTRY_RESOURCE_ENGINE, NULL, err);
}
