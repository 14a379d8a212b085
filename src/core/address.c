/*
 * Engine addresses: taking them apart, refusing what could be misread. Resolves and opens nothing.
 */
#include "url.h"

#include "address_ssh.h"
#include "error.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/un.h>

enum {
    TCP_PORT = 2375,
    TLS_PORT = 2376,
    PORT_MOST = 65535
};

/* An address being parsed. */
struct parse {
    struct gnt_arena *arena;
    const char *text; /* as given, for messages */
    struct gnt_address a;
    gantry_error *err;
};

/* "2375" */
static int is_port(const char *text, size_t size)
{
    return size > 0 && strspn(text, "0123456789") >= size;
}

/* What stands for a password may have a '/' that nobody has encoded: where no port is behind the
 * first colon, it goes on to the last '@'. */
const char *gnt_address_show(struct gnt_arena *arena, const char *text)
{
    const char *mark = strstr(text, "://");
    const char *from = mark != NULL ? mark + 3 : text;
    const char *end = from + strcspn(from, "/?#");
    const char *colon = memchr(from, ':', (size_t)(end - from));
    const char *at = NULL;

    if (from[0] != '[' && colon != NULL && !is_port(colon + 1, (size_t)(end - colon) - 1))
        end = from + strlen(from);
    for (const char *c = from; c < end; c++)
        at = *c == '@' ? c : at;
    colon = at != NULL ? memchr(from, ':', (size_t)(at - from)) : NULL;
    return colon != NULL ? gnt_arena_printf(arena, "%.*s:***%s", (int)(colon - text), text, at)
                         : text;
}

static int refuse(const struct parse *p, const char *reason)
{
    const char *shown = gnt_address_show(p->arena, p->text);

    return gnt_fail(p->err, GANTRY_E_INVALID, "address: %s: %s", reason,
                    shown != NULL ? shown : "");
}

static int is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char *lower(struct gnt_arena *arena, const char *text, size_t size)
{
    char *copy = gnt_arena_strndup(arena, text, size);
    size_t i;

    for (i = 0; copy != NULL && i < size; i++) {
        if (copy[i] >= 'A' && copy[i] <= 'Z')
            copy[i] = (char)(copy[i] - 'A' + 'a');
    }
    return copy;
}

/* ---- unix ------------------------------------------------------------------------------------ */

static int parse_unix(struct parse *p, const char *path)
{
    struct sockaddr_un address;

    if (path[0] == '\0')
        return refuse(p, "names no socket");
    /* "unix://run/x.sock" is a common slip for "unix:///run/x.sock". */
    p->a.path = gnt_arena_printf(p->arena, "%s%s", path[0] == '/' ? "" : "/", path);
    if (p->a.path == NULL)
        return gnt_nomem(p->err);
    if (strlen(p->a.path) >= sizeof address.sun_path)
        return gnt_fail(p->err, GANTRY_E_INVALID,
                        "address: a socket's path has at most %zu bytes, this has %zu: %s",
                        sizeof address.sun_path - 1, strlen(p->a.path), p->text);
    p->a.scheme = "unix";
    p->a.host = "";
    p->a.port = 0;
    p->a.text = gnt_arena_printf(p->arena, "unix://%s", p->a.path);
    return p->a.text != NULL ? 0 : gnt_nomem(p->err);
}

/* ---- host and port --------------------------------------------------------------------------- */

/* Digits to the end of the authority. */
static int parse_port(struct parse *p, const char *text, size_t size)
{
    int port = 0;
    size_t i;

    if (size == 0)
        return refuse(p, "the port is missing after ':'");
    for (i = 0; i < size; i++) {
        if (!is_digit(text[i]))
            return refuse(p, "the port is not a number");
        if (port <= PORT_MOST)
            port = port * 10 + (text[i] - '0');
    }
    if (port < 1 || port > PORT_MOST)
        return refuse(p, "the port is not within 1 to 65535");
    p->a.port = port;
    return 0;
}

