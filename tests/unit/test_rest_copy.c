/*
 * Copies on the wire: what engines answer about files, in their own words, and a success that is
 * none because the engine did not want the archive.
 */
#include "http_helpers.h"
#include "rest_copy.h"

static const struct gnt_error_row rows[] = { { 0, NULL, GANTRY_E_ENGINE, 0 } };
static const struct gnt_dialect dialect = { .name = "test", .cause_path = "cause", .errors = rows };

struct scene {
    struct client client;
    struct gnt_rest rest;
};

static void begin(struct scene *s, const struct fake_step *const *scripts, size_t count)
{
    client_start(&s->client, scripts, count);
    s->rest = (struct gnt_rest){
        .host = &s->client.host, .http = s->client.http, .dialect = &dialect, .prefix = "/v1.41"
    };
}

static int give_zeroes(void *arg, void *buffer, size_t capacity, size_t *out_size,
                       gantry_error *err)
{
    size_t *left = arg;

    (void)err;
    *out_size = *left < capacity ? *left : capacity;
    memset(buffer, 0, *out_size);
    *left -= *out_size;
    return 0;
}

static int put(struct scene *s, size_t size, gantry_error *err)
{
    const gantry_copy_in_options o = { .size = sizeof o };
    const gantry_source source = {
        .size = sizeof source, .read = give_zeroes, .arg = &size, .length = -1
    };

    return gnt_rest_archive_put(&s->rest, "c", "/tmp", &source, &o, err);
}

