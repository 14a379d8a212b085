/*
 * A file that takes its place only when it is whole. Everything is relative to the directory's
 * descriptor, so that a directory that moves meanwhile takes the file along.
 */
#include "new_file.h"

#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    TRIES = 100,
    DIRECTORY_MAX = 4096
};

static int fail(const char *path, int os_error, const char *what, gantry_error *err)
{
    gnt_fail_errno(err, GANTRY_E_IO, os_error, "cannot %s %s", what, path);
    gnt_error_resource(err, GANTRY_RESOURCE_FILE, path);
    return GANTRY_E_IO;
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

int gnt_new_file_check(const char *path, gantry_error *err)
{
    const char *base;
    struct stat st;

    if (path == NULL || path[0] == '\0')
        return gnt_fail(err, GANTRY_E_INVALID, "path: must not be empty");
    base = base_of(path);
    if (base[0] == '\0' || strcmp(base, ".") == 0 || strcmp(base, "..") == 0)
        return gnt_fail(err, GANTRY_E_INVALID, "path: must end with the name of a file: %s", path);
    if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
        gnt_fail(err, GANTRY_E_INVALID, "path: %s is there and is no regular file", path);
        gnt_error_resource(err, GANTRY_RESOURCE_FILE, path);
        return GANTRY_E_INVALID;
    }
    return 0;
}

static int open_directory(struct gnt_new_file *f, gantry_error *err)
{
    char name[DIRECTORY_MAX] = ".";
    size_t size = (size_t)(base_of(f->path) - f->path);

    if (size >= sizeof name)
        return fail(f->path, ENAMETOOLONG, "write", err);
    if (size > 0) {
        memcpy(name, f->path, size);
        name[size] = '\0';
    }
    f->directory = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return f->directory < 0 ? fail(name, errno, "open", err) : 0;
}

int gnt_new_file_open(struct gnt_new_file *f, const char *path, gantry_error *err)
{
    int rc;

    f->path = path;
    rc = open_directory(f, err);
    for (int i = 0; rc == 0 && f->fd < 0 && i < TRIES; i++) {
        snprintf(f->name, sizeof f->name, ".gantry-%ld-%" PRIx64 "-%d.part", (long)getpid(),
                 (uint64_t)gantry_clock_ns(), i);
        f->fd = openat(f->directory, f->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                       0666);
        if (f->fd < 0 && errno != EEXIST)
            break;
    }
    if (rc == 0 && f->fd < 0)
        rc = fail(path, errno, "write", err);
    if (f->fd < 0)
        f->name[0] = '\0';
    return rc;
}

/* The rights of a file whose place is taken stay. */
static void take_mode(const struct gnt_new_file *f)
{
    struct stat st;

    if (fstatat(f->directory, base_of(f->path), &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISREG(st.st_mode))
        (void)fchmod(f->fd, st.st_mode & 0777);
}

int gnt_new_file_keep(struct gnt_new_file *f, gantry_error *err)
{
    int rc;

    take_mode(f);
    if (fsync(f->fd) < 0)
        return fail(f->path, errno, "write", err);
    rc = close(f->fd);
    f->fd = -1;
    if (rc < 0 && errno != EINTR)
        return fail(f->path, errno, "write", err);
    if (renameat(f->directory, f->name, f->directory, base_of(f->path)) < 0)
        return fail(f->path, errno, "replace", err);
    f->name[0] = '\0';
    /* The file is whole and there; some file systems have nothing to synchronise here. */
    if (fsync(f->directory) < 0 && errno != EINVAL && errno != EBADF)
        return fail(f->path, errno, "synchronise the directory of", err);
    return 0;
}

void gnt_new_file_close(struct gnt_new_file *f)
{
    if (f->fd >= 0)
        close(f->fd);
    if (f->name[0] != '\0')
        unlinkat(f->directory, f->name, 0);
    if (f->directory >= 0)
        close(f->directory);
    *f = (struct gnt_new_file)GNT_NEW_FILE_NONE;
}
