/*
 * The caller's terminal: keys that leave, raw mode and its way back (by return and by signal),
 * window sizes; and the pump between descriptors and a stream.
 */
#define _XOPEN_SOURCE 700

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host.h"
#include "stdio_pump.h"
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- keys ------------------------------------------------------------------------------------ */

static void notation_of_keys(void **state)
{
    static const struct {
        const char *text;
        const char *keys; /* NULL: refused */
        size_t count;
    } rows[] = {
        { "", "", 0 },
        { "ctrl-p,ctrl-q", "\x10\x11", 2 },
        { "ctrl-a,d", "\1d", 2 },
        { "ctrl-@", "\0", 1 },
        { "ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_", "\x1b\x1c\x1d\x1e\x1f", 5 },
        { "DEL", "\x7f", 1 },
        { "a,a,b", "aab", 3 },
        { "\xff,\xfe", "\xff\xfe", 2 },
        { "1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6", "1234567890123456", 16 },
        { "1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7", NULL, 0 },
        { "ctrl-", NULL, 0 },
        { "ctrl-P", NULL, 0 },
        { "ctrl-ab", NULL, 0 },
        { "ctrl-1", NULL, 0 },
        { "ab", NULL, 0 },
        { "a,", NULL, 0 },
        { ",a", NULL, 0 },
        { "a,,b", NULL, 0 },
        { ",", NULL, 0 },
    };
    struct gnt_detach d;
    gantry_error err;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        memset(&d, 0, sizeof d);
        memset(&err, 0, sizeof err);
        if (rows[i].keys == NULL) {
            assert_int_equal(gnt_detach_parse(&d, rows[i].text, "detach_keys", &err),
                             GANTRY_E_INVALID);
            assert_non_null(strstr(err.message, "detach_keys"));
            assert_int_equal(d.count, 0);
        } else {
            assert_int_equal(gnt_detach_parse(&d, rows[i].text, "detach_keys", &err), 0);
            assert_int_equal(d.count, rows[i].count);
            assert_memory_equal(d.keys, rows[i].keys, d.count);
        }
    }
}

/* By pieces of `step` bytes. */
static int feed_all(struct gnt_detach *d, const char *typed, size_t size, size_t step, char *passed,
                    size_t *passed_size)
{
    unsigned char out[64 + GNT_DETACH_KEYS_MAX];
    size_t given;
    int left = 0;

    *passed_size = 0;
    for (size_t at = 0; at < size && !left; at += step) {
        size_t piece = size - at < step ? size - at : step;

        left = gnt_detach_feed(d, (const unsigned char *)typed + at, piece, out, &given);
        assert_true(given <= piece + GNT_DETACH_KEYS_MAX);
        memcpy(passed + *passed_size, out, given);
        *passed_size += given;
    }
    if (!left) {
        given = gnt_detach_rest(d, out);
        memcpy(passed + *passed_size, out, given);
        *passed_size += given;
    }
    return left;
}

static void keys_are_watched_for(void **state)
{
    static const struct {
        const char *keys;
        const char *typed;
        const char *passed;
        int left;
    } rows[] = {
        { "", "abc\x10\x11", "abc\x10\x11", 0 },
        { "ctrl-p,ctrl-q", "abc", "abc", 0 },
        { "ctrl-p,ctrl-q", "abc\x10\x11", "abc", 1 },
        { "ctrl-p,ctrl-q", "\x10x\x10\x10\x11 never", "\x10x\x10", 1 },
        { "ctrl-p,ctrl-q", "x\x10", "x\x10", 0 }, /* given back at the end */
        { "ctrl-p,ctrl-q", "\x11\x10", "\x11\x10", 0 },
        { "a,a,b", "aaab", "a", 1 },
        { "a,a,b", "aaaaac", "aaaaac", 0 },
        { "a,b,a,b,c", "ababab", "ababab", 0 },
        { "a,b,a,b,c", "abababcd", "ab", 1 },
        { "x", "abxc", "ab", 1 },
    };
    char passed[128];
    size_t size;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t step = 1; step < 9; step++) {
            struct gnt_detach d = { .count = 0 };

            assert_int_equal(gnt_detach_parse(&d, rows[i].keys, "keys", NULL), 0);
            assert_int_equal(
                feed_all(&d, rows[i].typed, strlen(rows[i].typed), step, passed, &size),
                rows[i].left);
            assert_int_equal(size, strlen(rows[i].passed));
            assert_memory_equal(passed, rows[i].passed, size);
        }
    }
}

