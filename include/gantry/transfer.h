/**
 * @file transfer.h
 * Images on the move: pull, push, save, load.
 */
#ifndef GANTRY_TRANSFER_H
#define GANTRY_TRANSFER_H

#include <gantry/auth.h>
#include <gantry/image.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- pull, push --------------------------------------------------------------------------- */

/*
 * Records of both: a STATUS for each change of a layer, `id` the beginning of its digest, `state`
 * one of GANTRY_TRANSFER_, `text` the engine's words without a newline; a layer's last state is
 * DONE or EXISTS when the transfer ends well. STATUS records without `id` are about the whole. A
 * RETRYING one without `json` is the library's own: its text says why it tries again.
 *
 * A transfer that is stopped, by its token, a limit or its callback, ends with its connection; the
 * engine gives up too. No name leads to something half done; layers that were whole may stay in the
 * engine's store or in the registry and make the next attempt shorter. On Docker a layer whose
 * transfer breaks is tried again by the daemon itself, for up to a minute.
 */

/** Options of gantry_images_pull(). */
typedef struct gantry_pull_options {
    size_t size;             /**< sizeof(gantry_pull_options) */
    const gantry_call *call; /**< no total limit by default */
    const char *platform;    /**< "linux/arm64"; NULL = the engine's */
    const gantry_auth *auth; /**< credentials; NULL = the engine's credentials are asked */
    gantry_progress_fn progress; /**< called for each record by gantry_images_pull() */
    void *progress_arg;
    int policy;              /**< GANTRY_PULL_...; DEFAULT is ALWAYS. MISSING and NEVER take any
                                  image that inspecting the reference finds, if it is for
                                  `platform`. NEWER is ALWAYS, but a registry that fails is only a
                                  WARNING record where there is an image. */
    int all_tags;            /**< #GANTRY_ON: every tag of the repository; reference without one,
                                  policy ALWAYS. Podman: the tags are asked for before
                                  gantry_images_pull_open() returns, then one after the other */
    int tls_verify;          /**< #GANTRY_OFF: plain HTTP or any certificate will do; Docker:
                                  UNSUPPORTED, its configuration decides */
    int retries;             /**< further attempts after #GANTRY_E_REGISTRY, TRUNCATED and
                                  UNAVAILABLE; 0 = none. The call's limits are for all of them */
    int64_t retry_delay_ms;  /**< before the first of them, doubled each time; 0 = 1000 */
} gantry_pull_options;

/** What a pull brought; free with gantry_pull_result_free(). */
typedef struct gantry_pull_result {
    size_t size; /**< bytes of it that the running library fills */
    const char *image_id;  /**< 64 hex digits; "" with all_tags */
    const char *digest;    /**< "sha256:..." of the manifest or list that the reference led to; ""
                                with all_tags, and if the engine does not say: Podman where an
                                image has several */
    const char *const *image_ids; /**< every image that was pulled, NULL-terminated */
    int64_t duration_ms;
    int changed;           /**< 1: the reference leads to another image than before, or is new; 0:
                                it is as before */
    int reserved;
} gantry_pull_result;

/**
 * Pull an image from its registry.
 *
 * A reference without a domain means docker.io/library/..., without a tag ":latest", on every
 * engine. Success means that the engine has the image: it is inspected at the end.
 *
 * @param reference  with a tag or digest, or neither
 * @param out        may be NULL
 * @return 0, #GANTRY_E_INVALID (an id, a tag with all_tags ...), #GANTRY_E_NOT_FOUND (no such
 *         repository or tag; policy NEVER and not here),
 *         #GANTRY_E_UNAUTHORIZED, #GANTRY_E_FORBIDDEN, #GANTRY_E_REGISTRY (the registry cannot be
 *         reached or fails), #GANTRY_E_NO_SPACE, ... Since 0.1.
 *
 * Docker `POST /images/create`, Podman `POST /libpod/images/pull`.
 */
GANTRY_API int gantry_images_pull(gantry_images *images, const char *reference,
                                  const gantry_pull_options *opts, gantry_pull_result **out,
                                  gantry_error *err);

