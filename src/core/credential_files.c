/*
 * Files with credentials: reading them, and what in them is about a registry. Nothing here is
 * written, and no message quotes a file.
 */
#include "credentials.h"

#include "error.h"
#include "read_file.h"

#include <string.h>

/* ---- reading --------------------------------------------------------------------------------- */

int gnt_credential_read(struct gnt_arena *arena, const struct gnt_credential_file *file,
                        struct gnt_json **out, gantry_error *err)
{
    struct gnt_json *doc = NULL;
    struct gnt_buf text;
    int rc;

    gnt_buf_init(&text, &arena->mem, GNT_CREDENTIAL_FILE_BYTES);
    text.wipe = 1;
    rc = gnt_read_file(file->path, 0, &text, err);
    *out = NULL;
    if (rc > 0 && strspn(gnt_buf_text(&text), " \t\r\n") < text.size) {
        rc = gnt_json_parse(arena, gnt_buf_text(&text), text.size, &doc, NULL);
        if (rc == GANTRY_E_NOMEM)
            gnt_nomem(err);
        else if (rc < 0 || doc->type != GNT_JSON_OBJECT)
            rc = gnt_fail(err, GANTRY_E_INVALID, "%s: is no JSON object", file->path);
        *out = rc == 0 ? doc : NULL;
    }
    gnt_buf_free(&text);
    return rc < 0 ? rc : 0;
}

/* ---- what is in it --------------------------------------------------------------------------- */

const struct gnt_json *gnt_credential_entries(const struct gnt_json *doc, int legacy)
{
    const struct gnt_json *entries = legacy ? doc : gnt_json_member(doc, "auths");

    return entries != NULL && entries->type == GNT_JSON_OBJECT ? entries : NULL;
}

/* A key that stands for a whole registry though something follows its name: "quay.io/v2/". */
static int is_api(const char *key)
{
    const char *path = strchr(key, '/');

    if (path == NULL || path[1] == '\0')
        return 1;
    return (path[1] == 'v' && (path[2] == '1' || path[2] == '2')) &&
           (path[3] == '\0' || (path[3] == '/' && path[4] == '\0'));
}

size_t gnt_credential_match(struct gnt_arena *arena, const char *key, const char *repository)
{
    size_t registry_size = strcspn(repository, "/");
    size_t size = strlen(key);
    const char *named;

    /* Of a repository, or of all below a path: the longer the better. */
    if (strncmp(key, repository, size) == 0 && size >= registry_size &&
        (repository[size] == '\0' || repository[size] == '/'))
        return size + 2;
    if (strstr(key, "://") == NULL && !is_api(key))
        return 0;
    named = gnt_auth_domain(arena, key);
    if (named == NULL || strlen(named) != registry_size ||
        strncmp(named, repository, registry_size) != 0)
        return 0;
    return 1;
}

const char *gnt_credential_helper(struct gnt_arena *arena, const struct gnt_json *doc,
                                  const char *registry, int *own)
{
    const struct gnt_json *helpers = gnt_json_member(doc, "credHelpers");
    const struct gnt_json *v =
        helpers != NULL && helpers->type == GNT_JSON_OBJECT ? helpers->first : NULL;
    const char *store = gnt_json_text(gnt_json_member(doc, "credsStore"));

    *own = 1;
    for (; v != NULL; v = v->next) {
        const char *named = gnt_auth_domain(arena, v->key);

        if (named != NULL && strcmp(named, registry) == 0 && gnt_json_text(v) != NULL)
            return gnt_json_text(v)[0] != '\0' ? gnt_json_text(v) : NULL;
    }
    *own = 0;
    return store != NULL && store[0] != '\0' ? store : NULL;
}
