/*
 * Image references for programs: the parser's parts (reference.c) completed to what they mean, and
 * put together again.
 */
#include <gantry/reference.h>

#include "error.h"
#include "fields.h"
#include "model.h"
#include "names.h"

#include <string.h>

enum {
    TEXT_MOST = 2048
};

static const char hub[] = "docker.io";

/* ---- taking apart ---------------------------------------------------------------------------- */

/* ":TAG" and "@DIGEST" behind a name; NULL without memory. */
static const char *complete(struct gnt_arena *a, const char *name, const char *tag,
                            const char *digest)
{
    return gnt_arena_printf(a, "%s%s%s%s%s", name, tag[0] != '\0' ? ":" : "", tag,
                            digest[0] != '\0' ? "@" : "", digest);
}

/* Whether a text leads to the same parts as the reference. */
static int means(struct gnt_arena *a, const char *text, const char *domain,
                 const gantry_reference *r)
{
    struct gnt_reference parts;

    return gnt_reference_parse(a, "", text, &parts, NULL) == 0 && !parts.is_id &&
           strcmp(parts.domain, domain) == 0 && strcmp(parts.digest, r->digest) == 0;
}

static int fill_familiar(struct gnt_arena *a, gantry_reference *r, const char *default_domain)
{
    const char *path = r->path;
    const char *tag = r->digest[0] == '\0' && strcmp(r->tag, "latest") == 0 ? "" : r->tag;
    const char *name;

    if (strcmp(r->domain, hub) == 0 && strncmp(path, "library/", 8) == 0 &&
        strchr(path + 8, '/') == NULL)
        path += 8;
    r->familiar = complete(a, path, tag, r->digest);
    if (r->familiar == NULL)
        return -1;
    /* Short only where that is understood as it is meant. */
    if (strcmp(r->domain, default_domain) == 0 && means(a, r->familiar, "", r))
        return 0;
    name = gnt_arena_printf(a, "%s/%s", r->domain, path);
    r->familiar = name != NULL ? complete(a, name, tag, r->digest) : NULL;
    return r->familiar == NULL ? -1 : 0;
}

static int fill_id(struct gnt_arena *a, const struct gnt_reference *parts, gantry_reference *r)
{
    r->id = parts->path;
    r->canonical = gnt_arena_printf(a, "sha256:%s", parts->path);
    r->familiar = strlen(parts->path) == 64 ? r->id : r->canonical;
    return r->canonical == NULL ? -1 : 0;
}

static int fill(struct gnt_arena *a, const struct gnt_reference *parts, const char *default_domain,
                gantry_reference *r)
{
    const char *tag = parts->tag;

    r->domain = parts->domain[0] != '\0' ? parts->domain : default_domain;
    if (strcmp(r->domain, "index.docker.io") == 0)
        r->domain = hub;
    r->path = parts->path;
    if (strcmp(r->domain, hub) == 0 && strchr(parts->path, '/') == NULL)
        r->path = gnt_arena_printf(a, "library/%s", parts->path);
    r->tag = parts->tag;
    r->digest = parts->digest;
    if (r->path == NULL)
        return -1;
    r->repository = gnt_arena_printf(a, "%s/%s", r->domain, r->path);
    if (tag[0] == '\0' && parts->digest[0] == '\0')
        tag = "latest";
    r->canonical = r->repository != NULL ? complete(a, r->repository, tag, r->digest) : NULL;
    return r->canonical == NULL ? -1 : fill_familiar(a, r, default_domain);
}

/* The domain is one: with a path behind it, it is understood as such. */
static int check_domain(struct gnt_arena *a, const char *argument, const char *domain,
                        gantry_error *err)
{
    struct gnt_reference parts;
    const char *text = gnt_arena_printf(a, "%s/x", domain);
    int rc = text == NULL ? gnt_nomem(err) : gnt_reference_parse(a, argument, text, &parts, err);

    if (rc == 0 && strcmp(parts.domain, domain) != 0)
        rc = gnt_fail(err, GANTRY_E_INVALID, "%s: is no domain: %s", argument, domain);
    return rc;
}

