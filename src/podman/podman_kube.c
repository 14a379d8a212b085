/*
 * Kubernetes YAML over libpod: what there is by version, playing, generating. Taking down is in
 * podman_kube_down.c. YAML may hold secrets: requests with it are wiped.
 */
#include "podman_kube.h"

#include "kube_watch.h"
#include "podman_spec.h"

#include <string.h>

/* ---- tables ---------------------------------------------------------------------------------- */

static int out_pairs(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const gantry_kube_play_options *o = c->options;
    struct gnt_json *list = gnt_json_new(c->arena, GNT_JSON_ARRAY);

    (void)field;
    for (size_t i = 0; i < o->log_option_count; i++) {
        const char *text =
            gnt_arena_printf(c->arena, "%s=%s", o->log_options[i].key,
                             o->log_options[i].value != NULL ? o->log_options[i].value : "");

        if (text == NULL || gnt_json_add(list, gnt_json_string(c->arena, text)) < 0)
            return gnt_nomem(c->err);
    }
    return gnt_json_put(c->arena, c->body, row->path, list) < 0 ? gnt_nomem(c->err) : 0;
}

static int out_ports(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const gantry_kube_play_options *o = c->options;
    struct gnt_json *list = gnt_json_new(c->arena, GNT_JSON_ARRAY);
    gantry_port port;
    struct gnt_buf text;
    int rc = 0;

    (void)field;
    gnt_buf_init(&text, &c->arena->mem, 256);
    for (size_t i = 0; rc == 0 && o->ports[i] != NULL; i++) {
        rc = gnt_import(&port, sizeof port, o->ports[i], "gantry_port", c->err);
        gnt_buf_clear(&text);
        if (rc == 0 && (gnt_podman_port_text(&port, &text) < 0 ||
                        gnt_json_add(list, gnt_json_string(c->arena, gnt_buf_text(&text))) < 0))
            rc = gnt_nomem(c->err);
    }
    gnt_buf_free(&text);
    if (rc == 0 && gnt_json_put(c->arena, c->body, row->path, list) < 0)
        rc = gnt_nomem(c->err);
    return rc;
}

#define P gantry_kube_play_options
const struct gnt_out gnt_podman_kube_play_options[] = {
    GNT_OUT_STRS(P, networks, "network"),
    GNT_OUT_MAP(P, annotations, "annotations"),
    GNT_OUT_STR(P, log_driver, "logDriver"),
    GNT_OUT_HOOK(P, log_options, "logOptions", out_pairs),
    GNT_OUT_CODE(P, log_option_count),
    GNT_OUT_STRS(P, addresses, "staticIPs"),
    GNT_OUT_STRS(P, macs, "staticMACs"),
    GNT_OUT_CODE(P, config_maps),
    GNT_OUT_HOOK(P, ports, "publishPorts", out_ports),
    GNT_OUT_STR(P, user_namespace, "userns"),
    GNT_OUT_CODE(P, progress),
    GNT_OUT_CODE(P, progress_arg),
    GNT_OUT_ON(P, start, "start"),
    GNT_OUT_CODE(P, replace),
    GNT_OUT_ON(P, no_hosts, "noHosts"),
    GNT_OUT_OFF(P, insecure, "tlsVerify"),
    GNT_OUT_CODE(P, allow_failed),
    GNT_OUT_REFUSE(P, reserved),
    GNT_OUT_END
};
#undef P

#define G gantry_kube_generate_options
const struct gnt_out gnt_podman_kube_generate_options[] = {
    GNT_OUT_I64(G, replicas, "replicas"), GNT_OUT_CODE(G, kind),
    GNT_OUT_ON(G, service, "service"),    GNT_OUT_ON(G, podman_only, "podmanOnly"),
    GNT_OUT_REFUSE(G, reserved),          GNT_OUT_END
};
#undef G

#define P gantry_kube_pod
static const struct gnt_in pod_rows[] = { GNT_IN_STR(P, id, "ID"),
                                          GNT_IN_STRS(P, containers, "Containers"),
                                          GNT_IN_STRS(P, init_containers, "InitContainers"),
                                          GNT_IN_STRS(P, errors, "ContainerErrors"),
                                          GNT_IN_STRS(P, logs, "Logs"),
                                          GNT_IN_END };
#undef P

static int in_pods(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                   void *field)
{
    (void)row;
    return gnt_in_items(c, v, GANTRY_KIND_KUBE_POD, pod_rows, field);
}

/* Texts at a path of each element; the path is the row's aux. Elements with a failure are left
 * out. */
