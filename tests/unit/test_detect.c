/* Where engines are looked for: order, environment, choices, the files of both command lines. */
#define _XOPEN_SOURCE 700
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <sys/inotify.h>
#include <sys/wait.h>

#include "detect.h"
#include "sha256.h"
#include "unit/home_helpers.h"

enum {
    VARIABLES = 16
};

struct fixture {
    struct gnt_mem mem;
    struct gnt_arena arena;
    struct gnt_environment env;
    struct gnt_places places;
    char home[64];
    char texts[VARIABLES][400];
    const char *list[VARIABLES + 1];
    size_t count;
    gantry_engine_options opts;
    int found;
    gantry_error err;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    if (f == NULL || home_make(f->home) < 0)
        return -1;
    f->opts.size = sizeof f->opts;
    *state = f;
    return 0;
}

static void forget(struct fixture *f)
{
    if (f->found)
        gnt_arena_free(&f->arena);
    f->found = 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    forget(f);
    home_remove(f->home);
    free(f);
    return 0;
}

/* A variable; "~" at the beginning of its value is the test's home. */
static void set(struct fixture *f, const char *name, const char *value)
{
    assert_true(f->count < VARIABLES);
    snprintf(f->texts[f->count], sizeof f->texts[0], "%s=%s%s", name,
             value[0] == '~' ? f->home : "", value[0] == '~' ? value + 1 : value);
    f->list[f->count] = f->texts[f->count];
    f->count++;
}

/* What a user without anything has; no files of this machine. */
static void set_home(struct fixture *f)
{
    set(f, "HOME", "~");
    set(f, "XDG_RUNTIME_DIR", "~/run");
    set(f, "CONTAINERS_CONF", "/dev/null");
}

static int find_rc(struct fixture *f, int runtime)
{
    forget(f);
    gnt_mem_init(&f->mem, NULL, NULL);
    gnt_arena_init(&f->arena, &f->mem);
    f->found = 1;
    gnt_environment_read(&f->env, f->list);
    return gnt_places_find(&f->arena, runtime, &f->opts, &f->env, &f->places, &f->err);
}

static void find(struct fixture *f, int runtime)
{
    assert_int_equal(find_rc(f, runtime), 0);
}

static void expect(const struct fixture *f, size_t i, const char *source, const char *address)
{
    char text[400];

    assert_true(i < f->places.count);
    snprintf(text, sizeof text, "%s%s%s", address[0] == '~' ? "unix://" : "",
             address[0] == '~' ? f->home : "", address[0] == '~' ? address + 1 : address);
    assert_string_equal(f->places.items[i].source, source);
    assert_string_equal(f->places.items[i].address, text);
}

/* The only place, and a choice. */
static const struct gnt_place *only(const struct fixture *f, const char *source,
                                    const char *address)
{
    assert_int_equal(f->places.count, 1);
    assert_true(f->places.exclusive);
    expect(f, 0, source, address);
    return &f->places.items[0];
}