static int parse_into(gantry_reference *r, const char *text, const gantry_reference_options *o,
                      gantry_error *err)
{
    struct gnt_arena *a = gnt_result_arena(r);
    struct gnt_reference parts;
    const char *default_domain = hub;
    int rc = 0;

    if (o->default_domain != NULL) {
        rc = check_domain(a, "default_domain", o->default_domain, err);
        default_domain = gnt_arena_strdup(a, o->default_domain);
    }
    if (rc == 0)
        rc = gnt_reference_parse(a, "reference", text, &parts, err);
    if (rc < 0)
        return rc;
    if (parts.is_id && o->no_id == GANTRY_ON)
        return gnt_fail(err, GANTRY_E_INVALID, "reference: is an id, not a name: %s", text);
    if (default_domain == NULL)
        return gnt_nomem(err);
    rc = parts.is_id ? fill_id(a, &parts, r) : fill(a, &parts, default_domain, r);
    return rc < 0 ? gnt_nomem(err) : 0;
}

int gantry_reference_parse(const char *text, const gantry_reference_options *opts,
                           gantry_reference **out, gantry_error *err)
{
    gantry_reference_options o;
    gantry_reference *r = NULL;
    struct gnt_mem mem;
    int rc = gnt_import(&o, sizeof o, opts, "gantry_reference_options", err);

    if (rc == 0 && out == NULL)
        rc = gnt_fail(err, GANTRY_E_INVALID, "out: must not be NULL");
    if (rc == 0 && o.no_id != 0 && o.no_id != GANTRY_ON && o.no_id != GANTRY_OFF)
        rc = gnt_fail(err, GANTRY_E_INVALID, "no_id: is neither GANTRY_ON nor GANTRY_OFF");
    if (rc == 0)
        rc = gnt_mem_init(&mem, o.allocator, err);
    if (rc < 0)
        return rc;
    r = gnt_result_new(&mem, GNT_KIND_REFERENCE, err);
    rc = r == NULL ? GANTRY_E_NOMEM : parse_into(r, text, &o, err);
    if (rc < 0)
        gnt_result_free(r);
    else
        *out = r;
    return rc;
}

/* ---- putting together ------------------------------------------------------------------------ */

static int same(const char *got, const char *given)
{
    return strcmp(got, given != NULL ? given : "") == 0;
}

/* The text is a reference whose parts are those that were given. */
static int check_whole(const struct gnt_buf *text, const char *domain, const char *path,
                       const char *tag, const char *digest, gantry_error *err)
{
    struct gnt_reference parts;
    struct gnt_arena a;
    int rc;

    gnt_arena_init(&a, &text->mem);
    rc = gnt_reference_parse(&a, "reference", gnt_buf_text(text), &parts, err);
    if (rc == 0 && (parts.is_id || !same(parts.domain, domain) || !same(parts.path, path) ||
                    !same(parts.tag, tag) || !same(parts.digest, digest)))
        rc = gnt_fail(err, GANTRY_E_INVALID,
                      "reference: %s would be understood in another way than its parts say",
                      gnt_buf_text(text));
    gnt_arena_free(&a);
    return rc;
}

static void add(struct gnt_buf *text, const char *before, const char *part, const char *behind)
{
    if (part == NULL || part[0] == '\0')
        return;
    gnt_buf_adds(text, before);
    gnt_buf_adds(text, part);
    gnt_buf_adds(text, behind);
}

int gantry_reference_format(const char *domain, const char *path, const char *tag,
                            const char *digest, char *buffer, size_t capacity, size_t *out_size,
                            gantry_error *err)
{
    struct gnt_buf text;
    struct gnt_mem mem;
    int rc;

    if (path == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "path: must not be NULL");
    if (buffer == NULL && capacity > 0)
        return gnt_fail(err, GANTRY_E_INVALID, "buffer: must not be NULL");
    gnt_mem_init(&mem, NULL, NULL);
    gnt_buf_init(&text, &mem, TEXT_MOST);
    add(&text, "", domain, "/");
    add(&text, "", path, "");
    add(&text, ":", tag, "");
    add(&text, "@", digest, "");
    rc = text.rc == GANTRY_E_LIMIT ? gnt_fail(err, GANTRY_E_INVALID, "reference: is too long")
         : text.rc < 0             ? gnt_nomem(err)
                                   : check_whole(&text, domain, path, tag, digest, err);
    if (rc == 0 && out_size != NULL)
        *out_size = text.size;
    if (rc == 0 && capacity > 0) {
        size_t size = text.size < capacity ? text.size : capacity - 1;

        memcpy(buffer, gnt_buf_text(&text), size);
        buffer[size] = '\0';
    }
    if (rc == 0 && text.size >= capacity && buffer != NULL)
        rc = gnt_fail(err, GANTRY_E_INVALID, "buffer: needs %zu bytes", text.size + 1);
    gnt_buf_free(&text);
    return rc;
}
