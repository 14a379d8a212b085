/*
 * Records what a live engine answers to each call of calls.c: the library talks to a socket of
 * this program, which passes every byte on and writes both directions down.
 *
 *     faults_record unix:///path/to/engine.sock docker|podman BUSYBOX.tar OUTPUT-FOLDER [HIDE...]
 *
 * makes OUTPUT-FOLDER/NN-call.K.{req,res}: call NN of the table, its K-th request. Run by hand,
 * never by ctest: with engines from tests/engines/start (which writes a file "env" with the
 * addresses), from the folder of this file
 *
 *     T=$GANTRY_TEST_BUSYBOX
 *     faults_record $GANTRY_TEST_DOCKER docker $T recordings/docker-20.10 $GANTRY_TEST_ENGINES
 *     faults_record $GANTRY_TEST_PODMAN podman $T recordings/podman-4.3 $GANTRY_TEST_ENGINES
 *
 * inside tests/engines/enter with the variables of "env" exported: the plain registry
 * 127.0.0.1:5000 is pushed to and pulled from, and registry.test:5002 logged in to. Podman goes
 * first, so that Docker has a manifest list to look at. Docker can search registries of the old
 * kind only: it asks a web server at 127.0.0.1:5999 for /v1/_ping (any 200 will do) and /v1/search
 * ({"num_results":1,"results":[{"name":"faults/small","description":"some","star_count":3}]}).
 *
 * GANTRY_TEST_ENGINES is the folder that the engines were started in. Each HIDE text, the host's
 * name and the password are replaced by neutral letters of the same length, so that nothing of this
 * machine is kept and no length in an answer changes. Uploads are cut to their beginning. Look at
 * the diff before committing.
 *
 * A recording is good as long as its call makes the same requests. New calls stand at the end of
 * the table, so that only their files are added.
 */
#include "calls.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    EXCHANGES = 512,
    CONNECTIONS = 64,
    UPLOAD_KEPT = 512
};

#define NOT_SAVED SIZE_MAX

struct text {
    char *data;
    size_t size;
};

struct exchange {
    size_t call;
    struct text sent;
    struct text answer;
};

struct connection {
    int client;
    int engine;
    struct exchange *exchange; /* the last begun */
};

static struct {
    pthread_mutex_t lock;
    size_t call;
    struct exchange exchanges[EXCHANGES];
    size_t count;
    struct connection connections[CONNECTIONS];
    const char *engine_path;
    int listener;
} proxy = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void append(struct text *t, const char *data, size_t size)
{
    t->data = realloc(t->data, t->size + size + 1);
    if (t->data == NULL)
        die("realloc");
    memcpy(t->data + t->size, data, size);
    t->size += size;
    t->data[t->size] = '\0';
}

/* ---- the proxy ------------------------------------------------------------------------------- */

static int dial(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        die(path);
    return fd;
}

static void note_sent(struct connection *c, const char *data, size_t size)
{
    struct exchange *x = c->exchange;
    int upgraded = x != NULL && x->answer.size > 12 && memcmp(x->answer.data + 8, " 101", 4) == 0;

    if (x == NULL || (x->answer.size > 0 && !upgraded)) {
        if (proxy.count == EXCHANGES)
            die("too many requests");
        x = c->exchange = &proxy.exchanges[proxy.count++];
        x->call = proxy.call;
    }
    append(&x->sent, data, size);
}

static void write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t moved = send(fd, data, size, MSG_NOSIGNAL);

        if (moved < 0)
            return; /* the other side is gone: so will this one be */
        data += moved;
        size -= (size_t)moved;
    }
}

