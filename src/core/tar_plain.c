/*
 * Compressed bytes unpacked on demand, by libarchive, which pulls its input. What cannot be
 * unpacked, or ends early, is INVALID: the upload is cut then. libarchive does not compare gzip's
 * check sum; engines compare the layers with their digests.
 */
#include "tar_plain.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>

#include "error.h"
#include "tar_open.h"

enum {
    PIECE = 64 * 1024,
    MARK_MAX = 6
};

/* What compressed bytes begin with. */
static const struct packing {
    const char *name;
    const char mark[MARK_MAX + 1];
    size_t size;
    int filter;
    int (*support)(struct archive *a);
} packings[] = {
    { "gzip", "\x1f\x8b", 2, ARCHIVE_FILTER_GZIP, archive_read_support_filter_gzip },
    { "bzip2", "BZh", 3, ARCHIVE_FILTER_BZIP2, archive_read_support_filter_bzip2 },
    { "xz",
      "\xfd"
      "7zXZ",
      6, ARCHIVE_FILTER_XZ, archive_read_support_filter_xz },
    { "zstd", "\x28\xb5\x2f\xfd", 4, ARCHIVE_FILTER_ZSTD, archive_read_support_filter_zstd },
};

struct gnt_tar_plain {
    struct gnt_mem mem;
    const gantry_source *packed;
    gantry_source source;
    struct archive *unpacker;    /* NULL: passes as it is */
    struct archive_entry *entry; /* ours: libarchive dies without memory for one of its own */
    const struct packing *packing;
    int opened;
    int rc; /* of reading `packed` inside libarchive */
    gantry_error failure;
    size_t begin_at;
    size_t begin_size; /* bytes in `begin`, read before */
    char begin[MARK_MAX];
    char piece[PIECE];
};

/* The first bytes again, then the rest. */
static int read_packed(struct gnt_tar_plain *p, void *buffer, size_t capacity, size_t *out_size,
                       gantry_error *err)
{
    size_t size = p->begin_size - p->begin_at;

    if (size == 0)
        return p->packed->read(p->packed->arg, buffer, capacity, out_size, err);
    if (size > capacity)
        size = capacity;
    memcpy(buffer, p->begin + p->begin_at, size);
    p->begin_at += size;
    *out_size = size;
    return 0;
}

static int pass(void *arg, void *buffer, size_t capacity, size_t *out_size, gantry_error *err)
{
    return read_packed(arg, buffer, capacity, out_size, err);
}

static la_ssize_t feed(struct archive *a, void *arg, const void **out)
{
    struct gnt_tar_plain *p = arg;
    size_t size = 0;

    p->rc = read_packed(p, p->piece, sizeof p->piece, &size, &p->failure);
    if (p->rc < 0) {
        archive_set_error(a, EIO, "the source failed");
        return -1;
    }
    *out = p->piece;
    return (la_ssize_t)size;
}

static int damaged(struct gnt_tar_plain *p, gantry_error *err)
{
    const char *text = archive_error_string(p->unpacker);

    if (p->rc == 0)
        return gnt_fail(err, GANTRY_E_INVALID, "tar: its compression is damaged: %s",
                        text != NULL ? text : "no more is known");
    if (err != NULL)
        *err = p->failure;
    return p->rc;
}

static int unpack(void *arg, void *buffer, size_t capacity, size_t *out_size, gantry_error *err)
{
    struct gnt_tar_plain *p = arg;
    la_ssize_t got;

    if (!p->opened) {
        p->opened = 1;
        /* It takes what ends within the first header for bytes that are not packed. */
        if (gnt_tar_read_open(p->unpacker, p, feed) != ARCHIVE_OK ||
            archive_read_next_header2(p->unpacker, p->entry) != ARCHIVE_OK ||
            archive_filter_code(p->unpacker, 0) != p->packing->filter)
            return damaged(p, err);
    }
    got = archive_read_data(p->unpacker, buffer, capacity);
    if (got < 0 || p->rc < 0) /* it also takes a failure for an end, where it may be one */
        return damaged(p, err);
    *out_size = (size_t)got;
    return 0;
}

static int read_begin(struct gnt_tar_plain *p, gantry_error *err)
{
    size_t got = 1;
    int rc = 0;

    while (rc == 0 && got > 0 && p->begin_size < sizeof p->begin) {
        got = 0;
        rc = p->packed->read(p->packed->arg, p->begin + p->begin_size,
                             sizeof p->begin - p->begin_size, &got, err);
        p->begin_size += rc == 0 ? got : 0;
    }
    return rc;
}

static int open_unpacker(struct gnt_tar_plain *p, gantry_error *err)
{
    p->unpacker = archive_read_new();
    p->entry = archive_entry_new();
    if (p->unpacker == NULL || p->entry == NULL)
        return gnt_nomem(err);
    if (p->packing->support(p->unpacker) != ARCHIVE_OK ||
        archive_read_support_format_raw(p->unpacker) != ARCHIVE_OK)
        return gnt_fail(err, GANTRY_E_UNSUPPORTED,
                        "tar: it is packed with %s, which this libarchive cannot unpack",
                        p->packing->name);
    p->source.read = unpack;
    p->source.length = 0;
    return 0;
}

static const struct packing *packing_of(const struct gnt_tar_plain *p, enum gnt_packing what)
{
    size_t count = what == GNT_PACKED_GZIP ? 1 : sizeof packings / sizeof *packings;

    for (size_t i = 0; i < count; i++) {
        const struct packing *row = &packings[i];

        if (p->begin_size >= row->size && memcmp(p->begin, row->mark, row->size) == 0)
            return row;
    }
    return NULL;
}

int gnt_tar_plain_new(const struct gnt_mem *mem, const gantry_source *packed, enum gnt_packing what,
                      struct gnt_tar_plain **out, gantry_error *err)
{
    struct gnt_tar_plain *p = gnt_alloc(mem, sizeof *p);
    int rc;

    if (p == NULL)
        return gnt_nomem(err);
    p->mem = *mem;
    p->packed = packed;
    p->source = (gantry_source){
        .size = sizeof p->source, .read = pass, .arg = p, .length = packed->length
    };
    rc = read_begin(p, err);
    p->packing = packing_of(p, what);
    if (rc == 0 && p->packing != NULL)
        rc = open_unpacker(p, err);
    if (rc < 0)
        gnt_tar_plain_free(p);
    else
        *out = p;
    return rc;
}

const gantry_source *gnt_tar_plain_source(const struct gnt_tar_plain *p)
{
    return &p->source;
}

void gnt_tar_plain_free(struct gnt_tar_plain *p)
{
    struct gnt_mem mem;

    if (p == NULL)
        return;
    if (p->unpacker != NULL)
        archive_read_free(p->unpacker);
    archive_entry_free(p->entry);
    mem = p->mem;
    gnt_free(&mem, p);
}
