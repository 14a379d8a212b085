/*
 * Objects of the memory backend: their memory, lists, look-up and errors. Knows no operation.
 *
 * An object owns a chain of blocks, so that freeing it is one call whatever it holds, and building
 * one needs no clean-up path: allocate everything, then ask memory_object_ready() once.
 */
#include "memory_store.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct memory_block {
    struct memory_block *next;
    size_t size;
};

int memory_enter(struct memory_engine *engine, const char *operation, const gantry_call *call,
                 gantry_error *err)
{
    int rc = gantry_call_check(call, gantry_clock_ns(), err);

    if (rc < 0)
        return rc;
    gantry_host_log(engine->host, GANTRY_LOG_DEBUG, "memory", "%s", operation);
    pthread_mutex_lock(&engine->lock);
    return 0;
}

void memory_leave(struct memory_engine *engine)
{
    pthread_mutex_unlock(&engine->lock);
}

/* ---- objects ------------------------------------------------------------------------------ */

/* Ids only have to be unique and to look like ids: the serial number, mixed. */
static void make_id(uint64_t serial, char id[65])
{
    for (int part = 0; part < 4; part++) {
        uint64_t x = serial * 4 + (uint64_t)part + UINT64_C(0x9e3779b97f4a7c15);

        x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
        x ^= x >> 31;
        snprintf(id + (size_t)part * 16, 17, "%016llx", (unsigned long long)x);
    }
}

void *memory_object_new(struct memory_engine *engine, size_t size, gantry_error *err)
{
    struct memory_object *object = gantry_host_alloc(engine->host, size);
    struct timespec now;

    if (object == NULL) {
        gantry_error_set(err, GANTRY_E_NOMEM, "out of memory");
        return NULL;
    }
    object->host = engine->host;
    object->name = "";
    make_id(++engine->serial, object->id);
    clock_gettime(CLOCK_REALTIME, &now);
    object->created_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
    return object;
}

void memory_object_free(void *object)
{
    struct memory_object *self = object;

    if (self == NULL)
        return;
    while (self->blocks != NULL) {
        struct memory_block *block = self->blocks;

        self->blocks = block->next;
        gantry_host_free(self->host, block);
    }
    gantry_host_free(self->host, self);
}

int memory_object_ready(const void *object, gantry_error *err)
{
    const struct memory_object *self = object;

    return self->failed ? gantry_error_set(err, GANTRY_E_NOMEM, "out of memory") : 0;
}

void *memory_keep(void *object, size_t size)
{
    struct memory_object *self = object;
    struct memory_block *block = NULL;

    if (size <= SIZE_MAX / 2)
        block = gantry_host_alloc(self->host, sizeof *block + size);
    if (block == NULL) {
        self->failed = 1;
        return NULL;
    }
    block->size = size;
    block->next = self->blocks;
    self->blocks = block;
    return block + 1;
}

const char *memory_keep_text(void *object, const char *text)
{
    size_t size = text != NULL ? strlen(text) + 1 : 1;
    char *copy = memory_keep(object, size);

    if (copy == NULL)
        return "";
    if (text != NULL)
        memcpy(copy, text, size);
    return copy;
}

static const char *const no_strings[] = { NULL };

const char *const *memory_keep_strings(void *object, const char *const *list)
{
    size_t count = memory_count(list);
    const char **copy = memory_keep(object, (count + 1) * sizeof *copy);

    if (copy == NULL)
        return no_strings;
    for (size_t i = 0; i < count; i++)
        copy[i] = memory_keep_text(object, list[i]);
    return copy;
}

const char *const *memory_keep_appended(void *object, const char *const *list, const char *text)
{
    size_t count = memory_count(list);
    const char **copy = memory_keep(object, (count + 2) * sizeof *copy);

    if (copy == NULL)
        return no_strings;
    for (size_t i = 0; i < count; i++)
        copy[i] = list[i];
    copy[count] = memory_keep_text(object, text);
    return copy;
}

const gantry_pair *memory_keep_pairs(void *object, const gantry_pair *pairs, size_t count)
{
    gantry_pair *copy = memory_keep(object, (count + 1) * sizeof *copy);

    for (size_t i = 0; copy != NULL && i < count; i++) {
        copy[i].key = memory_keep_text(object, pairs[i].key);
        copy[i].value = memory_keep_text(object, pairs[i].value);
    }
    return copy;
}

void memory_keep_pair(void *object, const gantry_pair **pairs, size_t *count, const char *key,
                      const char *value)
{
    gantry_pair *copy = memory_keep(object, (*count + 1) * sizeof *copy);
    size_t at = 0;

    if (copy == NULL)
        return;
    for (size_t i = 0; i < *count; i++)
        copy[i] = (*pairs)[i];
    while (at < *count && strcmp(copy[at].key, key) != 0)
        at++;
    copy[at].key = memory_keep_text(object, key);
    copy[at].value = memory_keep_text(object, value);
    *count = at == *count ? at + 1 : *count;
    *pairs = copy;
}

/* ---- lists -------------------------------------------------------------------------------- */

