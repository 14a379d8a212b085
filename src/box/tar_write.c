/* Writing a tar to standard output. The same entries always give the same bytes. */
#include "tar.h"

enum {
    OUT_SIZE = 128 * 1024
};

static unsigned char out[OUT_SIZE];
static size_t out_size;

static char pax[TAR_PAX_MAX];
static size_t pax_size;

static void flush(void)
{
    size_t at = 0;

    while (at < out_size) {
        long n = box_call(SYS_WRITE, 1, (long)(out + at), (long)(out_size - at), 0, 0);

        if (n < 0)
            box_fail(n, "write", "the archive");
        at += (size_t)n;
    }
    out_size = 0;
}

static void put(const void *data, size_t size)
{
    const unsigned char *from = data;

    while (size > 0) {
        size_t now = OUT_SIZE - out_size;

        if (now > size)
            now = size;
        if (from != 0) {
            box_copy(out + out_size, from, now);
            from += now;
        } else {
            box_zero(out + out_size, now);
        }
        out_size += now;
        size -= now;
        if (out_size == OUT_SIZE)
            flush();
    }
}

static void put_zeroes(size_t size)
{
    put(0, size);
}

/* ---- records --------------------------------------------------------------------------------- */

static void pax_bytes(const void *data, size_t size)
{
    if (size > TAR_PAX_MAX - pax_size)
        box_fail(7, "put into an archive", "so many attributes"); /* E2BIG */
    box_copy(pax + pax_size, data, size);
    pax_size += size;
}

static void pax_text(const char *text)
{
    pax_bytes(text, box_length(text));
}

static size_t digits_of(size_t value)
{
    size_t count = 1;

    while (value >= 10) {
        value /= 10;
        count++;
    }
    return count;
}

/* "LENGTH " counts itself. */
static void pax_length(size_t rest)
{
    char text[24];
    size_t digits = digits_of(rest);

    while (digits_of(rest + digits + 1) != digits)
        digits++;
    pax_text(box_number(rest + digits + 1, text + sizeof text - 1));
    pax_text(" ");
}

static void pax_record(const char *key, const void *value, size_t size)
{
    pax_length(box_length(key) + size + 2);
    pax_text(key);
    pax_text("=");
    pax_bytes(value, size);
    pax_text("\n");
}

static void pax_number(const char *key, uint64_t value)
{
    char digits[24];
    const char *text = box_number(value, digits + sizeof digits - 1);

    pax_record(key, text, box_length(text));
}

/* A key ends at the first '='; so GNU tar writes one in it as "%3D", and '%' as "%25". */
void tar_attribute(const char *name, const void *value, size_t size)
{
    static char key[3 * 256 + 16];
    size_t at = sizeof "SCHILY.xattr." - 1;

    box_copy(key, "SCHILY.xattr.", at);
    for (; *name != '\0' && at < sizeof key - 4; name++) {
        if (*name == '=' || *name == '%') {
            box_copy(key + at, *name == '=' ? "%3D" : "%25", 3);
            at += 3;
        } else {
            key[at++] = *name;
        }
    }
    key[at] = '\0';
    pax_record(key, value, size);
}

void tar_forget(void)
{
    pax_size = 0;
}

/* Before 1970 the fraction counts on from the whole seconds below, but is written as a decimal. */
static void pax_time(int64_t seconds, uint32_t nanoseconds)
{
    char text[40];
    char *at = text + sizeof text - 1;
    int negative = seconds < 0;
    uint64_t whole;

    if (negative && nanoseconds > 0) {
        seconds++;
        nanoseconds = 1000000000u - nanoseconds;
    }
    whole = negative ? (uint64_t)0 - (uint64_t)seconds : (uint64_t)seconds;
    *at = '\0';
    if (nanoseconds > 0) {
        for (int i = 0; i < 9; i++) {
            *--at = (char)('0' + nanoseconds % 10);
            nanoseconds /= 10;
        }
        *--at = '.';
    }
    do {
        *--at = (char)('0' + whole % 10);
        whole /= 10;
    } while (whole > 0);
    if (negative)
        *--at = '-';
    pax_record("mtime", at, box_length(at));
}

