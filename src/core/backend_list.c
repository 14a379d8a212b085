/*
 * Which backends the process knows, as a result.
 */
#include <gantry/backends.h>

#include <string.h>

#include "engine.h"
#include "error.h"

struct listing {
    gantry_backend_list *list;
    const gantry_backend_info **items;
    size_t room; /* without the NULL at the end */
};

static const char *const *managers_of(gantry_backend_list *list, const gantry_backend *facts)
{
    const struct {
        const char *name;
        const void *table;
    } managers[] = {
        { "images", facts->images },
        { "containers", facts->containers },
        { "volumes", facts->volumes },
        { "networks", facts->networks },
        { "registries", facts->registries },
        { "manifests", facts->manifests },
        { "pods", facts->pods },
        { "secrets", facts->secrets },
        { "system", facts->system },
        { "kube", facts->kube },
    };
    const char *names[sizeof managers / sizeof managers[0] + 1] = { NULL };
    size_t count = 0;

    for (size_t i = 0; i < sizeof managers / sizeof managers[0]; i++) {
        if (managers[i].table != NULL)
            names[count++] = managers[i].name;
    }
    return gantry_result_strings(list, names);
}

static int add_room(struct listing *l)
{
    size_t room = l->room > 0 ? 2 * l->room : 8;
    const gantry_backend_info **items = gantry_result_alloc(l->list, (room + 1) * sizeof *items);

    if (items == NULL)
        return -1;
    if (l->list->count > 0)
        memcpy(items, l->items, l->list->count * sizeof *items);
    l->items = items;
    l->room = room;
    l->list->items = items;
    return 0;
}

static int add(struct listing *l, const struct gnt_backend *backend)
{
    gantry_backend_info *info = gnt_result_item(l->list, GNT_KIND_BACKEND_INFO);
    size_t engines;
    size_t before;

    if (info == NULL || (l->list->count == l->room && add_room(l) < 0))
        return -1;
    gnt_backend_engines(backend, &engines, &before);
    info->name = gantry_result_strdup(l->list, backend->facts.name);
    info->schemes = gantry_result_strings(l->list, backend->facts.schemes);
    info->managers = managers_of(l->list, &backend->facts);
    info->built_in = backend->built_in;
    info->engines = (int64_t)engines;
    info->replaced_engines = (int64_t)before;
    l->items[l->list->count++] = info;
    return info->name != NULL && info->schemes != NULL && info->managers != NULL ? 0 : -1;
}

int gantry_backends_list(const gantry_backends_options *opts, gantry_backend_list **out,
                         gantry_error *err)
{
    struct listing l = { 0 };
    gantry_backends_options o;
    struct gnt_mem mem;
    int rc = gnt_check_out(out, err);

    if (rc == 0)
        rc = gnt_import(&o, sizeof o, opts, "gantry_backends_options", err);
    if (rc == 0)
        rc = gnt_mem_init(&mem, o.allocator, err);
    if (rc < 0)
        return rc;
    l.list = gnt_result_new(&mem, GNT_KIND_BACKEND_LIST, err);
    if (l.list == NULL)
        return GANTRY_E_NOMEM;
    for (const struct gnt_backend *b = gnt_backend_next(NULL); b != NULL; b = gnt_backend_next(b)) {
        if (add(&l, b) == 0)
            continue;
        gnt_backend_release(b);
        gnt_result_free(l.list);
        return gnt_nomem(err);
    }
    *out = l.list;
    return 0;
}
