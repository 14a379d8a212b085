/*
 * Finds where JSON text may be cut: after whole tokens. So the parser never meets half a token,
 * which keeps its memory known beforehand and its work linear however small the pieces are.
 * Knows tokens only, no grammar.
 */
#ifndef GNT_JSON_CUT_H
#define GNT_JSON_CUT_H

#include <stddef.h>

enum {
    GNT_CUT_NUMBER_MAX = 1024 /* longest number */
};

enum gnt_json_token {
    GNT_TOKEN_NONE, /* between tokens */
    GNT_TOKEN_STRING,
    GNT_TOKEN_NUMBER,
    GNT_TOKEN_LITERAL
};

/* Zero to begin. */
struct gnt_json_cut {
    enum gnt_json_token open; /* the token that has begun and not ended */
    size_t size;              /* its bytes so far */
    size_t left;              /* literal: bytes that are missing */
    int after_backslash;      /* string: the next byte is escaped */
    int escapes;              /* string: has some */
    int wide;                 /* string: has bytes above 0x7f */
    size_t first;             /* the first finished token; the user sets it to 0 */
    size_t longest;           /* of the finished strings with escapes; the user sets it to 0 */
    const char *fault;        /* why a token must be refused, or NULL */
    size_t fault_at;          /* where in the bytes given to gnt_json_cut_tokens */
};

/* Go on with the open token. Returns how many of the bytes belong to it; open is then NONE if it
 * has ended, and the token must be checked with gnt_json_cut_check. */
size_t gnt_json_cut_finish(struct gnt_json_cut *cut, const char *data, size_t size);

/* With no token open: returns how many bytes are whole tokens. The rest, if any, begins the token
 * that is open now, or (fault set) a token that must be refused. */
size_t gnt_json_cut_tokens(struct gnt_json_cut *cut, const char *data, size_t size);

/* Check a whole token, the last one that ended: strict UTF-8 and escaped surrogates in pairs in a
 * string, the form of a number. NULL, or why not and the position in *at. Other faults are left to
 * the parser. */
const char *gnt_json_cut_check(const struct gnt_json_cut *cut, const char *token, size_t size,
                               size_t *at);

#endif
