/*
 * Docker daemons of versions that nobody has here yet, and of ones that are too old: a scripted
 * server answers as they would.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <gantry/gantry.h>

#include "tiny_http.h"

#define PING(api)                                                                                  \
    "Api-Version: " api "\r\nDocker-Experimental: false\r\nOstype: linux\r\n"                      \
    "Server: Docker/29.1.3 (linux)\r\nContent-Type: text/plain\r\n"
#define JSON "Content-Type: application/json\r\nServer: Docker/29.1.3 (linux)\r\n"
#define TOO_OLD(min)                                                                               \
    "{\"message\":\"client version 1.51 is too old. Minimum supported API version is " min ", "    \
    "please upgrade your client to a newer version\"}"

/* Fields, words and types of fields that this library has never heard of. */
#define CONTAINERS                                                                                 \
    "[{\"Id\":\"0123456789012345678901234567890123456789012345678901234567890123\","               \
    "\"Names\":[\"/web\"],\"Image\":\"web:1\",\"ImageID\":\"sha256:ab\","                          \
    "\"ImageManifestDescriptor\":{\"digest\":\"sha256:cd\",\"future\":[{\"a\":[1.5,null]}]},"      \
    "\"State\":\"hibernating\",\"Status\":\"Hibernating since noon\",\"Health\":{\"Status\":"      \
    "\"dreaming\"},\"Created\":1700000000,\"Labels\":null,\"Ports\":null,\"Mounts\":null,"         \
    "\"Future\":{\"deep\":{\"er\":[[[]]]}}},"                                                      \
    "{\"Id\":\"1123456789012345678901234567890123456789012345678901234567890123\","                \
    "\"Names\":[\"/db\"],\"State\":\"running\",\"Status\":\"Up\",\"Created\":1700000001}]"
#define INFO                                                                                       \
    "{\"ServerVersion\":\"29.1.3\",\"Driver\":\"overlayfs\",\"DriverStatus\":[[\"a\",\"b\"]],"     \
    "\"Containers\":2,\"CgroupVersion\":\"3\",\"CgroupDriver\":\"future\",\"NCPU\":4,"             \
    "\"FirewallBackend\":{\"Driver\":\"nftables\"},\"Containerd\":{\"Namespaces\":{}},"            \
    "\"SecurityOptions\":[\"name=quantum,profile=x\"],\"Warnings\":null,\"DiscoveredDevices\":[]}"
#define VERSION                                                                                    \
    "{\"Version\":\"29.1.3\",\"ApiVersion\":\"1.55\",\"MinAPIVersion\":\"1.44\",\"Os\":\"linux\"," \
    "\"Arch\":\"amd64\",\"Components\":[{\"Name\":\"Engine\",\"Details\":{\"x\":{}}}]}"

#define REFUSED(path) "GET " path, NULL, "400 Bad Request", JSON, TOO_OLD("1.44")

/* Docker 29: 1.44 to 1.55. */
static const struct tiny_row docker29[] = {
    { "GET /_ping", NULL, "200 OK", PING("1.55"), "OK" },
    { "GET /v1.51/_ping", NULL, "200 OK", PING("1.55"), "OK" },
    { "GET /v1.44/_ping", NULL, "200 OK", PING("1.55"), "OK" },
    { REFUSED("/v1.43/_ping") },
    { REFUSED("/v1.41/_ping") },
    { "GET /v1.51/containers/json", NULL, "200 OK", JSON, CONTAINERS },
    { "GET /v1.51/info", NULL, "200 OK", JSON, INFO },
    { "GET /v1.51/version", NULL, "200 OK", JSON, VERSION },
    { "GET /v1.44/version", NULL, "200 OK", JSON, VERSION },
    { NULL, NULL, NULL, NULL, NULL },
};

/* A daemon that begins where this library ends. */
static const struct tiny_row docker31[] = {
    { "GET /_ping", NULL, "200 OK", PING("1.60"), "OK" },
    { "GET /v1.51/", NULL, "400 Bad Request", JSON, TOO_OLD("1.52") },
    { NULL, NULL, NULL, NULL, NULL },
};

static const struct tiny_row docker19[] = {
    { "GET /_ping", NULL, "200 OK", PING("1.40"), "OK" },
    { NULL, NULL, NULL, NULL, NULL },
};

static const struct tiny_row docker20[] = {
    { "GET /_ping", NULL, "200 OK", PING("1.41"), "OK" },
    { "GET /v1.41/version", NULL, "200 OK", JSON, VERSION },
    { NULL, NULL, NULL, NULL, NULL },
};

