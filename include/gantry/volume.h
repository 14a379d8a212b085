/**
 * @file volume.h
 * Named volumes. Addressed by their whole name: a beginning of a name is NOT_FOUND on every engine.
 * Backup and restore of their content: <gantry/backup.h>.
 */
#ifndef GANTRY_VOLUME_H
#define GANTRY_VOLUME_H

#include <gantry/spec.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A volume. Free an inspected or created one with gantry_volume_free(). */
typedef struct gantry_volume {
    size_t size; /**< bytes of it that the running library fills */
    const char *name;
    const char *driver;        /**< "local" */
    const char *mountpoint;    /**< path on the engine's host */
    const char *scope;         /**< "local" or "global" */
    int64_t created_ns;        /**< since the epoch, 0 if unknown */
    const gantry_pair *labels;
    size_t label_count;
    const gantry_pair *options;/**< of the driver */
    size_t option_count;
    const char *json;          /**< the engine's own answer; NULL in lists */
    int64_t used_bytes;        /**< of its content; -1 unless `usage` was asked for and the engine
                                    tells: Podman does not of one that it would have to mount */
    int64_t references;        /**< number of containers that use it, running or not; -1 alike */
    int anonymous;             /**< 1 if it was made for a container's mount without a name; on
                                    Docker also if gantry_volumes_create() had none, and below API
                                    1.42 any whose name is 64 hex digits */
    int reserved;
} gantry_volume;

/** Volumes; free with gantry_volume_list_free(). */
typedef struct gantry_volume_list {
    size_t size; /**< bytes of it that the running library fills */
    size_t count;
    const gantry_volume *const *items; /**< also NULL-terminated */
} gantry_volume_list;

/**
 * Options of gantry_volumes_create() and gantry_volumes_ensure().
 *
 * The driver "local" takes `options` as mount(8): "type", "device" and "o", so a tmpfs is
 * type=tmpfs,
 * device=tmpfs, o=size=64m, and an NFS share is type=nfs, device=:/path, o=addr=HOST,rw. They take
 * effect when a container that uses the volume starts: a share that cannot be mounted is
 * #GANTRY_E_INVALID then. Podman 4.3 takes `size` for a quota of its own disk,
 * #GANTRY_E_UNSUPPORTED where that has none; "nr_blocks=", in pages of memory, is taken everywhere.
 */
typedef struct gantry_volume_options {
    size_t size;             /**< sizeof(gantry_volume_options) */
    const gantry_call *call;
    const char *driver;            /**< NULL = "local" */
    const gantry_pair *options;    /**< of the driver */
    size_t option_count;
    const gantry_pair *labels;
    size_t label_count;
    const char *extra_json;        /**< merged last into the engine's own request; unchecked */
} gantry_volume_options;

/**
 * Create a volume.
 * @param name  [a-zA-Z0-9][a-zA-Z0-9_.-]*; NULL = the engine makes one up
 * @param out   may be NULL
 * @return 0, #GANTRY_E_EXISTS if there is one of that name, #GANTRY_E_INVALID for a driver (Docker
 *         looks for it for 15 s) or an option that the engine does not have, ...
 *
 * Docker `GET /volumes/{name}` and `POST /volumes/create` (Docker itself accepts a name that
 * exists), Podman `POST /libpod/volumes/create`. Since 0.1.
 */
GANTRY_API int gantry_volumes_create(gantry_volumes *volumes, const char *name,
                                     const gantry_volume_options *opts, gantry_volume **out,
                                     gantry_error *err);

/** Free it; NULL is allowed. Since 0.1. */
GANTRY_API void gantry_volume_free(gantry_volume *volume);

/** What ensure did; free with gantry_volume_ensured_free(). */
typedef struct gantry_volume_ensured {
    size_t size; /**< bytes of it that the running library fills */
    const gantry_volume *volume;    /**< the volume as it is now */
    const char *const *differences; /**< what is not as asked, as "driver: is local, asked nfs";
                                         NULL-terminated; empty when created */
    int created;                    /**< 1 if it was not there before */
    int reserved;
} gantry_volume_ensured;

