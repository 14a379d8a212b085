/*
 * Contract of runs, the rest: many at once, input from sources and descriptors, a time to live, what
 * is told of an end; waits for states.
 */
/* For pseudo terminals. */
#define _XOPEN_SOURCE 700

#include "contract.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <termios.h>
#include <unistd.h>

/* Options of a run with a name of ours. */
struct run {
    gantry_container_options container;
    gantry_run_options opts;
    gantry_run_result *result;
};

static struct run *prepare(struct contract *f, struct run *run, const char *const *command)
{
    memset(run, 0, sizeof *run);
    run->container.size = sizeof run->container;
    run->container.name = contract_name(f, "runs");
    run->opts.size = sizeof run->opts;
    run->opts.container = &run->container;
    run->opts.command = command;
    run->opts.remove = GANTRY_ON;
    return run;
}

static int do_run(struct contract *f, struct run *run)
{
    return contract_run(f, f->base, &run->opts, &run->result, &f->err);
}

static int is_gone(struct contract *f, const void *name)
{
    return !contract_exists(f, name);
}

/* ---- many ------------------------------------------------------------------------------------ */

enum {
    RUNNERS = 3,
    RUNS_EACH = 8 /* GANTRY_TEST_RUNS says how many all make together instead */
};

struct runner {
    struct contract *f;
    pthread_t thread;
    const char *name; /* the same each time: it must be free on return */
    int number;
    int runs;
    int lost; /* see SHORT_LIVES_MAY_LOSE_OUTPUT */
    char failure[700];
};

/* One run: a third ends at once, the rest says something on both channels before it does. */
static int run_once(struct runner *r, int i)
{
    gantry_container_options container = { .size = sizeof container, .name = r->name };
    gantry_run_options opts = { .size = sizeof opts, .container = &container, .remove = GANTRY_ON };
    gantry_run_result *result = NULL;
    gantry_error err = { 0 };
    int quiet = i % 3 == 0;
    int code = quiet ? 0 : (r->number * 50 + i) % 125;
    char script[64];
    char out[32] = "";
    char complaint[32] = "";
    int rc;

    if (!quiet) {
        snprintf(script, sizeof script, "echo o%d; echo e%d >&2; exit %d", i, i, code);
        snprintf(out, sizeof out, "o%d\n", i);
        snprintf(complaint, sizeof complaint, "e%d\n", i);
    }
    opts.command = quiet ? COMMAND("true") : SHELL(script);
    rc = gantry_containers_run(r->f->containers, r->f->base, &opts, &result, &err);
    if (rc == GANTRY_E_TRUNCATED && contract_differs(r->f, DIFF_SHORT_LIVES_MAY_LOSE_OUTPUT) &&
        strstr(err.message, "lost the output") != NULL) {
        r->lost++;
        return 0;
    }
    if (rc < 0) {
        snprintf(r->failure, sizeof r->failure, "run %d: %.600s", i, err.message);
        return -1;
    }
    if (strcmp(result->stdout_data, out) != 0 || strcmp(result->stderr_data, complaint) != 0 ||
        !result->has_exit_code || result->exit_code != code) {
        snprintf(r->failure, sizeof r->failure,
                 "run %d: exit code %lld, not %d; \"%.40s\" \"%.40s\"", i,
                 (long long)result->exit_code, code, result->stdout_data, result->stderr_data);
        rc = -1;
    }
    gantry_run_result_free(result);
    return rc;
}

static void *run_many(void *arg)
{
    struct runner *r = arg;

    for (int i = 0; i < r->runs && r->failure[0] == '\0'; i++)
        run_once(r, i);
    return NULL;
}

