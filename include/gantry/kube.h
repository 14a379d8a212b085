/**
 * @file kube.h
 * Kubernetes YAML and systemd units: what an engine makes of them, and out of what it has.
 *
 * Podman. Docker has nothing of the kind: every call is #GANTRY_E_UNSUPPORTED there, and
 * gantry_engine_supports() says so.
 */
#ifndef GANTRY_KUBE_H
#define GANTRY_KUBE_H

#include <gantry/events.h>
#include <gantry/spec.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Ceiling of a YAML document that is sent or generated, 4 MiB. */
#define GANTRY_KUBE_MAX_BYTES ((size_t)4 * 1024 * 1024)

/* ---- play ---------------------------------------------------------------------------------- */

/** Is told what the engine does while it plays; a negative return value ends the watching, not the
 * playing, as does a connection of events that breaks. */
typedef int (*gantry_kube_progress_fn)(void *arg, const gantry_event *event);

/** Options of gantry_kube_play(). */
typedef struct gantry_kube_play_options {
    size_t size;             /**< sizeof(gantry_kube_play_options) */
    const gantry_call *call; /**< no total limit by default: images may be pulled */
    const char *const *networks;     /**< for the pods, NULL-terminated; NULL = the engine's */
    const gantry_pair *annotations;  /**< for the pods; Podman from 4.1 */
    size_t annotation_count;
    const char *log_driver;          /**< for the containers; NULL = the engine's */
    const gantry_pair *log_options;
    size_t log_option_count;
    const char *const *addresses;    /**< fixed addresses of the pods in order, NULL-terminated */
    const char *const *macs;         /**< fixed MAC addresses of the pods in order,
                                          NULL-terminated */
    const char *const *config_maps;  /**< further YAML documents with ConfigMaps, each as text,
                                          NULL-terminated; put in front of the YAML */
    const gantry_port *const *ports; /**< further published ports, NULL-terminated; Podman from
                                          4.4 */
    const char *user_namespace;      /**< for the pods; Podman from 4.7 */
    gantry_kube_progress_fn progress; /**< events of the engine from the begin until just after the
                                           end, also those of others; called from this thread while
                                           the engine works; NULL = none */
    void *progress_arg;
    int start;       /**< #GANTRY_OFF: create, do not start */
    int replace;     /**< #GANTRY_ON: take down first what is there of the same YAML; as
                          gantry_kube_down() does it below Podman 4.8. Volumes stay */
    int no_hosts;    /**< #GANTRY_ON: no /etc/hosts of the engine's making */
    int insecure;    /**< #GANTRY_ON: pulls accept registries without valid TLS */
    int allow_failed; /**< #GANTRY_ON: containers that did not start are told in the result; else
                           they are the call's error */
    int reserved;
} gantry_kube_play_options;

/** What became of a pod. */
typedef struct gantry_kube_pod {
    size_t size; /**< bytes of it that the running library fills */
    const char *id;
    const char *const *containers;      /**< ids, without the infra container; NULL-terminated */
    const char *const *init_containers; /**< ids, NULL-terminated */
    const char *const *errors;          /**< of containers that did not start, NULL-terminated */
    const char *const *logs;            /**< what the engine says beside, NULL-terminated */
} gantry_kube_pod;

/** What was made or taken down; free with gantry_kube_result_free(). */
typedef struct gantry_kube_result {
    size_t size; /**< bytes of it that the running library fills */
    const gantry_kube_pod *const *pods; /**< NULL-terminated; down: empty */
    size_t pod_count;
    const char *const *volumes;  /**< names of those made, NULL-terminated */
    const char *const *secrets;  /**< names or ids of those made, NULL-terminated */
    const char *const *stopped;  /**< down: ids of pods that were stopped, NULL-terminated */
    const char *const *removed;  /**< down: ids of pods that were removed, NULL-terminated */
    const char *json;            /**< the engine's own answer */
} gantry_kube_result;

/**
 * Make what a Kubernetes YAML describes: Pods, Deployments, PersistentVolumeClaims, ConfigMaps,
 * Secrets, as the engine's version understands them.
 *
 * A claim whose volume is there takes that volume, also on Podman below 4.4, where YAML has to be
 * in block style for it. Secrets of that name are replaced.
 *
 * @param yaml  read once, at most #GANTRY_KUBE_MAX_BYTES; gantry_source_memory() for text
 * @param out   may be NULL
 * @return 0, #GANTRY_E_INVALID (the YAML), #GANTRY_E_EXISTS (a pod of it), #GANTRY_E_NOT_FOUND (an
 *         image), #GANTRY_E_LIMIT (too large); #GANTRY_E_ENGINE if containers did not start, its
 *         `output` has the engine's reasons. With outcome PARTIAL something was made and stays:
 *         gantry_kube_down() removes it. `POST /libpod/play/kube`. Since 0.1.
 */
