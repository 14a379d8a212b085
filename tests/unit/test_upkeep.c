/*
 * Upkeep of images without an engine: answers recorded from Docker 20.10 and Podman 4.3, archives
 * whose end is missing, names inside an archive, gzip on the way, files that take their place only
 * when they are whole.
 */
#include "docker/docker.h"
#include "http_helpers.h"
#include "new_file.h"
#include "podman/podman.h"
#include "rest_upkeep.h"
#include "tar_plain.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <gantry/archive.h>

#define ID "09b43a5311acbbe1274f732f45aac3c68741d16c9cb1d4f275f195ef4af31a03"

static struct gantry_host host;

static int setup(void **state)
{
    (void)state;
    gnt_limits_defaults(&host.limits);
    return gnt_mem_init(&host.mem, NULL, NULL);
}

static struct gnt_json *parse(struct gnt_arena *arena, const char *text)
{
    struct gnt_json *doc = NULL;
    gantry_error err = { 0 };

    if (gnt_json_parse(arena, text, strlen(text), &doc, &err) != 0)
        fail_msg("%s", err.message);
    return doc;
}

/* ---- decoding -------------------------------------------------------------------------------- */

static void test_podman_usage(void **state)
{
    /* A row for each name; 5.x tells the sum too. */
    static const char text[] =
        "{\"ImagesSize\":77,\"Images\":["
        "{\"Repository\":\"localhost/app\",\"Tag\":\"latest\",\"ImageID\":\"" ID "\",\"Created\":"
        "\"2026-11-28T01:28:14.36601421Z\",\"Size\":50,\"SharedSize\":20,\"UniqueSize\":30,"
        "\"Containers\":2},"
        "{\"Repository\":\"quay.io/app\",\"Tag\":\"v1\",\"ImageID\":\"" ID "\",\"Size\":50},"
        "{\"Repository\":\"\\u003cnone\\u003e\",\"Tag\":\"\\u003cnone\\u003e\",\"ImageID\":"
        "\"c3f504c5bd3eb4d3fa376891f53811b5f7aef1a7f899afa246a5322b59a54dd9\",\"Size\":7}],"
        "\"Containers\":[],\"Volumes\":[]}";
    gantry_error err = { 0 };
    gantry_image_disk_usage *usage = gnt_result_new(&host.mem, GANTRY_KIND_IMAGE_DISK_USAGE, &err);
    struct gnt_arena arena;

    (void)state;
    gnt_arena_init(&arena, &host.mem);
    assert_int_equal(gnt_podman_take_usage(usage, parse(&arena, text), &err), 0);
    assert_int_equal(usage->count, 2);
    assert_null(usage->items[2]);
    assert_int_equal(usage->total_bytes, 77);
    assert_string_equal(usage->items[0]->id, ID);
    assert_string_equal(usage->items[0]->references[0], "app:latest");
    assert_string_equal(usage->items[0]->references[1], "quay.io/app:v1");
    assert_null(usage->items[0]->references[2]);
    assert_int_equal(usage->items[0]->created_ns % 1000000000, 366014210);
    assert_int_equal(usage->items[0]->unique_bytes, 30);
    assert_int_equal(usage->items[0]->shared_bytes, 20);
    assert_int_equal(usage->items[0]->containers, 2);
    assert_null(usage->items[1]->references[0]);
    assert_int_equal(usage->items[1]->shared_bytes, -1);
    gnt_result_free(usage);
    gnt_arena_free(&arena);
}

static gantry_image_layer *decode_layer(struct gnt_arena *arena, const struct gnt_in *rows,
                                        const char *text)
{
    gantry_image_layer *layer = gnt_arena_alloc(arena, sizeof *layer);
    gantry_error err = { 0 };

    gnt_model_defaults(GANTRY_KIND_IMAGE_LAYER, layer);
    if (gnt_decode(arena, parse(arena, text), NULL, rows, layer, &err) != 0)
        fail_msg("%s", err.message);
    return layer;
}

