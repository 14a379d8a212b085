/*
 * Podman on demand, with a stand-in for podman: a shell script that notes what it was given. Shown:
 * the descriptor and variables of socket activation, the end with the service, the end when the
 * embedding process is killed, and what is left behind (nothing).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "service.h"

/* Connects queue on the inherited listener, so nothing has to accept. The note is complete when its
 * last line is there. */
static const char script[] = "#!/bin/sh\n"
                             "{ echo \"args: $*\"\n"
                             "echo \"pid: $$ listen: $LISTEN_PID fds: $LISTEN_FDS\"\n"
                             "[ -S /proc/$$/fd/3 ] && echo socket\n"
                             "[ -e /proc/$$/fd/4 ] && echo leaked\n"
                             "readlink /proc/$$/fd/3; echo end; } >\"$NOTE.new\"\n"
                             "echo words on stderr >&2\n"
                             "mv \"$NOTE.new\" \"$NOTE\"\n"
                             "sleep 1000 3>&- 0<&- & child=$!\n"
                             "trap 'kill $child' TERM\n"
                             "wait $child\n";

struct fixture {
    char dir[64];
    char program[96];
    char note[96];
    char note_env[128];
    char tmp_env[128];
    const char *env_list[5];
    struct gantry_host host;
    struct gnt_environment env;
};

static void nap(void)
{
    const struct timespec t = { 0, 2000000 };

    nanosleep(&t, NULL);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    FILE *file;

    if (f == NULL)
        return -1;
    snprintf(f->dir, sizeof f->dir, "/tmp/gantry-test-XXXXXX");
    if (mkdtemp(f->dir) == NULL)
        return -1;
    snprintf(f->program, sizeof f->program, "%s/podman", f->dir);
    snprintf(f->note, sizeof f->note, "%s/note", f->dir);
    snprintf(f->note_env, sizeof f->note_env, "NOTE=%s", f->note);
    snprintf(f->tmp_env, sizeof f->tmp_env, "XDG_RUNTIME_DIR=%s", f->dir);
    f->env_list[0] = f->note_env;
    f->env_list[1] = f->tmp_env;
    f->env_list[2] = "PATH=/usr/bin:/bin";
    file = fopen(f->program, "w");
    if (file == NULL || fputs(script, file) == EOF || fclose(file) != 0 ||
        chmod(f->program, 0755) != 0)
        return -1;
    gnt_mem_init(&f->host.mem, NULL, NULL);
    gnt_environment_read(&f->env, f->env_list);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    unlink(f->program);
    unlink(f->note);
    if (rmdir(f->dir) != 0)
        return -1; /* something was left behind */
    free(f);
    return 0;
}

/* Waits, at most 10 s, until the stand-in has written its note. */
static void read_note(const struct fixture *f, char *out, size_t size)
{
    for (int i = 0; i < 5000; i++) {
        FILE *file = fopen(f->note, "r");

        if (file != NULL) {
            size_t got = fread(out, 1, size - 1, file);

            out[got] = '\0';
            fclose(file);
            return;
        }
        nap();
    }
    fail_msg("the service did not start");
}

static int connects(const char *address)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    int ok;

    snprintf(name.sun_path, sizeof name.sun_path, "%s", address + strlen("unix://"));
    ok = connect(fd, (const struct sockaddr *)&name, sizeof name) == 0;
    close(fd);
    return ok;
}

static void wait_until_gone(long pid)
{
    for (int i = 0; i < 5000; i++) {
        if (kill((pid_t)pid, 0) < 0 && errno == ESRCH)
            return;
        nap();
    }
    fail_msg("process %ld lives on", pid);
}

static void test_activation_and_end(void **state)
{
    struct fixture *f = *state;
    struct gnt_service *service = NULL;
    const char *address = NULL;
    gantry_error err = { 0 };
    char note[1024];
    char words[128];
    long pid = 0;
    long listen_pid = 0;
    int inherited = open("/dev/null", O_RDONLY); /* not close-on-exec: must not reach the service */

    assert_int_equal(gnt_service_start(&f->host, &f->env, f->program, &service, &address, &err), 0);
    assert_true(connects(address)); /* before the service has done anything */
    read_note(f, note, sizeof note);
    assert_non_null(strstr(note, "args: system service --time=0\n"));
    assert_non_null(strstr(note, "fds: 1\nsocket\n"));
    assert_null(strstr(note, "leaked"));
    assert_int_equal(sscanf(strstr(note, "pid: "), "pid: %ld listen: %ld", &pid, &listen_pid), 2);
    assert_int_equal(pid, listen_pid);
    gnt_service_words(service, words, sizeof words);
    assert_string_equal(words, "words on stderr ");
    gnt_service_stop(service);
    wait_until_gone(pid);
    close(inherited);
}

static void test_ends_when_embedder_is_killed(void **state)
{
    struct fixture *f = *state;
    char note[1024];
    long pid = 0;
    pid_t child = fork();

    if (child == 0) {
        struct gnt_service *service = NULL;
        const char *address = NULL;

        if (gnt_service_start(&f->host, &f->env, f->program, &service, &address, NULL) == 0)
            pause();
        _exit(1);
    }
    read_note(f, note, sizeof note);
    assert_int_equal(sscanf(strstr(note, "pid: "), "pid: %ld", &pid), 1);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    wait_until_gone(pid);
    /* The private directory goes too: teardown's rmdir proves it, once the shell is done. */
    for (int i = 0; i < 5000; i++) {
        struct stat st;

        if (stat(f->dir, &st) == 0 && st.st_nlink == 2)
            return;
        nap();
    }
    fail_msg("the service's directory is still there");
}

/* A child that lives on holds a copy of the lifeline; the end is said all the same. */
static void test_ends_in_spite_of_a_forked_child(void **state)
{
    struct fixture *f = *state;
    struct gnt_service *service = NULL;
    const char *address = NULL;
    gantry_error err = { 0 };
    char note[1024];
    int64_t begin;
    pid_t child;

    assert_int_equal(gnt_service_start(&f->host, &f->env, f->program, &service, &address, &err), 0);
    read_note(f, note, sizeof note);
    child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    begin = gantry_clock_ns();
    gnt_service_stop(service);
    assert_true(gantry_clock_ns() - begin < (int64_t)8 * 1000000000);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void test_missing_program(void **state)
{
    struct fixture *f = *state;
    struct gnt_service *service = NULL;
    const char *address = NULL;
    gantry_error err = { 0 };

    assert_int_equal(
        gnt_service_start(&f->host, &f->env, "no-such-podman", &service, &address, &err),
        GANTRY_E_NOT_FOUND);
    assert_string_equal(err.message, "there is no program no-such-podman");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_activation_and_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ends_when_embedder_is_killed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ends_in_spite_of_a_forked_child, setup, teardown),
        cmocka_unit_test_setup_teardown(test_missing_program, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
