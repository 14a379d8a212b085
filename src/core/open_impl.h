/*
 * What opening and detecting share: options taken in, the report of what happened at each place.
 */
#ifndef GNT_OPEN_IMPL_H
#define GNT_OPEN_IMPL_H

#include "detect.h"
#include "engine.h"
#include "search.h"

struct gnt_opening {
    gantry_engine_options options;
    gantry_limits limits;
    struct gnt_arena texts; /* of the environment */
    struct gnt_environment env;
    struct gantry_host *host;
    gantry_call call;            /* the caller's, its relative limit counted from the beginning */
    const char *backend;         /* name asked for, or NULL */
    gantry_candidate_list *list; /* holds the places, too */
    struct gnt_places places;
    struct gnt_search search;
};

/* The parts that need no host; then those of the host; then the places, of which those that can be
 * one are asked from then on. */
int gnt_opening_import(struct gnt_opening *o, int runtime, const gantry_engine_options *opts,
                       gantry_error *err);
int gnt_opening_host(struct gantry_host *host, const struct gnt_opening *o, gantry_error *err);
int gnt_opening_begin(struct gnt_opening *o, int runtime, gantry_error *err);
/* Whatever began has an end; the list and what was taken stay. */
void gnt_opening_end(struct gnt_opening *o);

/* ---- candidates.c ---------------------------------------------------------------------------- */

/* Failures that end the search: they are not about one place. */
int gnt_opening_ends(int rc);
/* The first `count` jobs as the list of candidates. What is behind the chosen one (count: none was)
 * is told only as far as it does not depend on who was faster. */
int gnt_candidates_fill(struct gnt_opening *o, size_t count, size_t chosen, gantry_error *err);
/* One place was named, and fails for a reason of its own: that, with where it was named. */
int gnt_candidates_choice(const struct gnt_opening *o, gantry_error *err);
/* Nothing answers: one line for people, one line per candidate in `output`. */
int gnt_candidates_report(const struct gnt_opening *o, gantry_error *err);

#endif
