/*
 * Looking into Dockerfiles: images, stages, variables, what only some builders know.
 */
#include "dockerfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct gnt_mem mem;
static struct gnt_arena arena;

static int setup(void **state)
{
    (void)state;
    gnt_mem_init(&mem, NULL, NULL);
    gnt_arena_init(&arena, &mem);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    gnt_arena_free(&arena);
    return 0;
}

static struct gnt_dockerfile scan(const char *text, const struct gnt_dockerfile_options *opts)
{
    static const struct gnt_dockerfile_options none;
    struct gnt_dockerfile out;

    assert_int_equal(
        gnt_dockerfile_scan(&arena, text, strlen(text), opts != NULL ? opts : &none, &out, NULL),
        0);
    return out;
}

/* Images as one text: "a b@linux/arm64". */
static void images(const char *text, const struct gnt_dockerfile_options *opts, const char *want)
{
    struct gnt_dockerfile file = scan(text, opts);
    char got[512] = "";
    size_t used = 0;

    for (size_t i = 0; i < file.image_count; i++) {
        const char *platform = file.images[i].platform;

        used += (size_t)snprintf(got + used, sizeof got - used, "%s%s%s%s", i > 0 ? " " : "",
                                 file.images[i].reference, platform != NULL ? "@" : "",
                                 platform != NULL ? platform : "");
    }
    assert_string_equal(got, want);
}

static void test_images(void **state)
{
    (void)state;
    images("", NULL, "");
    images("# only a comment", NULL, "");
    images("FROM scratch\nCOPY a /a\n", NULL, "");
    images("from  busybox:1  \nRUN x\n", NULL, "busybox:1");
    images("\357\273\277FROM busybox\r\nRUN x\r\n", NULL, "busybox");
    images("FROM --platform=linux/arm64 busybox AS a\nFROM a\n", NULL, "busybox@linux/arm64");
    images("FROM \\\n# in between\n\n  busybox\n", NULL, "busybox");
    images("# escape=`\nFROM `\nbusybox\n", NULL, "busybox");
    images("FROM a AS x\nFROM b\nCOPY --from=x /1 /1\nCOPY --from=c:2 /1 /2\n"
           "RUN --mount=type=bind,from=d,target=/d true\nADD --from=0 / /\n",
           NULL, "a b c:2 d");
    images("FROM a\nFROM a\nCOPY --from=0 / /\n", NULL, "a");
}

static void test_only_what_the_target_needs(void **state)
{
    static const char text[] = "FROM a AS one\nFROM b AS two\nCOPY --from=one / /\n"
                               "FROM c AS three\nFROM two AS four\n";
    struct gnt_dockerfile_options opts = { .target = NULL };

    (void)state;
    images(text, NULL, "a b");
    opts.target = "ONE";
    images(text, &opts, "a");
    opts.target = "2";
    images(text, &opts, "c");
    opts.target = "nothing";
    images(text, &opts, "");
}

static void test_variables(void **state)
{
    gantry_pair args[] = { { "TAG", "2" }, { "NONE", NULL } };
    struct gnt_dockerfile_options opts = { .args = args, .arg_count = 2 };

    (void)state;
    images("ARG TAG=1\nFROM app:$TAG\n", NULL, "app:1");
    images("ARG TAG=1\nFROM app:${TAG}\n", &opts, "app:2");
    images("ARG TAG\nFROM app:${TAG:-3}\n", NULL, "app:3");
    images("ARG TAG\nFROM app${TAG:+:new}\n", &opts, "app:new");
    images("ARG R=\"reg.test:5000\"\nARG I=$R/app\nFROM $I\n", NULL, "reg.test:5000/app");
    images("ARG NONE=x\nFROM $NONE\n", &opts, "x");
    images("FROM $TAG\n", &opts, "");                /* no ARG before: not known */
    images("FROM ${TAG\nFROM b\n", &opts, "b");      /* senseless */
    images("FROM a\nARG B=b\nFROM $B\n", NULL, "a"); /* of a stage: not known either */
    /* Which stage it needs is not known: any before. */
    images("FROM a\nFROM b\nFROM x$WHAT\n", NULL, "a b");
    opts.platform = "linux/arm64";
    images("FROM --platform=$TARGETPLATFORM a\n", &opts, "a@linux/arm64");
    images("FROM --platform=$BUILDPLATFORM a\n", &opts, "a");
}

