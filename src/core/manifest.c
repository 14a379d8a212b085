/* Manifest lists, the public functions: check arguments, import options, dispatch. */
#include <gantry/manifest.h>

#include <string.h>

#include "engine.h"
#include "error.h"
#include "names.h"

static gantry_engine *engine_of(const gantry_manifests *manifests)
{
    return manifests != NULL ? manifests->engine : NULL;
}

/* ---- checks ---------------------------------------------------------------------------------- */

/* A name that something can be put under. */
static int check_new_name(const gantry_engine *e, const char *argument, const char *text,
                          int needs_domain, gantry_error *err)
{
    struct gnt_reference parts;
    struct gnt_arena arena;
    int rc;

    gnt_arena_init(&arena, &e->host.mem);
    rc = gnt_reference_parse(&arena, argument, text, &parts, err);
    if (rc == 0 && (parts.is_id || parts.digest[0] != '\0'))
        rc = gnt_fail(err, GANTRY_E_INVALID, "%s: must be a name, not an id or digest", argument);
    if (rc == 0 && needs_domain && parts.domain[0] == '\0')
        rc = gnt_fail(err, GANTRY_E_INVALID,
                      "%s: must name the registry to push to, as example.org/app: %s", argument,
                      text);
    gnt_arena_free(&arena);
    return rc;
}

static int check_digest(const char *digest, gantry_error *err)
{
    static const struct {
        const char *prefix;
        size_t digits;
    } algorithms[] = { { "sha256:", 64 }, { "sha384:", 96 }, { "sha512:", 128 } };
    int rc = gnt_check_text("digest", digest, err);

    if (rc < 0)
        return rc;
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
        size_t size = strlen(algorithms[i].prefix);

        if (strncmp(digest, algorithms[i].prefix, size) == 0 &&
            strspn(digest + size, "0123456789abcdef") == algorithms[i].digits &&
            digest[size + algorithms[i].digits] == '\0')
            return 0;
    }
    return gnt_fail(err, GANTRY_E_INVALID,
                    "digest: must be as sha256: and 64 lower-case hex digits: %s", digest);
}

/* Where engines take "key=value", a key with a '=' would be cut. */
static int check_annotations(const gantry_pair *pairs, size_t count, gantry_error *err)
{
    if (count > 0 && pairs == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "annotations: must not be NULL");
    for (size_t i = 0; i < count; i++) {
        int rc = gnt_check_text("annotations", pairs[i].key, err);

        if (rc < 0)
            return rc;
        if (strchr(pairs[i].key, '=') != NULL)
            return gnt_fail(err, GANTRY_E_INVALID, "annotations: a key must not hold '=': %s",
                            pairs[i].key);
    }
    return 0;
}

/* ---- create, inspect, exists ----------------------------------------------------------------- */

int gantry_manifests_create(gantry_manifests *manifests, const char *name,
                            const gantry_manifest_create_options *opts, gantry_manifest_id **out,
                            gantry_error *err)
{
    gantry_engine *e = engine_of(manifests);
    gantry_manifest_create_options o;
    gantry_manifest_id *id = NULL;
    int rc = gnt_enter(e, GANTRY_FEATURE_MANIFESTS_CREATE, err);

    if (rc == 0)
        rc = check_new_name(e, "name", name, 0, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_manifest_create_options, o, opts, err);
    for (size_t i = 0; rc == 0 && o.images != NULL && o.images[i] != NULL; i++)
        rc = gnt_reference_check("images", o.images[i], err);
    if (rc == 0)
        rc = e->backend->manifests.create(e->state, name, &o, &id, err);
    if (rc == 0 && out != NULL)
        *out = id;
    else
        gantry_manifest_id_free(id);
    return gnt_leave(rc, GANTRY_FEATURE_MANIFESTS_CREATE, GANTRY_RESOURCE_MANIFEST, name, err);
}

/* Registries keep images and lists under the same names. */
static int check_is_list(const gantry_manifest *manifest, const char *name, gantry_error *err)
{
    static const char *const lists[] = {
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    };

    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        if (strcmp(manifest->media_type, lists[i]) == 0)
            return 0;
    }
    gnt_fail(err, GANTRY_E_NOT_FOUND, "%s is an image, not a manifest list: its type is %s", name,
             manifest->media_type[0] != '\0' ? manifest->media_type : "not given");
    gnt_error_resource(err, GANTRY_RESOURCE_MANIFEST, name);
    gnt_error_outcome(err, GANTRY_OUTCOME_REFUSED, GANTRY_RETRY_NO);
    return GANTRY_E_NOT_FOUND;
}

int gantry_manifests_inspect(gantry_manifests *manifests, const char *name,
                             const gantry_manifest_inspect_options *opts, gantry_manifest **out,
                             gantry_error *err)
{
    gantry_engine *e = engine_of(manifests);
    gantry_manifest_inspect_options o;
    gantry_manifest *manifest = NULL;
    int rc = gnt_enter(e, GANTRY_FEATURE_MANIFESTS_INSPECT, err);

    if (rc == 0)
        rc = gnt_reference_check("name", name, err);
    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_manifest_inspect_options, o, opts, err);
    if (rc == 0)
        rc = e->backend->manifests.inspect(e->state, name, &o, &manifest, err);
    if (rc == 0)
        rc = check_is_list(manifest, name, err);
    if (rc == 0)
        *out = manifest;
    else
        gantry_manifest_free(manifest);
    return gnt_leave(rc, GANTRY_FEATURE_MANIFESTS_INSPECT, GANTRY_RESOURCE_MANIFEST, name, err);
}

