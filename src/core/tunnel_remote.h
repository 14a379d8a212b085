/*
 * What is run on the other side, for whatever shell a user has there, made of what the backends
 * know of that (gantry_ssh_facts); and what it answers. Nothing here starts anything.
 */
#ifndef GNT_TUNNEL_REMOTE_H
#define GNT_TUNNEL_REMOTE_H

#include "mem.h"

enum {
    GNT_REMOTE_SOCKETS = 12
};

enum {
    GNT_REMOTE_OPEN,   /* a socket this user may write to */
    GNT_REMOTE_LOCKED, /* one that it may not */
    GNT_REMOTE_MISSING /* none is there; only of a path that was asked about */
};

struct gnt_remote_socket {
    const char *path;
    int state;
};

struct gnt_remote {
    struct gnt_remote_socket sockets[GNT_REMOTE_SOCKETS]; /* the likeliest first */
    size_t count;
    const char *program; /* of an engine's command line that is there, or NULL */
    int whole;           /* the answer was understood to its end */
};

/* Look for sockets: for `path`, or if that is "" for those of an engine (NULL, or one of which
 * nothing is known: of any). NULL: no memory. Nothing in it needs quoting but what a checked
 * address and option have. */
const char *gnt_remote_look(struct gnt_arena *arena, const char *engine, const char *path);
/* Take an answer apart, whatever a login printed around it. Texts go to the arena. NOMEM. */
int gnt_remote_parse(struct gnt_arena *arena, const char *answer, struct gnt_remote *out);

/* Become a carrier of bytes to a socket ("": the one that the command line there would use).
 * program NULL: whichever is there, that of `engine` (or NULL) rather than another. */
const char *gnt_remote_dial(struct gnt_arena *arena, const char *program, const char *engine,
                            const char *path);
/* The arguments of a program that no backend knows; $s is the socket's path. */
#define GNT_REMOTE_DIAL "${s:+--host \"unix://$s\"} system dial-stdio"
/* What stands in a line of its own before the bytes begin, and where there is no program. */
#define GNT_REMOTE_BEGINS "@gantry:begins"
#define GNT_REMOTE_NOTHING "@gantry:nothing"

#endif
