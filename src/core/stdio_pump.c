/*
 * The pump between the caller's descriptors and a stream. One poll loop; a descriptor is read or
 * written only after poll said so, in pieces that do not block then, since its flags belong to
 * others too. Knows streams only by their public functions.
 */
#include "stdio_pump.h"

#include "engine.h"
#include "host.h"
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum {
    PIECE = 64 * 1024,
    OUT_PIECE = PIPE_BUF, /* a pipe that is ready takes so much without blocking */
    TYPED = 32 * 1024,
    LOOK_MS = 200,       /* between two looks at the terminal's size */
    RESIZE_TRIES = 25,   /* for one size: a process that starts has none yet */
    RESIZE_MS = 2000,    /* longest time of one try */
    END_OF_TYPING = 0x04 /* what a terminal takes for the end of its input */
};

struct pump {
    const struct gnt_stdio_plan *plan;
    gantry_call call; /* imported */
    struct gnt_clock clock;
    struct gnt_detach detach;
    int in;     /* -1: at its end, or nobody reads it */
    int fds[3]; /* by channel */
    int done;
    int detached;
    char *piece; /* what came and is to be written */
    size_t piece_at;
    size_t piece_size;
    int channel;
    unsigned char *typed; /* what was read and is to be sent */
    size_t typed_at;
    size_t typed_size;
    unsigned char last; /* byte of the input */
    int shut;           /* send the end behind it */
    int watch_size;
    int columns;
    int rows;
    int tries; /* left for this size */
    int64_t look_ns;
};

/* ---- arguments ------------------------------------------------------------------------------- */

static int check_fd(const char *name, int fd, gantry_error *err)
{
    if (fd < -1 || (fd >= 0 && fcntl(fd, F_GETFD) < 0))
        return gnt_fail(err, GANTRY_E_INVALID, "stdio: %s: %d is no open descriptor", name, fd);
    return 0;
}

static int check_switch(const char *name, int value, gantry_error *err)
{
    if (value < GANTRY_OFF || value > GANTRY_ON)
        return gnt_fail(err, GANTRY_E_INVALID, "stdio: %s must be GANTRY_ON or GANTRY_OFF", name);
    return 0;
}

int gnt_stdio_import(const gantry_stdio *given, gantry_stdio *o, gantry_error *err)
{
    struct gnt_detach keys;
    int rc = 0;

    if (given == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "stdio: must not be NULL");
    rc = gnt_import(o, sizeof *o, given, "gantry_stdio", err);
    if (rc == 0)
        rc = check_fd("in", o->in, err);
    if (rc == 0)
        rc = check_fd("out", o->out, err);
    if (rc == 0)
        rc = check_fd("err", o->err, err);
    if (rc == 0 && o->in < 0 && o->out < 0 && o->err < 0)
        rc = gnt_fail(err, GANTRY_E_INVALID, "stdio: in, out, err: one of them is needed");
    if (rc == 0)
        rc = check_switch("raw", o->raw, err);
    if (rc == 0)
        rc = check_switch("resize", o->resize, err);
    if (rc == 0)
        rc = check_switch("signals", o->signals, err);
    if (rc == 0 && o->detach_keys != NULL)
        rc = gnt_detach_parse(&keys, o->detach_keys, "stdio: detach_keys", err);
    return rc;
}

int gnt_stdio_size(const gantry_stdio *stdio, int *out_columns, int *out_rows)
{
    return stdio->resize != GANTRY_OFF && gnt_terminal_size(stdio->out, out_columns, out_rows);
}

int gnt_stdio_resize_container(void *stdio_container, int columns, int rows,
                               const gantry_call *call, gantry_error *err)
{
    const struct gnt_stdio_container *c = stdio_container;
    gantry_resize_options o = { .size = sizeof o, .call = call };
    const gantry_container_ops *ops = &c->engine->backend->containers;

    if (ops->resize == NULL)
        return gnt_fail(err, GANTRY_E_UNSUPPORTED, "this engine sets no sizes");
    return ops->resize(c->engine->state, c->id, columns, rows, &o, err);
}

/* ---- size ------------------------------------------------------------------------------------ */

static void look_at_size(struct pump *p)
{
    const struct gnt_stdio_plan *plan = p->plan;
    gantry_call call = p->call;
    int columns;
    int rows;
    int rc;

    if (!p->watch_size || gantry_clock_ns() < p->look_ns)
        return;
    if (gnt_terminal_size(plan->stdio->out, &columns, &rows) &&
        (columns != p->columns || rows != p->rows)) {
        p->columns = columns;
        p->rows = rows;
        p->tries = RESIZE_TRIES;
    }
    if (p->tries > 0) {
        call.timeout_ms = RESIZE_MS;
        rc = plan->resize(plan->resize_arg, p->columns, p->rows, &call, NULL);
        p->tries = rc == 0 ? 0 : p->tries - 1;
        if (rc == GANTRY_E_UNSUPPORTED)
            p->watch_size = 0;
    }
    p->look_ns = gantry_clock_ns() + LOOK_MS * INT64_C(1000000);
}

