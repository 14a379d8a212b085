/*
 * Host files and directories, read descriptor by descriptor: no path is looked up twice, no link
 * inside a tree is followed, and what is opened is compared with what was seen before. Knows
 * nothing of archives but the ceiling of a path.
 */
#include "walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pack.h"

/* Ceiling of the names of one directory, a million long ones. */
#define NAMES_MAX ((size_t)256 * 1024 * 1024)

/* ---- single files ---------------------------------------------------------------------------- */

int gnt_file_fail(gantry_error *err, int code, int os_error, const char *what, const char *path)
{
    int rc = os_error == 0 ? gnt_fail(err, code, "%s %s", what, path)
                           : gnt_fail_errno(err, code, os_error, "%s %s", what, path);

    gnt_error_resource(err, GANTRY_RESOURCE_FILE, path);
    return rc;
}

int gnt_file_stat(int dir_fd, const char *leaf, const char *path, struct stat *out,
                  gantry_error *err)
{
    if (fstatat(dir_fd, leaf, out, AT_SYMLINK_NOFOLLOW) < 0)
        return gnt_file_fail(err, GANTRY_E_IO, errno, "cannot look at", path);
    return 0;
}

/* Open and compare with what was seen. `flags` as of open(2). */
static int open_seen(int dir_fd, const char *leaf, int flags, const char *path,
                     const struct stat *seen, int *out_fd, gantry_error *err)
{
    struct stat now;
    int rc = 0;
    int fd = openat(dir_fd, leaf, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags);

    if (fd < 0) {
        if (errno == ENOENT || errno == ELOOP || errno == ENOTDIR || errno == ENXIO)
            return gnt_file_fail(err, GANTRY_E_CHANGED, errno, "replaced while it was read:", path);
        return gnt_file_fail(err, GANTRY_E_IO, errno, "cannot open", path);
    }
    if (fstat(fd, &now) < 0)
        rc = gnt_file_fail(err, GANTRY_E_IO, errno, "cannot look at", path);
    else if (now.st_dev != seen->st_dev || now.st_ino != seen->st_ino ||
             !S_ISDIR(now.st_mode) != !S_ISDIR(seen->st_mode) ||
             !S_ISREG(now.st_mode) != !S_ISREG(seen->st_mode))
        rc = gnt_file_fail(err, GANTRY_E_CHANGED, 0, "replaced while it was read:", path);
    if (rc < 0) {
        close(fd);
        return rc;
    }
    *out_fd = fd;
    return 0;
}

int gnt_file_open(int dir_fd, const char *leaf, const char *path, const struct stat *seen,
                  int *out_fd, gantry_error *err)
{
    return open_seen(dir_fd, leaf, 0, path, seen, out_fd, err);
}

int gnt_file_link(int dir_fd, const char *leaf, const char *path, char *buffer, size_t size,
                  gantry_error *err)
{
    ssize_t n = readlinkat(dir_fd, leaf, buffer, size);

    if (n < 0)
        return gnt_file_fail(err, errno == EINVAL ? GANTRY_E_CHANGED : GANTRY_E_IO, errno,
                             "cannot read the link", path);
    if ((size_t)n >= size)
        return gnt_file_fail(err, GANTRY_E_LIMIT, 0, "target too long of the link", path);
    buffer[n] = '\0';
    return 0;
}

/* ---- walk ------------------------------------------------------------------------------------ */

/* One directory on the way from the top to where the walk stands. */
struct level {
    int fd; /* -1: closed for the time being */
    dev_t dev;
    ino_t ino;
    struct gnt_buf names;
    const char **sorted; /* into names */
    size_t count;
    size_t next;
    size_t name_size; /* length of its name and path */
    size_t path_size;
};

