/* Processes of a pod: those of its members, in one table. */
#include "pod.h"

#include <string.h>

#include "container.h"
#include "engine.h"
#include "error.h"
#include "names.h"
#include "spec_check.h"

struct merging {
    gantry_engine *e;
    const gantry_container_top_options *options;
    gantry_container_top *top;
    const char *const **rows; /* top->processes, with an end */
    size_t columns;           /* without the container's name */
    size_t room;
};

static const char *copy(struct merging *m, const char *text)
{
    return gnt_arena_strdup(gnt_result_arena(m->top), text);
}

/* The first member's titles, behind that of the names. */
static int take_titles(struct merging *m, const gantry_container_top *one, gantry_error *err)
{
    const char **titles;
    size_t count = 0;

    while (one->titles[count] != NULL)
        count++;
    titles = gnt_arena_alloc(gnt_result_arena(m->top), (count + 2) * sizeof *titles);
    if (titles == NULL)
        return gnt_nomem(err);
    titles[0] = "CONTAINER";
    for (size_t i = 0; i < count; i++) {
        titles[i + 1] = copy(m, one->titles[i]);
        if (titles[i + 1] == NULL)
            return gnt_nomem(err);
    }
    m->columns = count;
    m->top->titles = titles;
    return 0;
}

/* Where a member has this title; its number of columns if nowhere. */
static size_t column_of(const gantry_container_top *one, const char *title, size_t at)
{
    size_t i = 0;

    if (one->titles[at] != NULL && strcmp(one->titles[at], title) == 0)
        return at;
    while (one->titles[i] != NULL && strcmp(one->titles[i], title) != 0)
        i++;
    return i;
}

static const char *const *new_row(struct merging *m, const char *name,
                                  const gantry_container_top *one, const char *const *process)
{
    const char **row = gnt_arena_alloc(gnt_result_arena(m->top), (m->columns + 2) * sizeof *row);
    size_t filled = 0;

    if (row == NULL)
        return NULL;
    while (process[filled] != NULL)
        filled++;
    row[0] = copy(m, name);
    for (size_t i = 0; i < m->columns; i++) {
        size_t at = column_of(one, m->top->titles[i + 1], i);

        row[i + 1] = at < filled ? copy(m, process[at]) : "";
        if (row[i + 1] == NULL)
            return NULL;
    }
    return row[0] != NULL ? row : NULL;
}

static int make_room(struct merging *m, size_t more, gantry_error *err)
{
    size_t room = (m->top->count + more) * 2 + 1;
    const char *const **rows;

    if (m->top->count + more < m->room)
        return 0;
    rows = gnt_arena_alloc(gnt_result_arena(m->top), room * sizeof *rows);
    if (rows == NULL)
        return gnt_nomem(err);
    if (m->top->count > 0)
        memcpy(rows, m->rows, m->top->count * sizeof *rows);
    m->rows = rows;
    m->room = room;
    m->top->processes = rows;
    return 0;
}

static int add(struct merging *m, const char *name, const gantry_container_top *one,
               gantry_error *err)
{
    int rc = m->top->titles[0] == NULL ? take_titles(m, one, err) : 0;

    if (rc == 0)
        rc = make_room(m, one->count, err);
    for (size_t i = 0; rc == 0 && i < one->count; i++) {
        const char *const *row = new_row(m, name, one, one->processes[i]);

        if (row == NULL)
            return gnt_nomem(err);
        m->rows[m->top->count++] = row;
        m->rows[m->top->count] = NULL;
    }
    return rc;
}

/* One that has ended meanwhile, or is paused where that hides its processes, has none. */
static int ask(struct merging *m, const gantry_pod_member *member, gantry_error *err)
{
    gantry_container_top *one = NULL;
    gantry_error failure = { 0 };
    int rc = m->e->backend->containers.top(m->e->state, member->id, m->options, &one, &failure);

    if (rc == GANTRY_E_STATE || rc == GANTRY_E_NOT_FOUND)
        return 0;
    if (rc == 0)
        rc = add(m, member->name, one, err);
    else if (err != NULL)
        *err = failure;
    gantry_container_top_free(one);
    return rc;
}

static int merge(struct merging *m, const char *id, gantry_error *err)
{
    gantry_pod_inspect_options o = { .size = sizeof o, .call = m->options->call };
    gantry_pod *pod = NULL;
    int rc = m->e->backend->pods.inspect(m->e->state, id, &o, &pod, err);

    for (size_t i = 0; rc == 0 && pod->members[i] != NULL; i++) {
        int state = pod->members[i]->state;

        if (state == GANTRY_CONTAINER_RUNNING || state == GANTRY_CONTAINER_PAUSED)
            rc = ask(m, pod->members[i], err);
    }
    gantry_pod_free(pod);
    if (rc == 0 && m->top->titles[0] == NULL)
        rc = gnt_fail(err, GANTRY_E_STATE, "no container of the pod runs");
    return rc;
}

static int top(gantry_engine *e, const char *id, gantry_container_top_options *o,
               gantry_container_top **out, gantry_error *err)
{
    gantry_call shared;
    struct merging m = { .e = e, .options = o };
    int rc;

    o->call = gnt_call_share(&shared, o->call);
    m.top = gnt_result_new(&e->host.mem, GANTRY_KIND_CONTAINER_TOP, err);
    rc = m.top == NULL ? GANTRY_E_NOMEM : merge(&m, id, err);
    if (rc == 0)
        *out = m.top;
    else
        gantry_container_top_free(m.top);
    return rc;
}

int gantry_pods_top(gantry_pods *pods, const char *id, const gantry_container_top_options *opts,
                    gantry_container_top **out, gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_pods(pods);
    gantry_container_top_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_PODS_TOP, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_container_top_options, o, opts, err);
    if (rc == 0)
        rc = gnt_check_texts("columns", o.columns, err);
    if (rc == 0)
        rc = top(e, id, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_PODS_TOP, GANTRY_RESOURCE_POD, id, err);
}
