/* Ignore rules at work: in walks, in build contexts, and in what classic Docker is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <gantry/backend.h>

#include "archive_helpers.h"
#include "build_ignore.h"

static gantry_ignore *rules(const char *lines)
{
    gantry_ignore *ignore = NULL;

    assert_int_equal(gantry_ignore_new(NULL, &ignore, NULL), 0);
    assert_int_equal(gantry_ignore_add_text(ignore, "f", lines, strlen(lines), NULL), 0);
    return ignore;
}

/* What the tree holds, filtered, below a name. */
static void assert_filtered(struct tree *t, const char *lines, const char *name,
                            const char *expected)
{
    gantry_ignore *ignore = rules(lines);
    gantry_entry_options o = { .size = sizeof o, .ignore = ignore };
    gantry_archive *a = new_archive();
    struct members m;

    assert_int_equal(gantry_archive_add_directory(a, name, t->root, &o, NULL), 0);
    m = contents(a);
    assert_names(&m, expected);
    free_members(&m);
    gantry_archive_free(a);
    gantry_ignore_free(ignore);
}

static void make_project(struct tree *t)
{
    make_file(t, "Dockerfile", "FROM x\n");
    make_file(t, "a.md", "");
    make_file(t, "b.c", "");
    make_dir(t, "docs");
    make_file(t, "docs/a.md", "");
    make_file(t, "docs/x", "");
    make_dir(t, "docs/deep");
    make_file(t, "docs/deep/b.md", "");
    make_dir(t, "empty");
    make_dir(t, "src");
    make_file(t, "src/x", "");
}

static void walks_leave_out_what_rules_name(void **state)
{
    struct tree *t = *state;

    make_project(t);
    assert_filtered(t, "", "",
                    "Dockerfile a.md b.c docs/ docs/a.md docs/deep/ docs/deep/b.md docs/x empty/ "
                    "src/ src/x");
    assert_filtered(t, "docs\n*.md", "", "Dockerfile b.c empty/ src/ src/x");
    assert_filtered(t, "**/*.md", "", "Dockerfile b.c docs/ docs/deep/ docs/x empty/ src/ src/x");
    assert_filtered(t, "src/x\n/docs/", "in/it",
                    "in/ in/it/ in/it/Dockerfile in/it/a.md in/it/b.c in/it/empty/ in/it/src/");
}

/* A directory that is ignored is sent as the parent of what is not, and else not. */
static void directories_come_back_with_what_is_in_them(void **state)
{
    struct tree *t = *state;

    make_project(t);
    assert_filtered(t, "*\n!docs/deep", "", "docs/ docs/deep/ docs/deep/b.md");
    assert_filtered(t, "**\n!**/*.md", "", "a.md docs/ docs/a.md docs/deep/ docs/deep/b.md");
    assert_filtered(t, "*\n!*/x", "", "docs/ docs/x src/ src/x");
    assert_filtered(t, "*\n!src/**", "", "src/ src/x");
    assert_filtered(t, "*\n!nothing/**", "", "");
    assert_filtered(t, "**\n!docs/deep\ndocs/deep/*", "", "docs/ docs/deep/");
}

/* What is left out is not even looked at: it may be unreadable. */
static void ignored_directories_are_not_entered(void **state)
{
    struct tree *t = *state;

    make_dir(t, "node_modules");
    make_file(t, "node_modules/x", "");
    make_file(t, "y", "");
    assert_int_equal(mkfifo(at(t, "pipe"), 0600), 0);
    assert_int_equal(chmod(at(t, "node_modules"), 0), 0);
    assert_filtered(t, "node_modules\npipe\n", "", "y");
    assert_filtered(t, "!y*\nnode_modules\n", "", "y");
    assert_int_equal(chmod(at(t, "node_modules"), 0755), 0);
}

static void rules_are_for_directories(void **state)
{
    gantry_ignore *ignore = rules("x");
    gantry_entry_options o = { .size = sizeof o, .ignore = ignore };
    gantry_archive *a = new_archive();

    (void)state;
    assert_int_equal(gantry_archive_add_data(a, "x", "", 0, &o, NULL), GANTRY_E_INVALID);
    assert_int_equal(gantry_archive_add_file(a, "x", "/x", &o, NULL), GANTRY_E_INVALID);
    gantry_archive_free(a);
    gantry_ignore_free(ignore);
}

