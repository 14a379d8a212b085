/*
 * The volumes of a list of mounts: each named one is created or accepted, once. Composed of a
 * backend's create and inspect.
 */
#include <gantry/volume.h>

#include <string.h>

#include "container.h"
#include "engine.h"
#include "ensure.h"
#include "error.h"
#include "partly.h"

struct ensuring {
    gantry_engine *e;
    const gantry_mount *const *mounts;
    gantry_volume_options base; /* with the call of all */
    gantry_volume_mounts_ensured *result;
    const gantry_volume_mount_ensured **items;
    gantry_volume **volumes; /* of the mount at the same place, if it is its first */
    struct gnt_arena *arena; /* for what lives as long as the call */
    const char *const *made; /* names */
};

/* ---- options --------------------------------------------------------------------------------- */

/* `over` behind those of `base` that have other keys. */
static int merge_pairs(struct gnt_arena *arena, const gantry_pair *base, size_t base_count,
                       const gantry_pair *over, size_t over_count, const gantry_pair **out,
                       size_t *out_count, gantry_error *err)
{
    gantry_pair *pairs = gnt_arena_alloc(arena, (base_count + over_count + 1) * sizeof *pairs);
    size_t count = 0;

    if (pairs == NULL)
        return gnt_nomem(err);
    for (size_t i = 0; i < base_count; i++) {
        size_t k = 0;

        while (k < over_count && strcmp(over[k].key, base[i].key) != 0)
            k++;
        if (k == over_count)
            pairs[count++] = base[i];
    }
    for (size_t k = 0; k < over_count; k++)
        pairs[count++] = over[k];
    *out = pairs;
    *out_count = count;
    return 0;
}

/* What a mount says of its volume wins. Options are of a driver: those of another do not count. */
static int options_of(const struct ensuring *en, const gantry_mount *m, gantry_volume_options *o,
                      gantry_error *err)
{
    const char *driver = en->base.driver != NULL ? en->base.driver : "local";
    int same = m->driver == NULL || strcmp(m->driver, driver) == 0;
    int rc;

    *o = en->base;
    if (m->driver != NULL)
        o->driver = m->driver;
    rc = merge_pairs(en->arena, o->options, same ? o->option_count : 0, m->driver_options,
                     m->driver_option_count, &o->options, &o->option_count, err);
    if (rc == 0)
        rc = merge_pairs(en->arena, o->labels, o->label_count, m->labels, m->label_count,
                         &o->labels, &o->label_count, err);
    return rc;
}

/* ---- one mount ------------------------------------------------------------------------------- */

static int is_named(const gantry_mount *m)
{
    return m->type == GANTRY_MOUNT_VOLUME && m->source != NULL;
}

static const gantry_volume *volume_before(const struct ensuring *en, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (is_named(en->mounts[i]) && en->volumes[i] != NULL &&
            strcmp(en->mounts[i]->source, en->mounts[at]->source) == 0)
            return en->volumes[i];
    }
    return NULL;
}

static int ensure_named(struct ensuring *en, size_t at, gantry_volume_mount_ensured *item,
                        gantry_error *err)
{
    const gantry_mount *m = en->mounts[at];
    const gantry_volume *volume = volume_before(en, at);
    gantry_volume_options o;
    int rc = options_of(en, m, &o, err);

    if (rc == 0 && volume == NULL) {
        rc = gnt_volume_ensure(en->e, m->source, &o, &en->volumes[at], &item->created, err);
        if (rc < 0)
            gnt_error_prefix(err, "mount %s: ", m->target);
        volume = en->volumes[at];
    }
    if (rc == 0 && item->created) {
        en->made = gnt_strings_add(en->arena, en->made, m->source);
        return en->made == NULL ? gnt_nomem(err) : 0;
    }
    if (rc == 0)
        rc = gnt_volume_differences(gnt_result_arena(en->result), volume, &o, &item->differences,
                                    err);
    return rc;
}

