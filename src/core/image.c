/*
 * Images, the public functions but for builds: check arguments, import options, dispatch.
 */
#include <gantry/image.h>

#include "engine.h"
#include "error.h"
#include "names.h"

static gantry_engine *engine_of(const gantry_images *images)
{
    return images != NULL ? images->engine : NULL;
}

/* ---- import ---------------------------------------------------------------------------------- */

int gantry_images_import(gantry_images *images, const char *reference, const gantry_source *tar,
                         const gantry_image_import_options *opts, gantry_image_import_result **out,
                         gantry_error *err)
{
    gantry_engine *e = engine_of(images);
    gantry_image_import_options o;
    gantry_source source;
    gantry_image_import_result *result = NULL;
    int rc = gnt_enter(e, GANTRY_FEATURE_IMAGES_IMPORT, err);

    if (rc == 0 && reference != NULL)
        rc = gnt_reference_check("reference", reference, err);
    if (rc == 0)
        rc = gnt_import(&source, sizeof source, tar, "gantry_source", err);
    if (rc == 0 && source.read == NULL)
        rc = gnt_fail(err, GANTRY_E_INVALID, "tar: needs a read function");
    if (rc == 0)
        rc = GNT_IMPORT(gantry_image_import_options, o, opts, err);
    if (rc == 0)
        rc = e->backend->images.import(e->state, reference, &source, &o, &result, err);
    if (rc == 0 && out != NULL)
        *out = result;
    else
        gantry_image_import_result_free(result);
    return gnt_leave(rc, GANTRY_FEATURE_IMAGES_IMPORT, GANTRY_RESOURCE_IMAGE, reference, err);
}

/* ---- list, inspect, exists ------------------------------------------------------------------- */

int gantry_images_list(gantry_images *images, const gantry_image_list_options *opts,
                       gantry_image_list **out, gantry_error *err)
{
    gantry_engine *e = engine_of(images);
    gantry_image_list_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_IMAGES_LIST, err);

    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_image_list_options, o, opts, err);
    if (rc == 0)
        rc = gnt_check_pairs("filters", o.filters, o.filter_count, err);
    if (rc == 0)
        rc = e->backend->images.list(e->state, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_IMAGES_LIST, GANTRY_RESOURCE_IMAGE, NULL, err);
}

int gantry_images_inspect(gantry_images *images, const char *reference,
                          const gantry_image_inspect_options *opts, gantry_image **out,
                          gantry_error *err)
{
    gantry_engine *e = engine_of(images);
    gantry_image_inspect_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_IMAGES_INSPECT, err);

    if (rc == 0)
        rc = gnt_reference_check("reference", reference, err);
    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_image_inspect_options, o, opts, err);
    if (rc == 0)
        rc = e->backend->images.inspect(e->state, reference, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_IMAGES_INSPECT, GANTRY_RESOURCE_IMAGE, reference, err);
}

/* For backends without a question of its own. */
static int exists_by_inspect(gantry_engine *e, const char *reference, const gantry_call *call,
                             int *out_exists, gantry_error *err)
{
    gantry_image_inspect_options o = { .size = sizeof o, .call = call };
    gantry_error failure = { 0 };
    gantry_image *image = NULL;
    int rc = e->backend->images.inspect(e->state, reference, &o, &image, &failure);

    gantry_image_free(image);
    if (rc < 0 && rc != GANTRY_E_NOT_FOUND) {
        if (err != NULL)
            *err = failure;
        return rc;
    }
    *out_exists = rc == 0;
    return 0;
}

int gantry_images_exists(gantry_images *images, const char *reference,
                         const gantry_image_exists_options *opts, int *out_exists,
                         gantry_error *err)
{
    gantry_engine *e = engine_of(images);
    gantry_image_exists_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_IMAGES_EXISTS, err);

    if (rc == 0)
        rc = gnt_reference_check("reference", reference, err);
    if (rc == 0)
        rc = gnt_check_out(out_exists, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_image_exists_options, o, opts, err);
    if (rc == 0 && e->backend->images.exists != NULL)
        rc = e->backend->images.exists(e->state, reference, &o, out_exists, err);
    else if (rc == 0)
        rc = exists_by_inspect(e, reference, o.call, out_exists, err);
    return gnt_leave(rc, GANTRY_FEATURE_IMAGES_EXISTS, GANTRY_RESOURCE_IMAGE, reference, err);
}

/* ---- tag, remove ----------------------------------------------------------------------------- */

static int check_new_reference(const char *text, const gantry_engine *e, gantry_error *err)
{
    struct gnt_reference parts;
    struct gnt_arena arena;
    int rc;

    gnt_arena_init(&arena, &e->host.mem);
    rc = gnt_reference_parse(&arena, "new_reference", text, &parts, err);
    if (rc == 0 && (parts.is_id || parts.digest[0] != '\0'))
        rc = gnt_fail(err, GANTRY_E_INVALID, "new_reference: must be a name, not an id or digest");
    gnt_arena_free(&arena);
    return rc;
}

int gantry_images_tag(gantry_images *images, const char *reference, const char *new_reference,
                      const gantry_image_tag_options *opts, gantry_error *err)
{
    gantry_engine *e = engine_of(images);
    gantry_image_tag_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_IMAGES_TAG, err);

    if (rc == 0)
        rc = gnt_reference_check("reference", reference, err);
    if (rc == 0)
        rc = check_new_reference(new_reference, e, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_image_tag_options, o, opts, err);
    if (rc == 0)
        rc = e->backend->images.tag(e->state, reference, new_reference, &o, err);
    return gnt_leave(rc, GANTRY_FEATURE_IMAGES_TAG, GANTRY_RESOURCE_IMAGE, reference, err);
}

int gantry_images_remove(gantry_images *images, const char *reference,
                         const gantry_image_remove_options *opts, gantry_image_removal **out,
                         gantry_error *err)
{
    gantry_engine *e = engine_of(images);
    gantry_image_remove_options o;
    gantry_image_removal *removal = NULL;
    gantry_error failure = { 0 };
    int rc = gnt_enter(e, GANTRY_FEATURE_IMAGES_REMOVE, &failure);

    if (rc == 0)
        rc = gnt_reference_check("reference", reference, &failure);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_image_remove_options, o, opts, &failure);
    if (rc == 0)
        rc = gnt_missing_ok(e->backend->images.remove(e->state, reference, &o, &removal, &failure),
                            o.missing_ok, GANTRY_RESOURCE_IMAGE, &failure);
    if (rc == 0 && out != NULL)
        *out = removal;
    else
        gantry_image_removal_free(removal);
    gnt_leave(rc, GANTRY_FEATURE_IMAGES_REMOVE, GANTRY_RESOURCE_IMAGE, reference, &failure);
    if (rc < 0 && err != NULL)
        *err = failure;
    return rc;
}
