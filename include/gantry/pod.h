/**
 * @file pod.h
 * Pods: containers that share namespaces and live together. Addressed by name or id.
 *
 * Podman has them. On Docker, which has not, the library makes the same of what is there: an infra
 * container that does nothing but hold the namespaces, from an image of a few kilobytes that the
 * library carries ("localhost/libgantry-box:..."), and labels that mark it and the members
 * (`io.libgantry.pod` and others that begin so, which are the library's own); any program may look
 * at them with the engine's own tools. What is not alike there is said at the member and in
 * docs/pods.md. Containers enter a pod with gantry_container_options::pod, by create, run, ensure
 * or deploy. A pod whose infra container somebody took away is GANTRY_POD_ERROR and can be
 * removed.
 */
#ifndef GANTRY_POD_H
#define GANTRY_POD_H

#include <gantry/container.h>
#include <gantry/inspect.h>
#include <gantry/logs.h>
#include <gantry/spec.h>
#include <gantry/stats.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- create -------------------------------------------------------------------------------- */

/** What becomes of a pod when its last member ends. */
enum {
    GANTRY_POD_EXIT_DEFAULT = 0,  /**< it goes on */
    GANTRY_POD_EXIT_CONTINUE = 1, /**< it goes on */
    GANTRY_POD_EXIT_STOP = 2      /**< it stops; Podman from 4.2 */
};

/** Options of gantry_pods_create(). */
typedef struct gantry_pod_options {
    size_t size;             /**< sizeof(gantry_pod_options) */
    const gantry_call *call;
    const gantry_pair *labels;
    size_t label_count;
    const char *hostname;              /**< NULL = the pod's name */
    const gantry_port *const *ports;   /**< published for all members, NULL-terminated */
    /** As gantry_container_options::network, for all members: "bridge", "host", "none" or a
     *  network's name. Not with `networks`. */
    const char *network;
    const gantry_attachment *const *networks; /**< NULL-terminated; not with `network` */
    const char *const *dns_servers;    /**< addresses, NULL-terminated */
    const char *const *dns_search;     /**< domains, NULL-terminated */
    const char *const *dns_options;    /**< options of resolv.conf, NULL-terminated */
    const char *const *extra_hosts;    /**< "name:address", NULL-terminated */
    /**
     * What members share: of "net", "ipc", "uts", "pid", and on Podman "cgroup"; NULL-terminated,
     * an
     * empty list for nothing; NULL = net, ipc and uts. On Docker, which joins no UTS namespaces,
     * members of a pod with "net" have its host name, but each a namespace of its own; "uts"
     * without
     * "net" is UNSUPPORTED there.
     */
    const char *const *share;
    const gantry_resources *resources; /**< limits of all members together; Podman from 4.3; not
                                            rootless with cgroups v1 */
    const char *cgroup_parent;
    const gantry_mount *const *mounts; /**< in every member, NULL-terminated; Podman */
    const gantry_pair *sysctls;        /**< of the shared namespaces */
    size_t sysctl_count;
    const char *user_namespace;        /**< as gantry_security::user_namespace; Podman */
    const char *infra_image;           /**< NULL = the engine's or the library's own; it must be
                                            there */
    const char *infra_name;            /**< name of the infra container; NULL = made up */
    const char *const *infra_command;  /**< NULL-terminated; NULL = the image's */
    const char *extra_json;            /**< merged last into the engine's own request (Docker: that
                                            of the infra container); unchecked */
    int64_t shm_size_bytes;            /**< of the shared /dev/shm; 0 = the engine's; Podman from
                                            4.2 */
    int infra;                         /**< #GANTRY_OFF: no infra container, so nothing to share;
                                            Podman */
    int exit_policy;                   /**< GANTRY_POD_EXIT_... */
} gantry_pod_options;

/** Result of gantry_pods_create(); free with gantry_pod_created_free(). */
typedef struct gantry_pod_created {
    size_t size; /**< bytes of it that the running library fills */
    const char *id;              /**< 64 hex digits; on Docker the infra container's */
    const char *name;
} gantry_pod_created;

/**
 * Create a pod; it does not run yet.
 * @param name  [a-zA-Z0-9][a-zA-Z0-9_.-]*; NULL = made up
 * @param out   may be NULL
 * @return 0, #GANTRY_E_EXISTS, #GANTRY_E_UNSUPPORTED naming the option, ...
 * Podman `POST /libpod/pods/create`; Docker `POST /containers/create`. Since 0.1.
 */
GANTRY_API int gantry_pods_create(gantry_pods *pods, const char *name,
                                  const gantry_pod_options *opts, gantry_pod_created **out,
                                  gantry_error *err);