static void test_layers(void **state)
{
    gantry_image_layer *layer;
    struct gnt_arena arena;

    (void)state;
    gnt_arena_init(&arena, &host.mem);
    layer = decode_layer(&arena, gnt_docker_layer_rows,
                         "{\"Comment\":\"hello\",\"Created\":1795829444,\"CreatedBy\":\"/bin/sh -c "
                         "a \\u0026\\u0026 b\",\"Id\":\"sha256:" ID
                         "\",\"Size\":5,\"Tags\":[\"app:1\"]}");
    assert_string_equal(layer->id, ID);
    assert_string_equal(layer->created_by, "/bin/sh -c a && b");
    assert_string_equal(layer->comment, "hello");
    assert_string_equal(layer->references[0], "app:1");
    assert_int_equal(layer->created_ns, INT64_C(1795829444000000000));
    assert_int_equal(layer->size_bytes, 5);
    layer = decode_layer(&arena, gnt_podman_layer_rows,
                         "{\"Id\":\"\\u003cmissing\\u003e\",\"Created\":1,\"CreatedBy\":\"x\","
                         "\"Tags\":[\"localhost/app:1\"],\"Size\":0,\"Comment\":\"\"}");
    assert_string_equal(layer->id, "");
    assert_string_equal(layer->references[0], "app:1");
    layer = decode_layer(&arena, gnt_docker_layer_rows,
                         "{\"Id\":\"<missing>\",\"Created\":0,\"Tags\":null}");
    assert_string_equal(layer->id, "");
    assert_null(layer->references[0]);
    gnt_arena_free(&arena);
}

static void test_docker_names(void **state)
{
    static const char *const cases[][2] = { { "app", "app:latest" },
                                            { "app:1", "app:1" },
                                            { "docker.io/library/app", "app:latest" },
                                            { "docker.io/user/app:2", "user/app:2" },
                                            { "index.docker.io/library/app", "app:latest" },
                                            { "localhost/app", "localhost/app:latest" },
                                            { "r.example:5000/a/b:c", "r.example:5000/a/b:c" } };
    struct gnt_arena arena;

    (void)state;
    gnt_arena_init(&arena, &host.mem);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *name = NULL;

        assert_int_equal(gnt_docker_tag_name(&arena, cases[i][0], &name, NULL), 0);
        assert_string_equal(name, cases[i][1]);
    }
    gnt_arena_free(&arena);
}

static void test_filter_time(void **state)
{
    char text[48];

    (void)state;
    gnt_filter_time(text, INT64_C(1700000000000000001));
    assert_string_equal(text, "1700000000.000000001");
    gnt_filter_time(text, INT64_MAX);
    assert_string_equal(text, "9223372036.854775807");
}

/* ---- archives that an engine sends ------------------------------------------------------------- */

static const struct gnt_dialect dialect = { .name = "docker", .errors = gnt_docker_errors };

/* Reads the answer of a script as an archive. */
static int read_archive(const struct fake_step *script, size_t piece, size_t *out_total,
                        gantry_error *err)
{
    const struct fake_step *const scripts[] = { script };
    struct client c;
    struct gnt_rest rest = { .dialect = &dialect, .prefix = "/v1.41" };
    gantry_stream *stream = NULL;
    char buffer[4096];
    struct gnt_req r;
    size_t got = 1;
    int rc;

    client_start(&c, scripts, 1);
    rest.host = &c.host;
    rest.http = c.http;
    *out_total = 0;
    gnt_req_init(&r, &rest, "GET", NULL, "/images/get");
    gnt_req_about(&r, GANTRY_RESOURCE_IMAGE, "app");
    rc = gnt_rest_tar_open(&r, &stream, err);
    while (rc == 0 && got > 0) {
        rc = gantry_stream_read(stream, buffer, piece, &got, NULL, err);
        *out_total += rc == 0 ? got : 0;
    }
    gantry_stream_close(stream);
    client_stop(&c);
    return rc;
}

#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/x-tar\r\n"
static const char zeroes[2048];

static void test_archive_with_its_end(void **state)
{
    static const struct fake_step script[] = { FAKE_REQUEST,
                                               FAKE_SEND(HEAD "Content-Length: 1026\r\n\r\nab"),
                                               FAKE_BYTES(zeroes, 1024), FAKE_END };
    static const size_t pieces[] = { 1, 7, 1023, 1024, 1025, 4096 };
    gantry_error err = { 0 };
    size_t total;

    (void)state;
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        assert_int_equal(read_archive(script, pieces[i], &total, &err), 0);
        assert_int_equal(total, 1026);
    }
    assert_int_equal(err.code, 0);
}

/* The answer is whole, the archive is not. */
static void test_archive_without_its_end(void **state)
{
    static const struct fake_step none[] = { FAKE_REQUEST,
                                             FAKE_SEND(HEAD "Content-Length: 1026\r\n\r\n"),
                                             FAKE_BYTES(zeroes, 1024), FAKE_SEND("ab"), FAKE_END };
    static const struct fake_step little[] = { FAKE_REQUEST,
                                               FAKE_SEND(HEAD "Content-Length: 1023\r\n\r\n"),
                                               FAKE_BYTES(zeroes, 1023), FAKE_END };
    static const struct fake_step nothing[] = { FAKE_REQUEST,
                                                FAKE_SEND(HEAD "Content-Length: 0\r\n\r\n"),
                                                FAKE_END };
    const struct fake_step *const scripts[] = { none, little, nothing };
    size_t total;

    (void)state;
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        gantry_error err = { 0 };

        assert_int_equal(read_archive(scripts[i], 100, &total, &err), GANTRY_E_TRUNCATED);
        assert_string_equal(err.resource, "app");
        assert_int_equal(err.resource_kind, GANTRY_RESOURCE_IMAGE);
    }
}