static void short_lives_side_by_side(struct contract *f)
{
    const char *wanted = getenv("GANTRY_TEST_RUNS");
    int runs = wanted != NULL ? (int)strtol(wanted, NULL, 10) / RUNNERS : RUNS_EACH;
    struct runner runners[RUNNERS];
    int lost = 0;

    memset(runners, 0, sizeof runners);
    for (int i = 0; i < RUNNERS; i++) {
        runners[i].f = f;
        runners[i].name = contract_name(f, "short");
        runners[i].number = i;
        runners[i].runs = runs;
    }
    for (int i = 0; i < RUNNERS; i++)
        assert_int_equal(pthread_create(&runners[i].thread, NULL, run_many, &runners[i]), 0);
    for (int i = 0; i < RUNNERS; i++)
        pthread_join(runners[i].thread, NULL);
    for (int i = 0; i < RUNNERS; i++) {
        SAME(runners[i].failure, "");
        CHECK(!contract_exists(f, runners[i].name));
        lost += runners[i].lost;
    }
    if (lost > 0)
        printf("the engine lost the output of %d of %d runs\n", lost, runs * RUNNERS);
    CHECK(lost <= 1 + runs * RUNNERS / 100);
}

/* ---- sources --------------------------------------------------------------------------------- */

static void source_is_read_to_its_end(struct contract *f)
{
    size_t size = 700001;
    char *data = malloc(size);
    gantry_memory memory = { .size = sizeof memory, .data = data, .length = size };
    gantry_source source = { .size = sizeof source };
    struct run run;

    assert_non_null(data);
    for (size_t i = 0; i < size; i++)
        data[i] = (char)(i * 7);
    prepare(f, &run, COMMAND("cat"));
    gantry_source_memory(&source, &memory);
    run.opts.source = &source;
    OK(do_run(f, &run));
    CHECK(run.result->stdout_size == size);
    CHECK(memcmp(run.result->stdout_data, data, size) == 0);
    CHECK(run.result->exit_code == 0);
    gantry_run_result_free(run.result);
    free(data);
}

/* Somebody who says something only when he was asked. */
struct talk {
    int pipe[2];
    char heard[256];
    size_t size;
};

static int answer(void *arg, int channel, const void *data, size_t size)
{
    struct talk *talk = arg;

    (void)channel;
    if (talk->size + size < sizeof talk->heard) {
        memcpy(talk->heard + talk->size, data, size);
        talk->size += size;
    }
    if (talk->pipe[1] >= 0 && strstr(talk->heard, "name?") != NULL) {
        if (write(talk->pipe[1], "joe\n", 4) != 4)
            return -1;
        close(talk->pipe[1]);
        talk->pipe[1] = -1;
    }
    return 0;
}

static void source_may_wait_for_the_output(struct contract *f)
{
    gantry_source source = { .size = sizeof source };
    struct talk talk = { .size = 0 };
    struct run run;

    assert_int_equal(pipe(talk.pipe), 0);
    prepare(f, &run, SHELL("echo 'name?'; read name; echo hello $name; read more || echo end"));
    gantry_source_fd(&source, talk.pipe[0]);
    run.opts.source = &source;
    run.opts.sink = answer;
    run.opts.sink_arg = &talk;
    OK(do_run(f, &run));
    SAME(talk.heard, "name?\nhello joe\nend\n");
    CHECK(run.result->exit_code == 0);
    gantry_run_result_free(run.result);
    close(talk.pipe[0]);
}

static void input_may_outlive_the_process(struct contract *f)
{
    gantry_source source = { .size = sizeof source };
    struct run run;
    int ends[2];

    assert_int_equal(pipe(ends), 0); /* nobody ever writes to it, or closes it */
    prepare(f, &run, COMMAND("echo", "done"));
    gantry_source_fd(&source, ends[0]);
    run.opts.source = &source;
    OK(do_run(f, &run));
    SAME(run.result->stdout_data, "done\n");
    gantry_run_result_free(run.result);
    close(ends[0]);
    close(ends[1]);
}

