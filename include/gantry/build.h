/**
 * @file build.h
 * Build images: from a Dockerfile's text, files in memory, host directories, archives, URLs, in any
 * mixture.
 */
#ifndef GANTRY_BUILD_H
#define GANTRY_BUILD_H

#include <gantry/archive.h>
#include <gantry/auth.h>
#include <gantry/image.h>
#include <gantry/spec.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Which of Docker's builders builds. The library uses BuildKit over the plain API, without a
 * session: images that a build needs are pulled through the engine first, as STATUS records show;
 * secrets and ssh agents (`RUN --mount=type=secret`) are UNSUPPORTED, before anything is sent.
 *
 * With BuildKit only what makes a layer is a step: LABEL, ENV, CMD are none, and stages that run
 * side by side are numbered as they begin; each record's `step` says whose it is. Its cache
 * outlives images.
 */
enum {
    GANTRY_BUILDER_AUTO = 0,    /**< BuildKit, but the classic one for limits (memory_bytes, cpu_,
                                     before API 1.42 also shm_size_bytes and ulimits), the name of
                                     a network, squash, keep_intermediate, a Dockerfile that ignore
                                     rules hide from COPY or that comes from a URL, a tar or a
                                     callback, and a FROM with an image's id. A Dockerfile with
                                     what the classic one does not know is UNSUPPORTED then.
                                     Podman has one builder. */
    GANTRY_BUILDER_CLASSIC = 1, /**< Docker's classic builder; Podman: UNSUPPORTED */
    GANTRY_BUILDER_BUILDKIT = 2 /**< BuildKit; UNSUPPORTED with an option it would ignore. Podman:
                                     UNSUPPORTED */
};

/** A secret of a build, for `RUN --mount=type=secret,id=...`; never part of the image. */
typedef struct gantry_build_secret {
    size_t size;      /**< sizeof(gantry_build_secret) */
    const char *id;
    const void *data; /**< its bytes, or NULL with `path` */
    size_t data_size;
    const char *path; /**< or a host file that is read when the build begins */
} gantry_build_secret;

/** A further context, for `COPY --from=name` and `FROM name`. */
typedef struct gantry_build_source {
    size_t size;       /**< sizeof(gantry_build_source) */
    const char *name;
    const char *image; /**< one of the three: an image reference, */
    const char *url;   /**< a tarball's or git repository's URL, which the engine fetches, or */
    const char *directory; /**< a host directory: UNSUPPORTED so far, put it into the context */
} gantry_build_source;

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
    const char *platform;                /**< "linux/arm64"; NULL = the engine's. Docker's classic
                                              builder before API 1.45 and Podman before 5.6 mix
                                              platforms in their cache: it is not used then. */
    gantry_progress_fn progress;         /**< called for each record by gantry_images_build() */
    void *progress_arg;
    const gantry_pair *extra_query;      /**< more parameters of the engine's own, unchecked */
    size_t extra_query_count;
    int no_cache;                        /**< #GANTRY_ON: run every step anew. Steps are cached by
                                              default on both engines. */
    int pull;                            /**< GANTRY_PULL_... */
    int keep_intermediate;               /**< #GANTRY_ON: keep containers of the steps */
    int builder;                         /**< GANTRY_BUILDER_... */
    /**
     * Ignore rules of `context_directory`. DEFAULT and ON apply the first of these files that is
     * there: NAME.containerignore, NAME.dockerignore (NAME is the Dockerfile's), .containerignore,
     * .dockerignore. OFF sends everything.
     */
    int ignore;
    int format;                          /**< GANTRY_FORMAT_... of the image */
    const char *const *ignore_patterns;  /**< further rules after the file's, NULL-terminated; also
                                              where `ignore` is OFF */
    /**
     * A context that the engine fetches itself: a git repository ("https://host/repo.git#ref:dir"),
     * a tarball or a single Dockerfile. Instead of dockerfile, context, context_directory and
     * ignore rules. Podman: not with dockerfile_name and secrets.
     */
    const char *context_url;
    const gantry_pair *annotations;      /**< of the manifest; need #GANTRY_FORMAT_OCI. Docker:
                                              UNSUPPORTED */
    size_t annotation_count;
    const char *const *platforms;        /**< several, NULL-terminated; more than one need
                                              `manifest` and are UNSUPPORTED on Docker. Not with
                                              `platform`. */
    const char *manifest;                /**< name of the manifest list that the images are added
                                              to; made if it is not there. Docker: UNSUPPORTED */
    const char *const *cache_from;       /**< where to take cached steps from. Docker: images that
                                              are there, and from nowhere else then. Podman:
                                              repositories that `cache_to` wrote to, without tags;
                                              before 4.4 one. */
    const char *const *cache_to;         /**< repositories to store them in; Podman before 4.4: one;
                                              Docker: UNSUPPORTED */
    const char *network;                 /**< of RUN: "none", "host", "default" or NULL = as
                                              containers have; Docker's classic builder also a
                                              network's name */
    const char *const *extra_hosts;      /**< "name:address", NULL-terminated */
    int64_t memory_bytes;                /**< limits of RUN; 0 = none. BuildKit has none of these:
                                              AUTO then takes the classic builder. */
    int64_t memory_swap_bytes;           /**< memory and swap together, -1 = unlimited */
    int64_t cpu_shares;
    int64_t cpu_period_us;
    int64_t cpu_quota_us;
    const char *cpuset_cpus;             /**< as "0-1,3" */
    const char *cpuset_mems;
    int64_t shm_size_bytes;
    const gantry_ulimit *const *ulimits; /**< NULL-terminated */
    const gantry_build_secret *const *secrets; /**< NULL-terminated; Docker: UNSUPPORTED, its
                                              builders take none over the plain API */
    const gantry_build_source *const *sources; /**< further contexts; Docker: UNSUPPORTED */
    const gantry_auth *const *auths;     /**< credentials for registries of base images, each with
                                              its `registry`, NULL-terminated; else the engine's
                                              credentials are asked */
    int squash;                          /**< #GANTRY_ON: the new layers become one. Docker: needs
                                              its experimental features; Podman: no step is taken
                                              from the cache or kept in it */
    int tls_verify;                      /**< #GANTRY_OFF: registries may be plain HTTP or have any
                                              certificate; Docker: UNSUPPORTED, its configuration
                                              decides */
} gantry_build_options;

