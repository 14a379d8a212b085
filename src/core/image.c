/*
 * Images, the public functions: check arguments, import options, dispatch. gantry_images_build is
 * composed here from the backend's progress.
 */
#include <gantry/image.h>

#include <string.h>

#include "build_copy.h"
#include "pack.h"
#include "engine.h"
#include "error.h"
#include "names.h"
#include "stream.h"

static gantry_engine *engine_of(const gantry_images *images)
{
    return images != NULL ? images->engine : NULL;
}

/* ---- build ----------------------------------------------------------------------------------- */

static int check_pairs(const char *argument, const gantry_pair *pairs, size_t count,
                       gantry_error *err)
{
    if (count > 0 && pairs == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "%s: must not be NULL", argument);
    for (size_t i = 0; i < count; i++) {
        int rc = gnt_check_text(argument, pairs[i].key, err);

        if (rc < 0)
            return rc;
    }
    return 0;
}

static int check_build(const char *reference, const gantry_build_options *o, gantry_error *err)
{
    int rc = 0;

    if (reference != NULL)
        rc = gnt_reference_check("reference", reference, err);
    for (const char *const *tag = o->tags; rc == 0 && tag != NULL && *tag != NULL; tag++)
        rc = gnt_reference_check("tags", *tag, err);
    if (rc == 0)
        rc = check_pairs("build_args", o->build_args, o->build_arg_count, err);
    if (rc == 0)
        rc = check_pairs("labels", o->labels, o->label_count, err);
    if (rc == 0)
        rc = check_pairs("extra_query", o->extra_query, o->extra_query_count, err);
    if (rc == 0 && (o->pull < GANTRY_PULL_DEFAULT || o->pull > GANTRY_PULL_NEVER))
        rc = gnt_fail(err, GANTRY_E_INVALID, "pull: %d is none of GANTRY_PULL_", o->pull);
    return rc;
}

/* What a progress keeps alive besides the backend's own state. */
struct build_keep {
    struct gnt_arena arena; /* of this and of the options */
    gantry_build_options options;
    gantry_build_context context;
};

static void free_keep(void *arg)
{
    struct build_keep *keep = arg;
    struct gnt_arena arena = keep->arena;

    gantry_archive_free(keep->context.archive);
    gnt_arena_free(&arena);
}

static struct build_keep *new_keep(const struct gnt_mem *mem, gantry_error *err)
{
    struct gnt_arena arena;
    struct build_keep *keep;

    gnt_arena_init(&arena, mem);
    keep = gnt_arena_alloc(&arena, sizeof *keep);
    if (keep == NULL)
        gnt_nomem(err);
    else
        keep->arena = arena;
    return keep;
}

static int start_build(gantry_engine *e, const char *reference, const gantry_build_options *opts,
                       gantry_progress **out, gantry_error *err)
{
    gantry_progress *p = NULL;
    struct build_keep *keep = new_keep(&e->host.mem, err);
    int rc;

    if (keep == NULL)
        return GANTRY_E_NOMEM;
    rc = gnt_build_options_copy(&keep->arena, &keep->options, opts, err);
    if (rc == 0)
        rc = gnt_build_context(&keep->arena, &e->host, opts, &keep->context, err);
    if (rc == 0)
        rc = e->backend->images.build(e->state, reference, &keep->options, &keep->context, &p, err);
    if (rc < 0) {
        free_keep(keep);
        return rc;
    }
    gnt_progress_on_close(p, free_keep, keep);
    *out = p;
    return 0;
}

int gantry_images_build_open(gantry_images *images, const char *reference,
                             const gantry_build_options *opts, gantry_progress **out,
                             gantry_error *err)
{
    gantry_engine *e = engine_of(images);
    gantry_build_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_IMAGES_BUILD, err);

    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_build_options, o, opts, err);
    if (rc == 0)
        rc = check_build(reference, &o, err);
    if (rc == 0)
        rc = start_build(e, reference, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_IMAGES_BUILD, GANTRY_RESOURCE_IMAGE, reference, err);
}

static int note_record(gantry_build_result *result, const gantry_progress_record *record,
                       gantry_error *err)
{
    struct gnt_arena *arena = gnt_result_arena(result);

    if (record->step_total > result->step_total)
        result->step_total = record->step_total;
    if (record->kind == GANTRY_PROGRESS_RESULT && record->id != NULL) {
        result->image_id = gnt_arena_strdup(arena, record->id);
        return result->image_id == NULL ? gnt_nomem(err) : 0;
    }
    if (record->kind == GANTRY_PROGRESS_WARNING) {
        const char *const *list = gnt_strings_add(arena, result->warnings, record->text);

        if (list == NULL)
            return gnt_nomem(err);
        result->warnings = list;
    }
    return 0;
}

/* What the engine did so far is not taken back. */
static int stopped(const gantry_progress_record *record, gantry_error *err)
{
    gnt_fail(err, GANTRY_E_CALLBACK, "%s",
             record->kind == GANTRY_PROGRESS_RESULT
                 ? "the progress callback said stop; the image was made before"
                 : "the progress callback stopped the build; no image was made, finished steps may "
                   "stay in the engine's cache");
    gnt_error_outcome(err, GANTRY_OUTCOME_PARTIAL, GANTRY_RETRY_ASK);
    return GANTRY_E_CALLBACK;
}

static int follow_build(gantry_progress *p, const gantry_build_options *o,
                        gantry_build_result *result, gantry_error *err)
{
    const gantry_progress_record *record = NULL;
    int rc;

    while ((rc = gantry_progress_next(p, &record, err)) == 0 && record != NULL) {
        rc = note_record(result, record, err);
        if (rc < 0)
            return rc;
        if (o->progress != NULL && o->progress(o->progress_arg, record) != 0)
            return stopped(record, err);
    }
    return rc;
}

static int whole_build(gantry_engine *e, const char *reference, const gantry_build_options *o,
                       gantry_build_result **out, gantry_error *err)
{
    gantry_build_result *result = gnt_result_new(&e->host.mem, GNT_KIND_BUILD_RESULT, err);
    gantry_progress *p = NULL;
    int64_t begin = gantry_clock_ns();
    int rc;

    if (result == NULL)
        return GANTRY_E_NOMEM;
    rc = start_build(e, reference, o, &p, err);
    if (rc == 0)
        rc = follow_build(p, o, result, err);
    gantry_progress_close(p);
    result->duration_ms = (gantry_clock_ns() - begin) / 1000000;
    if (rc < 0 || out == NULL)
        gnt_result_free(result);
    else
        *out = result;
    return rc;
}

int gantry_images_build(gantry_images *images, const char *reference,
                        const gantry_build_options *opts, gantry_build_result **out,
                        gantry_error *err)
{
    gantry_engine *e = engine_of(images);
    gantry_build_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_IMAGES_BUILD, err);

    if (rc == 0)
        rc = GNT_IMPORT(gantry_build_options, o, opts, err);
    if (rc == 0)
        rc = check_build(reference, &o, err);
    if (rc == 0)
        rc = whole_build(e, reference, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_IMAGES_BUILD, GANTRY_RESOURCE_IMAGE, reference, err);
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
        rc = check_pairs("filters", o.filters, o.filter_count, err);
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
