/*
 * The order of a deployment: pure, no engine and no threads.
 */
#include "deploy.h"

#include <string.h>

/* ---- names ----------------------------------------------------------------------------------- */

/* count if there is none. */
static size_t find(const struct gnt_deploy_graph *g, const char *name)
{
    size_t i = 0;

    while (i < g->count && strcmp(g->nodes[i].name, name) != 0)
        i++;
    return i;
}

static int set_names(struct gnt_deploy_graph *g, const gantry_deployment_item *items,
                     gantry_error *err)
{
    for (size_t i = 0; i < g->count; i++) {
        const char *name = items[i].container != NULL ? items[i].container->name : NULL;

        if (name == NULL)
            return gnt_fail(err, GANTRY_E_INVALID, "items[%zu]: its container needs a name", i);
        for (size_t k = 0; k < i; k++) {
            if (strcmp(g->nodes[k].name, name) == 0)
                return gnt_fail(err, GANTRY_E_INVALID, "items[%zu]: there is another \"%s\"", i,
                                name);
        }
        g->nodes[i].name = name;
    }
    return 0;
}

/* ---- edges ----------------------------------------------------------------------------------- */

static int set_edge(struct gnt_deploy_graph *g, size_t item, const gantry_dependency *given,
                    struct gnt_deploy_edge *edge, gantry_error *err)
{
    const char *name = g->nodes[item].name;
    gantry_dependency d;
    int rc = gnt_import(&d, sizeof d, given, "gantry_dependency", err);

    if (rc < 0)
        return rc;
    if (d.name == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "%s: a dependency needs a name", name);
    if (d.condition < GANTRY_DEPEND_STARTED || d.condition > GANTRY_DEPEND_COMPLETED)
        return gnt_fail(err, GANTRY_E_INVALID, "%s: condition %d is none of GANTRY_DEPEND_", name,
                        d.condition);
    edge->item = find(g, d.name);
    if (edge->item == g->count)
        return gnt_fail(err, GANTRY_E_INVALID,
                        "%s depends on \"%s\", which is no container of this deployment", name,
                        d.name);
    edge->level = d.condition == GANTRY_DEPEND_STARTED   ? GNT_DEPLOY_STARTED
                  : d.condition == GANTRY_DEPEND_HEALTHY ? GNT_DEPLOY_READY
                                                         : GNT_DEPLOY_COMPLETED;
    if (edge->level == GNT_DEPLOY_READY)
        g->nodes[edge->item].needs_ready = 1;
    if (edge->level == GNT_DEPLOY_COMPLETED)
        g->nodes[edge->item].needs_completed = 1;
    return 0;
}

static int set_edges(struct gnt_arena *arena, struct gnt_deploy_graph *g, size_t item,
                     const gantry_dependency *const *given, gantry_error *err)
{
    struct gnt_deploy_edge *edges;
    size_t count = 0;

    while (given != NULL && given[count] != NULL)
        count++;
    if (count >= SIZE_MAX / sizeof *edges)
        return gnt_nomem(err);
    edges = gnt_arena_alloc(arena, (count + 1) * sizeof *edges);
    if (edges == NULL)
        return gnt_nomem(err);
    for (size_t i = 0; i < count; i++) {
        int rc = set_edge(g, item, given[i], &edges[i], err);

        if (rc < 0)
            return rc;
    }
    g->nodes[item].edges = edges;
    g->nodes[item].edge_count = count;
    return 0;
}

/* ---- cycles ---------------------------------------------------------------------------------- */

/* A walk along dependencies without recursion: names of containers are the caller's, and so is how
 * many there are. */
struct walk {
    size_t *path; /* items from the first to where the walk is */
    size_t *next; /* the edge to follow next, by place in the path */
    size_t depth;
    unsigned char *seen; /* by item: 1 on the path, 2 done with */
};

/* "a -> b -> a" */
static int tell_cycle(struct gnt_arena *arena, const struct gnt_deploy_graph *g,
                      const struct walk *w, size_t item, gantry_error *err)
{
    struct gnt_buf text;
    size_t from = 0;
    int rc;

    gnt_buf_init(&text, &arena->mem, 16 * 1024);
    while (w->path[from] != item)
        from++;
    for (size_t i = from; i < w->depth; i++)
        gnt_buf_addf(&text, "%s -> ", g->nodes[w->path[i]].name);
    gnt_buf_adds(&text, g->nodes[item].name);
    rc =
        gnt_fail(err, GANTRY_E_INVALID, "containers depend on each other: %s", gnt_buf_text(&text));
    gnt_buf_free(&text);
    return rc;
}

static void enter(struct walk *w, size_t item)
{
    w->seen[item] = 1;
    w->next[w->depth] = 0;
    w->path[w->depth++] = item;
}

static int walk_from(struct gnt_arena *arena, const struct gnt_deploy_graph *g, struct walk *w,
                     size_t item, gantry_error *err)
{
    enter(w, item);
    while (w->depth > 0) {
        const struct gnt_deploy_node *at = &g->nodes[w->path[w->depth - 1]];
        size_t edge = w->next[w->depth - 1]++;
        size_t to;

        if (edge == at->edge_count) {
            w->seen[w->path[--w->depth]] = 2;
            continue;
        }
        to = at->edges[edge].item;
        if (w->seen[to] == 1)
            return tell_cycle(arena, g, w, to, err);
        if (w->seen[to] == 0)
            enter(w, to);
    }
    return 0;
}

static int check_cycles(struct gnt_arena *arena, const struct gnt_deploy_graph *g,
                        gantry_error *err)
{
    struct walk w = { .path = gnt_arena_alloc(arena, g->count * sizeof *w.path),
                      .next = gnt_arena_alloc(arena, g->count * sizeof *w.next),
                      .seen = gnt_arena_alloc(arena, g->count) };
    int rc = 0;

    if (w.path == NULL || w.next == NULL || w.seen == NULL)
        return gnt_nomem(err);
    for (size_t i = 0; rc == 0 && i < g->count; i++) {
        if (w.seen[i] == 0)
            rc = walk_from(arena, g, &w, i, err);
    }
    return rc;
}

/* ---- the whole ------------------------------------------------------------------------------- */

int gnt_deploy_graph_make(struct gnt_arena *arena, const gantry_deployment_item *items,
                          size_t count, struct gnt_deploy_graph *out, gantry_error *err)
{
    int rc;

    out->count = count;
    out->nodes = count < SIZE_MAX / sizeof *out->nodes
                     ? gnt_arena_alloc(arena, count * sizeof *out->nodes)
                     : NULL;
    if (out->nodes == NULL)
        return gnt_nomem(err);
    rc = set_names(out, items, err);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = set_edges(arena, out, i, items[i].dependencies, err);
    return rc == 0 ? check_cycles(arena, out, err) : rc;
}

int gnt_deploy_may_begin(const struct gnt_deploy_graph *graph, size_t item,
                         const enum gnt_deploy_level *levels)
{
    const struct gnt_deploy_node *node = &graph->nodes[item];

    for (size_t i = 0; i < node->edge_count; i++) {
        if (levels[node->edges[i].item] < node->edges[i].level)
            return 0;
    }
    return 1;
}
