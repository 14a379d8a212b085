/*
 * Lists of containers: what is asked for beyond an engine's own filters is decided on its answer, so
 * that it means the same on all engines.
 */
#include "rest_life.h"

#include <string.h>

static const int64_t second = 1000000000;

/* ---- before, since --------------------------------------------------------------------------- */

/* Docker's filters of these names stumble over one that does not run, Podman's compare times. */
static int moment_of(struct gnt_rest *rest, const gantry_call *call, const char *id, int64_t *out,
                     gantry_error *err)
{
    struct gnt_container_facts facts;
    int rc;

    *out = 0;
    if (id == NULL)
        return 0;
    rc = gnt_rest_container_facts(rest, call, id, &facts, err);
    if (rc == 0)
        *out = facts.created_ns;
    return rc;
}

int gnt_list_plan(struct gnt_rest *rest, const gantry_container_list_options *opts,
                  const gantry_call *call, struct gnt_list_plan *out, gantry_error *err)
{
    int rc;

    memset(out, 0, sizeof *out);
    out->options = opts;
    out->names.names = opts->names;
    out->names.offset = offsetof(gantry_container, name);
    rc = moment_of(rest, call, opts->before, &out->before_ns, err);
    return rc < 0 ? rc : moment_of(rest, call, opts->since, &out->since_ns, err);
}

int gnt_list_narrows(const struct gnt_list_plan *plan)
{
    return plan->running || plan->before_ns != 0 || plan->since_ns != 0 ||
           (plan->options->ids != NULL && plan->options->ids[0] != NULL) ||
           (plan->options->volume != NULL && plan->options->volume[0] == '/');
}

static int in_time(const struct gnt_list_plan *plan, int64_t created_ns)
{
    return (plan->before_ns == 0 || created_ns < plan->before_ns) &&
           (plan->since_ns == 0 || created_ns > plan->since_ns);
}

/* Whether a list that knows only seconds leaves it open. */
static int is_open(const struct gnt_list_plan *plan, int64_t created_ns)
{
    if (created_ns % second != 0)
        return 0;
    return (plan->before_ns != 0 && plan->before_ns / second == created_ns / second) ||
           (plan->since_ns != 0 && plan->since_ns / second == created_ns / second);
}

/* ---- accept ---------------------------------------------------------------------------------- */

static int has_id(const char *const *ids, const char *id)
{
    if (ids == NULL || ids[0] == NULL)
        return 1;
    for (; *ids != NULL; ids++) {
        if (strncmp(id, *ids, strlen(*ids)) == 0)
            return 1;
    }
    return 0;
}

static int has_target(const gantry_container *c, const char *volume)
{
    if (volume == NULL || volume[0] != '/')
        return 1;
    for (const char *const *target = c->environment; *target != NULL; target++) {
        if (strcmp(*target, volume) == 0)
            return 1;
    }
    return 0;
}

static int runs(const gantry_container *c)
{
    return c->state == GANTRY_CONTAINER_RUNNING || c->state == GANTRY_CONTAINER_PAUSED ||
           c->state == GANTRY_CONTAINER_RESTARTING;
}

int gnt_list_accept(const void *item, const void *arg)
{
    const gantry_container *c = item;
    const struct gnt_list_plan *plan = arg;
    const gantry_container_list_options *o = plan->options;

    if (o->state != GANTRY_CONTAINER_UNKNOWN && c->state != o->state)
        return 0;
    if (plan->running && !runs(c))
        return 0;
    if (!has_id(o->ids, c->id) || !has_target(c, o->volume))
        return 0;
    if (!in_time(plan, c->created_ns) && !is_open(plan, c->created_ns))
        return 0;
    return gnt_accept_name(item, &plan->names);
}

/* ---- settle ---------------------------------------------------------------------------------- */

void gnt_settle_sizes(gantry_container *c, int asked)
{
    if (asked && c->size_rw_bytes < 0)
        c->size_rw_bytes = 0;
    if (asked && c->size_root_bytes < 0)
        c->size_root_bytes = 0;
    if (!asked)
        c->size_rw_bytes = c->size_root_bytes = -1;
}

static int look(struct gnt_rest *rest, const struct gnt_list_plan *plan, const gantry_call *call,
                const gantry_container *c, int *out_stays, gantry_error *err)
{
    struct gnt_container_facts facts;
    gantry_error failure = { 0 };
    int rc;

    *out_stays = 1;
    if (!is_open(plan, c->created_ns))
        return 0;
    rc = gnt_rest_container_facts(rest, call, c->id, &facts, &failure);
    *out_stays = rc == 0 && in_time(plan, facts.created_ns);
    if (rc < 0 && rc != GANTRY_E_NOT_FOUND && err != NULL)
        *err = failure;
    return rc == GANTRY_E_NOT_FOUND ? 0 : rc;
}

int gnt_list_settle(struct gnt_rest *rest, const struct gnt_list_plan *plan,
                    const gantry_call *call, gantry_container_list *list, gantry_error *err)
{
    const gantry_container **items = (const gantry_container **)list->items;
    int64_t limit = plan->options->limit;
    size_t kept = 0;

    for (size_t i = 0; i < list->count && (limit == 0 || kept < (size_t)limit); i++) {
        gantry_container *c = (gantry_container *)items[i]; /* ours: decoding made it */
        int stays = 1;
        int rc = look(rest, plan, call, c, &stays, err);

        if (rc < 0)
            return rc;
        c->environment = gnt_no_strings;
        gnt_settle_sizes(c, plan->options->sizes == GANTRY_ON);
        if (stays)
            items[kept++] = c;
    }
    if (list->count > 0)
        items[kept] = NULL;
    list->count = kept;
    return 0;
}

int gnt_in_mount_targets(struct gnt_in_context *c, const struct gnt_json *v,
                         const struct gnt_in *row, void *field)
{
    const char *const *list = NULL;

    (void)row;
    if (v->type != GNT_JSON_ARRAY)
        return 0;
    for (const struct gnt_json *item = v->first; item != NULL; item = item->next) {
        const char *target = gnt_json_text(item);

        if (target == NULL)
            target = gnt_json_text(gnt_json_get(item, "Destination"));
        if (target == NULL)
            continue;
        list = gnt_strings_add(c->arena, list, target);
        if (list == NULL)
            return gnt_nomem(c->err);
    }
    if (list != NULL)
        memcpy(field, &list, sizeof list);
    return 0;
}
