/*
 * Errors and log lines: whatever goes in, clean text comes out.
 */
#include "error.h"

#include "host.h"

#include <gantry/backend.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Written apart from the library's own decoder: code points, not byte ranges. */
static int is_clean(const char *text, int lines_allowed)
{
    const unsigned char *s = (const unsigned char *)text;

    while (*s != 0) {
        unsigned long point;
        int more = *s < 0x80 ? 0 : *s < 0xE0 ? 1 : *s < 0xF0 ? 2 : 3;
        static const unsigned long least[] = { 0, 0x80, 0x800, 0x10000 };
        int i;

        if (*s >= 0x80 && (*s < 0xC0 || *s >= 0xF8))
            return 0;
        point = more == 0 ? *s : *s & (0x3Fu >> more);
        for (i = 1; i <= more; i++) {
            if ((s[i] & 0xC0) != 0x80)
                return 0;
            point = point << 6 | (s[i] & 0x3F);
        }
        if (point < least[more] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF))
            return 0;
        if ((point < 0x20 && !(point == '\n' && lines_allowed)) || (point >= 0x7F && point < 0xA0))
            return 0;
        s += more + 1;
    }
    return 1;
}

static void copy(char *dst, size_t size, const char *src, int lines, int end)
{
    memset(dst, 'Z', size);
    gnt_text_copy(dst, size, src, strlen(src), lines, end);
}

static void text_is_sanitised(void **state)
{
    char out[32];

    (void)state;
    copy(out, sizeof out, "plain", 0, 0);
    assert_string_equal(out, "plain");
    copy(out, sizeof out, "a\nb\tc\r\x1b[1m\x7f!", 0, 0);
    assert_string_equal(out, "a b c  [1m !");
    copy(out, sizeof out, "a\nb\tc", 1, 0);
    assert_string_equal(out, "a\nb c");
    copy(out, sizeof out, "\xc3\xa4\xff\xe2\x82\xac", 0, 0);
    assert_string_equal(out, "\xc3\xa4?\xe2\x82\xac");
    copy(out, sizeof out,
         "\xc2\x9b"
         "31m\xc2\xa0.",
         0, 0); /* C1 is a control, U+00A0 is not */
    assert_string_equal(out, " 31m\xc2\xa0.");
    copy(out, sizeof out, "\xc0\xaf \xed\xa0\x80 \xf4\x90\x80\x80 \xe2\x82", 0, 0);
    assert_string_equal(out, "?? ??? ???? ??");
    gnt_text_copy(out, sizeof out, "a\0b", 3, 0, 0);
    assert_string_equal(out, "a b");
    gnt_text_copy(out, sizeof out, NULL, 0, 0, 1);
    assert_string_equal(out, "");
    out[0] = 'k';
    gnt_text_copy(out, 0, "x", 1, 0, 0);
    assert_int_equal(out[0], 'k');
    gnt_text_copy(out, 1, "x", 1, 0, 1);
    assert_string_equal(out, "");
}

static void text_is_cut_at_characters(void **state)
{
    char out[8];

    (void)state;
    copy(out, 5, "abc\xc3\xa4z", 0, 0);
    assert_string_equal(out, "abc");
    copy(out, 6, "abc\xc3\xa4z", 0, 0);
    assert_string_equal(out, "abc\xc3\xa4");
    copy(out, 3, "abc\xc3\xa4z", 0, 1);
    assert_string_equal(out, "z");
    copy(out, 4, "abc\xc3\xa4z", 0, 1);
    assert_string_equal(out, "\xc3\xa4z");
    copy(out, 4, "0123456789", 0, 1);
    assert_string_equal(out, "789");
    copy(out, 4, "\xf0\x9f\x98\x80", 0, 0);
    assert_string_equal(out, "");
    copy(out, 5, "\xf0\x9f\x98\x80", 0, 0);
    assert_string_equal(out, "\xf0\x9f\x98\x80");
}

/* Bytes that make trouble often: UTF-8 leads, continuations, controls. */
static char troublesome(void)
{
    static const unsigned char some[] = { 0xC2, 0x9B, 0xE0, 0xA0, 0xED, 0xF0, 0x90,
                                          0xF4, 0x8F, 0x80, 0xBF, '\n', 0x1B, 'a' };

    return (char)(rand() % 3 == 0 ? (unsigned)rand() & 0xFF : some[(size_t)rand() % sizeof some]);
}

