/*
 * Builds over libpod: the request of POST /build, as far as its parameters are no matter of a table
 * (podman_build_options.c). The iterator itself is core's (rest_build.c).
 */
#include "podman.h"

#include "auth.h"
#include "build_bases.h"
#include "build_ignore.h"
#include "pack.h"

#include <string.h>
#include <strings.h>

/* The first version that takes several caches, whose cache knows platforms and that takes sources
 * one by one. */
static int has_cache_lists(const struct gnt_req *r)
{
    return gnt_rest_at_least(r->rest, 4, 4, 0);
}

static int has_platform_cache(const struct gnt_req *r)
{
    return gnt_rest_at_least(r->rest, 5, 6, 0);
}

static int has_source_list(const struct gnt_req *r)
{
    return gnt_rest_at_least(r->rest, 5, 6, 0);
}

/* One of our own parameters, unless the caller gives it in engine's words. */
static void preset(struct gnt_req *r, const gantry_build_options *opts, const char *name,
                   const char *value)
{
    for (size_t i = 0; i < opts->extra_query_count; i++) {
        if (strcasecmp(opts->extra_query[i].key, name) == 0)
            return;
    }
    gnt_req_query(r, name, value);
}

static void query_array(struct gnt_req *r, const char *name, const char *const *list)
{
    struct gnt_json *array = r->rc == 0 ? gnt_podman_strings(&r->arena, list) : NULL;

    if (r->rc == 0 && array == NULL)
        gnt_req_fail(r, GANTRY_E_NOMEM, "out of memory");
    gnt_req_query_json(r, name, array);
}

/* ---- the context ----------------------------------------------------------------------------- */

static char *as_pattern(struct gnt_arena *arena, const char *name)
{
    struct gnt_buf text;
    char *pattern = NULL;

    gnt_buf_init(&text, &arena->mem, 3 * GNT_PATH_MAX);
    if (gnt_ignore_quote(&text, name) == 0)
        pattern = gnt_arena_strdup(arena, gnt_buf_text(&text));
    gnt_buf_free(&text);
    return pattern;
}

/*
 * What COPY must not see. With a list of its own the server reads no ignore file of the context:
 * their rules were applied before, and not everybody wants them. A list of nothing but an exception
 * is not empty and leaves nothing out.
 */
static void hide(struct gnt_req *r, const char *const *hidden)
{
    static const char *const nothing[] = { "!gantry", NULL };
    const char **patterns;
    size_t count = 0;

    if (hidden[0] == NULL) {
        query_array(r, "excludes", nothing);
        return;
    }
    while (hidden[count] != NULL)
        count++;
    patterns = gnt_arena_alloc(&r->arena, (count + 1) * sizeof *patterns);
    for (size_t i = 0; patterns != NULL && i < count; i++) {
        patterns[i] = as_pattern(&r->arena, hidden[i]);
        if (patterns[i] == NULL)
            patterns = NULL;
    }
    if (patterns == NULL)
        gnt_req_fail(r, GANTRY_E_NOMEM, "out of memory");
    else
        query_array(r, "excludes", patterns);
}

/* Each secret travels at the top of the context, from where the server takes it away before it
 * builds. */
static void add_secrets(struct gnt_req *r, const gantry_build_options *opts,
                        gantry_archive *archive)
{
    struct gnt_json *array = gnt_json_new(&r->arena, GNT_JSON_ARRAY);
    char name[GNT_SECRET_NAME_SIZE];

    if (opts->secrets == NULL || r->rc != 0)
        return;
    for (size_t i = 0; opts->secrets[i] != NULL && r->rc == 0; i++) {
        const gantry_build_secret *secret = opts->secrets[i];
        const char *text = NULL;

        r->rc = gnt_archive_add_secret(archive, secret, name, &r->failure);
        if (r->rc == 0)
            text = gnt_arena_printf(&r->arena, "id=%s,src=%s", secret->id, name);
        if (r->rc == 0 &&
            (text == NULL || gnt_json_add(array, gnt_json_string(&r->arena, text)) < 0))
            gnt_req_fail(r, GANTRY_E_NOMEM, "out of memory");
    }
    gnt_req_query_json(r, "secrets", array);
}

