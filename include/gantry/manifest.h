/**
 * @file manifest.h
 * Manifest lists (image indexes): one name for images of several platforms.
 *
 * Podman keeps lists itself, beside its images and under names of the same kind: "app" made is
 * "app" found, and no image can have that name too. Docker has none; there only
 * gantry_manifests_inspect() works, and asks the registry.
 *
 * A list names its images by digest and does not hold them: gantry_manifests_push() takes them
 * along. What is pushed may be compressed on the way, so the digests in a registry differ from the
 * local ones.
 *
 * Errors of all functions: #GANTRY_E_NOT_FOUND (resource_kind MANIFEST: no such list, or no image
 * of that digest in it; an image that is no list counts as none), #GANTRY_E_UNSUPPORTED,
 * #GANTRY_E_INVALID, and what every call may fail with. All functions may be called from any
 * thread.
 */
#ifndef GANTRY_MANIFEST_H
#define GANTRY_MANIFEST_H

#include <gantry/auth.h>
#include <gantry/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One image of a list. */
typedef struct gantry_manifest_item {
    size_t size;        /**< bytes of it that the running library fills */
    const char *digest; /**< "sha256:..."; "" on Docker, which does not tell it */
    const char *media_type;
    const char *os;           /**< "linux" */
    const char *architecture; /**< "arm64" */
    const char *variant;      /**< "v8" or "" */
    const char *os_version;
    const gantry_pair *annotations; /**< Podman 4 keeps and pushes them, but does not tell them */
    size_t annotation_count;
    int64_t manifest_bytes;      /**< length of its manifest; -1 if unknown */
    const char *const *features; /**< of the processor, as "sse4"; NULL-terminated */
} gantry_manifest_item;

/** A list; free with gantry_manifest_free(). */
typedef struct gantry_manifest {
    size_t size;            /**< bytes of it that the running library fills */
    const char *media_type; /**< as the engine shows it: Podman 4 shows every list as Docker's */
    const char *digest;     /**< of the list in the registry; "" if the engine does not say (Podman)
                             */
    const char *json;       /**< the engine's own answer */
    size_t count;
    const gantry_manifest_item *const *items; /**< also NULL-terminated */
} gantry_manifest;

/** Options of gantry_manifests_create(). */
typedef struct gantry_manifest_create_options {
    size_t size; /**< sizeof(gantry_manifest_create_options) */
    const gantry_call *call;
    const char *const *images; /**< references to begin with, NULL-terminated, as for
                                    gantry_manifests_add() */
    const gantry_auth *auth;   /**< for images in registries; NULL = the engine's credentials */
    int all;                   /**< as in gantry_manifest_add_options */
    int tls_verify;            /**< as in gantry_pull_options */
} gantry_manifest_create_options;

/** How a list is known; free with gantry_manifest_id_free(). */
typedef struct gantry_manifest_id {
    size_t size;        /**< bytes of it that the running library fills */
    const char *id;     /**< of a local list, 64 hex digits, or "" */
    const char *digest; /**< of a pushed one, "sha256:...", or "" */
} gantry_manifest_id;

/** Free it; NULL is allowed. Since 0.1. */
GANTRY_API void gantry_manifest_id_free(gantry_manifest_id *id);

/**
 * Make a list. When one of its images cannot be added, it is removed again.
 * @param name  with or without tag, no digest
 * @param out   receives its id; may be NULL
 * @return 0, #GANTRY_E_EXISTS (a list or an image has the name), errors of gantry_manifests_add(),
 *         ...
 *
 * Podman `POST /libpod/manifests/{name}`, then `PUT` for each image. Since 0.1.
 */
GANTRY_API int gantry_manifests_create(gantry_manifests *manifests, const char *name,
                                       const gantry_manifest_create_options *opts,
                                       gantry_manifest_id **out, gantry_error *err);

/** Options of gantry_manifests_inspect(). */
typedef struct gantry_manifest_inspect_options {
    size_t size; /**< sizeof(gantry_manifest_inspect_options) */
    const gantry_call *call;
    const gantry_auth *auth; /**< where the list is in a registry; NULL = the engine's credentials.
                                  Podman before 4.6: UNSUPPORTED there, it uses its own */
    int tls_verify;          /**< as in gantry_pull_options, where the list is in a registry; Podman
                                  before 4.7: UNSUPPORTED there */
    int reserved;
} gantry_manifest_inspect_options;

/**
 * What a list holds. A local one comes first; else the registry is asked, always on Docker. On
 * Podman a name without a domain, or with "localhost/", means a local list only.
 *
 * A single image, here or in the registry, is #GANTRY_E_NOT_FOUND: gantry_registries_inspect()
 * tells about both.
 * @return 0, #GANTRY_E_NOT_FOUND, #GANTRY_E_REGISTRY, #GANTRY_E_UNAUTHORIZED, ...
 *
 * Podman `GET /libpod/manifests/{name}/json`, Docker `GET /distribution/{name}/json`. Since 0.1.
 */
GANTRY_API int gantry_manifests_inspect(gantry_manifests *manifests, const char *name,
                                        const gantry_manifest_inspect_options *opts,
                                        gantry_manifest **out, gantry_error *err);

/** Free it; NULL is allowed. Since 0.1. */
GANTRY_API void gantry_manifest_free(gantry_manifest *manifest);

/** Options of gantry_manifests_exists(). */
typedef struct gantry_manifest_exists_options {
    size_t size; /**< sizeof(gantry_manifest_exists_options) */
    const gantry_call *call;
} gantry_manifest_exists_options;

