/*
 * Checks and shorthand of the contract suite. A failed check prints what the library said and ends
 * the test.
 */
#include "contract.h"

#include <poll.h>

void contract_ok(struct contract *f, int rc, const char *call, const char *file, int line)
{
    if (rc == 0)
        return;
    print_error("%s\n  gives %d %s: %s\n  operation \"%s\", resource \"%s\", status %d\n%s%s", call,
                rc, gantry_error_name(rc), f->err.message, f->err.operation, f->err.resource,
                f->err.http_status, f->err.output, f->err.output[0] != '\0' ? "\n" : "");
    _fail(file, line);
}

void contract_fails(struct contract *f, int rc, int code, const char *call, const char *file,
                    int line)
{
    if (rc == code && f->err.code == code && f->err.message[0] != '\0')
        return;
    print_error("%s\n  gives %s, expected %s; error says %s: \"%s\", resource \"%s\", status %d\n",
                call, rc == 0 ? "OK" : gantry_error_name(rc), gantry_error_name(code),
                gantry_error_name(f->err.code), f->err.message, f->err.resource,
                f->err.http_status);
    _fail(file, line);
}

void contract_check(int holds, const char *condition, const char *file, int line)
{
    if (holds)
        return;
    print_error("does not hold: %s\n", condition);
    _fail(file, line);
}

void contract_same(const char *got, const char *want, const char *what, const char *file, int line)
{
    if (got != NULL && strcmp(got, want) == 0)
        return;
    print_error("%s\n  is       \"%s\"\n  expected \"%s\"\n", what, got != NULL ? got : "(NULL)",
                want);
    _fail(file, line);
}

void contract_contains(const char *text, const char *part, const char *what, const char *file,
                       int line)
{
    if (text != NULL && strstr(text, part) != NULL)
        return;
    print_error("%s\n  is \"%s\"\n  which does not contain \"%s\"\n", what,
                text != NULL ? text : "(NULL)", part);
    _fail(file, line);
}

int contract_is_id(const char *text)
{
    return text != NULL && strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

int contract_in_list(const char *const *list, const char *text)
{
    for (size_t i = 0; list[i] != NULL; i++) {
        if (strcmp(list[i], text) == 0)
            return 1;
    }
    return 0;
}

const char *contract_pair(const gantry_pair *pairs, size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(pairs[i].key, key) == 0)
            return pairs[i].value;
    }
    return NULL;
}

/* ---- containers ------------------------------------------------------------------------------ */

const char *contract_create(struct contract *f, const char *script)
{
    const char *name = contract_name(f, "c");
    gantry_container_options opts = { .size = sizeof opts, .name = name, .command = SHELL(script) };

    OK(gantry_containers_create(f->containers, f->base, &opts, NULL, &f->err));
    return name;
}

const char *contract_start(struct contract *f, const char *script)
{
    const char *name = contract_create(f, script);

    OK(gantry_containers_start(f->containers, name, NULL, &f->err));
    return name;
}

int contract_state(struct contract *f, const char *container)
{
    gantry_container *info = NULL;
    int state;

    OK(gantry_containers_inspect(f->containers, container, NULL, &info, &f->err));
    state = info->state;
    gantry_container_free(info);
    return state;
}

int contract_exists(struct contract *f, const char *container)
{
    gantry_container *info = NULL;
    int rc = gantry_containers_inspect(f->containers, container, NULL, &info, &f->err);

    if (rc == GANTRY_E_NOT_FOUND)
        return 0;
    OK(rc);
    gantry_container_free(info);
    return 1;
}

int contract_image_exists(struct contract *f, const char *reference)
{
    int exists = -1;

    OK(gantry_images_exists(f->images, reference, NULL, &exists, &f->err));
    CHECK(exists == 0 || exists == 1);
    return exists;
}

int64_t contract_wait_exit(struct contract *f, const char *container)
{
    gantry_exit_status status = { 0 };

    OK(gantry_containers_wait(f->containers, container, NULL, &status, &f->err));
    CHECK(status.has_exit_code);
    return status.exit_code;
}

int contract_runs_program(struct contract *f, const char *container, const char *program)
{
    gantry_container_top_options opts = { .size = sizeof opts };
    gantry_container_top *top = NULL;
    int found = 0;

    opts.columns = (f->on & ON_DOCKER) != 0 ? COMMAND("-o", "pid,comm") : COMMAND("pid", "comm");
    OK(gantry_containers_top(f->containers, container, &opts, &top, &f->err));
    for (size_t i = 0; i < top->count; i++)
        found |= strcmp(top->processes[i][1], program) == 0;
    gantry_container_top_free(top);
    return found;
}

void contract_run_prints(struct contract *f, const char *image, const char *script,
                         const char *want)
{
    gantry_container_options container = { .size = sizeof container,
                                           .name = contract_name(f, "run") };
    gantry_run_options opts = {
        .size = sizeof opts, .container = &container, .command = SHELL(script), .remove = GANTRY_ON
    };
    gantry_run_result *run = NULL;

    OK(contract_run(f, image, &opts, &run, &f->err));
    SAME(run->stdout_data, want);
    gantry_run_result_free(run);
}

void contract_until(struct contract *f, int (*holds)(struct contract *f, const void *arg),
                    const void *arg)
{
    int64_t deadline = gantry_clock_ns() + (int64_t)20 * 1000000000;

    while (!holds(f, arg)) {
        if (gantry_clock_ns() > deadline)
            fail_msg("the engine did not get there in 20 s");
        poll(NULL, 0, 20);
    }
}

/* ---- builds ---------------------------------------------------------------------------------- */

int contract_engine_killed(struct contract *f, int rc)
{
    enum {
        MOST = 5
    };
    static int times;

    if (rc != GANTRY_E_BUILD || !contract_differs(f, DIFF_ENGINE_KILLS_BUILDS) || times >= MOST ||
        (strstr(f->err.message, "signal: killed") == NULL &&
         strstr(f->err.message, "layer not known") == NULL))
        return 0;
    times++;
    printf("the engine broke off a build by itself, time %d: %s\n", times, f->err.message);
    return 1;
}

int contract_build(struct contract *f, const char *name, const gantry_build_options *opts,
                   gantry_build_result **out)
{
    int rc;

    do {
        memset(&f->err, 0, sizeof f->err);
        rc = gantry_images_build(f->images, name, opts, out, &f->err);
    } while (contract_engine_killed(f, rc));
    return rc;
}
