/*
 * JSON: parser in its three modes, trees, merging, writer. Every document here is also parsed cut in
 * two at every byte and byte by byte, and once for every allocation that can fail.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json.h"

/* ---- an allocator that counts, and fails once ------------------------------------------------------- */

struct counter {
    long live;
    long calls;
    long fail_at; /* -1 = never */
    size_t bytes; /* largest request */
};

static int fails(struct counter *c, size_t size)
{
    if (size > c->bytes) {
        c->bytes = size;
    }
    return c->calls++ == c->fail_at;
}

static void *count_allocate(void *arg, size_t size)
{
    struct counter *c = arg;

    if (fails(c, size)) {
        return NULL;
    }
    c->live++;
    return malloc(size);
}

static void *count_reallocate(void *arg, void *p, size_t size)
{
    struct counter *c = arg;

    if (fails(c, size)) {
        return NULL;
    }
    c->live += p == NULL;
    return realloc(p, size);
}

static void count_release(void *arg, void *p)
{
    struct counter *c = arg;

    c->live -= p != NULL;
    free(p);
}

static struct gnt_mem counted(struct counter *c)
{
    gantry_allocator a = { count_allocate, count_reallocate, count_release, c };
    struct gnt_mem mem;

    memset(c, 0, sizeof(*c));
    c->fail_at = -1;
    assert_int_equal(gnt_mem_init(&mem, &a, NULL), 0);
    return mem;
}

/* ---- parsing into a transcript ------------------------------------------------------------------------ */

/* What a parser delivered: the values, written, one on a line. */
struct transcript {
    struct gnt_buf text;
    int values;
    int stop_at; /* the callback fails at this value; 0 = never */
    int rc;
    gantry_error err;
};

static int record(void *arg, struct gnt_json *value, gantry_error *err)
{
    struct transcript *t = arg;

    if (++t->values == t->stop_at) {
        return gantry_error_set(err, GANTRY_E_CALLBACK, "enough");
    }
    int rc = gnt_json_write(value, &t->text);
    if (rc == 0) {
        rc = gnt_buf_adds(&t->text, "\n");
    }
    return rc;
}

static void transcript_begin(struct transcript *t, const struct gnt_mem *mem)
{
    memset(t, 0, sizeof(*t));
    gnt_buf_init(&t->text, mem, 1 << 28);
}

/* Feed in pieces of the given size, the first of them of `first` bytes. */
static int run(const struct gnt_mem *mem, enum gnt_json_mode mode, struct gnt_json_limits limits,
               const char *text, size_t size, size_t first, size_t piece, struct transcript *t)
{
    struct gnt_json_parser *p = NULL;

    t->rc = gnt_json_parser_new(mem, mode, &limits, record, t, &p, &t->err);
    for (size_t at = 0; t->rc == 0 && at < size;) {
        size_t n = at == 0 ? first : piece;
        n = n > size - at ? size - at : n;
        /* An own copy, so that reading beyond it is seen. */
        char *copy = malloc(n + 1);
        if (n > 0) {
            memcpy(copy, text + at, n);
        }
        copy = realloc(copy, n > 0 ? n : 1);
        t->rc = gnt_json_parser_feed(p, copy, n, &t->err);
        free(copy);
        at += n;
        if (n == 0) {
            first = piece;
        }
    }
    if (t->rc == 0) {
        t->rc = gnt_json_parser_finish(p, &t->err);
    }
    if (p && t->rc != 0) { /* failures stay */
        gantry_error again = { 0 };
        assert_int_equal(gnt_json_parser_feed(p, "1 ", 2, &again), t->rc);
        assert_int_equal(again.code, t->rc);
        assert_int_equal(gnt_json_parser_finish(p, NULL), t->rc);
    }
    if (t->rc != 0) {
        assert_int_equal(t->err.code, t->rc);
    }
    gnt_json_parser_free(p);
    return t->rc;
}

static const struct gnt_json_limits no_limits = { 0, 0 };

/* All ways of cutting give what the whole gives: expected text, or the code. */
static void check_sized(enum gnt_json_mode mode, struct gnt_json_limits limits, const char *text,
                        size_t size, int code, const char *expected)
{
    struct counter c;
    struct gnt_mem mem = counted(&c);

    for (size_t first = 0; first <= size; first++) {
        struct transcript t;
        transcript_begin(&t, &mem);
        run(&mem, mode, limits, text, size, first, first == 0 ? 1 : size, &t);
        if (t.rc != code || strcmp(gnt_buf_text(&t.text), expected) != 0) {
            fail_msg("%s cut at %zu: %d (%s), got %s, expected %d, %s", text, first, t.rc,
                     t.err.message, gnt_buf_text(&t.text), code, expected);
        }
        gnt_buf_free(&t.text);
    }
    assert_int_equal(c.live, 0);
}

static void check(enum gnt_json_mode mode, const char *text, int code, const char *expected)
{
    check_sized(mode, no_limits, text, strlen(text), code, expected);
}

