/* Docker: the table of operations on the engine as a whole. */
#include "docker.h"

const gantry_system_ops gnt_docker_system_ops = {
    .size = sizeof gnt_docker_system_ops,
    .events_open = gnt_docker_events_open,
};
