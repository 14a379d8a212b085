/*
 * Contract of run: the whole output and the exit code, whatever the timing; nothing left behind.
 */
#include "contract.h"

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
    run->container.name = contract_name(f, "run");
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

static void output_and_exit_code(struct contract *f)
{
    struct run run;

    prepare(f, &run, SHELL("echo out; echo err >&2; exit 7"));
    run.opts.remove = GANTRY_DEFAULT;
    OK(do_run(f, &run));
    CHECK(contract_is_id(run.result->id));
    SAME(run.result->stdout_data, "out\n");
    CHECK(run.result->stdout_size == 4);
    SAME(run.result->stderr_data, "err\n");
    CHECK(run.result->stderr_size == 4);
    CHECK(run.result->has_exit_code == 1);
    CHECK(run.result->exit_code == 7);
    CHECK(run.result->signal == 0);
    CHECK(run.result->oom_killed == 0);
    gantry_run_result_free(run.result);
    CHECK(contract_state(f, run.container.name) == GANTRY_CONTAINER_EXITED); /* it was to stay */
}

static void short_lives_lose_nothing(struct contract *f)
{
    const char *name = contract_name(f, "again");

    for (int i = 0; i < 20; i++) {
        struct run run;

        prepare(f, &run, SHELL("echo out; echo err >&2; exit 7"));
        run.container.name = name; /* free each time */
        OK(do_run(f, &run));
        SAME(run.result->stdout_data, "out\n");
        SAME(run.result->stderr_data, "err\n");
        CHECK(run.result->has_exit_code && run.result->exit_code == 7);
        gantry_run_result_free(run.result);
        CHECK(!contract_exists(f, name));
    }
}

static void shortest_lives_end_with_zero(struct contract *f)
{
    const char *name = contract_name(f, "true");

    for (int i = 0; i < 20; i++) {
        struct run run;

        prepare(f, &run, COMMAND("true"));
        run.container.name = name;
        OK(do_run(f, &run));
        CHECK(run.result->has_exit_code && run.result->exit_code == 0);
        CHECK(run.result->stdout_size == 0 && run.result->stderr_size == 0);
        SAME(run.result->stdout_data, "");
        gantry_run_result_free(run.result);
        CHECK(!contract_exists(f, name));
    }
}

static void defaults_of_the_image_run(struct contract *f)
{
    const char *image = contract_name(f, "cmd");
    gantry_image_import_options import = { .size = sizeof import,
                                           .changes =
                                               COMMAND("CMD [\"echo\", \"from the image\"]") };
    gantry_source tar = contract_base_tar(f);
    gantry_run_options opts = { .size = sizeof opts, .remove = GANTRY_ON };
    gantry_run_result *result = NULL;

    OK(gantry_images_import(f->images, image, &tar, &import, NULL, &f->err));
    contract_base_tar_close(&tar);
    OK(contract_run(f, image, &opts, &result, &f->err));
    SAME(result->stdout_data, "from the image\n");
    CHECK(!contract_exists(f, result->id));
    gantry_run_result_free(result);
}

static void large_output_is_whole(struct contract *f)
{
    struct run run;

    prepare(f, &run,
            SHELL("dd if=/dev/zero bs=64k count=64 2>/dev/null | tr '\\0' a; "
                  "dd if=/dev/zero bs=64k count=16 2>/dev/null | tr '\\0' b >&2"));
    OK(do_run(f, &run));
    CHECK(run.result->stdout_size == 4 * 1024 * 1024);
    CHECK(strspn(run.result->stdout_data, "a") == 4 * 1024 * 1024);
    CHECK(run.result->stderr_size == 1024 * 1024);
    CHECK(strspn(run.result->stderr_data, "b") == 1024 * 1024);
    gantry_run_result_free(run.result);
}

static void bytes_arrive_as_they_are(struct contract *f)
{
    struct run run;

    prepare(f, &run, SHELL("printf '\\000\\001\\002\\377x'"));
    OK(do_run(f, &run));
    CHECK(run.result->stdout_size == 5);
    CHECK(memcmp(run.result->stdout_data, "\0\1\2\377x", 5) == 0);
    gantry_run_result_free(run.result);
}

