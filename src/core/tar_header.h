/*
 * Headers of a tar, for filters on the stream that pass an archive on but for names in it: what
 * they are made of, their numbers and sums. Writing and unpacking archives is libarchive's.
 */
#ifndef GNT_TAR_HEADER_H
#define GNT_TAR_HEADER_H

#include <stddef.h>
#include <stdint.h>

enum {
    GNT_TAR_BLOCK = 512,
    GNT_TAR_SIZE_AT = 124, /* fields of a header */
    GNT_TAR_SIZE_WIDTH = 12,
    GNT_TAR_SUM_AT = 148,
    GNT_TAR_SUM_WIDTH = 8,
    GNT_TAR_TYPE_AT = 156
};

/* A size with what fills its last block. */
uint64_t gnt_tar_padded(uint64_t size);
/* Octal digits, or the large form: the first byte's highest bit, then a number. */
uint64_t gnt_tar_number(const char *field, size_t width);
/* The sum over a header; its own field counts as spaces. */
unsigned gnt_tar_sum(const char header[GNT_TAR_BLOCK]);
void gnt_tar_write_sum(char header[GNT_TAR_BLOCK]);
/* All zero: one half of the end mark. */
int gnt_tar_is_zero(const char header[GNT_TAR_BLOCK]);

#endif