/* One direction: 0 once it ended. */
static int pass(struct connection *c, int from, int to)
{
    char piece[65536];
    ssize_t got = recv(from, piece, sizeof piece, 0);

    if (got <= 0) {
        (void)shutdown(to, SHUT_WR);
        return 0;
    }
    pthread_mutex_lock(&proxy.lock);
    if (from == c->client)
        note_sent(c, piece, (size_t)got);
    else if (c->exchange != NULL)
        append(&c->exchange->answer, piece, (size_t)got);
    pthread_mutex_unlock(&proxy.lock);
    write_all(to, piece, (size_t)got);
    return 1;
}

static void *serve_connection(void *arg)
{
    struct connection *c = arg;
    struct pollfd fds[2] = { { c->client, POLLIN, 0 }, { c->engine, POLLIN, 0 } };

    while (fds[1].fd >= 0 && poll(fds, 2, -1) > 0) {
        if (fds[0].revents != 0 && !pass(c, c->client, c->engine))
            fds[0].fd = -1;
        if (fds[1].revents != 0 && !pass(c, c->engine, c->client))
            fds[1].fd = -1;
    }
    close(c->engine);
    close(c->client);
    free(c);
    return NULL;
}

static void *serve(void *arg)
{
    pthread_t thread;
    struct connection *c;
    int fd;

    (void)arg;
    while ((fd = accept(proxy.listener, NULL, NULL)) >= 0) {
        c = calloc(1, sizeof *c);
        if (c == NULL)
            die("calloc");
        c->client = fd;
        c->engine = dial(proxy.engine_path);
        if (pthread_create(&thread, NULL, serve_connection, c) != 0)
            die("pthread_create");
        pthread_detach(thread);
    }
    return NULL;
}

