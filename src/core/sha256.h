/* SHA-256 (FIPS 180-4), for digests of what is compared; no secrets depend on it. */
#ifndef GNT_SHA256_H
#define GNT_SHA256_H

#include <stddef.h>

enum {
    GNT_SHA256_HEX = 65 /* 64 digits and the NUL */
};

void gnt_sha256_hex(const void *data, size_t size, char out[GNT_SHA256_HEX]);

#endif