/* ---- fixture --------------------------------------------------------------------------------- */

/* A terminal whose other side is ours, and a process whose other side is a stream. */
struct console {
    struct gantry_host host;
    int master;
    int slave;
    int process; /* what the container's process sees */
    int end;     /* what the stream sees */
    struct termios before;
    gantry_stdio stdio;
    gantry_call call;
    gantry_stream *stream;
    struct gnt_stdio_plan plan;
    pthread_t thread;
    int rc;
    int out_end;
    gantry_error err;
    atomic_int break_it; /* the stream fails */
    atomic_int sizes;    /* resize was called */
    atomic_int refuse;   /* so many sizes are refused first */
    atomic_int columns;
    atomic_int rows;
    atomic_int alarms;
};

static int socket_read(void *state, void *buffer, size_t capacity, int nonblocking,
                       size_t *out_size, int *out_channel, gantry_error *err)
{
    struct console *c = state;
    ssize_t got;

    (void)out_channel;
    if (atomic_load(&c->break_it))
        return gnt_fail(err, GANTRY_E_TRUNCATED, "broken for the test");
    got = recv(c->end, buffer, capacity, nonblocking ? MSG_DONTWAIT : 0);
    if (got < 0)
        return errno == EAGAIN ? gnt_fail(err, GANTRY_E_AGAIN, "nothing yet")
                               : gnt_fail(err, GANTRY_E_TRUNCATED, "broken");
    *out_size = (size_t)got;
    return 0;
}

static int socket_write(void *state, const void *data, size_t size, int nonblocking,
                        size_t *out_written, gantry_error *err)
{
    struct console *c = state;
    ssize_t sent = send(c->end, data, size, MSG_NOSIGNAL | (nonblocking ? MSG_DONTWAIT : 0));

    if (sent < 0)
        return errno == EAGAIN ? gnt_fail(err, GANTRY_E_AGAIN, "full")
                               : gnt_fail(err, GANTRY_E_TRUNCATED, "broken");
    *out_written = (size_t)sent;
    return 0;
}

static int socket_close_write(void *state, gantry_error *err)
{
    struct console *c = state;

    (void)err;
    assert_int_equal(shutdown(c->end, SHUT_WR), 0);
    return 0;
}

static int socket_fd(const void *state, int *out_events)
{
    const struct console *c = state;

    *out_events = GANTRY_POLL_IN | GANTRY_POLL_OUT;
    return c->end;
}

static void socket_close(void *state)
{
    struct console *c = state;

    close(c->end);
}

static const gantry_stream_ops socket_ops = { .size = sizeof socket_ops,
                                              .read = socket_read,
                                              .write = socket_write,
                                              .close_write = socket_close_write,
                                              .fd = socket_fd,
                                              .close = socket_close };

static int take_size(void *arg, int columns, int rows, const gantry_call *call, gantry_error *err)
{
    struct console *c = arg;

    assert_true(call->timeout_ms > 0);
    if (atomic_fetch_sub(&c->refuse, 1) > 0)
        return gnt_fail(err, GANTRY_E_STATE, "not yet");
    atomic_store(&c->columns, columns);
    atomic_store(&c->rows, rows);
    atomic_fetch_add(&c->sizes, 1);
    return 0;
}

static void open_terminal(int *master, int *slave)
{
    *master = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(*master >= 0);
    assert_int_equal(grantpt(*master), 0);
    assert_int_equal(unlockpt(*master), 0);
    *slave = open(ptsname(*master), O_RDWR | O_NOCTTY);
    assert_true(*slave >= 0);
}

