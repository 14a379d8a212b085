/*
 * From a line of an ignore file to a rule: trimming, cleaning, the checks, and the choice between a
 * plain comparison and a program. The regular expression is built as the reference builds it,
 * quirks and all, since they decide what a pattern matches.
 */
#include "ignore.h"

#include <string.h>

#include "error.h"

/* ---- texts ----------------------------------------------------------------------------------- */

static int is_space(uint32_t c)
{
    return (c >= 9 && c <= 13) || c == ' ' || c == 0x85 || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
           c == 0x205F || c == 0x3000;
}

void gnt_trim(const char **text, size_t *size)
{
    uint32_t c;
    size_t n, back;

    while (*size > 0) {
        n = gnt_rune(*text, *size, &c);
        if (!is_space(c))
            break;
        *text += n;
        *size -= n;
    }
    while (*size > 0) {
        for (back = 1; back < 3 && back < *size; back++) {
            if (((unsigned char)(*text)[*size - back] & 0xC0) != 0x80)
                break;
        }
        n = gnt_rune(*text + *size - back, back, &c);
        if (n != back || !is_space(c))
            break;
        *size -= n;
    }
}

/* Where the part before `end` begins; not before `root`. */
static size_t part_start(const char *path, size_t root, size_t end)
{
    while (end > root && path[end - 1] != '/')
        end--;
    return end;
}

size_t gnt_path_clean(char *path, size_t size)
{
    size_t root = size > 0 && path[0] == '/';
    size_t read = root, write = root, start, n;

    while (read < size) {
        for (n = 0; read + n < size && path[read + n] != '/';)
            n++;
        start = part_start(path, root, write);
        if (n == 2 && path[read] == '.' && path[read + 1] == '.' &&
            (write > root ? write - start != 2 || memcmp(path + start, "..", 2) != 0 : root > 0)) {
            write = start > root ? start - 1 : root; /* the parent, or above the top: nothing */
        } else if (n > 0 && !(n == 1 && path[read] == '.')) {
            if (write > root)
                path[write++] = '/';
            memmove(path + write, path + read, n);
            write += n;
        }
        read += n + 1;
    }
    if (write == 0)
        path[write++] = '.';
    return write;
}

/* ---- checks ---------------------------------------------------------------------------------- */

/* One end of a range in brackets, at *at, and past it. */
static int check_end(const char *p, size_t size, size_t *at, gantry_error *err)
{
    uint32_t c;
    size_t n;

    if (*at >= size)
        return gnt_fail(err, GANTRY_E_INVALID, "\"[\" without \"]\"");
    if (p[*at] == '-' || p[*at] == ']')
        return gnt_fail(err, GANTRY_E_INVALID, "a \"%c\" in brackets needs a \"\\\" before it",
                        p[*at]);
    if (p[*at] == '\\' && ++*at >= size)
        return gnt_fail(err, GANTRY_E_INVALID, "a \"\\\" at the end");
    n = gnt_rune(p + *at, size - *at, &c);
    if (c == 0xFFFD && n == 1)
        return gnt_fail(err, GANTRY_E_INVALID, "what is in brackets is not UTF-8");
    *at += n;
    if (*at >= size)
        return gnt_fail(err, GANTRY_E_INVALID, "\"[\" without \"]\"");
    return 0;
}

/* The syntax of shell patterns, which is checked before anything else is made of it. */
static int check_pattern(const char *p, size_t size, gantry_error *err)
{
    size_t at = 0, ranges;
    int rc = 0;

    while (at < size) {
        if (p[at] == '\\') {
            if (at + 1 == size)
                return gnt_fail(err, GANTRY_E_INVALID, "a \"\\\" at the end");
            at += 2;
            continue;
        }
        if (p[at++] != '[')
            continue;
        at += at < size && p[at] == '^';
        for (ranges = 0; ranges == 0 || p[at] != ']'; ranges++) {
            rc = check_end(p, size, &at, err);
            if (rc == 0 && p[at] == '-') {
                at++;
                rc = check_end(p, size, &at, err);
            }
            if (rc < 0)
                return rc;
        }
        at++;
    }
    return 0;
}

/* ---- patterns -------------------------------------------------------------------------------- */

struct maker {
    struct gnt_buf out; /* regular expression */
    const char *p;
    size_t size;
    size_t at;
    enum gnt_rule_kind kind;
};

static int next_is(const struct maker *m, char c)
{
    return m->at < m->size && m->p[m->at] == c;
}

/* Characters are passed on as the reference passes them on: what is no UTF-8 becomes U+FFFD. */
static void add_rune(struct maker *m)
{
    uint32_t c;
    size_t n = gnt_rune(m->p + m->at, m->size - m->at, &c);

    if (c == 0xFFFD)
        gnt_buf_adds(&m->out, "\xEF\xBF\xBD");
    else
        gnt_buf_add(&m->out, m->p + m->at, n);
    m->at += n;
}

