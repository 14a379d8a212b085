/*
 * The life of pods over libpod. Where its own calls on a pod do something else than what is asked
 * (its stop leaves one alone of which not all runs, and knows no "at once"; its restart no grace
 * period), the containers are acted on one by one.
 */
#include "podman_pod.h"

#include "rest_life.h"

#include <string.h>

#define O gantry_pod_stop_options
const struct gnt_out gnt_podman_pod_stop_options[] = { GNT_OUT_CODE(O, grace_ms), GNT_OUT_END };
#undef O

#define O gantry_pod_kill_options
const struct gnt_out gnt_podman_pod_kill_options[] = { GNT_OUT_STR(O, signal, "signal"),
                                                       GNT_OUT_END };
#undef O

#define O gantry_pod_remove_options
const struct gnt_out gnt_podman_pod_remove_options[] = { GNT_OUT_ON(O, force, "force"),
                                                         GNT_OUT_CODE(O, missing_ok), GNT_OUT_END };
#undef O

static void begin(struct gnt_req *r, struct podman *p, const char *method, const gantry_call *call,
                  const char *template_text, const char *id)
{
    gnt_req_init(r, &p->rest, method, call, template_text, id);
    gnt_req_about(r, GANTRY_RESOURCE_POD, id);
}

static int has_state(const gantry_pod *pod, int state)
{
    size_t i = 0;

    while (i < pod->member_count && pod->members[i]->state != state)
        i++;
    return i < pod->member_count;
}

int gnt_podman_pod_start(void *state, const char *id, const gantry_pod_call_options *opts,
                         gantry_error *err)
{
    struct podman *p = state;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    struct gnt_req r;

    begin(&r, p, "POST", call, "/pods/%s/start", id);
    return gnt_podman_pod_act(p, &r, call, id, 0, err);
}

/* ---- stop, restart --------------------------------------------------------------------------- */

/* The longest grace period that a member has of its own, and all of them one after the other. */
static int own_grace(struct podman *p, const gantry_pod *pod, const gantry_call *call,
                     int64_t *out_most, int64_t *out_sum, gantry_error *err)
{
    *out_most = 0;
    *out_sum = 0;
    for (size_t i = 0; i < pod->member_count; i++) {
        struct gnt_container_facts facts = { 0 };
        gantry_error failure = { 0 };
        int rc;

        if (pod->members[i]->state != GANTRY_CONTAINER_RUNNING)
            continue;
        rc = gnt_rest_container_facts(&p->rest, call, pod->members[i]->id, &facts, &failure);
        if (rc < 0 && rc != GANTRY_E_NOT_FOUND) {
            if (err != NULL)
                *err = failure;
            return rc;
        }
        if (facts.stop_timeout_s > *out_most)
            *out_most = facts.stop_timeout_s;
        *out_sum += facts.stop_timeout_s < INT32_MAX ? facts.stop_timeout_s : INT32_MAX;
    }
    return 0;
}

/* libpod stops all at a time. Its "t" of 0 is none. */
static int stop_whole(struct podman *p, const gantry_pod *pod, int64_t grace_ms,
                      const gantry_call *call, gantry_error *err)
{
    int64_t seconds = grace_ms > 0 ? gnt_seconds_up(grace_ms) : 0;
    int64_t sum = 0;
    int64_t wait = seconds;
    struct gnt_req r;
    int rc = grace_ms == 0 ? own_grace(p, pod, call, &wait, &sum, err) : 0;

    if (rc < 0)
        return rc;
    begin(&r, p, "POST", call, "/pods/%s/stop", pod->id);
    if (grace_ms == GANTRY_NO_TIMEOUT) {
        seconds = INT32_MAX;
        r.flags |= GNT_REQ_OPEN_ENDED;
    }
    if (seconds > 0)
        gnt_req_query_i64(&r, "t", seconds < INT32_MAX ? seconds : INT32_MAX);
    r.extra_ms = wait < INT64_MAX / 2000 ? wait * 1000 : INT64_MAX / 2;
    return gnt_podman_pod_act(p, &r, call, pod->id, 1, err);
}

static int stop_member(struct podman *p, const gantry_pod_member *m, int64_t grace_ms,
                       const gantry_call *call, struct gnt_pod_failures *failures,
                       gantry_error *err)
{
    gantry_container_stop_options o = { .size = sizeof o, .call = call, .grace_ms = grace_ms };
    gantry_error failure = { 0 };
    int rc = gnt_podman_stop(p, m->id, &o, &failure);

    if (rc == 0 || rc == GANTRY_E_NOT_FOUND)
        return 0;
    if (rc == GANTRY_E_CANCELLED || rc == GANTRY_E_TIMEOUT || rc == GANTRY_E_UNAVAILABLE) {
        if (err != NULL)
            *err = failure;
        return rc;
    }
    gnt_pod_failed(failures, m->name, rc, &failure);
    return 0;
}

