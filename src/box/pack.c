/*
 * The working directory as a tar. What goes away while it is looked for is left out; a file that
 * shrinks while it is read is a failure, for its length stands in the archive by then.
 */
#include "tar.h"
#include "xattr.h"

enum {
    BUCKETS = 1 << 14,
    OPEN_NONBLOCK = 04000 /* what has become a fifo must not hold it up */
};

static char path[BOX_PATH_MAX];
static char name[BOX_PATH_MAX + 1]; /* of the entry: directories end with '/' */
static struct box_stat top_stat;
static int stay; /* on the first file system */

/* ---- files with several names ---------------------------------------------------------------- */

struct known {
    struct known *next;
    uint64_t device;
    uint64_t inode;
    char path[];
};

static struct known *buckets[BUCKETS];

static struct known **bucket_of(const struct box_stat *st)
{
    return &buckets[(st->inode ^ st->inode >> 14) % BUCKETS];
}

static uint64_t device_of(const struct box_stat *st)
{
    return (uint64_t)st->dev_major << 32 | st->dev_minor;
}

/* The name that the file was packed by, or NULL. */
static const char *known_by(const struct box_stat *st)
{
    const struct known *k = *bucket_of(st);

    while (k != 0 && (k->inode != st->inode || k->device != device_of(st)))
        k = k->next;
    return k != 0 ? k->path : 0;
}

static void remember(const struct box_stat *st)
{
    struct known **bucket = bucket_of(st);
    size_t size = box_length(path) + 1;
    struct known *k = box_keep(sizeof *k + size);

    k->device = device_of(st);
    k->inode = st->inode;
    box_copy(k->path, path, size);
    k->next = *bucket;
    *bucket = k;
}

/* ---- entries --------------------------------------------------------------------------------- */

static int type_of(const struct box_stat *st)
{
    switch (st->mode & TYPE_MASK) {
    case TYPE_FILE:
        return TAR_FILE;
    case TYPE_DIRECTORY:
        return TAR_DIRECTORY;
    case TYPE_LINK:
        return TAR_LINK;
    case TYPE_CHAR:
        return TAR_CHAR;
    case TYPE_BLOCK:
        return TAR_BLOCK_DEVICE;
    case TYPE_FIFO:
        return TAR_FIFO;
    default:
        return 0; /* a socket is its server's */
    }
}

static void describe(struct tar_entry *e, const struct box_stat *st)
{
    box_zero(e, sizeof *e);
    e->name = path;
    e->type = type_of(st);
    e->mode = st->mode;
    e->uid = st->uid;
    e->gid = st->gid;
    e->seconds = st->mtime.seconds;
    e->nanoseconds = st->mtime.nanoseconds;
    e->major = st->rdev_major;
    e->minor = st->rdev_minor;
}

static int take_attributes(void)
{
    if (box_xattr_each(path, tar_attribute) == 0)
        return 1;
    tar_forget();
    return 0;
}

/* 0 if it went away, here and below. */
static int pack_file(void)
{
    struct tar_entry e;
    struct box_stat st;
    int done;
    long fd = box_open(path, OPEN_READ | OPEN_NONBLOCK, 0);
    long rc;

    if (fd == -BOX_ENOENT)
        return 0;
    if (fd < 0)
        box_fail(fd, "open", path);
    rc = box_stat_open(fd, &st);
    if (rc < 0)
        box_fail(rc, "look at", path);
    if ((st.mode & TYPE_MASK) != TYPE_FILE)
        box_fail(BOX_ESTALE, "read what was a file,", path);
    done = take_attributes();
    if (done) {
        describe(&e, &st);
        e.size = st.size;
        tar_put(&e);
        tar_put_content(fd, st.size, path);
    }
    box_close(fd);
    return done;
}

/* Everything that has no content. */
static int pack_other(const struct box_stat *st)
{
    static char target[BOX_PATH_MAX];
    struct tar_entry e;

    describe(&e, st);
    if (e.type == TAR_LINK) {
        long size =
            box_call(SYS_READLINKAT, AT_CWD, (long)path, (long)target, sizeof target - 1, 0);

        if (size == -BOX_ENOENT)
            return 0;
        if (size < 0)
            box_fail(size, "read link", path);
        target[size] = '\0';
        e.link = target;
    }
    if (e.type == TAR_DIRECTORY) {
        size_t size = box_length(path);

        box_copy(name, path, size);
        box_copy(name + size, "/", 2);
        e.name = name;
    }
    if (!take_attributes())
        return 0;
    tar_put(&e);
    return 1;
}

static void pack_hard_link(const struct box_stat *st, const char *first)
{
    struct tar_entry e;

    describe(&e, st);
    e.type = TAR_HARD_LINK;
    e.link = first;
    tar_put(&e);
}

/* ---- the walk -------------------------------------------------------------------------------- */

static int is_elsewhere(const struct box_stat *st)
{
    if ((st->mask & top_stat.mask & STATX_MOUNT) != 0)
        return st->mount != top_stat.mount;
    return st->dev_major != top_stat.dev_major || st->dev_minor != top_stat.dev_minor;
}

static void pack_directory(void);

/* A file with several names comes once; the others are links to the first. */
static void pack_linked(const struct box_stat *st)
{
    const char *first = known_by(st);

    if (first != 0)
        pack_hard_link(st, first);
    else if (type_of(st) == TAR_FILE ? pack_file() : pack_other(st))
        remember(st);
}

static void pack_one(void)
{
    struct box_stat st;
    long rc = box_stat(path, &st);
    int elsewhere;

    if (rc == -BOX_ENOENT)
        return;
    if (rc < 0)
        box_fail(rc, "look at", path);
    elsewhere = stay && is_elsewhere(&st);
    if (type_of(&st) == TAR_DIRECTORY) {
        if (pack_other(&st) && !elsewhere) /* it is the place of what is mounted there */
            pack_directory();
    } else if (type_of(&st) != 0 && !elsewhere) {
        if (st.links > 1)
            pack_linked(&st);
        else if (type_of(&st) == TAR_FILE)
            pack_file();
        else
            pack_other(&st);
    }
}

static void pack_directory(void)
{
    size_t top = box_stack_top();
    struct box_names in;
    long rc = box_names(path, &in);

    if (rc < 0 && rc != -BOX_ENOENT)
        box_fail(rc, "read directory", path);
    for (size_t i = 0; i < in.count; i++) {
        size_t length = box_path_add(path, in.names[i]);

        pack_one();
        box_path_cut(path, length);
    }
    box_stack_pop(top);
}

void box_pack(int one_file_system)
{
    long rc;

    box_copy(path, ".", 2);
    stay = one_file_system;
    rc = box_stat(path, &top_stat);
    if (rc < 0)
        box_fail(rc, "look at", path);
    pack_other(&top_stat);
    pack_directory();
    tar_put_end();
}
