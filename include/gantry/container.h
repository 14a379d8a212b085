/**
 * @file container.h
 * Create, run, watch and remove containers.
 *
 * Containers are addressed by name, id (64 hex digits) or an unambiguous beginning of an id. Names
 * in results have no leading '/', ids are whole. Times are int64 nanoseconds since the epoch, 0 for
 * never.
 */
#ifndef GANTRY_CONTAINER_H
#define GANTRY_CONTAINER_H

#include <gantry/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- specification ------------------------------------------------------------------------ */

/** Kinds of mount. */
enum {
    GANTRY_MOUNT_BIND = 1,   /**< source is a path on the engine's host and must exist */
    GANTRY_MOUNT_VOLUME = 2, /**< source is a volume's name; NULL makes an anonymous one */
    GANTRY_MOUNT_TMPFS = 3   /**< no source */
};

/** A mount of a new container. */
typedef struct gantry_mount {
    size_t size;        /**< sizeof(gantry_mount) */
    const char *source;
    const char *target; /**< absolute path in the container; required */
    int64_t tmpfs_size_bytes; /**< TMPFS: 0 = unlimited */
    int type;           /**< GANTRY_MOUNT_...; required */
    int read_only;      /**< #GANTRY_ON */
} gantry_mount;

/** A published port of a new container. */
typedef struct gantry_port {
    size_t size;              /**< sizeof(gantry_port) */
    const char *protocol;     /**< "tcp" (default), "udp", "sctp" */
    const char *host_address; /**< NULL = all addresses of the engine's host */
    int container_port;       /**< 1 to 65535; required */
    int host_port;            /**< 0 = the engine picks a free one, see gantry_container::ports */
} gantry_port;

/** Limits of a new container; zero is the engine's default: none, but for Podman's 2048 processes.
 * */
typedef struct gantry_resources {
    size_t size;           /**< sizeof(gantry_resources) */
    int64_t memory_bytes;
    int64_t nano_cpus;     /**< 1,000,000,000 is one CPU */
    int64_t pids;          /**< number of processes */
} gantry_resources;

/** Options of gantry_containers_create(), and of run by gantry_run_options::container. */
typedef struct gantry_container_options {
    size_t size;             /**< sizeof(gantry_container_options) */
    const gantry_call *call; /**< of create only; run uses its own */
    const char *name;        /**< [a-zA-Z0-9][a-zA-Z0-9_.-]*; NULL = the engine makes one up */
    const char *const *command;     /**< arguments, NULL-terminated; NULL = the image's CMD */
    const char *const *entrypoint;  /**< NULL = the image's; an empty list removes it. Setting one
                                         drops the image's CMD. */
    const char *const *environment; /**< "NAME=value", NULL-terminated, added to the image's */
    const gantry_pair *labels;
    size_t label_count;
    const char *working_directory;
    const char *user;        /**< "name", "uid" or "uid:gid" */
    const char *hostname;
    const gantry_mount *const *mounts;  /**< NULL-terminated */
    const gantry_port *const *ports;    /**< NULL-terminated */
    /**
     * "bridge", "host", "none", "container:NAME" or a network's name; NULL = the engine's default
     * (bridge; a user-mode network on rootless Podman).
     */
    const char *network;
    const gantry_resources *resources;  /**< NULL = the engine's defaults */
    const char *platform;    /**< as "linux/arm64"; NULL = the engine's */
    const char *extra_json;  /**< JSON object merged last (RFC 7396) into the engine's own create
                                  request; unchecked */
    int64_t stop_timeout_ms; /**< grace of stop before it kills; 0 = the engine's (10 s); whole
                                  seconds, rounded up */
    int tty;                 /**< #GANTRY_ON: a terminal; stdout and stderr become one */
    int open_stdin;          /**< #GANTRY_ON: keep standard input open for attach */
    int auto_remove;         /**< #GANTRY_ON: the engine removes it when it ends */
    int reserved;
} gantry_container_options;

/** What create made; free with gantry_created_free(). */
typedef struct gantry_created {
    size_t size; /**< bytes of it that the running library fills */
    const char *id;              /**< 64 hex digits */
    const char *const *warnings; /**< the engine's, NULL-terminated */
} gantry_created;

