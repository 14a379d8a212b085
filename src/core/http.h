/*
 * HTTP/1.1 to one engine over libcurl: requests out, answers in as bounded pull bodies.
 * Knows no JSON and no container, and no curl: that is behind link.h.
 */
#ifndef GNT_HTTP_H
#define GNT_HTTP_H

#include <gantry/stream.h>

#include "host.h"
#include "url.h"

struct gantry_route; /* route.h */
struct gnt_http;     /* one engine's address and pool of idle connections; thread-safe */
struct gnt_exchange; /* one request and its answer; one thread at a time */

/* address: copied. route: how to get there, must stay; NULL: unix or plain tcp by the address. */
int gnt_http_new(struct gantry_host *host, const struct gnt_address *address,
                 const struct gantry_route *route, struct gnt_http **out, gantry_error *err);
void gnt_http_free(struct gnt_http *http);

enum {
    GNT_HTTP_UNTIL_CLOSE = 1, /* an answer without a length that ends with the connection is
                                 whole */
    GNT_HTTP_SECRET = 2       /* headers, body or answer hold secrets: copies are overwritten after
                                 use, libcurl's as far as they can be reached */
};

struct gnt_http_request {
    const char *method;
    const char *target;            /* encoded path and query, from url.h only */
    const char *const *headers;    /* further "Name: value" lines, or NULL; checked for control
                                      bytes */
    const char *content_type;      /* with a body; required then */
    const void *body;              /* or */
    size_t body_size;
    const gantry_source *source;   /* streamed; chunked if length < 0; copied */
    const gantry_call *call;       /* copied where needed */
    int64_t default_ms;            /* total limit if the call names none; 0 = none */
    unsigned flags;
    int has_body;                  /* 1: send body/source even when empty */
};

/*
 * Begin a request. GET and HEAD take a pooled connection and give it back; everything else has a
 * fresh one that is closed after it (libcurl repeats a pooled POST by itself). Nothing blocks yet,
 * but a request without a source is sent as far as that goes without waiting: to a unix socket,
 * whole. Failures after the arguments were checked are those of the first read.
 */
int gnt_http_begin(struct gnt_http *http, const struct gnt_http_request *request,
                   struct gnt_exchange **out, gantry_error *err);

/*
 * Drive until the head of the final answer is whole (the upload may still run). Checks what can be
 * checked: HTTP/1.x, a known status, no redirect but 304, no unasked 101, no content encoding, one
 * valid length. 0, AGAIN (nonblocking), or the failure with outcome and retry set:
 *   UNAVAILABLE not sent | TRUNCATED, PROTOCOL, LIMIT, TIMEOUT, CANCELLED | the source's own code
 * After an early answer (the engine refused an upload midway) the upload is stopped and this
 * returns 0.
 */
int gnt_exchange_head(struct gnt_exchange *x, int nonblocking, gantry_error *err);
int gnt_exchange_status(const struct gnt_exchange *x);               /* 0 before the head */
/* value or NULL; case-insensitive */
const char *gnt_exchange_header(const struct gnt_exchange *x, const char *name);

/* Read the body; 0 bytes only when the answer is whole. As gantry_stream_ops.read. */
int gnt_exchange_read(struct gnt_exchange *x, void *buffer, size_t capacity, int nonblocking,
                      size_t *out_size, gantry_error *err);
/* Body bytes that are here already (none: *out_size 0), and taking them; for readers that look for
 * boundaries. Valid until the next call on x. */
const char *gnt_exchange_peek(const struct gnt_exchange *x, size_t *out_size);
void gnt_exchange_skip(struct gnt_exchange *x, size_t size);
/* The connection's descriptor; -1 before there is one. */
int gnt_exchange_timeout_ms(const struct gnt_exchange *x);
int gnt_exchange_fd(const struct gnt_exchange *x, int *out_events);
/* Ends the exchange: a whole one gives its connection back, any other tears it. NULL is fine. */
void gnt_exchange_close(struct gnt_exchange *x);

/* The exchange's clock and mutating-ness, for errors made by upper layers. */
struct gnt_clock *gnt_exchange_clock(struct gnt_exchange *x);

#endif
