/*
 * What the workers of a deployment do: one task of one item at a time.
 */
#include "deploy_impl.h"

#include <stdio.h>
#include <string.h>

#include "ready.h"

/* ---- news ------------------------------------------------------------------------------------ */

/* With the lock held. */
static void tell(struct gnt_deploy *d, size_t item, int step)
{
    d->events[d->event_count++] = (struct gnt_deploy_event){ item, step };
    gantry_cancel_trigger(d->news);
}

void gnt_deploy_fail(struct gnt_deploy *d, size_t item, int rc, const gantry_error *failure)
{
    pthread_mutex_lock(&d->lock);
    if (d->rc == 0) {
        d->rc = rc;
        d->failure = *failure;
        d->failed_item = item;
        if (item < d->plan->count)
            tell(d, item, GANTRY_DEPLOY_FAILED);
        gantry_cancel_trigger(d->stop);
        pthread_cond_broadcast(&d->work);
    }
    pthread_mutex_unlock(&d->lock);
}

static int is_stopping(struct gnt_deploy *d)
{
    int stopping;

    pthread_mutex_lock(&d->lock);
    stopping = d->rc != 0;
    pthread_mutex_unlock(&d->lock);
    return stopping;
}

/* An item has come further: others may begin. */
static void reach(struct gnt_deploy *d, size_t item, enum gnt_deploy_level level, int step)
{
    pthread_mutex_lock(&d->lock);
    d->levels[item] = level;
    if (level == GNT_DEPLOY_STARTED && step == GANTRY_DEPLOY_STARTED)
        d->jobs[item].order = ++d->started;
    if (step != 0)
        tell(d, item, step);
    pthread_cond_broadcast(&d->work);
    pthread_mutex_unlock(&d->lock);
}

/* ---- begin ----------------------------------------------------------------------------------- */

/* It is there; `created` or accepted. */
static int found(struct gnt_deploy *d, size_t item, const char *id, int created, gantry_error *err)
{
    struct gnt_deploy_job *job = &d->jobs[item];

    if (strlen(id) >= sizeof job->id)
        return gnt_fail(err, GANTRY_E_PROTOCOL, "the engine gives an id of %zu bytes", strlen(id));
    pthread_mutex_lock(&d->lock);
    (void)snprintf(job->id, sizeof job->id, "%s", id);
    job->created = created;
    if (created)
        job->made = ++d->made;
    tell(d, item, created ? GANTRY_DEPLOY_CREATED : GANTRY_DEPLOY_ACCEPTED);
    pthread_mutex_unlock(&d->lock);
    return 0;
}

/* A create of a name that was free ended without an answer: there may be a container now. */
static void may_be_there(struct gnt_deploy *d, size_t item)
{
    pthread_mutex_lock(&d->lock);
    d->jobs[item].made = ++d->made;
    pthread_mutex_unlock(&d->lock);
}

static int inspect(struct gnt_deploy *d, const char *id, gantry_container **out, gantry_error *err)
{
    gantry_container_inspect_options o = { .size = sizeof o, .call = &d->plan->call };

    return d->ops->inspect(d->plan->e->state, id, &o, out, err);
}

/* Create it, or take the one that is there, as the caller wants. */
static int ensure(struct gnt_deploy *d, size_t item, int was_there, gantry_error *err)
{
    const struct gnt_deploy_plan *p = d->plan;
    gantry_container_ensure_options o = { .size = sizeof o,
                                          .call = &p->call,
                                          .different = p->o.different };
    gantry_container_ensured *ensured = NULL;
    gantry_error failure = { 0 };
    int rc = gantry_containers_ensure(&p->e->containers, p->items[item].image,
                                      p->items[item].container, &o, &ensured, &failure);

    if (rc == 0)
        rc = found(d, item, ensured->id, ensured->created, &failure);
    else if (!was_there && failure.outcome == GANTRY_OUTCOME_UNKNOWN)
        may_be_there(d, item);
    gantry_container_ensured_free(ensured);
    if (rc < 0)
        *err = failure;
    return rc;
}

/* Sets *out_runs if it was there before and runs. */
static int make(struct gnt_deploy *d, size_t item, int *out_runs, gantry_error *err)
{
    gantry_container *info = NULL;
    gantry_error failure = { 0 };
    int rc = inspect(d, d->plan->containers[item].name, &info, &failure);
    int was_there = rc == 0;

    *out_runs = 0;
    if (rc < 0 && rc != GANTRY_E_NOT_FOUND) {
        *err = failure;
        return rc;
    }
    rc = ensure(d, item, was_there, err);
    if (rc == 0 && was_there && !d->jobs[item].created)
        *out_runs = info->state == GANTRY_CONTAINER_RUNNING;
    gantry_container_free(info);
    return rc;
}

static int begin(struct gnt_deploy *d, size_t item, gantry_error *err)
{
    gantry_container_start_options start = { .size = sizeof start, .call = &d->plan->call };
    int runs = 0;
    int rc = make(d, item, &runs, err);

    if (rc < 0 || is_stopping(d))
        return rc;
    if (!runs)
        rc = d->ops->start(d->plan->e->state, d->jobs[item].id, &start, err);
    if (rc == 0)
        reach(d, item, GNT_DEPLOY_STARTED, runs ? 0 : GANTRY_DEPLOY_STARTED);
    return rc;
}