static int ensure_mount(struct ensuring *en, size_t at, gantry_error *err)
{
    struct gnt_arena *arena = gnt_result_arena(en->result);
    const gantry_mount *m = en->mounts[at];
    gantry_volume_mount_ensured *item = gnt_result_item(en->result, GNT_KIND_VOLUME_MOUNT_ENSURED);

    if (item == NULL)
        return gnt_nomem(err);
    item->type = m->type;
    item->target = gnt_arena_strdup(arena, m->target);
    if (m->source != NULL)
        item->source = gnt_arena_strdup(arena, m->source);
    if (item->target == NULL || item->source == NULL)
        return gnt_nomem(err);
    en->items[at] = item;
    return is_named(m) ? ensure_named(en, at, item, err) : 0;
}

static int ensure_mounts(struct ensuring *en, gantry_error *err)
{
    size_t count = 0;
    int rc = 0;

    while (en->mounts != NULL && en->mounts[count] != NULL)
        count++;
    en->items = gnt_arena_alloc(gnt_result_arena(en->result), (count + 1) * sizeof *en->items);
    en->volumes = gnt_arena_alloc(en->arena, (count + 1) * sizeof *en->volumes);
    if (en->items == NULL || en->volumes == NULL)
        return gnt_nomem(err);
    en->made = gnt_no_strings;
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = ensure_mount(en, i, err);
    for (size_t i = 0; i < count; i++)
        gantry_volume_free(en->volumes[i]);
    en->result->items = en->items;
    en->result->count = count;
    return gnt_tell_done("made", en->made != NULL ? en->made : gnt_no_strings, rc, err);
}

/* ---- the public function --------------------------------------------------------------------- */

static int import_options(struct ensuring *en, const gantry_mount *const *mounts,
                          const gantry_volume_mounts_options *opts, gantry_call *shared,
                          gantry_error *err)
{
    gantry_volume_mounts_options o;
    int rc = mounts == NULL ? gnt_fail(err, GANTRY_E_INVALID, "mounts: must not be NULL") : 0;

    if (rc == 0)
        rc = GNT_IMPORT(gantry_volume_mounts_options, o, opts, err);
    if (rc == 0)
        rc = gnt_import(&en->base, sizeof en->base, o.volume, "gantry_volume_options", err);
    if (rc == 0)
        rc = gnt_mounts_import(en->arena, mounts, &en->mounts, err);
    if (rc == 0)
        en->base.call = gnt_call_share(shared, o.call);
    return rc;
}

int gantry_volumes_ensure_mounts(gantry_volumes *volumes, const gantry_mount *const *mounts,
                                 const gantry_volume_mounts_options *opts,
                                 gantry_volume_mounts_ensured **out, gantry_error *err)
{
    struct ensuring en = { .e = volumes != NULL ? volumes->engine : NULL };
    struct gnt_arena arena;
    gantry_call shared;
    int rc = gnt_enter(en.e, GANTRY_FEATURE_VOLUMES_CREATE, err);

    if (rc < 0)
        return gnt_leave(rc, GANTRY_FEATURE_VOLUMES_CREATE, GANTRY_RESOURCE_VOLUME, NULL, err);
    gnt_arena_init(&arena, &en.e->host.mem);
    en.arena = &arena;
    rc = import_options(&en, mounts, opts, &shared, err);
    if (rc == 0) {
        en.result = gnt_result_new(&en.e->host.mem, GNT_KIND_VOLUME_MOUNTS_ENSURED, err);
        rc = en.result == NULL ? GANTRY_E_NOMEM : ensure_mounts(&en, err);
    }
    gnt_arena_free(&arena);
    if (rc == 0 && out != NULL)
        *out = en.result;
    else
        gantry_volume_mounts_ensured_free(en.result);
    return gnt_leave(rc, GANTRY_FEATURE_VOLUMES_CREATE, GANTRY_RESOURCE_VOLUME, NULL, err);
}
