/* Names of types and actions of events. */
#include <gantry/events.h>

#include <stddef.h>

static const char *const types[] = {
    [GANTRY_EVENT_CONTAINER] = "container",
    [GANTRY_EVENT_IMAGE] = "image",
    [GANTRY_EVENT_VOLUME] = "volume",
    [GANTRY_EVENT_NETWORK] = "network",
    [GANTRY_EVENT_POD] = "pod",
    [GANTRY_EVENT_SECRET] = "secret",
    [GANTRY_EVENT_ENGINE] = "engine",
    [GANTRY_EVENT_RESUMED] = "resumed",
    [GANTRY_EVENT_GAP] = "gap",
};

static const char *const actions[] = {
    [GANTRY_ACTION_CREATE] = "create",
    [GANTRY_ACTION_START] = "start",
    [GANTRY_ACTION_STOP] = "stop",
    [GANTRY_ACTION_DIE] = "die",
    [GANTRY_ACTION_KILL] = "kill",
    [GANTRY_ACTION_OOM] = "oom",
    [GANTRY_ACTION_PAUSE] = "pause",
    [GANTRY_ACTION_UNPAUSE] = "unpause",
    [GANTRY_ACTION_RESTART] = "restart",
    [GANTRY_ACTION_REMOVE] = "remove",
    [GANTRY_ACTION_RENAME] = "rename",
    [GANTRY_ACTION_UPDATE] = "update",
    [GANTRY_ACTION_ATTACH] = "attach",
    [GANTRY_ACTION_DETACH] = "detach",
    [GANTRY_ACTION_RESIZE] = "resize",
    [GANTRY_ACTION_EXEC_CREATE] = "exec-create",
    [GANTRY_ACTION_EXEC_START] = "exec-start",
    [GANTRY_ACTION_EXEC_DIE] = "exec-die",
    [GANTRY_ACTION_HEALTH] = "health",
    [GANTRY_ACTION_INIT] = "init",
    [GANTRY_ACTION_CLEANUP] = "cleanup",
    [GANTRY_ACTION_COMMIT] = "commit",
    [GANTRY_ACTION_COPY] = "copy",
    [GANTRY_ACTION_EXPORT] = "export",
    [GANTRY_ACTION_CHECKPOINT] = "checkpoint",
    [GANTRY_ACTION_RESTORE] = "restore",
    [GANTRY_ACTION_MOUNT] = "mount",
    [GANTRY_ACTION_UNMOUNT] = "unmount",
    [GANTRY_ACTION_CONNECT] = "connect",
    [GANTRY_ACTION_DISCONNECT] = "disconnect",
    [GANTRY_ACTION_PULL] = "pull",
    [GANTRY_ACTION_PUSH] = "push",
    [GANTRY_ACTION_TAG] = "tag",
    [GANTRY_ACTION_UNTAG] = "untag",
    [GANTRY_ACTION_SAVE] = "save",
    [GANTRY_ACTION_LOAD] = "load",
    [GANTRY_ACTION_IMPORT] = "import",
    [GANTRY_ACTION_BUILD] = "build",
    [GANTRY_ACTION_PRUNE] = "prune",
    [GANTRY_ACTION_TOP] = "top",
    [GANTRY_ACTION_RELOAD] = "reload",
    [GANTRY_ACTION_REFRESH] = "refresh",
    [GANTRY_ACTION_RENUMBER] = "renumber",
};

static const char *name_of(const char *const *names, size_t count, int number)
{
    if (number <= 0 || (size_t)number >= count || names[number] == NULL)
        return "other";
    return names[number];
}

const char *gantry_event_type_name(int type)
{
    return name_of(types, sizeof types / sizeof types[0], type);
}

const char *gantry_event_action_name(int action)
{
    return name_of(actions, sizeof actions / sizeof actions[0], action);
}
