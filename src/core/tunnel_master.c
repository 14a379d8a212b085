/*
 * The master: a supervised ssh whose control socket appears when it has logged in, and refuses when
 * it has ended. Until it listens, the end of its standard output, on which it never writes, tells
 * that it failed; then it lets go of that.
 */
#include "tunnel_impl.h"

#include "helper_run.h"
#include "process.h"
#include "tunnel_words.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    LOOK_MS = 5, /* how often is looked for the control socket */
    LOOK_MOST_MS = 25,
    SAID_MAX = 2048
};

static int is_listening(const struct gnt_tunnel *t)
{
    char path[GNT_SUPERVISED_DIRECTORY + 8];

    snprintf(path, sizeof path, "%s/ctl", t->master.directory);
    return access(path, F_OK) == 0; /* made by link(): it listens by then */
}

int gnt_tunnel_master_is_alive(const struct gnt_tunnel *t)
{
    int fd = gnt_tunnel_connect(t->master.directory, "ctl", NULL);

    /* Not for want of descriptors here, nor because its queue is full. */
    if (fd < 0)
        return errno != ECONNREFUSED && errno != ENOENT && errno != ENOTDIR;
    close(fd);
    return 1;
}

/* The limit passed: what was said until then may tell why. */
static void add_words(const struct gnt_tunnel *t, gantry_error *err)
{
    char said[SAID_MAX];

    gnt_supervised_words(&t->master, 0, said, sizeof said);
    gnt_error_prefix(err, "ssh to %s", t->plan.name);
    if (said[0] != '\0')
        gnt_error_suffix(err, "it said: %.300s", said);
}

static int wait_for_login(const struct gnt_tunnel *t, int output, const struct gnt_clock *clock,
                          gantry_error *err)
{
    char said[SAID_MAX];
    int step = LOOK_MS;

    while (!is_listening(t)) {
        struct pollfd fds[2] = { { output, POLLIN, 0 },
                                 { gantry_cancel_fd(clock->cancel), POLLIN, 0 } };
        int rc = gnt_clock_check(clock, err);

        if (rc < 0) {
            add_words(t, err);
            return rc;
        }
        if (poll(fds, 2, gnt_clock_wait_ms(clock, step)) > 0 && fds[0].revents != 0) {
            if (is_listening(t))
                return 0;
            gnt_supervised_words(&t->master, 0, said, sizeof said);
            return gnt_tunnel_failed(err, t->plan.name, said);
        }
        step = step * 2 < LOOK_MOST_MS ? step * 2 : LOOK_MOST_MS;
    }
    return 0;
}

static int spawn(struct gnt_tunnel *t, int output, gantry_error *err)
{
    struct gnt_tunnel_command command;
    struct gnt_arena arena;
    int rc;

    gnt_arena_init(&arena, &t->host->mem);
    gnt_tunnel_master(&command, &arena, &t->plan, t->master.directory);
    if (command.failed)
        rc = gnt_nomem(err);
    else
        rc = gnt_supervised_start(&t->master, "gantry-ssh", command.argv, t->environment, output,
                                  -1, err);
    gnt_arena_free(&arena);
    return rc;
}

int gnt_tunnel_master_start(struct gnt_tunnel *t, const struct gnt_clock *clock, gantry_error *err)
{
    int ends[2];
    int rc = gnt_supervised_directory(&t->master, &t->env, "ssh's sockets", err);

    if (rc < 0)
        return rc;
    if (gnt_pipe(ends, GNT_SUPERVISED_FDS) < 0)
        rc = gnt_fail_errno(err, GANTRY_E_IO, errno, "no pipe for ssh");
    if (rc == 0)
        rc = spawn(t, ends[1], err);
    if (ends[1] >= 0)
        close(ends[1]);
    if (rc == 0)
        rc = wait_for_login(t, ends[0], clock, err);
    if (ends[0] >= 0)
        close(ends[0]);
    return rc;
}

int gnt_tunnel_run(struct gnt_tunnel *t, const struct gnt_tunnel_command *command,
                   const struct gnt_clock *clock, struct gnt_buf *output, char *complaint,
                   gantry_error *err)
{
    gantry_call call = { .size = sizeof call,
                         .cancel = (gantry_cancel *)clock->cancel,
                         .timeout_ms = GANTRY_NO_TIMEOUT,
                         .deadline_ns = clock->deadline_ns };
    struct gnt_helper_run run = { .mem = &t->host->mem,
                                  .program = t->plan.program,
                                  .name = "ssh",
                                  .argv = command->argv,
                                  .environment = t->environment,
                                  .call = &call,
                                  .timeout_ms = t->host->connect_timeout_ms };
    int rc;

    if (command->failed)
        return gnt_nomem(err);
    gnt_buf_init(&run.output, &t->host->mem, 64 * 1024);
    rc = gnt_helper_run(&run, err);
    snprintf(complaint, sizeof run.complaint, "%s", run.complaint);
    if (rc == 0 && output != NULL && gnt_buf_adds(output, gnt_buf_text(&run.output)) < 0)
        rc = gnt_nomem(err);
    gnt_buf_free(&run.output);
    if (rc < 0)
        return rc;
    return run.status == 0 || run.status == -1;
}