static void random_bytes_come_out_clean(void **state)
{
    int round;

    (void)state;
    srand(20221);
    for (round = 0; round < 30000; round++) {
        char in[200];
        char *out;
        size_t size = (size_t)rand() % sizeof in;
        size_t room = (size_t)rand() % sizeof in + 1;
        int lines = rand() % 2;
        size_t i;

        for (i = 0; i < size; i++)
            in[i] = troublesome();
        out = malloc(room); /* exact, for the sanitizer */
        assert_non_null(out);
        memset(out, 0xFF, room);
        gnt_text_copy(out, room, in, size, lines, rand() % 2);
        assert_non_null(memchr(out, '\0', room));
        if (!is_clean(out, lines))
            fail_msg("round %d is not clean", round);
        free(out);
    }
}

static void random_messages_come_out_clean(void **state)
{
    static char in[5000];
    gantry_error err;
    int round;

    (void)state;
    srand(7);
    for (round = 0; round < 2000; round++) {
        size_t size = (size_t)rand() % (sizeof in - 1);
        size_t i;

        for (i = 0; i < size; i++) {
            in[i] = troublesome();
            if (in[i] == '\0')
                in[i] = 'n';
        }
        in[size] = '\0';
        memset(&err, 0xFF, sizeof err);
        assert_int_equal(gnt_fail(&err, GANTRY_E_ENGINE, "%s", in), GANTRY_E_ENGINE);
        gnt_error_prefix(&err, "%s", in + size / 2);
        gnt_error_resource(&err, GANTRY_RESOURCE_IMAGE, in);
        gnt_error_operation(&err, in);
        assert_non_null(memchr(err.message, '\0', sizeof err.message));
        assert_true(is_clean(err.message, 0));
        assert_true(is_clean(err.resource, 0));
        assert_true(is_clean(err.operation, 0));
        gnt_fail_errno(&err, GANTRY_E_IO, ENOENT, "%s", in);
        assert_true(is_clean(err.message, 0));
        assert_non_null(strstr(err.message, ": No such file"));
    }
}

static void fail_clears_what_was_there(void **state)
{
    gantry_error err;
    gantry_error zero = { .outcome = GANTRY_OUTCOME_NOT_SENT };

    (void)state;
    memset(&err, 0xEE, sizeof err);
    assert_int_equal(gnt_fail(&err, GANTRY_E_NOT_FOUND, "no such container: %s", "web"),
                     GANTRY_E_NOT_FOUND);
    assert_int_equal(err.code, GANTRY_E_NOT_FOUND);
    assert_string_equal(err.message, "no such container: web");
    err.code = 0;
    memset(err.message, 0, sizeof err.message);
    assert_memory_equal(&err, &zero, sizeof err);
    /* Arguments may lie in the error itself. */
    gnt_fail(&err, GANTRY_E_IO, "inner");
    gantry_error_set(&err, GANTRY_E_IO, "outer: %s", err.message);
    assert_string_equal(err.message, "outer: inner");
    assert_int_equal(gnt_nomem(&err), GANTRY_E_NOMEM);
    assert_string_equal(err.message, "out of memory");
}

static void null_error_is_allowed(void **state)
{
    (void)state;
    assert_int_equal(gnt_fail(NULL, GANTRY_E_IO, "x"), GANTRY_E_IO);
    assert_int_equal(gnt_fail_errno(NULL, GANTRY_E_IO, EPERM, "x"), GANTRY_E_IO);
    assert_int_equal(gantry_error_set(NULL, GANTRY_E_LIMIT, "x"), GANTRY_E_LIMIT);
    assert_int_equal(gnt_nomem(NULL), GANTRY_E_NOMEM);
    gnt_error_resource(NULL, 1, "x");
    gnt_error_outcome(NULL, 1, 1);
    gnt_error_operation(NULL, "x");
    gnt_error_prefix(NULL, "x");
    assert_int_equal(gantry_error_is(NULL, GANTRY_E_IO), 0);
}

