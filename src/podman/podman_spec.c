/*
 * Creating a container: gantry_container_options to libpod's SpecGenerator. Knows the body of POST
 * /containers/create; life and inspection are in podman_container.c.
 */
#include "podman.h"

#include <stdio.h>
#include <string.h>

enum {
    CPU_PERIOD = 100000, /* microseconds, the kernel's default */
    CPU_PERIOD_MOST = 1000000,
    CPU_QUOTA_LEAST = 1000
};

/* ---- resources ------------------------------------------------------------------------------- */

/* libpod has no NanoCpus: a share of CPUs is a quota of time per period. */
static int out_cpus(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    int64_t nano;
    int64_t period = CPU_PERIOD;
    int rc;

    (void)row;
    memcpy(&nano, field, sizeof nano);
    if (nano / (1000000000 / CPU_PERIOD) < CPU_QUOTA_LEAST)
        period = CPU_PERIOD_MOST;
    if (nano / (1000000000 / period) < CPU_QUOTA_LEAST)
        return gnt_fail(c->err, GANTRY_E_INVALID, "nano_cpus: must be at least 1000000");
    rc = gnt_json_put(c->arena, c->body, "cpu/quota",
                      gnt_json_number(c->arena, nano / (1000000000 / period)));
    if (rc == 0)
        rc = gnt_json_put(c->arena, c->body, "cpu/period", gnt_json_number(c->arena, period));
    return rc < 0 ? gnt_nomem(c->err) : 0;
}

const struct gnt_out gnt_podman_resource_options[] = {
    GNT_OUT_I64(gantry_resources, memory_bytes, "memory/limit"),
    GNT_OUT_HOOK(gantry_resources, nano_cpus, "", out_cpus),
    GNT_OUT_I64(gantry_resources, pids, "pids/limit"),
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
    GNT_OUT_END
};

static int has_limits(const gantry_resources *o)
{
    return o != NULL && (o->memory_bytes != 0 || o->nano_cpus != 0 || o->pids != 0);
}

/* ---- mounts ---------------------------------------------------------------------------------- */

#define M gantry_mount
const struct gnt_out gnt_podman_mount_options[] = { GNT_OUT_CODE(M, source),
                                                    GNT_OUT_CODE(M, target),
                                                    GNT_OUT_CODE(M, tmpfs_size_bytes),
                                                    GNT_OUT_CODE(M, type),
                                                    GNT_OUT_CODE(M, read_only),
                                                    GNT_OUT_REFUSE(gantry_mount, propagation),
                                                    GNT_OUT_REFUSE(gantry_mount, subpath),
                                                    GNT_OUT_REFUSE(gantry_mount, options),
                                                    GNT_OUT_REFUSE(gantry_mount, driver),
                                                    GNT_OUT_REFUSE(gantry_mount, driver_options),
                                                    GNT_OUT_REFUSE(gantry_mount,
                                                                   driver_option_count),
                                                    GNT_OUT_REFUSE(gantry_mount, labels),
                                                    GNT_OUT_REFUSE(gantry_mount, label_count),
                                                    GNT_OUT_REFUSE(gantry_mount, tmpfs_mode),
                                                    GNT_OUT_REFUSE(gantry_mount, relabel),
                                                    GNT_OUT_REFUSE(gantry_mount, copy),
                                                    GNT_OUT_REFUSE(gantry_mount, recursive),
                                                    GNT_OUT_REFUSE(gantry_mount, create_source),
                                                    GNT_OUT_REFUSE(gantry_mount, chown),
                                                    GNT_OUT_END };
#undef M

static struct gnt_json *array_of(struct gnt_req *r, struct gnt_json *body, const char *name)
{
    struct gnt_json *array = (struct gnt_json *)gnt_json_get(body, name);

    if (r->rc != 0 || array != NULL)
        return array;
    array = gnt_json_new(&r->arena, GNT_JSON_ARRAY);
    gnt_podman_put(r, body, name, array);
    return array;
}

