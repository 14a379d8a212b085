/*
 * Files into containers. Every upload is made here, entry by entry, even of a tar that exists: so
 * it is known to be whole, its names stay below the directory, and no engine's ways with owners,
 * compression or the directory itself are met.
 */
#include "copying.h"

#include <string.h>
#include <time.h>

#include "pack.h"

int64_t gnt_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int gnt_copy_archive(struct gnt_copy *c, gantry_archive **out, gantry_error *err)
{
    gantry_archive_options o = { .size = sizeof o, .allocator = &c->engine->host.mem.a };

    return gantry_archive_new(&o, out, err);
}

/* ---- directories ----------------------------------------------------------------------------- */

/* What is missing on the way to a path, from the directory that is there. */
static int add_missing(struct gnt_copy *c, const char *base, const char *path,
                       gantry_archive *archive, gantry_error *err)
{
    gantry_entry_options o = { .size = sizeof o, .mtime_ns = gnt_now_ns() };
    size_t size = strcmp(base, "/") == 0 ? 0 : strlen(base);
    const char *below = path + size + 1;
    int rc = 0;

    for (size_t i = 1; rc == 0; i++) {
        char *part;

        if (below[i] != '/' && below[i] != '\0')
            continue;
        part = gnt_arena_strndup(&c->arena, below, i);
        rc = part == NULL ? gnt_nomem(err) : gantry_archive_mkdir(archive, part, &o, err);
        if (below[i] == '\0')
            break;
    }
    return rc;
}

static int upload(struct gnt_copy *c, const char *directory, gantry_archive *archive,
                  const gantry_copy_in_options *opts, gantry_error *err)
{
    gantry_copy_in_options o = { .size = sizeof o, .call = c->call };
    struct gnt_tar *tar = NULL;
    gantry_source source;
    int rc = gnt_archive_source(archive, &c->engine->host, c->call, &tar, &source, err);

    if (rc < 0)
        return rc;
    o.replace_kinds = opts != NULL ? opts->replace_kinds : 0;
    rc = c->engine->backend->containers.archive_put(c->engine->state, c->id, directory, &source, &o,
                                                    err);
    gnt_tar_close(tar);
    return rc;
}

/* The path leads to nothing: make it, below the first directory above it that is there. */
static int make_path(struct gnt_copy *c, const char *path, gantry_error *err)
{
    struct gnt_followed above = { .path = path };
    gantry_archive *archive = NULL;
    const char *base = path;
    int rc = 0;

    while (rc == 0 && above.info == NULL && strcmp(base, "/") != 0) {
        base = gnt_inside_parent(&c->arena, base);
        rc = base == NULL ? gnt_nomem(err) : gnt_copy_follow(c, base, &above, err);
    }
    if (rc == 0 && above.info == NULL)
        rc = gnt_inside_fail(err, GANTRY_E_NOT_FOUND, path, "cannot be made");
    if (rc == 0 && above.info->type != GANTRY_FILE_DIRECTORY)
        rc = gnt_inside_fail(err, GANTRY_E_CONFLICT, base, "is no directory");
    gantry_file_info_free(above.info);
    if (rc == 0)
        rc = gnt_copy_archive(c, &archive, err);
    if (rc == 0)
        rc = add_missing(c, base, path, archive, err);
    if (rc == 0)
        rc = upload(c, above.path, archive, NULL, err);
    gantry_archive_free(archive);
    return rc;
}

/* The directory that a path leads to, made if it is missing and may be. */
static int need_directory(struct gnt_copy *c, const char *path, int make, const char **out,
                          gantry_error *err)
{
    struct gnt_followed followed = { 0 };
    int rc = gnt_copy_follow(c, path, &followed, err);

    if (rc < 0)
        return rc;
    if (followed.info == NULL)
        rc = make ? make_path(c, followed.path, err)
                  : gnt_inside_fail(err, GANTRY_E_NOT_FOUND, path, "does not exist");
    else if (followed.info->type != GANTRY_FILE_DIRECTORY)
        rc = gnt_inside_fail(err, GANTRY_E_CONFLICT, path, "is no directory");
    gantry_file_info_free(followed.info);
    if (rc == 0)
        *out = followed.path;
    return rc;
}

int gnt_copy_mkdir(struct gnt_copy *c, const char *path, gantry_error *err)
{
    const char *made;

    return need_directory(c, path, 1, &made, err);
}

/* ---- archives -------------------------------------------------------------------------------- */

int gnt_copy_put(struct gnt_copy *c, const char *directory, gantry_archive *archive,
                 const gantry_copy_in_options *opts, gantry_error *err)
{
    gantry_archive *whole = NULL;
    const char *to = NULL;
    int rc = need_directory(c, directory, opts->create_directory == GANTRY_ON, &to, err);

    if (rc == 0)
        rc = gnt_copy_archive(c, &whole, err);
    if (rc < 0)
        return rc;
    whole->reproducible = archive->reproducible;
    whole->mtime_ns = archive->mtime_ns;
    /* Directories that the archive only implies are there, with a mode and owner of their own, or
     * the engine makes them. */
    whole->bare = 1;
    whole->own_ids = opts->keep_owner == GANTRY_OFF;
    if (whole->own_ids)
        rc = gnt_copy_own_user(c, &whole->uid, &whole->gid, err);
    if (rc == 0)
        rc = gnt_archive_include(whole, archive, err);
    if (rc == 0)
        rc = upload(c, to, whole, opts, err);
    gantry_archive_free(whole);
    return rc;
}