int gantry_manifests_exists(gantry_manifests *manifests, const char *name,
                            const gantry_manifest_exists_options *opts, int *out_exists,
                            gantry_error *err)
{
    gantry_engine *e = engine_of(manifests);
    gantry_manifest_exists_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_MANIFESTS_EXISTS, err);

    if (rc == 0)
        rc = gnt_reference_check("name", name, err);
    if (rc == 0)
        rc = gnt_check_out(out_exists, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_manifest_exists_options, o, opts, err);
    if (rc == 0)
        rc = e->backend->manifests.exists(e->state, name, &o, out_exists, err);
    return gnt_leave(rc, GANTRY_FEATURE_MANIFESTS_EXISTS, GANTRY_RESOURCE_MANIFEST, name, err);
}

/* ---- images in a list ------------------------------------------------------------------------ */

int gantry_manifests_add(gantry_manifests *manifests, const char *name, const char *image,
                         const gantry_manifest_add_options *opts, gantry_error *err)
{
    gantry_engine *e = engine_of(manifests);
    gantry_manifest_add_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_MANIFESTS_ADD, err);

    if (rc == 0)
        rc = gnt_reference_check("name", name, err);
    if (rc == 0)
        rc = gnt_reference_check("image", image, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_manifest_add_options, o, opts, err);
    if (rc == 0)
        rc = check_annotations(o.annotations, o.annotation_count, err);
    if (rc == 0)
        rc = e->backend->manifests.add(e->state, name, image, &o, err);
    return gnt_leave(rc, GANTRY_FEATURE_MANIFESTS_ADD, GANTRY_RESOURCE_MANIFEST, name, err);
}

int gantry_manifests_annotate(gantry_manifests *manifests, const char *name, const char *digest,
                              const gantry_manifest_annotate_options *opts, gantry_error *err)
{
    gantry_engine *e = engine_of(manifests);
    gantry_manifest_annotate_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_MANIFESTS_ANNOTATE, err);

    if (rc == 0)
        rc = gnt_reference_check("name", name, err);
    if (rc == 0)
        rc = check_digest(digest, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_manifest_annotate_options, o, opts, err);
    if (rc == 0)
        rc = check_annotations(o.annotations, o.annotation_count, err);
    if (rc == 0)
        rc = e->backend->manifests.annotate(e->state, name, digest, &o, err);
    return gnt_leave(rc, GANTRY_FEATURE_MANIFESTS_ANNOTATE, GANTRY_RESOURCE_MANIFEST, name, err);
}

int gantry_manifests_remove_image(gantry_manifests *manifests, const char *name, const char *digest,
                                  const gantry_manifest_remove_options *opts, gantry_error *err)
{
    gantry_engine *e = engine_of(manifests);
    gantry_manifest_remove_options o;
    gantry_error failure = { 0 };
    int rc = gnt_enter(e, GANTRY_FEATURE_MANIFESTS_REMOVE_IMAGE, &failure);

    if (rc == 0)
        rc = gnt_reference_check("name", name, &failure);
    if (rc == 0)
        rc = check_digest(digest, &failure);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_manifest_remove_options, o, opts, &failure);
    if (rc == 0)
        rc =
            gnt_missing_ok(e->backend->manifests.remove_image(e->state, name, digest, &o, &failure),
                           o.missing_ok, GANTRY_RESOURCE_MANIFEST, &failure);
    gnt_leave(rc, GANTRY_FEATURE_MANIFESTS_REMOVE_IMAGE, GANTRY_RESOURCE_MANIFEST, name, &failure);
    if (rc < 0 && err != NULL)
        *err = failure;
    return rc;
}

/* ---- push, remove ---------------------------------------------------------------------------- */

int gantry_manifests_push(gantry_manifests *manifests, const char *name, const char *destination,
                          const gantry_manifest_push_options *opts, gantry_manifest_id **out,
                          gantry_error *err)
{
    gantry_engine *e = engine_of(manifests);
    gantry_manifest_push_options o;
    gantry_manifest_id *id = NULL;
    int rc = gnt_enter(e, GANTRY_FEATURE_MANIFESTS_PUSH, err);

    if (rc == 0)
        rc = gnt_reference_check("name", name, err);
    if (rc == 0 && destination != NULL)
        rc = check_new_name(e, "destination", destination, 1, err);
    else if (rc == 0)
        rc = check_new_name(e, "name", name, 1, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_manifest_push_options, o, opts, err);
    if (rc == 0)
        rc = e->backend->manifests.push(e->state, name, destination != NULL ? destination : name,
                                        &o, &id, err);
    if (rc == 0 && out != NULL)
        *out = id;
    else
        gantry_manifest_id_free(id);
    return gnt_leave(rc, GANTRY_FEATURE_MANIFESTS_PUSH, GANTRY_RESOURCE_MANIFEST, name, err);
}

int gantry_manifests_remove(gantry_manifests *manifests, const char *name,
                            const gantry_manifest_remove_options *opts, gantry_error *err)
{
    gantry_engine *e = engine_of(manifests);
    gantry_manifest_remove_options o;
    gantry_error failure = { 0 };
    int rc = gnt_enter(e, GANTRY_FEATURE_MANIFESTS_REMOVE, &failure);

    if (rc == 0)
        rc = gnt_reference_check("name", name, &failure);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_manifest_remove_options, o, opts, &failure);
    if (rc == 0)
        rc = gnt_missing_ok(e->backend->manifests.remove(e->state, name, &o, &failure),
                            o.missing_ok, GANTRY_RESOURCE_MANIFEST, &failure);
    gnt_leave(rc, GANTRY_FEATURE_MANIFESTS_REMOVE, GANTRY_RESOURCE_MANIFEST, name, &failure);
    if (rc < 0 && err != NULL)
        *err = failure;
    return rc;
}
