/*
 * Carrying out a deployment, the part of the caller's thread: it starts the workers, hands out
 * events, watches the caller's token, and undoes.
 */
#include "deploy_impl.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

enum {
    UNDO_MS = 10000 /* for a request of the undoing of one whose caller's time is over */
};

/* ---- events ---------------------------------------------------------------------------------- */

static int report(struct gnt_deploy *d, size_t item, int step)
{
    const gantry_deploy_options *o = &d->plan->o;
    const char *text = step == GANTRY_DEPLOY_FAILED ? d->failure.message : "";

    if (o->progress == NULL)
        return 0;
    return o->progress(o->progress_arg, d->plan->graph.nodes[item].name, step, text);
}

/* Hand out what there is from *next on. 1 while workers run. */
static int deliver(struct gnt_deploy *d, size_t *next)
{
    int running;

    pthread_mutex_lock(&d->lock);
    while (*next < d->event_count) {
        struct gnt_deploy_event event = d->events[(*next)++];
        int stop;

        pthread_mutex_unlock(&d->lock);
        stop = report(d, event.item, event.step);
        if (stop != 0) {
            gantry_error failure = { 0 };

            gnt_fail(&failure, GANTRY_E_CALLBACK, "the progress callback asked to stop");
            gnt_deploy_fail(d, d->plan->count, GANTRY_E_CALLBACK, &failure);
        }
        pthread_mutex_lock(&d->lock);
    }
    running = d->workers > 0;
    pthread_mutex_unlock(&d->lock);
    return running;
}

/* Until there is news, or the caller's token was triggered, which is then told once. */
static void wait_for_news(struct gnt_deploy *d, int *watching)
{
    struct pollfd fds[2] = { { gantry_cancel_fd(d->news), POLLIN, 0 }, { -1, POLLIN, 0 } };

    if (*watching)
        fds[1].fd = gantry_cancel_fd(d->plan->call.cancel);
    (void)poll(fds, 2, -1);
    if (*watching && gantry_cancel_triggered(d->plan->call.cancel)) {
        gantry_error failure = { 0 };

        *watching = 0;
        gnt_fail(&failure, GANTRY_E_CANCELLED, "cancelled by the caller");
        gnt_deploy_fail(d, d->plan->count, GANTRY_E_CANCELLED, &failure);
    }
    gantry_cancel_reset(d->news);
}

/* ---- undo ------------------------------------------------------------------------------------ */

static size_t job_made(const struct gnt_deploy *d, size_t nth)
{
    size_t i = 0;

    while (i < d->plan->count && d->jobs[i].made != nth)
        i++;
    return i;
}

/* The caller wants no more, or the time for all is over; that one was not ready in its own time is
 * neither. */
static int is_over(const struct gnt_deploy *d)
{
    const gantry_call *call = &d->plan->call;

    return d->rc == GANTRY_E_CANCELLED || (d->rc == GANTRY_E_TIMEOUT && call->deadline_ns != 0 &&
                                           gantry_clock_ns() >= call->deadline_ns);
}

/* Whether an item is there. A create without an answer may have made something: never started,
 * where nothing was before. 1, 0, or why the engine does not tell. */
static int is_there(struct gnt_deploy *d, size_t item, const gantry_call *call)
{
    gantry_container_inspect_options o = { .size = sizeof o, .call = call };
    const char *name = d->plan->graph.nodes[item].name;
    gantry_container *info = NULL;
    int rc = 1;

    if (!d->jobs[item].created)
        rc = d->ops->inspect(d->plan->e->state, name, &o, &info, NULL);
    if (info != NULL)
        rc = info->state == GANTRY_CONTAINER_CREATED;
    gantry_container_free(info);
    return rc == GANTRY_E_NOT_FOUND ? 0 : rc;
}

/* 0, or what the removal said. */
static int undo_one(struct gnt_deploy *d, size_t item, const gantry_call *call, int hurry)
{
    gantry_container_stop_options stop = { .size = sizeof stop, .call = call };
    gantry_container_remove_options remove = {
        .size = sizeof remove, .call = call, .force = GANTRY_ON, .volumes = GANTRY_ON
    };
    const struct gnt_deploy_job *job = &d->jobs[item];
    const char *id = job->created ? job->id : d->plan->graph.nodes[item].name;
    int rc;

    if (job->order > 0 && !hurry)
        (void)d->ops->stop(d->plan->e->state, id, &stop, NULL);
    rc = d->ops->remove(d->plan->e->state, id, &remove, NULL);
    if (rc < 0 && rc != GANTRY_E_NOT_FOUND)
        return rc;
    (void)report(d, item, GANTRY_DEPLOY_REMOVED); /* it has been stopped already */
    return 0;
}

/*
 * The last first. A caller whose time is over is not kept waiting for containers that are asked to
 * end: they are killed. What is left is told in the error.
 */
static void undo(struct gnt_deploy *d)
{
    const gantry_call brief = { .size = sizeof brief, .timeout_ms = UNDO_MS };
    int hurry = is_over(d);
    const gantry_call *call = hurry ? &brief : NULL;
    int keep = d->plan->o.keep == GANTRY_ON;
    size_t left = 0;

    for (size_t nth = d->made; nth > 0; nth--) {
        size_t item = job_made(d, nth);
        int there = is_there(d, item, call);

        if (there == 0 || (there > 0 && !keep && undo_one(d, item, call, hurry) == 0))
            continue;
        gnt_error_suffix(&d->failure, there > 0 ? "%s is still there" : "%s may be there",
                         d->plan->graph.nodes[item].name);
        left++;
    }
    if (left > 0)
        gnt_error_outcome(&d->failure, GANTRY_OUTCOME_PARTIAL, GANTRY_RETRY_ASK);
    else
        gnt_error_outcome(&d->failure, GANTRY_OUTCOME_REFUSED,
                          d->failure.retry == GANTRY_RETRY_NO ? GANTRY_RETRY_NO : GANTRY_RETRY_YES);
}

