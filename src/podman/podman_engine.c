/*
 * The engine's own operations: ping, version, info, any request; and small helpers that several
 * managers of this backend share.
 */
#include "podman.h"

#include <stdio.h>
#include <string.h>

enum {
    LIST_TRIES = 5
};

static int podman_ping(void *state, const gantry_query_options *opts, gantry_error *err)
{
    struct podman *p = state;
    struct gnt_req r;

    gnt_req_init(&r, &p->rest, "GET", opts->call, "/_ping");
    gnt_req_about(&r, GANTRY_RESOURCE_ENGINE, "");
    return gnt_req_run(&r, NULL, err);
}

/* ---- version --------------------------------------------------------------------------------- */

/* libpod's own API versions are a component's details; the document's are those of the other
 * API. */
static const struct gnt_json *details(const struct gnt_json *components)
{
    const struct gnt_json *c = components->type == GNT_JSON_ARRAY ? components->first : NULL;

    for (; c != NULL; c = c->next) {
        const char *name = gnt_json_text(gnt_json_get(c, "Name"));

        if (name != NULL && strcmp(name, "Podman Engine") == 0)
            return gnt_json_get(c, "Details");
    }
    return NULL;
}

static int in_api_version(struct gnt_in_context *c, const struct gnt_json *v,
                          const struct gnt_in *row, void *field)
{
    const struct gnt_json *text = gnt_json_get(details(v), "APIVersion");

    return text != NULL ? gnt_in_str(c, text, row, field) : 0;
}

static int in_min_api_version(struct gnt_in_context *c, const struct gnt_json *v,
                              const struct gnt_in *row, void *field)
{
    const struct gnt_json *text = gnt_json_get(details(v), "MinAPIVersion");

    return text != NULL ? gnt_in_str(c, text, row, field) : 0;
}

const struct gnt_in gnt_podman_version_rows[] = {
    GNT_IN_STR_REQ(gantry_version_info, version, "Version"),
    GNT_IN_HOOK(gantry_version_info, api_version, "Components", in_api_version),
    GNT_IN_HOOK(gantry_version_info, min_api_version, "Components", in_min_api_version),
    GNT_IN_STR(gantry_version_info, os, "Os"),
    GNT_IN_STR(gantry_version_info, arch, "Arch"),
    GNT_IN_STR(gantry_version_info, kernel, "KernelVersion"),
    GNT_IN_END
};

static int podman_version(void *state, const gantry_query_options *opts, gantry_version_info **out,
                          gantry_error *err)
{
    struct podman *p = state;
    struct gnt_req r;
    void *result = NULL;
    gantry_version_info *info;
    const int *used = p->rest.version;
    int rc;

    gnt_req_init(&r, &p->rest, "GET", opts->call, "/version");
    rc = gnt_req_result(&r, GANTRY_KIND_VERSION_INFO, gnt_podman_version_rows,
                        offsetof(gantry_version_info, json), &result, err);
    if (rc < 0)
        return rc;
    info = result;
    info->backend = "podman";
    info->used_api_version =
        gnt_arena_printf(gnt_result_arena(info), "%d.%d.%d", used[0], used[1], used[2]);
    if (info->used_api_version == NULL) {
        gnt_result_free(info);
        return gnt_nomem(err);
    }
    *out = info;
    return 0;
}

/* ---- info ------------------------------------------------------------------------------------ */

/* "v2" -> "2" */
static int in_cgroup_version(struct gnt_in_context *c, const struct gnt_json *v,
                             const struct gnt_in *row, void *field)
{
    const char *text = gnt_json_text(v);
    const char *copy;

    (void)row;
    if (text == NULL)
        return 0;
    copy = gnt_arena_strdup(c->arena, text + (text[0] == 'v'));
    memcpy(field, &copy, sizeof copy);
    return copy == NULL ? gnt_nomem(c->err) : 0;
}

/* { "distribution": "debian", "version": "12", "codename": "bookworm" } */
static int in_distribution(struct gnt_in_context *c, const struct gnt_json *v,
                           const struct gnt_in *row, void *field)
{
    const char *name = gnt_json_text(gnt_json_get(v, "distribution"));
    const char *version = gnt_json_text(gnt_json_get(v, "version"));
    const char *variant = gnt_json_text(gnt_json_get(v, "variant"));
    const char *more = variant != NULL ? variant : gnt_json_text(gnt_json_get(v, "codename"));
    const char *text;

    (void)row;
    if (name == NULL)
        return 0;
    if (version == NULL)
        version = "unknown";
    text = more != NULL ? gnt_arena_printf(c->arena, "%s %s (%s)", name, version, more)
                        : gnt_arena_printf(c->arena, "%s %s", name, version);
    memcpy(field, &text, sizeof text);
    return text == NULL ? gnt_nomem(c->err) : 0;
}

