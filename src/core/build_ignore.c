/*
 * Ignore rules of a build context: which file they come from, and what classic Docker must be told
 * so that it hides what the rules hide and nothing else.
 */
#include "build_ignore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ignore.h"
#include "walk.h"

/* An ignore file has some hundred lines. */
#define FILE_MAX ((size_t)4 * 1024 * 1024)

/* ---- looking up ------------------------------------------------------------------------------ */

/* The part of a name that is below a directory entry, or NULL. */
static const char *below(const struct gnt_entry *e, const char *name)
{
    if (e->name_size == 0)
        return name;
    if (strncmp(name, e->name, e->name_size) != 0 || name[e->name_size] != '/')
        return NULL;
    return name + e->name_size + 1;
}

static int find_on_host(struct gnt_arena *arena, const char *directory, const char *name,
                        struct gnt_located *out, gantry_error *err)
{
    const char *path = gnt_arena_printf(arena, "%s/%s", directory, name);
    struct stat st;

    if (path == NULL)
        return gnt_nomem(err);
    if (stat(path, &st) < 0) {
        if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)
            return 0;
        return gnt_file_fail(err, GANTRY_E_IO, errno, "cannot look at", path);
    }
    out->path = path;
    out->kind = GNT_LOCATED_PATH;
    return 0;
}

static int find_explicit(const gantry_archive *archive, const char *name, struct gnt_located *out)
{
    for (const struct gnt_entry *e = archive->first; e != NULL; e = e->next) {
        if (e->kind == GNT_ENTRY_INCLUDE) {
            find_explicit(e->include, name, out);
        } else if (e->kind != GNT_ENTRY_DIRECTORY && e->kind != GNT_ENTRY_TAR &&
                   strcmp(e->name, name) == 0) {
            *out = (struct gnt_located){ .kind = e->kind == GNT_ENTRY_DATA   ? GNT_LOCATED_TEXT
                                                 : e->kind == GNT_ENTRY_FILE ? GNT_LOCATED_PATH
                                                                             : GNT_LOCATED_OTHER,
                                         .path = e->path,
                                         .text = e->data,
                                         .size = e->size };
        }
    }
    return out->kind != GNT_LOCATED_NONE;
}

static int find_in_directories(struct gnt_arena *arena, const gantry_archive *archive,
                               const char *name, struct gnt_located *out, gantry_error *err)
{
    const struct gnt_rule *rule;
    int rc = 0;

    for (const struct gnt_entry *e = archive->first; rc == 0 && e != NULL; e = e->next) {
        const char *rest = e->kind == GNT_ENTRY_DIRECTORY ? below(e, name) : NULL;

        if (e->kind == GNT_ENTRY_INCLUDE)
            rc = find_in_directories(arena, e->include, name, out, err);
        else if (rest != NULL &&
                 (e->ignore == NULL || !gnt_ignore_check(e->ignore, rest, strlen(rest), &rule)))
            rc = find_on_host(arena, e->path, rest, out, err);
    }
    return rc;
}

int gnt_archive_find(struct gnt_arena *arena, const gantry_archive *archive, const char *name,
                     struct gnt_located *out, gantry_error *err)
{
    *out = (struct gnt_located){ 0 };
    if (find_explicit(archive, name, out))
        return 0;
    return find_in_directories(arena, archive, name, out, err);
}

/* ---- reading --------------------------------------------------------------------------------- */

static int read_file(struct gnt_buf *buf, const char *path, gantry_error *err)
{
    char block[4096];
    struct stat st;
    ssize_t n = 0;
    int rc = 0;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return gnt_file_fail(err, GANTRY_E_IO, errno, "cannot open", path);
    if (fstat(fd, &st) < 0)
        rc = gnt_file_fail(err, GANTRY_E_IO, errno, "cannot look at", path);
    else if (!S_ISREG(st.st_mode))
        rc = gnt_file_fail(err, GANTRY_E_IO, 0, "an ignore file must be a file:", path);
    while (rc == 0) {
        n = read(fd, block, sizeof block);
        if (n == 0 || (n < 0 && errno != EINTR) ||
            (n > 0 && gnt_buf_add(buf, block, (size_t)n) < 0))
            break;
    }
    if (n < 0)
        rc = gnt_file_fail(err, GANTRY_E_IO, errno, "cannot read", path);
    else if (buf->rc == GANTRY_E_LIMIT)
        rc = gnt_file_fail(err, GANTRY_E_LIMIT, 0, "an ignore file of more than 4 MiB:", path);
    else if (buf->rc < 0)
        rc = gnt_nomem(err);
    close(fd);
    return rc;
}

