/*
 * Image references, as a table of what they are made of and a table of why they are refused.
 */
#include "names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEX32 "0123456789abcdef0123456789abcdef"
#define HEX64 HEX32 HEX32
#define A10 "aaaaaaaaaa"
#define A100 A10 A10 A10 A10 A10 A10 A10 A10 A10 A10
#define A128 A100 A10 A10 "aaaaaaaa"
#define A255 A100 A100 A10 A10 A10 A10 A10 "aaaaa"

static const struct {
    const char *text;
    const char *domain;
    const char *path;
    const char *tag;
    const char *digest;
    int is_id;
} good[] = {
    { "app", "", "app", "", "", 0 },
    { "app:latest", "", "app", "latest", "", 0 },
    { "app:1.2-rc_3", "", "app", "1.2-rc_3", "", 0 },
    { "app:UPPER", "", "app", "UPPER", "", 0 },
    { "app:_x", "", "app", "_x", "", 0 },
    { "library/app", "", "library/app", "", "", 0 },
    { "a/b/c/d:t", "", "a/b/c/d", "t", "", 0 },
    { "localhost/app", "localhost", "app", "", "", 0 },
    { "localhost:5000/app", "localhost:5000", "app", "", "", 0 },
    { "localhost:5000/app:t", "localhost:5000", "app", "t", "", 0 },
    { "localhost", "", "localhost", "", "", 0 },
    { "localhost:5000", "", "localhost", "5000", "", 0 },
    { "localhosts/app", "", "localhosts/app", "", "", 0 },
    { "docker.io/library/busybox", "docker.io", "library/busybox", "", "", 0 },
    { "example.org/app:1", "example.org", "app", "1", "", 0 },
    { "example.org:443/team/app:1", "example.org:443", "team/app", "1", "", 0 },
    { "Example.ORG/app", "Example.ORG", "app", "", "", 0 },
    { "Registry/app", "Registry", "app", "", "", 0 },
    { "my-reg.example-1.org/app", "my-reg.example-1.org", "app", "", "", 0 },
    { "a--b.org/app", "a--b.org", "app", "", "", 0 },
    { "reg:5000/app", "reg:5000", "app", "", "", 0 },
    { "127.0.0.1:5000/app", "127.0.0.1:5000", "app", "", "", 0 },
    { "[::1]/app", "[::1]", "app", "", "", 0 },
    { "[2001:DB8::1]:5000/app:x", "[2001:DB8::1]:5000", "app", "x", "", 0 },
    { "a.b/c", "a.b", "c", "", "", 0 },
    { "a.b", "", "a.b", "", "", 0 },
    { "a_b", "", "a_b", "", "", 0 },
    { "a__b", "", "a__b", "", "", 0 },
    { "a-b", "", "a-b", "", "", 0 },
    { "a---b", "", "a---b", "", "", 0 },
    { "0a/9", "", "0a/9", "", "", 0 },
    { "my-python", "", "my-python", "", "", 0 },
    { "app@sha256:" HEX64, "", "app", "", "sha256:" HEX64, 0 },
    { "app:t@sha256:" HEX64, "", "app", "t", "sha256:" HEX64, 0 },
    { "example.org:1/a/b:t@sha256:" HEX64, "example.org:1", "a/b", "t", "sha256:" HEX64, 0 },
    { "app@sha384:" HEX64 HEX32, "", "app", "", "sha384:" HEX64 HEX32, 0 },
    { "app@sha512:" HEX64 HEX64, "", "app", "", "sha512:" HEX64 HEX64, 0 },
    { "app@blake2+x.y-z_w:" HEX32, "", "app", "", "blake2+x.y-z_w:" HEX32, 0 },
    { "app@md5:ABCDEF6789ABCDEF0123456789ABCDEF", "", "app", "",
      "md5:ABCDEF6789ABCDEF0123456789ABCDEF", 0 },
    { HEX64, "", HEX64, "", "", 1 },
    { "sha256:" HEX64, "", HEX64, "", "", 1 },
    { "sha256:0123abcd", "", "0123abcd", "", "", 1 },
    { "sha256:latest", "", "sha256", "latest", "", 0 },
    { "0123abcd", "", "0123abcd", "", "", 0 },
    { HEX64 "0", "", HEX64 "0", "", "", 0 },
    { "sha256:" HEX64 "0", "", "sha256", HEX64 "0", "", 0 },
    { A255, "", A255, "", "", 0 },
    { "app:" A128, "", "app", A128, "", 0 },
};

