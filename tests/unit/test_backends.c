/*
 * The list of backends: order, replacing and unregistering while engines are open, and all of it
 * from several threads at once.
 */
#include "engine.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- backends that do next to nothing --------------------------------------------------------- */

static atomic_int asked[4]; /* probes of each */
static atomic_int pinged[4];
static atomic_int answers[4]; /* of the probes: GANTRY_PROBE_..., or an error */
static atomic_int open_states;

static int answer(int which, gantry_probe *out, gantry_error *err)
{
    int rc = atomic_load(&answers[which]);

    atomic_fetch_add(&asked[which], 1);
    if (rc < 0)
        return gantry_error_set(err, rc, "it is broken");
    snprintf(out->detail, sizeof out->detail, "number %d", which);
    return rc;
}

#define NUMBERED(n)                                                                                \
    static int probe_##n(gantry_host *host, const gantry_endpoint *endpoint,                       \
                         const gantry_call *call, gantry_probe *out, gantry_error *err)            \
    {                                                                                              \
        (void)host, (void)endpoint, (void)call;                                                    \
        return answer(n, out, err);                                                                \
    }                                                                                              \
    static int ping_##n(void *state, const gantry_query_options *opts, gantry_error *err)          \
    {                                                                                              \
        (void)state, (void)opts, (void)err;                                                        \
        atomic_fetch_add(&pinged[n], 1);                                                           \
        return 0;                                                                                  \
    }                                                                                              \
    static const gantry_engine_ops ops_##n = { .size = sizeof ops_##n, .ping = ping_##n };

NUMBERED(0)
NUMBERED(1)
NUMBERED(2)
NUMBERED(3)

static int open_state(void *state, gantry_host *host, const gantry_endpoint *endpoint,
                      const gantry_call *call, gantry_error *err)
{
    (void)state, (void)host, (void)endpoint, (void)call, (void)err;
    atomic_fetch_add(&open_states, 1);
    return 0;
}

static void close_state(void *state)
{
    (void)state;
    atomic_fetch_sub(&open_states, 1);
}

static const char *const own_schemes[] = { "own", NULL };
static const char *const unix_schemes[] = { "own", "unix", NULL };

#define BACKEND(text, its_schemes, n)                                                              \
    {                                                                                              \
        .size = sizeof(gantry_backend), .name = (text), .schemes = (its_schemes),                  \
        .probe = probe_##n, .open = open_state, .close = close_state, .engine = &ops_##n           \
    }

static const gantry_backend first = BACKEND("first", own_schemes, 0);
static const gantry_backend second = BACKEND("second", unix_schemes, 1);
static const gantry_backend newer_first = BACKEND("first", own_schemes, 2);
static const gantry_backend own_docker = BACKEND("docker", unix_schemes, 3);

/* ---- helpers ---------------------------------------------------------------------------------- */

static gantry_error err;

static gantry_engine *open_at(const char *address, const char *backend)
{
    gantry_engine_options opts = {
        .size = sizeof opts, .address = address, .backend = backend, .on_demand = GANTRY_OFF
    };
    gantry_engine *engine = NULL;

    if (gantry_engine_open(GANTRY_RUNTIME_AUTO, &opts, &engine, &err) < 0)
        return NULL;
    return engine;
}

/* At a socket where somebody listens: others are not asked about. */
static gantry_engine *open_at_socket(void)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    char address[sizeof a.sun_path + 8];
    gantry_engine *engine;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    snprintf(a.sun_path, sizeof a.sun_path, "/tmp/gantry-backends-%ld.sock", (long)getpid());
    unlink(a.sun_path);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(fd, 4), 0);
    snprintf(address, sizeof address, "unix://%s", a.sun_path);
    engine = open_at(address, NULL);
    unlink(a.sun_path);
    close(fd);
    return engine;
}

static void assert_names(const char *words)
{
    gantry_backend_list *list = NULL;
    char text[200] = "";

    assert_int_equal(gantry_backends_list(NULL, &list, &err), 0);
    for (size_t i = 0; i < list->count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i > 0 ? " " : "",
                 list->items[i]->name);
    assert_null(list->items[list->count]);
    assert_string_equal(text, words);
    gantry_backend_list_free(list);
}