/**
 * Create a container without starting it. The image must be there; nothing is pulled.
 * @param out  may be NULL
 * @return 0, #GANTRY_E_NOT_FOUND (resource_kind image), #GANTRY_E_EXISTS (name taken),
 *         #GANTRY_E_UNSUPPORTED (an option), ...
 *
 * Docker `POST /containers/create`, Podman `POST /libpod/containers/create`. Since 0.1.
 */
GANTRY_API int gantry_containers_create(gantry_containers *containers, const char *image,
                                        const gantry_container_options *opts,
                                        gantry_created **out, gantry_error *err);
GANTRY_API void gantry_created_free(gantry_created *created); /**< Free it. Since 0.1. */

/* ---- life --------------------------------------------------------------------------------- */

/** Options of gantry_containers_start(). */
typedef struct gantry_container_start_options {
    size_t size;             /**< sizeof(gantry_container_start_options) */
    const gantry_call *call;
} gantry_container_start_options;

/**
 * Start a container; one that runs already is success.
 * @return 0, #GANTRY_E_COMMAND if its program cannot be started, ...
 * `POST /containers/{id}/start`. Since 0.1.
 */
GANTRY_API int gantry_containers_start(gantry_containers *containers, const char *id,
                                       const gantry_container_start_options *opts,
                                       gantry_error *err);

/** For grace_ms: kill at once. */
#define GANTRY_GRACE_NONE ((int64_t)-2)

/** Options of gantry_containers_stop() and gantry_containers_restart(). */
typedef struct gantry_container_stop_options {
    size_t size;             /**< sizeof(gantry_container_stop_options) */
    const gantry_call *call; /**< a default time limit is extended by the grace period */
    int64_t grace_ms;        /**< time to end by itself before it is killed; 0 = its own,
                                  #GANTRY_GRACE_NONE = none, #GANTRY_NO_TIMEOUT = never kill; whole
                                  seconds, rounded up */
} gantry_container_stop_options;

/**
 * Ask a container to end, wait, and kill it after the grace period. One that does not run is
 * success; a paused one is unpaused. `POST /containers/{id}/stop`. Since 0.1.
 */
GANTRY_API int gantry_containers_stop(gantry_containers *containers, const char *id,
                                      const gantry_container_stop_options *opts, gantry_error *err);

/** Stop, then start. `POST /containers/{id}/restart`. Since 0.1. */
GANTRY_API int gantry_containers_restart(gantry_containers *containers, const char *id,
                                         const gantry_container_stop_options *opts,
                                         gantry_error *err);

/** Options of gantry_containers_kill(). */
typedef struct gantry_container_kill_options {
    size_t size;             /**< sizeof(gantry_container_kill_options) */
    const gantry_call *call;
    const char *signal;      /**< "SIGTERM", "TERM" or "15"; NULL = SIGKILL */
} gantry_container_kill_options;

/**
 * Send a signal to a container's main process; returns without waiting for an effect.
 * @return 0, #GANTRY_E_STATE if it does not run, ... `POST /containers/{id}/kill`. Since 0.1.
 */
GANTRY_API int gantry_containers_kill(gantry_containers *containers, const char *id,
                                      const gantry_container_kill_options *opts, gantry_error *err);

/** Options of gantry_containers_remove(). */
typedef struct gantry_container_remove_options {
    size_t size;             /**< sizeof(gantry_container_remove_options) */
    const gantry_call *call;
    int force;               /**< #GANTRY_ON: kill it first if it runs */
    int volumes;             /**< #GANTRY_ON: its anonymous volumes too */
    int missing_ok;          /**< #GANTRY_ON: no container is success */
    int reserved;
} gantry_container_remove_options;

/**
 * Remove a container; the name is free on return.
 * @return 0, #GANTRY_E_NOT_FOUND, #GANTRY_E_STATE if it runs, ...
 * `DELETE /containers/{id}`. Since 0.1.
 */