static void message_of(enum gnt_json_mode mode, const char *text, gantry_error *err)
{
    struct counter c;
    struct gnt_mem mem = counted(&c);
    struct transcript t;

    transcript_begin(&t, &mem);
    run(&mem, mode, no_limits, text, strlen(text), strlen(text), 1, &t);
    *err = t.err;
    gnt_buf_free(&t.text);
}

/* ---- parser --------------------------------------------------------------------------------------------- */

static void documents(void **state)
{
    (void)state;
    check(GNT_JSON_DOCUMENT, "{}", 0, "{}\n");
    check(GNT_JSON_DOCUMENT, " [ ] ", 0, "[]\n");
    check(GNT_JSON_DOCUMENT, "null", 0, "null\n");
    check(GNT_JSON_DOCUMENT, "true", 0, "true\n");
    check(GNT_JSON_DOCUMENT, "false ", 0, "false\n");
    check(GNT_JSON_DOCUMENT, "-12.50e+07", 0, "-12.50e+07\n");
    check(GNT_JSON_DOCUMENT, "\"\"", 0, "\"\"\n");
    check(GNT_JSON_DOCUMENT,
          "{\"a\" : [1, 2.0, -3e-4, \"x\\ny\\u00e9\\ud83d\\ude00\\\"\\\\\", null, true, false, {}, "
          "[]],"
          " \"\": {\"a/b\": \"\xc3\xa9\xf0\x9f\x98\x80\"},\r\n\t\"z\":9223372036854775808}",
          0,
          "{\"a\":[1,2.0,-3e-4,\"x\\ny\xc3\xa9\xf0\x9f\x98\x80\\\"\\\\\",null,true,false,{},[]],"
          "\"\":{\"a/b\":\"\xc3\xa9\xf0\x9f\x98\x80\"},\"z\":9223372036854775808}\n");
    /* NUL bytes stay in strings and cannot shorten a key. */
    check(GNT_JSON_DOCUMENT, "{\"Id\\u0000x\":\"a\\u0000b\"}", 0,
          "{\"Id\xef\xbf\xbdx\":\"a\\u0000b\"}\n");
}

static void document_ends_with_its_value(void **state)
{
    (void)state;
    check(GNT_JSON_DOCUMENT, "{\"a\":1}\n{\"b\":2}\n", 0, "{\"a\":1}\n");
    check(GNT_JSON_DOCUMENT, "{\"a\":1}}", 0, "{\"a\":1}\n");
    check(GNT_JSON_DOCUMENT, "[]\"open", 0, "[]\n");
    check(GNT_JSON_DOCUMENT, "[]\xff\xfe \"\xff\" 1", 0, "[]\n");
    check(GNT_JSON_DOCUMENT, "17 tru", 0, "17\n");
    check(GNT_JSON_DOCUMENT, "17x", 0, "17\n");
}

static void sequences(void **state)
{
    (void)state;
    check(GNT_JSON_SEQUENCE, "", 0, "");
    check(GNT_JSON_SEQUENCE, " \r\n", 0, "");
    check(GNT_JSON_SEQUENCE, "{\"a\":\"b\"}\r\n{\"a\":2}\r\n", 0, "{\"a\":\"b\"}\n{\"a\":2}\n");
    check(GNT_JSON_SEQUENCE, "{}{}[1][]\"x\"\"y\"1 2 3truenull", 0,
          "{}\n{}\n[1]\n[]\n\"x\"\n\"y\"\n1\n2\n3\ntrue\nnull\n");
    check(GNT_JSON_SEQUENCE, "{}\n{\"a\":", GANTRY_E_PROTOCOL, "{}\n");
    check(GNT_JSON_SEQUENCE, "{}\n]", GANTRY_E_PROTOCOL, "{}\n");
    check(GNT_JSON_SEQUENCE, "{},{}", GANTRY_E_PROTOCOL, "{}\n");
    check(GNT_JSON_SEQUENCE, "1 01", GANTRY_E_PROTOCOL, "1\n");
    check(GNT_JSON_SEQUENCE, "1 2-3", GANTRY_E_PROTOCOL, "1\n");
    check(GNT_JSON_SEQUENCE, "0 -0 1.5E-3 1.", GANTRY_E_PROTOCOL, "0\n-0\n1.5E-3\n");
}

