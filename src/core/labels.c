/* Labels as conditions. */
#include "labels.h"

#include <string.h>

int gnt_has_label(const gantry_pair *pairs, size_t count, const char *condition)
{
    size_t size = strcspn(condition, "=");

    for (size_t i = 0; i < count; i++) {
        const char *value = pairs[i].value != NULL ? pairs[i].value : "";

        if (strncmp(pairs[i].key, condition, size) == 0 && pairs[i].key[size] == '\0' &&
            (condition[size] == '\0' || strcmp(value, condition + size + 1) == 0))
            return 1;
    }
    return 0;
}

int gnt_labels_match(const gantry_pair *pairs, size_t count, const char *const *wanted,
                     const char *const *unwanted)
{
    for (; wanted != NULL && *wanted != NULL; wanted++) {
        if (!gnt_has_label(pairs, count, *wanted))
            return 0;
    }
    for (; unwanted != NULL && *unwanted != NULL; unwanted++) {
        if (gnt_has_label(pairs, count, *unwanted))
            return 0;
    }
    return 1;
}
