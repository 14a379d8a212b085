/*
 * Events against a scripted engine: a connection that breaks after any byte costs no event and gives
 * none twice; what proves that nothing is missing and what does not; the engines' words; filters.
 */
#include "http_helpers.h"

#include "docker/docker.h"
#include "engine.h"
#include "events_filter.h"
#include "events_seen.h"
#include "podman/podman.h"
#include "rest_events.h"

#include <poll.h>
#include <pthread.h>

#define HEAD                                                                                       \
    "HTTP/1.1 200 OK\r\nConnection: close\r\nDate: Sat, 28 Nov 2026 10:02:46 GMT\r\n"              \
    "Transfer-Encoding: chunked\r\n\r\n"
#define END "0\r\n\r\n"
#define DATE_NS INT64_C(1795860166000000000)
#define EARLY_NS INT64_C(1795860165000000001) /* of the letters up to c; the others one later */

/* ---- the engine ------------------------------------------------------------------------------ */

struct rig {
    struct client client;
    struct podman podman;
    struct docker docker;
    struct gnt_backend backend;
    gantry_engine engine;
};

static void rig_start(struct rig *r, int is_docker, const struct fake_step *const *scripts,
                      size_t count)
{
    memset(r, 0, sizeof *r);
    client_start(&r->client, scripts, count);
    r->engine.host = r->client.host;
    r->podman.rest = (struct gnt_rest){ .host = &r->client.host,
                                        .http = r->client.http,
                                        .dialect = &gnt_podman_dialect,
                                        .prefix = "/v4.3.1/libpod",
                                        .version = { 4, 3, 1 } };
    r->docker.rest = r->podman.rest;
    strcpy(r->docker.rest.prefix, "/v1.41");
    r->backend.system = is_docker ? gnt_docker_system_ops : gnt_podman_system_ops;
    r->engine.backend = &r->backend;
    r->engine.state = is_docker ? (void *)&r->docker : (void *)&r->podman;
    r->engine.system.engine = &r->engine;
}

static int open_reader(struct rig *r, const gantry_events_options *opts, gantry_event_reader **out,
                       gantry_error *err)
{
    return gantry_system_events_open(&r->engine.system, opts, out, err);
}

/* Documents of events, as one chunk. */
struct body {
    char text[8192];
    size_t size;
};

/* what: one letter for each event, all of which have one of two times; a capital is the lower-case
 * letter's event again, equal to the byte. */
static void add_events(struct body *b, const char *what)
{
    char documents[4096] = "";
    size_t size = 0;

    for (; *what != '\0'; what++) {
        char letter = *what >= 'a' ? *what : (char)(*what - 'A' + 'a');
        long long ns = letter <= 'c' ? EARLY_NS : EARLY_NS + 1;

        size +=
            (size_t)snprintf(documents + size, sizeof documents - size,
                             "{\"status\":\"start\",\"Type\":\"container\",\"Action\":\"start\","
                             "\"Actor\":{\"ID\":\"%c%c\",\"Attributes\":{\"name\":\"\\\"{\"}},"
                             "\"time\":%lld,\"timeNano\":%lld}\n",
                             letter, letter, ns / 1000000000, ns);
    }
    b->size += (size_t)snprintf(b->text + b->size, sizeof b->text - b->size, "%zx\r\n%s\r\n", size,
                                documents);
}

static void begin(struct body *b)
{
    b->size = (size_t)snprintf(b->text, sizeof b->text, "%s", HEAD);
}

static void end(struct body *b)
{
    b->size += (size_t)snprintf(b->text + b->size, sizeof b->text - b->size, "%s", END);
}

#define PLAY(b)                                                                                    \
    {                                                                                              \
        FAKE_REQUEST, FAKE_BYTES((b).text, (b).size), FAKE_STALL                                   \
    }
#define PLAY_AND_BREAK(b, bytes)                                                                   \
    {                                                                                              \
        FAKE_REQUEST, FAKE_BYTES((b).text, bytes), FAKE_END                                        \
    }

/* Reads up to and with the event `last`: letters, '+' for RESUMED, '-' for GAP. */
static int read_until(gantry_event_reader *reader, char last, char *out, gantry_error *err)
{
    const gantry_event *e = NULL;
    char letter = '\0';
    size_t size = 0;
    int rc = 0;

    out[0] = '\0';
    while (letter != last && (rc = gantry_event_reader_next(reader, &e, err)) == 0 && e != NULL) {
        letter = e->type == GANTRY_EVENT_RESUMED ? '+'
                 : e->type == GANTRY_EVENT_GAP   ? '-'
                                                 : e->id[0];
        out[size++] = letter;
        out[size] = '\0';
    }
    return rc;
}

