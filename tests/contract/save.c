/*
 * Contract of images on the move without a registry: save, load, export; between engines too.
 */
#include "contract.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define SAVES NEEDS(GANTRY_FEATURE_IMAGES_SAVE, GANTRY_FEATURE_IMAGES_LOAD)

/* ---- small images, a directory of our own ------------------------------------------------------ */

static int read_stream(void *arg, void *buffer, size_t capacity, size_t *out_size,
                       gantry_error *err)
{
    return gantry_stream_read(arg, buffer, capacity, out_size, NULL, err);
}

/* An image of one file that says its name, so that no two have a layer in common. */
static void make_small(struct contract *f, const char *name, char id[65])
{
    gantry_archive *archive = NULL;
    gantry_stream *stream = NULL;
    gantry_source tar = { .size = sizeof tar, .read = read_stream };
    gantry_image_import_result *result = NULL;

    OK(gantry_archive_new(NULL, &archive, &f->err));
    OK(gantry_archive_add_data(archive, "name", name, strlen(name), NULL, &f->err));
    OK(gantry_archive_stream(archive, NULL, &stream, &f->err));
    tar.arg = stream;
    OK(gantry_images_import(f->images, name, &tar, NULL, &result, &f->err));
    snprintf(id, 65, "%s", result->image_id);
    gantry_image_import_result_free(result);
    gantry_stream_close(stream);
    gantry_archive_free(archive);
}

struct place {
    char directory[64];
    char file[96];
};

static void make_place(struct place *place)
{
    snprintf(place->directory, sizeof place->directory, "/tmp/contract-save-XXXXXX");
    assert_non_null(mkdtemp(place->directory));
    snprintf(place->file, sizeof place->file, "%s/images.tar", place->directory);
}

static int count_files(const char *directory)
{
    DIR *dir = opendir(directory);
    int count = 0;

    assert_non_null(dir);
    for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir))
        count += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(dir);
    return count;
}

static void remove_place(const struct place *place)
{
    unlink(place->file);
    CHECK(count_files(place->directory) == 0);
    rmdir(place->directory);
}

static int load_fd(struct contract *f, gantry_images *images, int fd,
                   const gantry_load_options *opts, gantry_load_result **out)
{
    gantry_source tar = { .size = sizeof tar };
    int rc;

    assert_true(fd >= 0);
    gantry_source_fd(&tar, fd);
    memset(&f->err, 0, sizeof f->err);
    rc = gantry_images_load(images, &tar, opts, out, &f->err);
    close(fd);
    return rc;
}

static int load_path(struct contract *f, const char *path, gantry_load_result **out)
{
    gantry_load_options opts = { .size = sizeof opts };

    return gantry_images_load_file(f->images, path, &opts, out, &f->err);
}

static void remove_image(struct contract *f, const char *name)
{
    gantry_image_remove_options force = { .size = sizeof force, .force = GANTRY_ON };

    OK(gantry_images_remove(f->images, name, &force, NULL, &f->err));
    CHECK(!contract_image_exists(f, name));
}

static void has_id(struct contract *f, gantry_images *images, const char *name, const char *id)
{
    gantry_image *image = NULL;

    OK(gantry_images_inspect(images, name, NULL, &image, &f->err));
    SAME(image->id, id);
    gantry_image_free(image);
}

static size_t count(const char *const *list)
{
    size_t n = 0;

    while (list[n] != NULL)
        n++;
    return n;
}

/* ---- there and back ---------------------------------------------------------------------------- */

