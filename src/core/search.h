/*
 * Asking places which engine is there: each with a time limit of its own, several at the same time
 * where that saves time. What comes out depends on the places' order alone, never on who is faster.
 */
#ifndef GNT_SEARCH_H
#define GNT_SEARCH_H

#include <pthread.h>

#include "detect.h"
#include "engine.h"
#include "route.h"

/* One place, and what happened there. */
struct gnt_search_job {
    struct gnt_place place;
    const struct gnt_backend *backend; /* that knows it, a reference; NULL: none */
    gantry_route *route;               /* while code is 0; whoever takes it sets NULL */
    gantry_probe found;
    void *state;         /* open, to be asked more: goes to whoever takes the place; or NULL */
    int64_t left_ms;     /* of the place's limit, where it has one */
    gantry_error reason; /* code 0: an engine answers that is wanted */
    int settled;         /* without asking: something is wrong with the place itself */
    int taken;           /* by an engine, which has route and reference now */
    int missing;         /* there is no such socket */
    int remote;
    int begun; /* this and `done`: by the lock */
    int done;
};

struct gnt_search {
    struct gantry_host *host;
    const struct gnt_environment *env;
    const gantry_engine_options *options;
    const char *backend; /* only this one is asked, or NULL */
    gantry_call call;    /* the caller's, its time running */
    int64_t limit_ms;    /* for each place; 0: the call's alone */
    int ask_rootless;
    struct gnt_search_job *jobs; /* one more than count: for a place that comes up later */
    size_t count;

    pthread_mutex_t lock;
    pthread_t *threads;
    size_t thread_count;
    gantry_cancel *stop; /* of the threads' calls */
    gantry_cancel *news; /* a job is done */
    int stopping;
};

/* Look at all places, start asking those that may be one. NOMEM; gnt_search_free in any case. */
int gnt_search_begin(struct gnt_search *s, const struct gnt_places *places, gantry_error *err);
/* Until a job is done; without threads it is done here. 0, or the caller's CANCELLED or TIMEOUT. */
int gnt_search_await(struct gnt_search *s, size_t i, gantry_error *err);
/* Ask one place now, in this thread. */
void gnt_search_ask(struct gnt_search *s, struct gnt_search_job *job);
/* TIMEOUT of a place: its own limit has passed, unless the caller's time is over. */
void gnt_search_late(const struct gnt_search *s, gantry_error *reason);
/* Nobody wants to know more: what is going on is cancelled and waited for. */
void gnt_search_stop(struct gnt_search *s);
void gnt_search_free(struct gnt_search *s);

/* `found` is what the backend's probe said, NULL before it. */
void gnt_search_endpoint(const gantry_route *route, const gantry_probe *found,
                         gantry_endpoint *out);

/* ---- search_socket.c ------------------------------------------------------------------------- */

/* Whether a unix address may have somebody behind it, without connecting: 0 if so, and for other
 * addresses. UNAVAILABLE with the reason in words; *out_missing if there is just no such file. */
int gnt_search_look(const struct gnt_mem *mem, const char *address, int *out_missing,
                    gantry_error *err);
/* Whether anybody listens at a unix address: connects, and hangs up. 0 if so, and for other
 * addresses; UNAVAILABLE. For backends of whom it is not known what they make of it. */
int gnt_search_knock(const struct gnt_mem *mem, const char *address, gantry_error *err);
/* A connection to it failed: say what that means and what can be done. */
void gnt_search_explain(const struct gnt_mem *mem, const char *address, gantry_error *reason);

#endif
