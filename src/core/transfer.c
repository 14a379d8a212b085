/*
 * Pull and push, the public functions: check arguments, import options, dispatch. Repeating after
 * failures of a registry is composed here from the backend's progress.
 */
#include <gantry/transfer.h>

#include <limits.h>
#include <string.h>

#include "engine.h"
#include "error.h"
#include "transfer_start.h"

enum {
    RETRY_DELAY_MS = 1000 /* before the first repetition, if the caller names none */
};

static gantry_engine *engine_of(const gantry_images *images)
{
    return images != NULL ? images->engine : NULL;
}

/* ---- iterators ------------------------------------------------------------------------------- */

int gantry_images_pull_open(gantry_images *images, const char *reference,
                            const gantry_pull_options *opts, gantry_progress **out,
                            gantry_error *err)
{
    gantry_engine *e = engine_of(images);
    gantry_pull_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_IMAGES_PULL, err);

    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_pull_options, o, opts, err);
    if (rc == 0)
        rc = gnt_pull_check(e, reference, &o, err);
    if (rc == 0)
        rc = gnt_pull_start(e, reference, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_IMAGES_PULL, GANTRY_RESOURCE_IMAGE, reference, err);
}

int gantry_images_push_open(gantry_images *images, const char *reference,
                            const gantry_push_options *opts, gantry_progress **out,
                            gantry_error *err)
{
    gantry_engine *e = engine_of(images);
    gantry_push_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_IMAGES_PUSH, err);

    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_push_options, o, opts, err);
    if (rc == 0)
        rc = gnt_push_check(e, reference, &o, err);
    if (rc == 0)
        rc = gnt_push_start(e, reference, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_IMAGES_PUSH, GANTRY_RESOURCE_IMAGE, reference, err);
}

/* ---- whole transfers ------------------------------------------------------------------------- */

/* A pull or push with its repetitions. */
struct whole {
    gantry_engine *engine;
    const char *reference;
    const gantry_pull_options *pull; /* or NULL */
    const gantry_push_options *push; /* or NULL */
    const gantry_call *call;
    gantry_progress_fn progress;
    void *progress_arg;
    int retries;
    int64_t delay_ms;
    void *result;     /* of the attempt under way */
    const char **ids; /* of its images, in the result; NULL-terminated */
    size_t count;
    size_t capacity;
};

static int grow(struct whole *w, gantry_error *err)
{
    size_t capacity = w->capacity == 0 ? 4 : w->capacity * 2;
    const char **ids = gnt_arena_alloc(gnt_result_arena(w->result), capacity * sizeof *ids);

    if (ids == NULL)
        return gnt_nomem(err);
    if (w->count > 0)
        memcpy(ids, w->ids, w->count * sizeof *ids);
    w->ids = ids;
    w->capacity = capacity;
    return 0;
}

static int add_image(struct whole *w, const char *id, gantry_error *err)
{
    const char *copy;

    for (size_t i = 0; i < w->count; i++) {
        if (strcmp(w->ids[i], id) == 0)
            return 0;
    }
    if (w->count + 1 >= w->capacity && grow(w, err) < 0)
        return GANTRY_E_NOMEM;
    copy = gnt_arena_strdup(gnt_result_arena(w->result), id);
    if (copy == NULL)
        return gnt_nomem(err);
    w->ids[w->count++] = copy;
    w->ids[w->count] = NULL;
    return 0;
}

static int note_pull(struct whole *w, const gantry_progress_record *record, gantry_error *err)
{
    gantry_pull_result *result = w->result;
    struct gnt_arena *arena = gnt_result_arena(result);
    int rc;

    if (record->kind != GANTRY_PROGRESS_RESULT || record->id == NULL)
        return 0;
    rc = add_image(w, record->id, err);
    if (rc < 0)
        return rc;
    result->image_ids = w->ids;
    result->changed |= record->state != GANTRY_TRANSFER_EXISTS;
    if (w->pull->all_tags == GANTRY_ON)
        return 0;
    result->image_id = gnt_arena_strdup(arena, record->id);
    result->digest = gnt_arena_strdup(arena, record->text);
    return result->image_id == NULL || result->digest == NULL ? gnt_nomem(err) : 0;
}

