/**
 * @file volume.h
 * Named volumes. Addressed by their whole name: a beginning of a name is NOT_FOUND on every engine.
 */
#ifndef GANTRY_VOLUME_H
#define GANTRY_VOLUME_H

#include <gantry/engine.h>

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
} gantry_volume;

/** Volumes; free with gantry_volume_list_free(). */
typedef struct gantry_volume_list {
    size_t size; /**< bytes of it that the running library fills */
    size_t count;
    const gantry_volume *const *items; /**< also NULL-terminated */
} gantry_volume_list;

/** Options of gantry_volumes_create() and gantry_volumes_ensure(). */
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
 * @return 0, #GANTRY_E_EXISTS if there is one of that name, ...
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

/** Options of gantry_volumes_inspect(). */
typedef struct gantry_volume_inspect_options {
    size_t size;             /**< sizeof(gantry_volume_inspect_options) */
    const gantry_call *call;
} gantry_volume_inspect_options;

/** One volume. Docker `GET /volumes/{name}`, Podman `GET /libpod/volumes/{name}/json`. Since
 * 0.1. */
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
} gantry_volume_list_options;

/** List volumes. Docker `GET /volumes`, Podman `GET /libpod/volumes/json`. Since 0.1. */
GANTRY_API int gantry_volumes_list(gantry_volumes *volumes, const gantry_volume_list_options *opts,
                                   gantry_volume_list **out, gantry_error *err);

/** Free it; NULL is allowed. Since 0.1. */
GANTRY_API void gantry_volume_list_free(gantry_volume_list *list);

/** Options of gantry_volumes_remove(). */
typedef struct gantry_volume_remove_options {
    size_t size;             /**< sizeof(gantry_volume_remove_options) */
    const gantry_call *call;
    int missing_ok;          /**< #GANTRY_ON: no volume is success */
    int reserved;
} gantry_volume_remove_options;

/**
 * Remove a volume of exactly this name.
 * @return 0, #GANTRY_E_NOT_FOUND, #GANTRY_E_IN_USE, ... `DELETE /volumes/{name}` on both; Podman
 *         takes a beginning of a name there, so `GET .../exists` comes first. Since 0.1.
 */
GANTRY_API int gantry_volumes_remove(gantry_volumes *volumes, const char *name,
                                     const gantry_volume_remove_options *opts, gantry_error *err);

#ifdef __cplusplus
}
#endif
#endif
