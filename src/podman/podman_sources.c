/*
 * What creating a container has to ask or do before, since libpod's own create does not: missing
 * sources of bind mounts, the rest of a health check, options that it takes and forgets.
 */
#include "podman_spec.h"

#include "rest_life.h"

#include <stdio.h>
#include <string.h>

/* ---- sources of bind mounts ------------------------------------------------------------------ */

static const struct gnt_in created_rows[] = { GNT_IN_ID_REQ(gantry_created, id, "Id"), GNT_IN_END };

static void put_source(struct gnt_req *r, const char *image_id, const char *source)
{
    static const char *const command[] = { "true", NULL };
    struct gnt_json *body = gnt_req_object(r);
    struct gnt_json *mount = gnt_req_object(r);

    gnt_podman_put_text(r, body, "Image", image_id);
    gnt_podman_put(r, body, "Cmd", gnt_podman_strings(&r->arena, command));
    gnt_podman_put_text(r, body, "HostConfig/NetworkMode", "none");
    gnt_podman_put_text(r, mount, "Type", "bind");
    gnt_podman_put_text(r, mount, "Source", source);
    gnt_podman_put_text(r, mount, "Target", "/source");
    gnt_podman_add(r, body, "HostConfig/Mounts", mount);
    gnt_req_json(r, body);
}

/*
 * Only the Docker-compatible create makes missing directories; it does so for a container that is
 * taken away at once and never runs. It has a name, by which it is found when no answer came.
 */
static int make_source(struct podman *p, const char *image_id, const char *source,
                       const gantry_call *call, gantry_error *err)
{
    struct gnt_rest compatible = p->rest;
    gantry_error failure = { 0 };
    struct gnt_req r;
    char name[48];
    void *result = NULL;
    int rc;

    snprintf(name, sizeof name, "gantry-source-%llx", (unsigned long long)gantry_clock_ns());
    snprintf(compatible.prefix, sizeof compatible.prefix, "/v1.40");
    gnt_req_init(&r, &compatible, "POST", call, "/containers/create");
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, "");
    gnt_req_query(&r, "name", name);
    put_source(&r, image_id, source);
    rc = gnt_req_result(&r, GANTRY_KIND_CREATED, created_rows, SIZE_MAX, &result, &failure);
    gnt_result_free(result);
    if (rc == 0)
        gnt_take_back(gnt_podman_container_remove, p, name, rc, &failure);
    else if (failure.outcome == GANTRY_OUTCOME_UNKNOWN)
        gnt_take_back(gnt_podman_container_remove, p, name, rc,
                      NULL); /* where it may be still on its way */
    if (rc == 0 && failure.outcome == GANTRY_OUTCOME_PARTIAL) {
        rc = gnt_fail(&failure, GANTRY_E_ENGINE, "mounts: %s: container %s, which made it, is left",
                      source, name);
        gnt_error_outcome(&failure, GANTRY_OUTCOME_PARTIAL, GANTRY_RETRY_ASK);
    }
    if (rc < 0 && err != NULL)
        *err = failure;
    return rc;
}

static int wants_source(const gantry_mount *m)
{
    return m->type == GANTRY_MOUNT_BIND && m->create_source == GANTRY_ON;
}

int gnt_podman_wants_sources(const gantry_container_options *opts)
{
    const gantry_mount *const *mounts = opts->mounts;

    while (mounts != NULL && *mounts != NULL && !wants_source(*mounts))
        mounts++;
    return mounts != NULL && *mounts != NULL;
}

int gnt_podman_make_sources(struct podman *p, const char *image,
                            const gantry_container_options *opts, const gantry_call *call,
                            gantry_error *err)
{
    const gantry_mount *const *mounts = opts->mounts;
    char id[65] = "";
    int rc = 0;

    for (; rc == 0 && mounts != NULL && *mounts != NULL; mounts++) {
        if (!wants_source(*mounts))
            continue;
        if (id[0] == '\0')
            rc = gnt_podman_image_id(p, call, image, id, err);
        if (rc == 0)
            rc = make_source(p, id, (*mounts)->source, call, err);
    }
    return rc;
}

/* ---- health ---------------------------------------------------------------------------------- */

struct image_health {
    struct gnt_arena *arena;
    gantry_health *health;
};

static int64_t milliseconds(const struct gnt_json *v)
{
    int64_t ns = 0;

    return gnt_json_int(v, &ns) == 0 && ns > 0 ? (ns + 999999) / 1000000 : 0;
}

