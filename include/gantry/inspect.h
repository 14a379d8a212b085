/**
 * @file inspect.h
 * What the engine tells of containers: lists, inspection, processes, changes.
 */
#ifndef GANTRY_INSPECT_H
#define GANTRY_INSPECT_H

#include <gantry/spec.h>

#ifdef __cplusplus
extern "C" {
#endif

/** States of a container; the engine's own word is in gantry_container::state_text. */
enum {
    GANTRY_CONTAINER_UNKNOWN = 0, /**< a word this library does not know */
    GANTRY_CONTAINER_CREATED = 1, /**< never started (Podman's "initialized" too) */
    GANTRY_CONTAINER_RUNNING = 2,
    GANTRY_CONTAINER_PAUSED = 3,
    GANTRY_CONTAINER_RESTARTING = 4,
    GANTRY_CONTAINER_EXITED = 5,
    GANTRY_CONTAINER_REMOVING = 6,
    GANTRY_CONTAINER_DEAD = 7
};

/** Name of a state, as "running"; static, "unknown" for any other number. Since 0.1. */
GANTRY_API const char *gantry_container_state_name(int state);

/** A published port of a container, one per host address and port. */
typedef struct gantry_port_info {
    size_t size; /**< bytes of it that the running library fills */
    const char *protocol;     /**< "tcp" */
    const char *host_address; /**< "0.0.0.0", "127.0.0.1", "::" or "" */
    int container_port;
    int host_port;            /**< 0 if it is only exposed, or the container does not run */
} gantry_port_info;

/** A mount of a container. */
typedef struct gantry_mount_info {
    size_t size; /**< bytes of it that the running library fills */
    const char *source;      /**< host path, "" for tmpfs */
    const char *target;
    const char *volume;      /**< name of the volume or "" */
    int type;                /**< GANTRY_MOUNT_..., 0 for other kinds */
    int read_only;           /**< 1 or 0 */
} gantry_mount_info;

/** A container's place in a network. */
typedef struct gantry_attachment_info {
    size_t size; /**< bytes of it that the running library fills */
    const char *network;     /**< name of the network */
    const char *address;     /**< IPv4 or "" */
    const char *gateway;     /**< IPv4 or "" */
    const char *address6;    /**< IPv6 or "" */
    const char *mac;         /**< or "" */
} gantry_attachment_info;

/** Health of a container. */
enum {
    GANTRY_HEALTH_NONE = 0,     /**< it has no health check */
    GANTRY_HEALTH_STARTING = 1, /**< not known yet */
    GANTRY_HEALTH_HEALTHY = 2,
    GANTRY_HEALTH_UNHEALTHY = 3
};

/** One run of a health check. */
typedef struct gantry_health_probe {
    size_t size; /**< bytes of it that the running library fills */
    const char *output;      /**< its beginning, as the engine keeps it */
    int64_t started_ns;
    int64_t finished_ns;
    int64_t exit_code;       /**< 0 = healthy */
} gantry_health_probe;

/** A container. Free an inspected one with gantry_container_free(). */
typedef struct gantry_container {
    size_t size; /**< bytes of it that the running library fills */
    const char *id;                    /**< 64 hex digits */
    const char *name;                  /**< without '/' */
    const char *image;                 /**< as it was given or resolved: "busybox:latest"; with a
                                            tag or digest unless it was given by id */
    const char *image_id;              /**< 64 hex digits */
    const char *state_text;            /**< the engine's word: "running" */
    const char *const *command;        /**< list: the engine may give one joined string */
    int64_t created_ns;
    int64_t exit_code;                 /**< valid if has_exit_code */
    int state;                         /**< GANTRY_CONTAINER_... */
    int has_exit_code;                 /**< 1 if it has ended and the code is known */
    const gantry_pair *labels;
    size_t label_count;
    const gantry_port_info *const *ports;   /**< NULL-terminated */
    const char *const *networks;       /**< names, NULL-terminated */
    /* the rest by inspect only */
    int64_t started_ns;
    int64_t finished_ns;
    int64_t pid;                       /**< on the engine's host, 0 if it does not run */
    int64_t memory_bytes;              /**< limit, 0 = none */
    int64_t nano_cpus;                 /**< limit, 0 = none */
    int64_t pids_limit;                /**< limit, 0 = none; Podman sets one by itself */
    int oom_killed;                    /**< 1 if the kernel ended it for lack of memory, 0 if not,
                                            -1
                                            not known (Podman, after SIGKILL) */
    int tty;                           /**< 1 or 0 */
    int open_stdin;                    /**< 1 or 0 */
    int auto_remove;                   /**< 1 or 0 */
    const char *error_text;            /**< why it could not start, or "" */
    const char *const *entrypoint;
    const char *const *environment;
    const char *working_directory;
    const char *user;
    const char *hostname;
    const gantry_mount_info *const *mounts;           /**< NULL-terminated */
    const gantry_attachment_info *const *attachments; /**< NULL-terminated */
    const char *json;                  /**< the engine's own answer; NULL in lists */
    const char *health_text;           /**< the engine's word, or "" without a health check */
    int health;                        /**< GANTRY_HEALTH_...; NONE without a health check. In lists
                                            too, of what runs */
    int health_failures;               /**< probes that failed in a row */
    const gantry_health_probe *const *health_log; /**< the last probes, NULL-terminated */
    const char *const *health_test;    /**< { "CMD", ... }, empty without a health check */
    const char *stop_signal;           /**< as "SIGTERM"; "" if it has none of its own (Docker) */
    int64_t stop_timeout_ms;           /**< -1 = the engine's */
    int64_t restart_retries;
    int64_t restart_count;             /**< so often has the engine started it again */
    int restart;                       /**< GANTRY_RESTART_..., never DEFAULT */
    int privileged;                    /**< 1 or 0 */
    int read_only_root;                /**< 1 or 0 */
    int init;                          /**< 1 or 0 */
    int64_t memory_swap_bytes;         /**< limit of both, 0 = none, -1 = unlimited */
    int64_t memory_reservation_bytes;  /**< 0 = none */
    int64_t cpu_shares;                /**< 0 = the engine's default */
    int64_t cpu_period_us;             /**< 0 = the engine's default */
    int64_t cpu_quota_us;              /**< 0 = none */
    int64_t shm_size_bytes;
    const char *cpuset_cpus;
    const char *network_mode;          /**< the engine's word: "bridge", "host", "slirp4netns" */
    const char *pid_namespace;         /**< "" = its own, "host", "container:ID" */
    const char *ipc_namespace;         /**< likewise; Podman before 4.4 tells "" for "host" */
    const char *user_namespace;        /**< the engine's word; "" = its default */
    const char *log_driver;            /**< the engine's word; Podman's "json-file" is "k8s-file" */
    const char *log_path;              /**< on the engine's host, or "" */
    const char *runtime;
    const char *pod;                   /**< id of its pod, or ""; in lists too */
    const char *const *capabilities_add;  /**< as "CAP_NET_ADMIN", NULL-terminated; Podman: one by
                                               one, compared with its usual ones */
    const char *const *capabilities_drop;
    const char *const *exec_ids;       /**< of its exec sessions, NULL-terminated */
    const char *const *dns_servers;
    const char *const *extra_hosts;    /**< "name:address" */
    const gantry_pair *annotations;    /**< without those that Podman makes for itself */
    size_t annotation_count;
    int64_t size_rw_bytes;             /**< what it changed, in lists too; -1 if it was not asked
                                            for */
    int64_t size_root_bytes;           /**< with its image, in lists too; -1 likewise */
} gantry_container;

/** Containers; free with gantry_container_list_free(). */
typedef struct gantry_container_list {
    size_t size; /**< bytes of it that the running library fills */
    size_t count;
    const gantry_container *const *items; /**< also NULL-terminated */
} gantry_container_list;

/** Options of gantry_containers_list(). Different conditions must all hold. */
typedef struct gantry_container_list_options {
    size_t size;             /**< sizeof(gantry_container_list_options) */
    const gantry_call *call;
    const char *const *names;   /**< any of these exact names, NULL-terminated */
    const char *const *labels;  /**< all of these, "key" or "key=value" */
    const char *image;          /**< made from this image */
    const char *network;        /**< attached to this network */
    const gantry_pair *filters; /**< further filters in the engine's own words */
    size_t filter_count;
    int64_t limit;              /**< at most so many, the newest; 0 = no limit */
    int all;                    /**< #GANTRY_ON: not only running ones */
    int state;                  /**< only this GANTRY_CONTAINER_...; 0 = see all */
    const char *const *ids;     /**< any of these, whole or beginnings, NULL-terminated */
    const char *volume;         /**< with this volume, or something mounted at this path */
    const char *before;         /**< created before this container */
    const char *since;          /**< created after this container */
    const char *pod;            /**< in this pod: its name or id */
    const char *const *exit_codes; /**< ended with any of these, "0" to "255", NULL-terminated;
                                        implies all */
    int health;                 /**< only this GANTRY_HEALTH_...; 0 = any */
    int sizes;                  /**< #GANTRY_ON: fill the two sizes, which takes time */
} gantry_container_list_options;

/** List containers. `GET /containers/json` on both. Since 0.1. */
GANTRY_API int gantry_containers_list(gantry_containers *containers,
                                      const gantry_container_list_options *opts,
                                      gantry_container_list **out, gantry_error *err);
GANTRY_API void gantry_container_list_free(gantry_container_list *list); /**< Free it. Since 0.1. */

/** Options of gantry_containers_inspect(). */
typedef struct gantry_container_inspect_options {
    size_t size;             /**< sizeof(gantry_container_inspect_options) */
    const gantry_call *call;
    int sizes;               /**< #GANTRY_ON: fill the two sizes, which takes time */
    int reserved;
} gantry_container_inspect_options;

/** Everything about one container. `GET /containers/{id}/json` on both. Since 0.1. */
GANTRY_API int gantry_containers_inspect(gantry_containers *containers, const char *id,
                                         const gantry_container_inspect_options *opts,
                                         gantry_container **out, gantry_error *err);
GANTRY_API void gantry_container_free(gantry_container *container); /**< Free it. Since 0.1. */

/**
 * The first published address of a port, from what inspect or list told; nothing is asked.
 * @param protocol  "tcp", "udp", "sctp"; NULL = "tcp"
 * @return borrowed from the container, or NULL if that port is not published. Since 0.1.
 */
GANTRY_API const gantry_port_info *gantry_container_port(const gantry_container *container,
                                                         int container_port, const char *protocol);

/** Options of gantry_containers_top(). */
typedef struct gantry_container_top_options {
    size_t size;             /**< sizeof(gantry_container_top_options) */
    const gantry_call *call;
    const char *const *columns; /**< NULL-terminated. Docker: arguments of ps on its host, as "-o",
                                     "pid,comm"; Podman: names of its own columns, as "pid",
                                     "comm". NULL = the engine's */
} gantry_container_top_options;

/** Processes of a container; free with gantry_container_top_free(). */
typedef struct gantry_container_top {
    size_t size; /**< bytes of it that the running library fills */
    const char *const *titles;            /**< of the columns, the engine's, NULL-terminated */
    size_t count;
    const char *const *const *processes;  /**< rows with one text per title, NULL-terminated both */
} gantry_container_top;

/**
 * Processes of a running container. Columns, and whether the numbers are the host's (Docker) or the
 * container's (Podman), are the engine's business. Of a paused one: Docker only.
 * @return 0, #GANTRY_E_STATE if it does not run, #GANTRY_E_INVALID (columns), ...
 * `GET /containers/{id}/top`. Since 0.1.
 */
GANTRY_API int gantry_containers_top(gantry_containers *containers, const char *id,
                                     const gantry_container_top_options *opts,
                                     gantry_container_top **out, gantry_error *err);
GANTRY_API void gantry_container_top_free(gantry_container_top *top); /**< Free it. Since 0.1. */

/** What happened to a path of a container since it was created. */
enum {
    GANTRY_CHANGE_MODIFIED = 0,
    GANTRY_CHANGE_ADDED = 1,
    GANTRY_CHANGE_DELETED = 2
};

/** Options of gantry_containers_changes(). */
typedef struct gantry_container_changes_options {
    size_t size;             /**< sizeof(gantry_container_changes_options) */
    const gantry_call *call;
} gantry_container_changes_options;

/** A changed path. */
typedef struct gantry_container_change {
    size_t size; /**< bytes of it that the running library fills */
    const char *path;        /**< absolute */
    int kind;                /**< GANTRY_CHANGE_... */
    int reserved;
} gantry_container_change;

/** Changed paths; free with gantry_container_changes_free(). */
typedef struct gantry_container_changes {
    size_t size; /**< bytes of it that the running library fills */
    size_t count;
    const gantry_container_change *const *items; /**< also NULL-terminated */
} gantry_container_changes;

/**
 * What a container changed in its own files, compared with its image, by path. Volumes and mounts
 * are not part of it; places that the engine itself made for mounts may be.
 * `GET /containers/{id}/changes`. Since 0.1.
 */
GANTRY_API int gantry_containers_changes(gantry_containers *containers, const char *id,
                                         const gantry_container_changes_options *opts,
                                         gantry_container_changes **out, gantry_error *err);
GANTRY_API void gantry_container_changes_free(gantry_container_changes *changes); /**< Free it.
                                                            Since
                                                                                       0.1. */

#ifdef __cplusplus
}
#endif
#endif
