/*
 * See fetch.h: libcurl's multi interface, polled together with the cancel token. Redirects are
 * followed here and not by libcurl, so that credentials stay with their host.
 */
#include "fetch.h"

#include "link_impl.h"
#include "sigpipe.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

enum {
    HEADERS_MOST = 64 * 1024,
    REDIRECTS = 3,
    SLICE_MS = 1000
};

struct gnt_fetch {
    struct gantry_host *host;
    CURLM *multi;
    CURL *easy;
    struct curl_slist *headers;
    struct gnt_buf head;
    struct gnt_buf body;
    long status;
    CURLcode result;
    char text[CURL_ERROR_SIZE];
};

/* ---- session --------------------------------------------------------------------------------- */

static void free_headers(struct gnt_fetch *f)
{
    for (struct curl_slist *h = f->headers; h != NULL; h = h->next)
        gnt_wipe(h->data, strlen(h->data));
    curl_slist_free_all(f->headers);
    f->headers = NULL;
}

void gnt_fetch_close(struct gnt_fetch *fetch)
{
    struct gnt_sigpipe signal;

    if (fetch == NULL)
        return;
    gnt_sigpipe_hold(&signal); /* what says farewell may find nobody */
    curl_easy_cleanup(fetch->easy);
    curl_multi_cleanup(fetch->multi);
    gnt_sigpipe_release(&signal);
    free_headers(fetch);
    gnt_buf_free(&fetch->head);
    gnt_buf_free(&fetch->body);
    gnt_free(&fetch->host->mem, fetch);
}

int gnt_fetch_open(struct gantry_host *host, struct gnt_fetch **out, gantry_error *err)
{
    struct gnt_fetch *f;
    int rc = gnt_link_start(err);

    if (rc < 0)
        return rc;
    f = gnt_alloc(&host->mem, sizeof *f);
    if (f == NULL)
        return gnt_nomem(err);
    f->host = host;
    gnt_buf_init(&f->head, &host->mem, HEADERS_MOST);
    gnt_buf_init(&f->body, &host->mem, 0);
    f->body.wipe = 1;
    f->multi = curl_multi_init();
    f->easy = curl_easy_init();
    if (f->multi == NULL || f->easy == NULL) {
        gnt_fetch_close(f);
        return gnt_nomem(err);
    }
    *out = f;
    return 0;
}

int gnt_fetch_status(const struct gnt_fetch *fetch)
{
    return (int)fetch->status;
}

const struct gnt_buf *gnt_fetch_body(const struct gnt_fetch *fetch)
{
    return &fetch->body;
}

const char *gnt_fetch_system_ca(void)
{
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);

    return info->age >= CURLVERSION_SEVENTH ? info->cainfo : NULL;
}

const char *gnt_fetch_header(const struct gnt_fetch *fetch, const char *name, size_t nth,
                             struct gnt_arena *arena)
{
    size_t size = strlen(name);

    for (const char *line = gnt_buf_text(&fetch->head); *line != '\0';) {
        size_t length = strcspn(line, "\n");
        const char *value = line + size + 1;
        const char *end = line + length;

        if (length > size && strncasecmp(line, name, size) == 0 && line[size] == ':' &&
            nth-- == 0) {
            while (value < end && (*value == ' ' || *value == '\t'))
                value++;
            while (end > value && (end[-1] == '\r' || end[-1] == ' '))
                end--;
            return gnt_arena_strndup(arena, value, (size_t)(end - value));
        }
        line += length + (line[length] == '\n');
    }
    return NULL;
}

/* ---- one request ----------------------------------------------------------------------------- */

static size_t on_head(char *data, size_t one, size_t size, void *arg)
{
    struct gnt_fetch *f = arg;

    (void)one;
    if (size >= 5 && memcmp(data, "HTTP/", 5) == 0)
        gnt_buf_clear(&f->head); /* what came before was an interim answer */
    return gnt_buf_add(&f->head, data, size) == 0 ? size : 0;
}

static size_t on_body(char *data, size_t one, size_t size, void *arg)
{
    struct gnt_fetch *f = arg;

    (void)one;
    return gnt_buf_add(&f->body, data, size) == 0 ? size : 0;
}

#define SET(option, value) GNT_LINK_SET(f->easy, option, value)

static CURLcode set_manners(struct gnt_fetch *f, const struct gnt_fetch_request *q)
{
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_PROTOCOLS_STR, q->plain ? "http,https" : "https");
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PATH_AS_IS, 1L);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_HTTP09_ALLOWED, 0L);
    SET(CURLOPT_QUICK_EXIT, 1L);
    SET(CURLOPT_USERAGENT, "libgantry/" GANTRY_VERSION_STRING);
    SET(CURLOPT_ERRORBUFFER, f->text);
    SET(CURLOPT_HEADERFUNCTION, on_head);
    SET(CURLOPT_HEADERDATA, f);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, f);
    if (f->host->connect_timeout_ms > 0 && f->host->connect_timeout_ms < 1000L * 1000 * 1000)
        SET(CURLOPT_CONNECTTIMEOUT_MS, (long)f->host->connect_timeout_ms);
    else
        SET(CURLOPT_CONNECTTIMEOUT_MS, 1000L * 1000 * 1000); /* 0 would be curl's default */
    return CURLE_OK;
}

