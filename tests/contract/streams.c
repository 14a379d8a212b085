/*
 * Contract of what flows out of containers: logs, attach, waits.
 */
#include "contract.h"

#include <poll.h>
#include <time.h>
#include <unistd.h>

/* A container that has ended. */
static const char *ended(struct contract *f, const char *script)
{
    const char *name = contract_start(f, script);

    contract_wait_exit(f, name);
    return name;
}

static gantry_output *read_logs(struct contract *f, const char *name,
                                const gantry_logs_options *opts)
{
    gantry_output *output = NULL;

    OK(gantry_containers_logs(f->containers, name, opts, &output, &f->err));
    CHECK(strlen(output->stdout_data) <= output->stdout_size);
    return output;
}

/* ---- logs ------------------------------------------------------------------------------------ */

static void logs_keep_the_channels_apart(struct contract *f)
{
    const char *name = ended(f, "echo one; echo two >&2; echo three");
    gantry_logs_options no_out = { .size = sizeof no_out, .out = GANTRY_OFF };
    gantry_logs_options no_err = { .size = sizeof no_err, .err = GANTRY_OFF };
    gantry_output *output = read_logs(f, name, NULL);

    SAME(output->stdout_data, "one\nthree\n");
    CHECK(output->stdout_size == 10);
    SAME(output->stderr_data, "two\n");
    gantry_output_free(output);
    output = read_logs(f, name, &no_out);
    SAME(output->stdout_data, "");
    SAME(output->stderr_data, "two\n");
    gantry_output_free(output);
    output = read_logs(f, name, &no_err);
    SAME(output->stdout_data, "one\nthree\n");
    SAME(output->stderr_data, "");
    gantry_output_free(output);
}

static void logs_of_silence_are_empty(struct contract *f)
{
    gantry_output *output = read_logs(f, ended(f, "true"), NULL);

    CHECK(output->stdout_size == 0 && output->stderr_size == 0);
    gantry_output_free(output);
    output = read_logs(f, contract_create(f, "true"), NULL); /* never started */
    CHECK(output->stdout_size == 0 && output->stderr_size == 0);
    gantry_output_free(output);
}

static void tail_gives_the_last_lines(struct contract *f)
{
    const char *name = ended(f, "for i in 1 2 3 4 5; do echo line $i; done");
    gantry_logs_options opts = { .size = sizeof opts, .tail = 2 };
    gantry_output *output = read_logs(f, name, &opts);

    SAME(output->stdout_data, "line 4\nline 5\n");
    gantry_output_free(output);
    opts.tail = -1;
    output = read_logs(f, name, &opts);
    SAME(output->stdout_data, "");
    gantry_output_free(output);
    opts.tail = 100;
    output = read_logs(f, name, &opts);
    SAME(output->stdout_data, "line 1\nline 2\nline 3\nline 4\nline 5\n");
    gantry_output_free(output);
}

static void tail_of_lines_in_pieces(struct contract *f)
{
    const char *name = ended(f, "printf one; sleep 0.5; echo two; echo three");
    gantry_logs_options opts = { .size = sizeof opts, .tail = 2 };
    gantry_output *output = read_logs(f, name, &opts);

    if (contract_differs(f, DIFF_TAIL_COUNTS_PIECES))
        SAME(output->stdout_data, "two\nthree\n");
    else
        SAME(output->stdout_data, "onetwo\nthree\n");
    gantry_output_free(output);
}

static void long_lines_are_whole(struct contract *f)
{
    const char *name = ended(f, "dd if=/dev/zero bs=1k count=100 2>/dev/null | tr '\\0' x; echo; "
                                "echo end");
    gantry_output *output = read_logs(f, name, NULL);

    CHECK(output->stdout_size == 100 * 1024 + 1 + 4);
    CHECK(strspn(output->stdout_data, "x") == 100 * 1024);
    SAME(output->stdout_data + 100 * 1024, "\nend\n");
    gantry_output_free(output);
}

