/*
 * Docker: questions to the engine itself. Knows the documents of /version and /info.
 */
#include "docker.h"

#include <stdio.h>
#include <string.h>

static int docker_ping(void *state, const gantry_query_options *opts, gantry_error *err)
{
    struct docker *d = state;
    struct gnt_req r;

    gnt_req_init(&r, &d->rest, "GET", opts->call, "/_ping");
    gnt_req_about(&r, GANTRY_RESOURCE_ENGINE, "");
    return gnt_req_run(&r, NULL, err);
}

/* ---- version --------------------------------------------------------------------------------- */

const struct gnt_in gnt_docker_version_rows[] = {
    GNT_IN_STR_REQ(gantry_version_info, version, "Version"),
    GNT_IN_STR_REQ(gantry_version_info, api_version, "ApiVersion"),
    GNT_IN_STR(gantry_version_info, min_api_version, "MinAPIVersion"),
    GNT_IN_STR(gantry_version_info, os, "Os"),
    GNT_IN_STR(gantry_version_info, arch, "Arch"),
    GNT_IN_STR(gantry_version_info, kernel, "KernelVersion"),
    GNT_IN_END,
};

static int docker_version(void *state, const gantry_query_options *opts, gantry_version_info **out,
                          gantry_error *err)
{
    struct docker *d = state;
    struct gnt_req r;
    void *result = NULL;
    gantry_version_info *info;
    char used[24];
    int rc;

    gnt_req_init(&r, &d->rest, "GET", opts->call, "/version");
    gnt_req_about(&r, GANTRY_RESOURCE_ENGINE, "");
    rc = gnt_req_result(&r, GANTRY_KIND_VERSION_INFO, gnt_docker_version_rows,
                        offsetof(gantry_version_info, json), &result, err);
    if (rc < 0)
        return rc;
    info = result;
    snprintf(used, sizeof used, "%d.%d", d->rest.version[0], d->rest.version[1]);
    info->backend = gnt_docker_backend.name;
    info->used_api_version = gantry_result_strdup(result, used);
    if (info->used_api_version == NULL) {
        gantry_result_free(result);
        return gnt_nomem(err);
    }
    *out = info;
    return 0;
}

/* ---- info ------------------------------------------------------------------------------------ */

/* Kernel's names of machines -> names in image platforms. */
static const char *const machines[][2] = { { "x86_64", "amd64" },       { "aarch64", "arm64" },
                                           { "armv7l", "arm" },         { "armv6l", "arm" },
                                           { "i386", "386" },           { "i686", "386" },
                                           { "loongarch64", "loong64" } };

static int in_machine(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                      void *field)
{
    const char *text = gnt_json_text(v);
    const char *copy;

    (void)row;
    if (text == NULL)
        return 0;
    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++) {
        if (strcmp(text, machines[i][0]) == 0)
            text = machines[i][1];
    }
    copy = gnt_arena_strdup(c->arena, text);
    if (copy == NULL)
        return gnt_nomem(c->err);
    memcpy(field, &copy, sizeof copy);
    return 0;
}

static int in_rootless(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                       void *field)
{
    int rootless = 0;

    (void)c;
    (void)row;
    for (const struct gnt_json *item = v->first; item != NULL; item = item->next) {
        const char *text = gnt_json_text(item);

        if (text != NULL && strncmp(text, "name=rootless", 13) == 0)
            rootless = 1;
    }
    memcpy(field, &rootless, sizeof rootless);
    return 0;
}

/* "name=seccomp,profile=default" -> "seccomp"; a profile that confines nothing is none. */
static int in_security(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                       void *field)
{
    const char *const *list = gnt_no_strings;

    (void)row;
    for (const struct gnt_json *item = v->first; item != NULL; item = item->next) {
        const char *text = gnt_json_text(item);
        char word[64];

        if (text == NULL || strstr(text, ",profile=unconfined") != NULL)
            continue;
        text += strncmp(text, "name=", 5) == 0 ? 5 : 0;
        gnt_text_copy(word, sizeof word, text, strcspn(text, ","), 0, 0);
        list = gnt_strings_add(c->arena, list, word);
        if (list == NULL)
            return gnt_nomem(c->err);
    }
    memcpy(field, &list, sizeof list);
    return 0;
}

