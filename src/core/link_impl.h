/*
 * Inside of links: what link.c, link_setup.c, link_run.c and link_dial.c share. No other file
 * includes curl.
 */
#ifndef GNT_LINK_IMPL_H
#define GNT_LINK_IMPL_H

#include "link.h"

#include <curl/curl.h>
#include <gantry/connect.h>
#include <pthread.h>

#include "sigpipe.h"

#define GNT_LINK_WATCHES 8

/* curl_easy_setopt can fail for want of memory, and must not be ignored when it protects. */
#define GNT_LINK_SET(easy, option, value)                                                          \
    do {                                                                                           \
        CURLcode code_ = curl_easy_setopt(easy, option, value);                                    \
        if (code_ != CURLE_OK)                                                                     \
            return code_;                                                                          \
    } while (0)

struct gnt_watch {
    int fd;
    short events;
};

struct gnt_http {
    struct gantry_host *host;
    struct gnt_arena arena; /* of the address */
    struct gnt_address address;
    const struct gantry_route *route; /* or NULL */
    pthread_mutex_t lock;
    struct gnt_link *idle;
    int idle_count;
    int in_use;                    /* links that are open, streams included */
    struct curl_slist *connect_to; /* where the URL's host really is, or NULL */
};

struct gnt_link {
    struct gnt_http *http;
    struct gnt_link *next; /* in the pool */
    CURLM *multi;
    CURL *easy;
    const struct gnt_link_hooks *hooks;
    void *arg;
    struct curl_slist *headers;
    struct gnt_buf url;
    struct gnt_watch watches[GNT_LINK_WATCHES];
    size_t watch_count;
    int64_t timer_ns; /* when curl wants to be called, -1 for never */
    int begun;
    int done;
    int closing; /* what is closed now is closed by us */
    int sends_body;
    int keeps;        /* may go to the pool afterwards */
    int secret;       /* the headers hold secrets */
    int opened;       /* the socket that was opened last, or -1 */
    int fresh;        /* its own connection never stays, but an idle one of before may be there */
    int unread;       /* bytes that waited when curl gave up */
    int socket_errno; /* why no socket was to be had */
    int dialed;       /* a dialer's connection that waits for its place, or -1 */
    int ready;        /* the connection is there, and what is sent from now on is the request */
    long before;      /* bytes that were sent until then: to a proxy */
    int refused;      /* code of the dialer's failure, and what it said (NULL: no memory) */
    gantry_error *refusal;
    const struct gnt_clock *clock; /* of the step that is being done, or NULL */
    char *record; /* TLS: bytes on their way that found no room yet, from begin to end */
    size_t record_begin;
    size_t record_end;
    CURLcode result;
    char text[CURL_ERROR_SIZE];
};

/* libcurl's own start, once. UNSUPPORTED. */
int gnt_link_start(gantry_error *err);
/* For curl's multi handle: which sockets to poll and when to call it. arg is the link. */
int gnt_link_on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *unused);
int gnt_link_on_timer(CURLM *multi, long ms, void *arg);

/* The proxy between, if there is one; its failures, 0: it has not failed. */
CURLcode gnt_link_set_proxy(struct gnt_link *link);
int gnt_link_proxy_failure(const struct gnt_link *link, gantry_error *err);
/* Whether it said that it will not do. */
int gnt_link_proxy_refuses(const struct gnt_link *link);

/* NULL: plain. */
const gantry_tls *gnt_link_tls(const struct gnt_link *link);
/* Where the name in URLs leads to; 0 or -1 for want of memory. Close after the last link. */
int gnt_link_tls_open(struct gnt_http *http);
void gnt_link_tls_close(struct gnt_http *http);
/* Which protocol is allowed, and TLS. Uses link->url. */
CURLcode gnt_link_set_tls(struct gnt_link *link);
CURLcode gnt_link_set_url(struct gnt_link *link);
/* Around everything that may write with TLS. */
void gnt_link_hold(const struct gnt_http *http, struct gnt_sigpipe *signal);
void gnt_link_release(const struct gnt_http *http, const struct gnt_sigpipe *signal);
/* TLS's failures, 0: it is none. Once something was sent, only the engine's refusal counts. */
int gnt_link_tls_failure(const struct gnt_link *link, int sent, gantry_error *err);
/* The place for raw bytes; 0 or -1 for want of memory. */
int gnt_link_record_open(struct gnt_link *link);
void gnt_link_record_close(struct gnt_link *link);
long gnt_link_send_raw(struct gnt_link *link, const void *data, size_t size);
long gnt_link_send_record(struct gnt_link *link, const void *data, size_t size);

/* NULL: the address leads there. */
const gantry_dialer *gnt_link_dialer(const struct gnt_http *http);
/* Dial, and give curl a socket to connect meanwhile; blocks. CURL_SOCKET_BAD: link->refused. */
curl_socket_t gnt_link_dial(struct gnt_link *link, struct curl_sockaddr *address);
/* curl has connected link->opened: put what was dialed in its place, if anything was. 0 or -1. */
int gnt_link_take_dialed(struct gnt_link *link);
/* Close what was dialed and not taken. */
void gnt_link_hang_up(struct gnt_link *link);

#endif