static void facts_are_added(void **state)
{
    gantry_error err = { 0 };
    char text[64];

    (void)state;
    gnt_fail_errno(&err, GANTRY_E_IO, ENOENT, "cannot read %s", "/x");
    assert_int_equal(err.os_error, ENOENT);
    assert_string_equal(err.message, "cannot read /x: No such file or directory");
    gnt_error_resource(&err, GANTRY_RESOURCE_FILE, "/x");
    gnt_error_outcome(&err, GANTRY_OUTCOME_UNKNOWN, GANTRY_RETRY_ASK);
    gnt_error_operation(&err, "images.build");
    gnt_error_operation(&err, "second");
    gnt_error_prefix(&err, "context %d", 1);
    assert_string_equal(err.message, "context 1: cannot read /x: No such file or directory");
    gnt_error_prefix(&err, "a: ");
    assert_string_equal(err.message, "a: context 1: cannot read /x: No such file or directory");
    assert_int_equal(err.resource_kind, GANTRY_RESOURCE_FILE);
    assert_string_equal(err.resource, "/x");
    assert_int_equal(err.outcome, GANTRY_OUTCOME_UNKNOWN);
    assert_int_equal(err.retry, GANTRY_RETRY_ASK);
    assert_string_equal(err.operation, "images.build");
    gnt_error_resource(&err, GANTRY_RESOURCE_NONE, NULL);
    assert_string_equal(err.resource, "");
    assert_string_equal(gnt_errno_text(ENOENT, text, sizeof text), "No such file or directory");
    assert_true(strlen(gnt_errno_text(123456, text, sizeof text)) > 0);
    assert_true(strlen(gnt_errno_text(ENOENT, text, 6)) < 6);
}

static void classes_match_their_codes(void **state)
{
    gantry_error err = { 0 };

    (void)state;
    assert_int_equal(gantry_error_is(&err, GANTRY_OK), 1);
    assert_int_equal(gantry_error_is(&err, GANTRY_E_INVALID), 0);
    err.code = GANTRY_E_IN_USE;
    assert_int_equal(gantry_error_is(&err, GANTRY_E_IN_USE), 1);
    assert_int_equal(gantry_error_is(&err, GANTRY_E_CONFLICT), 1);
    assert_int_equal(gantry_error_is(&err, GANTRY_E_EXISTS), 0);
    assert_int_equal(gantry_error_is(&err, GANTRY_OK), 0);
    err.code = GANTRY_E_CONFLICT;
    assert_int_equal(gantry_error_is(&err, GANTRY_E_EXISTS), 0);
    assert_int_equal(gantry_error_is(&err, GANTRY_E_CONFLICT), 1);
    err.code = GANTRY_E_CONFLICT - 99; /* of a later version */
    assert_int_equal(gantry_error_is(&err, GANTRY_E_CONFLICT), 1);
    err.code = -50;
    assert_int_equal(gantry_error_is(&err, GANTRY_OK), 0);
}

static void codes_have_names(void **state)
{
    (void)state;
    assert_string_equal(gantry_error_name(GANTRY_OK), "OK");
    assert_string_equal(gantry_error_name(GANTRY_E_INVALID), "INVALID");
    assert_string_equal(gantry_error_name(GANTRY_E_TRUNCATED), "TRUNCATED");
    assert_string_equal(gantry_error_name(GANTRY_E_NOT_FOUND), "NOT_FOUND");
    assert_string_equal(gantry_error_name(GANTRY_E_FORBIDDEN), "FORBIDDEN");
    assert_string_equal(gantry_error_name(-1), "UNKNOWN");
    assert_string_equal(gantry_error_name(1), "UNKNOWN");
}

static void static_texts(void **state)
{
    int i;

    (void)state;
    assert_string_equal(gantry_version(), GANTRY_VERSION_STRING);
    assert_string_equal(gantry_container_state_name(GANTRY_CONTAINER_RUNNING), "running");
    assert_string_equal(gantry_container_state_name(GANTRY_CONTAINER_DEAD), "dead");
    assert_string_equal(gantry_container_state_name(GANTRY_CONTAINER_UNKNOWN), "unknown");
    assert_string_equal(gantry_container_state_name(99), "unknown");
    assert_null(gantry_feature_name(GANTRY_FEATURE_NONE));
    assert_null(gantry_feature_name(GANTRY_FEATURE_COUNT));
    assert_string_equal(gantry_feature_name(GANTRY_FEATURE_IMAGES_BUILD), "images.build");
    for (i = 1; i < GANTRY_FEATURE_COUNT; i++)
        assert_non_null(gantry_feature_name(i));
}

/* ---- host: log, limits ------------------------------------------------------------------------- */

struct seen {
    int count;
    int level;
    char component[32];
    char line[2048];
};

