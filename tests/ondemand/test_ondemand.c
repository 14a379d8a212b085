/*
 * Podman on demand, for real: no socket answers, podman is installed, and the library starts a service
 * that ends with the engine - or with the process that embeds it, however that ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <gantry/gantry.h>

struct fixture {
    char dir[64];
    char texts[8][256];
    const char *env[9];
};

/* The service's storage and configuration are the caller's: the test script gives private ones. */
static int setup(void **state)
{
    static const char *const passed[] = { "CONTAINERS_CONF", "CONTAINERS_STORAGE_CONF" };
    struct fixture *f = calloc(1, sizeof *f);
    size_t n = 0;

    if (f == NULL)
        return -1;
    snprintf(f->dir, sizeof f->dir, "/tmp/gantry-od-XXXXXX");
    if (mkdtemp(f->dir) == NULL)
        return -1;
    snprintf(f->texts[n++], sizeof f->texts[0], "XDG_RUNTIME_DIR=%s", f->dir);
    snprintf(f->texts[n++], sizeof f->texts[0], "HOME=%s", getenv("HOME") ? getenv("HOME") : "/");
    snprintf(f->texts[n++], sizeof f->texts[0], "PATH=%s", getenv("PATH"));
    for (size_t i = 0; i < 2; i++) {
        char name[64];
        const char *value;

        snprintf(name, sizeof name, "GANTRY_TEST_%s", passed[i]);
        value = getenv(name);
        if (value != NULL)
            snprintf(f->texts[n++], sizeof f->texts[0], "%s=%s", passed[i], value);
    }
    for (size_t i = 0; i < n; i++)
        f->env[i] = f->texts[i];
    *state = f;
    return 0;
}

static int entries(const char *dir)
{
    DIR *d = opendir(dir);
    int count = 0;

    while (d != NULL && readdir(d) != NULL)
        count++;
    if (d != NULL)
        closedir(d);
    return count - 2;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char path[512];

    /* Podman itself may leave empty directories of its own in XDG_RUNTIME_DIR. */
    snprintf(path, sizeof path, "%s/containers", f->dir);
    rmdir(path);
    snprintf(path, sizeof path, "%s/libpod", f->dir);
    rmdir(path);
    rmdir(f->dir);
    free(f);
    return 0;
}

/* Our private directories left in XDG_RUNTIME_DIR. */
static int services_left(const struct fixture *f)
{
    DIR *d = opendir(f->dir);
    const struct dirent *e;
    int count = 0;

    while (d != NULL && (e = readdir(d)) != NULL)
        count += strncmp(e->d_name, "gantry-", 7) == 0;
    if (d != NULL)
        closedir(d);
    return count;
}

static void test_open_and_close(void **state)
{
    struct fixture *f = *state;
    gantry_engine_options opts = { .size = sizeof opts, .environment = f->env };
    const gantry_candidate_list *list;
    gantry_image_list *images = NULL;
    gantry_engine *engine = NULL;
    gantry_error err = { 0 };

    if (gantry_engine_open(GANTRY_RUNTIME_PODMAN, &opts, &engine, &err) < 0)
        fail_msg("%s", err.message);
    assert_int_equal(err.code, 0); /* of the places that did not answer nothing stays */
    list = gantry_engine_candidates(engine);
    assert_string_equal(list->items[list->count - 1]->source, "Podman on demand");
    assert_int_equal(list->items[list->count - 1]->chosen, 1);
    assert_string_equal(gantry_engine_backend(engine), "podman");
    assert_int_equal(services_left(f), 1);
    if (gantry_images_list(gantry_engine_images(engine), NULL, &images, &err) < 0)
        fail_msg("%s", err.message);
    gantry_image_list_free(images);
    gantry_engine_close(engine);
    assert_int_equal(services_left(f), 0);
}

