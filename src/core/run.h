/* Shared by the files of gantry_containers_run(): one run, from create to its end. */
#ifndef GNT_RUN_H
#define GNT_RUN_H

#include <gantry/run.h>

#include "engine.h"
#include "stdio_pump.h"

struct run {
    gantry_engine *e;
    const gantry_container_ops *ops;
    gantry_run_options options;
    gantry_container_options container;
    gantry_source source; /* full-size copies of what the options point to */
    gantry_stdio stdio;
    gantry_call call; /* whole run: relative limits made absolute */
    gantry_run_result *result;
    gantry_stream *stream;
    gantry_wait *wait;
    struct gnt_capture capture;
    struct gnt_alarm alarm; /* of stop_after_ms */
    int stop_stage;
    int started;
};

/* Whether a failed question says nothing of the container, but that the call is over. */
int gnt_run_call_is_over(int rc);
/* A question: a failure of the kind above is one; any other leaves *out NULL and returns 0. */
int gnt_run_look(struct run *r, gantry_container **out, gantry_error *err);

/* run_stop.c: set the alarm; the time counts from now. */
void gnt_run_set_alarm(struct run *r);

/* run_end.c */
/* The exit code, then whether memory ran out and the times; with auto_remove until it is gone. */
int gnt_run_see_end(struct run *r, gantry_error *err);
/*
 * A failed run: kill what runs, which also makes the engine remove it if that was asked; remove
 * what never ran; say in the error what is left. Closes stream and wait. Best effort; the run's own
 * error `rc` is what the caller gets.
 */
void gnt_run_take_back(struct run *r, int rc, gantry_error *err);

#endif