/* "[::1]" or "[::1]:port"; the host is without brackets. */
static int parse_bracketed(struct parse *p, const char *text, size_t size)
{
    const char *end = memchr(text, ']', size);
    struct in6_addr unused;
    size_t rest;

    if (end == NULL)
        return refuse(p, "the IPv6 address is not closed with ']'");
    p->a.host = lower(p->arena, text + 1, (size_t)(end - text) - 1);
    if (p->a.host == NULL)
        return gnt_nomem(p->err);
    if (inet_pton(AF_INET6, p->a.host, &unused) != 1)
        return refuse(p, "what is in [] is no IPv6 address");
    rest = size - (size_t)(end - text) - 1;
    if (rest == 0)
        return 0;
    if (end[1] != ':')
        return refuse(p, "after ']' only a port can follow");
    return parse_port(p, end + 2, rest - 1);
}

static int parse_authority(struct parse *p, const char *text, size_t size)
{
    const char *at = memchr(text, '@', size);
    const char *colon;
    size_t host_size;

    /* A host or user like "-oProxyCommand" would be an option to whoever gets it as an argument. */
    if (text[0] == '-')
        return refuse(p, "must not begin with '-'");
    if (at != NULL) {
        size -= (size_t)(at + 1 - text);
        text = at + 1;
    }
    if (size > 0 && text[0] == '-')
        return refuse(p, "a host must not begin with '-'");
    if (size > 0 && text[0] == '[')
        return parse_bracketed(p, text, size);
    colon = memchr(text, ':', size);
    host_size = colon != NULL ? (size_t)(colon - text) : size;
    /* For ssh it may be a name of the user's configuration, where capitals matter. */
    p->a.host = strcmp(p->a.scheme, "ssh") == 0 ? gnt_arena_strndup(p->arena, text, host_size)
                                                : lower(p->arena, text, host_size);
    if (p->a.host == NULL)
        return gnt_nomem(p->err);
    if (colon == NULL)
        return 0;
    if (memchr(colon + 1, ':', size - host_size - 1) != NULL)
        return refuse(p, "an IPv6 address is written in []");
    return parse_port(p, colon + 1, size - host_size - 1);
}

/* ---- schemes --------------------------------------------------------------------------------- */

/* Schemes of a host, a port and a path that an engine is reached with. */
static const struct network {
    const char *scheme;
    int port;
} networks[] = { { "tcp", TCP_PORT }, { "http", 80 }, { "https", 443 } };

static const struct network *find_network(const char *scheme)
{
    for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
        if (strcmp(networks[i].scheme, scheme) == 0)
            return &networks[i];
    }
    return NULL;
}

static int write_network(struct gnt_arena *arena, struct gnt_address *a)
{
    a->text = gnt_arena_printf(arena, strchr(a->host, ':') ? "%s://[%s]:%d%s" : "%s://%s:%d%s",
                               a->scheme, a->host, a->port, a->path);
    return a->text != NULL ? 0 : -1;
}

static int check_host(const struct parse *p)
{
    const char *c = p->a.host;

    if (*c == '\0')
        return refuse(p, "names no host");
    while (is_letter(*c) || is_digit(*c) || (*c != '\0' && strchr(".-_:", *c) != NULL))
        c++;
    return *c == '\0' ? 0 : refuse(p, "not a host name");
}

static int parse_network(struct parse *p, const struct network *network, const char *rest)
{
    const char *path = rest + strcspn(rest, "/?#");
    int rc;

    if (memchr(rest, '@', (size_t)(path - rest)) != NULL)
        return refuse(p, "takes no user");
    if (strpbrk(path, "?#") != NULL)
        return refuse(p, "takes no query or fragment");
    rc = parse_authority(p, rest, (size_t)(path - rest));
    if (rc == 0)
        rc = check_host(p);
    if (rc == 0)
        rc = gnt_url_base_path(p->arena, "address", path, &p->a.path, p->err);
    if (rc < 0)
        return rc;
    p->a.default_port = p->a.port == 0;
    if (p->a.port == 0)
        p->a.port = network->port;
    return write_network(p->arena, &p->a) == 0 ? 0 : gnt_nomem(p->err);
}

