/*
 * See proxy.h. One thread has all sockets; other threads leave it an order and wait until it is
 * carried out.
 */
#include "proxy.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    PAIRS_MAX = 64,
    PIECE = 16 * 1024
};

/* sides[way] is where the bytes of that way come from, sides[!way] where they go. */
struct pair {
    int sides[2];
    char data[2][PIECE];
    size_t begin[2], end[2]; /* of what was read and is not passed on yet */
    int eof[2];              /* nothing more comes */
    int shut[2];             /* ... and the other side was told */
};

enum order {
    ORDER_NONE,
    ORDER_PASS,
    ORDER_LIMIT,
    ORDER_REFUSE,
    ORDER_END
};

struct contract_proxy {
    pthread_t thread;
    char address[32];
    struct sockaddr_storage upstream;
    socklen_t upstream_size;
    struct sockaddr_in own;
    int wake[2];

    /* the thread's own */
    int listener; /* -1 while connections are refused */
    struct pair *pairs[PAIRS_MAX];
    size_t pair_count;

    pthread_mutex_t lock; /* the rest; the thread has it but while it polls or calls */
    pthread_cond_t carried_out;
    enum order order;
    int limited; /* the limit stands, reached or not */
    int reached;
    enum contract_proxy_way way;
    enum contract_proxy_then then;
    uint64_t left; /* to be read one way until the limit */
    void (*call)(void *arg);
    void *call_arg;
    size_t connections;
    uint64_t bytes[2];
};

static void must(int holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "proxy: %s: %s\n", what, strerror(errno));
    abort();
}

/* ---- sockets --------------------------------------------------------------------------------- */

static void set_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    must(flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0, "fcntl");
    must(fcntl(fd, F_SETFD, FD_CLOEXEC) == 0, "fcntl");
}

static void reset(int fd)
{
    const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
}

/* At the port it had, if it had one. */
static void start_listening(struct contract_proxy *p)
{
    const int yes = 1;
    socklen_t size = sizeof p->own;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    must(fd >= 0, "socket");
    must(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0, "SO_REUSEADDR");
    must(bind(fd, (struct sockaddr *)&p->own, sizeof p->own) == 0, "bind");
    must(listen(fd, PAIRS_MAX) == 0, "listen");
    must(getsockname(fd, (struct sockaddr *)&p->own, &size) == 0, "getsockname");
    set_nonblocking(fd);
    p->listener = fd;
}

/* To an address of this machine, so it is quick; -1 where nobody listens. */
static int connect_upstream(const struct contract_proxy *p)
{
    int fd = socket(p->upstream.ss_family, SOCK_STREAM, 0);

    must(fd >= 0, "socket");
    if (connect(fd, (const struct sockaddr *)&p->upstream, p->upstream_size) != 0) {
        close(fd);
        return -1;
    }
    set_nonblocking(fd);
    return fd;
}

static void resolve(struct contract_proxy *p, const char *upstream)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    const char *colon = strrchr(upstream, ':');
    struct addrinfo *found = NULL;
    struct sockaddr_un local = { .sun_family = AF_UNIX };
    char host[256];

    if (strncmp(upstream, "unix://", 7) == 0) {
        must(strlen(upstream + 7) < sizeof local.sun_path, upstream);
        snprintf(local.sun_path, sizeof local.sun_path, "%s", upstream + 7);
        memcpy(&p->upstream, &local, sizeof local);
        p->upstream_size = sizeof local;
        return;
    }
    must(colon != NULL && (size_t)(colon - upstream) < sizeof host, upstream);
    snprintf(host, sizeof host, "%.*s", (int)(colon - upstream), upstream);
    must(getaddrinfo(host, colon + 1, &hints, &found) == 0, upstream);
    memcpy(&p->upstream, found->ai_addr, found->ai_addrlen);
    p->upstream_size = found->ai_addrlen;
    freeaddrinfo(found);
}

/* ---- pairs ----------------------------------------------------------------------------------- */

static int is_held(const struct contract_proxy *p)
{
    return p->reached && p->then == PROXY_STALL;
}

static int is_cut(const struct contract_proxy *p)
{
    return p->reached && p->then == PROXY_CUT;
}

static void drop_pair(struct contract_proxy *p, size_t i)
{
    struct pair *pair = p->pairs[i];

    for (int side = 0; side < 2; side++) {
        if (pair->shut[0] && pair->shut[1])
            close(pair->sides[side]);
        else
            reset(pair->sides[side]);
    }
    free(pair);
    p->pairs[i] = p->pairs[--p->pair_count];
}

static void drop_all(struct contract_proxy *p)
{
    while (p->pair_count > 0)
        drop_pair(p, p->pair_count - 1);
}