static void timestamps_begin_each_line(struct contract *f)
{
    const char *name = ended(f, "echo one; echo two");
    gantry_logs_options opts = { .size = sizeof opts, .timestamps = GANTRY_ON };
    gantry_output *output = read_logs(f, name, &opts);
    const char *line = output->stdout_data;
    static const char *const words[] = { "one\n", "two\n" };

    for (size_t i = 0; i < 2; i++) {
        const char *space = strchr(line, ' ');
        int year, month, day, hour, minute, second;

        CHECK(space != NULL);
        CHECK(sscanf(line, "%4d-%2d-%2dT%2d:%2d:%2d", &year, &month, &day, &hour, &minute,
                     &second) == 6);
        CHECK(year >= 2020 && month >= 1 && month <= 12 && day >= 1 && day <= 31);
        CHECK(strncmp(space + 1, words[i], 4) == 0);
        line = space + 5;
    }
    CHECK(*line == '\0');
    gantry_output_free(output);
}

static int64_t epoch_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int printed_again(struct contract *f, const void *name)
{
    gantry_output *output = read_logs(f, name, NULL);
    int found = strstr(output->stdout_data, "new\n") != NULL;

    gantry_output_free(output);
    return found;
}

static void since_and_until_cut_by_time(struct contract *f)
{
    /* prints "old" at its first start and "new" at its second, at least two seconds later */
    const char *name = ended(f, "if [ -e /was ]; then echo new; else echo old; touch /was; fi");
    gantry_logs_options opts = { .size = sizeof opts };
    gantry_container *info = NULL;
    gantry_output *output;

    OK(gantry_containers_inspect(f->containers, name, NULL, &info, &f->err));
    while (epoch_now_ns() < info->finished_ns + (int64_t)2100 * 1000000)
        poll(NULL, 0, 50); /* the lines' times have to differ, in whole seconds */
    opts.since_ns = info->finished_ns + (int64_t)1050 * 1000000;
    gantry_container_free(info);
    OK(gantry_containers_start(f->containers, name, NULL, &f->err));
    contract_wait_exit(f, name);
    contract_until(f, printed_again, name);
    output = read_logs(f, name, &opts);
    SAME(output->stdout_data, "new\n");
    gantry_output_free(output);
    opts.until_ns = opts.since_ns;
    opts.since_ns = 0;
    output = read_logs(f, name, &opts);
    SAME(output->stdout_data, "old\n");
    gantry_output_free(output);
}

static void follow_ends_with_the_container(struct contract *f)
{
    const char *name =
        contract_start(f, "for i in 1 2 3; do echo $i; echo $i >&2; sleep 0.3; done");
    gantry_logs_options opts = { .size = sizeof opts, .follow = GANTRY_ON };
    gantry_stream *stream = NULL;
    gantry_output *output = NULL;
    char buffer[16];
    size_t size = 1;

    OK(gantry_containers_logs_open(f->containers, name, &opts, &stream, &f->err));
    OK(gantry_stream_capture(stream, 0, &output, &f->err));
    SAME(output->stdout_data, "1\n2\n3\n");
    SAME(output->stderr_data, "1\n2\n3\n");
    gantry_output_free(output);
    OK(gantry_stream_read(stream, buffer, sizeof buffer, &size, NULL, &f->err));
    CHECK(size == 0); /* the end stays the end */
    gantry_stream_close(stream);
    CHECK(contract_wait_exit(f, name) == 0);
}

static void follow_is_whole(struct contract *f)
{
    enum {
        SIZE = 20000
    };
    const char *name = contract_start(f, "sleep 1; head -c 20000 /dev/zero | tr '\\0' x");
    gantry_logs_options follow = { .size = sizeof follow, .follow = GANTRY_ON };
    gantry_output *output = NULL;

    OK(gantry_containers_logs(f->containers, name, &follow, &output, &f->err));
    CHECK(output->stdout_size == SIZE ||
          (contract_differs(f, DIFF_FOLLOW_CUTS_LAST_LINE) && output->stdout_size == 16384));
    gantry_output_free(output);
    OK(gantry_containers_logs(f->containers, name, NULL, &output, &f->err));
    CHECK(output->stdout_size == SIZE);
    gantry_output_free(output);
}

