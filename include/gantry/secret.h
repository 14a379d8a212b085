/**
 * @file secret.h
 * Secrets that the engine keeps for containers. Addressed by name or whole id.
 *
 * Podman has them. Docker keeps secrets for services of a swarm only, never for containers: every
 * call is #GANTRY_E_UNSUPPORTED there, and gantry_engine_supports() says so. A container gets one
 * by gantry_container_options::secrets, as a file or a variable.
 *
 * The library never logs a secret's bytes or puts them into an error, and overwrites its own copies
 * of them; the caller's stay the caller's.
 */
#ifndef GANTRY_SECRET_H
#define GANTRY_SECRET_H

#include <gantry/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most bytes that Podman takes for one secret. */
#define GANTRY_SECRET_MAX_BYTES ((size_t)511999)

/** Options of gantry_secrets_create(). */
typedef struct gantry_secret_options {
    size_t size;             /**< sizeof(gantry_secret_options) */
    const gantry_call *call;
    const char *driver;            /**< "file", "pass", "shell"; NULL = the engine's, which is
                                        "file" unless it is configured otherwise */
    const gantry_pair *options;    /**< of the driver */
    size_t option_count;
    const gantry_pair *labels;     /**< Podman from 4.3 */
    size_t label_count;
    int replace;  /**< #GANTRY_ON: take the place of one of that name: in one step from Podman 4.7
                       on, by removing it first below. See docs/secrets.md for what containers
                       have then. */
    int reserved;
} gantry_secret_options;

/** Result of gantry_secrets_create(); free with gantry_secret_created_free(). */
typedef struct gantry_secret_created {
    size_t size; /**< bytes of it that the running library fills */
    const char *id;
} gantry_secret_created;

/**
 * Keep a secret.
 * @param name       [a-zA-Z0-9][a-zA-Z0-9_.-]*, at most 64 characters, the last no '.' or '-'
 * @param data       any bytes
 * @param data_size  1 to #GANTRY_SECRET_MAX_BYTES
 * @param out        may be NULL
 * @return 0, #GANTRY_E_EXISTS, #GANTRY_E_INVALID, ...; with `replace` on Podman below 4.7 a failure
 *         with outcome PARTIAL if the old one is gone and the new one could not be made.
 *         `POST /libpod/secrets/create`. Since 0.1.
 */
GANTRY_API int gantry_secrets_create(gantry_secrets *secrets, const char *name, const void *data,
                                     size_t data_size, const gantry_secret_options *opts,
                                     gantry_secret_created **out, gantry_error *err);
GANTRY_API void gantry_secret_created_free(gantry_secret_created *created); /**< Free it. Since
                                                                                 0.1. */

/** A secret without its bytes, which no engine gives back by this. Free an inspected one with
 * gantry_secret_free(). */
typedef struct gantry_secret {
    size_t size; /**< bytes of it that the running library fills */
    const char *id;
    const char *name;
    const char *driver;
    int64_t created_ns;          /**< since the epoch */
    int64_t updated_ns;
    const gantry_pair *labels;
    size_t label_count;
    const gantry_pair *options;  /**< of the driver */
    size_t option_count;
    const char *json;            /**< the engine's own answer; NULL in lists */
} gantry_secret;

/** Secrets; free with gantry_secret_list_free(). */
typedef struct gantry_secret_list {
    size_t size; /**< bytes of it that the running library fills */
    size_t count;
    const gantry_secret *const *items; /**< also NULL-terminated */
} gantry_secret_list;

/** Options of gantry_secrets_inspect() and gantry_secrets_exists(). */
typedef struct gantry_secret_inspect_options {
    size_t size;             /**< sizeof(gantry_secret_inspect_options) */
    const gantry_call *call;
} gantry_secret_inspect_options;

/** One secret, by its exact name or whole id; others are #GANTRY_E_NOT_FOUND.
 * `GET /libpod/secrets/{id}/json`. Since 0.1. */
GANTRY_API int gantry_secrets_inspect(gantry_secrets *secrets, const char *id,
                                      const gantry_secret_inspect_options *opts,
                                      gantry_secret **out, gantry_error *err);
GANTRY_API void gantry_secret_free(gantry_secret *secret); /**< Free it. Since 0.1. */

/** Whether there is such a secret. Since 0.1. */
GANTRY_API int gantry_secrets_exists(gantry_secrets *secrets, const char *id,
                                     const gantry_secret_inspect_options *opts, int *out_exists,
                                     gantry_error *err);

/** Options of gantry_secrets_list(). */
typedef struct gantry_secret_list_options {
    size_t size;             /**< sizeof(gantry_secret_list_options) */
    const gantry_call *call;
    const char *const *names;   /**< any of these exact names, NULL-terminated */
    const char *const *labels;  /**< all of these, "key" or "key=value" */
} gantry_secret_list_options;

/** List secrets. `GET /libpod/secrets/json`. Since 0.1. */
GANTRY_API int gantry_secrets_list(gantry_secrets *secrets, const gantry_secret_list_options *opts,
                                   gantry_secret_list **out, gantry_error *err);
GANTRY_API void gantry_secret_list_free(gantry_secret_list *list); /**< Free it. Since 0.1. */

/** Options of gantry_secrets_remove(). */
typedef struct gantry_secret_remove_options {
    size_t size;             /**< sizeof(gantry_secret_remove_options) */
    const gantry_call *call;
    int missing_ok;          /**< #GANTRY_ON: no secret is success */
    int reserved;
} gantry_secret_remove_options;

/** Remove a secret, by its exact name or whole id. Containers that have it as a file keep it; one
 * that has it as a variable does not start again. `DELETE /libpod/secrets/{id}`. Since 0.1. */
GANTRY_API int gantry_secrets_remove(gantry_secrets *secrets, const char *id,
                                     const gantry_secret_remove_options *opts, gantry_error *err);

#ifdef __cplusplus
}
#endif
#endif
