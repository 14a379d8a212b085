/*
 * What ssh says, in plain words. Pure.
 */
#ifndef GNT_TUNNEL_WORDS_H
#define GNT_TUNNEL_WORDS_H

#include "error.h"

/* What the words of a failed ssh mean. */
enum {
    GNT_SSH_OTHER,
    GNT_SSH_BUSY,     /* closed before it logged in: sshd may take few at once */
    GNT_SSH_SESSIONS, /* sshd takes no more sessions on this connection */
    GNT_SSH_REFUSED,  /* of keys, passwords, host keys, configuration: no use in trying again */
    GNT_SSH_NETWORK   /* the host cannot be reached */
};

/* One of them; *out_plain receives a sentence's end ("the host's key is not known ..."), or NULL. */
int gnt_tunnel_meaning(const char *said, const char **out_plain);

/* GANTRY_E_SSH: "ssh to NAME: PLAIN; it said: ..."; all of it in the error's output. */
int gnt_tunnel_failed(gantry_error *err, const char *name, const char *said);

#endif
