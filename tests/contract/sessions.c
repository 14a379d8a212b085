/*
 * Contract of interactive streams: exec sessions, and the caller's own descriptors and terminal on
 * a container.
 */
#define _XOPEN_SOURCE 700

#include "contract.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* ---- helpers --------------------------------------------------------------------------------- */

/* Read until `text` has come; more may have. */
static void read_until(struct contract *f, gantry_stream *stream, const char *text)
{
    char got[4096] = "";
    size_t size = 0;
    size_t piece;

    while (strstr(got, text) == NULL) {
        assert_true(size + 1 < sizeof got);
        OK(gantry_stream_read(stream, got + size, sizeof got - 1 - size, &piece, NULL, &f->err));
        if (piece == 0)
            fail_msg("the stream ended with \"%s\", without \"%s\"", got, text);
        size += piece;
        got[size] = '\0';
        for (char *nul = got; nul < got + size; nul++)
            *nul = *nul != '\0' ? *nul : '?';
    }
}

static void type(struct contract *f, gantry_stream *stream, const char *text)
{
    OK(gantry_stream_write(stream, text, strlen(text), NULL, &f->err));
}

static gantry_exec *open_exec(struct contract *f, const char *name, const char *script,
                              const gantry_exec_options *opts)
{
    gantry_exec *exec = NULL;

    OK(gantry_containers_exec_open(f->containers, name, SHELL(script), opts, &exec, &f->err));
    assert_non_null(exec);
    return exec;
}

/* Prints a line once the terminal has a size. */
#define SIZED(size, word)                                                                          \
    "until [ \"$(stty size)\" = '" size "' ]; do usleep 10000; done; echo " word

/* ---- exec sessions --------------------------------------------------------------------------- */

/* A command may speak before its engine has noted that it runs. */
static int is_noted(struct contract *f, const void *exec)
{
    gantry_exec_info *info = NULL;
    int noted;

    OK(gantry_containers_exec_inspect(f->containers, gantry_exec_id(exec), NULL, &info, &f->err));
    CHECK(info->has_exit_code == 0);
    noted = info->running == 1 && info->pid > 0;
    gantry_exec_info_free(info);
    return noted;
}

static void a_session_is_talked_to(struct contract *f)
{
    const char *name = contract_start(f, IDLE);
    gantry_exec_options opts = { .size = sizeof opts, .in = GANTRY_ON, .user = "65534" };
    gantry_exec_info *info = NULL;
    gantry_output *output = NULL;
    gantry_exit_status status;
    gantry_exec *exec;
    int not_started;

    exec = open_exec(f, name, "read a; echo got $a; cat; echo oops >&2; exit 3", &opts);
    type(f, gantry_exec_stream(exec), "one\n");
    read_until(f, gantry_exec_stream(exec), "got one\n");
    contract_until(f, is_noted, exec);
    OK(gantry_containers_exec_inspect(f->containers, gantry_exec_id(exec), NULL, &info, &f->err));
    SAME(info->id, gantry_exec_id(exec));
    CHECK(info->running == 1 && info->has_exit_code == 0 && info->pid > 0);
    CHECK(info->tty == 0 && info->privileged == 0);
    SAME(info->command[0], "sh");
    SAME(info->command[1], "-c");
    SAME(info->user, "65534");
    CHECK(contract_is_id(info->container_id));
    CONTAINS(info->json, "ContainerID");
    gantry_exec_info_free(info);
    type(f, gantry_exec_stream(exec), "two\n");
    OK(gantry_stream_close_write(gantry_exec_stream(exec), &f->err));
    OK(gantry_stream_capture(gantry_exec_stream(exec), 0, &output, &f->err));
    SAME(output->stdout_data, "two\n");
    SAME(output->stderr_data, "oops\n");
    gantry_output_free(output);
    for (int i = 0; i < 2; i++) {
        OK(gantry_exec_wait(exec, &status, &not_started, &f->err));
        CHECK(status.has_exit_code && status.exit_code == 3 && status.signal == 0);
        CHECK(not_started == 0);
    }
    OK(gantry_containers_exec_inspect(f->containers, gantry_exec_id(exec), NULL, &info, &f->err));
    CHECK(info->running == 0 && info->has_exit_code && info->exit_code == 3 && info->pid == 0);
    gantry_exec_info_free(info);
    gantry_exec_close(exec);
    FAILS(gantry_containers_exec_inspect(f->containers, contract_name(f, "missing"), NULL, &info,
                                         &f->err),
          GANTRY_E_NOT_FOUND);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_EXEC);
}

