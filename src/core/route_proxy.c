/*
 * Whether a proxy stands between here and the engine, and which: what the program says, what the
 * place says, what the environment says, as the engines' own command lines read it.
 */
#include "route.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "error.h"

/* ---- the environment ------------------------------------------------------------------------- */

/* One of two spellings. *out_name is the one that is there. */
static const char *either(const struct gnt_environment *env, const char *upper, const char *lower,
                          const char **out_name)
{
    const char *text = upper != NULL ? gnt_environment_get(env, upper) : NULL;

    *out_name = text != NULL ? upper : lower;
    return text != NULL ? text : gnt_environment_get(env, lower);
}

/* ---- who has none ---------------------------------------------------------------------------- */

struct ip {
    int family; /* 0: it is none */
    size_t size;
    unsigned char bytes[16];
};

static void read_ip(const char *text, struct ip *out)
{
    *out = (struct ip){ 0 };
    if (inet_pton(AF_INET, text, out->bytes) == 1) {
        out->family = AF_INET;
        out->size = 4;
    } else if (inet_pton(AF_INET6, text, out->bytes) == 1) {
        out->family = AF_INET6;
        out->size = 16;
    }
}

/* "10.0.0.0/8" */
static int in_block(const struct ip *ip, const char *block)
{
    const char *slash = strchr(block, '/');
    char text[64];
    struct ip base;
    char *end;
    unsigned long bits;
    size_t size = slash != NULL ? (size_t)(slash - block) : 0;

    if (slash == NULL || size >= sizeof text || ip->family == 0)
        return 0;
    memcpy(text, block, size);
    text[size] = '\0';
    read_ip(text, &base);
    bits = strtoul(slash + 1, &end, 10);
    if (base.family != ip->family || *end != '\0' || end == slash + 1 || bits > base.size * 8)
        return 0;
    if (memcmp(base.bytes, ip->bytes, bits / 8) != 0)
        return 0;
    return bits % 8 == 0 || (base.bytes[bits / 8] ^ ip->bytes[bits / 8]) >> (8 - bits % 8) == 0;
}

/* "domain" is itself and what is below it, ".domain" and "*.domain" are what is below it. */
static int in_domain(const char *host, const char *domain)
{
    size_t host_size = strlen(host);
    size_t size;

    if (domain[0] == '*' && domain[1] == '.')
        domain++;
    if (strcasecmp(host, domain) == 0)
        return 1;
    size = strlen(domain);
    if (size == 0 || host_size <= size || strcasecmp(host + host_size - size, domain) != 0)
        return 0;
    return domain[0] == '.' || host[host_size - size - 1] == '.';
}

/* Cut a port off an entry: 0 if there is none, -1 if it is not one of ours. */
static int cut_port(char *entry)
{
    char *colon = strrchr(entry, ':');
    char *bracket = strrchr(entry, ']');
    char *end;
    long port;

    if (entry[0] == '[' && bracket != NULL) {
        colon = bracket[1] == ':' ? bracket + 1 : NULL;
        *bracket = '\0';
        memmove(entry, entry + 1, strlen(entry));
    } else if (colon == NULL || strchr(entry, ':') != colon) {
        return 0; /* none, or an IPv6 address */
    }
    if (colon == NULL)
        return 0;
    port = strtol(colon + 1, &end, 10);
    if (entry[0] != '[')
        *colon = '\0';
    return *end == '\0' && port > 0 && port <= 65535 ? (int)port : -1;
}

static int fits(const struct gnt_address *a, const struct ip *ip, char *entry)
{
    struct ip other;
    int port;

    if (strcmp(entry, "*") == 0 || in_block(ip, entry))
        return 1;
    port = cut_port(entry);
    if (port != 0 && port != a->port)
        return 0;
    read_ip(entry, &other);
    if (ip->family != 0)
        return other.family == ip->family && memcmp(other.bytes, ip->bytes, ip->size) == 0;
    return in_domain(a->host, entry);
}

static int is_exempt(const struct gnt_address *a, const char *list)
{
    struct ip ip;
    char entry[256];

    read_ip(a->host, &ip);
    while (list != NULL && *list != '\0') {
        size_t size = strcspn(list, ", \t");

        if (size > 0 && size < sizeof entry) {
            memcpy(entry, list, size);
            entry[size] = '\0';
            if (fits(a, &ip, entry))
                return 1;
        }
        list += size + (list[size] != '\0');
    }
    return 0;
}

/* ---- taking it apart ------------------------------------------------------------------------- */

/* Percent-decoded, in the arena; NULL without memory. */
static char *decode(struct gnt_arena *arena, const char *text, size_t size)
{
    char *out = gnt_arena_strndup(arena, text, size);
    size_t to = 0;

    for (size_t i = 0; out != NULL && i < size; i++) {
        int byte = gnt_url_byte(text + i, size - i);

        out[to++] = byte > 0 ? (char)byte : text[i];
        i += byte > 0 ? 2 : 0;
    }
    if (out != NULL)
        out[to] = '\0';
    return out;
}

