/*
 * The box: a program of a few kilobytes without a C library, which the library carries for each
 * architecture and puts into an image of its own, as the only file. What it does is told by its
 * first argument:
 *
 *   pause             process 1 of a pod: reaps what ends, ends with 0 on SIGTERM or SIGINT
 *   pack [-x] DIR     what is in DIR as a pax tar on standard output; -x: one file system only
 *   unpack [-c] DIR   a tar on standard input into DIR; -c: remove what is in DIR first, once the
 *                     input has proved to begin as a tar
 *   clear DIR         removes what is in DIR
 *
 * It ends with 0 only if all was done. A failure is one line on stderr, "NUMBER WORD: TEXT", and
 * ends it at once with NUMBER: an error number of Linux. Its own uses of them: EBADMSG the tar is
 * none, or damaged, or ends early; EOPNOTSUPP the tar has what cannot be unpacked; ESTALE a file
 * shrank while it was read. 255 is a wrong call.
 */
#ifndef BOX_H
#define BOX_H

#include <stddef.h>
#include <stdint.h>

#include "kernel.h"

/* ---- text.c ---------------------------------------------------------------------------------- */

size_t box_length(const char *text);
int box_equal(const char *a, const char *b);
int box_begins(const char *text, const char *lead);
/* The sign of a difference, bytewise. */
int box_compare(const char *a, const char *b);
void box_copy(void *to, const void *from, size_t size);
void box_zero(void *to, size_t size);
/* Digits and a NUL behind `end`, backwards; where they begin. */
char *box_number(uint64_t value, char *end);

/* ---- fail.c ---------------------------------------------------------------------------------- */

enum {
    BOX_EPERM = 1,
    BOX_ENOENT = 2,
    BOX_ENOMEM = 12,
    BOX_EEXIST = 17,
    BOX_EINVAL = 22,
    BOX_ENAMETOOLONG = 36,
    BOX_ELOOP = 40,
    BOX_ENODATA = 61,
    BOX_EBADMSG = 74,
    BOX_EOPNOTSUPP = 95,
    BOX_ESTALE = 116
};

_Noreturn void box_end(int code);
/* Say what could not be done to what, end. `error` is the kernel's, negative or not. */
_Noreturn void box_fail(long error, const char *what, const char *name);

/* ---- memory.c -------------------------------------------------------------------------------- */

/* Never given back; aligned for anything. Ends the box if there is none. */
void *box_keep(size_t size);

/* A stack of bytes that grows as one piece, and what the names of directories being read are on. */
size_t box_stack_top(void);
void box_stack_pop(size_t top);
/* At the top; valid until the next push, for it may not move but its end does. */
void *box_stack_push(size_t size);

/* ---- directory.c ----------------------------------------------------------------------------- */

enum {
    BOX_PATH_MAX = 4096 /* the kernel's, with the NUL */
};

/* Names in a directory, but "." and "..", sorted bytewise; they lie on the stack until it is popped
 * to where it was before. 0 or the kernel's error. */
struct box_names {
    size_t count;
    char **names;
};
long box_names(const char *path, struct box_names *out);
void box_sort(char **names, size_t count);
/* path "a" and name "b" give "a/b" in place; the length before, for box_path_cut(). */
size_t box_path_add(char path[BOX_PATH_MAX], const char *name);
void box_path_cut(char path[BOX_PATH_MAX], size_t length);

/* ---- the modes ------------------------------------------------------------------------------- */

_Noreturn void box_pause(void);
void box_pack(int one_file_system); /* of the working directory */
void box_unpack(int clear);
void box_clear(void);

#endif