static CURLcode set_tls(struct gnt_fetch *f, const struct gnt_fetch_request *q)
{
    struct curl_blob blob = { .flags = CURL_BLOB_COPY };

    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (q->insecure) {
        SET(CURLOPT_SSL_VERIFYPEER, 0L);
        SET(CURLOPT_SSL_VERIFYHOST, 0L);
    } else if (q->ca != NULL && q->ca->size > 0) {
        blob.data = q->ca->data;
        blob.len = q->ca->size;
        SET(CURLOPT_CAINFO_BLOB, &blob);
    }
    return CURLE_OK;
}

/* `foreign`: another host than the one that was asked. */
static CURLcode set_request(struct gnt_fetch *f, const struct gnt_fetch_request *q, const char *url,
                            int foreign)
{
    free_headers(f);
    for (size_t i = 0; q->headers != NULL && q->headers[i] != NULL; i++) {
        struct curl_slist *list;

        if (foreign && strncasecmp(q->headers[i], "Authorization:", 14) == 0)
            continue;
        list = curl_slist_append(f->headers, q->headers[i]);
        if (list == NULL)
            return CURLE_OUT_OF_MEMORY;
        f->headers = list;
    }
    SET(CURLOPT_HTTPHEADER, f->headers);
    SET(CURLOPT_URL, url);
    if (strcmp(q->method, "HEAD") == 0)
        SET(CURLOPT_NOBODY, 1L);
    else if (q->form != NULL)
        SET(CURLOPT_COPYPOSTFIELDS, q->form);
    else
        SET(CURLOPT_HTTPGET, 1L);
    return CURLE_OK;
}

/* ---- failures -------------------------------------------------------------------------------- */

static int host_of(const char *url)
{
    const char *start = strstr(url, "://");

    return start != NULL ? (int)strcspn(start + 3, "/?") : 0;
}

static int fail(const struct gnt_fetch *f, const char *url, gantry_error *err)
{
    const char *start = strstr(url, "://") != NULL ? strstr(url, "://") + 3 : url;
    const char *text = f->text[0] != '\0' ? f->text : curl_easy_strerror(f->result);
    int size = host_of(url);
    int retry = GANTRY_RETRY_YES;
    long os_error = 0;
    int rc;

    (void)curl_easy_getinfo(f->easy, CURLINFO_OS_ERRNO, &os_error);
    if (f->result == CURLE_OUT_OF_MEMORY || f->body.rc == GANTRY_E_NOMEM)
        return gnt_nomem(err);
    if (f->body.rc == GANTRY_E_LIMIT || f->head.rc == GANTRY_E_LIMIT)
        return gnt_fail(err, GANTRY_E_LIMIT, "%.*s: the answer is larger than %zu bytes", size,
                        start, f->body.max);
    switch (f->result) {
    case CURLE_COULDNT_RESOLVE_HOST:
        rc = gnt_fail(err, GANTRY_E_REGISTRY, "cannot find the address of %.*s", size, start);
        break;
    case CURLE_COULDNT_CONNECT:
        rc = os_error != 0 ? gnt_fail_errno(err, GANTRY_E_REGISTRY, (int)os_error,
                                            "cannot connect to %.*s", size, start)
                           : gnt_fail(err, GANTRY_E_REGISTRY, "cannot connect to %.*s: %s", size,
                                      start, text);
        break;
    case CURLE_PEER_FAILED_VERIFICATION:
        rc = gnt_fail(err, GANTRY_E_REGISTRY, "the certificate of %.*s is not trusted: %s", size,
                      start, text);
        retry = GANTRY_RETRY_NO;
        break;
    case CURLE_OPERATION_TIMEDOUT:
        rc = gnt_fail(err, GANTRY_E_TIMEOUT, "cannot connect to %.*s within %" PRId64 " ms", size,
                      start, f->host->connect_timeout_ms);
        break;
    default:
        rc = gnt_fail(err, GANTRY_E_REGISTRY, "%.*s: %s", size, start, text);
        break;
    }
    gnt_error_outcome(err, GANTRY_OUTCOME_NOT_SENT, retry);
    return rc;
}

/* ---- running --------------------------------------------------------------------------------- */

static int drive(struct gnt_fetch *f, const struct gnt_clock *clock, gantry_error *err)
{
    struct curl_waitfd token = { .fd = gantry_cancel_fd(clock->cancel),
                                 .events = CURL_WAIT_POLLIN };
    unsigned extra = token.fd >= 0 ? 1 : 0;
    int running = 1;
    int left;
    int rc = 0;

    while (rc == 0 && running > 0) {
        rc = gnt_clock_check(clock, err);
        if (rc == 0 && curl_multi_perform(f->multi, &running) != CURLM_OK)
            rc = gnt_nomem(err);
        if (rc == 0 && running > 0)
            (void)curl_multi_poll(f->multi, &token, extra, gnt_clock_wait_ms(clock, SLICE_MS),
                                  NULL);
    }
    for (CURLMsg *m; (m = curl_multi_info_read(f->multi, &left)) != NULL;) {
        if (m->msg == CURLMSG_DONE)
            f->result = m->data.result;
    }
    return rc;
}

