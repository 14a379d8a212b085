/*
 * Contract of a full disk: what the engine has no room for is an error in its own words, leaves
 * nothing behind, and the engine works again as soon as there is room. Runs on the engines that
 * tests/engines/start gives a small disk of FULL_DISK.
 */
#include "contract.h"

enum {
    FULL_DISK = 24 << 20,
    TOO_BIG = FULL_DISK + (FULL_DISK >> 2),
    HALF = FULL_DISK >> 1
};

#define SMALL_DISK .on = ON_SMALL

/* ---- images of a size -------------------------------------------------------------------------- */

struct noise {
    uint32_t state;
    size_t left;
};

/* Bytes that nothing makes smaller. */
static int read_noise(void *arg, void *buffer, size_t capacity, size_t *out_size, gantry_error *err)
{
    struct noise *noise = arg;
    unsigned char *bytes = buffer;
    size_t size = capacity < noise->left ? capacity : noise->left;

    (void)err;
    for (size_t i = 0; i < size; i++) {
        noise->state = noise->state * 1664525u + 1013904223u;
        bytes[i] = (unsigned char)(noise->state >> 24);
    }
    noise->left -= size;
    *out_size = size;
    return 0;
}

static int read_stream(void *arg, void *buffer, size_t capacity, size_t *out_size,
                       gantry_error *err)
{
    return gantry_stream_read(arg, buffer, capacity, out_size, NULL, err);
}

/* A tar with one file "big". */
static gantry_archive *big_archive(struct contract *f, struct noise *noise)
{
    gantry_source bytes = {
        .size = sizeof bytes, .read = read_noise, .arg = noise, .length = (int64_t)noise->left
    };
    gantry_archive *archive = NULL;

    OK(gantry_archive_new(NULL, &archive, &f->err));
    OK(gantry_archive_add_source(archive, "big", &bytes, NULL, &f->err));
    return archive;
}

/* Import an image of that many bytes; what the call gives. */
static int import_big(struct contract *f, const char *name, size_t size)
{
    struct noise noise = { .state = ++f->serial, .left = size };
    gantry_archive *archive = big_archive(f, &noise);
    gantry_source tar = { .size = sizeof tar, .read = read_stream };
    gantry_stream *stream = NULL;
    int rc;

    OK(gantry_archive_stream(archive, NULL, &stream, &f->err));
    tar.arg = stream;
    memset(&f->err, 0, sizeof f->err);
    rc = gantry_images_import(f->images, name, &tar, NULL, NULL, &f->err);
    gantry_stream_close(stream);
    gantry_archive_free(archive);
    return rc;
}

/* ---- what is left ------------------------------------------------------------------------------ */

static size_t count_images(struct contract *f)
{
    gantry_image_list_options all = { .size = sizeof all, .all = GANTRY_ON };
    gantry_image_list *list = NULL;
    size_t count;

    OK(gantry_images_list(f->images, &all, &list, &f->err));
    count = list->count;
    gantry_image_list_free(list);
    return count;
}

static void says_no_space(const char *text)
{
    CONTAINS(text, "no space left on device");
}

/* Half of the disk is free: what failed before did not keep it. */
static void has_room_again(struct contract *f)
{
    const char *name = contract_name(f, "fits");

    OK(import_big(f, name, HALF));
    CHECK(contract_image_exists(f, name));
    OK(gantry_images_remove(f->images, name, NULL, NULL, &f->err));
}

/* BuildKit keeps what it was sent and what it made for builds to come: no room comes back. */
static int tidy_builder(const struct contract *f)
{
    return (f->on & ON_DOCKER) != 0 ? GANTRY_BUILDER_CLASSIC : GANTRY_BUILDER_AUTO;
}

/* ---- tests ------------------------------------------------------------------------------------- */

static void import_without_room(struct contract *f)
{
    const size_t before = count_images(f);
    const char *name = contract_name(f, "toobig");

    for (int i = 0; i < 2; i++) {
        FAILS(import_big(f, name, TOO_BIG), GANTRY_E_NO_SPACE);
        says_no_space(f->err.message);
        SAME(f->err.operation, "images.import");
        CHECK(!contract_image_exists(f, name));
        CHECK(count_images(f) == before);
    }
    has_room_again(f);
}

static void import_fits_after_a_removal(struct contract *f)
{
    const char *first = contract_name(f, "first");
    const char *second = contract_name(f, "second");

    OK(import_big(f, first, HALF));
    FAILS(import_big(f, second, HALF), GANTRY_E_NO_SPACE);
    says_no_space(f->err.message);
    CHECK(!contract_image_exists(f, second));
    CHECK(contract_image_exists(f, first));
    OK(gantry_images_remove(f->images, first, NULL, NULL, &f->err));
    OK(import_big(f, second, HALF));
    CHECK(contract_image_exists(f, second));
}

/* A name that another image has stays with it. */
static void failed_import_takes_no_name(struct contract *f)
{
    const char *name = contract_name(f, "kept");
    gantry_image *before = NULL, *after = NULL;

    OK(import_big(f, name, 1000));
    OK(gantry_images_inspect(f->images, name, NULL, &before, &f->err));
    FAILS(import_big(f, name, TOO_BIG), GANTRY_E_NO_SPACE);
    OK(gantry_images_inspect(f->images, name, NULL, &after, &f->err));
    SAME(after->id, before->id);
    gantry_image_free(before);
    gantry_image_free(after);
}