static int in_security(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                       void *field)
{
    static const char *const flags[][2] = { { "apparmorEnabled", "apparmor" },
                                            { "seccompEnabled", "seccomp" },
                                            { "selinuxEnabled", "selinux" },
                                            { "rootless", "rootless" } };
    const char *const *list = gnt_no_strings;

    (void)row;
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (!gnt_json_true(gnt_json_get(v, flags[i][0])))
            continue;
        list = gnt_strings_add(c->arena, list, flags[i][1]);
        if (list == NULL)
            return gnt_nomem(c->err);
    }
    memcpy(field, &list, sizeof list);
    return 0;
}

/* Newer versions describe the backend of networks; without its DNS part names mean nothing. */
static int in_network_backend(struct gnt_in_context *c, const struct gnt_json *v,
                              const struct gnt_in *row, void *field)
{
    const char *const *list;

    (void)row;
    if (gnt_json_text(gnt_json_get(v, "dns/path")) != NULL)
        return 0;
    list = gnt_strings_add(c->arena, gnt_no_strings,
                           "No DNS server for networks: containers do not find each other by name");
    memcpy(field, &list, sizeof list);
    return list == NULL ? gnt_nomem(c->err) : 0;
}

#define I gantry_info
const struct gnt_in gnt_podman_info_rows[] = {
    GNT_IN_STR_REQ(I, version, "version/Version"),
    GNT_IN_STR(I, hostname, "host/hostname"),
    GNT_IN_STR(I, os, "host/os"),
    GNT_IN_STR(I, arch, "host/arch"),
    GNT_IN_STR(I, kernel, "host/kernel"),
    GNT_IN_STR(I, storage_driver, "store/graphDriverName"),
    GNT_IN_STR(I, root_directory, "store/graphRoot"),
    GNT_IN_HOOK(I, cgroup_version, "host/cgroupVersion", in_cgroup_version),
    GNT_IN_STR(I, cgroup_manager, "host/cgroupManager"),
    GNT_IN_I64(I, cpus, "host/cpus"),
    GNT_IN_I64(I, memory_bytes, "host/memTotal"),
    GNT_IN_I64(I, containers, "store/containerStore/number"),
    GNT_IN_I64(I, containers_running, "store/containerStore/running"),
    GNT_IN_I64(I, containers_paused, "store/containerStore/paused"),
    GNT_IN_I64(I, containers_stopped, "store/containerStore/stopped"),
    GNT_IN_I64(I, images, "store/imageStore/number"),
    GNT_IN_FLAG(I, rootless, "host/security/rootless"),
    GNT_IN_I64(I, memory_free_bytes, "host/memFree"),
    GNT_IN_I64(I, swap_bytes, "host/swapTotal"),
    GNT_IN_HOOK(I, operating_system, "host/distribution", in_distribution),
    GNT_IN_STR(I, default_runtime, "host/ociRuntime/name"),
    GNT_IN_STRS(I, runtimes, "host/ociRuntime/name"),
    GNT_IN_HOOK(I, security, "host/security", in_security),
    GNT_IN_STRS(I, cgroup_controllers, "host/cgroupControllers"),
    GNT_IN_STR(I, network_backend, "host/networkBackend"),
    GNT_IN_HOOK(I, warnings, "host/networkBackendInfo", in_network_backend),
    GNT_IN_STRS(I, network_drivers, "plugins/network"),
    GNT_IN_STRS(I, volume_drivers, "plugins/volume"),
    GNT_IN_STRS(I, log_drivers, "plugins/log"),
    GNT_IN_STR(I, log_driver, "host/logDriver"),
    GNT_IN_STRS(I, registries, "registries/search"),
    GNT_IN_END
};
#undef I

static int podman_info(void *state, const gantry_query_options *opts, gantry_info **out,
                       gantry_error *err)
{
    struct podman *p = state;
    struct gnt_req r;
    void *result = NULL;
    int rc;

    gnt_req_init(&r, &p->rest, "GET", opts->call, "/info");
    rc = gnt_req_result(&r, GANTRY_KIND_INFO, gnt_podman_info_rows, offsetof(gantry_info, json),
                        &result, err);
    if (rc < 0)
        return rc;
    *out = result;
    (*out)->backend = "podman";
    return 0;
}

