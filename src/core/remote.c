/*
 * An image in a registry, asked for directly. Credentials go to the registry and to the realm that
 * it names, encrypted unless the caller allowed otherwise.
 */
#include "remote.h"

#include "error.h"
#include "fetch.h"
#include "rest_ops.h"
#include "url.h"

#include <string.h>
#include <strings.h>

enum {
    MANIFEST_MOST = 4 * 1024 * 1024,
    TOKEN_MOST = 256 * 1024,
    CERTIFICATES_MOST = 8 * 1024 * 1024,
    URL_MOST = 64 * 1024,
    LINE_MOST = 300 * 1024
};

struct remote {
    struct gantry_host *host;
    const gantry_reference *reference;
    const gantry_call *call;
    struct gnt_fetch *fetch;
    struct gnt_clock clock;
    struct gnt_arena arena; /* wiped */
    struct gantry_auth_slot slot;
    struct gnt_buf certificates;
    const char *scheme;
    const char *authorization; /* header line, or NULL */
    int insecure;
};

static const char accept[] = "Accept: application/vnd.oci.image.index.v1+json, "
                             "application/vnd.docker.distribution.manifest.list.v2+json, "
                             "application/vnd.oci.image.manifest.v1+json, "
                             "application/vnd.docker.distribution.manifest.v2+json";

/* ---- asking ---------------------------------------------------------------------------------- */

static int get(struct remote *r, const char *url, const char *const *headers, const char *form,
               size_t max, gantry_error *err)
{
    struct gnt_fetch_request q = { .method = form != NULL ? "POST" : "GET",
                                   .url = url,
                                   .headers = headers,
                                   .form = form,
                                   .max_bytes = max,
                                   .ca = &r->certificates,
                                   .insecure = r->insecure,
                                   .plain = strcmp(r->scheme, "http") == 0 };

    return gnt_fetch_run(r->fetch, &q, &r->clock, err);
}

/* "Authorization: Basic ..." */
static const char *basic_line(struct remote *r)
{
    const gantry_auth *auth = &r->slot.auth;
    struct gnt_buf pair;
    struct gnt_buf line;
    const char *copy = NULL;

    gnt_buf_init(&pair, &r->host->mem, LINE_MOST);
    gnt_buf_init(&line, &r->host->mem, 2 * LINE_MOST);
    pair.wipe = line.wipe = 1;
    gnt_buf_adds(&pair, auth->username);
    gnt_buf_adds(&pair, ":");
    gnt_buf_adds(&pair, auth->password != NULL ? auth->password : "");
    gnt_buf_adds(&line, "Authorization: Basic ");
    if (pair.rc == 0 && gnt_base64_encode(&line, gnt_buf_text(&pair), pair.size, 0) == 0)
        copy = gnt_arena_strdup(&r->arena, gnt_buf_text(&line));
    gnt_buf_free(&pair);
    gnt_buf_free(&line);
    return copy;
}

static int unauthorized(const struct remote *r, const char *why, gantry_error *err)
{
    return gnt_fail(err, GANTRY_E_UNAUTHORIZED, "%s: %s", r->reference->domain, why);
}

/* The registry's words: {"errors":[{"code","message"}]} */
static const char *words(struct remote *r)
{
    const struct gnt_buf *body = gnt_fetch_body(r->fetch);
    struct gnt_json *doc = NULL;
    const struct gnt_json *list;

    if (gnt_json_parse(&r->arena, gnt_buf_text(body), body->size, &doc, NULL) < 0)
        return NULL;
    list = gnt_json_member(doc, "errors");
    if (list == NULL || list->type != GNT_JSON_ARRAY || list->first == NULL)
        return NULL;
    return gnt_json_text(gnt_json_member(list->first, "message"));
}

static int status_error(struct remote *r, gantry_error *err)
{
    int status = gnt_fetch_status(r->fetch);
    const char *said = words(r);
    const char *domain = r->reference->domain;
    int code = status == 401   ? GANTRY_E_UNAUTHORIZED
               : status == 403 ? GANTRY_E_FORBIDDEN
               : status == 404 ? GANTRY_E_NOT_FOUND
                               : GANTRY_E_REGISTRY;

    if (said != NULL)
        gnt_fail(err, code, "%s: %s", domain, said);
    else
        gnt_fail(err, code, "%s answered with status %d", domain, status);
    gnt_error_outcome(err, GANTRY_OUTCOME_REFUSED,
                      status >= 500 || status == 429 ? GANTRY_RETRY_YES : GANTRY_RETRY_NO);
    if (err != NULL)
        err->http_status = status;
    return code;
}

