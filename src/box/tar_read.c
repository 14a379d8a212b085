/*
 * Reading a tar from standard input: ustar, the one before it, pax and GNU's long names. What has
 * an effect and is not known here is refused, not passed over.
 */
#include "tar.h"

enum {
    IN_SIZE = 128 * 1024
};

static unsigned char in[IN_SIZE];
static size_t in_at;
static size_t in_size;

static uint64_t content_left;
static size_t padding_left;

static _Noreturn void damaged(const char *what)
{
    box_fail(BOX_EBADMSG, "read the tar:", what);
}

/* ---- bytes ----------------------------------------------------------------------------------- */

/* What is there is moved to the front; more comes behind it. 0 at the end of the input. */
static int fill(void)
{
    long n;

    if (in_at > 0) {
        for (size_t i = in_at; i < in_size; i++)
            in[i - in_at] = in[i];
        in_size -= in_at;
        in_at = 0;
    }
    n = box_call(SYS_READ, 0, (long)(in + in_size), (long)(IN_SIZE - in_size), 0, 0);
    if (n < 0)
        box_fail(n, "read", "the tar");
    in_size += (size_t)n;
    return n > 0;
}

static const unsigned char *take(size_t size)
{
    while (in_size - in_at < size) {
        if (!fill())
            damaged("it ends early");
    }
    in_at += size;
    return in + in_at - size;
}

static void skip(uint64_t size)
{
    while (size > 0) {
        size_t now = in_size - in_at;

        if (now == 0 && !fill())
            damaged("it ends early");
        now = in_size - in_at;
        if (now > size)
            now = (size_t)size;
        in_at += now;
        size -= now;
    }
}

size_t tar_content(const unsigned char **out, size_t most)
{
    size_t now;

    if (content_left == 0)
        return 0;
    if (in_at == in_size && !fill())
        damaged("it ends early");
    now = in_size - in_at;
    if (now > content_left)
        now = (size_t)content_left;
    if (now > most)
        now = most;
    *out = in + in_at;
    in_at += now;
    content_left -= now;
    return now;
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* Octal digits between spaces, or the large form: the first byte's highest bit, then a number. */
static int64_t number(const char *field, size_t width)
{
    const unsigned char *at = (const unsigned char *)field;
    const unsigned char *end = at + width;
    uint64_t value = 0;

    if ((*at & 0x80) != 0) {
        value = (*at & 0x40) != 0 ? ~(uint64_t)0 : 0; /* below zero */
        value = value << 6 | (*at & 0x3f);
        for (at++; at < end; at++)
            value = value << 8 | *at;
        return (int64_t)value;
    }
    while (at < end && *at == ' ')
        at++;
    for (; at < end && *at != ' ' && *at != '\0'; at++) {
        if (*at < '0' || *at > '7')
            damaged("a number is none");
        value = value << 3 | (uint64_t)(*at - '0');
    }
    return (int64_t)value;
}

static uint64_t positive(const char *field, size_t width)
{
    int64_t value = number(field, width);

    if (value < 0)
        damaged("a number is below zero");
    return (uint64_t)value;
}

/* Decimal digits up to what stands behind them. */
static const char *decimal(const char *text, uint64_t *out)
{
    uint64_t value = 0;

    if (*text < '0' || *text > '9')
        damaged("a number is none");
    for (; *text >= '0' && *text <= '9'; text++) {
        if (value > (uint64_t)INT64_MAX / 10 - 1)
            damaged("a number is too large");
        value = value * 10 + (uint64_t)(*text - '0');
    }
    *out = value;
    return text;
}

static uint64_t whole(const char *text)
{
    uint64_t value;

    if (*decimal(text, &value) != '\0')
        damaged("a number is none");
    return value;
}

static void decimal_time(const char *text, struct tar_entry *e)
{
    int negative = *text == '-';
    uint32_t fraction = 0;
    uint64_t seconds;

    text = decimal(text + negative, &seconds);
    if (*text == '.') {
        text++;
        for (uint32_t unit = 100000000; *text >= '0' && *text <= '9'; text++, unit /= 10)
            fraction += unit * (uint32_t)(*text - '0');
    }
    if (*text != '\0')
        damaged("a time is none");
    e->seconds = negative ? -(int64_t)seconds : (int64_t)seconds;
    e->nanoseconds = fraction;
    if (negative && fraction > 0) {
        e->seconds--;
        e->nanoseconds = 1000000000u - fraction;
    }
}

/* ---- records --------------------------------------------------------------------------------- */

static char pax[TAR_PAX_MAX];
static char long_name[2 * BOX_PATH_MAX];
static char long_link[2 * BOX_PATH_MAX];

/* What records said of the entry that comes. */
static struct said {
    const char *name;
    const char *link;
    const char *uid;
    const char *gid;
    const char *size;
    const char *mtime;
    struct tar_xattr *attributes; /* on the stack */
    struct tar_xattr **end;
} said;

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "%3D" is '=', "%25" is '%', in place. */
static void decode_key(char *key)
{
    char *to = key;

    for (; *key != '\0'; key++) {
        if (key[0] == '%' && hex(key[1]) >= 0 && hex(key[2]) >= 0) {
            *to++ = (char)(hex(key[1]) << 4 | hex(key[2]));
            key += 2;
        } else {
            *to++ = *key;
        }
    }
    *to = '\0';
}

static void add_attribute(char *name, const char *value, size_t size)
{
    struct tar_xattr *x = box_stack_push(sizeof *x);

    decode_key(name);
    x->next = 0;
    x->name = name;
    x->value = value;
    x->size = size;
    *said.end = x;
    said.end = &x->next;
}

static int says_what_is_unknown(const char *key)
{
    return box_begins(key, "GNU.sparse.") || box_begins(key, "SCHILY.acl.") ||
           box_equal(key, "SCHILY.realsize");
}

static void record(char *key, char *value, size_t size)
{
    static const struct {
        char key[12];
        const char **slot;
    } rows[] = { { "path", &said.name }, { "linkpath", &said.link }, { "uid", &said.uid },
                 { "gid", &said.gid },   { "size", &said.size },     { "mtime", &said.mtime } };

    if (says_what_is_unknown(key))
        box_fail(BOX_EOPNOTSUPP, "unpack what has records", key);
    if (box_begins(key, "SCHILY.xattr."))
        add_attribute(key + 13, value, size);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!box_equal(key, rows[i].key))
            continue;
        if (box_length(value) != size)
            damaged("a record has a NUL");
        *rows[i].slot = value;
    }
}