/* A new object at the end of the array body[name]. */
static struct gnt_json *append(struct gnt_req *r, struct gnt_json *body, const char *name)
{
    struct gnt_json *array = array_of(r, body, name);
    struct gnt_json *item = gnt_req_object(r);

    if (r->rc == 0 && gnt_json_add(array, item) < 0)
        gnt_req_fail(r, GANTRY_E_NOMEM, "out of memory");
    return item;
}

static void put_text(struct gnt_req *r, struct gnt_json *item, const char *key, const char *text)
{
    if (r->rc == 0)
        gnt_podman_put(r, item, key, gnt_json_string(&r->arena, text));
}

static void put_number(struct gnt_req *r, struct gnt_json *item, const char *key, int64_t number)
{
    if (r->rc == 0)
        gnt_podman_put(r, item, key, gnt_json_number(&r->arena, number));
}

/* Named volumes have a list and keys of their own. */
static void add_volume(struct gnt_req *r, struct gnt_json *body, const gantry_mount *m)
{
    static const char *const read_only[] = { "ro", NULL };
    struct gnt_json *item = append(r, body, "volumes");

    put_text(r, item, "Name", m->source != NULL ? m->source : "");
    put_text(r, item, "Dest", m->target);
    if (m->read_only == GANTRY_ON && r->rc == 0)
        gnt_podman_put(r, item, "Options", gnt_podman_strings(&r->arena, read_only));
}

static void add_mount(struct gnt_req *r, struct gnt_json *body, const gantry_mount *m)
{
    int bind = m->type == GANTRY_MOUNT_BIND;
    const char *options[4] = { NULL };
    char size[40];
    size_t n = 0;
    struct gnt_json *item = append(r, body, "mounts");

    put_text(r, item, "type", bind ? "bind" : "tmpfs");
    put_text(r, item, "source", bind ? m->source : "tmpfs");
    put_text(r, item, "destination", m->target);
    if (bind)
        options[n++] = "rbind";
    if (!bind && m->tmpfs_size_bytes > 0) {
        snprintf(size, sizeof size, "size=%lld", (long long)m->tmpfs_size_bytes);
        options[n++] = size;
    }
    if (m->read_only == GANTRY_ON)
        options[n++] = "ro";
    if (r->rc == 0)
        gnt_podman_put(r, item, "options", gnt_podman_strings(&r->arena, options));
}

static void add_mounts(struct gnt_req *r, struct gnt_json *body, const gantry_mount *const *mounts)
{
    for (; mounts != NULL && *mounts != NULL; mounts++) {
        if ((*mounts)->type == GANTRY_MOUNT_VOLUME)
            add_volume(r, body, *mounts);
        else
            add_mount(r, body, *mounts);
    }
}

/* ---- ports, network -------------------------------------------------------------------------- */

#define P gantry_port
const struct gnt_out gnt_podman_port_options[] = { GNT_OUT_CODE(P, protocol),
                                                   GNT_OUT_CODE(P, host_address),
                                                   GNT_OUT_CODE(P, container_port),
                                                   GNT_OUT_CODE(P, host_port),
                                                   GNT_OUT_REFUSE(gantry_port, count),
                                                   GNT_OUT_REFUSE(gantry_port, reserved),
                                                   GNT_OUT_END };
#undef P

static void add_ports(struct gnt_req *r, struct gnt_json *body, const gantry_port *const *ports)
{
    for (; ports != NULL && *ports != NULL; ports++) {
        const gantry_port *port = *ports;
        struct gnt_json *item = append(r, body, "portmappings");

        put_number(r, item, "container_port", port->container_port);
        if (port->host_port != 0)
            put_number(r, item, "host_port", port->host_port);
        put_text(r, item, "protocol", port->protocol != NULL ? port->protocol : "tcp");
        if (port->host_address != NULL)
            put_text(r, item, "host_ip", port->host_address);
    }
}