static void elements(void **state)
{
    (void)state;
    check(GNT_JSON_ELEMENTS, "[]", 0, "");
    check(GNT_JSON_ELEMENTS, "null", 0, "");
    check(GNT_JSON_ELEMENTS, " null\n", 0, "");
    check(GNT_JSON_ELEMENTS, "[{\"a\":[1]},2,null,\"s\",[[]]]\n", 0,
          "{\"a\":[1]}\n2\nnull\n\"s\"\n[[]]\n");
    check(GNT_JSON_ELEMENTS, "{\"message\":\"no\"}", GANTRY_E_PROTOCOL, "");
    check(GNT_JSON_ELEMENTS, "\"x\"", GANTRY_E_PROTOCOL, "");
    check(GNT_JSON_ELEMENTS, "17", GANTRY_E_PROTOCOL, "");
    check(GNT_JSON_ELEMENTS, "", GANTRY_E_PROTOCOL, "");
    check(GNT_JSON_ELEMENTS, "[1,2", GANTRY_E_PROTOCOL, "1\n2\n");
    check(GNT_JSON_ELEMENTS, "[1,2]]", GANTRY_E_PROTOCOL, "1\n2\n");
    check(GNT_JSON_ELEMENTS, "[1,2]\"", GANTRY_E_PROTOCOL, "1\n2\n");
}

static void invalid_texts(void **state)
{
    static const char *const texts[] = {
        "", " ", "{", "}", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\" \"b\"}", "{a:1}", "{1:2}",
        "{\"a\":1,}", "[1 2]", "[01]", "01x", "1-2", "-01", "1e+", "--1", "-", "1.", "1.e3", "1e",
        "+1", ".5", "tru", "nul]", "nulx", "True", "NaN", "[Infinity]", "'a'", "\"a", "\"a\\",
        "\"\\x\"", "\"\\u12g4\"", "\"\\u12\"", "\"\t\"", "\"\n\"", "/* c */ 1", "<html>",
        "\xef\xbb\xbf{}",
        /* bad UTF-8: alone, cut, overlong, surrogate, beyond U+10FFFF */
        "\"\x80\"", "\"\xc3\"", "\"\xc0\xaf\"", "\"\xe0\x80\xaf\"", "\"\xed\xa0\x80\"",
        "\"\xf4\x90\x80\x80\"", "\"\xff\"", "{\"\xff\":1}",
        /* half surrogates */
        "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800x\"", "\"\\ud800\\n\"", "\"\\ud800\\ud800\"",
        "\"\\\\\\ud800\"", "\"\\udbff\\u0041\"", "\"\\uD83D\\u\"", "{\"\\udfff\":1}"
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        check(GNT_JSON_DOCUMENT, texts[i], GANTRY_E_PROTOCOL, "");
    }
    check(GNT_JSON_DOCUMENT, "\"\\\\ud800 \\uD83D\\uDE00\"", 0, "\"\\\\ud800 \xf0\x9f\x98\x80\"\n");
}

static void messages(void **state)
{
    gantry_error err;

    (void)state;
    message_of(GNT_JSON_DOCUMENT, "{\"a\":1,\"b\" 2}", &err);
    assert_string_equal(err.message,
                        "invalid JSON at byte 12: object key and value must be separated"
                        " by a colon (':'), near '{\"a\":1,\"b\" 2}'");
    message_of(GNT_JSON_DOCUMENT, "<html>\n\x1b[31mBad \x7f Gateway", &err);
    assert_non_null(strstr(err.message, "near '<html>\\x0a\\x1b[31mBad \\x7f Gateway'"));
    message_of(GNT_JSON_DOCUMENT, "[\"ab\xff\"]", &err);
    assert_non_null(strstr(err.message, "at byte 4: bytes that are not UTF-8"));
    message_of(GNT_JSON_DOCUMENT, "{\"a\":", &err);
    assert_string_equal(err.message, "invalid JSON at byte 5: the text ends within a value");
    message_of(GNT_JSON_DOCUMENT, "", &err);
    assert_string_equal(err.message, "invalid JSON at byte 0: there is no value");
    message_of(GNT_JSON_ELEMENTS, "{}", &err);
    assert_string_equal(err.message, "a JSON array was expected, not an object");

    /* The excerpt has at most 64 bytes. */
    char text[1001];
    memset(text, 'x', 1000);
    text[1000] = '\0';
    message_of(GNT_JSON_DOCUMENT, text, &err);
    const char *quoted = strstr(err.message, "near '");
    assert_non_null(quoted);
    assert_int_equal(strlen(quoted), strlen("near ''") + 64);
}

static void depth(void **state)
{
    size_t size = 1000000;
    char *text = malloc(size + 1);
    struct gnt_json_limits limits = { 3, 0 };
    struct counter c;
    struct gnt_mem mem = counted(&c);

    (void)state;
    for (int object = 0; object < 2; object++) {
        for (size_t i = 0; i < size; i++) {
            text[i] = object ? "{\"a\":"[i % 5] : '[';
        }
        for (int mode = GNT_JSON_DOCUMENT; mode <= GNT_JSON_ELEMENTS; mode++) {
            struct transcript t;
            transcript_begin(&t, &mem);
            run(&mem, (enum gnt_json_mode)mode, no_limits, text, size, 1000, 1000, &t);
            assert_int_equal(t.rc, object && mode == GNT_JSON_ELEMENTS ? GANTRY_E_PROTOCOL
                                                                       : GANTRY_E_LIMIT);
            gnt_buf_free(&t.text);
        }
    }
    assert_true(c.bytes < 100000);
    assert_int_equal(c.live, 0);
    free(text);
    check_sized(GNT_JSON_DOCUMENT, limits, "[[[1]]]", 7, 0, "[[[1]]]\n");
    check_sized(GNT_JSON_DOCUMENT, limits, "[[[[1]]]]", 9, GANTRY_E_LIMIT, "");
    check_sized(GNT_JSON_ELEMENTS, limits, "[[[1]]]", 7, 0, "[[1]]\n");
    check_sized(GNT_JSON_ELEMENTS, limits, "[[[[1]]]]", 9, GANTRY_E_LIMIT, "");
}

