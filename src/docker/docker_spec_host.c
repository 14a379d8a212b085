/*
 * Docker: what a new container gets of its host: limits, devices, security; and its health check.
 */
#include "docker_spec.h"

#include <string.h>

/* ---- limits ---------------------------------------------------------------------------------- */

/* Zero is a value here, which the options spell GANTRY_SWAPPINESS_NONE. */
static int out_swappiness(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    int64_t value;

    memcpy(&value, field, sizeof value);
    return gnt_docker_put(c, row->path, gnt_json_number(c->arena, value < 0 ? 0 : value));
}

/* One limit of a device into the list of its kind. */
static int add_block_limit(struct gnt_out_context *c, const char *list, const char *path,
                           const char *key, int64_t value)
{
    struct gnt_json *array = gnt_docker_at(c, list, GNT_JSON_ARRAY);
    struct gnt_json *item = gnt_json_new(c->arena, GNT_JSON_OBJECT);

    if (array == NULL || item == NULL ||
        gnt_json_set(c->arena, item, "Path", gnt_json_string(c->arena, path)) < 0 ||
        gnt_json_set(c->arena, item, key, gnt_json_number(c->arena, value)) < 0 ||
        gnt_json_add(array, item) < 0)
        return gnt_nomem(c->err);
    return 0;
}

static int out_block_rate(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const gantry_block_limit *b = c->options;
    int64_t value;

    memcpy(&value, field, sizeof value);
    return add_block_limit(c, row->path, b->path, "Rate", value);
}

static int out_block_weight(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const gantry_block_limit *b = c->options;
    int64_t value;

    memcpy(&value, field, sizeof value);
    return add_block_limit(c, row->path, b->path, "Weight", value);
}

#define B gantry_block_limit
const struct gnt_out gnt_docker_block_limit_options[] = {
    GNT_OUT_CODE(B, path),
    GNT_OUT_HOOK(B, read_bytes_per_second, "BlkioDeviceReadBps", out_block_rate),
    GNT_OUT_HOOK(B, write_bytes_per_second, "BlkioDeviceWriteBps", out_block_rate),
    GNT_OUT_HOOK(B, reads_per_second, "BlkioDeviceReadIOps", out_block_rate),
    GNT_OUT_HOOK(B, writes_per_second, "BlkioDeviceWriteIOps", out_block_rate),
    GNT_OUT_HOOK(B, weight, "BlkioWeightDevice", out_block_weight),
    GNT_OUT_END,
};
#undef B

static int out_block_limits(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const gantry_block_limit *const *list;
    int rc = 0;

    (void)row;
    memcpy(&list, field, sizeof list);
    for (; rc == 0 && *list != NULL; list++)
        rc = gnt_encode(c->arena, *list, gnt_docker_block_limit_options, c->body, c->err);
    return rc;
}

#define R gantry_resources
const struct gnt_out gnt_docker_resource_options[] = {
    GNT_OUT_I64(R, memory_bytes, "Memory"),
    GNT_OUT_I64(R, nano_cpus, "NanoCpus"),
    GNT_OUT_I64(R, pids, "PidsLimit"),
    GNT_OUT_I64(R, memory_swap_bytes, "MemorySwap"),
    GNT_OUT_I64(R, memory_reservation_bytes, "MemoryReservation"),
    GNT_OUT_HOOK(R, memory_swappiness, "MemorySwappiness", out_swappiness),
    GNT_OUT_I64(R, cpu_shares, "CpuShares"),
    GNT_OUT_I64(R, cpu_period_us, "CpuPeriod"),
    GNT_OUT_I64(R, cpu_quota_us, "CpuQuota"),
    GNT_OUT_STR(R, cpuset_cpus, "CpusetCpus"),
    GNT_OUT_STR(R, cpuset_mems, "CpusetMems"),
    GNT_OUT_I64(R, block_weight, "BlkioWeight"),
    GNT_OUT_HOOK(R, block_limits, "", out_block_limits),
    GNT_OUT_OFF(R, oom_kill, "OomKillDisable"),
    GNT_OUT_REFUSE(R, reserved),
    GNT_OUT_END,
};
#undef R

int gnt_docker_out_resources(struct gnt_out_context *c, const struct gnt_out *row,
                             const void *field)
{
    const gantry_resources *limits;
    struct gnt_json *host = gnt_docker_at(c, row->path, GNT_JSON_OBJECT);

    memcpy(&limits, field, sizeof limits);
    return host == NULL ? gnt_nomem(c->err)
                        : gnt_encode(c->arena, limits, gnt_docker_resource_options, host, c->err);
}

