/* Credentials on their way: copies, names of registries, headers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "auth.h"
#include "error.h"

static struct gantry_host host;
static struct gnt_rest rest = { .host = &host, .prefix = "/v1" };

static int set_up(void **state)
{
    (void)state;
    memset(&host, 0, sizeof host);
    gnt_mem_init(&host.mem, NULL, NULL);
    gnt_limits_defaults(&host.limits);
    return 0;
}

static void test_base64(void **state)
{
    static const struct {
        const char *plain, *coded;
    } rows[] = {
        { "", "" },
        { "f", "Zg==" },
        { "fo", "Zm8=" },
        { "foo", "Zm9v" },
        { "foob", "Zm9vYg==" },
        { "fooba", "Zm9vYmE=" },
        { "foobar", "Zm9vYmFy" },
        { "\xff\xfe\xfd?", "//79Pw==" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gnt_buf coded, plain;

        gnt_buf_init(&coded, &host.mem, 100);
        gnt_buf_init(&plain, &host.mem, 100);
        plain.wipe = 1;
        assert_int_equal(gnt_base64_encode(&coded, rows[i].plain, strlen(rows[i].plain), 0), 0);
        assert_string_equal(gnt_buf_text(&coded), rows[i].coded);
        assert_int_equal(gnt_base64_decode(&plain, rows[i].coded, strlen(rows[i].coded)), 0);
        assert_string_equal(gnt_buf_text(&plain), rows[i].plain);
        gnt_buf_clear(&coded);
        assert_int_equal(gnt_base64_encode(&coded, "\xff\xef", 2, 1), 0);
        assert_string_equal(gnt_buf_text(&coded), "_-8=");
        gnt_buf_free(&coded);
        gnt_buf_free(&plain);
    }
}

static void test_base64_refuses(void **state)
{
    static const char *const rows[] = { "Zg", "Zg=", "Z===", "====", "Zm9v=g==", "Zm 9", "Zm9-" };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gnt_buf plain;

        gnt_buf_init(&plain, &host.mem, 100);
        assert_int_equal(gnt_base64_decode(&plain, rows[i], strlen(rows[i])), GANTRY_E_PROTOCOL);
        gnt_buf_free(&plain);
    }
}

static void test_names(void **state)
{
    static const struct {
        const char *text, *registry, *repository;
    } rows[] = {
        { "alpine", "docker.io", "docker.io/library/alpine" },
        { "alpine:3.19", "docker.io", "docker.io/library/alpine" },
        { "app:5000", "docker.io", "docker.io/library/app" },
        { "user/app", "docker.io", "docker.io/user/app" },
        { "docker.io", "docker.io", "docker.io" },
        { "index.docker.io", "docker.io", "docker.io" },
        { "https://index.docker.io/v1/", "docker.io", "docker.io" },
        { "docker.io/library/alpine:1", "docker.io", "docker.io/library/alpine" },
        { "docker.io/alpine", "docker.io", "docker.io/library/alpine" },
        { "quay.io", "quay.io", "quay.io" },
        { "quay.io/team/app:1@sha256:00", "quay.io", "quay.io/team/app" },
        { "https://quay.io/v2/", "quay.io", "quay.io" },
        { "http://127.0.0.1:5000", "127.0.0.1:5000", "127.0.0.1:5000" },
        { "127.0.0.1:5000", "127.0.0.1:5000", "127.0.0.1:5000" },
        { "127.0.0.1:5000/app:1", "127.0.0.1:5000", "127.0.0.1:5000/app" },
        { "localhost", "localhost", "localhost" },
        { "localhost:5000", "localhost:5000", "localhost:5000" },
        { "localhost/app", "localhost", "localhost/app" },
        { "registry:5000/app", "registry:5000", "registry:5000/app" },
        { "registry:5000/", "registry:5000", "registry:5000" },
        { "[::1]:5000/app:1", "[::1]:5000", "[::1]:5000/app" },
        { "[::1]:5000", "[::1]:5000", "[::1]:5000" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gnt_arena arena;

        gnt_arena_init(&arena, &host.mem);
        assert_string_equal(gnt_auth_registry(&arena, rows[i].text), rows[i].registry);
        assert_string_equal(gnt_auth_repository(&arena, rows[i].text), rows[i].repository);
        gnt_arena_free(&arena);
    }
}

/* The header that a request got, decoded; "" without one. */
static void sent(const struct gnt_req *r, const char *name, struct gnt_buf *out)
{
    gnt_buf_init(out, &host.mem, 4096);
    gnt_buf_adds(out, "");
    for (size_t i = 0; r->headers[i] != NULL; i++) {
        char coded[2048];

        if (strncmp(r->headers[i], name, strlen(name)) != 0)
            continue;
        assert_true(strlen(r->headers[i]) < sizeof coded);
        strcpy(coded, r->headers[i] + strlen(name));
        for (char *p = coded; *p != '\0'; p++)
            *p = *p == '-' ? '+' : *p == '_' ? '/' : *p;
        assert_int_equal(gnt_base64_decode(out, coded, strlen(coded)), 0);
    }
}

