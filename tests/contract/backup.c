/*
 * Contract of volumes' backup and restore: everything that a file system keeps of a file comes out
 * and goes in again, byte for byte; what is not whole is an error; nothing of the work stays behind
 * but the library's image.
 */
#include "contract.h"

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "tars.h"

/* ---- tars in and out --------------------------------------------------------------------------- */

struct noise {
    uint32_t state;
    size_t left;
};

static void fill_noise(struct noise *noise, unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        noise->state = noise->state * 1664525u + 1013904223u;
        bytes[i] = (unsigned char)(noise->state >> 24);
    }
    noise->left -= size;
}

static int import_text(struct contract *f, const char *volume, const char *data, size_t size,
                       const gantry_volume_import_options *opts)
{
    gantry_memory memory = { .size = sizeof memory, .data = data, .length = size };
    gantry_source source = { .size = sizeof source };

    gantry_source_memory(&source, &memory);
    return gantry_volumes_import(f->volumes, volume, &source, opts, &f->err);
}

static gantry_output *export_memory(struct contract *f, const char *volume)
{
    gantry_stream *stream = NULL;
    gantry_output *out = NULL;

    OK(gantry_volumes_export_open(f->volumes, volume, NULL, &stream, &f->err));
    OK(gantry_stream_capture(stream, 0, &out, &f->err));
    gantry_stream_close(stream);
    CHECK(out->stderr_size == 0);
    return out;
}

struct collected {
    char *data;
    size_t size;
};

static int collect(void *arg, int channel, const void *data, size_t size)
{
    struct collected *c = arg;

    assert_int_equal(channel, GANTRY_STDOUT);
    c->data = realloc(c->data, c->size + size);
    assert_non_null(c->data);
    memcpy(c->data + c->size, data, size);
    c->size += size;
    return 0;
}

static void check_collected(const struct collected *c, const gantry_output *want)
{
    CHECK(c->size == want->stdout_size);
    CHECK(memcmp(c->data, want->stdout_data, c->size) == 0);
    free(c->data);
}

static void new_volume(struct contract *f, const char *name)
{
    OK(gantry_volumes_create(f->volumes, name, NULL, NULL, &f->err));
}

/* Out, into a volume that is made for it, and out again. */
static gantry_output *check_round_trip(struct contract *f, const char *volume)
{
    gantry_volume_options create = { .size = sizeof create };
    gantry_volume_import_options opts = { .size = sizeof opts, .create = &create };
    const char *copy = contract_name(f, "copy");
    gantry_output *first = export_memory(f, volume);
    struct collected second = { 0 };
    gantry_stream *stream = NULL;

    OK(import_text(f, copy, first->stdout_data, first->stdout_size, &opts));
    OK(gantry_volumes_export_open(f->volumes, copy, NULL, &stream, &f->err));
    OK(gantry_stream_each(stream, collect, &second, &f->err));
    gantry_stream_close(stream);
    check_collected(&second, first);
    OK(gantry_volumes_remove(f->volumes, copy, NULL, &f->err)); /* nobody uses it any more */
    return first;
}

static void run_with(struct contract *f, const char *volume, const char *script, const char *want)
{
    gantry_mount mount = {
        .size = sizeof mount, .type = GANTRY_MOUNT_VOLUME, .source = volume, .target = "/data"
    };
    const gantry_mount *const mounts[] = { &mount, NULL };
    gantry_container_options container = { .size = sizeof container,
                                           .name = contract_name(f, "shell"),
                                           .mounts = mounts };
    gantry_run_options opts = {
        .size = sizeof opts, .container = &container, .command = SHELL(script), .remove = GANTRY_ON
    };
    gantry_run_result *run = NULL;

    OK(contract_run(f, f->base, &opts, &run, &f->err));
    SAME(run->stdout_data, want);
    gantry_run_result_free(run);
}

/* ---- what is kept ------------------------------------------------------------------------------ */

enum {
    LARGE = 4 * 1024 * 1024 + 77
};

static const char odd_value[] = "a\0b\n=c\xff";

struct everything {
    struct tar_text tar;
    unsigned char *large;
    char longer[300]; /* a name that no header has room for */
    char records[512];
    size_t records_size;
};