static int read_found(struct gnt_buf *buf, const struct gnt_located *found, const char *name,
                      gantry_error *err)
{
    if (found->kind == GNT_LOCATED_PATH)
        return read_file(buf, found->path, err);
    if (found->kind == GNT_LOCATED_OTHER)
        return gnt_fail(err, GANTRY_E_INVALID,
                        "the ignore file %s of the context must be a file from memory or the host",
                        name);
    return gnt_buf_add(buf, found->text, found->size) < 0 ? gnt_nomem(err) : 0;
}

/* ---- rules ----------------------------------------------------------------------------------- */

int gnt_context_find(struct gnt_arena *arena, const gantry_build_options *opts, const char *name,
                     struct gnt_located *out, gantry_error *err)
{
    int rc = 0;

    *out = (struct gnt_located){ 0 };
    if (opts->context != NULL)
        rc = gnt_archive_find(arena, opts->context, name, out, err);
    if (rc < 0 || out->kind != GNT_LOCATED_NONE)
        return rc;
    rc = find_on_host(arena, opts->context_directory, name, out, err);
    out->in_directory = out->kind != GNT_LOCATED_NONE;
    return rc;
}

static int add_file(struct gnt_arena *arena, const gantry_build_options *opts, const char *name,
                    struct gnt_context_rules *rules, gantry_error *err)
{
    struct gnt_located found;
    struct gnt_buf buf;
    int rc = gnt_context_find(arena, opts, name, &found, err);

    if (rc < 0 || found.kind == GNT_LOCATED_NONE)
        return rc;
    gnt_buf_init(&buf, &arena->mem, FILE_MAX);
    rc = read_found(&buf, &found, name, err);
    if (rc == 0)
        rc = gnt_ignore_add_text(rules->ignore, name, buf.data, buf.size, err);
    gnt_buf_free(&buf);
    rules->file = rc == 0 ? name : NULL;
    return rc;
}

/* The first ignore file that is there. */
static int add_first_file(struct gnt_arena *arena, const gantry_build_options *opts,
                          const char *const *dockerfiles, struct gnt_context_rules *rules,
                          gantry_error *err)
{
    static const char *const names[] = { ".containerignore", ".dockerignore" };
    const char *name;
    int rc = 0;

    for (; *dockerfiles != NULL && rc == 0 && rules->file == NULL; dockerfiles++) {
        for (size_t i = 0; i < 2 && rc == 0 && rules->file == NULL; i++) {
            name = gnt_arena_printf(arena, "%s%s", *dockerfiles, names[i]);
            rc = name == NULL ? gnt_nomem(err) : add_file(arena, opts, name, rules, err);
        }
    }
    for (size_t i = 0; i < 2 && rc == 0 && rules->file == NULL; i++)
        rc = add_file(arena, opts, names[i], rules, err);
    return rc;
}

int gnt_context_rules(struct gnt_arena *arena, const gantry_build_options *opts,
                      const char *const *dockerfiles, struct gnt_context_rules *out,
                      gantry_error *err)
{
    gantry_ignore_options options = { .size = sizeof options, .allocator = &arena->mem.a };
    const char *const *p = opts->ignore_patterns;
    int rc = gantry_ignore_new(&options, &out->ignore, err);

    out->file = NULL;
    if (rc < 0)
        return rc;
    if (opts->ignore != GANTRY_OFF)
        rc = add_first_file(arena, opts, dockerfiles, out, err);
    for (; rc == 0 && p != NULL && *p != NULL; p++)
        rc = gnt_ignore_add(out->ignore, *p, err);
    if (rc < 0) {
        gantry_ignore_free(out->ignore);
        out->ignore = NULL;
    }
    return rc;
}

/* ---- engines that read ignore files themselves ---------------------------------------------- */