static void is_trouble(const struct gnt_place *place, int code, const char *text)
{
    assert_int_equal(place->code, code);
    if (strstr(place->trouble, text) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", place->trouble, text);
}

/* ---- choices --------------------------------------------------------------------------------- */

static void test_address_is_the_only_place(void **state)
{
    struct fixture *f = *state;

    set(f, "DOCKER_HOST", "unix:///d");
    set(f, "CONTAINER_HOST", "unix:///c");
    f->opts.address = "unix:///x";
    find(f, GANTRY_RUNTIME_AUTO);
    only(f, "options", "unix:///x");
}

static void test_choices_of_options_exclude_each_other(void **state)
{
    struct fixture *f = *state;

    set_home(f);
    f->opts.address = "unix:///x";
    f->opts.docker_context = "y";
    assert_int_equal(find_rc(f, GANTRY_RUNTIME_AUTO), GANTRY_E_INVALID);
    f->opts.address = NULL;
    f->opts.podman_connection = "z";
    assert_int_equal(find_rc(f, GANTRY_RUNTIME_AUTO), GANTRY_E_INVALID);
    f->opts.docker_context = NULL;
    f->opts.podman_connection = "";
    assert_int_equal(find_rc(f, GANTRY_RUNTIME_AUTO), GANTRY_E_INVALID);
    assert_non_null(strstr(f->err.message, "podman_connection"));
}

static void test_environment_excludes_sockets(void **state)
{
    struct fixture *f = *state;

    set(f, "DOCKER_HOST", "unix:///d");
    set(f, "CONTAINER_HOST", "unix:///c");
    find(f, GANTRY_RUNTIME_AUTO);
    only(f, "DOCKER_HOST", "unix:///d");
}

/* The first is the only one, whichever the others are. */
static void test_one_choice_of_many(void **state)
{
    struct fixture *f = *state;

    set_home(f);
    home_write(f->home, ".docker/config.json", "{\"currentContext\":\"gone\"}");
    set(f, "CONTAINER_HOST", "unix:///c");
    find(f, GANTRY_RUNTIME_AUTO);
    only(f, "CONTAINER_HOST", "unix:///c");
    set(f, "CONTAINER_CONNECTION", "far"); /* which Podman 5 takes first */
    find(f, GANTRY_RUNTIME_PODMAN);
    only(f, "CONTAINER_CONNECTION far", "");
    find(f, GANTRY_RUNTIME_AUTO);
    only(f, "CONTAINER_CONNECTION far", "");
    set(f, "DOCKER_CONTEXT", "near");
    find(f, GANTRY_RUNTIME_AUTO);
    only(f, "DOCKER_CONTEXT near", "");
}

static void test_runtime_reads_its_own_variables(void **state)
{
    struct fixture *f = *state;

    set(f, "DOCKER_HOST", "unix:///d");
    set(f, "CONTAINER_HOST", "unix:///c");
    find(f, GANTRY_RUNTIME_DOCKER);
    only(f, "DOCKER_HOST", "unix:///d");
    find(f, GANTRY_RUNTIME_PODMAN);
    only(f, "CONTAINER_HOST", "unix:///c");
}

/* ---- sockets --------------------------------------------------------------------------------- */

static void test_sockets_in_their_order(void **state)
{
    struct fixture *f = *state;

    set_home(f);
    set(f, "DOCKER_HOST", "");
    find(f, GANTRY_RUNTIME_AUTO);
    assert_false(f->places.exclusive);
    assert_int_equal(f->places.count, 8);
    expect(f, 0, "rootless Podman socket", "~/run/podman/podman.sock");
    expect(f, 1, "rootless Docker socket", "~/run/docker.sock");
    expect(f, 2, "Docker Desktop socket", "~/.docker/run/docker.sock");
    expect(f, 3, "Docker Desktop socket", "~/.docker/desktop/docker.sock");
    expect(f, 4, "OrbStack socket", "~/.orbstack/run/docker.sock");
    expect(f, 5, "Rancher Desktop socket", "~/.rd/docker.sock");
    expect(f, 6, "system Podman socket", "unix:///run/podman/podman.sock");
    expect(f, 7, "system Docker socket", "unix:///var/run/docker.sock");
}

static void test_relative_directories_are_ignored(void **state)
{
    struct fixture *f = *state;

    set(f, "XDG_RUNTIME_DIR", "r");
    set(f, "HOME", "h");
    set(f, "CONTAINERS_CONF", "/dev/null");
    set(f, "TMPDIR", "t");
    set(f, "LIMA_HOME", "l");
    find(f, GANTRY_RUNTIME_AUTO);
    assert_int_equal(f->places.count, 2);
}

static void test_machines_of_all_kinds(void **state)
{
    static const char *const files[] = {
        ".colima/zwei/docker.sock",
        ".colima/default/docker.sock",
        ".colima/anna/docker.sock",
        ".colima/_lima/docker.sock",
        ".colima/docker.sock",
        ".lima/vm/sock/docker.sock",
        ".lima/default/sock/podman.sock",
        ".lima/podvm/sock/podman.sock",
        "config/colima/default/docker.sock",
        "tmp/podman/podman-machine-default-api.sock",
        "tmp/podman/a-api.sock",
        ".local/share/containers/podman/machine/qemu/podman.sock",
    };
    struct fixture *f = *state;
    size_t i = 0;

    for (size_t n = 0; n < sizeof files / sizeof files[0]; n++)
        home_write(f->home, files[n], "");
    home_write(f->home, ".colima/ended/colima.yaml", "");
    set_home(f);
    set(f, "XDG_CONFIG_HOME", "~/config");
    set(f, "TMPDIR", "~/tmp");
    find(f, GANTRY_RUNTIME_AUTO);
    expect(f, i++, "rootless Podman socket", "~/run/podman/podman.sock");
    expect(f, i++, "rootless Docker socket", "~/run/docker.sock");
    expect(f, i++, "Podman machine podman-machine-default-api.sock",
           "~/tmp/podman/podman-machine-default-api.sock");
    expect(f, i++, "Podman machine a-api.sock", "~/tmp/podman/a-api.sock");
    expect(f, i++, "Podman machine qemu",
           "~/.local/share/containers/podman/machine/qemu/podman.sock");
    expect(f, i++, "Docker Desktop socket", "~/.docker/run/docker.sock");
    expect(f, i++, "Docker Desktop socket", "~/.docker/desktop/docker.sock");
    expect(f, i++, "OrbStack socket", "~/.orbstack/run/docker.sock");
    expect(f, i++, "Colima default", "~/.colima/default/docker.sock");
    expect(f, i++, "Colima anna", "~/.colima/anna/docker.sock");
    expect(f, i++, "Colima zwei", "~/.colima/zwei/docker.sock");
    expect(f, i++, "Colima default", "~/config/colima/default/docker.sock");
    expect(f, i++, "Colima", "~/.colima/docker.sock");
    expect(f, i++, "Rancher Desktop socket", "~/.rd/docker.sock");
    expect(f, i++, "Lima vm", "~/.lima/vm/sock/docker.sock");
    expect(f, i++, "Lima default", "~/.lima/default/sock/podman.sock");
    expect(f, i++, "Lima podvm", "~/.lima/podvm/sock/podman.sock");
    expect(f, i++, "system Podman socket", "unix:///run/podman/podman.sock");
    expect(f, i++, "system Docker socket", "unix:///var/run/docker.sock");
    assert_int_equal(f->places.count, i);
}

static void test_a_folder_that_is_full_is_bounded(void **state)
{
    struct fixture *f = *state;
    char name[64];
    size_t lima = 0;

    for (int i = 299; i >= 0; i--) {
        snprintf(name, sizeof name, ".lima/i%03d/sock/docker.sock", i);
        home_write(f->home, name, "");
    }
    set_home(f);
    find(f, GANTRY_RUNTIME_AUTO);
    for (size_t i = 0; i < f->places.count; i++) {
        if (strncmp(f->places.items[i].source, "Lima ", 5) == 0) {
            snprintf(name, sizeof name, "Lima i%03zu", lima++);
            assert_string_equal(f->places.items[i].source, name);
        }
    }
    assert_int_equal(lima, 64);
}

static void test_folders_that_everybody_may_write_to_are_left_out(void **state)
{
    struct fixture *f = *state;
    char path[300];

    home_write(f->home, "tmp/podman/a-api.sock", "");
    home_path(f->home, "tmp/podman", path);
    assert_int_equal(chmod(path, 0777), 0);
    set_home(f);
    set(f, "TMPDIR", "~/tmp");
    find(f, GANTRY_RUNTIME_AUTO);
    assert_int_equal(f->places.count, 8);
}

/* ---- Docker ---------------------------------------------------------------------------------- */

static void write_context(const struct fixture *f, const char *name, const char *endpoint)
{
    char id[GNT_SHA256_HEX];
    char path[200];
    char text[400];

    gnt_sha256_hex(name, strlen(name), id);
    snprintf(path, sizeof path, ".docker/contexts/meta/%s/meta.json", id);
    snprintf(text, sizeof text, "{\"Name\":\"%s\",\"Metadata\":{},\"Endpoints\":{\"docker\":%s}}",
             name, endpoint);
    home_write(f->home, path, text);
}

static void write_pem(const struct fixture *f, const char *name, const char *file)
{
    char id[GNT_SHA256_HEX];
    char path[200];

    gnt_sha256_hex(name, strlen(name), id);
    snprintf(path, sizeof path, ".docker/contexts/tls/%s/docker/%s", id, file);
    home_write(f->home, path, "pem");
}

static void test_context_by_option_variable_and_file(void **state)
{
    struct fixture *f = *state;

    write_context(f, "one", "{\"Host\":\"unix:///one\"}");
    write_context(f, "two", "{\"Host\":\"unix:///two\"}");
    write_context(f, "three", "{\"Host\":\"\"}");
    home_write(f->home, ".docker/config.json", "{\"currentContext\":\"three\"}");
    set_home(f);
    find(f, GANTRY_RUNTIME_AUTO);
    only(f, "current Docker context three", "unix:///var/run/docker.sock");
    find(f, GANTRY_RUNTIME_PODMAN);
    assert_false(f->places.exclusive);
    set(f, "DOCKER_CONTEXT", "two");
    find(f, GANTRY_RUNTIME_AUTO);
    only(f, "DOCKER_CONTEXT two", "unix:///two");
    set(f, "DOCKER_HOST", "unix:///d");
    find(f, GANTRY_RUNTIME_DOCKER);
    only(f, "DOCKER_HOST", "unix:///d");
    f->opts.docker_context = "one";
    find(f, GANTRY_RUNTIME_AUTO);
    only(f, "options: Docker context one", "unix:///one");
    f->opts.docker_context = "default";
    find(f, GANTRY_RUNTIME_AUTO);
    only(f, "options: Docker context default", "unix:///d");
}

static void test_default_context_is_no_choice(void **state)
{
    struct fixture *f = *state;

    home_write(f->home, ".docker/config.json", "{\"currentContext\":\"default\"}");
    set_home(f);
    find(f, GANTRY_RUNTIME_AUTO);
    assert_false(f->places.exclusive);
    set(f, "DOCKER_CONTEXT", "default");
    find(f, GANTRY_RUNTIME_AUTO);
    only(f, "DOCKER_CONTEXT default", "unix:///var/run/docker.sock");
}

static void test_context_brings_certificates(void **state)
{
    struct fixture *f = *state;
    const struct gnt_place *place;

    write_context(f, "far", "{\"Host\":\"tcp://far.example.org:2376\",\"SkipTLSVerify\":false}");
    write_pem(f, "far", "ca.pem");
    write_pem(f, "far", "cert.pem");
    write_pem(f, "far", "key.pem");
    write_context(f, "loose", "{\"Host\":\"tcp://far.example.org:2376\",\"SkipTLSVerify\":true}");
    write_context(f, "plain", "{\"Host\":\"tcp://127.0.0.1:2375\"}");
    write_context(f, "near", "{\"Host\":\"unix:///near\",\"SkipTLSVerify\":true}");
    set_home(f);
    f->opts.docker_context = "far";
    find(f, GANTRY_RUNTIME_AUTO);
    place = only(f, "options: Docker context far", "tcp://far.example.org:2376");
    assert_non_null(place->tls);
    assert_int_equal(place->tls->size, sizeof(gantry_tls));
    assert_non_null(strstr(place->tls->ca_file, "/docker/ca.pem"));
    assert_non_null(strstr(place->tls->cert_file, "/docker/cert.pem"));
    assert_non_null(strstr(place->tls->key_file, "/docker/key.pem"));
    assert_int_equal(place->tls->skip_verify, 0);
    f->opts.docker_context = "loose";
    find(f, GANTRY_RUNTIME_AUTO);
    place = only(f, "options: Docker context loose", "tcp://far.example.org:2376");
    assert_int_equal(place->tls->skip_verify, GANTRY_ON);
    assert_null(place->tls->ca_file);
    f->opts.docker_context = "plain";
    find(f, GANTRY_RUNTIME_AUTO);
    assert_null(f->places.items[0].tls);
    f->opts.docker_context = "near";
    find(f, GANTRY_RUNTIME_AUTO);
    assert_null(f->places.items[0].tls);
}

static void test_missing_context_names_those_that_exist(void **state)
{
    struct fixture *f = *state;

    write_context(f, "one", "{\"Host\":\"unix:///one\"}");
    set_home(f);
    set(f, "DOCKER_CONTEXT", "two");
    find(f, GANTRY_RUNTIME_AUTO);
    is_trouble(only(f, "DOCKER_CONTEXT two", ""), GANTRY_E_NOT_FOUND,
               "no Docker context \"two\" in ");
    is_trouble(&f->places.items[0], GANTRY_E_NOT_FOUND, "there are: one, default");
}

static void test_broken_context_says_which_file(void **state)
{
    struct fixture *f = *state;
    char id[GNT_SHA256_HEX];
    char path[200];

    write_context(f, "none", "17");
    gnt_sha256_hex("bad", 3, id);
    snprintf(path, sizeof path, ".docker/contexts/meta/%s/meta.json", id);
    home_write(f->home, path, "{\"Name\":");
    home_write(f->home, ".docker/config.json", "{\"currentContext\":\"bad\"}");
    set_home(f);
    find(f, GANTRY_RUNTIME_AUTO);
    is_trouble(only(f, "current Docker context bad", ""), GANTRY_E_INVALID,
               "meta.json: is no JSON object");
    assert_non_null(strstr(f->places.items[0].trouble, f->home));
    f->opts.docker_context = "none";
    find(f, GANTRY_RUNTIME_AUTO);
    is_trouble(&f->places.items[0], GANTRY_E_INVALID, "has no Docker endpoint");
    f->opts.docker_context = "../../x";
    find(f, GANTRY_RUNTIME_AUTO);
    is_trouble(&f->places.items[0], GANTRY_E_NOT_FOUND, "there are: none, default");
}

static void test_broken_config_is_told_and_no_choice(void **state)
{
    struct fixture *f = *state;

    home_write(f->home, ".docker/config.json", "{\"auths\":{\"r\":{\"auth\":\"c2VjcmV0\"}");
    set_home(f);
    find(f, GANTRY_RUNTIME_AUTO);
    assert_false(f->places.exclusive);
    expect(f, 0, "Docker's configuration", "");
    is_trouble(&f->places.items[0], GANTRY_E_INVALID, "config.json: is no JSON object");
    assert_null(strstr(f->places.items[0].trouble, "c2VjcmV0"));
    expect(f, 1, "rootless Podman socket", "~/run/podman/podman.sock");
}

static void test_docker_host_with_certificates(void **state)
{
    struct fixture *f = *state;
    const struct gnt_place *place;

    home_write(f->home, "certs/ca.pem", "pem");
    home_write(f->home, "certs/cert.pem", "pem");
    set_home(f);
    set(f, "DOCKER_HOST", "tcp://far.example.org:2376");
    find(f, GANTRY_RUNTIME_AUTO);
    assert_null(only(f, "DOCKER_HOST", "tcp://far.example.org:2376")->tls);
    set(f, "DOCKER_TLS_VERIFY", "1");
    set(f, "DOCKER_API_VERSION", "1.41");
    find(f, GANTRY_RUNTIME_AUTO);
    place = only(f, "DOCKER_HOST", "tcp://far.example.org:2376");
    assert_non_null(place->tls);
    assert_null(place->tls->ca_file); /* none in ~/.docker: the system's */
    assert_string_equal(place->api_version, "1.41");
    set(f, "DOCKER_CERT_PATH", "~/certs");
    find(f, GANTRY_RUNTIME_AUTO);
    place = only(f, "DOCKER_HOST", "tcp://far.example.org:2376");
    assert_non_null(strstr(place->tls->ca_file, "/certs/ca.pem"));
    assert_non_null(strstr(place->tls->cert_file, "/certs/cert.pem"));
    assert_null(place->tls->key_file);
    assert_int_equal(place->tls->skip_verify, 0);
}

static void test_cert_path_without_certificates(void **state)
{
    struct fixture *f = *state;

    set_home(f);
    set(f, "DOCKER_HOST", "tcp://far.example.org:2376");
    set(f, "DOCKER_CERT_PATH", "~/nowhere");
    find(f, GANTRY_RUNTIME_AUTO);
    is_trouble(only(f, "DOCKER_HOST", "tcp://far.example.org:2376"), GANTRY_E_INVALID,
               "/nowhere has none of ca.pem");
}

static void test_headers_of_file_and_variable(void **state)
{
    struct fixture *f = *state;
    const struct gnt_place *place;

    home_write(f->home, ".docker/config.json",
               "{\"HttpHeaders\":{\"X-Token\":\"a: b\",\"user-agent\":\"x\",\"X-Two\":\"2\","
               "\"X-Odd\":3}}");
    set_home(f);
    set(f, "DOCKER_HOST", "unix:///d");
    find(f, GANTRY_RUNTIME_AUTO);
    place = only(f, "DOCKER_HOST", "unix:///d");
    assert_string_equal(place->headers[0], "X-Token: a: b");
    assert_string_equal(place->headers[1], "X-Two: 2");
    assert_null(place->headers[2]);
    set(f, "DOCKER_CUSTOM_HEADERS", "A=1,\"B=x,\"\"y\"\"\", C=");
    find(f, GANTRY_RUNTIME_AUTO);
    place = only(f, "DOCKER_HOST", "unix:///d");
    assert_string_equal(place->headers[0], "A: 1");
    assert_string_equal(place->headers[1], "B: x,\"y\"");
    assert_null(place->headers[2]); /* one without a value is none */
    f->list[f->count - 1] = "DOCKER_CUSTOM_HEADERS= A \t=1,B= 2 ,a=3";
    find(f, GANTRY_RUNTIME_AUTO);
    place = only(f, "DOCKER_HOST", "unix:///d");
    assert_string_equal(place->headers[0], "a: 3"); /* the last of one name */
    assert_string_equal(place->headers[1], "B:  2 ");
    assert_null(place->headers[2]);
}

static void test_docker_host_without_a_scheme(void **state)
{
    struct fixture *f = *state;

    set_home(f);
    set(f, "DOCKER_HOST", "10.0.0.1:2375");
    find(f, GANTRY_RUNTIME_AUTO);
    only(f, "DOCKER_HOST", "tcp://10.0.0.1:2375");
    f->opts.docker_context = "default";
    find(f, GANTRY_RUNTIME_AUTO);
    only(f, "options: Docker context default", "tcp://10.0.0.1:2375");
    f->opts.docker_context = NULL;
    f->list[f->count - 1] = "DOCKER_HOST=/run/x.sock";
    find(f, GANTRY_RUNTIME_AUTO);
    only(f, "DOCKER_HOST", "/run/x.sock");
}

static void test_headers_that_are_none(void **state)
{
    static const char *const values[] = { "A", "=1", "A=1,", "\"A=1", "\"A=1\"x", "A=1,B" };
    struct fixture *f = *state;

    set_home(f);
    set(f, "DOCKER_HOST", "unix:///d");
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        set(f, "DOCKER_CUSTOM_HEADERS", values[i]);
        find(f, GANTRY_RUNTIME_AUTO);
        if (strcmp(values[i], "A=1,") != 0)
            is_trouble(only(f, "DOCKER_HOST", "unix:///d"), GANTRY_E_INVALID,
                       "DOCKER_CUSTOM_HEADERS");
        f->count--;
    }
}

