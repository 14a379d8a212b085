/*
 * Nothing that changes an engine is ever sent twice, and connections that died while they were
 * idle are nobody's business.
 *
 *     faults_once RECORDINGS docker-20.10|podman-4.3
 */
#include "replay.h"

#include <stdio.h>
#include <string.h>

enum {
    LIMIT_MS = 3000
};

struct test {
    struct replay replay;
    struct faults f;
    const struct faults_call *call;
    const struct exchange *x;
    size_t runs;
    size_t failures;
};

static void bad(struct test *t, const char *what, int rc)
{
    t->failures++;
    printf("%s (%.70s): %s\n    %s %s, asked %u times, outcome %d, retry %d\n", t->call->name,
           t->x != NULL ? t->x->line : "", what, rc == 0 ? "success" : gantry_error_name(rc),
           rc == 0 ? "" : t->f.err.message, t->replay.plan->asked, t->f.err.outcome,
           t->f.err.retry);
}

static void use(struct test *t, size_t call, int exchange)
{
    t->call = &faults_calls[call];
    t->x = exchange >= 0 ? &t->replay.calls[call].exchanges[exchange] : NULL;
    replay_plan(&t->replay, call);
    t->replay.plan->exchange = exchange;
    t->runs++;
}

/* A connection waits in the pool, so that there is one to be tempted by. */
static void warm(struct test *t)
{
    gantry_query_options o = { .size = sizeof o };
    gantry_error err = { 0 };

    t->replay.plan->exchange = -1;
    if (gantry_engine_ping(t->f.engine, &o, &err) < 0)
        bad(t, "ping fails", err.code);
}

/* F17: the engine read the request, and was gone without a word. */
static void dies_after_reading(struct test *t, size_t call, int exchange, enum server_end end)
{
    int rc;

    use(t, call, -1);
    warm(t);
    use(t, call, exchange);
    t->replay.plan->size = 0;
    t->replay.plan->end = end;
    rc = faults_run(&t->f, t->call);
    if (t->replay.plan->asked != 1)
        bad(t, "was not sent exactly once", rc);
    if (rc == 0)
        bad(t, "taken for success", rc);
    if (rc < 0 && !replay_asks(t->x->line) &&
        (t->f.err.retry == GANTRY_RETRY_YES || t->f.err.outcome == GANTRY_OUTCOME_NOT_SENT))
        bad(t, "does not say that it may have happened", rc);
}

/* The idle connection dies just when a question is on its way. */
static void idle_dies_under_question(struct test *t, size_t call)
{
    int rc;

    use(t, call, -1);
    warm(t);
    use(t, call, 0);
    t->replay.plan->size = 0;
    t->replay.plan->end = SERVER_FIN;
    t->replay.plan->once = 1;
    rc = faults_run(&t->f, t->call);
    if (rc != faults_expected(t->replay.runtime, t->call))
        bad(t, "was not asked again", rc);
    if (t->replay.plan->asked != 2)
        bad(t, "should have been asked twice", rc);
}

/* The engine closes the connection behind a whole answer; then anything is called. */
static void idle_is_closed(struct test *t, size_t call)
{
    gantry_query_options o = { .size = sizeof o };
    int rc;

    use(t, 1, 0); /* a ping with an end */
    t->replay.plan->end = SERVER_FIN;
    if (gantry_engine_ping(t->f.engine, &o, &t->f.err) < 0)
        bad(t, "ping fails", t->f.err.code);
    use(t, call, -1);
    rc = faults_run(&t->f, t->call);
    if (rc != faults_expected(t->replay.runtime, t->call))
        bad(t, "fails behind a connection that was closed", rc);
    if (t->replay.plan->unscripted > 0)
        bad(t, t->replay.plan->stranger, rc);
}

static void test_call(struct test *t, size_t call)
{
    const struct recorded_call *recorded = &t->replay.calls[call];

    for (size_t i = 0; i < recorded->count; i++) {
        if (replay_reads(recorded->exchanges[i].line))
            continue;
        dies_after_reading(t, call, (int)i, SERVER_FIN);
        dies_after_reading(t, call, (int)i, SERVER_RESET);
    }
    idle_is_closed(t, call);
    if (recorded->count == 1 && replay_reads(recorded->exchanges[0].line))
        idle_dies_under_question(t, call);
}

int main(int argc, char **argv)
{
    static struct test t;

    if (argc < 3) {
        fprintf(stderr, "usage: %s RECORDINGS ENGINE\n", argv[0]);
        return 2;
    }
    replay_start(&t.replay, argv[1], argv[2]);
    replay_faults(&t.replay, &t.f);
    t.f.call.timeout_ms = LIMIT_MS;
    if (faults_open(&t.f) < 0) {
        fprintf(stderr, "open: %s\n", t.f.err.message);
        return 1;
    }
    for (size_t i = 1; i < faults_call_count; i++) {
        if (faults_asks(t.replay.runtime, &faults_calls[i]))
            test_call(&t, i);
    }
    faults_close(&t.f);
    replay_stop(&t.replay);
    printf("%zu runs, %zu failures\n", t.runs, t.failures);
    return t.failures > 0;
}
