/*
 * From a transfer's stream to records: streams recorded from Docker 20.10.24 and Podman 4.3.1, the
 * shape that Podman documents for 4.8, names as registries want them, and what registries say.
 */
#include "docker/docker.h"
#include "podman/podman.h"
#include "transfer_look.h"
#include "transfer_records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ID "f9ffceda556374d66d2c00967602e299ec26f1040e4de4fc8de41b94245d88fa"
#define DIGEST "sha256:f0ef7ddc2e9150f29c44510a91bd470b90cb18c103a55a7eb64910c30942377c"
#define BLOB "d10bfc09fa3dd1160a23a389db46b37f10d8981eeb66078cea39a35bab37aae4"

static const struct gnt_dialect docker = { .name = "docker", .errors = gnt_docker_errors };
static struct gantry_host host;
static struct gnt_rest rest = { .host = &host };

struct reading {
    struct gnt_transfer_records r;
    struct gnt_json_parser *parser;
    gantry_error err;
    int rc;
};

static int setup(void **state)
{
    (void)state;
    gnt_limits_defaults(&host.limits);
    return gnt_mem_init(&host.mem, NULL, NULL);
}

static void begin(struct reading *reading, const struct gnt_dialect *dialect,
                  const struct gnt_transfer_dialect *words)
{
    const struct gnt_json_limits limits = { .depth = 64, .record_bytes = 1 << 20 };

    memset(reading, 0, sizeof *reading);
    rest.dialect = dialect;
    gnt_transfer_records_init(&reading->r, &rest, words, "app");
    assert_int_equal(gnt_json_parser_new(&host.mem, GNT_JSON_SEQUENCE, &limits, gnt_transfer_object,
                                         &reading->r, &reading->parser, &reading->err),
                     0);
}

static void feed(struct reading *reading, const char *text)
{
    reading->rc = gnt_json_parser_feed(reading->parser, text, strlen(text), &reading->err);
}

static void end(struct reading *reading)
{
    gnt_json_parser_free(reading->parser);
    gnt_transfer_records_free(&reading->r);
}

/* The next record must say this; a layer of NULL is none. */
static void next(struct reading *reading, const char *layer, int state, int64_t current,
                 int64_t total)
{
    struct gnt_transfer_queued *q = reading->r.first;

    assert_non_null(q);
    reading->r.first = q->next;
    assert_int_equal(q->record.size, sizeof q->record);
    assert_int_equal(strlen(q->record.text), q->record.text_size);
    if (layer == NULL)
        assert_null(q->record.id);
    else
        assert_string_equal(q->record.id, layer);
    assert_int_equal(q->record.state, state);
    assert_int_equal(q->record.current, current);
    assert_int_equal(q->record.total, total);
}

/* ---- Docker ---------------------------------------------------------------------------------- */

static void test_docker_pull(void **state)
{
    static const char layer[] = "d10bfc09fa3d";
    struct reading reading;

    (void)state;
    begin(&reading, &docker, &gnt_docker_transfer_dialect);
    feed(&reading,
         "{\"status\":\"Pulling from base\",\"id\":\"1\"}\r\n"
         "{\"status\":\"Pulling fs layer\",\"progressDetail\":{},\"id\":\"d10bfc09fa3d\"}\r\n"
         "{\"status\":\"Downloading\",\"progressDetail\":{\"current\":32768,\"total\":1068709},"
         "\"progress\":\"[=\\u003e   ]  32.77kB/1.069MB\",\"id\":\"d10bfc09fa3d\"}\r\n"
         "{\"status\":\"Verifying Checksum\",\"progressDetail\":{},\"id\":\"d10bfc09fa3d\"}\r\n"
         "{\"status\":\"Download complete\",\"progressDetail\":{},\"id\":\"d10bfc09fa3d\"}\r\n"
         "{\"status\":\"Extracting\",\"progressDetail\":{\"current\":98304,\"total\":1068709},"
         "\"progress\":\"[====\\u003e ]\",\"id\":\"d10bfc09fa3d\"}\r\n"
         "{\"status\":\"Pull complete\",\"progressDetail\":{},\"id\":\"d10bfc09fa3d\"}\r\n"
         "{\"status\":\"Digest: " DIGEST "\"}\r\n");
    assert_int_equal(reading.rc, 0);
    assert_int_equal(reading.r.ended, 0);
    feed(&reading, "{\"status\":\"Status: Downloaded newer image for 127.0.0.1:5000/base:1\"}\r\n");
    next(&reading, NULL, GANTRY_TRANSFER_NONE, -1, -1);
    next(&reading, layer, GANTRY_TRANSFER_WAITING, -1, -1);
    next(&reading, layer, GANTRY_TRANSFER_RUNNING, 32768, 1068709);
    next(&reading, layer, GANTRY_TRANSFER_VERIFYING, -1, -1);
    next(&reading, layer, GANTRY_TRANSFER_RUNNING, 1068709, 1068709);
    next(&reading, layer, GANTRY_TRANSFER_EXTRACTING, 98304, 1068709);
    next(&reading, layer, GANTRY_TRANSFER_DONE, -1, -1);
    next(&reading, NULL, GANTRY_TRANSFER_NONE, -1, -1);
    next(&reading, NULL, GANTRY_TRANSFER_NONE, -1, -1);
    assert_null(reading.r.first);
    assert_string_equal(reading.r.digest, DIGEST);
    assert_string_equal(reading.r.tags->tag, "1");
    assert_int_equal(reading.r.ended, 1);
    assert_int_equal(reading.r.newer, 1);
    assert_int_equal(gnt_transfer_finish(&reading.r, &reading.err), 0);
    assert_null(reading.r.first);
    end(&reading);
}

