/*
 * Docker: the body of a container's create request, made from the options by table and by hooks for
 * what Docker spells in its own way (mounts, ports, limits). Sends nothing.
 */
#include "docker.h"

#include <stdio.h>
#include <string.h>

static int full(gantry_error *err, int rc)
{
    return rc < 0 ? gnt_nomem(err) : 0;
}

/* ---- mounts ---------------------------------------------------------------------------------- */

static const char *const mount_types[] = {
    [GANTRY_MOUNT_BIND] = "bind", [GANTRY_MOUNT_VOLUME] = "volume", [GANTRY_MOUNT_TMPFS] = "tmpfs"
};

static int out_mount_type(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    int type;

    memcpy(&type, field, sizeof type);
    if (type < GANTRY_MOUNT_BIND || type > GANTRY_MOUNT_TMPFS)
        return gnt_fail(c->err, GANTRY_E_INVALID, "mounts: type %d is none of GANTRY_MOUNT_", type);
    return full(c->err, gnt_json_put(c->arena, c->body, row->path,
                                     gnt_json_string(c->arena, mount_types[type])));
}

#define M gantry_mount
const struct gnt_out gnt_docker_mount_options[] = {
    GNT_OUT_STR(M, source, "Source"),
    GNT_OUT_STR(M, target, "Target"),
    GNT_OUT_I64(M, tmpfs_size_bytes, "TmpfsOptions/SizeBytes"),
    GNT_OUT_HOOK(M, type, "Type", out_mount_type),
    GNT_OUT_ON(M, read_only, "ReadOnly"),
    GNT_OUT_REFUSE(gantry_mount, propagation),
    GNT_OUT_REFUSE(gantry_mount, subpath),
    GNT_OUT_REFUSE(gantry_mount, options),
    GNT_OUT_REFUSE(gantry_mount, driver),
    GNT_OUT_REFUSE(gantry_mount, driver_options),
    GNT_OUT_REFUSE(gantry_mount, driver_option_count),
    GNT_OUT_REFUSE(gantry_mount, labels),
    GNT_OUT_REFUSE(gantry_mount, label_count),
    GNT_OUT_REFUSE(gantry_mount, tmpfs_mode),
    GNT_OUT_REFUSE(gantry_mount, relabel),
    GNT_OUT_REFUSE(gantry_mount, copy),
    GNT_OUT_REFUSE(gantry_mount, recursive),
    GNT_OUT_REFUSE(gantry_mount, create_source),
    GNT_OUT_REFUSE(gantry_mount, chown),
    GNT_OUT_END,
};
#undef M

static int out_mounts(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const gantry_mount *const *list;
    struct gnt_json *array = gnt_json_new(c->arena, GNT_JSON_ARRAY);
    int rc = array == NULL ? gnt_nomem(c->err) : 0;

    memcpy(&list, field, sizeof list);
    for (; rc == 0 && *list != NULL; list++) {
        struct gnt_json *item = gnt_json_new(c->arena, GNT_JSON_OBJECT);

        rc = item == NULL ? gnt_nomem(c->err)
                          : gnt_encode(c->arena, *list, gnt_docker_mount_options, item, c->err);
        if (rc == 0)
            rc = full(c->err, gnt_json_add(array, item));
    }
    return rc < 0 ? rc : full(c->err, gnt_json_put(c->arena, c->body, row->path, array));
}

/* ---- ports ----------------------------------------------------------------------------------- */

static int out_host_port(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    char text[16];
    int port;

    memcpy(&port, field, sizeof port);
    snprintf(text, sizeof text, "%d", port);
    return full(c->err,
                gnt_json_put(c->arena, c->body, row->path, gnt_json_string(c->arena, text)));
}

/* One binding; protocol and container port are the key that it is kept under. */
#define P gantry_port
const struct gnt_out gnt_docker_port_options[] = {
    GNT_OUT_CODE(P, protocol),
    GNT_OUT_STR(P, host_address, "HostIp"),
    GNT_OUT_CODE(P, container_port),
    GNT_OUT_HOOK(P, host_port, "HostPort", out_host_port),
    GNT_OUT_REFUSE(gantry_port, count),
    GNT_OUT_REFUSE(gantry_port, reserved),
    GNT_OUT_END,
};
#undef P

/* The list of bindings of one port, made when it is first named. */
static struct gnt_json *bindings_of(struct gnt_arena *a, struct gnt_json *map, const char *key)
{
    struct gnt_json *list;

