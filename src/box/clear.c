/* Removing all that is in the working directory. */
#include "box.h"

static char path[BOX_PATH_MAX];

/* One that somebody else removed meanwhile is no failure. */
static void remove_one(int flags)
{
    long rc = box_call(SYS_UNLINKAT, AT_CWD, (long)path, flags, 0, 0);

    if (rc < 0 && rc != -BOX_ENOENT)
        box_fail(rc, "remove", path);
}

static void clear_directory(void)
{
    size_t top = box_stack_top();
    struct box_names in;
    struct box_stat st;
    long rc = box_names(path, &in);

    if (rc < 0 && rc != -BOX_ENOENT)
        box_fail(rc, "read directory", path);
    for (size_t i = 0; i < in.count; i++) {
        size_t length = box_path_add(path, in.names[i]);

        rc = box_stat(path, &st);
        if (rc < 0 && rc != -BOX_ENOENT)
            box_fail(rc, "look at", path);
        if (rc == 0 && (st.mode & TYPE_MASK) == TYPE_DIRECTORY) {
            clear_directory();
            remove_one(AT_REMOVE_DIR);
        } else if (rc == 0) {
            remove_one(0);
        }
        box_path_cut(path, length);
    }
    box_stack_pop(top);
}

void box_clear(void)
{
    path[0] = '.';
    path[1] = '\0';
    clear_directory();
}
