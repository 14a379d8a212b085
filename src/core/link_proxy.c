/*
 * A proxy on the way to an engine: always a tunnel, so that what goes through is between the engine
 * and us. Its failures are told apart from the engine's.
 */
#include "link_impl.h"

#include "route.h"

#include <inttypes.h>

static const char *proxy_of(const struct gnt_link *link)
{
    return link->http->route != NULL ? link->http->route->proxy : NULL;
}

#define SET(option, value) GNT_LINK_SET(link->easy, option, value)

CURLcode gnt_link_set_proxy(struct gnt_link *link)
{
    const struct gantry_route *route = link->http->route;

    /* The environment was read when the engine was opened, and not by libcurl. */
    SET(CURLOPT_NOPROXY, "");
    SET(CURLOPT_PROXY, proxy_of(link) != NULL ? proxy_of(link) : "");
    if (proxy_of(link) == NULL)
        return CURLE_OK;
    SET(CURLOPT_HTTPPROXYTUNNEL, 1L);
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (route->proxy_user != NULL) {
        SET(CURLOPT_PROXYAUTH, (long)CURLAUTH_BASIC);
        SET(CURLOPT_PROXYUSERNAME, route->proxy_user);
        SET(CURLOPT_PROXYPASSWORD, route->proxy_password);
    }
    return CURLE_OK;
}

/* The status that a CONNECT was answered with, 0 if it was not. */
static long connect_status(const struct gnt_link *link)
{
    long status = 0;

    return curl_easy_getinfo(link->easy, CURLINFO_HTTP_CONNECTCODE, &status) == CURLE_OK ? status
                                                                                         : 0;
}

int gnt_link_proxy_refuses(const struct gnt_link *link)
{
    long status = proxy_of(link) != NULL && !link->ready ? connect_status(link) : 0;

    return status == 401 || status == 403 || status == 407;
}

static int fail_status(const struct gnt_link *link, long status, gantry_error *err)
{
    const char *proxy = proxy_of(link);
    const char *address = link->http->address.text;
    int code;

    if (status == 407 || status == 401)
        code = gnt_fail(err, GANTRY_E_UNAVAILABLE, "the proxy %s %s (%ld)", proxy,
                        link->http->route->proxy_user != NULL ? "does not take its credentials"
                                                              : "wants credentials",
                        status);
    else if (status == 403)
        code = gnt_fail(err, GANTRY_E_UNAVAILABLE, "the proxy %s refuses connections to %s (%ld)",
                        proxy, address, status);
    else
        code = gnt_fail(err, GANTRY_E_UNAVAILABLE, "the proxy %s cannot connect to %s (%ld)", proxy,
                        address, status);
    if (err != NULL)
        err->http_status = (int)status;
    return code;
}

int gnt_link_proxy_failure(const struct gnt_link *link, gantry_error *err)
{
    const char *proxy = proxy_of(link);
    const char *text = link->text[0] != '\0' ? link->text : curl_easy_strerror(link->result);
    long status;
    long os_error = 0;

    if (proxy == NULL || link->ready || link->result == CURLE_OUT_OF_MEMORY)
        return 0;
    status = connect_status(link);
    if (status >= 200 && status < 300 && link->http->route->tls != NULL)
        return 0; /* what failed then is behind it */
    if (status >= 300)
        return fail_status(link, status, err);
    curl_easy_getinfo(link->easy, CURLINFO_OS_ERRNO, &os_error);
    switch (link->result) {
    case CURLE_COULDNT_RESOLVE_PROXY:
        return gnt_fail(err, GANTRY_E_UNAVAILABLE, "cannot find the address of the proxy %s",
                        proxy);
    case CURLE_COULDNT_CONNECT:
        if (os_error != 0)
            return gnt_fail_errno(err, GANTRY_E_UNAVAILABLE, (int)os_error,
                                  "cannot connect to the proxy %s", proxy);
        return gnt_fail(err, GANTRY_E_UNAVAILABLE, "cannot connect to the proxy %s: %s", proxy,
                        text);
    case CURLE_OPERATION_TIMEDOUT:
        return gnt_fail(err, GANTRY_E_TIMEOUT,
                        "cannot connect to %s through the proxy %s within %" PRId64 " ms",
                        link->http->address.text, proxy, link->http->host->connect_timeout_ms);
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PROXY:
        return gnt_fail(err, GANTRY_E_UNAVAILABLE, "the proxy %s does not connect to %s: %s", proxy,
                        link->http->address.text, text);
    default: /* TLS, for one */
        return 0;
    }
}