static void console_init(struct console *c)
{
    int ends[2];

    memset(c, 0, sizeof *c);
    assert_int_equal(gnt_mem_init(&c->host.mem, NULL, NULL), 0);
    gnt_limits_defaults(&c->host.limits);
    open_terminal(&c->master, &c->slave);
    assert_int_equal(tcgetattr(c->slave, &c->before), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    c->process = ends[0];
    c->end = ends[1];
    assert_int_equal(gantry_stream_new(&c->host, &socket_ops, c, &c->stream, NULL), 0);
    c->stdio =
        (gantry_stdio){ .size = sizeof c->stdio, .in = c->slave, .out = c->slave, .err = c->slave };
    c->call = (gantry_call){ .size = sizeof c->call, .timeout_ms = 60000 };
    c->plan = (struct gnt_stdio_plan){ .host = &c->host,
                                       .stdio = &c->stdio,
                                       .call = &c->call,
                                       .stream = c->stream,
                                       .detach_keys = "ctrl-p,ctrl-q",
                                       .tty = 1,
                                       .resize = take_size,
                                       .resize_arg = c };
    c->out_end = -1;
}

static void console_free(struct console *c)
{
    gantry_stream_close(c->stream);
    if (c->process >= 0)
        close(c->process);
    close(c->slave);
    close(c->master);
}

static void *run_pump(void *arg)
{
    struct console *c = arg;

    c->rc = gnt_stdio_pump(&c->plan, &c->out_end, &c->err);
    return NULL;
}

static void go(struct console *c)
{
    assert_int_equal(pthread_create(&c->thread, NULL, run_pump, c), 0);
}

static void join(struct console *c)
{
    assert_int_equal(pthread_join(c->thread, NULL), 0);
}

static void hang_up(struct console *c)
{
    close(c->process);
    c->process = -1;
}

static int is_raw(int slave)
{
    struct termios now;

    assert_int_equal(tcgetattr(slave, &now), 0);
    return (now.c_lflag & (ICANON | ECHO | ISIG)) == 0;
}

/* What others do in their time. */
#define UNTIL(condition)                                                                           \
    do {                                                                                           \
        int until_left = 20000;                                                                    \
        while (!(condition) && until_left-- > 0)                                                   \
            (void)poll(NULL, 0, 1);                                                                \
        assert_true(condition);                                                                    \
    } while (0)

static void assert_restored(const struct console *c)
{
    struct termios now;

    assert_int_equal(tcgetattr(c->slave, &now), 0);
    assert_int_equal(now.c_iflag, c->before.c_iflag);
    assert_int_equal(now.c_oflag, c->before.c_oflag);
    assert_int_equal(now.c_cflag, c->before.c_cflag);
    assert_int_equal(now.c_lflag, c->before.c_lflag);
    assert_memory_equal(now.c_cc, c->before.c_cc, sizeof now.c_cc);
}

static void put_text(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

/* So many bytes, whatever pieces they come in. */
static void expect(int fd, const char *text)
{
    size_t size = strlen(text);
    char got[256];
    size_t at = 0;

    while (at < size) {
        ssize_t n = read(fd, got + at, size - at);

        assert_true(n > 0);
        at += (size_t)n;
    }
    assert_memory_equal(got, text, size);
}

/* ---- the terminal's mode --------------------------------------------------------------------- */

static void raw_meanwhile_and_back(void **state)
{
    struct console c;

    (void)state;
    console_init(&c);
    go(&c);
    UNTIL(is_raw(c.slave));
    put_text(c.master, "ab\x03\x04\r"); /* no signal, no end, no newline */
    expect(c.process, "ab\x03\x04\r");
    put_text(c.process, "out\n");
    expect(c.master, "out\n"); /* the process's own terminal makes \r\n */
    hang_up(&c);
    join(&c);
    assert_int_equal(c.rc, 0);
    assert_int_equal(c.out_end, GANTRY_END_PROCESS);
    assert_restored(&c);
    console_free(&c);
}

static void back_after_a_failure(void **state)
{
    struct console c;

    (void)state;
    console_init(&c);
    go(&c);
    UNTIL(is_raw(c.slave));
    atomic_store(&c.break_it, 1);
    put_text(c.process, "x"); /* wakes it */
    join(&c);
    assert_int_equal(c.rc, GANTRY_E_TRUNCATED);
    assert_string_equal(c.err.message, "broken for the test");
    assert_int_equal(c.out_end, -1);
    assert_restored(&c);
    console_free(&c);
}

static void back_after_cancel_and_deadline(void **state)
{
    struct console c;

    (void)state;
    console_init(&c);
    assert_int_equal(gantry_cancel_new(&c.call.cancel, NULL), 0);
    go(&c);
    UNTIL(is_raw(c.slave));
    gantry_cancel_trigger(c.call.cancel);
    join(&c);
    assert_int_equal(c.rc, GANTRY_E_CANCELLED);
    assert_restored(&c);
    gantry_cancel_free(c.call.cancel);
    c.call.cancel = NULL;
    c.call.timeout_ms = 20;
    go(&c);
    join(&c);
    assert_int_equal(c.rc, GANTRY_E_TIMEOUT);
    assert_restored(&c);
    console_free(&c);
}

static void left_alone_when_asked_or_without_a_terminal(void **state)
{
    struct console c;

    (void)state;
    console_init(&c);
    c.stdio.raw = GANTRY_OFF;
    go(&c);
    put_text(c.master, "line\n");
    expect(c.process, "line\n");
    assert_false(is_raw(c.slave));
    assert_restored(&c);
    hang_up(&c);
    join(&c);
    assert_int_equal(c.rc, 0);
    console_free(&c);

    console_init(&c); /* the process has none */
    c.plan.tty = 0;
    go(&c);
    put_text(c.master, "line\x10\n");
    expect(c.process, "line\x10\n");
    assert_false(is_raw(c.slave));
    hang_up(&c);
    join(&c);
    assert_int_equal(c.rc, 0);
    console_free(&c);
}

static void own_handler(int number)
{
    (void)number;
    _exit(7);
}

/* In a child whose terminal is watched from here. */
static void check_signal(int number, int signals, int own, int restored)
{
    struct console c;
    int status;
    pid_t child;

    console_init(&c);
    c.stdio.signals = signals;
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct sigaction action = { .sa_handler = own ? own_handler : SIG_DFL };

        (void)setsid();
        sigaction(number, &action, NULL);
        (void)gnt_stdio_pump(&c.plan, &c.out_end, NULL);
        _exit(1);
    }
    UNTIL(is_raw(c.slave));
    assert_int_equal(kill(child, number), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (own) {
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 7);
    } else {
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), number);
    }
    if (restored)
        assert_restored(&c);
    else
        assert_true(is_raw(c.slave));
    console_free(&c);
}