GANTRY_API int gantry_kube_play(gantry_kube *kube, const gantry_source *yaml,
                                const gantry_kube_play_options *opts, gantry_kube_result **out,
                                gantry_error *err);

/** Options of gantry_kube_down(). */
typedef struct gantry_kube_down_options {
    size_t size;             /**< sizeof(gantry_kube_down_options) */
    const gantry_call *call;
    int volumes;             /**< #GANTRY_ON: the volumes of its claims too; Podman from 4.4 */
    int reserved;
} gantry_kube_down_options;

/**
 * Stop and remove the pods that a YAML describes; what is not there is success. Podman from 4.5 on
 * removes its Secrets too; networks and, but for `volumes`, volumes stay. No total limit by
 * default.
 * @param out  may be NULL
 * @return 0; a failure with outcome PARTIAL if some could not be. `DELETE /libpod/play/kube`.
 *         Since 0.1.
 */
GANTRY_API int gantry_kube_down(gantry_kube *kube, const gantry_source *yaml,
                                const gantry_kube_down_options *opts, gantry_kube_result **out,
                                gantry_error *err);
GANTRY_API void gantry_kube_result_free(gantry_kube_result *result); /**< Free it. Since 0.1. */

/* ---- generate ------------------------------------------------------------------------------ */

/** Kinds of workload for generated YAML. */
enum {
    GANTRY_KUBE_POD = 0,
    GANTRY_KUBE_DEPLOYMENT = 1, /**< Podman from 4.5 */
    GANTRY_KUBE_DAEMON_SET = 2  /**< Podman from 4.7 */
};

/** Options of gantry_kube_generate(). */
typedef struct gantry_kube_generate_options {
    size_t size;             /**< sizeof(gantry_kube_generate_options) */
    const gantry_call *call;
    int64_t replicas;        /**< DEPLOYMENT; 0 = 1 */
    int kind;                /**< GANTRY_KUBE_... */
    int service;             /**< #GANTRY_ON: a Service for the published ports too */
    int podman_only;         /**< #GANTRY_ON: also annotations that only Podman reads; Podman from
                                  4.7 */
    int reserved;
} gantry_kube_generate_options;

/** A text; free with gantry_text_free(). */
typedef struct gantry_text {
    size_t size; /**< bytes of it that the running library fills */
    const char *text;        /**< ends with NUL */
    size_t text_size;        /**< without it */
} gantry_text;

/**
 * YAML that makes what is there: of containers, pods and volumes.
 * @param names  names or ids, NULL-terminated, at least one
 * @return 0, #GANTRY_E_NOT_FOUND, #GANTRY_E_INVALID (more than one pod and such), ...
 * `GET /libpod/generate/kube`. Since 0.1.
 */
GANTRY_API int gantry_kube_generate(gantry_kube *kube, const char *const *names,
                                    const gantry_kube_generate_options *opts, gantry_text **out,
                                    gantry_error *err);
GANTRY_API void gantry_text_free(gantry_text *text); /**< Free it. Since 0.1. */

/* ---- systemd ------------------------------------------------------------------------------- */

/** Options of gantry_kube_systemd(). */
typedef struct gantry_systemd_options {
    size_t size;             /**< sizeof(gantry_systemd_options) */
    const gantry_call *call;
    const char *restart_policy;      /**< of systemd: "on-failure", "always", "no", ...; NULL = the
                                          engine's */
    const char *container_prefix;    /**< of the units' names; NULL = "container" */
    const char *pod_prefix;          /**< NULL = "pod" */
    const char *separator;           /**< NULL = "-" */
    const char *const *wants;        /**< units, NULL-terminated; so below */
    const char *const *after;
    const char *const *requires_units;
    const char *const *environment;  /**< "NAME=value", NULL-terminated; Podman from 4.3 */
    int64_t start_timeout_ms;        /**< 0 = the engine's; whole seconds, rounded up */
    int64_t stop_timeout_ms;
    int64_t restart_delay_ms;        /**< Podman from 4.4 */
    int use_name;            /**< #GANTRY_ON: names instead of ids in the units */
    int create;              /**< #GANTRY_ON: units that create the container at start and remove
                                  it at stop, instead of starting the one that is there. They run
                                  the command line that made it, which what a library made has not:
                                  #GANTRY_E_INVALID then */
    int no_header;           /**< #GANTRY_ON: without version and time in front */
    int template_unit;       /**< #GANTRY_ON: the text of a template unit, to be stored as
                                  "name@.service"; containers only, needs create */
} gantry_systemd_options;