static void saved_images_load_again(struct contract *f)
{
    const char *one = contract_name(f, "one");
    const char *two = contract_name(f, "two");
    const char *names[4] = { one, two };
    char one_id[65], two_id[65], one_full[160], other[160];
    gantry_load_result *loaded = NULL;
    struct place place;
    struct stat st;

    make_place(&place);
    make_small(f, one, one_id);
    make_small(f, two, two_id);
    snprintf(one_full, sizeof one_full, "%s:latest", one);
    snprintf(other, sizeof other, "registry.example/%s:v1", two);
    OK(gantry_images_tag(f->images, two, other, NULL, &f->err));
    names[2] = other;
    OK(gantry_images_save_file(f->images, names, place.file, NULL, &f->err));
    CHECK(stat(place.file, &st) == 0 && st.st_size > 2048);
    CHECK(count_files(place.directory) == 1);
    remove_image(f, one_id);
    remove_image(f, two_id);
    OK(load_path(f, place.file, &loaded));
    CHECK(count(loaded->references) == 3);
    CHECK(contract_in_list(loaded->references, one_full));
    CHECK(contract_in_list(loaded->references, other));
    CHECK(loaded->image_ids[0] == NULL);
    gantry_load_result_free(loaded);
    has_id(f, f->images, one, one_id);
    has_id(f, f->images, two, two_id);
    has_id(f, f->images, other, two_id);
    contract_track_image(f, two_id);
    remove_place(&place);
}

static void saved_by_id_has_no_name(struct contract *f)
{
    const char *name = contract_name(f, "named");
    char id[65], beginning[13];
    const char *const ids[] = { id, NULL };
    const char *const beginnings[] = { beginning, NULL };
    gantry_load_result *loaded = NULL;
    struct place place;

    make_place(&place);
    make_small(f, name, id);
    snprintf(beginning, sizeof beginning, "%.12s", id);
    for (int i = 0; i < 2; i++) {
        OK(gantry_images_save_file(f->images, i == 0 ? ids : beginnings, place.file, NULL,
                                   &f->err));
        remove_image(f, id);
        OK(load_path(f, place.file, &loaded));
        CHECK(loaded->references[0] == NULL);
        SAME(loaded->image_ids[0], id);
        CHECK(loaded->image_ids[1] == NULL);
        gantry_load_result_free(loaded);
        CHECK(!contract_image_exists(f, name));
        CHECK(contract_image_exists(f, id));
    }
    contract_track_image(f, id);
    remove_place(&place);
}

static void name_without_tag_is_one_image(struct contract *f)
{
    const char *name = contract_name(f, "many");
    const char *const names[] = { name, NULL };
    char id[65], second[160], latest[160];
    gantry_load_result *loaded = NULL;
    struct place place;

    make_place(&place);
    make_small(f, name, id);
    snprintf(second, sizeof second, "%s:two", name);
    snprintf(latest, sizeof latest, "%s:latest", name);
    OK(gantry_images_tag(f->images, name, second, NULL, &f->err));
    OK(gantry_images_save_file(f->images, names, place.file, NULL, &f->err));
    OK(load_path(f, place.file, &loaded));
    CHECK(count(loaded->references) == 1);
    SAME(loaded->references[0], latest);
    gantry_load_result_free(loaded);
    remove_place(&place);
}

/* The engine of the other kind, if there is one. */
static gantry_engine *open_other(struct contract *f)
{
    int docker = f->on == ON_DOCKER;
    gantry_engine_options opts = { .size = sizeof opts, .on_demand = GANTRY_OFF };
    gantry_engine *engine = NULL;

    opts.address = getenv(docker ? "GANTRY_TEST_PODMAN" : "GANTRY_TEST_DOCKER");
    if (opts.address == NULL) {
        printf("[  N/A     ] there is no other engine to load on\n");
        return NULL;
    }
    OK(gantry_engine_open(docker ? GANTRY_RUNTIME_PODMAN : GANTRY_RUNTIME_DOCKER, &opts, &engine,
                          &f->err));
    return engine;
}

