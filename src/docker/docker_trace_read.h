/*
 * The messages inside BuildKit's trace, read into structs of slices: every length is checked, no
 * level is entered twice, unknown fields are passed over. Allocates nothing.
 */
#ifndef GNT_DOCKER_TRACE_READ_H
#define GNT_DOCKER_TRACE_READ_H

#include "docker_proto.h"

/* Vertex { 1: digest, 2: inputs, 3: name, 4: cached, 5: started, 6: completed, 7: error } */
struct gnt_said_vertex {
    struct gnt_slice all; /* the message, for its inputs */
    struct gnt_slice digest;
    struct gnt_slice name;
    struct gnt_slice error;
    int cached;
    int begun;
    int ended;
    int64_t begun_ns; /* 0: not known */
    int64_t ended_ns;
};

/* VertexStatus { 1: id, 2: vertex, 3: name, 4: current, 5: total, 7: started, 8: completed } */
struct gnt_said_status {
    struct gnt_slice id;
    struct gnt_slice vertex;
    struct gnt_slice word;
    int64_t current;
    int64_t total;
    int ended;
};

/* VertexLog { 1: vertex, 3: stream, 4: bytes }, VertexWarning { 1: vertex, 3: short text } */
struct gnt_said_text {
    struct gnt_slice vertex;
    struct gnt_slice text;
    int stream; /* 1 stdout, 2 stderr */
};

/* 0, or -1 for what is no such message. */
int gnt_read_vertex(struct gnt_slice bytes, struct gnt_said_vertex *out);
int gnt_read_status(struct gnt_slice bytes, struct gnt_said_status *out);
int gnt_read_log(struct gnt_slice bytes, struct gnt_said_text *out);
int gnt_read_warning(struct gnt_slice bytes, struct gnt_said_text *out);

#endif
