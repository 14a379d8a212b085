/*
 * Tell how an engine is: what it is, whether it is well, what takes its disk.
 *
 *     engine_report
 *
 * Ends with 0 for an engine that is well, 1 for one that is not, 2 if none answers.
 */
#include <gantry/gantry.h>

#include <inttypes.h>
#include <stdio.h>

static void show_list(const char *what, const char *const *list)
{
    if (list[0] == NULL)
        return;
    printf("  %-16s", what);
    for (; *list != NULL; list++)
        printf(" %s", *list);
    printf("\n");
}

static void show_text(const char *what, const char *text)
{
    if (text[0] != '\0')
        printf("  %-16s %s\n", what, text);
}

static void show_facts(const gantry_system_report *r)
{
    const gantry_info *info = r->info;

    printf("%s %s, API %s of %s, answers in %.1f ms\n", info->backend, r->version->version,
           r->version->used_api_version, r->version->api_version, (double)r->ping_ns / 1e6);
    show_text("host", info->hostname);
    show_text("system", info->operating_system);
    show_text("kernel", info->kernel);
    show_text("storage", info->storage_driver);
    show_text("kept in", info->root_directory);
    show_text("cgroups", info->cgroup_version);
    show_text("runtime", info->default_runtime);
    show_text("logs to", info->log_driver);
    show_list("security", info->security);
    show_list("networks", info->network_drivers);
    show_list("short names from", info->registries);
    printf("  %-16s %" PRId64 " CPUs, %" PRId64 " MiB of memory\n", "machine", info->cpus,
           info->memory_bytes / (1024 * 1024));
    printf("  %-16s %" PRId64 " running of %" PRId64 ", %" PRId64 " unhealthy\n", "containers",
           info->containers_running, info->containers, r->unhealthy);
}

static void show_findings(const gantry_system_report *r)
{
    static const char *const words[] = { [GANTRY_FINDING_NOTE] = "note",
                                         [GANTRY_FINDING_WARNING] = "warning",
                                         [GANTRY_FINDING_ERROR] = "ERROR" };

    for (size_t i = 0; i < r->finding_count; i++)
        printf("%s: %s: %s\n", words[r->findings[i]->severity], r->findings[i]->subject,
               r->findings[i]->text);
    printf("The engine is %s.\n", r->well ? "well" : "not well");
}

static void show_sum(const char *what, const gantry_usage_sum *sum)
{
    if (sum->count < 0)
        return;
    printf("  %-12s %6" PRId64 " %8" PRId64 " %12.1f %12.1f\n", what, sum->count, sum->active,
           (double)sum->bytes / 1e6, (double)sum->reclaimable_bytes / 1e6);
}

static int show_disk_use(gantry_system *system, gantry_error *err)
{
    gantry_disk_usage *usage = NULL;
    int rc = gantry_system_disk_usage(system, NULL, &usage, err);

    if (rc < 0)
        return rc;
    printf("  %-12s %6s %8s %12s %12s\n", "disk use", "count", "in use", "MB", "could go, MB");
    show_sum("images", usage->images);
    show_sum("containers", usage->containers);
    show_sum("volumes", usage->volumes);
    show_sum("build cache", usage->build_cache);
    gantry_disk_usage_free(usage);
    return 0;
}

int main(void)
{
    gantry_engine *engine = NULL;
    gantry_system_report *report = NULL;
    gantry_error err = { 0 };
    int well = 0;
    int rc = gantry_engine_open(GANTRY_RUNTIME_AUTO, NULL, &engine, &err);

    if (rc == 0)
        rc = gantry_system_check(gantry_engine_system(engine), NULL, &report, &err);
    if (rc == 0) {
        well = report->well;
        show_facts(report);
        rc = show_disk_use(gantry_engine_system(engine), &err);
        show_findings(report);
    }
    if (rc < 0)
        fprintf(stderr, "engine_report: %s: %s\n%s", err.operation, err.message, err.output);
    gantry_system_report_free(report);
    gantry_engine_close(engine);
    return rc < 0 ? 2 : !well;
}