/* ---- Podman ---------------------------------------------------------------------------------- */

static void test_connection_by_option_variable_and_default(void **state)
{
    struct fixture *f = *state;
    const struct gnt_place *place;

    home_write(f->home, ".config/containers/podman-connections.json",
               "{\"Connection\":{\"Default\":\"m\",\"Connections\":{"
               "\"m\":{\"URI\":\"ssh://core@127.0.0.1:5000/run/user/1/podman/podman.sock\","
               "\"Identity\":\"/k/machine\",\"IsMachine\":true},"
               "\"t\":{\"URI\":\"tcp://far.example.org:8443\",\"TLSCA\":\"/k/ca\","
               "\"TLSCert\":\"/k/cert\",\"TLSKey\":\"/k/key\"}}},\"Farm\":{}}");
    set_home(f);
    find(f, GANTRY_RUNTIME_AUTO);
    place = only(f, "default Podman connection m",
                 "ssh://core@127.0.0.1:5000/run/user/1/podman/podman.sock");
    assert_string_equal(place->ssh_identity, "/k/machine");
    assert_int_equal(place->machine, 1);
    assert_null(place->tls);
    find(f, GANTRY_RUNTIME_DOCKER);
    assert_false(f->places.exclusive);
    set(f, "CONTAINER_CONNECTION", "t");
    set(f, "CONTAINER_PROXY", "http://p:3128");
    find(f, GANTRY_RUNTIME_AUTO);
    place = only(f, "CONTAINER_CONNECTION t", "tcp://far.example.org:8443");
    assert_string_equal(place->tls->ca_file, "/k/ca");
    assert_string_equal(place->tls->cert_file, "/k/cert");
    assert_string_equal(place->tls->key_file, "/k/key");
    assert_string_equal(place->proxy, "http://p:3128");
    assert_int_equal(place->machine, 0);
    f->opts.podman_connection = "m";
    find(f, GANTRY_RUNTIME_AUTO);
    only(f, "options: Podman connection m",
         "ssh://core@127.0.0.1:5000/run/user/1/podman/podman.sock");
}

