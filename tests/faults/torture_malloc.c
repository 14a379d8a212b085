/*
 * malloc itself under torture: the C library's own is behind these, under the names that glibc
 * has for whoever takes its place. Not with sanitizers, which do the same.
 */
#include "torture.h"

#include <errno.h>
#include <stdlib.h>

/* Else the libraries go on with glibc's. */
#define EXPORTED __attribute__((visibility("default")))

const int torture_of_malloc = 1;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void __libc_free(void *p);

static void *note(void *p)
{
    if (p != NULL)
        torture_live(1);
    return p;
}

static void *fail(void)
{
    errno = ENOMEM;
    return NULL;
}

EXPORTED void *malloc(size_t size)
{
    return torture_fails() ? fail() : note(__libc_malloc(size));
}

EXPORTED void *calloc(size_t count, size_t size)
{
    return torture_fails() ? fail() : note(__libc_calloc(count, size));
}

EXPORTED void *realloc(void *old, size_t size)
{
    void *p;

    if (torture_fails())
        return fail();
    p = __libc_realloc(old, size);
    if (old == NULL)
        return note(p);
    if (p == NULL && size == 0)
        torture_live(-1); /* that was a free() */
    return p;
}

EXPORTED void free(void *p)
{
    if (p != NULL)
        torture_live(-1);
    __libc_free(p);
}
