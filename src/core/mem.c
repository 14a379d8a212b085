/*
 * The allocator in use and the growing buffer. Everything the library allocates comes through here;
 * the arena is in arena.c. Must not know what is stored.
 */
#include "mem.h"

#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- allocator ------------------------------------------------------------------------------- */

static void *system_allocate(void *arg, size_t size)
{
    (void)arg;
    return malloc(size);
}

static void *system_reallocate(void *arg, void *ptr, size_t size)
{
    (void)arg;
    return realloc(ptr, size);
}

static void system_release(void *arg, void *ptr)
{
    (void)arg;
    free(ptr);
}

int gnt_mem_init(struct gnt_mem *mem, const gantry_allocator *allocator, gantry_error *err)
{
    if (allocator == NULL) {
        mem->a.allocate = system_allocate;
        mem->a.reallocate = system_reallocate;
        mem->a.release = system_release;
        mem->a.arg = NULL;
        return 0;
    }
    if (allocator->allocate == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "allocator: allocate must be set");
    if (allocator->reallocate == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "allocator: reallocate must be set");
    if (allocator->release == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "allocator: release must be set");
    mem->a = *allocator;
    return 0;
}

void *gnt_alloc(const struct gnt_mem *mem, size_t size)
{
    void *ptr;

    if (size == 0)
        size = 1;
    if (size > PTRDIFF_MAX)
        return NULL;
    ptr = mem->a.allocate(mem->a.arg, size);
    if (ptr != NULL)
        memset(ptr, 0, size);
    return ptr;
}

void *gnt_realloc(const struct gnt_mem *mem, void *ptr, size_t size)
{
    if (size == 0)
        size = 1;
    if (size > PTRDIFF_MAX)
        return NULL;
    /* A caller's allocator need not take NULL as realloc does. */
    if (ptr == NULL)
        return mem->a.allocate(mem->a.arg, size);
    return mem->a.reallocate(mem->a.arg, ptr, size);
}

void gnt_free(const struct gnt_mem *mem, void *ptr)
{
    if (ptr != NULL)
        mem->a.release(mem->a.arg, ptr);
}

char *gnt_strdup(const struct gnt_mem *mem, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = gnt_alloc(mem, size);

    if (copy != NULL)
        memcpy(copy, text, size);
    return copy;
}

void gnt_wipe(void *ptr, size_t size)
{
    /* volatile: a plain memset before a free may be optimised away. */
    volatile unsigned char *p = ptr;
    size_t i;

    for (i = 0; i < size; i++)
        p[i] = 0;
}

void gnt_free_secret(const struct gnt_mem *mem, char *text)
{
    if (text != NULL)
        gnt_wipe(text, strlen(text));
    gnt_free(mem, text);
}

/* ---- buffer ---------------------------------------------------------------------------------- */

void gnt_buf_init(struct gnt_buf *buf, const struct gnt_mem *mem, size_t max)
{
    memset(buf, 0, sizeof *buf);
    buf->mem = *mem;
    /* Room for the NUL must be countable. */
    buf->max = max < PTRDIFF_MAX ? max : (size_t)PTRDIFF_MAX - 1;
}

/* As realloc, but what is left behind holds nothing. */
static char *move_secret(struct gnt_buf *buf, size_t capacity)
{
    char *data = gnt_alloc(&buf->mem, capacity);

    if (data == NULL)
        return NULL;
    if (buf->data != NULL)
        memcpy(data, buf->data, buf->size + 1);
    gnt_wipe(buf->data, buf->capacity);
    gnt_free(&buf->mem, buf->data);
    return data;
}

/* Make room for `more` bytes and the NUL. Doubles, so that adding is linear on the whole. */
static int reserve(struct gnt_buf *buf, size_t more)
{
    size_t need;
    size_t capacity;
    char *data;

    if (buf->rc != 0)
        return buf->rc;
    if (more > buf->max - buf->size)
        return buf->rc = GANTRY_E_LIMIT;
    need = buf->size + more + 1;
    if (need <= buf->capacity)
        return 0;
    capacity = buf->capacity <= buf->max / 2 ? buf->capacity * 2 : buf->max + 1;
    if (capacity < 64)
        capacity = buf->max < 63 ? buf->max + 1 : 64;
    if (capacity < need)
        capacity = need;
    data = buf->wipe ? move_secret(buf, capacity) : gnt_realloc(&buf->mem, buf->data, capacity);
    if (data == NULL)
        return buf->rc = GANTRY_E_NOMEM;
    buf->data = data;
    buf->capacity = capacity;
    return 0;
}

int gnt_buf_add(struct gnt_buf *buf, const void *data, size_t size)
{
    if (reserve(buf, size) < 0)
        return buf->rc;
    if (size > 0)
        memcpy(buf->data + buf->size, data, size);
    buf->size += size;
    buf->data[buf->size] = '\0';
    return 0;
}

int gnt_buf_adds(struct gnt_buf *buf, const char *text)
{
    return gnt_buf_add(buf, text, strlen(text));
}

int gnt_buf_addf(struct gnt_buf *buf, const char *fmt, ...)
{
    va_list args;
    int length;

    if (buf->rc != 0)
        return buf->rc;
    va_start(args, fmt);
    length = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (length < 0)
        return buf->rc = GANTRY_E_NOMEM;
    if (reserve(buf, (size_t)length) < 0)
        return buf->rc;
    va_start(args, fmt);
    (void)vsnprintf(buf->data + buf->size, (size_t)length + 1, fmt, args);
    va_end(args);
    buf->size += (size_t)length;
    return 0;
}

const char *gnt_buf_text(const struct gnt_buf *buf)
{
    return buf->data != NULL ? buf->data : "";
}

void gnt_buf_clear(struct gnt_buf *buf)
{
    buf->size = 0;
    buf->rc = 0;
    if (buf->data != NULL)
        buf->data[0] = '\0';
}

void gnt_buf_free(struct gnt_buf *buf)
{
    if (buf->wipe)
        gnt_wipe(buf->data, buf->capacity);
    gnt_free(&buf->mem, buf->data);
    buf->data = NULL;
    buf->size = 0;
    buf->capacity = 0;
}

void gnt_buf_wipe_free(struct gnt_buf *buf)
{
    buf->wipe = 1;
    gnt_buf_free(buf);
}
