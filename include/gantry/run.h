/**
 * @file run.h
 * Run a container from its creation to its end in one call.
 */
#ifndef GANTRY_RUN_H
#define GANTRY_RUN_H

#include <gantry/attach.h>
#include <gantry/container.h>

#ifdef __cplusplus
extern "C" {
#endif

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
    /**
     * Standard input instead of `input`, read until its end in the calling thread; a `length` above
     * 0 must be kept. While it blocks nothing else goes on: no output is taken, and limits, cancel
     * and stop_after_ms wait; one made by gantry_source_fd() is read only when there is something,
     * so that it may depend on the output, and may stay open at the end. If it fails, the run fails
     * with its code: the container is killed before it could take what came for all there is.
     */
    const gantry_source *source;
    /**
     * The caller's descriptors instead of input, source, sink and capture; see
     * gantry_containers_attach_stdio(). Detaching leaves the container running.
     */
    const gantry_stdio *stdio;
    /**
     * A container that runs longer is asked to end with its own stop signal, and killed after its
     * own grace period (10 s if it has none); the call succeeds with `timed_out`, the output so far
     * and the exit code. Counted from its start. 0 = never; not with detach.
     */
    int64_t stop_after_ms;
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
    int has_exit_code;       /**< 1 unless detached, by the option or by keys */
    int signal;              /**< number of the signal that ended it (exit_code - 128), or 0; no
                                  engine tells an end by signal 9 from a program that says 137 */
    int oom_killed;          /**< 1 yes, 0 no, -1 not known (it was removed before it could be
                                  asked; Podman, after SIGKILL) */
    int reserved;
    const char *const *warnings; /**< the engine's, NULL-terminated */
    int64_t started_ns; /**< by the engine's clock; 0 if it was gone before it could be asked, and
                                  with detach */
    int64_t finished_ns;     /**< likewise */
    int timed_out;           /**< 1: stop_after_ms passed while it ran, and it was sent a signal;
                                  what it made of that is its exit code's to tell */
    int detached;            /**< 1: the detach keys were typed; no exit code */
} gantry_run_result;

/**
 * Create a container, start it, collect its output and wait for its end.
 *
 * Free of races: the wait and the attach are in place before the start, so that even a container
 * that ends at once gives its exit code and whole output. If the run fails before the container
 * has started, no container stays behind; when it fails later (deadline, cancel, a ceiling, a lost
 * connection), the container is killed, and removed if `remove` is on; the error's resource is its
 * id, and its message says what is left. After a deadline or a cancel the call returns at once, and
 * the engine may need a moment more.
 *
 * @param image  must be there, unless gantry_container_options::pull says to fetch it
 * @param out    receives the result; may be NULL
 * @return 0 whatever the exit code, #GANTRY_E_COMMAND if the program could not be started,
 *         #GANTRY_E_NOT_FOUND (resource_kind image), or another code. Since 0.1.
 */
GANTRY_API int gantry_containers_run(gantry_containers *containers, const char *image,
                                     const gantry_run_options *opts, gantry_run_result **out,
                                     gantry_error *err);
GANTRY_API void gantry_run_result_free(gantry_run_result *result); /**< Free it. Since 0.1. */

#ifdef __cplusplus
}
#endif
#endif
