#include "tar_entries.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdint.h>

#include "tar_open.h"

enum {
    PIECE = 64 * 1024,
    NANO = 1000000000
};

struct gnt_tar_entries {
    struct gnt_mem mem;
    gantry_stream *stream;
    struct archive *a;
    struct archive_entry *e; /* ours: libarchive dies without memory for one of its own */
    int opened;
    int rc; /* of the stream */
    gantry_error failure;
    char piece[PIECE];
};

static la_ssize_t take(struct archive *a, void *arg, const void **out)
{
    struct gnt_tar_entries *t = arg;
    size_t size = 0;

    *out = t->piece;
    t->rc = gantry_stream_read(t->stream, t->piece, sizeof t->piece, &size, NULL, &t->failure);
    if (t->rc == 0)
        return (la_ssize_t)size;
    archive_set_error(a, EIO, "the stream failed");
    return -1;
}

static int fail(struct gnt_tar_entries *t, gantry_error *err)
{
    int number = errno; /* some failures leave no other trace */
    const char *text = archive_error_string(t->a);

    if (t->rc < 0) {
        if (err != NULL)
            *err = t->failure;
        return t->rc;
    }
    if (archive_errno(t->a) == ENOMEM || (text == NULL && number == ENOMEM))
        return gnt_nomem(err);
    return gnt_fail(err, GANTRY_E_PROTOCOL, "the archive is damaged or none: %s",
                    text != NULL ? text : "it cannot be read");
}

int gnt_tar_entries_open(const struct gnt_mem *mem, gantry_stream *stream,
                         struct gnt_tar_entries **out, gantry_error *err)
{
    struct gnt_tar_entries *t = gnt_alloc(mem, sizeof *t);

    if (t == NULL)
        return gnt_nomem(err);
    t->mem = *mem;
    t->stream = stream;
    t->a = archive_read_new();
    t->e = archive_entry_new();
    if (t->a == NULL || t->e == NULL || archive_read_support_format_tar(t->a) != ARCHIVE_OK) {
        gnt_tar_entries_close(t);
        return gnt_nomem(err);
    }
    *out = t;
    return 0;
}

void gnt_tar_entries_close(struct gnt_tar_entries *t)
{
    struct gnt_mem mem;

    if (t == NULL)
        return;
    mem = t->mem;
    if (t->a != NULL)
        archive_read_free(t->a);
    archive_entry_free(t->e);
    gnt_free(&mem, t);
}

/* Names are bytes; what pax keeps as UTF-8 is no business of this process's locale. */
static const char *bytes_or_utf8(const char *bytes, const char *utf8)
{
    return utf8 != NULL ? utf8 : bytes;
}

static int set_type(struct archive_entry *e, struct gnt_tar_entry *out)
{
    out->link = bytes_or_utf8(archive_entry_hardlink(e), archive_entry_hardlink_utf8(e));
    if (out->link != NULL) {
        out->type = GNT_ENTRY_IS_HARDLINK;
        return 0;
    }
    switch (archive_entry_filetype(e)) {
    case AE_IFREG:
        out->type = GNT_ENTRY_IS_FILE;
        return 0;
    case AE_IFDIR:
        out->type = GNT_ENTRY_IS_DIRECTORY;
        return 0;
    case AE_IFLNK:
        out->type = GNT_ENTRY_IS_SYMLINK;
        out->link = bytes_or_utf8(archive_entry_symlink(e), archive_entry_symlink_utf8(e));
        return out->link != NULL ? 0 : -1;
    default:
        out->type = GNT_ENTRY_IS_OTHER;
        return 0;
    }
}

static int describe(struct archive_entry *e, struct gnt_tar_entry *out, gantry_error *err)
{
    out->name = bytes_or_utf8(archive_entry_pathname(e), archive_entry_pathname_utf8(e));
    if (out->name == NULL || set_type(e, out) < 0)
        return gnt_fail(err, GANTRY_E_PROTOCOL, "a name in the archive cannot be read");
    out->mode = (int)(archive_entry_perm(e) & 07777);
    out->uid = archive_entry_uid(e);
    out->gid = archive_entry_gid(e);
    out->size = archive_entry_size(e);
    out->mtime_sec = archive_entry_mtime(e);
    out->mtime_nsec = archive_entry_mtime_nsec(e);
    if (out->uid < 0 || out->gid < 0 || out->size < 0 || out->uid >= UINT32_MAX ||
        out->gid >= UINT32_MAX)
        return gnt_fail(err, GANTRY_E_PROTOCOL, "the archive has an impossible number for %s",
                        out->name);
    /* Times are counted in nanoseconds elsewhere. */
    if (out->mtime_sec < -INT64_MAX / NANO || out->mtime_sec >= INT64_MAX / NANO)
        return gnt_fail(err, GANTRY_E_PROTOCOL, "the archive has an impossible time for %s",
                        out->name);
    return 0;
}

/* libarchive is content with a tar's end mark; that the answer is whole comes behind it. */
static int drain(struct gnt_tar_entries *t, gantry_error *err)
{
    size_t size = 1;
    int rc = t->rc < 0 ? fail(t, err) : 0;

    while (rc == 0 && size > 0)
        rc = gantry_stream_read(t->stream, t->piece, sizeof t->piece, &size, NULL, err);
    return rc;
}

int gnt_tar_entries_next(struct gnt_tar_entries *t, struct gnt_tar_entry *out, int *out_more,
                         gantry_error *err)
{
    int got;

    if (!t->opened && gnt_tar_read_open(t->a, t, take) != ARCHIVE_OK)
        return fail(t, err);
    t->opened = 1;
    errno = 0;
    got = archive_read_next_header2(t->a, t->e);
    *out_more = got != ARCHIVE_EOF;
    if (got == ARCHIVE_EOF)
        return drain(t, err);
    if (got != ARCHIVE_OK && got != ARCHIVE_WARN)
        return fail(t, err);
    return describe(t->e, out, err);
}

int gnt_tar_entries_data(struct gnt_tar_entries *t, void *buffer, size_t capacity, size_t *out_size,
                         gantry_error *err)
{
    la_ssize_t n = archive_read_data(t->a, buffer, capacity);

    if (n < 0)
        return fail(t, err);
    *out_size = (size_t)n;
    return 0;
}