/* The deepest that any limit allows parses and is written. */
static void depth_max(void **state)
{
    char text[2 * GNT_JSON_DEPTH_MAX + 4], expected[sizeof(text)];
    struct gnt_json_limits limits = { 1000000, 0 };

    (void)state;
    memset(text, '[', GNT_JSON_DEPTH_MAX);
    memset(text + GNT_JSON_DEPTH_MAX, ']', GNT_JSON_DEPTH_MAX);
    snprintf(expected, sizeof(expected), "%.*s\n", 2 * GNT_JSON_DEPTH_MAX, text);
    check_sized(GNT_JSON_DOCUMENT, limits, text, (size_t)2 * GNT_JSON_DEPTH_MAX, 0, expected);
    memset(text, '[', (size_t)GNT_JSON_DEPTH_MAX + 1);
    check_sized(GNT_JSON_DOCUMENT, limits, text, (size_t)GNT_JSON_DEPTH_MAX + 1, GANTRY_E_LIMIT,
                "");
}

static void record_ceiling(void **state)
{
    struct gnt_json_limits limits = { 0, 9 };

    (void)state;
    check_sized(GNT_JSON_SEQUENCE, limits, "{\"a\":123}{\"a\":456}", 18, 0,
                "{\"a\":123}\n{\"a\":456}\n");
    check_sized(GNT_JSON_SEQUENCE, limits, "{\"a\":123}{\"a\":4567}", 19, GANTRY_E_LIMIT,
                "{\"a\":123}\n");
    check_sized(GNT_JSON_SEQUENCE, limits, "\"1234567\"\"1234567\"", 18, 0,
                "\"1234567\"\n\"1234567\"\n");
    check_sized(GNT_JSON_SEQUENCE, limits, "\"12345678\"", 10, GANTRY_E_LIMIT, "");
    check_sized(GNT_JSON_ELEMENTS, limits, "[1234567,12345678,123456789,1]", 30, GANTRY_E_LIMIT,
                "1234567\n12345678\n");
    check_sized(GNT_JSON_DOCUMENT, limits, "[1,2,3,4,5]", 11, GANTRY_E_LIMIT, "");
    check_sized(GNT_JSON_DOCUMENT, limits, "[1,2,3,4]              x", 24, 0, "[1,2,3,4]\n");
}

/* A string without an end is not gathered beyond the ceiling, and costs linear time. */
static void endless_string(void **state)
{
    struct gnt_json_limits limits = { 0, 1 << 20 };
    size_t size = (size_t)8 << 20;
    char *text = malloc(size);

    (void)state;
    for (int escapes = 0; escapes < 2; escapes++) {
        for (size_t piece = 1; piece <= 65536; piece *= 256) {
            struct counter c;
            struct gnt_mem mem = counted(&c);
            struct transcript t;
            memset(text, 'a', size);
            for (size_t i = 2; escapes && i < size; i += 2) {
                text[i - 1] = '\\';
                text[i] = 'n';
            }
            text[0] = '"';
            transcript_begin(&t, &mem);
            run(&mem, GNT_JSON_SEQUENCE, limits, text, size, piece, piece, &t);
            assert_int_equal(t.rc, GANTRY_E_LIMIT);
            assert_true(c.bytes <= (size_t)4 << 20);
            gnt_buf_free(&t.text);
            assert_int_equal(c.live, 0);
        }
    }
    free(text);
}

static void long_tokens(void **state)
{
    size_t size = 300000;
    char *text = malloc(size), *expected = malloc(size + 16);
    struct counter c;
    struct gnt_mem mem = counted(&c);
    size_t pieces[] = { 1, 7, 4096, 16384, 300000 };

    (void)state;
    memset(text, 'a', size);
    for (size_t i = 2; i < size; i += 50) {
        memcpy(text + i, "\\n", 2);
    }
    memcpy(text, "[\"", 2);
    memcpy(text + size - 2, "\"]", 2);
    memcpy(expected, text, size);
    memcpy(expected + size, "\n", 2);
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        struct transcript t;
        transcript_begin(&t, &mem);
        assert_int_equal(
            run(&mem, GNT_JSON_SEQUENCE, no_limits, text, size, pieces[i], pieces[i], &t), 0);
        assert_string_equal(gnt_buf_text(&t.text), expected);
        gnt_buf_free(&t.text);
    }
    memset(text, '1', size); /* a number is not that long */
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        struct transcript t;
        transcript_begin(&t, &mem);
        run(&mem, GNT_JSON_SEQUENCE, no_limits, text, size, pieces[i], pieces[i], &t);
        assert_int_equal(t.rc, GANTRY_E_PROTOCOL);
        gnt_buf_free(&t.text);
    }
    assert_int_equal(c.live, 0);
    free(text);
    free(expected);
}

