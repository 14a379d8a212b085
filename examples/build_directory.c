/*
 * Build a directory and show how it goes: each step with its number, whether it came from the cache
 * and how long it took; on a terminal a line for the layers of a base image. What the directory's
 * .dockerignore names is not sent. Ctrl-C ends the build.
 *
 *     build_directory DIRECTORY [NAME]
 */
#include <gantry/gantry.h>

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static gantry_cancel *stop;

static void on_interrupt(int number)
{
    (void)number;
    gantry_cancel_trigger(stop); /* async-signal-safe */
}

struct screen {
    int terminal;
    int line; /* a line that is drawn over is under way */
};

static void clear_line(struct screen *screen)
{
    if (screen->line)
        printf("\r\033[K");
    screen->line = 0;
}

static void print_text(const gantry_progress_record *record, const char *lead)
{
    size_t size = record->text_size;

    while (size > 0 && (record->text[size - 1] == '\n' || record->text[size - 1] == '\r'))
        size--;
    printf("%s%.*s\n", lead, (int)size, record->text);
}

/* A layer of a base image: a bar where the size is known. */
static void show_layer(struct screen *screen, const gantry_progress_record *record)
{
    static const char bar[] = "##############################";
    int length = record->total > 0 ? (int)(30 * record->current / record->total) : 0;

    if (!screen->terminal || record->id == NULL || record->state == GANTRY_TRANSFER_NONE)
        return;
    clear_line(screen);
    printf("      %s %-12.12s", record->id, record->text);
    if (record->total > 0 && length >= 0 && length <= 30)
        printf(" [%-30.*s] %lld of %lld kB", length, bar, (long long)record->current / 1000,
               (long long)record->total / 1000);
    screen->line = 1;
}

static int show(void *arg, const gantry_progress_record *record)
{
    struct screen *screen = arg;
    char lead[40];

    if (record->kind != GANTRY_PROGRESS_STATUS)
        clear_line(screen);
    switch (record->kind) {
    case GANTRY_PROGRESS_STEP:
        snprintf(lead, sizeof lead, "[%d/%d] ", record->step, record->step_total);
        print_text(record, lead);
        break;
    case GANTRY_PROGRESS_LOG:
        print_text(record, "      ");
        break;
    case GANTRY_PROGRESS_STATUS:
        show_layer(screen, record);
        break;
    case GANTRY_PROGRESS_WARNING:
        print_text(record, "warning: ");
        break;
    case GANTRY_PROGRESS_STEP_END:
        printf("      %s, %lld ms\n", record->cached ? "cached" : "done",
               (long long)record->duration_ms);
        break;
    default:
        break;
    }
    fflush(stdout);
    return 0;
}

static void fail(const gantry_error *err)
{
    fprintf(stderr, "%s: %s\n", err->operation, err->message);
    if (err->step > 0)
        fprintf(stderr, "in step %d: %s\n%s", err->step, err->step_text, err->output);
}

int main(int argc, char **argv)
{
    struct screen screen = { .terminal = isatty(STDOUT_FILENO) };
    gantry_call call = { .size = sizeof call };
    gantry_build_options opts = {
        .size = sizeof opts, .call = &call, .progress = show, .progress_arg = &screen
    };
    gantry_engine *engine = NULL;
    gantry_build_result *result = NULL;
    gantry_error err = { 0 };
    int rc;

    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: build_directory DIRECTORY [NAME]\n");
        return 2;
    }
    opts.context_directory = argv[1];
    rc = gantry_cancel_new(&stop, &err);
    if (rc == 0) {
        call.cancel = stop;
        signal(SIGINT, on_interrupt);
        rc = gantry_engine_open(GANTRY_RUNTIME_AUTO, NULL, &engine, &err);
    }
    if (rc == 0)
        rc = gantry_images_build(gantry_engine_images(engine), argc == 3 ? argv[2] : NULL, &opts,
                                 &result, &err);
    clear_line(&screen);
    if (rc == 0) {
        printf("%s: %zu steps in %lld ms\n", result->image_id, result->step_count,
               (long long)result->duration_ms);
        gantry_build_result_free(result);
    } else {
        fail(&err);
    }
    gantry_engine_close(engine);
    gantry_cancel_free(stop);
    return rc == 0 ? 0 : 1;
}
