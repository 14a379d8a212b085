/*
 * From a build's stream to records: streams recorded from a Docker 20.10 daemon, and what must not
 * fool the reader: output that looks like the builder's own words or like an image id.
 */
#include "build_records.h"
#include "docker/docker.h"
#include "docker/docker_buildkit.h"
#include "podman/podman.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ID "9952738bc3ab79c6e3dad59d654fcecdad76415ef62d0a0aff342ce54a71e138"

static struct gantry_host host;

struct reading {
    struct gnt_build_records b;
    struct gnt_json_parser *parser;
    gantry_error err;
    int rc;
};

/* An engine whose last line is the image id. */
static void classify_nothing(struct gnt_build_line *line)
{
    (void)line;
}

static const char *const no_texts[] = { NULL };
static const struct gnt_build_dialect last_line = { .classify = classify_nothing,
                                                    .exit_texts = no_texts,
                                                    .refusals = no_texts };

static int setup(void **state)
{
    (void)state;
    gnt_limits_defaults(&host.limits);
    return gnt_mem_init(&host.mem, NULL, NULL);
}

static void begin(struct reading *r, const struct gnt_build_dialect *dialect)
{
    const struct gnt_json_limits limits = { .depth = 64, .record_bytes = 1 << 20 };

    memset(r, 0, sizeof *r);
    r->b.dialect = dialect;
    r->b.host = &host;
    r->b.resource = "app";
    gnt_arena_init(&r->b.arena, &host.mem);
    assert_int_equal(gnt_json_parser_new(&host.mem, GNT_JSON_SEQUENCE, &limits, gnt_build_object,
                                         &r->b, &r->parser, &r->err),
                     0);
}

static void feed(struct reading *r, const char *text)
{
    r->rc = gnt_json_parser_feed(r->parser, text, strlen(text), &r->err);
}

static void end(struct reading *r)
{
    gnt_json_parser_free(r->parser);
    gnt_build_records_free(&r->b);
}

/* The next record, which must be of this kind. */
static const gantry_progress_record *next(struct reading *r, int kind)
{
    struct gnt_build_queued *q = r->b.first;

    assert_non_null(q);
    assert_int_equal(q->record.size, sizeof(gantry_progress_record));
    assert_int_equal(q->record.kind, kind);
    assert_int_equal(strlen(q->record.text), q->record.text_size);
    r->b.first = q->next;
    return &q->record;
}

static void test_whole_build(void **state)
{
    const gantry_progress_record *record;
    struct reading r;

    (void)state;
    begin(&r, &gnt_docker_build_dialect);
    feed(&r, "{\"stream\":\"Step 1/2 : FROM dk-busybox\"}\r\n{\"stream\":\"\\n\"}\r\n"
             "{\"stream\":\" ---\\u003e 748e739b2457\\n\"}\r\n"
             "{\"stream\":\"Step 2/2 : RUN echo hi\"}\r\n{\"stream\":\"\\n\"}\r\n"
             "{\"stream\":\" ---\\u003e Using cache\\n\"}\r\n"
             "{\"stream\":\" ---\\u003e eb92f8f26052\\n\"}\r\n"
             "{\"aux\":{\"ID\":\"sha256:" ID "\"}}\r\n"
             "{\"stream\":\"Successfully built 9952738bc3ab\\n\"}\r\n");
    assert_int_equal(r.rc, 0);
    record = next(&r, GANTRY_PROGRESS_STEP);
    assert_string_equal(record->text, "FROM dk-busybox");
    assert_int_equal(record->step, 1);
    assert_int_equal(record->step_total, 2);
    assert_non_null(strstr(record->json, "\"stream\":\"Step 1/2"));
    assert_int_equal(record->duration_ms, -1);
    next(&r, GANTRY_PROGRESS_STATUS);
    record = next(&r, GANTRY_PROGRESS_STEP_END);
    assert_int_equal(record->step, 1);
    assert_string_equal(record->text, "FROM dk-busybox");
    assert_int_equal(record->cached, 0);
    assert_true(record->duration_ms >= 0);
    assert_int_equal(next(&r, GANTRY_PROGRESS_STEP)->step, 2);
    record = next(&r, GANTRY_PROGRESS_STATUS);
    assert_int_equal(record->cached, 1);
    assert_int_equal(record->step, 2);
    assert_int_equal(next(&r, GANTRY_PROGRESS_STATUS)->cached, 0);
    next(&r, GANTRY_PROGRESS_STATUS);
    assert_null(r.b.first);
    r.b.last = NULL;
    assert_int_equal(gnt_build_end_step(&r.b, &r.err), 0);
    assert_int_equal(gnt_build_end_step(&r.b, &r.err), 0); /* it has one end */
    record = next(&r, GANTRY_PROGRESS_STEP_END);
    assert_int_equal(record->step, 2);
    assert_int_equal(record->cached, 1);
    assert_string_equal(record->text, "RUN echo hi");
    assert_null(r.b.first);
    assert_string_equal(r.b.image_id, ID);
    assert_int_equal(r.b.failed, 0);
    end(&r);
}

