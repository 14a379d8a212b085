/* A table of what engines must not do, and what must become of it. */
#ifndef FAULTS_HOSTILE_H
#define FAULTS_HOSTILE_H

#include "server.h"

#include <gantry/base.h>

enum {
    ON_DOCKER = 1,
    ON_PODMAN = 2,
    ON_BOTH = 3
};

/* What of the error is checked besides its code. */
enum {
    ROW_ONCE = 1,     /* one request was seen, no matter what the answer asked for */
    ROW_ANY_FATE = 2, /* outcome and retry are not checked */
    ROW_HUGE_UPLOAD = 4, /* the call's tar has 64 MiB */
    ROW_OPEN = 8      /* the answers are for the pings of opening an engine */
};

struct row {
    const char *name;
    const char *call;     /* of faults_calls */
    const char *match;    /* in the request line: only these get the answer; NULL: all but pings */
    struct server_answer answer;
    const char *body;     /* or a whole answer with this body, its length right */
    size_t body_size;
    const char *status;   /* of that; NULL: "200 OK" */
    const char *ping;     /* ROW_OPEN: the answer to the first ping, or NULL: the row's own */
    int codes[4];         /* any of these; 0: success, ends with 1 */
    int outcome;
    int retry;            /* -1: not YES if the call changes anything */
    int64_t limit_ms;     /* of the call; 0: the guard */
    int64_t bound_ms;     /* back by then; 0: a second */
    const char *says;     /* in the message, or NULL */
    int on;
    int flags;
};

/* hostile_rows.c */
extern const struct row hostile_rows[];
extern const size_t hostile_row_count;
/* hostile_images.c */
extern const struct row hostile_image_rows[];
extern const size_t hostile_image_row_count;

#endif
