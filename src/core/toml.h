/*
 * TOML, as far as settings of others need it: tables, keys with dots and quotes, strings of all
 * four kinds, booleans; arrays, numbers and dates are read over and kept as null.
 */
#ifndef GNT_TOML_H
#define GNT_TOML_H

#include "json.h"

/* A document as an object. INVALID or LIMIT with the line, of which nothing is quoted; NOMEM. */
int gnt_toml_parse(struct gnt_arena *a, const char *text, size_t size, struct gnt_json **out,
                   gantry_error *err);

#endif
