/*
 * What is common to one engine: allocator, log, limits, time limits. The public gantry_host.
 */
#ifndef GNT_HOST_H
#define GNT_HOST_H

#include <gantry/auth.h>

#include <sys/types.h>

#include "error.h"
#include "mem.h"

/* Where an engine's credentials come from: the program, or files and helpers, or nowhere. */
struct gnt_credential_source {
    gantry_credential_provider provider; /* get is NULL: not the program */
    gantry_credentials *own;             /* NULL: no files */
};

struct gantry_host {
    struct gnt_mem mem;
    struct gnt_credential_source credentials;
    gantry_logger logger; /* log is NULL: silent */
    gantry_limits limits; /* defaults filled in */
    int64_t connect_timeout_ms; /* 0 = no limit, here and below */
    int64_t request_timeout_ms;
    int max_idle; /* 0 = keep none */
    int max_connections; /* at once, 0 = no limit */
    pid_t pid;    /* of the process that opened the engine */
};

/* Fill limits' zeroes with the defaults. */
void gnt_limits_defaults(gantry_limits *limits);

/* One log line. Cheap when nobody listens. */
void gnt_log(const struct gantry_host *host, int level, const char *component, const char *fmt, ...)
    GANTRY_PRINTF(4, 5);

/* ---- time and cancel ------------------------------------------------------------------------- */

struct gantry_cancel; /* cancel.c */

/* The clock of one call or stream, fixed when it begins. */
struct gnt_clock {
    const gantry_cancel *cancel; /* or NULL */
    int64_t deadline_ns;         /* 0 = none */
    int64_t idle_ns;             /* 0 = none */
    int64_t moved_ns;            /* when a byte last moved */
    int64_t total_ms;            /* the limit that gave deadline_ns; 0 = the caller's own
                                    deadline */
};

/* The call as a full-size struct: a shorter one of an older caller is filled up with zeroes, NULL
 * or an unset size gives zeroes. Read a caller's call only through this. */
void gnt_call_import(gantry_call *out, const gantry_call *call);

/* default_ms: total limit when the call names none, 0 = no limit. */
void gnt_clock_start(struct gnt_clock *clock, const gantry_call *call, int64_t default_ms);
/*
 * For operations of several requests: a copy of the call whose time limit began now, so that all of
 * them share it. Returns copy, or call where there is nothing to share. The copy must stay as long
 * as the requests that are made with it are being sent; streams keep what they need of it.
 */
const gantry_call *gnt_call_share(gantry_call *copy, const gantry_call *call);
/* The limits for taking back what a call that failed with rc has made: its own time, whatever the
 * call's, but a caller whose time is over is not kept waiting. */
void gnt_call_cleanup(gantry_call *call, int rc);
/* 0, CANCELLED or TIMEOUT; the message says which limit. */
int gnt_clock_check(const struct gnt_clock *clock, gantry_error *err);
/* Milliseconds to the next limit, rounded up, at most max_ms; for poll. 0 if a limit has passed or
 * the call is cancelled; a negative max_ms is no bound and comes back when there is no limit. */
int gnt_clock_wait_ms(const struct gnt_clock *clock, int max_ms);
/* The same as poll takes it: -1 if there is no limit. */
int gnt_clock_poll_ms(const struct gnt_clock *clock);
void gnt_clock_moved(struct gnt_clock *clock);
/* Sleep until a limit or for ms, whichever is first, waking for the cancel token; result as
 * check. */
int gnt_clock_pause(struct gnt_clock *clock, int ms, gantry_error *err);

#endif
