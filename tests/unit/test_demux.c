/*
 * Frames of stdout and stderr, fed in pieces of every size.
 */
#include "demux.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const unsigned char stream[] = "\1\0\0\0\0\0\0\5hello"
                                      "\2\0\0\0\0\0\0\0"
                                      "\2\0\0\0\0\0\0\3err"
                                      "\1\0\0\0\0\0\0\1!";
#define STREAM_SIZE (sizeof stream - 1)

struct collected {
    char text[3][64];
    size_t size[3];
};

static int feed(struct gnt_demux *d, const unsigned char *data, size_t size, struct collected *c,
                gantry_error *err)
{
    const unsigned char *payload;
    size_t payload_size;
    size_t used;
    int channel;
    int rc = 0;

    while (size > 0 && rc == 0) {
        rc = gnt_demux_feed(d, data, size, &used, &payload, &payload_size, &channel, err);
        if (rc == 0 && payload_size > 0) {
            memcpy(c->text[channel] + c->size[channel], payload, payload_size);
            c->size[channel] += payload_size;
        }
        data += used;
        size -= used;
    }
    return rc;
}

static void pieces_of_every_size(void **state)
{
    size_t piece;
    size_t at;

    (void)state;
    for (piece = 1; piece <= STREAM_SIZE; piece++) {
        struct collected c = { { { 0 } }, { 0 } };
        struct gnt_demux d;
        gantry_error err;

        gnt_demux_init(&d);
        for (at = 0; at < STREAM_SIZE; at += piece)
            assert_int_equal(feed(&d, stream + at,
                                  piece < STREAM_SIZE - at ? piece : STREAM_SIZE - at, &c, &err),
                             0);
        assert_string_equal(c.text[1], "hello!");
        assert_string_equal(c.text[2], "err");
        assert_int_equal(gnt_demux_finish(&d, &err), 0);
    }
}

static void an_end_inside_a_frame(void **state)
{
    size_t cut;

    (void)state;
    for (cut = 0; cut <= STREAM_SIZE; cut++) {
        struct collected c = { { { 0 } }, { 0 } };
        struct gnt_demux d;
        gantry_error err;
        int between = cut == 0 || cut == 13 || cut == 21 || cut == 32 || cut == STREAM_SIZE;

        gnt_demux_init(&d);
        assert_int_equal(feed(&d, stream, cut, &c, &err), 0);
        assert_int_equal(gnt_demux_finish(&d, &err), between ? 0 : GANTRY_E_TRUNCATED);
    }
}

static void what_is_no_frame(void **state)
{
    static const unsigned char bad[][9] = { "\4\0\0\0\0\0\0\1", "\1\1\0\0\0\0\0\1",
                                            "\1\0\1\0\0\0\0\1", "\1\0\0\1\0\0\0\1", "hello wo" };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct collected c = { { { 0 } }, { 0 } };
        struct gnt_demux d;
        gantry_error err;

        gnt_demux_init(&d);
        assert_int_equal(feed(&d, bad[i], 8, &c, &err), GANTRY_E_PROTOCOL);
    }
}

static void an_announced_length_is_only_a_counter(void **state)
{
    struct collected c = { { { 0 } }, { 0 } };
    struct gnt_demux d;
    gantry_error err;

    (void)state;
    gnt_demux_init(&d);
    assert_int_equal(feed(&d, (const unsigned char *)"\2\0\0\0\xff\xff\xff\xffxyz", 11, &c, &err),
                     0);
    assert_string_equal(c.text[2], "xyz");
    assert_int_equal(d.left, 0xfffffffcu);
    assert_int_equal(gnt_demux_finish(&d, &err), GANTRY_E_TRUNCATED);
}

static void a_million_empty_frames(void **state)
{
    struct collected c = { { { 0 } }, { 0 } };
    unsigned char frames[800];
    struct gnt_demux d;
    gantry_error err;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof frames; i++)
        frames[i] = i % 8 == 0;
    gnt_demux_init(&d);
    for (i = 0; i < 10000; i++)
        assert_int_equal(feed(&d, frames, sizeof frames, &c, &err), 0);
    assert_int_equal(c.size[1], 0);
    assert_int_equal(gnt_demux_finish(&d, &err), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_of_every_size),
        cmocka_unit_test(an_end_inside_a_frame),
        cmocka_unit_test(what_is_no_frame),
        cmocka_unit_test(an_announced_length_is_only_a_counter),
        cmocka_unit_test(a_million_empty_frames),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
