/* Shares of CPU and memory, as `docker stats` and `podman stats` show them. */
#include "stats_math.h"

#include <stddef.h>

double gnt_cpu_percent(const struct gnt_cpu_times *before, const struct gnt_cpu_times *now)
{
    if (now->used_ns < before->used_ns || now->total_ns <= before->total_ns || now->cpus <= 0)
        return -1;
    return (double)(now->used_ns - before->used_ns) / (double)(now->total_ns - before->total_ns) *
           (double)now->cpus * 100;
}

int64_t gnt_memory_in_use(int64_t usage, int64_t inactive)
{
    return inactive >= 0 && inactive < usage ? usage - inactive : usage;
}

double gnt_share_percent(int64_t part, int64_t whole)
{
    return part >= 0 && whole > 0 ? (double)part / (double)whole * 100 : -1;
}

static double scale(double value, int exponent)
{
    for (; exponent > 0; exponent--)
        value *= 10;
    for (; exponent < 0; exponent++)
        value /= 10;
    return value;
}

double gnt_decimal(const char *text)
{
    double value = 0;
    int exponent = 0;
    int given = 0;
    int sign = 1;

    if (text == NULL || *text < '0' || *text > '9')
        return -1;
    for (; *text >= '0' && *text <= '9'; text++)
        value = value * 10 + (*text - '0');
    if (*text == '.') {
        for (text++; *text >= '0' && *text <= '9'; text++, exponent--)
            value = value * 10 + (*text - '0');
    }
    if (*text == 'e' || *text == 'E') {
        text++;
        sign = *text == '-' ? -1 : 1;
        text += *text == '-' || *text == '+';
        for (; *text >= '0' && *text <= '9' && given < 400; text++)
            given = given * 10 + (*text - '0');
    }
    return *text == '\0' ? scale(value, exponent + sign * given) : -1;
}