static void test_default_connection_that_is_no_choice(void **state)
{
    struct fixture *f = *state;

    home_write(f->home, "conn.json",
               "{\"Connection\":{\"Default\":\"r\",\"Connections\":{\"r\":{\"URI\":"
               "\"ssh://r@far.example.org/run/podman/podman.sock\"}}}}");
    set(f, "HOME", "~");
    set(f, "XDG_RUNTIME_DIR", "~/run");
    set(f, "PODMAN_CONNECTIONS_CONF", "~/conn.json");
    set(f, "CONTAINERS_CONF", "~/none.conf");
    find(f, GANTRY_RUNTIME_AUTO);
    assert_false(f->places.exclusive);
    expect(f, f->places.count - 1, "default Podman connection r",
           "ssh://r@far.example.org/run/podman/podman.sock");
    home_write(f->home, "none.conf", "[engine]\nremote = true\n");
    find(f, GANTRY_RUNTIME_AUTO);
    only(f, "default Podman connection r", "ssh://r@far.example.org/run/podman/podman.sock");
}

static void test_containers_conf_in_its_folders(void **state)
{
    struct fixture *f = *state;
    const struct gnt_place *place;

    home_write(f->home, "config/containers/containers.conf",
               "[containers]\nenv = [\"A=1\",\n  \"B=2\", # two\n]\n"
               "[engine]\nactive_service = \"old\"\n"
               "[engine.service_destinations.old]\nuri = \"unix:///old\"\n"
               "[engine.service_destinations.\"the new\"]\nuri = \"unix:///wrong\"\n"
               "[engine.service_destinations.anew]\nuri = \"ssh://a@b/c\"\nidentity = \"/key\"\n");
    home_write(f->home, "config/containers/containers.conf.d/20.conf",
               "[engine]\nactive_service = 'the new'\nremote=true\n");
    home_write(f->home, "config/containers/containers.conf.d/10.conf",
               "[engine]\nactive_service = \"ten\"\n"
               "service_destinations.\"the new\" = { uri = \"ssh://u@h.example.org:22/p\", "
               "identity = \"/id\", is_machine = true }\n");
    home_write(f->home, "config/containers/containers.conf.d/30.txt", "garbage");
    set(f, "HOME", "~");
    set(f, "XDG_CONFIG_HOME", "~/config");
    find(f, GANTRY_RUNTIME_PODMAN);
    place = only(f, "default Podman connection the new", "ssh://u@h.example.org:22/p");
    assert_string_equal(place->ssh_identity, "/id");
    assert_int_equal(place->machine, 1);
    home_write(f->home, "only.conf",
               "[engine]\nactive_service=\"a\"\n"
               "[engine.service_destinations]\n"
               "a = { uri = \"unix:///a\" }\nb.uri = \"unix:///b\"\n");
    home_write(f->home, "more.conf", "engine.active_service = \"b\"\nengine.remote = true\n");
    set(f, "CONTAINERS_CONF", "~/only.conf");
    find(f, GANTRY_RUNTIME_PODMAN);
    assert_false(f->places.exclusive);
    expect(f, f->places.count - 1, "default Podman connection a", "unix:///a");
    set(f, "CONTAINERS_CONF_OVERRIDE", "~/more.conf");
    find(f, GANTRY_RUNTIME_PODMAN);
    only(f, "default Podman connection b", "unix:///b");
}

