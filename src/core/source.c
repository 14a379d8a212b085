/*
 * Sources that come with the library: memory and descriptors.
 */
#include <gantry/stream.h>

#include "error.h"
#include "stream.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

static int read_memory(void *arg, void *buffer, size_t capacity, size_t *out_size,
                       gantry_error *err)
{
    gantry_memory *memory = arg;
    size_t size = memory->offset < memory->length ? memory->length - memory->offset : 0;

    (void)err;
    if (size > capacity)
        size = capacity;
    if (size > 0)
        memcpy(buffer, (const char *)memory->data + memory->offset, size);
    memory->offset += size;
    *out_size = size;
    return 0;
}

static int refuse_memory(void *arg, void *buffer, size_t capacity, size_t *out_size,
                         gantry_error *err)
{
    (void)arg;
    (void)buffer;
    (void)capacity;
    (void)out_size;
    return gnt_fail(err, GANTRY_E_INVALID, "gantry_memory.size is not set");
}

/* Fill as much of a source as its owner's headers know of. */
static void fill(gantry_source *out, gantry_source source)
{
    source.size = out->size;
    memcpy(out, &source, out->size < sizeof source ? out->size : sizeof source);
}

void gantry_source_memory(gantry_source *source, gantry_memory *memory)
{
    size_t left;

    if (memory->size < sizeof *memory) { /* found out here, told where an error can be returned */
        fill(source, (gantry_source){ .read = refuse_memory });
        return;
    }
    left = memory->offset < memory->length ? memory->length - memory->offset : 0;
    fill(source, (gantry_source){ .read = read_memory, .arg = memory, .length = (int64_t)left });
}

static int read_fd(void *arg, void *buffer, size_t capacity, size_t *out_size, gantry_error *err)
{
    int fd = (int)(intptr_t)arg;
    struct pollfd ready = { fd, POLLIN, 0 };
    ssize_t got;

    if (capacity > SSIZE_MAX)
        capacity = SSIZE_MAX;
    for (;;) {
        got = read(fd, buffer, capacity);
        if (got >= 0) {
            *out_size = (size_t)got;
            return 0;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            (void)poll(&ready, 1, -1);
        else if (errno != EINTR)
            return gnt_fail_errno(err, GANTRY_E_IO, errno, "cannot read the source of the upload");
    }
}

void gantry_source_fd(gantry_source *source, int fd)
{
    fill(source, (gantry_source){ .read = read_fd, .arg = (void *)(intptr_t)fd });
}

int gnt_source_fd(const gantry_source *source)
{
    return source->read == read_fd ? (int)(intptr_t)source->arg : -1;
}
