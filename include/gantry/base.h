/**
 * @file base.h
 * What every other header stands on: version, error codes, the error object, per-call control,
 * cancel tokens, allocator and log hooks.
 */
#ifndef GANTRY_BASE_H
#define GANTRY_BASE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Marks a public symbol. */
#if defined(__GNUC__) || defined(__clang__)
#define GANTRY_API __attribute__((visibility("default")))
#define GANTRY_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define GANTRY_API
#define GANTRY_PRINTF(fmt, args)
#endif

/** Version of these headers. @{ */
#define GANTRY_VERSION_MAJOR 0
#define GANTRY_VERSION_MINOR 1
#define GANTRY_VERSION_PATCH 0
#define GANTRY_VERSION_STRING "0.1.0"
/** @} */

/**
 * Version of the library that is running, for example "0.1.0".
 * @return static text; may differ from #GANTRY_VERSION_STRING of the headers compiled against.
 * Since 0.1.
 */
GANTRY_API const char *gantry_version(void);

/**
 * Every fallible function returns 0 or one of these.
 *
 * The hundreds are classes: gantry_error_is() with a class matches all codes of that class, so a
 * caller can test for #GANTRY_E_CONFLICT and get EXISTS, IN_USE and STATE too. Values never change;
 * a later version may add codes inside a class, so treat an unknown code as its class.
 */
enum {
    GANTRY_OK = 0,

    GANTRY_E_INVALID = -100,     /**< an argument, option or setting is wrong; outcome says who
                                      refused it: the
                                      library (NOT_SENT) or the engine (REFUSED) */
    GANTRY_E_UNSUPPORTED = -200, /**< this engine or version cannot do it; names what */
    GANTRY_E_NOMEM = -300,       /**< memory exhausted in this process */
    GANTRY_E_IO = -400,          /**< a local file or descriptor failed; see os_error */
    GANTRY_E_CHANGED = -401,     /**< a local file changed while it was read */
    GANTRY_E_CALLBACK = -500,    /**< a callback of the caller asked to stop */
    GANTRY_E_LIMIT = -600,       /**< a ceiling of gantry_limits or of the call was reached */
    GANTRY_E_CANCELLED = -700,   /**< the call's cancel token was triggered */
    GANTRY_E_TIMEOUT = -800,     /**< a deadline or time limit passed */
    GANTRY_E_AGAIN = -900,       /**< non-blocking stream: nothing to do now, poll and retry */

    GANTRY_E_UNAVAILABLE = -1000, /**< no engine, or no connection to it */
    GANTRY_E_TLS = -1001,         /**< no TLS with it: a certificate, or one side is plain */
    GANTRY_E_SSH = -1002,         /**< ssh does not get there; the message has its words, output all
                                       it said */
    GANTRY_E_PROTOCOL = -1100,    /**< the answer is not what the engine's API promises */
    GANTRY_E_TRUNCATED = -1101,   /**< the connection ended before the answer was whole */

    GANTRY_E_ENGINE = -1200,       /**< the engine failed or refused, without a code of its own */
    GANTRY_E_BUILD = -1201,        /**< an image build failed; step, exit_code and output say
                                        where */
    GANTRY_E_COMMAND = -1202,      /**< the program of a container could not be started: not found
                                        in
                                        it, or not executable */
    GANTRY_E_REGISTRY = -1203,     /**< a registry cannot be reached, or failed */
    GANTRY_E_NO_SPACE = -1204,     /**< the engine's disk is full */
    GANTRY_E_NOT_FOUND = -1300,    /**< the resource does not exist; resource_kind says which
                                        kind */
    GANTRY_E_CONFLICT = -1400,     /**< the state of the resource forbids it */
    GANTRY_E_EXISTS = -1401,       /**< the name is taken */
    GANTRY_E_IN_USE = -1402,       /**< something else uses the resource */
    GANTRY_E_STATE = -1403,        /**< wrong state: not running, paused, already connected ... */
    GANTRY_E_DENIED = -1500,       /**< not allowed */
    GANTRY_E_UNAUTHORIZED = -1501, /**< credentials missing or wrong */
    GANTRY_E_FORBIDDEN = -1502     /**< credentials known, action refused */
};

/** Kinds of resource an error can be about: gantry_error::resource_kind. */
enum {
    GANTRY_RESOURCE_NONE = 0,
    GANTRY_RESOURCE_ENGINE = 1,
    GANTRY_RESOURCE_IMAGE = 2,
    GANTRY_RESOURCE_CONTAINER = 3,
    GANTRY_RESOURCE_VOLUME = 4,
    GANTRY_RESOURCE_NETWORK = 5,
    GANTRY_RESOURCE_EXEC = 6,
    GANTRY_RESOURCE_FILE = 7,
    GANTRY_RESOURCE_POD = 8,
    GANTRY_RESOURCE_SECRET = 9,
    GANTRY_RESOURCE_REGISTRY = 10,
    GANTRY_RESOURCE_MANIFEST = 11
};

