/*
 * Demultiplexer: the payload of each channel and the verdict are the same however the bytes arrive;
 * the payload is never more than the input, and a whole input is a sequence of whole frames.
 */
#include "fuzz.h"

#include "demux.h"
#include "error.h"
#include "mem.h"

struct result {
    struct gnt_buf channels[4];
    int rc;
    int at_end; /* of finish */
};

static void run(const uint8_t *data, size_t size, int split, uint8_t seed, struct result *r)
{
    const unsigned char *payload;
    struct gnt_demux demux;
    struct gnt_mem mem;
    size_t payload_size;
    size_t piece;
    size_t round;
    size_t used;
    int channel = -1;
    int i;

    CHECK(gnt_mem_init(&mem, NULL, NULL) == 0);
    for (i = 0; i < 4; i++)
        gnt_buf_init(&r->channels[i], &mem, size);
    gnt_demux_init(&demux);
    r->rc = 0;
    for (round = 0; size > 0; round++) {
        piece = split ? fuzz_piece(seed, round, size) : size;
        r->rc = gnt_demux_feed(&demux, data, piece, &used, &payload, &payload_size, &channel, NULL);
        if (r->rc < 0)
            break;
        CHECK(used > 0 && used <= piece && payload_size <= used);
        if (payload_size > 0) {
            CHECK(channel >= 0 && channel <= 3);
            CHECK(payload == data + used - payload_size);
            CHECK(gnt_buf_add(&r->channels[channel], payload, payload_size) == 0);
        }
        data += used;
        size -= used;
    }
    r->at_end = r->rc < 0 ? r->rc : gnt_demux_finish(&demux, NULL);
}

/* How a reader that has everything in memory would judge it. */
static int expected(const uint8_t *data, size_t size)
{
    while (size >= 8) {
        size_t frame =
            (size_t)data[4] << 24 | (size_t)data[5] << 16 | (size_t)data[6] << 8 | data[7];

        if (data[0] > 3 || data[1] != 0 || data[2] != 0 || data[3] != 0)
            return GANTRY_E_PROTOCOL;
        if (frame > size - 8)
            return GANTRY_E_TRUNCATED;
        data += 8 + frame;
        size -= 8 + frame;
    }
    return size == 0 ? 0 : GANTRY_E_TRUNCATED;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct result whole;
    struct result pieces;
    int i;

    if (size < 1)
        return 0;
    run(data + 1, size - 1, 0, data[0], &whole);
    run(data + 1, size - 1, 1, data[0], &pieces);
    CHECK(whole.rc == pieces.rc && whole.at_end == pieces.at_end);
    CHECK(whole.at_end == expected(data + 1, size - 1));
    for (i = 0; i < 4; i++) {
        CHECK(whole.channels[i].size == pieces.channels[i].size);
        CHECK(whole.channels[i].size == 0 ||
              memcmp(whole.channels[i].data, pieces.channels[i].data, whole.channels[i].size) == 0);
        gnt_buf_free(&whole.channels[i]);
        gnt_buf_free(&pieces.channels[i]);
    }
    return 0;
}
