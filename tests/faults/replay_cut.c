/*
 * Every recorded answer, cut after every byte: the call that gets it must not take it for a
 * success.
 *
 *     faults_replay RECORDINGS docker-20.10|podman-4.3 [CALL]
 *
 * (Not every byte of archives, and of questions that an earlier call asked too: CALL_SAMPLE.)
 *
 * Cut in order (FIN) and by reset at each position; stalled, split in two and with a byte changed
 * at a sample of them. After each the engine must answer the next call. What may succeed with a
 * cut answer, and why, is in may_succeed(). An answer that lacks only its last LF is TRUNCATED
 * like any other.
 */
#include "replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    STALL_MS = 25,
    STALLS = 4,           /* positions of one answer */
    SPLITS = 40,
    FLIPS = 60,
    RESETS = 3,           /* bytes between two that end rudely; all end in order somewhere */
    SAMPLE = 7,           /* bytes between two cuts where each would be too much */
    ARCHIVE = 4096,       /* answers from this size on are archives */
    ARCHIVE_EDGE = 1200,  /* cut at each byte: the first entry, and behind the end mark */
    RUNNING_MS = 12,      /* time for an exec whose session says that it still runs */
    GUARD_MS = 5000,
    POOLED = 4 * 4,       /* descriptors of an engine's idle connections */
    TRIES = 3,
    COMPLAINTS_MAX = 12   /* shown of one call */
};

#define GRACE_MS (server_sanitized() ? 250 : 50)

struct test {
    struct replay replay;
    struct faults f;
    const struct faults_call *call;
    const struct recorded_call *recorded;
    int fd;               /* lowest free one before the engine was opened */
    uint64_t whole;       /* digest of the undamaged call */
    int stride;
    /* the case at hand */
    const char *how;
    int exchange;
    size_t size;
    int64_t took_ms;
    /* counts */
    size_t runs;
    size_t complaints;
    size_t shown;
};

static void complain(struct test *t, const char *what, int rc)
{
    t->complaints++;
    if (++t->shown > COMPLAINTS_MAX)
        return;
    printf("%s, answer %d (%.60s), %s at %zu of %zu: %s\n"
           "    %s %s (outcome %d, retry %d, %ld ms)\n",
           t->call->name, t->exchange + 1,
           t->exchange >= 0 ? t->recorded->exchanges[t->exchange].line : "", t->how, t->size,
           t->exchange >= 0 ? t->recorded->exchanges[t->exchange].size : 0, what,
           rc == 0 ? "success" : gantry_error_name(rc), rc == 0 ? "" : t->f.err.message,
           t->f.err.outcome, t->f.err.retry, (long)t->took_ms);
    fflush(stdout);
}

static int expected(const struct test *t)
{
    return faults_expected(t->replay.runtime, t->call);
}

static int run(struct test *t, int64_t limit_ms)
{
    int64_t begun = gantry_clock_ns();
    int rc;

    t->f.call.timeout_ms = limit_ms;
    rc = faults_run(&t->f, t->call);
    t->took_ms = (gantry_clock_ns() - begun) / 1000000;
    t->runs++;
    return rc;
}

/* ---- what must hold -------------------------------------------------------------------------- */

static const struct exchange *damaged(const struct test *t)
{
    return &t->recorded->exchanges[t->exchange];
}

/* Whether the raw bytes after the head end between two frames. */
static int between_frames(const struct exchange *x, size_t size)
{
    size_t at = x->head_size;

    while (at + 8 <= size) {
        const unsigned char *p = (const unsigned char *)x->answer + at;

        at += 8 + ((size_t)p[4] << 24 | (size_t)p[5] << 16 | (size_t)p[6] << 8 | p[7]);
    }
    return at == size;
}

static int contains(const struct exchange *x, size_t size, const char *text)
{
    size_t length = strlen(text);

    for (size_t i = x->head_size; i + length <= size; i++) {
        if (memcmp(x->answer + i, text, length) == 0)
            return 1;
    }
    return 0;
}

static int after_start(const struct test *t)
{
    for (int i = 0; i < t->exchange; i++) {
        if (strstr(t->recorded->exchanges[i].line, "/start") != NULL)
            return 1;
    }
    return 0;
}

/*
 * Cuts that no client can see, or that concern nothing the result rests on:
 * - the raw stream of an attach that ends in order between two frames. A reset is never that, and
 *   an exec is, since its session is asked afterwards (and says that it runs);
 * - Podman's event stream, which has no end: behind the record that was waited for, or when the
 *   container had ended before;
 * - run's questions to a container that has ended: whether memory ran out (then it is unknown),
 *   and whether it is gone (it asks again).
 */
