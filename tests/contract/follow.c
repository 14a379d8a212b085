/*
 * Contract of logs line by line: times, channels, pieces put together, and connections that break.
 * What containers use (stats.c) is of the same group.
 */
#include "follow.h"

#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "proxy.h"

static int64_t wall_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* What a reader gave, a line of text for each record: "1 text\n", a partial one "1+text\n". */
struct lines {
    char *text;
    size_t size;
    size_t count;
    int64_t first_ns;
    int64_t last_ns[2];
    int backwards; /* the times of a channel did not rise */
};

static void keep(struct lines *l, const gantry_log_line *line)
{
    int64_t *last = &l->last_ns[line->channel == GANTRY_STDERR];

    l->text = realloc(l->text, l->size + line->text_size + 4);
    assert_non_null(l->text);
    CHECK(strlen(line->text) == line->text_size);
    l->size += (size_t)snprintf(l->text + l->size, line->text_size + 4, "%d%c%s\n", line->channel,
                                line->partial ? '+' : ' ', line->text);
    if (l->count++ == 0)
        l->first_ns = line->time_ns;
    l->backwards |= line->time_ns < *last;
    *last = line->time_ns;
}

static void forget(struct lines *l)
{
    free(l->text);
    memset(l, 0, sizeof *l);
}

/* Only the records of one channel. */
static void channel_of(const struct lines *l, char channel, char *out)
{
    const char *p = l->text != NULL ? l->text : "";

    while (*p != '\0') {
        size_t size = strcspn(p, "\n") + 1;

        if (*p == channel) {
            memcpy(out, p, size);
            out += size;
        }
        p += size;
    }
    *out = '\0';
}

static gantry_log_reader *open_reader(struct contract *f, const char *name,
                                      const gantry_follow_options *opts)
{
    gantry_log_reader *reader = NULL;

    OK(gantry_containers_follow_open(f->containers, name, opts, &reader, &f->err));
    return reader;
}

static void read_lines(struct contract *f, const char *name, const gantry_follow_options *opts,
                       struct lines *out)
{
    gantry_log_reader *reader = open_reader(f, name, opts);
    const gantry_log_line *line = NULL;

    forget(out);
    for (;;) {
        OK(gantry_log_reader_next(reader, &line, &f->err));
        if (line == NULL)
            break;
        keep(out, line);
    }
    OK(gantry_log_reader_next(reader, &line, &f->err));
    CHECK(line == NULL);
    gantry_log_reader_close(reader);
    CHECK(!out->backwards);
}

static const char *ended(struct contract *f, const char *script)
{
    const char *name = contract_start(f, script);

    contract_wait_exit(f, name);
    return name;
}

/* ---- lines ----------------------------------------------------------------------------------- */

static void lines_are_put_together(struct contract *f)
{
    static const char script[] = "echo one; echo two >&2; printf par; sleep 0.3; echo tial; echo; "
                                 "dd if=/dev/zero bs=1k count=40 2>/dev/null | tr '\\0' x; echo y; "
                                 "printf 'no newline'";
    gantry_follow_options opts = { .size = sizeof opts };
    int64_t before = wall_ns();
    const char *name = ended(f, script);
    struct lines lines = { 0 };
    char *out;

    for (int follow = 0; follow < 2; follow++) {
        opts.follow = follow ? GANTRY_ON : GANTRY_DEFAULT;
        read_lines(f, name, &opts, &lines);
        /* Podman gives whole seconds. */
        CHECK(lines.first_ns > before - 1000000000 && lines.first_ns < wall_ns());
        CHECK(lines.last_ns[0] >= lines.first_ns && lines.last_ns[0] < wall_ns());
        out = malloc(lines.size + 1);
        channel_of(&lines, '2', out);
        SAME(out, "2 two\n");
        channel_of(&lines, '1', out);
        CHECK(strncmp(out, "1 one\n1 partial\n1 \n1 xxx", 23) == 0);
        CHECK(strspn(out + 21, "x") == 40 * 1024);
        SAME(out + 21 + 40 * 1024, "y\n1 no newline\n");
        free(out);
    }
    forget(&lines);
}

