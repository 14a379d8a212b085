/*
 * What a transfer wants to know of an image that is there, read from either engine's inspect; and
 * references as registries understand them.
 */
#include "transfer_look.h"

#include "error.h"
#include "names.h"

#include <string.h>

/* ---- names ----------------------------------------------------------------------------------- */

int gnt_transfer_name(struct gnt_arena *arena, const char *argument, const char *reference,
                      struct gnt_transfer_name *out, gantry_error *err)
{
    struct gnt_reference parts;
    const char *domain;
    const char *library = "";
    int rc = gnt_reference_parse(arena, argument, reference, &parts, err);

    if (rc < 0)
        return rc;
    if (parts.is_id)
        return gnt_fail(err, GANTRY_E_INVALID, "%s: must be a name, not an id: %s", argument,
                        reference);
    domain = parts.domain;
    if (domain[0] == '\0' || strcmp(domain, "index.docker.io") == 0)
        domain = "docker.io";
    if (strcmp(domain, "docker.io") == 0 && strchr(parts.path, '/') == NULL)
        library = "library/";
    out->repository = gnt_arena_printf(arena, "%s/%s%s", domain, library, parts.path);
    out->digest = parts.digest;
    out->tag = parts.digest[0] != '\0' ? "" : parts.tag[0] != '\0' ? parts.tag : "latest";
    out->canonical = out->repository == NULL
                         ? NULL
                         : gnt_arena_printf(arena, "%s%s%s", out->repository,
                                            parts.digest[0] != '\0' ? "@" : ":",
                                            parts.digest[0] != '\0' ? parts.digest : out->tag);
    return out->canonical == NULL ? gnt_nomem(err) : 0;
}

/* Whether "name@digest" as an engine writes it, perhaps short, is of a whole repository's name. */
static const char *digest_of(const char *entry, const char *repository)
{
    static const char *const leads[] = { "", "docker.io/", "docker.io/library/" };
    size_t size = strcspn(entry, "@");

    if (entry[size] != '@')
        return NULL;
    for (size_t i = 0; i < sizeof leads / sizeof leads[0]; i++) {
        size_t lead = strlen(leads[i]);

        if (strncmp(repository, leads[i], lead) == 0 && strlen(repository + lead) == size &&
            memcmp(repository + lead, entry, size) == 0)
            return entry + size + 1;
    }
    return NULL;
}

/* ---- an inspect ------------------------------------------------------------------------------ */

static void take_text(const struct gnt_json *v, const char *path, char *out, size_t size)
{
    const char *text = gnt_json_text(gnt_json_get(v, path));

    if (text != NULL)
        gnt_text_copy(out, size, text, strlen(text), 0, 0);
}

static void take_digest(struct gnt_transfer_look *look, const struct gnt_json *list)
{
    size_t count = 0;

    if (list == NULL || list->type != GNT_JSON_ARRAY || look->repository == NULL)
        return;
    for (const struct gnt_json *item = list->first; item != NULL; item = item->next) {
        const char *text = gnt_json_text(item);
        const char *digest = text != NULL ? digest_of(text, look->repository) : NULL;

        if (digest == NULL || strlen(digest) >= sizeof look->digest)
            continue;
        memcpy(look->digest, digest, strlen(digest) + 1);
        count++;
    }
    if (count != 1)
        look->digest[0] = '\0';
}

int gnt_transfer_look_object(void *arg, struct gnt_json *v, gantry_error *err)
{
    struct gnt_transfer_look *look = arg;
    const char *id = gnt_json_text(gnt_json_get(v, "Id"));

    if (id != NULL && strncmp(id, "sha256:", 7) == 0)
        id += 7;
    if (id == NULL || strlen(id) != 64)
        return gnt_fail(err, GANTRY_E_PROTOCOL, "Id: an image id was expected");
    memcpy(look->id, id, 65);
    take_text(v, "Os", look->os, sizeof look->os);
    take_text(v, "Architecture", look->architecture, sizeof look->architecture);
    take_text(v, "Variant", look->variant, sizeof look->variant);
    take_digest(look, gnt_json_get(v, "RepoDigests"));
    look->found = 1;
    return 0;
}

int gnt_transfer_look_fits(const struct gnt_transfer_look *look, const char *platform)
{
    const char *const parts[] = { look->os, look->architecture, look->variant };

    for (size_t i = 0; platform != NULL && *platform != '\0' && i < 3; i++) {
        size_t size = strcspn(platform, "/");

        /* Engines often leave the variant out. */
        if ((i < 2 || parts[i][0] != '\0') &&
            (strlen(parts[i]) != size || strncmp(parts[i], platform, size) != 0))
            return 0;
        platform += size + (platform[size] == '/');
    }
    return 1;
}
