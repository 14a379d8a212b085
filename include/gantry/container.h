/**
 * @file container.h
 * Create containers, their life, lists, inspection, processes and changes, commit and export.
 *
 * Containers are addressed by name, id (64 hex digits) or an unambiguous beginning of an id. Names
 * in results have no leading '/', ids are whole. Times are int64 nanoseconds since the epoch, 0 for
 * never. What a container is made of is in <gantry/spec.h>; runs, waits, streams, files have
 * headers
 * of their own.
 */
#ifndef GANTRY_CONTAINER_H
#define GANTRY_CONTAINER_H

#include <gantry/spec.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- create ---------------------------------------------------------------------------------- */

/** What create made; free with gantry_created_free(). */
typedef struct gantry_created {
    size_t size; /**< bytes of it that the running library fills */
    const char *id;              /**< 64 hex digits */
    const char *const *warnings; /**< the engine's, NULL-terminated */
} gantry_created;

/**
 * Create a container without starting it. The image must be there, unless opts->pull says to
 * fetch it.
 * @param out  may be NULL
 * @return 0, #GANTRY_E_NOT_FOUND (resource_kind says of what: image, network, container ...),
 *         #GANTRY_E_EXISTS (name taken), #GANTRY_E_INVALID and #GANTRY_E_UNSUPPORTED (an option,
 *         which the message names), #GANTRY_E_IO (an environment file), ... No failure leaves a
 *         container behind, unless the message says so and the outcome is PARTIAL or UNKNOWN.
 *
 * Docker `POST /containers/create`, Podman `POST /libpod/containers/create`. Since 0.1.
 */
GANTRY_API int gantry_containers_create(gantry_containers *containers, const char *image,
                                        const gantry_container_options *opts,
                                        gantry_created **out, gantry_error *err);
GANTRY_API void gantry_created_free(gantry_created *created); /**< Free it. Since 0.1. */

/* ---- life ------------------------------------------------------------------------------------ */

/** Options of gantry_containers_start(). */
typedef struct gantry_container_start_options {
    size_t size;             /**< sizeof(gantry_container_start_options) */
    const gantry_call *call;
} gantry_container_start_options;

/**
 * Start a container; one that runs already is success.
 * @return 0, #GANTRY_E_COMMAND if its program cannot be started, #GANTRY_E_IN_USE if a host port or
 *         an address is taken, #GANTRY_E_INVALID or #GANTRY_E_UNSUPPORTED for an option of create
 *         that the engine looks at only now, ... `POST /containers/{id}/start`. Since 0.1.
 */
GANTRY_API int gantry_containers_start(gantry_containers *containers, const char *id,
                                       const gantry_container_start_options *opts,
                                       gantry_error *err);

/** For grace_ms: kill at once. */
#define GANTRY_GRACE_NONE ((int64_t)-2)

/** Options of gantry_containers_stop() and gantry_containers_restart(). */
typedef struct gantry_container_stop_options {
    size_t size;             /**< sizeof(gantry_container_stop_options) */
    const gantry_call *call; /**< a default time limit is extended by the grace period */
    int64_t grace_ms;        /**< time to end by itself before it is killed; 0 = its own,
                                  #GANTRY_GRACE_NONE = none, #GANTRY_NO_TIMEOUT = never kill; whole
                                  seconds, rounded up */
} gantry_container_stop_options;

/**
 * Ask a container to end, wait, and kill it after the grace period. One that does not run is
 * success; a paused one is unpaused. `POST /containers/{id}/stop`. Since 0.1.
 */
GANTRY_API int gantry_containers_stop(gantry_containers *containers, const char *id,
                                      const gantry_container_stop_options *opts, gantry_error *err);

/** Stop, then start. `POST /containers/{id}/restart`. Since 0.1. */
GANTRY_API int gantry_containers_restart(gantry_containers *containers, const char *id,
                                         const gantry_container_stop_options *opts,
                                         gantry_error *err);

/** Options of gantry_containers_kill(). */
typedef struct gantry_container_kill_options {
    size_t size;             /**< sizeof(gantry_container_kill_options) */
    const gantry_call *call;
    const char *signal;      /**< "SIGTERM", "TERM" or "15"; NULL = SIGKILL */
} gantry_container_kill_options;

/**
 * Send a signal to a container's main process; returns without waiting for an effect.
 * @return 0, #GANTRY_E_STATE if it does not run, ... `POST /containers/{id}/kill`. Since 0.1.
 */
GANTRY_API int gantry_containers_kill(gantry_containers *containers, const char *id,
                                      const gantry_container_kill_options *opts, gantry_error *err);

/** Options of gantry_containers_remove(). */
typedef struct gantry_container_remove_options {
    size_t size;             /**< sizeof(gantry_container_remove_options) */
    const gantry_call *call;
    int force;               /**< #GANTRY_ON: kill it first if it runs */
    int volumes;             /**< #GANTRY_ON: its anonymous volumes too */
    int missing_ok;          /**< #GANTRY_ON: no container is success */
    int reserved;
} gantry_container_remove_options;

/**
 * Remove a container; the name is free on return.
 * @return 0, #GANTRY_E_NOT_FOUND, #GANTRY_E_STATE if it runs, ...
 * `DELETE /containers/{id}`. Since 0.1.
 */
GANTRY_API int gantry_containers_remove(gantry_containers *containers, const char *id,
                                        const gantry_container_remove_options *opts,
                                        gantry_error *err);

/** Options of gantry_containers_pause() and gantry_containers_unpause(). */
typedef struct gantry_container_pause_options {
    size_t size;             /**< sizeof(gantry_container_pause_options) */
    const gantry_call *call;
} gantry_container_pause_options;

