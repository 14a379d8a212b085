/*
 * What registries are called: in references, by engines, in files. Pure text, no secrets.
 */
#include "auth.h"

#include <string.h>

static const char hub[] = "docker.io";
static const char hub_server[] = "https://index.docker.io/v1/";

/* Names under which Docker Hub is reached and written down. */
static int is_hub(const char *text, size_t size)
{
    static const char *const names[] = { "docker.io", "index.docker.io", "registry-1.docker.io" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strlen(names[i]) == size && memcmp(names[i], text, size) == 0)
            return 1;
    }
    return 0;
}

static const char *without_scheme(const char *text, int *had)
{
    *had = 1;
    if (strncmp(text, "https://", 8) == 0)
        return text + 8;
    if (strncmp(text, "http://", 7) == 0)
        return text + 7;
    *had = 0;
    return text;
}

/* A text without '/' that cannot be an image's name, or hardly. */
static int alone_is_domain(const char *text, size_t size)
{
    const char *colon = text[0] == '[' ? NULL : memchr(text, ':', size);
    size_t host = colon != NULL ? (size_t)(colon - text) : size;
    size_t port = colon != NULL ? size - host - 1 : 0;

    if (text[0] == '[')
        return 1;
    if (colon != NULL && (port == 0 || strspn(colon + 1, "0123456789") < port))
        return 0;
    return memchr(text, '.', host) != NULL || (host == 9 && memcmp(text, "localhost", 9) == 0);
}

/* The first component of several is a domain, by the rule of references. */
static int first_is_domain(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '.' || text[i] == ':' || (text[i] >= 'A' && text[i] <= 'Z'))
            return 1;
    }
    return size == 9 && memcmp(text, "localhost", 9) == 0;
}

/* Where text's domain ends; 0 if it has none. */
static size_t domain_size(const char *text, int is_url)
{
    size_t size = strcspn(text, "/");

    if (text[size] == '\0')
        size = is_url || alone_is_domain(text, strcspn(text, "@")) ? strcspn(text, "@") : 0;
    else if (!is_url && text[size + 1] != '\0' && !first_is_domain(text, size))
        size = 0;
    return size;
}

const char *gnt_auth_registry(struct gnt_arena *arena, const char *text)
{
    int is_url;
    const char *rest = without_scheme(text, &is_url);
    size_t size = domain_size(rest, is_url);

    if (size == 0 || is_hub(rest, size))
        return hub;
    return gnt_arena_strndup(arena, rest, size);
}

const char *gnt_auth_repository(struct gnt_arena *arena, const char *text)
{
    int is_url;
    const char *rest = without_scheme(text, &is_url);
    size_t domain = domain_size(rest, is_url);
    const char *registry =
        domain == 0 || is_hub(rest, domain) ? hub : gnt_arena_strndup(arena, rest, domain);
    const char *path = rest + domain;
    size_t size;

    while (*path == '/')
        path++;
    size = strcspn(path, "@");
    for (size_t i = size; i > 0 && path[i - 1] != '/'; i--) {
        if (path[i - 1] == ':')
            size = i - 1;
    }
    if (registry == NULL || is_url || size == 0)
        return registry;
    if (registry == hub && memchr(path, '/', size) == NULL)
        return gnt_arena_printf(arena, "%s/library/%.*s", registry, (int)size, path);
    return gnt_arena_printf(arena, "%s/%.*s", registry, (int)size, path);
}

const char *gnt_auth_server(const char *registry)
{
    return strcmp(registry, hub) == 0 ? hub_server : registry;
}