/* ---- contexts -------------------------------------------------------------------------------- */

/* A context and what classic Docker would get; both names and hidden ones are joined by spaces. */
static void assert_context(const gantry_build_options *o, const char *names, const char *hidden,
                           const char *classic, const char *dockerignore)
{
    gantry_build_context context = { 0 };
    char all[1000] = "";
    struct gnt_arena arena;
    struct gnt_mem mem;
    gantry_error err = { 0 };
    struct members m;
    size_t size = 0;

    assert_int_equal(gnt_mem_init(&mem, NULL, NULL), 0);
    gnt_arena_init(&arena, &mem);
    if (gnt_build_context(&arena, NULL, o, &context, &err) < 0)
        fail_msg("%s", err.message);
    m = contents(context.archive);
    assert_names(&m, names);
    free_members(&m);
    for (const char *const *h = context.hidden; *h != NULL; h++)
        size += (size_t)snprintf(all + size, sizeof all - size, "%s%s", size > 0 ? " " : "", *h);
    assert_string_equal(all, hidden);
    assert_int_equal(gnt_context_for_classic(&context, NULL), 0);
    m = contents(context.archive);
    assert_names(&m, classic);
    if (dockerignore != NULL)
        assert_data(&m, ".dockerignore", dockerignore);
    free_members(&m);
    gantry_archive_free(context.archive);
    gnt_arena_free(&arena);
}

static void the_first_ignore_file_counts(void **state)
{
    struct tree *t = *state;
    gantry_build_options o = { .size = sizeof o, .context_directory = t->root };

    make_file(t, "Dockerfile", "FROM x\n");
    make_file(t, "x", "");
    make_file(t, ".dockerignore", "x\n");
    assert_context(&o, ".dockerignore Dockerfile", "", ".dockerignore Dockerfile", "x\n");
    make_file(t, ".containerignore", "nothing\n");
    assert_context(&o, ".containerignore .dockerignore Dockerfile x", "",
                   ".containerignore .dockerignore Dockerfile x", "x\n");
    make_file(t, "Dockerfile.dockerignore", ".*\n");
    assert_context(&o, "Dockerfile Dockerfile.dockerignore x", "",
                   "Dockerfile Dockerfile.dockerignore x", NULL);
    make_file(t, "Dockerfile.containerignore", ".*\n*ignore\n");
    assert_context(&o, "Dockerfile Dockerfile.containerignore x", "Dockerfile.containerignore",
                   "Dockerfile x", NULL);
    o.ignore = GANTRY_OFF;
    assert_context(&o,
                   ".containerignore .dockerignore Dockerfile Dockerfile.containerignore "
                   "Dockerfile.dockerignore x",
                   "",
                   ".containerignore .dockerignore Dockerfile Dockerfile.containerignore "
                   "Dockerfile.dockerignore x",
                   "x\n");
    o.ignore = GANTRY_ON;
    o.dockerfile_name = "other/App";
    make_dir(t, "other");
    make_file(t, "other/App", "FROM x\n");
    make_file(t, "other/App.dockerignore", "*\n!x\n");
    assert_context(&o, "other/ other/App other/App.dockerignore x",
                   "other/App other/App.dockerignore", ".dockerignore other/ other/App x",
                   "other/App\n.dockerignore\n");
}

