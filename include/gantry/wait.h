/**
 * @file wait.h
 * Wait for containers: for their end, and for their being ready.
 */
#ifndef GANTRY_WAIT_H
#define GANTRY_WAIT_H

#include <gantry/inspect.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a wait waits for. */
enum {
    GANTRY_WAIT_NOT_RUNNING = 0, /**< it does not run now, or its next end */
    GANTRY_WAIT_NEXT_EXIT = 1,   /**< its next end, even if it does not run yet */
    GANTRY_WAIT_REMOVED = 2,     /**< it is gone */
    GANTRY_WAIT_RUNNING = 3,     /**< it runs, and is not paused; one that has ended is
                                      #GANTRY_E_STATE */
    GANTRY_WAIT_HEALTHY = 4      /**< its health check says so; without one #GANTRY_E_INVALID, after
                                      its end #GANTRY_E_STATE. See gantry_containers_wait_ready() */
};

/** Options of gantry_containers_wait() and gantry_containers_wait_open(). */
typedef struct gantry_wait_options {
    size_t size;             /**< sizeof(gantry_wait_options) */
    const gantry_call *call; /**< no time limit by default */
    int condition;           /**< GANTRY_WAIT_... */
    int reserved;
    /**
     * The engine's own word instead of `condition`, as Podman's "paused", "initialized",
     * "stopping"; it is not checked. No exit code comes back unless the word is about an end
     * ("stopped", "exited", "removing"). Podman looks every 250 ms, and does not tell when it
     * begins: what is over sooner may be missed. Docker: its three words only, else UNSUPPORTED.
     */
    const char *engine_condition;
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
 * @param out  may be NULL; no exit code with RUNNING and HEALTHY
 * @return 0, #GANTRY_E_NOT_FOUND, #GANTRY_E_TIMEOUT (of RUNNING and HEALTHY with the last state in
 *         the message), #GANTRY_E_STATE, #GANTRY_E_CANCELLED, ...
 *
 * Docker `POST /containers/{id}/wait`; Podman `GET /libpod/events` and `GET .../{id}/json`, which
 * needs the engine's event log. RUNNING and HEALTHY ask again and again, `GET .../{id}/json`, and
 * where the engine does not run health checks by itself (Podman without systemd) the wait does. An
 * engine_condition on Podman is `POST /libpod/containers/{id}/wait`. Since 0.1.
 */
GANTRY_API int gantry_containers_wait(gantry_containers *containers, const char *id,
                                      const gantry_wait_options *opts, gantry_exit_status *out,
                                      gantry_error *err);

/** A wait that the engine has begun; belongs to one thread at a time. */
typedef struct gantry_wait gantry_wait;

/**
 * Begin a wait (not for RUNNING and HEALTHY, which are #GANTRY_E_INVALID here): on return the
 * engine watches, so that an end that follows cannot be missed.
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

/* ---- readiness ------------------------------------------------------------------------------- */

/** Kinds of readiness. */
enum {
    GANTRY_READY_RUNNING = 1,   /**< the container runs */
    GANTRY_READY_HEALTHY = 2,   /**< its health check says so. Where the engine does not run the
                                     checks by itself (Podman without systemd), the library does. */
    GANTRY_READY_LOG = 3,       /**< a line of its log, from its last start on, has `text` */
    GANTRY_READY_PORT = 4, /**< TCP connections to `port` are taken, and not dropped at once (as
                                     a port forwarder does while nobody listens behind it) */
    GANTRY_READY_HTTP = 5,      /**< a GET of `path` on `port` is answered with `status` */
    GANTRY_READY_COMMAND = 6,   /**< `command`, run inside, ends with exit code 0 */
    GANTRY_READY_COMPLETED = 7  /**< the container has ended with exit code 0 */
};

