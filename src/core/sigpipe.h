/*
 * TLS libraries write to sockets without MSG_NOSIGNAL. What that raises must not reach the program:
 * the calling thread holds the signal back while they work, and takes it away afterwards.
 */
#ifndef GNT_SIGPIPE_H
#define GNT_SIGPIPE_H

#include <signal.h>

struct gnt_sigpipe {
    sigset_t before;
    int was_pending;
};

void gnt_sigpipe_hold(struct gnt_sigpipe *signal);
/* One that was pending before stays. */
void gnt_sigpipe_release(const struct gnt_sigpipe *signal);

#endif
