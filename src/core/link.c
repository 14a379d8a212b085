/*
 * libcurl, and all that is known of it: how a handle is set up so that nothing in the environment, the
 * URL or the answer makes it do more than one request to one address; its sockets; its failures. Each
 * link has a multi handle of its own, whose cache holds at most one idle connection.
 */
#include "link.h"

#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    WATCH_MAX = 8,
    RECEIVE_BUFFER = 64 * 1024,
    UPLOAD_BUFFER = 512 * 1024,  /* curl polls before each send: fewer, larger ones */
    SEND_BUFFER = 1024 * 1024,   /* of unix sockets; the kernel takes as much as it allows */
    CONNECT_SLICE_MS = 200       /* longest sleep while curl has timers of its own */
};

struct watch {
    int fd;
    short events;
};

struct gnt_http {
    struct gantry_host *host;
    struct gnt_arena arena; /* of the address */
    struct gnt_address address;
    pthread_mutex_t lock;
    struct gnt_link *idle;
    int idle_count;
};

struct gnt_link {
    struct gnt_http *http;
    struct gnt_link *next; /* in the pool */
    CURLM *multi;
    CURL *easy;
    const struct gnt_link_hooks *hooks;
    void *arg;
    struct curl_slist *headers;
    struct gnt_buf url;
    struct watch watches[WATCH_MAX];
    size_t watch_count;
    int64_t timer_ns;   /* when curl wants to be called, -1 for never */
    int begun;
    int done;
    int closing;        /* what is closed now is closed by us */
    int sends_body;
    int keeps;          /* may go to the pool afterwards */
    int opened;         /* the socket that was opened last, or -1 */
    int fresh;          /* its own connection never stays, but an idle one of before may be there */
    int unread;         /* bytes that waited when curl gave up */
    int socket_errno;   /* why no socket was to be had */
    CURLcode result;
    char text[CURL_ERROR_SIZE];
};

struct gantry_host *gnt_http_host(const struct gnt_http *http)
{
    return http->host;
}

const struct gnt_address *gnt_http_address(const struct gnt_http *http)
{
    return &http->address;
}

/* ---- what curl calls ----------------------------------------------------------------------------- */

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *unused)
{
    struct gnt_link *link = arg;
    size_t i = 0;

    (void)easy;
    (void)unused;
    while (i < link->watch_count && link->watches[i].fd != fd)
        i++;
    if (what == CURL_POLL_REMOVE) {
        if (i < link->watch_count)
            link->watches[i] = link->watches[--link->watch_count];
        return 0;
    }
    if (i == WATCH_MAX)
        return -1;
    if (i == link->watch_count)
        link->watch_count++;
    link->watches[i].fd = fd;
    link->watches[i].events = (short)((what & CURL_POLL_IN ? POLLIN : 0) |
                                      (what & CURL_POLL_OUT ? POLLOUT : 0));
    return 0;
}

static int on_timer(CURLM *multi, long ms, void *arg)
{
    struct gnt_link *link = arg;

    (void)multi;
    link->timer_ns = ms < 0 ? -1 : gantry_clock_ns() + (int64_t)ms * 1000000;
    return 0;
}

static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct gnt_link *link = arg;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    int probes = 3;
    int size = SEND_BUFFER;

    (void)purpose;
    if (fd < 0) {
        link->socket_errno = errno;
        return CURL_SOCKET_BAD;
    }
    /* Both only make things better; that they may fail is no failure. */
    if (address->family == AF_UNIX)
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    else
        (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
    link->opened = fd;
    return fd;
}

/* An engine that refuses an upload answers and closes, and curl learns of the latter first. What it
 * said is still in the socket. */
static void drain(const struct gnt_link *link, int fd)
{
    char piece[4096];
    ssize_t got;

    do {
        got = recv(fd, piece, sizeof piece, MSG_DONTWAIT);
        if (got > 0 && link->hooks->rest(link->arg, piece, (size_t)got) != 0)
            return;
    } while (got > 0 || (got < 0 && errno == EINTR));
}

static int on_close(void *arg, curl_socket_t fd)
{
    struct gnt_link *link = arg;

    if (link->begun && !link->done && !link->closing && fd == link->opened) {
        (void)ioctl(fd, FIONREAD, &link->unread);
        if (link->sends_body)
            drain(link, fd);
    }
    if (fd == link->opened)
        link->opened = -1;
    return close(fd);
}

