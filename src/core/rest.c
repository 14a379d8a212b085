/*
 * The REST client: sends requests, decodes answers with field tables, turns an engine's words into
 * codes with the dialect's rows. Never asks which backend it serves.
 */
#include "rest.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

int gnt_rest_init(struct gnt_rest *rest, struct gantry_host *host, const gantry_endpoint *endpoint,
                  const struct gnt_dialect *dialect, gantry_error *err)
{
    struct gnt_address address = { .text = endpoint->address,
                                   .scheme = endpoint->scheme,
                                   .host = endpoint->host,
                                   .path = endpoint->path,
                                   .port = endpoint->port };

    rest->host = host;
    rest->dialect = dialect;
    return gnt_http_new(host, &address, &rest->http, err);
}

void gnt_rest_close(struct gnt_rest *rest)
{
    gnt_http_free(rest->http);
    rest->http = NULL;
}

int gnt_rest_at_least(const struct gnt_rest *rest, int major, int minor, int patch)
{
    const int want[3] = { major, minor, patch };

    for (int i = 0; i < 3; i++) {
        if (rest->version[i] != want[i])
            return rest->version[i] > want[i];
    }
    return 1;
}

/* ---- errors ---------------------------------------------------------------------------------- */

static int contains(const char *text, const char *part)
{
    size_t size = strlen(part);

    for (; text != NULL && *text != '\0'; text++) {
        if (strncasecmp(text, part, size) == 0)
            return 1;
    }
    return 0;
}

int gnt_rest_error(const struct gnt_rest *rest, int status, const char *message, const char *cause,
                   int resource_kind, const char *resource, gantry_error *err)
{
    const struct gnt_error_row *row = rest->dialect->errors;

    for (; row->status != 0 || row->text != NULL; row++) {
        if (row->status != 0 && row->status != status)
            continue;
        if (row->text == NULL || contains(cause, row->text) || contains(message, row->text))
            break;
    }
    if (message == NULL || *message == '\0')
        gnt_fail(err, row->code, "the engine answered with status %d and no message", status);
    else
        gnt_fail(err, row->code, "%s", message);
    gnt_error_resource(err, row->kind != 0 ? row->kind : resource_kind, resource);
    gnt_error_outcome(err, GANTRY_OUTCOME_REFUSED, GANTRY_RETRY_NO);
    if (err != NULL)
        err->http_status = status;
    return row->code;
}

/* Reads an error answer's body, up to its ceiling: what is too long is used as far as it goes. One that
 * does not end well proves nothing, least of all that something is not there. */
static int read_error_body(struct gnt_rest *rest, struct gnt_exchange *x, struct gnt_buf *body,
                           gantry_error *err)
{
    char piece[4096];
    size_t got = 0;
    int rc;

    gnt_buf_init(body, &rest->host->mem, rest->host->limits.error_body_bytes);
    while ((rc = gnt_exchange_read(x, piece, sizeof piece, 0, &got, err)) == 0 && got > 0) {
        rc = gnt_buf_add(body, piece, got);
        if (rc < 0)
            return rc == GANTRY_E_LIMIT ? 0 : gnt_nomem(err);
    }
    return rc;
}

static int map_error_text(const struct gnt_rest *rest, int status, const struct gnt_buf *body,
                          int resource_kind, const char *resource, gantry_error *err)
{
    struct gnt_arena arena;
    struct gnt_json *doc = NULL;
    const char *message = NULL;
    const char *cause = NULL;
    char excerpt[257];
    int rc;

    gnt_arena_init(&arena, &rest->host->mem);
    if (gnt_json_parse(&arena, gnt_buf_text(body), body->size, &doc, NULL) == 0) {
        message = gnt_json_text(gnt_json_get(doc, "message"));
        if (message == NULL)
            message = gnt_json_text(gnt_json_get(doc, "errorDetail/message"));
        if (message == NULL)
            message = gnt_json_text(gnt_json_get(doc, "error"));
        if (rest->dialect->cause_path != NULL)
            cause = gnt_json_text(gnt_json_get(doc, rest->dialect->cause_path));
    }
    if (message == NULL) {
        size_t size = body->size < sizeof excerpt - 1 ? body->size : sizeof excerpt - 1;

        gnt_text_copy(excerpt, sizeof excerpt, gnt_buf_text(body), size, 0, 0);
        message = excerpt;
    }
    rc = gnt_rest_error(rest, status, message, cause, resource_kind, resource, err);
    gnt_arena_free(&arena);
    return rc;
}

