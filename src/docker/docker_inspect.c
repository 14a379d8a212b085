/*
 * Docker: how it lists and describes containers, and how lists are filtered.
 */
#include "docker_pod.h"

#include "rest_life.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Names: ["/web", "/other/web"]; a name without a second '/' is the container's own. */
int gnt_docker_in_own_name(struct gnt_in_context *c, const struct gnt_json *v,
                           const struct gnt_in *row, void *field)
{
    const char *own = NULL;

    (void)row;
    for (const struct gnt_json *item = v->first; item != NULL && own == NULL; item = item->next) {
        const char *text = gnt_json_text(item);

        if (text != NULL && strchr(text + (*text == '/'), '/') == NULL)
            own = text + (*text == '/');
    }
    if (own == NULL)
        return 0;
    own = gnt_arena_strdup(c->arena, own);
    if (own == NULL)
        return gnt_nomem(c->err);
    memcpy(field, &own, sizeof own);
    return 0;
}

/* The reference a container was made from: with its tag, which Docker leaves out if the caller did;
 * an
 * id stays one. In lists "Image" and "ImageID", inspected "Config/Image" and "Image". */
static int in_image(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                    void *field)
{
    const char *name = gnt_json_text(gnt_json_get(v, "Config/Image"));
    const char *id = gnt_json_text(gnt_json_get(v, name != NULL ? "Image" : "ImageID"));
    const char *last;
    char *copy;

    (void)row;
    if (name == NULL)
        name = gnt_json_text(gnt_json_get(v, "Image"));
    if (name == NULL)
        return 0;
    if (id != NULL && strncmp(id, "sha256:", 7) == 0)
        id += 7;
    last = strrchr(name, '/') != NULL ? strrchr(name, '/') : name;
    if (strpbrk(last, ":@") != NULL || name[0] == '\0' ||
        (id != NULL && strlen(name) >= 12 && strncmp(id, name, strlen(name)) == 0))
        copy = gnt_arena_strdup(c->arena, name);
    else
        copy = gnt_arena_printf(c->arena, "%s:latest", name);
    if (copy == NULL)
        return gnt_nomem(c->err);
    memcpy(field, &copy, sizeof copy);
    return 0;
}

static const struct gnt_in port_rows[] = {
    GNT_IN_STR(gantry_port_info, protocol, "Type"),
    GNT_IN_STR(gantry_port_info, host_address, "IP"),
    GNT_IN_INT(gantry_port_info, container_port, "PrivatePort"),
    GNT_IN_INT(gantry_port_info, host_port, "PublicPort"),
    GNT_IN_END,
};

static int in_port_list(struct gnt_in_context *c, const struct gnt_json *v,
                        const struct gnt_in *row, void *field)
{
    (void)row;
    return gnt_in_items(c, v, GANTRY_KIND_PORT_INFO, port_rows, field);
}

/* An exit code counts only once it has ended; Docker says 0 before. */
static int in_ended(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                    void *field)
{
    const char *status = gnt_json_text(gnt_json_get(v, "Status"));
    int ended = status != NULL && (strcmp(status, "exited") == 0 || strcmp(status, "dead") == 0);

    (void)c;
    (void)row;
    memcpy(field, &ended, sizeof ended);
    return 0;
}

/* Lists tell the health in prose: "Up 2 minutes (health: starting)". */
static int in_status_prose(struct gnt_in_context *c, const struct gnt_json *v,
                           const struct gnt_in *row, void *field)
{
    static const struct gnt_word words[] = { { "(healthy)", GANTRY_HEALTH_HEALTHY },
                                             { "(unhealthy)", GANTRY_HEALTH_UNHEALTHY },
                                             { "(health: starting)", GANTRY_HEALTH_STARTING },
                                             { NULL, 0 } };
    const char *text = gnt_json_text(v);

    (void)c;
    (void)row;
    for (const struct gnt_word *w = words; text != NULL && w->word != NULL; w++) {
        if (strstr(text, w->word) != NULL)
            memcpy(field, &w->value, sizeof w->value);
    }
    return 0;
}

/* Seconds to milliseconds; "for ever" is left as it is not known: -1. */
static int in_seconds(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                      void *field)
{
    int64_t number = 0;

    (void)c;
    (void)row;
    if (gnt_json_int(v, &number) < 0 || number < 0 || number > INT64_MAX / 1000)
        return 0;
    number *= 1000;
    memcpy(field, &number, sizeof number);
    return 0;
}