static size_t on_head(char *data, size_t one, size_t size, void *arg)
{
    const struct gnt_link *link = arg;

    (void)one;
    return link->hooks->head(link->arg, data, size) == 0 ? size : 0;
}

static size_t on_body(char *data, size_t one, size_t size, void *arg)
{
    const struct gnt_link *link = arg;
    int rc = link->hooks->body(link->arg, data, size);

    (void)one;
    if (rc == GNT_LINK_HOLD)
        return CURL_WRITEFUNC_PAUSE;
    return rc == 0 ? size : 0;
}

static size_t on_upload(char *buffer, size_t one, size_t capacity, void *arg)
{
    const struct gnt_link *link = arg;
    size_t size = 0;
    int rc = link->hooks->upload(link->arg, buffer, one * capacity, &size);

    if (rc == GNT_LINK_HOLD)
        return CURL_READFUNC_PAUSE;
    return rc == 0 ? size : CURL_READFUNC_ABORT;
}

/* ---- handles ------------------------------------------------------------------------------------- */

static void destroy(struct gnt_link *link)
{
    struct gnt_mem mem = link->http->host->mem;

    /* The easy handle first: the multi handle's connections go with it. */
    curl_easy_cleanup(link->easy);
    curl_multi_cleanup(link->multi);
    curl_slist_free_all(link->headers);
    gnt_buf_free(&link->url);
    gnt_free(&mem, link);
}

static int create(struct gnt_http *http, struct gnt_link **out, gantry_error *err)
{
    struct gnt_link *link = gnt_alloc(&http->host->mem, sizeof *link);

    if (link == NULL)
        return gnt_nomem(err);
    link->http = http;
    gnt_buf_init(&link->url, &http->host->mem, 1024 * 1024);
    link->multi = curl_multi_init();
    link->easy = curl_easy_init();
    if (link->multi == NULL || link->easy == NULL) {
        destroy(link);
        return gnt_nomem(err);
    }
    curl_multi_setopt(link->multi, CURLMOPT_MAXCONNECTS, 1L);
    curl_multi_setopt(link->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(link->multi, CURLMOPT_SOCKETDATA, link);
    curl_multi_setopt(link->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(link->multi, CURLMOPT_TIMERDATA, link);
    *out = link;
    return 0;
}

static int check_process(const struct gantry_host *host, gantry_error *err)
{
    if (host->pid == getpid())
        return 0;
    return gnt_fail(err, GANTRY_E_INVALID,
                    "engine: was opened by another process; a forked child must open its own");
}

int gnt_link_open(struct gnt_http *http, const struct gnt_link_hooks *hooks, void *arg,
                  struct gnt_link **out, gantry_error *err)
{
    struct gnt_link *link;
    int rc = check_process(http->host, err);

    if (rc < 0)
        return rc;
    pthread_mutex_lock(&http->lock);
    link = http->idle;
    if (link != NULL) {
        http->idle = link->next;
        http->idle_count--;
    }
    pthread_mutex_unlock(&http->lock);
    if (link == NULL) {
        rc = create(http, &link, err);
        if (rc < 0)
            return rc;
    }
    link->next = NULL;
    link->hooks = hooks;
    link->arg = arg;
    link->watch_count = 0;
    link->timer_ns = -1;
    link->begun = 0;
    link->done = 0;
    link->closing = 0;
    link->sends_body = 0;
    link->keeps = 0;
    link->fresh = 0;
    link->opened = -1;
    link->unread = 0;
    link->socket_errno = 0;
    link->result = CURLE_OK;
    link->text[0] = '\0';
    *out = link;
    return 0;
}

void gnt_link_close(struct gnt_link *link, int reuse)
{
    struct gnt_http *http = link->http;
    int keep = link->keeps && (link->fresh || (reuse && link->done));

    link->closing = 1;
    if (link->begun)
        curl_multi_remove_handle(link->multi, link->easy);
    if (!keep || http->host->pid != getpid()) {
        destroy(link);
        return;
    }
    curl_easy_reset(link->easy);
    curl_slist_free_all(link->headers);
    link->headers = NULL;
    link->begun = 0;
    pthread_mutex_lock(&http->lock);
    if (http->idle_count < http->host->max_idle) {
        link->next = http->idle;
        http->idle = link;
        http->idle_count++;
        link = NULL;
    }
    pthread_mutex_unlock(&http->lock);
    if (link != NULL)
        destroy(link);
}

/* ---- setting up ------------------------------------------------------------------------------------ */

/* curl_easy_setopt can fail for want of memory, and must not be ignored when it protects. */
#define SET(option, value)                                                                         \
    do {                                                                                           \
        CURLcode code_ = curl_easy_setopt(link->easy, option, value);                              \
        if (code_ != CURLE_OK)                                                                     \
            return code_;                                                                          \
    } while (0)

/* What makes libcurl a plain HTTP/1.1 client of one address. */
static CURLcode set_manners(struct gnt_link *link)
{
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_PROTOCOLS_STR, "http");
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PATH_AS_IS, 1L);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_HTTP09_ALLOWED, 0L);
    SET(CURLOPT_HTTP_CONTENT_DECODING, 0L);
    /* Chunks are taken apart by head.h, so that the end of an answer is ours to see. */
    SET(CURLOPT_HTTP_TRANSFER_DECODING, 0L);
    SET(CURLOPT_QUICK_EXIT, 1L);
    SET(CURLOPT_BUFFERSIZE, (long)RECEIVE_BUFFER);
    SET(CURLOPT_USERAGENT, "libgantry/" GANTRY_VERSION_STRING);
    SET(CURLOPT_ERRORBUFFER, link->text);
    return CURLE_OK;
}