/**
 * Create a volume or accept the one that is there, reporting what differs from the options.
 * @param out  may be NULL
 * Since 0.1.
 */
GANTRY_API int gantry_volumes_ensure(gantry_volumes *volumes, const char *name,
                                     const gantry_volume_options *opts,
                                     gantry_volume_ensured **out, gantry_error *err);

/** Free it; NULL is allowed. Since 0.1. */
GANTRY_API void gantry_volume_ensured_free(gantry_volume_ensured *ensured);

/* ---- several at once ----------------------------------------------------------------------- */

/** Options of gantry_volumes_ensure_mounts(). */
typedef struct gantry_volume_mounts_options {
    size_t size;             /**< sizeof(gantry_volume_mounts_options) */
    const gantry_call *call;
    const gantry_volume_options *volume; /**< for all that are made; a mount's own driver, options
                                              and labels win, one by one. Its options are not for
                                              mounts with another driver; its `call` is not looked
                                              at */
} gantry_volume_mounts_options;

/** What became of a mount's source. */
typedef struct gantry_volume_mount_ensured {
    size_t size; /**< bytes of it that the running library fills */
    const char *source;
    const char *target;
    const char *const *differences; /**< as gantry_volume_ensured::differences */
    int type;                       /**< GANTRY_MOUNT_... */
    int created;                    /**< 1 if a volume was made for it */
} gantry_volume_mount_ensured;

/** In the order of the mounts; free with gantry_volume_mounts_ensured_free(). */
typedef struct gantry_volume_mounts_ensured {
    size_t size; /**< bytes of it that the running library fills */
    size_t count;
    const gantry_volume_mount_ensured *const *items; /**< also NULL-terminated */
} gantry_volume_mounts_ensured;

/**
 * Ensure the volumes of a list of mounts before the containers that use them are made: of
 * gantry_mounts_parse(), or a container's own. Named volumes are ensured as by
 * gantry_volumes_ensure(), once each; anonymous ones, paths, tmpfs and images need nothing and are
 * told as they are, whatever their options (read-only, SELinux labels) say.
 * @param mounts  NULL-terminated; all are checked before anything is made
 * @param out     may be NULL
 * @return 0; a failure whose message names the mount, with outcome PARTIAL if volumes were made
 *         before, which stay; `output` names them. Since 0.1.
 */
GANTRY_API int gantry_volumes_ensure_mounts(gantry_volumes *volumes,
                                            const gantry_mount *const *mounts,
                                            const gantry_volume_mounts_options *opts,
                                            gantry_volume_mounts_ensured **out, gantry_error *err);

/** Free it; NULL is allowed. Since 0.1. */
GANTRY_API void gantry_volume_mounts_ensured_free(gantry_volume_mounts_ensured *ensured);

/* ---- look ---------------------------------------------------------------------------------- */

/** Options of gantry_volumes_inspect(). */
typedef struct gantry_volume_inspect_options {
    size_t size;             /**< sizeof(gantry_volume_inspect_options) */
    const gantry_call *call;
    int usage; /**< #GANTRY_ON: fill `used_bytes` and `references`; slow, the engine looks at all
                    volumes (`GET /system/df`) */
    int reserved;
} gantry_volume_inspect_options;

/** One volume. Docker `GET /volumes/{name}`, Podman `GET /libpod/volumes/{name}/json`; on both
 * `GET /system/df` for `usage`. Since 0.1. */
GANTRY_API int gantry_volumes_inspect(gantry_volumes *volumes, const char *name,
                                      const gantry_volume_inspect_options *opts,
                                      gantry_volume **out, gantry_error *err);

