/*
 * Pull an image from its registry, or push one, with a line for each layer: bars that move on a
 * terminal, plain lines elsewhere.
 *
 *     transfer pull REFERENCE
 *     transfer push REFERENCE [DESTINATION]
 *
 * Credentials are those of the engine's own command line; see gantry_engine_options::credentials.
 * With GANTRY_EXAMPLE_INSECURE set, Podman takes registries that speak plain HTTP.
 */
#include <gantry/gantry.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MOST = 64,   /* layers with a line of their own */
    WIDTH = 30,  /* of a bar */
    COLUMNS = 79 /* a longer text would take two lines of the terminal */
};

struct screen {
    int terminal;
    size_t rows;  /* lines printed so far */
    size_t count; /* layers */
    size_t row[MOST];
    char ids[MOST][16];
};

static const char *state_text(int state)
{
    static const char *const texts[] = { "",           "waiting", "moving", "verifying",
                                         "extracting", "done",    "exists", "trying again" };

    return state >= 0 && state < (int)(sizeof texts / sizeof texts[0]) ? texts[state] : "";
}

/* How many lines above the cursor the layer's is; a new one is added below. 0: it has none. */
static size_t line_of(struct screen *screen, const char *id)
{
    size_t i = 0;

    while (i < screen->count && strncmp(screen->ids[i], id, sizeof screen->ids[i] - 1) != 0)
        i++;
    if (i == MOST)
        return 0;
    if (i == screen->count) {
        snprintf(screen->ids[i], sizeof screen->ids[i], "%s", id);
        screen->row[i] = screen->rows++;
        screen->count++;
        printf("\n");
    }
    return screen->rows - screen->row[i];
}

static void draw(struct screen *screen, const gantry_progress_record *record)
{
    size_t up = line_of(screen, record->id);
    char bar[WIDTH + 1] = "";
    int full = 0;

    if (up == 0)
        return;
    if (record->total > 0) {
        full = (int)((double)record->current / (double)record->total * WIDTH);
        memset(bar, ' ', WIDTH);
        memset(bar, '=', (size_t)(full < 0 ? 0 : full > WIDTH ? WIDTH : full));
    }
    printf("\033[%zuA\r\033[K%-12s  %-12s %s%s%s\033[%zuB\r", up, record->id,
           state_text(record->state), full > 0 ? "[" : "", full > 0 ? bar : "", full > 0 ? "]" : "",
           up);
}

static int show(void *arg, const gantry_progress_record *record)
{
    struct screen *screen = arg;

    if (record->kind == GANTRY_PROGRESS_WARNING) {
        fprintf(stderr, "warning: %s\n", record->text);
        screen->count = 0; /* how many lines that took is not known: begin below it */
    } else if (record->kind == GANTRY_PROGRESS_STATUS && record->id != NULL) {
        if (screen->terminal)
            draw(screen, record);
        else if (record->state != GANTRY_TRANSFER_RUNNING &&
                 record->state != GANTRY_TRANSFER_EXTRACTING)
            printf("%s: %s\n", record->id, state_text(record->state));
    } else if (record->kind == GANTRY_PROGRESS_STATUS && record->text_size > 0) {
        printf("%.*s\n", screen->terminal ? COLUMNS : (int)record->text_size, record->text);
        screen->rows++;
    }
    fflush(stdout);
    return 0;
}

static int pull(gantry_images *images, const char *reference, int tls, struct screen *screen,
                gantry_error *err)
{
    gantry_pull_options opts = { .size = sizeof opts,
                                 .tls_verify = tls,
                                 .retries = 2,
                                 .progress = show,
                                 .progress_arg = screen };
    gantry_pull_result *result = NULL;
    int rc = gantry_images_pull(images, reference, &opts, &result, err);

    if (rc < 0)
        return rc;
    printf("%s is %.12s%s\n", reference, result->image_id,
           result->changed ? " now" : ", as before");
    gantry_pull_result_free(result);
    return 0;
}

static int push(gantry_images *images, const char *reference, const char *destination, int tls,
                struct screen *screen, gantry_error *err)
{
    gantry_push_options opts = { .size = sizeof opts,
                                 .destination = destination,
                                 .tls_verify = tls,
                                 .retries = 2,
                                 .progress = show,
                                 .progress_arg = screen };
    gantry_push_result *result = NULL;
    int rc = gantry_images_push(images, reference, &opts, &result, err);

    if (rc < 0)
        return rc;
    printf("%s is pushed %s\n", destination != NULL ? destination : reference, result->digest);
    gantry_push_result_free(result);
    return 0;
}

int main(int argc, char **argv)
{
    struct screen screen = { .terminal = isatty(STDOUT_FILENO) };
    gantry_error err = { 0 };
    gantry_engine *engine = NULL;
    int pulls = argc == 3 && strcmp(argv[1], "pull") == 0;
    int pushes = (argc == 3 || argc == 4) && strcmp(argv[1], "push") == 0;
    int tls = GANTRY_DEFAULT;
    int rc;

    if (!pulls && !pushes) {
        fprintf(stderr, "usage: transfer pull REFERENCE | push REFERENCE [DESTINATION]\n");
        return 2;
    }
    rc = gantry_engine_open(GANTRY_RUNTIME_AUTO, NULL, &engine, &err);
    if (rc == 0 && getenv("GANTRY_EXAMPLE_INSECURE") != NULL &&
        strcmp(gantry_engine_backend(engine), "podman") == 0)
        tls = GANTRY_OFF; /* Docker's daemon decides by itself */
    if (rc == 0 && pulls)
        rc = pull(gantry_engine_images(engine), argv[2], tls, &screen, &err);
    else if (rc == 0)
        rc = push(gantry_engine_images(engine), argv[2], argv[3], tls, &screen, &err);
    if (rc < 0)
        fprintf(stderr, "transfer: %s\n", err.message);
    gantry_engine_close(engine);
    return rc < 0;
}
