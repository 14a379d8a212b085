#include "partly.h"

#include <stdio.h>
#include <string.h>

#include "error.h"
#include "spec_check.h"

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

int gnt_removals_next(struct gnt_removals *r, int rc, int none_now, const gantry_error *failure,
                      gantry_error *err)
{
    if (rc == 0)
        return 1;
    if (rc == GANTRY_E_CANCELLED || rc == GANTRY_E_TIMEOUT || rc == GANTRY_E_UNAVAILABLE) {
        if (err != NULL)
            *err = *failure;
        return rc;
    }
    if (r->failed == 0 && !none_now) {
        r->failed = rc;
        r->failure = *failure;
    }
    return 0;
}

int gnt_removals_end(const struct gnt_removals *r, int rc, gantry_error *err)
{
    if (rc != 0 || r->failed == 0)
        return rc;
    if (err != NULL)
        *err = r->failure;
    return r->failed;
}

int gnt_check_prune(const char *const *labels, const char *const *labels_not, int64_t until_ns,
                    gantry_error *err)
{
    int rc = gnt_check_texts("labels", labels, err);

    if (rc == 0)
        rc = gnt_check_texts("labels_not", labels_not, err);
    if (rc == 0 && until_ns < 0)
        rc = gnt_fail(err, GANTRY_E_INVALID, "until_ns: must not be negative");
    return rc;
}
