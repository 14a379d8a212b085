/*
 * Keys that leave a container: their notation, and watching for them in what is typed.
 */
#include "terminal.h"

#include "error.h"

#include <string.h>

/* ---- notation -------------------------------------------------------------------------------- */

/* The byte of one key, or -1. */
static int key_code(const char *key, size_t size)
{
    static const char control[] = "@abcdefghijklmnopqrstuvwxyz[\\]^_";
    const char *at;

    if (size == 1)
        return (unsigned char)key[0];
    if (size == 3 && memcmp(key, "DEL", 3) == 0)
        return 0x7f;
    if (size != 6 || memcmp(key, "ctrl-", 5) != 0)
        return -1;
    at = strchr(control, key[5]);
    return at != NULL ? (int)(at - control) : -1;
}

int gnt_detach_parse(struct gnt_detach *d, const char *keys, const char *option, gantry_error *err)
{
    struct gnt_detach parsed = { .count = 0 };
    size_t size;
    int code;

    while (*keys != '\0') {
        size = strcspn(keys, ",");
        code = key_code(keys, size);
        if (code < 0)
            return gnt_fail(err, GANTRY_E_INVALID,
                            "%s: '%.*s' is no key: a character, or ctrl- and one of a-z @ [ \\ ] "
                            "^ _",
                            option, (int)size, keys);
        if (parsed.count == GNT_DETACH_KEYS_MAX)
            return gnt_fail(err, GANTRY_E_INVALID, "%s: more than %d keys", option,
                            GNT_DETACH_KEYS_MAX);
        parsed.keys[parsed.count++] = (unsigned char)code;
        keys += size;
        if (keys[0] == ',' && keys[1] == '\0')
            return gnt_fail(err, GANTRY_E_INVALID, "%s: no key behind the last comma", option);
        keys += *keys == ',';
    }
    *d = parsed;
    return 0;
}

/* ---- watching -------------------------------------------------------------------------------- */

/*
 * After a key that breaks the sequence: how many of the last keys, this one included, are its
 * beginning. What is held are the first keys, so they need not be kept.
 */
static size_t still_begun(const struct gnt_detach *d, unsigned char key)
{
    unsigned char typed[GNT_DETACH_KEYS_MAX + 1];
    size_t size = d->held + 1;
    size_t begun;

    memcpy(typed, d->keys, d->held);
    typed[d->held] = key;
    for (begun = d->held; begun > 0; begun--) {
        if (memcmp(typed + size - begun, d->keys, begun) == 0)
            return begun;
    }
    return 0;
}

int gnt_detach_feed(struct gnt_detach *d, const unsigned char *typed, size_t size,
                    unsigned char *out, size_t *out_size)
{
    size_t given = 0;
    size_t begun;
    size_t passed;
    size_t i;

    *out_size = size;
    if (d->count == 0) {
        memcpy(out, typed, size);
        return 0;
    }
    for (i = 0; i < size && d->held < d->count; i++) {
        if (typed[i] == d->keys[d->held]) {
            d->held++;
            continue;
        }
        begun = still_begun(d, typed[i]);
        passed = d->held + 1 - begun;
        /* All that is passed on was held, unless nothing stays. */
        memcpy(out + given, d->keys, begun > 0 ? passed : d->held);
        if (begun == 0)
            out[given + d->held] = typed[i];
        given += passed;
        d->held = begun;
    }
    *out_size = given;
    return d->held == d->count;
}

size_t gnt_detach_rest(struct gnt_detach *d, unsigned char out[GNT_DETACH_KEYS_MAX])
{
    size_t held = d->held;

    memcpy(out, d->keys, held);
    d->held = 0;
    return held;
}