/* The engines that are open with the backend, and with those that it replaced. */
static void assert_engines(const char *name, int engines, int before)
{
    gantry_backend_list *list = NULL;
    int found = 0;

    assert_int_equal(gantry_backends_list(NULL, &list, &err), 0);
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i]->name, name) != 0)
            continue;
        found = 1;
        assert_int_equal(list->items[i]->engines, engines);
        assert_int_equal(list->items[i]->replaced_engines, before);
    }
    assert_true(found);
    gantry_backend_list_free(list);
}

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        atomic_store(&asked[i], 0);
        atomic_store(&pinged[i], 0);
        atomic_store(&answers[i], GANTRY_PROBE_MINE);
    }
    assert_int_equal(gantry_backend_register(&first, &err), 0);
    assert_int_equal(gantry_backend_register(&second, &err), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    assert_int_equal(gantry_backend_unregister("second", &err), 0);
    assert_int_equal(gantry_backend_unregister("first", &err), 0);
    assert_int_equal(atomic_load(&open_states), 0);
    return 0;
}

/* ---- the list --------------------------------------------------------------------------------- */

static void test_newest_first_then_the_built_in(void **state)
{
    gantry_backend_list *list = NULL;

    (void)state;
    assert_names("second first docker podman");
    assert_int_equal(gantry_backends_list(NULL, &list, &err), 0);
    assert_string_equal(list->items[0]->schemes[0], "own");
    assert_string_equal(list->items[0]->schemes[1], "unix");
    assert_null(list->items[0]->schemes[2]);
    assert_null(list->items[0]->managers[0]);
    assert_int_equal(list->items[0]->built_in, 0);
    assert_int_equal(list->items[2]->built_in, 1);
    assert_string_equal(list->items[2]->managers[0], "images");
    assert_string_equal(list->items[2]->managers[1], "containers");
    gantry_backend_list_free(list);
    gantry_backend_list_free(NULL);
}

static void test_wrong_ones_change_nothing(void **state)
{
    static const char *const upper[] = { "Own", NULL };
    static const char *const blank[] = { "", NULL };
    gantry_backend b = first;

    (void)state;
    assert_int_equal(gantry_backend_register(&first, &err), GANTRY_E_EXISTS);
    assert_non_null(strstr(err.message, "first"));
    b.name = "third";
    assert_int_equal(gantry_backend_replace(&b, &err), GANTRY_E_NOT_FOUND);
    assert_non_null(strstr(err.message, "third"));
    b.schemes = upper;
    assert_int_equal(gantry_backend_register(&b, &err), GANTRY_E_INVALID);
    assert_non_null(strstr(err.message, "Own"));
    b.schemes = blank;
    assert_int_equal(gantry_backend_register(&b, &err), GANTRY_E_INVALID);
    b = newer_first;
    b.probe = NULL;
    assert_int_equal(gantry_backend_replace(&b, &err), GANTRY_E_INVALID);
    assert_int_equal(gantry_backend_replace(NULL, &err), GANTRY_E_INVALID);
    assert_int_equal(gantry_backend_register(NULL, NULL), GANTRY_E_INVALID);
    assert_int_equal(gantry_backend_unregister(NULL, &err), GANTRY_E_INVALID);
    assert_int_equal(gantry_backend_unregister("third", &err), GANTRY_E_NOT_FOUND);
    assert_int_equal(gantry_backends_list(NULL, NULL, &err), GANTRY_E_INVALID);
    assert_names("second first docker podman");
}

static void test_one_scheme_is_asked_in_order(void **state)
{
    gantry_engine *engine = open_at("own://x", NULL);

    (void)state;
    assert_string_equal(gantry_engine_backend(engine), "second");
    assert_int_equal(atomic_load(&asked[0]), 0);
    gantry_engine_close(engine);
    atomic_store(&answers[1], GANTRY_PROBE_NOT_MINE);
    engine = open_at("own://x", NULL);
    assert_string_equal(gantry_engine_backend(engine), "first");
    assert_int_equal(atomic_load(&asked[1]), 2);
    gantry_engine_close(engine);
    engine = open_at("own://x", "first");
    assert_int_equal(atomic_load(&asked[1]), 2);
    gantry_engine_close(engine);
    /* A scheme of the built-in ones, too. */
    atomic_store(&answers[1], GANTRY_PROBE_MINE);
    engine = open_at_socket();
    assert_string_equal(gantry_engine_backend(engine), "second");
    gantry_engine_close(engine);
    /* "Mine, but broken" ends the questions. */
    atomic_store(&answers[1], GANTRY_E_ENGINE);
    assert_null(open_at("own://x", NULL));
    assert_non_null(strstr(err.message, "it is broken"));
    assert_int_equal(atomic_load(&asked[0]), 2);
}

/* ---- replacing -------------------------------------------------------------------------------- */

