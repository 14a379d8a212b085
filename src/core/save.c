/*
 * Images into archives and back, the public functions. A file is written beside its place and takes
 * it only when it is whole.
 */
#include <gantry/transfer.h>

#include "engine.h"
#include "error.h"
#include "names.h"
#include "new_file.h"
#include "walk.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static gantry_engine *engine_of(const gantry_images *images)
{
    return images != NULL ? images->engine : NULL;
}

/* ---- save ------------------------------------------------------------------------------------ */

static int check_save(const char *const *references, const gantry_save_options *o,
                      gantry_error *err)
{
    size_t count = 0;
    int rc = 0;

    if (references == NULL || references[0] == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "references: at least one is needed");
    for (; rc == 0 && references[count] != NULL; count++)
        rc = gnt_reference_check("references", references[count], err);
    if (rc == 0 && (o->format < GANTRY_SAVE_DEFAULT || o->format > GANTRY_SAVE_OCI_ARCHIVE))
        rc = gnt_fail(err, GANTRY_E_INVALID, "format: %d is none of GANTRY_SAVE_", o->format);
    if (rc == 0 && o->format == GANTRY_SAVE_OCI_ARCHIVE && count > 1)
        rc = gnt_fail(err, GANTRY_E_INVALID, "format: an OCI archive holds one image, not %zu",
                      count);
    return rc;
}

/* The resource of an error that names none: there may be several. */
static const char *only_one(const char *const *references)
{
    return references != NULL && references[0] != NULL && references[1] == NULL ? references[0]
                                                                                : NULL;
}

int gantry_images_save_open(gantry_images *images, const char *const *references,
                            const gantry_save_options *opts, gantry_stream **out, gantry_error *err)
{
    gantry_engine *e = engine_of(images);
    gantry_save_options o;
    int rc = gnt_enter(e, GANTRY_FEATURE_IMAGES_SAVE, err);

    if (rc == 0)
        rc = gnt_check_out(out, err);
    if (rc == 0)
        rc = GNT_IMPORT(gantry_save_options, o, opts, err);
    if (rc == 0)
        rc = check_save(references, &o, err);
    if (rc == 0)
        rc = e->backend->images.save(e->state, references, &o, out, err);
    return gnt_leave(rc, GANTRY_FEATURE_IMAGES_SAVE, GANTRY_RESOURCE_IMAGE, only_one(references),
                     err);
}

int gantry_images_save_fd(gantry_images *images, const char *const *references, int fd,
                          const gantry_save_options *opts, gantry_error *err)
{
    gantry_stream *stream = NULL;
    int rc = gnt_enter(engine_of(images), GANTRY_FEATURE_IMAGES_SAVE, err);

    if (rc == 0 && fd < 0)
        rc = gnt_fail(err, GANTRY_E_INVALID, "fd: %d is no descriptor", fd);
    if (rc == 0)
        rc = gantry_images_save_open(images, references, opts, &stream, err);
    if (rc == 0)
        rc = gantry_stream_copy_fd(stream, fd, -1, err);
    gantry_stream_close(stream);
    return gnt_leave(rc, GANTRY_FEATURE_IMAGES_SAVE, GANTRY_RESOURCE_IMAGE, only_one(references),
                     err);
}

int gantry_images_save_file(gantry_images *images, const char *const *references, const char *path,
                            const gantry_save_options *opts, gantry_error *err)
{
    gantry_engine *e = engine_of(images);
    gantry_stream *stream = NULL;
    struct gnt_new_file file = GNT_NEW_FILE_NONE;
    int rc = gnt_enter(e, GANTRY_FEATURE_IMAGES_SAVE, err);

    if (rc == 0)
        rc = gnt_new_file_check(path, err);
    if (rc == 0)
        rc = gantry_images_save_open(images, references, opts, &stream, err);
    if (rc == 0)
        rc = gnt_new_file_open(&file, path, err);
    if (rc == 0)
        rc = gantry_stream_copy_fd(stream, file.fd, -1, err);
    if (rc == GANTRY_E_IO && err != NULL && err->resource_kind == GANTRY_RESOURCE_NONE)
        gnt_error_resource(err, GANTRY_RESOURCE_FILE, path);
    if (rc == 0)
        rc = gnt_new_file_keep(&file, err);
    gnt_new_file_close(&file);
    gantry_stream_close(stream);
    return gnt_leave(rc, GANTRY_FEATURE_IMAGES_SAVE, GANTRY_RESOURCE_IMAGE, only_one(references),
                     err);
}

/* ---- load ------------------------------------------------------------------------------------ */

int gantry_images_load(gantry_images *images, const gantry_source *tar,
                       const gantry_load_options *opts, gantry_load_result **out, gantry_error *err)
{
    gantry_engine *e = engine_of(images);
    gantry_load_options o;
    gantry_source source;
    gantry_load_result *result = NULL;
    int rc = gnt_enter(e, GANTRY_FEATURE_IMAGES_LOAD, err);

    if (rc == 0)
        rc = gnt_import(&source, sizeof source, tar, "gantry_source", err);
    if (rc == 0 && source.read == NULL)
        rc = gnt_fail(err, GANTRY_E_INVALID, "tar: needs a read function");
    if (rc == 0)
        rc = GNT_IMPORT(gantry_load_options, o, opts, err);
    if (rc == 0)
        rc = e->backend->images.load(e->state, &source, &o, &result, err);
    if (rc == 0 && out != NULL)
        *out = result;
    else
        gantry_load_result_free(result);
    return gnt_leave(rc, GANTRY_FEATURE_IMAGES_LOAD, GANTRY_RESOURCE_IMAGE, NULL, err);
}

int gantry_images_load_file(gantry_images *images, const char *path,
                            const gantry_load_options *opts, gantry_load_result **out,
                            gantry_error *err)
{
    gantry_source source = { .size = sizeof source };
    int rc = gnt_check_text("path", path, err);
    int fd = rc == 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;

    if (rc == 0 && fd < 0)
        rc = gnt_file_fail(err, GANTRY_E_IO, errno, "cannot open", path);
    if (rc < 0) {
        gnt_error_outcome(err, GANTRY_OUTCOME_NOT_SENT, GANTRY_RETRY_YES);
        return gnt_leave(rc, GANTRY_FEATURE_IMAGES_LOAD, 0, NULL, err);
    }
    gantry_source_fd(&source, fd);
    rc = gantry_images_load(images, &source, opts, out, err);
    close(fd);
    return rc;
}
