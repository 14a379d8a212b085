/*
 * Ignore rules: lines, a NUL byte, paths with NUL bytes between them. What is above a path is decided
 * before it; so where a directory is ignored and nothing below it may return, nothing does. A "!"
 * rule for everything undoes all, and a rule for everything ignores all.
 */
#include "fuzz.h"
#include "ignore.h"

static int ignored(const gantry_ignore *ignore, const char *path)
{
    gantry_ignore_result r = { .size = sizeof r };

    CHECK(gantry_ignore_match(ignore, path, &r, NULL) == 0);
    CHECK(r.ignored == 0 || r.ignored == 1);
    CHECK(r.ignored == 0 || (r.rule != NULL && r.line > 0));
    return r.ignored;
}

static void check_path(const gantry_ignore *ignore, const char *path)
{
    char clean[GNT_PATTERN_MAX + 2];
    const struct gnt_rule *rule;
    size_t size = strlen(path);

    if (size > GNT_PATTERN_MAX)
        return;
    memcpy(clean, path, size);
    size = gnt_path_clean(clean, size);
    CHECK(size > 0 && size <= strlen(path) + 1);
    CHECK(gnt_path_clean(clean, size) == size);
    clean[size] = '\0';
    CHECK(ignored(ignore, path) == ignored(ignore, clean));
    for (size_t i = 1; i < size; i++) {
        if (clean[i] == '/' && gnt_ignore_check(ignore, clean, i, &rule) &&
            !gnt_ignore_may_return(ignore, clean, i))
            CHECK(gnt_ignore_check(ignore, clean, size, &rule));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    size_t n = size > 0 && memchr(text, 0, size) != NULL ? strlen(text) : size;
    gantry_ignore *ignore = NULL;
    char path[GNT_PATTERN_MAX + 2];
    size_t at, length;
    int rc;

    CHECK(gantry_ignore_new(NULL, &ignore, NULL) == 0);
    rc = gantry_ignore_add_text(ignore, "f", text, n, NULL);
    CHECK(rc == 0 || rc == GANTRY_E_INVALID);
    for (at = n + 1; at < size; at += length + 1) {
        length = size - at;
        if (memchr(text + at, 0, length) != NULL)
            length = strlen(text + at);
        if (length > GNT_PATTERN_MAX)
            continue;
        memcpy(path, text + at, length);
        path[length] = '\0';
        check_path(ignore, path);
    }
    CHECK(gantry_ignore_add_text(ignore, "g", "**\n!**", 6, NULL) == 0);
    CHECK(!ignored(ignore, "a/b"));
    CHECK(gantry_ignore_add(ignore, "**", NULL) == 0);
    gantry_ignore_free(ignore);
    return 0;
}
