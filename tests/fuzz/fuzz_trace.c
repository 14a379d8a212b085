/*
 * BuildKit's trace: messages, each behind its length in two bytes. Whatever they say, a step begins
 * once and in order, ends at most once and after its beginning, text is UTF-8 without NUL; a message
 * that was taken is taken again without a new step; and after it the step that failed is one that
 * began.
 */
#include "fuzz.h"

#include <string.h>

#include "auth.h"
#include "docker/docker_trace.h"
#include "json.h"

enum {
    MOST = 4096 /* steps that are watched */
};

struct watch {
    unsigned char ended[MOST];
    int steps;
    int begun_now;
};

static int see(void *arg, const gantry_progress_record *record, gantry_error *err)
{
    struct watch *w = arg;

    (void)err;
    CHECK(strlen(record->text) == record->text_size);
    CHECK(gnt_utf8_span(record->text, record->text_size) == record->text_size);
    CHECK(record->step >= 0 && record->step <= record->step_total);
    if (record->kind == GANTRY_PROGRESS_STEP) {
        CHECK(record->step == w->steps + 1);
        w->steps++;
        w->begun_now++;
    }
    CHECK(record->step <= w->steps);
    if (record->kind == GANTRY_PROGRESS_STEP_END && record->step < MOST) {
        CHECK(record->step > 0 && !w->ended[record->step]);
        w->ended[record->step] = 1;
        CHECK(record->duration_ms >= -1);
    }
    if (record->kind == GANTRY_PROGRESS_LOG)
        CHECK(record->channel == GANTRY_STDOUT || record->channel == GANTRY_STDERR);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct gantry_host host;
    struct gnt_trace_culprit culprit;
    struct watch w;
    struct gnt_trace *t;
    int rc = 0;

    memset(&w, 0, sizeof w);
    gnt_limits_defaults(&host.limits);
    CHECK(gnt_mem_init(&host.mem, NULL, NULL) == 0);
    t = gnt_trace_new(&host);
    CHECK(t != NULL);
    while (rc == 0 && size >= 2) {
        size_t length = (size_t)data[0] << 8 | data[1];
        struct gnt_buf text;

        data += 2;
        size -= 2;
        length = length < size ? length : size;
        gnt_buf_init(&text, &host.mem, 1 << 20);
        CHECK(gnt_base64_encode(&text, data, length, 0) == 0);
        for (int again = 0; rc == 0 && again < 2; again++) {
            w.begun_now = 0;
            rc = gnt_trace_feed(t, gnt_buf_text(&text), text.size, see, &w, NULL);
            CHECK(rc == 0 || rc == GANTRY_E_PROTOCOL || rc == GANTRY_E_LIMIT);
            CHECK(again == 0 || rc < 0 || w.begun_now == 0);
        }
        gnt_buf_free(&text);
        data += length;
        size -= length;
    }
    if (gnt_trace_find_culprit(t, "exit code: 1", &culprit)) {
        CHECK(culprit.step >= 0 && culprit.step <= w.steps);
        CHECK(culprit.text_size == 0 || culprit.text != NULL);
    }
    CHECK(gnt_trace_settle(t, see, &w, NULL) == 0);
    gnt_trace_free(t);
    return 0;
}