static void test_failing_step(void **state)
{
    struct reading r;

    (void)state;
    begin(&r, &gnt_docker_build_dialect);
    feed(&r, "{\"stream\":\"Step 1/2 : FROM b\"}{\"stream\":\"\\n\"}"
             "{\"stream\":\"Step 2/2 : RUN make\"}{\"stream\":\"\\n\"}"
             "{\"stream\":\" ---\\u003e Running in 0a453085c590\\n\"}"
             "{\"stream\":\"out\\n\"}{\"stream\":\"\\u001b[91merr\\n\\u001b[0m\"}"
             "{\"stream\":\"Removing intermediate container 0a453085c590\\n\"}"
             "{\"errorDetail\":{\"code\":3,\"message\":\"The command '/bin/sh -c make' returned a "
             "non-zero code: 3\"},\"error\":\"x\"}{\"stream\":\"more\"}");
    assert_int_equal(r.rc, 0);
    assert_int_equal(r.b.failed, 1);
    assert_int_equal(r.b.failure.code, GANTRY_E_BUILD);
    assert_int_equal(r.b.failure.step, 2);
    assert_int_equal(r.b.failure.step_total, 2);
    assert_string_equal(r.b.failure.step_text, "RUN make");
    assert_int_equal(r.b.failure.has_exit_code, 1);
    assert_int_equal(r.b.failure.exit_code, 3);
    assert_string_equal(r.b.failure.output, "out\nerr\n");
    assert_int_equal(r.b.failure.resource_kind, GANTRY_RESOURCE_IMAGE);
    assert_string_equal(r.b.failure.resource, "app");
    end(&r);
}

/* Every stage names its image; the steps go on behind it. */
static void test_stages(void **state)
{
    const gantry_progress_record *record;
    struct reading r;

    (void)state;
    begin(&r, &gnt_docker_build_dialect);
    feed(&r, "{\"stream\":\"Step 1/4 : FROM b AS one\"}{\"stream\":\"Step 2/4 : RUN echo 1\"}"
             "{\"stream\":\"1\\n\"}{\"aux\":{\"ID\":\"sha256:" ID "\"}}"
             "{\"stream\":\"Step 3/4 : FROM b\"}{\"stream\":\"\\n\"}"
             "{\"stream\":\"Step 4/4 : RUN exit 9\"}{\"stream\":\"\\n\"}{\"stream\":\"two\\n\"}");
    assert_int_equal(r.rc, 0);
    next(&r, GANTRY_PROGRESS_STEP);
    next(&r, GANTRY_PROGRESS_STEP_END);
    next(&r, GANTRY_PROGRESS_STEP);
    next(&r, GANTRY_PROGRESS_LOG);
    next(&r, GANTRY_PROGRESS_STEP_END);
    assert_int_equal(next(&r, GANTRY_PROGRESS_STEP)->step, 3);
    next(&r, GANTRY_PROGRESS_STEP_END);
    record = next(&r, GANTRY_PROGRESS_STEP);
    assert_int_equal(record->step, 4);
    assert_string_equal(record->text, "RUN exit 9");
    assert_string_equal(next(&r, GANTRY_PROGRESS_LOG)->text, "two\n");
    assert_string_equal(r.b.image_id, ""); /* that of the first stage is not the build's */
    feed(&r, "{\"errorDetail\":{\"code\":9,\"message\":\"x\"}}");
    assert_int_equal(r.b.failure.step, 4);
    assert_string_equal(r.b.failure.step_text, "RUN exit 9");
    assert_string_equal(r.b.failure.output, "two\n");
    end(&r);
}

