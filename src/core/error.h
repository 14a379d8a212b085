/*
 * Filling gantry_error. Everything here accepts err == NULL and returns the code, so that a failure
 * is one statement: `return gnt_fail(err, GANTRY_E_INVALID, "...")`.
 */
#ifndef GNT_ERROR_H
#define GNT_ERROR_H

#include <gantry/base.h>

/* Sets code and message, everything else to zero (outcome NOT_SENT, retry NO). Control characters
 * in the message become spaces; invalid UTF-8 becomes '?'; cut at a character boundary. */
int gnt_fail(gantry_error *err, int code, const char *fmt, ...) GANTRY_PRINTF(3, 4);

/* As gnt_fail, with os_error and its text appended: "<message>: No such file or directory". */
int gnt_fail_errno(gantry_error *err, int code, int os_error, const char *fmt, ...)
    GANTRY_PRINTF(4, 5);

int gnt_nomem(gantry_error *err);

/* Add facts to a filled error; no effect on NULL. */
void gnt_error_resource(gantry_error *err, int kind, const char *name);
void gnt_error_outcome(gantry_error *err, int outcome, int retry);
void gnt_error_operation(gantry_error *err, const char *operation); /* only if none is set */
/* In front of the message, with ": " between them unless the prefix ends with a space. */
void gnt_error_prefix(gantry_error *err, const char *fmt, ...) GANTRY_PRINTF(2, 3);
/* Behind the message, after "; ". */
void gnt_error_suffix(gantry_error *err, const char *fmt, ...) GANTRY_PRINTF(2, 3);

/* Copy text into a fixed field: sanitised as UTF-8, control characters (newlines too unless
 * keep_lines) made spaces, cut at a character boundary, terminated. With from_end the tail is
 * kept. */
void gnt_text_copy(char *dst, size_t dst_size, const char *src, size_t src_size, int keep_lines,
                   int from_end);

/* Thread-safe text of an errno. */
const char *gnt_errno_text(int os_error, char *buffer, size_t size);

#endif
