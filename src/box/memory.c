/* Memory of the box: what is kept, and a stack. */
#include "box.h"

enum {
    PIECE = 1 << 16,
    PROT_READ_WRITE = 3,
    MAP_PRIVATE_ANONYMOUS = 0x22
};

void *box_keep(size_t size)
{
    static char *at;
    static size_t left;
    char *result;

    size = (size + 15) & ~(size_t)15;
    if (size > left) {
        size_t more = size > PIECE ? size : PIECE;
        long got =
            box_call6(SYS_MMAP, 0, (long)more, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);

        if (got < 0 && got > -4096)
            box_fail(got, "take memory", "");
        at = (char *)(uintptr_t)got;
        left = more;
    }
    result = at;
    at += size;
    left -= size;
    return result;
}

/* ---- the stack, at the program's break ------------------------------------------------------- */

static uintptr_t stack_begin;
static uintptr_t stack_end; /* what the kernel gave */
static size_t stack_top;

static uintptr_t set_break(uintptr_t to)
{
    return (uintptr_t)box_call(SYS_BRK, (long)to, 0, 0, 0, 0);
}

size_t box_stack_top(void)
{
    return stack_top;
}

void box_stack_pop(size_t top)
{
    stack_top = top;
}

void *box_stack_push(size_t size)
{
    size_t at = stack_top;

    size = (size + 7) & ~(size_t)7;
    if (stack_begin == 0)
        stack_begin = stack_end = (set_break(0) + 15) & ~(uintptr_t)15;
    if (size > stack_end - stack_begin - at) {
        uintptr_t wanted = stack_begin + at + size + PIECE;

        if (set_break(wanted) < wanted)
            box_fail(BOX_ENOMEM, "take memory", "");
        stack_end = wanted;
    }
    stack_top = at + size;
    return (void *)(stack_begin + at);
}