static void add_files(struct everything *e)
{
    static char path[512];
    size_t size = tar_record(path, "path", e->longer, strlen(e->longer));

    tar_add(&e->tar, &(struct tar_file){ .name = "./dir/file",
                                         .type = '0',
                                         .mode = 04711,
                                         .uid = 1001,
                                         .gid = 101,
                                         .records = "30 mtime=1234567890.000000007\n",
                                         .records_size = 30,
                                         .data = "content",
                                         .size = 7 });
    tar_add(&e->tar, &(struct tar_file){ .name = "./hard", .type = '1', .link = "./dir/file" });
    tar_add(&e->tar,
            &(struct tar_file){
                .name = "./soft", .type = '2', .link = "dir/nowhere", .uid = 3, .gid = 4 });
    tar_add(&e->tar, &(struct tar_file){ .name = "./pipe", .type = '6', .mode = 0620, .uid = 5 });
    tar_add(&e->tar,
            &(struct tar_file){
                .name = "cut", .type = '0', .mode = 0600, .records = path, .records_size = size });
    tar_add(&e->tar, &(struct tar_file){ .name = "large",
                                         .type = '0',
                                         .mode = 0440,
                                         .records = e->records_size > 0 ? e->records : NULL,
                                         .records_size = e->records_size,
                                         .data = e->large,
                                         .size = LARGE });
}

static void make_everything(struct everything *e, int attributes)
{
    struct noise noise = { .state = 5, .left = LARGE };

    memset(e, 0, sizeof *e);
    e->large = malloc(LARGE);
    assert_non_null(e->large);
    fill_noise(&noise, e->large, LARGE);
    memset(e->longer, 'n', sizeof e->longer - 1);
    e->longer[120] = '/';
    e->longer[240] = '/';
    if (attributes) {
        e->records_size =
            tar_record(e->records, "SCHILY.xattr.user.a%3Db", odd_value, sizeof odd_value - 1);
        e->records_size +=
            tar_record(e->records + e->records_size, "SCHILY.xattr.user.word", "plain", 5);
    }
    tar_add(&e->tar,
            &(struct tar_file){
                .name = "./", .type = '5', .mode = 03775, .uid = 7, .gid = 8, .mtime = 5 });
    tar_add(&e->tar, &(struct tar_file){ .name = "./dir/",
                                         .type = '5',
                                         .mode = 02751,
                                         .uid = 1000,
                                         .gid = 100,
                                         .records = attributes ? e->records : NULL,
                                         .records_size = e->records_size });
    add_files(e);
}

static void add_devices(struct tar_text *tar)
{
    tar_add(tar, &(struct tar_file){
                     .name = "null", .type = '3', .mode = 0640, .gid = 6, .major = 1, .minor = 3 });
    tar_add(tar, &(struct tar_file){
                     .name = "disk", .type = '4', .mode = 0600, .major = 259, .minor = 70000 });
}

static void free_everything(struct everything *e)
{
    free(e->tar.data);
    free(e->large);
}

/* What can be seen of it from a container. */
static void look_at_everything(struct contract *f, const char *name, int devices)
{
    run_with(f, name,
             "cd /data && stat -c '%a %u:%g %F' . dir dir/file soft pipe n*/n*/n* | "
             "sed 's/ empty//' && cat hard && readlink soft && stat -c '%h %Y' hard && "
             "stat -c '%Y' . dir",
             "3775 7:8 directory\n2751 1000:100 directory\n4711 1001:101 regular file\n"
             "777 3:4 symbolic link\n620 5:0 fifo\n600 0:0 regular file\ncontentdir/nowhere\n"
             "2 1234567890\n5\n0\n");
    if (devices)
        run_with(f, name, "cd /data && stat -c '%a %u:%g %F %t,%T' null disk",
                 "640 0:6 character special file 1,3\n600 0:0 block special file 103,11170\n");
}

static void check_everything(const struct everything *e, const gantry_output *out)
{
    const char *data = out->stdout_data;
    const size_t size = out->stdout_size;
    const char *large = tar_find(data, size, e->large, 64);

    CHECK(tar_find(data, size, "mtime=1234567890.000000007\n", 27) != NULL);
    CHECK(tar_find(data, size, e->longer, strlen(e->longer)) != NULL);
    CHECK(e->records_size == 0 || tar_find(data, size, e->records, e->records_size) != NULL);
    CHECK(large != NULL && (size_t)(data + size - large) > LARGE);
    CHECK(memcmp(large, e->large, LARGE) == 0);
}