static int in_texts(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                    void *field)
{
    const char *const *list = NULL;

    if (v->type != GNT_JSON_ARRAY)
        return 0;
    for (const struct gnt_json *item = v->first; item != NULL; item = item->next) {
        const char *text = gnt_json_text(gnt_json_get(item, row->aux));
        const struct gnt_json *failed = gnt_json_get(item, "Err");

        if (failed == NULL)
            failed = gnt_json_get(item, "Errs");
        if (text == NULL || (failed != NULL && failed->type != GNT_JSON_NULL))
            continue;
        list = gnt_strings_add(c->arena, list, text);
        if (list == NULL)
            return gnt_nomem(c->err);
    }
    if (list != NULL)
        memcpy(field, &list, sizeof list);
    return 0;
}

#define TEXTS(m, path, aux)                                                                        \
    {                                                                                              \
        path, in_texts, offsetof(gantry_kube_result, m), aux, 0, 0                                 \
    }
const struct gnt_in gnt_podman_kube_rows[] = { GNT_IN_HOOK(gantry_kube_result, pods, "Pods",
                                                           in_pods),
                                               TEXTS(volumes, "Volumes", "Name"),
                                               TEXTS(secrets, "Secrets", "CreateReport/ID"),
                                               TEXTS(stopped, "StopReport", "Id"),
                                               TEXTS(removed, "RmReport", "Id"),
                                               GNT_IN_END };

/* ---- by version ------------------------------------------------------------------------------ */

const char *gnt_podman_kube_reason(const void *state, int feature)
{
    const struct podman *p = state;

    if (feature == GANTRY_FEATURE_KUBE_QUADLETS)
        return gnt_rest_at_least(&p->rest, 5, 7, 0) ? NULL : "it needs Podman 5.7";
    if (feature >= GANTRY_FEATURE_KUBE_QUADLET_TEXT &&
        feature <= GANTRY_FEATURE_KUBE_QUADLET_REMOVE)
        return gnt_rest_at_least(&p->rest, 5, 8, 0) ? NULL : "it needs Podman 5.8";
    return NULL;
}

/* ---- play ------------------------------------------------------------------------------------ */

/* Claims whose volume is there: before 4.4 libpod fails on them, later it takes the volume. */
struct claims {
    struct podman *p;
    const gantry_call *call;
    struct gnt_arena arena;
    const char *const *kept; /* names of those volumes */
    struct gnt_buf rest;     /* the documents without them */
    size_t documents;        /* how many are left */
};

static int has_volume(struct claims *c, const char *name, int *out, gantry_error *err)
{
    gantry_error failure = { 0 };
    int rc = gnt_rest_act(&c->p->rest, "GET", c->call, GANTRY_RESOURCE_VOLUME, name,
                          "/volumes/%s/exists", &failure);

    *out = rc == 0;
    if (rc == GANTRY_E_NOT_FOUND)
        return 0;
    if (rc < 0 && err != NULL)
        *err = failure;
    return rc;
}

static int sort_claims(struct claims *c, const char *yaml, size_t size, gantry_error *err)
{
    struct podman_document document;

    while (gnt_podman_next_document(&yaml, &size, &document)) {
        int there = 0;
        int rc = 0;

        if (strcmp(document.kind, "PersistentVolumeClaim") == 0 &&
            gnt_check_name("name", document.name, NULL) == 0)
            rc = has_volume(c, document.name, &there, err);
        if (rc < 0)
            return rc;
        if (there) {
            c->kept = gnt_strings_add(&c->arena, c->kept, document.name);
            if (c->kept == NULL)
                return gnt_nomem(err);
            continue;
        }
        c->documents++;
        gnt_buf_adds(&c->rest, "---\n");
        gnt_buf_add(&c->rest, document.text, document.size);
        if (gnt_buf_adds(&c->rest, "\n") < 0)
            return gnt_nomem(err);
    }
    return 0;
}

static void check_versions(struct gnt_req *r, const gantry_kube_play_options *opts)
{
    if (opts->annotation_count > 0)
        gnt_podman_need(r, "annotations", 4, 1);
    if (opts->ports != NULL && opts->ports[0] != NULL)
        gnt_podman_need(r, "ports", 4, 4);
    if (opts->user_namespace != NULL)
        gnt_podman_need(r, "user_namespace", 4, 7);
}

/* What went wrong with the YAML as such: nothing was made yet. */
static int was_begun(const gantry_error *failure)
{
    static const char *const before[] = { "multi doc yaml could not be split",
                                          "unable to sort kube kinds",
                                          "does not contain any supported kube kind", NULL };

    if (failure->http_status < 500)
        return 0;
    for (const char *const *text = before; *text != NULL; text++) {
        if (strstr(failure->message, *text) != NULL)
            return 0;
    }
    return 1;
}

static int send_play(struct podman *p, const char *yaml, size_t size,
                     const gantry_kube_play_options *opts, const gantry_call *call,
                     struct gnt_watch *watch, gantry_kube_result **out, gantry_error *err)
{
    gantry_error failure = { 0 };
    struct gnt_req r;
    void *result = NULL;
    gantry_kube_result *made;
    int rc;

