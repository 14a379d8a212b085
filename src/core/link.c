/*
 * Links and their pool. Each link has a multi handle of its own, whose cache holds at most one idle
 * connection. How a handle is set up is in link_setup.c, how it runs in link_run.c.
 */
#include "link_impl.h"

#include "route.h"

#include <string.h>
#include <unistd.h>

struct gantry_host *gnt_http_host(const struct gnt_http *http)
{
    return http->host;
}

const char *gnt_http_base_path(const struct gnt_http *http)
{
    return http->route != NULL ? http->route->base_path : "";
}

int gnt_http_is_tls(const struct gnt_http *http)
{
    return http->route != NULL && http->route->tls != NULL;
}

const char *const *gnt_http_headers(const struct gnt_http *http)
{
    return http->route != NULL ? http->route->headers : NULL;
}

void gnt_http_authority(const struct gnt_http *http, struct gnt_buf *out)
{
    const struct gnt_address *a = &http->address;
    const gantry_tls *tls = http->route != NULL ? http->route->tls : NULL;
    /* Who is asked for by name is asked for by that name everywhere. */
    const char *host = tls != NULL && tls->server_name != NULL ? tls->server_name : a->host;

    if (a->port == 0 || a->host[0] == '\0' || strcmp(a->scheme, "ssh") == 0)
        (void)gnt_buf_adds(out, "d");
    else
        (void)gnt_buf_addf(out, strchr(host, ':') != NULL ? "[%s]:%d" : "%s:%d", host, a->port);
}

/* ---- handles --------------------------------------------------------------------------------- */

/* curl's own copies, which it frees as they are. */
static void free_headers(struct gnt_link *link)
{
    int secret = link->secret || gnt_http_headers(link->http) != NULL;

    for (struct curl_slist *h = link->headers; h != NULL && secret; h = h->next)
        gnt_wipe(h->data, strlen(h->data));
    curl_slist_free_all(link->headers);
    link->headers = NULL;
}

static void destroy(struct gnt_link *link)
{
    struct gnt_mem mem = link->http->host->mem;
    struct gnt_sigpipe signal;

    /* In a forked child a TLS library's farewell would end the parent's connection: it is left to
     * the end of the process. */
    if (link->http->host->pid == getpid() || !gnt_http_is_tls(link->http)) {
        gnt_link_hold(link->http, &signal);
        /* The easy handle first: the multi handle's connections go with it. */
        curl_easy_cleanup(link->easy);
        curl_multi_cleanup(link->multi);
        gnt_link_release(link->http, &signal);
    }
    gnt_link_record_close(link);
    free_headers(link);
    gnt_link_hang_up(link);
    gnt_buf_free(&link->url);
    gnt_free(&mem, link->refusal);
    gnt_free(&mem, link);
}

