#include "tar_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "tar_header.h"

enum {
    PIECE = 32 * 1024,
    EXTENDED_MAX = 1024 * 1024, /* bytes of an extended header, or of a long name */
    NAME_SIZE = 100,            /* fields of a header */
    LINK_AT = 157,
    MAGIC_AT = 257,
    PREFIX_AT = 345,
    PREFIX_SIZE = 155
};

enum state {
    HEADER,   /* a header is being collected */
    PASS,     /* `left` bytes go through */
    SKIP,     /* `left` bytes go nowhere */
    EXTENDED, /* `left` bytes are kept: records, or a long name */
    VERBATIM  /* behind the end mark all goes through */
};

struct names {
    struct gantry_host *host;
    gantry_stream *tar;
    char *name; /* NULL: the content alone */
    enum state state;
    uint64_t left;
    struct gnt_buf kept;    /* what is collected */
    struct gnt_buf records; /* of the entry's extended header, without name and link */
    struct gnt_buf path;    /* of the entry, if a header in front of it says so */
    struct gnt_buf link;
    int pax_path; /* it said so in an extended header */
    int pax_link;
    uint64_t pax_size; /* with has_size */
    int has_size;
    struct gnt_buf out; /* to be delivered first */
    size_t out_at;
    char header[GNT_TAR_BLOCK];
    size_t in_at;
    size_t in_size;
    char in[PIECE];
};

/* ---- headers --------------------------------------------------------------------------------- */

static int is_ustar(const char header[GNT_TAR_BLOCK])
{
    return memcmp(header + MAGIC_AT, "ustar\0", 6) == 0;
}

static size_t field_size(const char *field, size_t width)
{
    const char *end = memchr(field, '\0', width);

    return end != NULL ? (size_t)(end - field) : width;
}

/* A text into a field of a header, as much as it holds. */
static void write_field(char *field, size_t width, const char *text)
{
    size_t size = strlen(text);

    memset(field, 0, width);
    memcpy(field, text, size < width ? size : width);
}

/* ---- names ----------------------------------------------------------------------------------- */

static const char *without_dots(const char *name)
{
    for (;;) {
        if (name[0] == '/')
            name++;
        else if (name[0] == '.' && name[1] == '/')
            name += 2;
        else
            return strcmp(name, ".") == 0 ? "" : name;
    }
}

/* The new name of what is called so; "" for the directory itself in its content. */
static int new_name(const struct names *n, const char *name, struct gnt_buf *out)
{
    const char *rest = without_dots(name);

    if (n->name == NULL)
        return gnt_buf_adds(out, rest);
    gnt_buf_adds(out, n->name);
    return gnt_buf_adds(out, rest + strcspn(rest, "/"));
}

static int add_record(struct gnt_buf *records, const char *key, const char *value)
{
    size_t size = strlen(key) + strlen(value) + 3; /* the space, '=' and the newline */
    size_t digits = 1;
    char text[32];

    /* The length counts its own digits. */
    while ((size_t)snprintf(text, sizeof text, "%zu", size + digits) > digits)
        digits++;
    return gnt_buf_addf(records, "%zu %s=%s\n", size + digits, key, value);
}

static void put_block(struct names *n, const char *data, size_t size)
{
    static const char zeroes[GNT_TAR_BLOCK] = { 0 };

    gnt_buf_add(&n->out, data, size);
    gnt_buf_add(&n->out, zeroes, (size_t)(gnt_tar_padded(size) - size));
}

static void put_records(struct names *n)
{
    char header[GNT_TAR_BLOCK] = { 0 };
    char digits[32];

    write_field(header, NAME_SIZE, "PaxHeaders.0/entry");
    memcpy(header + 100, "0000644\0000000000\0000000000", 24);
    snprintf(digits, sizeof digits, "%011zo", n->records.size);
    memcpy(header + GNT_TAR_SIZE_AT, digits, GNT_TAR_SIZE_WIDTH - 1);
    memcpy(header + 136, "00000000000", 12);
    header[GNT_TAR_TYPE_AT] = 'x';
    memcpy(header + MAGIC_AT, "ustar\00000", 8);
    gnt_tar_write_sum(header);
    gnt_buf_add(&n->out, header, GNT_TAR_BLOCK);
    put_block(n, gnt_buf_text(&n->records), n->records.size);
}