static int transfer(struct gnt_fetch *f, const struct gnt_fetch_request *q, const char *url,
                    int foreign, const struct gnt_clock *clock, gantry_error *err)
{
    CURLcode code;
    int rc;

    curl_easy_reset(f->easy);
    gnt_buf_clear(&f->head);
    gnt_buf_clear(&f->body);
    f->body.max = q->max_bytes;
    f->text[0] = '\0';
    f->status = 0;
    f->result = CURLE_OK;
    code = set_manners(f, q);
    if (code == CURLE_OK)
        code = set_tls(f, q);
    if (code == CURLE_OK)
        code = set_request(f, q, url, foreign);
    if (code == CURLE_OK && curl_multi_add_handle(f->multi, f->easy) != CURLM_OK)
        code = CURLE_OUT_OF_MEMORY;
    if (code == CURLE_OUT_OF_MEMORY)
        return gnt_nomem(err);
    if (code != CURLE_OK)
        return gnt_fail(err, GANTRY_E_UNSUPPORTED, "libcurl cannot be used: %s",
                        curl_easy_strerror(code));
    rc = drive(f, clock, err);
    if (rc == 0 && f->result != CURLE_OK)
        rc = fail(f, url, err);
    (void)curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &f->status);
    curl_multi_remove_handle(f->multi, f->easy);
    return rc;
}

/* Whether two URLs lead to the same scheme, host and port. */
static int same_origin(CURLU *a, CURLU *b)
{
    static const CURLUPart parts[] = { CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT };
    int same = 1;

    for (size_t i = 0; same && i < 3; i++) {
        char *one = NULL;
        char *other = NULL;

        same = curl_url_get(a, parts[i], &one, CURLU_DEFAULT_PORT) == CURLUE_OK &&
               curl_url_get(b, parts[i], &other, CURLU_DEFAULT_PORT) == CURLUE_OK &&
               strcasecmp(one, other) == 0;
        curl_free(one);
        curl_free(other);
    }
    return same;
}

static int is_redirect(const struct gnt_fetch *f)
{
    return f->status == 301 || f->status == 302 || f->status == 303 || f->status == 307 ||
           f->status == 308;
}

/* Resolve the answer's Location against `now`; *url is libcurl's memory. 0, or -1 if it leads
 * nowhere. */
static int next_url(const struct gnt_fetch *f, CURLU *now, char **url)
{
    struct gnt_arena arena;
    const char *location;
    int rc = -1;

    gnt_arena_init(&arena, &f->host->mem);
    location = gnt_fetch_header(f, "Location", 0, &arena);
    if (location != NULL && curl_url_set(now, CURLUPART_URL, location, 0) == CURLUE_OK) {
        curl_free(*url);
        *url = NULL;
        rc = curl_url_get(now, CURLUPART_URL, url, 0) == CURLUE_OK ? 0 : -1;
    }
    gnt_arena_free(&arena);
    return rc;
}

static int follow(struct gnt_fetch *f, const struct gnt_fetch_request *q,
                  const struct gnt_clock *clock, gantry_error *err)
{
    CURLU *first = curl_url();
    CURLU *now = curl_url();
    char *url = NULL;
    int rc = first == NULL || now == NULL ? gnt_nomem(err) : 0;

    if (rc == 0 && (curl_url_set(first, CURLUPART_URL, q->url, 0) != CURLUE_OK ||
                    curl_url_set(now, CURLUPART_URL, q->url, 0) != CURLUE_OK))
        rc = gnt_fail(err, GANTRY_E_REGISTRY, "the registry names an address that is none");
    for (int i = 0; rc == 0; i++) {
        rc = transfer(f, q, url != NULL ? url : q->url, i > 0 && !same_origin(first, now), clock,
                      err);
        if (rc < 0 || !is_redirect(f) || q->form != NULL || q->stay)
            break;
        if (i == REDIRECTS)
            rc = gnt_fail(err, GANTRY_E_REGISTRY, "the registry redirects more than %d times",
                          REDIRECTS);
        else if (next_url(f, now, &url) < 0)
            rc = gnt_fail(err, GANTRY_E_REGISTRY, "the registry redirects to nowhere");
    }
    curl_free(url);
    curl_url_cleanup(first);
    curl_url_cleanup(now);
    return rc;
}

int gnt_fetch_run(struct gnt_fetch *fetch, const struct gnt_fetch_request *request,
                  const struct gnt_clock *clock, gantry_error *err)
{
    struct gnt_sigpipe signal;
    int rc;

    gnt_sigpipe_hold(&signal);
    rc = follow(fetch, request, clock, err);
    gnt_sigpipe_release(&signal);
    return rc;
}