static void follow_fits_a_poll_loop(struct contract *f)
{
    const char *name = contract_start(f, "sleep 1; echo late");
    gantry_logs_options opts = { .size = sizeof opts, .follow = GANTRY_ON };
    gantry_stream *stream = NULL;
    char text[64];
    size_t done = 0;
    int waits = 0;

    OK(gantry_containers_logs_open(f->containers, name, &opts, &stream, &f->err));
    gantry_stream_set_nonblocking(stream, 1);
    for (;;) {
        size_t size = 0;
        int channel = -1;
        int rc = gantry_stream_read(stream, text + done, sizeof text - 1 - done, &size, &channel,
                                    &f->err);

        if (rc == GANTRY_E_AGAIN) {
            int events = 0;
            struct pollfd fd = { .fd = gantry_stream_fd(stream, &events) };

            CHECK(fd.fd >= 0 && events != 0);
            fd.events = (short)((events & GANTRY_POLL_IN ? POLLIN : 0) |
                                (events & GANTRY_POLL_OUT ? POLLOUT : 0));
            CHECK(++waits < 1000);
            CHECK(poll(&fd, 1, 20000) == 1);
            continue;
        }
        OK(rc);
        if (size == 0)
            break;
        CHECK(channel == GANTRY_STDOUT);
        done += size;
    }
    text[done] = '\0';
    SAME(text, "late\n");
    CHECK(waits > 0);
    gantry_stream_close(stream);
}

static void cancel_ends_a_read_at_once(struct contract *f)
{
    const char *name = contract_start(f, "echo first; sleep 60");
    gantry_call call = { .size = sizeof call };
    struct contract_trigger *trigger = contract_trigger_new(f, &call.cancel);
    gantry_logs_options opts = { .size = sizeof opts, .call = &call, .follow = GANTRY_ON };
    gantry_stream *stream = NULL;
    char buffer[64];
    size_t done = 0, size = 0;
    int64_t elapsed;

    OK(gantry_containers_logs_open(f->containers, name, &opts, &stream, &f->err));
    while (done < 6) {
        OK(gantry_stream_read(stream, buffer + done, sizeof buffer - done, &size, NULL, &f->err));
        CHECK(size > 0);
        done += size;
    }
    contract_trigger_go(trigger);
    FAILS(gantry_stream_read(stream, buffer, sizeof buffer, &size, NULL, &f->err),
          GANTRY_E_CANCELLED);
    elapsed = contract_trigger_elapsed(trigger);
    CHECK(elapsed >= 0 && elapsed < 200);
    FAILS(gantry_stream_read(stream, buffer, sizeof buffer, &size, NULL, &f->err),
          GANTRY_E_CANCELLED); /* sticky */
    gantry_stream_close(stream);
    contract_trigger_free(trigger);
    CHECK(contract_state(f, name) == GANTRY_CONTAINER_RUNNING);
}

static void time_limits_end_a_read(struct contract *f)
{
    const char *name = contract_start(f, "echo first; sleep 60");
    gantry_call call = { .size = sizeof call, .idle_timeout_ms = 700 };
    gantry_logs_options opts = { .size = sizeof opts, .call = &call, .follow = GANTRY_ON };
    gantry_stream *stream = NULL;
    gantry_output *output = NULL;
    int64_t start;

    for (int i = 0; i < 2; i++) {
        start = gantry_clock_ns();
        OK(gantry_containers_logs_open(f->containers, name, &opts, &stream, &f->err));
        FAILS(gantry_stream_capture(stream, 0, &output, &f->err), GANTRY_E_TIMEOUT);
        CHECK(gantry_clock_ns() - start < (int64_t)5 * 1000000000);
        gantry_stream_close(stream);
        call.idle_timeout_ms = 0;
        call.timeout_ms = 700;
    }
    CHECK(output == NULL);
}

static void terminal_logs_are_one_channel(struct contract *f)
{
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = contract_name(f, "tty"),
                                      .command =
                                          SHELL("printf '\\001\\002'; echo out; echo err >&2"),
                                      .tty = GANTRY_ON };
    gantry_output *output;

    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    OK(gantry_containers_start(f->containers, opts.name, NULL, &f->err));
    contract_wait_exit(f, opts.name);
    output = read_logs(f, opts.name, NULL);
    SAME(output->stdout_data, "\1\2out\r\nerr\r\n");
    CHECK(output->stderr_size == 0);
    gantry_output_free(output);
}

