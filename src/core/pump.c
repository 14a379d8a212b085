/*
 * The pump: an event loop over one stream and an input, of which each may be slow.
 */
#include "pump.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum {
    PIECE = 64 * 1024,
    WAIT_SLICE_MS = 50 /* for streams without a descriptor */
};

/* ---- alarm ----------------------------------------------------------------------------------- */

int gnt_alarm_check(struct gnt_alarm *alarm, gantry_error *err)
{
    if (alarm == NULL || alarm->at_ns == 0 || gantry_clock_ns() < alarm->at_ns)
        return 0;
    return alarm->ring(alarm->arg, &alarm->at_ns, err);
}

int gnt_alarm_wait_ms(const struct gnt_alarm *alarm, int most)
{
    int64_t ms = 0;
    int64_t now;

    if (alarm == NULL || alarm->at_ns == 0)
        return most;
    now = gantry_clock_ns();
    if (alarm->at_ns > now)
        ms = (alarm->at_ns - now - 1) / 1000000 + 1;
    if (ms > INT_MAX)
        ms = INT_MAX;
    return most >= 0 && ms > most ? most : (int)ms;
}

/* ---- input ----------------------------------------------------------------------------------- */

struct pumping {
    const struct gnt_pump *set;
    struct gnt_clock clock;
    int in_fd;
    int in_open;    /* the stream's input was not closed yet */
    int in_ready;   /* poll says that in_fd has something */
    int in_ended;   /* there is nothing more than what waits */
    const char *in; /* waits to be written to the stream */
    size_t in_left;
    uint64_t pulled; /* from the source so far */
    char *in_piece;  /* room for what is read, or NULL */
    char *out_piece;
    int out_ended;
};

static int changed(const struct pumping *p, const char *what, gantry_error *err)
{
    return gnt_fail(err, GANTRY_E_CHANGED,
                    "the source of the input %s its length of %" PRId64 " bytes", what,
                    p->set->source->length);
}

static int read_source(struct pumping *p, char *buffer, size_t capacity, size_t *got,
                       gantry_error *err)
{
    const gantry_source *source = p->set->source;
    int rc;

    *got = 0;
    gnt_fail(err, GANTRY_E_IO, "the source of the input failed");
    rc = source->read(source->arg, buffer, capacity, got, err);
    if (rc == 0 && *got > capacity)
        return gnt_fail(err, GANTRY_E_INVALID,
                        "the source of the input gave more than it was asked for");
    if (rc > 0)
        return gnt_fail(err, GANTRY_E_CALLBACK, "the source of the input returned %d", rc);
    return rc;
}

/* One that knows its length must keep to it; found out before its last bytes are given away. */
static int check_length(struct pumping *p, size_t got, gantry_error *err)
{
    size_t extra = 0;
    uint64_t length;
    char more;
    int rc = 0;

    if (p->set->source == NULL || p->set->source->length <= 0)
        return 0;
    length = (uint64_t)p->set->source->length;
    if (p->pulled > length)
        return changed(p, "goes on after", err);
    if (got == 0 && p->pulled < length)
        return changed(p, "ended before", err);
    if (got > 0 && p->pulled == length && p->in_fd < 0) /* a descriptor might not tell at once */
        rc = read_source(p, &more, 1, &extra, err);
    return rc == 0 && extra > 0 ? changed(p, "goes on after", err) : rc;
}

/* Whatever is there of a descriptor that poll calls readable; *got is 0 at its end. */
static int read_fd(struct pumping *p, size_t *got, int *nothing, gantry_error *err)
{
    ssize_t size = read(p->in_fd, p->in_piece, PIECE);

    p->in_ready = 0;
    *nothing = size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
    *got = size > 0 ? (size_t)size : 0;
    if (size < 0 && !*nothing)
        return gnt_fail_errno(err, GANTRY_E_IO, errno, "cannot read the input");
    return 0;
}

/* More input, if it can be had. */
static int pull_input(struct pumping *p, gantry_error *err)
{
    size_t got = 0;
    int nothing = 0;
    int rc;

    if (p->in_fd >= 0)
        rc = read_fd(p, &got, &nothing, err);
    else
        rc = read_source(p, p->in_piece, PIECE, &got, err);
    if (rc < 0 || nothing)
        return rc;
    p->pulled += got;
    p->in = p->in_piece;
    p->in_left = got;
    p->in_ended = got == 0;
    return check_length(p, got, err);
}

/* It stopped reading, which is its right; that it broke is for reading to find out. */
static int input_is_over(struct pumping *p, int rc)
{
    p->in_open = 0;
    p->in_left = 0;
    return rc == GANTRY_E_TRUNCATED || rc == GANTRY_E_STATE ? 0 : rc;
}

/* Give the stream what it takes now. *moved if something happened. */
static int step_input(struct pumping *p, int *moved, gantry_error *err)
{
    size_t written = 0;
    int rc = 0;

    if (!p->in_open)
        return 0;
    if (p->in_left == 0 && !p->in_ended && (p->in_fd < 0 || p->in_ready)) {
        rc = pull_input(p, err);
        *moved = 1;
        if (rc < 0)
            return rc;
    }
    if (p->in_left > 0) {
        rc = gantry_stream_write(p->set->stream, p->in, p->in_left, &written, err);
        p->in += written;
        p->in_left -= written;
    } else if (p->in_ended) {
        rc = gantry_stream_close_write(p->set->stream, err);
        if (rc == 0)
            return input_is_over(p, 0);
    } else {
        return 0;
    }
    if (written > 0)
        *moved = 1;
    if (rc == 0 || rc == GANTRY_E_AGAIN)
        return 0;
    *moved = 1;
    return input_is_over(p, rc);
}

