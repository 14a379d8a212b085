/*
 * The vertices of a BuildKit build, by digest, with what is kept of each. Bounded: names and errors
 * are cut, and the whole has a ceiling.
 */
#ifndef GNT_DOCKER_TRACE_GRAPH_H
#define GNT_DOCKER_TRACE_GRAPH_H

#include "docker_trace_read.h"
#include "host.h"

enum {
    GNT_GRAPH_BUCKETS = 256,
    GNT_GRAPH_TAIL_SIZE = 2400 /* as gantry_error.output */
};

/* The last of a step's output; of those that have ended it is used again. */
struct gnt_graph_tail {
    struct gnt_graph_tail *next;
    size_t size;
    char data[GNT_GRAPH_TAIL_SIZE];
};

struct gnt_vertex {
    struct gnt_vertex *next; /* in its bucket */
    struct gnt_vertex *later;
    struct gnt_slice digest;
    struct gnt_slice name;
    struct gnt_slice text; /* name without "[build 2/5] " */
    struct gnt_slice error;
    struct gnt_vertex *whole; /* the step that it is a part of: itself, or one of the same name */
    struct gnt_graph_tail *tail;
    int64_t ended_ns; /* last end seen */
    int64_t spent_ns; /* -1: not known */
    int step;         /* 0 until it begins */
    int visible;      /* it is a step */
    int source;       /* a FROM: begins and ends several times */
    int begun;
    int waiting; /* ended, but may begin again */
    int over;    /* its end was told */
};

struct gnt_graph {
    struct gnt_arena arena;
    size_t kept; /* bytes in the arena */
    size_t count;
    struct gnt_vertex *buckets[GNT_GRAPH_BUCKETS];
    struct gnt_vertex *first; /* in the order in which they were seen */
    struct gnt_vertex *last;
    struct gnt_graph_tail *spare;
    int visible; /* number of steps that are known */
};

void gnt_graph_init(struct gnt_graph *g, const struct gnt_mem *mem);
void gnt_graph_free(struct gnt_graph *g);
struct gnt_vertex *gnt_graph_find(const struct gnt_graph *g, struct gnt_slice digest);
/* The rest: 0, LIMIT or NOMEM. */
int gnt_graph_add(struct gnt_graph *g, const struct gnt_said_vertex *said, gantry_error *err);
int gnt_graph_set_error(struct gnt_graph *g, struct gnt_vertex *v, struct gnt_slice text,
                        gantry_error *err);
int gnt_graph_keep_output(struct gnt_graph *g, struct gnt_vertex *v, struct gnt_slice text,
                          gantry_error *err);
void gnt_graph_drop_output(struct gnt_graph *g, struct gnt_vertex *v);

int gnt_slice_begins(struct gnt_slice text, const char *with);

#endif
