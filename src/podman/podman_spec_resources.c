/*
 * Limits of a new container: OCI's LinuxResources, and block devices by their paths beside it.
 */
#include "podman_spec.h"

#include <stdio.h>
#include <string.h>

enum {
    CPU_PERIOD = 100000, /* microseconds, the kernel's default */
    CPU_PERIOD_MOST = 1000000,
    CPU_QUOTA_LEAST = 1000
};

static int put(struct gnt_out_context *c, const char *path, struct gnt_json *value)
{
    return gnt_json_put(c->arena, c->body, path, value) < 0 ? gnt_nomem(c->err) : 0;
}

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
    rc = put(c, "cpu/quota", gnt_json_number(c->arena, nano / (1000000000 / period)));
    return rc < 0 ? rc : put(c, "cpu/period", gnt_json_number(c->arena, period));
}

/* libpod compares -1 with the limit of memory and finds it too small: the kernel's own word for "no
 * limit" instead. */
static int out_swap(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    int64_t swap;

    memcpy(&swap, field, sizeof swap);
    if (swap == GANTRY_UNLIMITED)
        swap = GNT_PODMAN_NO_SWAP_LIMIT;
    return put(c, row->path, gnt_json_number(c->arena, swap));
}

static int out_swappiness(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    int64_t swappiness;

    memcpy(&swappiness, field, sizeof swappiness);
    if (swappiness == GANTRY_SWAPPINESS_NONE)
        swappiness = 0;
    return put(c, row->path, gnt_json_number(c->arena, swappiness));
}

#define R gantry_resources
const struct gnt_out gnt_podman_resource_options[] = {
    GNT_OUT_I64(R, memory_bytes, "memory/limit"),
    GNT_OUT_HOOK(R, nano_cpus, "", out_cpus),
    GNT_OUT_I64(R, pids, "pids/limit"),
    GNT_OUT_HOOK(R, memory_swap_bytes, "memory/swap", out_swap),
    GNT_OUT_I64(R, memory_reservation_bytes, "memory/reservation"),
    GNT_OUT_HOOK(R, memory_swappiness, "memory/swappiness", out_swappiness),
    GNT_OUT_I64(R, cpu_shares, "cpu/shares"),
    GNT_OUT_I64(R, cpu_period_us, "cpu/period"),
    GNT_OUT_I64(R, cpu_quota_us, "cpu/quota"),
    GNT_OUT_STR(R, cpuset_cpus, "cpu/cpus"),
    GNT_OUT_STR(R, cpuset_mems, "cpu/mems"),
    GNT_OUT_I64(R, block_weight, "blockIO/weight"),
    GNT_OUT_CODE(R, block_limits),
    GNT_OUT_OFF(R, oom_kill, "memory/disableOOMKiller"),
    GNT_OUT_REFUSE(R, reserved),
    GNT_OUT_END
};
#undef R

int gnt_podman_has_limits(const gantry_resources *o)
{
    return o != NULL &&
           (o->memory_bytes != 0 || o->nano_cpus != 0 || o->pids != 0 ||
            o->memory_swap_bytes != 0 || o->memory_reservation_bytes != 0 ||
            o->memory_swappiness != 0 || o->cpu_shares != 0 || o->cpu_period_us != 0 ||
            o->cpu_quota_us != 0 || o->cpuset_cpus != NULL || o->cpuset_mems != NULL ||
            o->block_weight != 0 || o->oom_kill != GANTRY_DEFAULT || o->reserved != 0 ||
            (o->block_limits != NULL && o->block_limits[0] != NULL));
}

/* ---- block devices --------------------------------------------------------------------------- */

