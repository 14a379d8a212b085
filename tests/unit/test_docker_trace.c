/*
 * BuildKit's trace: streams recorded from a Docker 20.10 daemon, messages made by hand for what
 * that one does not send, cut and senseless ones.
 */
#include "docker/docker_trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "auth.h"
#include "build_records.h"
#include "docker/docker_buildkit.h"

static struct gantry_host host;

static int setup(void **state)
{
    (void)state;
    gnt_limits_defaults(&host.limits);
    return gnt_mem_init(&host.mem, NULL, NULL);
}

/* ---- recorded streams ------------------------------------------------------------------------ */

struct reading {
    struct gnt_build_records b;
    struct gnt_json_parser *parser;
    gantry_error err;
    char bytes[32 * 1024];
    size_t size;
    int rc;
};

static void begin(struct reading *r)
{
    const struct gnt_json_limits limits = { .depth = 64, .record_bytes = 1 << 20 };

    memset(r, 0, sizeof *r);
    r->b.dialect = &gnt_docker_buildkit_dialect;
    r->b.host = &host;
    r->b.resource = "app";
    gnt_arena_init(&r->b.arena, &host.mem);
    gnt_buf_init(&r->b.instruction, &host.mem, 1 << 20);
    r->b.decoder_state = r->b.dialect->decoder->open(&host);
    assert_non_null(r->b.decoder_state);
    assert_int_equal(gnt_json_parser_new(&host.mem, GNT_JSON_SEQUENCE, &limits, gnt_build_object,
                                         &r->b, &r->parser, &r->err),
                     0);
}

static void load(struct reading *r, const char *name)
{
    char path[512];
    FILE *file;

    begin(r);
    snprintf(path, sizeof path, "%s/buildkit/%s.json", TEST_DATA, name);
    file = fopen(path, "rbe");
    assert_non_null(file);
    r->size = fread(r->bytes, 1, sizeof r->bytes, file);
    assert_true(r->size > 0 && r->size < sizeof r->bytes);
    fclose(file);
    r->rc = gnt_json_parser_feed(r->parser, r->bytes, r->size, &r->err);
    assert_int_equal(r->rc, 0);
}

static void end(struct reading *r)
{
    gnt_json_parser_free(r->parser);
    r->b.dialect->decoder->close(r->b.decoder_state);
    gnt_build_records_free(&r->b);
}

/* The next record of this kind; others are passed over. */
static const gantry_progress_record *next(struct reading *r, int kind)
{
    struct gnt_build_queued *q = r->b.first;

    while (q != NULL && q->record.kind != kind)
        q = q->next;
    assert_non_null(q);
    assert_int_equal(q->record.size, sizeof(gantry_progress_record));
    assert_int_equal(strlen(q->record.text), q->record.text_size);
    r->b.first = q->next;
    return &q->record;
}

static int count(const struct reading *r, int kind)
{
    int n = 0;

    for (const struct gnt_build_queued *q = r->b.first; q != NULL; q = q->next)
        n += q->record.kind == kind;
    return n;
}

static void check(const gantry_progress_record *record, int step, int total, const char *text)
{
    assert_int_equal(record->step, step);
    assert_int_equal(record->step_total, total);
    assert_string_equal(record->text, text);
}

static void test_whole_build(void **state)
{
    const gantry_progress_record *record;
    struct reading r;

    (void)state;
    load(&r, "simple");
    assert_int_equal(count(&r, GANTRY_PROGRESS_STEP), 2);
    assert_int_equal(count(&r, GANTRY_PROGRESS_STEP_END), 2);
    record = next(&r, GANTRY_PROGRESS_STATUS);
    check(record, 0, 0, "[internal] load remote build context");
    check(next(&r, GANTRY_PROGRESS_STEP), 1, 2, "FROM docker.io/library/bkbase");
    record = next(&r, GANTRY_PROGRESS_STEP_END);
    check(record, 1, 2, "FROM docker.io/library/bkbase");
    assert_int_equal(record->duration_ms, 20); /* of both of its parts */
    check(next(&r, GANTRY_PROGRESS_STEP), 2, 2, "RUN echo hi; echo err >&2");
    record = next(&r, GANTRY_PROGRESS_LOG);
    check(record, 2, 2, "hi\n");
    assert_int_equal(record->channel, GANTRY_STDOUT);
    record = next(&r, GANTRY_PROGRESS_LOG);
    check(record, 2, 2, "err\n");
    assert_int_equal(record->channel, GANTRY_STDERR);
    record = next(&r, GANTRY_PROGRESS_STEP_END);
    check(record, 2, 2, "RUN echo hi; echo err >&2");
    assert_int_equal(record->duration_ms, 1319);
    assert_int_equal(record->cached, 0);
    assert_string_equal(r.b.image_id,
                        "d6012415e7a669118eb53cd1df3b512afbf3f45785ff25f6c54a8b6c493bd05a");
    assert_int_equal(r.b.failed, 0);
    end(&r);
}