/** What a failed request may have done on the engine: gantry_error::outcome. */
enum {
    GANTRY_OUTCOME_UNKNOWN = 0,  /**< it may or may not have taken effect */
    GANTRY_OUTCOME_NOT_SENT = 1, /**< the engine never got it, or an upload was cut so that it
                                      cannot take it: nothing took effect */
    GANTRY_OUTCOME_REFUSED = 2,  /**< the engine answered no; nothing was done */
    GANTRY_OUTCOME_PARTIAL = 3   /**< part of it was done; the message says what may be left */
};

/** Whether the same call may be made again: gantry_error::retry. */
enum {
    GANTRY_RETRY_NO = 0,  /**< it would fail the same way */
    GANTRY_RETRY_YES = 1, /**< safe: nothing happened, or the call only reads */
    GANTRY_RETRY_ASK = 2  /**< look first whether it took effect (outcome unknown or partial) */
};

/**
 * Why a call failed. Owned by the caller, usually on its stack: `gantry_error err = { 0 };`.
 *
 * Nothing in it needs freeing; it may be copied by assignment. A call that succeeds leaves it
 * untouched; a call that fails fills every field. All texts are UTF-8, terminated, cut at a
 * character boundary when too long, without control characters except newlines in `output`.
 * Every function accepts NULL for it. The layout (4096 bytes) is frozen. Since 0.1.
 */
typedef struct gantry_error {
    int code;           /**< GANTRY_E_..., the same as the return value */
    int http_status;    /**< status of the engine's answer, 0 if there was none */
    int os_error;       /**< errno of the failed system call, or 0 */
    int resource_kind;  /**< GANTRY_RESOURCE_... of `resource` */
    int outcome;        /**< GANTRY_OUTCOME_... */
    int retry;          /**< GANTRY_RETRY_... */
    int step;           /**< failed build: 1-based number of the failing step, 0 if unknown */
    int step_total;     /**< failed build: number of steps, 0 if unknown */
    int exit_code;      /**< exit code of the failing command, valid if has_exit_code */
    int has_exit_code;  /**< 1 if exit_code is known */
    int reserved[6];    /**< zero */
    char operation[64]; /**< what was called, as "containers.create" */
    char resource[256]; /**< name or id it was about, or "" */
    char message[1024]; /**< one line for people; does not repeat the operation */
    char step_text[256];/**< failed build: the failing instruction, as "RUN make" */
    char output[2432];  /**< more lines: tail of a build's output, list of engines tried, or "" */
} gantry_error;

/**
 * Whether an error has a code or belongs to a class.
 * @param err   may be NULL (then 0)
 * @param code  a GANTRY_E_ code; a class (a multiple of 100) matches all of its codes
 * @return 1 or 0. Since 0.1.
 */
GANTRY_API int gantry_error_is(const gantry_error *err, int code);

/**
 * Name of a code, as "NOT_FOUND".
 * @return static text, "UNKNOWN" for a number that is no code. Since 0.1.
 */
GANTRY_API const char *gantry_error_name(int code);

/**
 * Fill an error, for callbacks, backends and bindings. Its outcome is UNKNOWN, for INVALID and
 * UNSUPPORTED NOT_SENT; set what is known besides in the struct itself.
 * @param err   may be NULL
 * @param code  a negative GANTRY_E_ code
 * @param fmt   printf format of the message
 * @return code, so that a failure is one statement. Since 0.1.
 */
GANTRY_API int gantry_error_set(gantry_error *err, int code, const char *fmt, ...)
    GANTRY_PRINTF(3, 4);

/**
 * Everything an error knows as text of several lines, for people: operation, resource, message, and
 * for
 * a failed build its step, exit code and output.
 * @param buffer receives the text, cut if it must be, always terminated; may be NULL if capacity is
 * 0
 * @return length of the whole text without the NUL, as snprintf. Since 0.1.
 */
GANTRY_API size_t gantry_error_format(const gantry_error *err, char *buffer, size_t capacity);

/** Three-valued option: zero leaves the decision to the library or engine. */
enum {
    GANTRY_DEFAULT = 0, /**< as documented at the option */
    GANTRY_ON = 1,      /**< yes */
    GANTRY_OFF = -1     /**< no */
};

/**
 * A pointer to options on the spot, with `size` set (C only):
 * `gantry_containers_stop(cs, "web", GANTRY_OPTIONS(gantry_container_stop_options, .grace_ms =
 * 500), &err)`.
 */
#define GANTRY_OPTIONS(type, ...) (&(const type){ .size = sizeof(type), __VA_ARGS__ })

/** A name and a value; both borrowed for the call. The layout is frozen. */
typedef struct gantry_pair {
    const char *key;
    const char *value;
} gantry_pair;

/* ---- per-call control --------------------------------------------------------------------- */

typedef struct gantry_cancel gantry_cancel;

/** "No limit", where a time limit in milliseconds names it: gantry_call::timeout_ms,
 * gantry_engine_options::connect_timeout_ms and `request_timeout_ms`, and others. */
#define GANTRY_NO_TIMEOUT ((int64_t)-1)

