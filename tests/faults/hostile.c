/*
 * Engines that break the rules (hostile_rows.c): each call on each of them must end with the
 * right error in time, in little memory, with the engine's handle still good.
 *
 *     faults_hostile RECORDINGS docker-20.10|podman-4.3 [ROW]
 *
 * Every row runs in a process of its own, with an address space of 256 MiB where no sanitizer
 * needs more, so that growing and crashing are failures of that row alone.
 */
#include "hostile.h"
#include "replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    GUARD_MS = 20000,
    BOUND_MS = 1000,
    GROWTH_KIB = 16 * 1024, /* 1 MiB of body, its tree and copies */
    UPLOAD = 64 * 1024 * 1024
};

/* Seen by all three processes. */
struct hostile_plan {
    uint32_t row;
    uint32_t off;      /* 1: answer as the recordings do */
    uint32_t requests; /* that got the answer */
};

struct result {
    int finished;
    int rc;
    int next_rc;
    int fd_before;
    int fd_after;
    int64_t took_ms;
    long growth_kib;
    gantry_error err;
};

struct test {
    struct replay replay;
    struct hostile_plan *plan;
    struct result *result;
    size_t failures;
    size_t runs;
};

static const struct row *row_at(uint32_t index)
{
    return index < hostile_row_count ? &hostile_rows[index]
                                     : &hostile_image_rows[index - hostile_row_count];
}

static void wrap(const struct row *row, struct server_answer *answer)
{
    static char text[4096];
    int head = snprintf(text, sizeof text,
                        "HTTP/1.1 %s\r\nContent-Type: application/json\r\n"
                        "Content-Length: %zu\r\n\r\n",
                        row->status != NULL ? row->status : "200 OK", row->body_size);

    memcpy(text + head, row->body, row->body_size);
    answer->bytes = text;
    answer->size = (size_t)head + row->body_size;
}

static int answer_row(void *arg, const struct server_request *request, struct server_answer *answer)
{
    struct hostile_plan *plan = arg;
    const struct row *row = row_at(plan->row);

    if (plan->off || (row->match == NULL ? strstr(request->line, "_ping") != NULL
                                         : strstr(request->line, row->match) == NULL))
        return 0;
    plan->requests++;
    *answer = row->answer;
    if (row->body != NULL)
        wrap(row, answer);
    if (row->ping != NULL && strncmp(request->line, "GET /_ping ", 11) == 0) {
        answer->bytes = row->ping;
        answer->size = strlen(row->ping);
    }
    return 1;
}

static size_t find_call(const char *name)
{
    for (size_t i = 0; i < faults_call_count; i++) {
        if (strcmp(faults_calls[i].name, name) == 0)
            return i;
    }
    fprintf(stderr, "no call %s\n", name);
    exit(1);
}

/* ---- the process of one row ------------------------------------------------------------------ */

static long peak_kib(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static void prepare(struct test *t, const struct row *row, struct faults *f)
{
    static gantry_limits limits = { .size = sizeof limits,
                                    .body_bytes = 1024 * 1024,
                                    .capture_bytes = 1024 * 1024 };
    struct rlimit space = { 256 * 1024 * 1024, 256 * 1024 * 1024 };

    replay_faults(&t->replay, f);
    f->limits = &limits;
    if (row->flags & ROW_HUGE_UPLOAD) {
        f->tar = server_shared(UPLOAD);
        f->tar_size = UPLOAD;
    }
    if (!server_sanitized() && setrlimit(RLIMIT_AS, &space) < 0) {
        perror("setrlimit");
        _exit(1);
    }
}

static void run_row(struct test *t, const struct row *row)
{
    struct result *result = t->result;
    struct faults f;
    int64_t begun;
    long before;

    prepare(t, row, &f);
    if (!(row->flags & ROW_OPEN) && faults_open(&f) < 0) {
        fprintf(stderr, "open: %s\n", f.err.message);
        _exit(1);
    }
    result->fd_before = server_lowest_fd();
    f.call.timeout_ms = row->limit_ms > 0 ? row->limit_ms : GUARD_MS;
    before = peak_kib();
    begun = gantry_clock_ns();
    result->rc = faults_run(&f, &faults_calls[find_call(row->call)]);
    result->took_ms = (gantry_clock_ns() - begun) / 1000000;
    result->growth_kib = peak_kib() - before;
    result->fd_after = server_lowest_fd();
    result->err = f.err;
    t->plan->off = 1;
    if (f.engine != NULL)
        result->next_rc = faults_run(&f, &faults_calls[1]);
    faults_close(&f);
    result->finished = 1;
}

/* ---- judging --------------------------------------------------------------------------------- */

static void bad(struct test *t, const struct row *row, const char *what)
{
    const struct result *r = t->result;

    t->failures++;
    printf("%s: %s\n    got %s: %s%s%s\n    outcome %d, retry %d, HTTP %d, %ld ms, %ld KiB, "
           "%u requests\n",
           row->name, what, r->rc == 0 ? "success" : gantry_error_name(r->rc), r->err.message,
           r->err.output[0] != '\0' ? "\n    " : "", r->err.output, r->err.outcome, r->err.retry,
           r->err.http_status, (long)r->took_ms, r->growth_kib, t->plan->requests);
}

static int is_expected(const struct row *row, int rc)
{
    for (const int *code = row->codes; *code != 1; code++) {
        if (*code == rc)
            return 1;
    }
    return 0;
}

static int is_clean(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return 0;
    }
    return 1;
}

