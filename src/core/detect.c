/* The order of places. See detect.h. */
#include "detect_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "error.h"

enum {
    FIRST_CAPACITY = 16
};

/* ---- the list -------------------------------------------------------------------------------- */

static int grow(struct gnt_finder *f)
{
    struct gnt_places *out = f->out;
    size_t capacity = out->capacity > 0 ? 2 * out->capacity : FIRST_CAPACITY;
    struct gnt_place *items = gnt_arena_alloc(f->arena, capacity * sizeof *items);

    if (items == NULL)
        return -1;
    if (out->count > 0)
        memcpy(items, out->items, out->count * sizeof *items);
    out->items = items;
    out->capacity = capacity;
    return 0;
}

/* Whether a place has ways of its own to be reached. */
static int brings_more(const struct gnt_place *place)
{
    return place->tls != NULL || place->ssh_identity != NULL || place->proxy != NULL ||
           place->machine;
}

/* A place that came before under another name, and can be asked, is asked once. */
void gnt_find_add(struct gnt_finder *f, const struct gnt_place *place)
{
    struct gnt_places *out = f->out;
    struct gnt_place *added;

    for (size_t i = 0; place->code == 0 && !brings_more(place) && i < out->count; i++) {
        if (out->items[i].code == 0 && strcmp(out->items[i].address, place->address) == 0)
            return;
    }
    if (out->count == out->capacity && grow(f) < 0) {
        f->failed = 1;
        return;
    }
    added = &out->items[out->count++];
    *added = *place;
    if (added->api_version == NULL)
        added->api_version = gnt_environment_get(f->env, "DOCKER_API_VERSION");
}

void gnt_find_add_socket(struct gnt_finder *f, const char *source, const char *directory,
                         const char *rest)
{
    struct gnt_place place = { .source = source };

    if (directory == NULL || directory[0] != '/')
        return;
    place.address = gnt_find_text(f, "unix://%s%s", directory, rest);
    gnt_find_add(f, &place);
}

const char *gnt_find_text(struct gnt_finder *f, const char *fmt, ...)
{
    va_list args;
    char *text = NULL;
    int size;

    va_start(args, fmt);
    size = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (size >= 0)
        text = gnt_arena_alloc(f->arena, (size_t)size + 1);
    if (text == NULL) {
        f->failed = 1;
        return "";
    }
    va_start(args, fmt);
    vsnprintf(text, (size_t)size + 1, fmt, args);
    va_end(args);
    return text;
}

const gantry_tls *gnt_find_tls(struct gnt_finder *f, const char *address, const gantry_tls *tls)
{
    gantry_tls *copy;

    if (strncasecmp(address, "tcp://", 6) != 0 && strncasecmp(address, "https://", 8) != 0)
        return NULL;
    copy = gnt_arena_alloc(f->arena, sizeof *copy);
    if (copy == NULL)
        f->failed = 1;
    else
        *copy = *tls;
    return copy;
}

void gnt_find_trouble(struct gnt_finder *f, struct gnt_place *place, const gantry_error *err)
{
    place->code = err->code;
    place->trouble = gnt_find_text(f, "%s", err->message);
}

int gnt_place_is_remote(const char *address)
{
    static const char *const schemes[] = { "tcp://", "http://", "https://", "ssh://" };

    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (strncasecmp(address, schemes[i], strlen(schemes[i])) == 0)
            return 1;
    }
    return 0;
}

/* ---- the order ------------------------------------------------------------------------------- */

static int check_options(const gantry_engine_options *opts, gantry_error *err)
{
    int named = (opts->address != NULL) + (opts->docker_context != NULL) +
                (opts->podman_connection != NULL);

    if (named > 1)
        return gnt_fail(err, GANTRY_E_INVALID,
                        "address, docker_context and podman_connection exclude each other");
    if (opts->docker_context != NULL && opts->docker_context[0] == '\0')
        return gnt_fail(err, GANTRY_E_INVALID, "docker_context: must not be empty");
    if (opts->podman_connection != NULL && opts->podman_connection[0] == '\0')
        return gnt_fail(err, GANTRY_E_INVALID, "podman_connection: must not be empty");
    return 0;
}

static void find_in_options(struct gnt_finder *f, const gantry_engine_options *opts)
{
    struct gnt_place place = { .source = "options", .address = opts->address };

    if (opts->address != NULL)
        gnt_find_add(f, &place);
    if (opts->docker_context != NULL)
        gnt_find_context(f, gnt_find_text(f, "options: Docker context %s", opts->docker_context),
                         opts->docker_context);
    if (opts->podman_connection != NULL)
        gnt_find_connection(
            f, gnt_find_text(f, "options: Podman connection %s", opts->podman_connection),
            opts->podman_connection);
}

static int is_open(const struct gnt_finder *f)
{
    return f->out->count == 0;
}

/* The first of these that is there is the choice, and the only one. Podman takes
 * CONTAINER_CONNECTION before CONTAINER_HOST; before 5.0 it did not. */
static void find_choice(struct gnt_finder *f)
{
    int docker = f->runtime != GANTRY_RUNTIME_PODMAN;
    int podman = f->runtime != GANTRY_RUNTIME_DOCKER;
    const char *context = docker ? gnt_environment_get(f->env, "DOCKER_CONTEXT") : NULL;
    const char *connection = podman ? gnt_environment_get(f->env, "CONTAINER_CONNECTION") : NULL;

    if (docker && f->env->docker_host != NULL)
        gnt_find_host(f, "DOCKER_HOST");
    if (is_open(f) && podman && connection == NULL && f->env->container_host != NULL)
        gnt_find_container_host(f);
    if (is_open(f) && context != NULL)
        gnt_find_context(f, gnt_find_text(f, "DOCKER_CONTEXT %s", context), context);
    if (is_open(f) && connection != NULL)
        gnt_find_connection(f, gnt_find_text(f, "CONTAINER_CONNECTION %s", connection), connection);
    if (is_open(f) && docker)
        gnt_find_current_context(f);
    if (is_open(f) && podman)
        gnt_find_default_connection(f, 1);
}

static void find_all(struct gnt_finder *f)
{
    if (f->runtime != GANTRY_RUNTIME_PODMAN)
        gnt_find_config_trouble(f);
    if (f->runtime != GANTRY_RUNTIME_DOCKER)
        gnt_find_connections_trouble(f);
    gnt_find_user_sockets(f);
    gnt_find_system_sockets(f);
    if (f->runtime != GANTRY_RUNTIME_DOCKER)
        gnt_find_default_connection(f, 0);
}

int gnt_places_find(struct gnt_arena *arena, int runtime, const gantry_engine_options *opts,
                    const struct gnt_environment *env, struct gnt_places *out, gantry_error *err)
{
    struct gnt_finder f = { .arena = arena, .env = env, .runtime = runtime, .out = out };
    int rc = check_options(opts, err);

    memset(out, 0, sizeof *out);
    if (rc < 0)
        return rc;
    gnt_arena_init(&f.scratch, &arena->mem);
    f.scratch.wipe = 1;
    find_in_options(&f, opts);
    if (out->count == 0)
        find_choice(&f);
    out->exclusive = out->count > 0;
    if (!out->exclusive)
        find_all(&f);
    gnt_arena_free(&f.scratch);
    return f.failed ? gnt_nomem(err) : 0;
}
