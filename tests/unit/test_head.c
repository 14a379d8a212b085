/*
 * Heads and bodies of HTTP answers, fed in pieces of every size.
 */
#include "answer.h"
#include "error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct gnt_mem memory;

static int feed_all(struct gnt_answer *a, const char *text, size_t piece, size_t *out_rest,
                    gantry_error *err)
{
    size_t size = strlen(text);
    size_t step;
    size_t used;
    int rc = 0;

    *out_rest = 0;
    while (rc == 0 && size > 0) {
        step = piece < size ? piece : size;
        rc = gnt_answer_feed(a, text, step, &used, err);
        if (rc == 0 && used < step) {
            *out_rest = size - used;
            return 0;
        }
        text += step;
        size -= step;
    }
    return rc;
}

static void the_same_in_pieces_of_every_size(void **state)
{
    static const char text[] =
        "HTTP/1.1 100 Continue\r\nX: no\r\n\r\nHTTP/1.1 201 Created\r\n"
        "Api-Version:1.41  \r\nOS: linux\r\nTransfer-Encoding: Chunked\r\n\r\n"
        "a;x=\"y\"\r\n0123456789\r\n1\r\n!\r\n00\r\nT: u\r\nV: w\r\n\r\nignored";
    struct gnt_answer a;
    gantry_error err;
    char body[32];
    size_t piece;
    size_t rest;
    size_t size;

    (void)state;
    for (piece = 1; piece <= sizeof text; piece++) {
        gnt_answer_init(&a, &memory, 4096);
        assert_int_equal(feed_all(&a, text, piece, &rest, &err), 0);
        assert_true(gnt_answer_whole(&a));
        assert_int_equal(gnt_answer_end(&a, &err), 0);
        assert_int_equal(a.head.status, 201);
        assert_string_equal(gnt_answer_field(&a, "API-VERSION"), "1.41");
        assert_string_equal(gnt_answer_field(&a, "os"), "linux");
        assert_null(gnt_answer_field(&a, "X")); /* of the interlude */
        assert_null(gnt_answer_field(&a, "T")); /* a trailer */
        size = gnt_answer_take(&a, body, sizeof body);
        assert_int_equal(size, 11);
        assert_memory_equal(body, "0123456789!", 11);
        gnt_answer_free(&a);
    }
}

static void every_beginning_is_truncated(void **state)
{
    static const char *const texts[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nT: u\r\n\r\n",
        "HTTP/1.1 204 No Content\r\nX: y\r\n\r\n",
    };
    struct gnt_answer a;
    gantry_error err;
    size_t i;
    size_t used;
    size_t cut;

    (void)state;
    for (i = 0; i < 3; i++) {
        for (cut = 0; cut <= strlen(texts[i]); cut++) {
            gnt_answer_init(&a, &memory, 4096);
            assert_int_equal(gnt_answer_feed(&a, texts[i], cut, &used, &err), 0);
            assert_int_equal(gnt_answer_end(&a, &err),
                             cut < strlen(texts[i]) ? GANTRY_E_TRUNCATED : 0);
            gnt_answer_free(&a);
        }
    }
}

static void payload_goes_to_the_reader_first(void **state)
{
    struct gnt_answer a;
    gantry_error err;
    char out[4];
    char rest[16];
    size_t used;

    (void)state;
    gnt_answer_init(&a, &memory, 4096);
    a.out = out;
    a.out_capacity = sizeof out;
    assert_int_equal(gnt_answer_feed(&a, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456", 46,
                                     &used, &err),
                     0);
    assert_int_equal(a.out_size, 4);
    assert_memory_equal(out, "0123", 4);
    a.out_size = 0; /* a reader that comes again gets what waits first */
    assert_int_equal(gnt_answer_feed(&a, "789", 3, &used, &err), 0);
    assert_int_equal(a.out_size, 0);
    assert_int_equal(gnt_answer_take(&a, rest, 2), 2);
    assert_int_equal(gnt_answer_take(&a, rest + 2, sizeof rest - 2), 4);
    assert_memory_equal(rest, "456789", 6);
    assert_true(gnt_answer_whole(&a));
    gnt_answer_free(&a);
}

static void an_upgrade_leaves_what_follows(void **state)
{
    static const char *const texts[] = {
        "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nraw",
        "HTTP/1.1 200 OK\r\nContent-Type: x\r\n\r\nraw",
    };
    struct gnt_answer a;
    gantry_error err;
    size_t rest;
    size_t i;

    (void)state;
    for (i = 0; i < 2; i++) {
        gnt_answer_init(&a, &memory, 4096);
        a.upgrade = 1;
        assert_int_equal(feed_all(&a, texts[i], 1000, &rest, &err), 0);
        assert_int_equal(a.raw, 1);
        assert_int_equal(rest, 3);
        gnt_answer_free(&a);
    }
    gnt_answer_init(&a, &memory, 4096);
    assert_int_equal(feed_all(&a, texts[0], 1000, &rest, &err), GANTRY_E_PROTOCOL);
    gnt_answer_free(&a);
}

static void ceilings(void **state)
{
    struct gnt_answer a;
    gantry_error err;
    size_t used;
    size_t i;
    int rc = 0;

    (void)state;
    gnt_answer_init(&a, &memory, 100);
    assert_int_equal(gnt_answer_feed(&a, "HTTP/1.1 200 OK\r\n", 17, &used, &err), 0);
    for (i = 0; rc == 0; i++)
        rc = gnt_answer_feed(&a, "X: y\r\n", 6, &used, &err);
    assert_int_equal(rc, GANTRY_E_LIMIT);
    assert_int_equal(i, 14); /* 17 + 13 * 6 fit into 100 */
    gnt_answer_free(&a);

    rc = 0;
    gnt_answer_init(&a, &memory, 1000000);
    assert_int_equal(gnt_answer_feed(&a, "HTTP/1.1 200 OK\r\n", 17, &used, &err), 0);
    for (i = 1; rc == 0; i++)
        rc = gnt_answer_feed(&a, "X: y\r\n", 6, &used, &err);
    assert_int_equal(rc, GANTRY_E_LIMIT);
    assert_int_equal(i, GNT_HEAD_LINES + 1);
    gnt_answer_free(&a);

    rc = 0;
    gnt_answer_init(&a, &memory, 1000000);
    for (i = 0; rc == 0; i++)
        rc = gnt_answer_feed(&a, i == 0 ? "HTTP/1.1 200 O" : "x", i == 0 ? 14 : 1, &used, &err);
    assert_int_equal(rc, GANTRY_E_LIMIT);
    assert_true(i < 10000);
    gnt_answer_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_in_pieces_of_every_size),
        cmocka_unit_test(every_beginning_is_truncated),
        cmocka_unit_test(payload_goes_to_the_reader_first),
        cmocka_unit_test(an_upgrade_leaves_what_follows),
        cmocka_unit_test(ceilings),
    };

    if (gnt_mem_init(&memory, NULL, NULL) != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
