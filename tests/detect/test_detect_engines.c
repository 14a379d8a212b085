/*
 * Finding engines, for real: Docker, Podman and rootless Podman side by side, at the places where
 * they are looked for, and behind contexts and connections on disk. Everything is in a home of the
 * test's own; the engines are only asked.
 */
#define _XOPEN_SOURCE 700
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <sys/socket.h>
#include <sys/un.h>

#include <gantry/gantry.h>

#include "sha256.h"
#include "detect_home.h"

static const char *docker;
static const char *podman;
static const char *rootless;

/* A link to an engine's socket, at the path in the home. */
static void put(const struct fixture *f, const char *name, const char *address)
{
    char path[300];

    home_path(f->home, name, path);
    assert_int_equal(symlink(address + strlen("unix://"), path), 0);
}

/* One of each kind. */
static void put_all(const struct fixture *f)
{
    put(f, "run/podman/podman.sock", rootless);
    put(f, ".docker/run/docker.sock", docker);
    put(f, ".colima/work/docker.sock", podman);
}

/* Open again, and look who it is: backend, and the place it was found at. */
static void opens(struct fixture *f, int runtime, const char *backend, const char *source)
{
    const gantry_candidate *chosen;

    gantry_engine_close(f->engine);
    f->engine = NULL;
    if (gantry_engine_open(runtime, &f->opts, &f->engine, &f->err) < 0)
        fail_msg("%s", f->err.message);
    chosen = chosen_by(f);
    assert_string_equal(chosen->source, source);
    assert_string_equal(gantry_engine_backend(f->engine), backend);
    assert_string_equal(chosen->backend, backend);
    assert_true(chosen->version[0] != '\0');
    assert_int_equal(gantry_engine_ping(f->engine, NULL, &f->err), 0);
}

static void is_there(const struct fixture *f, const char *source, const char *backend,
                     int is_rootless)
{
    for (size_t i = 0; i < f->list->count; i++) {
        const gantry_candidate *c = f->list->items[i];

        if (strcmp(c->source, source) != 0 || c->code != 0)
            continue;
        assert_string_equal(c->backend, backend);
        assert_int_equal(c->rootless, is_rootless);
        assert_int_equal(c->remote, 0);
        assert_int_equal(c->chosen, 0);
        assert_true(c->version[0] != '\0');
        assert_non_null(strstr(c->detail, c->version));
        return;
    }
    fail_msg("%s is not in the list", source);
}

static void write_context(const struct fixture *f, const char *name, const char *address)
{
    char id[GNT_SHA256_HEX];
    char path[200];
    char text[500];

    gnt_sha256_hex(name, strlen(name), id);
    snprintf(path, sizeof path, ".docker/contexts/meta/%s/meta.json", id);
    snprintf(text, sizeof text,
             "{\"Name\":\"%s\",\"Metadata\":{},\"Endpoints\":{\"docker\":{\"Host\":\"%s\","
             "\"SkipTLSVerify\":false}}}",
             name, address);
    home_write(f->home, path, text);
}

/* ---- side by side ---------------------------------------------------------------------------- */

static void test_all_three_are_found(void **state)
{
    struct fixture *f = *state;

    put_all(f);
    if (gantry_detect(GANTRY_RUNTIME_AUTO, &f->opts, &f->list, &f->err) < 0)
        fail_msg("%s", f->err.message);
    is_there(f, "rootless Podman socket", "podman", 1);
    is_there(f, "Docker Desktop socket", "docker", 0);
    is_there(f, "Colima work", "podman", 0);
}

