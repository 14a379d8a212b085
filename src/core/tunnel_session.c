/*
 * Where nothing may be forwarded: each connection is a session of the master's, whose input and
 * output are one end of a socket pair. It ends when the other end is closed, or the master ends.
 */
#include "tunnel_impl.h"

#include "process.h"
#include "tunnel_words.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    NOISE_MAX = 64 * 1024, /* of a login, before the mark */
    LINE_MAX_SIZE = 256,
    PAUSE_MS = 50, /* where all sessions are taken, doubled up to */
    PAUSE_MOST_MS = 800,
    SAID_MAX = 2048
};

/* ---- processes ------------------------------------------------------------------------------- */

static int make_room(struct gnt_tunnel *t)
{
    size_t room = t->session_room > 0 ? 2 * t->session_room : 8;
    pid_t *more;

    if (t->session_count < t->session_room)
        return 0;
    more = gnt_realloc(&t->host->mem, t->sessions, room * sizeof *more);
    if (more == NULL)
        return -1;
    t->sessions = more;
    t->session_room = room;
    return 0;
}

static pid_t reap_one(pid_t pid, int flags)
{
    pid_t got;

    do {
        got = waitpid(pid, NULL, flags);
    } while (got < 0 && errno == EINTR);
    return got;
}

void gnt_tunnel_sessions_reap(struct gnt_tunnel *t, int all)
{
    size_t kept = 0;

    for (size_t i = 0; i < t->session_count; i++) {
        pid_t pid = t->sessions[i];
        pid_t got = reap_one(pid, WNOHANG);

        if (got == 0 && all) {
            kill(-pid, SIGKILL); /* it lives, so the number is its own */
            got = reap_one(pid, 0);
        }
        if (got == 0)
            t->sessions[kept++] = pid;
    }
    t->session_count = kept;
}

static int open_log(const char *directory)
{
    char path[GNT_SUPERVISED_DIRECTORY + 8];
    int fd;

    snprintf(path, sizeof path, "%s/log", directory);
    fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && gnt_away_from(&fd, 3) < 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static int spawn(struct gnt_tunnel *t, const char *directory, const char *path, int end,
                 gantry_error *err)
{
    struct gnt_tunnel_command command;
    struct gnt_arena arena;
    const char *remote;
    int log = open_log(directory);
    int fds[3] = { end, end, log >= 0 ? log : end };
    pid_t pid;
    int rc = 0;

    gnt_arena_init(&arena, &t->host->mem);
    remote = gnt_remote_dial(&arena, t->plan.remote_program, t->plan.engine, path);
    gnt_tunnel_session(&command, &arena, &t->plan, directory, remote);
    pthread_mutex_lock(&t->lock);
    gnt_tunnel_sessions_reap(t, 0);
    if (command.failed || make_room(t) < 0)
        rc = gnt_nomem(err);
    if (rc == 0 && log < 0)
        rc = ENOENT; /* the master has just gone */
    else if (rc == 0)
        rc = gnt_spawn_apart(t->plan.program, command.argv, t->environment, fds, 3, &pid);
    if (rc == 0)
        t->sessions[t->session_count++] = pid;
    else if (rc > 0)
        rc = gnt_fail_errno(err, log < 0 ? GANTRY_E_SSH : GANTRY_E_IO, rc, "cannot start %s",
                            t->plan.program);
    pthread_mutex_unlock(&t->lock);
    if (log >= 0)
        close(log);
    gnt_arena_free(&arena);
    return rc;
}

/* ---- the mark -------------------------------------------------------------------------------- */

static int wait_readable(int fd, const struct gnt_clock *clock, gantry_error *err)
{
    struct pollfd fds[2] = { { fd, POLLIN, 0 }, { gantry_cancel_fd(clock->cancel), POLLIN, 0 } };
    int rc = gnt_clock_check(clock, err);

    if (rc == 0 && poll(fds, 2, gnt_clock_wait_ms(clock, -1)) < 0 && errno != EINTR)
        rc = gnt_fail_errno(err, GANTRY_E_IO, errno, "waiting failed");
    return rc;
}

/* Take one byte: 1, 0 at the end, or a code. Not more, for what follows the mark is not ours. */
static int take_byte(int fd, char *out, const struct gnt_clock *clock, gantry_error *err)
{
    for (;;) {
        ssize_t got = recv(fd, out, 1, MSG_DONTWAIT);
        int rc;

        if (got >= 0)
            return (int)got;
        if (errno != EAGAIN && errno != EINTR)
            return 0;
        rc = wait_readable(fd, clock, err);
        if (rc < 0)
            return rc;
    }
}

/* Read to a mark: 1 when the bytes begin, 0 at the end, UNAVAILABLE where there is no program. */
static int read_mark(const struct gnt_tunnel *t, int fd, const struct gnt_clock *clock,
                     gantry_error *err)
{
    char line[LINE_MAX_SIZE];
    size_t size = 0;
    int rc;

    for (int i = 0; i < NOISE_MAX; i++) {
        char c;

        rc = take_byte(fd, &c, clock, err);
        if (rc <= 0)
            return rc;
        if (c != '\n') {
            if (c != '\r' && size < sizeof line - 1)
                line[size++] = c;
            continue;
        }
        line[size] = '\0';
        size = 0;
        if (strcmp(line, GNT_REMOTE_BEGINS) == 0)
            return 1;
        if (strcmp(line, GNT_REMOTE_NOTHING) == 0)
            return gnt_fail(err, GANTRY_E_UNAVAILABLE,
                            "ssh to %s: nothing may be forwarded there, and there is no program %s "
                            "for dial-stdio",
                            t->plan.name,
                            t->plan.remote_program != NULL ? t->plan.remote_program
                                                           : "of an engine");
    }
    return gnt_fail(err, GANTRY_E_SSH,
                    "ssh to %s: its login prints more than %d bytes, and not what was asked for",
                    t->plan.name, NOISE_MAX);
}

/* ---- opening --------------------------------------------------------------------------------- */

static int make_pair(int ends[2], gantry_error *err)
{
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
        ends[0] = ends[1] = -1;
        return gnt_fail_errno(err, GANTRY_E_IO, errno, "socketpair");
    }
    if (gnt_away_from(&ends[0], 3) < 0 || gnt_away_from(&ends[1], 3) < 0)
        return gnt_fail_errno(err, GANTRY_E_IO, errno, "fcntl");
    return 0;
}

