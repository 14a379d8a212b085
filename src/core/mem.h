/*
 * Memory: the allocator of an engine, arenas for results, growing buffers with a ceiling.
 * Knows nothing of engines or JSON.
 */
#ifndef GNT_MEM_H
#define GNT_MEM_H

#include <gantry/base.h>

/* The allocator in use; copied by value into whatever needs it. */
struct gnt_mem {
    gantry_allocator a;
};

/* NULL = malloc. Fails with INVALID if a member is missing. */
int gnt_mem_init(struct gnt_mem *mem, const gantry_allocator *allocator, gantry_error *err);

void *gnt_alloc(const struct gnt_mem *mem, size_t size);  /* zeroed; NULL on failure; size 0 -> 1 */
void *gnt_realloc(const struct gnt_mem *mem, void *ptr, size_t size);
void gnt_free(const struct gnt_mem *mem, void *ptr);      /* NULL is fine */
char *gnt_strdup(const struct gnt_mem *mem, const char *text);

/* ---- secrets --------------------------------------------------------------------------------- */

/* Overwrite with zeroes, in a way that is not optimised away. NULL is fine with size 0. */
void gnt_wipe(void *ptr, size_t size);
/* Wipe a text and free it; NULL is fine. */
void gnt_free_secret(const struct gnt_mem *mem, char *text);

/* ---- arena: many allocations, one free ------------------------------------------------------- */

struct gnt_arena {
    struct gnt_mem mem;
    struct gnt_chunk *chunks; /* newest first */
    int wipe;                 /* it may hold secrets: memory is zeroed before it goes back */
};

void gnt_arena_init(struct gnt_arena *arena, const struct gnt_mem *mem);
/* zeroed, max-aligned; NULL on failure */
void *gnt_arena_alloc(struct gnt_arena *arena, size_t size);
char *gnt_arena_strdup(struct gnt_arena *arena, const char *text);
char *gnt_arena_strndup(struct gnt_arena *arena, const char *text, size_t size);
char *gnt_arena_printf(struct gnt_arena *arena, const char *fmt, ...) GANTRY_PRINTF(2, 3);
void gnt_arena_reset(struct gnt_arena *arena); /* forget all, keep one chunk for reuse */
void gnt_arena_free(struct gnt_arena *arena);

/* ---- buffer: grows to a ceiling, keeps its first failure ------------------------------------- */

struct gnt_buf {
    struct gnt_mem mem;
    char *data;      /* always NUL-terminated once something was added; may be NULL when empty */
    size_t size;     /* without the NUL */
    size_t capacity;
    size_t max;      /* ceiling of size */
    int rc;          /* 0, GANTRY_E_NOMEM or GANTRY_E_LIMIT; once set, adding does nothing */
    int wipe;        /* it may hold secrets: memory is zeroed before it goes back, also when it
                        grows */
};

void gnt_buf_init(struct gnt_buf *buf, const struct gnt_mem *mem, size_t max);
int gnt_buf_add(struct gnt_buf *buf, const void *data, size_t size); /* returns rc */
int gnt_buf_adds(struct gnt_buf *buf, const char *text);
int gnt_buf_addf(struct gnt_buf *buf, const char *fmt, ...) GANTRY_PRINTF(2, 3);
const char *gnt_buf_text(const struct gnt_buf *buf); /* "" when empty */
void gnt_buf_clear(struct gnt_buf *buf);             /* size 0, rc 0, keeps capacity */
void gnt_buf_free(struct gnt_buf *buf);
void gnt_buf_wipe_free(struct gnt_buf *buf);         /* as if wipe was set */

#endif
