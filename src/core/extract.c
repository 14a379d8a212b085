/*
 * Unpacking, entry by entry. What exists is unlinked and made anew, never opened, so that nothing
 * is written through a link; hard links are made only to files whose device and inode were seen
 * when this call made them.
 */
#include "extract.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum {
    PIECE = 64 * 1024
};

/* A directory that was made; what the archive says of it is set at the end. */
struct directory {
    struct directory *next; /* made before */
    const char *name;
    int mode;
    int64_t uid;
    int64_t gid;
    struct timespec mtime;
    int described; /* the archive says something of it */
};

struct made {
    dev_t dev;
    ino_t ino;
    int used;
};

struct extract {
    struct gnt_mem mem;
    const struct gnt_extract_options *options;
    const struct gnt_clock *clock;
    struct gnt_tar_entries *entries;
    struct gnt_places places;
    struct gnt_arena arena; /* directories */
    struct directory *directories;
    struct made *made; /* files, by device and inode; open addressing */
    size_t made_size;
    size_t made_count;
    int64_t bytes;
    int64_t count;
    char piece[PIECE];
};

/* ---- what was made --------------------------------------------------------------------------- */

static struct made *find_made(struct made *table, size_t size, dev_t dev, ino_t ino)
{
    uint64_t hash = ((uint64_t)ino ^ ((uint64_t)dev << 32)) * 0x9E3779B97F4A7C15U;
    size_t i = (size_t)(hash >> 32) & (size - 1);

    while (table[i].used && (table[i].dev != dev || table[i].ino != ino))
        i = (i + 1) & (size - 1);
    return &table[i];
}

static int note_made(struct extract *x, const struct stat *st, gantry_error *err)
{
    struct made *slot;

    if (x->made_count * 2 >= x->made_size) {
        size_t size = x->made_size > 0 ? x->made_size * 2 : 256;
        struct made *table = gnt_alloc(&x->mem, size * sizeof *table);

        if (table == NULL)
            return gnt_nomem(err);
        for (size_t i = 0; i < x->made_size; i++) {
            if (x->made[i].used)
                *find_made(table, size, x->made[i].dev, x->made[i].ino) = x->made[i];
        }
        gnt_free(&x->mem, x->made);
        x->made = table;
        x->made_size = size;
    }
    slot = find_made(x->made, x->made_size, st->st_dev, st->st_ino);
    x->made_count += !slot->used;
    *slot = (struct made){ st->st_dev, st->st_ino, 1 };
    return 0;
}

static int was_made(const struct extract *x, const struct stat *st)
{
    return x->made_size > 0 && find_made(x->made, x->made_size, st->st_dev, st->st_ino)->used;
}

static int note_directory(struct extract *x, const char *name, gantry_error *err)
{
    struct directory *d = gnt_arena_alloc(&x->arena, sizeof *d);

    if (d != NULL)
        d->name = gnt_arena_strdup(&x->arena, name);
    if (d == NULL || d->name == NULL)
        return gnt_nomem(err);
    d->mode = 0755;
    d->next = x->directories;
    x->directories = d;
    return 0;
}

static int count_one(struct extract *x, const char *name, gantry_error *err)
{
    if (x->options->max_entries > 0 && ++x->count > x->options->max_entries)
        return gnt_places_fail(&x->places, GANTRY_E_LIMIT, 0, "max_entries is reached with", name,
                               err);
    return 0;
}

/* gnt_places.made: one entry may imply thousands. */
static int note_implied(void *arg, const char *name, gantry_error *err)
{
    struct extract *x = arg;
    int rc = note_directory(x, name, err);

    return rc < 0 ? rc : count_one(x, name, err);
}

static struct directory *find_directory(const struct extract *x, const char *name)
{
    struct directory *d = x->directories;

    while (d != NULL && strcmp(d->name, name) != 0)
        d = d->next;
    return d;
}

/* ---- places ---------------------------------------------------------------------------------- */

static int fail(const struct extract *x, int code, int os_error, const char *what, const char *name,
                gantry_error *err)
{
    return gnt_places_fail(&x->places, code, os_error, what, name, err);
}

