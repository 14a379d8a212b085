/* Asking a registry itself: challenges, tokens, redirects, what is made of the answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "error.h"
#include "remote.h"
#include "tiny_http.h"

static struct gantry_host host;
static char logged[16384];

static void log_line(void *arg, int level, const char *component, const char *text)
{
    (void)arg;
    (void)level;
    (void)component;
    if (strlen(logged) + strlen(text) < sizeof logged - 1)
        strcat(logged, text);
}

static int set_up(void **state)
{
    (void)state;
    memset(&host, 0, sizeof host);
    logged[0] = '\0';
    gnt_mem_init(&host.mem, NULL, NULL);
    gnt_limits_defaults(&host.limits);
    host.connect_timeout_ms = host.request_timeout_ms = 20000;
    host.logger.log = log_line;
    host.logger.level = GANTRY_LOG_DEBUG;
    return 0;
}

static void test_challenges(void **state)
{
    static const struct {
        const char *line;
        int basic, bearer;
        const char *realm, *service, *scope;
    } rows[] = {
        { "Basic realm=\"x\"", 1, 0, NULL, NULL, NULL },
        { "basic", 1, 0, NULL, NULL, NULL },
        { "Bearer "
          "realm=\"https://a.example.org/t\",service=\"s\",scope=\"repository:a/b:pull,push\"",
          0, 1, "https://a.example.org/t", "s", "repository:a/b:pull,push" },
        { "Bearer realm=\"q\\\"uo\\\\te\" , service=tok", 0, 1, "q\"uo\\te", "tok", NULL },
        { "Basic realm=\"b\", Bearer realm=\"c\"", 1, 1, "c", NULL, NULL },
        { "Bearer realm=\"c\", Basic realm=\"b\"", 1, 1, "c", NULL, NULL },
        { "Negotiate abc==, Basic realm=x", 1, 0, NULL, NULL, NULL },
        { "BEARER REALM=\"c\"", 0, 1, "c", NULL, NULL },
        { "Bearer realm=\"open", 0, 1, "open", NULL, NULL },
        { "Bearer realm=", 0, 1, "", NULL, NULL },
        { ",;=\"", 0, 0, NULL, NULL, NULL },
        { "", 0, 0, NULL, NULL, NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gnt_challenge c = { 0 };
        struct gnt_arena arena;

        gnt_arena_init(&arena, &host.mem);
        assert_int_equal(gnt_challenge_read(&arena, rows[i].line, &c), 0);
        assert_int_equal(c.basic, rows[i].basic);
        assert_int_equal(c.bearer, rows[i].bearer);
        assert_string_equal(c.realm != NULL ? c.realm : "(none)",
                            rows[i].realm != NULL ? rows[i].realm : "(none)");
        assert_string_equal(c.service != NULL ? c.service : "(none)",
                            rows[i].service != NULL ? rows[i].service : "(none)");
        assert_string_equal(c.scope != NULL ? c.scope : "(none)",
                            rows[i].scope != NULL ? rows[i].scope : "(none)");
        gnt_arena_free(&arena);
    }
}

#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define INDEX                                                                                      \
    "{\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"manifests\":["                   \
    "{\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}},"                                \
    "{\"platform\":{\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v7\"}},"               \
    "{\"platform\":{\"os\":\"unknown\",\"architecture\":\"unknown\"}}]}"
#define FOUND "Docker-Content-Digest: " DIGEST "\r\nContent-Type: text/plain\r\n"

struct asked {
    int rc;
    gantry_error err;
    gantry_remote_image *image;
    char log[8192];
};

static void ask_named(struct asked *a, const struct tiny_row *rows, const char *name,
                      const gantry_auth *auth, int tls_verify)
{
    gantry_reference_options options = { .size = sizeof options };
    gantry_remote_options o = { .size = sizeof o, .auth = auth, .tls_verify = tls_verify };
    gantry_reference *r = NULL;
    struct tiny_http t;
    char text[128];

    memset(a, 0, sizeof *a);
    assert_int_equal(tiny_start(&t, rows), 0);
    snprintf(text, sizeof text, "127.0.0.1:%d/%s", t.port, name);
    assert_int_equal(gantry_reference_parse(text, &options, &r, NULL), 0);
    a->rc = gnt_remote_inspect(&host, r, &o, &a->image, &a->err);
    gantry_reference_free(r);
    tiny_stop(&t);
    memcpy(a->log, t.log, sizeof a->log);
    assert_int_equal(a->rc, a->err.code);
    assert_null(strstr(a->err.message, "hush"));
    assert_null(strstr(logged, "hush"));
    assert_null(strstr(logged, "aHVz"));
}

#define AUTH(...) (&(const gantry_auth){ .size = sizeof(gantry_auth), __VA_ARGS__ })
#define ASK(a, rows, auth) ask_named(a, rows, "team/app:1", auth, GANTRY_OFF)

static void expect_found(struct asked *a)
{
    assert_int_equal(a->rc, 0);
    assert_string_equal(a->image->digest, DIGEST);
    gantry_remote_image_free(a->image);
}

static void test_plain(void **state)
{
    static const struct tiny_row rows[] = { { "GET /v2/team/app/manifests/1 ",
                                              "Accept: application/vnd.oci.image.index", "200 OK",
                                              FOUND, INDEX },
                                            { NULL, NULL, NULL, NULL, NULL } };
    struct asked a;

    (void)state;
    ASK(&a, rows, NULL);
    assert_int_equal(a.rc, 0);
    assert_string_equal(a.image->media_type, "application/vnd.oci.image.index.v1+json");
    assert_int_equal(a.image->manifest_bytes, strlen(INDEX));
    assert_string_equal(a.image->platforms[0], "linux/amd64");
    assert_string_equal(a.image->platforms[1], "linux/arm/v7");
    assert_null(a.image->platforms[2]);
    assert_null(strstr(a.log, "Authorization"));
    expect_found(&a);
    ask_named(&a, rows, "team/other", NULL, GANTRY_OFF);
    assert_int_equal(a.rc, GANTRY_E_NOT_FOUND);
    assert_int_equal(a.err.http_status, 404);
    /* Without leave nothing is asked in the clear. */
    ask_named(&a, rows, "team/app:1", NULL, 0);
    assert_int_equal(a.rc, GANTRY_E_REGISTRY);
    assert_string_equal(a.log, "");
}

