/*
 * contract TARGET [GROUP...]: runs the contract suite on an engine. TARGET is memory, docker, podman,
 * podman-rootless, docker-ssh, podman-ssh, docker-tls, podman-tls, docker-small or podman-small; the
 * engine's address comes from GANTRY_TEST_DOCKER and so on. Without it, or without a registry that a test asked for, the status is 77.
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
    { "docker-ssh", "GANTRY_TEST_DOCKER_SSH", GANTRY_CONTRACT_DOCKER, GANTRY_RUNTIME_DOCKER, 0 },
    { "docker-tls", "GANTRY_TEST_DOCKER_TLS", GANTRY_CONTRACT_DOCKER, GANTRY_RUNTIME_DOCKER, 0 },
    { "podman-ssh", "GANTRY_TEST_PODMAN_SSH", GANTRY_CONTRACT_PODMAN, GANTRY_RUNTIME_PODMAN, 0 },
    { "podman-tls", "GANTRY_TEST_PODMAN_TLS", GANTRY_CONTRACT_PODMAN, GANTRY_RUNTIME_PODMAN, 0 },
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

/* Of the engine that wants to see a certificate: those of the folder in GANTRY_TEST_CERTIFICATES. */
static const gantry_tls *certificates(void)
{
    static char files[3][256];
    static const char *const names[3] = { "ca.pem", "cert.pem", "key.pem" };
    static const gantry_tls tls = {
        .size = sizeof tls, .ca_file = files[0], .cert_file = files[1], .key_file = files[2]
    };
    const char *folder = getenv("GANTRY_TEST_CERTIFICATES");

    for (size_t i = 0; folder != NULL && i < 3; i++)
        snprintf(files[i], sizeof files[i], "%s/%s", folder, names[i]);
    return &tls;
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
    gantry_ssh ssh = { .size = sizeof ssh, .config_file = getenv("GANTRY_TEST_SSH_CONFIG") };
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
    if (strncmp(engine.address, "ssh:", 4) == 0)
        engine.ssh = &ssh;
    if (strncmp(engine.address, "tcp:", 4) == 0)
        engine.tls = certificates();
    return gantry_contract_main(&target, argc - 1, argv + 1);
}
