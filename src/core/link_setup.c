/*
 * How libcurl is set up so that nothing in the environment, the URL or the answer makes it do more
 * than one request to one address; and the sockets it gets.
 */
#include "link_impl.h"

#include "route.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    RECEIVE_BUFFER = 64 * 1024,
    UPLOAD_BUFFER = 512 * 1024,    /* curl polls before each send: fewer, larger ones */
    UPLOAD_BUFFER_TLS = 64 * 1024, /* what an engine says meanwhile is to be read in time */
    SEND_BUFFER = 1024 * 1024      /* of unix sockets; the kernel takes as much as it allows */
};

/* ---- what curl calls ------------------------------------------------------------------------- */

/* Both only make things better; that they may fail is no failure. */
static void tune(int fd, int family)
{
    int probes = 3;
    int size = SEND_BUFFER;

    if (family == AF_UNIX)
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    else
        (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct gnt_link *link = arg;
    int fd;

    (void)purpose;
    if (gnt_link_dialer(link->http) != NULL) {
        fd = gnt_link_dial(link, address);
    } else {
        fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
        if (fd < 0)
            link->socket_errno = errno;
        else
            tune(fd, address->family);
    }
    if (fd < 0)
        return CURL_SOCKET_BAD;
    link->opened = fd;
    link->unread = 0; /* that was of one which died while it was idle */
    return fd;
}

/* The moment before TLS begins, where the connection is there: too late it would be on_ready's. */
static CURLcode on_handshake(CURL *easy, void *context, void *arg)
{
    (void)easy;
    (void)context;
    return gnt_link_take_dialed(arg) == 0 ? CURLE_OK : CURLE_ABORTED_BY_CALLBACK;
}

/* Before each request, once its connection is there, through a proxy and TLS if need be; also
 * before a second try, where a connection of before turned out to be dead. */
static int on_ready(void *arg, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
    struct gnt_link *link = arg;

    (void)remote_ip;
    (void)local_ip;
    (void)remote_port;
    (void)local_port;
    if (gnt_link_take_dialed(link) < 0)
        return CURL_PREREQFUNC_ABORT;
    /* Of two that were tried, the one that was not taken may have been closed last. */
    if (link->opened < 0 && link->fresh)
        link->opened = gnt_link_socket(link);
    if (!link->ready)
        curl_easy_getinfo(link->easy, CURLINFO_REQUEST_SIZE, &link->before);
    link->ready = 1;
    return CURL_PREREQFUNC_OK;
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
    int reused = link->opened < 0 && !link->fresh;

    if (link->begun && !link->done && !link->closing && (fd == link->opened || reused)) {
        (void)ioctl(fd, FIONREAD, &link->unread);
        /* And not a proxy's words, nor what only the TLS library could read. */
        if (link->sends_body && link->ready && gnt_link_tls(link) == NULL)
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

/* ---- setting up ------------------------------------------------------------------------------ */

#define SET(option, value) GNT_LINK_SET(link->easy, option, value)

/* What makes libcurl a plain HTTP/1.1 client of one address. */
static CURLcode set_manners(struct gnt_link *link)
{
    SET(CURLOPT_NOSIGNAL, 1L);
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
    if (gnt_link_tls(link) != NULL && gnt_link_dialer(link->http) != NULL) {
        SET(CURLOPT_SSL_CTX_FUNCTION, on_handshake);
        SET(CURLOPT_SSL_CTX_DATA, link);
    }
    SET(CURLOPT_CLOSESOCKETFUNCTION, on_close);
    SET(CURLOPT_CLOSESOCKETDATA, link);
    SET(CURLOPT_PREREQFUNCTION, on_ready);
    SET(CURLOPT_PREREQDATA, link);
    return CURLE_OK;
}

/* NULL: over a network. */
static const char *socket_path(const struct gnt_http *http)
{
    return strcmp(http->address.scheme, "unix") == 0 ? http->address.path : NULL;
}

static CURLcode set_address(struct gnt_link *link, const char *target)
{
    int64_t connect_ms = link->http->host->connect_timeout_ms;
    CURLcode code;

    /* A dialed connection looks like one to a unix socket, of whatever path. */
    if (gnt_link_dialer(link->http) != NULL)
        SET(CURLOPT_UNIX_SOCKET_PATH, "/");
    else if (socket_path(link->http) != NULL)
        SET(CURLOPT_UNIX_SOCKET_PATH, socket_path(link->http));
    if (gnt_link_set_proxy(link) != CURLE_OK)
        return CURLE_OUT_OF_MEMORY;
    code = gnt_link_set_url(link);
    if (code == CURLE_OK)
        code = gnt_link_set_tls(link);
    if (code != CURLE_OK)
        return code;
    /* Not as part of the URL: when memory runs out curl would leave the query out and go on. */
    SET(CURLOPT_REQUEST_TARGET, target);
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
    const char *const *always = gnt_http_headers(link->http);
    CURLcode code = add_header(link, "Expect:");
    size_t i;

    if (code == CURLE_OK && !request->has_body)
        code = add_header(link, "Content-Type:"); /* curl would make one up for POST */
    for (i = 0; code == CURLE_OK && request->headers != NULL && request->headers[i] != NULL; i++)
        code = add_header(link, request->headers[i]);
    for (i = 0; code == CURLE_OK && always != NULL && always[i] != NULL; i++)
        code = add_header(link, always[i]);
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
        SET(CURLOPT_UPLOAD_BUFFERSIZE,
            gnt_link_tls(link) != NULL ? (long)UPLOAD_BUFFER_TLS : (long)UPLOAD_BUFFER);
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
    if (code == CURLE_NOT_BUILT_IN && gnt_link_tls(link) != NULL)
        return gnt_fail(err, GANTRY_E_UNSUPPORTED,
                        "tls: this libcurl (%s) takes no certificates from memory, or no dialer",
                        curl_version_info(CURLVERSION_NOW)->ssl_version);
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
    /* With an upload its large buffer would stay, with secrets the head that was sent. */
    link->keeps = !request->upload && !request->secret;
    link->secret = request->secret;
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
        code = gnt_link_record_open(link) == 0 ? set_connect(link) : CURLE_OUT_OF_MEMORY;
    return begin(link, code, err);
}
