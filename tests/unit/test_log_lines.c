/*
 * Lines out of pieces: whatever the cuts, the same lines; and after each place where a connection may
 * break, nothing twice and nothing lost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"
#include "log_lines.h"

struct piece {
    int channel;
    const char *text; /* with its time */
    size_t size;      /* 0: strlen */
};

static size_t size_of(const struct piece *p)
{
    return p->size > 0 ? p->size : strlen(p->text);
}

struct run {
    struct gnt_log_lines l;
    char out[256 * 1024];
    size_t size;
};

static void begin(struct run *r, size_t limit, int framed)
{
    struct gnt_mem mem;

    assert_int_equal(gnt_mem_init(&mem, NULL, NULL), 0);
    gnt_log_lines_init(&r->l, &mem, limit);
    r->l.framed = framed;
    r->size = 0;
    r->out[0] = '\0';
}

static void keep(struct run *r)
{
    const gantry_log_line *line = &r->l.record;

    r->size += (size_t)snprintf(r->out + r->size, sizeof r->out - r->size, "%d %lld%c%s\n",
                                line->channel, (long long)(line->time_ns / 1000000000 % 1000),
                                line->partial ? '+' : ' ', line->text);
    assert_true(r->size < sizeof r->out);
    assert_int_equal(strlen(line->text), line->text_size);
}

/* Bytes of one piece, in steps of so many. */
static int feed(struct run *r, int channel, int begins, const char *data, size_t size, size_t step)
{
    gantry_error err = { 0 };
    size_t done = 0;
    int rc;

    while (done < size) {
        size_t n = size - done < step ? size - done : step;
        size_t used = 0;

        while (n > 0) {
            rc = gnt_log_lines_feed(&r->l, channel, begins && done == 0, data + done, n, &used,
                                    &err);
            if (rc < 0)
                return rc;
            if (rc == 1)
                keep(r);
            done += used;
            n -= used;
            begins = begins && used == 0;
        }
    }
    return 0;
}

static void flush(struct run *r)
{
    gantry_error err = { 0 };

    while (gnt_log_lines_flush(&r->l, &err) == 1)
        keep(r);
}

#define T(n) "2026-11-28T05:00:0" #n ".5Z "

static const struct piece plain[] = {
    { 1, T(1) "one\n", 0 },     { 1, T(1) "par", 0 },    { 2, T(1) "err\n", 0 },
    { 1, T(2) "tial", 0 },      { 1, T(3) "\n", 0 },     { 1, T(3) "\n", 0 },
    { 2, T(3) "same\n", 0 },    { 2, T(3) "same\n", 0 }, { 1, T(3) "long line over\n", 0 },
    { 2, T(4) "no newline", 0 }
};
enum {
    PLAIN = sizeof plain / sizeof plain[0]
};

static void play(struct run *r, size_t from, size_t step)
{
    for (size_t i = from; i < PLAIN; i++)
        assert_int_equal(feed(r, plain[i].channel, 1, plain[i].text, size_of(&plain[i]), step), 0);
    flush(r);
}

static void test_pieces_become_lines(void **state)
{
    static struct run r;

    (void)state;
    for (size_t step = 1; step < 64; step++) {
        begin(&r, 10, 1);
        play(&r, 0, step);
        assert_string_equal(r.out, "1 1 one\n2 1 err\n1 1 partial\n1 3 \n2 3 same\n"
                                   "2 3 same\n1 3+long line \n1 3 over\n2 4 no newline\n");
        gnt_log_lines_free(&r.l);
    }
}

/* Break the first connection after every single byte, and the second after every later one. */
static void test_breaks_everywhere(void **state)
{
    static struct run r;
    static char want[4096];
    size_t total = 0;

    (void)state;
    begin(&r, 10, 1);
    play(&r, 0, 1000);
    memcpy(want, r.out, r.size + 1);
    gnt_log_lines_free(&r.l);
    for (size_t i = 0; i < PLAIN; i++)
        total += size_of(&plain[i]);
    for (size_t cut = 0; cut <= total; cut++) {
        for (size_t again = 0; again <= total; again += 7) {
            const size_t cuts[] = { cut, again };

            begin(&r, 10, 1);
            for (int k = 0; k < 2; k++) {
                size_t left = cuts[k];

                for (size_t i = 0; i < PLAIN && left > 0; i++) {
                    size_t n = size_of(&plain[i]) < left ? size_of(&plain[i]) : left;

                    assert_int_equal(feed(&r, plain[i].channel, 1, plain[i].text, n, 1000), 0);
                    left -= n;
                }
                gnt_log_lines_resume(&r.l);
            }
            play(&r, 0, 1000);
            assert_string_equal(r.out, want);
            gnt_log_lines_free(&r.l);
        }
    }
}

