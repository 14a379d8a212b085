/*
 * Lines of a container's log, put together from the pieces that engines give with timestamps: each
 * piece begins with its RFC 3339 time and a space. Knows where every channel stands, so that what
 * comes again after a broken connection is told from what is new. Pure; no engine, no stream.
 */
#ifndef GNT_LOG_LINES_H
#define GNT_LOG_LINES_H

#include <gantry/logs.h>

#include "mem.h"

enum {
    GNT_LOG_STAMP_MAX = 48,
    /* A line that is longer comes in pieces of this size where nothing else tells them apart. */
    GNT_LOG_RAW_PIECE = 16 * 1024
};

/* One channel: its line under way, and its last piece. */
struct gnt_log_channel {
    struct gnt_buf line;
    int64_t line_ns; /* of the line's first piece */
    int under_way;   /* the line has begun */

    int64_t piece_ns;  /* of the last piece, -1: there was none yet */
    uint64_t ordinal;  /* of it among the pieces with that time */
    uint64_t consumed; /* bytes of its text */

    /* The pieces with that time begin where the log was cut by a tail, so that an engine asked for
     * that time gives more before them: how to find the first of them again. */
    int anchored;
    uint64_t first_size;
    uint64_t first_hash;

    /* After a new connection, until something new comes. */
    int resuming;
    int found;     /* the anchor */
    uint64_t seen; /* pieces with that time so far */
};

struct gnt_log_lines {
    struct gnt_log_channel channels[2]; /* stdout, stderr */
    size_t limit;                       /* of one record's text */
    int framed;                         /* whoever feeds tells where pieces begin */
    int tailed; /* the log did not begin at a time, but so many lines before its end */
    int resumed;
    int64_t floor_ns; /* of the very first piece, -1: none */

    int state;
    struct gnt_log_channel *channel; /* of the current piece */
    uint64_t piece_size;             /* its bytes so far, from this connection */
    uint64_t skip;                   /* bytes of it that were given before */
    uint64_t hash;                   /* while the anchor is looked for */
    char stamp[GNT_LOG_STAMP_MAX + 1];
    size_t stamp_size;
    char text_stamp[GNT_LOG_STAMP_MAX + 1]; /* of the current piece, with its space */
    size_t text_stamp_size;
    size_t matched; /* bytes that may be a repeated stamp inside a long line */
    size_t replay;  /* bytes of it that turned out to be text */
    size_t replayed;

    struct gnt_log_channel *given; /* the record is in its buffer */
    gantry_log_line record;
};

void gnt_log_lines_init(struct gnt_log_lines *l, const struct gnt_mem *mem, size_t limit);
void gnt_log_lines_free(struct gnt_log_lines *l);
/*
 * Take bytes of a channel. `begins`: they are the first of a piece; counts only if `framed`.
 * *out_used of them are consumed. 1: l->record is filled (valid until the next call; then go on
 * with the rest), 0: all was consumed, or PROTOCOL, NOMEM.
 */
int gnt_log_lines_feed(struct gnt_log_lines *l, int channel, int begins, const char *data,
                       size_t size, size_t *out_used, gantry_error *err);
/* At the end: the lines without a newline, one a call. 1: l->record is filled; 0: there are
 * none. */
int gnt_log_lines_flush(struct gnt_log_lines *l, gantry_error *err);
/* The connection broke: from which time on to ask anew; -1: nothing came yet. */
int64_t gnt_log_lines_since(const struct gnt_log_lines *l);
/* What comes now is from there on. */
void gnt_log_lines_resume(struct gnt_log_lines *l);

#endif
