/*
 * Result structs: their life in one arena each. What each kind is made of is in the tables of
 * model_*.c.
 */
#include "model.h"

#include "error.h"
#include "model_preset.h"

#include <string.h>

const char *const gnt_no_strings[1] = { NULL };

const gantry_pair gnt_no_pairs[1] = { { NULL, NULL } };

static const struct gnt_model *model_of(int kind)
{
    static const struct gnt_model *const tables[] = { gnt_container_models, gnt_image_models,
                                                      gnt_engine_models, gnt_system_models };

    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        for (const struct gnt_model *m = tables[i]; m->kind != 0; m++) {
            if (m->kind == kind)
                return m;
        }
    }
    return NULL;
}

size_t gnt_model_size(int kind)
{
    const struct gnt_model *model = model_of(kind);

    return model != NULL ? model->size : 0;
}

void gnt_model_defaults(int kind, void *out)
{
    static const int64_t unknown = -1;
    const struct gnt_model *model = model_of(kind);
    const struct preset *p;

    if (model == NULL)
        return;
    memcpy(out, &model->size, sizeof model->size); /* every result begins with its size */
    for (p = model->presets; p->offset != SIZE_MAX; p++) {
        char *member = (char *)out + p->offset;

        if (p->value != NULL)
            memcpy(member, &p->value, sizeof p->value);
        else
            memcpy(member, &unknown, sizeof unknown);
    }
}

/* ---- life ------------------------------------------------------------------------------------ */

#define RESULT_MAGIC UINT32_C(0x676e7472)

/* Hidden in front of the struct that the caller sees. */
struct result {
    uint32_t magic;
    struct gnt_arena arena;
    void (*on_free)(void *);
    void *on_free_arg;
    max_align_t root[];
};

static struct result *result_of(void *root)
{
    return (struct result *)(void *)((char *)root - offsetof(struct result, root));
}

void *gnt_result_new(const struct gnt_mem *mem, int kind, gantry_error *err)
{
    const struct gnt_model *model = model_of(kind);
    struct result *r;

    if (model == NULL) {
        gnt_fail(err, GANTRY_E_INVALID, "kind: %d is no kind of result", kind);
        return NULL;
    }
    r = gnt_alloc(mem, sizeof *r + model->size);
    if (r == NULL) {
        gnt_nomem(err);
        return NULL;
    }
    r->magic = RESULT_MAGIC;
    gnt_arena_init(&r->arena, mem);
    r->arena.wipe = kind == GANTRY_KIND_LOGIN_RESULT || kind == GNT_KIND_FOUND_AUTH;
    gnt_model_defaults(kind, r->root);
    return r->root;
}

void *gnt_result_item(void *result, int kind)
{
    const struct gnt_model *model = model_of(kind);
    void *item;

    if (model == NULL)
        return NULL;
    item = gnt_arena_alloc(gnt_result_arena(result), model->size);
    if (item != NULL)
        gnt_model_defaults(kind, item);
    return item;
}

struct gnt_arena *gnt_result_arena(void *result)
{
    return &result_of(result)->arena;
}

void gnt_result_on_free(void *result, void (*fn)(void *), void *arg)
{
    struct result *r = result_of(result);

    r->on_free = fn;
    r->on_free_arg = arg;
}

void gnt_result_free(void *result)
{
    struct gnt_mem mem;
    struct result *r;

    if (result == NULL)
        return;
    r = result_of(result);
    /* An item of a list, or something freed before: leaking is the lesser evil. */
    if (r->magic != RESULT_MAGIC)
        return;
    if (r->on_free != NULL)
        r->on_free(r->on_free_arg);
    r->magic = 0;
    mem = r->arena.mem;
    gnt_arena_free(&r->arena);
    gnt_free(&mem, r);
}
