/*
 * Files of containers, as both engines take and send them. A success of an upload is believed when
 * its source was read to the end; the end of a download behind its end mark (rest_tar.c).
 */
#include "rest_copy.h"

#include <string.h>

#include "auth.h"
#include "rest_upkeep.h"

static const char stat_header[] = "X-Docker-Container-Path-Stat";

/* ---- errors ---------------------------------------------------------------------------------- */

/* What engines say of files are the words of their system and of the libraries they share; statuses
 * say little (most are 500, and 404 is both a container and a file). */
static const struct gnt_error_row error_rows[] = {
    { 0, "no space left on device", GANTRY_E_NO_SPACE, 0 },
    { 0, "disk quota exceeded", GANTRY_E_NO_SPACE, 0 },
    { 0, "no such container", GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_CONTAINER },
    { 0, "has already been removed", GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_CONTAINER },
    { 0, "could not find the file", GANTRY_E_NOT_FOUND, 0 },
    { 0, "read-only", GANTRY_E_DENIED, 0 }, /* "marked read-only", "read-only file system" */
    { 0, "device or resource busy", GANTRY_E_IN_USE, 0 }, /* what is mounted there */
    { 0, "cannot overwrite", GANTRY_E_CONFLICT, 0 },
    { 0, "extraction point is not a directory", GANTRY_E_CONFLICT, 0 },
    { 0, "exists but is not a directory", GANTRY_E_CONFLICT, 0 },
    { 0, "file exists", GANTRY_E_CONFLICT, 0 },
    { 0, "is a directory", GANTRY_E_CONFLICT, 0 },
    { 0, "too many l", GANTRY_E_CONFLICT, 0 }, /* links, levels of symbolic links */
    { 0, "invalid tar header", GANTRY_E_INVALID, 0 },
    { 0, "unexpected EOF", GANTRY_E_INVALID, 0 },
    { 0, "file name too long", GANTRY_E_INVALID, 0 },
    { 0, "no such file or directory", GANTRY_E_NOT_FOUND, 0 },
    { 0, "not a directory", GANTRY_E_NOT_FOUND, 0 },
    { 0, "operation not permitted", GANTRY_E_DENIED, 0 },
    { 0, "permission denied", GANTRY_E_DENIED, 0 },
    { 0, "container state improper", GANTRY_E_STATE, GANTRY_RESOURCE_CONTAINER },
    { 400, NULL, GANTRY_E_INVALID, 0 },
    { 401, NULL, GANTRY_E_UNAUTHORIZED, 0 },
    { 403, NULL, GANTRY_E_FORBIDDEN, 0 },
    { 404, NULL, GANTRY_E_NOT_FOUND, 0 },
    { 409, NULL, GANTRY_E_CONFLICT, 0 },
    { 501, NULL, GANTRY_E_UNSUPPORTED, 0 },
    { 0, NULL, GANTRY_E_ENGINE, 0 },
};

/* The dump of an engine's own request in the middle of its message, and all in front of it. */
static void cut_dump(gantry_error *err)
{
    char *dump = strstr(err->message, "{Request:");

    if (dump == NULL)
        return;
    while (dump > err->message && dump[-1] != ' ')
        dump--;
    *dump = '\0';
    gnt_error_suffix(err, "another kind of file is in the way");
}

/* The head of the answer; what it refuses is about the path, or the container. */
static int read_head(struct gnt_rest *rest, struct gnt_exchange *x, const char *id,
                     const char *path, gantry_error *err)
{
    struct gnt_dialect dialect = *rest->dialect;
    struct gnt_rest words = *rest;
    int rc;

    dialect.errors = error_rows;
    words.dialect = &dialect;
    rc = gnt_rest_head(&words, x, 0, GANTRY_RESOURCE_FILE, path, err);
    if (rc < 0 && err != NULL) {
        if (err->resource_kind == GANTRY_RESOURCE_CONTAINER)
            gnt_error_resource(err, GANTRY_RESOURCE_CONTAINER, id);
        else if (err->resource_kind == GANTRY_RESOURCE_NONE)
            gnt_error_resource(err, GANTRY_RESOURCE_FILE, path);
        cut_dump(err);
    }
    return rc;
}

