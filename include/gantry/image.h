/**
 * @file image.h
 * Build, import, list, inspect, tag and remove images.
 *
 * References are written as everywhere: [domain/]path[:tag][\@digest], or an id of 64 hex digits or
 * an unambiguous beginning of one, with or without "sha256:". A reference without a domain means
 * docker.io/library/... on every engine, and an image that is there locally wins; images built or
 * tagged without a domain are found and reported under the name they were given, also on Podman,
 * which keeps them under localhost/. Ids in results are 64 hex digits.
 */
#ifndef GANTRY_IMAGE_H
#define GANTRY_IMAGE_H

#include <gantry/archive.h>
#include <gantry/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- build -------------------------------------------------------------------------------- */

/** Whether a build looks for newer base images. */
enum {
    GANTRY_PULL_DEFAULT = 0, /**< MISSING */
    GANTRY_PULL_MISSING = 1, /**< only those that are not there */
    GANTRY_PULL_ALWAYS = 2,  /**< always ask the registry */
    GANTRY_PULL_NEVER = 3    /**< fail if one is missing; Docker: UNSUPPORTED */
};

/** Options of gantry_images_build(). */
typedef struct gantry_build_options {
    size_t size;             /**< sizeof(gantry_build_options) */
    const gantry_call *call; /**< no total limit by default */
    const char *dockerfile;  /**< text of the Dockerfile; NULL = the context has one */
    /**
     * Name of the Dockerfile in the context; NULL = "Dockerfile" (Podman also looks for
     * "Containerfile" when `dockerfile` is NULL). A text given in `dockerfile` takes the place of
     * a context file of this name.
     */
    const char *dockerfile_name;
    const char *context_directory;       /**< host directory; NULL = none */
    gantry_archive *context;             /**< files in memory, callbacks ...; NULL = none. Where
                                              both bring a name, this one wins over the
                                              directory. */
    const char *const *tags;             /**< further references, NULL-terminated */
    const gantry_pair *build_args;       /**< ARG values; a NULL value takes the engine's own */
    size_t build_arg_count;
    const gantry_pair *labels;
    size_t label_count;
    const char *target;                  /**< stage to build; NULL = the last */
    const char *platform;                /**< "linux/arm64"; NULL = the engine's */
    gantry_progress_fn progress;         /**< called for each record by gantry_images_build() */
    void *progress_arg;
    const gantry_pair *extra_query;      /**< more parameters of the engine's own, unchecked */
    size_t extra_query_count;
    int no_cache;                        /**< #GANTRY_ON: run every step anew. Steps are cached by
                                              default on both engines. */
    int pull;                            /**< GANTRY_PULL_... */
    int keep_intermediate;               /**< #GANTRY_ON: keep containers of the steps */
    int reserved;
} gantry_build_options;

/** What a build made; free with gantry_build_result_free(). */
typedef struct gantry_build_result {
    size_t size; /**< bytes of it that the running library fills */
    const char *image_id;     /**< 64 hex digits; the image was there when the call returned */
    int64_t duration_ms;
    int step_total;           /**< number of steps, 0 if the engine does not count them */
    int reserved;
    const char *const *warnings; /**< NULL-terminated */
} gantry_build_result;

/**
 * Build an image.
 *
 * Ignore files are not applied by the library in this version: Docker's builder takes no notice of
 * a .dockerignore in the context it is sent, Podman leaves out what it names.
 *
 * The context is streamed; memory stays constant whatever its size. Success means that the engine
 * named the image in a structured record and confirms that it is there.
 *
 * A build that is stopped (cancel, deadline, the progress callback) makes no image. Docker ends the
 * command under way. Podman has no way to: the RUN step under way goes on to its end, and until
 * then
 * its container, which no list shows, keeps the base image in use.
 *
 * @param images     manager
 * @param reference  name for the image, "app" or "example.org/app:1.2"; without a tag ":latest";
 *                   NULL builds without a name
 * @param opts       at least a Dockerfile or a context
 * @param out        receives the result; may be NULL
 * @param err        #GANTRY_E_BUILD: `step`, `step_text`, `exit_code` and `output` (tail of the
 *                   build's output) say where it failed. If the base image of a FROM could not
 *                   be had, `resource` is its reference, else the image that was to be made.
 * @return 0, #GANTRY_E_BUILD, #GANTRY_E_INVALID (as: no Dockerfile in context_directory),
 *         #GANTRY_E_IO (a context file, named in the message), #GANTRY_E_CALLBACK ...
 *
 * Docker: `POST /build` (classic builder); Podman: `POST /libpod/build`. Since 0.1.
 */
GANTRY_API int gantry_images_build(gantry_images *images, const char *reference,
                                   const gantry_build_options *opts, gantry_build_result **out,
                                   gantry_error *err);
GANTRY_API void gantry_build_result_free(gantry_build_result *result);

/**
 * Begin a build and deliver its progress record by record; `opts->progress` is not used. The
 * context archive, what it reads from, and the call's cancel token must stay until the iterator is
 * closed; everything else is copied.
 * @param out  receives the iterator; its last record is #GANTRY_PROGRESS_RESULT
 * Since 0.1.
 */
GANTRY_API int gantry_images_build_open(gantry_images *images, const char *reference,
                                         const gantry_build_options *opts, gantry_progress **out,
                                         gantry_error *err);

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
GANTRY_API void gantry_image_removal_free(gantry_image_removal *removal);

#ifdef __cplusplus
}
#endif
#endif
