/*
 * Times in answers: RFC 3339 text and Unix seconds to nanoseconds since the epoch, with a calendar
 * of its own so that neither locale nor time zone of the process matter.
 */
#include "fields.h"

#include <string.h>

#include "error.h"

#define NANOS ((int64_t)1000000000)

/* Before it lies year 1, which Go programs use for "never". */
#define YEAR_2 ((int64_t)-62104060800)

/* Days from 1970-01-01 in the Gregorian calendar; the year begins in March. */
static int64_t days_from_civil(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

static int days_in_month(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap);
}

/* Exactly `count` digits, in the range; -1 otherwise. */
static int digits(const char **p, int count, int low, int high)
{
    int value = 0;

    for (; count > 0; count--, (*p)++) {
        if (**p < '0' || **p > '9') {
            return -1;
        }
        value = value * 10 + (**p - '0');
    }
    return value >= low && value <= high ? value : -1;
}

/* 0, or -1 if the next character is none of the set. */
static int skip(const char **p, const char *set)
{
    for (; *set; set++) {
        if (**p == *set) {
            (*p)++;
            return 0;
        }
    }
    return -1;
}

/* Digits after a point, as nanoseconds; finer ones are dropped. */
static int64_t fraction(const char **p)
{
    int64_t unit = NANOS / 10, value = 0;
    const char *from = *p;

    for (; **p >= '0' && **p <= '9'; (*p)++) {
        value += (**p - '0') * unit;
        unit /= 10;
    }
    return *p > from ? value : -1;
}

/* Seconds east of Greenwich. */
static int offset(const char **p, int *out)
{
    int sign = **p == '-' ? -1 : 1;

    if (skip(p, "Zz") == 0) {
        *out = 0;
        return 0;
    }
    if (skip(p, "+-") != 0) {
        return -1;
    }
    int hours = digits(p, 2, 0, 23);
    if (hours < 0 || skip(p, ":") != 0) {
        return -1;
    }
    int minutes = digits(p, 2, 0, 59);
    *out = sign * (hours * 3600 + minutes * 60);
    return minutes < 0 ? -1 : 0;
}

/* Floor of seconds and nanoseconds that lie after them. */
static int to_nanos(int64_t seconds, int64_t nanos, int64_t *out)
{
    if (seconds < YEAR_2) {
        *out = 0;
        return 0;
    }
    if (seconds < INT64_MIN / NANOS || seconds >= INT64_MAX / NANOS) {
        return -1;
    }
    *out = seconds * NANOS + nanos;
    return 0;
}

static int parse_date(const char **p, int *year, int *month, int *day)
{
    if ((*year = digits(p, 4, 0, 9999)) < 0 || skip(p, "-") != 0 ||
        (*month = digits(p, 2, 1, 12)) < 0 || skip(p, "-") != 0) {
        return -1;
    }
    *day = digits(p, 2, 1, days_in_month(*year, *month));
    return *day < 0 ? -1 : 0;
}

int gnt_parse_time(const char *rfc3339, int64_t *out_ns)
{
    const char *p = rfc3339;
    int year, month, day, hour, minute, second, east;
    int64_t nanos = 0;

    if (parse_date(&p, &year, &month, &day) != 0 || skip(&p, "Tt ") != 0 ||
        (hour = digits(&p, 2, 0, 23)) < 0 || skip(&p, ":") != 0 ||
        (minute = digits(&p, 2, 0, 59)) < 0 || skip(&p, ":") != 0 ||
        (second = digits(&p, 2, 0, 60)) < 0) {
        return -1;
    }
    if (skip(&p, ".,") == 0 && (nanos = fraction(&p)) < 0) {
        return -1;
    }
    if (offset(&p, &east) != 0 || *p != '\0') {
        return -1;
    }
    if (year <= 1) {
        *out_ns = 0;
        return 0;
    }
    return to_nanos(days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second -
                        east,
                    nanos, out_ns);
}

int gnt_parse_http_date(const char *text, int64_t *out_ns)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const char *p = strchr(text, ',');
    int year, month, day, hour, minute, second;

    if (p == NULL || *++p != ' ') {
        return -1;
    }
    p++;
    if ((day = digits(&p, 2, 1, 31)) < 0 || skip(&p, " ") != 0) {
        return -1;
    }
    for (month = 0; month < 12 && strncmp(p, months + 3 * month, 3) != 0; month++) {
        continue;
    }
    p += month < 12 ? 3 : 0;
    if (month == 12 || skip(&p, " ") != 0 || (year = digits(&p, 4, 1970, 9999)) < 0 ||
        day > days_in_month(year, month + 1) || skip(&p, " ") != 0 ||
        (hour = digits(&p, 2, 0, 23)) < 0 || skip(&p, ":") != 0 ||
        (minute = digits(&p, 2, 0, 59)) < 0 || skip(&p, ":") != 0 ||
        (second = digits(&p, 2, 0, 60)) < 0 || strcmp(p, " GMT") != 0) {
        return -1;
    }
    return to_nanos(days_from_civil(year, month + 1, day) * 86400 + hour * 3600 + minute * 60 +
                        second,
                    0, out_ns);
}

/* Seconds as a JSON number without exponent. */
static int parse_seconds(const char *text, int64_t *out_ns)
{
    int negative = text[0] == '-';
    const char *p = text + negative;
    int64_t seconds = 0, nanos = 0;

    for (; *p >= '0' && *p <= '9'; p++) {
        if (seconds > INT64_MAX / 10 - 1) {
            return -1;
        }
        seconds = seconds * 10 + (*p - '0');
    }
    if (skip(&p, ".") == 0) {
        nanos = fraction(&p);
    }
    if (*p != '\0') {
        return -1;
    }
    if (negative) {
        seconds = -seconds - (nanos > 0);
        nanos = nanos > 0 ? NANOS - nanos : 0;
    }
    return to_nanos(seconds, nanos, out_ns);
}

int gnt_in_time(struct gnt_in_context *c, const struct gnt_json *v, const struct gnt_in *row,
                void *field)
{
    int64_t ns;
    int rc = -1;

    if (v->type == GNT_JSON_STRING) {
        rc = gnt_parse_time(v->text, &ns);
    } else if (v->type == GNT_JSON_NUMBER) {
        rc = parse_seconds(v->text, &ns);
    }
    if (rc == 0) {
        *(int64_t *)field = ns;
        return 0;
    }
    if (row->flags & GNT_REQUIRED) {
        return gnt_fail(c->err, GANTRY_E_PROTOCOL, "\"%s\" in the answer is not a time", row->path);
    }
    return 0;
}