void memory_list_add(struct memory_object **list, void *object)
{
    struct memory_object *self = object;

    self->next = *list; /* the newest first, as engines list */
    *list = self;
}

void memory_list_remove(struct memory_object **list, void *object)
{
    while (*list != NULL && *list != object)
        list = &(*list)->next;
    if (*list == NULL)
        return;
    *list = (*list)->next;
    memory_object_free(object);
}

void memory_list_free(struct memory_object **list)
{
    while (*list != NULL)
        memory_list_remove(list, *list);
}

void *memory_list_named(struct memory_object *list, const char *name)
{
    for (; list != NULL; list = list->next) {
        if (strcmp(list->name, name) == 0)
            return list;
    }
    return NULL;
}

void *memory_list_find(struct memory_object *list, const char *name_or_id)
{
    struct memory_object *found = memory_list_named(list, name_or_id);
    size_t size = strlen(name_or_id);

    if (found != NULL)
        return found;
    for (; list != NULL; list = list->next) {
        if (strncmp(list->id, name_or_id, size) != 0)
            continue;
        if (found != NULL)
            return NULL; /* ambiguous */
        found = list;
    }
    return found;
}

/* ---- errors ------------------------------------------------------------------------------- */

int memory_error(gantry_error *err, int code, int kind, const char *resource, const char *fmt, ...)
{
    char message[sizeof err->message];
    va_list args;

    va_start(args, fmt);
    vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    gantry_error_set(err, code, "%s", message);
    if (err == NULL)
        return code;
    err->resource_kind = kind;
    snprintf(err->resource, sizeof err->resource, "%s", resource);
    err->outcome = GANTRY_OUTCOME_REFUSED;
    return code;
}

int memory_not_found(gantry_error *err, int kind, const char *resource)
{
    static const char *const names[] = {
        [GANTRY_RESOURCE_IMAGE] = "image",
        [GANTRY_RESOURCE_CONTAINER] = "container",
        [GANTRY_RESOURCE_VOLUME] = "volume",
        [GANTRY_RESOURCE_NETWORK] = "network",
    };

    return memory_error(err, GANTRY_E_NOT_FOUND, kind, resource, "no such %s: %s", names[kind],
                        resource);
}

/* ---- filters ------------------------------------------------------------------------------ */

size_t memory_count(const char *const *list)
{
    size_t count = 0;

    while (list != NULL && list[count] != NULL)
        count++;
    return count;
}

int memory_listed(const char *const *list, const char *text)
{
    for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
        if (strcmp(list[i], text) == 0)
            return 1;
    }
    return 0;
}

const char *memory_pair_value(const gantry_pair *pairs, size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(pairs[i].key, key) == 0)
            return pairs[i].value;
    }
    return NULL;
}

static int label_matches(const struct memory_object *object, const char *wanted)
{
    const char *equals = strchr(wanted, '=');
    size_t key_size = equals != NULL ? (size_t)(equals - wanted) : strlen(wanted);

    for (size_t i = 0; i < object->label_count; i++) {
        const gantry_pair *label = &object->labels[i];

        if (strlen(label->key) == key_size && strncmp(label->key, wanted, key_size) == 0)
            return equals == NULL || strcmp(label->value, equals + 1) == 0;
    }
    return 0;
}

int memory_labels_match(const struct memory_object *object, const char *const *wanted)
{
    for (size_t i = 0; wanted != NULL && wanted[i] != NULL; i++) {
        if (!label_matches(object, wanted[i]))
            return 0;
    }
    return 1;
}

/* ---- filling results ---------------------------------------------------------------------- */

const char *memory_fill_text(struct memory_fill *fill, const char *text)
{
    const char *copy = gantry_result_strdup(fill->result, text);

    fill->failed |= copy == NULL;
    return copy;
}

const char *const *memory_fill_strings(struct memory_fill *fill, const char *const *list)
{
    const char *const *copy = gantry_result_strings(fill->result, list != NULL ? list : no_strings);

    fill->failed |= copy == NULL;
    return copy;
}

void *memory_fill_alloc(struct memory_fill *fill, size_t size)
{
    void *memory = gantry_result_alloc(fill->result, size);

    fill->failed |= memory == NULL;
    return memory;
}

void *memory_fill_item(struct memory_fill *fill, int kind)
{
    void *item = gantry_result_item(fill->result, kind);

    fill->failed |= item == NULL;
    return item;
}

const gantry_pair *memory_fill_pairs(struct memory_fill *fill, const gantry_pair *pairs,
                                     size_t count)
{
    gantry_pair *copy = memory_fill_alloc(fill, (count + 1) * sizeof *copy);

    for (size_t i = 0; copy != NULL && i < count; i++) {
        copy[i].key = memory_fill_text(fill, pairs[i].key);
        copy[i].value = memory_fill_text(fill, pairs[i].value);
    }
    return copy;
}

void *memory_fill_done(struct memory_fill *fill, gantry_error *err)
{
    if (!fill->failed)
        return fill->result;
    gantry_result_free(fill->result);
    gantry_error_set(err, GANTRY_E_NOMEM, "out of memory");
    return NULL;
}