/* ---- input ----------------------------------------------------------------------------------- */

static void type(struct pump *p, unsigned char byte)
{
    p->typed[p->typed_size++] = byte;
}

/* Nothing more comes from `in`. A process's terminal is told as typists do: what is on an
 * unfinished line is given out by the first key, the end by the second. */
static void end_input(struct pump *p)
{
    size_t held = gnt_detach_rest(&p->detach, p->typed + p->typed_size);

    p->typed_size += held;
    if (held > 0)
        p->last = p->typed[p->typed_size - 1];
    p->in = -1;
    if (!p->plan->tty) {
        p->shut = 1;
        return;
    }
    if (p->last != '\n')
        type(p, END_OF_TYPING);
    type(p, END_OF_TYPING);
}

/* poll said that `in` can be read, and nothing waits to be sent. */
static int read_input(struct pump *p, gantry_error *err)
{
    unsigned char piece[TYPED];
    ssize_t got = read(p->in, piece, sizeof piece);

    p->typed_at = 0;
    p->typed_size = 0;
    if (got < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK))
        return 0;
    if (got < 0 && errno != EIO) /* which a terminal that hung up says */
        return gnt_fail_errno(err, GANTRY_E_IO, errno, "cannot read the input");
    if (got <= 0) {
        end_input(p);
        return 0;
    }
    p->last = piece[got - 1];
    if (gnt_detach_feed(&p->detach, piece, (size_t)got, p->typed, &p->typed_size)) {
        p->detached = 1; /* once what came before the keys is sent */
        p->in = -1;
    }
    return 0;
}

/* Give the stream what it takes now. *moved is set if it took something. */
static int send_input(struct pump *p, int *moved, gantry_error *err)
{
    gantry_stream *s = p->plan->stream;
    size_t written = 0;
    int rc = 0;

    if (p->typed_at < p->typed_size) {
        rc = gantry_stream_write(s, p->typed + p->typed_at, p->typed_size - p->typed_at, &written,
                                 err);
        p->typed_at += written;
        *moved |= written > 0;
    }
    if (rc == 0 && p->shut && p->typed_at == p->typed_size) {
        p->shut = 0;
        rc = gantry_stream_close_write(s, err);
    }
    if (rc == GANTRY_E_AGAIN)
        return 0;
    if (rc == GANTRY_E_TRUNCATED || rc == GANTRY_E_STATE) {
        /* It stopped reading, which is its right; that it broke is for reading to find out. */
        p->in = -1;
        p->typed_at = p->typed_size;
        p->shut = 0;
        return 0;
    }
    return rc;
}

/* ---- output ---------------------------------------------------------------------------------- */

/* The next piece, if one is there. */
static int take_output(struct pump *p, int *moved, gantry_error *err)
{
    int rc;

    if (p->piece_at < p->piece_size)
        return 0;
    p->piece_at = 0;
    rc = gantry_stream_read(p->plan->stream, p->piece, PIECE, &p->piece_size, &p->channel, err);
    if (rc < 0)
        p->piece_size = 0;
    else if (p->piece_size == 0)
        p->done = 1;
    if (rc == GANTRY_E_AGAIN)
        return 0;
    *moved = 1;
    if (p->fds[p->channel] < 0)
        p->piece_size = 0;
    return rc;
}

static int write_output(struct pump *p, gantry_error *err)
{
    size_t left = p->piece_size - p->piece_at;
    ssize_t written = gnt_write_quietly(p->fds[p->channel], p->piece + p->piece_at,
                                        left < OUT_PIECE ? left : OUT_PIECE);

    if (written >= 0)
        p->piece_at += (size_t)written;
    else if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK)
        return gnt_fail_errno(err, GANTRY_E_IO, errno, "cannot write the output");
    return 0;
}

/* ---- the loop -------------------------------------------------------------------------------- */

