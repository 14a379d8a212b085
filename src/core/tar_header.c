#include "tar_header.h"

#include <stdio.h>
#include <string.h>

uint64_t gnt_tar_padded(uint64_t size)
{
    return (size + GNT_TAR_BLOCK - 1) / GNT_TAR_BLOCK * GNT_TAR_BLOCK;
}

uint64_t gnt_tar_number(const char *field, size_t width)
{
    const unsigned char *bytes = (const unsigned char *)field;
    uint64_t number = 0;

    if (bytes[0] & 0x80) {
        for (size_t i = width - 8; i < width; i++)
            number = number << 8 | bytes[i];
        return number;
    }
    for (size_t i = 0; i < width; i++) {
        if (field[i] >= '0' && field[i] <= '7')
            number = number * 8 + (uint64_t)(field[i] - '0');
    }
    return number;
}

unsigned gnt_tar_sum(const char header[GNT_TAR_BLOCK])
{
    unsigned sum = 0;

    for (size_t i = 0; i < GNT_TAR_BLOCK; i++)
        sum += i >= GNT_TAR_SUM_AT && i < GNT_TAR_SUM_AT + GNT_TAR_SUM_WIDTH
                   ? ' '
                   : (unsigned char)header[i];
    return sum;
}

void gnt_tar_write_sum(char header[GNT_TAR_BLOCK])
{
    char digits[16];

    snprintf(digits, sizeof digits, "%06o", gnt_tar_sum(header));
    memcpy(header + GNT_TAR_SUM_AT, digits, 6);
    header[GNT_TAR_SUM_AT + 6] = '\0';
    header[GNT_TAR_SUM_AT + 7] = ' ';
}

int gnt_tar_is_zero(const char header[GNT_TAR_BLOCK])
{
    for (size_t i = 0; i < GNT_TAR_BLOCK; i++) {
        if (header[i] != '\0')
            return 0;
    }
    return 1;
}