/* Saved here, loaded there, saved there, loaded here: the same image under the same name. */
static void saved_images_load_on_another_engine(struct contract *f)
{
    gantry_engine *other = open_other(f);
    gantry_images *there = gantry_engine_images(other);
    const char *name = contract_name(f, "travels");
    char id[65], full[160], second[160];
    const char *const names[] = { full, second, NULL };
    gantry_load_result *loaded = NULL;
    struct place place;

    if (other == NULL)
        return;
    make_place(&place);
    make_small(f, name, id);
    snprintf(full, sizeof full, "%s:latest", name);
    snprintf(second, sizeof second, "registry.example/%s:v1", name);
    OK(gantry_images_tag(f->images, name, second, NULL, &f->err));
    OK(gantry_images_save_file(f->images, names, place.file, NULL, &f->err));
    remove_image(f, id);
    OK(load_fd(f, there, open(place.file, O_RDONLY | O_CLOEXEC), NULL, &loaded));
    CHECK(count(loaded->references) == 2);
    CHECK(contract_in_list(loaded->references, full));
    CHECK(contract_in_list(loaded->references, second));
    gantry_load_result_free(loaded);
    has_id(f, there, name, id);
    OK(gantry_images_save_file(there, names, place.file, NULL, &f->err));
    OK(gantry_images_remove(there, second, NULL, NULL, &f->err));
    OK(gantry_images_remove(there, full, NULL, NULL, &f->err));
    OK(load_path(f, place.file, &loaded));
    CHECK(contract_in_list(loaded->references, full));
    CHECK(contract_in_list(loaded->references, second));
    gantry_load_result_free(loaded);
    has_id(f, f->images, name, id);
    OK(gantry_images_remove(f->images, second, NULL, NULL, &f->err));
    gantry_engine_close(other);
    remove_place(&place);
}

static void oci_archives(struct contract *f)
{
    const char *name = contract_name(f, "oci");
    const char *names[3] = { name, NULL, NULL };
    gantry_save_options opts = { .size = sizeof opts, .format = GANTRY_SAVE_OCI_ARCHIVE };
    gantry_load_result *loaded = NULL;
    char id[65], full[160];
    struct place place;

    make_place(&place);
    make_small(f, name, id);
    snprintf(full, sizeof full, "%s:latest", name);
    if (f->on == ON_DOCKER) {
        FAILS(gantry_images_save_file(f->images, names, place.file, &opts, &f->err),
              GANTRY_E_UNSUPPORTED);
        CONTAINS(f->err.message, "format");
    } else {
        OK(gantry_images_save_file(f->images, names, place.file, &opts, &f->err));
        remove_image(f, id);
        OK(load_path(f, place.file, &loaded));
        SAME(loaded->references[0], full);
        gantry_load_result_free(loaded);
        CHECK(contract_image_exists(f, name));
        opts.compress = GANTRY_OFF;
        FAILS(gantry_images_save_file(f->images, names, place.file, &opts, &f->err),
              GANTRY_E_UNSUPPORTED);
    }
    names[1] = name;
    FAILS(gantry_images_save_file(f->images, names, place.file, &opts, &f->err), GANTRY_E_INVALID);
    opts = (gantry_save_options){ .size = sizeof opts, .compress = GANTRY_ON };
    FAILS(gantry_images_save_file(f->images, names, place.file, &opts, &f->err),
          GANTRY_E_UNSUPPORTED);
    CONTAINS(f->err.message, "compress");
    remove_place(&place);
}

/* ---- save that fails --------------------------------------------------------------------------- */

static void old_file(const struct place *place, const char *want)
{
    char text[32] = "";
    FILE *file = fopen(place->file, want == NULL ? "we" : "re");

    assert_non_null(file);
    if (want == NULL) {
        fputs("as before", file);
    } else {
        CHECK(fgets(text, sizeof text, file) != NULL);
        SAME(text, want);
    }
    fclose(file);
}

static void missing_image_is_not_saved(struct contract *f)
{
    const char *name = contract_name(f, "there");
    const char *missing = contract_name(f, "missing");
    const char *const both[] = { name, missing, NULL };
    const char *const alone[] = { missing, NULL };
    const char *const none[] = { NULL };
    gantry_stream *stream = NULL;
    struct place place;
    char id[65];

    make_place(&place);
    make_small(f, name, id);
    FAILS(gantry_images_save_file(f->images, alone, place.file, NULL, &f->err), GANTRY_E_NOT_FOUND);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_IMAGE);
    SAME(f->err.resource, missing);
    SAME(f->err.operation, "images.save");
    CHECK(count_files(place.directory) == 0);
    old_file(&place, NULL);
    FAILS(gantry_images_save_file(f->images, both, place.file, NULL, &f->err), GANTRY_E_NOT_FOUND);
    old_file(&place, "as before");
    FAILS(gantry_images_save_open(f->images, both, NULL, &stream, &f->err), GANTRY_E_NOT_FOUND);
    CHECK(stream == NULL);
    FAILS(gantry_images_save_open(f->images, none, NULL, &stream, &f->err), GANTRY_E_INVALID);
    CHECK(count_files(place.directory) == 1);
    remove_place(&place);
}