static void test_the_one_that_is_meant(void **state)
{
    struct fixture *f = *state;

    put_all(f);
    opens(f, GANTRY_RUNTIME_AUTO, "podman", "rootless Podman socket");
    opens(f, GANTRY_RUNTIME_DOCKER, "docker", "Docker Desktop socket");
    f->opts.rootless = GANTRY_OFF;
    opens(f, GANTRY_RUNTIME_AUTO, "docker", "Docker Desktop socket");
    opens(f, GANTRY_RUNTIME_PODMAN, "podman", "Colima work");
    f->opts.rootless = GANTRY_ON;
    /* There is none: what kept each from being taken is told. */
    assert_int_equal(gantry_engine_open(GANTRY_RUNTIME_DOCKER, &f->opts, &f->engine, &f->err),
                     GANTRY_E_UNAVAILABLE);
    assert_non_null(strstr(f->err.message, "it runs with root, and rootless is ON"));
    assert_non_null(strstr(f->err.message, ", not docker"));
}

/* What has the other's name, and an engine that has ended. */
static void test_who_answers_counts(void **state)
{
    struct fixture *f = *state;

    close(home_socket(f->home, "run/podman/podman.sock"));
    put(f, "run/docker.sock", podman);
    opens(f, GANTRY_RUNTIME_AUTO, "podman", "rootless Docker socket");
    assert_non_null(strstr(gantry_engine_candidates(f->engine)->items[0]->detail,
                           "connection refused: nobody listens"));
    set(f, "DOCKER_HOST", podman);
    opens(f, GANTRY_RUNTIME_AUTO, "podman", "DOCKER_HOST");
    opens(f, GANTRY_RUNTIME_PODMAN, "podman", "rootless Docker socket");
    set(f, "CONTAINER_HOST", docker);
    assert_int_equal(gantry_engine_open(GANTRY_RUNTIME_PODMAN, &f->opts, &f->engine, &f->err),
                     GANTRY_E_UNAVAILABLE);
    assert_non_null(strstr(f->err.message, "CONTAINER_HOST (unix://"));
}

/* ---- files ----------------------------------------------------------------------------------- */

static void test_contexts(void **state)
{
    struct fixture *f = *state;

    put_all(f);
    write_context(f, "d", docker);
    write_context(f, "p", podman);
    write_context(f, "r", rootless);
    home_write(f->home, ".docker/config.json", "{\"currentContext\":\"p\"}");
    opens(f, GANTRY_RUNTIME_AUTO, "podman", "current Docker context p");
    assert_string_equal(gantry_engine_address(f->engine), podman);
    opens(f, GANTRY_RUNTIME_PODMAN, "podman", "rootless Podman socket");
    assert_int_equal(gantry_engine_open(GANTRY_RUNTIME_DOCKER, &f->opts, &f->engine, &f->err),
                     GANTRY_E_UNAVAILABLE); /* the open one is left alone */
    set(f, "DOCKER_CONTEXT", "d");
    opens(f, GANTRY_RUNTIME_AUTO, "docker", "DOCKER_CONTEXT d");
    f->opts.docker_context = "r";
    opens(f, GANTRY_RUNTIME_AUTO, "podman", "options: Docker context r");
    assert_string_equal(gantry_engine_address(f->engine), rootless);
}

static void test_connections(void **state)
{
    struct fixture *f = *state;
    char text[700];

    put_all(f);
    snprintf(text, sizeof text,
             "{\"Connection\":{\"Default\":\"p\",\"Connections\":{\"p\":{\"URI\":\"%s\"},"
             "\"r\":{\"URI\":\"%s\",\"IsMachine\":true}}}}",
             podman, rootless);
    home_write(f->home, ".config/containers/podman-connections.json", text);
    snprintf(text, sizeof text,
             "[engine]\nremote = true\n\n[engine.service_destinations.old]\n uri = \"%s\"\n",
             podman);
    home_write(f->home, "remote.conf", text);
    opens(f, GANTRY_RUNTIME_AUTO, "podman", "rootless Podman socket");
    set(f, "CONTAINERS_CONF_OVERRIDE", "~/remote.conf");
    opens(f, GANTRY_RUNTIME_AUTO, "podman", "default Podman connection p");
    assert_string_equal(gantry_engine_address(f->engine), podman);
    set(f, "CONTAINER_CONNECTION", "r");
    opens(f, GANTRY_RUNTIME_AUTO, "podman", "CONTAINER_CONNECTION r");
    assert_string_equal(gantry_engine_address(f->engine), rootless);
    f->opts.podman_connection = "old";
    opens(f, GANTRY_RUNTIME_AUTO, "podman", "options: Podman connection old");
}

