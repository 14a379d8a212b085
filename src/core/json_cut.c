/*
 * Cuts JSON text between tokens, see json_cut.h. It needs to be right about where strings, numbers
 * and words end in valid text; what is wrong in a token is for the parser to say, except what that
 * does not check.
 */
#include "json_cut.h"

#include <string.h>

#include "json.h"

static void begin(struct gnt_json_cut *cut, char first)
{
    cut->size = 0;
    cut->left = 0;
    cut->after_backslash = 0;
    cut->escapes = 0;
    cut->wide = 0;
    if (first == '"') {
        cut->open = GNT_TOKEN_STRING;
    } else if ((first >= '0' && first <= '9') || first == '-') {
        cut->open = GNT_TOKEN_NUMBER;
    } else if (first == 't' || first == 'n' || first == 'f') {
        cut->open = GNT_TOKEN_LITERAL;
        cut->left = first == 'f' ? 5 : 4;
    } else {
        cut->open = GNT_TOKEN_NONE; /* white space, punctuation, rubbish: one byte */
    }
}

/* Bits that any of the bytes has; the compiler makes vector code of it. */
static unsigned char bits_of(const char *data, size_t size)
{
    unsigned char seen = 0;

    for (size_t i = 0; i < size; i++)
        seen |= (unsigned char)data[i];
    return seen;
}

static size_t string_end(struct gnt_json_cut *cut, const char *data, size_t size)
{
    size_t begin = cut->size == 0 ? 1 : 0; /* after the opening quote */
    size_t i = begin;

    if (cut->after_backslash && i < size) {
        cut->after_backslash = 0;
        i++;
    }
    for (;;) {
        const char *quote = i < size ? memchr(data + i, '"', size - i) : NULL;
        size_t end = quote ? (size_t)(quote - data) : size;
        const char *backslash = i < end ? memchr(data + i, '\\', end - i) : NULL;
        if (!backslash) {
            cut->wide |= bits_of(data + begin, end - begin) > 0x7f;
            cut->open = quote ? GNT_TOKEN_NONE : cut->open;
            return quote ? end + 1 : size;
        }
        cut->escapes = 1;
        i = (size_t)(backslash - data) + 2;
        if (i > size) {
            cut->after_backslash = 1;
            cut->wide |= bits_of(data + begin, size - begin) > 0x7f;
            return size;
        }
    }
}

static size_t number_end(struct gnt_json_cut *cut, const char *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        char c = data[i];
        if (!(c >= '0' && c <= '9') && c != '-' && c != '+' && c != '.' && c != 'e' && c != 'E') {
            cut->open = GNT_TOKEN_NONE;
            return i;
        }
        if (cut->size + i >= GNT_CUT_NUMBER_MAX) {
            cut->fault = "a number of more than 1024 bytes";
            return i;
        }
    }
    return size;
}

static size_t literal_end(struct gnt_json_cut *cut, size_t size)
{
    size_t taken = size < cut->left ? size : cut->left;

    cut->left -= taken;
    if (cut->left == 0) {
        cut->open = GNT_TOKEN_NONE;
    }
    return taken;
}

size_t gnt_json_cut_finish(struct gnt_json_cut *cut, const char *data, size_t size)
{
    size_t taken = 0;

    if (cut->open == GNT_TOKEN_STRING) {
        taken = string_end(cut, data, size);
    } else if (cut->open == GNT_TOKEN_NUMBER) {
        taken = number_end(cut, data, size);
    } else if (cut->open == GNT_TOKEN_LITERAL) {
        taken = literal_end(cut, size);
    }
    cut->size += taken;
    if (cut->open != GNT_TOKEN_NONE) {
        return taken;
    }
    if (cut->first == 0) {
        cut->first = cut->size;
    }
    if (cut->escapes && cut->size > cut->longest) {
        cut->longest = cut->size;
    }
    return taken;
}

size_t gnt_json_cut_tokens(struct gnt_json_cut *cut, const char *data, size_t size)
{
    size_t i = 0;

    while (i < size) {
        size_t start = i;
        begin(cut, data[i]);
        if (cut->open == GNT_TOKEN_NONE) {
            if (cut->first == 0 && data[i] != ' ' && (data[i] < '\t' || data[i] > '\r')) {
                cut->first = 1;
            }
            i++;
            continue;
        }
        i += gnt_json_cut_finish(cut, data + i, size - i);
        if (cut->open == GNT_TOKEN_NONE) {
            cut->fault = gnt_json_cut_check(cut, data + start, i - start, &cut->fault_at);
        }
        if (cut->fault) {
            cut->fault_at += start;
            return start;
        }
        if (cut->open != GNT_TOKEN_NONE) {
            return start;
        }
    }
    return size;
}

/* ---- what a string must not hold ------------------------------------------------------------- */

/* Value of the four hex digits of an escape "\uXXXX", or -1 if the bytes are none. */
static int unicode_escape(const char *p, size_t size)
{
    int value = 0;

    if (size < 6 || p[0] != '\\' || p[1] != 'u') {
        return -1;
    }
    for (int i = 2; i < 6; i++) {
        char c = p[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) {
            return -1;
        }
        value = value * 16 + digit;
    }
    return value;
}

static const char *check_string(const char *token, size_t size, size_t *at)
{
    size_t good = gnt_utf8_span(token, size);

    for (size_t i = 0; i + 1 < size; i++) {
        if (token[i] != '\\') {
            continue;
        }
        int value = unicode_escape(token + i, size - i);
        if (value >= 0xd800 && value <= 0xdfff) {
            int low = unicode_escape(token + i + 6, size - i - 6);
            if (value > 0xdbff || low < 0xdc00 || low > 0xdfff) {
                *at = i;
                return "half of a surrogate pair";
            }
            i += 6;
        }
        i += value >= 0 ? 5 : 1;
    }
    if (good < size) {
        *at = good;
        return "bytes that are not UTF-8";
    }
    *at = 0;
    return NULL;
}

static size_t digits(const char *p, size_t size, size_t at)
{
    while (at < size && p[at] >= '0' && p[at] <= '9') {
        at++;
    }
    return at;
}

/* "-"? ("0" | [1-9][0-9]*) ("." [0-9]+)? ([eE] [+-]? [0-9]+)? The parser takes "01" for two. */
static const char *check_number(const char *p, size_t size, size_t *at)
{
    size_t from = p[0] == '-', i = digits(p, size, from);
    int good = i > from && (p[from] != '0' || i == from + 1);

    if (good && i < size && p[i] == '.') {
        from = i + 1;
        i = digits(p, size, from);
        good = i > from;
    }
    if (good && i < size && (p[i] == 'e' || p[i] == 'E')) {
        from = i + 1;
        from += from < size && (p[from] == '+' || p[from] == '-');
        i = digits(p, size, from);
        good = i > from;
    }
    *at = i;
    return good && i == size ? NULL : "a malformed number";
}

const char *gnt_json_cut_check(const struct gnt_json_cut *cut, const char *token, size_t size,
                               size_t *at)
{
    *at = 0;
    if (token[0] == '"') {
        return cut->escapes || cut->wide ? check_string(token, size, at) : NULL;
    }
    return token[0] == '-' || (token[0] >= '0' && token[0] <= '9') ? check_number(token, size, at)
                                                                   : NULL;
}
