/*
 * A tar into the working directory. Names lead nowhere but into it: not by "..", not from the top,
 * not through a link. Directories get what the archive says of them last, when nothing is put into
 * them any more.
 */
#include "tar.h"
#include "xattr.h"

/* Left to be done for a directory. */
struct later {
    struct later *next; /* the one before it in the archive */
    struct tar_entry entry;
    struct tar_xattr *attributes;
    char path[];
};

static char path[BOX_PATH_MAX];   /* of the entry, "a/b", "." for the directory itself */
static char target[BOX_PATH_MAX]; /* of a hard link */
static char parent[BOX_PATH_MAX]; /* known to be reached through directories only */
static struct later *directories;

/* ---- names ----------------------------------------------------------------------------------- */

/* "./a//b/" gives "a/b". */
static void clean(char out[BOX_PATH_MAX], const char *name)
{
    size_t size = 0;

    if (name[0] == '/' || name[0] == '\0')
        box_fail(BOX_EBADMSG, "unpack a name that leads out:", name);
    while (*name != '\0') {
        size_t n = 0;

        while (name[n] != '\0' && name[n] != '/')
            n++;
        if (n == 2 && name[0] == '.' && name[1] == '.')
            box_fail(BOX_EBADMSG, "unpack a name that leads out:", name);
        if (n > 0 && !(n == 1 && name[0] == '.')) {
            if (size + n + 2 > BOX_PATH_MAX)
                box_fail(BOX_ENAMETOOLONG, "unpack", name);
            if (size > 0)
                out[size++] = '/';
            box_copy(out + size, name, n);
            size += n;
        }
        name += name[n] == '/' ? n + 1 : n;
    }
    if (size == 0)
        out[size++] = '.';
    out[size] = '\0';
}

static void need_directory(const char *at)
{
    struct box_stat st;
    long rc = box_stat(at, &st);

    if (rc == -BOX_ENOENT)
        rc = box_call(SYS_MKDIRAT, AT_CWD, (long)at, 0755, 0, 0);
    else if (rc == 0 && (st.mode & TYPE_MASK) != TYPE_DIRECTORY)
        rc = (st.mode & TYPE_MASK) == TYPE_LINK ? BOX_ELOOP : 20; /* ENOTDIR */
    if (rc != 0)
        box_fail(rc, "unpack into", at);
}

/* Every directory above a name; made if the archive has none. */
static void need_parents(char *name)
{
    size_t last = 0;

    for (size_t i = 0; name[i] != '\0'; i++) {
        if (name[i] == '/')
            last = i;
    }
    name[last] = last > 0 ? '\0' : name[last];
    if (last > 0 && !box_equal(name, parent)) {
        for (size_t i = 0; i <= last; i++) {
            if (i < last && name[i] != '/')
                continue;
            name[i] = '\0';
            need_directory(name);
            name[i] = i < last ? '/' : '\0';
        }
        box_copy(parent, name, last + 1);
    }
    if (last > 0)
        name[last] = '/';
}

static void remove_old(void)
{
    long rc = box_call(SYS_UNLINKAT, AT_CWD, (long)path, 0, 0, 0);

    if (rc == -21) { /* EISDIR: one with something in it stays */
        rc = box_call(SYS_UNLINKAT, AT_CWD, (long)path, AT_REMOVE_DIR, 0, 0);
        parent[0] = '\0';
    }
    if (rc < 0 && rc != -BOX_ENOENT)
        box_fail(rc, "replace", path);
}

/* ---- what an entry says ---------------------------------------------------------------------- */

static void need(long rc, const char *what, const char *name)
{
    if (rc < 0)
        box_fail(rc, what, name);
}

/* What came from the directory above, if it was there. */
static void remove_acl(const char *name, const char *acl)
{
    long rc = box_call(SYS_LREMOVEXATTR, (long)name, (long)acl, 0, 0, 0);

    if (rc < 0 && rc != -BOX_ENODATA && rc != -BOX_EOPNOTSUPP)
        box_fail(rc, "remove the access list of", name);
}

static void set_attributes(const char *name, const struct tar_xattr *attributes)
{
    for (const struct tar_xattr *x = attributes; x != 0; x = x->next) {
        if (box_xattr_is_kept(x->name))
            need(box_call(SYS_LSETXATTR, (long)name, (long)x->name, (long)x->value, (long)x->size,
                          0),
                 "set an attribute of", name);
    }
}

/* The owner first: a new one takes set-id bits and capabilities. */
static void dress(const char *name, const struct tar_entry *e, const struct tar_xattr *attributes)
{
    struct box_timespec times[2] = { { 0, TIME_OMIT }, { e->seconds, e->nanoseconds } };
    long rc;

    if (e->uid >= UINT32_MAX || e->gid >= UINT32_MAX)
        box_fail(BOX_EPERM, "give such an owner to", name);
    rc = box_call(SYS_FCHOWNAT, AT_CWD, (long)name, (long)e->uid, (long)e->gid, AT_NO_FOLLOW);
    if (rc == -BOX_EINVAL) /* the user namespace has no such id */
        rc = -BOX_EPERM;
    need(rc, "set the owner of", name);
    if (e->type != TAR_LINK) {
        remove_acl(name, XATTR_ACL_ACCESS);
        if (e->type == TAR_DIRECTORY)
            remove_acl(name, XATTR_ACL_DEFAULT);
        need(box_call(SYS_FCHMODAT, AT_CWD, (long)name, e->mode, 0, 0), "set the mode of", name);
    }
    set_attributes(name, attributes);
    need(box_call(SYS_UTIMENSAT, AT_CWD, (long)name, (long)times, AT_NO_FOLLOW, 0),
         "set the time of", name);
}