/** Units; free with gantry_unit_list_free(). */
typedef struct gantry_unit {
    size_t size; /**< bytes of it that the running library fills */
    const char *name;        /**< without ".service" */
    const char *text;
} gantry_unit;

/** Units; free with gantry_unit_list_free(). */
typedef struct gantry_unit_list {
    size_t size; /**< bytes of it that the running library fills */
    size_t count;
    const gantry_unit *const *items; /**< also NULL-terminated, by name */
} gantry_unit_list;

/**
 * systemd units for a container, or a pod with its containers.
 * @param id   name or id
 * @return 0, #GANTRY_E_NOT_FOUND, #GANTRY_E_INVALID (`create` of what no command line made), ...
 *         `GET /libpod/generate/{name}/systemd`. Since 0.1.
 */
GANTRY_API int gantry_kube_systemd(gantry_kube *kube, const char *id,
                                   const gantry_systemd_options *opts, gantry_unit_list **out,
                                   gantry_error *err);
GANTRY_API void gantry_unit_list_free(gantry_unit_list *list); /**< Free it. Since 0.1. */

/** Options of gantry_kube_quadlets() and gantry_kube_quadlet_text(). */
typedef struct gantry_quadlet_options {
    size_t size;             /**< sizeof(gantry_quadlet_options) */
    const gantry_call *call;
    const char *const *names; /**< quadlets(): any of these exact names, NULL-terminated */
} gantry_quadlet_options;

/** A quadlet: a file from which systemd's generator makes a unit. */
typedef struct gantry_quadlet {
    size_t size; /**< bytes of it that the running library fills */
    const char *name;        /**< of the file, "web.container" */
    const char *unit;        /**< "web.service" */
    const char *path;        /**< on the engine's host */
    const char *status;      /**< systemd's word, or "Not loaded" */
    const char *app;         /**< what it was installed with, or "" */
} gantry_quadlet;

/** Quadlets; free with gantry_quadlet_list_free(). */
typedef struct gantry_quadlet_list {
    size_t size; /**< bytes of it that the running library fills */
    size_t count;
    const gantry_quadlet *const *items; /**< also NULL-terminated */
} gantry_quadlet_list;

/** The quadlets that are installed. `GET /libpod/quadlets/json`, Podman from 5.7. Since 0.1. */
GANTRY_API int gantry_kube_quadlets(gantry_kube *kube, const gantry_quadlet_options *opts,
                                    gantry_quadlet_list **out, gantry_error *err);
GANTRY_API void gantry_quadlet_list_free(gantry_quadlet_list *list); /**< Free it. Since 0.1. */

/** The text of one. `GET /libpod/quadlets/{name}/file`, Podman from 5.8. Since 0.1. */
GANTRY_API int gantry_kube_quadlet_text(gantry_kube *kube, const char *name,
                                        const gantry_quadlet_options *opts, gantry_text **out,
                                        gantry_error *err);

/** Options of gantry_kube_quadlet_install() and gantry_kube_quadlet_remove(). */
typedef struct gantry_quadlet_change_options {
    size_t size;             /**< sizeof(gantry_quadlet_change_options) */
    const gantry_call *call;
    int replace;             /**< install: #GANTRY_ON: take the place of one of that name */
    int force;               /**< remove: #GANTRY_ON: one whose unit runs, too */
    int missing_ok;          /**< remove: #GANTRY_ON: no quadlet is success */
    int no_reload;           /**< #GANTRY_ON: systemd is not told to read its units anew */
} gantry_quadlet_change_options;

/** Install a quadlet. `POST /libpod/quadlets`, Podman from 5.8. Since 0.1. */
GANTRY_API int gantry_kube_quadlet_install(gantry_kube *kube, const char *name, const char *text,
                                           const gantry_quadlet_change_options *opts,
                                           gantry_error *err);

/** Remove a quadlet. `DELETE /libpod/quadlets/{name}`, Podman from 5.8. Since 0.1. */
GANTRY_API int gantry_kube_quadlet_remove(gantry_kube *kube, const char *name,
                                          const gantry_quadlet_change_options *opts,
                                          gantry_error *err);

#ifdef __cplusplus
}
#endif
#endif