static void test_docker_push(void **state)
{
    static const char layer[] = "fcb0ecd014e6";
    struct reading reading;

    (void)state;
    begin(&reading, &docker, &gnt_docker_transfer_dialect);
    feed(&reading,
         "{\"status\":\"The push refers to repository [127.0.0.1:5000/base]\"}\r\n"
         "{\"status\":\"Preparing\",\"progressDetail\":{},\"id\":\"fcb0ecd014e6\"}\r\n"
         "{\"status\":\"Pushing\",\"progressDetail\":{\"current\":43520,\"total\":1984227},"
         "\"progress\":\"[=\\u003e ]\",\"id\":\"fcb0ecd014e6\"}\r\n"
         "{\"status\":\"Pushing\",\"progressDetail\":{\"current\":2129920,\"total\":1984227},"
         "\"progress\":\"[=\\u003e ]\",\"id\":\"fcb0ecd014e6\"}\r\n"
         "{\"status\":\"Retrying in 5 seconds\",\"progressDetail\":{},\"id\":\"fcb0ecd014e6\"}\r\n"
         "{\"status\":\"Pushed\",\"progressDetail\":{},\"id\":\"fcb0ecd014e6\"}\r\n"
         "{\"status\":\"Mounted from a/b\",\"progressDetail\":{},\"id\":\"aaaaaaaaaaaa\"}\r\n"
         "{\"status\":\"Layer already exists\",\"progressDetail\":{},\"id\":\"bbbbbbbbbbbb\"}\r\n"
         "{\"progressDetail\":{},\"aux\":{\"Tag\":\"1\",\"Digest\":\"" DIGEST "\",\"Size\":527}}");
    assert_int_equal(reading.rc, 0);
    next(&reading, NULL, GANTRY_TRANSFER_NONE, -1, -1);
    next(&reading, layer, GANTRY_TRANSFER_WAITING, -1, -1);
    next(&reading, layer, GANTRY_TRANSFER_RUNNING, 43520, 1984227);
    next(&reading, layer, GANTRY_TRANSFER_RUNNING, 2129920, 2129920);
    next(&reading, layer, GANTRY_TRANSFER_RETRYING, -1, -1);
    next(&reading, layer, GANTRY_TRANSFER_DONE, -1, -1);
    next(&reading, "aaaaaaaaaaaa", GANTRY_TRANSFER_EXISTS, -1, -1);
    next(&reading, "bbbbbbbbbbbb", GANTRY_TRANSFER_EXISTS, -1, -1);
    assert_null(reading.r.first);
    assert_int_equal(reading.r.ended, 1);
    assert_string_equal(reading.r.digest, DIGEST);
    end(&reading);
}

/* ---- Podman ---------------------------------------------------------------------------------- */

