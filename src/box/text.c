/* Texts and bytes, and what the compiler expects to be there. */
#include "box.h"

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int byte, size_t size);

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    unsigned char *t = to;
    const unsigned char *f = from;

    while (size-- > 0)
        *t++ = *f++;
    return to;
}

void *memset(void *to, int byte, size_t size)
{
    unsigned char *t = to;

    while (size-- > 0)
        *t++ = (unsigned char)byte;
    return to;
}

size_t box_length(const char *text)
{
    size_t n = 0;

    while (text[n] != '\0')
        n++;
    return n;
}

int box_begins(const char *text, const char *lead)
{
    while (*lead != '\0' && *text == *lead) {
        text++;
        lead++;
    }
    return *lead == '\0';
}

int box_equal(const char *a, const char *b)
{
    return box_begins(a, b) && box_length(a) == box_length(b);
}