/** Free it; NULL is allowed. Since 0.1. */
GANTRY_API void gantry_pull_result_free(gantry_pull_result *result);

/**
 * Begin a pull and deliver its progress record by record; `progress` and `retries` are not used.
 * The call's cancel token must stay until the iterator is closed; everything else is copied. The
 * last record is RESULT with the image's id, its text the digest or ""; with all_tags each image
 * has one, and the last is without id. Since 0.1.
 */
GANTRY_API int gantry_images_pull_open(gantry_images *images, const char *reference,
                                       const gantry_pull_options *opts, gantry_progress **out,
                                       gantry_error *err);

/** Options of gantry_images_push(). */
typedef struct gantry_push_options {
    size_t size;             /**< sizeof(gantry_push_options) */
    const gantry_call *call; /**< no total limit by default */
    const char *destination; /**< reference to push to, not with all_tags; NULL = the image's own.
                                  On Docker the image gets it as a further tag first, which stays;
                                  if the push fails then, the outcome is PARTIAL. */
    const gantry_auth *auth; /**< credentials; NULL = the engine's credentials are asked */
    gantry_progress_fn progress; /**< called for each record by gantry_images_push() */
    void *progress_arg;
    const char *compression; /**< "gzip", "zstd" ...; NULL = the engine's; Docker: UNSUPPORTED */
    int all_tags;            /**< #GANTRY_ON: every tag of the repository; reference without one;
                                  Podman: one after the other */
    int tls_verify;          /**< as in gantry_pull_options */
    int format;              /**< GANTRY_FORMAT_... to push; DEFAULT = as it is; Docker:
                                  UNSUPPORTED */
    int retries;             /**< as in gantry_pull_options */
    int64_t retry_delay_ms;
} gantry_push_options;

/** What a push did; free with gantry_push_result_free(). */
typedef struct gantry_push_result {
    size_t size; /**< bytes of it that the running library fills */
    const char *digest;    /**< "sha256:..." of the pushed manifest; "" with all_tags, and if it is
                                not known: Podman before 4.6 */
    int64_t duration_ms;
} gantry_push_result;

/**
 * Push an image to its registry. One that is not here is NOT_FOUND before anything is sent.
 * @param reference  name here, and there without opts->destination: then without a domain
 *                   docker.io is meant, and an id or digest is #GANTRY_E_INVALID
 * @param out        may be NULL
 * @return 0, #GANTRY_E_NOT_FOUND (no such image here), #GANTRY_E_UNAUTHORIZED,
 *         #GANTRY_E_FORBIDDEN, #GANTRY_E_REGISTRY, ... Since 0.1.
 *
 * `POST /images/{name}/push` on both.
 */
GANTRY_API int gantry_images_push(gantry_images *images, const char *reference,
                                  const gantry_push_options *opts, gantry_push_result **out,
                                  gantry_error *err);

/** Free it; NULL is allowed. Since 0.1. */
GANTRY_API void gantry_push_result_free(gantry_push_result *result);

/** Begin a push and deliver its progress; as gantry_images_pull_open(). The id of RESULT is the
 * digest of the manifest, or NULL. Since 0.1. */
GANTRY_API int gantry_images_push_open(gantry_images *images, const char *reference,
                                       const gantry_push_options *opts, gantry_progress **out,
                                       gantry_error *err);

/* ---- save, load --------------------------------------------------------------------------- */

/** Format of saved images. */
enum {
    GANTRY_SAVE_DEFAULT = 0,       /**< DOCKER_ARCHIVE */
    GANTRY_SAVE_DOCKER_ARCHIVE = 1,/**< what both engines, and every tool, load */
    GANTRY_SAVE_OCI_ARCHIVE = 2    /**< an OCI layout as tar, one image; Docker: UNSUPPORTED */
};

/** Options of gantry_images_save_open() and its helpers. */
typedef struct gantry_save_options {
    size_t size;             /**< sizeof(gantry_save_options) */
    const gantry_call *call; /**< no total limit by default */
    int format;              /**< GANTRY_SAVE_... */
    int compress;            /**< layers are always compressed in an OCI_ARCHIVE and never in a
                                  DOCKER_ARCHIVE: asking for the other is UNSUPPORTED */
} gantry_save_options;