struct gnt_walk {
    struct gnt_mem mem;
    struct gantry_host *log;
    struct level *levels;
    size_t depth;
    size_t capacity;
    int root_fd;                 /* until the top is entered */
    const gantry_ignore *ignore; /* or NULL */
    size_t top_size;             /* length of the prefix with its '/' */
    int all;                     /* give out what is not kept, too */
    int looking;                 /* ahead: only whether there is anything that is kept */
    int pruned;
    enum gnt_walk_action action;
    const struct gnt_rule *rule;
    const char *leaf; /* last part of the current name, in the level it is in */
    struct stat st;   /* of the current one */
    size_t name_size;
    size_t path_size;
    char *path; /* current host path; capacity as for name plus the top's path */
    char name[GNT_PATH_MAX + 1];
};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int read_names(struct gnt_walk *w, struct level *l, DIR *dir, gantry_error *err)
{
    const struct dirent *d;

    while (errno = 0, (d = readdir(dir)) != NULL) {
        const char *n = d->d_name;

        if (n[0] == '.' && (n[1] == '\0' || (n[1] == '.' && n[2] == '\0')))
            continue;
        if (gnt_buf_add(&l->names, n, strlen(n) + 1) < 0)
            break;
        l->count++;
    }
    if (l->names.rc == GANTRY_E_NOMEM)
        return gnt_nomem(err);
    if (l->names.rc < 0)
        return gnt_file_fail(err, GANTRY_E_LIMIT, 0, "too many names in", w->path);
    if (errno != 0)
        return gnt_file_fail(err, GANTRY_E_IO, errno, "cannot list", w->path);
    return 0;
}

/* All names of l->fd, sorted. */
static int list_level(struct gnt_walk *w, struct level *l, gantry_error *err)
{
    int fd = fcntl(l->fd, F_DUPFD_CLOEXEC, 0);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    const char *name;
    size_t i;
    int rc;

    if (dir == NULL) {
        rc = gnt_file_fail(err, errno == ENOMEM ? GANTRY_E_NOMEM : GANTRY_E_IO, errno,
                           "cannot list", w->path);
        if (fd >= 0)
            close(fd);
        return rc;
    }
    rc = read_names(w, l, dir, err);
    closedir(dir);
    if (rc < 0)
        return rc;
    l->sorted = gnt_alloc(&w->mem, (l->count + 1) * sizeof *l->sorted);
    if (l->sorted == NULL)
        return gnt_nomem(err);
    for (i = 0, name = l->names.data; i < l->count; i++, name += strlen(name) + 1)
        l->sorted[i] = name;
    qsort(l->sorted, l->count, sizeof *l->sorted, by_name);
    return 0;
}

static void drop_level(struct gnt_walk *w)
{
    struct level *l = &w->levels[--w->depth];

    if (l->fd >= 0)
        close(l->fd);
    gnt_buf_free(&l->names);
    gnt_free(&w->mem, (void *)l->sorted);
}

/* A further level for the directory `fd`, which it takes. */
static int push_level(struct gnt_walk *w, int fd, gantry_error *err)
{
    struct level *l;

    if (w->depth == w->capacity) {
        size_t more = w->capacity == 0 ? 16 : w->capacity * 2;

        l = gnt_realloc(&w->mem, w->levels, more * sizeof *l);
        if (l == NULL) {
            close(fd);
            return gnt_nomem(err);
        }
        w->levels = l;
        w->capacity = more;
    }
    if (w->depth >= GNT_WALK_FDS) { /* the one that is furthest up makes room */
        l = &w->levels[w->depth - GNT_WALK_FDS];
        if (l->fd >= 0)
            close(l->fd);
        l->fd = -1;
    }
    l = &w->levels[w->depth++];
    memset(l, 0, sizeof *l);
    gnt_buf_init(&l->names, &w->mem, NAMES_MAX);
    l->fd = fd;
    l->dev = w->st.st_dev;
    l->ino = w->st.st_ino;
    l->name_size = w->name_size;
    l->path_size = w->path_size;
    return list_level(w, l, err);
}

/* Into the directory that the walk stands at. */
static int enter(struct gnt_walk *w, gantry_error *err)
{
    int fd = w->root_fd;
    int rc = 0;

    w->root_fd = -1;
    if (fd < 0)
        rc = open_seen(w->levels[w->depth - 1].fd, w->leaf, O_DIRECTORY, w->path, &w->st, &fd, err);
    return rc < 0 ? rc : push_level(w, fd, err);
}

