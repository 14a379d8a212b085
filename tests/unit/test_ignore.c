/* Ignore rules: what they match (ignore_rows.h), what lines become, messages, and how long it takes. */
#include "ignore.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "ignore_rows.h"

static gantry_ignore *rules(const char *lines)
{
    gantry_ignore *ignore = NULL;
    gantry_error err = { 0 };

    assert_int_equal(gantry_ignore_new(NULL, &ignore, NULL), 0);
    if (gantry_ignore_add_text(ignore, "rules", lines, strlen(lines), &err) < 0)
        fail_msg("\"%s\": %s", lines, err.message);
    assert_int_equal(err.code, 0);
    return ignore;
}

static int ignored(const gantry_ignore *ignore, const char *path)
{
    gantry_ignore_result result = { .size = sizeof result };

    assert_int_equal(gantry_ignore_match(ignore, path, &result, NULL), 0);
    return result.ignored;
}

static void check_rows(const struct ignore_row *rows, size_t count)
{
    int wrong = 0;

    for (size_t i = 0; i < count; i++) {
        gantry_ignore *ignore = rules(rows[i].lines);

        if (ignored(ignore, rows[i].path) != rows[i].ignored) {
            print_error("%zu: \"%s\" and \"%s\": not %d\n", i, rows[i].lines, rows[i].path,
                        rows[i].ignored);
            wrong++;
        }
        gantry_ignore_free(ignore);
    }
    assert_int_equal(wrong, 0);
}

#define CHECK_ROWS(rows) check_rows(rows, sizeof(rows) / sizeof(rows)[0])

static void the_reference_agrees(void **state)
{
    (void)state;
    CHECK_ROWS(single_rows);
    CHECK_ROWS(several_rows);
    CHECK_ROWS(shell_rows);
    CHECK_ROWS(tree_rows);
    CHECK_ROWS(further_rows);
    assert_true(sizeof single_rows + sizeof several_rows + sizeof shell_rows >=
                120 * sizeof single_rows[0]);
}

/* Each alone and behind a good one; what was there before stays. */
static void malformed_patterns_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused_rows / sizeof refused_rows[0]; i++) {
        gantry_ignore *ignore = rules("kept");
        gantry_error err = { 0 };
        char text[100];

        snprintf(text, sizeof text, "good\n\n%s", refused_rows[i]);
        if (gantry_ignore_add_text(ignore, "f", text, strlen(text), &err) != GANTRY_E_INVALID)
            fail_msg("\"%s\" was taken", refused_rows[i]);
        assert_string_equal(err.operation, "ignore.add_text");
        assert_string_equal(err.resource, "f");
        assert_int_equal(err.resource_kind, GANTRY_RESOURCE_FILE);
        assert_true(strncmp(err.message, "f, line ", 8) == 0);
        assert_false(ignored(ignore, "good"));
        assert_true(ignored(ignore, "kept"));
        gantry_ignore_free(ignore);
    }
}

/* How a pattern is compared decides what it matches, so it is that of the reference. */
static void patterns_are_compared_as_by_the_reference(void **state)
{
    static const struct {
        const char *pattern;
        int kind;
    } rows[] = {
        { "*", GNT_RULE_GLOB },
        { "file*", GNT_RULE_GLOB },
        { "*file", GNT_RULE_GLOB },
        { "a*/b", GNT_RULE_GLOB },
        { "**", GNT_RULE_SUFFIX },
        { "**/**", GNT_RULE_GLOB },
        { "dir/**", GNT_RULE_PREFIX },
        { "**/dir", GNT_RULE_SUFFIX },
        { "**/dir2/*", GNT_RULE_GLOB },
        { "**/dir2/**", GNT_RULE_GLOB },
        { "**file", GNT_RULE_SUFFIX },
        { "**/file*txt", GNT_RULE_GLOB },
        { "**/**/*.txt", GNT_RULE_GLOB },
        { "a[b-d]e", GNT_RULE_GLOB },
        { ".*", GNT_RULE_GLOB },
        { "abc.def", GNT_RULE_SAME },
        { "abc?def", GNT_RULE_GLOB },
        { "**/foo/bar", GNT_RULE_SUFFIX },
        { "a(b)c/def", GNT_RULE_SAME },
        { "a.|)$(}+{bc", GNT_RULE_SAME },
        { "dist/proxy.py-2.4.0rc3.dev36+g08acad9-py3-none-any.whl", GNT_RULE_SAME },
    };
    struct gnt_arena arena;
    struct gnt_mem mem;

    (void)state;
    assert_int_equal(gnt_mem_init(&mem, NULL, NULL), 0);
    gnt_arena_init(&arena, &mem);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gnt_rule rule;
        int skip = 0;

        assert_int_equal(
            gnt_rule_compile(&arena, rows[i].pattern, strlen(rows[i].pattern), &rule, &skip, NULL),
            0);
        assert_int_equal(rule.kind, rows[i].kind);
    }
    gnt_arena_free(&arena);
}