static void callbacks_and_descriptors_take_a_stream(struct contract *f)
{
    const char *name = ended(f, "echo out; echo err >&2");
    gantry_stream *stream = NULL;
    int fds[2];
    char text[64];
    ssize_t size;

    OK(gantry_containers_logs_open(f->containers, name, NULL, &stream, &f->err));
    assert_int_equal(pipe(fds), 0);
    OK(gantry_stream_copy_fd(stream, fds[1], -1, &f->err));
    gantry_stream_close(stream);
    close(fds[1]);
    size = read(fds[0], text, sizeof text - 1);
    close(fds[0]);
    CHECK(size == 4);
    text[4] = '\0';
    SAME(text, "out\n");
    FAILS(gantry_containers_logs_open(f->containers, contract_name(f, "missing"), NULL, &stream,
                                      &f->err),
          GANTRY_E_NOT_FOUND);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_CONTAINER);
}

static void logs_only_read(struct contract *f)
{
    const char *name = contract_start(f, IDLE);
    gantry_stream *stream = NULL;

    OK(gantry_containers_logs_open(f->containers, name, NULL, &stream, &f->err));
    FAILS(gantry_stream_write(stream, "x", 1, NULL, &f->err), GANTRY_E_UNSUPPORTED);
    gantry_stream_close(stream);
}

/* ---- wait ------------------------------------------------------------------------------------ */

static void wait_gives_the_exit_code(struct contract *f)
{
    const char *name = contract_start(f, "sleep 0.5; exit 11");
    gantry_exit_status status = { 0 };

    OK(gantry_containers_wait(f->containers, name, NULL, &status, &f->err));
    CHECK(status.has_exit_code == 1 && status.exit_code == 11 && status.signal == 0);
    memset(&status, 0, sizeof status);
    OK(gantry_containers_wait(f->containers, name, NULL, &status, &f->err)); /* it has ended */
    CHECK(status.has_exit_code == 1 && status.exit_code == 11);
    OK(gantry_containers_wait(f->containers, name, NULL, NULL, &f->err));
    FAILS(
        gantry_containers_wait(f->containers, contract_name(f, "missing"), NULL, &status, &f->err),
        GANTRY_E_NOT_FOUND);
}

static void wait_tells_a_signal(struct contract *f)
{
    const char *name = contract_start(f, IDLE);
    gantry_exit_status status = { 0 };

    OK(gantry_containers_kill(f->containers, name, NULL, &f->err));
    OK(gantry_containers_wait(f->containers, name, NULL, &status, &f->err));
    CHECK(status.has_exit_code == 1 && status.exit_code == 137 && status.signal == 9);
}

static void next_exit_is_not_missed(struct contract *f)
{
    gantry_wait_options opts = { .size = sizeof opts, .condition = GANTRY_WAIT_NEXT_EXIT };

    for (int i = 0; i < 5; i++) {
        const char *name = contract_create(f, "exit 12");
        gantry_exit_status status = { 0 };
        gantry_wait *wait = NULL;

        OK(gantry_containers_wait_open(f->containers, name, &opts, &wait, &f->err));
        OK(gantry_containers_start(f->containers, name, NULL, &f->err));
        OK(gantry_wait_result(wait, &status, &f->err));
        CHECK(status.has_exit_code == 1 && status.exit_code == 12);
        gantry_wait_close(wait);
    }
}

static void next_exit_of_an_ended_one_waits(struct contract *f)
{
    gantry_wait_options opts = { .size = sizeof opts, .condition = GANTRY_WAIT_NEXT_EXIT };
    const char *name = ended(f, "[ -e /was ] && exit 21; touch /was; exit 20");
    gantry_exit_status status = { 0 };
    gantry_wait *wait = NULL;

    OK(gantry_containers_wait_open(f->containers, name, &opts, &wait, &f->err));
    OK(gantry_containers_start(f->containers, name, NULL, &f->err));
    OK(gantry_wait_result(wait, &status, &f->err));
    CHECK(status.has_exit_code == 1 && status.exit_code == 21);
    gantry_wait_close(wait);
}