static void query_context(struct gnt_req *r, const gantry_build_options *opts,
                          const gantry_build_context *context)
{
    const char *const dockerfile[] = { context->dockerfile_name, NULL };

    if (context->url != NULL) {
        if (context->dockerfile_name != NULL)
            gnt_req_fail(
                r, GANTRY_E_UNSUPPORTED,
                "option \"dockerfile_name\": Podman looks for the usual names in a context "
                "that it fetches itself");
        if (opts->secrets != NULL)
            gnt_req_fail(r, GANTRY_E_UNSUPPORTED,
                         "option \"secrets\": they travel in the context, which Podman fetches "
                         "itself here");
        gnt_req_query(r, "remote", context->url);
        return;
    }
    /* An array, since a plain name that looks like JSON would be read as such. */
    if (context->dockerfile_name != NULL)
        query_array(r, "dockerfile", dockerfile);
    hide(r, context->hidden);
    add_secrets(r, opts, context->archive);
}

/* ---- cache, sources -------------------------------------------------------------------------- */

static void query_cache(struct gnt_req *r, const char *option, const char *name,
                        const char *const *list)
{
    if (list == NULL)
        return;
    if (has_cache_lists(r))
        query_array(r, name, list);
    else if (list[1] == NULL)
        gnt_req_query(r, name, list[0]);
    else
        gnt_req_fail(r, GANTRY_E_UNSUPPORTED, "option \"%s\": Podman before 4.4 takes one", option);
}

/* Before 5.6 a step without a base image is found in the cache though its platform is another. */
static void query_steps(struct gnt_req *r, const gantry_build_options *opts)
{
    int mixed = (opts->platform != NULL || opts->platforms != NULL) && !has_platform_cache(r);

    if (mixed && opts->cache_from != NULL)
        gnt_req_fail(r, GANTRY_E_UNSUPPORTED,
                     "option \"cache_from\": Podman before 5.6 mixes platforms in its cache");
    preset(r, opts, "nocache", opts->no_cache == GANTRY_ON || mixed ? "true" : "false");
    /* libpod caches nothing unless it keeps the layers of the steps. Its own "squash" would take
     * the base image's layers too. */
    preset(r, opts, "layers", opts->squash == GANTRY_ON ? "false" : "true");
    query_cache(r, "cache_from", "cachefrom", opts->cache_from);
    query_cache(r, "cache_to", "cacheto", opts->cache_to);
}

/* One source as a member of {name: {"IsURL", "IsImage", "Value"}}. */
static void add_source(struct gnt_req *r, struct gnt_json *map, const gantry_build_source *source)
{
    struct gnt_arena *a = &r->arena;
    struct gnt_json *item = gnt_json_new(a, GNT_JSON_OBJECT);
    const char *value = source->image != NULL ? source->image : source->url;

    if (gnt_json_set(a, item, "IsURL", gnt_json_boolean(a, source->url != NULL)) < 0 ||
        gnt_json_set(a, item, "IsImage", gnt_json_boolean(a, source->image != NULL)) < 0 ||
        gnt_json_set(a, item, "Value", gnt_json_string(a, value)) < 0 ||
        gnt_json_set(a, map, source->name, item) < 0)
        gnt_req_fail(r, GANTRY_E_NOMEM, "out of memory");
}