/* ---- tokens ---------------------------------------------------------------------------------- */

static int take_token(struct remote *r, gantry_error *err)
{
    const struct gnt_buf *body = gnt_fetch_body(r->fetch);
    struct gnt_json *doc = NULL;
    const char *token;

    if (gnt_fetch_status(r->fetch) != 200)
        return status_error(r, err);
    if (gnt_json_parse(&r->arena, gnt_buf_text(body), body->size, &doc, NULL) < 0)
        return gnt_fail(err, GANTRY_E_PROTOCOL, "%s: the token is no JSON", r->reference->domain);
    token = gnt_json_text(gnt_json_member(doc, "token"));
    if (token == NULL || token[0] == '\0')
        token = gnt_json_text(gnt_json_member(doc, "access_token"));
    if (token == NULL || token[0] == '\0' || strpbrk(token, "\r\n") != NULL)
        return gnt_fail(err, GANTRY_E_PROTOCOL, "%s: there is no token in the answer",
                        r->reference->domain);
    r->authorization = gnt_arena_printf(&r->arena, "Authorization: Bearer %s", token);
    return r->authorization == NULL ? gnt_nomem(err) : 0;
}

/* name=value pairs; `url` begins with '?' so that the first one joins it. */
static const char *form_of(struct remote *r, const struct gnt_challenge *c, const char *scope)
{
    struct gnt_buf form;
    const char *copy = NULL;

    gnt_buf_init(&form, &r->host->mem, LINE_MOST);
    form.wipe = 1;
    gnt_url_query(&form, "grant_type", "refresh_token");
    gnt_url_query(&form, "service", c->service);
    gnt_url_query(&form, "scope", scope);
    gnt_url_query(&form, "client_id", "libgantry");
    gnt_url_query(&form, "refresh_token", r->slot.auth.identity_token);
    if (form.rc == 0)
        copy = gnt_arena_strdup(&r->arena, gnt_buf_text(&form) + 1);
    gnt_buf_free(&form);
    return copy;
}

static int ask_token(struct remote *r, const struct gnt_challenge *c, const char *scope,
                     gantry_error *err)
{
    const char *headers[2] = { NULL, NULL };
    struct gnt_buf url;
    int rc;

    gnt_buf_init(&url, &r->host->mem, URL_MOST);
    gnt_buf_adds(&url, c->realm);
    if (r->slot.auth.identity_token != NULL) {
        const char *form = form_of(r, c, scope);

        rc = form == NULL || url.rc != 0 ? gnt_nomem(err)
                                         : get(r, gnt_buf_text(&url), NULL, form, TOKEN_MOST, err);
    } else {
        gnt_url_query(&url, "service", c->service);
        gnt_url_query(&url, "scope", scope);
        headers[0] = r->slot.auth.username != NULL ? basic_line(r) : NULL;
        rc = url.rc != 0 || (headers[0] == NULL && r->slot.auth.username != NULL)
                 ? gnt_nomem(err)
                 : get(r, gnt_buf_text(&url), headers, NULL, TOKEN_MOST, err);
    }
    gnt_buf_free(&url);
    return rc == 0 ? take_token(r, err) : rc;
}

static int get_token(struct remote *r, const struct gnt_challenge *c, gantry_error *err)
{
    const char *scope = c->scope;

    if (c->realm == NULL || (strncasecmp(c->realm, "https://", 8) != 0 &&
                             !(r->insecure && strncasecmp(c->realm, "http://", 7) == 0)))
        return gnt_fail(err, GANTRY_E_REGISTRY,
                        "%s: the place that gives tokens is none that is "
                        "safe to ask",
                        r->reference->domain);
    if (scope == NULL)
        scope = gnt_arena_printf(&r->arena, "repository:%s:pull", r->reference->path);
    return scope == NULL ? gnt_nomem(err) : ask_token(r, c, scope, err);
}

/* After a 401: what to send with the second try. */
static int authorize(struct remote *r, gantry_error *err)
{
    struct gnt_challenge c = { 0 };
    const char *line;

    if (r->slot.auth.registry_token != NULL || r->authorization != NULL)
        return status_error(r, err);
    for (size_t i = 0; i < 8; i++) {
        line = gnt_fetch_header(r->fetch, "WWW-Authenticate", i, &r->arena);
        if (line != NULL && gnt_challenge_read(&r->arena, line, &c) < 0)
            return gnt_nomem(err);
    }
    if (c.bearer)
        return get_token(r, &c, err);
    if (!c.basic)
        return status_error(r, err);
    if (r->slot.auth.username == NULL)
        return unauthorized(r, "wants a user and a password, and there are none", err);
    r->authorization = basic_line(r);
    return r->authorization == NULL ? gnt_nomem(err) : 0;
}