static void what_the_build_needs_is_sent_and_hidden(void **state)
{
    struct tree *t = *state;
    static const char *const more[] = { "x", "!z", NULL };
    static const char *const dockerfile[] = { "Docker*", NULL };
    gantry_build_options o = { .size = sizeof o, .context_directory = t->root };

    make_file(t, "Dockerfile", "FROM x\n");
    make_file(t, "x", "");
    make_file(t, "z", "");
    make_file(t, ".dockerignore", "*\n!x\n");
    assert_context(&o, ".dockerignore Dockerfile x", "Dockerfile .dockerignore",
                   ".dockerignore Dockerfile x", "*\n!x\n");
    o.ignore_patterns = more;
    assert_context(&o, ".dockerignore Dockerfile z", "Dockerfile .dockerignore",
                   ".dockerignore Dockerfile z", "*\n!x\n");
    o.dockerfile = "FROM text\n"; /* stands for the file: hidden too */
    assert_context(&o, ".dockerignore Dockerfile z", "Dockerfile .dockerignore",
                   ".dockerignore Dockerfile z", "*\n!x\n");
    o.ignore = GANTRY_OFF;
    o.dockerfile = NULL;
    /* The file would hide what is to be seen: it is corrected, at its end. */
    assert_context(&o, ".dockerignore Dockerfile z", "", ".dockerignore Dockerfile z",
                   "*\n!x\n\n!Dockerfile\n!.dockerignore\n");
    assert_int_equal(unlink(at(t, ".dockerignore")), 0);
    o.ignore_patterns = dockerfile;
    assert_context(&o, "Dockerfile x z", "Dockerfile", ".dockerignore Dockerfile x z",
                   "Dockerfile\n.dockerignore\n");
}

/* Rules from the Dockerfile's own file while a .dockerignore is an ordinary file. */
static void a_visible_dockerignore_keeps_its_lines(void **state)
{
    struct tree *t = *state;
    gantry_build_options o = { .size = sizeof o, .context_directory = t->root };

    make_file(t, "Dockerfile", "FROM x\n");
    make_file(t, ".dockerignore", "x\n");
    make_file(t, "x", "");
    make_file(t, "Dockerfile.dockerignore", "Dockerfile\n");
    assert_context(&o, ".dockerignore Dockerfile Dockerfile.dockerignore x", "Dockerfile",
                   ".dockerignore Dockerfile Dockerfile.dockerignore x", "x\n\nDockerfile\n");
    make_file(t, ".dockerignore", "[\n");
    assert_context(&o, ".dockerignore Dockerfile Dockerfile.dockerignore x", "Dockerfile",
                   ".dockerignore Dockerfile Dockerfile.dockerignore x", "Dockerfile\n");
}

static void archives_beat_directories(void **state)
{
    struct tree *t = *state;
    gantry_archive *own = new_archive();
    gantry_build_options o = { .size = sizeof o, .context_directory = t->root, .context = own };
    gantry_memory memory = { .size = sizeof memory, .data = "x", .length = 1 };
    gantry_source source = { .size = sizeof source };
    gantry_build_context context = { 0 };
    gantry_error err = { 0 };
    struct gnt_arena arena;
    struct gnt_mem mem;

    make_file(t, "Dockerfile", "FROM x\n");
    make_file(t, ".dockerignore", "x\n");
    make_file(t, "x", "");
    make_file(t, "y", "");
    add_text(own, ".dockerignore", "y\n.dockerignore\nz\nDockerfile\n");
    add_text(own, "z", "memory is always sent");
    assert_context(&o, ".dockerignore Dockerfile x z", "Dockerfile", ".dockerignore Dockerfile x z",
                   "y\n.dockerignore\nz\nDockerfile\n\n!.dockerignore\n");
    add_text(own, "Dockerfile", "FROM y\n");
    assert_context(&o, ".dockerignore Dockerfile x z", "", ".dockerignore Dockerfile x z",
                   "y\n.dockerignore\nz\nDockerfile\n\n!Dockerfile\n!.dockerignore\n");
    gantry_source_memory(&source, &memory);
    assert_int_equal(gantry_archive_add_source(own, ".dockerignore", &source, NULL, NULL), 0);
    assert_int_equal(gnt_mem_init(&mem, NULL, NULL), 0);
    gnt_arena_init(&arena, &mem);
    assert_int_equal(gnt_build_context(&arena, NULL, &o, &context, &err), GANTRY_E_INVALID);
    assert_non_null(strstr(err.message, "the ignore file .dockerignore"));
    gnt_arena_free(&arena);
    gantry_archive_free(own);
}

