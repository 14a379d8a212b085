/*
 * Volumes of the memory backend: names with labels. The simplest manager, so the comments here say
 * what holds for the slots of all of them. Names arrive checked, options in full size and never
 * NULL; `missing_ok`, `ensure` and the like are done by the library on top of these slots.
 */
#include "memory_store.h"

#include <string.h>

static int64_t users_of(const struct memory_engine *engine, const struct memory_volume *volume,
                        const struct memory_container **out)
{
    int64_t count = 0;

    for (const struct memory_object *o = engine->containers; o != NULL; o = o->next) {
        const struct memory_container *container = (const struct memory_container *)o;
        size_t i = 0;

        while (i < container->mount_count && container->mounts[i].volume != volume)
            i++;
        if (i < container->mount_count && out != NULL)
            *out = container;
        count += i < container->mount_count;
    }
    return count;
}

/* Nothing here writes into a volume. */
static void fill_usage(const struct memory_engine *engine, const struct memory_volume *volume,
                       gantry_volume *out)
{
    out->used_bytes = 0;
    out->references = users_of(engine, volume, NULL);
}

static int fill_volume(struct memory_fill *fill, const struct memory_volume *volume,
                       gantry_volume *out)
{
    if (out == NULL)
        return 0;
    out->name = memory_fill_text(fill, volume->object.name);
    out->driver = memory_fill_text(fill, "local");
    out->scope = memory_fill_text(fill, "local");
    out->created_ns = volume->object.created_ns;
    out->labels = memory_fill_pairs(fill, volume->object.labels, volume->object.label_count);
    out->label_count = volume->object.label_count;
    out->options = memory_fill_pairs(fill, volume->options, volume->option_count);
    out->option_count = volume->option_count;
    out->anonymous = volume->anonymous;
    return 1;
}

static int volume_result(struct memory_engine *engine, const struct memory_volume *volume,
                         int usage, gantry_volume **out, gantry_error *err)
{
    struct memory_fill fill = { 0 };
    gantry_volume *result = gantry_result_new(engine->host, GANTRY_KIND_VOLUME, err);

    if (result == NULL)
        return GANTRY_E_NOMEM;
    fill.result = result;
    fill_volume(&fill, volume, result);
    result->json = memory_fill_text(&fill, "{}");
    if (usage == GANTRY_ON)
        fill_usage(engine, volume, result);
    if (memory_fill_done(&fill, err) == NULL)
        return GANTRY_E_NOMEM;
    *out = result;
    return 0;
}

/* Also for volumes that a container's mount asks for; without a name it is an anonymous one. */
struct memory_volume *memory_volume_new(struct memory_engine *engine, const char *name,
                                        gantry_error *err)
{
    struct memory_volume *volume = memory_object_new(engine, sizeof *volume, err);

    if (volume == NULL)
        return NULL;
    volume->anonymous = name == NULL;
    volume->object.name = memory_keep_text(volume, name != NULL ? name : volume->object.id);
    return volume;
}

/*
 * An option that has no meaning here is refused by name. Ignoring it would break the promise that
 * a set option has an effect or is an error.
 */
static int create(void *state, const char *name, const gantry_volume_options *opts,
                  gantry_volume **out, gantry_error *err)
{
    struct memory_engine *engine = state;
    struct memory_volume *volume;
    int rc;

    if (opts->driver != NULL && strcmp(opts->driver, "local") != 0)
        return gantry_unsupported_option(err, "driver");
    if (opts->extra_json != NULL)
        return gantry_unsupported_option(err, "extra_json");
    rc = memory_enter(engine, "volumes.create", opts->call, err);
    if (rc < 0)
        return rc;
    if (name != NULL && memory_list_named(engine->volumes, name) != NULL) {
        rc = memory_error(err, GANTRY_E_EXISTS, GANTRY_RESOURCE_VOLUME, name,
                          "a volume named %s exists", name);
        goto out;
    }
    volume = memory_volume_new(engine, name, err);
    if (volume == NULL) {
        rc = GANTRY_E_NOMEM;
        goto out;
    }
    volume->anonymous = 0;
    volume->object.labels = memory_keep_pairs(volume, opts->labels, opts->label_count);
    volume->object.label_count = opts->label_count;
    volume->options = memory_keep_pairs(volume, opts->options, opts->option_count);
    volume->option_count = opts->option_count;
    rc = memory_object_ready(volume, err);
    if (rc == 0)
        rc = volume_result(engine, volume, GANTRY_OFF, out, err);
    if (rc == 0)
        memory_list_add(&engine->volumes, volume);
    else
        memory_object_free(volume);
out:
    memory_leave(engine);
    return rc;
}

