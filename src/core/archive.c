/*
 * The recipe of an archive: what to send, noted but not opened. Names and options are checked here,
 * so that whatever is in a recipe can be sent. It knows neither tar nor how anything is read.
 */
#include "pack.h"

#include <string.h>

#include "fields.h"

/* ---- names ----------------------------------------------------------------------------------- */

int gnt_path_compare(const char *a, size_t a_size, const char *b, size_t b_size)
{
    size_t n = a_size < b_size ? a_size : b_size;
    size_t i = 0;
    int x, y;

    while (i < n && a[i] == b[i])
        i++;
    if (i == n)
        return (a_size > b_size) - (a_size < b_size);
    x = a[i] == '/' ? 0 : (unsigned char)a[i];
    y = b[i] == '/' ? 0 : (unsigned char)b[i];
    return x - y;
}

int gnt_archive_name(struct gnt_arena *arena, const char *argument, const char *name,
                     int may_be_empty, const char **out, size_t *out_size, gantry_error *err)
{
    const char *part = name;
    size_t size = 0, length;
    char *text;

    if (name == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "%s: must not be NULL", argument);
    if (strlen(name) > GNT_PATH_MAX)
        return gnt_fail(err, GANTRY_E_INVALID, "%s: longer than %d bytes: %.100s...", argument,
                        GNT_PATH_MAX, name);
    text = gnt_arena_alloc(arena, strlen(name) + 1);
    if (text == NULL)
        return gnt_nomem(err);
    for (; *part != '\0'; part += length + (part[length] == '/')) {
        length = strcspn(part, "/");
        if (length == 0 || (length == 1 && part[0] == '.'))
            continue;
        if (length == 2 && part[0] == '.' && part[1] == '.')
            return gnt_fail(err, GANTRY_E_INVALID, "%s: must not contain \"..\": %s", argument,
                            name);
        if (size > 0)
            text[size++] = '/';
        memcpy(text + size, part, length);
        size += length;
    }
    if (size == 0 && !may_be_empty)
        return gnt_fail(err, GANTRY_E_INVALID, "%s: names nothing: \"%s\"", argument, name);
    *out = text;
    *out_size = size;
    return 0;
}

/* ---- entries --------------------------------------------------------------------------------- */

static int check_options(const gantry_entry_options *opts, enum gnt_entry_kind kind,
                         gantry_error *err)
{
    if (opts->mode < 0 || opts->mode > 07777)
        return gnt_fail(err, GANTRY_E_INVALID, "mode: not permission bits: %d", opts->mode);
    if (opts->mode != 0 && (kind == GNT_ENTRY_DIRECTORY || kind == GNT_ENTRY_SYMLINK))
        return gnt_fail(err, GANTRY_E_INVALID, "mode: does not apply to a %s",
                        kind == GNT_ENTRY_SYMLINK ? "link" : "directory's content");
    if (opts->uid < 0 || opts->uid > UINT32_MAX)
        return gnt_fail(err, GANTRY_E_INVALID, "uid: out of range: %lld", (long long)opts->uid);
    if (opts->gid < 0 || opts->gid > UINT32_MAX)
        return gnt_fail(err, GANTRY_E_INVALID, "gid: out of range: %lld", (long long)opts->gid);
    if (opts->ignore != NULL && kind != GNT_ENTRY_DIRECTORY)
        return gnt_fail(err, GANTRY_E_INVALID, "ignore: applies to directories only");
    return 0;
}

/* A checked entry that is not yet part of the recipe. */
static int make_entry(gantry_archive *archive, enum gnt_entry_kind kind, const char *name,
                      const gantry_entry_options *opts, struct gnt_entry **out, gantry_error *err)
{
    int may_be_empty =
        kind == GNT_ENTRY_DIRECTORY || kind == GNT_ENTRY_TAR || kind == GNT_ENTRY_INCLUDE;
    gantry_entry_options o;
    struct gnt_entry *entry;
    int rc;

    if (archive == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "archive: must not be NULL");
    if (archive->busy)
        return gnt_fail(err, GANTRY_E_STATE, "the archive is being sent; close its stream first");
    rc = gnt_import(&o, sizeof o, opts, "gantry_entry_options", err);
    if (rc == 0)
        rc = check_options(&o, kind, err);
    if (rc < 0)
        return rc;
    entry = gnt_arena_alloc(&archive->arena, sizeof *entry);
    if (entry == NULL)
        return gnt_nomem(err);
    rc = gnt_archive_name(&archive->arena, "name", name, may_be_empty, &entry->name,
                          &entry->name_size, err);
    if (rc < 0)
        return rc;
    entry->kind = kind;
    entry->mode = o.mode;
    entry->keep_owner = o.keep_owner == GANTRY_ON;
    entry->uid = o.uid;
    entry->gid = o.gid;
    entry->mtime_ns = o.mtime_ns;
    entry->ignore = o.ignore;
    *out = entry;
    return 0;
}

static int append(gantry_archive *archive, struct gnt_entry *entry)
{
    if (archive->last != NULL)
        archive->last->next = entry;
    else
        archive->first = entry;
    archive->last = entry;
    return 0;
}