/* What Docker writes behind the bytes it could still make. */
static void test_archive_with_a_complaint(void **state)
{
    static const struct fake_step script[] = {
        FAKE_REQUEST, FAKE_SEND(HEAD "Transfer-Encoding: chunked\r\n\r\n400\r\n"),
        FAKE_BYTES(zeroes, 1024),
        FAKE_SEND("\r\n54\r\n{\"errorDetail\":{\"message\":\"write /x: no space left on device\"},"
                  "\"error\":\"write /x\"}\r\n\r\n0\r\n\r\n"),
        FAKE_END
    };
    gantry_error err = { 0 };
    size_t total;

    (void)state;
    assert_int_equal(read_archive(script, 4096, &total, &err), GANTRY_E_NO_SPACE);
    assert_string_equal(err.message, "write /x: no space left on device");
    assert_int_equal(total, 1024 + 0x54);
}

static void test_archive_that_is_cut(void **state)
{
    static const struct fake_step script[] = {
        FAKE_REQUEST, FAKE_SEND(HEAD "Transfer-Encoding: chunked\r\n\r\n800\r\n"),
        FAKE_BYTES(zeroes, 2048), FAKE_SEND("\r\n"), FAKE_END
    };
    gantry_error err = { 0 };
    size_t total;

    (void)state;
    assert_int_equal(read_archive(script, 4096, &total, &err), GANTRY_E_TRUNCATED);
    assert_int_equal(total, 2048);
}

/* ---- names inside an archive ------------------------------------------------------------------- */

/* An archive as Podman saves it; `prefix` stands before the names. */
static gantry_stream *saved(gantry_archive **out, const char *prefix, const char *big,
                            size_t big_size)
{
    gantry_archive_options opts = { .size = sizeof opts, .reproducible = GANTRY_ON };
    gantry_stream *stream = NULL;
    gantry_error err = { 0 };
    char manifest[512], repositories[256], deep[302];

    snprintf(manifest, sizeof manifest,
             "[{\"Config\":\"c.json\",\"RepoTags\":[\"%sapp:latest\",\"localhost/r.example/x:1\","
             "\"docker.io/library/z:1\",\"%suser/b:2\"],\"Layers\":[\"l.tar\"]},"
             "{\"Config\":\"d.json\",\"RepoTags\":null,\"Layers\":[]}]",
             prefix, prefix);
    snprintf(repositories, sizeof repositories, "{\"%sapp\":{\"latest\":\"localhost/0\"}}", prefix);
    memset(deep, 'd', sizeof deep);
    memcpy(deep + 290, "/name.json", 11);

    assert_int_equal(gantry_archive_new(&opts, out, &err), 0);
    assert_int_equal(gantry_archive_add_data(*out, "l.tar", big, big_size, NULL, &err), 0);
    assert_int_equal(
        gantry_archive_add_data(*out, "c.json", "{\"a\":\"localhost/b\"}", 19, NULL, &err), 0);
    assert_int_equal(gantry_archive_add_data(*out, "empty", "", 0, NULL, &err), 0);
    memset(deep + 100, '/', 1);
    memset(deep + 200, '/', 1);
    assert_int_equal(gantry_archive_add_data(*out, deep, "long", 4, NULL, &err), 0);
    assert_int_equal(
        gantry_archive_add_data(*out, "manifest.json", manifest, strlen(manifest), NULL, &err), 0);
    assert_int_equal(gantry_archive_add_data(*out, "repositories", repositories,
                                             strlen(repositories), NULL, &err),
                     0);
    assert_int_equal(gantry_archive_stream(*out, NULL, &stream, &err), 0);
    return stream;
}

static gantry_output *capture(gantry_stream *stream)
{
    gantry_output *output = NULL;
    gantry_error err = { 0 };

    if (gantry_stream_capture(stream, 0, &output, &err) != 0)
        fail_msg("%s", err.message);
    gantry_stream_close(stream);
    return output;
}

