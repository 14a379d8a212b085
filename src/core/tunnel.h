/*
 * ssh to an engine: one supervised ssh process (a master) with everything over it, found out how,
 * started again when it died. Any thread may dial.
 */
#ifndef GNT_TUNNEL_H
#define GNT_TUNNEL_H

#include <gantry/connect.h>

#include "detect.h"
#include "host.h"
#include "url.h"

struct gnt_tunnel;

/* What a tunnel is made of; texts are copied. */
struct gnt_tunnel_setup {
    const struct gnt_address *address;
    const gantry_ssh *options; /* of the caller, or NULL */
    const char *identity;      /* the place's key; NULL: none */
    const char *engine;        /* name of the engine that is looked for, or NULL */
    int machine;               /* the place is a Podman machine */
};

/*
 * Log in, and find how the engine is reached. INVALID: an option that makes no sense; SSH: what ssh
 * or the other side said, in words; TIMEOUT: not within `call`, or the host's limit for connecting.
 * The host must stay.
 */
int gnt_tunnel_open(struct gantry_host *host, const struct gnt_environment *env,
                    const struct gnt_tunnel_setup *setup, const gantry_call *call,
                    struct gnt_tunnel **out, gantry_error *err);
/* A connection to the engine: gantry_dialer's function, whose argument is the tunnel. */
int gnt_tunnel_dial(void *tunnel, const char *address, const gantry_call *call, int *out_fd,
                    gantry_error *err);
/* The process that carries everything, 0 if there is none now: for tests and logs. */
long gnt_tunnel_process(struct gnt_tunnel *tunnel);
/* End it; removes what it made. In a forked child nothing of the parent's is ended. NULL is
 * fine. */
void gnt_tunnel_close(struct gnt_tunnel *tunnel);

#endif
