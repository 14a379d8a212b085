/*
 * Containers, the public functions: check arguments, import options, dispatch. exec and run, which
 * are composed of several operations, are in exec.c and run.c; what create is given is taken in by
 * spec.c.
 */
#include <gantry/container.h>

#include <string.h>

#include "container.h"
#include "engine.h"
#include "error.h"
#include "names.h"
#include "stream.h"

gantry_engine *gnt_engine_of_containers(const gantry_containers *containers)
{
    return containers != NULL ? containers->engine : NULL;
}

/* ---- create ---------------------------------------------------------------------------------- */

/* Pull, if that was asked for, and create share one deadline. */
static int create(gantry_engine *e, const char *image, gantry_container_options *o,
                  gantry_created **out, gantry_error *err)
{
    gantry_call shared;
    int rc;

    o->call = gnt_call_share(&shared, o->call);
    rc = gnt_container_pull(e, image, o, o->call, err);
    return rc < 0 ? rc : e->backend->containers.create(e->state, image, o, out, err);
}

int gantry_containers_create(gantry_containers *containers, const char *image,
                             const gantry_container_options *opts, gantry_created **out,
                             gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_container_options o = { 0 };
    gantry_created *created = NULL;
    struct gnt_arena arena = { 0 };
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_CREATE, err);

    if (rc == 0)
        rc = gnt_reference_check("image", image, err);
    if (rc == 0) {
        gnt_arena_init(&arena, &e->host.mem);
        rc = gnt_container_options_import(&arena, opts, &o, err);
    }
    if (rc == 0)
        rc = create(e, image, &o, &created, err);
    if (rc == 0 && out != NULL)
        *out = created;
    else
        gantry_created_free(created);
    gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_CREATE, GANTRY_RESOURCE_CONTAINER, o.name, err);
    gnt_arena_free(&arena);
    return rc;
}

/* ---- life ------------------------------------------------------------------------------------ */

int gantry_containers_start(gantry_containers *containers, const char *id,
                            const gantry_container_start_options *opts, gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_container_start_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_START, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_container_start_options, o, opts, err);
    if (rc == 0)
        rc = e->backend->containers.start(e->state, id, &o, err);
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_START, GANTRY_RESOURCE_CONTAINER, id, err);
}

static int check_grace(const gantry_container_stop_options *o, gantry_error *err)
{
    if (o->grace_ms < GANTRY_GRACE_NONE)
        return gnt_fail(err, GANTRY_E_INVALID, "grace_ms: must not be negative");
    return 0;
}

int gantry_containers_stop(gantry_containers *containers, const char *id,
                           const gantry_container_stop_options *opts, gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_container_stop_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_STOP, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_container_stop_options, o, opts, err);
    if (rc == 0)
        rc = check_grace(&o, err);
    if (rc == 0)
        rc = e->backend->containers.stop(e->state, id, &o, err);
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_STOP, GANTRY_RESOURCE_CONTAINER, id, err);
}

int gantry_containers_restart(gantry_containers *containers, const char *id,
                              const gantry_container_stop_options *opts, gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_container_stop_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_RESTART, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_container_stop_options, o, opts, err);
    if (rc == 0)
        rc = check_grace(&o, err);
    if (rc == 0)
        rc = e->backend->containers.restart(e->state, id, &o, err);
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_RESTART, GANTRY_RESOURCE_CONTAINER, id, err);
}

int gantry_containers_kill(gantry_containers *containers, const char *id,
                           const gantry_container_kill_options *opts, gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_container_kill_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_KILL, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_container_kill_options, o, opts, err);
    if (rc == 0 && o.signal != NULL)
        rc = gnt_check_name("signal", o.signal, err);
    if (rc == 0)
        rc = e->backend->containers.kill(e->state, id, &o, err);
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_KILL, GANTRY_RESOURCE_CONTAINER, id, err);
}

int gantry_containers_remove(gantry_containers *containers, const char *id,
                             const gantry_container_remove_options *opts, gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_container_remove_options o;
    gantry_error failure = { 0 };
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_REMOVE, &failure);

    if (rc == 0)
        rc = gnt_check_name("id", id, &failure);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_container_remove_options, o, opts, &failure);
    if (rc == 0)
        rc = gnt_missing_ok(e->backend->containers.remove(e->state, id, &o, &failure), o.missing_ok,
                            GANTRY_RESOURCE_CONTAINER, &failure);
    gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_REMOVE, GANTRY_RESOURCE_CONTAINER, id, &failure);
    if (rc < 0 && err != NULL)
        *err = failure;
    return rc;
}

