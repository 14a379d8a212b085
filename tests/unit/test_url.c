/*
 * Paths, queries and addresses: nothing leaves its place.
 */
#include "url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct gnt_mem memory;

static void all_but_plain_bytes_are_encoded(void **state)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
    struct gnt_buf buf;
    int c;

    (void)state;
    gnt_buf_init(&buf, &memory, 100);
    for (c = 0; c < 256; c++) {
        char byte = (char)c;
        char want[8] = { byte, '\0' };

        if (c == 0 || strchr(plain, c) == NULL) {
            static const char digits[] = "0123456789ABCDEF";

            want[0] = '%';
            want[1] = digits[c / 16];
            want[2] = digits[c % 16];
        }
        gnt_buf_clear(&buf);
        assert_int_equal(gnt_url_encode(&buf, &byte, 1), 0);
        assert_string_equal(gnt_buf_text(&buf), want);
    }
    gnt_buf_clear(&buf);
    assert_int_equal(gnt_url_encode(&buf, "a b\xc3\xa4/c", 7), 0);
    assert_string_equal(gnt_buf_text(&buf), "a%20b%C3%A4%2Fc");
    assert_int_equal(gnt_url_encode(&buf, "", 0), 0);
    gnt_buf_free(&buf);
}

static void templates_make_paths(void **state)
{
    struct gnt_buf buf;

    (void)state;
    gnt_buf_init(&buf, &memory, 1000);
    assert_int_equal(gnt_url_path(&buf, NULL, "/containers/%s/start", "web"), 0);
    assert_string_equal(gnt_buf_text(&buf), "/containers/web/start");
    gnt_buf_clear(&buf);
    assert_int_equal(gnt_url_path(&buf, NULL, "/images/%r/json", "example.org:5000/a/b:1@x"), 0);
    assert_string_equal(gnt_buf_text(&buf), "/images/example.org%3A5000/a/b%3A1%40x/json");
    gnt_buf_clear(&buf);
    assert_int_equal(gnt_url_path(&buf, NULL, "/x/%s/%s", "a/b", "100%..x"), 0);
    assert_string_equal(gnt_buf_text(&buf), "/x/a%2Fb/100%25..x");
    gnt_buf_clear(&buf);
    assert_int_equal(gnt_url_path(&buf, NULL, "/_ping"), 0);
    assert_int_equal(gnt_url_path(&buf, NULL, "/%s", "..."), 0);
    assert_string_equal(gnt_buf_text(&buf), "/_ping/...");
    gnt_buf_free(&buf);
}

static void nothing_leaves_its_place(void **state)
{
    static const char *const bad[] = {
        "",           ".",        "..",   "%2e",  "%2E%2e", ".%2e",
        "%252e",      "%25252E.", "a/..", "../a", "a/../b", "foo/../../images/x",
        "a//b",       "/",        "/a",   "a/",   "a/.",    "./a",
        "a/%2e%2e/b",
    };
    static const char *const fine[] = { "...", "a.", ".a",  "..a", "%2e%2e%2e",
                                        "%",   "%2", "%25", "2e" };
    struct gnt_buf buf;
    size_t i;

    (void)state;
    gnt_buf_init(&buf, &memory, 1000);
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        gantry_error err = { 0 };

        gnt_buf_clear(&buf);
        gnt_buf_adds(&buf, "/v1");
        assert_int_equal(gnt_url_path(&buf, &err, "/containers/%s/start", bad[i]),
                         GANTRY_E_INVALID);
        assert_non_null(strstr(err.message, bad[i]));
        assert_string_equal(gnt_buf_text(&buf), "/v1");
        assert_int_equal(gnt_url_path(&buf, &err, "/images/%r", bad[i]), GANTRY_E_INVALID);
        assert_string_equal(gnt_buf_text(&buf), "/v1");
    }
    for (i = 0; i < sizeof fine / sizeof fine[0]; i++) {
        gnt_buf_clear(&buf);
        assert_int_equal(gnt_url_path(&buf, NULL, "/%s", fine[i]), 0);
    }
    gnt_buf_free(&buf);
    gnt_buf_init(&buf, &memory, 1000);
    assert_int_equal(gnt_url_path(&buf, NULL, "%s", (const char *)NULL), GANTRY_E_INVALID);
    assert_int_equal(gnt_url_path(&buf, NULL, "/a%d", 1), GANTRY_E_INVALID);
    assert_int_equal(gnt_url_path(&buf, NULL, "/a%"), GANTRY_E_INVALID);
    assert_string_equal(gnt_buf_text(&buf), "");
    gnt_buf_free(&buf);
}

