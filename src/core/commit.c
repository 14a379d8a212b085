/*
 * What is made of a container, the public functions: an image, an archive of its files.
 */
#include <gantry/snapshot.h>

#include "container.h"
#include "engine.h"
#include "error.h"
#include "names.h"

#include <gantry/image.h>

static int check_commit(const gantry_engine *e, const char *reference,
                        const gantry_commit_options *o, gantry_error *err)
{
    struct gnt_reference parts;
    struct gnt_arena arena;
    int rc = 0;

    gnt_arena_init(&arena, &e->host.mem);
    if (reference != NULL)
        rc = gnt_reference_parse(&arena, "reference", reference, &parts, err);
    if (rc == 0 && reference != NULL && (parts.is_id || parts.digest[0] != '\0'))
        rc = gnt_fail(err, GANTRY_E_INVALID, "reference: must be a name, not an id or digest");
    gnt_arena_free(&arena);
    for (const char *const *c = o->changes; rc == 0 && c != NULL && *c != NULL; c++)
        rc = gnt_check_text("changes", *c, err);
    if (rc == 0 && (o->format < GANTRY_FORMAT_DEFAULT || o->format > GANTRY_FORMAT_OCI))
        rc = gnt_fail(err, GANTRY_E_INVALID, "format: %d is none of GANTRY_FORMAT_", o->format);
    if (rc == 0 && o->format == GANTRY_FORMAT_OCI && o->comment != NULL)
        rc = gnt_fail(err, GANTRY_E_INVALID, "comment: an image in OCI format has none");
    return rc;
}

int gantry_containers_commit(gantry_containers *containers, const char *container,
                             const char *reference, const gantry_commit_options *opts,
                             gantry_committed **out, gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_commit_options o;
    gantry_committed *committed = NULL;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_COMMIT, err);

    if (rc == 0)
        rc = gnt_check_name("container", container, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_commit_options, o, opts, err);
    if (rc == 0)
        rc = check_commit(e, reference, &o, err);
    if (rc == 0)
        rc = e->backend->containers.commit(e->state, container, reference, &o, &committed, err);
    if (rc == 0 && out != NULL)
        *out = committed;
    else
        gantry_committed_free(committed);
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_COMMIT, GANTRY_RESOURCE_CONTAINER, container,
                     err);
}

int gantry_containers_export_open(gantry_containers *containers, const char *container,
                                  const gantry_export_options *opts, gantry_stream **out,
                                  gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_export_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_EXPORT, err);

    if (rc == 0)
        rc = gnt_check_name("container", container, err);
    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_export_options, o, opts, err);
    if (rc == 0)
        rc = e->backend->containers.export_open(e->state, container, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_EXPORT, GANTRY_RESOURCE_CONTAINER, container,
                     err);
}