static void query_sources(struct gnt_req *r, const gantry_build_source *const *sources)
{
    static const char name[] = "additionalbuildcontexts";
    struct gnt_json *map = gnt_req_object(r);

    for (; r->rc == 0 && sources != NULL && *sources != NULL; sources++) {
        const gantry_build_source *source = *sources;
        const char *text;

        if (source->directory != NULL) {
            gnt_req_fail(r, GANTRY_E_UNSUPPORTED,
                         "option \"sources\": a directory cannot be sent: put %.100s into the "
                         "context",
                         source->directory);
        } else if (has_source_list(r)) {
            text = gnt_arena_printf(&r->arena, "%s=%s:%s", source->name,
                                    source->image != NULL ? "image" : "url",
                                    source->image != NULL ? source->image : source->url);
            if (text == NULL)
                gnt_req_fail(r, GANTRY_E_NOMEM, "out of memory");
            gnt_req_query(r, name, text);
        } else {
            add_source(r, map, source);
        }
    }
    if (r->rc == 0 && map->first != NULL)
        gnt_req_query_json(r, name, map);
}

/* ---- the request ----------------------------------------------------------------------------- */

/* libpod takes words that it does not know for "missing". */
static const char *const pull_words[] = { [GANTRY_PULL_DEFAULT] = "missing",
                                          [GANTRY_PULL_MISSING] = "missing",
                                          [GANTRY_PULL_ALWAYS] = "always",
                                          [GANTRY_PULL_NEVER] = "never",
                                          [GANTRY_PULL_NEWER] = "ifnewer" };

/*
 * Without "nsoptions" the API gives RUN the host's network, unlike `podman build` and Docker; with
 * it RUN has the network a container of this engine has (bridge; user-mode when rootless).
 */
static void query_defaults(struct gnt_req *r, const gantry_build_options *opts)
{
    const char *rm = opts->keep_intermediate == GANTRY_ON ? "false" : "true";
    int host = opts->network != NULL && strcmp(opts->network, "host") == 0;

    preset(r, opts, "pullpolicy", pull_words[opts->pull]);
    preset(r, opts, "rm", rm);
    preset(r, opts, "forcerm", rm);
    /* The OCI format has no place for HEALTHCHECK, ONBUILD and SHELL: they would be lost. */
    preset(r, opts, "outputformat",
           opts->format == GANTRY_FORMAT_OCI
               ? "application/vnd.oci.image.manifest.v1+json"
               : "application/vnd.docker.distribution.manifest.v2+json");
    preset(r, opts, "nsoptions",
           host ? "[{\"Name\":\"network\",\"Host\":true,\"Path\":\"\"}]"
                : "[{\"Name\":\"network\",\"Host\":false,\"Path\":\"\"}]");
}

/* For what was given, and for the registries of base images. */
static void query_credentials(struct gnt_req *r, const gantry_build_options *opts,
                              const gantry_build_context *context)
{
    const char *const *bases = NULL;

    if (r->rc == 0)
        r->rc = gnt_build_bases(&r->arena, opts, context, &bases, &r->failure);
    gnt_req_registry_config(r, opts->auths, bases);
}

int gnt_podman_build(void *state, const char *reference, const gantry_build_options *opts,
                     const gantry_build_context *context, gantry_progress **out, gantry_error *err)
{
    struct podman *p = state;
    struct gnt_req r;

    gnt_req_init(&r, &p->rest, "POST", opts->call, "/build");
    gnt_req_about(&r, GANTRY_RESOURCE_IMAGE, reference);
    r.flags |= GNT_REQ_OPEN_ENDED;
    r.content_type = "application/x-tar";
    query_credentials(&r, opts, context);
    gnt_req_query(&r, "t", reference);
    gnt_req_query_object(&r, gnt_req_encode(&r, opts, gnt_podman_build_options));
    query_context(&r, opts, context);
    query_steps(&r, opts);
    query_sources(&r, opts->sources);
    query_defaults(&r, opts);
    for (size_t i = 0; i < opts->extra_query_count; i++)
        gnt_req_query(&r, opts->extra_query[i].key, opts->extra_query[i].value);
    return gnt_rest_build_open(&r, context->archive, &gnt_podman_build_dialect, out, err);
}
