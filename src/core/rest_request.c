/*
 * Building requests: path, query, filters, JSON body. Every function is sticky: the first failure
 * is kept in the request and returned when it runs. Sends nothing.
 */
#include "rest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    TARGET_MAX = 256 * 1024,
    BODY_MAX = 16 * 1024 * 1024
};

static void keep(struct gnt_req *r, int rc)
{
    if (rc < 0 && r->rc == 0) {
        r->rc = rc;
        if (r->failure.code == 0)
            gnt_fail(&r->failure, rc, "%s",
                     rc == GANTRY_E_NOMEM ? "out of memory" : "the request is too large");
    }
}

void gnt_req_init(struct gnt_req *r, struct gnt_rest *rest, const char *method,
                  const gantry_call *call, const char *template_text, ...)
{
    va_list args;

    memset(r, 0, sizeof *r);
    r->rest = rest;
    r->method = method;
    r->call = call;
    gnt_buf_init(&r->target, &rest->host->mem, TARGET_MAX);
    gnt_buf_init(&r->body, &rest->host->mem, BODY_MAX);
    gnt_arena_init(&r->arena, &rest->host->mem);
    keep(r, gnt_buf_adds(&r->target, rest->prefix));
    va_start(args, template_text);
    if (r->rc == 0)
        keep(r, gnt_url_vpath(&r->target, &r->failure, template_text, args));
    va_end(args);
}

void gnt_req_about(struct gnt_req *r, int resource_kind, const char *resource)
{
    r->resource_kind = resource_kind;
    r->resource = resource;
}

void gnt_req_query(struct gnt_req *r, const char *name, const char *value)
{
    if (r->rc == 0 && value != NULL)
        keep(r, gnt_url_query(&r->target, name, value));
}

void gnt_req_query_i64(struct gnt_req *r, const char *name, int64_t value)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRId64, value);
    gnt_req_query(r, name, text);
}

void gnt_req_query_true(struct gnt_req *r, const char *name, int on)
{
    if (on)
        gnt_req_query(r, name, "true");
}

void gnt_req_query_json(struct gnt_req *r, const char *name, const struct gnt_json *value)
{
    struct gnt_buf text;

    if (r->rc != 0 || value == NULL)
        return;
    gnt_buf_init(&text, &r->rest->host->mem, TARGET_MAX);
    keep(r, gnt_json_write(value, &text));
    gnt_req_query(r, name, gnt_buf_text(&text));
    gnt_buf_free(&text);
}

static void query_value(struct gnt_req *r, const char *name, const struct gnt_json *v)
{
    switch (v->type) {
    case GNT_JSON_STRING:
    case GNT_JSON_NUMBER:
        gnt_req_query(r, name, v->text);
        break;
    case GNT_JSON_BOOL:
        gnt_req_query(r, name, v->size ? "true" : "false");
        break;
    case GNT_JSON_ARRAY:
        for (const struct gnt_json *item = v->first; item != NULL; item = item->next)
            gnt_req_query(r, name, item->text);
        break;
    case GNT_JSON_OBJECT:
        gnt_req_query_json(r, name, v);
        break;
    case GNT_JSON_NULL:
        break;
    }
}

void gnt_req_query_object(struct gnt_req *r, const struct gnt_json *object)
{
    if (r->rc != 0 || object == NULL)
        return;
    for (const struct gnt_json *v = object->first; v != NULL; v = v->next)
        query_value(r, v->key, v);
}

void gnt_req_json(struct gnt_req *r, const struct gnt_json *body)
{
    if (r->rc != 0 || body == NULL)
        return;
    keep(r, gnt_json_write(body, &r->body));
    r->content_type = "application/json";
    r->has_body = 1;
}

struct gnt_json *gnt_req_object(struct gnt_req *r)
{
    struct gnt_json *object;

    if (r->rc != 0)
        return NULL;
    object = gnt_json_new(&r->arena, GNT_JSON_OBJECT);
    if (object == NULL)
        keep(r, GANTRY_E_NOMEM);
    return object;
}