static void long_paths_are_a_limit(void **state)
{
    gantry_error err = { 0 };
    struct gnt_buf buf;

    (void)state;
    gnt_buf_init(&buf, &memory, 10);
    assert_int_equal(gnt_url_path(&buf, &err, "/%s", "0123456789"), GANTRY_E_LIMIT);
    assert_int_equal(err.code, GANTRY_E_LIMIT);
    gnt_buf_free(&buf);
}

static void queries_are_appended(void **state)
{
    struct gnt_buf buf;

    (void)state;
    gnt_buf_init(&buf, &memory, 1000);
    gnt_buf_adds(&buf, "/x");
    assert_int_equal(gnt_url_query(&buf, "skipped", NULL), 0);
    assert_int_equal(gnt_url_query(&buf, "a", "1"), 0);
    assert_int_equal(gnt_url_query(&buf, "b c", "{\"x\":[\"&=?#\"]}"), 0);
    assert_int_equal(gnt_url_query(&buf, "e", ""), 0);
    assert_string_equal(gnt_buf_text(&buf),
                        "/x?a=1&b%20c=%7B%22x%22%3A%5B%22%26%3D%3F%23%22%5D%7D&e=");
    gnt_buf_free(&buf);
}

/* ---- addresses --------------------------------------------------------------------------------- */

static void addresses_are_taken_apart(void **state)
{
    static const struct {
        const char *given;
        const char *text;
        const char *scheme;
        const char *host;
        const char *path;
        int port;
        int loopback;
    } good[] = {
        { "unix:///run/x.sock", "unix:///run/x.sock", "unix", "", "/run/x.sock", 0, 1 },
        { "unix://run/x.sock", "unix:///run/x.sock", "unix", "", "/run/x.sock", 0, 1 },
        { "UNIX:///run/X.sock", "unix:///run/X.sock", "unix", "", "/run/X.sock", 0, 1 },
        { "/run/x.sock", "unix:///run/x.sock", "unix", "", "/run/x.sock", 0, 1 },
        { "/run/a://b", "unix:///run/a://b", "unix", "", "/run/a://b", 0, 1 },
        { "unix:///a?b@c:1", "unix:///a?b@c:1", "unix", "", "/a?b@c:1", 0, 1 },
        { "tcp://host", "tcp://host:2375", "tcp", "host", "", 2375, 0 },
        { "TCP://Host.Example.:1", "tcp://host.example.:1", "tcp", "host.example.", "", 1, 0 },
        { "tcp://localhost:65535/", "tcp://localhost:65535", "tcp", "localhost", "", 65535, 1 },
        { "tcp://LOCALHOST", "tcp://localhost:2375", "tcp", "localhost", "", 2375, 1 },
        { "tcp://127.0.0.1:2375", "tcp://127.0.0.1:2375", "tcp", "127.0.0.1", "", 2375, 1 },
        { "tcp://127.255.1.2", "tcp://127.255.1.2:2375", "tcp", "127.255.1.2", "", 2375, 1 },
        { "tcp://128.0.0.1", "tcp://128.0.0.1:2375", "tcp", "128.0.0.1", "", 2375, 0 },
        { "tcp://127.0.0.1.example.org", "tcp://127.0.0.1.example.org:2375", "tcp",
          "127.0.0.1.example.org", "", 2375, 0 },
        { "tcp://localhost.example.org", "tcp://localhost.example.org:2375", "tcp",
          "localhost.example.org", "", 2375, 0 },
        { "tcp://[::1]", "tcp://[::1]:2375", "tcp", "::1", "", 2375, 1 },
        { "tcp://[0:0::1]:7", "tcp://[0:0::1]:7", "tcp", "0:0::1", "", 7, 1 },
        { "tcp://[FE80::2]:7", "tcp://[fe80::2]:7", "tcp", "fe80::2", "", 7, 0 },
        { "memory://", "memory://", "memory", "", "", 0, 0 },
        { "memory://name", "memory://name", "memory", "name", "", 0, 0 },
        { "x-y.1+z://name:9/p?q", "x-y.1+z://name:9/p?q", "x-y.1+z", "name", "/p?q", 9, 0 },
        { "ssh://user@host:22/run/x", "ssh://user@host:22/run/x", "ssh", "host", "/run/x", 22, 0 },
        { "fake:///tmp/x", "fake:///tmp/x", "fake", "", "/tmp/x", 0, 0 },
        { "http://h", "http://h:80", "http", "h", "", 80, 0 },
        { "HTTPS://H.example/", "https://h.example:443", "https", "h.example", "", 443, 0 },
        { "https://h:9/a/b/", "https://h:9/a/b", "https", "h", "/a/b", 9, 0 },
        { "tcp://h:1/engines/one", "tcp://h:1/engines/one", "tcp", "h", "/engines/one", 1, 0 },
        { "tcp://[::1]/x", "tcp://[::1]:2375/x", "tcp", "::1", "/x", 2375, 1 },
    };
    struct gnt_arena arena;
    size_t i;

    (void)state;
    gnt_arena_init(&arena, &memory);
    for (i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct gnt_address a = { 0 };
        gantry_error err = { 0 };

        if (gnt_address_parse(&arena, good[i].given, &a, &err) != 0)
            fail_msg("%s: %s", good[i].given, err.message);
        assert_string_equal(a.text, good[i].text);
        assert_string_equal(a.scheme, good[i].scheme);
        assert_string_equal(a.host, good[i].host);
        assert_string_equal(a.path, good[i].path);
        assert_int_equal(a.port, good[i].port);
        assert_int_equal(gnt_address_is_loopback(&a), good[i].loopback);
    }
    gnt_arena_free(&arena);
}