/* ---- headers --------------------------------------------------------------------------------- */

/* 0 if the field has no room for it. */
static int put_octal(char *field, size_t width, uint64_t value)
{
    for (size_t at = width - 1; at > 0; at--) {
        field[at - 1] = (char)('0' + (value & 7));
        value >>= 3;
    }
    field[width - 1] = '\0';
    return value == 0;
}

static void put_number(char *field, size_t width, uint64_t value, const char *key)
{
    if (put_octal(field, width, value))
        return;
    put_octal(field, width, 0);
    pax_number(key, value);
}

static int is_plain(const char *text)
{
    while (*text != '\0' && (unsigned char)*text < 0x80)
        text++;
    return *text == '\0';
}

/* Names are bytes; a pax record of one that may be no UTF-8 says so. */
static void put_name(char field[TAR_NAME_SIZE], const char *name, const char *key)
{
    size_t size = box_length(name);

    if (size > TAR_NAME_SIZE) {
        if (!is_plain(name))
            pax_record("hdrcharset", "BINARY", 6);
        pax_record(key, name, size);
        size = TAR_NAME_SIZE;
    }
    box_copy(field, name, size);
}

static void put_header(struct tar_header *h)
{
    box_copy(h->magic, "ustar", 6);
    box_copy(h->version, "00", 2);
    put_octal(h->sum, sizeof h->sum - 1, tar_sum(h));
    h->sum[sizeof h->sum - 1] = ' ';
    put(h, sizeof *h);
}

static void put_records(void)
{
    struct tar_header h;

    if (pax_size == 0)
        return;
    box_zero(&h, sizeof h);
    box_copy(h.name, "PaxHeader", 9);
    put_octal(h.mode, sizeof h.mode, 0644);
    put_octal(h.uid, sizeof h.uid, 0);
    put_octal(h.gid, sizeof h.gid, 0);
    put_octal(h.size, sizeof h.size, pax_size);
    put_octal(h.mtime, sizeof h.mtime, 0);
    h.type = 'x';
    put_header(&h);
    put(pax, pax_size);
    put_zeroes(tar_padding(pax_size));
    pax_size = 0;
}

void tar_put(const struct tar_entry *e)
{
    struct tar_header h;

    box_zero(&h, sizeof h);
    put_name(h.name, e->name, "path");
    if (e->link != 0)
        put_name(h.link, e->link, "linkpath");
    put_octal(h.mode, sizeof h.mode, e->mode & MODE_MASK);
    put_number(h.uid, sizeof h.uid, e->uid, "uid");
    put_number(h.gid, sizeof h.gid, e->gid, "gid");
    put_number(h.size, sizeof h.size, e->size, "size");
    if (!put_octal(h.mtime, sizeof h.mtime, (uint64_t)e->seconds) || e->nanoseconds > 0) {
        if (e->seconds < 0 || e->seconds >> 33 != 0)
            put_octal(h.mtime, sizeof h.mtime, 0);
        pax_time(e->seconds, e->nanoseconds);
    }
    if (e->type == TAR_CHAR || e->type == TAR_BLOCK_DEVICE) {
        put_octal(h.major, sizeof h.major, e->major);
        put_octal(h.minor, sizeof h.minor, e->minor);
    }
    h.type = (char)e->type;
    put_records();
    put_header(&h);
}

/* ---- content --------------------------------------------------------------------------------- */

void tar_put_content(long fd, uint64_t size, const char *name)
{
    for (uint64_t left = size; left > 0;) {
        size_t room = OUT_SIZE - out_size;
        long n;

        if (room > left)
            room = (size_t)left;
        n = box_call(SYS_READ, fd, (long)(out + out_size), (long)room, 0, 0);
        if (n < 0)
            box_fail(n, "read", name);
        if (n == 0)
            box_fail(BOX_ESTALE, "read to its end", name);
        out_size += (size_t)n;
        left -= (uint64_t)n;
        if (out_size == OUT_SIZE)
            flush();
    }
    put_zeroes(tar_padding(size));
}

void tar_put_end(void)
{
    put_zeroes((size_t)2 * TAR_BLOCK);
    flush();
}