GANTRY_API int gantry_containers_remove(gantry_containers *containers, const char *id,
                                        const gantry_container_remove_options *opts,
                                        gantry_error *err);

/* ---- list, inspect ------------------------------------------------------------------------ */

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
} gantry_container_inspect_options;

/** Everything about one container. `GET /containers/{id}/json` on both. Since 0.1. */
GANTRY_API int gantry_containers_inspect(gantry_containers *containers, const char *id,
                                         const gantry_container_inspect_options *opts,
                                         gantry_container **out, gantry_error *err);
GANTRY_API void gantry_container_free(gantry_container *container); /**< Free it. Since 0.1. */

/* ---- wait --------------------------------------------------------------------------------- */

/** What a wait waits for. */
enum {
    GANTRY_WAIT_NOT_RUNNING = 0, /**< it does not run now, or its next end */
    GANTRY_WAIT_NEXT_EXIT = 1,   /**< its next end, even if it does not run yet */
    GANTRY_WAIT_REMOVED = 2      /**< it is gone */
};

/** Options of gantry_containers_wait() and gantry_containers_wait_open(). */
typedef struct gantry_wait_options {
    size_t size;             /**< sizeof(gantry_wait_options) */
    const gantry_call *call; /**< no time limit by default */
    int condition;           /**< GANTRY_WAIT_... */
    int reserved;
} gantry_wait_options;

/**
 * How a container ended. The exit code is optional until there is one: 0 is never made up. Owned by
 * the
 * caller; the layout is frozen.
 */
typedef struct gantry_exit_status {
    int64_t exit_code;       /**< valid if has_exit_code; 128 + signal after a signal */
    int has_exit_code;       /**< 1 or 0 */
    int signal;              /**< exit_code - 128 if that is a signal's number, else 0 */
    int64_t reserved[4];     /**< zero */
} gantry_exit_status;

/**
 * Wait for a container.
 * @param out  may be NULL
 * @return 0, #GANTRY_E_NOT_FOUND, #GANTRY_E_TIMEOUT, #GANTRY_E_CANCELLED, ...
 *
 * Docker `POST /containers/{id}/wait`; Podman `GET /libpod/events` and `GET .../{id}/json`, which
 * needs the engine's event log. Since 0.1.
 */
GANTRY_API int gantry_containers_wait(gantry_containers *containers, const char *id,
                                      const gantry_wait_options *opts, gantry_exit_status *out,
                                      gantry_error *err);

/** A wait that the engine has begun; belongs to one thread at a time. */
typedef struct gantry_wait gantry_wait;

/**
 * Begin a wait: on return the engine watches, so that an end that follows cannot be missed.
 * @param out  close with gantry_wait_close()
 * Since 0.1.
 */
GANTRY_API int gantry_containers_wait_open(gantry_containers *containers, const char *id,
                                           const gantry_wait_options *opts, gantry_wait **out,
                                           gantry_error *err);

/** The result; blocks until there is one, or #GANTRY_E_AGAIN in non-blocking mode. Since 0.1. */
GANTRY_API int gantry_wait_result(gantry_wait *wait, gantry_exit_status *out, gantry_error *err);

/** As gantry_stream_set_nonblocking(). Since 0.1. */
GANTRY_API void gantry_wait_set_nonblocking(gantry_wait *wait, int on);

/** As gantry_stream_fd(). Since 0.1. */
GANTRY_API int gantry_wait_fd(const gantry_wait *wait, int *out_events);

/** As gantry_stream_timeout_ms(). Since 0.1. */
GANTRY_API int gantry_wait_timeout_ms(const gantry_wait *wait);

/** End a wait; the container is left alone. NULL is allowed. Since 0.1. */
GANTRY_API void gantry_wait_close(gantry_wait *wait);

/* ---- logs, attach ------------------------------------------------------------------------- */

