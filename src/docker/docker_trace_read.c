/*
 * BuildKit's messages, field by field.
 */
#include "docker_trace_read.h"

#include <string.h>

enum {
    DIGEST_MAX_SIZE = 256 /* no digest is longer */
};

static const struct gnt_slice none = { "", 0 };

/* Timestamp { 1: seconds, 2: nanoseconds }; 0 for what no clock shows. */
static int read_time(struct gnt_slice bytes, int64_t *out)
{
    struct gnt_proto p;
    struct gnt_proto_field f;
    uint64_t seconds = 0;
    uint64_t nanoseconds = 0;
    int rc;

    gnt_proto_init(&p, bytes.data, bytes.size);
    while ((rc = gnt_proto_next(&p, &f)) > 0) {
        if (f.number == 1 && f.type == GNT_PROTO_NUMBER)
            seconds = f.value;
        else if (f.number == 2 && f.type == GNT_PROTO_NUMBER)
            nanoseconds = f.value;
    }
    *out = 0;
    if (seconds < INT64_MAX / 1000000000 - 1 && nanoseconds < 1000000000)
        *out = (int64_t)(seconds * 1000000000 + nanoseconds);
    return rc;
}

int gnt_read_vertex(struct gnt_slice bytes, struct gnt_said_vertex *out)
{
    struct gnt_proto p;
    struct gnt_proto_field f;
    int rc;

    *out = (struct gnt_said_vertex){ .all = bytes, .digest = none, .name = none, .error = none };
    gnt_proto_init(&p, bytes.data, bytes.size);
    while ((rc = gnt_proto_next(&p, &f)) > 0) {
        if (f.number == 4 && f.type == GNT_PROTO_NUMBER)
            out->cached = f.value != 0;
        if (f.type != GNT_PROTO_BYTES)
            continue;
        if (f.number == 1)
            out->digest = f.bytes;
        else if (f.number == 3)
            out->name = f.bytes;
        else if (f.number == 5 && read_time(f.bytes, &out->begun_ns) == 0)
            out->begun = 1;
        else if (f.number == 6 && read_time(f.bytes, &out->ended_ns) == 0)
            out->ended = 1;
        else if (f.number == 7)
            out->error = f.bytes;
    }
    return rc < 0 || out->digest.size == 0 || out->digest.size > DIGEST_MAX_SIZE ? -1 : 0;
}

int gnt_read_status(struct gnt_slice bytes, struct gnt_said_status *out)
{
    struct gnt_proto_field f;
    struct gnt_proto p;
    int rc;

    *out = (struct gnt_said_status){ .id = none, .vertex = none, .word = none };
    gnt_proto_init(&p, bytes.data, bytes.size);
    while ((rc = gnt_proto_next(&p, &f)) > 0) {
        if (f.type == GNT_PROTO_NUMBER && (f.number == 4 || f.number == 5)) {
            int64_t value = f.value <= INT64_MAX ? (int64_t)f.value : 0;

            *(f.number == 4 ? &out->current : &out->total) = value;
        } else if (f.type == GNT_PROTO_BYTES) {
            if (f.number == 1)
                out->id = f.bytes;
            else if (f.number == 2)
                out->vertex = f.bytes;
            else if (f.number == 3)
                out->word = f.bytes;
            out->ended |= f.number == 8;
        }
    }
    return rc;
}

static int read_text(struct gnt_slice bytes, uint32_t number, struct gnt_said_text *out)
{
    struct gnt_proto_field f;
    struct gnt_proto p;
    int rc;

    *out = (struct gnt_said_text){ .vertex = none, .text = none, .stream = 1 };
    gnt_proto_init(&p, bytes.data, bytes.size);
    while ((rc = gnt_proto_next(&p, &f)) > 0) {
        if (f.number == 1 && f.type == GNT_PROTO_BYTES)
            out->vertex = f.bytes;
        else if (f.number == 3 && f.type == GNT_PROTO_NUMBER)
            out->stream = f.value == 2 ? 2 : 1;
        else if (f.number == number && f.type == GNT_PROTO_BYTES)
            out->text = f.bytes;
    }
    return rc;
}

int gnt_read_log(struct gnt_slice bytes, struct gnt_said_text *out)
{
    return read_text(bytes, 4, out);
}

int gnt_read_warning(struct gnt_slice bytes, struct gnt_said_text *out)
{
    return read_text(bytes, 3, out);
}