static void expect_auth(const char *reference, const gantry_auth *given, int always,
                        const char *want)
{
    struct gnt_req r;
    struct gnt_buf got;

    gnt_req_init(&r, &rest, "POST", NULL, "/x");
    gnt_req_registry_auth(&r, reference, given, always);
    assert_int_equal(r.rc, 0);
    sent(&r, "X-Registry-Auth: ", &got);
    assert_string_equal(gnt_buf_text(&got), want);
    assert_int_equal(r.secret, 1);
    gnt_buf_free(&got);
    gnt_req_free(&r);
}

#define AUTH(...) (&(const gantry_auth){ .size = sizeof(gantry_auth), __VA_ARGS__ })

static void test_registry_auth(void **state)
{
    (void)state;
    expect_auth("alpine", AUTH(.username = "u", .password = "p\"ss"), 0,
                "{\"username\":\"u\",\"password\":\"p\\\"ss\","
                "\"serveraddress\":\"https://index.docker.io/v1/\"}");
    expect_auth("example.org:5000/app:1", AUTH(.identity_token = "t"), 0,
                "{\"identitytoken\":\"t\",\"serveraddress\":\"example.org:5000\"}");
    expect_auth("example.org/app", AUTH(.registry_token = "t", .registry = "https://example.org"),
                0, "{\"registrytoken\":\"t\",\"serveraddress\":\"example.org\"}");
    expect_auth("example.org/app", NULL, 0, "");
    expect_auth("example.org/app", NULL, 1, "{}");
}

static void expect_refused(const char *reference, const gantry_auth *given, const char *words)
{
    struct gnt_req r;

    gnt_req_init(&r, &rest, "POST", NULL, "/x");
    gnt_req_registry_auth(&r, reference, given, 1);
    assert_int_equal(r.rc, GANTRY_E_INVALID);
    assert_non_null(strstr(r.failure.message, words));
    assert_null(strstr(r.failure.message, "hush"));
    assert_null(r.headers[0]);
    gnt_req_free(&r);
}

static void test_registry_auth_refuses(void **state)
{
    (void)state;
    expect_refused("alpine", AUTH(.password = "hush"), "neither a user nor a token");
    expect_refused("alpine", AUTH(.username = "u", .password = "hush\n"), "auth.password");
    expect_refused("alpine", AUTH(.username = "u", .password = "hush\xff"), "UTF-8");
    expect_refused("quay.io/app", AUTH(.username = "u", .registry = "example.org"),
                   "is example.org, but the call is about quay.io");
    expect_refused("alpine", &(gantry_auth){ .username = "u" }, "gantry_auth");
}

/* ---- a program's provider -------------------------------------------------------------------- */

struct asked {
    char registry[64];
    int calls;
    int rc;
};

static int provide(void *arg, const char *registry, const gantry_call *call, gantry_auth_slot *slot,
                   gantry_error *err)
{
    struct asked *asked = arg;

    asked->calls++;
    assert_int_equal(call->size, sizeof *call);
    strcpy(asked->registry, registry);
    if (asked->rc != 0)
        return asked->rc < 0 ? gnt_fail(err, asked->rc, "the vault is closed") : asked->rc;
    if (strcmp(registry, "quay.io") != 0)
        return 0;
    return gantry_auth_give(slot, AUTH(.username = "q", .password = "w"), err);
}

static void use_provider(struct asked *asked)
{
    host.credentials.provider.get = provide;
    host.credentials.provider.arg = asked;
}

static void test_provider(void **state)
{
    struct asked asked = { 0 };

    (void)state;
    use_provider(&asked);
    expect_auth("quay.io/team/app:1", NULL, 1,
                "{\"username\":\"q\",\"password\":\"w\",\"serveraddress\":\"quay.io\"}");
    assert_string_equal(asked.registry, "quay.io");
    expect_auth("alpine", NULL, 1, "{}");
    assert_string_equal(asked.registry, "docker.io");
    expect_auth("quay.io/app", AUTH(.username = "own"), 1,
                "{\"username\":\"own\",\"password\":\"\",\"serveraddress\":\"quay.io\"}");
    assert_int_equal(asked.calls, 2);
}

static void test_provider_fails(void **state)
{
    struct asked asked = { .rc = GANTRY_E_IO };
    struct gnt_req r;

    (void)state;
    use_provider(&asked);
    gnt_req_init(&r, &rest, "POST", NULL, "/x");
    gnt_req_registry_auth(&r, "quay.io/app", NULL, 1);
    assert_int_equal(r.rc, GANTRY_E_IO);
    assert_string_equal(r.failure.message, "the vault is closed");
    assert_int_equal(r.failure.resource_kind, GANTRY_RESOURCE_REGISTRY);
    assert_string_equal(r.failure.resource, "quay.io");
    gnt_req_free(&r);
    asked.rc = 3;
    gnt_req_init(&r, &rest, "POST", NULL, "/x");
    gnt_req_registry_auth(&r, "quay.io/app", NULL, 1);
    assert_int_equal(r.rc, GANTRY_E_CALLBACK);
    gnt_req_free(&r);
}