static void signals_restore_before_they_end(void **state)
{
    static const int numbers[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };

    (void)state;
    for (size_t i = 0; i < 4; i++)
        check_signal(numbers[i], 0, 0, 1);
    check_signal(SIGTERM, GANTRY_OFF, 0, 0);
    check_signal(SIGTERM, 0, 1, 0); /* the program's own handler is left alone */
}

static void handlers_go_and_one_guard_is_all(void **state)
{
    struct gnt_terminal first;
    struct gnt_terminal second;
    struct sigaction now;
    struct console a;
    struct console b;

    (void)state;
    console_init(&a);
    console_init(&b);
    assert_int_equal(gnt_terminal_raw(&first, a.slave, 1, NULL), 0);
    assert_int_equal(sigaction(SIGTERM, NULL, &now), 0);
    assert_true(now.sa_handler != SIG_DFL);
    assert_int_equal(gnt_terminal_raw(&second, b.slave, 1, NULL), 0);
    assert_true(first.guarded);
    assert_false(second.guarded);
    gnt_terminal_restore(&first);
    assert_restored(&a);
    assert_true(is_raw(b.slave));
    assert_int_equal(sigaction(SIGTERM, NULL, &now), 0);
    assert_true(now.sa_handler == SIG_DFL);
    gnt_terminal_restore(&second);
    assert_restored(&b);
    gnt_terminal_restore(&second); /* nothing left to do */
    assert_int_equal(gnt_terminal_raw(&first, a.process, 1, &a.err), GANTRY_E_IO);
    assert_int_equal(a.err.os_error, ENOTTY);
    console_free(&a);
    console_free(&b);
}

