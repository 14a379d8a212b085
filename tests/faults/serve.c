/*
 * One connection of the server: takes requests apart, gives answers piece by piece. Edge-triggered:
 * everything is done that can be done, and nothing blocks.
 */
#include "serve.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <linux/sockios.h>
#include <unistd.h>

enum {
    HEAD_MAX = 16 * 1024,
    PIECE = 64 * 1024
};

enum phase {
    HEAD,
    BODY,
    ANSWER,
    LINGER, /* all was sent: until the client leaves */
    STALLED
};

enum chunk_phase {
    CHUNK_SIZE,
    CHUNK_DATA,
    CHUNK_TRAILER
};

struct connection {
    int fd;
    server_fn fn;
    void *arg;
    enum phase phase;
    char head[HEAD_MAX];
    size_t head_size;
    int unread;         /* one byte was looked at and left in the socket, so that closing resets */
    int gone;           /* the client sends no more */
    int64_t left;       /* of the body or chunk; -1: chunked, size not known yet */
    int chunked;
    enum chunk_phase chunk_phase;
    size_t line;        /* bytes in a line of the framing */
    int64_t chunk;
    struct server_answer answer;
    uint64_t sent;
    char *block;        /* many repetitions in one piece */
    size_t block_size;
    int closes;         /* the answer says "Connection: close", or switched protocols */
};

/* ---- connections ----------------------------------------------------------------------------- */

static void drop(struct connection *c)
{
    close(c->fd);
    free(c->block);
    free(c);
}

struct connection *connection_new(int fd, server_fn fn, void *arg)
{
    struct connection *c = calloc(1, sizeof *c);

    if (c == NULL)
        _exit(3);
    c->fd = fd;
    c->fn = fn;
    c->arg = arg;
    return c;
}

/* Take what came, but leave the last byte of it in the socket. */
static size_t take(struct connection *c, char *buffer, size_t capacity)
{
    char seen;
    ssize_t got = recv(c->fd, buffer, capacity, MSG_PEEK);

    if (got <= c->unread)
        return 0;
    if (c->unread) {
        (void)!recv(c->fd, &seen, 1, 0);
        memmove(buffer, buffer + 1, (size_t)got - 1);
        got--;
    }
    c->unread = 1;
    if (got > 1) {
        char *rest = malloc((size_t)got);

        if (rest == NULL)
            _exit(3);
        (void)!recv(c->fd, rest, (size_t)got - 1, 0);
        free(rest);
    }
    return (size_t)got;
}

static void take_last(struct connection *c)
{
    char last;

    if (c->unread)
        (void)!recv(c->fd, &last, 1, 0);
    c->unread = 0;
}

/* ---- requests -------------------------------------------------------------------------------- */

static const char *field(const struct connection *c, const char *name)
{
    const char *at = strchr(c->head, '\n');
    size_t size = strlen(name);

    for (; at != NULL; at = strchr(at, '\n')) {
        at++;
        if (strncasecmp(at, name, size) == 0 && at[size] == ':')
            return at + size + 1 + strspn(at + size + 1, " ");
    }
    return NULL;
}

/* Small repetitions in pieces of some size, or the server is the slow part. */
static void make_block(struct connection *c)
{
    size_t one = c->answer.repeated_size;

    free(c->block);
    c->block = NULL;
    if (one == 0)
        return;
    c->block_size = one * (PIECE / one + 1);
    c->block = malloc(c->block_size);
    if (c->block == NULL)
        _exit(3);
    for (size_t at = 0; at < c->block_size; at += one)
        memcpy(c->block + at, c->answer.repeated, one);
}

static void begin_answer(struct connection *c)
{
    struct server_request request = { .upgrade = field(c, "Upgrade") != NULL };
    const char *close_field;

    snprintf(request.line, sizeof request.line, "%.*s", (int)strcspn(c->head, "\r\n"), c->head);
    memset(&c->answer, 0, sizeof c->answer);
    c->sent = 0;
    c->fn(c->arg, &request, &c->answer);
    make_block(c);
    c->closes = c->answer.size > 12 && memcmp(c->answer.bytes + 8, " 101", 4) == 0;
    /* A literal search is enough for recorded answers. */
    for (size_t i = 0; !c->closes && i + 17 < c->answer.size; i++) {
        close_field = c->answer.bytes + i;
        if (close_field[0] == '\n' && close_field[1] == '\r')
            break;
        if (strncasecmp(close_field, "\nConnection: close", 18) == 0)
            c->closes = 1;
    }
}

/* How the body of this request is framed. */
static void begin_body(struct connection *c)
{
    const char *length = field(c, "Content-Length");
    const char *coding = field(c, "Transfer-Encoding");

    c->chunked = coding != NULL && strncasecmp(coding, "chunked", 7) == 0;
    c->left = length != NULL ? strtoll(length, NULL, 10) : 0;
    c->chunk_phase = CHUNK_SIZE;
    c->chunk = 0;
    c->line = 0;
    c->phase = c->chunked || c->left > 0 ? BODY : ANSWER;
    if (c->answer.early)
        c->phase = ANSWER;
    if (c->answer.deaf)
        c->phase = c->answer.size > 0 ? ANSWER : STALLED;
}

