/* The TOML reader: what it understands, what it refuses, that it is bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "toml.h"

static struct gnt_arena arena;
static gantry_error err;

static int parse(const char *text, size_t size, struct gnt_json **out)
{
    struct gnt_mem mem;
    char *exact = malloc(size > 0 ? size : 1); /* so that reading over the end is seen */
    int rc;

    memcpy(exact, text, size);
    gnt_mem_init(&mem, NULL, NULL);
    gnt_arena_init(&arena, &mem);
    memset(&err, 0, sizeof err);
    *out = NULL;
    rc = gnt_toml_parse(&arena, exact, size, out, &err);
    free(exact);
    return rc;
}

static const char *text_at(const char *toml, const char *path)
{
    static char found[600];
    struct gnt_json *doc;
    const char *text;

    if (parse(toml, strlen(toml), &doc) < 0)
        fail_msg("%s: %s", toml, err.message);
    text = gnt_json_text(gnt_json_get(doc, path));
    snprintf(found, sizeof found, "%s", text != NULL ? text : "(none)");
    gnt_arena_free(&arena);
    return found;
}

static void test_keys_and_tables(void **state)
{
    (void)state;
    assert_string_equal(text_at("a = \"1\"", "a"), "1");
    assert_string_equal(text_at("\xEF\xBB\xBF"
                                "a=\"1\"\r\n#x\r\n",
                                "a"),
                        "1");
    assert_string_equal(text_at("[t]\na = '1' # why\n[u]\na='2'", "u/a"), "2");
    assert_string_equal(text_at("[ t . u ]\na.b.c = '1'\na.b.d='2'", "t/u/a/b/d"), "2");
    assert_string_equal(text_at("[\"a b\".'c.d']\n\"x y\" = '1'", "a b/c.d/x y"), "1");
    assert_string_equal(text_at("a = { b = '1', c = { d = '2' }, e.f = '3' }", "a/e/f"), "3");
    assert_string_equal(text_at("a = {}\nb='x'", "b"), "x");
    assert_string_equal(text_at("[[p]]\nn='1'\n[[p]]\nn='2'\n[p.q]\nz='3'\n[r]\ns='4'", "r/s"),
                        "4");
    assert_string_equal(text_at("[a.b]\nx='1'\n[a]\ny='2'", "a/y"), "2");
}

static void test_strings(void **state)
{
    (void)state;
    assert_string_equal(text_at("a = \"q\\\"b\\\\s\\tt\\u00e9\\U0001F600\"", "a"),
                        "q\"b\\s\tt\xC3\xA9\xF0\x9F\x98\x80");
    assert_string_equal(text_at("a = 'no \\escape'", "a"), "no \\escape");
    assert_string_equal(text_at("a = \"\"\"\none\ntwo \\\n   three\"\"\"\nb='x'", "a"),
                        "one\ntwo three");
    assert_string_equal(text_at("a = '''\r\nit's'''\n", "a"), "it's");
    assert_string_equal(text_at("a = \"\"\"quoted\"\"\"\"\"\nb = 'y'", "a"), "quoted\"\"");
    assert_string_equal(text_at("a = \"\"\"quoted\"\"\"\"\"\nb = 'y'", "b"), "y");
    assert_string_equal(text_at("a = \"\"\nb=''\nc='z'", "c"), "z");
}

static void test_what_nobody_needs_is_read_over(void **state)
{
    (void)state;
    assert_string_equal(text_at("a = [ 1, 2.5e3, -3, 0xff, inf, nan,\n # c ]\n [ 'x', \"]\" ], "
                                "{ y = [1] }, \n]\nb='2'",
                                "b"),
                        "2");
    assert_string_equal(text_at("a = \"\"\"\n[fake]\nb = 'no'\n\"\"\"\nb='2'", "b"), "2");
    assert_string_equal(text_at("d = 1979-05-27T07:32:00.5+01:00\ne = 1979-05-27 07:32:00Z\n"
                                "f = 1979-05-27\ng = 07:32:00\nh = 1_000\nb = 'x'",
                                "b"),
                        "x");
}

static void test_booleans(void **state)
{
    struct gnt_json *doc;

    (void)state;
    assert_int_equal(parse("a=true\nb=false", 14, &doc), 0);
    assert_int_equal(gnt_json_true(gnt_json_get(doc, "a")), 1);
    assert_int_equal(gnt_json_true(gnt_json_get(doc, "b")), 0);
    gnt_arena_free(&arena);
}

