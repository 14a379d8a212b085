/*
 * What one engine has in common: the defaults of its limits, and the services that backends get
 * from it. Knows no transport.
 */
#include "host.h"

#include <gantry/backend.h>

static void fallback(size_t *limit, size_t value)
{
    if (*limit == 0)
        *limit = value;
}

void gnt_limits_defaults(gantry_limits *limits)
{
    limits->size = sizeof *limits;
    fallback(&limits->header_bytes, (size_t)256 * 1024);
    fallback(&limits->error_body_bytes, (size_t)1024 * 1024);
    fallback(&limits->body_bytes, (size_t)64 * 1024 * 1024);
    fallback(&limits->record_bytes, (size_t)1024 * 1024);
    fallback(&limits->capture_bytes, (size_t)64 * 1024 * 1024);
    fallback(&limits->json_depth, 64);
}

void *gantry_host_alloc(gantry_host *host, size_t size)
{
    return gnt_alloc(&host->mem, size);
}

void gantry_host_free(gantry_host *host, void *ptr)
{
    gnt_free(&host->mem, ptr);
}

int gantry_unsupported_option(gantry_error *err, const char *option)
{
    return gnt_fail(err, GANTRY_E_UNSUPPORTED, "option '%s' is not supported by this engine",
                    option != NULL ? option : "");
}