/* ---- size ------------------------------------------------------------------------------------ */

static void set_size(const struct console *c, unsigned short columns, unsigned short rows)
{
    struct winsize size = { .ws_col = columns, .ws_row = rows };

    assert_int_equal(ioctl(c->master, TIOCSWINSZ, &size), 0);
}

static void window_changes_are_seen(void **state)
{
    struct console c;

    (void)state;
    console_init(&c);
    set_size(&c, 80, 24);
    atomic_store(&c.refuse, 2); /* a process that has just started takes none */
    go(&c);
    UNTIL(atomic_load(&c.sizes) == 1);
    assert_int_equal(atomic_load(&c.columns), 80);
    assert_int_equal(atomic_load(&c.rows), 24);
    set_size(&c, 132, 50);
    UNTIL(atomic_load(&c.sizes) == 2);
    assert_int_equal(atomic_load(&c.columns), 132);
    assert_int_equal(atomic_load(&c.rows), 50);
    hang_up(&c);
    join(&c);
    assert_int_equal(c.rc, 0);
    console_free(&c);

    console_init(&c);
    set_size(&c, 80, 24);
    c.stdio.resize = GANTRY_OFF;
    go(&c);
    UNTIL(is_raw(c.slave));
    hang_up(&c);
    join(&c);
    assert_int_equal(atomic_load(&c.sizes), 0);
    console_free(&c);
}

/* ---- keys in the pump ------------------------------------------------------------------------ */

static void detach_keys_leave(void **state)
{
    struct console c;
    char rest[8];

    (void)state;
    console_init(&c);
    go(&c);
    UNTIL(is_raw(c.slave));
    put_text(c.master, "a\x10"
                       "b\x10\x11");
    join(&c);
    assert_int_equal(c.rc, 0);
    assert_int_equal(c.out_end, GANTRY_END_DETACHED);
    expect(c.process, "a\x10"
                      "b"); /* what came before is sent */
    assert_int_equal(recv(c.process, rest, sizeof rest, MSG_DONTWAIT), -1);
    assert_restored(&c);
    console_free(&c);

    console_init(&c);
    c.stdio.detach_keys = "ctrl-a,d";
    go(&c);
    UNTIL(is_raw(c.slave));
    put_text(c.master, "\x10\x11");
    expect(c.process, "\x10\x11");
    put_text(c.master, "\x01"
                       "d");
    join(&c);
    assert_int_equal(c.out_end, GANTRY_END_DETACHED);
    console_free(&c);
}

/* ---- without a terminal ---------------------------------------------------------------------- */

static void make_pipe(int ends[2])
{
    assert_int_equal(pipe(ends), 0);
}

static void the_end_of_input_is_a_half_close(void **state)
{
    struct console c;
    char byte;
    int in[2];
    int out[2];
    int flags;

    (void)state;
    console_init(&c);
    make_pipe(in);
    make_pipe(out);
    flags = fcntl(in[0], F_GETFL);
    c.plan.tty = 0;
    c.stdio.in = in[0];
    c.stdio.out = out[1];
    c.stdio.err = -1;
    go(&c);
    put_text(in[1], "data");
    expect(c.process, "data");
    close(in[1]);
    assert_int_equal(read(c.process, &byte, 1), 0); /* the process sees the end */
    put_text(c.process, "answer");                  /* and may still speak */
    expect(out[0], "answer");
    assert_int_equal(fcntl(in[0], F_GETFL), flags);
    assert_int_equal(fcntl(out[1], F_GETFL) & O_NONBLOCK, 0);
    hang_up(&c);
    join(&c);
    assert_int_equal(c.rc, 0);
    close(in[0]);
    close(out[0]);
    close(out[1]);
    console_free(&c);
}

