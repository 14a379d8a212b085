/*
 * Telling what an engine does while it works on a request: events are read between the request and
 * its answer, on one thread.
 */
#ifndef GNT_KUBE_WATCH_H
#define GNT_KUBE_WATCH_H

#include <gantry/kube.h>

#include "rest.h"

struct gnt_watch {
    gantry_event_source *source; /* watches already */
    gantry_kube_progress_fn tell;
    void *arg;
    int over; /* the callback wants no more, or the events ended */
};

/* For gnt_req.watch: until the head of the answer is there, or the exchange has failed. */
void gnt_watch_exchange(void *watch, struct gnt_exchange *x);
/* The answer is there: what comes late, for a short while. */
void gnt_watch_rest(struct gnt_watch *w);
void gnt_watch_close(struct gnt_watch *w, const struct gantry_host *host);

#endif
