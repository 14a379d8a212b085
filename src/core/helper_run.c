/*
 * See helper_run.h. No signal handler, no thread: pipes are polled, the child is waited for by its
 * own number. This process keeps the read end of the child's input until all is written, so that a
 * child that does not read cannot cause a SIGPIPE.
 */
#include "helper_run.h"

#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    LOOK_MS = 50, /* how often a child is looked for whose output stays open */
    REAP_MS = 2,
    PIECES = 32 /* of complaints read at once: the limits are looked at in between */
};

enum {
    READ_END,
    WRITE_END
};

struct running {
    struct gnt_helper_run *run;
    struct gnt_clock call;
    struct gnt_clock own; /* the helper's own limit */
    int in[2];
    int out[2];
    int complaints[2];
    size_t written;
    size_t complained;
    pid_t pid;
    int reaped;
};

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void close_all(struct running *r)
{
    for (size_t i = 0; i < 2; i++) {
        close_end(&r->in[i]);
        close_end(&r->out[i]);
        close_end(&r->complaints[i]);
    }
}

/* ---- starting -------------------------------------------------------------------------------- */

static int make_pipe(int ends[2], int ours)
{
    if (gnt_pipe(ends, 3) < 0)
        return -1;
    return fcntl(ends[ours], F_SETFL, O_NONBLOCK);
}

static int start(struct running *r, gantry_error *err)
{
    const struct gnt_helper_run *run = r->run;
    const char *const two[] = { run->name, run->verb, NULL };
    const char *const *argv = run->argv != NULL ? run->argv : two;
    int fds[3];
    int rc;

    if (make_pipe(r->in, WRITE_END) < 0 || make_pipe(r->out, READ_END) < 0 ||
        make_pipe(r->complaints, READ_END) < 0)
        return gnt_fail_errno(err, GANTRY_E_IO, errno, "no pipe for %s", run->name);
    fds[0] = r->in[READ_END];
    fds[1] = r->out[WRITE_END];
    fds[2] = r->complaints[WRITE_END];
    rc = gnt_spawn(run->program, argv, run->environment, fds, 3, &r->pid);
    if (rc != 0)
        return gnt_fail_errno(err, GANTRY_E_IO, rc, "cannot start %s", run->program);
    close_end(&r->out[WRITE_END]);
    close_end(&r->complaints[WRITE_END]);
    return 0;
}

/* ---- moving bytes ---------------------------------------------------------------------------- */

static void write_input(struct running *r)
{
    const struct gnt_helper_run *run = r->run;

    while (r->written < run->input_size) {
        ssize_t n = write(r->in[WRITE_END], (const char *)run->input + r->written,
                          run->input_size - r->written);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0)
            break;
        r->written += (size_t)n;
    }
    close_end(&r->in[WRITE_END]);
    close_end(&r->in[READ_END]);
}

/* 1 at its end. */
static int read_output(struct running *r, int *rc)
{
    char piece[4096];
    ssize_t n;
    int ended = 0;

    do {
        n = read(r->out[READ_END], piece, sizeof piece);
        if (n > 0)
            *rc = gnt_buf_add(&r->run->output, piece, (size_t)n);
        else if (n == 0 || (errno != EINTR && errno != EAGAIN))
            ended = 1;
    } while (*rc == 0 && !ended && (n > 0 || errno == EINTR));
    gnt_wipe(piece, sizeof piece);
    return ended;
}

static void read_complaints(struct running *r)
{
    char piece[512];
    ssize_t n;
    int left = PIECES;

    do {
        n = read(r->complaints[READ_END], piece, sizeof piece);
        for (ssize_t i = 0; i < n && r->complained < sizeof r->run->complaint - 1; i++)
            r->run->complaint[r->complained++] = piece[i];
    } while (--left > 0 && (n > 0 || (n < 0 && errno == EINTR)));
    if (n == 0)
        close_end(&r->complaints[READ_END]);
    gnt_wipe(piece, sizeof piece);
}

/* ---- its end --------------------------------------------------------------------------------- */

/* Collect the child if it has ended. */
static int ended(struct running *r)
{
    int status = 0;
    pid_t got = r->reaped ? r->pid : waitpid(r->pid, &status, WNOHANG);

    if (r->reaped || got == 0 || (got < 0 && errno == EINTR))
        return r->reaped;
    r->reaped = 1;
    if (got < 0) /* ECHILD: the program ignores or collects its children itself */
        r->run->status = -1;
    else
        r->run->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return 1;
}

static void kill_child(struct running *r)
{
    if (ended(r))
        return;
    kill(-r->pid, SIGKILL);
    while (waitpid(r->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    r->reaped = 1;
}

static int check_limits(const struct running *r, gantry_error *err)
{
    int rc = gnt_clock_check(&r->call, err);

    if (rc == 0 && gnt_clock_check(&r->own, NULL) < 0)
        rc = gnt_fail(err, GANTRY_E_TIMEOUT, "%s did not end within %" PRId64 " ms", r->run->name,
                      r->run->timeout_ms);
    return rc;
}

/* Wait for something to do, the child's end included. */
static void wait_for_it(const struct running *r, int ms)
{
    struct pollfd fds[4] = { { r->in[WRITE_END], POLLOUT, 0 },
                             { r->out[READ_END], POLLIN, 0 },
                             { r->complaints[READ_END], POLLIN, 0 },
                             { gantry_cancel_fd(r->call.cancel), POLLIN, 0 } };

    ms = gnt_clock_wait_ms(&r->call, ms);
    (void)poll(fds, 4, gnt_clock_wait_ms(&r->own, ms));
}

/* Until it has ended. What a child of its own holds open is not waited for. */
static int follow(struct running *r, gantry_error *err)
{
    int done = 0;
    int rc = 0;

    while (rc == 0 && !done) {
        if (r->in[WRITE_END] >= 0)
            write_input(r);
        if (r->complaints[READ_END] >= 0)
            read_complaints(r);
        if (r->out[READ_END] >= 0 && read_output(r, &rc))
            close_end(&r->out[READ_END]);
        if (rc == GANTRY_E_LIMIT)
            rc = gnt_fail(err, rc, "%s gave more than %zu bytes", r->run->name, r->run->output.max);
        else if (rc < 0)
            rc = gnt_nomem(err);
        /* Once more after its end: it may have written since. */
        if (rc < 0 || r->reaped)
            break;
        if (ended(r))
            continue;
        rc = check_limits(r, err);
        if (rc == 0)
            wait_for_it(r, r->out[READ_END] < 0 ? REAP_MS : LOOK_MS);
    }
    return rc;
}

int gnt_helper_run(struct gnt_helper_run *run, gantry_error *err)
{
    struct running r = {
        .run = run, .in = { -1, -1 }, .out = { -1, -1 }, .complaints = { -1, -1 }, .pid = -1
    };
    int rc;

    run->complaint[0] = '\0';
    gnt_clock_start(&r.call, run->call, 0);
    gnt_clock_start(&r.own, NULL, run->timeout_ms);
    rc = check_limits(&r, err);
    if (rc == 0)
        rc = start(&r, err);
    if (rc == 0)
        rc = follow(&r, err);
    if (rc < 0 && r.pid > 0)
        kill_child(&r);
    run->complaint[r.complained] = '\0';
    close_all(&r);
    return rc;
}
