/*
 * Memory for yajl, which does not expect its allocator to fail: filled before yajl is called, so
 * that a failed allocation is noticed outside. Knows yajl's habits, not its header.
 *
 * What yajl 2.1 asks for, and where it comes from:
 * - malloc of small objects and of two buffers of GNT_JSON_BUFFER bytes, once each: `fixed`;
 * - realloc(NULL) for its stack of one byte per level: `levels`, large enough from the start;
 * - realloc of the two buffers, which double. The first one takes the first token of each call (and
 *   cut tokens, but there are none: json_cut.h), the second the string whose escapes are decoded.
 *   Each has a `spare` that was made large enough for what is in sight, and then is that buffer.
 */
#ifndef GNT_JSON_HEAP_H
#define GNT_JSON_HEAP_H

#include "json.h"

enum {
    GNT_JSON_BUFFER = 2048 /* first size of yajl's buffers */
};

struct gnt_json_buffer {
    char *data; /* NULL: not asked for yet */
    size_t size;
    char *spare;
    size_t spare_size;
};

struct gnt_json_heap {
    struct gnt_mem mem;
    int wipe; /* what goes through it may be secret */
    union {
        max_align_t align;
        char bytes[6144];
    } fixed;
    size_t fixed_used;
    unsigned char levels[256];
    struct gnt_json_buffer buffers[2]; /* in the order in which they were asked for */
};

void gnt_json_heap_init(struct gnt_json_heap *heap, const struct gnt_mem *mem);
/* Make sure that the buffer (0 or 1) can hold so many bytes. 0 or NOMEM. */
int gnt_json_heap_reserve(struct gnt_json_heap *heap, int buffer, size_t size);
/* After yajl has let go of it. */
void gnt_json_heap_free(struct gnt_json_heap *heap);

/* yajl's three functions, with the heap as context. */
void *gnt_json_heap_malloc(void *heap, size_t size);
void *gnt_json_heap_realloc(void *heap, void *p, size_t size);
void gnt_json_heap_release(void *heap, void *p);

#endif