static void expect_config(const gantry_auth *const *auths, const char *const *domains, int rc,
                          const char *want)
{
    struct gnt_req r;
    struct gnt_buf got;

    gnt_req_init(&r, &rest, "POST", NULL, "/build");
    gnt_req_registry_config(&r, auths, domains);
    assert_int_equal(r.rc, rc);
    if (rc == 0) {
        sent(&r, "X-Registry-Config: ", &got);
        assert_string_equal(gnt_buf_text(&got), want);
        gnt_buf_free(&got);
    } else {
        assert_non_null(strstr(r.failure.message, want));
    }
    gnt_req_free(&r);
}

static void test_registry_config(void **state)
{
    struct asked asked = { 0 };
    const gantry_auth *const auths[] = { AUTH(.username = "a", .password = "1",
                                              .registry = "docker.io"),
                                         AUTH(.identity_token = "t", .registry = "x.org:1"), NULL };
    const gantry_auth *const nameless[] = { AUTH(.username = "a"), NULL };
    const char *const domains[] = { "quay.io", "docker.io", "none.org", NULL };

    (void)state;
    expect_config(NULL, NULL, 0, "");
    expect_config(NULL, domains, 0, "");
    use_provider(&asked);
    expect_config(auths, domains, 0,
                  "{\"https://index.docker.io/v1/\":{\"username\":\"a\",\"password\":\"1\","
                  "\"serveraddress\":\"https://index.docker.io/v1/\"},"
                  "\"x.org:1\":{\"identitytoken\":\"t\",\"serveraddress\":\"x.org:1\"},"
                  "\"quay.io\":{\"username\":\"q\",\"password\":\"w\","
                  "\"serveraddress\":\"quay.io\"}}");
    assert_int_equal(asked.calls, 2);
    expect_config(nameless, NULL, GANTRY_E_INVALID, "auths[0].registry");
}

/* ---- secrets do not stay behind -------------------------------------------------------------- */

static int leaks;

/* An allocator that looks at what comes back. */
static void *allocate(void *arg, size_t size)
{
    size_t *p = malloc(size + sizeof(max_align_t));

    (void)arg;
    *p = size;
    return (char *)p + sizeof(max_align_t);
}

static void look(void *ptr)
{
    const char *text = ptr;
    size_t size = *(size_t *)(void *)((char *)ptr - sizeof(max_align_t));

    for (size_t i = 0; i + 4 <= size; i++)
        leaks += memcmp(text + i, "hush", 4) == 0 || memcmp(text + i, "aHVz", 4) == 0;
}

static void release(void *arg, void *ptr)
{
    (void)arg;
    look(ptr);
    free((char *)ptr - sizeof(max_align_t));
}

static void *reallocate(void *arg, void *ptr, size_t size)
{
    size_t old = ptr != NULL ? *(size_t *)(void *)((char *)ptr - sizeof(max_align_t)) : 0;
    void *moved = allocate(arg, size);

    if (ptr != NULL) {
        memcpy(moved, ptr, old < size ? old : size);
        release(arg, ptr);
    }
    return moved;
}

static void test_wiped(void **state)
{
    static const gantry_allocator allocator = { allocate, reallocate, release, NULL };
    struct gnt_req r;
    struct gnt_json *doc = NULL;
    struct gnt_arena arena;
    static const char json[] = "{\"a\":\"hush\\nhush\",\"b\":\"hush\"}";

    (void)state;
    gnt_mem_init(&host.mem, &allocator, NULL);
    leaks = 0;
    gnt_req_init(&r, &rest, "POST", NULL, "/x");
    gnt_req_registry_auth(&r, "alpine", AUTH(.username = "u", .password = "hush"), 0);
    gnt_req_json(&r, gnt_auth_json(&r.arena, AUTH(.username = "u", .password = "hush"), "x.org"));
    assert_int_equal(r.rc, 0);
    gnt_req_free(&r);
    assert_int_equal(leaks, 0);
    gnt_arena_init(&arena, &host.mem);
    arena.wipe = 1;
    assert_int_equal(gnt_json_parse(&arena, json, strlen(json), &doc, NULL), 0);
    gnt_arena_free(&arena);
    assert_int_equal(leaks, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_base64, set_up),
        cmocka_unit_test_setup(test_base64_refuses, set_up),
        cmocka_unit_test_setup(test_names, set_up),
        cmocka_unit_test_setup(test_registry_auth, set_up),
        cmocka_unit_test_setup(test_registry_auth_refuses, set_up),
        cmocka_unit_test_setup(test_provider, set_up),
        cmocka_unit_test_setup(test_provider_fails, set_up),
        cmocka_unit_test_setup(test_registry_config, set_up),
        cmocka_unit_test_setup(test_wiped, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