static void test_podman_pull(void **state)
{
    struct reading reading;

    (void)state;
    begin(&reading, &gnt_podman_dialect, &gnt_podman_pull_dialect);
    feed(&reading,
         "{\"stream\":\"Trying to pull 127.0.0.1:5000/base:1...\\n\"}\n"
         "{\"stream\":\"Getting image source signatures\\n\"}\n"
         "{\"stream\":\"Copying blob sha256:" BLOB "\\n\"}\n"
         "{\"stream\":\"Copying config sha256:" ID "\\n\"}\n"
         "{\"stream\":\"Writing manifest to image destination\\n\"}\n"
         "{\"stream\":\"WARNING: image platform ({amd64 linux  [] }) does not match\\n\"}\n");
    assert_int_equal(reading.rc, 0);
    assert_int_equal(reading.r.ended, 0);
    feed(&reading, "{\"images\":[\"" ID "\"],\"id\":\"" ID "\"}\n");
    assert_int_equal(reading.r.ended, 1);
    assert_string_equal(reading.r.image_id, ID);
    assert_int_equal(gnt_transfer_finish(&reading.r, &reading.err), 0);
    next(&reading, NULL, GANTRY_TRANSFER_NONE, -1, -1);
    next(&reading, NULL, GANTRY_TRANSFER_NONE, -1, -1);
    next(&reading, "d10bfc09fa3d", GANTRY_TRANSFER_RUNNING, -1, -1);
    next(&reading, NULL, GANTRY_TRANSFER_NONE, -1, -1);
    next(&reading, NULL, GANTRY_TRANSFER_NONE, -1, -1);
    assert_int_equal(reading.r.first->record.kind, GANTRY_PROGRESS_WARNING);
    next(&reading, NULL, GANTRY_TRANSFER_NONE, -1, -1);
    next(&reading, "d10bfc09fa3d", GANTRY_TRANSFER_DONE, -1, -1);
    assert_null(reading.r.first);
    end(&reading);
}

/* libpod 4.3 begins again by itself, and tells no digest; later ones do. */
static void test_podman_push(void **state)
{
    struct reading reading;

    (void)state;
    begin(&reading, &gnt_podman_dialect, &gnt_podman_push_dialect);
    feed(&reading, "{\"stream\":\"Getting image source signatures\\n\"}\n"
                   "{\"stream\":\"Copying blob sha256:" BLOB "\\n\"}\n"
                   "{\"stream\":\"Getting image source signatures\\n\"}\n"
                   "{\"stream\":\"Copying blob sha256:" BLOB " skipped: already exists\\n\"}\n");
    next(&reading, NULL, GANTRY_TRANSFER_NONE, -1, -1);
    next(&reading, "d10bfc09fa3d", GANTRY_TRANSFER_RUNNING, -1, -1);
    next(&reading, NULL, GANTRY_TRANSFER_RETRYING, -1, -1);
    next(&reading, "d10bfc09fa3d", GANTRY_TRANSFER_EXISTS, -1, -1);
    assert_int_equal(reading.r.ended, 0);
    feed(&reading, "{\"stream\":\"Writing manifest to image destination\\n\"}\n");
    assert_int_equal(reading.r.ended, 1);
    assert_string_equal(reading.r.digest, "");
    feed(&reading, "{\"manifestdigest\":\"" DIGEST "\"}\n");
    assert_string_equal(reading.r.digest, DIGEST);
    end(&reading);
}

/* compatMode: a layer ends with its download; the last record is about the image. */
static void test_podman_compat_pull(void **state)
{
    struct reading reading;

    (void)state;
    begin(&reading, &gnt_podman_dialect, &gnt_podman_pull_dialect);
    feed(&reading,
         "{\"status\":\"Pulling fs layer\",\"progressDetail\":{},\"id\":\"d10bfc09fa3d\"}\n"
         "{\"status\":\"Downloading\",\"progressDetail\":{\"current\":5,\"total\":10},"
         "\"progress\":\"x\",\"id\":\"d10bfc09fa3d\"}\n"
         "{\"status\":\"Already exists\",\"progressDetail\":{},\"id\":\"aaaaaaaaaaaa\"}\n"
         "{\"status\":\"Download complete\",\"progressDetail\":{},\"id\":\"d10bfc09fa3d\"}\n");
    assert_int_equal(reading.r.ended, 0);
    feed(&reading,
         "{\"status\":\"Pull complete\",\"progressDetail\":{},\"id\":\"f9ffceda5563\"}\n");
    assert_int_equal(reading.r.ended, 1);
    assert_string_equal(reading.r.image_id, "f9ffceda5563");
    next(&reading, "d10bfc09fa3d", GANTRY_TRANSFER_WAITING, -1, -1);
    next(&reading, "d10bfc09fa3d", GANTRY_TRANSFER_RUNNING, 5, 10);
    next(&reading, "aaaaaaaaaaaa", GANTRY_TRANSFER_EXISTS, -1, -1);
    next(&reading, "d10bfc09fa3d", GANTRY_TRANSFER_DONE, 10, 10);
    next(&reading, NULL, GANTRY_TRANSFER_NONE, -1, -1);
    assert_null(reading.r.first);
    end(&reading);
}

/* Podman 5 tells of the image's configuration as of a layer: it ends twice, as what it is and as the
 * image. */
