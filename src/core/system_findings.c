/*
 * What an engine's facts mean for those who use it. Asks nothing: all of it is in the report, the
 * engine's address and its features.
 */
#include "system_report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Words of the warnings that engines give of themselves. The first that matches counts. */
static const struct {
    const char *words;
    const char *subject;
    int severity;
} warning_rows[] = {
    { "forwarding", "network", GANTRY_FINDING_WARNING },
    { "bridge-nf", "network", GANTRY_FINDING_NOTE },
    { "DNS", "network", GANTRY_FINDING_WARNING },
    { "without encryption", "security", GANTRY_FINDING_WARNING },
    { "insecure", "security", GANTRY_FINDING_WARNING },
    { "firewall", "network", GANTRY_FINDING_WARNING },
    { "overlay", "storage", GANTRY_FINDING_WARNING },
    { "devicemapper", "storage", GANTRY_FINDING_WARNING },
    { "aufs", "storage", GANTRY_FINDING_WARNING },
    { "d_type", "storage", GANTRY_FINDING_WARNING },
    { " support", "cgroups", GANTRY_FINDING_NOTE }, /* "No swap limit support" and such */
    { "cgroup", "cgroups", GANTRY_FINDING_NOTE },
};

static void judge_warning(struct gnt_check *c, const char *text)
{
    size_t i = 0;
    size_t count = sizeof warning_rows / sizeof warning_rows[0];

    text += strncmp(text, "WARNING: ", 9) == 0 ? 9 : 0;
    while (i < count && strstr(text, warning_rows[i].words) == NULL)
        i++;
    if (i < count)
        gnt_check_say(c, warning_rows[i].severity, warning_rows[i].subject, "%s", text);
    else
        gnt_check_say(c, GANTRY_FINDING_WARNING, "engine", "%s", text);
}

static int has(const char *const *list, const char *word)
{
    for (; *list != NULL; list++) {
        if (strcmp(*list, word) == 0)
            return 1;
    }
    return 0;
}

/* ---- storage, cgroups, network --------------------------------------------------------------- */

static void judge_storage(struct gnt_check *c)
{
    const char *driver = c->report->info->storage_driver;

    if (strcmp(driver, "vfs") == 0)
        gnt_check_say(c, GANTRY_FINDING_WARNING, "storage",
                      "the storage driver vfs copies every layer whole: it is slow and takes much "
                      "room");
    if (strcmp(driver, "devicemapper") == 0 || strcmp(driver, "aufs") == 0)
        gnt_check_say(c, GANTRY_FINDING_WARNING, "storage",
                      "the storage driver %s is given up: newer versions of the engine do not "
                      "have it",
                      driver);
}

static void judge_cgroups(struct gnt_check *c)
{
    static const char *const wanted[] = { "memory", "cpu", "pids" };
    const gantry_info *info = c->report->info;

    if (info->rootless && strcmp(info->cgroup_version, "1") == 0) {
        gnt_check_say(c, GANTRY_FINDING_WARNING, "cgroups",
                      "limits have no effect: the engine is rootless and the host has cgroups "
                      "version 1");
        return;
    }
    if (strcmp(info->cgroup_version, "1") == 0)
        gnt_check_say(c, GANTRY_FINDING_NOTE, "cgroups",
                      "the host has cgroups version 1, which newer engines give up");
    for (size_t i = 0; info->cgroup_controllers[0] != NULL && i < sizeof wanted / sizeof wanted[0];
         i++) {
        if (!has(info->cgroup_controllers, wanted[i]))
            gnt_check_say(c, GANTRY_FINDING_NOTE, "cgroups",
                          "limits of %s have no effect: the engine was not given that controller",
                          wanted[i]);
    }
}

static void judge_network(struct gnt_check *c)
{
    const gantry_info *info = c->report->info;

    if (info->network_drivers[0] != NULL && !has(info->network_drivers, "bridge"))
        gnt_check_say(c, GANTRY_FINDING_WARNING, "network", "there is no network driver bridge");
    if (strcmp(info->network_backend, "cni") == 0)
        gnt_check_say(c, GANTRY_FINDING_NOTE, "network",
                      "the network backend cni is given up: newer versions of the engine do not "
                      "have it");
}

