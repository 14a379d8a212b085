/*
 * Docker: files into and out of containers. Daemons (up to 28 at least) do not see a tmpfs of a
 * running container: they look at its files from outside.
 */
#include "docker.h"

#include "rest_copy.h"

static const struct gnt_copy_dialect dialect = { .sends_targets = 0 };

int gnt_docker_archive_put(void *state, const char *id, const char *directory,
                           const gantry_source *tar, const gantry_copy_in_options *opts,
                           gantry_error *err)
{
    struct docker *d = state;

    return gnt_rest_archive_put(&d->rest, id, directory, tar, opts, err);
}

int gnt_docker_archive_get(void *state, const char *id, const char *path,
                           const gantry_copy_out_options *opts, gantry_stream **out,
                           gantry_error *err)
{
    struct docker *d = state;

    return gnt_rest_archive_get(&d->rest, &dialect, id, path, opts, out, err);
}

int gnt_docker_archive_stat(void *state, const char *id, const char *path,
                            const gantry_stat_options *opts, gantry_file_info **out,
                            gantry_error *err)
{
    struct docker *d = state;

    return gnt_rest_archive_stat(&d->rest, id, path, opts, out, err);
}