/* What the entry is called, whichever header says it. */
static int read_name(struct names *n, gantry_error *err)
{
    if (n->path.size == 0 && is_ustar(n->header) && n->header[PREFIX_AT] != '\0') {
        gnt_buf_add(&n->path, n->header + PREFIX_AT,
                    field_size(n->header + PREFIX_AT, PREFIX_SIZE));
        gnt_buf_adds(&n->path, "/");
        gnt_buf_add(&n->path, n->header, field_size(n->header, NAME_SIZE));
    } else if (n->path.size == 0) {
        gnt_buf_add(&n->path, n->header, field_size(n->header, NAME_SIZE));
    }
    if (n->link.size == 0)
        gnt_buf_add(&n->link, n->header + LINK_AT, field_size(n->header + LINK_AT, NAME_SIZE));
    return n->path.rc < 0 || n->link.rc < 0 ? gnt_nomem(err) : 0;
}

static int rename_entry(struct names *n, struct gnt_buf *path, struct gnt_buf *link)
{
    size_t size;

    new_name(n, gnt_buf_text(&n->path), path);
    size = path->size;
    if (n->header[GNT_TAR_TYPE_AT] == '5' && size > 0 && path->data[size - 1] != '/')
        gnt_buf_adds(path, "/");
    if (n->header[GNT_TAR_TYPE_AT] == '1')
        new_name(n, gnt_buf_text(&n->link), link);
    else
        gnt_buf_adds(link, gnt_buf_text(&n->link));
    if (n->pax_path || path->size > NAME_SIZE)
        add_record(&n->records, "path", gnt_buf_text(path));
    if (n->pax_link || link->size > NAME_SIZE)
        add_record(&n->records, "linkpath", gnt_buf_text(link));
    return path->rc < 0 || link->rc < 0 || n->records.rc < 0 ? -1 : 0;
}

static void put_entry(struct names *n, const struct gnt_buf *path, const struct gnt_buf *link)
{
    if (n->records.size > 0)
        put_records(n);
    write_field(n->header, NAME_SIZE, gnt_buf_text(path));
    write_field(n->header + LINK_AT, NAME_SIZE, gnt_buf_text(link));
    if (is_ustar(n->header))
        memset(n->header + PREFIX_AT, 0, PREFIX_SIZE);
    gnt_tar_write_sum(n->header);
    gnt_buf_add(&n->out, n->header, GNT_TAR_BLOCK);
}

static void forget_entry(struct names *n)
{
    gnt_buf_clear(&n->records);
    gnt_buf_clear(&n->path);
    gnt_buf_clear(&n->link);
    n->pax_path = n->pax_link = n->has_size = 0;
}

static int after_entry(struct names *n, gantry_error *err)
{
    struct gnt_buf path, link;
    uint64_t size =
        n->has_size ? n->pax_size : gnt_tar_number(n->header + GNT_TAR_SIZE_AT, GNT_TAR_SIZE_WIDTH);
    int rc = read_name(n, err);

    if (rc < 0)
        return rc;
    if (size > UINT64_MAX / 2)
        return gnt_fail(err, GANTRY_E_PROTOCOL, "the archive has an entry of an impossible size");
    gnt_buf_init(&path, &n->host->mem, EXTENDED_MAX + GNT_TAR_BLOCK);
    gnt_buf_init(&link, &n->host->mem, EXTENDED_MAX + GNT_TAR_BLOCK);
    if (rename_entry(n, &path, &link) < 0)
        rc = gnt_nomem(err);
    n->left = gnt_tar_padded(size);
    n->state = path.size == 0 ? SKIP : PASS;
    if (rc == 0 && path.size > 0)
        put_entry(n, &path, &link);
    gnt_buf_free(&path);
    gnt_buf_free(&link);
    forget_entry(n);
    return rc;
}

/* ---- extended headers ------------------------------------------------------------------------ */

