/*
 * Moves bytes between a process's stream and what feeds it and takes its output, in the thread of
 * the call, and has an eye on the time. For the caller's own descriptors see stdio_pump.h.
 */
#ifndef GNT_PUMP_H
#define GNT_PUMP_H

#include "host.h"
#include "stream.h"

/* Something to be done at a time, while others are waited for. */
struct gnt_alarm {
    int64_t at_ns; /* of gantry_clock_ns; 0 = never */
    /* Called once the time has come; sets at_ns anew, 0 = that was all. */
    int (*ring)(void *arg, int64_t *at_ns, gantry_error *err);
    void *arg;
};

/* Ring if it is time; 0 if not. */
int gnt_alarm_check(struct gnt_alarm *alarm, gantry_error *err);
/* Milliseconds until then, rounded up, at most `most` (negative: no bound). alarm may be NULL. */
int gnt_alarm_wait_ms(const struct gnt_alarm *alarm, int most);

/* What a process is connected with; what is zero is not there. */
struct gnt_pump {
    gantry_stream *stream;
    const gantry_call *call; /* its limits and token; needed with a source and an alarm */
    struct gnt_alarm *alarm; /* or NULL */

    /* Standard input: one of the two, or none and it is left alone. */
    const void *input;
    size_t input_size;
    const gantry_source *source; /* asked for more once the stream has taken what it gave */

    gantry_sink_fn sink;
    void *sink_arg;
};

/*
 * Until the end of the stream's output. Input is closed at its end; a process that stops reading it
 * is no failure. A source that fails ends this with its code, input left open; while it blocks
 * nothing else happens, but one that reads a descriptor is asked only when there is something.
 * Leaves the stream in blocking mode.
 */
int gnt_pump(const struct gnt_pump *pump, gantry_error *err);

#endif
