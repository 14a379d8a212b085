/* Subnets as numbers. */
#include "subnet.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"

enum {
    BITS_4 = 32,
    BITS_6 = 128
};

static int whole_bits(int family)
{
    return family == 4 ? BITS_4 : BITS_6;
}

static size_t whole_bytes(int family)
{
    return (size_t)whole_bits(family) / 8;
}

/* 4, 6, or 0 if it is no address. */
static int read_address(const char *text, unsigned char out[16])
{
    memset(out, 0, 16);
    if (inet_pton(AF_INET, text, out) == 1)
        return 4;
    return inet_pton(AF_INET6, text, out) == 1 ? 6 : 0;
}

static void write_address(int family, const unsigned char *bytes, char out[GNT_ADDRESS_SIZE])
{
    if (inet_ntop(family == 4 ? AF_INET : AF_INET6, bytes, out, GNT_ADDRESS_SIZE) == NULL)
        out[0] = '\0';
}

/* Everything behind the prefix to 0 or 1. */
static void fill_host(unsigned char *bytes, int family, int bits, int with)
{
    for (int i = bits; i < whole_bits(family); i++) {
        unsigned char bit = (unsigned char)(0x80 >> (i % 8));

        if (with)
            bytes[i / 8] |= bit;
        else
            bytes[i / 8] &= (unsigned char)~bit;
    }
}

static int read_bits(const char *text)
{
    size_t size = strspn(text, "0123456789");

    if (size == 0 || size > 3 || text[size] != '\0')
        return -1;
    return (int)strtol(text, NULL, 10);
}

int gnt_subnet_parse(const char *argument, const char *text, struct gnt_subnet *out,
                     gantry_error *err)
{
    const char *slash = strchr(text, '/');
    size_t size = slash != NULL ? (size_t)(slash - text) : 0;
    char address[GNT_ADDRESS_SIZE];
    struct gnt_subnet s = { 0 };
    unsigned char asked[16];

    if (size > 0 && size < sizeof address) {
        memcpy(address, text, size);
        address[size] = '\0';
        s.family = read_address(address, s.first);
        s.bits = read_bits(slash + 1);
    }
    if (s.family == 0 || s.bits < 0 || s.bits > whole_bits(s.family))
        return gnt_fail(err, GANTRY_E_INVALID, "%s: is no subnet as 10.89.0.0/24: %.60s", argument,
                        text);
    memcpy(asked, s.first, sizeof asked);
    fill_host(s.first, s.family, s.bits, 0);
    if (memcmp(asked, s.first, sizeof asked) != 0) {
        write_address(s.family, s.first, address);
        return gnt_fail(err, GANTRY_E_INVALID, "%s: %.60s begins with %s/%d", argument, text,
                        address, s.bits);
    }
    *out = s;
    return 0;
}

static int has_bytes(const struct gnt_subnet *subnet, int family, const unsigned char *bytes)
{
    unsigned char first[16];

    if (family != subnet->family)
        return 0;
    memcpy(first, bytes, sizeof first);
    fill_host(first, family, subnet->bits, 0);
    return memcmp(first, subnet->first, whole_bytes(family)) == 0;
}

int gnt_subnet_has(const struct gnt_subnet *subnet, const char *address)
{
    unsigned char bytes[16];
    int family = read_address(address, bytes);

    return family != 0 && has_bytes(subnet, family, bytes);
}

int gnt_subnet_holds(const struct gnt_subnet *subnet, const struct gnt_subnet *part)
{
    return part->bits >= subnet->bits && has_bytes(subnet, part->family, part->first);
}

int gnt_subnet_overlaps(const struct gnt_subnet *a, const struct gnt_subnet *b)
{
    return gnt_subnet_holds(a, b) || gnt_subnet_holds(b, a);
}

