/**
 * @file image.h
 * Images of an engine: import, list, inspect, tag, remove, history, disk use. Building them is in
 * <gantry/build.h>, pulling, pushing, saving and loading in <gantry/transfer.h>.
 *
 * References are written as everywhere: [domain/]path[:tag][\@digest], or an id of 64 hex digits or
 * an unambiguous beginning of one, with or without "sha256:". A reference without a domain means
 * docker.io/library/... on every engine, and an image that is there locally wins; images built or
 * tagged without a domain are found and reported under the name they were given, also on Podman,
 * which keeps them under localhost/. Ids in results are 64 hex digits.
 */
#ifndef GANTRY_IMAGE_H
#define GANTRY_IMAGE_H

#include <gantry/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/** When an engine asks the registry for an image. */
enum {
    GANTRY_PULL_DEFAULT = 0, /**< a build: MISSING; gantry_images_pull(): ALWAYS */
    GANTRY_PULL_MISSING = 1, /**< only for one that is not there */
    GANTRY_PULL_ALWAYS = 2,  /**< always */
    GANTRY_PULL_NEVER = 3,   /**< never: what is missing is NOT_FOUND. A build on Docker:
                                  UNSUPPORTED */
    GANTRY_PULL_NEWER = 4    /**< for one that is missing or that the registry has a newer one of;
                                  a registry that cannot be reached is no failure then. A build on
                                  Docker: UNSUPPORTED */
};

/** Format of an image's manifest and configuration. */
enum {
    GANTRY_FORMAT_DEFAULT = 0, /**< DOCKER, which alone keeps HEALTHCHECK, ONBUILD and SHELL */
    GANTRY_FORMAT_DOCKER = 1,
    GANTRY_FORMAT_OCI = 2      /**< Docker: UNSUPPORTED */
};

/* ---- import ------------------------------------------------------------------------------- */

/** Options of gantry_images_import(). */
typedef struct gantry_image_import_options {
    size_t size;             /**< sizeof(gantry_image_import_options) */
    const gantry_call *call;
    const char *message;         /**< for the image's history */
    const char *platform;        /**< as "linux/arm64"; NULL = the engine's */
    const char *const *changes;  /**< Dockerfile instructions as "CMD [\"sh\"]", NULL-terminated */
} gantry_image_import_options;

/** What an import made; free with gantry_image_import_result_free(). */
typedef struct gantry_image_import_result {
    size_t size; /**< bytes of it that the running library fills */
    const char *image_id; /**< 64 hex digits */
} gantry_image_import_result;

/**
 * Make an image of one layer from a root filesystem tar (plain, gzip, bzip2 or xz).
 * @param reference  name for the image; NULL = none
 * @param tar        the bytes
 * @param out        may be NULL
 *
 * Docker `POST /images/create?fromSrc=-`, Podman `POST /libpod/images/import`. Since 0.1.
 */
GANTRY_API int gantry_images_import(gantry_images *images, const char *reference,
                                    const gantry_source *tar,
                                    const gantry_image_import_options *opts,
                                    gantry_image_import_result **out, gantry_error *err);

/** Free it; NULL is allowed. Since 0.1. */
GANTRY_API void gantry_image_import_result_free(gantry_image_import_result *result);

/* ---- list, inspect, exists ---------------------------------------------------------------- */

