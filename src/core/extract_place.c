/*
 * Places below a directory, reached part by part from its descriptor without following a link. The
 * directory of the last entry stays open, since the next is mostly in it too.
 */
#include "extract.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum {
    NAME_MAX_BYTES = 16 * 1024 /* each part may be a directory, remembered by its whole name */
};

void gnt_places_init(struct gnt_places *p, const struct gnt_mem *mem, int root, const char *path)
{
    memset(p, 0, sizeof *p);
    p->mem = *mem;
    p->root = p->fd = root;
    p->path = path;
    gnt_buf_init(&p->parent, mem, NAME_MAX_BYTES);
    gnt_buf_init(&p->clean, mem, NAME_MAX_BYTES);
}

void gnt_places_free(struct gnt_places *p)
{
    if (p->fd != p->root)
        close(p->fd);
    p->fd = p->root;
    gnt_buf_free(&p->parent);
    gnt_buf_free(&p->clean);
}

int gnt_places_fail(const struct gnt_places *p, int code, int os_error, const char *what,
                    const char *name, gantry_error *err)
{
    char text[192];

    if (os_error != 0)
        gnt_fail(err, code, "%s %s/%s: %s", what, p->path, name,
                 gnt_errno_text(os_error, text, sizeof text));
    else
        gnt_fail(err, code, "%s %s/%s", what, p->path, name);
    if (err != NULL) {
        err->os_error = os_error;
        gnt_error_resource(err, GANTRY_RESOURCE_FILE, name);
    }
    return code;
}

static int refuse(const char *what, const char *name, gantry_error *err)
{
    gnt_fail(err, GANTRY_E_DENIED, "the archive has %s: %.600s", what, name);
    gnt_error_resource(err, GANTRY_RESOURCE_FILE, name);
    return GANTRY_E_DENIED;
}

int gnt_places_clean(struct gnt_places *p, const char *name, gantry_error *err)
{
    const char *at = name;

    gnt_buf_clear(&p->clean);
    if (name[0] == '/')
        return refuse("an absolute name", name, err);
    while (*at != '\0') {
        size_t size = strcspn(at, "/");

        if (size == 2 && memcmp(at, "..", 2) == 0)
            return refuse("a name with \"..\"", name, err);
        if (size > 0 && !(size == 1 && at[0] == '.')) {
            if (p->clean.size > 0)
                gnt_buf_adds(&p->clean, "/");
            gnt_buf_add(&p->clean, at, size);
        }
        at += size + (at[size] == '/');
    }
    if (p->clean.rc == GANTRY_E_LIMIT)
        return refuse("a name of more than 16 KiB", name, err);
    return p->clean.rc < 0 ? gnt_nomem(err) : 0;
}

static void forget(struct gnt_places *p)
{
    if (p->fd != p->root)
        close(p->fd);
    p->fd = p->root;
    gnt_buf_clear(&p->parent);
}

/* One step down; `so_far` is the way including `part`. */
static int enter(struct gnt_places *p, const char *part, const char *so_far, int make,
                 gantry_error *err)
{
    int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(p->fd, part, flags);
    int rc = 0;

    if (fd < 0 && errno == ENOENT && make) {
        if (mkdirat(p->fd, part, 0700) < 0 && errno != EEXIST)
            return gnt_places_fail(p, GANTRY_E_IO, errno, "cannot make", so_far, err);
        fd = openat(p->fd, part, flags);
        if (fd >= 0 && p->made != NULL)
            rc = p->made(p->arg, so_far, err);
    }
    if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
        return gnt_places_fail(p, GANTRY_E_DENIED, 0,
                               "the archive's names go through what is no directory:", so_far, err);
    if (fd < 0)
        return gnt_places_fail(p, errno == ENOENT ? GANTRY_E_NOT_FOUND : GANTRY_E_IO, errno,
                               "cannot open", so_far, err);
    if (p->fd != p->root)
        close(p->fd);
    p->fd = fd;
    return rc;
}

static int walk(struct gnt_places *p, const char *clean, size_t size, int make, gantry_error *err)
{
    char part[4096];
    size_t at = 0;
    int rc = 0;

    while (rc == 0 && at < size) {
        size_t length = strcspn(clean + at, "/");

        if (length >= sizeof part)
            return gnt_places_fail(p, GANTRY_E_IO, ENAMETOOLONG, "cannot make", clean, err);
        memcpy(part, clean + at, length);
        part[length] = '\0';
        if (p->parent.size > 0)
            gnt_buf_adds(&p->parent, "/");
        if (gnt_buf_adds(&p->parent, part) < 0)
            return gnt_nomem(err);
        rc = enter(p, part, gnt_buf_text(&p->parent), make, err);
        at += length + 1;
    }
    return rc;
}

int gnt_places_open(struct gnt_places *p, const char *clean, int make, int *out_fd,
                    const char **out_leaf, gantry_error *err)
{
    const char *slash = strrchr(clean, '/');
    size_t size = slash != NULL ? (size_t)(slash - clean) : 0;
    int rc = 0;

    if (size != p->parent.size || memcmp(gnt_buf_text(&p->parent), clean, size) != 0) {
        forget(p);
        rc = walk(p, clean, size, make, err);
        if (rc < 0) {
            forget(p);
            return rc;
        }
    }
    *out_fd = p->fd;
    *out_leaf = slash != NULL ? slash + 1 : clean;
    return 0;
}
