/*
 * What containers use, over any REST engine that is asked for one container at a time: once, or in
 * rounds. What an engine asks and answers is data (struct gnt_stats_dialect).
 */
#ifndef GNT_REST_STATS_H
#define GNT_REST_STATS_H

#include "rest_ops.h"
#include "stats_math.h"

struct gnt_stats_dialect {
    /* Make the GET for one container. `alone`: of an answer that knows its CPU share by itself,
     * though that may take longer. */
    void (*request)(struct gnt_req *r, struct gnt_rest *rest, const gantry_call *call,
                    const char *id, int alone);
    /* Fill `out` (its defaults are set) from an answer. time_ns stays 0 if there is nothing in it:
     * the container does not run, or is gone. cpu_percent: what the answer itself knows, or -1. */
    int (*decode)(gantry_stats *out, const struct gnt_json *answer, struct gnt_cpu_times *now,
                  gantry_error *err);
    const char *list_path; /* GET of all that run: [{"Id"}] */
};

/* received_bytes and sent_bytes as the sums of the single networks. */
void gnt_stats_sum_networks(gantry_stats *s);

/* Read and decode an answer's text into a new result. before: an earlier look, or NULL; *now is
 * this one. */
int gnt_stats_read(const struct gnt_mem *mem, const struct gnt_stats_dialect *dialect,
                   const char *text, size_t size, const struct gnt_cpu_times *before,
                   struct gnt_cpu_times *now, gantry_stats **out, gantry_error *err);

int gnt_rest_stats(struct gnt_rest *rest, const struct gnt_stats_dialect *dialect, const char *id,
                   const gantry_call *call, gantry_stats **out, gantry_error *err);
/* ids NULL: all that run. */
int gnt_rest_stats_open(struct gnt_rest *rest, const struct gnt_stats_dialect *dialect,
                        const char *const *ids, const gantry_stats_options *opts,
                        gantry_stats_reader **out, gantry_error *err);

#endif
