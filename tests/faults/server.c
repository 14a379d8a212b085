/* See server.h. Edge-triggered epoll; nothing blocks but epoll_wait. */
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <linux/sockios.h>
#include <unistd.h>

/* Not in sys/mman.h of POSIX 2008, but in every system this runs on. */
#ifndef MAP_ANONYMOUS
#define MAP_ANONYMOUS 0x20
#endif

enum {
    HEAD_MAX = 16 * 1024,
    PIECE = 64 * 1024,
    EVENTS = 64
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

struct server {
    pid_t pid;
    int control; /* closing it ends the server */
    char directory[64];
    char address[128];
};

struct host {
    int epoll;
    int listener;
    int control;
    server_fn fn;
    void *arg;
};

void *server_shared(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    return memory;
}

int server_lowest_fd(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    if (fd >= 0)
        close(fd);
    return fd;
}

int server_sanitized(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return 1;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    return 1;
#endif
#endif
    return 0;
}

/* ---- connections --------------------------------------------------------------------------------- */

static void drop(struct connection *c)
{
    close(c->fd);
    free(c->block);
    free(c);
}

static int welcome(struct host *h)
{
    struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET };
    struct connection *c;
    int fd = accept(h->listener, NULL, NULL);

    if (fd < 0)
        return 0;
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    c = calloc(1, sizeof *c);
    if (c == NULL)
        _exit(3);
    c->fd = fd;
    event.data.ptr = c;
    if (epoll_ctl(h->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        _exit(3);
    return 1;
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

/* ---- requests ------------------------------------------------------------------------------------ */

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

static void begin_answer(struct host *h, struct connection *c)
{
    struct server_request request = { .upgrade = field(c, "Upgrade") != NULL };
    const char *close_field;

    snprintf(request.line, sizeof request.line, "%.*s", (int)strcspn(c->head, "\r\n"), c->head);
    memset(&c->answer, 0, sizeof c->answer);
    c->sent = 0;
    h->fn(h->arg, &request, &c->answer);
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
static void read_head(struct host *h, struct connection *c, const char *data, size_t size)
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
    begin_answer(h, c);
    begin_body(c);
    c->head_size = 0;
    if (c->phase == BODY && used < size && body(c, data + used, size - used))
        c->phase = ANSWER;
}

static void receive(struct host *h, struct connection *c)
{
    static char piece[PIECE];
    size_t got;

    while (c->phase == HEAD || c->phase == BODY) {
        got = take(c, piece, sizeof piece);
        if (got == 0)
            return;
        if (c->phase == HEAD)
            read_head(h, c, piece, got);
        else if (body(c, piece, got))
            c->phase = ANSWER;
    }
}

/* ---- answers ------------------------------------------------------------------------------------- */

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
    return a->tail + at;
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

static void serve(struct host *h, struct connection *c, uint32_t events)
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
        receive(h, c);
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

/* ---- the process --------------------------------------------------------------------------------- */

static void serve_all(struct host *h)
{
    struct epoll_event events[EVENTS];

    for (;;) {
        int count = epoll_wait(h->epoll, events, EVENTS, -1);

        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr == &h->control)
                return;
            if (events[i].data.ptr != &h->listener)
                serve(h, events[i].data.ptr, events[i].events);
        }
        while (welcome(h)) {
        }
    }
}

static void watch(struct host *h, int fd, void *mark)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = mark };

    if (epoll_ctl(h->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        _exit(3);
}

static int listen_at(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 128) < 0)
        return -1;
    return fd;
}

struct server *server_start(server_fn fn, void *arg)
{
    struct host h = { .fn = fn, .arg = arg };
    struct server *s = calloc(1, sizeof *s);
    int control[2];

    if (s == NULL)
        return NULL;
    snprintf(s->directory, sizeof s->directory, "/tmp/gantry-faults-XXXXXX");
    if (mkdtemp(s->directory) == NULL || pipe(control) < 0) {
        perror("server");
        free(s);
        return NULL;
    }
    snprintf(s->address, sizeof s->address, "unix://%s/s", s->directory);
    h.listener = listen_at(s->address + 7);
    h.control = control[0];
    s->control = control[1];
    (void)fcntl(s->control, F_SETFD, FD_CLOEXEC);
    fflush(NULL);
    s->pid = h.listener < 0 ? -1 : fork();
    if (s->pid == 0) {
        close(control[1]);
        (void)signal(SIGINT, SIG_IGN); /* ends with the test, which may have things to say */
        h.epoll = epoll_create1(EPOLL_CLOEXEC);
        watch(&h, h.listener, &h.listener);
        watch(&h, h.control, &h.control);
        serve_all(&h);
        _exit(0);
    }
    close(h.control);
    if (h.listener >= 0)
        close(h.listener);
    if (s->pid < 0) {
        perror("server");
        server_stop(s);
        return NULL;
    }
    return s;
}

void server_stop(struct server *s)
{
    if (s == NULL)
        return;
    close(s->control);
    if (s->pid > 0)
        (void)waitpid(s->pid, NULL, 0);
    (void)unlink(s->address + 7);
    (void)rmdir(s->directory);
    free(s);
}

const char *server_address(const struct server *s)
{
    return s->address;
}