    gnt_req_init(&r, &p->rest, "POST", call, "/play/kube");
    gnt_req_secret(&r);
    r.flags |= GNT_REQ_OPEN_ENDED;
    check_versions(&r, opts);
    gnt_req_query_object(&r, gnt_req_encode(&r, opts, gnt_podman_kube_play_options));
    gnt_req_query_true(&r, "replace", opts->replace == GANTRY_ON);
    if (r.rc == 0 && gnt_buf_add(&r.body, yaml, size) < 0)
        gnt_req_fail(&r, GANTRY_E_NOMEM, "out of memory");
    r.content_type = "application/yaml";
    r.has_body = 1;
    if (watch != NULL) {
        r.watch = gnt_watch_exchange;
        r.watch_arg = watch;
    }
    rc = gnt_req_result(&r, GANTRY_KIND_KUBE_RESULT, gnt_podman_kube_rows,
                        offsetof(gantry_kube_result, json), &result, &failure);
    if (rc < 0) {
        if (was_begun(&failure)) {
            gnt_error_outcome(&failure, GANTRY_OUTCOME_PARTIAL, GANTRY_RETRY_ASK);
            gnt_error_suffix(&failure, "what was made before stays");
        }
        if (err != NULL)
            *err = failure;
        return rc;
    }
    made = result;
    while (made->pods[made->pod_count] != NULL)
        made->pod_count++;
    *out = made;
    return 0;
}

/* Before 4.4: as later versions do with claims. */
static int play_old(struct podman *p, const char *yaml, size_t size,
                    const gantry_kube_play_options *opts, const gantry_call *call,
                    struct gnt_watch *watch, gantry_kube_result **out, gantry_error *err)
{
    struct claims c = { .p = p, .call = call };
    gantry_kube_result *result = NULL;
    int rc;

    gnt_arena_init(&c.arena, &p->rest.host->mem);
    gnt_buf_init(&c.rest, &p->rest.host->mem, 2 * GANTRY_KUBE_MAX_BYTES);
    c.rest.wipe = 1;
    rc = sort_claims(&c, yaml, size, err);
    if (rc == 0 && c.kept == NULL) {
        rc = send_play(p, yaml, size, opts, call, watch, &result, err);
    } else if (rc == 0 && c.documents > 0) {
        rc = send_play(p, gnt_buf_text(&c.rest), c.rest.size, opts, call, watch, &result, err);
    } else if (rc == 0) {
        result = gantry_result_new(p->rest.host, GANTRY_KIND_KUBE_RESULT, err);
        rc = result == NULL ? GANTRY_E_NOMEM : 0;
    }
    for (const char *const *name = c.kept; rc == 0 && name != NULL && *name != NULL; name++) {
        result->volumes = gnt_strings_add(gnt_result_arena(result), result->volumes, *name);
        if (result->volumes == NULL)
            rc = gnt_nomem(err);
    }
    gnt_buf_free(&c.rest);
    gnt_arena_free(&c.arena);
    if (rc < 0)
        gantry_kube_result_free(result);
    else
        *out = result;
    return rc;
}

static int play_now(struct podman *p, const char *yaml, size_t size,
                    const gantry_kube_play_options *opts, const gantry_call *call,
                    struct gnt_watch *watch, gantry_kube_result **out, gantry_error *err)
{
    if (!gnt_rest_at_least(&p->rest, 4, 4, 0))
        return play_old(p, yaml, size, opts, call, watch, out, err);
    return send_play(p, yaml, size, opts, call, watch, out, err);
}

/* Below 4.8: what is there goes first. */
static int replace(struct podman *p, const char *yaml, size_t size,
                   const gantry_kube_play_options *opts, const gantry_call *call,
                   struct gnt_watch *watch, gantry_kube_result **out, gantry_error *err)
{
    gantry_kube_play_options play = *opts;
    gantry_kube_down_options down = { .size = sizeof down, .call = call };
    gantry_kube_result *removed = NULL;
    gantry_kube_result *result = NULL;
    int rc = gnt_podman_kube_down(p, yaml, size, &down, &removed, err);

    play.replace = GANTRY_DEFAULT;
    if (rc == 0) {
        rc = play_now(p, yaml, size, &play, call, watch, &result, err);
        if (rc < 0 && removed->removed[0] != NULL) {
            gnt_error_prefix(err, "what was there was taken down, then: ");
            gnt_error_outcome(err, GANTRY_OUTCOME_PARTIAL, GANTRY_RETRY_ASK);
        }
    }
    if (rc == 0) {
        result->stopped = gantry_result_strings(result, removed->stopped);
        result->removed = gantry_result_strings(result, removed->removed);
        if (result->stopped == NULL || result->removed == NULL)
            rc = gnt_nomem(err);
    }
    gantry_kube_result_free(removed);
    if (rc < 0)
        gantry_kube_result_free(result);
    else
        *out = result;
    return rc;
}

