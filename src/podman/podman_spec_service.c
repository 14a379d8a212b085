/*
 * What the engine does for a new container while it lives: health checks, logs, secrets;
 * and the namespaces it shares.
 */
#include "podman_spec.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- health ---------------------------------------------------------------------------------- */

static int out_nanoseconds(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    int64_t ms;

    memcpy(&ms, field, sizeof ms);
    if (gnt_json_put(c->arena, c->body, row->path, gnt_json_number(c->arena, ms * 1000000)) < 0)
        return gnt_nomem(c->err);
    return 0;
}

#define H gantry_health
const struct gnt_out gnt_podman_health_options[] = {
    GNT_OUT_STRS(H, test, "Test"),
    GNT_OUT_HOOK(H, interval_ms, "Interval", out_nanoseconds),
    GNT_OUT_HOOK(H, timeout_ms, "Timeout", out_nanoseconds),
    GNT_OUT_HOOK(H, start_period_ms, "StartPeriod", out_nanoseconds),
    GNT_OUT_REFUSE(H, start_interval_ms), /* its startup checks are another thing */
    GNT_OUT_I64(H, retries, "Retries"),
    GNT_OUT_CODE(H, on_unhealthy),
    GNT_OUT_REFUSE(H, reserved),
    GNT_OUT_END
};
#undef H

static void add_health(struct gnt_req *r, struct gnt_json *body, const gantry_health *health)
{
    /* libpod's numbers: 1 is "invalid". */
    static const int actions[] = { 0, 2, 3, 4 };

    if (health == NULL)
        return;
    gnt_podman_put(r, body, "healthconfig", gnt_req_encode(r, health, gnt_podman_health_options));
    if (health->on_unhealthy == GANTRY_UNHEALTHY_NONE)
        return;
    gnt_podman_need(r, "health: on_unhealthy", 4, 3);
    gnt_podman_put_number(r, body, "health_check_on_failure_action", actions[health->on_unhealthy]);
}

/* ---- log ------------------------------------------------------------------------------------- */

/* "10m", "1GiB", "500b": bytes, units of 1024; -1 if it is none of these. */
static int64_t size_of(const char *text)
{
    static const char units[] = "bkmgt";
    char *end = NULL;
    long long number = strtoll(text, &end, 10);
    const char *unit;
    int shift = 0;

    if (end == text || number <= 0)
        return -1;
    if (*end != '\0') {
        unit = strchr(units, *end | 0x20);
        if (unit == NULL)
            return -1;
        shift = 10 * (int)(unit - units);
        end++;
        if (shift > 0 && *end != '\0' && strcasecmp(end, "b") != 0 && strcasecmp(end, "ib") != 0)
            return -1;
    }
    return number > INT64_MAX >> shift ? -1 : (int64_t)number << shift;
}

static void refuse_log_option(struct gnt_req *r, const char *key, const char *driver)
{
    if (driver == NULL)
        gnt_req_fail(r, GANTRY_E_UNSUPPORTED,
                     "option \"log_options\": %.60s without log_driver is not supported by this "
                     "engine",
                     key);
    else
        gnt_req_fail(r, GANTRY_E_UNSUPPORTED,
                     "option \"log_options\": %.60s of log driver %.60s is not supported by this "
                     "engine",
                     key, driver);
}