/* One record, "25 path=a/b\n": `text` is "path=a/b\n" of `size` bytes. */
static void take_record(struct names *n, const char *text, size_t size, const char *whole,
                        size_t whole_size)
{
    const char *equals = memchr(text, '=', size);
    size_t key = equals != NULL ? (size_t)(equals - text) : size;
    const char *value = equals != NULL ? equals + 1 : text + size;
    size_t value_size = size - key > 2 ? size - key - 2 : 0;

    if (key == 4 && memcmp(text, "path", 4) == 0) {
        gnt_buf_clear(&n->path);
        gnt_buf_add(&n->path, value, value_size);
        n->pax_path = 1;
        return;
    }
    if (key == 8 && memcmp(text, "linkpath", 8) == 0) {
        gnt_buf_clear(&n->link);
        gnt_buf_add(&n->link, value, value_size);
        n->pax_link = 1;
        return;
    }
    if (key == 4 && memcmp(text, "size", 4) == 0) {
        n->pax_size = strtoull(value, NULL, 10);
        n->has_size = 1;
    }
    gnt_buf_add(&n->records, whole, whole_size);
}

static int take_records(struct names *n, size_t size, gantry_error *err)
{
    const char *at = gnt_buf_text(&n->kept);
    const char *end = at + size;

    while (at < end && *at != '\0') {
        char *after = NULL;
        unsigned long length = strtoul(at, &after, 10);

        if (length < 5 || length > (size_t)(end - at) || *after != ' ' ||
            after + 1 >= at + length || at[length - 1] != '\n')
            return gnt_fail(err, GANTRY_E_PROTOCOL, "the archive has a damaged extended header");
        take_record(n, after + 1, length - (size_t)(after + 1 - at), at, length);
        at += length;
    }
    return 0;
}

static int after_extended(struct names *n, gantry_error *err)
{
    size_t size = (size_t)gnt_tar_number(n->header + GNT_TAR_SIZE_AT, GNT_TAR_SIZE_WIDTH);
    char type = n->header[GNT_TAR_TYPE_AT];
    struct gnt_buf *text = type == 'L' ? &n->path : &n->link;

    n->state = HEADER;
    if (type == 'x')
        return take_records(n, size, err);
    gnt_buf_clear(text);
    gnt_buf_add(text, gnt_buf_text(&n->kept), field_size(gnt_buf_text(&n->kept), size));
    return 0;
}

static int after_header(struct names *n, gantry_error *err)
{
    uint64_t size = gnt_tar_number(n->header + GNT_TAR_SIZE_AT, GNT_TAR_SIZE_WIDTH);
    char type = n->header[GNT_TAR_TYPE_AT];

    if (gnt_tar_is_zero(n->header)) {
        gnt_buf_add(&n->out, n->header, GNT_TAR_BLOCK);
        n->state = VERBATIM;
        return 0;
    }
    if (gnt_tar_number(n->header + GNT_TAR_SUM_AT, GNT_TAR_SUM_WIDTH) != gnt_tar_sum(n->header))
        return gnt_fail(err, GANTRY_E_PROTOCOL, "what the engine sends is no archive");
    if (type == 'S')
        return gnt_fail(err, GANTRY_E_PROTOCOL, "the archive has a sparse file in GNU's form");
    if (type == 'g') {
        gnt_buf_add(&n->out, n->header, GNT_TAR_BLOCK);
        n->left = gnt_tar_padded(size);
        n->state = PASS;
        return 0;
    }
    if (type != 'x' && type != 'L' && type != 'K')
        return after_entry(n, err);
    if (size > EXTENDED_MAX)
        return gnt_fail(err, GANTRY_E_PROTOCOL, "the archive has an extended header of %llu bytes",
                        (unsigned long long)size);
    n->left = gnt_tar_padded(size);
    n->state = EXTENDED;
    return 0;
}

/* ---- the filter ------------------------------------------------------------------------------ */

/* Takes what is there of what is being collected. */
static int collect(struct names *n, size_t want, gantry_error *err)
{
    size_t have = n->in_size - n->in_at;
    size_t take = have < want - n->kept.size ? have : want - n->kept.size;
    int rc;

    if (gnt_buf_add(&n->kept, n->in + n->in_at, take) < 0)
        return gnt_nomem(err);
    n->in_at += take;
    if (n->kept.size < want)
        return 0;
    if (n->state == HEADER) {
        memcpy(n->header, gnt_buf_text(&n->kept), GNT_TAR_BLOCK);
        rc = after_header(n, err);
    } else {
        rc = after_extended(n, err);
    }
    gnt_buf_clear(&n->kept);
    if (rc == 0 && (n->out.rc < 0 || n->path.rc < 0 || n->link.rc < 0 || n->records.rc < 0))
        rc = gnt_nomem(err);
    return rc;
}