static int sooner(int a, int b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* Milliseconds until a time, rounded up. */
static int until(int64_t ns)
{
    int64_t left = (ns - gantry_clock_ns() + 999999) / 1000000;

    return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

/* Sleep until something can be done; at once if something was. */
static int wait_for(struct pump *p, int moved, struct pollfd fds[4], gantry_error *err)
{
    int writing = p->piece_at < p->piece_size;
    int sending = p->typed_at < p->typed_size;
    int events = 0;
    int timeout = gnt_alarm_wait_ms(p->plan->alarm, gnt_clock_wait_ms(&p->clock, -1));
    int fd = gantry_stream_fd(p->plan->stream, &events);

    if (writing)
        events &= ~GANTRY_POLL_IN;
    if (!sending)
        events &= ~GANTRY_POLL_OUT;
    if (p->watch_size)
        timeout = sooner(timeout, until(p->look_ns));
    if (!writing) /* a stream that is not read cannot say that its limit has passed */
        timeout = sooner(timeout, gantry_stream_timeout_ms(p->plan->stream));
    if (moved || (fd < 0 && !writing))
        timeout = 0;
    /* Without events a descriptor would still report that its peer is gone, over and over. */
    fds[0] = (struct pollfd){ events != 0 ? fd : -1, (short)events, 0 };
    fds[1] = (struct pollfd){ gantry_cancel_fd(p->call.cancel), POLLIN, 0 };
    fds[2] = (struct pollfd){ sending ? -1 : p->in, POLLIN, 0 };
    fds[3] = (struct pollfd){ writing ? p->fds[p->channel] : -1, POLLOUT, 0 };
    if (poll(fds, 4, timeout) < 0) {
        if (errno != EINTR)
            return gnt_fail_errno(err, GANTRY_E_IO, errno, "waiting failed");
        fds[2].revents = 0;
        fds[3].revents = 0;
    }
    return 0;
}

static int turn(struct pump *p, gantry_error *err)
{
    struct pollfd fds[4];
    int moved = 0;
    int rc = gnt_clock_check(&p->clock, err);

    if (rc == 0)
        rc = gnt_alarm_check(p->plan->alarm, err);
    if (rc < 0)
        return rc;
    look_at_size(p);
    rc = send_input(p, &moved, err);
    if (rc == 0 && p->detached && p->typed_at == p->typed_size)
        p->done = 1;
    else if (rc == 0)
        rc = take_output(p, &moved, err);
    if (rc < 0 || p->done)
        return rc;
    rc = wait_for(p, moved, fds, err);
    if (rc == 0 && fds[3].revents != 0)
        rc = write_output(p, err);
    if (rc == 0 && fds[2].revents != 0)
        rc = read_input(p, err);
    return rc;
}

static int pump(struct pump *p, gantry_error *err)
{
    const gantry_stdio *stdio = p->plan->stdio;
    struct gnt_terminal terminal = { .fd = -1 };
    gantry_error failure = { 0 }; /* AGAIN passes through it on the way to a success */
    int typist = p->plan->tty && gnt_terminal_is(p->in);
    const char *keys = stdio->detach_keys != NULL ? stdio->detach_keys : p->plan->detach_keys;
    int rc = 0;

    if (typist)
        rc = gnt_detach_parse(&p->detach, keys, "detach_keys", err);
    if (rc == 0 && typist && stdio->raw != GANTRY_OFF)
        rc = gnt_terminal_raw(&terminal, p->in, stdio->signals != GANTRY_OFF, err);
    if (rc < 0)
        return rc;
    gantry_stream_set_nonblocking(p->plan->stream, 1);
    while (rc == 0 && !p->done)
        rc = turn(p, &failure);
    gantry_stream_set_nonblocking(p->plan->stream, 0);
    gnt_terminal_restore(&terminal);
    if (rc < 0 && err != NULL)
        *err = failure;
    return rc;
}

int gnt_stdio_pump(const struct gnt_stdio_plan *plan, int *out_end, gantry_error *err)
{
    const gantry_stdio *stdio = plan->stdio;
    struct pump p = {
        .plan = plan, .in = stdio->in, .fds = { stdio->out, stdio->out, stdio->err }, .last = '\n'
    };
    const struct gnt_mem *mem = &plan->host->mem;
    int columns;
    int rows;
    int rc;

    gnt_call_import(&p.call, plan->call);
    gnt_clock_start(&p.clock, &p.call, 0);
    p.clock.idle_ns = 0; /* the stream has it */
    p.watch_size = plan->tty && plan->resize != NULL && gnt_stdio_size(stdio, &columns, &rows);
    p.piece = gnt_alloc(mem, PIECE);
    p.typed = gnt_alloc(mem, TYPED + GNT_DETACH_KEYS_MAX + 2);
    rc = p.piece == NULL || p.typed == NULL ? gnt_nomem(err) : pump(&p, err);
    gnt_free(mem, p.piece);
    gnt_free(mem, p.typed);
    if (rc == 0)
        *out_end = p.detached ? GANTRY_END_DETACHED : GANTRY_END_PROCESS;
    return rc;
}