/* Any other scheme belongs to a backend; its path is whatever follows the host. */
static int parse_other(struct parse *p, const char *rest)
{
    const char *path = rest + strcspn(rest, "/?#");
    int rc = parse_authority(p, rest, (size_t)(path - rest));

    if (rc < 0)
        return rc;
    p->a.path = gnt_arena_strdup(p->arena, path);
    p->a.text = gnt_arena_printf(p->arena, "%s://%s", p->a.scheme, rest);
    return p->a.path != NULL && p->a.text != NULL ? 0 : gnt_nomem(p->err);
}

static int parse_ssh(struct parse *p, const char *rest)
{
    int rc = gnt_address_ssh_user(p->arena, rest, &p->a, p->err);

    if (rc == 0)
        rc = parse_other(p, rest);
    return rc == 0 ? gnt_address_ssh(p->arena, rest, &p->a, p->err) : rc;
}

static int check_scheme(const struct parse *p, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++) {
        char c = p->text[i];

        if (!is_letter(c) && (i == 0 || (!is_digit(c) && strchr("+-.", c) == NULL)))
            return refuse(p, "not a scheme before '://'");
    }
    return size > 0 ? 0 : refuse(p, "not a scheme before '://'");
}

static int parse_schemed(struct parse *p)
{
    const char *mark = strstr(p->text, "://");
    size_t size;
    int rc;

    if (mark == NULL)
        return refuse(p, "has no scheme as unix:// or tcp://");
    size = (size_t)(mark - p->text);
    rc = check_scheme(p, size);
    if (rc < 0)
        return rc;
    p->a.scheme = lower(p->arena, p->text, size);
    if (p->a.scheme == NULL)
        return gnt_nomem(p->err);
    if (strcmp(p->a.scheme, "unix") == 0)
        return parse_unix(p, mark + 3);
    if (find_network(p->a.scheme) != NULL)
        return parse_network(p, find_network(p->a.scheme), mark + 3);
    if (strcmp(p->a.scheme, "ssh") == 0)
        return parse_ssh(p, mark + 3);
    return parse_other(p, mark + 3);
}

int gnt_address_parse(struct gnt_arena *arena, const char *text, struct gnt_address *out,
                      gantry_error *err)
{
    struct parse p = { arena, text, { "", "", "", "", "", 0, 0 }, err };
    const char *c;
    int rc;

    if (text == NULL || text[0] == '\0')
        return gnt_fail(err, GANTRY_E_INVALID, "address: must not be empty");
    for (c = text; *c != '\0'; c++) {
        if ((unsigned char)*c <= 0x20 || *c == 0x7F)
            return refuse(&p, "has a space or control character");
    }
    rc = text[0] == '/' ? parse_unix(&p, text) : parse_schemed(&p);
    if (rc == 0)
        *out = p.a;
    return rc;
}

int gnt_address_secure(struct gnt_arena *arena, struct gnt_address *address, gantry_error *err)
{
    if (strcmp(address->scheme, "tcp") != 0 || !address->default_port)
        return 0;
    address->port = TLS_PORT;
    return write_network(arena, address) == 0 ? 0 : gnt_nomem(err);
}

int gnt_address_is_network(const struct gnt_address *address)
{
    return find_network(address->scheme) != NULL;
}

int gnt_address_is_loopback(const struct gnt_address *address)
{
    static const unsigned char one[16] = { [15] = 1 };
    struct in_addr ip4;
    struct in6_addr ip6;

    if (strcmp(address->scheme, "unix") == 0 || strcmp(address->host, "localhost") == 0)
        return 1;
    if (inet_pton(AF_INET, address->host, &ip4) == 1)
        return ntohl(ip4.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, address->host, &ip6) == 1 && memcmp(&ip6, one, sizeof one) == 0;
}
