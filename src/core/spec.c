/*
 * What a container is to be, taken in: full-size copies of the options and of every struct that
 * they point to, because a caller may know shorter ones. The checks are in spec_check*.c.
 */
#include "container.h"

#include <string.h>

#include "engine.h"
#include "environment_file.h"
#include "error.h"
#include "spec_check.h"

/* ---- lists of structs ------------------------------------------------------------------------ */

struct item_type {
    const char *name;
    size_t size;
    int (*check)(const void *item, gantry_error *err);
};

/* `field` is a `const T *const *`: take in what it lists, NULL-terminated. An empty list becomes
 * none. */
static int import_list(struct gnt_arena *arena, const struct item_type *type, void *field,
                       gantry_error *err)
{
    const void *const *given;
    const void **copies;
    size_t count = 0;

    memcpy(&given, field, sizeof given);
    while (given != NULL && given[count] != NULL)
        count++;
    copies = count > 0 ? gnt_arena_alloc(arena, (count + 1) * sizeof *copies) : NULL;
    if (count > 0 && copies == NULL)
        return gnt_nomem(err);
    for (size_t i = 0; i < count; i++) {
        void *item = gnt_arena_alloc(arena, type->size);
        int rc =
            item == NULL ? gnt_nomem(err) : gnt_import(item, type->size, given[i], type->name, err);

        if (rc == 0)
            rc = type->check(item, err);
        if (rc < 0)
            return rc;
        copies[i] = item;
    }
    memcpy(field, &copies, sizeof copies);
    return 0;
}

/* Checks by the type of their item, for the tables. */
#define ITEM(type, check)                                                                          \
    static int check##_item(const void *item, gantry_error *err)                                   \
    {                                                                                              \
        return check(item, err);                                                                   \
    }                                                                                              \
    static const struct item_type check##_type = { #type, sizeof(type), check##_item };

ITEM(gantry_mount, gnt_mount_check)
ITEM(gantry_port, gnt_port_check)
ITEM(gantry_attachment, gnt_attachment_check)
ITEM(gantry_ulimit, gnt_ulimit_check)
ITEM(gantry_device, gnt_device_check)
ITEM(gantry_secret_mount, gnt_secret_mount_check)
ITEM(gantry_block_limit, gnt_block_limit_check)

static int import_lists(struct gnt_arena *arena, gantry_container_options *o, gantry_error *err)
{
    const struct {
        const struct item_type *type;
        void *field;
    } lists[] = {
        { &gnt_mount_check_type, &o->mounts },        { &gnt_port_check_type, &o->ports },
        { &gnt_attachment_check_type, &o->networks }, { &gnt_ulimit_check_type, &o->ulimits },
        { &gnt_device_check_type, &o->devices },      { &gnt_secret_mount_check_type, &o->secrets },
    };
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < sizeof lists / sizeof lists[0]; i++)
        rc = import_list(arena, lists[i].type, lists[i].field, err);
    return rc;
}

int gnt_mounts_import(struct gnt_arena *arena, const gantry_mount *const *given,
                      const gantry_mount *const **out, gantry_error *err)
{
    const gantry_mount *const *mounts = given;
    int rc = import_list(arena, &gnt_mount_check_type, &mounts, err);

    if (rc == 0)
        *out = mounts;
    return rc;
}

/* ---- single structs -------------------------------------------------------------------------- */

int gnt_resources_import(struct gnt_arena *arena, const gantry_resources *given,
                         const gantry_resources **out, gantry_error *err)
{
    gantry_resources *r;
    int rc;

    *out = NULL;
    if (given == NULL)
        return 0;
    r = gnt_arena_alloc(arena, sizeof *r);
    if (r == NULL)
        return gnt_nomem(err);
    rc = gnt_import(r, sizeof *r, given, "gantry_resources", err);
    if (rc == 0)
        rc = import_list(arena, &gnt_block_limit_check_type, &r->block_limits, err);
    if (rc == 0)
        rc = gnt_resources_check(r, err);
    *out = r;
    return rc;
}

static int import_security(struct gnt_arena *arena, gantry_container_options *o, gantry_error *err)
{
    gantry_security *s;
    int rc;

    if (o->security == NULL)
        return 0;
    s = gnt_arena_alloc(arena, sizeof *s);
    if (s == NULL)
        return gnt_nomem(err);
    rc = gnt_import(s, sizeof *s, o->security, "gantry_security", err);
    o->security = s;
    return rc < 0 ? rc : gnt_security_check(arena, s, err);
}

static int import_health(struct gnt_arena *arena, gantry_container_options *o, gantry_error *err)
{
    gantry_health *h;
    int rc;

    if (o->health == NULL)
        return 0;
    h = gnt_arena_alloc(arena, sizeof *h);
    if (h == NULL)
        return gnt_nomem(err);
    rc = gnt_import(h, sizeof *h, o->health, "gantry_health", err);
    o->health = h;
    return rc < 0 ? rc : gnt_health_check(h, err);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static int read_environment(struct gnt_arena *arena, gantry_container_options *o, gantry_error *err)
{
    int rc = gnt_check_texts("environment_files", o->environment_files, err);

    if (rc == 0 && o->environment_files != NULL && o->environment_files[0] != NULL) {
        arena->wipe = 1;
        rc = gnt_environment_merge(arena, o->environment_files, o->environment, &o->environment,
                                   err);
    }
    o->environment_files = NULL; /* an import of what was imported must not read again */
    return rc;
}

int gnt_container_options_import(struct gnt_arena *arena, const gantry_container_options *given,
                                 gantry_container_options *o, gantry_error *err)
{
    int rc = gnt_import_options(o, sizeof *o, given, "gantry_container_options", err);

    if (rc == 0)
        rc = import_lists(arena, o, err);
    if (rc == 0)
        rc = gnt_resources_import(arena, o->resources, &o->resources, err);
    if (rc == 0)
        rc = import_security(arena, o, err);
    if (rc == 0)
        rc = import_health(arena, o, err);
    if (rc == 0)
        rc = gnt_spec_check(o, err);
    if (rc == 0)
        rc = read_environment(arena, o, err);
    return rc;
}