static void request(struct gnt_req *r, struct gnt_rest *rest, const char *method,
                    const gantry_call *call, const char *id, const char *path)
{
    gnt_req_init(r, rest, method, call, "/containers/%s/archive", id);
    gnt_req_about(r, GANTRY_RESOURCE_FILE, path);
    gnt_req_query(r, "path", path);
}

/* ---- in -------------------------------------------------------------------------------------- */

#define C gantry_copy_in_options
const struct gnt_out gnt_rest_copy_in_options[] = {
    GNT_OUT_CODE(C, create_directory), /* the library's business, as is keep_owner */
    GNT_OUT_CODE(C, replace_kinds),    GNT_OUT_CODE(C, keep_owner),
    GNT_OUT_REFUSE(C, reserved),       GNT_OUT_END,
};
#undef C

/*
 * A source of which is known whether it was read to its end. One that breaks off ends the body for
 * the engine: what came before is unpacked either way, and an engine whose client left would go on
 * with that while the caller already does the next thing with the container.
 */
struct watched {
    const gantry_source *tar;
    int began;
    int ended;
    int rc; /* why it broke off, or 0 */
    gantry_error failure;
};

static int read_watched(void *arg, void *buffer, size_t capacity, size_t *out_size,
                        gantry_error *err)
{
    struct watched *w = arg;
    int rc = w->tar->read(w->tar->arg, buffer, capacity, out_size, &w->failure);

    if (rc == 0) {
        w->began = 1;
        w->ended = *out_size == 0;
        return 0;
    }
    w->rc = rc;
    if (!w->began && err != NULL)
        *err = w->failure;
    *out_size = 0;
    return w->began ? 0 : rc;
}

/* An engine may say yes before it knows of the upload's end, but not before the last byte. */
static int check_ended(struct watched *w, gantry_error *err)
{
    char more;
    size_t size = 0;
    int rc = 0;

    if (!w->ended && w->rc == 0)
        rc = read_watched(w, &more, 1, &size, err);
    if (rc == 0 && w->rc == 0 && !w->ended)
        rc = gnt_fail(err, GANTRY_E_PROTOCOL,
                      "the engine says that it unpacked the archive, but did not read it all");
    if (rc < 0)
        gnt_error_outcome(err, GANTRY_OUTCOME_UNKNOWN, GANTRY_RETRY_ASK);
    return rc;
}

/* Whatever the engine made of the part that it got, the source is why it got no more. */
static int say_broken(const struct watched *w, int rc, gantry_error *err)
{
    if (w->rc == 0 || !w->began)
        return rc;
    if (err != NULL)
        *err = w->failure;
    gnt_error_outcome(err, GANTRY_OUTCOME_PARTIAL, GANTRY_RETRY_ASK);
    return w->rc;
}

static int drain(struct gnt_exchange *x, gantry_error *err)
{
    char piece[1024];
    size_t got = 1;
    int rc = 0;

    while (rc == 0 && got > 0)
        rc = gnt_exchange_read(x, piece, sizeof piece, 0, &got, err);
    return rc;
}

