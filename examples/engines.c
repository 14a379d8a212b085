/*
 * Which engines are there, and why each is or is not one: prints what gantry_detect() found.
 *
 *     engines [docker|podman]
 */
#include <gantry/gantry.h>

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    int runtime = GANTRY_RUNTIME_AUTO;
    gantry_candidate_list *list = NULL;
    gantry_error err = { 0 };
    int found = 0;

    if (argc > 1 && strcmp(argv[1], "docker") == 0)
        runtime = GANTRY_RUNTIME_DOCKER;
    else if (argc > 1 && strcmp(argv[1], "podman") == 0)
        runtime = GANTRY_RUNTIME_PODMAN;
    if (gantry_detect(runtime, NULL, &list, &err) < 0) {
        fprintf(stderr, "engines: %s\n", err.message);
        return 1;
    }
    for (size_t i = 0; i < list->count; i++) {
        const gantry_candidate *c = list->items[i];

        printf("%-8s %s (%s): %s\n", c->backend != NULL ? c->backend : "-", c->address, c->source,
               c->detail);
        found |= c->code == 0;
    }
    gantry_candidate_list_free(list);
    return found ? 0 : 1;
}
