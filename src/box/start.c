/* Where the box begins: its arguments say what it is to do. */
#include "box.h"

BOX_START;

enum {
    WRONG_CALL = 255
};

_Noreturn void box_begin(const long *stack);

static void enter(const char *directory)
{
    long rc = box_call(SYS_CHDIR, (long)directory, 0, 0, 0, 0);

    if (rc < 0)
        box_fail(rc, "enter", directory);
}

_Noreturn void box_begin(const long *stack)
{
    long argc = stack[0];
    const char *const *argv = (const char *const *)(stack + 1);
    const char *mode = argc > 1 ? argv[1] : "";
    int option = argc == 4 && argv[2][0] == '-' ? argv[2][1] : 0;

    if (argc == 2 && box_equal(mode, "pause"))
        box_pause();
    if (argc != 3 && option == 0)
        box_end(WRONG_CALL);
    if (box_equal(mode, "pack") && (option == 0 || option == 'x')) {
        enter(argv[argc - 1]);
        box_pack(option == 'x');
    } else if (box_equal(mode, "unpack") && (option == 0 || option == 'c')) {
        enter(argv[argc - 1]);
        box_unpack(option == 'c');
    } else if (box_equal(mode, "clear") && option == 0) {
        enter(argv[argc - 1]);
        box_clear();
    } else {
        box_end(WRONG_CALL);
    }
    box_end(0);
}