static void callback_stops(void **state)
{
    struct counter c;
    struct gnt_mem mem = counted(&c);
    struct transcript t;

    (void)state;
    transcript_begin(&t, &mem);
    t.stop_at = 2;
    assert_int_equal(run(&mem, GNT_JSON_SEQUENCE, no_limits, "1 2 3 ", 6, 6, 1, &t),
                     GANTRY_E_CALLBACK);
    assert_string_equal(t.err.message, "enough");
    assert_int_equal(t.values, 2);
    gnt_buf_free(&t.text);
    assert_int_equal(c.live, 0);
}

/* A value arrives with its last byte, not with the next value. */
static void values_are_prompt(void **state)
{
    struct counter c;
    struct gnt_mem mem = counted(&c);
    struct transcript t;
    struct gnt_json_parser *p;

    (void)state;
    transcript_begin(&t, &mem);
    assert_int_equal(gnt_json_parser_new(&mem, GNT_JSON_SEQUENCE, NULL, record, &t, &p, NULL), 0);
    assert_int_equal(gnt_json_parser_feed(p, "{\"a\":1", 6, NULL), 0);
    assert_int_equal(t.values, 0);
    assert_int_equal(gnt_json_parser_feed(p, "}", 1, NULL), 0);
    assert_int_equal(t.values, 1);
    assert_int_equal(gnt_json_parser_feed(p, "true", 4, NULL), 0);
    assert_int_equal(t.values, 2);
    assert_int_equal(gnt_json_parser_feed(p, "\"x\"", 3, NULL), 0);
    assert_int_equal(t.values, 3);
    gnt_json_parser_free(p);
    gnt_buf_free(&t.text);
}

/* Elements and records do not add up in memory. */
static void memory_is_one_value(void **state)
{
    struct counter c;
    struct gnt_mem mem = counted(&c);
    struct gnt_json_parser *p;
    const char *element = "{\"Id\":\"0123456789abcdef\",\"Names\":[\"/a\\n\",\"/b\"]},";

    (void)state;
    assert_int_equal(gnt_json_parser_new(&mem, GNT_JSON_ELEMENTS, NULL, NULL, NULL, &p, NULL), 0);
    assert_int_equal(gnt_json_parser_feed(p, "[", 1, NULL), 0);
    assert_int_equal(gnt_json_parser_feed(p, element, strlen(element), NULL), 0);
    long live = c.live;
    for (int i = 0; i < 10000; i++) {
        assert_int_equal(gnt_json_parser_feed(p, element, strlen(element), NULL), 0);
    }
    assert_true(c.live <= live + 1);
    gnt_json_parser_free(p);
    assert_int_equal(c.live, 0);
}

static void failing_allocations(void **state)
{
    static const char text[] = "[{\"a\":[1,2.5,\"x\\u00e9\",null,true]},\"plain\",{\"k\":{}}]";
    size_t long_size = 9000;
    char *both = malloc(sizeof(text) + long_size + 16);
    long at, failures = 0;

    (void)state;
    /* One string is long enough to make the buffers grow. */
    memcpy(both, "[\"\\n", 4);
    memset(both + 4, 'y', long_size);
    memcpy(both + 4 + long_size, "\",", 2);
    strcpy(both + 6 + long_size, text + 1);
    for (int mode = GNT_JSON_DOCUMENT; mode <= GNT_JSON_ELEMENTS; mode++) {
        for (size_t piece = 1; piece < 100000; piece = piece * 50 + 49) {
            for (at = 0;; at++) {
                struct counter c, other;
                struct gnt_mem mem = counted(&c), text_mem = counted(&other);
                struct transcript t;
                transcript_begin(&t, &text_mem);
                c.fail_at = at;
                run(&mem, (enum gnt_json_mode)mode, no_limits, both, strlen(both), piece, piece,
                    &t);
                gnt_buf_free(&t.text);
                assert_int_equal(c.live, 0);
                if (c.calls <= at) {
                    assert_int_equal(t.rc, 0);
                    break;
                }
                assert_int_equal(t.rc, GANTRY_E_NOMEM);
                failures++;
            }
            assert_true(at >= 3);
        }
    }
    assert_true(failures > 20);
    free(both);
}

