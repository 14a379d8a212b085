#include "partly.h"

#include <stdio.h>
#include <string.h>

#include "error.h"

int gnt_tell_done(const char *verb, const char *const *names, int rc, gantry_error *err)
{
    size_t used = 0;

    if (rc >= 0 || err == NULL || names[0] == NULL)
        return rc;
    err->output[0] = '\0';
    for (; *names != NULL; names++) {
        size_t room = sizeof err->output - used;
        int size = snprintf(err->output + used, room, "%s %s\n", verb, *names);

        if (size < 0 || (size_t)size >= room) {
            err->output[used] = '\0'; /* whole lines only */
            break;
        }
        used += (size_t)size;
    }
    gnt_error_suffix(err, "others were %s", verb);
    gnt_error_outcome(err, GANTRY_OUTCOME_PARTIAL, GANTRY_RETRY_ASK);
    return rc;
}