struct gnt_json *gnt_req_encode(struct gnt_req *r, const void *options, const struct gnt_out *rows)
{
    struct gnt_json *object = gnt_req_object(r);

    if (object != NULL)
        keep(r, gnt_encode(&r->arena, options, rows, object, &r->failure));
    return r->rc == 0 ? object : NULL;
}

int gnt_rest_check_options(const struct gnt_rest *rest, const void *options,
                           const struct gnt_out *rows, gantry_error *err)
{
    struct gnt_arena arena;
    struct gnt_json *unused;
    int rc;

    gnt_arena_init(&arena, &rest->host->mem);
    unused = gnt_json_new(&arena, GNT_JSON_OBJECT);
    rc = unused == NULL ? gnt_nomem(err) : gnt_encode(&arena, options, rows, unused, err);
    gnt_arena_free(&arena);
    return rc;
}

void gnt_req_extra_json(struct gnt_req *r, struct gnt_json *body, const char *extra_json)
{
    struct gnt_json *patch = NULL;

    if (r->rc != 0 || body == NULL || extra_json == NULL)
        return;
    if (gnt_json_parse(&r->arena, extra_json, strlen(extra_json), &patch, &r->failure) < 0) {
        gnt_error_prefix(&r->failure, "extra_json: ");
        keep(r, r->failure.code == GANTRY_E_NOMEM ? GANTRY_E_NOMEM : GANTRY_E_INVALID);
        r->failure.code = r->rc;
        return;
    }
    if (patch->type != GNT_JSON_OBJECT) {
        gnt_req_fail(r, GANTRY_E_INVALID, "extra_json: must be a JSON object");
        return;
    }
    keep(r, gnt_json_merge(&r->arena, body, patch));
}

void gnt_req_filter(struct gnt_req *r, struct gnt_json *filters, const char *key, const char *value)
{
    struct gnt_json *list;

    if (r->rc != 0 || filters == NULL || value == NULL)
        return;
    for (list = filters->first; list != NULL && strcmp(list->key, key) != 0; list = list->next)
        continue;
    if (list == NULL) {
        list = gnt_json_new(&r->arena, GNT_JSON_ARRAY);
        keep(r, gnt_json_set(&r->arena, filters, key, list));
    }
    if (r->rc == 0)
        keep(r, gnt_json_add(list, gnt_json_string(&r->arena, value)));
}

void gnt_req_filter_list(struct gnt_req *r, struct gnt_json *filters, const char *key,
                         const char *const *values)
{
    for (; values != NULL && *values != NULL; values++)
        gnt_req_filter(r, filters, key, *values);
}

void gnt_req_filter_pairs(struct gnt_req *r, struct gnt_json *filters, const gantry_pair *pairs,
                          size_t count)
{
    for (size_t i = 0; i < count; i++)
        gnt_req_filter(r, filters, pairs[i].key, pairs[i].value);
}

void gnt_req_filters(struct gnt_req *r, const struct gnt_json *filters)
{
    if (filters != NULL && filters->first != NULL)
        gnt_req_query_json(r, "filters", filters);
}

void gnt_req_secret(struct gnt_req *r)
{
    r->secret = 1;
    r->arena.wipe = 1;
    r->body.wipe = 1;
}

void gnt_req_header(struct gnt_req *r, const char *line)
{
    const size_t most = sizeof r->headers / sizeof r->headers[0] - 1; /* NULL ends them */
    size_t i = 0;

    if (r->rc != 0)
        return;
    while (i < most && r->headers[i] != NULL)
        i++;
    if (line == NULL)
        keep(r, GANTRY_E_NOMEM);
    else if (i == most)
        keep(r, GANTRY_E_LIMIT);
    else
        r->headers[i] = line;
}

void gnt_req_fail(struct gnt_req *r, int code, const char *fmt, ...)
{
    char message[512];
    va_list args;

    if (r->rc != 0)
        return;
    va_start(args, fmt);
    vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    r->rc = gnt_fail(&r->failure, code, "%s", message);
}

void gnt_req_free(struct gnt_req *r)
{
    gnt_buf_free(&r->target);
    gnt_buf_free(&r->body);
    gnt_arena_free(&r->arena);
}
