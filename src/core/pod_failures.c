/* Members of a pod that could not follow an act on it, put together in one error. */
#include "pod.h"

#include <stdio.h>
#include <string.h>

#include "error.h"

void gnt_pod_failed(struct gnt_pod_failures *f, const char *name, int rc,
                    const gantry_error *failure)
{
    size_t room = sizeof f->output - f->used;
    char line[sizeof failure->message + 300];
    size_t size;

    snprintf(line, sizeof line, "%s: %s", name, failure->message);
    size = strlen(line);
    if (size + 2 <= room) {
        gnt_text_copy(f->output + f->used, room, line, size, 0, 0);
        f->used += strlen(f->output + f->used);
        f->output[f->used++] = '\n';
        f->output[f->used] = '\0';
    }
    if (f->rc != 0)
        return;
    f->rc = rc;
    f->first = *failure;
    f->first.code = rc;
    gnt_error_prefix(&f->first, "%s", name);
    gnt_error_resource(&f->first, GANTRY_RESOURCE_CONTAINER, name);
}

int gnt_pod_settle(const struct gnt_pod_failures *f, gantry_error *err)
{
    if (f->rc == 0 || err == NULL)
        return f->rc;
    *err = f->first;
    memcpy(err->output, f->output, sizeof err->output);
    gnt_error_outcome(err, GANTRY_OUTCOME_PARTIAL, GANTRY_RETRY_ASK);
    return f->rc;
}
