/*
 * Docker: mounts of a new container. Most are Mounts of the request; what only its older forms can
 * say is said there: labels for SELinux and missing sources in Binds, mount options of a tmpfs in
 * Tmpfs.
 */
#include "docker_spec.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int refuse(struct gnt_out_context *c, const gantry_mount *m, const char *what)
{
    return gnt_fail(c->err, GANTRY_E_UNSUPPORTED,
                    "option \"mounts\": %s: %s is not supported by this engine", m->target, what);
}

/* ---- Mounts ---------------------------------------------------------------------------------- */

static const char *const mount_types[] = { [GANTRY_MOUNT_BIND] = "bind",
                                           [GANTRY_MOUNT_VOLUME] = "volume",
                                           [GANTRY_MOUNT_TMPFS] = "tmpfs",
                                           [GANTRY_MOUNT_IMAGE] = "image" };

static int out_mount_type(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    int type;

    memcpy(&type, field, sizeof type);
    if (type < GANTRY_MOUNT_BIND || type > GANTRY_MOUNT_IMAGE)
        return gnt_fail(c->err, GANTRY_E_INVALID, "mounts: type %d is none of GANTRY_MOUNT_", type);
    if (type == GANTRY_MOUNT_IMAGE &&
        gnt_docker_put(c, "ReadOnly", gnt_json_boolean(c->arena, 1)) < 0)
        return GANTRY_E_NOMEM;
    return gnt_docker_put(c, row->path, gnt_json_string(c->arena, mount_types[type]));
}

static int out_subpath(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const gantry_mount *m = c->options;
    struct gnt_out placed = *row;

    placed.path = m->type == GANTRY_MOUNT_IMAGE ? "ImageOptions/Subpath" : "VolumeOptions/Subpath";
    return gnt_out_str(c, &placed, field);
}

static int out_tmpfs_mode(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    int mode;

    memcpy(&mode, field, sizeof mode);
    return gnt_docker_put(c, row->path, gnt_json_number(c->arena, mode));
}

static int out_chown(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    int on;

    memcpy(&on, field, sizeof on);
    return on == GANTRY_ON ? gnt_out_refuse(c, row, field) : 0;
}

/* read_only stands behind type, which may have set it. */
#define M gantry_mount
const struct gnt_out gnt_docker_mount_options[] = {
    GNT_OUT_STR(M, source, "Source"),
    GNT_OUT_STR(M, target, "Target"),
    GNT_OUT_I64(M, tmpfs_size_bytes, "TmpfsOptions/SizeBytes"),
    GNT_OUT_HOOK(M, type, "Type", out_mount_type),
    GNT_OUT_ON(M, read_only, "ReadOnly"),
    GNT_OUT_STR(M, propagation, "BindOptions/Propagation"),
    GNT_OUT_HOOK(M, subpath, "", out_subpath),
    GNT_OUT_CODE(M, options),
    GNT_OUT_STR(M, driver, "VolumeOptions/DriverConfig/Name"),
    GNT_OUT_MAP(M, driver_options, "VolumeOptions/DriverConfig/Options"),
    GNT_OUT_MAP(M, labels, "VolumeOptions/Labels"),
    GNT_OUT_HOOK(M, tmpfs_mode, "TmpfsOptions/Mode", out_tmpfs_mode),
    GNT_OUT_CODE(M, relabel),
    GNT_OUT_OFF(M, copy, "VolumeOptions/NoCopy"),
    GNT_OUT_OFF(M, recursive, "BindOptions/NonRecursive"),
    GNT_OUT_ON(M, create_source, "BindOptions/CreateMountpoint"),
    GNT_OUT_HOOK(M, chown, "", out_chown),
    GNT_OUT_END,
};
#undef M

/* ---- Binds ----------------------------------------------------------------------------------- */

/* Volumes are labelled for sharing by the daemon itself. */
static int needs_binds(const gantry_mount *m)
{
    if (m->type == GANTRY_MOUNT_VOLUME)
        return m->relabel == GANTRY_RELABEL_PRIVATE;
    if (m->type != GANTRY_MOUNT_BIND)
        return 0;
    return m->relabel != GANTRY_RELABEL_NONE ||
           (m->create_source == GANTRY_ON && m->recursive != GANTRY_OFF);
}

/* What Binds cannot say. */
static int check_bind(struct gnt_out_context *c, const gantry_mount *m)
{
    if (m->recursive == GANTRY_OFF)
        return refuse(c, m, "recursive OFF with relabel");
    if (m->create_source == GANTRY_OFF)
        return refuse(c, m, "create_source OFF with relabel");
    if (m->type == GANTRY_MOUNT_VOLUME &&
        (m->source == NULL || m->driver != NULL || m->driver_option_count != 0 ||
         m->label_count != 0 || m->subpath != NULL))
        return refuse(c, m, "a private label of a volume with more than a name");
    if (strchr(m->source, ':') != NULL || strchr(m->target, ':') != NULL)
        return refuse(c, m, "a ':' in a path with relabel or create_source");
    if (m->chown == GANTRY_ON)
        return refuse(c, m, "chown");
    return 0;
}

static int add_bind(struct gnt_out_context *c, const gantry_mount *m)
{
    static const char *const labels[] = { "", ",z", ",Z" };
    int rc = check_bind(c, m);

    if (rc < 0)
        return rc;
    return gnt_docker_add_text(c, "HostConfig/Binds",
                               gnt_arena_printf(c->arena, "%s:%s:%s%s%s%s%s", m->source, m->target,
                                                m->read_only == GANTRY_ON ? "ro" : "rw",
                                                labels[m->relabel],
                                                m->propagation != NULL ? "," : "",
                                                m->propagation != NULL ? m->propagation : "",
                                                m->copy == GANTRY_OFF ? ",nocopy" : ""));
}

/* ---- Tmpfs ----------------------------------------------------------------------------------- */

static int add_tmpfs(struct gnt_out_context *c, const gantry_mount *m)
{
    struct gnt_json *map = gnt_docker_at(c, "HostConfig/Tmpfs", GNT_JSON_OBJECT);
    char size[40] = "";
    char mode[24] = "";
    const char *text;

    if (m->tmpfs_size_bytes > 0)
        snprintf(size, sizeof size, ",size=%" PRId64, m->tmpfs_size_bytes);
    if (m->tmpfs_mode > 0)
        snprintf(mode, sizeof mode, ",mode=%o", (unsigned)m->tmpfs_mode);
    text = gnt_arena_printf(c->arena, "%s%s%s%s", m->options, size, mode,
                            m->read_only == GANTRY_ON ? ",ro" : "");
    if (map == NULL || text == NULL ||
        gnt_json_set(c->arena, map, m->target, gnt_json_string(c->arena, text)) < 0)
        return gnt_nomem(c->err);
    return 0;
}

/* ---- all ------------------------------------------------------------------------------------- */

int gnt_docker_out_mounts(struct gnt_out_context *c, const struct gnt_out *row, const void *field)
{
    const gantry_mount *const *list;
    int rc = 0;

    memcpy(&list, field, sizeof list);
    for (; rc == 0 && *list != NULL; list++) {
        if (needs_binds(*list))
            rc = add_bind(c, *list);
        else if ((*list)->options != NULL)
            rc = add_tmpfs(c, *list);
        else
            rc = gnt_docker_add_struct(c, row->path, *list, gnt_docker_mount_options);
    }
    return rc;
}