static void test_connection_named_anew(void **state)
{
    struct fixture *f = *state;
    const struct gnt_place *place;

    home_write(f->home, "config/containers/containers.conf",
               "[engine.service_destinations.anew]\nuri = \"ssh://a@b/c\"\nidentity = \"/key\"\n"
               "is_machine = true\n[engine.service_destinations.other]\nuri = \"unix:///o\"\n");
    home_write(f->home, "config/containers/containers.conf.d/40.conf",
               "[engine.service_destinations]\nanew = { uri = \"ssh://me@other\" }\n");
    set(f, "HOME", "~");
    set(f, "XDG_CONFIG_HOME", "~/config");
    set(f, "CONTAINER_CONNECTION", "anew");
    find(f, GANTRY_RUNTIME_PODMAN);
    place = only(f, "CONTAINER_CONNECTION anew", "ssh://me@other");
    assert_null(place->ssh_identity); /* nothing of the earlier one is left */
    assert_int_equal(place->machine, 0);
}

static void test_connections_file_goes_first(void **state)
{
    struct fixture *f = *state;

    home_write(f->home, "conn.json",
               "{\"Connection\":{\"Connections\":{\"x\":{\"URI\":\"unix:///file\"}}}}");
    home_write(f->home, "c.conf",
               "[engine.service_destinations.x]\nuri = \"unix:///conf\"\n"
               "[engine.service_destinations.y]\nuri = \"unix:///y\"\n");
    set_home(f);
    f->list[2] = "CONTAINERS_CONF=/dev/null";
    set(f, "PODMAN_CONNECTIONS_CONF", "~/conn.json");
    set(f, "CONTAINERS_CONF_OVERRIDE", "~/c.conf");
    f->opts.podman_connection = "x";
    find(f, GANTRY_RUNTIME_AUTO);
    only(f, "options: Podman connection x", "unix:///file");
    f->opts.podman_connection = "y";
    find(f, GANTRY_RUNTIME_AUTO);
    only(f, "options: Podman connection y", "unix:///y");
    f->opts.podman_connection = "z";
    find(f, GANTRY_RUNTIME_AUTO);
    is_trouble(only(f, "options: Podman connection z", ""), GANTRY_E_NOT_FOUND,
               "no Podman connection \"z\"; there are: x, y");
}

static void test_broken_connections(void **state)
{
    struct fixture *f = *state;

    home_write(f->home, "conn.json", "{\"Connection\":[");
    home_write(f->home, "c.conf", "[engine]\nremote = yes please\n");
    set(f, "HOME", "~");
    set(f, "XDG_RUNTIME_DIR", "~/run");
    set(f, "CONTAINERS_CONF", "~/c.conf");
    find(f, GANTRY_RUNTIME_AUTO);
    assert_false(f->places.exclusive);
    expect(f, 0, "Podman's configuration", "");
    is_trouble(&f->places.items[0], GANTRY_E_INVALID, "/c.conf: line 2: ");
    set(f, "PODMAN_CONNECTIONS_CONF", "~/conn.json");
    set(f, "CONTAINER_CONNECTION", "x");
    find(f, GANTRY_RUNTIME_AUTO);
    is_trouble(only(f, "CONTAINER_CONNECTION x", ""), GANTRY_E_INVALID,
               "/conn.json: is no JSON object");
    assert_non_null(strstr(f->places.items[0].trouble, "Podman connection \"x\""));
}

static void test_connection_without_uri(void **state)
{
    struct fixture *f = *state;

    home_write(f->home, "conn.json", "{\"Connection\":{\"Connections\":{\"x\":{}}}}");
    set_home(f);
    set(f, "PODMAN_CONNECTIONS_CONF", "~/conn.json");
    f->opts.podman_connection = "x";
    find(f, GANTRY_RUNTIME_AUTO);
    is_trouble(only(f, "options: Podman connection x", ""), GANTRY_E_INVALID, "has no URI");
}

static void test_container_host_with_its_variables(void **state)
{
    struct fixture *f = *state;
    const struct gnt_place *place;

    set_home(f);
    set(f, "CONTAINER_HOST", "ssh://u@h.example.org/run/podman/podman.sock");
    set(f, "CONTAINER_SSHKEY", "/key");
    set(f, "CONTAINER_PROXY", "socks5://p");
    set(f, "CONTAINER_TLS_CA", "/ca");
    find(f, GANTRY_RUNTIME_AUTO);
    place = only(f, "CONTAINER_HOST", "ssh://u@h.example.org/run/podman/podman.sock");
    assert_string_equal(place->ssh_identity, "/key");
    assert_string_equal(place->proxy, "socks5://p");
    assert_null(place->tls);
    f->count = 3;
    f->list[3] = NULL;
    set(f, "CONTAINER_HOST", "tcp://h.example.org:8080");
    set(f, "CONTAINER_TLS_CA", "/ca");
    f->list[5] = NULL;
    find(f, GANTRY_RUNTIME_AUTO);
    place = only(f, "CONTAINER_HOST", "tcp://h.example.org:8080");
    assert_string_equal(place->tls->ca_file, "/ca");
}