static void test_cached(void **state)
{
    const gantry_progress_record *record;
    struct reading r;

    (void)state;
    load(&r, "cached");
    check(next(&r, GANTRY_PROGRESS_STEP), 1, 2, "FROM docker.io/library/bkbase");
    check(next(&r, GANTRY_PROGRESS_STEP), 2, 2, "RUN echo hi; echo err >&2");
    record = next(&r, GANTRY_PROGRESS_STEP_END);
    assert_int_equal(record->step, 1); /* a base image is no cached step */
    assert_int_equal(record->cached, 0);
    record = next(&r, GANTRY_PROGRESS_STATUS);
    assert_int_equal(record->step, 2);
    assert_int_equal(record->cached, 1);
    record = next(&r, GANTRY_PROGRESS_STEP_END);
    assert_int_equal(record->step, 2);
    assert_int_equal(record->cached, 1);
    end(&r);
}

static void test_base_alone_ends_with_the_image(void **state)
{
    struct reading r;

    (void)state;
    load(&r, "labels");
    check(next(&r, GANTRY_PROGRESS_STEP), 1, 1, "FROM docker.io/library/bkbase");
    check(next(&r, GANTRY_PROGRESS_STEP_END), 1, 1, "FROM docker.io/library/bkbase");
    end(&r);
}

static void test_parallel_stages(void **state)
{
    struct reading r;

    (void)state;
    load(&r, "parallel");
    assert_int_equal(count(&r, GANTRY_PROGRESS_STEP), 6);
    assert_int_equal(count(&r, GANTRY_PROGRESS_STEP_END), 6);
    for (int i = 1; i <= 3; i++)
        assert_int_equal(next(&r, GANTRY_PROGRESS_STEP)->step, i);
    check(next(&r, GANTRY_PROGRESS_LOG), 2, 6, "from b\n");
    check(next(&r, GANTRY_PROGRESS_LOG), 2, 6, "b2\n");
    check(next(&r, GANTRY_PROGRESS_LOG), 3, 6, "from a\n");
    end(&r);
}

