/*
 * Containers, the public functions: check arguments, import options, dispatch. exec and run, which
 * are composed of several operations, are in exec.c and run.c.
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

static int check_mount(const gantry_mount *m, gantry_error *err)
{
    if (m->type < GANTRY_MOUNT_BIND || m->type > GANTRY_MOUNT_TMPFS)
        return gnt_fail(err, GANTRY_E_INVALID, "mounts: type %d is none of GANTRY_MOUNT_", m->type);
    if (m->target == NULL || m->target[0] != '/')
        return gnt_fail(err, GANTRY_E_INVALID, "mounts: target must be an absolute path");
    if (m->type == GANTRY_MOUNT_BIND && (m->source == NULL || m->source[0] != '/'))
        return gnt_fail(err, GANTRY_E_INVALID, "mounts: the source of %s must be an absolute path",
                        m->target);
    if (m->type == GANTRY_MOUNT_VOLUME && m->source != NULL)
        return gnt_check_name("mounts: source", m->source, err);
    if (m->type == GANTRY_MOUNT_TMPFS && m->source != NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "mounts: tmpfs %s takes no source", m->target);
    if (m->type != GANTRY_MOUNT_TMPFS && m->tmpfs_size_bytes != 0)
        return gnt_fail(err, GANTRY_E_INVALID, "mounts: tmpfs_size_bytes of %s is for tmpfs only",
                        m->target);
    if (m->tmpfs_size_bytes < 0)
        return gnt_fail(err, GANTRY_E_INVALID, "mounts: tmpfs_size_bytes must not be negative");
    return 0;
}

static int check_port(const gantry_port *p, gantry_error *err)
{
    if (p->container_port < 1 || p->container_port > 65535)
        return gnt_fail(err, GANTRY_E_INVALID, "ports: container_port %d is not 1 to 65535",
                        p->container_port);
    if (p->host_port < 0 || p->host_port > 65535)
        return gnt_fail(err, GANTRY_E_INVALID, "ports: host_port %d is not 0 to 65535",
                        p->host_port);
    if (p->protocol != NULL && strcmp(p->protocol, "tcp") != 0 && strcmp(p->protocol, "udp") != 0 &&
        strcmp(p->protocol, "sctp") != 0)
        return gnt_fail(err, GANTRY_E_INVALID, "ports: protocol must be tcp, udp or sctp");
    return 0;
}

/* A network's name, or "container:" and a container's. */
static int check_network(const char *network, gantry_error *err)
{
    static const char container[] = "container:";
    size_t size = sizeof container - 1;

    if (strncmp(network, container, size) == 0)
        network += size;
    return gnt_check_name("network", network, err);
}

/* Full-size copies of nested structs: a caller may know shorter ones. */
static int import_mounts(struct gnt_arena *arena, gantry_container_options *o, gantry_error *err)
{
    const gantry_mount **copies;
    size_t count = 0;

    while (o->mounts != NULL && o->mounts[count] != NULL)
        count++;
    copies = gnt_arena_alloc(arena, (count + 1) * sizeof *copies);
    for (size_t i = 0; copies != NULL && i < count; i++) {
        gantry_mount *m = gnt_arena_alloc(arena, sizeof *m);
        int rc;

        if (m == NULL)
            return gnt_nomem(err);
        rc = gnt_import(m, sizeof *m, o->mounts[i], "gantry_mount", err);
        if (rc == 0)
            rc = check_mount(m, err);
        if (rc < 0)
            return rc;
        copies[i] = m;
    }
    o->mounts = copies;
    return copies == NULL ? gnt_nomem(err) : 0;
}

static int import_ports(struct gnt_arena *arena, gantry_container_options *o, gantry_error *err)
{
    const gantry_port **copies;
    size_t count = 0;

    while (o->ports != NULL && o->ports[count] != NULL)
        count++;
    copies = gnt_arena_alloc(arena, (count + 1) * sizeof *copies);
    for (size_t i = 0; copies != NULL && i < count; i++) {
        gantry_port *p = gnt_arena_alloc(arena, sizeof *p);
        int rc;

        if (p == NULL)
            return gnt_nomem(err);
        rc = gnt_import(p, sizeof *p, o->ports[i], "gantry_port", err);
        if (rc == 0)
            rc = check_port(p, err);
        if (rc < 0)
            return rc;
        copies[i] = p;
    }
    o->ports = copies;
    return copies == NULL ? gnt_nomem(err) : 0;
}

static int import_resources(struct gnt_arena *arena, gantry_container_options *o, gantry_error *err)
{
    gantry_resources *r = gnt_arena_alloc(arena, sizeof *r);
    int rc;

    if (r == NULL)
        return gnt_nomem(err);
    rc = gnt_import(r, sizeof *r, o->resources, "gantry_resources", err);
    if (rc == 0 && (r->memory_bytes < 0 || r->nano_cpus < 0 || r->pids < 0))
        rc = gnt_fail(err, GANTRY_E_INVALID, "resources: limits must not be negative");
    o->resources = r;
    return rc;
}

int gnt_container_options_import(struct gnt_arena *arena, const gantry_container_options *given,
                                 gantry_container_options *o, gantry_error *err)
{
    int rc = gnt_import_options(o, sizeof *o, given, "gantry_container_options", err);

    if (rc == 0 && o->name != NULL)
        rc = gnt_check_name("name", o->name, err);
    if (rc == 0)
        rc = gnt_check_environment("environment", o->environment, err);
    if (rc == 0 && o->label_count > 0 && o->labels == NULL)
        rc = gnt_fail(err, GANTRY_E_INVALID, "labels: must not be NULL");
    for (size_t i = 0; rc == 0 && i < o->label_count; i++)
        rc = gnt_check_text("labels", o->labels[i].key, err);
    if (rc == 0 && o->network != NULL)
        rc = check_network(o->network, err);
    if (rc == 0 && o->stop_timeout_ms < 0)
        rc = gnt_fail(err, GANTRY_E_INVALID, "stop_timeout_ms: must not be negative");
    if (rc == 0 && o->mounts != NULL)
        rc = import_mounts(arena, o, err);
    if (rc == 0 && o->ports != NULL)
        rc = import_ports(arena, o, err);
    if (rc == 0 && o->resources != NULL)
        rc = import_resources(arena, o, err);
    return rc;
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
        rc = e->backend->containers.create(e->state, image, &o, &created, err);
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
    if (rc == 0 && o.limit < 0)
        rc = gnt_fail(err, GANTRY_E_INVALID, "limit: must not be negative");
    if (rc == 0 && (o.state < 0 || o.state > GANTRY_CONTAINER_DEAD))
        rc = gnt_fail(err, GANTRY_E_INVALID, "state: %d is none of GANTRY_CONTAINER_", o.state);
    if (rc == 0 && o.image != NULL)
        rc = gnt_reference_check("image", o.image, err);
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
