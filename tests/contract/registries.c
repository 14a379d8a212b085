/*
 * Registries: logins and where they are kept, remote images, search. The image is put into the
 * registry by hand, so that what the library says of it is compared with the registry's own words.
 */
#include "contract.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tiny_http.h"

#define CONFIG_DIGEST "sha256:7e728596412643bf9775da25add0f1b37b8f9871d7223b11e115a7889ffcb297"
#define CONFIG_SIZE "103"
static const char config[] = "{\"architecture\":\"arm\",\"os\":\"linux\",\"variant\":\"v7\","
                             "\"config\":{},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}";
static const char manifest[] =
    "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.docker.distribution.manifest.v2+json\","
    "\"config\":{\"mediaType\":\"application/vnd.docker.container.image.v1+json\",\"size\":" //
    CONFIG_SIZE ",\"digest\":\"" CONFIG_DIGEST "\"},\"layers\":[]}";

#define AUTH(...) (&(const gantry_auth){ .size = sizeof(gantry_auth), __VA_ARGS__ })

/* ---- a registry, spoken to by hand ----------------------------------------------------------- */

/* One request to "host:port"; the answer's head is in `answer`. */
static void speak(const char *registry, const char *line, const char *type, const char *body,
                  char *answer, size_t size)
{
    struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM };
    struct addrinfo *at = NULL;
    char host[128];
    char request[4096];
    size_t have = 0;
    ssize_t n;
    int fd;

    snprintf(host, sizeof host, "%s", registry);
    *strchr(host, ':') = '\0';
    assert_int_equal(getaddrinfo(host, strchr(registry, ':') + 1, &hints, &at), 0);
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, at->ai_addr, at->ai_addrlen), 0);
    freeaddrinfo(at);
    snprintf(request, sizeof request,
             "%s HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
             "Connection: close\r\n\r\n%s",
             line, registry, type, strlen(body), body);
    assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
    while (have < size - 1 && (n = recv(fd, answer + have, size - 1 - have, 0)) > 0)
        have += (size_t)n;
    answer[have] = '\0';
    close(fd);
}

/* The value of a header of an answer. */
static void header(const char *answer, const char *name, char *out, size_t size)
{
    const char *at = strstr(answer, name);

    assert_non_null(at);
    at += strlen(name);
    snprintf(out, size, "%.*s", (int)strcspn(at, "\r\n"), at);
}

/* Put the image into the plain registry; the digest of its manifest. */
static void put_image(const char *registry, const char *path, char digest[80])
{
    char answer[4096];
    char line[1024];
    char place[800];
    char *rest;

    snprintf(line, sizeof line, "POST /v2/%s/blobs/uploads/", path);
    speak(registry, line, "application/octet-stream", "", answer, sizeof answer);
    header(answer, "Location: ", place, sizeof place);
    rest = strstr(place, "/v2/");
    assert_non_null(rest);
    snprintf(line, sizeof line, "PUT %s&digest=" CONFIG_DIGEST, rest);
    speak(registry, line, "application/octet-stream", config, answer, sizeof answer);
    contract_contains(answer, "201 Created", "blob", __FILE__, __LINE__);
    snprintf(line, sizeof line, "PUT /v2/%s/manifests/1", path);
    speak(registry, line, "application/vnd.docker.distribution.manifest.v2+json", manifest, answer,
          sizeof answer);
    contract_contains(answer, "201 Created", "manifest", __FILE__, __LINE__);
    header(answer, "Docker-Content-Digest: ", digest, 80);
}

/* How a registry without TLS is asked: Docker knows by itself that loopback is one. */
static int plain(const struct contract *f)
{
    return contract_differs(f, DIFF_TLS_IS_THE_ENGINES) ? 0 : GANTRY_OFF;
}

/* ---- an engine with a home of its own -------------------------------------------------------- */

struct home {
    char folder[64];
    char variable[80];
    char runtime[100];
    const char *environment[4];
    gantry_engine *engine;
    gantry_registries *registries;
    const char *secret; /* must be in no log line */
    atomic_int lines;
    atomic_int leaks;
};

static void look_at_line(void *arg, int level, const char *component, const char *text)
{
    struct home *h = arg;

    (void)level;
    (void)component;
    h->lines++;
    h->leaks += strstr(text, h->secret) != NULL;
}