GANTRY_API void gantry_pod_created_free(gantry_pod_created *created); /**< Free it. Since 0.1. */

/* ---- life ---------------------------------------------------------------------------------- */

/** Options of gantry_pods_start(), gantry_pods_pause(), gantry_pods_unpause(),
 * gantry_pods_exists(). */
typedef struct gantry_pod_call_options {
    size_t size;             /**< sizeof(gantry_pod_call_options) */
    const gantry_call *call;
} gantry_pod_call_options;

/** Options of gantry_pods_stop() and gantry_pods_restart(). */
typedef struct gantry_pod_stop_options {
    size_t size;             /**< sizeof(gantry_pod_stop_options) */
    const gantry_call *call; /**< a default time limit is extended by the grace period */
    int64_t grace_ms;        /**< as gantry_container_stop_options::grace_ms, for each member */
} gantry_pod_stop_options;

/** Options of gantry_pods_kill(). */
typedef struct gantry_pod_kill_options {
    size_t size;             /**< sizeof(gantry_pod_kill_options) */
    const gantry_call *call;
    const char *signal;      /**< "SIGTERM", "TERM" or "15"; NULL = SIGKILL */
} gantry_pod_kill_options;

/**
 * Act on all containers of a pod, in the order that they need: the infra container first at a
 * start, last at a stop. Members that are in the wanted state already are success; kill, pause and
 * unpause leave those alone that do not run, and are #GANTRY_E_STATE if none does.
 *
 * When some members could not follow, the code is that of the first, the outcome is PARTIAL, and
 * `output` has a line per member: its name and the engine's reason.
 * @return 0, #GANTRY_E_NOT_FOUND (kind pod), #GANTRY_E_STATE, ...
 * Podman `POST /libpod/pods/{id}/start`, `stop`, `restart`, `kill`, `pause`, `unpause`; Docker the
 * same on each container. Since 0.1. @{
 */
GANTRY_API int gantry_pods_start(gantry_pods *pods, const char *id,
                                 const gantry_pod_call_options *opts, gantry_error *err);
GANTRY_API int gantry_pods_stop(gantry_pods *pods, const char *id,
                                const gantry_pod_stop_options *opts, gantry_error *err);
GANTRY_API int gantry_pods_restart(gantry_pods *pods, const char *id,
                                   const gantry_pod_stop_options *opts, gantry_error *err);
GANTRY_API int gantry_pods_kill(gantry_pods *pods, const char *id,
                                const gantry_pod_kill_options *opts, gantry_error *err);
GANTRY_API int gantry_pods_pause(gantry_pods *pods, const char *id,
                                 const gantry_pod_call_options *opts, gantry_error *err);
GANTRY_API int gantry_pods_unpause(gantry_pods *pods, const char *id,
                                   const gantry_pod_call_options *opts, gantry_error *err);
/** @} */

/** Options of gantry_pods_remove(). */
typedef struct gantry_pod_remove_options {
    size_t size;             /**< sizeof(gantry_pod_remove_options) */
    const gantry_call *call;
    int force;               /**< #GANTRY_ON: members that run are killed first */
    int missing_ok;          /**< #GANTRY_ON: no pod is success */
} gantry_pod_remove_options;

/**
 * Remove a pod with all its containers and their anonymous volumes.
 * @return 0, #GANTRY_E_NOT_FOUND, #GANTRY_E_STATE if a container of it runs, the infra container
 *         too (then nothing is removed), ...
 * Podman `DELETE /libpod/pods/{id}`. Since 0.1.
 */
GANTRY_API int gantry_pods_remove(gantry_pods *pods, const char *id,
                                  const gantry_pod_remove_options *opts, gantry_error *err);

/** Options of gantry_pods_prune(). All conditions must hold. */
typedef struct gantry_pod_prune_options {
    size_t size;             /**< sizeof(gantry_pod_prune_options) */
    const gantry_call *call; /**< no total limit by default */
    const char *const *labels;     /**< "key" or "key=value", NULL-terminated */
    const char *const *labels_not; /**< none of these */
    int64_t until_ns;              /**< created before this time, since the epoch; 0 = any */
    int dry_run;                   /**< #GANTRY_ON: remove nothing, tell what would go */
    int reserved;
} gantry_pod_prune_options;

/** What a prune removed; free with gantry_pods_pruned_free(). */
typedef struct gantry_pods_pruned {
    size_t size; /**< bytes of it that the running library fills */
    const char *const *ids; /**< NULL-terminated */
} gantry_pods_pruned;

