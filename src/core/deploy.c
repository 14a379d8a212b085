/*
 * Deploying a set of containers, the public function: everything is imported and checked before
 * anything is made.
 */
#include "deploy.h"

#include "container.h"
#include "error.h"
#include "names.h"

enum {
    READY_MS = 60000, /* defaults of the options */
    PARALLEL = 4
};

static int import_item(struct gnt_deploy_plan *p, gantry_deployment_item *item,
                       gantry_container_options *container, const gantry_deployment_item *given,
                       gantry_error *err)
{
    int rc = gnt_import(item, sizeof *item, given, "gantry_deployment_item", err);

    if (rc == 0)
        rc = gnt_reference_check("image", item->image, err);
    if (rc == 0 && item->container == NULL)
        rc = gnt_fail(err, GANTRY_E_INVALID, "container: must not be NULL");
    if (rc == 0)
        rc = gnt_container_options_import(p->arena, item->container, container, err);
    if (rc == 0 && container->name == NULL)
        rc = gnt_fail(err, GANTRY_E_INVALID, "container: needs a name");
    return rc;
}

static int import_items(struct gnt_deploy_plan *p, const gantry_deployment_item *const *given,
                        gantry_error *err)
{
    gantry_container_options *containers;
    gantry_deployment_item *items;
    size_t count = 0;

    while (given != NULL && given[count] != NULL)
        count++;
    if (count == 0)
        return gnt_fail(err, GANTRY_E_INVALID, "items: at least one is needed");
    if (count >= SIZE_MAX / sizeof *containers)
        return gnt_nomem(err);
    items = gnt_arena_alloc(p->arena, count * sizeof *items);
    containers = gnt_arena_alloc(p->arena, count * sizeof *containers);
    if (items == NULL || containers == NULL)
        return gnt_nomem(err);
    for (size_t i = 0; i < count; i++) {
        int rc = import_item(p, &items[i], &containers[i], given[i], err);

        if (rc < 0) {
            gnt_error_prefix(err, "items[%zu]", i);
            return rc;
        }
    }
    p->items = items;
    p->containers = containers;
    p->count = count;
    return gnt_deploy_graph_make(p->arena, items, count, &p->graph, err);
}

/* What could never come true. */
static int check_completed(const struct gnt_deploy_plan *p, gantry_error *err)
{
    for (size_t i = 0; i < p->count; i++) {
        if (p->graph.nodes[i].needs_completed && p->containers[i].auto_remove == GANTRY_ON)
            return gnt_fail(err, GANTRY_E_INVALID,
                            "%s: something waits for its exit code, and auto_remove leaves none",
                            p->graph.nodes[i].name);
    }
    return 0;
}

static int import_options(struct gnt_deploy_plan *p, const gantry_deploy_options *opts,
                          gantry_error *err)
{
    int rc = GNT_IMPORT(gantry_deploy_options, p->o, opts, err);

    if (rc < 0)
        return rc;
    if (p->o.ready_ms < 0 || p->o.parallel < 0)
        return gnt_fail(err, GANTRY_E_INVALID, "%s: must not be negative",
                        p->o.ready_ms < 0 ? "ready_ms" : "parallel");
    if (p->o.different < GANTRY_DIFFERENT_REFUSE || p->o.different > GANTRY_DIFFERENT_ACCEPT)
        return gnt_fail(err, GANTRY_E_INVALID, "different: %d is none of GANTRY_DIFFERENT_",
                        p->o.different);
    if (p->o.ready_ms == 0)
        p->o.ready_ms = READY_MS;
    if (p->o.parallel == 0)
        p->o.parallel = PARALLEL;
    return 0;
}

/* A relative limit counts from here, for all requests together. */
static void fix_call(struct gnt_deploy_plan *p)
{
    gantry_call shared;

    gnt_call_import(&p->call, gnt_call_share(&shared, p->o.call));
}

int gantry_containers_deploy(gantry_containers *containers,
                             const gantry_deployment_item *const *items,
                             const gantry_deploy_options *opts, gantry_deployment **out,
                             gantry_error *err)
{
    struct gnt_deploy_plan plan = { .e = gnt_engine_of_containers(containers) };
    struct gnt_arena arena = { 0 };
    int rc = gnt_enter(plan.e, GANTRY_FEATURE_CONTAINERS_DEPLOY, err);

    if (rc == 0) {
        gnt_arena_init(&arena, &plan.e->host.mem);
        plan.arena = &arena;
        rc = import_options(&plan, opts, err);
    }
    if (rc == 0)
        rc = import_items(&plan, items, err);
    if (rc == 0)
        rc = check_completed(&plan, err);
    if (rc == 0) {
        fix_call(&plan);
        rc = gnt_deploy_run(&plan, out, err);
    }
    gnt_arena_free(&arena);
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_DEPLOY, GANTRY_RESOURCE_CONTAINER, NULL, err);
}

void gantry_deployment_free(gantry_deployment *deployment)
{
    gnt_result_free(deployment);
}
