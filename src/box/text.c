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

void box_copy(void *to, const void *from, size_t size)
{
    memcpy(to, from, size);
}

void box_zero(void *to, size_t size)
{
    memset(to, 0, size);
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

int box_compare(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return (unsigned char)*a - (unsigned char)*b;
}

int box_equal(const char *a, const char *b)
{
    return box_compare(a, b) == 0;
}

char *box_number(uint64_t value, char *end)
{
    *end = '\0';
    do {
        *--end = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    return end;
}