static int note_push(const struct whole *w, const gantry_progress_record *record, gantry_error *err)
{
    gantry_push_result *result = w->result;

    if (record->kind != GANTRY_PROGRESS_RESULT || record->id == NULL)
        return 0;
    result->digest = gnt_arena_strdup(gnt_result_arena(result), record->id);
    return result->digest == NULL ? gnt_nomem(err) : 0;
}

/* What the engine did so far is not taken back. */
static int stopped(const struct whole *w, const gantry_progress_record *record, gantry_error *err)
{
    const char *what = w->pull != NULL ? "pull" : "push";

    if (record->kind == GANTRY_PROGRESS_RESULT)
        gnt_fail(err, GANTRY_E_CALLBACK, "the progress callback said stop; the %s was done before",
                 what);
    else
        gnt_fail(err, GANTRY_E_CALLBACK,
                 "the progress callback stopped the %s; the engine keeps layers that were whole",
                 what);
    gnt_error_outcome(err, GANTRY_OUTCOME_PARTIAL, GANTRY_RETRY_ASK);
    return GANTRY_E_CALLBACK;
}

static int give(struct whole *w, const gantry_progress_record *record, gantry_error *err)
{
    int rc = w->pull != NULL ? note_pull(w, record, err) : note_push(w, record, err);

    if (rc == 0 && w->progress != NULL && w->progress(w->progress_arg, record) != 0)
        rc = stopped(w, record, err);
    return rc;
}

static int attempt(struct whole *w, gantry_error *err)
{
    const gantry_progress_record *record = NULL;
    gantry_pull_options pull;
    gantry_push_options push;
    gantry_progress *p = NULL;
    int rc;

    if (w->pull != NULL) {
        pull = *w->pull;
        pull.call = w->call;
        rc = gnt_pull_start(w->engine, w->reference, &pull, &p, err);
    } else {
        push = *w->push;
        push.call = w->call;
        rc = gnt_push_start(w->engine, w->reference, &push, &p, err);
    }
    while (rc == 0 && (rc = gantry_progress_next(p, &record, err)) == 0 && record != NULL)
        rc = give(w, record, err);
    gantry_progress_close(p);
    return rc;
}

/* Whether the same could go well in a while: the network or the registry failed. */
static int may_pass(int rc)
{
    return rc == GANTRY_E_REGISTRY || rc == GANTRY_E_TRUNCATED || rc == GANTRY_E_UNAVAILABLE;
}

static int tell_retry(struct whole *w, const gantry_error *failure, gantry_error *err)
{
    gantry_progress_record record = { .size = sizeof record,
                                      .kind = GANTRY_PROGRESS_STATUS,
                                      .state = GANTRY_TRANSFER_RETRYING,
                                      .current = -1,
                                      .total = -1,
                                      .text = failure->message,
                                      .text_size = strlen(failure->message),
                                      .duration_ms = -1 };

    return give(w, &record, err);
}

static int pause_before(const struct whole *w, int64_t ms, const gantry_error *failure,
                        gantry_error *err)
{
    struct gnt_clock clock;
    int rc;

    gnt_clock_start(&clock, w->call, 0);
    clock.idle_ns = 0;
    rc = gnt_clock_pause(&clock, ms > INT_MAX ? INT_MAX : (int)ms, err);
    if (rc < 0)
        gnt_error_suffix(err, "before that: %s", failure->message);
    return rc;
}