/** An image. Free an inspected one with gantry_image_free(); those in a list with the list. */
typedef struct gantry_image {
    size_t size; /**< bytes of it that the running library fills */
    const char *id;                    /**< 64 hex digits */
    const char *digest;                /**< of the manifest, "sha256:...", or "" */
    const char *const *references;     /**< names with tags as "app:latest", NULL-terminated */
    const char *const *digests;        /**< names with digests, NULL-terminated */
    int64_t created_ns;                /**< since the epoch; 0 if unknown */
    int64_t size_bytes;                /**< as the engine counts it; not comparable between
                                            engines */
    const gantry_pair *labels;
    size_t label_count;
    /* the rest by inspect only */
    const char *os;                    /**< "linux" */
    const char *architecture;          /**< "amd64" */
    const char *variant;               /**< "v8" or "" */
    const char *author;
    const char *comment;
    const char *user;
    const char *working_directory;
    const char *const *command;        /**< CMD */
    const char *const *entrypoint;
    const char *const *environment;    /**< "NAME=value" */
    const char *const *exposed_ports;  /**< as "80/tcp" */
    const char *const *volumes;        /**< paths */
    const char *json;                  /**< the engine's own answer; NULL in lists */
    const char *parent_id;             /**< of the image it was made from, where the engine keeps
                                            that, or "" */
    const char *const *layers;         /**< "sha256:..." of the unpacked layers, lowest first */
    const char *stop_signal;           /**< "SIGTERM", or "" */
    const char *const *healthcheck;    /**< as the engine has it: "CMD-SHELL" and a command, "CMD"
                                            and its words, "NONE"; empty if there is none */
} gantry_image;

/** Images; free with gantry_image_list_free(). */
typedef struct gantry_image_list {
    size_t size; /**< bytes of it that the running library fills */
    size_t count;
    const gantry_image *const *items; /**< also NULL-terminated */
} gantry_image_list;

/** Options of gantry_images_list(). */
typedef struct gantry_image_list_options {
    size_t size;             /**< sizeof(gantry_image_list_options) */
    const gantry_call *call;
    const char *const *references; /**< only these, patterns with '*' allowed, NULL-terminated */
    const char *const *labels;     /**< only with all of these, "key" or "key=value" */
    const gantry_pair *filters;    /**< further filters in the engine's own words */
    size_t filter_count;
    int dangling;                  /**< #GANTRY_ON: only untagged, #GANTRY_OFF: only tagged */
    int all;                       /**< #GANTRY_ON: intermediate images too */
} gantry_image_list_options;

/** List images. `GET /images/json` on both. Since 0.1. */
GANTRY_API int gantry_images_list(gantry_images *images, const gantry_image_list_options *opts,
                                  gantry_image_list **out, gantry_error *err);

/** Free it; NULL is allowed. Since 0.1. */
GANTRY_API void gantry_image_list_free(gantry_image_list *list);

/** Options of gantry_images_inspect(). */
typedef struct gantry_image_inspect_options {
    size_t size;             /**< sizeof(gantry_image_inspect_options) */
    const gantry_call *call;
} gantry_image_inspect_options;

/** Everything about one image. `GET /images/{name}/json` on both. Since 0.1. */
GANTRY_API int gantry_images_inspect(gantry_images *images, const char *reference,
                                     const gantry_image_inspect_options *opts, gantry_image **out,
                                     gantry_error *err);

/** Free it; NULL is allowed. Since 0.1. */
GANTRY_API void gantry_image_free(gantry_image *image);

/** Options of gantry_images_exists(). */
typedef struct gantry_image_exists_options {
    size_t size;             /**< sizeof(gantry_image_exists_options) */
    const gantry_call *call;
} gantry_image_exists_options;

/**
 * Whether an image is there locally.
 * @param out_exists  receives 1 or 0
 *
 * Docker `GET /images/{name}/json`, Podman `GET /libpod/images/{name}/exists`. Since 0.1.
 */
GANTRY_API int gantry_images_exists(gantry_images *images, const char *reference,
                                    const gantry_image_exists_options *opts, int *out_exists,
                                    gantry_error *err);

/* ---- tag, remove -------------------------------------------------------------------------- */

/** Options of gantry_images_tag(). */
typedef struct gantry_image_tag_options {
    size_t size;             /**< sizeof(gantry_image_tag_options) */
    const gantry_call *call;
} gantry_image_tag_options;

/** Give an image another name. `POST /images/{name}/tag` on both. Since 0.1. */
GANTRY_API int gantry_images_tag(gantry_images *images, const char *reference,
                                 const char *new_reference, const gantry_image_tag_options *opts,
                                 gantry_error *err);