static void test_the_same_socket_is_one_place(void **state)
{
    struct fixture *f = *state;
    char text[400];

    snprintf(text, sizeof text,
             "{\"Connection\":{\"Default\":\"me\",\"Connections\":{\"me\":{\"URI\":"
             "\"unix://%s/run/podman/podman.sock\"}}}}",
             f->home);
    home_write(f->home, ".config/containers/podman-connections.json", text);
    set_home(f);
    find(f, GANTRY_RUNTIME_AUTO);
    assert_int_equal(f->places.count, 8);
    expect(f, 0, "rootless Podman socket", "~/run/podman/podman.sock");
}

static void test_huge_files_are_refused(void **state)
{
    struct fixture *f = *state;
    char *text = malloc(2 * 1024 * 1024 + 1);

    memset(text, ' ', 2 * 1024 * 1024);
    text[2 * 1024 * 1024] = '\0';
    home_write(f->home, ".docker/config.json", text);
    home_write(f->home, "c.conf", text);
    free(text);
    set(f, "HOME", "~");
    set(f, "CONTAINERS_CONF", "~/c.conf");
    find(f, GANTRY_RUNTIME_AUTO);
    is_trouble(&f->places.items[0], GANTRY_E_LIMIT, "config.json: is larger than");
    is_trouble(&f->places.items[1], GANTRY_E_LIMIT, "c.conf: is larger than");
}

static void test_pipes_are_not_waited_for(void **state)
{
    struct fixture *f = *state;
    char path[300];

    home_path(f->home, ".docker/config.json", path);
    assert_int_equal(mkfifo(path, 0600), 0);
    set_home(f);
    find(f, GANTRY_RUNTIME_DOCKER);
    is_trouble(&f->places.items[0], GANTRY_E_INVALID, "config.json: is no file");
}

/* Memory that ends after so many allocations. */
struct short_memory {
    long left;
    long used;
};

static void *short_alloc(void *arg, size_t size)
{
    struct short_memory *m = arg;

    if (m->left == 0)
        return NULL;
    m->left--;
    m->used++;
    return malloc(size);
}

static void *short_realloc(void *arg, void *ptr, size_t size)
{
    struct short_memory *m = arg;

    if (m->left == 0)
        return NULL;
    m->left--;
    m->used += ptr == NULL;
    return realloc(ptr, size);
}

static void short_free(void *arg, void *ptr)
{
    struct short_memory *m = arg;

    m->used -= ptr != NULL;
    free(ptr);
}

/* Wherever it ends: NOMEM, and nothing is kept. */
static void find_with(struct fixture *f, struct short_memory *m, int *out_rc)
{
    const gantry_allocator allocator = {
        .allocate = short_alloc, .reallocate = short_realloc, .release = short_free, .arg = m
    };
    struct gnt_places places;

    assert_int_equal(gnt_mem_init(&f->mem, &allocator, NULL), 0);
    gnt_arena_init(&f->arena, &f->mem);
    *out_rc = gnt_places_find(&f->arena, GANTRY_RUNTIME_AUTO, &f->opts, &f->env, &places, &f->err);
    gnt_arena_free(&f->arena);
    assert_int_equal(m->used, 0);
}

/* ---- files that nobody wrote for us ------------------------------------------------------------ */

#define SECRET "sesame"

/* What editors, other programs and half-written files leave; the secret is quoted nowhere. */
static const struct ugly {
    const char *json; /* in place of config.json, meta.json and podman-connections.json */
    const char *toml; /* in place of containers.conf */
    int fine;         /* it can be read, and names nothing */
} uglies[] = {
    { "", "", 0 },
    { "\xEF\xBB\xBF{\"a\":\"" SECRET "\"}", "\xEF\xBB\xBF[engine]\r\n", 0 },
    { "{\"a\":\"" SECRET "\xFF\"}", "a = \"" SECRET "\xFF\"", 0 },
    { "{\"a\":\"\xED\xA0\x80" SECRET "\"}", "a = \"\xED\xA0\x80" SECRET "\"", 0 },
    { "{\"a\":\"" SECRET "\x01\"}", "a = \"" SECRET "\x01\"", 0 },
    { "{\"a\":\"" SECRET, "a = \"" SECRET, 0 },
    { "[\"" SECRET "\"]", "[[" SECRET, 0 },
    { "\"" SECRET "\"", SECRET, 0 },
    { "{" SECRET ":1}", "= " SECRET, 0 },
    { "null", "\"" SECRET "\"", 0 },
    { "\r\n{\r\n}\r\n", "\r\n[engine]\r\n# " SECRET "\r\n", 1 },
    { "{\"a\":1e999999,\"b\":-123456789012345678901234567890}",
      "a = 1e999999\nb = -123456789012345678901234567890\n", 1 },
    { "{\"currentContext\":\"" SECRET "\",\"currentContext\":\"\"}",
      "engine = { active_service = 7, remote = \"" SECRET "\" }", 1 },
    { "{\"currentContext\":[1],\"HttpHeaders\":[{}],\"Connection\":7,\"Endpoints\":null}",
      "[engine]\nservice_destinations = \"" SECRET "\"\n", 1 },
    { "{\"Connection\":{\"Default\":{},\"Connections\":[\"" SECRET "\"]}}",
      "[[engine]]\nactive_service = [\"" SECRET "\"]\n", 1 },
};

static void check_ugly(struct fixture *f, const struct ugly *u)
{
    size_t troubles = 0;

    find(f, GANTRY_RUNTIME_AUTO);
    assert_false(f->places.exclusive);
    for (size_t i = 0; i < f->places.count; i++) {
        const struct gnt_place *place = &f->places.items[i];

        if (place->code == 0)
            continue;
        troubles++;
        assert_int_equal(place->code, GANTRY_E_INVALID);
        assert_null(strstr(place->trouble, SECRET));
        assert_non_null(strstr(place->trouble, f->home)); /* the file */
    }
    assert_int_equal(troubles == 0, u->fine);
}