static void long_lines_come_in_parts(struct contract *f)
{
    const char *name = ended(f, "echo abcdefghij; echo abcdefghijk; echo; echo "
                                "abcdefghijklmnopqrstuvwxyz; printf abcdefghijabcdefghij");
    gantry_follow_options opts = { .size = sizeof opts, .line_limit = 10 };
    struct lines lines = { 0 };

    read_lines(f, name, &opts, &lines);
    SAME(lines.text, "1 abcdefghij\n1+abcdefghij\n1 k\n1 \n1+abcdefghij\n1+klmnopqrst\n1 uvwxyz\n"
                     "1+abcdefghij\n1 abcdefghij\n");
    forget(&lines);
}

static void lines_of_a_terminal(struct contract *f)
{
    gantry_container_options c = { .size = sizeof c,
                                   .name = contract_name(f, "tty"),
                                   .command =
                                       SHELL("echo one; echo two >&2; printf par; sleep 0.2; "
                                             "echo tial; dd if=/dev/zero bs=1k count=40 "
                                             "2>/dev/null | tr '\\0' x; echo; printf end"),
                                   .tty = GANTRY_ON };
    gantry_follow_options opts = { .size = sizeof opts, .follow = GANTRY_ON };
    struct lines lines = { 0 };

    OK(gantry_containers_create(f->containers, f->base, &c, NULL, &f->err));
    OK(gantry_containers_start(f->containers, c.name, NULL, &f->err));
    read_lines(f, c.name, &opts, &lines);
    CHECK(strncmp(lines.text, "1 one\r\n1 two\r\n1 partial\r\n1 xxx", 30) == 0);
    CHECK(strspn(lines.text + 27, "x") == 40 * 1024);
    SAME(lines.text + 27 + 40 * 1024, "\r\n1 end\n");
    forget(&lines);
}

static void since_until_tail_and_channels(struct contract *f)
{
    const char *name = ended(f, "echo a; echo b >&2; sleep 1.7; echo c; echo d");
    gantry_follow_options opts = { .size = sizeof opts, .tail = 2 };
    struct lines lines = { 0 };
    int64_t middle;

    read_lines(f, name, &opts, &lines);
    SAME(lines.text, "1 c\n1 d\n");
    middle = lines.first_ns - 500000000;
    opts = (gantry_follow_options){ .size = sizeof opts, .since_ns = middle };
    read_lines(f, name, &opts, &lines);
    SAME(lines.text, "1 c\n1 d\n");
    opts = (gantry_follow_options){ .size = sizeof opts, .until_ns = middle, .err = GANTRY_OFF };
    read_lines(f, name, &opts, &lines);
    SAME(lines.text, "1 a\n");
    opts = (gantry_follow_options){ .size = sizeof opts, .until_ns = middle, .out = GANTRY_OFF };
    read_lines(f, name, &opts, &lines);
    SAME(lines.text, "2 b\n");
    forget(&lines);
}

static void follow_refuses(struct contract *f)
{
    gantry_follow_options opts = { .size = sizeof opts, .out = GANTRY_OFF, .err = GANTRY_OFF };
    gantry_log_reader *reader = NULL;
    const gantry_log_line *line = NULL;
    const char *name = contract_create(f, "true");

    FAILS(gantry_containers_follow_open(f->containers, name, &opts, &reader, &f->err),
          GANTRY_E_INVALID);
    opts.out = GANTRY_DEFAULT;
    opts.tail = -2;
    FAILS(gantry_containers_follow_open(f->containers, name, &opts, &reader, &f->err),
          GANTRY_E_INVALID);
    FAILS(gantry_containers_follow_open(f->containers, contract_name(f, "none"), NULL, &reader,
                                        &f->err),
          GANTRY_E_NOT_FOUND);
    FAILS(gantry_containers_follow_open(f->containers, name, NULL, NULL, &f->err),
          GANTRY_E_INVALID);
    FAILS(gantry_log_reader_next(NULL, &line, &f->err), GANTRY_E_INVALID);
    CHECK(reader == NULL);
}

