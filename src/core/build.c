/*
 * What a build is given, made one archive: a directory, an archive and a Dockerfile's text, in any
 * mixture. Opens nothing and knows no engine.
 */
#include "pack.h"

#include <string.h>

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
    if (rc == 0 && opts->context_directory != NULL) {
        if (opts->context_directory[0] == '\0')
            return gnt_fail(err, GANTRY_E_INVALID, "context_directory: must not be empty");
        rc = gantry_archive_add_directory(archive, "", opts->context_directory, NULL, err);
    }
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
