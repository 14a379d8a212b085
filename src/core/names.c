/*
 * Checks of what callers pass as names and texts, before anything is sent. Character classes are
 * spelled out: the locale must not decide what a name is. Environment values may be secrets and are
 * never quoted.
 */
#include "names.h"

#include "error.h"

#include <string.h>

enum {
    NAME_MOST = 255
};

static int is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static int is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7F;
}

static int check_present(const char *argument, const char *value, gantry_error *err)
{
    if (value == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "%s: must not be NULL", argument);
    if (value[0] == '\0')
        return gnt_fail(err, GANTRY_E_INVALID, "%s: must not be empty", argument);
    return 0;
}

static int bad_character(const char *argument, const char *value, size_t at, gantry_error *err)
{
    char c = value[at];

    if (c > 0x20 && c < 0x7F)
        return gnt_fail(err, GANTRY_E_INVALID, "%s: '%c' cannot %s: %s", argument, c,
                        at == 0 ? "begin a name" : "be in a name", value);
    return gnt_fail(err, GANTRY_E_INVALID, "%s: byte 0x%02x cannot be in a name: %s", argument,
                    (unsigned)(unsigned char)c, value);
}

int gnt_check_name(const char *argument, const char *value, gantry_error *err)
{
    size_t i;
    int rc = check_present(argument, value, err);

    if (rc < 0)
        return rc;
    for (i = 0; value[i] != '\0'; i++) {
        if (i == NAME_MOST)
            return gnt_fail(err, GANTRY_E_INVALID, "%s: longer than %d bytes", argument, NAME_MOST);
        if (is_alphanumeric(value[i]))
            continue;
        if (i == 0 || (value[i] != '_' && value[i] != '.' && value[i] != '-'))
            return bad_character(argument, value, i, err);
    }
    return 0;
}

int gnt_check_environment(const char *argument, const char *const *list, gantry_error *err)
{
    size_t i;

    for (i = 0; list != NULL && list[i] != NULL; i++) {
        if (list[i][0] == '=')
            return gnt_fail(err, GANTRY_E_INVALID, "%s[%zu]: has no name before the '='", argument,
                            i);
        if (strchr(list[i], '=') == NULL)
            return gnt_fail(err, GANTRY_E_INVALID, "%s[%zu]: is not NAME=value", argument, i);
    }
    return 0;
}

int gnt_check_text(const char *argument, const char *value, gantry_error *err)
{
    size_t i;
    int rc = check_present(argument, value, err);

    if (rc < 0)
        return rc;
    for (i = 0; value[i] != '\0'; i++) {
        if (is_control(value[i]))
            return gnt_fail(err, GANTRY_E_INVALID, "%s: has a control character (0x%02x)", argument,
                            (unsigned)(unsigned char)value[i]);
    }
    return 0;
}

int gnt_check_pairs(const char *argument, const gantry_pair *pairs, size_t count, gantry_error *err)
{
    if (count > 0 && pairs == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "%s: must not be NULL", argument);
    for (size_t i = 0; i < count; i++) {
        int rc = gnt_check_text(argument, pairs[i].key, err);

        if (rc < 0)
            return rc;
    }
    return 0;
}
