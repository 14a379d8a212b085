/*
 * Cancel tokens, clocks and the import of calls.
 */
#include "host.h"

#include <gantry/backend.h>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int readable(const gantry_cancel *token)
{
    struct pollfd p = { gantry_cancel_fd(token), POLLIN, 0 };

    return poll(&p, 1, 0) == 1;
}

static void token_triggers_and_resets(void **state)
{
    gantry_cancel *token = NULL;
    int i;

    (void)state;
    assert_int_equal(gantry_cancel_new(&token, NULL), 0);
    assert_true(fcntl(gantry_cancel_fd(token), F_GETFD) & FD_CLOEXEC);
    for (i = 0; i < 3; i++) {
        assert_int_equal(gantry_cancel_triggered(token), 0);
        assert_false(readable(token));
        gantry_cancel_trigger(token);
        gantry_cancel_trigger(token);
        assert_int_equal(gantry_cancel_triggered(token), 1);
        assert_true(readable(token));
        gantry_cancel_reset(token);
    }
    gantry_cancel_reset(token);
    assert_false(readable(token));
    gantry_cancel_free(token);
}

static void token_may_be_null(void **state)
{
    gantry_error err = { 0 };

    (void)state;
    gantry_cancel_free(NULL);
    gantry_cancel_trigger(NULL);
    gantry_cancel_reset(NULL);
    assert_int_equal(gantry_cancel_triggered(NULL), 0);
    assert_int_equal(gantry_cancel_fd(NULL), -1);
    assert_int_equal(gantry_cancel_new(NULL, &err), GANTRY_E_INVALID);
}

static gantry_cancel *signalled;

static void on_signal(int number)
{
    (void)number;
    gantry_cancel_trigger(signalled);
}

static void token_triggers_in_signal_handler(void **state)
{
    struct sigaction action;
    struct sigaction old;

    (void)state;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    assert_int_equal(gantry_cancel_new(&signalled, NULL), 0);
    assert_int_equal(sigaction(SIGUSR1, &action, &old), 0);
    assert_int_equal(raise(SIGUSR1), 0);
    assert_int_equal(sigaction(SIGUSR1, &old, NULL), 0);
    assert_int_equal(gantry_cancel_triggered(signalled), 1);
    assert_true(readable(signalled));
    gantry_cancel_free(signalled);
}

static void *trigger_thread(void *token)
{
    gantry_cancel_trigger(token);
    return NULL;
}

/* Pauses far longer than the test may take: only the token can end it. */
static void token_wakes_a_pause(void **state)
{
    gantry_call call = { .size = sizeof call };
    struct gnt_clock clock;
    gantry_error err = { 0 };
    pthread_t thread;

    (void)state;
    assert_int_equal(gantry_cancel_new(&call.cancel, NULL), 0);
    gnt_clock_start(&clock, &call, 0);
    assert_int_equal(pthread_create(&thread, NULL, trigger_thread, call.cancel), 0);
    assert_int_equal(gnt_clock_pause(&clock, 3600 * 1000, &err), GANTRY_E_CANCELLED);
    assert_int_equal(err.code, GANTRY_E_CANCELLED);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(gnt_clock_wait_ms(&clock, 500), 0);
    gantry_cancel_free(call.cancel);
}

static void clock_takes_the_nearest_limit(void **state)
{
    gantry_call call = { .size = sizeof call };
    struct gnt_clock clock;
    int64_t before;

    (void)state;
    gnt_clock_start(&clock, NULL, 0);
    assert_int_equal(clock.deadline_ns, 0);
    assert_int_equal(gnt_clock_wait_ms(&clock, 1234), 1234);
    assert_int_equal(gnt_clock_wait_ms(&clock, -1), -1);

    before = gantry_clock_ns();
    gnt_clock_start(&clock, NULL, 5000);
    assert_true(clock.deadline_ns >= before + INT64_C(5000000000));
    assert_true(clock.deadline_ns <= gantry_clock_ns() + INT64_C(5000000000));
    assert_int_equal(gnt_clock_wait_ms(&clock, 100), 100);
    assert_in_range(gnt_clock_wait_ms(&clock, -1), 1, 5000);

    call.timeout_ms = 2000;
    before = gantry_clock_ns();
    gnt_clock_start(&clock, &call, 5000);
    assert_true(clock.deadline_ns <= gantry_clock_ns() + INT64_C(2000000000));
    assert_true(clock.deadline_ns >= before + INT64_C(2000000000));

    call.timeout_ms = GANTRY_NO_TIMEOUT;
    gnt_clock_start(&clock, &call, 5000);
    assert_int_equal(clock.deadline_ns, 0);

    call.deadline_ns = 77;
    call.timeout_ms = 0;
    gnt_clock_start(&clock, &call, 5000);
    assert_int_equal(clock.deadline_ns, 77);
    assert_int_equal(gnt_clock_wait_ms(&clock, 100), 0);

    call.deadline_ns = INT64_MAX;
    gnt_clock_start(&clock, &call, 5000);
    assert_true(clock.deadline_ns < INT64_MAX);

    call.deadline_ns = 0;
    call.timeout_ms = INT64_MAX;
    call.idle_timeout_ms = INT64_MAX;
    gnt_clock_start(&clock, &call, 5000);
    assert_int_equal(clock.deadline_ns, INT64_MAX);
    assert_int_equal(gnt_clock_check(&clock, NULL), 0);
    assert_int_equal(gnt_clock_wait_ms(&clock, 9), 9);
    assert_true(gnt_clock_wait_ms(&clock, -1) > 1000000);
}

