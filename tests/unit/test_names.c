/*
 * Checks of names, environments and texts.
 */
#include "names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void names_that_are_fine(void **state)
{
    static const char *const good[] = {
        "a", "A", "0", "web", "Web-1", "a_b.c-d", "0123456789abcdef", "a..b", "a-", "a_", "a."
    };
    char longest[256];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_int_equal(gnt_check_name("container", good[i], NULL), 0);
    memset(longest, 'x', 255);
    longest[255] = '\0';
    assert_int_equal(gnt_check_name("container", longest, NULL), 0);
}

static void names_that_are_refused(void **state)
{
    static const struct {
        const char *name;
        const char *message;
    } bad[] = {
        { NULL, "container: must not be NULL" },
        { "", "container: must not be empty" },
        { ".", "container: '.' cannot begin a name: ." },
        { "..", "container: '.' cannot begin a name: .." },
        { "-rm", "container: '-' cannot begin a name: -rm" },
        { "_x", "container: '_' cannot begin a name: _x" },
        { "/web", "container: '/' cannot begin a name: /web" },
        { "foo/../../images/x", "container: '/' cannot be in a name: foo/../../images/x" },
        { "a b", "container: byte 0x20 cannot be in a name: a b" },
        { "a\nb", "container: byte 0x0a cannot be in a name: a b" },
        { "a%2e", "container: '%' cannot be in a name: a%2e" },
        { "a?x=1", "container: '?' cannot be in a name: a?x=1" },
        { "a#", "container: '#' cannot be in a name: a#" },
        { "a:b", "container: ':' cannot be in a name: a:b" },
        { "\xc3\xa4", "container: byte 0xc3 cannot be in a name: \xc3\xa4" },
        { "a\x7f", "container: byte 0x7f cannot be in a name: a " },
    };
    char longer[257];
    gantry_error err;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        memset(&err, 0, sizeof err);
        assert_int_equal(gnt_check_name("container", bad[i].name, &err), GANTRY_E_INVALID);
        assert_string_equal(err.message, bad[i].message);
    }
    memset(longer, 'x', 256);
    longer[256] = '\0';
    assert_int_equal(gnt_check_name("container", longer, &err), GANTRY_E_INVALID);
    assert_string_equal(err.message, "container: longer than 255 bytes");
}

/* Every single byte, so that no locale and no sign of char decides. */
static void names_have_only_plain_bytes(void **state)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    int c;

    (void)state;
    for (c = 1; c < 256; c++) {
        char name[3] = { 'a', (char)c, '\0' };
        int fine = strchr(plain, c) != NULL;

        assert_int_equal(gnt_check_name("n", name, NULL), fine ? 0 : GANTRY_E_INVALID);
    }
}

static void environments(void **state)
{
    static const char *const good[] = { "A=1", "B=", "C=a=b", "D=line\nline", NULL };
    static const char *const none[] = { NULL };
    static const char *const no_sign[] = { "A=1", "hunter2", NULL };
    static const char *const no_name[] = { "=hunter2", NULL };
    static const char *const empty[] = { "", NULL };
    gantry_error err = { 0 };

    (void)state;
    assert_int_equal(gnt_check_environment("environment", NULL, &err), 0);
    assert_int_equal(gnt_check_environment("environment", none, &err), 0);
    assert_int_equal(gnt_check_environment("environment", good, &err), 0);
    assert_int_equal(gnt_check_environment("environment", no_sign, &err), GANTRY_E_INVALID);
    assert_string_equal(err.message, "environment[1]: is not NAME=value");
    assert_int_equal(gnt_check_environment("environment", no_name, &err), GANTRY_E_INVALID);
    assert_string_equal(err.message, "environment[0]: has no name before the '='");
    assert_int_equal(gnt_check_environment("environment", empty, &err), GANTRY_E_INVALID);
    assert_string_equal(err.message, "environment[0]: is not NAME=value");
}

static void texts(void **state)
{
    gantry_error err = { 0 };

    (void)state;
    assert_int_equal(gnt_check_text("user", "name with space \xc3\xa4", &err), 0);
    assert_int_equal(gnt_check_text("user", NULL, &err), GANTRY_E_INVALID);
    assert_int_equal(gnt_check_text("user", "", &err), GANTRY_E_INVALID);
    assert_string_equal(err.message, "user: must not be empty");
    assert_int_equal(gnt_check_text("user", "a\r\nX: y", &err), GANTRY_E_INVALID);
    assert_string_equal(err.message, "user: has a control character (0x0d)");
    assert_int_equal(gnt_check_text("user", "a\x7f", &err), GANTRY_E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_that_are_fine),
        cmocka_unit_test(names_that_are_refused),
        cmocka_unit_test(names_have_only_plain_bytes),
        cmocka_unit_test(environments),
        cmocka_unit_test(texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