static void environment_user_and_directory(struct contract *f)
{
    struct run run;

    prepare(f, &run, SHELL("echo \"$A|$(id -u):$(id -g)|$(pwd)|$(hostname)\""));
    run.container.environment = COMMAND("A=b c");
    run.container.user = "65534:65534";
    run.container.working_directory = "/tmp";
    run.container.hostname = "contract-host";
    OK(do_run(f, &run));
    SAME(run.result->stdout_data, "b c|65534:65534|/tmp|contract-host\n");
    gantry_run_result_free(run.result);
}

static void input_reaches_the_process(struct contract *f)
{
    size_t size = 1024 * 1024;
    char *input = malloc(size + 1);
    struct run run;

    assert_non_null(input);
    for (size_t i = 0; i < size; i++)
        input[i] = (char)('a' + i % 26);
    prepare(f, &run, COMMAND("cat"));
    run.opts.input = input;
    run.opts.input_size = size;
    memset(&f->err, 0, sizeof f->err);
    OK(do_run(f, &run));
    CHECK(f->err.code == 0 && f->err.message[0] == '\0'); /* a success leaves it alone */
    CHECK(run.result->stdout_size == size);
    CHECK(memcmp(run.result->stdout_data, input, size) == 0);
    CHECK(run.result->exit_code == 0);
    gantry_run_result_free(run.result);
    free(input);
}

static int is_gone(struct contract *f, const void *name)
{
    return !contract_exists(f, name);
}

static void input_may_stay_unread(struct contract *f)
{
    size_t size = 2 * 1024 * 1024;
    char *input = calloc(1, size);
    struct run run;
    int rc;

    assert_non_null(input);
    prepare(f, &run, COMMAND("true"));
    run.opts.input = input;
    run.opts.input_size = size;
    rc = do_run(f, &run);
    if (!contract_differs(f, DIFF_UNREAD_INPUT_BREAKS) || rc != GANTRY_E_TRUNCATED) {
        OK(rc);
        CHECK(run.result->has_exit_code && run.result->exit_code == 0);
    }
    gantry_run_result_free(run.result);
    free(input);
    contract_until(f, is_gone, run.container.name);
}

static void detached_run_returns_when_started(struct contract *f)
{
    struct run run;

    prepare(f, &run, SHELL(IDLE));
    run.opts.remove = GANTRY_DEFAULT;
    run.opts.detach = GANTRY_ON;
    OK(do_run(f, &run));
    CHECK(contract_is_id(run.result->id));
    CHECK(run.result->has_exit_code == 0);
    SAME(run.result->stdout_data, "");
    CHECK(contract_state(f, run.result->id) == GANTRY_CONTAINER_RUNNING);
    gantry_run_result_free(run.result);
}

static void detached_run_is_removed_at_its_end(struct contract *f)
{
    struct run run;

    prepare(f, &run, COMMAND("true"));
    run.opts.detach = GANTRY_ON;
    OK(do_run(f, &run));
    gantry_run_result_free(run.result);
    contract_until(f, is_gone, run.container.name);
}

/* ---- sink ------------------------------------------------------------------------------------ */

struct sink {
    char text[2][256];
    size_t size[2];
    int stop;
    struct contract_trigger *trigger;
};

static int collect(void *arg, int channel, const void *data, size_t size)
{
    struct sink *sink = arg;
    int which = channel == GANTRY_STDERR;

    if (sink->size[which] + size < sizeof sink->text[0]) {
        memcpy(sink->text[which] + sink->size[which], data, size);
        sink->size[which] += size;
    }
    if (sink->trigger != NULL && strstr(sink->text[0], "ready") != NULL)
        contract_trigger_go(sink->trigger);
    return sink->stop;
}

