/*
 * Time limits and cancelling of one call: when it must end, whether it must end now, how long a
 * poll may sleep. Everything in nanoseconds of CLOCK_MONOTONIC; sums stop at the largest time.
 */
#include "host.h"

#include <gantry/backend.h>

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#define NS_PER_MS INT64_C(1000000)

int64_t gantry_clock_ns(void)
{
    struct timespec now;

    /* Cannot fail: CLOCK_MONOTONIC exists on every system this builds for. */
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* a + b for b >= 0. */
static int64_t add(int64_t a, int64_t b)
{
    return a > INT64_MAX - b ? INT64_MAX : a + b;
}

static int64_t from_ms(int64_t ms)
{
    return ms > INT64_MAX / NS_PER_MS ? INT64_MAX : ms * NS_PER_MS;
}

void gnt_call_import(gantry_call *out, const gantry_call *call)
{
    size_t size;

    memset(out, 0, sizeof *out);
    if (call != NULL && call->size >= sizeof call->size) {
        size = call->size < sizeof *out ? call->size : sizeof *out;
        memcpy(out, call, size);
    }
    out->size = sizeof *out;
}

static void set_limits(struct gnt_clock *clock, const gantry_call *caller, int64_t start_ns,
                       int64_t default_ms)
{
    gantry_call call;
    int64_t total_ms;
    int64_t end;

    gnt_call_import(&call, caller);
    memset(clock, 0, sizeof *clock);
    clock->cancel = call.cancel;
    clock->deadline_ns = call.deadline_ns;
    clock->moved_ns = start_ns;
    clock->idle_ns = call.idle_timeout_ms > 0 ? from_ms(call.idle_timeout_ms) : 0;
    total_ms = call.timeout_ms != 0 ? call.timeout_ms : default_ms;
    if (total_ms <= 0)
        return;
    end = add(start_ns, from_ms(total_ms));
    if (clock->deadline_ns == 0 || end < clock->deadline_ns) {
        clock->deadline_ns = end;
        /* The caller knows a limit of its own, and part of it may have been used up before. */
        clock->total_ms = call.timeout_ms == 0 ? total_ms : 0;
    }
}

void gnt_clock_start(struct gnt_clock *clock, const gantry_call *call, int64_t default_ms)
{
    set_limits(clock, call, gantry_clock_ns(), default_ms);
}

static int check_at(const struct gnt_clock *clock, int64_t now, gantry_error *err)
{
    if (clock->deadline_ns != 0 && now >= clock->deadline_ns) {
        if (clock->total_ms == 0)
            return gnt_fail(err, GANTRY_E_TIMEOUT, "the call's time limit passed");
        return gnt_fail(err, GANTRY_E_TIMEOUT, "the time limit of %" PRId64 " ms passed",
                        clock->total_ms);
    }
    if (clock->idle_ns != 0 && now >= add(clock->moved_ns, clock->idle_ns))
        return gnt_fail(err, GANTRY_E_TIMEOUT, "no byte moved for %" PRId64 " ms",
                        clock->idle_ns / NS_PER_MS);
    return 0;
}

int gnt_clock_check(const struct gnt_clock *clock, gantry_error *err)
{
    if (gantry_cancel_triggered(clock->cancel))
        return gnt_fail(err, GANTRY_E_CANCELLED, "cancelled by the caller");
    if (clock->deadline_ns == 0 && clock->idle_ns == 0)
        return 0;
    return check_at(clock, gantry_clock_ns(), err);
}

int gantry_call_check(const gantry_call *call, int64_t start_ns, gantry_error *err)
{
    struct gnt_clock clock;

    set_limits(&clock, call, start_ns, 0);
    clock.idle_ns = 0; /* when a byte moved is not known here */
    return gnt_clock_check(&clock, err);
}

/* Milliseconds from now to end, rounded up, at most `most` (negative: no such bound). */
static int until_ms(int64_t now, int64_t end, int most)
{
    int64_t ms = 0;

    if (end > now) {
        ms = (end - now) / NS_PER_MS + ((end - now) % NS_PER_MS != 0);
    }
    if (ms > INT_MAX)
        ms = INT_MAX;
    return most >= 0 && ms > most ? most : (int)ms;
}

int gnt_clock_wait_ms(const struct gnt_clock *clock, int max_ms)
{
    int64_t now;

    if (gantry_cancel_triggered(clock->cancel))
        return 0;
    if (clock->deadline_ns == 0 && clock->idle_ns == 0)
        return max_ms;
    now = gantry_clock_ns();
    if (clock->deadline_ns != 0)
        max_ms = until_ms(now, clock->deadline_ns, max_ms);
    if (clock->idle_ns != 0)
        max_ms = until_ms(now, add(clock->moved_ns, clock->idle_ns), max_ms);
    return max_ms;
}

int gnt_clock_poll_ms(const struct gnt_clock *clock)
{
    if (clock->deadline_ns == 0 && clock->idle_ns == 0 && !gantry_cancel_triggered(clock->cancel))
        return -1;
    return gnt_clock_wait_ms(clock, INT_MAX);
}

void gnt_clock_moved(struct gnt_clock *clock)
{
    if (clock->idle_ns != 0)
        clock->moved_ns = gantry_clock_ns();
}

int gnt_clock_pause(struct gnt_clock *clock, int ms, gantry_error *err)
{
    int64_t end = add(gantry_clock_ns(), from_ms(ms > 0 ? ms : 0));
    struct pollfd wake = { gantry_cancel_fd(clock->cancel), POLLIN, 0 };
    int left;
    int rc;

    for (;;) {
        rc = gnt_clock_check(clock, err);
        if (rc < 0)
            return rc;
        left = until_ms(gantry_clock_ns(), end, -1);
        if (left == 0)
            return 0;
        /* A negative descriptor is ignored by poll. */
        if (poll(&wake, 1, gnt_clock_wait_ms(clock, left)) < 0 && errno != EINTR)
            return gnt_fail_errno(err, GANTRY_E_IO, errno, "waiting failed");
    }
}

const gantry_call *gnt_call_share(gantry_call *copy, const gantry_call *call)
{
    int64_t end;

    if (call == NULL || call->timeout_ms <= 0)
        return call;
    *copy = *call;
    end = add(gantry_clock_ns(), from_ms(call->timeout_ms));
    if (copy->deadline_ns == 0 || end < copy->deadline_ns)
        copy->deadline_ns = end;
    copy->timeout_ms = GANTRY_NO_TIMEOUT;
    return copy;
}

void gnt_call_cleanup(gantry_call *call, int rc)
{
    enum {
        CLEANUP_MS = 30000,
        HURRY_MS =
            100 /* the request is sent, and the engine acts on it without anybody to answer to */
    };
    int hurry = rc == GANTRY_E_CANCELLED || rc == GANTRY_E_TIMEOUT;

    *call = (gantry_call){ .size = sizeof *call, .timeout_ms = hurry ? HURRY_MS : CLEANUP_MS };
}