static void marks(const char *text, const char *extended, int extended_line, const char *session,
                  int session_line)
{
    struct gnt_dockerfile file = scan(text, NULL);

    if (extended == NULL)
        assert_null(file.extended.what);
    else
        assert_string_equal(file.extended.what, extended);
    assert_int_equal(file.extended.line, extended_line);
    if (session == NULL)
        assert_null(file.session.what);
    else
        assert_string_equal(file.session.what, session);
    assert_int_equal(file.session.line, session_line);
}

static void test_marks(void **state)
{
    (void)state;
    marks("FROM a\nRUN true --mount=x\nCOPY --chown=1 --from=b a b\nARG TARGET\n", NULL, 0, NULL,
          0);
    marks("FROM a\n\nRUN --mount=type=cache,target=/c x\n", "RUN --mount", 3, NULL, 0);
    marks("FROM a\nRUN x \\\n  y\nRUN --network=none x\n", "RUN with options", 4, NULL, 0);
    marks("FROM a\nrun --mount=target=/s,type=secret,id=x y\n", "RUN --mount", 2,
          "RUN --mount=type=secret", 2);
    marks("FROM a\nRUN --mount=type=cache --mount=type=ssh x\n", "RUN --mount", 2,
          "RUN --mount=type=ssh", 2);
    marks("FROM a\nCOPY --link x y\n", "COPY or ADD --link", 2, NULL, 0);
    marks("FROM a\nADD --chmod=644 x y\n", "COPY or ADD --chmod", 2, NULL, 0);
    marks("FROM a\nARG TARGETARCH\n", "ARG with a variable of the platform", 2, NULL, 0);
    marks("FROM a\nARG TARGETARCH=arm\n", NULL, 0, NULL, 0);
    /* Words inside of commands are no options. */
    marks("FROM a\nRUN echo --mount=type=secret\n", NULL, 0, NULL, 0);
}

static void test_heredocs(void **state)
{
    (void)state;
    marks("FROM a\nRUN <<EOF\nFROM nothing\nRUN --mount=type=ssh x\nEOF\n", "a here-document", 2,
          NULL, 0);
    images("FROM a\nRUN <<EOF\nFROM nothing\nEOF\nCOPY --from=b x y\n", NULL, "a b");
    images("FROM a\nCOPY <<-\"ONE\" <<TWO /d/\n1\n\tONE\nFROM no\nTWO\nFROM b\n", NULL, "b");
    images("FROM a\nRUN <<EOF cat\nnever ended\nFROM b\n", NULL, "a");
    /* These are none. */
    images("FROM a\nRUN echo $((1<<2)) <<< word\nFROM b\n", NULL, "b");
    images("FROM a\nLABEL x=<<EOF\nFROM b\n", NULL, "b");
}

static void test_syntax(void **state)
{
    (void)state;
    assert_string_equal(scan("# syntax=docker/dockerfile:1\nFROM a\n", NULL).syntax,
                        "docker/dockerfile:1");
    assert_string_equal(scan("#escape=`\n#Syntax = x \nFROM a\n", NULL).syntax, "x");
    assert_null(scan("# a comment\n# syntax=x\nFROM a\n", NULL).syntax);
    assert_null(scan("FROM a\n# syntax=x\n", NULL).syntax);
}

/* Cut anywhere, it is a file that can be looked into. */
static void test_cut_text(void **state)
{
    static const char text[] =
        "# syntax=x\nARG A=\"b c\"\nFROM --platform=linux/arm ${A:-d} AS e\n"
        "RUN --mount=type=cache,from=f <<EOF 'x\ny\nEOF\nCOPY --from=e a \\\n"
        "b\n";
    struct gnt_dockerfile_options none = { .target = NULL };

    (void)state;
    for (size_t size = 0; size <= sizeof text; size++) { /* the NUL too */
        struct gnt_dockerfile out;
        char *copy = gnt_alloc(&mem, size);

        memcpy(copy, text, size);
        assert_int_equal(gnt_dockerfile_scan(&arena, copy, size, &none, &out, NULL), 0);
        gnt_free(&mem, copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_images),    cmocka_unit_test(test_only_what_the_target_needs),
        cmocka_unit_test(test_variables), cmocka_unit_test(test_marks),
        cmocka_unit_test(test_heredocs),  cmocka_unit_test(test_syntax),
        cmocka_unit_test(test_cut_text),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