/* The image's own check where the options have none of theirs. */
static int take_image(void *arg, struct gnt_json *value, gantry_error *err)
{
    const struct image_health *want = arg;
    gantry_health *h = want->health;
    const struct gnt_json *own = gnt_json_get(value, "Healthcheck");
    const struct gnt_json *test = gnt_json_get(own, "Test");
    const char **list;
    size_t count = 0;

    if (test == NULL || test->type != GNT_JSON_ARRAY || test->size == 0)
        return 0;
    list = gnt_arena_alloc(want->arena, (test->size + 1) * sizeof *list);
    if (list == NULL)
        return gnt_nomem(err);
    for (const struct gnt_json *item = test->first; item != NULL; item = item->next) {
        const char *text = gnt_json_text(item);

        list[count] = gnt_arena_strdup(want->arena, text != NULL ? text : "");
        if (list[count++] == NULL)
            return gnt_nomem(err);
    }
    h->test = list;
    if (h->interval_ms == 0)
        h->interval_ms = milliseconds(gnt_json_get(own, "Interval"));
    if (h->timeout_ms == 0)
        h->timeout_ms = milliseconds(gnt_json_get(own, "Timeout"));
    if (h->start_period_ms == 0)
        h->start_period_ms = milliseconds(gnt_json_get(own, "StartPeriod"));
    if (h->retries == 0 && gnt_json_int(gnt_json_get(own, "Retries"), &h->retries) < 0)
        h->retries = 0;
    return 0;
}

enum {
    HEALTH_INTERVAL_MS = 30000,
    HEALTH_TIMEOUT_MS = 30000,
    HEALTH_RETRIES = 3
};

int gnt_podman_complete_health(struct podman *p, struct gnt_arena *arena, const char *image,
                               const gantry_call *call, const gantry_health *given,
                               gantry_health *out, gantry_error *err)
{
    struct image_health want = { arena, out };
    struct gnt_req r;
    int rc = 0;

    *out = *given;
    if (out->test == NULL) {
        gnt_req_init(&r, &p->rest, "GET", call, "/images/%r/json", gnt_podman_bare(image));
        gnt_req_about(&r, GANTRY_RESOURCE_IMAGE, image);
        rc = gnt_req_each(&r, GNT_JSON_DOCUMENT, take_image, &want, NULL, err);
    }
    if (rc < 0)
        return rc;
    if (out->test == NULL)
        return gnt_fail(err, GANTRY_E_INVALID,
                        "health: test: is not given, and the image has no health check");
    if (strcmp(out->test[0], "NONE") == 0)
        return 0;
    if (out->interval_ms == 0)
        out->interval_ms = HEALTH_INTERVAL_MS;
    if (out->timeout_ms == 0)
        out->timeout_ms = HEALTH_TIMEOUT_MS;
    if (out->retries == 0)
        out->retries = HEALTH_RETRIES;
    return 0;
}

/* ---- the host -------------------------------------------------------------------------------- */

struct host_facts {
    int first_cgroups; /* v1 */
    char runtime[64];
};

static int take_host(void *arg, struct gnt_json *value, gantry_error *err)
{
    struct host_facts *facts = arg;
    const char *version = gnt_json_text(gnt_json_get(value, "host/cgroupVersion"));
    const char *runtime = gnt_json_text(gnt_json_get(value, "host/ociRuntime/name"));

    (void)err;
    facts->first_cgroups = version != NULL && strcmp(version, "v1") == 0;
    snprintf(facts->runtime, sizeof facts->runtime, "%s", runtime != NULL ? runtime : "");
    return 0;
}

/* libpod takes these and forgets them: the limits with cgroups v2, a runtime always. */
int gnt_podman_check_host(struct podman *p, const gantry_container_options *opts,
                          const gantry_call *call, gantry_error *err)
{
    const gantry_resources *limits = opts->resources;
    int swappiness = limits != NULL && limits->memory_swappiness != 0;
    int no_oom = limits != NULL && limits->oom_kill == GANTRY_OFF;
    struct host_facts facts = { 0 };
    struct gnt_req r;
    int rc;

    if (!swappiness && !no_oom && opts->runtime == NULL)
        return 0;
    gnt_req_init(&r, &p->rest, "GET", call, "/info");
    gnt_req_about(&r, GANTRY_RESOURCE_ENGINE, "podman");
    rc = gnt_req_each(&r, GNT_JSON_DOCUMENT, take_host, &facts, NULL, err);
    if (rc < 0)
        return rc;
    if (opts->runtime != NULL && strcmp(opts->runtime, facts.runtime) != 0)
        return gnt_fail(err, GANTRY_E_UNSUPPORTED,
                        "option \"runtime\": %.60s is not supported by this engine: its service "
                        "runs all containers with %s",
                        opts->runtime, facts.runtime);
    if ((swappiness || no_oom) && !facts.first_cgroups)
        return gnt_fail(err, GANTRY_E_UNSUPPORTED,
                        "option \"resources: %s\" is not supported by this engine: its host has "
                        "cgroups v2",
                        swappiness ? "memory_swappiness" : "oom_kill");
    return 0;
}
