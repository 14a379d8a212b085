/*
 * Tar bytes on demand. libarchive pushes, uploads pull: so one step (a header, or a block of
 * content) runs whenever what the last one made has been taken. No threads, no temporary files. It
 * reads no disk itself: scan.c says what comes next, content.c has its bytes.
 *
 * Two encoders share the output: plain ustar, and pax for what ustar cannot say (long names, 8 GiB
 * and more, big ids, odd times). Names are bytes: ustar passes them on, pax is told that its
 * charset is "BINARY". So the locale of the process is of no account.
 */
#include "pack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>

#include <gantry/backend.h>

#include "fields.h"

#define BLOCK ((size_t)64 * 1024)
/* One step makes at most a block with its padding, or pax headers for two paths. */
#define STEP_MAX (BLOCK + 32 * 1024)

struct gnt_tar {
    gantry_archive *archive;
    struct gnt_mem mem;
    struct gnt_clock clock;
    struct gnt_scan *scan;
    struct gnt_content content;
    struct archive *ustar;
    struct archive *pax;
    struct archive *writer; /* of the current entry */
    struct archive_entry *header;
    int done;
    int closing; /* what libarchive still writes goes nowhere */
    int measure; /* so does all, but it is counted */
    int refuse; /* nothing more may be written */
    int64_t bytes;
    int rc; /* the failure, kept in `failure` */
    gantry_error failure;
    unsigned char *into; /* the reader's buffer, during a read */
    size_t room;
    size_t used; /* bytes of `out` that were taken */
    size_t size; /* bytes in `out` that found no room */
    char name[GNT_PATH_MAX + 2];
    struct gnt_meta meta; /* of the current entry */
    unsigned char block[BLOCK];
    unsigned char out[STEP_MAX];
};

/* ---- output ---------------------------------------------------------------------------------- */

static void deliver(struct gnt_tar *t, const unsigned char *data, size_t size)
{
    memcpy(t->into, data, size);
    t->into += size;
    t->room -= size;
}

static la_ssize_t take(struct archive *a, void *arg, const void *data, size_t size)
{
    struct gnt_tar *t = arg;
    size_t now = size < t->room ? size : t->room;

    if (t->refuse)
        return -1;
    t->bytes += (int64_t)size;
    if (t->closing || t->measure || size == 0)
        return (la_ssize_t)size;
    if (now > 0)
        deliver(t, data, now);
    if (size - now > sizeof t->out - t->size) {
        archive_set_error(a, ENOBUFS, "a step made more than it may");
        return -1;
    }
    memcpy(t->out + t->size, (const unsigned char *)data + now, size - now);
    t->size += size - now;
    return (la_ssize_t)size;
}

static void drain(struct gnt_tar *t)
{
    size_t n = t->size - t->used;

    if (n > t->room)
        n = t->room;
    if (n > 0)
        deliver(t, t->out + t->used, n);
    t->used += n;
    if (t->used == t->size)
        t->used = t->size = 0;
}

/* ---- headers --------------------------------------------------------------------------------- */

static int put_header(struct gnt_tar *t, const struct gnt_found *item, gantry_error *err)
{
    const struct gnt_meta *m = &t->meta;
    size_t n = item->name_size;

    memcpy(t->name, item->name, n);
    if (m->type == GNT_TYPE_DIRECTORY)
        t->name[n++] = '/';
    t->name[n] = '\0';
    archive_entry_clear(t->header);
    archive_entry_copy_pathname(t->header, t->name);
    archive_entry_set_filetype(t->header, m->type == GNT_TYPE_DIRECTORY ? AE_IFDIR
                                          : m->type == GNT_TYPE_LINK    ? AE_IFLNK
                                                                        : AE_IFREG);
    archive_entry_set_perm(t->header, (unsigned short)m->mode);
    archive_entry_set_uid(t->header, m->uid);
    archive_entry_set_gid(t->header, m->gid);
    archive_entry_set_mtime(t->header, (time_t)m->mtime, 0);
    archive_entry_set_size(t->header, m->size);
    if (m->type == GNT_TYPE_HARDLINK)
        archive_entry_copy_hardlink(t->header, m->link);
    else if (m->link != NULL)
        archive_entry_copy_symlink(t->header, m->link);
    t->writer = t->ustar;
    if (archive_write_header(t->writer, t->header) == ARCHIVE_OK)
        return 0;
    t->writer = t->pax; /* ustar refuses before it writes anything */
    if (archive_write_header(t->writer, t->header) == ARCHIVE_OK)
        return 0;
    return gnt_fail(err, archive_errno(t->pax) == ENOMEM ? GANTRY_E_NOMEM : GANTRY_E_INVALID,
                    "%s cannot be put into an archive: %s", item->name,
                    archive_error_string(t->pax) != NULL ? archive_error_string(t->pax) : "");
}

