/*
 * Just enough of the protobuf wire format to read BuildKit's trace: fields of a message, one after
 * the other, over bytes that somebody else owns. Allocates nothing and goes down no level by
 * itself.
 */
#ifndef GNT_DOCKER_PROTO_H
#define GNT_DOCKER_PROTO_H

#include <stddef.h>
#include <stdint.h>

/* Bytes inside of the message. */
struct gnt_slice {
    const char *data;
    size_t size;
};

struct gnt_proto {
    const unsigned char *at;
    size_t left;
};

enum gnt_proto_type {
    GNT_PROTO_NUMBER = 0, /* varint */
    GNT_PROTO_BYTES = 2,  /* text, bytes, a message */
    GNT_PROTO_OTHER = 1   /* of fixed size: nothing that is read here */
};

struct gnt_proto_field {
    uint32_t number;
    enum gnt_proto_type type;
    uint64_t value;         /* NUMBER */
    struct gnt_slice bytes; /* BYTES */
};

void gnt_proto_init(struct gnt_proto *p, const void *data, size_t size);
/* 1: a field; 0: the message is over; -1: this is no message. */
int gnt_proto_next(struct gnt_proto *p, struct gnt_proto_field *out);

#endif