static void a_session_has_a_terminal_of_a_size(struct contract *f)
{
    const char *name = contract_start(f, IDLE);
    gantry_exec_options opts = {
        .size = sizeof opts, .in = GANTRY_ON, .tty = GANTRY_ON, .columns = 77, .rows = 33
    };
    gantry_exit_status status;
    gantry_exec *exec;

    exec = open_exec(f, name, SIZED("33 77", "first; ") SIZED("44 99", "second; read a; exit 130"),
                     &opts);
    read_until(f, gantry_exec_stream(exec), "first\r\n");
    FAILS(gantry_exec_resize(exec, 0, 44, &f->err), GANTRY_E_INVALID);
    FAILS(gantry_exec_resize(exec, 99, 70000, &f->err), GANTRY_E_INVALID);
    OK(gantry_exec_resize(exec, 99, 44, &f->err));
    read_until(f, gantry_exec_stream(exec), "second\r\n");
    type(f, gantry_exec_stream(exec), "\n");
    OK(gantry_exec_wait(exec, &status, NULL, &f->err)); /* drops what is left of its output */
    CHECK(status.has_exit_code && status.exit_code == 130 && status.signal == 2);
    FAILS(gantry_exec_resize(exec, 99, 44, &f->err), GANTRY_E_STATE);
    gantry_exec_close(exec);
    opts.tty = 0;
    FAILS(gantry_containers_exec_open(f->containers, name, COMMAND("true"), &opts, &exec, &f->err),
          GANTRY_E_INVALID);
    opts.columns = opts.rows = 0;
    exec = open_exec(f, name, "true", &opts);
    FAILS(gantry_exec_resize(exec, 99, 44, &f->err), GANTRY_E_STATE);
    gantry_exec_close(exec);
}

static void sessions_are_listed(struct contract *f)
{
    const char *name = contract_start(f, IDLE);
    gantry_exec_options opts = { .size = sizeof opts, .in = GANTRY_ON };
    gantry_exec *first = open_exec(f, name, "echo 1; cat", &opts);
    gantry_exec *second = open_exec(f, name, "echo 2; cat", &opts);
    gantry_container *info = NULL;

    read_until(f, gantry_exec_stream(first), "1\n");
    read_until(f, gantry_exec_stream(second), "2\n");
    OK(gantry_containers_inspect(f->containers, name, NULL, &info, &f->err));
    CHECK(contract_in_list(info->exec_ids, gantry_exec_id(first)));
    CHECK(contract_in_list(info->exec_ids, gantry_exec_id(second)));
    gantry_container_free(info);
    gantry_exec_close(first);
    gantry_exec_close(second);
}

static void a_missing_program_opens_no_command(struct contract *f)
{
    const char *name = contract_start(f, IDLE);
    gantry_exec_options opts = { .size = sizeof opts };
    gantry_exec *exec = NULL;
    gantry_exit_status status;
    int not_started;

    OK(gantry_containers_exec_open(f->containers, name, COMMAND("/no/such"), &opts, &exec,
                                   &f->err));
    OK(gantry_exec_wait(exec, &status, &not_started, &f->err));
    CHECK(status.has_exit_code && (status.exit_code == 126 || status.exit_code == 127));
    CHECK(not_started == (contract_differs(f, DIFF_NOT_STARTED_IS_NOT_KNOWN) ? -1 : 1));
    gantry_exec_close(exec);
    exec = NULL;
    opts.detach = GANTRY_ON;
    FAILS(gantry_containers_exec_open(f->containers, name, COMMAND("/no/such"), &opts, &exec,
                                      &f->err),
          GANTRY_E_COMMAND);
    CHECK(exec == NULL);
}

static int file_is_there(struct contract *f, const void *arg)
{
    gantry_exec_result *result = NULL;
    int there;

    OK(gantry_containers_exec(f->containers, arg, COMMAND("test", "-e", "/tmp/done"), NULL, &result,
                              &f->err));
    there = result->exit_code == 0;
    gantry_exec_result_free(result);
    return there;
}