/* Messages name where the proxy was named, never what it is: it may hold a password. */
static int refuse(const char *source, const char *why, gantry_error *err)
{
    return gnt_fail(err, GANTRY_E_INVALID, "%s: %s", source, why);
}

static int take_user(gantry_route *r, const char *text, size_t size, gantry_error *err)
{
    const char *colon = memchr(text, ':', size);
    size_t user = colon != NULL ? (size_t)(colon - text) : size;

    r->proxy_user = decode(&r->arena, text, user);
    r->proxy_password = colon != NULL ? decode(&r->arena, colon + 1, size - user - 1)
                                      : gnt_arena_strdup(&r->arena, "");
    return r->proxy_user != NULL && r->proxy_password != NULL ? 0 : gnt_nomem(err);
}

static int take_host(gantry_route *r, const char *source, const char *scheme, const char *text,
                     size_t size, gantry_error *err)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                ".-_:[]";
    const char *host = gnt_arena_strndup(&r->arena, text, size);
    const char *colon;

    if (host == NULL)
        return gnt_nomem(err);
    if (size == 0 || host[0] == ':' || strspn(host, plain) != size)
        return refuse(source, "names no host", err);
    colon = strrchr(host, ':');
    if (colon != NULL && colon[1] == '\0')
        return refuse(source, "the port is missing after ':'", err);
    if (colon == NULL || strchr(colon, ']') != NULL)
        host = gnt_arena_printf(&r->arena, "%s:%s", host, scheme[0] == 's' ? "1080" : "80");
    r->proxy = host != NULL ? gnt_arena_printf(&r->arena, "%s://%s", scheme, host) : NULL;
    return r->proxy != NULL ? 0 : gnt_nomem(err);
}

/* "[http://][user:password@]host[:port][/]" */
static int take(gantry_route *r, const char *source, const char *text, gantry_error *err)
{
    const char *mark = strstr(text, "://");
    const char *scheme = "http";
    const char *at = NULL;
    size_t size;
    int rc = 0;

    for (const char *p = text; *p != '\0'; p++) {
        if ((unsigned char)*p <= 0x20 || *p == 0x7F)
            return refuse(source, "has a space or control character", err);
    }
    if (mark != NULL) {
        size = (size_t)(mark - text);
        if ((size == 6 && strncasecmp(text, "socks5", 6) == 0) ||
            (size == 7 && strncasecmp(text, "socks5h", 7) == 0))
            scheme = "socks5h"; /* names are for the proxy to look up */
        else if (size != 4 || strncasecmp(text, "http", 4) != 0)
            return refuse(source, "a proxy is http:// or socks5://", err);
        text = mark + 3;
    }
    size = strcspn(text, "/?#");
    if (text[size] != '\0' && strcmp(text + size, "/") != 0)
        return refuse(source, "a proxy takes no path or query", err);
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '@')
            at = text + i;
    }
    if (at != NULL) {
        rc = take_user(r, text, (size_t)(at - text), err);
        size -= (size_t)(at + 1 - text);
        text = at + 1;
    }
    return rc == 0 ? take_host(r, source, scheme, text, size, err) : rc;
}

/* ---- choosing -------------------------------------------------------------------------------- */

static int over_network(const gantry_route *r)
{
    return r->dialer.dial == NULL && r->address.port != 0 &&
           strcmp(r->address.scheme, "unix") != 0 && strcmp(r->address.scheme, "ssh") != 0;
}

static int take_environment(gantry_route *r, const struct gnt_environment *env, gantry_error *err)
{
    /* A program that a web server starts has a header of the request in HTTP_PROXY. */
    int is_cgi = gnt_environment_get(env, "REQUEST_METHOD") != NULL;
    const char *name;
    const char *text;

    if (is_exempt(&r->address, either(env, "NO_PROXY", "no_proxy", &name)))
        return 0;
    text = r->tls != NULL ? either(env, "HTTPS_PROXY", "https_proxy", &name)
                          : either(env, is_cgi ? NULL : "HTTP_PROXY", "http_proxy", &name);
    return text != NULL ? take(r, name, text, err) : 0;
}

int gnt_route_fill_proxy(gantry_route *route, const struct gnt_environment *env,
                         const gantry_engine_options *opts, const struct gnt_place *place,
                         gantry_error *err)
{
    if (opts->proxy != NULL && opts->proxy[0] == '\0')
        return 0;
    if (opts->proxy != NULL && route->dialer.dial != NULL)
        return gnt_fail(
            err, GANTRY_E_INVALID,
            "proxy: connections come from the dialer, which a proxy is the business of");
    if (!over_network(route)) {
        if (opts->proxy != NULL && opts->address != NULL)
            return gnt_fail(err, GANTRY_E_UNSUPPORTED, "proxy: not with %s:// addresses",
                            route->address.scheme);
        return 0;
    }
    if (opts->proxy != NULL)
        return take(route, "proxy", opts->proxy, err);
    if (gnt_address_is_loopback(&route->address))
        return 0;
    if (place->proxy != NULL && place->proxy[0] != '\0')
        return take(route, "CONTAINER_PROXY", place->proxy, err);
    return take_environment(route, env, err);
}