static void open_home(struct contract *f, struct home *h)
{
    gantry_logger logger = {
        .size = sizeof logger, .log = look_at_line, .arg = h, .level = GANTRY_LOG_DEBUG
    };
    gantry_engine_options o = contract_engine_options(f);

    o.logger = &logger;
    h->secret = contract_registry_password(f);
    h->lines = h->leaks = 0;
    strcpy(h->folder, "/tmp/gantry-ct-XXXXXX");
    assert_non_null(mkdtemp(h->folder));
    snprintf(h->variable, sizeof h->variable, "HOME=%s", h->folder);
    snprintf(h->runtime, sizeof h->runtime, "XDG_RUNTIME_DIR=%s/run", h->folder);
    h->environment[0] = h->variable;
    h->environment[1] = h->runtime;
    h->environment[2] = NULL;
    o.environment = h->environment;
    OK(gantry_engine_open(GANTRY_RUNTIME_AUTO, &o, &h->engine, &f->err));
    h->registries = gantry_engine_registries(h->engine);
}

/* The file that the engine's own command line would write. */
static void login_file(const struct contract *f, const struct home *h, char *out, size_t size)
{
    snprintf(out, size, "%s/%s", h->folder,
             (f->on & ON_DOCKER) != 0 ? ".docker/config.json" : "run/containers/auth.json");
}

static void close_home(const struct contract *f, struct home *h)
{
    char path[160];

    gantry_engine_close(h->engine);
    CHECK(h->lines > 0 && h->leaks == 0);
    login_file(f, h, path, sizeof path);
    unlink(path);
    *strrchr(path, '/') = '\0';
    rmdir(path);
    *strrchr(path, '/') = '\0';
    rmdir(path);
    rmdir(h->folder);
}

/* ---- login ----------------------------------------------------------------------------------- */

static void logs_in(struct contract *f)
{
    const char *registry = contract_registry(f, CONTRACT_REGISTRY_TLS);
    gantry_registries *registries = gantry_engine_registries(f->engine);
    gantry_login_result *result = NULL;

    OK(gantry_registries_login(
        registries, registry,
        AUTH(.username = contract_registry_user(f), .password = contract_registry_password(f)),
        NULL, &result, &f->err));
    CONTAINS(result->status, "Succeeded");
    SAME(result->identity_token, "");
    gantry_login_result_free(result);
    FAILS(gantry_registries_login(
              registries, registry,
              AUTH(.username = contract_registry_user(f), .password = "hush-hush"), NULL, NULL,
              &f->err),
          GANTRY_E_UNAUTHORIZED);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_REGISTRY);
    SAME(f->err.resource, registry);
    CHECK(strstr(f->err.message, "hush") == NULL);
}

static void login_says_what_fails(struct contract *f)
{
    gantry_registries *registries = gantry_engine_registries(f->engine);
    const gantry_auth *auth = AUTH(.username = "u", .password = "hush-hush");

    FAILS(gantry_registries_login(registries, contract_registry(f, CONTRACT_REGISTRY_UNTRUSTED),
                                  auth, NULL, NULL, &f->err),
          GANTRY_E_REGISTRY);
    CONTAINS(f->err.message, "certificate");
    FAILS(gantry_registries_login(registries, "127.0.0.1:1", auth, NULL, NULL, &f->err),
          GANTRY_E_REGISTRY);
    FAILS(gantry_registries_login(registries, "nowhere.invalid", auth, NULL, NULL, &f->err),
          GANTRY_E_REGISTRY);
    FAILS(gantry_registries_login(registries, "", auth, NULL, NULL, &f->err), GANTRY_E_INVALID);
    FAILS(
        gantry_registries_login(registries, "x.org", AUTH(.password = "hush"), NULL, NULL, &f->err),
        GANTRY_E_INVALID);
    FAILS(gantry_registries_login(registries, "x.org", AUTH(.registry_token = "hush"), NULL, NULL,
                                  &f->err),
          GANTRY_E_INVALID);
}

static void login_is_kept(struct contract *f)
{
    const char *registry = contract_registry(f, CONTRACT_REGISTRY_TLS);
    gantry_login_options store = { .size = sizeof store, .store = GANTRY_ON };
    struct home h;
    char path[160];
    struct stat st;

    open_home(f, &h);
    login_file(f, &h, path, sizeof path);
    FAILS(gantry_registries_login(h.registries, registry, NULL, NULL, NULL, &f->err),
          GANTRY_E_UNAUTHORIZED);
    CHECK(strstr(f->err.message, registry) != NULL);
    CHECK(strchr(f->err.message, '/') == NULL);
    FAILS(gantry_registries_logout(h.registries, registry, NULL, &f->err), GANTRY_E_NOT_FOUND);
    FAILS(gantry_registries_login(h.registries, registry,
                                  AUTH(.username = "u", .password = "wrong"), &store, NULL,
                                  &f->err),
          GANTRY_E_UNAUTHORIZED);
    CHECK(stat(path, &st) < 0); /* what failed is not kept */
    OK(gantry_registries_login(
        h.registries, registry,
        AUTH(.username = contract_registry_user(f), .password = contract_registry_password(f)),
        &store, NULL, &f->err));
    CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
    /* It is what calls use from now on. */
    OK(gantry_registries_login(h.registries, registry, NULL, NULL, NULL, &f->err));
    OK(gantry_registries_logout(h.registries, registry, NULL, &f->err));
    FAILS(gantry_registries_login(h.registries, registry, NULL, NULL, NULL, &f->err),
          GANTRY_E_UNAUTHORIZED);
    close_home(f, &h);
}

