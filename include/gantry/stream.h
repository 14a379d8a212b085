/**
 * @file stream.h
 * Bytes and records as they flow: pull streams, progress iterators, sources for uploads.
 */
#ifndef GANTRY_STREAM_H
#define GANTRY_STREAM_H

#include <gantry/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A stream of bytes to and from the engine: logs, attach, tar downloads, raw answers.
 *
 * Pull based: nothing happens between calls, and a reader that stops reading slows the engine
 * down instead of filling memory (a fixed window of at most a few hundred KiB is held). A stream
 * belongs to one thread at a time. Close it before its engine.
 */
typedef struct gantry_stream gantry_stream;

/** Channels of a stream. Streams without channels deliver everything as #GANTRY_STDOUT. */
enum {
    GANTRY_STDIN = 0,  /**< never read from a stream */
    GANTRY_STDOUT = 1, /**< standard output, and streams without channels */
    GANTRY_STDERR = 2  /**< standard error */
};

/** What to poll a descriptor for; several may be set. The values of POLLIN and POLLOUT. */
enum {
    GANTRY_POLL_IN = 1, /**< readable */
    GANTRY_POLL_OUT = 4 /**< writable */
};

/**
 * Read some bytes.
 *
 * Blocks until at least one byte, the end, or a failure. The end is `*out_size == 0` and comes
 * only after a complete answer: a connection that breaks is #GANTRY_E_TRUNCATED, never an end.
 * Bytes delivered before a failure are valid.
 *
 * @param s            the stream
 * @param buffer       receives the bytes
 * @param capacity     its size, at least 1
 * @param out_size     number of bytes stored, 0 at the end
 * @param out_channel  #GANTRY_STDOUT or #GANTRY_STDERR; may be NULL
 * @param err          may be NULL
 * @return 0, #GANTRY_E_AGAIN (non-blocking mode), #GANTRY_E_TIMEOUT, #GANTRY_E_CANCELLED,
 *         #GANTRY_E_TRUNCATED, #GANTRY_E_PROTOCOL or another code. After a failure other than
 *         AGAIN every further read returns the same code. Since 0.1.
 */
GANTRY_API int gantry_stream_read(gantry_stream *s, void *buffer, size_t capacity,
                                  size_t *out_size, int *out_channel, gantry_error *err);

/**
 * Write bytes to the container's standard input.
 *
 * Blocking mode: writes all of them. Non-blocking mode: may write fewer.
 * @param out_written  bytes taken; may be NULL in blocking mode
 * @return 0, #GANTRY_E_AGAIN, #GANTRY_E_UNSUPPORTED for a stream that only reads,
 *         #GANTRY_E_STATE after gantry_stream_close_write(). Since 0.1.
 */
GANTRY_API int gantry_stream_write(gantry_stream *s, const void *data, size_t size,
                                   size_t *out_written, gantry_error *err);

/** Signal the end of standard input and keep reading (half-close). Since 0.1. */
GANTRY_API int gantry_stream_close_write(gantry_stream *s, gantry_error *err);

/**
 * Switch non-blocking mode (off at first). In it, call read until #GANTRY_E_AGAIN, then poll the
 * descriptor: bytes may already wait inside the library.
 * Since 0.1.
 */
GANTRY_API void gantry_stream_set_nonblocking(gantry_stream *s, int on);

/**
 * Descriptor to poll, and for what.
 *
 * Only for poll, select and epoll: never read, write or close it. It may change between calls;
 * ask again after each AGAIN.
 * @param out_events  receives GANTRY_POLL_ bits; may be NULL
 * @return the descriptor, or -1: do not poll, call again at once. Since 0.1.
 *
 * A poll set has the stream's descriptor, gantry_cancel_fd() of its token if it has one, and waits
 * no longer than gantry_stream_timeout_ms().
 */
GANTRY_API int gantry_stream_fd(const gantry_stream *s, int *out_events);

/**
 * Longest time to poll before the stream must be read again because one of its time limits may have
 * passed: milliseconds as poll() takes them, 0 = now, -1 = no limit. Since 0.1.
 */
GANTRY_API int gantry_stream_timeout_ms(const gantry_stream *s);

