/*
 * Inside of streams, progress and waits, and streams over exchanges and hijacked connections.
 */
#ifndef GNT_STREAM_H
#define GNT_STREAM_H

#include <gantry/backend.h>

#include <sys/types.h>

#include "demux.h"
#include "upgrade.h"

/* How the bytes of a log or attach stream are to be read; decided from facts, never guessed. */
enum gnt_framing {
    GNT_RAW,   /* everything is stdout */
    GNT_FRAMED /* demux.h */
};

/* Streams that own their exchange or duplex; on failure it is still the caller's. A framed stream
 * that ends inside a frame is TRUNCATED. Payload goes straight to the reader's buffer. */
int gnt_stream_of_exchange(struct gantry_host *host, struct gnt_exchange *x,
                           enum gnt_framing framing, gantry_stream **out, gantry_error *err);
/* The same for an exchange whose head has not come yet: `head` is asked for it, until it gives 0,
 * before anything is read. `arg` is the stream's, freed with it as memory. */
typedef int (*gnt_head_fn)(void *arg, struct gnt_exchange *x, int nonblocking, gantry_error *err);
int gnt_stream_of_begun(struct gantry_host *host, struct gnt_exchange *x, enum gnt_framing framing,
                        gnt_head_fn head, void *arg, gantry_stream **out, gantry_error *err);
int gnt_stream_of_duplex(struct gantry_host *host, struct gnt_duplex *d, enum gnt_framing framing,
                         gantry_stream **out, gantry_error *err);

/* Wait until a stream can be read or written (GANTRY_POLL_ bits), at most until its limits. One
 * whose limits are not known here returns after a while in any case. 0, or CANCELLED, TIMEOUT
 * ... */
int gnt_stream_wait(gantry_stream *s, int events, gantry_error *err);
/* Whose memory and limits it has. */
gantry_host *gnt_stream_host(const gantry_stream *s);
/* How gnt_stream_wait does it; without this by polling the descriptor for a short time. */
void gnt_stream_on_wait(gantry_stream *s, int (*wait)(void *state, int events, gantry_error *err));
/* From now on a read gives bytes of one frame only, and *result tells after it whether they are its
 * first. NULL: the stream has no frames. */
const int *gnt_stream_split(gantry_stream *s);
void gnt_stream_on_split(gantry_stream *s, const int *(*split)(void *state));

/* Look at the first bytes that come: an engine may say in the output's place that it lost it. They
 * are then what the failure, TRUNCATED, says. */
void gnt_stream_on_first(gantry_stream *s, int (*is_loss)(const char *data, size_t size));

/* The signal that an exit code tells of, or 0. */
int gnt_exit_signal(const gantry_exit_status *status);

/* Run something when a progress is closed (after its own close). One each. */
void gnt_progress_on_close(gantry_progress *p, void (*fn)(void *), void *arg);

/* Which builder a build's progress is of: GANTRY_BUILDER_..., AUTO where an engine has but one. */
void gnt_progress_set_builder(gantry_progress *p, int builder);
int gnt_progress_builder(const gantry_progress *p);

/* write(), but a pipe nobody reads must not kill the process: EPIPE without its signal. */
ssize_t gnt_write_quietly(int fd, const char *data, size_t size);

/* Collects channels in memory: the buffers behind gantry_output, run and exec. */
struct gnt_capture {
    struct gnt_buf out;
    struct gnt_buf err;
};
void gnt_capture_init(struct gnt_capture *c, const struct gnt_mem *mem, size_t limit);
/* gantry_sink_fn; rc in the buffers */
int gnt_capture_sink(void *capture, int channel, const void *data, size_t size);
void gnt_capture_free(struct gnt_capture *c);
/* The code of a pump into a capture: CALLBACK because a buffer failed becomes LIMIT or NOMEM. */
int gnt_capture_result(const struct gnt_capture *c, int rc, gantry_error *err);
/* Give both channels to a result, which frees them; only the data fields of out are filled. The
 * capture
 * is empty after it. */
int gnt_capture_give(struct gnt_capture *c, void *result, gantry_output *out, gantry_error *err);

/* The descriptor of a source made by gantry_source_fd(), -1 of any other. */
int gnt_source_fd(const gantry_source *source);
/* Write all to a descriptor of the caller's, which may be a pipe that nobody reads: IO. */
int gnt_fd_write(int fd, const void *data, size_t size, gantry_error *err);

/*
 * Feed input into a stream's standard input, close it, and drain its output at the same time, to
 * the end. input may be NULL: nothing is written or closed. A peer that stops reading its input is
 * no failure. Leaves the stream in blocking mode. For more see pump.h.
 */
int gnt_stream_pump(gantry_stream *s, const void *input, size_t input_size, gantry_sink_fn sink,
                    void *sink_arg, gantry_error *err);

#endif
