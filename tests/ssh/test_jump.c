/*
 * Through a jump host, a real one: what works, what is said when it refuses, and that nothing of the
 * processes which ssh has then (its own, the jump host's, a question's) is left behind, however the
 * program ends.
 */
#define _GNU_SOURCE /* syscall() */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "reached.h"

enum {
    GROUP_MOST = 32,
    END_MS = 20000
};

/* ---- a configuration with a jump ------------------------------------------------------------- */

/* The host "far", behind a server on 127.0.0.1, which `jump_key` is for. */
static const char *write_jump(const struct fixture *f, int far_port, int jump_port,
                              const char *jump_key)
{
    static char path[96];
    FILE *file;

    snprintf(path, sizeof path, "%s/jump", f->files.dir);
    file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file,
            "IdentitiesOnly yes\nUserKnownHostsFile %s\nGlobalKnownHostsFile none\n"
            "Host far\n  HostName 127.0.0.1\n  Port %d\n  User root\n  IdentityFile %s\n"
            "  ProxyJump root@127.0.0.1:%d\n"
            "Host 127.0.0.1\n  IdentityFile %s\n",
            f->files.known_hosts, far_port, f->files.key, jump_port, jump_key);
    assert_int_equal(fclose(file), 0);
    return path;
}

static const char *far_address(const struct fixture *f)
{
    static char text[256];

    snprintf(text, sizeof text, "ssh://far%s", f->docker);
    return text;
}

/* ---- processes ------------------------------------------------------------------------------- */

/* A handle on each process of a group: their ends are seen, whoever waits for them. */
struct group {
    struct pollfd fds[GROUP_MOST];
    size_t count;
};

static pid_t group_of(pid_t pid)
{
    char path[64];
    FILE *file;
    int group = 0;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    file = fopen(path, "r");
    if (file == NULL)
        return 0;
    if (fscanf(file, "%*d (%*[^)]) %*c %*d %d", &group) != 1)
        group = 0;
    fclose(file);
    return group;
}

static void open_group(struct group *g, pid_t leader)
{
    DIR *d = opendir("/proc");
    const struct dirent *e;

    g->count = 0;
    assert_non_null(d);
    while ((e = readdir(d)) != NULL) {
        pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);
        int fd;

        if (pid <= 0 || group_of(pid) != leader)
            continue;
        fd = (int)syscall(SYS_pidfd_open, pid, 0);
        if (fd < 0 && errno == ESRCH)
            continue; /* ended just now */
        assert_true(fd >= 0);
        assert_true(g->count < GROUP_MOST);
        g->fds[g->count++] = (struct pollfd){ fd, POLLIN, 0 };
    }
    closedir(d);
}