static void a_detached_command_goes_on(struct contract *f)
{
    const char *name = contract_start(f, IDLE);
    gantry_call call = { .size = sizeof call };
    gantry_exec_options opts = { .size = sizeof opts, .call = &call, .detach = GANTRY_ON };
    gantry_exit_status status;
    gantry_exec *exec;

    OK(gantry_containers_exec(f->containers, name, COMMAND("mkdir", "-p", "/tmp"), NULL, NULL,
                              &f->err));
    if (contract_differs(f, DIFF_DETACHED_EXEC_SEEMS_TO_RUN))
        call.timeout_ms = 1000;
    exec = open_exec(f, name, "echo >/tmp/done; exit 5", &opts);
    CHECK(gantry_exec_stream(exec) == NULL);
    contract_until(f, file_is_there, name);
    if (contract_differs(f, DIFF_DETACHED_EXEC_SEEMS_TO_RUN)) {
        FAILS(gantry_exec_wait(exec, &status, NULL, &f->err), GANTRY_E_TIMEOUT);
    } else {
        OK(gantry_exec_wait(exec, &status, NULL, &f->err));
        CHECK(status.has_exit_code && status.exit_code == 5);
    }
    gantry_exec_close(exec);
    opts.in = GANTRY_ON;
    FAILS(gantry_containers_exec_open(f->containers, name, COMMAND("true"), &opts, &exec, &f->err),
          GANTRY_E_INVALID);
}

static void a_closed_session_leaves_its_command(struct contract *f)
{
    const char *name = contract_start(f, IDLE);
    gantry_exec_options opts = { .size = sizeof opts, .in = GANTRY_ON };
    gantry_exec *exec;

    OK(gantry_containers_exec(f->containers, name, COMMAND("mkdir", "-p", "/tmp"), NULL, NULL,
                              &f->err));
    exec = open_exec(f, name, "echo here; cat >/dev/null; echo >/tmp/done", &opts);
    read_until(f, gantry_exec_stream(exec), "here\n");
    gantry_exec_close(exec); /* the end of its input, and not of it */
    contract_until(f, file_is_there, name);
    gantry_exec_close(NULL);
}

static void keys_that_leave_an_exec(struct contract *f)
{
    const char *name = contract_start(f, IDLE);
    gantry_exec_options opts = {
        .size = sizeof opts, .in = GANTRY_ON, .tty = GANTRY_ON, .detach_keys = "ctrl-x,y"
    };
    gantry_output *output = NULL;
    gantry_exec *exec = NULL;

    if (contract_differs(f, DIFF_EXEC_KEYS_ARE_NOT_WATCHED)) {
        FAILS(
            gantry_containers_exec_open(f->containers, name, COMMAND("cat"), &opts, &exec, &f->err),
            GANTRY_E_UNSUPPORTED);
        CONTAINS(f->err.message, "detach_keys");
    } else {
        exec = open_exec(f, name, "stty raw -echo; echo go; cat", &opts);
        read_until(f, gantry_exec_stream(exec), "go");
        type(f, gantry_exec_stream(exec), "\x18y");
        OK(gantry_stream_capture(gantry_exec_stream(exec), 0, &output, &f->err));
        gantry_output_free(output);
        gantry_exec_close(exec);
    }
    opts.detach_keys = ""; /* none: the usual ones are mere bytes */
    exec = open_exec(f, name, "stty raw -echo; echo go; cat", &opts);
    read_until(f, gantry_exec_stream(exec), "go");
    type(f, gantry_exec_stream(exec), "\x10\x11.");
    read_until(f, gantry_exec_stream(exec), "\x10\x11.");
    gantry_exec_close(exec);
    opts.detach_keys = "ctrl-";
    FAILS(gantry_containers_exec_open(f->containers, name, COMMAND("cat"), &opts, &exec, &f->err),
          GANTRY_E_INVALID);
}

static gantry_stream *attach_cat(struct contract *f, const char *script, int tty,
                                 const gantry_attach_options *attach, const char **out_name)
{
    gantry_container_options create = { .size = sizeof create,
                                        .name = contract_name(f, "keys"),
                                        .command = SHELL(script),
                                        .open_stdin = GANTRY_ON,
                                        .tty = tty };
    gantry_stream *stream = NULL;

    OK(gantry_containers_create(f->containers, f->base, &create, NULL, &f->err));
    OK(gantry_containers_attach_open(f->containers, create.name, attach, &stream, &f->err));
    OK(gantry_containers_start(f->containers, create.name, NULL, &f->err));
    *out_name = create.name;
    return stream;
}

