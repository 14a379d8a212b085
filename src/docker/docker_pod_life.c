/*
 * Docker: the life of pods, done to one container after the other: the infra container first at a
 * start, last at an end.
 */
#include "docker_pod.h"

#include "pod.h"
#include "rest_life.h"

#include <string.h>

/* ---- one act on all -------------------------------------------------------------------------- */

struct act {
    struct docker *d;
    const gantry_call *call;
    gantry_pod_list *list;
    const gantry_pod *pod; /* in the list */
    int64_t grace_ms;
    const char *signal;
    int force;
    int over; /* code of what ends it: the call's time, an engine that is gone */
    gantry_error end;
    struct gnt_pod_failures failures;
};

typedef int (*member_fn)(struct act *a, const gantry_pod_member *m, gantry_error *err);

enum {
    MEMBERS = 1, /* which of them */
    INFRA = 2,
    BACKWARD = 4 /* the last made first */
};

static int open_act(struct act *a, void *state, const gantry_call *call, const char *id,
                    gantry_error *err)
{
    a->d = state;
    a->call = call;
    return gnt_docker_pod_find(a->d, call, id, &a->list, &a->pod, err);
}

static int close_act(struct act *a, gantry_error *err)
{
    int rc = gnt_pod_settle(&a->failures, err);

    if (a->over != 0 && err != NULL)
        *err = a->end;
    gnt_result_free(a->list);
    return a->over != 0 ? a->over : rc;
}

static void do_one(struct act *a, const gantry_pod_member *m, member_fn fn)
{
    gantry_error failure = { 0 };
    int rc = fn(a, m, &failure);

    if (rc >= 0)
        return;
    if (rc != GANTRY_E_CANCELLED && rc != GANTRY_E_TIMEOUT && rc != GANTRY_E_UNAVAILABLE) {
        gnt_pod_failed(&a->failures, m->name, rc, &failure);
        return;
    }
    a->over = rc;
    a->end = failure;
}

static void do_each(struct act *a, member_fn fn, int which)
{
    size_t count = a->pod->member_count;

    for (size_t i = 0; i < count && a->over == 0; i++) {
        const gantry_pod_member *m = a->pod->members[which & BACKWARD ? count - 1 - i : i];

        if (which & (m->infra ? INFRA : MEMBERS))
            do_one(a, m, fn);
    }
}

static int is_live(int state)
{
    return state == GANTRY_CONTAINER_RUNNING || state == GANTRY_CONTAINER_PAUSED ||
           state == GANTRY_CONTAINER_RESTARTING;
}

static int refused(const char *id, gantry_error *err)
{
    gnt_error_resource(err, GANTRY_RESOURCE_POD, id);
    gnt_error_outcome(err, GANTRY_OUTCOME_REFUSED, GANTRY_RETRY_NO);
    return GANTRY_E_STATE;
}

/* For what is done to processes. */
static int open_live(struct act *a, void *state, const gantry_call *call, const char *id,
                     gantry_error *err)
{
    int rc = open_act(a, state, call, id, err);

    for (size_t i = 0; rc == 0 && i < a->pod->member_count; i++) {
        if (is_live(a->pod->members[i]->state))
            return 0;
    }
    if (rc == 0) {
        gnt_fail(err, GANTRY_E_STATE, "no container of the pod runs");
        rc = refused(id, err);
        gnt_result_free(a->list);
    }
    return rc;
}

/* Of what ended, or went, in the meantime nothing is left to do. */
static int unless(int rc, int code, int other, const gantry_error *failure, gantry_error *err)
{
    if (rc == 0 || rc == code || rc == other)
        return 0;
    *err = *failure;
    return rc;
}

/* ---- start, stop, restart -------------------------------------------------------------------- */

/* One that is paused has been started. */
static int start_one(struct act *a, const gantry_pod_member *m, gantry_error *err)
{
    gantry_container_start_options o = { .size = sizeof o, .call = a->call };

    if (m->state == GANTRY_CONTAINER_RUNNING || m->state == GANTRY_CONTAINER_PAUSED)
        return 0;
    return gnt_docker_container_ops.start(a->d, m->id, &o, err);
}