static int fail_after_a_piece(void *arg, void *buffer, size_t capacity, size_t *out_size,
                              gantry_error *err)
{
    int *calls = arg;

    if ((*calls)++ > 0)
        return gantry_error_set(err, GANTRY_E_CHANGED, "the vault is shut");
    assert_true(capacity >= 6);
    memcpy(buffer, "half \n", 6);
    *out_size = 6;
    return 0;
}

/* The process must not take what came for all there is. */
static void source_that_fails_kills(struct contract *f)
{
    int calls = 0;
    gantry_source source = { .size = sizeof source, .read = fail_after_a_piece, .arg = &calls };
    struct run run;

    prepare(f, &run, SHELL("cat; exit 5"));
    run.opts.remove = GANTRY_DEFAULT;
    run.opts.source = &source;
    FAILS(do_run(f, &run), GANTRY_E_CHANGED);
    CONTAINS(f->err.message, "the vault is shut");
    CONTAINS(f->err.message, "was killed");
    CHECK(run.result == NULL);
    CHECK(contract_wait_exit(f, run.container.name) == 137);
}

static void source_keeps_its_length(struct contract *f)
{
    gantry_memory memory = { .size = sizeof memory, .data = "12345", .length = 5 };
    gantry_source source = { .size = sizeof source };
    struct run run;

    for (int64_t length = 4; length <= 6; length += 2) {
        prepare(f, &run, SHELL("cat; exit 5"));
        memory.offset = 0;
        gantry_source_memory(&source, &memory);
        source.length = length;
        run.opts.source = &source;
        FAILS(do_run(f, &run), GANTRY_E_CHANGED);
        contract_until(f, is_gone, run.container.name);
    }
}

/* ---- descriptors ----------------------------------------------------------------------------- */

static int temporary(void)
{
    char path[] = "/tmp/contract-XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    unlink(path);
    return fd;
}

static size_t read_back(int fd, char *buffer, size_t capacity)
{
    ssize_t size = pread(fd, buffer, capacity - 1, 0);

    assert_true(size >= 0);
    buffer[size] = '\0';
    return (size_t)size;
}

static void descriptors_are_the_process_s(struct contract *f)
{
    size_t size = 400000;
    gantry_stdio stdio = {
        .size = sizeof stdio, .in = temporary(), .out = temporary(), .err = temporary()
    };
    char *data = malloc(size);
    char *copy = malloc(size + 2);
    struct run run;

    assert_true(data != NULL && copy != NULL);
    for (size_t i = 0; i < size; i++)
        data[i] = (char)(i % 251);
    assert_int_equal(write(stdio.in, data, size), size);
    assert_int_equal(lseek(stdio.in, 0, SEEK_SET), 0);
    prepare(f, &run, SHELL("cat; echo to err >&2; exit 9"));
    run.opts.stdio = &stdio;
    OK(do_run(f, &run));
    CHECK(read_back(stdio.out, copy, size + 2) == size);
    CHECK(memcmp(copy, data, size) == 0);
    read_back(stdio.err, copy, size);
    SAME(copy, "to err\n");
    SAME(run.result->stdout_data, "");
    CHECK(run.result->exit_code == 9 && run.result->detached == 0);
    gantry_run_result_free(run.result);
    close(stdio.in);
    close(stdio.out);
    close(stdio.err);
    free(data);
    free(copy);
}

static void no_descriptor_is_the_end(struct contract *f)
{
    gantry_stdio stdio = { .size = sizeof stdio, .in = -1, .out = temporary(), .err = -1 };
    char text[64];
    struct run run;

    for (int open_stdin = 0; open_stdin < 2; open_stdin++) {
        prepare(f, &run, SHELL("cat; echo dropped >&2; echo end"));
        run.container.open_stdin = open_stdin ? GANTRY_ON : GANTRY_DEFAULT;
        run.opts.stdio = &stdio;
        OK(do_run(f, &run));
        gantry_run_result_free(run.result);
    }
    read_back(stdio.out, text, sizeof text);
    SAME(text, "end\nend\n");
    close(stdio.out);
}

