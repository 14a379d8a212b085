/**
 * @file logs.h
 * Logs of containers: as a stream of bytes with channels, or line by line with times.
 */
#ifndef GANTRY_LOGS_H
#define GANTRY_LOGS_H

#include <gantry/engine.h>
#include <gantry/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- bytes ----------------------------------------------------------------------------------- */

/** Options of gantry_containers_logs_open() and gantry_containers_logs(). */
typedef struct gantry_logs_options {
    size_t size;             /**< sizeof(gantry_logs_options) */
    const gantry_call *call; /**< no total limit by default */
    int64_t since_ns;        /**< only lines from this time on, since the epoch; 0 = all */
    int64_t until_ns;        /**< only lines before this time; 0 = all */
    int64_t tail;            /**< only the last lines; 0 = all, -1 = none (new ones only).
                                  Podman counts pieces as they were written, not lines. */
    int follow;              /**< #GANTRY_ON: go on with new lines until the container ends. Docker:
                                  a
                                  last line of more than 16 KiB without its newline may be cut; read
                                  again without follow if it matters. */
    int timestamps;          /**< #GANTRY_ON: begin each line with its RFC 3339 time and a space */
    int out;                 /**< #GANTRY_OFF: without stdout */
    int err;                 /**< #GANTRY_OFF: without stderr */
} gantry_logs_options;

/**
 * Open a container's log as a stream with channels; a container with a terminal has only stdout.
 * @param out  close with gantry_stream_close()
 * `GET /containers/{id}/logs` on both. Since 0.1.
 */
GANTRY_API int gantry_containers_logs_open(gantry_containers *containers, const char *id,
                                      const gantry_logs_options *opts, gantry_stream **out,
                                      gantry_error *err);

/** Read a container's log into memory, at most gantry_limits::capture_bytes a channel. Since
 * 0.1. */
GANTRY_API int gantry_containers_logs(gantry_containers *containers, const char *id,
                                           const gantry_logs_options *opts, gantry_output **out,
                                           gantry_error *err);

/* ---- lines ----------------------------------------------------------------------------------- */

/** A line, or a part of one, of a log; valid until the next call on its reader. */
typedef struct gantry_log_line {
    size_t size; /**< bytes of it that the running library fills */
    const char *text;        /**< without the newline (a terminal's carriage return stays);
                                  followed by an uncounted NUL; any bytes */
    size_t text_size;
    int64_t time_ns;         /**< when the engine took its first bytes, since the epoch; whole
                                  seconds on Podman below 5.8 */
    int channel;             /**< #GANTRY_STDOUT or #GANTRY_STDERR; with a terminal always STDOUT */
    int partial; /**< 1: the line goes on in the next record of this channel, since it is
                                  longer than the ceiling; 0: its end */
} gantry_log_line;

/** Options of gantry_containers_follow_open(). */
typedef struct gantry_follow_options {
    size_t size;             /**< sizeof(gantry_follow_options) */
    const gantry_call *call; /**< no total limit by default */
    int64_t since_ns;        /**< as in gantry_logs_options */
    int64_t until_ns;
    int64_t tail;
    size_t line_limit;       /**< longest text of one record in bytes; 0 = 64 KiB */
    int follow;              /**< #GANTRY_ON: go on with new lines until the container ends */
    int out;                 /**< #GANTRY_OFF: without stdout */
    int err;                 /**< #GANTRY_OFF: without stderr */
    int resume; /**< follow: #GANTRY_OFF: a connection that breaks is the reader's error.
                                  Else the reader asks anew from the last line's time on, leaves out
                                  what it has given, and goes on; an engine that stays away for a
                                  minute is an error, earlier limits are those of the call */
} gantry_follow_options;

/** An iterator of log lines; belongs to one thread at a time. */
typedef struct gantry_log_reader gantry_log_reader;

/**
 * Open a container's log as lines with their times, put together from the engine's pieces.
 * Podman 4.3 may drop a line of a followed log that is written while it reads it, rarely; a log
 * that
 * is read without follow is whole.
 *
 * A followed log ends with its container, and is read once more then, since engines may miss its
 * last lines while they follow; one that a restart policy starts again has not ended. Looking at
 * the container, and asking anew, each take the time of a request, in non-blocking mode too. The
 * container stays the same, whatever becomes of its name.
 * @param out  close with gantry_log_reader_close()
 * `GET /containers/{id}/logs?timestamps=true` on both. Since 0.1.
 */
GANTRY_API int gantry_containers_follow_open(gantry_containers *containers, const char *id,
                                             const gantry_follow_options *opts,
                                             gantry_log_reader **out, gantry_error *err);

/**
 * The next line.
 * @param out  receives it, or NULL at the end: the log's, or with follow the container's
 * @return 0, #GANTRY_E_AGAIN (non-blocking mode) or another code. Since 0.1.
 */
GANTRY_API int gantry_log_reader_next(gantry_log_reader *reader, const gantry_log_line **out,
                                      gantry_error *err);

/** As gantry_stream_set_nonblocking(). Since 0.1. */
GANTRY_API void gantry_log_reader_set_nonblocking(gantry_log_reader *reader, int on);

/** As gantry_stream_fd(). Since 0.1. */
GANTRY_API int gantry_log_reader_fd(const gantry_log_reader *reader, int *out_events);

/** As gantry_stream_timeout_ms(). Since 0.1. */
GANTRY_API int gantry_log_reader_timeout_ms(const gantry_log_reader *reader);

/** How often the reader had to ask anew. Since 0.1. */
GANTRY_API int64_t gantry_log_reader_reconnects(const gantry_log_reader *reader);

/** Close a reader; NULL is allowed. Since 0.1. */
GANTRY_API void gantry_log_reader_close(gantry_log_reader *reader);

#ifdef __cplusplus
}
#endif
#endif
