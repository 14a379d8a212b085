/**
 * @file endpoint.h
 * For authors of backends: where an engine is, what a look at it found, and how it is found on
 * another host. <gantry/backend.h> includes it. Since 0.1.
 */
#ifndef GANTRY_ENDPOINT_H
#define GANTRY_ENDPOINT_H

#include <gantry/result.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a probe found out; zeroed and `size` set by the library. */
typedef struct gantry_probe {
    size_t size;       /**< bytes that the running library knows */
    char version[64];  /**< of the engine, as "20.10.24"; "" if not known */
    char detail[184];  /**< who answers, as "Docker 20.10.24" */
    int rootless;      /**< 1 or 0 if the answer says so; -1 (preset): not known */
    int reserved;
    char api_version[24]; /**< the newest of its API that the engine speaks, as "1.41"; "" if not
                               known */
    char note[64];     /**< the backend's own: what its `open` wants to know again */
} gantry_probe;

/** Where an engine is to be reached. Strings are "" when the address has no such part. */
typedef struct gantry_endpoint {
    size_t size;         /**< sizeof(gantry_endpoint) */
    const char *address; /**< whole, as "unix:///run/docker.sock" */
    const char *scheme;  /**< "unix" */
    const char *path;    /**< "/run/docker.sock": what follows the host part */
    const char *host;
    int port;            /**< 0 if none */
    int reserved;
    const char *api_version; /**< the version that the program insists on, or NULL; one that cannot
                                  be spoken is #GANTRY_E_UNSUPPORTED from open */
    const gantry_route *route; /**< how connections get there, for gantry_route_dial(); NULL: by the
                                    address. Stays as long as the state */
    const gantry_probe *found; /**< for `open`: what the same backend's `probe` found out there a
                                    moment ago, which need not be asked again; NULL for `probe`, and
                                    if nobody has asked. For the call only */
} gantry_endpoint;

/** Answers of gantry_backend::probe. */
enum {
    GANTRY_PROBE_NOT_MINE = 0, /**< something else is there */
    GANTRY_PROBE_MINE = 1
};

/* ---- ssh ---------------------------------------------------------------------------------- */

/**
 * How an engine is found and reached on another host, for gantry_backend::ssh of a backend with the
 * scheme "ssh". The library logs in, runs these texts there, and makes the connections
 * (gantry_route_dial()).
 *
 * `look` and `dial` are **text for that host's `sh`, of the backend's author**: passed on as they
 * are, and with the rights of the user who logs in. So they are constants, with nothing in them
 * that a program, a file or an engine said. They go through that user's login shell in single
 * quotes and on one line: no single quote, backslash, exclamation mark, control character or
 * comment; at most 4096 bytes.
 */
typedef struct gantry_ssh_facts {
    size_t size; /**< sizeof(gantry_ssh_facts) */
    /**
     * Complete commands that name sockets where the engine may be, the likeliest first; NULL: none
     * is known. They run in a subshell, when the address has no path. There are:
     * - `look PATH`: a place, taken if a socket is there;
     * - `uri ADDRESS`: the same for "unix://PATH", nothing for others, as of a variable;
     * - `have PROGRAM`: whether it is there, to be asked more (with `</dev/null 2>/dev/null`);
     * - `$r`: the user's folder for sockets (XDG_RUNTIME_DIR); `$n`: 1 once a socket was found.
     */
    const char *look;
    /** Name of a program there that carries bytes between its standard input and output and the
     * engine's socket, for servers that forward none: of letters, digits and ._-+ (or NULL) */
    const char *program;
    /** Its arguments, in which `$s` is the socket's path, empty where it has to find its own; NULL:
     * `${s:+--host "unix://$s"} system dial-stdio`. */
    const char *dial;
} gantry_ssh_facts;

#ifdef __cplusplus
}
#endif

#endif