/* A namespace of its own, which Docker calls "private", is "". */
static int in_namespace(struct gnt_in_context *c, const struct gnt_json *v,
                        const struct gnt_in *row, void *field)
{
    const char *text = gnt_json_text(v);

    return text == NULL || strcmp(text, "private") == 0 ? 0 : gnt_in_str(c, v, row, field);
}

/* In capitals with "CAP_" in front, which it may have been asked for without. */
static const char *capability(struct gnt_arena *arena, const char *text)
{
    int bare = strncasecmp(text, "CAP_", 4) != 0 && strcasecmp(text, "ALL") != 0;
    char *name = gnt_arena_printf(arena, "%s%s", bare ? "CAP_" : "", text);

    for (char *at = name; at != NULL && *at != '\0'; at++) {
        if (*at >= 'a' && *at <= 'z')
            *at = (char)(*at - 'a' + 'A');
    }
    return name;
}

static int in_capabilities(struct gnt_in_context *c, const struct gnt_json *v,
                           const struct gnt_in *row, void *field)
{
    const char *const *list = NULL;

    (void)row;
    if (v->type != GNT_JSON_ARRAY)
        return 0;
    for (const struct gnt_json *item = v->first; item != NULL; item = item->next) {
        const char *text = gnt_json_text(item);

        if (text == NULL)
            continue;
        text = capability(c->arena, text);
        list = text != NULL ? gnt_strings_add(c->arena, list, text) : NULL;
        if (list == NULL)
            return gnt_nomem(c->err);
    }
    if (list != NULL)
        memcpy(field, &list, sizeof list);
    return 0;
}

#define C gantry_container
const struct gnt_in gnt_docker_container_list_rows[] = {
    GNT_IN_ID_REQ(C, id, "Id"),
    GNT_IN_HOOK(C, name, "Names", gnt_docker_in_own_name),
    GNT_IN_HOOK(C, image, "", in_image),
    GNT_IN_ID(C, image_id, "ImageID"),
    GNT_IN_STR_REQ(C, state_text, "State"),
    GNT_IN_ENUM(C, state, "State", gnt_container_states),
    GNT_IN_STRS(C, command, "Command"),
    GNT_IN_TIME(C, created_ns, "Created"),
    GNT_IN_MAP(C, labels, "Labels"),
    GNT_IN_HOOK(C, ports, "Ports", in_port_list),
    GNT_IN_KEYS(C, networks, "NetworkSettings/Networks"),
    GNT_IN_HOOK(C, health, "Status", in_status_prose),
    GNT_IN_I64(C, size_rw_bytes, "SizeRw"),
    GNT_IN_I64(C, size_root_bytes, "SizeRootFs"),
    GNT_IN_HOOK(C, pod, "", gnt_docker_in_pod),
    GNT_IN_HOOK(C, environment, "Mounts", gnt_in_mount_targets), /* see gnt_list_settle */
    GNT_IN_END,
};

const struct gnt_in gnt_docker_container_rows[] = {
    GNT_IN_HOOK(C, image, "", in_image),
    GNT_IN_HOOK(C, has_exit_code, "State", in_ended),
    /* What was asked for, then what is: Docker lists no ports of one that does not run. */
    GNT_IN_HOOK(C, ports, "HostConfig/PortBindings", gnt_in_port_map),
    GNT_IN_HOOK(C, nano_cpus, "HostConfig/NanoCpus", gnt_in_limit),
    GNT_IN_STRS(C, entrypoint, "Config/Entrypoint"),
    GNT_IN_HOOK(C, health_text, "State/Health/Status", gnt_in_health_text),
    GNT_IN_ENUM(C, health, "State/Health/Status", gnt_health_words),
    GNT_IN_HOOK(C, health_test, "Config/Healthcheck/Test", gnt_in_health_test),
    GNT_IN_HOOK(C, stop_timeout_ms, "Config/StopTimeout", in_seconds),
    GNT_IN_I64(C, memory_swap_bytes, "HostConfig/MemorySwap"),
    GNT_IN_I64(C, memory_reservation_bytes, "HostConfig/MemoryReservation"),
    GNT_IN_I64(C, cpu_quota_us, "HostConfig/CpuQuota"),
    GNT_IN_HOOK(C, pid_namespace, "HostConfig/PidMode", in_namespace),
    GNT_IN_HOOK(C, ipc_namespace, "HostConfig/IpcMode", in_namespace),
    GNT_IN_HOOK(C, user_namespace, "HostConfig/UsernsMode", in_namespace),
    GNT_IN_STR(C, log_path, "LogPath"),
    GNT_IN_STR(C, runtime, "HostConfig/Runtime"),
    GNT_IN_HOOK(C, capabilities_add, "HostConfig/CapAdd", in_capabilities),
    GNT_IN_HOOK(C, capabilities_drop, "HostConfig/CapDrop", in_capabilities),
    GNT_IN_MAP(C, annotations, "HostConfig/Annotations"),
    GNT_IN_HOOK(C, pod, "", gnt_docker_in_pod),
    GNT_IN_TABLE(gnt_container_rows), /* behind its own: what is, over what was asked for */
    GNT_IN_END,
};
#undef C

