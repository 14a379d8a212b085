/*
 * A plain libcurl client: one kept handle. Inspect and list feed the body to yajl with callbacks that
 * do nothing, as any program must that wants to know something of it; other bodies are thrown away.
 */
#include "bench.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

struct floor_client {
    CURL *easy;
    char path[128];
};

static size_t drop(char *data, size_t size, size_t count, void *arg)
{
    (void)data;
    (void)arg;
    return size * count;
}

struct floor_client *floor_open(const char *socket_path)
{
    struct floor_client *c = calloc(1, sizeof *c);

    curl_global_init(CURL_GLOBAL_DEFAULT);
    if (c == NULL)
        return NULL;
    c->easy = curl_easy_init();
    strncpy(c->path, socket_path, sizeof c->path - 1);
    return c;
}

static int on_text(void *arg, const unsigned char *text, size_t size)
{
    (void)text;
    *(size_t *)arg += size;
    return 1;
}

static int on_number(void *arg, const char *text, size_t size)
{
    (void)text;
    *(size_t *)arg += size;
    return 1;
}

static size_t parse(char *data, size_t size, size_t count, void *arg)
{
    return yajl_parse(arg, (const unsigned char *)data, size * count) == yajl_status_ok
               ? size * count
               : 0;
}

static int get_parsed(struct floor_client *c, const char *url)
{
    static const yajl_callbacks callbacks = { .yajl_number = on_number,
                                              .yajl_string = on_text,
                                              .yajl_map_key = on_text };
    size_t total = 0;
    yajl_handle parser = yajl_alloc(&callbacks, NULL, &total);
    int rc = -1;

    curl_easy_reset(c->easy);
    curl_easy_setopt(c->easy, CURLOPT_UNIX_SOCKET_PATH, c->path);
    curl_easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, parse);
    curl_easy_setopt(c->easy, CURLOPT_WRITEDATA, parser);
    curl_easy_setopt(c->easy, CURLOPT_URL, url);
    if (curl_easy_perform(c->easy) == CURLE_OK)
        rc = yajl_complete_parse(parser) == yajl_status_ok && total > 0 ? 0 : -1;
    yajl_free(parser);
    return rc;
}

static int get(struct floor_client *c, const char *url)
{
    curl_easy_reset(c->easy);
    curl_easy_setopt(c->easy, CURLOPT_UNIX_SOCKET_PATH, c->path);
    curl_easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, drop);
    curl_easy_setopt(c->easy, CURLOPT_URL, url);
    return curl_easy_perform(c->easy) == CURLE_OK ? 0 : -1;
}

int floor_ping(struct floor_client *c)
{
    return get(c, "http://d/_ping");
}

int floor_inspect(struct floor_client *c)
{
    return get_parsed(c, "http://d/v1.41/containers/bench/json");
}

int floor_list(struct floor_client *c)
{
    return get_parsed(c, "http://d/v1.41/containers/json");
}

int floor_log(struct floor_client *c)
{
    return get(c, "http://d/v1.41/containers/bench/logs?stdout=1");
}

static size_t zeros(char *data, size_t size, size_t count, void *arg)
{
    size_t *left = arg;
    size_t n = size * count < *left ? size * count : *left;

    memset(data, 0, n);
    *left -= n;
    return n;
}

int floor_upload(struct floor_client *c)
{
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/x-tar");
    size_t left = (size_t)CONTEXT_MIB * 1024 * 1024;
    CURLcode code;

    headers = curl_slist_append(headers, "Transfer-Encoding: chunked");
    headers = curl_slist_append(headers, "Expect:");
    curl_easy_reset(c->easy);
    curl_easy_setopt(c->easy, CURLOPT_UNIX_SOCKET_PATH, c->path);
    curl_easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, drop);
    curl_easy_setopt(c->easy, CURLOPT_URL, "http://d/v1.41/build");
    curl_easy_setopt(c->easy, CURLOPT_POST, 1L);
    curl_easy_setopt(c->easy, CURLOPT_READFUNCTION, zeros);
    curl_easy_setopt(c->easy, CURLOPT_READDATA, &left);
    curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, headers);
    code = curl_easy_perform(c->easy);
    curl_slist_free_all(headers);
    return code == CURLE_OK ? 0 : -1;
}

void floor_close(struct floor_client *c)
{
    curl_easy_cleanup(c->easy);
    free(c);
}