/* With extended attributes where the engine's disk has them; where not, that is said. */
static void keeps_everything(struct contract *f)
{
    const int devices = !contract_differs(f, DIFF_NO_DEVICES_IN_VOLUMES);
    const char *name = contract_name(f, "files");
    struct everything e;
    gantry_output *out;
    int rc = GANTRY_E_UNSUPPORTED;

    new_volume(f, name);
    for (int attributes = 1; rc == GANTRY_E_UNSUPPORTED && attributes >= 0; attributes--) {
        if (!attributes) {
            CONTAINS(f->err.message, "cannot set an attribute of");
            print_message("the engine's disk has no extended attributes\n");
            free_everything(&e);
        }
        make_everything(&e, attributes);
        if (devices)
            add_devices(&e.tar);
        tar_end(&e.tar);
        rc = import_text(f, name, e.tar.data, e.tar.size, NULL);
    }
    OK(rc);
    look_at_everything(f, name, devices);
    out = check_round_trip(f, name);
    check_everything(&e, out);
    gantry_output_free(out);
    free_everything(&e);
}

static void devices_need_an_engine_with_root(struct contract *f)
{
    const char *name = contract_name(f, "devices");
    struct tar_text tar = { 0 };

    if (!contract_differs(f, DIFF_NO_DEVICES_IN_VOLUMES))
        return; /* they are in keeps_everything */
    new_volume(f, name);
    add_devices(&tar);
    tar_end(&tar);
    FAILS(import_text(f, name, tar.data, tar.size, NULL), GANTRY_E_DENIED);
    CONTAINS(f->err.message, "null: operation not permitted");
    free(tar.data);
}

static void empty_volume(struct contract *f)
{
    const char *name = contract_name(f, "empty");
    gantry_output *out;

    new_volume(f, name);
    out = export_memory(f, name);
    CHECK(out->stdout_size > 1024 && out->stdout_size <= 5 * 512);
    CHECK(tar_find(out->stdout_data, out->stdout_size, "./\0", 3) != NULL);
    gantry_output_free(out);
}

/* ---- ways out ---------------------------------------------------------------------------------- */

static void read_polling(struct contract *f, gantry_stream *stream, struct collected *c)
{
    char piece[5000];
    size_t got = 1;

    gantry_stream_set_nonblocking(stream, 1);
    while (got > 0) {
        int rc = gantry_stream_read(stream, piece, sizeof piece, &got, NULL, &f->err);

        if (rc == GANTRY_E_AGAIN) {
            int events = 0;
            struct pollfd fd = { gantry_stream_fd(stream, &events), 0, 0 };

            fd.events = (short)events;
            got = 1;
            CHECK(fd.fd < 0 || poll(&fd, 1, gantry_stream_timeout_ms(stream)) >= 0);
            continue;
        }
        OK(rc);
        collect(c, GANTRY_STDOUT, piece, got);
    }
}

/* To memory, to a descriptor, in a loop of the caller's; while a container uses the volume. */
static void every_way_out_gives_the_same(struct contract *f)
{
    const char *name = contract_name(f, "used");
    gantry_mount mount = {
        .size = sizeof mount, .type = GANTRY_MOUNT_VOLUME, .source = name, .target = "/data"
    };
    const gantry_mount *const mounts[] = { &mount, NULL };
    gantry_container_options user = { .size = sizeof user,
                                      .name = contract_name(f, "user"),
                                      .mounts = mounts,
                                      .command = SHELL(IDLE) };
    struct collected polled = { 0 }, filed = { 0 };
    gantry_stream *stream = NULL;
    gantry_output *out;
    FILE *file = tmpfile();

    assert_non_null(file);
    new_volume(f, name);
    OK(gantry_containers_create(f->containers, f->base, &user, NULL, &f->err));
    OK(gantry_containers_start(f->containers, user.name, NULL, &f->err));
    run_with(f, name, "cd /data && dd if=/dev/urandom of=a bs=1000 count=700 2>&- && echo b >b",
             "");
    out = export_memory(f, name);
    OK(gantry_volumes_export_open(f->volumes, name, NULL, &stream, &f->err));
    read_polling(f, stream, &polled);
    gantry_stream_close(stream);
    check_collected(&polled, out);
    OK(gantry_volumes_export_open(f->volumes, name, NULL, &stream, &f->err));
    OK(gantry_stream_copy_fd(stream, fileno(file), -1, &f->err));
    gantry_stream_close(stream);
    filed.size = (size_t)lseek(fileno(file), 0, SEEK_CUR);
    filed.data = malloc(filed.size);
    assert_non_null(filed.data);
    rewind(file);
    CHECK(fread(filed.data, 1, filed.size, file) == filed.size);
    check_collected(&filed, out);
    fclose(file);
    gantry_output_free(out);
}