static CURLcode set_hooks(struct gnt_link *link)
{
    SET(CURLOPT_HEADERFUNCTION, on_head);
    SET(CURLOPT_HEADERDATA, link);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, link);
    SET(CURLOPT_READFUNCTION, on_upload);
    SET(CURLOPT_READDATA, link);
    SET(CURLOPT_OPENSOCKETFUNCTION, on_open);
    SET(CURLOPT_OPENSOCKETDATA, link);
    SET(CURLOPT_CLOSESOCKETFUNCTION, on_close);
    SET(CURLOPT_CLOSESOCKETDATA, link);
    return CURLE_OK;
}

static CURLcode set_address(struct gnt_link *link, const char *target)
{
    const struct gnt_address *address = &link->http->address;
    int64_t connect_ms = link->http->host->connect_timeout_ms;

    gnt_buf_clear(&link->url);
    if (strcmp(address->scheme, "unix") == 0) {
        SET(CURLOPT_UNIX_SOCKET_PATH, address->path);
        (void)gnt_buf_addf(&link->url, "http://d%s", target);
    } else if (strchr(address->host, ':') != NULL) {
        (void)gnt_buf_addf(&link->url, "http://[%s]:%d%s", address->host, address->port, target);
    } else {
        (void)gnt_buf_addf(&link->url, "http://%s:%d%s", address->host, address->port, target);
    }
    if (link->url.rc != 0)
        return CURLE_OUT_OF_MEMORY;
    SET(CURLOPT_URL, link->url.data);
    SET(CURLOPT_TCP_NODELAY, 1L);
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    SET(CURLOPT_TCP_KEEPIDLE, 30L);
    SET(CURLOPT_TCP_KEEPINTVL, 10L);
    if (connect_ms > 0 && connect_ms < 1000L * 1000 * 1000)
        SET(CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
    else
        SET(CURLOPT_CONNECTTIMEOUT_MS, 1000L * 1000 * 1000); /* 0 would be curl's default */
    return CURLE_OK;
}

static CURLcode add_header(struct gnt_link *link, const char *line)
{
    struct curl_slist *list = curl_slist_append(link->headers, line);

    if (list == NULL)
        return CURLE_OUT_OF_MEMORY;
    link->headers = list;
    return CURLE_OK;
}

static CURLcode set_headers(struct gnt_link *link, const struct gnt_link_request *request)
{
    CURLcode code = add_header(link, "Expect:");
    size_t i;

    if (code == CURLE_OK && !request->has_body)
        code = add_header(link, "Content-Type:"); /* curl would make one up for POST */
    for (i = 0; code == CURLE_OK && request->headers != NULL && request->headers[i] != NULL; i++)
        code = add_header(link, request->headers[i]);
    if (code != CURLE_OK)
        return code;
    SET(CURLOPT_HTTPHEADER, link->headers);
    return CURLE_OK;
}

static CURLcode set_method(struct gnt_link *link, const struct gnt_link_request *request)
{
    int posts = strcmp(request->method, "POST") == 0 || strcmp(request->method, "PUT") == 0;

    if (strcmp(request->method, "HEAD") == 0) {
        SET(CURLOPT_NOBODY, 1L);
        return CURLE_OK;
    }
    if (request->upload) {
        SET(CURLOPT_UPLOAD, 1L);
        SET(CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->upload_length);
        SET(CURLOPT_UPLOAD_BUFFERSIZE, (long)UPLOAD_BUFFER);
    } else if (request->has_body || posts) {
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_size);
        SET(CURLOPT_POSTFIELDS, request->body_size > 0 ? request->body : "");
    } else {
        SET(CURLOPT_HTTPGET, 1L);
    }
    SET(CURLOPT_CUSTOMREQUEST, request->method);
    if (request->fresh) {
        SET(CURLOPT_FRESH_CONNECT, 1L);
        SET(CURLOPT_FORBID_REUSE, 1L);
    }
    return CURLE_OK;
}

