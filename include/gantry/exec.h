/**
 * @file exec.h
 * Run commands inside running containers: to their end, or as sessions to talk to.
 */
#ifndef GANTRY_EXEC_H
#define GANTRY_EXEC_H

#include <gantry/attach.h>

#ifdef __cplusplus
extern "C" {
#endif

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
    const char *detach_keys; /**< as in gantry_attach_options, with tty; NULL = the engine's, "" =
                                  none. Docker ends the stream with a complaint in it and gives 126
                                  as exit code though the command goes on; Podman does not watch for
                                  keys in an exec: #GANTRY_E_UNSUPPORTED */
    int in;                  /**< exec_open: #GANTRY_ON: standard input is written to the session's
                                  stream; not with `input` */
    int detach;              /**< exec_open: #GANTRY_ON: start it and leave it; the session has no
                                  stream */
    int columns;             /**< with tty: initial size of the terminal, 1 to 65535, both or none;
                                  0 = the engine's. Docker before API 1.42 takes it only once the
                                  command runs, which may see another size at first */
    int rows;
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

/* ---- sessions ----------------------------------------------------------------------------- */

/** A command that runs inside a container; belongs to one thread at a time. */
typedef struct gantry_exec gantry_exec;

/**
 * Start a command inside a running container and talk to it.
 *
 * Read its stream to the end, then ask gantry_exec_wait(): a command that could not be started says
 * so there.
 * @param opts  `input`, `input_size`, `capture_limit`, `sink` must be zero; its call is for the
 *              whole session, and its token must live as long
 * @param out   close with gantry_exec_close(), before the engine
 * @return 0, #GANTRY_E_STATE if the container does not run, #GANTRY_E_COMMAND if a detached command
 *         could not be started, ...
 * `POST /containers/{id}/exec`, `POST /exec/{id}/start` on both. Since 0.1.
 */
GANTRY_API int gantry_containers_exec_open(gantry_containers *containers, const char *id,
                                           const char *const *command,
                                           const gantry_exec_options *opts, gantry_exec **out,
                                           gantry_error *err);

/** Its stream, which lives as long as the session; NULL of a detached one. Since 0.1. */
GANTRY_API gantry_stream *gantry_exec_stream(gantry_exec *exec);

/** The engine's id of it, for gantry_containers_exec_inspect(). Since 0.1. */
GANTRY_API const char *gantry_exec_id(const gantry_exec *exec);

/**
 * Set the size of its terminal, in characters.
 * @return 0, #GANTRY_E_STATE if it has none or has ended, ... `POST /exec/{id}/resize`. Since 0.1.
 */
GANTRY_API int gantry_exec_resize(gantry_exec *exec, int columns, int rows, gantry_error *err);

/**
 * Wait for its end. What was not read of its stream is dropped.
 *
 * The exit code of a command with a stream is always known. Of a detached one it is asked for again
 * and again until the command has ended; Podman before 4.6 says for five minutes after its end that
 * it runs, and forgets it then: the wait lasts so long, and gives no exit code. Keep the stream
 * where the code matters.
 * @param out_status       the exit code, optional as said; may be NULL
 * @param out_not_started  as gantry_exec_result::not_started; may be NULL
 * @return 0, #GANTRY_E_TIMEOUT, #GANTRY_E_TRUNCATED if the connection was lost while it runs, ...
 * `GET /exec/{id}/json`. Since 0.1.
 */
GANTRY_API int gantry_exec_wait(gantry_exec *exec, gantry_exit_status *out_status,
                                int *out_not_started, gantry_error *err);

/** Close a session and its stream; the command goes on, without its input. NULL is allowed. Since
 * 0.1. */
GANTRY_API void gantry_exec_close(gantry_exec *exec);

/** Options of gantry_containers_exec_inspect(). */
typedef struct gantry_exec_inspect_options {
    size_t size;             /**< sizeof(gantry_exec_inspect_options) */
    const gantry_call *call;
} gantry_exec_inspect_options;

/** What the engine knows of an exec session; free with gantry_exec_info_free(). */
typedef struct gantry_exec_info {
    size_t size; /**< bytes of it that the running library fills */
    const char *id;
    const char *container_id; /**< 64 hex digits */
    const char *const *command; /**< program and arguments */
    const char *user;
    int64_t pid;             /**< on the engine's host, 0 if it does not run */
    int64_t exit_code;       /**< valid if has_exit_code */
    int has_exit_code;       /**< 1 if it has ended and the code is known */
    int running;             /**< 1 or 0 */
    int tty;                 /**< 1 or 0 */
    int privileged;          /**< 1 or 0 */
    const char *json;        /**< the engine's own answer */
} gantry_exec_info;

/**
 * Look at an exec session; those of a container are in gantry_container::exec_ids. A command that
 * has just begun may not be noted as running yet, even if it has spoken.
 * @return 0, #GANTRY_E_NOT_FOUND (engines forget ended ones after a while), ...
 * `GET /exec/{id}/json` on both. Since 0.1.
 */
GANTRY_API int gantry_containers_exec_inspect(gantry_containers *containers, const char *exec_id,
                                              const gantry_exec_inspect_options *opts,
                                              gantry_exec_info **out, gantry_error *err);
GANTRY_API void gantry_exec_info_free(gantry_exec_info *info); /**< Free it. Since 0.1. */

/**
 * Run a command inside a container with the caller's own descriptors, to its end; as
 * gantry_containers_attach_stdio().
 * @param opts        `in`, `detach`, `input`, `capture_limit`, `sink` must be zero; columns and
 *                    rows are the terminal's if they are zero; detach_keys count where stdio names
 *                    none
 * @param out_end     GANTRY_END_...; may be NULL. A command that was left goes on
 * @param out_status  the exit code, if it ended; 126 or 127 if it could not be started; may be NULL
 * @return 0 whatever the exit code, or as gantry_containers_exec_open(), #GANTRY_E_IO if a
 *         descriptor fails
 * Composed of the exec functions above. Since 0.1.
 */
GANTRY_API int gantry_containers_exec_stdio(gantry_containers *containers, const char *id,
                                            const char *const *command, const gantry_stdio *stdio,
                                            const gantry_exec_options *opts, int *out_end,
                                            gantry_exit_status *out_status, gantry_error *err);

#ifdef __cplusplus
}
#endif
#endif
