/*
 * Builds, the public functions: check arguments, import options, dispatch. gantry_images_build is
 * composed here from the backend's progress.
 */
#include <gantry/build.h>

#include <string.h>

#include "build_copy.h"
#include "engine.h"
#include "error.h"
#include "pack.h"
#include "stream.h"

static gantry_engine *engine_of(const gantry_images *images)
{
    return images != NULL ? images->engine : NULL;
}

/* ---- what a build keeps ---------------------------------------------------------------------- */

/* What a progress keeps alive besides the backend's own state. */
struct build_keep {
    struct gnt_arena arena; /* of this and of the options */
    const char *reference;
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
    arena.wipe = 1; /* secrets, passwords, build arguments */
    keep = gnt_arena_alloc(&arena, sizeof *keep);
    if (keep == NULL)
        gnt_nomem(err);
    else
        keep->arena = arena;
    return keep;
}

static int prepare(gantry_engine *e, struct build_keep *keep, const char *reference,
                   const gantry_build_options *opts, gantry_error *err)
{
    int rc = gnt_build_options_copy(&keep->arena, &keep->options, opts, err);

    if (rc == 0)
        rc = gnt_build_check(reference, opts, &keep->options, err);
    if (rc == 0 && reference != NULL) {
        keep->reference = gnt_arena_strdup(&keep->arena, reference);
        rc = keep->reference != NULL ? 0 : gnt_nomem(err);
    }
    if (rc == 0)
        rc = gnt_build_secrets_read(&keep->arena, &keep->options, err);
    if (rc == 0)
        rc = gnt_build_context(&keep->arena, &e->host, opts, &keep->context, err);
    return rc;
}

static int start_build(gantry_engine *e, const char *reference, const gantry_build_options *opts,
                       gantry_progress **out, gantry_error *err)
{
    gantry_progress *p = NULL;
    struct build_keep *keep = new_keep(&e->host.mem, err);
    int rc;

    if (keep == NULL)
        return GANTRY_E_NOMEM;
    rc = prepare(e, keep, reference, opts, err);
    if (rc == 0)
        rc = e->backend->images.build(e->state, keep->reference, &keep->options, &keep->context, &p,
                                      err);
    if (rc < 0) {
        free_keep(keep);
        return rc;
    }
    gnt_progress_on_close(p, free_keep, keep);
    *out = p;
    return 0;
}

/* ---- public ---------------------------------------------------------------------------------- */

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
        rc = start_build(e, reference, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_IMAGES_BUILD, GANTRY_RESOURCE_IMAGE, reference, err);
}

/* ---- following one --------------------------------------------------------------------------- */

/* A result being filled. */
struct following {
    gantry_build_result *result;
    const gantry_build_step **steps;
    size_t room; /* of steps, the NULL at the end included */
};

static int make_room(struct following *f, gantry_error *err)
{
    size_t count = f->result->step_count;
    size_t room = f->room == 0 ? 16 : f->room * 2;
    const gantry_build_step **steps;

    if (count + 1 < f->room)
        return 0;
    steps = gnt_arena_alloc(gnt_result_arena(f->result), room * sizeof *steps);
    if (steps == NULL)
        return gnt_nomem(err);
    for (size_t i = 0; i < count; i++)
        steps[i] = f->steps[i];
    f->steps = steps;
    f->room = room;
    return 0;
}

static int note_step(struct following *f, const gantry_progress_record *record, gantry_error *err)
{
    gantry_build_step *step = gnt_result_item(f->result, GNT_KIND_BUILD_STEP);

    if (step == NULL)
        return gnt_nomem(err);
    if (make_room(f, err) < 0)
        return GANTRY_E_NOMEM;
    step->text = gnt_arena_strndup(gnt_result_arena(f->result), record->text, record->text_size);
    if (step->text == NULL)
        return gnt_nomem(err);
    step->step = record->step;
    step->cached = record->cached;
    step->duration_ms = record->duration_ms;
    f->steps[f->result->step_count++] = step;
    f->result->steps = f->steps;
    return 0;
}

static int note_record(struct following *f, const gantry_progress_record *record, gantry_error *err)
{
    gantry_build_result *result = f->result;
    struct gnt_arena *arena = gnt_result_arena(result);

    if (record->step_total > result->step_total)
        result->step_total = record->step_total;
    if (record->kind == GANTRY_PROGRESS_RESULT && record->id != NULL) {
        result->image_id = gnt_arena_strdup(arena, record->id);
        return result->image_id == NULL ? gnt_nomem(err) : 0;
    }
    if (record->kind == GANTRY_PROGRESS_STEP_END)
        return note_step(f, record, err);
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
    struct following f = { .result = result };
    const gantry_progress_record *record = NULL;
    int rc;

    result->builder = gnt_progress_builder(p);
    while ((rc = gantry_progress_next(p, &record, err)) == 0 && record != NULL) {
        rc = note_record(&f, record, err);
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
        rc = whole_build(e, reference, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_IMAGES_BUILD, GANTRY_RESOURCE_IMAGE, reference, err);
}
