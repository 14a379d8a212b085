/* Podman: the table of operations on the engine as a whole. */
#include "podman.h"

const gantry_system_ops gnt_podman_system_ops = {
    .size = sizeof gnt_podman_system_ops,
    .events_open = gnt_podman_events_open,
};