static int may_succeed(const struct test *t, enum server_end end)
{
    const struct exchange *x = damaged(t);

    if (t->call->flags & CALL_RAW && x->upgraded)
        return end == SERVER_FIN && t->size >= x->head_size && between_frames(x, t->size);
    if (strstr(x->line, "/events?") != NULL)
        return t->size >= x->head_size &&
               (strcmp(t->call->name, "wait") == 0 ||
                contains(x, t->size, "\"}},\"scope\":\"local\",\"time\":"));
    return t->call->flags & CALL_LOOKS && replay_reads(x->line) && after_start(t);
}

/* Whether the call had changed, or may have changed, something on the engine. A run that did not
 * get to its start takes back what it made; so does a list that an image could not be added to. */
static int mutated(const struct test *t)
{
    if (!replay_asks(damaged(t)->line))
        return 1;
    if (t->call->flags & CALL_UNDOES && t->replay.plan->taken_back > 0)
        return 0;
    for (int i = 0; i < t->exchange; i++) {
        const struct exchange *x = &t->recorded->exchanges[i];

        if (!replay_asks(x->line) && x->answer[9] < '4')
            return !(t->call->flags & CALL_LOOKS) || after_start(t);
    }
    return 0;
}

static void check_failure(struct test *t, int rc, enum server_end end)
{
    const gantry_error *err = &t->f.err;
    int stalled = end == SERVER_STALL || t->replay.plan->still_running;

    if (err->code != rc || err->message[0] == '\0' || err->operation[0] == '\0')
        complain(t, "the error is not filled", rc);
    if (rc == expected(t) || (rc == GANTRY_E_TIMEOUT && stalled))
        return;
    if (err->http_status >= 400)
        return; /* the engine refused, whatever its words were */
    if (rc != GANTRY_E_TRUNCATED && rc != GANTRY_E_PROTOCOL)
        complain(t, "unexpected code", rc);
    if (!replay_asks(damaged(t)->line) && err->outcome != GANTRY_OUTCOME_UNKNOWN &&
        err->outcome != GANTRY_OUTCOME_PARTIAL)
        complain(t, "the outcome is not known", rc);
    if (mutated(t) && err->retry == GANTRY_RETRY_YES)
        complain(t, "says that it may simply be tried again", rc);
}

static void check(struct test *t, int rc, enum server_end end, int64_t limit_ms)
{
    if (rc == 0 && !may_succeed(t, end))
        complain(t, "a cut answer read as success", rc);
    if (rc < 0)
        check_failure(t, rc, end);
    if (t->took_ms > limit_ms + GRACE_MS)
        complain(t, "too late", rc);
}

/* The engine must be as usable as before. */
static void check_next(struct test *t)
{
    gantry_query_options o = { .size = sizeof o };
    gantry_error err = { 0 };

    t->replay.plan->exchange = -1;
    if (gantry_engine_ping(t->f.engine, &o, &err) < 0) {
        complain(t, "the next call fails", 0);
        printf("    %s\n", err.message);
    }
}

/* ---- cases ----------------------------------------------------------------------------------- */

static void plan(struct test *t, const char *how, int exchange, size_t size)
{
    replay_plan(&t->replay, (size_t)(t->call - faults_calls));
    t->how = how;
    t->exchange = exchange;
    t->size = size;
    t->replay.plan->exchange = exchange;
    t->replay.plan->size = size;
}

static void cut(struct test *t, int exchange, size_t size, enum server_end end, const char *how)
{
    int64_t limit = end == SERVER_STALL ? STALL_MS : GUARD_MS;
    int tries = 0;
    int rc;

    /* Being late once may be this machine's doing, but not again and again. */
    do {
        plan(t, how, exchange, size);
        t->replay.plan->end = end;
        if (damaged(t)->upgraded && strncmp(t->call->name, "exec", 4) == 0) {
            t->replay.plan->still_running = 1;
            limit = end == SERVER_STALL ? limit : RUNNING_MS;
        }
        rc = run(t, limit);
    } while ((t->took_ms > limit + GRACE_MS || t->replay.plan->served == 0) && ++tries < TRIES);
    check(t, rc, end, limit);
    if (t->replay.plan->served == 0)
        complain(t, "the damaged answer was never asked for", rc);
    check_next(t);
}

static void split(struct test *t, int exchange, size_t size)
{
    int rc;

    plan(t, "split", exchange, SIZE_MAX);
    t->size = size;
    t->replay.plan->split = size;
    rc = run(t, GUARD_MS);
    if (rc != expected(t) || t->f.digest != t->whole)
        complain(t, "differs from the answer in one piece", rc);
    if (t->took_ms > 1000)
        complain(t, "too late", rc);
}

