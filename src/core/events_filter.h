/* Whether an event is one that was asked for: what engines filter otherwise or not at all. */
#ifndef GNT_EVENTS_FILTER_H
#define GNT_EVENTS_FILTER_H

#include <gantry/events.h>

/* 1: it meets all of opts but the times and `filters`. */
int gnt_events_wanted(const gantry_events_options *opts, const gantry_event *event);

#endif
