/*
 * The entries of a tar that a source gives, for gantry_archive_add_tar(). Only what libarchive
 * brings with it decompresses: no program is ever started. Whatever is odd is refused, since what
 * comes out goes to an engine.
 */
#include "pack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>

#include "tar_open.h"

#define BLOCK ((size_t)64 * 1024)
#define TAR_BLOCK 512

struct gnt_tar_reader {
    struct gnt_mem mem;
    struct gantry_host *log;
    const struct gnt_entry *entry;
    struct archive *a;
    struct archive_entry *e; /* ours: libarchive dies without memory for one of its own */
    struct gnt_arena names;  /* of the current entry */
    int in_entry;            /* a header was read */
    int64_t taken;           /* bytes the source gave */
    gantry_error failure;    /* of the source */
    unsigned char block[BLOCK];
};

static la_ssize_t take(struct archive *a, void *arg, const void **out)
{
    struct gnt_tar_reader *r = arg;
    const gantry_source *source = &r->entry->source;
    size_t n = 0;
    int rc;

    *out = r->block;
    rc = source->read(source->arg, r->block, sizeof r->block, &n, &r->failure);
    if (rc == 0 && n > sizeof r->block)
        rc = gnt_fail(&r->failure, GANTRY_E_INVALID, "it claims more than it was asked for");
    if (rc == 0 && source->length > 0 &&
        (n == 0 ? r->taken < source->length : r->taken + (int64_t)n > source->length))
        rc = gnt_fail(&r->failure, GANTRY_E_INVALID, "it has not the length it claims, %lld",
                      (long long)source->length);
    if (rc != 0) {
        if (rc > 0 || r->failure.code == 0)
            gnt_fail(&r->failure, rc > 0 ? GANTRY_E_CALLBACK : rc, "it failed");
        archive_set_error(a, EIO, "the source failed");
        return -1;
    }
    r->taken += (int64_t)n;
    return (la_ssize_t)n;
}

/* Why libarchive failed. */
static int fail_reader(struct gnt_tar_reader *r, gantry_error *err)
{
    int number = errno; /* some failures leave no other trace */
    const char *text = archive_error_string(r->a);

    if (r->failure.code != 0) {
        if (err != NULL)
            *err = r->failure;
        gnt_error_prefix(err, "the source of the tar");
        return r->failure.code;
    }
    if (archive_errno(r->a) == ENOMEM || (text == NULL && number == ENOMEM))
        return gnt_nomem(err);
    return gnt_fail(err, GANTRY_E_INVALID, "the tar is damaged or none: %s",
                    text != NULL ? text : "it cannot be read");
}

static int set_up(struct archive *a)
{
    return archive_read_support_format_tar(a) == ARCHIVE_OK &&
           archive_read_support_filter_gzip(a) == ARCHIVE_OK &&
           archive_read_support_filter_bzip2(a) == ARCHIVE_OK &&
           archive_read_support_filter_xz(a) == ARCHIVE_OK &&
           archive_read_support_filter_zstd(a) == ARCHIVE_OK;
}

int gnt_tar_reader_open(const struct gnt_mem *mem, struct gantry_host *log,
                        const struct gnt_entry *entry, struct gnt_tar_reader **out,
                        gantry_error *err)
{
    struct gnt_tar_reader *r = gnt_alloc(mem, sizeof *r);
    int rc = 0;

    if (r == NULL)
        return gnt_nomem(err);
    r->mem = *mem;
    r->log = log;
    r->entry = entry;
    gnt_arena_init(&r->names, mem);
    r->a = archive_read_new();
    r->e = archive_entry_new();
    if (r->a == NULL || r->e == NULL)
        rc = gnt_nomem(err);
    else if (!set_up(r->a)) /* one that would start a program says so with a warning */
        rc = gnt_fail(err, GANTRY_E_UNSUPPORTED, "this libarchive cannot read compressed tars");
    else if (gnt_tar_read_open(r->a, r, take) != ARCHIVE_OK)
        rc = fail_reader(r, err);
    if (rc < 0) {
        gnt_tar_reader_close(r);
        return rc;
    }
    *out = r;
    return 0;
}

void gnt_tar_reader_close(struct gnt_tar_reader *r)
{
    struct gnt_mem mem;

    if (r == NULL)
        return;
    mem = r->mem;
    if (r->a != NULL)
        archive_read_free(r->a);
    archive_entry_free(r->e);
    gnt_arena_free(&r->names);
    gnt_free(&mem, r);
}

/* ---- names ----------------------------------------------------------------------------------- */

/* Without its first `strip` parts; NULL if that is all of it. */
static const char *strip_name(const char *name, int strip)
{
    for (; strip > 0 && name != NULL; strip--) {
        name = strchr(name, '/');
        if (name != NULL)
            name++;
    }
    return name != NULL && name[0] != '\0' ? name : NULL;
}

