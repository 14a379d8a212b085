/*
 * The further life of containers over libpod: pause, rename, prepare, update, health, mount,
 * checkpoint.
 */
#include "podman.h"

#include "rest_life.h"

#include <string.h>

/* ---- pause, rename, prepare, exists ---------------------------------------------------------- */

int gnt_podman_pause(void *state, const char *id, const gantry_container_pause_options *opts,
                     gantry_error *err)
{
    struct podman *p = state;
    gantry_call shared;

    return gnt_rest_pause(&p->rest, gnt_call_share(&shared, opts->call), id, 1, err);
}

int gnt_podman_unpause(void *state, const char *id, const gantry_container_pause_options *opts,
                       gantry_error *err)
{
    struct podman *p = state;
    gantry_call shared;

    return gnt_rest_pause(&p->rest, gnt_call_share(&shared, opts->call), id, 0, err);
}

int gnt_podman_container_rename(void *state, const char *id, const char *new_name,
                                const gantry_container_rename_options *opts, gantry_error *err)
{
    struct podman *p = state;

    return gnt_rest_rename(&p->rest, opts->call, id, new_name, err);
}

int gnt_podman_resize(void *state, const char *id, int columns, int rows,
                      const gantry_resize_options *opts, gantry_error *err)
{
    struct podman *p = state;

    return gnt_rest_resize(&p->rest, opts->call, id, columns, rows, err);
}

int gnt_podman_init(void *state, const char *id, const gantry_container_init_options *opts,
                    gantry_error *err)
{
    struct podman *p = state;

    return gnt_rest_act(&p->rest, "POST", opts->call, GANTRY_RESOURCE_CONTAINER, id,
                        "/containers/%s/init", err);
}

int gnt_podman_container_exists(void *state, const char *id,
                                const gantry_container_exists_options *opts, int *out_exists,
                                gantry_error *err)
{
    struct podman *p = state;
    gantry_error failure = { 0 };
    int rc = gnt_rest_act(&p->rest, "GET", opts->call, GANTRY_RESOURCE_CONTAINER, id,
                          "/containers/%s/exists", &failure);

    if (rc < 0 && rc != GANTRY_E_NOT_FOUND) {
        if (err != NULL)
            *err = failure;
        return rc;
    }
    *out_exists = rc == 0;
    return 0;
}

/* ---- update ---------------------------------------------------------------------------------- */

#define U gantry_container_update_options
const struct gnt_out gnt_podman_update_options[] = {
    GNT_OUT_CODE(U, resources), GNT_OUT_I64(U, restart_retries, "restartRetries"),
    GNT_OUT_HOOK(U, restart, "restartPolicy", gnt_out_restart), GNT_OUT_REFUSE(U, reserved),
    GNT_OUT_END
};
#undef U

/* Without root there are limits only with cgroups v2. */
static int is_without_limits(struct podman *p, const gantry_call *call)
{
    struct gnt_req r;
    const gantry_info *info;
    void *result = NULL;
    int without;

    gnt_req_init(&r, &p->rest, "GET", call, "/info");
    gnt_req_about(&r, GANTRY_RESOURCE_ENGINE, "podman");
    if (gnt_req_result(&r, GANTRY_KIND_INFO, gnt_podman_info_rows, SIZE_MAX, &result, NULL) < 0)
        return 0;
    info = result;
    without = info->rootless && strcmp(info->cgroup_version, "1") == 0;
    gnt_result_free(result);
    return without;
}

static int no_limits(const char *id, gantry_error *err)
{
    gnt_fail(err, GANTRY_E_UNSUPPORTED,
             "option 'resources' is not supported by this engine without root on cgroups v1");
    gnt_error_resource(err, GANTRY_RESOURCE_CONTAINER, id);
    gnt_error_outcome(err, GANTRY_OUTCOME_REFUSED, GANTRY_RETRY_NO);
    return GANTRY_E_UNSUPPORTED;
}

static int is_up(const struct gnt_container_facts *facts)
{
    return facts->state == GANTRY_CONTAINER_RUNNING || facts->state == GANTRY_CONTAINER_PAUSED;
}

/* From 5.1 on limits of what does not run are noted, also where they will have no effect. */
static int check_noted(struct podman *p, const char *id, const gantry_call *call, gantry_error *err)
{
    struct gnt_container_facts facts;

    if (!gnt_rest_at_least(&p->rest, 5, 1, 0) ||
        gnt_rest_container_facts(&p->rest, call, id, &facts, NULL) < 0 || is_up(&facts) ||
        !is_without_limits(p, call))
        return 0;
    return no_limits(id, err);
}

