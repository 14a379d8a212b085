/*
 * Events over any REST engine whose answer is a stream of JSON documents, one for each event. What
 * an engine's words and members mean is data and a hook (struct gnt_event_dialect).
 */
#ifndef GNT_REST_EVENTS_H
#define GNT_REST_EVENTS_H

#include <gantry/events.h>

#include "rest_ops.h"

struct gnt_event_dialect {
    const struct gnt_word *types;   /* the engine's word -> GANTRY_EVENT_... */
    const struct gnt_word *actions; /* -> GANTRY_ACTION_...; a word that goes on with ": ..." too */
    /* What else is in an event whose common members are filled: 0, or NOMEM. */
    int (*settle)(gantry_event *e, const struct gnt_json *document);
    int head_ms; /* the head may come with the first event only: do not wait longer; 0 = it comes */
};

/* Of gantry_events_options, for every backend. */
extern const struct gnt_out gnt_rest_event_options[];

/* An attribute's value, or "". */
const char *gnt_event_attribute(const gantry_event *e, const char *key);

/* Read the text of one event into a new result. An engine's error in its place is the failure. */
int gnt_event_read(struct gnt_rest *rest, const struct gnt_event_dialect *dialect, const char *text,
                   size_t size, gantry_event **out, gantry_error *err);

/* Filter `key` by all words of the types or actions of a list that ends with 0. */
void gnt_event_filter_words(struct gnt_req *r, struct gnt_json *filters, const char *key,
                            const struct gnt_word *words, const int *wanted);

/* Whether one list at most says what events are to be about: engines want all of several, the
 * library any. */
int gnt_event_about_one(const gantry_events_options *opts);

/* The time of an HTTP date, or 0. */
int64_t gnt_http_date_ns(const char *text);

/* By the engine's clock, in whole seconds: the date of the answer to a GET. */
int gnt_rest_engine_time(struct gnt_rest *rest, const gantry_call *call, const char *path,
                         int64_t *out_ns, gantry_error *err);

/*
 * Watch. r: the GET, GNT_REQ_OPEN_ENDED; consumed. end_ns: end soon after the engine's clock says
 * so, because the engine does not; 0: it does.
 */
int gnt_rest_events_open(struct gnt_req *r, const struct gnt_event_dialect *dialect, int64_t end_ns,
                         gantry_event_source **out, gantry_error *err);

#endif