/* "LENGTH KEY=VALUE\n", one behind the other. */
static void read_records(char *at, size_t left)
{
    while (left > 0) {
        char *key = at;
        char *value;
        size_t length = 0;

        while (key < at + left && *key >= '0' && *key <= '9' && length < TAR_PAX_MAX)
            length = length * 10 + (size_t)(*key++ - '0');
        if (length > left || key >= at + length || *key != ' ' || at[length - 1] != '\n')
            damaged("a record has a wrong length");
        at[length - 1] = '\0';
        value = ++key;
        while (value < at + length - 1 && *value != '=')
            value++;
        if (value >= at + length - 1)
            damaged("a record has no '='");
        *value++ = '\0';
        record(key, value, (size_t)(at + length - 1 - value));
        at += length;
        left -= length;
    }
}

static void read_into(char *buffer, size_t capacity, uint64_t size)
{
    if (size >= capacity)
        box_fail(BOX_EOPNOTSUPP, "unpack what has so many records", "");
    for (size_t at = 0; at < size;) {
        const unsigned char *piece;
        size_t now;

        content_left = size - at;
        now = tar_content(&piece, (size_t)size - at);
        box_copy(buffer + at, piece, now);
        at += now;
    }
    buffer[size] = '\0';
    skip(tar_padding(size));
}

/* Of all entries that follow: nothing that would change them. */
static void read_global(uint64_t size)
{
    struct said before = said;

    read_into(pax, sizeof pax, size);
    read_records(pax, (size_t)size);
    if (said.name != before.name || said.link != before.link || said.uid != before.uid ||
        said.gid != before.gid || said.size != before.size || said.mtime != before.mtime ||
        said.end != before.end)
        box_fail(BOX_EOPNOTSUPP, "unpack what has records for all entries", "");
}

/* ---- headers --------------------------------------------------------------------------------- */

unsigned tar_sum(const struct tar_header *header)
{
    const unsigned char *bytes = (const unsigned char *)header;
    const unsigned char *own = (const unsigned char *)header->sum;
    unsigned sum = 0;

    for (const unsigned char *at = bytes; at < bytes + TAR_BLOCK; at++)
        sum += at >= own && at < own + sizeof header->sum ? (unsigned)' ' : *at;
    return sum;
}

