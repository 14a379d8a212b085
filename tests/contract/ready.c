/*
 * Contract of waiting for readiness: each kind of condition when it holds and when it does not,
 * what the error says, and what ends a wait early.
 */
#include "contract.h"

/* As IDLE, but ends at once. */
#define QUICK "trap 'exit 0' TERM; while :; do sleep 0.1; done"

#define CONDITIONS(...) ((const gantry_condition *const[]){ __VA_ARGS__, NULL })
#define CONDITION(...) GANTRY_OPTIONS(gantry_condition, __VA_ARGS__)

/* Wait at most so long. */
static int wait_ms(struct contract *f, const char *container, int64_t ms,
                   const gantry_condition *const *conditions)
{
    gantry_call call = { .size = sizeof call, .timeout_ms = ms };
    gantry_ready_options opts = { .size = sizeof opts, .call = &call };

    return gantry_containers_wait_ready(f->containers, container, conditions, &opts, &f->err);
}

static int wait_for(struct contract *f, const char *container,
                    const gantry_condition *const *conditions)
{
    return wait_ms(f, container, 30000, conditions);
}

static void run_inside(struct contract *f, const char *container, const char *script)
{
    gantry_exec_result *result = NULL;

    OK(gantry_containers_exec(f->containers, container, SHELL(script), NULL, &result, &f->err));
    CHECK(result->exit_code == 0);
    gantry_exec_result_free(result);
}

/* A container with a published port of 127.0.0.1. */
static const char *start_published(struct contract *f, const char *script, int port)
{
    const gantry_port *const ports[] = {
        GANTRY_OPTIONS(gantry_port, .container_port = port, .host_address = "127.0.0.1"), NULL
    };
    gantry_container_options opts = {
        .size = sizeof opts, .name = contract_name(f, "p"), .command = SHELL(script), .ports = ports
    };

    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    OK(gantry_containers_start(f->containers, opts.name, NULL, &f->err));
    return opts.name;
}

/* ---- state ----------------------------------------------------------------------------------- */

static void running_and_completed(struct contract *f)
{
    const gantry_condition *running = CONDITION(.kind = GANTRY_READY_RUNNING);
    const gantry_condition *completed = CONDITION(.kind = GANTRY_READY_COMPLETED);
    const char *name = contract_create(f, "while [ ! -e /go ]; do sleep 0.05; done");
    gantry_exec_result *result = NULL;

    FAILS(wait_ms(f, name, 300, CONDITIONS(running)), GANTRY_E_TIMEOUT);
    CONTAINS(f->err.message, "running: the container is ");
    SAME(f->err.operation, "containers.wait_ready");
    SAME(f->err.resource, name);
    CHECK(f->err.retry == GANTRY_RETRY_YES);
    OK(gantry_containers_start(f->containers, name, NULL, &f->err));
    OK(wait_for(f, name, CONDITIONS(running)));
    FAILS(wait_ms(f, name, 300, CONDITIONS(running, completed)), GANTRY_E_TIMEOUT);
    CONTAINS(f->err.message, "completed: the container is running");
    CHECK(strstr(f->err.message, "; ") == NULL); /* what holds is not told */
    /* The container ends of it, and may take the command along before that ends by itself. */
    OK(gantry_containers_exec(f->containers, name, SHELL("touch /go"), NULL, &result, &f->err));
    gantry_exec_result_free(result);
    OK(wait_for(f, name, CONDITIONS(completed)));
    FAILS(wait_for(f, name, CONDITIONS(running)), GANTRY_E_STATE);
}

static void one_that_dies_is_told(struct contract *f)
{
    const char *name = contract_start(f, "echo going down >&2; sleep 0.2; exit 4");
    int64_t start = gantry_clock_ns();

    FAILS(wait_for(f, name, CONDITIONS(CONDITION(.kind = GANTRY_READY_PORT, .port = 80))),
          GANTRY_E_STATE);
    CHECK(gantry_clock_ns() - start < (int64_t)10 * 1000000000);
    CONTAINS(f->err.message, "ended with exit code 4");
    CONTAINS(f->err.message, "port 80");
    CHECK(f->err.has_exit_code && f->err.exit_code == 4);
    SAME(f->err.output, "going down\n");
    FAILS(wait_for(f, name, CONDITIONS(CONDITION(.kind = GANTRY_READY_COMPLETED))), GANTRY_E_STATE);
    CONTAINS(f->err.message, "completed: exit code 4");
}