static void test_what_is_no_toml(void **state)
{
    static const struct {
        const char *text;
        const char *says;
    } rows[] = {
        { "a", "line 1: there is no =" },
        { "\n\na =", "line 3: a value is missing" },
        { "a = yes", "line 1: a value is no" },
        { "a = truest", "line 1: a value is no" },
        { "a = \"x", "line 1: a string does not end" },
        { "a = \"x\n\"", "line 1: a string does not end" },
        { "a = '''x", "line 1: a string does not end" },
        { "a = \"\"\"\n\n", "line 3: a string does not end" },
        { "a = \"\\q\"", "a backslash stands for nothing" },
        { "a = \"\\", "a backslash stands for nothing" },
        { "a = \"\\u12\"", "hexadecimal" },
        { "a = \"\\ud800\"", "no character" },
        { "a = \"\\u0000\"", "no character" },
        { "a = 'x' y", "something follows" },
        { "a = 'x' b = 'y'", "something follows" },
        { "[a", "does not end with ]" },
        { "[[a]", "does not end with ]" },
        { "[]", "a name is missing" },
        { "[a]\n[a] x", "something follows" },
        { "a = 'x'\na = 'y'", "line 2: a name is given twice" },
        { "a = 'x'\na.b = 'y'", "line 2: a value is used as a table" },
        { "a = 'x'\n[a.b]", "a value is used as a table" },
        { "a = 'x'\n[[a]]", "as an array of tables" },
        { "a = [1", "an array does not end" },
        { "a = [1 2]", "an array does not end" },
        { "a = { b = 1", "does not end with }" },
        { "a = { b = 1 c = 2 }", "does not end with }" },
        { "a = {\n}", "a name is missing" },
        { "\"\"\"a\"\"\" = 1", "several lines" },
        { "= 1", "a name is missing" },
        { "a..b = 1", "a name is missing" },
        { "a = \"\x01\"", "control character" },
        { "\xFF = 1", "UTF-8" },
        { "{", "a name is missing" },
        { "PK\x03\x04", "no = behind" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gnt_json *doc;

        assert_int_equal(parse(rows[i].text, strlen(rows[i].text), &doc), GANTRY_E_INVALID);
        if (strstr(err.message, rows[i].says) == NULL)
            fail_msg("%s: \"%s\" does not say \"%s\"", rows[i].text, err.message, rows[i].says);
        assert_null(doc);
        gnt_arena_free(&arena);
    }
}

/* Every beginning of a document ends well or is refused, and nothing is read behind it. */
static void test_cut_anywhere(void **state)
{
    static const char text[] = "[a.\"b\"]\nc = \"x\\u00e9\\\\\" # d\ne = [1, '2', {f = \"\"\"\n\\\n"
                               "g\"\"\"}]\n[[h]]\ni.j = 1979-05-27 07:32:00\nk = '''l'''''\n";

    (void)state;
    for (size_t size = 0; size < sizeof text; size++) {
        struct gnt_json *doc;
        int rc = parse(text, size < sizeof text - 1 ? size : sizeof text - 1, &doc);

        assert_true(rc == 0 || rc == GANTRY_E_INVALID);
        assert_true(size < sizeof text - 1 || rc == 0);
        gnt_arena_free(&arena);
    }
}

static void test_bounds(void **state)
{
    size_t size = 1024 * 1024;
    char *text = malloc(size);
    struct gnt_json *doc;
    size_t used = 0;

    (void)state;
    memset(text, '[', size);
    memcpy(text, "a =", 3);
    assert_int_equal(parse(text, size, &doc), GANTRY_E_INVALID);
    assert_non_null(strstr(err.message, "nested too deep"));
    gnt_arena_free(&arena);
    for (int i = 0; used + 16 < size; i++)
        used += (size_t)snprintf(text + used, 16, "k%d=''\n", i);
    assert_int_equal(parse(text, used, &doc), GANTRY_E_LIMIT);
    gnt_arena_free(&arena);
    memset(text, '.', size);
    for (size_t i = 0; i < size; i += 2)
        text[i] = 'a';
    assert_int_equal(parse(text, size, &doc), GANTRY_E_INVALID);
    assert_non_null(strstr(err.message, "too many parts"));
    gnt_arena_free(&arena);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_and_tables),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_what_nobody_needs_is_read_over),
        cmocka_unit_test(test_booleans),
        cmocka_unit_test(test_what_is_no_toml),
        cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
