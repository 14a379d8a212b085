/*
 * Filling gantry_error. Whatever goes into it, what comes out is terminated UTF-8 without control
 * characters: messages quote names, engines and files that nobody has checked. Allocates nothing,
 * so that it works when memory is exhausted.
 */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

_Static_assert(sizeof(gantry_error) == 4096, "the layout of gantry_error is frozen");

/* ---- text ------------------------------------------------------------------------------------ */

/* Length of the well-formed UTF-8 sequence at s, 0 if there is none (Unicode, table 3-7). */
static size_t utf8_length(const unsigned char *s, size_t left)
{
    unsigned char low = 0x80; /* bounds of the second byte */
    unsigned char high = 0xBF;
    size_t length;
    size_t i;

    if (s[0] < 0x80)
        return 1;
    if (s[0] < 0xC2 || s[0] > 0xF4)
        return 0;
    length = s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
    if (left < length)
        return 0;
    if (s[0] == 0xE0)
        low = 0xA0; /* overlong */
    else if (s[0] == 0xED)
        high = 0x9F; /* surrogates */
    else if (s[0] == 0xF0)
        low = 0x90; /* overlong */
    else if (s[0] == 0xF4)
        high = 0x8F; /* above U+10FFFF */
    if (s[1] < low || s[1] > high)
        return 0;
    for (i = 2; i < length; i++) {
        if (s[i] < 0x80 || s[i] > 0xBF)
            return 0;
    }
    return length;
}

/* C0, DEL, and C1, which terminals obey as well. */
static int is_control(const unsigned char *s)
{
    return s[0] < 0x20 || s[0] == 0x7F || (s[0] == 0xC2 && s[1] < 0xA0);
}

/* Where the tail begins that fits, at a character. */
static size_t tail_start(const unsigned char *s, size_t size, size_t room)
{
    size_t start;
    size_t most;

    if (size <= room)
        return 0;
    start = size - room;
    most = start + 3;
    while (start < size && start < most && s[start] >= 0x80 && s[start] <= 0xBF)
        start++;
    return start;
}

void gnt_text_copy(char *dst, size_t dst_size, const char *src, size_t src_size, int keep_lines,
                   int from_end)
{
    const unsigned char *s = (const unsigned char *)src;
    size_t used = 0;
    size_t length;
    size_t at;

    if (dst_size == 0)
        return;
    /* Nothing grows when it is sanitised, so the tail may be cut before. */
    at = from_end && src_size > 0 ? tail_start(s, src_size, dst_size - 1) : 0;
    while (at < src_size && used < dst_size - 1) {
        length = utf8_length(s + at, src_size - at);
        if (length == 0) {
            dst[used++] = '?';
            at++;
        } else if (is_control(s + at)) {
            dst[used++] = s[at] == '\n' && keep_lines ? '\n' : ' ';
            at += length;
        } else {
            if (length > dst_size - 1 - used)
                break;
            memcpy(dst + used, s + at, length);
            used += length;
            at += length;
        }
    }
    dst[used] = '\0';
}

const char *gnt_errno_text(int os_error, char *buffer, size_t size)
{
    if (size == 0)
        return "";
    buffer[0] = '\0';
    if (strerror_r(os_error, buffer, size) != 0 && buffer[0] == '\0')
        (void)snprintf(buffer, size, "error %d", os_error);
    return buffer;
}

/* ---- filling --------------------------------------------------------------------------------- */

/* Twice the message: sanitising may shrink text to half of it. */
#define RAW_SIZE (2 * sizeof(((gantry_error *)0)->message))

static void format(char raw[RAW_SIZE], const char *fmt, va_list args)
{
    raw[0] = '\0';
    if (vsnprintf(raw, RAW_SIZE, fmt, args) < 0)
        (void)snprintf(raw, RAW_SIZE, "%s", fmt);
}

/* raw is no part of err, though the arguments it was made of may have been. */
static int fill(gantry_error *err, int code, const char *raw)
{
    memset(err, 0, sizeof *err);
    err->outcome = GANTRY_OUTCOME_NOT_SENT;
    err->code = code;
    gnt_text_copy(err->message, sizeof err->message, raw, strlen(raw), 0, 0);
    return code;
}

static int fail_args(gantry_error *err, int code, const char *fmt, va_list args)
{
    char raw[RAW_SIZE];

    if (err == NULL)
        return code;
    format(raw, fmt, args);
    return fill(err, code, raw);
}

int gnt_fail(gantry_error *err, int code, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    code = fail_args(err, code, fmt, args);
    va_end(args);
    return code;
}

int gantry_error_set(gantry_error *err, int code, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    code = fail_args(err, code, fmt, args);
    va_end(args);
    /* From outside nothing is known of what was sent, unless the code says it. */
    if (err != NULL && code != GANTRY_E_INVALID && code != GANTRY_E_UNSUPPORTED)
        gnt_error_outcome(err, GANTRY_OUTCOME_UNKNOWN, GANTRY_RETRY_NO);
    return code;
}