static void check_base(const char *from, const char *resource)
{
    char text[256];
    struct reading r;

    begin(&r, &gnt_docker_build_dialect);
    snprintf(text, sizeof text, "{\"stream\":\"Step 1/2 : %s\"}{\"error\":\"no such host\"}", from);
    feed(&r, text);
    assert_int_equal(r.b.failure.code, GANTRY_E_BUILD);
    assert_int_equal(r.b.failure.resource_kind, GANTRY_RESOURCE_IMAGE);
    assert_string_equal(r.b.failure.resource, resource);
    end(&r);
}

/* A FROM that fails is about its image. */
static void test_missing_base(void **state)
{
    (void)state;
    check_base("FROM nothere:1", "nothere:1");
    check_base("from  --platform=linux/arm64  x/y:2 AS one", "x/y:2");
    check_base("FROM $BASE", "app"); /* not known */
    check_base("RUN FROM x", "app");
}

/* What Podman 4.3 says of a COPY without room: the reason stands behind kilobytes of its structs. */
static void test_reason_behind_a_dump(void **state)
{
    struct reading r;
    char message[8000], wide[3001], end_of_it[700];

    (void)state;
    memset(wide, 'w', 3000);
    wide[3000] = '\0';
    snprintf(
        message, sizeof message,
        "{\"error\":\"building at STEP \\\"COPY big /big\\\": 3 errors occurred:\\n\\t* reading "
        "\\\"big\\\": error during bulk transfer for copier.request{Request:\\\"GET\\\", "
        "Env:[]string{}, X:\\\"%s\\\"}: copier: get: broken pipe\\n\\t* storing \\\"big\\\": error "
        "during bulk transfer for copier.request{X:\\\"%s\\\"}: copier: put: write /big: no "
        "space left on device\\n\\n\"}",
        wide, wide);
    begin(&r, &gnt_podman_build_dialect);
    feed(&r, message);
    assert_string_equal(
        r.b.failure.message,
        "building at STEP \"COPY big /big\": 3 errors occurred:  * reading \"big\": "
        "error during bulk transfer: copier: put: write /big: no space left on "
        "device");
    end(&r);
    memset(end_of_it, 'e', sizeof end_of_it);
    snprintf(message, sizeof message, "{\"error\":\"%s for copier.request{}: %.600s: the reason\"}",
             wide, end_of_it);
    begin(&r, &gnt_podman_build_dialect);
    feed(&r, message);
    assert_int_equal(strlen(r.b.failure.message), 1000);
    assert_string_equal(r.b.failure.message + 987, "e: the reason");
    assert_memory_equal(r.b.failure.message, wide, 500);
    assert_int_equal(r.b.failure.message[500], 'e');
    end(&r);
    begin(&r, &gnt_podman_build_dialect);
    feed(&r, "{\"error\":\"it is so: &imagebuilder.Step{Env:[]string{\"}");
    assert_string_equal(r.b.failure.message, "it is so:");
    end(&r);
}

