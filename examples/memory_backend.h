/*
 * An engine that lives in the memory of the program: no daemon, no processes, no files. It lets
 * programs that use libgantry be tested without a container engine, and shows how a backend is
 * written. It keeps images, containers, volumes and networks, and forgets them when the engine is
 * closed; two engines share nothing.
 *
 *     memory_backend_register(&err);
 *     gantry_engine_options opts = { .size = sizeof opts, .address = "memory://" };
 *     gantry_engine_open(GANTRY_RUNTIME_AUTO, &opts, &engine, &err);
 */
#ifndef MEMORY_BACKEND_H
#define MEMORY_BACKEND_H

#include <gantry/gantry.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Make the backend "memory" (addresses "memory://...") known to the process; a second time is
 * success. Returns what gantry_backend_register() does. */
int memory_backend_register(gantry_error *err);

#ifdef __cplusplus
}
#endif
#endif
