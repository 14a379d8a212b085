/*
 * The stdout/stderr framing of both engines: 8 byte header (channel, 0 0 0, big-endian length),
 * then payload. Pure, no allocation, nothing held but the header: an announced length is only a
 * counter.
 */
#ifndef GNT_DEMUX_H
#define GNT_DEMUX_H

#include <gantry/stream.h>

struct gnt_demux {
    unsigned char header[8];
    unsigned header_size;
    uint32_t left;  /* payload bytes of the current frame still to come */
    int channel;    /* of the current frame; 3 = the engine's own error text */
};

void gnt_demux_init(struct gnt_demux *d);
/*
 * Take bytes: *out_used of them are consumed; of those the last *out_size, at *out_payload, are
 * payload of *out_channel (none: *out_size is 0). Call again with the rest until all is consumed.
 * PROTOCOL for a channel above 3 or non-zero reserved bytes. Linear, no recursion.
 */
int gnt_demux_feed(struct gnt_demux *d, const unsigned char *data, size_t size, size_t *out_used,
                   const unsigned char **out_payload, size_t *out_size, int *out_channel,
                   gantry_error *err);
/* At the end of input: TRUNCATED inside a frame or header. */
int gnt_demux_finish(const struct gnt_demux *d, gantry_error *err);

#endif
