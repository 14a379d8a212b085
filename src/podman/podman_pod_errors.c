/*
 * What libpod says of the containers that could not follow their pod: texts in the answer, with 409
 * since some version, with 200 before.
 */
#include "podman_pod.h"

#include "rest_life.h"

#include <string.h>

/* The reason in "starting container ID: reason"; the whole where it is worded otherwise. */
static const char *reason_of(const char *text, const char *id)
{
    const char *at = strstr(text, id);

    if (at != NULL && strncmp(at + strlen(id), ": ", 2) == 0)
        return at + strlen(id) + 2;
    return text;
}

static void take(struct podman *p, struct gnt_pod_failures *f, const char *id, const char *name,
                 const char *text, gantry_error *failure)
{
    int rc;

    memset(failure, 0, sizeof *failure);
    rc = gnt_rest_error(&p->rest, 0, reason_of(text, id), NULL, GANTRY_RESOURCE_CONTAINER, name,
                        failure);
    gnt_pod_failed(f, name, rc, failure);
}

static const char *text_about(const struct gnt_json *texts, const char *id)
{
    for (const struct gnt_json *item = texts->first; item != NULL; item = item->next) {
        const char *text = gnt_json_text(item);

        if (text != NULL && strstr(text, id) != NULL)
            return text;
    }
    return NULL;
}

static int is_of(const gantry_pod *pod, const char *text)
{
    size_t i = 0;

    while (i < pod->member_count && strstr(text, pod->members[i]->id) == NULL)
        i++;
    return i < pod->member_count;
}

/* In the members' order; what is about none of them comes last. */
static int take_texts(struct podman *p, const gantry_pod *pod, const struct gnt_json *texts,
                      int ended, gantry_error *err)
{
    struct gnt_pod_failures f = { 0 };
    gantry_error failure;

    for (size_t i = 0; i < pod->member_count; i++) {
        const gantry_pod_member *m = pod->members[i];
        const char *text = text_about(texts, m->id);

        if (text != NULL && !(ended && m->state == GANTRY_CONTAINER_EXITED))
            take(p, &f, m->id, m->name, text, &failure);
    }
    for (const struct gnt_json *item = texts->first; item != NULL; item = item->next) {
        const char *text = gnt_json_text(item);

        if (text != NULL && !is_of(pod, text))
            take(p, &f, pod->id, pod->name, text, &failure);
    }
    return gnt_pod_settle(&f, err);
}

static int settle_texts(struct podman *p, const gantry_call *call, const char *id,
                        const struct gnt_json *texts, int ended, gantry_error *err)
{
    gantry_pod nameless = {
        .size = sizeof nameless, .id = id, .name = id, .members = NULL, .member_count = 0
    };
    gantry_pod *pod = NULL;
    int rc;

    gnt_podman_pod_look(p, call, id, &pod, NULL);
    rc = take_texts(p, pod != NULL ? pod : &nameless, texts, ended, err);
    gantry_pod_free(pod);
    return rc;
}

static int read_all(struct gnt_exchange *x, struct gnt_buf *text, gantry_error *err)
{
    char piece[4096];
    size_t got = 0;
    int rc;

    while ((rc = gnt_exchange_read(x, piece, sizeof piece, 0, &got, err)) == 0 && got > 0) {
        rc = gnt_buf_add(text, piece, got);
        if (rc == GANTRY_E_LIMIT)
            return gnt_fail(err, rc, "the answer is larger than body_bytes");
        if (rc < 0)
            return gnt_nomem(err);
    }
    return rc;
}

/* An answer that is an error, or has texts of errors in it. */
static int judge(struct podman *p, const gantry_call *call, const char *id, int status,
                 const struct gnt_buf *body, int ended, gantry_error *err)
{
    const char *message;
    const struct gnt_json *texts;
    struct gnt_json *doc = NULL;
    struct gnt_arena arena;
    int rc = 0;

    gnt_arena_init(&arena, &p->rest.host->mem);
    if (body->size > 0)
        rc = gnt_json_parse(&arena, gnt_buf_text(body), body->size, &doc, NULL);
    if (rc == GANTRY_E_NOMEM) {
        gnt_arena_free(&arena);
        return gnt_nomem(err);
    }
    rc = 0; /* what is no JSON is judged by its status */
    texts = gnt_json_get(doc, "Errs");
    message = gnt_json_text(gnt_json_get(doc, "message"));
    if (texts != NULL && texts->type == GNT_JSON_ARRAY && texts->first != NULL)
        rc = settle_texts(p, call, id, texts, ended, err);
    else if (status == 200 && gnt_json_text(gnt_json_get(doc, "Id")) == NULL)
        rc = gnt_fail(err, GANTRY_E_PROTOCOL, "the answer is no report about a pod");
    else if (status >= 400)
        rc =
            gnt_rest_error(&p->rest, status, message != NULL ? message : gnt_buf_text(body),
                           gnt_json_text(gnt_json_get(doc, "cause")), GANTRY_RESOURCE_POD, id, err);
    gnt_arena_free(&arena);
    return rc;
}

int gnt_podman_pod_act(struct podman *p, struct gnt_req *r, const gantry_call *call, const char *id,
                       int ended, gantry_error *err)
{
    struct gnt_exchange *x = NULL;
    struct gnt_buf body;
    int rc;

    gnt_buf_init(&body, &p->rest.host->mem, p->rest.host->limits.body_bytes);
    rc = gnt_req_begin(r, &x, err);
    if (rc == 0)
        rc = gnt_exchange_head(x, 0, err);
    if (rc == 0)
        rc = read_all(x, &body, err);
    if (rc < 0 && err != NULL && err->resource_kind == GANTRY_RESOURCE_NONE)
        gnt_error_resource(err, GANTRY_RESOURCE_POD, id);
    if (rc == 0)
        rc = judge(p, call, id, gnt_exchange_status(x), &body, ended, err);
    gnt_exchange_close(x);
    gnt_buf_free(&body);
    return rc;
}
