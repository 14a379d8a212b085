/**
 * @file snapshot.h
 * A container's state and files as a whole: commit, export, checkpoint, mount.
 */
#ifndef GANTRY_SNAPSHOT_H
#define GANTRY_SNAPSHOT_H

#include <gantry/spec.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Options of gantry_containers_commit(). */
typedef struct gantry_commit_options {
    size_t size;             /**< sizeof(gantry_commit_options) */
    const gantry_call *call; /**< no total limit by default */
    const char *author;
    const char *comment;
    const char *const *changes; /**< Dockerfile instructions as "ENV A=b", NULL-terminated; Podman
                                     knows no HEALTHCHECK here */
    int pause;   /**< DEFAULT: a running container is paused meanwhile where the engine can do
                      that; ON: UNSUPPORTED where it cannot (rootless Podman on cgroups v1) */
    int squash;  /**< #GANTRY_ON: one layer; Docker: UNSUPPORTED */
    int format;  /**< GANTRY_FORMAT_... (see <gantry/image.h>); OCI on Docker: UNSUPPORTED */
    int reserved;
} gantry_commit_options;

/** What a commit made; free with gantry_committed_free(). */
typedef struct gantry_committed {
    size_t size; /**< bytes of it that the running library fills */
    const char *image_id; /**< 64 hex digits */
} gantry_committed;

/**
 * Make an image of a container's files and configuration. Volumes are not part of it.
 * Success means that the engine has the image: it is inspected at the end.
 * @param reference  name for the image; NULL = none
 * @param out        may be NULL
 * @return 0, #GANTRY_E_NOT_FOUND, #GANTRY_E_INVALID (a change that is none; a comment in OCI
 *         format), ...
 * `POST /commit` on both. Since 0.1.
 */
GANTRY_API int gantry_containers_commit(gantry_containers *containers, const char *container,
                                        const char *reference, const gantry_commit_options *opts,
                                        gantry_committed **out, gantry_error *err);
GANTRY_API void gantry_committed_free(gantry_committed *committed); /**< Free it. Since 0.1. */

/** Options of gantry_containers_export_open(). */
typedef struct gantry_export_options {
    size_t size;             /**< sizeof(gantry_export_options) */
    const gantry_call *call; /**< no total limit by default */
} gantry_export_options;

/**
 * All files of a container as a tar stream, which gantry_images_import() takes. Volumes are not
 * part of it. `GET /containers/{id}/export` on both. Since 0.1.
 * @param out  the stream ends only when the engine's answer was whole and the archive has its end
 *             mark
 */
GANTRY_API int gantry_containers_export_open(gantry_containers *containers, const char *container,
                                             const gantry_export_options *opts,
                                             gantry_stream **out, gantry_error *err);

/** Options of gantry_containers_checkpoint() and gantry_containers_restore(). */
typedef struct gantry_checkpoint_options {
    size_t size;             /**< sizeof(gantry_checkpoint_options) */
    const gantry_call *call; /**< no total limit by default */
    const char *name; /**< of the checkpoint; NULL = "gantry". Docker; Podman has one at most */
    int leave_running;       /**< checkpoint: #GANTRY_ON: the container goes on */
    int keep;                /**< #GANTRY_ON: the engine keeps its working files; Podman */
    int tcp_established;     /**< #GANTRY_ON: open TCP connections too; Podman */
    int file_locks;          /**< checkpoint: #GANTRY_ON: file locks too; Podman */
    int ignore_static_ip;    /**< restore: #GANTRY_ON: with a new address; Podman */
    int ignore_static_mac;   /**< restore: #GANTRY_ON; Podman */
} gantry_checkpoint_options;

/**
 * Freeze a running container's processes into files of the engine, and end them. Needs CRIU on the
 * engine's host, Docker also its experimental mode: else #GANTRY_E_UNSUPPORTED.
 *
 * Docker `POST /containers/{id}/checkpoints`, Podman `POST /libpod/containers/{id}/checkpoint`.
 * Since 0.1.
 */
GANTRY_API int gantry_containers_checkpoint(gantry_containers *containers, const char *id,
                                            const gantry_checkpoint_options *opts,
                                            gantry_error *err);

/**
 * Let a checkpointed container go on where it was.
 * Docker `POST /containers/{id}/start?checkpoint=`, Podman `POST /libpod/containers/{id}/restore`.
 * Since 0.1.
 */
GANTRY_API int gantry_containers_restore(gantry_containers *containers, const char *id,
                                         const gantry_checkpoint_options *opts, gantry_error *err);

/** Options of gantry_containers_mount() and gantry_containers_unmount(). */
typedef struct gantry_container_mount_options {
    size_t size;             /**< sizeof(gantry_container_mount_options) */
    const gantry_call *call;
} gantry_container_mount_options;

/** Where a container's files are; free with gantry_mount_point_free(). */
typedef struct gantry_mount_point {
    size_t size; /**< bytes of it that the running library fills */
    const char *path;        /**< on the engine's host. Rootless Podman: as its own namespaces see
                                  it (`podman unshare`) unless its storage driver is vfs */
} gantry_mount_point;

/**
 * Make a container's own files visible on the engine's host, until it is unmounted as often as it
 * was mounted. Podman `POST /libpod/containers/{id}/mount`; Docker: UNSUPPORTED. Since 0.1.
 */
GANTRY_API int gantry_containers_mount(gantry_containers *containers, const char *id,
                                       const gantry_container_mount_options *opts,
                                       gantry_mount_point **out, gantry_error *err);
GANTRY_API void gantry_mount_point_free(gantry_mount_point *point); /**< Free it. Since 0.1. */

/** End a mount. Podman `POST /libpod/containers/{id}/unmount`. Since 0.1. */
GANTRY_API int gantry_containers_unmount(gantry_containers *containers, const char *id,
                                         const gantry_container_mount_options *opts,
                                         gantry_error *err);

#ifdef __cplusplus
}
#endif
#endif