/* A name of the tar as one of the archive; NULL in *out for what is left out. */
static int place(struct gnt_tar_reader *r, const char *given, const char **out, size_t *out_size,
                 gantry_error *err)
{
    const char *name = NULL;
    size_t size = 0;
    int rc;

    if (given == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "a name in the tar cannot be read");
    if (given[0] == '/')
        return gnt_fail(err, GANTRY_E_INVALID, "a name in the tar is absolute: %.200s", given);
    rc = gnt_archive_name(&r->names, "a name in the tar", given, 1, &name, &size, err);
    if (rc < 0)
        return rc;
    *out = strip_name(name, r->entry->strip);
    if (*out == NULL)
        return 0;
    if (r->entry->name_size > 0) {
        *out = gnt_arena_printf(&r->names, "%s/%s", r->entry->name, *out);
        if (*out == NULL)
            return gnt_nomem(err);
    }
    *out_size = strlen(*out);
    if (*out_size > GNT_PATH_MAX)
        return gnt_fail(err, GANTRY_E_INVALID, "a name in the tar is too long: %.200s...", *out);
    return 0;
}

/* Names are bytes; what pax keeps as UTF-8 is no business of this process's locale. */
static const char *bytes_or_utf8(const char *bytes, const char *utf8)
{
    return utf8 != NULL ? utf8 : bytes;
}

/* ---- entries --------------------------------------------------------------------------------- */

static int set_type(struct gnt_tar_reader *r, struct archive_entry *e, struct gnt_meta *m,
                    gantry_error *err)
{
    const char *hard = bytes_or_utf8(archive_entry_hardlink(e), archive_entry_hardlink_utf8(e));
    size_t size;

    m->link = NULL;
    m->type = GNT_TYPE_FILE;
    if (hard != NULL) {
        m->type = GNT_TYPE_HARDLINK;
        m->size = 0;
        if (place(r, hard, &m->link, &size, err) < 0)
            return GANTRY_E_INVALID;
        if (m->link == NULL)
            return gnt_fail(err, GANTRY_E_INVALID,
                            "a hard link in the tar is for what was stripped: %.200s", hard);
        return 0;
    }
    switch (archive_entry_filetype(e)) {
    case AE_IFREG:
        return 0;
    case AE_IFDIR:
        m->type = GNT_TYPE_DIRECTORY;
        m->size = 0;
        return 0;
    case AE_IFLNK:
        m->type = GNT_TYPE_LINK;
        m->size = 0;
        m->link = bytes_or_utf8(archive_entry_symlink(e), archive_entry_symlink_utf8(e));
        if (m->link == NULL || strlen(m->link) > GNT_PATH_MAX)
            return gnt_fail(err, GANTRY_E_INVALID, "the target of a link in the tar is too long");
        return 0;
    default:
        m->type = GNT_TYPE_OTHER;
        m->size = 0;
    }
    return 0;
}

static int describe(struct gnt_tar_reader *r, struct archive_entry *e, struct gnt_meta *m,
                    const char **out_name, size_t *out_size, gantry_error *err)
{
    int rc;

    gnt_arena_reset(&r->names);
    *out_name = NULL;
    m->mode = (int)(archive_entry_perm(e) & 07777);
    m->uid = archive_entry_uid(e);
    m->gid = archive_entry_gid(e);
    m->mtime = archive_entry_mtime(e);
    m->size = archive_entry_size(e);
    rc = place(r, bytes_or_utf8(archive_entry_pathname(e), archive_entry_pathname_utf8(e)),
               out_name, out_size, err);
    if (rc == 0 && *out_name != NULL)
        rc = set_type(r, e, m, err);
    if (rc == 0 && m->uid >= 0 && m->gid >= 0 && m->size >= 0)
        return 0;
    return rc < 0 ? rc
                  : gnt_fail(err, GANTRY_E_INVALID, "the tar is damaged: a negative number for %s",
                             *out_name != NULL ? *out_name : "an entry");
}

/* A whole tar ends with blocks of zeroes; libarchive is content with any block's end. */
static int check_end(struct gnt_tar_reader *r, int64_t before, gantry_error *err)
{
    if (r->failure.code != 0)
        return fail_reader(r, err);
    if (archive_filter_bytes(r->a, 0) - before < TAR_BLOCK)
        return gnt_fail(err, GANTRY_E_INVALID, "the tar ends early: its end is missing");
    return 0;
}

int gnt_tar_reader_next(struct gnt_tar_reader *r, int all, struct gnt_meta *m,
                        const char **out_name, size_t *out_size, int *out_more, gantry_error *err)
{
    int64_t before;
    int rc, got;

    for (;;) {
        if (r->in_entry && archive_read_data_skip(r->a) < ARCHIVE_WARN)
            return fail_reader(r, err);
        before = archive_filter_bytes(r->a, 0);
        errno = 0;
        got = archive_read_next_header2(r->a, r->e);
        *out_more = got != ARCHIVE_EOF;
        if (got == ARCHIVE_EOF)
            return check_end(r, before, err);
        if (got != ARCHIVE_OK && got != ARCHIVE_WARN)
            return fail_reader(r, err);
        r->in_entry = 1;
        rc = describe(r, r->e, m, out_name, out_size, err);
        if (rc < 0 || (*out_name != NULL && (all || m->type != GNT_TYPE_OTHER)))
            return rc;
        if (*out_name != NULL && r->log != NULL)
            gnt_log(r->log, GANTRY_LOG_WARNING, "archive", "left out %s of a tar: no file",
                    *out_name);
    }
}

int gnt_tar_reader_data(struct gnt_tar_reader *r, void *buffer, size_t capacity, size_t *out_size,
                        gantry_error *err)
{
    la_ssize_t n = archive_read_data(r->a, buffer, capacity);

    if (n < 0)
        return fail_reader(r, err);
    *out_size = (size_t)n;
    return 0;
}
