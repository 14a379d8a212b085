/*
 * Contract of exec: commands inside a running container.
 */
#include "contract.h"

static void output_and_exit_code(struct contract *f)
{
    const char *name = contract_start(f, IDLE);
    gantry_exec_result *result = NULL;

    OK(gantry_containers_exec(f->containers, name, SHELL("echo out; echo err >&2; exit 9"), NULL,
                              &result, &f->err));
    SAME(result->stdout_data, "out\n");
    SAME(result->stderr_data, "err\n");
    CHECK(result->stdout_size == 4 && result->stderr_size == 4);
    CHECK(result->exit_code == 9);
    gantry_exec_result_free(result);
    for (int i = 0; i < 10; i++) {
        OK(gantry_containers_exec(f->containers, name, SHELL("echo out; exit 9"), NULL, &result,
                                  &f->err));
        SAME(result->stdout_data, "out\n");
        CHECK(result->exit_code == 9);
        gantry_exec_result_free(result);
    }
    OK(gantry_containers_exec(f->containers, name, COMMAND("true"), NULL, NULL, &f->err));
}

static void environment_user_and_directory(struct contract *f)
{
    const char *name = contract_start(f, IDLE);
    gantry_exec_options opts = { .size = sizeof opts,
                                 .environment = COMMAND("A=b c"),
                                 .user = "65534",
                                 .working_directory = "/var" };
    gantry_exec_result *result = NULL;

    OK(gantry_containers_exec(f->containers, name, SHELL("echo \"$A|$(id -u)|$(pwd)\""), &opts,
                              &result, &f->err));
    SAME(result->stdout_data, "b c|65534|/var\n");
    gantry_exec_result_free(result);
}

static void input_goes_through(struct contract *f)
{
    const char *name = contract_start(f, IDLE);
    size_t size = 1024 * 1024;
    char *input = malloc(size);
    gantry_exec_options opts = { .size = sizeof opts, .input_size = size };
    gantry_exec_result *result = NULL;

    assert_non_null(input);
    for (size_t i = 0; i < size; i++)
        input[i] = (char)(i * 31 % 251);
    opts.input = input;
    OK(gantry_containers_exec(f->containers, name, COMMAND("cat"), &opts, &result, &f->err));
    CHECK(result->stdout_size == size);
    CHECK(memcmp(result->stdout_data, input, size) == 0);
    CHECK(result->exit_code == 0);
    gantry_exec_result_free(result);
    free(input);
}

static void missing_program_is_told(struct contract *f)
{
    const char *name = contract_start(f, IDLE);
    gantry_exec_result *result = NULL;

    OK(gantry_containers_exec(f->containers, name, COMMAND("/no/such/program"), NULL, &result,
                              &f->err));
    CHECK(result->exit_code == 126 || result->exit_code == 127);
    CHECK(strstr(result->stdout_data, "/no/such/program") != NULL ||
          strstr(result->stderr_data, "/no/such/program") != NULL);
    CHECK(result->not_started == (contract_differs(f, DIFF_NOT_STARTED_IS_NOT_KNOWN) ? -1 : 1));
    gantry_exec_result_free(result);
    /* a program may end with that code, too */
    OK(gantry_containers_exec(f->containers, name, SHELL("exit 126"), NULL, &result, &f->err));
    CHECK(result->exit_code == 126);
    CHECK(result->not_started == (contract_differs(f, DIFF_NOT_STARTED_IS_NOT_KNOWN) ? -1 : 0));
    gantry_exec_result_free(result);
    OK(gantry_containers_exec(f->containers, name, SHELL("exit 1"), NULL, &result, &f->err));
    CHECK(result->not_started == 0);
    gantry_exec_result_free(result);
}

