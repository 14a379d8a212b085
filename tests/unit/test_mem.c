/*
 * Allocator, arena and buffer; every allocation also made to fail once.
 */
#include "mem.h"

#include "error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Counts what is alive, and fails the allocation number `fail_at` (from 1; 0 = none). */
struct counter {
    size_t calls;
    size_t fail_at;
    long alive;
};

static void *count_allocate(void *arg, size_t size)
{
    struct counter *c = arg;
    unsigned char *ptr;

    if (++c->calls == c->fail_at)
        return NULL;
    ptr = malloc(size);
    if (ptr != NULL) {
        memset(ptr, 0xA5, size);
        c->alive++;
    }
    return ptr;
}

static void *count_reallocate(void *arg, void *ptr, size_t size)
{
    struct counter *c = arg;

    assert_non_null(ptr);
    if (++c->calls == c->fail_at)
        return NULL;
    return realloc(ptr, size);
}

static void count_release(void *arg, void *ptr)
{
    struct counter *c = arg;

    assert_non_null(ptr);
    c->alive--;
    free(ptr);
}

static void counting(struct gnt_mem *mem, struct counter *c, size_t fail_at)
{
    gantry_allocator a = { count_allocate, count_reallocate, count_release, c };

    memset(c, 0, sizeof *c);
    c->fail_at = fail_at;
    assert_int_equal(gnt_mem_init(mem, &a, NULL), 0);
}

static int all_zero(const void *data, size_t size)
{
    const unsigned char *p = data;
    size_t i;

    for (i = 0; i < size; i++) {
        if (p[i] != 0)
            return 0;
    }
    return 1;
}

/* ---- allocator --------------------------------------------------------------------------------- */

static void allocator_needs_all_functions(void **state)
{
    gantry_allocator whole = { count_allocate, count_reallocate, count_release, NULL };
    gantry_allocator part;
    gantry_error err = { 0 };
    struct gnt_mem mem;

    (void)state;
    part = whole;
    part.allocate = NULL;
    assert_int_equal(gnt_mem_init(&mem, &part, &err), GANTRY_E_INVALID);
    assert_non_null(strstr(err.message, "allocate"));
    part = whole;
    part.reallocate = NULL;
    assert_int_equal(gnt_mem_init(&mem, &part, &err), GANTRY_E_INVALID);
    assert_non_null(strstr(err.message, "reallocate"));
    part = whole;
    part.release = NULL;
    assert_int_equal(gnt_mem_init(&mem, &part, &err), GANTRY_E_INVALID);
    assert_non_null(strstr(err.message, "release"));
    assert_int_equal(gnt_mem_init(&mem, &whole, NULL), 0);
    assert_int_equal(gnt_mem_init(&mem, NULL, NULL), 0);
}

static void memory_is_zeroed_and_sized(void **state)
{
    struct counter c;
    struct gnt_mem mem;
    char *p;

    (void)state;
    counting(&mem, &c, 0);
    p = gnt_alloc(&mem, 100);
    assert_non_null(p);
    assert_true(all_zero(p, 100));
    p = gnt_realloc(&mem, p, 200);
    assert_true(all_zero(p, 100));
    gnt_free(&mem, p);
    p = gnt_alloc(&mem, 0);
    assert_non_null(p);
    gnt_free(&mem, p);
    p = gnt_realloc(&mem, NULL, 10);
    assert_non_null(p);
    gnt_free(&mem, p);
    gnt_free(&mem, NULL);
    p = gnt_strdup(&mem, "text");
    assert_string_equal(p, "text");
    gnt_free(&mem, p);
    assert_null(gnt_alloc(&mem, SIZE_MAX));
    assert_null(gnt_alloc(&mem, (size_t)PTRDIFF_MAX + 1));
    assert_null(gnt_realloc(&mem, NULL, SIZE_MAX));
    assert_int_equal(c.alive, 0);
}

/* ---- arena ------------------------------------------------------------------------------------- */

