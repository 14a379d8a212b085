/*
 * What lists of containers may be asked for, checked before an engine sees it.
 */
#include <gantry/inspect.h>

#include <stdlib.h>
#include <string.h>

#include "container.h"
#include "error.h"
#include "names.h"

static int check_exit_code(const char *text, gantry_error *err)
{
    if (text[0] == '\0' || strspn(text, "0123456789") != strlen(text) || strlen(text) > 3 ||
        strtol(text, NULL, 10) > 255)
        return gnt_fail(err, GANTRY_E_INVALID, "exit_codes: \"%s\" is not 0 to 255", text);
    return 0;
}

static int check_optional(const char *argument, const char *name, gantry_error *err)
{
    return name != NULL ? gnt_check_name(argument, name, err) : 0;
}

int gnt_list_options_check(const gantry_container_list_options *o, gantry_error *err)
{
    int rc = 0;

    if (o->limit < 0)
        return gnt_fail(err, GANTRY_E_INVALID, "limit: must not be negative");
    if (o->state < 0 || o->state > GANTRY_CONTAINER_DEAD)
        return gnt_fail(err, GANTRY_E_INVALID, "state: %d is none of GANTRY_CONTAINER_", o->state);
    if (o->health < 0 || o->health > GANTRY_HEALTH_UNHEALTHY)
        return gnt_fail(err, GANTRY_E_INVALID, "health: %d is none of GANTRY_HEALTH_", o->health);
    if (o->image != NULL)
        rc = gnt_reference_check("image", o->image, err);
    for (size_t i = 0; rc == 0 && o->ids != NULL && o->ids[i] != NULL; i++)
        rc = gnt_check_name("ids", o->ids[i], err);
    if (rc == 0 && o->volume != NULL)
        rc = gnt_check_text("volume", o->volume, err);
    if (rc == 0)
        rc = check_optional("before", o->before, err);
    if (rc == 0)
        rc = check_optional("since", o->since, err);
    if (rc == 0)
        rc = check_optional("pod", o->pod, err);
    for (size_t i = 0; rc == 0 && o->exit_codes != NULL && o->exit_codes[i] != NULL; i++)
        rc = check_exit_code(o->exit_codes[i], err);
    return rc;
}