static void test_basic(void **state)
{
    static const struct tiny_row rows[] = {
        { "GET /v2/", "Authorization: Basic dTpodXNo\r\n", "200 OK", FOUND, "{}" },
        { "GET /v2/", NULL, "401 Unauthorized", "WWW-Authenticate: Basic realm=\"r\"\r\n",
          "{\"errors\":[{\"code\":\"UNAUTHORIZED\",\"message\":\"who are you\"}]}" },
        { NULL, NULL, NULL, NULL, NULL }
    };
    struct asked a;

    (void)state;
    ASK(&a, rows, AUTH(.username = "u", .password = "hush"));
    assert_string_equal(a.image->media_type, "text/plain");
    assert_null(a.image->platforms[0]);
    expect_found(&a);
    ASK(&a, rows, AUTH(.username = "u", .password = "hush!"));
    assert_int_equal(a.rc, GANTRY_E_UNAUTHORIZED);
    assert_non_null(strstr(a.err.message, "who are you"));
    ASK(&a, rows, NULL);
    assert_int_equal(a.rc, GANTRY_E_UNAUTHORIZED);
}

#define BEARER                                                                                     \
    "WWW-Authenticate: Bearer realm=\"http://127.0.0.1:PORT/token?x=1\",service=\"a b\"\r\n"

static void test_bearer(void **state)
{
    static const struct tiny_row rows[] = {
        { "GET /v2/", "Authorization: Bearer hush-t\r\n", "200 OK", FOUND, "{}" },
        { "GET /v2/", NULL, "401 Unauthorized", BEARER, "{}" },
        { "GET /token?x=1&service=a%20b&scope=repository%3Ateam%2Fapp%3Apull ",
          "Authorization: Basic dTpodXNo\r\n", "200 OK", "", "{\"token\":\"hush-t\"}" },
        { "POST /token?x=1 ",
          "grant_type=refresh_token&service=a%20b&scope=repository%3Ateam%2Fapp%3Apull&"
          "client_id=libgantry&refresh_token=hush%20i",
          "200 OK", "", "{\"access_token\":\"hush-t\"}" },
        { "GET /token", NULL, "401 Unauthorized", "",
          "{\"errors\":[{\"message\":\"wrong password\"}]}" },
        { NULL, NULL, NULL, NULL, NULL }
    };
    struct asked a;

    (void)state;
    ASK(&a, rows, AUTH(.username = "u", .password = "hush"));
    expect_found(&a);
    ASK(&a, rows, AUTH(.identity_token = "hush i"));
    expect_found(&a);
    ASK(&a, rows, AUTH(.registry_token = "hush-t"));
    expect_found(&a);
    assert_null(strstr(a.log, "/token"));
    ASK(&a, rows, AUTH(.registry_token = "hush-u"));
    assert_int_equal(a.rc, GANTRY_E_UNAUTHORIZED);
    ASK(&a, rows, AUTH(.username = "u", .password = "hush!"));
    assert_int_equal(a.rc, GANTRY_E_UNAUTHORIZED);
    assert_non_null(strstr(a.err.message, "wrong password"));
}

