/*
 * Whole answers of the REST client: dropped, kept as text, decoded into a result, or a list whose
 * elements are decoded as they arrive.
 */
#include "rest.h"

#include <string.h>

/* ---- reading whole answers ------------------------------------------------------------------- */

/* An answer that cannot be used although the engine said yes: nobody knows what it did. A question
 * would be answered the same way again. */
static int unusable(const struct gnt_req *r, int rc, gantry_error *err)
{
    int reads = strcmp(r->method, "GET") == 0 || strcmp(r->method, "HEAD") == 0;
    int again =
        rc == GANTRY_E_PROTOCOL || rc == GANTRY_E_LIMIT ? GANTRY_RETRY_NO : GANTRY_RETRY_YES;

    gnt_error_outcome(err, GANTRY_OUTCOME_UNKNOWN, reads ? again : GANTRY_RETRY_ASK);
    return rc;
}

/* What a reader of the answer failed with: other codes are what the engine said, with their own
 * outcome. */
static int read_failed(const struct gnt_req *r, int rc, gantry_error *err)
{
    if (rc == GANTRY_E_PROTOCOL || rc == GANTRY_E_LIMIT || rc == GANTRY_E_NOMEM)
        return unusable(r, rc, err);
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
            return read_failed(r, rc, err);
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
    int rc = gnt_req_send(r, &x, err);

    if (rc == 0)
        rc = gnt_req_blame(r, each_piece(r, x, drop_piece, NULL, err), err);
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
    int rc = gnt_req_send(r, &x, err);

    if (rc == 0)
        rc = gnt_req_blame(r, each_piece(r, x, add_piece, out, err), err);
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
    int rc = gnt_req_send(r, &x, err);

    if (rc == 0)
        rc = gnt_json_parser_new(&r->rest->host->mem, mode, &json, fn, arg, &parser, err);
    if (rc == 0)
        rc = gnt_req_blame(r, each_piece(r, x, parse_piece, parser, err), err);
    if (rc == 0) {
        rc = gnt_json_parser_finish(parser, err);
        if (rc < 0)
            rc = gnt_req_blame(r, read_failed(r, rc, err), err);
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
    text.wipe = r->secret;
    rc = gnt_req_send(r, &x, err);
    if (rc == 0)
        rc = gnt_req_blame(r, each_piece(r, x, add_piece, &text, err), err);
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
    gnt_req_blame(r, rc, err);
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
    struct list_builder b = {
        .r = r, .item_kind = item_kind, .rows = rows, .accept = accept, .accept_arg = accept_arg
    };
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
