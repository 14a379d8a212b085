/*
 * A reader of events from the inside: what opens it (events_open.c) and what reads (events.c).
 */
#ifndef GNT_EVENTS_READER_H
#define GNT_EVENTS_READER_H

#include <gantry/events.h>

#include "engine.h"
#include "events_seen.h"

enum {
    GNT_EVENTS_BACK_S = 10, /* how much of what was seen is asked for again: engines do not keep
                                   events in the order of their times */
    GNT_EVENTS_BACK_SURE_S =
        8, /* how much of it came for sure, the clock being known to a second */
    GNT_EVENTS_AWAY_MS = 60000
};

struct gantry_event_source {
    struct gnt_mem mem;
    gantry_event_ops ops;
    void *state;
};

enum gnt_event_phase {
    GNT_EVENTS_LIVE,
    GNT_EVENTS_AWAY,       /* no connection */
    GNT_EVENTS_CATCHING_UP /* reads what there is by now */
};

struct gantry_event_reader {
    gantry_engine *e;
    struct gnt_arena arena; /* of the options */
    gantry_events_options o;
    gantry_call call;
    struct gnt_clock clock;

    enum gnt_event_phase phase;
    gantry_event_source *source; /* NULL: there is no connection */
    const gantry_event *waiting; /* came already; goes out next */
    int judged;                  /* catching up: RESUMED or GAP was said */
    struct gnt_events_seen seen;
    int64_t floor_ns; /* what is earlier was before the reader */
    int64_t cut_ns;   /* what is earlier is none of this connection's business */
    int64_t up_ns;    /* when the connection was made, by our clock */

    int64_t reconnects;
    int64_t failing_ns; /* since when there is no connection; 0: there is */
    int64_t retry_ns;   /* when to try anew */
    int tries;          /* in a row */

    int nonblocking;
    int ended;
    int rc;              /* sticky */
    gantry_event record; /* RESUMED and GAP */
    gantry_error failure;
    gantry_error broken; /* why there is no connection */
};

/* A connection: what there is by now (follow OFF), or what comes (ON). */
int gnt_events_connect(struct gantry_event_reader *r, int64_t since_ns, int follow,
                       gantry_error *err);
void gnt_events_disconnect(struct gantry_event_reader *r);
/* From r->cut_ns on. */
int gnt_events_go_live(struct gantry_event_reader *r, gantry_error *err);
/* The engine's clock when the connection was made, or our own. */
int64_t gnt_events_source_ns(const gantry_event_source *source);

#endif
