/*
 * Recorded answers as an engine: a server (server.h) that gives each request what the real engine
 * gave to the same request of the same call, whole or with one answer damaged.
 */
#ifndef FAULTS_REPLAY_H
#define FAULTS_REPLAY_H

#include "calls.h"
#include "server.h"

enum {
    EXCHANGES_MAX = 32 /* of one call */
};

struct exchange {
    char line[2048];   /* of the request */
    char *answer;
    size_t size;
    size_t head_size;
    int upgraded;      /* 101: a raw stream follows the head */
};

struct recorded_call {
    struct exchange exchanges[EXCHANGES_MAX];
    size_t count;
};

/* Shared with the server: what to do from the next request on. */
struct replay_plan {
    uint32_t turn;         /* counts up with every call that is made; the server begins anew */
    uint32_t call;         /* index in faults_calls */
    int exchange;          /* the answer that is damaged, -1: none */
    size_t size;           /* of which so many bytes are sent */
    size_t split;
    int flip;              /* -1, or which byte is changed */
    enum server_end end;
    int once;              /* a question that is asked again is answered whole */
    int still_running;     /* an exec inspect says that it runs */
    /* written by the server */
    uint32_t asked;        /* requests for the damaged answer, in this turn */
    uint32_t served;       /* how often the damaged answer was given */
    uint32_t taken_back;   /* DELETE requests that were never recorded, and worked */
    uint32_t unscripted;   /* requests that were never recorded */
    char stranger[512];    /* the last of them */
};

/* Asked before the recordings, in the server's process: 1 if it filled the answer. */
typedef int (*replay_override_fn)(void *arg, const struct server_request *request,
                                  struct server_answer *answer);

struct replay {
    replay_override_fn override; /* or NULL; set by the test before replay_start() */
    void *override_arg;
    struct recorded_call *calls; /* faults_call_count of them */
    struct replay_plan *plan;
    struct server *server;
    int runtime;
};

/* Whether the request of this first line only reads: the transport may repeat it then. */
int replay_reads(const char *line);
/* Whether a request only asks: one that reads, and waiting, whatever its method is called. */
int replay_asks(const char *line);
/* r: zeroed but for the override. engine: "docker-20.10" or "podman-4.3", a folder of recordings.
 * Exits with a text on failure. */
void replay_start(struct replay *r, const char *folder, const char *engine);
void replay_stop(struct replay *r);
/* The next call, with all its answers whole. */
void replay_plan(struct replay *r, size_t call);
/* Prepare f for calls to it. */
void replay_faults(struct replay *r, struct faults *f);

#endif