static void terminal_joins_the_channels(struct contract *f)
{
    const char *name = contract_start(f, IDLE);
    gantry_exec_options opts = { .size = sizeof opts, .tty = GANTRY_ON };
    gantry_exec_result *result = NULL;

    OK(gantry_containers_exec(f->containers, name,
                              SHELL("printf '\\002\\000'; echo out; echo err "
                                    ">&2; exit 4"),
                              &opts, &result, &f->err));
    CHECK(result->stdout_size == 2 + 10);
    CHECK(memcmp(result->stdout_data, "\2\0out\r\nerr\r\n", 12) == 0);
    CHECK(result->stderr_size == 0);
    CHECK(result->exit_code == 4);
    gantry_exec_result_free(result);
}

static void needs_a_running_container(struct contract *f)
{
    const char *created = contract_create(f, IDLE);
    const char *ended = contract_start(f, "true");
    gantry_exec_result *result = NULL;

    contract_wait_exit(f, ended);
    FAILS(gantry_containers_exec(f->containers, created, COMMAND("true"), NULL, &result, &f->err),
          GANTRY_E_STATE);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_CONTAINER);
    FAILS(gantry_containers_exec(f->containers, ended, COMMAND("true"), NULL, &result, &f->err),
          GANTRY_E_STATE);
    FAILS(gantry_containers_exec(f->containers, contract_name(f, "missing"), COMMAND("true"), NULL,
                                 &result, &f->err),
          GANTRY_E_NOT_FOUND);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_CONTAINER);
    CHECK(result == NULL);
}

static void ceiling_of_capture(struct contract *f)
{
    const char *name = contract_start(f, IDLE);
    gantry_exec_options opts = { .size = sizeof opts, .capture_limit = 10000 };

    FAILS(gantry_containers_exec(f->containers, name,
                                 SHELL("i=0; while [ $i -lt 5000 ]; do echo 0123456789; "
                                       "i=$((i+1)); done"),
                                 &opts, NULL, &f->err),
          GANTRY_E_LIMIT);
    CHECK(contract_state(f, name) == GANTRY_CONTAINER_RUNNING);
}

static void time_limit_ends_the_call(struct contract *f)
{
    const char *name = contract_start(f, IDLE);
    gantry_call call = { .size = sizeof call, .timeout_ms = 1000 };
    gantry_exec_options opts = { .size = sizeof opts, .call = &call };
    int64_t start = gantry_clock_ns();

    FAILS(gantry_containers_exec(f->containers, name, COMMAND("sleep", "60"), &opts, NULL, &f->err),
          GANTRY_E_TIMEOUT);
    CHECK(gantry_clock_ns() - start < (int64_t)5 * 1000000000);
    CHECK(contract_state(f, name) == GANTRY_CONTAINER_RUNNING);
    CHECK(f->err.outcome == GANTRY_OUTCOME_UNKNOWN); /* it still runs */
    CHECK(f->err.retry == GANTRY_RETRY_ASK);
}

const struct contract_test exec_tests[] = {
    TEST_WITH(output_and_exit_code, NEEDS(GANTRY_FEATURE_CONTAINERS_EXEC)),
    TEST_WITH(environment_user_and_directory, NEEDS(GANTRY_FEATURE_CONTAINERS_EXEC)),
    TEST_WITH(input_goes_through, NEEDS(GANTRY_FEATURE_CONTAINERS_EXEC)),
    TEST_WITH(missing_program_is_told, NEEDS(GANTRY_FEATURE_CONTAINERS_EXEC)),
    TEST_WITH(terminal_joins_the_channels, NEEDS(GANTRY_FEATURE_CONTAINERS_EXEC)),
    TEST_WITH(needs_a_running_container,
              NEEDS(GANTRY_FEATURE_CONTAINERS_EXEC, GANTRY_FEATURE_CONTAINERS_WAIT)),
    TEST_WITH(ceiling_of_capture, NEEDS(GANTRY_FEATURE_CONTAINERS_EXEC)),
    TEST_WITH(time_limit_ends_the_call, NEEDS(GANTRY_FEATURE_CONTAINERS_EXEC)),
    { 0 },
};
