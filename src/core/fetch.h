/*
 * HTTP and HTTPS to other hosts than the engine: a session of questions, one after the other. The
 * implementation is link_fetch.c.
 */
#ifndef GNT_FETCH_H
#define GNT_FETCH_H

#include "host.h"

struct gnt_fetch; /* one thread at a time */

struct gnt_fetch_request {
    const char *method; /* GET, HEAD, or POST with a form */
    const char *url;
    const char *const
        *headers;             /* NULL-terminated lines; an "Authorization:" is for this host only */
    const char *form;         /* encoded */
    size_t max_bytes;         /* of the answer */
    const struct gnt_buf *ca; /* PEM; NULL or empty: the system's */
    int insecure;             /* any certificate will do */
    int plain;                /* http is allowed, for redirects too */
    int stay;                 /* a redirect is an answer like any other */
};

int gnt_fetch_open(struct gantry_host *host, struct gnt_fetch **out, gantry_error *err);
void gnt_fetch_close(struct gnt_fetch *fetch); /* NULL is fine */
/* Redirects are followed, a few. 0 with any status; REGISTRY (cannot be reached, bad certificate,
 * too large: the message says which), TIMEOUT, CANCELLED, NOMEM. */
int gnt_fetch_run(struct gnt_fetch *fetch, const struct gnt_fetch_request *request,
                  const struct gnt_clock *clock, gantry_error *err);
int gnt_fetch_status(const struct gnt_fetch *fetch);
/* The nth header of that name, copied; NULL if there is none, or no memory. */
const char *gnt_fetch_header(const struct gnt_fetch *fetch, const char *name, size_t nth,
                             struct gnt_arena *arena);
const struct gnt_buf *gnt_fetch_body(const struct gnt_fetch *fetch); /* until the next question */
/* File of the system's certificates, or NULL. */
const char *gnt_fetch_system_ca(void);

#endif
