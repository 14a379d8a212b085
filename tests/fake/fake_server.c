/* See fake_server.h. One thread accepts, one plays each connection. */
#include "fake_server.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    TEXT_MAX = 256 * 1024,
    HEAD_MAX = 64 * 1024
};

struct connection {
    struct fake_server *server;
    struct connection *next;
    pthread_t thread;
    const struct fake_step *script;
    int fd; /* -1 once closed; changed under the lock */
};

struct fake_server {
    const struct fake_step *const *scripts;
    size_t count;
    int tcp;
    int listener;
    int port;
    char directory[64];
    char path[96];
    char address[128];
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct connection *connections;
    size_t connected;
    size_t open;
    size_t requests;
    uint64_t received;
    int releases;
    int stopping;
    char *text;
    size_t text_size;
};

/* ---- recording ------------------------------------------------------------------------------- */

static void record(struct fake_server *f, const char *data, size_t size)
{
    size_t room;

    pthread_mutex_lock(&f->lock);
    room = TEXT_MAX - f->text_size;
    memcpy(f->text + f->text_size, data, size < room ? size : room);
    f->text_size += size < room ? size : room;
    f->received += size;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

static void count_request(struct fake_server *f)
{
    pthread_mutex_lock(&f->lock);
    f->requests++;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

/* ---- steps: 0 to go on, -1 when the connection is over --------------------------------------- */

static ssize_t take(struct connection *c, char *data, size_t size)
{
    ssize_t got;

    do {
        got = recv(c->fd, data, size, 0);
    } while (got < 0 && errno == EINTR);
    if (got > 0)
        record(c->server, data, (size_t)got);
    return got;
}

static int read_exactly(struct connection *c, size_t size)
{
    char piece[16 * 1024];
    ssize_t got;

    while (size > 0) {
        got = take(c, piece, size < sizeof piece ? size : sizeof piece);
        if (got <= 0)
            return -1;
        size -= (size_t)got;
    }
    return 0;
}

/* Up to a blank line, byte by byte so that not one more is read. */
static int read_head(struct connection *c, char *head, size_t capacity)
{
    size_t size = 0;

    while (size + 1 < capacity) {
        if (take(c, head + size, 1) <= 0)
            return -1;
        head[++size] = '\0';
        if (size >= 4 && memcmp(head + size - 4, "\r\n\r\n", 4) == 0)
            return 0;
    }
    return -1;
}

static int read_line(struct connection *c, char *line, size_t capacity)
{
    size_t size = 0;

    while (size + 1 < capacity) {
        if (take(c, line + size, 1) <= 0)
            return -1;
        line[++size] = '\0';
        if (line[size - 1] == '\n')
            return 0;
    }
    return -1;
}

static int read_chunks(struct connection *c)
{
    char line[64];
    size_t size;

    do {
        if (read_line(c, line, sizeof line) < 0)
            return -1;
        size = (size_t)strtoull(line, NULL, 16);
        if (read_exactly(c, size + 2) < 0)
            return -1;
    } while (size > 0);
    return 0;
}

static const char *find_field(const char *head, const char *name)
{
    const char *line = head;
    size_t size = strlen(name);

    while ((line = strstr(line, "\r\n")) != NULL) {
        line += 2;
        if (strncasecmp(line, name, size) == 0 && line[size] == ':')
            return line + size + 1;
    }
    return NULL;
}

static int read_request(struct connection *c, int body_too)
{
    char *head = malloc(HEAD_MAX);
    const char *length;
    int rc = head != NULL ? read_head(c, head, HEAD_MAX) : -1;

    if (rc == 0 && body_too) {
        length = find_field(head, "Content-Length");
        if (length != NULL)
            rc = read_exactly(c, (size_t)strtoull(length, NULL, 10));
        else if (find_field(head, "Transfer-Encoding") != NULL)
            rc = read_chunks(c);
    }
    free(head);
    if (rc == 0)
        count_request(c->server);
    return rc;
}

static int drain(struct connection *c)
{
    char piece[16 * 1024];
    ssize_t got;

    do {
        got = take(c, piece, sizeof piece);
    } while (got > 0);
    return got < 0 ? -1 : 0;
}

static int send_all(struct connection *c, const char *data, size_t size)
{
    ssize_t sent;

    while (size > 0) {
        sent = send(c->fd, data, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return -1;
        data += sent;
        size -= (size_t)sent;
    }
    return 0;
}

/* Has the client taken everything, or left? The kernel tells only when asked. */
static int await_taken(struct connection *c)
{
    struct pollfd gone = { c->fd, 0, 0 };
    int waiting = 0;

    do {
        if (ioctl(c->fd, TIOCOUTQ, &waiting) < 0 || waiting == 0)
            return 0;
        if (poll(&gone, 1, 1) == 1 && gone.revents & (POLLHUP | POLLERR))
            return -1;
    } while (waiting > 0);
    return 0;
}

static int send_split(struct connection *c, const char *data, size_t size)
{
    while (size > 0) {
        if (send_all(c, data, 1) < 0 || await_taken(c) < 0)
            return -1;
        data++;
        size--;
    }
    return 0;
}

static int wait_release(struct connection *c)
{
    struct fake_server *f = c->server;
    int rc;

    pthread_mutex_lock(&f->lock);
    while (f->releases == 0 && !f->stopping)
        pthread_cond_wait(&f->changed, &f->lock);
    rc = f->releases > 0 ? 0 : -1;
    f->releases -= f->releases > 0;
    pthread_mutex_unlock(&f->lock);
    return rc;
}

/* Without reading: poll tells when the client is gone. */
static int stall(struct connection *c)
{
    struct pollfd gone = { c->fd, 0, 0 };

    while (poll(&gone, 1, -1) < 0 && errno == EINTR) {
    }
    return -1;
}

static int reset(struct connection *c)
{
    struct linger now = { 1, 0 };

    (void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    return -1;
}

static int send_forever(struct connection *c, const struct fake_step *step)
{
    char block[16 * 1024];
    size_t size = 0;

    while (size + step->size <= sizeof block) {
        memcpy(block + size, step->data, step->size);
        size += step->size;
    }
    while (send_all(c, block, size) == 0) {
    }
    return -1;
}

static int play(struct connection *c, const struct fake_step *step)
{
    switch (step->op) {
    case FAKE_OP_REQUEST:
        return read_request(c, 1);
    case FAKE_OP_HEAD:
        return read_request(c, 0);
    case FAKE_OP_READ:
        return read_exactly(c, step->size);
    case FAKE_OP_DRAIN:
        return drain(c);
    case FAKE_OP_SEND:
        return send_all(c, step->data, step->size);
    case FAKE_OP_SPLIT:
        return send_split(c, step->data, step->size);
    case FAKE_OP_FOREVER:
        return send_forever(c, step);
    case FAKE_OP_WAIT:
        return wait_release(c);
    case FAKE_OP_STALL:
        return stall(c);
    case FAKE_OP_RESET:
        return reset(c);
    case FAKE_OP_SHUT:
        return shutdown(c->fd, SHUT_WR);
    default:
        return -1;
    }
}

static void *run_connection(void *arg)
{
    struct connection *c = arg;
    struct fake_server *f = c->server;
    const struct fake_step *step = c->script;
    int fd;

    while (step->op != FAKE_OP_END && (step->op == FAKE_OP_AGAIN || play(c, step) == 0))
        step = step->op == FAKE_OP_AGAIN ? c->script : step + 1;
    pthread_mutex_lock(&f->lock);
    fd = c->fd;
    c->fd = -1;
    close(fd);
    f->open--;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
    return NULL;
}

/* ---- accepting ------------------------------------------------------------------------------- */

static void adopt(struct fake_server *f, int fd)
{
    struct connection *c = calloc(1, sizeof *c);
    size_t i;

    if (c == NULL) {
        close(fd);
        return;
    }
    pthread_mutex_lock(&f->lock);
    i = f->connected < f->count ? f->connected : f->count - 1;
    c->server = f;
    c->script = f->scripts[i];
    c->fd = fd;
    f->connected++;
    f->open++;
    if (f->stopping)
        shutdown(fd, SHUT_RDWR);
    if (pthread_create(&c->thread, NULL, run_connection, c) != 0)
        abort();
    c->next = f->connections;
    f->connections = c;
    pthread_mutex_unlock(&f->lock);
}

static void *run_listener(void *arg)
{
    struct fake_server *f = arg;
    int fd;

    for (;;) {
        fd = accept(f->listener, NULL, NULL);
        if (fd >= 0)
            adopt(f, fd);
        else if (errno != EINTR && errno != ECONNABORTED)
            return NULL;
    }
}

static int listen_unix(struct fake_server *f)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    strcpy(f->directory, "/tmp/gantry-fake-XXXXXX");
    if (mkdtemp(f->directory) == NULL)
        return -1;
    snprintf(f->path, sizeof f->path, "%s/sock", f->directory);
    snprintf(f->address, sizeof f->address, "unix://%s", f->path);
    strcpy(address.sun_path, f->path);
    f->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return bind(f->listener, (struct sockaddr *)&address, sizeof address);
}

static int listen_tcp(struct fake_server *f)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof address;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    f->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(f->listener, (struct sockaddr *)&address, sizeof address) < 0 ||
        getsockname(f->listener, (struct sockaddr *)&address, &size) < 0)
        return -1;
    f->port = ntohs(address.sin_port);
    snprintf(f->address, sizeof f->address, "tcp://127.0.0.1:%d", f->port);
    return 0;
}

static struct fake_server *start(const struct fake_step *const *scripts, size_t count, int tcp)
{
    struct fake_server *f = calloc(1, sizeof *f);

    if (f == NULL)
        return NULL;
    f->scripts = scripts;
    f->count = count;
    f->tcp = tcp;
    f->text = malloc(TEXT_MAX + 1);
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->changed, NULL);
    if (f->text == NULL || (tcp ? listen_tcp(f) : listen_unix(f)) < 0 ||
        listen(f->listener, 128) < 0 || pthread_create(&f->thread, NULL, run_listener, f) != 0) {
        perror("fake server");
        abort();
    }
    return f;
}