/* Below /v2/ of the registry; a second time with what it wants to see. */
static int ask(struct remote *r, const char *path_template, const char *name, gantry_error *err)
{
    const char *domain = r->reference->domain;
    const char *host = strcmp(domain, "docker.io") == 0 ? "registry-1.docker.io" : domain;
    struct gnt_buf url;
    int rc = 0;

    gnt_buf_init(&url, &r->host->mem, URL_MOST);
    (void)gnt_buf_addf(&url, "%s://%s", r->scheme, host);
    rc = gnt_url_path(&url, err, path_template, r->reference->path, name);
    for (int i = 0; rc == 0 && i < 2; i++) {
        const char *headers[] = { accept, r->authorization, NULL };

        rc = get(r, gnt_buf_text(&url), headers, NULL, MANIFEST_MOST, err);
        if (rc < 0 || gnt_fetch_status(r->fetch) != 401)
            break;
        rc = i == 0 ? authorize(r, err) : status_error(r, err);
    }
    gnt_buf_free(&url);
    if (rc == 0 && gnt_fetch_status(r->fetch) != 200)
        rc = status_error(r, err);
    return rc;
}

/* ---- what it says ---------------------------------------------------------------------------- */

const char *const *gnt_platforms_add(struct gnt_arena *arena, const char *const *list,
                                     const struct gnt_json *platform)
{
    const char *os = gnt_json_text(gnt_json_member(platform, "os"));
    const char *arch = gnt_json_text(gnt_json_member(platform, "architecture"));
    const char *variant = gnt_json_text(gnt_json_member(platform, "variant"));
    const char *text;

    /* "unknown": not an image, but what is attested of one. */
    if (os == NULL || arch == NULL || os[0] == '\0' || arch[0] == '\0' ||
        strcmp(os, "unknown") == 0)
        return list;
    text = gnt_arena_printf(arena, "%s/%s%s%s", os, arch,
                            variant != NULL && variant[0] != '\0' ? "/" : "",
                            variant != NULL ? variant : "");
    for (size_t i = 0; text != NULL && list[i] != NULL; i++) {
        if (strcmp(list[i], text) == 0)
            return list;
    }
    return text != NULL ? gnt_strings_add(arena, list, text) : NULL;
}

/* Of one image: in its configuration. That it cannot be had is no failure. */
static int single_platform(struct remote *r, const char *digest, gantry_remote_image *image,
                           gantry_error *err)
{
    gantry_error failure = { 0 };
    const struct gnt_buf *body;
    struct gnt_json *doc = NULL;
    int rc = ask(r, "/v2/%r/blobs/%s", digest, &failure);

    if (rc == GANTRY_E_NOMEM || rc == GANTRY_E_CANCELLED || rc == GANTRY_E_TIMEOUT) {
        if (err != NULL)
            *err = failure;
        return rc;
    }
    body = gnt_fetch_body(r->fetch);
    if (rc < 0 || gnt_json_parse(&r->arena, gnt_buf_text(body), body->size, &doc, NULL) < 0)
        return 0;
    image->platforms = gnt_platforms_add(gnt_result_arena(image), image->platforms, doc);
    return image->platforms == NULL ? gnt_nomem(err) : 0;
}

static int read_platforms(struct remote *r, const struct gnt_json *doc, gantry_remote_image *image,
                          gantry_error *err)
{
    const struct gnt_json *list = gnt_json_member(doc, "manifests");
    const char *config = gnt_json_text(gnt_json_get(doc, "config/digest"));

    if (list == NULL || list->type != GNT_JSON_ARRAY)
        return config != NULL ? single_platform(r, config, image, err) : 0;
    for (const struct gnt_json *v = list->first; v != NULL; v = v->next) {
        image->platforms = gnt_platforms_add(gnt_result_arena(image), image->platforms,
                                             gnt_json_member(v, "platform"));
        if (image->platforms == NULL)
            return gnt_nomem(err);
    }
    return 0;
}

static int is_digest(const char *text)
{
    return text != NULL && strncmp(text, "sha256:", 7) == 0 && strlen(text) == 71 &&
           strspn(text + 7, "0123456789abcdef") == 64;
}

