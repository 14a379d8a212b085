/*
 * What libpod tells of containers, in lists and when it inspects one: the tables that decode it,
 * and the hooks for what is put together of several values. Those for single ones are in
 * podman_inspect_values.c.
 */
#include "podman_inspect.h"
#include "rest_life.h"

#include <string.h>

/* ---- names, ports, mounts -------------------------------------------------------------------- */

/* "Names": ["web"] */
static int in_first(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                    void *field)
{
    if (v->type != GNT_JSON_ARRAY || v->first == NULL)
        return 0;
    return gnt_in_name(c, v->first, row, field);
}

/* From the state's word: an exit code counts only once the container has ended. */
static int in_ended(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                    void *field)
{
    const char *word = gnt_json_text(v);
    int ended = word != NULL && (strcmp(word, "exited") == 0 || strcmp(word, "stopped") == 0);

    (void)c;
    (void)row;
    memcpy(field, &ended, sizeof ended);
    return 0;
}

/* A struct of a result with its defaults. */
static void *new_item(struct gnt_in_context *c, int kind)
{
    void *item = gnt_arena_alloc(c->arena, gnt_model_size(kind));

    if (item == NULL)
        gnt_nomem(c->err);
    else
        gnt_model_defaults(kind, item);
    return item;
}

static int64_t number_of(const struct gnt_json *object, const char *key)
{
    int64_t number = 0;

    return gnt_json_int(gnt_json_get(object, key), &number) == 0 && number > 0 && number <= 65535
               ? number
               : 0;
}

static const char *copy_text(struct gnt_in_context *c, const struct gnt_json *v, const char *other)
{
    const char *text = gnt_json_text(v);

    return gnt_arena_strdup(c->arena, text != NULL ? text : other);
}

static int fill_port(struct gnt_in_context *c, const struct gnt_json *v, int64_t n,
                     gantry_port_info **slot)
{
    gantry_port_info *port = new_item(c, GANTRY_KIND_PORT_INFO);
    int64_t host_port = number_of(v, "host_port");

    if (port == NULL)
        return GANTRY_E_NOMEM;
    port->container_port = (int)(number_of(v, "container_port") + n);
    port->host_port = host_port != 0 ? (int)(host_port + n) : 0;
    port->protocol = copy_text(c, gnt_json_get(v, "protocol"), "tcp");
    port->host_address = copy_text(c, gnt_json_get(v, "host_ip"), "");
    *slot = port;
    return port->protocol == NULL || port->host_address == NULL ? gnt_nomem(c->err) : 0;
}

/* How many ports one row stands for: "range" of them, none beyond the last port there is. */
static int64_t span_of(const struct gnt_json *v)
{
    int64_t range = number_of(v, "range");
    int64_t last = 65535;
    int64_t container = number_of(v, "container_port");
    int64_t host = number_of(v, "host_port");

    if (container + range - 1 > last)
        range = last - container + 1;
    if (host + range - 1 > last)
        range = last - host + 1;
    return range > 0 ? range : 1;
}

/* [{"host_ip", "container_port", "host_port", "range", "protocol"}], ranges taken apart. */
static int in_port_list(struct gnt_in_context *c, const struct gnt_json *v,
                        const struct gnt_in *row, void *field)
{
    gantry_port_info **list;
    size_t count = 0;
    size_t n = 0;
    int rc = 0;

    (void)row;
    if (v->type != GNT_JSON_ARRAY)
        return 0;
    for (const struct gnt_json *item = v->first; item != NULL; item = item->next)
        count += (size_t)span_of(item);
    list = gnt_arena_alloc(c->arena, (count + 1) * sizeof *list);
    if (list == NULL)
        return gnt_nomem(c->err);
    for (const struct gnt_json *item = v->first; item != NULL; item = item->next) {
        for (int64_t i = 0; rc == 0 && i < span_of(item); i++)
            rc = fill_port(c, item, i, &list[n++]);
    }
    memcpy(field, &list, sizeof list);
    return rc;
}

/*
 * libpod 4 gives the entrypoint as one joined text; Path and Args hold all words: entrypoint, then
 * command. From 5.0 it is a list.
 */