/* ---- list, inspect --------------------------------------------------------------------------- */

int gantry_containers_list(gantry_containers *containers, const gantry_container_list_options *opts,
                           gantry_container_list **out, gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_container_list_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_LIST, err);

    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_container_list_options, o, opts, err);
    if (rc == 0)
        rc = gnt_list_options_check(&o, err);
    if (rc == 0)
        rc = e->backend->containers.list(e->state, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_LIST, GANTRY_RESOURCE_CONTAINER, NULL, err);
}

int gantry_containers_inspect(gantry_containers *containers, const char *id,
                              const gantry_container_inspect_options *opts, gantry_container **out,
                              gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_container_inspect_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_INSPECT, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_container_inspect_options, o, opts, err);
    if (rc == 0)
        rc = e->backend->containers.inspect(e->state, id, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_INSPECT, GANTRY_RESOURCE_CONTAINER, id, err);
}

/* ---- wait ------------------------------------------------------------------------------------ */

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
        rc = GNT_IMPORT(gantry_wait_options, o, opts, err);
    if (rc == 0 && (o.condition < GANTRY_WAIT_NOT_RUNNING || o.condition > GANTRY_WAIT_REMOVED))
        rc = gnt_fail(err, GANTRY_E_INVALID, "condition: %d is none of GANTRY_WAIT_", o.condition);
    if (rc == 0)
        rc = e->backend->containers.wait(e->state, id, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_WAIT, GANTRY_RESOURCE_CONTAINER, id, err);
}

int gantry_containers_wait(gantry_containers *containers, const char *id,
                           const gantry_wait_options *opts, gantry_exit_status *out,
                           gantry_error *err)
{
    gantry_wait *wait = NULL;
    gantry_exit_status status;
    int rc = gantry_containers_wait_open(containers, id, opts, &wait, err);

    if (rc < 0)
        return rc;
    rc = gantry_wait_result(wait, &status, err);
    gantry_wait_close(wait);
    if (rc == 0 && out != NULL)
        *out = status;
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_WAIT, GANTRY_RESOURCE_CONTAINER, id, err);
}

/* ---- logs, attach ---------------------------------------------------------------------------- */

int gantry_containers_logs_open(gantry_containers *containers, const char *id,
                                const gantry_logs_options *opts, gantry_stream **out,
                                gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_logs_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_LOGS, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_logs_options, o, opts, err);
    if (rc == 0 && (o.tail < -1 || o.since_ns < 0 || o.until_ns < 0))
        rc = gnt_fail(err, GANTRY_E_INVALID, "%s: must not be negative",
                      o.tail < -1      ? "tail"
                      : o.since_ns < 0 ? "since_ns"
                                       : "until_ns");
    if (rc == 0 && o.out == GANTRY_OFF && o.err == GANTRY_OFF)
        rc = gnt_fail(err, GANTRY_E_INVALID, "out, err: one of them is needed");
    if (rc == 0)
        rc = e->backend->containers.logs(e->state, id, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_LOGS, GANTRY_RESOURCE_CONTAINER, id, err);
}

int gantry_containers_logs(gantry_containers *containers, const char *id,
                           const gantry_logs_options *opts, gantry_output **out, gantry_error *err)
{
    gantry_stream *stream = NULL;
    int rc = gnt_enter(gnt_engine_of_containers(containers), GANTRY_FEATURE_CONTAINERS_LOGS, err);

    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = gantry_containers_logs_open(containers, id, opts, &stream, err);
    if (rc == 0)
        rc = gantry_stream_capture(stream, 0, out, err);
    gantry_stream_close(stream);
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_LOGS, GANTRY_RESOURCE_CONTAINER, id, err);
}

int gantry_containers_attach_open(gantry_containers *containers, const char *id,
                                  const gantry_attach_options *opts, gantry_stream **out,
                                  gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_attach_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_ATTACH, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_attach_options, o, opts, err);
    if (rc == 0 && o.in != GANTRY_ON && o.out == GANTRY_OFF && o.err == GANTRY_OFF)
        rc = gnt_fail(err, GANTRY_E_INVALID, "in, out, err: one of them is needed");
    if (rc == 0)
        rc = e->backend->containers.attach(e->state, id, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_ATTACH, GANTRY_RESOURCE_CONTAINER, id, err);
}
