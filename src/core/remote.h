/*
 * Asking a registry itself, for engines that cannot: the distribution API, version 2. Knows no curl
 * (fetch.h) and no engine.
 */
#ifndef GNT_REMOTE_H
#define GNT_REMOTE_H

#include <gantry/reference.h>
#include <gantry/registry.h>

#include "auth.h"

int gnt_remote_inspect(struct gantry_host *host, const gantry_reference *reference,
                       const gantry_remote_options *opts, gantry_remote_image **out,
                       gantry_error *err);

/* What a registry wants before it answers. */
struct gnt_challenge {
    int basic;
    int bearer;
    const char *realm; /* of bearer; the texts live in the arena, NULL where there is none */
    const char *service;
    const char *scope;
};
/* Read one WWW-Authenticate line, in addition to what is there. 0 or NOMEM; nonsense is left
 * out. */
int gnt_challenge_read(struct gnt_arena *arena, const char *line, struct gnt_challenge *out);

/* Certificates that are trusted for a registry: the system's and those in certs.d. Empty if there
 * are none in certs.d: then the system's alone are meant. */
int gnt_remote_certificates(const char *domain, struct gnt_buf *out, gantry_error *err);

#endif