/* What a line becomes; NULL: nothing. */
static void lines_are_cleaned(void **state)
{
    static const struct {
        const char *line;
        const char *pattern;
        int again;
    } rows[] = {
        { "test1", "test1", 0 },
        { "/test2", "test2", 0 },
        { "/a/file/here", "a/file/here", 0 },
        { "", NULL, 0 },
        { " \t\r", NULL, 0 },
        { "/ /", NULL, 0 },
        { "lastfile", "lastfile", 0 },
        { "! /inverted/abs/path", "inverted/abs/path", 1 },
        { "  a \r", "a", 0 },
        { "\xC2\xA0"
          "a\xE3\x80\x80",
          "a", 0 },
        { "//a//b/./c/../d/", "a/b/d", 0 },
        { "a/../..", "..", 0 },
        { "/../a", "a", 0 },
        { "../../a", "../../a", 0 },
        { ".", ".", 0 },
        { "/", "/", 0 },
        { "!!a", "!a", 1 },
    };
    struct gnt_arena arena;
    struct gnt_mem mem;

    (void)state;
    assert_int_equal(gnt_mem_init(&mem, NULL, NULL), 0);
    gnt_arena_init(&arena, &mem);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gnt_rule rule;
        int skip = 0;

        assert_int_equal(
            gnt_rule_compile(&arena, rows[i].line, strlen(rows[i].line), &rule, &skip, NULL), 0);
        assert_int_equal(skip, rows[i].pattern == NULL);
        if (skip)
            continue;
        assert_string_equal(rule.pattern, rows[i].pattern);
        assert_int_equal(rule.again, rows[i].again);
    }
    gnt_arena_free(&arena);
}

static void a_file_is_read_by_lines(void **state)
{
    static const char text[] =
        "\xEF\xBB\xBF# a comment\n#\n \n #not one\r\n*.o \n!keep.o\n\xEF\xBB\xBFx";
    gantry_ignore_result r = { .size = sizeof r };
    gantry_ignore *ignore = rules("");
    char name[] = "some/file";

    (void)state;
    assert_int_equal(gantry_ignore_add(ignore, "first*", NULL), 0);
    assert_int_equal(gantry_ignore_add(ignore, " \t", NULL), 0);
    assert_int_equal(gantry_ignore_add_text(ignore, name, text, sizeof text - 1, NULL), 0);
    assert_int_equal(gantry_ignore_add(ignore, " #last ", NULL), 0);
    memset(name, 'x', sizeof name - 1); /* it was copied */
    assert_int_equal(gantry_ignore_match(ignore, "first.o", &r, NULL), 0);
    assert_int_equal(r.ignored, 1);
    assert_string_equal(r.rule, "first*");
    assert_null(r.file);
    assert_int_equal(r.line, 0);
    assert_int_equal(gantry_ignore_match(ignore, "keep.o", &r, NULL), 0);
    assert_int_equal(r.ignored, 0);
    assert_string_equal(r.rule, "!keep.o");
    assert_string_equal(r.file, "some/file");
    assert_int_equal(r.line, 6);
    assert_int_equal(gantry_ignore_match(ignore, "./a.o/b", &r, NULL), 0);
    assert_int_equal(r.ignored, 1);
    assert_string_equal(r.rule, "*.o");
    assert_int_equal(r.line, 5);
    assert_int_equal(gantry_ignore_match(ignore, "other", &r, NULL), 0);
    assert_null(r.rule);
    assert_int_equal(r.ignored, 0);
    assert_true(ignored(ignore, "#not one"));
    assert_true(ignored(ignore, "#last"));
    assert_true(ignored(ignore, "\xEF\xBB\xBFx"));
    assert_false(ignored(ignore, "x"));
    gantry_ignore_free(ignore);
}

