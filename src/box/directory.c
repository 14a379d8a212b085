/* Names in a directory, sorted, and paths that grow and shrink. */
#include "box.h"

enum {
    ENTRY_LENGTH_AT = 16, /* struct linux_dirent64: ino, off, reclen, type, name */
    ENTRY_NAME_AT = 19
};

static char entries[32768];

static unsigned length_of(const char *entry)
{
    const unsigned char *at = (const unsigned char *)entry + ENTRY_LENGTH_AT;

    return (unsigned)at[0] | (unsigned)at[1] << 8; /* all that the box runs on is little-endian */
}

/* Onto the stack, each with its NUL; how many. */
static size_t take_entries(long size)
{
    size_t count = 0;

    for (long at = 0; at < size; at += length_of(entries + at)) {
        const char *name = entries + at + ENTRY_NAME_AT;
        size_t length = box_length(name) + 1;

        if (box_equal(name, ".") || box_equal(name, ".."))
            continue;
        box_copy(box_stack_push(length), name, length);
        count++;
    }
    return count;
}

/* ---- sorting, in place and without recursion ------------------------------------------------- */

static void sift(char **names, size_t at, size_t count)
{
    for (size_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
        char *name = names[at];

        if (child + 1 < count && box_compare(names[child], names[child + 1]) < 0)
            child++;
        if (box_compare(name, names[child]) >= 0)
            return;
        names[at] = names[child];
        names[child] = name;
        at = child;
    }
}

void box_sort(char **names, size_t count)
{
    for (size_t at = count / 2; at > 0; at--)
        sift(names, at - 1, count);
    for (size_t last = count; last > 1; last--) {
        char *name = names[0];

        names[0] = names[last - 1];
        names[last - 1] = name;
        sift(names, 0, last - 1);
    }
}

long box_names(const char *path, struct box_names *out)
{
    long fd = box_open(path, OPEN_READ | O_DIRECTORY_, 0);
    size_t begin = box_stack_top();
    char *name;
    long got;

    out->count = 0;
    if (fd < 0)
        return fd;
    name = box_stack_push(0);
    while ((got = box_call(SYS_GETDENTS64, fd, (long)entries, sizeof entries, 0, 0)) > 0)
        out->count += take_entries(got);
    box_close(fd);
    if (got < 0) {
        box_stack_pop(begin);
        return got;
    }
    out->names = box_stack_push(out->count * sizeof *out->names);
    for (size_t i = 0; i < out->count; i++) {
        out->names[i] = name;
        name += (box_length(name) + 8) & ~(size_t)7; /* with the NUL, as the stack rounds it up */
    }
    box_sort(out->names, out->count);
    return 0;
}

size_t box_path_add(char path[BOX_PATH_MAX], const char *name)
{
    size_t before = box_length(path);
    size_t size = box_length(name) + 1;

    if (before + 1 + size > BOX_PATH_MAX)
        box_fail(BOX_ENAMETOOLONG, "name something in", path);
    path[before] = '/';
    box_copy(path + before + 1, name, size);
    return before;
}

void box_path_cut(char path[BOX_PATH_MAX], size_t length)
{
    path[length] = '\0';
}
