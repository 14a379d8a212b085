/*
 * Warnings of libpod's create. It takes options back with one where its kernel or its cgroups have
 * not what they need; here an option has an effect or is an error.
 */
#include "podman_spec.h"

#include <string.h>

enum {
    ANY = 1 << 0, /* of the limits */
    MEMORY = 1 << 1,
    SWAP = 1 << 2,
    SWAPPINESS = 1 << 3,
    RESERVATION = 1 << 4,
    OOM_KILL = 1 << 5,
    PIDS = 1 << 6,
    SHARES = 1 << 7,
    PERIOD = 1 << 8,
    QUOTA = 1 << 9,
    CPUSET = 1 << 10,
    BLOCK_WEIGHT = 1 << 11,
    BLOCK_LIMITS = 1 << 12,
    PORTS = 1 << 13
};

/* The first row whose text is in the warning counts. */
static const struct {
    const char *text;
    unsigned about;
    const char *option;
} warnings[] = {
    { "Resource limits are not supported", ANY, "resources" },
    { "support swap limit", SWAP, "resources: memory_swap_bytes" },
    { "support memory limit", MEMORY, "resources: memory_bytes" },
    { "support memory swappiness", SWAPPINESS, "resources: memory_swappiness" },
    { "support memory soft limit", RESERVATION, "resources: memory_reservation_bytes" },
    { "support OomKillDisable", OOM_KILL, "resources: oom_kill" },
    { "support pids limit", PIDS, "resources: pids" },
    { "support CPU shares", SHARES, "resources: cpu_shares" },
    { "support CPU cfs period", PERIOD, "resources: cpu_period_us" },
    { "support CPU cfs quota", QUOTA, "resources: cpu_quota_us" },
    { "support cpuset", CPUSET, "resources: cpuset_cpus" },
    { "support Block I/O weight_device", BLOCK_LIMITS, "resources: block_limits" },
    { "support Block I/O weight", BLOCK_WEIGHT, "resources: block_weight" },
    { "BPS Block I/O", BLOCK_LIMITS, "resources: block_limits" },
    { "IOPS Block", BLOCK_LIMITS, "resources: block_limits" },
    { "Port mappings have been discarded", PORTS, "ports" },
};

static unsigned asked_limits(const gantry_resources *o)
{
    unsigned asked = ANY;

    asked |= o->memory_bytes != 0 ? MEMORY : 0;
    asked |= o->memory_swap_bytes != 0 ? SWAP : 0;
    asked |= o->memory_swappiness != 0 ? SWAPPINESS : 0;
    asked |= o->memory_reservation_bytes != 0 ? RESERVATION : 0;
    asked |= o->oom_kill != GANTRY_DEFAULT ? OOM_KILL : 0;
    asked |= o->pids != 0 ? PIDS : 0;
    asked |= o->cpu_shares != 0 ? SHARES : 0;
    asked |= o->cpu_period_us != 0 || o->nano_cpus != 0 ? PERIOD : 0;
    asked |= o->cpu_quota_us != 0 || o->nano_cpus != 0 ? QUOTA : 0;
    asked |= o->cpuset_cpus != NULL || o->cpuset_mems != NULL ? CPUSET : 0;
    asked |= o->block_weight != 0 ? BLOCK_WEIGHT : 0;
    asked |= o->block_limits != NULL && o->block_limits[0] != NULL ? BLOCK_LIMITS : 0;
    return asked;
}

const char *gnt_podman_taken_back(const char *warning, const gantry_container_options *opts)
{
    unsigned asked = gnt_podman_has_limits(opts->resources) ? asked_limits(opts->resources) : 0;

    if (opts->ports != NULL && opts->ports[0] != NULL)
        asked |= PORTS;
    for (size_t i = 0; i < sizeof warnings / sizeof warnings[0]; i++) {
        if (strstr(warning, warnings[i].text) != NULL)
            return (asked & warnings[i].about) != 0 ? warnings[i].option : NULL;
    }
    return NULL;
}
