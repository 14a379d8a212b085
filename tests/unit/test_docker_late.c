/*
 * What newer Dockers leave out or say too early, against a scripted engine: whose a quick sample
 * is, and the end of a container, of which the lists know a moment later.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <gantry/gantry.h>

#include "fake_server.h"

#define ID "4f191cb66020a70e0d60dc4f2db5e2e17bbb807940316b22b1588ff57961352b"
#define INSPECTED                                                                                  \
    "{\"Id\":\"" ID "\",\"Name\":\"/web\",\"Created\":\"2026-11-28T05:00:00Z\","                   \
    "\"State\":{\"Status\":\"running\",\"StartedAt\":\"2026-11-28T05:00:01Z\"},"                   \
    "\"Config\":{}}"
#define SAMPLE                                                                                     \
    "{\"read\":\"2026-11-28T05:49:05.2Z\",\"cpu_stats\":{\"cpu_usage\":{\"total_usage\":5}}}"

enum {
    MOST = 6
};

/* Connections with one answer each; the first is that to the ping. */
struct scene {
    char texts[MOST][1024];
    struct fake_step steps[MOST][3];
    const struct fake_step *scripts[MOST];
    size_t count;
    struct fake_server *fake;
    gantry_engine *engine;
};

static void answer(struct scene *s, const char *head, const char *body)
{
    char *text = s->texts[s->count];
    struct fake_step *steps = s->steps[s->count];
    int size = snprintf(text, sizeof s->texts[0],
                        "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
                        "Connection: close\r\n\r\n%s",
                        head, strlen(body), body);

    assert_true(s->count < MOST && size > 0 && (size_t)size < sizeof s->texts[0]);
    steps[0].op = FAKE_OP_REQUEST;
    steps[1] = (struct fake_step){ FAKE_OP_SEND, text, (size_t)size };
    steps[2].op = FAKE_OP_END;
    s->scripts[s->count++] = steps;
}

static void begin(struct scene *s, const char *version)
{
    char head[128];

    memset(s, 0, sizeof *s);
    snprintf(head, sizeof head, "200 OK\r\nApi-Version: %s\r\nServer: Docker/26.1.5 (linux)",
             version);
    answer(s, head, "OK");
}

static void start(struct scene *s)
{
    gantry_engine_options opts = { .size = sizeof opts, .on_demand = GANTRY_OFF };
    gantry_error err = { 0 };

    s->fake = fake_start(s->scripts, s->count);
    assert_non_null(s->fake);
    opts.address = fake_address(s->fake);
    if (gantry_engine_open(GANTRY_RUNTIME_DOCKER, &opts, &s->engine, &err) < 0)
        fail_msg("open: %s", err.message);
}

/* All answers were asked for, with these texts in this order. */
static void end(struct scene *s, const char *const *texts)
{
    size_t size = 0;
    char *text;
    const char *at;

    gantry_engine_close(s->engine);
    assert_int_equal(fake_requests(s->fake), s->count);
    text = fake_text(s->fake, &size);
    at = text;
    for (; *texts != NULL; texts++) {
        at = strstr(at, *texts);
        if (at == NULL)
            fail_msg("not sent in its place: %s; but: %s", *texts, text);
        at += strlen(*texts);
    }
    free(text);
    fake_stop(s->fake);
}

static void stop_web(struct scene *s)
{
    gantry_container_stop_options opts = { .size = sizeof opts, .grace_ms = 1000 };
    gantry_error err = { 0 };

    start(s);
    if (gantry_containers_stop(gantry_engine_containers(s->engine), "web", &opts, &err) < 0)
        fail_msg("stop: %s", err.message);
}

static void test_lists_are_waited_for(void **state)
{
    struct scene s;

    (void)state;
    begin(&s, "1.45");
    answer(&s, "204 No Content", "");
    answer(&s, "200 OK", INSPECTED);
    stop_web(&s);
    end(&s, (const char *const[]){ "POST /v1.45/containers/web/stop?t=1 ",
                                   "GET /v1.45/containers/web/json ", NULL });
    /* One that is gone by then was stopped all the same. */
    begin(&s, "1.45");
    answer(&s, "204 No Content", "");
    answer(&s, "404 Not Found", "{\"message\":\"No such container: web\"}");
    stop_web(&s);
    end(&s, (const char *const[]){ "/containers/web/json ", NULL });
    begin(&s, "1.41");
    answer(&s, "204 No Content", "");
    stop_web(&s);
    end(&s, (const char *const[]){ "POST /v1.41/containers/web/stop?t=1 ", NULL });
}

static void test_wait_is_followed_by_a_question(void **state)
{
    gantry_exit_status status = { 0 };
    gantry_error err = { 0 };
    struct scene s;

    (void)state;
    begin(&s, "1.45");
    answer(&s, "200 OK", INSPECTED);
    answer(&s, "200 OK", "{\"StatusCode\":3}");
    answer(&s, "200 OK", INSPECTED);
    start(&s);
    if (gantry_containers_wait(gantry_engine_containers(s.engine), "web", NULL, &status, &err) < 0)
        fail_msg("wait: %s", err.message);
    assert_int_equal(status.has_exit_code, 1);
    assert_int_equal(status.exit_code, 3);
    end(&s, (const char *const[]){ "/containers/web/wait?", "/containers/web/json ", NULL });
}

static void test_samples_get_names(void **state)
{
    const char *const ids[] = { "web", NULL };
    gantry_stats_reader *reader = NULL;
    const gantry_stats *sample = NULL;
    gantry_error err = { 0 };
    struct scene s;

    (void)state;
    begin(&s, "1.45");
    answer(&s, "200 OK", INSPECTED);
    answer(&s, "200 OK", SAMPLE);
    answer(&s, "200 OK", INSPECTED);
    start(&s);
    if (gantry_containers_stats_open(gantry_engine_containers(s.engine), ids, NULL, &reader, &err) <
        0)
        fail_msg("open: %s", err.message);
    if (gantry_stats_reader_next(reader, &sample, &err) < 0)
        fail_msg("next: %s", err.message);
    assert_non_null(sample);
    assert_string_equal(sample->id, ID);
    assert_string_equal(sample->name, "web");
    assert_int_equal(sample->cpu_ns, 5);
    gantry_stats_reader_close(reader);
    end(&s, (const char *const[]){ "one-shot=true", "/json ", NULL });
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists_are_waited_for),
        cmocka_unit_test(test_wait_is_followed_by_a_question),
        cmocka_unit_test(test_samples_get_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
