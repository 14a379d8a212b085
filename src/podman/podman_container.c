/*
 * Containers over libpod: list and inspect. Creating is in podman_spec.c, life in podman_life.c,
 * streams in podman_stream.c, waiting in podman_wait.c.
 */
#include "podman.h"

#include <stdlib.h>
#include <string.h>

/* ---- tables ---------------------------------------------------------------------------------- */

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
    const char **list;

    if (entrypoint == NULL || (joined != NULL && joined[0] == '\0'))
        return 0;
    if (joined == NULL || behind >= words)
        return gnt_in_strs(c, entrypoint, row, field);
    list = gnt_arena_alloc(c->arena, (words - behind + 1) * sizeof *list);
    if (list == NULL)
        return gnt_nomem(c->err);
    list[0] = copy_text(c, gnt_json_get(v, "Path"), "");
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
    GNT_IN_HOOK(C, nano_cpus, "HostConfig/NanoCpus", gnt_in_limit),
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
    GNT_IN_END
};
#undef C

#define L gantry_container_list_options
const struct gnt_out gnt_podman_container_list_options[] = {
    GNT_OUT_CODE(L, names),
    GNT_OUT_CODE(L, labels),
    GNT_OUT_CODE(L, image),
    GNT_OUT_CODE(L, network),
    GNT_OUT_CODE(L, filters),
    GNT_OUT_CODE(L, filter_count),
    GNT_OUT_CODE(L, limit),
    GNT_OUT_CODE(L, all),
    GNT_OUT_CODE(L, state),
    GNT_OUT_REFUSE(gantry_container_list_options, ids),
    GNT_OUT_REFUSE(gantry_container_list_options, volume),
    GNT_OUT_REFUSE(gantry_container_list_options, before),
    GNT_OUT_REFUSE(gantry_container_list_options, since),
    GNT_OUT_REFUSE(gantry_container_list_options, pod),
    GNT_OUT_REFUSE(gantry_container_list_options, exit_codes),
    GNT_OUT_REFUSE(gantry_container_list_options, health),
    GNT_OUT_REFUSE(gantry_container_list_options, sizes),
    GNT_OUT_END
};
#undef L

/* ---- list ------------------------------------------------------------------------------------ */

struct listing {
    struct podman_wanted wanted;
    int state;
    int running; /* only what runs, as other engines see it: paused ones and restarts too */
};

static int accept_container(const void *item, const void *arg)
{
    const gantry_container *container = item;
    const struct listing *listing = arg;

    if (listing->state != GANTRY_CONTAINER_UNKNOWN && container->state != listing->state)
        return 0;
    if (listing->running && container->state != GANTRY_CONTAINER_RUNNING &&
        container->state != GANTRY_CONTAINER_PAUSED &&
        container->state != GANTRY_CONTAINER_RESTARTING)
        return 0;
    return gnt_podman_accept(item, &listing->wanted);
}

static int has_filter(const gantry_container_list_options *opts, const char *key)
{
    for (size_t i = 0; i < opts->filter_count; i++) {
        if (strcmp(opts->filters[i].key, key) == 0)
            return 1;
    }
    return 0;
}

/* Without `all` libpod leaves paused ones out, which run as far as callers are concerned. States
 * are compared with the answer only: no version takes all words, none has one for "stopping". */
static int only_running(const gantry_container_list_options *opts)
{
    return opts->all != GANTRY_ON && opts->state == GANTRY_CONTAINER_UNKNOWN &&
           !has_filter(opts, "status");
}

/* libpod's `ancestor` compares whole names and ids as they are stored: give it the id. */
static int filter_image(struct podman *p, struct gnt_req *r, struct gnt_json *filters,
                        const gantry_container_list_options *opts, const gantry_call *call,
                        gantry_error *err)
{
    char id[65];
    gantry_error e = { 0 };
    int rc;

    if (opts->image == NULL)
        return 0;
    rc = gnt_podman_image_id(p, call, opts->image, id, &e);
    if (rc < 0 && rc != GANTRY_E_NOT_FOUND) {
        if (err != NULL)
            *err = e;
        return rc;
    }
    gnt_req_filter(r, filters, "ancestor", rc == 0 ? id : gnt_podman_bare(opts->image));
    return 0;
}

static int newer(const void *a, const void *b)
{
    const gantry_container *const *x = a;
    const gantry_container *const *y = b;

    return ((*x)->created_ns < (*y)->created_ns) - ((*x)->created_ns > (*y)->created_ns);
}

/* The limit is applied here: libpod's own drops the conditions that are checked on the answer. As
 * on
 * other engines, a list tells ports of what runs. */