static int is_zero(const struct tar_header *header)
{
    const char *bytes = (const char *)header;
    size_t i = 0;

    while (i < TAR_BLOCK && bytes[i] == '\0')
        i++;
    return i == TAR_BLOCK;
}

/* 0 at the end mark. */
static int read_header(struct tar_header *out)
{
    box_copy(out, take(TAR_BLOCK), TAR_BLOCK);
    if (is_zero(out))
        return 0;
    if (number(out->sum, sizeof out->sum) != tar_sum(out))
        damaged("a header is damaged");
    return 1;
}

static size_t bounded(const char *field, size_t width)
{
    size_t n = 0;

    while (n < width && field[n] != '\0')
        n++;
    return n;
}

/* The header's own name, with its first part if it has that. */
static void read_name(const struct tar_header *h)
{
    size_t at = 0;
    size_t size = bounded(h->name, sizeof h->name);

    if (box_equal(h->magic, "ustar") && h->prefix[0] != '\0') {
        at = bounded(h->prefix, sizeof h->prefix);
        box_copy(long_name, h->prefix, at);
        long_name[at++] = '/';
    }
    box_copy(long_name + at, h->name, size);
    long_name[at + size] = '\0';
    said.name = long_name;
}

static void describe(struct tar_entry *e, const struct tar_header *h)
{
    static char own_link[TAR_NAME_SIZE + 1];

    box_zero(e, sizeof *e);
    e->type = h->type == '\0' || h->type == '7' ? TAR_FILE : h->type;
    if (said.name == 0)
        read_name(h);
    if (said.link == 0) {
        size_t size = bounded(h->link, sizeof h->link);

        box_copy(own_link, h->link, size);
        own_link[size] = '\0';
        said.link = own_link;
    }
    e->name = said.name;
    e->link = said.link;
    e->mode = (unsigned)positive(h->mode, sizeof h->mode) & MODE_MASK;
    e->uid = said.uid != 0 ? whole(said.uid) : positive(h->uid, sizeof h->uid);
    e->gid = said.gid != 0 ? whole(said.gid) : positive(h->gid, sizeof h->gid);
    e->size = said.size != 0 ? whole(said.size) : positive(h->size, sizeof h->size);
    e->seconds = number(h->mtime, sizeof h->mtime);
    if (said.mtime != 0)
        decimal_time(said.mtime, e);
    if (e->type == TAR_CHAR || e->type == TAR_BLOCK_DEVICE) {
        e->major = (uint32_t)positive(h->major, sizeof h->major);
        e->minor = (uint32_t)positive(h->minor, sizeof h->minor);
    }
    if (e->type == TAR_FILE && h->type == '\0' && said.name[0] != '\0' &&
        said.name[box_length(said.name) - 1] == '/')
        e->type = TAR_DIRECTORY; /* before there was a type for it */
}

/* Only files have a content, whatever the header's size is about. */
static void begin_content(const struct tar_entry *e)
{
    content_left = e->type == TAR_FILE ? e->size : 0;
    padding_left = tar_padding(content_left);
}

int tar_next(struct tar_entry *out, const struct tar_xattr **attributes)
{
    struct tar_header h;

    skip(content_left);
    skip(padding_left);
    content_left = 0;
    padding_left = 0;
    box_stack_pop(0); /* the attributes of the one before */
    box_zero(&said, sizeof said);
    said.end = &said.attributes;
    while (read_header(&h)) {
        uint64_t size = positive(h.size, sizeof h.size);

        if (h.type == 'x') {
            read_into(pax, sizeof pax, size);
            read_records(pax, (size_t)size);
        } else if (h.type == 'g') {
            read_global(size);
        } else if (h.type == 'L') {
            read_into(long_name, sizeof long_name, size);
            said.name = long_name;
        } else if (h.type == 'K') {
            read_into(long_link, sizeof long_link, size);
            said.link = long_link;
        } else if (h.type == 'V') { /* the archive's own name */
            skip(size + tar_padding(size));
        } else {
            describe(out, &h);
            begin_content(out);
            *attributes = said.attributes;
            return 1;
        }
    }
    return 0;
}

void tar_check_begin(void)
{
    const struct tar_header *h = (const struct tar_header *)take(TAR_BLOCK);

    if (!is_zero(h) && number(h->sum, sizeof h->sum) != tar_sum(h))
        damaged("this is none");
    in_at -= TAR_BLOCK;
}
