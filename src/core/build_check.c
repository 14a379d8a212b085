/*
 * What can be said about build options without an engine: names, ranges, options that exclude each
 * other. Which of them an engine has is the backend's business.
 */
#include "build_copy.h"

#include <string.h>
#include <strings.h>

#include "error.h"
#include "names.h"
#include "spec_check.h"

static int check_text(const char *argument, const char *text, gantry_error *err)
{
    return text != NULL ? gnt_check_text(argument, text, err) : 0;
}

static int check_switches(const gantry_build_options *o, gantry_error *err)
{
    const struct {
        const char *name;
        int value;
    } switches[] = { { "no_cache", o->no_cache },
                     { "keep_intermediate", o->keep_intermediate },
                     { "squash", o->squash },
                     { "tls_verify", o->tls_verify },
                     { "ignore", o->ignore } };
    int rc = gnt_check_word("pull", o->pull, GANTRY_PULL_NEWER, "GANTRY_PULL_", err);

    if (rc == 0)
        rc = gnt_check_word("builder", o->builder, GANTRY_BUILDER_BUILDKIT, "GANTRY_BUILDER_", err);
    if (rc == 0)
        rc = gnt_check_word("format", o->format, GANTRY_FORMAT_OCI, "GANTRY_FORMAT_", err);
    for (size_t i = 0; rc == 0 && i < sizeof switches / sizeof switches[0]; i++) {
        rc = gnt_check_switch(switches[i].name, switches[i].value, err);
    }
    return rc;
}

/* ---- names ----------------------------------------------------------------------------------- */

static int check_names(const char *reference, const gantry_build_options *o, gantry_error *err)
{
    int rc = 0;

    if (reference != NULL)
        rc = gnt_reference_check("reference", reference, err);
    for (const char *const *tag = o->tags; rc == 0 && tag != NULL && *tag != NULL; tag++)
        rc = gnt_reference_check("tags", *tag, err);
    if (rc == 0 && o->manifest != NULL)
        rc = gnt_reference_check("manifest", o->manifest, err);
    if (rc == 0)
        rc = gnt_check_pairs("build_args", o->build_args, o->build_arg_count, err);
    if (rc == 0)
        rc = gnt_check_pairs("labels", o->labels, o->label_count, err);
    if (rc == 0)
        rc = gnt_check_pairs("annotations", o->annotations, o->annotation_count, err);
    if (rc == 0)
        rc = gnt_check_pairs("extra_query", o->extra_query, o->extra_query_count, err);
    if (rc == 0)
        rc = gnt_check_texts("cache_from", o->cache_from, err);
    if (rc == 0)
        rc = gnt_check_texts("cache_to", o->cache_to, err);
    if (rc == 0)
        rc = check_text("target", o->target, err);
    if (rc == 0)
        rc = check_text("network", o->network, err);
    return rc;
}

static int check_platforms(const gantry_build_options *from, const gantry_build_options *o,
                           gantry_error *err)
{
    int rc = 0;

    if (from->platform != NULL && from->platforms != NULL && from->platforms[0] != NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "platforms: not together with platform");
    if (o->platforms != NULL && o->manifest == NULL)
        return gnt_fail(err, GANTRY_E_INVALID,
                        "platforms: several images need a manifest list to be in: manifest");
    if (o->platform != NULL)
        rc = gnt_check_platform("platform", o->platform, err);
    for (size_t i = 0; rc == 0 && o->platforms != NULL && o->platforms[i] != NULL; i++)
        rc = gnt_check_platform("platforms", o->platforms[i], err);
    return rc;
}

/* ---- limits ---------------------------------------------------------------------------------- */

static int check_memory(const gantry_build_options *o, gantry_error *err)
{
    if (o->memory_swap_bytes == 0)
        return 0;
    if (o->memory_bytes == 0)
        return gnt_fail(err, GANTRY_E_INVALID, "memory_swap_bytes: needs memory_bytes");
    if (o->memory_swap_bytes < -1 ||
        (o->memory_swap_bytes > 0 && o->memory_swap_bytes < o->memory_bytes))
        return gnt_fail(err, GANTRY_E_INVALID,
                        "memory_swap_bytes: is memory and swap together, so not below "
                        "memory_bytes");
    return 0;
}

