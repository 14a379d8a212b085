/*
 * What libpod tells of containers, in lists and when it inspects one: the tables that decode it.
 */
#include "podman_spec.h"
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

/* {"/t": "size=1000,rw"}: tmpfs mounts are not among "Mounts"; this row comes after theirs. */
static int in_tmpfs(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                    void *field)
{
    const gantry_mount_info *const *old;
    const gantry_mount_info **list;
    size_t count = 0;

    (void)row;
    if (v->type != GNT_JSON_OBJECT || v->first == NULL)
        return 0;
    memcpy(&old, field, sizeof old);
    while (old[count] != NULL)
        count++;
    list = gnt_arena_alloc(c->arena, (count + v->size + 1) * sizeof *list);
    if (list == NULL)
        return gnt_nomem(c->err);
    memcpy(list, old, count * sizeof *list);
    for (const struct gnt_json *item = v->first; item != NULL; item = item->next) {
        gantry_mount_info *mount = new_item(c, GANTRY_KIND_MOUNT_INFO);
        const char *text = gnt_json_text(item);

        if (mount == NULL)
            return GANTRY_E_NOMEM;
        mount->target = gnt_arena_strdup(c->arena, item->key);
        mount->type = GANTRY_MOUNT_TMPFS;
        mount->read_only =
            text != NULL && (strncmp(text, "ro,", 3) == 0 || strstr(text, ",ro") != NULL);
        if (mount->target == NULL)
            return gnt_nomem(c->err);
        list[count++] = mount;
    }
    memcpy(field, &list, sizeof list);
    return 0;
}

/* ---- health ---------------------------------------------------------------------------------- */

/* libpod's newest words: a container that was stopped has no result, one that was reset neither. */
static const struct gnt_word health_words[] = {
    { "starting", GANTRY_HEALTH_STARTING },   { "healthy", GANTRY_HEALTH_HEALTHY },
    { "unhealthy", GANTRY_HEALTH_UNHEALTHY }, { "stopped", GANTRY_HEALTH_STARTING },
    { "reset", GANTRY_HEALTH_STARTING },      { NULL, 0 }
};

/* A list's "Status" is the word of the health check, or something to read. */
static int in_status(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                     void *field)
{
    const char *word = gnt_json_text(v);

    for (size_t i = 0; word != NULL && health_words[i].word != NULL; i++) {
        if (strcmp(word, health_words[i].word) == 0)
            return gnt_in_str(c, v, row, field);
    }
    return 0;
}

void gnt_podman_settle_health(gantry_container *container)
{
    static const char *const no_texts[] = { NULL };
    static const gantry_health_probe *const no_probes[] = { NULL };
    const char *const *test = container->health_test;

    if (test[0] != NULL && strcmp(test[0], "NONE") != 0)
        return;
    container->health_test = no_texts;
    container->health_text = "";
    container->health = GANTRY_HEALTH_NONE;
    container->health_failures = 0;
    container->health_log = no_probes;
}

/* ---- limits, capabilities -------------------------------------------------------------------- */

static int in_swap(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                   void *field)
{
    int64_t swap = 0;

    (void)c;
    (void)row;
    if (gnt_json_int(v, &swap) == 0 && (swap < 0 || swap >= GNT_PODMAN_NO_SWAP_LIMIT))
        swap = -1;
    memcpy(field, &swap, sizeof swap);
    return 0;
}

/* libpod tells NanoCpus for the usual period only. From the whole object. */
static int in_cpus(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                   void *field)
{
    int64_t nano = 0;
    int64_t quota = 0;
    int64_t period = 0;

    (void)c;
    (void)row;
    if (gnt_json_int(gnt_json_get(v, "HostConfig/NanoCpus"), &nano) < 0 || nano < 0)
        nano = 0;
    if (nano == 0 && gnt_json_int(gnt_json_get(v, "HostConfig/CpuQuota"), &quota) == 0 &&
        gnt_json_int(gnt_json_get(v, "HostConfig/CpuPeriod"), &period) == 0 && period > 0 &&
        quota > 0 && quota < INT64_MAX / 1000000000)
        nano = quota * 1000000000 / period;
    memcpy(field, &nano, sizeof nano);
    return 0;
}

static int in_seconds(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                      void *field)
{
    int64_t seconds = 0;

    (void)c;
    (void)row;
    if (gnt_json_int(v, &seconds) == 0 && seconds >= 0 && seconds <= INT64_MAX / 1000)
        seconds *= 1000;
    memcpy(field, &seconds, sizeof seconds);
    return 0;
}

/*
 * libpod compares with a standard set, of which newer versions themselves leave three out: together
 * they are no wish of anybody. A privileged container has them all.
 */