/* -1 is a value, zero too: both always count. */
static int out_limit(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const gantry_ulimit *limit = c->options;

    (void)row;
    (void)field;
    if (gnt_docker_put(c, "Name", gnt_json_string(c->arena, limit->name)) < 0 ||
        gnt_docker_put(c, "Soft", gnt_json_number(c->arena, limit->soft)) < 0)
        return GANTRY_E_NOMEM;
    return gnt_docker_put(c, "Hard", gnt_json_number(c->arena, limit->hard));
}

#define U gantry_ulimit
const struct gnt_out gnt_docker_ulimit_options[] = {
    GNT_OUT_HOOK(U, name, "", out_limit),
    GNT_OUT_CODE(U, soft),
    GNT_OUT_CODE(U, hard),
    GNT_OUT_END,
};
#undef U

int gnt_docker_out_ulimits(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const gantry_ulimit *const *list;
    int rc = 0;

    memcpy(&list, field, sizeof list);
    for (; rc == 0 && *list != NULL; list++)
        rc = gnt_docker_add_struct(c, row->path, *list, gnt_docker_ulimit_options);
    return rc;
}

/* ---- devices --------------------------------------------------------------------------------- */

static int out_device_path(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const gantry_device *d = c->options;
    int rc = gnt_out_str(c, row, field);

    if (rc == 0)
        rc = gnt_docker_put(
            c, "PathInContainer",
            gnt_json_string(c->arena, d->container_path != NULL ? d->container_path : d->path));
    /* The daemon's own default would be none. */
    if (rc == 0)
        rc = gnt_docker_put(
            c, "CgroupPermissions",
            gnt_json_string(c->arena, d->permissions != NULL ? d->permissions : "rwm"));
    return rc;
}

#define D gantry_device
const struct gnt_out gnt_docker_device_options[] = {
    GNT_OUT_HOOK(D, path, "PathOnHost", out_device_path),
    GNT_OUT_CODE(D, container_path),
    GNT_OUT_CODE(D, permissions),
    GNT_OUT_END,
};
#undef D

/* A new request for devices; NULL without memory. */
static struct gnt_json *add_request(struct gnt_out_context *c)
{
    struct gnt_json *list = gnt_docker_at(c, "HostConfig/DeviceRequests", GNT_JSON_ARRAY);
    struct gnt_json *item = gnt_json_new(c->arena, GNT_JSON_OBJECT);

    return list == NULL || item == NULL || gnt_json_add(list, item) < 0 ? NULL : item;
}

static int add_id(struct gnt_out_context *c, struct gnt_json *request, const char *id, size_t size)
{
    struct gnt_out_context inner = { c->arena, request, NULL, c->err };

    return gnt_docker_add_text(&inner, "DeviceIDs", gnt_arena_strndup(c->arena, id, size));
}

static int add_cdi(struct gnt_out_context *c, const char *name)
{
    struct gnt_json *request = add_request(c);

    if (request == NULL ||
        gnt_json_set(c->arena, request, "Driver", gnt_json_string(c->arena, "cdi")) < 0)
        return gnt_nomem(c->err);
    return add_id(c, request, name, strlen(name));
}

int gnt_docker_out_devices(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const gantry_device *const *list;
    int rc = 0;

    memcpy(&list, field, sizeof list);
    for (; rc == 0 && *list != NULL; list++) {
        if ((*list)->path[0] == '/')
            rc = gnt_docker_add_struct(c, row->path, *list, gnt_docker_device_options);
        else
            rc = add_cdi(c, (*list)->path);
    }
    return rc;
}

/* "all", a number, or "device=ID,ID" */
static int fill_gpus(struct gnt_out_context *c, struct gnt_json *request, const char *gpus)
{
    int64_t count = 0;
    int rc = 0;

    if (strncmp(gpus, "device=", 7) == 0) {
        for (const char *id = gpus + 7; rc == 0 && *id != '\0';) {
            size_t size = strcspn(id, ",");

            rc = add_id(c, request, id, size);
            id += size + (id[size] == ',');
        }
        return rc;
    }
    for (const char *digit = gpus; *digit >= '0' && *digit <= '9'; digit++)
        count = count * 10 + (*digit - '0');
    return gnt_json_set(c->arena, request, "Count",
                        gnt_json_number(c->arena, count > 0 ? count : -1)) < 0
               ? gnt_nomem(c->err)
               : 0;
}

int gnt_docker_out_gpus(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const char *gpus;
    struct gnt_json *request = add_request(c);
    struct gnt_json *all = gnt_json_new(c->arena, GNT_JSON_ARRAY);
    struct gnt_json *any = gnt_json_new(c->arena, GNT_JSON_ARRAY);

    (void)row;
    memcpy(&gpus, field, sizeof gpus);
    if (request == NULL || all == NULL || any == NULL ||
        gnt_json_add(all, gnt_json_string(c->arena, "gpu")) < 0 || gnt_json_add(any, all) < 0 ||
        gnt_json_set(c->arena, request, "Capabilities", any) < 0)
        return gnt_nomem(c->err);
    return fill_gpus(c, request, gpus);
}

