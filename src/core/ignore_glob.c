/*
 * Patterns as programs: the few regular expressions that patterns become, compiled to steps and run
 * over a path by keeping the set of all steps one may be at. So no pattern takes more time than its
 * length times the path's, whatever it is made of.
 */
#include "ignore.h"

#include <string.h>

#include "error.h"
#include "url.h"

#define RUNE_MAX 0x10FFFF
#define NO_RUNE 0xFFFFFFFFU /* before the first character and behind the last */

size_t gnt_rune(const char *text, size_t size, uint32_t *out)
{
    const unsigned char *s = (const unsigned char *)text;
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : 2;
    uint32_t c = s[0];

    *out = c;
    if (n == 1)
        return 1;
    *out = 0xFFFD;
    if (s[0] < 0xC2 || s[0] > 0xF4 || size < n)
        return 1;
    c &= 0x7FU >> n;
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 1;
        c = c << 6 | (s[i] & 0x3FU);
    }
    if (c < least[n] || c > RUNE_MAX || (c >= 0xD800 && c <= 0xDFFF))
        return 1;
    *out = c;
    return n;
}

int gnt_path_ends(const char *path, size_t size, size_t at)
{
    if (at == size || path[at] == '/')
        return 1;
    /* What is directly below "/" has that above it too. */
    return at == 1 && path[0] == '/' && memchr(path + 1, '/', size - 1) == NULL;
}

/* ---- compiling ------------------------------------------------------------------------------- */

struct compiler {
    const char *p;
    size_t size;
    size_t at;
    struct gnt_buf ops;
    struct gnt_buf sets;
    struct gnt_buf ranges;
    size_t op_count;
    uint32_t set_count;
    uint32_t range_count;
    gantry_error *err;
};

static const struct gnt_glob_range digits[] = { { '0', '9' } };
static const struct gnt_glob_range spaces[] = { { '\t', '\n' }, { '\f', '\r' }, { ' ', ' ' } };
static const struct gnt_glob_range words[] = {
    { '0', '9' }, { 'A', 'Z' }, { '_', '_' }, { 'a', 'z' }
};

static const struct {
    const char *name;
    struct gnt_glob_range ranges[4];
    size_t count;
} named[] = {
    { "alnum", { { '0', '9' }, { 'A', 'Z' }, { 'a', 'z' } }, 3 },
    { "alpha", { { 'A', 'Z' }, { 'a', 'z' } }, 2 },
    { "ascii", { { 0, 0x7F } }, 1 },
    { "blank", { { '\t', '\t' }, { ' ', ' ' } }, 2 },
    { "cntrl", { { 0, 0x1F }, { 0x7F, 0x7F } }, 2 },
    { "digit", { { '0', '9' } }, 1 },
    { "graph", { { '!', '~' } }, 1 },
    { "lower", { { 'a', 'z' } }, 1 },
    { "print", { { ' ', '~' } }, 1 },
    { "punct", { { '!', '/' }, { ':', '@' }, { '[', '`' }, { '{', '~' } }, 4 },
    { "space", { { '\t', '\r' }, { ' ', ' ' } }, 2 },
    { "upper", { { 'A', 'Z' } }, 1 },
    { "word", { { '0', '9' }, { 'A', 'Z' }, { '_', '_' }, { 'a', 'z' } }, 4 },
    { "xdigit", { { '0', '9' }, { 'A', 'F' }, { 'a', 'f' } }, 3 },
};

static int add_op(struct compiler *c, int kind, uint32_t arg)
{
    struct gnt_glob_op op = { 0 };

    if (c->op_count == GNT_GLOB_MAX)
        return gnt_fail(c->err, GANTRY_E_INVALID, "too long");
    op.kind = (unsigned char)kind;
    op.arg = arg;
    gnt_buf_add(&c->ops, &op, sizeof op);
    c->op_count++;
    return 0;
}

static void add_range(struct compiler *c, uint32_t first, uint32_t last)
{
    struct gnt_glob_range range = { first, last };

    gnt_buf_add(&c->ranges, &range, sizeof range);
    c->range_count++;
}

/* Sorted ranges, or all that is not in them. */
static void add_ranges(struct compiler *c, const struct gnt_glob_range *ranges, size_t count,
                       int negated)
{
    uint32_t next = 0;
    size_t i;

    for (i = 0; i < count; i++) {
        if (!negated)
            add_range(c, ranges[i].first, ranges[i].last);
        else if (ranges[i].first > next)
            add_range(c, next, ranges[i].first - 1);
        next = ranges[i].last + 1;
    }
    if (negated)
        add_range(c, next, RUNE_MAX);
}

static void add_set(struct compiler *c, uint32_t first_range, int negated)
{
    struct gnt_glob_set set = { first_range, c->range_count - first_range, negated };

    gnt_buf_add(&c->sets, &set, sizeof set);
    c->set_count++;
}