static void test_open_engines_keep_their_tables(void **state)
{
    gantry_engine *old = open_at("own://x", "first");
    gantry_engine *new;

    (void)state;
    assert_engines("first", 1, 0);
    assert_int_equal(gantry_backend_replace(&newer_first, &err), 0);
    assert_names("second first docker podman"); /* in its turn */
    assert_engines("first", 0, 1);
    new = open_at("own://x", "first");
    assert_engines("first", 1, 1);
    assert_int_equal(gantry_engine_ping(old, NULL, &err), 0);
    assert_int_equal(atomic_load(&pinged[0]), 1);
    assert_int_equal(gantry_engine_ping(new, NULL, &err), 0);
    assert_int_equal(atomic_load(&pinged[2]), 1);
    assert_int_equal(gantry_backend_unregister("first", &err), GANTRY_E_IN_USE);
    assert_non_null(strstr(err.message, "replaced"));
    gantry_engine_close(new);
    assert_int_equal(gantry_backend_unregister("first", &err), GANTRY_E_IN_USE);
    assert_int_equal(gantry_backend_replace(&first, &err), 0);
    assert_engines("first", 0, 1);
    gantry_engine_close(old);
    assert_engines("first", 0, 0);
}

static void test_in_use_until_the_last_is_closed(void **state)
{
    gantry_engine *one = open_at("own://x", "first");
    gantry_engine *two = open_at("own://x", "first");

    (void)state;
    assert_int_equal(gantry_backend_unregister("first", &err), GANTRY_E_IN_USE);
    assert_non_null(strstr(err.message, "2 engine(s)"));
    assert_int_equal(err.retry, GANTRY_RETRY_YES);
    gantry_engine_close(one);
    assert_int_equal(gantry_backend_unregister("first", &err), GANTRY_E_IN_USE);
    gantry_engine_close(two);
    assert_int_equal(gantry_backend_unregister("first", &err), 0);
    assert_null(open_at("own://x", "first"));
    assert_int_equal(err.code, GANTRY_E_UNSUPPORTED);
    assert_int_equal(gantry_backend_register(&first, &err), 0);
    assert_names("first second docker podman");
}

static void test_failed_openings_leave_no_reference(void **state)
{
    gantry_engine_options opts = { .size = sizeof opts, .address = "own://x" };
    gantry_candidate_list *found = NULL;

    (void)state;
    atomic_store(&answers[1], GANTRY_E_ENGINE);
    assert_null(open_at("own://x", NULL));
    atomic_store(&answers[1], GANTRY_PROBE_NOT_MINE);
    atomic_store(&answers[0], GANTRY_PROBE_NOT_MINE);
    assert_null(open_at("own://x", NULL));
    atomic_store(&answers[0], GANTRY_PROBE_MINE);
    assert_int_equal(gantry_detect(GANTRY_RUNTIME_AUTO, &opts, &found, &err), 0);
    assert_int_equal(gantry_backend_unregister("first", &err), 0);
    assert_int_equal(gantry_backend_unregister("second", &err), 0);
    assert_string_equal(found->items[0]->backend, "first");
    gantry_candidate_list_free(found);
    assert_int_equal(gantry_backend_register(&first, &err), 0);
    assert_int_equal(gantry_backend_register(&second, &err), 0);
}

/* Memory that fails at the n-th demand. */
static int left;

static void *failing_allocate(void *arg, size_t size)
{
    (void)arg;
    return left-- > 0 ? malloc(size) : NULL;
}

static void *failing_reallocate(void *arg, void *ptr, size_t size)
{
    (void)arg;
    return left-- > 0 ? realloc(ptr, size) : NULL;
}

static void failing_release(void *arg, void *ptr)
{
    (void)arg;
    free(ptr);
}

static const gantry_allocator failing = { .allocate = failing_allocate,
                                          .reallocate = failing_reallocate,
                                          .release = failing_release };

