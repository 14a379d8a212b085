/*
 * Files of this machine into containers, by the command lines' rules.
 */
#include "copying.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "pack.h"
#include "walk.h"

/* What is copied, and what it is called where it goes. */
struct from {
    const char *path; /* of the host */
    const char *name; /* its last part; "" if it has none of its own, as "." and "/" */
    int content;      /* it ended with "/.", or has no name */
    int directory;
};

static int look(struct gnt_copy *c, const char *host_path, int follow, struct from *out,
                gantry_error *err)
{
    size_t size = strlen(host_path);
    struct stat st;
    int trailing = host_path[size - 1] == '/';

    out->content = strcmp(host_path, ".") == 0 || strcmp(host_path, "/") == 0 ||
                   (size >= 2 && strcmp(host_path + size - 2, "/.") == 0);
    out->path = gnt_arena_strdup(&c->arena, host_path);
    if (out->path == NULL)
        return gnt_nomem(err);
    if ((follow || out->content || trailing ? stat : lstat)(host_path, &st) < 0)
        return gnt_file_fail(err, GANTRY_E_IO, errno, "cannot read", host_path);
    out->directory = S_ISDIR(st.st_mode);
    if (!out->directory && !S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
        return gnt_file_fail(err, GANTRY_E_INVALID, 0,
                             "neither a file nor a directory nor a link:", host_path);
    while (size > 1 && host_path[size - 1] == '/')
        size--;
    out->name = gnt_arena_strndup(&c->arena, host_path, size);
    if (out->name == NULL)
        return gnt_nomem(err);
    out->name = gnt_inside_name(out->name);
    if (strcmp(out->name, ".") == 0 || strcmp(out->name, "..") == 0 || out->name[0] == '\0') {
        out->content = 1;
        out->name = "";
    }
    return 0;
}

/* Where it goes: a directory that is there, and a name in it; "": its content alone. */
static int place(struct gnt_copy *c, const struct from *from, const struct gnt_inside *to, int make,
                 const char **out_directory, const char **out_name, gantry_error *err)
{
    struct gnt_followed followed = { 0 };
    int rc = gnt_copy_follow(c, to->path, &followed, err);
    int type = rc == 0 && followed.info != NULL ? followed.info->type : -1;

    gantry_file_info_free(followed.info);
    if (rc < 0)
        return rc;
    if (type == GANTRY_FILE_DIRECTORY) {
        *out_directory = followed.path;
        *out_name = from->content ? "" : from->name;
        return 0;
    }
    if (type >= 0 && from->directory)
        return gnt_inside_fail(err, GANTRY_E_CONFLICT, to->path,
                               "is no directory, so that none can be copied onto it");
    if ((to->directory || to->content) && !from->directory) {
        if (type >= 0 || !make)
            return gnt_inside_fail(err, GANTRY_E_NOT_FOUND, to->path, "is no directory");
        *out_directory = followed.path;
        *out_name = from->name;
        return gnt_copy_mkdir(c, followed.path, err);
    }
    *out_name = gnt_inside_name(followed.path);
    *out_directory = gnt_inside_parent(&c->arena, followed.path);
    if (*out_directory == NULL)
        return gnt_nomem(err);
    return type < 0 && make ? gnt_copy_mkdir(c, *out_directory, err) : 0;
}

/* The file that a link of the host leads to. Directories on the way are the system's to resolve, so
 * ".." in a target stays. */
static int follow_host(struct gnt_copy *c, const char **path, gantry_error *err)
{
    char target[GNT_PATH_MAX + 1];
    struct stat st;
    int rc = 0;

    for (int hops = 0; rc == 0 && lstat(*path, &st) == 0 && S_ISLNK(st.st_mode); hops++) {
        const char *slash = strrchr(*path, '/');
        int size = slash != NULL ? (int)(slash - *path) + 1 : 0;

        if (hops > GNT_HOPS_MAX)
            return gnt_file_fail(err, GANTRY_E_IO, ELOOP, "cannot read", *path);
        rc = gnt_file_link(AT_FDCWD, *path, *path, target, sizeof target, err);
        if (rc < 0)
            return rc;
        *path = gnt_arena_printf(&c->arena, "%.*s%s", target[0] == '/' ? 0 : size, *path, target);
        rc = *path == NULL ? gnt_nomem(err) : 0;
    }
    return rc;
}

static int add(struct gnt_copy *c, const struct from *from, const char *name, int follow,
               const gantry_write_file_options *o, gantry_archive *archive, gantry_error *err)
{
    gantry_entry_options entry = { .size = sizeof entry,
                                   .uid = o->owner == GANTRY_ON ? o->uid : 0,
                                   .gid = o->owner == GANTRY_ON ? o->gid : 0,
                                   .mtime_ns = o->mtime_ns,
                                   .keep_owner = o->owner == GANTRY_OFF ? GANTRY_ON : 0 };
    const char *path = from->path;
    int rc = 0;

    if (from->directory)
        return gantry_archive_add_directory(archive, name, from->path, &entry, err);
    if (follow)
        rc = follow_host(c, &path, err);
    return rc < 0 ? rc : gantry_archive_add_file(archive, name, path, &entry, err);
}

static int copy(struct gnt_copy *c, const char *host_path, const char *path,
                const gantry_write_file_options *o, gantry_error *err)
{
    gantry_copy_in_options options = { .size = sizeof options };
    gantry_archive *archive = NULL;
    const char *directory = NULL;
    const char *name = NULL;
    struct gnt_inside to;
    struct from from = { 0 };
    int follow = o->follow == GANTRY_ON;
    int rc = gnt_inside_parse(&c->arena, "path", path, &to, err);

    if (rc == 0)
        rc = look(c, host_path, follow, &from, err);
    if (rc == 0)
        rc = place(c, &from, &to, o->create_directory == GANTRY_ON, &directory, &name, err);
    if (rc == 0)
        rc = gnt_copy_archive(c, &archive, err);
    if (rc == 0)
        rc = add(c, &from, name, follow, o, archive, err);
    if (rc == 0)
        rc = gnt_copy_put(c, directory, archive, &options, err);
    gantry_archive_free(archive);
    return rc;
}

static int check(const char *host_path, const gantry_write_file_options *o, gantry_error *err)
{
    if (host_path == NULL || host_path[0] == '\0' || strlen(host_path) > GNT_PATH_MAX)
        return gnt_fail(err, GANTRY_E_INVALID, "host_path: must be a path");
    if (o->mode != 0) /* the files have their own */
        return gantry_unsupported_option(err, "mode");
    if (o->owner != GANTRY_ON && (o->uid != 0 || o->gid != 0))
        return gnt_fail(err, GANTRY_E_INVALID, "uid, gid: have a meaning with owner only");
    if (o->uid < 0 || o->gid < 0)
        return gnt_fail(err, GANTRY_E_INVALID, "uid, gid: must not be negative");
    return 0;
}

int gantry_containers_copy_from_host(gantry_containers *containers, const char *id,
                                     const char *host_path, const char *path,
                                     const gantry_write_file_options *opts, gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_write_file_options o;
    struct gnt_copy c;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_COPY_IN, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_write_file_options, o, opts, err);
    if (rc == 0)
        rc = check(host_path, &o, err);
    if (rc == 0) {
        gnt_copy_begin(&c, e, id, o.call);
        rc = copy(&c, host_path, path, &o, err);
        gnt_copy_end(&c);
    }
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_COPY_IN, GANTRY_RESOURCE_CONTAINER, id, err);
}
