/*
 * A tunnel's state: who starts the master, who waits for that, when it may be started again. The
 * lock is never held while something is waited for.
 */
#include "tunnel_impl.h"

#include "tunnel_words.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define NS_PER_MS INT64_C(1000000)
#define GAP_LEAST_NS (200 * NS_PER_MS)
#define GAP_MOST_NS (5000 * NS_PER_MS)
#define STEADY_NS (30000 * NS_PER_MS)

enum {
    TURN_MS = 20, /* how often is looked whether another thread's start is over */
    LOGINS = 6,   /* where the host closes before ssh could log in */
    LOGIN_PAUSE_MS = 100,
    CONNECTS = 3 /* masters that die between being looked at and used */
};

/* The call's limits, and the host's for connecting, whichever comes first. */
static void start_clock(struct gnt_clock *clock, const struct gantry_host *host,
                        const gantry_call *call)
{
    struct gnt_clock own;

    gnt_clock_start(clock, call, 0);
    gnt_clock_start(&own, NULL, host->connect_timeout_ms);
    clock->idle_ns = 0;
    if (clock->deadline_ns == 0 || (own.deadline_ns != 0 && own.deadline_ns < clock->deadline_ns)) {
        clock->deadline_ns = own.deadline_ns;
        clock->total_ms = own.total_ms;
    }
}

/* ---- starting -------------------------------------------------------------------------------- */

/* Not the same for all that were turned away at once. */
static int spread(int ms)
{
    uint64_t mix = (uint64_t)gantry_clock_ns() * 0x9E3779B97F4A7C15U ^ (uint64_t)getpid() << 32;

    return ms / 2 + (int)(mix >> 33) % ms;
}

static int log_in(struct gnt_tunnel *t, struct gnt_clock *clock, gantry_error *err)
{
    int pause_ms = LOGIN_PAUSE_MS;
    const char *plain;
    int rc;

    for (int i = 1;; i++) {
        gantry_error reason = { 0 };

        rc = gnt_tunnel_master_start(t, clock, &reason);
        if (rc == 0)
            return 0;
        gnt_supervised_stop(&t->master);
        if (rc == GANTRY_E_SSH && i < LOGINS &&
            gnt_tunnel_meaning(reason.output, &plain) == GNT_SSH_BUSY) {
            gantry_error over = { 0 };
            int late = gnt_clock_pause(clock, spread(pause_ms), &over);

            pause_ms *= 2;
            if (late == 0)
                continue;
            gnt_error_prefix(&over, "ssh to %s", t->plan.name);
            gnt_error_suffix(&over, "before that: %.300s", plain);
            reason = over;
            rc = late;
        }
        if (err != NULL)
            *err = reason;
        return rc;
    }
}

/* One that has died, of which its shell and what it started may be left. */
static void bury(struct gnt_tunnel *t)
{
    if (t->master.pid > 0)
        gnt_log(t->host, GANTRY_LOG_INFO, "ssh", "%s: ssh ended", t->plan.name);
    gnt_supervised_stop(&t->master);
}

/* *out_begun: an ssh was started, however it went. */
static int start(struct gnt_tunnel *t, struct gnt_clock *clock, int64_t not_before, int *out_begun,
                 gantry_error *err)
{
    int64_t wait_ms;
    int rc;

    bury(t);
    wait_ms = (not_before - gantry_clock_ns() + NS_PER_MS - 1) / NS_PER_MS;
    rc = wait_ms > 0 ? gnt_clock_pause(clock, (int)wait_ms, err) : 0;
    *out_begun = rc == 0;
    if (rc == 0)
        rc = log_in(t, clock, err);
    if (rc == 0)
        rc = gnt_tunnel_settle(t, clock, err);
    if (rc < 0) {
        gnt_supervised_stop(&t->master);
        return rc;
    }
    gnt_log(t->host, GANTRY_LOG_INFO, "ssh", "%s: %s, process %ld", t->plan.name,
            t->method == GANTRY_SSH_STDIO ? "dial-stdio" : "forwarding", (long)t->master.pid);
    return 0;
}