/** Options of gantry_images_remove(). */
typedef struct gantry_image_remove_options {
    size_t size;             /**< sizeof(gantry_image_remove_options) */
    const gantry_call *call;
    int force;      /**< #GANTRY_ON: also when it has several names and is given by id. Containers
                         are never removed along, unlike in Podman's own force. */
    int missing_ok; /**< #GANTRY_ON: no image is success */
    int keep_parents; /**< #GANTRY_ON: keep untagged parents; Podman: UNSUPPORTED */
    int reserved;
} gantry_image_remove_options;

/** What a removal did; free with gantry_image_removal_free(). */
typedef struct gantry_image_removal {
    size_t size; /**< bytes of it that the running library fills */
    const char *const *untagged; /**< names taken away, NULL-terminated */
    const char *const *deleted;  /**< ids deleted, 64 hex digits, NULL-terminated */
} gantry_image_removal;

/**
 * Remove a name, and the image when it was the last one.
 * @param out  may be NULL; receives NULL when missing_ok applied
 * @return 0, #GANTRY_E_NOT_FOUND, #GANTRY_E_IN_USE (a container uses it), ... Since 0.1.
 *
 * `DELETE /images/{name}` on both.
 */
GANTRY_API int gantry_images_remove(gantry_images *images, const char *reference,
                                    const gantry_image_remove_options *opts,
                                    gantry_image_removal **out, gantry_error *err);

/** Free it; NULL is allowed. Since 0.1. */
GANTRY_API void gantry_image_removal_free(gantry_image_removal *removal);

/** Options of gantry_images_untag(). */
typedef struct gantry_image_untag_options {
    size_t size;             /**< sizeof(gantry_image_untag_options) */
    const gantry_call *call;
} gantry_image_untag_options;

/**
 * Take a name away from an image and keep the image, even without any name.
 *
 * Docker deletes an image with its last name and has no way around that: the last name is
 * #GANTRY_E_CONFLICT there, and nothing is done. Who takes another name away between the library's
 * look and the removal makes this one the last.
 * @param reference  the name; an id or digest is #GANTRY_E_INVALID
 * @return 0, #GANTRY_E_NOT_FOUND, #GANTRY_E_CONFLICT, ... Since 0.1.
 *
 * `GET /images/{name}/json` on both, then Docker `DELETE /images/{name}`, Podman
 * `POST /libpod/images/{name}/untag`.
 */
GANTRY_API int gantry_images_untag(gantry_images *images, const char *reference,
                                   const gantry_image_untag_options *opts, gantry_error *err);

/* ---- history, prune, disk use ------------------------------------------------------------- */

/** A layer in an image's history, or a step that made none. */
typedef struct gantry_image_layer {
    size_t size; /**< bytes of it that the running library fills */
    const char *id;          /**< of the image as it was then, 64 hex digits, or "" if it is not
                                  kept */
    const char *created_by;  /**< the instruction, in the engine's words */
    const char *comment;
    const char *const *references; /**< names of that image, NULL-terminated */
    int64_t created_ns;      /**< since the epoch; 0 if unknown */
    int64_t size_bytes;      /**< what it added */
} gantry_image_layer;

/** An image's history, newest first; free with gantry_image_history_free(). */
typedef struct gantry_image_history {
    size_t size; /**< bytes of it that the running library fills */
    size_t count;
    const gantry_image_layer *const *items; /**< also NULL-terminated */
    const char *const *layer_digests; /**< "sha256:..." of the unpacked layers, lowest first, from
                                           the image's inspect; NULL-terminated */
} gantry_image_history;

/** Options of gantry_images_history(). */
typedef struct gantry_image_history_options {
    size_t size;             /**< sizeof(gantry_image_history_options) */
    const gantry_call *call;
} gantry_image_history_options;

/** How an image came about, and the layers it is made of. `GET /images/{name}/history` and
 * `/json` on both. Since 0.1. */
GANTRY_API int gantry_images_history(gantry_images *images, const char *reference,
                                     const gantry_image_history_options *opts,
                                     gantry_image_history **out, gantry_error *err);

/** Free it; NULL is allowed. Since 0.1. */
GANTRY_API void gantry_image_history_free(gantry_image_history *history);