static char *read_in_pieces(gantry_stream *stream, size_t piece, size_t *out_size)
{
    char *text = malloc(1 << 20);
    gantry_error err = { 0 };
    size_t got = 1;

    assert_non_null(text);
    *out_size = 0;
    while (got > 0) {
        assert_true(*out_size + piece <= 1 << 20);
        assert_int_equal(gantry_stream_read(stream, text + *out_size, piece, &got, NULL, &err), 0);
        *out_size += got;
    }
    gantry_stream_close(stream);
    return text;
}

/* The same bytes as if the short names had been there from the beginning. */
static void test_names_are_shortened(void **state)
{
    static const size_t pieces[] = { 1, 511, 512, 513, 16384, 100000 };
    char *big = calloc(1, 100001);
    gantry_archive *archive = NULL;
    gantry_output *want;
    gantry_stream *renamed;
    size_t size;

    (void)state;
    assert_non_null(big);
    memset(big, 'l', 100001);
    want = capture(saved(&archive, "", big, 100001));
    gantry_archive_free(archive);
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        gantry_stream *stream = saved(&archive, "localhost/", big, 100001);
        char *text;

        assert_int_equal(gnt_podman_rename(&host, stream, &renamed, NULL), 0);
        text = read_in_pieces(renamed, pieces[i], &size);
        assert_int_equal(size, want->stdout_size);
        assert_memory_equal(text, want->stdout_data, size);
        free(text);
        gantry_archive_free(archive);
    }
    gantry_output_free(want);
    free(big);
}

/* What is no JSON, or no tar at all, passes as it is. */
static void test_what_is_not_understood_passes(void **state)
{
    gantry_archive_options opts = { .size = sizeof opts, .reproducible = GANTRY_ON };
    gantry_archive *archive = NULL;
    gantry_stream *stream = NULL;
    gantry_stream *renamed = NULL;
    gantry_output *want;
    char *text;
    size_t size;

    (void)state;
    assert_int_equal(gantry_archive_new(&opts, &archive, NULL), 0);
    assert_int_equal(
        gantry_archive_add_data(archive, "manifest.json", "[{\"RepoTags", 11, NULL, NULL), 0);
    assert_int_equal(gantry_archive_add_data(archive, "repositories", "", 0, NULL, NULL), 0);
    assert_int_equal(gantry_archive_stream(archive, NULL, &stream, NULL), 0);
    want = capture(stream);
    assert_int_equal(gantry_archive_stream(archive, NULL, &stream, NULL), 0);
    assert_int_equal(gnt_podman_rename(&host, stream, &renamed, NULL), 0);
    text = read_in_pieces(renamed, 4096, &size);
    assert_int_equal(size, want->stdout_size);
    assert_memory_equal(text, want->stdout_data, size);
    free(text);
    gantry_output_free(want);
    gantry_archive_free(archive);
}

/* ---- gzip on the way --------------------------------------------------------------------------- */

static const unsigned char packed[] = { 0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02,
                                        0x03, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0xd7, 0x51, 0x48,
                                        0x2c, 0x4a, 0xce, 0xc8, 0x2c, 0x4b, 0xe5, 0x02, 0x00,
                                        0x20, 0xd0, 0x2e, 0x51, 0x0f, 0x00, 0x00, 0x00 };

struct dripping {
    const unsigned char *data;
    size_t size;
    size_t at;
    size_t fail_at; /* IO there; SIZE_MAX: never */
    size_t piece;
};

static int drip(void *arg, void *buffer, size_t capacity, size_t *out_size, gantry_error *err)
{
    struct dripping *d = arg;
    size_t size = d->size - d->at;

    if (d->at >= d->fail_at)
        return gantry_error_set(err, GANTRY_E_IO, "the source of the test is broken");
    size = size < d->piece ? size : d->piece;
    size = size < capacity ? size : capacity;
    memcpy(buffer, d->data + d->at, size);
    d->at += size;
    *out_size = size;
    return 0;
}

/* What is to be sent of a source; *out_size bytes in text. */
static int plain(struct dripping *d, char *text, size_t capacity, size_t *out_size,
                 int64_t *out_length, gantry_error *err)
{
    gantry_source source = {
        .size = sizeof source, .read = drip, .arg = d, .length = (int64_t)d->size
    };
    struct gnt_tar_plain *p = NULL;
    const gantry_source *sent;
    size_t got = 1;
    int rc = gnt_tar_plain_new(&host.mem, &source, GNT_PACKED_GZIP, &p, err);

    *out_size = 0;
    if (rc < 0)
        return rc;
    sent = gnt_tar_plain_source(p);
    *out_length = sent->length;
    while (rc == 0 && got > 0) {
        got = 0;
        rc = sent->read(sent->arg, text + *out_size, capacity - *out_size < 5 ? 1 : 5, &got, err);
        *out_size += rc == 0 ? got : 0;
        assert_true(*out_size < capacity);
    }
    gnt_tar_plain_free(p);
    return rc;
}

