/**
 * @file auth.h
 * Credentials for registries: given in a call, found in files and credential helpers, or asked of
 * the program itself.
 *
 * Which credentials a call uses: `auth` of its options if set; else what the engine's provider
 * (gantry_engine_options::credentials) gives; else, without a provider, what the engine's own
 * command line would find: for Docker config.json with its credential helpers, for Podman auth.json
 * in its search order, then config.json. Without any the request is anonymous; Podman then uses
 * what the account that it runs as is logged in with.
 *
 * Secrets never appear in log lines and errors; the library's copies, and libcurl's list of
 * headers, are overwritten after use.
 */
#ifndef GANTRY_AUTH_H
#define GANTRY_AUTH_H

#include <gantry/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Credentials for one registry: a user and password, or a token. */
typedef struct gantry_auth {
    size_t size;          /**< sizeof(gantry_auth) */
    const char *registry; /**< "example.org:5000", "docker.io"; NULL where the call says it */
    const char *username;
    const char *password;
    const char *identity_token; /**< instead of a password: what a login gave */
    const char *registry_token; /**< or a bearer token that is sent as it is */
} gantry_auth;

/** Where a provider puts what it found; see gantry_auth_give(). */
typedef struct gantry_auth_slot gantry_auth_slot;

/**
 * Hand credentials to the library from gantry_credential_provider::get. Everything is copied; the
 * caller may overwrite its own at once.
 * @return 0, #GANTRY_E_INVALID (neither user nor token, control characters, not UTF-8),
 *         #GANTRY_E_NOMEM. Since 0.1.
 */
GANTRY_API int gantry_auth_give(gantry_auth_slot *slot, const gantry_auth *auth, gantry_error *err);

/** Where credentials come from. The functions are called from every thread that makes calls, at
 * once, `get` also from threads of the library's own in gantry_containers_deploy(), which have
 * every signal blocked. */
typedef struct gantry_credential_provider {
    size_t size; /**< sizeof(gantry_credential_provider) */
    /**
     * Find credentials for a registry, as "docker.io" or "example.org:5000". Nothing given and 0
     * means that there are none. Must honour `call`.
     */
    int (*get)(void *arg, const char *registry, const gantry_call *call, gantry_auth_slot *slot,
               gantry_error *err);
    /** Keep credentials (gantry_registries_login() with `store`); NULL: UNSUPPORTED. */
    int (*store)(void *arg, const char *registry, const gantry_auth *auth, const gantry_call *call,
                 gantry_error *err);
    /** Forget those of a registry; NOT_FOUND if there are none; NULL: UNSUPPORTED. */
    int (*erase)(void *arg, const char *registry, const gantry_call *call, gantry_error *err);
    void *arg;
} gantry_credential_provider;

/* ---- files and helpers -------------------------------------------------------------------- */

/** Credentials as the engines' command lines keep them. Any thread. */
typedef struct gantry_credentials gantry_credentials;

/** Whose files, and in which order. */
enum {
    GANTRY_CREDENTIALS_DOCKER = 1, /**< $DOCKER_AUTH_CONFIG (JSON), then $DOCKER_CONFIG/config.json
                                        or ~/.docker/config.json */
    GANTRY_CREDENTIALS_PODMAN = 2 /**< $REGISTRY_AUTH_FILE, or $XDG_RUNTIME_DIR/containers/auth.json
                                        (/run/containers/UID/auth.json), then
                                        $XDG_CONFIG_HOME/containers/auth.json, then Docker's, then
                                        ~/.dockercfg */
};

