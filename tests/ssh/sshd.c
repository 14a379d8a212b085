/* See sshd.h. */
#include "sshd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char make_files[] =
    "set -e; umask 077; cd \"$1\"\n"
    "[ -x /usr/sbin/sshd ] && [ \"$(id -u)\" = 0 ]\n"
    "mkdir -p /run/sshd\n"
    "for key in host key other; do ssh-keygen -q -t ed25519 -N '' -C test -f $key; done\n"
    "ssh-keygen -q -t ed25519 -N 'open sesame' -C test -f locked\n"
    "cat key.pub locked.pub >authorized\n"
    "cut -d' ' -f1,2 host.pub | sed 's/^/* /' >known\n"
    "cut -d' ' -f1,2 other.pub | sed 's/^/* /' >wrong\n"
    ": >empty\n"
    "printf '%s\\n' '#!/bin/sh' \"echo \\\"\\$1\\\" >>$1/asked\" 'echo open sesame' >askpass\n"
    "chmod 700 askpass\n"
    "printf '%s\\n' 'IdentitiesOnly yes' \"UserKnownHostsFile $1/known\""
    " 'GlobalKnownHostsFile none' >bare\n"
    "{ cat bare; echo \"IdentityFile $1/key\"; } >config\n";

static int run(const char *script, const char *argument)
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", script, "sh", argument, (char *)NULL);
        _exit(127);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

int sshd_files_make(struct sshd_files *f)
{
    snprintf(f->dir, sizeof f->dir, "/tmp/gantry-ssh-XXXXXX");
    if (mkdtemp(f->dir) == NULL)
        return -1;
    snprintf(f->config, sizeof f->config, "%s/config", f->dir);
    snprintf(f->bare_config, sizeof f->bare_config, "%s/bare", f->dir);
    snprintf(f->key, sizeof f->key, "%s/key", f->dir);
    snprintf(f->other_key, sizeof f->other_key, "%s/other", f->dir);
    snprintf(f->locked_key, sizeof f->locked_key, "%s/locked", f->dir);
    snprintf(f->known_hosts, sizeof f->known_hosts, "%s/known", f->dir);
    snprintf(f->askpass, sizeof f->askpass, "%s/askpass", f->dir);
    return run(make_files, f->dir);
}

void sshd_files_remove(const struct sshd_files *f)
{
    (void)run("rm -rf \"$1\"", f->dir);
}

/* A port that nobody has just now. */
static int free_port(void)
{
    struct sockaddr_in name = { .sin_family = AF_INET };
    socklen_t size = sizeof name;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int port = -1;

    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (const struct sockaddr *)&name, sizeof name) == 0 &&
        getsockname(fd, (struct sockaddr *)&name, &size) == 0)
        port = ntohs(name.sin_port);
    close(fd);
    return port;
}

static int write_config(const struct sshd_files *f, int port, const char *more, char path[96])
{
    FILE *file;

    snprintf(path, 96, "%s/sshd-%d", f->dir, port);
    file = fopen(path, "w");
    if (file == NULL)
        return -1;
    /* More comes first: of two lines sshd takes the first. */
    fprintf(file,
            "%s\nPort %d\nListenAddress 127.0.0.1\nHostKey %s/host\nAuthorizedKeysFile "
            "%s/authorized\nUsePAM no\nStrictModes no\nPidFile none\nPermitRootLogin yes\n"
            "PrintMotd no\nPrintLastLog no\nUseDNS no\n",
            more, port, f->dir, f->dir);
    return fclose(file);
}

static int accepts(int port)
{
    struct sockaddr_in name = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int ok;

    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ok = connect(fd, (const struct sockaddr *)&name, sizeof name) == 0;
    close(fd);
    return ok;
}

int sshd_start(struct sshd *server, const struct sshd_files *f, const char *more)
{
    const struct timespec nap = { 0, 5000000 };
    char config[96];

    server->port = free_port();
    if (server->port < 0 || write_config(f, server->port, more, config) != 0)
        return -1;
    server->pid = fork();
    if (server->pid == 0) {
        int null = open("/dev/null", O_RDWR);

        setsid();
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that crashes leaves none */
        dup2(null, 0);
        dup2(null, 1);
        dup2(null, 2);
        execl("/usr/sbin/sshd", "/usr/sbin/sshd", "-D", "-f", config, (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 2000 && server->pid > 0; i++) {
        if (accepts(server->port))
            return 0;
        if (waitpid(server->pid, NULL, WNOHANG) == server->pid)
            break;
        nanosleep(&nap, NULL); /* bounded wait for a start that nobody reports */
    }
    return -1;
}

int sshd_kill_sessions(const struct sshd *server)
{
    char path[64];
    FILE *file;
    int killed = 0;
    int pid;

    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)server->pid, (int)server->pid);
    file = fopen(path, "r");
    while (file != NULL && fscanf(file, "%d", &pid) == 1)
        killed += kill(pid, SIGKILL) == 0;
    if (file != NULL)
        fclose(file);
    return killed;
}

void sshd_stop(struct sshd *server)
{
    if (server->pid <= 0)
        return;
    /* It must not start one more, nor bury one, while they are looked for. */
    kill(server->pid, SIGSTOP);
    sshd_kill_sessions(server);
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
    server->pid = 0;
}