static void test_gzip_is_unpacked(void **state)
{
    char text[256];
    size_t size;
    int64_t length = -1;

    (void)state;
    for (size_t piece = 1; piece <= sizeof packed; piece++) {
        struct dripping d = { packed, sizeof packed, 0, SIZE_MAX, piece };
        gantry_error err = { 0 };

        if (plain(&d, text, sizeof text, &size, &length, &err) != 0)
            fail_msg("%s", err.message);
        assert_int_equal(size, 15);
        assert_memory_equal(text, "hello, archive\n", 15);
        assert_int_equal(length, 0);
    }
}

static void test_other_bytes_pass(void **state)
{
    static const char *const texts[] = { "", "\x1f", "\x1f\x1f\x8b", "plain tar" };
    char text[256];
    size_t size;
    int64_t length = -1;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        for (size_t piece = 1; piece <= 3; piece++) {
            struct dripping d = { (const unsigned char *)texts[i], strlen(texts[i]), 0, SIZE_MAX,
                                  piece };

            assert_int_equal(plain(&d, text, sizeof text, &size, &length, NULL), 0);
            assert_int_equal(size, strlen(texts[i]));
            assert_memory_equal(text, texts[i], size);
            assert_int_equal(length, size);
        }
    }
}

static void test_broken_gzip(void **state)
{
    char text[256];
    size_t size;
    int64_t length;

    (void)state;
    for (size_t cut = 2; cut < sizeof packed; cut++) { /* never a shorter text that seems whole */
        struct dripping d = { packed, cut, 0, SIZE_MAX, 4 };
        gantry_error err = { 0 };

        assert_int_equal(plain(&d, text, sizeof text, &size, &length, &err), GANTRY_E_INVALID);
        assert_non_null(strstr(err.message, "damaged"));
    }
    for (size_t fail_at = 0; fail_at < sizeof packed; fail_at += 3) {
        struct dripping d = { packed, sizeof packed, 0, fail_at, 3 };
        gantry_error err = { 0 };

        assert_int_equal(plain(&d, text, sizeof text, &size, &length, &err), GANTRY_E_IO);
        assert_string_equal(err.message, "the source of the test is broken");
    }
}

/* ---- files ------------------------------------------------------------------------------------- */

static int count_files(const char *directory)
{
    DIR *dir = opendir(directory);
    int count = -2;

    assert_non_null(dir);
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

static void read_text(const char *path, char text[32])
{
    FILE *file = fopen(path, "re");

    assert_non_null(file);
    memset(text, 0, 32);
    assert_true(fread(text, 1, 31, file) < 31);
    fclose(file);
}

static void test_file_takes_its_place_when_it_is_whole(void **state)
{
    char directory[] = "/tmp/gantry-new-file-XXXXXX";
    char path[64], text[32];
    struct gnt_new_file f = GNT_NEW_FILE_NONE;
    gantry_error err = { 0 };
    struct stat st;

    (void)state;
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/file", directory);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(gnt_new_file_check(path, &err), 0);
        assert_int_equal(gnt_new_file_open(&f, path, &err), 0);
        assert_true(fcntl(f.fd, F_GETFD) & FD_CLOEXEC);
        assert_int_equal(write(f.fd, i == 0 ? "one" : "two", 3), 3);
        if (i == 0)
            assert_int_equal(access(path, F_OK), -1);
        assert_int_equal(gnt_new_file_keep(&f, &err), 0);
        gnt_new_file_close(&f);
        assert_int_equal(count_files(directory), 1);
        read_text(path, text);
        assert_string_equal(text, i == 0 ? "one" : "two");
        assert_int_equal(stat(path, &st), 0);
        if (i == 1)
            assert_int_equal(st.st_mode & 0777, 0640);
        assert_int_equal(chmod(path, 0640), 0);
    }
    assert_int_equal(gnt_new_file_open(&f, path, &err), 0);
    assert_int_equal(write(f.fd, "three", 5), 5);
    gnt_new_file_close(&f); /* was not kept */
    read_text(path, text);
    assert_string_equal(text, "two");
    assert_int_equal(count_files(directory), 1);
    assert_int_equal(err.code, 0);
    unlink(path);
    rmdir(directory);
}

