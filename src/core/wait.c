/*
 * Waits for containers, the public functions. The engine's own conditions are a backend's slot;
 * that a container runs or is healthy is found out by asking again and again.
 */
#include <gantry/wait.h>

#include <inttypes.h>
#include <string.h>

#include "container.h"
#include "engine.h"
#include "error.h"
#include "names.h"

enum {
    STEP_MS = 20,      /* first pause between two questions; grows by half ... */
    STEP_MAX_MS = 1000 /* ... up to this */
};

/* ---- asking ---------------------------------------------------------------------------------- */

struct asking {
    gantry_engine *e;
    const char *id;
    const gantry_call *call;
    int condition;
    int fulfilled;
    char reason[128]; /* why it was not, at the last question */
};

static int has_ended(const gantry_container *info)
{
    return info->state == GANTRY_CONTAINER_EXITED || info->state == GANTRY_CONTAINER_DEAD ||
           info->state == GANTRY_CONTAINER_REMOVING;
}

static int tell_ended(const gantry_container *info, gantry_error *err)
{
    if (info->has_exit_code)
        return gnt_fail(err, GANTRY_E_STATE, "it has ended with exit code %" PRId64,
                        info->exit_code);
    return gnt_fail(err, GANTRY_E_STATE, "it has ended");
}

static void note(struct asking *a, const char *what, const char *word)
{
    const char *const parts[] = { what, word };
    size_t used = 0;

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        gnt_text_copy(a->reason + used, sizeof a->reason - used, parts[i], strlen(parts[i]), 0, 0);
        used = strlen(a->reason);
    }
}

/* One look: fulfilled, not yet (with a reason), or a failure that time does not heal. */
static int judge(struct asking *a, const gantry_container *info, gantry_error *err)
{
    a->fulfilled = a->condition == GANTRY_WAIT_RUNNING ? info->state == GANTRY_CONTAINER_RUNNING
                                                       : info->health == GANTRY_HEALTH_HEALTHY;
    if (has_ended(info)) /* whatever its health was */
        return tell_ended(info, err);
    if (a->condition == GANTRY_WAIT_RUNNING) {
        note(a, "it is ", info->state_text);
        return 0;
    }
    if (info->health == GANTRY_HEALTH_NONE)
        return gnt_fail(err, GANTRY_E_INVALID, "condition: it has no health check");
    note(a, "its health check says ", info->health_text);
    return 0;
}

static int look(struct asking *a, gantry_error *err)
{
    gantry_container_inspect_options o = { .size = sizeof o, .call = a->call };
    gantry_container *info = NULL;
    int rc = a->e->backend->containers.inspect(a->e->state, a->id, &o, &info, err);

    if (rc == 0)
        rc = judge(a, info, err);
    gantry_container_free(info);
    return rc;
}

/*
 * Where the backend has a slot for it the engine may have nobody who runs the checks. A check that
 * cannot be run yet, as of a container that is not started, is no failure of the wait.
 */
static int drive(struct asking *a, gantry_error *err)
{
    gantry_health_check_options o = { .size = sizeof o, .call = a->call };
    gantry_health_result *found = NULL; /* the next look tells the same */
    gantry_error failure = { 0 };
    int rc;

    if (a->condition != GANTRY_WAIT_HEALTHY || a->e->backend->containers.check_health == NULL)
        return 0;
    rc = a->e->backend->containers.check_health(a->e->state, a->id, &o, &found, &failure);
    gantry_health_result_free(found);
    if (rc == 0 || gantry_error_is(&failure, GANTRY_E_CONFLICT))
        return 0;
    if (err != NULL)
        *err = failure;
    return rc;
}

static int ask_until(struct asking *a, gantry_error *err)
{
    struct gnt_clock clock;
    gantry_error failure = { 0 };
    int step = STEP_MS;
    int rc = 0;

    gnt_clock_start(&clock, a->call, 0);
    rc = look(a, &failure);
    while (rc == 0 && !a->fulfilled) {
        rc = drive(a, &failure);
        if (rc == 0)
            rc = look(a, &failure);
        if (rc == 0 && !a->fulfilled)
            rc = gnt_clock_pause(&clock, step, &failure);
        step = step + step / 2 < STEP_MAX_MS ? step + step / 2 : STEP_MAX_MS;
    }
    if (rc == GANTRY_E_TIMEOUT && a->reason[0] != '\0')
        gnt_error_suffix(&failure, "%s", a->reason);
    if (rc < 0 && err != NULL)
        *err = failure;
    return rc;
}

/* ---- public ---------------------------------------------------------------------------------- */

static int import(const gantry_wait_options *opts, gantry_wait_options *o, gantry_error *err)
{
    int rc = GNT_IMPORT(gantry_wait_options, *o, opts, err);

    if (rc == 0 && (o->condition < GANTRY_WAIT_NOT_RUNNING || o->condition > GANTRY_WAIT_HEALTHY))
        rc = gnt_fail(err, GANTRY_E_INVALID, "condition: %d is none of GANTRY_WAIT_", o->condition);
    if (rc == 0 && o->engine_condition != NULL && o->condition != GANTRY_WAIT_NOT_RUNNING)
        rc = gnt_fail(err, GANTRY_E_INVALID, "condition, engine_condition: set one of them");
    if (rc == 0 && o->engine_condition != NULL)
        rc = gnt_check_name("engine_condition", o->engine_condition, err);
    return rc;
}

int gantry_containers_wait_open(gantry_containers *containers, const char *id,
                                const gantry_wait_options *opts, gantry_wait **out,
                                gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_wait_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_WAIT, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = import(opts, &o, err);
    if (rc == 0 && o.condition > GANTRY_WAIT_REMOVED)
        rc = gnt_fail(err, GANTRY_E_INVALID,
                      "condition: RUNNING and HEALTHY are for gantry_containers_wait");
    if (rc == 0)
        rc = e->backend->containers.wait(e->state, id, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_WAIT, GANTRY_RESOURCE_CONTAINER, id, err);
}

static int wait_for_engine(gantry_engine *e, const char *id, const gantry_wait_options *o,
                           gantry_exit_status *status, gantry_error *err)
{
    gantry_wait *wait = NULL;
    int rc = e->backend->containers.wait(e->state, id, o, &wait, err);

    if (rc == 0)
        rc = gantry_wait_result(wait, status, err);
    gantry_wait_close(wait);
    return rc;
}

int gantry_containers_wait(gantry_containers *containers, const char *id,
                           const gantry_wait_options *opts, gantry_exit_status *out,
                           gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_exit_status status = { 0 };
    gantry_wait_options o = { 0 };
    gantry_call shared;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_WAIT, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = import(opts, &o, err);
    if (rc == 0 && o.condition > GANTRY_WAIT_REMOVED) {
        struct asking asking = { .e = e, .id = id, .condition = o.condition };

        asking.call = gnt_call_share(&shared, o.call);
        rc = ask_until(&asking, err);
    } else if (rc == 0) {
        rc = wait_for_engine(e, id, &o, &status, err);
    }
    if (rc == 0 && out != NULL)
        *out = status;
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_WAIT, GANTRY_RESOURCE_CONTAINER, id, err);
}
