/*
 * Cancel tokens: a flag for those who look, an eventfd for those who poll. The trigger is
 * async-signal-safe: an atomic exchange and a write.
 */
#include "host.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "the trigger runs in signal handlers");

struct gantry_cancel {
    struct gnt_mem mem;
    atomic_int triggered;
    int fd; /* readable while triggered */
};

int gantry_cancel_new(gantry_cancel **out, gantry_error *err)
{
    struct gnt_mem mem;
    gantry_cancel *token;
    int rc;

    if (out == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "out: must not be NULL");
    rc = gnt_mem_init(&mem, NULL, err);
    if (rc < 0)
        return rc;
    token = gnt_alloc(&mem, sizeof *token);
    if (token == NULL)
        return gnt_nomem(err);
    token->mem = mem;
    atomic_init(&token->triggered, 0);
    token->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (token->fd < 0) {
        rc = gnt_fail_errno(err, GANTRY_E_IO, errno, "no descriptor for a cancel token");
        gnt_free(&mem, token);
        return rc;
    }
    *out = token;
    return 0;
}

/* Fails only when the counter is full, and then the descriptor is readable anyway. */
static void signal_fd(int fd)
{
    uint64_t one = 1;

    while (write(fd, &one, sizeof one) < 0 && errno == EINTR) {
    }
}

void gantry_cancel_trigger(gantry_cancel *token)
{
    int saved = errno;

    if (token != NULL && atomic_exchange(&token->triggered, 1) == 0)
        signal_fd(token->fd);
    errno = saved;
}

void gantry_cancel_reset(gantry_cancel *token)
{
    uint64_t count;
    int saved = errno;

    if (token == NULL)
        return;
    atomic_store(&token->triggered, 0);
    while (read(token->fd, &count, sizeof count) < 0 && errno == EINTR) {
    }
    /* A trigger may have come in between, and the read taken its count. */
    if (atomic_load(&token->triggered) != 0)
        signal_fd(token->fd);
    errno = saved;
}

int gantry_cancel_triggered(const gantry_cancel *token)
{
    return token != NULL && atomic_load(&token->triggered) != 0;
}

int gantry_cancel_fd(const gantry_cancel *token)
{
    return token != NULL ? token->fd : -1;
}

void gantry_cancel_free(gantry_cancel *token)
{
    struct gnt_mem mem;

    if (token == NULL)
        return;
    mem = token->mem;
    (void)close(token->fd);
    gnt_free(&mem, token);
}
