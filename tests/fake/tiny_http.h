/*
 * A tiny HTTP server in the test's own process, for what a registry says: rows of a request's
 * beginning and the answer to it. One connection per request. "PORT" in an answer is its port.
 */
#ifndef TINY_HTTP_H
#define TINY_HTTP_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct tiny_row {
    const char *request; /* "GET /v2/"; NULL ends */
    const char *with;    /* a text in the request, or NULL; the first row that fits answers */
    const char *status;  /* "200 OK" */
    const char *headers; /* with \r\n behind each */
    const char *body;
};

struct tiny_http {
    const struct tiny_row *rows;
    int listener;
    int port;
    pthread_t thread;
    char log[8192]; /* of all requests; read it after tiny_stop */
};

static inline const struct tiny_row *tiny_find(const struct tiny_row *rows, const char *request)
{
    while (rows->request != NULL && (strncmp(request, rows->request, strlen(rows->request)) != 0 ||
                                     (rows->with != NULL && strstr(request, rows->with) == NULL)))
        rows++;
    return rows->request != NULL ? rows : NULL;
}

static inline void tiny_expand(char *out, size_t size, const char *text, int port)
{
    const char *at;

    *out = '\0';
    while ((at = strstr(text, "PORT")) != NULL) {
        int n = snprintf(out, size, "%.*s%d", (int)(at - text), text, port);

        out += n;
        size -= (size_t)n;
        text = at + 4;
    }
    snprintf(out, size, "%s", text);
}

static inline void tiny_answer(struct tiny_http *t, int fd)
{
    char request[8192];
    char headers[2048];
    char body[4096];
    char answer[8192];
    const struct tiny_row *row;
    const char *length;
    const char *end = NULL;
    size_t have = 0;
    ssize_t n;
    int size;

    while (have < sizeof request - 1 &&
           (n = recv(fd, request + have, sizeof request - 1 - have, 0)) > 0) {
        have += (size_t)n;
        request[have] = '\0';
        if (request[0] == 0x16) /* TLS */
            return;
        end = strstr(request, "\r\n\r\n");
        length = strstr(request, "Content-Length: ");
        if (end != NULL && (length == NULL || strlen(end + 4) >= strtoul(length + 16, NULL, 10)))
            break;
    }
    if (end == NULL)
        return;
    if (strlen(t->log) + have < sizeof t->log - 2)
        strcat(strcat(t->log, request), "\n");
    row = tiny_find(t->rows, request);
    tiny_expand(headers, sizeof headers, row != NULL ? row->headers : "", t->port);
    tiny_expand(body, sizeof body, row != NULL && row->body != NULL ? row->body : "", t->port);
    size = snprintf(answer, sizeof answer,
                    "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
                    row != NULL ? row->status : "404 Not Found", headers, strlen(body), body);
    (void)!send(fd, answer, (size_t)size, MSG_NOSIGNAL);
}

static inline void *tiny_serve(void *arg)
{
    struct tiny_http *t = arg;
    int fd;

    while ((fd = accept(t->listener, NULL, NULL)) >= 0) {
        tiny_answer(t, fd);
        close(fd);
    }
    return NULL;
}

static inline int tiny_start(struct tiny_http *t, const struct tiny_row *rows)
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t size = sizeof at;

    memset(t, 0, sizeof *t);
    t->rows = rows;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    t->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (t->listener < 0 || bind(t->listener, (const struct sockaddr *)&at, sizeof at) < 0 ||
        listen(t->listener, 16) < 0 || getsockname(t->listener, (struct sockaddr *)&at, &size) < 0)
        return -1;
    t->port = ntohs(at.sin_port);
    return pthread_create(&t->thread, NULL, tiny_serve, t);
}

static inline void tiny_stop(struct tiny_http *t)
{
    shutdown(t->listener, SHUT_RDWR); /* ends accept */
    pthread_join(t->thread, NULL);
    close(t->listener);
}

#endif