/* ---- log ------------------------------------------------------------------------------------- */

static void lines_of_the_log(struct contract *f)
{
    const char *name = contract_start(f, "echo one; echo two >&2; printf 'un'; sleep 0.3; "
                                         "echo 'finished'; head -c 100000 /dev/zero | tr '\\0' x; "
                                         "echo; echo ready 1; echo ready 2; " QUICK);

    OK(wait_for(
        f, name,
        CONDITIONS(
            CONDITION(.kind = GANTRY_READY_LOG, .text = "ready", .count = 2),
            CONDITION(.kind = GANTRY_READY_LOG, .text = "^unfin(x|ish)ed$", .regex = GANTRY_ON),
            CONDITION(.kind = GANTRY_READY_LOG, .text = "two", .channel = GANTRY_STDERR))));
    FAILS(wait_ms(f, name, 400,
                  CONDITIONS(
                      CONDITION(.kind = GANTRY_READY_LOG, .text = "two", .channel = GANTRY_STDOUT),
                      CONDITION(.kind = GANTRY_READY_LOG, .text = "^ready$", .regex = GANTRY_ON),
                      CONDITION(.kind = GANTRY_READY_LOG, .text = "ready", .count = 3))),
          GANTRY_E_TIMEOUT);
    CONTAINS(f->err.message, "log \"two\": in 0 of 1 lines");
    CONTAINS(f->err.message,
             "log \"^ready$\": in 0 of 1 lines; the last other line is \"ready 2\"");
    CONTAINS(f->err.message, "log \"ready\": in 2 of 3 lines");
    OK(wait_for(f, name, CONDITIONS(CONDITION(.kind = GANTRY_READY_LOG, .text = "one"))));
    FAILS(
        wait_for(f, name,
                 CONDITIONS(CONDITION(.kind = GANTRY_READY_LOG, .text = "(", .regex = GANTRY_ON))),
        GANTRY_E_INVALID);
    CONTAINS(f->err.message, "no regular expression");
}

static void log_of_one_that_ended(struct contract *f)
{
    const gantry_condition *last = CONDITION(.kind = GANTRY_READY_LOG, .text = "the last word");
    const gantry_condition *never = CONDITION(.kind = GANTRY_READY_LOG, .text = "never said");
    const gantry_condition *running = CONDITION(.kind = GANTRY_READY_RUNNING);
    gantry_ready_options any = { .size = sizeof any, .any = GANTRY_ON };
    const char *name = contract_start(f, "echo first; printf 'the last word'; exit 3");

    contract_wait_exit(f, name);
    OK(wait_for(f, name, CONDITIONS(last)));
    FAILS(wait_for(f, name, CONDITIONS(last, never)), GANTRY_E_STATE);
    CONTAINS(f->err.message, "exit code 3");
    CONTAINS(f->err.message, "never said");
    CONTAINS(f->err.output, "the last word");
    FAILS(wait_for(f, name, CONDITIONS(last, running)), GANTRY_E_STATE);
    OK(gantry_containers_wait_ready(f->containers, name, CONDITIONS(running, never, last), &any,
                                    &f->err));
    FAILS(gantry_containers_wait_ready(f->containers, name, CONDITIONS(running, never), &any,
                                       &f->err),
          GANTRY_E_STATE);
}

static void log_since_the_last_start(struct contract *f)
{
    const char *name =
        contract_start(f, "trap 'exit 0' TERM; n=$(cat /n 2>/dev/null || echo 0); n=$((n+1)); "
                          "echo $n >/n; echo start $n; " QUICK);

    OK(wait_for(f, name, CONDITIONS(CONDITION(.kind = GANTRY_READY_LOG, .text = "start 1"))));
    OK(gantry_containers_restart(f->containers, name, NULL, &f->err));
    OK(wait_for(f, name, CONDITIONS(CONDITION(.kind = GANTRY_READY_LOG, .text = "start 2"))));
    FAILS(wait_ms(f, name, 400, CONDITIONS(CONDITION(.kind = GANTRY_READY_LOG, .text = "start 1"))),
          GANTRY_E_TIMEOUT);
}

/* ---- network --------------------------------------------------------------------------------- */

