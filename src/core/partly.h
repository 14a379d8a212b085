/*
 * Calls that are made of several: what was done before a failure.
 */
#ifndef GNT_PARTLY_H
#define GNT_PARTLY_H

#include <gantry/base.h>

/* Behind a failure of a call that has done something: outcome PARTIAL, and the names as lines of
 * `output`, "removed web". Nothing if rc is 0 or no name is there. Returns rc. */
int gnt_tell_done(const char *verb, const char *const *names, int rc, gantry_error *err);

#endif