static int create(struct gnt_http *http, struct gnt_link **out, gantry_error *err)
{
    struct gnt_link *link = gnt_alloc(&http->host->mem, sizeof *link);

    if (link == NULL)
        return gnt_nomem(err);
    link->http = http;
    link->dialed = -1;
    gnt_buf_init(&link->url, &http->host->mem, 1024 * 1024);
    link->multi = curl_multi_init();
    link->easy = curl_easy_init();
    if (link->multi == NULL || link->easy == NULL) {
        destroy(link);
        return gnt_nomem(err);
    }
    curl_multi_setopt(link->multi, CURLMOPT_MAXCONNECTS, 1L);
    curl_multi_setopt(link->multi, CURLMOPT_SOCKETFUNCTION, gnt_link_on_socket);
    curl_multi_setopt(link->multi, CURLMOPT_SOCKETDATA, link);
    curl_multi_setopt(link->multi, CURLMOPT_TIMERFUNCTION, gnt_link_on_timer);
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

/* A place among those in use, and an idle link if there is one. */
static int take(struct gnt_http *http, struct gnt_link **out, gantry_error *err)
{
    int most = http->host->max_connections;
    int full;

    pthread_mutex_lock(&http->lock);
    full = most > 0 && http->in_use >= most;
    if (!full) {
        http->in_use++;
        *out = http->idle;
    }
    if (*out != NULL) {
        http->idle = (*out)->next;
        http->idle_count--;
    }
    pthread_mutex_unlock(&http->lock);
    if (!full)
        return 0;
    gnt_fail(err, GANTRY_E_LIMIT,
             "max_connections: all %d connections to the engine are in use, open streams included",
             most);
    gnt_error_outcome(err, GANTRY_OUTCOME_NOT_SENT, GANTRY_RETRY_YES);
    return GANTRY_E_LIMIT;
}

static void give_back(struct gnt_http *http)
{
    pthread_mutex_lock(&http->lock);
    http->in_use--;
    pthread_mutex_unlock(&http->lock);
}

int gnt_link_open(struct gnt_http *http, const struct gnt_link_hooks *hooks, void *arg,
                  struct gnt_link **out, gantry_error *err)
{
    struct gnt_link *link = NULL;
    int rc = check_process(http->host, err);

    if (rc < 0)
        return rc;
    rc = take(http, &link, err);
    if (rc < 0)
        return rc;
    if (link == NULL) {
        rc = create(http, &link, err);
        if (rc < 0) {
            give_back(http);
            return rc;
        }
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
    link->secret = 0;
    link->fresh = 0;
    link->opened = -1;
    link->unread = 0;
    link->socket_errno = 0;
    link->ready = 0;
    link->before = 0;
    link->refused = 0;
    link->clock = NULL;
    link->result = CURLE_OK;
    link->text[0] = '\0';
    *out = link;
    return 0;
}

void gnt_link_close(struct gnt_link *link, int reuse)
{
    struct gnt_http *http = link->http;
    struct gnt_sigpipe signal;
    /* One that curl gave up on may have things left that it cannot be set up with again. */
    int keep = link->keeps && link->result == CURLE_OK && (link->fresh || (reuse && link->done));

    link->closing = 1;
    gnt_link_hold(http, &signal);
    if (link->begun)
        curl_multi_remove_handle(link->multi, link->easy);
    gnt_link_release(http, &signal);
    if (!keep) {
        destroy(link);
        give_back(http);
        return;
    }
    curl_easy_reset(link->easy);
    free_headers(link);
    gnt_link_record_close(link);
    link->begun = 0;
    pthread_mutex_lock(&http->lock);
    http->in_use--;
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

/* ---- the pool -------------------------------------------------------------------------------- */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode once_result;

static void init_curl(void)
{
    once_result = curl_global_init(CURL_GLOBAL_DEFAULT);
}

int gnt_link_start(gantry_error *err)
{
    pthread_once(&once, init_curl);
    if (once_result != CURLE_OK)
        return gnt_fail(err, GANTRY_E_UNSUPPORTED, "libcurl does not start: %s",
                        curl_easy_strerror(once_result));
    return 0;
}

static int copy_address(struct gnt_http *http, const struct gnt_address *address)
{
    struct gnt_address *a = &http->address;

    a->port = address->port;
    a->text = gnt_arena_strdup(&http->arena, address->text);
    a->scheme = gnt_arena_strdup(&http->arena, address->scheme);
    a->user = address->user != NULL ? gnt_arena_strdup(&http->arena, address->user) : "";
    a->host = gnt_arena_strdup(&http->arena, address->host);
    a->path = gnt_arena_strdup(&http->arena, address->path);
    return a->text == NULL || a->scheme == NULL || a->user == NULL || a->host == NULL ||
                   a->path == NULL
               ? -1
               : 0;
}

int gnt_http_new(struct gantry_host *host, const struct gnt_address *address,
                 const struct gantry_route *route, struct gnt_http **out, gantry_error *err)
{
    struct gnt_http *http;
    int elsewhere = route != NULL && route->dialer.dial != NULL;
    int plain = strcmp(address->scheme, "unix") == 0 || strcmp(address->scheme, "tcp") == 0 ||
                strcmp(address->scheme, "http") == 0;

    if (!elsewhere && !plain && (route == NULL || route->tls == NULL))
        return gnt_fail(err, GANTRY_E_UNSUPPORTED,
                        "addresses with the scheme '%s' are not supported", address->scheme);
    if (gnt_link_start(err) < 0)
        return GANTRY_E_UNSUPPORTED;
    http = gnt_alloc(&host->mem, sizeof *http);
    if (http == NULL)
        return gnt_nomem(err);
    http->host = host;
    http->route = route;
    gnt_arena_init(&http->arena, &host->mem);
    if (copy_address(http, address) < 0 || gnt_link_tls_open(http) < 0 ||
        pthread_mutex_init(&http->lock, NULL) != 0) {
        gnt_link_tls_close(http);
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
    gnt_link_tls_close(http);
    pthread_mutex_destroy(&http->lock);
    gnt_arena_free(&http->arena);
    gnt_free(&mem, http);
}