/* The infra container last. */
static int stop_each(struct podman *p, const gantry_pod *pod, int64_t grace_ms,
                     const gantry_call *call, gantry_error *err)
{
    struct gnt_pod_failures failures = { 0 };
    int rc = 0;

    for (int infra = 0; infra <= 1; infra++) {
        for (size_t i = 0; rc == 0 && i < pod->member_count; i++) {
            const gantry_pod_member *m = pod->members[i];

            if (m->infra == infra &&
                (m->state == GANTRY_CONTAINER_RUNNING || m->state == GANTRY_CONTAINER_PAUSED))
                rc = stop_member(p, m, grace_ms, call, &failures, err);
        }
    }
    return rc < 0 ? rc : gnt_pod_settle(&failures, err);
}

static int stop(struct podman *p, const gantry_pod *pod, int64_t grace_ms, const gantry_call *call,
                gantry_error *err)
{
    if (pod->state == GANTRY_POD_RUNNING && grace_ms != GANTRY_GRACE_NONE)
        return stop_whole(p, pod, grace_ms, call, err);
    return stop_each(p, pod, grace_ms, call, err);
}

int gnt_podman_pod_stop(void *state, const char *id, const gantry_pod_stop_options *opts,
                        gantry_error *err)
{
    struct podman *p = state;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    gantry_pod *pod = NULL;
    int rc = gnt_podman_pod_look(p, call, id, &pod, err);

    if (rc == 0)
        rc = stop(p, pod, opts->grace_ms, call, err);
    gantry_pod_free(pod);
    return rc;
}

/* With the containers' own grace periods, one after the other. */
static int restart_whole(struct podman *p, const gantry_pod *pod, const gantry_call *call,
                         gantry_error *err)
{
    int64_t most = 0;
    int64_t sum = 0;
    struct gnt_req r;
    int rc = own_grace(p, pod, call, &most, &sum, err);

    if (rc < 0)
        return rc;
    begin(&r, p, "POST", call, "/pods/%s/restart", pod->id);
    r.extra_ms = sum < INT64_MAX / 2000 ? sum * 1000 : INT64_MAX / 2;
    return gnt_podman_pod_act(p, &r, call, pod->id, 0, err);
}

int gnt_podman_pod_restart(void *state, const char *id, const gantry_pod_stop_options *opts,
                           gantry_error *err)
{
    struct podman *p = state;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    const gantry_pod_call_options start = { .size = sizeof start, .call = call };
    gantry_pod *pod = NULL;
    int rc = gnt_podman_pod_look(p, call, id, &pod, err);

    if (rc == 0 && opts->grace_ms == 0 && !has_state(pod, GANTRY_CONTAINER_PAUSED)) {
        rc = restart_whole(p, pod, call, err);
    } else if (rc == 0) {
        rc = stop(p, pod, opts->grace_ms, call, err);
        if (rc == 0)
            rc = gnt_podman_pod_start(p, pod->id, &start, err);
    }
    gantry_pod_free(pod);
    return rc;
}

/* ---- kill, pause ----------------------------------------------------------------------------- */

int gnt_podman_pod_kill(void *state, const char *id, const gantry_pod_kill_options *opts,
                        gantry_error *err)
{
    struct podman *p = state;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    struct gnt_req r;

    begin(&r, p, "POST", call, "/pods/%s/kill", id);
    gnt_req_query_object(&r, gnt_req_encode(&r, opts, gnt_podman_pod_kill_options));
    if (opts->signal == NULL)
        gnt_req_query(&r, "signal", "SIGKILL");
    return gnt_podman_pod_act(p, &r, call, id, opts->signal == NULL, err);
}

/* libpod pauses what runs and is content if that is nothing. */
static int pause(struct podman *p, const char *id, const char *template_text,
                 const gantry_call *given, gantry_error *err)
{
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, given);
    gantry_pod *pod = NULL;
    struct gnt_req r;
    int rc = gnt_podman_pod_look(p, call, id, &pod, err);

    if (rc == 0 && !has_state(pod, GANTRY_CONTAINER_RUNNING) &&
        !has_state(pod, GANTRY_CONTAINER_PAUSED)) {
        rc = gnt_fail(err, GANTRY_E_STATE, "no container of the pod runs");
        gnt_error_resource(err, GANTRY_RESOURCE_POD, id);
    }
    if (rc == 0) {
        begin(&r, p, "POST", call, template_text, pod->id);
        rc = gnt_podman_pod_act(p, &r, call, pod->id, 1, err);
    }
    gantry_pod_free(pod);
    return rc;
}

