/*
 * Image names as callers know them. libpod keeps what has no domain under localhost/ and finds
 * short names there first; results give the short name back. Lookups pass names through as they
 * are.
 */
#include "podman.h"

#include <fnmatch.h>
#include <string.h>

/* Whether the first of several components would be read as a registry. */
static int has_domain(const char *name)
{
    size_t first = strcspn(name, "/");

    if (name[first] != '/')
        return 0;
    return memchr(name, '.', first) != NULL || memchr(name, ':', first) != NULL ||
           (first == 9 && memcmp(name, "localhost", 9) == 0);
}

static const char *without(const char *text, const char *prefix)
{
    size_t size = strlen(prefix);

    return strncmp(text, prefix, size) == 0 ? text + size : NULL;
}

const char *gnt_podman_familiar(const char *reference)
{
    const char *rest = without(reference, "sha256:");

    if (rest != NULL)
        return rest;
    rest = without(reference, "localhost/");
    if (rest != NULL)
        return has_domain(rest) ? reference : rest;
    rest = without(reference, "docker.io/library/");
    if (rest != NULL && strchr(rest, '/') == NULL)
        return rest;
    rest = without(reference, "docker.io/");
    return rest != NULL && !has_domain(rest) ? rest : reference;
}

const char *gnt_podman_bare(const char *reference)
{
    const char *rest = without(reference, "sha256:");

    return rest != NULL && *rest != '\0' && rest[strspn(rest, "0123456789abcdef")] == '\0'
               ? rest
               : reference;
}

const char *gnt_podman_removable(const char *reference)
{
    return strcmp(reference, "remove") == 0 ? "remove:latest" : gnt_podman_bare(reference);
}

void gnt_podman_query_name(struct gnt_req *r, const char *argument, const char *reference)
{
    struct gnt_reference parts;
    const char *repo;

    if (r->rc == 0)
        r->rc = gnt_reference_parse(&r->arena, argument, reference, &parts, &r->failure);
    if (r->rc == 0 && (parts.digest[0] != '\0' || parts.is_id))
        gnt_req_fail(r, GANTRY_E_INVALID, "%s: must be a name, not an id or digest", argument);
    if (r->rc != 0)
        return;
    repo = gnt_arena_printf(&r->arena, "%s%s%s", parts.domain, parts.domain[0] != '\0' ? "/" : "",
                            parts.path);
    if (repo == NULL)
        gnt_req_fail(r, GANTRY_E_NOMEM, "out of memory");
    gnt_req_query(r, "repo", repo);
    gnt_req_query(r, "tag", parts.tag[0] != '\0' ? parts.tag : "latest");
}

int gnt_podman_in_name(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                       void *field)
{
    const char *text = gnt_json_text(v);
    const char *copy;

    (void)row;
    if (text == NULL)
        return 0;
    copy = gnt_arena_strdup(c->arena, gnt_podman_familiar(text));
    memcpy(field, &copy, sizeof copy);
    return copy == NULL ? gnt_nomem(c->err) : 0;
}

static int listed(const char *const *list, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i], text) == 0)
            return 1;
    }
    return 0;
}

int gnt_podman_in_names(struct gnt_in_context *c, const struct gnt_json *v,
                        const struct gnt_in *row, void *field)
{
    const char **list;
    size_t count = 0;

    (void)row;
    if (v->type != GNT_JSON_ARRAY)
        return 0;
    list = gnt_arena_alloc(c->arena, (v->size + 1) * sizeof *list);
    if (list == NULL)
        return gnt_nomem(c->err);
    for (const struct gnt_json *item = v->first; item != NULL; item = item->next) {
        const char *text = gnt_json_text(item);

        if (text == NULL || strncmp(text, "<none>", 6) == 0)
            continue;
        text = gnt_podman_familiar(text);
        if (listed(list, count, text))
            continue;
        list[count] = gnt_arena_strdup(c->arena, text);
        if (list[count++] == NULL)
            return gnt_nomem(c->err);
    }
    memcpy(field, &list, sizeof list);
    return 0;
}

/* ---- patterns of lists ----------------------------------------------------------------------- */

int gnt_podman_matches(const char *pattern, const char *familiar)
{
    char name[512];
    const char *slash = strrchr(familiar, '/');
    const char *end = strpbrk(slash != NULL ? slash : familiar, ":@");
    size_t size = end != NULL ? (size_t)(end - familiar) : strlen(familiar);

    pattern = gnt_podman_familiar(pattern);
    if (fnmatch(pattern, familiar, FNM_PATHNAME) == 0)
        return 1;
    if (size >= sizeof name)
        return 0;
    memcpy(name, familiar, size);
    name[size] = '\0';
    return fnmatch(pattern, name, FNM_PATHNAME) == 0;
}

/* ---- lookups --------------------------------------------------------------------------------- */

static int take_id(void *arg, struct gnt_json *v, gantry_error *err)
{
    char *out = arg;
    const char *id = gnt_json_text(gnt_json_get(v, "Id"));

    if (id != NULL && strncmp(id, "sha256:", 7) == 0)
        id += 7;
    if (id == NULL || strlen(id) != 64)
        return gnt_fail(err, GANTRY_E_PROTOCOL, "Id: an image id was expected");
    memcpy(out, id, 65);
    return 0;
}

int gnt_podman_image_id(struct podman *p, const gantry_call *call, const char *reference,
                        char out_id[65], gantry_error *err)
{
    struct gnt_req r;

    gnt_req_init(&r, &p->rest, "GET", call, "/images/%r/json", gnt_podman_bare(reference));
    gnt_req_about(&r, GANTRY_RESOURCE_IMAGE, reference);
    return gnt_req_each(&r, GNT_JSON_DOCUMENT, take_id, out_id, NULL, err);
}

/* ---- platforms ------------------------------------------------------------------------------- */

/* Copies one part and returns what follows its '/', NULL if it is empty or too long. */
static const char *part(const char *text, char out[32])
{
    size_t size = strcspn(text, "/");

    if (size == 0 || size >= 32)
        return NULL;
    memcpy(out, text, size);
    out[size] = '\0';
    return text + size + (text[size] == '/');
}

int gnt_podman_platform(const char *text, struct podman_platform *out, gantry_error *err)
{
    const char *rest = part(text, out->os);

    out->arch[0] = '\0';
    out->variant[0] = '\0';
    if (rest != NULL)
        rest = part(rest, out->arch);
    if (rest != NULL && *rest != '\0')
        rest = part(rest, out->variant);
    if (rest == NULL || *rest != '\0')
        return gnt_fail(err, GANTRY_E_INVALID, "platform: must be as linux/arm64: %s", text);
    return 0;
}