int gnt_rest_head(struct gnt_rest *rest, struct gnt_exchange *x, int nonblocking, int resource_kind,
                  const char *resource, gantry_error *err)
{
    struct gnt_buf body;
    int status;
    int rc = gnt_exchange_head(x, nonblocking, err);

    if (rc < 0)
        return rc;
    status = gnt_exchange_status(x);
    if (status < 400)
        return 0;
    rc = read_error_body(rest, x, &body, err);
    if (rc == 0)
        rc = map_error_text(rest, status, &body, resource_kind, resource, err);
    else if (err != NULL)
        err->http_status = status;
    gnt_buf_free(&body);
    return rc;
}

/* ---- sending --------------------------------------------------------------------------------- */

/* A failure kept while the request was built. */
static int kept_failure(const struct gnt_req *r, gantry_error *err)
{
    if (err != NULL)
        *err = r->failure;
    return r->rc;
}

static void fill_http(const struct gnt_req *r, struct gnt_http_request *q)
{
    memset(q, 0, sizeof *q);
    q->method = r->method;
    q->target = gnt_buf_text(&r->target);
    q->headers = r->headers[0] != NULL ? r->headers : NULL;
    q->content_type = r->content_type;
    q->body = r->has_body ? gnt_buf_text(&r->body) : NULL;
    q->body_size = r->body.size;
    q->source = r->source;
    q->call = r->call;
    q->has_body = r->has_body || r->source != NULL;
    if ((r->flags & GNT_REQ_OPEN_ENDED) == 0)
        q->default_ms = r->rest->host->request_timeout_ms + r->extra_ms;
    if (r->flags & GNT_REQ_UNTIL_CLOSE)
        q->flags |= GNT_HTTP_UNTIL_CLOSE;
}

static int begin(struct gnt_req *r, struct gnt_exchange **out, gantry_error *err)
{
    struct gnt_http_request q;

    if (r->rc < 0)
        return kept_failure(r, err);
    fill_http(r, &q);
    return gnt_http_begin(r->rest->http, &q, out, err);
}

/* Transport failures are about the same resource as the request. */
static int about(const struct gnt_req *r, int rc, gantry_error *err)
{
    if (rc < 0 && err != NULL && err->resource_kind == GANTRY_RESOURCE_NONE && r->resource != NULL)
        gnt_error_resource(err, r->resource_kind, r->resource);
    return rc;
}

static int open_answer(struct gnt_req *r, struct gnt_exchange **out, gantry_error *err)
{
    struct gnt_exchange *x = NULL;
    int rc = begin(r, &x, err);

    if (rc == 0)
        rc = gnt_rest_head(r->rest, x, 0, r->resource_kind, r->resource, err);
    if (rc < 0) {
        gnt_exchange_close(x);
        return about(r, rc, err);
    }
    *out = x;
    return 0;
}

int gnt_req_begin(struct gnt_req *r, struct gnt_exchange **out, gantry_error *err)
{
    int rc = about(r, begin(r, out, err), err);

    gnt_req_free(r);
    return rc;
}

int gnt_req_open(struct gnt_req *r, struct gnt_exchange **out, gantry_error *err)
{
    int rc = open_answer(r, out, err);

    gnt_req_free(r);
    return rc;
}

static int read_duplex_error(struct gnt_rest *rest, struct gnt_duplex *d, struct gnt_buf *body,
                             gantry_error *err)
{
    char piece[4096];
    size_t got = 0;
    int rc;

    gnt_buf_init(body, &rest->host->mem, rest->host->limits.error_body_bytes);
    while ((rc = gnt_duplex_read(d, piece, sizeof piece, 0, &got, err)) == 0 && got > 0) {
        rc = gnt_buf_add(body, piece, got);
        if (rc < 0)
            return rc == GANTRY_E_LIMIT ? 0 : gnt_nomem(err);
    }
    if (rc < 0)
        gnt_error_outcome(err, GANTRY_OUTCOME_UNKNOWN, GANTRY_RETRY_ASK);
    return rc;
}

int gnt_req_upgrade(struct gnt_req *r, struct gnt_duplex **out, gantry_error *err)
{
    struct gnt_http_request q;
    struct gnt_duplex *d = NULL;
    struct gnt_buf body;
    int status = 0;
    int rc = r->rc;

    if (rc < 0) {
        kept_failure(r, err);
    } else {
        fill_http(r, &q);
        q.default_ms = r->rest->host->request_timeout_ms;
        rc = about(r, gnt_upgrade_open(r->rest->http, &q, &d, &status, err), err);
    }
    if (rc == 0 && status != 101 && status != 200) {
        rc = read_duplex_error(r->rest, d, &body, err);
        if (rc == 0)
            rc = map_error_text(r->rest, status, &body, r->resource_kind, r->resource, err);
        else if (err != NULL)
            err->http_status = status;
        gnt_buf_free(&body);
        gnt_duplex_close(d);
    } else if (rc == 0) {
        *out = d;
    }
    gnt_req_free(r);
    return rc;
}

/* ---- reading whole answers ------------------------------------------------------------------- */