static int in_entrypoint(struct gnt_in_context *c, const struct gnt_json *v,
                         const struct gnt_in *row, void *field)
{
    const struct gnt_json *entrypoint = gnt_json_get(v, "Config/Entrypoint");
    const struct gnt_json *args = gnt_json_get(v, "Args");
    const struct gnt_json *command = gnt_json_get(v, "Config/Cmd");
    const char *joined = gnt_json_text(entrypoint);
    size_t words = args != NULL && args->type == GNT_JSON_ARRAY ? args->size + 1 : 1;
    size_t behind = command != NULL && command->type == GNT_JSON_ARRAY ? command->size : 0;
    const struct gnt_json *arg = args != NULL ? args->first : NULL;
    const struct gnt_json *first = gnt_json_get(v, "Path");
    const char **list;

    /* The engine's init and "--" stand before. */
    if (gnt_json_true(gnt_json_get(v, "HostConfig/Init")) && words > 2) {
        first = arg->next;
        arg = first->next;
        words -= 2;
    }
    if (entrypoint == NULL || (joined != NULL && joined[0] == '\0'))
        return 0;
    if (joined == NULL || behind >= words)
        return gnt_in_strs(c, entrypoint, row, field);
    list = gnt_arena_alloc(c->arena, (words - behind + 1) * sizeof *list);
    if (list == NULL)
        return gnt_nomem(c->err);
    list[0] = copy_text(c, first, "");
    for (size_t i = 1; i < words - behind && arg != NULL; i++, arg = arg->next)
        list[i] = copy_text(c, arg, "");
    memcpy(field, &list, sizeof list);
    return list[0] == NULL ? gnt_nomem(c->err) : 0;
}

/* ---- tables ---------------------------------------------------------------------------------- */

#define C gantry_container
const struct gnt_in gnt_podman_container_item_rows[] = {
    GNT_IN_ID_REQ(C, id, "Id"),
    GNT_IN_HOOK(C, name, "Names", in_first),
    GNT_IN_HOOK(C, image, "Image", gnt_podman_in_name),
    GNT_IN_ID(C, image_id, "ImageID"),
    GNT_IN_STR_REQ(C, state_text, "State"),
    GNT_IN_ENUM(C, state, "State", gnt_container_states),
    GNT_IN_STRS(C, command, "Command"),
    GNT_IN_TIME(C, created_ns, "Created"),
    GNT_IN_I64(C, exit_code, "ExitCode"),
    GNT_IN_HOOK(C, has_exit_code, "State", in_ended),
    GNT_IN_MAP(C, labels, "Labels"),
    GNT_IN_HOOK(C, ports, "Ports", in_port_list),
    GNT_IN_STRS(C, networks, "Networks"),
    GNT_IN_HOOK(C, health_text, "Status", gnt_podman_in_status),
    GNT_IN_ENUM(C, health, "Status", gnt_podman_health_words),
    GNT_IN_STR(C, pod, "Pod"),
    GNT_IN_I64(C, size_rw_bytes, "Size/rwSize"),
    GNT_IN_I64(C, size_root_bytes, "Size/rootFsSize"),
    GNT_IN_HOOK(C, environment, "Mounts", gnt_in_mount_targets), /* see gnt_list_settle */
    GNT_IN_END
};

const struct gnt_in gnt_podman_container_rows[] = {
    GNT_IN_HOOK(C, image, "ImageName", gnt_podman_in_name),
    GNT_IN_HOOK(C, has_exit_code, "State/Status", in_ended),
    GNT_IN_HOOK(C, nano_cpus, "", gnt_podman_in_cpus),
    GNT_IN_HOOK(C, entrypoint, "", in_entrypoint),
    GNT_IN_STR(C, health_text, "State/Health/Status"),
    GNT_IN_ENUM(C, health, "State/Health/Status", gnt_podman_health_words),
    GNT_IN_STRS(C, health_test, "Config/Healthcheck/Test"),
    GNT_IN_HOOK(C, stop_timeout_ms, "Config/StopTimeout", gnt_podman_in_seconds),
    GNT_IN_HOOK(C, restart, "", gnt_podman_in_no_restart),
    GNT_IN_HOOK(C, memory_swap_bytes, "HostConfig/MemorySwap", gnt_podman_in_swap),
    GNT_IN_HOOK(C, memory_reservation_bytes, "HostConfig/MemoryReservation", gnt_in_limit),
    GNT_IN_HOOK(C, cpu_quota_us, "HostConfig/CpuQuota", gnt_in_limit),
    GNT_IN_HOOK(C, pid_namespace, "HostConfig/PidMode", gnt_podman_in_namespace),
    GNT_IN_HOOK(C, ipc_namespace, "HostConfig/IpcMode", gnt_podman_in_namespace),
    GNT_IN_STR(C, user_namespace, "HostConfig/UsernsMode"),
    GNT_IN_STR(C, log_path, "HostConfig/LogConfig/Path"),
    GNT_IN_STR(C, runtime, "OCIRuntime"),
    GNT_IN_STR(C, pod, "Pod"),
    GNT_IN_STRS(C, capabilities_add, "HostConfig/CapAdd"),
    GNT_IN_HOOK(C, capabilities_drop, "HostConfig/CapDrop", gnt_podman_in_dropped),
    GNT_IN_HOOK(C, annotations, "Config/Annotations", gnt_podman_in_annotations),
    GNT_IN_TABLE(gnt_container_rows), /* behind its own: what is, over what was asked for */
    GNT_IN_END
};
#undef C