/* A followed log waits for what comes, gives it, and ends with its container. */
static void a_followed_log_is_polled(struct contract *f)
{
    const char *name =
        contract_start(f, "trap 'echo new; exit 0' USR1; echo ready; while :; do sleep 0.1; done");
    gantry_container_kill_options kill = { .size = sizeof kill, .signal = "USR1" };
    gantry_follow_options opts = { .size = sizeof opts, .follow = GANTRY_ON };
    gantry_log_reader *reader = open_reader(f, name, &opts);
    const gantry_log_line *line = NULL;
    struct lines lines = { 0 };
    int rc = 0;

    gantry_log_reader_set_nonblocking(reader, 1);
    for (;;) {
        struct pollfd fd = { -1, 0, 0 };
        int events = 0;

        rc = gantry_log_reader_next(reader, &line, &f->err);
        if (rc == 0 && line == NULL)
            break;
        if (rc == 0) {
            keep(&lines, line);
            if (lines.count == 1)
                OK(gantry_containers_kill(f->containers, name, &kill, &f->err));
            continue;
        }
        CHECK(rc == GANTRY_E_AGAIN);
        fd.fd = gantry_log_reader_fd(reader, &events);
        fd.events = (short)events;
        CHECK(poll(&fd, 1, fd.fd >= 0 ? gantry_log_reader_timeout_ms(reader) : 0) >= 0);
    }
    gantry_log_reader_close(reader);
    SAME(lines.text, "1 ready\n1 new\n");
    forget(&lines);
}

static int has_a_log(struct contract *f, const void *name)
{
    gantry_output *output = NULL;
    int has;

    OK(gantry_containers_logs(f->containers, name, NULL, &output, &f->err));
    has = output->stdout_size > 0;
    gantry_output_free(output);
    return has;
}

static void a_follow_ends_at_its_time(struct contract *f)
{
    const char *name = contract_start(f, "echo one; " IDLE);
    gantry_follow_options opts = { .size = sizeof opts, .follow = GANTRY_ON };
    gantry_call call = { .size = sizeof call, .timeout_ms = 700 };
    const gantry_log_line *line = NULL;
    gantry_log_reader *reader;
    struct lines lines = { 0 };
    int rc;

    contract_until(f, has_a_log, name);
    opts.until_ns = wall_ns() + 500000000;
    read_lines(f, name, &opts, &lines);
    SAME(lines.text, "1 one\n");
    forget(&lines);
    opts = (gantry_follow_options){ .size = sizeof opts, .follow = GANTRY_ON, .call = &call };
    reader = open_reader(f, name, &opts);
    while ((rc = gantry_log_reader_next(reader, &line, &f->err)) == 0 && line != NULL)
        SAME(line->text, "one");
    CHECK(rc == GANTRY_E_TIMEOUT);
    FAILS(gantry_log_reader_next(reader, &line, &f->err), GANTRY_E_TIMEOUT);
    gantry_log_reader_close(reader);
}

/* ---- broken connections ---------------------------------------------------------------------- */

struct through {
    struct contract_proxy *proxy;
    gantry_engine *engine;
    gantry_containers *containers;
};

static struct through open_through(struct contract *f)
{
    struct through t = { .proxy = contract_proxy_new(f->address) };
    char address[64];
    gantry_engine_options opts = { .size = sizeof opts,
                                   .address = address,
                                   .on_demand = GANTRY_OFF };

    snprintf(address, sizeof address, "tcp://%s", contract_proxy_address(t.proxy));
    OK(gantry_engine_open((f->on & ON_DOCKER) != 0 ? GANTRY_RUNTIME_DOCKER : GANTRY_RUNTIME_PODMAN,
                          &opts, &t.engine, &f->err));
    t.containers = gantry_engine_containers(t.engine);
    return t;
}

static void close_through(struct through *t)
{
    gantry_engine_close(t->engine);
    contract_proxy_free(t->proxy);
}

/* Read to the end, or so many lines; whenever the proxy has cut, let all pass, then tell it the next
 * limit. */