static void newest_first(gantry_container_list *list, int64_t limit)
{
    static const gantry_port_info *const none[] = { NULL };
    const gantry_container **items = (const gantry_container **)list->items;

    for (size_t i = 0; i < list->count; i++) {
        int state = items[i]->state;

        if (state != GANTRY_CONTAINER_RUNNING && state != GANTRY_CONTAINER_PAUSED)
            ((gantry_container *)items[i])->ports = none;
    }
    if (list->count > 1)
        qsort(items, list->count, sizeof *items, newer);
    if (limit > 0 && list->count > (size_t)limit) {
        list->count = (size_t)limit;
        items[limit] = NULL;
    }
}

static int list_containers(struct podman *p, const gantry_container_list_options *opts,
                           const gantry_call *call, void **out, gantry_error *err)
{
    struct listing listing = { .wanted = { .names = { .names = opts->names,
                                                      .offset = offsetof(gantry_container, name) },
                                           .labels = opts->labels,
                                           .labels_offset = offsetof(gantry_container, labels) },
                               .state = opts->state,
                               .running = only_running(opts) };
    struct gnt_req r;
    struct gnt_json *filters;
    int rc;

    gnt_req_init(&r, &p->rest, "GET", call, "/containers/json");
    gnt_req_query_true(&r, "all", 1);
    filters = gnt_req_object(&r);
    gnt_podman_filter_wanted(&r, filters, &listing.wanted);
    if (opts->network != NULL)
        gnt_req_filter(&r, filters, "network", opts->network);
    gnt_req_filter_pairs(&r, filters, opts->filters, opts->filter_count);
    rc = filter_image(p, &r, filters, opts, call, err);
    if (rc < 0) {
        gnt_req_free(&r);
        return rc;
    }
    gnt_req_filters(&r, filters);
    return gnt_req_list(&r, GANTRY_KIND_CONTAINER_LIST, GANTRY_KIND_CONTAINER,
                        gnt_podman_container_item_rows, accept_container, &listing, out, err);
}

static int podman_container_list(void *state, const gantry_container_list_options *opts,
                                 gantry_container_list **out, gantry_error *err)
{
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    gantry_error e;
    void *list = NULL;
    int tries = 0;
    int rc;

    do {
        memset(&e, 0, sizeof e);
        rc = list_containers(state, opts, call, &list, &e);
    } while (gnt_podman_list_again(rc, &e, &tries));
    if (rc < 0) {
        if (err != NULL)
            *err = e;
        return rc;
    }
    newest_first(list, opts->limit);
    *out = list;
    return 0;
}

/* ---- inspect --------------------------------------------------------------------------------- */

static int podman_container_inspect(void *state, const char *id,
                                    const gantry_container_inspect_options *opts,
                                    gantry_container **out, gantry_error *err)
{
    static const struct gnt_lookup lookup = { .path = "/containers/%s/json",
                                              .resource_kind = GANTRY_RESOURCE_CONTAINER,
                                              .result_kind = GANTRY_KIND_CONTAINER,
                                              .rows = gnt_podman_container_rows,
                                              .json_offset = offsetof(gantry_container, json) };
    struct podman *p = state;
    void *result = NULL;
    int rc = gnt_rest_lookup(&p->rest, &lookup, opts->call, id, &result, err);

    if (rc == 0) {
        *out = result;
        gnt_settle_ports(*out);
        /* The kernel's SIGKILL and that of others look alike, and Podman often misses the first. */
        if ((*out)->has_exit_code && (*out)->exit_code == 128 + 9 && !(*out)->oom_killed)
            (*out)->oom_killed = -1;
    }
    return rc;
}

const gantry_container_ops gnt_podman_container_ops = { .size = sizeof(gantry_container_ops),
                                                        .create = gnt_podman_create,
                                                        .start = gnt_podman_start,
                                                        .stop = gnt_podman_stop,
                                                        .restart = gnt_podman_restart,
                                                        .kill = gnt_podman_kill,
                                                        .remove = gnt_podman_container_remove,
                                                        .list = podman_container_list,
                                                        .inspect = podman_container_inspect,
                                                        .logs = gnt_podman_logs,
                                                        .attach = gnt_podman_attach,
                                                        .wait = gnt_podman_wait,
                                                        .exec = gnt_podman_exec,
                                                        .exec_result = gnt_podman_exec_result,
                                                        .commit = gnt_podman_commit,
                                                        .export_open = gnt_podman_export,
                                                        .archive_put = gnt_podman_archive_put,
                                                        .archive_get = gnt_podman_archive_get,
                                                        .archive_stat = gnt_podman_archive_stat };