/**
 * One or several images as a tar stream.
 *
 * A reference without a tag means ":latest", not every tag of its repository. Names are written as
 * they are reported: a name without a domain has none in the archive, also from Podman, so that it
 * is the same name on whichever engine loads it. An image given by id is saved without a name.
 * @param references  NULL-terminated, at least one
 * @param out         the stream ends only when the engine's answer was whole and the archive has
 *                    its end mark; what Docker complains of inside the stream is the error
 * @return 0, #GANTRY_E_NOT_FOUND before any byte, ...
 *
 * Docker `GET /images/{name}/json` for each, `GET /images/get`; Podman
 * `GET /libpod/images/export`, for OCI_ARCHIVE `GET /libpod/images/{name}/get`. Since 0.1.
 */
GANTRY_API int gantry_images_save_open(gantry_images *images, const char *const *references,
                                       const gantry_save_options *opts, gantry_stream **out,
                                       gantry_error *err);
/** The same, to its end into a descriptor. Since 0.1. */
GANTRY_API int gantry_images_save_fd(gantry_images *images, const char *const *references, int fd,
                                     const gantry_save_options *opts, gantry_error *err);
/**
 * The same, into a file that is there when the call returns 0 and as before otherwise: it is
 * written beside its place under another name, synchronised and renamed.
 * @param path  a file that is replaced keeps its rights; a device, directory or link there is
 *              #GANTRY_E_INVALID (use gantry_images_save_fd())
 * @return 0, #GANTRY_E_IO with os_error, or as gantry_images_save_open(). Since 0.1.
 */
GANTRY_API int gantry_images_save_file(gantry_images *images, const char *const *references,
                                       const char *path, const gantry_save_options *opts,
                                       gantry_error *err);

/** Options of gantry_images_load(). */
typedef struct gantry_load_options {
    size_t size;             /**< sizeof(gantry_load_options) */
    const gantry_call *call; /**< no total limit by default */
    gantry_progress_fn progress; /**< STATUS records without an id: current = bytes sent, total if
                                      the source has a length; with the id of a layer: the engine's
                                      own (Docker). To say stop cuts the upload; once all is sent
                                      the outcome is UNKNOWN */
    void *progress_arg;
} gantry_load_options;

/** What a load brought; free with gantry_load_result_free(). */
typedef struct gantry_load_result {
    size_t size; /**< bytes of it that the running library fills */
    const char *const *references; /**< names loaded, NULL-terminated */
    const char *const *image_ids;  /**< of images without a name, 64 hex digits, NULL-terminated */
} gantry_load_result;

/**
 * Load images from a tar that gantry_images_save_open(), `docker save` or `podman save` made.
 *
 * Success means that the engine has every image: each is inspected at the end. Nothing is loaded of
 * an upload that was cut. A name in the archive is taken from the image that had it.
 * @param tar  the bytes, plain, gzip, bzip2 or xz; gzip is unpacked here for Podman, which cannot
 *             always do it
 * @param out  may be NULL
 * @return 0, #GANTRY_E_INVALID (it is no such archive, or holds no image), #GANTRY_E_NO_SPACE, or
 *         the source's own code ... Since 0.1.
 *
 * `POST /images/load`, `GET /images/{name}/json` on both.
 */
GANTRY_API int gantry_images_load(gantry_images *images, const gantry_source *tar,
                                  const gantry_load_options *opts, gantry_load_result **out,
                                  gantry_error *err);

/**
 * The same from a file.
 * @param path  of an archive on this host; relative ones from the working directory
 * @return as gantry_images_load(); #GANTRY_E_IO with the path if it cannot be opened. Since 0.1.
 */
GANTRY_API int gantry_images_load_file(gantry_images *images, const char *path,
                                       const gantry_load_options *opts, gantry_load_result **out,
                                       gantry_error *err);

/** Free it; NULL is allowed. Since 0.1. */
GANTRY_API void gantry_load_result_free(gantry_load_result *result);

#ifdef __cplusplus
}
#endif
#endif