/* All of them end. */
static void await_group(struct group *g)
{
    for (size_t i = 0; i < g->count; i++) {
        if (poll(&g->fds[i], 1, END_MS) != 1)
            fail_msg("process %zu of %zu lives on", i, g->count);
        close(g->fds[i].fd);
    }
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void test_jump(void **state)
{
    const struct fixture *f = *state;
    int before = open_descriptors();
    struct sshd jump = start(f, "AllowStreamLocalForwarding no\nMaxSessions 0");
    struct sshd far = start(f, "");
    gantry_ssh ssh = { .config_file = write_jump(f, far.port, jump.port, f->files.key) };
    gantry_engine *engine = open_engine(f, far_address(f), &ssh);
    struct group group;
    pid_t master;

    works(engine);
    open_group(&group, group_of(master_of(f)));
    assert_true(group.count >= 3); /* the shell, ssh, the jump host's ssh */
    /* The way breaks at the jump host, and is made again. */
    master = master_of(f);
    assert_true(sshd_kill_sessions(&jump) > 0);
    wait_until_gone(master);
    works(engine);
    await_group(&group);
    open_group(&group, group_of(master_of(f)));
    assert_true(group.count >= 3);
    gantry_engine_close(engine);
    await_group(&group);
    assert_int_equal(left_behind(f), 0);
    ssh.method = GANTRY_SSH_STDIO;
    engine = open_engine(f, far_address(f), &ssh);
    works(engine);
    open_group(&group, group_of(master_of(f)));
    gantry_engine_close(engine);
    await_group(&group);
    sshd_stop(&far);
    sshd_stop(&jump);
    assert_int_equal(children(), 0);
    assert_int_equal(open_descriptors(), before);
}

static void test_jump_refused(void **state)
{
    const struct fixture *f = *state;
    struct sshd jump = start(f, "AllowTcpForwarding no");
    struct sshd far = start(f, "");
    gantry_ssh ssh = { .config_file = write_jump(f, far.port, jump.port, f->files.key) };

    refused(f, far_address(f), &ssh, GANTRY_E_SSH, "a jump host does not lead on to the host");
    write_jump(f, far.port, jump.port, f->files.other_key);
    refused(f, far_address(f), &ssh, GANTRY_E_SSH, "accepts none of the keys");
    /* A key that wants a passphrase, for the jump host alone: nobody is asked, and nothing hangs. */
    write_jump(f, far.port, jump.port, f->files.locked_key);
    refused(f, far_address(f), &ssh, GANTRY_E_SSH, "accepts none of the keys");
    sshd_stop(&jump);
    write_jump(f, far.port, jump.port, f->files.key);
    refused(f, far_address(f), &ssh, GANTRY_E_SSH, "no ssh server listens there");
    jump = start(f, "");
    write_jump(f, far.port, jump.port, f->files.key);
    sshd_stop(&far);
    refused(f, far_address(f), &ssh, GANTRY_E_SSH, "a jump host does not reach the host");
    sshd_stop(&jump);
    assert_int_equal(children(), 0);
}

/* ---- a program that is killed ---------------------------------------------------------------- */

/* A process that opens the engine, tells when it is open, and waits. */
static pid_t start_program(const struct fixture *f, const gantry_ssh *ssh, int *out_ready)
{
    int ready[2];
    pid_t pid;

    assert_int_equal(pipe(ready), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        gantry_engine *engine = NULL;

        close(ready[0]);
        if (try_open(f, far_address(f), ssh, &engine, NULL) == 0 && write(ready[1], "x", 1) == 1)
            pause();
        _exit(1);
    }
    close(ready[1]);
    *out_ready = ready[0];
    return pid;
}

static void kill_program(const struct fixture *f, pid_t pid, struct group *group)
{
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    await_group(group);
    assert_int_equal(left_behind(f), 0); /* which the last of them did before its own end */
}

static void test_program_killed(void **state)
{
    const struct fixture *f = *state;
    struct sshd jump = start(f, "");
    struct sshd far = start(f, "");
    gantry_ssh ssh = { .config_file = write_jump(f, far.port, jump.port, f->files.key) };
    struct group group;
    int ready;
    pid_t master;
    pid_t pid = start_program(f, &ssh, &ready);
    char byte;

    assert_int_equal(read(ready, &byte, 1), 1);
    close(ready);
    master = master_of(f);
    assert_true(master > 0);
    open_group(&group, group_of(master));
    assert_true(group.count >= 3);
    kill(master, SIGSTOP); /* one that hangs */
    kill_program(f, pid, &group);
    sshd_stop(&far);
    sshd_stop(&jump);
}

/* In the middle of the login, while the user is asked for the jump host's passphrase. */
static void test_program_killed_while_asking(void **state)
{
    const struct fixture *f = *state;
    struct sshd jump = start(f, "");
    struct sshd far = start(f, "");
    gantry_ssh ssh = { .config_file = write_jump(f, far.port, jump.port, f->files.locked_key) };
    struct group group;
    char askpass[96];
    char asking[96];
    FILE *file;
    int ready;
    int asker = 0;
    pid_t pid;

    snprintf(asking, sizeof asking, "%s/asking", f->files.dir);
    assert_int_equal(mkfifo(asking, 0600), 0);
    snprintf(askpass, sizeof askpass, "%s/dialog", f->files.dir);
    file = fopen(askpass, "w");
    assert_non_null(file);
    /* A dialog that does not care for signals, nor for who asked. */
    fprintf(file, "#!/bin/sh\ntrap '' TERM HUP PIPE\necho $$ >%s\nexec sleep 600\n", asking);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(askpass, 0700), 0);
    ssh.askpass = askpass;
    pid = start_program(f, &ssh, &ready);
    file = fopen(asking, "r"); /* waits for it */
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%d", &asker), 1);
    fclose(file);
    open_group(&group, group_of(asker));
    assert_true(group.count >= 4); /* the shell, ssh, the jump host's ssh, the dialog */
    kill_program(f, pid, &group);
    close(ready);
    unlink(asking);
    sshd_stop(&far);
    sshd_stop(&jump);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jump),
        cmocka_unit_test(test_jump_refused),
        cmocka_unit_test(test_program_killed),
        cmocka_unit_test(test_program_killed_while_asking),
    };

    if (getenv("GANTRY_TEST_ENGINES") == NULL || getenv("GANTRY_TEST_DOCKER") == NULL ||
        access("/usr/sbin/sshd", X_OK) != 0) {
        printf("SKIPPED: needs sshd and private engines (tests/engines/run)\n");
        return 77;
    }
    cmocka_set_test_filter(getenv("GANTRY_TEST_FILTER"));
    return cmocka_run_group_tests(tests, reached_setup, reached_teardown);
}
