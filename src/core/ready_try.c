/*
 * Trying conditions of readiness that the engine itself answers: running, completed, healthy, and a
 * command that succeeds inside.
 */
#include "ready.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    /* A probe is a process inside the container, and the cause of whatever load it makes: it is not
     * run as often as one may look. */
    PROBE_MS = 500
};

#define NS_PER_MS INT64_C(1000000)

static void not_running(const struct gnt_ready *r, struct gnt_ready_condition *c)
{
    const gantry_container *now = r->now;

    if (now->error_text[0] != '\0')
        gnt_ready_because(c, "the container is %s: %s", now->state_text, now->error_text);
    else
        gnt_ready_because(c, "the container is %s", now->state_text);
}

/* ---- completed ------------------------------------------------------------------------------- */

static void try_completed(const struct gnt_ready *r, struct gnt_ready_condition *c)
{
    const gantry_container *now = r->now;

    c->holds = now->state == GANTRY_CONTAINER_EXITED && now->has_exit_code && now->exit_code == 0;
    if (now->state == GANTRY_CONTAINER_EXITED && now->has_exit_code)
        gnt_ready_because(c, "exit code %" PRId64, now->exit_code);
    else
        not_running(r, c);
    c->impossible = r->ended && !c->holds;
}

/* ---- healthy --------------------------------------------------------------------------------- */

static void keep_probe(struct gnt_ready *r, const gantry_health_probe *const *log)
{
    size_t count = 0;

    while (log[count] != NULL)
        count++;
    if (count > 0)
        (void)snprintf(r->probe, sizeof r->probe, "; the last probe: exit code %" PRId64 ": %.100s",
                       log[count - 1]->exit_code, log[count - 1]->output);
}

static int probe_is_due(const struct gnt_ready *r)
{
    int64_t pause_ms = r->o.interval_ms > PROBE_MS ? r->o.interval_ms : PROBE_MS;

    return r->probed_ns == 0 || gantry_clock_ns() - r->probed_ns >= pause_ms * NS_PER_MS;
}

/* Where the engine has no timers for it, the check is run from here, and what it says counts more
 * than what the engine remembers. */
static int drive_probe(struct gnt_ready *r, struct gnt_ready_condition *c, gantry_error *err)
{
    gantry_health_check_options o = { .size = sizeof o, .call = &r->call };
    gantry_health_result *result = NULL;
    gantry_error failure = { 0 };
    int rc;

    if (!probe_is_due(r))
        return 0;
    rc = r->ops->check_health(r->e->state, r->id, &o, &result, &failure);
    r->probed_ns = gantry_clock_ns();
    if (rc < 0) {
        (void)snprintf(r->probe, sizeof r->probe, "; the last probe: %.100s", failure.message);
        return gnt_ready_failed(r, c, rc, &failure, err);
    }
    r->probed = result->health;
    keep_probe(r, result->log);
    gnt_result_free(result);
    return 0;
}

static int try_healthy(struct gnt_ready *r, struct gnt_ready_condition *c, gantry_error *err)
{
    int health = r->now->health;
    int rc = 0;

    if (gantry_engine_supports(r->e, GANTRY_FEATURE_CONTAINERS_CHECK_HEALTH)) {
        rc = drive_probe(r, c, err);
        health = r->probed;
    } else {
        keep_probe(r, r->now->health_log);
    }
    c->holds = rc == 0 && health == GANTRY_HEALTH_HEALTHY;
    if (rc == 0 && !c->holds)
        gnt_ready_because(c, "the container is %s%s",
                          health == GANTRY_HEALTH_UNHEALTHY ? "unhealthy" : "starting", r->probe);
    return rc;
}

/* ---- command --------------------------------------------------------------------------------- */

/* The last words of a command. */
struct words {
    char text[120];
    size_t size;
};

static int keep_words(void *arg, int channel, const void *data, size_t size)
{
    struct words *w = arg;
    size_t room = sizeof w->text;

    (void)channel;
    if (size >= room) {
        memcpy(w->text, (const char *)data + size - room, room);
        w->size = room;
        return 0;
    }
    if (size > room - w->size) {
        size_t drop = size - (room - w->size);

        memmove(w->text, w->text + drop, w->size - drop);
        w->size -= drop;
    }
    memcpy(w->text + w->size, data, size);
    w->size += size;
    return 0;
}

static int try_command(struct gnt_ready *r, struct gnt_ready_condition *c, gantry_error *err)
{
    struct words words = { .size = 0 };
    gantry_call call;
    gantry_exec_options o = { .size = sizeof o,
                              .call = gnt_ready_try_call(r, &call),
                              .sink = keep_words,
                              .sink_arg = &words };
    gantry_exec_result *result = NULL;
    gantry_error failure = { 0 };
    int rc;

    rc = gantry_containers_exec(&r->e->containers, r->id, c->c.command, &o, &result, &failure);
    if (rc < 0)
        return gnt_ready_failed(r, c, rc, &failure, err);
    c->holds = result->exit_code == 0;
    while (words.size > 0 && words.text[words.size - 1] == '\n')
        words.size--;
    gnt_ready_because(c, "exit code %" PRId64 "%s%.*s", result->exit_code,
                      words.size > 0 ? ": " : "", (int)words.size, words.text);
    gantry_exec_result_free(result);
    return 0;
}

/* ---- all ------------------------------------------------------------------------------------- */

/* Kinds that need a container that lives. */
static int try_living(struct gnt_ready *r, struct gnt_ready_condition *c, gantry_error *err)
{
    if (r->ended) {
        c->holds = 0;
        c->impossible = 1;
        gnt_ready_because(c, "cannot come true any more");
        return 0;
    }
    if (c->c.kind == GANTRY_READY_HEALTHY && r->now->health == GANTRY_HEALTH_NONE)
        return gnt_fail(err, GANTRY_E_INVALID, "the container has no health check to wait for");
    if (r->now->state != GANTRY_CONTAINER_RUNNING) {
        c->holds = 0;
        not_running(r, c);
    }
    if (r->now->state != GANTRY_CONTAINER_RUNNING || c->holds)
        return 0;
    switch (c->c.kind) {
    case GANTRY_READY_HEALTHY:
        return try_healthy(r, c, err);
    case GANTRY_READY_PORT:
        return gnt_ready_port(r, c, err);
    case GANTRY_READY_HTTP:
        return gnt_ready_http(r, c, err);
    case GANTRY_READY_COMMAND:
        return try_command(r, c, err);
    default:
        c->holds = 1; /* RUNNING */
        return 0;
    }
}

int gnt_ready_try(struct gnt_ready *r, struct gnt_ready_condition *c, gantry_error *err)
{
    if (c->c.kind == GANTRY_READY_COMPLETED) {
        try_completed(r, c);
        return 0;
    }
    if (c->c.kind == GANTRY_READY_LOG)
        return c->holds ? 0 : gnt_ready_read(r, c, err);
    return try_living(r, c, err);
}