/* Make room for what is no directory. */
static int clear_place(const struct extract *x, int fd, const char *leaf, const char *name,
                       gantry_error *err)
{
    struct stat st;

    if (fstatat(fd, leaf, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : fail(x, GANTRY_E_IO, errno, "cannot look at", name, err);
    if (S_ISDIR(st.st_mode))
        return fail(x, GANTRY_E_CONFLICT, 0, "a directory is in the place of", name, err);
    if (x->options->keep)
        return fail(x, GANTRY_E_EXISTS, 0, "there is already", name, err);
    if (unlinkat(fd, leaf, 0) < 0 && errno != ENOENT)
        return fail(x, GANTRY_E_IO, errno, "cannot replace", name, err);
    return 0;
}

static mode_t mode_of(const struct extract *x, int mode)
{
    return (mode_t)(mode & (x->options->owner ? 07777 : 0777));
}

static struct timespec time_of(const struct gnt_tar_entry *e)
{
    return (struct timespec){ .tv_sec = (time_t)e->mtime_sec, .tv_nsec = (long)e->mtime_nsec };
}

/* Owner, mode and time of what is open; the owner first, since it takes set-id bits away. */
static int dress(const struct extract *x, int fd, const char *name, int64_t uid, int64_t gid,
                 int mode, struct timespec mtime, gantry_error *err)
{
    const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, mtime };

    if (x->options->owner && fchown(fd, (uid_t)uid, (gid_t)gid) < 0)
        return fail(x, GANTRY_E_IO, errno, "cannot give its owner to", name, err);
    if (fchmod(fd, mode_of(x, mode)) < 0)
        return fail(x, GANTRY_E_IO, errno, "cannot set the mode of", name, err);
    if (futimens(fd, times) < 0)
        return fail(x, GANTRY_E_IO, errno, "cannot set the time of", name, err);
    return 0;
}

/* ---- entries --------------------------------------------------------------------------------- */

static int write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, data, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        data += n;
        size -= (size_t)n;
    }
    return 0;
}

static int fill_file(struct extract *x, int fd, const char *name, gantry_error *err)
{
    size_t got = 1;
    int rc = 0;

    while (rc == 0) {
        rc = gnt_tar_entries_data(x->entries, x->piece, sizeof x->piece, &got, err);
        if (rc < 0 || got == 0)
            break;
        x->bytes += (int64_t)got;
        if (x->options->max_bytes > 0 && x->bytes > x->options->max_bytes) {
            rc = fail(x, GANTRY_E_LIMIT, 0, "max_bytes is reached with", name, err);
        } else if (write_all(fd, x->piece, got) < 0) {
            rc = fail(x, GANTRY_E_IO, errno, "cannot write", name, err);
        } else {
            rc = gnt_clock_check(x->clock, err);
        }
    }
    return rc;
}