/* The next start is to come later, unless this one lasted. */
static void note_start(struct gnt_tunnel *t)
{
    int64_t now = gantry_clock_ns();

    if (t->starts == 0 || now - t->started_ns > STEADY_NS)
        t->gap_ns = GAP_LEAST_NS;
    else
        t->gap_ns = t->gap_ns * 2 < GAP_MOST_NS ? t->gap_ns * 2 : GAP_MOST_NS;
    t->started_ns = now;
    t->next_ns = now + t->gap_ns;
    t->starts++;
}

/* This thread's turn; the lock is held before and after. */
static int take_turn(struct gnt_tunnel *t, struct gnt_clock *clock, gantry_error *err)
{
    gantry_error reason = { 0 };
    int64_t not_before = t->starts > 0 ? t->next_ns : 0;
    int begun = 0;
    int rc;

    t->state = GNT_TUNNEL_STARTING;
    pthread_mutex_unlock(&t->lock);
    rc = start(t, clock, not_before, &begun, &reason);
    pthread_mutex_lock(&t->lock);
    if (begun) /* one that only waited for its turn puts nobody off */
        note_start(t);
    t->state = rc == 0 ? GNT_TUNNEL_UP : GNT_TUNNEL_DOWN;
    t->failed = rc;
    t->failure = reason;
    pthread_cond_broadcast(&t->changed);
    if (rc < 0 && err != NULL)
        *err = reason;
    return rc;
}

/* Another thread starts it: its failure is ours too, but not its caller's limits. */
static int await_turn(struct gnt_tunnel *t, struct gnt_clock *clock, gantry_error *err)
{
    unsigned before = t->starts;
    int rc = 0;

    while (rc == 0 && t->state == GNT_TUNNEL_STARTING) {
        pthread_mutex_unlock(&t->lock);
        rc = gnt_clock_pause(clock, TURN_MS, err);
        pthread_mutex_lock(&t->lock);
    }
    if (rc == 0 && t->starts != before && t->failed < 0 && t->failed != GANTRY_E_CANCELLED &&
        t->failed != GANTRY_E_TIMEOUT) {
        rc = t->failed;
        if (err != NULL)
            *err = t->failure;
    }
    return rc;
}

/* A master that lives, whose directory is copied; the lock is not held. */
static int ensure_up(struct gnt_tunnel *t, struct gnt_clock *clock,
                     char directory[GNT_SUPERVISED_DIRECTORY], gantry_error *err)
{
    int rc = 0;

    pthread_mutex_lock(&t->lock);
    gnt_tunnel_sessions_reap(t, 0);
    while (rc == 0) {
        if (t->state == GNT_TUNNEL_UP && gnt_tunnel_master_is_alive(t))
            break;
        if (t->state == GNT_TUNNEL_UP)
            t->state = GNT_TUNNEL_DOWN; /* whoever starts it next buries this one */
        rc = t->state == GNT_TUNNEL_STARTING ? await_turn(t, clock, err) : take_turn(t, clock, err);
    }
    directory[0] = '\0';
    if (t->state != GNT_TUNNEL_STARTING) /* else it is being written, without the lock */
        memcpy(directory, t->master.directory, GNT_SUPERVISED_DIRECTORY);
    if (rc == 0)
        gnt_supervised_trim(&t->master);
    pthread_mutex_unlock(&t->lock);
    return rc;
}

/* ---- dialing --------------------------------------------------------------------------------- */

static int connect_to(struct gnt_tunnel *t, const char *directory, const struct gnt_clock *clock,
                      int *out_fd, gantry_error *err)
{
    int saved;

    if (t->method == GANTRY_SSH_STDIO)
        return gnt_tunnel_session_open(t, directory, t->path, clock, out_fd, err);
    *out_fd = gnt_tunnel_connect(directory, GNT_TUNNEL_SOCKET, clock);
    if (*out_fd >= 0)
        return 0;
    saved = errno;
    if (gnt_clock_check(clock, err) < 0)
        return gnt_clock_check(clock, NULL);
    return gnt_fail_errno(err, GANTRY_E_SSH, saved, "ssh to %s: its socket", t->plan.name);
}

