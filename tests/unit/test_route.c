/* What the options, the place and the environment come to on the way to one engine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "error.h"
#include "route.h"

struct fixture {
    struct gantry_host host;
    struct gnt_environment env;
    gantry_engine_options opts;
    struct gnt_place place;
    gantry_route *route;
    gantry_error err;
};

static void begin(struct fixture *f, const char *address, const char *const *env)
{
    static const char *const nothing[] = { NULL };

    *f = (struct fixture){ 0 };
    gnt_mem_init(&f->host.mem, NULL, NULL);
    f->host.pid = getpid();
    gnt_environment_read(&f->env, env != NULL ? env : nothing);
    f->opts = (gantry_engine_options){ .size = sizeof f->opts, .address = address };
    f->opts.allow_insecure = GANTRY_ON;
    f->place = (struct gnt_place){ .source = "options", .address = address };
}

static int open_route(struct fixture *f)
{
    gantry_call call = { .size = sizeof call };

    gnt_route_close(f->route);
    f->route = NULL;
    return gnt_route_open(&f->host, &f->env, &f->opts, &f->place, &call, &f->route, &f->err);
}

static void end(struct fixture *f)
{
    gnt_route_close(f->route);
}

static void base_paths(void **state)
{
    static const char *const rows[][2] = { { "", "" },
                                           { "/", "" },
                                           { "/a", "/a" },
                                           { "/a/b/", "/a/b" },
                                           { "/a//", "/a" },
                                           { "/a%20b/~x;y=1", "/a%20b/~x;y=1" },
                                           { "/a.b/..c", "/a.b/..c" } };
    static const char *const bad[] = { "a",       "/a b",   "/a?b",     "/a#b",   "/a//b",
                                       "/../a",   "/a/..",  "/./a",     "/a%",    "/a%2",
                                       "/a%zz",   "/a%2Fb", "/%2e%2E/", "/a%00b", "/a\tb",
                                       "/a\r\nb", "/a\\b",  "/a%5cb",   "/a%0ab", "/\xc3\xa4" };
    struct fixture f;

    (void)state;
    begin(&f, "unix:///run/x.sock", NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        f.opts.base_path = rows[i][0];
        assert_int_equal(open_route(&f), 0);
        assert_string_equal(f.route->base_path, rows[i][1]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        f.opts.base_path = bad[i];
        if (open_route(&f) != GANTRY_E_INVALID)
            fail_msg("taken: %s", bad[i]);
        assert_int_equal(strncmp(f.err.message, "base_path: ", 11), 0);
    }
    end(&f);
}

static void headers(void **state)
{
    static const char *const good[] = { "Authorization: Bearer abc", "X-a:b", NULL };
    static const char *const places[] = { "x-A: other", "X-Meta: yes", NULL };
    static const char *const bad[] = { "no colon",
                                       ": x",
                                       "X y: z",
                                       "X: ",
                                       "X:",
                                       "X: secret\r\nY: z",
                                       "X: secret\n",
                                       "X: secret\x7f",
                                       "Host: secret",
                                       "content-length: 5",
                                       "Transfer-Encoding: chunked",
                                       "Connection: close",
                                       "UPGRADE: tcp",
                                       "Expect: 100-continue",
                                       "Content-Type: secret" };
    const char *one[] = { "X-Fine: yes", NULL, NULL };
    struct fixture f;

    (void)state;
    begin(&f, "unix:///run/x.sock", NULL);
    assert_int_equal(open_route(&f), 0);
    assert_null(f.route->headers);
    f.opts.max_connections = -1;
    assert_int_equal(open_route(&f), GANTRY_E_INVALID);
    f.opts.max_connections = 0;
    f.opts.headers = good;
    f.place.headers = places;
    assert_int_equal(open_route(&f), 0);
    assert_string_equal(f.route->headers[0], good[0]);
    assert_string_equal(f.route->headers[1], good[1]);
    assert_string_equal(f.route->headers[2], "X-Meta: yes"); /* the program's own come first */
    assert_null(f.route->headers[3]);
    f.place.headers = NULL;
    f.opts.headers = one;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        one[1] = bad[i];
        if (open_route(&f) != GANTRY_E_INVALID)
            fail_msg("taken: %s", bad[i]);
        assert_null(strstr(f.err.message, "secret"));
        assert_int_equal(strncmp(f.err.message, "headers: ", 9), 0);
    }
    /* One that the program has not given says where to look for it. */
    f.opts.headers = NULL;
    f.place.headers = one;
    one[1] = "Host: secret";
    assert_int_equal(open_route(&f), GANTRY_E_INVALID);
    assert_string_equal(f.err.message, "DOCKER_CUSTOM_HEADERS or HttpHeaders of config.json: "
                                       "headers: Host is the library's business");
    end(&f);
}

