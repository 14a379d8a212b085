/*
 * Podman: files into and out of containers. libpod sends what a link leads to in its place, and
 * writes into a container that does not run whatever its own settings forbid.
 */
#include "podman.h"

#include <string.h>

#include "rest_copy.h"

static const struct gnt_copy_dialect dialect = { .sends_targets = 1 };

/* ---- in -------------------------------------------------------------------------------------- */

struct writable {
    const char *directory;
    int denied;
};

/* The length of `mount` if the path is in it, or 0. */
static size_t is_in(const char *path, const char *mount)
{
    size_t size = strlen(mount);

    while (size > 0 && mount[size - 1] == '/')
        size--;
    return strncmp(path, mount, size) == 0 && (path[size] == '/' || path[size] == '\0') ? size : 0;
}

/* What lies in a mount is its affair, the rest the root's. */
static int take_settings(void *arg, struct gnt_json *v, gantry_error *err)
{
    struct writable *w = arg;
    const struct gnt_json *mounts = gnt_json_get(v, "Mounts");
    const char *state = gnt_json_text(gnt_json_get(v, "State/Status"));
    size_t best = 0;

    (void)err;
    if (state != NULL && (strcmp(state, "running") == 0 || strcmp(state, "paused") == 0))
        return 0; /* there its system says it */
    w->denied = gnt_json_true(gnt_json_get(v, "HostConfig/ReadonlyRootfs"));
    if (mounts == NULL || mounts->type != GNT_JSON_ARRAY)
        return 0;
    for (const struct gnt_json *m = mounts->first; m != NULL; m = m->next) {
        const char *target = gnt_json_text(gnt_json_get(m, "Destination"));
        size_t size = target != NULL ? is_in(w->directory, target) : 0;

        if (size > best) {
            best = size;
            w->denied = !gnt_json_true(gnt_json_get(m, "RW"));
        }
    }
    return 0;
}

static int check_writable(struct podman *p, const char *id, const char *directory,
                          const gantry_call *call, gantry_error *err)
{
    struct writable w = { .directory = directory };
    struct gnt_req r;
    int rc;

    gnt_req_init(&r, &p->rest, "GET", call, "/containers/%s/json", id);
    gnt_req_about(&r, GANTRY_RESOURCE_CONTAINER, id);
    rc = gnt_req_each(&r, GNT_JSON_DOCUMENT, take_settings, &w, NULL, err);
    if (rc == 0 && w.denied) {
        rc = gnt_fail(err, GANTRY_E_DENIED, "%s is read-only in this container", directory);
        gnt_error_resource(err, GANTRY_RESOURCE_FILE, directory);
    }
    return rc;
}

int gnt_podman_archive_put(void *state, const char *id, const char *directory,
                           const gantry_source *tar, const gantry_copy_in_options *opts,
                           gantry_error *err)
{
    struct podman *p = state;
    int rc = check_writable(p, id, directory, opts->call, err);

    return rc < 0 ? rc : gnt_rest_archive_put(&p->rest, id, directory, tar, opts, err);
}

/* ---- out ------------------------------------------------------------------------------------- */

int gnt_podman_archive_get(void *state, const char *id, const char *path,
                           const gantry_copy_out_options *opts, gantry_stream **out,
                           gantry_error *err)
{
    struct podman *p = state;

    return gnt_rest_archive_get(&p->rest, &dialect, id, path, opts, out, err);
}

int gnt_podman_archive_stat(void *state, const char *id, const char *path,
                            const gantry_stat_options *opts, gantry_file_info **out,
                            gantry_error *err)
{
    struct podman *p = state;

    return gnt_rest_archive_stat(&p->rest, id, path, opts, out, err);
}
