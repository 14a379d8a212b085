/*
 * Docker: create, with what a daemon does not do by itself: it says what it left out instead of
 * refusing it, and older ones take one network only. A container that is not what was asked for is
 * taken back. The body is made in docker_spec.c.
 */
#include "docker_pod.h"

#include "rest_life.h"

#include <string.h>

/* ---- what the daemon would ignore without a word --------------------------------------------- */

struct host_security {
    const char *const *options; /* "name=apparmor", "name=seccomp,profile=default" */
};

static const struct gnt_in security_rows[] = {
    GNT_IN_STRS(struct host_security, options, "SecurityOptions"),
    GNT_IN_END,
};

static int read_security(void *arg, struct gnt_json *value, gantry_error *err)
{
    struct host_security *security = ((void **)arg)[0];

    return gnt_decode(((void **)arg)[1], value, NULL, security_rows, security, err);
}

static int has_security(const struct host_security *host, const char *name)
{
    size_t size = strlen(name);

    for (const char *const *o = host->options; o != NULL && *o != NULL; o++) {
        if (strncmp(*o, name, size) == 0 && ((*o)[size] == '\0' || (*o)[size] == ','))
            return 1;
    }
    return 0;
}

static int wants_selinux(const gantry_security *s)
{
    for (const char *const *o = s->selinux; o != NULL && *o != NULL; o++) {
        if (strcmp(*o, "disable") != 0)
            return 1;
    }
    return 0;
}

/* Where the kernel has no AppArmor or SELinux, profiles and labels are dropped silently. */
static int check_security(struct docker *d, const gantry_call *call, const gantry_security *s,
                          gantry_error *err)
{
    int apparmor = s != NULL && s->apparmor != NULL && strcmp(s->apparmor, "unconfined") != 0;
    int selinux = s != NULL && wants_selinux(s);
    struct host_security host = { .options = NULL };
    struct gnt_arena arena;
    void *arg[2] = { &host, &arena };
    struct gnt_req r;
    int rc;

    if (!apparmor && !selinux)
        return 0;
    gnt_arena_init(&arena, &d->rest.host->mem);
    gnt_req_init(&r, &d->rest, "GET", call, "/info");
    gnt_req_about(&r, GANTRY_RESOURCE_ENGINE, "");
    rc = gnt_req_each(&r, GNT_JSON_DOCUMENT, read_security, arg, NULL, err);
    if (rc == 0 && apparmor && !has_security(&host, "name=apparmor"))
        rc = gnt_fail(err, GANTRY_E_UNSUPPORTED,
                      "option \"apparmor\" is not supported by this engine: its host has no "
                      "AppArmor");
    if (rc == 0 && selinux && !has_security(&host, "name=selinux"))
        rc =
            gnt_fail(err, GANTRY_E_UNSUPPORTED,
                     "option \"selinux\" is not supported by this engine: its host has no SELinux, "
                     "or the daemon does not use it");
    gnt_arena_free(&arena);
    return rc;
}

static int read_test(void *arg, struct gnt_json *value, gantry_error *err)
{
    const struct gnt_json *test = gnt_json_get(value, "Config/Healthcheck/Test");

    (void)err;
    *(int *)arg = test != NULL && test->type == GNT_JSON_ARRAY && test->size > 0;
    return 0;
}

/* Of a health check without a test, which the image has not either, nothing would come. */
static int check_health(struct docker *d, const gantry_call *call, const char *image,
                        const gantry_health *health, gantry_error *err)
{
    struct gnt_req r;
    int has_test = 0;
    int rc;

    if (health == NULL || health->test != NULL)
        return 0;
    gnt_req_init(&r, &d->rest, "GET", call, "/images/%r/json", image);
    gnt_req_about(&r, GANTRY_RESOURCE_IMAGE, image);
    rc = gnt_req_each(&r, GNT_JSON_DOCUMENT, read_test, &has_test, NULL, err);
    if (rc == 0 && !has_test)
        rc = gnt_fail(err, GANTRY_E_INVALID,
                      "health: test: is not given, and the image has no health check");
    return rc;
}

/* ---- create ---------------------------------------------------------------------------------- */

/* What a refusal is about, when it is not the container itself. */
static int blame(int rc, const char *image, gantry_error *err)
{
    if (rc < 0 && err != NULL && err->resource_kind == GANTRY_RESOURCE_IMAGE) {
        gnt_error_resource(err, GANTRY_RESOURCE_IMAGE, image);
        return rc;
    }
    /* A container that is not there is another one: one whose namespaces were to be shared. */
    return gnt_docker_blame(
        rc, rc == GANTRY_E_NOT_FOUND ? GANTRY_RESOURCE_NONE : GANTRY_RESOURCE_CONTAINER, err);
}

static int create(struct docker *d, const gantry_call *call, const char *image,
                  const gantry_container_options *opts, void **out, gantry_error *err)
{
    struct gnt_req r;

    gnt_req_init(&r, &d->rest, "POST", call, "/containers/create");
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, opts->name != NULL ? opts->name : "");
    gnt_req_query(&r, "name", opts->name);
    gnt_req_query(&r, "platform", opts->platform);
    gnt_req_json(&r, gnt_docker_container_body(&r, image, opts));
    return blame(gnt_req_result(&r, GANTRY_KIND_CREATED, gnt_created_rows, SIZE_MAX, out, err),
                 image, err);
}

int gnt_docker_container_make(struct docker *d, const char *image,
                              const gantry_container_options *opts, gantry_created **out,
                              gantry_error *err)
{
    void *result = NULL;
    const gantry_created *made;
    int rc = check_security(d, opts->call, opts->security, err);

    if (rc == 0)
        rc = check_health(d, opts->call, image, opts->health, err);
    if (rc == 0)
        rc = create(d, opts->call, image, opts, &result, err);
    if (rc < 0)
        return rc;
    made = result;
    rc = gnt_docker_check_warnings(made->warnings, opts->resources, opts->cgroup_namespace, err);
    if (rc == 0)
        rc = gnt_docker_connect_others(d, opts->call, made->id, opts, err);
    if (rc < 0) {
        gnt_take_back(gnt_docker_container_remove, d, made->id, rc, err);
        gnt_result_free(result);
        return rc;
    }
    *out = result;
    return 0;
}

int gnt_docker_container_create(void *state, const char *image,
                                const gantry_container_options *opts, gantry_created **out,
                                gantry_error *err)
{
    struct docker *d = state;
    gantry_container_options o = *opts;
    struct gnt_arena arena;
    gantry_call shared;
    int rc = gnt_docker_pod_check_labels(opts->labels, opts->label_count, err);

    gnt_arena_init(&arena, &d->rest.host->mem);
    o.call = gnt_call_share(&shared, opts->call);
    if (rc == 0 && opts->pod != NULL)
        rc = gnt_docker_pod_join(d, &arena, &o, err);
    if (rc == 0)
        rc = gnt_docker_container_make(d, image, &o, out, err);
    gnt_arena_free(&arena);
    return rc;
}