/* ---- output ---------------------------------------------------------------------------------- */

static int step_output(struct pumping *p, int *moved, gantry_error *err)
{
    const struct gnt_pump *set = p->set;
    int channel = GANTRY_STDOUT;
    size_t got = 0;
    int rc = gantry_stream_read(set->stream, p->out_piece, PIECE, &got, &channel, err);

    if (rc == GANTRY_E_AGAIN)
        return 0;
    *moved = 1;
    p->out_ended = rc == 0 && got == 0;
    if (rc == 0 && got > 0 && set->sink(set->sink_arg, channel, p->out_piece, got) != 0)
        return gnt_fail(err, GANTRY_E_CALLBACK, "stopped by the callback");
    return rc;
}

/* ---- the loop -------------------------------------------------------------------------------- */

static int wants_fd(const struct pumping *p)
{
    return p->in_open && p->in_fd >= 0 && p->in_left == 0 && !p->in_ended;
}

static int wants_room(const struct pumping *p)
{
    return p->in_open && (p->in_left > 0 || p->in_ended);
}

static int sleep_on(struct pumping *p, gantry_error *err)
{
    struct pollfd fds[3] = {
        { gantry_stream_fd(p->set->stream, NULL), POLLIN, 0 },
        { gantry_cancel_fd(p->clock.cancel), POLLIN, 0 },
        { wants_fd(p) ? p->in_fd : -1, POLLIN, 0 },
    };
    int ms = gnt_alarm_wait_ms(p->set->alarm, gnt_clock_wait_ms(&p->clock, -1));
    int limit = gantry_stream_timeout_ms(p->set->stream);

    if (wants_room(p))
        fds[0].events |= POLLOUT;
    if (fds[0].fd < 0)
        ms = ms < 0 || ms > WAIT_SLICE_MS ? WAIT_SLICE_MS : ms;
    if (limit >= 0 && (ms < 0 || limit < ms))
        ms = limit;
    if (poll(fds, 3, ms) < 0)
        return errno == EINTR ? 0 : gnt_fail_errno(err, GANTRY_E_IO, errno, "waiting failed");
    p->in_ready = fds[2].revents != 0;
    return 0;
}

/* Nothing moved: wait for one of all that may. */
static int wait_for_more(struct pumping *p, gantry_error *err)
{
    int events = GANTRY_POLL_IN | (wants_room(p) ? GANTRY_POLL_OUT : 0);

    if (p->set->call != NULL)
        return sleep_on(p, err);
    return gnt_stream_wait(p->set->stream, events, err);
}

static int loop(struct pumping *p, gantry_error *err)
{
    int rc = 0;

    while (rc == 0 && !p->out_ended) {
        int moved = 0;

        rc = gnt_alarm_check(p->set->alarm, err);
        if (rc == 0)
            rc = gnt_clock_check(&p->clock, err);
        if (rc == 0)
            rc = step_output(p, &moved, err);
        if (rc == 0 && !p->out_ended)
            rc = step_input(p, &moved, err);
        if (moved)
            gnt_clock_moved(&p->clock);
        else if (rc == 0)
            rc = wait_for_more(p, err);
    }
    return rc;
}

static void begin(struct pumping *p, const struct gnt_pump *set)
{
    p->set = set;
    p->in_fd = set->source != NULL ? gnt_source_fd(set->source) : -1;
    p->in = set->input;
    p->in_left = set->input_size;
    p->in_open = set->input != NULL || set->source != NULL;
    p->in_ended = set->input != NULL;
    gnt_clock_start(&p->clock, set->call, 0);
}

int gnt_pump(const struct gnt_pump *set, gantry_error *err)
{
    const struct gnt_mem *mem = &gnt_stream_host(set->stream)->mem;
    struct pumping p = { 0 };
    gantry_error failure = { 0 }; /* AGAIN passes through it on the way to a success */
    int rc = 0;

    begin(&p, set);
    p.out_piece = gnt_alloc(mem, PIECE);
    if (p.in_open && set->input == NULL)
        p.in_piece = gnt_alloc(mem, PIECE);
    if (p.out_piece == NULL || (p.in_open && set->input == NULL && p.in_piece == NULL))
        rc = gnt_nomem(&failure);
    gantry_stream_set_nonblocking(set->stream, 1);
    if (rc == 0)
        rc = loop(&p, &failure);
    gantry_stream_set_nonblocking(set->stream, 0);
    gnt_free(mem, p.in_piece);
    gnt_free(mem, p.out_piece);
    failure.code = rc; /* a source may return one without saying more */
    if (rc < 0 && err != NULL)
        *err = failure;
    return rc;
}

int gnt_stream_pump(gantry_stream *s, const void *input, size_t input_size, gantry_sink_fn sink,
                    void *sink_arg, gantry_error *err)
{
    struct gnt_pump pump = {
        .stream = s, .input = input, .input_size = input_size, .sink = sink, .sink_arg = sink_arg
    };

    return gnt_pump(&pump, err);
}
