/*
 * Upkeep of images, the public functions: untag, history, prune, disk use. Check arguments, import
 * options, dispatch.
 */
#include <gantry/image.h>

#include "engine.h"
#include "error.h"
#include "names.h"

static gantry_engine *engine_of(const gantry_images *images)
{
    return images != NULL ? images->engine : NULL;
}

/* ---- untag ----------------------------------------------------------------------------------- */

static int check_tag_name(const gantry_engine *e, const char *text, gantry_error *err)
{
    struct gnt_reference parts;
    struct gnt_arena arena;
    int rc;

    gnt_arena_init(&arena, &e->host.mem);
    rc = gnt_reference_parse(&arena, "reference", text, &parts, err);
    if (rc == 0 && (parts.is_id || parts.digest[0] != '\0'))
        rc = gnt_fail(err, GANTRY_E_INVALID,
                      "reference: must be the name to take away, not an id or digest");
    gnt_arena_free(&arena);
    return rc;
}

int gantry_images_untag(gantry_images *images, const char *reference,
                        const gantry_image_untag_options *opts, gantry_error *err)
{
    gantry_engine *e = engine_of(images);
    gantry_image_untag_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_IMAGES_UNTAG, err);

    if (rc == 0)
        rc = check_tag_name(e, reference, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_image_untag_options, o, opts, err);
    if (rc == 0)
        rc = e->backend->images.untag(e->state, reference, &o, err);
    return gnt_leave(rc, GANTRY_FEATURE_IMAGES_UNTAG, GANTRY_RESOURCE_IMAGE, reference, err);
}

/* ---- history --------------------------------------------------------------------------------- */

int gantry_images_history(gantry_images *images, const char *reference,
                          const gantry_image_history_options *opts, gantry_image_history **out,
                          gantry_error *err)
{
    gantry_engine *e = engine_of(images);
    gantry_image_history_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_IMAGES_HISTORY, err);

    if (rc == 0)
        rc = gnt_reference_check("reference", reference, err);
    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_image_history_options, o, opts, err);
    if (rc == 0)
        rc = e->backend->images.history(e->state, reference, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_IMAGES_HISTORY, GANTRY_RESOURCE_IMAGE, reference, err);
}

/* ---- prune ----------------------------------------------------------------------------------- */

static int check_texts(const char *argument, const char *const *list, gantry_error *err)
{
    int rc = 0;

    for (; rc == 0 && list != NULL && *list != NULL; list++)
        rc = gnt_check_text(argument, *list, err);
    return rc;
}

/* A filter that the engine does not get would remove more than was meant. */
static int check_prune(const gantry_image_prune_options *o, gantry_error *err)
{
    int rc = check_texts("labels", o->labels, err);
    int narrowed = (o->labels != NULL && o->labels[0] != NULL) ||
                   (o->not_labels != NULL && o->not_labels[0] != NULL) || o->filter_count > 0;

    if (rc == 0)
        rc = check_texts("not_labels", o->not_labels, err);
    if (rc == 0 && o->filter_count > 0 && o->filters == NULL)
        rc = gnt_fail(err, GANTRY_E_INVALID, "filters: must not be NULL");
    for (size_t i = 0; rc == 0 && i < o->filter_count; i++) {
        rc = gnt_check_text("filters", o->filters[i].key, err);
        if (rc == 0)
            rc = gnt_check_text("filters", o->filters[i].value, err);
    }
    if (rc == 0 && o->until_ns < 0)
        rc = gnt_fail(err, GANTRY_E_INVALID, "until_ns: must not be negative");
    if (rc == 0 && o->build_cache == GANTRY_ON && narrowed)
        rc = gnt_fail(err, GANTRY_E_INVALID,
                      "build_cache: has no labels and takes no filters; prune it by itself");
    return rc;
}

int gantry_images_prune(gantry_images *images, const gantry_image_prune_options *opts,
                        gantry_image_pruned **out, gantry_error *err)
{
    gantry_engine *e = engine_of(images);
    gantry_image_prune_options o;
    gantry_image_pruned *pruned = NULL;
    int rc = gnt_enter(e, GANTRY_FEATURE_IMAGES_PRUNE, err);

    if (rc == 0)
        rc = GNT_IMPORT(gantry_image_prune_options, o, opts, err);
    if (rc == 0)
        rc = check_prune(&o, err);
    if (rc == 0)
        rc = e->backend->images.prune(e->state, &o, &pruned, err);
    if (rc == 0 && out != NULL)
        *out = pruned;
    else
        gantry_image_pruned_free(pruned);
    return gnt_leave(rc, GANTRY_FEATURE_IMAGES_PRUNE, GANTRY_RESOURCE_IMAGE, NULL, err);
}

/* ---- disk use -------------------------------------------------------------------------------- */

int gantry_images_disk_usage(gantry_images *images, const gantry_image_disk_usage_options *opts,
                             gantry_image_disk_usage **out, gantry_error *err)
{
    gantry_engine *e = engine_of(images);
    gantry_image_disk_usage_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_IMAGES_DISK_USAGE, err);

    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_image_disk_usage_options, o, opts, err);
    if (rc == 0)
        rc = e->backend->images.disk_usage(e->state, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_IMAGES_DISK_USAGE, GANTRY_RESOURCE_IMAGE, NULL, err);
}
