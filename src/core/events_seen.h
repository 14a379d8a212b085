/*
 * Which events a reader has had, for a bounded number of the last ones: so that a connection that
 * is made anew gives nothing twice. An event is known by its time and what happened to what; of
 * several that are the same, each takes away one.
 */
#ifndef GNT_EVENTS_SEEN_H
#define GNT_EVENTS_SEEN_H

#include <gantry/events.h>

#include "mem.h"

enum {
    GNT_EVENTS_SEEN_MAX = 4096 /* events that are remembered, 24 bytes each */
};

struct gnt_seen_event {
    int64_t time_ns;
    uint64_t identity;
    uint64_t connection; /* on which it came last */
};

struct gnt_events_seen {
    struct gnt_mem mem;
    struct gnt_seen_event *events; /* a ring once it is full */
    size_t count;
    size_t capacity;
    size_t next;
    size_t most; /* GNT_EVENTS_SEEN_MAX; less in tests */
    uint64_t connection;
    int64_t newest_ns;    /* latest time of all; 0: there was none */
    int64_t forgotten_ns; /* latest time of those that had to go; 0: none had */
};

void gnt_events_seen_init(struct gnt_events_seen *seen, const struct gnt_mem *mem);
void gnt_events_seen_free(struct gnt_events_seen *seen);

/* A connection begins: what was had before may come again. */
void gnt_events_seen_connect(struct gnt_events_seen *seen);

/* 1: it was had on an earlier connection, 0: it is new, and remembered now. Or NOMEM. */
int gnt_events_seen_note(struct gnt_events_seen *seen, const gantry_event *event);

#endif