static int read_manifest(struct remote *r, gantry_remote_image *image, gantry_error *err)
{
    const struct gnt_buf *body = gnt_fetch_body(r->fetch);
    struct gnt_arena *arena = gnt_result_arena(image);
    const char *digest = gnt_fetch_header(r->fetch, "Docker-Content-Digest", 0, &r->arena);
    const char *type = gnt_fetch_header(r->fetch, "Content-Type", 0, &r->arena);
    struct gnt_json *doc = NULL;

    if (!is_digest(digest))
        digest = r->reference->digest[0] != '\0' ? r->reference->digest : NULL;
    if (digest == NULL)
        return gnt_fail(err, GANTRY_E_PROTOCOL, "%s does not say the digest of the manifest",
                        r->reference->domain);
    if (gnt_json_parse(&r->arena, gnt_buf_text(body), body->size, &doc, NULL) < 0 ||
        doc->type != GNT_JSON_OBJECT)
        return gnt_fail(err, GANTRY_E_PROTOCOL, "%s: the manifest is no JSON object",
                        r->reference->domain);
    if (gnt_json_text(gnt_json_member(doc, "mediaType")) != NULL)
        type = gnt_json_text(gnt_json_member(doc, "mediaType"));
    image->digest = gnt_arena_strdup(arena, digest);
    image->media_type =
        type != NULL ? gnt_arena_strndup(arena, type, strcspn(type, "; ")) : image->media_type;
    image->manifest_bytes = (int64_t)body->size;
    if (image->digest == NULL || image->media_type == NULL)
        return gnt_nomem(err);
    return read_platforms(r, doc, image, err);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static int inspect(struct remote *r, gantry_remote_image *image, gantry_error *err)
{
    const gantry_reference *ref = r->reference;
    const char *name = ref->digest[0] != '\0' ? ref->digest
                       : ref->tag[0] != '\0'  ? ref->tag
                                              : "latest";
    const char *token = r->slot.auth.registry_token;
    int rc = 0;

    if (token != NULL) {
        r->authorization = gnt_arena_printf(&r->arena, "Authorization: Bearer %s", token);
        rc = r->authorization == NULL ? gnt_nomem(err) : 0;
    }
    if (rc == 0)
        rc = ask(r, "/v2/%r/manifests/%s", name, err);
    return rc == 0 ? read_manifest(r, image, err) : rc;
}

static int try_schemes(struct remote *r, gantry_remote_image *image, gantry_error *err)
{
    gantry_error failure = { 0 };
    int rc;

    r->scheme = "https";
    rc = inspect(r, image, &failure);
    /* Only what failed before the registry said anything; it may speak plain HTTP alone. */
    if (rc == GANTRY_E_REGISTRY && r->insecure && failure.http_status == 0) {
        r->scheme = "http";
        r->authorization = NULL;
        rc = inspect(r, image, &failure);
    }
    if (rc < 0 && err != NULL)
        *err = failure;
    return rc;
}

int gnt_remote_inspect(struct gantry_host *host, const gantry_reference *reference,
                       const gantry_remote_options *opts, gantry_remote_image **out,
                       gantry_error *err)
{
    struct remote r = { .host = host, .reference = reference, .call = opts->call };
    gantry_remote_image *image = gnt_result_new(&host->mem, GANTRY_KIND_REMOTE_IMAGE, err);
    int rc = image == NULL ? GANTRY_E_NOMEM : 0;

    gnt_clock_start(&r.clock, opts->call, host->request_timeout_ms);
    gnt_arena_init(&r.arena, &host->mem);
    r.arena.wipe = 1;
    gnt_auth_init(&r.slot, &host->mem);
    gnt_buf_init(&r.certificates, &host->mem, CERTIFICATES_MOST);
    r.insecure = opts->tls_verify == GANTRY_OFF;
    if (rc == 0)
        rc = gnt_auth_find(host, reference->repository, opts->auth, opts->call, &r.slot, err);
    if (rc == 0 && !r.insecure)
        rc = gnt_remote_certificates(reference->domain, &r.certificates, err);
    if (rc == 0)
        rc = gnt_fetch_open(host, &r.fetch, err);
    if (rc == 0)
        rc = try_schemes(&r, image, err);
    if (rc < 0 && err != NULL && err->resource_kind == GANTRY_RESOURCE_NONE)
        gnt_error_resource(err, GANTRY_RESOURCE_IMAGE, reference->canonical);
    gnt_log(host, GANTRY_LOG_DEBUG, "registry", "%s manifests of %s: %s", reference->domain,
            reference->path, rc == 0 ? "found" : gantry_error_name(rc));
    gnt_fetch_close(r.fetch);
    gnt_buf_free(&r.certificates);
    gnt_auth_clear(&r.slot);
    gnt_arena_free(&r.arena);
    if (rc < 0)
        gnt_result_free(image);
    else
        *out = image;
    return rc;
}
