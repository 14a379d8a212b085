/*
 * The pump of runs: sources of each kind, the alarm, and what an engine says in the output's place.
 */
#include "http_helpers.h"

#include "pump.h"

#include <unistd.h>

#define UPGRADED "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"

#define SCRIPT(name, ...)                                                                          \
    static const struct fake_step name##_steps[] = { __VA_ARGS__ };                                \
    static const struct fake_step *const name[] = { name##_steps }

static gantry_stream *attach(struct client *c, enum gnt_framing framing)
{
    struct gnt_http_request request = post_request("/attach", NULL);
    struct gnt_duplex *d = NULL;
    gantry_stream *s = NULL;
    gantry_error err;
    int status;

    assert_int_equal(gnt_upgrade_open(c->http, &request, &d, &status, &err), 0);
    assert_int_equal(gnt_stream_of_duplex(&c->host, d, framing, &s, &err), 0);
    return s;
}

/* ---- sources --------------------------------------------------------------------------------- */

/* Pump a source into a script; what came out is in `text`. */
static int pump_source(const struct fake_step *const *script, const gantry_source *source,
                       char text[64], gantry_error *err)
{
    gantry_call call = { .size = sizeof call, .timeout_ms = 20000 };
    struct gnt_pump pump = { .call = &call, .source = source, .sink = gnt_capture_sink };
    struct gnt_capture capture;
    struct client c;
    int rc;

    client_play(&c, script);
    gnt_capture_init(&capture, &c.host.mem, 63);
    pump.stream = attach(&c, GNT_RAW);
    pump.sink_arg = &capture;
    rc = gnt_pump(&pump, err);
    snprintf(text, 64, "%s", gnt_buf_text(&capture.out));
    gnt_capture_free(&capture);
    gantry_stream_close(pump.stream);
    client_stop(&c);
    return rc;
}

static void sources_are_read_to_their_end(void **state)
{
    SCRIPT(script, FAKE_REQUEST, FAKE_SEND(UPGRADED "first "), FAKE_DRAIN, FAKE_SEND("all"),
           FAKE_END);
    gantry_memory memory = { .size = sizeof memory, .data = "12345", .length = 5 };
    gantry_source source = { .size = sizeof source };
    gantry_error err = { 0 };
    char text[64];

    (void)state;
    gantry_source_memory(&source, &memory);
    assert_int_equal(pump_source(script, &source, text, &err), 0);
    assert_string_equal(text, "first all"); /* the script saw the end of the input */
    assert_int_equal(err.code, 0);
    assert_int_equal(memory.offset, 5);
}

static void sources_keep_their_length(void **state)
{
    SCRIPT(script, FAKE_REQUEST, FAKE_SEND(UPGRADED), FAKE_STALL, FAKE_END);
    gantry_memory memory = { .size = sizeof memory, .data = "12345", .length = 5 };
    gantry_source source = { .size = sizeof source };
    gantry_error err = { 0 };
    char text[64];

    (void)state;
    for (int64_t length = 4; length <= 6; length += 2) {
        memory.offset = 0;
        gantry_source_memory(&source, &memory);
        source.length = length;
        assert_int_equal(pump_source(script, &source, text, &err), GANTRY_E_CHANGED);
        assert_non_null(strstr(err.message, length == 4 ? "goes on" : "ended before"));
    }
}

static int misbehave(void *arg, void *buffer, size_t capacity, size_t *out_size, gantry_error *err)
{
    const int *how = arg;

    (void)buffer, (void)err;
    *out_size = *how == 0 ? capacity + 1 : 0;
    return *how;
}

static void sources_that_misbehave(void **state)
{
    static const struct {
        int returned;
        int code;
        const char *message;
    } rows[] = { { 0, GANTRY_E_INVALID, "gave more" },
                 { 7, GANTRY_E_CALLBACK, "returned 7" },
                 { GANTRY_E_LIMIT, GANTRY_E_LIMIT, "the source of the input failed" } };
    SCRIPT(script, FAKE_REQUEST, FAKE_SEND(UPGRADED), FAKE_STALL, FAKE_END);
    gantry_error err = { 0 };
    char text[64];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int how = rows[i].returned;
        gantry_source source = { .size = sizeof source, .read = misbehave, .arg = &how };

        assert_int_equal(pump_source(script, &source, text, &err), rows[i].code);
        assert_int_equal(err.code, rows[i].code);
        assert_non_null(strstr(err.message, rows[i].message));
    }
}

struct talk {
    int answer; /* descriptor to answer on */
    char heard[64];
    size_t size;
};

static int answer(void *arg, int channel, const void *data, size_t size)
{
    struct talk *talk = arg;

    (void)channel;
    assert_true(talk->size + size < sizeof talk->heard);
    memcpy(talk->heard + talk->size, data, size);
    talk->size += size;
    if (strcmp(talk->heard, "who?") == 0)
        assert_int_equal(write(talk->answer, "joe", 3), 3);
    return 0;
}