static int in_dropped(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                      void *field)
{
    static const char *const usual[] = { "CAP_AUDIT_WRITE", "CAP_MKNOD", "CAP_NET_RAW" };
    const char **list;
    const char **to;
    size_t hits = 0;
    int rc = gnt_in_strs(c, v, row, field);

    if (rc < 0)
        return rc;
    memcpy(&list, field, sizeof list);
    for (size_t i = 0; list[i] != NULL; i++) {
        for (size_t k = 0; k < 3; k++)
            hits += strcmp(list[i], usual[k]) == 0;
    }
    if (hits < 3)
        return 0;
    for (to = list; *list != NULL; list++) {
        if (strcmp(*list, usual[0]) != 0 && strcmp(*list, usual[1]) != 0 &&
            strcmp(*list, usual[2]) != 0)
            *to++ = *list;
    }
    *to = NULL;
    return 0;
}

/* ---- words ----------------------------------------------------------------------------------- */

/* A name, or before 5.0 a number. */
static int in_signal(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                     void *field)
{
    char text[16];
    const char *name;
    int64_t number = 0;

    if (gnt_json_text(v) != NULL)
        return gnt_in_str(c, v, row, field);
    if (gnt_json_int(v, &number) < 0)
        return 0;
    name = gnt_podman_signal_name(number, text);
    if (name == NULL)
        return 0;
    name = gnt_arena_strdup(c->arena, name);
    memcpy(field, &name, sizeof name);
    return name == NULL ? gnt_nomem(c->err) : 0;
}

/* Its own namespace, under any word, is "". */
static int in_namespace(struct gnt_in_context *c, const struct gnt_json *v,
                        const struct gnt_in *row, void *field)
{
    const char *word = gnt_json_text(v);

    if (word == NULL || strcmp(word, "private") == 0 || strcmp(word, "shareable") == 0)
        return 0;
    return gnt_in_str(c, v, row, field);
}

static const struct gnt_word restart_words[] = {
    { "no", GANTRY_RESTART_NO },         { "on-failure", GANTRY_RESTART_ON_FAILURE },
    { "always", GANTRY_RESTART_ALWAYS }, { "unless-stopped", GANTRY_RESTART_UNLESS_STOPPED },
    { "", GANTRY_RESTART_NO },           { NULL, 0 }
};

/* Where the engine says nothing. */
static int in_no_restart(struct gnt_in_context *c, const struct gnt_json *v,
                         const struct gnt_in *row, void *field)
{
    static const int no = GANTRY_RESTART_NO;

    (void)c;
    (void)v;
    (void)row;
    memcpy(field, &no, sizeof no);
    return 0;
}

/* What libpod notes for itself are no annotations of anybody. */
static int is_own_annotation(const char *key)
{
    static const char *const own[] = { "io.podman.annotations.", "io.container.manager",
                                       "io.kubernetes.cri-o.",
                                       "org.opencontainers.image.stopSignal" };

    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (strncmp(key, own[i], strlen(own[i])) == 0)
            return 1;
    }
    return 0;
}

static int in_annotations(struct gnt_in_context *c, const struct gnt_json *v,
                          const struct gnt_in *row, void *field)
{
    gantry_pair *pairs = NULL;
    size_t count = 0;
    size_t kept = 0;
    int rc = gnt_in_map(c, v, row, field);

    if (rc < 0)
        return rc;
    memcpy(&pairs, field, sizeof pairs);
    memcpy(&count, (char *)field + sizeof pairs, sizeof count);
    for (size_t i = 0; i < count; i++) {
        if (!is_own_annotation(pairs[i].key))
            pairs[kept++] = pairs[i];
    }
    memcpy((char *)field + sizeof pairs, &kept, sizeof kept);
    return 0;
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
    GNT_IN_HOOK(C, health_text, "Status", in_status),
    GNT_IN_ENUM(C, health, "Status", health_words),
    GNT_IN_STR(C, pod, "Pod"),
    GNT_IN_I64(C, size_rw_bytes, "Size/rwSize"),
    GNT_IN_I64(C, size_root_bytes, "Size/rootFsSize"),
    GNT_IN_HOOK(C, environment, "Mounts", gnt_in_mount_targets), /* see gnt_list_settle */
    GNT_IN_END
};

