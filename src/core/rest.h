/*
 * REST client shared by the backends: builds requests, decodes answers, maps errors. What varies
 * between engines is data (struct gnt_dialect); it never asks which backend it serves.
 */
#ifndef GNT_REST_H
#define GNT_REST_H

#include "fields.h"
#include "http.h"
#include "model.h"
#include "stream.h"

/* One row of a dialect's error table. First match wins; status 0 or text NULL match anything. */
struct gnt_error_row {
    int status;
    const char *text; /* substring of the message (or of `cause`), case-insensitive */
    int code;
    int kind; /* GANTRY_RESOURCE_..., 0 = the one the request is about */
};

struct gnt_dialect {
    const char *name;                   /* for log lines */
    const char *cause_path;             /* JSON path of the stable error text, or NULL */
    const struct gnt_error_row *errors; /* ends with { 0, NULL, GANTRY_E_ENGINE, 0 } */
    /* Parts of messages (NULL ends them, or no list) of an engine that fails to read what it is
     * just writing: such reads are sent again for a while. */
    const char *const *passing;
};

/* Schemes of addresses that the transport can reach, ending with NULL. */
extern const char *const gnt_rest_schemes[];

struct gnt_rest {
    struct gantry_host *host;
    struct gnt_http *http;
    const struct gnt_dialect *dialect;
    struct gnt_greeting *greeting; /* of the route, or NULL */
    char prefix[48];               /* "/v1.41", "/v4.3.1/libpod" */
    int version[3];                /* negotiated: Docker API 1.41 -> 1,41,0; Podman 4.3.1 */
};

/* Make the client for an endpoint, with the connections that the one before has left. */
int gnt_rest_init(struct gnt_rest *rest, struct gantry_host *host, const gantry_endpoint *endpoint,
                  const struct gnt_dialect *dialect, gantry_error *err);
void gnt_rest_close(struct gnt_rest *rest);
/* As close, but idle connections are left to who asks next over the same route. */
void gnt_rest_leave(struct gnt_rest *rest);
/* A header of an answer that is for another backend to read; and reading it: NULL, if nobody heard
 * it. */
void gnt_rest_pass_on(struct gnt_rest *rest, const char *name, const char *value);
const char *gnt_rest_heard(const struct gnt_rest *rest, const char *name);
int gnt_rest_at_least(const struct gnt_rest *rest, int major, int minor, int patch);

/* ---- one request ----------------------------------------------------------------------------- */

enum {
    GNT_REQ_OPEN_ENDED = 1, /* no default total limit (streams, wait, build) */
    GNT_REQ_UNTIL_CLOSE = 4 /* see GNT_HTTP_UNTIL_CLOSE */
};

/* Built in place, sticky: the first failure is kept and returned when the request runs. */
struct gnt_req {
    struct gnt_rest *rest;
    const char *method;
    const gantry_call *call;
    unsigned flags;
    int resource_kind;    /* what it is about, for errors */
    const char *resource; /* borrowed */
    int64_t extra_ms;     /* added to the default limit (grace of stop) */
    struct gnt_buf target;
    struct gnt_buf body; /* JSON text */
    const char *content_type;
    const gantry_source *source;
    const char *headers[6];
    const char *array_path; /* gnt_req_list: the array is this member of the answer, not the
                                     whole */
    struct gnt_arena arena; /* for the body's tree and whatever the request needs */
    int has_body;
    int secret; /* headers, body or answer hold secrets: see gnt_req_secret */
    /* Called once the request is on its way; returns when the head is there or the exchange failed.
     * NULL: nobody has anything else to do meanwhile. */
    void (*watch)(void *arg, struct gnt_exchange *x);
    void *watch_arg;
    gantry_call shared; /* for reads that are sent again: see gnt_dialect.passing */
    int rc;
    gantry_error failure;
};

/* Template as gnt_url_path; the dialect's prefix is put in front. */
void gnt_req_init(struct gnt_req *r, struct gnt_rest *rest, const char *method,
                  const gantry_call *call, const char *template_text, ...);
void gnt_req_about(struct gnt_req *r, int resource_kind, const char *resource);
void gnt_req_query(struct gnt_req *r, const char *name, const char *value); /* NULL: left out */
void gnt_req_query_i64(struct gnt_req *r, const char *name, int64_t value);
void gnt_req_query_true(struct gnt_req *r, const char *name, int on); /* "true" if on */
void gnt_req_query_json(struct gnt_req *r, const char *name, const struct gnt_json *value);
/* Members of an object as parameters: strings and numbers as they are, an array of scalars
 * repeated, an object (or a string made by gnt_out_json) as JSON text. */