static void output_that_nobody_reads_ends_a_run(struct contract *f)
{
    gantry_stdio stdio = { .size = sizeof stdio, .in = -1, .err = -1 };
    struct run run;
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    stdio.out = ends[1];
    prepare(f, &run, SHELL("echo something; sleep 60"));
    run.opts.stdio = &stdio;
    FAILS(do_run(f, &run), GANTRY_E_IO);
    CHECK(f->err.os_error == EPIPE);
    contract_until(f, is_gone, run.container.name);
    close(ends[1]);
}

/* A pipe that is full and stays so: limits hold all the same. */
static void output_that_waits_keeps_nobody(struct contract *f)
{
    gantry_stdio stdio = { .size = sizeof stdio, .in = -1, .err = -1 };
    gantry_call call = { .size = sizeof call, .timeout_ms = 1500 };
    int64_t start = gantry_clock_ns();
    struct run run;
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    stdio.out = ends[1];
    prepare(f, &run, SHELL("while :; do echo 0123456789012345678901234567890123456789; done"));
    run.opts.stdio = &stdio;
    run.opts.call = &call;
    FAILS(do_run(f, &run), GANTRY_E_TIMEOUT);
    CHECK(gantry_clock_ns() - start < (int64_t)8 * 1000000000);
    contract_until(f, is_gone, run.container.name);
    close(ends[0]);
    close(ends[1]);
}

/* Somebody at a terminal: answers once, then types the keys that leave. */
static void *type_at(void *arg)
{
    static const char *const wait_for[] = { "go?", "got:abc", NULL };
    static const char *const type[] = { "abc\r", "\x10\x11", NULL };
    int master = *(int *)arg;
    char seen[4096] = "";
    size_t size = 0;

    for (int step = 0; wait_for[step] != NULL; step++) {
        while (strstr(seen, wait_for[step]) == NULL) {
            ssize_t got = read(master, seen + size, sizeof seen - 1 - size);

            if (got <= 0)
                return NULL;
            size += (size_t)got;
            seen[size] = '\0';
        }
        if (write(master, type[step], strlen(type[step])) < 0)
            return NULL;
    }
    return NULL;
}

static void keys_leave_a_run(struct contract *f)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    gantry_stdio stdio = { .size = sizeof stdio };
    struct termios before;
    struct termios after;
    pthread_t typist;
    struct run run;

    assert_true(master >= 0);
    assert_int_equal(grantpt(master), 0);
    assert_int_equal(unlockpt(master), 0);
    stdio.in = open(ptsname(master), O_RDWR | O_NOCTTY);
    stdio.out = stdio.in;
    stdio.err = stdio.in;
    assert_true(stdio.in >= 0);
    assert_int_equal(tcgetattr(stdio.in, &before), 0);
    assert_int_equal(pthread_create(&typist, NULL, type_at, &master), 0);
    prepare(f, &run, SHELL("stty -echo; echo 'go?'; read x; echo got:$x; " IDLE));
    run.container.tty = GANTRY_ON;
    run.opts.stdio = &stdio;
    run.opts.stop_after_ms = 60000;
    OK(do_run(f, &run));
    CHECK(run.result->detached == 1 && run.result->has_exit_code == 0);
    CHECK(contract_state(f, run.container.name) == GANTRY_CONTAINER_RUNNING);
    assert_int_equal(tcgetattr(stdio.in, &after), 0);
    CHECK(before.c_lflag == after.c_lflag && before.c_iflag == after.c_iflag);
    gantry_run_result_free(run.result);
    pthread_join(typist, NULL);
    close(stdio.in);
    close(master);
}

