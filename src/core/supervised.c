/*
 * The program is the child of a small shell that holds the read end of a pipe, whose write end is
 * here. When this process ends - in order or killed - the pipe closes, the shell ends the program,
 * waits for it and removes the private directory. So nothing leaks, without a signal handler, a
 * helper thread or PR_SET_PDEATHSIG (which fires when the *thread* that forked ends).
 *
 * A program that has nothing to put in order is not asked to end: one that hangs would not listen,
 * and nobody is there to lose patience once this process is gone. With it goes all that it started,
 * which is in the shell's process group: the shell leads it, and ends itself by that signal.
 */
#include "supervised.h"

#include "host.h"
#include "process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    STOP_MS = 10000, /* for an orderly end */
    KILL_MS = 500,   /* for one that is not asked; then it is done from here */
    STOP_STEP_MS = 5,
    LOG_MOST = 1024 * 1024,
    HEAD = 5 /* of the shell's command, before the program's */
};

/* $1 is the directory, the rest the command. Only the program keeps its output and descriptor 3, so
 * that its end shows there. Then comes a line from us, or the end of the process that holds the
 * other end. */
#define START                                                                                      \
    "dir=$1; shift\n"                                                                              \
    "\"$@\" </dev/null &\n"                                                                        \
    "child=$!\n"                                                                                   \
    "exec >/dev/null 3>&-\n"                                                                       \
    "read -r line\n"

static const char supervisor[] = START "kill \"$child\" 2>/dev/null\n"
                                       "wait \"$child\"\n"
                                       "rm -rf \"$dir\"\n";

static const char supervisor_of_all[] = START "kill -s KILL \"$child\" 2>/dev/null\n"
                                              "wait \"$child\"\n"
                                              "rm -rf \"$dir\"\n"
                                              "kill -s KILL 0\n";

void gnt_supervised_init(struct gnt_supervised *s)
{
    s->pid = 0;
    s->lifeline = -1;
    s->directory[0] = '\0';
}

/* ---- the private directory ------------------------------------------------------------------- */

static int is_plain(const char *path)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-";

    return path != NULL && path[0] == '/' && path[strspn(path, plain)] == '\0';
}

int gnt_supervised_directory(struct gnt_supervised *s, const struct gnt_environment *env,
                             const char *purpose, gantry_error *err)
{
    const char *const parents[] = { env->runtime_dir, env->tmpdir, "/tmp" };
    int saved = ENOENT;

    for (size_t i = 0; i < sizeof parents / sizeof parents[0]; i++) {
        int n;

        if (!is_plain(parents[i]))
            continue;
        n = snprintf(s->directory, sizeof s->directory, "%s/gantry-XXXXXX", parents[i]);
        if (n < 0 || (size_t)n >= sizeof s->directory)
            continue;
        if (mkdtemp(s->directory) != NULL)
            return 0;
        saved = errno;
    }
    s->directory[0] = '\0';
    return gnt_fail_errno(err, GANTRY_E_IO, saved, "no directory for %s", purpose);
}

/* What the shell did not come to: it was killed, or never was. */
static void remove_directory(const struct gnt_supervised *s)
{
    const struct dirent *entry;
    DIR *folder = s->directory[0] != '\0' ? opendir(s->directory) : NULL;

    if (folder == NULL)
        return;
    while ((entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            (void)unlinkat(dirfd(folder), entry->d_name, 0);
    }
    closedir(folder);
    rmdir(s->directory);
}

/* ---- starting -------------------------------------------------------------------------------- */

static int make_lifeline(int ends[2])
{
    /* A socket, so that an end can be said besides being seen: a forked child may hold a copy. */
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
        ends[0] = ends[1] = -1;
        return errno;
    }
    if (gnt_away_from(&ends[0], GNT_SUPERVISED_FDS) < 0 ||
        gnt_away_from(&ends[1], GNT_SUPERVISED_FDS) < 0)
        return errno;
    return 0;
}

/* For writing, made if need be. */
static int open_output(const char *name, int *out_fd)
{
    *out_fd = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    return *out_fd < 0 || gnt_away_from(out_fd, GNT_SUPERVISED_FDS) < 0 ? errno : 0;
}

static void log_name(const struct gnt_supervised *s, char path[GNT_SUPERVISED_DIRECTORY + 8])
{
    snprintf(path, GNT_SUPERVISED_DIRECTORY + 8, "%s/log", s->directory);
}