static int fail_in(int rc, const char *operation, gantry_error *err)
{
    if (rc < 0)
        gnt_error_operation(err, operation);
    return rc;
}

static int add_data(gantry_archive *archive, const char *name, const void *data, size_t size,
                    const gantry_entry_options *opts, gantry_error *err)
{
    struct gnt_entry *entry = NULL;
    void *copy;
    int rc;

    if (data == NULL && size > 0)
        return gnt_fail(err, GANTRY_E_INVALID, "data: must not be NULL");
    rc = make_entry(archive, GNT_ENTRY_DATA, name, opts, &entry, err);
    if (rc < 0)
        return rc;
    if (size > 0) {
        copy = gnt_arena_alloc(&archive->arena, size);
        if (copy == NULL)
            return gnt_nomem(err);
        entry->data = memcpy(copy, data, size);
        entry->size = size;
    }
    return append(archive, entry);
}

static int check_source(const gantry_source *source, const char *argument, gantry_source *copy,
                        gantry_error *err)
{
    int rc;

    if (source == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "%s: must not be NULL", argument);
    rc = gnt_import(copy, sizeof *copy, source, "gantry_source", err);
    if (rc == 0 && copy->read == NULL)
        rc = gnt_fail(err, GANTRY_E_INVALID, "%s.read: must not be NULL", argument);
    return rc;
}

static int add_source(gantry_archive *archive, const char *name, const gantry_source *source,
                      const gantry_entry_options *opts, gantry_error *err)
{
    struct gnt_entry *entry = NULL;
    gantry_source copy;
    int rc;

    rc = check_source(source, "source", &copy, err);
    if (rc < 0)
        return rc;
    if (copy.length < 0)
        return gnt_fail(err, GANTRY_E_INVALID,
                        "source.length: must be known, a tar header carries the size");
    rc = make_entry(archive, GNT_ENTRY_SOURCE, name, opts, &entry, err);
    if (rc < 0)
        return rc;
    entry->source = copy;
    return append(archive, entry);
}

/* Entries that need a text: host path or link target. */
static int add_path(gantry_archive *archive, enum gnt_entry_kind kind, const char *name,
                    const char *argument, const char *path, const gantry_entry_options *opts,
                    gantry_error *err)
{
    struct gnt_entry *entry = NULL;
    int rc;

    if (path == NULL || path[0] == '\0')
        return gnt_fail(err, GANTRY_E_INVALID, "%s: must not be empty", argument);
    if (strlen(path) > GNT_PATH_MAX)
        return gnt_fail(err, GANTRY_E_INVALID, "%s: longer than %d bytes: %.100s...", argument,
                        GNT_PATH_MAX, path);
    rc = make_entry(archive, kind, name, opts, &entry, err);
    if (rc < 0)
        return rc;
    entry->path = gnt_arena_strdup(&archive->arena, path);
    if (entry->path == NULL)
        return gnt_nomem(err);
    return append(archive, entry);
}

static int add_mkdir(gantry_archive *archive, const char *name, const gantry_entry_options *opts,
                     gantry_error *err)
{
    struct gnt_entry *entry = NULL;
    int rc = make_entry(archive, GNT_ENTRY_MKDIR, name, opts, &entry, err);

    return rc < 0 ? rc : append(archive, entry);
}

static int add_link(gantry_archive *archive, const char *name, const char *target,
                    gantry_error *err)
{
    struct gnt_entry *entry = NULL;
    size_t size;
    int rc = make_entry(archive, GNT_ENTRY_LINK, name, NULL, &entry, err);

    if (rc == 0)
        rc = gnt_archive_name(&archive->arena, "target", target, 0, &entry->path, &size, err);
    return rc < 0 ? rc : append(archive, entry);
}

static int add_tar(gantry_archive *archive, const gantry_source *tar,
                   const gantry_archive_tar_options *opts, gantry_error *err)
{
    gantry_archive_tar_options o;
    struct gnt_entry *entry = NULL;
    gantry_source copy;
    int rc = check_source(tar, "tar", &copy, err);

    if (rc == 0)
        rc = gnt_import(&o, sizeof o, opts, "gantry_archive_tar_options", err);
    if (rc == 0 && o.strip < 0)
        rc = gnt_fail(err, GANTRY_E_INVALID, "strip: must not be negative: %d", o.strip);
    if (rc == 0 && copy.length < 0)
        rc = gnt_fail(err, GANTRY_E_INVALID, "tar.length: must not be negative");
    if (rc == 0)
        rc =
            make_entry(archive, GNT_ENTRY_TAR, o.prefix != NULL ? o.prefix : "", NULL, &entry, err);
    if (rc < 0)
        return rc;
    entry->source = copy;
    entry->strip = o.strip;
    return append(archive, entry);
}

int gnt_archive_omit(gantry_archive *archive, const char *name, gantry_error *err)
{
    struct gnt_entry *entry = NULL;
    int rc = make_entry(archive, GNT_ENTRY_OMIT, name, NULL, &entry, err);

    return rc < 0 ? rc : append(archive, entry);
}