/* ---- security -------------------------------------------------------------------------------- */

/* Into SecurityOpt, with what the row says in front. */
static int out_security_text(struct gnt_out_context *c, const struct gnt_out *row,
                             const void *field)
{
    const char *text;

    memcpy(&text, field, sizeof text);
    return gnt_docker_add_text(c, "HostConfig/SecurityOpt",
                               gnt_arena_printf(c->arena, "%s%s", row->path, text));
}

static int out_selinux(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const char *const *list;
    int rc = 0;

    (void)row;
    memcpy(&list, field, sizeof list);
    for (; rc == 0 && *list != NULL; list++)
        rc = gnt_docker_add_text(c, "HostConfig/SecurityOpt",
                                 gnt_arena_printf(c->arena, "label=%s", *list));
    return rc;
}

static int out_no_new_privileges(struct gnt_out_context *c, const struct gnt_out *row,
                                 const void *field)
{
    int on;

    (void)row;
    memcpy(&on, field, sizeof on);
    return gnt_docker_add_text(c, "HostConfig/SecurityOpt",
                               on == GANTRY_ON ? "no-new-privileges" : "no-new-privileges=false");
}

static int out_user_namespace(struct gnt_out_context *c, const struct gnt_out *row,
                              const void *field)
{
    const gantry_security *s = c->options;

    if (strcmp(s->user_namespace, "host") != 0)
        return gnt_fail(c->err, GANTRY_E_UNSUPPORTED,
                        "option \"user_namespace\": %s is not supported by this engine",
                        s->user_namespace);
    return gnt_out_str(c, row, field);
}

#define S gantry_security
const struct gnt_out gnt_docker_security_options[] = {
    GNT_OUT_STRS(S, capabilities_add, "HostConfig/CapAdd"),
    GNT_OUT_STRS(S, capabilities_drop, "HostConfig/CapDrop"),
    GNT_OUT_HOOK(S, seccomp, "seccomp=", out_security_text),
    GNT_OUT_REFUSE(S, seccomp_path),
    GNT_OUT_HOOK(S, apparmor, "apparmor=", out_security_text),
    GNT_OUT_HOOK(S, selinux, "", out_selinux),
    GNT_OUT_HOOK(S, user_namespace, "HostConfig/UsernsMode", out_user_namespace),
    GNT_OUT_REFUSE(S, uid_maps),
    GNT_OUT_REFUSE(S, gid_maps),
    GNT_OUT_ON(S, privileged, "HostConfig/Privileged"),
    GNT_OUT_ON(S, read_only_root, "HostConfig/ReadonlyRootfs"),
    GNT_OUT_HOOK(S, no_new_privileges, "", out_no_new_privileges),
    GNT_OUT_REFUSE(S, reserved),
    GNT_OUT_END,
};
#undef S

int gnt_docker_out_security(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const gantry_security *security;

    (void)row;
    memcpy(&security, field, sizeof security);
    return gnt_encode(c->arena, security, gnt_docker_security_options, c->body, c->err);
}

/* ---- health ---------------------------------------------------------------------------------- */

static int out_nanoseconds(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    int64_t ms;

    memcpy(&ms, field, sizeof ms);
    return gnt_docker_put(c, row->path, gnt_json_number(c->arena, ms * 1000000));
}

#define H gantry_health
const struct gnt_out gnt_docker_health_options[] = {
    GNT_OUT_STRS(H, test, "Test"),
    GNT_OUT_HOOK(H, interval_ms, "Interval", out_nanoseconds),
    GNT_OUT_HOOK(H, timeout_ms, "Timeout", out_nanoseconds),
    GNT_OUT_HOOK(H, start_period_ms, "StartPeriod", out_nanoseconds),
    GNT_OUT_HOOK(H, start_interval_ms, "StartInterval", out_nanoseconds),
    GNT_OUT_I64(H, retries, "Retries"),
    GNT_OUT_REFUSE(H, on_unhealthy),
    GNT_OUT_REFUSE(H, reserved),
    GNT_OUT_END,
};
#undef H

int gnt_docker_out_health(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const gantry_health *health;
    struct gnt_json *body = gnt_docker_at(c, row->path, GNT_JSON_OBJECT);

    memcpy(&health, field, sizeof health);
    return body == NULL ? gnt_nomem(c->err)
                        : gnt_encode(c->arena, health, gnt_docker_health_options, body, c->err);
}