static void save_without_room(struct contract *f)
{
    const char *const names[] = { f->base, NULL };
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    const struct rlimit small = { 64 * 1024, RLIM_INFINITY };
    struct rlimit before;
    struct place place;
    struct stat st;
    int rc;

    make_place(&place);
    old_file(&place, NULL);
    FAILS(gantry_images_save_fd(f->images, names, full, NULL, &f->err), GANTRY_E_IO);
    CHECK(f->err.os_error == ENOSPC);
    close(full);
    /* What is no file would be replaced by one. */
    FAILS(gantry_images_save_file(f->images, names, "/dev/full", NULL, &f->err), GANTRY_E_INVALID);
    CHECK(stat("/dev/full", &st) == 0 && S_ISCHR(st.st_mode));
    signal(SIGXFSZ, SIG_IGN);
    CHECK(getrlimit(RLIMIT_FSIZE, &before) == 0 && setrlimit(RLIMIT_FSIZE, &small) == 0);
    memset(&f->err, 0, sizeof f->err);
    rc = gantry_images_save_file(f->images, names, place.file, NULL, &f->err);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, SIG_DFL);
    CHECK(rc == GANTRY_E_IO && f->err.os_error == EFBIG);
    SAME(f->err.resource, place.file);
    old_file(&place, "as before");
    CHECK(count_files(place.directory) == 1);
    FAILS(gantry_images_save_file(f->images, names, "/nowhere/at/all.tar", NULL, &f->err),
          GANTRY_E_IO);
    CHECK(f->err.os_error == ENOENT);
    FAILS(gantry_images_save_file(f->images, names, place.directory, NULL, &f->err),
          GANTRY_E_INVALID);
    remove_place(&place);
}

static void save_is_cancelled_in_the_middle(struct contract *f)
{
    const char *const names[] = { f->base, NULL };
    gantry_call call = { .size = sizeof call };
    gantry_save_options opts = { .size = sizeof opts, .call = &call };
    gantry_stream *stream = NULL;
    struct place place;
    char piece[4096];
    size_t got = 0;
    int rc = 0;

    make_place(&place);
    OK(gantry_cancel_new(&call.cancel, &f->err));
    OK(gantry_images_save_open(f->images, names, &opts, &stream, &f->err));
    OK(gantry_stream_read(stream, piece, sizeof piece, &got, NULL, &f->err));
    CHECK(got > 0);
    gantry_cancel_trigger(call.cancel);
    while (rc == 0 && got > 0)
        rc = gantry_stream_read(stream, piece, sizeof piece, &got, NULL, &f->err);
    CHECK(rc == GANTRY_E_CANCELLED);
    gantry_stream_close(stream);
    old_file(&place, NULL);
    FAILS(gantry_images_save_file(f->images, names, place.file, &opts, &f->err),
          GANTRY_E_CANCELLED);
    old_file(&place, "as before");
    CHECK(count_files(place.directory) == 1);
    gantry_cancel_free(call.cancel);
    remove_place(&place);
}

/* ---- progress of a load ------------------------------------------------------------------------ */

struct seen {
    int64_t sent;
    int layers;
    int64_t stop_at; /* say stop at that many bytes; 0: never */
};

static int see(void *arg, const gantry_progress_record *record)
{
    struct seen *seen = arg;

    CHECK(record->kind == GANTRY_PROGRESS_STATUS);
    if (record->id != NULL) {
        seen->layers++;
        return 0;
    }
    CHECK(record->current > seen->sent);
    seen->sent = record->current;
    return seen->stop_at > 0 && seen->sent >= seen->stop_at;
}