/* The OCI runtime fails with a status that says nothing. */
static int explain(struct podman *p, const char *id, const gantry_call *call, int rc,
                   gantry_error *failure, gantry_error *err)
{
    struct gnt_container_facts facts;

    if (rc == GANTRY_E_ENGINE && strstr(failure->message, " update --resources=") != NULL) {
        if (is_without_limits(p, call)) {
            rc = no_limits(id, failure);
        } else if (gnt_rest_container_facts(&p->rest, call, id, &facts, NULL) == 0 &&
                   !is_up(&facts)) {
            rc = gnt_fail(failure, GANTRY_E_STATE,
                          "the container is %s: this engine changes limits only of what runs",
                          facts.state_text);
        } else {
            gnt_error_suffix(failure, "the OCI runtime refuses these limits");
        }
        gnt_error_resource(failure, GANTRY_RESOURCE_CONTAINER, id);
        gnt_error_outcome(failure, GANTRY_OUTCOME_REFUSED, GANTRY_RETRY_NO);
    }
    if (err != NULL)
        *err = *failure;
    return rc;
}

/* Podman 5.1 to 5.3 forgets every limit that an update does not name, also one of the restart
 * policy alone. What an inspection tells is sent again; a weight of block I/O it does not. */
static int forgets_limits(const struct podman *p)
{
    return gnt_rest_at_least(&p->rest, 5, 1, 0) && !gnt_rest_at_least(&p->rest, 5, 4, 0);
}

static void keep(int64_t *limit, int64_t now)
{
    if (*limit == 0)
        *limit = now;
}

/* What is not to change, as it is. *out_lender lends the texts. */
static int keep_limits(struct podman *p, const char *id, const gantry_call *call,
                       gantry_resources *limits, gantry_container **out_lender, gantry_error *err)
{
    const gantry_container_inspect_options opts = { .size = sizeof opts, .call = call };
    const gantry_container *c;
    int rc = gnt_podman_container_inspect(p, id, &opts, out_lender, err);

    if (rc < 0)
        return rc;
    c = *out_lender;
    keep(&limits->memory_bytes, c->memory_bytes);
    keep(&limits->memory_reservation_bytes, c->memory_reservation_bytes);
    keep(&limits->memory_swap_bytes,
         c->memory_swap_bytes < 0 ? GANTRY_UNLIMITED : c->memory_swap_bytes);
    keep(&limits->pids, c->pids_limit);
    keep(&limits->cpu_shares, c->cpu_shares);
    if (limits->nano_cpus == 0) {
        keep(&limits->cpu_quota_us, c->cpu_quota_us);
        keep(&limits->cpu_period_us, c->cpu_period_us);
    }
    if (limits->cpuset_cpus == NULL && c->cpuset_cpus != NULL && *c->cpuset_cpus != '\0')
        limits->cpuset_cpus = c->cpuset_cpus;
    return 0;
}

int gnt_podman_update(void *state, const char *id, const gantry_container_update_options *opts,
                      gantry_error *err)
{
    struct podman *p = state;
    gantry_resources limits = { .size = sizeof limits };
    gantry_container *lender = NULL;
    gantry_error failure = { 0 };
    struct gnt_req r;
    int rc = 0;

    if (!gnt_rest_at_least(&p->rest, 4, 3, 0))
        return gnt_fail(err, GANTRY_E_UNSUPPORTED, "Podman updates containers from 4.3 on");
    if (opts->restart != GANTRY_RESTART_DEFAULT && !gnt_rest_at_least(&p->rest, 5, 1, 0))
        return gnt_fail(err, GANTRY_E_UNSUPPORTED,
                        "option \"restart\" is not supported by this engine: it needs Podman 5.1, "
                        "which is later than its %s",
                        p->engine_version);
    if (opts->resources != NULL) {
        limits = *opts->resources;
        rc = gnt_rest_update_check(&limits, err);
    }
    if (rc == 0 && opts->resources != NULL)
        rc = check_noted(p, id, opts->call, err);
    if (rc == 0 && opts->resources != NULL)
        rc = gnt_rest_update_swap(&p->rest, opts->call, id, &limits, err);
    if (rc == 0 && forgets_limits(p))
        rc = keep_limits(p, id, opts->call, &limits, &lender, err);
    if (rc < 0)
        return rc;
    gnt_req_init(&r, &p->rest, "POST", opts->call, "/containers/%s/update", id);
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
    gnt_req_query_object(&r, gnt_req_encode(&r, opts, gnt_podman_update_options));
    gnt_req_json(&r, gnt_req_encode(&r, &limits, gnt_podman_resource_options));
    gnt_result_free(lender);
    rc = gnt_req_run(&r, NULL, &failure);
    return rc < 0 ? explain(p, id, opts->call, rc, &failure, err) : 0;
}

/* ---- health ---------------------------------------------------------------------------------- */

