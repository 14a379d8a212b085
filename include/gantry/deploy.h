/**
 * @file deploy.h
 * Containers as they are wanted: ensure one, or deploy a set in the order of its dependencies.
 */
#ifndef GANTRY_DEPLOY_H
#define GANTRY_DEPLOY_H

#include <gantry/spec.h>
#include <gantry/wait.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- ensure ------------------------------------------------------------------------------- */

/** What to do about a container of that name that differs. */
enum {
    GANTRY_DIFFERENT_REFUSE = 0,  /**< #GANTRY_E_EXISTS, whose message says what differs */
    GANTRY_DIFFERENT_REPLACE = 1, /**< stop and remove it, create anew; its volumes stay */
    GANTRY_DIFFERENT_ACCEPT = 2   /**< leave it; `differences` tell */
};

/** Options of gantry_containers_ensure(). */
typedef struct gantry_container_ensure_options {
    size_t size;             /**< sizeof(gantry_container_ensure_options) */
    const gantry_call *call; /**< of the whole; no total limit by default */
    int different;           /**< GANTRY_DIFFERENT_... */
    int start;               /**< #GANTRY_ON: start it if it does not run */
} gantry_container_ensure_options;

/** What ensure found or made; free with gantry_container_ensured_free(). */
typedef struct gantry_container_ensured {
    size_t size; /**< bytes of it that the running library fills */
    const char *id;                 /**< 64 hex digits */
    const char *const *differences; /**< as "tty: is off, not on", NULL-terminated; values of
                                         environment variables and words of commands are not in
                                         them */
    const char *const *warnings;    /**< the engine's, of a create */
    int created;                    /**< 1 if it was made now */
    int replaced;                   /**< 1 if another was removed for it */
} gantry_container_ensured;

/**
 * Make sure that there is a container of that name with that image and those options.
 *
 * Compared is the image that the reference leads to now (by its name alone where that image is not
 * there), what the engine tells of the container (command, environment, labels: what is asked for
 * must be there, more may be; ports, mounts, networks, limits and so on), and a digest of all
 * options, which ensure puts on what it makes as the label "io.libgantry.spec", so that no
 * difference goes unseen. `name` and `pull` are not part of it. Of a container with the same
 * digest only the image is compared, and what can change after a create: limits, restart policy,
 * networks. Of one without the label, options that engines do not tell are not compared.
 *
 * REPLACE makes the new container first, under another name, then stops and renames the old one,
 * starts the new one if `start` is ON, and removes the old one at last; when a step fails, the old
 * one is put back and started again if it ran.
 * @param container  `name` is required
 * @param out        may be NULL
 * @return 0, #GANTRY_E_EXISTS (REFUSE; the message says what differs), ... With outcome PARTIAL the
 *         old container could not be put back, or not be removed: the message says where it is.
 *
 * Composed of inspect, create, stop, rename, start, remove. Since 0.1.
 */
GANTRY_API int gantry_containers_ensure(gantry_containers *containers, const char *image,
                                        const gantry_container_options *container,
                                        const gantry_container_ensure_options *opts,
                                        gantry_container_ensured **out, gantry_error *err);
GANTRY_API void gantry_container_ensured_free(gantry_container_ensured *ensured); /**< Free it.
                                                            Since
                                                                                       0.1. */

/* ---- deploy ------------------------------------------------------------------------------- */

/** What a dependency must have reached before what depends on it is started. */
enum {
    GANTRY_DEPEND_STARTED = 0,
    GANTRY_DEPEND_HEALTHY = 1,  /**< its health check says so, or its `ready` conditions hold */
    GANTRY_DEPEND_COMPLETED = 2 /**< ended with exit code 0 */
};

/** A dependency of a container. */
typedef struct gantry_dependency {
    size_t size;             /**< sizeof(gantry_dependency) */
    const char *name;        /**< of another container of the deployment; required */
    int condition;           /**< GANTRY_DEPEND_... */
    int reserved;
} gantry_dependency;