static int changes(const char *call)
{
    return strstr(call, "create") != NULL || strstr(call, "exec") != NULL ||
           strstr(call, "import") != NULL || strstr(call, "load") != NULL ||
           strstr(call, "pull") != NULL || strstr(call, "push") != NULL ||
           strstr(call, "commit") != NULL || strstr(call, "prune") != NULL ||
           strstr(call, "manifest-a") != NULL;
}

static void judge_error(struct test *t, const struct row *row)
{
    const gantry_error *err = &t->result->err;

    if (err->code != t->result->rc || err->message[0] == '\0' || err->operation[0] == '\0')
        bad(t, row, "the error is not filled");
    if (!is_clean(err->message))
        bad(t, row, "control characters in the message");
    if (row->says != NULL && strstr(err->message, row->says) == NULL)
        bad(t, row, "the message does not say what it should");
    if (row->flags & ROW_ANY_FATE)
        return;
    if (err->outcome != row->outcome)
        bad(t, row, "wrong outcome");
    if (row->retry >= 0 ? err->retry != row->retry
                        : err->retry == GANTRY_RETRY_YES && changes(row->call))
        bad(t, row, "wrong retry");
}

static void judge(struct test *t, const struct row *row, int status)
{
    const struct result *r = t->result;
    int64_t bound = row->bound_ms > 0 ? row->bound_ms : BOUND_MS;

    if (WIFSIGNALED(status) || !r->finished) {
        printf("%s: died (status %x)\n", row->name, (unsigned)status);
        t->failures++;
        return;
    }
    if (WEXITSTATUS(status) != 0)
        bad(t, row, "its process failed (a leak?)");
    if (!is_expected(row, r->rc))
        bad(t, row, "unexpected code");
    else if (r->rc < 0)
        judge_error(t, row);
    if (r->took_ms > (server_sanitized() ? bound * 4 + 250 : bound + 50))
        bad(t, row, "too late");
    if (!server_sanitized() && r->growth_kib > GROWTH_KIB)
        bad(t, row, "too much memory");
    if (row->flags & ROW_ONCE && t->plan->requests != 1)
        bad(t, row, "more than one request");
    if (t->plan->requests == 0)
        bad(t, row, "the answer was never asked for");
    if (r->next_rc != 0)
        bad(t, row, "the next call fails");
    if (r->fd_after > r->fd_before + 1) /* one more may wait in the pool */
        bad(t, row, "descriptors were leaked");
}

static void test_row(struct test *t, uint32_t index)
{
    const struct row *row = row_at(index);
    int status = 0;
    pid_t pid;

    memset(t->result, 0, sizeof *t->result);
    t->plan->row = index;
    t->plan->off = 0;
    t->plan->requests = 0;
    replay_plan(&t->replay, find_call(row->call));
    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        run_row(t, row);
        exit(0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        perror("fork");
        exit(1);
    }
    t->runs++;
    judge(t, row, status);
}

int main(int argc, char **argv)
{
    static struct test t;
    int on;

    if (argc < 3) {
        fprintf(stderr, "usage: %s RECORDINGS ENGINE [ROW]\n", argv[0]);
        return 2;
    }
    on = argv[2][0] == 'd' ? ON_DOCKER : ON_PODMAN;
    t.plan = server_shared(sizeof *t.plan);
    t.result = server_shared(sizeof *t.result);
    t.replay.override = answer_row;
    t.replay.override_arg = t.plan;
    replay_start(&t.replay, argv[1], argv[2]);
    for (uint32_t i = 0; i < hostile_row_count + hostile_image_row_count; i++) {
        if (row_at(i)->on & on && (argc < 4 || strstr(row_at(i)->name, argv[3]) != NULL))
            test_row(&t, i);
    }
    replay_stop(&t.replay);
    printf("%zu rows, %zu failures\n", t.runs, t.failures);
    return t.failures > 0;
}
