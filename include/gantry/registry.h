/**
 * @file registry.h
 * Registries as an engine sees them: log in, search, look at an image without pulling it.
 *
 * Registries are named by domain, "docker.io" or "example.org:5000"; images by references as in
 * <gantry/image.h>.
 */
#ifndef GANTRY_REGISTRY_H
#define GANTRY_REGISTRY_H

#include <gantry/auth.h>
#include <gantry/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- log in, log out ---------------------------------------------------------------------- */

/** Options of gantry_registries_login(). */
typedef struct gantry_login_options {
    size_t size; /**< sizeof(gantry_login_options) */
    const gantry_call *call;
    int store; /**< #GANTRY_ON: keep the credentials after a success, in the engine's
                                  provider or as its command line would */
    int reserved;
} gantry_login_options;

/** What a login gave; free with gantry_login_result_free(), which overwrites it. */
typedef struct gantry_login_result {
    size_t size;                /**< bytes of it that the running library fills */
    const char *status;         /**< the registry's or engine's words, or "" */
    const char *identity_token; /**< to be used instead of the password from now on, or "" */
} gantry_login_result;

/**
 * Have the engine check credentials with a registry.
 * @param registry  "docker.io", "example.org:5000"
 * @param auth      user and password or token; NULL = those that calls would use
 * @param out       may be NULL
 * @return 0, #GANTRY_E_UNAUTHORIZED (refused; or NULL and there are none), #GANTRY_E_REGISTRY,
 *         #GANTRY_E_INVALID (a registry_token: no login is made with one), ... Since 0.1.
 *
 * `POST /auth` on both; Podman has it on its Docker-compatible paths only, takes no identity token
 * there (UNSUPPORTED), and speaks HTTPS unless its registries.conf calls the registry insecure.
 * With `store`, a failure to keep what was accepted is the call's failure, and says so.
 */
GANTRY_API int gantry_registries_login(gantry_registries *registries, const char *registry,
                                       const gantry_auth *auth, const gantry_login_options *opts,
                                       gantry_login_result **out, gantry_error *err);

/** Free it, which overwrites the secrets; NULL is allowed. Since 0.1. */
GANTRY_API void gantry_login_result_free(gantry_login_result *result);

/** Options of gantry_registries_logout(). */
typedef struct gantry_logout_options {
    size_t size; /**< sizeof(gantry_logout_options) */
    const gantry_call *call;
} gantry_logout_options;

/** Forget stored credentials of a registry; asks no engine. #GANTRY_E_NOT_FOUND if there are none.
 * Since 0.1. */
GANTRY_API int gantry_registries_logout(gantry_registries *registries, const char *registry,
                                        const gantry_logout_options *opts, gantry_error *err);

/* ---- search ------------------------------------------------------------------------------- */

/** A repository that a search found. */
typedef struct gantry_search_item {
    size_t size;      /**< bytes of it that the running library fills */
    const char *name; /**< as "docker.io/library/alpine" */
    const char *description;
    int64_t stars; /**< -1 if unknown */
    int official;  /**< 1 if the registry says so */
    int automated;
} gantry_search_item;

/** What a search found; free with gantry_search_result_free(). */
typedef struct gantry_search_result {
    size_t size; /**< bytes of it that the running library fills */
    size_t count;
    const gantry_search_item *const *items; /**< also NULL-terminated */
} gantry_search_result;

/** Options of gantry_registries_search(). */
typedef struct gantry_search_options {
    size_t size; /**< sizeof(gantry_search_options) */
    const gantry_call *call;
    const gantry_auth *auth; /**< NULL = the engine's credentials are asked */
    int64_t limit;           /**< most items; 0 = 25 */
    int64_t min_stars;       /**< only with at least so many; 0 = any */
    int official;            /**< #GANTRY_ON: only official ones, #GANTRY_OFF: only others */
    int automated;
    int tls_verify; /**< as in gantry_pull_options */
    int reserved;
} gantry_search_options;

/**
 * Search a registry.
 * @param term  as "alpine", or with a domain "quay.io/alpine"; without one docker.io is searched.
 *              Not every registry can be searched: Docker asks for the old index API, Podman
 *              also reads the catalog of those that have none.
 * `GET /images/search` on both; `tls_verify` is UNSUPPORTED on Docker. Since 0.1.
 */
GANTRY_API int gantry_registries_search(gantry_registries *registries, const char *term,
                                        const gantry_search_options *opts,
                                        gantry_search_result **out, gantry_error *err);

/** Free it; NULL is allowed. Since 0.1. */
GANTRY_API void gantry_search_result_free(gantry_search_result *result);

/* ---- an image in a registry --------------------------------------------------------------- */

/** An image in a registry; free with gantry_remote_image_free(). */
typedef struct gantry_remote_image {
    size_t size;                  /**< bytes of it that the running library fills */
    const char *digest;           /**< of the manifest or list that the reference leads to:
                                       "sha256:..." */
    const char *media_type;       /**< of it */
    int64_t manifest_bytes;       /**< its length; -1 if unknown */
    const char *const *platforms; /**< as "linux/amd64", "linux/arm/v7"; NULL-terminated; empty if
                                       the manifest does not say */
} gantry_remote_image;

/** Options of gantry_registries_inspect() and gantry_registries_exists(). */
typedef struct gantry_remote_options {
    size_t size; /**< sizeof(gantry_remote_options) */
    const gantry_call *call;
    const gantry_auth *auth; /**< NULL = the engine's credentials are asked */
    int tls_verify;          /**< as in gantry_pull_options */
    int reserved;
} gantry_remote_options;

/**
 * What a reference leads to in its registry now; nothing is pulled.
 * @return 0, #GANTRY_E_NOT_FOUND, #GANTRY_E_UNAUTHORIZED, #GANTRY_E_REGISTRY, ... Since 0.1.
 *
 * Docker `GET /distribution/{name}/json`. Podman has no such endpoint: there the library itself
 * asks the registry, from this process's host and without a proxy, with HTTPS verified as the
 * system does and as the authorities in certs.d/DOMAIN of /etc/containers and /etc/docker say
 * (*.crt). `tls_verify` is UNSUPPORTED on Docker; with #GANTRY_OFF HTTPS with any certificate is
 * tried, then plain HTTP.
 */
GANTRY_API int gantry_registries_inspect(gantry_registries *registries, const char *reference,
                                         const gantry_remote_options *opts,
                                         gantry_remote_image **out, gantry_error *err);

/** Free it; NULL is allowed. Since 0.1. */
GANTRY_API void gantry_remote_image_free(gantry_remote_image *image);

/**
 * Whether a reference leads to an image in its registry.
 * @param out_exists  receives 1 or 0
 * @return 0 or as gantry_registries_inspect(), but for NOT_FOUND. Since 0.1.
 */
GANTRY_API int gantry_registries_exists(gantry_registries *registries, const char *reference,
                                        const gantry_remote_options *opts, int *out_exists,
                                        gantry_error *err);

#ifdef __cplusplus
}
#endif
#endif