static void bad_arguments_are_refused(void **state)
{
    gantry_ignore_result r = { .size = sizeof r };
    gantry_ignore_result unset = { 0 };
    gantry_ignore *ignore = rules("a");
    char longer[GNT_PATTERN_MAX + 2];
    gantry_error err = { 0 };

    (void)state;
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(gantry_ignore_new(NULL, NULL, NULL), GANTRY_E_INVALID);
    assert_int_equal(gantry_ignore_add(NULL, "a", NULL), GANTRY_E_INVALID);
    assert_int_equal(gantry_ignore_add(ignore, NULL, NULL), GANTRY_E_INVALID);
    assert_int_equal(gantry_ignore_add(ignore, longer, NULL), GANTRY_E_INVALID);
    assert_int_equal(gantry_ignore_add(ignore, "a[", &err), GANTRY_E_INVALID);
    assert_string_equal(err.message, "ignore pattern \"a[\": \"[\" without \"]\"");
    assert_string_equal(err.operation, "ignore.add");
    assert_int_equal(gantry_ignore_add_text(ignore, "f", NULL, 1, NULL), GANTRY_E_INVALID);
    assert_int_equal(gantry_ignore_add_text(ignore, "f", "a\0b", 3, NULL), GANTRY_E_INVALID);
    assert_int_equal(gantry_ignore_match(NULL, "a", &r, NULL), GANTRY_E_INVALID);
    assert_int_equal(gantry_ignore_match(ignore, NULL, &r, NULL), GANTRY_E_INVALID);
    assert_int_equal(gantry_ignore_match(ignore, longer, &r, NULL), GANTRY_E_INVALID);
    assert_int_equal(gantry_ignore_match(ignore, "a", NULL, NULL), GANTRY_E_INVALID);
    assert_int_equal(gantry_ignore_match(ignore, "a", &unset, NULL), GANTRY_E_INVALID);
    /* A program that knows less of the result gets less. */
    memset(&r, 0x55, sizeof r);
    r.size = offsetof(gantry_ignore_result, rule);
    unset = r;
    assert_int_equal(gantry_ignore_match(ignore, "a", &r, NULL), 0);
    assert_int_equal(r.ignored, 1);
    assert_ptr_equal(r.rule, unset.rule);
    gantry_ignore_free(ignore);
    gantry_ignore_free(NULL);
}

/* Where a walk need not look, and where it must. */
static void pruning_is_safe_and_tight(void **state)
{
    static const struct {
        const char *lines;
        const char *directory;
        int may_return;
    } rows[] = {
        { "a", "a", 0 },
        { "*\n!b", "a", 0 },
        { "*\n!a/b", "a", 1 },
        { "*\n!a/b/c", "a/b", 1 },
        { "*\n!a/b/c", "a/x", 0 },
        { "*\n!ab", "a", 0 },
        { "*\n!a/*.md", "a", 1 },
        { "*\n!*/b.py", "a", 1 },
        { "*\n!*/b.py", "a/b", 0 },
        { "*\n!**/b.py", "a/b", 1 },
        { "*\n!**/*.py", "a/b/c", 1 },
        { "*\n!src/**", "src", 1 },
        { "*\n!src/**", "srcs", 0 },
        { "*\n!src/**", "lib", 0 },
        { "!**/*.py\nnode_modules", "node_modules", 0 },
        { "!**/*.py\n**/node_modules", "x/node_modules", 0 },
        { "*\n!a/[b-d]/x", "a/c", 1 },
        { "*\n!a/[b-d]/x", "a/e", 0 },
        { "*\n!a/x/b\na/x", "a/x", 0 },
        { "*\n!a/x/b\na/x", "a", 1 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gantry_ignore *ignore = rules(rows[i].lines);

        assert_true(ignored(ignore, rows[i].directory));
        if (gnt_ignore_may_return(ignore, rows[i].directory, strlen(rows[i].directory)) !=
            rows[i].may_return)
            fail_msg("\"%s\" in %s: not %d", rows[i].lines, rows[i].directory, rows[i].may_return);
        gantry_ignore_free(ignore);
    }
}

/* A backtracking matcher takes longer than the universe for these. */
static void no_pattern_takes_long(void **state)
{
    static const char *const parts[] = { "**/", "*a", "**a*/", "[^b]*", "a**/b" };
    char path[GNT_PATTERN_MAX + 1];
    char pattern[2000];
    struct timespec before, after;

    (void)state;
    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    for (size_t i = 50; i < sizeof path - 1; i += 50)
        path[i] = '/';
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        size_t n = strlen(parts[i]), size = 0;
        gantry_ignore *ignore;

        while (size + n + 8 < sizeof pattern) {
            memcpy(pattern + size, parts[i], n);
            size += n;
        }
        memcpy(pattern + size, "*/no", 5);
        ignore = rules(pattern);
        assert_false(ignored(ignore, path));
        gantry_ignore_free(ignore);
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    assert_true(after.tv_sec - before.tv_sec < 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_agrees),
        cmocka_unit_test(malformed_patterns_are_refused),
        cmocka_unit_test(patterns_are_compared_as_by_the_reference),
        cmocka_unit_test(lines_are_cleaned),
        cmocka_unit_test(a_file_is_read_by_lines),
        cmocka_unit_test(bad_arguments_are_refused),
        cmocka_unit_test(pruning_is_safe_and_tight),
        cmocka_unit_test(no_pattern_takes_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