static void test_ugly_files(void **state)
{
    struct fixture *f = *state;

    set(f, "HOME", "~");
    set(f, "CONTAINERS_CONF", "~/c.conf");
    for (size_t i = 0; i < sizeof uglies / sizeof uglies[0]; i++) {
        home_write(f->home, ".docker/config.json", uglies[i].json);
        home_write(f->home, ".config/containers/podman-connections.json", uglies[i].json);
        home_write(f->home, "c.conf", uglies[i].toml);
        check_ugly(f, &uglies[i]);
    }
}

static void test_ugly_contexts(void **state)
{
    struct fixture *f = *state;
    char id[GNT_SHA256_HEX];
    char path[200];

    set_home(f);
    f->opts.docker_context = "ugly";
    gnt_sha256_hex("ugly", 4, id);
    snprintf(path, sizeof path, ".docker/contexts/meta/%s/meta.json", id);
    for (size_t i = 0; i < sizeof uglies / sizeof uglies[0]; i++) {
        home_write(f->home, path, uglies[i].json);
        find(f, GANTRY_RUNTIME_AUTO);
        assert_int_equal(f->places.count, 1);
        assert_int_equal(f->places.items[0].code, GANTRY_E_INVALID);
        assert_null(strstr(f->places.items[0].trouble, SECRET));
        assert_non_null(strstr(f->places.items[0].trouble, id));
    }
}

/* Deeper than anybody writes: a limit, not a crash. */
static void test_deep_files(void **state)
{
    enum {
        DEEP = 200000
    };
    struct fixture *f = *state;
    char *text = malloc(DEEP * 5 + 1);

    for (size_t i = 0; i < DEEP; i++)
        memcpy(text + i * 5, "{\"a\":", 6);
    home_write(f->home, ".docker/config.json", text);
    home_write(f->home, ".config/containers/podman-connections.json", text);
    memset(text, '[', DEEP);
    memcpy(text, "a=", 2);
    text[DEEP] = '\0';
    home_write(f->home, "c.conf", text);
    free(text);
    set(f, "HOME", "~");
    set(f, "CONTAINERS_CONF", "~/c.conf");
    find(f, GANTRY_RUNTIME_AUTO);
    is_trouble(&f->places.items[0], GANTRY_E_LIMIT, "config.json: is nested too deep");
    is_trouble(&f->places.items[1], GANTRY_E_LIMIT, "connections.json: is nested too deep");
    f->opts.podman_connection = "x"; /* which of the broken files is told: the first */
    find(f, GANTRY_RUNTIME_AUTO);
    is_trouble(&f->places.items[0], GANTRY_E_LIMIT, "Podman connection \"x\": ");
}

/* Folders in place of files; what is no file among the settings is nobody's business. */
static void test_folders_in_place_of_files(void **state)
{
    struct fixture *f = *state;
    char path[300];

    set(f, "HOME", "~");
    set(f, "XDG_CONFIG_HOME", "~/config");
    set(f, "XDG_RUNTIME_DIR", "~/run");
    home_path(f->home, ".docker/config.json/x", path);
    home_path(f->home, "config/containers/containers.conf.d/a.conf/x", path);
    home_write(f->home, "config/containers/containers.conf.d/b.conf",
               "[engine]\nactive_service='b'\nservice_destinations.b.uri='unix:///b'\n");
    f->opts.podman_connection = "b";
    find(f, GANTRY_RUNTIME_AUTO);
    assert_string_equal(f->places.items[0].address, "unix:///b");
    f->opts.podman_connection = "c";
    find(f, GANTRY_RUNTIME_AUTO);
    is_trouble(&f->places.items[0], GANTRY_E_NOT_FOUND, "there is no Podman connection \"c\"");
    f->opts.podman_connection = NULL;
    home_path(f->home, "config/containers/podman-connections.json/x", path);
    find(f, GANTRY_RUNTIME_AUTO);
    is_trouble(&f->places.items[0], GANTRY_E_INVALID, "config.json: is no file");
    is_trouble(&f->places.items[1], GANTRY_E_INVALID, "podman-connections.json: is no file");
}

/* A file that a variable names is there, or that is the trouble. */
static void test_settings_that_are_not_there(void **state)
{
    struct fixture *f = *state;

    set(f, "HOME", "~");
    set(f, "CONTAINERS_CONF", "~/none.conf");
    find(f, GANTRY_RUNTIME_AUTO);
    assert_false(f->places.exclusive);
    is_trouble(&f->places.items[0], GANTRY_E_NOT_FOUND, "CONTAINERS_CONF: there is no ");
    f->opts.podman_connection = "x";
    find(f, GANTRY_RUNTIME_AUTO);
    is_trouble(&f->places.items[0], GANTRY_E_NOT_FOUND, "none.conf");
    f->opts.podman_connection = NULL;
    f->count--;
    set(f, "CONTAINERS_CONF", "/dev/null");
    set(f, "CONTAINERS_CONF_OVERRIDE", "~/more.conf");
    find(f, GANTRY_RUNTIME_AUTO);
    is_trouble(&f->places.items[0], GANTRY_E_NOT_FOUND, "CONTAINERS_CONF_OVERRIDE: there is no ");
    find(f, GANTRY_RUNTIME_DOCKER);
    assert_int_equal(f->places.items[0].code, 0);
}

