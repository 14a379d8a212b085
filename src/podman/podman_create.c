/*
 * Creating a container over libpod: what is asked before, the request, what its answer and its
 * warnings mean. The body is made in podman_spec.c.
 */
#include "podman_pod.h"
#include "podman_spec.h"

#include "rest_life.h"

#include <string.h>

/* The first container whose namespace is to be shared, or "". */
static const char *shared_with(const gantry_container_options *opts)
{
    const char *const modes[] = {
        opts->network,          opts->pid_namespace,
        opts->ipc_namespace,    opts->uts_namespace,
        opts->cgroup_namespace, opts->security != NULL ? opts->security->user_namespace : NULL
    };

    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (modes[i] != NULL && strncmp(modes[i], "container:", 10) == 0)
            return modes[i] + 10;
    }
    return "";
}

/* The network that the engine's words name; it says which one was missing. */
static const char *blamed_network(const gantry_container_options *opts, const gantry_error *err)
{
    const gantry_attachment *const *list = opts->networks;

    for (; list != NULL && *list != NULL; list++) {
        if (list[1] == NULL || strstr(err->message, (*list)->network) != NULL)
            return (*list)->network;
    }
    return opts->network != NULL ? opts->network : "";
}

static const char *blamed_secret(const gantry_container_options *opts, const gantry_error *err)
{
    const gantry_secret_mount *const *list = opts->secrets;

    for (; list != NULL && *list != NULL; list++) {
        if (list[1] == NULL || strstr(err->message, (*list)->secret) != NULL)
            return (*list)->secret;
    }
    return "";
}

/* What a refusal is about, when it is not the container itself. */
static int blame(int rc, const char *image, const gantry_container_options *opts, gantry_error *err)
{
    if (rc == 0 || err == NULL || err->http_status == 0)
        return rc;
    if (err->resource_kind == GANTRY_RESOURCE_IMAGE)
        gnt_error_resource(err, GANTRY_RESOURCE_IMAGE, image);
    else if (err->resource_kind == GANTRY_RESOURCE_NETWORK)
        gnt_error_resource(err, GANTRY_RESOURCE_NETWORK, blamed_network(opts, err));
    else if (err->resource_kind == GANTRY_RESOURCE_SECRET)
        gnt_error_resource(err, GANTRY_RESOURCE_SECRET, blamed_secret(opts, err));
    else if (err->resource_kind == GANTRY_RESOURCE_POD && opts->pod != NULL)
        gnt_error_resource(err, GANTRY_RESOURCE_POD, opts->pod);
    else if (rc == GANTRY_E_NOT_FOUND && shared_with(opts)[0] != '\0')
        gnt_error_resource(err, GANTRY_RESOURCE_CONTAINER, shared_with(opts));
    return rc;
}

/* libpod 4 takes any local image, whatever platform was asked for. */
static int check_platform(struct podman *p, const char *image, const gantry_call *call,
                          const struct podman_platform *want, gantry_error *err)
{
    static const struct gnt_lookup lookup = { .path = "/images/%r/json",
                                              .resource_kind = GANTRY_RESOURCE_IMAGE,
                                              .result_kind = GANTRY_KIND_IMAGE,
                                              .rows = gnt_podman_image_rows,
                                              .json_offset = SIZE_MAX };
    void *result = NULL;
    const gantry_image *have;
    int rc = gnt_rest_lookup(&p->rest, &lookup, call, gnt_podman_bare(image), &result, err);

    if (rc < 0)
        return rc;
    have = result;
    if (strcmp(have->os, want->os) != 0 ||
        (want->arch[0] != '\0' && strcmp(have->architecture, want->arch) != 0) ||
        (want->variant[0] != '\0' && have->variant[0] != '\0' &&
         strcmp(have->variant, want->variant) != 0)) {
        rc = gnt_fail(err, GANTRY_E_NOT_FOUND,
                      "the image is for %s/%s, not for the platform asked for", have->os,
                      have->architecture);
        gnt_error_resource(err, GANTRY_RESOURCE_IMAGE, image);
    }
    gnt_result_free(result);
    return rc;
}

/* What libpod takes back with a warning is an error here: the container goes again. */
static int check_warnings(struct podman *p, const gantry_created *created,
                          const gantry_container_options *opts, gantry_error *err)
{
    for (const char *const *text = created->warnings; *text != NULL; text++) {
        const char *option = gnt_podman_taken_back(*text, opts);

        if (option == NULL)
            continue;
        gnt_fail(err, GANTRY_E_UNSUPPORTED, "option \"%s\" is not supported by this engine: %s",
                 option, *text);
        return gnt_take_back(gnt_podman_container_remove, p, created->id, GANTRY_E_UNSUPPORTED,
                             err);
    }
    return 0;
}

static int send_create(struct podman *p, const char *image, const gantry_container_options *opts,
                       const gantry_call *call, const struct podman_platform *platform, void **out,
                       gantry_error *err)
{
    struct gnt_req r;

    gnt_req_init(&r, &p->rest, "POST", call, "/containers/create");
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, opts->name != NULL ? opts->name : "");
    gnt_req_json(&r, gnt_podman_container_body(&r, image, opts, platform));
    return gnt_req_result(&r, GANTRY_KIND_CREATED, gnt_created_rows, SIZE_MAX, out, err);
}

/* What must be known or be there before. */
static int prepare(struct podman *p, const char *image, const gantry_container_options *opts,
                   const gantry_call *call, struct podman_platform *platform, gantry_error *err)
{
    struct gnt_req r;
    int rc = 0;

    if (opts->platform != NULL) {
        rc = gnt_podman_platform(opts->platform, platform, err);
        if (rc == 0)
            rc = check_platform(p, image, call, platform, err);
    }
    if (rc == 0)
        rc = gnt_podman_check_host(p, opts, call, err);
    if (rc == 0)
        rc = gnt_podman_check_member(p, opts, call, err);
    if (rc < 0)
        return rc;
    if (!gnt_podman_wants_sources(opts))
        return 0;
    /* Nothing is made for what cannot be asked for. */
    gnt_req_init(&r, &p->rest, "POST", call, "/containers/create");
    gnt_podman_container_body(&r, image, opts, platform);
    rc = r.rc;
    if (rc < 0 && err != NULL)
        *err = r.failure;
    gnt_req_free(&r);
    return rc < 0 ? rc : gnt_podman_make_sources(p, image, opts, call, err);
}

int gnt_podman_create(void *state, const char *image, const gantry_container_options *opts,
                      gantry_created **out, gantry_error *err)
{
    struct podman *p = state;
    struct podman_platform platform = { 0 };
    gantry_container_options o = *opts;
    gantry_health health;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    struct gnt_arena arena;
    void *result = NULL;
    int rc;

    gnt_arena_init(&arena, &p->rest.host->mem);
    rc = prepare(p, image, &o, call, &platform, err);
    if (rc == 0 && o.health != NULL) {
        rc = gnt_podman_complete_health(p, &arena, image, call, o.health, &health, err);
        o.health = &health;
    }
    if (rc == 0) {
        rc = send_create(p, image, &o, call, &platform, &result, err);
        if (rc == 0)
            rc = check_warnings(p, result, &o, err);
        rc = blame(rc, image, &o, err);
    }
    if (rc == 0)
        *out = result;
    else
        gnt_result_free(result);
    gnt_arena_free(&arena);
    return rc;
}
