/*
 * Inside of tunnels.
 */
#ifndef GNT_TUNNEL_IMPL_H
#define GNT_TUNNEL_IMPL_H

#include "supervised.h"
#include "tunnel.h"
#include "tunnel_command.h"
#include "tunnel_remote.h"

#include <pthread.h>

enum {
    GNT_TUNNEL_DOWN,
    GNT_TUNNEL_STARTING, /* one thread does; the master is its alone */
    GNT_TUNNEL_UP
};

struct gnt_tunnel {
    struct gantry_host *host;
    struct gnt_arena arena; /* of the plan, the environment and what was found; wiped */
    struct gnt_tunnel_plan plan;
    struct gnt_environment env;     /* what is needed of it for another start */
    const char *const *environment; /* of ssh */
    int method;                     /* GANTRY_SSH_ANY until it was found out */
    const char *path;               /* of the remote socket; "" is dial-stdio's own */
    pthread_mutex_t lock;           /* of the rest */
    pthread_cond_t changed;
    int state;
    int failed; /* of the last start: its code, and why */
    gantry_error failure;
    unsigned starts;
    int64_t started_ns;
    int64_t next_ns; /* not before is it started again */
    int64_t gap_ns;
    struct gnt_supervised master; /* the ssh process that everything goes over */
    pid_t *sessions;              /* of dial-stdio, until they are waited for */
    size_t session_count;
    size_t session_room;
};

#define GNT_TUNNEL_SOCKET "engine.sock" /* in the private directory */

/* ---- tunnel_master.c ------------------------------------------------------------------------- */

/* Log in. Whatever fails, the master is to be stopped. */
int gnt_tunnel_master_start(struct gnt_tunnel *t, const struct gnt_clock *clock,
                            gantry_error *err);
int gnt_tunnel_master_is_alive(const struct gnt_tunnel *t);
/* Run a client of the master's. `output` may be NULL; `complaint` has 512 bytes. 1 if it went well,
 * 0 if not, or a code. */
int gnt_tunnel_run(struct gnt_tunnel *t, const struct gnt_tunnel_command *command,
                   const struct gnt_clock *clock, struct gnt_buf *output, char *complaint,
                   gantry_error *err);

/* ---- tunnel_find.c --------------------------------------------------------------------------- */

/* Over a fresh master: find out how the engine is reached, or do again what was found out. */
int gnt_tunnel_settle(struct gnt_tunnel *t, const struct gnt_clock *clock, gantry_error *err);

/* ---- tunnel_session.c ------------------------------------------------------------------------ */

/* A carrier of bytes on the other side. `directory` is the master's. 0, or a code. */
int gnt_tunnel_session_open(struct gnt_tunnel *t, const char *directory, const char *path,
                            const struct gnt_clock *clock, int *out_fd, gantry_error *err);
/* Wait for those that have ended; with `all`, end the others. The lock is held. */
void gnt_tunnel_sessions_reap(struct gnt_tunnel *t, int all);

/* ---- tunnel_socket.c ------------------------------------------------------------------------- */

/* Connect to a socket in the directory: a descriptor, or -1 with errno. Waits for room in its
 * queue, not with NULL. */
int gnt_tunnel_connect(const char *directory, const char *socket_name,
                       const struct gnt_clock *clock);
/* Whether somebody answers there who speaks HTTP: 1, 0, or a code. */
int gnt_tunnel_answers(int fd, const struct gnt_clock *clock, gantry_error *err);

#endif
