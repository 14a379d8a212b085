/*
 * What an entry's header says: type, mode, owner, time and size, from the recipe, from the host or
 * from both. Opens files, since the size is the one of the descriptor that will be read. Knows no
 * tar, and of hard links only those that were asked for.
 */
#include "pack.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "walk.h"

static int64_t seconds(int64_t ns)
{
    return ns >= 0 ? ns / 1000000000 : -((-(ns + 1)) / 1000000000) - 1;
}

static void from_stat(struct gnt_meta *m, const struct stat *st, const struct gnt_entry *e)
{
    m->mode = e->mode != 0 ? e->mode : (int)(st->st_mode & 07777);
    m->uid = e->keep_owner ? (int64_t)st->st_uid : e->uid;
    m->gid = e->keep_owner ? (int64_t)st->st_gid : e->gid;
    m->mtime = e->mtime_ns != 0 ? seconds(e->mtime_ns) : (int64_t)st->st_mtim.tv_sec;
}

static int link_or_directory(struct gnt_meta *m, const struct stat *st)
{
    if (S_ISDIR(st->st_mode)) {
        m->type = GNT_TYPE_DIRECTORY;
        return 1;
    }
    if (S_ISLNK(st->st_mode)) {
        m->type = GNT_TYPE_LINK;
        m->mode = 0777;
        m->link = m->link_buffer;
    }
    m->size = S_ISREG(st->st_mode) ? (int64_t)st->st_size : 0;
    if (m->type != GNT_TYPE_LINK && !S_ISREG(st->st_mode))
        m->type = GNT_TYPE_OTHER;
    return 0;
}

/* What a walk stands at. A file is opened: its header says what the descriptor says. */
static int describe_walked(const struct gnt_item *item, struct gnt_meta *m, struct gnt_content *c,
                           gantry_error *err)
{
    const struct stat *st = gnt_walk_stat(item->walk);
    int fd, rc;

    from_stat(m, st, item->origin);
    if (link_or_directory(m, st))
        return 0;
    if (m->type == GNT_TYPE_LINK)
        return gnt_walk_read_link(item->walk, m->link_buffer, sizeof m->link_buffer, err);
    if (c == NULL || m->type == GNT_TYPE_OTHER)
        return 0;
    rc = gnt_walk_open_file(item->walk, &fd, err);
    return rc < 0 ? rc : gnt_content_file(c, gnt_walk_path(item->walk), fd, err);
}

static int describe_file(const struct gnt_entry *e, struct gnt_meta *m, struct gnt_content *c,
                         gantry_error *err)
{
    struct stat st;
    int fd;
    int rc = gnt_file_stat(AT_FDCWD, e->path, e->path, &st, err);

    if (rc < 0)
        return rc;
    from_stat(m, &st, e);
    if (link_or_directory(m, &st))
        return gnt_file_fail(err, GANTRY_E_IO, EISDIR, "cannot add as a file:", e->path);
    if (m->type == GNT_TYPE_LINK)
        return gnt_file_link(AT_FDCWD, e->path, e->path, m->link_buffer, sizeof m->link_buffer,
                             err);
    if (!S_ISREG(st.st_mode))
        return gnt_file_fail(err, GANTRY_E_IO, 0, "neither a regular file nor a link:", e->path);
    if (c == NULL)
        return 0;
    rc = gnt_file_open(AT_FDCWD, e->path, e->path, &st, &fd, err);
    return rc < 0 ? rc : gnt_content_file(c, e->path, fd, err);
}

static int describe_entry(const struct gnt_entry *e, struct gnt_meta *m, struct gnt_content *c,
                          gantry_error *err)
{
    m->mode = e->mode != 0 ? e->mode & 07777 : 0644;
    m->uid = e->uid;
    m->gid = e->gid;
    m->mtime = seconds(e->mtime_ns);
    switch (e->kind) {
    case GNT_ENTRY_DATA:
        m->size = (int64_t)e->size;
        if (c != NULL)
            gnt_content_data(c, e->name, e->data, e->size);
        return 0;
    case GNT_ENTRY_SOURCE:
        m->size = e->source.length;
        if (c != NULL)
            gnt_content_source(c, e->name, &e->source);
        return 0;
    case GNT_ENTRY_FILE:
        return describe_file(e, m, c, err);
    case GNT_ENTRY_SYMLINK:
        m->type = GNT_TYPE_LINK;
        m->mode = 0777;
        m->link = e->path;
        return 0;
    case GNT_ENTRY_LINK:
        m->type = GNT_TYPE_HARDLINK;
        return 0;
    case GNT_ENTRY_MKDIR:
    case GNT_ENTRY_DIRECTORY:
    case GNT_ENTRY_TAR:
    case GNT_ENTRY_OMIT:
    case GNT_ENTRY_INCLUDE:
        break;
    }
    m->type = GNT_TYPE_DIRECTORY;
    m->mode = e->mode != 0 ? e->mode : 0755;
    return 0;
}

void gnt_describe_fixed(const gantry_archive *archive, struct gnt_meta *m)
{
    if (archive->reproducible) {
        m->uid = m->gid = 0;
        m->mtime = seconds(archive->mtime_ns);
        if (m->type != GNT_TYPE_LINK)
            m->mode = m->type == GNT_TYPE_DIRECTORY || (m->mode & 0111) != 0 ? 0755 : 0644;
    }
    if (archive->own_ids) {
        m->uid = archive->uid;
        m->gid = archive->gid;
    }
}

int gnt_describe(const gantry_archive *archive, const struct gnt_item *item, struct gnt_meta *m,
                 struct gnt_content *c, gantry_error *err)
{
    int rc = 0;

    m->mode = 0;
    m->uid = m->gid = m->mtime = m->size = 0;
    m->link = NULL;
    m->type = GNT_TYPE_FILE;
    if (item->entry != NULL) {
        rc = describe_entry(item->entry, m, c, err);
    } else if (item->walk != NULL) {
        rc = describe_walked(item, m, c, err);
    } else {
        m->type = GNT_TYPE_DIRECTORY;
        m->mode = 0755;
    }
    if (rc < 0)
        return rc;
    if (c != NULL && c->kind != GNT_CONTENT_NONE)
        m->size = c->size;
    gnt_describe_fixed(archive, m);
    return 0;
}
