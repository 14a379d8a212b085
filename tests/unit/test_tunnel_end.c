/*
 * Tunnels whose ssh hangs when it should end: who has to wait for that, and what is left when the
 * program is killed. ssh is this very program, called again; it ignores what can be ignored, and so
 * does a process that it starts, as for a jump host.
 */
#include "tunnel_impl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fake_server.h"

/* ---- ssh, as far as tunnels need it ---------------------------------------------------------- */

/* One line to the test, which sees in the end of all writers that these processes have ended. */
static void report(int fifo, char what)
{
    char line[32];
    int size = snprintf(line, sizeof line, "%c %ld\n", what, (long)getpid());

    if (write(fifo, line, (size_t)size) != size)
        _exit(1);
}

static int listen_at(const char *path)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(a.sun_path, sizeof a.sun_path, "%.100s.new", path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) < 0 || listen(fd, 64) < 0 ||
        rename(a.sun_path, path) < 0) /* as ssh: it listens once it can be seen */
        _exit(1);
    return fd;
}

static int exists(const char *folder, const char *name)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

/* SIGUSR1 logs in, and then breaks the connection: the control socket goes, the process stays. */
static void play_master(const char *folder, const char *control)
{
    char path[PATH_MAX];
    sigset_t usr1;
    int fifo;
    int up = -1;

    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    sigprocmask(SIG_BLOCK, &usr1, NULL);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    snprintf(path, sizeof path, "%s/ends", folder);
    fifo = open(path, O_WRONLY);
    if (fifo < 0)
        _exit(1);
    if (fork() == 0) {
        for (;;)
            pause();
    }
    if (!exists(folder, "hang"))
        up = listen_at(control);
    report(fifo, 'm');
    for (;;) {
        int sig;

        sigwait(&usr1, &sig);
        if (up < 0) {
            up = listen_at(control);
        } else {
            close(up);
            unlink(control);
            report(fifo, 'd');
        }
    }
}

/* What is forwarded is there already. */
static void play_forward(const char *pair)
{
    char local[PATH_MAX];
    const char *colon = strchr(pair, ':');

    snprintf(local, sizeof local, "%.*s", (int)(colon - pair), pair);
    _exit(symlink(colon + 1, local) == 0 ? 0 : 1);
}

static void play_ssh(int argc, char **argv)
{
    const char *control = NULL;
    const char *pair = NULL;
    int master = 0;

    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "ControlPath=", 12) == 0)
            control = argv[i] + 12;
        if (strcmp(argv[i], "-L") == 0)
            pair = argv[i + 1];
        master |= strcmp(argv[i], "-N") == 0;
    }
    if (master && control != NULL)
        play_master(getenv("FAKE_SSH"), control);
    if (pair != NULL)
        play_forward(pair);
    _exit(1);
}

/* ---- the fixture ----------------------------------------------------------------------------- */

struct fixture {
    char dir[48];
    char program[PATH_MAX];
    char address[256];
    char texts[2][96];
    const char *variables[4];
    struct gantry_host host;
    struct gnt_environment env;
    struct gnt_arena arena;
    struct gnt_address parsed;
    struct fake_server *engine;
    int ends; /* the end of the FIFO that is read */
    struct gnt_tunnel *tunnel;
};

static const struct fake_step answer[] = { FAKE_HEAD, FAKE_SEND("HTTP/1.1 200 OK\r\n\r\n"),
                                           FAKE_END };
static const struct fake_step *const scripts[] = { answer };

static void make_file(const struct fixture *f, const char *name)
{
    char path[PATH_MAX];
    int fd;

    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
}

