/*
 * The life of containers over libpod: start, stop, restart, kill, remove; each with what libpod
 * needs to be told to do the same as other engines.
 */
#include "podman_pod.h"

#include <string.h>

const struct gnt_out gnt_podman_stop_options[] = {
    GNT_OUT_CODE(gantry_container_stop_options, grace_ms), GNT_OUT_END
};

const struct gnt_out gnt_podman_kill_options[] = {
    GNT_OUT_STR(gantry_container_kill_options, signal, "signal"), GNT_OUT_END
};

#define O gantry_container_remove_options
const struct gnt_out gnt_podman_container_remove_options[] = {
    GNT_OUT_ON(O, force, "force"),
    GNT_OUT_ON(O, volumes, "volumes"), /* "v", as documented, is ignored */
    GNT_OUT_CODE(O, missing_ok), GNT_OUT_REFUSE(O, reserved), GNT_OUT_END
};
#undef O

int gnt_podman_start(void *state, const char *id, const gantry_container_start_options *opts,
                     gantry_error *err)
{
    struct podman *p = state;

    return gnt_rest_act(&p->rest, "POST", opts->call, GANTRY_RESOURCE_CONTAINER, id,
                        "/containers/%s/start", err);
}

/*
 * Stop and restart refuse paused containers, so those are unpaused first. Restart without `timeout`
 * kills at once, so the container's own is sent.
 */
static int stop_like(struct podman *p, const char *id, const gantry_container_stop_options *opts,
                     const gantry_call *call, const char *template_text, gantry_error *err)
{
    struct gnt_container_facts facts;
    struct gnt_req r;
    int64_t seconds = opts->grace_ms > 0 ? gnt_seconds_up(opts->grace_ms) : 0;
    int rc = gnt_rest_container_facts(&p->rest, call, id, &facts, err);

    if (rc == 0 && facts.state == GANTRY_CONTAINER_PAUSED)
        rc = gnt_rest_act(&p->rest, "POST", call, GANTRY_RESOURCE_CONTAINER, id,
                          "/containers/%s/unpause", err);
    if (rc < 0)
        return rc;
    if (opts->grace_ms == 0 && facts.stop_timeout_s > 0)
        seconds = facts.stop_timeout_s;
    if (seconds > INT32_MAX)
        seconds = INT32_MAX; /* more overflows in the engine, which then kills at once */
    gnt_req_init(&r, &p->rest, "POST", call, template_text, id);
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
    if (opts->grace_ms == GANTRY_NO_TIMEOUT) {
        seconds = INT32_MAX; /* libpod takes no negative time */
        r.flags |= GNT_REQ_OPEN_ENDED;
    }
    gnt_req_query_i64(&r, "timeout", seconds);
    r.extra_ms = seconds < INT64_MAX / 2000 ? seconds * 1000 : INT64_MAX / 2;
    return gnt_req_run(&r, NULL, err);
}

/*
 * A container that ends by itself while libpod is about to kill it makes both fail halfway; 0 if it
 * has
 * ended so.
 */
static int has_ended(struct podman *p, const char *id, const gantry_call *call, int rc,
                     const gantry_error *failure, gantry_error *err)
{
    struct gnt_container_facts facts;

    if (rc == GANTRY_E_STATE && gnt_rest_container_facts(&p->rest, call, id, &facts, NULL) == 0 &&
        facts.state == GANTRY_CONTAINER_EXITED)
        return 0;
    if (err != NULL)
        *err = *failure;
    return rc;
}

int gnt_podman_stop(void *state, const char *id, const gantry_container_stop_options *opts,
                    gantry_error *err)
{
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    gantry_error e = { 0 };
    int rc = stop_like(state, id, opts, call, "/containers/%s/stop", &e);

    return rc < 0 ? has_ended(state, id, call, rc, &e, err) : 0;
}

int gnt_podman_restart(void *state, const char *id, const gantry_container_stop_options *opts,
                       gantry_error *err)
{
    struct podman *p = state;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    gantry_error e = { 0 };
    int rc = stop_like(p, id, opts, call, "/containers/%s/restart", &e);

    if (rc == 0)
        return 0;
    /* Its pod's infra container does not run, which a start sees to. */
    if (strstr(e.message, "cannot get namespace path unless container") == NULL)
        rc = has_ended(p, id, call, rc, &e, err);
    else
        rc = 0;
    if (rc < 0)
        return rc;
    return gnt_rest_act(&p->rest, "POST", call, GANTRY_RESOURCE_CONTAINER, id,
                        "/containers/%s/start", err);
}

int gnt_podman_kill(void *state, const char *id, const gantry_container_kill_options *opts,
                    gantry_error *err)
{
    struct podman *p = state;
    struct gnt_req r;

    gnt_req_init(&r, &p->rest, "POST", opts->call, "/containers/%s/kill", id);
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
    gnt_req_query_object(&r, gnt_req_encode(&r, opts, gnt_podman_kill_options));
    if (opts->signal == NULL)
        gnt_req_query(&r, "signal", "SIGKILL");
    return gnt_req_run(&r, NULL, err);
}

static int remove_once(struct podman *p, const char *id,
                       const gantry_container_remove_options *opts, const gantry_call *call,
                       gantry_error *err)
{
    struct gnt_req r;

    gnt_req_init(&r, &p->rest, "DELETE", call, "/containers/%s", id);
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
    gnt_req_query_object(&r, gnt_req_encode(&r, opts, gnt_podman_container_remove_options));
    /* Force means kill; without this libpod would first ask and wait for the grace period. */
    if (opts->force == GANTRY_ON)
        gnt_req_query_i64(&r, "timeout", 0);
    return gnt_podman_run_reports(&r, "Err", err);
}

/* What is in the way of a forced removal for a moment only: a container that ends by itself while
 * libpod ends it ("could not be stopped"), and files that a copy whose source broke still unpacks
 * while they are removed ("directory not empty": the container is gone already then, and its
 * storage goes with the next try). */
int gnt_podman_passes(const gantry_error *failure)
{
    return strstr(failure->message, "could not be stopped") != NULL ||
           strstr(failure->message, "directory not empty") != NULL;
}

int gnt_podman_container_remove(void *state, const char *id,
                                const gantry_container_remove_options *opts, gantry_error *err)
{
    enum {
        TRIES = 6,
        STEP_MS = 20 /* doubled each time */
    };
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    gantry_error failure = { 0 };
    struct gnt_clock clock;
    int rc = remove_once(state, id, opts, call, &failure);

    gnt_clock_start(&clock, call, 0);
    for (int i = 1; i < TRIES && rc < 0 && opts->force == GANTRY_ON && gnt_podman_passes(&failure);
         i++) {
        rc = gnt_clock_pause(&clock, STEP_MS << (i - 1), err);
        if (rc < 0)
            return rc;
        rc = remove_once(state, id, opts, call, &failure);
        if (rc == GANTRY_E_NOT_FOUND)
            rc = 0;
    }
    if (rc < 0 && err != NULL)
        *err = failure;
    return rc;
}