/* ---- ways in ----------------------------------------------------------------------------------- */

static void import_adds_or_replaces(struct contract *f)
{
    gantry_volume_import_options anew = { .size = sizeof anew, .clear = GANTRY_ON };
    const char *name = contract_name(f, "filled");
    struct tar_text tar = { 0 };

    new_volume(f, name);
    run_with(f, name,
             "cd /data && mkdir -p old/er link && echo 1 >old/er/x && echo 1 >same && "
             "echo 1 >.hidden && ln -s /etc way",
             "");
    tar_add(&tar, &(struct tar_file){
                      .name = "same", .type = '0', .mode = 0644, .data = "2\n", .size = 2 });
    tar_add(&tar, &(struct tar_file){ .name = "new/deep/file", .type = '0', .mode = 0644 });
    tar_end(&tar);
    OK(import_text(f, name, tar.data, tar.size, NULL));
    run_with(f, name, "cd /data && cat same old/er/x && ls -A . new",
             "2\n1\n.:\n.hidden\nlink\nnew\nold\nsame\nway\n\nnew:\ndeep\n");
    OK(import_text(f, name, tar.data, tar.size, &anew));
    run_with(f, name, "cd /data && ls -A . new", ".:\nnew\nsame\n\nnew:\ndeep\n");
    free(tar.data);
}

/* A name may not lead through what lies in the volume; other ways out are in the unit tests. */
static void names_lead_nowhere_else(struct contract *f)
{
    const char *name = contract_name(f, "safe");
    struct tar_text tar = { 0 };

    new_volume(f, name);
    tar_add(&tar, &(struct tar_file){ .name = "way", .type = '2', .link = "/tmp" });
    tar_add(&tar, &(struct tar_file){ .name = "way/out", .type = '0' });
    tar_end(&tar);
    FAILS(import_text(f, name, tar.data, tar.size, NULL), GANTRY_E_CONFLICT);
    CONTAINS(f->err.message, "way");
    CHECK(f->err.outcome == GANTRY_OUTCOME_PARTIAL);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_VOLUME);
    SAME(f->err.resource, name);
    SAME(f->err.operation, "volumes.import");
    OK(gantry_volumes_remove(f->volumes, name, NULL, &f->err));
    free(tar.data);
}

/* ---- what is not whole ------------------------------------------------------------------------- */

static void garbage_changes_nothing(struct contract *f)
{
    gantry_volume_options create = { .size = sizeof create };
    gantry_volume_import_options opts = { .size = sizeof opts,
                                          .create = &create,
                                          .clear = GANTRY_ON };
    const char *name = contract_name(f, "never");
    gantry_volume *volume = NULL;
    char garbage[2000];
    struct noise noise = { .state = 3, .left = sizeof garbage };

    fill_noise(&noise, (unsigned char *)garbage, sizeof garbage);
    FAILS(import_text(f, name, garbage, sizeof garbage, &opts), GANTRY_E_INVALID);
    FAILS(import_text(f, name, garbage, 0, &opts), GANTRY_E_INVALID);
    FAILS(import_text(f, name, garbage, 100, &opts), GANTRY_E_INVALID);
    CHECK(f->err.outcome == GANTRY_OUTCOME_NOT_SENT || f->err.outcome == GANTRY_OUTCOME_UNKNOWN);
    FAILS(gantry_volumes_inspect(f->volumes, name, NULL, &volume, &f->err), GANTRY_E_NOT_FOUND);
}

static void cut_tar_is_invalid(struct contract *f)
{
    const char *name = contract_name(f, "cut");
    struct tar_text tar = { 0 };
    char content[3000] = "x";

    new_volume(f, name);
    tar_add(&tar, &(struct tar_file){
                      .name = "file", .type = '0', .data = content, .size = sizeof content });
    tar_end(&tar);
    FAILS(import_text(f, name, tar.data, tar.size - 1024, NULL), GANTRY_E_INVALID);
    CONTAINS(f->err.message, "ends early");
    CHECK(f->err.outcome == GANTRY_OUTCOME_PARTIAL);
    OK(import_text(f, name, tar.data, tar.size - 512, NULL)); /* half of the mark will do */
    free(tar.data);
}

struct breaking {
    const struct tar_text *tar;
    size_t at;
};