static const gantry_events_options from_start = { .size = sizeof from_start, .since_ns = 1000 };

/* ---- resuming -------------------------------------------------------------------------------- */

/* Without the marks, that is. */
static void drop_marks(char *text)
{
    char *to = text;

    for (const char *from = text; *from != '\0'; from++) {
        if (*from != '+' && *from != '-')
            *to++ = *from;
    }
    *to = '\0';
}

static void test_breaks_anywhere(void **state)
{
    struct body stored = { .size = 0 };
    struct body live = { .size = 0 };
    char text[64];
    gantry_error err = { 0 };

    (void)state;
    begin(&stored);
    add_events(&stored, "abAAcdeE");
    end(&stored);
    begin(&live);
    add_events(&live, "abAAcdeE");
    add_events(&live, "z");
    for (size_t cut = 0; cut <= live.size; cut += cut < sizeof HEAD ? 29 : 1) {
        /* Failures in a row make the reader pause. */
        int often = cut % 53 == 0;
        size_t in_body = cut > sizeof HEAD ? cut : sizeof HEAD;
        size_t in_list = cut < stored.size ? cut : stored.size - 2;
        const struct fake_step first[] = PLAY_AND_BREAK(live, in_body);
        const struct fake_step broken[] = PLAY_AND_BREAK(stored, in_list);
        const struct fake_step list[] = PLAY(stored);
        const struct fake_step second[] = PLAY_AND_BREAK(live, cut);
        const struct fake_step last[] = PLAY(live);
        const struct fake_step *const many[] = { first, broken, list, second, list, last };
        const struct fake_step *const few[] = { first, list, last };
        gantry_event_reader *reader = NULL;
        static struct rig r;

        rig_start(&r, 0, often ? many : few, often ? 6 : 3);
        assert_int_equal(open_reader(&r, &from_start, &reader, &err), 0);
        assert_int_equal(read_until(reader, 'z', text, &err), 0);
        if (in_body + sizeof "\n\r\n" < live.size)
            assert_non_null(strpbrk(text, "+-"));
        /* What was had before the break comes again, and proves it. */
        if (text[0] != '-' && in_body < live.size)
            assert_null(strchr(text, '-'));
        drop_marks(text);
        assert_string_equal(text, "abaacdeez");
        gantry_event_reader_close(reader);
        client_stop(&r.client);
    }
}

/* The engine forgot, or has never had anything. */
static void test_gap(void **state)
{
    struct body live = { .size = 0 };
    struct body other = { .size = 0 };
    struct body none = { .size = 0 };
    struct body live_again = { .size = 0 };
    char text[64];
    gantry_error err = { 0 };

    (void)state;
    begin(&live);
    add_events(&live, "ab");
    begin(&none);
    end(&none);
    begin(&other);
    add_events(&other, "de");
    end(&other);
    begin(&live_again);
    add_events(&live_again, "dez");
    for (int empty = 0; empty < 2; empty++) {
        const struct fake_step first[] = PLAY_AND_BREAK(live, live.size);
        const struct fake_step list[] = PLAY(other);
        const struct fake_step empty_list[] = PLAY(none);
        const struct fake_step last[] = PLAY(live_again);
        const struct fake_step *const scripts[] = { first, empty ? empty_list : list, last };
        gantry_event_reader *reader = NULL;
        const gantry_event *e = NULL;
        static struct rig r;

        rig_start(&r, 0, scripts, 3);
        assert_int_equal(open_reader(&r, &from_start, &reader, &err), 0);
        assert_int_equal(read_until(reader, 'b', text, &err), 0);
        assert_string_equal(text, "ab");
        assert_int_equal(gantry_event_reader_next(reader, &e, &err), 0);
        assert_int_equal(e->type, GANTRY_EVENT_GAP);
        assert_string_equal(e->type_text, "gap");
        assert_int_equal(e->gap_from_ns, EARLY_NS);
        assert_int_equal(e->time_ns, DATE_NS);
        assert_string_equal(e->id, "");
        assert_int_equal(e->exit_code, -1);
        assert_int_equal(read_until(reader, 'z', text, &err), 0);
        assert_string_equal(text, "dez");
        assert_int_equal(gantry_event_reader_reconnects(reader), 1);
        gantry_event_reader_close(reader);
        client_stop(&r.client);
    }
}

