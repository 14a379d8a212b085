/*
 * The files of users and groups as texts: what is found, what is free, what is changed, and that
 * everything else stays as it was.
 */
#include "passwd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
                             "# a comment:x:1:1\n"
                             "\n"
                             "bob:x:1000:1000:Bob,,,:/home/bob:/bin/sh\n"
                             "broken\n"
                             "odd:x:notanumber:5::/:/bin/sh\n"
                             "eve:x:1002:50::/:/bin/sh";
static const char group[] =
    "root:x:0:\nstaff:x:50:bob,ann\nempty:x:51:\nshort:x:52\ntaken:x:1003:\n";

static struct gnt_mem mem;

static int setup(void **state)
{
    (void)state;
    return gnt_mem_init(&mem, NULL, NULL);
}

static void test_looking_up(void **state)
{
    struct gnt_account a;

    (void)state;
    assert_int_equal(gnt_account_by_name(passwd, "bob", &a), 0);
    assert_true(a.id == 1000 && a.gid == 1000);
    assert_int_equal(gnt_account_by_name(passwd, "bo", &a), -1);
    assert_int_equal(gnt_account_by_name(passwd, "bobby", &a), -1);
    assert_int_equal(gnt_account_by_name(passwd, "broken", &a), -1);
    assert_int_equal(gnt_account_by_name(passwd, "odd", &a), -1);
    assert_int_equal(gnt_account_by_name(passwd, "", &a), -1);
    assert_int_equal(gnt_account_by_name("", "bob", &a), -1);
    assert_int_equal(gnt_account_by_id(passwd, 1002, &a), 0);
    assert_int_equal(a.gid, 50);
    assert_int_equal(gnt_account_by_id(passwd, 1, &a), -1); /* a comment is no user */
    assert_int_equal(gnt_account_of(passwd, "1000", &a), 0);
    assert_memory_equal(a.line, "bob:", 4);
    assert_int_equal(gnt_account_of(passwd, "77", &a), -1);
    assert_int_equal(gnt_account_by_name(group, "short", &a), 0);
    assert_int_equal(a.id, 52);
}

static void test_numbers(void **state)
{
    int64_t id = -1;

    (void)state;
    assert_int_equal(gnt_account_number("0", &id), 0);
    assert_int_equal(gnt_account_number("4294967294", &id), 0);
    assert_true(id == 4294967294);
    assert_int_equal(gnt_account_number("4294967295", &id), -1);
    assert_int_equal(gnt_account_number("99999999999", &id), -1);
    assert_int_equal(gnt_account_number("", &id), -1);
    assert_int_equal(gnt_account_number("-1", &id), -1);
    assert_int_equal(gnt_account_number("12a", &id), -1);
    assert_int_equal(gnt_account_free_id(passwd, group, 1000), 1001);
    assert_int_equal(gnt_account_free_id(passwd, group, 1002), 1004); /* one is a group's */
    assert_int_equal(gnt_account_free_id("", "", 1000), 1000);
    assert_int_equal(gnt_account_free_id("", "", 60000), -1);
}

static void test_names(void **state)
{
    (void)state;
    assert_true(gnt_account_name_ok("ada"));
    assert_true(gnt_account_name_ok("_a-1"));
    assert_true(gnt_account_name_ok("a23456789012345678901234567890ab"));
    assert_false(gnt_account_name_ok("a23456789012345678901234567890abc"));
    assert_false(gnt_account_name_ok(""));
    assert_false(gnt_account_name_ok("-a"));
    assert_false(gnt_account_name_ok("1a"));
    assert_false(gnt_account_name_ok("Ada"));
    assert_false(gnt_account_name_ok("a:b"));
    assert_false(gnt_account_name_ok("a\nb"));
}

static void test_appending(void **state)
{
    struct gnt_buf text;

    (void)state;
    gnt_buf_init(&text, &mem, 1000);
    assert_int_equal(gnt_account_append(&text, "first"), 0);
    assert_string_equal(gnt_buf_text(&text), "first\n");
    gnt_buf_clear(&text);
    gnt_buf_adds(&text, "no newline");
    assert_int_equal(gnt_account_append(&text, "next"), 0);
    assert_string_equal(gnt_buf_text(&text), "no newline\nnext\n");
    gnt_buf_free(&text);
}

static void becomes(const char *name, const char *user, const char *want)
{
    struct gnt_buf out;

    gnt_buf_init(&out, &mem, 1000);
    assert_int_equal(gnt_group_add_member(&out, group, name, user), 0);
    assert_string_equal(gnt_buf_text(&out), want);
    gnt_buf_free(&out);
}

static void test_members(void **state)
{
    (void)state;
    becomes("staff", "eve",
            "root:x:0:\nstaff:x:50:bob,ann,eve\nempty:x:51:\nshort:x:52\ntaken:x:1003:\n");
    becomes("empty", "eve",
            "root:x:0:\nstaff:x:50:bob,ann\nempty:x:51:eve\nshort:x:52\ntaken:x:1003:\n");
    becomes("short", "eve",
            "root:x:0:\nstaff:x:50:bob,ann\nempty:x:51:\nshort:x:52:eve\ntaken:x:1003:\n");
    becomes("staff", "ann", group);
    becomes("staff", "an",
            "root:x:0:\nstaff:x:50:bob,ann,an\nempty:x:51:\nshort:x:52\ntaken:x:1003:\n");
    becomes("nobody", "eve", group);
}

static void test_shadow(void **state)
{
    static const char shadow[] = "root:*:1:0:99999:7:::\nada:!:2:0:99999:7:::\nlast:x";
    struct gnt_buf out;

    (void)state;
    gnt_buf_init(&out, &mem, 1000);
    assert_int_equal(gnt_shadow_set(&out, shadow, "ada", "$6$h", 19000), 0);
    assert_string_equal(gnt_buf_text(&out),
                        "root:*:1:0:99999:7:::\nada:$6$h:2:0:99999:7:::\nlast:x");
    gnt_buf_clear(&out);
    assert_int_equal(gnt_shadow_set(&out, shadow, "eve", "!", 19000), 0);
    assert_string_equal(gnt_buf_text(&out), "root:*:1:0:99999:7:::\nada:!:2:0:99999:7:::\nlast:x\n"
                                            "eve:!:19000:0:99999:7:::\n");
    gnt_buf_clear(&out);
    assert_int_equal(gnt_shadow_set(&out, "ada:", "ada", "h", 1), 0);
    assert_string_equal(gnt_buf_text(&out), "ada:h");
    gnt_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_looking_up), cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_names),      cmocka_unit_test(test_appending),
        cmocka_unit_test(test_members),    cmocka_unit_test(test_shadow),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
