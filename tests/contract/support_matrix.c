/*
 * Prints docs/support.md: which backend has which operation, and where the same call differs.
 * What a backend has is asked of an engine it opened, so this needs the engines that the
 * contract suite needs: GANTRY_TEST_DOCKER and GANTRY_TEST_PODMAN.
 * "support_matrix --versions" needs none: it prints the end of docs/compat.md, what differs between
 * releases of the same engine.
 */
#include <gantry/gantry.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory_backend.h"

enum {
    ON_MEMORY = 1,
    ON_DOCKER = 2,
    ON_PODMAN = 4,
    ON_ROOTLESS = 8,
    ON_PODMANS = ON_PODMAN | ON_ROOTLESS,
    ON_ENGINES = ON_DOCKER | ON_PODMANS,
    ON_ALL = ON_ENGINES | ON_MEMORY
};

enum {
#define DIFFERENCE(id, targets, what, expectation) DIFF_##id,
#include "differences.def"
#undef DIFFERENCE
    DIFF_COUNT
};

static const struct {
    int id;
    int where;
    const char *word;
    int major;
    int minor;
} limits[] = {
#define SINCE(id, targets, major, minor) { DIFF_##id, (targets), "from", (major), (minor) },
#define BEFORE(id, targets, major, minor) { DIFF_##id, (targets), "before", (major), (minor) },
#include "versions.def"
#undef SINCE
#undef BEFORE
};

static const struct {
    int where;
    const char *elsewhere;
    const char *there;
} differences[] = {
#define DIFFERENCE(id, targets, what, expectation) { (targets), (what), (expectation) },
#include "differences.def"
#undef DIFFERENCE
};

static gantry_engine *open_at(const char *address, const char *what)
{
    gantry_engine_options opts = { .size = sizeof opts,
                                   .address = address,
                                   .on_demand = GANTRY_OFF };
    gantry_engine *engine = NULL;
    gantry_error err = { 0 };

    if (address == NULL) {
        fprintf(stderr, "%s is not set\n", what);
        exit(77);
    }
    if (gantry_engine_open(GANTRY_RUNTIME_AUTO, &opts, &engine, &err) < 0) {
        fprintf(stderr, "%s: %s\n", address, err.message);
        exit(1);
    }
    return engine;
}

/* The versions in which a difference holds there, if not in all. */
static void print_versions(int id, int bit)
{
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        if (limits[i].id == id && (limits[i].where & bit) != 0)
            printf(" %s %d.%d", limits[i].word, limits[i].major, limits[i].minor);
    }
}

static void print_names(int id)
{
    static const struct {
        int bit;
        const char *name;
    } names[] = { { ON_DOCKER, "Docker" },
                  { ON_PODMAN, "Podman" },
                  { ON_ROOTLESS, "rootless Podman" },
                  { ON_MEMORY, "memory" } };
    const char *comma = "";

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (differences[id].where & names[i].bit) {
            printf("%s%s", comma, names[i].name);
            print_versions(id, names[i].bit);
            comma = ", ";
        }
    }
}

static int has_limit(int id)
{
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        if (limits[i].id == id)
            return 1;
    }
    return 0;
}

static void print_differences(int limited_only)
{
    printf("| On | Elsewhere | There |\n| --- | --- | --- |\n");
    for (int id = 0; id < DIFF_COUNT; id++) {
        if (limited_only && !has_limit(id))
            continue;
        printf("| ");
        print_names(id);
        printf(" | %s | %s |\n", differences[id].elsewhere, differences[id].there);
    }
}

int main(int argc, char **argv)
{
    gantry_engine *engines[3];

    if (argc == 2 && strcmp(argv[1], "--versions") == 0) {
        print_differences(1);
        return 0;
    }
    if (memory_backend_register(NULL) < 0)
        return 1;
    engines[0] = open_at(getenv("GANTRY_TEST_DOCKER"), "GANTRY_TEST_DOCKER");
    engines[1] = open_at(getenv("GANTRY_TEST_PODMAN"), "GANTRY_TEST_PODMAN");
    engines[2] = open_at("memory://", "");
    printf("# What works where\n\n"
           "Printed by `support_matrix` (tests/contract) from what the backends say of themselves, "
           "which\nthe contract suite checks; do not edit. `memory` is the example backend in "
           "examples/.\n"
           "The columns are Docker 20.10 and Podman 4.3. Quadlets need Podman 5.7 (their list) and "
           "5.8.\n\n"
           "| Operation | docker | podman | memory |\n| --- | --- | --- | --- |\n");
    for (int feature = 1; feature < GANTRY_FEATURE_COUNT; feature++) {
        printf("| %s |", gantry_feature_name(feature));
        for (size_t i = 0; i < 3; i++)
            printf(" %s |", gantry_engine_supports(engines[i], feature) ? "yes" : "no");
        printf("\n");
    }
    printf(
        "\n## Differences\n\nOtherwise the same call gives the same result on every engine.\n\n");
    print_differences(0);
    for (size_t i = 0; i < 3; i++)
        gantry_engine_close(engines[i]);
    return 0;
}
