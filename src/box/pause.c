/*
 * Process 1 of a pod. Signals are taken one by one instead of by handlers: they are blocked, so
 * that the kernel keeps even those which it would not deliver to a process 1.
 */
#include "box.h"

enum {
    SIGNAL_INT = 2,
    SIGNAL_TERM = 15,
    SIGNAL_CHILD = 17,
    BLOCK = 0,   /* SIG_BLOCK */
    NO_HANG = 1, /* WNOHANG */
    ALL = -1     /* any child */
};

static uint64_t bit(int signal)
{
    return (uint64_t)1 << (signal - 1);
}

_Noreturn void box_pause(void)
{
    uint64_t set = bit(SIGNAL_INT) | bit(SIGNAL_TERM) | bit(SIGNAL_CHILD);
    long got;

    box_call(SYS_SIGPROCMASK, BLOCK, (long)&set, 0, sizeof set, 0);
    do {
        /* One signal may stand for several ends. */
        while (box_call(SYS_WAIT4, ALL, 0, NO_HANG, 0, 0) > 0)
            ;
        got = box_call(SYS_SIGTIMEDWAIT, (long)&set, 0, 0, sizeof set, 0);
    } while (got != SIGNAL_INT && got != SIGNAL_TERM);
    box_end(0);
}
