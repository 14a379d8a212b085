/**
 * @file system.h
 * The engine as a whole: what takes space, what can go, whether it is well. Versions and facts are
 * gantry_engine_version() and gantry_engine_info(), events are in <gantry/events.h>, a login check
 * is gantry_registries_login().
 */
#ifndef GANTRY_SYSTEM_H
#define GANTRY_SYSTEM_H

#include <gantry/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- disk use ------------------------------------------------------------------------------ */

/** What one kind of thing takes; numbers are -1 where the engine does not say. */
typedef struct gantry_usage_sum {
    size_t size; /**< bytes of it that the running library fills */
    int64_t count;
    int64_t active;            /**< used by a container; of containers: those that run */
    int64_t bytes;             /**< shared layers once; Podman before ImagesSize was in its answer
                                    (4.3): as often as images have them */
    int64_t reclaimable_bytes; /**< by removing what is not active */
} gantry_usage_sum;

/** What an image, container, volume or cache record takes. */
typedef struct gantry_usage_item {
    size_t size; /**< bytes of it that the running library fills */
    const char *id;            /**< of a volume: its name */
    const char *name;          /**< of an image: a reference, or ""; of a cache record: what it was
                                    made for */
    int64_t bytes;             /**< of an image with shared layers; of a container its own layer; -1
                                    unknown */
    int64_t shared_bytes;      /**< of an image: shared with others; -1 unknown */
    int64_t references;        /**< containers that use it; -1 unknown */
    int active;                /**< 1 if it counts as active in the sum */
    int reserved;
} gantry_usage_item;

/** What everything takes; free with gantry_disk_usage_free(). */
typedef struct gantry_disk_usage {
    size_t size; /**< bytes of it that the running library fills */
    const gantry_usage_sum *images;      /**< never NULL; so below */
    const gantry_usage_sum *containers;
    const gantry_usage_sum *volumes;
    const gantry_usage_sum *build_cache; /**< Docker; on Podman part of the images */
    const gantry_usage_item *const *image_items;  /**< NULL-terminated; so below */
    const gantry_usage_item *const *container_items;
    const gantry_usage_item *const *volume_items;
    const gantry_usage_item *const *build_cache_items;
    const char *json;                    /**< the engine's own answer */
} gantry_disk_usage;

/** Options of gantry_system_disk_usage(). */
typedef struct gantry_disk_usage_options {
    size_t size;             /**< sizeof(gantry_disk_usage_options) */
    const gantry_call *call;
} gantry_disk_usage_options;

/** What images, containers, volumes and build cache take; slow on both engines. `GET /system/df`.
 * Since 0.1. */
GANTRY_API int gantry_system_disk_usage(gantry_system *system,
                                        const gantry_disk_usage_options *opts,
                                        gantry_disk_usage **out, gantry_error *err);
GANTRY_API void gantry_disk_usage_free(gantry_disk_usage *usage); /**< Free it. Since 0.1. */

/* ---- prune --------------------------------------------------------------------------------- */

/**
 * Options of gantry_system_prune(). What is to go is named kind by kind; `labels`, `labels_not` and
 * `until_ns` hold for all of them. Build cache has no labels: asked for together with them it is
 * #GANTRY_E_INVALID. A kind that the engine does not have is #GANTRY_E_UNSUPPORTED if it is
 * #GANTRY_ON and left out by default.
 */
typedef struct gantry_system_prune_options {
    size_t size;             /**< sizeof(gantry_system_prune_options) */
    const gantry_call *call; /**< no total limit by default */
    const char *const *labels;     /**< "key" or "key=value", NULL-terminated */
    const char *const *labels_not; /**< none of these; Docker's images take one, not several */
    int64_t until_ns;    /**< created before this time, since the epoch; 0 = any */
    int pods;            /**< #GANTRY_OFF: leave pods that do not run (where the engine has pods) */
    int containers;      /**< #GANTRY_OFF: leave containers that do not run */
    int networks;        /**< #GANTRY_OFF: leave networks that nobody uses */
    int images;          /**< #GANTRY_OFF: leave images without a name that nobody uses */
    int all_images;      /**< #GANTRY_ON: images with a name that nobody uses, too */
    int volumes;         /**< #GANTRY_ON: anonymous volumes that nobody uses */
    int all_volumes;     /**< #GANTRY_ON: named volumes that nobody uses, too */
    int build_cache;     /**< #GANTRY_ON: the build cache that nobody uses; Docker */
} gantry_system_prune_options;

