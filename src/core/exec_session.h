/*
 * What the files about commands inside containers share.
 */
#ifndef GNT_EXEC_SESSION_H
#define GNT_EXEC_SESSION_H

#include <gantry/backend.h>

/* INVALID unless both are 1 to 65535. */
int gnt_check_terminal_size(int columns, int rows, gantry_error *err);
/* What is checked of imported options whichever function they are for. */
int gnt_check_exec(const char *id, const char *const *command, const gantry_exec_options *o,
                   gantry_error *err);

/* The exit code of a command whose output has ended, never made up: without one this fails. */
int gnt_exec_ask_code(gantry_engine *e, const char *exec_id, const gantry_call *call,
                      int64_t *out_code, int *out_not_started, gantry_error *err);

/* gantry_containers_exec_open() with checked options, and what is behind the session's other
 * functions. */
int gnt_exec_session_open(gantry_engine *e, const char *id, const char *const *command,
                          const gantry_exec_options *o, gantry_exec **out, gantry_error *err);
int gnt_exec_session_wait(gantry_exec *exec, gantry_exit_status *status, int *not_started,
                          gantry_error *err);
/* session: the gantry_exec; as gnt_stdio_plan.resize */
int gnt_exec_session_resize(void *session, int columns, int rows, const gantry_call *call,
                            gantry_error *err);

#endif