/* Options that this version has not are found out before anything is done. */
static int check_play(struct podman *p, const gantry_kube_play_options *opts, gantry_error *err)
{
    struct gnt_req r;
    int rc;

    gnt_req_init(&r, &p->rest, "POST", opts->call, "/play/kube");
    check_versions(&r, opts);
    (void)gnt_req_encode(&r, opts, gnt_podman_kube_play_options);
    rc = r.rc;
    if (rc < 0 && err != NULL)
        *err = r.failure;
    gnt_req_free(&r);
    return rc;
}

int gnt_podman_kube_play(void *state, const char *yaml, size_t yaml_size,
                         const gantry_kube_play_options *opts, gantry_kube_result **out,
                         gantry_error *err)
{
    struct podman *p = state;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);
    const gantry_events_options events = { .size = sizeof events, .call = call };
    struct gnt_watch own = { .tell = opts->progress, .arg = opts->progress_arg };
    struct gnt_watch *watch = opts->progress != NULL ? &own : NULL;
    int rc = check_play(p, opts, err);

    if (rc == 0 && watch != NULL)
        rc = gnt_podman_events_open(p, &events, &own.source, err);
    if (rc < 0)
        return rc;
    if (opts->replace == GANTRY_ON && !gnt_rest_at_least(&p->rest, 4, 8, 0))
        rc = replace(p, yaml, yaml_size, opts, call, watch, out, err);
    else
        rc = play_now(p, yaml, yaml_size, opts, call, watch, out, err);
    if (rc == 0 && watch != NULL)
        gnt_watch_rest(watch);
    gnt_watch_close(&own, p->rest.host);
    return rc;
}

/* ---- generate -------------------------------------------------------------------------------- */

int gnt_podman_text(struct gnt_req *r, gantry_text **out, gantry_error *err)
{
    struct gantry_host *host = r->rest->host;
    gantry_text *result;
    struct gnt_buf text;
    int rc;

    gnt_buf_init(&text, &host->mem, GANTRY_KUBE_MAX_BYTES);
    text.wipe = r->secret;
    rc = gnt_req_text(r, &text, NULL, err);
    if (rc == 0 && (result = gantry_result_new(host, GANTRY_KIND_TEXT, err)) == NULL)
        rc = GANTRY_E_NOMEM;
    if (rc == 0) {
        result->text = gnt_arena_strndup(gnt_result_arena(result), gnt_buf_text(&text), text.size);
        result->text_size = text.size;
        if (result->text == NULL) {
            gantry_text_free(result);
            rc = gnt_nomem(err);
        } else {
            *out = result;
        }
    }
    gnt_buf_free(&text);
    return rc;
}

int gnt_podman_kube_generate(void *state, const char *const *names,
                             const gantry_kube_generate_options *opts, gantry_text **out,
                             gantry_error *err)
{
    struct podman *p = state;
    struct gnt_req r;

    gnt_req_init(&r, &p->rest, "GET", opts->call, "/generate/kube");
    gnt_req_about(&r, 0, names[1] == NULL ? names[0] : NULL);
    if (opts->kind == GANTRY_KUBE_DEPLOYMENT)
        gnt_podman_need(&r, "kind", 4, 5);
    if (opts->kind == GANTRY_KUBE_DAEMON_SET)
        gnt_podman_need(&r, "kind", 4, 7);
    if (opts->podman_only == GANTRY_ON)
        gnt_podman_need(&r, "podman_only", 4, 7);
    for (; *names != NULL; names++)
        gnt_req_query(&r, "names", *names);
    gnt_req_query_object(&r, gnt_req_encode(&r, opts, gnt_podman_kube_generate_options));
    if (opts->kind == GANTRY_KUBE_DEPLOYMENT)
        gnt_req_query(&r, "type", "deployment");
    if (opts->kind == GANTRY_KUBE_DAEMON_SET)
        gnt_req_query(&r, "type", "daemonset");
    return gnt_podman_text(&r, out, err);
}

const gantry_kube_ops gnt_podman_kube_ops = { .size = sizeof(gantry_kube_ops),
                                              .play = gnt_podman_kube_play,
                                              .down = gnt_podman_kube_down,
                                              .generate = gnt_podman_kube_generate,
                                              .systemd = gnt_podman_systemd,
                                              .quadlets = gnt_podman_quadlets,
                                              .quadlet_text = gnt_podman_quadlet_text,
                                              .quadlet_install = gnt_podman_quadlet_install,
                                              .quadlet_remove = gnt_podman_quadlet_remove };
