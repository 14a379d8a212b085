/* What the engines' command lines make of their counters. Pure. */
#ifndef GNT_STATS_MATH_H
#define GNT_STATS_MATH_H

#include <stdint.h>

/* One look at a container's CPU time. */
struct gnt_cpu_times {
    int64_t used_ns;  /* by the container */
    int64_t total_ns; /* against which it counts: a clock, or what all CPUs together have done */
    int64_t cpus;     /* how many of them `total_ns` is the sum of */
};

/* Per cent of one CPU between two looks; -1 if there is no time between them or a counter went
 * back. */
double gnt_cpu_percent(const struct gnt_cpu_times *before, const struct gnt_cpu_times *now);
/* Memory without the part of the page cache that is given back first: `inactive` where it is known
 * (not negative) and less than the usage. */
int64_t gnt_memory_in_use(int64_t usage, int64_t inactive);
/* -1 without a limit. */
double gnt_share_percent(int64_t part, int64_t whole);
/* A JSON number, whatever the locale; -1 if it is none or negative. */
double gnt_decimal(const char *text);

#endif
