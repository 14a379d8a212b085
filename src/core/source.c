/*
 * Sources that come with the library: memory and descriptors.
 */
#include <gantry/stream.h>

#include "error.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

static int read_memory(void *arg, void *buffer, size_t capacity, size_t *out_size,
                       gantry_error *err)
{
    gantry_memory *memory = arg;
    size_t size = memory->offset < memory->size ? memory->size - memory->offset : 0;

    (void)err;
    if (size > capacity)
        size = capacity;
    if (size > 0)
        memcpy(buffer, (const char *)memory->data + memory->offset, size);
    memory->offset += size;
    *out_size = size;
    return 0;
}

gantry_source gantry_source_memory(gantry_memory *memory)
{
    gantry_source source = { .size = sizeof source, .read = read_memory, .arg = memory };

    source.length = memory->offset < memory->size ? (int64_t)(memory->size - memory->offset) : 0;
    return source;
}

static int read_fd(void *arg, void *buffer, size_t capacity, size_t *out_size, gantry_error *err)
{
    int fd = *(const int *)arg;
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

gantry_source gantry_source_fd(const int *fd)
{
    /* arg is not const for the sake of other sources; read_fd does not write to it. */
    union {
        const int *in;
        void *out;
    } arg = { fd };
    gantry_source source = { .size = sizeof source, .read = read_fd, .length = -1 };

    source.arg = arg.out;
    return source;
}