static void options_that_do_not_go_together(struct contract *f)
{
    gantry_memory memory = { .size = sizeof memory, .data = "x", .length = 1 };
    gantry_source source = { .size = sizeof source };
    gantry_stdio stdio = { .size = sizeof stdio, .in = -1, .out = 1, .err = 2 };
    gantry_stdio none = { .size = sizeof none, .in = -1, .out = -1, .err = -1 };
    struct run run;

    gantry_source_memory(&source, &memory);
    for (int i = 0; i < 7; i++) {
        prepare(f, &run, COMMAND("true"));
        run.opts.source = i < 3 ? &source : NULL;
        run.opts.stdio = i == 1 || i == 3 ? &stdio : i == 4 ? &none : NULL;
        run.opts.input = i == 0 ? "x" : NULL;
        run.opts.input_size = i == 0;
        run.opts.detach = i == 2 || i == 3 || i == 5 ? GANTRY_ON : GANTRY_DEFAULT;
        run.opts.stop_after_ms = i == 5 ? 1000 : i == 6 ? -1 : 0;
        FAILS(do_run(f, &run), GANTRY_E_INVALID);
        CHECK(!contract_exists(f, run.container.name));
    }
}

/* Whether it is create or start that fails, there is nothing afterwards. */
static void missing_network_leaves_nothing(struct contract *f)
{
    const char *network = contract_name(f, "there");
    gantry_attachment there = { .size = sizeof there, .network = network };
    gantry_attachment missing = { .size = sizeof missing, .network = contract_name(f, "missing") };
    const gantry_attachment *const networks[] = { &there, &missing, NULL };
    struct run run;

    OK(gantry_networks_create(f->networks, network, NULL, NULL, &f->err));
    for (int detach = 0; detach < 2; detach++) {
        prepare(f, &run, COMMAND("true"));
        run.container.networks = networks;
        run.opts.remove = GANTRY_DEFAULT;
        run.opts.detach = detach ? GANTRY_ON : GANTRY_DEFAULT;
        FAILS(do_run(f, &run), GANTRY_E_NOT_FOUND);
        CHECK(!contract_exists(f, run.container.name));
    }
}

/* ---- a time to live -------------------------------------------------------------------------- */

static void time_to_live_asks_first(struct contract *f)
{
    struct run run;

    prepare(f, &run,
            SHELL("trap 'dd if=/dev/zero bs=64k count=32 2>/dev/null | tr \"\\\\0\" x; "
                  "exit 3' TERM; echo begun >&2; while :; do sleep 0.1; done"));
    run.opts.stop_after_ms = 800;
    OK(do_run(f, &run));
    CHECK(run.result->timed_out == 1);
    CHECK(run.result->has_exit_code && run.result->exit_code == 3);
    SAME(run.result->stderr_data, "begun\n");
    CHECK(run.result->stdout_size == 2 * 1024 * 1024); /* taken while it was being stopped */
    gantry_run_result_free(run.result);
    CHECK(!contract_exists(f, run.container.name));
}

/* It closed its output, so that there is nothing to wait for but its end. */
static void time_to_live_kills_then(struct contract *f)
{
    int64_t start = gantry_clock_ns();
    struct run run;

    prepare(f, &run, SHELL("trap '' TERM; echo begun; exec >&- 2>&-; while :; do sleep 1; done"));
    run.container.stop_timeout_ms = 1000;
    run.opts.stop_after_ms = 500;
    run.opts.remove = GANTRY_DEFAULT;
    OK(do_run(f, &run));
    CHECK(gantry_clock_ns() - start >= (int64_t)1400 * 1000000);
    CHECK(gantry_clock_ns() - start < (int64_t)9000 * 1000000);
    CHECK(run.result->timed_out == 1);
    CHECK(run.result->exit_code == 137 && run.result->signal == 9);
    SAME(run.result->stdout_data, "begun\n");
    gantry_run_result_free(run.result);
    CHECK(contract_state(f, run.container.name) == GANTRY_CONTAINER_EXITED);
}