static void keys_that_leave_a_container(struct contract *f)
{
    gantry_attach_options attach = { .size = sizeof attach,
                                     .in = GANTRY_ON,
                                     .detach_keys = "ctrl-x" };
    const char *script = "stty raw -echo; echo go; cat";
    gantry_output *output = NULL;
    gantry_stream *stream;
    const char *name;

    stream = attach_cat(f, script, GANTRY_ON, &attach, &name);
    read_until(f, stream, "go");
    type(f, stream, "\x18");
    OK(gantry_stream_capture(stream, 0, &output, &f->err)); /* the end */
    gantry_output_free(output);
    gantry_stream_close(stream);
    CHECK(contract_state(f, name) == GANTRY_CONTAINER_RUNNING);
    attach.detach_keys = "";
    stream = attach_cat(f, script, GANTRY_ON, &attach, &name);
    read_until(f, stream, "go");
    type(f, stream, "\x10");
    read_until(f, stream, "\x10"); /* and not held back either */
    type(f, stream, "\x11");
    read_until(f, stream, "\x11");
    gantry_stream_close(stream);
    attach.detach_keys = "ctrl-";
    FAILS(gantry_containers_attach_open(f->containers, name, &attach, &stream, &f->err),
          GANTRY_E_INVALID);
}

/* ---- bytes ----------------------------------------------------------------------------------- */

/* Podman may break a connection that it has only just made: then it is tried again. */
static int may_go_on(struct contract *f, int rc)
{
    if (rc == GANTRY_E_TRUNCATED && contract_differs(f, DIFF_ATTACH_MAY_BREAK_AT_ONCE))
        return 0;
    OK(rc);
    return 1;
}

/* All values there and back, each byte alone, so that an engine which looks for keys in single bytes
 * would find them. 0: the engine broke the connection. */
static int all_values_come_back(struct contract *f, gantry_stream *stream)
{
    unsigned char got[256];
    size_t piece;

    for (int i = 0; i < 256; i++) {
        char byte = (char)i;

        if (!may_go_on(f, gantry_stream_write(stream, &byte, 1, NULL, &f->err)))
            return 0;
    }
    for (size_t at = 0; at < sizeof got; at += piece) {
        if (!may_go_on(
                f, gantry_stream_read(stream, got + at, sizeof got - at, &piece, NULL, &f->err)))
            return 0;
        CHECK(piece > 0);
    }
    for (int i = 0; i < 256; i++) {
        if (got[i] != i)
            fail_msg("byte %d came back as %d", i, got[i]);
    }
    return 1;
}

static int through_exec(struct contract *f, const char *name)
{
    gantry_exec_options opts = { .size = sizeof opts, .in = GANTRY_ON };
    gantry_exec *exec = open_exec(f, name, "cat", &opts);
    int came = all_values_come_back(f, gantry_exec_stream(exec));

    gantry_exec_close(exec);
    return came;
}

static int through_terminal(struct contract *f, const char *name)
{
    gantry_exec_options opts = {
        .size = sizeof opts, .in = GANTRY_ON, .tty = GANTRY_ON, .detach_keys = ""
    };
    gantry_exec *exec = open_exec(f, name, "stty raw -echo; printf go; cat", &opts);
    int came;

    read_until(f, gantry_exec_stream(exec), "go");
    came = all_values_come_back(f, gantry_exec_stream(exec));
    gantry_exec_close(exec);
    return came;
}

static int through_attach(struct contract *f, const char *name)
{
    gantry_container_options create = {
        .size = sizeof create, .name = name, .command = COMMAND("cat"), .open_stdin = GANTRY_ON
    };
    gantry_attach_options attach = { .size = sizeof attach, .in = GANTRY_ON };
    gantry_container_remove_options remove = { .size = sizeof remove, .force = GANTRY_ON };
    gantry_stream *stream = NULL;
    int came;

    OK(gantry_containers_create(f->containers, f->base, &create, NULL, &f->err));
    OK(gantry_containers_attach_open(f->containers, name, &attach, &stream, &f->err));
    OK(gantry_containers_start(f->containers, name, NULL, &f->err));
    came = all_values_come_back(f, stream);
    gantry_stream_close(stream);
    OK(gantry_containers_remove(f->containers, name, &remove, &f->err));
    return came;
}

