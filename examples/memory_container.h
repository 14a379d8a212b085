/*
 * What memory_create.c and memory_container.c share.
 */
#ifndef MEMORY_CONTAINER_H
#define MEMORY_CONTAINER_H

#include "memory_store.h"

int memory_containers_create(void *state, const char *image, const gantry_container_options *opts,
                             gantry_created **out, gantry_error *err);

#endif
