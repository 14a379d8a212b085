/*
 * Telling what an engine does while it works on a request. Events are no part of the work: when
 * they cannot be read, it goes on without.
 */
#include "kube_watch.h"

#include <poll.h>

#include "events_reader.h"

enum {
    QUIET_MS = 500, /* after the answer: no event for so long, and none is waited for */
    LATE_MS = 2000  /* and for so long at most */
};

/* Tell all that there is by now. */
static void tell_events(struct gnt_watch *w, int *out_count)
{
    const gantry_event *event;
    int rc = 0;

    *out_count = 0;
    while (!w->over && rc == 0) {
        event = NULL;
        rc = w->source->ops.next(w->source->state, 1, &event, NULL);
        if (rc == 0 && event != NULL) {
            ++*out_count;
            w->over = w->tell(w->arg, event) < 0;
        } else if (rc != GANTRY_E_AGAIN) {
            w->over = 1;
        }
    }
}

static int sooner(int ms, int other)
{
    return ms < 0 || (other >= 0 && other < ms) ? other : ms;
}

static struct pollfd fd_of(const struct gnt_watch *w)
{
    struct pollfd p = { -1, 0, 0 };
    int events = 0;

    if (w->over || w->source->ops.fd == NULL)
        return p;
    p.fd = w->source->ops.fd(w->source->state, &events);
    p.events = (short)events;
    return p;
}

static int timeout_of(const struct gnt_watch *w)
{
    return w->over || w->source->ops.timeout_ms == NULL
               ? -1
               : w->source->ops.timeout_ms(w->source->state);
}

void gnt_watch_exchange(void *watch, struct gnt_exchange *x)
{
    const struct gnt_clock *clock = gnt_exchange_clock(x);
    struct gnt_watch *w = watch;
    int count;

    for (;;) {
        struct pollfd fds[3];
        int events = 0;

        tell_events(w, &count);
        if (w->over || gnt_exchange_head(x, 1, NULL) != GANTRY_E_AGAIN)
            return;
        fds[0] = fd_of(w);
        fds[1].fd = gnt_exchange_fd(x, &events);
        fds[1].events = (short)events;
        fds[2] = (struct pollfd){ gantry_cancel_fd(clock->cancel), POLLIN, 0 };
        (void)poll(fds, 3, sooner(gnt_exchange_timeout_ms(x), timeout_of(w)));
    }
}

void gnt_watch_rest(struct gnt_watch *w)
{
    int64_t end = gantry_clock_ns() + (int64_t)LATE_MS * 1000000;
    int count;

    do {
        struct pollfd p = fd_of(w);

        if (!w->over)
            (void)poll(&p, 1, sooner(QUIET_MS, timeout_of(w)));
        tell_events(w, &count);
    } while (!w->over && count > 0 && gantry_clock_ns() < end);
}

void gnt_watch_close(struct gnt_watch *w, const struct gantry_host *host)
{
    if (w->source == NULL)
        return;
    w->source->ops.close(w->source->state);
    gnt_free(&host->mem, w->source);
    w->source = NULL;
}