static void versions(void **state)
{
    static const char *const bad[] = { "1",   "1.",     ".41",   "1.41.0.0",
                                       "1.x", "latest", "1.41 ", "-1.4" };
    struct fixture f;

    (void)state;
    begin(&f, "unix:///run/x.sock", NULL);
    f.opts.api_version = "v1.41";
    assert_int_equal(open_route(&f), 0);
    assert_string_equal(f.route->api_version, "1.41");
    assert_false(gnt_route_is_docker_version(f.route));
    f.place.api_version = "1.43";
    assert_int_equal(open_route(&f), 0);
    assert_string_equal(f.route->api_version, "1.41");
    f.opts.api_version = NULL;
    assert_int_equal(open_route(&f), 0);
    assert_string_equal(f.route->api_version, "1.43");
    assert_true(gnt_route_is_docker_version(f.route));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        f.opts.api_version = bad[i];
        if (open_route(&f) != GANTRY_E_INVALID)
            fail_msg("taken: %s", bad[i]);
    }
    end(&f);
}

static void proxies_of_the_program(void **state)
{
    static const struct {
        const char *text;
        const char *proxy;
        const char *user;
        const char *password;
    } rows[] = {
        { "http://p:3128", "http://p:3128", NULL, NULL },
        { "p:3128", "http://p:3128", NULL, NULL },
        { "HTTP://p/", "http://p:80", NULL, NULL },
        { "http://u:p%40%3a:x@p:3128/", "http://p:3128", "u", "p@::x" },
        { "http://u@p", "http://p:80", "u", "" },
        { "http://a@b:c@p", "http://p:80", "a@b", "c" },
        { "http://[::1]:8080", "http://[::1]:8080", NULL, NULL },
        { "http://[::1]", "http://[::1]:80", NULL, NULL },
        { "socks5://p", "socks5h://p:1080", NULL, NULL },
        { "socks5h://u:x@p:9050", "socks5h://p:9050", "u", "x" },
    };
    static const char *const bad[] = { "https://secret",   "ftp://secret",      "http://",
                                       "http://u:secret@", "http://secret:",    "http://a secret",
                                       "http://p/secret",  "http://p?secret=1", "http://p\nsecret",
                                       "http://:80",       "http://p\"secret" };
    struct fixture f;

    (void)state;
    begin(&f, "tcp://10.0.0.1:2375", NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        f.opts.proxy = rows[i].text;
        assert_int_equal(open_route(&f), 0);
        assert_string_equal(f.route->proxy, rows[i].proxy);
        if (rows[i].user == NULL) {
            assert_null(f.route->proxy_user);
        } else {
            assert_string_equal(f.route->proxy_user, rows[i].user);
            assert_string_equal(f.route->proxy_password, rows[i].password);
        }
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        f.opts.proxy = bad[i];
        if (open_route(&f) != GANTRY_E_INVALID)
            fail_msg("taken: %s", bad[i]);
        assert_int_equal(strncmp(f.err.message, "proxy: ", 7), 0);
        assert_null(strstr(f.err.message, "secret"));
    }
    end(&f);
}

static const char *proxy_with(const char *address, const char *const *env)
{
    static char text[128];
    struct fixture f;

    begin(&f, address, env);
    if (open_route(&f) != 0)
        fail_msg("%s: %s", address, f.err.message);
    text[0] = '\0';
    if (f.route->proxy != NULL)
        strcpy(text, f.route->proxy);
    end(&f);
    return text;
}

static void proxies_of_the_environment(void **state)
{
    static const char *const both[] = { "HTTP_PROXY=http://plain:1", "https_proxy=http://tls:2",
                                        NULL };
    static const char *const lower[] = { "http_proxy=http://plain:3", "no_proxy=b", NULL };
    static const char *const cgi[] = { "HTTP_PROXY=http://evil:1", "REQUEST_METHOD=GET", NULL };
    static const char *const wrong[] = { "HTTP_PROXY=gopher://secret", NULL };
    struct fixture f;

    (void)state;
    assert_string_equal(proxy_with("tcp://a:1", both), "http://plain:1");
    assert_string_equal(proxy_with("tcp://a:1", lower), "http://plain:3");
    assert_string_equal(proxy_with("tcp://b:1", lower), "");
    assert_string_equal(proxy_with("tcp://a:1", cgi), "");
    assert_string_equal(proxy_with("unix:///x", both), "");
    assert_string_equal(proxy_with("tcp://localhost:1", both), "");
    assert_string_equal(proxy_with("tcp://127.0.0.2:1", both), "");
    assert_string_equal(proxy_with("tcp://[::1]:1", both), "");
    begin(&f, "tcp://a:1", wrong);
    assert_int_equal(open_route(&f), GANTRY_E_INVALID);
    assert_int_equal(strncmp(f.err.message, "HTTP_PROXY: ", 12), 0);
    assert_null(strstr(f.err.message, "secret"));
    end(&f);
    /* The program's own is for loopback too, "" is none, and comes before the place's. */
    begin(&f, "tcp://127.0.0.1:1", both);
    f.opts.proxy = "http://own:1";
    assert_int_equal(open_route(&f), 0);
    assert_string_equal(f.route->proxy, "http://own:1");
    f.opts.proxy = "";
    assert_int_equal(open_route(&f), 0);
    assert_null(f.route->proxy);
    end(&f);
    begin(&f, "tcp://a:1", both);
    f.place.proxy = "socks5://place";
    assert_int_equal(open_route(&f), 0);
    assert_string_equal(f.route->proxy, "socks5h://place:1080");
    f.opts.proxy = "http://own";
    assert_int_equal(open_route(&f), 0);
    assert_string_equal(f.route->proxy, "http://own:80");
    end(&f);
    begin(&f, "unix:///x", NULL);
    f.opts.proxy = "http://own";
    assert_int_equal(open_route(&f), GANTRY_E_UNSUPPORTED);
    end(&f);
}

