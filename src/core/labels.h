/*
 * Labels as conditions: "key" is any value, "key=value" this one.
 */
#ifndef GNT_LABELS_H
#define GNT_LABELS_H

#include <gantry/base.h>

/* Whether one of the pairs is as the condition says. */
int gnt_has_label(const gantry_pair *pairs, size_t count, const char *condition);

/* All of `wanted` and none of `unwanted`; each is NULL-terminated, NULL is none. */
int gnt_labels_match(const gantry_pair *pairs, size_t count, const char *const *wanted,
                     const char *const *unwanted);

#endif
