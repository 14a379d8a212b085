/*
 * How an engine is reached over a master that has just logged in. Only a byte of an answer proves a
 * way: ssh takes any connection to a forwarded socket, and closes it when the other side refuses.
 */
#include "tunnel_impl.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    COMPLAINT = 512,
    ANSWER_MAX = 64 * 1024
};

/* What is found out on the way. */
struct finding {
    struct gnt_tunnel *t;
    const struct gnt_clock *clock;
    struct gnt_remote remote;
    int asked;
};

static const char *directory(const struct finding *f)
{
    return f->t->master.program.directory;
}

/* ---- what the other side has ----------------------------------------------------------------- */

/* Ask its shell, once. An account may have none: then nothing is known. */
static int ask(struct finding *f, gantry_error *err)
{
    struct gnt_tunnel *t = f->t;
    struct gnt_tunnel_command command;
    struct gnt_buf answer;
    char complaint[COMPLAINT];
    int rc;

    if (f->asked)
        return 0;
    f->asked = 1;
    gnt_buf_init(&answer, &t->host->mem, ANSWER_MAX);
    gnt_tunnel_session(&command, &t->arena, &t->plan, directory(f),
                       gnt_remote_look(&t->arena, t->plan.engine, t->plan.path));
    rc = gnt_tunnel_run(t, &command, f->clock, &answer, complaint, err);
    if (rc >= 0 && gnt_remote_parse(&t->arena, gnt_buf_text(&answer), &f->remote) < 0)
        rc = gnt_nomem(err);
    gnt_buf_free(&answer);
    if (rc == GANTRY_E_LIMIT) /* a login that prints without end */
        rc = 0;
    return rc < 0 ? rc : 0;
}

static const struct gnt_remote_socket *first_in(const struct gnt_remote *remote, int state)
{
    for (size_t i = 0; i < remote->count; i++) {
        if (remote->sockets[i].state == state)
            return &remote->sockets[i];
    }
    return NULL;
}

/* ---- forwarding ------------------------------------------------------------------------------ */

/* 1 when an engine answers at the remote path, 0 when not, or a code. */
static int try_forward(struct finding *f, const char *path, gantry_error *err)
{
    struct gnt_tunnel *t = f->t;
    struct gnt_tunnel_command command;
    char local[GNT_SUPERVISED_DIRECTORY + 16];
    char complaint[COMPLAINT];
    struct gnt_arena arena;
    int fd;
    int rc;

    snprintf(local, sizeof local, "%s/" GNT_TUNNEL_SOCKET, directory(f));
    unlink(local); /* of a path that was tried before */
    gnt_arena_init(&arena, &t->host->mem);
    gnt_tunnel_forward(&command, &arena, &t->plan, directory(f), local, path);
    rc = gnt_tunnel_run(t, &command, f->clock, NULL, complaint, err);
    gnt_arena_free(&arena);
    if (rc <= 0)
        return rc;
    fd = gnt_tunnel_connect(directory(f), f->clock);
    if (fd < 0)
        return 0;
    rc = gnt_tunnel_answers(fd, f->clock, err);
    close(fd);
    if (rc == 1) {
        t->method = GANTRY_SSH_FORWARD;
        t->path = path;
    }
    return rc;
}

/* Each that was found, the likeliest first. */
static int try_all(struct finding *f, gantry_error *err)
{
    int rc = 0;

    if (f->t->plan.path[0] != '\0')
        return try_forward(f, f->t->plan.path, err);
    rc = ask(f, err);
    for (size_t i = 0; rc == 0 && i < f->remote.count; i++) {
        if (f->remote.sockets[i].state == GNT_REMOTE_OPEN)
            rc = try_forward(f, f->remote.sockets[i].path, err);
    }
    return rc;
}

/* ---- dial-stdio ------------------------------------------------------------------------------ */

/* The path that is given, or was found, or the command line's own. */
static const char *stdio_path(const struct finding *f)
{
    const struct gnt_remote_socket *open = first_in(&f->remote, GNT_REMOTE_OPEN);

    if (f->t->plan.path[0] != '\0')
        return f->t->plan.path;
    return open != NULL && f->t->plan.engine == NULL ? open->path : "";
}

static int try_stdio(struct finding *f, gantry_error *err)
{
    struct gnt_tunnel *t = f->t;
    const char *path = stdio_path(f);
    int fd = -1;
    int rc = gnt_tunnel_session_open(t, directory(f), path, f->clock, &fd, err);

    if (rc < 0)
        return rc;
    rc = gnt_tunnel_answers(fd, f->clock, err);
    close(fd);
    if (rc == 1) {
        t->method = GANTRY_SSH_STDIO;
        t->path = path;
    }
    return rc;
}

/* ---- why not --------------------------------------------------------------------------------- */

static int unavailable(gantry_error *err, int retry)
{
    if (err != NULL)
        err->retry = retry;
    return GANTRY_E_UNAVAILABLE;
}