static void every_byte_goes_both_ways(struct contract *f)
{
    static int (*const ways[])(
        struct contract * f, const char *name) = { through_exec, through_terminal, through_attach };
    const char *name = contract_start(f, IDLE);
    const char *other = contract_name(f, "cat");

    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        const char *where = ways[i] == through_attach ? other : name;
        int came = 0;

        for (int tries = 0; tries < 3 && !came; tries++)
            came = ways[i](f, where);
        CHECK(came);
    }
}

/* Nothing but the setting tells a terminal's bytes from frames. */
static void output_that_begins_like_a_frame(struct contract *f)
{
    for (int first = 0; first < 3; first++) {
        char script[128];
        char want[16] = { (char)first, 0, 0, 0, 0, 0, 0, 5, 'h', 'e', 'l', 'l', 'o' };
        gantry_container_options opts = { .size = sizeof opts,
                                          .name = contract_name(f, "tty"),
                                          .command = SHELL(script),
                                          .tty = GANTRY_ON };
        gantry_stream *stream = NULL;
        gantry_output *output = NULL;

        snprintf(script, sizeof script, "printf '\\00%d\\0\\0\\0\\0\\0\\0\\005hello'", first);
        OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
        OK(gantry_containers_attach_open(f->containers, opts.name, NULL, &stream, &f->err));
        OK(gantry_containers_start(f->containers, opts.name, NULL, &f->err));
        OK(gantry_stream_capture(stream, 0, &output, &f->err));
        CHECK(output->stdout_size == 13 && output->stderr_size == 0);
        CHECK(memcmp(output->stdout_data, want, 13) == 0);
        gantry_output_free(output);
        gantry_stream_close(stream);
        OK(gantry_containers_logs(f->containers, opts.name, NULL, &output, &f->err));
        CHECK(output->stdout_size == 13 && output->stderr_size == 0);
        CHECK(memcmp(output->stdout_data, want, 13) == 0);
        gantry_output_free(output);
    }
}

/* ---- descriptors ----------------------------------------------------------------------------- */

/* A call in a thread of its own, with our side of its descriptors. */
struct call {
    struct contract *f;
    const char *container;
    const char *const *command; /* NULL: attach */
    gantry_stdio stdio;
    gantry_attach_stdio_options attach;
    gantry_exec_options exec;
    pthread_t thread;
    int rc;
    int end;
    gantry_exit_status status;
    gantry_error err;
};

static void *make_call(void *arg)
{
    struct call *c = arg;

    c->rc = c->command == NULL
                ? gantry_containers_attach_stdio(c->f->containers, c->container, &c->stdio,
                                                 &c->attach, &c->end, &c->status, &c->err)
                : gantry_containers_exec_stdio(c->f->containers, c->container, c->command,
                                               &c->stdio, &c->exec, &c->end, &c->status, &c->err);
    return NULL;
}

static void call_init(struct call *c, struct contract *f, const char *container)
{
    memset(c, 0, sizeof *c);
    c->f = f;
    c->container = container;
    c->stdio = (gantry_stdio){ .size = sizeof c->stdio, .in = -1, .out = -1, .err = -1 };
    c->attach.size = sizeof c->attach;
    c->exec.size = sizeof c->exec;
    c->end = -1;
}

static void call_begin(struct call *c)
{
    assert_int_equal(pthread_create(&c->thread, NULL, make_call, c), 0);
}

static void call_end(struct call *c)
{
    struct contract *f = c->f;

    assert_int_equal(pthread_join(c->thread, NULL), 0);
    f->err = c->err;
    OK(c->rc);
}

struct terminal {
    int ours;
    int theirs;
    struct termios before;
    char text[8192];
    size_t size;
};

