/* What tests set in a reader of logs. */
#ifndef GNT_FOLLOW_H
#define GNT_FOLLOW_H

#include <gantry/logs.h>

/* How long an engine may stay away before its absence is the reader's error. */
void gnt_log_reader_set_patience(gantry_log_reader *reader, int64_t ms);

#endif