/* libpod drops options that a driver does not know: here each has an effect or is an error. */
static void add_log(struct gnt_req *r, struct gnt_json *body, const gantry_container_options *opts)
{
    const char *driver = opts->log_driver;
    int file;

    if (driver != NULL && strcmp(driver, "json-file") == 0)
        driver = "k8s-file";
    file = driver != NULL && strcmp(driver, "k8s-file") == 0;
    if (driver != NULL)
        gnt_podman_put_text(r, body, "log_configuration/driver", driver);
    for (size_t i = 0; i < opts->log_option_count && r->rc == 0; i++) {
        const char *key = opts->log_options[i].key;
        const char *value = opts->log_options[i].value != NULL ? opts->log_options[i].value : "";

        if (file && strcmp(key, "max-size") == 0) {
            if (size_of(value) < 0)
                gnt_req_fail(r, GANTRY_E_INVALID, "log_options: max-size: no size: %.60s", value);
            gnt_podman_put_number(r, body, "log_configuration/size", size_of(value));
        } else if (file && strcmp(key, "path") == 0) {
            gnt_podman_put_text(r, body, "log_configuration/path", value);
        } else if (driver != NULL && strcmp(driver, "journald") == 0 && strcmp(key, "tag") == 0) {
            gnt_podman_put_text(r, body, "log_configuration/options/tag", value);
        } else {
            refuse_log_option(r, key, opts->log_driver);
        }
    }
}

/* ---- secrets --------------------------------------------------------------------------------- */

#define S gantry_secret_mount
const struct gnt_out gnt_podman_secret_options[] = { GNT_OUT_STR(S, secret, "Source"),
                                                     GNT_OUT_STR(S, target, "Target"),
                                                     GNT_OUT_CODE(S, environment),
                                                     GNT_OUT_CODE(S, uid),
                                                     GNT_OUT_CODE(S, gid),
                                                     GNT_OUT_CODE(S, mode),
                                                     GNT_OUT_REFUSE(S, reserved),
                                                     GNT_OUT_END };
#undef S

enum {
    SECRET_MODE = 0444
};

/* libpod keeps one file of each secret, however often it is mounted: the last owner would count. */
static void check_files(struct gnt_req *r, const gantry_secret_mount *const *secrets)
{
    for (; secrets != NULL && *secrets != NULL; secrets++) {
        const gantry_secret_mount *a = *secrets;

        for (const gantry_secret_mount *const *other = secrets + 1; *other != NULL; other++) {
            const gantry_secret_mount *b = *other;

            if (a->environment == NULL && b->environment == NULL &&
                strcmp(a->secret, b->secret) == 0 &&
                (a->uid != b->uid || a->gid != b->gid || a->mode != b->mode))
                gnt_req_fail(r, GANTRY_E_UNSUPPORTED,
                             "option \"secrets\": %.100s with two owners or modes is not supported "
                             "by this engine",
                             a->secret);
        }
    }
}

static void add_secret(struct gnt_req *r, struct gnt_json *body, const gantry_secret_mount *s)
{
    struct gnt_json *item = gnt_req_encode(r, s, gnt_podman_secret_options);
    struct gnt_json *variables = (struct gnt_json *)gnt_json_get(body, "secret_env");

    if (s->environment != NULL) {
        if (variables == NULL) {
            variables = gnt_req_object(r);
            gnt_podman_put(r, body, "secret_env", variables);
        }
        gnt_podman_set(r, variables, s->environment, gnt_json_string(&r->arena, s->secret));
        return;
    }
    gnt_podman_put_number(r, item, "UID", s->uid);
    gnt_podman_put_number(r, item, "GID", s->gid);
    gnt_podman_put_number(r, item, "Mode", s->mode != 0 ? s->mode : SECRET_MODE);
    gnt_podman_add(r, body, "secrets", item);
}

/* ---- the whole ------------------------------------------------------------------------------- */

void gnt_podman_spec_service(struct gnt_req *r, struct gnt_json *body,
                             const gantry_container_options *opts)
{
    const gantry_secret_mount *const *secrets = opts->secrets;

    add_health(r, body, opts->health);
    add_log(r, body, opts);
    check_files(r, secrets);
    for (; secrets != NULL && *secrets != NULL && r->rc == 0; secrets++)
        add_secret(r, body, *secrets);
    gnt_podman_put_namespace(r, body, "pidns", opts->pid_namespace);
    gnt_podman_put_namespace(r, body, "ipcns", opts->ipc_namespace);
    gnt_podman_put_namespace(r, body, "utsns", opts->uts_namespace);
    gnt_podman_put_namespace(r, body, "cgroupns", opts->cgroup_namespace);
}