static void context_without_room(struct contract *f)
{
    const size_t before = count_images(f);
    const char *name = contract_name(f, "copied");
    struct noise noise = { .state = 1, .left = TOO_BIG };
    gantry_archive *context = big_archive(f, &noise);
    char text[256];
    gantry_build_options opts = {
        .size = sizeof opts, .dockerfile = text, .context = context, .builder = tidy_builder(f)
    };
    int rc;

    snprintf(text, sizeof text, "FROM %s\nCOPY big /big\n", f->base);
    memset(&f->err, 0, sizeof f->err);
    rc = gantry_images_build(f->images, name, &opts, NULL, &f->err);
    gantry_archive_free(context);
    CHECK(gantry_error_is(&f->err, GANTRY_E_ENGINE) && rc == f->err.code);
    says_no_space(f->err.message);
    CHECK(!contract_image_exists(f, name));
    CHECK(count_images(f) == before);
    has_room_again(f);
}

static void build_step_without_room(struct contract *f)
{
    const size_t before = count_images(f);
    const char *name = contract_name(f, "written");
    char text[256];
    gantry_build_options opts = { .size = sizeof opts,
                                  .dockerfile = text,
                                  .builder = tidy_builder(f) };

    snprintf(text, sizeof text, "FROM %s\nRUN dd if=/dev/zero of=/big bs=65536 count=%d\n", f->base,
             TOO_BIG / 65536);
    FAILS(contract_build(f, name, &opts, NULL), GANTRY_E_BUILD);
    CHECK(f->err.exit_code == 1);
    CONTAINS(f->err.output, "No space left on device");
    CHECK(!contract_image_exists(f, name));
    CHECK(count_images(f) == before);
    has_room_again(f);
}

/* The archive of an image that fits alone. Docker makes a copy of what it saves. */
static void load_without_room(struct contract *f)
{
    const char *name = contract_name(f, "loaded");
    const char *const names[] = { name, NULL };
    gantry_source tar = { .size = sizeof tar };
    FILE *file = tmpfile();
    size_t before;

    assert_non_null(file);
    OK(import_big(f, name, HALF >> 1));
    OK(gantry_images_save_fd(f->images, names, fileno(file), NULL, &f->err));
    OK(gantry_images_remove(f->images, name, NULL, NULL, &f->err));
    OK(import_big(f, contract_name(f, "fills"), HALF + (HALF >> 1)));
    before = count_images(f);
    rewind(file);
    gantry_source_fd(&tar, fileno(file));
    FAILS(gantry_images_load(f->images, &tar, NULL, NULL, &f->err), GANTRY_E_NO_SPACE);
    fclose(file);
    CHECK(!contract_image_exists(f, name));
    CHECK(count_images(f) == before);
}

/* Unpack a tar with one file of that many bytes into a volume; what the call gives. */
static int restore_big(struct contract *f, const char *volume, size_t size)
{
    struct noise noise = { .state = ++f->serial, .left = size };
    gantry_archive *archive = big_archive(f, &noise);
    gantry_source tar = { .size = sizeof tar, .read = read_stream };
    gantry_volume_options create = { .size = sizeof create };
    gantry_volume_import_options opts = { .size = sizeof opts,
                                          .create = &create,
                                          .clear = GANTRY_ON };
    gantry_stream *stream = NULL;
    int rc;

    OK(gantry_archive_stream(archive, NULL, &stream, &f->err));
    tar.arg = stream;
    memset(&f->err, 0, sizeof f->err);
    rc = gantry_volumes_import(f->volumes, volume, &tar, &opts, &f->err);
    gantry_stream_close(stream);
    gantry_archive_free(archive);
    return rc;
}

/* A part of it is in the volume then. While it keeps the disk full there is no room for a container
 * either, so that the volume goes before it is tried again. */
static void restore_without_room(struct contract *f)
{
    const char *name = contract_name(f, "restored");

    FAILS(restore_big(f, name, TOO_BIG), GANTRY_E_NO_SPACE);
    says_no_space(f->err.message);
    if (!contract_differs(f, DIFF_UNREAD_INPUT_BREAKS))
        CONTAINS(f->err.message, "write big"); /* else what was said of it may be lost, too */
    CHECK(f->err.outcome == GANTRY_OUTCOME_PARTIAL);
    SAME(f->err.operation, "volumes.import");
    SAME(f->err.resource, name);
    OK(gantry_volumes_remove(f->volumes, name, NULL, &f->err));
    OK(restore_big(f, name, HALF));
    OK(gantry_volumes_remove(f->volumes, name, NULL, &f->err));
    has_room_again(f);
}

const struct contract_test full_tests[] = {
    TEST_WITH(import_without_room, SMALL_DISK),
    TEST_WITH(import_fits_after_a_removal, SMALL_DISK),
    TEST_WITH(failed_import_takes_no_name, SMALL_DISK),
    TEST_WITH(load_without_room, SMALL_DISK),
    TEST_WITH(context_without_room, SMALL_DISK),
    TEST_WITH(build_step_without_room, SMALL_DISK),
    TEST_WITH(restore_without_room, SMALL_DISK),
    { 0 },
};