static void load_tells_how_far_it_is(struct contract *f)
{
    const char *name = contract_name(f, "told");
    const char *const names[] = { name, NULL };
    gantry_source tar = contract_base_tar(f);
    struct seen seen = { 0 };
    gantry_load_options opts = { .size = sizeof opts, .progress = see, .progress_arg = &seen };
    gantry_image_import_options changed = { .size = sizeof changed,
                                            .changes = COMMAND("LABEL told=1") };
    struct place place;
    struct stat st;

    make_place(&place);
    OK(gantry_images_import(f->images, name, &tar, &changed, NULL, &f->err));
    contract_base_tar_close(&tar);
    OK(gantry_images_save_file(f->images, names, place.file, NULL, &f->err));
    remove_image(f, name);
    CHECK(stat(place.file, &st) == 0);
    seen.stop_at = st.st_size / 2;
    FAILS(load_fd(f, f->images, open(place.file, O_RDONLY | O_CLOEXEC), &opts, NULL),
          GANTRY_E_CALLBACK);
    CHECK(seen.sent >= seen.stop_at && seen.sent < st.st_size);
    CHECK(f->err.outcome == GANTRY_OUTCOME_NOT_SENT);
    CHECK(!contract_image_exists(f, name));
    seen = (struct seen){ 0 };
    OK(load_fd(f, f->images, open(place.file, O_RDONLY | O_CLOEXEC), &opts, NULL));
    CHECK(seen.sent > st.st_size - 16 * 1024 && seen.sent <= st.st_size);
    CHECK(contract_image_exists(f, name));
    remove_place(&place);
}

/* ---- archives that are none -------------------------------------------------------------------- */

static int read_failing(void *arg, void *buffer, size_t capacity, size_t *out_size,
                        gantry_error *err)
{
    int *fd = arg;
    ssize_t got = read(*fd, buffer, capacity < 512 ? capacity : 512);

    if (got < 0 || lseek(*fd, 0, SEEK_CUR) > 4096)
        return gantry_error_set(err, GANTRY_E_IO, "the disk of the contract is broken");
    *out_size = (size_t)got;
    return 0;
}

static void load_of_a_failing_source(struct contract *f)
{
    const char *name = contract_name(f, "broken");
    const char *const names[] = { name, NULL };
    gantry_source tar = { .size = sizeof tar, .read = read_failing };
    struct place place;
    char id[65];
    int fd;

    make_place(&place);
    make_small(f, name, id);
    OK(gantry_images_save_file(f->images, names, place.file, NULL, &f->err));
    remove_image(f, id);
    fd = open(place.file, O_RDONLY | O_CLOEXEC);
    tar.arg = &fd;
    FAILS(gantry_images_load(f->images, &tar, NULL, NULL, &f->err), GANTRY_E_IO);
    CONTAINS(f->err.message, "the disk of the contract is broken");
    CHECK(!contract_image_exists(f, id));
    close(fd);
    remove_place(&place);
}

static int load_memory(struct contract *f, const void *data, size_t size)
{
    gantry_memory memory = { .size = sizeof memory, .data = data, .length = size };
    gantry_source tar = { .size = sizeof tar };
    gantry_load_result *loaded = NULL;
    int rc;

    gantry_source_memory(&tar, &memory);
    memset(&f->err, 0, sizeof f->err);
    rc = gantry_images_load(f->images, &tar, NULL, &loaded, &f->err);
    CHECK(loaded == NULL);
    return rc;
}