/* As somebody who may not read them: root may everything. 0 if all is told. */
static int find_as_nobody(struct fixture *f)
{
    if (getuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
        return 2;
    gnt_mem_init(&f->mem, NULL, NULL);
    gnt_arena_init(&f->arena, &f->mem);
    gnt_environment_read(&f->env, f->list);
    if (gnt_places_find(&f->arena, GANTRY_RUNTIME_AUTO, &f->opts, &f->env, &f->places, &f->err) < 0)
        return 3;
    if (f->places.exclusive || f->places.items[0].code != GANTRY_E_IO ||
        strstr(f->places.items[0].trouble, "config.json: Permission denied") == NULL)
        return 4;
    return f->places.items[1].code == GANTRY_E_IO &&
                   strstr(f->places.items[1].trouble, "c.conf: Permission denied") != NULL
               ? 0
               : 5;
}

static void test_files_that_cannot_be_read(void **state)
{
    static const char *const names[] = { ".docker/config.json", "c.conf" };
    struct fixture *f = *state;
    int status = -1;
    char path[300];
    pid_t child;

    set(f, "HOME", "~");
    set(f, "CONTAINERS_CONF", "~/c.conf");
    for (size_t i = 0; i < 2; i++) {
        home_write(f->home, names[i], "");
        home_path(f->home, names[i], path);
        assert_int_equal(chmod(path, 0), 0);
    }
    home_path(f->home, ".docker/x", path);
    *strrchr(path, '/') = '\0';
    assert_int_equal(chmod(path, 0755), 0);
    assert_int_equal(chmod(f->home, 0755), 0);
    child = fork();
    if (child == 0)
        _exit(find_as_nobody(f));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- once each ------------------------------------------------------------------------------- */

/* How often a file below the home was opened since. */
static size_t count_openings(int watch)
{
    char events[4096] __attribute__((aligned(8)));
    ssize_t size;
    size_t count = 0;

    while ((size = read(watch, events, sizeof events)) > 0) {
        const struct inotify_event *event;

        for (ssize_t at = 0; at < size; at += (ssize_t)(sizeof *event + event->len)) {
            event = (const struct inotify_event *)(events + at);
            count += (event->mask & IN_OPEN) != 0;
        }
    }
    return count;
}

static size_t openings(struct fixture *f, const char *name, int runtime)
{
    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    size_t count;
    char path[300];

    assert_true(watch >= 0);
    home_path(f->home, name, path);
    assert_true(inotify_add_watch(watch, path, IN_OPEN) >= 0);
    find(f, runtime);
    count = count_openings(watch);
    close(watch);
    return count;
}

/* What is taken of a file is of one reading of it: it may be replaced at any time. */
static void test_files_are_read_once(void **state)
{
    static const char config[] = ".docker/config.json";
    static const char connections[] = ".config/containers/podman-connections.json";
    struct fixture *f = *state;

    set(f, "HOME", "~");
    set(f, "CONTAINERS_CONF", "~/c.conf");
    home_write(f->home, "c.conf", "[engine]\nactive_service = \"a\"\n");
    home_write(f->home, connections,
               "{\"Connection\":{\"Connections\":{\"a\":{\"URI\":\"unix:///a\"}}}}");
    home_write(f->home, config, "{\"HttpHeaders\":{\"A\":\"1\"}}");
    assert_int_equal(openings(f, config, GANTRY_RUNTIME_AUTO), 1); /* nothing is chosen */
    assert_int_equal(openings(f, connections, GANTRY_RUNTIME_AUTO), 1);
    assert_int_equal(openings(f, "c.conf", GANTRY_RUNTIME_AUTO), 1);
    assert_false(f->places.exclusive);
    home_write(f->home, config, "{");
    assert_int_equal(openings(f, config, GANTRY_RUNTIME_AUTO), 1); /* broken */
    write_context(f, "far", "{\"Host\":\"tcp://far.example.org:2376\"}");
    home_write(f->home, config, "{\"currentContext\":\"far\",\"HttpHeaders\":{\"A\":\"1\"}}");
    assert_int_equal(openings(f, config, GANTRY_RUNTIME_AUTO), 1); /* the choice, its headers */
    assert_string_equal(f->places.items[0].headers[0], "A: 1");
    set(f, "DOCKER_HOST", "unix:///d");
    set(f, "CONTAINER_HOST", "unix:///c");
    assert_int_equal(openings(f, config, GANTRY_RUNTIME_AUTO), 1); /* headers alone */
    assert_int_equal(openings(f, config, GANTRY_RUNTIME_PODMAN), 0);
    assert_int_equal(openings(f, connections, GANTRY_RUNTIME_AUTO), 0);
}

static void test_memory_that_ends(void **state)
{
    struct fixture *f = *state;
    const char *const contexts[] = { NULL, "far", "none" };

    write_context(f, "far", "{\"Host\":\"tcp://far.example.org:2376\",\"SkipTLSVerify\":true}");
    home_write(f->home, ".docker/config.json", "{\"HttpHeaders\":{\"A\":\"1\"}}");
    home_write(f->home, ".colima/a/docker.sock", "");
    home_write(f->home, "c.conf",
               "[engine]\nactive_service = \"a\"\n"
               "[engine.service_destinations]\na = { uri = \"unix:///a\" }\n");
    set(f, "HOME", "~");
    set(f, "CONTAINERS_CONF", "~/c.conf");
    gnt_environment_read(&f->env, f->list);
    for (size_t i = 0; i < sizeof contexts / sizeof contexts[0]; i++) {
        struct short_memory m = { 0, 0 };
        int rc = GANTRY_E_NOMEM;

        f->opts.docker_context = contexts[i];
        for (long left = 0; rc != 0; left++) {
            m.left = left;
            find_with(f, &m, &rc);
            assert_true(rc == 0 || rc == GANTRY_E_NOMEM);
            assert_true(left < 2000);
        }
    }
}

static void test_remote_by_the_address(void **state)
{
    (void)state;
    assert_int_equal(gnt_place_is_remote("tcp://127.0.0.1:1"), 1);
    assert_int_equal(gnt_place_is_remote("https://x"), 1);
    assert_int_equal(gnt_place_is_remote("ssh://x"), 1);
    assert_int_equal(gnt_place_is_remote("unix:///x"), 0);
    assert_int_equal(gnt_place_is_remote("/x"), 0);
    assert_int_equal(gnt_place_is_remote("memory://x"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_address_is_the_only_place),
        TEST(test_choices_of_options_exclude_each_other),
        TEST(test_environment_excludes_sockets),
        TEST(test_one_choice_of_many),
        TEST(test_runtime_reads_its_own_variables),
        TEST(test_sockets_in_their_order),
        TEST(test_relative_directories_are_ignored),
        TEST(test_machines_of_all_kinds),
        TEST(test_a_folder_that_is_full_is_bounded),
        TEST(test_folders_that_everybody_may_write_to_are_left_out),
        TEST(test_context_by_option_variable_and_file),
        TEST(test_default_context_is_no_choice),
        TEST(test_context_brings_certificates),
        TEST(test_missing_context_names_those_that_exist),
        TEST(test_broken_context_says_which_file),
        TEST(test_broken_config_is_told_and_no_choice),
        TEST(test_docker_host_with_certificates),
        TEST(test_cert_path_without_certificates),
        TEST(test_headers_of_file_and_variable),
        TEST(test_headers_that_are_none),
        TEST(test_docker_host_without_a_scheme),
        TEST(test_connection_by_option_variable_and_default),
        TEST(test_default_connection_that_is_no_choice),
        TEST(test_containers_conf_in_its_folders),
        TEST(test_connection_named_anew),
        TEST(test_connections_file_goes_first),
        TEST(test_broken_connections),
        TEST(test_connection_without_uri),
        TEST(test_container_host_with_its_variables),
        TEST(test_the_same_socket_is_one_place),
        TEST(test_huge_files_are_refused),
        TEST(test_pipes_are_not_waited_for),
        TEST(test_ugly_files),
        TEST(test_ugly_contexts),
        TEST(test_deep_files),
        TEST(test_folders_in_place_of_files),
        TEST(test_settings_that_are_not_there),
        TEST(test_files_that_cannot_be_read),
        TEST(test_files_are_read_once),
        TEST(test_memory_that_ends),
        TEST(test_remote_by_the_address),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