static void test_podman_compat_pull_with_configuration(void **state)
{
    struct reading reading;

    (void)state;
    begin(&reading, &gnt_podman_dialect, &gnt_podman_pull_dialect);
    feed(&reading,
         "{\"status\":\"Already exists\",\"progressDetail\":{},\"id\":\"3dada5a283e7\"}\n"
         "{\"status\":\"Pulling fs layer\",\"progressDetail\":{},\"id\":\"f9ffceda5563\"}\n"
         "{\"status\":\"Download complete\",\"progressDetail\":{},\"id\":\"f9ffceda5563\"}\n");
    assert_int_equal(reading.r.ended, 0);
    feed(&reading,
         "{\"status\":\"Download complete\",\"progressDetail\":{},\"id\":\"f9ffceda5563\"}\n");
    assert_int_equal(reading.r.ended, 1);
    assert_string_equal(reading.r.image_id, "f9ffceda5563");
    next(&reading, "3dada5a283e7", GANTRY_TRANSFER_EXISTS, -1, -1);
    next(&reading, "f9ffceda5563", GANTRY_TRANSFER_WAITING, -1, -1);
    next(&reading, "f9ffceda5563", GANTRY_TRANSFER_DONE, -1, -1);
    next(&reading, NULL, GANTRY_TRANSFER_NONE, -1, -1);
    assert_null(reading.r.first);
    end(&reading);
}

/* ---- failures -------------------------------------------------------------------------------- */

static void test_failures(void **state)
{
    static const struct {
        const char *text;
        int code;
    } rows[] = {
        { "manifest for 127.0.0.1:5000/b:x not found: manifest unknown: manifest unknown",
          GANTRY_E_NOT_FOUND },
        { "initializing source docker://127.0.0.1:5000/b:x: reading manifest x in "
          "127.0.0.1:5000/b: manifest unknown: manifest unknown",
          GANTRY_E_NOT_FOUND },
        { "An image does not exist locally with the tag: 127.0.0.1:5000/missing",
          GANTRY_E_NOT_FOUND },
        { "tag does not exist: 127.0.0.1:5000/base:nope", GANTRY_E_NOT_FOUND },
        { "pull access denied for a/b, repository does not exist or may require 'docker login': "
          "denied: requested access to the resource is denied",
          GANTRY_E_NOT_FOUND },
        { "denied: requested access to the resource is denied", GANTRY_E_FORBIDDEN },
        { "no basic auth credentials", GANTRY_E_UNAUTHORIZED },
        { "Head \"http://127.0.0.1:5001/v2/base/manifests/1\": no basic auth credentials",
          GANTRY_E_UNAUTHORIZED },
        { "initializing source docker://127.0.0.1:5001/base:1: reading manifest 1 in "
          "127.0.0.1:5001/base: unauthorized: authentication required",
          GANTRY_E_UNAUTHORIZED },
        { "Get \"https://untrusted.test:5002/v2/\": x509: certificate signed by unknown authority",
          GANTRY_E_REGISTRY },
        { "trying to reuse blob sha256:ab at destination: pinging container registry "
          "127.0.0.1:5009: Get \"http://127.0.0.1:5009/v2/\": dial tcp 127.0.0.1:5009: connect: "
          "connection refused",
          GANTRY_E_REGISTRY },
        { "writing blob: happened during read: read tcp: connection reset by peer",
          GANTRY_E_REGISTRY },
        { "write /var/lib/docker/tmp/GetImageBlob1: no space left on device", GANTRY_E_NO_SPACE },
        { "something that nobody knows", GANTRY_E_ENGINE },
    };
    const struct gnt_dialect *const dialects[] = { &docker, &gnt_podman_dialect };
    char text[600];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t d = 0; d < 2; d++) {
            struct reading reading;

            snprintf(text, sizeof text, "{\"stream\":\"x\\n\"}{\"error\":\"");
            for (const char *p = rows[i].text; *p != '\0'; p++)
                snprintf(text + strlen(text), 3, *p == '"' ? "\\%c" : "%c", *p);
            snprintf(text + strlen(text), 40, "\"}{\"status\":\"more\"}");
            begin(&reading, dialects[d],
                  d == 0 ? &gnt_docker_transfer_dialect : &gnt_podman_pull_dialect);
            feed(&reading, text);
            assert_int_equal(reading.rc, 0);
            assert_int_equal(reading.r.failed, 1);
            if (reading.r.failure.code != rows[i].code)
                fail_msg("%s: %d", rows[i].text, reading.r.failure.code);
            assert_string_equal(reading.r.failure.message, rows[i].text);
            assert_string_equal(reading.r.failure.resource, "app");
            assert_int_equal(reading.r.failure.http_status, 0);
            end(&reading);
        }
    }
}