/* The answer comes only because the question was taken first; the pipe is never closed. */
static void descriptor_is_not_waited_for_alone(void **state)
{
    SCRIPT(script, FAKE_REQUEST, FAKE_SEND(UPGRADED "who?"), FAKE_READ(3), FAKE_SEND(" bye"),
           FAKE_END);
    gantry_call call = { .size = sizeof call, .timeout_ms = 20000 };
    gantry_source source = { .size = sizeof source };
    struct talk talk = { .size = 0 };
    struct gnt_pump pump = { .call = &call, .source = &source, .sink = answer, .sink_arg = &talk };
    gantry_error err = { 0 };
    struct client c;
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    talk.answer = ends[1];
    gantry_source_fd(&source, ends[0]);
    assert_int_equal(gnt_source_fd(&source), ends[0]);
    client_play(&c, script);
    pump.stream = attach(&c, GNT_RAW);
    assert_int_equal(gnt_pump(&pump, &err), 0);
    assert_string_equal(talk.heard, "who? bye");
    gantry_stream_close(pump.stream);
    client_stop(&c);
    close(ends[0]);
    close(ends[1]);
}

/* ---- alarm ----------------------------------------------------------------------------------- */

static int ring(void *arg, int64_t *at_ns, gantry_error *err)
{
    int *count = arg;

    assert_true(gantry_clock_ns() >= *at_ns);
    *at_ns = gantry_clock_ns() + 2000000;
    return ++*count < 3 ? 0 : gantry_error_set(err, GANTRY_E_ENGINE, "the third time");
}

static void alarm_rings_as_often_as_it_is_set(void **state)
{
    SCRIPT(script, FAKE_REQUEST, FAKE_SEND(UPGRADED "x"), FAKE_STALL, FAKE_END);
    gantry_call call = { .size = sizeof call, .timeout_ms = 20000 };
    int count = 0;
    struct gnt_alarm alarm = { .ring = ring, .arg = &count };
    struct talk talk = { .size = 0 };
    struct gnt_pump pump = { .call = &call, .alarm = &alarm, .sink = answer, .sink_arg = &talk };
    gantry_error err = { 0 };
    struct client c;

    (void)state;
    assert_int_equal(gnt_alarm_check(&alarm, &err), 0); /* not set */
    assert_int_equal(gnt_alarm_wait_ms(&alarm, -1), -1);
    assert_int_equal(gnt_alarm_wait_ms(NULL, 7), 7);
    client_play(&c, script);
    pump.stream = attach(&c, GNT_RAW);
    alarm.at_ns = gantry_clock_ns() + 2000000;
    assert_true(gnt_alarm_wait_ms(&alarm, -1) <= 2);
    assert_int_equal(gnt_pump(&pump, &err), GANTRY_E_ENGINE);
    assert_int_equal(count, 3);
    assert_string_equal(err.message, "the third time");
    assert_string_equal(talk.heard, "x");
    gantry_stream_close(pump.stream);
    client_stop(&c);
}

/* ---- losses ---------------------------------------------------------------------------------- */

static int is_lost(const char *data, size_t size)
{
    return size >= 4 && memcmp(data, "LOST", 4) == 0;
}

static void only_first_bytes_tell_of_a_loss(void **state)
{
    SCRIPT(lost, FAKE_REQUEST, FAKE_SEND(UPGRADED "\2\0\0\0\0\0\0\4LOST"), FAKE_END);
    SCRIPT(fine, FAKE_REQUEST,
           FAKE_SEND(UPGRADED "\1\0\0\0\0\0\0\2ok"
                              "\2\0\0\0\0\0\0\4LOST"),
           FAKE_END);
    gantry_output *output = NULL;
    gantry_error err = { 0 };
    struct client c;
    gantry_stream *s;

    (void)state;
    client_play(&c, lost);
    s = attach(&c, GNT_FRAMED);
    gnt_stream_on_first(s, is_lost);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(gantry_stream_capture(s, 0, &output, &err), GANTRY_E_TRUNCATED);
        assert_non_null(strstr(err.message, "LOST"));
    }
    gantry_stream_close(s);
    client_stop(&c);

    client_play(&c, fine);
    s = attach(&c, GNT_FRAMED);
    gnt_stream_on_first(s, is_lost);
    assert_int_equal(gantry_stream_capture(s, 0, &output, &err), 0);
    assert_string_equal(output->stdout_data, "ok");
    assert_string_equal(output->stderr_data, "LOST");
    gantry_output_free(output);
    gantry_stream_close(s);
    client_stop(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources_are_read_to_their_end),
        cmocka_unit_test(sources_keep_their_length),
        cmocka_unit_test(sources_that_misbehave),
        cmocka_unit_test(descriptor_is_not_waited_for_alone),
        cmocka_unit_test(alarm_rings_as_often_as_it_is_set),
        cmocka_unit_test(only_first_bytes_tell_of_a_loss),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
