/*
 * Follow the logs of all containers that run, or of those with a label, in one loop of one thread:
 * line by line, each with the name of its container, until all have ended or Ctrl-C. A connection
 * that breaks meanwhile, because the engine is restarted for instance, costs no line.
 *
 *     follow_many [LABEL | LABEL=VALUE]
 */
#include <gantry/gantry.h>

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

struct follower {
    gantry_log_reader *reader; /* NULL: it has ended */
    const char *name;
};

static gantry_cancel *stop;

static void on_interrupt(int number)
{
    (void)number;
    gantry_cancel_trigger(stop); /* async-signal-safe; every reader returns at once */
}

/* Prints the lines that are there now. 1: more may come, 0: the end, negative: a failure. */
static int drain(struct follower *f, gantry_error *err)
{
    const gantry_log_line *line = NULL;
    int rc;

    while ((rc = gantry_log_reader_next(f->reader, &line, err)) == 0 && line != NULL) {
        FILE *out = line->channel == GANTRY_STDERR ? stderr : stdout;

        fprintf(out, "%s | %.*s%s\n", f->name, (int)line->text_size, line->text,
                line->partial ? "..." : "");
    }
    return rc == GANTRY_E_AGAIN ? 1 : rc;
}

/* Waits until one of them has something, a limit is near, or the token was triggered. */
static void wait_for_any(const struct follower *followers, size_t count, struct pollfd *set)
{
    int timeout = -1;

    for (size_t i = 0; i < count; i++) {
        int events = 0;
        int limit = -1;

        set[i] = (struct pollfd){ .fd = -1 }; /* poll looks past it */
        if (followers[i].reader == NULL)
            continue;
        set[i].fd = gantry_log_reader_fd(followers[i].reader, &events);
        set[i].events = (short)events;
        limit = set[i].fd < 0 ? 0 : gantry_log_reader_timeout_ms(followers[i].reader);
        if (limit >= 0 && (timeout < 0 || limit < timeout))
            timeout = limit;
    }
    set[count] = (struct pollfd){ .fd = gantry_cancel_fd(stop), .events = POLLIN };
    fflush(stdout);
    poll(set, (nfds_t)count + 1, timeout);
}

static int follow(struct follower *followers, size_t count, struct pollfd *set)
{
    gantry_error err = { 0 };
    size_t left = count;
    int failed = 0;

    while (left > 0) {
        for (size_t i = 0; i < count; i++) {
            int rc = followers[i].reader != NULL ? drain(&followers[i], &err) : 1;

            if (rc == 1)
                continue;
            if (rc < 0 && rc != GANTRY_E_CANCELLED)
                fprintf(stderr, "%s: %s\n", followers[i].name, err.message);
            failed |= rc < 0 && rc != GANTRY_E_CANCELLED;
            gantry_log_reader_close(followers[i].reader);
            followers[i].reader = NULL;
            left--;
        }
        if (left > 0)
            wait_for_any(followers, count, set);
    }
    return failed;
}

/* A reader for each; the names stay those of the list. */
static int open_all(gantry_containers *containers, const gantry_container_list *list,
                    struct follower *followers, gantry_error *err)
{
    gantry_call call = { .size = sizeof call, .cancel = stop };
    gantry_follow_options opts = {
        .size = sizeof opts, .call = &call, .tail = 10, .follow = GANTRY_ON
    };
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < list->count; i++) {
        followers[i].name = list->items[i]->name;
        rc = gantry_containers_follow_open(containers, list->items[i]->id, &opts,
                                           &followers[i].reader, err);
        /* One that was removed meanwhile is none. */
        if (rc == GANTRY_E_NOT_FOUND)
            rc = 0;
        gantry_log_reader_set_nonblocking(followers[i].reader, 1);
    }
    return rc;
}

int main(int argc, char **argv)
{
    const char *const labels[] = { argc > 1 ? argv[1] : NULL, NULL };
    gantry_container_list_options which = { .size = sizeof which, .labels = labels };
    gantry_container_list *list = NULL;
    struct follower *followers = NULL;
    struct pollfd *set = NULL;
    gantry_engine *engine = NULL;
    gantry_error err = { 0 };
    int rc = gantry_cancel_new(&stop, &err);

    if (rc == 0)
        rc = gantry_engine_open(GANTRY_RUNTIME_AUTO, NULL, &engine, &err);
    if (rc == 0)
        rc = gantry_containers_list(gantry_engine_containers(engine), &which, &list, &err);
    if (rc == 0) {
        followers = calloc(list->count + 1, sizeof *followers);
        set = calloc(list->count + 1, sizeof *set);
        rc = followers != NULL && set != NULL ? 0 : GANTRY_E_NOMEM;
    }
    if (rc == 0)
        rc = open_all(gantry_engine_containers(engine), list, followers, &err);
    if (rc == 0) {
        signal(SIGINT, on_interrupt);
        rc = follow(followers, list->count, set);
        signal(SIGINT, SIG_DFL);
    } else {
        fprintf(stderr, "follow_many: %s\n", err.message);
    }
    for (size_t i = 0; followers != NULL && i < list->count; i++)
        gantry_log_reader_close(followers[i].reader);
    free(followers);
    free(set);
    gantry_container_list_free(list);
    gantry_engine_close(engine);
    gantry_cancel_free(stop);
    return rc != 0;
}