static int begin(struct gnt_link *link, CURLcode code, gantry_error *err)
{
    if (code == CURLE_OK && curl_multi_add_handle(link->multi, link->easy) != CURLM_OK)
        code = CURLE_OUT_OF_MEMORY;
    if (code == CURLE_OUT_OF_MEMORY)
        return gnt_nomem(err);
    if (code != CURLE_OK)
        return gnt_fail(err, GANTRY_E_UNSUPPORTED, "libcurl cannot be used: %s",
                        curl_easy_strerror(code));
    link->begun = 1;
    return 0;
}

int gnt_link_request(struct gnt_link *link, const struct gnt_link_request *request,
                     gantry_error *err)
{
    CURLcode code = set_manners(link);

    link->sends_body = request->has_body;
    link->keeps = !request->upload; /* or its large buffer would stay */
    link->fresh = request->fresh;
    if (code == CURLE_OK)
        code = set_hooks(link);
    if (code == CURLE_OK)
        code = set_address(link, request->target);
    if (code == CURLE_OK)
        code = set_headers(link, request);
    if (code == CURLE_OK)
        code = set_method(link, request);
    return begin(link, code, err);
}

static CURLcode set_connect(struct gnt_link *link)
{
    SET(CURLOPT_CONNECT_ONLY, 1L);
    SET(CURLOPT_FRESH_CONNECT, 1L);
    return CURLE_OK;
}

int gnt_link_connect(struct gnt_link *link, gantry_error *err)
{
    CURLcode code = set_manners(link);

    if (code == CURLE_OK)
        code = set_hooks(link);
    if (code == CURLE_OK)
        code = set_address(link, "/");
    if (code == CURLE_OK)
        code = set_connect(link);
    return begin(link, code, err);
}

/* ---- running --------------------------------------------------------------------------------------- */

static void collect(struct gnt_link *link)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(link->multi, &left)) != NULL) {
        if (message->msg == CURLMSG_DONE) {
            link->done = 1;
            link->result = message->data.result;
        }
    }
}

static int act(struct gnt_link *link, const struct pollfd *fds, size_t count)
{
    int running;
    int done = 0;
    size_t i;

    for (i = 0; i < count; i++) {
        int bits = 0;

        if (fds[i].revents == 0)
            continue;
        /* After a hang-up only reading makes sense: the engine may have said why. */
        if (fds[i].events & POLLIN && fds[i].revents & (POLLIN | POLLHUP | POLLERR))
            bits |= CURL_CSELECT_IN;
        if (fds[i].revents & POLLOUT && !(bits != 0 && fds[i].revents & (POLLHUP | POLLERR)))
            bits |= CURL_CSELECT_OUT;
        if (bits == 0)
            bits = CURL_CSELECT_IN | CURL_CSELECT_OUT;
        curl_multi_socket_action(link->multi, fds[i].fd, bits, &running);
        done = 1;
    }
    if (link->timer_ns >= 0 && link->timer_ns <= gantry_clock_ns()) {
        link->timer_ns = -1;
        curl_multi_socket_action(link->multi, CURL_SOCKET_TIMEOUT, 0, &running);
        done = 1;
    }
    if (done)
        collect(link);
    return done;
}

/* How long to sleep at most. */
static int patience(const struct gnt_link *link, const struct gnt_clock *clock)
{
    int ms = gnt_clock_wait_ms(clock, gnt_link_sent(link) ? -1 : CONNECT_SLICE_MS);
    int64_t left;

    if (link->timer_ns < 0)
        return ms;
    left = (link->timer_ns - gantry_clock_ns() + 999999) / 1000000;
    if (left < 0)
        left = 0;
    return ms < 0 || left < ms ? (int)left : ms;
}