static void arena_memory_is_aligned_zeroed_and_apart(void **state)
{
    enum {
        COUNT = 4000
    };
    static unsigned char *ptr[COUNT];
    static size_t size[COUNT];
    struct counter c;
    struct gnt_mem mem;
    struct gnt_arena arena;
    size_t i;

    (void)state;
    srand(1);
    counting(&mem, &c, 0);
    gnt_arena_init(&arena, &mem);
    for (i = 0; i < COUNT; i++) {
        size[i] = (size_t)(i % 97 == 0 ? rand() % 100000 : rand() % 200);
        ptr[i] = gnt_arena_alloc(&arena, size[i]);
        assert_non_null(ptr[i]);
        assert_int_equal((uintptr_t)ptr[i] % _Alignof(max_align_t), 0);
        assert_true(all_zero(ptr[i], size[i]));
        memset(ptr[i], (int)(i % 251) + 1, size[i]);
    }
    for (i = 0; i < COUNT; i++) {
        size_t k;

        for (k = 0; k < size[i]; k++)
            assert_int_equal(ptr[i][k], i % 251 + 1);
    }
    gnt_arena_free(&arena);
    assert_null(arena.chunks);
    assert_int_equal(c.alive, 0);
    gnt_arena_free(&arena);
}

static void arena_reset_reuses_and_zeroes(void **state)
{
    struct counter c;
    struct gnt_mem mem;
    struct gnt_arena arena;
    int round;
    int i;

    (void)state;
    counting(&mem, &c, 0);
    gnt_arena_init(&arena, &mem);
    for (round = 0; round < 50; round++) {
        for (i = 0; i < 100; i++) {
            char *p = gnt_arena_alloc(&arena, 60);

            assert_true(all_zero(p, 60));
            memset(p, 'x', 60);
        }
        assert_non_null(gnt_arena_alloc(&arena, 1000000));
        gnt_arena_reset(&arena);
        assert_true(c.alive <= 1);
    }
    gnt_arena_free(&arena);
    assert_int_equal(c.alive, 0);
}

static void arena_texts(void **state)
{
    struct gnt_mem mem;
    struct gnt_arena arena;
    char *text;

    (void)state;
    gnt_mem_init(&mem, NULL, NULL);
    gnt_arena_init(&arena, &mem);
    assert_string_equal(gnt_arena_strdup(&arena, "whole"), "whole");
    assert_string_equal(gnt_arena_strndup(&arena, "whole", 3), "who");
    assert_string_equal(gnt_arena_strndup(&arena, NULL, 0), "");
    assert_string_equal(gnt_arena_printf(&arena, "%s-%d", "a", 7), "a-7");
    text = gnt_arena_printf(&arena, "%5000d", 1);
    assert_int_equal(strlen(text), 5000);
    assert_null(gnt_arena_strndup(&arena, "x", SIZE_MAX));
    assert_null(gnt_arena_alloc(&arena, SIZE_MAX));
    assert_null(gnt_arena_alloc(&arena, SIZE_MAX - 8));
    assert_null(gnt_arena_alloc(&arena, (size_t)PTRDIFF_MAX - 20));
    gnt_arena_free(&arena);
}

static void arena_survives_failure(void **state)
{
    size_t at;

    (void)state;
    for (at = 1; at < 8; at++) {
        struct counter c;
        struct gnt_mem mem;
        struct gnt_arena arena;
        int failed = 0;
        int i;

        counting(&mem, &c, at);
        gnt_arena_init(&arena, &mem);
        for (i = 0; i < 400; i++)
            failed += gnt_arena_alloc(&arena, 500) == NULL;
        assert_int_equal(failed, 1);
        gnt_arena_free(&arena);
        assert_int_equal(c.alive, 0);
    }
}

/* ---- buffer ------------------------------------------------------------------------------------ */

static void buffer_grows_to_its_ceiling(void **state)
{
    static const size_t ceilings[] = { 0, 1, 62, 63, 64, 65, 100, 1000, 4096 };
    size_t n;

    (void)state;
    for (n = 0; n < sizeof ceilings / sizeof ceilings[0]; n++) {
        struct counter c;
        struct gnt_mem mem;
        struct gnt_buf buf;
        size_t i;

        counting(&mem, &c, 0);
        gnt_buf_init(&buf, &mem, ceilings[n]);
        assert_string_equal(gnt_buf_text(&buf), "");
        for (i = 0; i < ceilings[n]; i++) {
            assert_int_equal(gnt_buf_add(&buf, "x", 1), 0);
            assert_int_equal(buf.data[buf.size], '\0');
        }
        assert_true(buf.capacity <= ceilings[n] + 1);
        assert_int_equal(gnt_buf_add(&buf, "y", 1), GANTRY_E_LIMIT);
        assert_int_equal(buf.size, ceilings[n]);
        assert_int_equal(gnt_buf_add(&buf, "", 0), GANTRY_E_LIMIT);
        gnt_buf_clear(&buf);
        assert_int_equal(gnt_buf_adds(&buf, ""), 0);
        assert_string_equal(gnt_buf_text(&buf), "");
        gnt_buf_free(&buf);
        gnt_buf_free(&buf);
        assert_int_equal(c.alive, 0);
    }
}

