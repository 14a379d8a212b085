/*
 * A health report while it is made: findings in the order in which they come, sorted at the end.
 */
#ifndef GNT_SYSTEM_REPORT_H
#define GNT_SYSTEM_REPORT_H

#include <gantry/system.h>

#include "engine.h"

struct gnt_found {
    gantry_finding finding;
    struct gnt_found *next;
};

struct gnt_check {
    gantry_engine *engine;
    const gantry_call *call;
    gantry_system_report *report; /* version and info are never NULL */
    struct gnt_found *first;
    struct gnt_found **end;
    int rc; /* NOMEM: a finding could not be kept */
};

/* Keep a finding: severity GANTRY_FINDING_..., a static subject, a text of one line in the report's
 * arena (NULL: no memory for it). */
void gnt_check_add(struct gnt_check *c, int severity, const char *subject, const char *text);
#define gnt_check_say(c, severity, subject, ...)                                                   \
    gnt_check_add((c), (severity), (subject),                                                      \
                  gnt_arena_printf(gnt_result_arena((c)->report), __VA_ARGS__))
/* What the report's facts say (system_findings.c). */
void gnt_check_judge(struct gnt_check *c);

#endif
