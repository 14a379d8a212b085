/*
 * Connecting the caller's descriptors with the stream of an attach or exec: input, output, errors,
 * the terminal's mode and size, in one poll loop. Shared by attach_stdio, exec_stdio and run.
 */
#ifndef GNT_STDIO_PUMP_H
#define GNT_STDIO_PUMP_H

#include <gantry/backend.h>

#include "pump.h"
#include "terminal.h"

/* Import and check what can be checked without an engine: at least one descriptor, all of them
 * open, keys that parse. NULL is INVALID. */
int gnt_stdio_import(const gantry_stdio *given, gantry_stdio *o, gantry_error *err);

/* Initial size of the process's terminal: 1 if it is to be that of `out`, else 0. */
int gnt_stdio_size(const gantry_stdio *stdio, int *out_columns, int *out_rows);

struct gnt_stdio_plan {
    gantry_host *host;
    const gantry_stdio *stdio; /* imported */
    const gantry_call *call;   /* may be NULL */
    gantry_stream *stream;     /* stays the caller's; taken input if stdio->in is not -1 */
    const char *detach_keys;   /* where stdio names none: "ctrl-p,ctrl-q", or "" */
    int tty;                   /* the process has a terminal */
    /* Sets the size of the process's terminal; NULL: cannot. A failure is no failure of the pump:
     * it is tried again for a while, since a process that starts or ends has no size. */
    int (*resize)(void *arg, int columns, int rows, const gantry_call *call, gantry_error *err);
    void *resize_arg;
    struct gnt_alarm *alarm; /* looked at while bytes flow; NULL = none */
};

/*
 * Move bytes until the stream ends in order (*out_end = GANTRY_END_PROCESS) or the detach keys are
 * typed (GANTRY_END_DETACHED: the stream is to be closed). The terminal is in raw mode meanwhile,
 * if stdio and tty say so, and as before on every return. Leaves the stream in blocking mode. The
 * descriptors' own flags are never changed.
 */
int gnt_stdio_pump(const struct gnt_stdio_plan *plan, int *out_end, gantry_error *err);

/* For plan.resize, of a container: the argument. */
struct gnt_stdio_container {
    gantry_engine *engine;
    const char *id;
};
int gnt_stdio_resize_container(void *stdio_container, int columns, int rows,
                               const gantry_call *call, gantry_error *err);

#endif
