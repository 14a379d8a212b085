/*
 * Signals by name and by number. libpod takes and, before 5.0, gives numbers, Docker gives what it
 * was given; they are those of the engine's host, a Linux, whatever this process runs on.
 */
#include "rest_life.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    RTMIN = 34,
    RTMAX = 64
};

/* By number; names that stand behind another one of the same number are understood, not given. */
static const struct {
    const char *name;
    int number;
} signals[] = {
    { "HUP", 1 },   { "INT", 2 },     { "QUIT", 3 },    { "ILL", 4 },   { "TRAP", 5 },
    { "ABRT", 6 },  { "IOT", 6 },     { "BUS", 7 },     { "FPE", 8 },   { "KILL", 9 },
    { "USR1", 10 }, { "SEGV", 11 },   { "USR2", 12 },   { "PIPE", 13 }, { "ALRM", 14 },
    { "TERM", 15 }, { "STKFLT", 16 }, { "CHLD", 17 },   { "CLD", 17 },  { "CONT", 18 },
    { "STOP", 19 }, { "TSTP", 20 },   { "TTIN", 21 },   { "TTOU", 22 }, { "URG", 23 },
    { "XCPU", 24 }, { "XFSZ", 25 },   { "VTALRM", 26 }, { "PROF", 27 }, { "WINCH", 28 },
    { "IO", 29 },   { "POLL", 29 },   { "PWR", 30 },    { "SYS", 31 },
};

/* "" or "+3" behind RTMIN, "-3" behind RTMAX. */
static int real_time(int from, const char *rest, char sign)
{
    char *end = NULL;
    long number;

    if (rest[0] == '\0')
        return from;
    if (rest[0] != sign || rest[1] < '0' || rest[1] > '9')
        return 0;
    number = strtol(rest + 1, &end, 10);
    if (*end != '\0' || number > RTMAX - RTMIN)
        return 0;
    return sign == '+' ? from + (int)number : from - (int)number;
}

int gnt_signal_number(const char *name)
{
    char *end = NULL;
    long number;

    if (name[0] >= '0' && name[0] <= '9') {
        number = strtol(name, &end, 10);
        return *end == '\0' && number >= 1 && number <= RTMAX ? (int)number : 0;
    }
    if (strncasecmp(name, "SIG", 3) == 0)
        name += 3;
    if (strncasecmp(name, "RTMIN", 5) == 0)
        return real_time(RTMIN, name + 5, '+');
    if (strncasecmp(name, "RTMAX", 5) == 0)
        return real_time(RTMAX, name + 5, '-');
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        if (strcasecmp(signals[i].name, name) == 0)
            return signals[i].number;
    }
    return 0;
}

const char *gnt_signal_name(int64_t number, char text[16])
{
    if (number == RTMIN)
        return "SIGRTMIN";
    if (number > RTMIN && number <= RTMAX) {
        snprintf(text, 16, "SIGRTMIN+%d", (int)(number - RTMIN));
        return text;
    }
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        if (signals[i].number == number) {
            snprintf(text, 16, "SIG%s", signals[i].name);
            return text;
        }
    }
    return NULL;
}

int gnt_in_signal(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                  void *field)
{
    const char *word = gnt_json_text(v);
    int64_t number = 0;
    const char *name;
    char text[16];

    if (word != NULL)
        number = gnt_signal_number(word);
    else if (gnt_json_int(v, &number) < 0)
        return 0;
    name = gnt_signal_name(number, text);
    if (name == NULL)
        return word != NULL ? gnt_in_str(c, v, row, field) : 0;
    name = gnt_arena_strdup(c->arena, name);
    memcpy(field, &name, sizeof name);
    return name == NULL ? gnt_nomem(c->err) : 0;
}