/* Back to the directory above, opening it again if it was closed to make room. */
static int leave(struct gnt_walk *w, gantry_error *err)
{
    struct level *l = &w->levels[w->depth - 1];
    struct level *up = w->depth > 1 ? l - 1 : NULL;
    struct stat st;

    if (up != NULL && up->fd < 0) {
        w->path[up->path_size] = '\0';
        up->fd = openat(l->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (up->fd < 0 || fstat(up->fd, &st) < 0)
            return gnt_file_fail(err, GANTRY_E_IO, errno, "cannot return to", w->path);
        if (st.st_dev != up->dev || st.st_ino != up->ino)
            return gnt_file_fail(err, GANTRY_E_CHANGED, 0, "moved while it was read:", w->path);
    }
    drop_level(w);
    return 0;
}

/* Make `leaf` of the innermost directory the current name. */
static int stand_at(struct gnt_walk *w, const char *leaf, gantry_error *err)
{
    const struct level *l = &w->levels[w->depth - 1];
    size_t n = strlen(leaf);
    size_t slash = l->name_size > 0;

    if (l->name_size + slash + n > GNT_PATH_MAX)
        return gnt_fail(err, GANTRY_E_LIMIT,
                        "a path is longer than %d bytes, %zu levels deep: %.200s", GNT_PATH_MAX,
                        w->depth, w->path);
    w->leaf = leaf;
    if (slash)
        w->name[l->name_size] = '/';
    memcpy(w->name + l->name_size + slash, leaf, n + 1);
    w->name_size = l->name_size + slash + n;
    w->path_size = l->path_size;
    if (w->path_size == 0 || w->path[w->path_size - 1] != '/')
        w->path[w->path_size++] = '/';
    memcpy(w->path + w->path_size, leaf, n + 1);
    w->path_size += n;
    return 0;
}

static int stat_current(struct gnt_walk *w, const struct level *l, gantry_error *err)
{
    if (fstatat(l->fd, w->leaf, &w->st, AT_SYMLINK_NOFOLLOW) == 0)
        return 0;
    if (errno == ENOENT)
        return gnt_file_fail(err, GANTRY_E_CHANGED, errno,
                             "removed while its directory was read:", w->path);
    return gnt_file_fail(err, GANTRY_E_IO, errno, "cannot look at", w->path);
}

/* What an archive cannot hold is left out, and said so. */
static int can_be_kept(const struct gnt_walk *w)
{
    mode_t mode = w->st.st_mode;

    if (S_ISREG(mode) || S_ISDIR(mode) || S_ISLNK(mode))
        return 1;
    if (w->log != NULL)
        gnt_log(w->log, GANTRY_LOG_WARNING, "archive", "left out %s: it is a %s", w->path,
                S_ISSOCK(mode)   ? "socket"
                : S_ISFIFO(mode) ? "pipe"
                                 : "device");
    return 0;
}

static struct gnt_walk *new_walk(const struct gnt_mem *mem, const char *path, size_t path_size)
{
    struct gnt_walk *w = gnt_alloc(mem, sizeof *w);

    if (w == NULL)
        return NULL;
    w->mem = *mem;
    w->root_fd = -1;
    w->path_size = path_size;
    w->path = gnt_alloc(mem, path_size + GNT_PATH_MAX + 2);
    if (w->path == NULL) {
        gnt_walk_close(w);
        return NULL;
    }
    memcpy(w->path, path, path_size);
    return w;
}

/* Whether anything below the current directory, which is ignored, is kept. */
static int look_ahead(struct gnt_walk *w, int *out_kept, gantry_error *err)
{
    struct gnt_walk *ahead = new_walk(&w->mem, w->path, w->path_size);
    int rc;

    if (ahead == NULL)
        return gnt_nomem(err);
    memcpy(ahead->name, w->name, w->name_size + 1);
    ahead->name_size = w->name_size;
    ahead->st = w->st;
    ahead->ignore = w->ignore;
    ahead->top_size = w->top_size;
    ahead->looking = 1;
    rc = open_seen(w->levels[w->depth - 1].fd, w->leaf, O_DIRECTORY, w->path, &w->st,
                   &ahead->root_fd, err);
    if (rc == 0)
        rc = gnt_walk_next(ahead, out_kept, err);
    gnt_walk_close(ahead);
    return rc;
}

/* What is to be done with the current one, and whether to go into it at once. */
static int judge(struct gnt_walk *w, int *out_enter, gantry_error *err)
{
    const char *path = w->name + w->top_size;
    size_t size = w->name_size - w->top_size;
    int kept = 0, rc = 0;

    w->rule = NULL;
    w->action = GNT_WALK_KEEP;
    *out_enter = 0;
    if (w->ignore != NULL && gnt_ignore_check(w->ignore, path, size, &w->rule)) {
        w->action = GNT_WALK_DROP;
        if (S_ISDIR(w->st.st_mode) && gnt_ignore_may_return(w->ignore, path, size)) {
            *out_enter = w->looking;
            if (!w->looking)
                rc = look_ahead(w, &kept, err);
        }
        if (kept) {
            w->action = GNT_WALK_KEEP;
            w->rule = NULL;
        }
    } else if (!can_be_kept(w)) {
        w->action = GNT_WALK_SKIP;
    }
    return rc;
}

int gnt_walk_open(const struct gnt_mem *mem, struct gantry_host *log, const char *path,
                  const char *prefix, const gantry_ignore *ignore, int all, struct gnt_walk **out,
                  gantry_error *err)
{
    struct gnt_walk *w = new_walk(mem, path, strlen(path));
    int rc;

    if (w == NULL)
        return gnt_nomem(err);
    w->log = log;
    w->ignore = ignore;
    w->all = all;
    w->name_size = strlen(prefix);
    w->top_size = w->name_size + (w->name_size > 0);
    memcpy(w->name, prefix, w->name_size + 1);
    w->root_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (w->root_fd < 0 || fstat(w->root_fd, &w->st) < 0) {
        rc = gnt_file_fail(err, GANTRY_E_IO, errno, "cannot open the directory", path);
        gnt_walk_close(w);
        return rc;
    }
    *out = w;
    return 0;
}

/* To the next name, whatever becomes of it; 0 in *out_there if there is none. */
static int step(struct gnt_walk *w, int *out_there, gantry_error *err)
{
    struct level *l;
    int rc = 0;

    while (rc == 0 && w->depth > 0) {
        l = &w->levels[w->depth - 1];
        if (l->next == l->count) {
            rc = leave(w, err);
            continue;
        }
        *out_there = 1;
        rc = stand_at(w, l->sorted[l->next++], err);
        return rc < 0 ? rc : stat_current(w, l, err);
    }
    *out_there = 0;
    return rc;
}

int gnt_walk_next(struct gnt_walk *w, int *out_more, gantry_error *err)
{
    int go_in = S_ISDIR(w->st.st_mode) && !w->pruned && w->action == GNT_WALK_KEEP;
    int there = 1, rc = 0;

    w->pruned = 0;
    for (;;) {
        if (go_in)
            rc = enter(w, err);
        if (rc == 0)
            rc = step(w, &there, err);
        if (rc == 0 && there)
            rc = judge(w, &go_in, err);
        if (rc < 0 || !there || w->action == GNT_WALK_KEEP || w->all) {
            *out_more = there;
            return rc;
        }
    }
}

void gnt_walk_prune(struct gnt_walk *w)
{
    w->pruned = 1;
}

void gnt_walk_close(struct gnt_walk *w)
{
    struct gnt_mem mem;

    if (w == NULL)
        return;
    mem = w->mem;
    while (w->depth > 0)
        drop_level(w);
    if (w->root_fd >= 0)
        close(w->root_fd);
    gnt_free(&mem, w->levels);
    gnt_free(&mem, w->path);
    gnt_free(&mem, w);
}

const char *gnt_walk_name(const struct gnt_walk *w, size_t *out_size)
{
    *out_size = w->name_size;
    return w->name;
}

const char *gnt_walk_path(const struct gnt_walk *w)
{
    return w->path;
}

const struct stat *gnt_walk_stat(const struct gnt_walk *w)
{
    return &w->st;
}

enum gnt_walk_action gnt_walk_action(const struct gnt_walk *w)
{
    return w->action;
}

const struct gnt_rule *gnt_walk_rule(const struct gnt_walk *w)
{
    return w->rule;
}

int gnt_walk_open_file(struct gnt_walk *w, int *out_fd, gantry_error *err)
{
    return gnt_file_open(w->levels[w->depth - 1].fd, w->leaf, w->path, &w->st, out_fd, err);
}

int gnt_walk_read_link(struct gnt_walk *w, char *buffer, size_t size, gantry_error *err)
{
    return gnt_file_link(w->levels[w->depth - 1].fd, w->leaf, w->path, buffer, size, err);
}