    for (list = map->first; list != NULL; list = list->next) {
        if (strcmp(list->key, key) == 0)
            return list;
    }
    list = gnt_json_new(a, GNT_JSON_ARRAY);
    return gnt_json_set(a, map, key, list) < 0 ? NULL : list;
}

static int add_port(struct gnt_out_context *c, const gantry_port *port, struct gnt_json *exposed,
                    struct gnt_json *bindings)
{
    struct gnt_json *list;
    struct gnt_json *binding = gnt_json_new(c->arena, GNT_JSON_OBJECT);
    const char *key = gnt_arena_printf(c->arena, "%d/%s", port->container_port,
                                       port->protocol != NULL ? port->protocol : "tcp");
    int rc;

    if (key == NULL || binding == NULL)
        return gnt_nomem(c->err);
    rc = gnt_encode(c->arena, port, gnt_docker_port_options, binding, c->err);
    if (rc < 0)
        return rc;
    list = bindings_of(c->arena, bindings, key);
    if (list == NULL || gnt_json_add(list, binding) < 0)
        return gnt_nomem(c->err);
    return full(c->err,
                gnt_json_set(c->arena, exposed, key, gnt_json_new(c->arena, GNT_JSON_OBJECT)));
}

static int out_ports(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const gantry_port *const *list;
    struct gnt_json *exposed = gnt_json_new(c->arena, GNT_JSON_OBJECT);
    struct gnt_json *bindings = gnt_json_new(c->arena, GNT_JSON_OBJECT);
    int rc = exposed == NULL || bindings == NULL ? gnt_nomem(c->err) : 0;

    memcpy(&list, field, sizeof list);
    for (; rc == 0 && *list != NULL; list++)
        rc = add_port(c, *list, exposed, bindings);
    if (rc == 0)
        rc = full(c->err, gnt_json_put(c->arena, c->body, "ExposedPorts", exposed));
    if (rc == 0)
        rc = full(c->err, gnt_json_put(c->arena, c->body, row->path, bindings));
    return rc;
}

/* ---- limits ---------------------------------------------------------------------------------- */

#define R gantry_resources
const struct gnt_out gnt_docker_resource_options[] = {
    GNT_OUT_I64(R, memory_bytes, "HostConfig/Memory"),
    GNT_OUT_I64(R, nano_cpus, "HostConfig/NanoCpus"),
    GNT_OUT_I64(R, pids, "HostConfig/PidsLimit"),
    GNT_OUT_REFUSE(gantry_resources, memory_swap_bytes),
    GNT_OUT_REFUSE(gantry_resources, memory_reservation_bytes),
    GNT_OUT_REFUSE(gantry_resources, memory_swappiness),
    GNT_OUT_REFUSE(gantry_resources, cpu_shares),
    GNT_OUT_REFUSE(gantry_resources, cpu_period_us),
    GNT_OUT_REFUSE(gantry_resources, cpu_quota_us),
    GNT_OUT_REFUSE(gantry_resources, cpuset_cpus),
    GNT_OUT_REFUSE(gantry_resources, cpuset_mems),
    GNT_OUT_REFUSE(gantry_resources, block_weight),
    GNT_OUT_REFUSE(gantry_resources, block_limits),
    GNT_OUT_REFUSE(gantry_resources, oom_kill),
    GNT_OUT_REFUSE(gantry_resources, reserved),
    GNT_OUT_END,
};
#undef R

