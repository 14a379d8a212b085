/*
 * The box: a program of a few kilobytes without a C library, which the library carries for each
 * architecture and puts into an image of its own, as the only file. What it does is told
 * by its first argument:
 *
 *   pause                  process 1 of a pod: reaps what ends, ends with 0 on SIGTERM or SIGINT
 *   pack [-x] DIR          what is in DIR as a pax tar on standard output; -x: one file system only
 *   unpack DIR             a tar on standard input into DIR
 *   clear DIR              removes what is in DIR
 *
 * It ends with 0 only if all was done. A failure is one line on stderr, "NUMBER WORD: NAME":
 * the error number of Linux and its word. It ends the box at once, with 1; 2 is a wrong call.
 */
#ifndef BOX_H
#define BOX_H

#include <stddef.h>
#include <stdint.h>

#include "sys.h"

/* ---- text.c ---------------------------------------------------------------------------------- */

size_t box_length(const char *text);
int box_equal(const char *a, const char *b);
int box_begins(const char *text, const char *lead);

/* ---- fail.c ---------------------------------------------------------------------------------- */

_Noreturn void box_end(int code);
/* Say what failed, end with 1. `error` is the kernel's, negative or not. */
_Noreturn void box_fail(long error, const char *name);

/* ---- the modes ------------------------------------------------------------------------------- */

_Noreturn void box_pause(void);

#endif