static int make_file(struct extract *x, int dir, const char *leaf, const char *name,
                     const struct gnt_tar_entry *e, gantry_error *err)
{
    struct stat st;
    int rc = clear_place(x, dir, leaf, name, err);
    int fd;

    if (rc < 0)
        return rc;
    fd = openat(dir, leaf, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail(x, GANTRY_E_IO, errno, "cannot make", name, err);
    if (fstat(fd, &st) < 0)
        rc = fail(x, GANTRY_E_IO, errno, "cannot look at", name, err);
    if (rc == 0)
        rc = note_made(x, &st, err);
    if (rc == 0)
        rc = fill_file(x, fd, name, err);
    if (rc == 0)
        rc = dress(x, fd, name, e->uid, e->gid, e->mode, time_of(e), err);
    if (close(fd) < 0 && rc == 0 && errno != EINTR)
        rc = fail(x, GANTRY_E_IO, errno, "cannot write", name, err);
    return rc;
}

static int make_symlink(struct extract *x, int dir, const char *leaf, const char *name,
                        const struct gnt_tar_entry *e, gantry_error *err)
{
    const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, time_of(e) };
    struct stat st;
    int rc = clear_place(x, dir, leaf, name, err);

    if (rc < 0)
        return rc;
    if (symlinkat(e->link, dir, leaf) < 0)
        return fail(x, GANTRY_E_IO, errno, "cannot make the link", name, err);
    if (x->options->owner &&
        fchownat(dir, leaf, (uid_t)e->uid, (gid_t)e->gid, AT_SYMLINK_NOFOLLOW) < 0)
        return fail(x, GANTRY_E_IO, errno, "cannot give its owner to", name, err);
    (void)utimensat(dir, leaf, times, AT_SYMLINK_NOFOLLOW); /* some file systems cannot */
    /* Links have hard links too; linkat() does not follow them. */
    if (fstatat(dir, leaf, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISLNK(st.st_mode))
        return fail(x, GANTRY_E_IO, 0, "something else changes", name, err);
    return note_made(x, &st, err);
}

/* The file that a hard link is for, as a second descriptor: the places' own is the link's. */
static int open_target(struct extract *x, const char *target, int *out_dir, struct gnt_buf *leaf,
                       gantry_error *err)
{
    struct gnt_places places;
    const char *part;
    struct stat st;
    int fd = -1;
    int rc;

    gnt_places_init(&places, &x->mem, x->places.root, x->places.path);
    rc = gnt_places_clean(&places, target, err);
    if (rc == 0)
        rc = gnt_places_open(&places, gnt_buf_text(&places.clean), 0, &fd, &part, err);
    if (rc == GANTRY_E_NOT_FOUND ||
        (rc == 0 && (fstatat(fd, part, &st, AT_SYMLINK_NOFOLLOW) < 0 || !was_made(x, &st))))
        rc = fail(x, GANTRY_E_DENIED, 0,
                  "the archive has a hard link to what it did not bring:", target, err);
    if (rc == 0 && gnt_buf_adds(leaf, part) < 0)
        rc = gnt_nomem(err);
    if (rc == 0) {
        *out_dir = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        if (*out_dir < 0)
            rc = fail(x, GANTRY_E_IO, errno, "cannot open", target, err);
    }
    gnt_places_free(&places);
    return rc;
}

static int make_hardlink(struct extract *x, int dir, const char *leaf, const char *name,
                         const struct gnt_tar_entry *e, gantry_error *err)
{
    struct gnt_buf target;
    struct stat st, seen;
    int fd = -1;
    int rc;

    gnt_buf_init(&target, &x->mem, 64 * 1024);
    rc = open_target(x, e->link, &fd, &target, err);
    /* A link to itself must not lose the file. */
    if (rc == 0 && fstatat(fd, gnt_buf_text(&target), &seen, AT_SYMLINK_NOFOLLOW) == 0 &&
        fstatat(dir, leaf, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_ino == seen.st_ino &&
        st.st_dev == seen.st_dev) {
        close(fd);
        gnt_buf_free(&target);
        return 0;
    }
    if (rc == 0)
        rc = clear_place(x, dir, leaf, name, err);
    if (rc == 0 && linkat(fd, gnt_buf_text(&target), dir, leaf, 0) < 0)
        rc = fail(x, GANTRY_E_IO, errno, "cannot make the link", name, err);
    if (fd >= 0)
        close(fd);
    gnt_buf_free(&target);
    return rc;
}

static int make_directory(struct extract *x, int dir, const char *leaf, const char *name,
                          const struct gnt_tar_entry *e, gantry_error *err)
{
    struct directory *d = NULL;
    struct stat st;
    int rc;

    if (mkdirat(dir, leaf, 0700) == 0) {
        rc = note_directory(x, name, err);
        if (rc < 0)
            return rc;
        d = x->directories;
    } else if (errno != EEXIST) {
        return fail(x, GANTRY_E_IO, errno, "cannot make", name, err);
    } else if (fstatat(dir, leaf, &st, AT_SYMLINK_NOFOLLOW) < 0) {
        return fail(x, GANTRY_E_IO, errno, "cannot look at", name, err);
    } else if (!S_ISDIR(st.st_mode)) {
        return fail(x, GANTRY_E_CONFLICT, 0,
                    "another kind of file is in the place of the directory", name, err);
    }
    if (d == NULL)
        d = find_directory(x, name);
    if (d != NULL) { /* made here, perhaps since something below it came first */
        d->mode = e->mode;
        d->uid = e->uid;
        d->gid = e->gid;
        d->mtime = time_of(e);
        d->described = 1;
    }
    return 0;
}

/* Headers in front of an entry can rename it in ways that a filter of names does not know. */
static int is_asked_for(const struct extract *x, const char *name)
{
    const char *only = x->options->only;
    size_t size = only != NULL ? strlen(only) : 0;

    return only == NULL ||
           (strncmp(name, only, size) == 0 && (name[size] == '\0' || name[size] == '/'));
}

static int make_entry(struct extract *x, const struct gnt_tar_entry *e, gantry_error *err)
{
    const char *leaf;
    const char *name;
    int dir;
    int rc = gnt_places_clean(&x->places, e->name, err);

    name = gnt_buf_text(&x->places.clean);
    if (rc == 0 && !is_asked_for(x, name))
        return fail(x, GANTRY_E_DENIED, 0, "the archive has what was not asked for:", name, err);
    if (rc == 0 && name[0] == '\0')
        return e->type == GNT_ENTRY_IS_DIRECTORY
                   ? 0
                   : fail(x, GANTRY_E_DENIED, 0, "the archive has a file in the place of", "", err);
    if (rc == 0 && e->type == GNT_ENTRY_IS_OTHER)
        return x->options->skip_special
                   ? 0
                   : fail(x, GANTRY_E_DENIED, 0, "the archive has a device, pipe or socket:", name,
                          err);
    if (rc == 0)
        rc = gnt_places_open(&x->places, name, 1, &dir, &leaf, err);
    if (rc < 0)
        return rc;
    switch (e->type) {
    case GNT_ENTRY_IS_FILE:
        return make_file(x, dir, leaf, name, e, err);
    case GNT_ENTRY_IS_DIRECTORY:
        return make_directory(x, dir, leaf, name, e, err);
    case GNT_ENTRY_IS_SYMLINK:
        return make_symlink(x, dir, leaf, name, e, err);
    case GNT_ENTRY_IS_HARDLINK:
        return make_hardlink(x, dir, leaf, name, e, err);
    case GNT_ENTRY_IS_OTHER:
        break;
    }
    return 0;
}

/* ---- directories at the end ------------------------------------------------------------------ */

static int dress_directory(struct extract *x, const struct directory *d, gantry_error *err)
{
    const char *leaf;
    int dir, fd;
    int rc = gnt_places_open(&x->places, d->name, 0, &dir, &leaf, err);

    if (rc < 0)
        return rc;
    fd = openat(dir, leaf, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return fail(x, GANTRY_E_IO, errno, "cannot open", d->name, err);
    if (d->described)
        rc = dress(x, fd, d->name, d->uid, d->gid, d->mode, d->mtime, err);
    else if (fchmod(fd, (mode_t)d->mode) < 0)
        rc = fail(x, GANTRY_E_IO, errno, "cannot set the mode of", d->name, err);
    close(fd);
    return rc;
}

/* The newest first: what is below a directory is done before the directory. After a failure too;
 * then `rc` is that failure's. */
static int dress_directories(struct extract *x, int rc, gantry_error *err)
{
    for (struct directory *d = x->directories; d != NULL; d = d->next) {
        int now = dress_directory(x, d, rc == 0 ? err : NULL);

        if (rc == 0)
            rc = now;
    }
    return rc;
}

int gnt_extract(const struct gnt_mem *mem, gantry_stream *tar, int root, const char *path,
                const struct gnt_extract_options *options, const struct gnt_clock *clock,
                gantry_error *err)
{
    struct gnt_tar_entry entry = { 0 };
    struct extract *x = gnt_alloc(mem, sizeof *x);
    int more = 1;
    int rc;

    if (x == NULL)
        return gnt_nomem(err);
    x->mem = *mem;
    x->options = options;
    x->clock = clock;
    gnt_arena_init(&x->arena, mem);
    gnt_places_init(&x->places, mem, root, path);
    x->places.made = note_implied;
    x->places.arg = x;
    rc = gnt_tar_entries_open(mem, tar, &x->entries, err);
    while (rc == 0 && more) {
        rc = gnt_tar_entries_next(x->entries, &entry, &more, err);
        if (rc < 0 || !more)
            break;
        rc = count_one(x, entry.name, err);
        if (rc == 0)
            rc = make_entry(x, &entry, err);
    }
    rc = dress_directories(x, rc, err);
    gnt_tar_entries_close(x->entries);
    gnt_places_free(&x->places);
    gnt_arena_free(&x->arena);
    gnt_free(mem, x->made);
    gnt_free(mem, x);
    return rc;
}
