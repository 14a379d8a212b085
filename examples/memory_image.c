/*
 * Images of the memory backend: metadata without layers. Names are objects of their own (tags),
 * since an image may have several and they move from image to image.
 */
#include "memory_store.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

/* ---- references --------------------------------------------------------------------------- */

void memory_reference(char full[MEMORY_REFERENCE_SIZE], const char *reference)
{
    static const char *const domains[] = { "docker.io/", "index.docker.io/" };
    const char *last;
    int named;

    for (size_t i = 0; i < sizeof domains / sizeof domains[0]; i++) {
        if (strncmp(reference, domains[i], strlen(domains[i])) == 0)
            reference += strlen(domains[i]);
    }
    if (strncmp(reference, "library/", 8) == 0)
        reference += 8;
    last = strrchr(reference, '/');
    named = strchr(last != NULL ? last : reference, ':') != NULL || strchr(reference, '@') != NULL;
    snprintf(full, MEMORY_REFERENCE_SIZE, "%s%s", reference, named ? "" : ":latest");
}

static struct memory_tag *find_tag(struct memory_engine *engine, const char *reference)
{
    char full[MEMORY_REFERENCE_SIZE];

    memory_reference(full, reference);
    return memory_list_named(engine->tags, full);
}

/* NULL, with `err` filled, if there is none. A name wins over the beginning of an id. */
struct memory_image *memory_image_find(struct memory_engine *engine, const char *reference,
                                       gantry_error *err)
{
    struct memory_tag *tag = find_tag(engine, reference);
    struct memory_image *image;

    if (tag != NULL)
        return tag->image;
    image = memory_list_find(engine->images,
                             strncmp(reference, "sha256:", 7) == 0 ? reference + 7 : reference);
    if (image == NULL)
        memory_not_found(err, GANTRY_RESOURCE_IMAGE, reference);
    return image;
}

int memory_image_tag(struct memory_engine *engine, struct memory_image *image,
                     const char *reference, gantry_error *err)
{
    struct memory_tag *tag = find_tag(engine, reference);
    char full[MEMORY_REFERENCE_SIZE];
    int rc;

    if (tag != NULL) {
        tag->image = image;
        return 0;
    }
    tag = memory_object_new(engine, sizeof *tag, err);
    if (tag == NULL)
        return GANTRY_E_NOMEM;
    tag->image = image;
    memory_reference(full, reference);
    tag->object.name = memory_keep_text(tag, full);
    rc = memory_object_ready(tag, err);
    if (rc == 0)
        memory_list_add(&engine->tags, tag);
    else
        memory_object_free(tag);
    return rc;
}

/* ---- import ------------------------------------------------------------------------------- */

/* The bytes are counted, not kept. A source that fails is the call's error, as on real engines. */
static int drain(const gantry_source *source, int64_t *out_size, gantry_error *err)
{
    char buffer[16384];
    size_t size;

    *out_size = 0;
    do {
        int rc = source->read(source->arg, buffer, sizeof buffer, &size, err);

        if (rc < 0)
            return rc;
        *out_size += (int64_t)size;
    } while (size > 0);
    if (source->length > 0 && source->length != *out_size)
        return gantry_error_set(err, GANTRY_E_INVALID, "the source gave %lld bytes instead of %lld",
                                (long long)*out_size, (long long)source->length);
    return 0;
}

