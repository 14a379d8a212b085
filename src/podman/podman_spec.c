/*
 * The body of POST /containers/create: gantry_container_options to libpod's SpecGenerator. Its
 * larger parts are in podman_spec_*.c; asking, and what comes before and after, in podman_create.c.
 */
#include "podman_spec.h"

#include "rest_life.h"

#include <string.h>

/* ---- helpers --------------------------------------------------------------------------------- */

void gnt_podman_add(struct gnt_req *r, struct gnt_json *body, const char *name,
                    struct gnt_json *value)
{
    struct gnt_json *array = (struct gnt_json *)gnt_json_get(body, name);

    if (r->rc == 0 && array == NULL) {
        array = gnt_json_new(&r->arena, GNT_JSON_ARRAY);
        gnt_podman_put(r, body, name, array);
    }
    if (r->rc == 0 && gnt_json_add(array, value) < 0)
        gnt_req_fail(r, GANTRY_E_NOMEM, "out of memory");
}

struct gnt_json *gnt_podman_append(struct gnt_req *r, struct gnt_json *body, const char *name)
{
    struct gnt_json *item = gnt_req_object(r);

    gnt_podman_add(r, body, name, item);
    return item;
}

void gnt_podman_put_text(struct gnt_req *r, struct gnt_json *item, const char *path,
                         const char *text)
{
    if (r->rc == 0)
        gnt_podman_put(r, item, path, gnt_json_string(&r->arena, text));
}

void gnt_podman_put_number(struct gnt_req *r, struct gnt_json *item, const char *path,
                           int64_t number)
{
    if (r->rc == 0)
        gnt_podman_put(r, item, path, gnt_json_number(&r->arena, number));
}

void gnt_podman_put_flag(struct gnt_req *r, struct gnt_json *item, const char *path, int value)
{
    if (r->rc == 0)
        gnt_podman_put(r, item, path, gnt_json_boolean(&r->arena, value));
}

void gnt_podman_set(struct gnt_req *r, struct gnt_json *object, const char *key,
                    struct gnt_json *value)
{
    if (r->rc == 0 && gnt_json_set(&r->arena, object, key, value) < 0)
        gnt_req_fail(r, GANTRY_E_NOMEM, "out of memory");
}

void gnt_podman_add_text(struct gnt_req *r, struct gnt_json *array, const char *text)
{
    if (r->rc == 0 && gnt_json_add(array, gnt_json_string(&r->arena, text)) < 0)
        gnt_req_fail(r, GANTRY_E_NOMEM, "out of memory");
}

void gnt_podman_put_namespace(struct gnt_req *r, struct gnt_json *body, const char *name,
                              const char *mode)
{
    const char *colon = mode != NULL ? strchr(mode, ':') : NULL;
    struct gnt_json *item = gnt_req_object(r);

    if (mode == NULL)
        return;
    if (colon != NULL) {
        const char *word = gnt_arena_strndup(&r->arena, mode, (size_t)(colon - mode));

        if (word == NULL)
            gnt_req_fail(r, GANTRY_E_NOMEM, "out of memory");
        gnt_podman_put_text(r, item, "nsmode", word);
        gnt_podman_put_text(r, item, "value", colon + 1);
    } else {
        gnt_podman_put_text(r, item, "nsmode", mode);
    }
    gnt_podman_put(r, body, name, item);
}

void gnt_podman_need(struct gnt_req *r, const char *what, int major, int minor)
{
    if (!gnt_rest_at_least(r->rest, major, minor, 0))
        gnt_req_fail(r, GANTRY_E_UNSUPPORTED,
                     "option \"%s\" is not supported by this engine: it needs Podman %d.%d", what,
                     major, minor);
}

/* ---- the body -------------------------------------------------------------------------------- */

static int out_signal(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const char *name = *(const char *const *)field;
    int number = gnt_signal_number(name);

    if (number == 0)
        return gnt_fail(c->err, GANTRY_E_INVALID, "stop_signal: no such signal: %.40s", name);
    if (gnt_json_put(c->arena, c->body, row->path, gnt_json_number(c->arena, number)) < 0)
        return gnt_nomem(c->err);
    return 0;
}