static void clock_says_which_limit(void **state)
{
    gantry_call call = { .size = sizeof call };
    struct gnt_clock clock;
    gantry_error err = { 0 };

    (void)state;
    call.deadline_ns = 1;
    gnt_clock_start(&clock, &call, 0);
    assert_int_equal(gnt_clock_check(&clock, &err), GANTRY_E_TIMEOUT);
    assert_non_null(strstr(err.message, "the call's time limit passed"));
    call.deadline_ns = INT64_MIN;
    gnt_clock_start(&clock, &call, 0);
    assert_int_equal(gnt_clock_check(&clock, &err), GANTRY_E_TIMEOUT);
    assert_int_equal(gnt_clock_wait_ms(&clock, 50), 0);

    call.deadline_ns = 0;
    call.timeout_ms = 1;
    gnt_clock_start(&clock, &call, 0);
    assert_int_equal(gnt_clock_pause(&clock, 3600 * 1000, &err), GANTRY_E_TIMEOUT);
    assert_string_equal(err.message, "the call's time limit passed");

    call.timeout_ms = 0;
    call.idle_timeout_ms = 1;
    gnt_clock_start(&clock, &call, 0);
    assert_int_equal(gnt_clock_pause(&clock, 3600 * 1000, &err), GANTRY_E_TIMEOUT);
    assert_string_equal(err.message, "no byte moved for 1 ms");
    clock.idle_ns = INT64_C(3600000000000);
    clock.moved_ns = 0;
    gnt_clock_moved(&clock);
    assert_true(clock.moved_ns > 0);
    assert_int_equal(gnt_clock_check(&clock, &err), 0);
}

static void clock_pauses_at_least_so_long(void **state)
{
    struct gnt_clock clock;
    int64_t start = gantry_clock_ns();

    (void)state;
    gnt_clock_start(&clock, NULL, 0);
    assert_int_equal(gnt_clock_pause(&clock, 20, NULL), 0);
    assert_true(gantry_clock_ns() - start >= 20 * INT64_C(1000000));
    assert_int_equal(gnt_clock_pause(&clock, 0, NULL), 0);
    assert_int_equal(gnt_clock_pause(&clock, -5, NULL), 0);
}

static void cancel_comes_before_timeout(void **state)
{
    gantry_call call = { .size = sizeof call, .deadline_ns = 1 };
    struct gnt_clock clock;

    (void)state;
    assert_int_equal(gantry_cancel_new(&call.cancel, NULL), 0);
    gnt_clock_start(&clock, &call, 0);
    assert_int_equal(gnt_clock_check(&clock, NULL), GANTRY_E_TIMEOUT);
    gantry_cancel_trigger(call.cancel);
    assert_int_equal(gnt_clock_check(&clock, NULL), GANTRY_E_CANCELLED);
    gantry_cancel_free(call.cancel);
}

static void shorter_calls_are_filled_up(void **state)
{
    /* What a caller of an older version has: exactly these bytes. */
    struct {
        size_t size;
        gantry_cancel *cancel;
        int64_t timeout_ms;
    } *old = malloc(sizeof *old);
    struct {
        gantry_call call;
        char unknown[64];
    } newer;
    gantry_call call;

    (void)state;
    assert_non_null(old);
    old->size = sizeof *old;
    old->cancel = NULL;
    old->timeout_ms = 42;
    gnt_call_import(&call, (const gantry_call *)(const void *)old);
    assert_int_equal(call.size, sizeof call);
    assert_int_equal(call.timeout_ms, 42);
    assert_int_equal(call.deadline_ns, 0);
    assert_null(call.tag);
    old->size = 0;
    gnt_call_import(&call, (const gantry_call *)(const void *)old);
    assert_int_equal(call.timeout_ms, 0);
    free(old);

    memset(&newer, 0x11, sizeof newer);
    newer.call.size = sizeof newer;
    gnt_call_import(&call, &newer.call);
    assert_int_equal(call.size, sizeof call);
    assert_int_equal(call.idle_timeout_ms, INT64_C(0x1111111111111111));

    gnt_call_import(&call, NULL);
    assert_int_equal(call.size, sizeof call);
    assert_null(call.cancel);
}

static void call_check_for_backends(void **state)
{
    gantry_call call = { .size = sizeof call };
    gantry_error err = { 0 };

    (void)state;
    assert_int_equal(gantry_call_check(NULL, 0, &err), 0);
    call.idle_timeout_ms = 1;
    assert_int_equal(gantry_call_check(&call, 0, &err), 0);
    call.timeout_ms = 3600 * 1000;
    assert_int_equal(gantry_call_check(&call, gantry_clock_ns(), &err), 0);
    call.timeout_ms = 10;
    assert_int_equal(gantry_call_check(&call, gantry_clock_ns() - 11 * 1000000, &err),
                     GANTRY_E_TIMEOUT);
    call.timeout_ms = 0;
    call.deadline_ns = 1;
    assert_int_equal(gantry_call_check(&call, 0, &err), GANTRY_E_TIMEOUT);
    assert_int_equal(gantry_cancel_new(&call.cancel, NULL), 0);
    gantry_cancel_trigger(call.cancel);
    assert_int_equal(gantry_call_check(&call, 0, &err), GANTRY_E_CANCELLED);
    gantry_cancel_free(call.cancel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(token_triggers_and_resets),
        cmocka_unit_test(token_may_be_null),
        cmocka_unit_test(token_triggers_in_signal_handler),
        cmocka_unit_test(token_wakes_a_pause),
        cmocka_unit_test(clock_takes_the_nearest_limit),
        cmocka_unit_test(clock_says_which_limit),
        cmocka_unit_test(clock_pauses_at_least_so_long),
        cmocka_unit_test(cancel_comes_before_timeout),
        cmocka_unit_test(shorter_calls_are_filled_up),
        cmocka_unit_test(call_check_for_backends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
