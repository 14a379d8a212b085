/*
 * Inside of links: what link.c, link_setup.c and link_run.c share. No other file includes curl.
 */
#ifndef GNT_LINK_IMPL_H
#define GNT_LINK_IMPL_H

#include "link.h"

#include <curl/curl.h>
#include <pthread.h>

#define GNT_LINK_WATCHES 8

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
    int64_t timer_ns;   /* when curl wants to be called, -1 for never */
    int begun;
    int done;
    int closing;        /* what is closed now is closed by us */
    int sends_body;
    int keeps;          /* may go to the pool afterwards */
    int secret;         /* the headers hold secrets */
    int opened;         /* the socket that was opened last, or -1 */
    int fresh;          /* its own connection never stays, but an idle one of before may be there */
    int unread;         /* bytes that waited when curl gave up */
    int socket_errno;   /* why no socket was to be had */
    CURLcode result;
    char text[CURL_ERROR_SIZE];
};

/* libcurl's own start, once. UNSUPPORTED. */
int gnt_link_start(gantry_error *err);
/* For curl's multi handle: which sockets to poll and when to call it. arg is the link. */
int gnt_link_on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *unused);
int gnt_link_on_timer(CURLM *multi, long ms, void *arg);

#endif
