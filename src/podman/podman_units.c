/*
 * systemd units and quadlets over libpod.
 */
#include "podman_kube.h"

#include "podman_spec.h"

#include <stdlib.h>
#include <string.h>

/* ---- systemd --------------------------------------------------------------------------------- */

#define S gantry_systemd_options
const struct gnt_out gnt_podman_systemd_options[] = {
    GNT_OUT_STR(S, restart_policy, "restartPolicy"),
    GNT_OUT_STR(S, container_prefix, "containerPrefix"),
    GNT_OUT_STR(S, pod_prefix, "podPrefix"),
    GNT_OUT_STR(S, separator, "separator"),
    GNT_OUT_STRS(S, wants, "wants"),
    GNT_OUT_STRS(S, after, "after"),
    GNT_OUT_STRS(S, requires_units, "requires"),
    GNT_OUT_STRS(S, environment, "additionalEnvVariables"),
    GNT_OUT_SECONDS(S, start_timeout_ms, "startTimeout"),
    GNT_OUT_SECONDS(S, stop_timeout_ms, "stopTimeout"),
    GNT_OUT_SECONDS(S, restart_delay_ms, "restartSec"),
    GNT_OUT_ON(S, use_name, "useName"),
    GNT_OUT_ON(S, create, "new"),
    GNT_OUT_ON(S, no_header, "noHeader"),
    GNT_OUT_ON(S, template_unit, "templateUnitFile"),
    GNT_OUT_END
};
#undef S

static int by_name(const void *a, const void *b)
{
    const gantry_unit *const *left = a;
    const gantry_unit *const *right = b;

    return strcmp((*left)->name, (*right)->name);
}

/* {"container-web": "text"} */
static int take_units(void *arg, struct gnt_json *v, gantry_error *err)
{
    gantry_unit_list *list = arg;
    const gantry_unit **items;

    if (v->type != GNT_JSON_OBJECT)
        return gnt_fail(err, GANTRY_E_PROTOCOL, "units: an object was expected");
    items = gantry_result_alloc(list, (v->size + 1) * sizeof *items);
    if (items == NULL)
        return gnt_nomem(err);
    for (const struct gnt_json *unit = v->first; unit != NULL; unit = unit->next) {
        gantry_unit *item = gantry_result_item(list, GANTRY_KIND_UNIT);

        if (gnt_json_text(unit) == NULL)
            return gnt_fail(err, GANTRY_E_PROTOCOL, "units: texts were expected");
        if (item == NULL)
            return gnt_nomem(err);
        item->name = gantry_result_strdup(list, unit->key);
        item->text = gantry_result_strdup(list, unit->text);
        if (item->name == NULL || item->text == NULL)
            return gnt_nomem(err);
        items[list->count++] = item;
    }
    qsort(items, list->count, sizeof *items, by_name);
    list->items = items;
    return 0;
}

static void need_for_empty(struct gnt_req *r, const char *option, const char *text)
{
    if (text != NULL && text[0] == '\0')
        gnt_podman_need(r, option, 4, 3);
}

int gnt_podman_systemd(void *state, const char *id, const gantry_systemd_options *opts,
                       gantry_unit_list **out, gantry_error *err)
{
    struct podman *p = state;
    gantry_unit_list *list = gantry_result_new(p->rest.host, GANTRY_KIND_UNIT_LIST, err);
    struct gnt_req r;
    int rc;

    if (list == NULL)
        return GANTRY_E_NOMEM;
    gnt_req_init(&r, &p->rest, "GET", opts->call, "/generate/%s/systemd", id);
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
    if (opts->environment != NULL && opts->environment[0] != NULL)
        gnt_podman_need(&r, "environment", 4, 3);
    if (opts->restart_delay_ms > 0)
        gnt_podman_need(&r, "restart_delay_ms", 4, 4); /* before, for pods only */
    need_for_empty(&r, "container_prefix", opts->container_prefix);
    need_for_empty(&r, "pod_prefix", opts->pod_prefix);
    need_for_empty(&r, "separator", opts->separator);
    gnt_req_query_object(&r, gnt_req_encode(&r, opts, gnt_podman_systemd_options));
    rc = gnt_req_each(&r, GNT_JSON_DOCUMENT, take_units, list, NULL, err);
    if (rc < 0)
        gantry_unit_list_free(list);
    else
        *out = list;
    return rc;
}

/* ---- quadlets -------------------------------------------------------------------------------- */

#define Q gantry_quadlet
const struct gnt_in gnt_podman_quadlet_rows[] = {
    GNT_IN_STR_REQ(Q, name, "Name"), GNT_IN_STR(Q, unit, "UnitName"), GNT_IN_STR(Q, path, "Path"),
    GNT_IN_STR(Q, status, "Status"), GNT_IN_STR(Q, app, "App"),       GNT_IN_END
};
#undef Q

#define O gantry_quadlet_options
const struct gnt_out gnt_podman_quadlet_options[] = { GNT_OUT_CODE(O, names), GNT_OUT_END };
#undef O