static void test_failures(void **state)
{
    static const struct {
        const char *name;
        int step, total, exit_code;
        const char *text, *output, *resource;
    } rows[] = {
        { "fail", 3, 4, 7, "RUN echo last words; echo on err >&2; exit 7", "last words\non err\n",
          "app" },
        { "nocopy", 2, 2, -1, "COPY absent.txt /b", "", "app" },
        { "nobase", 0, 0, -1, "FROM localhost:1/nobase:1", "", "localhost:1/nobase:1" },
        { "syntax", 0, 0, -1, "", "", "app" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct reading r;
        const gantry_error *e = &r.b.failure;

        load(&r, rows[i].name);
        assert_int_equal(r.b.failed, 1);
        assert_int_equal(e->code, GANTRY_E_BUILD);
        assert_int_equal(e->step, rows[i].step);
        assert_int_equal(e->step_total, rows[i].total);
        assert_string_equal(e->step_text, rows[i].text);
        assert_string_equal(e->output, rows[i].output);
        assert_string_equal(e->resource, rows[i].resource);
        assert_int_equal(e->has_exit_code, rows[i].exit_code >= 0);
        if (e->has_exit_code)
            assert_int_equal(e->exit_code, rows[i].exit_code);
        end(&r);
    }
}

/* runc's own exit code is none of the command. */
static void test_program_that_is_not_there(void **state)
{
    struct reading r;

    (void)state;
    load(&r, "nocmd");
    assert_int_equal(r.b.failed, 1);
    assert_int_equal(r.b.failure.step, 2);
    assert_int_equal(r.b.failure.has_exit_code, 0);
    end(&r);
}

/* Wherever the bytes are cut, the records are the same. */
static void test_torn_stream(void **state)
{
    static struct reading whole, torn;

    (void)state;
    load(&whole, "parallel");
    for (size_t piece = 1; piece < 5000; piece = piece * 3 + 1) {
        const struct gnt_build_queued *a, *b;

        begin(&torn);
        for (size_t at = 0; at < whole.size; at += piece) {
            size_t size = whole.size - at < piece ? whole.size - at : piece;

            assert_int_equal(gnt_json_parser_feed(torn.parser, whole.bytes + at, size, &torn.err),
                             0);
        }
        for (a = whole.b.first, b = torn.b.first; a != NULL && b != NULL;
             a = a->next, b = b->next) {
            assert_int_equal(a->record.kind, b->record.kind);
            assert_int_equal(a->record.step, b->record.step);
            assert_string_equal(a->record.text, b->record.text);
        }
        assert_true(a == NULL && b == NULL);
        end(&torn);
    }
    end(&whole);
}

static void test_senseless_records(void **state)
{
    static const struct {
        const char *text;
        int rc;
    } rows[] = {
        { "{\"id\":\"moby.buildkit.trace\",\"aux\":\"\"}", 0 },
        { "{\"id\":\"moby.buildkit.trace\",\"aux\":\"no base64!\"}", GANTRY_E_PROTOCOL },
        { "{\"id\":\"moby.buildkit.trace\",\"aux\":\"abc\"}", GANTRY_E_PROTOCOL },
        { "{\"id\":\"moby.buildkit.trace\",\"aux\":{\"ID\":\"x\"}}", GANTRY_E_PROTOCOL },
        { "{\"id\":\"moby.buildkit.trace\",\"aux\":\"Cv8=\"}", GANTRY_E_PROTOCOL }, /* cut length */
        { "{\"id\":\"moby.buildkit.trace\",\"aux\":\"CgA=\"}", GANTRY_E_PROTOCOL }, /* no digest */
        { "{\"id\":\"moby.buildkit.trace\",\"aux\":\"Cw==\"}", GANTRY_E_PROTOCOL }, /* a group */
        { "{\"id\":\"of.somebody\",\"aux\":{\"ID\":\"sha256:00\"}}", 0 },
        { "{\"id\":\"moby.image.id\",\"aux\":{\"ID\":\"sha256:00\"}}", GANTRY_E_PROTOCOL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct reading r;

        begin(&r);
        r.rc = gnt_json_parser_feed(r.parser, rows[i].text, strlen(rows[i].text), &r.err);
        assert_int_equal(r.rc, rows[i].rc);
        assert_string_equal(r.b.image_id, "");
        end(&r);
    }
}

/* ---- messages by hand ------------------------------------------------------------------------ */

struct message {
    unsigned char data[16 * 1024];
    size_t size;
};

static void put_number(struct message *m, unsigned field, uint64_t value)
{
    uint64_t parts[2] = { field << 3, value };

    for (size_t i = 0; i < 2; i++) {
        do {
            m->data[m->size++] = (unsigned char)((parts[i] & 0x7f) | (parts[i] > 0x7f ? 0x80 : 0));
            parts[i] >>= 7;
        } while (parts[i] > 0);
    }
}

static void put_bytes(struct message *m, unsigned field, const void *data, size_t size)
{
    put_number(m, field, size);
    m->data[m->size - (size > 0x7f ? size > 0x3fff ? 4 : 3 : 2)] |= 2; /* of that type */
    memcpy(m->data + m->size, data, size);
    m->size += size;
}

static void put_text(struct message *m, unsigned field, const char *text)
{
    put_bytes(m, field, text, strlen(text));
}

static void put_time(struct message *m, unsigned field, uint64_t seconds)
{
    struct message time = { .size = 0 };

    put_number(&time, 1, seconds);
    put_bytes(m, field, time.data, time.size);
}

/* A Vertex; times of 0 are left out. */
static void put_vertex(struct message *m, const char *digest, const char *name, uint64_t begun,
                       uint64_t ended, const char *error)
{
    struct message v = { .size = 0 };

    put_text(&v, 1, digest);
    put_text(&v, 3, name);
    if (begun > 0)
        put_time(&v, 5, begun);
    if (ended > 0)
        put_time(&v, 6, ended);
    if (error != NULL)
        put_text(&v, 7, error);
    put_number(&v, 99, 1); /* of a later version */
    put_bytes(m, 1, v.data, v.size);
}

struct seen {
    int kinds[8];
    char last[4096];
    gantry_progress_record record;
    char id[128];
};

static int see(void *arg, const gantry_progress_record *record, gantry_error *err)
{
    struct seen *s = arg;

    (void)err;
    assert_int_equal(strlen(record->text), record->text_size);
    s->kinds[record->kind]++;
    s->record = *record;
    snprintf(s->last, sizeof s->last, "%s", record->text);
    snprintf(s->id, sizeof s->id, "%s", record->id != NULL ? record->id : "");
    return 0;
}

static int feed(struct gnt_trace *t, const struct message *m, struct seen *seen, gantry_error *err)
{
    struct gnt_buf text;
    int rc;

    gnt_buf_init(&text, &host.mem, 1 << 20);
    assert_int_equal(gnt_base64_encode(&text, m->data, m->size, 0), 0);
    rc = gnt_trace_feed(t, gnt_buf_text(&text), text.size, see, seen, err);
    gnt_buf_free(&text);
    return rc;
}

static void test_repeated_messages(void **state)
{
    struct gnt_trace *t = gnt_trace_new(&host);
    struct message m = { .size = 0 };
    struct seen seen = { .id = "" };

    (void)state;
    put_vertex(&m, "sha256:1", "[linux/arm64 build 2/5] RUN make", 10, 12, NULL);
    put_vertex(&m, "sha256:2", "exporting to image", 10, 12, NULL);
    for (int i = 0; i < 3; i++)
        assert_int_equal(feed(t, &m, &seen, NULL), 0);
    assert_int_equal(seen.kinds[GANTRY_PROGRESS_STEP], 1);
    assert_int_equal(seen.kinds[GANTRY_PROGRESS_STEP_END], 1);
    assert_int_equal(seen.kinds[GANTRY_PROGRESS_STATUS], 1);
    assert_string_equal(seen.last, "RUN make");
    assert_int_equal(seen.record.duration_ms, 2000);
    gnt_trace_free(t);
}

/* What looks like a step's name and is none. */
static void test_names(void **state)
{
    static const char *const names[] = { "",
                                         "[",
                                         "[]",
                                         "[internal] 1/2",
                                         "[a] RUN x",
                                         "[1/] RUN x",
                                         "[/2] RUN",
                                         "[x1/2] RUN y",
                                         "[1/2",
                                         "RUN [1/2] x",
                                         "[auth] library/x:pull" };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct gnt_trace *t = gnt_trace_new(&host);
        struct message m = { .size = 0 };
        struct seen seen = { .id = "" };

        put_vertex(&m, "sha256:1", names[i], 1, 2, NULL);
        assert_int_equal(feed(t, &m, &seen, NULL), 0);
        assert_int_equal(seen.kinds[GANTRY_PROGRESS_STEP], 0);
        assert_int_equal(seen.kinds[GANTRY_PROGRESS_STATUS], 1);
        gnt_trace_free(t);
    }
}

/* Begun, said and ended in one message, in whatever order; any bytes become text. */
static void test_all_in_one_message(void **state)
{
    static const char bytes[] = { 'a', '\0', '\xff', '\xc3', '\xa4', '\n' };
    struct gnt_trace_culprit culprit;
    struct gnt_trace *t = gnt_trace_new(&host);
    struct message m = { .size = 0 };
    struct message log = { .size = 0 };
    struct message warning = { .size = 0 };
    struct seen seen = { .id = "" };

    (void)state;
    put_text(&log, 1, "sha256:1");
    put_number(&log, 3, 2);
    put_bytes(&log, 4, bytes, sizeof bytes);
    put_bytes(&m, 3, log.data, log.size);
    put_vertex(&m, "sha256:2", "[2/3] RUN other", 1, 2, "context canceled");
    put_vertex(&m, "sha256:1", "[3/3] RUN false", 1, 2,
               "process \"false\" did not complete successfully: exit code: 1");
    assert_int_equal(feed(t, &m, &seen, NULL), 0);
    assert_int_equal(seen.kinds[GANTRY_PROGRESS_LOG], 1);
    assert_int_equal(seen.record.channel, GANTRY_STDERR);
    assert_int_equal(seen.record.step, 2);
    assert_string_equal(seen.last, "a\357\277\275\357\277\275\303\244\n");
    assert_int_equal(seen.kinds[GANTRY_PROGRESS_STEP_END], 0);
    assert_int_equal(gnt_trace_find_culprit(
                         t,
                         "failed to solve: process \"false\" did not complete successfully: exit "
                         "code: 1",
                         &culprit),
                     1);
    assert_int_equal(culprit.step, 2);
    assert_int_equal(culprit.output_size, sizeof bytes);
    m.size = 0;
    put_text(&warning, 1, "sha256:1");
    put_text(&warning, 3, "mind this");
    put_bytes(&m, 4, warning.data, warning.size);
    assert_int_equal(feed(t, &m, &seen, NULL), 0);
    assert_int_equal(seen.kinds[GANTRY_PROGRESS_WARNING], 1);
    assert_string_equal(seen.last, "mind this");
    gnt_trace_free(t);
}

static void test_layers(void **state)
{
    static const struct {
        const char *id, *word;
        uint64_t current, ended;
        int state;
        const char *layer;
    } rows[] = {
        { "sha256:ab", "downloading", 5, 0, GANTRY_TRANSFER_RUNNING, "sha256:ab" },
        { "sha256:ab", "done", 9, 3, GANTRY_TRANSFER_VERIFYING, "sha256:ab" },
        { "extracting sha256:ab", "extract", 0, 0, GANTRY_TRANSFER_EXTRACTING, "sha256:ab" },
        { "extracting sha256:ab", "extract", 0, 3, GANTRY_TRANSFER_DONE, "sha256:ab" },
        { "exporting layers", "", 0, 3, GANTRY_TRANSFER_NONE, "" },
    };
    struct gnt_trace *t = gnt_trace_new(&host);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct message m = { .size = 0 };
        struct message s = { .size = 0 };
        struct seen seen = { .id = "" };

        put_text(&s, 1, rows[i].id);
        put_text(&s, 2, "sha256:1");
        put_text(&s, 3, rows[i].word);
        put_number(&s, 4, rows[i].current);
        put_number(&s, 5, 9);
        if (rows[i].ended > 0)
            put_time(&s, 8, rows[i].ended);
        put_bytes(&m, 2, s.data, s.size);
        assert_int_equal(feed(t, &m, &seen, NULL), 0);
        assert_int_equal(seen.record.state, rows[i].state);
        assert_int_equal(seen.record.current, (int64_t)rows[i].current);
        assert_int_equal(seen.record.total, 9);
        assert_string_equal(seen.id, rows[i].layer);
    }
    gnt_trace_free(t);
}

static void test_graph_without_end(void **state)
{
    struct gnt_trace *t = gnt_trace_new(&host);
    struct seen seen = { .id = "" };
    gantry_error err = { 0 };
    int rc = 0;

    (void)state;
    for (int i = 0; rc == 0 && i < 1000; i++) {
        struct message m = { .size = 0 };

        for (int j = 0; j < 100; j++) {
            char digest[32];

            snprintf(digest, sizeof digest, "sha256:%d", i * 100 + j);
            put_vertex(&m, digest, "x", 0, 0, NULL);
        }
        rc = feed(t, &m, &seen, &err);
    }
    assert_int_equal(rc, GANTRY_E_LIMIT);
    assert_int_equal(err.code, GANTRY_E_LIMIT);
    gnt_trace_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_build),
        cmocka_unit_test(test_cached),
        cmocka_unit_test(test_base_alone_ends_with_the_image),
        cmocka_unit_test(test_parallel_stages),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_program_that_is_not_there),
        cmocka_unit_test(test_torn_stream),
        cmocka_unit_test(test_senseless_records),
        cmocka_unit_test(test_repeated_messages),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_all_in_one_message),
        cmocka_unit_test(test_layers),
        cmocka_unit_test(test_graph_without_end),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
