/*
 * broken FAULT: the contract on a backend with one fault in it, which the kit has to find.
 */
#define memory_backend_register register_without_fault
#include "memory_backend.c"
#undef memory_backend_register

#include <gantry/contract.h>

/* A success that did nothing. */
static int keep_volume(void *state, const char *name, const gantry_volume_remove_options *opts,
                       gantry_error *err)
{
    (void)state, (void)name, (void)opts, (void)err;
    return 0;
}

/* The last one is not told. */
static int list_some(void *state, const gantry_network_list_options *opts,
                     gantry_network_list **out, gantry_error *err)
{
    int rc = memory_network_ops.list(state, opts, out, err);

    if (rc == 0 && (*out)->count > 0)
        ((const gantry_network **)(*out)->items)[--(*out)->count] = NULL;
    return rc;
}

/* A code without a word. */
static int inspect_silently(void *state, const char *id,
                            const gantry_container_inspect_options *opts, gantry_container **out,
                            gantry_error *err)
{
    int rc = memory_container_ops.inspect(state, id, opts, out, err);

    if (rc < 0 && err != NULL)
        err->message[0] = '\0';
    return rc;
}

/* An option that is set and has no effect. */
static int create_without_labels(void *state, const char *name, const gantry_volume_options *opts,
                                 gantry_volume **out, gantry_error *err)
{
    gantry_volume_options less = *opts;

    less.label_count = 0;
    return memory_volume_ops.create(state, name, &less, out, err);
}

/* It hears of no token and of no time limit. */
static int ping_without_end(void *state, const gantry_query_options *opts, gantry_error *err)
{
    const gantry_query_options deaf = { .size = sizeof deaf };

    (void)opts;
    return ping(state, &deaf, err);
}

int main(int argc, char **argv)
{
    const gantry_engine_options engine = { .size = sizeof engine, .address = "boxes://" };
    gantry_container_ops containers = memory_container_ops;
    gantry_network_ops networks = memory_network_ops;
    gantry_volume_ops volumes = memory_volume_ops;
    gantry_engine_ops itself = engine_ops;
    gantry_backend broken = backend;
    const gantry_contract_target target = {
        .size = sizeof target, .name = "broken", .engine = &engine, .backend = &broken
    };
    const char *fault = argc == 2 ? argv[1] : "";

    broken.engine = &itself;
    broken.containers = &containers;
    broken.networks = &networks;
    broken.volumes = &volumes;
    if (strcmp(fault, "remove") == 0)
        volumes.remove = keep_volume;
    else if (strcmp(fault, "list") == 0)
        networks.list = list_some;
    else if (strcmp(fault, "message") == 0)
        containers.inspect = inspect_silently;
    else if (strcmp(fault, "labels") == 0)
        volumes.create = create_without_labels;
    else if (strcmp(fault, "deaf") == 0)
        itself.ping = ping_without_end;
    else if (strcmp(fault, "none") != 0)
        return 99;
    return gantry_contract_run(&target, NULL);
}
