/*
 * Disk use: lists of the engines' documents into items, and their sums. Shared layers count once:
 * an engine's own sum of the layers less what only the images in use have is what would be freed.
 */
#include "rest_usage.h"

#include "error.h"

const struct gnt_word gnt_usage_states[] = { { "running", 1 },  { "stopping", 1 },
                                             { "paused", 1 },   { "restarting", 1 },
                                             { "removing", 1 }, { NULL, 0 } };

static gantry_usage_sum *new_sum(struct gnt_arena *arena, gantry_error *err)
{
    gantry_usage_sum *sum = gnt_arena_alloc(arena, sizeof *sum);

    if (sum == NULL) {
        gnt_nomem(err);
        return NULL;
    }
    gnt_model_defaults(GANTRY_KIND_USAGE_SUM, sum);
    sum->count = 0;
    sum->active = 0;
    sum->bytes = 0;
    sum->reclaimable_bytes = 0;
    return sum;
}

/* ---- images ---------------------------------------------------------------------------------- */

static int add_image(struct gnt_arena *arena, const gantry_image_usage *image,
                     gantry_usage_item **out, gantry_error *err)
{
    gantry_usage_item *item = gnt_arena_alloc(arena, sizeof *item);

    if (item == NULL)
        return gnt_nomem(err);
    gnt_model_defaults(GANTRY_KIND_USAGE_ITEM, item);
    item->id = gnt_arena_strdup(arena, image->id);
    item->name = image->references[0] != NULL ? gnt_arena_strdup(arena, image->references[0]) : "";
    item->bytes = image->size_bytes;
    item->shared_bytes = image->shared_bytes;
    item->references = image->containers;
    item->active = image->containers > 0;
    *out = item;
    return item->id == NULL || item->name == NULL ? gnt_nomem(err) : 0;
}

/* What removing all images without containers frees: the layers that are not only of others. */
static void sum_images(gantry_usage_sum *sum, const gantry_image_disk_usage *images)
{
    int64_t all = 0;
    int64_t used = 0;

    for (size_t i = 0; i < images->count; i++) {
        const gantry_image_usage *image = images->items[i];

        sum->count++;
        sum->active += image->containers > 0;
        all += image->size_bytes;
        if (image->containers > 0)
            used += image->unique_bytes >= 0 ? image->unique_bytes : image->size_bytes;
    }
    sum->bytes = images->total_bytes >= 0 ? images->total_bytes : all;
    sum->reclaimable_bytes = sum->bytes > used ? sum->bytes - used : 0;
}

static int take_images(struct gnt_in_context *c, const struct gnt_usage_dialect *dialect,
                       struct gnt_json *v, gantry_disk_usage *usage)
{
    gantry_image_disk_usage *images =
        gnt_result_new(&c->arena->mem, GANTRY_KIND_IMAGE_DISK_USAGE, c->err);
    gantry_usage_sum *sum = NULL;
    gantry_usage_item **items = NULL;
    int rc = images == NULL ? GANTRY_E_NOMEM : dialect->take_images(images, v, c->err);

    if (rc == 0) {
        sum = new_sum(c->arena, c->err);
        items = gnt_arena_alloc(c->arena, (images->count + 1) * sizeof *items);
        rc = sum == NULL ? GANTRY_E_NOMEM : items == NULL ? gnt_nomem(c->err) : 0;
    }
    for (size_t i = 0; rc == 0 && i < images->count; i++)
        rc = add_image(c->arena, images->items[i], &items[i], c->err);
    if (rc == 0) {
        sum_images(sum, images);
        usage->images = sum;
        usage->image_items = (const gantry_usage_item *const *)items;
    }
    gnt_result_free(images);
    return rc;
}

/* ---- the others ------------------------------------------------------------------------------ */

/* Of a shared record nothing would be freed. */
static void sum_item(gantry_usage_sum *sum, const gantry_usage_item *item)
{
    int64_t own = item->bytes > 0 ? item->bytes : 0;

    if (item->shared_bytes > 0)
        own = own > item->shared_bytes ? own - item->shared_bytes : 0;
    sum->count++;
    sum->active += item->active;
    sum->bytes += own;
    sum->reclaimable_bytes += item->active ? 0 : own;
}

static int take_list(struct gnt_in_context *c, const struct gnt_usage_list *list,
                     const gantry_usage_sum **out_sum, const gantry_usage_item *const **out_items)
{
    const struct gnt_json *v = list->path != NULL ? gnt_json_get(c->root, list->path) : NULL;
    const struct gnt_json *first = NULL;
    gantry_usage_sum *sum;
    int rc;

    if (list->path == NULL)
        return 0;
    if (v == NULL && list->newer != NULL)
        v = gnt_json_get(c->root, list->newer);
    rc = gnt_objects(v, list->path, &first, c->err);
    if (rc == 0 && first != NULL)
        rc = gnt_in_items(c, v, GANTRY_KIND_USAGE_ITEM, list->rows, out_items);
    if (rc < 0)
        return rc;
    sum = new_sum(c->arena, c->err);
    if (sum == NULL)
        return GANTRY_E_NOMEM;
    for (const gantry_usage_item *const *at = *out_items; *at != NULL; at++) {
        gantry_usage_item *item = (gantry_usage_item *)*at; /* ours */

        item->active = item->active || item->references > 0;
        sum_item(sum, item);
    }
    *out_sum = sum;
    return 0;
}

int gnt_in_usage(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                 void *field)
{
    const struct gnt_usage_dialect *dialect = row->aux;
    gantry_disk_usage *usage = field;
    int rc = take_images(c, dialect, (struct gnt_json *)v, usage); /* it is read only */

    if (rc == 0)
        rc = take_list(c, &dialect->containers, &usage->containers, &usage->container_items);
    if (rc == 0)
        rc = take_list(c, &dialect->volumes, &usage->volumes, &usage->volume_items);
    if (rc == 0)
        rc = take_list(c, &dialect->build_cache, &usage->build_cache, &usage->build_cache_items);
    return rc;
}