static void port_behind_a_forwarder(struct contract *f)
{
    const gantry_condition *port = CONDITION(.kind = GANTRY_READY_PORT, .port = 80);
    const char *name =
        start_published(f, "while [ ! -e /go ]; do sleep 0.05; done; exec nc -ll -p 80 -e cat", 80);

    /* Docker's and Podman's forwarders take connections though nobody listens. */
    FAILS(
        wait_ms(f, name, 1000, CONDITIONS(port, CONDITION(.kind = GANTRY_READY_HTTP, .port = 80))),
        GANTRY_E_TIMEOUT);
    CONTAINS(f->err.message, "port 80: ");
    CONTAINS(f->err.message, "http 80/: ");
    run_inside(f, name, "touch /go");
    OK(wait_for(f, name, CONDITIONS(port)));
}

static void http_by_path_and_status(struct contract *f)
{
    const char *name = start_published(
        f, "mkdir -p /w; echo hello >/w/index.html; exec httpd -f -p 8080 -h /w", 8080);

    OK(wait_for(f, name,
                CONDITIONS(CONDITION(.kind = GANTRY_READY_HTTP, .port = 8080),
                           CONDITION(.kind = GANTRY_READY_HTTP, .port = 8080, .path = "/none?a=b",
                                     .status = 404))));
    FAILS(wait_ms(f, name, 800,
                  CONDITIONS(CONDITION(.kind = GANTRY_READY_HTTP, .port = 8080, .path = "/none"),
                             CONDITION(.kind = GANTRY_READY_HTTP, .port = 8080, .tls = GANTRY_ON))),
          GANTRY_E_TIMEOUT);
    CONTAINS(f->err.message, "http 8080/none: status 404; http 8080/: ");
}

static void port_of_the_container_itself(struct contract *f)
{
    const gantry_condition *port = CONDITION(.kind = GANTRY_READY_PORT, .port = 81);
    const char *name = contract_start(f, "exec nc -ll -p 81 -e cat");

    if (contract_differs(f, DIFF_CONTAINERS_ARE_OUT_OF_REACH)) {
        FAILS(wait_ms(f, name, 600, CONDITIONS(port)), GANTRY_E_TIMEOUT);
        CONTAINS(f->err.message, "port 81: ");
    } else {
        OK(wait_for(f, name, CONDITIONS(port)));
    }
}

/* ---- inside ---------------------------------------------------------------------------------- */

static void command_that_succeeds(struct contract *f)
{
    const gantry_condition *command =
        CONDITION(.kind = GANTRY_READY_COMMAND,
                  .command = SHELL("test -e /go || { echo not yet >&2; exit 9; }"));
    const char *name = contract_start(f, QUICK);
    gantry_call call = { .size = sizeof call, .timeout_ms = 1500 };
    gantry_ready_options opts = { .size = sizeof opts, .call = &call, .try_ms = 300 };

    FAILS(wait_ms(f, name, 800, CONDITIONS(command)), GANTRY_E_TIMEOUT);
    CONTAINS(f->err.message, "command \"sh\": exit code 9: not yet");
    run_inside(f, name, "touch /go");
    OK(wait_for(f, name, CONDITIONS(command)));
    FAILS(gantry_containers_wait_ready(
              f->containers, name,
              CONDITIONS(CONDITION(.kind = GANTRY_READY_COMMAND, .command = COMMAND("sleep", "9"))),
              &opts, &f->err),
          GANTRY_E_TIMEOUT);
    CONTAINS(f->err.message, "no answer within 300 ms");
}

static const char *start_checked(struct contract *f)
{
    gantry_health health = { .size = sizeof health,
                             .test = COMMAND("CMD-SHELL", "echo looked; test -e /go"),
                             .interval_ms = 1000,
                             .retries = 1 };
    gantry_container_options opts = { .size = sizeof opts,
                                      .name = contract_name(f, "h"),
                                      .command = SHELL(QUICK),
                                      .health = &health };

    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    OK(gantry_containers_start(f->containers, opts.name, NULL, &f->err));
    return opts.name;
}

static void healthy_by_its_check(struct contract *f)
{
    const gantry_condition *healthy = CONDITION(.kind = GANTRY_READY_HEALTHY);
    const char *name = start_checked(f);

    FAILS(wait_ms(f, name, 2500, CONDITIONS(healthy)), GANTRY_E_TIMEOUT);
    CONTAINS(f->err.message, "healthy: the container is unhealthy; the last probe: exit code 1: "
                             "looked");
    run_inside(f, name, "touch /go");
    OK(wait_for(f, name, CONDITIONS(healthy))); /* it has recovered */
    name = contract_start(f, QUICK);
    FAILS(wait_for(f, name, CONDITIONS(healthy)), GANTRY_E_INVALID);
    CONTAINS(f->err.message, "no health check");
}