static void parse_into_arena(void **state)
{
    struct counter c;
    struct gnt_mem mem = counted(&c);
    struct gnt_arena a;
    struct gnt_json *v = NULL;
    gantry_error err = { 0 };

    (void)state;
    gnt_arena_init(&a, &mem);
    assert_int_equal(gnt_json_parse(&a, "{\"a\":{\"b\":\"c\"}} junk", 21, &v, &err), 0);
    assert_string_equal(gnt_json_text(gnt_json_get(v, "a/b")), "c");
    assert_int_equal(gnt_json_parse(&a, "{\"a\":", 5, &v, &err), GANTRY_E_PROTOCOL);
    assert_int_equal(err.code, GANTRY_E_PROTOCOL);
    assert_int_equal(gnt_json_parse(&a, NULL, 0, &v, NULL), GANTRY_E_PROTOCOL);
    assert_int_equal(gnt_json_parse(&a, "12", 2, &v, NULL), 0);
    assert_string_equal(v->text, "12");
    gnt_arena_free(&a);
    assert_int_equal(c.live, 0);
}

/* ---- trees ------------------------------------------------------------------------------------------------- */

struct fixture {
    struct counter counter;
    struct gnt_arena arena;
};

static int set_up(void **state)
{
    struct fixture *f = malloc(sizeof(*f));
    struct gnt_mem mem = counted(&f->counter);

    gnt_arena_init(&f->arena, &mem);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    gnt_arena_free(&f->arena);
    int leaked = f->counter.live != 0;
    free(f);
    return leaked;
}

static struct gnt_json *parse(struct fixture *f, const char *text)
{
    struct gnt_json *v = NULL;
    gantry_error err = { 0 };

    if (gnt_json_parse(&f->arena, text, strlen(text), &v, &err) != 0) {
        fail_msg("%s: %s", text, err.message);
    }
    return v;
}

static void assert_json(struct fixture *f, const struct gnt_json *v, const char *expected)
{
    struct gnt_buf out;

    gnt_buf_init(&out, &f->arena.mem, 1 << 20);
    assert_int_equal(gnt_json_write(v, &out), 0);
    assert_string_equal(gnt_buf_text(&out), expected);
    gnt_buf_free(&out);
}

static void reading(void **state)
{
    struct fixture *f = *state;
    struct gnt_json *v =
        parse(f, "{\"a\":{\"b\":1,\"b\":2},\"x/y\":3,\"s\":\"t\",\"t\":true,\"n\":null}");
    int64_t n = 7;

    assert_int_equal(gnt_json_int(gnt_json_get(v, "a/b"), &n), 0);
    assert_int_equal(n, 2);
    assert_null(gnt_json_get(v, "x/y"));
    assert_non_null(gnt_json_member(v, "x/y"));
    assert_null(gnt_json_get(v, "a/b/c"));
    assert_null(gnt_json_get(v, "A/b"));
    assert_null(gnt_json_get(v, "a/"));
    assert_null(gnt_json_get(NULL, "a"));
    assert_null(gnt_json_member(NULL, "a"));
    assert_string_equal(gnt_json_text(gnt_json_get(v, "s")), "t");
    assert_null(gnt_json_text(gnt_json_get(v, "t")));
    assert_null(gnt_json_text(NULL));
    assert_int_equal(gnt_json_true(gnt_json_get(v, "t")), 1);
    assert_int_equal(gnt_json_true(gnt_json_get(v, "s")), 0);
    assert_int_equal(gnt_json_true(NULL), 0);
    assert_int_equal(gnt_json_int(gnt_json_get(v, "s"), &n), -1);
    assert_int_equal(gnt_json_int(NULL, &n), -1);
    assert_int_equal(n, 2);
}

static void integers(void **state)
{
    static const struct {
        const char *text;
        int rc;
        int64_t value;
    } cases[] = { { "0", 0, 0 },
                  { "-0", 0, 0 },
                  { "-1", 0, -1 },
                  { "42", 0, 42 },
                  { "9223372036854775807", 0, INT64_MAX },
                  { "-9223372036854775808", 0, INT64_MIN },
                  { "9223372036854775808", -1, 0 },
                  { "-9223372036854775809", -1, 0 },
                  { "99999999999999999999999", -1, 0 },
                  { "1.0", -1, 0 },
                  { "1e3", -1, 0 },
                  { "1e999", -1, 0 } };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t n = 0;
        assert_int_equal(gnt_json_int(parse(f, cases[i].text), &n), cases[i].rc);
        assert_int_equal(n, cases[i].value);
    }
    assert_json(f, gnt_json_number(&f->arena, INT64_MIN), "-9223372036854775808");
    assert_json(f, gnt_json_number(&f->arena, INT64_MAX), "9223372036854775807");
}