/* Anything may come of it but a crash, a hang or a leak. */
static void flip(struct test *t, int exchange, size_t size)
{
    int tries = 0;
    int rc;

    do {
        plan(t, "changed", exchange, SIZE_MAX);
        t->size = size;
        t->replay.plan->flip = (int)size;
        rc = run(t, STALL_MS * 4);
    } while (t->took_ms > STALL_MS * 4 + GRACE_MS && ++tries < TRIES);
    if (t->took_ms > STALL_MS * 4 + GRACE_MS)
        complain(t, "too late", rc);
    check_next(t);
}

static size_t step(const struct test *t, size_t size, size_t samples)
{
    size_t wanted = server_sanitized() ? samples / 2 + 1 : samples;

    (void)t;
    return size / wanted + 1;
}

/* Whether an earlier call asked the same, and so had its answer cut. */
static int asked_before(const struct test *t, const struct exchange *x)
{
    for (const struct recorded_call *call = t->replay.calls; call < t->recorded; call++) {
        for (size_t i = 0; i < call->count; i++) {
            if (strcmp(call->exchanges[i].line, x->line) == 0)
                return replay_reads(x->line);
        }
    }
    return 0;
}

/* From one cut to the next. */
static size_t stride(const struct test *t, const struct exchange *x, size_t at)
{
    size_t many = t->call->flags & CALL_SAMPLE ? SAMPLE : 1;

    if (many > 1 && !asked_before(t, x) &&
        (x->size < ARCHIVE || at < x->head_size + ARCHIVE_EDGE || at + ARCHIVE_EDGE > x->size))
        many = 1;
    return many * (size_t)t->stride;
}

static void damage_answer(struct test *t, int exchange)
{
    const struct exchange *x = &t->recorded->exchanges[exchange];
    size_t size = x->size;
    size_t i;

    for (i = 0; i < size; i += stride(t, x, i))
        cut(t, exchange, i, SERVER_FIN, "cut");
    for (i = 0; i < size; i += RESETS * stride(t, x, i))
        cut(t, exchange, i, SERVER_RESET, "reset");
    cut(t, exchange, size - 1, SERVER_FIN, "cut");
    for (i = 0; i < size; i += step(t, size, STALLS))
        cut(t, exchange, i, SERVER_STALL, "stalled");
    for (i = 1; i < size; i += step(t, size, SPLITS))
        split(t, exchange, i);
    for (i = 0; i < size; i += step(t, size, FLIPS))
        flip(t, exchange, i);
}

static void test_whole(struct test *t)
{
    int rc;

    plan(t, "whole", -1, SIZE_MAX);
    rc = run(t, GUARD_MS);
    if (rc != expected(t))
        complain(t, "the recording no longer gives the result", rc);
    if (t->replay.plan->unscripted > 0)
        complain(t, t->replay.plan->stranger, rc);
    t->whole = t->f.digest;
}

static void test_call(struct test *t, size_t index)
{
    size_t before = t->runs;
    int64_t begun = gantry_clock_ns();

    t->shown = 0;
    t->call = &faults_calls[index];
    t->recorded = &t->replay.calls[index];
    test_whole(t);
    for (size_t k = 0; k < t->recorded->count; k++)
        damage_answer(t, (int)k);
    test_whole(t);
    if (server_lowest_fd() > t->fd + POOLED)
        complain(t, "descriptors were leaked", 0);
    printf("%-24s %6zu runs %6ld ms\n", t->call->name, t->runs - before,
           (long)((gantry_clock_ns() - begun) / 1000000));
}

int main(int argc, char **argv)
{
    static struct test t;
    const char *only = argc > 3 ? argv[3] : NULL;

    if (argc < 3) {
        fprintf(stderr, "usage: %s RECORDINGS ENGINE [CALL]\n", argv[0]);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    replay_start(&t.replay, argv[1], argv[2]);
    replay_faults(&t.replay, &t.f);
    t.stride = server_sanitized() ? 11 : 1;
    t.fd = server_lowest_fd();
    if (faults_open(&t.f) < 0) {
        fprintf(stderr, "open: %s\n", t.f.err.message);
        return 1;
    }
    for (size_t i = 0; i < faults_call_count; i++) {
        if (!faults_asks(t.replay.runtime, &faults_calls[i]))
            continue;
        if (only == NULL || strcmp(only, faults_calls[i].name) == 0)
            test_call(&t, i);
    }
    faults_close(&t.f);
    if (server_lowest_fd() != t.fd)
        complain(&t, "closing the engine left descriptors", 0);
    replay_stop(&t.replay);
    printf("%zu runs, %zu complaints\n", t.runs, t.complaints);
    return t.complaints > 0;
}
