/*
 * Starting programs: found in PATH, without a shell, with nothing of this process but the
 * descriptors that are given.
 */
#ifndef GNT_PROCESS_H
#define GNT_PROCESS_H

#include "error.h"

#include <sys/types.h>

/* Find a program in the absolute folders of a PATH (NULL: the usual ones); one with a '/' is taken
 * as it is. 1 if it is there and may be executed. */
int gnt_find_program(const char *program, const char *path, char *out, size_t size);

/* A descriptor below `least` is moved up: the child's own are made over those. 0 or -1, errno. */
int gnt_away_from(int *fd, int least);

/* A pipe whose ends are closed in other programs, and at or above `least`. 0 or -1, errno; ends
 * then may be set, and are to be closed. */
int gnt_pipe(int ends[2], int least);

/*
 * Start a program whose descriptors 0 to count - 1 are copies of `fds`, which are all `count` or
 * more, and which has no others. It leads a process group of its own; signals are as in a fresh
 * process. 0 or an errno.
 */
int gnt_spawn(const char *path, const char *const *argv, const char *const *environment,
              const int *fds, size_t count, pid_t *out_pid);

/* The same in a session of its own: whatever it starts has no terminal to ask at, and can be
 * signalled as a group. */
int gnt_spawn_apart(const char *path, const char *const *argv, const char *const *environment,
                    const int *fds, size_t count, pid_t *out_pid);

#endif
