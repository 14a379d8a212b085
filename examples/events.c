/*
 * Watch what happens on an engine, until Ctrl-C; an engine that restarts is waited for.
 *
 *     events [--since SECONDS] [--no-follow] [--container NAME] [--image NAME] [--label KEY=VALUE]
 *
 * --since tells also what was in the last so many seconds. Each line is: time, type, action, name.
 */
#include <gantry/gantry.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    MOST = 16 /* names of each kind */
};

static gantry_cancel *stop;

static void on_interrupt(int number)
{
    (void)number;
    gantry_cancel_trigger(stop); /* async-signal-safe; the reader returns at once */
}

static void print_time(int64_t ns)
{
    time_t seconds = (time_t)(ns / 1000000000);
    struct tm local;
    char text[32] = "";

    localtime_r(&seconds, &local);
    strftime(text, sizeof text, "%H:%M:%S", &local);
    printf("%s.%03d  ", text, (int)(ns / 1000000 % 1000));
}

static void print_event(const gantry_event *e)
{
    print_time(e->time_ns);
    if (e->type == GANTRY_EVENT_RESUMED) {
        printf("-- connected again; nothing is missing\n");
    } else if (e->type == GANTRY_EVENT_GAP) {
        printf("-- connected again; something may be missing since ");
        print_time(e->gap_from_ns);
        printf("\n");
    } else {
        /* What the library has no word for is told in the engine's. */
        printf("%-9s  %-11s  %s",
               e->type != GANTRY_EVENT_OTHER ? gantry_event_type_name(e->type) : e->type_text,
               e->action != GANTRY_ACTION_OTHER ? gantry_event_action_name(e->action)
                                                : e->action_text,
               e->name[0] != '\0' ? e->name : e->id);
        if (e->exit_code >= 0)
            printf("  exit code %lld", (long long)e->exit_code);
        if (e->health[0] != '\0')
            printf("  %s", e->health);
        if (e->container[0] != '\0')
            printf("  container %.12s", e->container);
        printf("\n");
    }
    fflush(stdout);
}

static int watch(gantry_engine *engine, const gantry_events_options *opts, gantry_error *err)
{
    gantry_event_reader *reader = NULL;
    const gantry_event *event = NULL;
    int rc = gantry_system_events_open(gantry_engine_system(engine), opts, &reader, err);

    while (rc == 0) {
        rc = gantry_event_reader_next(reader, &event, err);
        if (rc != 0 || event == NULL)
            break;
        print_event(event);
    }
    gantry_event_reader_close(reader);
    return rc == GANTRY_E_CANCELLED ? 0 : rc;
}

static int add(const char **list, const char *name)
{
    size_t count = 0;

    while (list[count] != NULL)
        count++;
    if (name == NULL || count == MOST)
        return -1;
    list[count] = name;
    return 0;
}

int main(int argc, char **argv)
{
    const char *containers[MOST + 1] = { NULL };
    const char *images[MOST + 1] = { NULL };
    const char *labels[MOST + 1] = { NULL };
    gantry_call call = { .size = sizeof call };
    gantry_events_options opts = { .size = sizeof opts,
                                   .call = &call,
                                   .containers = containers,
                                   .images = images,
                                   .labels = labels };
    gantry_engine *engine = NULL;
    gantry_error err = { 0 };
    int bad = 0;
    int rc;

    for (int i = 1; i < argc && !bad; i++) {
        if (strcmp(argv[i], "--no-follow") == 0)
            opts.follow = GANTRY_OFF;
        else if (strcmp(argv[i], "--since") == 0 && i + 1 < argc)
            opts.since_ns = ((int64_t)time(NULL) - atoll(argv[++i])) * 1000000000;
        else if (strcmp(argv[i], "--container") == 0)
            bad = add(containers, argv[++i]) != 0;
        else if (strcmp(argv[i], "--image") == 0)
            bad = add(images, argv[++i]) != 0;
        else if (strcmp(argv[i], "--label") == 0)
            bad = add(labels, argv[++i]) != 0;
        else
            bad = 1;
    }
    if (bad) {
        fprintf(stderr, "usage: events [--since SECONDS] [--no-follow] [--container NAME] "
                        "[--image NAME] [--label KEY=VALUE]\n");
        return 2;
    }
    rc = gantry_cancel_new(&stop, &err);
    call.cancel = stop;
    if (rc == 0) {
        signal(SIGINT, on_interrupt);
        rc = gantry_engine_open(GANTRY_RUNTIME_AUTO, NULL, &engine, &err);
    }
    if (rc == 0)
        rc = watch(engine, &opts, &err);
    if (rc < 0)
        fprintf(stderr, "events: %s\n", err.message);
    gantry_engine_close(engine);
    gantry_cancel_free(stop);
    return rc < 0;
}
