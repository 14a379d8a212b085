/**
 * @file connect.h
 * How an engine is reached: TLS, ssh, a transport of the program's own.
 *
 * These structs are options of gantry_engine_open() and gantry_detect(); they are copied there, but
 * for what a comment says must stay.
 */
#ifndef GANTRY_CONNECT_H
#define GANTRY_CONNECT_H

#include <gantry/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * TLS to an engine. Files are PEM and read when the engine is opened; of each pair at most one is
 * given. Unless `skip_verify` says otherwise, the server's certificate is verified, against the
 * authorities named here or else the system's, and so is its name. At least TLS 1.2.
 */
typedef struct gantry_tls {
    size_t size;             /**< sizeof(gantry_tls) */
    const char *ca_file;     /**< authorities to trust, instead of the system's */
    const char *ca_pem;      /**< the same as text */
    const char *cert_file;   /**< certificate of the client, with its chain */
    const char *cert_pem;    /**< the same as text */
    const char *key_file;    /**< its private key; NULL: it is in the certificate's file */
    const char *key_pem;     /**< the same as text; the library's copy is wiped */
    const char *key_password; /**< of an encrypted key; the library's copy is wiped */
    const char *server_name; /**< the name to send (SNI) and to find in the certificate; NULL = the
                                  address's host */
    int skip_verify;         /**< #GANTRY_ON: trust whoever answers. Whoever is in between reads and
                                  commands everything */
    int reserved;
} gantry_tls;

/** How an ssh connection reaches the engine's socket on the remote side. */
enum {
    GANTRY_SSH_ANY = 0,     /**< forwarding, and where that is refused dial-stdio */
    GANTRY_SSH_FORWARD = 1, /**< forwarding of the remote's unix socket */
    GANTRY_SSH_STDIO = 2    /**< an engine's program there: `docker system dial-stdio`,
                                 `podman system dial-stdio`, or what another backend names */
};

/**
 * Of ssh:// addresses. The system's ssh is used, with the user's own configuration, agent, keys,
 * known hosts and jump hosts; one ssh process (a master with its sessions) carries all connections
 * of an engine. It asks nothing: what would need an answer fails, unless `askpass` is set.
 */
typedef struct gantry_ssh {
    size_t size;              /**< sizeof(gantry_ssh) */
    const char *program;      /**< NULL = "ssh" found in PATH */
    const char *config_file;  /**< instead of the user's and the system's; NULL = those */
    const char *identity_file; /**< private key to use; NULL = what ssh would */
    const char *known_hosts_file; /**< instead of the user's; NULL = those */
    /** Absolute path of a program that ssh runs with a question as its argument, and whose first
     * line of output is the answer (SSH_ASKPASS): passwords, passphrases, and whether an unknown
     * host key is right, unless the configuration decides that; NULL = nothing is ever asked. */
    const char *askpass;
    /** For dial-stdio; NULL = that of a backend ("docker", "podman") in the remote's PATH. It is
     * called as the backend calls it whose program's name is part of its own, else as docker. */
    const char *remote_program;
    int method;               /**< GANTRY_SSH_... */
    int reserved;
} gantry_ssh;

/**
 * A transport of the program's own: gives a connection to the engine each time the library needs
 * one.
 */
typedef struct gantry_dialer {
    size_t size; /**< sizeof(gantry_dialer) */
    /**
     * Connect. Called from every thread that makes calls, at once, and from threads of the
     * library's own in gantry_containers_deploy(), which have every signal blocked; must not call
     * the engine. It may block, but not beyond `call` (its deadline and cancel token; never NULL),
     * also in non-blocking streams.
     * @param address  the engine's address as the program gave it
     * @param out_fd   receives a connected stream socket, or one end of a socketpair, which from
     *                 then on is the library's: it makes it non-blocking and close-on-exec, and
     *                 closes it
     * @return 0, or a negative code with `err` filled (gantry_error_set()); UNAVAILABLE is usual
     */
    int (*dial)(void *arg, const char *address, const gantry_call *call, int *out_fd,
                gantry_error *err);
    void *arg; /**< must outlive the engine */
} gantry_dialer;

#ifdef __cplusplus
}
#endif
#endif
