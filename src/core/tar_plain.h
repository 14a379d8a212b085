/*
 * Archives to be sent to who cannot unpack them by itself: what has the mark of a compression is
 * unpacked on the way, anything else passes as it is.
 */
#ifndef GNT_TAR_PLAIN_H
#define GNT_TAR_PLAIN_H

#include <gantry/stream.h>

#include "mem.h"

struct gnt_tar_plain;

/* Which marks are looked for. */
enum gnt_packing {
    GNT_PACKED_GZIP,
    GNT_PACKED_ANY /* gzip, bzip2, xz, zstd */
};

/* Reads the first bytes of `packed`, which stays until free. Fails with its code. */
int gnt_tar_plain_new(const struct gnt_mem *mem, const gantry_source *packed, enum gnt_packing what,
                      struct gnt_tar_plain **out, gantry_error *err);
/* What to send: with the length of `packed` if it passes as it is. */
const gantry_source *gnt_tar_plain_source(const struct gnt_tar_plain *p);
/* NULL is fine. */
void gnt_tar_plain_free(struct gnt_tar_plain *p);

#endif
