/**
 * @file manifest.h
 * Manifest lists (image indexes): one name for images of several platforms. Podman keeps them
 * itself; Docker only shows those in a registry, so there only gantry_manifests_inspect() works,
 * and asks the registry.
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
    const char *digest; /**< "sha256:..." */
    const char *media_type;
    const char *os;           /**< "linux" */
    const char *architecture; /**< "arm64" */
    const char *variant;      /**< "v8" or "" */
    const char *os_version;
    const gantry_pair *annotations;
    size_t annotation_count;
    int64_t manifest_bytes; /**< length of its manifest; -1 if unknown */
} gantry_manifest_item;

/** A list; free with gantry_manifest_free(). */
typedef struct gantry_manifest {
    size_t size; /**< bytes of it that the running library fills */
    const char *media_type;
    const char *digest; /**< of the list, "" if the engine does not say */
    const char *json;   /**< the engine's own answer */
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
    int all;                   /**< #GANTRY_ON: of an image that is a list, all its images */
    int tls_verify;            /**< as in gantry_pull_options */
} gantry_manifest_create_options;

/** How a list is known; free with gantry_manifest_id_free(). */
typedef struct gantry_manifest_id {
    size_t size;        /**< bytes of it that the running library fills */
    const char *id;     /**< of a local list, 64 hex digits, or "" */
    const char *digest; /**< of a pushed one, "sha256:...", or "" */
} gantry_manifest_id;

GANTRY_API void gantry_manifest_id_free(gantry_manifest_id *id);

/** Make a list. #GANTRY_E_EXISTS if the name is taken. @param out may be NULL.
 * `POST /libpod/manifests/{name}`. Since 0.1. */
GANTRY_API int gantry_manifests_create(gantry_manifests *manifests, const char *name,
                                       const gantry_manifest_create_options *opts,
                                       gantry_manifest_id **out, gantry_error *err);

/** Options of gantry_manifests_inspect(). */
typedef struct gantry_manifest_inspect_options {
    size_t size; /**< sizeof(gantry_manifest_inspect_options) */
    const gantry_call *call;
    const gantry_auth *auth; /**< where the list is in a registry */
    int tls_verify;
    int reserved;
} gantry_manifest_inspect_options;

/**
 * What a list holds. A local one comes first, else the registry is asked (always on Docker, where
 * digests of the single images are not told).
 * Podman `GET /libpod/manifests/{name}/json`, Docker `GET /distribution/{name}/json`. Since 0.1.
 */
GANTRY_API int gantry_manifests_inspect(gantry_manifests *manifests, const char *name,
                                        const gantry_manifest_inspect_options *opts,
                                        gantry_manifest **out, gantry_error *err);
GANTRY_API void gantry_manifest_free(gantry_manifest *manifest);

/** Options of gantry_manifests_exists(). */
typedef struct gantry_manifest_exists_options {
    size_t size; /**< sizeof(gantry_manifest_exists_options) */
    const gantry_call *call;
} gantry_manifest_exists_options;

/** Whether there is a local list of this name; an image that is no list counts as none. Since 0.1.
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
    const char *const *features;
    const gantry_pair *annotations;
    size_t annotation_count;
    int all;        /**< #GANTRY_ON: of an image that is a list, all its images */
    int tls_verify; /**< as in gantry_pull_options */
} gantry_manifest_add_options;

/**
 * Add an image to a list.
 * @param image  a reference: the local image of that name if there is one, else the one in the
 *               registry. `PUT /libpod/manifests/{name}`. Since 0.1.
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
    const char *const *features;
    const gantry_pair *annotations;
    size_t annotation_count;
} gantry_manifest_annotate_options;

/** Change what a list says of one of its images. @param digest of the image, "sha256:...". Since
 * 0.1. */
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

/** Take an image out of a list. @param digest as "sha256:...". Since 0.1. */
GANTRY_API int gantry_manifests_remove_image(gantry_manifests *manifests, const char *name,
                                             const char *digest,
                                             const gantry_manifest_remove_options *opts,
                                             gantry_error *err);

/** Remove a list; its images stay. `DELETE /libpod/manifests/{name}`. Since 0.1. */
GANTRY_API int gantry_manifests_remove(gantry_manifests *manifests, const char *name,
                                       const gantry_manifest_remove_options *opts,
                                       gantry_error *err);

/** Options of gantry_manifests_push(). */
typedef struct gantry_manifest_push_options {
    size_t size;             /**< sizeof(gantry_manifest_push_options) */
    const gantry_call *call; /**< no total limit by default */
    const gantry_auth *auth;
    int all;        /**< DEFAULT and ON: the images too; #GANTRY_OFF: the list alone */
    int tls_verify; /**< as in gantry_pull_options */
} gantry_manifest_push_options;

/**
 * Push a list, and its images with it.
 * @param destination  reference with a domain; NULL = the list's own name
 * @param out          receives the digest of what was pushed; may be NULL
 * `POST /libpod/manifests/{name}/registry/{destination}`. Since 0.1.
 */
GANTRY_API int gantry_manifests_push(gantry_manifests *manifests, const char *name,
                                     const char *destination,
                                     const gantry_manifest_push_options *opts,
                                     gantry_manifest_id **out, gantry_error *err);

#ifdef __cplusplus
}
#endif
#endif