/* ---- kinds ----------------------------------------------------------------------------------- */

static void unpack_file(void)
{
    long fd = box_open(path, OPEN_WRITE | OPEN_CREATE | OPEN_EXCLUSIVE, 0600);
    const unsigned char *piece;
    size_t size;

    need(fd, "make", path);
    while ((size = tar_content(&piece, SIZE_MAX)) > 0) {
        for (size_t at = 0; at < size;) {
            long n = box_call(SYS_WRITE, fd, (long)(piece + at), (long)(size - at), 0, 0);

            need(n, "write", path);
            at += (size_t)n;
        }
    }
    need(box_call(SYS_CLOSE, fd, 0, 0, 0, 0), "write", path);
}

static struct tar_xattr *keep_attributes(const struct tar_xattr *from)
{
    struct tar_xattr *first = 0;
    struct tar_xattr **end = &first;

    for (; from != 0; from = from->next) {
        size_t name_size = box_length(from->name) + 1;
        struct tar_xattr *x = box_keep(sizeof *x);
        char *bytes = box_keep(name_size + from->size);

        box_copy(bytes, from->name, name_size);
        box_copy(bytes + name_size, from->value, from->size);
        x->next = 0;
        x->name = bytes;
        x->value = bytes + name_size;
        x->size = from->size;
        *end = x;
        end = &x->next;
    }
    return first;
}

static void unpack_directory(const struct tar_entry *e, const struct tar_xattr *attributes)
{
    size_t size = box_length(path) + 1;
    struct later *l = box_keep(sizeof *l + size);
    struct box_stat st;
    long rc = box_stat(path, &st);

    if (rc == 0 && (st.mode & TYPE_MASK) != TYPE_DIRECTORY) {
        remove_old();
        rc = -BOX_ENOENT;
    }
    if (rc == -BOX_ENOENT)
        rc = box_call(SYS_MKDIRAT, AT_CWD, (long)path, 0700, 0, 0);
    need(rc, "make", path);
    l->entry = *e;
    l->attributes = keep_attributes(attributes);
    box_copy(l->path, path, size);
    l->next = directories;
    directories = l;
}

static void unpack_hard_link(const struct tar_entry *e)
{
    clean(target, e->link);
    if (box_equal(target, path))
        return;
    need_parents(target);
    remove_old();
    need(box_call(SYS_LINKAT, AT_CWD, (long)target, AT_CWD, (long)path, 0), "make link", path);
}

static void unpack_node(const struct tar_entry *e, int type)
{
    long device =
        (long)(((uint64_t)e->minor & 0xff) | (uint64_t)e->major << 8 |
               ((uint64_t)e->minor & ~(uint64_t)0xff) << 12); /* as the kernel puts them together */

    need(box_call(SYS_MKNODAT, AT_CWD, (long)path, type | 0600, device, 0), "make device", path);
}

static void unpack_new(const struct tar_entry *e)
{
    remove_old();
    if (e->type == TAR_FILE)
        unpack_file();
    else if (e->type == TAR_LINK)
        need(box_call(SYS_SYMLINKAT, (long)e->link, AT_CWD, (long)path, 0, 0), "make link", path);
    else
        unpack_node(e, e->type == TAR_FIFO   ? TYPE_FIFO
                       : e->type == TAR_CHAR ? TYPE_CHAR
                                             : TYPE_BLOCK);
}

static void unpack_one(const struct tar_entry *e, const struct tar_xattr *attributes)
{
    if (e->type < TAR_FILE || e->type > TAR_FIFO)
        box_fail(BOX_EOPNOTSUPP, "unpack what is of no known kind:", e->name);
    clean(path, e->name);
    if (box_equal(path, ".") && e->type != TAR_DIRECTORY)
        box_fail(BOX_EBADMSG, "unpack what is no directory in place of it:", e->name);
    need_parents(path);
    if (e->type == TAR_DIRECTORY) {
        unpack_directory(e, attributes);
    } else if (e->type == TAR_HARD_LINK) {
        unpack_hard_link(e);
    } else {
        unpack_new(e);
        dress(path, e, attributes);
    }
}

/* The last of them first: what is below another stands behind it. */
static void dress_directories(void)
{
    struct box_stat st;

    for (const struct later *l = directories; l != 0; l = l->next) {
        if (box_stat(l->path, &st) == 0 && (st.mode & TYPE_MASK) == TYPE_DIRECTORY)
            dress(l->path, &l->entry, l->attributes);
    }
}

void box_unpack(int clear)
{
    const struct tar_xattr *attributes = 0;
    struct tar_entry e;

    tar_check_begin();
    if (clear)
        box_clear();
    while (tar_next(&e, &attributes))
        unpack_one(&e, attributes);
    dress_directories();
}
