/*
 * Names in an archive that libpod saved: what has no domain is kept by libpod under localhost/, and
 * is given back without it, so that the image has its name on every engine that loads the archive.
 * A filter on the stream: passes a tar on as it is, but for the two small files with names.
 */
#include "podman.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tar_header.h"

enum {
    PIECE = 16 * 1024,
    NAMES_MAX = 4 * 1024 * 1024 /* larger files with names are passed on as they are */
};

enum state {
    HEADER,  /* a header is being collected */
    PASS,    /* `left` bytes go through */
    COLLECT, /* `left` bytes are kept: of names, or of an extended header */
    VERBATIM /* all that follows goes through */
};

struct rename {
    struct gantry_host *host;
    gantry_stream *archive;
    struct gnt_buf out; /* to be delivered first */
    size_t out_at;
    struct gnt_buf kept;
    char header[GNT_TAR_BLOCK];
    enum state state;
    uint64_t left;
    uint64_t size;          /* of the entry whose header was read last */
    uint64_t extended_size; /* of the next entry, from its extended header; 0 = none */
    size_t in_at;
    size_t in_size;
    char in[PIECE];
};

/* ---- headers --------------------------------------------------------------------------------- */

/* What ends the digits, a space or a NUL, stays as it was. */
static void write_size(char header[GNT_TAR_BLOCK], size_t size)
{
    char digits[32];

    snprintf(digits, sizeof digits, "%011zo", size);
    memcpy(header + GNT_TAR_SIZE_AT, digits, GNT_TAR_SIZE_WIDTH - 1);
}

static int has_names(const char header[GNT_TAR_BLOCK])
{
    return (header[GNT_TAR_TYPE_AT] == '0' || header[GNT_TAR_TYPE_AT] == '\0') &&
           (strncmp(header, "manifest.json", 100) == 0 ||
            strncmp(header, "repositories", 100) == 0);
}

/* ---- the files with names -------------------------------------------------------------------- */

static const char *without_localhost(const char *name)
{
    return strncmp(name, "localhost/", 10) == 0 ? gnt_podman_familiar(name) : name;
}

static void shorten_tags(struct gnt_json *manifest)
{
    for (struct gnt_json *image = manifest->first; image != NULL; image = image->next) {
        struct gnt_json *tags = (struct gnt_json *)gnt_json_get(image, "RepoTags"); /* ours */

        for (tags = tags != NULL ? tags->first : NULL; tags != NULL; tags = tags->next) {
            if (gnt_json_text(tags) == NULL)
                continue;
            tags->text = without_localhost(tags->text);
            tags->size = strlen(tags->text);
        }
    }
}

static void shorten_keys(struct gnt_json *repositories)
{
    for (struct gnt_json *name = repositories->first; name != NULL; name = name->next)
        name->key = without_localhost(name->key);
}

/* The kept file, rewritten, or as it is if it is no JSON. */
static int deliver_names(struct rename *r, gantry_error *err)
{
    static const char zeroes[GNT_TAR_BLOCK] = { 0 };
    struct gnt_json *doc = NULL;
    struct gnt_arena arena;
    struct gnt_buf text;

    gnt_arena_init(&arena, &r->host->mem);
    gnt_buf_init(&text, &r->host->mem, NAMES_MAX);
    if (gnt_json_parse(&arena, gnt_buf_text(&r->kept), (size_t)r->size, &doc, NULL) == 0) {
        if (doc->type == GNT_JSON_ARRAY)
            shorten_tags(doc);
        else if (doc->type == GNT_JSON_OBJECT)
            shorten_keys(doc);
        if (gnt_json_write(doc, &text) < 0)
            gnt_buf_clear(&text);
    }
    if (text.size == 0)
        gnt_buf_add(&text, gnt_buf_text(&r->kept), (size_t)r->size);
    write_size(r->header, text.size);
    gnt_tar_write_sum(r->header);
    gnt_buf_add(&r->out, r->header, GNT_TAR_BLOCK);
    gnt_buf_add(&r->out, gnt_buf_text(&text), text.size);
    gnt_buf_add(&r->out, zeroes, (size_t)(gnt_tar_padded(text.size) - text.size));
    r->out.rc = text.rc != 0 ? text.rc : r->out.rc;
    gnt_buf_free(&text);
    gnt_arena_free(&arena);
    return r->out.rc != 0 ? gnt_nomem(err) : 0;
}

/* Records of an extended header: "25 size=8589934592\n". */
static uint64_t find_size(const char *text, size_t size)
{
    const char *end = text + size;
    uint64_t found = 0;

    while (text < end) {
        char *after = NULL;
        unsigned long length = strtoul(text, &after, 10);

        if (length == 0 || length > (size_t)(end - text) || after >= end)
            break;
        if (strncmp(after, " size=", 6) == 0)
            found = strtoull(after + 6, NULL, 10);
        text += length;
    }
    return found;
}

/* ---- the filter ------------------------------------------------------------------------------ */