static void add_network(struct gnt_req *r, struct gnt_json *body, const char *network)
{
    int plain;
    struct gnt_json *networks;

    if (network == NULL)
        return;
    plain = strcmp(network, "bridge") == 0 || strcmp(network, "host") == 0 ||
            strcmp(network, "none") == 0;
    if (strncmp(network, "container:", 10) == 0) {
        put_text(r, body, "netns/nsmode", "container");
        put_text(r, body, "netns/value", network + 10);
        return;
    }
    put_text(r, body, "netns/nsmode", plain ? network : "bridge");
    if (plain)
        return;
    networks = gnt_req_object(r);
    if (r->rc == 0 && gnt_json_set(&r->arena, networks, network, gnt_req_object(r)) < 0)
        gnt_req_fail(r, GANTRY_E_NOMEM, "out of memory");
    gnt_podman_put(r, body, "Networks", networks);
}

/* ---- the body -------------------------------------------------------------------------------- */

#define O gantry_container_options
const struct gnt_out gnt_podman_container_options[] = {
    GNT_OUT_STR(O, name, "name"),
    GNT_OUT_STRS(O, command, "command"),
    GNT_OUT_STRS(O, entrypoint, "entrypoint"),
    GNT_OUT_ENV_MAP(O, environment, "env"),
    GNT_OUT_MAP(O, labels, "labels"),
    GNT_OUT_STR(O, working_directory, "work_dir"),
    GNT_OUT_STR(O, user, "user"),
    GNT_OUT_STR(O, hostname, "hostname"),
    GNT_OUT_CODE(O, mounts),
    GNT_OUT_CODE(O, ports),
    GNT_OUT_CODE(O, network),
    GNT_OUT_CODE(O, resources),
    GNT_OUT_CODE(O, platform),
    GNT_OUT_CODE(O, extra_json),
    GNT_OUT_SECONDS(O, stop_timeout_ms, "stop_timeout"),
    GNT_OUT_ON(O, tty, "terminal"),
    GNT_OUT_ON(O, open_stdin, "stdin"),
    GNT_OUT_ON(O, auto_remove, "remove"),
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
    GNT_OUT_END
};
#undef O

struct gnt_json *gnt_podman_container_body(struct gnt_req *r, const char *image,
                                           const gantry_container_options *opts,
                                           const struct podman_platform *platform)
{
    struct gnt_json *body = gnt_req_encode(r, opts, gnt_podman_container_options);

    put_text(r, body, "image", gnt_podman_bare(image));
    if (platform->os[0] != '\0') {
        put_text(r, body, "image_os", platform->os);
        put_text(r, body, "image_arch", platform->arch);
        put_text(r, body, "image_variant", platform->variant);
    }
    /* The service's own proxy settings are none of the container's business. */
    if (r->rc == 0)
        gnt_podman_put(r, body, "httpproxy", gnt_json_boolean(&r->arena, 0));
    add_mounts(r, body, opts->mounts);
    add_ports(r, body, opts->ports);
    add_network(r, body, opts->network);
    if (has_limits(opts->resources))
        gnt_podman_put(r, body, "resource_limits",
                       gnt_req_encode(r, opts->resources, gnt_podman_resource_options));
    gnt_req_extra_json(r, body, opts->extra_json);
    return body;
}

/* ---- create ---------------------------------------------------------------------------------- */

static const struct gnt_in created_rows[] = { GNT_IN_ID_REQ(gantry_created, id, "Id"),
                                              GNT_IN_STRS(gantry_created, warnings, "Warnings"),
                                              GNT_IN_END };