static void test_nonsense(void **state)
{
    struct reading reading;

    (void)state;
    begin(&reading, &gnt_podman_dialect, &gnt_podman_pull_dialect);
    feed(&reading, "[1]");
    assert_int_equal(reading.rc, GANTRY_E_PROTOCOL);
    end(&reading);
    begin(&reading, &gnt_podman_dialect, &gnt_podman_pull_dialect);
    feed(&reading, "{\"images\":[\"x\"],\"id\":\"no-id-at-all-1\"}");
    assert_int_equal(reading.rc, GANTRY_E_PROTOCOL);
    end(&reading);
    begin(&reading, &docker, &gnt_docker_transfer_dialect);
    feed(&reading, "{\"status\":\"Digest: sha256:short\"}{\"status\":\"Digest: \"}{}");
    assert_int_equal(reading.rc, 0);
    assert_string_equal(reading.r.digest, "");
    assert_int_equal(reading.r.ended, 0);
    end(&reading);
}

/* ---- names and looks ------------------------------------------------------------------------- */

static void test_names(void **state)
{
    static const char *const rows[][3] = {
        { "app", "docker.io/library/app", "docker.io/library/app:latest" },
        { "app:1", "docker.io/library/app", "docker.io/library/app:1" },
        { "user/app", "docker.io/user/app", "docker.io/user/app:latest" },
        { "index.docker.io/app", "docker.io/library/app", "docker.io/library/app:latest" },
        { "localhost/app", "localhost/app", "localhost/app:latest" },
        { "127.0.0.1:5000/a/b:2", "127.0.0.1:5000/a/b", "127.0.0.1:5000/a/b:2" },
        { "app:1@" DIGEST, "docker.io/library/app", "docker.io/library/app@" DIGEST },
    };
    struct gnt_transfer_name name;
    struct gnt_arena arena;
    gantry_error err;

    (void)state;
    gnt_arena_init(&arena, &host.mem);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(gnt_transfer_name(&arena, "reference", rows[i][0], &name, &err), 0);
        assert_string_equal(name.repository, rows[i][1]);
        assert_string_equal(name.canonical, rows[i][2]);
    }
    assert_int_equal(gnt_transfer_name(&arena, "reference", ID, &name, &err), GANTRY_E_INVALID);
    gnt_arena_free(&arena);
}

static void look(struct gnt_transfer_look *look, const char *repository, const char *text)
{
    struct gnt_json *doc = NULL;
    struct gnt_arena arena;
    gantry_error err;

    gnt_arena_init(&arena, &host.mem);
    memset(look, 0, sizeof *look);
    look->repository = repository;
    assert_int_equal(gnt_json_parse(&arena, text, strlen(text), &doc, &err), 0);
    assert_int_equal(gnt_transfer_look_object(look, doc, &err), 0);
    gnt_arena_free(&arena);
}

static void test_looks(void **state)
{
    struct gnt_transfer_look found;

    (void)state;
    look(&found, "docker.io/library/app",
         "{\"Id\":\"sha256:" ID "\",\"Os\":\"linux\",\"Architecture\":\"arm64\",\"Variant\":\"v8\","
         "\"RepoDigests\":[\"app@" DIGEST "\",\"other@sha256:11\"]}");
    assert_string_equal(found.id, ID);
    assert_string_equal(found.digest, DIGEST);
    assert_true(gnt_transfer_look_fits(&found, NULL));
    assert_true(gnt_transfer_look_fits(&found, "linux/arm64"));
    assert_true(gnt_transfer_look_fits(&found, "linux/arm64/v8"));
    assert_false(gnt_transfer_look_fits(&found, "linux/arm64/v7"));
    assert_false(gnt_transfer_look_fits(&found, "linux/arm"));
    assert_false(gnt_transfer_look_fits(&found, "linux/amd64"));
    /* Podman keeps every digest an image came with: which one is meant cannot be known. */
    look(&found, "r.test/app",
         "{\"Id\":\"" ID "\",\"RepoDigests\":[\"r.test/app@" DIGEST
         "\",\"r.test/app@sha256:22\"]}");
    assert_string_equal(found.digest, "");
    look(&found, "r.test/app", "{\"Id\":\"" ID "\",\"RepoDigests\":null}");
    assert_string_equal(found.digest, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_docker_pull),
        cmocka_unit_test(test_docker_push),
        cmocka_unit_test(test_podman_pull),
        cmocka_unit_test(test_podman_push),
        cmocka_unit_test(test_podman_compat_pull),
        cmocka_unit_test(test_podman_compat_pull_with_configuration),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_looks),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
