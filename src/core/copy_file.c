/*
 * One file of a container, read: the archive of it taken apart. What is in the header is what the
 * engine sent, not what an earlier look said.
 */
#include "copying.h"

#include "stream.h"

enum {
    PIECE = 32 * 1024
};

static int too_large(const char *path, int64_t limit, gantry_error *err)
{
    gnt_fail(err, GANTRY_E_LIMIT, "%s in the container has more than %lld bytes", path,
             (long long)limit);
    gnt_error_resource(err, GANTRY_RESOURCE_FILE, path);
    return GANTRY_E_LIMIT;
}

static int read_content(struct gnt_tar_entries *entries, const char *path, int64_t limit,
                        gnt_piece_fn fn, void *arg, gantry_error *err)
{
    char piece[PIECE];
    int64_t total = 0;
    size_t got = 1;
    int rc = 0;

    while (rc == 0) {
        rc = gnt_tar_entries_data(entries, piece, sizeof piece, &got, err);
        if (rc < 0 || got == 0)
            break;
        total += (int64_t)got;
        rc = limit > 0 && total > limit ? too_large(path, limit, err) : fn(arg, piece, got, err);
    }
    return rc;
}

/* The one entry, and the proof that the archive is whole behind it. */
static int read_entry(struct gnt_tar_entries *entries, const char *path, int64_t limit,
                      gnt_piece_fn fn, void *arg, struct gnt_tar_entry *out, gantry_error *err)
{
    struct gnt_tar_entry entry = { 0 };
    int more = 0;
    int rc = gnt_tar_entries_next(entries, &entry, &more, err);

    if (rc == 0 && (!more || entry.type != GNT_ENTRY_IS_FILE))
        rc = gnt_inside_fail(err, GANTRY_E_INVALID, path, "is no regular file");
    if (rc == 0 && limit > 0 && entry.size > limit)
        rc = too_large(path, limit, err);
    if (rc < 0)
        return rc;
    *out = entry;
    out->name = out->link = NULL;
    rc = read_content(entries, path, limit, fn, arg, err);
    if (rc == 0)
        rc = gnt_tar_entries_next(entries, &entry, &more, err);
    if (rc == 0 && more)
        rc = gnt_fail(err, GANTRY_E_PROTOCOL, "the archive of one file has several");
    return rc;
}

int gnt_copy_read(struct gnt_copy *c, const char *path, int64_t limit, gnt_piece_fn fn, void *arg,
                  struct gnt_tar_entry *out, gantry_error *err)
{
    struct gnt_followed followed = { 0 };
    struct gnt_inside inside = { 0 };
    struct gnt_tar_entries *entries = NULL;
    struct gnt_tar_entry entry = { 0 };
    gantry_stream *stream = NULL;
    int rc = gnt_copy_follow(c, path, &followed, err);

    if (rc == 0 && followed.info == NULL)
        rc = gnt_inside_fail(err, GANTRY_E_NOT_FOUND, path, "does not exist");
    if (rc == 0 && followed.info->type != GANTRY_FILE_REGULAR)
        rc = gnt_inside_fail(err, GANTRY_E_INVALID, path, "is no regular file");
    if (rc == 0 && limit > 0 && followed.info->file_size > limit)
        rc = too_large(path, limit, err);
    gantry_file_info_free(followed.info);
    if (rc < 0)
        return rc;
    inside.path = followed.path;
    inside.name = gnt_inside_name(followed.path);
    rc = gnt_copy_get(c, &inside, 0, inside.name, &stream, err);
    if (rc == 0)
        rc = gnt_tar_entries_open(&c->engine->host.mem, stream, &entries, err);
    if (rc == 0)
        rc = read_entry(entries, path, limit, fn, arg, &entry, err);
    gnt_tar_entries_close(entries);
    gantry_stream_close(stream);
    if (rc == 0 && out != NULL)
        *out = entry;
    return rc;
}

static int add_piece(void *arg, const void *data, size_t size, gantry_error *err)
{
    int rc = gnt_buf_add(arg, data, size);

    return rc < 0 ? gnt_nomem(err) : 0;
}

