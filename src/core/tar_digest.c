/*
 * The digest of an archive's tar bytes. libarchive can write a list of files with their SHA-256:
 * the archive is the one file of such a list, and the list is read for the digest.
 */
#include "pack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>

#include "fields.h"

#define BLOCK ((size_t)64 * 1024)

/* The list that libarchive writes, a few lines. */
struct list {
    size_t size;
    char text[512];
};

static la_ssize_t take(struct archive *a, void *arg, const void *data, size_t size)
{
    struct list *l = arg;

    if (size > sizeof l->text - 1 - l->size) {
        archive_set_error(a, ENOBUFS, "the list is too long");
        return -1;
    }
    if (size > 0)
        memcpy(l->text + l->size, data, size);
    l->size += size;
    return (la_ssize_t)size;
}

static int fail_list(struct archive *a, gantry_error *err)
{
    const char *text = archive_error_string(a);

    if (archive_errno(a) == ENOMEM)
        return gnt_nomem(err);
    return gnt_fail(err, GANTRY_E_UNSUPPORTED, "this libarchive cannot make SHA-256 digests: %s",
                    text != NULL ? text : "");
}

static int begin(struct archive *a, struct archive_entry *e, struct list *l, gantry_error *err)
{
    archive_entry_set_pathname(e, "a");
    archive_entry_set_filetype(e, AE_IFREG);
    archive_entry_set_size(e, INT64_MAX);
    if (archive_write_set_format_mtree(a) != ARCHIVE_OK ||
        archive_write_set_options(a, "!all,sha256") != ARCHIVE_OK ||
        archive_write_set_bytes_per_block(a, 0) != ARCHIVE_OK ||
        archive_write_open(a, l, NULL, take, NULL) != ARCHIVE_OK ||
        archive_write_header(a, e) != ARCHIVE_OK)
        return fail_list(a, err);
    return 0;
}

static int feed(struct gnt_tar *tar, struct archive *a, unsigned char *block, gantry_error *err)
{
    size_t n = 0;
    int rc;

    do {
        rc = gnt_tar_read(tar, block, BLOCK, &n, err);
        if (rc == 0 && n > 0 && archive_write_data(a, block, n) != (la_ssize_t)n)
            rc = fail_list(a, err);
    } while (rc == 0 && n > 0);
    return rc;
}

static int finish(struct archive *a, const struct list *l, char *out, gantry_error *err)
{
    static const char key[] = "sha256digest=";
    const char *digest;

    if (archive_write_close(a) != ARCHIVE_OK)
        return fail_list(a, err);
    digest = strstr(l->text, key);
    if (digest == NULL || strspn(digest + sizeof key - 1, "0123456789abcdef") != 64)
        return fail_list(a, err);
    memcpy(out, "sha256:", 7);
    memcpy(out + 7, digest + sizeof key - 1, 64);
    out[71] = '\0';
    return 0;
}

static int digest_tar(gantry_archive *archive, const gantry_call *call, char *out,
                      gantry_error *err)
{
    unsigned char *block = gnt_alloc(&archive->host.mem, BLOCK);
    struct archive *a = archive_write_new();
    struct archive_entry *e = archive_entry_new();
    struct list list = { 0 };
    struct gnt_tar *tar = NULL;
    int rc = block == NULL || a == NULL || e == NULL ? gnt_nomem(err) : begin(a, e, &list, err);

    if (rc == 0)
        rc = gnt_tar_open(archive, NULL, call, &tar, err);
    if (rc == 0)
        rc = feed(tar, a, block, err);
    if (rc == 0)
        rc = finish(a, &list, out, err);
    gnt_tar_close(tar);
    if (a != NULL)
        archive_write_free(a);
    if (e != NULL)
        archive_entry_free(e);
    gnt_free(&archive->host.mem, block);
    return rc;
}

int gantry_archive_digest(gantry_archive *archive, const gantry_archive_digest_options *opts,
                          char *out, gantry_error *err)
{
    gantry_archive_digest_options o;
    int rc;

    if (archive == NULL || out == NULL)
        rc = gnt_fail(err, GANTRY_E_INVALID, "%s: must not be NULL",
                      archive == NULL ? "archive" : "out");
    else
        rc = gnt_import(&o, sizeof o, opts, "gantry_archive_digest_options", err);
    if (rc == 0)
        rc = digest_tar(archive, o.call, out, err);
    if (rc < 0)
        gnt_error_operation(err, "archive.digest");
    return rc;
}