static int out_resources(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const gantry_resources *limits;

    (void)row;
    memcpy(&limits, field, sizeof limits);
    return gnt_encode(c->arena, limits, gnt_docker_resource_options, c->body, c->err);
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* Input ends for the process when the client that fed it ends it: StdinOnce. */
static int out_open_stdin(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    int on;

    memcpy(&on, field, sizeof on);
    if (on != GANTRY_ON)
        return 0;
    if (gnt_json_put(c->arena, c->body, row->path, gnt_json_boolean(c->arena, 1)) < 0)
        return gnt_nomem(c->err);
    return full(c->err,
                gnt_json_put(c->arena, c->body, "StdinOnce", gnt_json_boolean(c->arena, 1)));
}

#define O gantry_container_options
const struct gnt_out gnt_docker_container_options[] = {
    GNT_OUT_CODE(O, name),
    GNT_OUT_STRS(O, command, "Cmd"),
    GNT_OUT_STRS(O, entrypoint, "Entrypoint"),
    GNT_OUT_STRS(O, environment, "Env"),
    GNT_OUT_MAP(O, labels, "Labels"),
    GNT_OUT_STR(O, working_directory, "WorkingDir"),
    GNT_OUT_STR(O, user, "User"),
    GNT_OUT_STR(O, hostname, "Hostname"),
    GNT_OUT_HOOK(O, mounts, "HostConfig/Mounts", out_mounts),
    GNT_OUT_HOOK(O, ports, "HostConfig/PortBindings", out_ports),
    GNT_OUT_STR(O, network, "HostConfig/NetworkMode"),
    GNT_OUT_HOOK(O, resources, "HostConfig", out_resources),
    GNT_OUT_CODE(O, platform),
    GNT_OUT_CODE(O, extra_json),
    GNT_OUT_SECONDS(O, stop_timeout_ms, "StopTimeout"),
    GNT_OUT_ON(O, tty, "Tty"),
    GNT_OUT_HOOK(O, open_stdin, "OpenStdin", out_open_stdin),
    GNT_OUT_ON(O, auto_remove, "HostConfig/AutoRemove"),
    GNT_OUT_REFUSE(gantry_container_options, init),
    GNT_OUT_CODE(gantry_container_options, environment_files),
    GNT_OUT_REFUSE(gantry_container_options, annotations),
    GNT_OUT_REFUSE(gantry_container_options, annotation_count),
    GNT_OUT_REFUSE(gantry_container_options, groups),
    GNT_OUT_REFUSE(gantry_container_options, stop_signal),
    GNT_OUT_REFUSE(gantry_container_options, networks),
    GNT_OUT_REFUSE(gantry_container_options, exposed_ports),
    GNT_OUT_REFUSE(gantry_container_options, dns_servers),
    GNT_OUT_REFUSE(gantry_container_options, dns_search),
    GNT_OUT_REFUSE(gantry_container_options, dns_options),
    GNT_OUT_REFUSE(gantry_container_options, extra_hosts),
    GNT_OUT_REFUSE(gantry_container_options, ulimits),
    GNT_OUT_REFUSE(gantry_container_options, sysctls),
    GNT_OUT_REFUSE(gantry_container_options, sysctl_count),
    GNT_OUT_REFUSE(gantry_container_options, devices),
    GNT_OUT_REFUSE(gantry_container_options, gpus),
    GNT_OUT_REFUSE(gantry_container_options, security),
    GNT_OUT_REFUSE(gantry_container_options, health),
    GNT_OUT_REFUSE(gantry_container_options, log_driver),
    GNT_OUT_REFUSE(gantry_container_options, log_options),
    GNT_OUT_REFUSE(gantry_container_options, log_option_count),
    GNT_OUT_REFUSE(gantry_container_options, pid_namespace),
    GNT_OUT_REFUSE(gantry_container_options, ipc_namespace),
    GNT_OUT_REFUSE(gantry_container_options, uts_namespace),
    GNT_OUT_REFUSE(gantry_container_options, cgroup_namespace),
    GNT_OUT_REFUSE(gantry_container_options, cgroup_parent),
    GNT_OUT_REFUSE(gantry_container_options, runtime),
    GNT_OUT_REFUSE(gantry_container_options, pod),
    GNT_OUT_REFUSE(gantry_container_options, secrets),
    GNT_OUT_REFUSE(gantry_container_options, shm_size_bytes),
    GNT_OUT_REFUSE(gantry_container_options, restart_retries),
    GNT_OUT_REFUSE(gantry_container_options, restart),
    GNT_OUT_REFUSE(gantry_container_options, oom_score_adjustment),
    GNT_OUT_REFUSE(gantry_container_options, publish_all),
    GNT_OUT_CODE(gantry_container_options, pull),
    GNT_OUT_END,
};
#undef O

struct gnt_json *gnt_docker_container_body(struct gnt_req *r, const char *image,
                                           const gantry_container_options *opts)
{
    struct gnt_json *body = gnt_req_encode(r, opts, gnt_docker_container_options);

    if (body == NULL)
        return NULL;
    if (gnt_json_set(&r->arena, body, "Image", gnt_json_string(&r->arena, image)) < 0)
        gnt_req_fail(r, GANTRY_E_NOMEM, "out of memory");
    gnt_req_extra_json(r, body, opts->extra_json);
    return body;
}