int gnt_ignore_quote(struct gnt_buf *out, const char *name)
{
    size_t i, size = strlen(name);

    for (i = 0; i < size; i++) {
        if ((i == 0 || i == size - 1) && strchr(" \t\v\f\r", name[i]) != NULL)
            gnt_buf_addf(out, "[%c]", name[i]);
        else
            gnt_buf_addf(out, strchr("*?[]\\^!#|{}", name[i]) != NULL ? "\\%c" : "%c", name[i]);
    }
    return out->rc;
}

static int is_hidden(const gantry_build_context *context, const char *name)
{
    for (const char *const *h = context->hidden; *h != NULL; h++) {
        if (strcmp(*h, name) == 0)
            return 1;
    }
    return 0;
}

/* What the .dockerignore that is sent would make classic Docker hide; it cannot hide anything by
 * one that is malformed. */
struct classic {
    const char *dockerfile;
    int sent; /* there is one */
    int malformed;
    int file; /* it hides the Dockerfile */
    int self; /* it hides itself */
    struct gnt_buf text;
};

static int read_classic(struct gnt_arena *arena, const gantry_build_context *context,
                        struct classic *c, gantry_error *err)
{
    gantry_ignore_options options = { .size = sizeof options, .allocator = &arena->mem.a };
    const struct gnt_rule *rule;
    struct gnt_located found;
    gantry_ignore *ignore = NULL;
    int rc = gnt_archive_find(arena, context->archive, ".dockerignore", &found, err);

    if (rc < 0 || found.kind == GNT_LOCATED_NONE || found.kind == GNT_LOCATED_OTHER)
        return rc;
    c->sent = 1;
    rc = read_found(&c->text, &found, ".dockerignore", err);
    if (rc == 0)
        rc = gantry_ignore_new(&options, &ignore, err);
    if (rc < 0)
        return rc;
    rc = gnt_ignore_add_text(ignore, NULL, c->text.data, c->text.size, NULL);
    c->malformed = rc == GANTRY_E_INVALID;
    if (rc == 0) {
        c->file = gnt_ignore_check(ignore, c->dockerfile, strlen(c->dockerfile), &rule);
        c->self = gnt_ignore_check(ignore, ".dockerignore", 13, &rule);
    }
    gantry_ignore_free(ignore);
    return rc == GANTRY_E_NOMEM ? gnt_nomem(err) : 0;
}

/* Its text as it must be; 0 if it is right as it is. */
static int correct_classic(const gantry_build_context *context, struct classic *c)
{
    int file = is_hidden(context, c->dockerfile);
    int self = is_hidden(context, ".dockerignore");

    if (c->sent ? c->file == file && c->self == self : !file)
        return 0;
    if (!c->sent || self || c->malformed)
        gnt_buf_clear(&c->text);
    else
        gnt_buf_adds(&c->text, "\n");
    if (c->text.size == 0 ? file : file != c->file) {
        gnt_buf_adds(&c->text, file ? "" : "!");
        gnt_ignore_quote(&c->text, c->dockerfile);
        gnt_buf_adds(&c->text, "\n");
    }
    if (!c->sent || self)
        gnt_buf_adds(&c->text, ".dockerignore\n");
    else if (c->self)
        gnt_buf_adds(&c->text, "!.dockerignore\n");
    return 1;
}

int gnt_context_for_classic(const gantry_build_context *context, gantry_error *err)
{
    struct classic c = { .dockerfile = context->dockerfile_name };
    gantry_archive *archive = context->archive;
    struct gnt_arena arena;
    int rc;

    if (c.dockerfile == NULL)
        c.dockerfile = "Dockerfile";
    gnt_arena_init(&arena, &archive->host.mem);
    gnt_buf_init(&c.text, &archive->host.mem, 2 * FILE_MAX);
    rc = read_classic(&arena, context, &c, err);
    for (const char *const *h = context->hidden; rc == 0 && *h != NULL; h++) {
        if (strcmp(*h, c.dockerfile) != 0 && strcmp(*h, ".dockerignore") != 0)
            rc = gnt_archive_omit(archive, *h, err);
    }
    if (rc == 0 && correct_classic(context, &c))
        rc = c.text.rc < 0 ? gnt_nomem(err)
                           : gantry_archive_add_data(archive, ".dockerignore", c.text.data,
                                                     c.text.size, NULL, err);
    gnt_buf_free(&c.text);
    gnt_arena_free(&arena);
    return rc;
}