static int setup(void **state)
{
    static struct fixture f;
    char path[PATH_MAX];
    ssize_t size;

    memset(&f, 0, sizeof f);
    size = readlink("/proc/self/exe", f.program, sizeof f.program - 1);
    snprintf(f.dir, sizeof f.dir, "/tmp/gantry-end-XXXXXX");
    if (size <= 0 || mkdtemp(f.dir) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/ends", f.dir);
    if (mkfifo(path, 0600) < 0)
        return -1;
    f.ends = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    snprintf(path, sizeof path, "%s/run", f.dir);
    mkdir(path, 0700);
    snprintf(f.texts[0], sizeof f.texts[0], "FAKE_SSH=%s", f.dir);
    snprintf(f.texts[1], sizeof f.texts[1], "XDG_RUNTIME_DIR=%s/run", f.dir);
    f.variables[0] = f.texts[0];
    f.variables[1] = f.texts[1];
    f.variables[2] = "PATH=/usr/bin:/bin";
    gnt_environment_read(&f.env, f.variables);
    gnt_mem_init(&f.host.mem, NULL, NULL);
    gnt_arena_init(&f.arena, &f.host.mem);
    f.host.connect_timeout_ms = 60000;
    f.host.pid = getpid();
    f.engine = fake_start(scripts, 1);
    if (f.ends < 0 || f.engine == NULL)
        return -1;
    snprintf(f.address, sizeof f.address, "ssh://host%s", fake_path(f.engine));
    *state = &f;
    return gnt_address_parse(&f.arena, f.address, &f.parsed, NULL);
}

/* Folders in the private directory. */
static int left_behind(const struct fixture *f)
{
    char path[PATH_MAX];
    const struct dirent *e;
    int count = 0;
    DIR *d;

    snprintf(path, sizeof path, "%s/run", f->dir);
    d = opendir(path);
    while (d != NULL && (e = readdir(d)) != NULL)
        count += e->d_name[0] != '.';
    if (d != NULL)
        closedir(d);
    return count;
}

static int teardown(void **state)
{
    static const char *const names[] = { "ends", "hang" };
    struct fixture *f = *state;
    char path[PATH_MAX];

    fake_stop(f->engine);
    gnt_arena_free(&f->arena);
    close(f->ends);
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", f->dir, names[i]);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/run", f->dir);
    rmdir(path);
    return rmdir(f->dir);
}

/* ---- what ssh reports ------------------------------------------------------------------------ */

/* The next report of this kind: a process id. */
static pid_t await_report(const struct fixture *f, char what)
{
    struct pollfd wait = { f->ends, POLLIN, 0 };

    for (;;) {
        char line[32];
        size_t size = 0;

        while (size == 0 || line[size - 1] != '\n') {
            if (poll(&wait, 1, 30000) != 1)
                fail_msg("no report of %c", what);
            if (read(f->ends, line + size, 1) == 1)
                size++;
            assert_true(size < sizeof line);
        }
        if (line[0] == what)
            return (pid_t)strtol(line + 1, NULL, 10);
    }
}

/* All that have reported have ended. */
static void await_ends(const struct fixture *f)
{
    struct pollfd wait = { f->ends, POLLIN, 0 };
    char rest[64];

    for (;;) {
        if (poll(&wait, 1, 30000) != 1)
            fail_msg("a process lives on");
        if ((wait.revents & POLLIN) == 0)
            break;
        if (read(f->ends, rest, sizeof rest) == 0)
            break;
    }
}

static int open_tunnel(struct fixture *f)
{
    const gantry_ssh ssh = { .size = sizeof ssh, .program = f->program };
    struct gnt_tunnel_setup how = { .address = &f->parsed, .options = &ssh };
    gantry_error err = { 0 };
    int rc = gnt_tunnel_open(&f->host, &f->env, &how, NULL, &f->tunnel, &err);

    if (rc < 0)
        print_message("%s\n", err.message);
    return rc;
}

/* ---- threads --------------------------------------------------------------------------------- */

/* What a hang would take is ten seconds. */
#define LATE_NS INT64_C(5000000000)

struct dial {
    struct fixture *f;
    gantry_call call;
    int rc;
    int64_t took_ns;
};

static void *dial(void *arg)
{
    struct dial *d = arg;
    int64_t begun = gantry_clock_ns();
    int fd = -1;

    d->rc = gnt_tunnel_dial(d->f->tunnel, "", &d->call, &fd, NULL);
    d->took_ns = gantry_clock_ns() - begun;
    if (fd >= 0)
        close(fd);
    return NULL;
}

/* Another thread has begun to start ssh. */
static void await_start(struct gnt_tunnel *t)
{
    const struct timespec nap = { 0, 1000000 };
    int state;

    for (int i = 0; i < 30000; i++) {
        pthread_mutex_lock(&t->lock);
        state = t->state;
        pthread_mutex_unlock(&t->lock);
        if (state == GNT_TUNNEL_STARTING)
            return;
        nanosleep(&nap, NULL); /* bounded wait for what nobody reports */
    }
    fail_msg("nobody starts ssh");
}