/* `changes` are instructions of a Dockerfile: the same code applies them. */
static int apply_changes(struct memory_image *image, const char *const *changes, gantry_error *err)
{
    const struct memory_variables none = { 0 };

    for (size_t i = 0; changes != NULL && changes[i] != NULL; i++) {
        const struct memory_instruction *instructions;
        size_t count;
        int rc = memory_dockerfile_parse(image, changes[i], &instructions, &count, err);

        if (rc == 0)
            rc = memory_instruction_apply(image, &instructions[0], &none, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int import(void *state, const char *reference, const gantry_source *tar,
                  const gantry_image_import_options *opts, gantry_image_import_result **out,
                  gantry_error *err)
{
    struct memory_engine *engine = state;
    struct memory_fill fill = { 0 };
    struct memory_image *image = NULL;
    gantry_image_import_result *result;
    int64_t size;
    int rc;

    if (opts->platform != NULL)
        return gantry_unsupported_option(err, "platform");
    rc = drain(tar, &size, err); /* not under the lock: the caller's source may take its time */
    if (rc == 0)
        rc = memory_enter(engine, "images.import", opts->call, err);
    if (rc < 0)
        return rc;
    rc = GANTRY_E_NOMEM;
    result = fill.result = gantry_result_new(engine->host, GANTRY_KIND_IMAGE_IMPORT_RESULT, err);
    if (result == NULL)
        goto out;
    image = memory_object_new(engine, sizeof *image, err);
    if (image == NULL)
        goto out;
    image->size_bytes = size;
    image->comment = memory_keep_text(image, opts->message);
    result->image_id = memory_fill_text(&fill, image->object.id);
    rc = apply_changes(image, opts->changes, err);
    if (rc == 0 && fill.failed)
        rc = gantry_error_set(err, GANTRY_E_NOMEM, "out of memory");
    if (rc == 0)
        rc = memory_object_ready(image, err);
    if (rc == 0 && reference != NULL)
        rc = memory_image_tag(engine, image, reference, err);
out:
    if (rc == 0) {
        memory_list_add(&engine->images, image);
        *out = result;
    } else {
        memory_object_free(image);
        gantry_result_free(result);
    }
    memory_leave(engine);
    return rc;
}

/* ---- list, inspect ------------------------------------------------------------------------ */

static size_t count_tags(const struct memory_engine *engine, const struct memory_image *image)
{
    size_t count = 0;

    for (const struct memory_object *o = engine->tags; o != NULL; o = o->next)
        count += ((const struct memory_tag *)o)->image == image;
    return count;
}

/* The names of an image, in a result. */
static const char *const *fill_tags(struct memory_fill *fill, const struct memory_engine *engine,
                                    const struct memory_image *image)
{
    const char **names = memory_fill_alloc(fill, (count_tags(engine, image) + 1) * sizeof *names);
    size_t count = 0;

    for (const struct memory_object *o = engine->tags; o != NULL && names != NULL; o = o->next) {
        if (((const struct memory_tag *)o)->image == image)
            names[count++] = memory_fill_text(fill, o->name);
    }
    return names;
}

static int fill_summary(struct memory_fill *fill, const struct memory_engine *engine,
                        const struct memory_image *image, gantry_image *out)
{
    if (out == NULL)
        return 0;
    out->id = memory_fill_text(fill, image->object.id);
    out->references = fill_tags(fill, engine, image);
    out->created_ns = image->object.created_ns;
    out->size_bytes = image->size_bytes;
    out->labels = memory_fill_pairs(fill, image->object.labels, image->object.label_count);
    out->label_count = image->object.label_count;
    return 1;
}

static int inspect(void *state, const char *reference, const gantry_image_inspect_options *opts,
                   gantry_image **out, gantry_error *err)
{
    struct memory_engine *engine = state;
    struct memory_fill fill = { 0 };
    struct memory_image *image;
    gantry_image *result = gantry_result_new(engine->host, GANTRY_KIND_IMAGE, err);
    int rc;

    if (result == NULL)
        return GANTRY_E_NOMEM;
    fill.result = result;
    rc = memory_enter(engine, "images.inspect", opts->call, err);
    image = rc == 0 ? memory_image_find(engine, reference, err) : NULL;
    if (image != NULL) {
        fill_summary(&fill, engine, image, result);
        result->os = memory_fill_text(&fill, "linux");
        result->comment = memory_fill_text(&fill, image->comment);
        result->user = memory_fill_text(&fill, image->user);
        result->working_directory = memory_fill_text(&fill, image->working_directory);
        result->command = memory_fill_strings(&fill, image->command);
        result->entrypoint = memory_fill_strings(&fill, image->entrypoint);
        result->environment = memory_fill_strings(&fill, image->environment);
        result->exposed_ports = memory_fill_strings(&fill, image->exposed_ports);
        result->json = memory_fill_text(&fill, "{}");
    }
    if (rc == 0)
        memory_leave(engine);
    if (image == NULL) {
        gantry_result_free(result);
        return rc < 0 ? rc : GANTRY_E_NOT_FOUND;
    }
    if (memory_fill_done(&fill, err) == NULL)
        return GANTRY_E_NOMEM;
    *out = result;
    return 0;
}

/* A pattern without a tag stands for any tag, as on the engines. */
static int matches_reference(const char *pattern, const char *name)
{
    const char *last = strrchr(name, '/');
    const char *colon = strrchr(last != NULL ? last : name, ':');
    char path[512];

    if (fnmatch(pattern, name, FNM_PATHNAME) == 0)
        return 1;
    snprintf(path, sizeof path, "%.*s", colon != NULL ? (int)(colon - name) : 0, name);
    return fnmatch(pattern, path, FNM_PATHNAME) == 0;
}

static int wanted(const struct memory_engine *engine, const struct memory_image *image,
                  const gantry_image_list_options *opts)
{
    size_t tags = count_tags(engine, image);
    int matched = memory_count(opts->references) == 0;

    if ((opts->dangling == GANTRY_ON && tags > 0) || (opts->dangling == GANTRY_OFF && tags == 0))
        return 0;
    for (const struct memory_object *o = engine->tags; o != NULL && !matched; o = o->next) {
        if (((const struct memory_tag *)o)->image != image)
            continue;
        for (size_t i = 0; opts->references[i] != NULL; i++)
            matched |= matches_reference(opts->references[i], o->name);
    }
    return matched && memory_labels_match(&image->object, opts->labels);
}

static void fill_list(struct memory_fill *fill, const struct memory_engine *engine,
                      const gantry_image_list_options *opts)
{
    gantry_image_list *list = fill->result;
    const gantry_image **items;
    size_t count = 0;

    for (const struct memory_object *o = engine->images; o != NULL; o = o->next)
        count += (size_t)wanted(engine, (const struct memory_image *)o, opts);
    items = memory_fill_alloc(fill, (count + 1) * sizeof(void *));
    for (const struct memory_object *o = engine->images; o != NULL && items != NULL; o = o->next) {
        const struct memory_image *image = (const struct memory_image *)o;
        gantry_image *item;

        if (!wanted(engine, image, opts))
            continue;
        item = memory_fill_item(fill, GANTRY_KIND_IMAGE);
        if (fill_summary(fill, engine, image, item))
            items[list->count++] = item;
    }
    if (items != NULL)
        list->items = items;
}

static int list_images(void *state, const gantry_image_list_options *opts, gantry_image_list **out,
                       gantry_error *err)
{
    struct memory_engine *engine = state;
    struct memory_fill fill = { 0 };
    int rc;

    if (opts->filter_count > 0)
        return gantry_unsupported_option(err, "filters");
    rc = memory_enter(engine, "images.list", opts->call, err);
    if (rc < 0)
        return rc;
    fill.result = gantry_result_new(engine->host, GANTRY_KIND_IMAGE_LIST, err);
    if (fill.result != NULL)
        fill_list(&fill, engine, opts);
    memory_leave(engine);
    if (fill.result == NULL || memory_fill_done(&fill, err) == NULL)
        return GANTRY_E_NOMEM;
    *out = fill.result;
    return 0;
}

/* ---- tag, remove -------------------------------------------------------------------------- */

static int tag_image(void *state, const char *reference, const char *new_reference,
                     const gantry_image_tag_options *opts, gantry_error *err)
{
    struct memory_engine *engine = state;
    struct memory_image *image;
    int rc = memory_enter(engine, "images.tag", opts->call, err);

    if (rc < 0)
        return rc;
    image = memory_image_find(engine, reference, err);
    rc = image != NULL ? memory_image_tag(engine, image, new_reference, err) : GANTRY_E_NOT_FOUND;
    memory_leave(engine);
    return rc;
}

/* Whether removing this name (or, without one, the image) is allowed. */
static int check_removal(const struct memory_engine *engine, const struct memory_image *image,
                         const struct memory_tag *tag, const char *reference, int force,
                         gantry_error *err)
{
    size_t tags = count_tags(engine, image);

    if (tag != NULL && tags > 1)
        return 0; /* the image stays */
    if (tag == NULL && tags > 1 && !force)
        return memory_error(err, GANTRY_E_CONFLICT, GANTRY_RESOURCE_IMAGE, reference,
                            "image %s has several names", reference);
    for (const struct memory_object *o = engine->containers; o != NULL; o = o->next) {
        if (((const struct memory_container *)o)->image == image)
            return memory_error(err, GANTRY_E_IN_USE, GANTRY_RESOURCE_IMAGE, reference,
                                "image %s is used by container %s", reference, o->name);
    }
    return 0;
}

static void delete_tags(struct memory_engine *engine, const struct memory_image *image)
{
    struct memory_object *next;

    for (struct memory_object *o = engine->tags; o != NULL; o = next) {
        next = o->next;
        if (((struct memory_tag *)o)->image == image)
            memory_list_remove(&engine->tags, o);
    }
}

static int fill_removal(struct memory_fill *fill, const struct memory_engine *engine,
                        const struct memory_image *image, const struct memory_tag *tag, int last,
                        gantry_error *err)
{
    const char *one[2] = { tag != NULL ? tag->object.name : NULL, NULL };
    const char *deleted[2] = { image->object.id, NULL };
    gantry_image_removal *removal = fill->result;

    removal->untagged =
        tag != NULL ? memory_fill_strings(fill, one) : fill_tags(fill, engine, image);
    if (last)
        removal->deleted = memory_fill_strings(fill, deleted);
    return fill->failed ? gantry_error_set(err, GANTRY_E_NOMEM, "out of memory") : 0;
}

static int remove_image(void *state, const char *reference, const gantry_image_remove_options *opts,
                        gantry_image_removal **out, gantry_error *err)
{
    struct memory_engine *engine = state;
    struct memory_fill fill = { 0 };
    struct memory_image *image;
    struct memory_tag *tag;
    int last = 0;
    int rc;

    if (opts->keep_parents == GANTRY_ON)
        return gantry_unsupported_option(err, "keep_parents");
    fill.result = gantry_result_new(engine->host, GANTRY_KIND_IMAGE_REMOVAL, err);
    if (fill.result == NULL)
        return GANTRY_E_NOMEM;
    rc = memory_enter(engine, "images.remove", opts->call, err);
    if (rc < 0) {
        gantry_result_free(fill.result);
        return rc;
    }
    tag = find_tag(engine, reference);
    image = memory_image_find(engine, reference, err);
    rc = image == NULL
             ? GANTRY_E_NOT_FOUND
             : check_removal(engine, image, tag, reference, opts->force == GANTRY_ON, err);
    if (rc == 0) {
        last = tag == NULL || count_tags(engine, image) <= 1;
        rc = fill_removal(&fill, engine, image, tag, last, err);
    }
    if (rc == 0 && last) {
        delete_tags(engine, image);
        memory_list_remove(&engine->images, image);
    } else if (rc == 0) {
        memory_list_remove(&engine->tags, tag);
    }
    memory_leave(engine);
    if (rc < 0)
        gantry_result_free(fill.result);
    else
        *out = fill.result;
    return rc;
}

const gantry_image_ops memory_image_ops = {
    .size = sizeof memory_image_ops,
    .build = memory_images_build,
    .import = import,
    .list = list_images,
    .inspect = inspect,
    .tag = tag_image,
    .remove = remove_image,
};