static int read_through(struct contract *f, struct through *t, gantry_log_reader *reader,
                        const uint64_t *limits, size_t most, struct lines *lines)
{
    const gantry_log_line *line = NULL;
    int rc;

    gantry_log_reader_set_nonblocking(reader, 1);
    if (*limits > 0)
        contract_proxy_limit(t->proxy, PROXY_ANSWERS, *limits++, PROXY_CUT);
    while (lines->count < most) {
        struct pollfd fd = { -1, 0, 0 };
        int events = 0;
        int ms;

        if (contract_proxy_reached(t->proxy)) {
            contract_proxy_pass(t->proxy);
            if (*limits > 0)
                contract_proxy_limit(t->proxy, PROXY_ANSWERS, *limits++, PROXY_CUT);
        }
        rc = gantry_log_reader_next(reader, &line, &f->err);
        if (rc < 0 && rc != GANTRY_E_AGAIN)
            return rc;
        if (rc == 0 && line == NULL)
            return 0;
        if (rc == 0) {
            keep(lines, line);
            continue;
        }
        fd.fd = gantry_log_reader_fd(reader, &events);
        fd.events = (short)events;
        ms = gantry_log_reader_timeout_ms(reader);
        CHECK(poll(&fd, 1, ms >= 0 && ms < 20 ? ms : 20) >= 0);
    }
    return 0;
}

/* Numbered lines on both channels: each once, in order. */
static void check_numbers(const struct lines *lines, int count)
{
    char *out = malloc(lines->size + 1);
    char *want = malloc((size_t)count * 32 + 1);
    size_t size;

    for (int channel = 1; channel <= 2; channel++) {
        channel_of(lines, channel == 1 ? '1' : '2', out);
        size = 0;
        for (int i = 0; i < count; i++)
            size += (size_t)sprintf(want + size, "%d number %d.\n", channel, i);
        SAME(out, want);
    }
    free(want);
    free(out);
}

static void broken_connections_are_made_anew(struct contract *f)
{
    static const uint64_t limits[] = { 12001, 30011, 41003, 0 };
    const char *name = contract_start(
        f, "i=0; while [ $i -lt 600 ]; do echo number $i.; echo number $i. >&2; i=$((i+1)); "
           "[ $((i % 30)) = 0 ] && sleep 0.1; done");
    gantry_follow_options opts = { .size = sizeof opts, .follow = GANTRY_ON };
    struct through t = open_through(f);
    gantry_log_reader *reader = NULL;
    struct lines lines = { 0 };

    OK(gantry_containers_follow_open(t.containers, name, &opts, &reader, &f->err));
    OK(read_through(f, &t, reader, limits, SIZE_MAX, &lines));
    check_numbers(&lines, 600);
    CHECK(gantry_log_reader_reconnects(reader) >= 2);
    gantry_log_reader_close(reader);
    forget(&lines);
    close_through(&t);
}

/* Whoever asked for the last lines gets none of those before them, though they are as old. */
static void a_tail_stays_a_tail(struct contract *f)
{
    static const uint64_t none[] = { 0 };
    const char *name = contract_start(f, "for i in 1 2 3 4 5 6; do echo line $i; done; trap 'echo "
                                         "new; exit 0' USR1; while :; do sleep 0.1; done");
    gantry_container_kill_options kill = { .size = sizeof kill, .signal = "USR1" };
    gantry_follow_options all = { .size = sizeof all, .follow = GANTRY_ON };
    gantry_follow_options opts = { .size = sizeof opts, .follow = GANTRY_ON, .tail = 2 };
    struct through t = open_through(f);
    gantry_log_reader *reader = NULL;
    struct lines lines = { 0 };

    OK(gantry_containers_follow_open(t.containers, name, &all, &reader, &f->err));
    OK(read_through(f, &t, reader, none, 6, &lines)); /* they are written */
    gantry_log_reader_close(reader);
    forget(&lines);
    OK(gantry_containers_follow_open(t.containers, name, &opts, &reader, &f->err));
    OK(read_through(f, &t, reader, none, 2, &lines));
    contract_proxy_limit(t.proxy, PROXY_ANSWERS, 0, PROXY_CUT);
    OK(gantry_containers_kill(f->containers, name, &kill, &f->err));
    contract_proxy_pass(t.proxy);
    OK(read_through(f, &t, reader, none, SIZE_MAX, &lines));
    SAME(lines.text, "1 line 5\n1 line 6\n1 new\n");
    CHECK(gantry_log_reader_reconnects(reader) >= 1);
    gantry_log_reader_close(reader);
    forget(&lines);
    close_through(&t);
}

