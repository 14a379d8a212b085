#include "tls_server.h"

#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static char folder[] = "/tmp/gantry-tls.XXXXXX";

static struct server {
    pid_t pid;
    int in;
    int out; /* its output, so that it is never broken */
} running;

const char *tls_file(const char *name)
{
    static char paths[8][128];
    static unsigned next;
    char *path = paths[next++ % 8];

    snprintf(path, sizeof paths[0], "%s/%s.pem", folder, name);
    return path;
}

int tls_output(void)
{
    return running.out;
}

int tls_input(void)
{
    return running.in;
}

/* Read its output up to the line that says where it listens. */
static int read_port(int fd)
{
    char text[4096];
    size_t used = 0;
    const char *mark;
    ssize_t n;

    while (used < sizeof text - 1 && (n = read(fd, text + used, sizeof text - 1 - used)) > 0) {
        used += (size_t)n;
        text[used] = '\0';
        mark = strstr(text, "ACCEPT ");
        if (mark != NULL && strchr(mark, '\n') != NULL)
            return (int)strtol(strrchr(mark, ':') + 1, NULL, 10);
    }
    return 0;
}

static int make_pipes(int in[2], int out[2])
{
    if (pipe(in) < 0)
        return -1;
    if (pipe(out) == 0)
        return 0;
    close(in[0]);
    close(in[1]);
    return -1;
}

int tls_serve(const char *at, const char *name, const char *const *more)
{
    char cert[128];
    char key[128];
    const char *args[24] = { "openssl", "s_server", "-accept", at, "-cert", cert, "-key", key };
    posix_spawn_file_actions_t actions;
    size_t count = 8;
    int in[2];
    int out[2];
    int rc;

    snprintf(cert, sizeof cert, "%s/%s.pem", folder, name);
    snprintf(key, sizeof key, "%s/%s-key.pem", folder, name);
    while (more != NULL && *more != NULL && count < 23)
        args[count++] = *more++;
    if (make_pipes(in, out) < 0)
        return 0;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    posix_spawn_file_actions_addclose(&actions, in[1]);
    posix_spawn_file_actions_addclose(&actions, out[0]);
    rc = posix_spawnp(&running.pid, "openssl", &actions, NULL, (char *const *)args, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    running.in = in[1];
    running.out = out[0];
    if (rc != 0)
        running.pid = 0;
    return rc == 0 ? read_port(running.out) : 0;
}

int tls_end(void **state)
{
    (void)state;
    if (running.pid == 0)
        return 0;
    kill(running.pid, SIGKILL);
    waitpid(running.pid, NULL, 0);
    close(running.in);
    close(running.out);
    running.pid = 0;
    return 0;
}

static int run(const char *const *args)
{
    int status = -1;
    pid_t pid;

    if (posix_spawnp(&pid, args[0], NULL, NULL, (char *const *)args, environ) != 0)
        return -1;
    waitpid(pid, &status, 0);
    return status;
}

int tls_make_certificates(void **state)
{
    const char *program = getenv("GANTRY_TEST_MAKE_CERTIFICATES");

    (void)state;
    if (program == NULL || mkdtemp(folder) == NULL)
        return -1;
    return run((const char *[]){ program, folder, NULL });
}

int tls_remove_certificates(void **state)
{
    (void)state;
    return run((const char *[]){ "rm", "-rf", folder, NULL });
}
