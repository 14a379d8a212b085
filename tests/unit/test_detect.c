/* Where engines are looked for: order, environment, exclusive choices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "detect.h"

struct fixture {
    struct gnt_mem mem;
    struct gnt_arena arena;
    struct gnt_environment env;
    struct gnt_places places;
};

static void find(struct fixture *f, int runtime, const char *address, const char *const *env)
{
    gantry_error err = { 0 };

    gnt_mem_init(&f->mem, NULL, NULL);
    gnt_arena_init(&f->arena, &f->mem);
    gnt_environment_read(&f->env, env);
    assert_int_equal(gnt_places_find(&f->arena, runtime, address, &f->env, &f->places, &err), 0);
}

static void done(struct fixture *f)
{
    gnt_arena_free(&f->arena);
}

static void expect(const struct fixture *f, size_t i, const char *source, const char *address)
{
    assert_true(i < f->places.count);
    assert_string_equal(f->places.items[i].source, source);
    assert_string_equal(f->places.items[i].address, address);
}

static void test_address_is_the_only_place(void **state)
{
    static const char *const env[] = { "DOCKER_HOST=unix:///d", "CONTAINER_HOST=unix:///c", NULL };
    struct fixture f;

    (void)state;
    find(&f, GANTRY_RUNTIME_AUTO, "unix:///x", env);
    assert_int_equal(f.places.count, 1);
    assert_true(f.places.exclusive);
    expect(&f, 0, "options", "unix:///x");
    done(&f);
}

static void test_environment_excludes_sockets(void **state)
{
    static const char *const env[] = { "DOCKER_HOST=unix:///d", "CONTAINER_HOST=unix:///c", NULL };
    struct fixture f;

    (void)state;
    find(&f, GANTRY_RUNTIME_AUTO, NULL, env);
    assert_int_equal(f.places.count, 2);
    assert_true(f.places.exclusive);
    expect(&f, 0, "DOCKER_HOST", "unix:///d");
    expect(&f, 1, "CONTAINER_HOST", "unix:///c");
    done(&f);
}

static void test_runtime_reads_its_own_variable(void **state)
{
    static const char *const env[] = { "DOCKER_HOST=unix:///d", "CONTAINER_HOST=unix:///c", NULL };
    struct fixture f;

    (void)state;
    find(&f, GANTRY_RUNTIME_DOCKER, NULL, env);
    assert_int_equal(f.places.count, 1);
    expect(&f, 0, "DOCKER_HOST", "unix:///d");
    done(&f);
    find(&f, GANTRY_RUNTIME_PODMAN, NULL, env);
    assert_int_equal(f.places.count, 1);
    expect(&f, 0, "CONTAINER_HOST", "unix:///c");
    done(&f);
}

static void test_rootless_sockets_come_first(void **state)
{
    static const char *const env[] = { "XDG_RUNTIME_DIR=/r", "HOME=/h", "DOCKER_HOST=", NULL };
    struct fixture f;

    (void)state;
    find(&f, GANTRY_RUNTIME_AUTO, NULL, env);
    assert_false(f.places.exclusive);
    assert_int_equal(f.places.count, 6);
    expect(&f, 0, "rootless Podman socket", "unix:///r/podman/podman.sock");
    expect(&f, 1, "rootless Docker socket", "unix:///r/docker.sock");
    expect(&f, 2, "Docker Desktop socket", "unix:///h/.docker/run/docker.sock");
    expect(&f, 4, "system Podman socket", "unix:///run/podman/podman.sock");
    expect(&f, 5, "system Docker socket", "unix:///var/run/docker.sock");
    done(&f);
}

static void test_relative_directories_are_ignored(void **state)
{
    static const char *const env[] = { "XDG_RUNTIME_DIR=r", "HOME=h", NULL };
    struct fixture f;

    (void)state;
    find(&f, GANTRY_RUNTIME_AUTO, NULL, env);
    assert_int_equal(f.places.count, 2);
    done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_address_is_the_only_place),
        cmocka_unit_test(test_environment_excludes_sockets),
        cmocka_unit_test(test_runtime_reads_its_own_variable),
        cmocka_unit_test(test_rootless_sockets_come_first),
        cmocka_unit_test(test_relative_directories_are_ignored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
