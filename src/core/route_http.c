/*
 * What every request to one engine has in front of its path and among its headers, for a reverse
 * proxy on the way.
 */
#include "route.h"

#include <string.h>
#include <strings.h>

#include "error.h"

enum {
    HEADERS_MOST = 64
};

static size_t count_of(const char *const *lines)
{
    size_t count = 0;

    while (lines != NULL && lines[count] != NULL)
        count++;
    return count;
}

/* ---- headers --------------------------------------------------------------------------------- */

/* Length of the name of "Name: value", 0 if it is none. */
static size_t name_size(const char *line)
{
    static const char token[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                "!#$%&'*+-.^_`|~";
    size_t size = strspn(line, token);

    return line[size] == ':' ? size : 0;
}

static int same_name(const char *a, const char *b)
{
    size_t size = name_size(a);

    return size == name_size(b) && strncasecmp(a, b, size) == 0;
}

/* Those that say where a request ends, or what becomes of its connection, and those that requests
 * have of their own. */
static int is_reserved(const char *line)
{
    static const char *const names[] = { "Host:",
                                         "Content-Length:",
                                         "Content-Type:",
                                         "Transfer-Encoding:",
                                         "Connection:",
                                         "Upgrade:",
                                         "Expect:",
                                         "TE:",
                                         "Trailer:",
                                         "Keep-Alive:",
                                         "Proxy-Connection:",
                                         "X-Registry-Auth:",
                                         "X-Registry-Config:" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (same_name(line, names[i]))
            return 1;
    }
    return 0;
}

/* Messages name the header and never its value, which may be a secret. */
static int check_header(const char *line, size_t nth, gantry_error *err)
{
    size_t size = name_size(line);
    const char *value = line + size + 1;

    if (size == 0)
        return gnt_fail(err, GANTRY_E_INVALID, "headers: line %zu is no \"Name: value\"", nth + 1);
    if (is_reserved(line))
        return gnt_fail(err, GANTRY_E_INVALID, "headers: %.*s is the library's business", (int)size,
                        line);
    if (value[strspn(value, " \t")] == '\0')
        return gnt_fail(err, GANTRY_E_INVALID, "headers: %.*s has no value", (int)size, line);
    for (const char *p = value; *p != '\0'; p++) {
        if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7F)
            return gnt_fail(err, GANTRY_E_INVALID, "headers: %.*s has a control character",
                            (int)size, line);
    }
    return 0;
}

static int has_name(const char *const *lines, const char *line)
{
    for (size_t i = 0; i < count_of(lines); i++) {
        if (same_name(lines[i], line))
            return 1;
    }
    return 0;
}

/* The program's, and of the place's those that the program does not name. */
static int fill_headers(gantry_route *r, const char *const *own, const char *const *place,
                        gantry_error *err)
{
    size_t most = count_of(own) + count_of(place);
    size_t count = 0;
    const char **lines;
    int rc = 0;

    if (most == 0)
        return 0;
    if (most > HEADERS_MOST)
        return gnt_fail(err, GANTRY_E_INVALID, "headers: more than %d", HEADERS_MOST);
    lines = gnt_arena_alloc(&r->arena, (most + 1) * sizeof *lines);
    if (lines == NULL)
        return gnt_nomem(err);
    for (size_t i = 0; rc == 0 && i < most; i++) {
        size_t owns = count_of(own);
        const char *line = i < owns ? own[i] : place[i - owns];

        if (i >= owns && has_name(own, line))
            continue;
        rc = check_header(line, i < owns ? i : i - owns, err);
        if (rc < 0 && i >= owns)
            gnt_error_prefix(err, "DOCKER_CUSTOM_HEADERS or HttpHeaders of config.json");
        if (rc == 0 && (lines[count++] = gnt_arena_strdup(&r->arena, line)) == NULL)
            rc = gnt_nomem(err);
    }
    r->headers = lines;
    return rc;
}

/* ---- path ------------------------------------------------------------------------------------ */

static int fill_base_path(gantry_route *r, const char *text, gantry_error *err)
{
    const char *more = "";
    int rc = 0;

    if (text != NULL)
        rc = gnt_url_base_path(&r->arena, "base_path", text, &more, err);
    if (rc < 0 || more[0] == '\0')
        return rc;
    r->base_path = gnt_arena_printf(&r->arena, "%s%s", r->base_path, more);
    return r->base_path != NULL ? 0 : gnt_nomem(err);
}

/* ---- version --------------------------------------------------------------------------------- */

/* "1.41", "4.3.0", with or without a 'v'. */
static int check_version(const char *text)
{
    int numbers = 0;

    for (;; text++) {
        size_t size = strspn(text, "0123456789");

        if (size == 0 || size > 4)
            return -1;
        numbers++;
        text += size;
        if (*text != '.')
            break;
    }
    return *text == '\0' && (numbers == 2 || numbers == 3) ? 0 : -1;
}

static int fill_version(gantry_route *r, const char *own, const char *place, gantry_error *err)
{
    const char *text = own != NULL ? own : place;

    if (text == NULL || text[0] == '\0')
        return 0;
    text += text[0] == 'v';
    /* That of the environment is for Docker alone, which looks at it. */
    if (own != NULL && check_version(text) < 0)
        return gnt_fail(err, GANTRY_E_INVALID,
                        "api_version: '%s' is no version as \"1.41\" or \"4.3.0\"", text);
    r->docker_version = own == NULL;
    r->api_version = gnt_arena_strdup(&r->arena, text);
    return r->api_version != NULL ? 0 : gnt_nomem(err);
}

int gnt_route_is_docker_version(const gantry_route *route)
{
    return route != NULL && route->docker_version;
}

int gnt_route_fill_http(gantry_route *route, const gantry_engine_options *opts,
                        const struct gnt_place *place, gantry_error *err)
{
    int rc = fill_base_path(route, opts->base_path, err);

    if (rc == 0 && opts->max_connections < 0)
        rc = gnt_fail(err, GANTRY_E_INVALID, "max_connections: must not be negative");
    if (rc == 0)
        rc = fill_headers(route, opts->headers, place->headers, err);
    if (rc == 0)
        rc = fill_version(route, opts->api_version, place->api_version, err);
    return rc;
}