static void making(void **state)
{
    struct fixture *f = *state;
    struct gnt_arena *a = &f->arena;
    struct gnt_json *o = gnt_json_new(a, GNT_JSON_OBJECT), *l = gnt_json_new(a, GNT_JSON_ARRAY);
    char key[] = "key";

    assert_int_equal(gnt_json_set(a, o, key, gnt_json_string(a, "v")), 0);
    key[0] = 'x'; /* it was copied */
    assert_int_equal(gnt_json_set(a, o, "two", gnt_json_number(a, 2)), 0);
    assert_int_equal(gnt_json_set(a, o, "key", gnt_json_boolean(a, 1)), 0);
    assert_json(f, o, "{\"key\":true,\"two\":2}");
    assert_int_equal(gnt_json_set(a, o, "two", gnt_json_new(a, GNT_JSON_NULL)), 0);
    assert_int_equal(gnt_json_set(a, o, "three", l), 0);
    assert_int_equal(gnt_json_add(l, gnt_json_string(a, "i")), 0);
    assert_int_equal(gnt_json_add(l, gnt_json_boolean(a, 0)), 0);
    assert_json(f, o, "{\"key\":true,\"two\":null,\"three\":[\"i\",false]}");
    assert_int_equal(o->size, 3);
    assert_int_equal(gnt_json_add(l, NULL), GANTRY_E_NOMEM);
    assert_int_equal(gnt_json_set(a, o, "x", NULL), GANTRY_E_NOMEM);
    assert_int_equal(gnt_json_put(a, o, "x/y", NULL), GANTRY_E_NOMEM);
    assert_int_equal(gnt_json_put(a, o, "H/C/N", gnt_json_string(a, "1")), 0);
    assert_int_equal(gnt_json_put(a, o, "H/M", gnt_json_string(a, "2")), 0);
    assert_int_equal(gnt_json_put(a, o, "two/deep", gnt_json_string(a, "3")), 0);
    assert_json(f, o,
                "{\"key\":true,\"two\":{\"deep\":\"3\"},\"three\":[\"i\",false],"
                "\"H\":{\"C\":{\"N\":\"1\"},\"M\":\"2\"}}");
    /* A member of a tree is written without its key, and alone. */
    assert_json(f, gnt_json_get(o, "H"), "{\"C\":{\"N\":\"1\"},\"M\":\"2\"}");

    struct gnt_json *twice = parse(f, "{\"a\":1,\"b\":2,\"a\":3}");
    assert_int_equal(gnt_json_set(a, twice, "a", gnt_json_number(a, 4)), 0);
    assert_json(f, twice, "{\"b\":2,\"a\":4}");
    assert_int_equal(gnt_json_set(a, twice, "c", gnt_json_number(a, 5)), 0);
    assert_json(f, twice, "{\"b\":2,\"a\":4,\"c\":5}");
}

/* The examples of RFC 7396, appendix A, and some more. */
static void merging(void **state)
{
    static const char *const cases[][3] = {
        { "{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}" },
        { "{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}" },
        { "{\"a\":\"b\"}", "{\"a\":null}", "{}" },
        { "{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}" },
        { "{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}" },
        { "{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}" },
        { "{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}", "{\"a\":{\"b\":\"d\"}}" },
        { "{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}" },
        { "[\"a\",\"b\"]", "[\"c\",\"d\"]", "[\"c\",\"d\"]" },
        { "{\"a\":\"b\"}", "[\"c\"]", "[\"c\"]" },
        { "{\"a\":\"foo\"}", "null", "null" },
        { "{\"a\":\"foo\"}", "\"bar\"", "\"bar\"" },
        { "{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}" },
        { "[1,2]", "{\"a\":\"b\",\"c\":null}", "{\"a\":\"b\"}" },
        { "{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}" },
        { "{\"a\":1,\"b\":2,\"c\":3}", "{\"b\":null,\"c\":null,\"d\":4,\"a\":{\"x\":[null]}}",
          "{\"a\":{\"x\":[null]},\"d\":4}" },
        { "{\"a\":1,\"a\":2}", "{\"a\":3,\"a\":4}", "{\"a\":4}" },
        { "{\"a\":{\"k\":1}}", "{\"a\":{\"l\":2},\"a\":{\"m\":3}}",
          "{\"a\":{\"k\":1,\"l\":2,\"m\":3}}" }
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct gnt_json *target = parse(f, cases[i][0]);
        assert_int_equal(gnt_json_merge(&f->arena, target, parse(f, cases[i][1])), 0);
        assert_json(f, target, cases[i][2]);
    }
    assert_int_equal(gnt_json_merge(&f->arena, NULL, parse(f, "{}")), GANTRY_E_NOMEM);
}

/* ---- writer -------------------------------------------------------------------------------------------------- */