/* ---- list, inspect --------------------------------------------------------------------------- */

#define L gantry_container_list_options
const struct gnt_out gnt_docker_container_list_options[] = {
    GNT_OUT_CODE(L, names),   GNT_OUT_CODE(L, labels),      GNT_OUT_CODE(L, image),
    GNT_OUT_CODE(L, network), GNT_OUT_CODE(L, filters),     GNT_OUT_CODE(L, filter_count),
    GNT_OUT_CODE(L, limit),   GNT_OUT_CODE(L, all),         GNT_OUT_CODE(L, state),
    GNT_OUT_CODE(L, ids),     GNT_OUT_CODE(L, volume),      GNT_OUT_CODE(L, before),
    GNT_OUT_CODE(L, since),   GNT_OUT_CODE(L, pod),         GNT_OUT_CODE(L, exit_codes),
    GNT_OUT_CODE(L, health),  GNT_OUT_ON(L, sizes, "size"), GNT_OUT_END,
};
#undef L

#define I gantry_container_inspect_options
const struct gnt_out gnt_docker_container_inspect_options[] = {
    GNT_OUT_ON(I, sizes, "size"),
    GNT_OUT_REFUSE(I, reserved),
    GNT_OUT_END,
};
#undef I

/* "web.1" to "^/web[.]1$"; of what a name may hold only the point means more. */
static char *exact_name(struct gnt_arena *arena, const char *name)
{
    char *pattern = gnt_arena_alloc(arena, strlen(name) * 3 + sizeof "^/$");
    char *out = pattern;

    if (pattern == NULL)
        return NULL;
    *out++ = '^';
    *out++ = '/';
    for (; *name != '\0'; name++) {
        if (*name == '.')
            *out++ = '[';
        *out++ = *name;
        if (*name == '.')
            *out++ = ']';
    }
    *out++ = '$';
    *out = '\0';
    return pattern;
}

/* Docker matches names as a regular expression on "/name". */
static void filter_names(struct gnt_req *r, struct gnt_json *filters, const char *const *names)
{
    for (; names != NULL && *names != NULL; names++) {
        const char *pattern = exact_name(&r->arena, *names);

        if (pattern == NULL)
            gnt_req_fail(r, GANTRY_E_NOMEM, "out of memory");
        gnt_req_filter(r, filters, "name", pattern);
    }
}

static int has_filter(const gantry_container_list_options *opts, const char *key)
{
    for (size_t i = 0; i < opts->filter_count; i++) {
        if (strcmp(opts->filters[i].key, key) == 0)
            return 1;
    }
    return 0;
}

static int has_exit_codes(const gantry_container_list_options *opts)
{
    return opts->exit_codes != NULL && opts->exit_codes[0] != NULL;
}

static void filter_state(struct gnt_req *r, struct gnt_json *filters,
                         const gantry_container_list_options *opts)
{
    static const char *const running[] = { "running", "paused", "restarting", NULL };
    const struct gnt_word *word = gnt_container_states;

    if (opts->state != GANTRY_CONTAINER_UNKNOWN) {
        while (word->word != NULL && word->value != opts->state)
            word++;
        if (word->word == NULL)
            gnt_req_fail(r, GANTRY_E_INVALID, "state: %d is none of GANTRY_CONTAINER_",
                         opts->state);
        gnt_req_filter(r, filters, "status", word->word);
    } else if (opts->limit > 0 && !has_exit_codes(opts) && opts->all != GANTRY_ON &&
               !has_filter(opts, "status")) {
        /* Docker takes a limit to mean all states. */
        gnt_req_filter_list(r, filters, "status", running);
    }
}