/* Behind "**", which stood at the start or not. */
static void add_any_depth(struct maker *m, int at_start)
{
    m->at += (size_t)next_is(m, '/');
    if (m->at < m->size) {
        gnt_buf_adds(&m->out, "(.*/)?");
        m->kind = GNT_RULE_GLOB;
    } else if (m->kind == GNT_RULE_SAME) {
        m->kind = GNT_RULE_PREFIX;
    } else {
        gnt_buf_adds(&m->out, ".*");
        m->kind = GNT_RULE_GLOB;
    }
    if (at_start)
        m->kind = GNT_RULE_SUFFIX;
}

static void add_next(struct maker *m, int at_start)
{
    char c = m->p[m->at];

    if (c == '*' && m->at + 1 < m->size && m->p[m->at + 1] == '*') {
        m->at += 2;
        add_any_depth(m, at_start);
        return;
    }
    if (c == '*' || c == '?') {
        m->at++;
        gnt_buf_adds(&m->out, c == '*' ? "[^/]*" : "[^/]");
        m->kind = GNT_RULE_GLOB;
        return;
    }
    if (c == '\\') { /* never the last one */
        m->at++;
        gnt_buf_adds(&m->out, "\\");
        m->kind = GNT_RULE_GLOB;
    } else if (c == '[' || c == ']') {
        m->kind = GNT_RULE_GLOB;
    } else if (c != '\0' && strchr(".+()|{}$", c) != NULL) {
        gnt_buf_adds(&m->out, "\\");
    }
    add_rune(m);
}

/* rule->pattern is clean and checked: choose how it is compared. */
static int make(struct gnt_arena *arena, struct gnt_rule *rule, gantry_error *err)
{
    struct maker m = { .p = rule->pattern, .size = rule->size, .kind = GNT_RULE_SAME };
    int at_start = 1;
    int rc = 0;

    gnt_buf_init(&m.out, &arena->mem, 6 * GNT_PATTERN_MAX + 16);
    if (m.size >= 3 && memcmp(m.p, "\xEF\xBB\xBF", 3) == 0)
        m.at = 3; /* a byte order mark is in the comparisons only */
    for (; m.at < m.size; at_start = 0)
        add_next(&m, at_start);
    rule->kind = m.kind;
    if (m.kind == GNT_RULE_PREFIX) {
        rule->size -= 2;
    } else if (m.kind == GNT_RULE_SUFFIX) {
        rule->pattern += 2;
        rule->size -= 2;
    } else if (m.kind == GNT_RULE_GLOB) {
        rc = m.out.rc == GANTRY_E_NOMEM
                 ? gnt_nomem(err)
                 : gnt_glob_compile(arena, m.out.data, m.out.size, &rule->glob, err);
    }
    gnt_buf_free(&m.out);
    return rc;
}

/* What the file's reader makes of a line: "! /a//b/" is "!a/b". The result has room for it. */
static size_t read_line(const char *line, size_t size, char *out)
{
    size_t not = line[0] == '!';
    size_t n;

    out[0] = '!';
    if (not ) {
        line++;
        size--;
        gnt_trim(&line, &size);
    }
    if (size == 0)
        return not ;
    memcpy(out + not, line, size);
    n = gnt_path_clean(out + not, size);
    if (n > 1 && out[not ] == '/')
        memmove(out + not, out + not +1, --n);
    return not +n;
}

int gnt_rule_compile(struct gnt_arena *arena, const char *line, size_t size, struct gnt_rule *out,
                     int *out_skip, gantry_error *err)
{
    struct gnt_rule rule = { 0 };
    const char *text;
    char *p;
    size_t n;
    int rc;

    gnt_trim(&line, &size);
    *out_skip = size == 0;
    if (size == 0)
        return 0;
    if (size > GNT_PATTERN_MAX)
        return gnt_fail(err, GANTRY_E_INVALID, "longer than %d bytes", GNT_PATTERN_MAX);
    if (memchr(line, '\0', size) != NULL)
        return gnt_fail(err, GANTRY_E_INVALID, "a NUL byte");
    p = gnt_arena_alloc(arena, size + 2);
    rule.text = gnt_arena_strndup(arena, line, size);
    if (p == NULL || rule.text == NULL)
        return gnt_nomem(err);
    text = p;
    n = read_line(line, size, p);
    /* The matcher trims, cleans and looks for "!" once more: "/ !a" has become one. */
    gnt_trim(&text, &n);
    *out_skip = n == 0;
    if (n == 0)
        return 0;
    memmove(p, text, n);
    n = gnt_path_clean(p, n);
    rule.again = p[0] == '!';
    if (rule.again && n == 1)
        return gnt_fail(err, GANTRY_E_INVALID, "nothing behind the \"!\"");
    p[n] = '\0';
    rule.pattern = p + rule.again;
    rule.size = n - (size_t)rule.again;
    rc = check_pattern(rule.pattern, rule.size, err);
    if (rc == 0)
        rc = make(arena, &rule, err);
    if (rc == 0)
        *out = rule;
    return rc;
}
