/*
 * Streams, progress, waits and sources: modes, sticky ends, frames, capture, feeding while draining.
 */
#include "http_helpers.h"

#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>

#define UPGRADED "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
#define OUT_HELLO "\1\0\0\0\0\0\0\6hello\n"
#define ERR_OOPS "\2\0\0\0\0\0\0\5oops\n"
#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

#define SCRIPT(name, ...)                                                                          \
    static const struct fake_step name##_steps[] = { __VA_ARGS__ };                                \
    static const struct fake_step *const name[] = { name##_steps }

static gantry_stream *logs(struct client *c, enum gnt_framing framing)
{
    struct gnt_http_request request = get_request("/logs");
    struct gnt_exchange *x = NULL;
    gantry_stream *s = NULL;
    gantry_error err;

    assert_int_equal(gnt_http_begin(c->http, &request, &x, &err), 0);
    assert_int_equal(gnt_stream_of_exchange(&c->host, x, framing, &s, &err), 0);
    return s;
}

static gantry_stream *attach(struct client *c, enum gnt_framing framing, const gantry_call *call)
{
    struct gnt_http_request request = post_request("/attach", NULL);
    struct gnt_duplex *d = NULL;
    gantry_stream *s = NULL;
    gantry_error err;
    int status;

    request.call = call;
    assert_int_equal(gnt_upgrade_open(c->http, &request, &d, &status, &err), 0);
    assert_int_equal(gnt_stream_of_duplex(&c->host, d, framing, &s, &err), 0);
    return s;
}

/* ---- frames ---------------------------------------------------------------------------------- */

static void frames_by_every_way(void **state)
{
    SCRIPT(at_once, FAKE_REQUEST,
           FAKE_SEND(CHUNKED "29\r\n" OUT_HELLO ERR_OOPS OUT_HELLO "\r\n0\r\n\r\n"), FAKE_END);
    SCRIPT(bytes, FAKE_REQUEST,
           FAKE_SPLIT(CHUNKED "29\r\n" OUT_HELLO ERR_OOPS OUT_HELLO "\r\n0\r\n\r\n"), FAKE_END);
    SCRIPT(raw, FAKE_REQUEST, FAKE_SEND(UPGRADED OUT_HELLO ERR_OOPS OUT_HELLO), FAKE_END);
    SCRIPT(raw_bytes, FAKE_REQUEST, FAKE_SPLIT(UPGRADED OUT_HELLO ERR_OOPS OUT_HELLO), FAKE_END);
    const struct fake_step *const *const scripts[] = { at_once, bytes, raw, raw_bytes };
    gantry_output *output;
    gantry_stream *s;
    struct client c;
    gantry_error err;
    size_t i;

    (void)state;
    for (i = 0; i < 4; i++) {
        client_play(&c, scripts[i]);
        s = i < 2 ? logs(&c, GNT_FRAMED) : attach(&c, GNT_FRAMED, NULL);
        output = NULL;
        assert_int_equal(gantry_stream_capture(s, 0, &output, &err), 0);
        assert_string_equal(output->stdout_data, "hello\nhello\n");
        assert_int_equal(output->stdout_size, 12);
        assert_string_equal(output->stderr_data, "oops\n");
        gantry_output_free(output);
        gantry_stream_close(s);
        client_stop(&c);
    }
}

static void small_reads_keep_channels_apart(void **state)
{
    SCRIPT(script, FAKE_REQUEST,
           FAKE_SEND(CHUNKED "29\r\n" OUT_HELLO ERR_OOPS OUT_HELLO "\r\n0\r\n\r\n"), FAKE_END);
    gantry_stream *s;
    struct client c;
    gantry_error err;
    size_t capacity;

    (void)state;
    for (capacity = 1; capacity < 40; capacity++) {
        char text[3][64] = { { 0 } };
        size_t size[3] = { 0 };
        char piece[64];
        size_t got;
        int channel;

        client_play(&c, script);
        s = logs(&c, GNT_FRAMED);
        do {
            assert_int_equal(gantry_stream_read(s, piece, capacity, &got, &channel, &err), 0);
            assert_true(got <= capacity);
            memcpy(text[channel] + size[channel], piece, got);
            size[channel] += got;
        } while (got > 0);
        assert_string_equal(text[1], "hello\nhello\n");
        assert_string_equal(text[2], "oops\n");
        assert_int_equal(gantry_stream_read(s, piece, 1, &got, NULL, &err), 0); /* the end stays */
        assert_int_equal(got, 0);
        gantry_stream_close(s);
        client_stop(&c);
    }
}

static void frames_cut_everywhere(void **state)
{
    static const char frames[] = OUT_HELLO ERR_OOPS;
    gantry_output *output = NULL;
    gantry_stream *s;
    struct client c;
    gantry_error err;
    size_t cut;
    int whole;

    (void)state;
    for (cut = 0; cut < sizeof frames; cut++) {
        struct fake_step steps[] = { FAKE_REQUEST, FAKE_SEND(UPGRADED), FAKE_BYTES(frames, cut),
                                     FAKE_END };
        const struct fake_step *const script[] = { steps };

        whole = cut == 0 || cut == 14 || cut == sizeof frames - 1;
        client_play(&c, script);
        s = attach(&c, GNT_FRAMED, NULL);
        assert_int_equal(gantry_stream_capture(s, 0, &output, &err),
                         whole ? 0 : GANTRY_E_TRUNCATED);
        if (whole)
            gantry_output_free(output);
        else
            assert_string_equal(err.operation, "stream.read");
        gantry_stream_close(s);
        client_stop(&c);
    }
}

static void bytes_before_a_failure_are_valid(void **state)
{
    SCRIPT(script, FAKE_REQUEST, FAKE_SEND(CHUNKED "15\r\n" OUT_HELLO "garbage\r\n0\r\n\r\n"),
           FAKE_END);
    SCRIPT(words, FAKE_REQUEST,
           FAKE_SEND(UPGRADED OUT_HELLO "\3\0\0\0\0\0\0\x0d"
                                        "log is gone\r\n" OUT_HELLO),
           FAKE_END);
    gantry_stream *s;
    struct client c;
    gantry_error err;
    char piece[64] = "";
    size_t got;

    (void)state;
    client_play(&c, script);
    s = logs(&c, GNT_FRAMED);
    assert_int_equal(gantry_stream_read(s, piece, sizeof piece, &got, NULL, &err), 0);
    assert_int_equal(got, 6);
    assert_int_equal(gantry_stream_read(s, piece, sizeof piece, &got, NULL, &err),
                     GANTRY_E_TRUNCATED);
    assert_int_equal(gantry_stream_read(s, piece, sizeof piece, &got, NULL, &err),
                     GANTRY_E_TRUNCATED);
    gantry_stream_close(s);
    client_stop(&c);

    client_play(&c, words); /* the engine's own words end the stream */
    s = attach(&c, GNT_FRAMED, NULL);
    assert_int_equal(gantry_stream_read(s, piece, sizeof piece, &got, NULL, &err), 0);
    assert_int_equal(gantry_stream_read(s, piece, sizeof piece, &got, NULL, &err), GANTRY_E_ENGINE);
    assert_string_equal(err.message, "log is gone");
    gantry_stream_close(s);
    client_stop(&c);
}

/* ---- reading to the end ---------------------------------------------------------------------- */

static void capture_has_a_ceiling(void **state)
{
    SCRIPT(script, FAKE_REQUEST, FAKE_SEND(UPGRADED OUT_HELLO ERR_OOPS), FAKE_END);
    gantry_output *output = NULL;
    gantry_stream *s;
    struct client c;
    gantry_error err;

    (void)state;
    client_play(&c, script);
    s = attach(&c, GNT_FRAMED, NULL);
    assert_int_equal(gantry_stream_capture(s, 5, &output, &err), GANTRY_E_LIMIT);
    assert_non_null(strstr(err.message, "stdout"));
    assert_null(output);
    gantry_stream_close(s);
    s = attach(&c, GNT_FRAMED, NULL);
    assert_int_equal(gantry_stream_capture(s, 6, &output, &err), 0);
    gantry_output_free(output);
    gantry_stream_close(s);
    client_stop(&c);
}

static void copies_to_descriptors(void **state)
{
    SCRIPT(script, FAKE_REQUEST, FAKE_SEND(UPGRADED OUT_HELLO ERR_OOPS), FAKE_END);
    gantry_stream *s;
    struct client c;
    gantry_error err;
    char text[64];
    int fds[2];

    (void)state;
    client_play(&c, script);
    assert_int_equal(pipe(fds), 0);
    s = attach(&c, GNT_FRAMED, NULL);
    assert_int_equal(gantry_stream_copy_fd(s, -1, fds[1], &err), 0);
    gantry_stream_close(s);
    assert_int_equal(read(fds[0], text, sizeof text), 5);
    assert_memory_equal(text, "oops\n", 5);
    close(fds[0]);
    s = attach(&c, GNT_FRAMED, NULL);
    assert_int_equal(gantry_stream_copy_fd(s, fds[1], -1, &err), GANTRY_E_IO); /* no SIGPIPE */
    assert_int_equal(err.os_error, EPIPE);
    gantry_stream_close(s);
    close(fds[1]);
    client_stop(&c);
}

static int stop_at_once(void *arg, int channel, const void *data, size_t size)
{
    (void)channel;
    (void)data;
    *(size_t *)arg += size;
    return 1;
}

static void a_callback_stops_it(void **state)
{
    SCRIPT(script, FAKE_REQUEST, FAKE_SEND(UPGRADED OUT_HELLO ERR_OOPS), FAKE_STALL, FAKE_END);
    gantry_stream *s;
    struct client c;
    gantry_error err;
    size_t seen = 0;

    (void)state;
    client_play(&c, script);
    s = attach(&c, GNT_FRAMED, NULL);
    assert_int_equal(gantry_stream_each(s, stop_at_once, &seen, &err), GANTRY_E_CALLBACK);
    assert_int_equal(seen, 6);
    gantry_stream_close(s);
    fake_await_closed(c.fake);
    client_stop(&c);
}

/* ---- pump ------------------------------------------------------------------------------------ */

static void feeds_and_drains_at_once(void **state)
{
    /* A peer that reads only after its own output was taken, more than a socket holds. */
    enum {
        INPUT = 5000000,
        OUTPUT = 3000000
    };
    char *big = calloc(1, INPUT);
    struct fake_step steps[] = { FAKE_REQUEST, FAKE_SEND(UPGRADED), FAKE_BYTES(big, OUTPUT),
                                 FAKE_DRAIN,   FAKE_SEND("done"),   FAKE_END };
    const struct fake_step *const script[] = { steps };
    struct gnt_capture capture;
    gantry_stream *s;
    struct client c;
    gantry_error err;

    (void)state;
    assert_non_null(big);
    client_play(&c, script);
    s = attach(&c, GNT_RAW, NULL);
    gnt_capture_init(&capture, &c.host.mem, INPUT);
    assert_int_equal(gnt_stream_pump(s, big, INPUT, gnt_capture_sink, &capture, &err), 0);
    assert_int_equal(capture.out.size, OUTPUT + 4);
    assert_memory_equal(capture.out.data + OUTPUT, "done", 4);
    assert_true(fake_received(c.fake) > INPUT);
    gnt_capture_free(&capture);
    gantry_stream_close(s);
    client_stop(&c);
    free(big);
}

static void a_peer_that_wants_no_input(void **state)
{
    SCRIPT(script, FAKE_REQUEST, FAKE_SEND(UPGRADED), FAKE_READ(10), FAKE_SEND("enough"), FAKE_END);
    SCRIPT(forever, FAKE_REQUEST, FAKE_SEND(UPGRADED), FAKE_STALL, FAKE_END);
    static const char big[2000000];
    gantry_call call = { .size = sizeof call, .timeout_ms = 80 };
    struct gnt_capture capture;
    gantry_stream *s;
    struct client c;
    gantry_error err;
    int rc;

    (void)state;
    client_play(&c, script);
    s = attach(&c, GNT_RAW, NULL);
    gnt_capture_init(&capture, &c.host.mem, 1000);
    rc = gnt_stream_pump(s, big, sizeof big, gnt_capture_sink, &capture, &err);
    /* A unix socket that is closed with unread bytes is reset: reading tells, feeding does not. */
    assert_true(rc == 0 || (rc == GANTRY_E_TRUNCATED && err.os_error == ECONNRESET));
    assert_string_equal(gnt_buf_text(&capture.out), "enough");
    gnt_capture_free(&capture);
    gantry_stream_close(s);
    client_stop(&c);

    client_play(&c, forever);
    s = attach(&c, GNT_RAW, &call);
    gnt_capture_init(&capture, &c.host.mem, 1000);
    assert_int_equal(gnt_stream_pump(s, big, sizeof big, gnt_capture_sink, &capture, &err),
                     GANTRY_E_TIMEOUT);
    gnt_capture_free(&capture);
    gantry_stream_close(s);
    client_stop(&c);
}

static void blocking_writes_write_all(void **state)
{
    SCRIPT(script, FAKE_REQUEST, FAKE_SEND(UPGRADED "output that nobody reads yet"), FAKE_DRAIN,
           FAKE_END);
    static const char big[3000000];
    gantry_stream *s;
    struct client c;
    gantry_error err;
    char text[64];
    size_t got;
    size_t written = 0;

    (void)state;
    client_play(&c, script);
    s = attach(&c, GNT_RAW, NULL);
    assert_int_equal(gantry_stream_write(s, big, sizeof big, &written, &err), 0);
    assert_int_equal(written, sizeof big);
    assert_int_equal(gantry_stream_close_write(s, &err), 0);
    assert_int_equal(gantry_stream_write(s, big, 1, NULL, &err), GANTRY_E_STATE);
    assert_int_equal(gantry_stream_read(s, text, sizeof text, &got, NULL, &err), 0);
    assert_int_equal(got, 28);
    assert_int_equal(gantry_stream_read(s, text, sizeof text, &got, NULL, &err), 0);
    assert_int_equal(got, 0);
    gantry_stream_close(s);
    client_stop(&c);
}

static void streams_that_only_read(void **state)
{
    SCRIPT(script, FAKE_REQUEST, FAKE_WAIT, FAKE_SEND(CHUNKED "2\r\nhi\r\n0\r\n\r\n"), FAKE_END);
    gantry_stream *s;
    struct client c;
    gantry_error err;
    char text[8];
    size_t got;

    (void)state;
    client_play(&c, script);
    s = logs(&c, GNT_RAW);
    assert_int_equal(gantry_stream_write(s, "x", 1, NULL, &err), GANTRY_E_UNSUPPORTED);
    assert_string_equal(err.operation, "stream.write");
    gantry_stream_set_nonblocking(s, 1);
    assert_int_equal(gantry_stream_read(s, text, sizeof text, &got, NULL, &err), GANTRY_E_AGAIN);
    fake_release(c.fake);
    gantry_stream_set_nonblocking(s, 0);
    assert_int_equal(gantry_stream_read(s, text, sizeof text, &got, NULL, &err), 0);
    assert_int_equal(got, 2);
    assert_int_equal(gantry_stream_read(s, text, 0, &got, NULL, &err), GANTRY_E_INVALID);
    gantry_stream_close(s);
    client_stop(&c);
}

/* ---- progress and wait ----------------------------------------------------------------------- */

struct script_state {
    int calls;
    int closed;
};

static int script_next(void *state, int nonblocking, gantry_progress_record *record, int *out_more,
                       gantry_error *err)
{
    struct script_state *s = state;

    assert_int_equal(record->current, -1);
    assert_string_equal(record->text, "");
    switch (s->calls++) {
    case 0:
        record->kind = GANTRY_PROGRESS_LOG;
        record->current = 5;
        *out_more = 1;
        return 0;
    case 1:
        if (nonblocking)
            return gantry_error_set(err, GANTRY_E_AGAIN, "later");
        *out_more = 1;
        return 0;
    case 2:
        *out_more = 1;
        return 0;
    default:
        return gantry_error_set(err, GANTRY_E_BUILD, "step 2 failed");
    }
}

static int script_result(void *state, int nonblocking, gantry_exit_status *out, gantry_error *err)
{
    struct script_state *s = state;

    if (s->calls++ == 0 && nonblocking)
        return gantry_error_set(err, GANTRY_E_AGAIN, "later");
    assert_true(s->calls <= 2);
    out->has_exit_code = 1;
    out->exit_code = 137;
    return 0;
}

static void script_close(void *state)
{
    ((struct script_state *)state)->closed++;
}

static void note_close(void *arg)
{
    *(int *)arg += 1;
}

static void progress_ends_stay(void **state)
{
    static const gantry_progress_ops ops = { .size = sizeof ops,
                                             .next = script_next,
                                             .close = script_close };
    const gantry_progress_record *record = NULL;
    struct script_state s = { 0 };
    gantry_progress *p = NULL;
    struct client c;
    gantry_error err;
    int noted = 0;

    (void)state;
    client_of(&c, "unix:///nowhere");
    assert_int_equal(gantry_progress_new(&c.host, &ops, &s, &p, &err), 0);
    gnt_progress_on_close(p, note_close, &noted);
    gantry_progress_set_nonblocking(p, 1);
    assert_int_equal(gantry_progress_fd(p, NULL), -1);
    assert_int_equal(gantry_progress_next(p, &record, &err), 0);
    assert_int_equal(record->current, 5);
    assert_int_equal(gantry_progress_next(p, &record, &err), GANTRY_E_AGAIN);
    assert_int_equal(gantry_progress_next(p, &record, &err), 0);
    assert_int_equal(gantry_progress_next(p, &record, &err), GANTRY_E_BUILD);
    assert_null(record);
    memset(&err, 0, sizeof err);
    assert_int_equal(gantry_progress_next(p, &record, &err), GANTRY_E_BUILD);
    assert_string_equal(err.message, "step 2 failed");
    assert_int_equal(s.calls, 4);
    gantry_progress_close(p);
    assert_int_equal(s.closed, 1);
    assert_int_equal(noted, 1);
    client_stop(&c);
}

static void waits_name_the_signal(void **state)
{
    static const gantry_wait_ops ops = { .size = sizeof ops,
                                         .result = script_result,
                                         .close = script_close };
    gantry_exit_status status;
    struct script_state s = { 0 };
    gantry_wait *w = NULL;
    struct client c;
    gantry_error err;

    (void)state;
    client_of(&c, "unix:///nowhere");
    assert_int_equal(gantry_wait_new(&c.host, &ops, &s, &w, &err), 0);
    gantry_wait_set_nonblocking(w, 1);
    assert_int_equal(gantry_wait_result(w, &status, &err), GANTRY_E_AGAIN);
    assert_int_equal(gantry_wait_result(w, &status, &err), 0);
    assert_int_equal(gantry_wait_result(w, &status, &err), 0); /* asks nobody again */
    assert_int_equal(status.exit_code, 137);
    assert_int_equal(status.has_exit_code, 1);
    assert_int_equal(status.signal, 9);
    gantry_wait_close(w);
    assert_int_equal(s.closed, 1);
    client_stop(&c);
}

/* ---- sources --------------------------------------------------------------------------------- */

static void sources(void **state)
{
    gantry_memory memory = {
        .size = sizeof memory, .data = "hello world", .length = 11, .offset = 6
    };
    gantry_source source = { .size = sizeof source };
    gantry_error err;
    char text[16];
    size_t got;
    int fds[2];

    (void)state;
    gantry_source_memory(&source, &memory);
    assert_int_equal(source.size, sizeof source);
    {
        gantry_memory unsized = { .data = "x", .length = 1 };
        gantry_source refused = { .size = sizeof refused };

        gantry_source_memory(&refused, &unsized);
        assert_int_equal(refused.read(refused.arg, text, 3, &got, &err), GANTRY_E_INVALID);
    }
    assert_int_equal(source.length, 5);
    assert_int_equal(source.read(source.arg, text, 3, &got, &err), 0);
    assert_int_equal(got, 3);
    assert_int_equal(source.read(source.arg, text + 3, 9, &got, &err), 0);
    assert_int_equal(got, 2);
    assert_memory_equal(text, "world", 5);
    assert_int_equal(source.read(source.arg, text, 9, &got, &err), 0);
    assert_int_equal(got, 0);

    assert_int_equal(pipe(fds), 0);
    assert_int_equal(write(fds[1], "abc", 3), 3);
    close(fds[1]);
    gantry_source_fd(&source, fds[0]);
    assert_int_equal(source.length, 0);
    assert_int_equal(source.read(source.arg, text, 9, &got, &err), 0);
    assert_int_equal(got, 3);
    assert_int_equal(source.read(source.arg, text, 9, &got, &err), 0);
    assert_int_equal(got, 0);
    close(fds[0]);
    assert_int_equal(source.read(source.arg, text, 9, &got, &err), GANTRY_E_IO);
    assert_int_equal(err.os_error, EBADF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_by_every_way),
        cmocka_unit_test(small_reads_keep_channels_apart),
        cmocka_unit_test(frames_cut_everywhere),
        cmocka_unit_test(bytes_before_a_failure_are_valid),
        cmocka_unit_test(capture_has_a_ceiling),
        cmocka_unit_test(copies_to_descriptors),
        cmocka_unit_test(a_callback_stops_it),
        cmocka_unit_test(feeds_and_drains_at_once),
        cmocka_unit_test(a_peer_that_wants_no_input),
        cmocka_unit_test(blocking_writes_write_all),
        cmocka_unit_test(streams_that_only_read),
        cmocka_unit_test(progress_ends_stay),
        cmocka_unit_test(waits_name_the_signal),
        cmocka_unit_test(sources),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