int gnt_fail_errno(gantry_error *err, int code, int os_error, const char *fmt, ...)
{
    char text[128];
    char raw[RAW_SIZE];
    size_t length;
    size_t room;
    va_list args;

    if (err == NULL)
        return code;
    va_start(args, fmt);
    format(raw, fmt, args);
    va_end(args);
    (void)gnt_errno_text(os_error, text, sizeof text);
    (void)fill(err, code, raw);
    /* The reason matters more than the end of a long path. */
    room = sizeof err->message - 1 - strlen(text) - 2;
    gnt_text_copy(raw, room + 1, err->message, strlen(err->message), 0, 0);
    length = strlen(raw);
    (void)snprintf(raw + length, RAW_SIZE - length, ": %s", text);
    gnt_text_copy(err->message, sizeof err->message, raw, strlen(raw), 0, 0);
    err->os_error = os_error;
    return code;
}

int gnt_nomem(gantry_error *err)
{
    return gnt_fail(err, GANTRY_E_NOMEM, "out of memory");
}

void gnt_error_resource(gantry_error *err, int kind, const char *name)
{
    char copy[sizeof err->resource];

    if (err == NULL)
        return;
    if (name == NULL)
        name = "";
    gnt_text_copy(copy, sizeof copy, name, strlen(name), 0, 0);
    memcpy(err->resource, copy, sizeof copy);
    err->resource_kind = kind;
}

void gnt_error_outcome(gantry_error *err, int outcome, int retry)
{
    if (err == NULL)
        return;
    err->outcome = outcome;
    err->retry = retry;
}

void gnt_error_operation(gantry_error *err, const char *operation)
{
    if (err == NULL || err->operation[0] != '\0')
        return;
    gnt_text_copy(err->operation, sizeof err->operation, operation, strlen(operation), 0, 0);
}

void gnt_error_prefix(gantry_error *err, const char *fmt, ...)
{
    char raw[RAW_SIZE + sizeof err->message];
    size_t length;
    va_list args;

    if (err == NULL)
        return;
    va_start(args, fmt);
    format(raw, fmt, args);
    va_end(args);
    length = strlen(raw);
    (void)snprintf(raw + length, sizeof raw - length, "%s%s",
                   length > 0 && raw[length - 1] != ' ' ? ": " : "", err->message);
    gnt_text_copy(err->message, sizeof err->message, raw, strlen(raw), 0, 0);
}

void gnt_error_suffix(gantry_error *err, const char *fmt, ...)
{
    char more[RAW_SIZE];
    char raw[RAW_SIZE + sizeof err->message];
    va_list args;

    if (err == NULL)
        return;
    va_start(args, fmt);
    format(more, fmt, args);
    va_end(args);
    (void)snprintf(raw, sizeof raw, "%.1023s; %.1900s", err->message, more);
    gnt_text_copy(err->message, sizeof err->message, raw, strlen(raw), 0, 0);
}

/* ---- reading --------------------------------------------------------------------------------- */

int gantry_error_is(const gantry_error *err, int code)
{
    if (err == NULL)
        return 0;
    if (err->code == code)
        return 1;
    return code < 0 && code % 100 == 0 && err->code / 100 == code / 100;
}

#define CODES(X)                                                                                   \
    X(INVALID)                                                                                     \
    X(UNSUPPORTED)                                                                                 \
    X(NOMEM)                                                                                       \
    X(IO)                                                                                          \
    X(CHANGED)                                                                                     \
    X(CALLBACK)                                                                                    \
    X(LIMIT)                                                                                       \
    X(CANCELLED)                                                                                   \
    X(TIMEOUT)                                                                                     \
    X(AGAIN)                                                                                       \
    X(UNAVAILABLE)                                                                                 \
    X(TLS)                                                                                         \
    X(SSH)                                                                                         \
    X(PROTOCOL)                                                                                    \
    X(TRUNCATED)                                                                                   \
    X(ENGINE)                                                                                      \
    X(BUILD)                                                                                       \
    X(COMMAND)                                                                                     \
    X(REGISTRY)                                                                                    \
    X(NO_SPACE)                                                                                    \
    X(NOT_FOUND)                                                                                   \
    X(CONFLICT)                                                                                    \
    X(EXISTS)                                                                                      \
    X(IN_USE)                                                                                      \
    X(STATE)                                                                                       \
    X(DENIED)                                                                                      \
    X(UNAUTHORIZED)                                                                                \
    X(FORBIDDEN)

const char *gantry_error_name(int code)
{
    switch (code) {
    case GANTRY_OK:
        return "OK";
#define NAME(name)                                                                                 \
    case GANTRY_E_##name:                                                                          \
        return #name;
        CODES(NAME)
#undef NAME
    default:
        return "UNKNOWN";
    }
}

size_t gantry_error_format(const gantry_error *err, char *buffer, size_t capacity)
{
    char code[32] = "";
    char step[400] = "";
    const char *between;
    int n;

    if (err == NULL || err->code == 0)
        return (size_t)snprintf(buffer, capacity, "success");
    if (err->has_exit_code)
        snprintf(code, sizeof code, " (exit code %d)", err->exit_code);
    if (err->step > 0)
        snprintf(step, sizeof step, "\nstep %d of %d: %s%s", err->step, err->step_total,
                 err->step_text, code);
    between = err->operation[0] != '\0' && err->resource[0] != '\0' ? " " : "";
    n = snprintf(buffer, capacity, "%s%s%s%s%s%s%s%s", err->operation, between, err->resource,
                 err->operation[0] != '\0' || err->resource[0] != '\0' ? ": " : "", err->message,
                 step, err->output[0] != '\0' ? "\n" : "", err->output);
    return n > 0 ? (size_t)n : 0;
}