static void removed_is_waited_for(struct contract *f)
{
    gantry_wait_options opts = { .size = sizeof opts, .condition = GANTRY_WAIT_REMOVED };
    gantry_container_remove_options force = { .size = sizeof force, .force = GANTRY_ON };
    const char *name = contract_start(f, IDLE);
    gantry_exit_status status = { 0 };
    gantry_wait *wait = NULL;

    OK(gantry_containers_wait_open(f->containers, name, &opts, &wait, &f->err));
    OK(gantry_containers_remove(f->containers, name, &force, &f->err));
    OK(gantry_wait_result(wait, &status, &f->err));
    CHECK(!contract_exists(f, name));
    gantry_wait_close(wait);
}

static void wait_fits_a_poll_loop(struct contract *f)
{
    const char *name = contract_start(f, "sleep 1; exit 13");
    gantry_exit_status status = { 0 };
    gantry_wait *wait = NULL;
    int waits = 0;
    int rc;

    OK(gantry_containers_wait_open(f->containers, name, NULL, &wait, &f->err));
    gantry_wait_set_nonblocking(wait, 1);
    while ((rc = gantry_wait_result(wait, &status, &f->err)) == GANTRY_E_AGAIN) {
        int events = 0;
        struct pollfd fd = { .fd = gantry_wait_fd(wait, &events) };

        CHECK(fd.fd >= 0 && events != 0);
        fd.events = (short)((events & GANTRY_POLL_IN ? POLLIN : 0) |
                            (events & GANTRY_POLL_OUT ? POLLOUT : 0));
        CHECK(++waits < 1000);
        CHECK(poll(&fd, 1, 20000) == 1);
    }
    OK(rc);
    CHECK(waits > 0);
    CHECK(status.has_exit_code == 1 && status.exit_code == 13);
    gantry_wait_close(wait);
}

static void wait_honours_its_call(struct contract *f)
{
    const char *name = contract_start(f, IDLE);
    gantry_call call = { .size = sizeof call, .timeout_ms = 500 };
    gantry_wait_options opts = { .size = sizeof opts, .call = &call };
    struct contract_trigger *trigger = contract_trigger_new(f, &call.cancel);
    int64_t elapsed;

    FAILS(gantry_containers_wait(f->containers, name, &opts, NULL, &f->err), GANTRY_E_TIMEOUT);
    SAME(f->err.message, "the call's time limit passed");
    SAME(f->err.resource, name);
    CHECK(f->err.retry == GANTRY_RETRY_YES); /* it only asks */
    call.timeout_ms = 0;
    contract_trigger_go(trigger);
    FAILS(gantry_containers_wait(f->containers, name, &opts, NULL, &f->err), GANTRY_E_CANCELLED);
    CHECK(f->err.retry == GANTRY_RETRY_YES);
    SAME(f->err.resource, name);
    elapsed = contract_trigger_elapsed(trigger);
    contract_trigger_free(trigger);
    CHECK(elapsed >= 0 && elapsed < 200);
    CHECK(contract_state(f, name) == GANTRY_CONTAINER_RUNNING);
}

/* ---- attach ---------------------------------------------------------------------------------- */

static void attach_before_start_sees_all(struct contract *f)
{
    const char *name = contract_create(f, "echo out; echo err >&2");
    gantry_stream *stream = NULL;
    gantry_output *output = NULL;

    OK(gantry_containers_attach_open(f->containers, name, NULL, &stream, &f->err));
    OK(gantry_containers_start(f->containers, name, NULL, &f->err));
    OK(gantry_stream_capture(stream, 0, &output, &f->err));
    SAME(output->stdout_data, "out\n");
    SAME(output->stderr_data, "err\n");
    gantry_output_free(output);
    gantry_stream_close(stream);
}