/* The container lives as long as the result that lends from it. */
static void free_container(void *container)
{
    gnt_result_free(container);
}

/* The answer tells whether this probe failed; what that makes of the container's health, and the
 * log, are the container's. */
int gnt_podman_check_health(void *state, const char *id, const gantry_health_check_options *opts,
                            gantry_health_result **out, gantry_error *err)
{
    struct podman *p = state;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    const gantry_container_inspect_options inspect = { .size = sizeof inspect, .call = call };
    gantry_health_result *result;
    gantry_container *c = NULL;
    struct gnt_req r;
    int rc;

    gnt_req_init(&r, &p->rest, "GET", call, "/containers/%s/healthcheck", id);
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
    r.flags |= GNT_REQ_OPEN_ENDED;
    rc = gnt_req_run(&r, NULL, err);
    if (rc == 0)
        rc = gnt_podman_container_inspect(p, id, &inspect, &c, err);
    if (rc < 0)
        return rc;
    result = gantry_result_new(p->rest.host, GANTRY_KIND_HEALTH_RESULT, err);
    if (result == NULL) {
        gnt_result_free(c);
        return GANTRY_E_NOMEM;
    }
    gnt_result_on_free(result, free_container, c);
    result->log = c->health_log;
    result->health = c->health;
    result->failures = c->health_failures;
    *out = result;
    return 0;
}

/* ---- mount ----------------------------------------------------------------------------------- */

int gnt_podman_mount(void *state, const char *id, const gantry_container_mount_options *opts,
                     gantry_mount_point **out, gantry_error *err)
{
    struct podman *p = state;
    gantry_mount_point *point;
    struct gnt_buf text;
    struct gnt_req r;
    int rc;

    gnt_buf_init(&text, &p->rest.host->mem, 8192);
    gnt_req_init(&r, &p->rest, "POST", opts->call, "/containers/%s/mount", id);
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
    rc = gnt_req_text(&r, &text, NULL, err);
    while (rc == 0 && text.size > 0 && text.data[text.size - 1] == '\n')
        text.data[--text.size] = '\0';
    if (rc == 0 && gnt_buf_text(&text)[0] != '/')
        rc = gnt_fail(err, GANTRY_E_PROTOCOL, "the answer is no path: %s", gnt_buf_text(&text));
    if (rc == 0) {
        point = gantry_result_new(p->rest.host, GANTRY_KIND_MOUNT_POINT, err);
        rc = point == NULL ? GANTRY_E_NOMEM : 0;
        if (rc == 0)
            point->path = gantry_result_strdup(point, gnt_buf_text(&text));
        if (rc == 0 && point->path == NULL)
            rc = gnt_nomem(err);
        if (rc == 0)
            *out = point;
        else
            gnt_result_free(point);
    }
    gnt_buf_free(&text);
    return rc;
}

int gnt_podman_unmount(void *state, const char *id, const gantry_container_mount_options *opts,
                       gantry_error *err)
{
    struct podman *p = state;

    return gnt_rest_act(&p->rest, "POST", opts->call, GANTRY_RESOURCE_CONTAINER, id,
                        "/containers/%s/unmount", err);
}

/* ---- checkpoint ------------------------------------------------------------------------------ */

#define C gantry_checkpoint_options
const struct gnt_out gnt_podman_checkpoint_options[] = {
    GNT_OUT_REFUSE(C, name),
    GNT_OUT_ON(C, leave_running, "leaveRunning"),
    GNT_OUT_ON(C, keep, "keep"),
    GNT_OUT_ON(C, tcp_established, "tcpEstablished"),
    GNT_OUT_ON(C, file_locks, "fileLocks"),
    GNT_OUT_ON(C, ignore_static_ip, "ignoreStaticIP"),
    GNT_OUT_ON(C, ignore_static_mac, "ignoreStaticMAC"),
    GNT_OUT_END
};
#undef C

static int checkpoint_like(struct podman *p, const char *id, const char *template_text,
                           const gantry_checkpoint_options *opts, gantry_error *err)
{
    struct gnt_req r;

    gnt_req_init(&r, &p->rest, "POST", opts->call, template_text, id);
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
    r.flags |= GNT_REQ_OPEN_ENDED;
    gnt_req_query_object(&r, gnt_req_encode(&r, opts, gnt_podman_checkpoint_options));
    return gnt_req_run(&r, NULL, err);
}

int gnt_podman_checkpoint(void *state, const char *id, const gantry_checkpoint_options *opts,
                          gantry_error *err)
{
    return checkpoint_like(state, id, "/containers/%s/checkpoint", opts, err);
}

int gnt_podman_restore(void *state, const char *id, const gantry_checkpoint_options *opts,
                       gantry_error *err)
{
    return checkpoint_like(state, id, "/containers/%s/restore", opts, err);
}