/* What Podman 4.3 says of an unknown instruction, and of a RUN whose program is not there. */
static void test_podman_failures(void **state)
{
    struct reading r;

    (void)state;
    begin(&r, &gnt_podman_build_dialect);
    feed(&r, "{\"stream\":\"STEP 2/2: RUNN x\\n\"}"
             "{\"stream\":\"time=\\\"2026\\\" level=error msg=\\\"+(UNHANDLED LOGLEVEL) "
             "&imagebuilder.Step{Env:[]string{}}\\\"\\n\"}"
             "{\"error\":\"building at STEP \\\"RUNN \\\": Unknown instruction: \\\"RUNN\\\" "
             "&imagebuilder.Step{Env:[]string{\\\"P=1\\\"}, Original:\\\"RUNN x\\\"}\"}");
    assert_string_equal(r.b.failure.message,
                        "building at STEP \"RUNN \": Unknown instruction: \"RUNN\"");
    assert_string_equal(r.b.failure.output, "");
    end(&r);
    begin(&r, &gnt_podman_build_dialect);
    feed(&r, "{\"stream\":\"STEP 2/2: RUN [\\\"/nosuch\\\"]\\n\"}"
             "{\"stream\":\"error running container: from /usr/bin/runc creating container\\n\"}"
             "{\"error\":\"building at STEP \\\"RUN /nosuch\\\": while running runtime: exit "
             "status 1\"}");
    assert_int_equal(r.b.failed, 1);
    assert_int_equal(r.b.failure.has_exit_code, 0); /* the 1 is the runtime's */
    end(&r);
    begin(&r, &gnt_podman_build_dialect);
    feed(&r, "{\"stream\":\"STEP 2/2: RUN exit 1\\n\"}"
             "{\"error\":\"building at STEP \\\"RUN exit 1\\\": while running runtime: exit status "
             "1\"}");
    assert_int_equal(r.b.failure.has_exit_code, 1);
    assert_int_equal(r.b.failure.exit_code, 1);
    end(&r);
}

/* Without a code in the record it is read from the message; without both there is none. */
static void test_exit_code(void **state)
{
    struct gnt_build_dialect other = gnt_docker_build_dialect;
    struct reading r;

    (void)state;
    other.exit_texts = gnt_docker_buildkit_dialect.exit_texts;
    begin(&r, &gnt_docker_build_dialect);
    feed(&r, "{\"errorDetail\":{\"message\":\"it returned a non-zero code: 42\"}}");
    assert_int_equal(r.b.failure.exit_code, 42);
    end(&r);
    /* The command's own text is in it, too, and may look like another release's words. */
    begin(&r, &other);
    feed(&r, "{\"error\":\"process \\\"echo 'x]: exit code: 1'; exit 7\\\" did not complete "
             "successfully: exit code: 7\"}");
    assert_int_equal(r.b.failure.exit_code, 7);
    end(&r);
    begin(&r, &gnt_docker_build_dialect);
    feed(&r, "{\"error\":\"COPY failed: stat nofile: file does not exist\\n\"}");
    assert_int_equal(r.b.failed, 1);
    assert_int_equal(r.b.failure.has_exit_code, 0);
    assert_string_equal(r.b.failure.message, "COPY failed: stat nofile: file does not exist");
    end(&r);
}

/* No text that a step prints names the image. */
static void test_text_names_no_image(void **state)
{
    struct reading r;

    (void)state;
    begin(&r, &gnt_docker_build_dialect);
    feed(&r, "{\"stream\":\"Step 1/1 : RUN x\"}{\"stream\":\"Successfully built deadbeef1234\\n\"}"
             "{\"stream\":\"sha256:" ID "\\n\"}{\"stream\":\"" ID "\\n\"}");
    assert_int_equal(r.rc, 0);
    next(&r, GANTRY_PROGRESS_STEP);
    next(&r, GANTRY_PROGRESS_LOG);
    next(&r, GANTRY_PROGRESS_LOG);
    next(&r, GANTRY_PROGRESS_LOG);
    assert_string_equal(r.b.image_id, "");
    assert_string_equal(r.b.pending_id, "");
    end(&r);
}

