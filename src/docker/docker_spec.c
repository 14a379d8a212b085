/*
 * Docker: the body of a container's create request, made from the options by table and by hooks for
 * what Docker spells in its own way (docker_spec_*.c). Sends nothing.
 */
#include "docker_spec.h"

#include "rest_life.h"

#include <string.h>

/* ---- for hooks ------------------------------------------------------------------------------- */

static int full(gantry_error *err, int rc)
{
    return rc < 0 ? gnt_nomem(err) : 0;
}

int gnt_docker_put(struct gnt_out_context *c, const char *path, struct gnt_json *value)
{
    return full(c->err, gnt_json_put(c->arena, c->body, path, value));
}

struct gnt_json *gnt_docker_at(struct gnt_out_context *c, const char *path, enum gnt_json_type type)
{
    struct gnt_json *v = (struct gnt_json *)gnt_json_get(c->body, path);

    if (v != NULL && v->type == type)
        return v;
    v = gnt_json_new(c->arena, type);
    return gnt_docker_put(c, path, v) < 0 ? NULL : v;
}

int gnt_docker_add_text(struct gnt_out_context *c, const char *path, const char *text)
{
    struct gnt_json *list = gnt_docker_at(c, path, GNT_JSON_ARRAY);

    if (list == NULL || text == NULL)
        return gnt_nomem(c->err);
    if (gnt_utf8_span(text, strlen(text)) != strlen(text))
        return gnt_fail(c->err, GANTRY_E_INVALID, "%s: is not UTF-8", path);
    return full(c->err, gnt_json_add(list, gnt_json_string(c->arena, text)));
}

int gnt_docker_add_struct(struct gnt_out_context *c, const char *path, const void *item,
                          const struct gnt_out *rows)
{
    struct gnt_json *list = gnt_docker_at(c, path, GNT_JSON_ARRAY);
    struct gnt_json *object = gnt_json_new(c->arena, GNT_JSON_OBJECT);
    int rc = list == NULL || object == NULL ? gnt_nomem(c->err)
                                            : gnt_encode(c->arena, item, rows, object, c->err);

    return rc < 0 ? rc : full(c->err, gnt_json_add(list, object));
}

/* ---- single options -------------------------------------------------------------------------- */

/* Input ends for the process when the client that fed it ends it: StdinOnce. */
static int out_open_stdin(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    int on;

    memcpy(&on, field, sizeof on);
    if (on != GANTRY_ON)
        return 0;
    if (gnt_docker_put(c, row->path, gnt_json_boolean(c->arena, 1)) < 0)
        return GANTRY_E_NOMEM;
    return gnt_docker_put(c, "StdinOnce", gnt_json_boolean(c->arena, 1));
}

/* What a container has anyway, Docker has no word for. */
static int out_namespace(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const char *mode;

    memcpy(&mode, field, sizeof mode);
    return strcmp(mode, "private") == 0 ? 0 : gnt_out_str(c, row, field);
}

static int out_int(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    int value;

    memcpy(&value, field, sizeof value);
    return gnt_docker_put(c, row->path, gnt_json_number(c->arena, value));
}

/* ---- the whole ------------------------------------------------------------------------------- */

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
    GNT_OUT_HOOK(O, mounts, "HostConfig/Mounts", gnt_docker_out_mounts),
    GNT_OUT_HOOK(O, ports, "HostConfig/PortBindings", gnt_docker_out_ports),
    GNT_OUT_STR(O, network, "HostConfig/NetworkMode"),
    GNT_OUT_HOOK(O, resources, "HostConfig", gnt_docker_out_resources),
    GNT_OUT_CODE(O, platform),
    GNT_OUT_CODE(O, extra_json),
    GNT_OUT_SECONDS(O, stop_timeout_ms, "StopTimeout"),
    GNT_OUT_ON(O, tty, "Tty"),
    GNT_OUT_HOOK(O, open_stdin, "OpenStdin", out_open_stdin),
    GNT_OUT_ON(O, auto_remove, "HostConfig/AutoRemove"),
    GNT_OUT_ON(O, init, "HostConfig/Init"),
    GNT_OUT_CODE(O, environment_files),
    GNT_OUT_MAP(O, annotations, "HostConfig/Annotations"),
    GNT_OUT_STRS(O, groups, "HostConfig/GroupAdd"),
    GNT_OUT_STR(O, stop_signal, "StopSignal"),
    GNT_OUT_CODE(O, networks),
    GNT_OUT_HOOK(O, exposed_ports, "ExposedPorts", gnt_docker_out_exposed),
    GNT_OUT_STRS(O, dns_servers, "HostConfig/Dns"),
    GNT_OUT_STRS(O, dns_search, "HostConfig/DnsSearch"),
    GNT_OUT_STRS(O, dns_options, "HostConfig/DnsOptions"),
    GNT_OUT_STRS(O, extra_hosts, "HostConfig/ExtraHosts"),
    GNT_OUT_HOOK(O, ulimits, "HostConfig/Ulimits", gnt_docker_out_ulimits),
    GNT_OUT_MAP(O, sysctls, "HostConfig/Sysctls"),
    GNT_OUT_HOOK(O, devices, "HostConfig/Devices", gnt_docker_out_devices),
    GNT_OUT_HOOK(O, gpus, "HostConfig/DeviceRequests", gnt_docker_out_gpus),
    GNT_OUT_HOOK(O, security, "HostConfig", gnt_docker_out_security),
    GNT_OUT_HOOK(O, health, "Healthcheck", gnt_docker_out_health),
    GNT_OUT_STR(O, log_driver, "HostConfig/LogConfig/Type"),
    GNT_OUT_MAP(O, log_options, "HostConfig/LogConfig/Config"),
    GNT_OUT_HOOK(O, pid_namespace, "HostConfig/PidMode", out_namespace),
    GNT_OUT_STR(O, ipc_namespace, "HostConfig/IpcMode"),
    GNT_OUT_HOOK(O, uts_namespace, "HostConfig/UTSMode", out_namespace),
    GNT_OUT_STR(O, cgroup_namespace, "HostConfig/CgroupnsMode"),
    GNT_OUT_STR(O, cgroup_parent, "HostConfig/CgroupParent"),
    GNT_OUT_STR(O, runtime, "HostConfig/Runtime"),
    GNT_OUT_CODE(O, pod),
    GNT_OUT_REFUSE(O, secrets),
    GNT_OUT_I64(O, shm_size_bytes, "HostConfig/ShmSize"),
    GNT_OUT_I64(O, restart_retries, "HostConfig/RestartPolicy/MaximumRetryCount"),
    GNT_OUT_HOOK(O, restart, "HostConfig/RestartPolicy/Name", gnt_out_restart),
    GNT_OUT_HOOK(O, oom_score_adjustment, "HostConfig/OomScoreAdj", out_int),
    GNT_OUT_ON(O, publish_all, "HostConfig/PublishAllPorts"),
    GNT_OUT_CODE(O, pull),
    GNT_OUT_END,
};
#undef O

