/* Credentials in files and helpers: what is found where, and what is kept and forgotten. */
#define _XOPEN_SOURCE 700
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gantry/gantry.h>

struct fixture {
    char home[64];
    char *env[8];
    const char *environment[9];
    size_t env_count;
    gantry_credentials *credentials;
    gantry_error err;
};

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
    (void)st;
    (void)kind;
    (void)walk;
    return remove(path);
}

static void set_env(struct fixture *f, const char *name, const char *value)
{
    size_t size;

    assert_true(f->env_count < 8);
    size = strlen(name) + strlen(value) + 2;
    f->env[f->env_count] = malloc(size);
    snprintf(f->env[f->env_count], size, "%s=%s", name, value);
    f->environment[f->env_count] = f->env[f->env_count];
    f->environment[++f->env_count] = NULL;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    char path[128];

    strcpy(f->home, "/tmp/gantry-test-XXXXXX");
    assert_non_null(mkdtemp(f->home));
    snprintf(path, sizeof path, "%s:/usr/bin:/bin", f->home);
    set_env(f, "HOME", f->home);
    set_env(f, "PATH", path);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    gantry_credentials_free(f->credentials);
    for (size_t i = 0; i < f->env_count; i++)
        free(f->env[i]);
    nftw(f->home, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(f);
    return 0;
}

/* Write a file below the home; folders are made. */
static const char *put(struct fixture *f, const char *name, const char *text, mode_t mode)
{
    static char path[256];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", f->home, name);
    for (char *p = strchr(path + strlen(f->home) + 1, '/'); p != NULL; p = strchr(p + 1, '/')) {
        *p = '\0';
        mkdir(path, 0700);
        *p = '/';
    }
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    chmod(path, mode);
    return path;
}

static const char *content(struct fixture *f, const char *name)
{
    static char text[8192];
    char path[256];
    FILE *file;
    size_t size;

    snprintf(path, sizeof path, "%s/%s", f->home, name);
    file = fopen(path, "r");
    if (file == NULL)
        return "";
    size = fread(text, 1, sizeof text - 1, file);
    text[size] = '\0';
    fclose(file);
    return text;
}

static gantry_credentials *open_with(struct fixture *f, gantry_credentials_options o)
{
    o.size = sizeof o;
    o.environment = f->environment;
    gantry_credentials_free(f->credentials);
    f->credentials = NULL;
    assert_int_equal(gantry_credentials_open(&o, &f->credentials, &f->err), 0);
    return f->credentials;
}

#define OPEN(...) open_with(f, (gantry_credentials_options){ __VA_ARGS__ })

static int open_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int count = 0;

    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

/* What is found, as "user:password", "token:identity", "bearer:token"; or the code's name. */
static const char *ask(struct fixture *f, const char *registry)
{
    static char text[256];
    gantry_found_auth *found = NULL;
    int before = open_fds();
    int rc;

    memset(&f->err, 0, sizeof f->err);
    rc = gantry_credentials_get(f->credentials, registry, NULL, &found, &f->err);
    if (rc < 0) {
        assert_int_equal(rc, f->err.code);
        assert_null(found);
        snprintf(text, sizeof text, "%s", gantry_error_name(rc));
    } else {
        const gantry_auth *a = found->auth;

        assert_non_null(a->registry);
        assert_true(found->source[0] != '\0');
        if (a->registry_token != NULL)
            snprintf(text, sizeof text, "bearer:%s", a->registry_token);
        else if (a->identity_token != NULL)
            snprintf(text, sizeof text, "token:%s", a->identity_token);
        else
            snprintf(text, sizeof text, "%s:%s", a->username, a->password);
    }
    gantry_found_auth_free(found);
    assert_int_equal(open_fds(), before);
    return text;
}

/* ---- files ----------------------------------------------------------------------------------- */

static const char entries[] =
    "{ \"auths\": {\n"
    "  \"https://index.docker.io/v1/\": { \"auth\": \"aHViOmh1YnB3\", \"email\": \"a@b\" },\n"
    "  \"my.example.org\": { \"auth\": \"bXk6bXlwdw==\" },\n"
    "  \"http://legacy.example.org/v1/\": { \"auth\": \"bGVnOmxlZ3B3\" },\n"
    "  \"plain.org:5000\": { \"username\": \"p\", \"password\": \"a:b\" },\n"
    "  \"colon.org\": { \"auth\": \"dTphOmI=\" },\n"
    "  \"nul.org\": { \"auth\": \"dTpwAAA=\" },\n"
    "  \"token.org\": { \"auth\": \"dTo=\", \"identitytoken\": \"it\" },\n"
    "  \"angle.org\": { \"auth\": \"PHRva2VuPjppdA==\" },\n"
    "  \"bearer.org\": { \"registrytoken\": \"rt\" },\n"
    "  \"utf8.org\": { \"auth\": \"w6Y6w6Y=\" },\n"
    "  \"empty.org\": { },\n"
    "  \"odd.org\": { \"sakuya\": \"izayoi\" },\n"
    "  \"quay.io\": { \"auth\": \"cTpx\" },\n"
    "  \"quay.io/team\": { \"auth\": \"dGVhbTp0\" },\n"
    "  \"quay.io/team/app\": { \"auth\": \"YXBwOmE=\" },\n"
    "  \"only.org/path\": { \"auth\": \"bzpv\" },\n"
    "  \"broken.org\": { \"auth\": \"***\" },\n"
    "  \"nocolon.org\": { \"auth\": \"dXNlcg==\" }\n"
    "}, \"HttpHeaders\": { \"a\": \"b\" }, \"detachKeys\": \"ctrl-q\" }";

static void test_entries(void **state)
{
    static const struct {
        const char *registry, *want;
    } rows[] = {
        { "docker.io", "hub:hubpw" },
        { "index.docker.io", "hub:hubpw" },
        { "https://index.docker.io/v1/", "hub:hubpw" },
        { "docker.io/library/alpine", "hub:hubpw" },
        { "user/image", "hub:hubpw" },
        { "my.example.org", "my:mypw" },
        { "http://my.example.org", "my:mypw" },
        { "https://my.example.org/v1/", "my:mypw" },
        { "my.example.org/some/image", "my:mypw" },
        { "legacy.example.org", "leg:legpw" },
        { "plain.org:5000", "p:a:b" },
        { "plain.org", "NOT_FOUND" },
        { "plain.org:5001", "NOT_FOUND" },
        { "colon.org", "u:a:b" },
        { "nul.org", "u:p" },
        { "token.org", "token:it" },
        { "angle.org", "token:it" },
        { "bearer.org", "bearer:rt" },
        { "utf8.org", "\xc3\xa6:\xc3\xa6" },
        { "empty.org", "NOT_FOUND" },
        { "odd.org", "NOT_FOUND" },
        { "does.not.exist", "NOT_FOUND" },
        { "quay.io", "q:q" },
        { "quay.io/other/app", "q:q" },
        { "quay.io/team/else", "team:t" },
        { "quay.io/teamed/else", "q:q" },
        { "quay.io/team/app", "app:a" },
        { "quay.io/team/app/deeper", "app:a" },
        { "only.org", "NOT_FOUND" },
        { "only.org/path/app", "o:o" },
        { "broken.org", "INVALID" },
        { "nocolon.org", "INVALID" },
        { "", "INVALID" },
        { "a b", "INVALID" },
        { "-x.org", "INVALID" },
    };
    struct fixture *f = *state;

    put(f, ".docker/config.json", entries, 0600);
    for (int order = 1; order <= 2; order++) {
        OPEN(.order = order);
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
            assert_string_equal(ask(f, rows[i].registry), rows[i].want);
    }
    assert_string_equal(ask(f, "does.not.exist"), "NOT_FOUND");
    assert_int_equal(f->err.resource_kind, GANTRY_RESOURCE_REGISTRY);
    assert_string_equal(f->err.resource, "does.not.exist");
    ask(f, "broken.org");
    assert_non_null(strstr(f->err.message, "/.docker/config.json"));
    assert_null(strstr(f->err.message, "***"));
}

static void one_entry(struct fixture *f, const char *name, const char *user_pair)
{
    char text[256];

    snprintf(text, sizeof text, "{\"auths\":{\"x.org\":{\"auth\":\"%s\"}}}", user_pair);
    put(f, name, text, 0600);
}

static void test_search_order(void **state)
{
    struct fixture *f = *state;
    char runtime[100], config[100], docker[100], named[100];

    snprintf(runtime, sizeof runtime, "%s/run", f->home);
    snprintf(config, sizeof config, "%s/conf", f->home);
    snprintf(docker, sizeof docker, "%s/dock", f->home);
    snprintf(named, sizeof named, "%s/named.json", f->home);
    set_env(f, "XDG_RUNTIME_DIR", runtime);
    set_env(f, "XDG_CONFIG_HOME", config);
    set_env(f, "DOCKER_CONFIG", docker);
    one_entry(f, "run/containers/auth.json", "MTox");
    one_entry(f, "conf/containers/auth.json", "Mjoy");
    one_entry(f, "dock/config.json", "Mzoz");
    put(f, ".dockercfg", "{\"x.org\":{\"auth\":\"NDo0\"}}", 0600);
    OPEN(.order = 0);
    assert_string_equal(ask(f, "x.org"), "1:1");
    unlink(put(f, "run/containers/auth.json", "", 0600));
    assert_string_equal(ask(f, "x.org"), "2:2");
    put(f, "conf/containers/auth.json", " \n", 0600);
    assert_string_equal(ask(f, "x.org"), "3:3");
    put(f, "dock/config.json", "{}", 0600);
    assert_string_equal(ask(f, "x.org"), "4:4");
    OPEN(.order = GANTRY_CREDENTIALS_DOCKER);
    assert_string_equal(ask(f, "x.org"), "NOT_FOUND");
    one_entry(f, "dock/config.json", "Mzoz");
    assert_string_equal(ask(f, "x.org"), "3:3");
    set_env(f, "DOCKER_AUTH_CONFIG", "{\"auths\":{\"x.org\":{\"auth\":\"NTo1\"}}}");
    OPEN(.order = GANTRY_CREDENTIALS_DOCKER);
    assert_string_equal(ask(f, "x.org"), "5:5");
    one_entry(f, "conf/containers/auth.json", "Mjoy");
    OPEN(.order = GANTRY_CREDENTIALS_PODMAN);
    assert_string_equal(ask(f, "x.org"), "2:2");
    one_entry(f, "named.json", "Njo2");
    set_env(f, "REGISTRY_AUTH_FILE", named);
    OPEN(.order = GANTRY_CREDENTIALS_PODMAN);
    assert_string_equal(ask(f, "x.org"), "6:6");
    OPEN(.file = named, .order = GANTRY_CREDENTIALS_DOCKER);
    assert_string_equal(ask(f, "x.org"), "6:6");
}

static void test_bad_files(void **state)
{
    struct fixture *f = *state;
    char *large = calloc(1, 1024 * 1024 + 2);
    char path[128];

    OPEN(.order = GANTRY_CREDENTIALS_DOCKER);
    assert_string_equal(ask(f, "x.org"), "NOT_FOUND");
    put(f, ".docker/config.json", "{\"auths\": \"hush", 0600);
    assert_string_equal(ask(f, "x.org"), "INVALID");
    assert_null(strstr(f->err.message, "hush"));
    put(f, ".docker/config.json", "[1]", 0600);
    assert_string_equal(ask(f, "x.org"), "INVALID");
    put(f, ".docker/config.json", "{\"auths\":[]}", 0600);
    assert_string_equal(ask(f, "x.org"), "NOT_FOUND");
    memset(large, ' ', 1024 * 1024 + 1);
    put(f, ".docker/config.json", large, 0600);
    assert_string_equal(ask(f, "x.org"), "LIMIT");
    free(large);
    unlink(put(f, ".docker/config.json", "", 0600));
    mkfifo(put(f, ".docker/x", "", 0600), 0600);
    snprintf(path, sizeof path, "%s/.docker/config.json", f->home);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_string_equal(ask(f, "x.org"), "INVALID");
}

static void test_options(void **state)
{
    struct fixture *f = *state;
    gantry_credentials *c = NULL;
    gantry_credentials_options o = { .size = sizeof o, .order = 3 };

    assert_int_equal(gantry_credentials_open(&o, &c, &f->err), GANTRY_E_INVALID);
    o.order = 0;
    o.no_helpers = 5;
    assert_int_equal(gantry_credentials_open(&o, &c, &f->err), GANTRY_E_INVALID);
    o.no_helpers = 0;
    o.file = "";
    assert_int_equal(gantry_credentials_open(&o, &c, &f->err), GANTRY_E_INVALID);
    assert_int_equal(gantry_credentials_open(NULL, NULL, &f->err), GANTRY_E_INVALID);
    assert_null(c);
    assert_int_equal(gantry_credentials_open(NULL, &c, &f->err), 0);
    gantry_credentials_free(c);
}

/* ---- helpers --------------------------------------------------------------------------------- */

/* A keychain in a folder: a file for each server, its name without slashes. */
static const char keychain[] =
    "#!/bin/sh\n"
    "dir=${0%/*}/keys; mkdir -p \"$dir\"; input=$(cat)\n"
    "echo \"$1\" >>\"$dir/calls\"\n"
    "name() { printf '%s' \"$1\" | tr '/:' '__'; }\n"
    "case $1 in\n"
    "get) file=$dir/$(name \"$input\")\n"
    "  [ -f \"$file\" ] || { echo 'credentials not found in native keychain'; exit 1; }\n"
    "  cat \"$file\" ;;\n"
    "store) server=$(printf '%s' \"$input\" | sed 's/.*\"ServerURL\":\"\\([^\"]*\\)\".*/\\1/')\n"
    "  printf '%s' \"$input\" >\"$dir/$(name \"$server\")\" ;;\n"
    "erase) rm \"$dir/$(name \"$input\")\" ;;\n"
    "esac\n";

static void test_helper_get(void **state)
{
    struct fixture *f = *state;

    put(f, "docker-credential-chain", keychain, 0755);
    put(f, "keys/x.org", "{\"ServerURL\":\"x.org\",\"Username\":\"u\",\"Secret\":\"s\"}", 0600);
    put(f, "keys/t.org_5000", "{\"Username\":\"<token>\",\"Secret\":\"it\"}", 0600);
    put(f, "keys/https___index.docker.io_v1_", "{\"Username\":\"h\",\"Secret\":\"p\"}", 0600);
    put(f, ".docker/config.json",
        "{\"auths\":{\"x.org\":{},\"y.org\":{\"auth\":\"eTp5\"}},\"credsStore\":\"chain\","
        "\"credHelpers\":{\"other.org\":\"missing\",\"evil.org\":\"../x\",\"none.org\":\"\"}}",
        0600);
    for (int order = 1; order <= 2; order++) {
        OPEN(.order = order);
        assert_string_equal(ask(f, "x.org"), "u:s");
        assert_string_equal(ask(f, "t.org:5000"), "token:it");
        assert_string_equal(ask(f, "docker.io"), "h:p");
        assert_string_equal(ask(f, "x.org/some/image"), "u:s");
        assert_string_equal(ask(f, "y.org"), "y:y"); /* only the file knows it */
        assert_string_equal(ask(f, "z.org"), "NOT_FOUND");
        assert_string_equal(ask(f, "none.org"), "NOT_FOUND");
        assert_string_equal(ask(f, "other.org"), "IO");
        assert_non_null(strstr(f->err.message, "docker-credential-missing"));
        assert_string_equal(ask(f, "evil.org"), "INVALID");
    }
    OPEN(.no_helpers = GANTRY_ON);
    assert_string_equal(ask(f, "x.org"), "NOT_FOUND");
    assert_string_equal(ask(f, "other.org"), "NOT_FOUND");
}

static void test_store_missing(void **state)
{
    struct fixture *f = *state;

    put(f, ".docker/config.json",
        "{\"credsStore\":\"desktop\",\"auths\":{\"y.org\":{\"auth\":\"eTp5\"}}}", 0600);
    OPEN(.order = GANTRY_CREDENTIALS_DOCKER);
    assert_string_equal(ask(f, "y.org"), "IO");
    OPEN(.order = GANTRY_CREDENTIALS_PODMAN);
    assert_string_equal(ask(f, "y.org"), "y:y");
}

static void helper(struct fixture *f, const char *body)
{
    char script[1024];

    snprintf(script, sizeof script, "#!/bin/sh\n%s\n", body);
    put(f, "docker-credential-odd", script, 0755);
    put(f, ".docker/config.json", "{\"credsStore\":\"odd\"}", 0600);
}

static void test_helper_fails(void **state)
{
    static const struct {
        const char *body, *want, *words, *hidden;
    } rows[] = {
        { "echo 'credentials not found in native keychain'; exit 1", "NOT_FOUND", NULL, NULL },
        { "echo 'pass is not initialised'; exit 3", "IO", "status 3: pass is not init", NULL },
        { "echo 'locked' >&2; exit 3", "IO", "status 3: locked", NULL },
        { "echo '{\"Username\":\"u\",\"Secret\":\"hush\"}'; exit 1", "IO", "status 1", "hush" },
        { "echo '{\"Username\":\"u\",\"Secret\":\"hush\"}' >&2; exit 1", "IO", NULL, "hush" },
        { "echo hush", "IO", "did not answer with JSON", "hush" },
        { "echo '{}'", "NOT_FOUND", NULL, NULL },
        { "kill -9 $$", "IO", "status 137", NULL },
        { "exit 0", "IO", NULL, NULL },
        { "i=0; while [ $i -lt 60 ]; do printf 'no no no no '; i=$((i+1)); done >&2; "
          "printf hush >&2; exit 1",
          "IO", "status 1", "no no" },
        { "head -c 100000 /dev/zero | tr '\\0' x", "LIMIT", NULL, NULL },
        { "exec <&-; printf '{\"Username\":\"u\",\"Secret\":\"s\"}'", "u:s", NULL, NULL },
        { "cat >/dev/null; printf '{\"Username\":\"u\",\"Secret\":\"s\"}'; sleep 100 &", "u:s",
          NULL, NULL },
        { "[ \"$1\" = get ] && [ -z \"$2\" ] && read -r x; printf '{\"Username\":\"%s\","
          "\"Secret\":\"s\"}' \"$x\"",
          "x.org:s", NULL, NULL },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        helper(f, rows[i].body);
        OPEN(.order = GANTRY_CREDENTIALS_DOCKER);
        assert_string_equal(ask(f, "x.org"), rows[i].want);
        if (rows[i].words != NULL)
            assert_non_null(strstr(f->err.message, rows[i].words));
        if (rows[i].hidden != NULL)
            assert_null(strstr(f->err.message, rows[i].hidden));
    }
}

static void test_helper_sees_nothing_else(void **state)
{
    struct fixture *f = *state;
    int low = open("/dev/null", O_RDONLY);
    int extra = fcntl(low, F_DUPFD, 77); /* not close-on-exec */
    char body[256];

    snprintf(body, sizeof body,
             "x=none; [ -e /proc/$$/fd/%d ] && x=inherited; "
             "printf '{\"Username\":\"%%s\",\"Secret\":\"%%s\"}' $x \"$HOME\"",
             extra);
    helper(f, body);
    OPEN(.order = GANTRY_CREDENTIALS_DOCKER);
    assert_ptr_equal(strstr(ask(f, "x.org"), "none:"), ask(f, "x.org"));
    close(low);
    close(extra);
}

static void test_helper_time(void **state)
{
    struct fixture *f = *state;
    gantry_call call = { .size = sizeof call };
    gantry_found_auth *found = NULL;
    gantry_cancel *token = NULL;
    int64_t begun = gantry_clock_ns();

    helper(f, "sleep 100");
    OPEN(.order = GANTRY_CREDENTIALS_DOCKER, .helper_timeout_ms = 50);
    assert_string_equal(ask(f, "x.org"), "TIMEOUT");
    assert_non_null(strstr(f->err.message, "docker-credential-odd did not end within 50 ms"));
    helper(f, "exec yes >&2"); /* faster than it is read */
    assert_string_equal(ask(f, "x.org"), "TIMEOUT");
    helper(f, "sleep 100");
    OPEN(.order = GANTRY_CREDENTIALS_DOCKER);
    call.timeout_ms = 50;
    assert_int_equal(gantry_credentials_get(f->credentials, "x.org", &call, &found, &f->err),
                     GANTRY_E_TIMEOUT);
    assert_int_equal(gantry_cancel_new(&token, &f->err), 0);
    gantry_cancel_trigger(token);
    call.timeout_ms = 0;
    call.cancel = token;
    assert_int_equal(gantry_credentials_get(f->credentials, "x.org", &call, &found, &f->err),
                     GANTRY_E_CANCELLED);
    gantry_cancel_free(token);
    assert_null(found);
    assert_true(gantry_clock_ns() - begun < INT64_C(20000000000));
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nothing is left behind */
}

/* A program that lets the system collect its children. */
static void test_children_collected(void **state)
{
    struct fixture *f = *state;

    signal(SIGCHLD, SIG_IGN);
    put(f, "docker-credential-chain", keychain, 0755);
    put(f, "keys/x.org", "{\"Username\":\"u\",\"Secret\":\"s\"}", 0600);
    put(f, ".docker/config.json", "{\"credsStore\":\"chain\"}", 0600);
    OPEN(.order = GANTRY_CREDENTIALS_DOCKER);
    assert_string_equal(ask(f, "x.org"), "u:s");
    assert_string_equal(ask(f, "z.org"), "NOT_FOUND");
    helper(f, "exit 1");
    assert_string_equal(ask(f, "x.org"), "IO");
    signal(SIGCHLD, SIG_DFL);
}

/* ---- keeping and forgetting ------------------------------------------------------------------ */

#define AUTH(...) (&(const gantry_auth){ .size = sizeof(gantry_auth), __VA_ARGS__ })

static int keep(struct fixture *f, const char *registry, const gantry_auth *auth)
{
    int rc;

    memset(&f->err, 0, sizeof f->err);
    rc = gantry_credentials_store(f->credentials, registry, auth, NULL, &f->err);
    assert_int_equal(rc, f->err.code);
    assert_null(strstr(f->err.message, "hush"));
    return rc;
}

static int forget(struct fixture *f, const char *registry)
{
    return gantry_credentials_erase(f->credentials, registry, NULL, &f->err);
}

static void check_mode(struct fixture *f, const char *name)
{
    char path[256];
    struct stat st;

    snprintf(path, sizeof path, "%s/%s", f->home, name);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

static void test_store_docker(void **state)
{
    struct fixture *f = *state;
    mode_t mask = umask(0077);

    OPEN(.order = GANTRY_CREDENTIALS_DOCKER);
    assert_int_equal(keep(f, "x.org", AUTH(.username = "u", .password = "a:b")), 0);
    assert_string_equal(content(f, ".docker/config.json"),
                        "{\n\t\"auths\": {\n\t\t\"x.org\": {\n\t\t\t\"auth\": \"dTphOmI=\"\n\t\t}"
                        "\n\t}\n}\n");
    check_mode(f, ".docker/config.json");
    assert_string_equal(ask(f, "x.org"), "u:a:b");
    assert_int_equal(keep(f, "docker.io", AUTH(.username = "h", .identity_token = "it")), 0);
    assert_string_equal(ask(f, "docker.io"), "token:it");
    assert_non_null(strstr(content(f, ".docker/config.json"), "\"https://index.docker.io/v1/\""));
    assert_int_equal(keep(f, "x.org/team", AUTH(.username = "u")), GANTRY_E_UNSUPPORTED);
    assert_int_equal(keep(f, "x.org", AUTH(.username = "a:b", .password = "hush")),
                     GANTRY_E_INVALID);
    assert_int_equal(keep(f, "x.org", AUTH(.password = "hush")), GANTRY_E_INVALID);
    assert_int_equal(forget(f, "x.org"), 0);
    assert_string_equal(ask(f, "x.org"), "NOT_FOUND");
    assert_string_equal(ask(f, "docker.io"), "token:it");
    assert_int_equal(forget(f, "x.org"), GANTRY_E_NOT_FOUND);
    assert_int_equal(forget(f, "index.docker.io"), 0);
    assert_string_equal(ask(f, "docker.io"), "NOT_FOUND");
    umask(mask);
}

static void test_store_keeps_the_rest(void **state)
{
    struct fixture *f = *state;
    char link[256], target[256];
    struct stat st;

    put(f, "dotfiles/config.json",
        "{\"auths\":{\"x.org\":{\"auth\":\"b2xk\",\"email\":\"a@b\"},\"y.org\":{\"auth\":"
        "\"eTp5\"}},\"n\":1.50,\"s\":\"a\\\"{[,:\\\\\",\"l\":[1,{}],\"e\":[]}",
        0644);
    snprintf(link, sizeof link, "%s/.docker", f->home);
    mkdir(link, 0700);
    snprintf(link, sizeof link, "%s/.docker/config.json", f->home);
    snprintf(target, sizeof target, "%s/dotfiles/config.json", f->home);
    assert_int_equal(symlink(target, link), 0);
    OPEN(.order = GANTRY_CREDENTIALS_DOCKER);
    assert_int_equal(keep(f, "x.org", AUTH(.username = "u", .password = "p")), 0);
    assert_string_equal(
        content(f, "dotfiles/config.json"),
        "{\n\t\"auths\": {\n\t\t\"x.org\": {\n\t\t\t\"email\": \"a@b\",\n\t\t\t\"auth\": "
        "\"dTpw\"\n\t\t},\n\t\t\"y.org\": {\n\t\t\t\"auth\": \"eTp5\"\n\t\t}\n\t},\n\t\"n\": 1.50,"
        "\n\t\"s\": \"a\\\"{[,:\\\\\",\n\t\"l\": [\n\t\t1,\n\t\t{}\n\t],\n\t\"e\": []\n}\n");
    assert_int_equal(lstat(link, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    check_mode(f, "dotfiles/config.json");
}

static void test_store_podman(void **state)
{
    struct fixture *f = *state;
    char runtime[100];

    snprintf(runtime, sizeof runtime, "%s/run", f->home);
    set_env(f, "XDG_RUNTIME_DIR", runtime);
    one_entry(f, ".docker/config.json", "ZDpk");
    OPEN(.order = 0);
    assert_int_equal(keep(f, "docker.io", AUTH(.username = "h", .password = "p")), 0);
    assert_int_equal(keep(f, "quay.io/team", AUTH(.username = "t", .password = "p")), 0);
    assert_non_null(strstr(content(f, "run/containers/auth.json"), "\"docker.io\": {"));
    assert_string_equal(ask(f, "docker.io"), "h:p");
    assert_string_equal(ask(f, "quay.io/team/app"), "t:p");
    assert_int_equal(forget(f, "quay.io"), GANTRY_E_NOT_FOUND);
    assert_int_equal(forget(f, "quay.io/team"), 0);
    assert_string_equal(ask(f, "quay.io/team/app"), "NOT_FOUND");
    /* Docker's own login stays. */
    assert_int_equal(forget(f, "x.org"), GANTRY_E_NOT_FOUND);
    assert_string_equal(ask(f, "x.org"), "d:d");
}

static void test_store_helper(void **state)
{
    struct fixture *f = *state;

    put(f, "docker-credential-chain", keychain, 0755);
    put(f, ".docker/config.json", "{\"credsStore\":\"chain\"}", 0600);
    OPEN(.order = GANTRY_CREDENTIALS_DOCKER);
    assert_int_equal(keep(f, "x.org", AUTH(.username = "u", .password = "hush")), 0);
    assert_null(strstr(content(f, ".docker/config.json"), "auth\""));
    assert_non_null(strstr(content(f, ".docker/config.json"), "\"x.org\": {}"));
    assert_string_equal(content(f, "keys/x.org"),
                        "{\"ServerURL\":\"x.org\",\"Username\":\"u\",\"Secret\":\"hush\"}");
    assert_string_equal(ask(f, "x.org"), "u:hush");
    assert_int_equal(keep(f, "docker.io", AUTH(.identity_token = "it")), 0);
    assert_string_equal(ask(f, "docker.io"), "token:it");
    assert_int_equal(keep(f, "x.org", AUTH(.registry_token = "hush")), GANTRY_E_UNSUPPORTED);
    assert_int_equal(forget(f, "x.org"), 0);
    assert_string_equal(ask(f, "x.org"), "NOT_FOUND");
    assert_null(strstr(content(f, ".docker/config.json"), "x.org"));
    assert_int_equal(forget(f, "x.org"), GANTRY_E_NOT_FOUND);
    helper(f, "cat; exit 1");
    assert_int_equal(keep(f, "x.org", AUTH(.username = "u", .password = "hush")), GANTRY_E_IO);
    helper(f, "echo 'cannot take hush'; exit 1");
    assert_int_equal(keep(f, "x.org", AUTH(.username = "u", .password = "hush")), GANTRY_E_IO);
    assert_null(strstr(f->err.message, "hush"));
    helper(f, "[ $1 != get ] && { echo 'still hush'; exit 1; }; "
              "printf '{\"Username\":\"<token>\",\"Secret\":\"hush\"}'");
    assert_int_equal(forget(f, "x.org"), GANTRY_E_IO);
    assert_null(strstr(f->err.message, "hush"));
    signal(SIGCHLD, SIG_IGN);
    /* What keeps nothing and says nothing is no success. */
    helper(f, "[ $1 = get ] && echo credentials not found; exit 1");
    assert_int_equal(keep(f, "x.org", AUTH(.username = "u", .password = "s")), GANTRY_E_IO);
    signal(SIGCHLD, SIG_DFL);
    OPEN(.no_helpers = GANTRY_ON, .order = GANTRY_CREDENTIALS_DOCKER);
    assert_int_equal(keep(f, "x.org", AUTH(.username = "u", .password = "hush")),
                     GANTRY_E_UNSUPPORTED);
}

static void test_store_fails(void **state)
{
    struct fixture *f = *state;

    put(f, ".docker", "in the way", 0600);
    OPEN(.order = GANTRY_CREDENTIALS_DOCKER);
    assert_int_equal(keep(f, "x.org", AUTH(.username = "u", .password = "hush")), GANTRY_E_IO);
    f->environment[0] = "A=b";
    OPEN(.order = GANTRY_CREDENTIALS_DOCKER);
    assert_int_equal(keep(f, "x.org", AUTH(.username = "u", .password = "hush")),
                     GANTRY_E_NOT_FOUND);
    assert_non_null(strstr(f->err.message, "HOME"));
}

static void test_provider(void **state)
{
    struct fixture *f = *state;
    gantry_credential_provider p;

    gantry_credentials_provider(OPEN(.order = GANTRY_CREDENTIALS_DOCKER), &p);
    assert_int_equal(p.size, sizeof p);
    assert_int_equal(p.store(p.arg, "x.org", AUTH(.username = "u", .password = "p"), NULL, &f->err),
                     0);
    assert_string_equal(ask(f, "x.org"), "u:p");
    assert_int_equal(p.erase(p.arg, "x.org", NULL, &f->err), 0);
    assert_int_equal(p.erase(p.arg, "x.org", NULL, &f->err), GANTRY_E_NOT_FOUND);
}

/* ---- threads --------------------------------------------------------------------------------- */

static void *store_many(void *arg)
{
    gantry_credentials *c = arg;
    gantry_found_auth *found;
    char name[32];

    for (int i = 0; i < 8; i++) {
        snprintf(name, sizeof name, "r%lx-%d.org", (unsigned long)pthread_self(), i);
        if (gantry_credentials_store(c, name, AUTH(.username = "u", .password = "p"), NULL, NULL))
            return arg;
        found = NULL;
        if (gantry_credentials_get(c, name, NULL, &found, NULL) != 0)
            return arg;
        gantry_found_auth_free(found);
    }
    return NULL;
}

static void test_threads(void **state)
{
    struct fixture *f = *state;
    pthread_t threads[4];

    OPEN(.order = GANTRY_CREDENTIALS_DOCKER);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, store_many, f->credentials), 0);
    for (size_t i = 0; i < 4; i++) {
        void *result = f;

        pthread_join(threads[i], &result);
        assert_null(result);
    }
}

#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_entries),      T(test_search_order),
        T(test_bad_files),    T(test_options),
        T(test_helper_get),   T(test_store_missing),
        T(test_helper_fails), T(test_helper_sees_nothing_else),
        T(test_helper_time),  T(test_children_collected),
        T(test_store_docker), T(test_store_keeps_the_rest),
        T(test_store_podman), T(test_store_helper),
        T(test_store_fails),  T(test_provider),
        T(test_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