static void test_file_that_cannot_be(void **state)
{
    static const char *const names[] = { "", "/tmp/", "/tmp/.", "..", "/dev/null", "/tmp" };
    char directory[] = "/tmp/gantry-new-file-XXXXXX";
    char link[64];
    struct gnt_new_file f = GNT_NEW_FILE_NONE;
    gantry_error err = { 0 };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_int_equal(gnt_new_file_check(names[i], &err), GANTRY_E_INVALID);
    assert_int_equal(gnt_new_file_check(NULL, &err), GANTRY_E_INVALID);
    assert_non_null(mkdtemp(directory));
    snprintf(link, sizeof link, "%s/link", directory);
    assert_int_equal(symlink("elsewhere", link), 0);
    assert_int_equal(gnt_new_file_check(link, &err), GANTRY_E_INVALID);
    unlink(link);
    rmdir(directory);
    assert_int_equal(gnt_new_file_check(link, &err), 0);
    assert_int_equal(gnt_new_file_open(&f, link, &err), GANTRY_E_IO);
    assert_int_equal(err.os_error, ENOENT);
    assert_int_equal(err.resource_kind, GANTRY_RESOURCE_FILE);
    gnt_new_file_close(&f);
}

/* ---- errors ------------------------------------------------------------------------------------ */

static void test_words(void **state)
{
    static const struct {
        const struct gnt_error_row *docker; /* or Podman's */
        int status;
        const char *message;
        int code;
    } cases[] = {
        { gnt_docker_errors, 0,
          "Error processing tar file(exit status 1): archive/tar: invalid "
          "tar header",
          GANTRY_E_INVALID },
        { gnt_docker_errors, 0, "Error processing tar file(exit status 1): unexpected EOF",
          GANTRY_E_INVALID },
        { gnt_docker_errors, 0,
          "open /var/lib/docker/tmp/docker-import-145/repositories: no such "
          "file or directory",
          GANTRY_E_INVALID },
        { gnt_docker_errors, 0,
          "write /var/lib/docker/tmp/docker-import-145/l.tar: no space left "
          "on device",
          GANTRY_E_NO_SPACE },
        { gnt_docker_errors, 500, "a disk usage operation is already running", GANTRY_E_STATE },
        { gnt_docker_errors, 409, "a prune operation is already running", GANTRY_E_STATE },
        { gnt_docker_errors, 400, "flurb is not a valid change command", GANTRY_E_INVALID },
        { gnt_docker_errors, 500, "unexpected EOF", GANTRY_E_ENGINE },
        { NULL, 500,
          "unable to load image: payload does not match any of the supported image "
          "formats:\n * oci: initializing source",
          GANTRY_E_INVALID },
        { NULL, 500,
          "unable to load image: payload does not match any of the supported image "
          "formats:\n * oci: write /x: no space left on device",
          GANTRY_E_NO_SPACE },
        { NULL, 500,
          "unable to import tarball: invalid change \"FLURB x\" - invalid instruction "
          "FLURB",
          GANTRY_E_INVALID },
        { NULL, 500,
          "writing blob: adding layer with blob \"sha256:6f\": processing tar "
          "file(unexpected EOF): exit status 1",
          GANTRY_E_INVALID },
        { NULL, 500, "localhost/nosuch:latest: tag not known", GANTRY_E_NOT_FOUND },
        { NULL, 400, "nosuch: image not known", GANTRY_E_NOT_FOUND },
        { NULL, 500,
          "CommitFailure: pausing container \"32\" to commit: can not pause containers "
          "on rootless containers with cgroup V1: this container does not have a cgroup",
          GANTRY_E_UNSUPPORTED },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct gnt_dialect docker = { .name = "docker", .errors = gnt_docker_errors };
        const struct gnt_rest rest = { .dialect = cases[i].docker != NULL ? &docker
                                                                          : &gnt_podman_dialect };
        gantry_error err = { 0 };

        if (gnt_rest_error(&rest, cases[i].status, cases[i].message, NULL, 0, "x", &err) !=
            cases[i].code)
            fail_msg("%s: %s", cases[i].message, gantry_error_name(err.code));
    }
}

/* ---- memory that runs out ---------------------------------------------------------------------- */

/* One answer that is right for every question here, and one for those that want a list. */
#define OBJECT                                                                                     \
    "{\"Id\":\"" ID "\",\"RepoTags\":[\"localhost/app:latest\",\"app:latest\",\"b:1\"],"           \
    "\"Names\":[\"localhost/app:latest\",\"sha256:" ID                                             \
    "\"],\"LayersSize\":9,\"SpaceReclaimed\":1,"                                                   \
    "\"stream\":\"Loaded image: app:latest\\nLoaded image ID: sha256:" ID "\\n\","                 \
    "\"Images\":[{\"Id\":\"" ID "\",\"ImageID\":\"" ID "\",\"Repository\":\"localhost/a\","        \
    "\"Tag\":\"1\",\"RepoTags\":[\"a:1\"],\"Size\":5,\"SharedSize\":2}],"                          \
    "\"ImagesDeleted\":[{\"Untagged\":\"a:1\"},{\"Deleted\":\"sha256:" ID "\"}],"                  \
    "\"CachesDeleted\":[\"cache\"]}"
