/* The life of pods, the public functions: check arguments, import options, dispatch. */
#include "pod.h"

#include "engine.h"
#include "error.h"
#include "names.h"

/* What start, pause and unpause have in common, and stop and restart. */
typedef int (*call_fn)(void *state, const char *id, const gantry_pod_call_options *opts,
                       gantry_error *err);
typedef int (*stop_fn)(void *state, const char *id, const gantry_pod_stop_options *opts,
                       gantry_error *err);

static int begin(gantry_pods *pods, const char *id, int feature, gantry_error *err)
{
    int rc = gnt_enter(gnt_engine_of_pods(pods), feature, err);

    return rc < 0 ? rc : gnt_check_name("id", id, err);
}

static int end(int rc, int feature, const char *id, gantry_error *err)
{
    return gnt_leave(rc, feature, GANTRY_RESOURCE_POD, id, err);
}

static int act(gantry_pods *pods, const char *id, call_fn fn, const gantry_pod_call_options *opts,
               gantry_error *err)
{
    gantry_pod_call_options o;
    int rc = GNT_IMPORT(gantry_pod_call_options, o, opts, err);

    return rc < 0 ? rc : fn(pods->engine->state, id, &o, err);
}

static int act_with_grace(gantry_pods *pods, const char *id, stop_fn fn,
                          const gantry_pod_stop_options *opts, gantry_error *err)
{
    gantry_pod_stop_options o;
    int rc = GNT_IMPORT(gantry_pod_stop_options, o, opts, err);

    if (rc == 0 && o.grace_ms < GANTRY_GRACE_NONE)
        rc = gnt_fail(err, GANTRY_E_INVALID, "grace_ms: must not be negative");
    return rc < 0 ? rc : fn(pods->engine->state, id, &o, err);
}

int gantry_pods_start(gantry_pods *pods, const char *id, const gantry_pod_call_options *opts,
                      gantry_error *err)
{
    int rc = begin(pods, id, GANTRY_FEATURE_PODS_START, err);

    if (rc == 0)
        rc = act(pods, id, pods->engine->backend->pods.start, opts, err);
    return end(rc, GANTRY_FEATURE_PODS_START, id, err);
}

int gantry_pods_stop(gantry_pods *pods, const char *id, const gantry_pod_stop_options *opts,
                     gantry_error *err)
{
    int rc = begin(pods, id, GANTRY_FEATURE_PODS_STOP, err);

    if (rc == 0)
        rc = act_with_grace(pods, id, pods->engine->backend->pods.stop, opts, err);
    return end(rc, GANTRY_FEATURE_PODS_STOP, id, err);
}

int gantry_pods_restart(gantry_pods *pods, const char *id, const gantry_pod_stop_options *opts,
                        gantry_error *err)
{
    int rc = begin(pods, id, GANTRY_FEATURE_PODS_RESTART, err);

    if (rc == 0)
        rc = act_with_grace(pods, id, pods->engine->backend->pods.restart, opts, err);
    return end(rc, GANTRY_FEATURE_PODS_RESTART, id, err);
}

int gantry_pods_kill(gantry_pods *pods, const char *id, const gantry_pod_kill_options *opts,
                     gantry_error *err)
{
    gantry_pod_kill_options o;
    int rc = begin(pods, id, GANTRY_FEATURE_PODS_KILL, err);

    if (rc == 0)
        rc = GNT_IMPORT(gantry_pod_kill_options, o, opts, err);
    if (rc == 0 && o.signal != NULL)
        rc = gnt_check_text("signal", o.signal, err);
    if (rc == 0)
        rc = pods->engine->backend->pods.kill(pods->engine->state, id, &o, err);
    return end(rc, GANTRY_FEATURE_PODS_KILL, id, err);
}

int gantry_pods_pause(gantry_pods *pods, const char *id, const gantry_pod_call_options *opts,
                      gantry_error *err)
{
    int rc = begin(pods, id, GANTRY_FEATURE_PODS_PAUSE, err);

    if (rc == 0)
        rc = act(pods, id, pods->engine->backend->pods.pause, opts, err);
    return end(rc, GANTRY_FEATURE_PODS_PAUSE, id, err);
}

int gantry_pods_unpause(gantry_pods *pods, const char *id, const gantry_pod_call_options *opts,
                        gantry_error *err)
{
    int rc = begin(pods, id, GANTRY_FEATURE_PODS_UNPAUSE, err);

    if (rc == 0)
        rc = act(pods, id, pods->engine->backend->pods.unpause, opts, err);
    return end(rc, GANTRY_FEATURE_PODS_UNPAUSE, id, err);
}

int gantry_pods_remove(gantry_pods *pods, const char *id, const gantry_pod_remove_options *opts,
                       gantry_error *err)
{
    gantry_pod_remove_options o;
    gantry_error failure = { 0 };
    int rc = begin(pods, id, GANTRY_FEATURE_PODS_REMOVE, &failure);

    if (rc == 0)
        rc = GNT_IMPORT(gantry_pod_remove_options, o, opts, &failure);
    if (rc == 0)
        rc = gnt_missing_ok(
            pods->engine->backend->pods.remove(pods->engine->state, id, &o, &failure), o.missing_ok,
            GANTRY_RESOURCE_POD, &failure);
    end(rc, GANTRY_FEATURE_PODS_REMOVE, id, &failure);
    if (rc < 0 && err != NULL)
        *err = failure;
    return rc;
}
