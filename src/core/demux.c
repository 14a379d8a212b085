/*
 * The stdout/stderr framing of both engines. Pure; knows neither streams nor where bytes come from.
 */
#include "demux.h"

#include "error.h"

#include <string.h>

void gnt_demux_init(struct gnt_demux *d)
{
    memset(d, 0, sizeof *d);
    d->channel = GANTRY_STDOUT;
}

static int begin_frame(struct gnt_demux *d, gantry_error *err)
{
    const unsigned char *h = d->header;

    if (h[0] > 3 || h[1] != 0 || h[2] != 0 || h[3] != 0)
        return gnt_fail(err, GANTRY_E_PROTOCOL,
                        "malformed stream: %02x %02x %02x %02x is no frame of stdout or stderr",
                        h[0], h[1], h[2], h[3]);
    d->channel = h[0];
    d->left = (uint32_t)h[4] << 24 | (uint32_t)h[5] << 16 | (uint32_t)h[6] << 8 | h[7];
    d->header_size = 0;
    return 0;
}

int gnt_demux_feed(struct gnt_demux *d, const unsigned char *data, size_t size, size_t *out_used,
                   const unsigned char **out_payload, size_t *out_size, int *out_channel,
                   gantry_error *err)
{
    size_t piece;
    int rc;

    *out_used = 0;
    *out_size = 0;
    *out_payload = data;
    if (d->header_size == sizeof d->header) /* refused before, and no better now */
        return begin_frame(d, err);
    while (d->left == 0 && *out_used < size) {
        piece = sizeof d->header - d->header_size;
        if (piece > size - *out_used)
            piece = size - *out_used;
        memcpy(d->header + d->header_size, data + *out_used, piece);
        d->header_size += (unsigned)piece;
        *out_used += piece;
        if (d->header_size == sizeof d->header) {
            rc = begin_frame(d, err);
            if (rc < 0)
                return rc;
        }
    }
    piece = size - *out_used < d->left ? size - *out_used : d->left;
    *out_payload = data + *out_used;
    *out_size = piece;
    *out_used += piece;
    *out_channel = d->channel;
    d->left -= (uint32_t)piece;
    return 0;
}

int gnt_demux_finish(const struct gnt_demux *d, gantry_error *err)
{
    if (d->left == 0 && d->header_size == 0)
        return 0;
    return gnt_fail(err, GANTRY_E_TRUNCATED, "the stream ended inside a frame");
}