int gnt_link_step(struct gnt_link *link, const struct gnt_clock *clock, int wait)
{
    struct pollfd fds[WATCH_MAX + 1];
    size_t count = link->watch_count;
    size_t i;
    int ready;

    for (i = 0; i < count; i++)
        fds[i] = (struct pollfd){ link->watches[i].fd, link->watches[i].events, 0 };
    /* A negative descriptor is ignored by poll. */
    fds[count] = (struct pollfd){ gantry_cancel_fd(clock->cancel), POLLIN, 0 };
    if (link->timer_ns >= 0 && link->timer_ns <= gantry_clock_ns())
        return act(link, fds, 0);
    ready = poll(fds, (nfds_t)count + 1, wait ? patience(link, clock) : 0);
    return act(link, fds, ready > 0 ? count : 0);
}

int gnt_link_done(const struct gnt_link *link)
{
    return link->done;
}

int gnt_link_unread(const struct gnt_link *link)
{
    return link->unread;
}

int gnt_link_sent(const struct gnt_link *link)
{
    long size = 0;

    return curl_easy_getinfo(link->easy, CURLINFO_REQUEST_SIZE, &size) == CURLE_OK && size > 0;
}

void gnt_link_resume(struct gnt_link *link)
{
    if (link->begun && !link->done)
        curl_easy_pause(link->easy, CURLPAUSE_CONT);
    collect(link);
}

int gnt_link_fd(const struct gnt_link *link, int *out_events)
{
    short events = link->watch_count == 1 ? link->watches[0].events : 0;

    if (out_events != NULL)
        *out_events = (events & POLLIN ? GANTRY_POLL_IN : 0) |
                      (events & POLLOUT ? GANTRY_POLL_OUT : 0);
    return link->watch_count == 1 ? link->watches[0].fd : -1;
}