static void the_end_of_input_is_typed_to_a_terminal(void **state)
{
    static const char *const rows[][2] = { { "line\n", "line\n\4" },
                                           { "no line", "no line\4\4" },
                                           { "", "\4" } };
    struct console c;
    int in[2];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        console_init(&c);
        make_pipe(in);
        c.stdio.in = in[0];
        c.stdio.out = -1;
        put_text(in[1], rows[i][0]);
        close(in[1]);
        go(&c);
        expect(c.process, rows[i][1]);
        put_text(c.process, "dropped");
        hang_up(&c);
        join(&c);
        assert_int_equal(c.rc, 0);
        close(in[0]);
        console_free(&c);
    }
}

static void a_reader_that_is_gone_is_no_signal(void **state)
{
    struct console c;
    int out[2];

    (void)state;
    console_init(&c);
    make_pipe(out);
    close(out[0]);
    c.stdio.in = -1;
    c.stdio.out = out[1];
    go(&c);
    put_text(c.process, "nobody hears");
    join(&c);
    assert_int_equal(c.rc, GANTRY_E_IO);
    assert_int_equal(c.err.os_error, EPIPE);
    close(out[1]);
    console_free(&c);
}

/* A process that does not read any more ends nothing. */
static void input_that_nobody_takes_is_dropped(void **state)
{
    struct console c;
    int in[2];
    int out[2];

    (void)state;
    console_init(&c);
    make_pipe(in);
    make_pipe(out);
    c.plan.tty = 0;
    c.stdio.in = in[0];
    c.stdio.out = out[1];
    assert_int_equal(shutdown(c.process, SHUT_RD), 0);
    put_text(in[1], "unread");
    go(&c);
    put_text(c.process, "spoken");
    expect(out[0], "spoken");
    hang_up(&c);
    join(&c);
    assert_int_equal(c.rc, 0);
    close(in[0]);
    close(in[1]);
    close(out[0]);
    close(out[1]);
    console_free(&c);
}

enum {
    FLOOD = 4 * 1024 * 1024
};

static void *echo(void *arg)
{
    const struct console *c = arg;
    char piece[4096];
    ssize_t got;

    while ((got = read(c->process, piece, sizeof piece)) > 0) {
        for (ssize_t at = 0; at < got;) {
            ssize_t n = write(c->process, piece + at, (size_t)(got - at));

            assert_true(n > 0);
            at += n;
        }
    }
    (void)shutdown(c->process, SHUT_WR);
    return NULL;
}

static void *flood(void *arg)
{
    int fd = *(int *)arg;
    unsigned char piece[8192];

    for (size_t at = 0; at < FLOOD; at += sizeof piece) {
        for (size_t i = 0; i < sizeof piece; i++)
            piece[i] = (unsigned char)((at + i) % 251);
        for (size_t sent = 0; sent < sizeof piece;) {
            ssize_t n = write(fd, piece + sent, sizeof piece - sent);

            assert_true(n > 0);
            sent += (size_t)n;
        }
    }
    (void)shutdown(fd, SHUT_WR);
    return NULL;
}

