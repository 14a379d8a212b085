/*
 * Log lines to the engine's logger, if there is one. A line is made on the stack, has a fixed
 * longest size and no control characters. What must not be in it (secrets, queries) is up to who
 * writes it.
 */
#include "host.h"

#include <gantry/backend.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    LINE_SIZE = 1024
};

static int wanted(const struct gantry_host *host, int level)
{
    int most;

    if (host == NULL || host->logger.log == NULL)
        return 0;
    most = host->logger.level != 0 ? host->logger.level : GANTRY_LOG_WARNING;
    return level <= most;
}

static void write_line(const struct gantry_host *host, int level, const char *component,
                       const char *fmt, va_list args)
{
    char raw[LINE_SIZE];
    char line[LINE_SIZE];

    raw[0] = '\0';
    if (vsnprintf(raw, sizeof raw, fmt, args) < 0)
        (void)snprintf(raw, sizeof raw, "%s", fmt);
    gnt_text_copy(line, sizeof line, raw, strlen(raw), 0, 0);
    host->logger.log(host->logger.arg, level, component != NULL ? component : "", line);
}

void gnt_log(const struct gantry_host *host, int level, const char *component, const char *fmt, ...)
{
    va_list args;

    if (!wanted(host, level))
        return;
    va_start(args, fmt);
    write_line(host, level, component, fmt, args);
    va_end(args);
}

void gantry_host_log(gantry_host *host, int level, const char *component, const char *fmt, ...)
{
    va_list args;

    if (!wanted(host, level))
        return;
    va_start(args, fmt);
    write_line(host, level, component, fmt, args);
    va_end(args);
}