static int read_and_break(void *arg, void *buffer, size_t capacity, size_t *out_size,
                          gantry_error *err)
{
    struct breaking *b = arg;
    size_t half = b->tar->size / 2;

    if (b->at >= half)
        return gantry_error_set(err, GANTRY_E_IO, "the tape tore");
    *out_size = capacity < half - b->at ? capacity : half - b->at;
    memcpy(buffer, b->tar->data + b->at, *out_size);
    b->at += *out_size;
    return 0;
}

static void failing_source_leaves_no_container(struct contract *f)
{
    const char *name = contract_name(f, "torn");
    struct tar_text tar = { 0 };
    static char content[300000];
    struct breaking breaking = { .tar = &tar };
    gantry_source source = { .size = sizeof source, .read = read_and_break, .arg = &breaking };

    new_volume(f, name);
    tar_add(&tar, &(struct tar_file){
                      .name = "file", .type = '0', .data = content, .size = sizeof content });
    tar_end(&tar);
    FAILS(gantry_volumes_import(f->volumes, name, &source, NULL, &f->err), GANTRY_E_IO);
    CONTAINS(f->err.message, "the tape tore");
    CHECK(f->err.outcome == GANTRY_OUTCOME_PARTIAL);
    OK(gantry_volumes_remove(f->volumes, name, NULL, &f->err));
    free(tar.data);
}

/* ---- which volume ------------------------------------------------------------------------------ */

static void only_the_volume_of_that_name(struct contract *f)
{
    const char *name = contract_name(f, "whole");
    char beginning[128];
    struct tar_text tar = { 0 };
    gantry_stream *stream = NULL;

    new_volume(f, name);
    snprintf(beginning, sizeof beginning, "%.*s", (int)strlen(name) - 1, name);
    tar_add(&tar, &(struct tar_file){ .name = "file", .type = '0' });
    tar_end(&tar);
    FAILS(gantry_volumes_export_open(f->volumes, beginning, NULL, &stream, &f->err),
          GANTRY_E_NOT_FOUND);
    CHECK(stream == NULL);
    CHECK(f->err.resource_kind == GANTRY_RESOURCE_VOLUME);
    SAME(f->err.resource, beginning);
    SAME(f->err.operation, "volumes.export");
    FAILS(import_text(f, beginning, tar.data, tar.size, NULL), GANTRY_E_NOT_FOUND);
    SAME(f->err.operation, "volumes.import");
    FAILS(gantry_volumes_export_open(f->volumes, "../x", NULL, &stream, &f->err), GANTRY_E_INVALID);
    free(tar.data);
}

/* ---- what stays -------------------------------------------------------------------------------- */

static size_t count_helpers(struct contract *f)
{
    const char *const labels[] = { "io.libgantry.box", NULL };
    gantry_container_list_options all = { .size = sizeof all, .all = GANTRY_ON, .labels = labels };
    gantry_container_list *list = NULL;
    size_t count;

    OK(gantry_containers_list(f->containers, &all, &list, &f->err));
    count = list->count;
    gantry_container_list_free(list);
    return count;
}

static int no_helpers(struct contract *f, const void *arg)
{
    (void)arg;
    return count_helpers(f) == 0;
}

static int is_removed(struct contract *f, const void *name)
{
    int rc = gantry_volumes_remove(f->volumes, name, NULL, &f->err);

    if (rc == GANTRY_E_IN_USE)
        return 0;
    OK(rc);
    return 1;
}

static void cancel_in_the_middle(struct contract *f, const char *name)
{
    gantry_cancel *token = NULL;
    gantry_call call = { .size = sizeof call };
    gantry_volume_export_options opts = { .size = sizeof opts, .call = &call };
    gantry_stream *stream = NULL;
    char piece[100];
    size_t got = 1;
    int rc = 0;

    OK(gantry_cancel_new(&token, &f->err));
    call.cancel = token;
    OK(gantry_volumes_export_open(f->volumes, name, &opts, &stream, &f->err));
    OK(gantry_stream_read(stream, piece, sizeof piece, &got, NULL, &f->err));
    gantry_cancel_trigger(token);
    memset(&f->err, 0, sizeof f->err);
    while (rc == 0 && got > 0)
        rc = gantry_stream_read(stream, piece, sizeof piece, &got, NULL, &f->err);
    CHECK(rc == GANTRY_E_CANCELLED);
    SAME(f->err.resource, name);
    gantry_stream_close(stream);
    gantry_cancel_free(token);
    contract_until(f, no_helpers, NULL);
    contract_until(f, is_removed, name);
}