/* One descriptor for both ways, and a peer that reads only now and then: nobody waits for ever. */
static void both_ways_over_one_descriptor(void **state)
{
    struct console c;
    unsigned char piece[1000];
    pthread_t echoing;
    pthread_t flooding;
    size_t at = 0;
    ssize_t got;
    int ends[2];

    (void)state;
    console_init(&c);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    c.plan.tty = 0;
    c.stdio.in = ends[0];
    c.stdio.out = ends[0];
    c.stdio.err = -1;
    assert_int_equal(pthread_create(&echoing, NULL, echo, &c), 0);
    assert_int_equal(pthread_create(&flooding, NULL, flood, &ends[1]), 0);
    go(&c);
    while (at < FLOOD && (got = read(ends[1], piece, sizeof piece)) > 0) {
        for (ssize_t i = 0; i < got; i++, at++) {
            if (piece[i] != at % 251)
                fail_msg("byte %zu is wrong", at);
        }
    }
    assert_int_equal(at, FLOOD);
    pthread_join(flooding, NULL);
    pthread_join(echoing, NULL);
    join(&c);
    assert_int_equal(c.rc, 0);
    close(ends[0]);
    close(ends[1]);
    console_free(&c);
}

static int count_alarm(void *arg, int64_t *at_ns, gantry_error *err)
{
    struct console *c = arg;

    (void)err;
    *at_ns = 0;
    atomic_fetch_add(&c->alarms, 1);
    return 0;
}

static void the_alarm_comes_once(void **state)
{
    struct console c;
    struct gnt_alarm alarm = { .ring = count_alarm, .arg = &c };

    (void)state;
    console_init(&c);
    alarm.at_ns = gantry_clock_ns() + 5000000;
    c.plan.alarm = &alarm;
    go(&c);
    UNTIL(atomic_load(&c.alarms) == 1);
    put_text(c.process, "x");
    expect(c.master, "x");
    hang_up(&c);
    join(&c);
    assert_int_equal(c.rc, 0);
    assert_int_equal(atomic_load(&c.alarms), 1);
    console_free(&c);
}

/* ---- arguments ------------------------------------------------------------------------------- */

static void arguments_are_checked(void **state)
{
    static const gantry_stdio bad[] = {
        { .size = sizeof(gantry_stdio), .in = -1, .out = -1, .err = -1 },
        { .size = sizeof(gantry_stdio), .in = -2, .out = 1, .err = 2 },
        { .size = sizeof(gantry_stdio), .in = 0, .out = 1, .err = 9999 },
        { .size = sizeof(gantry_stdio), .in = 0, .out = 1, .err = 2, .raw = 2 },
        { .size = sizeof(gantry_stdio), .in = 0, .out = 1, .err = 2, .resize = -3 },
        { .size = sizeof(gantry_stdio), .in = 0, .out = 1, .err = 2, .signals = 5 },
        { .size = sizeof(gantry_stdio), .in = 0, .out = 1, .err = 2, .detach_keys = "ctrl-" },
        { .size = 0, .in = 0, .out = 1, .err = 2 },
    };
    static const gantry_stdio good = { .size = sizeof good, .in = -1, .out = 1, .err = -1 };
    gantry_stdio o;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(gnt_stdio_import(&bad[i], &o, NULL), GANTRY_E_INVALID);
    assert_int_equal(gnt_stdio_import(NULL, &o, NULL), GANTRY_E_INVALID);
    assert_int_equal(gnt_stdio_import(&good, &o, NULL), 0);
    assert_int_equal(o.out, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notation_of_keys),
        cmocka_unit_test(keys_are_watched_for),
        cmocka_unit_test(raw_meanwhile_and_back),
        cmocka_unit_test(back_after_a_failure),
        cmocka_unit_test(back_after_cancel_and_deadline),
        cmocka_unit_test(left_alone_when_asked_or_without_a_terminal),
        cmocka_unit_test(signals_restore_before_they_end),
        cmocka_unit_test(handlers_go_and_one_guard_is_all),
        cmocka_unit_test(window_changes_are_seen),
        cmocka_unit_test(detach_keys_leave),
        cmocka_unit_test(the_end_of_input_is_a_half_close),
        cmocka_unit_test(the_end_of_input_is_typed_to_a_terminal),
        cmocka_unit_test(a_reader_that_is_gone_is_no_signal),
        cmocka_unit_test(input_that_nobody_takes_is_dropped),
        cmocka_unit_test(both_ways_over_one_descriptor),
        cmocka_unit_test(the_alarm_comes_once),
        cmocka_unit_test(arguments_are_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