/**
 * Freeze a running container; one that is paused is success.
 * @return 0, #GANTRY_E_STATE if it does not run, #GANTRY_E_UNSUPPORTED (rootless Podman on cgroups
 *         v1), ... `POST /containers/{id}/pause`. Since 0.1.
 */
GANTRY_API int gantry_containers_pause(gantry_containers *containers, const char *id,
                                       const gantry_container_pause_options *opts,
                                       gantry_error *err);

/**
 * Let a paused container go on; one that runs is success.
 * @return 0, #GANTRY_E_STATE if it does not run, ... `POST /containers/{id}/unpause`. Since 0.1.
 */
GANTRY_API int gantry_containers_unpause(gantry_containers *containers, const char *id,
                                         const gantry_container_pause_options *opts,
                                         gantry_error *err);

/** Options of gantry_containers_rename(). */
typedef struct gantry_container_rename_options {
    size_t size;             /**< sizeof(gantry_container_rename_options) */
    const gantry_call *call;
} gantry_container_rename_options;

/**
 * Give a container another name; the one that it has already is success.
 * @return 0, #GANTRY_E_NOT_FOUND, #GANTRY_E_EXISTS (name taken), ...
 * `POST /containers/{id}/rename`. Since 0.1.
 */
GANTRY_API int gantry_containers_rename(gantry_containers *containers, const char *id,
                                        const char *new_name,
                                        const gantry_container_rename_options *opts,
                                        gantry_error *err);

/** Options of gantry_containers_update(). */
typedef struct gantry_container_update_options {
    size_t size;             /**< sizeof(gantry_container_update_options) */
    const gantry_call *call;
    const gantry_resources *resources; /**< what is zero in it stays; NULL = all stays */
    int64_t restart_retries;           /**< with ON_FAILURE; 0 = no limit */
    int restart; /**< GANTRY_RESTART_...; DEFAULT = it stays. Podman from 5.1 */
    int reserved;
} gantry_container_update_options;

/**
 * Change limits and restart policy of a container, running or not.
 *
 * No engine changes `memory_swappiness`, `oom_kill` and `block_limits` later: UNSUPPORTED.
 * Where `memory_bytes` alone would be more than the limit of memory and swap together, that is set
 * to twice as much, as a create does. Docker keeps limits of CPUs in the form in which they were
 * set first: `nano_cpus` of a container with `cpu_quota_us`, and the reverse, is CONFLICT.
 * Podman 4.3 changes what runs only (else #GANTRY_E_STATE), until its next start, and inspect goes
 * on telling the limits of the create.
 * @return 0, #GANTRY_E_INVALID if nothing is to change, #GANTRY_E_UNSUPPORTED (an option; all
 *         limits on rootless Podman with cgroups v1), ...
 * `POST /containers/{id}/update`. Since 0.1.
 */
GANTRY_API int gantry_containers_update(gantry_containers *containers, const char *id,
                                        const gantry_container_update_options *opts,
                                        gantry_error *err);

/** Options of gantry_containers_init(). */
typedef struct gantry_container_init_options {
    size_t size;             /**< sizeof(gantry_container_init_options) */
    const gantry_call *call;
} gantry_container_init_options;

/**
 * Prepare a created container up to its start: mounts, network, process. One that is prepared or
 * runs is success. Podman `POST /libpod/containers/{id}/init`; Docker: UNSUPPORTED. Since 0.1.
 */
GANTRY_API int gantry_containers_init(gantry_containers *containers, const char *id,
                                      const gantry_container_init_options *opts,
                                      gantry_error *err);

/** Options of gantry_containers_exists(). */
typedef struct gantry_container_exists_options {
    size_t size;             /**< sizeof(gantry_container_exists_options) */
    const gantry_call *call;
} gantry_container_exists_options;

/**
 * Whether there is such a container.
 * @param out_exists  receives 1 or 0
 * Docker `GET /containers/{id}/json`, Podman `GET /libpod/containers/{id}/exists`. Since 0.1.
 */
GANTRY_API int gantry_containers_exists(gantry_containers *containers, const char *id,
                                        const gantry_container_exists_options *opts,
                                        int *out_exists, gantry_error *err);

/** Options of gantry_containers_prune(). All conditions must hold. */
typedef struct gantry_container_prune_options {
    size_t size;             /**< sizeof(gantry_container_prune_options) */
    const gantry_call *call; /**< no total limit by default */
    const char *const *labels;     /**< "key" or "key=value", NULL-terminated */
    const char *const *labels_not; /**< none of these */
    int64_t until_ns;              /**< created before this time, since the epoch; 0 = any */
} gantry_container_prune_options;

/** What a prune removed; free with gantry_containers_pruned_free(). */
typedef struct gantry_containers_pruned {
    size_t size; /**< bytes of it that the running library fills */
    const char *const *ids;  /**< whole, NULL-terminated */
    int64_t reclaimed_bytes;
} gantry_containers_pruned;

/**
 * Remove all containers that do not run; their volumes stay, and so do containers of pods.
 * @param out  may be NULL
 * @return 0; a failure with outcome PARTIAL, whose `output` names what was removed, if some could
 *         not be. Composed of list and remove. Since 0.1.
 */
GANTRY_API int gantry_containers_prune(gantry_containers *containers,
                                       const gantry_container_prune_options *opts,
                                       gantry_containers_pruned **out, gantry_error *err);
GANTRY_API void gantry_containers_pruned_free(gantry_containers_pruned *pruned); /**< Free it. Since
                                                                                      0.1. */

#ifdef __cplusplus
}
#endif
#endif
