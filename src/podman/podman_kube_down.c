/*
 * Taking down what a Kubernetes YAML describes. Below 4.7 libpod stops at the first pod that is not
 * there and touches none of the others, so each document is a request of its own.
 */
#include "podman_kube.h"

#include "podman_spec.h"

#include <stdlib.h>
#include <string.h>

#define D gantry_kube_down_options
const struct gnt_out gnt_podman_kube_down_options[] = { GNT_OUT_ON(D, volumes, "force"),
                                                        GNT_OUT_REFUSE(D, reserved), GNT_OUT_END };
#undef D

/* Libpod answers 200 although something could not be removed. */
static int check_reports(const struct podman *p, const gantry_kube_result *result,
                         gantry_error *err)
{
    static const char *const reports[] = { "RmReport", "VolumeRmReport", "SecretRmReport", NULL };
    struct gnt_arena arena;
    struct gnt_json *doc = NULL;
    int rc;

    gnt_arena_init(&arena, &p->rest.host->mem);
    rc = gnt_json_parse(&arena, result->json, strlen(result->json), &doc, err);
    for (const char *const *name = reports; rc == 0 && *name != NULL; name++) {
        const struct gnt_json *item = gnt_json_get(doc, *name);

        item = item != NULL && item->type == GNT_JSON_ARRAY ? item->first : NULL;
        for (; rc == 0 && item != NULL; item = item->next) {
            const struct gnt_json *problem = gnt_json_get(item, "Err");
            const char *id = gnt_json_text(gnt_json_get(item, "Id"));
            const char *text = gnt_json_text(problem);

            if (problem == NULL || problem->type == GNT_JSON_NULL)
                continue;
            rc = gnt_fail(err, GANTRY_E_ENGINE, "%s could not be removed%s%s",
                          id != NULL && id[0] != '\0' ? id : "something", text != NULL ? ": " : "",
                          text != NULL ? text : "");
            gnt_error_outcome(err, GANTRY_OUTCOME_PARTIAL, GANTRY_RETRY_ASK);
        }
    }
    gnt_arena_free(&arena);
    return rc;
}

static int send_down(struct podman *p, const char *yaml, size_t size,
                     const gantry_kube_down_options *opts, const gantry_call *call,
                     gantry_kube_result **out, gantry_error *err)
{
    struct gnt_req r;
    void *result = NULL;
    int rc;

    gnt_req_init(&r, &p->rest, "DELETE", call, "/play/kube");
    gnt_req_secret(&r);
    r.flags |= GNT_REQ_OPEN_ENDED; /* each container has its own grace */
    if (opts->volumes == GANTRY_ON)
        gnt_podman_need(&r, "volumes", 4, 4);
    gnt_req_query_object(&r, gnt_req_encode(&r, opts, gnt_podman_kube_down_options));
    if (r.rc == 0 && gnt_buf_add(&r.body, yaml, size) < 0)
        gnt_req_fail(&r, GANTRY_E_NOMEM, "out of memory");
    r.content_type = "application/yaml";
    r.has_body = 1;
    rc = gnt_req_result(&r, GANTRY_KIND_KUBE_RESULT, gnt_podman_kube_rows,
                        offsetof(gantry_kube_result, json), &result, err);
    if (rc == 0)
        rc = check_reports(p, result, err);
    if (rc < 0)
        gnt_result_free(result);
    else
        *out = result;
    return rc;
}

/* A Deployment's pods are NAME-pod-0, NAME-pod-1, ...: if a later one is missing, others may be
 * there. */
static int is_a_later_one(const char *message)
{
    const char *at = strstr(message, "-pod-");

    return at != NULL && strtol(at + 5, NULL, 10) > 0;
}

static int add_all(gantry_kube_result *result, const char *const **field, const char *const *more,
                   gantry_error *err)
{
    for (; *more != NULL; more++) {
        const char *const *list = gnt_strings_add(gnt_result_arena(result), *field, *more);

        if (list == NULL)
            return gnt_nomem(err);
        *field = list;
    }
    return 0;
}

static int down_one(struct podman *p, const struct podman_document *document,
                    const gantry_kube_down_options *opts, const gantry_call *call,
                    gantry_kube_result *all, gantry_error *err)
{
    gantry_kube_result *one = NULL;
    gantry_error failure = { 0 };
    int rc = send_down(p, document->text, document->size, opts, call, &one, &failure);

    if (rc == GANTRY_E_NOT_FOUND && failure.resource_kind == GANTRY_RESOURCE_POD &&
        !is_a_later_one(failure.message))
        return 0;
    if (rc == 0)
        rc = add_all(all, &all->stopped, one->stopped, &failure);
    if (rc == 0)
        rc = add_all(all, &all->removed, one->removed, &failure);
    if (rc == 0) {
        all->json = gnt_arena_strdup(gnt_result_arena(all), one->json);
        if (all->json == NULL)
            rc = gnt_nomem(&failure);
    }
    gantry_kube_result_free(one);
    if (rc < 0 && err != NULL)
        *err = failure;
    return rc;
}

/* What an old version takes down; "" could not be read, and the engine decides. */
static int is_taken_down(const struct podman_document *document)
{
    static const char *const kinds[] = {
        "", "Pod", "Deployment", "DaemonSet", "Job", "Secret", NULL
    };

    for (const char *const *kind = kinds; *kind != NULL; kind++) {
        if (strcmp(document->kind, *kind) == 0)
            return 1;
    }
    return 0;
}

static int down_by_documents(struct podman *p, const char *yaml, size_t size,
                             const gantry_kube_down_options *opts, const gantry_call *call,
                             gantry_kube_result **out, gantry_error *err)
{
    struct podman_document document;
    gantry_kube_result *all = gantry_result_new(p->rest.host, GANTRY_KIND_KUBE_RESULT, err);
    int rc = all == NULL ? GANTRY_E_NOMEM : 0;

    while (rc == 0 && gnt_podman_next_document(&yaml, &size, &document)) {
        if (is_taken_down(&document) || opts->volumes == GANTRY_ON)
            rc = down_one(p, &document, opts, call, all, err);
    }
    if (rc < 0 && all != NULL && all->removed[0] != NULL)
        gnt_error_outcome(err, GANTRY_OUTCOME_PARTIAL, GANTRY_RETRY_ASK);
    if (rc < 0)
        gantry_kube_result_free(all);
    else
        *out = all;
    return rc;
}

int gnt_podman_kube_down(void *state, const char *yaml, size_t yaml_size,
                         const gantry_kube_down_options *opts, gantry_kube_result **out,
                         gantry_error *err)
{
    struct podman *p = state;
    gantry_call shared;
    const gantry_call *call = gnt_call_share(&shared, opts->call);

    if (!gnt_rest_at_least(&p->rest, 4, 7, 0))
        return down_by_documents(p, yaml, yaml_size, opts, call, out, err);
    return send_down(p, yaml, yaml_size, opts, call, out, err);
}