/**
 * Close a stream and its connection, at once and without waiting; NULL is allowed. Only over TLS,
 * where written bytes have found no room in the connection yet, it waits until they have, or the
 * stream's limits pass, or a second at most. Since 0.1.
 */
GANTRY_API void gantry_stream_close(gantry_stream *s);

/** Receives bytes; return 0 to go on, anything else to stop with #GANTRY_E_CALLBACK. */
typedef int (*gantry_sink_fn)(void *arg, int channel, const void *data, size_t size);

/**
 * Read a stream to its end, handing each piece to a callback. Does not close the stream.
 * @return 0, #GANTRY_E_CALLBACK when the callback stopped it, or what read returned. Since 0.1.
 */
GANTRY_API int gantry_stream_each(gantry_stream *s, gantry_sink_fn sink, void *arg,
                                  gantry_error *err);

/**
 * Copy a stream to its end into descriptors. Does not close the stream.
 * @param out_fd  for stdout, -1 to drop it
 * @param err_fd  for stderr, -1 to drop it; may equal out_fd
 * @return 0, #GANTRY_E_IO when a descriptor fails, or what read returned. Since 0.1.
 */
GANTRY_API int gantry_stream_copy_fd(gantry_stream *s, int out_fd, int err_fd, gantry_error *err);

/* ---- captured output ---------------------------------------------------------------------- */

/**
 * Output held in memory. Both texts are followed by a NUL byte that is not counted, so they can be
 * used as strings when they hold no NUL themselves. Free with gantry_output_free().
 */
typedef struct gantry_output {
    size_t size; /**< bytes of it that the running library fills */
    const char *stdout_data;
    size_t stdout_size;
    const char *stderr_data;
    size_t stderr_size;
} gantry_output;

/**
 * Read a stream to its end into memory. Does not close the stream.
 * @param limit  most bytes per channel, more is #GANTRY_E_LIMIT; 0 = gantry_limits::capture_bytes
 * @param out    receives the result
 * Since 0.1.
 */
GANTRY_API int gantry_stream_capture(gantry_stream *s, size_t limit, gantry_output **out,
                                     gantry_error *err);

/** Free captured output; NULL is allowed; any thread. Since 0.1. */
GANTRY_API void gantry_output_free(gantry_output *output);

/* ---- sources: bytes for uploads ----------------------------------------------------------- */

/**
 * Where the bytes of an upload come from. The struct and what it points to are borrowed until the
 * call returns.
 */
typedef struct gantry_source {
    size_t size; /**< sizeof(gantry_source) */
    /**
     * Store up to `capacity` bytes and their number; 0 bytes is the end. May block. Return 0 or a
     * negative code, filling `err`; the upload is then cut so that the engine cannot take it as
     * complete, and the call fails with that code.
     */
    int (*read)(void *arg, void *buffer, size_t capacity, size_t *out_size, gantry_error *err);
    void *arg;
    /**
     * Number of bytes, 0 = not known: then it is read to its end (for an archive's entry, whose
     * size
     * must be known, 0 is an empty file). A source that ends early or goes on is an error.
     */
    int64_t length;
} gantry_source;

/** State of a source over memory; set data and length, leave the rest zero. */
typedef struct gantry_memory {
    size_t size; /**< sizeof(gantry_memory) */
    const void *data;
    size_t length;
    size_t offset; /**< where the next read begins; 0 at first */
} gantry_memory;

/**
 * Fill a source that reads from memory; both structs must outlive its use.
 * @param source  with `size` set
 * @param memory  with `size`, `data` and `length` set
 * Since 0.1.
 */
GANTRY_API void gantry_source_memory(gantry_source *source, gantry_memory *memory);

/**
 * Fill a source that reads a descriptor from where it stands; the descriptor stays the caller's.
 * @param source  with `size` set
 * @param fd      open for reading, blocking
 * Since 0.1.
 */
GANTRY_API void gantry_source_fd(gantry_source *source, int fd);

/* ---- progress ----------------------------------------------------------------------------- */

/**
 * Kinds of progress record. Ignore kinds you do not know.
 *
 * The text of STEP is the instruction, without a newline; that of LOG and STATUS keeps its
 * newlines,
 * and may be part of a line or several. A step that came from the cache is told by a STATUS record
 * with `cached` that follows its STEP. Podman gives all output of a step as stdout, counts steps
 * per stage (1/2, 2/2, 1/2 ...: `step` may go back) and skips stages that are not used.
 */