static void nothing_runs_on_after_a_close(struct contract *f)
{
    const char *name = contract_name(f, "left");
    gantry_stream *stream = NULL;
    char piece[100];
    size_t got = 0;

    new_volume(f, name);
    run_with(f, name, "dd if=/dev/zero of=/data/a bs=65536 count=160 2>&-", "");
    OK(gantry_volumes_export_open(f->volumes, name, NULL, &stream, &f->err));
    OK(gantry_stream_read(stream, piece, sizeof piece, &got, NULL, &f->err));
    CHECK(got > 0);
    CHECK(count_helpers(f) == 1);
    gantry_stream_close(stream);
    CHECK(count_helpers(f) == 0);
    cancel_in_the_middle(f, name);
}

/* ---- the image --------------------------------------------------------------------------------- */

static gantry_image_list *box_images(struct contract *f)
{
    const char *const labels[] = { "io.libgantry.box", NULL };
    gantry_image_list_options opts = { .size = sizeof opts, .labels = labels };
    gantry_image_list *list = NULL;

    OK(gantry_images_list(f->images, &opts, &list, &f->err));
    return list;
}

static const char *first_name(const gantry_image *image)
{
    return image->references[0] != NULL ? image->references[0] : "";
}

static void remove_box_images(struct contract *f)
{
    gantry_image_remove_options force = { .size = sizeof force, .force = GANTRY_ON };
    gantry_image_list *list = box_images(f);

    for (size_t i = 0; i < list->count; i++)
        OK(gantry_images_remove(f->images, list->items[i]->id, &force, NULL, &f->err));
    gantry_image_list_free(list);
}

struct exporting {
    struct contract *f;
    const char *name;
    int rc;
    gantry_error err;
};

static void *export_on_a_thread(void *arg)
{
    struct exporting *x = arg;
    gantry_stream *stream = NULL;

    x->rc = gantry_volumes_export_open(x->f->volumes, x->name, NULL, &stream, &x->err);
    if (x->rc == 0)
        x->rc = gantry_stream_copy_fd(stream, -1, -1, &x->err);
    gantry_stream_close(stream);
    return NULL;
}

/* It is made when it is missing, by each of two who come at once. */
static void the_image_is_made_when_missing(struct contract *f)
{
    const char *name = contract_name(f, "small");
    struct exporting both[2] = { { .f = f, .name = name }, { .f = f, .name = name } };
    pthread_t threads[2];
    gantry_image_list *list;
    int named = 0;

    new_volume(f, name);
    remove_box_images(f);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, export_on_a_thread, &both[i]), 0);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (size_t i = 0; i < 2; i++) {
        f->err = both[i].err;
        OK(both[i].rc);
    }
    /* Of two, one may have lost its name to the other, or on Podman, rarely, both theirs: then the
     * next who comes makes it again. */
    export_on_a_thread(&both[0]);
    f->err = both[0].err;
    OK(both[0].rc);
    list = box_images(f);
    for (size_t i = 0; i < list->count; i++)
        named += strstr(first_name(list->items[i]), "libgantry-box:") != NULL;
    if (named < 1 || list->count > 3)
        fail_msg("%d of %zu images have the name", named, list->count);
    gantry_image_list_free(list);
}

const struct contract_test backup_tests[] = {
#define BACKUP NEEDS(GANTRY_FEATURE_VOLUMES_EXPORT, GANTRY_FEATURE_VOLUMES_IMPORT), .on = ON_ENGINES
    TEST_WITH(keeps_everything, BACKUP),
    TEST_WITH(devices_need_an_engine_with_root, BACKUP),
    TEST_WITH(empty_volume, BACKUP),
    TEST_WITH(every_way_out_gives_the_same, BACKUP),
    TEST_WITH(import_adds_or_replaces, BACKUP),
    TEST_WITH(names_lead_nowhere_else, BACKUP),
    TEST_WITH(garbage_changes_nothing, BACKUP),
    TEST_WITH(cut_tar_is_invalid, BACKUP),
    TEST_WITH(failing_source_leaves_no_container, BACKUP),
    TEST_WITH(only_the_volume_of_that_name, BACKUP),
    TEST_WITH(nothing_runs_on_after_a_close, BACKUP),
    TEST_WITH(the_image_is_made_when_missing, BACKUP),
    { 0 },
};
