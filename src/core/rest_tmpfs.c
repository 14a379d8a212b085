/*
 * tmpfs mounts, which an inspected container has apart from its other mounts: on Docker those with
 * mount options, on Podman all.
 */
#include "rest_life.h"

#include <string.h>

/* Whether "ro" is among the options. */
static int is_read_only(const char *options)
{
    while (options != NULL && *options != '\0') {
        size_t size = strcspn(options, ",");

        if (size == 2 && strncmp(options, "ro", 2) == 0)
            return 1;
        options += size + (options[size] == ',');
    }
    return 0;
}

int gnt_in_tmpfs(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                 void *field)
{
    const gantry_mount_info *const *have;
    const gantry_mount_info **list;
    size_t count = 0;

    (void)row;
    if (v->type != GNT_JSON_OBJECT || v->size == 0)
        return 0;
    memcpy(&have, field, sizeof have);
    while (have != NULL && have[count] != NULL)
        count++;
    list = gnt_arena_alloc(c->arena, (count + v->size + 1) * sizeof *list);
    if (list == NULL)
        return gnt_nomem(c->err);
    if (count > 0)
        memcpy(list, have, count * sizeof *list);
    for (const struct gnt_json *m = v->first; m != NULL; m = m->next) {
        gantry_mount_info *info = gnt_arena_alloc(c->arena, sizeof *info);

        if (info == NULL)
            return gnt_nomem(c->err);
        gnt_model_defaults(GANTRY_KIND_MOUNT_INFO, info);
        info->target = gnt_arena_strdup(c->arena, m->key);
        if (info->target == NULL)
            return gnt_nomem(c->err);
        info->type = GANTRY_MOUNT_TMPFS;
        info->read_only = is_read_only(gnt_json_text(m));
        list[count++] = info;
    }
    memcpy(field, &list, sizeof list);
    return 0;
}