/*
 * ssh is broken and hangs, and so does the shell that would end it. One thread's call brings the next
 * one up; those that have less time, or are cancelled, are not kept.
 */
static void test_others_are_not_kept(void **state)
{
    enum {
        SHORT_MS = 50
    };
    struct fixture *f = *state;
    struct dial patient = { .f = f, .call = { .size = sizeof(gantry_call) } };
    struct dial hasty = { .f = f, .call = { .size = sizeof(gantry_call), .timeout_ms = SHORT_MS } };
    struct dial fickle = { .f = f, .call = { .size = sizeof(gantry_call) } };
    pthread_t threads[3];
    int64_t begun;
    pid_t master;

    assert_int_equal(open_tunnel(f), 0);
    master = await_report(f, 'm');
    assert_int_equal(gantry_cancel_new(&fickle.call.cancel, NULL), 0);
    make_file(f, "hang");
    assert_int_equal(kill((pid_t)gnt_tunnel_process(f->tunnel), SIGSTOP), 0);
    assert_int_equal(kill(master, SIGUSR1), 0);
    await_report(f, 'd');
    begun = gantry_clock_ns();
    assert_int_equal(pthread_create(&threads[0], NULL, dial, &patient), 0);
    await_start(f->tunnel);
    assert_int_equal(pthread_create(&threads[1], NULL, dial, &hasty), 0);
    assert_int_equal(pthread_create(&threads[2], NULL, dial, &fickle), 0);
    gantry_cancel_trigger(fickle.call.cancel);
    pthread_join(threads[1], NULL);
    pthread_join(threads[2], NULL);
    assert_int_equal(hasty.rc, GANTRY_E_TIMEOUT);
    assert_int_equal(fickle.rc, GANTRY_E_CANCELLED);
    assert_true(gantry_clock_ns() - begun < LATE_NS); /* nor is one that asks for the lock */
    kill(await_report(f, 'm'), SIGUSR1);              /* and it logs in */
    pthread_join(threads[0], NULL);
    assert_int_equal(patient.rc, 0);
    gantry_cancel_free(fickle.call.cancel);
    gnt_tunnel_close(f->tunnel);
    await_ends(f);
    assert_int_equal(left_behind(f), 0);
}

/* Whoever has little time and starts ssh is not kept by one that hangs either. */
static void test_own_end_is_quick(void **state)
{
    struct fixture *f = *state;
    struct dial hasty = { .f = f, .call = { .size = sizeof(gantry_call), .timeout_ms = 50 } };
    pid_t master;

    assert_int_equal(open_tunnel(f), 0);
    master = await_report(f, 'm');
    make_file(f, "hang");
    assert_int_equal(kill(master, SIGUSR1), 0);
    await_report(f, 'd');
    dial(&hasty);
    assert_int_equal(hasty.rc, GANTRY_E_TIMEOUT);
    assert_true(hasty.took_ns < LATE_NS);
    gnt_tunnel_close(f->tunnel);
    await_ends(f);
    assert_int_equal(left_behind(f), 0);
}

/* ---- a program that is killed ---------------------------------------------------------------- */

/* When it has reported this. */
static void kill_program(struct fixture *f, char when)
{
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        char path[PATH_MAX];
        int fifo;

        snprintf(path, sizeof path, "%s/ends", f->dir);
        f->host.pid = getpid();
        if (open_tunnel(f) == 0 && (fifo = open(path, O_WRONLY)) >= 0) {
            report(fifo, 'o');
            close(fifo);
            pause();
        }
        _exit(1);
    }
    await_report(f, when);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    await_ends(f);
    assert_int_equal(left_behind(f), 0); /* which is done before the last of them is ended */
}

static void test_killed_when_up(void **state)
{
    kill_program(*state, 'o');
}

static void test_killed_in_login(void **state)
{
    struct fixture *f = *state;

    make_file(f, "hang");
    kill_program(f, 'm');
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_others_are_not_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_own_end_is_quick, setup, teardown),
        cmocka_unit_test_setup_teardown(test_killed_when_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_killed_in_login, setup, teardown),
    };

    if (argc > 1)
        play_ssh(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