#define ARRAY "[{\"Id\":\"" ID "\",\"Size\":5,\"Labels\":{\"a\":\"1\",\"b\":\"1\"},\"Created\":7}]"

struct engine {
    struct docker docker;
    struct podman podman;
};

static int load_twice(struct engine *e, gantry_error *err, int podman)
{
    gantry_memory memory = { .size = sizeof memory, .data = packed, .length = sizeof packed };
    gantry_source tar = { .size = sizeof tar };
    gantry_load_options opts = { .size = sizeof opts };
    gantry_load_result *out = NULL;
    int rc;

    gantry_source_memory(&tar, &memory);
    rc = podman ? gnt_podman_load(&e->podman, &tar, &opts, &out, err)
                : gnt_docker_load(&e->docker, &tar, &opts, &out, err);
    if (rc == 0) {
        assert_string_equal(out->references[0], "app:latest");
        assert_string_equal(out->image_ids[0], ID);
    }
    gantry_load_result_free(out);
    return rc;
}

static int docker_load(struct engine *e, gantry_error *err)
{
    return load_twice(e, err, 0);
}

static int podman_load(struct engine *e, gantry_error *err)
{
    return load_twice(e, err, 1);
}

static int docker_untag(struct engine *e, gantry_error *err)
{
    const gantry_image_untag_options opts = { .size = sizeof opts };

    return gnt_docker_untag(&e->docker, "app", &opts, err);
}

static int podman_untag(struct engine *e, gantry_error *err)
{
    const gantry_image_untag_options opts = { .size = sizeof opts };

    return gnt_podman_untag(&e->podman, "app", &opts, err);
}

static int docker_prune(struct engine *e, gantry_error *err)
{
    const gantry_image_prune_options opts = { .size = sizeof opts,
                                              .until_ns = INT64_C(1700000000000000000),
                                              .all = GANTRY_ON,
                                              .build_cache = GANTRY_ON };
    gantry_image_pruned *out = NULL;
    int rc = gnt_docker_prune(&e->docker, &opts, &out, err);

    if (rc == 0) {
        assert_string_equal(out->untagged[0], "a:1");
        assert_string_equal(out->deleted[0], ID);
        assert_string_equal(out->caches[0], "cache");
        assert_int_equal(out->freed_bytes, 2);
    }
    gantry_image_pruned_free(out);
    return rc;
}

static int podman_prune(struct engine *e, gantry_error *err)
{
    const char *const labels[] = { "a=1", "b", NULL };
    const gantry_image_prune_options opts = { .size = sizeof opts, .labels = labels };
    gantry_image_pruned *out = NULL;
    int rc = gnt_podman_prune(&e->podman, &opts, &out, err);

    if (rc == 0) {
        assert_string_equal(out->deleted[0], ID);
        assert_null(out->deleted[1]);
        assert_int_equal(out->freed_bytes, 5);
    }
    gantry_image_pruned_free(out);
    return rc;
}

static int docker_usage(struct engine *e, gantry_error *err)
{
    const gantry_image_disk_usage_options opts = { .size = sizeof opts };
    gantry_image_disk_usage *out = NULL;
    int rc = gnt_docker_disk_usage(&e->docker, &opts, &out, err);

    if (rc == 0) {
        assert_int_equal(out->total_bytes, 9);
        assert_int_equal(out->count, 1);
        assert_int_equal(out->items[0]->unique_bytes, 3);
    }
    gantry_image_disk_usage_free(out);
    return rc;
}

static int podman_usage(struct engine *e, gantry_error *err)
{
    const gantry_image_disk_usage_options opts = { .size = sizeof opts };
    gantry_image_disk_usage *out = NULL;
    int rc = gnt_podman_disk_usage(&e->podman, &opts, &out, err);

    gantry_image_disk_usage_free(out);
    return rc;
}

static int docker_commit(struct engine *e, gantry_error *err)
{
    const gantry_commit_options opts = { .size = sizeof opts, .author = "me" };
    gantry_committed *out = NULL;
    int rc = gnt_docker_commit(&e->docker, "c", "app:1", &opts, &out, err);

    gantry_committed_free(out);
    return rc;
}

static int podman_commit(struct engine *e, gantry_error *err)
{
    const gantry_commit_options opts = { .size = sizeof opts, .author = "me" };
    gantry_committed *out = NULL;
    int rc = gnt_podman_commit(&e->podman, "c", "app:1", &opts, &out, err);

    gantry_committed_free(out);
    return rc;
}