static void sink_receives_the_output(struct contract *f)
{
    struct sink sink = { .size = { 0 } };
    struct run run;

    prepare(f, &run, SHELL("echo one; echo two >&2; echo three"));
    run.opts.sink = collect;
    run.opts.sink_arg = &sink;
    OK(do_run(f, &run));
    SAME(sink.text[0], "one\nthree\n");
    SAME(sink.text[1], "two\n");
    SAME(run.result->stdout_data, "");
    CHECK(run.result->exit_code == 0);
    gantry_run_result_free(run.result);
}

static void sink_stops_a_run(struct contract *f)
{
    struct sink sink = { .stop = 1 };
    struct run run;

    prepare(f, &run, SHELL("echo ready; sleep 60"));
    run.opts.sink = collect;
    run.opts.sink_arg = &sink;
    FAILS(do_run(f, &run), GANTRY_E_CALLBACK);
    CHECK(run.result == NULL);
    contract_until(f, is_gone, run.container.name);
}

/* ---- ends of another kind -------------------------------------------------------------------- */

static void signal_is_told(struct contract *f)
{
    struct run run;

    /* the first process of a container cannot kill itself: a child can end it by its own end */
    prepare(f, &run, SHELL("sh -c 'kill -9 $$'; exit $?"));
    OK(do_run(f, &run));
    CHECK(run.result->has_exit_code && run.result->exit_code == 137);
    CHECK(run.result->signal == 9);
    gantry_run_result_free(run.result);
}

static void ceiling_of_capture(struct contract *f)
{
    struct run run;

    prepare(f, &run, SHELL("while :; do echo 0123456789; done"));
    run.opts.capture_limit = 100000;
    FAILS(do_run(f, &run), GANTRY_E_LIMIT);
    CHECK(run.result == NULL);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_CONTAINER);
    CHECK(contract_is_id(f->err.resource));
    contract_until(f, is_gone, run.container.name);
}

/* A limit that passes before the container is started, on a busy machine, shows nothing of this:
 * then it is twice as long. */
static void time_limit_ends_a_run(struct contract *f)
{
    gantry_call call = { .size = sizeof call, .timeout_ms = 2000 };
    int64_t limit_ns;
    int64_t start;
    struct run run;

    do {
        prepare(f, &run, SHELL("echo begun; sleep 60"));
        run.opts.call = &call;
        f->err = (gantry_error){ 0 };
        start = gantry_clock_ns();
        FAILS(do_run(f, &run), GANTRY_E_TIMEOUT);
        limit_ns = call.timeout_ms * 1000000;
        CHECK(gantry_clock_ns() - start < limit_ns + (int64_t)8 * 1000000000);
        CHECK(gantry_clock_ns() - start >= limit_ns - (int64_t)100 * 1000000);
        call.timeout_ms *= 2;
    } while (strstr(f->err.message, "could not be removed") != NULL && call.timeout_ms <= 16000);
    CHECK(run.result == NULL);
    SAME(f->err.operation, "containers.run");
    CHECK(f->err.outcome == GANTRY_OUTCOME_PARTIAL);
    CONTAINS(f->err.message, "is being removed");
    contract_until(f, is_gone, run.container.name);
}

static int is_exited(struct contract *f, const void *name)
{
    return contract_state(f, name) == GANTRY_CONTAINER_EXITED;
}

static void cancel_ends_a_run_at_once(struct contract *f)
{
    gantry_call call = { .size = sizeof call };
    struct sink sink = { .trigger = contract_trigger_new(f, &call.cancel) };
    int64_t elapsed;
    struct run run;

    prepare(f, &run, SHELL("echo ready; sleep 60"));
    run.opts.call = &call;
    run.opts.sink = collect;
    run.opts.sink_arg = &sink;
    run.opts.remove = GANTRY_DEFAULT;
    FAILS(do_run(f, &run), GANTRY_E_CANCELLED);
    elapsed = contract_trigger_elapsed(sink.trigger);
    contract_trigger_free(sink.trigger);
    if (elapsed < 0 || elapsed >= 200)
        fail_msg("returned %lld ms after the trigger", (long long)elapsed);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_CONTAINER);
    CHECK(contract_is_id(f->err.resource));
    CHECK(f->err.outcome == GANTRY_OUTCOME_PARTIAL);
    CONTAINS(f->err.message, "is still there");
    CONTAINS(f->err.message, f->err.resource);
    contract_until(f, is_exited, run.container.name);
}