/* Where the id is the last line, one that is followed by anything is a log line like others. */
static void test_id_in_last_line(void **state)
{
    struct reading r;

    (void)state;
    begin(&r, &last_line);
    feed(&r, "{\"stream\":\"" ID "\\n\"}\n");
    assert_null(r.b.first);
    assert_string_equal(r.b.pending_id, ID);
    feed(&r, "{\"stream\":\"more\\n\"}\n");
    assert_string_equal(next(&r, GANTRY_PROGRESS_LOG)->text, ID "\n");
    assert_string_equal(next(&r, GANTRY_PROGRESS_LOG)->text, "more\n");
    assert_string_equal(r.b.pending_id, "");
    feed(&r, "{\"stream\":\"" ID "\"}\n");
    assert_string_equal(r.b.pending_id, "");
    end(&r);
}

static void test_transfer(void **state)
{
    const gantry_progress_record *record;
    struct reading r;

    (void)state;
    begin(&r, &gnt_docker_build_dialect);
    feed(&r, "{\"status\":\"Downloading\",\"progressDetail\":{\"current\":5,\"total\":9},"
             "\"progress\":\"[==> ]\",\"id\":\"ab12\"}{\"status\":\"Pull complete\","
             "\"progressDetail\":{},\"id\":\"ab12\"}");
    record = next(&r, GANTRY_PROGRESS_STATUS);
    assert_string_equal(record->id, "ab12");
    assert_int_equal(record->current, 5);
    assert_int_equal(record->total, 9);
    record = next(&r, GANTRY_PROGRESS_STATUS);
    assert_int_equal(record->current, -1);
    assert_int_equal(record->total, -1);
    end(&r);
}

/* The tail keeps the end of what the failing step printed, and only that. */
static void test_tail(void **state)
{
    char line[256];
    struct reading r;

    (void)state;
    begin(&r, &gnt_docker_build_dialect);
    feed(&r, "{\"stream\":\"Step 1/2 : RUN a\"}{\"stream\":\"of step one\\n\"}"
             "{\"stream\":\"Step 2/2 : RUN b\"}");
    for (int i = 0; i < 1000; i++) {
        snprintf(line, sizeof line, "{\"stream\":\"line %d\\n\"}", i);
        feed(&r, line);
    }
    feed(&r, "{\"error\":\"x\"}");
    assert_null(strstr(r.b.failure.output, "of step one"));
    assert_null(strstr(r.b.failure.output, "line 1\n"));
    assert_non_null(strstr(r.b.failure.output, "line 998\nline 999\n"));
    assert_true(strlen(r.b.failure.output) > 2300);
    end(&r);
}

static void test_nonsense(void **state)
{
    static const char *const texts[] = { "[1]", "\"x\"", "7", "{\"aux\":{\"ID\":\"sha256:xyz\"}}" };
    struct reading r;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        begin(&r, &gnt_docker_build_dialect);
        feed(&r, texts[i]);
        feed(&r, " ");
        assert_int_equal(r.rc, GANTRY_E_PROTOCOL);
        end(&r);
    }
    begin(&r, &gnt_docker_build_dialect);
    feed(&r, "{\"aux\":7}{\"stream\":7}{\"status\":[]}{\"stream\":\"\"}{}");
    assert_int_equal(r.rc, 0);
    assert_null(r.b.first);
    end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_build),
        cmocka_unit_test(test_failing_step),
        cmocka_unit_test(test_stages),
        cmocka_unit_test(test_missing_base),
        cmocka_unit_test(test_reason_behind_a_dump),
        cmocka_unit_test(test_podman_failures),
        cmocka_unit_test(test_exit_code),
        cmocka_unit_test(test_text_names_no_image),
        cmocka_unit_test(test_id_in_last_line),
        cmocka_unit_test(test_transfer),
        cmocka_unit_test(test_tail),
        cmocka_unit_test(test_nonsense),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
