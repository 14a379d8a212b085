/* See sigpipe.h. */
#include "sigpipe.h"

#include <errno.h>
#include <time.h>

static int is_pending(void)
{
    sigset_t pending;

    return sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
}

void gnt_sigpipe_hold(struct gnt_sigpipe *signal)
{
    sigset_t pipe;

    signal->was_pending = is_pending();
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &signal->before);
}

void gnt_sigpipe_release(const struct gnt_sigpipe *signal)
{
    const struct timespec now = { 0, 0 };
    sigset_t pipe;

    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    if (!signal->was_pending && is_pending()) {
        while (sigtimedwait(&pipe, NULL, &now) < 0 && errno == EINTR)
            continue;
    }
    pthread_sigmask(SIG_SETMASK, &signal->before, NULL);
}