/* ---- remote images --------------------------------------------------------------------------- */

static void looks_at_a_remote_image(struct contract *f)
{
    const char *registry = contract_registry(f, CONTRACT_REGISTRY_PLAIN);
    gantry_registries *registries = gantry_engine_registries(f->engine);
    gantry_remote_options o = { .size = sizeof o, .tls_verify = plain(f) };
    gantry_remote_image *image = NULL;
    char reference[300];
    char digest[80];
    int exists = -1;

    put_image(registry, contract_name(f, "remote"), digest);
    snprintf(reference, sizeof reference, "%s/%s:1", registry, f->names[0]);
    OK(gantry_registries_inspect(registries, reference, &o, &image, &f->err));
    SAME(image->digest, digest);
    SAME(image->media_type, "application/vnd.docker.distribution.manifest.v2+json");
    CHECK(image->manifest_bytes == (int64_t)strlen(manifest));
    CHECK(contract_in_list(image->platforms, "linux/arm/v7"));
    gantry_remote_image_free(image);
    OK(gantry_registries_exists(registries, reference, &o, &exists, &f->err));
    CHECK(exists == 1);
    snprintf(reference, sizeof reference, "%s/%s@%s", registry, f->names[0], digest);
    OK(gantry_registries_exists(registries, reference, &o, &exists, &f->err));
    CHECK(exists == 1);
    snprintf(reference, sizeof reference, "%s/%s:other", registry, f->names[0]);
    OK(gantry_registries_exists(registries, reference, &o, &exists, &f->err));
    CHECK(exists == 0);
    FAILS(gantry_registries_inspect(registries, reference, &o, &image, &f->err),
          GANTRY_E_NOT_FOUND);
    snprintf(reference, sizeof reference, "%s/no-such-thing", registry);
    OK(gantry_registries_exists(registries, reference, &o, &exists, &f->err));
    CHECK(exists == 0);
}

static void looks_with_credentials(struct contract *f)
{
    gantry_registries *registries = gantry_engine_registries(f->engine);
    gantry_remote_options o = { .size = sizeof o };
    gantry_remote_image *image = NULL;
    char reference[300];
    int exists = -1;

    snprintf(reference, sizeof reference, "%s/no-such-thing",
             contract_registry(f, CONTRACT_REGISTRY_TLS));
    FAILS(gantry_registries_inspect(registries, reference, &o, &image, &f->err),
          GANTRY_E_UNAUTHORIZED);
    FAILS(gantry_registries_exists(registries, reference, &o, &exists, &f->err),
          GANTRY_E_UNAUTHORIZED);
    o.auth = AUTH(.username = contract_registry_user(f), .password = "hush-hush");
    FAILS(gantry_registries_inspect(registries, reference, &o, &image, &f->err),
          GANTRY_E_UNAUTHORIZED);
    CHECK(strstr(f->err.message, "hush") == NULL);
    o.auth = AUTH(.username = contract_registry_user(f), .password = contract_registry_password(f));
    FAILS(gantry_registries_inspect(registries, reference, &o, &image, &f->err),
          GANTRY_E_NOT_FOUND);
    CHECK(exists == -1);
    OK(gantry_registries_exists(registries, reference, &o, &exists, &f->err));
    CHECK(exists == 0);
    snprintf(reference, sizeof reference, "%s/x",
             contract_registry(f, CONTRACT_REGISTRY_UNTRUSTED));
    FAILS(gantry_registries_inspect(registries, reference, &o, &image, &f->err), GANTRY_E_REGISTRY);
    CONTAINS(f->err.message, "certificate");
    FAILS(gantry_registries_inspect(registries, "127.0.0.1:1/x", &o, &image, &f->err),
          GANTRY_E_REGISTRY);
    FAILS(gantry_registries_inspect(registries, "nowhere.invalid/x", NULL, &image, &f->err),
          GANTRY_E_REGISTRY);
    FAILS(gantry_registries_inspect(registries, "Not/A/reference", NULL, &image, &f->err),
          GANTRY_E_INVALID);
}