/* ---- steps ----------------------------------------------------------------------------------- */

static int fail_writer(struct gnt_tar *t, gantry_error *err)
{
    const char *text = archive_error_string(t->writer);

    return gnt_fail(err, archive_errno(t->writer) == ENOMEM ? GANTRY_E_NOMEM : GANTRY_E_IO,
                    "cannot make the archive: %s", text != NULL ? text : "");
}

static int next_entry(struct gnt_tar *t, gantry_error *err)
{
    struct gnt_found item;
    int more = 0;
    int rc = gnt_scan_next(t->scan, &item, &t->meta, &t->content, &more, err);

    if (rc < 0)
        return rc;
    if (!more) {
        t->writer = t->ustar;
        if (archive_write_close(t->writer) != ARCHIVE_OK) /* the two empty blocks at the end */
            return fail_writer(t, err);
        t->done = 1;
        return 0;
    }
    return put_header(t, &item, err);
}

static int next_block(struct gnt_tar *t, gantry_error *err)
{
    size_t n = 0;
    int rc = gnt_content_read(&t->content, t->block, sizeof t->block, &n, err);

    if (rc < 0)
        return rc;
    if (n > 0 && archive_write_data(t->writer, t->block, n) != (la_ssize_t)n)
        return fail_writer(t, err);
    if (t->content.at_end || n == 0) {
        if (archive_write_finish_entry(t->writer) != ARCHIVE_OK)
            return fail_writer(t, err);
        gnt_content_close(&t->content);
    }
    return 0;
}

static int step(struct gnt_tar *t, gantry_error *err)
{
    int rc = gnt_clock_check(&t->clock, err);

    if (rc < 0)
        return rc;
    if (t->content.kind != GNT_CONTENT_NONE)
        return next_block(t, err);
    return next_entry(t, err);
}

int gnt_tar_read(struct gnt_tar *t, void *buffer, size_t capacity, size_t *out_size,
                 gantry_error *err)
{
    t->into = buffer;
    t->room = capacity;
    gnt_clock_moved(&t->clock);
    drain(t);
    while (t->room > 0 && !t->done && t->rc == 0) {
        size_t before = t->room;

        t->rc = step(t, &t->failure);
        /* A callback that gave less than a piece may block now, and there is something to deliver.
         * */
        if (t->content.kind == GNT_CONTENT_SOURCE && t->room < capacity && before - t->room < BLOCK)
            break;
    }
    *out_size = capacity - t->room;
    t->into = NULL;
    t->room = 0;
    if (*out_size > 0 || t->rc == 0)
        return 0;
    if (err != NULL)
        *err = t->failure;
    return t->rc;
}

/* ---- life ------------------------------------------------------------------------------------ */

static struct archive *open_writer(struct gnt_tar *t, int pax)
{
    struct archive *a = archive_write_new();
    int bad;

    if (a == NULL)
        return NULL;
    bad = pax ? archive_write_set_format_pax_restricted(a) : archive_write_set_format_ustar(a);
    if (bad == ARCHIVE_OK && pax)
        bad = archive_write_set_format_option(a, "pax", "hdrcharset", "BINARY");
    if (bad == ARCHIVE_OK)
        bad = archive_write_set_bytes_per_block(a, 0);
    if (bad == ARCHIVE_OK)
        bad = archive_write_set_bytes_in_last_block(a, 1);
    if (bad == ARCHIVE_OK)
        bad = archive_write_open(a, t, NULL, take, NULL);
    if (bad != ARCHIVE_OK) {
        archive_write_free(a);
        return NULL;
    }
    return a;
}

void gnt_tar_close(struct gnt_tar *t)
{
    struct gnt_mem mem;

    if (t == NULL)
        return;
    mem = t->mem;
    t->closing = 1;
    gnt_content_close(&t->content);
    gnt_scan_close(t->scan);
    if (t->ustar != NULL)
        archive_write_free(t->ustar);
    if (t->pax != NULL)
        archive_write_free(t->pax);
    if (t->header != NULL)
        archive_entry_free(t->header);
    gnt_archive_unlock(t->archive);
    gnt_free(&mem, t);
}

static int open_tar(gantry_archive *archive, struct gantry_host *log, const gantry_call *call,
                    int all, struct gnt_tar **out, gantry_error *err)
{
    struct gnt_tar *t;
    int rc = gnt_archive_lock(archive, err);

    if (rc < 0)
        return rc;
    t = gnt_alloc(&archive->host.mem, sizeof *t);
    if (t == NULL) {
        gnt_archive_unlock(archive);
        return gnt_nomem(err);
    }
    t->archive = archive;
    t->mem = archive->host.mem;
    gnt_clock_start(&t->clock, call, 0);
    rc = gnt_scan_open(&t->mem, log != NULL ? log : &archive->host, archive, all, &t->scan, err);
    if (rc == 0) {
        t->ustar = open_writer(t, 0);
        t->pax = open_writer(t, 1);
        t->header = archive_entry_new();
        if (t->ustar == NULL || t->pax == NULL || t->header == NULL)
            rc = gnt_nomem(err);
    }
    if (rc < 0) {
        gnt_tar_close(t);
        return rc;
    }
    *out = t;
    return 0;
}