/* An answer that cannot be used although the engine said yes: nobody knows what it did. A question
 * would be answered the same way again. */
static int unusable(const struct gnt_req *r, int rc, gantry_error *err)
{
    int reads = strcmp(r->method, "GET") == 0 || strcmp(r->method, "HEAD") == 0;
    int again = rc == GANTRY_E_PROTOCOL || rc == GANTRY_E_LIMIT ? GANTRY_RETRY_NO : GANTRY_RETRY_YES;

    gnt_error_outcome(err, GANTRY_OUTCOME_UNKNOWN, reads ? again : GANTRY_RETRY_ASK);
    return rc;
}

/* Reads the body into fn piece by piece, at most `max` bytes. */
static int each_piece(const struct gnt_req *r, struct gnt_exchange *x,
                      int (*fn)(void *arg, const void *data, size_t size, gantry_error *err),
                      void *arg, gantry_error *err)
{
    size_t max = r->rest->host->limits.body_bytes;
    size_t total = 0;
    char piece[16 * 1024];
    size_t got = 0;
    int rc;

    while ((rc = gnt_exchange_read(x, piece, sizeof piece, 0, &got, err)) == 0 && got > 0) {
        total += got;
        if (total > max) {
            gnt_fail(err, GANTRY_E_LIMIT, "the answer is larger than body_bytes (%zu)", max);
            return unusable(r, GANTRY_E_LIMIT, err);
        }
        rc = fn(arg, piece, got, err);
        if (rc < 0)
            return unusable(r, rc, err);
    }
    return rc;
}

static int drop_piece(void *arg, const void *data, size_t size, gantry_error *err)
{
    (void)arg;
    (void)data;
    (void)size;
    (void)err;
    return 0;
}

int gnt_req_run(struct gnt_req *r, int *out_status, gantry_error *err)
{
    struct gnt_exchange *x = NULL;
    int rc = open_answer(r, &x, err);

    if (rc == 0)
        rc = about(r, each_piece(r, x, drop_piece, NULL, err), err);
    if (rc == 0 && out_status != NULL)
        *out_status = gnt_exchange_status(x);
    gnt_exchange_close(x);
    gnt_req_free(r);
    return rc;
}

static int add_piece(void *arg, const void *data, size_t size, gantry_error *err)
{
    struct gnt_buf *buf = arg;
    int rc = gnt_buf_add(buf, data, size);

    if (rc == GANTRY_E_LIMIT)
        return gnt_fail(err, rc, "the answer is larger than %zu bytes", buf->max);
    return rc < 0 ? gnt_nomem(err) : 0;
}

int gnt_req_text(struct gnt_req *r, struct gnt_buf *out, int *out_status, gantry_error *err)
{
    struct gnt_exchange *x = NULL;
    int rc = open_answer(r, &x, err);

    if (rc == 0)
        rc = about(r, each_piece(r, x, add_piece, out, err), err);
    if (rc == 0 && out_status != NULL)
        *out_status = gnt_exchange_status(x);
    gnt_exchange_close(x);
    gnt_req_free(r);
    return rc;
}

static int parse_piece(void *arg, const void *data, size_t size, gantry_error *err)
{
    return gnt_json_parser_feed(arg, data, size, err);
}

static int each_value(struct gnt_req *r, enum gnt_json_mode mode, gnt_json_fn fn, void *arg,
                      int *out_status, gantry_error *err)
{
    const gantry_limits *limits = &r->rest->host->limits;
    struct gnt_json_limits json = { .depth = limits->json_depth,
                                    .record_bytes = limits->body_bytes };
    struct gnt_json_parser *parser = NULL;
    struct gnt_exchange *x = NULL;
    int rc = open_answer(r, &x, err);

    if (rc == 0)
        rc = gnt_json_parser_new(&r->rest->host->mem, mode, &json, fn, arg, &parser, err);
    if (rc == 0)
        rc = about(r, each_piece(r, x, parse_piece, parser, err), err);
    if (rc == 0) {
        rc = gnt_json_parser_finish(parser, err);
        if (rc < 0)
            rc = about(r, unusable(r, rc, err), err);
    }
    if (rc == 0 && out_status != NULL)
        *out_status = gnt_exchange_status(x);
    gnt_json_parser_free(parser);
    gnt_exchange_close(x);
    return rc;
}

int gnt_req_each(struct gnt_req *r, enum gnt_json_mode mode, gnt_json_fn fn, void *arg,
                 int *out_status, gantry_error *err)
{
    int rc = each_value(r, mode, fn, arg, out_status, err);

    gnt_req_free(r);
    return rc;
}

/* ---- results --------------------------------------------------------------------------------- */

