/*
 * Ignore rules as a list: filling it, and what it says about a path.
 */
#include "ignore.h"

#include <string.h>

#include "error.h"
#include "fields.h"

struct gantry_ignore {
    struct gnt_mem mem;
    struct gnt_arena arena; /* texts and programs */
    struct gnt_rule *rules;
    size_t count;
    size_t capacity;
    size_t last_again; /* 1 + index of the last "!" rule, 0: there is none */
};

/* ---- verdicts -------------------------------------------------------------------------------- */

static int matches_here(const struct gnt_rule *r, const char *path, size_t size)
{
    switch (r->kind) {
    case GNT_RULE_SAME:
        return size == r->size && memcmp(path, r->pattern, size) == 0;
    case GNT_RULE_PREFIX:
        return size >= r->size && memcmp(path, r->pattern, r->size) == 0;
    case GNT_RULE_SUFFIX:
        if (size >= r->size && memcmp(path + (size - r->size), r->pattern, r->size) == 0)
            return 1;
        return r->pattern[0] == '/' && size == r->size - 1 &&
               memcmp(path, r->pattern + 1, size) == 0;
    case GNT_RULE_GLOB:
        break;
    }
    return gnt_glob_match(&r->glob, path, size, 0);
}

/* The path or a directory above it. */
static int matches(const struct gnt_rule *r, const char *path, size_t size)
{
    size_t end;

    if (r->kind == GNT_RULE_GLOB)
        return gnt_glob_match(&r->glob, path, size, 1);
    for (end = 0; end <= size; end++) {
        if (gnt_path_ends(path, size, end) && matches_here(r, path, end))
            return 1;
    }
    return 0;
}

int gnt_ignore_check(const gantry_ignore *ignore, const char *path, size_t size,
                     const struct gnt_rule **out_rule)
{
    const struct gnt_rule *rule = NULL;
    int ignored = 0;
    size_t i;

    for (i = 0; i < ignore->count; i++) {
        if (ignore->rules[i].again == ignored && matches(&ignore->rules[i], path, size)) {
            rule = &ignore->rules[i];
            ignored = !ignored;
        }
    }
    *out_rule = rule;
    return ignored;
}

/* Whether the rule might match something that is below the directory and not the directory. */
static int reaches(const struct gnt_rule *r, const char *directory, size_t size)
{
    size_t n = r->size < size ? r->size : size;

    switch (r->kind) {
    case GNT_RULE_SAME:
        return r->size > size && r->pattern[size] == '/' && memcmp(r->pattern, directory, n) == 0;
    case GNT_RULE_PREFIX:
        return memcmp(r->pattern, directory, n) == 0 &&
               (r->size <= size || r->pattern[size] == '/');
    case GNT_RULE_SUFFIX:
        return 1;
    case GNT_RULE_GLOB:
        break;
    }
    return gnt_glob_reaches(&r->glob, directory, size);
}

/*
 * What ignores the directory ignores all in it, unless a "!" rule that comes later matches
 * something there that it did not match above.
 */
int gnt_ignore_may_return(const gantry_ignore *ignore, const char *directory, size_t size)
{
    size_t i = ignore->last_again > 0 ? ignore->count : 0;

    for (; i > 0; i--) {
        const struct gnt_rule *r = &ignore->rules[i - 1];

        if (r->again ? reaches(r, directory, size) : matches(r, directory, size))
            return r->again;
    }
    return 0;
}

/* ---- filling --------------------------------------------------------------------------------- */

static int add_line(gantry_ignore *ignore, const char *text, size_t size, const char *file,
                    int line, gantry_error *err)
{
    struct gnt_rule rule, *more;
    size_t capacity;
    int skip = 0;
    int rc = gnt_rule_compile(&ignore->arena, text, size, &rule, &skip, err);

    if (rc < 0 || skip)
        return rc;
    if (ignore->count == ignore->capacity) {
        capacity = ignore->capacity == 0 ? 16 : ignore->capacity * 2;
        more = gnt_realloc(&ignore->mem, ignore->rules, capacity * sizeof *more);
        if (more == NULL)
            return gnt_nomem(err);
        ignore->rules = more;
        ignore->capacity = capacity;
    }
    rule.file = file;
    rule.line = line;
    ignore->rules[ignore->count++] = rule;
    if (rule.again)
        ignore->last_again = ignore->count;
    return 0;
}

/* Which rule it was, in front of why it is refused. */
static int say_where(gantry_error *err, int rc, const char *file, int line, const char *text,
                     size_t size)
{
    if (rc != GANTRY_E_INVALID)
        return rc;
    gnt_trim(&text, &size);
    if (size > 200)
        size = 200;
    if (line > 0)
        gnt_error_prefix(err, "%s, line %d, \"%.*s\"", file, line, (int)size, text);
    else
        gnt_error_prefix(err, "ignore pattern \"%.*s\"", (int)size, text);
    if (file != NULL)
        gnt_error_resource(err, GANTRY_RESOURCE_FILE, file);
    return rc;
}

