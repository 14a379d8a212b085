/*
 * Files of containers onto this machine, by the command lines' rules. What the archive says is not
 * believed; see extract.h.
 */
#include "copying.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "extract.h"
#include "pack.h"
#include "walk.h"

/* Where it goes: an open directory, and what it is called there. */
struct to {
    int fd;
    const char *path; /* of the directory */
    const char *name; /* NULL: the content alone, into the directory */
};

static int open_directory(const char *path, struct to *out, gantry_error *err)
{
    out->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    out->path = path;
    return out->fd < 0 ? gnt_file_fail(err, GANTRY_E_IO, errno, "cannot open", path) : 0;
}

/* host_path is no directory: it becomes the name of what is copied. */
static int open_parent(struct gnt_copy *c, const char *host_path, int is_directory, struct to *out,
                       gantry_error *err)
{
    size_t size = strlen(host_path);
    const char *clean, *name;
    const char *parent = ".";
    int must_be =
        host_path[size - 1] == '/' || (size >= 2 && strcmp(host_path + size - 2, "/.") == 0);

    if (must_be && !is_directory)
        return gnt_file_fail(err, GANTRY_E_IO, ENOENT, "there is no directory", host_path);
    while (size > 1 && (host_path[size - 1] == '/' ||
                        (host_path[size - 1] == '.' && host_path[size - 2] == '/')))
        size--;
    clean = gnt_arena_strndup(&c->arena, host_path, size);
    if (clean == NULL)
        return gnt_nomem(err);
    name = gnt_inside_name(clean);
    if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return gnt_file_fail(err, GANTRY_E_IO, ENOENT, "cannot write", host_path);
    if (name > clean)
        parent = name == clean + 1
                     ? "/"
                     : gnt_arena_strndup(&c->arena, clean, (size_t)(name - clean) - 1);
    if (parent == NULL)
        return gnt_nomem(err);
    out->name = name;
    return open_directory(parent, out, err);
}

static int place(struct gnt_copy *c, const char *host_path, const struct gnt_inside *path,
                 const gantry_file_info *info, struct to *out, gantry_error *err)
{
    int is_directory = info->type == GANTRY_FILE_DIRECTORY;
    struct stat st;

    if (stat(host_path, &st) == 0 && S_ISDIR(st.st_mode)) {
        out->name = path->content ? NULL : path->name;
        return open_directory(host_path, out, err);
    }
    if (is_directory && lstat(host_path, &st) == 0)
        return gnt_file_fail(err, GANTRY_E_CONFLICT, 0,
                             "a directory cannot be copied onto what is none:", host_path);
    return open_parent(c, host_path, is_directory, out, err);
}

static int look(struct gnt_copy *c, const struct gnt_inside *path, int follow,
                gantry_file_info **out, gantry_error *err)
{
    struct gnt_followed followed = { 0 };
    int rc;

    if (!follow && !path->content && !path->directory)
        return gnt_copy_stat(c, path->path, out, err);
    rc = gnt_copy_follow(c, path->path, &followed, err);
    if (rc == 0 && followed.info == NULL)
        rc = gnt_inside_fail(err, GANTRY_E_NOT_FOUND, path->path, "does not exist");
    if (rc == 0)
        *out = followed.info;
    return rc;
}

/* Content that gets a name of its own: the directory is meant, with all that is in it. Only the
 * root has none that could be replaced. */
static int name_content(struct gnt_inside *inside, const char *host_path, struct to *to,
                        gantry_error *err)
{
    int fd;

    if (!inside->content)
        return 0;
    if (inside->name[0] != '\0') {
        inside->content = 0;
        inside->directory = 1;
        return 0;
    }
    if (mkdirat(to->fd, to->name, 0755) < 0)
        return gnt_file_fail(err, GANTRY_E_IO, errno, "cannot make", host_path);
    fd = openat(to->fd, to->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return gnt_file_fail(err, GANTRY_E_IO, errno, "cannot open", host_path);
    close(to->fd);
    to->fd = fd;
    to->path = host_path;
    to->name = NULL;
    return 0;
}

static int copy(struct gnt_copy *c, const char *path, const char *host_path,
                const gantry_copy_to_host_options *o, gantry_error *err)
{
    struct gnt_extract_options options = { .max_bytes = o->max_bytes,
                                           .max_entries = o->max_entries,
                                           .owner = o->owner == GANTRY_ON,
                                           .skip_special = o->special == GANTRY_ON,
                                           .keep = o->replace == GANTRY_OFF };
    int follow = o->follow == GANTRY_ON;
    struct to to = { .fd = -1 };
    gantry_file_info *info = NULL;
    gantry_stream *tar = NULL;
    struct gnt_inside inside;
    struct gnt_clock clock;
    int rc = gnt_inside_parse(&c->arena, "path", path, &inside, err);

    if (rc == 0 && options.owner && !gnt_copy_tells_owners(c))
        rc = gantry_unsupported_option(err, "owner");
    if (rc == 0)
        rc = look(c, &inside, follow, &info, err);
    if (rc == 0)
        rc = place(c, host_path, &inside, info, &to, err);
    gantry_file_info_free(info);
    if (rc == 0 && to.name != NULL)
        rc = name_content(&inside, host_path, &to, err);
    if (rc == 0)
        rc = gnt_copy_get(c, &inside, follow, to.name, &tar, err);
    if (rc == 0) {
        options.only = to.name; /* beside it is what the caller did not name */
        gnt_clock_start(&clock, c->call, 0);
        rc = gnt_extract(&c->arena.mem, tar, to.fd, to.path, &options, &clock, err);
    }
    gantry_stream_close(tar);
    if (to.fd >= 0)
        close(to.fd);
    return rc;
}

static int check(const char *host_path, const gantry_copy_to_host_options *o, gantry_error *err)
{
    if (host_path == NULL || host_path[0] == '\0' || strlen(host_path) > GNT_PATH_MAX)
        return gnt_fail(err, GANTRY_E_INVALID, "host_path: must be a path");
    if (o->max_bytes < 0 || o->max_entries < 0)
        return gnt_fail(err, GANTRY_E_INVALID, "max_bytes, max_entries: must not be negative");
    return 0;
}

int gantry_containers_copy_to_host(gantry_containers *containers, const char *id, const char *path,
                                   const char *host_path, const gantry_copy_to_host_options *opts,
                                   gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_copy_to_host_options o;
    struct gnt_copy c;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_COPY_OUT, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_copy_to_host_options, o, opts, err);
    if (rc == 0)
        rc = check(host_path, &o, err);
    if (rc == 0) {
        gnt_copy_begin(&c, e, id, o.call);
        rc = copy(&c, path, host_path, &o, err);
        gnt_copy_end(&c);
    }
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_COPY_OUT, GANTRY_RESOURCE_CONTAINER, id, err);
}
