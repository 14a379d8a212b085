/*
 * What Docker's command line would take: DOCKER_HOST and the contexts below its configuration's
 * folder, with their certificates and headers.
 */
#include "detect_impl.h"

#include "error.h"
#include "sha256.h"

#include <string.h>
#include <strings.h>

#define DEFAULT_ADDRESS "unix:///var/run/docker.sock"

enum {
    HEADERS_MOST = 64
};

const char *gnt_find_config(struct gnt_finder *f)
{
    if (f->env->docker_config != NULL)
        return f->env->docker_config;
    if (f->env->home == NULL || f->env->home[0] != '/')
        return NULL;
    return gnt_find_text(f, "%s/.docker", f->env->home);
}

/* What config.json says. */
struct gnt_find_config {
    struct gnt_json *doc; /* NULL if there is none, or none that can be read */
    gantry_error trouble; /* code 0: there is none */
};

/* Read once: all that is taken from it is of the same file, whoever writes it meanwhile. NULL if
 * memory ended. */
static const struct gnt_find_config *config(struct gnt_finder *f)
{
    const char *directory = gnt_find_config(f);

    if (f->config != NULL)
        return f->config;
    f->config = gnt_arena_alloc(&f->scratch, sizeof *f->config);
    if (f->config == NULL)
        f->failed = 1;
    else if (directory != NULL)
        gnt_find_json(f, gnt_find_text(f, "%s/config.json", directory), &f->config->doc,
                      &f->config->trouble);
    return f->config;
}

/* ---- headers --------------------------------------------------------------------------------- */

struct headers {
    const char **lines;
    size_t count;
};

static int same_name(const char *line, const char *name, size_t name_size)
{
    return strncasecmp(line, name, name_size) == 0 && line[name_size] == ':';
}

/* Of two with one name the later counts. The user agent is the library's own business, as it is
 * that of Docker's command line. */
static void add_header(struct gnt_finder *f, struct headers *h, const char *name, size_t name_size,
                       const char *value)
{
    static const char agent[] = "User-Agent";
    size_t at = 0;

    if (h->lines == NULL) {
        h->lines = gnt_arena_alloc(f->arena, (HEADERS_MOST + 1) * sizeof *h->lines);
        f->failed |= h->lines == NULL;
    }
    while (h->lines != NULL && at < h->count && !same_name(h->lines[at], name, name_size))
        at++;
    if (h->lines == NULL || at == HEADERS_MOST || value[0] == '\0' ||
        (name_size == sizeof agent - 1 && strncasecmp(name, agent, name_size) == 0))
        return;
    h->lines[at] = gnt_find_text(f, "%.*s: %s", (int)name_size, name, value);
    h->count += at == h->count;
}

/* The next field of a comma-separated line, which may be in quotes. NULL if it is none. */
static const char *next_field(struct gnt_finder *f, const char **text)
{
    const char *p = *text;
    char *out = gnt_arena_alloc(f->arena, strlen(p) + 1);
    int quoted = *p == '"';
    size_t size = 0;

    f->failed |= out == NULL;
    p += quoted;
    while (out != NULL && *p != '\0' && (quoted || *p != ',')) {
        if (quoted && *p == '"' && p[1] != '"')
            break;
        p += quoted && *p == '"';
        out[size++] = *p++;
    }
    if (quoted && *p++ != '"')
        return NULL;
    if (*p != '\0' && *p != ',')
        return NULL;
    *text = *p == ',' ? p + 1 : p;
    return out;
}

/* DOCKER_CUSTOM_HEADERS, "name=value,name=value". No message quotes it: it may hold a secret. */
static int custom_headers(struct gnt_finder *f, const char *text, struct headers *h,
                          gantry_error *err)
{
    while (*text != '\0') {
        const char *field = next_field(f, &text);
        const char *equals = field != NULL ? strchr(field, '=') : NULL;
        const char *end = equals;

        if (field != NULL)
            field += strspn(field, " \t");
        while (end != NULL && end > field && (end[-1] == ' ' || end[-1] == '\t'))
            end--;
        if (equals == NULL || end <= field)
            return gnt_fail(err, GANTRY_E_INVALID,
                            "DOCKER_CUSTOM_HEADERS: is no list of name=value, with commas between");
        add_header(f, h, field, (size_t)(end - field), equals + 1);
    }
    return 0;
}