struct fake_server *fake_start(const struct fake_step *const *scripts, size_t count)
{
    return start(scripts, count, 0);
}

struct fake_server *fake_start_tcp(const struct fake_step *const *scripts, size_t count)
{
    return start(scripts, count, 1);
}

void fake_stop(struct fake_server *f)
{
    struct connection *c;

    if (f == NULL)
        return;
    pthread_mutex_lock(&f->lock);
    f->stopping = 1;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
    shutdown(f->listener, SHUT_RDWR); /* wakes accept */
    pthread_join(f->thread, NULL);
    close(f->listener);
    pthread_mutex_lock(&f->lock);
    for (c = f->connections; c != NULL; c = c->next) {
        if (c->fd >= 0)
            shutdown(c->fd, SHUT_RDWR);
    }
    pthread_mutex_unlock(&f->lock);
    while ((c = f->connections) != NULL) {
        f->connections = c->next;
        pthread_join(c->thread, NULL);
        free(c);
    }
    if (!f->tcp) {
        unlink(f->path);
        rmdir(f->directory);
    }
    pthread_cond_destroy(&f->changed);
    pthread_mutex_destroy(&f->lock);
    free(f->text);
    free(f);
}

/* ---- questions ------------------------------------------------------------------------------- */

const char *fake_address(const struct fake_server *f)
{
    return f->address;
}

