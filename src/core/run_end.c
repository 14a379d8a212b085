/*
 * The end of a run: its exit code and what else the engine tells of it, and what is done about a
 * container whose run failed.
 */
#include "run.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "error.h"

enum {
    GONE_STEP_MS = 5,      /* first pause while the engine removes the container; doubles ... */
    GONE_STEP_MAX_MS = 80, /* ... up to this */
    GONE_MS = 30000,       /* an engine that takes longer has lost it */
    SETTLE_MS = 2000,      /* an engine may tell of an end before its inspect does */
    WAIT_SLICE_MS = 50     /* for waits without a descriptor */
};

int gnt_run_call_is_over(int rc)
{
    return rc == GANTRY_E_CANCELLED || rc == GANTRY_E_TIMEOUT || rc == GANTRY_E_NOMEM;
}

int gnt_run_look(struct run *r, gantry_container **out, gantry_error *err)
{
    gantry_container_inspect_options o = { .size = sizeof o, .call = &r->call };
    gantry_error failure = { 0 };
    int rc = r->ops->inspect(r->e->state, r->result->id, &o, out, &failure);

    if (!gnt_run_call_is_over(rc))
        return 0;
    if (err != NULL)
        *err = failure;
    return rc;
}

/* ---- exit code ------------------------------------------------------------------------------- */

static int sleep_on_wait(struct run *r, gantry_error *err)
{
    int events = 0;
    struct pollfd fds[2] = { { gantry_wait_fd(r->wait, &events), 0, 0 },
                             { gantry_cancel_fd(r->call.cancel), POLLIN, 0 } };
    int ms = gnt_alarm_wait_ms(&r->alarm, gantry_wait_timeout_ms(r->wait));

    fds[0].events =
        (short)((events & GANTRY_POLL_IN ? POLLIN : 0) | (events & GANTRY_POLL_OUT ? POLLOUT : 0));
    if (fds[0].fd < 0)
        ms = ms < 0 || ms > WAIT_SLICE_MS ? WAIT_SLICE_MS : ms;
    if (poll(fds, 2, ms) < 0 && errno != EINTR)
        return gnt_fail_errno(err, GANTRY_E_IO, errno, "waiting failed");
    return 0;
}

/* Output may have ended long before the process: its time still runs. */
static int wait_for_end(struct run *r, gantry_error *err)
{
    gantry_exit_status status = { 0 };
    gantry_error failure = { 0 };
    int rc = GANTRY_E_AGAIN;

    while (rc == GANTRY_E_AGAIN) {
        rc = gnt_alarm_check(&r->alarm, &failure);
        gantry_wait_set_nonblocking(r->wait, r->alarm.at_ns != 0);
        if (rc == 0)
            rc = gantry_wait_result(r->wait, &status, &failure);
        if (rc == GANTRY_E_AGAIN && sleep_on_wait(r, &failure) < 0)
            rc = GANTRY_E_IO;
    }
    if (rc < 0) {
        if (err != NULL)
            *err = failure;
        return rc;
    }
    r->result->exit_code = status.exit_code;
    r->result->has_exit_code = status.has_exit_code;
    r->result->signal = status.signal;
    return 0;
}

/* ---- what else is known ---------------------------------------------------------------------- */

static int has_ended(const gantry_container *info)
{
    return info->finished_ns > 0 && info->finished_ns >= info->started_ns &&
           info->state != GANTRY_CONTAINER_RUNNING;
}

static void take_facts(struct run *r, const gantry_container *info)
{
    r->result->oom_killed = info->oom_killed;
    r->result->started_ns = info->started_ns;
    r->result->finished_ns = has_ended(info) ? info->finished_ns : 0;
}

/* Asked while the container is still there: one that removes itself may be gone, or answer with
 * errors of many kinds on its way out; then it is not known. */
static int ask_facts(struct run *r, gantry_error *err)
{
    struct gnt_clock clock;
    int settled = 0;
    int waited = 0;
    int step = GONE_STEP_MS;
    int rc = 0;

    gnt_clock_start(&clock, &r->call, 0);
    while (rc == 0 && !settled) {
        gantry_container *info = NULL;

        rc = gnt_run_look(r, &info, err);
        settled = info == NULL || has_ended(info) || waited >= SETTLE_MS;
        if (info != NULL && settled)
            take_facts(r, info);
        gantry_container_free(info);
        if (rc == 0 && !settled)
            rc = gnt_clock_pause(&clock, step, err);
        waited += step;
        step = step * 2 < GONE_STEP_MAX_MS ? step * 2 : GONE_STEP_MAX_MS;
    }
    return rc;
}

