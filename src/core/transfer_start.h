/*
 * Pull and push as they begin, for the public functions.
 */
#ifndef GNT_TRANSFER_START_H
#define GNT_TRANSFER_START_H

#include <gantry/transfer.h>

/* Imported options, checked as far as no engine needs to be known: 0 or INVALID. */
int gnt_pull_check(const gantry_engine *e, const char *reference, const gantry_pull_options *o,
                   gantry_error *err);
int gnt_push_check(const gantry_engine *e, const char *reference, const gantry_push_options *o,
                   gantry_error *err);

/* Call the backend's slot with copies of everything, which live as long as the progress. */
int gnt_pull_start(gantry_engine *e, const char *reference, const gantry_pull_options *opts,
                   gantry_progress **out, gantry_error *err);
int gnt_push_start(gantry_engine *e, const char *reference, const gantry_push_options *opts,
                   gantry_progress **out, gantry_error *err);

#endif
