/*
 * Every allocation of every call made to fail, once alone and once with all that follow: each
 * such call must end in NOMEM or with the very result it always has, leak nothing, and leave a
 * usable engine.
 *
 *     faults_torture RECORDINGS docker-20.10|podman-4.3 [CALL]
 *     faults_torture_malloc RECORDINGS docker-20.10|podman-4.3 [CALL]
 *
 * The first fails the library's own allocations, the second all: libcurl's and others' too.
 *
 * A call runs in a process of its own; one that dies is reported and gone on behind.
 */
#include "torture.h"

#include "replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    LATE_MS = 1500,
    COMPLAINTS_MAX = 8 /* shown of one call */
};

/* The heap under torture. One thread. */
static struct {
    int armed;
    int forever;
    long count;
    long fail_at;
    long failures;
    long live;
} heap;

int torture_fails(void)
{
    if (!heap.armed)
        return 0;
    heap.count++;
    if (heap.count < heap.fail_at || (heap.count > heap.fail_at && !heap.forever))
        return 0;
    heap.failures++;
    return 1;
}

void torture_live(int change)
{
    heap.live += change;
}

static void arm(long k, int forever)
{
    heap.count = 0;
    heap.failures = 0;
    heap.fail_at = k;
    heap.forever = forever;
    heap.armed = 1;
}

/* ---- the library's allocator ----------------------------------------------------------------- */

static void *hook_allocate(void *arg, size_t size)
{
    void *p = torture_fails() ? NULL : malloc(size);

    (void)arg;
    if (p != NULL)
        torture_live(1);
    return p;
}

static void *hook_reallocate(void *arg, void *old, size_t size)
{
    void *p = torture_fails() ? NULL : realloc(old, size);

    (void)arg;
    if (p != NULL && old == NULL)
        torture_live(1);
    return p;
}

static void hook_release(void *arg, void *p)
{
    (void)arg;
    if (p != NULL)
        torture_live(-1);
    free(p);
}

static const gantry_allocator hooks = { hook_allocate, hook_reallocate, hook_release, NULL };

/* ---- one run --------------------------------------------------------------------------------- */

/* Seen by the process that tortures and the one that watches it. */
struct progress {
    long k;
    int forever;
    int warm; /* runs without failures went well */
    int done;
    long runs;
    long complaints;
    long left; /* runs that libarchive ended */
};

struct test {
    struct replay replay;
    struct progress *progress;
    const struct faults_call *call;
    struct faults f;
    uint64_t whole;
    long live; /* with no engine open */
    int fd;
    int64_t took_ms;
};

static void complain(struct test *t, const char *what, int rc)
{
    if (++t->progress->complaints > COMPLAINTS_MAX)
        return;
    printf("%s, allocation %ld%s: %s\n    %s %s (%ld ms)\n", t->call->name, t->progress->k,
           t->progress->forever ? " and all that follow" : "", what,
           rc == 0 ? "success" : gantry_error_name(rc), rc == 0 ? "" : t->f.err.message,
           (long)t->took_ms);
    if (t->replay.plan->unscripted > 0)
        printf("    a request that was never recorded: %s\n", t->replay.plan->stranger);
    fflush(stdout);
}

static int expected(const struct test *t)
{
    return faults_expected(t->replay.runtime, t->call);
}

static void must_open(struct test *t)
{
    if (!(t->call->flags & CALL_NO_ENGINE) && faults_open(&t->f) < 0) {
        complain(t, "the engine does not open", t->f.err.code);
        exit(1);
    }
}

static int run(struct test *t, long k, int forever)
{
    int64_t begun;
    int rc;

    replay_plan(&t->replay, (size_t)(t->call - faults_calls));
    must_open(t);
    begun = gantry_clock_ns();
    arm(k, forever);
    rc = faults_run(&t->f, t->call);
    heap.armed = 0;
    t->took_ms = (gantry_clock_ns() - begun) / 1000000;
    t->progress->runs++;
    return rc;
}

static void check_result(struct test *t, int rc)
{
    if (rc == expected(t)) {
        if (t->f.digest != t->whole)
            complain(t, "success with another result", rc);
    } else if (rc == 0) {
        complain(t, "a failing call succeeds", rc);
    } else if (rc != GANTRY_E_NOMEM && !(torture_of_malloc && rc == GANTRY_E_LIMIT)) {
        /* libcurl's "out of memory" can mean an endless header line too, which is LIMIT. */
        complain(t, "not NOMEM", rc);
    }
    if (rc < 0 && (t->f.err.code != rc || t->f.err.message[0] == '\0'))
        complain(t, "the error is not filled", rc);
    if (t->took_ms > LATE_MS)
        complain(t, "too late", rc);
}