static void after_header(struct rename *r)
{
    char type;

    memcpy(r->header, gnt_buf_text(&r->kept), GNT_TAR_BLOCK);
    type = r->header[GNT_TAR_TYPE_AT];
    r->size = gnt_tar_number(r->header + GNT_TAR_SIZE_AT, GNT_TAR_SIZE_WIDTH);
    if (type != 'x' && type != 'g' && type != 'L' && type != 'K' && r->extended_size > 0) {
        r->size = r->extended_size;
        r->extended_size = 0;
    }
    gnt_buf_clear(&r->kept);
    r->left = gnt_tar_padded(r->size);
    r->state = PASS;
    if (gnt_tar_is_zero(r->header) || r->size > UINT64_MAX / 2)
        r->state = VERBATIM;
    else if (type == 'x' && r->size > NAMES_MAX) /* whose sizes would be missed */
        r->state = VERBATIM;
    else if (r->size > 0 && (type == 'x' || (has_names(r->header) && r->size <= NAMES_MAX)))
        r->state = COLLECT;
    if (r->state != COLLECT || type == 'x')
        gnt_buf_add(&r->out, r->header, GNT_TAR_BLOCK);
}

static int after_kept(struct rename *r, gantry_error *err)
{
    int rc = 0;

    if (r->header[GNT_TAR_TYPE_AT] == 'x') {
        r->extended_size = find_size(gnt_buf_text(&r->kept), (size_t)r->size);
        gnt_buf_add(&r->out, gnt_buf_text(&r->kept), r->kept.size);
    } else {
        rc = deliver_names(r, err);
    }
    gnt_buf_clear(&r->kept);
    r->state = HEADER;
    return rc;
}

/* Takes what is there of what is being collected. */
static int collect(struct rename *r, uint64_t want, gantry_error *err)
{
    size_t have = r->in_size - r->in_at;
    size_t take = (uint64_t)have < want - r->kept.size ? have : (size_t)(want - r->kept.size);
    int rc = 0;

    if (gnt_buf_add(&r->kept, r->in + r->in_at, take) < 0)
        return gnt_nomem(err);
    r->in_at += take;
    if (r->kept.size < want)
        return 0;
    if (r->state == HEADER)
        after_header(r);
    else
        rc = after_kept(r, err);
    return rc == 0 && r->out.rc != 0 ? gnt_nomem(err) : rc;
}

static size_t pass(struct rename *r, char *buffer, size_t capacity)
{
    size_t size = r->in_size - r->in_at;

    if (size > capacity)
        size = capacity;
    if (r->state == PASS && size > r->left)
        size = (size_t)r->left;
    memcpy(buffer, r->in + r->in_at, size);
    r->in_at += size;
    if (r->state == PASS) {
        r->left -= size;
        if (r->left == 0)
            r->state = HEADER;
    }
    return size;
}

static size_t deliver(struct rename *r, char *buffer, size_t capacity)
{
    size_t size = r->out.size - r->out_at;

    if (size > capacity)
        size = capacity;
    memcpy(buffer, gnt_buf_text(&r->out) + r->out_at, size);
    r->out_at += size;
    if (r->out_at == r->out.size) {
        gnt_buf_clear(&r->out);
        r->out_at = 0;
    }
    return size;
}

static int rename_read(void *state, void *buffer, size_t capacity, int nonblocking,
                       size_t *out_size, int *out_channel, gantry_error *err)
{
    struct rename *r = state;
    int rc = 0;

    gantry_stream_set_nonblocking(r->archive, nonblocking);
    *out_size = 0;
    *out_channel = GANTRY_STDOUT;
    while (rc == 0 && *out_size == 0) {
        if (r->out_at < r->out.size) {
            *out_size = deliver(r, buffer, capacity);
        } else if (r->state == PASS && r->left == 0) {
            r->state = HEADER;
        } else if (r->in_at == r->in_size) {
            r->in_at = r->in_size = 0;
            rc = gantry_stream_read(r->archive, r->in, sizeof r->in, &r->in_size, NULL, err);
            if (rc == 0 && r->in_size == 0) /* behind a tar's end there is nothing to collect */
                break;
        } else if (r->state == HEADER || r->state == COLLECT) {
            rc = collect(r, r->state == HEADER ? GNT_TAR_BLOCK : r->left, err);
        } else {
            *out_size = pass(r, buffer, capacity);
        }
    }
    return rc;
}

static int rename_fd(const void *state, int *out_events)
{
    const struct rename *r = state;

    return gantry_stream_fd(r->archive, out_events);
}

static int rename_timeout_ms(const void *state)
{
    const struct rename *r = state;

    return gantry_stream_timeout_ms(r->archive);
}

static void rename_close(void *state)
{
    struct rename *r = state;
    struct gantry_host *host = r->host;

    gantry_stream_close(r->archive);
    gnt_buf_free(&r->out);
    gnt_buf_free(&r->kept);
    gnt_free(&host->mem, r);
}

int gnt_podman_rename(struct gantry_host *host, gantry_stream *archive, gantry_stream **out,
                      gantry_error *err)
{
    static const gantry_stream_ops ops = { .size = sizeof ops,
                                           .read = rename_read,
                                           .fd = rename_fd,
                                           .close = rename_close,
                                           .timeout_ms = rename_timeout_ms };
    struct rename *r = gnt_alloc(&host->mem, sizeof *r);
    int rc;

    if (r == NULL)
        return gnt_nomem(err);
    r->host = host;
    gnt_buf_init(&r->out, &host->mem, NAMES_MAX + (64 * 1024));
    gnt_buf_init(&r->kept, &host->mem, NAMES_MAX + GNT_TAR_BLOCK);
    rc = gantry_stream_new(host, &ops, r, out, err);
    if (rc < 0)
        gnt_free(&host->mem, r);
    else
        r->archive = archive;
    return rc;
}
