/*
 * Removal of a volume, with force together with the containers that use it. Composed here: engines'
 * own force does not take containers along, or takes a beginning of a name for the name.
 */
#include <gantry/container.h>
#include <gantry/inspect.h>
#include <gantry/volume.h>

#include <string.h>

#include "engine.h"
#include "error.h"
#include "names.h"
#include "partly.h"
#include "spec_check.h"

struct removing {
    gantry_engine *e;
    const gantry_call *call;
    const char *name;
    struct gnt_arena arena;
    const char *const *removed; /* containers */
};

/* Whether this very volume is one of its mounts. What is gone uses nothing. */
static int uses(const struct removing *r, const char *id, int *out, gantry_error *err)
{
    const gantry_container_inspect_options o = { .size = sizeof o, .call = r->call };
    gantry_container *c = NULL;
    gantry_error failure = { 0 };
    int rc = r->e->backend->containers.inspect(r->e->state, id, &o, &c, &failure);

    *out = 0;
    if (rc == GANTRY_E_NOT_FOUND)
        return 0;
    if (rc < 0) {
        if (err != NULL)
            *err = failure;
        return rc;
    }
    for (const gantry_mount_info *const *m = c->mounts; *m != NULL; m++)
        *out |= (*m)->type == GANTRY_MOUNT_VOLUME && strcmp((*m)->volume, r->name) == 0;
    gantry_container_free(c);
    return 0;
}

static int remove_user(struct removing *r, const gantry_container *c, gantry_error *err)
{
    const gantry_container_remove_options o = { .size = sizeof o,
                                                .call = r->call,
                                                .force = GANTRY_ON };
    gantry_error failure = { 0 };
    const char *const *list;
    int user = 0;
    int rc = uses(r, c->id, &user, err);

    if (rc < 0 || !user)
        return rc;
    rc = r->e->backend->containers.remove(r->e->state, c->id, &o, &failure);
    if (rc == GANTRY_E_NOT_FOUND)
        return 0;
    if (rc < 0) {
        if (err != NULL)
            *err = failure;
        return rc;
    }
    list = gnt_strings_add(&r->arena, r->removed, c->name[0] != '\0' ? c->name : c->id);
    if (list == NULL)
        return gnt_nomem(err);
    r->removed = list;
    return 0;
}

static int remove_users(struct removing *r, gantry_error *err)
{
    const gantry_container_list_options o = {
        .size = sizeof o, .call = r->call, .volume = r->name, .all = GANTRY_ON
    };
    gantry_container_list *list = NULL;
    int rc = r->e->backend->containers.list(r->e->state, &o, &list, err);

    for (size_t i = 0; rc == 0 && i < list->count; i++)
        rc = remove_user(r, list->items[i], err);
    gantry_container_list_free(list);
    return rc;
}

/* Nothing goes unless the volume itself is there. */
static int remove_by_force(struct removing *r, gantry_error *err)
{
    const gantry_volume_ops *ops = &r->e->backend->volumes;
    const gantry_volume_inspect_options look = { .size = sizeof look, .call = r->call };
    const gantry_volume_remove_options plain = { .size = sizeof plain, .call = r->call };
    gantry_volume *volume = NULL;
    gantry_error failure = { 0 };
    int rc = ops->inspect(r->e->state, r->name, &look, &volume, err);

    gantry_volume_free(volume);
    if (rc == 0)
        rc = remove_users(r, err);
    if (rc < 0)
        return gnt_tell_done("removed", r->removed, rc, err);
    rc = ops->remove(r->e->state, r->name, &plain, &failure);
    /* An anonymous one may have gone with its container. */
    if (rc == GANTRY_E_NOT_FOUND && r->removed[0] != NULL)
        return 0;
    if (rc < 0 && err != NULL)
        *err = failure;
    return gnt_tell_done("removed", r->removed, rc, err);
}

static int remove_volume(gantry_engine *e, const char *name, const gantry_volume_remove_options *o,
                         gantry_error *err)
{
    const gantry_volume_remove_options plain = { .size = sizeof plain, .call = o->call };
    struct removing r = { .e = e, .name = name, .removed = gnt_no_strings };
    gantry_call shared;
    int rc;

    if (o->force != GANTRY_ON)
        return e->backend->volumes.remove(e->state, name, &plain, err);
    if (!gnt_backend_has(e->backend, GANTRY_FEATURE_CONTAINERS_LIST) ||
        !gnt_backend_has(e->backend, GANTRY_FEATURE_CONTAINERS_REMOVE))
        return gnt_fail(err, GANTRY_E_UNSUPPORTED,
                        "option \"force\" is not supported by this engine: it has no containers");
    r.call = gnt_call_share(&shared, o->call);
    gnt_arena_init(&r.arena, &e->host.mem);
    rc = remove_by_force(&r, err);
    gnt_arena_free(&r.arena);
    return rc;
}

int gantry_volumes_remove(gantry_volumes *volumes, const char *name,
                          const gantry_volume_remove_options *opts, gantry_error *err)
{
    gantry_engine *e = volumes != NULL ? volumes->engine : NULL;
    gantry_volume_remove_options o;
    gantry_error failure = { 0 };
    int rc = gnt_enter(e, GANTRY_FEATURE_VOLUMES_REMOVE, &failure);

    if (rc == 0)
        rc = gnt_check_name("name", name, &failure);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_volume_remove_options, o, opts, &failure);
    if (rc == 0)
        rc = gnt_check_switch("force", o.force, &failure);
    if (rc == 0)
        rc = gnt_missing_ok(remove_volume(e, name, &o, &failure), o.missing_ok,
                            GANTRY_RESOURCE_VOLUME, &failure);
    gnt_leave(rc, GANTRY_FEATURE_VOLUMES_REMOVE, GANTRY_RESOURCE_VOLUME, name, &failure);
    if (rc < 0 && err != NULL)
        *err = failure;
    return rc;
}