static void check_after(struct test *t, int rc)
{
    gantry_query_options o = { .size = sizeof o };
    gantry_error err = { 0 };

    if (t->f.engine != NULL && gantry_engine_ping(t->f.engine, &o, &err) < 0)
        complain(t, err.message, rc);
    faults_close(&t->f);
    if (heap.live != t->live) {
        complain(t, heap.live > t->live ? "a leak" : "freed twice?", rc);
        t->live = heap.live;
    }
    if (server_lowest_fd() != t->fd) {
        complain(t, "a descriptor was leaked", rc);
        t->fd = server_lowest_fd();
    }
}

/* All failures from the k-th on, until a run sees none. Where all that follow fail too, one is much
 * like the next: a sanitizer, which takes its time, sees every fourth of those. */
static void torture(struct test *t, long k, int forever)
{
    long step = forever && server_sanitized() ? 4 : 1;
    int rc;

    do {
        t->progress->k = k;
        rc = run(t, k, forever);
        k += step;
        check_result(t, rc);
        check_after(t, rc);
    } while (heap.failures > 0);
    if (rc != expected(t))
        complain(t, "fails without a failing allocation", rc);
}

static void warm_up(struct test *t)
{
    int rc = 0;

    for (int i = 0; i < 2; i++) {
        t->fd = server_lowest_fd();
        rc = run(t, 0, 0);
        t->whole = t->f.digest;
        if (rc != expected(t))
            complain(t, "fails at rest", rc);
        faults_close(&t->f);
        t->live = heap.live;
    }
}

/* ---- all ------------------------------------------------------------------------------------- */

static int watch(struct test *t, long k, int forever)
{
    int status = 0;
    pid_t pid;

    t->progress->forever = forever;
    t->progress->k = k;
    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        t->progress->warm = 0;
        warm_up(t);
        t->progress->warm = 1;
        torture(t, k, forever);
        t->progress->done = 1;
        fflush(stdout);
        exit(0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        perror("fork");
        exit(1);
    }
    if (t->progress->done && status != 0)
        complain(t, "its process failed (a leak?)", 0);
    return status;
}

/*
 * libarchive ends the process with exit(1) when it has no memory for a name. Nothing can be done
 * about that from outside; it happens in calls that make or take apart an archive, and in no other.
 */
static int libarchive_left(const struct test *t, int status)
{
    return torture_of_malloc && WIFEXITED(status) && WEXITSTATUS(status) == 1 &&
           (t->call->flags & CALL_ARCHIVE) != 0;
}

static void torture_call(struct test *t, int forever)
{
    long k = 1;

    t->progress->done = 0;
    while (!t->progress->done) {
        int status = watch(t, k, forever);

        if (t->progress->done)
            return;
        t->took_ms = status;
        if (libarchive_left(t, status))
            t->progress->left++;
        else
            complain(t, WIFSIGNALED(status) ? "the process died" : "the process ended itself", 0);
        if (!t->progress->warm)
            return; /* it would die each time */
        k = t->progress->k + 1;
    }
}

static void test_call(struct test *t, size_t index, long *total)
{
    int64_t begun = gantry_clock_ns();

    t->call = &faults_calls[index];
    memset(t->progress, 0, sizeof *t->progress);
    torture_call(t, 0);
    torture_call(t, 1);
    printf("%-24s %6ld runs %6ld ms", t->call->name, t->progress->runs,
           (long)((gantry_clock_ns() - begun) / 1000000));
    if (t->progress->left > 0)
        printf(", %ld of them ended by libarchive", t->progress->left);
    printf("\n");
    total[0] += t->progress->runs;
    total[1] += t->progress->complaints;
}

int main(int argc, char **argv)
{
    static struct test t;
    const char *only = argc > 3 ? argv[3] : NULL;
    long total[2] = { 0, 0 };

    if (argc < 3) {
        fprintf(stderr, "usage: %s RECORDINGS ENGINE [CALL]\n", argv[0]);
        return 2;
    }
    t.progress = server_shared(sizeof *t.progress);
    replay_start(&t.replay, argv[1], argv[2]);
    replay_faults(&t.replay, &t.f);
    t.f.call.timeout_ms = 4000;
    t.f.allocator = torture_of_malloc ? NULL : &hooks;
    for (size_t i = 0; i < faults_call_count; i++) {
        if (!faults_asks(t.replay.runtime, &faults_calls[i]))
            continue;
        if (only == NULL || strcmp(only, faults_calls[i].name) == 0)
            test_call(&t, i, total);
    }
    replay_stop(&t.replay);
    printf("%ld runs, %ld complaints\n", total[0], total[1]);
    return total[1] > 0;
}