/**
 * Remove the pods of which no container runs.
 * @param out  may be NULL
 * @return 0; a failure with outcome PARTIAL, whose `output` names what was removed, if some could
 *         not be. Composed of list and remove. Since 0.1.
 */
GANTRY_API int gantry_pods_prune(gantry_pods *pods, const gantry_pod_prune_options *opts,
                                 gantry_pods_pruned **out, gantry_error *err);
GANTRY_API void gantry_pods_pruned_free(gantry_pods_pruned *pruned); /**< Free it. Since 0.1. */

/* ---- look ---------------------------------------------------------------------------------- */

/** States of a pod; the infra container counts as any other. */
enum {
    GANTRY_POD_UNKNOWN = 0,  /**< a word that this library does not know, see `state_text` */
    GANTRY_POD_CREATED = 1,  /**< nothing was started yet */
    GANTRY_POD_RUNNING = 2,  /**< all run */
    GANTRY_POD_DEGRADED = 3, /**< some run, if only the infra container */
    GANTRY_POD_PAUSED = 4,   /**< all are paused */
    GANTRY_POD_STOPPED = 5,  /**< none runs; some have ended, others are paused or never began */
    GANTRY_POD_EXITED = 6,   /**< all have ended */
    GANTRY_POD_ERROR = 7
};

/** A container of a pod. */
typedef struct gantry_pod_member {
    size_t size; /**< bytes of it that the running library fills */
    const char *id;
    const char *name;
    const char *state_text;  /**< the engine's word */
    int state;               /**< GANTRY_CONTAINER_... */
    int infra;               /**< 1 for the infra container */
} gantry_pod_member;

/** A pod. Free an inspected one with gantry_pod_free(). */
typedef struct gantry_pod {
    size_t size; /**< bytes of it that the running library fills */
    const char *id;                /**< 64 hex digits */
    const char *name;
    const char *state_text;        /**< the engine's word; on Docker the library's */
    const char *infra_id;          /**< id of the infra container, or "" */
    const char *hostname;          /**< "" in lists */
    const char *cgroup_parent;     /**< "" in lists */
    int64_t created_ns;            /**< since the epoch */
    const gantry_pair *labels;
    size_t label_count;
    const char *const *networks;   /**< names, NULL-terminated */
    const char *const *share;      /**< "net", "ipc" ..., NULL-terminated; empty in lists */
    const gantry_port_info *const *ports; /**< published, NULL-terminated; empty in lists */
    const gantry_pod_member *const *members; /**< with the infra container, NULL-terminated */
    size_t member_count;
    const char *json;              /**< the engine's own answer (Docker: the infra container's);
                                        NULL
                                        in lists */
    int state;                     /**< GANTRY_POD_... */
    int exit_policy;               /**< GANTRY_POD_EXIT_...; DEFAULT in lists */
} gantry_pod;

/** Pods; free with gantry_pod_list_free(). */
typedef struct gantry_pod_list {
    size_t size; /**< bytes of it that the running library fills */
    size_t count;
    const gantry_pod *const *items; /**< also NULL-terminated */
} gantry_pod_list;

/** Options of gantry_pods_inspect(). */
typedef struct gantry_pod_inspect_options {
    size_t size;             /**< sizeof(gantry_pod_inspect_options) */
    const gantry_call *call;
} gantry_pod_inspect_options;

/** One pod. Podman `GET /libpod/pods/{id}/json`; Docker `GET /containers/json` and
 * `GET /containers/{id}/json`. Since 0.1. */
GANTRY_API int gantry_pods_inspect(gantry_pods *pods, const char *id,
                                   const gantry_pod_inspect_options *opts, gantry_pod **out,
                                   gantry_error *err);
GANTRY_API void gantry_pod_free(gantry_pod *pod); /**< Free it. Since 0.1. */

/** Whether there is such a pod. Since 0.1. */
GANTRY_API int gantry_pods_exists(gantry_pods *pods, const char *id,
                                  const gantry_pod_call_options *opts, int *out_exists,
                                  gantry_error *err);

/** Options of gantry_pods_list(). */
typedef struct gantry_pod_list_options {
    size_t size;             /**< sizeof(gantry_pod_list_options) */
    const gantry_call *call;
    const char *const *names;   /**< any of these exact names, NULL-terminated */
    const char *const *labels;  /**< all of these, "key" or "key=value" */
    const int *states;          /**< any of these GANTRY_POD_...; ends with 0 */
    const gantry_pair *filters; /**< further filters in the engine's own words; Podman */
    size_t filter_count;
} gantry_pod_list_options;

