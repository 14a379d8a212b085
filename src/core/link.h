/*
 * Connections to one engine, from libcurl: a pool of them, one request each, polling, raw bytes.
 * Only link*.c include curl, through link_impl.h. What comes and goes is given to hooks; what it
 * means
 * is for http.c and upgrade.c to know. Nothing of curl's own judgement is taken over but its
 * failures.
 */
#ifndef GNT_LINK_H
#define GNT_LINK_H

#include "http.h"

struct gnt_link; /* one thread at a time */

/* What hooks may answer besides 0. */
enum {
    GNT_LINK_STOP = -1, /* end the transfer; the one who asked knows why */
    GNT_LINK_HOLD = 1   /* not now; gnt_link_resume asks again */
};

struct gnt_link_hooks {
    /* Lines of the answer's head, as on the wire. */
    int (*head)(void *arg, const char *data, size_t size);
    /* The body as on the wire: chunks are not taken apart. */
    int (*body)(void *arg, const char *data, size_t size);
    /* More of the upload, 0 bytes at its end. */
    int (*upload)(void *arg, char *buffer, size_t capacity, size_t *out_size);
    /* Bytes of the answer that still waited in a connection which broke while it was written to. */
    int (*rest)(void *arg, const char *data, size_t size);
};

struct gnt_link_request {
    const char *method;
    const char *target;
    const char *const *headers; /* NULL-terminated lines */
    const void *body;           /* in memory; must stay */
    size_t body_size;
    int has_body;
    int upload;            /* the body comes from the upload hook */
    int64_t upload_length; /* -1: chunked */
    int fresh;             /* a connection of its own, closed afterwards */
    int secret;            /* headers hold secrets: nothing of it stays for the next one */
};

struct gantry_host *gnt_http_host(const struct gnt_http *http);
/* What stands in front of every target, "" if nothing does, and further lines of every head (NULL:
 * none), which are secret. */
const char *gnt_http_base_path(const struct gnt_http *http);
const char *const *gnt_http_headers(const struct gnt_http *http);
/* What stands behind "Host: ". */
void gnt_http_authority(const struct gnt_http *http, struct gnt_buf *out);

/* INVALID for a request that must not be sent as it is. */
int gnt_http_check(const struct gnt_http_request *request, gantry_error *err);

/* From the pool or new; INVALID in a forked child. hooks must stay. */
int gnt_link_open(struct gnt_http *http, const struct gnt_link_hooks *hooks, void *arg,
                  struct gnt_link **out, gantry_error *err);
/* Begin a request, or only a connection. Nothing happens before the first step. */
int gnt_link_request(struct gnt_link *link, const struct gnt_link_request *request,
                     gantry_error *err);
int gnt_link_connect(struct gnt_link *link, gantry_error *err);

/* Do what can be done; with `wait`, sleep before that until something can, or a limit of the clock
 * passes. Returns 1 if anything was done, else 0. */
int gnt_link_step(struct gnt_link *link, const struct gnt_clock *clock, int wait);
/* curl is done with it, well or not. */
int gnt_link_done(const struct gnt_link *link);
/* Whether it waits for bytes of the engine: no more once the engine has closed, though curl may
 * want
 * to go on sending. */
int gnt_link_listens(const struct gnt_link *link);
/* Bytes of the answer that still waited when curl gave up. */
int gnt_link_unread(const struct gnt_link *link);
/* Whether a byte of the request may have left. */
int gnt_link_sent(const struct gnt_link *link);
/* curl's failure as code and message; 0 if there is none. */
int gnt_link_failure(const struct gnt_link *link, gantry_error *err);
/* Complete a failure: what may have happened, and whether trying again makes sense. */
void gnt_link_outcome(const struct gnt_link *link, int code, int mutating, gantry_error *err);
/* Ask held hooks again. */
void gnt_link_resume(struct gnt_link *link);
/* Whether the engine has something to say on a fresh connection, or left: does not block. */
int gnt_link_readable(const struct gnt_link *link);
/* The descriptor that is waited for, -1 if there is none or are several; GANTRY_POLL_ bits. */
int gnt_link_fd(const struct gnt_link *link, int *out_events);

/* Raw bytes over a connection made with gnt_link_connect: their number, 0 at the end (receive), or
 * -errno; -EAGAIN when it would block. */
long gnt_link_send(struct gnt_link *link, const void *data, size_t size);
/* Bytes that were taken may still be on their way: whether, and trying again: 0, -EAGAIN,
 * -errno. */
int gnt_link_pending(const struct gnt_link *link);
long gnt_link_flush(struct gnt_link *link);
/* After raw bytes failed: whether the engine refused TLS with us, as code and message; else 0. */
int gnt_link_refused(const struct gnt_link *link, gantry_error *err);
/* The engine answered plain HTTP in a way that means it wanted TLS: as code and message. */
int gnt_link_wants_tls(const struct gnt_http *http, gantry_error *err);
int gnt_http_is_tls(const struct gnt_http *http);
long gnt_link_receive(struct gnt_link *link, void *buffer, size_t capacity);
int gnt_link_socket(const struct gnt_link *link);

/* End it. Its connection stays only with reuse, after a request that is done and was not fresh. */
void gnt_link_close(struct gnt_link *link, int reuse);

#endif
