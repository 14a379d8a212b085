/* Where the box begins: its first argument says what it is to do. */
#include "box.h"

BOX_START;

_Noreturn void box_begin(const long *stack);

_Noreturn void box_begin(const long *stack)
{
    long argc = stack[0];
    const char *const *argv = (const char *const *)(stack + 1);

    if (argc == 2 && box_equal(argv[1], "pause"))
        box_pause();
    box_end(2);
}