static void writer_refuses(void **state)
{
    struct fixture *f = *state;
    struct gnt_arena *a = &f->arena;
    struct gnt_json *deep = gnt_json_new(a, GNT_JSON_ARRAY), *o = gnt_json_new(a, GNT_JSON_OBJECT);
    struct gnt_buf out;

    gnt_buf_init(&out, &a->mem, 20);
    assert_int_equal(gnt_json_write(NULL, &out), GANTRY_E_NOMEM);
    assert_int_equal(gnt_json_write(gnt_json_string(a, "\xff"), &out), GANTRY_E_INVALID);
    assert_int_equal(gnt_json_set(a, o, "\xc0\x80", gnt_json_number(a, 1)), 0);
    assert_int_equal(gnt_json_write(o, &out), GANTRY_E_INVALID);
    for (int i = 0; i < 1000; i++) {
        struct gnt_json *outer = gnt_json_new(a, GNT_JSON_ARRAY);
        gnt_json_add(outer, deep);
        deep = outer;
    }
    gnt_buf_clear(&out);
    assert_int_equal(gnt_json_write(deep, &out), GANTRY_E_LIMIT);
    gnt_buf_clear(&out);
    assert_int_equal(gnt_json_write(gnt_json_string(a, "12345678901234567890"), &out),
                     GANTRY_E_LIMIT);
    gnt_buf_free(&out);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static struct gnt_json *random_tree(struct gnt_arena *a, uint32_t *seed, int room)
{
    static const char *const texts[] = { "",
                                         "a",
                                         "\"\\/\b\f\n\r\t",
                                         "\x01\x1f\x7f",
                                         "\xc3\xa9",
                                         "\xe2\x80\xa8",
                                         "\xf4\x8f\xbf\xbf",
                                         "a/b",
                                         "null",
                                         "{" };
    uint32_t kind = next_random(seed) % (room > 0 ? 7 : 4);
    struct gnt_json *v;

    switch (kind) {
    case 0:
        return gnt_json_new(a, GNT_JSON_NULL);
    case 1:
        return gnt_json_boolean(a, (int)(next_random(seed) % 2));
    case 2:
        return gnt_json_number(a, (int64_t)next_random(seed) * (int64_t)next_random(seed) - 99999);
    case 3:
        return gnt_json_string(a, texts[next_random(seed) % 10]);
    default:
        v = gnt_json_new(a, kind % 2 ? GNT_JSON_OBJECT : GNT_JSON_ARRAY);
        for (uint32_t n = next_random(seed) % 6; n > 0; n--) {
            struct gnt_json *child = random_tree(a, seed, room - 1);
            if (kind % 2) {
                gnt_json_set(a, v, texts[next_random(seed) % 10], child);
            } else {
                gnt_json_add(v, child);
            }
        }
        return v;
    }
}

/* What is written parses, and is then written the same. */
static void round_trip(void **state)
{
    struct fixture *f = *state;
    uint32_t seed = 4711;

    for (int i = 0; i < 2000; i++) {
        struct gnt_buf first, second;
        struct gnt_json *again = NULL;
        gantry_error err = { 0 };
        gnt_buf_init(&first, &f->arena.mem, 1 << 20);
        gnt_buf_init(&second, &f->arena.mem, 1 << 20);
        assert_int_equal(gnt_json_write(random_tree(&f->arena, &seed, 5), &first), 0);
        if (gnt_json_parse(&f->arena, first.data, first.size, &again, &err) != 0) {
            fail_msg("%s: %s", first.data, err.message);
        }
        assert_int_equal(gnt_json_write(again, &second), 0);
        assert_string_equal(first.data, second.data);
        gnt_buf_free(&first);
        gnt_buf_free(&second);
        gnt_arena_reset(&f->arena);
    }
}

static void utf8(void **state)
{
    (void)state;
    assert_int_equal(gnt_utf8_span("", 0), 0);
    assert_int_equal(gnt_utf8_span("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 10), 10);
    assert_int_equal(gnt_utf8_span("ab\xc3", 3), 2);
    assert_int_equal(gnt_utf8_span("\xed\x9f\xbf\xed\xa0\x80", 6), 3);
    assert_int_equal(gnt_utf8_span("\xf0\x8f\xbf\xbf", 4), 0);
    assert_int_equal(gnt_utf8_span("\xf5\x80\x80\x80", 4), 0);
    assert_int_equal(gnt_utf8_span("\xc1\xbf", 2), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents),
        cmocka_unit_test(document_ends_with_its_value),
        cmocka_unit_test(sequences),
        cmocka_unit_test(elements),
        cmocka_unit_test(invalid_texts),
        cmocka_unit_test(messages),
        cmocka_unit_test(depth),
        cmocka_unit_test(depth_max),
        cmocka_unit_test(record_ceiling),
        cmocka_unit_test(endless_string),
        cmocka_unit_test(long_tokens),
        cmocka_unit_test(callback_stops),
        cmocka_unit_test(values_are_prompt),
        cmocka_unit_test(memory_is_one_value),
        cmocka_unit_test(failing_allocations),
        cmocka_unit_test(parse_into_arena),
        cmocka_unit_test_setup_teardown(reading, set_up, tear_down),
        cmocka_unit_test_setup_teardown(integers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(making, set_up, tear_down),
        cmocka_unit_test_setup_teardown(merging, set_up, tear_down),
        cmocka_unit_test_setup_teardown(writer_refuses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(round_trip, set_up, tear_down),
        cmocka_unit_test(utf8)
    };

    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