int gnt_link_socket(const struct gnt_link *link)
{
    curl_socket_t fd = CURL_SOCKET_BAD;

    if (curl_easy_getinfo(link->easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK)
        return -1;
    return fd == CURL_SOCKET_BAD ? -1 : fd;
}

int gnt_link_readable(const struct gnt_link *link)
{
    struct pollfd fd = { link->opened, POLLIN, 0 };

    return fd.fd >= 0 && poll(&fd, 1, 0) == 1;
}

/* ---- raw bytes ------------------------------------------------------------------------------------- */

static long outcome(CURLcode code, size_t moved)
{
    if (code == CURLE_OK)
        return (long)moved;
    if (code == CURLE_AGAIN)
        return -EAGAIN;
    return errno == EPIPE ? -EPIPE : -ECONNRESET;
}

long gnt_link_send(struct gnt_link *link, const void *data, size_t size)
{
    size_t sent = 0;
    CURLcode code;

    errno = 0;
    code = curl_easy_send(link->easy, data, size, &sent);
    return outcome(code, sent);
}

long gnt_link_receive(struct gnt_link *link, void *buffer, size_t capacity)
{
    size_t got = 0;
    CURLcode code;

    errno = 0;
    code = curl_easy_recv(link->easy, buffer, capacity, &got);
    return outcome(code, got);
}

/* ---- failures -------------------------------------------------------------------------------------- */

static int fail_connect(const struct gnt_link *link, gantry_error *err)
{
    const char *address = link->http->address.text;
    long os_error = 0;

    if (link->socket_errno != 0)
        return gnt_fail_errno(err, GANTRY_E_IO, link->socket_errno, "no socket to be had");
    curl_easy_getinfo(link->easy, CURLINFO_OS_ERRNO, &os_error);
    if (link->result == CURLE_OPERATION_TIMEDOUT)
        return gnt_fail(err, GANTRY_E_TIMEOUT, "cannot connect to %s within %" PRId64 " ms",
                        address, link->http->host->connect_timeout_ms);
    if (os_error != 0)
        return gnt_fail_errno(err, GANTRY_E_UNAVAILABLE, (int)os_error, "cannot connect to %s",
                              address);
    return gnt_fail(err, GANTRY_E_UNAVAILABLE, "cannot connect to %s: %s", address,
                    link->text[0] != '\0' ? link->text : curl_easy_strerror(link->result));
}

static int fail_sent(const struct gnt_link *link, gantry_error *err)
{
    long os_error = 0;

    switch (link->result) {
    case CURLE_OUT_OF_MEMORY:
        return gnt_nomem(err);
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
        curl_easy_getinfo(link->easy, CURLINFO_OS_ERRNO, &os_error);
        if (os_error == 0)
            return gnt_fail(err, GANTRY_E_TRUNCATED,
                            "the engine closed the connection before the answer was whole");
        return gnt_fail_errno(err, GANTRY_E_TRUNCATED, (int)os_error,
                              "the connection broke before the answer was whole");
    case CURLE_OPERATION_TIMEDOUT:
        return gnt_fail(err, GANTRY_E_TIMEOUT, "the engine did not answer in time");
    default:
        return gnt_fail(err, GANTRY_E_PROTOCOL, "malformed answer: %s",
                        link->text[0] != '\0' ? link->text : curl_easy_strerror(link->result));
    }
}

int gnt_link_failure(const struct gnt_link *link, gantry_error *err)
{
    int code;

    if (!link->done || link->result == CURLE_OK)
        return 0;
    if (link->result == CURLE_COULDNT_CONNECT || link->result == CURLE_COULDNT_RESOLVE_HOST ||
        !gnt_link_sent(link))
        code = link->result == CURLE_OUT_OF_MEMORY ? gnt_nomem(err) : fail_connect(link, err);
    else
        code = fail_sent(link, err);
    return code;
}

void gnt_link_outcome(const struct gnt_link *link, int code, int mutating, gantry_error *err)
{
    int sent = gnt_link_sent(link);
    int retry = sent && mutating ? GANTRY_RETRY_ASK : GANTRY_RETRY_YES;

    if (err == NULL)
        return;
    if (code == GANTRY_E_PROTOCOL || code == GANTRY_E_LIMIT || err->os_error == EACCES ||
        err->os_error == EPERM)
        retry = GANTRY_RETRY_NO;
    gnt_error_outcome(err, sent ? GANTRY_OUTCOME_UNKNOWN : GANTRY_OUTCOME_NOT_SENT, retry);
}

/* ---- the pool -------------------------------------------------------------------------------------- */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode once_result;

static void init_curl(void)
{
    once_result = curl_global_init(CURL_GLOBAL_DEFAULT);
}

static int copy_address(struct gnt_http *http, const struct gnt_address *address)
{
    struct gnt_address *a = &http->address;

    a->port = address->port;
    a->text = gnt_arena_strdup(&http->arena, address->text);
    a->scheme = gnt_arena_strdup(&http->arena, address->scheme);
    a->host = gnt_arena_strdup(&http->arena, address->host);
    a->path = gnt_arena_strdup(&http->arena, address->path);
    return a->text == NULL || a->scheme == NULL || a->host == NULL || a->path == NULL ? -1 : 0;
}

int gnt_http_new(struct gantry_host *host, const struct gnt_address *address, struct gnt_http **out,
                 gantry_error *err)
{
    struct gnt_http *http;

    if (strcmp(address->scheme, "unix") != 0 && strcmp(address->scheme, "tcp") != 0)
        return gnt_fail(err, GANTRY_E_UNSUPPORTED, "addresses with the scheme '%s' are not supported",
                        address->scheme);
    pthread_once(&once, init_curl);
    if (once_result != CURLE_OK)
        return gnt_fail(err, GANTRY_E_UNSUPPORTED, "libcurl does not start: %s",
                        curl_easy_strerror(once_result));
    http = gnt_alloc(&host->mem, sizeof *http);
    if (http == NULL)
        return gnt_nomem(err);
    http->host = host;
    gnt_arena_init(&http->arena, &host->mem);
    if (copy_address(http, address) < 0 || pthread_mutex_init(&http->lock, NULL) != 0) {
        gnt_arena_free(&http->arena);
        gnt_free(&host->mem, http);
        return gnt_nomem(err);
    }
    *out = http;
    return 0;
}

void gnt_http_free(struct gnt_http *http)
{
    struct gnt_link *link;
    struct gnt_mem mem;

    if (http == NULL)
        return;
    while ((link = http->idle) != NULL) {
        http->idle = link->next;
        destroy(link);
    }
    mem = http->host->mem;
    pthread_mutex_destroy(&http->lock);
    gnt_arena_free(&http->arena);
    gnt_free(&mem, http);
}