static void time_to_live_and_an_end_by_itself(struct contract *f)
{
    struct run run;

    for (int i = 0; i < 6; i++) {
        prepare(f, &run, SHELL("echo begun; sleep 0.3; echo over; exit 4"));
        run.container.name = NULL;
        run.opts.stop_after_ms = i == 0 ? 60000 : 200 + 40 * i;
        OK(do_run(f, &run));
        CHECK(i > 0 || run.result->timed_out == 0);
        /* as process 1 it hears no signal that it did not ask for */
        CHECK(run.result->has_exit_code && run.result->exit_code == 4);
        SAME(run.result->stdout_data, "begun\nover\n");
        gantry_run_result_free(run.result);
    }
}

/* One whose script has come to its "touch /ready". */
static const char *start_ready(struct contract *f, const char *script)
{
    const char *name = contract_start(f, script);
    gantry_exec_result *ready = NULL;

    OK(gantry_containers_exec(f->containers, name,
                              SHELL("while [ ! -e /ready ]; do sleep 0.05; done"), NULL, &ready,
                              &f->err));
    gantry_exec_result_free(ready);
    return name;
}

/* ---- what is told of an end ------------------------------------------------------------------ */

static void times_are_told(struct contract *f)
{
    const int64_t second = 1000000000;
    struct run run;

    prepare(f, &run, SHELL("sleep 0.5"));
    run.opts.remove = GANTRY_DEFAULT;
    OK(do_run(f, &run));
    CHECK(run.result->started_ns > 0);
    CHECK(run.result->finished_ns - run.result->started_ns >= second / 4);
    CHECK(run.result->finished_ns - run.result->started_ns < 20 * second);
    gantry_run_result_free(run.result);

    prepare(f, &run, SHELL("sleep 0.5")); /* it may be gone before it can be asked */
    OK(do_run(f, &run));
    CHECK(run.result->started_ns >= 0);
    CHECK(run.result->finished_ns == 0 || run.result->finished_ns > run.result->started_ns);
    gantry_run_result_free(run.result);
}

static void lack_of_memory_is_told(struct contract *f)
{
    gantry_resources resources = { .size = sizeof resources,
                                   .memory_bytes = INT64_C(24) * 1024 * 1024 };
    struct run run;

    prepare(f, &run, COMMAND("dd", "if=/dev/zero", "of=/dev/null", "bs=200M", "count=1"));
    run.container.resources = &resources;
    run.opts.remove = GANTRY_DEFAULT;
    OK(do_run(f, &run));
    CHECK(run.result->exit_code == 137 && run.result->signal == 9);
    if (contract_differs(f, DIFF_OOM_IS_NOT_KNOWN))
        CHECK(run.result->oom_killed != 0);
    else
        CHECK(run.result->oom_killed == 1);
    gantry_run_result_free(run.result);
}

/* 137 may be what a program chose to say: no engine keeps the two apart but by what else it knows. */
static void exit_code_of_a_signal(struct contract *f)
{
    gantry_container_kill_options term = { .size = sizeof term, .signal = "SIGUSR1" };
    gantry_exit_status status = { 0 };
    const char *name;
    struct run run;

    prepare(f, &run, SHELL("exit 137"));
    run.opts.remove = GANTRY_DEFAULT;
    OK(do_run(f, &run));
    CHECK(run.result->exit_code == 137 && run.result->signal == 9);
    CHECK(run.result->timed_out == 0);
    CHECK(run.result->oom_killed == (contract_differs(f, DIFF_OOM_IS_NOT_KNOWN) ? -1 : 0));
    gantry_run_result_free(run.result);

    prepare(f, &run, SHELL("sh -c 'kill -15 $$'; exit $?"));
    OK(do_run(f, &run));
    CHECK(run.result->exit_code == 143 && run.result->signal == 15);
    gantry_run_result_free(run.result);

    name = start_ready(f, "trap 'exit 8' USR1; touch /ready; while :; do sleep 0.1; done");
    OK(gantry_containers_kill(f->containers, name, &term, &f->err));
    OK(gantry_containers_wait(f->containers, name, NULL, &status, &f->err));
    CHECK(status.has_exit_code && status.exit_code == 8 && status.signal == 0);
}