/* What a refusal is about, when it is not the container itself. */
static int blame(int rc, const char *image, const gantry_container_options *opts, gantry_error *err)
{
    const char *network = opts->network != NULL ? opts->network : "";

    if (rc == 0 || err == NULL || err->http_status == 0)
        return rc;
    if (err->resource_kind == GANTRY_RESOURCE_IMAGE)
        gnt_error_resource(err, GANTRY_RESOURCE_IMAGE, image);
    else if (err->resource_kind == GANTRY_RESOURCE_NETWORK)
        gnt_error_resource(err, GANTRY_RESOURCE_NETWORK, network);
    else if (rc == GANTRY_E_NOT_FOUND && strncmp(network, "container:", 10) == 0)
        gnt_error_resource(err, GANTRY_RESOURCE_CONTAINER, network + 10);
    return rc;
}

/* libpod 4 takes any local image, whatever platform was asked for. */
static int check_platform(struct podman *p, const char *image, const gantry_call *call,
                          const struct podman_platform *want, gantry_error *err)
{
    static const struct gnt_lookup lookup = { .path = "/images/%r/json",
                                              .resource_kind = GANTRY_RESOURCE_IMAGE,
                                              .result_kind = GANTRY_KIND_IMAGE,
                                              .rows = gnt_podman_image_rows,
                                              .json_offset = SIZE_MAX };
    void *result = NULL;
    const gantry_image *have;
    int rc = gnt_rest_lookup(&p->rest, &lookup, call, gnt_podman_bare(image), &result, err);

    if (rc < 0)
        return rc;
    have = result;
    if (strcmp(have->os, want->os) != 0 ||
        (want->arch[0] != '\0' && strcmp(have->architecture, want->arch) != 0) ||
        (want->variant[0] != '\0' && have->variant[0] != '\0' &&
         strcmp(have->variant, want->variant) != 0)) {
        rc = gnt_fail(err, GANTRY_E_NOT_FOUND,
                      "the image is for %s/%s, not for the platform asked for", have->os,
                      have->architecture);
        gnt_error_resource(err, GANTRY_RESOURCE_IMAGE, image);
    }
    gnt_result_free(result);
    return rc;
}

/*
 * Rootless with cgroup v1, libpod ignores limits with a warning. Here an option has an effect or is
 * an error: the container is taken back.
 */
static int check_warnings(struct podman *p, const gantry_created *created,
                          const gantry_container_options *opts, const gantry_call *call,
                          gantry_error *err)
{
    gantry_container_remove_options remove = {
        .size = sizeof remove, .call = call, .force = GANTRY_ON, .volumes = GANTRY_ON
    };

    for (const char *const *text = created->warnings; *text != NULL; text++) {
        if (strncmp(*text, "Resource limits are not supported", 33) != 0 ||
            !has_limits(opts->resources))
            continue;
        gnt_fail(err, GANTRY_E_UNSUPPORTED,
                 "option 'resources' is not supported by this engine: %s", *text);
        if (gnt_podman_container_remove(p, created->id, &remove, NULL) < 0)
            gnt_error_outcome(err, GANTRY_OUTCOME_PARTIAL, GANTRY_RETRY_ASK);
        return GANTRY_E_UNSUPPORTED;
    }
    return 0;
}

int gnt_podman_create(void *state, const char *image, const gantry_container_options *opts,
                      gantry_created **out, gantry_error *err)
{
    struct podman *p = state;
    struct podman_platform platform = { 0 };
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    struct gnt_req r;
    void *result = NULL;
    int rc = 0;

    if (opts->platform != NULL) {
        rc = gnt_podman_platform(opts->platform, &platform, err);
        if (rc == 0)
            rc = check_platform(p, image, call, &platform, err);
    }
    if (rc < 0)
        return rc;
    gnt_req_init(&r, &p->rest, "POST", call, "/containers/create");
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, opts->name != NULL ? opts->name : "");
    gnt_req_json(&r, gnt_podman_container_body(&r, image, opts, &platform));
    rc = gnt_req_result(&r, GANTRY_KIND_CREATED, created_rows, SIZE_MAX, &result, err);
    if (rc == 0)
        rc = check_warnings(p, result, opts, call, err);
    if (rc == 0)
        *out = result;
    else
        gnt_result_free(result);
    return blame(rc, image, opts, err);
}