static void a_terminal_is_resumed_too(struct contract *f)
{
    static const uint64_t limits[] = { 12001, 0 };
    gantry_container_options c = {
        .size = sizeof c,
        .name = contract_name(f, "tty"),
        .command = SHELL("i=0; while [ $i -lt 400 ]; do echo number $i.; i=$((i+1)); [ $((i % 40)) "
                         "= 0 ] && sleep 0.1; done; dd if=/dev/zero bs=1k count=40 2>/dev/null | "
                         "tr '\\0' x; echo"),
        .tty = GANTRY_ON
    };
    gantry_follow_options opts = { .size = sizeof opts, .follow = GANTRY_ON };
    struct through t = open_through(f);
    gantry_log_reader *reader = NULL;
    struct lines lines = { 0 };
    char want[32];
    const char *p;

    OK(gantry_containers_create(f->containers, f->base, &c, NULL, &f->err));
    OK(gantry_containers_start(f->containers, c.name, NULL, &f->err));
    OK(gantry_containers_follow_open(t.containers, c.name, &opts, &reader, &f->err));
    OK(read_through(f, &t, reader, limits, SIZE_MAX, &lines));
    CHECK(lines.count == 401);
    p = lines.text;
    for (int i = 0; i < 400; i++) {
        snprintf(want, sizeof want, "1 number %d.\r\n", i);
        CHECK(strncmp(p, want, strlen(want)) == 0);
        p += strlen(want);
    }
    CHECK(strspn(p + 2, "x") == 40 * 1024);
    CHECK(gantry_log_reader_reconnects(reader) >= 1);
    gantry_log_reader_close(reader);
    forget(&lines);
    close_through(&t);
}

static void without_resume_a_break_is_an_error(struct contract *f)
{
    static const uint64_t none[] = { 0 };
    const char *name = contract_start(f, "echo one; " IDLE);
    gantry_follow_options opts = { .size = sizeof opts, .follow = GANTRY_ON, .resume = GANTRY_OFF };
    gantry_call call = { .size = sizeof call, .timeout_ms = 1500 };
    struct through t = open_through(f);
    gantry_log_reader *reader = NULL;
    struct lines lines = { 0 };

    OK(gantry_containers_follow_open(t.containers, name, &opts, &reader, &f->err));
    OK(read_through(f, &t, reader, none, 1, &lines));
    contract_proxy_limit(t.proxy, PROXY_ANSWERS, 0, PROXY_CUT);
    CHECK(read_through(f, &t, reader, none, SIZE_MAX, &lines) == GANTRY_E_TRUNCATED);
    gantry_log_reader_close(reader);
    forget(&lines);
    /* With it, an engine that stays away is waited for until the call is over. */
    contract_proxy_pass(t.proxy);
    opts = (gantry_follow_options){ .size = sizeof opts, .follow = GANTRY_ON, .call = &call };
    OK(gantry_containers_follow_open(t.containers, name, &opts, &reader, &f->err));
    OK(read_through(f, &t, reader, none, 1, &lines));
    contract_proxy_refuse(t.proxy);
    contract_proxy_limit(t.proxy, PROXY_ANSWERS, 0, PROXY_CUT);
    gantry_log_reader_set_nonblocking(reader, 0);
    for (const gantry_log_line *line = NULL;;) {
        int rc = gantry_log_reader_next(reader, &line, &f->err);

        CHECK(rc == GANTRY_E_TIMEOUT);
        break;
    }
    gantry_log_reader_close(reader);
    forget(&lines);
    close_through(&t);
}

/* ---- many at once ---------------------------------------------------------------------------- */

enum {
    MANY_CONTAINERS = 10,
    MANY_READERS = 50, /* of each */
    MANY_LINES = 20
};

struct many {
    gantry_log_reader *reader;
    int next; /* number of the line that is due */
    int done;
    int wrong; /* lines that were not the one that was due, where engines may lose some */
};