/* ---- versions -------------------------------------------------------------------------------- */

/* Older daemons ignore members that they do not know. */
static void need(struct gnt_req *r, int set, int minor, const char *option)
{
    if (set && !gnt_rest_at_least(r->rest, 1, minor, 0))
        gnt_req_fail(r, GANTRY_E_UNSUPPORTED,
                     "option \"%s\" is not supported by this engine: it needs API 1.%d, which is "
                     "later than its 1.%d",
                     option, minor, r->rest->version[1]);
}

static void check_versions(struct gnt_req *r, const gantry_container_options *o)
{
    need(r, o->annotation_count > 0, 43, "annotations");
    need(r, o->health != NULL && o->health->start_interval_ms != 0, 44, "start_interval_ms");
    for (size_t i = 0; o->devices != NULL && o->devices[i] != NULL; i++)
        need(r, o->devices[i]->path[0] != '/', 44, "devices: a CDI name");
    for (size_t i = 0; o->mounts != NULL && o->mounts[i] != NULL; i++) {
        const gantry_mount *m = o->mounts[i];

        need(r, m->type == GANTRY_MOUNT_IMAGE, 48, "mounts: GANTRY_MOUNT_IMAGE");
        need(r, m->subpath != NULL, 45, "subpath");
        need(r, m->create_source == GANTRY_ON && m->recursive == GANTRY_OFF, 42,
             "create_source with recursive OFF");
    }
}

/* Daemons from 23.0 to 27.3 forget to mark the volume of a mount without a source as anonymous, and
 * a prune spares it then. */
static void mark_anonymous(struct gnt_req *r, struct gnt_json *body)
{
    const struct gnt_json *mounts = gnt_json_get(body, "HostConfig/Mounts");

    if (mounts == NULL || !gnt_rest_at_least(r->rest, 1, 42, 0) ||
        gnt_rest_at_least(r->rest, 1, 48, 0))
        return;
    for (struct gnt_json *m = mounts->first; m != NULL; m = m->next) {
        const char *type = gnt_json_text(gnt_json_get(m, "Type"));

        if (type == NULL || strcmp(type, "volume") != 0 || gnt_json_get(m, "Source") != NULL)
            continue;
        if (gnt_json_put(&r->arena, m, "VolumeOptions/Labels/" GNT_DOCKER_ANONYMOUS,
                         gnt_json_string(&r->arena, "")) < 0)
            gnt_req_fail(r, GANTRY_E_NOMEM, "out of memory");
    }
}

struct gnt_json *gnt_docker_container_body(struct gnt_req *r, const char *image,
                                           const gantry_container_options *opts)
{
    struct gnt_json *body;

    check_versions(r, opts);
    body = gnt_req_encode(r, opts, gnt_docker_container_options);
    if (body == NULL)
        return NULL;
    gnt_docker_put_networks(r, body, opts);
    mark_anonymous(r, body);
    if (gnt_json_set(&r->arena, body, "Image", gnt_json_string(&r->arena, image)) < 0)
        gnt_req_fail(r, GANTRY_E_NOMEM, "out of memory");
    gnt_req_extra_json(r, body, opts->extra_json);
    return body;
}