static void accept_one(struct contract_proxy *p)
{
    int fd = accept(p->listener, NULL, NULL);
    struct pair *pair;
    int upstream;

    if (fd < 0)
        return;
    p->connections++;
    upstream = is_cut(p) ? -1 : connect_upstream(p);
    if (upstream < 0) {
        reset(fd);
        return;
    }
    set_nonblocking(fd);
    pair = calloc(1, sizeof *pair);
    must(pair != NULL, "memory");
    pair->sides[PROXY_REQUESTS] = fd;
    pair->sides[PROXY_ANSWERS] = upstream;
    p->pairs[p->pair_count++] = pair;
}

static int would_block(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

static size_t room(const struct contract_proxy *p, int way)
{
    if (!p->limited || (int)p->way != way || p->left > PIECE)
        return PIECE;
    return (size_t)p->left;
}

static int wants_bytes(const struct contract_proxy *p, const struct pair *pair, int way)
{
    return !pair->eof[way] && pair->begin[way] == pair->end[way] && room(p, way) > 0;
}

/* 0, or -1 when the connection broke. */
static int take(struct contract_proxy *p, struct pair *pair, int way)
{
    ssize_t got;

    if (!wants_bytes(p, pair, way))
        return 0;
    got = recv(pair->sides[way], pair->data[way], room(p, way), 0);
    if (got < 0)
        return would_block() ? 0 : -1;
    pair->eof[way] = got == 0;
    pair->begin[way] = 0;
    pair->end[way] = (size_t)got;
    if (p->limited && (int)p->way == way)
        p->left -= (uint64_t)got;
    return 0;
}

static int give(struct contract_proxy *p, struct pair *pair, int way)
{
    size_t size = pair->end[way] - pair->begin[way];
    ssize_t sent;

    if (size > 0) {
        sent = send(pair->sides[!way], pair->data[way] + pair->begin[way], size, MSG_NOSIGNAL);
        if (sent < 0)
            return would_block() ? 0 : -1;
        pair->begin[way] += (size_t)sent;
        p->bytes[way] += (uint64_t)sent;
    }
    if (pair->begin[way] == pair->end[way] && pair->eof[way] && !pair->shut[way]) {
        pair->shut[way] = 1;
        (void)shutdown(pair->sides[!way], SHUT_WR);
    }
    return 0;
}

/* -1 when the pair has come to its end, in order or not. */
static int serve_pair(struct contract_proxy *p, struct pair *pair)
{
    for (int way = 0; way < 2; way++) {
        if (take(p, pair, way) < 0 || give(p, pair, way) < 0)
            return -1;
    }
    return pair->shut[0] && pair->shut[1] ? -1 : 0;
}

/* ---- the limit and the orders ----------------------------------------------------------------- */

static int limit_is_due(const struct contract_proxy *p)
{
    if (!p->limited || p->reached || p->left > 0)
        return 0;
    for (size_t i = 0; i < p->pair_count; i++) {
        if (p->pairs[i]->begin[p->way] < p->pairs[i]->end[p->way])
            return 0;
    }
    return 1;
}

static void reach_limit(struct contract_proxy *p)
{
    void (*call)(void *arg) = p->call;
    void *arg = p->call_arg;

    p->reached = 1;
    if (p->then == PROXY_CUT)
        drop_all(p);
    if (call == NULL)
        return;
    pthread_mutex_unlock(&p->lock);
    call(arg);
    pthread_mutex_lock(&p->lock);
}

/* 0 when the proxy ends. */
static int carry_out(struct contract_proxy *p)
{
    const enum order order = p->order;

    if (order == ORDER_REFUSE || order == ORDER_END) {
        if (p->listener >= 0)
            close(p->listener);
        p->listener = -1;
    } else if (order != ORDER_NONE && p->listener < 0) {
        start_listening(p);
    }
    if (order == ORDER_END)
        drop_all(p);
    if (limit_is_due(p))
        reach_limit(p);
    if (order != ORDER_NONE) {
        p->order = ORDER_NONE;
        pthread_cond_broadcast(&p->carried_out);
    }
    return order != ORDER_END;
}

/* ---- the thread ------------------------------------------------------------------------------- */

static struct pollfd watch(int fd, int readable, int writable)
{
    const short events = (short)((readable ? POLLIN : 0) | (writable ? POLLOUT : 0));

    /* Without a wish a broken connection would still wake the poll, again and again. */
    return (struct pollfd){ .fd = events != 0 ? fd : -1, .events = events };
}

static nfds_t collect(const struct contract_proxy *p, struct pollfd *fds)
{
    nfds_t count = 0;

    fds[count++] = watch(p->wake[0], 1, 0);
    fds[count++] = watch(p->listener, p->listener >= 0 && p->pair_count < PAIRS_MAX, 0);
    for (size_t i = 0; i < p->pair_count && !is_held(p); i++) {
        const struct pair *pair = p->pairs[i];

        for (int side = 0; side < 2; side++)
            fds[count++] = watch(pair->sides[side], wants_bytes(p, pair, side),
                                 pair->begin[!side] < pair->end[!side]);
    }
    return count;
}

static void *run_proxy(void *arg)
{
    struct contract_proxy *p = arg;
    struct pollfd fds[2 + 2 * PAIRS_MAX];
    char drain[16];
    nfds_t count;

    pthread_mutex_lock(&p->lock);
    while (carry_out(p)) {
        count = collect(p, fds);
        pthread_mutex_unlock(&p->lock);
        must(poll(fds, count, -1) >= 0 || errno == EINTR, "poll");
        pthread_mutex_lock(&p->lock);
        (void)!read(p->wake[0], drain, sizeof drain);
        for (size_t i = p->pair_count; i-- > 0 && !is_held(p);) {
            if (serve_pair(p, p->pairs[i]) < 0)
                drop_pair(p, i);
        }
        if (p->listener >= 0 && p->pair_count < PAIRS_MAX)
            accept_one(p);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* With the lock, which is free in between; gives it back. */
static void give_order(struct contract_proxy *p, enum order order)
{
    p->order = order;
    (void)!write(p->wake[1], "", 1);
    while (p->order != ORDER_NONE)
        pthread_cond_wait(&p->carried_out, &p->lock);
    pthread_mutex_unlock(&p->lock);
}

/* ---- for the tests ---------------------------------------------------------------------------- */

struct contract_proxy *contract_proxy_new(const char *upstream)
{
    struct contract_proxy *p = calloc(1, sizeof *p);

    must(p != NULL, "memory");
    resolve(p, upstream);
    p->own.sin_family = AF_INET;
    p->own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    start_listening(p);
    snprintf(p->address, sizeof p->address, "127.0.0.1:%u", (unsigned)ntohs(p->own.sin_port));
    must(pipe(p->wake) == 0, "pipe");
    set_nonblocking(p->wake[0]);
    set_nonblocking(p->wake[1]);
    must(pthread_mutex_init(&p->lock, NULL) == 0, "mutex");
    must(pthread_cond_init(&p->carried_out, NULL) == 0, "condition");
    must(pthread_create(&p->thread, NULL, run_proxy, p) == 0, "thread");
    return p;
}

void contract_proxy_free(struct contract_proxy *p)
{
    if (p == NULL)
        return;
    pthread_mutex_lock(&p->lock);
    give_order(p, ORDER_END);
    pthread_join(p->thread, NULL);
    close(p->wake[0]);
    close(p->wake[1]);
    pthread_cond_destroy(&p->carried_out);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

const char *contract_proxy_address(const struct contract_proxy *p)
{
    return p->address;
}

void contract_proxy_pass(struct contract_proxy *p)
{
    pthread_mutex_lock(&p->lock);
    p->limited = 0;
    p->reached = 0;
    give_order(p, ORDER_PASS);
}

void contract_proxy_limit(struct contract_proxy *p, enum contract_proxy_way way, uint64_t bytes,
                          enum contract_proxy_then then)
{
    pthread_mutex_lock(&p->lock);
    p->limited = 1;
    p->reached = 0;
    p->way = way;
    p->then = then;
    p->left = bytes;
    give_order(p, ORDER_LIMIT);
}

void contract_proxy_refuse(struct contract_proxy *p)
{
    pthread_mutex_lock(&p->lock);
    give_order(p, ORDER_REFUSE);
}

void contract_proxy_on_limit(struct contract_proxy *p, void (*reached)(void *arg), void *arg)
{
    pthread_mutex_lock(&p->lock);
    p->call = reached;
    p->call_arg = arg;
    pthread_mutex_unlock(&p->lock);
}

int contract_proxy_reached(struct contract_proxy *p)
{
    int reached;

    pthread_mutex_lock(&p->lock);
    reached = p->reached;
    pthread_mutex_unlock(&p->lock);
    return reached;
}

size_t contract_proxy_connections(struct contract_proxy *p)
{
    size_t connections;

    pthread_mutex_lock(&p->lock);
    connections = p->connections;
    pthread_mutex_unlock(&p->lock);
    return connections;
}

uint64_t contract_proxy_bytes(struct contract_proxy *p, enum contract_proxy_way way)
{
    uint64_t bytes;

    pthread_mutex_lock(&p->lock);
    bytes = p->bytes[way];
    pthread_mutex_unlock(&p->lock);
    return bytes;
}