/* Of whatever Docker's command line would talk to. The variable takes the place of the file's. */
static void set_headers(struct gnt_finder *f, struct gnt_place *place)
{
    const char *custom = gnt_environment_get(f->env, "DOCKER_CUSTOM_HEADERS");
    struct headers h = { NULL, 0 };
    const struct gnt_find_config *c;
    const struct gnt_json *map;
    gantry_error err = { 0 };

    if (custom != NULL) {
        if (custom_headers(f, custom, &h, &err) < 0)
            gnt_find_trouble(f, place, &err);
    } else if ((c = config(f)) != NULL) {
        map = gnt_json_member(c->doc, "HttpHeaders");
        map = map != NULL && map->type == GNT_JSON_OBJECT ? map->first : NULL;
        for (; map != NULL; map = map->next) {
            if (gnt_json_text(map) != NULL)
                add_header(f, &h, map->key, strlen(map->key), gnt_json_text(map));
        }
    }
    place->headers = h.count > 0 ? h.lines : NULL;
}

/* ---- DOCKER_HOST ----------------------------------------------------------------------------- */

/* "x/ca.pem" if it is there, else NULL. */
static const char *pem(struct gnt_finder *f, const char *directory, const char *name)
{
    const char *path = gnt_find_text(f, "%s/%s", directory, name);

    return gnt_find_exists(path) ? path : NULL;
}

static gantry_tls pems(struct gnt_finder *f, const char *directory)
{
    return (gantry_tls){ .size = sizeof(gantry_tls),
                         .ca_file = pem(f, directory, "ca.pem"),
                         .cert_file = pem(f, directory, "cert.pem"),
                         .key_file = pem(f, directory, "key.pem") };
}

/* Verification stays on, whichever variable asks for TLS: switching it off takes a context or an
 * option that says so. */
static void set_tls(struct gnt_finder *f, struct gnt_place *place)
{
    const char *directory = gnt_environment_get(f->env, "DOCKER_CERT_PATH");
    gantry_error err = { 0 };
    gantry_tls tls = { .size = sizeof tls };
    int named = directory != NULL;

    if (!named && gnt_environment_get(f->env, "DOCKER_TLS_VERIFY") == NULL &&
        gnt_environment_get(f->env, "DOCKER_TLS") == NULL)
        return;
    if (directory == NULL)
        directory = gnt_find_config(f);
    if (directory != NULL)
        tls = pems(f, directory);
    place->tls = gnt_find_tls(f, place->address, &tls);
    if (named && place->tls != NULL && tls.ca_file == NULL && tls.cert_file == NULL &&
        tls.key_file == NULL) {
        gnt_fail(&err, GANTRY_E_INVALID,
                 "DOCKER_CERT_PATH: %s has none of ca.pem, cert.pem and key.pem", directory);
        gnt_find_trouble(f, place, &err);
    }
}

static void add_host(struct gnt_finder *f, const char *source, const char *address)
{
    struct gnt_place place = { .source = source, .address = address };

    set_tls(f, &place);
    set_headers(f, &place);
    gnt_find_add(f, &place);
}

/* As Docker's command line reads it: "10.0.0.1:2375" is tcp. */
static const char *docker_host(struct gnt_finder *f)
{
    const char *host = f->env->docker_host;

    return host[0] == '/' || strstr(host, "://") != NULL ? host
                                                         : gnt_find_text(f, "tcp://%s", host);
}

void gnt_find_host(struct gnt_finder *f, const char *source)
{
    add_host(f, source, docker_host(f));
}

/* ---- contexts -------------------------------------------------------------------------------- */

