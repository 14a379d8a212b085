/*
 * The bytes of one archive entry, from memory, a callback or a descriptor, checked against the size
 * that its header announced: a file that changes under our hands must never look whole.
 */
#include "pack.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "walk.h"

void gnt_content_data(struct gnt_content *c, const char *name, const void *data, size_t size)
{
    *c = (struct gnt_content){ .kind = GNT_CONTENT_DATA,
                               .name = name,
                               .data = data,
                               .size = (int64_t)size,
                               .left = (int64_t)size };
}

void gnt_content_source(struct gnt_content *c, const char *name, const gantry_source *source)
{
    *c = (struct gnt_content){ .kind = GNT_CONTENT_SOURCE,
                               .name = name,
                               .source = *source,
                               .size = source->length,
                               .left = source->length };
}

void gnt_content_tar(struct gnt_content *c, const char *name, struct gnt_tar_reader *tar,
                     int64_t size)
{
    *c = (struct gnt_content){
        .kind = GNT_CONTENT_TAR, .name = name, .tar = tar, .size = size, .left = size
    };
}

int gnt_content_file(struct gnt_content *c, const char *path, int fd, gantry_error *err)
{
    struct stat st;

    *c = (struct gnt_content){ .kind = GNT_CONTENT_FILE, .name = path, .fd = fd };
    if (fstat(fd, &st) < 0)
        return gnt_file_fail(err, GANTRY_E_IO, errno, "cannot look at", path);
    if (!S_ISREG(st.st_mode))
        return gnt_file_fail(err, GANTRY_E_CHANGED, 0, "no longer a regular file:", path);
    c->size = st.st_size;
    c->left = st.st_size;
    c->mtime_sec = st.st_mtim.tv_sec;
    c->mtime_nsec = st.st_mtim.tv_nsec;
    return 0;
}

void gnt_content_close(struct gnt_content *c)
{
    if (c->kind == GNT_CONTENT_FILE)
        close(c->fd);
    c->kind = GNT_CONTENT_NONE;
}

static int read_data(struct gnt_content *c, void *buffer, size_t capacity, size_t *out_size)
{
    size_t n = (uint64_t)c->left < capacity ? (size_t)c->left : capacity;

    if (n > 0)
        memcpy(buffer, c->data + (c->size - c->left), n);
    *out_size = n;
    return 0;
}

/* All bytes were read: was it the same file all the time? */
static int file_ended(struct gnt_content *c, gantry_error *err)
{
    struct stat st;

    if (c->left > 0)
        return gnt_file_fail(err, GANTRY_E_CHANGED, 0, "file shrank while it was read:", c->name);
    if (fstat(c->fd, &st) < 0)
        return gnt_file_fail(err, GANTRY_E_IO, errno, "cannot look at", c->name);
    if (st.st_size > c->size)
        return gnt_file_fail(err, GANTRY_E_CHANGED, 0, "file grew while it was read:", c->name);
    if (st.st_size < c->size)
        return gnt_file_fail(err, GANTRY_E_CHANGED, 0, "file shrank while it was read:", c->name);
    if (st.st_mtim.tv_sec != c->mtime_sec || st.st_mtim.tv_nsec != c->mtime_nsec)
        return gnt_file_fail(err, GANTRY_E_CHANGED, 0,
                             "file was written while it was read:", c->name);
    c->at_end = 1;
    return 0;
}

/* Asks for a byte more than should be there: the last read of most files proves their end too. */
static int read_file(struct gnt_content *c, void *buffer, size_t capacity, size_t *out_size,
                     gantry_error *err)
{
    size_t want = (uint64_t)c->left < capacity ? (size_t)c->left + 1 : capacity;
    ssize_t n;

    do
        n = read(c->fd, buffer, want);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return gnt_file_fail(err, GANTRY_E_IO, errno, "cannot read", c->name);
    if (n > c->left)
        return gnt_file_fail(err, GANTRY_E_CHANGED, 0, "file grew while it was read:", c->name);
    *out_size = (size_t)n;
    c->left -= n;
    if (n == 0 || (c->left == 0 && (size_t)n < want))
        return file_ended(c, err);
    return 0;
}

static int call_source(struct gnt_content *c, void *buffer, size_t capacity, size_t *out_size,
                       gantry_error *err)
{
    gantry_error failure = { 0 };
    size_t n = 0;
    int rc;

    rc = c->source.read(c->source.arg, buffer, capacity, &n, &failure);
    if (rc != 0) {
        if (rc > 0 || failure.code == 0)
            return gnt_fail(err, rc > 0 ? GANTRY_E_CALLBACK : rc, "the source of %s failed",
                            c->name);
        if (err != NULL)
            *err = failure;
        return rc;
    }
    if (n > capacity)
        return gnt_fail(err, GANTRY_E_INVALID, "the source of %s claims more than it was asked for",
                        c->name);
    *out_size = n;
    return 0;
}

static int read_source(struct gnt_content *c, void *buffer, size_t capacity, size_t *out_size,
                       gantry_error *err)
{
    unsigned char extra;
    int at_size = c->left == 0;
    size_t n = (uint64_t)c->left < capacity ? (size_t)c->left : capacity;
    int rc = call_source(c, at_size ? &extra : buffer, at_size ? 1 : n, out_size, err);

    if (rc < 0)
        return rc;
    if (at_size && *out_size > 0)
        return gnt_fail(err, GANTRY_E_INVALID, "the source of %s has more than its length, %lld",
                        c->name, (long long)c->size);
    if (!at_size && *out_size == 0)
        return gnt_fail(err, GANTRY_E_INVALID, "the source of %s ended after %lld of %lld bytes",
                        c->name, (long long)(c->size - c->left), (long long)c->size);
    c->at_end = at_size;
    return 0;
}

/* The reader proves the end: it fails where the tar has less. */
static int read_tar(struct gnt_content *c, void *buffer, size_t capacity, size_t *out_size,
                    gantry_error *err)
{
    int rc = gnt_tar_reader_data(c->tar, buffer, capacity, out_size, err);

    if (rc == 0 && (*out_size == 0 ? c->left > 0 : (int64_t)*out_size > c->left))
        rc = gnt_fail(err, GANTRY_E_INVALID, "the size of %s in the tar is not that of its content",
                      c->name);
    c->at_end = rc == 0 && *out_size == 0;
    return rc;
}

int gnt_content_read(struct gnt_content *c, void *buffer, size_t capacity, size_t *out_size,
                     gantry_error *err)
{
    int rc = 0;

    *out_size = 0;
    if (c->kind == GNT_CONTENT_NONE || c->at_end)
        return 0;
    if (c->kind == GNT_CONTENT_FILE)
        return read_file(c, buffer, capacity, out_size, err);
    if (c->kind == GNT_CONTENT_DATA)
        rc = read_data(c, buffer, capacity, out_size);
    else if (c->kind == GNT_CONTENT_TAR)
        rc = read_tar(c, buffer, capacity, out_size, err);
    else
        rc = read_source(c, buffer, capacity, out_size, err);
    if (rc == 0)
        c->left -= (int64_t)*out_size;
    return rc;
}