/* The map of this limit, { "/dev/sda": { "rate": 1000 } }; libpod looks up the device's numbers. */
static int out_rate(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const gantry_block_limit *limit = c->options;
    struct gnt_json *map = (struct gnt_json *)gnt_json_get(c->body, row->path);
    struct gnt_json *item = gnt_json_new(c->arena, GNT_JSON_OBJECT);
    const char *member = strcmp(row->path, "weightDevice") == 0 ? "weight" : "rate";
    int rc = 0;
    int64_t rate;

    memcpy(&rate, field, sizeof rate);
    if (map == NULL) {
        map = gnt_json_new(c->arena, GNT_JSON_OBJECT);
        rc = put(c, row->path, map);
    }
    if (rc == 0 && (item == NULL ||
                    gnt_json_set(c->arena, item, member, gnt_json_number(c->arena, rate)) < 0 ||
                    gnt_json_set(c->arena, map, limit->path, item) < 0))
        rc = gnt_nomem(c->err);
    return rc;
}

#define B gantry_block_limit
const struct gnt_out gnt_podman_block_options[] = {
    GNT_OUT_CODE(B, path),
    GNT_OUT_HOOK(B, read_bytes_per_second, "throttleReadBpsDevice", out_rate),
    GNT_OUT_HOOK(B, write_bytes_per_second, "throttleWriteBpsDevice", out_rate),
    GNT_OUT_HOOK(B, reads_per_second, "throttleReadIOPSDevice", out_rate),
    GNT_OUT_HOOK(B, writes_per_second, "throttleWriteIOPSDevice", out_rate),
    GNT_OUT_HOOK(B, weight, "weightDevice", out_rate),
    GNT_OUT_END
};
#undef B

void gnt_podman_spec_resources(struct gnt_req *r, struct gnt_json *body,
                               const gantry_resources *resources)
{
    const gantry_block_limit *const *limits;

    if (!gnt_podman_has_limits(resources))
        return;
    /* Also if it is empty: libpod warns of what it ignores only if it is there. */
    gnt_podman_put(r, body, "resource_limits",
                   gnt_req_encode(r, resources, gnt_podman_resource_options));
    limits = resources->block_limits;
    for (; limits != NULL && *limits != NULL && r->rc == 0; limits++) {
        gantry_error err = { 0 };
        int rc = gnt_encode(&r->arena, *limits, gnt_podman_block_options, body, &err);

        if (rc < 0)
            gnt_req_fail(r, rc, "resources: block_limits: %s", err.message);
    }
}

/* ---- limits of processes --------------------------------------------------------------------- */

/* No limit is the largest number: -1 is understood from 5.5.1 only. */
static struct gnt_json *limit_value(struct gnt_arena *arena, int64_t limit)
{
    struct gnt_json *number = gnt_json_number(arena, limit);

    if (number != NULL && limit == GANTRY_UNLIMITED)
        number->text = "18446744073709551615";
    return number;
}

static int out_limit(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const gantry_ulimit *u = c->options;

    (void)field;
    if (put(c, row->path, gnt_json_string(c->arena, u->name)) < 0 ||
        put(c, "soft", limit_value(c->arena, u->soft)) < 0)
        return GANTRY_E_NOMEM;
    return put(c, "hard", limit_value(c->arena, u->hard));
}

#define U gantry_ulimit
const struct gnt_out gnt_podman_ulimit_options[] = {
    /* all three, zero too */
    GNT_OUT_HOOK(U, name, "type", out_limit), GNT_OUT_CODE(U, soft), GNT_OUT_CODE(U, hard),
    GNT_OUT_END
};
#undef U

int gnt_podman_out_ulimits(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    struct gnt_json *array = gnt_json_new(c->arena, GNT_JSON_ARRAY);
    const gantry_ulimit *const *limits = *(const gantry_ulimit *const *const *)field;
    int rc = 0;

    for (; rc == 0 && *limits != NULL; limits++) {
        struct gnt_json *item = gnt_json_new(c->arena, GNT_JSON_OBJECT);

        if (item == NULL || gnt_json_add(array, item) < 0)
            return gnt_nomem(c->err);
        rc = gnt_encode(c->arena, *limits, gnt_podman_ulimit_options, item, c->err);
    }
    return rc < 0 ? rc : put(c, row->path, array);
}