/* What was before the reader is not given, whenever it comes, and proves that nothing is missing. */
static void test_from_now(void **state)
{
    static const char *const told[] = { "ab", "ab", "abd", "abdz" };
    struct body bodies[4];
    char text[64];
    gantry_error err = { 0 };
    char *sent;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        begin(&bodies[i]);
        add_events(&bodies[i], told[i]);
        if (i % 2 == 0)
            end(&bodies[i]);
    }
    {
        const struct fake_step past[] = PLAY(bodies[0]);
        const struct fake_step first[] = PLAY_AND_BREAK(bodies[1], bodies[1].size);
        const struct fake_step list[] = PLAY(bodies[2]);
        const struct fake_step last[] = PLAY(bodies[3]);
        const struct fake_step *const scripts[] = { past, first, list, last };
        gantry_event_reader *reader = NULL;
        static struct rig r;

        rig_start(&r, 0, scripts, 4);
        assert_int_equal(open_reader(&r, NULL, &reader, &err), 0);
        assert_int_equal(read_until(reader, 'z', text, &err), 0);
        assert_string_equal(text, "+dz");
        gantry_event_reader_close(reader);
        sent = fake_text(r.client.fake, NULL);
        assert_non_null(strstr(sent, "/v4.3.1/libpod/events?since=10s&stream=false"));
        assert_non_null(strstr(sent, "/v4.3.1/libpod/events?since=1795860157&stream=true"));
        free(sent);
        client_stop(&r.client);
    }
}

