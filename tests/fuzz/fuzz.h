/*
 * What the fuzz targets share. They abort when their oracle is broken, also without NDEBUG.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input's first byte says where to cut the rest: pieces of a few bytes, their size changing. */
static inline size_t fuzz_piece(uint8_t seed, size_t round, size_t left)
{
    size_t piece = 1 + (seed + round * (seed % 7)) % 13;

    return piece < left ? piece : left;
}

#endif
