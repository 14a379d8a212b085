/*
 * A digest over all options of a container: they are encoded as JSON by tables that cover every
 * member, objects are sorted by key, and the text is digested. A member that is zero leaves no trace,
 * so that a member more in a later version changes no digest that does not use it.
 */
#include "compare.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"

/* ---- encoders -------------------------------------------------------------------------------- */

static int put(struct gnt_out_context *c, const struct gnt_out *row, struct gnt_json *value)
{
    return gnt_json_set(c->arena, c->body, row->name, value) < 0 ? gnt_nomem(c->err) : 0;
}

static int out_int(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    int number;

    memcpy(&number, field, sizeof number);
    return put(c, row, gnt_json_number(c->arena, number));
}

/* One struct, by the table in `aux`. */
static int encode(struct gnt_out_context *c, const struct gnt_out *row, const void *options,
                  struct gnt_json **out)
{
    *out = gnt_json_new(c->arena, GNT_JSON_OBJECT);
    return *out == NULL ? gnt_nomem(c->err) : gnt_encode(c->arena, options, row->aux, *out, c->err);
}

static int out_struct(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const void *options;
    struct gnt_json *object = NULL;
    int rc;

    memcpy(&options, field, sizeof options);
    rc = encode(c, row, options, &object);
    return rc < 0 ? rc : put(c, row, object);
}

static int out_structs(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const void *const *list;
    struct gnt_json *array = gnt_json_new(c->arena, GNT_JSON_ARRAY);
    int rc = array == NULL ? gnt_nomem(c->err) : 0;

    memcpy(&list, field, sizeof list);
    for (; rc == 0 && *list != NULL; list++) {
        struct gnt_json *object = NULL;

        rc = encode(c, row, *list, &object);
        if (rc == 0 && gnt_json_add(array, object) < 0)
            rc = gnt_nomem(c->err);
    }
    return rc < 0 ? rc : put(c, row, array);
}

#define NUMBER(T, m) GNT_OUT_(T, m, int, #m, out_int, GNT_OUT_W(T, m))
#define I64(T, m) GNT_OUT_I64(T, m, #m)
#define TEXT(T, m) GNT_OUT_STR(T, m, #m)
#define TEXTS(T, m) GNT_OUT_STRS(T, m, #m)
#define PAIRS(T, m) GNT_OUT_MAP(T, m, #m)
#define NESTED(T, m, fn, rows)                                                                     \
    {                                                                                              \
#m, #m, fn, offsetof(T, m), GNT_OUT_W(T, m), rows                                          \
    }

/* ---- tables ---------------------------------------------------------------------------------- */

#define T gantry_mount
const struct gnt_out gnt_spec_mount[] = {
    TEXT(T, source),          TEXT(T, target),      I64(T, tmpfs_size_bytes),
    NUMBER(T, type),          NUMBER(T, read_only), TEXT(T, propagation),
    TEXT(T, subpath),         TEXT(T, options),     TEXT(T, driver),
    PAIRS(T, driver_options), PAIRS(T, labels),     NUMBER(T, tmpfs_mode),
    NUMBER(T, relabel),       NUMBER(T, copy),      NUMBER(T, recursive),
    NUMBER(T, create_source), NUMBER(T, chown),     GNT_OUT_END,
};
#undef T

#define T gantry_port
const struct gnt_out gnt_spec_port[] = {
    TEXT(T, protocol),    TEXT(T, host_address), NUMBER(T, container_port),
    NUMBER(T, host_port), NUMBER(T, count),      NUMBER(T, reserved),
    GNT_OUT_END,
};
#undef T

#define T gantry_attachment
const struct gnt_out gnt_spec_attachment[] = {
    TEXT(T, network),  TEXTS(T, aliases), TEXT(T, address),
    TEXT(T, address6), TEXT(T, mac),      GNT_OUT_END,
};
#undef T

#define T gantry_block_limit
const struct gnt_out gnt_spec_block_limit[] = {
    TEXT(T, path),
    I64(T, read_bytes_per_second),
    I64(T, write_bytes_per_second),
    I64(T, reads_per_second),
    I64(T, writes_per_second),
    I64(T, weight),
    GNT_OUT_END,
};
#undef T

#define T gantry_resources
const struct gnt_out gnt_spec_resources[] = {
    I64(T, memory_bytes),
    I64(T, nano_cpus),
    I64(T, pids),
    I64(T, memory_swap_bytes),
    I64(T, memory_reservation_bytes),
    I64(T, memory_swappiness),
    I64(T, cpu_shares),
    I64(T, cpu_period_us),
    I64(T, cpu_quota_us),
    TEXT(T, cpuset_cpus),
    TEXT(T, cpuset_mems),
    I64(T, block_weight),
    NESTED(T, block_limits, out_structs, gnt_spec_block_limit),
    NUMBER(T, oom_kill),
    NUMBER(T, reserved),
    GNT_OUT_END,
};
#undef T

#define T gantry_ulimit
const struct gnt_out gnt_spec_ulimit[] = { TEXT(T, name), I64(T, soft), I64(T, hard), GNT_OUT_END };
#undef T

#define T gantry_device
const struct gnt_out gnt_spec_device[] = { TEXT(T, path), TEXT(T, container_path),
                                           TEXT(T, permissions), GNT_OUT_END };
#undef T

#define T gantry_security
const struct gnt_out gnt_spec_security[] = {
    TEXTS(T, capabilities_add), TEXTS(T, capabilities_drop),
    TEXT(T, seccomp),           TEXT(T, seccomp_path),
    TEXT(T, apparmor),          TEXTS(T, selinux),
    TEXT(T, user_namespace),    TEXTS(T, uid_maps),
    TEXTS(T, gid_maps),         NUMBER(T, privileged),
    NUMBER(T, read_only_root),  NUMBER(T, no_new_privileges),
    NUMBER(T, reserved),        GNT_OUT_END,
};
#undef T