/* The engine removes an auto-remove container after its end; only then is the name free. */
static int wait_until_gone(struct run *r, const gantry_call *call, gantry_error *err)
{
    gantry_container_inspect_options o = { .size = sizeof o, .call = call };
    struct gnt_clock clock;
    int step = GONE_STEP_MS;
    int rc = 0;

    gnt_clock_start(&clock, call, GONE_MS);
    while (rc == 0) {
        gantry_container *info = NULL;
        gantry_error failure = { 0 };
        int gone = r->ops->inspect(r->e->state, r->result->id, &o, &info, &failure);

        gantry_container_free(info);
        if (gone == GANTRY_E_NOT_FOUND)
            return 0;
        if (gnt_run_call_is_over(gone)) {
            if (err != NULL)
                *err = failure;
            return gone;
        }
        rc = gnt_clock_pause(&clock, step, err);
        step = step * 2 < GONE_STEP_MAX_MS ? step * 2 : GONE_STEP_MAX_MS;
    }
    return rc;
}

int gnt_run_see_end(struct run *r, gantry_error *err)
{
    int rc = wait_for_end(r, err);

    if (rc == 0)
        rc = ask_facts(r, err);
    if (rc == 0 && r->container.auto_remove == GANTRY_ON)
        rc = wait_until_gone(r, &r->call, err);
    return rc;
}

/* ---- failures -------------------------------------------------------------------------------- */

/* Of a run that failed before its start: an error is not to be about a container that is gone. */
static void tell_unstarted(const struct run *r, int removed, gantry_error *err)
{
    if (!removed) {
        gnt_error_resource(err, GANTRY_RESOURCE_CONTAINER, r->result->id);
        gnt_error_suffix(err, "container %s could not be removed", r->result->id);
        gnt_error_outcome(err, GANTRY_OUTCOME_PARTIAL, GANTRY_RETRY_ASK);
    } else if (err != NULL && strcmp(err->resource, r->result->id) == 0) {
        gnt_error_resource(err, GANTRY_RESOURCE_CONTAINER, r->container.name);
    }
    if (err != NULL && err->outcome == GANTRY_OUTCOME_UNKNOWN) /* though the step only asked */
        err->retry = GANTRY_RETRY_ASK;
}

/* What became of its container: killed is what the kill said, zeroed if it went well. */
static const char *fate(const gantry_error *killed)
{
    if (killed->code == 0)
        return "was killed";
    if (killed->code == GANTRY_E_NOT_FOUND || gantry_error_is(killed, GANTRY_E_CONFLICT))
        return "has ended";
    if (killed->code == GANTRY_E_TIMEOUT && killed->outcome != GANTRY_OUTCOME_NOT_SENT)
        return "is being killed"; /* nobody waited for the answer */
    return "may still run";
}

/* Of one that failed later. */
static void tell_left(const struct run *r, const gantry_error *killed, int gone, gantry_error *err)
{
    const char *id = r->result->id;

    gnt_error_resource(err, GANTRY_RESOURCE_CONTAINER, id);
    gnt_error_outcome(err, GANTRY_OUTCOME_PARTIAL, GANTRY_RETRY_ASK);
    if (gone)
        gnt_error_suffix(err, "the container was killed and removed");
    else if (r->container.auto_remove == GANTRY_ON)
        gnt_error_suffix(err, "container %s %s and is being removed", id, fate(killed));
    else
        gnt_error_suffix(err, "container %s %s and is still there", id, fate(killed));
}

static void close_both(struct run *r)
{
    gantry_stream_close(r->stream);
    gantry_wait_close(r->wait);
    r->stream = NULL;
    r->wait = NULL;
}

/*
 * Killed first: to an engine the end of the connection is the end of the input, and a process must
 * not take half of it for the whole. A caller whose time is over is not kept waiting: the request
 * is sent, and the engine acts on it without somebody to answer to.
 */
void gnt_run_take_back(struct run *r, int rc, gantry_error *err)
{
    int hurry = rc == GANTRY_E_CANCELLED || rc == GANTRY_E_TIMEOUT;
    gantry_call call;
    gantry_container_kill_options kill = { .size = sizeof kill, .call = &call };
    gantry_container_remove_options remove = {
        .size = sizeof remove, .call = &call, .force = GANTRY_ON, .volumes = GANTRY_ON
    };
    gantry_error killed = { 0 };
    int gone = 0;

    gnt_call_cleanup(&call, rc);
    if (r->result->id[0] == '\0' || !r->started) {
        close_both(r);
        if (r->result->id[0] == '\0')
            return;
        rc = r->ops->remove(r->e->state, r->result->id, &remove, NULL);
        tell_unstarted(r, rc == 0 || rc == GANTRY_E_NOT_FOUND, err);
        return;
    }
    r->ops->kill(r->e->state, r->result->id, &kill, &killed);
    close_both(r);
    if (r->container.auto_remove == GANTRY_ON && !hurry)
        gone = wait_until_gone(r, &call, NULL) == 0;
    tell_left(r, &killed, gone, err);
}