/* ---- search ---------------------------------------------------------------------------------- */

/* The old index API, which Docker searches. */
static const struct tiny_row index_rows[] = {
    { "GET /v1/_ping", NULL, "200 OK", "X-Docker-Registry-Standalone: true\r\n", "true" },
    { "GET /v1/search?", NULL, "200 OK", "Content-Type: application/json\r\n",
      "{\"num_results\":2,\"query\":\"app\",\"results\":[{\"name\":\"team/app\",\"description\":"
      "\"An app\",\"star_count\":7,\"is_official\":true,\"is_automated\":false},{\"name\":"
      "\"other/app\",\"description\":\"\",\"star_count\":0,\"is_official\":false}]}" },
    { NULL, NULL, NULL, NULL, NULL }
};

static void searches_an_index(struct contract *f)
{
    gantry_registries *registries = gantry_engine_registries(f->engine);
    gantry_search_options o = { .size = sizeof o };
    gantry_search_result *result = NULL;
    struct tiny_http t;
    char term[80];
    char want[80];

    assert_int_equal(tiny_start(&t, index_rows), 0);
    snprintf(term, sizeof term, "127.0.0.1:%d/app", t.port);
    snprintf(want, sizeof want, "127.0.0.1:%d/team/app", t.port);
    OK(gantry_registries_search(registries, term, &o, &result, &f->err));
    CHECK(result->count == 2);
    SAME(result->items[0]->name, want);
    SAME(result->items[0]->description, "An app");
    CHECK(result->items[0]->stars == 7 && result->items[0]->official == 1);
    gantry_search_result_free(result);
    o.min_stars = 1;
    OK(gantry_registries_search(registries, term, &o, &result, &f->err));
    CHECK(result->count == 1);
    gantry_search_result_free(result);
    o.min_stars = 0;
    o.official = GANTRY_OFF;
    OK(gantry_registries_search(registries, term, &o, &result, &f->err));
    CHECK(result->count == 1 && result->items[0]->official == 0 && result->items[1] == NULL);
    gantry_search_result_free(result);
    o.tls_verify = GANTRY_OFF;
    FAILS(gantry_registries_search(registries, term, &o, &result, &f->err), GANTRY_E_UNSUPPORTED);
    tiny_stop(&t);
}

static void searches_a_catalog(struct contract *f)
{
    const char *registry = contract_registry(f, CONTRACT_REGISTRY_PLAIN);
    gantry_registries *registries = gantry_engine_registries(f->engine);
    gantry_search_options o = { .size = sizeof o, .tls_verify = GANTRY_OFF };
    gantry_search_result *result = NULL;
    char digest[80];
    char term[300];

    put_image(registry, contract_name(f, "searched"), digest);
    snprintf(term, sizeof term, "%s/%s", registry, f->names[0]);
    OK(gantry_registries_search(registries, term, &o, &result, &f->err));
    CHECK(result->count == 1);
    SAME(result->items[0]->name, term);
    gantry_search_result_free(result);
}

static void search_refuses(struct contract *f)
{
    gantry_registries *registries = gantry_engine_registries(f->engine);
    gantry_search_options o = { .size = sizeof o, .limit = -1 };
    gantry_search_result *result = NULL;

    FAILS(gantry_registries_search(registries, "", NULL, &result, &f->err), GANTRY_E_INVALID);
    FAILS(gantry_registries_search(registries, "x", &o, &result, &f->err), GANTRY_E_INVALID);
    CHECK(result == NULL);
}

#define LOGIN NEEDS(GANTRY_FEATURE_REGISTRIES_LOGIN)
#define SEARCH NEEDS(GANTRY_FEATURE_REGISTRIES_SEARCH)

const struct contract_test registries_tests[] = {
    TEST_WITH(logs_in, LOGIN),
    TEST_WITH(login_says_what_fails, LOGIN),
    TEST_WITH(login_is_kept, LOGIN, .on = ON_KNOWN),
    TEST_WITH(looks_at_a_remote_image, NEEDS(GANTRY_FEATURE_REGISTRIES_INSPECT)),
    TEST_WITH(looks_with_credentials, NEEDS(GANTRY_FEATURE_REGISTRIES_INSPECT)),
    TEST_WITH(searches_an_index, SEARCH, .on = ON_DOCKER),
    TEST_WITH(searches_a_catalog, SEARCH, .on = ON_PODMAN | ON_ROOTLESS),
    TEST_WITH(search_refuses, SEARCH),
    { 0 }
};
