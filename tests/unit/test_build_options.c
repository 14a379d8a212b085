/*
 * Build options without an engine: the copy that an iterator keeps, secrets in files, and how each
 * engine's table words what is the same option.
 */
#include "build_copy.h"
#include "docker/docker.h"
#include "pack.h"
#include "podman/podman.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct gnt_mem memory;

static int setup(void **state)
{
    (void)state;
    return gnt_mem_init(&memory, NULL, NULL);
}

/* ---- the copy -------------------------------------------------------------------------------- */

static void test_copy_is_deep(void **state)
{
    char text[] = "nofile";
    char word[] = "word";
    const gantry_ulimit limit = { .size = sizeof limit, .name = text, .soft = 1, .hard = 2 };
    const gantry_ulimit *const limits[] = { &limit, NULL };
    const gantry_build_secret secret = {
        .size = sizeof secret, .id = word, .data = word, .data_size = 4
    };
    const gantry_build_secret *const secrets[] = { &secret, NULL };
    const gantry_auth auth = { .size = sizeof auth, .registry = word, .password = word };
    const gantry_auth *const auths[] = { &auth, NULL };
    const char *const platforms[] = { word, NULL };
    const gantry_build_options from = { .size = sizeof from,
                                        .network = word,
                                        .platforms = platforms,
                                        .ulimits = limits,
                                        .secrets = secrets,
                                        .auths = auths };
    gantry_build_options copy;
    struct gnt_arena arena;
    gantry_error err = { 0 };

    (void)state;
    gnt_arena_init(&arena, &memory);
    assert_int_equal(gnt_build_options_copy(&arena, &copy, &from, &err), 0);
    memset(text, 'x', 6);
    memset(word, 'x', 4);
    assert_string_equal(copy.network, "word");
    assert_string_equal(copy.platform, "word"); /* one of several is one */
    assert_null(copy.platforms);
    assert_string_equal(copy.ulimits[0]->name, "nofile");
    assert_int_equal(copy.ulimits[0]->hard, 2);
    assert_null(copy.ulimits[1]);
    assert_memory_equal(copy.secrets[0]->data, "word", 4);
    assert_string_equal(copy.auths[0]->password, "word");
    gnt_arena_free(&arena);
}

/* A struct in a list is taken in like any other: by its size. */
static void test_structs_in_lists_are_imported(void **state)
{
    const gantry_ulimit unset = { .name = "core" };
    const gantry_ulimit *const limits[] = { &unset, NULL };
    const gantry_ulimit *const none[] = { NULL };
    gantry_build_options from = { .size = sizeof from, .ulimits = limits };
    gantry_build_options copy;
    struct gnt_arena arena;
    gantry_error err = { 0 };

    (void)state;
    gnt_arena_init(&arena, &memory);
    assert_int_equal(gnt_build_options_copy(&arena, &copy, &from, &err), GANTRY_E_INVALID);
    assert_non_null(strstr(err.message, "gantry_ulimit"));
    from.ulimits = none;
    assert_int_equal(gnt_build_options_copy(&arena, &copy, &from, &err), 0);
    assert_null(copy.ulimits);
    gnt_arena_free(&arena);
}

/* ---- secrets --------------------------------------------------------------------------------- */

static int read_secret(const char *path, const gantry_build_secret **out, struct gnt_arena *arena,
                       gantry_error *err)
{
    const gantry_build_secret secret = { .size = sizeof secret, .id = "x", .path = path };
    const gantry_build_secret *const secrets[] = { &secret, NULL };
    const gantry_build_options from = { .size = sizeof from, .secrets = secrets };
    gantry_build_options copy;
    int rc = gnt_build_options_copy(arena, &copy, &from, err);

    if (rc == 0)
        rc = gnt_build_secrets_read(arena, &copy, err);
    *out = copy.secrets[0];
    return rc;
}

static void test_secrets_are_read(void **state)
{
    char folder[] = "/tmp/gantry-secrets-XXXXXX";
    char path[64];
    const gantry_build_secret *secret = NULL;
    struct gnt_arena arena;
    gantry_error err = { 0 };
    FILE *file;

    (void)state;
    gnt_arena_init(&arena, &memory);
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/file", folder);
    assert_int_equal(read_secret(path, &secret, &arena, &err), GANTRY_E_IO);
    assert_non_null(strstr(err.message, path));
    assert_int_equal(read_secret(folder, &secret, &arena, &err), GANTRY_E_IO);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(read_secret(path, &secret, &arena, &err), GANTRY_E_IO); /* and does not hang */
    unlink(path);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs("hush", file);
    fclose(file);
    assert_int_equal(read_secret(path, &secret, &arena, &err), 0);
    assert_null(secret->path);
    assert_int_equal(secret->data_size, 4);
    assert_memory_equal(secret->data, "hush", 4);
    assert_int_equal(truncate(path, GNT_BUILD_SECRET_MAX + 1), 0);
    assert_int_equal(read_secret(path, &secret, &arena, &err), GANTRY_E_LIMIT);
    unlink(path);
    rmdir(folder);
    gnt_arena_free(&arena);
}