int gnt_req_result(struct gnt_req *r, int kind, const struct gnt_in *rows, size_t json_offset,
                   void **out, gantry_error *err)
{
    struct gnt_buf text;
    struct gnt_json *doc = NULL;
    struct gnt_arena *arena = NULL;
    const char *copy = NULL;
    void *result = NULL;
    struct gnt_exchange *x = NULL;
    int whole;
    int rc;

    gnt_buf_init(&text, &r->rest->host->mem, r->rest->host->limits.body_bytes);
    rc = open_answer(r, &x, err);
    if (rc == 0)
        rc = about(r, each_piece(r, x, add_piece, &text, err), err);
    whole = rc == 0;
    if (rc == 0 && (result = gnt_result_new(&r->rest->host->mem, kind, err)) == NULL)
        rc = GANTRY_E_NOMEM;
    if (rc == 0) {
        arena = gnt_result_arena(result);
        rc = gnt_json_parse(&r->arena, gnt_buf_text(&text), text.size, &doc, err);
    }
    if (rc == 0)
        rc = gnt_decode(arena, doc, NULL, rows, result, err);
    if (rc == 0 && json_offset != SIZE_MAX) {
        copy = gnt_arena_strndup(arena, gnt_buf_text(&text), text.size);
        memcpy((char *)result + json_offset, &copy, sizeof copy);
        rc = copy == NULL ? gnt_nomem(err) : 0;
    }
    if (rc < 0 && whole)
        unusable(r, rc, err);
    if (rc < 0)
        gnt_result_free(result);
    else
        *out = result;
    about(r, rc, err);
    gnt_exchange_close(x);
    gnt_buf_free(&text);
    gnt_req_free(r);
    return rc;
}

/* All list results look like this. */
struct list {
    size_t size;
    size_t count;
    const void **items;
};

struct list_builder {
    const struct gnt_req *r;
    void *result;
    int item_kind;
    const struct gnt_in *rows;
    int (*accept)(const void *item, const void *arg);
    const void *accept_arg;
    size_t capacity;
};

static int grow_list(struct list_builder *b, struct list *list, gantry_error *err)
{
    size_t capacity = b->capacity == 0 ? 16 : b->capacity * 2;
    const void **items;

    if (list->count + 1 < b->capacity)
        return 0;
    items = gnt_arena_alloc(gnt_result_arena(b->result), capacity * sizeof *items);
    if (items == NULL)
        return gnt_nomem(err);
    if (list->count > 0)
        memcpy(items, list->items, list->count * sizeof *items);
    list->items = items;
    b->capacity = capacity;
    return 0;
}

static int add_item(void *arg, struct gnt_json *value, gantry_error *err)
{
    struct list_builder *b = arg;
    struct list *list = b->result;
    void *item = gnt_result_item(b->result, b->item_kind);
    int rc;

    if (item == NULL)
        return gnt_nomem(err);
    rc = gnt_decode(gnt_result_arena(b->result), value, NULL, b->rows, item, err);
    if (rc < 0)
        return rc;
    if (b->accept != NULL && !b->accept(item, b->accept_arg))
        return 0;
    rc = grow_list(b, list, err);
    if (rc == 0)
        list->items[list->count++] = item;
    return rc;
}

/* The answer is an object; the list is one of its members, null when empty. */
static int add_members(void *arg, struct gnt_json *value, gantry_error *err)
{
    struct list_builder *b = arg;
    const struct gnt_json *list = gnt_json_get(value, b->r->array_path);
    int rc = 0;

    if (value->type != GNT_JSON_OBJECT)
        return gnt_fail(err, GANTRY_E_PROTOCOL, "the answer is no JSON object");
    if (list == NULL || list->type != GNT_JSON_ARRAY)
        return 0;
    for (struct gnt_json *v = list->first; rc == 0 && v != NULL; v = v->next)
        rc = add_item(b, v, err);
    return rc;
}

int gnt_req_list(struct gnt_req *r, int list_kind, int item_kind, const struct gnt_in *rows,
                 int (*accept)(const void *item, const void *arg), const void *accept_arg,
                 void **out, gantry_error *err)
{
    struct list_builder b = { .r = r,
                              .item_kind = item_kind,
                              .rows = rows,
                              .accept = accept,
                              .accept_arg = accept_arg };
    int rc = 0;

    b.result = gnt_result_new(&r->rest->host->mem, list_kind, err);
    if (b.result == NULL)
        rc = GANTRY_E_NOMEM;
    if (rc == 0 && r->array_path != NULL)
        rc = each_value(r, GNT_JSON_DOCUMENT, add_members, &b, NULL, err);
    else if (rc == 0)
        rc = each_value(r, GNT_JSON_ELEMENTS, add_item, &b, NULL, err);
    if (rc < 0)
        gnt_result_free(b.result);
    else
        *out = b.result;
    gnt_req_free(r);
    return rc;
}