#define ANSWER(text, body)                                                                         \
    snprintf(text, sizeof text,                                                                    \
             "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", \
             sizeof body - 1, body)

/* Each allocation fails once: NOMEM, nothing is lost, and the call that has all of them succeeds. */
static void test_memory_runs_out(void **state)
{
    static int (*const calls[])(struct engine *, gantry_error *) = {
        docker_load,  podman_load,  docker_untag,  podman_untag,  docker_prune,
        docker_usage, podman_usage, docker_commit, podman_commit, podman_prune
    };
    const size_t count = sizeof calls / sizeof calls[0];
    static char object[2048], array[1024];
    struct fake_step script[] = { FAKE_REQUEST, FAKE_BYTES(object, 0), FAKE_AGAIN };
    const struct fake_step *const scripts[] = { script };

    (void)state;
    ANSWER(object, OBJECT);
    ANSWER(array, ARRAY);
    for (size_t i = 0; i < count; i++) {
        const char *answer = calls[i] == podman_prune ? array : object;
        int rc = GANTRY_E_NOMEM;

        script[1].data = answer;
        script[1].size = strlen(answer);
        for (long n = 0; rc != 0; n++) {
            struct client c;
            struct engine e = { 0 };
            gantry_error err = { 0 };

            assert_true(n < 2000);
            client_start(&c, scripts, 1);
            e.docker.rest = (struct gnt_rest){
                .host = &c.host, .http = c.http, .dialect = &dialect, .prefix = "/v1.41"
            };
            e.podman.rest = (struct gnt_rest){ .host = &c.host,
                                               .http = c.http,
                                               .dialect = &gnt_podman_dialect,
                                               .prefix = "/v4.3.1/libpod" };
            fail_after = n;
            rc = calls[i](&e, &err);
            fail_after = -1;
            if (rc != 0 && rc != GANTRY_E_NOMEM)
                fail_msg("call %zu, allocation %ld: %s", i, n, err.message);
            client_stop(&c);
        }
    }
}

/* An image that stays is a failure that tells what went before it. */
static void test_prune_that_leaves_some(void **state)
{
    static const char some[] = "[{\"Id\":\"" ID "\",\"Size\":5,\"Err\":null},"
                               "{\"Id\":\"aa\",\"Err\":\"layer is busy\",\"Size\":0}]";
    static char list[256], report[512];
    struct fake_step lists[] = { FAKE_REQUEST, FAKE_BYTES(list, 0), FAKE_AGAIN };
    struct fake_step reports[] = { FAKE_REQUEST, FAKE_BYTES(report, 0), FAKE_END };
    const struct fake_step *const scripts[] = { lists, reports };
    const gantry_image_prune_options opts = { .size = sizeof opts };
    gantry_image_pruned *out = NULL;
    gantry_error err = { 0 };
    struct podman p = { 0 };
    struct client c;

    (void)state;
    ANSWER(list, "[]");
    ANSWER(report, some);
    lists[1].size = strlen(list);
    reports[1].size = strlen(report);
    client_start(&c, scripts, 2);
    p.rest = (struct gnt_rest){
        .host = &c.host, .http = c.http, .dialect = &gnt_podman_dialect, .prefix = "/v4.3.1/libpod"
    };
    assert_int_equal(gnt_podman_prune(&p, &opts, &out, &err), GANTRY_E_ENGINE);
    assert_null(out);
    assert_string_equal(err.resource, "aa");
    assert_non_null(strstr(err.message, "layer is busy"));
    assert_string_equal(err.output, "deleted " ID "\n");
    assert_int_equal(err.outcome, GANTRY_OUTCOME_PARTIAL);
    client_stop(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_podman_usage),
        cmocka_unit_test(test_layers),
        cmocka_unit_test(test_docker_names),
        cmocka_unit_test(test_filter_time),
        cmocka_unit_test(test_archive_with_its_end),
        cmocka_unit_test(test_archive_without_its_end),
        cmocka_unit_test(test_archive_with_a_complaint),
        cmocka_unit_test(test_archive_that_is_cut),
        cmocka_unit_test(test_names_are_shortened),
        cmocka_unit_test(test_what_is_not_understood_passes),
        cmocka_unit_test(test_gzip_is_unpacked),
        cmocka_unit_test(test_other_bytes_pass),
        cmocka_unit_test(test_broken_gzip),
        cmocka_unit_test(test_file_takes_its_place_when_it_is_whole),
        cmocka_unit_test(test_file_that_cannot_be),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_memory_runs_out),
        cmocka_unit_test(test_prune_that_leaves_some),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