static int check_limits(const gantry_build_options *o, gantry_error *err)
{
    const struct {
        const char *name;
        int64_t value;
    } limits[] = { { "memory_bytes", o->memory_bytes },
                   { "cpu_shares", o->cpu_shares },
                   { "cpu_period_us", o->cpu_period_us },
                   { "cpu_quota_us", o->cpu_quota_us },
                   { "shm_size_bytes", o->shm_size_bytes } };
    const char *const sets[] = { o->cpuset_cpus, o->cpuset_mems };
    int rc = check_memory(o, err);

    for (size_t i = 0; rc == 0 && i < sizeof limits / sizeof limits[0]; i++) {
        if (limits[i].value < 0)
            rc = gnt_fail(err, GANTRY_E_INVALID, "%s: is negative", limits[i].name);
    }
    for (size_t i = 0; rc == 0 && i < 2; i++) {
        rc = gnt_check_cpuset(i == 0 ? "cpuset_cpus" : "cpuset_mems", sets[i], err);
    }
    for (size_t i = 0; rc == 0 && o->ulimits != NULL && o->ulimits[i] != NULL; i++)
        rc = gnt_ulimit_check(o->ulimits[i], err);
    return rc;
}

/* ---- secrets, sources, credentials ----------------------------------------------------------- */

static int check_secret(const gantry_build_options *o, size_t at, gantry_error *err)
{
    const gantry_build_secret *secret = o->secrets[at];
    int rc = gnt_check_text("secrets: id", secret->id, err);

    if (rc < 0)
        return rc;
    if (secret->id[strcspn(secret->id, ",= \"")] != '\0')
        return gnt_fail(err, GANTRY_E_INVALID, "secrets: id: must be without , = and blanks: %.60s",
                        secret->id);
    if ((secret->data != NULL) == (secret->path != NULL))
        return gnt_fail(err, GANTRY_E_INVALID, "secrets: %.60s: needs data or path, one of them",
                        secret->id);
    if (secret->data_size > GNT_BUILD_SECRET_MAX)
        return gnt_fail(err, GANTRY_E_INVALID, "secrets: %.60s: has more than %d bytes", secret->id,
                        GNT_BUILD_SECRET_MAX);
    for (size_t i = 0; i < at; i++) {
        if (strcmp(o->secrets[i]->id, secret->id) == 0)
            return gnt_fail(err, GANTRY_E_INVALID, "secrets: %.60s: is there twice", secret->id);
    }
    return 0;
}

static int check_source(const gantry_build_source *source, gantry_error *err)
{
    int rc = gnt_check_text("sources: name", source->name, err);
    int given = (source->image != NULL) + (source->url != NULL) + (source->directory != NULL);

    if (rc == 0 && strchr(source->name, '=') != NULL)
        rc = gnt_fail(err, GANTRY_E_INVALID, "sources: name: must be without =: %.60s",
                      source->name);
    if (rc == 0 && given != 1)
        rc = gnt_fail(err, GANTRY_E_INVALID, "sources: %.60s: needs one of image, url, directory",
                      source->name);
    if (rc == 0 && source->image != NULL)
        rc = gnt_reference_check("sources: image", source->image, err);
    if (rc == 0)
        rc = check_text("sources: url", source->url, err);
    return rc;
}

static int check_lists(const gantry_build_options *o, gantry_error *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && o->secrets != NULL && o->secrets[i] != NULL; i++)
        rc = check_secret(o, i, err);
    for (size_t i = 0; rc == 0 && o->sources != NULL && o->sources[i] != NULL; i++)
        rc = check_source(o->sources[i], err);
    for (size_t i = 0; rc == 0 && o->auths != NULL && o->auths[i] != NULL; i++)
        rc = gnt_check_text("auths: registry", o->auths[i]->registry, err);
    return rc;
}

/* ---- a context that the engine fetches ------------------------------------------------------- */

/* Anything else could be the path of a folder on the engine's host to some engines. */
static int check_url(const char *url, gantry_error *err)
{
    static const char *const begins[] = { "http://", "https://", "git://",      "ssh://",
                                          "git@",    "git+",     "github.com/", NULL };
    int rc = gnt_check_text("context_url", url, err);
    size_t i = 0;

    while (rc == 0 && begins[i] != NULL && strncasecmp(url, begins[i], strlen(begins[i])) != 0)
        i++;
    if (rc == 0 && begins[i] == NULL)
        rc = gnt_fail(err, GANTRY_E_INVALID, "context_url: is no URL: %.100s", url);
    return rc;
}

int gnt_build_check(const char *reference, const gantry_build_options *from,
                    const gantry_build_options *copy, gantry_error *err)
{
    int rc = check_names(reference, copy, err);

    if (rc == 0)
        rc = check_switches(copy, err);
    if (rc == 0)
        rc = check_platforms(from, copy, err);
    if (rc == 0)
        rc = gnt_check_hosts(copy->extra_hosts, err);
    if (rc == 0)
        rc = check_limits(copy, err);
    if (rc == 0)
        rc = check_lists(copy, err);
    if (rc == 0 && copy->context_url != NULL)
        rc = check_url(copy->context_url, err);
    return rc;
}