static const struct tiny_row podman4[] = {
    { "GET /libpod/_ping", NULL, "200 OK", "Libpod-API-Version: 4.3.1\r\n", "OK" },
    { "GET /v4.3.1/libpod/version", NULL, "200 OK", JSON, "{\"Version\":\"4.3.1\"}" },
    { "GET /v4.0.0/libpod/version", NULL, "200 OK", JSON, "{\"Version\":\"4.3.1\"}" },
    { NULL, NULL, NULL, NULL, NULL },
};

static const struct tiny_row podman9[] = {
    { "GET /libpod/_ping", NULL, "200 OK", "Libpod-API-Version: 9.1.0-dev\r\n", "OK" },
    { "GET /v5.8.0/libpod/version", NULL, "200 OK", JSON, "{\"Version\":\"9.1.0\"}" },
    { NULL, NULL, NULL, NULL, NULL },
};

static const struct tiny_row podman3[] = {
    { "GET /libpod/_ping", NULL, "200 OK", "Libpod-API-Version: 3.4.4\r\n", "OK" },
    { NULL, NULL, NULL, NULL, NULL },
};

static int open_at(const struct tiny_http *server, const char *api_version,
                   const char *const *environment, gantry_engine **out, gantry_error *err)
{
    static const char *const nothing[] = { NULL };
    char address[64];
    gantry_engine_options opts = { .size = sizeof opts,
                                   .address = address,
                                   .api_version = api_version,
                                   .no_credentials = GANTRY_ON,
                                   .environment = environment != NULL ? environment : nothing };

    *out = NULL;
    snprintf(address, sizeof address, "tcp://127.0.0.1:%d", server->port);
    return gantry_engine_open(GANTRY_RUNTIME_AUTO, &opts, out, err);
}

/* Opened, and asked with `used`; or refused with all of the words. */
static void expect(const struct tiny_row *rows, const char *api_version, const char *used,
                   const char *const *words)
{
    struct tiny_http server;
    gantry_engine *engine;
    gantry_version_info *version = NULL;
    gantry_error err = { 0 };
    int rc;

    assert_int_equal(tiny_start(&server, rows), 0);
    rc = open_at(&server, api_version, NULL, &engine, &err);
    if (used != NULL) {
        if (rc != 0)
            fail_msg("%s: %s", used, err.message);
        rc = gantry_engine_version(engine, NULL, &version, &err);
        if (rc != 0)
            fail_msg("%s: %s", used, err.message);
        assert_string_equal(version->used_api_version, used);
        gantry_version_info_free(version);
    } else {
        assert_int_equal(rc, GANTRY_E_UNSUPPORTED);
        assert_int_equal(err.retry, GANTRY_RETRY_NO);
        for (; *words != NULL; words++) {
            if (strstr(err.message, *words) == NULL)
                fail_msg("\"%s\" is not in: %s", *words, err.message);
        }
    }
    gantry_engine_close(engine);
    tiny_stop(&server);
}

static void the_ranges_meet(void **state)
{
    static const char *const late[] = { "Docker 29.1.3", "1.60", "1.41 to 1.51", "1.52", NULL };
    static const char *const early[] = { "Docker 29.1.3", "1.40", "1.41", NULL };
    static const char *const old[] = { "Podman 3.4.4", "4.0.0", NULL };

    (void)state;
    expect(docker29, NULL, "1.51", NULL);
    expect(docker20, NULL, "1.41", NULL);
    expect(docker31, NULL, NULL, late);
    expect(docker19, NULL, NULL, early);
    expect(podman4, NULL, "4.3.1", NULL);
    expect(podman9, NULL, "5.8.0", NULL);
    expect(podman3, NULL, NULL, old);
}

static void a_version_that_is_insisted_on(void **state)
{
    static const char *const below[] = { "api_version: 1.43: ", "Docker 29.1.3", "1.55",
                                         "1.41 to 1.51",        "1.44",          NULL };
    static const char *const beyond[] = { "api_version: 1.52", "1.55", "1.41 to 1.51", NULL };
    static const char *const later[] = { "api_version: 1.42", "1.41 at most", NULL };
    static const char *const podmans[] = { "api_version: 4.3.0", "1.55", NULL };
    static const char *const dockers[] = { "api_version: 1.41", "Podman", "4.3.1", "5.8.0", NULL };
    static const char *const newer[] = { "api_version: 4.4.0", "4.3.1", NULL };

    (void)state;
    expect(docker29, "1.44", "1.44", NULL);
    expect(docker29, "v1.51", "1.51", NULL);
    expect(docker29, "1.43", NULL, below);
    expect(docker29, "1.52", NULL, beyond);
    expect(docker20, "1.42", NULL, later);
    expect(docker29, "4.3.0", NULL, podmans);
    expect(podman4, "4.0.0", "4.0.0", NULL);
    expect(podman4, "1.41", NULL, dockers);
    expect(podman4, "4.4.0", NULL, newer);
}