static void listen_at(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    pthread_t thread;

    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    proxy.listener = socket(AF_UNIX, SOCK_STREAM, 0);
    if (proxy.listener < 0 ||
        bind(proxy.listener, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(proxy.listener, 16) < 0)
        die(path);
    if (pthread_create(&thread, NULL, serve, NULL) != 0)
        die("pthread_create");
    pthread_detach(thread);
}

/* ---- files ----------------------------------------------------------------------------------- */

static void hide(struct text *t, const char *secret)
{
    static const char neutral[] = "/var/lib/containers/neutral-place-of-no-machine-at-all/";
    size_t size = strlen(secret);

    for (size_t i = 0; size > 0 && i + size <= t->size; i++) {
        if (memcmp(t->data + i, secret, size) != 0)
            continue;
        if (secret[0] == '/' && size < sizeof neutral)
            memcpy(t->data + i, neutral, size);
        else
            memset(t->data + i + (*secret == '"'), 'h', size - 2 * (size_t)(*secret == '"'));
    }
}

static void save(const char *folder, const char *stem, const char *kind, struct text *t)
{
    char path[600];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s.%s", folder, stem, kind);
    file = fopen(path, "wbe");
    if (file == NULL || fwrite(t->data, 1, t->size, file) != t->size || fclose(file) != 0)
        die(path);
}

static void cut_upload(struct text *t)
{
    const char *end = strstr(t->data, "\r\n\r\n");
    size_t head = end != NULL ? (size_t)(end - t->data) + 4 : t->size;

    if (strstr(t->data, "application/json") == NULL && t->size > head + UPLOAD_KEPT)
        t->size = head + UPLOAD_KEPT;
}

/* A question between two that were the same: one of many polls. */
static int is_poll(size_t i)
{
    const struct exchange *x = &proxy.exchanges[i];

    if (i == 0 || i + 1 >= proxy.count || strncmp(x->sent.data, "GET ", 4) != 0)
        return 0;
    for (size_t k = i - 1; k <= i + 1; k += 2) {
        if (proxy.exchanges[k].call != x->call ||
            strcmp(proxy.exchanges[k].sent.data, x->sent.data) != 0)
            return 0;
    }
    return 1;
}

static void save_all(const char *folder, const char *password, char **secrets)
{
    size_t number = 0;
    char stem[128];
    char host[256] = "";
    char quoted[260];

    (void)gethostname(host, sizeof host - 1);
    snprintf(quoted, sizeof quoted, "\"%s\"", host);
    for (size_t i = 0; i < proxy.count; i++) {
        struct exchange *x = &proxy.exchanges[i];

        if (x->call == NOT_SAVED || is_poll(i))
            continue;
        number = i > 0 && proxy.exchanges[i - 1].call == x->call ? number + 1 : 1;
        snprintf(stem, sizeof stem, "%02zu-%s.%zu", x->call, faults_calls[x->call].name, number);
        cut_upload(&x->sent);
        hide(&x->sent, password);
        for (char **secret = secrets; *secret != NULL; secret++) {
            hide(&x->sent, *secret);
            hide(&x->answer, *secret);
        }
        hide(&x->answer, quoted);
        if (x->answer.data == NULL)
            append(&x->answer, "", 0);
        save(folder, stem, "req", &x->sent);
        save(folder, stem, "res", &x->answer);
    }
}

/* ---- main ------------------------------------------------------------------------------------ */

static void load_tar(struct faults *f, const char *path)
{
    struct text tar = { NULL, 0 };
    char piece[65536];
    size_t got;
    FILE *file = fopen(path, "rbe");

    if (file == NULL)
        die(path);
    while ((got = fread(piece, 1, sizeof piece, file)) > 0)
        append(&tar, piece, got);
    fclose(file);
    f->tar = tar.data;
    f->tar_size = tar.size;
}

static void set_call(size_t call)
{
    pthread_mutex_lock(&proxy.lock);
    proxy.call = call;
    pthread_mutex_unlock(&proxy.lock);
}

static int run_all(struct faults *f)
{
    int bad = 0;

    for (size_t i = 0; i < faults_call_count; i++) {
        const struct faults_call *call = &faults_calls[i];
        int rc;

        if (!faults_asks(f->runtime, call))
            continue;
        set_call(NOT_SAVED);
        if (f->engine == NULL && !(call->flags & CALL_NO_ENGINE) && faults_open(f) < 0) {
            fprintf(stderr, "open: %s\n", f->err.message);
            return 1;
        }
        set_call(i);
        rc = faults_run(f, call);
        if (rc != faults_expected(f->runtime, call)) {
            fprintf(stderr, "%s: %s %s\n%s\n", call->name, gantry_error_name(rc), f->err.message,
                    f->err.output);
            bad = 1;
        }
    }
    faults_close(f);
    return bad;
}

int main(int argc, char **argv)
{
    struct faults f = { .call = { .size = sizeof f.call } };
    static char room[256 * 1024];
    struct faults_kept saved = { .data = room, .room = sizeof room };
    char directory[] = "/tmp/gantry-record-XXXXXX";
    char address[64];
    int bad;

    if (argc < 5 || strncmp(argv[1], "unix://", 7) != 0) {
        fprintf(stderr, "usage: %s unix:///ENGINE docker|podman BUSYBOX.tar FOLDER [HIDE...]\n",
                argv[0]);
        return 2;
    }
    if (mkdtemp(directory) == NULL)
        die(directory);
    snprintf(address, sizeof address, "unix://%s/s", directory);
    proxy.engine_path = argv[1] + 7;
    f.runtime = strcmp(argv[2], "docker") == 0 ? GANTRY_RUNTIME_DOCKER : GANTRY_RUNTIME_PODMAN;
    f.address = address;
    load_tar(&f, argv[3]);
    f.saved = &saved;
    f.user = getenv("GANTRY_TEST_REGISTRY_USER");
    f.password = getenv("GANTRY_TEST_REGISTRY_PASSWORD");
    listen_at(address + 7);
    bad = run_all(&f);
    pthread_mutex_lock(&proxy.lock);
    if (!bad)
        save_all(argv[4], f.password != NULL ? f.password : "", argv + 5);
    (void)unlink(address + 7);
    (void)rmdir(directory);
    return bad;
}