static void bad_addresses_are_refused_with_a_reason(void **state)
{
    static const struct {
        const char *given;
        const char *reason;
    } bad[] = {
        { NULL, "must not be empty" },
        { "", "must not be empty" },
        { "host:2375", "no scheme" },
        { "localhost", "no scheme" },
        { "unix:/run/x", "no scheme" },
        { "://x", "not a scheme" },
        { "1tcp://x", "not a scheme" },
        { "t_p://x", "not a scheme" },
        { "unix://", "names no socket" },
        { "tcp://", "names no host" },
        { "tcp://:2375", "names no host" },
        { "tcp://h:", "port is missing" },
        { "tcp://h:0", "1 to 65535" },
        { "tcp://h:65536", "1 to 65535" },
        { "tcp://h:99999999999999999999", "1 to 65535" },
        { "tcp://h:-1", "not a number" },
        { "tcp://h:1x", "not a number" },
        { "tcp://u@h", "no user" },
        { "tcp://u:p@h:1", "no user" },
        { "tcp://h?x=1", "no query" },
        { "tcp://h#f", "no query" },
        { "https://h/a?x", "no query" },
        { "http://u:p@h", "no user" },
        { "https://h/../a", "'..'" },
        { "https://h/a/./b", "'.'" },
        { "https://h/a//b", "empty" },
        { "https://h/a%2fb", "not an encoded path" },
        { "https://h/%2e%2e", "'..'" },
        { "https://", "names no host" },
        { "tcp://-oProxyCommand=x", "begin with '-'" },
        { "ssh://-oProxyCommand=x", "begin with '-'" },
        { "ssh://u@-h", "begin with '-'" },
        { "tcp://::1", "written in []" },
        { "tcp://[::1", "not closed" },
        { "tcp://[::g]", "no IPv6 address" },
        { "tcp://[1.2.3.4]", "no IPv6 address" },
        { "tcp://[::1]x", "only a port" },
        { "tcp://[::1]:", "port is missing" },
        { "tcp://h%41", "not a host name" },
        { "tcp://h\\x", "not a host name" },
        { "tcp://h\xc3\xa4", "not a host name" },
        { "tcp://h x", "space" },
        { " tcp://h", "space" },
        { "unix:///a\nb", "control" },
        { "unix:///a\x7f", "control" },
    };
    struct gnt_arena arena;
    size_t i;

    (void)state;
    gnt_arena_init(&arena, &memory);
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct gnt_address a = { 0 };
        gantry_error err = { 0 };

        if (gnt_address_parse(&arena, bad[i].given, &a, &err) != GANTRY_E_INVALID)
            fail_msg("accepted: %s", bad[i].given);
        assert_null(a.text);
        if (strstr(err.message, bad[i].reason) == NULL)
            fail_msg("%s: %s", bad[i].given, err.message);
    }
    gnt_arena_free(&arena);
}

static void a_port_that_was_not_given_is_another_with_tls(void **state)
{
    static const struct {
        const char *given;
        const char *text;
        int port;
    } rows[] = {
        { "tcp://h/a", "tcp://h:2376/a", 2376 },
        { "tcp://[::1]", "tcp://[::1]:2376", 2376 },
        { "tcp://h:2375", "tcp://h:2375", 2375 },
        { "https://h", "https://h:443", 443 },
    };
    struct gnt_arena arena;
    struct gnt_address a;

    (void)state;
    gnt_arena_init(&arena, &memory);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(gnt_address_parse(&arena, rows[i].given, &a, NULL), 0);
        assert_int_equal(gnt_address_secure(&arena, &a, NULL), 0);
        assert_string_equal(a.text, rows[i].text);
        assert_int_equal(a.port, rows[i].port);
    }
    gnt_arena_free(&arena);
}