/* What is decided on the answer leaves the limit to the library. */
static void query_amount(struct gnt_req *r, const gantry_container_list_options *opts,
                         const struct gnt_list_plan *plan)
{
    gnt_req_query_true(r, "all", opts->all == GANTRY_ON || has_exit_codes(opts));
    if (opts->limit > 0 && !gnt_list_narrows(plan) && opts->pod == NULL)
        gnt_req_query_i64(r, "limit", opts->limit);
}

static void query_filters(struct gnt_req *r, const gantry_container_list_options *opts)
{
    static const char *const healths[] = { [GANTRY_HEALTH_STARTING] = "starting",
                                           [GANTRY_HEALTH_HEALTHY] = "healthy",
                                           [GANTRY_HEALTH_UNHEALTHY] = "unhealthy" };
    struct gnt_json *filters = gnt_req_object(r);

    filter_names(r, filters, opts->names);
    filter_state(r, filters, opts);
    gnt_req_filter_list(r, filters, "label", opts->labels);
    if (opts->pod != NULL)
        gnt_req_filter(r, filters, "label", GNT_POD_LABEL);
    gnt_req_filter(r, filters, "ancestor", opts->image);
    gnt_req_filter(r, filters, "network", opts->network);
    if (opts->volume != NULL && opts->volume[0] != '/')
        gnt_req_filter(r, filters, "volume", opts->volume);
    gnt_req_filter_list(r, filters, "exited", opts->exit_codes);
    if (opts->health != GANTRY_HEALTH_NONE)
        gnt_req_filter(r, filters, "health", healths[opts->health]);
    gnt_req_filter_pairs(r, filters, opts->filters, opts->filter_count);
    gnt_req_filters(r, filters);
}

static int accept(const void *item, const void *arg)
{
    const struct gnt_list_plan *plan = arg;

    return gnt_list_accept(item, plan) && gnt_docker_is_in_pod(item, plan->options->pod);
}

int gnt_docker_container_list(void *state, const gantry_container_list_options *opts,
                              gantry_container_list **out, gantry_error *err)
{
    struct docker *d = state;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    struct gnt_list_plan plan;
    struct gnt_req r;
    void *result = NULL;
    int rc = gnt_list_plan(&d->rest, opts, call, &plan, err);

    if (rc < 0)
        return rc;
    gnt_req_init(&r, &d->rest, "GET", call, "/containers/json");
    gnt_req_query_object(&r, gnt_req_encode(&r, opts, gnt_docker_container_list_options));
    query_amount(&r, opts, &plan);
    query_filters(&r, opts);
    rc = gnt_req_list(&r, GANTRY_KIND_CONTAINER_LIST, GANTRY_KIND_CONTAINER,
                      gnt_docker_container_list_rows, accept, &plan, &result, err);
    if (rc == 0)
        rc = gnt_list_settle(&d->rest, &plan, call, result, err);
    if (rc == 0)
        *out = result;
    else
        gnt_result_free(result);
    return rc;
}

int gnt_docker_container_inspect(void *state, const char *id,
                                 const gantry_container_inspect_options *opts,
                                 gantry_container **out, gantry_error *err)
{
    struct docker *d = state;
    struct gnt_req r;
    gantry_container *c;
    void *result = NULL;
    int rc;

    gnt_req_init(&r, &d->rest, "GET", opts->call, "/containers/%s/json", id);
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
    gnt_req_query_object(&r, gnt_req_encode(&r, opts, gnt_docker_container_inspect_options));
    rc = gnt_req_result(&r, GANTRY_KIND_CONTAINER, gnt_docker_container_rows,
                        offsetof(gantry_container, json), &result, err);
    if (rc < 0)
        return rc;
    c = result;
    if (!c->has_exit_code)
        c->exit_code = 0;
    if (c->restart == GANTRY_RESTART_DEFAULT)
        c->restart = GANTRY_RESTART_NO;
    gnt_settle_ports(c);
    gnt_settle_sizes(c, opts->sizes == GANTRY_ON);
    *out = c;
    return 0;
}