/* A connection that is only Podman's default is what is left when no socket answers. */
static void test_default_connection_is_the_last(void **state)
{
    struct fixture *f = *state;
    char text[400];

    snprintf(text, sizeof text,
             "{\"Connection\":{\"Default\":\"p\",\"Connections\":{\"p\":{\"URI\":\"%s\"}}}}",
             podman);
    home_write(f->home, ".config/containers/podman-connections.json", text);
    if (access("/run/podman/podman.sock", F_OK) == 0 || access("/var/run/docker.sock", F_OK) == 0)
        skip(); /* not among the test's own engines */
    opens(f, GANTRY_RUNTIME_AUTO, "podman", "default Podman connection p");
}

/* ---- what it costs ---------------------------------------------------------------------------- */

struct cost {
    const char *path;
    size_t connections;
    size_t requests;
};

static int dial(void *arg, const char *address, const gantry_call *call, int *out_fd,
                gantry_error *err)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    struct cost *cost = arg;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)address;
    (void)call;
    snprintf(name.sun_path, sizeof name.sun_path, "%s", cost->path);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&name, sizeof name) < 0)
        return gantry_error_set(err, GANTRY_E_UNAVAILABLE, "no connection");
    cost->connections++;
    *out_fd = fd;
    return 0;
}

static void count_request(void *arg, int level, const char *component, const char *message)
{
    struct cost *cost = arg;

    (void)level;
    (void)component;
    cost->requests += strncmp(message, "GET /", 5) == 0;
}

/* One connection whatever is asked; one question, and one for what a ping does not say. */
static void test_opening_asks_once(void **state)
{
    const struct {
        const char *address;
        int rootless;
        const char *api_version;
        size_t requests;
    } rows[] = {
        { docker, 0, NULL, 1 },   { docker, GANTRY_OFF, NULL, 2 },  { docker, 0, "1.41", 2 },
        { podman, 0, NULL, 1 },   { podman, GANTRY_OFF, NULL, 2 },  { podman, 0, "4.0.0", 1 },
        { rootless, 0, NULL, 1 }, { rootless, GANTRY_ON, NULL, 2 },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cost cost = { .path = rows[i].address + strlen("unix://") };
        const gantry_dialer dialer = { .size = sizeof dialer, .dial = dial, .arg = &cost };
        const gantry_logger logger = {
            .size = sizeof logger, .log = count_request, .arg = &cost, .level = GANTRY_LOG_DEBUG
        };

        f->opts.address = rows[i].address;
        f->opts.dialer = &dialer;
        f->opts.logger = &logger;
        f->opts.rootless = rows[i].rootless;
        f->opts.api_version = rows[i].api_version;
        opens(f, GANTRY_RUNTIME_AUTO, rows[i].address == docker ? "docker" : "podman", "options");
        gantry_engine_close(f->engine);
        f->engine = NULL;
        if (cost.connections != 1 || cost.requests != rows[i].requests + 1) /* opens() pings */
            fail_msg("row %zu: %zu connections, %zu requests", i, cost.connections, cost.requests);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_all_three_are_found), TEST(test_the_one_that_is_meant),
        TEST(test_who_answers_counts),  TEST(test_contexts),
        TEST(test_connections),         TEST(test_default_connection_is_the_last),
        TEST(test_opening_asks_once),
    };

    docker = getenv("GANTRY_TEST_DOCKER");
    podman = getenv("GANTRY_TEST_PODMAN");
    rootless = getenv("GANTRY_TEST_PODMAN_ROOTLESS");
    if (docker == NULL || podman == NULL || rootless == NULL) {
        printf("SKIPPED: needs Docker, Podman and rootless Podman (tests/engines/run)\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