static void test_secrets_have_names_of_their_own(void **state)
{
    const gantry_build_secret secret = {
        .size = sizeof secret, .id = "x", .data = "hush", .data_size = 4
    };
    char one[GNT_SECRET_NAME_SIZE];
    char two[GNT_SECRET_NAME_SIZE];
    gantry_archive *archive = NULL;
    gantry_error err = { 0 };

    (void)state;
    assert_int_equal(gantry_archive_new(NULL, &archive, &err), 0);
    assert_int_equal(gnt_archive_add_secret(archive, &secret, one, &err), 0);
    assert_int_equal(gnt_archive_add_secret(archive, &secret, two, &err), 0);
    assert_string_not_equal(one, two);
    assert_null(strchr(one, '/'));
    assert_ptr_equal(archive->last->data, secret.data); /* borrowed */
    assert_int_equal(archive->last->mode, 0600);
    gantry_archive_free(archive);
}

/* ---- the tables ------------------------------------------------------------------------------ */

static void check_encoded(const gantry_build_options *options, const struct gnt_out *rows,
                          const char *want)
{
    struct gnt_arena arena;
    struct gnt_buf text;
    struct gnt_json *body;
    gantry_error err = { 0 };

    gnt_arena_init(&arena, &memory);
    gnt_buf_init(&text, &memory, 1 << 20);
    body = gnt_json_new(&arena, GNT_JSON_OBJECT);
    if (gnt_encode(&arena, options, rows, body, &err) != 0)
        fail_msg("%s", err.message);
    assert_int_equal(gnt_json_write(body, &text), 0);
    assert_string_equal(gnt_buf_text(&text), want);
    gnt_buf_free(&text);
    gnt_arena_free(&arena);
}

static void test_same_options_two_forms(void **state)
{
    const gantry_ulimit limit = { .size = sizeof limit, .name = "core", .soft = -1, .hard = -1 };
    const gantry_ulimit *const limits[] = { &limit, NULL };
    const char *const hosts[] = { "a:1.2.3.4", "b:::1", NULL };
    gantry_build_options o = { .size = sizeof o,
                               .ulimits = limits,
                               .extra_hosts = hosts,
                               .network = "none",
                               .memory_bytes = 5,
                               .memory_swap_bytes = -1 };

    (void)state;
    check_encoded(&o, gnt_docker_build_options,
                  "{\"networkmode\":\"none\",\"extrahosts\":[\"a:1.2.3.4\",\"b:::1\"],"
                  "\"memory\":5,\"memswap\":-1,"
                  "\"ulimits\":\"[{\\\"Name\\\":\\\"core\\\",\\\"Soft\\\":-1,\\\"Hard\\\":-1}]\"}");
    check_encoded(&o, gnt_podman_build_options,
                  "{\"networkmode\":1,\"extrahosts\":\"[\\\"a:1.2.3.4\\\",\\\"b:::1\\\"]\","
                  "\"memory\":5,\"memswap\":-1,\"ulimits\":\"[\\\"core=-1:-1\\\"]\"}");
}

static void test_podman_alone(void **state)
{
    const gantry_pair notes[] = { { "a", "b=c" }, { "d", NULL } };
    gantry_build_options o = { .size = sizeof o,
                               .annotations = notes,
                               .annotation_count = 2,
                               .format = GANTRY_FORMAT_OCI,
                               .tls_verify = GANTRY_OFF };

    (void)state;
    check_encoded(&o, gnt_podman_build_options,
                  "{\"annotations\":\"[\\\"a=b=c\\\",\\\"d=\\\"]\",\"tlsVerify\":false}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copy_is_deep),
        cmocka_unit_test(test_structs_in_lists_are_imported),
        cmocka_unit_test(test_secrets_are_read),
        cmocka_unit_test(test_secrets_have_names_of_their_own),
        cmocka_unit_test(test_same_options_two_forms),
        cmocka_unit_test(test_podman_alone),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
