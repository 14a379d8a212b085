/*
 * The calls on images. Knows the public headers only.
 */
#include "calls.h"

#include <stddef.h>

int faults_images_import(struct faults *f)
{
    static const char *const changes[] = { "CMD [\"sh\"]", "LABEL faults=yes", NULL };
    gantry_image_import_options o = { .size = sizeof o, .call = &f->call, .changes = changes };
    gantry_memory memory = { .size = sizeof memory, .data = f->tar, .length = f->tar_size };
    gantry_source source = { .size = sizeof source };
    gantry_image_import_result *result = NULL;
    int rc;

    gantry_source_memory(&source, &memory);
    rc = gantry_images_import(gantry_engine_images(f->engine), "faults-base", &source, &o, &result,
                              &f->err);
    if (rc < 0)
        return rc;
    faults_mix(f, result->image_id);
    gantry_image_import_result_free(result);
    return 0;
}

int faults_images_list(struct faults *f)
{
    static const char *const labels[] = { "faults", NULL };
    gantry_image_list_options o = { .size = sizeof o, .call = &f->call, .labels = labels };
    gantry_image_list *list = NULL;
    int rc = gantry_images_list(gantry_engine_images(f->engine), &o, &list, &f->err);

    if (rc < 0)
        return rc;
    for (size_t i = 0; i < list->count; i++) {
        faults_mix(f, list->items[i]->id);
        faults_mix_strings(f, list->items[i]->references);
    }
    gantry_image_list_free(list);
    return 0;
}

int faults_images_inspect(struct faults *f)
{
    gantry_image_inspect_options o = { .size = sizeof o, .call = &f->call };
    gantry_image *image = NULL;
    int rc = gantry_images_inspect(gantry_engine_images(f->engine), "faults-base", &o, &image,
                                   &f->err);

    if (rc < 0)
        return rc;
    faults_mix(f, image->id);
    faults_mix_strings(f, image->command);
    faults_mix(f, image->json);
    gantry_image_free(image);
    return 0;
}

static int exists(struct faults *f, const char *reference)
{
    gantry_image_exists_options o = { .size = sizeof o, .call = &f->call };
    int there = -1;
    int rc = gantry_images_exists(gantry_engine_images(f->engine), reference, &o, &there, &f->err);

    faults_mix_int(f, there);
    return rc;
}

int faults_images_exists(struct faults *f)
{
    return exists(f, "faults-base");
}

int faults_images_exists_not(struct faults *f)
{
    return exists(f, "faults-missing");
}

int faults_images_tag(struct faults *f)
{
    gantry_image_tag_options o = { .size = sizeof o, .call = &f->call };

    return gantry_images_tag(gantry_engine_images(f->engine), "faults-base", "faults-other:1", &o,
                             &f->err);
}

static int note_record(void *arg, const gantry_progress_record *record)
{
    faults_mix_int(arg, record->kind);
    faults_mix(arg, record->text);
    return 0;
}

static int build(struct faults *f, const char *reference, const char *dockerfile)
{
    gantry_build_options o = { .size = sizeof o,
                               .call = &f->call,
                               .dockerfile = dockerfile,
                               .progress = note_record,
                               .progress_arg = f,
                               .no_cache = GANTRY_ON };
    gantry_build_result *result = NULL;
    gantry_archive_options a = { .size = sizeof a, .allocator = f->allocator };
    int rc = gantry_archive_new(&a, &o.context, &f->err);

    if (rc == 0)
        rc = gantry_archive_add_data(o.context, "hello", "hello\n", 6, NULL, &f->err);
    if (rc == 0)
        rc = gantry_images_build(gantry_engine_images(f->engine), reference, &o, &result, &f->err);
    if (rc == 0) {
        faults_mix(f, result->image_id);
        faults_mix_int(f, result->step_total);
        gantry_build_result_free(result);
    }
    gantry_archive_free(o.context);
    return rc;
}

int faults_images_build(struct faults *f)
{
    return build(f, "faults-built", "FROM faults-base\nCOPY hello /hello\nRUN echo building\n");
}

int faults_images_build_failing(struct faults *f)
{
    return build(f, "faults-failing", "FROM faults-base\nRUN echo sorry; exit 3\n");
}

static int remove_image(struct faults *f, const char *reference, int missing_ok)
{
    gantry_image_remove_options o = { .size = sizeof o,
                                      .call = &f->call,
                                      .missing_ok = missing_ok };
    gantry_image_removal *removal = NULL;
    int rc = gantry_images_remove(gantry_engine_images(f->engine), reference, &o, &removal,
                                  &f->err);

    if (rc < 0)
        return rc;
    if (removal != NULL)
        faults_mix_strings(f, removal->untagged);
    if (removal != NULL)
        faults_mix_strings(f, removal->deleted);
    gantry_image_removal_free(removal);
    return 0;
}

int faults_images_remove(struct faults *f)
{
    return remove_image(f, "faults-built", GANTRY_OFF);
}

int faults_images_remove_other(struct faults *f)
{
    return remove_image(f, "faults-other:1", GANTRY_OFF);
}

int faults_images_remove_base(struct faults *f)
{
    return remove_image(f, "faults-base", GANTRY_OFF);
}

int faults_images_remove_missing(struct faults *f)
{
    return remove_image(f, "faults-missing", GANTRY_ON);
}