static void test_since(void **state)
{
    static struct run r;
    const int64_t second = 1000000000;

    (void)state;
    begin(&r, 10, 1);
    assert_true(gnt_log_lines_since(&r.l) == -1);
    feed(&r, 1, 1, plain[0].text, strlen(plain[0].text), 100);
    /* The time of the last piece, and a second of slack. */
    assert_true(gnt_log_lines_since(&r.l) % (1000 * second) == second / 2);
    gnt_log_lines_free(&r.l);
}

/* Three pieces of the same second before the tail that was asked for. */
static void test_tail(void **state)
{
    static const struct piece all[] = { { 1, T(1) "a\n", 0 }, { 1, T(1) "b\n", 0 },
                                        { 1, T(1) "b\n", 0 }, { 1, T(1) "tail\n", 0 },
                                        { 1, T(1) "b\n", 0 }, { 1, T(1) "new\n", 0 } };
    static struct run r;

    (void)state;
    for (size_t cut = 0; cut <= size_of(&all[4]); cut++) {
        begin(&r, 10, 1);
        r.l.tailed = 1;
        feed(&r, 1, 1, all[3].text, size_of(&all[3]), 100);
        if (cut > 0)
            feed(&r, 1, 1, all[4].text, cut, 100);
        gnt_log_lines_resume(&r.l);
        for (int i = 0; i < 6; i++)
            assert_int_equal(feed(&r, 1, 1, all[i].text, size_of(&all[i]), 3), 0);
        assert_string_equal(r.out, "1 1 tail\n1 1 b\n1 1 new\n");
        gnt_log_lines_free(&r.l);
    }
}

/* Without frames: a time at each line's beginning, and again after 16 KiB. */
static void test_raw(void **state)
{
    static struct run r;
    static char log[64 * 1024];
    static char want[64 * 1024];
    size_t size = 0;
    size_t full;

    (void)state;
    size += (size_t)sprintf(log + size, T(1) "one\r\n" T(2));
    memset(log + size, 'x', GNT_LOG_RAW_PIECE);
    size += GNT_LOG_RAW_PIECE;
    size += (size_t)sprintf(log + size, T(2) "yes " T(2) "no\n" T(3));
    memset(log + size, 'z', GNT_LOG_RAW_PIECE);
    size += GNT_LOG_RAW_PIECE;
    size += (size_t)sprintf(log + size, "2026-11-28 is no time\n" T(4) "end");
    for (size_t step = 1; step < 40000; step = step * 2 + 1) {
        begin(&r, 30000, 0);
        assert_int_equal(feed(&r, 1, 0, log, size, step), 0);
        flush(&r);
        full = (size_t)sprintf(want, "1 1 one\r\n1 2 ");
        memset(want + full, 'x', GNT_LOG_RAW_PIECE);
        full += GNT_LOG_RAW_PIECE;
        full += (size_t)sprintf(want + full, "yes " T(2) "no\n1 3 ");
        memset(want + full, 'z', GNT_LOG_RAW_PIECE);
        full += GNT_LOG_RAW_PIECE;
        sprintf(want + full, "2026-11-28 is no time\n1 4 end\n");
        assert_string_equal(r.out, want);
        gnt_log_lines_free(&r.l);
    }
    for (size_t cut = 0; cut <= size;
         cut += cut % 500 == 40 ? 461 : 1) { /* 40 in a row, at times */
        begin(&r, 30000, 0);
        assert_int_equal(feed(&r, 1, 0, log, cut, 5000), 0);
        gnt_log_lines_resume(&r.l);
        assert_int_equal(feed(&r, 1, 0, log, size, 5000), 0);
        flush(&r);
        assert_string_equal(r.out, want);
        gnt_log_lines_free(&r.l);
    }
}

static void test_without_times(void **state)
{
    static const char *const bad[] = { "no time here\n", " \n", "2026-11-28T05:00:01 x\n",
                                       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" };
    static struct run r;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        begin(&r, 10, 1);
        assert_int_equal(feed(&r, 1, 1, bad[i], strlen(bad[i]), 100), GANTRY_E_PROTOCOL);
        gnt_log_lines_free(&r.l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces_become_lines),
        cmocka_unit_test(test_breaks_everywhere),
        cmocka_unit_test(test_since),
        cmocka_unit_test(test_tail),
        cmocka_unit_test(test_raw),
        cmocka_unit_test(test_without_times),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
