/*
 * For the archive tests: read an archive whole, take it apart with libarchive, trees on disk,
 * an allocator that fails on demand. Include after <cmocka.h>.
 */
#ifndef ARCHIVE_HELPERS_H
#define ARCHIVE_HELPERS_H

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <gantry/gantry.h>

#include "pack.h"

/* ---- whole archives -------------------------------------------------------------------------- */

struct bytes {
    unsigned char *data;
    size_t size;
};

/* Read to the end in pieces of `piece`; the code of the failure, if there was one. */
static inline int slurp(gantry_archive *archive, size_t piece, struct bytes *out, gantry_error *err)
{
    struct gnt_tar *tar = NULL;
    size_t capacity = 0, got = 0;
    int rc = gnt_tar_open(archive, NULL, NULL, &tar, err);

    memset(out, 0, sizeof *out);
    while (rc == 0) {
        if (capacity - out->size < piece) {
            capacity = capacity * 2 + piece;
            out->data = realloc(out->data, capacity);
            assert_non_null(out->data);
        }
        rc = gnt_tar_read(tar, out->data + out->size, piece, &got, err);
        if (rc < 0 || got == 0)
            break;
        assert_true(got <= piece);
        out->size += got;
    }
    gnt_tar_close(tar);
    return rc;
}

/* As slurp, for archives that must fail. */
static inline void assert_fails(gantry_archive *archive, int code, const char *text)
{
    gantry_error err = { 0 };
    struct bytes tar;

    assert_int_equal(slurp(archive, 4096, &tar, &err), code);
    assert_int_equal(err.code, code);
    if (strstr(err.message, text) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", text, err.message);
    free(tar.data);
}

struct member {
    char name[5000];
    char link[512];
    mode_t type;
    int mode;
    int64_t uid, gid, mtime, size;
    unsigned char *data;
};

struct members {
    size_t count;
    struct member *items;
};

static inline struct members parse(const struct bytes *tar)
{
    struct members list = { 0, NULL };
    struct archive *a = archive_read_new();
    struct archive_entry *e;
    int rc;

    assert_int_equal(archive_read_support_format_tar(a), ARCHIVE_OK);
    assert_int_equal(archive_read_open_memory(a, tar->data, tar->size), ARCHIVE_OK);
    while ((rc = archive_read_next_header(a, &e)) == ARCHIVE_OK || rc == ARCHIVE_WARN) {
        struct member *m;

        list.items = realloc(list.items, (list.count + 1) * sizeof *list.items);
        assert_non_null(list.items);
        m = &list.items[list.count++];
        memset(m, 0, sizeof *m);
        snprintf(m->name, sizeof m->name, "%s", archive_entry_pathname(e));
        if (archive_entry_symlink(e) != NULL)
            snprintf(m->link, sizeof m->link, "%s", archive_entry_symlink(e));
        if (archive_entry_hardlink(e) != NULL)
            snprintf(m->link, sizeof m->link, "%s", archive_entry_hardlink(e));
        m->type = archive_entry_filetype(e);
        m->mode = (int)archive_entry_perm(e);
        m->uid = archive_entry_uid(e);
        m->gid = archive_entry_gid(e);
        m->mtime = archive_entry_mtime(e);
        m->size = archive_entry_size(e);
        m->data = calloc(1, (size_t)m->size + 1);
        assert_non_null(m->data);
        assert_int_equal(archive_read_data(a, m->data, (size_t)m->size), m->size);
    }
    assert_int_equal(rc, ARCHIVE_EOF);
    archive_read_free(a);
    return list;
}

static inline void free_members(struct members *list)
{
    size_t i;

    for (i = 0; i < list->count; i++)
        free(list->items[i].data);
    free(list->items);
}

static inline struct members contents(gantry_archive *archive)
{
    struct members list;
    struct bytes tar;
    gantry_error err = { 0 };
    int rc = slurp(archive, 65536, &tar, &err);

    if (rc < 0)
        fail_msg("%s: %s", gantry_error_name(rc), err.message);
    list = parse(&tar);
    free(tar.data);
    return list;
}

static inline const struct member *find(const struct members *list, const char *name)
{
    size_t i;

    for (i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].name, name) == 0)
            return &list->items[i];
    }
    fail_msg("no %s in the archive", name);
    return NULL;
}