/** Options of gantry_containers_logs_open() and gantry_containers_logs(). */
typedef struct gantry_logs_options {
    size_t size;             /**< sizeof(gantry_logs_options) */
    const gantry_call *call; /**< no total limit by default */
    int64_t since_ns;        /**< only lines from this time on, since the epoch; 0 = all */
    int64_t until_ns;        /**< only lines before this time; 0 = all */
    int64_t tail;            /**< only the last lines; 0 = all, -1 = none (new ones only).
                                  Podman counts pieces as they were written, not lines. */
    int follow;              /**< #GANTRY_ON: go on with new lines until the container ends. Docker:
                                  a
                                  last line of more than 16 KiB without its newline may be cut; read
                                  again without follow if it matters. */
    int timestamps;          /**< #GANTRY_ON: begin each line with its RFC 3339 time and a space */
    int out;                 /**< #GANTRY_OFF: without stdout */
    int err;                 /**< #GANTRY_OFF: without stderr */
} gantry_logs_options;

/**
 * Open a container's log as a stream with channels; a container with a terminal has only stdout.
 * @param out  close with gantry_stream_close()
 * `GET /containers/{id}/logs` on both. Since 0.1.
 */
GANTRY_API int gantry_containers_logs_open(gantry_containers *containers, const char *id,
                                      const gantry_logs_options *opts, gantry_stream **out,
                                      gantry_error *err);

/** Read a container's log into memory, at most gantry_limits::capture_bytes a channel. Since
 * 0.1. */
GANTRY_API int gantry_containers_logs(gantry_containers *containers, const char *id,
                                           const gantry_logs_options *opts, gantry_output **out,
                                           gantry_error *err);

/** Options of gantry_containers_attach_open(). */
typedef struct gantry_attach_options {
    size_t size;             /**< sizeof(gantry_attach_options) */
    const gantry_call *call; /**< no total limit by default */
    int in;                  /**< #GANTRY_ON: write to standard input; needs open_stdin */
    int out;                 /**< #GANTRY_OFF: without stdout */
    int err;                 /**< #GANTRY_OFF: without stderr */
    int replay;              /**< #GANTRY_ON: what was logged before comes first */
} gantry_attach_options;

/**
 * Attach to a container's main process. A container that was created but not started may be
 * attached too: its output arrives when it starts. On Podman, attaching to one that has ended is
 * #GANTRY_E_STATE, since the engine would initialise it anew.
 *
 * The end of this stream says that the connection ended in order, not that the process did: ask
 * gantry_containers_wait().
 * @param out  close with gantry_stream_close(); the container goes on
 * `POST /containers/{id}/attach` on both. Since 0.1.
 */
GANTRY_API int gantry_containers_attach_open(gantry_containers *containers, const char *id,
                                        const gantry_attach_options *opts, gantry_stream **out,
                                        gantry_error *err);

/* ---- exec --------------------------------------------------------------------------------- */

/** Options of gantry_containers_exec(). */
typedef struct gantry_exec_options {
    size_t size;             /**< sizeof(gantry_exec_options) */
    const gantry_call *call; /**< no total limit by default; ending the call does not end the
                                  process */
    const char *const *environment; /**< "NAME=value", NULL-terminated */
    const char *user;        /**< NULL = the container's */
    const char *working_directory;  /**< NULL = the container's */
    const void *input;       /**< bytes for its standard input, or NULL */
    size_t input_size;
    size_t capture_limit;    /**< bytes per channel, more is #GANTRY_E_LIMIT; 0 = gantry_limits's */
    gantry_sink_fn sink;     /**< receives the output as it comes, instead of capturing it */
    void *sink_arg;
    int tty;                 /**< #GANTRY_ON */
    int privileged;          /**< #GANTRY_ON */
} gantry_exec_options;

/** What a command inside a container gave; free with gantry_exec_result_free(). */
typedef struct gantry_exec_result {
    size_t size; /**< bytes of it that the running library fills */
    const char *stdout_data; /**< followed by an uncounted NUL */
    size_t stdout_size;
    const char *stderr_data; /**< followed by an uncounted NUL */
    size_t stderr_size;
    int64_t exit_code;       /**< always known: without it the call fails. Of a program that could
                                  not be started it is 126 or 127, with the engine's words on stdout
                                  (Docker) or stderr (Podman) */
    int not_started;         /**< 1 the program could not be started, 0 it ran, -1 not known
                                  (Podman,
                                  when the code is 125 to 127) */
    int reserved;
} gantry_exec_result;

