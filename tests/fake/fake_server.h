/*
 * A scripted engine: threads in the test's own process that listen on a socket, write down what
 * they are sent, and play one script per connection. No engine and no HTTP library in it: what it
 * sends is exactly what the script says.
 */
#ifndef FAKE_SERVER_H
#define FAKE_SERVER_H

#include <stddef.h>
#include <stdint.h>

struct fake_server;

enum fake_op {
    FAKE_OP_END, /* of the script: close in order */
    FAKE_OP_REQUEST,
    FAKE_OP_HEAD,
    FAKE_OP_READ,
    FAKE_OP_DRAIN,
    FAKE_OP_SEND,
    FAKE_OP_SPLIT,
    FAKE_OP_FOREVER,
    FAKE_OP_WAIT,
    FAKE_OP_STALL,
    FAKE_OP_RESET,
    FAKE_OP_SHUT,
    FAKE_OP_AGAIN
};

struct fake_step {
    enum fake_op op;
    const void *data;
    size_t size;
};

/* Read a whole request: head, and a body of Content-Length or chunks. Its end is a good one: a
 * connection that closes here instead just ends. */
#define FAKE_REQUEST                                                                               \
    {                                                                                              \
        FAKE_OP_REQUEST, NULL, 0                                                                   \
    }
/* Read a request's head only, up to the blank line and not a byte more. */
#define FAKE_HEAD                                                                                  \
    {                                                                                              \
        FAKE_OP_HEAD, NULL, 0                                                                      \
    }
/* Read that many bytes. */
#define FAKE_READ(count)                                                                           \
    {                                                                                              \
        FAKE_OP_READ, NULL, count                                                                  \
    }
/* Read until the client sends no more. */
#define FAKE_DRAIN                                                                                 \
    {                                                                                              \
        FAKE_OP_DRAIN, NULL, 0                                                                     \
    }
/* Send a string literal, or bytes. */
#define FAKE_SEND(text)                                                                            \
    {                                                                                              \
        FAKE_OP_SEND, text, sizeof(text) - 1                                                       \
    }
#define FAKE_BYTES(data, size)                                                                     \
    {                                                                                              \
        FAKE_OP_SEND, data, size                                                                   \
    }
/* Send byte by byte, each only when the client took the one before. */
#define FAKE_SPLIT(text)                                                                           \
    {                                                                                              \
        FAKE_OP_SPLIT, text, sizeof(text) - 1                                                      \
    }
/* Send it again and again until the client leaves. */
#define FAKE_FOREVER(text)                                                                         \
    {                                                                                              \
        FAKE_OP_FOREVER, text, sizeof(text) - 1                                                    \
    }
/* Wait for fake_release(). */
#define FAKE_WAIT                                                                                  \
    {                                                                                              \
        FAKE_OP_WAIT, NULL, 0                                                                      \
    }
/* Do nothing until the client leaves (or the server is stopped). */
#define FAKE_STALL                                                                                 \
    {                                                                                              \
        FAKE_OP_STALL, NULL, 0                                                                     \
    }
/* Break the connection; on unix sockets that needs bytes that were not read. */
#define FAKE_RESET                                                                                 \
    {                                                                                              \
        FAKE_OP_RESET, NULL, 0                                                                     \
    }
/* Send no more, and go on. */
#define FAKE_SHUT                                                                                  \
    {                                                                                              \
        FAKE_OP_SHUT, NULL, 0                                                                      \
    }
/* From the beginning, on the same connection. */
#define FAKE_AGAIN                                                                                 \
    {                                                                                              \
        FAKE_OP_AGAIN, NULL, 0                                                                     \
    }
#define FAKE_END                                                                                   \
    {                                                                                              \
        FAKE_OP_END, NULL, 0                                                                       \
    }

/* One script per connection, in order of their coming; the last for all that follow. Scripts and
 * what they point to must stay. NULL when the system refuses. */
struct fake_server *fake_start(const struct fake_step *const *scripts, size_t count);
struct fake_server *fake_start_tcp(const struct fake_step *const *scripts, size_t count);
/* Ends every connection and joins every thread. NULL is fine. */
void fake_stop(struct fake_server *f);

const char *fake_address(const struct fake_server *f); /* "unix:///..." or "tcp://127.0.0.1:..." */
int fake_port(const struct fake_server *f);
const char *fake_path(const struct fake_server *f);

/* Let one FAKE_WAIT go on, now or when it comes. */
void fake_release(struct fake_server *f);

/* How many connections came, and whole requests (FAKE_REQUEST, FAKE_HEAD) on all of them. */
size_t fake_connections(struct fake_server *f);
size_t fake_requests(struct fake_server *f);
/* Block until that many whole requests were read, or the server was stopped. */
void fake_await_requests(struct fake_server *f, size_t count);
/* Block until no connection is open. */
void fake_await_closed(struct fake_server *f);
/* Bytes read on all connections. */
uint64_t fake_received(struct fake_server *f);
/* The first of them as text (up to 256 KiB in all); copy, free() it. */
char *fake_text(struct fake_server *f, size_t *out_size);

#endif
