/*
 * TLS on links: what libcurl is told, and raw bytes, which have a record of their own to wait in.
 * What failures mean is in link_tls_words.c.
 */
#include "link_impl.h"

#include "route.h"
#include "sigpipe.h"

#include <errno.h>
#include <string.h>

enum {
    RECORD_SIZE = 16 * 1024 /* most of a TLS record: libraries send one as a whole */
};

/* ---- setting up ------------------------------------------------------------------------------ */

const gantry_tls *gnt_link_tls(const struct gnt_link *link)
{
    return link->http->route != NULL ? link->http->route->tls : NULL;
}

#define SET(option, value) GNT_LINK_SET(link->easy, option, value)

/* Not copied: the text is the route's, which outlives all links. */
static struct curl_blob blob_of(const char *text)
{
    struct curl_blob blob = { .data = (void *)text,
                              .len = strlen(text),
                              .flags = CURL_BLOB_NOCOPY };

    return blob;
}

static CURLcode set_trust(struct gnt_link *link, const gantry_tls *tls)
{
    struct curl_blob ca;

    SET(CURLOPT_SSL_VERIFYPEER, tls->skip_verify == GANTRY_ON ? 0L : 1L);
    SET(CURLOPT_SSL_VERIFYHOST, tls->skip_verify == GANTRY_ON ? 0L : 2L);
    if (tls->ca_pem == NULL)
        return CURLE_OK;
    ca = blob_of(tls->ca_pem);
    /* Instead of the system's, which libcurl would go on to look through. */
    SET(CURLOPT_CAINFO, NULL);
    SET(CURLOPT_CAPATH, NULL);
    SET(CURLOPT_CAINFO_BLOB, &ca);
    return CURLE_OK;
}

/* libcurl with GnuTLS takes these options and does nothing with them. */
static int takes_memory(void)
{
    const char *library = curl_version_info(CURLVERSION_NOW)->ssl_version;

    return library != NULL && strstr(library, "GnuTLS") == NULL;
}

static CURLcode set_certificate(struct gnt_link *link, const gantry_tls *tls)
{
    struct curl_blob cert;
    struct curl_blob key;

    if (tls->cert_pem == NULL)
        return CURLE_OK;
    if (!takes_memory())
        return CURLE_NOT_BUILT_IN;
    cert = blob_of(tls->cert_pem);
    key = blob_of(tls->key_pem);
    SET(CURLOPT_SSLCERTTYPE, "PEM");
    SET(CURLOPT_SSLKEYTYPE, "PEM");
    SET(CURLOPT_SSLCERT_BLOB, &cert);
    SET(CURLOPT_SSLKEY_BLOB, &key);
    /* An empty one too: without any the TLS library would ask the terminal. */
    SET(CURLOPT_KEYPASSWD, tls->key_password != NULL ? tls->key_password : "");
    return CURLE_OK;
}

CURLcode gnt_link_set_tls(struct gnt_link *link)
{
    const gantry_tls *tls = gnt_link_tls(link);
    CURLcode code;

    SET(CURLOPT_PROTOCOLS_STR, tls != NULL ? "https" : "http");
    if (tls == NULL)
        return CURLE_OK;
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_ENABLE_ALPN, 0L); /* HTTP/1.1 is all that is spoken */
    code = set_trust(link, tls);
    return code == CURLE_OK ? set_certificate(link, tls) : code;
}

/* The URL's host is the name that is sent and looked for; where it leads to is another matter. */
CURLcode gnt_link_set_url(struct gnt_link *link)
{
    const gantry_tls *tls = gnt_link_tls(link);
    const char *name = tls != NULL ? tls->server_name : NULL;
    struct gnt_buf *url = &link->url;

    gnt_buf_clear(url);
    (void)gnt_buf_adds(url, tls != NULL ? "https://" : "http://");
    gnt_http_authority(link->http, url);
    (void)gnt_buf_adds(url, "/");
    if (url->rc != 0)
        return CURLE_OUT_OF_MEMORY;
    SET(CURLOPT_URL, url->data);
    if (name != NULL)
        SET(CURLOPT_CONNECT_TO, link->http->connect_to);
    return CURLE_OK;
}

static int make_connect_to(struct gnt_http *http)
{
    const struct gnt_address *a = &http->address;
    const char *text = gnt_arena_printf(
        &http->arena, strchr(a->host, ':') != NULL ? "::[%s]:%d" : "::%s:%d", a->host, a->port);

    http->connect_to = text != NULL ? curl_slist_append(NULL, text) : NULL;
    return http->connect_to != NULL ? 0 : -1;
}

int gnt_link_tls_open(struct gnt_http *http)
{
    const gantry_tls *tls = http->route != NULL ? http->route->tls : NULL;

    return tls != NULL && tls->server_name != NULL ? make_connect_to(http) : 0;
}

void gnt_link_tls_close(struct gnt_http *http)
{
    curl_slist_free_all(http->connect_to);
}

/* ---- at work --------------------------------------------------------------------------------- */

void gnt_link_hold(const struct gnt_http *http, struct gnt_sigpipe *signal)
{
    if (gnt_http_is_tls(http))
        gnt_sigpipe_hold(signal);
}

void gnt_link_release(const struct gnt_http *http, const struct gnt_sigpipe *signal)
{
    if (gnt_http_is_tls(http))
        gnt_sigpipe_release(signal);
}

int gnt_link_record_open(struct gnt_link *link)
{
    if (gnt_link_tls(link) != NULL && link->record == NULL)
        link->record = gnt_alloc(&link->http->host->mem, RECORD_SIZE);
    return gnt_link_tls(link) == NULL || link->record != NULL ? 0 : -1;
}

void gnt_link_record_close(struct gnt_link *link)
{
    if (link->record != NULL)
        gnt_wipe(link->record, RECORD_SIZE);
    gnt_free(&link->http->host->mem, link->record);
    link->record = NULL;
    link->record_begin = link->record_end = 0;
}

int gnt_link_pending(const struct gnt_link *link)
{
    return link->record_end > link->record_begin;
}

long gnt_link_flush(struct gnt_link *link)
{
    long moved = 0;

    while (gnt_link_pending(link) && moved >= 0) {
        moved = gnt_link_send_raw(link, link->record + link->record_begin,
                                  link->record_end - link->record_begin);
        if (moved > 0)
            link->record_begin += (size_t)moved;
    }
    return moved < 0 ? moved : 0;
}

/* A TLS library that found no room has made a record of what it was given, and wants just the same
 * again: so the bytes wait here, and count as sent. */
long gnt_link_send_record(struct gnt_link *link, const void *data, size_t size)
{
    long rc = gnt_link_flush(link);

    if (rc < 0)
        return rc;
    if (size > RECORD_SIZE)
        size = RECORD_SIZE;
    memcpy(link->record, data, size);
    link->record_begin = 0;
    link->record_end = size;
    rc = gnt_link_flush(link);
    return rc == 0 || rc == -EAGAIN ? (long)size : rc;
}