static void terminal_init(struct terminal *t, unsigned short columns, unsigned short rows)
{
    struct winsize size = { .ws_col = columns, .ws_row = rows };

    memset(t, 0, sizeof *t);
    t->ours = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(t->ours >= 0);
    assert_true(grantpt(t->ours) == 0 && unlockpt(t->ours) == 0);
    t->theirs = open(ptsname(t->ours), O_RDWR | O_NOCTTY);
    assert_true(t->theirs >= 0);
    assert_int_equal(tcgetattr(t->theirs, &t->before), 0);
    assert_int_equal(ioctl(t->ours, TIOCSWINSZ, &size), 0);
}

static void terminal_free(struct terminal *t)
{
    struct termios now;

    assert_int_equal(tcgetattr(t->theirs, &now), 0);
    CHECK(now.c_lflag == t->before.c_lflag && now.c_iflag == t->before.c_iflag &&
          now.c_oflag == t->before.c_oflag);
    close(t->theirs);
    close(t->ours);
}

/* What is shown, up to a text; forgotten then. */
static void terminal_shows(struct terminal *t, const char *text)
{
    while (strstr(t->text, text) == NULL) {
        struct pollfd ready = { t->ours, POLLIN, 0 };
        ssize_t got;

        if (poll(&ready, 1, 30000) != 1)
            fail_msg("the terminal shows \"%s\", not \"%s\"", t->text, text);
        assert_true(t->size + 1 < sizeof t->text);
        got = read(t->ours, t->text + t->size, sizeof t->text - 1 - t->size);
        assert_true(got > 0);
        t->size += (size_t)got;
        t->text[t->size] = '\0';
    }
    t->size = 0;
    t->text[0] = '\0';
}

static void terminal_types(const struct terminal *t, const char *text)
{
    assert_int_equal(write(t->ours, text, strlen(text)), (ssize_t)strlen(text));
}

static void a_terminal_on_a_container(struct contract *f)
{
    gantry_container_options create = {
        .size = sizeof create,
        .name = contract_name(f, "talk"),
        .command = SHELL("echo ready; while read a; do case $a in end) exit 9;; size) " SIZED(
            "41 101", "sized") ";; *) echo got $a;; esac; done"),
        .open_stdin = GANTRY_ON,
        .tty = GANTRY_ON
    };
    struct winsize size = { .ws_col = 101, .ws_row = 41 };
    struct terminal t;
    struct call c;

    OK(gantry_containers_create(f->containers, f->base, &create, NULL, &f->err));
    terminal_init(&t, 80, 25);
    call_init(&c, f, create.name);
    c.attach.start = GANTRY_ON;
    c.stdio.in = c.stdio.out = c.stdio.err = t.theirs;
    call_begin(&c);
    terminal_shows(&t, "ready\r\n");
    terminal_types(&t, "hello\r");
    terminal_shows(&t, "got hello\r\n");
    assert_int_equal(ioctl(t.ours, TIOCSWINSZ, &size), 0);
    terminal_types(&t, "size\r");
    terminal_shows(&t, "sized\r\n");
    terminal_types(&t, "\x10\x11"); /* ctrl-p,ctrl-q */
    call_end(&c);
    CHECK(c.end == GANTRY_END_DETACHED && !c.status.has_exit_code);
    CHECK(contract_state(f, create.name) == GANTRY_CONTAINER_RUNNING);

    call_init(&c, f, create.name); /* and again, with other keys */
    c.stdio.in = c.stdio.out = c.stdio.err = t.theirs;
    c.stdio.detach_keys = "ctrl-a,d";
    call_begin(&c);
    /* Typed before the attach it would be lost; the answer says that it is there. */
    terminal_types(&t, "again\r");
    terminal_shows(&t, "got again\r\n");
    terminal_types(&t, "end\r");
    call_end(&c);
    CHECK(c.end == GANTRY_END_PROCESS);
    CHECK(c.status.has_exit_code && c.status.exit_code == 9);
    terminal_free(&t);
    call_init(&c, f, create.name);
    c.stdio.out = 1;
    FAILS(gantry_containers_attach_stdio(f->containers, create.name, &c.stdio, NULL, NULL, NULL,
                                         &f->err),
          GANTRY_E_STATE);
}

