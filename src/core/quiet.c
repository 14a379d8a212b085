/* A pipe to which nobody writes. */
#include "quiet.h"

#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

void gnt_quiet_init(struct gnt_quiet *q)
{
    q->fds[0] = -1;
    q->fds[1] = -1;
}

int gnt_quiet_open(struct gnt_quiet *q, gantry_error *err)
{
    if (q->fds[0] >= 0)
        return 0;
    if (pipe(q->fds) < 0) {
        gnt_quiet_init(q);
        return gnt_fail_errno(err, GANTRY_E_IO, errno, "pipe failed");
    }
    (void)fcntl(q->fds[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(q->fds[1], F_SETFD, FD_CLOEXEC);
    return 0;
}

void gnt_quiet_close(struct gnt_quiet *q)
{
    if (q->fds[0] >= 0) {
        (void)close(q->fds[0]);
        (void)close(q->fds[1]);
    }
    gnt_quiet_init(q);
}