/**
 * Run a command inside a running container, to its end, and capture its output.
 *
 * A call that ends early (deadline, cancel, a ceiling, a sink that says stop) leaves the process
 * running: outcome UNKNOWN, look before it is made again.
 * @param command  program and arguments, NULL-terminated, at least one
 * @param out      receives the result; may be NULL
 * @return 0 whatever the exit code; #GANTRY_E_STATE if the container does not run, ...
 *
 * `POST /containers/{id}/exec`, `POST /exec/{id}/start`, `GET /exec/{id}/json` on both. Since 0.1.
 */
GANTRY_API int gantry_containers_exec(gantry_containers *containers, const char *id,
                                      const char *const *command, const gantry_exec_options *opts,
                                      gantry_exec_result **out, gantry_error *err);
GANTRY_API void gantry_exec_result_free(gantry_exec_result *result); /**< Free it. Since 0.1. */

/* ---- run ---------------------------------------------------------------------------------- */

/** Options of gantry_containers_run(). */
typedef struct gantry_run_options {
    size_t size;             /**< sizeof(gantry_run_options) */
    const gantry_call *call; /**< of the whole run; no total limit by default */
    const gantry_container_options *container; /**< NULL = the image's defaults; its `call` is
                                                    unused */
    const char *const *command; /**< short for container->command; setting both is INVALID */
    const void *input;       /**< bytes for standard input, or NULL; not with detach */
    size_t input_size;
    size_t capture_limit;    /**< bytes per channel, more is #GANTRY_E_LIMIT; 0 = gantry_limits's */
    gantry_sink_fn sink;     /**< receives the output as it comes, instead of capturing it */
    void *sink_arg;
    int remove;              /**< #GANTRY_ON: remove it at its end; the name is free on return */
    int detach;              /**< #GANTRY_ON: return once it is started */
} gantry_run_options;

/** What a run gave; free with gantry_run_result_free(). */
typedef struct gantry_run_result {
    size_t size; /**< bytes of it that the running library fills */
    const char *id;          /**< of the container, 64 hex digits */
    const char *stdout_data; /**< followed by an uncounted NUL; "" with detach or sink */
    size_t stdout_size;
    const char *stderr_data; /**< followed by an uncounted NUL */
    size_t stderr_size;
    int64_t exit_code;       /**< valid if has_exit_code */
    int has_exit_code;       /**< 1 unless detached */
    int signal;              /**< number of the signal that ended it (exit_code - 128), or 0 */
    int oom_killed;          /**< 1 yes, 0 no, -1 not known (it was removed before it could be
                                  asked; Podman, after SIGKILL) */
    int reserved;
    const char *const *warnings; /**< the engine's, NULL-terminated */
} gantry_run_result;

/**
 * Create a container, start it, collect its output and wait for its end.
 *
 * Free of races: the wait and the attach are in place before the start, so that even a container
 * that ends at once gives its exit code and whole output. If the run fails before the container
 * has started, no container stays behind; when it fails later (deadline, cancel, a ceiling, a lost
 * connection), the container is killed, and removed if `remove` is on; the error's resource is its
 * id, and its message says what is left. After a deadline or a cancel the call returns at once, and
 * the
 * engine may need a moment more.
 *
 * @param image  must be there; nothing is pulled. In 0.1 the only ways to get an image are
 *               gantry_images_build(), whose FROM may pull, and gantry_images_import().
 * @param out    receives the result; may be NULL
 * @return 0 whatever the exit code, #GANTRY_E_COMMAND if the program could not be started,
 *         #GANTRY_E_NOT_FOUND (resource_kind image), or another code. Since 0.1.
 */
GANTRY_API int gantry_containers_run(gantry_containers *containers, const char *image,
                                     const gantry_run_options *opts, gantry_run_result **out,
                                     gantry_error *err);
GANTRY_API void gantry_run_result_free(gantry_run_result *result); /**< Free it. Since 0.1. */

/* ---- commit, export ----------------------------------------------------------------------- */

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

#ifdef __cplusplus
}
#endif
#endif
