/* base64, see auth.h. Knows nothing of credentials; callers choose a buffer that is wiped. */
#include "auth.h"

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char for_urls[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int gnt_base64_encode(struct gnt_buf *out, const void *data, size_t size, int url)
{
    const char *alphabet = url ? for_urls : standard;
    const unsigned char *p = data;

    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        unsigned bits = (unsigned)p[i] << 16;
        char four[4];

        if (left > 1)
            bits |= (unsigned)p[i + 1] << 8;
        if (left > 2)
            bits |= p[i + 2];
        four[0] = alphabet[bits >> 18];
        four[1] = alphabet[bits >> 12 & 63];
        four[2] = '=';
        four[3] = '=';
        if (left > 1)
            four[2] = alphabet[bits >> 6 & 63];
        if (left > 2)
            four[3] = alphabet[bits & 63];
        if (gnt_buf_add(out, four, sizeof four) < 0)
            return out->rc;
    }
    return out->rc;
}

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* One group of four; `left` says how many of them are not padding. -1 if it is none. */
static int decode_group(struct gnt_buf *out, const char *four, size_t count)
{
    unsigned bits = 0;
    char bytes[3];

    for (size_t i = 0; i < 4; i++) {
        int value = i < count ? value_of(four[i]) : 0;

        if (value < 0 || (i >= count && four[i] != '='))
            return -1;
        bits = bits << 6 | (unsigned)value;
    }
    bytes[0] = (char)(bits >> 16 & 255);
    bytes[1] = (char)(bits >> 8 & 255);
    bytes[2] = (char)(bits & 255);
    gnt_buf_add(out, bytes, count - 1);
    gnt_wipe(bytes, sizeof bytes);
    return 0;
}

int gnt_base64_decode(struct gnt_buf *out, const char *text, size_t size)
{
    while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r' || text[size - 1] == ' '))
        size--;
    if (size % 4 != 0)
        return GANTRY_E_PROTOCOL;
    for (size_t i = 0; i < size; i += 4) {
        size_t count = 4;

        if (i + 4 == size && text[i + 3] == '=')
            count = text[i + 2] == '=' ? 2 : 3;
        if (decode_group(out, text + i, count) < 0)
            return GANTRY_E_PROTOCOL;
    }
    return out->rc;
}
