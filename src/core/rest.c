/*
 * The REST client: sends requests, decodes answers with field tables, turns an engine's words into
 * codes with the dialect's rows. Never asks which backend it serves.
 */
#include "rest.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "route.h"

enum {
    PAUSE_MS = 4, /* doubled each time */
    LONGEST_PAUSE_MS = 256,
    PATIENCE_MS = 2000 /* what an engine is writing should be readable by then */
};

const char *const gnt_rest_schemes[] = { "unix", "tcp", "http", "https", "ssh", NULL };

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
    rest->greeting = endpoint->route != NULL ? endpoint->route->greeting : NULL;
    if (rest->greeting == NULL || rest->greeting->http == NULL)
        return gnt_http_new(host, &address, endpoint->route, &rest->http, err);
    rest->http = rest->greeting->http;
    rest->greeting->http = NULL;
    return 0;
}

void gnt_rest_leave(struct gnt_rest *rest)
{
    if (rest->greeting != NULL && rest->greeting->http == NULL) {
        rest->greeting->http = rest->http;
        rest->http = NULL;
    }
    gnt_rest_close(rest);
}

void gnt_rest_pass_on(struct gnt_rest *rest, const char *name, const char *value)
{
    struct gnt_greeting *g = rest->greeting;

    if (g == NULL || strlen(name) >= sizeof g->name || strlen(value) >= sizeof g->value)
        return;
    gnt_text_copy(g->name, sizeof g->name, name, strlen(name), 0, 0);
    gnt_text_copy(g->value, sizeof g->value, value, strlen(value), 0, 0);
}

const char *gnt_rest_heard(const struct gnt_rest *rest, const char *name)
{
    const struct gnt_greeting *g = rest->greeting;

    return g != NULL && strcmp(g->name, name) == 0 ? g->value : NULL;
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

/* Reads an error answer's body, up to its ceiling: what is too long is used as far as it goes. One
 * that
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

static const char *first_text(const struct gnt_json *list)
{
    return list != NULL && list->type == GNT_JSON_ARRAY ? gnt_json_text(list->first) : NULL;
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
        if (message == NULL)
            message = first_text(gnt_json_get(doc, "errors"));
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
        q->default_ms = r->rest->host->request_timeout_ms;
    if (q->default_ms > 0)
        q->default_ms += r->extra_ms;
    if (r->flags & GNT_REQ_UNTIL_CLOSE)
        q->flags |= GNT_HTTP_UNTIL_CLOSE;
    if (r->secret)
        q->flags |= GNT_HTTP_SECRET;
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
int gnt_req_blame(const struct gnt_req *r, int rc, gantry_error *err)
{
    if (rc < 0 && err != NULL && err->resource_kind == GANTRY_RESOURCE_NONE && r->resource != NULL)
        gnt_error_resource(err, r->resource_kind, r->resource);
    return rc;
}

static int send_once(struct gnt_req *r, struct gnt_exchange **out, gantry_error *err)
{
    struct gnt_exchange *x = NULL;
    int rc = begin(r, &x, err);

    if (rc == 0 && r->watch != NULL)
        r->watch(r->watch_arg, x);
    if (rc == 0)
        rc = gnt_rest_head(r->rest, x, 0, r->resource_kind, r->resource, err);
    if (rc < 0) {
        gnt_exchange_close(x);
        return gnt_req_blame(r, rc, err);
    }
    *out = x;
    return 0;
}

static int passes(const struct gnt_req *r, const gantry_error *failure)
{
    const char *const *text = r->rest->dialect->passing;

    if (failure->http_status < 400)
        return 0;
    while (*text != NULL && !contains(failure->message, *text))
        text++;
    return *text != NULL;
}

/* Reading what the engine is just writing. All attempts share the call's time. */
static int send_patiently(struct gnt_req *r, struct gnt_exchange **out, gantry_error *err)
{
    gantry_error failure = { 0 };
    struct gnt_clock clock;
    int pause_ms = PAUSE_MS;
    int waited_ms = 0;
    int rc;

    r->call = gnt_call_share(&r->shared, r->call);
    gnt_clock_start(&clock, r->call, 0);
    while ((rc = send_once(r, out, &failure)) < 0 && passes(r, &failure) &&
           waited_ms < PATIENCE_MS && gnt_clock_pause(&clock, pause_ms, NULL) == 0) {
        memset(&failure, 0, sizeof failure);
        waited_ms += pause_ms;
        pause_ms = pause_ms < LONGEST_PAUSE_MS ? pause_ms * 2 : LONGEST_PAUSE_MS;
    }
    if (rc < 0 && passes(r, &failure))
        gnt_error_outcome(&failure, GANTRY_OUTCOME_REFUSED, GANTRY_RETRY_YES);
    if (rc < 0 && err != NULL)
        *err = failure;
    return rc;
}

int gnt_req_send(struct gnt_req *r, struct gnt_exchange **out, gantry_error *err)
{
    int repeatable = strcmp(r->method, "GET") == 0 || (r->flags & GNT_REQ_REPEATABLE) != 0;

    if (r->rest->dialect->passing == NULL || !repeatable)
        return send_once(r, out, err);
    return send_patiently(r, out, err);
}

int gnt_req_begin(struct gnt_req *r, struct gnt_exchange **out, gantry_error *err)
{
    int rc = gnt_req_blame(r, begin(r, out, err), err);

    gnt_req_free(r);
    return rc;
}

int gnt_req_open(struct gnt_req *r, struct gnt_exchange **out, gantry_error *err)
{
    int rc = gnt_req_send(r, out, err);

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
        rc = gnt_req_blame(r, gnt_upgrade_open(r->rest->http, &q, &d, &status, err), err);
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
