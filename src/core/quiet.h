/* A descriptor that never becomes ready: for iterators that wait for a time, and have no other to
 * hand out. */
#ifndef GNT_QUIET_H
#define GNT_QUIET_H

#include <gantry/base.h>

struct gnt_quiet {
    int fds[2]; /* of a pipe, -1 before there is one */
};

void gnt_quiet_init(struct gnt_quiet *q);
/* Make it if it is not there. 0, or IO. */
int gnt_quiet_open(struct gnt_quiet *q, gantry_error *err);
void gnt_quiet_close(struct gnt_quiet *q);

#endif
