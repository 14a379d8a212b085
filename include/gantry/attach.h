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
    const char *detach_keys; /**< as "ctrl-p,ctrl-q" or "ctrl-a,d", watched for by the engine; NULL
                                  =
                                  the engine's (ctrl-p,ctrl-q), "" = none (Podman) */
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

/** Descriptors to connect a process with. They stay the caller's, and may be one and the same. */
typedef struct gantry_stdio {
    size_t size;             /**< sizeof(gantry_stdio) */
    const char *detach_keys; /**< of an attach: typed on a terminal they leave the container, as
                                  "ctrl-p,ctrl-q" (the default); "" = none. The library watches for
                                  them. */
    int in;                  /**< read from; -1 = nothing: the process sees the end at once */
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
 * changes are noticed without a signal handler.
 * @param stdio       what to connect; at least one of its descriptors
 * @param out_end     GANTRY_END_...; may be NULL
 * @param out_status  the exit code, if it ended and the engine still knows; may be NULL
 * Composed of inspect, attach, wait, resize (and start). Since 0.1.
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