/* Whatever fails, no reference stays: afterwards both can be unregistered (tear_down). */
static void test_without_memory(void **state)
{
    const gantry_backends_options list_opts = { .size = sizeof list_opts, .allocator = &failing };
    const gantry_engine_options opts = { .size = sizeof opts,
                                         .address = "own://x",
                                         .allocator = &failing,
                                         .no_credentials = GANTRY_ON };
    int rc = GANTRY_E_NOMEM;
    int tries;

    (void)state;
    for (tries = 0; rc == GANTRY_E_NOMEM; tries++) {
        gantry_backend_list *list = NULL;

        left = tries;
        rc = gantry_backends_list(&list_opts, &list, &err);
        assert_true((rc == 0) == (list != NULL));
        gantry_backend_list_free(list);
    }
    assert_int_equal(rc, 0);
    assert_true(tries > 1);
    rc = GANTRY_E_NOMEM;
    for (tries = 0; rc == GANTRY_E_NOMEM; tries++) {
        gantry_engine *engine = NULL;

        left = tries;
        rc = gantry_engine_open(GANTRY_RUNTIME_AUTO, &opts, &engine, &err);
        assert_true((rc == 0) == (engine != NULL));
        gantry_engine_close(engine);
    }
    assert_int_equal(rc, 0);
    assert_true(tries > 3);
    rc = GANTRY_E_NOMEM;
    for (tries = 0; rc == GANTRY_E_NOMEM; tries++) {
        gantry_candidate_list *found = NULL;

        left = tries;
        rc = gantry_detect(GANTRY_RUNTIME_AUTO, &opts, &found, &err);
        gantry_candidate_list_free(found);
    }
    assert_int_equal(rc, 0);
}

/* ---- threads ---------------------------------------------------------------------------------- */

enum {
    THREADS = 3,
    ROUNDS = 200
};

static atomic_int finished;

static void *open_and_look(void *arg)
{
    gantry_error e = { 0 };

    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        gantry_engine_options opts = { .size = sizeof opts,
                                       .address = "own://x",
                                       .no_credentials = GANTRY_ON };
        gantry_candidate_list *found = NULL;
        gantry_backend_list *list = NULL;
        gantry_engine *engine = NULL;

        if (gantry_engine_open(GANTRY_RUNTIME_AUTO, &opts, &engine, &e) == 0)
            gantry_engine_ping(engine, NULL, &e);
        if (gantry_detect(GANTRY_RUNTIME_AUTO, &opts, &found, &e) == 0)
            gantry_candidate_list_free(found);
        if (gantry_backends_list(NULL, &list, &e) == 0)
            gantry_backend_list_free(list);
        gantry_engine_close(engine);
    }
    atomic_fetch_add(&finished, 1);
    return NULL;
}

static void test_changes_while_others_open(void **state)
{
    pthread_t threads[THREADS];
    gantry_error e = { 0 };
    int gone = 0;
    int rounds;

    (void)state;
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, open_and_look, NULL), 0);
    for (rounds = 0; rounds < ROUNDS || atomic_load(&finished) < THREADS; rounds++) {
        int rc;

        assert_int_equal(gantry_backend_replace(rounds % 2 ? &first : &newer_first, &e), 0);
        rc = gantry_backend_unregister("second", &e);
        assert_true(rc == 0 || rc == GANTRY_E_IN_USE);
        gone += rc == 0;
        if (rc == 0)
            assert_int_equal(gantry_backend_register(&second, &e), 0);
    }
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_engines("first", 0, 0);
    assert_engines("second", 0, 0);
    print_message("unregistered %d of %d times\n", gone, rounds);
}

/* ---- the built-in ones ------------------------------------------------------------------------ */

/* The last: they do not come back. */
static void test_built_in_ones_can_be_replaced_and_go(void **state)
{
    gantry_backend_list *list = NULL;
    gantry_engine *engine;

    (void)state;
    atomic_store(&answers[1], GANTRY_PROBE_NOT_MINE);
    assert_int_equal(gantry_backend_replace(&own_docker, &err), 0);
    assert_names("second first docker podman");
    assert_int_equal(gantry_backends_list(NULL, &list, &err), 0);
    assert_int_equal(list->items[2]->built_in, 0);
    assert_int_equal(list->items[3]->built_in, 1);
    gantry_backend_list_free(list);
    engine = open_at_socket();
    assert_string_equal(gantry_engine_backend(engine), "docker");
    assert_int_equal(gantry_engine_ping(engine, NULL, &err), 0);
    assert_int_equal(atomic_load(&pinged[3]), 1);
    gantry_engine_close(engine);
    assert_int_equal(gantry_backend_unregister("docker", &err), 0);
    assert_int_equal(gantry_backend_unregister("podman", &err), 0);
    assert_names("second first");
    assert_null(open_at("tcp://127.0.0.1:1", NULL));
    assert_non_null(strstr(err.message, "no backend takes tcp:// addresses"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_newest_first_then_the_built_in),
        TEST(test_wrong_ones_change_nothing),
        TEST(test_one_scheme_is_asked_in_order),
        TEST(test_open_engines_keep_their_tables),
        TEST(test_in_use_until_the_last_is_closed),
        TEST(test_failed_openings_leave_no_reference),
        TEST(test_without_memory),
        TEST(test_changes_while_others_open),
        TEST(test_built_in_ones_can_be_replaced_and_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