#define T gantry_secret_mount
const struct gnt_out gnt_spec_secret[] = {
    TEXT(T, secret), TEXT(T, target), TEXT(T, environment), NUMBER(T, uid),
    NUMBER(T, gid),  NUMBER(T, mode), NUMBER(T, reserved),  GNT_OUT_END,
};
#undef T

#define T gantry_health
const struct gnt_out gnt_spec_health[] = {
    TEXTS(T, test),          I64(T, interval_ms),       I64(T, timeout_ms),
    I64(T, start_period_ms), I64(T, start_interval_ms), I64(T, retries),
    NUMBER(T, on_unhealthy), NUMBER(T, reserved),       GNT_OUT_END,
};
#undef T

#define T gantry_container_options
const struct gnt_out gnt_spec_options[] = {
    GNT_OUT_CODE(T, name),
    TEXTS(T, command),
    TEXTS(T, entrypoint),
    GNT_OUT_ENV_MAP(T, environment, "environment"),
    PAIRS(T, labels),
    TEXT(T, working_directory),
    TEXT(T, user),
    TEXT(T, hostname),
    NESTED(T, mounts, out_structs, gnt_spec_mount),
    NESTED(T, ports, out_structs, gnt_spec_port),
    TEXT(T, network),
    NESTED(T, resources, out_struct, gnt_spec_resources),
    TEXT(T, platform),
    TEXT(T, extra_json),
    I64(T, stop_timeout_ms),
    NUMBER(T, tty),
    NUMBER(T, open_stdin),
    NUMBER(T, auto_remove),
    NUMBER(T, init),
    GNT_OUT_CODE(T, environment_files), /* read by the import, and part of the environment */
    PAIRS(T, annotations),
    TEXTS(T, groups),
    TEXT(T, stop_signal),
    NESTED(T, networks, out_structs, gnt_spec_attachment),
    TEXTS(T, exposed_ports),
    TEXTS(T, dns_servers),
    TEXTS(T, dns_search),
    TEXTS(T, dns_options),
    TEXTS(T, extra_hosts),
    NESTED(T, ulimits, out_structs, gnt_spec_ulimit),
    PAIRS(T, sysctls),
    NESTED(T, devices, out_structs, gnt_spec_device),
    TEXT(T, gpus),
    NESTED(T, security, out_struct, gnt_spec_security),
    NESTED(T, health, out_struct, gnt_spec_health),
    TEXT(T, log_driver),
    PAIRS(T, log_options),
    TEXT(T, pid_namespace),
    TEXT(T, ipc_namespace),
    TEXT(T, uts_namespace),
    TEXT(T, cgroup_namespace),
    TEXT(T, cgroup_parent),
    TEXT(T, runtime),
    TEXT(T, pod),
    NESTED(T, secrets, out_structs, gnt_spec_secret),
    I64(T, shm_size_bytes),
    I64(T, restart_retries),
    NUMBER(T, restart),
    NUMBER(T, oom_score_adjustment),
    NUMBER(T, publish_all),
    GNT_OUT_CODE(T, pull), /* not what the container is */
    GNT_OUT_END,
};
#undef T

/* ---- canonical form -------------------------------------------------------------------------- */

static int by_key(const void *a, const void *b)
{
    const struct gnt_json *const *x = a;
    const struct gnt_json *const *y = b;

    return strcmp((*x)->key, (*y)->key);
}

static int sort_members(struct gnt_arena *arena, struct gnt_json *object)
{
    struct gnt_json **members = gnt_arena_alloc(arena, (object->size + 1) * sizeof *members);
    size_t count = 0;

    if (members == NULL)
        return GANTRY_E_NOMEM;
    for (struct gnt_json *m = object->first; m != NULL; m = m->next)
        members[count++] = m;
    if (count < 2)
        return 0;
    qsort(members, count, sizeof *members, by_key);
    for (size_t i = 0; i < count; i++)
        members[i]->next = i + 1 < count ? members[i + 1] : NULL;
    object->first = members[0];
    object->last = members[count - 1];
    return 0;
}

/* Two levels deep at most: an option, a struct of a list, its maps. */
static int sort(struct gnt_arena *arena, struct gnt_json *v)
{
    int rc = v->type == GNT_JSON_OBJECT ? sort_members(arena, v) : 0;

    if (v->type != GNT_JSON_OBJECT && v->type != GNT_JSON_ARRAY)
        return 0;
    for (struct gnt_json *child = v->first; rc == 0 && child != NULL; child = child->next)
        rc = sort(arena, child);
    return rc;
}

int gnt_spec_digest(const struct gnt_mem *mem, const gantry_container_options *o,
                    char out[GNT_SHA256_HEX], gantry_error *err)
{
    struct gnt_arena arena;
    struct gnt_json *body;
    struct gnt_buf text;
    int rc;

    gnt_arena_init(&arena, mem);
    gnt_buf_init(&text, mem, SIZE_MAX / 2);
    arena.wipe = text.wipe = 1;
    body = gnt_json_new(&arena, GNT_JSON_OBJECT);
    rc = body == NULL ? gnt_nomem(err) : gnt_encode(&arena, o, gnt_spec_options, body, err);
    if (rc == 0 && (sort(&arena, body) < 0 || gnt_json_write(body, &text) < 0))
        rc = gnt_nomem(err);
    if (rc == 0)
        gnt_sha256_hex(gnt_buf_text(&text), text.size, out);
    gnt_buf_free(&text);
    gnt_arena_free(&arena);
    return rc;
}