/* Docker is told until when, by its own clock, which only its description tells. */
static void test_docker_asks_its_clock(void **state)
{
#define INFO                                                                                       \
    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 49\r\n\r\n"                           \
    "{\"SystemTime\":\"2026-11-28T10:02:46.123456789Z\"}  "
    static const struct fake_step info[] = { FAKE_REQUEST, FAKE_SEND(INFO), FAKE_END };
    struct body past = { .size = 0 };
    struct body live = { .size = 0 };
    char text[64];
    gantry_error err = { 0 };
    char *sent;

    (void)state;
    begin(&past);
    add_events(&past, "a");
    end(&past);
    begin(&live);
    add_events(&live, "az");
    {
        const struct fake_step list[] = PLAY(past);
        const struct fake_step last[] = PLAY(live);
        const struct fake_step *const scripts[] = { info, list, last };
        gantry_event_reader *reader = NULL;
        static struct rig r;

        rig_start(&r, 1, scripts, 3);
        assert_int_equal(open_reader(&r, NULL, &reader, &err), 0);
        assert_int_equal(read_until(reader, 'z', text, &err), 0);
        assert_string_equal(text, "z");
        gantry_event_reader_close(reader);
        sent = fake_text(r.client.fake, NULL);
        assert_non_null(strstr(sent, "since=1795860156.123456789&until=1795860166.123456789 "));
        assert_non_null(strstr(sent, "/v1.41/events?since=1795860158.000000000 "));
        free(sent);
        client_stop(&r.client);
    }
}

/* Each allocation fails once: an error, and nothing stays behind. */
static void test_no_memory(void **state)
{
    struct body stored = { .size = 0 };
    struct body live = { .size = 0 };
    char text[64];
    gantry_error err = { 0 };
    int rc = GANTRY_E_NOMEM;

    (void)state;
    begin(&stored);
    add_events(&stored, "abc");
    end(&stored);
    begin(&live);
    add_events(&live, "abcz");
    for (long n = 0; rc != 0; n++) {
        static const char *const names[] = { "x", "aa", "bb", "cc", "zz", NULL };
        const gantry_events_options opts = { .size = sizeof opts,
                                             .since_ns = 1000,
                                             .containers = names };
        const struct fake_step first[] = PLAY_AND_BREAK(live, live.size / 2);
        const struct fake_step list[] = PLAY(stored);
        const struct fake_step last[] = PLAY(live);
        const struct fake_step *const scripts[] = { first, list, last };
        gantry_event_reader *reader = NULL;
        static struct rig r;

        rig_start(&r, 0, scripts, 3);
        fail_after = n;
        rc = open_reader(&r, &opts, &reader, &err);
        if (rc == 0)
            rc = read_until(reader, 'z', text, &err);
        fail_after = -1;
        if (rc != 0)
            assert_int_equal(rc, GANTRY_E_NOMEM);
        gantry_event_reader_close(reader);
        client_stop(&r.client);
    }
    assert_non_null(strchr(text, 'z'));
}

/* ---- giving up ------------------------------------------------------------------------------- */

static const struct fake_step away[] = { FAKE_END };

static void test_stays_away(void **state)
{
    const gantry_events_options opts = { .size = sizeof opts, .since_ns = 1000, .away_ms = 250 };
    struct body live = { .size = 0 };
    gantry_event_reader *reader = NULL;
    const gantry_event *e = NULL;
    gantry_error err = { 0 };
    static struct rig r;
    char text[64];
    int rc;

    (void)state;
    begin(&live);
    add_events(&live, "a");
    {
        const struct fake_step first[] = PLAY_AND_BREAK(live, live.size);
        const struct fake_step *const scripts[] = { first, away };

        rig_start(&r, 0, scripts, 2);
        assert_int_equal(open_reader(&r, &opts, &reader, &err), 0);
        assert_int_equal(read_until(reader, 'a', text, &err), 0);
        /* Whether the question had left when the connection was closed depends on who was first. */
        rc = gantry_event_reader_next(reader, &e, &err);
        assert_true(rc == GANTRY_E_TRUNCATED || rc == GANTRY_E_UNAVAILABLE);
        assert_string_equal(err.operation, "event_reader.next");
        assert_true(fake_connections(r.client.fake) > 2);
        assert_int_equal(gantry_event_reader_next(reader, &e, &err), rc);
        assert_int_equal(gantry_event_reader_reconnects(reader), 0);
        gantry_event_reader_close(reader);
        client_stop(&r.client);
    }
}

/* Without resume, and without follow, a break is the reader's error. */
static void test_no_resume(void **state)
{
    struct body live = { .size = 0 };
    gantry_error err = { 0 };

    (void)state;
    begin(&live);
    add_events(&live, "a");
    for (int follow = 0; follow < 2; follow++) {
        const gantry_events_options opts = { .size = sizeof opts,
                                             .since_ns = 1000,
                                             .follow = follow ? GANTRY_ON : GANTRY_OFF,
                                             .resume = follow ? GANTRY_OFF : GANTRY_ON };
        const struct fake_step first[] = PLAY_AND_BREAK(live, live.size);
        const struct fake_step *const scripts[] = { first };
        gantry_event_reader *reader = NULL;
        const gantry_event *e = NULL;
        static struct rig r;
        char text[64];

        rig_start(&r, 0, scripts, 1);
        assert_int_equal(open_reader(&r, &opts, &reader, &err), 0);
        assert_int_equal(read_until(reader, 'a', text, &err), 0);
        assert_int_equal(gantry_event_reader_next(reader, &e, &err), GANTRY_E_TRUNCATED);
        assert_int_equal(fake_connections(r.client.fake), 1);
        gantry_event_reader_close(reader);
        client_stop(&r.client);
    }
}

static void *trigger(void *token)
{
    gantry_cancel_trigger(token);
    return NULL;
}

/* Non-blocking while the engine is away: no descriptor, a time to come back; then cancelled. */
static void test_nonblocking_and_cancel(void **state)
{
    struct body live = { .size = 0 };
    gantry_cancel *token = NULL;
    gantry_event_reader *reader = NULL;
    const gantry_event *e = NULL;
    gantry_error err = { 0 };
    static struct rig r;
    pthread_t thread;
    int events;

    (void)state;
    begin(&live);
    add_events(&live, "a");
    assert_int_equal(gantry_cancel_new(&token, &err), 0);
    {
        const gantry_call call = { .size = sizeof call, .cancel = token };
        const gantry_events_options opts = { .size = sizeof opts, .call = &call, .since_ns = 1000 };
        const struct fake_step first[] = PLAY_AND_BREAK(live, live.size);
        const struct fake_step *const scripts[] = { first, away };
        int rc = 0;

        rig_start(&r, 0, scripts, 2);
        assert_int_equal(open_reader(&r, &opts, &reader, &err), 0);
        gantry_event_reader_set_nonblocking(reader, 1);
        /* At once the first time; before the second there is a pause. */
        for (;;) {
            struct pollfd fd = { -1, 0, 0 };

            rc = gantry_event_reader_next(reader, &e, &err);
            if (rc == 0)
                continue;
            assert_int_equal(rc, GANTRY_E_AGAIN);
            fd.fd = gantry_event_reader_fd(reader, &events);
            fd.events = (short)events;
            if (fd.fd < 0 && gantry_event_reader_timeout_ms(reader) > 0)
                break;
            poll(&fd, 1, gantry_event_reader_timeout_ms(reader));
        }
        assert_int_equal(gantry_event_reader_fd(reader, &events), -1);
        assert_true(gantry_event_reader_timeout_ms(reader) <= 5000);
        gantry_event_reader_set_nonblocking(reader, 0);
        assert_int_equal(pthread_create(&thread, NULL, trigger, token), 0);
        assert_int_equal(gantry_event_reader_next(reader, &e, &err), GANTRY_E_CANCELLED);
        pthread_join(thread, NULL);
        gantry_event_reader_close(reader);
        client_stop(&r.client);
    }
    gantry_cancel_free(token);
}

static void test_arguments(void **state)
{
    static const int bad[] = { GANTRY_EVENT_GAP, 0 };
    static const char *const empty[] = { "", NULL };
    const gantry_events_options rows[] = {
        { .size = sizeof rows[0], .since_ns = -1 },
        { .size = sizeof rows[0], .until_ns = -1 },
        { .size = sizeof rows[0], .since_ns = 2, .until_ns = 1 },
        { .size = sizeof rows[0], .follow = GANTRY_OFF },
        { .size = sizeof rows[0], .follow = 7 },
        { .size = sizeof rows[0], .resume = 7 },
        { .size = sizeof rows[0], .away_ms = -7 },
        { .size = sizeof rows[0], .types = bad },
        { .size = sizeof rows[0], .actions = bad },
        { .size = sizeof rows[0], .containers = empty },
        { .size = sizeof rows[0], .labels = empty },
        { .size = sizeof rows[0], .filter_count = 1 },
    };
    static const struct fake_step hangs_up[] = { FAKE_REQUEST, FAKE_END };
    static const struct fake_step *const scripts[] = { hangs_up };
    gantry_event_reader *reader = NULL;
    gantry_error err = { 0 };
    static struct rig r;

    (void)state;
    rig_start(&r, 0, scripts, 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(open_reader(&r, &rows[i], &reader, &err), GANTRY_E_INVALID);
    assert_int_equal(open_reader(&r, NULL, NULL, &err), GANTRY_E_INVALID);
    assert_int_equal(open_reader(&r, &from_start, &reader, &err), GANTRY_E_TRUNCATED);
    assert_null(reader);
    assert_int_equal(gantry_event_reader_next(NULL, NULL, &err), GANTRY_E_INVALID);
    assert_int_equal(gantry_event_reader_fd(NULL, NULL), -1);
    assert_int_equal(gantry_event_reader_timeout_ms(NULL), -1);
    gantry_event_reader_set_nonblocking(NULL, 1);
    gantry_event_reader_close(NULL);
    client_stop(&r.client);
}

/* ---- what was seen --------------------------------------------------------------------------- */

static void test_memory_is_bounded(void **state)
{
    struct gnt_events_seen seen;
    struct gnt_mem mem;
    gantry_event e = { .size = sizeof e,
                       .type_text = "container",
                       .action_text = "start",
                       .id = "a",
                       .name = "n",
                       .container = "" };

    (void)state;
    assert_int_equal(gnt_mem_init(&mem, NULL, NULL), 0);
    gnt_events_seen_init(&seen, &mem);
    seen.most = 100;
    gnt_events_seen_connect(&seen);
    for (int i = 1; i <= 250; i++) {
        e.time_ns = i;
        assert_int_equal(gnt_events_seen_note(&seen, &e), 0);
    }
    assert_int_equal(seen.count, 100);
    assert_int_equal(seen.forgotten_ns, 150);
    assert_int_equal(seen.newest_ns, 250);
    gnt_events_seen_connect(&seen);
    e.time_ns = 151;
    assert_int_equal(gnt_events_seen_note(&seen, &e), 1);
    assert_int_equal(gnt_events_seen_note(&seen, &e), 0); /* its twin is another event */
    e.time_ns = 200;
    e.name = "m";
    assert_int_equal(gnt_events_seen_note(&seen, &e), 0);
    gnt_events_seen_free(&seen);
}

/* ---- words ----------------------------------------------------------------------------------- */

static gantry_event *decode(const struct gnt_event_dialect *dialect, const char *text)
{
    static struct gantry_host host;
    struct gnt_rest rest = { .host = &host, .dialect = &gnt_podman_dialect };
    gantry_event *e = NULL;
    gantry_error err = { 0 };

    assert_int_equal(gnt_mem_init(&host.mem, NULL, NULL), 0);
    if (gnt_event_read(&rest, dialect, text, strlen(text), &e, &err) < 0)
        fail_msg("%s: %s", text, err.message);
    assert_string_equal(e->json, text);
    return e;
}

static void check_words(const struct gnt_event_dialect *dialect, char told[64])
{
    char text[512];

    for (const struct gnt_word *t = dialect->types; t->word != NULL; t++) {
        for (const struct gnt_word *a = dialect->actions; a->word != NULL; a++) {
            gantry_event *e;

            snprintf(text, sizeof text,
                     "{\"Type\":\"%s\",\"Action\":\"%s\",\"Actor\":{\"ID\":\"\"},\"time\":7}",
                     t->word, a->word);
            e = decode(dialect, text);
            assert_int_equal(e->type, t->value);
            assert_int_equal(e->action, a->value);
            assert_string_equal(e->type_text, t->word);
            assert_string_equal(e->action_text, a->word);
            assert_int_equal(e->time_ns, 7000000000);
            assert_string_not_equal(gantry_event_type_name(e->type), "other");
            told[a->value] = 1;
            gantry_result_free(e);
        }
    }
}

static void test_every_word(void **state)
{
    char told[64] = { 0 };
    gantry_event *e;

    (void)state;
    check_words(&gnt_docker_event_dialect, told);
    check_words(&gnt_podman_event_dialect, told);
    for (int action = GANTRY_ACTION_CREATE; action <= GANTRY_ACTION_RENUMBER; action++) {
        assert_true(told[action]);
        assert_string_not_equal(gantry_event_action_name(action), "other");
        for (int other = 1; other < action; other++)
            assert_string_not_equal(gantry_event_action_name(action),
                                    gantry_event_action_name(other));
    }
    assert_string_equal(gantry_event_action_name(GANTRY_ACTION_RENUMBER + 1), "other");
    assert_string_equal(gantry_event_action_name(-1), "other");
    assert_string_equal(gantry_event_type_name(GANTRY_EVENT_OTHER), "other");
    assert_string_equal(gantry_event_type_name(50), "other");
    e = decode(&gnt_docker_event_dialect, "{\"Type\":\"plugin\",\"Action\":\"enable\"}");
    assert_int_equal(e->type, GANTRY_EVENT_OTHER);
    assert_int_equal(e->action, GANTRY_ACTION_OTHER);
    assert_string_equal(e->action_text, "enable");
    gantry_result_free(e);
}

/* Docker 20.10's shape, and that of API 1.52, which lacks the aliases. */
static void test_docker_members(void **state)
{
    gantry_event *e = decode(
        &gnt_docker_event_dialect,
        "{\"status\":\"exec_die\",\"id\":\"ca4e\",\"from\":\"evbox:1\",\"Type\":\"container\","
        "\"Action\":\"exec_die\",\"Actor\":{\"ID\":\"ca4e\",\"Attributes\":{\"a.b=c\":\"x,y=z\","
        "\"execID\":\"61f8\",\"exitCode\":\"3\",\"image\":\"evbox:1\",\"name\":\"evc\"}},"
        "\"scope\":\"local\",\"time\":1795860164,\"timeNano\":1795860164693435364}");

    (void)state;
    assert_string_equal(e->id, "ca4e");
    assert_string_equal(e->name, "evc");
    assert_string_equal(e->image, "evbox:1");
    assert_int_equal(e->exit_code, 3);
    assert_int_equal(e->time_ns, 1795860164693435364);
    assert_int_equal(e->attribute_count, 5);
    assert_string_equal(gnt_event_attribute(e, "a.b=c"), "x,y=z");
    gantry_result_free(e);
    e = decode(&gnt_docker_event_dialect,
               "{\"Type\":\"network\",\"Action\":\"connect\",\"Actor\":{\"ID\":\"b53d\","
               "\"Attributes\":{\"container\":\"ca4e\",\"name\":\"bridge\",\"type\":\"bridge\"}},"
               "\"scope\":\"local\",\"time\":1795860158,\"timeNano\":1795860158250841850}");
    assert_string_equal(e->id, "b53d");
    assert_string_equal(e->name, "bridge");
    assert_string_equal(e->container, "ca4e");
    assert_int_equal(e->exit_code, -1);
    gantry_result_free(e);
    e = decode(&gnt_docker_event_dialect,
               "{\"Type\":\"image\",\"Action\":\"delete\",\"Actor\":{\"ID\":\"sha256:caf7\","
               "\"Attributes\":{\"name\":\"sha256:caf7\"}},\"timeNano\":5}");
    assert_string_equal(e->id, "caf7");
    assert_int_equal(e->action, GANTRY_ACTION_REMOVE);
    gantry_result_free(e);
    e = decode(
        &gnt_docker_event_dialect,
        "{\"Type\":\"volume\",\"Action\":\"mount\",\"Actor\":{\"ID\":\"data\",\"Attributes\":"
        "{\"container\":\"ca4e\",\"driver\":\"local\"}},\"timeNano\":5}");
    assert_string_equal(e->id, "data");
    assert_string_equal(e->name, "data");
    assert_string_equal(e->container, "ca4e");
    gantry_result_free(e);
    e = decode(&gnt_docker_event_dialect,
               "{\"Type\":\"container\",\"Action\":\"health_status: unhealthy\",\"Actor\":{\"ID\":"
               "\"ca4e\",\"Attributes\":{\"name\":\"web\"}},\"timeNano\":5}");
    assert_int_equal(e->action, GANTRY_ACTION_HEALTH);
    assert_string_equal(e->health, "unhealthy");
    gantry_result_free(e);
    e = decode(&gnt_docker_event_dialect,
               "{\"Type\":\"container\",\"Action\":\"exec_start: sh -c a: b\",\"Actor\":{\"ID\":"
               "\"ca4e\",\"Attributes\":null},\"timeNano\":5}");
    assert_int_equal(e->action, GANTRY_ACTION_EXEC_START);
    assert_string_equal(e->action_text, "exec_start: sh -c a: b");
    gantry_result_free(e);
}

/* Pods are containers with labels. */
static void test_docker_pods(void **state)
{
    gantry_event *e = decode(
        &gnt_docker_event_dialect,
        "{\"Type\":\"container\",\"Action\":\"start\",\"Actor\":{\"ID\":\"ca4e\",\"Attributes\":"
        "{\"name\":\"shop-infra\",\"io.libgantry.pod\":\"shop\",\"io.libgantry.pod.infra\":\"1\""
        "}},\"timeNano\":5}");

    (void)state;
    assert_int_equal(e->type, GANTRY_EVENT_POD);
    assert_string_equal(e->type_text, "container");
    assert_string_equal(e->id, "ca4e");
    assert_string_equal(e->name, "shop");
    assert_string_equal(e->pod, "");
    gantry_result_free(e);
    e = decode(
        &gnt_docker_event_dialect,
        "{\"Type\":\"container\",\"Action\":\"start\",\"Actor\":{\"ID\":\"99\",\"Attributes\":"
        "{\"name\":\"web\",\"io.libgantry.pod\":\"shop\",\"io.libgantry.pod.id\":\"ca4e\"}},"
        "\"timeNano\":5}");
    assert_int_equal(e->type, GANTRY_EVENT_CONTAINER);
    assert_string_equal(e->name, "web");
    assert_string_equal(e->pod, "ca4e");
    gantry_result_free(e);
}

/* Podman 4.3's shape, where every event has an exit code and a volume no id; and that of 5. */
static void test_podman_members(void **state)
{
    gantry_event *e = decode(
        &gnt_podman_event_dialect,
        "{\"status\":\"create\",\"Type\":\"volume\",\"Action\":\"create\",\"Actor\":{\"ID\":\"\","
        "\"Attributes\":{\"containerExitCode\":\"0\",\"image\":\"\",\"name\":\"evv\",\"podId\":\"\""
        "}},\"scope\":\"local\",\"time\":1795860168,\"timeNano\":1795860168795841184}");

    (void)state;
    assert_string_equal(e->id, "evv");
    assert_string_equal(e->name, "evv");
    assert_int_equal(e->exit_code, -1);
    assert_string_equal(e->pod, "");
    gantry_result_free(e);
    e = decode(&gnt_podman_event_dialect,
               "{\"Type\":\"container\",\"Action\":\"died\",\"Actor\":{\"ID\":\"4377\","
               "\"Attributes\":{\"containerExitCode\":\"137\",\"image\":\"i\",\"name\":\"c\","
               "\"podId\":\"7a24\"}},\"timeNano\":5}");
    assert_int_equal(e->action, GANTRY_ACTION_DIE);
    assert_int_equal(e->exit_code, 137);
    assert_string_equal(e->pod, "7a24");
    assert_string_equal(e->image, "i");
    gantry_result_free(e);
    e = decode(
        &gnt_podman_event_dialect,
        "{\"status\":\"connect\",\"id\":\"4377\",\"Type\":\"network\",\"Action\":\"connect\","
        "\"Actor\":{\"ID\":\"4377\",\"Attributes\":{\"name\":\"evc2\"}},\"timeNano\":5}");
    assert_string_equal(e->id, "");
    assert_string_equal(e->name, "");
    assert_string_equal(e->container, "4377");
    gantry_result_free(e);
    e = decode(
        &gnt_podman_event_dialect,
        "{\"Type\":\"network\",\"Action\":\"create\",\"Actor\":{\"ID\":\"99\",\"Attributes\":"
        "{\"driver\":\"bridge\",\"name\":\"\",\"network\":\"n\"}},\"timeNano\":5}");
    assert_string_equal(e->id, "99");
    assert_string_equal(e->name, "n");
    gantry_result_free(e);
    e = decode(&gnt_podman_event_dialect,
               "{\"Type\":\"container\",\"Action\":\"health_status\",\"Actor\":{\"ID\":\"4377\","
               "\"Attributes\":{\"name\":\"c\"}},\"timeNano\":5,\"HealthStatus\":\"healthy\"}");
    assert_string_equal(e->health, "healthy");
    gantry_result_free(e);
}

/* Something that is no event. */
static void test_no_events(void **state)
{
    static const struct {
        const char *text;
        int code;
    } rows[] = { { "{\"cause\":\"no space left on device\",\"message\":\"reading failed\"}",
                   GANTRY_E_NO_SPACE },
                 { "{\"Action\":\"start\"}", GANTRY_E_PROTOCOL },
                 { "{\"Type\":7}", GANTRY_E_PROTOCOL },
                 { "{\"Type\"}", GANTRY_E_PROTOCOL },
                 { "{}", GANTRY_E_PROTOCOL } };
    struct gantry_host host = { .pid = 0 };
    struct gnt_rest rest = { .host = &host, .dialect = &gnt_podman_dialect };
    gantry_event *e = NULL;
    gantry_error err = { 0 };

    (void)state;
    assert_int_equal(gnt_mem_init(&host.mem, NULL, NULL), 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(gnt_event_read(&rest, &gnt_podman_event_dialect, rows[i].text,
                                        strlen(rows[i].text), &e, &err),
                         rows[i].code);
    assert_null(e);
    assert_int_equal(gnt_http_date_ns("Sat, 28 Nov 2026 10:02:46 GMT"), DATE_NS);
    assert_int_equal(gnt_http_date_ns("Sat, 28 Nox 2026 10:02:46 GMT"), 0);
    assert_int_equal(gnt_http_date_ns("yesterday"), 0);
    assert_int_equal(gnt_http_date_ns(NULL), 0);
}

/* ---- filters --------------------------------------------------------------------------------- */

#define ID_A "ca4e92c032fd56fa324f16611cebeeda1dd2c5f3ef32e6c5b086d5d84b3b8478"
#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define NUMBERS(...) ((const int[]){ __VA_ARGS__, 0 })

static void test_filters(void **state)
{
    static const gantry_pair attributes[] = { { "image", "localhost/web:1" },
                                              { "a=b", "c=d" },
                                              { "empty", "" } };
    const gantry_event event = { .size = sizeof event,
                                 .type = GANTRY_EVENT_CONTAINER,
                                 .action = GANTRY_ACTION_DIE,
                                 .id = ID_A,
                                 .name = "web",
                                 .image = "localhost/web:1",
                                 .pod = "7a24a59e249ed02c60eee3314a35ce9a",
                                 .attributes = attributes,
                                 .attribute_count = 3 };
    const struct {
        gantry_events_options o;
        int wanted;
    } rows[] = {
        { { .size = 0 }, 1 },
        { { .types = NUMBERS(GANTRY_EVENT_IMAGE, GANTRY_EVENT_CONTAINER) }, 1 },
        { { .types = NUMBERS(GANTRY_EVENT_IMAGE) }, 0 },
        { { .actions = NUMBERS(GANTRY_ACTION_DIE) }, 1 },
        { { .actions = NUMBERS(GANTRY_ACTION_START), .containers = LIST("web") }, 0 },
        { { .containers = LIST("we") }, 0 },
        { { .containers = LIST("web2") }, 0 },
        { { .containers = LIST("db", "web") }, 1 },
        { { .containers = LIST(ID_A) }, 1 },
        { { .containers = LIST("ca4e92c032fd") }, 1 },
        { { .containers = LIST("ca4e92c032f") }, 0 },
        { { .containers = LIST("ca4e92c032fe") }, 0 },
        { { .images = LIST("web:1") }, 1 },
        { { .images = LIST("web") }, 1 },
        { { .images = LIST("localhost/web") }, 1 },
        { { .images = LIST("docker.io/library/web:1") }, 1 },
        { { .images = LIST("web:2") }, 0 },
        { { .images = LIST("we") }, 0 },
        { { .images = LIST("quay.io/web:1") }, 0 },
        { { .images = LIST("web:1"), .containers = LIST("db") }, 1 },
        { { .volumes = LIST("web") }, 0 },
        { { .networks = LIST("web") }, 0 },
        { { .pods = LIST("7a24a59e249e") }, 1 },
        { { .pods = LIST("web") }, 0 },
        { { .labels = LIST("a=b") }, 1 },
        { { .labels = LIST("a=b=c=d") }, 1 },
        { { .labels = LIST("a=b=c") }, 0 },
        { { .labels = LIST("a") }, 0 },
        { { .labels = LIST("empty", "empty=") }, 1 },
        { { .labels = LIST("empty", "full") }, 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (gnt_events_wanted(&rows[i].o, &event) != rows[i].wanted)
            fail_msg("row %zu", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_breaks_anywhere), cmocka_unit_test(test_gap),
        cmocka_unit_test(test_from_now),        cmocka_unit_test(test_docker_asks_its_clock),
        cmocka_unit_test(test_no_memory),       cmocka_unit_test(test_stays_away),
        cmocka_unit_test(test_no_resume),       cmocka_unit_test(test_nonblocking_and_cancel),
        cmocka_unit_test(test_arguments),       cmocka_unit_test(test_memory_is_bounded),
        cmocka_unit_test(test_every_word),      cmocka_unit_test(test_docker_members),
        cmocka_unit_test(test_docker_pods),     cmocka_unit_test(test_podman_members),
        cmocka_unit_test(test_no_events),       cmocka_unit_test(test_filters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