int gnt_rest_archive_put(struct gnt_rest *rest, const char *id, const char *directory,
                         const gantry_source *tar, const gantry_copy_in_options *opts,
                         gantry_error *err)
{
    struct watched watched = { .tar = tar };
    gantry_source source = *tar;
    struct gnt_exchange *x = NULL;
    struct gnt_req r;
    int rc = gnt_rest_check_options(rest, opts, gnt_rest_copy_in_options, err);

    if (rc < 0)
        return rc;
    source.read = read_watched;
    source.arg = &watched;
    source.length = 0; /* it may break off */
    request(&r, rest, "PUT", opts->call, id, directory);
    r.flags |= GNT_REQ_OPEN_ENDED;
    /* Said in any case, since engines differ in what they do by themselves. */
    gnt_req_query(&r, "copyUIDGID", "false");
    gnt_req_query(&r, "noOverwriteDirNonDir", opts->replace_kinds == GANTRY_ON ? "false" : "true");
    r.source = &source;
    r.content_type = "application/x-tar";
    rc = gnt_req_begin(&r, &x, err);
    if (rc == 0)
        rc = read_head(rest, x, id, directory, err);
    if (rc == 0)
        rc = drain(x, err);
    if (rc == 0)
        rc = check_ended(&watched, err);
    rc = say_broken(&watched, rc, err);
    if (rc < 0 && err != NULL && err->resource_kind == GANTRY_RESOURCE_NONE)
        gnt_error_resource(err, GANTRY_RESOURCE_FILE, directory);
    gnt_exchange_close(x);
    return rc;
}

/* ---- look ------------------------------------------------------------------------------------ */

/* Go's bits of a mode. */
#define GO_DIRECTORY (1U << 31)
#define GO_LINK (1U << 27)
#define GO_SPECIAL (1U << 26 | 1U << 25 | 1U << 24 | 1U << 21 | 1U << 19)
#define GO_SETUID (1U << 23)
#define GO_SETGID (1U << 22)
#define GO_STICKY (1U << 20)

/* gantry_file_info.mode, and its type. */
static int in_mode(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                   void *field)
{
    gantry_file_info *info = (gantry_file_info *)((char *)field - offsetof(gantry_file_info, mode));
    int64_t number = 0;
    uint32_t bits;

    (void)row;
    if (gnt_json_int(v, &number) < 0 || number < 0 || number > UINT32_MAX)
        return gnt_fail(c->err, GANTRY_E_PROTOCOL, "the mode of a file is none");
    bits = (uint32_t)number;
    info->mode = (int)(bits & 0777);
    info->mode |= (bits & GO_SETUID ? 04000 : 0) | (bits & GO_SETGID ? 02000 : 0) |
                  (bits & GO_STICKY ? 01000 : 0);
    info->type = GANTRY_FILE_REGULAR;
    if (bits & GO_DIRECTORY)
        info->type = GANTRY_FILE_DIRECTORY;
    else if (bits & GO_LINK)
        info->type = GANTRY_FILE_LINK;
    else if (bits & GO_SPECIAL)
        info->type = GANTRY_FILE_OTHER;
    return 0;
}

static const struct gnt_in stat_rows[] = {
    GNT_IN_STR(gantry_file_info, name, "name"),
    GNT_IN_I64(gantry_file_info, file_size, "size"),
    GNT_IN_TIME(gantry_file_info, mtime_ns, "mtime"),
    GNT_IN_STR(gantry_file_info, link_target, "linkTarget"),
    { "mode", in_mode, offsetof(gantry_file_info, mode), NULL, GNT_REQUIRED, 0 },
    GNT_IN_END,
};

int gnt_path_stat_decode(const struct gnt_mem *mem, const char *header, gantry_file_info **out,
                         gantry_error *err)
{
    gantry_file_info *info = gnt_result_new(mem, GANTRY_KIND_FILE_INFO, err);
    struct gnt_json *doc = NULL;
    struct gnt_buf text;
    int rc;

    if (info == NULL)
        return GANTRY_E_NOMEM;
    gnt_buf_init(&text, mem, 64 * 1024);
    rc = gnt_base64_decode(&text, header, strlen(header));
    if (rc < 0)
        rc = rc == GANTRY_E_NOMEM
                 ? gnt_nomem(err)
                 : gnt_fail(err, GANTRY_E_PROTOCOL, "what the engine says of a path is no base64");
    if (rc == 0)
        rc = gnt_json_parse(gnt_result_arena(info), gnt_buf_text(&text), text.size, &doc, err);
    if (rc == 0)
        rc = gnt_decode(gnt_result_arena(info), doc, NULL, stat_rows, info, err);
    gnt_buf_free(&text);
    if (rc < 0) {
        gnt_result_free(info);
        return rc;
    }
    if (info->type != GANTRY_FILE_LINK) /* one engine names the path itself then */
        info->link_target = "";
    *out = info;
    return 0;
}

