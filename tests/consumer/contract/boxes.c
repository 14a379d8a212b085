/*
 * The whole contract on a backend of one's own. Its engine runs no processes and has nothing but
 * images, containers, volumes and networks.
 */
#include <gantry/contract.h>

#include <stdio.h>
#include <string.h>

#include "memory_backend.h"

static int cleaned;

/* What is left when all that a test made was removed. */
static int clean_up(void *arg)
{
    cleaned++;
    return *(const int *)arg;
}

int main(int argc, char **argv)
{
    static const char *const left_out[] = { "threads", NULL };
    static const char *const no_such[] = { "TAIL_COUNTS_SHEEP", NULL };
    static const char *const known[] = { "TAIL_COUNTS_PIECES", NULL };
    const gantry_engine_options engine = { .size = sizeof engine, .address = "boxes://" };
    int result = 0;
    gantry_contract_target target = { .size = sizeof target,
                                      .name = "boxes",
                                      .engine = &engine,
                                      .processes = GANTRY_OFF,
                                      .clean_up = clean_up,
                                      .arg = &result };
    const char *word = argc > 1 ? argv[1] : "";
    int status;

    if (memory_backend_register(NULL) < 0)
        return 1;
    if (strcmp(word, "unknown-difference") == 0)
        target.differences = no_such;
    else if (strcmp(word, "known-difference") == 0)
        target.differences = known;
    else if (strcmp(word, "claims-processes") == 0)
        target.processes = GANTRY_ON;
    else if (strcmp(word, "leave-out") == 0)
        target.leave_out = left_out;
    else if (strcmp(word, "unclean") == 0)
        result = 1;
    else
        return gantry_contract_main(&target, argc, argv);
    status = gantry_contract_run(&target, NULL);
    printf("cleaned up %s\n", cleaned > 0 ? "often" : "never");
    return status;
}