/* The names in their order, joined by spaces. */
static inline void assert_names(const struct members *list, const char *expected)
{
    char all[4096] = "";
    size_t i, size = 0;

    for (i = 0; i < list->count && size < sizeof all; i++)
        size += (size_t)snprintf(all + size, sizeof all - size, "%s%s", i > 0 ? " " : "",
                                 list->items[i].name);
    assert_string_equal(all, expected);
}

static inline void assert_data(const struct members *list, const char *name, const char *text)
{
    const struct member *m = find(list, name);

    assert_int_equal(m->type, AE_IFREG);
    assert_int_equal(m->size, (int64_t)strlen(text));
    assert_memory_equal(m->data, text, strlen(text));
}

static inline gantry_archive *new_archive(void)
{
    gantry_archive *archive = NULL;

    assert_int_equal(gantry_archive_new(NULL, &archive, NULL), 0);
    return archive;
}

static inline void add_text(gantry_archive *archive, const char *name, const char *text)
{
    assert_int_equal(gantry_archive_add_data(archive, name, text, strlen(text), NULL, NULL), 0);
}

/* ---- trees on disk --------------------------------------------------------------------------- */

struct tree {
    char root[64];
    char path[160];
};

static inline int tree_make(void **state)
{
    struct tree *t = calloc(1, sizeof *t);

    assert_non_null(t);
    snprintf(t->root, sizeof t->root, "/tmp/gantry-archive-XXXXXX");
    assert_non_null(mkdtemp(t->root));
    *state = t;
    return 0;
}

/* Also for trees that are too deep for paths. */
static inline int tree_remove(void **state)
{
    struct tree *t = *state;
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        execlp("rm", "rm", "-rf", t->root, (char *)NULL);
        _exit(127);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    free(t);
    return status;
}

static inline const char *at(struct tree *t, const char *name)
{
    snprintf(t->path, sizeof t->path, "%s/%s", t->root, name);
    return t->path;
}

static inline void make_dir(struct tree *t, const char *name)
{
    assert_int_equal(mkdir(at(t, name), 0755), 0);
}

static inline void make_sized(struct tree *t, const char *name, const void *data, size_t size)
{
    int fd = open(at(t, name), O_WRONLY | O_CREAT | O_TRUNC, 0644);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, size), (ssize_t)size);
    close(fd);
}

static inline void make_file(struct tree *t, const char *name, const char *text)
{
    make_sized(t, name, text, strlen(text));
}

static inline void make_link(struct tree *t, const char *name, const char *target)
{
    assert_int_equal(symlink(target, at(t, name)), 0);
}

static inline void add_tree(gantry_archive *archive, const char *name, const char *path)
{
    assert_int_equal(gantry_archive_add_directory(archive, name, path, NULL, NULL), 0);
}

/* ---- allocator ------------------------------------------------------------------------------- */

struct meter {
    long live;
    long count;
    long fail_at; /* 0 = never */
};

static inline void *meter_allocate(void *arg, size_t size)
{
    struct meter *m = arg;

    if (++m->count == m->fail_at)
        return NULL;
    m->live++;
    return malloc(size);
}

static inline void *meter_reallocate(void *arg, void *ptr, size_t size)
{
    struct meter *m = arg;

    if (++m->count == m->fail_at)
        return NULL;
    m->live += ptr == NULL;
    return realloc(ptr, size);
}

static inline void meter_release(void *arg, void *ptr)
{
    struct meter *m = arg;

    m->live -= ptr != NULL;
    free(ptr);
}

#endif