static int put_in(gantry_engine *e, const char *id, const char *directory, gantry_archive *archive,
                  const gantry_copy_in_options *o, gantry_error *err)
{
    struct gnt_inside inside;
    struct gnt_copy c;
    int rc;

    if (o->reserved != 0)
        return gantry_unsupported_option(err, "reserved");
    gnt_copy_begin(&c, e, id, o->call);
    rc = gnt_inside_parse(&c.arena, "directory", directory, &inside, err);
    if (rc == 0)
        rc = gnt_copy_put(&c, inside.path, archive, o, err);
    gnt_copy_end(&c);
    return rc;
}

int gantry_containers_copy_in(gantry_containers *containers, const char *id, const char *directory,
                              gantry_archive *archive, const gantry_copy_in_options *opts,
                              gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_copy_in_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_COPY_IN, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0 && archive == NULL)
        rc = gnt_fail(err, GANTRY_E_INVALID, "archive: must not be NULL");
    if (rc == 0)
        rc = GNT_IMPORT(gantry_copy_in_options, o, opts, err);
    if (rc == 0)
        rc = put_in(e, id, directory, archive, &o, err);
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_COPY_IN, GANTRY_RESOURCE_CONTAINER, id, err);
}

static int extract(gantry_engine *e, const char *id, const char *directory,
                   const gantry_source *tar, const gantry_copy_in_options *o, gantry_error *err)
{
    gantry_archive_options options = { .size = sizeof options, .allocator = &e->host.mem.a };
    gantry_archive *archive = NULL;
    int rc = gantry_archive_new(&options, &archive, err);

    if (rc == 0)
        rc = gantry_archive_add_tar(archive, tar, NULL, err);
    if (rc == 0)
        rc = put_in(e, id, directory, archive, o, err);
    gantry_archive_free(archive);
    return rc;
}

int gantry_containers_extract(gantry_containers *containers, const char *id, const char *directory,
                              const gantry_source *tar, const gantry_copy_in_options *opts,
                              gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_copy_in_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_COPY_IN, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0 && (tar == NULL || tar->read == NULL))
        rc = gnt_fail(err, GANTRY_E_INVALID, "tar: needs a read function");
    if (rc == 0)
        rc = GNT_IMPORT(gantry_copy_in_options, o, opts, err);
    if (rc == 0)
        rc = extract(e, id, directory, tar, &o, err);
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_COPY_IN, GANTRY_RESOURCE_CONTAINER, id, err);
}

/* ---- one file -------------------------------------------------------------------------------- */

int gnt_copy_write(struct gnt_copy *c, const char *path, const struct gnt_new_content *content,
                   int make_directory, gantry_error *err)
{
    gantry_entry_options o = { .size = sizeof o,
                               .mode = content->mode,
                               .uid = content->uid,
                               .gid = content->gid,
                               .mtime_ns = content->mtime_ns };
    struct gnt_followed followed = { 0 };
    gantry_archive *archive = NULL;
    const char *directory = NULL;
    int rc = gnt_copy_follow(c, path, &followed, err);

    if (rc < 0)
        return rc;
    if (followed.info != NULL && followed.info->type != GANTRY_FILE_REGULAR)
        rc = gnt_inside_fail(err, GANTRY_E_CONFLICT, path, "is no regular file");
    if (rc == 0) {
        directory = gnt_inside_parent(&c->arena, followed.path);
        rc = directory == NULL ? gnt_nomem(err) : 0;
    }
    if (rc == 0 && followed.info == NULL)
        rc = need_directory(c, directory, make_directory, &directory, err);
    gantry_file_info_free(followed.info);
    if (o.mtime_ns == 0)
        o.mtime_ns = gnt_now_ns();
    if (rc == 0)
        rc = gnt_copy_archive(c, &archive, err);
    if (rc == 0)
        archive->arena.wipe = content->secret;
    if (rc == 0)
        rc = gantry_archive_add_data(archive, gnt_inside_name(followed.path), content->data,
                                     content->size, &o, err);
    if (rc == 0 && content->exact_mode)
        archive->last->mode = content->mode | GNT_MODE_SET;
    if (rc == 0)
        rc = upload(c, directory, archive, NULL, err);
    gantry_archive_free(archive);
    return rc;
}

static int check_write(const gantry_write_file_options *o, const void *data, size_t size,
                       gantry_error *err)
{
    if (data == NULL && size > 0)
        return gnt_fail(err, GANTRY_E_INVALID, "data: must not be NULL");
    if (o->uid < 0 || o->gid < 0 || o->mode < 0 || o->mode > 07777)
        return gnt_fail(err, GANTRY_E_INVALID, "uid, gid, mode: must be possible ones");
    if (o->owner == GANTRY_OFF || o->follow != 0)
        return gantry_unsupported_option(err, o->follow != 0 ? "follow" : "owner");
    return 0;
}

int gantry_containers_write_file(gantry_containers *containers, const char *id, const char *path,
                                 const void *data, size_t size,
                                 const gantry_write_file_options *opts, gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_write_file_options o;
    struct gnt_inside inside;
    struct gnt_copy c;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_WRITE_FILE, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_write_file_options, o, opts, err);
    if (rc == 0)
        rc = check_write(&o, data, size, err);
    if (rc == 0) {
        struct gnt_new_content content = { data, size, o.mode, o.uid, o.gid, o.mtime_ns, 0, 0 };

        gnt_copy_begin(&c, e, id, o.call);
        rc = gnt_inside_parse(&c.arena, "path", path, &inside, err);
        if (rc == 0 && (inside.content || inside.directory))
            rc = gnt_fail(err, GANTRY_E_INVALID, "path: must be that of a file, not %s", path);
        if (rc == 0)
            rc = gnt_copy_write(&c, inside.path, &content, o.create_directory == GANTRY_ON, err);
        gnt_copy_end(&c);
    }
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_WRITE_FILE, GANTRY_RESOURCE_CONTAINER, id, err);
}