static void test_forbidden(void **state)
{
    struct fixture *f = *state;
    gantry_engine_options opts = { .size = sizeof opts,
                                   .environment = f->env,
                                   .on_demand = GANTRY_OFF };
    gantry_engine *engine = NULL;
    gantry_error err = { 0 };

    assert_int_equal(gantry_engine_open(GANTRY_RUNTIME_PODMAN, &opts, &engine, &err),
                     GANTRY_E_UNAVAILABLE);
    assert_null(engine);
    assert_null(strstr(err.message, "on demand"));
    assert_int_equal(entries(f->dir), 0);
}

/* A call that is over looks nowhere and starts nothing. */
static void test_deadline_of_opening(void **state)
{
    struct fixture *f = *state;
    gantry_call call = { .size = sizeof call, .deadline_ns = gantry_clock_ns() - 1 };
    gantry_engine_options opts = { .size = sizeof opts, .call = &call, .environment = f->env };
    gantry_engine *engine = NULL;
    gantry_error err = { 0 };

    assert_int_equal(gantry_engine_open(GANTRY_RUNTIME_PODMAN, &opts, &engine, &err),
                     GANTRY_E_TIMEOUT);
    assert_null(engine);
    assert_int_equal(entries(f->dir), 0);
}

static void test_no_program(void **state)
{
    struct fixture *f = *state;
    gantry_engine_options opts = { .size = sizeof opts,
                                   .environment = f->env,
                                   .podman_program = "no-such-podman" };
    gantry_engine *engine = NULL;
    gantry_error err = { 0 };

    assert_int_equal(gantry_engine_open(GANTRY_RUNTIME_PODMAN, &opts, &engine, &err),
                     GANTRY_E_UNAVAILABLE);
    assert_non_null(strstr(err.message, "there is no program no-such-podman"));
    assert_non_null(strstr(err.output, "rootless Podman socket"));
}

/* A service that dies at once: its own words are in the error. */
static void test_service_that_fails(void **state)
{
    struct fixture *f = *state;
    gantry_engine_options opts = { .size = sizeof opts,
                                   .environment = f->env,
                                   .podman_program = "/bin/false" };
    gantry_engine *engine = NULL;
    gantry_error err = { 0 };

    assert_int_equal(gantry_engine_open(GANTRY_RUNTIME_PODMAN, &opts, &engine, &err),
                     GANTRY_E_UNAVAILABLE);
    assert_non_null(strstr(err.message, "Podman on demand (unix://"));
    assert_int_equal(services_left(f), 0);
}

static void test_embedder_killed(void **state)
{
    struct fixture *f = *state;
    gantry_engine_options opts = { .size = sizeof opts, .environment = f->env };
    const struct timespec nap = { 0, 10000000 };
    int ready[2];
    char byte;
    pid_t child;

    assert_int_equal(pipe(ready), 0);
    child = fork();
    if (child == 0) {
        gantry_engine *engine = NULL;

        if (gantry_engine_open(GANTRY_RUNTIME_PODMAN, &opts, &engine, NULL) == 0 &&
            write(ready[1], "x", 1) == 1)
            pause();
        _exit(1);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    assert_int_equal(services_left(f), 1);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    for (int i = 0; i < 2000 && services_left(f) > 0; i++)
        nanosleep(&nap, NULL); /* bounded wait for an end that nobody reports */
    assert_int_equal(services_left(f), 0);
}

static int podman_is_there(void)
{
    return access("/usr/bin/podman", X_OK) == 0 || access("/usr/local/bin/podman", X_OK) == 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_open_and_close, setup, teardown),
        cmocka_unit_test_setup_teardown(test_forbidden, setup, teardown),
        cmocka_unit_test_setup_teardown(test_deadline_of_opening, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_program, setup, teardown),
        cmocka_unit_test_setup_teardown(test_service_that_fails, setup, teardown),
        cmocka_unit_test_setup_teardown(test_embedder_killed, setup, teardown),
    };

    if (!podman_is_there() || getenv("GANTRY_TEST_CONTAINERS_CONF") == NULL) {
        printf("SKIPPED: needs podman and GANTRY_TEST_CONTAINERS_CONF (tests/engines/run)\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
