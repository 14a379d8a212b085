/*
 * Arenas: many small allocations that live and die together. Chunks are filled from the front; what
 * does not fit well gets a chunk of its own. Under AddressSanitizer every allocation is a chunk of
 * its exact size, so that an overrun is seen.
 */
#include "mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define ONE_EACH 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ONE_EACH 1
#endif
#endif
#ifndef ONE_EACH
#define ONE_EACH 0
#endif

enum {
    CHUNK_FIRST = 1024,
    CHUNK_MOST = 64 * 1024,
    ALIGNMENT = _Alignof(max_align_t)
};

struct gnt_chunk {
    struct gnt_chunk *next;
    size_t size; /* of data */
    size_t used;
    max_align_t data[];
};

void gnt_arena_init(struct gnt_arena *arena, const struct gnt_mem *mem)
{
    arena->mem = *mem;
    arena->chunks = NULL;
    arena->wipe = 0;
}

/* What of a chunk may have been written to. */
static void wipe_chunk(const struct gnt_arena *arena, struct gnt_chunk *chunk)
{
    if (arena->wipe)
        gnt_wipe(chunk->data, chunk->used);
}

static struct gnt_chunk *new_chunk(const struct gnt_arena *arena, size_t size)
{
    struct gnt_chunk *chunk;

    if (size > PTRDIFF_MAX - sizeof *chunk)
        return NULL;
    chunk = gnt_realloc(&arena->mem, NULL, sizeof *chunk + size);
    if (chunk == NULL)
        return NULL;
    chunk->next = NULL;
    chunk->size = size;
    chunk->used = 0;
    return chunk;
}

/* A chunk with room for size bytes, linked in. */
static struct gnt_chunk *add_chunk(struct gnt_arena *arena, size_t size)
{
    struct gnt_chunk *head = arena->chunks;
    struct gnt_chunk *chunk;
    size_t usual = CHUNK_FIRST;

    if (head != NULL)
        usual = head->size < CHUNK_MOST / 2 ? head->size * 2 : CHUNK_MOST;
    if (usual < CHUNK_FIRST)
        usual = CHUNK_FIRST;
    chunk = new_chunk(arena, ONE_EACH || size > usual / 2 ? size : usual);
    if (chunk == NULL)
        return NULL;
    if (head != NULL && chunk->size == size && !ONE_EACH) {
        /* Full at once: behind the head, whose room stays in use. */
        chunk->next = head->next;
        head->next = chunk;
    } else {
        chunk->next = head;
        arena->chunks = chunk;
    }
    return chunk;
}

void *gnt_arena_alloc(struct gnt_arena *arena, size_t size)
{
    struct gnt_chunk *chunk = arena->chunks;
    void *ptr;

    if (size == 0)
        size = 1;
    if (size > PTRDIFF_MAX - ALIGNMENT)
        return NULL;
    if (!ONE_EACH)
        size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (chunk == NULL || chunk->size - chunk->used < size) {
        chunk = add_chunk(arena, size);
        if (chunk == NULL)
            return NULL;
    }
    ptr = (char *)chunk->data + chunk->used;
    chunk->used += size;
    memset(ptr, 0, size);
    return ptr;
}

char *gnt_arena_strndup(struct gnt_arena *arena, const char *text, size_t size)
{
    char *copy;

    if (size >= PTRDIFF_MAX)
        return NULL;
    copy = gnt_arena_alloc(arena, size + 1);
    if (copy != NULL && size > 0)
        memcpy(copy, text, size);
    return copy;
}

char *gnt_arena_strdup(struct gnt_arena *arena, const char *text)
{
    return gnt_arena_strndup(arena, text, strlen(text));
}

char *gnt_arena_printf(struct gnt_arena *arena, const char *fmt, ...)
{
    va_list args;
    char *text;
    int length;

    va_start(args, fmt);
    length = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (length < 0)
        return NULL;
    text = gnt_arena_alloc(arena, (size_t)length + 1);
    if (text == NULL)
        return NULL;
    va_start(args, fmt);
    (void)vsnprintf(text, (size_t)length + 1, fmt, args);
    va_end(args);
    return text;
}

/* The largest chunk of ordinary size is kept: one huge record must not hold its memory for ever. */
void gnt_arena_reset(struct gnt_arena *arena)
{
    struct gnt_chunk *keep = NULL;
    struct gnt_chunk *chunk;
    struct gnt_chunk *next;

    for (chunk = arena->chunks; chunk != NULL && !ONE_EACH; chunk = chunk->next) {
        if (chunk->size <= CHUNK_MOST && (keep == NULL || chunk->size > keep->size))
            keep = chunk;
    }
    for (chunk = arena->chunks; chunk != NULL; chunk = next) {
        next = chunk->next;
        wipe_chunk(arena, chunk);
        if (chunk != keep)
            gnt_free(&arena->mem, chunk);
    }
    if (keep != NULL) {
        keep->next = NULL;
        keep->used = 0;
    }
    arena->chunks = keep;
}

void gnt_arena_free(struct gnt_arena *arena)
{
    struct gnt_chunk *chunk;
    struct gnt_chunk *next;

    for (chunk = arena->chunks; chunk != NULL; chunk = next) {
        next = chunk->next;
        wipe_chunk(arena, chunk);
        gnt_free(&arena->mem, chunk);
    }
    arena->chunks = NULL;
}