/* 1, 0 when it ended before it began, or a code. */
static int open_once(struct gnt_tunnel *t, const char *directory, const char *path,
                     const struct gnt_clock *clock, int *out_fd, gantry_error *err)
{
    int ends[2];
    int rc = make_pair(ends, err);

    if (rc == 0)
        rc = spawn(t, directory, path, ends[1], err);
    if (ends[1] >= 0)
        close(ends[1]);
    if (rc == 0)
        rc = read_mark(t, ends[0], clock, err);
    if (rc == 1)
        *out_fd = ends[0];
    else if (ends[0] >= 0)
        close(ends[0]);
    return rc;
}

static void read_words(const char *directory, off_t from, char said[SAID_MAX])
{
    struct gnt_supervised s;

    gnt_supervised_init(&s);
    snprintf(s.directory, sizeof s.directory, "%s", directory);
    gnt_supervised_words(&s, from, said, SAID_MAX);
}

static off_t count_words(const char *directory)
{
    struct gnt_supervised s;

    gnt_supervised_init(&s);
    snprintf(s.directory, sizeof s.directory, "%s", directory);
    return gnt_supervised_said(&s);
}

int gnt_tunnel_session_open(struct gnt_tunnel *t, const char *directory, const char *path,
                            const struct gnt_clock *clock, int *out_fd, gantry_error *err)
{
    struct gnt_clock waiting = *clock;
    int pause_ms = PAUSE_MS;
    char said[SAID_MAX];
    const char *plain;
    int rc;

    for (;;) {
        off_t before = count_words(directory);

        rc = open_once(t, directory, path, clock, out_fd, err);
        if (rc != 0)
            return rc < 0 ? rc : 0;
        read_words(directory, before, said);
        if (gnt_tunnel_meaning(said, &plain) != GNT_SSH_SESSIONS)
            return gnt_tunnel_failed(err, t->plan.name, said);
        /* One of the others may end. */
        rc = gnt_clock_pause(&waiting, pause_ms, err);
        if (rc < 0)
            break;
        pause_ms = pause_ms * 2 < PAUSE_MOST_MS ? pause_ms * 2 : PAUSE_MOST_MS;
    }
    return rc == GANTRY_E_TIMEOUT ? gnt_tunnel_failed(err, t->plan.name, said) : rc;
}