static void drain_many(struct contract *f, struct many *m)
{
    const gantry_log_line *line = NULL;
    char want[32];
    int rc;

    while ((rc = gantry_log_reader_next(m->reader, &line, &f->err)) == 0 && line != NULL) {
        snprintf(want, sizeof want, "number %d.", m->next);
        if (strcmp(line->text, want) != 0 &&
            contract_differs(f, DIFF_FOLLOWED_LINES_MAY_GET_LOST)) {
            m->wrong++;
            CHECK(sscanf(line->text, "number %d.", &m->next) == 1);
        } else {
            SAME(line->text, want);
        }
        m->next++;
    }
    if (rc == 0)
        m->done = 1;
    else
        CHECK(rc == GANTRY_E_AGAIN);
}

static void five_hundred_in_one_thread(struct contract *f)
{
    enum {
        ALL = MANY_CONTAINERS * MANY_READERS
    };
    static struct many many[ALL];
    static struct pollfd fds[ALL];
    gantry_container_kill_options kill = { .size = sizeof kill, .signal = "USR1" };
    gantry_follow_options opts = { .size = sizeof opts, .follow = GANTRY_ON };
    const char *names[MANY_CONTAINERS];
    int left = ALL;
    int wrong = 0;

    memset(many, 0, sizeof many);
    for (int i = 0; i < MANY_CONTAINERS; i++) {
        names[i] =
            contract_start(f, "go=; trap go=1 USR1; echo number 0.; while [ -z \"$go\" ]; do "
                              "sleep 0.2; done; i=1; while [ $i -lt 20 ]; do echo number "
                              "$i.; i=$((i+1)); done");
        for (int k = 0; k < MANY_READERS; k++) {
            struct many *m = &many[i * MANY_READERS + k];

            m->reader = open_reader(f, names[i], &opts);
            gantry_log_reader_set_nonblocking(m->reader, 1);
        }
    }
    for (int i = 0; i < MANY_CONTAINERS; i++)
        OK(gantry_containers_kill(f->containers, names[i], &kill, &f->err));
    while (left > 0) {
        for (int i = 0; i < ALL; i++) {
            int events = 0;

            if (!many[i].done) {
                drain_many(f, &many[i]);
                left -= many[i].done;
            }
            fds[i].fd = many[i].done ? -1 : gantry_log_reader_fd(many[i].reader, &events);
            fds[i].events = (short)events;
        }
        if (left > 0)
            CHECK(poll(fds, ALL, 1000) >= 0);
    }
    for (int i = 0; i < ALL; i++) {
        CHECK(many[i].next == MANY_LINES);
        wrong += many[i].wrong;
        gantry_log_reader_close(many[i].reader);
    }
    if (wrong > 0)
        printf("%d of %d lines were lost by the engine or came twice\n", wrong, ALL * MANY_LINES);
    CHECK(wrong <= ALL * MANY_LINES / 100);
}

const struct contract_test follow_tests[] = {
    TEST_WITH(lines_are_put_together, PROCESSES),
    TEST_WITH(long_lines_come_in_parts, PROCESSES),
    TEST_WITH(lines_of_a_terminal, PROCESSES),
    TEST_WITH(since_until_tail_and_channels, PROCESSES),
    TEST_WITH(follow_refuses, PROCESSES),
    TEST_WITH(a_followed_log_is_polled, PROCESSES),
    TEST_WITH(a_follow_ends_at_its_time, PROCESSES),
    TEST_WITH(broken_connections_are_made_anew, PROCESSES, .on = ON_KNOWN),
    TEST_WITH(a_tail_stays_a_tail, PROCESSES, .on = ON_KNOWN),
    TEST_WITH(a_terminal_is_resumed_too, PROCESSES, .on = ON_KNOWN),
    TEST_WITH(without_resume_a_break_is_an_error, PROCESSES, .on = ON_KNOWN),
    TEST_WITH(five_hundred_in_one_thread, PROCESSES, .on = ON_DOCKER | ON_PODMAN),
    FOLLOW_STATS_TESTS,
    { 0 },
};
