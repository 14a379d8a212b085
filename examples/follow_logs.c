/*
 * Follow the logs of several containers in one thread, until all of them have ended or Ctrl-C.
 *
 *     follow_logs CONTAINER...
 */
#include <gantry/gantry.h>

#include <poll.h>
#include <signal.h>
#include <stdio.h>

enum {
    MOST = 64
};

static gantry_cancel *stop;

static void on_interrupt(int number)
{
    (void)number;
    gantry_cancel_trigger(stop); /* async-signal-safe; every stream returns at once */
}

/* Prints what is there now. 1: more may come, 0: the end, negative: a failure. */
static int drain(gantry_stream *log, const char *name, gantry_error *err)
{
    char buffer[4096];
    size_t size = 0;
    int channel = 0;
    int rc;

    while ((rc = gantry_stream_read(log, buffer, sizeof buffer, &size, &channel, err)) == 0) {
        if (size == 0)
            return 0;
        fprintf(channel == GANTRY_STDERR ? stderr : stdout, "%s: %.*s", name, (int)size, buffer);
    }
    return rc == GANTRY_E_AGAIN ? 1 : rc;
}

/* Waits until one of the streams has something, a limit is near, or the token was triggered. */
static void wait_for_any(gantry_stream *const *logs, int count)
{
    struct pollfd set[MOST + 1];
    int timeout = -1;
    int n = 0;

    for (int i = 0; i < count; i++) {
        int events = 0;
        int limit;

        if (logs[i] == NULL)
            continue;
        limit = gantry_stream_timeout_ms(logs[i]);
        if (limit >= 0 && (timeout < 0 || limit < timeout))
            timeout = limit;
        set[n].fd = gantry_stream_fd(logs[i], &events);
        set[n++].events = (short)events;
    }
    set[n].fd = gantry_cancel_fd(stop);
    set[n++].events = POLLIN;
    poll(set, (nfds_t)n, timeout);
}

static int follow(gantry_stream **logs, char **names, int count)
{
    gantry_error err = { 0 };
    int open = count;
    int failed = 0;

    while (open > 0) {
        wait_for_any(logs, count);
        for (int i = 0; i < count; i++) {
            int rc = logs[i] != NULL ? drain(logs[i], names[i], &err) : 1;

            if (rc == 1)
                continue;
            if (rc < 0)
                fprintf(stderr, "%s: %s\n", names[i], err.message);
            failed |= rc < 0;
            gantry_stream_close(logs[i]);
            logs[i] = NULL;
            open--;
        }
    }
    return failed;
}

int main(int argc, char **argv)
{
    int count = argc - 1 < MOST ? argc - 1 : MOST;
    gantry_call call = { .size = sizeof call };
    gantry_logs_options opts = { .size = sizeof opts, .call = &call, .follow = GANTRY_ON };
    gantry_stream *logs[MOST] = { NULL };
    gantry_engine *engine = NULL;
    gantry_error err = { 0 };
    int rc = gantry_cancel_new(&stop, &err);

    call.cancel = stop;
    if (rc == 0)
        rc = gantry_engine_open(GANTRY_RUNTIME_AUTO, NULL, &engine, &err);
    for (int i = 0; rc == 0 && i < count; i++) {
        rc = gantry_containers_logs_open(gantry_engine_containers(engine), argv[i + 1], &opts,
                                         &logs[i], &err);
        if (rc == 0)
            gantry_stream_set_nonblocking(logs[i], 1);
    }
    if (rc == 0) {
        signal(SIGINT, on_interrupt);
        rc = follow(logs, argv + 1, count);
        signal(SIGINT, SIG_DFL);
    } else {
        fprintf(stderr, "follow_logs: %s\n", err.message);
    }
    for (int i = 0; i < count; i++)
        gantry_stream_close(logs[i]);
    gantry_engine_close(engine);
    gantry_cancel_free(stop);
    return rc != 0;
}