const struct gnt_in gnt_podman_container_rows[] = {
    GNT_IN_ID_REQ(C, id, "Id"),
    GNT_IN_NAME(C, name, "Name"),
    GNT_IN_HOOK(C, image, "ImageName", gnt_podman_in_name),
    GNT_IN_ID(C, image_id, "Image"),
    GNT_IN_STR_REQ(C, state_text, "State/Status"),
    GNT_IN_ENUM(C, state, "State/Status", gnt_container_states),
    GNT_IN_STRS(C, command, "Config/Cmd"),
    GNT_IN_TIME(C, created_ns, "Created"),
    GNT_IN_I64(C, exit_code, "State/ExitCode"),
    GNT_IN_HOOK(C, has_exit_code, "State/Status", in_ended),
    GNT_IN_MAP(C, labels, "Config/Labels"),
    GNT_IN_HOOK(C, ports, "NetworkSettings/Ports", gnt_in_port_map),
    GNT_IN_KEYS(C, networks, "NetworkSettings/Networks"),
    GNT_IN_TIME(C, started_ns, "State/StartedAt"),
    GNT_IN_TIME(C, finished_ns, "State/FinishedAt"),
    GNT_IN_I64(C, pid, "State/Pid"),
    GNT_IN_HOOK(C, memory_bytes, "HostConfig/Memory", gnt_in_limit),
    GNT_IN_HOOK(C, nano_cpus, "", in_cpus),
    GNT_IN_HOOK(C, pids_limit, "HostConfig/PidsLimit", gnt_in_limit),
    GNT_IN_FLAG(C, oom_killed, "State/OOMKilled"),
    GNT_IN_FLAG(C, tty, "Config/Tty"),
    GNT_IN_FLAG(C, open_stdin, "Config/OpenStdin"),
    GNT_IN_FLAG(C, auto_remove, "HostConfig/AutoRemove"),
    GNT_IN_STR(C, error_text, "State/Error"),
    GNT_IN_HOOK(C, entrypoint, "", in_entrypoint),
    GNT_IN_STRS(C, environment, "Config/Env"),
    GNT_IN_STR(C, working_directory, "Config/WorkingDir"),
    GNT_IN_STR(C, user, "Config/User"),
    GNT_IN_STR(C, hostname, "Config/Hostname"),
    GNT_IN_HOOK(C, mounts, "Mounts", gnt_in_mounts),
    GNT_IN_HOOK(C, mounts, "HostConfig/Tmpfs", in_tmpfs),
    GNT_IN_HOOK(C, attachments, "NetworkSettings/Networks", gnt_in_attachments),
    GNT_IN_STR(C, health_text, "State/Health/Status"),
    GNT_IN_ENUM(C, health, "State/Health/Status", health_words),
    GNT_IN_INT(C, health_failures, "State/Health/FailingStreak"),
    GNT_IN_HOOK(C, health_log, "State/Health/Log", gnt_in_health_log),
    GNT_IN_STRS(C, health_test, "Config/Healthcheck/Test"),
    GNT_IN_HOOK(C, stop_signal, "Config/StopSignal", in_signal),
    GNT_IN_HOOK(C, stop_timeout_ms, "Config/StopTimeout", in_seconds),
    GNT_IN_I64(C, restart_retries, "HostConfig/RestartPolicy/MaximumRetryCount"),
    GNT_IN_I64(C, restart_count, "RestartCount"),
    GNT_IN_HOOK(C, restart, "", in_no_restart),
    GNT_IN_ENUM(C, restart, "HostConfig/RestartPolicy/Name", restart_words),
    GNT_IN_FLAG(C, privileged, "HostConfig/Privileged"),
    GNT_IN_FLAG(C, read_only_root, "HostConfig/ReadonlyRootfs"),
    GNT_IN_FLAG(C, init, "HostConfig/Init"),
    GNT_IN_HOOK(C, memory_swap_bytes, "HostConfig/MemorySwap", in_swap),
    GNT_IN_HOOK(C, memory_reservation_bytes, "HostConfig/MemoryReservation", gnt_in_limit),
    GNT_IN_I64(C, cpu_shares, "HostConfig/CpuShares"),
    GNT_IN_I64(C, cpu_period_us, "HostConfig/CpuPeriod"),
    GNT_IN_HOOK(C, cpu_quota_us, "HostConfig/CpuQuota", gnt_in_limit),
    GNT_IN_I64(C, shm_size_bytes, "HostConfig/ShmSize"),
    GNT_IN_STR(C, cpuset_cpus, "HostConfig/CpusetCpus"),
    GNT_IN_STR(C, network_mode, "HostConfig/NetworkMode"),
    GNT_IN_HOOK(C, pid_namespace, "HostConfig/PidMode", in_namespace),
    GNT_IN_HOOK(C, ipc_namespace, "HostConfig/IpcMode", in_namespace),
    GNT_IN_STR(C, user_namespace, "HostConfig/UsernsMode"),
    GNT_IN_STR(C, log_driver, "HostConfig/LogConfig/Type"),
    GNT_IN_STR(C, log_path, "HostConfig/LogConfig/Path"),
    GNT_IN_STR(C, runtime, "OCIRuntime"),
    GNT_IN_STR(C, pod, "Pod"),
    GNT_IN_STRS(C, capabilities_add, "HostConfig/CapAdd"),
    GNT_IN_HOOK(C, capabilities_drop, "HostConfig/CapDrop", in_dropped),
    GNT_IN_STRS(C, exec_ids, "ExecIDs"),
    GNT_IN_STRS(C, dns_servers, "HostConfig/Dns"),
    GNT_IN_STRS(C, extra_hosts, "HostConfig/ExtraHosts"),
    GNT_IN_HOOK(C, annotations, "Config/Annotations", in_annotations),
    GNT_IN_I64(C, size_rw_bytes, "SizeRw"),
    GNT_IN_I64(C, size_root_bytes, "SizeRootFs"),
    GNT_IN_END
};
#undef C
