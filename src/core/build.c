/*
 * What a build is given, made one archive: a directory, an archive and a Dockerfile's text, in any
 * mixture. Looks whether the directory and its Dockerfile are there, opens nothing, knows no
 * engine.
 */
#include "pack.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int check_dockerfile(const gantry_build_options *opts, gantry_error *err)
{
    const char *text = opts->dockerfile;
    const char *name = opts->dockerfile_name;

    if (text == NULL && opts->context_directory == NULL && opts->context == NULL)
        return gnt_fail(err, GANTRY_E_INVALID,
                        "nothing to build: neither dockerfile nor context nor context_directory");
    if (text != NULL && text[strspn(text, " \t\r\n\v\f")] == '\0')
        return gnt_fail(err, GANTRY_E_INVALID, "dockerfile: must not be empty");
    if (name != NULL && name[0] == '/')
        return gnt_fail(err, GANTRY_E_INVALID,
                        "dockerfile_name: must be relative to the context: %s", name);
    return 0;
}

/* Whether an archive brings an entry of this name, or a directory that may. */
static int may_bring(const gantry_archive *archive, const char *name)
{
    for (const struct gnt_entry *e = archive->first; e != NULL; e = e->next) {
        if (e->kind == GNT_ENTRY_DIRECTORY ||
            (e->kind == GNT_ENTRY_INCLUDE && may_bring(e->include, name)) ||
            (e->name != NULL && strcmp(e->name, name) == 0))
            return 1;
    }
    return 0;
}

static int is_in(const char *directory, const char *name)
{
    char path[2 * GNT_PATH_MAX];
    struct stat st;
    int size = snprintf(path, sizeof path, "%s/%s", directory, name);

    return size < 0 || (size_t)size >= sizeof path || lstat(path, &st) == 0 || errno != ENOENT;
}

/* name: normalised, or NULL for what engines look for by themselves. */
static int check_directory(const gantry_build_options *opts, const char *name, gantry_error *err)
{
    static const char *const usual[] = { "Dockerfile", "Containerfile", NULL };
    const char *const given[] = { name, NULL };
    const char *directory = opts->context_directory;
    struct stat st;
    int os_error;

    if (directory[0] == '\0')
        return gnt_fail(err, GANTRY_E_INVALID, "context_directory: must not be empty");
    os_error = stat(directory, &st) < 0 ? errno : S_ISDIR(st.st_mode) ? 0 : ENOTDIR;
    if (os_error != 0) {
        gnt_fail_errno(err, GANTRY_E_IO, os_error, "cannot look at %s", directory);
        gnt_error_resource(err, GANTRY_RESOURCE_FILE, directory);
        return GANTRY_E_IO;
    }
    if (opts->dockerfile != NULL)
        return 0;
    for (const char *const *want = name != NULL ? given : usual; *want != NULL; want++) {
        if (is_in(directory, *want) || (opts->context != NULL && may_bring(opts->context, *want)))
            return 0;
    }
    gnt_fail(err, GANTRY_E_INVALID, "no %s in %s", name != NULL ? name : usual[0], directory);
    gnt_error_resource(err, GANTRY_RESOURCE_FILE, directory);
    return GANTRY_E_INVALID;
}

static int fill(gantry_archive *archive, const gantry_build_options *opts,
                const char **dockerfile_name, gantry_error *err)
{
    const char *name = opts->dockerfile_name;
    size_t size;
    int rc = 0;

    if (name == NULL && opts->dockerfile != NULL)
        name = "Dockerfile";
    if (name != NULL)
        rc = gnt_archive_name(&archive->arena, "dockerfile_name", name, 0, dockerfile_name, &size,
                              err);
    if (rc == 0 && opts->context_directory != NULL)
        rc = check_directory(opts, *dockerfile_name, err);
    if (rc == 0 && opts->context_directory != NULL)
        rc = gantry_archive_add_directory(archive, "", opts->context_directory, NULL, err);
    if (rc == 0 && opts->context != NULL)
        rc = gnt_archive_include(archive, opts->context, err);
    if (rc == 0 && opts->dockerfile != NULL)
        rc = gantry_archive_add_data(archive, *dockerfile_name, opts->dockerfile,
                                     strlen(opts->dockerfile), NULL, err);
    return rc;
}

int gnt_build_context(const struct gnt_mem *mem, struct gantry_host *host,
                      const gantry_build_options *opts, gantry_archive **out_archive,
                      const char **out_dockerfile_name, gantry_error *err)
{
    gantry_archive_options options = { .size = sizeof options, .allocator = &mem->a };
    gantry_archive *archive = NULL;
    const char *name = NULL;
    int rc = check_dockerfile(opts, err);

    if (rc == 0 && opts->context != NULL && opts->context->reproducible) {
        options.reproducible = GANTRY_ON;
        options.mtime_ns = opts->context->mtime_ns;
    }
    if (rc == 0)
        rc = gantry_archive_new(&options, &archive, err);
    if (rc == 0)
        rc = fill(archive, opts, &name, err);
    if (rc < 0) {
        gantry_archive_free(archive);
        return rc;
    }
    if (host != NULL)
        archive->host.logger = host->logger;
    *out_archive = archive;
    *out_dockerfile_name = name;
    return 0;
}