static void missing_program_leaves_nothing(struct contract *f)
{
    struct run run;

    prepare(f, &run, COMMAND("/no/such/program"));
    run.opts.remove = GANTRY_DEFAULT;
    FAILS(do_run(f, &run), GANTRY_E_COMMAND);
    CHECK(run.result == NULL);
    CONTAINS(f->err.message, "/no/such/program");
    CHECK(f->err.outcome == GANTRY_OUTCOME_REFUSED);
    SAME(f->err.resource, run.container.name); /* what had the id is gone */
    CHECK(!contract_exists(f, run.container.name));
}

static void missing_image_leaves_nothing(struct contract *f)
{
    const char *image = contract_name(f, "no-image");
    struct run run;

    prepare(f, &run, COMMAND("true"));
    FAILS(gantry_containers_run(f->containers, image, &run.opts, &run.result, &f->err),
          GANTRY_E_NOT_FOUND);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_IMAGE);
    SAME(f->err.resource, image);
    SAME(f->err.operation, "containers.run");
    CHECK(!contract_exists(f, run.container.name));
}

static void two_commands_are_invalid(struct contract *f)
{
    struct run run;

    prepare(f, &run, COMMAND("true"));
    run.container.command = COMMAND("false");
    FAILS(do_run(f, &run), GANTRY_E_INVALID);
    prepare(f, &run, COMMAND("true"));
    run.opts.input = "x";
    run.opts.input_size = 1;
    run.opts.detach = GANTRY_ON;
    FAILS(do_run(f, &run), GANTRY_E_INVALID);
    CHECK(!contract_exists(f, run.container.name));
}

static void terminal_joins_the_channels(struct contract *f)
{
    struct run run;

    /* the first byte looks like the header of a frame */
    prepare(f, &run, SHELL("printf '\\001\\000\\000\\000'; echo out; echo err >&2; test -t 1"));
    run.container.tty = GANTRY_ON;
    OK(do_run(f, &run));
    CHECK(run.result->stdout_size == 4 + 10);
    CHECK(memcmp(run.result->stdout_data, "\1\0\0\0out\r\nerr\r\n", 14) == 0);
    CHECK(run.result->stderr_size == 0);
    CHECK(run.result->exit_code == 0);
    gantry_run_result_free(run.result);
}

const struct contract_test run_tests[] = {
    TEST_WITH(output_and_exit_code, PROCESSES),
    TEST_WITH(short_lives_lose_nothing, PROCESSES),
    TEST_WITH(shortest_lives_end_with_zero, PROCESSES),
    TEST_WITH(defaults_of_the_image_run, PROCESSES),
    TEST_WITH(large_output_is_whole, PROCESSES),
    TEST_WITH(bytes_arrive_as_they_are, PROCESSES),
    TEST_WITH(environment_user_and_directory, PROCESSES),
    TEST_WITH(input_reaches_the_process, PROCESSES),
    TEST_WITH(input_may_stay_unread, PROCESSES),
    TEST_WITH(detached_run_returns_when_started, PROCESSES),
    TEST_WITH(detached_run_is_removed_at_its_end, PROCESSES),
    TEST_WITH(sink_receives_the_output, PROCESSES),
    TEST_WITH(sink_stops_a_run, PROCESSES),
    TEST_WITH(signal_is_told, PROCESSES),
    TEST_WITH(ceiling_of_capture, PROCESSES),
    TEST_WITH(time_limit_ends_a_run, PROCESSES),
    TEST_WITH(cancel_ends_a_run_at_once, PROCESSES),
    TEST_WITH(missing_program_leaves_nothing, PROCESSES),
    TEST_WITH(missing_image_leaves_nothing, PROCESSES),
    TEST_WITH(two_commands_are_invalid, PROCESSES),
    TEST_WITH(terminal_joins_the_channels, PROCESSES),
    { 0 },
};