static void who_has_no_proxy(void **state)
{
    static const struct {
        const char *list;
        const char *address;
        int exempt;
    } rows[] = {
        { "*", "tcp://a:1", 1 },
        { "a", "tcp://a:1", 1 },
        { "A.Example.org", "tcp://a.example.org:1", 1 },
        { "example.org", "tcp://a.example.org:1", 1 },
        { "example.org", "tcp://example.org:1", 1 },
        { "example.org", "tcp://badexample.org:1", 0 },
        { ".example.org", "tcp://a.example.org:1", 1 },
        { ".example.org", "tcp://example.org:1", 0 },
        { "*.example.org", "tcp://a.example.org:1", 1 },
        { "a.example.org", "tcp://example.org:1", 0 },
        { "x, y ,a", "tcp://a:1", 1 },
        { "x a y", "tcp://a:1", 1 },
        { "a:1", "tcp://a:1", 1 },
        { "a:2", "tcp://a:1", 0 },
        { "a:x", "tcp://a:1", 0 },
        { "10.1.2.3", "tcp://10.1.2.3:1", 1 },
        { "10.1.2.3:1", "tcp://10.1.2.3:1", 1 },
        { "10.1.2.3:2", "tcp://10.1.2.3:1", 0 },
        { "10.1.2.4", "tcp://10.1.2.3:1", 0 },
        { "2.3", "tcp://10.1.2.3:1", 0 },
        { "10.0.0.0/8", "tcp://10.1.2.3:1", 1 },
        { "10.1.2.0/30", "tcp://10.1.2.3:1", 1 },
        { "10.1.2.0/31", "tcp://10.1.2.3:1", 0 },
        { "0.0.0.0/0", "tcp://10.1.2.3:1", 1 },
        { "10.1.2.3/33", "tcp://10.1.2.3:1", 0 },
        { "10.0.0.0/", "tcp://10.1.2.3:1", 0 },
        { "10.0.0.0/8", "tcp://a:1", 0 },
        { "fd00::/8", "tcp://[fd00::1]:1", 1 },
        { "fe00::/8", "tcp://[fd00::1]:1", 0 },
        { "fd00::1", "tcp://[fd00::1]:1", 1 },
        { "[fd00::1]", "tcp://[fd00::1]:1", 1 },
        { "[fd00::1]:1", "tcp://[fd00::1]:1", 1 },
        { "[fd00::1]:2", "tcp://[fd00::1]:1", 0 },
        { ",, ,", "tcp://a:1", 0 },
        { "", "tcp://a:1", 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char list[64] = "NO_PROXY=";
        const char *const env[] = { "HTTP_PROXY=http://p:1", list, NULL };

        strcat(list, rows[i].list);
        if ((proxy_with(rows[i].address, env)[0] == '\0') != rows[i].exempt)
            fail_msg("NO_PROXY=%s for %s", rows[i].list, rows[i].address);
    }
}

static int no_dial(void *arg, const char *address, const gantry_call *call, int *out_fd,
                   gantry_error *err)
{
    (void)arg;
    (void)address;
    (void)call;
    (void)out_fd;
    return gantry_error_set(err, GANTRY_E_UNAVAILABLE, "never");
}

static void dialers(void **state)
{
    gantry_dialer dialer = { sizeof dialer, NULL, NULL };
    struct fixture f;

    (void)state;
    begin(&f, "tcp://a:1", NULL);
    f.opts.allow_insecure = 0; /* what is dialed is the program's business */
    f.opts.dialer = &dialer;
    assert_int_equal(open_route(&f), GANTRY_E_INVALID);
    assert_non_null(strstr(f.err.message, "dial must be set"));
    dialer.dial = no_dial;
    assert_int_equal(open_route(&f), 0);
    assert_string_equal(f.route->given, "tcp://a:1");
    f.opts.proxy = "http://p";
    assert_int_equal(open_route(&f), GANTRY_E_INVALID);
    f.opts.proxy = NULL;
    f.opts.address = NULL;
    assert_int_equal(open_route(&f), GANTRY_E_INVALID);
    assert_non_null(strstr(f.err.message, "needs an address"));
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base_paths),
        cmocka_unit_test(headers),
        cmocka_unit_test(versions),
        cmocka_unit_test(proxies_of_the_program),
        cmocka_unit_test(proxies_of_the_environment),
        cmocka_unit_test(who_has_no_proxy),
        cmocka_unit_test(dialers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