/* ---- waits for states ------------------------------------------------------------------------ */

static int wait_for(struct contract *f, const char *name, int condition, int64_t timeout_ms)
{
    gantry_call call = { .size = sizeof call, .timeout_ms = timeout_ms };
    gantry_wait_options opts = { .size = sizeof opts, .call = &call, .condition = condition };
    gantry_exit_status status = { .exit_code = 77 };
    int rc = gantry_containers_wait(f->containers, name, &opts, &status, &f->err);

    CHECK(status.exit_code == (rc == 0 ? 0 : 77) && status.has_exit_code == 0);
    return rc;
}

static void wait_for_running(struct contract *f)
{
    gantry_wait_options opts = { .size = sizeof opts, .condition = GANTRY_WAIT_RUNNING };
    const char *name = contract_create(f, IDLE);
    gantry_wait *wait = NULL;

    FAILS(gantry_containers_wait_open(f->containers, name, &opts, &wait, &f->err),
          GANTRY_E_INVALID);
    FAILS(wait_for(f, name, GANTRY_WAIT_RUNNING, 300), GANTRY_E_TIMEOUT);
    CONTAINS(f->err.message, "created");
    SAME(f->err.operation, "containers.wait");
    OK(gantry_containers_start(f->containers, name, NULL, &f->err));
    OK(wait_for(f, name, GANTRY_WAIT_RUNNING, 20000));
    FAILS(wait_for(f, name, GANTRY_WAIT_HEALTHY, 20000), GANTRY_E_INVALID);
    OK(gantry_containers_stop(f->containers, name, NULL, &f->err));
    FAILS(wait_for(f, name, GANTRY_WAIT_RUNNING, 20000), GANTRY_E_STATE);
    CONTAINS(f->err.message, "ended");
    FAILS(wait_for(f, contract_name(f, "none"), GANTRY_WAIT_RUNNING, 1000), GANTRY_E_NOT_FOUND);
}

struct starter {
    struct contract *f;
    const char *name;
    int rc;
};

static void *start_it(void *arg)
{
    struct starter *s = arg;
    gantry_error err;

    s->rc = gantry_containers_start(s->f->containers, s->name, NULL, &err);
    return NULL;
}

static void wait_for_running_before_it_does(struct contract *f)
{
    struct starter starter = { f, contract_create(f, IDLE), -1 };
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, start_it, &starter), 0);
    OK(wait_for(f, starter.name, GANTRY_WAIT_RUNNING, 30000));
    pthread_join(thread, NULL);
    assert_int_equal(starter.rc, 0);
}

/* A container whose check says no until the file is there, and looks each second. */
static const char *create_checked(struct contract *f)
{
    gantry_health health = { .size = sizeof health,
                             .test = COMMAND("CMD", "test", "-e", "/well"),
                             .interval_ms = 1000,
                             .timeout_ms = 5000,
                             .retries = 1 };
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = contract_name(f, "checked"),
                                      .command = SHELL(IDLE),
                                      .health = &health };

    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    OK(gantry_containers_start(f->containers, opts.name, NULL, &f->err));
    return opts.name;
}

static void wait_for_health(struct contract *f)
{
    const char *name = create_checked(f);
    gantry_exec_result *result = NULL;

    FAILS(wait_for(f, name, GANTRY_WAIT_HEALTHY, 2500), GANTRY_E_TIMEOUT);
    CONTAINS(f->err.message, "its health check says");
    OK(gantry_containers_exec(f->containers, name, COMMAND("touch", "/well"), NULL, &result,
                              &f->err));
    gantry_exec_result_free(result);
    OK(wait_for(f, name, GANTRY_WAIT_HEALTHY, 30000));
    OK(gantry_containers_kill(f->containers, name, NULL, &f->err));
    contract_wait_exit(f, name);
    FAILS(wait_for(f, name, GANTRY_WAIT_HEALTHY, 5000), GANTRY_E_STATE);
    CONTAINS(f->err.message, "137");
}

