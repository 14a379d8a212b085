/*
 * Names that go to ssh. They stand behind "--" and "-l" there, but ssh gives them on to commands of
 * the user's configuration (ProxyCommand, Match exec), which a shell reads: so only characters pass
 * that mean nothing to anybody.
 */
#include "address_ssh.h"

#include "error.h"

#include <string.h>
#include <sys/un.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static int refuse(const char *rest, const char *reason, gantry_error *err)
{
    return gnt_fail(err, GANTRY_E_INVALID, "address: %s: ssh://%s", reason, rest);
}

/* Percent-decoding; 0 if there is none to be done or it is wrong. */
static int decode(const char *text, size_t size, char *out)
{
    for (size_t i = 0; i < size; i++) {
        int byte;

        if (text[i] != '%') {
            *out++ = text[i];
            continue;
        }
        byte = gnt_url_byte(text + i, size - i);
        if (byte <= 0)
            return 0;
        *out++ = (char)byte;
        i += 2;
    }
    *out = '\0';
    return 1;
}

int gnt_address_ssh_user(struct gnt_arena *arena, const char *rest, struct gnt_address *a,
                         gantry_error *err)
{
    size_t authority = strcspn(rest, "/?#");
    const char *at = memchr(rest, '@', authority);
    size_t size = at != NULL ? (size_t)(at - rest) : 0;
    char *user;

    a->user = "";
    if (at == NULL)
        return 0;
    if (memchr(rest, ':', size) != NULL)
        return gnt_fail(err, GANTRY_E_INVALID,
                        "address: ssh:// takes no password, which every user of this machine could "
                        "read; use a key, an agent or gantry_ssh.askpass");
    if (memchr(at + 1, '@', authority - size - 1) != NULL)
        return refuse(rest, "has two users; an '@' in a name is written %40", err);
    user = gnt_arena_alloc(arena, size + 1);
    if (user == NULL)
        return gnt_nomem(err);
    if (!decode(rest, size, user))
        return refuse(rest, "a '%' in the user is not followed by two hex digits of a character",
                      err);
    if (user[0] == '\0')
        return refuse(rest, "the user is missing before '@'", err);
    if (user[0] == '-')
        return refuse(rest, "a user must not begin with '-'", err);
    if (user[strspn(user, LETTERS DIGITS "._-+@")] != '\0')
        return refuse(rest, "a user has letters, digits and . _ - + @ only", err);
    a->user = user;
    return 0;
}

static int check_path(const char *rest, struct gnt_address *a, gantry_error *err)
{
    struct sockaddr_un address;

    if (strcmp(a->path, "/") == 0)
        a->path = "";
    if (a->path[0] == '\0')
        return 0;
    if (a->path[0] != '/')
        return refuse(rest, "ssh takes no query", err);
    if (a->path[strspn(a->path, LETTERS DIGITS "/._-+@,=")] != '\0')
        return refuse(rest, "the path of the socket has letters, digits and / . _ - + @ , = only",
                      err);
    if (strlen(a->path) >= sizeof address.sun_path)
        return gnt_fail(err, GANTRY_E_INVALID,
                        "address: a socket's path has at most %zu bytes, this has %zu: ssh://%s",
                        sizeof address.sun_path - 1, strlen(a->path), rest);
    return 0;
}

/* The user as it was given: it has been decoded and is harmless. */
static int write_text(struct gnt_arena *arena, const char *rest, struct gnt_address *a,
                      gantry_error *err)
{
    const char *shape = strchr(a->host, ':') != NULL ? "[%s]" : "%s";
    const char *host = gnt_arena_printf(arena, shape, a->host);
    const char *port = a->port != 0 ? gnt_arena_printf(arena, ":%d", a->port) : "";
    int user = a->user[0] != '\0' ? (int)strcspn(rest, "@") + 1 : 0;
    char *text;

    if (host == NULL || port == NULL)
        return gnt_nomem(err);
    text = gnt_arena_printf(arena, "ssh://%.*s%s%s%s", user, rest, host, port, a->path);
    if (text == NULL)
        return gnt_nomem(err);
    a->text = text;
    return 0;
}

int gnt_address_ssh(struct gnt_arena *arena, const char *rest, struct gnt_address *a,
                    gantry_error *err)
{
    int rc;

    if (a->host[0] == '\0')
        return refuse(rest, "names no host", err);
    if (a->host[0] == '-')
        return refuse(rest, "a host must not begin with '-'", err);
    /* Colons: parsed as an IPv6 address before. */
    if (a->host[strspn(a->host, LETTERS DIGITS ".-_:")] != '\0')
        return refuse(rest, "not a host name", err);
    rc = check_path(rest, a, err);
    return rc == 0 ? write_text(arena, rest, a, err) : rc;
}
