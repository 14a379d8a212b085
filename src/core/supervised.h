/*
 * Programs that serve one engine: a private directory, a shell that holds the other end of a pipe,
 * the program's last words, its end. Podman on demand and ssh are such.
 */
#ifndef GNT_SUPERVISED_H
#define GNT_SUPERVISED_H

#include "detect.h"
#include "error.h"

#include <sys/types.h>

enum {
    GNT_SUPERVISED_DIRECTORY = 64, /* leaves room for a socket's name in sockaddr_un */
    GNT_SUPERVISED_FDS = 4,        /* of the program: input, output, errors, one more */
    GNT_SUPERVISED_WORDS = 96      /* of a command, at most */
};

struct gnt_supervised {
    pid_t pid;    /* of the shell, which leads its own session; 0: not started */
    int lifeline; /* write end, or -1 */
    int whole;    /* it is killed, and nothing that it started is to outlive it; kept by
                     gnt_supervised_init */
    char directory[GNT_SUPERVISED_DIRECTORY]; /* "" if there is none */
};

void gnt_supervised_init(struct gnt_supervised *s);
/*
 * Make the directory, for this user alone. Its path has no character that a shell or ssh would read
 * anything into. IO; `purpose` ("Podman's socket") is for the message.
 */
int gnt_supervised_directory(struct gnt_supervised *s, const struct gnt_environment *env,
                             const char *purpose, gantry_error *err);
/*
 * Start command[0], a path, without a terminal. Its output goes to `output` (-1: nowhere), its
 * errors to "log" in the directory; `extra` becomes its descriptor 3 (-1: none). Both are to be
 * GNT_SUPERVISED_FDS or more, and stay the caller's to close. IO.
 */
int gnt_supervised_start(struct gnt_supervised *s, const char *name, const char *const *command,
                         const char *const *environment, int output, int extra, gantry_error *err);
/* How much the program has written to its standard error. */
off_t gnt_supervised_said(const struct gnt_supervised *s);
/* What it wrote there behind `from`, its last lines; "" if nothing. */
void gnt_supervised_words(const struct gnt_supervised *s, off_t from, char *out, size_t size);
/* Forget it all once it is large: a program that complains of each connection would fill the
 * folder, which is in memory as a rule. */
void gnt_supervised_trim(const struct gnt_supervised *s);
/* In a forked child: let go of what is the parent's. */
void gnt_supervised_forget(struct gnt_supervised *s);
/* End the program and wait for its end; removes the directory. Fine for one that never started. */
void gnt_supervised_stop(struct gnt_supervised *s);

#endif