/** One condition of readiness; members of other kinds must be zero. */
typedef struct gantry_condition {
    size_t size;               /**< sizeof(gantry_condition) */
    const char *text;          /**< LOG: a part of the line, or with `regex` an extended regular
                                    expression (POSIX) that matches in it; required */
    const char *path;          /**< HTTP: as "/health?full=1"; NULL = "/" */
    const char *const *command; /**< COMMAND: NULL-terminated; required */
    int64_t count;             /**< LOG: so many such lines; 0 = 1 */
    int kind;                  /**< GANTRY_READY_...; required */
    int port;                  /**< PORT, HTTP: of the container; required. If it is published, its
                                    address on the engine's host is tried, else the container's own
                                    address. Where the engine is on another host (its address is no
                                    unix socket and not loopback, or a dialer or proxy leads there),
                                    neither is for a loopback address or a container's own: those
                                    would be of this machine */
    int status;                /**< HTTP: 0 = any of 200 to 399 */
    int regex;                 /**< LOG: #GANTRY_ON */
    int tls;                   /**< HTTP: #GANTRY_ON: https; the certificate is not checked */
    int channel;               /**< LOG: #GANTRY_STDOUT or #GANTRY_STDERR only; 0 = both */
} gantry_condition;

/** Options of gantry_containers_wait_ready(). */
typedef struct gantry_ready_options {
    size_t size;             /**< sizeof(gantry_ready_options) */
    const gantry_call *call; /**< of the whole wait; 60 s by default */
    int64_t interval_ms;     /**< pause between two tries; 0 = 100 ms */
    int64_t try_ms;          /**< longest time of one try; 0 = 5 s */
    int any;                 /**< #GANTRY_ON: one of the conditions is enough */
    int reserved;
} gantry_ready_options;

/**
 * Wait until a container is ready for use.
 *
 * Conditions are tried in turn; one that holds counts until the container ends. Of lines of a log
 * the first 64 KiB are searched, without their end ("\n", "\r\n"). A redirect is an answer like any
 * other. A COMMAND that takes longer than `try_ms` is left running. One that is unhealthy may
 * recover. The container need not be started yet.
 * @param conditions  NULL-terminated, at least one
 * @return 0, #GANTRY_E_TIMEOUT whose message has the last reason of each condition that does not
 *         hold, #GANTRY_E_STATE if the container has ended (with its exit code, and the end of its
 *         log in `output`) and a condition can no longer come true, #GANTRY_E_INVALID (HEALTHY
 *         without a health check), #GANTRY_E_NOT_FOUND (also of one that is removed meanwhile), ...
 *
 * Composed of inspect, logs, exec, Podman's `GET /libpod/containers/{id}/healthcheck`, and
 * connections from this process. Since 0.1.
 */
GANTRY_API int gantry_containers_wait_ready(gantry_containers *containers, const char *id,
                                            const gantry_condition *const *conditions,
                                            const gantry_ready_options *opts, gantry_error *err);

/** Options of gantry_containers_check_health(). */
typedef struct gantry_health_check_options {
    size_t size;             /**< sizeof(gantry_health_check_options) */
    const gantry_call *call; /**< no total limit by default: a probe has its own */
} gantry_health_check_options;

/** What a health check found; free with gantry_health_result_free(). */
typedef struct gantry_health_result {
    size_t size; /**< bytes of it that the running library fills */
    const gantry_health_probe *const *log; /**< the last probes, NULL-terminated */
    int health;              /**< GANTRY_HEALTH_... after the probe */
    int failures;            /**< in a row */
} gantry_health_result;

/**
 * Run a container's health check now.
 * @return 0 whatever it found, #GANTRY_E_STATE if it does not run, #GANTRY_E_INVALID if it has none
 *
 * Podman `GET /libpod/containers/{id}/healthcheck`; Docker, which runs checks by itself alone:
 * UNSUPPORTED. Since 0.1.
 */
GANTRY_API int gantry_containers_check_health(gantry_containers *containers, const char *id,
                                              const gantry_health_check_options *opts,
                                              gantry_health_result **out, gantry_error *err);
GANTRY_API void gantry_health_result_free(gantry_health_result *result); /**< Free it. Since 0.1. */

#ifdef __cplusplus
}
#endif
#endif