/**
 * Control of one call; second member of every options struct. May be shared by many calls and
 * threads at once; borrowed for the call, or until the stream it opened is closed.
 *
 * The time limits that apply without it: connecting takes at most 10 s and a plain request 120 s
 * (see gantry_engine_options); open-ended calls (logs, wait, attach, exec, run, build, import,
 * pull, push, save, load, export, commit, prune) have no total limit; stop and restart add their
 * grace period to the request's. Since 0.1.
 */
typedef struct gantry_call {
    size_t size;               /**< sizeof(gantry_call) */
    gantry_cancel *cancel;     /**< stops the call when triggered, or NULL */
    int64_t timeout_ms;        /**< total time from the start of the call; 0 = default,
                                    #GANTRY_NO_TIMEOUT */
    int64_t deadline_ns;       /**< absolute time on CLOCK_MONOTONIC, see gantry_clock_ns(); 0 =
                                    none */
    int64_t idle_timeout_ms;   /**< longest time without a byte moving; 0 = none */
    const char *tag;           /**< appears in the log lines of the call, or NULL */
} gantry_call;

/** CLOCK_MONOTONIC in nanoseconds, for gantry_call::deadline_ns. Since 0.1. */
GANTRY_API int64_t gantry_clock_ns(void);

/**
 * A token that stops calls and streams from any thread, or from a signal handler.
 *
 * @param out  receives the token; free it with gantry_cancel_free() when no call uses it any more
 * @return 0, #GANTRY_E_NOMEM, or #GANTRY_E_IO when no descriptor is to be had. Since 0.1.
 */
GANTRY_API int gantry_cancel_new(gantry_cancel **out, gantry_error *err);

/**
 * Stop every call and stream that uses the token, now and later: they return
 * #GANTRY_E_CANCELLED at once. Any thread; async-signal-safe; repeatable. Since 0.1.
 */
GANTRY_API void gantry_cancel_trigger(gantry_cancel *token);

/** Make a triggered token usable again. Not while a call uses it. Since 0.1. */
GANTRY_API void gantry_cancel_reset(gantry_cancel *token);

/** 1 if triggered. Any thread. Since 0.1. */
GANTRY_API int gantry_cancel_triggered(const gantry_cancel *token);

/** Descriptor that is readable while the token is triggered, for poll loops. Never read from it.
 * Since 0.1. */
GANTRY_API int gantry_cancel_fd(const gantry_cancel *token);

/**
 * Free a token; NULL is allowed. Since 0.1.
 *
 * Where a signal handler triggers it, remove the handler first. What is to be cleaned up after a
 * cancel needs calls without the triggered token, or gantry_cancel_reset().
 */
GANTRY_API void gantry_cancel_free(gantry_cancel *token);

/* ---- hooks -------------------------------------------------------------------------------- */

/**
 * Where memory comes from. Given per engine (gantry_engine_options) or archive; copied. All four
 * members are needed; the functions must be callable from any thread. libcurl and libarchive keep
 * using malloc: set theirs with curl_global_init_mem() if that matters. Since 0.1.
 */
typedef struct gantry_allocator {
    void *(*allocate)(void *arg, size_t size);
    void *(*reallocate)(void *arg, void *ptr, size_t size);
    void (*release)(void *arg, void *ptr);
    void *arg;
} gantry_allocator;

/** Levels of log lines. */
enum {
    GANTRY_LOG_ERROR = 1,   /**< something is broken that no call reports */
    GANTRY_LOG_WARNING = 2, /**< left out or worked around: a socket in a context */
    GANTRY_LOG_INFO = 3, /**< choices: engine found, service started */
    GANTRY_LOG_DEBUG = 4 /**< requests: method, path without query, status, duration */
};

/**
 * Where log lines go; without one the library is silent. Copied by the engine.
 *
 * Lines never hold secrets, queries, header values or bodies. The function is called from every
 * thread that makes calls on the engine, at once, and from threads of the library's own while an
 * engine is looked for and in gantry_containers_deploy(); these have every signal blocked. It must
 * not call the library. Since 0.1.
 */
typedef struct gantry_logger {
    size_t size; /**< sizeof(gantry_logger) */
    void (*log)(void *arg, int level, const char *component, const char *line);
    void *arg;
    int level; /**< the most detailed level wanted; 0 = #GANTRY_LOG_WARNING */
    int reserved;
} gantry_logger;

/**
 * Ceilings on what an engine can make the library hold, in bytes unless said otherwise. Zero is
 * the default in brackets. Reaching one is #GANTRY_E_LIMIT, naming it. Since 0.1.
 */
typedef struct gantry_limits {
    size_t size;               /**< sizeof(gantry_limits) */
    size_t header_bytes;       /**< headers and trailers of one answer [256 KiB] */
    size_t error_body_bytes;   /**< body of an error answer that is read [1 MiB] */
    size_t body_bytes;         /**< body of a plain answer [64 MiB] */
    size_t record_bytes;       /**< one JSON record of a progress stream [1 MiB] */
    size_t capture_bytes;      /**< stdout or stderr captured by run, exec, logs [64 MiB] */
    size_t json_depth;         /**< nesting of JSON, a count [64] */
} gantry_limits;

#ifdef __cplusplus
}
#endif
#endif