/* What the other side's shell knew of sockets: 0 if that explains nothing. */
static int explain_sockets(const struct finding *f, gantry_error *err)
{
    const char *name = f->t->plan.name;
    const struct gnt_remote_socket *locked = first_in(&f->remote, GNT_REMOTE_LOCKED);
    const struct gnt_remote_socket *missing = first_in(&f->remote, GNT_REMOTE_MISSING);

    if (!f->remote.whole || first_in(&f->remote, GNT_REMOTE_OPEN) != NULL)
        return 0;
    if (missing != NULL)
        gnt_fail(err, GANTRY_E_UNAVAILABLE, "ssh to %s: there is no socket %s", name,
                 missing->path);
    else if (locked != NULL)
        gnt_fail(err, GANTRY_E_UNAVAILABLE, "ssh to %s: the user may not use %s", name,
                 locked->path);
    else
        gnt_fail(err, GANTRY_E_UNAVAILABLE,
                 "ssh to %s: there is no socket of an engine where they usually are%s", name,
                 f->remote.program != NULL ? ", though an engine's program is there: is its "
                                             "service started? Else name the path in the address"
                                           : "");
    return unavailable(err, GANTRY_RETRY_NO);
}

static int explain(const struct finding *f, gantry_error *err)
{
    const struct gnt_tunnel_plan *plan = &f->t->plan;
    int rc = explain_sockets(f, err);

    if (rc < 0)
        return rc;
    if (!f->remote.whole && plan->path[0] == '\0')
        gnt_fail(err, GANTRY_E_UNAVAILABLE,
                 "ssh to %s: its shell gives no answer to where an engine is; name the socket's "
                 "path in the address",
                 plan->name);
    else if (plan->method == GANTRY_SSH_STDIO)
        gnt_fail(err, GANTRY_E_UNAVAILABLE, "ssh to %s: no engine answers over dial-stdio",
                 plan->name);
    else
        gnt_fail(err, GANTRY_E_UNAVAILABLE,
                 "ssh to %s: nobody answers at %s: its sshd does not forward it "
                 "(AllowStreamLocalForwarding), or the engine is down",
                 plan->name, plan->path[0] != '\0' ? plan->path : "the sockets that are there");
    return unavailable(err, GANTRY_RETRY_YES);
}

/* ---- both ------------------------------------------------------------------------------------ */

/* Failures that say more than that this is no way. */
static int is_final(int rc)
{
    return rc < 0 && rc != GANTRY_E_SSH && rc != GANTRY_E_UNAVAILABLE;
}

static int find(struct finding *f, gantry_error *err)
{
    gantry_error reason = { 0 };
    int method = f->t->plan.method;
    int rc = method != GANTRY_SSH_STDIO ? try_all(f, err) : 0;

    if (rc == 0) {
        rc = ask(f, err);
        rc = rc < 0 ? rc : 0;
    }
    if (rc != 0)
        return rc;
    if (method != GANTRY_SSH_FORWARD && explain_sockets(f, NULL) == 0)
        rc = try_stdio(f, &reason);
    if (rc == 1 || is_final(rc)) {
        if (err != NULL && rc < 0)
            *err = reason;
        return rc;
    }
    /* dial-stdio without a word of its own says less than what was seen before. */
    if (rc < 0 && f->remote.whole) {
        if (err != NULL)
            *err = reason;
        return rc;
    }
    return explain(f, err);
}

/* The same again, over another master. What answered once may be gone by now: that is for those to
 * see who ask it. */
static int repeat(struct finding *f, gantry_error *err)
{
    struct gnt_tunnel *t = f->t;
    struct gnt_tunnel_command command;
    char local[GNT_SUPERVISED_DIRECTORY + 16];
    char complaint[COMPLAINT];
    struct gnt_arena arena;
    int rc;

    if (t->method == GANTRY_SSH_STDIO)
        return 0;
    snprintf(local, sizeof local, "%s/" GNT_TUNNEL_SOCKET, directory(f));
    gnt_arena_init(&arena, &t->host->mem);
    gnt_tunnel_forward(&command, &arena, &t->plan, directory(f), local, t->path);
    rc = gnt_tunnel_run(t, &command, f->clock, NULL, complaint, err);
    gnt_arena_free(&arena);
    if (rc == 0)
        rc = gnt_fail(err, GANTRY_E_SSH, "ssh to %s: it does not listen for the engine: %s",
                      t->plan.name, complaint);
    return rc < 0 ? rc : 0;
}

int gnt_tunnel_settle(struct gnt_tunnel *t, const struct gnt_clock *clock, gantry_error *err)
{
    struct finding f = { .t = t, .clock = clock };
    int rc;

    if (t->method != GANTRY_SSH_ANY)
        return repeat(&f, err);
    rc = find(&f, err);
    return rc < 0 ? rc : 0;
}