static int spawn(struct gnt_supervised *s, const char *name, const char *const *command,
                 const char *const *environment, int fds[GNT_SUPERVISED_FDS])
{
    const char *argv[HEAD + GNT_SUPERVISED_WORDS + 1] = { "sh", "-c",
                                                          s->whole ? supervisor_of_all : supervisor,
                                                          name, s->directory };
    size_t count = 0;

    for (; command[count] != NULL; count++) {
        if (count == GNT_SUPERVISED_WORDS)
            return E2BIG;
        argv[HEAD + count] = command[count];
    }
    return gnt_spawn_apart("/bin/sh", argv, environment, fds, fds[3] >= 0 ? 4 : 3, &s->pid);
}

int gnt_supervised_start(struct gnt_supervised *s, const char *name, const char *const *command,
                         const char *const *environment, int output, int extra, gantry_error *err)
{
    char log[GNT_SUPERVISED_DIRECTORY + 8];
    int ends[2];
    int nowhere = -1;
    int errors = -1;
    int code = make_lifeline(ends);

    log_name(s, log);
    if (code == 0)
        code = open_output("/dev/null", &nowhere);
    if (code == 0)
        code = open_output(log, &errors);
    if (code == 0) {
        int fds[GNT_SUPERVISED_FDS] = { ends[0], output >= 0 ? output : nowhere, errors, extra };

        code = spawn(s, name, command, environment, fds);
    }
    if (nowhere >= 0)
        close(nowhere);
    if (errors >= 0)
        close(errors);
    if (ends[0] >= 0)
        close(ends[0]);
    s->lifeline = ends[1];
    if (code != 0)
        return gnt_fail_errno(err, GANTRY_E_IO, code, "cannot start %s", command[0]);
    return 0;
}

/* ---- what it says ---------------------------------------------------------------------------- */

static int open_log(const struct gnt_supervised *s)
{
    char path[GNT_SUPERVISED_DIRECTORY + 8];

    log_name(s, path);
    return open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

off_t gnt_supervised_said(const struct gnt_supervised *s)
{
    int fd = open_log(s);
    off_t end = fd >= 0 ? lseek(fd, 0, SEEK_END) : 0;

    if (fd >= 0)
        close(fd);
    return end > 0 ? end : 0;
}

void gnt_supervised_words(const struct gnt_supervised *s, off_t from, char *out, size_t size)
{
    char text[2048];
    ssize_t got = 0;
    int fd = open_log(s);

    if (fd >= 0) {
        off_t end = lseek(fd, 0, SEEK_END);

        if (end - from > (off_t)sizeof text)
            from = end - (off_t)sizeof text;
        lseek(fd, from, SEEK_SET);
        got = read(fd, text, sizeof text);
        close(fd);
    }
    gnt_text_copy(out, size, text, got > 0 ? (size_t)got : 0, 1, 1);
}

void gnt_supervised_trim(const struct gnt_supervised *s)
{
    char path[GNT_SUPERVISED_DIRECTORY + 8];
    int fd;

    if (gnt_supervised_said(s) <= LOG_MOST)
        return;
    log_name(s, path);
    fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW); /* writers append */
    if (fd >= 0)
        close(fd);
}

/* ---- ending ---------------------------------------------------------------------------------- */

/* 1 if the shell has ended, whose number stays its own until it is waited for; -1: the program
 * ignores or collects its children itself. */
static int has_ended(pid_t pid)
{
    siginfo_t info = { 0 };
    int rc;

    do {
        rc = waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT);
    } while (rc < 0 && errno == EINTR);
    return rc < 0 ? -1 : info.si_pid == pid;
}

/* Waits for the shell; its own child is waited for by itself. */
static void reap(const struct gnt_supervised *s)
{
    struct gnt_clock clock;
    int ended;

    gnt_clock_start(&clock, NULL, s->whole ? KILL_MS : STOP_MS);
    while ((ended = has_ended(s->pid)) == 0 && gnt_clock_pause(&clock, STOP_STEP_MS, NULL) == 0)
        continue;
    if (ended < 0)
        return;
    if (!ended || s->whole)
        kill(-s->pid, SIGKILL);
    while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}

void gnt_supervised_forget(struct gnt_supervised *s)
{
    if (s->lifeline >= 0)
        close(s->lifeline);
    gnt_supervised_init(s);
}

void gnt_supervised_stop(struct gnt_supervised *s)
{
    if (s->lifeline >= 0) {
        (void)send(s->lifeline, "\n", 1, MSG_NOSIGNAL);
        close(s->lifeline);
    }
    if (s->pid > 0)
        reap(s);
    remove_directory(s);
    gnt_supervised_init(s);
}