/**
 * Whether there is a local list of this name; an image that is no list counts as none.
 * @param out_exists  receives 1 or 0
 *
 * Podman `GET /libpod/manifests/{name}/exists`. Since 0.1.
 */
GANTRY_API int gantry_manifests_exists(gantry_manifests *manifests, const char *name,
                                       const gantry_manifest_exists_options *opts, int *out_exists,
                                       gantry_error *err);

/** What an added image is said to be for, and where it comes from. */
typedef struct gantry_manifest_add_options {
    size_t size; /**< sizeof(gantry_manifest_add_options) */
    const gantry_call *call;
    const gantry_auth *auth; /**< for an image in a registry; NULL = the engine's credentials */
    const char *os;          /**< NULL = as the image says; so below */
    const char *architecture;
    const char *variant;
    const char *os_version;
    const char *const *features; /**< of the processor; not in a list with annotations:
                                      UNSUPPORTED, there is no format for both */
    const gantry_pair *annotations; /**< keys without '=' */
    size_t annotation_count;
    int all;        /**< #GANTRY_ON: of an image that is a list in a registry, all its images; else
                         the one for the engine's platform. Of a local list: UNSUPPORTED */
    int tls_verify; /**< as in gantry_pull_options */
} gantry_manifest_add_options;

/**
 * Add an image to a list; one that is in it already stays there once.
 * @param image  a reference: the local image of that name if there is one, else the one in the
 *               registry, where a name without a domain means docker.io/library/...
 * @return 0, #GANTRY_E_NOT_FOUND (resource_kind MANIFEST: no such list, IMAGE: no such image),
 *         #GANTRY_E_REGISTRY, #GANTRY_E_UNAUTHORIZED, #GANTRY_E_FORBIDDEN, ...
 *
 * Podman `PUT /libpod/manifests/{name}`. Since 0.1.
 */
GANTRY_API int gantry_manifests_add(gantry_manifests *manifests, const char *name,
                                    const char *image, const gantry_manifest_add_options *opts,
                                    gantry_error *err);

/** Options of gantry_manifests_annotate(): what is set is changed. */
typedef struct gantry_manifest_annotate_options {
    size_t size; /**< sizeof(gantry_manifest_annotate_options) */
    const gantry_call *call;
    const char *os;
    const char *architecture;
    const char *variant;
    const char *os_version;
    const char *const *features;    /**< as in gantry_manifest_add_options */
    const gantry_pair *annotations; /**< added to those it has; in a list with features UNSUPPORTED
                                     */
    size_t annotation_count;
} gantry_manifest_annotate_options;

/**
 * Change what a list says of one of its images.
 * @param digest  of the image in the list, "sha256:..."
 *
 * Podman `PUT /libpod/manifests/{name}`. Since 0.1.
 */
GANTRY_API int gantry_manifests_annotate(gantry_manifests *manifests, const char *name,
                                         const char *digest,
                                         const gantry_manifest_annotate_options *opts,
                                         gantry_error *err);

/** Options of gantry_manifests_remove_image() and gantry_manifests_remove(). */
typedef struct gantry_manifest_remove_options {
    size_t size; /**< sizeof(gantry_manifest_remove_options) */
    const gantry_call *call;
    int missing_ok; /**< #GANTRY_ON: none of that name or digest is success */
    int reserved;
} gantry_manifest_remove_options;

/**
 * Take an image out of a list; the image itself stays.
 * @param digest  of the image in the list, "sha256:..."
 *
 * Podman `PUT /libpod/manifests/{name}`. Since 0.1.
 */
GANTRY_API int gantry_manifests_remove_image(gantry_manifests *manifests, const char *name,
                                             const char *digest,
                                             const gantry_manifest_remove_options *opts,
                                             gantry_error *err);

/**
 * Remove a list; its images stay. Of a list with several names only this one goes.
 *
 * Podman `DELETE /libpod/manifests/{name}`. Since 0.1.
 */
GANTRY_API int gantry_manifests_remove(gantry_manifests *manifests, const char *name,
                                       const gantry_manifest_remove_options *opts,
                                       gantry_error *err);

/** Options of gantry_manifests_push(). */
typedef struct gantry_manifest_push_options {
    size_t size;             /**< sizeof(gantry_manifest_push_options) */
    const gantry_call *call; /**< no total limit by default. Podman 4 goes on when a call ends
                                  early */
    const gantry_auth *auth; /**< NULL = the engine's credentials */
    int all;        /**< DEFAULT and ON: the images too; #GANTRY_OFF: the list alone, whose images
                         must be in the registry as they are here */
    int tls_verify; /**< as in gantry_pull_options */
} gantry_manifest_push_options;

/**
 * Push a list, and its images with it.
 * @param destination  reference with a domain, no digest; NULL = the list's own name
 * @param out          receives the digest of what was pushed; may be NULL
 * @return 0, #GANTRY_E_NOT_FOUND (no such list; with resource_kind IMAGE and `all` OFF: an image is
 *         not in the registry), #GANTRY_E_REGISTRY, #GANTRY_E_UNAUTHORIZED, #GANTRY_E_FORBIDDEN,
 *         ...
 *
 * Podman `POST /libpod/manifests/{name}/registry/{destination}`. Since 0.1.
 */
GANTRY_API int gantry_manifests_push(gantry_manifests *manifests, const char *name,
                                     const char *destination,
                                     const gantry_manifest_push_options *opts,
                                     gantry_manifest_id **out, gantry_error *err);

#ifdef __cplusplus
}
#endif
#endif
