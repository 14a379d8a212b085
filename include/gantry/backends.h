/**
 * @file backends.h
 * Which backends this process knows, and taking one out.
 *
 * Docker and Podman are built in; a program adds others with gantry_backend_register() and
 * exchanges one with gantry_backend_replace(), see backend.h. The list belongs to the process, is
 * the library's only global state, and may be asked and changed by any thread at any time, also
 * while engines are being opened or looked for.
 *
 * **Order.** At an address all backends with its scheme are asked who is there, until one says that
 * it is its own: registered ones first, the newest of them at the beginning, then Docker, then
 * Podman. One that replaced another is asked in that one's turn.
 */
#ifndef GANTRY_BACKENDS_H
#define GANTRY_BACKENDS_H

#include <gantry/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A backend that the process knows. */
typedef struct gantry_backend_info {
    size_t size;                 /**< bytes of it that the running library fills */
    const char *name;            /**< as gantry_engine_options::backend has it */
    const char *const *schemes;  /**< of addresses that it may be asked to open */
    const char *const *managers; /**< what its engines have: "images", "containers", "volumes",
                                      "networks", "registries", "manifests", "pods", "secrets",
                                      "system", "kube" */
    int64_t engines;             /**< open with it */
    int64_t replaced_engines;    /**< still open with backends of this name that it replaced */
    int built_in;                /**< 1: it came with the library */
    int reserved;
} gantry_backend_info;

/** Backends in the order in which they are asked. */
typedef struct gantry_backend_list {
    size_t size; /**< bytes of it that the running library fills */
    size_t count;
    const gantry_backend_info *const *items; /**< also NULL-terminated */
} gantry_backend_list;

/** Options of gantry_backends_list(). */
typedef struct gantry_backends_options {
    size_t size;                       /**< sizeof(gantry_backends_options) */
    const gantry_allocator *allocator; /**< NULL = malloc */
} gantry_backends_options;

/**
 * List the backends that this process knows, as they are at this moment.
 * @param opts NULL = defaults
 * @param out  receives the list; free with gantry_backend_list_free()
 * @return 0, #GANTRY_E_INVALID, #GANTRY_E_NOMEM. Since 0.1.
 */
GANTRY_API int gantry_backends_list(const gantry_backends_options *opts, gantry_backend_list **out,
                                    gantry_error *err);

/** Free it; NULL is allowed. Since 0.1. */
GANTRY_API void gantry_backend_list_free(gantry_backend_list *list);

/**
 * Forget a backend, also a built-in one: which then stays away until the process ends.
 *
 * After a success nothing of it is called or read any more, so a plugin that brought it can be
 * unloaded; results of its engines stay readable.
 * @return 0, #GANTRY_E_NOT_FOUND, #GANTRY_E_INVALID, or #GANTRY_E_IN_USE while engines of it are
 * open (also of one that it replaced), or another thread just opens or looks for engines and asks
 * it: then nothing was changed, and it can be tried again. An engine that a child process inherited
 * counts there, closed or not. Since 0.1.
 */
GANTRY_API int gantry_backend_unregister(const char *name, gantry_error *err);

#ifdef __cplusplus
}
#endif
#endif