static int hex(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    byte = (char)(byte | 0x20);
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* One byte of a chunked body's framing; 1 when the body ended with it. */
static int framing(struct connection *c, char byte)
{
    if (byte == '\n') {
        int empty = c->line == 0;

        c->line = 0;
        if (c->chunk_phase == CHUNK_TRAILER)
            return empty;
        if (empty)
            return 0; /* the CR LF behind a chunk */
        c->chunk_phase = c->chunk > 0 ? CHUNK_DATA : CHUNK_TRAILER;
        return 0;
    }
    if (byte == '\r')
        return 0;
    c->line++;
    if (c->chunk_phase == CHUNK_SIZE && hex(byte) >= 0)
        c->chunk = c->chunk * 16 + hex(byte);
    return 0;
}

/* 1 when the body is whole. */
static int body(struct connection *c, const char *data, size_t size)
{
    if (!c->chunked) {
        c->left -= (int64_t)size;
        return c->left <= 0;
    }
    for (size_t i = 0; i < size; i++) {
        if (c->chunk_phase == CHUNK_DATA) {
            int64_t rest = (int64_t)(size - i);
            int64_t step = rest < c->chunk ? rest : c->chunk;

            c->chunk -= step;
            i += (size_t)step - 1;
            if (c->chunk == 0)
                c->chunk_phase = CHUNK_SIZE;
        } else if (framing(c, data[i])) {
            return 1;
        }
    }
    return 0;
}

/* Read a head. What follows it in the same piece belongs to the body, or to a stream. */
static void read_head(struct connection *c, const char *data, size_t size)
{
    size_t before = c->head_size;
    size_t room = sizeof c->head - 1 - c->head_size;
    char *end;
    size_t used;

    memcpy(c->head + before, data, size < room ? size : room);
    c->head_size += size < room ? size : room;
    c->head[c->head_size] = '\0';
    end = strstr(c->head, "\r\n\r\n");
    if (end == NULL) {
        if (c->head_size == sizeof c->head - 1)
            _exit(4);
        return;
    }
    used = (size_t)(end - c->head) + 4 - before;
    end[2] = '\0';
    begin_answer(c);
    begin_body(c);
    c->head_size = 0;
    if (c->phase == BODY && used < size && body(c, data + used, size - used))
        c->phase = ANSWER;
}

static void receive(struct connection *c)
{
    static char piece[PIECE];
    size_t got;

    while (c->phase == HEAD || c->phase == BODY) {
        got = take(c, piece, sizeof piece);
        if (got == 0)
            return;
        if (c->phase == HEAD)
            read_head(c, piece, got);
        else if (body(c, piece, got))
            c->phase = ANSWER;
    }
}

/* ---- answers --------------------------------------------------------------------------------- */

/* The next bytes of the answer, at most up to a split. */
static const char *next_bytes(const struct connection *c, size_t *size)
{
    const struct server_answer *a = &c->answer;
    uint64_t at = c->sent;
    uint64_t repeated = a->repeated_size > 0 ? a->count * a->repeated_size : 0;

    if (at < a->size) {
        *size = a->split > at && a->split < a->size ? a->split - (size_t)at : a->size - (size_t)at;
        return a->bytes + at;
    }
    at -= a->size;
    if (a->repeated_size > 0 && a->count > UINT64_MAX / a->repeated_size)
        repeated = UINT64_MAX; /* endless */
    if (at < repeated) {
        size_t within = (size_t)(at % c->block_size);
        uint64_t left = repeated - at;

        *size = left < c->block_size - within ? (size_t)left : c->block_size - within;
        return c->block + within;
    }
    at -= repeated;
    *size = at < a->tail_size ? a->tail_size - (size_t)at : 0;
    return *size > 0 ? a->tail + at : NULL;
}

/* Wait, a little, until the client took what was sent. */
static void let_take(int fd)
{
    int waiting = 1;

    for (int i = 0; i < 2000 && waiting > 0; i++) {
        sched_yield();
        if (ioctl(fd, SIOCOUTQ, &waiting) < 0)
            return;
    }
}

/* 0: all was sent; 1: not yet; -1: the client left. */
static int send_answer(struct connection *c)
{
    for (;;) {
        size_t size = 0;
        const char *data = next_bytes(c, &size);
        ssize_t moved;

        if (size == 0)
            return 0;
        moved = send(c->fd, data, size, MSG_NOSIGNAL);
        if (moved < 0)
            return errno == EAGAIN || errno == EINTR ? 1 : -1;
        c->sent += (uint64_t)moved;
        if (c->answer.split > 0 && c->sent == c->answer.split)
            let_take(c->fd);
    }
}

/* 1: go on with the next request; -1: the connection is over. */
static int finish(struct connection *c)
{
    enum server_end end = c->answer.end;

    if (end == SERVER_RESET)
        return -1;
    take_last(c);
    if (end == SERVER_KEEP && !c->closes) {
        c->phase = HEAD;
        return 1;
    }
    if (end == SERVER_STALL) {
        c->phase = STALLED;
        return 0;
    }
    (void)shutdown(c->fd, SHUT_WR);
    c->phase = LINGER;
    return 0;
}

static void linger(struct connection *c)
{
    char dump[4096];

    while (recv(c->fd, dump, sizeof dump, 0) > 0) {
    }
}

void connection_serve(struct connection *c, uint32_t events)
{
    int rc = 1;

    if (events & (EPOLLHUP | EPOLLERR)) {
        /* What is left unread would make the client's end of the stream a reset. */
        if (c->phase == LINGER)
            linger(c);
        drop(c);
        return;
    }
    if (events & EPOLLRDHUP)
        c->gone = 1;
    while (rc > 0) {
        receive(c);
        if (c->phase == LINGER)
            linger(c);
        if (c->phase != ANSWER)
            break;
        rc = send_answer(c);
        if (rc > 0)
            break;
        rc = rc < 0 ? rc : finish(c);
    }
    if (rc < 0 || (c->gone && c->phase != ANSWER && c->phase != STALLED && !c->closes))
        drop(c);
}