/* ---- the connection, versions, time ---------------------------------------------------------- */

static void judge_connection(struct gnt_check *c)
{
    const char *address = gantry_engine_address(c->engine);
    int near = strncmp(address, "tcp://127.", 10) == 0 ||
               strncmp(address, "tcp://[::1]", 11) == 0 ||
               strncmp(address, "tcp://localhost", 15) == 0;

    if (strncmp(address, "tcp://", 6) == 0)
        gnt_check_say(c, near ? GANTRY_FINDING_NOTE : GANTRY_FINDING_WARNING, "security",
                      "the connection is not encrypted, and whoever reaches the port commands the "
                      "engine's host");
    if (c->report->info->security[0] != NULL && !has(c->report->info->security, "seccomp"))
        gnt_check_say(c, GANTRY_FINDING_WARNING, "security",
                      "there is no seccomp: containers may use every system call");
    if (c->report->ping_ns > INT64_C(1000000000))
        gnt_check_say(c, GANTRY_FINDING_WARNING, "engine", "a ping takes %" PRId64 " ms",
                      c->report->ping_ns / 1000000);
}

/* "1.51" or "5.8.0" by numbers: below, at or above 0. */
static int compare_versions(const char *a, const char *b)
{
    while (*a != '\0' || *b != '\0') {
        char *a_end = NULL;
        char *b_end = NULL;
        long x = strtol(a, &a_end, 10);
        long y = strtol(b, &b_end, 10);

        if (x != y)
            return x < y ? -1 : 1;
        if (*a_end != '.' && *b_end != '.')
            break;
        a = *a_end == '.' ? a_end + 1 : "";
        b = *b_end == '.' ? b_end + 1 : "";
    }
    return 0;
}

static void judge_versions(struct gnt_check *c)
{
    const gantry_version_info *v = c->report->version;
    struct gnt_buf missing;

    if (v->api_version[0] != '\0' && v->used_api_version[0] != '\0' &&
        compare_versions(v->api_version, v->used_api_version) > 0)
        gnt_check_say(c, GANTRY_FINDING_NOTE, "engine",
                      "the engine offers API %s, this library uses %s: what is newer is not used",
                      v->api_version, v->used_api_version);
    gnt_buf_init(&missing, &c->engine->host.mem, 64 * 1024);
    for (int feature = 1; feature < GANTRY_FEATURE_COUNT; feature++) {
        if (!gantry_engine_supports(c->engine, feature))
            gnt_buf_addf(&missing, "%s%s", missing.size > 0 ? ", " : "",
                         gantry_feature_name(feature));
    }
    if (missing.rc < 0)
        c->rc = GANTRY_E_NOMEM;
    else if (missing.size > 0)
        gnt_check_say(c, GANTRY_FINDING_NOTE, "engine", "the engine cannot do: %s",
                      gnt_buf_text(&missing));
    gnt_buf_free(&missing);
}

static void judge_clock(struct gnt_check *c)
{
    const int64_t most = INT64_C(5000000000);
    int64_t offset = c->report->clock_offset_ns;

    if (offset > most || offset < -most)
        gnt_check_say(c, GANTRY_FINDING_WARNING, "clock",
                      "the engine's clock is %" PRId64 " s %s: times of logs and events are off",
                      (offset < 0 ? -offset : offset) / 1000000000,
                      offset < 0 ? "behind" : "ahead");
}

static void judge_containers(struct gnt_check *c)
{
    if (c->report->unhealthy > 0)
        gnt_check_say(c, GANTRY_FINDING_WARNING, "containers", "unhealthy containers: %" PRId64,
                      c->report->unhealthy);
    if (c->report->restarting > 0)
        gnt_check_say(c, GANTRY_FINDING_WARNING, "containers",
                      "containers that start again and again: %" PRId64, c->report->restarting);
}

void gnt_check_judge(struct gnt_check *c)
{
    for (const char *const *text = c->report->info->warnings; *text != NULL; text++)
        judge_warning(c, *text);
    judge_storage(c);
    judge_cgroups(c);
    judge_network(c);
    judge_connection(c);
    judge_clock(c);
    judge_containers(c);
    judge_versions(c);
}