/* ---- ends ------------------------------------------------------------------------------------ */

static int next_line(void *arg, int channel, const void *data, size_t size)
{
    (void)channel, (void)data, (void)size;
    contract_trigger_go(arg);
    return 0;
}

static void cancel_ends_a_wait(struct contract *f)
{
    gantry_call call = { .size = sizeof call };
    struct contract_trigger *trigger = contract_trigger_new(f, &call.cancel);
    gantry_ready_options opts = { .size = sizeof opts, .call = &call, .interval_ms = 60000 };
    const char *name = contract_start(f, QUICK);
    gantry_exec_options exec = { .size = sizeof exec, .sink = next_line, .sink_arg = trigger };

    OK(gantry_containers_exec(f->containers, name, COMMAND("echo", "go"), &exec, NULL, &f->err));
    FAILS(gantry_containers_wait_ready(
              f->containers, name, CONDITIONS(CONDITION(.kind = GANTRY_READY_LOG, .text = "never")),
              &opts, &f->err),
          GANTRY_E_CANCELLED);
    contract_trigger_free(trigger);
}

static void what_cannot_be_waited_for(struct contract *f)
{
    static const gantry_condition wrong[] = {
        { .size = sizeof wrong[0] },
        { .size = sizeof wrong[0], .kind = GANTRY_READY_COMPLETED + 1 },
        { .size = sizeof wrong[0], .kind = GANTRY_READY_LOG },
        { .size = sizeof wrong[0], .kind = GANTRY_READY_LOG, .text = "x", .count = -1 },
        { .size = sizeof wrong[0], .kind = GANTRY_READY_LOG, .text = "x", .channel = 9 },
        { .size = sizeof wrong[0], .kind = GANTRY_READY_LOG, .text = "x", .port = 1 },
        { .size = sizeof wrong[0], .kind = GANTRY_READY_RUNNING, .text = "x" },
        { .size = sizeof wrong[0], .kind = GANTRY_READY_PORT },
        { .size = sizeof wrong[0], .kind = GANTRY_READY_PORT, .port = 65536 },
        { .size = sizeof wrong[0], .kind = GANTRY_READY_PORT, .port = 1, .path = "/" },
        { .size = sizeof wrong[0], .kind = GANTRY_READY_HTTP, .port = 1, .path = "x" },
        { .size = sizeof wrong[0], .kind = GANTRY_READY_HTTP, .port = 1, .path = "/ x" },
        { .size = sizeof wrong[0], .kind = GANTRY_READY_HTTP, .port = 1, .status = 42 },
        { .size = sizeof wrong[0], .kind = GANTRY_READY_COMMAND },
        { .size = 3, .kind = GANTRY_READY_RUNNING },
    };
    const gantry_condition *running = CONDITION(.kind = GANTRY_READY_RUNNING);
    const char *name = contract_create(f, "true");

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        FAILS(wait_for(f, name, CONDITIONS(running, &wrong[i])), GANTRY_E_INVALID);
        CONTAINS(f->err.message, "conditions[1]: ");
    }
    FAILS(wait_for(f, name, NULL), GANTRY_E_INVALID);
    FAILS(wait_for(f, contract_name(f, "nobody"), CONDITIONS(running)), GANTRY_E_NOT_FOUND);
}

const struct contract_test ready_tests[] = {
    TEST_WITH(running_and_completed, PROCESSES),
    TEST_WITH(one_that_dies_is_told, PROCESSES),
    TEST_WITH(lines_of_the_log, PROCESSES),
    TEST_WITH(log_of_one_that_ended, PROCESSES),
    TEST_WITH(log_since_the_last_start, PROCESSES),
    TEST_WITH(port_behind_a_forwarder, PROCESSES),
    TEST_WITH(http_by_path_and_status, PROCESSES),
    TEST_WITH(port_of_the_container_itself, PROCESSES),
    TEST_WITH(command_that_succeeds, PROCESSES),
    TEST_WITH(healthy_by_its_check, PROCESSES),
    TEST_WITH(cancel_ends_a_wait, PROCESSES),
    TEST_WITH(what_cannot_be_waited_for, PROCESSES),
    { 0 },
};