static int stop_one(struct act *a, const gantry_pod_member *m, gantry_error *err)
{
    gantry_container_stop_options o = { .size = sizeof o,
                                        .call = a->call,
                                        .grace_ms = a->grace_ms };
    gantry_error failure = { 0 };
    int rc = 0;

    if (is_live(m->state))
        rc = gnt_docker_container_ops.stop(a->d, m->id, &o, &failure);
    return unless(rc, GANTRY_E_NOT_FOUND, 0, &failure, err);
}

static int restart_one(struct act *a, const gantry_pod_member *m, gantry_error *err)
{
    gantry_container_stop_options o = { .size = sizeof o,
                                        .call = a->call,
                                        .grace_ms = a->grace_ms };

    return gnt_docker_container_ops.restart(a->d, m->id, &o, err);
}

/* Stopped ahead, so that it has its network until its end; but one that goes with its end would not
 * come back. */
static int stop_ahead(struct act *a, const gantry_pod_member *m, gantry_error *err)
{
    gantry_container_inspect_options o = { .size = sizeof o, .call = a->call };
    gantry_container *c = NULL;
    int rc;
    int stays;

    if (!is_live(m->state))
        return 0;
    rc = gnt_docker_container_inspect(a->d, m->id, &o, &c, err);
    if (rc < 0)
        return rc;
    stays = !c->auto_remove;
    gnt_result_free(c);
    return stays ? stop_one(a, m, err) : 0;
}

static int pod_start(void *state, const char *id, const gantry_pod_call_options *opts,
                     gantry_error *err)
{
    struct act a = { .grace_ms = 0 };
    gantry_call shared;
    int rc = open_act(&a, state, gnt_call_share(&shared, opts->call), id, err);

    if (rc < 0)
        return rc;
    do_each(&a, start_one, INFRA);
    do_each(&a, start_one, MEMBERS);
    return close_act(&a, err);
}

static int pod_stop(void *state, const char *id, const gantry_pod_stop_options *opts,
                    gantry_error *err)
{
    struct act a = { .grace_ms = opts->grace_ms };
    gantry_call shared;
    int rc = open_act(&a, state, gnt_call_share(&shared, opts->call), id, err);

    if (rc < 0)
        return rc;
    do_each(&a, stop_one, MEMBERS | BACKWARD);
    do_each(&a, stop_one, INFRA);
    return close_act(&a, err);
}

static int pod_restart(void *state, const char *id, const gantry_pod_stop_options *opts,
                       gantry_error *err)
{
    struct act a = { .grace_ms = opts->grace_ms };
    gantry_call shared;
    int rc = open_act(&a, state, gnt_call_share(&shared, opts->call), id, err);

    if (rc < 0)
        return rc;
    do_each(&a, stop_ahead, MEMBERS | BACKWARD);
    do_each(&a, restart_one, INFRA);
    do_each(&a, restart_one, MEMBERS);
    return close_act(&a, err);
}

/* ---- kill, pause ----------------------------------------------------------------------------- */

static int kill_one(struct act *a, const gantry_pod_member *m, gantry_error *err)
{
    gantry_container_kill_options o = { .size = sizeof o, .call = a->call, .signal = a->signal };
    gantry_error failure = { 0 };
    int rc = 0;

    if (is_live(m->state))
        rc = gnt_docker_container_ops.kill(a->d, m->id, &o, &failure);
    return unless(rc, GANTRY_E_NOT_FOUND, GANTRY_E_STATE, &failure, err);
}

static int pause_one(struct act *a, const gantry_pod_member *m, gantry_error *err)
{
    gantry_error failure = { 0 };
    int rc = 0;

    if (m->state == GANTRY_CONTAINER_RUNNING)
        rc = gnt_rest_pause(&a->d->rest, a->call, m->id, 1, &failure);
    return unless(rc, GANTRY_E_NOT_FOUND, GANTRY_E_STATE, &failure, err);
}

static int unpause_one(struct act *a, const gantry_pod_member *m, gantry_error *err)
{
    gantry_error failure = { 0 };
    int rc = 0;

    if (m->state == GANTRY_CONTAINER_PAUSED)
        rc = gnt_rest_pause(&a->d->rest, a->call, m->id, 0, &failure);
    return unless(rc, GANTRY_E_NOT_FOUND, GANTRY_E_STATE, &failure, err);
}