/* "a, b, default": those that there are. */
static const char *context_names(struct gnt_finder *f, const char *directory)
{
    const char *const *folders =
        gnt_find_names(f, gnt_find_text(f, "%s/contexts/meta", directory), "");
    const char *text = "";

    for (; *folders != NULL; folders++) {
        const char *path = gnt_find_text(f, "%s/contexts/meta/%s/meta.json", directory, *folders);
        struct gnt_json *doc;
        const char *name;

        if (gnt_find_json(f, path, &doc, NULL) < 0)
            continue;
        name = gnt_json_text(gnt_json_member(doc, "Name"));
        if (name != NULL && strlen(text) < 400)
            text = gnt_find_text(f, "%s%s, ", text, name);
    }
    return gnt_find_text(f, "%sdefault", text);
}

static void fill_context(struct gnt_finder *f, const char *directory, const char *id,
                         const struct gnt_json *endpoint, struct gnt_place *place)
{
    const char *host = gnt_json_text(gnt_json_member(endpoint, "Host"));
    gantry_tls tls = pems(f, gnt_find_text(f, "%s/contexts/tls/%s/docker", directory, id));

    place->address =
        host != NULL && host[0] != '\0' ? gnt_find_text(f, "%s", host) : DEFAULT_ADDRESS;
    tls.skip_verify = gnt_json_true(gnt_json_member(endpoint, "SkipTLSVerify")) ? GANTRY_ON : 0;
    if (tls.ca_file != NULL || tls.cert_file != NULL || tls.key_file != NULL ||
        tls.skip_verify == GANTRY_ON)
        place->tls = gnt_find_tls(f, place->address, &tls);
    set_headers(f, place);
}

static int read_context(struct gnt_finder *f, const char *name, struct gnt_place *place,
                        gantry_error *err)
{
    const char *directory = gnt_find_config(f);
    const struct gnt_json *endpoint;
    struct gnt_json *doc = NULL;
    char id[GNT_SHA256_HEX];
    const char *path;
    int rc;

    if (directory == NULL)
        return gnt_fail(err, GANTRY_E_NOT_FOUND,
                        "neither DOCKER_CONFIG nor HOME says where Docker's contexts are");
    gnt_sha256_hex(name, strlen(name), id);
    path = gnt_find_text(f, "%s/contexts/meta/%s/meta.json", directory, id);
    rc = gnt_find_json(f, path, &doc, err);
    if (rc < 0)
        return rc;
    if (doc == NULL)
        return gnt_fail(err, GANTRY_E_NOT_FOUND,
                        "there is no Docker context \"%s\" in %s; there are: %s", name, directory,
                        context_names(f, directory));
    endpoint = gnt_json_get(doc, "Endpoints/docker");
    if (endpoint == NULL || endpoint->type != GNT_JSON_OBJECT)
        return gnt_fail(err, GANTRY_E_INVALID, "%s: the context has no Docker endpoint", path);
    fill_context(f, directory, id, endpoint, place);
    return 0;
}

void gnt_find_context(struct gnt_finder *f, const char *source, const char *name)
{
    struct gnt_place place = { .source = source, .address = "" };
    gantry_error err = { 0 };

    /* It is on no disk: what there is without contexts. */
    if (strcmp(name, "default") == 0) {
        add_host(f, source, f->env->docker_host != NULL ? docker_host(f) : DEFAULT_ADDRESS);
        return;
    }
    if (read_context(f, name, &place, &err) < 0)
        gnt_find_trouble(f, &place, &err);
    gnt_find_add(f, &place);
}

void gnt_find_current_context(struct gnt_finder *f)
{
    const struct gnt_find_config *c = config(f);
    const char *name = c != NULL ? gnt_json_text(gnt_json_member(c->doc, "currentContext")) : NULL;

    if (name != NULL && name[0] != '\0' && strcmp(name, "default") != 0)
        gnt_find_context(f, gnt_find_text(f, "current Docker context %s", name), name);
}

void gnt_find_config_trouble(struct gnt_finder *f)
{
    struct gnt_place place = { .source = "Docker's configuration", .address = "" };
    const struct gnt_find_config *c = config(f);

    if (c == NULL || c->trouble.code == 0)
        return;
    gnt_find_trouble(f, &place, &c->trouble);
    gnt_find_add(f, &place);
}
