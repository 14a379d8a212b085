/*
 * Protobuf's wire format, read with every length checked against what is there.
 */
#include "docker_proto.h"

#include <string.h>

void gnt_proto_init(struct gnt_proto *p, const void *data, size_t size)
{
    p->at = data;
    p->left = size;
}

static int read_varint(struct gnt_proto *p, uint64_t *out)
{
    uint64_t value = 0;
    unsigned shift;

    for (shift = 0; shift < 70; shift += 7) {
        unsigned char byte;

        if (p->left == 0)
            return -1;
        byte = *p->at++;
        p->left--;
        if (shift == 63 && byte > 1) /* more than 64 bits */
            return -1;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *out = value;
            return 0;
        }
    }
    return -1;
}

static int take(struct gnt_proto *p, uint64_t size, struct gnt_slice *out)
{
    if (size > p->left)
        return -1;
    out->data = (const char *)p->at;
    out->size = (size_t)size;
    p->at += size;
    p->left -= (size_t)size;
    return 1;
}

int gnt_proto_next(struct gnt_proto *p, struct gnt_proto_field *out)
{
    uint64_t key;
    uint64_t size;

    if (p->left == 0)
        return 0;
    memset(out, 0, sizeof *out);
    if (read_varint(p, &key) < 0 || key >> 3 == 0 || key >> 3 > 0x1fffffff)
        return -1;
    out->number = (uint32_t)(key >> 3);
    switch (key & 7) {
    case 0:
        out->type = GNT_PROTO_NUMBER;
        return read_varint(p, &out->value) < 0 ? -1 : 1;
    case 2:
        out->type = GNT_PROTO_BYTES;
        return read_varint(p, &size) < 0 ? -1 : take(p, size, &out->bytes);
    case 1:
        out->type = GNT_PROTO_OTHER;
        return take(p, 8, &out->bytes);
    case 5:
        out->type = GNT_PROTO_OTHER;
        return take(p, 4, &out->bytes);
    default: /* groups, which nobody sends, and nonsense */
        return -1;
    }
}