/** Options of gantry_credentials_open(). */
typedef struct gantry_credentials_options {
    size_t size;                       /**< sizeof(gantry_credentials_options) */
    const gantry_call *call;           /**< unused, for symmetry */
    const gantry_allocator *allocator; /**< copied; NULL = malloc */
    const char *const *environment; /**< "NAME=value", NULL-terminated; NULL = the process's, read
                                            once */
    const char *file;               /**< one file instead of the search; helpers in it are used */
    int64_t helper_timeout_ms;      /**< longest time of a credential helper; 0 = 30,000 */
    int order;                      /**< GANTRY_CREDENTIALS_...; 0 = PODMAN, which reads both */
    int no_helpers; /**< #GANTRY_ON: start no program; what only a helper knows is not
                                  found, and nothing is kept or forgotten there */
} gantry_credentials_options;

/**
 * Credentials of files and credential helpers (`credHelpers`, `credsStore`).
 *
 * Files are read at each question, so a login elsewhere is seen. A helper is a program
 * "docker-credential-NAME" found in the environment's PATH, started without a shell, with no
 * descriptors but its three, and ended at its time limit. What a helper does not know may be in the
 * file. A helper that is not installed is an error (IO); of `credsStore`, which Podman's command
 * line does not look at, only with DOCKER.
 * @param out  free with gantry_credentials_free()
 * Since 0.1.
 */
GANTRY_API int gantry_credentials_open(const gantry_credentials_options *opts,
                                       gantry_credentials **out, gantry_error *err);

/** Free it; NULL is allowed. Since 0.1. */
GANTRY_API void gantry_credentials_free(gantry_credentials *credentials);

/** Fill a provider (with `size` set) that asks these credentials; they must outlive its use.
 * Since 0.1. */
GANTRY_API void gantry_credentials_provider(gantry_credentials *credentials,
                                            gantry_credential_provider *out);

/** Credentials found; free with gantry_found_auth_free(), which overwrites them. */
typedef struct gantry_found_auth {
    size_t size;             /**< bytes of it that the running library fills */
    const gantry_auth *auth; /**< NULL members where there is none of a kind */
    const char *source;      /**< where from: a file's path, "docker-credential-pass" */
} gantry_found_auth;

/**
 * Find credentials for a registry, or for a repository in it ("quay.io/team/app": Podman's files
 * may have some per repository; the longest match wins).
 * @param registry  as "docker.io", "example.org:5000"
 * @return 0, #GANTRY_E_NOT_FOUND (none; resource_kind REGISTRY), #GANTRY_E_INVALID (a file that is
 *         no JSON, with its path), #GANTRY_E_IO (a file cannot be read, a helper fails),
 *         #GANTRY_E_LIMIT (a file of more than 1 MiB), #GANTRY_E_TIMEOUT ... Since 0.1.
 */
GANTRY_API int gantry_credentials_get(gantry_credentials *credentials, const char *registry,
                                      const gantry_call *call, gantry_found_auth **out,
                                      gantry_error *err);

/** Free it, which overwrites the secrets; NULL is allowed. Since 0.1. */
GANTRY_API void gantry_found_auth_free(gantry_found_auth *found);

/**
 * Keep credentials where the engine's command line would: in the helper that is configured for the
 * registry, else in the first file of the order, which is replaced as a whole (mode 0600) and keeps
 * everything else it has. A repository or path is possible with PODMAN. One after the other within
 * these credentials; another program that writes the file in the same moment may be overwritten.
 * @return 0, #GANTRY_E_UNSUPPORTED (a registry_token in a helper, a repository with DOCKER),
 *         #GANTRY_E_INVALID (a user with ':'), #GANTRY_E_IO ... Since 0.1.
 */
GANTRY_API int gantry_credentials_store(gantry_credentials *credentials, const char *registry,
                                        const gantry_auth *auth, const gantry_call *call,
                                        gantry_error *err);

/** Forget credentials of a registry in the helpers and files of the order's own command line: with
 * PODMAN, Docker's stay. #GANTRY_E_NOT_FOUND if there were none. Since 0.1. */
GANTRY_API int gantry_credentials_erase(gantry_credentials *credentials, const char *registry,
                                        const gantry_call *call, gantry_error *err);

#ifdef __cplusplus
}
#endif
#endif
