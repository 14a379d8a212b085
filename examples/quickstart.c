/*
 * Build an image from a Dockerfile string and a file in memory, run it, read its log, clean up.
 *
 *     quickstart [--engine docker|podman] [--dockerfile FILE]
 *
 * Without --engine the first engine that answers is used; where none does but Podman is installed,
 * the library starts a Podman service for this program alone.
 */
#include <gantry/gantry.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "payload/payload.h"

static const char dockerfile[] = "FROM scratch\n"
                                 "COPY hello /hello\n"
                                 "LABEL org.opencontainers.image.title=quickstart\n"
                                 "ENTRYPOINT [\"/hello\"]\n"
                                 "CMD [\"built\", \"from\", \"a\", \"string\"]\n";

static const char image_name[] = "gantry-quickstart";

static int show_progress(void *arg, const gantry_progress_record *record)
{
    (void)arg;
    if (record->kind == GANTRY_PROGRESS_STEP)
        printf("  [%d/%d] %s\n", record->step, record->step_total, record->text);
    else if (record->kind == GANTRY_PROGRESS_RESULT)
        printf("  image %.12s\n", record->id);
    else if (record->text[0] != '\0')
        printf("        %s%s", record->text,
               record->text[record->text_size - 1] == '\n' ? "" : "\n");
    return 0;
}

static void show_candidates(const gantry_engine *engine)
{
    const gantry_candidate_list *list = gantry_engine_candidates(engine);

    printf("Engines looked for:\n");
    for (size_t i = 0; i < list->count; i++) {
        const gantry_candidate *c = list->items[i];

        printf("  %s %s (%s): %s\n", c->chosen ? "->" : "  ", c->address, c->source, c->detail);
    }
    printf("Using %s at %s\n\n", gantry_engine_backend(engine), gantry_engine_address(engine));
}

static int build(gantry_engine *engine, const char *text, gantry_error *err)
{
    size_t size = (size_t)(quickstart_payload_end - quickstart_payload);
    gantry_entry_options executable = { .size = sizeof executable, .mode = 0755 };
    gantry_archive *context = NULL;
    gantry_build_options opts = { .size = sizeof opts,
                                  .dockerfile = text,
                                  .progress = show_progress };
    int rc = gantry_archive_new(NULL, &context, err);

    if (rc == 0)
        rc = gantry_archive_add_data(context, "hello", quickstart_payload, size, &executable, err);
    if (rc == 0) {
        printf("Building %s from a string and a file of %zu bytes in memory:\n", image_name, size);
        opts.context = context;
        rc = gantry_images_build(gantry_engine_images(engine), image_name, &opts, NULL, err);
    }
    gantry_archive_free(context);
    return rc;
}

static int show_log(gantry_engine *engine, const char *id, gantry_error *err)
{
    gantry_logs_options opts = { .size = sizeof opts, .timestamps = GANTRY_ON };
    gantry_output *log = NULL;
    int rc = gantry_containers_logs(gantry_engine_containers(engine), id, &opts, &log, err);

    if (rc == 0)
        printf("\nIts log, with times:\n%s%s", log->stdout_data, log->stderr_data);
    gantry_output_free(log);
    return rc;
}

static int run(gantry_engine *engine, gantry_error *err)
{
    gantry_containers *containers = gantry_engine_containers(engine);
    gantry_container_remove_options remove = { .size = sizeof remove, .force = GANTRY_ON };
    gantry_run_result *result = NULL;
    int rc = gantry_containers_run(containers, image_name, NULL, &result, err);

    if (rc < 0)
        return rc;
    printf("\nContainer %.12s ended with exit code %lld.\nstdout:\n%sstderr:\n%s", result->id,
           (long long)result->exit_code, result->stdout_data, result->stderr_data);
    rc = show_log(engine, result->id, err);
    if (gantry_containers_remove(containers, result->id, &remove, rc == 0 ? err : NULL) < 0)
        rc = -1;
    gantry_run_result_free(result);
    return rc;
}

static int quickstart(int runtime, const char *text)
{
    gantry_engine *engine = NULL;
    gantry_error err = { 0 };
    int rc = gantry_engine_open(runtime, NULL, &engine, &err);

    if (rc == 0) {
        show_candidates(engine);
        rc = build(engine, text, &err);
    }
    if (rc == 0) {
        rc = run(engine, &err);
        if (gantry_images_remove(gantry_engine_images(engine), image_name, NULL, NULL,
                                 rc == 0 ? &err : NULL) < 0)
            rc = -1;
    }
    if (rc < 0)
        fprintf(stderr, "quickstart: %s: %s\n%s", err.operation, err.message, err.output);
    else
        printf("\nContainer and image are removed.\n");
    gantry_engine_close(engine);
    return rc < 0;
}

static char *read_file(const char *path)
{
    enum {
        MAX = 1024 * 1024
    };
    FILE *file = fopen(path, "rb");
    char *text = malloc(MAX + 1);
    size_t size = 0;

    if (file != NULL && text != NULL)
        size = fread(text, 1, MAX, file);
    if (file == NULL || text == NULL || ferror(file) || size == 0) {
        fprintf(stderr, "quickstart: cannot read %s\n", path);
        free(text);
        text = NULL;
    } else {
        text[size] = '\0';
    }
    if (file != NULL)
        fclose(file);
    return text;
}

int main(int argc, char **argv)
{
    int runtime = GANTRY_RUNTIME_AUTO;
    char *text = NULL;
    int failed;

    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i < argc; i += 2) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";

        if (strcmp(argv[i], "--engine") == 0 && strcmp(value, "docker") == 0) {
            runtime = GANTRY_RUNTIME_DOCKER;
        } else if (strcmp(argv[i], "--engine") == 0 && strcmp(value, "podman") == 0) {
            runtime = GANTRY_RUNTIME_PODMAN;
        } else if (strcmp(argv[i], "--dockerfile") == 0 && text == NULL) {
            text = read_file(value);
            if (text == NULL)
                return 2;
        } else {
            fprintf(stderr, "usage: quickstart [--engine docker|podman] [--dockerfile FILE]\n");
            free(text);
            return 2;
        }
    }
    failed = quickstart(runtime, text != NULL ? text : dockerfile);
    free(text);
    return failed;
}