static uint32_t peek(const struct compiler *c, size_t ahead)
{
    return c->at + ahead < c->size ? (unsigned char)c->p[c->at + ahead] : NO_RUNE;
}

static int fail_escape(const struct compiler *c)
{
    uint32_t rune = 0;
    size_t n = gnt_rune(c->p + c->at + 1, c->size - c->at - 1, &rune);

    return gnt_fail(c->err, GANTRY_E_INVALID,
                    "\"\\%.*s\" means nothing, or something that is not supported here; paths are "
                    "written with \"/\"",
                    (int)n, c->p + c->at + 1);
}

static int is_octal(uint32_t c)
{
    return c >= '0' && c <= '7';
}

/* "\..." that stands for one character, at c->at. */
static int read_escape(struct compiler *c, uint32_t *out)
{
    static const char letters[] = "afnrtv", values[] = "\a\f\n\r\t\v";
    uint32_t e = peek(c, 1);
    const char *letter;

    if (is_octal(e) && (e == '0' || is_octal(peek(c, 2)))) {
        c->at++;
        for (*out = 0, e = 0; e < 3 && is_octal(peek(c, 0)); e++)
            *out = *out * 8 + (peek(c, 0) - '0'), c->at++;
        return 0;
    }
    if (e == 'x' && gnt_hex_digit((int)peek(c, 2)) >= 0 && gnt_hex_digit((int)peek(c, 3)) >= 0) {
        *out = (uint32_t)(gnt_hex_digit((int)peek(c, 2)) * 16 + gnt_hex_digit((int)peek(c, 3)));
        c->at += 4;
        return 0;
    }
    letter = e != 0 && e < 0x80 ? strchr(letters, (int)e) : NULL;
    if (letter != NULL)
        *out = (unsigned char)values[letter - letters];
    else if (e < 0x80 && !(e >= '0' && e <= '9') && !((e | 32) >= 'a' && (e | 32) <= 'z'))
        *out = e;
    else
        return fail_escape(c);
    c->at += 2;
    return 0;
}

/* "\d", "\D" and their like: 1 and past it. */
static int class_escape(struct compiler *c)
{
    uint32_t e = peek(c, 1);
    int negated = e == 'D' || e == 'S' || e == 'W';

    if (peek(c, 0) != '\\')
        return 0;
    if (e == 'd' || e == 'D')
        add_ranges(c, digits, sizeof digits / sizeof digits[0], negated);
    else if (e == 's' || e == 'S')
        add_ranges(c, spaces, sizeof spaces / sizeof spaces[0], negated);
    else if (e == 'w' || e == 'W')
        add_ranges(c, words, sizeof words / sizeof words[0], negated);
    else
        return 0;
    c->at += 2;
    return 1;
}

/* "[:alpha:]" in brackets: 1 and past it; 0 if it is not one. */
static int named_class(struct compiler *c)
{
    const char *name = c->p + c->at + 2, *end = NULL;
    size_t i, n;
    int negated;

    if (peek(c, 0) != '[' || peek(c, 1) != ':')
        return 0;
    for (i = c->at + 2; end == NULL && i + 1 < c->size; i++) {
        if (c->p[i] == ':' && c->p[i + 1] == ']')
            end = c->p + i;
    }
    if (end == NULL)
        return 0;
    negated = name < end && *name == '^';
    name += negated;
    n = (size_t)(end - name);
    for (i = 0; i < sizeof named / sizeof named[0]; i++) {
        if (strlen(named[i].name) == n && memcmp(named[i].name, name, n) == 0) {
            add_ranges(c, named[i].ranges, named[i].count, negated);
            c->at = (size_t)(end + 2 - c->p);
            return 1;
        }
    }
    return gnt_fail(c->err, GANTRY_E_INVALID, "no such class: \"[:%.*s:]\"", (int)n, name);
}

static int class_rune(struct compiler *c, uint32_t *out)
{
    if (c->at >= c->size)
        return gnt_fail(c->err, GANTRY_E_INVALID, "\"[\" without \"]\"");
    if (c->p[c->at] == '\\')
        return read_escape(c, out);
    c->at += gnt_rune(c->p + c->at, c->size - c->at, out);
    return 0;
}

static int class_item(struct compiler *c)
{
    uint32_t first = 0, last;
    int rc = named_class(c);

    if (rc == 0)
        rc = class_escape(c);
    if (rc != 0)
        return rc;
    rc = class_rune(c, &first);
    last = first;
    if (rc == 0 && peek(c, 0) == '-' && peek(c, 1) != ']' && peek(c, 1) != NO_RUNE) {
        c->at++;
        rc = class_rune(c, &last);
    }
    if (rc == 0 && last < first)
        return gnt_fail(c->err, GANTRY_E_INVALID, "a range in brackets that ends before it begins");
    if (rc == 0)
        add_range(c, first, last);
    return rc;
}