/** Options of gantry_images_prune(). */
typedef struct gantry_image_prune_options {
    size_t size;             /**< sizeof(gantry_image_prune_options) */
    const gantry_call *call; /**< no total limit by default */
    const char *const *labels;     /**< only with all of these, "key" or "key=value" */
    const char *const *not_labels; /**< none that has one of these; Docker: more than one is
                                        UNSUPPORTED */
    const gantry_pair *filters;    /**< further filters in the engine's own words; Podman: more
                                        than one is UNSUPPORTED */
    size_t filter_count;
    int64_t until_ns;        /**< only those made before, since the epoch; 0 = any */
    int all;                 /**< #GANTRY_ON: every image that no container uses; default: only
                                  those without a name */
    int build_cache;         /**< #GANTRY_ON: Docker's build cache too (`POST /build/prune`), of
                                  which `all` and `until_ns` hold alike; Podman keeps its cache as
                                  images without a name, which go in any case, from 5.3 on also
                                  what RUN --mount=type=cache kept. With labels, not_labels or
                                  filters: INVALID */
} gantry_image_prune_options;

/** What a prune freed; free with gantry_image_pruned_free(). */
typedef struct gantry_image_pruned {
    size_t size; /**< bytes of it that the running library fills */
    const char *const *untagged; /**< names taken away, NULL-terminated */
    const char *const *deleted;  /**< ids deleted, 64 hex digits, NULL-terminated; Docker counts
                                      layers among them */
    const char *const *caches;   /**< ids of cache records deleted, NULL-terminated */
    int64_t freed_bytes;         /**< as the engine counts them */
} gantry_image_pruned;

/**
 * Remove images that no container uses, running or not.
 *
 * All conditions hold together. Podman heeds one of them only: with several the library looks at a
 * list and prunes image by image, each of which Podman keeps if it is used or has got a name.
 * @param out  may be NULL
 * @return 0 also when there was nothing; #GANTRY_E_ENGINE if some could not be removed. When part
 *         was done before a failure the outcome is PARTIAL and gantry_error::output names what.
 *         `POST /images/prune` on both. Since 0.1.
 */
GANTRY_API int gantry_images_prune(gantry_images *images, const gantry_image_prune_options *opts,
                                   gantry_image_pruned **out, gantry_error *err);

/** Free it; NULL is allowed. Since 0.1. */
GANTRY_API void gantry_image_pruned_free(gantry_image_pruned *pruned);

/** The room that an image takes. */
typedef struct gantry_image_usage {
    size_t size; /**< bytes of it that the running library fills */
    const char *id;                /**< 64 hex digits */
    const char *const *references; /**< names, NULL-terminated */
    int64_t created_ns;
    int64_t size_bytes;   /**< in all */
    int64_t shared_bytes; /**< of layers that others use too; -1 if the engine does not say;
                               Podman counts those that an image was built on, not equal layers */
    int64_t unique_bytes; /**< what its removal would free; -1 if the engine does not say */
    int64_t containers;   /**< that use it; -1 if the engine does not say */
} gantry_image_usage;

/** Room that images take; free with gantry_image_disk_usage_free(). */
typedef struct gantry_image_disk_usage {
    size_t size; /**< bytes of it that the running library fills */
    int64_t total_bytes; /**< of all layers, each once; -1 if the engine does not say */
    size_t count;
    const gantry_image_usage *const *items; /**< also NULL-terminated */
} gantry_image_disk_usage;

/** Options of gantry_images_disk_usage(). */
typedef struct gantry_image_disk_usage_options {
    size_t size;             /**< sizeof(gantry_image_disk_usage_options) */
    const gantry_call *call;
} gantry_image_disk_usage_options;

/** Room per image. `GET /system/df` on both; slow on large stores. Docker counts for one at a time:
 * further calls wait for their turn within their time limit. Since 0.1. */
GANTRY_API int gantry_images_disk_usage(gantry_images *images,
                                        const gantry_image_disk_usage_options *opts,
                                        gantry_image_disk_usage **out, gantry_error *err);

/** Free it; NULL is allowed. Since 0.1. */
GANTRY_API void gantry_image_disk_usage_free(gantry_image_disk_usage *usage);

#ifdef __cplusplus
}
#endif
#endif