static const struct {
    const char *text;
    const char *reason; /* part of the message */
} bad[] = {
    { NULL, "must not be NULL" },
    { "", "must not be empty" },
    { "App", "lower case" },
    { "team/App", "lower case" },
    { "aPp:t", "lower case" },
    { "a-B", "lower case" },
    { "ABCDEF6789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF", "lower case" },
    { "/app", "empty" },
    { "app/", "empty" },
    { "a//b", "empty" },
    { "example.org/", "empty" },
    { ":tag", "empty" },
    { "@sha256:" HEX64, "empty" },
    { "app:", "tag is missing" },
    { "app:a:b", "made of a-z" },
    { "app:-x", "tags are made of" },
    { "app:.x", "tags are made of" },
    { "app:a+b", "tags are made of" },
    { "app:" A128 "a", "tag is longer" },
    { "app@", "not algorithm:hex" },
    { "app@sha256", "not algorithm:hex" },
    { "app@:" HEX64, "not algorithm:hex" },
    { "app@9sha:" HEX64, "not algorithm:hex" },
    { "app@sha+:" HEX64, "not algorithm:hex" },
    { "app@a++b:" HEX64, "not algorithm:hex" },
    { "app@sha256:", "digits of its algorithm" },
    { "app@sha256:" HEX32, "digits of its algorithm" },
    { "app@sha256:" HEX64 "0", "digits of its algorithm" },
    { "app@sha256:ABCDEF6789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF",
      "digits of its algorithm" },
    { "app@md5:0123", "shorter than 32" },
    { "app@md5:" HEX32 "g", "not hexadecimal" },
    { "app@sha256:" HEX64 "@sha256:" HEX64, "digits of its algorithm" },
    { "app@x:" A255 A255 "a", "too long" },
    { ".", "begin and end" },
    { "..", "begin and end" },
    { "a/../b", "begin and end" },
    { "a/./b", "begin and end" },
    { "../../images/x", "host name" },
    { "-app", "begin and end" },
    { "app-", "begin and end" },
    { "_app", "begin and end" },
    { "a..b", "one at a time" },
    { "a___b", "one at a time" },
    { "a._b", "one at a time" },
    { "a.-b", "one at a time" },
    { "a_.b", "one at a time" },
    { "a+b", "made of a-z" },
    { "a%2fb", "made of a-z" },
    { "a?b", "made of a-z" },
    { "a#b", "made of a-z" },
    { "a\\b", "made of a-z" },
    { "a b", "byte 0x20" },
    { " app", "byte 0x20" },
    { "app\n", "byte 0x0a" },
    { "a\x7f", "byte 0x7f" },
    { "caf\xc3\xa9", "byte 0xc3" },
    { "https://example.org/app", "scheme" },
    { "docker://app", "scheme" },
    { "example.org:/app", "port is missing" },
    { "example.org:abc/app", "port is not a number" },
    { "example.org:1:2/app", "port is not a number" },
    { ":5000/app", "registry's name is empty" },
    { "-example.org/app", "host name" },
    { "example-.org/app", "host name" },
    { "example..org/app", "host name" },
    { ".example.org/app", "host name" },
    { "example.org./app", "host name" },
    { "exa_mple.org/app", "host name" },
    { "Exa--/app", "host name" },
    { "[::1/app", "not closed" },
    { "[]:1/app", "not closed" },
    { "[::g]/app", "another character" },
    { "[::1]x/app", "between" },
    { "[::1]:/app", "port is missing" },
    { "[::1]", "tags are made of" },
    { A255 "a", "longer than 255" },
    { "example.org/" A255, "longer than 255" },
};

static void references_are_taken_apart(void **state)
{
    struct gnt_mem mem;
    struct gnt_arena arena;
    size_t i;

    (void)state;
    gnt_mem_init(&mem, NULL, NULL);
    gnt_arena_init(&arena, &mem);
    for (i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct gnt_reference r = { 0 };
        gantry_error err = { 0 };

        if (gnt_reference_parse(&arena, "image", good[i].text, &r, &err) != 0)
            fail_msg("%s: %s", good[i].text, err.message);
        assert_string_equal(r.domain, good[i].domain);
        assert_string_equal(r.path, good[i].path);
        assert_string_equal(r.tag, good[i].tag);
        assert_string_equal(r.digest, good[i].digest);
        assert_int_equal(r.is_id, good[i].is_id);
        assert_int_equal(gnt_reference_check("image", good[i].text, NULL), 0);
    }
    gnt_arena_free(&arena);
}

static void bad_references_are_refused_with_a_reason(void **state)
{
    struct gnt_mem mem;
    struct gnt_arena arena;
    size_t i;

    (void)state;
    gnt_mem_init(&mem, NULL, NULL);
    gnt_arena_init(&arena, &mem);
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct gnt_reference r = { 0 };
        gantry_error err = { 0 };

        if (gnt_reference_parse(&arena, "image", bad[i].text, &r, &err) != GANTRY_E_INVALID)
            fail_msg("accepted: %s", bad[i].text);
        assert_null(r.path);
        if (strncmp(err.message, "image: ", 7) != 0 || strstr(err.message, bad[i].reason) == NULL)
            fail_msg("%s: %s", bad[i].text, err.message);
        assert_int_equal(gnt_reference_check("image", bad[i].text, NULL), GANTRY_E_INVALID);
    }
    gnt_arena_free(&arena);
}

/* What was taken apart and put together again is the same text; nothing crashes. */
static void random_references(void **state)
{
    static const char some[] = "ab0A.._-__:/@[]sha256:localhost";
    struct gnt_mem mem;
    struct gnt_arena arena;
    int accepted = 0;
    int round;

    (void)state;
    srand(99);
    gnt_mem_init(&mem, NULL, NULL);
    gnt_arena_init(&arena, &mem);
    for (round = 0; round < 200000; round++) {
        size_t size = (size_t)rand() % 12;
        char *text = malloc(size + 1); /* exact, for the sanitizer */
        struct gnt_reference r;
        size_t i;

        assert_non_null(text);
        for (i = 0; i < size; i++)
            text[i] = some[(size_t)rand() % (sizeof some - 1)];
        text[size] = '\0';
        if (gnt_reference_parse(&arena, "image", text, &r, NULL) == 0) {
            char whole[64];

            (void)snprintf(whole, sizeof whole, "%s%s%s%s%s%s%s", r.domain, *r.domain ? "/" : "",
                           r.path, *r.tag ? ":" : "", r.tag, *r.digest ? "@" : "", r.digest);
            if (!r.is_id)
                assert_string_equal(whole, text);
            accepted++;
        }
        free(text);
        if (round % 1000 == 0)
            gnt_arena_reset(&arena);
    }
    assert_true(accepted > 1000);
    gnt_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(references_are_taken_apart),
        cmocka_unit_test(bad_references_are_refused_with_a_reason),
        cmocka_unit_test(random_references),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
