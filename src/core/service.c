/*
 * Podman on demand.
 *
 * The service is the child of a small shell that holds the read end of a pipe, whose write end is
 * here. When this process ends - in order or killed - the pipe closes, the shell ends the service,
 * waits for it and removes the private directory. So nothing leaks, without a signal handler, a
 * helper thread or PR_SET_PDEATHSIG (which fires when the *thread* that forked ends).
 *
 * The listening socket is made here and passed as descriptor 3 (LISTEN_FDS), so that a client can
 * connect before the service is up, and no polling is needed.
 */
#include "service.h"

#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    STOP_MS = 10000, /* for an orderly end */
    STOP_STEP_MS = 5,
    DIRECTORY_MAX = 64, /* leaves room for the socket's name in sockaddr_un */
    DESCRIPTORS = 4     /* of the service: input, output, errors, the listening socket */
};

struct gnt_service {
    struct gantry_host *host;
    pid_t pid;    /* of the shell, which leads its own process group */
    int lifeline; /* write end */
    char directory[DIRECTORY_MAX];
    char address[DIRECTORY_MAX + 32];
};

/* $1 is the directory, the rest the command. LISTEN_PID must be the service's own pid. */
static const char supervisor[] =
    "dir=$1; shift\n"
    "sh -c 'LISTEN_PID=$$; LISTEN_FDS=1; export LISTEN_PID LISTEN_FDS; exec \"$@\"' sh \"$@\""
    " </dev/null &\n"
    "child=$!\n"
    "exec 3>&-\n"
    "read -r line\n" /* a line from us, or the end of the process that holds the other end */
    "kill \"$child\" 2>/dev/null\n"
    "wait \"$child\"\n"
    "rm -rf \"$dir\"\n";

/* ---- the private directory and socket -------------------------------------------------------- */

static int make_directory(struct gnt_service *s, const struct gnt_environment *env,
                          gantry_error *err)
{
    const char *const parents[] = { env->runtime_dir, env->tmpdir, "/tmp" };
    int saved = ENOENT;

    for (size_t i = 0; i < sizeof parents / sizeof parents[0]; i++) {
        int n;

        if (parents[i] == NULL || parents[i][0] != '/')
            continue;
        n = snprintf(s->directory, sizeof s->directory, "%s/gantry-XXXXXX", parents[i]);
        if (n < 0 || (size_t)n >= sizeof s->directory)
            continue;
        if (mkdtemp(s->directory) != NULL) {
            snprintf(s->address, sizeof s->address, "unix://%s/podman.sock", s->directory);
            return 0;
        }
        saved = errno;
    }
    s->directory[0] = '\0';
    return gnt_fail_errno(err, GANTRY_E_IO, saved, "no directory for Podman's socket");
}

static int listen_on(const struct gnt_service *s, int *out_fd, gantry_error *err)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return gnt_fail_errno(err, GANTRY_E_IO, errno, "socket");
    snprintf(name.sun_path, sizeof name.sun_path, "%s", s->address + strlen("unix://"));
    if (gnt_away_from(&fd, DESCRIPTORS) < 0) {
        int saved = errno;

        close(fd);
        return gnt_fail_errno(err, GANTRY_E_IO, saved, "fcntl");
    }
    if (bind(fd, (const struct sockaddr *)&name, sizeof name) < 0 || listen(fd, 128) < 0) {
        int saved = errno;

        close(fd);
        return gnt_fail_errno(err, GANTRY_E_IO, saved, "%s", name.sun_path);
    }
    *out_fd = fd;
    return 0;
}

static int make_lifeline(int ends[2], gantry_error *err)
{
    /* A socket, so that an end can be said besides being seen: a forked child may hold a copy. */
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return gnt_fail_errno(err, GANTRY_E_IO, errno, "socketpair");
    if (gnt_away_from(&ends[0], DESCRIPTORS) < 0 || gnt_away_from(&ends[1], DESCRIPTORS) < 0)
        return gnt_fail_errno(err, GANTRY_E_IO, errno, "fcntl");
    return 0;
}

/* ---- starting -------------------------------------------------------------------------------- */

/* What the service writes goes to `name`, made if need be. */
static int open_output(const char *name, int *out_fd)
{
    *out_fd = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    return *out_fd < 0 || gnt_away_from(out_fd, DESCRIPTORS) < 0 ? errno : 0;
}

