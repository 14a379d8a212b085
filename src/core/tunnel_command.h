/*
 * What ssh is called with. Nothing here starts anything.
 */
#ifndef GNT_TUNNEL_COMMAND_H
#define GNT_TUNNEL_COMMAND_H

#include "tunnel.h"

/* A tunnel's options, checked. Texts live in the tunnel's arena; NULL where nothing was said. */
struct gnt_tunnel_plan {
    const char *program; /* path */
    const char *config_file;
    const char *identity_file;
    const char *known_hosts_file;
    const char *askpass;
    const char *remote_program;
    const char *engine; /* that is looked for */
    const char *user;   /* "" if ssh knows better */
    const char *host;
    const char *path; /* of the remote socket, "" if it is to be found */
    const char *name; /* "user@host", for messages */
    int port;         /* 0: ssh knows better */
    int method;
    int machine;
    int connect_s;
};

/* INVALID, IO (a file that cannot be read), SSH (there is none). */
int gnt_tunnel_plan(struct gnt_arena *arena, const struct gantry_host *host,
                    const struct gnt_environment *env, const struct gnt_tunnel_setup *setup,
                    struct gnt_tunnel_plan *out, gantry_error *err);

/* What ssh's environment is: a copy of the engine's, but for who is asked. NULL: no memory. */
const char *const *gnt_tunnel_environment(struct gnt_arena *arena,
                                          const struct gnt_tunnel_plan *plan,
                                          const char *const *all);

enum {
    GNT_TUNNEL_ARGUMENTS = 96
};

/* A command line that ends with NULL; `failed` when memory or room ran out. */
struct gnt_tunnel_command {
    struct gnt_arena *arena;
    size_t count;
    int failed;
    const char *argv[GNT_TUNNEL_ARGUMENTS];
};

/* The master, whose control socket is "ctl" in the directory. */
void gnt_tunnel_master(struct gnt_tunnel_command *command, struct gnt_arena *arena,
                       const struct gnt_tunnel_plan *plan, const char *directory);
/* Make the master forward `local` to a remote socket. */
void gnt_tunnel_forward(struct gnt_tunnel_command *command, struct gnt_arena *arena,
                        const struct gnt_tunnel_plan *plan, const char *directory,
                        const char *local, const char *remote);
/* Run a command on the other side, over the master. */
void gnt_tunnel_session(struct gnt_tunnel_command *command, struct gnt_arena *arena,
                        const struct gnt_tunnel_plan *plan, const char *directory,
                        const char *remote_command);

#endif