/** A container of a deployment. */
typedef struct gantry_deployment_item {
    size_t size;                               /**< sizeof(gantry_deployment_item) */
    const char *image;                         /**< required */
    const gantry_container_options *container; /**< with its `name`; required */
    const gantry_dependency *const *dependencies; /**< NULL-terminated */
    const gantry_condition *const *ready; /**< what makes it ready, NULL-terminated; NULL = its
                                               health
                                               check if it has one, else being started */
} gantry_deployment_item;

/** Steps of a deployment. */
enum {
    GANTRY_DEPLOY_CREATED = 1,
    GANTRY_DEPLOY_STARTED = 2,
    GANTRY_DEPLOY_READY = 3,    /**< or completed, if something depends on that */
    GANTRY_DEPLOY_FAILED = 4,   /**< text says why */
    GANTRY_DEPLOY_REMOVED = 5,  /**< undone */
    GANTRY_DEPLOY_ACCEPTED = 6  /**< there was an equal one */
};

/** Called for each step, from the thread that called deploy; return 0 to go on, anything else to
 * stop with #GANTRY_E_CALLBACK. */
typedef int (*gantry_deploy_fn)(void *arg, const char *name, int step, const char *text);

/** Options of gantry_containers_deploy(). */
typedef struct gantry_deploy_options {
    size_t size;             /**< sizeof(gantry_deploy_options) */
    const gantry_call *call; /**< of the whole; no total limit by default */
    gantry_deploy_fn progress;
    void *progress_arg;
    int64_t ready_ms;        /**< longest time for one container to be ready; 0 = 60 s */
    int parallel;            /**< so many at a time; 0 = 4, 1 = one after the other */
    int different;           /**< GANTRY_DIFFERENT_... of containers that exist */
    int keep;                /**< #GANTRY_ON: leave what was made when one fails */
    int wait_all; /**< #GANTRY_OFF: return without waiting for those nothing depends on to
                                  be ready */
} gantry_deploy_options;

/** A container that was deployed. */
typedef struct gantry_deployed_item {
    size_t size; /**< bytes of it that the running library fills */
    const char *name;
    const char *id;          /**< 64 hex digits */
    int created;             /**< 1 if it was made now */
    int order;               /**< it was the order-th to be started, from 1; 0 if it ran */
} gantry_deployed_item;

/** What deploy made; free with gantry_deployment_free(). */
typedef struct gantry_deployment {
    size_t size; /**< bytes of it that the running library fills */
    size_t count;
    const gantry_deployed_item *const *items; /**< as given, also NULL-terminated */
} gantry_deployment;

/**
 * Create and start containers in the order of their dependencies, in parallel where those allow.
 *
 * Each is made as by gantry_containers_ensure(): equal ones are accepted, and started if they do
 * not run. What something depends on with COMPLETED is waited for to its end, at most `ready_ms`;
 * its `ready` conditions count only if something else depends on it with HEALTHY.
 *
 * When one fails, nothing further is begun, and what this call made is stopped and removed, the
 * last first (with anonymous volumes); killed and removed if the call's time is over or it was
 * cancelled. Containers that were there before are left alone. The error names the container.
 * @param items  NULL-terminated, at least one
 * @param out    may be NULL
 * @return 0, #GANTRY_E_INVALID (a cycle, by its names; an unknown or repeated name; auto_remove
 *         where something waits for the exit code), or what failed; outcome PARTIAL if something
 *         could not be undone or was to be kept, REFUSED if nothing is left
 * Threads of the library's own make the requests. Since 0.1.
 */
GANTRY_API int gantry_containers_deploy(gantry_containers *containers,
                                        const gantry_deployment_item *const *items,
                                        const gantry_deploy_options *opts,
                                        gantry_deployment **out, gantry_error *err);
GANTRY_API void gantry_deployment_free(gantry_deployment *deployment); /**< Free it. Since 0.1. */

#ifdef __cplusplus
}
#endif
#endif