void gnt_req_query_object(struct gnt_req *r, const struct gnt_json *object);
void gnt_req_json(struct gnt_req *r, const struct gnt_json *body); /* application/json */
/* Encode options by table into a new object in r->arena (NULL on failure, kept in r). */
struct gnt_json *gnt_req_encode(struct gnt_req *r, const void *options, const struct gnt_out *rows);
/* Whether a table takes the options, for what is sent in several requests or none. */
int gnt_rest_check_options(const struct gnt_rest *rest, const void *options,
                           const struct gnt_out *rows, gantry_error *err);
/* Merge "extra_json" text into body. */
void gnt_req_extra_json(struct gnt_req *r, struct gnt_json *body, const char *extra_json);
/* Filters: {"k":["v",...]}; add to an object, then query it as "filters" unless empty. */
void gnt_req_filter(struct gnt_req *r, struct gnt_json *filters, const char *key,
                    const char *value);
void gnt_req_filter_list(struct gnt_req *r, struct gnt_json *filters, const char *key,
                         const char *const *values);
void gnt_req_filter_pairs(struct gnt_req *r, struct gnt_json *filters, const gantry_pair *pairs,
                          size_t count);
struct gnt_json *gnt_req_object(struct gnt_req *r);
void gnt_req_filters(struct gnt_req *r, const struct gnt_json *filters);
/* What is put into the request from now on, and the answer, may hold secrets: all copies are
 * wiped. */
void gnt_req_secret(struct gnt_req *r);
/* A further header line, which must live in r->arena; NULL = no memory for it. */
void gnt_req_header(struct gnt_req *r, const char *line);
void gnt_req_fail(struct gnt_req *r, int code, const char *fmt, ...) GANTRY_PRINTF(3, 4);
void gnt_req_free(struct gnt_req *r);

/*
 * Send and read the whole answer. Any 2xx (and 304) is success; 400 and more goes through the
 * dialect's error table. All of these free the request. *out_status may be NULL.
 */
int gnt_req_run(struct gnt_req *r, int *out_status, gantry_error *err); /* body read and dropped */
/* Decode the answer (one JSON object) into a new result of `kind`; its text is kept at json_offset
 * of the result if that is not SIZE_MAX. */
int gnt_req_result(struct gnt_req *r, int kind, const struct gnt_in *rows, size_t json_offset,
                   void **out, gantry_error *err);
/* Decode an array of objects into a list result: list_kind must be { count, items }. `accept`, if
 * not NULL, says whether an item stays (1) or goes (0). */
int gnt_req_list(struct gnt_req *r, int list_kind, int item_kind, const struct gnt_in *rows,
                 int (*accept)(const void *item, const void *arg), const void *accept_arg,
                 void **out, gantry_error *err);
/* Each value of the answer through fn (mode DOCUMENT, SEQUENCE or ELEMENTS). */
int gnt_req_each(struct gnt_req *r, enum gnt_json_mode mode, gnt_json_fn fn, void *arg,
                 int *out_status, gantry_error *err);
/* The answer as text, at most max bytes (LIMIT). `out` initialised by the caller. */
int gnt_req_text(struct gnt_req *r, struct gnt_buf *out, int *out_status, gantry_error *err);
/* Send and read the head; on success the exchange is the caller's. An error status is an error. */
int gnt_req_open(struct gnt_req *r, struct gnt_exchange **out, gantry_error *err);
/* The same, but the request stays: for what reads the answer by itself. */
int gnt_req_send(struct gnt_req *r, struct gnt_exchange **out, gantry_error *err);
/* Failures that name nothing are about the request's resource. Returns rc. */
int gnt_req_blame(const struct gnt_req *r, int rc, gantry_error *err);
/* Begin only; the head is checked later with gnt_rest_head. source and what it points to must
 * stay. */
int gnt_req_begin(struct gnt_req *r, struct gnt_exchange **out, gantry_error *err);
/* Hijack. Frees the request; error statuses mapped. */
int gnt_req_upgrade(struct gnt_req *r, struct gnt_duplex **out, gantry_error *err);

/* Head of an exchange begun with gnt_req_begin: 0, AGAIN, or the mapped error. */
int gnt_rest_head(struct gnt_rest *rest, struct gnt_exchange *x, int nonblocking, int resource_kind,
                  const char *resource, gantry_error *err);
/* Map an engine's words to an error: for errors inside 200 streams too (status 0). */
int gnt_rest_error(const struct gnt_rest *rest, int status, const char *message, const char *cause,
                   int resource_kind, const char *resource, gantry_error *err);

#endif