static int pod_kill(void *state, const char *id, const gantry_pod_kill_options *opts,
                    gantry_error *err)
{
    struct act a = { .signal = opts->signal };
    gantry_call shared;
    int rc = open_live(&a, state, gnt_call_share(&shared, opts->call), id, err);

    if (rc < 0)
        return rc;
    do_each(&a, kill_one, MEMBERS | BACKWARD);
    do_each(&a, kill_one, INFRA);
    return close_act(&a, err);
}

static int pod_pause(void *state, const char *id, const gantry_pod_call_options *opts,
                     gantry_error *err)
{
    struct act a = { .grace_ms = 0 };
    gantry_call shared;
    int rc = open_live(&a, state, gnt_call_share(&shared, opts->call), id, err);

    if (rc < 0)
        return rc;
    do_each(&a, pause_one, MEMBERS | INFRA);
    return close_act(&a, err);
}

static int pod_unpause(void *state, const char *id, const gantry_pod_call_options *opts,
                       gantry_error *err)
{
    struct act a = { .grace_ms = 0 };
    gantry_call shared;
    int rc = open_live(&a, state, gnt_call_share(&shared, opts->call), id, err);

    if (rc < 0)
        return rc;
    do_each(&a, unpause_one, MEMBERS | INFRA);
    return close_act(&a, err);
}

/* ---- remove ---------------------------------------------------------------------------------- */

static int remove_one(struct act *a, const gantry_pod_member *m, gantry_error *err)
{
    gantry_container_remove_options o = { .size = sizeof o,
                                          .call = a->call,
                                          .force = a->force ? GANTRY_ON : GANTRY_DEFAULT,
                                          .volumes = GANTRY_ON };
    gantry_error failure = { 0 };
    int rc = gnt_docker_container_remove(a->d, m->id, &o, &failure);

    return unless(rc, GANTRY_E_NOT_FOUND, 0, &failure, err);
}

static int check_removable(const struct act *a, const char *id, gantry_error *err)
{
    for (size_t i = 0; !a->force && i < a->pod->member_count; i++) {
        const gantry_pod_member *m = a->pod->members[i];

        if (!is_live(m->state))
            continue;
        gnt_fail(err, GANTRY_E_STATE, "container %.200s of the pod is %.40s", m->name,
                 m->state_text);
        return refused(id, err);
    }
    return 0;
}

/* The infra container, which is what the pod is known by, stays as long as a member does. */
static int pod_remove(void *state, const char *id, const gantry_pod_remove_options *opts,
                      gantry_error *err)
{
    struct act a = { .force = opts->force == GANTRY_ON };
    gantry_call shared;
    int rc = open_act(&a, state, gnt_call_share(&shared, opts->call), id, err);

    if (rc == 0)
        rc = check_removable(&a, id, err);
    if (rc < 0) {
        gnt_result_free(a.list);
        return rc;
    }
    do_each(&a, remove_one, MEMBERS | BACKWARD);
    if (a.failures.rc == 0)
        do_each(&a, remove_one, INFRA);
    return close_act(&a, err);
}

/* ---- options, table -------------------------------------------------------------------------- */

const struct gnt_out gnt_docker_pod_stop_options[] = {
    GNT_OUT_CODE(gantry_pod_stop_options, grace_ms),
    GNT_OUT_END,
};

const struct gnt_out gnt_docker_pod_kill_options[] = {
    GNT_OUT_CODE(gantry_pod_kill_options, signal),
    GNT_OUT_END,
};

const struct gnt_out gnt_docker_pod_remove_options[] = {
    GNT_OUT_CODE(gantry_pod_remove_options, force),
    GNT_OUT_CODE(gantry_pod_remove_options, missing_ok),
    GNT_OUT_END,
};

const gantry_pod_ops gnt_docker_pod_ops = {
    .size = sizeof gnt_docker_pod_ops,
    .create = gnt_docker_pod_create,
    .start = pod_start,
    .stop = pod_stop,
    .restart = pod_restart,
    .kill = pod_kill,
    .pause = pod_pause,
    .unpause = pod_unpause,
    .remove = pod_remove,
    .inspect = gnt_docker_pod_inspect,
    .exists = gnt_docker_pod_exists,
    .list = gnt_docker_pod_list,
};
