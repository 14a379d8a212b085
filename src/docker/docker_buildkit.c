/*
 * Docker: builds with BuildKit over the plain POST /build, without a session. Knows how BuildKit
 * words its failures; the trace is docker_trace.c's, the iterator core's.
 */
#include "docker_buildkit.h"

#include <string.h>

#include "build_records.h"
#include "docker_trace.h"

/* ---- reading --------------------------------------------------------------------------------- */

static void *decoder_open(struct gantry_host *host)
{
    return gnt_trace_new(host);
}

static void decoder_close(void *state)
{
    gnt_trace_free(state);
}

/* gnt_trace_fn: a copy of the record into the queue. */
static int queue_record(void *arg, const gantry_progress_record *record, gantry_error *err)
{
    struct gnt_build_records *b = arg;
    gantry_progress_record *queued =
        gnt_build_push(b, record->kind, record->text, record->text_size, NULL);
    const char *text;

    if (queued == NULL)
        return gnt_nomem(err);
    text = queued->text;
    *queued = *record;
    queued->text = text;
    if (record->id == NULL)
        return 0;
    queued->id = gnt_arena_strdup(&b->arena, record->id);
    return queued->id == NULL ? gnt_nomem(err) : 0;
}

static int decoder_object(void *state, struct gnt_build_records *b, struct gnt_json *v,
                          gantry_error *err)
{
    const char *id = gnt_json_text(gnt_json_get(v, "id"));
    const struct gnt_json *aux = gnt_json_get(v, "aux");
    int rc;

    if (id == NULL || aux == NULL)
        return 0;
    if (strcmp(id, "moby.image.id") == 0)
        return gnt_trace_settle(state, queue_record, b, err);
    if (strcmp(id, "moby.buildkit.trace") != 0)
        return 1;
    if (aux->type != GNT_JSON_STRING)
        return gnt_fail(err, GANTRY_E_PROTOCOL, "the builder's trace is no text");
    rc = gnt_trace_feed(state, aux->text, aux->size, queue_record, b, err);
    return rc < 0 ? rc : 1;
}

static int decoder_failed(void *state, struct gnt_build_records *b, const char *message,
                          gantry_error *err)
{
    struct gnt_trace_culprit culprit;
    size_t size;

    (void)err;
    b->step = 0;
    b->step_text[0] = '\0';
    b->tail_size = 0;
    if (!gnt_trace_find_culprit(state, message, &culprit))
        return 0;
    b->step = culprit.step;
    b->step_total = culprit.step_total;
    gnt_text_copy(b->step_text, sizeof b->step_text, culprit.text, culprit.text_size, 0, 0);
    size = culprit.output_size < sizeof b->tail ? culprit.output_size : sizeof b->tail;
    if (size > 0)
        memcpy(b->tail, culprit.output + culprit.output_size - size, size);
    b->tail_size = size;
    return 0;
}

/* What is no trace: "Successfully tagged app:latest". */
static void classify(struct gnt_build_line *line)
{
    line->kind = GNT_BUILD_STATUS;
}

static const struct gnt_build_decoder decoder = {
    .open = decoder_open, .close = decoder_close, .object = decoder_object, .failed = decoder_failed
};

/* "executor failed running [make]: exit code: 2"; "process "make" did not complete successfully:
 * exit code: 2" from 23 on. */
static const char *const exit_texts[] = { "]: exit code: ", "successfully: exit code: ", NULL };

/* Refused before the build begins. */
static const char *const refusals[] = { "ockerfile", NULL };

const struct gnt_build_dialect gnt_docker_buildkit_dialect = { .classify = classify,
                                                               .id_path = "aux/ID",
                                                               .exit_texts = exit_texts,
                                                               .not_started = "runc run failed",
                                                               .refusals = refusals,
                                                               .decoder = &decoder,
                                                               .inspect_path = "/images/%s/json" };

/* ---- the request ----------------------------------------------------------------------------- */

/* An image can be a source of cached steps only if it says how it was made. */
static int add_inline_cache(struct gnt_arena *arena, gantry_build_options *o, gantry_error *err)
{
    static const char name[] = "BUILDKIT_INLINE_CACHE";
    gantry_pair *args;

    if (o->cache_from == NULL || *o->cache_from == NULL)
        return 0;
    for (size_t i = 0; i < o->build_arg_count; i++) {
        if (strcmp(o->build_args[i].key, name) == 0)
            return 0;
    }
    args = gnt_arena_alloc(arena, (o->build_arg_count + 1) * sizeof *args);
    if (args == NULL)
        return gnt_nomem(err);
    if (o->build_arg_count > 0)
        memcpy(args, o->build_args, o->build_arg_count * sizeof *args);
    args[o->build_arg_count].key = name;
    args[o->build_arg_count].value = "1";
    o->build_args = args;
    o->build_arg_count++;
    return 0;
}

int gnt_docker_buildkit_send(struct docker *d, const char *reference,
                             const gantry_build_options *opts, const gantry_build_context *context,
                             int images_are_here, gantry_progress **out, gantry_error *err)
{
    gantry_build_options o = *opts;
    struct gnt_arena arena;
    struct gnt_req r;
    int rc;

    gnt_arena_init(&arena, &d->rest.host->mem);
    rc = add_inline_cache(&arena, &o, err);
    if (images_are_here)
        o.pull = GANTRY_PULL_DEFAULT;
    if (rc == 0) {
        gnt_docker_build_request(&r, d, reference, &o, context);
        gnt_req_query(&r, "version", "2");
        rc = gnt_rest_build_open(&r, context->archive, &gnt_docker_buildkit_dialect, out, err);
    }
    gnt_arena_free(&arena);
    if (rc == 0)
        gnt_progress_set_builder(*out, GANTRY_BUILDER_BUILDKIT);
    return rc;
}