static int inspect(void *state, const char *name, const gantry_volume_inspect_options *opts,
                   gantry_volume **out, gantry_error *err)
{
    struct memory_engine *engine = state;
    const struct memory_volume *volume;
    int rc = memory_enter(engine, "volumes.inspect", opts->call, err);

    if (rc < 0)
        return rc;
    volume = memory_list_named(engine->volumes, name);
    rc = volume != NULL ? volume_result(engine, volume, opts->usage, out, err)
                        : memory_not_found(err, GANTRY_RESOURCE_VOLUME, name);
    memory_leave(engine);
    return rc;
}

static int wanted(const struct memory_engine *engine, const struct memory_object *object,
                  const gantry_volume_list_options *opts)
{
    int unused = users_of(engine, (const struct memory_volume *)object, NULL) == 0;

    if (opts->unused != GANTRY_DEFAULT && unused != (opts->unused == GANTRY_ON))
        return 0;
    if (memory_count(opts->drivers) > 0 && !memory_listed(opts->drivers, "local"))
        return 0;
    if (memory_count(opts->names) > 0 && !memory_listed(opts->names, object->name))
        return 0;
    return memory_labels_match(object, opts->labels);
}

/* A list: an array of items, each made by gantry_result_item(), one NULL more than `count`. */
static int list(void *state, const gantry_volume_list_options *opts, gantry_volume_list **out,
                gantry_error *err)
{
    struct memory_engine *engine = state;
    struct memory_fill fill = { 0 };
    gantry_volume_list *result;
    const gantry_volume **items;
    size_t count = 0;
    int rc;

    if (opts->filter_count > 0)
        return gantry_unsupported_option(err, "filters");
    rc = memory_enter(engine, "volumes.list", opts->call, err);
    if (rc < 0)
        return rc;
    result = fill.result = gantry_result_new(engine->host, GANTRY_KIND_VOLUME_LIST, err);
    if (result == NULL) {
        memory_leave(engine);
        return GANTRY_E_NOMEM;
    }
    for (const struct memory_object *o = engine->volumes; o != NULL; o = o->next)
        count += (size_t)wanted(engine, o, opts);
    items = memory_fill_alloc(&fill, (count + 1) * sizeof(void *));
    for (const struct memory_object *o = engine->volumes; o != NULL && items != NULL; o = o->next) {
        gantry_volume *item;

        if (!wanted(engine, o, opts))
            continue;
        item = memory_fill_item(&fill, GANTRY_KIND_VOLUME);
        if (!fill_volume(&fill, (const struct memory_volume *)o, item))
            continue;
        if (opts->usage == GANTRY_ON)
            fill_usage(engine, (const struct memory_volume *)o, item);
        items[result->count++] = item;
    }
    memory_leave(engine);
    if (memory_fill_done(&fill, err) == NULL)
        return GANTRY_E_NOMEM;
    result->items = items;
    *out = result;
    return 0;
}

static int remove_volume(void *state, const char *name, const gantry_volume_remove_options *opts,
                         gantry_error *err)
{
    struct memory_engine *engine = state;
    const struct memory_container *user = NULL;
    struct memory_volume *volume;
    int rc = memory_enter(engine, "volumes.remove", opts->call, err);

    if (rc < 0)
        return rc;
    volume = memory_list_named(engine->volumes, name);
    if (volume == NULL) {
        rc = memory_not_found(err, GANTRY_RESOURCE_VOLUME, name);
    } else if (users_of(engine, volume, &user) > 0) {
        rc = memory_error(err, GANTRY_E_IN_USE, GANTRY_RESOURCE_VOLUME, name,
                          "volume %s is used by container %s", name, user->object.name);
    } else {
        memory_list_remove(&engine->volumes, volume);
    }
    memory_leave(engine);
    return rc;
}

const gantry_volume_ops memory_volume_ops = {
    .size = sizeof memory_volume_ops,
    .create = create,
    .inspect = inspect,
    .list = list,
    .remove = remove_volume,
};
