/* Extended attributes: reading them. */
#include "xattr.h"

enum {
    LIST_SIZE = 64 * 1024, /* the kernel's bounds */
    VALUE_SIZE = 64 * 1024
};

static char list[LIST_SIZE];
static char value[VALUE_SIZE];

int box_xattr_is_kept(const char *name)
{
    return !box_equal(name, "security.selinux");
}

static long one(const char *path, const char *name,
                void (*each)(const char *name, const void *value, size_t size))
{
    long size = box_call(SYS_LGETXATTR, (long)path, (long)name, (long)value, sizeof value, 0);

    if (size == -BOX_ENODATA)
        return 0; /* gone meanwhile */
    if (size == -BOX_ENOENT)
        return size;
    if (size < 0)
        box_fail(size, "read an attribute of", path);
    each(name, value, (size_t)size);
    return 0;
}

long box_xattr_each(const char *path,
                    void (*each)(const char *name, const void *value, size_t size))
{
    long size = box_call(SYS_LLISTXATTR, (long)path, (long)list, sizeof list, 0, 0);
    size_t top = box_stack_top();
    size_t count = 0;
    char **names;
    long rc = 0;

    if (size == -BOX_EOPNOTSUPP)
        return 0;
    if (size == -BOX_ENOENT)
        return size;
    if (size < 0)
        box_fail(size, "read the attributes of", path);
    for (char *name = list; name < list + size; name += box_length(name) + 1)
        count++;
    names = box_stack_push(count * sizeof *names);
    count = 0;
    for (char *name = list; name < list + size; name += box_length(name) + 1)
        names[count++] = name;
    box_sort(names, count);
    for (size_t i = 0; i < count && rc == 0; i++) {
        if (box_xattr_is_kept(names[i]))
            rc = one(path, names[i], each);
    }
    box_stack_pop(top);
    return rc;
}