/** List pods. Podman `GET /libpod/pods/json`; Docker `GET /containers/json`. Since 0.1. */
GANTRY_API int gantry_pods_list(gantry_pods *pods, const gantry_pod_list_options *opts,
                                gantry_pod_list **out, gantry_error *err);
GANTRY_API void gantry_pod_list_free(gantry_pod_list *list); /**< Free it. Since 0.1. */

/* ---- processes, stats, logs ---------------------------------------------------------------- */

/**
 * Processes of all members that run, in one table whose first column is the container's name. The
 * others are as gantry_containers_top() has them.
 * @param out  free with gantry_container_top_free()
 * @return 0, #GANTRY_E_STATE if none runs, ... `GET /containers/{id}/top` of each. Since 0.1.
 */
GANTRY_API int gantry_pods_top(gantry_pods *pods, const char *id,
                               const gantry_container_top_options *opts, gantry_container_top **out,
                               gantry_error *err);

/** Options of gantry_pods_stats(). */
typedef struct gantry_pod_stats_options {
    size_t size;             /**< sizeof(gantry_pod_stats_options) */
    const gantry_call *call;
} gantry_pod_stats_options;

/** Use of resources by a pod; free with gantry_pod_stats_free(). Sums leave out what a member does
 * not tell, and are -1 if none does. */
typedef struct gantry_pod_stats {
    size_t size; /**< bytes of it that the running library fills */
    size_t count;
    const gantry_stats *const *items;   /**< of each member that runs, also NULL-terminated */
    double cpu_percent;          /**< 100 is one CPU; -1 as below */
    int64_t cpu_ns;              /**< CPU time used in all */
    int64_t memory_bytes;
    int64_t processes;
    int64_t received_bytes;      /**< of the shared network, once; without one, the members' */
    int64_t sent_bytes;
    int64_t read_bytes;
    int64_t written_bytes;
} gantry_pod_stats;

/** One sample of every member that runs, the infra container too; none if none runs. Composed of
 * gantry_containers_stats_open(). Since 0.1. */
GANTRY_API int gantry_pods_stats(gantry_pods *pods, const char *id,
                                 const gantry_pod_stats_options *opts, gantry_pod_stats **out,
                                 gantry_error *err);
GANTRY_API void gantry_pod_stats_free(gantry_pod_stats *stats); /**< Free it. Since 0.1. */

/** A line of a pod's log; valid until the next call on its reader. */
typedef struct gantry_pod_log_line {
    size_t size; /**< bytes of it that the running library fills */
    const char *container;       /**< id of the member */
    const char *name;            /**< its name */
    const gantry_log_line *line;
} gantry_pod_log_line;

/** An iterator of the log lines of a pod's members; belongs to one thread at a time. */
typedef struct gantry_pod_log_reader gantry_pod_log_reader;

/**
 * Open the logs of all members that the pod has now, without the infra container's. Without
 * `follow` the lines come by their times; with it as they arrive, each member's in order, until all
 * have ended.
 * @param out  close with gantry_pod_log_reader_close()
 * Composed of gantry_containers_follow_open(). Since 0.1.
 */
GANTRY_API int gantry_pods_logs_open(gantry_pods *pods, const char *id,
                                     const gantry_follow_options *opts, gantry_pod_log_reader **out,
                                     gantry_error *err);

/**
 * The next line.
 * @param out  receives it, or NULL at the end
 * @return 0, #GANTRY_E_AGAIN (non-blocking mode) or another code. Since 0.1.
 */
GANTRY_API int gantry_pod_log_reader_next(gantry_pod_log_reader *reader,
                                          const gantry_pod_log_line **out, gantry_error *err);

/** As gantry_stream_set_nonblocking(). Since 0.1. */
GANTRY_API void gantry_pod_log_reader_set_nonblocking(gantry_pod_log_reader *reader, int on);

/**
 * The descriptors to wait for in non-blocking mode, one per member whose log goes on, with the
 * events of poll(2) for each; any of them may change with every call of next.
 * @param capacity  of both arrays
 * @return their number, which may be more than `capacity`; 0: do not wait, ask. Since 0.1.
 */
GANTRY_API size_t gantry_pod_log_reader_fds(const gantry_pod_log_reader *reader, int *out_fds,
                                            int *out_events, size_t capacity);

/** As gantry_stream_timeout_ms(). Since 0.1. */
GANTRY_API int gantry_pod_log_reader_timeout_ms(const gantry_pod_log_reader *reader);

/** Close a reader; NULL is allowed. Since 0.1. */
GANTRY_API void gantry_pod_log_reader_close(gantry_pod_log_reader *reader);

#ifdef __cplusplus
}
#endif
#endif