int gnt_ignore_add(gantry_ignore *ignore, const char *pattern, gantry_error *err)
{
    int rc;

    if (ignore == NULL || pattern == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "%s: must not be NULL",
                        ignore == NULL ? "ignore" : "pattern");
    rc = add_line(ignore, pattern, strlen(pattern), NULL, 0, err);
    return say_where(err, rc, NULL, 0, pattern, strlen(pattern));
}

static int add_lines(gantry_ignore *ignore, const char *file, const char *text, size_t size,
                     gantry_error *err)
{
    const char *end;
    size_t n;
    int line, rc = 0;

    if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3;
        size -= 3;
    }
    for (line = 1; rc == 0 && size > 0; line++) {
        end = memchr(text, '\n', size);
        n = end != NULL ? (size_t)(end - text) : size;
        if (n > 0 && text[0] != '#') {
            rc = add_line(ignore, text, n, file, line, err);
            rc = say_where(err, rc, file != NULL ? file : "ignore file", line, text, n);
        }
        n += end != NULL;
        text += n;
        size -= n;
    }
    return rc;
}

int gnt_ignore_add_text(gantry_ignore *ignore, const char *name, const char *text, size_t size,
                        gantry_error *err)
{
    const char *file = NULL;
    size_t count, last_again;
    int rc;

    if (ignore == NULL || (text == NULL && size > 0))
        return gnt_fail(err, GANTRY_E_INVALID, "%s: must not be NULL",
                        ignore == NULL ? "ignore" : "text");
    if (name != NULL)
        file = gnt_arena_strdup(&ignore->arena, name);
    if (name != NULL && file == NULL)
        return gnt_nomem(err);
    count = ignore->count;
    last_again = ignore->last_again;
    rc = add_lines(ignore, file, text, size, err);
    if (rc < 0) {
        ignore->count = count;
        ignore->last_again = last_again;
    }
    return rc;
}

/* ---- public ---------------------------------------------------------------------------------- */

static int fail_in(int rc, const char *operation, gantry_error *err)
{
    if (rc < 0)
        gnt_error_operation(err, operation);
    return rc;
}

static int new_ignore(const gantry_ignore_options *opts, gantry_ignore **out, gantry_error *err)
{
    gantry_ignore_options o;
    gantry_ignore *ignore;
    struct gnt_mem mem;
    int rc;

    if (out == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "out: must not be NULL");
    rc = gnt_import(&o, sizeof o, opts, "gantry_ignore_options", err);
    if (rc == 0)
        rc = gnt_mem_init(&mem, o.allocator, err);
    if (rc < 0)
        return rc;
    ignore = gnt_alloc(&mem, sizeof *ignore);
    if (ignore == NULL)
        return gnt_nomem(err);
    ignore->mem = mem;
    gnt_arena_init(&ignore->arena, &mem);
    *out = ignore;
    return 0;
}

static int match(const gantry_ignore *ignore, const char *path, gantry_ignore_result *out,
                 gantry_error *err)
{
    gantry_ignore_result result = { 0 };
    const struct gnt_rule *rule = NULL;
    char clean[GNT_PATTERN_MAX + 2];
    size_t size;

    if (ignore == NULL || path == NULL || out == NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "%s: must not be NULL",
                        ignore == NULL ? "ignore"
                        : path == NULL ? "path"
                                       : "out");
    if (out->size < sizeof out->size)
        return gnt_fail(err, GANTRY_E_INVALID, "gantry_ignore_result.size is not set");
    size = strlen(path);
    if (size > GNT_PATTERN_MAX)
        return gnt_fail(err, GANTRY_E_INVALID, "path: longer than %d bytes: %.100s...",
                        GNT_PATTERN_MAX, path);
    memcpy(clean, path, size);
    size = gnt_path_clean(clean, size);
    if (size != 1 || clean[0] != '.')
        result.ignored = gnt_ignore_check(ignore, clean, size, &rule);
    if (rule != NULL) {
        result.rule = rule->text;
        result.file = rule->file;
        result.line = rule->line;
    }
    result.size = out->size;
    memcpy(out, &result, out->size < sizeof result ? out->size : sizeof result);
    return 0;
}

int gantry_ignore_new(const gantry_ignore_options *opts, gantry_ignore **out, gantry_error *err)
{
    return fail_in(new_ignore(opts, out, err), "ignore.new", err);
}

void gantry_ignore_free(gantry_ignore *ignore)
{
    struct gnt_mem mem;

    if (ignore == NULL)
        return;
    mem = ignore->mem;
    gnt_arena_free(&ignore->arena);
    gnt_free(&mem, ignore->rules);
    gnt_free(&mem, ignore);
}

int gantry_ignore_add(gantry_ignore *ignore, const char *pattern, gantry_error *err)
{
    return fail_in(gnt_ignore_add(ignore, pattern, err), "ignore.add", err);
}

int gantry_ignore_add_text(gantry_ignore *ignore, const char *name, const char *text, size_t size,
                           gantry_error *err)
{
    return fail_in(gnt_ignore_add_text(ignore, name, text, size, err), "ignore.add_text", err);
}

int gantry_ignore_match(const gantry_ignore *ignore, const char *path, gantry_ignore_result *out,
                        gantry_error *err)
{
    return fail_in(match(ignore, path, out, err), "ignore.match", err);
}
