/*
 * An engine of one process and one thread that answers whatever a function tells it to: for tests
 * that make tens of thousands of requests, run themselves under limits or with failing
 * allocations, and so can have no server in their own process. (tests/fake is for tests that
 * follow a conversation.)
 */
#ifndef FAULTS_SERVER_H
#define FAULTS_SERVER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What happens after the answer. */
enum server_end {
    SERVER_KEEP,  /* the next request; after a 101, and with "Connection: close": as FIN */
    SERVER_FIN,   /* close in order */
    SERVER_RESET, /* close so that the client gets ECONNRESET */
    SERVER_STALL  /* nothing, until the client leaves */
};

struct server_answer {
    const char *bytes;    /* in the memory of the server: made before server_start() */
    size_t size;
    const char *repeated; /* sent `count` times after them */
    size_t repeated_size;
    uint64_t count;
    const char *tail;     /* after those */
    size_t tail_size;
    size_t split;         /* after so many bytes, wait until the client took them; 0: not */
    int early;            /* answer at the head of the request; the body is not read before */
    int deaf;             /* never read the body */
    enum server_end end;
};

struct server_request {
    char line[4096];      /* "GET /_ping HTTP/1.1" */
    int upgrade;
};

/* In the server's process, for each head of a request. `answer` is zeroed: an orderly end at
 * once. */
typedef void (*server_fn)(void *arg, const struct server_request *request,
                          struct server_answer *answer);

struct server;

/* Forks; arg usually points to memory of server_shared(). NULL and a text on stderr on failure. */
struct server *server_start(server_fn fn, void *arg);
void server_stop(struct server *s);
const char *server_address(const struct server *s); /* "unix:///..." */
/* Zeroed memory that both processes see. */
void *server_shared(size_t size);

/* Lowest free descriptor: rises when one was leaked. */
int server_lowest_fd(void);
/* Factor on time limits: sanitizers are slow. */
int server_sanitized(void);

#endif
