/*
 * The heap of one yajl parser or generator, see json_heap.h. Must not know JSON.
 */
#include "json_heap.h"

#include <stdint.h>
#include <string.h>

/* yajl's stack has one byte more than the nesting, and grows in steps of 128. */
_Static_assert(GNT_JSON_DEPTH_MAX + 1 <= 128, "yajl's stack must fit `levels`");

static int is_fixed(const struct gnt_json_heap *heap, const void *p)
{
    uintptr_t at = (uintptr_t)p, from = (uintptr_t)heap->fixed.bytes;

    return at >= from && at < from + sizeof(heap->fixed.bytes);
}

static struct gnt_json_buffer *buffer_at(struct gnt_json_heap *heap, const void *p)
{
    for (size_t i = 0; i < 2; i++) {
        if (p && heap->buffers[i].data == p) {
            return &heap->buffers[i];
        }
    }
    return NULL;
}

void gnt_json_heap_init(struct gnt_json_heap *heap, const struct gnt_mem *mem)
{
    memset(heap, 0, sizeof(*heap));
    heap->mem = *mem;
}

static void free_data(struct gnt_json_heap *heap, struct gnt_json_buffer *b)
{
    if (heap->wipe && b->data) {
        gnt_wipe(b->data, b->size);
    }
    if (!is_fixed(heap, b->data)) {
        gnt_free(&heap->mem, b->data);
    }
    b->data = NULL;
}

void gnt_json_heap_free(struct gnt_json_heap *heap)
{
    for (size_t i = 0; i < 2; i++) {
        free_data(heap, &heap->buffers[i]);
        gnt_free(&heap->mem, heap->buffers[i].spare);
        heap->buffers[i].spare = NULL;
    }
    if (heap->wipe) {
        gnt_wipe(&heap->fixed, sizeof heap->fixed);
    }
}

int gnt_json_heap_reserve(struct gnt_json_heap *heap, int buffer, size_t size)
{
    struct gnt_json_buffer *b = &heap->buffers[buffer];
    size_t want = b->data ? b->size : (size_t)GNT_JSON_BUFFER;

    /* One more byte, for the NUL. */
    if (size < want || size < b->spare_size) {
        return 0;
    }
    if (size > SIZE_MAX / 4) {
        return GANTRY_E_NOMEM;
    }
    while (want <= size) {
        want *= 2; /* as yajl does */
    }
    gnt_free(&heap->mem, b->spare);
    b->spare = gnt_alloc(&heap->mem, want);
    b->spare_size = b->spare ? want : 0;
    return b->spare ? 0 : GANTRY_E_NOMEM;
}

void *gnt_json_heap_malloc(void *arg, size_t size)
{
    struct gnt_json_heap *heap = arg;
    size_t unit = sizeof(max_align_t);
    size_t left = sizeof(heap->fixed.bytes) - heap->fixed_used;

    if (size > left || (size + unit - 1) / unit * unit > left) {
        return gnt_alloc(&heap->mem, size); /* only the text of an error: that may fail */
    }
    char *p = heap->fixed.bytes + heap->fixed_used;
    heap->fixed_used += (size + unit - 1) / unit * unit;
    if (size == GNT_JSON_BUFFER) {
        struct gnt_json_buffer *b = &heap->buffers[heap->buffers[0].data ? 1 : 0];
        b->data = p;
        b->size = size;
    }
    return p;
}

void *gnt_json_heap_realloc(void *arg, void *p, size_t size)
{
    struct gnt_json_heap *heap = arg;
    struct gnt_json_buffer *b = buffer_at(heap, p);

    if (!p || p == heap->levels) {
        return size <= sizeof(heap->levels) ? heap->levels : NULL;
    }
    if (b && size <= b->size) {
        return p;
    }
    if (!b || size > b->spare_size) {
        return NULL;
    }
    memcpy(b->spare, b->data, b->size);
    free_data(heap, b);
    b->data = b->spare;
    b->size = b->spare_size;
    b->spare = NULL;
    b->spare_size = 0;
    return b->data;
}

void gnt_json_heap_release(void *arg, void *p)
{
    struct gnt_json_heap *heap = arg;

    if (p && p != heap->levels && !buffer_at(heap, p) && !is_fixed(heap, p)) {
        gnt_free(&heap->mem, p);
    }
}
