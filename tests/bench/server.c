/* A canned engine: answers like Docker 20.10, fast, and takes any body. One thread a connection. */
#include "bench.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char one[8192];
static char *list;
static size_t list_size;
static char frames[16 * (LOG_FRAME + 8)];

static void make_answers(void)
{
    size_t at = 0;

    snprintf(
        one, sizeof one,
        "{\"Id\":\"%064d\",\"Created\":\"2026-01-01T00:00:00.5Z\",\"Name\":\"/bench\","
        "\"State\":{\"Status\":\"running\",\"Running\":true,\"Pid\":42,\"ExitCode\":0,"
        "\"StartedAt\":\"2026-01-01T00:00:01Z\",\"FinishedAt\":\"0001-01-01T00:00:00Z\"},"
        "\"Image\":\"sha256:%064d\",\"Config\":{\"Image\":\"busybox\",\"Tty\":false,"
        "\"Env\":[\"PATH=/bin\",\"A=1\"],\"Cmd\":[\"sleep\",\"1000\"],\"Labels\":{\"a\":\"b\"}},"
        "\"HostConfig\":{\"Memory\":0,\"NanoCpus\":0},\"Mounts\":[],"
        "\"NetworkSettings\":{\"Ports\":{},\"Networks\":{\"bridge\":{\"IPAddress\":"
        "\"172.17.0.2\",\"Gateway\":\"172.17.0.1\"}}},\"Padding\":\"%03000d\"}",
        1, 2, 3);
    list = malloc(200000);
    if (list == NULL)
        _exit(1);
    list[at++] = '[';
    for (int i = 0; i < 100; i++)
        at += (size_t)snprintf(
            list + at, 200000 - at,
            "%s{\"Id\":\"%064d\",\"Names\":[\"/c%d\"],\"Image\":\"busybox\",\"ImageID\":\"sha256:"
            "%064d\",\"Command\":\"sleep 1000\",\"Created\":1760000000,\"Ports\":[{\"IP\":"
            "\"0.0.0.0\",\"PrivatePort\":80,\"PublicPort\":%d,\"Type\":\"tcp\"}],\"Labels\":{"
            "\"a\":\"b\",\"c\":\"%0200d\"},\"State\":\"running\",\"Status\":\"Up 2 minutes\","
            "\"HostConfig\":{\"NetworkMode\":\"default\"},\"NetworkSettings\":{\"Networks\":{"
            "\"bridge\":{\"IPAddress\":\"172.17.0.2\"}}},\"Mounts\":[]}",
            i > 0 ? "," : "", i, i, 7, 30000 + i, i);
    list[at++] = ']';
    list_size = at;
    for (size_t i = 0; i < 16; i++) {
        char *frame = frames + i * (LOG_FRAME + 8);

        frame[0] = i % 8 == 7 ? 2 : 1;
        frame[6] = LOG_FRAME >> 8;
        frame[7] = (char)(LOG_FRAME & 0xff);
        memset(frame + 8, 'x', LOG_FRAME - 1);
        frame[8 + LOG_FRAME - 1] = '\n';
    }
}

static int send_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t n = send(fd, data, size, MSG_NOSIGNAL);

        if (n <= 0)
            return -1;
        data += n;
        size -= (size_t)n;
    }
    return 0;
}

static int answer(int fd, const char *type, const char *body, size_t size)
{
    char head[256];
    int n = snprintf(head, sizeof head,
                     "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nServer: Docker/20.10.24 (linux)\r\n"
                     "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n",
                     type, size);

    return send_all(fd, head, (size_t)n) < 0 ? -1 : send_all(fd, body, size);
}

static int answer_log(int fd)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\n"
                               "Transfer-Encoding: chunked\r\n\r\n";
    size_t frames_left = (size_t)LOG_MIB * 1024 * 1024 / LOG_FRAME;
    char size[16];
    int n = snprintf(size, sizeof size, "%zx\r\n", sizeof frames);

    if (send_all(fd, head, sizeof head - 1) < 0)
        return -1;
    for (; frames_left > 0; frames_left -= 16) {
        if (send_all(fd, size, (size_t)n) < 0 || send_all(fd, frames, sizeof frames) < 0 ||
            send_all(fd, "\r\n", 2) < 0)
            return -1;
    }
    return send_all(fd, "0\r\n\r\n", 5);
}

/* One line, and then nothing for as long as the client stays. */
static int answer_follow(int fd)
{
    static const char text[] = "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\n"
                               "Transfer-Encoding: chunked\r\n\r\n"
                               "2d\r\n\001\0\0\0\0\0\0\045"
                               "2026-11-28T05:49:03.218216647Z hello\n\r\n";

    return send_all(fd, text, sizeof text - 1);
}

/* Reads a chunked body to its end; the end is recognised by its last bytes. */
static int drain(int fd, char *buffer, size_t capacity, const char *have, size_t size)
{
    char tail[5] = "";

    memcpy(buffer, have, size);
    for (;;) {
        size_t keep = size < 5 ? size : 5;
        ssize_t n;

        memmove(tail, tail + keep, 5 - keep);
        memcpy(tail + 5 - keep, buffer + size - keep, keep);
        if (memcmp(tail, "0\r\n\r\n", 5) == 0)
            return 0;
        n = recv(fd, buffer, capacity, 0);
        if (n <= 0)
            return -1;
        size = (size_t)n;
    }
}

static int answer_build(int fd, const char *have, size_t size)
{
    static const char body[] = "{\"aux\":{\"ID\":\"sha256:"
                               "0000000000000000000000000000000000000000000000000000000000000002"
                               "\"}}\r\n";
    static const size_t capacity = 1024 * 1024;
    char *buffer = malloc(capacity);
    int rc = buffer == NULL ? -1 : drain(fd, buffer, capacity, have, size);

    free(buffer);
    return rc < 0 ? -1 : answer(fd, "application/json", body, sizeof body - 1);
}

static int dispatch(int fd, const char *request, const char *rest, size_t rest_size)
{
    if (strstr(request, "/_ping ") != NULL)
        return answer(fd, "text/plain", "OK", 2);
    if (strstr(request, "/logs?") != NULL && strstr(request, "follow=true") != NULL)
        return answer_follow(fd);
    if (strstr(request, "/logs?") != NULL)
        return answer_log(fd);
    if (strstr(request, "/build") != NULL)
        return answer_build(fd, rest, rest_size);
    if (strstr(request, "/containers/json") != NULL)
        return answer(fd, "application/json", list, list_size);
    return answer(fd, "application/json", one, strlen(one));
}

static void *connection(void *arg)
{
    int fd = (int)(intptr_t)arg;
    char buffer[65536 + 1];
    size_t size = 0;

    for (;;) {
        char *end;
        ssize_t n = recv(fd, buffer + size, sizeof buffer - 1 - size, 0);

        if (n <= 0)
            break;
        size += (size_t)n;
        buffer[size] = '\0';
        end = strstr(buffer, "\r\n\r\n");
        if (end == NULL)
            continue;
        *end = '\0';
        if (dispatch(fd, buffer, end + 4, size - (size_t)(end + 4 - buffer)) < 0)
            break;
        size = 0;
    }
    close(fd);
    return NULL;
}

void serve(int listener)
{
    make_answers();
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        pthread_t thread;

        if (fd < 0 || pthread_create(&thread, NULL, connection, (void *)(intptr_t)fd) != 0)
            _exit(1);
        pthread_detach(thread);
    }
}