static void socket_paths_must_fit(void **state)
{
    struct gnt_arena arena;
    struct gnt_address a;
    char path[120];
    gantry_error err = { 0 };

    (void)state;
    gnt_arena_init(&arena, &memory);
    memset(path, 'x', sizeof path);
    path[0] = '/';
    path[107] = '\0';
    assert_int_equal(gnt_address_parse(&arena, path, &a, &err), 0);
    path[107] = 'x';
    path[108] = '\0';
    assert_int_equal(gnt_address_parse(&arena, path, &a, &err), GANTRY_E_INVALID);
    assert_non_null(strstr(err.message, "at most 107 bytes, this has 108"));
    gnt_arena_free(&arena);
}

static void random_addresses(void **state)
{
    static const char some[] = "tcp://unix:///[::1]@:-/?#.a0%";
    struct gnt_arena arena;
    int round;

    (void)state;
    srand(5);
    gnt_arena_init(&arena, &memory);
    for (round = 0; round < 50000; round++) {
        static const char *const starts[] = { "", "tcp://", "unix://", "x://" };
        const char *start = starts[rand() % 4];
        size_t size = strlen(start) + (size_t)rand() % 10;
        char *text = malloc(size + 1); /* exact, for the sanitizer */
        struct gnt_address a;
        size_t i;

        assert_non_null(text);
        memcpy(text, start, strlen(start));
        for (i = strlen(start); i < size; i++)
            text[i] = some[(size_t)rand() % (sizeof some - 1)];
        text[size] = '\0';
        if (gnt_address_parse(&arena, text, &a, NULL) == 0) {
            struct gnt_address again;

            /* The normalised text means the same. */
            assert_int_equal(gnt_address_parse(&arena, a.text, &again, NULL), 0);
            assert_string_equal(again.text, a.text);
            assert_string_equal(again.host, a.host);
            assert_int_equal(again.port, a.port);
        }
        free(text);
        gnt_arena_reset(&arena);
    }
    gnt_arena_free(&arena);
}

static void test_passwords_are_not_shown(void **state)
{
    static const struct {
        const char *text;
        const char *shown;
    } rows[] = { { "tcp://me:sesame@h:1/x", "tcp://me:***@h:1/x" },
                 { "ssh://me:a@b@h", "ssh://me:***@h" },
                 { "me:sesame@h", "me:***@h" },
                 { "ssh://me@h:22", "ssh://me@h:22" },
                 { "tcp://h:1/a:b@c", "tcp://h:1/a:b@c" },
                 { "tcp://me:se/sesame@h:1", "tcp://me:***@h:1" },
                 { "tcp://me:1/sesame?x#@h/a", "tcp://me:1/sesame?x#@h/a" }, /* a port */
                 { "tcp://[::1]:2375/a@b", "tcp://[::1]:2375/a@b" },
                 { "unix:///run/a:b@c", "unix:///run/a:b@c" },
                 { "unix:///x", "unix:///x" } };
    struct gnt_arena arena;
    struct gnt_mem mem;

    (void)state;
    gnt_mem_init(&mem, NULL, NULL);
    gnt_arena_init(&arena, &mem);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gnt_address address;
        gantry_error err = { 0 };

        assert_string_equal(gnt_address_show(&arena, rows[i].text), rows[i].shown);
        if (gnt_address_parse(&arena, rows[i].text, &address, &err) < 0 &&
            strstr(rows[i].shown, "sesame") == NULL)
            assert_null(strstr(err.message, "sesame"));
    }
    gnt_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_but_plain_bytes_are_encoded),
        cmocka_unit_test(templates_make_paths),
        cmocka_unit_test(nothing_leaves_its_place),
        cmocka_unit_test(long_paths_are_a_limit),
        cmocka_unit_test(queries_are_appended),
        cmocka_unit_test(addresses_are_taken_apart),
        cmocka_unit_test(bad_addresses_are_refused_with_a_reason),
        cmocka_unit_test(a_port_that_was_not_given_is_another_with_tls),
        cmocka_unit_test(socket_paths_must_fit),
        cmocka_unit_test(random_addresses),
        cmocka_unit_test(test_passwords_are_not_shown),
    };

    if (gnt_mem_init(&memory, NULL, NULL) < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