static void a_terminal_on_a_command(struct contract *f)
{
    const char *name = contract_start(f, IDLE);
    struct terminal t;
    struct call c;

    terminal_init(&t, 66, 22);
    call_init(&c, f, name);
    c.command = SHELL(SIZED("22 66", "sized; read a; echo got $a; exit 4"));
    c.exec.tty = GANTRY_ON;
    c.stdio.in = c.stdio.out = c.stdio.err = t.theirs;
    call_begin(&c);
    terminal_shows(&t, "sized\r\n");
    terminal_types(&t, "\x10\x11word\r"); /* no keys leave a command, unless they are named */
    terminal_shows(&t, "word\r\n");
    call_end(&c);
    CHECK(c.end == GANTRY_END_PROCESS);
    CHECK(c.status.has_exit_code && c.status.exit_code == 4);

    call_init(&c, f, name);
    c.command = SHELL("echo go; cat");
    c.exec.tty = GANTRY_ON;
    c.stdio.in = c.stdio.out = c.stdio.err = t.theirs;
    c.stdio.detach_keys = "ctrl-a,d";
    call_begin(&c);
    terminal_shows(&t, "go\r\n");
    terminal_types(&t, "\x01"
                       "d");
    call_end(&c);
    CHECK(c.end == GANTRY_END_DETACHED && !c.status.has_exit_code);
    terminal_free(&t);
}

static void pipes_on_a_command(struct contract *f)
{
    const char *name = contract_start(f, IDLE);
    struct call c;
    char text[64] = "";
    int in[2];
    int out[2];

    assert_true(pipe(in) == 0 && pipe(out) == 0);
    call_init(&c, f, name);
    c.command = SHELL("cat; echo end; exit 6");
    c.stdio.in = in[0];
    c.stdio.out = out[1];
    assert_int_equal(write(in[1], "typed\n", 6), 6);
    close(in[1]); /* the end of the command's input */
    call_begin(&c);
    call_end(&c);
    CHECK(c.end == GANTRY_END_PROCESS);
    CHECK(c.status.has_exit_code && c.status.exit_code == 6);
    CHECK(read(out[0], text, sizeof text - 1) > 0);
    SAME(text, "typed\nend\n");
    call_init(&c, f, name); /* nothing to read, and nobody to read it */
    c.command = SHELL("cat; echo end; exit 7");
    c.stdio.err = out[1];
    call_begin(&c);
    call_end(&c);
    CHECK(c.status.has_exit_code && c.status.exit_code == 7);
    FAILS(gantry_containers_exec_stdio(f->containers, name, COMMAND("true"), NULL, NULL, NULL, NULL,
                                       &f->err),
          GANTRY_E_INVALID);
    close(in[0]);
    close(out[0]);
    close(out[1]);
}

/* With start, what has ended runs again, and nothing of its output is lost. */
static void an_ended_container_is_started_again(struct contract *f)
{
    gantry_container_options create = { .size = sizeof create,
                                        .name = contract_name(f, "again"),
                                        .command = SHELL("read a; echo got $a; echo oops >&2; "
                                                         "exit 8"),
                                        .open_stdin = GANTRY_ON };

    OK(gantry_containers_create(f->containers, f->base, &create, NULL, &f->err));
    for (int i = 0; i < 2; i++) {
        char text[2][64] = { "", "" };
        struct call c;
        int in[2];
        int out[2];
        int err[2];

        assert_true(pipe(in) == 0 && pipe(out) == 0 && pipe(err) == 0);
        call_init(&c, f, create.name);
        c.attach.start = GANTRY_ON;
        c.stdio.in = in[0];
        c.stdio.out = out[1];
        c.stdio.err = err[1];
        assert_int_equal(write(in[1], "it\n", 3), 3);
        close(in[1]);
        call_begin(&c);
        call_end(&c);
        CHECK(c.end == GANTRY_END_PROCESS);
        CHECK(c.status.has_exit_code && c.status.exit_code == 8);
        CHECK(read(out[0], text[0], 63) > 0 && read(err[0], text[1], 63) > 0);
        SAME(text[0], "got it\n");
        SAME(text[1], "oops\n");
        close(in[0]);
        close(out[0]);
        close(out[1]);
        close(err[0]);
        close(err[1]);
    }
}

/* ---- a hundred million bytes ----------------------------------------------------------------- */

enum {
    MANY = 100 * 1000 * 1000,
    PIECE = 64 * 1000
};

static void fill(unsigned char *piece, size_t from)
{
    for (size_t i = 0; i < PIECE; i++)
        piece[i] = (unsigned char)((from + i) * 2654435761u >> 13);
}