#define O gantry_quadlet_change_options
const struct gnt_out gnt_podman_quadlet_change_options[] = {
    GNT_OUT_ON(O, replace, "replace"), GNT_OUT_ON(O, force, "force"), GNT_OUT_CODE(O, missing_ok),
    GNT_OUT_OFF(O, no_reload, "reload-systemd"), GNT_OUT_END
};
#undef O

int gnt_podman_quadlets(void *state, const gantry_quadlet_options *opts, gantry_quadlet_list **out,
                        gantry_error *err)
{
    struct podman *p = state;
    struct gnt_name_filter wanted = { .names = opts->names,
                                      .offset = offsetof(gantry_quadlet, name) };
    struct gnt_req r;
    void *list = NULL;
    int rc;

    gnt_req_init(&r, &p->rest, "GET", opts->call, "/quadlets/json");
    gnt_req_about(&r, GANTRY_RESOURCE_FILE, "");
    rc = gnt_req_list(&r, GANTRY_KIND_QUADLET_LIST, GANTRY_KIND_QUADLET, gnt_podman_quadlet_rows,
                      gnt_accept_name, &wanted, &list, err);
    if (rc == 0)
        *out = list;
    return rc;
}

int gnt_podman_quadlet_text(void *state, const char *name, const gantry_quadlet_options *opts,
                            gantry_text **out, gantry_error *err)
{
    struct podman *p = state;
    struct gnt_req r;

    gnt_req_init(&r, &p->rest, "GET", opts->call, "/quadlets/%s/file", name);
    gnt_req_about(&r, GANTRY_RESOURCE_FILE, name);
    return gnt_podman_text(&r, out, err);
}

/* One file as multipart/form-data. The boundary must not be in it. */
static void put_file(struct gnt_req *r, const char *name, const char *text)
{
    const char *boundary = "gantry-0";
    int n = 0;

    while (boundary != NULL && strstr(text, boundary) != NULL)
        boundary = gnt_arena_printf(&r->arena, "gantry-%d", ++n);
    if (r->rc != 0)
        return;
    gnt_buf_addf(&r->body,
                 "--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"%s\"\r\n"
                 "Content-Type: application/octet-stream\r\n\r\n",
                 boundary != NULL ? boundary : "", name);
    gnt_buf_adds(&r->body, text);
    gnt_buf_addf(&r->body, "\r\n--%s--\r\n", boundary != NULL ? boundary : "");
    r->content_type = gnt_arena_printf(&r->arena, "multipart/form-data; boundary=%s",
                                       boundary != NULL ? boundary : "");
    r->has_body = 1;
    if (boundary == NULL || r->content_type == NULL || r->body.rc < 0)
        gnt_req_fail(r, GANTRY_E_NOMEM, "out of memory");
}

/* Libpod answers 200 although it could not do it; the text of what went wrong is lost then. */
static int take_report(void *arg, struct gnt_json *v, gantry_error *err)
{
    static const char *const members[] = { "QuadletErrors", "Errors", NULL };

    (void)arg;
    for (const char *const *member = members; *member != NULL; member++) {
        const struct gnt_json *problems = gnt_json_get(v, *member);
        const char *text;

        if (problems == NULL || problems->type != GNT_JSON_OBJECT || problems->first == NULL)
            continue;
        text = gnt_json_text(problems->first);
        gnt_fail(err, GANTRY_E_ENGINE, "the engine could not do it%s%s", text != NULL ? ": " : "",
                 text != NULL ? text : "");
        gnt_error_outcome(err, GANTRY_OUTCOME_UNKNOWN, GANTRY_RETRY_ASK);
        return GANTRY_E_ENGINE;
    }
    return 0;
}

int gnt_podman_quadlet_install(void *state, const char *name, const char *text,
                               const gantry_quadlet_change_options *opts, gantry_error *err)
{
    struct podman *p = state;
    struct gnt_req r;

    gnt_req_init(&r, &p->rest, "POST", opts->call, "/quadlets");
    gnt_req_about(&r, GANTRY_RESOURCE_FILE, name);
    gnt_req_query_object(&r, gnt_req_encode(&r, opts, gnt_podman_quadlet_change_options));
    put_file(&r, name, text);
    return gnt_req_each(&r, GNT_JSON_DOCUMENT, take_report, NULL, NULL, err);
}

int gnt_podman_quadlet_remove(void *state, const char *name,
                              const gantry_quadlet_change_options *opts, gantry_error *err)
{
    struct podman *p = state;
    struct gnt_req r;

    gnt_req_init(&r, &p->rest, "DELETE", opts->call, "/quadlets/%s", name);
    gnt_req_about(&r, GANTRY_RESOURCE_FILE, name);
    gnt_req_query_object(&r, gnt_req_encode(&r, opts, gnt_podman_quadlet_change_options));
    return gnt_req_each(&r, GNT_JSON_DOCUMENT, take_report, NULL, NULL, err);
}
