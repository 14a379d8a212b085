/*
 * Archives to be sent to an engine that cannot unpack gzip by itself: what has gzip's mark is
 * unpacked on the way, anything else passes as it is.
 */
#ifndef GNT_TAR_PLAIN_H
#define GNT_TAR_PLAIN_H

#include <gantry/stream.h>

#include "mem.h"

struct gnt_tar_plain;

/* Reads the first bytes of `packed`, which stays until free. Fails with its code. */
int gnt_tar_plain_new(const struct gnt_mem *mem, const gantry_source *packed,
                      struct gnt_tar_plain **out, gantry_error *err);
/* What to send: with the length of `packed` if it passes as it is. */
const gantry_source *gnt_tar_plain_source(const struct gnt_tar_plain *p);
/* NULL is fine. */
void gnt_tar_plain_free(struct gnt_tar_plain *p);

#endif