int gnt_tunnel_dial(void *tunnel, const char *address, const gantry_call *call, int *out_fd,
                    gantry_error *err)
{
    struct gnt_tunnel *t = tunnel;
    char directory[GNT_SUPERVISED_DIRECTORY];
    struct gnt_clock clock;
    int fd = -1;
    int rc = 0;

    (void)address;
    start_clock(&clock, t->host, call);
    for (int i = 0; i < CONNECTS; i++) {
        int alive;

        rc = ensure_up(t, &clock, directory, err);
        if (rc == 0)
            rc = connect_to(t, directory, &clock, &fd, err);
        if (rc != GANTRY_E_SSH)
            break;
        pthread_mutex_lock(&t->lock);
        alive = t->state == GNT_TUNNEL_UP && gnt_tunnel_master_is_alive(t) &&
                strcmp(directory, t->master.directory) == 0;
        pthread_mutex_unlock(&t->lock);
        /* A start that failed, or a master that refuses: both have said why. */
        if (alive || directory[0] == '\0')
            break;
    }
    if (rc == 0)
        *out_fd = fd;
    return rc;
}

/* ---- opening and closing --------------------------------------------------------------------- */

static int keep_environment(struct gnt_tunnel *t, const struct gnt_environment *env)
{
    t->env.runtime_dir = gnt_arena_strdup(&t->arena, env->runtime_dir ? env->runtime_dir : "");
    t->env.tmpdir = gnt_arena_strdup(&t->arena, env->tmpdir != NULL ? env->tmpdir : "");
    t->environment = gnt_tunnel_environment(&t->arena, &t->plan, env->all);
    return t->env.runtime_dir == NULL || t->env.tmpdir == NULL || t->environment == NULL ? -1 : 0;
}

int gnt_tunnel_open(struct gantry_host *host, const struct gnt_environment *env,
                    const struct gnt_tunnel_setup *setup, const gantry_call *call,
                    struct gnt_tunnel **out, gantry_error *err)
{
    struct gnt_tunnel *t = gnt_alloc(&host->mem, sizeof *t);
    char directory[GNT_SUPERVISED_DIRECTORY];
    struct gnt_clock clock;
    int rc;

    if (t == NULL)
        return gnt_nomem(err);
    t->host = host;
    gnt_supervised_init(&t->master);
    t->master.whole = 1; /* jump hosts, questions */
    gnt_arena_init(&t->arena, &host->mem);
    t->arena.wipe = 1;
    if (pthread_mutex_init(&t->lock, NULL) != 0 || pthread_cond_init(&t->changed, NULL) != 0) {
        gnt_free(&host->mem, t);
        return gnt_nomem(err);
    }
    start_clock(&clock, host, call);
    rc = gnt_tunnel_plan(&t->arena, host, env, setup, &t->plan, err);
    if (rc == 0 && keep_environment(t, env) < 0)
        rc = gnt_nomem(err);
    if (rc == 0)
        rc = ensure_up(t, &clock, directory, err);
    if (rc < 0) {
        gnt_tunnel_close(t);
        return rc;
    }
    *out = t;
    return 0;
}

long gnt_tunnel_process(struct gnt_tunnel *tunnel)
{
    long pid;

    pthread_mutex_lock(&tunnel->lock);
    pid = tunnel->state == GNT_TUNNEL_UP ? (long)tunnel->master.pid : 0;
    pthread_mutex_unlock(&tunnel->lock);
    return pid;
}

void gnt_tunnel_close(struct gnt_tunnel *tunnel)
{
    struct gnt_mem mem;

    if (tunnel == NULL)
        return;
    mem = tunnel->host->mem;
    if (tunnel->host->pid == getpid()) {
        gnt_supervised_stop(&tunnel->master);
        gnt_tunnel_sessions_reap(tunnel, 1);
        pthread_mutex_destroy(&tunnel->lock);
        pthread_cond_destroy(&tunnel->changed);
    } else {
        gnt_supervised_forget(&tunnel->master);
    }
    gnt_free(&mem, tunnel->sessions);
    gnt_arena_free(&tunnel->arena);
    gnt_free(&mem, tunnel);
}