static void what_is_no_archive_is_refused(struct contract *f)
{
    const char *name = contract_name(f, "cut");
    gantry_archive *archive = NULL;
    gantry_stream *stream = NULL;
    gantry_output *tar = NULL;
    char garbage[2048], id[65];
    const char *const names[] = { name, NULL };

    memset(garbage, 'g', sizeof garbage);
    FAILS(load_memory(f, garbage, sizeof garbage), GANTRY_E_INVALID);
    SAME(f->err.operation, "images.load");
    CHECK(f->err.outcome == GANTRY_OUTCOME_REFUSED);
    OK(gantry_archive_new(NULL, &archive, &f->err));
    OK(gantry_archive_add_data(archive, "other/file", "x", 1, NULL, &f->err));
    OK(gantry_archive_stream(archive, NULL, &stream, &f->err));
    OK(gantry_stream_capture(stream, 0, &tar, &f->err));
    FAILS(load_memory(f, tar->stdout_data, tar->stdout_size), GANTRY_E_INVALID);
    gantry_output_free(tar);
    gantry_stream_close(stream);
    gantry_archive_free(archive);
    make_small(f, name, id);
    OK(gantry_images_save_open(f->images, names, NULL, &stream, &f->err));
    OK(gantry_stream_capture(stream, 0, &tar, &f->err));
    gantry_stream_close(stream);
    remove_image(f, id);
    FAILS(load_memory(f, tar->stdout_data, tar->stdout_size / 2 + 100), GANTRY_E_INVALID);
    CHECK(!contract_image_exists(f, id));
    gantry_output_free(tar);
}

static void compressed_archives_load(struct contract *f)
{
    static const char *const programs[] = { "gzip", "bzip2", "xz" };
    const char *name = contract_name(f, "packed");
    const char *const names[] = { name, NULL };
    char id[65], command[256];
    struct place place, packed;
    gantry_load_result *loaded = NULL;

    make_place(&place);
    make_place(&packed);
    make_small(f, name, id);
    OK(gantry_images_save_file(f->images, names, place.file, NULL, &f->err));
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        snprintf(command, sizeof command, "command -v %s >/dev/null || exit 9; %s -c <%s >%s",
                 programs[i], programs[i], place.file, packed.file);
        if (system(command) != 0) { /* at least one of them is everywhere */
            CHECK(i > 0);
            continue;
        }
        remove_image(f, id);
        OK(load_path(f, packed.file, &loaded));
        CHECK(count(loaded->references) == 1);
        gantry_load_result_free(loaded);
        has_id(f, f->images, name, id);
    }
    remove_place(&place);
    remove_place(&packed);
}

/* ---- export ------------------------------------------------------------------------------------ */

static void exported_files_make_an_image(struct contract *f)
{
    const char *name = contract_name(f, "exported");
    const char *container = contract_start(f, "echo kept >/kept");
    gantry_source tar = { .size = sizeof tar, .read = read_stream };
    gantry_image_import_options opts = { .size = sizeof opts, .changes = COMMAND("CMD [\"sh\"]") };
    gantry_stream *stream = NULL;

    CHECK(contract_wait_exit(f, container) == 0);
    OK(gantry_containers_export_open(f->containers, container, NULL, &stream, &f->err));
    tar.arg = stream;
    OK(gantry_images_import(f->images, name, &tar, &opts, NULL, &f->err));
    gantry_stream_close(stream);
    contract_run_prints(f, name, "cat /kept", "kept\n");
    stream = NULL;
    FAILS(gantry_containers_export_open(f->containers, contract_name(f, "no"), NULL, &stream,
                                        &f->err),
          GANTRY_E_NOT_FOUND);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_CONTAINER && stream == NULL);
    SAME(f->err.operation, "containers.export");
}

const struct contract_test save_tests[] = {
    TEST_WITH(saved_images_load_again, SAVES),
    TEST_WITH(saved_by_id_has_no_name, SAVES),
    TEST_WITH(name_without_tag_is_one_image, SAVES),
    TEST_WITH(saved_images_load_on_another_engine, SAVES),
    TEST_WITH(oci_archives, SAVES, .on = ON_KNOWN),
    TEST_WITH(missing_image_is_not_saved, SAVES),
    TEST_WITH(save_without_room, SAVES),
    TEST_WITH(save_is_cancelled_in_the_middle, SAVES),
    TEST_WITH(load_tells_how_far_it_is, SAVES),
    TEST_WITH(load_of_a_failing_source, SAVES),
    TEST_WITH(what_is_no_archive_is_refused, SAVES),
    TEST_WITH(compressed_archives_load, SAVES),
    TEST_WITH(exported_files_make_an_image, NEEDS(GANTRY_FEATURE_CONTAINERS_EXPORT)),
    { 0 },
};