int fake_port(const struct fake_server *f)
{
    return f->port;
}

const char *fake_path(const struct fake_server *f)
{
    return f->path;
}

void fake_release(struct fake_server *f)
{
    pthread_mutex_lock(&f->lock);
    f->releases++;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

static size_t look(struct fake_server *f, const size_t *counter)
{
    size_t value;

    pthread_mutex_lock(&f->lock);
    value = *counter;
    pthread_mutex_unlock(&f->lock);
    return value;
}

size_t fake_connections(struct fake_server *f)
{
    return look(f, &f->connected);
}

size_t fake_requests(struct fake_server *f)
{
    return look(f, &f->requests);
}

void fake_await_requests(struct fake_server *f, size_t count)
{
    pthread_mutex_lock(&f->lock);
    while (f->requests < count && !f->stopping)
        pthread_cond_wait(&f->changed, &f->lock);
    pthread_mutex_unlock(&f->lock);
}

void fake_await_closed(struct fake_server *f)
{
    pthread_mutex_lock(&f->lock);
    while (f->open > 0)
        pthread_cond_wait(&f->changed, &f->lock);
    pthread_mutex_unlock(&f->lock);
}

uint64_t fake_received(struct fake_server *f)
{
    uint64_t value;

    pthread_mutex_lock(&f->lock);
    value = f->received;
    pthread_mutex_unlock(&f->lock);
    return value;
}

char *fake_text(struct fake_server *f, size_t *out_size)
{
    char *copy;

    pthread_mutex_lock(&f->lock);
    copy = malloc(f->text_size + 1);
    if (copy == NULL)
        abort();
    memcpy(copy, f->text, f->text_size);
    copy[f->text_size] = '\0';
    if (out_size != NULL)
        *out_size = f->text_size;
    pthread_mutex_unlock(&f->lock);
    return copy;
}