/* "[...]", perhaps with a '*' behind it. */
static int compile_class(struct compiler *c)
{
    uint32_t first_range = c->range_count;
    int negated, rc;

    c->at++;
    negated = peek(c, 0) == '^';
    c->at += (size_t)negated;
    do {
        rc = class_item(c);
        if (rc < 0)
            return rc;
        if (c->at >= c->size)
            return gnt_fail(c->err, GANTRY_E_INVALID, "\"[\" without \"]\"");
    } while (c->p[c->at] != ']');
    c->at++;
    add_set(c, first_range, negated);
    if (peek(c, 0) != '*')
        return add_op(c, GNT_GLOB_SET, c->set_count - 1);
    c->at++;
    return add_op(c, GNT_GLOB_RUN, c->set_count - 1);
}

/* Any characters but a newline, as the reference has it. */
static int add_any(struct compiler *c)
{
    uint32_t first_range = c->range_count;

    add_range(c, '\n', '\n');
    add_set(c, first_range, 1);
    return add_op(c, GNT_GLOB_RUN, c->set_count - 1);
}

static int compile_group(struct compiler *c, int *after_group)
{
    int rc;

    if (c->size - c->at < 6 || memcmp(c->p + c->at, "(.*/)?", 6) != 0)
        return gnt_fail(c->err, GANTRY_E_INVALID, "not supported here");
    c->at += 6;
    if (*after_group) /* twice is the same as once */
        return 0;
    *after_group = 1;
    rc = add_op(c, GNT_GLOB_MAYBE, 0);
    if (rc == 0)
        rc = add_any(c);
    return rc < 0 ? rc : add_op(c, GNT_GLOB_RUNE, '/');
}

static int compile_escape(struct compiler *c)
{
    static const struct {
        char letter;
        int kind;
    } rows[] = { { 'A', GNT_GLOB_START },
                 { 'z', GNT_GLOB_END },
                 { 'b', GNT_GLOB_EDGE },
                 { 'B', GNT_GLOB_INSIDE } };
    uint32_t first_range = c->range_count, rune = 0;
    int rc;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (peek(c, 1) == (unsigned char)rows[i].letter) {
            c->at += 2;
            return add_op(c, rows[i].kind, 0);
        }
    }
    if (class_escape(c)) {
        add_set(c, first_range, 0);
        return add_op(c, GNT_GLOB_SET, c->set_count - 1);
    }
    rc = read_escape(c, &rune);
    return rc < 0 ? rc : add_op(c, GNT_GLOB_RUNE, rune);
}

static int compile_next(struct compiler *c, int *after_group)
{
    uint32_t rune = peek(c, 0);

    if (rune == '(')
        return compile_group(c, after_group);
    *after_group = 0;
    if (rune == '[')
        return compile_class(c);
    if (rune == '\\')
        return compile_escape(c);
    if (rune == '.' && peek(c, 1) == '*') {
        c->at += 2;
        return add_any(c);
    }
    if (rune == '^') {
        c->at++;
        return add_op(c, GNT_GLOB_START, 0);
    }
    if (strchr("*?+.|){}$", (int)rune) != NULL)
        return gnt_fail(c->err, GANTRY_E_INVALID, "\"%c\" is not supported there", (int)rune);
    c->at += gnt_rune(c->p + c->at, c->size - c->at, &rune);
    return add_op(c, GNT_GLOB_RUNE, rune);
}

static const void *keep(struct gnt_arena *arena, const struct gnt_buf *buf)
{
    void *copy = buf->rc == 0 ? gnt_arena_alloc(arena, buf->size) : NULL;

    return copy != NULL && buf->size > 0 ? memcpy(copy, buf->data, buf->size) : copy;
}

int gnt_glob_compile(struct gnt_arena *arena, const char *expression, size_t size,
                     struct gnt_glob *out, gantry_error *err)
{
    struct compiler c = { .p = expression, .size = size, .err = err };
    int after_group = 0, rc = 0;

    gnt_buf_init(&c.ops, &arena->mem, SIZE_MAX / 2);
    gnt_buf_init(&c.sets, &arena->mem, SIZE_MAX / 2);
    gnt_buf_init(&c.ranges, &arena->mem, SIZE_MAX / 2);
    while (rc == 0 && c.at < c.size)
        rc = compile_next(&c, &after_group);
    if (rc == 0) {
        out->op_count = c.op_count;
        out->ops = keep(arena, &c.ops);
        out->sets = keep(arena, &c.sets);
        out->ranges = keep(arena, &c.ranges);
        if (out->ops == NULL || out->sets == NULL || out->ranges == NULL)
            rc = gnt_nomem(err);
    }
    gnt_buf_free(&c.ops);
    gnt_buf_free(&c.sets);
    gnt_buf_free(&c.ranges);
    return rc;
}

