/*
 * Static texts of the public API: the version, the names of states and features.
 */
#include <gantry/inspect.h>

const char *gantry_version(void)
{
    return GANTRY_VERSION_STRING;
}

const char *gantry_container_state_name(int state)
{
    switch (state) {
    case GANTRY_CONTAINER_CREATED:
        return "created";
    case GANTRY_CONTAINER_RUNNING:
        return "running";
    case GANTRY_CONTAINER_PAUSED:
        return "paused";
    case GANTRY_CONTAINER_RESTARTING:
        return "restarting";
    case GANTRY_CONTAINER_EXITED:
        return "exited";
    case GANTRY_CONTAINER_REMOVING:
        return "removing";
    case GANTRY_CONTAINER_DEAD:
        return "dead";
    default:
        return "unknown";
    }
}

const char *gantry_feature_name(int feature)
{
    switch (feature) {
#define NAME(name, number, text)                                                                   \
    case number:                                                                                   \
        return text;
        GANTRY_FEATURES(NAME)
#undef NAME
    default:
        return NULL;
    }
}