enum {
    GANTRY_PROGRESS_STEP = 1,    /**< a build step begins: step, step_total, text */
    GANTRY_PROGRESS_LOG = 2,     /**< output of a build step: text, channel */
    GANTRY_PROGRESS_STATUS = 3,  /**< state of a layer or transfer: id, text, current, total */
    GANTRY_PROGRESS_WARNING = 4, /**< text */
    GANTRY_PROGRESS_RESULT = 5,  /**< the last record of a success: id is the image id */
    GANTRY_PROGRESS_STEP_END = 6 /**< a build step ended well: step, text, cached, duration_ms */
};

/** What happens to a layer in a transfer: gantry_progress_record::state of a STATUS record. */
enum {
    GANTRY_TRANSFER_NONE = 0,       /**< the record is about no layer, or in no known word */
    GANTRY_TRANSFER_WAITING = 1,    /**< known, not begun */
    GANTRY_TRANSFER_RUNNING = 2,    /**< bytes move: current, total */
    GANTRY_TRANSFER_VERIFYING = 3,  /**< its digest is being checked */
    GANTRY_TRANSFER_EXTRACTING = 4, /**< it is being unpacked: current, total */
    GANTRY_TRANSFER_DONE = 5,       /**< it is there now */
    GANTRY_TRANSFER_EXISTS = 6,     /**< it was there before */
    GANTRY_TRANSFER_RETRYING = 7    /**< the engine tries again */
};

/** One record of progress; everything in it is valid until the next call on its iterator. */
typedef struct gantry_progress_record {
    size_t size; /**< bytes of it that the running library fills */
    int kind;          /**< GANTRY_PROGRESS_... */
    int step;          /**< build step the record belongs to, from 1; 0 if none */
    int step_total;    /**< number of build steps, 0 if unknown */
    int channel;       /**< LOG: #GANTRY_STDOUT or #GANTRY_STDERR */
    int cached;        /**< 1 if the step was taken from the cache */
    int state;         /**< STATUS of a layer: GANTRY_TRANSFER_... */
    int64_t current;   /**< STATUS: bytes done, -1 if unknown */
    int64_t total;     /**< STATUS: bytes in all, -1 if unknown */
    const char *id;    /**< STATUS of a transfer: layer; RESULT: image id, 64 hex digits; else NULL
                            */
    const char *text;  /**< UTF-8 text, may be several lines; never NULL */
    size_t text_size;  /**< its length without the NUL */
    const char *json;  /**< the engine's own record, or NULL */
    int64_t duration_ms; /**< STEP_END: how long the step took; else -1 */
} gantry_progress_record;

/** Called for each record; return 0 to go on, anything else to stop with #GANTRY_E_CALLBACK. */
typedef int (*gantry_progress_fn)(void *arg, const gantry_progress_record *record);

/** An iterator of progress records; belongs to one thread at a time. */
typedef struct gantry_progress gantry_progress;

/**
 * The next record.
 * @param out  receives the record, or NULL at the end. The end comes only after a success that the
 *             engine confirmed; an error inside the stream is the error of this call.
 * @return 0, #GANTRY_E_AGAIN (non-blocking mode), #GANTRY_E_BUILD or another code. Since 0.1.
 */
GANTRY_API int gantry_progress_next(gantry_progress *p, const gantry_progress_record **out,
                                    gantry_error *err);

/** As gantry_stream_set_nonblocking(). Since 0.1. */
GANTRY_API void gantry_progress_set_nonblocking(gantry_progress *p, int on);

/** As gantry_stream_fd(). Since 0.1. */
GANTRY_API int gantry_progress_fd(const gantry_progress *p, int *out_events);

/** As gantry_stream_timeout_ms(). Since 0.1. */
GANTRY_API int gantry_progress_timeout_ms(const gantry_progress *p);

/**
 * Close an iterator; before the end this stops the work on the engine (Podman: after the RUN step
 * under way, see gantry_images_build()). NULL is allowed. Since 0.1.
 */
GANTRY_API void gantry_progress_close(gantry_progress *p);

#ifdef __cplusplus
}
#endif
#endif
