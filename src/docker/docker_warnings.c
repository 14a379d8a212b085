/*
 * Docker: warnings in which the daemon says that it leaves out what was asked for. An option has an
 * effect or is an error here, so these count as refusals; all others are for the caller to read.
 */
#include "docker.h"

#include <string.h>

/* The limits that a sentence is about, by where they are. */
struct warning {
    const char *text;
    const char *option;
    size_t offset; /* of an int64_t or a pointer of gantry_resources */
};

#define ROW(text, member)                                                                          \
    {                                                                                              \
        text, "resources: " #member, offsetof(gantry_resources, member)                            \
    }

static const struct warning warnings[] = {
    ROW("support memory limit capabilities", memory_bytes),
    ROW("Memory limited without swap", memory_swap_bytes),
    ROW("Memory swappiness discarded", memory_swappiness),
    ROW("support memory soft limit capabilities", memory_reservation_bytes),
    ROW("OomKillDisable discarded", oom_kill),
    ROW("PIDs limit discarded", pids),
    ROW("Shares discarded", cpu_shares),
    ROW("CPU period/quota discarded", cpu_quota_us),
    ROW("CPU period/quota discarded", cpu_period_us),
    ROW("puset discarded", cpuset_cpus),
    ROW("puset discarded", cpuset_mems),
    ROW("support Block I/O weight or", block_weight),
    ROW("Weight-device discarded", block_limits),
    ROW("read limit discarded", block_limits),
    ROW("write limit discarded", block_limits),
};

/* Whether anything of a member is set. A swap without limit is what is left without that limit. */
static int is_set(const gantry_resources *r, const struct warning *row)
{
    int64_t number;
    const void *pointer;
    int flag;

    switch (row->offset) {
    case offsetof(gantry_resources, oom_kill):
        memcpy(&flag, (const char *)r + row->offset, sizeof flag);
        return flag == GANTRY_OFF;
    case offsetof(gantry_resources, cpuset_cpus):
    case offsetof(gantry_resources, cpuset_mems):
    case offsetof(gantry_resources, block_limits):
        memcpy(&pointer, (const char *)r + row->offset, sizeof pointer);
        return pointer != NULL;
    default:
        memcpy(&number, (const char *)r + row->offset, sizeof number);
        return number != 0 && (number != GANTRY_UNLIMITED ||
                               row->offset == offsetof(gantry_resources, memory_swappiness));
    }
}

static const char *option_of(const char *text, const gantry_resources *r)
{
    for (size_t i = 0; r != NULL && i < sizeof warnings / sizeof warnings[0]; i++) {
        if (strstr(text, warnings[i].text) != NULL && is_set(r, &warnings[i]))
            return warnings[i].option;
    }
    return NULL;
}

int gnt_docker_check_warnings(const char *const *texts, const gantry_resources *r,
                              const char *cgroup_namespace, gantry_error *err)
{
    for (; *texts != NULL; texts++) {
        const char *option = option_of(*texts, r);

        if (option == NULL && cgroup_namespace != NULL &&
            strstr(*texts, "Cgroup namespace setting discarded") != NULL)
            option = "cgroup_namespace";
        if (option != NULL)
            return gnt_fail(err, GANTRY_E_UNSUPPORTED,
                            "option \"%s\" is not supported by this engine: %s", option, *texts);
    }
    return 0;
}