int gnt_subnet_same(const char *a, const char *b)
{
    unsigned char x[16];
    unsigned char y[16];
    struct gnt_subnet p;
    struct gnt_subnet q;
    int family = read_address(a, x);

    if (family != 0 && read_address(b, y) == family)
        return memcmp(x, y, sizeof x) == 0;
    if (gnt_subnet_parse("", a, &p, NULL) == 0 && gnt_subnet_parse("", b, &q, NULL) == 0)
        return p.bits == q.bits && gnt_subnet_overlaps(&p, &q);
    return strcmp(a, b) == 0;
}

void gnt_subnet_gateway(const struct gnt_subnet *subnet, char out[GNT_ADDRESS_SIZE])
{
    unsigned char bytes[16];

    out[0] = '\0';
    if (whole_bits(subnet->family) - subnet->bits < 2)
        return;
    memcpy(bytes, subnet->first, sizeof bytes);
    bytes[whole_bytes(subnet->family) - 1] |= 1;
    write_address(subnet->family, bytes, out);
}

void gnt_subnet_lease(const struct gnt_subnet *subnet, const struct gnt_subnet *part,
                      char first[GNT_ADDRESS_SIZE], char last[GNT_ADDRESS_SIZE])
{
    size_t end = whole_bytes(subnet->family) - 1;
    unsigned char a[16];
    unsigned char b[16];
    unsigned char broadcast[16];

    memcpy(a, part->first, sizeof a);
    memcpy(b, part->first, sizeof b);
    memcpy(broadcast, subnet->first, sizeof broadcast);
    fill_host(b, part->family, part->bits, 1);
    fill_host(broadcast, subnet->family, subnet->bits, 1);
    if (whole_bits(part->family) - part->bits > 1) {
        a[end] |= memcmp(a, subnet->first, end + 1) == 0;
        if (memcmp(b, broadcast, end + 1) == 0)
            b[end] &= 0xfe;
    }
    write_address(part->family, a, first);
    write_address(part->family, b, last);
}

/* The bits that two addresses have in common. */
static int common_bits(int family, const unsigned char *a, const unsigned char *b)
{
    int bits = 0;

    while (bits < whole_bits(family) && ((a[bits / 8] ^ b[bits / 8]) & (0x80 >> (bits % 8))) == 0)
        bits++;
    return bits;
}

/* Whether the bytes are the first or last address of their block, or off that by one if `near`. */
static int is_end(const unsigned char *bytes, int family, int bits, int last, int near)
{
    unsigned char end[16];
    size_t size = whole_bytes(family);

    memcpy(end, bytes, sizeof end);
    fill_host(end, family, bits, last);
    if (memcmp(end, bytes, size) == 0)
        return 1;
    end[size - 1] ^= 1;
    return near && whole_bits(family) - bits > 1 && memcmp(end, bytes, size) == 0;
}

static int at_subnets_end(const struct gnt_subnet *subnet, int family, const unsigned char *bytes,
                          int bits)
{
    unsigned char last[16];
    unsigned char all[16];

    if (subnet->family != family)
        return 0;
    memcpy(last, bytes, sizeof last);
    memcpy(all, subnet->first, sizeof all);
    fill_host(last, family, bits, 1);
    fill_host(all, family, subnet->bits, 1);
    return memcmp(last, all, whole_bytes(family)) == 0;
}

const char *gnt_subnet_range(struct gnt_arena *arena, const struct gnt_subnet *subnet,
                             const char *first, const char *last)
{
    unsigned char a[16];
    unsigned char b[16];
    char text[GNT_ADDRESS_SIZE];
    int family = read_address(first, a);
    int bits;

    if (family != 0 && read_address(last, b) == family) {
        bits = common_bits(family, a, b);
        if (is_end(a, family, bits, 0, 1) &&
            is_end(b, family, bits, 1, at_subnets_end(subnet, family, b, bits))) {
            fill_host(a, family, bits, 0);
            write_address(family, a, text);
            return gnt_arena_printf(arena, "%s/%d", text, bits);
        }
    }
    return gnt_arena_printf(arena, "%s-%s", first, last);
}