int gnt_podman_pod_pause(void *state, const char *id, const gantry_pod_call_options *opts,
                         gantry_error *err)
{
    return pause(state, id, "/pods/%s/pause", opts->call, err);
}

int gnt_podman_pod_unpause(void *state, const char *id, const gantry_pod_call_options *opts,
                           gantry_error *err)
{
    return pause(state, id, "/pods/%s/unpause", opts->call, err);
}

/* ---- remove ---------------------------------------------------------------------------------- */

/* libpod would remove what does not run before it comes upon what does. */
static int check_still(const gantry_pod *pod, gantry_error *err)
{
    for (size_t i = 0; i < pod->member_count; i++) {
        const gantry_pod_member *m = pod->members[i];

        if (m->state == GANTRY_CONTAINER_CREATED || m->state == GANTRY_CONTAINER_EXITED ||
            m->state == GANTRY_CONTAINER_DEAD)
            continue;
        gnt_fail(err, GANTRY_E_STATE, "container %s of the pod is %s", m->name, m->state_text);
        gnt_error_resource(err, GANTRY_RESOURCE_POD, pod->name);
        return GANTRY_E_STATE;
    }
    return 0;
}

static int check_report(void *arg, struct gnt_json *v, gantry_error *err)
{
    const struct gnt_req *r = arg;
    const char *text = gnt_json_text(gnt_json_get(v, "Err"));

    if (text == NULL || *text == '\0')
        return 0;
    return gnt_rest_error(r->rest, 0, text, NULL, r->resource_kind, r->resource, err);
}

static int remove_once(struct podman *p, const char *id, const gantry_pod_remove_options *opts,
                       const gantry_call *call, gantry_error *err)
{
    struct gnt_req r;

    begin(&r, p, "DELETE", call, "/pods/%s", id);
    gnt_req_query_object(&r, gnt_req_encode(&r, opts, gnt_podman_pod_remove_options));
    /* Force means kill; without this libpod would first ask and wait for the grace period. */
    if (opts->force == GANTRY_ON)
        gnt_req_query_i64(&r, "timeout", 0);
    return gnt_req_each(&r, GNT_JSON_DOCUMENT, check_report, &r, NULL, err);
}

/* What a failure has left. 0: nothing is, after all. */
static int look_after(struct podman *p, const gantry_pod *before, const gantry_call *call, int rc,
                      gantry_error *err)
{
    gantry_pod *pod = NULL;
    int looked = gnt_podman_pod_look(p, call, before->id, &pod, NULL);

    if (looked == GANTRY_E_NOT_FOUND)
        return 0;
    if (looked == 0 && pod->member_count < before->member_count) {
        gnt_error_suffix(err, "some of its containers were removed");
        gnt_error_outcome(err, GANTRY_OUTCOME_PARTIAL, GANTRY_RETRY_ASK);
    }
    gantry_pod_free(pod);
    return rc;
}

int gnt_podman_pod_remove(void *state, const char *id, const gantry_pod_remove_options *opts,
                          gantry_error *err)
{
    enum {
        TRIES = 6,
        STEP_MS = 20 /* doubled each time */
    };
    struct podman *p = state;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    gantry_error failure = { 0 };
    gantry_pod *pod = NULL;
    struct gnt_clock clock;
    int rc = gnt_podman_pod_look(p, call, id, &pod, &failure);

    gnt_clock_start(&clock, call, 0);
    if (rc == 0 && opts->force != GANTRY_ON)
        rc = check_still(pod, &failure);
    if (rc == 0) {
        rc = remove_once(p, pod->id, opts, call, &failure);
        for (int i = 1;
             i < TRIES && rc < 0 && opts->force == GANTRY_ON && gnt_podman_passes(&failure) &&
             gnt_clock_pause(&clock, STEP_MS << (i - 1), NULL) == 0;
             i++)
            rc = remove_once(p, pod->id, opts, call, &failure);
        /* Only what libpod said is worth a look: a broken connection leaves it unknown. */
        if (rc <= GANTRY_E_ENGINE)
            rc = look_after(p, pod, call, rc, &failure);
    }
    gantry_pod_free(pod);
    if (rc < 0 && err != NULL)
        *err = failure;
    return rc;
}
