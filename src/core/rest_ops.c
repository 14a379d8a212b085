/*
 * Plain requests that look alike on every engine: look one thing up, act on one thing, pass a
 * caller's own request on. Knows REST and results; paths and tables come from the backends.
 */
#include "rest_ops.h"

#include <string.h>

int gnt_rest_lookup(struct gnt_rest *rest, const struct gnt_lookup *what, const gantry_call *call,
                    const char *name, void **out, gantry_error *err)
{
    struct gnt_req r;

    gnt_req_init(&r, rest, "GET", call, what->path, name);
    gnt_req_about(&r, what->resource_kind, name);
    return gnt_req_result(&r, what->result_kind, what->rows, what->json_offset, out, err);
}

int gnt_rest_act(struct gnt_rest *rest, const char *method, const gantry_call *call,
                 int resource_kind, const char *name, const char *template_text, gantry_error *err)
{
    struct gnt_req r;

    gnt_req_init(&r, rest, method, call, template_text, name);
    gnt_req_about(&r, resource_kind, name);
    return gnt_req_run(&r, NULL, err);
}

int gnt_accept_name(const void *item, const void *name_filter)
{
    const struct gnt_name_filter *filter = name_filter;
    const char *name;

    if (filter->names == NULL || filter->names[0] == NULL)
        return 1;
    memcpy(&name, (const char *)item + filter->offset, sizeof name);
    for (const char *const *want = filter->names; *want != NULL; want++) {
        if (strcmp(*want, name) == 0)
            return 1;
    }
    return 0;
}

int64_t gnt_seconds_up(int64_t ms)
{
    return ms / 1000 + (ms % 1000 > 0);
}

/* ---- the caller's own request ---------------------------------------------------------------- */

static void add_path(struct gnt_req *r, const char *const *segments)
{
    int rc = 0;

    if (segments == NULL || segments[0] == NULL) {
        gnt_req_fail(r, GANTRY_E_INVALID, "path: must have at least one segment");
        return;
    }
    for (; r->rc == 0 && *segments != NULL; segments++) {
        rc = gnt_url_path(&r->target, &r->failure, "/%s", *segments);
        if (rc < 0)
            r->rc = rc;
    }
}

static void add_query(struct gnt_req *r, const gantry_pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (pairs[i].key == NULL || pairs[i].key[0] == '\0')
            gnt_req_fail(r, GANTRY_E_INVALID, "query: a name must not be empty");
        else
            gnt_req_query(r, pairs[i].key, pairs[i].value != NULL ? pairs[i].value : "");
    }
}

/* The stream owns the exchange, the response its stream. */
static int wrap_answer(struct gnt_rest *rest, struct gnt_exchange *x, gantry_response *response,
                       gantry_error *err)
{
    const char *type = gnt_exchange_header(x, "Content-Type");
    const char *date = gnt_exchange_header(x, "Date");
    int rc;

    if (date != NULL)
        (void)gnt_parse_http_date(date, &response->date_ns);
    response->status = gnt_exchange_status(x);
    response->content_type = gantry_result_strdup(response, type);
    if (response->content_type == NULL)
        rc = gnt_nomem(err);
    else
        rc = gnt_stream_of_exchange(rest->host, x, GNT_RAW, &response->body, err);
    return rc;
}

int gnt_rest_request(struct gnt_rest *rest, const gantry_request *request, gantry_response **out,
                     gantry_error *err)
{
    struct gnt_req r;
    struct gnt_exchange *x = NULL;
    gantry_response *response;
    int rc;

    gnt_req_init(&r, rest, request->method != NULL ? request->method : "GET", request->call, "");
    add_path(&r, request->path);
    add_query(&r, request->query, request->query_count);
    r.source = request->body;
    if (request->body != NULL)
        r.content_type = request->content_type != NULL ? request->content_type : "application/json";
    rc = gnt_req_open(&r, &x, err);
    if (rc < 0)
        return rc;
    response = gantry_result_new(rest->host, GANTRY_KIND_RESPONSE, err);
    rc = response == NULL ? GANTRY_E_NOMEM : wrap_answer(rest, x, response, err);
    if (rc < 0) {
        gnt_exchange_close(x);
        gantry_result_free(response);
        return rc;
    }
    *out = response;
    return 0;
}