/** What a prune removed; free with gantry_system_pruned_free(). */
typedef struct gantry_system_pruned {
    size_t size; /**< bytes of it that the running library fills */
    const char *const *pods;       /**< ids, NULL-terminated; so below */
    const char *const *containers; /**< ids */
    const char *const *networks;   /**< names */
    const char *const *images;     /**< ids; Docker counts layers among them */
    const char *const *volumes;    /**< names */
    const char *const *build_cache; /**< ids of records */
    int64_t reclaimed_bytes;       /**< of what the engine told */
} gantry_system_pruned;

/**
 * Remove what nobody uses, in the order in which one frees the other: pods, containers, networks,
 * volumes, images, build cache.
 * @param out  may be NULL
 * @return 0; the failure of the first kind that has one, whose `output` has a line for each kind
 *         that failed and each thing that was removed: the others were pruned all the same, and the
 *         outcome is PARTIAL if something went. Composed of the managers' prunes. Since 0.1.
 */
GANTRY_API int gantry_system_prune(gantry_system *system, const gantry_system_prune_options *opts,
                                   gantry_system_pruned **out, gantry_error *err);
GANTRY_API void gantry_system_pruned_free(gantry_system_pruned *pruned); /**< Free it. Since
                                                                              0.1. */

/* ---- health -------------------------------------------------------------------------------- */

/** How bad a finding is. */
enum {
    GANTRY_FINDING_NOTE = 0,    /**< worth knowing: a feature that this engine or host lacks */
    GANTRY_FINDING_WARNING = 1, /**< something works less well than it could */
    GANTRY_FINDING_ERROR = 2    /**< something does not work */
};

/** Something that a report has to say. */
typedef struct gantry_finding {
    size_t size; /**< bytes of it that the running library fills */
    const char *subject;     /**< "engine", "storage", "network", "cgroups", "containers",
                                  "security", "clock" */
    const char *text;        /**< one line */
    int severity;            /**< GANTRY_FINDING_... */
    int reserved;
} gantry_finding;

/** Whether an engine is well; free with gantry_system_report_free(). */
typedef struct gantry_system_report {
    size_t size; /**< bytes of it that the running library fills */
    const gantry_version_info *version; /**< never NULL, empty if the engine did not say */
    const gantry_info *info;            /**< never NULL, empty if the engine did not say */
    int64_t ping_ns;         /**< how long a ping took, the best of three */
    int64_t clock_offset_ns; /**< the engine's clock minus this machine's, from the Date of its
                                  answers: whole seconds; 0 if it does not say */
    int64_t unhealthy;       /**< containers that run and are unhealthy */
    int64_t restarting;      /**< containers that start again and again */
    const gantry_finding *const *findings; /**< worst first, NULL-terminated */
    size_t finding_count;
    int well;                /**< 1 if no finding is an ERROR */
    int reserved;
} gantry_system_report;

/** Options of gantry_system_check(). */
typedef struct gantry_system_check_options {
    size_t size;             /**< sizeof(gantry_system_check_options) */
    const gantry_call *call;
} gantry_system_check_options;

/**
 * A health report of the engine in one call: does it answer, how fast, what is it, what does it
 * warn of, do its containers do well. What could not be asked is a finding.
 * @return 0 also for an engine that is not well; #GANTRY_E_UNAVAILABLE and such only if it does not
 *         answer at all, #GANTRY_E_CANCELLED. `GET /_ping`, `/version`, `/info`,
 *         `/containers/json` on both. Since 0.1.
 */
GANTRY_API int gantry_system_check(gantry_system *system, const gantry_system_check_options *opts,
                                   gantry_system_report **out, gantry_error *err);
GANTRY_API void gantry_system_report_free(gantry_system_report *report); /**< Free it. Since
                                                                              0.1. */

#ifdef __cplusplus
}
#endif
#endif