static void buffer_adds_texts(void **state)
{
    struct gnt_mem mem;
    struct gnt_buf buf;

    (void)state;
    gnt_mem_init(&mem, NULL, NULL);
    gnt_buf_init(&buf, &mem, SIZE_MAX);
    assert_int_equal(gnt_buf_adds(&buf, "a"), 0);
    assert_int_equal(gnt_buf_addf(&buf, "%s=%d;", "n", 42), 0);
    assert_int_equal(gnt_buf_add(&buf, "\0z", 2), 0);
    assert_int_equal(buf.size, 8);
    assert_memory_equal(buf.data, "an=42;\0z", 9);
    assert_int_equal(gnt_buf_add(&buf, "x", SIZE_MAX), GANTRY_E_LIMIT);
    assert_int_equal(gnt_buf_addf(&buf, "%d", 1), GANTRY_E_LIMIT);
    gnt_buf_wipe_free(&buf);
    gnt_buf_init(&buf, &mem, 5);
    assert_int_equal(gnt_buf_addf(&buf, "%d", 12345), 0);
    assert_int_equal(gnt_buf_addf(&buf, "%d", 6), GANTRY_E_LIMIT);
    assert_string_equal(gnt_buf_text(&buf), "12345");
    gnt_buf_free(&buf);
    gnt_buf_wipe_free(&buf);
}

static void buffer_keeps_its_first_failure(void **state)
{
    struct counter c;
    struct gnt_mem mem;
    struct gnt_buf buf;

    (void)state;
    counting(&mem, &c, 2);
    gnt_buf_init(&buf, &mem, 10000);
    assert_int_equal(gnt_buf_adds(&buf, "kept"), 0);
    assert_int_equal(gnt_buf_addf(&buf, "%200d", 1), GANTRY_E_NOMEM);
    assert_int_equal(gnt_buf_adds(&buf, "x"), GANTRY_E_NOMEM);
    assert_string_equal(gnt_buf_text(&buf), "kept");
    gnt_buf_clear(&buf);
    assert_int_equal(gnt_buf_addf(&buf, "%200d", 1), 0);
    gnt_buf_free(&buf);
    assert_int_equal(c.alive, 0);
}

static char wiped_copy[64];

static void peek_release(void *arg, void *ptr)
{
    (void)arg;
    memcpy(wiped_copy, ptr, sizeof wiped_copy);
    free(ptr);
}

static void buffer_wipes_secrets(void **state)
{
    gantry_allocator a = { count_allocate, count_reallocate, peek_release, NULL };
    struct counter c = { 0 };
    struct gnt_mem mem;
    struct gnt_buf buf;

    (void)state;
    a.arg = &c;
    gnt_mem_init(&mem, &a, NULL);
    gnt_buf_init(&buf, &mem, 1000);
    gnt_buf_adds(&buf, "secret");
    assert_int_equal(buf.capacity, sizeof wiped_copy);
    memset(wiped_copy, 'x', sizeof wiped_copy);
    gnt_buf_wipe_free(&buf);
    assert_true(all_zero(wiped_copy, sizeof wiped_copy));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocator_needs_all_functions),
        cmocka_unit_test(memory_is_zeroed_and_sized),
        cmocka_unit_test(arena_memory_is_aligned_zeroed_and_apart),
        cmocka_unit_test(arena_reset_reuses_and_zeroes),
        cmocka_unit_test(arena_texts),
        cmocka_unit_test(arena_survives_failure),
        cmocka_unit_test(buffer_grows_to_its_ceiling),
        cmocka_unit_test(buffer_adds_texts),
        cmocka_unit_test(buffer_keeps_its_first_failure),
        cmocka_unit_test(buffer_wipes_secrets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