static void test_a_whole_upload(void **state)
{
    static const struct fake_step script[] = {
        FAKE_REQUEST, FAKE_SEND("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), { 0 }
    };
    const struct fake_step *const scripts[] = { script };
    struct scene s;
    size_t size;
    char *text;

    (void)state;
    begin(&s, scripts, 1);
    assert_int_equal(put(&s, 300000, NULL), 0);
    text = fake_text(s.client.fake, &size);
    assert_non_null(strstr(text, "PUT /v1.41/containers/c/archive?path=%2Ftmp&copyUIDGID=false&"
                                 "noOverwriteDirNonDir=true HTTP/1.1\r\n"));
    assert_non_null(strstr(text, "Content-Type: application/x-tar\r\n"));
    free(text);
    client_stop(&s.client);
}

struct breaking {
    int pieces;
};

static int give_some(void *arg, void *buffer, size_t capacity, size_t *out_size, gantry_error *err)
{
    struct breaking *b = arg;

    if (b->pieces-- == 0)
        return gantry_error_set(err, GANTRY_E_IO, "the disk is on fire");
    *out_size = capacity < 512 ? capacity : 512;
    memset(buffer, 0, *out_size);
    return 0;
}

static int put_breaking(struct scene *s, int pieces, gantry_error *err)
{
    const gantry_copy_in_options o = { .size = sizeof o };
    struct breaking b = { pieces };
    const gantry_source source = {
        .size = sizeof source, .read = give_some, .arg = &b, .length = 4096
    };

    return gnt_rest_archive_put(&s->rest, "c", "/tmp", &source, &o, err);
}

/* The engine is let finish with what it got, and the failure stays the source's. */
static void test_a_source_that_breaks_off(void **state)
{
    static const struct fake_step fine[] = {
        FAKE_REQUEST, FAKE_SEND("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), { 0 }
    };
    static const struct fake_step refused[] = {
        FAKE_REQUEST,
        FAKE_SEND("HTTP/1.1 500 No\r\nContent-Length: 28\r\n\r\n{\"message\":\"unexpected EOF\"}"),
        { 0 }
    };
    const struct fake_step *const both[] = { fine, refused };

    (void)state;
    for (int i = 0; i < 2; i++) {
        gantry_error err = { 0 };
        struct scene s;
        size_t size;
        char *text;

        begin(&s, &both[i], 1);
        assert_int_equal(put_breaking(&s, 2, &err), GANTRY_E_IO);
        assert_int_equal(err.outcome, GANTRY_OUTCOME_PARTIAL);
        assert_non_null(strstr(err.message, "on fire"));
        text = fake_text(s.client.fake, &size);
        assert_memory_equal(text + size - 5, "0\r\n\r\n", 5);
        free(text);
        client_stop(&s.client);
    }
}

static void test_a_source_that_never_begins(void **state)
{
    static const struct fake_step script[] = { FAKE_HEAD, FAKE_DRAIN, { 0 } };
    const struct fake_step *const scripts[] = { script };
    gantry_error err = { 0 };
    struct scene s;

    (void)state;
    begin(&s, scripts, 1);
    assert_int_equal(put_breaking(&s, 0, &err), GANTRY_E_IO);
    assert_int_equal(err.outcome, GANTRY_OUTCOME_NOT_SENT);
    client_stop(&s.client);
}

/* The trap of a wrong content type looks so: 200, and nothing was read. */
static void test_a_success_that_wanted_nothing(void **state)
{
    static const struct fake_step script[] = {
        FAKE_HEAD, FAKE_SEND("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), FAKE_DRAIN, { 0 }
    };
    const struct fake_step *const scripts[] = { script };
    gantry_error err = { 0 };
    struct scene s;

    (void)state;
    begin(&s, scripts, 1);
    assert_int_equal(put(&s, 64 * 1024 * 1024, &err), GANTRY_E_PROTOCOL);
    assert_int_equal(err.outcome, GANTRY_OUTCOME_UNKNOWN);
    assert_non_null(strstr(err.message, "did not read it all"));
    client_stop(&s.client);
}

/* A refusal in an engine's words. */
static void says(const char *status, const char *message, int code, int kind)
{
    char answer[1024];
    const struct fake_step script[] = {
        FAKE_REQUEST,
        FAKE_BYTES(answer, (size_t)snprintf(answer, sizeof answer,
                                            "HTTP/1.1 %s\r\nContent-Length: "
                                            "%zu\r\n\r\n{\"message\":\"%s\"}",
                                            status, strlen(message) + 14, message)),
        { 0 }
    };
    const struct fake_step *const scripts[] = { script };
    gantry_error err = { 0 };
    struct scene s;
    int rc;

    begin(&s, scripts, 1);
    rc = put(&s, 1024, &err);
    if (rc != code || err.resource_kind != kind)
        fail_msg("%s: %s, kind %d", message, gantry_error_name(rc), err.resource_kind);
    assert_string_equal(err.resource, kind == GANTRY_RESOURCE_CONTAINER ? "c" : "/tmp");
    assert_null(strstr(err.message, "Request"));
    client_stop(&s.client);
}

static void test_words(void **state)
{
    (void)state;
    says("404 Not Found", "No such container: c", GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_CONTAINER);
    says("404 Not Found", "no container with name or ID c found: no such container",
         GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_CONTAINER);
    says("404 Not Found", "Could not find the file /tmp in container c", GANTRY_E_NOT_FOUND,
         GANTRY_RESOURCE_FILE);
    says("404 Not Found", "no such file or directory", GANTRY_E_NOT_FOUND, GANTRY_RESOURCE_FILE);
    says("500 Internal Server Error", "lstat /x/merged/tmp/f/: not a directory", GANTRY_E_NOT_FOUND,
         GANTRY_RESOURCE_FILE);
    says("500 Internal Server Error", "container rootfs is marked read-only", GANTRY_E_DENIED,
         GANTRY_RESOURCE_FILE);
    says("403 Forbidden", "mounted volume is marked read-only", GANTRY_E_DENIED,
         GANTRY_RESOURCE_FILE);
    says("500 Internal Server Error", "copier: put: lchown /tmp: read-only file system",
         GANTRY_E_DENIED, GANTRY_RESOURCE_FILE);
    says("500 Internal Server Error", "extraction point is not a directory", GANTRY_E_CONFLICT,
         GANTRY_RESOURCE_FILE);
    says("500 Internal Server Error", "copier: put: error: {Request:x}: mkdir /tmp/a: file exists",
         GANTRY_E_CONFLICT, GANTRY_RESOURCE_FILE);
    says("500 Internal Server Error", "unlinkat /etc/hosts: device or resource busy",
         GANTRY_E_IN_USE, GANTRY_RESOURCE_FILE);
    says("500 Internal Server Error", "write /tmp/a: no space left on device", GANTRY_E_NO_SPACE,
         GANTRY_RESOURCE_FILE);
    says("500 Internal Server Error", "who knows", GANTRY_E_ENGINE, GANTRY_RESOURCE_FILE);
}

/* HEAD has no words: they are asked for again, and kept to. */
static void test_a_look_asks_again_for_words(void **state)
{
    static const struct fake_step head[] = {
        FAKE_REQUEST, FAKE_SEND("HTTP/1.1 404 Not Found\r\nContent-Length: 30\r\n\r\n"), { 0 }
    };
    static const struct fake_step get[] = {
        FAKE_REQUEST,
        FAKE_SEND("HTTP/1.1 404 Not Found\r\nContent-Length: 34\r\n\r\n"
                  "{\"message\":\"No such container: c\"}"),
        { 0 }
    };
    const struct fake_step *const scripts[] = { head, get };
    const gantry_stat_options o = { .size = sizeof o };
    gantry_file_info *info = NULL;
    gantry_error err = { 0 };
    struct scene s;

    (void)state;
    begin(&s, scripts, 2);
    assert_int_equal(gnt_rest_archive_stat(&s.rest, "c", "/tmp", &o, &info, &err),
                     GANTRY_E_NOT_FOUND);
    assert_int_equal(err.resource_kind, GANTRY_RESOURCE_CONTAINER);
    assert_null(info);
    client_stop(&s.client);
}

/* A link that leads nowhere: Podman says 404, and what the link is. */
/* Only an answer is a reason to ask again, not the lack of one. */
static void test_a_look_that_breaks_is_not_repeated(void **state)
{
    static const struct fake_step cut[] = {
        FAKE_REQUEST, FAKE_SEND("HTTP/1.1 200 OK\r\nX-Doc"), FAKE_END, { 0 }
    };
    static const struct fake_step whole[] = {
        FAKE_REQUEST,
        FAKE_SEND("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Docker-Container-Path-Stat: "
                  "eyJuYW1lIjoiYSIsInNpemUiOjF9\r\n\r\n"),
        { 0 }
    };
    const struct fake_step *const scripts[] = { cut, whole };
    const gantry_stat_options o = { .size = sizeof o };
    gantry_file_info *info = NULL;
    gantry_error err = { 0 };
    struct scene s;

    (void)state;
    begin(&s, scripts, 2);
    assert_int_equal(gnt_rest_archive_stat(&s.rest, "c", "/a", &o, &info, &err),
                     GANTRY_E_TRUNCATED);
    assert_int_equal(fake_requests(s.client.fake), 1);
    client_stop(&s.client);
}

static void test_a_link_that_leads_nowhere(void **state)
{
    /* {"name":"nowhere","size":7,"mode":134218239,"linkTarget":"/tmp/nowhere"} */
    static const struct fake_step head[] = {
        FAKE_REQUEST,
        FAKE_SEND("HTTP/1.1 404 Not Found\r\nX-Docker-Container-Path-Stat: "
                  "eyJuYW1lIjoibm93aGVyZSIsInNpemUiOjcsIm1vZGUiOjEzNDIxODIzOSwibGlua1RhcmdldCI6Ii90"
                  "bXAvbm93aGVyZSJ9\r\nContent-Length: 0\r\n\r\n"),
        { 0 }
    };
    const struct fake_step *const scripts[] = { head };
    const gantry_stat_options o = { .size = sizeof o };
    gantry_file_info *info = NULL;
    struct scene s;

    (void)state;
    begin(&s, scripts, 1);
    assert_int_equal(gnt_rest_archive_stat(&s.rest, "c", "/tmp/l", &o, &info, NULL), 0);
    assert_int_equal(info->type, GANTRY_FILE_LINK);
    assert_string_equal(info->link_target, "/tmp/nowhere");
    gantry_file_info_free(info);
    client_stop(&s.client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_whole_upload),
        cmocka_unit_test(test_a_source_that_breaks_off),
        cmocka_unit_test(test_a_source_that_never_begins),
        cmocka_unit_test(test_a_success_that_wanted_nothing),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_a_look_asks_again_for_words),
        cmocka_unit_test(test_a_look_that_breaks_is_not_repeated),
        cmocka_unit_test(test_a_link_that_leads_nowhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
