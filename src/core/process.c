/* See process.h. */
#define _GNU_SOURCE /* pipe2, POSIX_SPAWN_SETSID, posix_spawn_file_actions_addclosefrom_np only */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int executable(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

int gnt_find_program(const char *program, const char *path, char *out, size_t size)
{
    if (strchr(program, '/') != NULL) {
        snprintf(out, size, "%s", program);
        return executable(program);
    }
    if (path == NULL)
        path = "/usr/local/bin:/usr/bin:/bin";
    while (*path != '\0') {
        size_t part = strcspn(path, ":");

        if (path[0] == '/' && part < size) {
            int n = snprintf(out, size, "%.*s/%s", (int)part, path, program);

            if (n > 0 && (size_t)n < size && executable(out))
                return 1;
        }
        path += part;
        path += *path == ':';
    }
    return 0;
}

int gnt_away_from(int *fd, int least)
{
    int up;

    if (*fd >= least)
        return 0;
    up = fcntl(*fd, F_DUPFD_CLOEXEC, least);
    if (up < 0)
        return -1;
    close(*fd);
    *fd = up;
    return 0;
}

int gnt_pipe(int ends[2], int least)
{
    if (pipe2(ends, O_CLOEXEC) < 0) {
        ends[0] = ends[1] = -1;
        return -1;
    }
    return gnt_away_from(&ends[0], least) < 0 || gnt_away_from(&ends[1], least) < 0 ? -1 : 0;
}

static int fill_actions(posix_spawn_file_actions_t *actions, const int *fds, size_t count)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = posix_spawn_file_actions_adddup2(actions, fds[i], (int)i);
    if (rc == 0)
        rc = posix_spawn_file_actions_addclosefrom_np(actions, (int)count);
    return rc;
}

static int fill_attributes(posix_spawnattr_t *attributes, short apart)
{
    sigset_t all;
    sigset_t none;
    int rc;

    sigfillset(&all);
    sigdelset(&all, SIGKILL);
    sigdelset(&all, SIGSTOP);
    sigemptyset(&none);
    rc = posix_spawnattr_setflags(attributes,
                                  (short)(apart | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
    if (rc == 0)
        rc = posix_spawnattr_setpgroup(attributes, 0);
    if (rc == 0)
        rc = posix_spawnattr_setsigmask(attributes, &none);
    if (rc == 0)
        rc = posix_spawnattr_setsigdefault(attributes, &all);
    return rc;
}

static int spawn(const char *path, const char *const *argv, const char *const *environment,
                 const int *fds, size_t count, short apart, pid_t *out_pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int rc = posix_spawn_file_actions_init(&actions);

    if (rc != 0)
        return rc;
    rc = posix_spawnattr_init(&attributes);
    if (rc == 0) {
        rc = fill_actions(&actions, fds, count);
        if (rc == 0)
            rc = fill_attributes(&attributes, apart);
        /* posix_spawn does not write to argv and envp; its prototype predates const. */
        if (rc == 0)
            rc = posix_spawn(out_pid, path, &actions, &attributes, (char *const *)(uintptr_t)argv,
                             (char *const *)(uintptr_t)environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return rc;
}

int gnt_spawn(const char *path, const char *const *argv, const char *const *environment,
              const int *fds, size_t count, pid_t *out_pid)
{
    return spawn(path, argv, environment, fds, count, POSIX_SPAWN_SETPGROUP, out_pid);
}

int gnt_spawn_apart(const char *path, const char *const *argv, const char *const *environment,
                    const int *fds, size_t count, pid_t *out_pid)
{
    return spawn(path, argv, environment, fds, count, POSIX_SPAWN_SETSID, out_pid);
}
