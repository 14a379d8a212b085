/*
 * The calls that move images: save, load, pull, push. Their image is one small file on nothing, so
 * that what the engines send stays small; its name is one of the test engines' plain registry.
 */
#include "calls.h"

#include <string.h>

#define SMALL "127.0.0.1:5000/faults/small:1"

static gantry_images *images(const struct faults *f)
{
    return gantry_engine_images(f->engine);
}

/* Records come in any number and order; only the last one counts. */
static int note_result(void *arg, const gantry_progress_record *record)
{
    struct faults *f = arg;

    if (record->kind == GANTRY_PROGRESS_RESULT)
        faults_mix(f, record->id);
    return 0;
}

int faults_images_build_small(struct faults *f)
{
    gantry_build_options o = {
        .size = sizeof o,
        .call = &f->call,
        .dockerfile = "FROM scratch\nCOPY hello /hello\nLABEL faults-small=yes\nCMD [\"/hello\"]\n"
    };
    gantry_build_result *result = NULL;
    gantry_archive_options a = { .size = sizeof a, .allocator = f->allocator };
    int rc = gantry_archive_new(&a, &o.context, &f->err);

    if (rc == 0)
        rc = gantry_archive_add_data(o.context, "hello", "hello\n", 6, NULL, &f->err);
    if (rc == 0)
        rc = gantry_images_build(images(f), SMALL, &o, &result, &f->err);
    if (rc == 0)
        faults_mix(f, result->image_id);
    gantry_build_result_free(result);
    gantry_archive_free(o.context);
    return rc;
}

/* ---- save, load ------------------------------------------------------------------------------ */

int faults_stream_digest(struct faults *f, gantry_stream *stream, struct faults_kept *kept)
{
    char piece[700];
    size_t got = 1;
    uint64_t sum = 0;
    int rc = 0;

    while (rc == 0 && got > 0) {
        rc = gantry_stream_read(stream, piece, sizeof piece, &got, NULL, &f->err);
        for (size_t i = 0; rc == 0 && i < got; i++)
            sum = sum * 31 + (unsigned char)piece[i];
        if (rc == 0 && kept != NULL && got <= kept->room - kept->size) {
            memcpy(kept->data + kept->size, piece, got);
            kept->size += got;
        }
    }
    faults_mix_int(f, (int64_t)sum);
    return rc;
}

int faults_images_save(struct faults *f)
{
    static const char *const references[] = { SMALL, NULL };
    gantry_save_options o = { .size = sizeof o, .call = &f->call };
    gantry_stream *stream = NULL;
    int rc = gantry_images_save_open(images(f), references, &o, &stream, &f->err);

    if (rc == 0)
        rc = faults_stream_digest(f, stream, f->saved);
    gantry_stream_close(stream);
    return rc;
}

int faults_images_load(struct faults *f)
{
    gantry_load_options o = { .size = sizeof o, .call = &f->call };
    gantry_memory memory = { .size = sizeof memory, .data = f->tar, .length = f->tar_size };
    gantry_source source = { .size = sizeof source };
    gantry_load_result *result = NULL;
    int rc;

    if (f->saved != NULL) {
        memory.data = f->saved->data;
        memory.length = f->saved->size;
    }
    gantry_source_memory(&source, &memory);
    rc = gantry_images_load(images(f), &source, &o, &result, &f->err);
    if (rc < 0)
        return rc;
    faults_mix_strings(f, result->references);
    faults_mix_strings(f, result->image_ids);
    gantry_load_result_free(result);
    return 0;
}

/* ---- push, pull ------------------------------------------------------------------------------ */

static int push(struct faults *f, const char *destination)
{
    gantry_push_options o = { .size = sizeof o,
                              .call = &f->call,
                              .destination = destination,
                              .progress = note_result,
                              .progress_arg = f };
    gantry_push_result *result = NULL;
    int rc;

    if (f->runtime == GANTRY_RUNTIME_PODMAN)
        o.tls_verify = GANTRY_OFF;
    rc = gantry_images_push(images(f), SMALL, &o, &result, &f->err);
    if (rc < 0)
        return rc;
    faults_mix(f, result->digest);
    gantry_push_result_free(result);
    return 0;
}

int faults_images_push(struct faults *f)
{
    return push(f, NULL);
}

int faults_images_push_elsewhere(struct faults *f)
{
    return push(f, "127.0.0.1:5000/faults/other:2");
}

static int pull(struct faults *f, const char *reference, int policy)
{
    gantry_pull_options o = { .size = sizeof o,
                              .call = &f->call,
                              .progress = note_result,
                              .progress_arg = f,
                              .policy = policy };
    gantry_pull_result *result = NULL;
    int rc;

    if (f->runtime == GANTRY_RUNTIME_PODMAN)
        o.tls_verify = GANTRY_OFF;
    rc = gantry_images_pull(images(f), reference, &o, &result, &f->err);
    if (rc < 0)
        return rc;
    faults_mix(f, result->image_id);
    faults_mix(f, result->digest);
    faults_mix_int(f, result->changed);
    gantry_pull_result_free(result);
    return 0;
}

int faults_images_pull(struct faults *f)
{
    return pull(f, SMALL, GANTRY_PULL_ALWAYS);
}

int faults_images_pull_missing(struct faults *f)
{
    return pull(f, SMALL, GANTRY_PULL_MISSING);
}

int faults_images_pull_failing(struct faults *f)
{
    return pull(f, "127.0.0.1:5000/faults/nothing:1", GANTRY_PULL_ALWAYS);
}
