/*
 * A copy of build options that outlives the caller's: what an iterator keeps while it runs. The
 * context archive, the cancel token and callbacks stay the caller's.
 */
#include "build_copy.h"

#include "error.h"
#include "host.h"

/* NULL stays NULL; a failure is kept in *failed. */
static const char *copy_text(struct gnt_arena *arena, const char *text, int *failed)
{
    char *copy = text != NULL ? gnt_arena_strdup(arena, text) : NULL;

    *failed |= text != NULL && copy == NULL;
    return copy;
}

static const char *const *copy_list(struct gnt_arena *arena, const char *const *list, int *failed)
{
    const char **copy;
    size_t count = 0;

    while (list != NULL && list[count] != NULL)
        count++;
    if (count == 0)
        return NULL;
    copy = gnt_arena_alloc(arena, (count + 1) * sizeof *copy);
    *failed |= copy == NULL;
    for (size_t i = 0; copy != NULL && i < count; i++)
        copy[i] = copy_text(arena, list[i], failed);
    return copy;
}

static const gantry_pair *copy_pairs(struct gnt_arena *arena, const gantry_pair *pairs,
                                     size_t count, int *failed)
{
    gantry_pair *copy;

    if (count == 0)
        return NULL;
    copy = gnt_arena_alloc(arena, count * sizeof *copy);
    *failed |= copy == NULL;
    for (size_t i = 0; copy != NULL && i < count; i++) {
        copy[i].key = copy_text(arena, pairs[i].key, failed);
        copy[i].value = copy_text(arena, pairs[i].value, failed);
    }
    return copy;
}

static const gantry_call *copy_call(struct gnt_arena *arena, const gantry_call *call, int *failed)
{
    gantry_call *copy;

    if (call == NULL)
        return NULL;
    copy = gnt_arena_alloc(arena, sizeof *copy);
    *failed |= copy == NULL;
    if (copy != NULL) {
        gnt_call_import(copy, call);
        copy->tag = copy_text(arena, copy->tag, failed);
    }
    return copy;
}

int gnt_build_options_copy(struct gnt_arena *arena, gantry_build_options *out,
                           const gantry_build_options *from, gantry_error *err)
{
    int failed = 0;

    *out = *from;
    out->call = copy_call(arena, from->call, &failed);
    out->dockerfile = NULL; /* these three are in the context by now */
    out->dockerfile_name = NULL;
    out->context_directory = NULL;
    out->tags = copy_list(arena, from->tags, &failed);
    out->build_args = copy_pairs(arena, from->build_args, from->build_arg_count, &failed);
    out->labels = copy_pairs(arena, from->labels, from->label_count, &failed);
    out->target = copy_text(arena, from->target, &failed);
    out->platform = copy_text(arena, from->platform, &failed);
    out->extra_query = copy_pairs(arena, from->extra_query, from->extra_query_count, &failed);
    return failed ? gnt_nomem(err) : 0;
}