/** A step of a build that ended well. */
typedef struct gantry_build_step {
    size_t size; /**< bytes of it that the running library fills */
    const char *text;    /**< the instruction */
    int64_t duration_ms; /**< -1 if it is not known */
    int step;            /**< its number in the progress */
    int cached;          /**< 1 if it was taken from the cache */
} gantry_build_step;

/** What a build made; free with gantry_build_result_free(). */
typedef struct gantry_build_result {
    size_t size; /**< bytes of it that the running library fills */
    const char *image_id;     /**< 64 hex digits; the image was there when the call returned */
    int64_t duration_ms;
    int step_total;           /**< number of steps, 0 if the engine does not count them */
    int builder;              /**< GANTRY_BUILDER_... that built it; AUTO on Podman */
    const char *const *warnings; /**< NULL-terminated */
    size_t step_count;
    const gantry_build_step *const *steps; /**< as they ended; also NULL-terminated */
} gantry_build_result;

/**
 * Build an image.
 *
 * What an ignore file names is left out by the library, so that the same directory gives the same
 * image on every engine; see gantry_build_options::ignore.
 *
 * The context is streamed; memory stays constant whatever its size. Success means that the engine
 * named the image in a structured record and confirms that it is there.
 *
 * A build that is stopped (cancel, deadline, the progress callback) makes no image. Docker ends the
 * command under way. Podman has no way to: the RUN step under way goes on to its end, and until
 * then its container, which no list shows, keeps the base image in use.
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
 * Docker: `POST /build`, with BuildKit after `POST /images/create` for images that are not here;
 * Podman: `POST /libpod/build`. Since 0.1.
 */
GANTRY_API int gantry_images_build(gantry_images *images, const char *reference,
                                   const gantry_build_options *opts, gantry_build_result **out,
                                   gantry_error *err);

/** Free it; NULL is allowed. Since 0.1. */
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

/**
 * The archive that a build with these options would send, without an engine: to look at
 * (gantry_archive_visit()), to measure, to take the digest of, to write to a file.
 * @param opts  as for gantry_images_build(); what it points to must outlive the archive
 * @param out   free with gantry_archive_free()
 * @return 0, #GANTRY_E_INVALID, #GANTRY_E_IO ... as the build would. Since 0.1.
 */
GANTRY_API int gantry_build_context_archive(const gantry_build_options *opts, gantry_archive **out,
                                            gantry_error *err);

#ifdef __cplusplus
}
#endif
#endif