static int spawn(struct gnt_service *s, const char *program, const struct gnt_environment *env,
                 int lifeline, int listener)
{
    char log[DIRECTORY_MAX + 8];
    /* No address: with one, podman would make a socket of its own in place of the inherited one. */
    const char *argv[] = { "sh",    "-c",     supervisor, "gantry-podman", s->directory,
                           program, "system", "service",  "--time=0",      NULL };
    int fds[DESCRIPTORS] = { lifeline, -1, -1, listener };
    int rc;

    snprintf(log, sizeof log, "%s/log", s->directory);
    rc = open_output("/dev/null", &fds[1]);
    if (rc == 0)
        rc = open_output(log, &fds[2]);
    if (rc == 0)
        rc = gnt_spawn("/bin/sh", argv, env->all, fds, DESCRIPTORS, &s->pid);
    if (fds[1] >= 0)
        close(fds[1]);
    if (fds[2] >= 0)
        close(fds[2]);
    return rc;
}

static int start(struct gnt_service *s, const char *program, const struct gnt_environment *env,
                 gantry_error *err)
{
    int ends[2] = { -1, -1 };
    int listener = -1;
    int rc = make_directory(s, env, err);

    if (rc == 0)
        rc = listen_on(s, &listener, err);
    if (rc == 0)
        rc = make_lifeline(ends, err);
    if (rc == 0) {
        int code = spawn(s, program, env, ends[0], listener);

        if (code != 0)
            rc = gnt_fail_errno(err, GANTRY_E_IO, code, "cannot start %s", program);
    }
    /* Only the service listens: when it dies, connecting fails at once instead of waiting. */
    if (listener >= 0)
        close(listener);
    if (ends[0] >= 0)
        close(ends[0]);
    s->lifeline = ends[1];
    return rc;
}

int gnt_service_start(struct gantry_host *host, const struct gnt_environment *env,
                      const char *program, struct gnt_service **out, const char **out_address,
                      gantry_error *err)
{
    char path[PATH_MAX];
    struct gnt_service *s;
    int rc;

    if (program == NULL)
        program = "podman";
    if (!gnt_find_program(program, env->path, path, sizeof path))
        return gnt_fail(err, GANTRY_E_NOT_FOUND, "there is no program %s", program);
    s = gnt_alloc(&host->mem, sizeof *s);
    if (s == NULL)
        return gnt_nomem(err);
    s->host = host;
    s->lifeline = -1;
    rc = start(s, path, env, err);
    if (rc < 0) {
        gnt_service_stop(s);
        return rc;
    }
    gnt_log(host, GANTRY_LOG_INFO, "service", "started %s as process %ld on %s", path, (long)s->pid,
            s->address);
    *out = s;
    *out_address = s->address;
    return 0;
}

/* ---- ending ---------------------------------------------------------------------------------- */

void gnt_service_words(const struct gnt_service *service, char *out, size_t size)
{
    char path[DIRECTORY_MAX + 8];
    char text[2048];
    ssize_t got = 0;
    int fd;

    snprintf(path, sizeof path, "%s/log", service->directory);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0) {
        off_t end = lseek(fd, 0, SEEK_END);

        lseek(fd, end > (off_t)sizeof text ? end - (off_t)sizeof text : 0, SEEK_SET);
        got = read(fd, text, sizeof text);
        close(fd);
    }
    gnt_text_copy(out, size, text, got > 0 ? (size_t)got : 0, 0, 1);
}

/* Waits for the shell; its own child is waited for by itself. */
static void reap(const struct gnt_service *s)
{
    struct gnt_clock clock;

    gnt_clock_start(&clock, NULL, STOP_MS);
    for (;;) {
        pid_t got = waitpid(s->pid, NULL, WNOHANG);

        if (got == s->pid || (got < 0 && errno != EINTR))
            return; /* ECHILD: the program ignores or collects its children itself */
        if (gnt_clock_pause(&clock, STOP_STEP_MS, NULL) < 0)
            break;
    }
    kill(-s->pid, SIGKILL);
    while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}

static void remove_directory(const struct gnt_service *s)
{
    char path[DIRECTORY_MAX + 16];

    if (s->directory[0] == '\0')
        return;
    snprintf(path, sizeof path, "%s/podman.sock", s->directory);
    unlink(path);
    snprintf(path, sizeof path, "%s/log", s->directory);
    unlink(path);
    rmdir(s->directory);
}

void gnt_service_forget(struct gnt_service *service)
{
    struct gantry_host *host;

    if (service == NULL)
        return;
    host = service->host;
    if (service->lifeline >= 0)
        close(service->lifeline);
    gnt_free(&host->mem, service);
}

void gnt_service_stop(struct gnt_service *service)
{
    struct gantry_host *host;

    if (service == NULL)
        return;
    host = service->host;
    if (service->lifeline >= 0) {
        (void)send(service->lifeline, "\n", 1, MSG_NOSIGNAL);
        close(service->lifeline);
    }
    if (service->pid > 0)
        reap(service);
    remove_directory(service);
    gnt_free(&host->mem, service);
}
