/*
 * The end of a container that runs longer than it may: asked by its own stop signal, killed after
 * its own grace period. Not by the engine's stop, which keeps its caller waiting all that time, and
 * nobody would take the output meanwhile.
 */
#include "run.h"

#include "error.h"

#include <string.h>

enum {
    GRACE_MS = 10000, /* of both engines, for containers without one of their own */
    AGAIN_MS = 1000   /* until it is looked again after one that cannot be killed now */
};

enum {
    NOT_ASKED,
    ASKED
};

/* How it wants to be stopped. One that is frozen would not hear of it. */
static int learn(struct run *r, char *signal, size_t capacity, int64_t *grace_ms, gantry_error *err)
{
    gantry_container_pause_options o = { .size = sizeof o, .call = &r->call };
    const char *name = r->container.stop_signal;
    gantry_container *info = NULL;
    int rc = gnt_run_look(r, &info, err);

    if (rc < 0)
        return rc;
    *grace_ms = r->container.stop_timeout_ms;
    if (*grace_ms <= 0 && info != NULL)
        *grace_ms = info->stop_timeout_ms;
    if (*grace_ms <= 0)
        *grace_ms = GRACE_MS;
    if (name == NULL && info != NULL && info->stop_signal[0] != '\0')
        name = info->stop_signal;
    if (name == NULL)
        name = "SIGTERM";
    gnt_text_copy(signal, capacity, name, strlen(name), 0, 0);
    if (info != NULL && info->state == GANTRY_CONTAINER_PAUSED && r->ops->unpause != NULL)
        (void)r->ops->unpause(r->e->state, r->result->id, &o, NULL); /* the kill tells */
    gantry_container_free(info);
    return 0;
}

/*
 * Send a signal. One that ends by itself at this moment is no failure, and its end comes; should it
 * not (as of one that is just being stopped by somebody else), it is tried again.
 */
static int send_signal(struct run *r, const char *signal, int *out_sent, gantry_error *err)
{
    gantry_container_kill_options o = { .size = sizeof o, .call = &r->call, .signal = signal };
    gantry_error failure = { 0 };
    int rc = r->ops->kill(r->e->state, r->result->id, &o, &failure);

    *out_sent = rc == 0;
    if (rc == 0 || rc == GANTRY_E_NOT_FOUND || gantry_error_is(&failure, GANTRY_E_CONFLICT))
        return 0;
    if (err != NULL)
        *err = failure;
    return rc;
}

static int stop(void *arg, int64_t *at_ns, gantry_error *err)
{
    struct run *r = arg;
    int64_t next_ms = 0;
    char signal[64];
    int sent = 0;
    int rc;

    if (r->stop_stage == NOT_ASKED) {
        rc = learn(r, signal, sizeof signal, &next_ms, err);
        if (rc == 0)
            rc = send_signal(r, signal, &sent, err);
    } else {
        rc = send_signal(r, NULL, &sent, err);
    }
    if (sent) {
        r->result->timed_out = 1;
        r->stop_stage = ASKED;
    } else {
        next_ms = AGAIN_MS;
    }
    *at_ns = next_ms > 0 ? gantry_clock_ns() + next_ms * 1000000 : 0;
    return rc;
}

void gnt_run_set_alarm(struct run *r)
{
    r->alarm.ring = stop;
    r->alarm.arg = r;
    if (r->options.stop_after_ms > 0)
        r->alarm.at_ns = gantry_clock_ns() + r->options.stop_after_ms * 1000000;
}