/* The container by its name, which the caller knows. */
static void name_item(struct gnt_deploy *d)
{
    const char *name;

    if (d->failed_item == d->plan->count)
        return;
    name = d->plan->graph.nodes[d->failed_item].name;
    gnt_error_prefix(&d->failure, "%s", name);
    if (d->failure.resource_kind == GANTRY_RESOURCE_NONE ||
        d->failure.resource_kind == GANTRY_RESOURCE_CONTAINER)
        gnt_error_resource(&d->failure, GANTRY_RESOURCE_CONTAINER, name);
}

/* ---- threads --------------------------------------------------------------------------------- */

/* Signals are for the program's own threads. */
static size_t start_workers(struct gnt_deploy *d, pthread_t *threads, size_t most)
{
    sigset_t all;
    sigset_t before;
    size_t count = 0;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_mutex_lock(&d->lock);
    while (count < most && pthread_create(&threads[count], NULL, gnt_deploy_worker, d) == 0)
        count++;
    d->workers = (int)count;
    pthread_mutex_unlock(&d->lock);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return count;
}

static int work(struct gnt_deploy *d, gantry_error *err)
{
    size_t most =
        (size_t)d->plan->o.parallel < d->plan->count ? (size_t)d->plan->o.parallel : d->plan->count;
    pthread_t *threads = gnt_arena_alloc(d->plan->arena, most * sizeof *threads);
    int watching = d->plan->call.cancel != NULL;
    size_t next = 0;
    size_t count;

    if (threads == NULL)
        return gnt_nomem(err);
    count = start_workers(d, threads, most);
    if (count == 0)
        return gnt_fail(err, GANTRY_E_IO, "no thread can be started");
    while (deliver(d, &next))
        wait_for_news(d, &watching);
    for (size_t i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    (void)deliver(d, &next);
    return 0;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static int prepare(struct gnt_deploy *d, gantry_error *err)
{
    struct gnt_arena *arena = d->plan->arena;
    size_t count = d->plan->count;
    int rc = gantry_cancel_new(&d->stop, err);

    if (rc == 0)
        rc = gantry_cancel_new(&d->news, err);
    if (rc < 0)
        return rc;
    d->jobs = gnt_arena_alloc(arena, count * sizeof *d->jobs);
    d->levels = gnt_arena_alloc(arena, count * sizeof *d->levels);
    d->events = gnt_arena_alloc(arena, count * GNT_DEPLOY_EVENTS * sizeof *d->events);
    if (d->jobs == NULL || d->levels == NULL || d->events == NULL)
        return gnt_nomem(err);
    return 0;
}

static int tell_result(const struct gnt_deploy *d, gantry_deployment **out, gantry_error *err)
{
    size_t count = d->plan->count;
    gantry_deployment *result = gnt_result_new(&d->plan->e->host.mem, GNT_KIND_DEPLOYMENT, err);
    const gantry_deployed_item **items;

    if (result == NULL)
        return GANTRY_E_NOMEM;
    items = gantry_result_alloc(result, (count + 1) * sizeof *items);
    for (size_t i = 0; items != NULL && i < count; i++) {
        gantry_deployed_item *item = gnt_result_item(result, GNT_KIND_DEPLOYED_ITEM);

        if (item == NULL)
            break;
        items[i] = item;
        item->name = gantry_result_strdup(result, d->plan->graph.nodes[i].name);
        item->id = gantry_result_strdup(result, d->jobs[i].id);
        item->created = d->jobs[i].created;
        item->order = d->jobs[i].order;
        if (item->name == NULL || item->id == NULL)
            break;
        result->count = i + 1;
    }
    if (items == NULL || result->count < count) {
        gnt_result_free(result);
        return gnt_nomem(err);
    }
    result->items = items;
    *out = result;
    return 0;
}

int gnt_deploy_run(struct gnt_deploy_plan *plan, gantry_deployment **out, gantry_error *err)
{
    struct gnt_deploy d = { .plan = plan,
                            .ops = &plan->e->backend->containers,
                            .lock = PTHREAD_MUTEX_INITIALIZER,
                            .work = PTHREAD_COND_INITIALIZER,
                            .failed_item = plan->count };
    gantry_deployment *result = NULL;
    int rc = prepare(&d, &d.failure);

    if (rc == 0)
        rc = work(&d, &d.failure);
    if (rc == 0)
        rc = d.rc;
    if (rc == 0 && out != NULL)
        rc = tell_result(&d, &result, &d.failure);
    if (rc < 0) {
        d.rc = rc;
        name_item(&d);
        undo(&d);
        if (err != NULL)
            *err = d.failure;
    } else if (out != NULL) {
        *out = result;
    }
    gantry_cancel_free(d.stop);
    gantry_cancel_free(d.news);
    pthread_cond_destroy(&d.work);
    pthread_mutex_destroy(&d.lock);
    return rc;
}