static void wait_by_the_engine_s_word(struct contract *f)
{
    gantry_wait_options opts = { .size = sizeof opts };
    const char *name =
        start_ready(f, "trap 'exit 6' TERM; touch /ready; while :; do sleep 0.1; done");
    gantry_exit_status status = { .exit_code = 77 };
    gantry_wait *wait = NULL;
    int events = 0;

    if (f->on == ON_DOCKER) {
        opts.engine_condition = "paused";
        FAILS(gantry_containers_wait(f->containers, name, &opts, &status, &f->err),
              GANTRY_E_UNSUPPORTED);
        CONTAINS(f->err.message, "engine_condition");
        opts.engine_condition = "next-exit";
    } else {
        opts.engine_condition = "running";
        OK(gantry_containers_wait(f->containers, name, &opts, &status, &f->err));
        CHECK(status.has_exit_code == 0);
        opts.engine_condition = "no-such-word";
        CHECK(gantry_containers_wait(f->containers, name, &opts, &status, &f->err) < 0);
        opts.engine_condition = "stopped";
    }
    OK(gantry_containers_wait_open(f->containers, name, &opts, &wait, &f->err));
    gantry_wait_set_nonblocking(wait, 1);
    FAILS(gantry_wait_result(wait, &status, &f->err), GANTRY_E_AGAIN);
    CHECK(gantry_wait_fd(wait, &events) >= 0);
    gantry_wait_set_nonblocking(wait, 0);
    OK(gantry_containers_stop(f->containers, name, NULL, &f->err));
    OK(gantry_wait_result(wait, &status, &f->err));
    CHECK(status.has_exit_code && status.exit_code == 6);
    gantry_wait_close(wait);
    opts.condition = GANTRY_WAIT_NEXT_EXIT;
    FAILS(gantry_containers_wait(f->containers, name, &opts, &status, &f->err), GANTRY_E_INVALID);
}

const struct contract_test runs_tests[] = {
    TEST_WITH(short_lives_side_by_side, PROCESSES),
    TEST_WITH(source_is_read_to_its_end, PROCESSES),
    TEST_WITH(source_may_wait_for_the_output, PROCESSES),
    TEST_WITH(input_may_outlive_the_process, PROCESSES),
    TEST_WITH(source_that_fails_kills, PROCESSES),
    TEST_WITH(source_keeps_its_length, PROCESSES),
    TEST_WITH(descriptors_are_the_process_s, PROCESSES),
    TEST_WITH(no_descriptor_is_the_end, PROCESSES),
    TEST_WITH(output_that_nobody_reads_ends_a_run, PROCESSES),
    TEST_WITH(output_that_waits_keeps_nobody, PROCESSES),
    TEST_WITH(keys_leave_a_run, PROCESSES),
    TEST_WITH(options_that_do_not_go_together, PROCESSES),
    TEST_WITH(missing_network_leaves_nothing, PROCESSES),
    TEST_WITH(time_to_live_asks_first, PROCESSES),
    TEST_WITH(time_to_live_kills_then, PROCESSES),
    TEST_WITH(time_to_live_and_an_end_by_itself, PROCESSES),
    TEST_WITH(times_are_told, PROCESSES),
    TEST_WITH(lack_of_memory_is_told, PROCESSES, .on = ON_DOCKER | ON_PODMAN),
    TEST_WITH(exit_code_of_a_signal, PROCESSES),
    TEST_WITH(wait_for_running, PROCESSES),
    TEST_WITH(wait_for_running_before_it_does, PROCESSES),
    TEST_WITH(wait_for_health, PROCESSES),
    TEST_WITH(wait_by_the_engine_s_word, PROCESSES),
    { 0 },
};