/* ---- wait ------------------------------------------------------------------------------------ */

static int wants_ready(const struct gnt_deploy_plan *p, size_t item)
{
    const struct gnt_deploy_node *node = &p->graph.nodes[item];

    return node->needs_ready || (p->o.wait_all != GANTRY_OFF && !node->needs_completed);
}

static int wait_for(struct gnt_deploy *d, size_t item, const gantry_condition *const *conditions,
                    gantry_error *err)
{
    gantry_call call = d->plan->call;
    gantry_ready_options o = { .size = sizeof o, .call = &call };

    call.cancel = d->stop; /* which is triggered for the caller's token, too */
    call.timeout_ms = d->plan->o.ready_ms;
    return gnt_ready_wait(d->plan->e, d->jobs[item].id, conditions, &o, err);
}

static int wait_ready(struct gnt_deploy *d, size_t item, gantry_error *err)
{
    static const gantry_condition healthy = { .size = sizeof healthy,
                                              .kind = GANTRY_READY_HEALTHY };
    static const gantry_condition *const by_health[] = { &healthy, NULL };
    const gantry_condition *const *conditions = d->plan->items[item].ready;
    gantry_container *info = NULL;
    int rc = 0;

    if (conditions == NULL) {
        rc = inspect(d, d->jobs[item].id, &info, err);
        if (rc == 0 && info->health != GANTRY_HEALTH_NONE)
            conditions = by_health;
        gantry_container_free(info);
    }
    if (rc == 0 && conditions != NULL)
        rc = wait_for(d, item, conditions, err);
    return rc;
}

static int wait_completed(struct gnt_deploy *d, size_t item, gantry_error *err)
{
    static const gantry_condition completed = { .size = sizeof completed,
                                                .kind = GANTRY_READY_COMPLETED };
    static const gantry_condition *const conditions[] = { &completed, NULL };

    return wait_for(d, item, conditions, err);
}

static int wait_item(struct gnt_deploy *d, size_t item, gantry_error *err)
{
    int completed = d->plan->graph.nodes[item].needs_completed;
    int rc = 0;

    if (wants_ready(d->plan, item)) {
        rc = wait_ready(d, item, err);
        if (rc == 0)
            reach(d, item, GNT_DEPLOY_READY, completed ? 0 : GANTRY_DEPLOY_READY);
    }
    if (rc == 0 && completed) {
        rc = wait_completed(d, item, err);
        if (rc == 0)
            reach(d, item, GNT_DEPLOY_COMPLETED, GANTRY_DEPLOY_READY);
    }
    return rc;
}

/* ---- the worker ------------------------------------------------------------------------------ */

/* With the lock held: the next task, or count. What begins goes before what waits: a wait may last
 * until something else has begun. */
static size_t pick(const struct gnt_deploy *d)
{
    size_t count = d->plan->count;

    for (size_t i = 0; i < count; i++) {
        if (d->jobs[i].task == GNT_DEPLOY_BEGIN &&
            gnt_deploy_may_begin(&d->plan->graph, i, d->levels))
            return i;
    }
    for (size_t i = 0; i < count; i++) {
        if (d->jobs[i].task == GNT_DEPLOY_WAIT)
            return i;
    }
    return count;
}

static enum gnt_deploy_task next_task(const struct gnt_deploy *d, size_t item,
                                      enum gnt_deploy_task task)
{
    if (task == GNT_DEPLOY_BEGIN &&
        (wants_ready(d->plan, item) || d->plan->graph.nodes[item].needs_completed))
        return GNT_DEPLOY_WAIT;
    return GNT_DEPLOY_DONE;
}

static void run_task(struct gnt_deploy *d, size_t item, enum gnt_deploy_task task)
{
    gantry_error failure = { 0 };
    int rc = task == GNT_DEPLOY_BEGIN ? begin(d, item, &failure) : wait_item(d, item, &failure);

    if (rc < 0)
        gnt_deploy_fail(d, item, rc, &failure);
}

void *gnt_deploy_worker(void *deploy)
{
    struct gnt_deploy *d = deploy;

    pthread_mutex_lock(&d->lock);
    while (d->rc == 0 && d->done < d->plan->count) {
        size_t item = pick(d);
        enum gnt_deploy_task task;

        if (item == d->plan->count) {
            pthread_cond_wait(&d->work, &d->lock);
            continue;
        }
        task = d->jobs[item].task;
        d->jobs[item].task = GNT_DEPLOY_BUSY;
        pthread_mutex_unlock(&d->lock);
        run_task(d, item, task);
        pthread_mutex_lock(&d->lock);
        d->jobs[item].task = next_task(d, item, task);
        d->done += d->jobs[item].task == GNT_DEPLOY_DONE;
        pthread_cond_broadcast(&d->work);
    }
    d->workers--;
    gantry_cancel_trigger(d->news);
    pthread_mutex_unlock(&d->lock);
    return NULL;
}