int gnt_tar_open(gantry_archive *archive, struct gantry_host *log, const gantry_call *call,
                 struct gnt_tar **out, gantry_error *err)
{
    return open_tar(archive, log, call, 0, out, err);
}

/* The header was counted; the content is its size, in whole blocks. */
static int skip_content(struct gnt_tar *t, gantry_error *err)
{
    int pax = t->writer == t->pax;
    struct archive **slot = pax ? &t->pax : &t->ustar;

    if (t->meta.size == 0)
        return 0;
    t->bytes += (t->meta.size + 511) / 512 * 512;
    t->refuse = 1; /* or it would fill up with zeroes what it was not given */
    archive_write_free(*slot);
    t->refuse = 0;
    *slot = t->writer = open_writer(t, pax);
    return *slot == NULL ? gnt_nomem(err) : 0;
}

static int measure_next(struct gnt_tar *t, gnt_measure_fn fn, void *arg, gantry_error *err)
{
    struct gnt_found item;
    int more = 0;
    int rc = gnt_scan_next(t->scan, &item, &t->meta, NULL, &more, err);

    if (rc < 0)
        return rc;
    t->done = !more;
    if (!more) {
        t->bytes += 1024; /* the two empty blocks at the end */
        return 0;
    }
    fn(arg, &item, &t->meta);
    if (item.action != GANTRY_ARCHIVE_SENT)
        return 0;
    rc = put_header(t, &item, err);
    return rc < 0 ? rc : skip_content(t, err);
}

int gnt_tar_measure(gantry_archive *archive, const gantry_call *call, gnt_measure_fn fn, void *arg,
                    int64_t *out_bytes, gantry_error *err)
{
    struct gnt_tar *t = NULL;
    int rc = open_tar(archive, NULL, call, 1, &t, err);

    if (rc < 0)
        return rc;
    t->measure = 1;
    while (rc == 0 && !t->done) {
        rc = gnt_clock_check(&t->clock, err);
        if (rc == 0)
            rc = measure_next(t, fn, arg, err);
        gnt_clock_moved(&t->clock);
    }
    if (rc == 0)
        *out_bytes = t->bytes;
    gnt_tar_close(t);
    return rc;
}

static int read_source(void *arg, void *buffer, size_t capacity, size_t *out_size,
                       gantry_error *err)
{
    return gnt_tar_read(arg, buffer, capacity, out_size, err);
}

int gnt_archive_source(gantry_archive *archive, struct gantry_host *log, const gantry_call *call,
                       struct gnt_tar **out_tar, gantry_source *out, gantry_error *err)
{
    int rc = gnt_tar_open(archive, log, call, out_tar, err);

    if (rc < 0)
        return rc;
    *out =
        (gantry_source){ .size = sizeof *out, .read = read_source, .arg = *out_tar, .length = -1 };
    return 0;
}

/* ---- public stream --------------------------------------------------------------------------- */

static int stream_read(void *state, void *buffer, size_t capacity, int nonblocking,
                       size_t *out_size, int *out_channel, gantry_error *err)
{
    (void)nonblocking; /* local files do not wait */
    *out_channel = GANTRY_STDOUT;
    return gnt_tar_read(state, buffer, capacity, out_size, err);
}

static void stream_close(void *state)
{
    gnt_tar_close(state);
}

static int open_stream(gantry_archive *archive, const gantry_archive_stream_options *opts,
                       gantry_stream **out, gantry_error *err)
{
    static const gantry_stream_ops ops = { .size = sizeof ops,
                                           .read = stream_read,
                                           .close = stream_close };
    gantry_archive_stream_options o;
    struct gnt_tar *t = NULL;
    int rc;

    if (archive == NULL || out == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "%s: must not be NULL",
                        archive == NULL ? "archive" : "out");
    rc = gnt_import(&o, sizeof o, opts, "gantry_archive_stream_options", err);
    if (rc == 0)
        rc = gnt_tar_open(archive, NULL, o.call, &t, err);
    if (rc < 0)
        return rc;
    rc = gantry_stream_new(&archive->host, &ops, t, out, err);
    if (rc < 0)
        gnt_tar_close(t);
    return rc;
}

int gantry_archive_stream(gantry_archive *archive, const gantry_archive_stream_options *opts,
                          gantry_stream **out, gantry_error *err)
{
    int rc = open_stream(archive, opts, out, err);

    if (rc < 0)
        gnt_error_operation(err, "archive.stream");
    return rc;
}