/* Of the registries that the daemon has settings for, the one that names without a registry are
 * of. */
static int in_registries(struct gnt_in_context *c, const struct gnt_json *v,
                         const struct gnt_in *row, void *field)
{
    const char *const *list = gnt_no_strings;

    (void)row;
    for (const struct gnt_json *item = v->first; item != NULL; item = item->next) {
        if (item->key == NULL || !gnt_json_true(gnt_json_get(item, "Official")))
            continue;
        list = gnt_strings_add(c->arena, list, item->key);
        if (list == NULL)
            return gnt_nomem(c->err);
    }
    memcpy(field, &list, sizeof list);
    return 0;
}

const struct gnt_in gnt_docker_info_rows[] = {
    GNT_IN_STR(gantry_info, version, "ServerVersion"),
    GNT_IN_STR(gantry_info, hostname, "Name"),
    GNT_IN_STR(gantry_info, os, "OSType"),
    GNT_IN_HOOK(gantry_info, arch, "Architecture", in_machine),
    GNT_IN_STR(gantry_info, kernel, "KernelVersion"),
    GNT_IN_STR(gantry_info, storage_driver, "Driver"),
    GNT_IN_STR(gantry_info, root_directory, "DockerRootDir"),
    GNT_IN_STR(gantry_info, cgroup_version, "CgroupVersion"),
    GNT_IN_STR(gantry_info, cgroup_manager, "CgroupDriver"),
    GNT_IN_I64(gantry_info, cpus, "NCPU"),
    GNT_IN_I64(gantry_info, memory_bytes, "MemTotal"),
    GNT_IN_I64(gantry_info, containers, "Containers"),
    GNT_IN_I64(gantry_info, containers_running, "ContainersRunning"),
    GNT_IN_I64(gantry_info, containers_paused, "ContainersPaused"),
    GNT_IN_I64(gantry_info, containers_stopped, "ContainersStopped"),
    GNT_IN_I64(gantry_info, images, "Images"),
    GNT_IN_HOOK(gantry_info, rootless, "SecurityOptions", in_rootless),
    GNT_IN_STR(gantry_info, id, "ID"),
    GNT_IN_STR(gantry_info, operating_system, "OperatingSystem"),
    GNT_IN_STR(gantry_info, default_runtime, "DefaultRuntime"),
    GNT_IN_KEYS(gantry_info, runtimes, "Runtimes"),
    GNT_IN_HOOK(gantry_info, security, "SecurityOptions", in_security),
    GNT_IN_STRS(gantry_info, network_drivers, "Plugins/Network"),
    GNT_IN_STRS(gantry_info, volume_drivers, "Plugins/Volume"),
    GNT_IN_STRS(gantry_info, log_drivers, "Plugins/Log"),
    GNT_IN_STR(gantry_info, log_driver, "LoggingDriver"),
    GNT_IN_STR(gantry_info, init_binary, "InitBinary"),
    GNT_IN_HOOK(gantry_info, registries, "RegistryConfig/IndexConfigs", in_registries),
    GNT_IN_STRS(gantry_info, warnings, "Warnings"),
    GNT_IN_END,
};

static int docker_info(void *state, const gantry_query_options *opts, gantry_info **out,
                       gantry_error *err)
{
    struct docker *d = state;
    struct gnt_req r;
    void *result = NULL;
    int rc;

    gnt_req_init(&r, &d->rest, "GET", opts->call, "/info");
    gnt_req_about(&r, GANTRY_RESOURCE_ENGINE, "");
    rc = gnt_req_result(&r, GANTRY_KIND_INFO, gnt_docker_info_rows, offsetof(gantry_info, json),
                        &result, err);
    if (rc < 0)
        return rc;
    *out = result;
    (*out)->backend = gnt_docker_backend.name;
    return 0;
}

static int docker_request(void *state, const gantry_request *request, gantry_response **out,
                          gantry_error *err)
{
    struct docker *d = state;

    return gnt_rest_request(&d->rest, request, out, err);
}

const gantry_engine_ops gnt_docker_engine_ops = {
    .size = sizeof gnt_docker_engine_ops,
    .ping = docker_ping,
    .version = docker_version,
    .info = docker_info,
    .request = docker_request,
};