int gnt_copy_read_text(struct gnt_copy *c, const char *path, struct gnt_buf *text,
                       struct gnt_tar_entry *out, gantry_error *err)
{
    return gnt_copy_read(c, path, (int64_t)text->max, add_piece, text, out, err);
}

/* ---- public ---------------------------------------------------------------------------------- */

static void release_text(void *arg)
{
    gnt_buf_free(arg);
}

/* The result owns the buffer. */
static int read_file(struct gnt_copy *c, const char *path, size_t limit, gantry_file_content **out,
                     gantry_error *err)
{
    gantry_file_content *content = gnt_result_new(&c->arena.mem, GNT_KIND_FILE_CONTENT, err);
    struct gnt_tar_entry entry = { 0 };
    struct gnt_buf *text;
    int rc = 0;

    if (content == NULL)
        return GANTRY_E_NOMEM;
    text = gnt_arena_alloc(gnt_result_arena(content), sizeof *text);
    if (text == NULL) {
        gnt_result_free(content);
        return gnt_nomem(err);
    }
    gnt_buf_init(text, &c->arena.mem, limit);
    gnt_result_on_free(content, release_text, text);
    rc = gnt_copy_read_text(c, path, text, &entry, err);
    if (rc < 0) {
        gnt_result_free(content);
        return rc;
    }
    content->data = gnt_buf_text(text);
    content->data_size = text->size;
    content->mtime_ns = entry.mtime_sec * 1000000000 + entry.mtime_nsec;
    content->uid = gnt_copy_tells_owners(c) ? (int)entry.uid : -1;
    content->gid = gnt_copy_tells_owners(c) ? (int)entry.gid : -1;
    content->mode = entry.mode;
    *out = content;
    return 0;
}

static int check_read(const gantry_read_file_options *o, gantry_error *err)
{
    if (o->limit < 0)
        return gnt_fail(err, GANTRY_E_INVALID, "limit: must not be negative");
    return 0;
}

static int parse_file(struct gnt_copy *c, const char *path, const char **out, gantry_error *err)
{
    struct gnt_inside inside;
    int rc = gnt_inside_parse(&c->arena, "path", path, &inside, err);

    if (rc == 0 && (inside.content || inside.directory))
        rc = gnt_fail(err, GANTRY_E_INVALID, "path: must be that of a file, not %s", path);
    if (rc == 0)
        *out = inside.path;
    return rc;
}

int gantry_containers_read_file(gantry_containers *containers, const char *id, const char *path,
                                const gantry_read_file_options *opts, gantry_file_content **out,
                                gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_read_file_options o;
    const char *clean = NULL;
    struct gnt_copy c;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_READ_FILE, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_read_file_options, o, opts, err);
    if (rc == 0)
        rc = check_read(&o, err);
    if (rc == 0) {
        size_t limit = o.limit > 0 ? (size_t)o.limit : e->host.limits.capture_bytes;

        gnt_copy_begin(&c, e, id, o.call);
        rc = parse_file(&c, path, &clean, err);
        if (rc == 0)
            rc = read_file(&c, clean, limit, out, err);
        gnt_copy_end(&c);
    }
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_READ_FILE, GANTRY_RESOURCE_CONTAINER, id, err);
}

static int write_piece(void *arg, const void *data, size_t size, gantry_error *err)
{
    return gnt_fd_write(*(const int *)arg, data, size, err);
}

int gantry_containers_read_file_fd(gantry_containers *containers, const char *id, const char *path,
                                   int fd, const gantry_read_file_options *opts, gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_read_file_options o;
    const char *clean = NULL;
    struct gnt_copy c;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_READ_FILE, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0 && fd < 0)
        rc = gnt_fail(err, GANTRY_E_INVALID, "fd: %d is no descriptor", fd);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_read_file_options, o, opts, err);
    if (rc == 0)
        rc = check_read(&o, err);
    if (rc == 0) {
        gnt_copy_begin(&c, e, id, o.call);
        rc = parse_file(&c, path, &clean, err);
        if (rc == 0)
            rc = gnt_copy_read(&c, clean, o.limit, write_piece, &fd, NULL, err);
        gnt_copy_end(&c);
    }
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_READ_FILE, GANTRY_RESOURCE_CONTAINER, id, err);
}

void gantry_file_content_free(gantry_file_content *content)
{
    gnt_result_free(content);
}