static void see(void *arg, int level, const char *component, const char *line)
{
    struct seen *seen = arg;

    seen->count++;
    seen->level = level;
    strncpy(seen->component, component, sizeof seen->component - 1);
    strncpy(seen->line, line, sizeof seen->line - 1);
}

static void log_goes_to_who_listens(void **state)
{
    struct seen seen = { 0 };
    struct gantry_host host = { 0 };

    (void)state;
    gnt_log(NULL, GANTRY_LOG_ERROR, "core", "nobody");
    gnt_log(&host, GANTRY_LOG_ERROR, "core", "nobody");
    host.logger.log = see;
    host.logger.arg = &seen;
    gnt_log(&host, GANTRY_LOG_INFO, "core", "too detailed by default");
    assert_int_equal(seen.count, 0);
    gnt_log(&host, GANTRY_LOG_WARNING, "core", "line\n%s", "\x1b[2J");
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.level, GANTRY_LOG_WARNING);
    assert_string_equal(seen.component, "core");
    assert_string_equal(seen.line, "line  [2J");
    host.logger.level = GANTRY_LOG_DEBUG;
    gantry_host_log(&host, GANTRY_LOG_DEBUG, NULL, "%5000d", 1);
    assert_int_equal(seen.count, 2);
    assert_string_equal(seen.component, "");
    assert_true(strlen(seen.line) < 1024);
    host.logger.level = GANTRY_LOG_ERROR;
    gnt_log(&host, GANTRY_LOG_WARNING, "core", "not wanted");
    assert_int_equal(seen.count, 2);
}

static void limits_have_defaults(void **state)
{
    gantry_limits limits = { 0 };
    struct gantry_host host = { 0 };
    gantry_error err = { 0 };
    void *p;

    (void)state;
    limits.record_bytes = 7;
    gnt_limits_defaults(&limits);
    assert_int_equal(limits.size, sizeof limits);
    assert_int_equal(limits.header_bytes, 262144);
    assert_int_equal(limits.error_body_bytes, 1048576);
    assert_int_equal(limits.body_bytes, 67108864);
    assert_int_equal(limits.record_bytes, 7);
    assert_int_equal(limits.capture_bytes, 67108864);
    assert_int_equal(limits.json_depth, 64);
    gnt_mem_init(&host.mem, NULL, NULL);
    p = gantry_host_alloc(&host, 10);
    assert_non_null(p);
    gantry_host_free(&host, p);
    gantry_host_free(&host, NULL);
    assert_int_equal(gantry_unsupported_option(&err, "tty"), GANTRY_E_UNSUPPORTED);
    assert_string_equal(err.message, "option 'tty' is not supported by this engine");
}

static void format_tells_everything(void **state)
{
    gantry_error err = { .code = GANTRY_E_BUILD,
                         .step = 2,
                         .step_total = 3,
                         .has_exit_code = 1,
                         .exit_code = 7,
                         .operation = "images.build",
                         .resource = "app",
                         .message = "it failed",
                         .step_text = "RUN make",
                         .output = "last words\n" };
    const char *whole = "images.build app: it failed\nstep 2 of 3: RUN make (exit code 7)\n"
                        "last words\n";
    char text[256];

    (void)state;
    assert_int_equal(gantry_error_format(&err, text, sizeof text), strlen(whole));
    assert_string_equal(text, whole);
    assert_int_equal(gantry_error_format(&err, NULL, 0), strlen(whole));
    assert_int_equal(gantry_error_format(&err, text, 5), strlen(whole));
    assert_string_equal(text, "imag");
    err = (gantry_error){ .code = GANTRY_E_NOMEM, .operation = "images.list", .message = "m" };
    gantry_error_format(&err, text, sizeof text);
    assert_string_equal(text, "images.list: m");
    gantry_error_format(NULL, text, sizeof text);
    assert_string_equal(text, "success");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(format_tells_everything),
        cmocka_unit_test(text_is_sanitised),
        cmocka_unit_test(text_is_cut_at_characters),
        cmocka_unit_test(random_bytes_come_out_clean),
        cmocka_unit_test(random_messages_come_out_clean),
        cmocka_unit_test(fail_clears_what_was_there),
        cmocka_unit_test(null_error_is_allowed),
        cmocka_unit_test(facts_are_added),
        cmocka_unit_test(classes_match_their_codes),
        cmocka_unit_test(codes_have_names),
        cmocka_unit_test(static_texts),
        cmocka_unit_test(log_goes_to_who_listens),
        cmocka_unit_test(limits_have_defaults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