/* DOCKER_HOST may lead to anybody; DOCKER_API_VERSION is for Docker. */
static void the_environments_version(void **state)
{
    static const struct {
        const struct tiny_row *rows;
        const char *used;
    } cases[] = { { docker29, "1.44" }, { podman4, "4.3.1" } };
    char host[64];
    const char *const env[] = { host, "DOCKER_API_VERSION=1.44", NULL };
    gantry_engine_options opts = { .size = sizeof opts,
                                   .no_credentials = GANTRY_ON,
                                   .environment = env };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct tiny_http server;
        gantry_engine *engine = NULL;
        gantry_version_info *version = NULL;
        gantry_error err = { 0 };

        assert_int_equal(tiny_start(&server, cases[i].rows), 0);
        snprintf(host, sizeof host, "DOCKER_HOST=tcp://127.0.0.1:%d", server.port);
        if (gantry_engine_open(GANTRY_RUNTIME_AUTO, &opts, &engine, &err) != 0 ||
            gantry_engine_version(engine, NULL, &version, &err) != 0)
            fail_msg("%s: %s", cases[i].used, err.message);
        assert_string_equal(version->used_api_version, cases[i].used);
        gantry_version_info_free(version);
        gantry_engine_close(engine);
        tiny_stop(&server);
    }
}

/* Nonsense there is told by who would have to heed it. */
static void nonsense_in_the_environment(void **state)
{
    char host[64];
    const char *const env[] = { host, "DOCKER_API_VERSION=abc", NULL };
    gantry_engine_options opts = { .size = sizeof opts,
                                   .no_credentials = GANTRY_ON,
                                   .environment = env };
    struct tiny_http server;
    gantry_engine *engine = NULL;
    gantry_error err = { 0 };

    (void)state;
    assert_int_equal(tiny_start(&server, docker29), 0);
    snprintf(host, sizeof host, "DOCKER_HOST=tcp://127.0.0.1:%d", server.port);
    assert_int_equal(gantry_engine_open(GANTRY_RUNTIME_AUTO, &opts, &engine, &err),
                     GANTRY_E_UNSUPPORTED);
    assert_non_null(strstr(err.message, "DOCKER_HOST (tcp://127.0.0.1:"));
    assert_non_null(strstr(err.message, "): DOCKER_API_VERSION: abc cannot be spoken: Docker 29"));
    tiny_stop(&server);
    assert_int_equal(tiny_start(&server, podman4), 0);
    snprintf(host, sizeof host, "CONTAINER_HOST=tcp://127.0.0.1:%d", server.port);
    assert_int_equal(gantry_engine_open(GANTRY_RUNTIME_AUTO, &opts, &engine, &err), 0);
    gantry_engine_close(engine);
    tiny_stop(&server);
}

static void what_is_new_breaks_nothing(void **state)
{
    struct tiny_http server;
    gantry_engine *engine;
    gantry_container_list *list = NULL;
    gantry_info *info = NULL;
    gantry_error err = { 0 };

    (void)state;
    assert_int_equal(tiny_start(&server, docker29), 0);
    assert_int_equal(open_at(&server, NULL, NULL, &engine, &err), 0);
    assert_int_equal(gantry_containers_list(gantry_engine_containers(engine), NULL, &list, &err),
                     0);
    assert_int_equal(list->count, 2);
    assert_string_equal(list->items[0]->state_text, "hibernating");
    assert_string_equal(list->items[1]->state_text, "running");
    assert_int_not_equal(list->items[0]->state, list->items[1]->state);
    gantry_container_list_free(list);
    assert_int_equal(gantry_engine_info(engine, NULL, &info, &err), 0);
    assert_string_equal(info->version, "29.1.3");
    assert_string_equal(info->cgroup_version, "3");
    assert_int_equal(info->rootless, 0);
    gantry_info_free(info);
    gantry_engine_close(engine);
    tiny_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ranges_meet),
        cmocka_unit_test(a_version_that_is_insisted_on),
        cmocka_unit_test(the_environments_version),
        cmocka_unit_test(nonsense_in_the_environment),
        cmocka_unit_test(what_is_new_breaks_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