/* What the head of an answer says of the path; NULL in *out if nothing, whatever its status is: of
 * a link that leads nowhere one engine says both 404 and what it is. */
static int read_stat(struct gnt_rest *rest, struct gnt_exchange *x, gantry_file_info **out,
                     gantry_error *err)
{
    const char *header;
    int rc = gnt_exchange_head(x, 0, err);

    *out = NULL;
    if (rc < 0)
        return rc;
    header = gnt_exchange_header(x, stat_header);
    return header == NULL ? 0 : gnt_path_stat_decode(&rest->host->mem, header, out, err);
}

static int ask(struct gnt_rest *rest, const char *method, const char *id, const char *path,
               const gantry_call *call, gantry_file_info **out, gantry_error *err)
{
    struct gnt_exchange *x = NULL;
    struct gnt_req r;
    int rc;

    request(&r, rest, method, call, id, path);
    rc = gnt_req_begin(&r, &x, err);
    if (rc == 0)
        rc = read_stat(rest, x, out, err);
    /* An answer to HEAD has no words to tell by what is missing. */
    if (rc == 0 && *out == NULL && strcmp(method, "HEAD") != 0) {
        rc = read_head(rest, x, id, path, err);
        if (rc == 0)
            rc = gnt_fail(err, GANTRY_E_PROTOCOL, "the engine says nothing of the path");
    }
    if (rc < 0 && err != NULL && err->resource_kind == GANTRY_RESOURCE_NONE)
        gnt_error_resource(err, GANTRY_RESOURCE_FILE, path);
    gnt_exchange_close(x);
    return rc;
}

int gnt_rest_archive_stat(struct gnt_rest *rest, const char *id, const char *path,
                          const gantry_stat_options *opts, gantry_file_info **out,
                          gantry_error *err)
{
    gantry_file_info *info = NULL;
    int rc = ask(rest, "HEAD", id, path, opts->call, &info, err);

    if (rc == 0 && info == NULL)
        rc = ask(rest, "GET", id, path, opts->call, &info, err);
    if (rc == 0)
        *out = info;
    return rc;
}

/* ---- out ------------------------------------------------------------------------------------- */

static int is_content(const char *path)
{
    size_t size = strlen(path);

    return size >= 2 && strcmp(path + size - 2, "/.") == 0;
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

int gnt_rest_archive_get(struct gnt_rest *rest, const struct gnt_copy_dialect *dialect,
                         const char *id, const char *path, const gantry_copy_out_options *opts,
                         gantry_stream **out, gantry_error *err)
{
    gantry_file_info *info = NULL;
    struct gnt_exchange *x = NULL;
    struct gnt_req r;
    int rc;

    request(&r, rest, "GET", opts->call, id, path);
    r.flags |= GNT_REQ_OPEN_ENDED;
    rc = gnt_req_begin(&r, &x, err);
    if (rc == 0 && dialect->sends_targets && !is_content(path))
        rc = read_stat(rest, x, &info, err);
    if (rc == 0 && info != NULL && info->type == GANTRY_FILE_LINK) {
        gnt_exchange_close(x);
        x = NULL;
        rc = gnt_link_archive(rest->host, last_part(path), info, out, err);
    } else if (rc == 0) {
        rc = read_head(rest, x, id, path, err);
        if (rc == 0)
            rc = gnt_rest_tar_wrap(rest, GANTRY_RESOURCE_FILE, path, x, out, err);
    }
    if (rc < 0) {
        if (err != NULL && err->resource_kind == GANTRY_RESOURCE_NONE)
            gnt_error_resource(err, GANTRY_RESOURCE_FILE, path);
        gnt_exchange_close(x);
    }
    gnt_result_free(info);
    return rc;
}