int gnt_archive_include(gantry_archive *archive, gantry_archive *other, gantry_error *err)
{
    struct gnt_entry *entry = NULL;
    int rc = make_entry(archive, GNT_ENTRY_INCLUDE, "", NULL, &entry, err);

    if (rc < 0)
        return rc;
    entry->include = other;
    return append(archive, entry);
}

/* ---- being sent ------------------------------------------------------------------------------ */

static void unlock_until(gantry_archive *archive, const struct gnt_entry *end)
{
    struct gnt_entry *e;

    for (e = archive->first; e != end; e = e->next) {
        if (e->kind == GNT_ENTRY_INCLUDE)
            gnt_archive_unlock(e->include);
    }
    archive->busy = 0;
}

int gnt_archive_lock(gantry_archive *archive, gantry_error *err)
{
    struct gnt_entry *e;
    int rc;

    if (archive->busy)
        return gnt_fail(err, GANTRY_E_STATE,
                        "the archive is already being sent; one stream at a time");
    archive->busy = 1;
    for (e = archive->first; e != NULL; e = e->next) {
        rc = e->kind == GNT_ENTRY_INCLUDE ? gnt_archive_lock(e->include, err) : 0;
        if (rc < 0) {
            unlock_until(archive, e);
            return rc;
        }
    }
    return 0;
}

void gnt_archive_unlock(gantry_archive *archive)
{
    unlock_until(archive, NULL);
}

/* ---- public ---------------------------------------------------------------------------------- */

static int new_archive(const gantry_archive_options *opts, gantry_archive **out, gantry_error *err)
{
    gantry_archive_options o;
    gantry_archive *archive;
    struct gnt_mem mem;
    int rc;

    if (out == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "out: must not be NULL");
    rc = gnt_import(&o, sizeof o, opts, "gantry_archive_options", err);
    if (rc == 0)
        rc = gnt_mem_init(&mem, o.allocator, err);
    if (rc < 0)
        return rc;
    archive = gnt_alloc(&mem, sizeof *archive);
    if (archive == NULL)
        return gnt_nomem(err);
    archive->host.mem = mem;
    gnt_limits_defaults(&archive->host.limits);
    gnt_arena_init(&archive->arena, &mem);
    archive->reproducible = o.reproducible == GANTRY_ON;
    archive->mtime_ns = o.mtime_ns;
    *out = archive;
    return 0;
}

int gantry_archive_new(const gantry_archive_options *opts, gantry_archive **out, gantry_error *err)
{
    return fail_in(new_archive(opts, out, err), "archive.new", err);
}

void gantry_archive_free(gantry_archive *archive)
{
    struct gnt_mem mem;

    if (archive == NULL)
        return;
    mem = archive->host.mem;
    gantry_ignore_free(archive->owned);
    gnt_arena_free(&archive->arena);
    gnt_free(&mem, archive);
}

int gantry_archive_add_data(gantry_archive *archive, const char *name, const void *data,
                            size_t size, const gantry_entry_options *opts, gantry_error *err)
{
    return fail_in(add_data(archive, name, data, size, opts, err), "archive.add_data", err);
}

int gantry_archive_add_source(gantry_archive *archive, const char *name,
                              const gantry_source *source, const gantry_entry_options *opts,
                              gantry_error *err)
{
    return fail_in(add_source(archive, name, source, opts, err), "archive.add_source", err);
}

int gantry_archive_add_file(gantry_archive *archive, const char *name, const char *path,
                            const gantry_entry_options *opts, gantry_error *err)
{
    return fail_in(add_path(archive, GNT_ENTRY_FILE, name, "path", path, opts, err),
                   "archive.add_file", err);
}

int gantry_archive_add_directory(gantry_archive *archive, const char *name, const char *path,
                                 const gantry_entry_options *opts, gantry_error *err)
{
    return fail_in(add_path(archive, GNT_ENTRY_DIRECTORY, name, "path", path, opts, err),
                   "archive.add_directory", err);
}

int gantry_archive_mkdir(gantry_archive *archive, const char *name,
                         const gantry_entry_options *opts, gantry_error *err)
{
    return fail_in(add_mkdir(archive, name, opts, err), "archive.mkdir", err);
}

int gantry_archive_symlink(gantry_archive *archive, const char *name, const char *target,
                           const gantry_entry_options *opts, gantry_error *err)
{
    return fail_in(add_path(archive, GNT_ENTRY_SYMLINK, name, "target", target, opts, err),
                   "archive.symlink", err);
}

int gantry_archive_link(gantry_archive *archive, const char *name, const char *target,
                        gantry_error *err)
{
    return fail_in(add_link(archive, name, target, err), "archive.link", err);
}

int gantry_archive_add_tar(gantry_archive *archive, const gantry_source *tar,
                           const gantry_archive_tar_options *opts, gantry_error *err)
{
    return fail_in(add_tar(archive, tar, opts, err), "archive.add_tar", err);
}