static void attach_writes_and_half_closes(struct contract *f)
{
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = contract_name(f, "cat"),
                                      .command = SHELL("cat; echo end of input"),
                                      .open_stdin = GANTRY_ON };
    gantry_attach_options attach = { .size = sizeof attach, .in = GANTRY_ON };
    gantry_stream *stream = NULL;
    gantry_output *output = NULL;

    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    OK(gantry_containers_attach_open(f->containers, opts.name, &attach, &stream, &f->err));
    OK(gantry_containers_start(f->containers, opts.name, NULL, &f->err));
    OK(gantry_stream_write(stream, "typed\n", 6, NULL, &f->err));
    OK(gantry_stream_close_write(stream, &f->err));
    FAILS(gantry_stream_write(stream, "x", 1, NULL, &f->err), GANTRY_E_STATE);
    OK(gantry_stream_capture(stream, 0, &output, &f->err));
    SAME(output->stdout_data, "typed\nend of input\n");
    gantry_output_free(output);
    gantry_stream_close(stream);
    CHECK(contract_wait_exit(f, opts.name) == 0);
}

static void attach_to_a_missing_one(struct contract *f)
{
    gantry_stream *stream = NULL;

    FAILS(gantry_containers_attach_open(f->containers, contract_name(f, "missing"), NULL, &stream,
                                        &f->err),
          GANTRY_E_NOT_FOUND);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_CONTAINER);
    CHECK(stream == NULL);
}

/* Engines that initialise an ended container anew lose its exit code. */
static void attach_to_an_ended_one_does_no_harm(struct contract *f)
{
    const char *name = ended(f, "exit 33");
    gantry_stream *stream = NULL;
    gantry_container *info = NULL;
    int rc = gantry_containers_attach_open(f->containers, name, NULL, &stream, &f->err);

    CHECK(rc == 0 || rc == GANTRY_E_STATE);
    gantry_stream_close(stream);
    OK(gantry_containers_inspect(f->containers, name, NULL, &info, &f->err));
    CHECK(info->state == GANTRY_CONTAINER_EXITED);
    CHECK(info->has_exit_code && info->exit_code == 33);
    gantry_container_free(info);
}

#define LOGS NEEDS(GANTRY_FEATURE_CONTAINERS_LOGS, GANTRY_FEATURE_CONTAINERS_WAIT)
#define WAIT NEEDS(GANTRY_FEATURE_CONTAINERS_WAIT)
#define ATTACH NEEDS(GANTRY_FEATURE_CONTAINERS_ATTACH, GANTRY_FEATURE_CONTAINERS_WAIT)

const struct contract_test streams_tests[] = {
    TEST_WITH(logs_keep_the_channels_apart, LOGS),
    TEST_WITH(logs_of_silence_are_empty, LOGS),
    TEST_WITH(tail_gives_the_last_lines, LOGS),
    TEST_WITH(tail_of_lines_in_pieces, LOGS),
    TEST_WITH(long_lines_are_whole, LOGS),
    TEST_WITH(timestamps_begin_each_line, LOGS),
    TEST_WITH(since_and_until_cut_by_time, LOGS),
    TEST_WITH(follow_ends_with_the_container, LOGS),
    TEST_WITH(follow_is_whole, LOGS),
    TEST_WITH(follow_fits_a_poll_loop, LOGS),
    TEST_WITH(cancel_ends_a_read_at_once, LOGS),
    TEST_WITH(time_limits_end_a_read, LOGS),
    TEST_WITH(terminal_logs_are_one_channel, LOGS),
    TEST_WITH(callbacks_and_descriptors_take_a_stream, LOGS),
    TEST_WITH(logs_only_read, LOGS),
    TEST_WITH(wait_gives_the_exit_code, WAIT),
    TEST_WITH(wait_tells_a_signal, WAIT),
    TEST_WITH(next_exit_is_not_missed, WAIT),
    TEST_WITH(next_exit_of_an_ended_one_waits, WAIT),
    TEST_WITH(removed_is_waited_for, WAIT),
    TEST_WITH(wait_fits_a_poll_loop, WAIT),
    TEST_WITH(wait_honours_its_call, WAIT),
    TEST_WITH(attach_before_start_sees_all, ATTACH),
    TEST_WITH(attach_writes_and_half_closes, ATTACH),
    TEST_WITH(attach_to_a_missing_one, ATTACH),
    TEST_WITH(attach_to_an_ended_one_does_no_harm, ATTACH),
    { 0 },
};