static int out_int(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    int number = *(const int *)field;

    if (gnt_json_put(c->arena, c->body, row->path, gnt_json_number(c->arena, number)) < 0)
        return gnt_nomem(c->err);
    return 0;
}

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
    GNT_OUT_ON(O, init, "init"),
    GNT_OUT_CODE(O, environment_files), /* read by the public layer */
    GNT_OUT_MAP(O, annotations, "annotations"),
    GNT_OUT_STRS(O, groups, "groups"),
    GNT_OUT_HOOK(O, stop_signal, "stop_signal", out_signal),
    GNT_OUT_CODE(O, networks),
    GNT_OUT_HOOK(O, exposed_ports, "expose", gnt_podman_out_exposed),
    GNT_OUT_STRS(O, dns_servers, "dns_server"),
    GNT_OUT_STRS(O, dns_search, "dns_search"),
    GNT_OUT_STRS(O, dns_options, "dns_option"),
    GNT_OUT_STRS(O, extra_hosts, "hostadd"),
    GNT_OUT_HOOK(O, ulimits, "r_limits", gnt_podman_out_ulimits),
    GNT_OUT_MAP(O, sysctls, "sysctl"),
    GNT_OUT_CODE(O, devices),
    GNT_OUT_CODE(O, gpus),
    GNT_OUT_CODE(O, security),
    GNT_OUT_CODE(O, health),
    GNT_OUT_CODE(O, log_driver),
    GNT_OUT_CODE(O, log_options),
    GNT_OUT_CODE(O, log_option_count),
    GNT_OUT_CODE(O, pid_namespace),
    GNT_OUT_CODE(O, ipc_namespace),
    GNT_OUT_CODE(O, uts_namespace),
    GNT_OUT_CODE(O, cgroup_namespace),
    GNT_OUT_STR(O, cgroup_parent, "cgroup_parent"),
    GNT_OUT_STR(O, runtime, "oci_runtime"), /* libpod forgets it: podman_sources.c */
    GNT_OUT_STR(O, pod, "pod"),
    GNT_OUT_CODE(O, secrets),
    GNT_OUT_I64(O, shm_size_bytes, "shm_size"),
    GNT_OUT_I64(O, restart_retries, "restart_tries"),
    GNT_OUT_HOOK(O, restart, "restart_policy", gnt_out_restart),
    GNT_OUT_HOOK(O, oom_score_adjustment, "oom_score_adj", out_int),
    GNT_OUT_ON(O, publish_all, "publish_image_ports"),
    GNT_OUT_CODE(O, pull), /* by the public layer */
    GNT_OUT_END
};
#undef O

struct gnt_json *gnt_podman_container_body(struct gnt_req *r, const char *image,
                                           const gantry_container_options *opts,
                                           const struct podman_platform *platform)
{
    struct gnt_json *body = gnt_req_encode(r, opts, gnt_podman_container_options);

    gnt_podman_put_text(r, body, "image", gnt_podman_bare(image));
    if (platform->os[0] != '\0') {
        gnt_podman_put_text(r, body, "image_os", platform->os);
        gnt_podman_put_text(r, body, "image_arch", platform->arch);
        gnt_podman_put_text(r, body, "image_variant", platform->variant);
    }
    /* The service's own proxy settings are none of the container's business. */
    gnt_podman_put_flag(r, body, "httpproxy", 0);
    if (opts->working_directory != NULL)
        gnt_podman_put_flag(r, body, "create_working_dir", 1);
    gnt_podman_spec_mounts(r, body, opts);
    gnt_podman_spec_network(r, body, opts);
    gnt_podman_spec_resources(r, body, opts->resources);
    gnt_podman_spec_security(r, body, opts);
    gnt_podman_spec_devices(r, body, opts);
    gnt_podman_spec_service(r, body, opts);
    gnt_req_extra_json(r, body, opts->extra_json);
    return body;
}
