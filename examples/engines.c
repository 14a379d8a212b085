/*
 * Which engines are there, and which one is taken and why.
 *
 *     engines [docker|podman] [--address ADDRESS] [--context NAME] [--connection NAME]
 *             [--rootless|--rootful] [--local] [--limit MILLISECONDS]
 *
 * Without options it looks where AUTO looks: a choice of yours (DOCKER_HOST, a current context ...)
 * and nothing else, or the usual places in their order. Nothing is started.
 */
#include <gantry/gantry.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int usage(void)
{
    fprintf(stderr, "usage: engines [docker|podman] [--address ADDRESS] [--context NAME]\n"
                    "               [--connection NAME] [--rootless|--rootful] [--local]\n"
                    "               [--limit MILLISECONDS]\n");
    return 2;
}

/* 0, or -1 for what is no option. */
static int read_option(const char *name, const char *value, gantry_engine_options *opts)
{
    if (strcmp(name, "--address") == 0)
        opts->address = value;
    else if (strcmp(name, "--context") == 0)
        opts->docker_context = value;
    else if (strcmp(name, "--connection") == 0)
        opts->podman_connection = value;
    else if (strcmp(name, "--limit") == 0)
        opts->probe_timeout_ms = strtol(value, NULL, 10);
    else
        return -1;
    return 0;
}

static int read_arguments(int argc, char **argv, int *runtime, gantry_engine_options *opts)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "docker") == 0)
            *runtime = GANTRY_RUNTIME_DOCKER;
        else if (strcmp(argv[i], "podman") == 0)
            *runtime = GANTRY_RUNTIME_PODMAN;
        else if (strcmp(argv[i], "--rootless") == 0)
            opts->rootless = GANTRY_ON;
        else if (strcmp(argv[i], "--rootful") == 0)
            opts->rootless = GANTRY_OFF;
        else if (strcmp(argv[i], "--local") == 0)
            opts->remote = GANTRY_OFF;
        else if (i + 1 < argc && read_option(argv[i], argv[i + 1], opts) == 0)
            i++;
        else
            return -1;
    }
    return 0;
}

static const char *rootless(const gantry_candidate *c)
{
    return c->rootless < 0 ? "-" : c->rootless ? "yes" : "no";
}

static void print_table(const gantry_candidate_list *list)
{
    printf("%-8s %-10s %-8s %-6s %s\n", "ENGINE", "VERSION", "ROOTLESS", "REMOTE",
           "PLACE: WHAT HAPPENED");
    for (size_t i = 0; i < list->count; i++) {
        const gantry_candidate *c = list->items[i];

        printf("%-8s %-10s %-8s %-6s %s%s%s%s: %s\n", c->backend != NULL ? c->backend : "-",
               c->version[0] != '\0' ? c->version : "-", rootless(c), c->remote ? "yes" : "no",
               c->source, c->address[0] != '\0' ? " (" : "", c->address,
               c->address[0] != '\0' ? ")" : "", c->detail);
    }
}

/* What opening takes, and what kept it from taking one of those before. */
static int print_choice(int runtime, const gantry_engine_options *opts)
{
    const gantry_candidate_list *list;
    gantry_engine *engine = NULL;
    gantry_error err = { 0 };
    size_t before = 0;

    if (gantry_engine_open(runtime, opts, &engine, &err) < 0) {
        printf("\nNo engine is taken: %s\n", err.message);
        return 1;
    }
    list = gantry_engine_candidates(engine);
    while (!list->items[before]->chosen)
        before++;
    printf("\n%s at %s is taken: %s", gantry_engine_backend(engine), gantry_engine_address(engine),
           list->items[before]->source);
    if (before > 0)
        printf(", the first that answers; %zu %s before it", before,
               before == 1 ? "place comes" : "places come");
    printf(".\n");
    gantry_engine_close(engine);
    return 0;
}

int main(int argc, char **argv)
{
    gantry_engine_options opts = { .size = sizeof opts, .on_demand = GANTRY_OFF };
    int runtime = GANTRY_RUNTIME_AUTO;
    gantry_candidate_list *list = NULL;
    gantry_error err = { 0 };

    if (read_arguments(argc, argv, &runtime, &opts) < 0)
        return usage();
    if (gantry_detect(runtime, &opts, &list, &err) < 0) {
        fprintf(stderr, "engines: %s\n", err.message);
        return 1;
    }
    print_table(list);
    gantry_candidate_list_free(list);
    return print_choice(runtime, &opts);
}