static void *feed(void *arg)
{
    int fd = *(int *)arg;
    static unsigned char piece[PIECE];

    for (size_t at = 0; at < MANY; at += PIECE) {
        size_t want = MANY - at < PIECE ? MANY - at : PIECE;

        fill(piece, at);
        for (size_t sent = 0; sent < want;) {
            ssize_t n = write(fd, piece + sent, want - sent);

            if (n <= 0)
                return NULL;
            sent += (size_t)n;
        }
    }
    close(fd);
    return NULL;
}

/* So many bytes come, the right ones. */
static void compare(int fd)
{
    static unsigned char want[PIECE];
    static unsigned char got[PIECE];

    for (size_t at = 0; at < MANY; at += PIECE) {
        size_t whole = MANY - at < PIECE ? MANY - at : PIECE;
        size_t size = 0;

        while (size < whole) {
            ssize_t n = read(fd, got + size, whole - size);

            assert_true(n > 0);
            size += (size_t)n;
        }
        fill(want, at);
        if (memcmp(got, want, size) != 0)
            fail_msg("the bytes from %zu on are not the same", at);
    }
}

static void a_hundred_megabytes_through_cat(struct contract *f)
{
    gantry_container_options create = { .size = sizeof create,
                                        .name = contract_name(f, "cat"),
                                        .command = COMMAND("cat"),
                                        .open_stdin = GANTRY_ON };
    int64_t begun = gantry_clock_ns();
    pthread_t feeding;
    struct call c;
    char more;
    int in[2];
    int out[2];

    OK(gantry_containers_create(f->containers, f->base, &create, NULL, &f->err));
    assert_true(pipe(in) == 0 && pipe(out) == 0);
    call_init(&c, f, create.name);
    c.attach.start = GANTRY_ON;
    c.stdio.in = in[0];
    c.stdio.out = out[1];
    assert_int_equal(pthread_create(&feeding, NULL, feed, &in[1]), 0);
    call_begin(&c);
    compare(out[0]);
    call_end(&c);
    pthread_join(feeding, NULL);
    close(out[1]);
    CHECK(read(out[0], &more, 1) == 0); /* and no more */
    CHECK(c.status.has_exit_code && c.status.exit_code == 0);
    print_message("%d bytes through cat and back in %lld ms\n", MANY,
                  (long long)((gantry_clock_ns() - begun) / 1000000));
    close(in[0]);
    close(out[0]);
}

#define EXEC NEEDS(GANTRY_FEATURE_CONTAINERS_EXEC, GANTRY_FEATURE_CONTAINERS_EXEC_INSPECT)
#define ATTACH NEEDS(GANTRY_FEATURE_CONTAINERS_ATTACH, GANTRY_FEATURE_CONTAINERS_WAIT)

const struct contract_test sessions_tests[] = {
    TEST_WITH(a_session_is_talked_to, EXEC),
    TEST_WITH(a_session_has_a_terminal_of_a_size, EXEC),
    TEST_WITH(sessions_are_listed, EXEC),
    TEST_WITH(a_missing_program_opens_no_command, EXEC),
    TEST_WITH(a_detached_command_goes_on, EXEC),
    TEST_WITH(a_closed_session_leaves_its_command, EXEC),
    TEST_WITH(keys_that_leave_an_exec, EXEC),
    TEST_WITH(keys_that_leave_a_container, ATTACH),
    TEST_WITH(every_byte_goes_both_ways, EXEC),
    TEST_WITH(output_that_begins_like_a_frame, ATTACH),
    TEST_WITH(a_terminal_on_a_container,
              NEEDS(GANTRY_FEATURE_CONTAINERS_ATTACH, GANTRY_FEATURE_CONTAINERS_WAIT,
                    GANTRY_FEATURE_CONTAINERS_RESIZE)),
    TEST_WITH(an_ended_container_is_started_again, ATTACH),
    TEST_WITH(a_terminal_on_a_command, EXEC),
    TEST_WITH(pipes_on_a_command, EXEC),
    { 0 },
};

/* Some seconds of work for the engine: a group of its own. */
const struct contract_test flood_tests[] = {
    TEST_WITH(a_hundred_megabytes_through_cat, ATTACH),
    { 0 },
};