static void contexts_without_an_engine(void **state)
{
    struct tree *t = *state;
    static const char *const bad[] = { "fine", "[", NULL };
    gantry_build_options o = { .size = sizeof o, .context_directory = t->root };
    gantry_archive *a = NULL;
    gantry_error err = { 0 };
    struct members m;

    make_file(t, "Dockerfile", "FROM x\n");
    make_file(t, ".dockerignore", "*\n");
    assert_int_equal(gantry_build_context_archive(&o, &a, &err), 0);
    m = contents(a);
    assert_names(&m, ".dockerignore Dockerfile");
    free_members(&m);
    gantry_archive_free(a);
    a = NULL;
    make_file(t, ".dockerignore", "ok\n[a-\n");
    assert_int_equal(gantry_build_context_archive(&o, &a, &err), GANTRY_E_INVALID);
    assert_non_null(strstr(err.message, ".dockerignore, line 2, \"[a-\": "));
    assert_string_equal(err.operation, "build.context_archive");
    o.ignore = GANTRY_OFF;
    o.ignore_patterns = bad;
    assert_int_equal(gantry_build_context_archive(&o, &a, &err), GANTRY_E_INVALID);
    assert_non_null(strstr(err.message, "ignore pattern \"[\": "));
    o.context_directory = NULL;
    o.dockerfile = "FROM x\n";
    assert_int_equal(gantry_build_context_archive(&o, &a, &err), GANTRY_E_INVALID);
    assert_non_null(strstr(err.message, "ignore_patterns"));
    o.ignore_patterns = NULL;
    o.context_url = "https://example.org/x.tar";
    assert_int_equal(gantry_build_context_archive(&o, &a, &err), GANTRY_E_INVALID);
    assert_int_equal(gantry_build_context_archive(&o, NULL, NULL), GANTRY_E_INVALID);
    o.context_url = NULL;
    o.context_directory = t->root;
    o.dockerfile = NULL;
    o.ignore = 0;
    assert_int_equal(unlink(at(t, ".dockerignore")), 0);
    make_dir(t, ".dockerignore");
    assert_int_equal(gantry_build_context_archive(&o, &a, &err), GANTRY_E_IO);
    assert_non_null(strstr(err.message, ".dockerignore"));
    assert_null(a);
}

static void names_are_quoted(void **state)
{
    static const char *const names[] = { "Dockerfile", "a*b", "[x]?", "!x",  "#x",      "a\\b",
                                         "^x*",        " x ", "a|b*", "{x}", "$x.y(z)+" };
    struct gnt_buf buf;
    struct gnt_mem mem;

    (void)state;
    assert_int_equal(gnt_mem_init(&mem, NULL, NULL), 0);
    gnt_buf_init(&buf, &mem, 1000);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        gantry_ignore_result r = { .size = sizeof r };
        gantry_ignore *ignore;

        gnt_buf_clear(&buf);
        assert_int_equal(gnt_ignore_quote(&buf, names[i]), 0);
        ignore = rules(buf.data);
        assert_int_equal(gantry_ignore_match(ignore, names[i], &r, NULL), 0);
        if (!r.ignored)
            fail_msg("\"%s\" does not match \"%s\"", buf.data, names[i]);
        assert_int_equal(gantry_ignore_match(ignore, "other", &r, NULL), 0);
        assert_int_equal(r.ignored, 0);
        gantry_ignore_free(ignore);
    }
    gnt_buf_free(&buf);
}

#define with_tree(f) cmocka_unit_test_setup_teardown(f, tree_make, tree_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_tree(walks_leave_out_what_rules_name),
        with_tree(directories_come_back_with_what_is_in_them),
        with_tree(ignored_directories_are_not_entered),
        cmocka_unit_test(rules_are_for_directories),
        with_tree(the_first_ignore_file_counts),
        with_tree(what_the_build_needs_is_sent_and_hidden),
        with_tree(a_visible_dockerignore_keeps_its_lines),
        with_tree(archives_beat_directories),
        with_tree(contexts_without_an_engine),
        cmocka_unit_test(names_are_quoted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
