/*
 * BuildKit's account of a build, as POST /build sends it: base64 of protobuf messages about the
 * vertices of its graph, which it repeats with more in them, in parallel. Made into progress
 * records. Reads and sends nothing.
 *
 * A vertex that the Dockerfile's author would recognise, "[build 2/5] RUN make", is a step; steps
 * have numbers in the order in which they begin. Anything else ("[internal] load metadata for ...",
 * "exporting to image") gives STATUS records.
 */
#ifndef GNT_DOCKER_TRACE_H
#define GNT_DOCKER_TRACE_H

#include <gantry/stream.h>

#include "host.h"

struct gnt_trace;

/* Gets each record; what it points to is valid during the call. */
typedef int (*gnt_trace_fn)(void *arg, const gantry_progress_record *record, gantry_error *err);

struct gnt_trace *gnt_trace_new(struct gantry_host *host); /* NULL without memory */
void gnt_trace_free(struct gnt_trace *t);

/* One message. 0; PROTOCOL for what is none, LIMIT for a graph without end, NOMEM, or fn's code. */
int gnt_trace_feed(struct gnt_trace *t, const char *base64, size_t size, gnt_trace_fn fn, void *arg,
                   gantry_error *err);

/* The image was named: whatever waited to be told as ended has ended. */
int gnt_trace_settle(struct gnt_trace *t, gnt_trace_fn fn, void *arg, gantry_error *err);

/* What a failure is about. */
struct gnt_trace_culprit {
    int step; /* 0: none of the steps */
    int step_total;
    const char *text; /* the instruction; for a base image that could not be had "FROM name" */
    size_t text_size;
    const char *output; /* the last of what it printed */
    size_t output_size;
};

/* Find the vertex that the message of a failed build is about. 1, or 0 if none is known. Valid
 * until the next call on t. */
int gnt_trace_find_culprit(struct gnt_trace *t, const char *message, struct gnt_trace_culprit *out);

#endif