static int podman_request(void *state, const gantry_request *request, gantry_response **out,
                          gantry_error *err)
{
    struct podman *p = state;

    return gnt_rest_request(&p->rest, request, out, err);
}

const gantry_engine_ops gnt_podman_engine_ops = { .size = sizeof(gantry_engine_ops),
                                                  .ping = podman_ping,
                                                  .version = podman_version,
                                                  .info = podman_info,
                                                  .request = podman_request };

/* ---- shared by the managers ------------------------------------------------------------------ */

void gnt_podman_put(struct gnt_req *r, struct gnt_json *body, const char *path,
                    struct gnt_json *value)
{
    if (r->rc == 0 && gnt_json_put(&r->arena, body, path, value) < 0)
        gnt_req_fail(r, GANTRY_E_NOMEM, "out of memory");
}

struct gnt_json *gnt_podman_strings(struct gnt_arena *a, const char *const *list)
{
    struct gnt_json *array = gnt_json_new(a, GNT_JSON_ARRAY);

    for (; array != NULL && list != NULL && *list != NULL; list++) {
        if (gnt_json_add(array, gnt_json_string(a, *list)) < 0)
            return NULL;
    }
    return array;
}

/* Letters and digits as they are, anything else escaped: the text means only itself. */
static void literal(struct gnt_buf *out, const char *text)
{
    gnt_buf_adds(out, "^");
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        int plain = c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                    (c >= 'A' && c <= 'Z') || c == '_';

        gnt_buf_addf(out, "%s%c", plain ? "" : "\\", c);
    }
    gnt_buf_adds(out, "$");
}

/* One name or label at most: versions differ on whether several are alternatives. */
void gnt_podman_filter_wanted(struct gnt_req *r, struct gnt_json *filters,
                              const struct podman_wanted *wanted)
{
    const char *const *names = wanted->names.names;
    struct gnt_buf text;

    if (wanted->labels != NULL)
        gnt_req_filter(r, filters, "label", wanted->labels[0]);
    if (names == NULL || names[0] == NULL || names[1] != NULL)
        return;
    gnt_buf_init(&text, &r->rest->host->mem, 64 * 1024);
    literal(&text, names[0]);
    if (text.rc < 0)
        gnt_req_fail(r, text.rc, "names: too long or out of memory");
    gnt_req_filter(r, filters, "name", gnt_buf_text(&text));
    gnt_buf_free(&text);
}

static int has_label(const gantry_pair *pairs, size_t count, const char *label)
{
    const char *equals = strchr(label, '=');
    size_t size = equals != NULL ? (size_t)(equals - label) : strlen(label);

    for (size_t i = 0; i < count; i++) {
        if (strncmp(pairs[i].key, label, size) == 0 && pairs[i].key[size] == '\0')
            return equals == NULL || strcmp(pairs[i].value, equals + 1) == 0;
    }
    return 0;
}

int gnt_podman_accept(const void *item, const void *arg)
{
    const struct podman_wanted *wanted = arg;
    const char *field = (const char *)item + wanted->labels_offset;
    const gantry_pair *pairs;
    size_t count;

    memcpy(&pairs, field, sizeof pairs);
    memcpy(&count, field + sizeof pairs, sizeof count);
    for (const char *const *label = wanted->labels; label != NULL && *label != NULL; label++) {
        if (!has_label(pairs, count, *label))
            return 0;
    }
    return gnt_accept_name(item, &wanted->names);
}

int gnt_podman_list_again(int rc, int *tries)
{
    return rc == GANTRY_E_NOT_FOUND && ++*tries < LIST_TRIES;
}

struct reports {
    const struct gnt_req *r;
    const char *path;
};

static int check_report(void *arg, struct gnt_json *v, gantry_error *err)
{
    const struct reports *reports = arg;
    const struct gnt_req *r = reports->r;
    const char *text = gnt_json_text(gnt_json_get(v, reports->path));

    if (text == NULL || *text == '\0')
        return 0;
    return gnt_rest_error(r->rest, 0, text, NULL, r->resource_kind, r->resource, err);
}

int gnt_podman_run_reports(struct gnt_req *r, const char *path, gantry_error *err)
{
    struct reports reports = { .r = r, .path = path };

    return gnt_req_each(r, GNT_JSON_ELEMENTS, check_report, &reports, NULL, err);
}