/** Options of gantry_volumes_list(). */
typedef struct gantry_volume_list_options {
    size_t size;             /**< sizeof(gantry_volume_list_options) */
    const gantry_call *call;
    const char *const *names;   /**< any of these exact names, NULL-terminated */
    const char *const *labels;  /**< all of these, "key" or "key=value" */
    const gantry_pair *filters; /**< further filters in the engine's own words */
    size_t filter_count;
    const char *const *drivers; /**< any of these, NULL-terminated */
    int unused;                 /**< #GANTRY_ON: only those that no container uses; #GANTRY_OFF:
                                     only
                                     those that one does */
    int usage;                  /**< #GANTRY_ON: as gantry_volume_inspect_options::usage */
} gantry_volume_list_options;

/** List volumes; all conditions must hold. Docker `GET /volumes`, Podman
 * `GET /libpod/volumes/json`; on both `GET /system/df` for `usage`. Since 0.1. */
GANTRY_API int gantry_volumes_list(gantry_volumes *volumes, const gantry_volume_list_options *opts,
                                   gantry_volume_list **out, gantry_error *err);

/** Free it; NULL is allowed. Since 0.1. */
GANTRY_API void gantry_volume_list_free(gantry_volume_list *list);

/** Options of gantry_volumes_remove(). */
typedef struct gantry_volume_remove_options {
    size_t size;             /**< sizeof(gantry_volume_remove_options) */
    const gantry_call *call;
    int missing_ok;          /**< #GANTRY_ON: no volume is success */
    int force;               /**< #GANTRY_ON: the containers that use it are removed first, running
                                  ones too; neither engine's own force is used */
} gantry_volume_remove_options;

/**
 * Remove a volume of exactly this name.
 * @return 0, #GANTRY_E_NOT_FOUND, #GANTRY_E_IN_USE, ...; with force a failure with outcome PARTIAL,
 *         whose `output` names the containers that were removed, if the volume could not be.
 *
 * `DELETE /volumes/{name}` on both; Podman takes a beginning of a name there, so `GET .../exists`
 * comes first. Since 0.1.
 */
GANTRY_API int gantry_volumes_remove(gantry_volumes *volumes, const char *name,
                                     const gantry_volume_remove_options *opts, gantry_error *err);

/** Options of gantry_volumes_prune(). All conditions must hold. */
typedef struct gantry_volume_prune_options {
    size_t size;             /**< sizeof(gantry_volume_prune_options) */
    const gantry_call *call; /**< no total limit by default */
    const char *const *labels;     /**< "key" or "key=value", NULL-terminated */
    const char *const *labels_not; /**< none of these */
    int64_t until_ns;              /**< created before this time, since the epoch; 0 = any. Where
                                        the engine knows seconds only (Docker), what was made in
                                        that very second stays */
    int all;                       /**< #GANTRY_ON: named ones too; else anonymous ones only, on
                                        every engine and version */
    int dry_run;                   /**< #GANTRY_ON: remove nothing, tell what would go */
} gantry_volume_prune_options;

/** What a prune removed; free with gantry_volumes_pruned_free(). */
typedef struct gantry_volumes_pruned {
    size_t size; /**< bytes of it that the running library fills */
    const char *const *names; /**< NULL-terminated */
    int64_t reclaimed_bytes;  /**< as the engine told their sizes before; -1 if it did not tell
                                   that of one of them */
} gantry_volumes_pruned;

/**
 * Remove volumes that no container uses. One that is used by the time it would go stays, which is
 * no failure.
 * @param out  may be NULL
 * @return 0; a failure with outcome PARTIAL, whose `output` names what was removed, if some could
 *         not be. Composed of list and remove. Since 0.1.
 */
GANTRY_API int gantry_volumes_prune(gantry_volumes *volumes,
                                    const gantry_volume_prune_options *opts,
                                    gantry_volumes_pruned **out, gantry_error *err);

/** Free it; NULL is allowed. Since 0.1. */
GANTRY_API void gantry_volumes_pruned_free(gantry_volumes_pruned *pruned);

#ifdef __cplusplus
}
#endif
#endif
