/*
 * Deployments: what the items are and in which order they may begin (deploy_graph.c, no engine),
 * and carrying that out (deploy_run.c).
 */
#ifndef GNT_DEPLOY_H
#define GNT_DEPLOY_H

#include <gantry/deploy.h>

#include "engine.h"

/* How far an item has come; in this order. */
enum gnt_deploy_level {
    GNT_DEPLOY_NOTHING,
    GNT_DEPLOY_STARTED,
    GNT_DEPLOY_READY,
    GNT_DEPLOY_COMPLETED
};

struct gnt_deploy_edge {
    size_t item;                 /* the one that is depended on */
    enum gnt_deploy_level level; /* how far it must have come */
};

/* An item as the order sees it. */
struct gnt_deploy_node {
    const char *name;
    const struct gnt_deploy_edge *edges;
    size_t edge_count;
    int needs_ready;     /* something depends on it with HEALTHY */
    int needs_completed; /* ... with COMPLETED */
};

struct gnt_deploy_graph {
    size_t count;
    struct gnt_deploy_node *nodes;
};

/* Items whose structs are full-size. INVALID: an unknown, missing or repeated name, a cycle
 * ("a -> b -> a"). */
int gnt_deploy_graph_make(struct gnt_arena *arena, const gantry_deployment_item *items,
                          size_t count, struct gnt_deploy_graph *out, gantry_error *err);
/* Whether all that an item depends on has come as far as it must; levels has one per item. */
int gnt_deploy_may_begin(const struct gnt_deploy_graph *graph, size_t item,
                         const enum gnt_deploy_level *levels);

/* A deployment with everything imported. */
struct gnt_deploy_plan {
    gantry_engine *e;
    struct gnt_arena *arena;
    const gantry_deployment_item *items;        /* full-size copies */
    const gantry_container_options *containers; /* the items', imported */
    size_t count;
    struct gnt_deploy_graph graph;
    gantry_deploy_options o;
    gantry_call call; /* of the whole: one deadline */
};

int gnt_deploy_run(struct gnt_deploy_plan *plan, gantry_deployment **out, gantry_error *err);

#endif