/* ---- matching -------------------------------------------------------------------------------- */

/* The steps one may be at, each once. */
struct steps {
    uint16_t at[GNT_GLOB_MAX + 1];
    size_t count;
    uint64_t seen[GNT_GLOB_MAX / 64 + 1];
};

struct place {
    uint32_t before; /* the characters on both sides */
    uint32_t behind;
};

static void clear(struct steps *s, size_t op_count)
{
    s->count = 0;
    memset(s->seen, 0, (op_count / 64 + 1) * sizeof s->seen[0]);
}

static int insert(struct steps *s, size_t at)
{
    uint64_t bit = (uint64_t)1 << (at % 64);

    if ((s->seen[at / 64] & bit) != 0)
        return 0;
    s->seen[at / 64] |= bit;
    s->at[s->count++] = (uint16_t)at;
    return 1;
}

static int is_word(uint32_t c)
{
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static int holds(const struct gnt_glob_op *op, const struct place *place)
{
    int edge = is_word(place->before) != is_word(place->behind);

    return op->kind == GNT_GLOB_START  ? place->before == NO_RUNE
           : op->kind == GNT_GLOB_END  ? place->behind == NO_RUNE
           : op->kind == GNT_GLOB_EDGE ? edge
                                       : !edge;
}

/* Add a step and all that can be reached from it without a character; 1 if that is the end. */
static int reach(const struct gnt_glob *g, struct steps *s, size_t at, const struct place *place)
{
    while (insert(s, at) && at < g->op_count) {
        const struct gnt_glob_op *op = &g->ops[at];

        if (op->kind == GNT_GLOB_RUNE || op->kind == GNT_GLOB_SET)
            return 0;
        if (op->kind == GNT_GLOB_MAYBE) { /* its run may be empty */
            insert(s, at + 1);
            insert(s, at + 2);
            at += 3;
            continue;
        }
        if (op->kind != GNT_GLOB_RUN && !holds(op, place))
            return 0;
        at++;
    }
    return at == g->op_count;
}

static int close_steps(const struct gnt_glob *g, const struct steps *from, struct steps *out,
                       const struct place *place)
{
    int end = 0;

    clear(out, g->op_count);
    for (size_t i = 0; i < from->count; i++)
        end |= reach(g, out, from->at[i], place);
    return end;
}

static int is_in(const struct gnt_glob *g, uint32_t set, uint32_t rune)
{
    const struct gnt_glob_set *s = &g->sets[set];

    for (uint32_t i = 0; i < s->count; i++) {
        const struct gnt_glob_range *r = &g->ranges[s->first + i];

        if (rune >= r->first && rune <= r->last)
            return !s->negated;
    }
    return s->negated;
}

static void advance(const struct gnt_glob *g, const struct steps *from, struct steps *out,
                    uint32_t rune)
{
    clear(out, g->op_count);
    for (size_t i = 0; i < from->count; i++) {
        size_t at = from->at[i];
        const struct gnt_glob_op *op = &g->ops[at];

        if (at == g->op_count)
            continue;
        if ((op->kind == GNT_GLOB_RUNE && op->arg == rune) ||
            (op->kind == GNT_GLOB_SET && is_in(g, op->arg, rune)))
            insert(out, at + 1);
        else if (op->kind == GNT_GLOB_RUN && is_in(g, op->arg, rune))
            insert(out, at);
    }
}

/* Run over the path; with `alive` the answer is whether it may go on, else whether it matched. */
static int run(const struct gnt_glob *g, const char *path, size_t size, int parents, int alive)
{
    struct place place = { NO_RUNE, NO_RUNE };
    struct steps now, closed;
    size_t at = 0, n = 0;

    clear(&now, g->op_count);
    insert(&now, 0);
    for (;;) {
        if (!alive && (at == size || (parents && gnt_path_ends(path, size, at)))) {
            place.behind = NO_RUNE;
            if (close_steps(g, &now, &closed, &place))
                return 1;
        }
        if (at == size || now.count == 0)
            return alive && now.count > 0;
        n = gnt_rune(path + at, size - at, &place.behind);
        close_steps(g, &now, &closed, &place);
        advance(g, &closed, &now, place.behind);
        place.before = place.behind;
        at += n;
    }
}

int gnt_glob_match(const struct gnt_glob *glob, const char *path, size_t size, int parents)
{
    return run(glob, path, size, parents, 0);
}

int gnt_glob_reaches(const struct gnt_glob *glob, const char *directory, size_t size)
{
    char path[8192]; /* longer paths: nobody knows */

    if (size + 1 >= sizeof path)
        return 1;
    memcpy(path, directory, size);
    path[size] = '/';
    return run(glob, path, size + 1, 0, 1);
}
