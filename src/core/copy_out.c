/*
 * Files out of containers as a tar stream, with names that are alike whichever engine sends them.
 */
#include "copying.h"

#include "tar_names.h"

/* The path as the engine is to be asked for it, and whether its content is meant. */
static int resolve(struct gnt_copy *c, const struct gnt_inside *path, int follow, const char **out,
                   gantry_error *err)
{
    struct gnt_followed followed = { 0 };
    int directory = path->content || path->directory;
    int rc;

    *out = path->path;
    if (!follow && !directory)
        return 0;
    rc = gnt_copy_follow(c, path->path, &followed, err);
    if (rc == 0 && followed.info == NULL)
        rc = gnt_inside_fail(err, GANTRY_E_NOT_FOUND, path->path, "does not exist");
    if (rc == 0 && directory && followed.info->type != GANTRY_FILE_DIRECTORY)
        rc = gnt_inside_fail(err, GANTRY_E_NOT_FOUND, path->path, "is no directory");
    gantry_file_info_free(followed.info);
    if (rc == 0)
        *out = followed.path;
    return rc;
}

int gnt_copy_get(struct gnt_copy *c, const struct gnt_inside *path, int follow, const char *name,
                 gantry_stream **out, gantry_error *err)
{
    gantry_copy_out_options o = { .size = sizeof o, .call = c->call };
    gantry_stream *tar = NULL;
    const char *asked = NULL;
    int rc = resolve(c, path, follow, &asked, err);

    if (rc == 0 && path->content) {
        asked = gnt_arena_printf(&c->arena, "%s/.", asked[1] == '\0' ? "" : asked);
        rc = asked == NULL ? gnt_nomem(err) : 0;
    }
    if (rc == 0)
        rc = c->engine->backend->containers.archive_get(c->engine->state, c->id, asked, &o, &tar,
                                                        err);
    if (rc == 0)
        rc = gnt_tar_names(&c->engine->host, tar, path->content ? NULL : name, out, err);
    if (rc < 0)
        gantry_stream_close(tar);
    return rc;
}

int gantry_containers_copy_out_open(gantry_containers *containers, const char *id, const char *path,
                                    const gantry_copy_out_options *opts, gantry_stream **out,
                                    gantry_error *err)
{
    gantry_engine *e = gnt_engine_of_containers(containers);
    gantry_copy_out_options o;
    struct gnt_inside inside;
    struct gnt_copy c;
    int rc = gnt_enter(e, GANTRY_FEATURE_CONTAINERS_COPY_OUT, err);

    if (rc == 0)
        rc = gnt_check_name("id", id, err);
    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_copy_out_options, o, opts, err);
    if (rc == 0 && o.reserved != 0)
        rc = gantry_unsupported_option(err, "reserved");
    if (rc == 0) {
        gnt_copy_begin(&c, e, id, o.call);
        rc = gnt_inside_parse(&c.arena, "path", path, &inside, err);
        if (rc == 0)
            rc = gnt_copy_get(&c, &inside, o.follow == GANTRY_ON, inside.name, out, err);
        gnt_copy_end(&c);
    }
    return gnt_leave(rc, GANTRY_FEATURE_CONTAINERS_COPY_OUT, GANTRY_RESOURCE_CONTAINER, id, err);
}
