/*
 * How libpod's builder words its output. Nothing is decided by it; lines are only dressed.
 */
#include "podman.h"

#include <stdlib.h>
#include <string.h>

/* What follows `prefix` at the line's start, or NULL. */
static const char *after(const struct gnt_build_line *line, const char *prefix)
{
    size_t size = strlen(prefix);

    if (line->size < size || memcmp(line->text, prefix, size) != 0)
        return NULL;
    return line->text + size;
}

/* What follows "[1/2] " or "[linux/arm64] " at the line's start, or its start. */
static const char *behind_brackets(const char *text, const char *end)
{
    static const char inner[] = "abcdefghijklmnopqrstuvwxyz0123456789._-/";
    const char *close = *text == '[' ? memchr(text, ']', (size_t)(end - text)) : NULL;
    size_t size = close != NULL ? (size_t)(close - text) - 1 : 0;

    if (size == 0 || close + 2 >= end || close[1] != ' ' || strspn(text + 1, inner) != size ||
        memchr(text + 1, '/', size) == NULL)
        return text;
    return close + 2;
}

/* "STEP 2/5: RUN x\n", in builds of several stages "[1/2] STEP 2/3: RUN x\n", for several platforms
 * "[linux/arm64] [1/2] STEP ..."; steps count per stage. */
static int classify_step(struct gnt_build_line *line)
{
    const char *end = line->text + line->size;
    const char *text = behind_brackets(behind_brackets(line->text, end), end);
    char *rest = NULL;
    long step;
    long total;

    if (end - text < 8 || memcmp(text, "STEP ", 5) != 0)
        return 0;
    step = strtol(text + 5, &rest, 10);
    if (step <= 0 || step > 100000 || *rest != '/')
        return 0;
    total = strtol(rest + 1, &rest, 10);
    if (total < step || total > 100000 || strncmp(rest, ": ", 2) != 0)
        return 0;
    line->kind = GNT_BUILD_STEP;
    line->step = (int)step;
    line->total = (int)total;
    line->text = rest + 2;
    line->size = (size_t)(end - line->text);
    while (line->size > 0 &&
           (line->text[line->size - 1] == '\n' || line->text[line->size - 1] == '\r'))
        line->size--;
    return 1;
}

/* The builder's own log line about an instruction that it does not know; one line of text. */
static int is_dump(const struct gnt_build_line *line)
{
    return after(line, "time=\"") != NULL &&
           strstr(line->text, "(UNHANDLED LOGLEVEL) &imagebuilder.Step{") != NULL;
}

static int is_hex_line(const char *text, const char *end)
{
    size_t size = (size_t)(end - text);
    size_t digits = strspn(text, "0123456789abcdef");

    return digits >= 11 && digits + 1 == size && text[digits] == '\n';
}

/* What the builder says when it moves images: pulls a base, stores the result, keeps a cache. */
static int is_transfer(const struct gnt_build_line *line)
{
    static const char *const lines[] = { "Trying to pull ",
                                         "Getting image source signatures\n",
                                         "Copying blob sha256:",
                                         "Copying config sha256:",
                                         "Writing manifest to image destination\n",
                                         "Storing signatures\n",
                                         "--> Cache pulled from remote ",
                                         "--> Pushing cache ",
                                         NULL };

    for (size_t i = 0; lines[i] != NULL; i++) {
        if (after(line, lines[i]) != NULL)
            return 1;
    }
    return 0;
}

/* "COMMIT name", for several platforms "[linux/arm64] COMMIT name". */
static int is_commit(const struct gnt_build_line *line)
{
    const char *end = line->text + line->size;
    const char *text = behind_brackets(line->text, end);

    return end - text >= 7 && memcmp(text, "COMMIT", 6) == 0 && (text[6] == ' ' || text[6] == '\n');
}

/*
 * The builder's own words stand between the lines of the steps, with nothing to tell them from a
 * command's output but their form.
 */
static void classify(struct gnt_build_line *line)
{
    const char *end = line->text + line->size;
    const char *rest;

    if (line->size == 0 || classify_step(line))
        return;
    if (line->quiet && after(line, "--> Using cache ") != NULL)
        line->kind = GNT_BUILD_CACHED;
    else if ((rest = after(line, "[Warning] ")) != NULL) {
        line->kind = GNT_BUILD_WARNING;
        line->text = rest;
        line->size = (size_t)(end - rest);
    } else if (line->base || is_dump(line) || is_transfer(line) || is_commit(line) ||
               after(line, "Successfully tagged ") != NULL ||
               ((rest = after(line, "--> ")) != NULL && is_hex_line(rest, end)))
        line->kind = GNT_BUILD_STATUS;
}

static const char *const dumps[] = { "&imagebuilder.Step{", " for copier.request{", NULL };

static const char *const exit_texts[] = { "while running runtime: exit status ", NULL };

/* Podman answers most of these with 200 and an error in the stream. */
static const char *const refusals[] = { "failed to parse query parameter 'dockerfile'",
                                        "no FROM statement found", "Unknown instruction",
                                        "no contents in", NULL };

const struct gnt_build_dialect gnt_podman_build_dialect = {
    .classify = classify,
    .id_path = NULL,
    .exit_texts = exit_texts,
    .not_started = "error running container: ",
    .dumps = dumps,
    .refusals = refusals,
    .transfer = &gnt_podman_pull_dialect,
    /* Inspecting an image without layers breaks where a list of another platform is. */
    .inspect_path = "/images/%s/exists",
};
