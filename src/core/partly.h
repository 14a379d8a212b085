/*
 * Calls that are made of several: what was done before a failure.
 */
#ifndef GNT_PARTLY_H
#define GNT_PARTLY_H

#include <gantry/base.h>

/* Behind a failure of a call that has done something: outcome PARTIAL, and the names as lines of
 * `output`, "removed web". Nothing if rc is 0 or no name is there. Returns rc. */
int gnt_tell_done(const char *verb, const char *const *names, int rc, gantry_error *err);

/* A row of removals that goes on where one fails; zeroed. */
struct gnt_removals {
    int failed; /* the code of the first that could not be removed, kept in `failure` */
    gantry_error failure;
};

/*
 * What one removal gave. 1: it is removed. 0: it stays, go on; none_now: the failure only says that
 * it is in use now, or gone. Negative: nothing can go on, `failure` went into err.
 */
int gnt_removals_next(struct gnt_removals *r, int rc, int none_now, const gantry_error *failure,
                      gantry_error *err);
/* Behind the last: rc, or the first failure. */
int gnt_removals_end(const struct gnt_removals *r, int rc, gantry_error *err);

/* The conditions that all prunes have. */
int gnt_check_prune(const char *const *labels, const char *const *labels_not, int64_t until_ns,
                    gantry_error *err);

#endif