static int attempts(struct whole *w, int result_kind, gantry_error *err)
{
    int64_t delay_ms = w->delay_ms != 0 ? w->delay_ms : RETRY_DELAY_MS;
    gantry_error failure;
    int rc;

    for (int left = w->retries;; left--) {
        memset(&failure, 0, sizeof failure);
        w->result = gnt_result_new(&w->engine->host.mem, result_kind, err);
        w->count = 0;
        w->capacity = 0;
        if (w->result == NULL)
            return GANTRY_E_NOMEM;
        rc = attempt(w, &failure);
        if (rc == 0)
            return 0;
        gnt_result_free(w->result);
        w->result = NULL;
        if (left == 0 || !may_pass(rc))
            break;
        rc = tell_retry(w, &failure, err);
        if (rc == 0)
            rc = pause_before(w, delay_ms, &failure, err);
        if (rc < 0)
            return rc;
        delay_ms = delay_ms > INT64_MAX / 2 ? INT64_MAX : delay_ms * 2;
    }
    if (err != NULL)
        *err = failure;
    return rc;
}

static int whole_transfer(struct whole *w, const gantry_call *given, int result_kind,
                          int64_t *out_ms, gantry_error *err)
{
    int64_t begin = gantry_clock_ns();
    gantry_call call;
    gantry_call shared;
    int rc;

    gnt_call_import(&call, given);
    w->call = gnt_call_share(&shared, given != NULL ? &call : NULL);
    rc = attempts(w, result_kind, err);
    *out_ms = (gantry_clock_ns() - begin) / 1000000;
    return rc;
}

static int whole_pull(gantry_engine *e, const char *reference, const gantry_pull_options *o,
                      gantry_pull_result **out, gantry_error *err)
{
    struct whole w = { .engine = e,
                       .reference = reference,
                       .pull = o,
                       .progress = o->progress,
                       .progress_arg = o->progress_arg,
                       .retries = o->retries,
                       .delay_ms = o->retry_delay_ms };
    gantry_pull_result *result;
    int64_t ms = 0;
    int rc = whole_transfer(&w, o->call, GNT_KIND_PULL_RESULT, &ms, err);

    if (rc < 0)
        return rc;
    result = w.result;
    result->duration_ms = ms;
    if (out != NULL)
        *out = result;
    else
        gnt_result_free(result);
    return 0;
}

static int whole_push(gantry_engine *e, const char *reference, const gantry_push_options *o,
                      gantry_push_result **out, gantry_error *err)
{
    struct whole w = { .engine = e,
                       .reference = reference,
                       .push = o,
                       .progress = o->progress,
                       .progress_arg = o->progress_arg,
                       .retries = o->retries,
                       .delay_ms = o->retry_delay_ms };
    gantry_push_result *result;
    int64_t ms = 0;
    int rc = whole_transfer(&w, o->call, GNT_KIND_PUSH_RESULT, &ms, err);

    if (rc < 0)
        return rc;
    result = w.result;
    result->duration_ms = ms;
    if (out != NULL)
        *out = result;
    else
        gnt_result_free(result);
    return 0;
}

int gantry_images_pull(gantry_images *images, const char *reference,
                       const gantry_pull_options *opts, gantry_pull_result **out, gantry_error *err)
{
    gantry_engine *e = engine_of(images);
    gantry_pull_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_IMAGES_PULL, err);

    if (rc == 0)
        rc = GNT_IMPORT(gantry_pull_options, o, opts, err);
    if (rc == 0)
        rc = gnt_pull_check(e, reference, &o, err);
    if (rc == 0)
        rc = whole_pull(e, reference, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_IMAGES_PULL, GANTRY_RESOURCE_IMAGE, reference, err);
}

int gantry_images_push(gantry_images *images, const char *reference,
                       const gantry_push_options *opts, gantry_push_result **out, gantry_error *err)
{
    gantry_engine *e = engine_of(images);
    gantry_push_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_IMAGES_PUSH, err);

    if (rc == 0)
        rc = GNT_IMPORT(gantry_push_options, o, opts, err);
    if (rc == 0)
        rc = gnt_push_check(e, reference, &o, err);
    if (rc == 0)
        rc = whole_push(e, reference, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_IMAGES_PUSH, GANTRY_RESOURCE_IMAGE, reference, err);
}

/* ---- results --------------------------------------------------------------------------------- */

void gantry_pull_result_free(gantry_pull_result *result)
{
    gnt_result_free(result);
}

void gantry_push_result_free(gantry_push_result *result)
{
    gnt_result_free(result);
}
