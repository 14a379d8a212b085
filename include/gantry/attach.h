/**
 * @file attach.h
 * Attach to a container's main process: as a stream, or with the caller's own terminal.
 */
#ifndef GANTRY_ATTACH_H
#define GANTRY_ATTACH_H

#include <gantry/wait.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Options of gantry_containers_attach_open(). */
typedef struct gantry_attach_options {
    size_t size;             /**< sizeof(gantry_attach_options) */
    const gantry_call *call; /**< no total limit by default */
    int in;                  /**< #GANTRY_ON: write to standard input; needs open_stdin */
    int out;                 /**< #GANTRY_OFF: without stdout */
    int err;                 /**< #GANTRY_OFF: without stderr */
    int replay;              /**< #GANTRY_ON: what was logged before comes first */
    const char *detach_keys; /**< as "ctrl-p,ctrl-q", "ctrl-a,d" or "DEL", watched for by the
                                  engine in what is written: they end the stream. NULL = the
                                  engine's (ctrl-p,ctrl-q) with a terminal, else none; "" = none.
                                  Docker watches only with a terminal: without one they are
                                  #GANTRY_E_UNSUPPORTED. Podman watches only for keys that are
                                  written one by one, and says on stdout that it left. */
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

/** Options of gantry_containers_resize(). */
typedef struct gantry_resize_options {
    size_t size;             /**< sizeof(gantry_resize_options) */
    const gantry_call *call;
} gantry_resize_options;

/**
 * Set the size of a running container's terminal, in characters.
 * @return 0, #GANTRY_E_STATE if it does not run, ... `POST /containers/{id}/resize`. Since 0.1.
 */
GANTRY_API int gantry_containers_resize(gantry_containers *containers, const char *id, int columns,
                                        int rows, const gantry_resize_options *opts,
                                        gantry_error *err);

/* ---- the caller's own descriptors --------------------------------------------------------- */

/**
 * Descriptors to connect a process with. They stay the caller's, and may be one and the same. Their
 * flags are not changed: they may be blocking, and are read and written only when they are ready.
 */
typedef struct gantry_stdio {
    size_t size;             /**< sizeof(gantry_stdio) */
    const char *detach_keys; /**< typed on the terminal `in` they leave a process that has a
                                  terminal; NULL = "ctrl-p,ctrl-q" for a container, none for a
                                  command inside one; "" = none. The library watches for them, and
                                  passes a begun sequence on with the key that breaks it. */
    int in;                  /**< read from; at its end the process's input ends: it is closed, or
                                  on a terminal ctrl-d is typed. -1 = nothing: a command or a run
                                  without a terminal sees the end at once, the input of a container
                                  that is attached to is left alone */
    int out;                 /**< stdout goes there; -1 = it is dropped */
    int err;                 /**< stderr goes there; -1 = it is dropped */
    int raw;                 /**< #GANTRY_OFF: leave the terminal's mode alone. Else, when `in` is a
                                  terminal and the process has one, it is in raw mode meanwhile */
    int resize;              /**< #GANTRY_OFF: do not forward the size of the terminal `out` */
    int signals; /**< #GANTRY_OFF: install no signal handlers. Else, while the terminal is
                                  in raw mode, SIGHUP, SIGINT, SIGQUIT and SIGTERM, where they have
                                  their default action, restore it before they end the process. */
} gantry_stdio;

/** How the connection of descriptors ended. */
enum {
    GANTRY_END_PROCESS = 0,  /**< the process ended */
    GANTRY_END_DETACHED = 1  /**< the detach keys were typed: it goes on */
};

/** Options of gantry_containers_attach_stdio(). */
typedef struct gantry_attach_stdio_options {
    size_t size;             /**< sizeof(gantry_attach_stdio_options) */
    const gantry_call *call; /**< no total limit by default */
    int replay;              /**< #GANTRY_ON: what was logged before comes first */
    int start; /**< #GANTRY_ON: start the container once attached, so that no output is
                                  lost */
} gantry_attach_stdio_options;

/**
 * Attach the caller's descriptors to a container's main process until it ends, or until the detach
 * keys are typed.
 *
 * Whatever happens (errors, cancel, the signals above) the terminal is as before on return. Window
 * changes are noticed within a fifth of a second, without a signal handler. Signals are guarded for
 * one terminal per process at a time.
 * @param stdio       what to connect; at least one of its descriptors. `in` needs a container with
 *                    open_stdin
 * @param opts        with `start` also a container that has ended, which runs anew then
 * @param out_end     GANTRY_END_...; may be NULL
 * @param out_status  the exit code, if it ended and the engine still knows; may be NULL
 * @return 0, #GANTRY_E_STATE if it has ended and `start` is off, #GANTRY_E_IO if a descriptor fails
 *         (EPIPE without a signal), or another code; the container goes on then
 * Composed of inspect, attach, wait, resize (and start, on Podman init). Since 0.1.
 */
GANTRY_API int gantry_containers_attach_stdio(gantry_containers *containers, const char *id,
                                              const gantry_stdio *stdio,
                                              const gantry_attach_stdio_options *opts,
                                              int *out_end, gantry_exit_status *out_status,
                                              gantry_error *err);

#ifdef __cplusplus
}
#endif
#endif