static void test_redirects(void **state)
{
    static const struct tiny_row rows[] = {
        { "GET /v2/team/app/manifests/1 ", NULL, "307 Temporary Redirect",
          "Location: /elsewhere\r\n", "" },
        { "GET /elsewhere ", "Authorization: Bearer hush\r\n", "302 Found",
          "Location: http://localhost:PORT/other\r\n", "" },
        { "GET /other ", "Authorization", "500 Leaked", "", "" },
        { "GET /other ", NULL, "200 OK", FOUND, "{}" },
        { "GET /v2/team/app/manifests/loop ", NULL, "302 Found", "Location: loop\r\n", "" },
        { "GET /v2/team/app/manifests/file ", NULL, "302 Found", "Location: file:///etc/passwd\r\n",
          "" },
        { "GET /v2/team/app/manifests/none ", NULL, "302 Found", "", "" },
        { NULL, NULL, NULL, NULL, NULL }
    };
    static const char *const bad[] = { "team/app:loop", "team/app:file", "team/app:none" };
    struct asked a;

    (void)state;
    ASK(&a, rows, AUTH(.registry_token = "hush"));
    expect_found(&a);
    for (size_t i = 0; i < 3; i++) {
        ask_named(&a, rows, bad[i], NULL, GANTRY_OFF);
        assert_int_equal(a.rc, GANTRY_E_REGISTRY);
    }
}

static void test_answers(void **state)
{
    static const struct tiny_row rows[] = {
        { "GET /v2/team/app/manifests/single ", NULL, "200 OK", FOUND,
          "{\"mediaType\":\"m\",\"config\":{\"digest\":\"" DIGEST "\"}}" },
        { "GET /v2/team/app/blobs/sha256", NULL, "200 OK", "",
          "{\"os\":\"linux\",\"architecture\":\"arm64\",\"config\":{}}" },
        { "GET /v2/team/app/manifests/silent ", NULL, "200 OK", "", "{}" },
        { "GET /v2/team/app/manifests/text ", NULL, "200 OK", FOUND, "hello" },
        { "GET /v2/team/app/manifests/limit ", NULL, "429 Too Many Requests", "",
          "{\"errors\":[{\"code\":\"TOOMANYREQUESTS\",\"message\":\"slowly\"}]}" },
        { "GET /v2/team/app/manifests/denied ", NULL, "403 Forbidden", "", "" },
        { "GET /v2/team/app/manifests/broken ", NULL, "500 Oops", "", "" },
        { NULL, NULL, NULL, NULL, NULL }
    };
    static const struct {
        const char *name;
        int code, retry;
    } failing[] = {
        { "team/app:silent", GANTRY_E_PROTOCOL, GANTRY_RETRY_NO },
        { "team/app:text", GANTRY_E_PROTOCOL, GANTRY_RETRY_NO },
        { "team/app:limit", GANTRY_E_REGISTRY, GANTRY_RETRY_YES },
        { "team/app:denied", GANTRY_E_FORBIDDEN, GANTRY_RETRY_NO },
        { "team/app:broken", GANTRY_E_REGISTRY, GANTRY_RETRY_YES },
    };
    struct asked a;

    (void)state;
    ask_named(&a, rows, "team/app:single", NULL, GANTRY_OFF);
    assert_string_equal(a.image->platforms[0], "linux/arm64");
    expect_found(&a);
    for (size_t i = 0; i < sizeof failing / sizeof failing[0]; i++) {
        ask_named(&a, rows, failing[i].name, NULL, GANTRY_OFF);
        assert_int_equal(a.rc, failing[i].code);
        assert_int_equal(a.err.retry, failing[i].retry);
    }
    /* By digest a registry need not repeat it. */
    ask_named(&a,
              (const struct tiny_row[]){
                  { "GET /v2/team/app/manifests/sha256", NULL, "200 OK", "", "{}" },
                  { NULL, NULL, NULL, NULL, NULL } },
              "team/app@" DIGEST, NULL, GANTRY_OFF);
    expect_found(&a);
}

static void test_limits(void **state)
{
    gantry_call call = { .size = sizeof call, .timeout_ms = 1 };
    gantry_remote_options o = { .size = sizeof o, .call = &call };
    gantry_reference *r = NULL;
    gantry_remote_image *image = NULL;
    gantry_cancel *token = NULL;
    gantry_error err = { 0 };

    (void)state;
    assert_int_equal(gantry_reference_parse("nowhere.invalid/app", NULL, &r, &err), 0);
    assert_int_equal(gantry_cancel_new(&token, &err), 0);
    gantry_cancel_trigger(token);
    call.timeout_ms = 0;
    call.cancel = token;
    assert_int_equal(gnt_remote_inspect(&host, r, &o, &image, &err), GANTRY_E_CANCELLED);
    assert_null(image);
    gantry_cancel_free(token);
    gantry_reference_free(r);
    assert_int_equal(gantry_reference_parse("127.0.0.1:1/app", NULL, &r, &err), 0);
    o.call = NULL;
    assert_int_equal(gnt_remote_inspect(&host, r, &o, &image, &err), GANTRY_E_REGISTRY);
    assert_non_null(strstr(err.message, "Connection refused"));
    gantry_reference_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_challenges, set_up),
        cmocka_unit_test_setup(test_plain, set_up),
        cmocka_unit_test_setup(test_basic, set_up),
        cmocka_unit_test_setup(test_bearer, set_up),
        cmocka_unit_test_setup(test_redirects, set_up),
        cmocka_unit_test_setup(test_answers, set_up),
        cmocka_unit_test_setup(test_limits, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