/* Into the buffer, or nowhere. */
static size_t pass(struct names *n, char *buffer, size_t capacity)
{
    size_t size = n->in_size - n->in_at;

    if (n->state != SKIP && size > capacity)
        size = capacity;
    if (n->state != VERBATIM && size > n->left)
        size = (size_t)n->left;
    if (n->state != SKIP)
        memcpy(buffer, n->in + n->in_at, size);
    n->in_at += size;
    if (n->state != VERBATIM)
        n->left -= size;
    return n->state != SKIP ? size : 0;
}

static size_t deliver(struct names *n, char *buffer, size_t capacity)
{
    size_t size = n->out.size - n->out_at;

    if (size > capacity)
        size = capacity;
    memcpy(buffer, gnt_buf_text(&n->out) + n->out_at, size);
    n->out_at += size;
    if (n->out_at == n->out.size) {
        gnt_buf_clear(&n->out);
        n->out_at = 0;
    }
    return size;
}

static int names_read(void *state, void *buffer, size_t capacity, int nonblocking, size_t *out_size,
                      int *out_channel, gantry_error *err)
{
    struct names *n = state;
    int rc = 0;

    gantry_stream_set_nonblocking(n->tar, nonblocking);
    *out_size = 0;
    *out_channel = GANTRY_STDOUT;
    while (rc == 0 && *out_size == 0) {
        if (n->out_at < n->out.size) {
            *out_size = deliver(n, buffer, capacity);
        } else if ((n->state == PASS || n->state == SKIP) && n->left == 0) {
            n->state = HEADER;
        } else if (n->state == EXTENDED && n->left == 0) {
            n->state = HEADER;
        } else if (n->in_at == n->in_size) {
            n->in_at = n->in_size = 0;
            rc = gantry_stream_read(n->tar, n->in, sizeof n->in, &n->in_size, NULL, err);
            if (rc == 0 && n->in_size == 0) /* the stream has seen to its end mark */
                break;
        } else if (n->state == HEADER || n->state == EXTENDED) {
            rc = collect(n, n->state == HEADER ? GNT_TAR_BLOCK : (size_t)n->left, err);
        } else {
            *out_size = pass(n, buffer, capacity);
        }
    }
    return rc;
}

static int names_fd(const void *state, int *out_events)
{
    const struct names *n = state;

    return gantry_stream_fd(n->tar, out_events);
}

static int names_timeout_ms(const void *state)
{
    const struct names *n = state;

    return gantry_stream_timeout_ms(n->tar);
}

static void release(struct names *n)
{
    struct gantry_host *host = n->host;

    gnt_buf_free(&n->kept);
    gnt_buf_free(&n->records);
    gnt_buf_free(&n->path);
    gnt_buf_free(&n->link);
    gnt_buf_free(&n->out);
    gnt_free(&host->mem, n->name);
    gnt_free(&host->mem, n);
}

static void names_close(void *state)
{
    struct names *n = state;

    gantry_stream_close(n->tar);
    release(n);
}

int gnt_tar_names(struct gantry_host *host, gantry_stream *tar, const char *name,
                  gantry_stream **out, gantry_error *err)
{
    static const gantry_stream_ops ops = { .size = sizeof ops,
                                           .read = names_read,
                                           .fd = names_fd,
                                           .close = names_close,
                                           .timeout_ms = names_timeout_ms };
    struct names *n = gnt_alloc(&host->mem, sizeof *n);
    int rc = 0;

    if (n == NULL)
        return gnt_nomem(err);
    n->host = host;
    gnt_buf_init(&n->kept, &host->mem, EXTENDED_MAX + GNT_TAR_BLOCK);
    gnt_buf_init(&n->records, &host->mem, 4 * EXTENDED_MAX);
    gnt_buf_init(&n->path, &host->mem, EXTENDED_MAX + GNT_TAR_BLOCK);
    gnt_buf_init(&n->link, &host->mem, EXTENDED_MAX + GNT_TAR_BLOCK);
    gnt_buf_init(&n->out, &host->mem, 8 * EXTENDED_MAX);
    if (name != NULL) {
        n->name = gnt_strdup(&host->mem, name);
        rc = n->name == NULL ? gnt_nomem(err) : 0;
    }
    if (rc == 0)
        rc = gantry_stream_new(host, &ops, n, out, err);
    if (rc < 0)
        release(n);
    else
        n->tar = tar;
    return rc;
}
