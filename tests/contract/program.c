/*
 * contract TARGET [GROUP...]: runs the contract suite on an engine. TARGET is memory, docker, podman,
 * podman-rootless, docker-small or podman-small; the engine's address comes from GANTRY_TEST_DOCKER
 * and so on. Without it, or without a registry that a test asked for, the status is 77.
 * GANTRY_TEST_FILTER runs only the tests whose name contains it. "contract --groups" prints the
 * names of the groups.
 */
#include <gantry/contract.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory_backend.h"

static const struct target {
    const char *name;
    const char *variable;
    int kind;
    int runtime;
    int small_disk;
} targets[] = {
    { "memory", NULL, GANTRY_CONTRACT_MEMORY, GANTRY_RUNTIME_AUTO, 0 },
    { "docker", "GANTRY_TEST_DOCKER", GANTRY_CONTRACT_DOCKER, GANTRY_RUNTIME_DOCKER, 0 },
    { "podman", "GANTRY_TEST_PODMAN", GANTRY_CONTRACT_PODMAN, GANTRY_RUNTIME_PODMAN, 0 },
    { "podman-rootless", "GANTRY_TEST_PODMAN_ROOTLESS", GANTRY_CONTRACT_PODMAN_ROOTLESS,
      GANTRY_RUNTIME_PODMAN, 0 },
    { "docker-small", "GANTRY_TEST_DOCKER_SMALL", GANTRY_CONTRACT_DOCKER, GANTRY_RUNTIME_DOCKER,
      GANTRY_ON },
    { "podman-small", "GANTRY_TEST_PODMAN_SMALL", GANTRY_CONTRACT_PODMAN, GANTRY_RUNTIME_PODMAN,
      GANTRY_ON },
};

static const struct target *find_target(const char *name)
{
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        if (strcmp(targets[i].name, name) == 0)
            return &targets[i];
    }
    return NULL;
}

static int skipped(const char *variable)
{
    printf("SKIPPED: %s is not set: no such engine to test (see tests/engines/start)\n", variable);
    return GANTRY_CONTRACT_SKIPPED;
}

static int print_groups(void)
{
    for (size_t i = 0; gantry_contract_group(i) != NULL; i++)
        puts(gantry_contract_group(i));
    return 0;
}

int main(int argc, char **argv)
{
    const struct target *chosen = argc < 2 ? NULL : find_target(argv[1]);
    gantry_engine_options engine = { .size = sizeof engine, .address = "memory://" };
    gantry_contract_target target = { .size = sizeof target, .engine = &engine };
    gantry_error err = { 0 };

    if (argc == 2 && strcmp(argv[1], "--groups") == 0)
        return print_groups();
    if (chosen == NULL) {
        fprintf(stderr, "usage: contract TARGET [GROUP...] | --groups\n");
        return GANTRY_CONTRACT_WRONG;
    }
    target.name = chosen->name;
    target.kind = chosen->kind;
    target.runtime = chosen->runtime;
    target.small_disk = chosen->small_disk;
    target.processes = chosen->variable != NULL ? GANTRY_ON : GANTRY_OFF;
    if (chosen->variable != NULL)
        engine.address = getenv(chosen->variable);
    else if (memory_backend_register(&err) < 0) {
        fprintf(stderr, "memory backend: %s\n", err.message);
        return GANTRY_CONTRACT_FAILED;
    }
    if (engine.address == NULL || *engine.address == '\0')
        return skipped(chosen->variable);
    return gantry_contract_main(&target, argc - 1, argv + 1);
}
