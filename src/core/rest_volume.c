/*
 * Volumes as both engines have them. Knows REST and results.
 */
#include "rest_volume.h"

#include <stdlib.h>
#include <string.h>

#include "labels.h"

static int is_listed(const char *const *list, const char *text)
{
    if (list == NULL || list[0] == NULL)
        return 1;
    while (*list != NULL && strcmp(*list, text) != 0)
        list++;
    return *list != NULL;
}

int gnt_volume_accept(const void *volume, const void *options)
{
    const gantry_volume *v = volume;
    const gantry_volume_list_options *o = options;

    return is_listed(o->names, v->name) && is_listed(o->drivers, v->driver) &&
           gnt_labels_match(v->labels, v->label_count, o->labels, NULL);
}

void gnt_volume_filter_unused(struct gnt_req *r, struct gnt_json *filters, int unused)
{
    if (unused != GANTRY_DEFAULT)
        gnt_req_filter(r, filters, "dangling", unused == GANTRY_ON ? "true" : "false");
}

static int by_name(const void *a, const void *b)
{
    const gantry_volume *const *x = a;
    const gantry_volume *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

void gnt_volume_sort(gantry_volume_list *list)
{
    if (list->count > 1)
        qsort((void *)list->items, list->count, sizeof *list->items, by_name);
}

const gantry_volume *gnt_volume_find(const gantry_volume_list *sorted, const char *name)
{
    const gantry_volume wanted = { .name = name };
    const gantry_volume *key = &wanted;
    const gantry_volume *const *found = NULL;

    if (sorted->count > 0)
        found = bsearch(&key, sorted->items, sorted->count, sizeof *sorted->items, by_name);
    return found != NULL ? *found : NULL;
}

void gnt_volume_join(gantry_volume *const *volumes, size_t count, gantry_volume_list *usage)
{
    gnt_volume_sort(usage);
    for (size_t i = 0; i < count; i++) {
        const gantry_volume *told = gnt_volume_find(usage, volumes[i]->name);

        if (told != NULL) {
            volumes[i]->used_bytes = told->used_bytes;
            volumes[i]->references = told->references;
        }
    }
}

int gnt_volume_made_up(const char *name)
{
    return strlen(name) == 64 && strspn(name, "0123456789abcdef") == 64;
}
